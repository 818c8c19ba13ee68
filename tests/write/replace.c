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

#define TAGS "value text|_dlt_parent_id text parent|_dlt_id text row"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "city", NULL, DISPOSITION_REPLACE);
    fixture_table(t, "city__tags", "city", DISPOSITION_NONE);
    fixture_table(t, "other", NULL, DISPOSITION_APPEND);
    fixture_rows(t, "city", "name text|_dlt_id text row", "Rome|a\nOslo|b\n");
    fixture_rows(t, "city__tags", TAGS, "old|a|a0\nnew|b|b0\nbig|b|b1\n");
    fixture_rows(t, "other", "id bigint", "1\n");
    fixture_part(t, "city")->replaced = true;
    FIXTURE_WRITE(t);
}

static void test_replaces(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    fixture_rows(&t, "city", "name text|_dlt_id text row", "Bern|c\nBern|d\nRiga|e\n");
    fixture_part(&t, "city")->replaced = true;
    fixture_part(&t, "other");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 2);
    fixture_check(&t, "SELECT name FROM d.city ORDER BY 1", "Bern\nBern\nRiga\n");
    fixture_check(&t, "SELECT count(*) FROM d.city__tags", "0\n");
    fixture_check(&t, "SELECT count(*) FROM d.other", "1\n");
    fixture_release(&t);
}

static void test_nothing_yielded(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_part(&t, "city")->replaced = true;
    fixture_part(&t, "city__tags");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 2);
    fixture_counts(&t, 1, 0, 0, 3);
    fixture_check(&t, "SELECT count(*) FROM d.city", "0\n");
    fixture_check(&t, "SELECT count(*) FROM d.city__tags", "0\n");
    fixture_check(&t, "SELECT count(*) FROM d.other", "1\n");
    fixture_release(&t);
}

/* Without the word that the resource was read to its end, a table without rows is not emptied. */
static void test_not_read_to_its_end(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
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
    struct fixture t;
    struct described there = {0};
    fixture_init(&t);
    fixture_table(&t, "city", NULL, DISPOSITION_REPLACE);
    fixture_table(&t, "city__tags", "city", DISPOSITION_NONE);
    golden_columns(&t, "city", "name text|_dlt_id text row");
    golden_columns(&t, "city__tags", TAGS);
    golden_there(&t, &there, "city");
    golden_there(&t, &there, "city__tags");
    golden_file(&t, "city", "name text|_dlt_id text row", "city.1.parquet");
    golden_check(&t, &there, "replace", GOLDEN_DATA);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_nothing_yielded),
        cmocka_unit_test(test_not_read_to_its_end),
        cmocka_unit_test(test_never_loaded),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/replace", tests);
}
