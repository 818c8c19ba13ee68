/* The reader of a package's files: what its queries give goes into a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/sending/reader.h"
#include "database/template.h"
#include "tests/database/plain.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;
static struct reader *reader;
static struct plain plain;

static int setup(void **state)
{
    context_init(&ctx);
    if (sample_setup(state) ||
        connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, NULL) ||
        reader_new(&ctx, ".", &reader, NULL))
        return -1;
    plain_take(&plain, con);
    return connection_exec(con, "CREATE SCHEMA s", NULL, NULL);
}

static int teardown(void **state)
{
    reader_free(reader);
    plain_give_back(&plain, con);
    connection_close(con);
    return sample_teardown(state);
}

static void expect(const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

static void exec(const char *sql)
{
    sample_ok(connection_exec(con, sql, NULL, err));
}

static uint64_t ingest(const char *sql, const char *dataset, const char *table)
{
    const struct ingest_target into = {dataset, table};
    uint64_t rows = 0;
    sample_ok(reader_ingest(reader, sql, con, &into, &rows, err));
    return rows;
}

/* By the driver and by literals, each row once and counted; no rows are none. */
static void test_rows_are_sent_and_counted(void **state)
{
    (void)state;
    const char *sql = "SELECT range AS i, range || '''' AS t FROM range(5000)";
    exec("CREATE TABLE s.a (t VARCHAR, i BIGINT)");
    exec("CREATE TEMP TABLE b (t VARCHAR, i BIGINT)");
    assert_int_equal(ingest(sql, "s", "a"), 5000);
    con->driver = plain.own;
    assert_int_equal(ingest(sql, NULL, "b"), 5000);
    expect("SELECT count(DISTINCT i) || ' ' || min(t) FROM s.a", "5000 0'");
    expect("SELECT count(*) FROM (FROM s.a INTERSECT FROM b)", "5000");
    assert_int_equal(ingest("SELECT 1 AS i WHERE false", "s", "a"), 0);
    expect("SELECT count(*) FROM s.a", "5000");
}

/* More than a statement takes, and none. */
static void test_numbers_are_taken(void **state)
{
    (void)state;
    exec("CREATE TABLE s.numbers AS SELECT range - 5 AS n FROM range(120000)");
    sample_ok(reader_exec(reader, "CREATE TEMP TABLE \"it's\" (n BIGINT)", NULL, err));
    sample_ok(reader_take(reader, "it's", con, "SELECT n FROM s.numbers", err));
    sample_ok(reader_take(reader, "it's", con, "SELECT n FROM s.numbers WHERE n > 500000", err));
    exec("CREATE TABLE s.back (n BIGINT)");
    assert_int_equal(ingest("FROM \"it's\"", "s", "back"), 120000);
    expect("SELECT count(*) FROM (FROM s.back INTERSECT FROM s.numbers)", "120000");
    assert_int_equal(reader_take(reader, "it's", con, "SELECT 'a'", NULL), TG_INTERNAL);
    assert_int_equal(reader_take(reader, "it's", con, "SELECT nothing", NULL), TG_DESTINATION);
}

/* What one step has made is there for the next one. */
static void test_tables_stay(void **state)
{
    (void)state;
    exec("CREATE TABLE s.a (i BIGINT)");
    sample_ok(reader_reserve(reader, 100, err));
    uint64_t changed = 99;
    sample_ok(reader_exec(reader, "CREATE TABLE t AS SELECT range AS i FROM range(10)", NULL, err));
    sample_ok(reader_exec(reader, "DELETE FROM t WHERE i < 3", &changed, err));
    assert_int_equal(changed, 3);
    sample_ok(reader_exec(reader, "CREATE TABLE u (i BIGINT)", &changed, err));
    assert_int_equal(changed, 0);
    assert_int_equal(ingest("SELECT i FROM t", "s", "a"), 7);
    expect("SELECT min(i) FROM s.a", "3");
}

