/*
 * src/data/text/literal.c: what a text says, by each of the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/text/literal.h"

/* A cell as JSON; "-" for none. */
static void check_cell(const char *text, struct type_spec spec, enum text_rule rule,
                       const char *expected)
{
    struct buf out = BUF_INIT;
    yyjson_val cell;
    if (literal_cell(text, strlen(text), &spec, rule, &cell))
        cell_json(&out, &cell, 0);
    else
        buf_char(&out, '-');
    if (strcmp(buf_string(&out), expected) != 0)
        fail_msg("'%s' as %s by rule %d is %s, not %s", text, type_name(spec.type), (int)rule,
                 buf_string(&out), expected);
    buf_release(&out);
}

static const struct {
    const char *text;
    enum type type;
    const char *document, *typed, *hinted;
} rules[] = {
    {"7", TYPE_BIGINT, "7", "7", "7"},
    {"-7", TYPE_BIGINT, "-7", "-7", "-7"},
    {"007", TYPE_BIGINT, "-", "-", "7"},
    {"+7", TYPE_BIGINT, "-", "-", "7"},
    {" 7 ", TYPE_BIGINT, "-", "-", "7"},
    {"-0", TYPE_BIGINT, "-", "-", "0"},
    {"0", TYPE_BIGINT, "0", "0", "0"},
    {"1_000", TYPE_BIGINT, "-", "-", "-"},
    {"1,000", TYPE_BIGINT, "-", "-", "-"},
    {"0x1F", TYPE_BIGINT, "-", "-", "-"},
    {"1.0", TYPE_BIGINT, "-", "-", "-"},
    {"", TYPE_BIGINT, "-", "-", "-"},
    {" ", TYPE_BIGINT, "-", "-", "-"},
    {"9223372036854775807", TYPE_BIGINT, "9223372036854775807", "9223372036854775807",
     "9223372036854775807"},
    {"-9223372036854775808", TYPE_BIGINT, "-9223372036854775808", "-9223372036854775808",
     "-9223372036854775808"},
    {"9223372036854775808", TYPE_BIGINT, "-", "-", "-"},
    {"12.50", TYPE_DOUBLE, "12.5", "12.5", "12.5"},
    {"1e5", TYPE_DOUBLE, "100000.0", "100000.0", "100000.0"},
    {"-0", TYPE_DOUBLE, "-0.0", "-0.0", "-0.0"},
    {"nan", TYPE_DOUBLE, "null", "null", "null"},
    {"-Infinity", TYPE_DOUBLE, "null", "null", "null"},
    {" 5", TYPE_DOUBLE, "-", "-", "5.0"},
    {"5.", TYPE_DOUBLE, "-", "-", "5.0"},
    {"1e400", TYPE_DOUBLE, "-", "-", "-"},
    {"1e-400", TYPE_DOUBLE, "-", "-", "-"},
    {"0e-400", TYPE_DOUBLE, "0.0", "0.0", "0.0"},
    {"5e-324", TYPE_DOUBLE, "5e-324", "5e-324", "5e-324"},
    {"9007199254740992", TYPE_DOUBLE, "9007199254740992.0", "9007199254740992.0",
     "9007199254740992.0"},
    {"9007199254740993", TYPE_DOUBLE, "-", "-", "9007199254740992.0"},
    {"12.50", TYPE_DECIMAL, "\"12.50\"", "\"12.50\"", "\"12.50\""},
    {"012.50", TYPE_DECIMAL, "-", "-", "\"012.50\""},
    {"x", TYPE_DECIMAL, "-", "-", "-"},
    {"True", TYPE_BOOL, "true", "true", "true"},
    {"FALSE", TYPE_BOOL, "false", "false", "false"},
    {"t", TYPE_BOOL, "true", "-", "true"},
    {"NO", TYPE_BOOL, "false", "-", "false"},
    {"1", TYPE_BOOL, "true", "-", "true"},
    {"2", TYPE_BOOL, "-", "-", "-"},
    {"2024-01-02", TYPE_DATE, "\"2024-01-02\"", "\"2024-01-02\"", "\"2024-01-02\""},
    {"20240102", TYPE_DATE, "\"2024-01-02\"", "\"2024-01-02\"", "\"2024-01-02\""},
    {"20241302", TYPE_DATE, "20241302.0", "-", "20241302.0"},
    {"2024-01-02T00:00:00", TYPE_DATE, "\"2024-01-02\"", "\"2024-01-02\"", "\"2024-01-02\""},
    {"1969-01-01T00:00:01", TYPE_DATE, "-", "-", "-"},
    {"01/02/2024", TYPE_DATE, "-", "-", "-"},
    {"20240102", TYPE_TIMESTAMP, "\"2024-01-02T00:00:00+00:00\"", "\"2024-01-02T00:00:00+00:00\"",
     "\"2024-01-02T00:00:00+00:00\""},
    {"2024-01-02 03:04:05+01:00", TYPE_TIMESTAMP, "\"2024-01-02T02:04:05+00:00\"",
     "\"2024-01-02T02:04:05+00:00\"", "\"2024-01-02T02:04:05+00:00\""},
    {"1704164645", TYPE_TIMESTAMP, "1704164645.0", "-", "1704164645.0"},
    {"10:00", TYPE_TIME, "\"10:00:00\"", "\"10:00:00\"", "\"10:00:00\""},
    {"10:00:00.1234560", TYPE_TIME, "\"10:00:00.123456\"", "\"10:00:00.123456\"",
     "\"10:00:00.123456\""},
    {"10:00:00.1234567", TYPE_TIME, "\"10:00:00.123456\"", "-", "\"10:00:00.123456\""},
    {"x", TYPE_TEXT, "-", "-", "-"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct type_spec spec = {.type = rules[i].type};
        check_cell(rules[i].text, spec, TEXT_DOCUMENT, rules[i].document);
        check_cell(rules[i].text, spec, TEXT_TYPED, rules[i].typed);
        check_cell(rules[i].text, spec, TEXT_HINTED, rules[i].hinted);
    }
}

