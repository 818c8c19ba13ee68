/* What columns a query has: types of every database, and of this one alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "postgres/columns.h"
#include "tests/postgres.h"
#include "tests/torture.h"

static struct context ctx;
static struct pg_client *client;
static struct tg_error err;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    return pg_open(&ctx, postgres_uri(), false, &client, &err);
}

static int teardown(void **state)
{
    (void)state;
    pg_close(client);
    return 0;
}

static void exec(const char *sql)
{
    if (pg_exec(client, &ctx, sql, NULL, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

/* "name:form" of each column; '*': all as text. */
static void has(const char *sql, const char *expected)
{
    struct pg_columns columns;
    struct buf text = BUF_INIT;
    pg_columns_init(&columns);
    if (pg_columns_describe(client, &ctx, sql, NULL, &columns, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
    buf_text(&text, columns.binary ? "" : "*");
    for (size_t i = 0; i < columns.count; i++) {
        struct pg_type type;
        pg_type_find(&columns.types, columns.fields[i].oid, columns.fields[i].typmod, &type);
        buf_printf(&text, "%s%s:%s", i > 0 ? " " : "", columns.fields[i].name, type.name);
    }
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    pg_columns_release(&columns);
}

static void test_of_every_database(void **state)
{
    (void)state;
    has("SELECT 1 AS a, 'x'::varchar(3) AS \"B\"", "a:integer B:character varying");
    has("SELECT", "");
    has("CREATE TABLE not_made (a int)", "");
    has("SELECT to_regclass('not_made')::text AS t", "t:text");
}

static void test_of_this_one(void **state)
{
    (void)state;
    exec("CREATE TYPE mood AS ENUM ('good', 'bad')");
    exec("CREATE DOMAIN cents AS numeric(10,2)");
    exec("CREATE TYPE pair AS (a int, b mood)");
    has("SELECT 'good'::mood AS m, 1::cents AS c", "m:mood c:numeric");
    has("SELECT ARRAY['good'::mood] AS m", "m:mood[]");
}

/* What is not read in its binary form, the server writes; the other columns stay what they are. */
static void test_written_by_the_server(void **state)
{
    (void)state;
    has("SELECT 1 AS a, (1, 'bad')::pair AS p", "a:integer p:json");
    has("SELECT 1 AS a, int4range(1, 2) AS a, '1'::money AS \"q\"\"x\" -- ends so",
        "a:integer a:text q\"x:numeric");
    has("VALUES (point(1, 2), 3) ORDER BY 2", "column1:text column2:integer");
    exec("CREATE TABLE spans (span int4range)");
    has("TABLE spans", "span:text");
    has("WITH x AS (INSERT INTO spans VALUES ('[1,2)') RETURNING span) SELECT 1 AS a, * FROM x",
        "*a:text span:text");
}

static void test_refused(void **state)
{
    struct pg_columns columns;
    (void)state;
    pg_columns_init(&columns);
    assert_int_equal(pg_columns_describe(client, &ctx, "SELEC", NULL, &columns, &err),
                     TG_DESTINATION);
    assert_string_equal(err.sqlstate, "42601");
    assert_non_null(strstr(err.what, "\n  line 1: SELEC\n          ^"));
    pg_columns_release(&columns);
    exec("SELECT 1");
}

static int describe(void)
{
    struct pg_columns columns;
    pg_columns_init(&columns);
    int rc =
        pg_columns_describe(client, &ctx, "SELECT 'good'::mood AS m, 1 AS a", NULL, &columns, &err);
    pg_columns_release(&columns);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(describe);
    exec("SELECT 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_of_every_database), TEST(test_of_this_one),     TEST(test_written_by_the_server),
        TEST(test_refused),           TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