/* Rows that are sent are read by one thread; what is sorted out between has all of them again. */
static void test_threads(void **state)
{
    (void)state;
    static const char count[] = "SELECT current_setting('threads') AS i";
    exec("CREATE TABLE s.a (i BIGINT)");
    exec("CREATE TABLE s.b (i BIGINT)");
    for (int i = 0; i < 2; i++) {
        sample_ok(reader_exec(reader,
                              "CREATE OR REPLACE TABLE t AS SELECT "
                              "current_setting('threads') AS i",
                              NULL, err));
        assert_int_equal(ingest(count, "s", "a"), 1);
        assert_int_equal(ingest("SELECT i FROM t", "s", "b"), 1);
    }
    expect("SELECT string_agg(i, ' ') FROM s.a", "1 1");
    expect("SELECT string_agg(i, ' ') FROM s.b", "2 2");
    /* What makes room for wide rows looks at how many there may be. */
    sample_ok(reader_reserve(reader, 2000, err));
    exec("DELETE FROM s.a");
    sample_ok(reader_exec(reader,
                          "CREATE OR REPLACE TABLE t AS SELECT "
                          "current_setting('threads') AS i",
                          NULL, err));
    assert_int_equal(ingest("SELECT i FROM t", "s", "a"), 1);
    expect("SELECT string_agg(i, ' ') FROM s.a", "1");
}

/* Characters of a pattern in a path stand for themselves. */
static void test_files(void **state)
{
    (void)state;
    const char *const paths[] = {"x[1]*.parquet", "it's.parquet"};
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&sql);
        buf_printf(&sql, "COPY (SELECT %zu AS i) TO ", i);
        sql_text(&sql, paths[i]);
        exec(buf_string(&sql));
    }
    exec("COPY (SELECT 7 AS i) TO 'x1.parquet'");
    exec("CREATE TEMP TABLE t (i BIGINT)");
    buf_clear(&sql);
    buf_text(&sql, "SELECT * FROM ");
    reader_dialect(con->dialect)->parquet(&sql, paths, 2);
    assert_int_equal(ingest(buf_string(&sql), NULL, "t"), 2);
    expect("SELECT string_agg(i, ',' ORDER BY i) FROM t", "0,1");
    buf_release(&sql);
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    const struct ingest_target into = {"s", "a"}, none = {"s", "none"};
    struct tg_error problem = {0};
    uint64_t rows = 0;
    exec("CREATE TABLE s.a (i BIGINT)");
    assert_int_equal(reader_exec(reader, "FROM 'none.parquet'", NULL, &problem), TG_DESTINATION);
    for (int own = 0; own < 2; own++) {
        con->driver = own ? plain.own : &plain.driver;
        assert_int_equal(reader_ingest(reader, "SELECT 1 AS i", con, &none, &rows, &problem),
                         TG_DESTINATION);
        /* It breaks off in the middle. */
        assert_int_not_equal(reader_ingest(reader,
                                           "SELECT CASE WHEN range < 90000 THEN range ELSE "
                                           "error('oh no') END AS i FROM range(100000)",
                                           con, &into, &rows, &problem),
                             TG_OK);
        assert_non_null(strstr(problem.what, "oh no"));
    }
    assert_int_equal(rows, 0);
}

static int ingest_once(void)
{
    const struct ingest_target into = {"s", "a"};
    struct reader *own = NULL;
    uint64_t rows = 0;
    int rc = reader_new(&ctx, ".", &own, NULL);
    if (rc == TG_OK)
        rc = reader_ingest(own, "SELECT 1 AS i, 'x' AS t", con, &into, &rows, NULL);
    reader_free(own);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    exec("CREATE TABLE s.a (i BIGINT, t VARCHAR)");
    torture(ingest_once);
    con->driver = plain.own;
    torture(ingest_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_rows_are_sent_and_counted),
        in_folder(test_numbers_are_taken),
        in_folder(test_tables_stay),
        in_folder(test_threads),
        in_folder(test_files),
        in_folder(test_what_cannot_be),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/reader", tests, NULL, NULL);
}
