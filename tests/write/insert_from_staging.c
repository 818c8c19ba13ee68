/*
 * Tests of src/write/dispositions/insert_from_staging.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/golden.h"
#include "tests/write/replaces.h"

static void test_replaces(void **state)
{
    (void)state;
    replaces_all("insert-from-staging");
}

static void test_fails(void **state)
{
    (void)state;
    replaces_nothing_then_fails("insert-from-staging");
}

/* A column that the load brings no value of, and one of another type in the files. */
static void test_types(void **state)
{
    (void)state;
    struct fixture t;
    replaces_start(&t, "insert-from-staging");
    fixture_rows(&t, "city", CITY "|size bigint", "Bern|c|1\n");
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "city", CITY "|size double", "Riga|d|1.5\n");
    fixture_rows(&t, "city", CITY, "Bonn|e\n");
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT name, size FROM d.city ORDER BY 1", "Bonn|NULL\nRiga|1.5\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    replaces_golden("insert-from-staging", "insert_from_staging");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_types),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/insert_from_staging", tests);
}
