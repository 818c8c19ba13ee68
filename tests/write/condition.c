/* Tests of src/write/condition.c: what may stand in parentheses, and what its names stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "write/condition.h"

static const struct condition_names both = {"\"d\".\"t\"", "\"s\""}, staged = {NULL, "\"s\""};

static void written(const char *text, const char *expected)
{
    struct tg_error err = {0};
    struct buf out = BUF_INIT;
    if (condition_check(text, &both, &err) != TG_OK)
        fail_msg("%s: %s", text, err.what);
    condition_write(&out, text, &both);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void refused(const struct condition_names *names, const char *text, const char *why)
{
    struct tg_error err = {0};
    assert_int_equal(condition_check(text, names, &err), TG_USAGE);
    if (!strstr(err.what, why))
        fail_msg("%s: '%s' instead of '%s'", text, err.what, why);
}

static void test_names(void **state)
{
    (void)state;
    written("a > 1", "a > 1");
    written("{table}.a = {staging_table}.a", "\"d\".\"t\".a = \"s\".a");
    written("j = '{{\"a\": {{}}}}' AND x = '{table}'", "j = '{\"a\": {}}' AND x = '\"d\".\"t\"'");
    written("{{{table}}}", "{\"d\".\"t\"}");
    refused(&both, "{tables}.a", "'{tables}' stands for nothing");
    refused(&both, "{}.a", "'{}' stands for nothing");
    refused(&both, "{table.a", "stands for nothing");
    refused(&both, "{table{table}}", "stands for nothing");
    refused(&both, "a = '}'", "'}' stands for nothing");
    refused(&both, "a = 1 {", "stands for nothing");
    refused(&staged, "{table}.a = 1", "there is {staging_table}");
    assert_true(condition_names_staged("a IN (SELECT a FROM {staging_table})"));
    assert_false(condition_names_staged("{table}.a = '{{staging_table}}'"));
    assert_false(condition_names_staged("a = 1"));
    assert_true(condition_names_staged("{{{staging_table}}}"));
}

static void test_what_would_break_out(void **state)
{
    (void)state;
    refused(&both, "", "empty");
    refused(&both, " \n\t", "empty");
    refused(&both, "a = 1; DROP TABLE t", "';'");
    refused(&both, "a = 1 -- all", "comment");
    refused(&both, "a = 1 /* all", "comment");
    refused(&both, "a = 1) OR (b = 1", "has not opened");
    refused(&both, "(a = 1", "does not close");
    refused(&both, "a = 'x", "never closed");
    refused(&both, "\"a = 1", "never closed");
    refused(&both, "a = E'\\' OR 1=1'", "backslash");
    refused(&both, "a = 'it\\'s'", "backslash");
    refused(&both, "a = $$x$$", "'$'");
    refused(&both, "`a` = 1", "'`'");
    refused(&both, "[(] IS NULL) OR ([)] IS NULL", "'[(]' has a quote, a parenthesis");
    refused(&both, "[a'] = 1) OR (1 = 1 OR b = ']'", "between [ and ]");
    refused(&both, "[\"] = 1) OR (1 = 1 OR b = \"]", "between [ and ]");
    refused(&both, "a = [[1]]", "between [ and ]");
    refused(&both, "a = [1", "between [ and ]");
}

static void test_what_stays_within(void **state)
{
    (void)state;
    written("a = ';' AND \"b;--\" = '/* ''x'' */'", "a = ';' AND \"b;--\" = '/* ''x'' */'");
    written("a = '(' AND ((b) = ')')", "a = '(' AND ((b) = ')')");
    written("a = 'C:\\x' AND b - -1 > 0", "a = 'C:\\x' AND b - -1 > 0");
    written("\"a\"\"b\" = 1", "\"a\"\"b\" = 1");
    written("a ~ '^x$'", "a ~ '^x$'");
    written("a[1] = ANY(ARRAY[1, b]) AND [a b] = '[('", "a[1] = ANY(ARRAY[1, b]) AND [a b] = '[('");
    struct tg_error err = {0};
    assert_int_equal(condition_check("list_contains(['a', (b)], c)", &staged, &err), TG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_would_break_out),
        cmocka_unit_test(test_what_stays_within),
    };
    return cmocka_run_group_tests_name("write/condition", tests, NULL, NULL);
}
