/* The calendar against the C library's; points in nanoseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <time.h>

#include "base/time/calendar.h"

/* Every day of the years 1 to 9999, step by step, and against timegm each seventh. */
static void test_calendar(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t days = -719162;
    for (int year = 1; year <= 9999; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= length; day++, days++) {
                int y, m, d;
                time_civil_from_days(days, &y, &m, &d);
                if (time_days_from_civil(year, month, day) != days || y != year || m != month ||
                    d != day)
                    fail_msg("%d-%d-%d is day %d and back %d-%d-%d", year, month, day, days, y, m,
                             d);
                struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
                if (days % 7 == 0 && (int64_t)timegm(&tm) != (int64_t)days * 86400)
                    fail_msg("timegm disagrees at %d-%d-%d", year, month, day);
            }
        }
    }
    assert_int_equal(days, 2932897);
}

static void test_calendar_far_away(void **state)
{
    (void)state;
    static const int32_t far_days[] = {INT32_MIN, INT32_MIN + 1, -719529,
                                       -719528,   INT32_MAX - 1, INT32_MAX};
    for (size_t i = 0; i < sizeof(far_days) / sizeof(far_days[0]); i++) {
        int year, month, day;
        time_civil_from_days(far_days[i], &year, &month, &day);
        assert_true(month >= 1 && month <= 12 && day >= 1 && day <= 31);
        if (year > -5000000 && year < 5000000)
            assert_int_equal(time_days_from_civil(year, month, day), far_days[i]);
    }
    assert_int_equal(time_days_from_civil(0, 1, 1), -719528);
    assert_int_equal(time_days_from_civil(-1, 12, 31), -719529);
}

static void test_points(void **state)
{
    (void)state;
    struct time_point point = {.us = -1, .nanos = 999};
    int64_t ns;
    assert_true(time_point_ns(&point, &ns));
    assert_int_equal(ns, -1);
    assert_int_equal(time_us_from_ns(ns), -1);
    assert_int_equal(time_rest_of_ns(ns), 999);
    point = (struct time_point){.us = INT64_MAX / 1000, .nanos = 807};
    assert_true(time_point_ns(&point, &ns));
    assert_int_equal(ns, INT64_MAX);
    point.nanos = 808;
    assert_false(time_point_ns(&point, &ns));
    point.us = INT64_MIN / 1000 - 1;
    assert_false(time_point_ns(&point, &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_calendar_far_away),
        cmocka_unit_test(test_points),
    };
    return cmocka_run_group_tests_name("base/calendar", tests, NULL, NULL);
}
