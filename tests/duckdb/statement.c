/* Statements of DuckDB: rows that changed, errors, and a cancel that leaves nothing running. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "duckdb/api.h"
#include "tests/database/sample.h"

static struct context ctx;
static atomic_int cancel;
static duckdb_database database;
static duckdb_connection con;

static int setup(void **state)
{
    const struct duck_limits limits = {.memory_bytes = (size_t)128 << 20, .threads = 2};
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    return sample_setup(state) || duck_open(&ctx, ".", &limits, &database, NULL) ||
           duck_connect(database, &con, NULL);
}

static int teardown(void **state)
{
    duck_disconnect(&con);
    duck_close(&database);
    return sample_teardown(state);
}

static void test_rows_changed(void **state)
{
    (void)state;
    uint64_t changed = 7;
    sample_ok(duck_exec(&ctx, con, "CREATE TABLE t AS SELECT 1 AS i", &changed, err));
    sample_ok(duck_exec(&ctx, con, "UPDATE t SET i = 2", &changed, err));
    assert_int_equal(changed, 1);
    sample_ok(duck_exec(&ctx, con, "DELETE FROM t WHERE i = 3", &changed, err));
    assert_int_equal(changed, 0);
    sample_ok(duck_exec(&ctx, con, "DROP TABLE t", NULL, err));
}

/* When it is said (prepare) and while it runs. */
static void test_errors(void **state)
{
    (void)state;
    uint64_t changed = 7;
    struct tg_error problem = {0};
    assert_int_equal(duck_exec(&ctx, con, "SELECT * FROM none", &changed, &problem),
                     TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42P01");
    assert_int_equal(changed, 0);
    assert_int_equal(
        duck_exec(&ctx, con, "SELECT error('on ' || i) FROM range(3) t(i)", NULL, &problem),
        TG_DESTINATION);
    assert_non_null(strstr(problem.what, "on 0"));
}

static void *cancel_soon(void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    atomic_store(&cancel, 1);
    return NULL;
}

/* A query that would take days, for its rows and for its result. */
static void test_cancel(void **state)
{
    (void)state;
    static const char sql[] = "SELECT sum(hash(a.i * b.i)) FROM range(10000000) a(i), "
                              "range(10000000) b(i)";
    for (int streaming = 0; streaming < 2; streaming++) {
        pthread_t thread;
        duckdb_result result;
        atomic_store(&cancel, 0);
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
        assert_int_equal(duck_run(&ctx, con, sql, streaming, &result, NULL), TG_CANCELLED);
        pthread_join(thread, NULL);
        assert_int_equal(duck_exec(&ctx, con, "SELECT 1", NULL, NULL), TG_CANCELLED);
    }
    atomic_store(&cancel, 0);
    sample_ok(duck_exec(&ctx, con, "SELECT 1", NULL, err)); /* nothing is left behind */
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_rows_changed),
        in_folder(test_errors),
        in_folder(test_cancel),
    };
    return cmocka_run_group_tests_name("duckdb/statement", tests, NULL, NULL);
}
