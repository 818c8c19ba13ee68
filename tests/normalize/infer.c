/* normalize/infer.c: the first value decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "normalize/values/infer.h"

static const struct infer_rules iso = {.detectors = DETECT_ISO_TIMESTAMP};

static struct type_spec infer_by(const struct infer_rules *rules, const char *json)
{
    yyjson_doc *doc = yyjson_read(json, strlen(json), YYJSON_READ_BIGNUM_AS_RAW);
    assert_non_null(doc);
    struct type_spec spec = infer_type(rules, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return spec;
}

static struct type_spec infer_json(const char *json)
{
    return infer_by(&iso, json);
}

static void plain_values(void **state)
{
    (void)state;
    assert_int_equal(infer_json("null").type, TYPE_NONE);
    assert_int_equal(infer_json("true").type, TYPE_BOOL);
    assert_int_equal(infer_json("-1").type, TYPE_BIGINT);
    assert_int_equal(infer_json("9223372036854775807").type, TYPE_BIGINT);
    assert_int_equal(infer_json("1.0").type, TYPE_DOUBLE);
    assert_int_equal(infer_json("\"x\"").type, TYPE_TEXT);
    assert_int_equal(infer_json("\"\"").type, TYPE_TEXT);
    assert_int_equal(infer_json("\"12\"").type, TYPE_TEXT);
    assert_int_equal(infer_json("[]").type, TYPE_JSON);
    assert_int_equal(infer_json("{}").type, TYPE_JSON);
}

static void big_numbers(void **state)
{
    (void)state;
    static const char *const whole[] = {"9223372036854775808", "18446744073709551616",
                                        "-99999999999999999999999999999999999999"};
    for (size_t i = 0; i < 3; i++) {
        struct type_spec spec = infer_json(whole[i]);
        assert_int_equal(spec.type, TYPE_DECIMAL);
        assert_int_equal(spec.precision, 38);
        assert_int_equal(spec.scale, 0);
    }
    assert_int_equal(infer_json("100000000000000000000000000000000000000").type, TYPE_TEXT);
    assert_int_equal(infer_json("-1e999").type, TYPE_DOUBLE);
}

static void pushed_values(void **state)
{
    (void)state;
    struct tg_rows *rows;
    const yyjson_val **cells;
    size_t count;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "a"), tg_rows_decimal(rows, "12");
    tg_rows_key(rows, "b"), tg_rows_decimal(rows, "12.50");
    tg_rows_key(rows, "c"), tg_rows_binary(rows, "\1", 1);
    tg_rows_key(rows, "d"), tg_rows_timestamp(rows, 1);
    tg_rows_key(rows, "e"), tg_rows_date(rows, 1);
    tg_rows_key(rows, "f"), tg_rows_time(rows, 1);
    tg_rows_key(rows, "g"), tg_rows_timestamp_ns(rows, 1);
    tg_rows_key(rows, "h"), tg_rows_decimal(rows, "123456789012345678901234567890");
    tg_rows_key(rows, "i"), tg_rows_decimal(rows, "12345678901234567890");
    tg_rows_key(rows, "j"), tg_rows_decimal(rows, "1e38");
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &cells, &count, NULL), TG_OK);
    static const enum type expected[] = {TYPE_DECIMAL,   TYPE_DECIMAL, TYPE_BINARY,
                                         TYPE_TIMESTAMP, TYPE_DATE,    TYPE_TIME};
    const yyjson_val *key = cell_first(cells[0]);
    for (size_t i = 0; i < 6; i++, key = cell_next(key + 1)) {
        struct type_spec spec = infer_type(&iso, key + 1);
        assert_int_equal(spec.type, expected[i]);
        assert_int_equal(spec.precision, 0); /* the type's default */
    }
    struct type_spec spec = infer_type(&iso, key + 1);
    assert_true(type_is_nanoseconds(&spec));
    key = cell_next(key + 1);
    spec = infer_type(&iso, key + 1);
    assert_int_equal(spec.type, TYPE_DECIMAL);
    assert_int_equal(spec.precision, 38);
    assert_int_equal(spec.scale, 0);
    key = cell_next(key + 1);
    assert_int_equal(infer_type(&iso, key + 1).precision, 0);
    key = cell_next(key + 1);
    assert_int_equal(infer_type(&iso, key + 1).type, TYPE_TEXT);
    rows_free(rows);
}

static void timestamps(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "\"2024-01-02T03:04:05Z\"",      "\"2024-01-02T03:04:05\"",
        "\"2024-01-02 03:04:05\"",       "\"2024-01-02T03:04:05.1234567\"",
        "\"2024-01-02T03:04:05+02:00\"", "\"2024-01-02T03:04:05+0200\"",
        "\"2024-01-02T03:04\"",          "\"20240102T030405Z\"",
        "\"2024/01/02 03:04:05\"",
    };
    static const char *const no[] = {
        "\"2024-01-02\"",
        "\"20240102\"",
        "\"2024\"",
        "\"2024-W01\"",
        "\"2024-001\"",
        "\"2024/01/02\"",
        "\"2024-01\"",
        "\"03:04:05\"",
        "\"P1D\"",
        "\" 2024-01-02T03:04:05\"",
        "\"2024-01-02T03:04:05 UTC\"",
        "\"2024-01-02T25:04:05\"",
        "\"Tue, 02 Jan 2024 03:04:05 GMT\"",
    };
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_int_equal(infer_json(yes[i]).type, TYPE_TIMESTAMP);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_int_equal(infer_json(no[i]).type, TYPE_TEXT);
}

