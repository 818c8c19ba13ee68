/*
 * Exactly once in SQLite, by its ADBC driver: of two loads of the same rows one is written, and of
 * one that breaks off nothing is. What each of them rests on shows what happens without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/write/loads.h"

/* ---- two loads of the same rows ---- */

static struct {
    pthread_t thread;
    struct fixture *fixture; /* of the load that is first */
    const struct connection_driver *driver;
    const char *path; /* of the other one's package */
    bool bare;        /* no transactions: each statement for itself */
    bool started;
    atomic_bool waits, done;
    int rc;
} other;

static int transact_nothing(struct connection *con, enum transact what, struct tg_error *err)
{
    (void)con, (void)what, (void)err;
    return TG_OK;
}

static int transact_and_tell(struct connection *con, enum transact what, struct tg_error *err)
{
    int rc = other.driver->transact(con, what, err);
    if (what == TRANSACT_BEGIN && rc != TG_OK)
        atomic_store(&other.waits, true);
    return rc;
}

static int write_one(struct connection *con, const char *path, struct tg_error *err)
{
    struct manifest manifest;
    struct write_result result = {0};
    int rc = package_open(path, &manifest, err);
    if (rc != TG_OK)
        return rc;
    rc = write_package(con, path, &manifest, NULL, &result, err);
    manifest_release(&manifest);
    write_result_release(&result);
    return rc;
}

static void *write_other(void *arg)
{
    struct connection *con = NULL;
    struct tg_error err = {0};
    struct connection_driver driver = *other.driver;
    driver.transact = other.bare ? transact_nothing : transact_and_tell;
    (void)arg;
    other.rc = fixture_open(other.fixture, &con, &err);
    if (other.rc == TG_OK)
        other.rc = connection_exec(con, "PRAGMA busy_timeout = 0", NULL, &err);
    if (other.rc == TG_OK) {
        con->driver = &driver;
        other.rc = write_one(con, other.path, &err);
        con->driver = other.driver;
    }
    connection_close(con);
    atomic_store(&other.done, true);
    return NULL;
}

/* When the first one has looked and its rows are about to go, the other one comes, until it waits
 * or is done. */
static int overtaken_ingest(struct connection *con, const struct ingest_target *into,
                            struct ArrowArrayStream *stream, struct tg_error *err)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    if (!other.started && into->dataset) {
        other.started = true;
        assert_int_equal(pthread_create(&other.thread, NULL, write_other, NULL), 0);
        while (!atomic_load(&other.waits) && !atomic_load(&other.done))
            nanosleep(&moment, NULL);
    }
    return other.driver->ingest(con, into, stream, err);
}

/* A load of the rows of a file. */
static char *seal_file(struct fixture *t, const char *name, const char *rows)
{
    struct bookmark file = {.resource = "event", .key = name, .size = 1, .content = "c"};
    fixture_rows(t, "event", "id bigint", rows);
    FIXTURE_OK(t, manifest_add_bookmark(fixture_begin(t), &file, &t->err));
    return fixture_seal(t);
}

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "event", NULL, DISPOSITION_APPEND);
    t->changes_state = false;
    char *path = seal_file(t, "/0.jsonl", "1\n");
    FIXTURE_OK(t, fixture_write_sealed(t, path));
    mem_free(path);
    t->files_load = "1.5";
}

/* Two runs of one pipeline have read the same file. */
static void two_loads(bool bare)
{
    struct fixture t;
    start(&t);
    char *path = seal_file(&t, "/a.jsonl", "2\n");
    char *others = seal_file(&t, "/a.jsonl", "2\n");
    struct connection_driver driver = *t.con->driver;
    other.fixture = &t;
    other.driver = t.con->driver;
    other.path = others;
    other.bare = bare;
    other.started = false;
    atomic_store(&other.waits, false);
    atomic_store(&other.done, false);
    driver.ingest = overtaken_ingest;
    if (bare) {
        driver.transact = transact_nothing;
        driver.lock = NULL; /* it would look again before the end */
    }
    t.con->driver = &driver;
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    t.con->driver = other.driver;
    assert_true(other.started);
    pthread_join(other.thread, NULL);
    assert_int_equal(other.rc, bare ? TG_OK : TG_CONFLICT);
    assert_int_equal(atomic_load(&other.waits), !bare);
    fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", bare ? "1\n2\n2\n" : "1\n2\n");
    mem_free(path);
    mem_free(others);
    fixture_release(&t);
}

static void test_two_loads_at_once(void **state)
{
    (void)state;
    two_loads(false);
}

static void test_rows_are_doubled_without_transactions(void **state)
{
    (void)state;
    two_loads(true);
}

/* ---- a load that breaks off ---- */

static int breaking_ingest(struct connection *con, const struct ingest_target *into,
                           struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = other.driver->ingest(con, into, stream, err);
    return rc == TG_OK ? error_set(err, TG_DESTINATION, "broken off") : rc;
}

/* Its rows are there, its record is not yet; the process is gone, and the next one writes it. */
static void broken_off(bool bare)
{
    struct fixture t;
    start(&t);
    char *path = seal_file(&t, "/a.jsonl", "2\n3\n");
    struct connection_driver driver = *t.con->driver;
    other.driver = t.con->driver;
    driver.ingest = breaking_ingest;
    if (bare)
        driver.transact = transact_nothing;
    t.con->driver = &driver;
    assert_int_equal(fixture_write_sealed(&t, path), TG_DESTINATION);
    assert_string_equal(t.err.what, "broken off");
    t.con->driver = other.driver;
    connection_close(t.con);
    fixture_connect(&t);
    fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", bare ? "1\n2\n3\n" : "1\n");
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", bare ? "1\n2\n2\n3\n3\n" : "1\n2\n3\n");
    mem_free(path);
    fixture_release(&t);
}

static void test_a_load_breaks_off(void **state)
{
    (void)state;
    broken_off(false);
}

static void test_half_a_load_is_there_without_transactions(void **state)
{
    (void)state;
    broken_off(true);
}

/* ---- a commit that nobody has heard of ---- */

static void written_twice(bool forgets)
{
    struct fixture t;
    start(&t);
    char *path = seal_file(&t, "/a.jsonl", "2\n");
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    if (forgets) {
        fixture_exec(&t, "DELETE FROM d._dlt_loads WHERE load_id = '2.5'");
        fixture_exec(&t, "DELETE FROM d._tidegate_loads WHERE load_id = '2.5'");
        fixture_exec(&t, "DELETE FROM d._tidegate_files WHERE load_id = '2.5'");
    }
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    assert_int_equal(t.result.already_written, !forgets);
    fixture_check(&t, "SELECT id FROM d.event ORDER BY 1", forgets ? "1\n2\n2\n" : "1\n2\n");
    mem_free(path);
    fixture_release(&t);
}

static void test_written_once(void **state)
{
    (void)state;
    written_twice(false);
}

static void test_rows_are_doubled_without_the_ledger(void **state)
{
    (void)state;
    written_twice(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_loads_at_once),
        cmocka_unit_test(test_rows_are_doubled_without_transactions),
        cmocka_unit_test(test_a_load_breaks_off),
        cmocka_unit_test(test_half_a_load_is_there_without_transactions),
        cmocka_unit_test(test_written_once),
        cmocka_unit_test(test_rows_are_doubled_without_the_ledger),
    };
    fixture_file = "adbc:" SQLITE_DRIVER ":";
    return cmocka_run_group_tests_name("write/sqlite", tests, NULL, NULL);
}
