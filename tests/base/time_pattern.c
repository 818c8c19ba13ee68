/* src/base/time/time_pattern.c: times by a pattern, and texts that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/time.h"

static void check(const char *pattern, const char *text, const char *expected)
{
    struct time_point point;
    struct buf out = BUF_INIT;
    if (time_read_as(pattern, text, strlen(text), &point))
        time_format_timestamp(&out, point.us, point.has_zone);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void test_points(void **state)
{
    (void)state;
    check("%d.%m.%Y", "31.12.2024", "2024-12-31T00:00:00");
    check("%d.%m.%Y", "1.2.2024", "2024-02-01T00:00:00");
    check("%m/%d/%y %I:%M %p", "02/29/24 11:05 PM", "2024-02-29T23:05:00");
    check("%d %b %Y", "5 Mar 1999", "1999-03-05T00:00:00");
    check("%Y%m%d%H%M%S.%f", "20240102030405.5", "2024-01-02T03:04:05.500000");
    check("%d.%m.%Y 50%%f", "1.2.2024 50%f", "2024-02-01T00:00:00"); /* %% is a character */
    check("%-d.%-m.%Y", "1.2.2024", "2024-02-01T00:00:00");
    check("%d.%m.%Y %H:%M %Z", "01.02.2024 03:04 UTC", "2024-02-01T03:04:00");
    check("%d/%m/%Y %H:%M %z", "01/02/2024 03:04 +0200", "2024-02-01T01:04:00+00:00");
}

static void test_none(void **state)
{
    (void)state;
    check("%d.%m.%Y", "31.02.2024", "");
    check("%d.%m.%Y", "29.02.2023", "");
    check("%d.%m.%Y", "1.2.2024 ", "");
    check("%d.%m.%Y", "1.2.", "");
    check("%d.%m.%Y", "", "");
    check("%S.%f", "5.", "");
    assert_false(time_read_as("%Y", "2024\0", 5, &(struct time_point){.us = 0}));
}

static void test_patterns(void **state)
{
    char long_one[200] = {0};
    (void)state;
    memset(long_one, '%', sizeof(long_one) - 1);
    assert_true(time_pattern_is_good("%d"));
    assert_false(time_pattern_is_good("d"));
    assert_true(time_pattern_is_good("%Y-%m-%dT%H:%M:%S.%f%z"));
    assert_true(time_pattern_is_good("%F %T"));
    assert_true(time_pattern_is_good("%-d.%-m.%Y"));
    assert_true(time_pattern_is_good("%Od/%m/%4Y %k:%M %Z"));
    static const char *const none[] = {"%s", "%-s", "%Q",  "%-Q", "%-f", "%d %",
                                       "%-", "%E",  "%%d", "%%",  "%",   ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (time_pattern_is_good(none[i]))
            fail_msg("%s", none[i]);
    assert_false(time_pattern_is_good(long_one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests_name("base/time_pattern", tests, NULL, NULL);
}
