/*
 * Many pipelines that load into one dataset of PostgreSQL at a time: who waits for whom, and that
 * nothing is lost or doubled. What each lock is good for shows what happens without it (bare).
 *
 * The load of `a` is stopped when its locks are had and its rows are about to be sent; then
 * something else happens (act), in the same thread: whoever would have to wait fails by his
 * lock_timeout.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/postgres.h"
#include "tests/write/loads.h"
#include "write/destination.h"

/* ---- one load in the middle of another ---- */

static struct {
    const struct connection_driver *driver;
    struct fixture *other;
    char *path; /* of the other one's package */
    void (*act)(void);
    int rc;
} middle;

static int stopped_ingest(struct connection *con, const struct ingest_target *into,
                          struct ArrowArrayStream *stream, struct tg_error *err)
{
    void (*act)(void) = middle.act;
    if (act && into->dataset) { /* not what is staged */
        middle.act = NULL;
        act();
    }
    const struct connection_driver *own = con->driver;
    con->driver = middle.driver;
    int rc = connection_ingest(con, into, stream, err);
    con->driver = own;
    return rc;
}

static int no_lock(struct connection *con, const struct lock *locks, size_t count,
                   struct tg_error *err)
{
    (void)con, (void)locks, (void)count, (void)err;
    return TG_OK;
}

/* Of all loads from here on: do they take locks? And does `a` look again before the end? */
static bool is_bare, is_blind;

/* Writes the load of `a`, and in the middle of it something happens. */
static int write_interrupted(struct fixture *a, const char *path, void (*act)(void))
{
    struct connection_driver driver = *a->con->driver;
    middle.driver = a->con->driver;
    middle.act = act;
    driver.ingest = stopped_ingest;
    if (is_bare)
        driver.lock = no_lock;
    if (is_blind)
        driver.lock = NULL; /* a database without locks by name would not let others in */
    a->con->names_locks = !is_blind;
    a->con->driver = &driver;
    int rc = fixture_write_sealed(a, path);
    a->con->driver = middle.driver;
    a->con->names_locks = true;
    assert_null(middle.act);
    return rc;
}

static void write_other(void)
{
    struct fixture *b = middle.other;
    const struct connection_driver *own = b->con->driver;
    struct connection_driver driver = *own;
    if (is_bare)
        driver.lock = no_lock;
    b->con->driver = &driver;
    middle.rc = fixture_write_sealed(b, middle.path);
    b->con->driver = own;
}

static void seal_other(struct fixture *b)
{
    middle.other = b;
    middle.path = fixture_seal(b);
}

/* As a run would: the catalog goes on from the one that is stored. */
static void restore_catalog(struct fixture *t)
{
    struct ledger newest;
    FIXTURE_OK(t, fixture_schema(t, &newest));
    catalog_release(&t->catalog);
    FIXTURE_OK(t,
               catalog_read(&t->catalog, newest.schema_json, strlen(newest.schema_json), &t->err));
    ledger_release(&newest);
}

