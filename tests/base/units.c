/*
 * Quantities with units: what is one, and how much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text/units.h"

static void sizes_have_units(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"64000000", 64000000}, {"256MiB", 268435456}, {"1GB", 1000000000}, {"3kB", 3000}};
    static const char *const bad[] = {"", "MiB", "-1", "1 GiB", "1.5GiB", "1mib", "99999999999GiB"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(parse_bytes(good[i].text, &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse_bytes(bad[i], &bytes));
}

static void lengths_of_time_have_units(void **state)
{
    (void)state;
    int64_t us = 0;
    const struct {
        const char *text;
        int64_t us;
    } good[] = {{"500ms", 500000}, {"0s", 0}, {"10m", 600000000}, {"2h", 7200000000}};
    static const char *const bad[] = {"",     "10",  "m",          "-1s",
                                      "1.5h", "1 h", "106751992d", "99999999999999999999s"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(parse_duration(good[i].text, &us));
        assert_int_equal(us, good[i].us);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse_duration(bad[i], &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(lengths_of_time_have_units),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
