/*
 * src/data/column.c: builders, their export as Arrow arrays, widening, decimals.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/batch.h"
#include "tests/torture.h"

static struct column make(enum type type)
{
    struct type_spec spec = {.type = type};
    struct column column;
    assert_int_equal(column_init(&column, &spec, NULL), TG_OK);
    return column;
}

static struct ArrowArray export_column(struct column *column, size_t rows)
{
    struct ArrowArray array;
    assert_int_equal(column_export(column, rows, &array, NULL), TG_OK);
    assert_null(column->validity);
    assert_null(column->data.any);
    assert_int_equal(array.length, rows);
    assert_int_equal(array.offset, 0);
    assert_non_null(array.release);
    return array;
}

static void integers_with_gaps(void **state)
{
    struct column column = make(TYPE_BIGINT);
    struct ArrowArray array;
    (void)state;
    column_set_int64(&column, 1, -5);
    column_set_int64(&column, 2, INT64_MAX);
    column_set_int64(&column, 9, INT64_MIN);
    assert_false(column_has(&column, 0));
    assert_true(column_has(&column, 9));
    assert_false(column_has(&column, 10));
    array = export_column(&column, 12);
    assert_int_equal(array.n_buffers, 2);
    assert_int_equal(array.null_count, 9);
    assert_int_equal(((const uint8_t *)array.buffers[0])[0], 0x06);
    assert_int_equal(((const uint8_t *)array.buffers[0])[1], 0x02);
    assert_int_equal(((const int64_t *)array.buffers[1])[1], -5);
    assert_int_equal(((const int64_t *)array.buffers[1])[2], INT64_MAX);
    assert_int_equal(((const int64_t *)array.buffers[1])[3], 0);
    assert_int_equal(((const int64_t *)array.buffers[1])[9], INT64_MIN);
    array_release(&array);
    assert_null(array.release);
    array_release(&array);
}

static void texts_with_gaps_and_empty_ones(void **state)
{
    struct column column = make(TYPE_TEXT);
    struct ArrowArray array;
    const int32_t *offsets;
    (void)state;
    assert_int_equal(column_set_text(&column, 0, "a", 1, NULL), TG_OK);
    assert_int_equal(column_set_text(&column, 2, "", 0, NULL), TG_OK);
    assert_int_equal(column_set_text(&column, 3, "wrong", 5, NULL), TG_OK);
    assert_int_equal(column_set_text(&column, 3, "b\0c", 3, NULL), TG_OK);
    array = export_column(&column, 5);
    assert_int_equal(array.n_buffers, 3);
    assert_int_equal(array.null_count, 2);
    assert_int_equal(((const uint8_t *)array.buffers[0])[0], 0x0d);
    offsets = array.buffers[1];
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(offsets[i], ((int32_t[]){0, 1, 1, 1, 4, 4})[i]);
    assert_memory_equal(array.buffers[2], "ab\0c", 4);
    array_release(&array);
}

static void text_grows_beyond_its_first_memory(void **state)
{
    struct column column = make(TYPE_BINARY);
    char value[1000];
    struct ArrowArray array;
    (void)state;
    memset(value, 'x', sizeof(value));
    for (size_t row = 0; row < BATCH_ROWS; row++)
        assert_int_equal(column_set_text(&column, row, value, sizeof(value), NULL), TG_OK);
    array = export_column(&column, BATCH_ROWS);
    assert_int_equal(array.null_count, 0);
    assert_int_equal(((const int32_t *)array.buffers[1])[BATCH_ROWS], BATCH_ROWS * 1000);
    assert_memory_equal((const char *)array.buffers[2] + (BATCH_ROWS - 1) * 1000, value, 1000);
    array_release(&array);
}

static void two_gigabytes_of_text_are_refused(void **state)
{
    struct column column = make(TYPE_TEXT);
    struct tg_error err = {0};
    (void)state;
    column.text_len = INT32_MAX - 1;
    assert_int_equal(column_reserve_text(&column, 2, &err), TG_DATA);
    column.text_len = 0;
    column_release(&column);
    column_release(&column);
}

static void bools_dates_and_nothing_at_all(void **state)
{
    struct column bools = make(TYPE_BOOL), dates = make(TYPE_DATE), times = make(TYPE_TIME);
    struct ArrowArray array;
    (void)state;
    column_set_bool(&bools, 0, true);
    column_set_bool(&bools, 0, false);
    column_set_bool(&bools, 8, true);
    array = export_column(&bools, 9);
    assert_int_equal(((const uint8_t *)array.buffers[1])[0], 0);
    assert_int_equal(((const uint8_t *)array.buffers[1])[1], 1);
    assert_int_equal(array.null_count, 7);
    array_release(&array);
    column_set_date(&dates, 0, -1);
    array = export_column(&dates, 1);
    assert_int_equal(((const int32_t *)array.buffers[1])[0], -1);
    array_release(&array);
    array = export_column(&times, 0);
    assert_int_equal(array.null_count, 0);
    array_release(&array);
}

static void a_type_is_needed(void **state)
{
    struct type_spec none = {TYPE_NONE, 0, 0, false};
    struct column column;
    (void)state;
    assert_int_equal(column_init(&column, &none, NULL), TG_INTERNAL);
}

static void bigint_widens_to_double(void **state)
{
    struct type_spec to = {.type = TYPE_DOUBLE};
    struct column column = make(TYPE_BIGINT);
    struct tg_error err = {0};
    (void)state;
    column_set_int64(&column, 1, INT64_C(1) << 53);
    column_set_int64(&column, 2, INT64_MIN);
    assert_int_equal(column_widen(&column, &to, &err), TG_OK);
    assert_int_equal(column.spec.type, TYPE_DOUBLE);
    assert_true(column.data.f64[1] == 9007199254740992.0);
    assert_true(column.data.f64[2] == -9223372036854775808.0);
    assert_false(column_has(&column, 0));
    column_set_double(&column, 3, 0.5);
    column_release(&column);
    for (int i = 0; i < 2; i++) {
        column = make(TYPE_BIGINT);
        column_set_int64(&column, 0, 7);
        column_set_int64(&column, 1, i == 0 ? (INT64_C(1) << 53) + 1 : INT64_MAX);
        assert_int_equal(column_widen(&column, &to, &err), TG_DATA);
        assert_int_equal(column.spec.type, TYPE_BIGINT);
        assert_int_equal(column.data.i64[0], 7);
        column_release(&column);
    }
}

static void bigint_widens_to_decimal(void **state)
{
    struct type_spec wei = {.type = TYPE_WEI},
                     money = {.type = TYPE_DECIMAL, .precision = 5, .scale = 2};
    struct type_spec standard = {.type = TYPE_DECIMAL};
    struct column column = make(TYPE_BIGINT);
    (void)state;
    column_set_int64(&column, 0, INT64_MIN);
    assert_int_equal(column_widen(&column, &wei, NULL), TG_OK);
    assert_true(column.data.decimal[0] == INT64_MIN);
    column_release(&column);
    column = make(TYPE_BIGINT);
    column_set_int64(&column, 0, INT64_MAX);
    assert_int_equal(column_widen(&column, &standard, NULL), TG_OK);
    assert_true(column.data.decimal[0] == (int128)INT64_MAX * 1000000000);
    column_release(&column);
    column = make(TYPE_BIGINT);
    column_set_int64(&column, 0, -999);
    assert_int_equal(column_widen(&column, &money, NULL), TG_OK);
    assert_true(column.data.decimal[0] == -99900);
    column_release(&column);
    column = make(TYPE_BIGINT);
    column_set_int64(&column, 0, 1000);
    assert_int_equal(column_widen(&column, &money, NULL), TG_DATA);
    assert_int_equal(column.data.i64[0], 1000);
    column_release(&column);
}

static void date_widens_to_timestamp(void **state)
{
    struct type_spec to = {.type = TYPE_TIMESTAMP, .naive = true}, text = {.type = TYPE_TEXT};
    struct column column = make(TYPE_DATE);
    (void)state;
    column_set_date(&column, 0, -1);
    column_set_date(&column, 2, 19723);
    assert_int_equal(column_widen(&column, &text, NULL), TG_INTERNAL);
    assert_int_equal(column_widen(&column, &to, NULL), TG_OK);
    assert_int_equal(column.data.i64[0], -INT64_C(86400000000));
    assert_int_equal(column.data.i64[2], INT64_C(1704067200000000));
    assert_true(column.spec.naive);
    column_set_int64(&column, 3, 1);
    column_release(&column);
    column = make(TYPE_DATE);
    column_set_date(&column, 0, INT32_MAX);
    assert_int_equal(column_widen(&column, &to, NULL), TG_DATA);
    column_release(&column);
}

static void decimals_and_narrow_integers_widen(void **state)
{
    static const struct type_spec tiny = {TYPE_BIGINT, 8, 0, false},
                                  money = {TYPE_DECIMAL, 5, 2, false},
                                  more = {TYPE_DECIMAL, 9, 4, false},
                                  less = {TYPE_DECIMAL, 5, 1, false},
                                  ms = {TYPE_TIMESTAMP, 3, 0, true},
                                  us = {TYPE_TIMESTAMP, 0, 0, true},
                                  ns = {TYPE_TIMESTAMP, 9, 0, true};
    static const struct {
        int precision, bits;
    } sizes[] = {{0, 63},  {1, 7},   {8, 7},   {9, 15},  {16, 15},
                 {17, 31}, {32, 31}, {33, 63}, {128, 63}};
    struct column column;
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct type_spec spec = {TYPE_BIGINT, sizes[i].precision, 0, false};
        assert_int_equal(column_init(&column, &spec, NULL), TG_OK);
        assert_int_equal(column.bits, sizes[i].bits);
        column_release(&column);
    }
    assert_int_equal(column_init(&column, &ns, NULL), TG_OK);
    assert_int_equal(column.bits, 0);
    column_release(&column);
    assert_int_equal(column_init(&column, &ms, NULL), TG_OK);
    assert_int_equal(column.bits, 0);
    column_release(&column);
    assert_int_equal(column_init(&column, &tiny, NULL), TG_OK);
    column_set_int64(&column, 0, -128);
    assert_int_equal(column_widen(&column, &(struct type_spec){.type = TYPE_BIGINT}, NULL), TG_OK);
    assert_int_equal(column.bits, 63);
    assert_int_equal(column.data.i64[0], -128);
    assert_int_equal(column_widen(&column, &tiny, NULL), TG_INTERNAL);
    column_release(&column);
    assert_int_equal(column_init(&column, &money, NULL), TG_OK);
    column_set_decimal(&column, 0, -99999);
    column_set_decimal(&column, 2, 1);
    assert_int_equal(column_widen(&column, &less, NULL), TG_INTERNAL);
    assert_int_equal(column_widen(&column, &more, NULL), TG_OK);
    assert_true(column.data.decimal[0] == -9999900);
    assert_true(column.data.decimal[2] == 100);
    assert_int_equal(column.spec.scale, 4);
    column_release(&column);
    assert_int_equal(column_init(&column, &ms, NULL), TG_OK);
    column_set_int64(&column, 0, 1000);
    assert_int_equal(column_widen(&column, &ns, NULL), TG_INTERNAL);
    assert_int_equal(column_widen(&column, &us, NULL), TG_OK);
    assert_int_equal(column.data.i64[0], 1000);
    column_release(&column);
}

static void digits_are_counted_and_doubles_rounded(void **state)
{
    static const struct {
        const char *text;
        int whole, fraction; /* -1: no decimal */
    } cases[] = {
        {"0", 0, 0},       {"-0.00", 0, 0}, {"12.50", 2, 1}, {"-12.05", 2, 2},
        {"0.001", 0, 3},   {"1200", 4, 0},  {"1.2e3", 4, 0}, {"1.2e-3", 0, 4},
        {"00120.0", 3, 0}, {"1e40", 41, 0}, {"x", -1, 0},    {"", -1, 0},
    };
    int128 value;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int whole, fraction;
        assert_int_equal(decimal_digits(cases[i].text, strlen(cases[i].text), &whole, &fraction),
                         cases[i].whole >= 0);
        if (cases[i].whole >= 0) {
            assert_int_equal(whole, cases[i].whole);
            assert_int_equal(fraction, cases[i].fraction);
        }
    }
    assert_true(decimal_round(0.125, 5, 2, &value) && value == 13);
    assert_true(decimal_round(-0.125, 5, 2, &value) && value == -13);
    assert_true(decimal_round(1.005, 5, 2, &value) && value == 101);
    assert_true(decimal_round(-1.005, 5, 2, &value) && value == -101);
    assert_true(decimal_round(1e15 + 0.25, 38, 2, &value) && value == INT64_C(100000000000000020));
    assert_true(decimal_round(0.0, 5, 2, &value) && value == 0);
    assert_true(decimal_round(5e-324, 38, 22, &value) && value == 0);
    assert_true(decimal_round(1e23, 38, 0, &value) &&
                value == (int128)100000 * 1000000000000000000);
    assert_true(decimal_round(0x1p100, 38, 0, &value) &&
                value == (int128)12676506002282294 * 100000000000000);
    assert_true(decimal_round(0x1p-10, 38, 18, &value) && value == INT64_C(976562500000000));
    assert_true(decimal_round(999.99, 5, 2, &value) && value == 99999);
    assert_false(decimal_round(999.999, 5, 2, &value));
    assert_false(decimal_round(1e38, 38, 0, &value));
    assert_false(decimal_round(1e300, 38, 0, &value));
    assert_true(decimal_round(1.0, 38, 23, &value) &&
                value == (int128)100000 * 1000000000000000000);
    assert_false(decimal_round(1.0, 38, 38, &value));
    assert_false(decimal_round((double)NAN, 38, 0, &value));
    assert_false(decimal_round(-(double)INFINITY, 38, 0, &value));
}

