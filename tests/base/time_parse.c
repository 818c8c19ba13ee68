/* Times that are read: every form that is one, and those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/time/calendar.h"

#define T20240102 (INT64_C(19724) * DAY_US)
#define T030405   (INT64_C(11045) * 1000000)

static void test_timestamps(void **state)
{
    (void)state;
    static const int64_t hour = INT64_C(3600) * 1000000;
    static const int64_t base = T20240102 + T030405;
    const struct {
        const char *text;
        int64_t us;
        bool zone;
        int digits;
    } cases[] = {
        {"2024-01-02T03:04:05Z", base, true, 0},
        {"2024-01-02T03:04:05", base, false, 0},
        {"2024-01-02 03:04:05", base, false, 0},
        {"2024-01-02 03:04:05Z", base, true, 0},
        {"2024-01-02T03:04:05.1", base + 100000, false, 1},
        {"2024-01-02T03:04:05.123456Z", base + 123456, true, 6},
        {"2024-01-02T03:04:05.123456789Z", base + 123456, true, 9},
        {"2024-01-02T03:04:05.9999999+00:00", base + 999999, true, 7},
        {"2024-01-02T03:04:05,25", base + 250000, false, 2},
        {"2024-01-02T03:04:05.000000000000000000000001", base, false, 24},
        {"2024-01-02T03:04:05+02:00", base - 2 * hour, true, 0},
        {"2024-01-02T03:04:05+0200", base - 2 * hour, true, 0},
        {"2024-01-02T03:04:05+02", base - 2 * hour, true, 0},
        {"2024-01-02T03:04:05-05:30", base + 5 * hour + hour / 2, true, 0},
        {"2024-01-02T03:04:05.5-23:59", base + 500000 + 24 * hour - hour / 60, true, 1},
        {"2024-01-02T03:04", base - 5000000, false, 0},
        {"2024-01-02 03:04Z", base - 5000000, true, 0},
        {"2024-01-02T03:04+01:00", base - 5000000 - hour, true, 0},
        {"20240102T030405Z", base, true, 0},
        {"20240102T030405", base, false, 0},
        {"20240102 030405.5", base + 500000, false, 1},
        {"20240102T0304", base - 5000000, false, 0},
        {"20240102T0304Z", base - 5000000, true, 0},
        {"20240102T030405+0200", base - 2 * hour, true, 0},
        {"2024/01/02 03:04:05", base, false, 0},
        {"2024/01/02 03:04:05.75", base + 750000, false, 2},
        {"2024/01/02 03:04", base - 5000000, false, 0},
        {"1970-01-01T00:00:00Z", 0, true, 0},
        {"1969-12-31T23:59:59.999999Z", -1, true, 6},
        {"0001-01-01T00:00:00Z", -719162 * DAY_US, true, 0},
        {"9999-12-31T23:59:59.999999", 2932897 * DAY_US - 1, false, 6},
        {"2024-02-29T00:00:00", 19782 * DAY_US, false, 0},
        {"2000-02-29T00:00:00", 11016 * DAY_US, false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct time_point point = {0};
        if (!time_parse_timestamp(cases[i].text, strlen(cases[i].text), &point))
            fail_msg("'%s' was not taken", cases[i].text);
        if (point.us != cases[i].us || point.has_zone != cases[i].zone ||
            point.fraction_digits != cases[i].digits)
            fail_msg("'%s' became %lld, %d, %d", cases[i].text, (long long)point.us, point.has_zone,
                     point.fraction_digits);
    }
}

static const char *const not_timestamps[] = {
    "",
    "2024-01-02",
    "20240102",
    "2024",
    "2024-W01",
    "2024-001",
    "2024/01/02",
    "2024-01",
    "03:04:05",
    "P1DT2H",
    "2024-01-01/2024-01-02",
    "2024-01-01T00:00:00/2024-01-02T00:00:00",
    "Tue, 02 Jan 2024 03:04:05 GMT",
    " 2024-01-02T03:04:05",
    "2024-01-02T03:04:05 ",
    "2024-01-02T03:04:05 UTC",
    "2024-01-02T25:00:00",
    "2024-01-02T24:00:00",
    "2024-01-02T03:60:00",
    "2024-01-02T03:04:60",
    "2024-13-02T03:04:05",
    "2024-00-02T03:04:05",
    "2024-01-00T03:04:05",
    "2024-01-32T03:04:05",
    "2023-02-29T03:04:05",
    "1900-02-29T00:00:00",
    "2024-04-31T00:00:00",
    "0000-01-01T00:00:00",
    "2024-01-02T",
    "2024-01-02  03:04:05",
    "2024-01-02t03:04:05",
    "2024-01-02T03:04:05z",
    "2024-01-02T03:04:05.",
    "2024-01-02T03:04:05.Z",
    "2024-01-02T03:04.5",
    "2024-01-02T03:04:",
    "2024-01-02T03:04:5",
    "2024-01-02T3:04:05",
    "2024-1-2T03:04:05",
    "2024-01-02T03:04:05+",
    "2024-01-02T03:04:05+2",
    "2024-01-02T03:04:05+02:0",
    "2024-01-02T03:04:05+02:000",
    "2024-01-02T03:04:05+24:00",
    "2024-01-02T03:04:05ZZ",
    "2024-01-02T03:04:05Z+01",
    "2024-0102T03:04:05",
    "202401-02T03:04:05",
    "2024-01/02 03:04:05",
    "2024-01-02T030405",
    "20240102T03:04:05",
    "2024/01/02T03:04:05",
    "2024/01/02 03:04:05Z",
    "2024/01/02 03:04:05+01:00",
    "20240102030405",
    "1704164645",
    "1704164645.123",
    "12024-01-02T03:04:05",
    "-2024-01-02T03:04:05",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "2024-01-02T03:04:0\xB5",
    "20\xC3\x9F-01-02T03:04:05",
    "2024-01-02T-3:04:05",
    "2024-01-02T03:04:05.-5",
};

static void test_not_timestamps(void **state)
{
    (void)state;
    struct time_point point;
    for (size_t i = 0; i < sizeof(not_timestamps) / sizeof(not_timestamps[0]); i++)
        if (time_parse_timestamp(not_timestamps[i], strlen(not_timestamps[i]), &point))
            fail_msg("'%s' was taken as %lld", not_timestamps[i], (long long)point.us);
    assert_false(time_parse_timestamp("2024-01-02T03:04:05\0", 20, &point));
    assert_false(time_parse_timestamp(NULL, 0, &point));
}

/* Nothing beyond `len` is read: the text is not NUL-terminated, and a sanitizer watches. Whatever
 * one changed byte makes of it, the value stays within the years 1 to 9999. */