static void start(struct fixture *a)
{
    fixture_init(a);
    fixture_table(a, "event", NULL, DISPOSITION_APPEND);
    fixture_table(a, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(a, "event", "id bigint", "1\n");
    fixture_rows(a, "person", "id bigint pk|name text", "1|Ann\n");
    FIXTURE_WRITE(a);
    restore_catalog(a);
}

/* Another pipeline of the same schema, whose statements wait for no more than a moment. */
static void join(struct fixture *b, const char *pipeline)
{
    fixture_join(b, pipeline);
    b->load = 10;
    restore_catalog(b);
    fixture_exec(b, "SET lock_timeout = '200ms'");
    fixture_table(b, "event", NULL, DISPOSITION_APPEND);
    fixture_table(b, "person", NULL, DISPOSITION_MERGE);
}

static void finish(struct fixture *a, struct fixture *b, char *path)
{
    mem_free(path);
    mem_free(middle.path);
    middle.path = NULL;
    fixture_release(b);
    fixture_release(a);
    is_bare = is_blind = false;
}

/* Rows are added to one table by two at a time; neither waits for the other's rows. */
static void test_appends_do_not_wait(void **state)
{
    (void)state;
    struct fixture a, b;
    start(&a);
    join(&b, "other");
    fixture_rows(&a, "event", "id bigint", "2\n");
    fixture_rows(&b, "event", "id bigint", "3\n");
    char *path = fixture_seal(&a);
    seal_other(&b);
    FIXTURE_OK(&a, write_interrupted(&a, path, write_other));
    FIXTURE_OK(&b, middle.rc);
    fixture_check(&a, "SELECT id FROM d.event ORDER BY 1", "1\n2\n3\n");
    fixture_check(&a, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "1.5\n11.5\n2.5\n");
    finish(&a, &b, path);
}

/* ---- the schema ---- */

static void check_newest(struct fixture *t, const char *table, bool expected)
{
    struct ledger newest;
    struct catalog catalog;
    FIXTURE_OK(t, fixture_schema(t, &newest));
    FIXTURE_OK(t, catalog_read(&catalog, newest.schema_json, strlen(newest.schema_json), &t->err));
    const struct table *found = catalog_find(&catalog, table);
    assert_int_equal(found && found->seen_data, expected);
    catalog_release(&catalog);
    ledger_release(&newest);
}

/* Both add a table to one schema; the one that stores it last keeps the other one's. */
static void two_schemas(bool loses)
{
    struct fixture a, b;
    start(&a);
    join(&b, "other");
    fixture_table(&a, "city", NULL, DISPOSITION_APPEND);
    fixture_table(&b, "river", NULL, DISPOSITION_APPEND);
    fixture_rows(&a, "city", "name text", "Rome\n");
    fixture_rows(&b, "river", "name text", "Po\n");
    char *path = fixture_seal(&a);
    seal_other(&b);
    is_blind = loses;
    FIXTURE_OK(&a, write_interrupted(&a, path, write_other));
    FIXTURE_OK(&b, middle.rc);
    fixture_check(&a, "SELECT name FROM d.city UNION ALL SELECT name FROM d.river", "Rome\nPo\n");
    check_newest(&a, "city", true);
    check_newest(&a, "river", !loses);
    fixture_check(&a, "SELECT count(*) - count(DISTINCT version) FROM d._dlt_version",
                  loses ? "1\n" : "0\n");
    finish(&a, &b, path);
}

static void test_schemas_are_laid_over_each_other(void **state)
{
    (void)state;
    two_schemas(false);
}

static void test_a_schema_is_lost_without_another_look(void **state)
{
    (void)state;
    two_schemas(true);
}

/* ---- load ids ---- */

/* Both have one id; the one that comes second does not get it. */
static void same_id(bool bare)
{
    struct fixture a, b;
    start(&a);
    join(&b, "other");
    b.load = 1;
    fixture_rows(&a, "event", "id bigint", "2\n");
    fixture_rows(&b, "event", "id bigint", "3\n");
    char *path = fixture_seal(&a);
    seal_other(&b);
    is_blind = bare;
    int rc = write_interrupted(&a, path, write_other);
    assert_int_equal(rc, bare ? TG_OK : TG_CONFLICT);
    FIXTURE_OK(&b, middle.rc);
    fixture_check(&a, "SELECT id FROM d.event ORDER BY 1", bare ? "1\n2\n3\n" : "1\n3\n");
    fixture_check(&a, "SELECT load_id FROM d._dlt_loads ORDER BY 1",
                  bare ? "1.5\n2.5\n2.5\n" : "1.5\n2.5\n");
    finish(&a, &b, path);
}

static void test_an_id_is_taken_meanwhile(void **state)
{
    (void)state;
    same_id(false);
}

static void test_an_id_is_doubled_without_another_look(void **state)
{
    (void)state;
    same_id(true);
}

/* ---- who has to wait ---- */

static struct {
    pthread_t thread;
    atomic_bool done;
} waiting;

static void *write_in_thread(void *arg)
{
    (void)arg;
    write_other();
    atomic_store(&waiting.done, true);
    return NULL;
}

static bool somebody_waits(void)
{
    char *count = postgres_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                               "AND NOT granted AND database = (SELECT oid FROM pg_database "
                               "WHERE datname = current_database())");
    bool waits = strcmp(count, "0") != 0;
    free(count);
    return waits;
}

/* Until it is done, or waits for `a`. */
static void write_beside(void)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    atomic_store(&waiting.done, false);
    assert_int_equal(pthread_create(&waiting.thread, NULL, write_in_thread, NULL), 0);
    while (!atomic_load(&waiting.done) && !somebody_waits())
        nanosleep(&moment, NULL);
}

static int write_both(struct fixture *a, struct fixture *b, char **path)
{
    fixture_exec(b, "SET lock_timeout = 0");
    *path = fixture_seal(a);
    seal_other(b);
    int rc = write_interrupted(a, *path, write_beside);
    pthread_join(waiting.thread, NULL);
    return rc;
}

/* Two runs of one pipeline have read the same rows: they are there once. */
static void one_pipeline(bool bare)
{
    struct fixture a, b;
    char *path = NULL;
    start(&a);
    join(&b, "shop_pipeline");
    b.state.version = a.state.version;
    memcpy(b.state.hash, a.state.hash, sizeof(b.state.hash));
    fixture_rows(&a, "event", "id bigint", "2\n");
    fixture_rows(&b, "event", "id bigint", "2\n");
    is_bare = is_blind = bare;
    FIXTURE_OK(&a, write_both(&a, &b, &path));
    assert_int_equal(middle.rc, bare ? TG_OK : TG_CONFLICT);
    fixture_check(&a, "SELECT id FROM d.event ORDER BY 1", bare ? "1\n2\n2\n" : "1\n2\n");
    finish(&a, &b, path);
}

