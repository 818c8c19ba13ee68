/*
 * Tests of src/write/dispositions/replace_range.c: what a load leaves, and what it does not touch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/golden.h"
#include "tests/write/ranges.h"

static void start_filled(struct fixture *t)
{
    ranges_start(t);
    ranges_nest(t);
    fixture_rows(t, "days", DAYS, "2024-01-01|1|1.5|a\n2024-01-02|1|1.5|b\n2024-01-03|1|1.5|c\n");
    fixture_rows(t, "days__notes", NOTES, "x|a|a0\ny|b|b0\nz|c|c0\n");
    fixture_rows(t, "days__notes__words", WORDS, "x|a0|a00\ny|b0|b00\nz|c0|c00\n");
    ranges_window(t, "2024-01-01", "2024-02-01");
    FIXTURE_WRITE(t);
    fixture_counts(t, 0, 3, 0, 0);
}

/* The same rows again, and others: with nested rows, two levels deep, that bear no root's id. */
static void test_window(void **state)
{
    (void)state;
    struct fixture t;
    start_filled(&t);
    fixture_exec(&t, "INSERT INTO d.days (n, _dlt_load_id, _dlt_id) VALUES (9, '0', 'null')");
    fixture_rows(&t, "days", DAYS, "2024-01-02|2|2.5|d\n2024-01-02|2|2.5|e\n");
    fixture_rows(&t, "days__notes", NOTES, "new|e|e0\n");
    fixture_part(&t, "days__notes__words");
    ranges_window(&t, "2024-01-02", "2024-01-03");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 1);
    fixture_counts(&t, 1, 1, 0, 1);
    fixture_counts(&t, 2, 0, 0, 1);
    fixture_check(&t, "SELECT day, n, _dlt_id FROM d.days ORDER BY day, _dlt_id",
                  "2024-01-01|1|a\n2024-01-02|2|d\n2024-01-02|2|e\n2024-01-03|1|c\nNULL|9|null\n");
    fixture_check(&t, "SELECT value FROM d.days__notes ORDER BY 1", "new\nx\nz\n");
    fixture_check(&t, "SELECT value FROM d.days__notes__words ORDER BY 1", "x\nz\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_nothing_comes(void **state)
{
    (void)state;
    struct fixture t;
    start_filled(&t);
    ranges_window(&t, "2024-01-02", NULL);
    fixture_part(&t, "days__notes");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 2);
    fixture_counts(&t, 1, 0, 0, 2);
    fixture_check(&t, "SELECT _dlt_id FROM d.days", "a\n");
    /* Of what comes there is no range. */
    ranges_delivered(&t, "day");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT _dlt_id FROM d.days", "a\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_full_refresh(void **state)
{
    (void)state;
    struct fixture t;
    start_filled(&t);
    fixture_rows(&t, "days", DAYS, "2024-01-02|2|2.5|d\n");
    fixture_part(&t, "days")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 3);
    fixture_check(&t, "SELECT _dlt_id FROM d.days", "d\n");
    fixture_check(&t, "SELECT count(*) FROM d.days__notes__words", "0\n");
    fixture_release(&t);
}

/* A second table that cannot be filled: all old rows are there. */
static void test_fails(void **state)
{
    (void)state;
    struct fixture t;
    start_filled(&t);
    fixture_table(&t, "other", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "other", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "CREATE UNIQUE INDEX one ON d.other (id)");
    fixture_rows(&t, "days", DAYS, "2024-01-02|2|2.5|d\n");
    ranges_window(&t, "2024-01-01", NULL);
    fixture_rows(&t, "other", "id bigint", "1\n");
    assert_int_not_equal(fixture_write(&t), TG_OK);
    fixture_check(&t, "SELECT count(*) FROM d.days", "3\n");
    fixture_check(&t, "SELECT count(*) FROM d.days__notes", "3\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_package_without_a_range(void **state)
{
    (void)state;
    struct fixture t;
    start_filled(&t);
    fixture_rows(&t, "days", DAYS, "2024-01-02|2|2.5|d\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_non_null(strstr(t.err.what, "does not say which rows of table 'days'"));
    fixture_check(&t, "SELECT count(*) FROM d.days", "3\n");
    fixture_release(&t);
}

static void golden(const char *name, bool nested, const struct manifest_range *range)
{
    struct fixture t;
    struct described there = {0};
    ranges_start(&t);
    golden_columns(&t, "days", DAYS);
    golden_there(&t, &there, "days");
    golden_file(&t, "days", DAYS, "days.1.parquet");
    if (nested) {
        ranges_nest(&t);
        golden_columns(&t, "days__notes", NOTES);
        golden_columns(&t, "days__notes__words", WORDS);
        golden_there(&t, &there, "days__notes");
        golden_there(&t, &there, "days__notes__words");
        golden_file(&t, "days__notes", NOTES, "days__notes.1.parquet");
    }
    ranges_say(&t, range);
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    golden("replace_range", true,
           &(struct manifest_range){.column = "day",
                                    .from_kind = RANGE_TEXT,
                                    .from = "2024-01-02",
                                    .to_kind = RANGE_TEXT,
                                    .to = "2024-01-03T12:00:00Z"});
    golden("replace_range_open", false,
           &(struct manifest_range){.column = "n", .from_kind = RANGE_NUMBER, .from = "7"});
    golden("replace_range_delivered", true,
           &(struct manifest_range){.column = "n", .delivered = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_nothing_comes),
        cmocka_unit_test(test_full_refresh),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_package_without_a_range),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/replace_range", tests);
}
