/* Statements from patterns: every kind of part, names that look like parts, and what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "database/template.h"
#include "tests/torture.h"

static const char *const key_names[] = {"a", "b\"", "c]d{e}"};
static const struct sql_names key = {key_names, 3}, one = {key_names, 1}, no_names = {key_names, 0};

static int write(struct buf *out, const char *pattern, const struct sql_part *parts,
                 struct tg_error *err)
{
    const struct sql_part *given = SQL_PARTS(SQL_TEXT("who", "Ann"), SQL_NAMES("key", &key));
    const struct sql_scope outer = {.dialect = &dialect_duckdb, .dataset = "d", .parts = given};
    const struct sql_scope scope = {
        .dialect = &dialect_duckdb, .dataset = "d", .parts = parts, .outer = &outer};
    return sql_write(out, &scope, pattern, err);
}

static void check(const char *pattern, const struct sql_part *parts, const char *expected)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(write(&out, pattern, parts, &err), TG_OK);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void test_fixed_names(void **state)
{
    (void)state;
    check("", NULL, "");
    check("SELECT 1", NULL, "SELECT 1");
    check("SELECT l.[load_id] FROM {_dlt_loads} AS l", NULL,
          "SELECT l.\"load_id\" FROM \"d\".\"_dlt_loads\" AS l");
}

static void test_parts(void **state)
{
    (void)state;
    check("SELECT {row_key} FROM {rows}, {stage} WHERE [n] = {number} AND {more}",
          SQL_PARTS(SQL_NAME("row_key", "_dlt_id"), SQL_TABLE("rows", "person"),
                    SQL_NAME("stage", "stage_0"), SQL_NUMBER("number", -7),
                    SQL_PIECE("more", "x > 1")),
          "SELECT \"_dlt_id\" FROM \"d\".\"person\", \"stage_0\" WHERE \"n\" = -7 AND x > 1");
    check("{'who'}, {'none'}, {'it'}", SQL_PARTS(SQL_TEXT("none", NULL), SQL_TEXT("it", "it's")),
          "'Ann', NULL, 'it''s'");
    check("{t}", SQL_PARTS(SQL_TYPE("t", &(struct type_spec){.type = TYPE_TEXT})), "VARCHAR");
    check("{then}", SQL_PARTS(SQL_TIME("then", 1704164645000001)),
          "CAST('2024-01-02T03:04:05.000001+00:00' AS TIMESTAMP WITH TIME ZONE)");
    /* The inner scope's word holds. */
    check("{'who'}", SQL_PARTS(SQL_TEXT("who", "Bob")), "'Bob'");
    /* A pattern is filled in as well; it may be empty. */
    check("a{and}b{or}",
          SQL_PARTS(SQL_PATTERN("and", " AND [x] = {'who'} "), SQL_PATTERN("or", "")),
          "a AND \"x\" = 'Ann' b");
}

static void test_lists(void **state)
{
    (void)state;
    check("({key})", NULL, "(\"a\", \"b\"\"\", \"c]d{e}\")");
    check("{old.key}", NULL, "old.\"a\", old.\"b\"\"\", old.\"c]d{e}\"");
    check("{old.key = new.key}", NULL,
          "old.\"a\" = new.\"a\" AND old.\"b\"\"\" = new.\"b\"\"\" AND "
          "old.\"c]d{e}\" = new.\"c]d{e}\"");
    check("{old.one IS NOT DISTINCT FROM new.one}", SQL_PARTS(SQL_NAMES("one", &one)),
          "old.\"a\" IS NOT DISTINCT FROM new.\"a\"");
}

/* What a name or a value has in it is never read as a part. */
static void test_names_that_look_like_parts(void **state)
{
    (void)state;
    check("{a}.{b} = {'c'}{d}",
          SQL_PARTS(SQL_TABLE("a", "{b}[x]"), SQL_NAME("b", "a]b{c}\""),
                    SQL_TEXT("c", "{'who'} [x]' OR 1 = 1"), SQL_PIECE("d", "{b}[y]")),
          "\"d\".\"{b}[x]\".\"a]b{c}\"\"\" = '{''who''} [x]'' OR 1 = 1'{b}[y]");
}

static void refuses(const char *pattern, const struct sql_part *parts, const char *what)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(write(&out, pattern, parts, &err), TG_INTERNAL);
    if (!strstr(err.what, what))
        fail_msg("'%s' says '%s'", pattern, err.what);
    buf_release(&out);
}

static void test_wrong_patterns(void **state)
{
    (void)state;
    static const char long_name[] =
        "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]";
    refuses("{stge}", NULL, "'stge', which is not there");
    refuses("{}", NULL, "'', which is not there");
    refuses("{who}", NULL, "'who', which is a text");
    refuses("{'key'}", NULL, "''key'', which is no text");
    refuses("{'whom'}", NULL, "which is no text");
    refuses("{'}", NULL, "which is no text");
    refuses("{n}", SQL_PARTS(SQL_NAME("n", NULL)), "'n', which has no value");
    refuses("{n}", SQL_PARTS(SQL_PIECE("n", NULL)), "'n', which has no value");
    refuses("{n}", SQL_PARTS(SQL_PATTERN("n", "{m}")), "'m', which is not there");
    refuses("{n}", SQL_PARTS(SQL_NAMES("n", &no_names)), "'n', which is no list");
    refuses("{old.who}", NULL, "'old.who', which is not there");
    refuses("{old.key = new.who}", NULL, "'new.who', which is no list");
    refuses("{old.key = }", NULL, "which is no list");
    refuses("{old.key = new.one}", SQL_PARTS(SQL_NAMES("one", &one)), "lists of other lengths");
    refuses("{who", NULL, "'who', which has no end");
    refuses("[a}", NULL, "'a', which has no end");
    refuses("[a{b}]", NULL, "'a', which has no end");
    refuses("[]", NULL, "'', which is no name");
    refuses(long_name, NULL, "which is no name");
}

static int write_once(void)
{
    struct buf out = BUF_INIT;
    int rc = write(&out, "SELECT {old.key} FROM {_dlt_loads} WHERE [a] = {'who'}", NULL, NULL);
    buf_release(&out);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(write_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_names),    cmocka_unit_test(test_parts),
        cmocka_unit_test(test_lists),          cmocka_unit_test(test_names_that_look_like_parts),
        cmocka_unit_test(test_wrong_patterns), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("database/template", tests, NULL, NULL);
}