/* A column without a zone keeps the digits that it has room for; one with a zone microseconds. */
static void test_seconds(void **state)
{
    const char *text = "2024-01-02T03:04:05.123456789";
    struct type_spec zoned = {.type = TYPE_TIMESTAMP};
    struct type_spec naive = {.type = TYPE_TIMESTAMP, .naive = true};
    struct type_spec whole = {TYPE_TIMESTAMP, PRECISION_SECONDS, 0, true};
    struct type_spec milli = {TYPE_TIMESTAMP, 3, 0, true}, nano = {TYPE_TIMESTAMP, 9, 0, true};
    (void)state;
    check_cell(text, zoned, TEXT_TYPED, "\"2024-01-02T03:04:05.123456+00:00\"");
    check_cell(text, naive, TEXT_TYPED, "-");
    check_cell(text, naive, TEXT_DOCUMENT, "\"2024-01-02T03:04:05.123456+00:00\"");
    check_cell(text, nano, TEXT_TYPED, "\"2024-01-02T03:04:05.123456789+00:00\"");
    check_cell("2024-01-02T03:04:05.1234567891", nano, TEXT_TYPED, "-");
    check_cell("2024-01-02T03:04:05.500", milli, TEXT_TYPED,
               "\"2024-01-02T03:04:05.500000+00:00\"");
    check_cell("2024-01-02T03:04:05.5001", milli, TEXT_TYPED, "-");
    check_cell("2024-01-02T03:04:05.0", whole, TEXT_TYPED, "\"2024-01-02T03:04:05+00:00\"");
    check_cell("2024-01-02T03:04:05.5", whole, TEXT_TYPED, "-");
    check_cell("9999-12-31", nano, TEXT_TYPED, "-");
}

/* Texts that end where their memory ends, as the sanitizer sees it. */
static void test_ends(void **state)
{
    static const char *const texts[] = {"-",
                                        "+",
                                        ".",
                                        "1.",
                                        "1e",
                                        "1e-",
                                        "-.",
                                        "0",
                                        "-0",
                                        "2024",
                                        "2024-01-02T03:04:05",
                                        "10:00:00",
                                        "2024-01-02T03:04:05."};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);
        char *text = mem_alloc(len);
        struct literal_kinds kinds = {0};
        yyjson_val cell;
        assert_non_null(text);
        memcpy(text, texts[i], len);
        literal_see(&kinds, text, len);
        for (int type = TYPE_TEXT; type < TYPE_COUNT; type++)
            for (int rule = TEXT_DOCUMENT; rule <= TEXT_HINTED; rule++)
                (void)!literal_cell(text, len, &(struct type_spec){.type = (enum type)type},
                                    (enum text_rule)rule, &cell);
        mem_free(text);
    }
}

static void check_type(const char *const *texts, enum type type, int precision, int scale)
{
    struct literal_kinds kinds = {0};
    struct type_spec spec;
    for (size_t i = 0; texts[i]; i++)
        literal_see(&kinds, texts[i], strlen(texts[i]));
    spec = literal_type(&kinds);
    if (spec.type != type || spec.precision != precision || spec.scale != scale)
        fail_msg("'%s' is %s(%d,%d)", texts[0] ? texts[0] : "", type_name(spec.type),
                 spec.precision, spec.scale);
    assert_true(literal_is_text(&kinds) ? type == TYPE_TEXT : true);
}

