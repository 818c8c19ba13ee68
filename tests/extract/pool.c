/* Connections that see one moment: shared where the database can, taken, given back, broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/sql/pool.h"
#include "tests/database/sample.h"
#include "tests/postgres.h"
#include "tests/torture.h"

static struct context ctx;

static void count_is(struct connection *con, const char *wanted)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, "SELECT CAST(count(*) AS VARCHAR) FROM t", &rows, err));
    assert_string_equal(text_cell(&rows, 0, 0), wanted);
    text_rows_release(&rows);
}

static void test_postgres(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct connection *a = NULL, *b = NULL, *c = NULL;
    const struct location where = {.url = postgres_uri()};
    free(postgres_ask(
        where.url,
        "SET client_min_messages = warning; DROP TABLE IF EXISTS t; CREATE TABLE t (x int);"
        "INSERT INTO t VALUES (1)"));
    sample_ok(pool_open(&ctx, &where, 2, NULL, &pool, err));
    assert_int_equal(pool_parallel(pool), 2);
    free(postgres_ask(where.url, "INSERT INTO t VALUES (2)"));
    sample_ok(pool_take(pool, &a, err));
    sample_ok(pool_take(pool, &b, err));
    assert_ptr_not_equal(a, b);
    count_is(a, "1");
    count_is(b, "1");
    count_is(pool_first(pool), "1");
    pool_give(pool, a, false);
    sample_ok(pool_take(pool, &c, err));
    assert_ptr_equal(a, c);
    pool_give(pool, b, true); /* another one takes its place, and sees the same */
    sample_ok(pool_take(pool, &b, err));
    count_is(b, "1");
    pool_give(pool, b, false);
    pool_give(pool, c, false);
    pool_give(pool, NULL, false);
    pool_close(pool);
}

/* So many read at once, and their connections go from one to the next. */
static void test_room(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct connection *a = NULL, *b = NULL, *c = NULL;
    const struct location where = {.url = postgres_uri()};
    sample_ok(pool_open(&ctx, &where, 2, NULL, &pool, err));
    assert_int_equal(pool_room(pool), 2);
    sample_ok(pool_enter(pool, &a, err));
    sample_ok(pool_enter(pool, &b, err));
    assert_int_equal(pool_room(pool), 0);
    pool_give(pool, a, false);
    pool_leave(pool);
    assert_int_equal(pool_room(pool), 1);
    sample_ok(pool_enter(pool, &c, err));
    assert_ptr_equal(a, c);
    pool_give(pool, b, false);
    pool_give(pool, c, false);
    pool_leave(pool);
    pool_leave(pool);
    pool_close(pool);
}

/* Whoever reads is interrupted; the first connection is the run's. */
static void test_stopped(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct connection *a = NULL;
    struct tg_error problem = {0};
    const struct location where = {.url = postgres_uri()};
    sample_ok(pool_open(&ctx, &where, 2, NULL, &pool, err));
    sample_ok(pool_enter(pool, &a, err));
    pool_stop(pool);
    assert_int_equal(connection_exec(a, "SELECT pg_sleep(60)", NULL, &problem), TG_CANCELLED);
    count_is(pool_first(pool), "2");
    pool_give(pool, a, true);
    pool_leave(pool);
    pool_close(pool);
}

/* While others read, the want of one more is no failure; alone, it is. */
static void test_one_more_is_a_help(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct connection *a = NULL, *b = NULL;
    struct tg_error problem = {0};
    struct warnings warnings;
    const struct location where = {.url = postgres_uri()};
    warnings_init(&warnings);
    ctx.warnings = &warnings;
    sample_ok(pool_open(&ctx, &where, 3, NULL, &pool, err));
    sample_ok(pool_enter(pool, &a, err));
    assert_int_not_equal(connection_exec(pool_first(pool), "no statement", NULL, &problem), TG_OK);
    sample_ok(pool_enter(pool, &b, err));
    assert_null(b);
    assert_int_equal(pool_room(pool), 0);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.texts[0], "read by 1 connection at once, not by 3: "));
    count_is(a, "2");
    pool_give(pool, a, true);
    pool_leave(pool);
    assert_int_equal(pool_room(pool), 1);
    error_clear(&problem);
    assert_int_not_equal(pool_enter(pool, &b, &problem), TG_OK);
    assert_non_null(strstr(problem.what, "snapshot"));
    pool_close(pool);
    warnings_release(&warnings);
    ctx.warnings = NULL;
}

