#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "extract/cursor/cursor_value.h"
#include "helper.h"

#define DAY_US INT64_C(86400000000)

static struct cursor_value of_int(int64_t number)
{
    return (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = number};
}

static struct cursor_value of_double(double real)
{
    struct cursor_value value;
    cursor_value_set_double(&value, real);
    return value;
}

static struct cursor_value of_text(const char *text)
{
    struct cursor_value value;
    cursor_value_set_text(&value, text, strlen(text));
    return value;
}

static struct cursor_value of_timestamp(int64_t us)
{
    return (struct cursor_value){.kind = TG_VALUE_TIMESTAMP, .int64 = us};
}

static struct cursor_value of_date(int64_t days)
{
    return (struct cursor_value){.kind = TG_VALUE_DATE, .int64 = days};
}

/* -1, 0, 1; 9: they do not compare. Both ways must agree. */
static int order_of(struct cursor_value a, struct cursor_value b)
{
    int order = 0, back = 0;
    bool fits = cursor_value_compare(&a, &b, &order);
    assert_int_equal(cursor_value_compare(&b, &a, &back), fits);
    if (!fits)
        return 9;
    order = (order > 0) - (order < 0);
    assert_int_equal(order, (back < 0) - (back > 0));
    return order;
}

/* What the state could not tell the next run is no value: infinity, and times before Christ. */
static void test_times_that_are_no_values(void **state)
{
    (void)state;
    struct cursor_value value;
    const int64_t first = INT64_C(-62135596800000000), last = INT64_C(253402300799999999);
    const struct {
        enum tg_value_kind kind;
        int64_t time;
        bool is_value;
    } samples[] = {
        {TG_VALUE_TIMESTAMP, first, true},      {TG_VALUE_TIMESTAMP, first - 1, false},
        {TG_VALUE_TIMESTAMP, last, true},       {TG_VALUE_TIMESTAMP, last + 1, false},
        {TG_VALUE_TIMESTAMP, INT64_MAX, false}, {TG_VALUE_TIMESTAMP, INT64_MIN, false},
        {TG_VALUE_DATE, first / DAY_US, true},  {TG_VALUE_DATE, first / DAY_US - 1, false},
        {TG_VALUE_DATE, last / DAY_US, true},   {TG_VALUE_DATE, INT32_MAX, false},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct buf json = BUF_INIT, text = BUF_INIT;
        struct cursor_value back;
        cursor_value_set_time(&value, samples[i].kind, samples[i].time, false);
        assert_int_equal(value.kind, samples[i].is_value ? samples[i].kind : TG_VALUE_NONE);
        cursor_value_json(&json, &value);
        assert_int_equal(cursor_value_parse(&back, buf_string(&json), &text, NULL), TG_OK);
        assert_int_equal(back.kind, value.kind);
        buf_release(&json);
        buf_release(&text);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(order_of(of_int(1), of_int(2)), -1);
    assert_int_equal(order_of(of_int(INT64_MIN), of_int(INT64_MAX)), -1);
    assert_int_equal(order_of(of_int(2), of_double(1.5)), 1);
    assert_int_equal(order_of(of_int(1), of_double(1.5)), -1);
    assert_int_equal(order_of(of_int(-1), of_double(-1.5)), 1);
    assert_int_equal(order_of(of_int(-2), of_double(-1.5)), -1);
    assert_int_equal(order_of(of_int(3), of_double(3.0)), 0);
    assert_int_equal(order_of(of_double(-0.0), of_double(0.0)), 0);
    assert_int_equal(order_of(of_int(0), of_double(-0.0)), 0);
    assert_int_equal(order_of(of_int(0), of_double(5e-324)), -1);
}

static void test_integers_beyond_doubles(void **state)
{
    int64_t edge = INT64_C(9007199254740993); /* 2^53 + 1: not a double */
    (void)state;
    assert_int_equal(order_of(of_int(edge), of_double(9007199254740992.0)), 1);
    assert_int_equal(order_of(of_int(edge), of_double(9007199254740994.0)), -1);
    assert_int_equal(order_of(of_int(INT64_MAX), of_double(9223372036854775808.0)), -1);
    assert_int_equal(order_of(of_int(INT64_MIN), of_double(-9223372036854775808.0)), 0);
    assert_int_equal(order_of(of_int(INT64_MIN), of_double(-1e300)), 1);
}

static void test_instants(void **state)
{
    (void)state;
    /* The same instant in different zones, and notations that bytes would order wrongly. */
    assert_int_equal(
        order_of(of_text("2024-01-01T02:00:00+02:00"), of_text("2024-01-01T00:00:00Z")), 0);
    assert_int_equal(
        order_of(of_text("2024-01-01T01:00:00+02:00"), of_text("2024-01-01T00:00:00Z")), -1);
    assert_int_equal(order_of(of_text("2024-01-01 00:00:00.5"), of_text("2024-01-01T00:00:00Z")),
                     1);
    assert_int_equal(order_of(of_text("2024-01-01T00:00:00Z"), of_timestamp(19723 * DAY_US)), 0);
    assert_int_equal(order_of(of_date(19723), of_timestamp(19723 * DAY_US + 1)), -1);
    assert_int_equal(order_of(of_date(19723), of_text("2024-01-01T00:00:00Z")), 0);
    assert_int_equal(order_of(of_text("2024-01-01"), of_date(19723)), 0);
    assert_int_equal(order_of(of_text("2024-01-02"), of_timestamp(19723 * DAY_US)), 1);
    assert_int_equal(order_of(of_date(INT32_MAX), of_timestamp(INT64_MAX)), 0);
    assert_int_equal(order_of(of_date(INT32_MIN), of_timestamp(0)), -1);
    assert_int_equal(order_of(of_date(5), of_date(4)), 1);
}

static void test_texts_by_bytes(void **state)
{
    (void)state;
    assert_int_equal(order_of(of_text("9"), of_text("10")), 1);
    assert_int_equal(order_of(of_text("a"), of_text("ab")), -1);
    assert_int_equal(order_of(of_text(""), of_text("")), 0);
    assert_int_equal(order_of(of_text("\xc3\xa4"), of_text("z")), 1);
    assert_int_equal(order_of(of_text("2024-01-01"), of_text("2024-01-01T00:00:00Z")), -1);
}

static void test_clashes(void **state)
{
    (void)state;
    assert_int_equal(order_of(of_int(1), of_text("1")), 9);
    assert_int_equal(order_of(of_double(1), of_text("1")), 9);
    assert_int_equal(order_of(of_int(1), of_timestamp(1)), 9);
    assert_int_equal(order_of(of_text("soon"), of_timestamp(1)), 9);
    assert_int_equal(order_of(of_text("soon"), of_date(1)), 9);
}

static void test_not_finite_is_missing(void **state)
{
    (void)state;
    assert_int_equal(of_double(NAN).kind, TG_VALUE_NONE);
    assert_int_equal(of_double(INFINITY).kind, TG_VALUE_NONE);
    assert_int_equal(of_double(-INFINITY).kind, TG_VALUE_NONE);
}

static void check_cell(const char *line, enum tg_value_kind kind, int64_t number, double real)
{
    struct text_page memory;
    struct page page;
    struct cursor_value value;
    const yyjson_val *cell;
    page_from_lines(&memory, line, &page);
    cell = cell_find(page.rows[0], "c", 1);
    assert_true(cursor_value_set_cell(&value, cell));
    assert_int_equal(value.kind, kind);
    if (kind == TG_VALUE_INT64)
        assert_int_equal(value.int64, number);
    if (kind == TG_VALUE_DOUBLE)
        assert_true(value.real == real);
    text_page_release(&memory, &page);
}

static void test_cells(void **state)
{
    (void)state;
    check_cell("{\"c\":5}", TG_VALUE_INT64, 5, 0);
    check_cell("{\"c\":-5}", TG_VALUE_INT64, -5, 0);
    check_cell("{\"c\":9223372036854775807}", TG_VALUE_INT64, INT64_MAX, 0);
    check_cell("{\"c\":9223372036854775808}", TG_VALUE_DOUBLE, 0, 9223372036854775808.0);
    check_cell("{\"c\":123456789012345678901234567890}", TG_VALUE_DOUBLE, 0,
               123456789012345678901234567890.0);
    check_cell("{\"c\":1.5}", TG_VALUE_DOUBLE, 0, 1.5);
    check_cell("{\"c\":null}", TG_VALUE_NONE, 0, 0);
    check_cell("{\"c\":\"x\"}", TG_VALUE_TEXT, 0, 0);
}

static void test_pushed_cells(void **state)
{
    struct tg_rows *rows;
    const yyjson_val **list;
    struct cursor_value value;
    size_t count;
    (void)state;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    tg_rows_decimal(rows, "12.50");
    tg_rows_decimal(rows, "12");
    tg_rows_timestamp(rows, -7);
    tg_rows_date(rows, 3);
    tg_rows_bool(rows, true);
    tg_rows_time(rows, 3);
    tg_rows_binary(rows, "x", 1);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    assert_int_equal(count, 7);
    assert_true(cursor_value_set_cell(&value, cell_find(list[0], "value", 5)));
    assert_int_equal(value.kind, TG_VALUE_DOUBLE);
    assert_true(value.real == 12.5);
    assert_true(cursor_value_set_cell(&value, cell_find(list[1], "value", 5)));
    assert_int_equal(value.kind, TG_VALUE_INT64);
    assert_int_equal(value.int64, 12);
    assert_true(cursor_value_set_cell(&value, cell_find(list[2], "value", 5)));
    assert_int_equal(value.kind, TG_VALUE_TIMESTAMP);
    assert_int_equal(value.int64, -7);
    assert_true(cursor_value_set_cell(&value, cell_find(list[3], "value", 5)));
    assert_int_equal(value.kind, TG_VALUE_DATE);
    for (size_t i = 4; i < 7; i++)
        assert_false(cursor_value_set_cell(&value, cell_find(list[i], "value", 5)));
    rows_free(rows);
}

/* As dlt's typed JSON writes and reads them. */
/* A literal is what it is by itself. */
static void test_literals(void **state)
{
    static const struct {
        const char *text;
        enum tg_value_kind kind;
    } cases[] = {{"7", TG_VALUE_INT64},    {"007", TG_VALUE_TEXT},
                 {"1.5", TG_VALUE_DOUBLE}, {"2024-01-02", TG_VALUE_DATE},
                 {"x", TG_VALUE_TEXT},     {"2024-01-02 03:04:05", TG_VALUE_TIMESTAMP}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        yyjson_val cell = {.tag = CELL_TAG_LITERAL | (uint64_t)strlen(cases[i].text)
                                                         << YYJSON_TAG_BIT,
                           .uni.str = cases[i].text};
        struct cursor_value value;
        assert_true(cursor_value_set_cell(&value, &cell));
        assert_int_equal(value.kind, cases[i].kind);
    }
}

static void test_json(void **state)
{
    static const char *const texts[] = {
        "5",
        "-9223372036854775808",
        "1.5",
        "1.0",
        "\"x\\\"y\"",
        "\"\"",
        "\"2024-01-01T00:00:00Z\"",
        "\"\xef\x80\xa7"
        "2024-01-01T00:00:00+00:00\"",
        "\"\xef\x80\xa7"
        "2024-01-01T01:02:03.000456+00:00\"",
        "\"\xef\x80\xa7"
        "2024-01-01T00:00:00\"",
        "\"\xef\x80\xa8"
        "2024-01-01\"",
        "null",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf text = BUF_INIT, out = BUF_INIT;
        struct cursor_value value;
        assert_int_equal(cursor_value_parse(&value, texts[i], &text, NULL), TG_OK);
        cursor_value_json(&out, &value);
        assert_string_equal(buf_string(&out), texts[i]);
        buf_release(&text);
        buf_release(&out);
    }
}

static void check_parsed(const char *json, enum tg_value_kind kind, int64_t number)
{
    struct buf text = BUF_INIT;
    struct cursor_value value;
    assert_int_equal(cursor_value_parse(&value, json, &text, NULL), TG_OK);
    assert_int_equal(value.kind, kind);
    if (kind == TG_VALUE_DOUBLE)
        assert_true(value.real == (double)number / 2);
    else
        assert_int_equal(value.int64, number);
    buf_release(&text);
}

static void test_json_of_others(void **state)
{
    (void)state;
    check_parsed("\"\xef\x80\xa7"
                 "2024-01-01T02:00:00+02:00\"",
                 TG_VALUE_TIMESTAMP, 19723 * DAY_US);
    check_parsed("\"\xef\x80\xa7"
                 "2024-01-01T00:00:00Z\"",
                 TG_VALUE_TIMESTAMP, 19723 * DAY_US);
    check_parsed("\"\xef\x80\xa6"
                 "12\"",
                 TG_VALUE_INT64, 12);
    check_parsed("\"\xef\x80\xa6"
                 "12.5\"",
                 TG_VALUE_DOUBLE, 25);
    check_parsed("\"\xef\x80\xac"
                 "12\"",
                 TG_VALUE_INT64, 12);
}

static void test_json_refused(void **state)
{
    static const char *const texts[] = {
        "true",
        "",
        "{",
        "\"\xef\x80\xa7soon\"",
        "\"\xef\x80\xa8soon\"",
        "\"\xef\x80\xa9uuid\"",
        "\"\xef\x80\xa6x\"",
        "\"\xef\x80\xa6\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf text = BUF_INIT;
        struct cursor_value value;
        struct tg_error err = {0};
        assert_int_equal(cursor_value_parse(&value, texts[i], &text, &err), TG_DATA);
        assert_true(err.what[0] != '\0');
        buf_release(&text);
    }
}

static void test_views(void **state)
{
    const struct tg_value values[] = {
        {.kind = TG_VALUE_INT64, .int64 = 7},
        {.kind = TG_VALUE_DOUBLE, .real = 1.5},
        {.kind = TG_VALUE_TEXT, .text = "2024-01-01T00:00:00Z"},
        {.kind = TG_VALUE_TIMESTAMP, .int64 = 7},
        {.kind = TG_VALUE_DATE, .int64 = 7},
        {.kind = TG_VALUE_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct cursor_value value;
        cursor_value_set(&value, &values[i]);
        struct tg_value view = cursor_value_view(&value);
        assert_int_equal(view.kind, values[i].kind);
        assert_int_equal(view.int64, values[i].int64);
        assert_true(view.real == values[i].real);
        assert_ptr_equal(view.text, values[i].text);
    }
}

static void test_print(void **state)
{
    char out[80];
    char long_text[2 * 60 + 2] = "x"; /* and two-byte characters */
    struct cursor_value value;
    (void)state;
    for (size_t i = 0; i < 60; i++)
        memcpy(long_text + 1 + 2 * i, "\xc3\xa4", 3);
    value = of_text(long_text);
    cursor_value_print(&value, out, sizeof(out));
    assert_int_equal(strlen(out), 64); /* 59 bytes, no half character, "..." and quotes */
    value = of_timestamp(-1);
    cursor_value_print(&value, out, sizeof(out));
    assert_string_equal(out, "1969-12-31 23:59:59.999999");
    value = of_date(19723);
    cursor_value_print(&value, out, sizeof(out));
    assert_string_equal(out, "2024-01-01");
    value = of_int(-3);
    cursor_value_print(&value, out, sizeof(out));
    assert_string_equal(out, "-3");
    value = of_double(0.5);
    cursor_value_print(&value, out, sizeof(out));
    assert_string_equal(out, "0.5");
    assert_string_equal(cursor_value_kind(&value), "a number");
}

static void test_windows(void **state)
{
    static const char stamp[] =
        "2024-01-01T20:00:00-05:00"; /* the second of January, one o'clock */
    const struct {
        struct cursor_value from, to;
        bool descends;
        const char *why; /* NULL: there is room */
    } cases[] = {
        {of_int(1), of_int(2), false, NULL},
        {of_int(2), of_int(1), true, NULL},
        {of_int(1), of_int(1), true, "from initial_value 1 on to before end_value 1 (last_value"},
        {of_int(1), of_double(1), false, "end_value is outside of it"},
        {of_int(1), of_double(1.5), false, NULL},
        {of_int(2), of_double(-1.5), false, "before end_value -1.5; exchange the two"},
        {of_int(2), of_text("3"), false, "2 (an integer) and end_value '3' (text) cannot be"},
        {of_int(2), of_double(NAN), false, "NULL (NULL) cannot be compared"},
        {of_text("9"), of_text("10"), false, "exchange"},
        {of_text("2024-01-02"), of_text("2024-01-01"), false, "exchange"},
        {of_text(stamp), of_text("2024-01-02"), false, NULL},                       /* as texts */
        {of_text("2024-01-02"), of_text("2024-01-01T23:00:00-05:00"), false, NULL}, /* as times */
        {of_text("2024-01-02"), of_timestamp(19724 * DAY_US), false, "before end_value 2024-01-02"},
        {of_text("2024-01-02"), of_timestamp(19724 * DAY_US + 1), false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err;
        int rc = cursor_value_window(&cases[i].from, &cases[i].to, cases[i].descends, false, &err);
        assert_int_equal(rc, cases[i].why ? TG_USAGE : TG_OK);
        if (cases[i].why && !strstr(err.what, cases[i].why))
            fail_msg("case %zu: %s", i, err.what);
    }
}

/* Nanoseconds are rounded down to what compares with everything else. */
static void test_nanoseconds(void **state)
{
    yyjson_val cell = {.tag = CELL_TAG_TIMESTAMP_NS, .uni.i64 = -1};
    struct cursor_value value;
    (void)state;
    assert_true(cursor_value_set_cell(&value, &cell));
    assert_int_equal(value.kind, TG_VALUE_TIMESTAMP);
    assert_int_equal(value.int64, -1);
    cell.uni.i64 = INT64_C(1700000000123456789);
    assert_true(cursor_value_set_cell(&value, &cell));
    assert_int_equal(value.int64, INT64_C(1700000000123456));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nanoseconds),
        cmocka_unit_test(test_times_that_are_no_values),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_integers_beyond_doubles),
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_texts_by_bytes),
        cmocka_unit_test(test_clashes),
        cmocka_unit_test(test_not_finite_is_missing),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_pushed_cells),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_others),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests_name("extract/cursor_value", tests, NULL, NULL);
}