static void decimals_parse_and_print(void **state)
{
    static const struct {
        const char *text;
        int precision, scale;
        const char *printed; /* NULL: refused */
    } cases[] = {
        {"0", 38, 9, "0.000000000"},
        {"-0.0", 38, 0, "0"},
        {"12.50", 38, 9, "12.500000000"},
        {"-12.50", 4, 2, "-12.50"},
        {"+.5", 3, 1, "0.5"},
        {"5.", 3, 1, "5.0"},
        {"007", 1, 0, "7"},
        {"1.500", 2, 1, "1.5"},
        {"1.55", 2, 1, NULL},
        {"1e3", 4, 0, "1000"},
        {"1E+3", 3, 0, NULL},
        {"120e-1", 2, 0, "12"},
        {"123e-1", 3, 0, NULL},
        {"0e999999999999", 5, 0, "0"},
        {"1e999999999999", 38, 0, NULL},
        {"1e-999999999999", 38, 38, NULL},
        {"0.001", 3, 3, "0.001"},
        {"-0.00000000000000000000000000000000000001", 38, 38,
         "-0.00000000000000000000000000000000000001"},
        {"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"},
        {"100000000000000000000000000000000000000", 38, 0, NULL},
        {"18446744073709551616", 38, 0, "18446744073709551616"},
        {"10000000000000000000000000000000000000.0", 38, 0,
         "10000000000000000000000000000000000000"},
        {"", 38, 0, NULL},
        {"-", 38, 0, NULL},
        {".", 38, 0, NULL},
        {"1.2.3", 38, 9, NULL},
        {"1e", 38, 9, NULL},
        {"1e+", 38, 9, NULL},
        {"1 ", 38, 9, NULL},
        {"nan", 38, 9, NULL},
    };
    char out[48];
    int128 value;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err = {0};
        int rc = decimal_parse(cases[i].text, strlen(cases[i].text), cases[i].precision,
                               cases[i].scale, &value, &err);
        assert_int_equal(rc, cases[i].printed ? TG_OK : TG_DATA);
        if (!cases[i].printed)
            continue;
        assert_int_equal(decimal_format(value, cases[i].scale, out), strlen(cases[i].printed));
        assert_string_equal(out, cases[i].printed);
        assert_true(decimal_valid(cases[i].text, strlen(cases[i].text)));
    }
    assert_true(decimal_valid("1e400", 5));
    assert_false(decimal_valid("1f", 2));
    assert_false(decimal_valid("", 0));
}

