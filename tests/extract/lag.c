/*
 * Values moved back by a lag: how far, in which form, and what has none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/cursor/lag.h"

struct sample {
    const char *lag, *value, *later; /* JSON as in the state; moved down, and up */
};

#define STAMP "\xef\x80\xa7"
#define DAY   "\xef\x80\xa8"

static void move(const struct sample *sample, bool backwards, struct buf *out)
{
    struct arena arena;
    struct lag lag;
    struct cursor_value value;
    struct buf text = BUF_INIT;
    struct tg_error err = {0};
    arena_init(&arena);
    assert_true(lag_parse(sample->lag, &lag));
    assert_int_equal(cursor_value_parse(&value, sample->value, &text, &err), TG_OK);
    if (lag_apply(&lag, backwards, &arena, &value, &err) != TG_OK)
        fail_msg("%s of %s: %s", sample->lag, sample->value, err.what);
    buf_clear(out);
    cursor_value_json(out, &value);
    buf_release(&text);
    arena_release(&arena);
}

static void auto_may_name_a_share(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint32_t share; /* 0: it is none */
    } samples[] = {{"auto", 999000},      {"auto 99.5%", 995000},  {"auto 100%", 1000000},
                   {"auto 50%", 500000},  {"auto 0.0001%", 1},     {"auto 99.9999%", 999999},
                   {"auto 7.25%", 72500}, {"auto 0%", 0},          {"auto 100.1%", 0},
                   {"auto 1e2%", 0},      {"auto 99.9", 0},        {"auto%", 0},
                   {"auto  9%", 0},       {"auto 99.99999%", 0},   {"auto -1%", 0},
                   {"Auto", 0},           {"automatic", 0},        {"2h", 0},
                   {"auto %", 0},         {"auto 99999999999%", 0}};
    uint32_t share;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const bool is_auto = lag_is_auto(samples[i].text, &share);
        if (is_auto != (samples[i].share > 0) || (is_auto && share != samples[i].share))
            fail_msg("'%s': %u", samples[i].text, is_auto ? share : 0);
    }
    assert_false(lag_is_auto(NULL, &share));
}

static void values_move_in_their_form(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    const struct sample samples[] = {
        {"3", "10", "7"},
        {"0", "10", "10"},
        {"1.5", "10", "8.5"},
        {"2", "0.5", "-1.5"},
        {"5", "-9223372036854775807", "-9223372036854775808"},
        {"60", "\"" STAMP "2024-01-02T00:00:30+00:00\"", "\"" STAMP "2024-01-01T23:59:30+00:00\""},
        {"2h", "\"" STAMP "2024-01-02T01:00:00\"", "\"" STAMP "2024-01-01T23:00:00\""},
        {"500ms", "\"" STAMP "2024-01-02T00:00:00+00:00\"",
         "\"" STAMP "2024-01-01T23:59:59.500000+00:00\""},
        {"2", "\"" DAY "2024-03-01\"", "\"" DAY "2024-02-28\""},
        {"36h", "\"" DAY "2024-03-01\"",
         "\"" DAY "2024-02-28\""}, /* a day that is begun is whole */
        {"7d", "\"2024-03-01\"", "\"2024-02-23\""},
        {"1", "\"20240301\"", "\"20240229\""},
        {"90", "\"2024-01-01T00:00:00Z\"", "\"2023-12-31T23:58:30Z\""},
        {"1h", "\"2024-01-01 00:30:00.250\"", "\"2023-12-31 23:30:00.250\""},
        {"1h", "\"2024-01-01T00:30:00+02:00\"", "\"2023-12-31T23:30:00+02:00\""},
        {"1h", "\"20240101T003000-0500\"", "\"20231231T233000-0500\""},
        {"1h", "\"2024/01/01 3:04:05\"",
         "\"2024-01-01T02:04:05\""}, /* no form that could be kept */
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        move(&samples[i], false, &out);
        assert_string_equal(buf_string(&out), samples[i].later);
    }
    move(&(struct sample){.lag = "3", .value = "10"}, true, &out);
    assert_string_equal(buf_string(&out), "13");
    move(&(struct sample){.lag = "1d", .value = "\"2024-02-28\""}, true, &out);
    assert_string_equal(buf_string(&out), "\"2024-02-29\"");
    buf_release(&out);
}