static void test_one_pipeline_twice(void **state)
{
    (void)state;
    one_pipeline(false);
}

static void test_rows_are_doubled_without_the_pipelines_lock(void **state)
{
    (void)state;
    one_pipeline(true);
}

/* Two merges of one key: the one that comes second finds the first one's row. */
static void two_merges(bool bare)
{
    struct fixture a, b;
    char *path = NULL;
    start(&a);
    join(&b, "other");
    fixture_rows(&a, "person", "id bigint pk|name text", "2|Bea\n");
    fixture_rows(&b, "person", "id bigint pk|name text", "2|Bob\n");
    is_bare = bare;
    FIXTURE_OK(&a, write_both(&a, &b, &path));
    FIXTURE_OK(&b, middle.rc);
    fixture_check(&a, "SELECT id, name FROM d.person ORDER BY 1, 2",
                  bare ? "1|Ann\n2|Bea\n2|Bob\n" : "1|Ann\n2|Bob\n");
    finish(&a, &b, path);
}

static void test_two_merges(void **state)
{
    (void)state;
    two_merges(false);
}

static void test_keys_are_doubled_without_the_tables_lock(void **state)
{
    (void)state;
    two_merges(true);
}

/* ---- others, who know of no locks of ours ---- */

static bool altered;

static void alter(void)
{
    struct tg_error err = {0};
    struct fixture *b = middle.other;
    int rc = connection_exec(b->con, "ALTER TABLE d.event DROP COLUMN id", NULL, &err);
    altered = rc == TG_OK;
    if (!altered)
        assert_string_equal(err.sqlstate, "55P03"); /* has waited in vain */
}

/* What has been looked at stays as it is until the rows are there. */
static void test_a_table_is_held(void **state)
{
    (void)state;
    struct fixture a, b;
    start(&a);
    join(&b, "other");
    middle.other = &b;
    for (int held = 1; held >= 0; held--) {
        const struct dialect *own = a.con->dialect;
        struct dialect dialect = *own;
        dialect.hold = NULL;
        fixture_rows(&a, "event", "id bigint", "2\n");
        char *path = fixture_seal(&a);
        if (!held)
            a.con->dialect = &dialect;
        int rc = write_interrupted(&a, path, alter);
        a.con->dialect = own;
        assert_int_equal(altered, !held);
        assert_int_equal(rc, held ? TG_OK : TG_DESTINATION);
        mem_free(path);
    }
    finish(&a, &b, NULL);
}

/* Gone since it was looked at, and made anew. */
static int dropping_transact(struct connection *con, enum transact what, struct tg_error *err)
{
    if (what == TRANSACT_BEGIN && middle.other) {
        fixture_exec(middle.other, "DROP TABLE d.event");
        middle.other = NULL;
    }
    return middle.driver->transact(con, what, err);
}

static void test_a_table_is_dropped(void **state)
{
    (void)state;
    struct fixture a, b;
    start(&a);
    join(&b, "other");
    fixture_rows(&a, "event", "id bigint", "2\n");
    char *path = fixture_seal(&a);
    struct connection_driver driver = *a.con->driver;
    middle.driver = a.con->driver;
    middle.other = &b;
    driver.transact = dropping_transact;
    a.con->driver = &driver;
    FIXTURE_OK(&a, fixture_write_sealed(&a, path));
    a.con->driver = middle.driver;
    assert_null(middle.other);
    fixture_check(&a, "SELECT id FROM d.event", "2\n");
    finish(&a, &b, path);
}

/* ---- a commit that is not over yet ---- */

static struct connection lost; /* the server still works for it */
static bool in_flight;

static int lost_commit(struct connection *con, enum transact what, struct tg_error *err)
{
    if (what == TRANSACT_COMMIT) {
        in_flight = true;
        return error_set(err, TG_DESTINATION, "the connection is lost");
    }
    return in_flight ? TG_OK : middle.driver->transact(con, what, err);
}

static int lost_exec(struct connection *con, const char *sql, uint64_t *changed,
                     struct tg_error *err)
{
    return in_flight ? TG_OK : middle.driver->exec(con, sql, changed, err);
}

static void *commit_late(void *arg)
{
    (void)arg;
    const struct timespec moment = {.tv_nsec = 300000000};
    struct tg_error err = {0};
    nanosleep(&moment, NULL);
    assert_int_equal(connection_transact(&lost, TRANSACT_COMMIT, &err), TG_OK);
    lost.driver->close(&lost);
    return NULL;
}

