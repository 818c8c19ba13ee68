/* Opening DuckDB: what is always set, threads by the memory there is, limits that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "duckdb/api.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state);
}

/* In memory, with so many MiB. */
static duckdb_database open_with(size_t mib, duckdb_connection *con)
{
    duckdb_database database = NULL;
    const struct duck_limits limits = duck_limits(ctx.threads, mib << 20);
    sample_ok(duck_open(&ctx, ".", &limits, &database, err));
    sample_ok(duck_connect(database, con, err));
    return database;
}

/* `sql` is true. */
static void holds(duckdb_connection con, const char *sql)
{
    char check[256];
    snprintf(check, sizeof(check), "SELECT CASE WHEN %s THEN 1 ELSE error('no') END", sql);
    sample_ok(duck_exec(&ctx, con, check, NULL, err));
}

static void test_settings(void **state)
{
    (void)state;
    duckdb_connection con = NULL;
    duckdb_database database = open_with(256, &con);
    holds(con, "current_setting('TimeZone') = 'UTC'");
    holds(con, "NOT current_setting('autoload_known_extensions')");
    holds(con, "current_setting('memory_limit') = '256.0 MiB'");
    holds(con, "current_setting('threads') = 2");
    duck_disconnect(&con);
    duck_close(&database);
}

static void test_threads_need_memory(void **state)
{
    (void)state;
    duckdb_connection con = NULL;
    ctx.threads = 8;
    duckdb_database database = open_with(200, &con);
    holds(con, "current_setting('threads') = 3");
    duck_disconnect(&con);
    duck_close(&database);
}

/* What is as it should be costs no statement. */
static void test_limits(void **state)
{
    (void)state;
    duckdb_connection con = NULL;
    duckdb_database database = open_with(256, &con);
    struct duck_limits is = duck_limits(2, (size_t)256 << 20);
    const struct duck_limits wanted = {.memory_bytes = (size_t)300 << 20, .threads = 1};
    sample_ok(duck_limit(&ctx, con, &wanted, &is, err));
    holds(con, "current_setting('threads') = 1");
    holds(con, "current_setting('memory_limit') = '300.0 MiB'");
    assert_int_equal(is.threads, 1);
    assert_int_equal(is.memory_bytes, wanted.memory_bytes);
    sample_ok(duck_exec(&ctx, con, "SET threads = 2", NULL, err));
    sample_ok(duck_limit(&ctx, con, &wanted, &is, err));
    holds(con, "current_setting('threads') = 2");
    assert_int_equal(duck_limits(0, (size_t)256 << 20).threads, 1);
    assert_int_equal(duck_limits(4, (size_t)127 << 20).threads, 1);
    assert_int_equal(duck_limits(4, (size_t)128 << 20).threads, 2);
    duck_disconnect(&con);
    duck_close(&database);
}

static void test_storage_versions(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    ctx.storage_version = "v9.9.9";
    assert_int_equal(duck_check_storage(&ctx, &problem), TG_USAGE);
    assert_non_null(strstr(problem.what, "has no storage version 'v9.9.9'"));
    ctx.storage_version = "v1.4.0";
    sample_ok(duck_check_storage(&ctx, err));
}

static int open_once(void)
{
    duckdb_database database = NULL;
    const struct duck_limits limits = duck_limits(2, (size_t)64 << 20);
    int rc = duck_open(&ctx, ".", &limits, &database, NULL);
    duck_close(&database);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(open_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_settings),        in_folder(test_threads_need_memory),
        in_folder(test_limits),          in_folder(test_storage_versions),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("duckdb/open", tests, NULL, NULL);
}
