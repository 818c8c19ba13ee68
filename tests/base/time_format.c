/* Times that are written, and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/time/calendar.h"

#define T20240102 (INT64_C(19724) * DAY_US)
#define T030405   (INT64_C(11045) * 1000000)

static void check(struct buf *buf, const char *expected)
{
    assert_string_equal(buf_string(buf), expected);
    buf_clear(buf);
}

static void test_format(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    time_format_timestamp(&buf, T20240102 + T030405, true);
    check(&buf, "2024-01-02T03:04:05+00:00");
    time_format_timestamp(&buf, T20240102 + T030405 + 7, false);
    check(&buf, "2024-01-02T03:04:05.000007");
    time_format_timestamp_z(&buf, T20240102 + T030405 + 123456);
    check(&buf, "2024-01-02T03:04:05.123456Z");
    time_format_timestamp_z(&buf, -1);
    check(&buf, "1969-12-31T23:59:59.999999Z");
    time_format_timestamp(&buf, -DAY_US, false);
    check(&buf, "1969-12-31T00:00:00");
    time_format_timestamp(&buf, -719162 * DAY_US, false);
    check(&buf, "0001-01-01T00:00:00");
    time_format_timestamp(&buf, INT64_MAX, false);
    check(&buf, "294247-01-10T04:00:54.775807");
    time_format_timestamp(&buf, INT64_MIN, false);
    check(&buf, "-290308-12-21T19:59:05.224192");
    time_format_date(&buf, 19724);
    check(&buf, "2024-01-02");
    time_format_date(&buf, INT32_MAX);
    check(&buf, "5881580-07-11");
    time_format_date(&buf, INT32_MIN);
    check(&buf, "-5877641-06-23");
    time_format_time(&buf, T030405);
    check(&buf, "03:04:05");
    time_format_time(&buf, DAY_US - 1);
    check(&buf, "23:59:59.999999");
    time_format_time(&buf, DAY_US); /* SQL's 24:00:00 */
    check(&buf, "24:00:00");
    buf_release(&buf);
}

static void test_nanoseconds(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    time_format_timestamp_ns(&out, -1, false);
    time_format_timestamp_ns(&out, 1000, true);
    time_format_timestamp_ns(&out, 1, true);
    time_format_timestamp_ns(&out, 0, false);
    time_format_timestamp_ns(&out, INT64_MIN, false);
    assert_string_equal(buf_string(&out),
                        "1969-12-31T23:59:59.9999999991970-01-01T00:00:00.000001+00:00"
                        "1970-01-01T00:00:00.000000001+00:001970-01-01T00:00:00"
                        "1677-09-21T00:12:43.145224192");
    buf_release(&out);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    for (int64_t us = -719162 * DAY_US; us < 2932897 * DAY_US; us += INT64_C(1234567890123)) {
        struct time_point point;
        buf_clear(&buf);
        time_format_timestamp(&buf, us, us % 2 == 0);
        assert_true(time_parse_timestamp(buf.data, buf.len, &point));
        assert_true(point.us == us);
        assert_int_equal(point.has_zone, us % 2 == 0);
    }
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_nanoseconds),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests_name("base/time_format", tests, NULL, NULL);
}
