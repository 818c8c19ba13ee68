/*
 * Values that are shown to be before the start are so by the rules, and contradict no order; those
 * that a source has day by day are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "extract/cursor/below.h"
#include "extract/cursor/order.h"

enum { TRIALS = 200000 };

static uint64_t seed = 1;

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

static yyjson_val text_cell(const char *text)
{
    return (yyjson_val){.tag = (uint64_t)strlen(text) << YYJSON_TAG_BIT | YYJSON_TYPE_STR,
                        .uni.str = text};
}

static yyjson_val int_cell(int64_t number)
{
    return (yyjson_val){.tag = number < 0 ? YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT
                                          : YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT,
                        .uni.i64 = number};
}

static bool shows(const char *start, const char *text, bool backwards)
{
    struct below below;
    struct cursor_value value;
    const yyjson_val cell = text_cell(text);
    cursor_value_set_text(&value, start, strlen(start));
    below_set(&below, &value, backwards);
    return below.kind != BELOW_NONE && below_shows(&below, &cell);
}

static void usual_texts_are_shown(void **state)
{
    (void)state;
    assert_true(shows("2024-01-02T00:00:00Z", "2024-01-01T23:59:59Z", false));
    assert_true(shows("2024-01-02T00:00:00Z", "2024-01-01T23:59:59.999Z", false));
    assert_true(shows("2024-01-02T00:00:00.5+02:00", "2023-12-31T00:00:00+02:00", false));
    assert_true(shows("2024-01-02 00:00:00", "2024-01-01 23:59:59.123456789", false));
    assert_true(shows("2024-01-01T00:00:00Z", "2024-01-01T00:00:01.5Z", true));
}

static void what_is_not_so_simple_is_not(void **state)
{
    (void)state;
    static const char start[] = "2024-01-02T00:00:00.500Z";
    static const char *const texts[] = {"",
                                        "2023",
                                        "2023-01-02",
                                        "2024-01-02T00:00:00.499Z", /* by its fraction alone */
                                        "2024-01-02T00:00:00.500Z",
                                        "2024-01-02T00:00:01Z",
                                        "2024-01-01T00:00:00+00:00",
                                        "2024-01-01T00:00:00",
                                        "2024-01-01T00:00:00.Z",
                                        "2024-01-01T00:00:00,5Z",
                                        "2024-01-01 00:00:00Z",
                                        "2024-01-01T00:00:00.5z",
                                        "2024-01-01T00:00:0\xc3Z",
                                        "2024/01/01T00:00:00Z",
                                        "2024-01-01T00:00:00Z "};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(shows(start, texts[i], false));
    assert_false(shows("2024-01-02", "2024-01-01T00:00:00Z", false));
    assert_false(shows("20240102T000000.000Z", "20240101T000000.000Z", false));
    assert_false(shows("9", "10", false));
}

static void put_text(char out[64])
{
    static const char *const zones[] = {"Z", "", "+00:00", "-05:30", "+25:00"};
    static const char *const fractions[] = {"", ".5", ".499", ".500000", ".5000001", ".", ",5"};
    const size_t len = (size_t)snprintf(
        out, 64, "%04u-%02u-%02u%c%02u:%02u:%02u%s%s", 2023 + draw(2), 1 + draw(13), 27 + draw(6),
        draw(8) ? 'T' : ' ', 22 + draw(3), 58 + draw(3), 58 + draw(3),
        fractions[draw(2) ? 0 : draw(7)], zones[draw(4) ? 0 : draw(5)]);
    if (draw(16) == 0)
        out[draw((uint32_t)len)] = (char)(draw(2) ? '0' + draw(12) : draw(256));
}

static void texts_are_shown_by_the_rules(void **state)
{
    (void)state;
    size_t shown = 0;
    for (int i = 0; i < TRIALS; i++) {
        char start[64], text[64];
        int order = 0;
        struct cursor_value first, here;
        const bool backwards = draw(2);
        put_text(start);
        put_text(text);
        if (!shows(start, text, backwards))
            continue;
        shown++;
        cursor_value_set_text(&first, start, strlen(start));
        cursor_value_set_text(&here, text, strlen(text));
        assert_true(cursor_value_compare(&here, &first, &order));
        if (backwards ? order <= 0 : order >= 0)
            fail_msg("'%s' is not before '%s'", text, start);
        if (!here.is_instant)
            assert_null(order_contradicts(text, here.len, start, first.len));
    }
    assert_true(shown > TRIALS / 50);
}

static bool shows_number(const struct cursor_value *start, bool backwards, yyjson_val cell)
{
    struct below below;
    below_set(&below, start, backwards);
    return below.kind != BELOW_NONE && below_shows(&below, &cell);
}

static void integers_are_shown(void **state)
{
    (void)state;
    static const struct cursor_value zero = {.kind = TG_VALUE_INT64};
    static const struct cursor_value real = {.kind = TG_VALUE_DOUBLE, .real = 1};
    const yyjson_val huge = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT, .uni.u64 = UINT64_MAX};
    const yyjson_val half = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = -0.5};
    assert_true(shows_number(&zero, false, int_cell(-1)));
    assert_true(shows_number(&zero, false, int_cell(INT64_MIN)));
    assert_false(shows_number(&zero, false, int_cell(0)));
    assert_false(shows_number(&zero, false, int_cell(1)));
    assert_false(shows_number(&zero, false, huge));
    assert_false(shows_number(&zero, false, half));
    assert_false(shows_number(&zero, false, text_cell("-1")));
    assert_true(shows_number(&zero, true, int_cell(INT64_MAX)));
    assert_false(shows_number(&zero, true, huge));
    assert_false(shows_number(&zero, true, int_cell(0)));
    assert_false(shows_number(&real, false, int_cell(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_texts_are_shown),
        cmocka_unit_test(what_is_not_so_simple_is_not),
        cmocka_unit_test(texts_are_shown_by_the_rules),
        cmocka_unit_test(integers_are_shown),
    };
    return cmocka_run_group_tests_name("extract/below", tests, NULL, NULL);
}
