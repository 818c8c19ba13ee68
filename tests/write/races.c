/*
 * What happens between the looks of a load and its commit: tables and data that others change, and
 * other loads, by two connections of one instance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/write/second_load.h"
#include "write/destination.h"

static struct {
    struct fixture *fixture;
    const struct connection_driver *driver;
    void (*act)(void);
    int left; /* how many transactions somebody comes before */
} intruder;

/* Somebody else comes after the plans and before the transaction. */
static int intruded_exec(struct connection *con, const char *sql, uint64_t *changed,
                         struct tg_error *err)
{
    if (strcmp(sql, "BEGIN TRANSACTION") == 0 && intruder.left-- > 0)
        intruder.act();
    return intruder.driver->exec(con, sql, changed, err);
}

static int write_intruded(struct fixture *t, const char *path, void (*act)(void), int times)
{
    struct connection_driver driver = *t->con->driver;
    intruder.fixture = t;
    intruder.driver = t->con->driver;
    intruder.act = act;
    intruder.left = times;
    driver.exec = intruded_exec;
    t->con->driver = &driver;
    int rc = fixture_write_sealed(t, path);
    t->con->driver = intruder.driver;
    return rc;
}

static void add_x(void)
{
    store_other_schema(intruder.fixture, intruder.driver, "text");
}

static void test_schema_moves_on_after_the_plan(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    FIXTURE_OK(&t, write_intruded(&t, path, add_x, 1));
    check_columns(&t, "id name _dlt_id x age ");
    check_second_load_but_x(&t);
    mem_free(path);
    fixture_release(&t);
}

static void intrude(const char *sql)
{
    struct tg_error err = {0};
    assert_int_equal(intruder.driver->exec(intruder.fixture->con, sql, NULL, &err), TG_OK);
}

/* Each of them holds our integers, and rows are staged with the type that is there. */
static void move_type(void)
{
    static const char *const types[] = {"HUGEINT", "DECIMAL(30,0)"};
    char sql[100];
    snprintf(sql, sizeof(sql), "ALTER TABLE d.person ALTER COLUMN id SET DATA TYPE %s",
             types[intruder.left % 2]);
    intrude(sql);
}

static void test_table_changes_while_rows_are_staged(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    FIXTURE_OK(&t, write_intruded(&t, path, move_type, 3));
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

/* Again and again: a conflict in the end. */
static void test_table_never_stands_still(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    assert_int_equal(write_intruded(&t, path, move_type, 1000), TG_CONFLICT);
    assert_true(t.err.retryable);
    assert_non_null(strstr(t.err.what, "were changed while rows for them were being staged"));
    check_first_load(&t);
    mem_free(path);
    fixture_release(&t);
}

static void add_big_integer(void)
{
    intrude("INSERT INTO d.item (id, n) VALUES (9, 9007199254740993)");
}

/* A plan of before the lock would make doubles of integers that are none: 9007199254740992. */
static void test_data_change_after_the_plan(void **state)
{
    (void)state;
    static const enum disposition dispositions[] = {DISPOSITION_APPEND, DISPOSITION_MERGE};
    for (size_t i = 0; i < 2; i++) {
        struct fixture t;
        fixture_init(&t);
        fixture_table(&t, "item", NULL, dispositions[i]);
        fixture_rows(&t, "item", "id bigint pk|n bigint", "1|5\n");
        FIXTURE_WRITE(&t);
        fixture_rows(&t, "item", "id bigint pk|n double", "2|0.5\n");
        char *path = fixture_seal(&t);
        FIXTURE_OK(&t, write_intruded(&t, path, add_big_integer, 1));
        fixture_check(&t, "SELECT id, n, n__v_double FROM d.item ORDER BY id",
                      "1|5|NULL\n2|NULL|0.5\n9|9007199254740993|NULL\n");
        fixture_no_temporary(&t);
        mem_free(path);
        fixture_release(&t);
    }
}

static void make_ledger(void)
{
    intrude("CREATE SCHEMA d");
    intrude("CREATE TABLE d._dlt_loads (load_id VARCHAR NOT NULL, schema_name VARCHAR, status "
            "BIGINT NOT NULL, inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, schema_version_hash "
            "VARCHAR)");
    intrude("INSERT INTO d._dlt_loads VALUES ('0.5', 'other', 0, now(), 'h')");
}

/* Another pipeline makes the dataset's ledger when this one is about to. */
static void test_tables_come_to_be_after_the_plan(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "event", "id bigint", "1\n");
    char *path = fixture_seal(&t);
    FIXTURE_OK(&t, write_intruded(&t, path, make_ledger, 1));
    fixture_check(&t, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "0.5\n1.5\n");
    fixture_check(&t, "SELECT * FROM d.event", "1\n");
    mem_free(path);
    fixture_release(&t);
}

