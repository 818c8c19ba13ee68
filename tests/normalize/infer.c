/* normalize/infer.c: the first value decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "normalize/infer.h"

static struct type_spec infer_json(const char *json)
{
    yyjson_doc *doc = yyjson_read(json, strlen(json), YYJSON_READ_BIGNUM_AS_RAW);
    assert_non_null(doc);
    struct type_spec spec = infer_type(yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return spec;
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
    assert_int_equal(infer_json("1e999").type, TYPE_TEXT);
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
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &cells, &count, NULL), TG_OK);
    static const enum type expected[] = {TYPE_DECIMAL,   TYPE_DECIMAL, TYPE_BINARY,
                                         TYPE_TIMESTAMP, TYPE_DATE,    TYPE_TIME};
    const yyjson_val *key = cell_first(cells[0]);
    for (size_t i = 0; i < 6; i++, key = cell_next(key + 1)) {
        struct type_spec spec = infer_type(key + 1);
        assert_int_equal(spec.type, expected[i]);
        assert_int_equal(spec.precision, 0); /* the type's default */
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),
        cmocka_unit_test(big_numbers),
        cmocka_unit_test(pushed_values),
        cmocka_unit_test(timestamps),
    };
    return cmocka_run_group_tests_name("normalize/infer", tests, NULL, NULL);
}