static void test_lengths_and_damage(void **state)
{
    (void)state;
    static const char *const texts[] = {"2024-01-02T03:04:05.123456+02:00", "20240102T030405Z",
                                        "2024/01/02 03:04:05.5"};
    for (size_t t = 0; t < 3; t++) {
        for (size_t len = 0; len <= strlen(texts[t]); len++) {
            char copy[40];
            struct time_point point;
            char *exact = mem_alloc(len);
            memcpy(exact, texts[t], len);
            (void)time_parse_timestamp(exact, len, &point);
            for (size_t at = 0; at < len; at++) {
                for (int c = 0; c < 256; c++) {
                    memcpy(copy, texts[t], len);
                    copy[at] = (char)c;
                    if (time_parse_timestamp(copy, len, &point))
                        assert_true(point.us >= -719162 * DAY_US && point.us < 2932897 * DAY_US);
                }
            }
            mem_free(exact);
        }
    }
}

static void test_dates(void **state)
{
    (void)state;
    int32_t days = 0;
    assert_true(time_parse_date("2024-01-02", 10, &days));
    assert_int_equal(days, 19724);
    assert_true(time_parse_date("19691231", 8, &days));
    assert_int_equal(days, -1);
    static const char *const texts[] = {
        "",           "2024",       "2024-01",     "2024-01-2",  "2024-0102",        "202401-02",
        "2024/01/02", "2024-02-30", "2024-01-02 ", "0000-01-01", "2024-01-02T00:00", "2024010a",
        "240102"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (time_parse_date(texts[i], strlen(texts[i]), &days))
            fail_msg("'%s' was taken", texts[i]);
}

static void test_clocks(void **state)
{
    (void)state;
    int64_t us = 0;
    assert_true(time_parse_time("03:04", 5, &us));
    assert_int_equal(us, INT64_C(11040) * 1000000);
    assert_true(time_parse_time("03:04:05", 8, &us));
    assert_int_equal(us, T030405);
    assert_true(time_parse_time("23:59:59.9999999", 16, &us));
    assert_int_equal(us, DAY_US - 1);
    static const char *const texts[] = {
        "",          "3:04",           "03",     "0304",      "24:00",   "03:60", "03:04:60",
        "03:04:05Z", "03:04:05+01:00", "03:04:", "03:04:05.", "03:04.5", " 03:04"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (time_parse_time(texts[i], strlen(texts[i]), &us))
            fail_msg("'%s' was taken", texts[i]);
}

/* What dlt 1.26 with pendulum 3 makes of each. */
static const struct {
    const char *text;
    enum time_form form;
    int64_t us;
} forms[] = {
    {"2024-01-02T03:04:05", TIME_STAMP, INT64_C(1704164645000000)},
    {"2024-01-02 03:04:05Z", TIME_STAMP, INT64_C(1704164645000000)},
    {"2024-01-02T03:04:05.1234567", TIME_STAMP, INT64_C(1704164645123456)},
    {"2024-01-02T03:04:05,5", TIME_STAMP, INT64_C(1704164645500000)},
    {"2024-01-02T03:04:05+02", TIME_STAMP, INT64_C(1704157445000000)},
    {"2024-01-02T03:04:05+02:", TIME_STAMP, INT64_C(1704157445000000)},
    {"2024-01-02T03:04:05+0200", TIME_STAMP, INT64_C(1704157445000000)},
    {"2024-01-02T03:04:05+02:60", TIME_STAMP, INT64_C(1704153845000000)},
    {"2024-01-02T03:04:05-23:59", TIME_STAMP, INT64_C(1704250985000000)},
    {"2024-01-02T03:04:05+2:00", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05+020", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05z", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05 Z", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05 UTC", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03", TIME_STAMP, INT64_C(1704164400000000)},
    {"2024-01-02 03", TIME_STAMP, INT64_C(1704164400000000)},
    {"2024-01-02T03Z", TIME_STAMP, INT64_C(1704164400000000)},
    {"2024-01-02T03+02:00", TIME_STAMP, INT64_C(1704157200000000)},
    {"2024-01-02T03:04", TIME_STAMP, INT64_C(1704164640000000)},
    {"2024-01-02T03:04Z", TIME_STAMP, INT64_C(1704164640000000)},
    {"2024-01-02T3", TIME_NONE, INT64_C(0)},
    {"2024-01-02T3:04", TIME_NONE, INT64_C(0)},
    {"2024-01-02 3:04", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:4", TIME_NONE, INT64_C(0)},
    {"2024-01-02T0304", TIME_NONE, INT64_C(0)},
    {"2024-01-02T030405", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:0405", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04.5", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03.5", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:", TIME_NONE, INT64_C(0)},
    {"2024-01-02T", TIME_NONE, INT64_C(0)},
    {"2024-01-02  03:04", TIME_NONE, INT64_C(0)},
    {"2024-01-02t03:04", TIME_NONE, INT64_C(0)},
    {"2024-01-02_03:04", TIME_NONE, INT64_C(0)},
    {"2024-01-02T24:00", TIME_NONE, INT64_C(0)},
    {"2024-01-02T23:60", TIME_NONE, INT64_C(0)},
    {"2024-01-02T23:59:60", TIME_NONE, INT64_C(0)},
    {"2024-01-02", TIME_DATE, INT64_C(1704153600000000)},
    {"2024-01", TIME_DATE, INT64_C(1704067200000000)},
    {"2024", TIME_DATE, INT64_C(1704067200000000)},
    {"2024-1", TIME_NONE, INT64_C(0)},
    {"2024-1-2", TIME_NONE, INT64_C(0)},
    {"2024-01-2", TIME_NONE, INT64_C(0)},
    {"2024-0102", TIME_NONE, INT64_C(0)},
    {"202401-02", TIME_NONE, INT64_C(0)},
    {"2024-01-", TIME_NONE, INT64_C(0)},
    {"2024-", TIME_NONE, INT64_C(0)},
    {"2024-13", TIME_NONE, INT64_C(0)},
    {"2024-00", TIME_NONE, INT64_C(0)},
    {"2024-01-00", TIME_NONE, INT64_C(0)},
    {"2024-02-29", TIME_DATE, INT64_C(1709164800000000)},
    {"2023-02-29", TIME_NONE, INT64_C(0)},
    {"0001-01-01", TIME_DATE, INT64_C(-62135596800000000)},
    {"0000-01-01", TIME_NONE, INT64_C(0)},
    {"9999-12-31", TIME_DATE, INT64_C(253402214400000000)},
    {"12024-01-02", TIME_NONE, INT64_C(0)},
    {"-2024-01-02", TIME_NONE, INT64_C(0)},
    {"+2024-01-02", TIME_NONE, INT64_C(0)},
    {"20240102", TIME_DATE, INT64_C(1704153600000000)},
    {"202401", TIME_NONE, INT64_C(0)},
    {"202413", TIME_NONE, INT64_C(0)},
    {"20241301", TIME_NONE, INT64_C(0)},
    {"2024001", TIME_DATE, INT64_C(1704067200000000)},
    {"2024366", TIME_DATE, INT64_C(1735603200000000)},
    {"2023366", TIME_NONE, INT64_C(0)},
    {"2024000", TIME_NONE, INT64_C(0)},
    {"2024-001", TIME_DATE, INT64_C(1704067200000000)},
    {"2024-366", TIME_DATE, INT64_C(1735603200000000)},
    {"2024-367", TIME_NONE, INT64_C(0)},
    {"2023-366", TIME_NONE, INT64_C(0)},
    {"2024-000", TIME_NONE, INT64_C(0)},
    {"2024-W01", TIME_DATE, INT64_C(1704067200000000)},
    {"2024-W01-3", TIME_DATE, INT64_C(1704240000000000)},
    {"2024-W013", TIME_NONE, INT64_C(0)},
    {"2024W01", TIME_DATE, INT64_C(1704067200000000)},
    {"2024W013", TIME_DATE, INT64_C(1704240000000000)},
    {"2024W01-3", TIME_NONE, INT64_C(0)},
    {"2024-W00", TIME_DATE, INT64_C(1703462400000000)},
    {"2024-W01-0", TIME_DATE, INT64_C(1703980800000000)},
    {"2024-W01-7", TIME_DATE, INT64_C(1704585600000000)},
    {"2024-W01-8", TIME_NONE, INT64_C(0)},
    {"2024-W53", TIME_NONE, INT64_C(0)},
    {"2020-W53", TIME_DATE, INT64_C(1609113600000000)},
    {"2020-W53-7", TIME_DATE, INT64_C(1609632000000000)},
    {"2015-W53-1", TIME_DATE, INT64_C(1451260800000000)},
    {"2024-W54", TIME_NONE, INT64_C(0)},
    {"2024-W1", TIME_NONE, INT64_C(0)},
    {"2024-W", TIME_NONE, INT64_C(0)},
    {"2024-W01-", TIME_NONE, INT64_C(0)},
    {"2024W010", TIME_DATE, INT64_C(1703980800000000)},
    {"2024-W01T03", TIME_STAMP, INT64_C(1704078000000000)},
    {"2024-W01-3T03:04:05Z", TIME_STAMP, INT64_C(1704251045000000)},
    {"2024W013T030405Z", TIME_STAMP, INT64_C(1704251045000000)},
    {"2024-001T03:04", TIME_STAMP, INT64_C(1704078240000000)},
    {"2024001T0304", TIME_STAMP, INT64_C(1704078240000000)},
    {"2024-01T03", TIME_STAMP, INT64_C(1704078000000000)},
    {"2024T03", TIME_NONE, INT64_C(0)},
    {"2024-01-02Z", TIME_NONE, INT64_C(0)},
    {"20240102T03", TIME_STAMP, INT64_C(1704164400000000)},
    {"20240102T03:04", TIME_STAMP, INT64_C(1704164640000000)},
    {"20240102T03:04:05", TIME_NONE, INT64_C(0)},
    {"20240102T0304", TIME_STAMP, INT64_C(1704164640000000)},
    {"20240102T030405", TIME_STAMP, INT64_C(1704164645000000)},
    {"20240102 030405", TIME_STAMP, INT64_C(1704164645000000)},
    {"20240102T030405.5", TIME_STAMP, INT64_C(1704164645500000)},
    {"20240102T030405.5+02", TIME_STAMP, INT64_C(1704157445500000)},
    {"20240102T030405Z", TIME_STAMP, INT64_C(1704164645000000)},
    {"20240102T0304.5", TIME_NONE, INT64_C(0)},
    {"20240102030405", TIME_NONE, INT64_C(0)},
    {"20240102 03:04:05", TIME_STAMP, INT64_C(1704164645000000)},
    {"20240102 03:04:05Z", TIME_NONE, INT64_C(0)},
    {"2024010203:04", TIME_STAMP, INT64_C(1704164640000000)},
    {"202403:04", TIME_DATE, INT64_C(1709510400000000)},
    {"202403:04:05", TIME_STAMP, INT64_C(1704078245000000)},
    {"202403:48", TIME_NONE, INT64_C(0)},
    {"2024 03:04", TIME_STAMP, INT64_C(1704078240000000)},
    {"2024 3:4:5", TIME_STAMP, INT64_C(1704078245000000)},
    {"20243:4", TIME_STAMP, INT64_C(1704078240000000)},
    {"2024 03", TIME_NONE, INT64_C(0)},
    {"2024/01/02", TIME_DATE, INT64_C(1704153600000000)},
    {"2024/0102", TIME_DATE, INT64_C(1704153600000000)},
    {"2024:01:02", TIME_DATE, INT64_C(1704153600000000)},
    {"2024/01:02", TIME_DATE, INT64_C(1704153600000000)},
    {"2024/01", TIME_NONE, INT64_C(0)},
    {"2024.01.02", TIME_NONE, INT64_C(0)},
    {"02/01/2024", TIME_NONE, INT64_C(0)},
    {"2024/01/02 03:04:05", TIME_STAMP, INT64_C(1704164645000000)},
    {"2024/01/02 3:4:5.5", TIME_STAMP, INT64_C(1704164645500000)},
    {"2024/01/02 03:04:05.123456789", TIME_STAMP, INT64_C(1704164645123456)},
    {"2024/01/02 03:04:05.1234567891", TIME_NONE, INT64_C(0)},
    {"2024/01/02 03:04:05Z", TIME_NONE, INT64_C(0)},
    {"2024/01/02T03:04:05", TIME_NONE, INT64_C(0)},
    {"2024/01/0203:04", TIME_STAMP, INT64_C(1704164640000000)},
    {"2024/01/02 03:04.5", TIME_STAMP, INT64_C(1704164640500000)},
    {"2024/01/02 03:", TIME_NONE, INT64_C(0)},
    {"2024/01/02 03", TIME_NONE, INT64_C(0)},
    {"2024/13/02", TIME_NONE, INT64_C(0)},
    {"2024/1/2", TIME_NONE, INT64_C(0)},
    {"03:04", TIME_CLOCK, INT64_C(11040000000)},
    {"03:04:05", TIME_CLOCK, INT64_C(11045000000)},
    {"03:04:05.5", TIME_CLOCK, INT64_C(11045500000)},
    {"03:04:05Z", TIME_CLOCK, INT64_C(11045000000)},
    {"03:04:05+02:00", TIME_CLOCK, INT64_C(3845000000)},
    {"23:30:00-02:00", TIME_CLOCK, INT64_C(5400000000)},
    {"00:30+01", TIME_CLOCK, INT64_C(84600000000)},
    {"3:04", TIME_CLOCK, INT64_C(11040000000)},
    {"3:4:5", TIME_CLOCK, INT64_C(11045000000)},
    {"3:4:5,25", TIME_CLOCK, INT64_C(11045250000)},
    {" 3:04", TIME_CLOCK, INT64_C(11040000000)},
    {"  3:04", TIME_NONE, INT64_C(0)},
    {"03", TIME_NONE, INT64_C(0)},
    {"0304", TIME_DATE, INT64_C(-52573968000000000)},
    {"030405", TIME_NONE, INT64_C(0)},
    {"030405.5", TIME_NONE, INT64_C(0)},
    {"T03", TIME_CLOCK, INT64_C(10800000000)},
    {"T03:04", TIME_CLOCK, INT64_C(11040000000)},
    {"T03:04:05", TIME_NONE, INT64_C(0)},
    {"T0304", TIME_CLOCK, INT64_C(11040000000)},
    {"T030405", TIME_CLOCK, INT64_C(11045000000)},
    {"T030405.5", TIME_CLOCK, INT64_C(11045500000)},
    {"T030405Z", TIME_CLOCK, INT64_C(11045000000)},
    {"T030405+02:00", TIME_CLOCK, INT64_C(3845000000)},
    {"T3", TIME_NONE, INT64_C(0)},
    {"24:00", TIME_NONE, INT64_C(0)},
    {"23:60", TIME_NONE, INT64_C(0)},
    {"3:04Z", TIME_NONE, INT64_C(0)},
    {"03:04:05.", TIME_NONE, INT64_C(0)},
    {":04", TIME_NONE, INT64_C(0)},
    {"03:", TIME_NONE, INT64_C(0)},
    {"12", TIME_NONE, INT64_C(0)},
    {"123", TIME_NONE, INT64_C(0)},
    {"12345", TIME_NONE, INT64_C(0)},
    {"123456", TIME_NONE, INT64_C(0)},
    {"1234567", TIME_NONE, INT64_C(0)},
    {"12345678", TIME_NONE, INT64_C(0)},
    {"123456789", TIME_NONE, INT64_C(0)},
    {"1.5", TIME_NONE, INT64_C(0)},
    {"1e3", TIME_NONE, INT64_C(0)},
    {"-5", TIME_NONE, INT64_C(0)},
    {"", TIME_NONE, INT64_C(0)},
    {"a", TIME_NONE, INT64_C(0)},
    {"P1D", TIME_NONE, INT64_C(0)},
    {"PT1H", TIME_NONE, INT64_C(0)},
    {"P1DT2H", TIME_NONE, INT64_C(0)},
    {"R5", TIME_NONE, INT64_C(0)},
    {"2024-01-02/2024-01-03", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05+02:00[Europe/Berlin]", TIME_NONE, INT64_C(0)},
    {"Tue, 02 Jan 2024 03:04:05 GMT", TIME_NONE, INT64_C(0)},
    {" 2024-01-02T03:04:05", TIME_NONE, INT64_C(0)},
    {"2024-01-02T03:04:05 ", TIME_NONE, INT64_C(0)},
    {"1700000000", TIME_NONE, INT64_C(0)},
    {"0302-01-01", TIME_DATE, INT64_C(-52637040000000000)},
    {"0304:05", TIME_NONE, INT64_C(0)},
    {"3:60", TIME_NONE, INT64_C(0)},
    {"25:00", TIME_NONE, INT64_C(0)},
    {"1:2:3:4", TIME_NONE, INT64_C(0)},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct time_point point = {0};
        size_t len = strlen(forms[i].text);
        char *exact = mem_alloc(len); /* a sanitizer watches what is read */
        memcpy(exact, forms[i].text, len);
        enum time_form form = time_parse(exact, len, &point);
        if (form != forms[i].form || (form != TIME_NONE && point.us != forms[i].us))
            fail_msg("'%s' became %d, %lld", forms[i].text, (int)form, (long long)point.us);
        assert_int_equal(time_parse_timestamp(exact, len, &point), form == TIME_STAMP);
        mem_free(exact);
    }
    struct time_point point;
    assert_int_equal(time_parse("2024-01-02T03:04:05+24:00", 25, &point), TIME_NONE);
    assert_int_equal(time_parse("0001-01-01T00:00:00+02:00", 25, &point), TIME_NONE);
}

static void test_nanoseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
        int nanos;
    } cases[] = {
        {"1970-01-01T00:00:00.123456789", 123456, 789},
        {"1970-01-01T00:00:00.1234567", 123456, 700},
        {"1970-01-01T00:00:00.0000000019", 0, 1},
        {"1970-01-01T00:00:00.123456", 123456, 0},
        {"1969-12-31T23:59:59.999999999Z", -1, 999},
        {"19700101T000000.000000005", 0, 5},
    };
    struct time_point point;
    int64_t ns;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(time_parse_timestamp(cases[i].text, strlen(cases[i].text), &point));
        assert_int_equal(point.us, cases[i].us);
        assert_int_equal(point.nanos, cases[i].nanos);
        assert_true(time_point_ns(&point, &ns));
        assert_int_equal(time_us_from_ns(ns), cases[i].us);
        assert_int_equal(time_rest_of_ns(ns), cases[i].nanos);
    }
    assert_true(time_parse_timestamp("2262-04-11T23:47:16.854775807", 29, &point));
    assert_true(time_point_ns(&point, &ns));
    assert_int_equal(ns, INT64_MAX);
    assert_true(time_parse_timestamp("2262-04-11T23:47:16.854775808", 29, &point));
    assert_false(time_point_ns(&point, &ns));
    assert_true(time_parse_timestamp("0001-01-01T00:00:00", 19, &point));
    assert_false(time_point_ns(&point, &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_not_timestamps),
        cmocka_unit_test(test_lengths_and_damage),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nanoseconds),
    };
    return cmocka_run_group_tests_name("base/time_parse", tests, NULL, NULL);
}