static void detectors(void **state)
{
    (void)state;
    static const int64_t now_us = INT64_C(1700000000) * 1000000;
    static const struct {
        unsigned detectors;
        const char *json;
        enum type type;
    } cases[] = {
        {0, "\"2024-01-02T03:04:05Z\"", TYPE_TEXT},
        {DETECT_TIMESTAMP, "1700000000", TYPE_TIMESTAMP},
        {DETECT_TIMESTAMP, "1700000000.5", TYPE_TIMESTAMP},
        {DETECT_TIMESTAMP, "1542320000", TYPE_TIMESTAMP}, /* now - 5 * 365 days */
        {DETECT_TIMESTAMP, "1542319999", TYPE_BIGINT},
        {DETECT_TIMESTAMP, "1857680000", TYPE_TIMESTAMP},
        {DETECT_TIMESTAMP, "1857680001", TYPE_BIGINT},
        {DETECT_TIMESTAMP, "1857680000.1", TYPE_DOUBLE},
        {DETECT_TIMESTAMP, "-1700000000", TYPE_BIGINT},
        {DETECT_TIMESTAMP, "\"1700000000\"", TYPE_TEXT},
        {DETECT_TIMESTAMP, "true", TYPE_BOOL},
        {DETECT_ISO_DATE, "\"2024-01-02\"", TYPE_DATE},
        {DETECT_ISO_DATE, "\"20240102\"", TYPE_DATE},
        {DETECT_ISO_DATE, "\"2024\"", TYPE_DATE},
        {DETECT_ISO_DATE, "\"2024-W01\"", TYPE_DATE},
        {DETECT_ISO_DATE, "\"2024-02-30\"", TYPE_TEXT},
        {DETECT_ISO_DATE, "\"03:04:05\"", TYPE_TEXT},
        {DETECT_ISO_DATE, "\"2024-01-02T03:04:05\"", TYPE_TEXT},
        {DETECT_ISO_DATE | DETECT_ISO_TIMESTAMP, "\"2024-01-02T03:04:05\"", TYPE_TIMESTAMP},
        {DETECT_ISO_DATE, "2024", TYPE_BIGINT},
        {DETECT_LARGE_INTEGER, "9223372036854775807", TYPE_BIGINT},
        {DETECT_LARGE_INTEGER, "9223372036854775808", TYPE_WEI},
        {DETECT_LARGE_INTEGER, "99999999999999999999999999999999999999", TYPE_WEI},
        {DETECT_LARGE_INTEGER, "100000000000000000000000000000000000000", TYPE_TEXT},
        {DETECT_LARGE_INTEGER, "1e30", TYPE_DOUBLE},
        {DETECT_WEI_TO_DOUBLE, "9223372036854775807", TYPE_BIGINT},
        {DETECT_WEI_TO_DOUBLE, "9223372036854775808", TYPE_DOUBLE},
        {DETECT_WEI_TO_DOUBLE, "100000000000000000000000000000000000000", TYPE_DOUBLE},
        {DETECT_LARGE_INTEGER | DETECT_WEI_TO_DOUBLE, "9223372036854775808", TYPE_WEI},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct infer_rules rules = {cases[i].detectors, now_us};
        enum type type = infer_by(&rules, cases[i].json).type;
        if (type != cases[i].type)
            fail_msg("%s with %x became %s", cases[i].json, cases[i].detectors, type_name(type));
    }
}

static void values_of_the_last_two_detectors(void **state)
{
    (void)state;
    static const struct infer_rules rules = {DETECT_HEXBYTES_TO_TEXT | DETECT_WEI_TO_DOUBLE, 0};
    struct buf text = BUF_INIT;
    yyjson_val binary = {.tag = CELL_TAG_BINARY | 3 << YYJSON_TAG_BIT, .uni.str = "\x01\xab\xff"};
    yyjson_val big = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT, .uni.u64 = UINT64_MAX};
    yyjson_val digits = {.tag = YYJSON_TYPE_RAW | 21 << YYJSON_TAG_BIT,
                         .uni.str = "123456789012345678901"};
    yyjson_val out;
    assert_int_equal(infer_type(&rules, &binary).type, TYPE_TEXT);
    const yyjson_val *cell = infer_cell(&rules, TYPE_TEXT, &binary, &text, &out);
    assert_int_equal(cell_kind(cell), CELL_TEXT);
    assert_int_equal(cell_len(cell), 8);
    assert_memory_equal(cell->uni.str, "0x01abff", 8);
    assert_ptr_equal(infer_cell(&rules, TYPE_BINARY, &binary, &text, &out), &binary);
    cell = infer_cell(&rules, TYPE_DOUBLE, &big, &text, &out);
    assert_int_equal(cell_kind(cell), CELL_DOUBLE);
    assert_true(cell->uni.f64 == 0x1p64);
    assert_ptr_equal(infer_cell(&rules, TYPE_DECIMAL, &big, &text, &out), &big);
    cell = infer_cell(&rules, TYPE_DOUBLE, &digits, &text, &out);
    assert_int_equal(cell_kind(cell), CELL_DECIMAL);
    assert_false(cell_is_integer(cell));
    assert_true(cell_is_integer(&digits));
    struct infer_rules neither = {DETECT_ISO_TIMESTAMP, 0};
    assert_ptr_equal(infer_cell(&neither, TYPE_TEXT, &binary, &text, &out), &binary);
    assert_ptr_equal(infer_cell(&neither, TYPE_DOUBLE, &big, &text, &out), &big);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),  cmocka_unit_test(big_numbers),
        cmocka_unit_test(pushed_values), cmocka_unit_test(timestamps),
        cmocka_unit_test(detectors),     cmocka_unit_test(values_of_the_last_two_detectors),
    };
    return cmocka_run_group_tests_name("normalize/infer", tests, NULL, NULL);
}