static void the_smallest_int128_prints(void **state)
{
    char out[48];
    int128 half = (int128)1 << 126;
    (void)state;
    decimal_format(-half - half, 0, out);
    assert_string_equal(out, "-170141183460469231731687303715884105728");
    decimal_format(-half - half, 38, out);
    assert_string_equal(out, "-1.70141183460469231731687303715884105728");
}

static int build_and_export(void)
{
    struct type_spec text = {.type = TYPE_TEXT}, bigint = {.type = TYPE_BIGINT};
    struct type_spec wei = {.type = TYPE_WEI};
    struct column columns[2] = {{.len = 0}, {.len = 0}};
    struct ArrowArray arrays[2] = {{.release = NULL}, {.release = NULL}};
    static const char value[50000];
    int rc = TG_OK;
    TRY(column_init(&columns[0], &text, NULL));
    TRY(column_init(&columns[1], &bigint, NULL));
    TRY(column_set_text(&columns[0], 0, value, sizeof(value), NULL));
    column_set_int64(&columns[1], 0, 1);
    TRY(column_widen(&columns[1], &wei, NULL));
    for (int i = 0; i < 2; i++)
        TRY(column_export(&columns[i], 3, &arrays[i], NULL));
done:
    for (int i = 0; i < 2; i++) {
        column_release(&columns[i]);
        array_release(&arrays[i]);
    }
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(build_and_export);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_with_gaps),
        cmocka_unit_test(texts_with_gaps_and_empty_ones),
        cmocka_unit_test(text_grows_beyond_its_first_memory),
        cmocka_unit_test(two_gigabytes_of_text_are_refused),
        cmocka_unit_test(bools_dates_and_nothing_at_all),
        cmocka_unit_test(a_type_is_needed),
        cmocka_unit_test(bigint_widens_to_double),
        cmocka_unit_test(bigint_widens_to_decimal),
        cmocka_unit_test(date_widens_to_timestamp),
        cmocka_unit_test(decimals_and_narrow_integers_widen),
        cmocka_unit_test(digits_are_counted_and_doubles_rounded),
        cmocka_unit_test(decimals_parse_and_print),
        cmocka_unit_test(the_smallest_int128_prints),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/column", tests, NULL, NULL);
}
