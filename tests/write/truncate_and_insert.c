/*
 * Tests of src/write/dispositions/truncate_and_insert.c.
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
    replaces_all("truncate-and-insert");
}

static void test_fails(void **state)
{
    (void)state;
    replaces_nothing_then_fails("truncate-and-insert");
}

/* What is seen of it: where the database has TRUNCATE, the table gets a new file. */
static void test_no_row_is_looked_at(void **state)
{
    (void)state;
    struct fixture t;
    if (!fixture_url)
        skip();
    replaces_start(&t, "truncate-and-insert");
    FIXTURE_OK(&t, connection_exec(t.con,
                                   "CREATE TABLE d.before AS SELECT oid, relfilenode FROM pg_class "
                                   "WHERE oid = 'd.city'::regclass",
                                   NULL, &t.err));
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT c.relfilenode <> b.relfilenode FROM pg_class c JOIN d.before b "
                  "ON b.oid = c.oid",
                  "true\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    replaces_golden("truncate-and-insert", "truncate_and_insert");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_no_row_is_looked_at),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/truncate_and_insert", tests);
}
