/* normalize/coerce.c: the matrix of the reference, 3.3, and what widens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/batch.h"
#include "normalize/coerce.h"

/* The value in a column of `spec`, as JSON; "-" when it does not fit. */
static void check_spec(struct type_spec spec, const yyjson_val *cell, const char *name,
                       const char *expected)
{
    struct buf scratch = BUF_INIT, text = BUF_INIT;
    struct coerced value;
    bool fits;
    assert_int_equal(coerce_cell(cell, &spec, &scratch, &value, &fits, NULL), TG_OK);
    if (fits) {
        struct column column;
        struct ArrowArray array;
        struct ArrowSchema schema;
        const char *names[] = {"x"};
        assert_int_equal(column_init(&column, &spec, NULL), TG_OK);
        assert_int_equal(coerce_store(&value, &column, 0, NULL), TG_OK);
        assert_int_equal(column_export(&column, 1, &array, NULL), TG_OK);
        assert_int_equal(schema_make(names, &spec, 1, &schema, NULL), TG_OK);
        assert_int_equal(value_text(schema.children[0], &array, 0, &text, NULL), TG_OK);
        array_release(&array);
        schema_release(&schema);
    } else {
        buf_text(&text, "-");
    }
    if (strcmp(buf_string(&text), expected) != 0)
        fail_msg("%s to %s: '%s' instead of '%s'", name, type_name(spec.type), buf_string(&text),
                 expected);
    buf_release(&scratch);
    buf_release(&text);
}

static void check(enum type type, const char *json, const char *expected)
{
    yyjson_doc *doc = yyjson_read(json, strlen(json), YYJSON_READ_BIGNUM_AS_RAW);
    if (!doc)
        fail_msg("%s is no JSON", json);
    check_spec((struct type_spec){.type = type}, yyjson_doc_get_root(doc), json, expected);
    yyjson_doc_free(doc);
}

static void to_text(void **state)
{
    (void)state;
    check(TYPE_TEXT, "true", "True");
    check(TYPE_TEXT, "false", "False");
    check(TYPE_TEXT, "-7", "-7");
    check(TYPE_TEXT, "18446744073709551615", "18446744073709551615");
    check(TYPE_TEXT, "1.0", "1.0");
    check(TYPE_TEXT, "0.1", "0.1");
    check(TYPE_TEXT, "1e16", "1e+16");
    check(TYPE_TEXT, "1.5e300", "1.5e+300");
    check(TYPE_TEXT, "123456789012345.0", "123456789012345.0");
    check(TYPE_TEXT, "0.00001", "1e-05");
    check(TYPE_TEXT, "-0.0000125", "-1.25e-05");
    check(TYPE_TEXT, "1.25e-7", "1.25e-07");
    check(TYPE_TEXT, "0.0001", "0.0001");
    check(TYPE_TEXT, "0.0", "0.0");
    check(TYPE_TEXT, "123456789012345678901234567890", "123456789012345678901234567890");
    check(TYPE_TEXT, "[1, {\"a\": null}]", "[1,{\"a\":null}]");
}

static void to_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *json, *bigint, *decimal, *wei;
    } cases[] = {
        {"1", "1", "1.000000000", "1"},
        {"1.0", "1", "1.000000000", "1"},
        {"1.5", "-", "1.500000000", "-"},
        {"\"2\"", "2", "2.000000000", "2"},
        {"\" +2 \"", "2", "2.000000000", "2"},
        {"\"0x1F\"", "31", "31.000000000", "31"},
        {"\"1.0\"", "-", "1.000000000", "1"},
        {"\"1e3\"", "-", "1000.000000000", "1000"},
        {"\"x\"", "-", "-", "-"},
        {"\"\"", "-", "-", "-"},
        {"true", "-", "-", "-"},
        {"9223372036854775808", "-", "9223372036854775808.000000000", "9223372036854775808"},
        {"1e30", "-", "-", "1000000000000000000000000000000"},
        {"0.1234567891", "-", "0.123456789", "-"},
        {"-0.9999999999", "-", "-1.000000000", "-"},
        {"1e-40", "-", "0.000000000", "-"},
        {"[1]", "-", "-", "-"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(TYPE_BIGINT, cases[i].json, cases[i].bigint);
        check(TYPE_DECIMAL, cases[i].json, cases[i].decimal);
        check(TYPE_WEI, cases[i].json, cases[i].wei);
    }
}

