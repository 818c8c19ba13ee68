/* Steps of a backfill: numbers, hours, days of a zone, months that have no 31st. */
#include "run/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "run/bounds.h"

/* Where the n-th step from `from` leads; NULL: nowhere, or (n 0) there is no such size. */
static void test_steps(void **state)
{
    static const struct {
        const char *from, *size, *zone;
        int64_t steps;
        const char *to;
    } cases[] = {
        {"0", "1000", NULL, 3, "3000"},
        {"0", "1000", NULL, -3, "-3000"},
        {"0.5", "0.25", NULL, 2, "1"},
        {"1", "2.5", NULL, 1, "3.5"},
        {"9223372036854775800", "1000", NULL, 1, NULL},
        {"2024-01-01", "6h", NULL, 4, "2024-01-02"},
        {"2024-01-01", "15m", NULL, 2, "2024-01-01T00:30:00Z"},
        {"2024-01-01", "30s", NULL, 1, "2024-01-01T00:00:30Z"},
        {"2024-01-01", "1d", NULL, 59, "2024-02-29"},
        {"2024-01-01", "2w", NULL, 1, "2024-01-15"},
        {"2024-01-31", "1mo", NULL, 1, "2024-02-29"},
        {"2024-01-31", "1mo", NULL, 2, "2024-03-31"},
        {"2024-03-31", "1mo", NULL, -1, "2024-02-29"},
        {"2024-01-15T06:00:00Z", "1mo", NULL, 12, "2025-01-15T06:00:00Z"},
        {"2024-02-29", "1y", NULL, 1, "2025-02-28"},
        {"2024-03-31", "1d", "Europe/Berlin", 1, "2024-03-31T22:00:00Z"}, /* 23 hours */
        {"2024-10-27", "1d", "Europe/Berlin", 1, "2024-10-27T23:00:00Z"}, /* 25 */
        {"2024-03-31", "24h", "Europe/Berlin", 1, "2024-03-31T23:00:00Z"},
        {"2024-01-01", "1mo", "America/New_York", 3, "2024-04-01T04:00:00Z"},
        {"9999-01-01", "1y", NULL, 1, NULL},
        {"9999-12-31", "1d", NULL, 1, NULL},
        {"2024-01-01", "1000", NULL, 0, NULL},
        {"2024-01-01", "0d", NULL, 0, NULL},
        {"2024-01-01", "-1d", NULL, 0, NULL},
        {"2024-01-01", "1x", NULL, 0, NULL},
        {"2024-01-01", "d", NULL, 0, NULL},
        {"2024-01-01", "99999999999d", NULL, 0, NULL},
        {"0", "1d", NULL, 0, NULL},
        {"0", "0", NULL, 0, NULL},
        {"0", "-1", NULL, 0, NULL},
        {"abc", "1", NULL, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err = {0};
        struct time_zone *zone = NULL;
        struct cursor_value from, to;
        struct step_size size;
        char shown[BOUND_SHOWN];
        if (cases[i].zone)
            assert_int_equal(time_zone_open(cases[i].zone, &zone, &err), TG_OK);
        assert_int_equal(bound_parse(cases[i].from, BOUND_ANY, zone, &from, &err), TG_OK);
        int rc = step_parse(cases[i].size, &from, &size, &err);
        if (rc != (cases[i].steps ? TG_OK : TG_USAGE))
            fail_msg("%s from %s: %d", cases[i].size, cases[i].from, rc);
        bool goes = rc == TG_OK && step_go(&size, zone, &from, cases[i].steps, &to);
        if (goes != (cases[i].to != NULL) || (goes && strcmp(bound_print(&to, shown), cases[i].to)))
            fail_msg("%s from %s, %lld times: %s", cases[i].size, cases[i].from,
                     (long long)cases[i].steps, goes ? bound_print(&to, shown) : "nowhere");
        time_zone_close(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
