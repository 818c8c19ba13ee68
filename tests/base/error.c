/* Errors: messages are whole UTF-8 and fit, places pile up from the outside, codes become exit
 * codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"

static void test_set(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(error_set(&err, TG_DATA, "row %d is '%s'", 7, "odd"), TG_DATA);
    assert_int_equal(err.code, TG_DATA);
    assert_string_equal(err.what, "row 7 is 'odd'");
    assert_string_equal(err.where, "");
    assert_false(err.retryable);
    error_set(&err, TG_LOCKED, "held");
    assert_true(err.retryable);
    error_clear(&err);
    assert_int_equal(err.code, TG_OK);
    assert_string_equal(err.what, "");
}

static void test_set_drops_what_was_before(void **state)
{
    (void)state;
    struct tg_error err = {0};
    error_set(&err, TG_DATA, "first");
    error_where(&err, TG_DATA, "file 'a'");
    memcpy(err.sqlstate, "23505", 6);
    error_set(&err, TG_IO, "second after %s", err.what);
    assert_string_equal(err.what, "second after first");
    assert_string_equal(err.where, "");
    assert_string_equal(err.sqlstate, "");
}

static void test_null_error(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, TG_IO, "x"), TG_IO);
    assert_int_equal(error_errno(NULL, TG_IO, 2, "x"), TG_IO);
    assert_int_equal(error_nomem(NULL), TG_NOMEM);
    assert_int_equal(error_where(NULL, TG_SPEC, "x"), TG_SPEC);
    error_clear(NULL);
}

/* Every length of a prefix, so that the cut falls on each byte of the two-, three- and four-byte
 * characters. */
