/* src/extract/files/csv_settings.c: words of options, and those that say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "extract/files/csv_settings.h"

static struct arena arena;

static struct csv_options take(const char *name, const char *text)
{
    const struct option_value value = {.name = name, .text = text};
    struct csv_options options = {.ctx = NULL};
    struct tg_error err = {0};
    if (csv_settings_read(&value, 1, &arena, &options, &err) != TG_OK)
        fail_msg("%s: %s: %s", name, text, err.what);
    return options;
}

static void refuse(const char *name, const char *text, const char *what)
{
    const struct option_value value = {.name = name, .text = text};
    struct csv_options options = {.ctx = NULL};
    struct tg_error err = {0};
    assert_int_equal(csv_settings_read(&value, 1, &arena, &options, &err), TG_USAGE);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
}

static void what_is_not_said(void **state)
{
    const struct csv_options options = take("path", "a.csv");
    (void)state;
    assert_string_equal(options.syntax.delimiter, "");
    assert_int_equal(options.syntax.quote, '"');
    assert_int_equal(options.syntax.escape, '\0');
    assert_int_equal(options.encoding, ENCODING_AUTO);
    assert_int_equal(options.ragged, RAGGED_FAIL);
    assert_int_equal(options.line_bytes_max, 0);
    assert_true(options.header);
    assert_null(options.null_texts);
}

static void what_is_said(void **state)
{
    (void)state;
    assert_string_equal(take("delimiter", "tab").syntax.delimiter, "\t");
    assert_string_equal(take("delimiter", "\\t").syntax.delimiter, "\t");
    assert_string_equal(take("delimiter", "~|~").syntax.delimiter, "~|~");
    assert_string_equal(take("delimiter", "auto").syntax.delimiter, "");
    assert_string_equal(take("delimiter", "\xc2\xa7").syntax.delimiter, "\xc2\xa7");
    assert_int_equal(take("quote", "none").syntax.quote, '\0');
    assert_int_equal(take("quote", "'").syntax.quote, '\'');
    assert_int_equal(take("escape", "\\").syntax.escape, '\\');
    assert_int_equal(take("escape", "\"").syntax.escape, '\0');
    assert_int_equal(take("comment", "#").syntax.comment, '#');
    assert_int_equal(take("encoding", "Latin-1").encoding, ENCODING_LATIN1);
    assert_int_equal(take("skip", "3").skip, 3);
    assert_int_equal(take("ragged", "pad").ragged, RAGGED_PAD);
    assert_int_equal(take("ragged", "reject").ragged, RAGGED_REJECT);
    assert_int_equal(take("line_bytes_max", "64MiB").line_bytes_max, 64 << 20);
    assert_string_equal(take("null", "NA\n").null_texts, "NA\n");
    assert_false(take("header", "false").header);
    assert_string_equal(take("decimal", ",").local.decimal, ",");
    const struct csv_options options =
        take("column_formats", "{\"a\":{\"decimal\":\",\"},\"b\":{\"date_format\":\"%d\"}}");
    assert_int_equal(options.local_count, 2);
    assert_string_equal(options.locals[1].name, "b");
    assert_string_equal(options.locals[1].local.date_format, "%d");
    assert_null(options.locals[1].local.decimal);
    arena_release(&arena);
}

static void what_says_something(void **state)
{
    static const struct {
        const char *name, *text;
        bool says;
    } cases[] = {
        {"delimiter", "auto", false}, {"delimiter", ";", true}, {"header", "false", true},
        {"skip", "0", false},         {"null", "NA", true},     {"decimal", ",", true},
        {"path", "x.csv", false},     {"quote", "\"", false},   {"line_bytes_max", "1MiB", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct option_value values[] = {{"format", "csv"}, {cases[i].name, cases[i].text}};
        const char *said = csv_settings_said(values, 2);
        assert_int_equal(said != NULL, cases[i].says);
        if (said)
            assert_string_equal(said, cases[i].name);
    }
    assert_null(csv_settings_said(NULL, 0));
}

static void what_cannot_be(void **state)
{
    (void)state;
    refuse("delimiter", "", "separates no fields");
    refuse("delimiter", "x", "separates no fields");
    refuse("delimiter", "\"", "separates no fields");
    refuse("delimiter", "||||||||", "separates no fields");
    refuse("delimiter", "\xff", "separates no fields");
    refuse("quote", "ab", "quote 'ab' is no character");
    refuse("quote", "", "quote '' is no character");
    refuse("escape", "n", "escape 'n' is no character");
    refuse("comment", "\xc2\xa7", "is no character");
    refuse("comment", "\"", "quote and comment are both \"");
    refuse("encoding", "ebcdic", "iconv -f NAME");
    refuse("line_bytes_max", "0", "is no number of bytes");
    refuse("line_bytes_max", "1GiB", "is no number of bytes");
    refuse("line_bytes_max", "much", "is no number of bytes");
    refuse("decimal", ";", "decimal ';' stands in no number");
    refuse("thousands", ".", "thousands and decimal are both '.'");
    refuse("date_format", "dd.mm.yyyy", "is no format of times");
    refuse("column_formats", "[1]", "column_formats is a mapping");
    refuse("column_formats", "{\"a\":{\"decimals\":\",\"}}", "'decimals' of column 'a'");
    refuse("column_formats", "{\"a\":{\"decimal\":1}}", "'decimal' of column 'a'");
    refuse("column_formats", "{\"a\":{\"decimal\":\";\"}}", "decimal ';' stands");
}

int main(void)
{
    arena_init(&arena);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said),
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(what_says_something),
        cmocka_unit_test(what_cannot_be),
    };
    return cmocka_run_group_tests_name("extract/csv_settings", tests, NULL, NULL);
}
