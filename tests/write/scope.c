/* Tests of src/write/sql/scope.c: what is in the scope goes, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

static void say(struct fixture *t, const char *hint, const char *json)
{
    struct table *table = catalog_find(&t->catalog, "person");
    FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, hint, json, &t->err));
}

static const char header[] = "id bigint pk|day bigint|name text|_dlt_id text row";

/* The scope is what it was before anything went: the newest two days. */
static void test_scope_of_the_table_itself(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    say(&t, "x-merge-destination-scope", "\"day > (SELECT max(day) - 2 FROM {table})\"");
    fixture_rows(&t, "person", header, "1|1|Ann|a\n2|2|Bob|b\n3|3|Cy|c\n4|4|Di|d\n");
    fixture_rows(&t, "person__kids", KIDS, "k2|b|b|0|b0\nk3|c|c|0|c0\nk4|d|d|0|d0\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 4, 0, 0);
    fixture_rows(&t, "person", header, "4|4|Dan|e\n5|5|Ed|f\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 1);
    fixture_check(&t, "SELECT id, name FROM d.person ORDER BY id", "1|Ann\n2|Bob\n4|Dan\n5|Ed\n");
    fixture_check(&t, "SELECT n FROM d.person__kids", "k2\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* The scope has its rows even where none of the load is left. */
static void test_nothing_passes(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    say(&t, "x-merge-destination-scope", "\"day = 1\"");
    say(&t, "x-merge-source-filter", "\"day < 0\"");
    fixture_rows(&t, "person", header, "1|-1|Ann|a\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "UPDATE d.person SET day = 1");
    fixture_rows(&t, "person", header, "1|1|Bea|b\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 1);
    assert_int_equal(t.result.counts[0].rows_filtered, 1);
    fixture_check(&t, "SELECT count(*) FROM d.person", "0\n");
    fixture_release(&t);
}

/* A condition that fails at the destination leaves all as it is, and its option is named. */
static void test_unknown_column(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    say(&t, "x-merge-destination-scope", "\"nothing = 1\"");
    fixture_rows(&t, "person", header, "1|1|Ann|a\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|1|Bea|b\n");
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    assert_non_null(strstr(t.err.where, "destination_scope"));
    assert_non_null(strstr(t.err.what, "nothing"));
    fixture_check(&t, "SELECT name FROM d.person", "Ann\n");
    fixture_release(&t);
}

static void golden(const char *name, const char *key)
{
    struct fixture t;
    struct described there = {0};
    start_nested(&t);
    say(&t, "x-merge-source-filter", "\"{staging_table}.v > 1\"");
    say(&t, "x-merge-destination-scope", "\"day IN (SELECT day FROM {staging_table})\"");
    golden_columns(&t, "person", key);
    golden_columns(&t, "person__kids", KIDS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person", key, "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    golden("merge_scope", "id bigint pk|day date|v bigint|gone bool del|_dlt_id text row");
    golden("merge_scope_without_key", "day date|v bigint|_dlt_id text row");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scope_of_the_table_itself),
        cmocka_unit_test(test_nothing_passes),
        cmocka_unit_test(test_unknown_column),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/scope", tests);
}