static void test_types(void **state)
{
    static const struct {
        const char *texts[4];
        enum type type;
        int precision, scale;
    } cases[] = {
        {{NULL}, TYPE_NONE, 0, 0},
        {{"1", "-2"}, TYPE_BIGINT, 0, 0},
        {{"1", "01"}, TYPE_TEXT, 0, 0},
        {{"1", " 1"}, TYPE_TEXT, 0, 0},
        {{"1", "-0"}, TYPE_DOUBLE, 0, 0},
        {{"1", "1.5"}, TYPE_DOUBLE, 0, 0},
        {{"1.5", "12345678901234567"}, TYPE_DECIMAL, 38, 1},
        {{"9223372036854775808"}, TYPE_DECIMAL, 38, 0},
        {{"nan"}, TYPE_TEXT, 0, 0},
        {{"nan", "1"}, TYPE_DOUBLE, 0, 0},
        {{"true", "FALSE"}, TYPE_BOOL, 0, 0},
        {{"true", "1"}, TYPE_TEXT, 0, 0},
        {{"2024-01-02"}, TYPE_DATE, 0, 0},
        {{"20240102"}, TYPE_BIGINT, 0, 0},
        {{"2024-01-02", "2024-01-02T00:00:00"}, TYPE_TIMESTAMP, 0, 0},
        {{"2024-01-02T00:00:00.123456789"}, TYPE_TIMESTAMP, 9, 0},
        {{"10:00"}, TYPE_TEXT, 0, 0},
        {{"10:00:00"}, TYPE_TIME, 0, 0},
        {{""}, TYPE_TEXT, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_type(cases[i].texts, cases[i].type, cases[i].precision, cases[i].scale);
}

static void test_natural(void **state)
{
    static const struct {
        const char *text;
        enum cell_kind kind;
        enum type type;
    } cases[] = {
        {"7", CELL_INT, TYPE_BIGINT},
        {"007", CELL_TEXT, TYPE_TEXT},
        {"1.5", CELL_DOUBLE, TYPE_DOUBLE},
        {"inf", CELL_DOUBLE, TYPE_DOUBLE},
        {"9223372036854775808", CELL_DECIMAL, TYPE_DECIMAL},
        {"true", CELL_BOOL, TYPE_BOOL},
        {"2024-01-02", CELL_DATE, TYPE_DATE},
        {"2024-01-02T03:04:05Z", CELL_TIMESTAMP, TYPE_TIMESTAMP},
        {"2024-01-02T03:04:05.000000001", CELL_TIMESTAMP_NS, TYPE_TIMESTAMP},
        {"2500-01-02T03:04:05.000000001", CELL_TEXT, TYPE_TEXT}, /* no such nanosecond */
        {"10:00:00", CELL_TIME, TYPE_TIME},
        {"", CELL_TEXT, TYPE_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        yyjson_val cell = {.tag = CELL_TAG_LITERAL | (uint64_t)strlen(cases[i].text)
                                                         << YYJSON_TAG_BIT,
                           .uni.str = cases[i].text};
        struct type_spec spec;
        yyjson_val natural;
        assert_int_equal(cell_kind(&cell), CELL_LITERAL);
        literal_natural(&cell, &natural, &spec);
        if (cell_kind(&natural) != cases[i].kind || spec.type != cases[i].type)
            fail_msg("'%s' is %s", cases[i].text, type_name(spec.type));
    }
}

static void test_double(void **state)
{
    char digits[500];
    double real;
    (void)state;
    assert_true(literal_double("1e999", 5, &real) && real == HUGE_VAL);
    assert_true(literal_double("-1e999", 6, &real) && real == -HUGE_VAL);
    assert_true(literal_double("+007.", 5, &real) && real == 7);
    assert_true(literal_double("-.5", 3, &real) && real == -0.5);
    assert_true(literal_double("-0", 2, &real) && real == 0 && signbit(real));
    assert_false(literal_double("", 0, &real) || literal_double("-", 1, &real));
    memset(digits, '1', sizeof(digits));
    assert_false(literal_double(digits, sizeof(digits), &real));
    assert_true(literal_is_exact("9007199254740992", 16) && literal_is_exact("1", 1));
    assert_false(literal_is_exact("9007199254740993", 16) || literal_is_exact("1.5", 3));
}

static void seconds_that_are_cut(void **state)
{
    static const struct type_spec us = {.type = TYPE_TIMESTAMP}, time = {.type = TYPE_TIME},
                                  ns = {TYPE_TIMESTAMP, 9, 0, true}, text = {.type = TYPE_TEXT};
    static const char fine[] = "2024-01-01T00:00:00.123456789Z",
                      even[] = "2024-01-01T00:00:00.123456000";
    static const char clock[] = "10:00:00.0000001";
    (void)state;
    assert_true(literal_is_cut(fine, strlen(fine), &us));
    assert_false(literal_is_cut(fine, strlen(fine), &ns));
    assert_false(literal_is_cut(fine, strlen(fine), &text));
    assert_false(literal_is_cut(fine, 26, &us));
    assert_false(literal_is_cut(even, strlen(even), &us));
    assert_true(literal_is_cut(clock, strlen(clock), &time));
    assert_false(literal_is_cut("1700000000.12345678", 19, &us)); /* seconds since 1970 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_natural),
        cmocka_unit_test(seconds_that_are_cut),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests_name("data/literal", tests, NULL, NULL);
}