static void to_double(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        double expected;
    } cases[] = {
        {"3", 3},
        {"-3", -3},
        {"\"1e3\"", 1000},
        {"\" .5\"", 0.5},
        {"\"5.\"", 5},
        {"\"+007.25\"", 7.25},
        {"\"0x10\"", 16},
        {"\"-Infinity\"", -INFINITY},
        {"\"-1.5E-2\"", -0.015},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    struct type_spec spec = {.type = TYPE_DOUBLE};
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coerced value;
        bool fits;
        yyjson_doc *doc =
            yyjson_read(cases[i].json, strlen(cases[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        assert_int_equal(
            coerce_cell(yyjson_doc_get_root(doc), &spec, &scratch, &value, &fits, NULL), TG_OK);
        if (!fits || !(value.f64 == cases[i].expected))
            fail_msg("%s is not %g", cases[i].json, cases[i].expected);
        yyjson_doc_free(doc);
    }
    buf_release(&scratch);
    static const char *const no[] = {"true",    "\"x\"",  "\"\"",  "\"1 2\"",
                                     "\"--1\"", "\"1e\"", "\".\"", "[]"};
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        check(TYPE_DOUBLE, no[i], "-");
}

static void to_bool(void **state)
{
    (void)state;
    static const char *const yes[] = {"true",  "1",        "-2",    "0.5",    "\"YES\"",
                                      "\"t\"", "\"True\"", "\"1\"", "\" y \""};
    static const char *const no[] = {"false", "0",         "0.0",   "\"no\"",
                                     "\"F\"", "\"false\"", "\"n\"", "\"0\""};
    static const char *const neither[] = {"\"x\"", "\"\"", "\"2\"", "[]"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        check(TYPE_BOOL, yes[i], "true");
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        check(TYPE_BOOL, no[i], "false");
    for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
        check(TYPE_BOOL, neither[i], "-");
}

static void to_times(void **state)
{
    (void)state;
    static const struct {
        enum type type;
        const char *json, *expected;
    } cases[] = {
        {TYPE_TIMESTAMP, "\"2024-01-01\"", "2024-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "\" 2024-01-01T02:00:00+02:00 \"", "2024-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "5", "1970-01-01T00:00:05+00:00"},
        {TYPE_TIMESTAMP, "\"5\"", "1970-01-01T00:00:05+00:00"},
        {TYPE_TIMESTAMP, "1.5", "1970-01-01T00:00:01.500000+00:00"},
        {TYPE_TIMESTAMP, "253402300800", "-"},
        {TYPE_TIMESTAMP, "\"not a date\"", "-"},
        {TYPE_TIMESTAMP, "\"nan\"", "-"},
        {TYPE_TIMESTAMP, "true", "-"},
        {TYPE_DATE, "\"2024-02-29\"", "2024-02-29"},
        {TYPE_DATE, "86400", "1970-01-02"},
        {TYPE_DATE, "\"2024-01-02T00:00:00Z\"", "2024-01-02"},
        {TYPE_DATE, "\"2024-01-02T00:00:01Z\"", "-"},
        {TYPE_TIME, "\"03:04:05\"", "03:04:05"},
        {TYPE_TIME, "5", "-"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(cases[i].type, cases[i].json, cases[i].expected);
}

static void to_json_and_binary(void **state)
{
    (void)state;
    check(TYPE_JSON, "\"[1, 2]\"", "[1, 2]");
    check(TYPE_JSON, "\"x\"", "-");
    check(TYPE_JSON, "\"\"", "-");
    check(TYPE_JSON, "1", "-");
    check(TYPE_JSON, "{\"a\": [1.0]}", "{\"a\":[1.0]}");
    struct type_spec spec = {.type = TYPE_BINARY};
    struct buf scratch = BUF_INIT;
    static const struct {
        const char *json;
        const char *bytes;
        size_t len;
    } cases[] = {{"\"0x00fF\"", "\0\xff", 2},
                 {"\"YWI=\"", "ab", 2},
                 {"258", "\2\1", 2},
                 {"0", "", 0},
                 {"\"\"", "", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coerced value;
        bool fits;
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        assert_int_equal(
            coerce_cell(yyjson_doc_get_root(doc), &spec, &scratch, &value, &fits, NULL), TG_OK);
        assert_true(fits);
        assert_int_equal(value.len, cases[i].len);
        assert_memory_equal(value.text, cases[i].bytes, cases[i].len);
        yyjson_doc_free(doc);
    }
    buf_release(&scratch);
    check(TYPE_BINARY, "\"0xf\"", "-");
    check(TYPE_BINARY, "\"0xzz\"", "-");
    check(TYPE_BINARY, "\"no base64!\"", "-");
    check(TYPE_BINARY, "-1", "-");
    check(TYPE_BINARY, "1.5", "-");
}

static void pushed_values(void **state)
{
    (void)state;
    struct tg_rows *rows;
    const yyjson_val **cells;
    size_t count;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "a"), tg_rows_decimal(rows, "12.50");
    tg_rows_key(rows, "b"), tg_rows_binary(rows, "ab", 2);
    tg_rows_key(rows, "c"), tg_rows_timestamp(rows, 86400000000);
    tg_rows_key(rows, "d"), tg_rows_date(rows, 1);
    tg_rows_key(rows, "e"), tg_rows_time(rows, 1000000);
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &cells, &count, NULL), TG_OK);
    static const struct {
        const char *text, *bigint, *timestamp, *date;
    } expected[] = {
        {"12.50", "-", "-", "-"},
        {"YWI=", "-", "-", "-"},
        {"1970-01-02T00:00:00+00:00", "-", "1970-01-02T00:00:00+00:00", "1970-01-02"},
        {"1970-01-02", "-", "1970-01-02T00:00:00+00:00", "1970-01-02"},
        {"00:00:01", "-", "-", "-"},
    };
    const yyjson_val *key = cell_first(cells[0]);
    for (size_t i = 0; i < 5; i++, key = cell_next(key + 1)) {
        check_spec((struct type_spec){.type = TYPE_TEXT}, key + 1, key->uni.str, expected[i].text);
        check_spec((struct type_spec){.type = TYPE_BIGINT}, key + 1, key->uni.str,
                   expected[i].bigint);
        check_spec((struct type_spec){.type = TYPE_TIMESTAMP}, key + 1, key->uni.str,
                   expected[i].timestamp);
        check_spec((struct type_spec){.type = TYPE_DATE}, key + 1, key->uni.str, expected[i].date);
    }
    rows_free(rows);
}

static void widening(void **state)
{
    (void)state;
    static const struct {
        enum type from;
        uint64_t magnitude;
        const char *json;
        enum type to;
        int precision;
    } cases[] = {
        {TYPE_BIGINT, 0, "1.5", TYPE_DOUBLE, 0},
        {TYPE_BIGINT, (1ULL << 53) - 1, "1.5", TYPE_DOUBLE, 0},
        {TYPE_BIGINT, 1ULL << 53, "1.5", TYPE_DECIMAL, 0},
        {TYPE_BIGINT, 0, "9223372036854775808", TYPE_DECIMAL, 38},
        {TYPE_BIGINT, 0, "99999999999999999999999", TYPE_DECIMAL, 38},
        {TYPE_BIGINT, 0, "999999999999999999999999999999999999999", TYPE_DECIMAL, 0},
        {TYPE_BIGINT, 0, "\"1.5\"", TYPE_NONE, 0},
        {TYPE_BIGINT, 0, "true", TYPE_NONE, 0},
        {TYPE_DATE, 0, "\"2024-01-02T03:04:05Z\"", TYPE_TIMESTAMP, 0},
        {TYPE_DATE, 0, "\"x\"", TYPE_NONE, 0},
        {TYPE_DOUBLE, 0, "\"x\"", TYPE_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec from = {.type = cases[i].from}, to;
        yyjson_doc *doc =
            yyjson_read(cases[i].json, strlen(cases[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        bool wider = coerce_widen(&from, cases[i].magnitude, yyjson_doc_get_root(doc), &to);
        assert_int_equal(wider, cases[i].to != TYPE_NONE);
        assert_int_equal(to.type, cases[i].to);
        assert_int_equal(to.precision, cases[i].precision);
        yyjson_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_text),       cmocka_unit_test(to_numbers),
        cmocka_unit_test(to_double),     cmocka_unit_test(to_bool),
        cmocka_unit_test(to_times),      cmocka_unit_test(to_json_and_binary),
        cmocka_unit_test(pushed_values), cmocka_unit_test(widening),
    };
    return cmocka_run_group_tests_name("normalize/coerce", tests, NULL, NULL);
}