/* A role that may have so many connections: the first one, and others. */
static void out_of_connections(const char *limit, size_t readers)
{
    struct pool *pool = NULL;
    struct connection *taken[4] = {NULL};
    char sql[400], uri[512];
    struct warnings warnings;
    snprintf(sql, sizeof(sql),
             "DROP ROLE IF EXISTS few; CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT %s",
             limit);
    free(postgres_ask(postgres_uri(), sql));
    snprintf(uri, sizeof(uri), "postgresql://few:few%s", strchr(postgres_uri(), '@'));
    const struct location where = {.url = uri};
    warnings_init(&warnings);
    ctx.warnings = &warnings;
    sample_ok(pool_open(&ctx, &where, 4, NULL, &pool, err));
    for (size_t i = 0; i <= readers; i++) {
        assert_true(pool_room(pool) > 0);
        sample_ok(pool_enter(pool, &taken[i], err));
        assert_int_equal(taken[i] != NULL, i < readers);
    }
    assert_int_equal(pool_room(pool), 0);
    assert_int_equal(pool_parallel(pool), readers);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.texts[0], "too many connections"));
    assert_non_null(strstr(warnings.texts[0], readers > 1
                                                  ? "read by 2 connections at once, not by 4: "
                                                  : "read by 1 connection at once, not by 4: "));
    for (size_t i = 0; i < readers; i++) {
        pool_give(pool, taken[i], false);
        pool_leave(pool);
    }
    assert_int_equal(pool_room(pool), readers);
    pool_close(pool);
    warnings_release(&warnings);
    ctx.warnings = NULL;
    free(postgres_ask(postgres_uri(), "DROP ROLE few"));
}

static void test_out_of_connections(void **state)
{
    (void)state;
    out_of_connections("3", 2);
    out_of_connections("2", 1);
    out_of_connections("1", 0);
}

static void test_alone(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    const struct location where = {.url = postgres_uri()};
    sample_ok(pool_open(&ctx, &where, 1, NULL, &pool, err));
    assert_int_equal(pool_parallel(pool), 0);
    pool_close(pool);
}

/* DuckDB reads a table with all threads at once, and shares no moment. */
static void test_duckdb(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct connection *con = NULL;
    struct tg_error problem = {0};
    const struct location where = {.url = "duckdb:///pool.duckdb"};
    assert_int_equal(pool_open(&ctx, &where, 2, NULL, &pool, &problem), TG_SOURCE);
    assert_null(pool);
    sample_ok(connection_open(&ctx, &where, true, &con, err));
    sample_ok(connection_exec(con, "CREATE TABLE t AS SELECT 1 AS x", NULL, err));
    sample_ok(pool_open(&ctx, &where, 2, NULL, &pool, err));
    count_is(pool_first(pool), "1");
    sample_ok(connection_exec(con, "INSERT INTO t VALUES (2)", NULL, err));
    count_is(pool_first(pool), "1");
    assert_int_equal(pool_parallel(pool), 0);
    pool_close(pool);
    connection_close(con);
    pool_close(NULL);
}

static int work(void)
{
    int rc = TG_OK;
    struct pool *pool = NULL;
    struct connection *a = NULL, *b = NULL;
    const struct location where = {.url = postgres_uri()};
    TRY(pool_open(&ctx, &where, 2, NULL, &pool, NULL));
    TRY(pool_enter(pool, &a, NULL));
    TRY(pool_take(pool, &b, NULL));
done:
    pool_give(pool, a, false);
    pool_give(pool, b, true);
    pool_close(pool);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    postgres_uri();
    torture(work);
}

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_postgres, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_room, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_stopped, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_one_more_is_a_help, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_out_of_connections, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_alone, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_duckdb, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, sample_teardown),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
