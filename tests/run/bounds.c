/* Ends of windows: what is written, compared, kept and told. */
#include "run/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* As JSON, and printed; NULL: it is refused. */
static void test_parse(void **state)
{
    static const struct {
        const char *text;
        enum bound_kind kind;
        const char *zone, *json, *shown;
    } cases[] = {
        {"7", BOUND_ANY, NULL, "7", "7"},
        {"-1.5", BOUND_NUMBER, NULL, "-1.5", "-1.5"},
        {"20240101", BOUND_ANY, NULL, "20240101", "20240101"},
        {"20240101", BOUND_DATE, NULL, "\"\uf0272024-01-01T00:00:00+00:00\"", "2024-01-01"},
        {"2024-01-01", BOUND_ANY, NULL, "\"\uf0272024-01-01T00:00:00+00:00\"", "2024-01-01"},
        {"2024-01-01", BOUND_TEXT, NULL, "\"\uf0272024-01-01T00:00:00+00:00\"", "2024-01-01"},
        {"2024-01-01", BOUND_TIME, "Europe/Berlin", "\"\uf0272023-12-31T23:00:00+00:00\"",
         "2023-12-31T23:00:00Z"},
        {"2024-01-01T06:00:00Z", BOUND_TIME, "Europe/Berlin", "\"\uf0272024-01-01T06:00:00+00:00\"",
         "2024-01-01T06:00:00Z"},
        {"2024-01-01 06:00:00", BOUND_ANY, "+02:00", "\"\uf0272024-01-01T04:00:00+00:00\"",
         "2024-01-01T04:00:00Z"},
        {"1969-12-31", BOUND_ANY, NULL, "\"\uf0271969-12-31T00:00:00+00:00\"", "1969-12-31"},
        {"42", BOUND_TEXT, NULL, "\"42\"", "'42'"},
        {"it's", BOUND_ANY, NULL, "\"it's\"", "'it's'"},
        {"x", BOUND_NUMBER, NULL, NULL, "no number"},
        {"NaN", BOUND_NUMBER, NULL, NULL, "no number"},
        {"2024-02-30", BOUND_TIME, NULL, NULL, "no date or time"},
        {"", BOUND_TEXT, NULL, NULL, "empty"},
    };
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err = {0};
        struct cursor_value value, again;
        struct time_zone *zone = NULL;
        const char *json = NULL;
        char shown[BOUND_SHOWN];
        int order = 1;
        if (cases[i].zone)
            assert_int_equal(time_zone_open(cases[i].zone, &zone, &err), TG_OK);
        int rc = bound_parse(cases[i].text, cases[i].kind, zone, &value, &err);
        time_zone_close(zone);
        assert_int_equal(rc, cases[i].json ? TG_OK : TG_USAGE);
        if (rc != TG_OK) {
            assert_non_null(strstr(err.what, cases[i].shown));
            continue;
        }
        assert_int_equal(bound_json(&arena, &value, &json, &err), TG_OK);
        assert_string_equal(json, cases[i].json);
        assert_string_equal(bound_print(&value, shown), cases[i].shown);
        assert_int_equal(point_read_part(&arena, json, &again, &err), TG_OK);
        assert_true(cursor_value_compare(&value, &again, &order) && order == 0);
    }
    arena_release(&arena);
}

/* A source hears of a time what it is used to. */
static void test_values(void **state)
{
    static const struct tg_value none = {0}, stamp = {.kind = TG_VALUE_TIMESTAMP},
                                 date = {.kind = TG_VALUE_DATE};
    (void)state;
    struct arena arena;
    struct cursor_value value;
    struct tg_value out;
    arena_init(&arena);
    assert_int_equal(bound_parse("1970-01-03", BOUND_ANY, NULL, &value, NULL), TG_OK);
    assert_int_equal(bound_value(&arena, &value, &none, BOUND_ANY, &out, NULL), TG_OK);
    assert_string_equal(out.text, "1970-01-03T00:00:00Z");
    assert_int_equal(bound_value(&arena, &value, &none, BOUND_DATE, &out, NULL), TG_OK);
    assert_string_equal(out.text, "1970-01-03");
    assert_int_equal(bound_value(&arena, &value, &stamp, BOUND_TIME, &out, NULL), TG_OK);
    assert_int_equal(out.kind, TG_VALUE_TIMESTAMP);
    assert_int_equal(bound_value(&arena, &value, &date, BOUND_DATE, &out, NULL), TG_OK);
    assert_int_equal(out.kind, TG_VALUE_DATE);
    assert_int_equal(out.int64, 2);
    assert_int_equal(bound_parse("1970-01-03T06:00", BOUND_DATE, NULL, &value, NULL), TG_OK);
    assert_int_equal(bound_value(&arena, &value, &date, BOUND_DATE, &out, NULL), TG_OK);
    assert_int_equal(out.kind, TG_VALUE_TIMESTAMP);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