static void what_is_no_lag(void **state)
{
    (void)state;
    struct lag lag;
    static const char *const bad[] = {"", "-1", "x", "5 s", "1w", "nan", "inf", "1e400", "auto"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lag_parse(bad[i], &lag));
}

static void what_has_none(void **state)
{
    (void)state;
    const struct sample samples[] = {{"2h", "5", ""}, {"5", "\"abc\"", ""}, {"5", "[1]", ""}};
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct lag lag;
        struct cursor_value value;
        struct buf text = BUF_INIT;
        struct arena arena;
        struct tg_error err = {0};
        arena_init(&arena);
        assert_true(lag_parse(samples[i].lag, &lag));
        assert_int_equal(cursor_value_parse(&value, samples[i].value, &text, &err), TG_OK);
        assert_int_equal(lag_apply(&lag, false, &arena, &value, &err), TG_USAGE);
        buf_release(&text);
        arena_release(&arena);
    }
}

static void parse(const char *json, struct cursor_value *out, struct buf *text)
{
    struct tg_error err = {0};
    assert_int_equal(cursor_value_parse(out, json, text, &err), TG_OK);
}

static void how_late_a_row_is(void **state)
{
    (void)state;
    static const struct {
        const char *reached, *value, *lag;
        enum lag_unit unit;
    } samples[] = {
        {"10", "7", "3", LAG_NUMBER},
        {"7", "10", "3", LAG_NUMBER},
        {"10", "9.5", "1", LAG_NUMBER},
        {"10", "10", "1", LAG_NUMBER},
        {"9223372036854775807", "-2", "9223372036854775807", LAG_NUMBER},
        {"1e300", "5", "9223372036854775807", LAG_NUMBER},
        {"\"" DAY "2024-03-01\"", "\"" DAY "2024-02-28\"", "2d", LAG_DAYS},
        {"\"2024-03-01\"", "\"2024-02-28\"", "2d", LAG_DAYS},
        {"\"2024-03-01T02:00:00+02:00\"", "\"2024-02-29T23:58:30Z\"", "90s", LAG_TIME},
        {"\"" STAMP "2024-03-01T00:00:00+00:00\"", "\"2024-02-29T22:00:00Z\"", "2h", LAG_TIME},
        {"\"" STAMP "2024-03-01T00:00:00+00:00\"", "\"2024-02-29T22:00:01Z\"", "120m", LAG_TIME},
        {"\"" STAMP "2024-03-01T00:00:00+00:00\"", "\"" DAY "2024-02-26\"", "4d", LAG_TIME},
        {"\"2024-03-01T00:00:00.25Z\"", "\"2024-03-01T00:00:00Z\"", "1s", LAG_TIME},
        {"\"b\"", "\"a\"", "1", LAG_NO_UNIT},
        {"5", "\"2024-03-01\"", "1", LAG_NO_UNIT},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct cursor_value reached, value;
        struct buf a = BUF_INIT, b = BUF_INIT;
        char text[LAG_TEXT];
        int64_t by = -1;
        parse(samples[i].reached, &reached, &a);
        parse(samples[i].value, &value, &b);
        assert_int_equal(lag_between(&reached, &value, &by), samples[i].unit);
        lag_print(samples[i].unit, by, text);
        assert_string_equal(text, samples[i].lag);
        buf_release(&a);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_move_in_their_form),
        cmocka_unit_test(auto_may_name_a_share),
        cmocka_unit_test(what_is_no_lag),
        cmocka_unit_test(what_has_none),
        cmocka_unit_test(how_late_a_row_is),
    };
    return cmocka_run_group_tests_name("lag", tests, NULL, NULL);
}
