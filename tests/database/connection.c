/* URLs, opening, small results. What every connection must do is conformance.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/connection.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state) ||
           connection_open(&ctx, AT_URL("duckdb:///data.duckdb"), true, &con, NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

static void refused(const char *url, const char *dataset, const char *part)
{
    struct tg_error problem = {0};
    assert_int_equal(connection_check(AT_URL(url), NULL, dataset, NULL, &problem), TG_USAGE);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

#define SIXTY "a_name_of_sixty_bytes_that_goes_on_and_on_until_it_ends_here"

static void test_urls(void **state)
{
    (void)state;
    sample_ok(connection_check(AT_URL("duckdb:///a.duckdb"), NULL, NULL, NULL, err));
    sample_ok(connection_check(AT_URL("duckdb:////tmp/a b.duckdb"), NULL, NULL, NULL, err));
    sample_ok(connection_check(AT_URL("duckdb:///a/bronze.duckdb"), NULL, "bronze_2", NULL, err));
    refused("duckdb:///a/bronze.duckdb", "bronze", "cannot tell them apart");
    refused("duckdb:///Bronze", "bronze", "cannot tell them apart");
    refused("duckdb:///a.duckdb", "Memory", "name of a catalog that every DuckDB has");
    refused("duckdb:///a.duckdb", "temp", "name of a catalog that every DuckDB has");
    refused("duckdb://a.duckdb", NULL, "three slashes");
    refused("duckdb:a.duckdb", NULL, "three slashes");
    refused("duckdb:///", NULL, "names no file");
    refused("duckdb:////tmp/", NULL, "names no file");
    refused("duckdb:///:memory:", NULL, "lost at the end");
    refused("duckdb:///a.duckdb?threads=2", NULL, "parameters");
    refused("oracle://me:secret@host/db", NULL, "destination 'oracle:' has no driver");
    refused("a.duckdb", NULL, "duckdb:///file.duckdb");
    refused("", NULL, "no driver");
    refused("duckdb:///a.duckdb", "Information_Schema", "keeps for itself");
    refused("postgresql://h/x", "pg_x", "PostgreSQL keeps for itself");
    refused("postgresql://h/x", "information_schema", "PostgreSQL keeps for itself");
    refused("postgresql://h/x", SIXTY "four", "64 bytes, and PostgreSQL takes 63; shorten it");
    sample_ok(connection_check(AT_URL("postgresql://h/x"), NULL, SIXTY "two", NULL, err));
    sample_ok(connection_check(AT_URL("postgresql://h/x"), NULL, "PG_x", NULL, err));
    struct tg_error problem = {0};
    struct connection *none = NULL;
    assert_int_equal(connection_open(&ctx, AT_URL("mysql://x"), true, &none, &problem), TG_USAGE);
    assert_null(none);
    assert_null(strstr(problem.what, "//x"));
}

static void test_open_or_create(void **state)
{
    (void)state;
    struct connection *other = NULL;
    struct fs_stat stat;
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///other.duckdb"), false, &other, err));
    assert_null(other);
    sample_ok(fs_stat("other.duckdb", &stat, err));
    assert_false(stat.exists);
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///other.duckdb"), true, &other, err));
    sample_ok(connection_exec(other, "CREATE TABLE t (a INTEGER)", NULL, err));
    connection_close(other);
    char url[2048];
    snprintf(url, sizeof(url), "duckdb:///%s/other.duckdb", sample_folder);
    sample_ok(connection_open(&ctx, AT_URL(url), false, &other, err));
    uint64_t changed = 0;
    sample_ok(connection_exec(other, "INSERT INTO t VALUES (1), (2)", &changed, err));
    assert_int_equal(changed, 2);
    connection_close(other);
    connection_close(NULL);
}

static void test_where_urls_lead(void **state)
{
    (void)state;
    char expected[1200];
    struct connection_place place = {0};
    sample_ok(connection_check(AT_URL("duckdb:///a/x.db"), ".", NULL, &place, err));
    snprintf(expected, sizeof(expected), "duckdb:///%s/a/x.db", sample_folder);
    assert_string_equal(buf_string(&place.absolute), expected);
    assert_ptr_equal(place.dialect, &dialect_duckdb);
    buf_clear(&place.absolute);
    sample_ok(connection_check(AT_URL("duckdb:////a/x.db"), "/b", NULL, &place, err));
    assert_string_equal(buf_string(&place.absolute), "duckdb:////a/x.db");
    buf_release(&place.absolute);
    buf_release(&place.identity);
    assert_int_equal(connection_check(AT_URL("oracle://x"), ".", NULL, &place, NULL), TG_USAGE);
    assert_null(place.absolute.data);
}

static void test_names_that_duckdb_takes_for_something_else(void **state)
{
    (void)state;
    static const char *const names[] = {"md:x", "temp.duckdb", "a'b \"c.duckdb", "main.duckdb"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char url[64];
        struct connection *other = NULL;
        struct fs_stat stat;
        snprintf(url, sizeof(url), "duckdb:///%s", names[i]);
        sample_ok(connection_open(&ctx, AT_URL(url), true, &other, err));
        sample_ok(connection_exec(other, "CREATE SCHEMA bronze", NULL, err));
        sample_ok(connection_exec(other, "CREATE TABLE \"bronze\".\"t\" (a INTEGER)", NULL, err));
        connection_close(other);
        sample_ok(fs_stat(names[i], &stat, err));
        assert_true(stat.exists && stat.size > 0);
    }
}

static void test_fetch(void **state)
{
    (void)state;
    struct text_rows rows;
    sample_ok(
        connection_fetch(con,
                         "SELECT i, CASE WHEN i = 1 THEN NULL ELSE 'x' || i END, i = 2, "
                         "TIMESTAMPTZ '2024-01-02 03:04:05Z' FROM range(5000) t(i) ORDER BY i",
                         &rows, err));
    assert_int_equal(rows.row_count, 5000);
    assert_int_equal(rows.column_count, 4);
    assert_string_equal(text_cell(&rows, 0, 0), "0");
    assert_string_equal(text_cell(&rows, 0, 1), "x0");
    assert_null(text_cell(&rows, 1, 1));
    assert_string_equal(text_cell(&rows, 2, 2), "true");
    assert_string_equal(text_cell(&rows, 4999, 0), "4999");
    assert_memory_equal(text_cell(&rows, 7, 3), "2024-01-02T03:04:05", 19);
    text_rows_release(&rows);
    sample_ok(connection_fetch(con, "SELECT 1, '' WHERE false", &rows, err));
    assert_int_equal(rows.row_count, 0);
    assert_int_equal(rows.column_count, 2);
    text_rows_release(&rows);
    text_rows_release(&rows);
    struct tg_error problem = {0};
    assert_int_equal(connection_fetch(con, "SELECT nothing", &rows, &problem), TG_DESTINATION);
    assert_int_equal(rows.row_count, 0);
}

static int describe_once(void)
{
    struct described described = {0};
    int rc = connection_describe(con, "main", NULL, &described, NULL);
    described_release(&described);
    return rc;
}

static int open_once(void)
{
    struct connection *other = NULL;
    int rc = connection_open(&ctx, AT_URL("duckdb:///tortured.duckdb"), true, &other, NULL);
    connection_close(other);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    sample_ok(connection_exec(con, "CREATE TABLE p (a INTEGER, b INTEGER)", NULL, err));
    torture(describe_once);
    torture(open_once);
}

/* What a database says gets the sentence once; what we say ourselves has none to get. */
static void test_words_of_a_database_are_told(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    error_set(&problem, TG_IO, "postgresql: no space");
    assert_int_equal(connection_told(TG_IO, "the load cannot be written", &problem), TG_IO);
    assert_int_equal(connection_told(TG_IO, "and again", &problem), TG_IO);
    assert_string_equal(problem.what, "the load cannot be written: postgresql: no space");
    error_set(&problem, TG_DESTINATION, "duckdb: IO Error");
    assert_int_equal(connection_told(TG_DESTINATION, "it", &problem), TG_DESTINATION);
    assert_string_equal(problem.what, "it: duckdb: IO Error");
    error_set(&problem, TG_DATA, "duckdb is no key");
    assert_int_equal(connection_told(TG_DATA, "it", &problem), TG_DATA);
    assert_string_equal(problem.what, "duckdb is no key");
    error_set(&problem, TG_CANCELLED, "duckdb: INTERRUPT Error");
    assert_int_equal(connection_told(TG_CANCELLED, "it", &problem), TG_CANCELLED);
    assert_string_equal(problem.what, "duckdb: INTERRUPT Error");
    assert_int_equal(connection_told(TG_OK, "it", &problem), TG_OK);
    assert_int_equal(connection_told(TG_IO, "it", NULL), TG_IO);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_urls),
        in_folder(test_open_or_create),
        in_folder(test_where_urls_lead),
        in_folder(test_names_that_duckdb_takes_for_something_else),
        in_folder(test_fetch),
        in_folder(test_memory_runs_out),
        cmocka_unit_test(test_words_of_a_database_are_told),
    };
    return cmocka_run_group_tests_name("database/connection", tests, NULL, NULL);
}
