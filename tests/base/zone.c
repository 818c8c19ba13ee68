/* Time zones: when days begin, days of 23 and 25 hours, what is no zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time/calendar.h"
#include "base/time/zone.h"

static int64_t local(const char *text)
{
    struct time_point point;
    assert_true(time_parse_timestamp(text, strlen(text), &point));
    return point.us;
}

static struct time_zone *open_zone(const char *name)
{
    struct tg_error err = {0};
    struct time_zone *zone = NULL;
    if (time_zone_open(name, &zone, &err) != TG_OK)
        fail_msg("%s", err.what);
    return zone;
}

/* {zone, local time, UTC}: the UTC one has the clock show the local one, unless it is left out. */
static void test_instants(void **state)
{
    static const char *const cases[][3] = {
        {"UTC", "2024-01-01T00:00:00", "2024-01-01T00:00:00Z"},
        {"+05:30", "2024-01-01T00:00:00", "2023-12-31T18:30:00Z"},
        {"-03", "2024-01-01T00:00:00.000007", "2024-01-01T03:00:00.000007Z"},
        {"Europe/Berlin", "2024-01-01T00:00:00", "2023-12-31T23:00:00Z"},
        {"Europe/Berlin", "2024-03-31T00:00:00", "2024-03-30T23:00:00Z"},
        {"Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:00:00Z"}, /* left out */
        {"Europe/Berlin", "2024-04-01T00:00:00", "2024-03-31T22:00:00Z"}, /* a day of 23 hours */
        {"Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z"}, /* comes twice */
        {"Europe/Berlin", "2024-10-28T00:00:00", "2024-10-27T23:00:00Z"}, /* a day of 25 hours */
        {"Europe/Berlin", "2099-07-01T00:00:00", "2099-06-30T22:00:00Z"}, /* by the rule */
        {"Europe/Berlin", "2099-12-31T00:00:00", "2099-12-30T23:00:00Z"},
        {"Europe/Berlin", "1800-01-01T00:00:00", "1799-12-31T23:06:32Z"}, /* before the first */
        {"America/New_York", "2024-03-10T02:00:00", "2024-03-10T07:00:00Z"},
        {"America/New_York", "2050-11-06T00:00:00", "2050-11-06T04:00:00Z"},
        {"Australia/Sydney", "2060-01-01T00:00:00", "2059-12-31T13:00:00Z"}, /* summer in January */
        {"Australia/Sydney", "2060-07-01T00:00:00", "2060-06-30T14:00:00Z"},
        {"America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00Z"}, /* no midnight */
        {"Asia/Kolkata", "2024-02-29T00:00:00", "2024-02-28T18:30:00Z"},
        {"Pacific/Apia", "2011-12-30T00:00:00", "2011-12-30T10:00:00Z"}, /* no such day */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct time_zone *zone = open_zone(cases[i][0]);
        int64_t us = time_zone_instant(zone, local(cases[i][1]));
        if (us != local(cases[i][2]))
            fail_msg("%s of %s is %lld, not %s", cases[i][1], cases[i][0], (long long)us,
                     cases[i][2]);
        assert_true(time_zone_local(zone, us) >= local(cases[i][1]));
        time_zone_close(zone);
    }
}

static void test_days(void **state)
{
    (void)state;
    struct time_zone *zone = open_zone("Europe/Berlin");
    int longer = 0, shorter = 0;
    for (int32_t day = time_days_from_civil(2020, 1, 1); day < time_days_from_civil(2120, 1, 1);
         day++) {
        int64_t from = time_zone_instant(zone, day * DAY_US);
        int64_t to = time_zone_instant(zone, (day + 1) * DAY_US);
        assert_int_equal(time_zone_local(zone, from), day * DAY_US);
        longer += to - from == DAY_US + HOUR_US;
        shorter += to - from == DAY_US - HOUR_US;
        assert_true(to - from >= DAY_US - HOUR_US && to - from <= DAY_US + HOUR_US);
    }
    assert_int_equal(longer, 100);
    assert_int_equal(shorter, 100);
    time_zone_close(zone);
}

static void test_none(void **state)
{
    static const char *const names[] = {"",        "Mars/Olympus", "../../etc/passwd",
                                        "Europe",  "/etc/passwd",  "+25",
                                        "+02:00:", "zone.tab",     "+2x"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tg_error err = {0};
        struct time_zone *zone = NULL;
        assert_int_equal(time_zone_open(names[i], &zone, &err), TG_USAGE);
        assert_null(zone);
        assert_non_null(strstr(err.what, "no time zone"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