static void test_cut_at_a_character(void **state)
{
    (void)state;
    const char *tails[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\x80"};
    for (size_t tail = 0; tail < 3; tail++) {
        size_t tail_len = strlen(tails[tail]);
        for (size_t prefix = 1010; prefix < 1030; prefix++) {
            char text[2048];
            memset(text, 'a', prefix);
            memcpy(text + prefix, tails[tail], tail_len + 1);
            struct tg_error err = {0};
            error_set(&err, TG_DATA, "%s", text);
            size_t whole = prefix + tail_len;
            size_t expected = whole <= 1023 ? whole : prefix < 1023 ? prefix : 1023;
            assert_int_equal(strlen(err.what), expected);
            assert_memory_equal(err.what, text, expected);
        }
    }
}

static void test_errno(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(error_errno(&err, TG_IO, 2, "file '%s' cannot be opened", "x"), TG_IO);
    assert_string_equal(err.what, "file 'x' cannot be opened: No such file or directory");
    char path[3000];
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    error_errno(&err, TG_IO, 2, "file '%s'", path);
    assert_int_equal(strlen(err.what), 1023);
    assert_non_null(strstr(err.what, "ppp: No such file or directory"));
}

static void test_where(void **state)
{
    (void)state;
    struct tg_error err = {0};
    error_set(&err, TG_DATA, "bad");
    assert_int_equal(error_where(&err, TG_DATA, "line %d", 3), TG_DATA);
    assert_string_equal(err.where, "line 3");
    error_where(&err, TG_DATA, "file '%s'", "a.jsonl");
    assert_int_equal(error_where(&err, TG_IO, "resource 'person'"), TG_DATA);
    assert_string_equal(err.where, "resource 'person', file 'a.jsonl', line 3");
    error_where(&err, TG_DATA, "%s", "");
    assert_string_equal(err.where, "resource 'person', file 'a.jsonl', line 3");
    assert_string_equal(err.what, "bad");
}

static void test_where_is_cut(void **state)
{
    (void)state;
    struct tg_error err = {0};
    error_set(&err, TG_DATA, "bad");
    for (int i = 0; i < 400; i++)
        error_where(&err, TG_DATA, "\xE2\x82\xAC%d", i);
    assert_true(strlen(err.where) <= 511);
    assert_memory_equal(err.where,
                        "\xE2\x82\xAC"
                        "399, \xE2\x82\xAC"
                        "398",
                        14);
    char huge[2000];
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    error_where(&err, TG_DATA, "%s", huge);
    assert_int_equal(strlen(err.where), 511);
    assert_int_equal(err.where[510], 'x');
}

/* A failure that nobody described still is one. */
static void test_where_without_a_code(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(error_where(&err, TG_SOURCE, "page 2"), TG_SOURCE);
}

static void test_places(void **state)
{
    struct tg_error err = {0};
    char longer[300];
    (void)state;
    error_set(&err, TG_DATA, "x");
    assert_int_equal(error_at_line(&err, TG_DATA, 3), TG_DATA);
    error_at(&err, TG_DATA, AT_FILE, "a.jsonl");
    error_at(&err, TG_DATA, AT_RESOURCE, "person");
    assert_string_equal(err.where, "resource 'person', file 'a.jsonl', line 3");
    assert_string_equal(err.resource, "person");
    assert_string_equal(err.file, "a.jsonl");
    assert_int_equal(err.line, 3);
    assert_string_equal(err.table, "");
    /* the innermost one knows best */
    error_at_row(&err, TG_DATA, 7);
    error_at_row(&err, TG_DATA, 8);
    error_at(&err, TG_DATA, AT_FILE, "other");
    assert_int_equal(err.row, 7);
    assert_string_equal(err.file, "a.jsonl");
    error_set(&err, TG_SPEC, "y");
    assert_string_equal(err.file, "");
    assert_int_equal(err.line + err.row, 0);
    error_at_mark(&err, TG_SPEC, "spec.yaml", 3, 9);
    assert_string_equal(err.where, "spec.yaml:3:9");
    assert_string_equal(err.file, "spec.yaml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.position, 9);
    memset(longer, 'a', sizeof(longer));
    longer[299] = '\0';
    error_at(&err, TG_SPEC, AT_CURSOR, longer);
    error_at(&err, TG_SPEC, AT_TABLE, "t");
    error_at(&err, TG_SPEC, AT_COLUMN, "c");
    assert_int_equal(strlen(err.key_path), sizeof(err.key_path) - 1);
    assert_string_equal(err.table, "t");
    assert_string_equal(err.column, "c");
    assert_int_equal(error_at(NULL, TG_DATA, AT_FILE, "a"), TG_DATA);
    error_set(&err, TG_DATA, "z");
    error_names(&err, TG_DATA, AT_KEY, "b");
    error_names(&err, TG_DATA, AT_KEY, "c");
    error_below_key(&err, TG_DATA, "a");
    assert_string_equal(err.key_path, "a.b");
    assert_string_equal(err.where, "");
    error_below_key(&err, TG_DATA, longer);
    assert_int_equal(strlen(err.key_path), sizeof(err.key_path) - 1);
    error_set(&err, TG_DATA, "z");
    error_below_key(&err, TG_DATA, "a");
    assert_string_equal(err.key_path, "a");
    assert_int_equal(error_names(NULL, TG_DATA, AT_KEY, "a"), TG_DATA);
    assert_int_equal(error_below_key(NULL, TG_DATA, "a"), TG_DATA);
    assert_int_equal(error_at_mark(NULL, TG_DATA, "a", 1, 1), TG_DATA);
    assert_int_equal(error_at_line(NULL, TG_DATA, 1), TG_DATA);
}

static void test_reasons(void **state)
{
    struct tg_error err = {0};
    (void)state;
    error_set(&err, TG_DATA, "z");
    assert_int_equal(err.reason, TG_REASON_NONE);
    assert_int_equal(error_reason(&err, TG_DATA, TG_REASON_CURSOR_NULL), TG_DATA);
    error_where(&err, TG_DATA, "row 1");
    assert_int_equal(err.reason, TG_REASON_CURSOR_NULL);
    error_set(&err, TG_DATA, "another");
    assert_int_equal(err.reason, TG_REASON_NONE);
    assert_int_equal(error_reason(NULL, TG_DATA, TG_REASON_CURSOR_NULL), TG_DATA);
    assert_string_equal(tg_reason_name(TG_REASON_NONE), "");
    assert_string_equal(tg_reason_name(TG_REASON_CURSOR_MISSING), "TG_REASON_CURSOR_MISSING");
    assert_string_equal(tg_reason_name(TG_REASON_NOTHING_LOADED), "TG_REASON_NOTHING_LOADED");
    assert_string_equal(tg_reason_name(TG_REASON_NOTHING_LOADED + 1), "TG_UNKNOWN");
    assert_string_equal(tg_reason_name(-1), "TG_UNKNOWN");
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(tg_code_name(TG_OK), "TG_OK");
    assert_string_equal(tg_code_name(TG_DESTINATION), "TG_DESTINATION");
    assert_string_equal(tg_code_name(TG_INTERNAL), "TG_INTERNAL");
    assert_string_equal(tg_code_name(TG_LIMIT), "TG_LIMIT");
    assert_string_equal(tg_code_name(TG_LIMIT + 1), "TG_UNKNOWN");
    assert_string_equal(tg_code_name(-1), "TG_UNKNOWN");
}

static void test_exit_codes(void **state)
{
    (void)state;
    static const int expected[] = {0, 2, 2, 1, 1, 1, 1, 1, 3, 3, 4, 130, 1, 5};
    for (int code = TG_OK; code <= TG_LIMIT; code++)
        assert_int_equal(tg_code_exit(code), expected[code]);
    assert_int_equal(tg_code_exit(-1), 1);
    assert_int_equal(tg_code_exit(99), 1);
}

/* What tells of it stays: the code, the state, the place. */
static void test_before(void **state)
{
    (void)state;
    struct tg_error err = {0};
    char text[1200];
    error_set(&err, TG_DESTINATION, "theirs");
    error_where(&err, TG_DESTINATION, "load '1'");
    memcpy(err.sqlstate, "42601", 6);
    assert_int_equal(error_before(&err, TG_DESTINATION, "ours"), TG_DESTINATION);
    assert_string_equal(err.what, "ours: theirs");
    assert_string_equal(err.where, "load '1'");
    assert_string_equal(err.sqlstate, "42601");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    error_set(&err, TG_DESTINATION, "%s", text);
    error_before(&err, TG_DESTINATION, "ours");
    assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
    assert_int_equal(strncmp(err.what, "ours: xxx", 9), 0);
    assert_int_equal(error_before(NULL, TG_SOURCE, "ours"), TG_SOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),          cmocka_unit_test(test_set_drops_what_was_before),
        cmocka_unit_test(test_null_error),   cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_errno),        cmocka_unit_test(test_where),
        cmocka_unit_test(test_where_is_cut), cmocka_unit_test(test_where_without_a_code),
        cmocka_unit_test(test_places),       cmocka_unit_test(test_names),
        cmocka_unit_test(test_exit_codes),   cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_before),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