/* ---- two transactions at once ---- */

static struct {
    pthread_t thread;
    struct fixture *fixture; /* of the load that is first */
    const struct connection_driver *driver;
    const char *path; /* of the other one's package */
    bool locks;       /* both do, as they should */
    bool started;
    atomic_bool waits, done;
    int rc;
} other;

static int lock_nothing(struct connection *con, const struct lock *locks, size_t count,
                        struct tg_error *err)
{
    (void)con, (void)locks, (void)count, (void)err;
    return TG_OK;
}

static int lock_and_tell(struct connection *con, const struct lock *locks, size_t count,
                         struct tg_error *err)
{
    const struct connection_driver *own = con->driver;
    con->driver = other.driver;
    int rc = connection_lock(con, locks, count, err);
    con->driver = own;
    atomic_store(&other.waits, rc != TG_OK);
    return rc;
}

static void *write_other(void *arg)
{
    (void)arg;
    char url[160];
    struct context ctx;
    struct connection *con = NULL;
    struct manifest manifest;
    struct write_result result = {0};
    struct tg_error err = {0};
    struct connection_driver driver = *other.driver;
    driver.lock = other.locks ? lock_and_tell : lock_nothing;
    context_init(&ctx);
    snprintf(url, sizeof(url), "duckdb:///%s/test.duckdb", other.fixture->folder);
    other.rc = connection_open(&ctx, AT_URL(url), false, &con, &err);
    if (other.rc == TG_OK)
        other.rc = package_open(other.path, &manifest, &err);
    if (other.rc == TG_OK) {
        con->driver = &driver;
        other.rc = write_package(con, other.path, &manifest, NULL, &result, &err);
        manifest_release(&manifest);
        write_result_release(&result);
    }
    connection_close(con);
    atomic_store(&other.done, true);
    return NULL;
}

/* When the first one has looked and begins to write, the other one comes, until it waits or is
 * done. */
static int overtaken_exec(struct connection *con, const char *sql, uint64_t *changed,
                          struct tg_error *err)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    if (!other.started && strncmp(sql, "INSERT INTO", 11) == 0) {
        other.started = true;
        assert_int_equal(pthread_create(&other.thread, NULL, write_other, NULL), 0);
        while (!atomic_load(&other.waits) && !atomic_load(&other.done))
            nanosleep(&moment, NULL);
    }
    return other.driver->exec(con, sql, changed, err);
}

/* A load of the rows of a file. */
static char *seal_file(struct fixture *t, const char *name)
{
    struct bookmark file = {.resource = "event", .key = name, .size = 1, .content = "c"};
    fixture_rows(t, "event", "id bigint", "2\n3\n");
    FIXTURE_OK(t, manifest_add_bookmark(fixture_begin(t), &file, &t->err));
    return fixture_seal(t);
}

/* Two loads of the same new file, by two connections of one instance; how both end. */
static void write_both(struct fixture *t, bool locks, int *rc)
{
    char *path = seal_file(t, "/a.jsonl");
    char *others = seal_file(t, "/a.jsonl");
    struct connection_driver driver = *t->con->driver;
    other.fixture = t;
    other.driver = t->con->driver;
    other.path = others;
    other.locks = locks;
    other.started = false;
    atomic_store(&other.waits, false);
    atomic_store(&other.done, false);
    driver.exec = overtaken_exec;
    if (!locks)
        driver.lock = lock_nothing;
    t->con->driver = &driver;
    *rc = fixture_write_sealed(t, path);
    t->con->driver = other.driver;
    assert_true(other.started);
    pthread_join(other.thread, NULL);
    mem_free(path);
    mem_free(others);
}

/* A destination with all tables that such loads need. `empties` their ledger: a lock on a row of it
 * locks nothing then. */
