/* Queries whose odd columns come as texts: which they are, and what stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/connection.h"
#include "duckdb/api.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static duckdb_database database;
static duckdb_connection con;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    const struct duck_limits limits = {.memory_bytes = (size_t)64 << 20, .threads = 1};
    return duck_open(&ctx, NULL, &limits, &database, NULL) || duck_connect(database, &con, NULL);
}

static int teardown(void **state)
{
    (void)state;
    duck_disconnect(&con);
    duck_close(&database);
    return 0;
}

static void check(const char *sql, const char *wanted)
{
    struct buf out = BUF_INIT;
    sample_ok(duck_spell(con, sql, &out, err));
    assert_string_equal(buf_string(&out), wanted);
    buf_release(&out);
}

static void test_what_is_odd(void **state)
{
    (void)state;
    static const char *const columns[] = {
        "'101'::BIT",
        "1::UHUGEINT",
        "TIMETZ '12:00:00+02'",
        "['1'::BIT]",
        "{'a': {'b': 1::UHUGEINT}}",
        "MAP {'1'::BIT: 1}",
        "MAP {1: '1'::BIT}",
        "['1'::BIT]::BIT[1]",
        "union_value(a := '1'::BIT)",
    };
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        struct buf out = BUF_INIT;
        buf_clear(&sql);
        buf_printf(&sql, "SELECT 1 AS \"a\"\"b\", %s AS v", columns[i]);
        sample_ok(duck_spell(con, buf_string(&sql), &out, err));
        assert_non_null(strstr(buf_string(&out), "SELECT c0 AS \"a\"\"b\", c1::VARCHAR AS \"v\""));
        buf_release(&out);
    }
    buf_release(&sql);
}

static void test_what_stays(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "SELECT 1, 'x', [1], {'a': 1}, MAP {1: 2}, INTERVAL 1 DAY, now(), 1::HUGEINT",
        "SELECT 1; SELECT 2",
        "SELECT nothing",
        "",
        "CREATE TEMP TABLE t AS SELECT '1'::BIT AS b",
        "INSERT INTO t VALUES ('1'::BIT) RETURNING b", /* no relation */
    };
    sample_ok(duck_exec(&ctx, con, "CREATE TEMP TABLE t AS SELECT '1'::BIT AS b", NULL, err));
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        check(queries[i], queries[i]);
}

static void test_order_stays(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct ArrowArrayStream stream;
    struct text_rows rows = {0};
    sample_ok(duck_spell(con, "SELECT range::UHUGEINT FROM range(100000) ORDER BY range DESC -- so",
                         &out, err));
    sample_ok(duck_query(&ctx, con, false, buf_string(&out), &stream, err));
    sample_ok(text_rows_read(&stream, &rows, err));
    assert_int_equal(rows.row_count, 100000);
    assert_string_equal(text_cell(&rows, 0, 0), "99999");
    assert_string_equal(text_cell(&rows, 99999, 0), "0");
    text_rows_release(&rows);
    buf_release(&out);
}

static int spell_once(void)
{
    struct buf out = BUF_INIT;
    int rc = duck_spell(con, "SELECT '1'::BIT AS b", &out, NULL);
    buf_release(&out);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(spell_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_odd, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torture, setup, teardown),
    };
    return cmocka_run_group_tests_name("duckdb/spell", tests, NULL, NULL);
}
