/*
 * Tests of src/write/dispositions/append.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

static void test_appends(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_table(&t, "event__tags", "event", DISPOSITION_NONE);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "event", "id bigint pk|v text", "1|a\n1|b\n");
        fixture_rows(&t, "event__tags", "value text|_dlt_parent_id text parent", "x|p\n");
        FIXTURE_WRITE(&t);
        fixture_counts(&t, 0, 2, 0, 0);
        fixture_counts(&t, 1, 1, 0, 0);
    }
    fixture_check(&t, "SELECT v, count(*) FROM d.event GROUP BY v ORDER BY v", "a|2\nb|2\n");
    fixture_check(&t, "SELECT count(*) FROM d.event__tags", "2\n");
    fixture_release(&t);
}

static void test_files_with_other_columns(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "event", "id bigint|v bigint", "1|2\n");
    fixture_rows(&t, "event", "w text|id bigint", "x|2\n");
    fixture_rows(&t, "event", "id bigint|v double", "3|0.5\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_check(&t, "SELECT id, CAST(v AS DECIMAL(9,1)), w FROM d.event ORDER BY id",
                  "1|2.0|NULL\n2|NULL|x\n3|0.5|NULL\n");
    fixture_release(&t);
}

/* A load that only says how many rows were filtered leaves the table alone, and absent. */
static void test_no_rows(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_part(&t, "event")->rows_filtered = 3;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 0);
    fixture_check(&t, "SELECT table_name, rows_filtered, disposition FROM d._tidegate_loads",
                  "event|3|append\n");
    fixture_check(&t, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'event'",
                  "0\n");
    fixture_release(&t);
}

static void test_full_refresh(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "event", "id bigint", "1\n2\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "event", "id bigint", "3\n");
    fixture_part(&t, "event")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, "SELECT id FROM d.event", "3\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    golden_file(&t, "event", "id bigint|v bigint|doc json", "event.1.parquet");
    golden_file(&t, "event", "id bigint|v bigint|doc json", "event.2.parquet");
    golden_file(&t, "event", "id bigint|v double", "event's [3].parquet");
    golden_check(&t, &there, "append", GOLDEN_DATA);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends), cmocka_unit_test(test_files_with_other_columns),
        cmocka_unit_test(test_no_rows), cmocka_unit_test(test_full_refresh),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/append", tests);
}
