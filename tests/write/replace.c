/*
 * Tests of src/write/dispositions/replace.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"
#include "tests/write/replaces.h"

static void test_replaces(void **state)
{
    (void)state;
    replaces_all(NULL);
}

static void test_fails(void **state)
{
    (void)state;
    replaces_nothing_then_fails(NULL);
}

/* Without the word that the resource was read to its end, a table without rows is not emptied. */
static void test_not_read_to_its_end(void **state)
{
    (void)state;
    struct fixture t;
    replaces_start(&t, NULL);
    fixture_part(&t, "city");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.city", "2\n");
    fixture_release(&t);
}

static void test_never_loaded(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "city", NULL, DISPOSITION_REPLACE);
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'city'",
                  "0\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    replaces_golden(NULL, "replace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_not_read_to_its_end),
        cmocka_unit_test(test_never_loaded),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/replace", tests);
}