static void start_files(struct fixture *t, bool empties)
{
    start(t);
    t->changes_state = false;
    char *path = seal_file(t, "/0.jsonl");
    FIXTURE_OK(t, fixture_write_sealed(t, path));
    mem_free(path);
    t->files_load = "2.5";
    if (!empties)
        return;
    fixture_exec(t, "DELETE FROM d._dlt_loads");
    t->state.version = 0; /* a state counts with its load */
    t->state.hash[0] = '\0';
}

static void test_two_transactions_at_once(void **state)
{
    (void)state;
    for (int empty = 0; empty < 2; empty++) {
        struct fixture t;
        int rc = TG_OK;
        start_files(&t, empty);
        write_both(&t, true, &rc);
        FIXTURE_OK(&t, rc);
        assert_int_equal(other.rc, TG_CONFLICT);
        fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", "1\n2\n2\n3\n3\n");
        fixture_check(&t, "SELECT load_id FROM d._tidegate_files ORDER BY 1", "2.5\n3.5\n");
        fixture_release(&t);
    }
}

/* The control: each sees the ledger as it was before both, and both enter the file and its rows. */
static void test_two_transactions_without_a_lock(void **state)
{
    (void)state;
    struct fixture t;
    int rc = TG_OK;
    start_files(&t, false);
    write_both(&t, false, &rc);
    FIXTURE_OK(&t, rc);
    assert_int_equal(other.rc, TG_OK);
    fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", "1\n2\n2\n2\n3\n3\n3\n");
    fixture_check(&t, "SELECT load_id FROM d._tidegate_files ORDER BY 1", "2.5\n3.5\n4.5\n");
    fixture_release(&t);
}

/* ---- looking while others write ---- */

/* Somebody else's load of a file comes to be between two queries of the ledger. */
static int overtaken_query(struct connection *con, const char *sql, bool few,
                           struct ArrowArrayStream *out, struct tg_error *err)
{
    if (other.started && strstr(sql, "_tidegate_files")) {
        other.started = false;
        int rc = other.driver->query(con, sql, few, out, err);
        assert_int_equal(pthread_create(&other.thread, NULL, write_other, NULL), 0);
        pthread_join(other.thread, NULL);
        return rc;
    }
    return other.driver->query(con, sql, few, out, err);
}

/* What is known of files, and which load has entered them last, must belong together: a run that
 * knew the load, but not its files, would read them again, and its load would not be refused. */
static void test_load_while_the_ledger_is_read(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    start_files(&t, false);
    char *path = seal_file(&t, "/a.jsonl");
    struct connection_driver driver = *t.con->driver;
    struct destination destination = {.driver = &destination_sql, .dataset = "d", .state = t.con};
    const struct ledger_owner owner = {"shop_pipeline", "shop", false};
    other.fixture = &t;
    other.driver = t.con->driver;
    other.path = path;
    other.locks = true;
    other.started = true;
    driver.query = overtaken_query;
    t.con->driver = &driver;
    FIXTURE_OK(&t, destination_restore(&destination, &owner, 1, &ledger, &t.err));
    t.con->driver = other.driver;
    assert_int_equal(other.rc, TG_OK);
    assert_int_equal(ledger.bookmark_count, 1);
    assert_string_equal(ledger.files_load_id, "2.5");
    ledger_release(&ledger);
    FIXTURE_OK(&t, destination_restore(&destination, &owner, 1, &ledger, &t.err));
    assert_int_equal(ledger.bookmark_count, 2);
    assert_string_equal(ledger.files_load_id, "3.5");
    ledger_release(&ledger);
    mem_free(path);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_moves_on_after_the_plan),
        cmocka_unit_test(test_table_changes_while_rows_are_staged),
        cmocka_unit_test(test_table_never_stands_still),
        cmocka_unit_test(test_data_change_after_the_plan),
        cmocka_unit_test(test_tables_come_to_be_after_the_plan),
        cmocka_unit_test(test_two_transactions_at_once),
        cmocka_unit_test(test_two_transactions_without_a_lock),
        cmocka_unit_test(test_load_while_the_ledger_is_read),
    };
    return cmocka_run_group_tests_name("write/races", tests, NULL, NULL);
}
