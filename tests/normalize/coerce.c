/* normalize/coerce.c: the matrix of the reference, 3.3, and what widens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/batch.h"
#include "normalize/values/coerce.h"
#include "tests/torture.h"

/* The value in a column of `spec`, as text; "-" when it does not fit. */
static void check_rule(struct type_spec spec, enum text_rule rule, const yyjson_val *cell,
                       const char *name, const char *expected)
{
    struct buf scratch = BUF_INIT, text = BUF_INIT;
    struct coerced value;
    bool fits;
    assert_int_equal(coerce_cell(cell, &spec, rule, &scratch, &value, &fits, NULL), TG_OK);
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

static void check_spec(struct type_spec spec, const yyjson_val *cell, const char *name,
                       const char *expected)
{
    check_rule(spec, TEXT_DOCUMENT, cell, name, expected);
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
        {"\"+2\"", "-", "-", "-"},
        {"\" 2\"", "-", "-", "-"},
        {"\"2 \"", "-", "-", "-"},
        {"\"02\"", "-", "-", "-"},
        {"\"-0\"", "-", "0.000000000", "0"},
        {"\"1_000\"", "-", "-", "-"},
        {"\"0x1F\"", "-", "-", "-"},
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
        {"\".5\"", 0.5},
        {"\"-0\"", 0},
        {"\"-Infinity\"", -INFINITY},
        {"\"-1.5E-2\"", -0.015},
        {"1e400", INFINITY},
        {"\"9007199254740992\"", 0x1p53},
        {"\"1000000000000000000000\"", 1e21},
        {"9007199254740992", 0x1p53},
        {"9223372036854775808", 0x1p63},
        {"18446744073709551616", 0x1p64},
    };
    struct type_spec spec = {.type = TYPE_DOUBLE};
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coerced value;
        bool fits;
        yyjson_doc *doc =
            yyjson_read(cases[i].json, strlen(cases[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        assert_int_equal(coerce_cell(yyjson_doc_get_root(doc), &spec, TEXT_DOCUMENT, &scratch,
                                     &value, &fits, NULL),
                         TG_OK);
        if (!fits || !(value.f64 == cases[i].expected))
            fail_msg("%s is not %g", cases[i].json, cases[i].expected);
        yyjson_doc_free(doc);
    }
    buf_release(&scratch);
    static const char *const no[] = {"true",
                                     "\"x\"",
                                     "\"\"",
                                     "\"1 2\"",
                                     "\"--1\"",
                                     "\"1e\"",
                                     "\".\"",
                                     "[]",
                                     "\"1__0\"",
                                     "\"_1\"",
                                     "\"-\"",
                                     "\" 5\"",
                                     "\"5.\"",
                                     "\"+7\"",
                                     "\"007.25\"",
                                     "\"0x10\"",
                                     "\"1_000.5\"",
                                     "\"1e400\"",
                                     "\"-1e-400\"",
                                     "\"9007199254740993\"",
                                     "9007199254740993",
                                     "-9223372036854775807",
                                     "18446744073709551615",
                                     "123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        check(TYPE_DOUBLE, no[i], "-");
}

static void to_bool(void **state)
{
    (void)state;
    static const char *const yes[] = {"true",  "1",        "1.0",   "\"YES\"",
                                      "\"t\"", "\"True\"", "\"1\"", "\"y\""};
    static const char *const no[] = {"false", "0",         "0.0",   "\"no\"",
                                     "\"F\"", "\"false\"", "\"n\"", "\"0\""};
    static const char *const neither[] = {"\"x\"", "\"\"", "\"2\"", "\" y\"",
                                          "[]",    "7",    "-2",    "0.5"};
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
        {TYPE_TIMESTAMP, "\"2024-01-01T02:00:00+02:00\"", "2024-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "\" 2024-01-01T02:00:00+02:00\"", "-"},
        {TYPE_TIMESTAMP, "\"2024-W01-2T03\"", "2024-01-02T03:00:00+00:00"},
        {TYPE_TIMESTAMP, "\"2024\"", "2024-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "\"03:04:05\"", "-"},
        {TYPE_TIMESTAMP, "\"0x10\"", "-"},
        {TYPE_TIMESTAMP, "0.0000005", "1970-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "0.0000015", "1970-01-01T00:00:00.000002+00:00"},
        {TYPE_TIMESTAMP, "253402300799.5", "9999-12-31T23:59:59.500000+00:00"},
        {TYPE_TIMESTAMP, "-62135596800", "0001-01-01T00:00:00+00:00"},
        {TYPE_TIMESTAMP, "-62135596801", "-"},
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
        {TYPE_DATE, "86401", "1970-01-02"},
        {TYPE_DATE, "-0.5", "1969-12-31"},
        {TYPE_DATE, "\"17\"", "1970-01-01"},
        {TYPE_DATE, "\"86400.5\"", "1970-01-02"},
        {TYPE_DATE, "1e17", "-"},
        {TYPE_TIME, "\"03:04:05\"", "03:04:05"},
        {TYPE_TIME, "\"23:30:00.5-02:00\"", "01:30:00.500000"},
        {TYPE_TIME, "\"00:30+01\"", "23:30:00"},
        {TYPE_TIME, "\"2024-01-02\"", "-"},
        {TYPE_TIME, "5", "-"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(cases[i].type, cases[i].json, cases[i].expected);
}

static void to_json_and_binary(void **state)
{
    (void)state;
    check(TYPE_JSON, "\"[1, 2.0, \\\"\\\\u00e9\\\"]\"", "[1,2.0,\"\xc3\xa9\"]");
    check(TYPE_JSON, "\"x\"", "-");
    check(TYPE_JSON, "\"\"", "-");
    check(TYPE_JSON, "1", "-");
    check(TYPE_JSON, "\" 1.50\\n\"", "1.50");
    check(TYPE_JSON, "\"null\"", ""); /* no value */
    check(TYPE_JSON, "\"[null]\"", "[null]");
    check(TYPE_JSON, "{\"a\": [1.0]}", "{\"a\":[1.0]}");
    char deep[2 * JSON_DEPTH_MAX + 8]; /* as rows, texts have an end */
    for (int levels = JSON_DEPTH_MAX; levels <= JSON_DEPTH_MAX + 1; levels++) {
        snprintf(deep, sizeof(deep), "\"%*s%*s\"", levels, "", levels, "");
        memset(deep + 1, '[', (size_t)levels);
        memset(deep + 1 + levels, ']', (size_t)levels);
        bool fits = levels == JSON_DEPTH_MAX;
        char expected[sizeof(deep)] = "-";
        if (fits)
            memcpy(expected, deep + 1, 2 * JSON_DEPTH_MAX);
        check(TYPE_JSON, deep, expected);
    }
    struct type_spec spec = {.type = TYPE_BINARY};
    struct buf scratch = BUF_INIT;
    static const struct {
        const char *json;
        const char *bytes;
        size_t len;
    } cases[] = {{"\"0x00fF\"", "\0\xff", 2},
                 {"\"YWI=\"", "ab", 2},
                 {"258", "\2\1", 2},
                 {"\"0x00 fF\"", "\0\xff", 2},
                 {"\"0x\"", "", 0},
                 {"0", "", 0},
                 {"\"\"", "", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coerced value;
        bool fits;
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        assert_int_equal(coerce_cell(yyjson_doc_get_root(doc), &spec, TEXT_DOCUMENT, &scratch,
                                     &value, &fits, NULL),
                         TG_OK);
        assert_true(fits);
        assert_int_equal(value.len, cases[i].len);
        assert_memory_equal(value.text, cases[i].bytes, cases[i].len);
        yyjson_doc_free(doc);
    }
    buf_release(&scratch);
    check(TYPE_BINARY, "\"0xf\"", "-");
    check(TYPE_BINARY, "\"0xf f\"", "-");
    check(TYPE_BINARY, "\"YWI\"", "-"); /* without its padding */
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

/* Every type into every other one, as dlt has it but for what coerce.c says. */
static const struct {
    const char *json;
    int tag;                              /* of what JSON has no type for */
    const char *expected[TYPE_COUNT - 1]; /* by enum type */
} matrix[] = {
    /* text double bool timestamp bigint binary json decimal wei date time */
    {"5",
     0,
     {"5", "5.0", "-", "1970-01-01T00:00:05+00:00", "5", "BQ==", "-", "5.000000000", "5",
      "1970-01-01", "-"}},
    {"-7",
     0,
     {"-7", "-7.0", "-", "1969-12-31T23:59:53+00:00", "-7", "-", "-", "-7.000000000", "-7",
      "1969-12-31", "-"}},
    {"9007199254740993",
     0,
     {"9007199254740993", "-", "-", "-", "9007199254740993", "AQAAAAAAIA==", "-",
      "9007199254740993.000000000", "9007199254740993", "-", "-"}},
    {"18446744073709551615",
     0,
     {"18446744073709551615", "-", "-", "-", "-", "//////////8=", "-",
      "18446744073709551615.000000000", "18446744073709551615", "-", "-"}},
    {"123456789012345678901234567890",
     0,
     {"123456789012345678901234567890", "-", "-", "-", "-", "-", "-", "-",
      "123456789012345678901234567890", "-", "-"}},
    {"1.5",
     0,
     {"1.5", "1.5", "-", "1970-01-01T00:00:01.500000+00:00", "-", "-", "-", "1.500000000", "-",
      "1970-01-01", "-"}},
    {"2.0",
     0,
     {"2.0", "2.0", "-", "1970-01-01T00:00:02+00:00", "2", "-", "-", "2.000000000", "2",
      "1970-01-01", "-"}},
    {"true", 0, {"True", "-", "true", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"false", 0, {"False", "-", "false", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"\"1\"",
     0,
     {"1", "1.0", "true", "1970-01-01T00:00:01+00:00", "1", "-", "1", "1.000000000", "1",
      "1970-01-01", "-"}},
    {"\" 1_000 \"", 0, {" 1_000 ", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"\"007\"", 0, {"007", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"\"0x1F\"", 0, {"0x1F", "-", "-", "-", "-", "Hw==", "-", "-", "-", "-", "-"}},
    {"\"1.5\"",
     0,
     {"1.5", "1.5", "-", "1970-01-01T00:00:01.500000+00:00", "-", "-", "1.5", "1.500000000", "-",
      "1970-01-01", "-"}},
    {"\"2024-01-02\"",
     0,
     {"2024-01-02", "-", "-", "2024-01-02T00:00:00+00:00", "-", "-", "-", "-", "-", "2024-01-02",
      "-"}},
    {"\"2024-01-02T03:04:05+02:00\"",
     0,
     {"2024-01-02T03:04:05+02:00", "-", "-", "2024-01-02T01:04:05+00:00", "-", "-", "-", "-", "-",
      "-", "-"}},
    {"\"03:04:05+02:00\"",
     0,
     {"03:04:05+02:00", "-", "-", "-", "-", "-", "-", "-", "-", "-", "01:04:05"}},
    {"\"YWI=\"", 0, {"YWI=", "-", "-", "-", "-", "YWI=", "-", "-", "-", "-", "-"}},
    {"\"{\\\"a\\\": [1.0]}\"",
     0,
     {"{\"a\": [1.0]}", "-", "-", "-", "-", "-", "{\"a\":[1.0]}", "-", "-", "-", "-"}},
    {"\"yes\"", 0, {"yes", "-", "true", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"\"x\"", 0, {"x", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"\"\"", 0, {"", "-", "-", "-", "-", "", "-", "-", "-", "-", "-"}},
    {"[1, {\"a\": null}]",
     0,
     {"[1,{\"a\":null}]", "-", "-", "-", "-", "-", "[1,{\"a\":null}]", "-", "-", "-", "-"}},
    {"{\"a\": 1}", 0, {"{\"a\":1}", "-", "-", "-", "-", "-", "{\"a\":1}", "-", "-", "-", "-"}},
    {"\"12.50\"",
     CELL_TAG_DECIMAL,
     {"12.50", "12.5", "-", "-", "-", "-", "-", "12.500000000", "-", "-", "-"}},
    {"\"12.00\"",
     CELL_TAG_DECIMAL,
     {"12.00", "12.0", "-", "-", "12", "-", "-", "12.000000000", "12", "-", "-"}},
    {"\"0.0\"",
     CELL_TAG_DECIMAL,
     {"0.0", "0.0", "false", "-", "0", "-", "-", "0.000000000", "0", "-", "-"}},
    {"\"ab\"", CELL_TAG_BINARY, {"YWI=", "-", "-", "-", "-", "YWI=", "-", "-", "-", "-", "-"}},
    {"86400000000",
     CELL_TAG_TIMESTAMP,
     {"1970-01-02T00:00:00+00:00", "-", "-", "1970-01-02T00:00:00+00:00", "-", "-", "-", "-", "-",
      "1970-01-02", "-"}},
    {"1",
     CELL_TAG_TIMESTAMP,
     {"1970-01-01T00:00:00.000001+00:00", "-", "-", "1970-01-01T00:00:00.000001+00:00", "-", "-",
      "-", "-", "-", "-", "-"}},
    {"86400000000000",
     CELL_TAG_TIMESTAMP_NS,
     {"1970-01-02T00:00:00+00:00", "-", "-", "1970-01-02T00:00:00+00:00", "-", "-", "-", "-", "-",
      "1970-01-02", "-"}},
    {"-1",
     CELL_TAG_TIMESTAMP_NS,
     {"1969-12-31T23:59:59.999999999+00:00", "-", "-", "1969-12-31T23:59:59.999999+00:00", "-", "-",
      "-", "-", "-", "-", "-"}},
    {"1",
     CELL_TAG_DATE,
     {"1970-01-02", "-", "-", "1970-01-02T00:00:00+00:00", "-", "-", "-", "-", "-", "1970-01-02",
      "-"}},
    {"1000000",
     CELL_TAG_TIME,
     {"00:00:01", "-", "-", "-", "-", "-", "-", "-", "-", "-", "00:00:01"}},
};

static void the_whole_matrix(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
        yyjson_doc *doc =
            yyjson_read(matrix[i].json, strlen(matrix[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        yyjson_val cell = *yyjson_doc_get_root(doc);
        if (matrix[i].tag)
            cell.tag = (cell.tag & ~(uint64_t)YYJSON_TAG_MASK) | (uint64_t)matrix[i].tag;
        const yyjson_val *value = matrix[i].tag ? &cell : yyjson_doc_get_root(doc);
        for (int type = TYPE_NONE + 1; type < TYPE_COUNT; type++)
            check_spec((struct type_spec){.type = (enum type)type}, value, matrix[i].json,
                       matrix[i].expected[type - 1]);
        yyjson_doc_free(doc);
    }
}

static void not_a_number(void **state)
{
    (void)state;
    static const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    static const char *const texts[] = {"nan", "inf", "-inf"};
    for (size_t i = 0; i < 3; i++) {
        yyjson_val cell = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = values[i]};
        check_spec((struct type_spec){.type = TYPE_TEXT}, &cell, texts[i], texts[i]);
        check_spec((struct type_spec){.type = TYPE_DOUBLE}, &cell, texts[i], texts[i]);
        for (int type = TYPE_BOOL; type < TYPE_COUNT; type++)
            check_spec((struct type_spec){.type = (enum type)type}, &cell, texts[i], "-");
    }
}

static void narrow_integers(void **state)
{
    (void)state;
    static const struct {
        int precision;
        const char *json, *expected;
        int wider; /* enum type */
    } cases[] = {
        {8, "127", "127", TYPE_NONE},
        {8, "128", "-", TYPE_BIGINT},
        {8, "-128", "-128", TYPE_NONE},
        {8, "-129", "-", TYPE_BIGINT},
        {8, "\"300\"", "-", TYPE_BIGINT},
        {8, "300.0", "-", TYPE_BIGINT},
        {8, "1.5", "-", TYPE_DOUBLE},
        {16, "32767", "32767", TYPE_NONE},
        {16, "32768", "-", TYPE_BIGINT},
        {20, "2147483647", "2147483647", TYPE_NONE},
        {32, "2147483648", "-", TYPE_BIGINT},
        {64, "9223372036854775807", "9223372036854775807", 0},
        {64, "9223372036854775808", "-", TYPE_DECIMAL},
        {128, "9223372036854775807", "9223372036854775807", TYPE_NONE},
        {128, "9223372036854775808", "-", TYPE_DECIMAL},
        {128, "1.5", "-", TYPE_NONE},
        {8, "true", "-", TYPE_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec spec = {TYPE_BIGINT, cases[i].precision, 0, false}, wider;
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        const yyjson_val *cell = yyjson_doc_get_root(doc);
        check_spec(spec, cell, cases[i].json, cases[i].expected);
        if (cases[i].expected[0] == '-' && !cases[i].expected[1]) {
            assert_int_equal(coerce_widen(&spec, 0, cell, TEXT_DOCUMENT, &wider),
                             cases[i].wider != TYPE_NONE);
            assert_int_equal(wider.type, cases[i].wider);
            if (wider.type != TYPE_NONE)
                assert_true(type_widens(&spec, &wider));
        }
        yyjson_doc_free(doc);
    }
}

static void decimals_grow(void **state)
{
    (void)state;
    static const struct {
        int precision, scale;
        const char *json;
        int to_precision, to_scale; /* 0: there is none */
    } cases[] = {
        {5, 2, "12345", 7, 2},      {5, 2, "\"1.2345\"", 7, 4},   {5, 2, "12345.678", 7, 2},
        {5, 0, "123456", 6, 0},     {5, 0, "1.5", 0, 0},          {0, 0, "\"1.1234567891\"", 0, 0},
        {20, 10, "\"1e28\"", 0, 0}, {20, 10, "\"1e27\"", 38, 10}, {5, 2, "\"x\"", 0, 0},
        {5, 2, "true", 0, 0},       {5, 2, "[1]", 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec spec = {TYPE_DECIMAL, cases[i].precision, cases[i].scale, false}, wider;
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        const yyjson_val *cell = yyjson_doc_get_root(doc);
        check_spec(spec, cell, cases[i].json, "-");
        assert_int_equal(coerce_widen(&spec, 0, cell, TEXT_DOCUMENT, &wider),
                         cases[i].to_precision != 0);
        assert_int_equal(wider.precision, cases[i].to_precision);
        assert_int_equal(wider.scale, cases[i].to_scale);
        if (cases[i].to_precision) {
            struct buf scratch = BUF_INIT;
            struct coerced value;
            bool fits;
            assert_true(type_widens(&spec, &wider));
            assert_int_equal(
                coerce_cell(cell, &wider, TEXT_DOCUMENT, &scratch, &value, &fits, NULL), TG_OK);
            assert_true(fits);
            buf_release(&scratch);
        }
        yyjson_doc_free(doc);
    }
}

/* A double counts as it is, not as it is written; halves go away from zero. */
static void doubles_are_rounded_to_decimals(void **state)
{
    (void)state;
    static const struct {
        int precision, scale;
        const char *json, *expected;
    } cases[] = {
        {10, 2, "0.125", "0.13"},
        {10, 2, "-0.125", "-0.13"},
        {10, 2, "1.005", "1.01"}, /* as it is written, though it is 1.00499999999999989... */
        {10, 2, "0.001", "0.00"},
        {10, 2, "99999999.99", "99999999.99"},
        {10, 2, "99999999.999", "-"},
        {38, 20, "0.1", "0.10000000000000000000"},
        {38, 30, "0.5", "0.500000000000000000000000000000"},
        {38, 0, "1e37", "10000000000000000000000000000000000000"},
        {38, 0, "1e38", "-"},
        {10, 0, "0.5", "-"},
        {38, 9, "5e-324", "0.000000000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        check_spec((struct type_spec){TYPE_DECIMAL, cases[i].precision, cases[i].scale, false},
                   yyjson_doc_get_root(doc), cases[i].json, cases[i].expected);
        yyjson_doc_free(doc);
    }
}

/* In columns of seconds and of milliseconds: digits are cut, not rounded. */
static void check_coarse(const char *json, const char *seconds, const char *milliseconds)
{
    yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
    const yyjson_val *cell = yyjson_doc_get_root(doc);
    check_spec((struct type_spec){TYPE_TIMESTAMP, PRECISION_SECONDS, 0, true}, cell, json, seconds);
    check_spec((struct type_spec){TYPE_TIMESTAMP, 3, 0, true}, cell, json, milliseconds);
    yyjson_doc_free(doc);
}

static void nanoseconds(void **state)
{
    (void)state;
    static const struct type_spec spec = {TYPE_TIMESTAMP, 9, 0, true};
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"\"2024-01-02T03:04:05.123456789Z\"", "2024-01-02T03:04:05.123456789"},
        {"\"2024-01-02T03:04:05.000000001+02:00\"", "2024-01-02T01:04:05.000000001"},
        {"\"2024-01-02T03:04:05.1234567899\"", "2024-01-02T03:04:05.123456789"},
        {"\"1969-12-31T23:59:59.999999999\"", "1969-12-31T23:59:59.999999999"},
        {"\"2024-01-02\"", "2024-01-02T00:00:00"},
        {"5", "1970-01-01T00:00:05"},
        {"\"1677-09-22\"", "1677-09-22T00:00:00"},
        {"\"1677-09-21T23:59:59\"", "-"},
        {"\"2262-04-11T23:47:16.854775806\"", "2262-04-11T23:47:16.854775806"},
        {"\"2262-04-11T23:47:16.854775807\"", "-"},
        {"\"2262-04-11T23:47:16.854775808\"", "-"},
        {"\"9999-12-31\"", "-"},
        {"\"x\"", "-"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        yyjson_doc *doc = yyjson_read(cases[i].json, strlen(cases[i].json), 0);
        check_spec(spec, yyjson_doc_get_root(doc), cases[i].json, cases[i].expected);
        yyjson_doc_free(doc);
    }
    check_coarse("\"2024-01-02T03:04:05.9999999Z\"", "2024-01-02T03:04:05",
                 "2024-01-02T03:04:05.999000");
    check_coarse("\"1969-12-31T23:59:59.5\"", "1969-12-31T23:59:59", "1969-12-31T23:59:59.500000");
    yyjson_val ns = {.tag = CELL_TAG_TIMESTAMP_NS, .uni.i64 = -1};
    check_spec(spec, &ns, "-1 ns", "1969-12-31T23:59:59.999999999");
    ns.uni.i64 = INT64_MAX;
    check_spec(spec, &ns, "infinity", "-");
    ns.uni.i64 = INT64_MIN;
    check_spec(spec, &ns, "too early", "-");
    yyjson_val us = {.tag = CELL_TAG_TIMESTAMP, .uni.i64 = 1};
    check_spec(spec, &us, "1 us", "1970-01-01T00:00:00.000001");
    us.uni.i64 = INT64_MAX;
    check_spec(spec, &us, "too late", "-");
    yyjson_val date = {.tag = CELL_TAG_DATE, .uni.i64 = INT32_MAX};
    check_spec((struct type_spec){.type = TYPE_TIMESTAMP}, &date, "a far date", "-");
    assert_true(int64_fits_double(INT64_C(1) << 53) && int64_fits_double(INT64_MIN));
    assert_true(int64_fits_double(-1) && int64_fits_double((INT64_C(1) << 53) + 2));
    assert_false(int64_fits_double((INT64_C(1) << 53) + 1) || int64_fits_double(INT64_MAX));
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
        {TYPE_BIGINT, 1ULL << 53, "1.5", TYPE_NONE, 0},
        {TYPE_BIGINT, 0, "-1e400", TYPE_DOUBLE, 0},
        {TYPE_BIGINT, 1ULL << 53, "1e400", TYPE_NONE, 0},
        {TYPE_BIGINT, 0, "9223372036854775808", TYPE_DECIMAL, 38},
        {TYPE_BIGINT, 0, "99999999999999999999999", TYPE_DECIMAL, 38},
        {TYPE_BIGINT, 0, "999999999999999999999999999999999999999", TYPE_DECIMAL, 0},
        {TYPE_BIGINT, 0, "\"1.5\"", TYPE_NONE, 0},
        {TYPE_BIGINT, 0, "true", TYPE_NONE, 0},
        {TYPE_DATE, 0, "\"2024-01-02T03:04:05Z\"", TYPE_TIMESTAMP, 0},
        {TYPE_DATE, 0, "86401", TYPE_TIMESTAMP, 0},
        {TYPE_DATE, 0, "1.5", TYPE_TIMESTAMP, 0},
        {TYPE_DATE, 0, "true", TYPE_NONE, 0},
        {TYPE_DATE, 0, "\"x\"", TYPE_NONE, 0},
        {TYPE_DOUBLE, 0, "9007199254740993", TYPE_NONE, 0},
        {TYPE_WEI, 0, "1.5", TYPE_NONE, 0},
        {TYPE_DOUBLE, 0, "\"x\"", TYPE_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec from = {.type = cases[i].from}, to;
        yyjson_doc *doc =
            yyjson_read(cases[i].json, strlen(cases[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        bool wider =
            coerce_widen(&from, cases[i].magnitude, yyjson_doc_get_root(doc), TEXT_DOCUMENT, &to);
        assert_int_equal(wider, cases[i].to != TYPE_NONE);
        assert_int_equal(to.type, cases[i].to);
        assert_int_equal(to.precision, cases[i].precision);
        yyjson_doc_free(doc);
    }
}

/* A text of a typed source, a literal of CSV: nothing of it goes, by which a document is read. */
static void typed_texts(void **state)
{
    (void)state;
    static const struct {
        enum type type;
        const char *text, *expected, *of_document;
    } cases[] = {
        {TYPE_BIGINT, "7", "7", "7"},
        {TYPE_BIGINT, "007", "-", "-"},
        {TYPE_BOOL, "TRUE", "true", "true"},
        {TYPE_BOOL, "t", "-", "true"},
        {TYPE_BOOL, "1", "-", "true"},
        {TYPE_DATE, "20240102", "2024-01-02", "2024-01-02"},
        {TYPE_DATE, "17", "-", "1970-01-01"},
        {TYPE_TIMESTAMP, "17", "-", "1970-01-01T00:00:17+00:00"},
        {TYPE_TIMESTAMP, "20240102", "2024-01-02T00:00:00+00:00", "2024-01-02T00:00:00+00:00"},
        {TYPE_TIME, "23:30:00-02:00", "-", "01:30:00"},
        {TYPE_TIME, "10:00:00.1234567", "-", "10:00:00.123456"},
        {TYPE_DOUBLE, "12.50", "12.5", "12.5"},
        {TYPE_TEXT, " 5", " 5", " 5"},
        {TYPE_JSON, " [1]", "[1]", "[1]"},
        {TYPE_BINARY, "YWI=", "YWI=", "YWI="},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec spec = {.type = cases[i].type};
        const char *text = cases[i].text;
        yyjson_val cell = {.tag = YYJSON_TYPE_STR | (uint64_t)strlen(text) << YYJSON_TAG_BIT,
                           .uni.str = text};
        check_rule(spec, TEXT_TYPED, &cell, text, cases[i].expected);
        check_rule(spec, TEXT_DOCUMENT, &cell, text, cases[i].of_document);
        cell.tag = CELL_TAG_LITERAL | (uint64_t)strlen(text) << YYJSON_TAG_BIT;
        check_rule(spec, TEXT_DOCUMENT, &cell, text, cases[i].expected);
    }
    /* nor do numbers of a typed source become days */
    yyjson_val number = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, .uni.i64 = 20240102};
    struct type_spec date = {.type = TYPE_DATE};
    check_rule(date, TEXT_TYPED, &number, "20240102", "-");
    check_rule(date, TEXT_DOCUMENT, &number, "20240102", "1970-08-23");
}

/* A literal widens a column as the value that it is by itself; a text of a typed source is one. */
static void literals_widen(void **state)
{
    (void)state;
    static const struct {
        struct type_spec from;
        const char *text;
        enum type literal, text_widens;
    } cases[] = {
        {{.type = TYPE_BIGINT}, "1.5", TYPE_DOUBLE, TYPE_NONE},
        {{.type = TYPE_BIGINT}, "1.0", TYPE_DOUBLE, TYPE_NONE},
        {{.type = TYPE_BIGINT}, "9223372036854775808", TYPE_DECIMAL, TYPE_NONE},
        {{.type = TYPE_BIGINT}, "01.5", TYPE_NONE, TYPE_NONE},
        {{.type = TYPE_BIGINT}, "1e400", TYPE_NONE, TYPE_NONE},
        {{.type = TYPE_BIGINT, .precision = 8}, "300", TYPE_BIGINT, TYPE_BIGINT},
        {{.type = TYPE_BIGINT, .precision = 8}, "0300", TYPE_NONE, TYPE_NONE},
        {{.type = TYPE_DATE}, "2024-01-02 03:04:05", TYPE_TIMESTAMP, TYPE_TIMESTAMP},
        {{.type = TYPE_DATE}, "86401", TYPE_NONE, TYPE_NONE},
        {{TYPE_DECIMAL, 5, 2, false}, "1.2345", TYPE_DECIMAL, TYPE_DECIMAL},
        {{.type = TYPE_DOUBLE}, "9007199254740993", TYPE_NONE, TYPE_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec wider;
        uint64_t len = strlen(cases[i].text);
        yyjson_val cell = {.tag = CELL_TAG_LITERAL | len << YYJSON_TAG_BIT,
                           .uni.str = cases[i].text};
        (void)!coerce_widen(&cases[i].from, 0, &cell, TEXT_TYPED, &wider);
        assert_int_equal(wider.type, cases[i].literal);
        cell.tag = YYJSON_TYPE_STR | len << YYJSON_TAG_BIT;
        (void)!coerce_widen(&cases[i].from, 0, &cell, TEXT_TYPED, &wider);
        assert_int_equal(wider.type, cases[i].text_widens);
    }
}

static int coerce_some(void)
{
    static const char json[] = "[1.5, [1, {\"a\": null}], \"[1, 2]\", \"0x00ff\", \"YWI=\"]";
    static const enum type types[] = {TYPE_TEXT, TYPE_JSON, TYPE_JSON, TYPE_BINARY, TYPE_BINARY};
    struct buf scratch = BUF_INIT;
    yyjson_doc *doc = yyjson_read(json, sizeof(json) - 1, 0);
    const yyjson_val *cell = cell_first(yyjson_doc_get_root(doc));
    int rc = TG_OK;
    for (size_t i = 0; i < 5 && rc == TG_OK; i++, cell = cell_next(cell)) {
        struct type_spec spec = {.type = types[i]};
        struct coerced value;
        bool fits = true;
        rc = coerce_cell(cell, &spec, TEXT_DOCUMENT, &scratch, &value, &fits, NULL);
        if (rc == TG_OK && !fits)
            rc = TG_INTERNAL;
    }
    yyjson_doc_free(doc);
    buf_release(&scratch);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(coerce_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_text),
        cmocka_unit_test(to_numbers),
        cmocka_unit_test(to_double),
        cmocka_unit_test(to_bool),
        cmocka_unit_test(to_times),
        cmocka_unit_test(to_json_and_binary),
        cmocka_unit_test(pushed_values),
        cmocka_unit_test(widening),
        cmocka_unit_test(the_whole_matrix),
        cmocka_unit_test(not_a_number),
        cmocka_unit_test(typed_texts),
        cmocka_unit_test(literals_widen),
        cmocka_unit_test(narrow_integers),
        cmocka_unit_test(decimals_grow),
        cmocka_unit_test(doubles_are_rounded_to_decimals),
        cmocka_unit_test(nanoseconds),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/coerce", tests, NULL, NULL);
}