static void lost_close(struct connection *con)
{
    lost = *con;
    lost.driver = middle.driver;
    assert_int_equal(pthread_create(&waiting.thread, NULL, commit_late, NULL), 0);
}

/* The ledger is asked when the transaction is over, whatever the connection has said. */
static void test_a_commit_under_way_is_waited_for(void **state)
{
    (void)state;
    struct fixture a;
    struct write_result result = {0};
    struct manifest manifest;
    start(&a);
    fixture_rows(&a, "event", "id bigint", "2\n");
    char *path = fixture_seal(&a);
    FIXTURE_OK(&a, package_open(path, &manifest, &a.err));
    struct connection_driver driver = *a.con->driver;
    middle.driver = a.con->driver;
    driver.transact = lost_commit;
    driver.exec = lost_exec;
    driver.close = lost_close;
    a.con->driver = &driver;
    in_flight = false;
    struct destination destination = {.driver = &destination_sql,
                                      .ctx = &a.ctx,
                                      .where = *AT_URL(fixture_url),
                                      .dataset = "d",
                                      .state = a.con};
    FIXTURE_OK(&a, destination_write(&destination, path, &manifest, NULL, &result, &a.err));
    pthread_join(waiting.thread, NULL);
    assert_int_equal(result.fate, FATE_WRITTEN);
    a.con = destination.state;
    fixture_check(&a, "SELECT id FROM d.event ORDER BY 1", "1\n2\n");
    write_result_release(&result);
    manifest_release(&manifest);
    mem_free(path);
    fixture_release(&a);
}

/* ---- a crowd ---- */

enum { CROWD = 12 };

struct member {
    struct fixture t;
    char *path;
    char name[16], table[16];
    pthread_t thread;
    int rc;
};

static struct member crowd[CROWD];

static void *write_member(void *arg)
{
    struct member *member = arg;
    member->rc = fixture_write_sealed(&member->t, member->path);
    return NULL;
}

/* A package of a pipeline: a row for a table of its own, and one for a table of all. */
static void seal_member(struct member *member, int number)
{
    char row[16];
    snprintf(member->name, sizeof(member->name), "pipeline_%d", number);
    snprintf(member->table, sizeof(member->table), "own_%d", number);
    snprintf(row, sizeof(row), "%d\n", number);
    fixture_join(&member->t, member->name);
    member->t.load = 100 + number;
    fixture_table(&member->t, member->table, NULL, DISPOSITION_APPEND);
    fixture_table(&member->t, "common", NULL, DISPOSITION_APPEND);
    fixture_rows(&member->t, member->table, "id bigint", row);
    fixture_rows(&member->t, "common", "id bigint", row);
    member->path = fixture_seal(&member->t);
}

/* All are the first to load into a dataset that is not there: one makes it. */
static void test_many_first_loads(void **state)
{
    (void)state;
    struct fixture a;
    fixture_init(&a);
    for (int i = 0; i < CROWD; i++)
        seal_member(&crowd[i], i);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, write_member, &crowd[i]), 0);
    for (int i = 0; i < CROWD; i++)
        pthread_join(crowd[i].thread, NULL);
    for (int i = 0; i < CROWD; i++) {
        FIXTURE_OK(&crowd[i].t, crowd[i].rc);
        check_newest(&a, crowd[i].table, true);
        mem_free(crowd[i].path);
        fixture_release(&crowd[i].t);
    }
    fixture_check(&a, "SELECT count(*), count(DISTINCT id) FROM d.common", "12|12\n");
    fixture_check(&a, "SELECT count(DISTINCT load_id), count(*) FROM d._dlt_loads", "12|12\n");
    fixture_check(&a, "SELECT count(*) - count(DISTINCT version) FROM d._dlt_version", "0\n");
    fixture_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_do_not_wait),
        cmocka_unit_test(test_schemas_are_laid_over_each_other),
        cmocka_unit_test(test_a_schema_is_lost_without_another_look),
        cmocka_unit_test(test_an_id_is_taken_meanwhile),
        cmocka_unit_test(test_an_id_is_doubled_without_another_look),
        cmocka_unit_test(test_one_pipeline_twice),
        cmocka_unit_test(test_rows_are_doubled_without_the_pipelines_lock),
        cmocka_unit_test(test_two_merges),
        cmocka_unit_test(test_keys_are_doubled_without_the_tables_lock),
        cmocka_unit_test(test_a_table_is_held),
        cmocka_unit_test(test_a_table_is_dropped),
        cmocka_unit_test(test_a_commit_under_way_is_waited_for),
        cmocka_unit_test(test_many_first_loads),
    };
    fixture_url = postgres_uri();
    return cmocka_run_group_tests_name("write/crowd", tests, NULL, NULL);
}
