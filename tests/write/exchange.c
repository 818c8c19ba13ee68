/* Tests of src/write/sql/exchange.c: the order of what is done, and where rows come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

/* The next load finds what one that only compares has left, and goes on from it. */
static void test_strategies_by_turns(void **state)
{
    (void)state;
    static const char *const strategies[] = {NULL, "upsert", "insert-only", "upsert", NULL};
    static const char *const seen[] = {"1|Ann|1.5\n", "1|Amy|2.5\n", "1|Amy|2.5\n", "1|Amy|2.5\n",
                                       "1|Ann|5.5\n"};
    static const char *const rows[] = {"1|Ann|1.5|a\n", "1|Amy|2.5|a\n", "1|Ann|3.5|a\n",
                                       "1|Amy|4.5|a\n", "1|Ann|5.5|a\n"};
    struct fixture t;
    start_strategy(&t, NULL, true);
    for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
        catalog_find(&t.catalog, "person")->merge_strategy = strategies[i];
        fixture_rows(&t, "person", PERSON, rows[i]);
        FIXTURE_WRITE(&t);
        fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person", seen[i]);
        fixture_no_temporary(&t);
    }
    fixture_release(&t);
}

/* Several rows of a key, of which one is what is there already. */
static void test_winner_is_compared(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, NULL, true);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "1|Amy|2.5|a\n1|Ann|2.5|a\n2|Bob|2.5|b\n2|Ben|2.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 0);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|1.5\n2|Ben|2.5\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategies_by_turns),
        cmocka_unit_test(test_winner_is_compared),
    };
    return run_at_both("write/exchange", tests);
}
