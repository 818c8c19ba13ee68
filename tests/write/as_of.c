/* Tests of src/write/sql/as_of.c: tables as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "catalog/history.h"
#include "tests/write/merges.h"
#include "write/sql/as_of.h"

static void mark(struct fixture *t, const char *table, const char *column, const char *key,
                 const char *json)
{
    struct table_column *found = table_find(catalog_find(&t->catalog, table), column);
    FIXTURE_OK(t, extra_set(&t->catalog, &found->extras, key, json, &t->err));
}

static void start_tables(struct fixture *t)
{
    start_strategy(t, "scd2", false);
    nest_kids(t);
    fixture_table(t, "other", NULL, DISPOSITION_APPEND);
    golden_columns(t, "person", "since timestamp|until timestamp|_dlt_id text");
    golden_columns(t, "person__kids", "_dlt_parent_id text parent|_dlt_id text row");
    golden_columns(t, "person__kids__toys", "_dlt_parent_id text parent|_dlt_id text row");
    golden_columns(t, "other", "id bigint");
    mark(t, "person", "since", HISTORY_FROM, "true");
    mark(t, "person", "until", HISTORY_TO, "true");
    mark(t, "person", "until", HISTORY_ACTIVE, "\"2000-01-01\"");
}

static int plan_of(struct fixture *t, const struct described *there, struct plan *plan)
{
    struct sql_names names;
    const struct sql_scope dataset = {.dialect = golden_dialect, .dataset = "d"};
    int rc =
        as_of_plan(&t->catalog, there, &dataset, INT64_C(1706745600000000), plan, &names, &t->err);
    assert_int_equal(rc == TG_OK ? names.count : plan->count, plan->count);
    return rc;
}

/* Of a nested table that is not there, nothing is seen; nor of what is nested in it. */
static void test_views(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    struct described there = {0};
    start_tables(&t);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_there(&t, &there, "other");
    plan_init(&plan);
    FIXTURE_OK(&t, plan_of(&t, &there, &plan));
    assert_int_equal(plan.count, 2);
    assert_string_equal(
        plan.steps[0].sql,
        "CREATE TEMP VIEW \"person\" AS\n"
        "SELECT * FROM \"d\".\"person\"\n"
        "WHERE \"since\" <= CAST('2024-02-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "
        "(\"until\" IS NULL OR \"until\" > CAST('2024-02-01T00:00:00+00:00' AS TIMESTAMP WITH TIME "
        "ZONE) OR \"until\" = CAST('2000-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE))");
    assert_string_equal(plan.steps[1].sql,
                        "CREATE TEMP VIEW \"person__kids\" AS\n"
                        "SELECT * FROM \"d\".\"person__kids\"\n"
                        "WHERE \"_dlt_parent_id\" IN (SELECT \"_dlt_id\" FROM \"person\")");
    plan_release(&plan);
    described_release(&there);
    fixture_release(&t);
}

static void test_no_history(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    struct described there = {0};
    start_tables(&t);
    golden_there(&t, &there, "other");
    plan_init(&plan);
    assert_int_equal(plan_of(&t, &there, &plan), TG_USAGE);
    assert_string_equal(t.err.what,
                        "no table of dataset 'd' keeps its history (merge strategy scd2), so that "
                        "nothing is known of how it was");
    plan_release(&plan);
    described_release(&there);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_no_history),
    };
    return cmocka_run_group_tests_name("write/as_of", tests, NULL, NULL);
}
