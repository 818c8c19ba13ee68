/*
 * Tests of src/write/sql/plan.c: statements kept and run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

static void test_statements_are_kept(void **state)
{
    (void)state;
    struct plan plan;
    struct target target = {0};
    struct tg_error err = {0};
    plan_init(&plan);
    buf_text(&plan.text, "SELECT 1");
    assert_int_equal(plan_end(&plan, NULL, COUNT_NONE, &err), TG_OK);
    buf_text(&plan.text, "SELECT 'a;b'");
    assert_int_equal(plan_end(&plan, &target, COUNT_INSERTED, &err), TG_OK);
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.steps[0].sql, "SELECT 1");
    assert_string_equal(plan.steps[1].sql, "SELECT 'a;b'");
    assert_ptr_equal(plan.steps[1].target, &target);
    plan.text.failed = true;
    assert_int_equal(plan_end(&plan, NULL, COUNT_NONE, &err), TG_NOMEM);
    assert_int_equal(plan.count, 2);
    plan_release(&plan);
}

static void add(struct plan *plan, const char *sql, const struct target *target,
                enum step_count count)
{
    struct tg_error err = {0};
    buf_text(&plan->text, sql);
    assert_int_equal(plan_end(plan, target, count, &err), TG_OK);
}

static void test_rows_are_counted(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    struct table table = {.name = "a"};
    struct manifest_table part = {.name = "a"};
    const struct target counted = {.table = &table, .part = &part, .index = 1};
    const struct target uncounted = {.table = &table, .index = SIZE_MAX};
    struct tally tallies[2] = {{0}};
    fixture_init(&t);
    const struct runner runner = {.con = t.con};
    plan_init(&plan);
    add(&plan, "CREATE TABLE a (v BIGINT)", &counted, COUNT_NONE);
    add(&plan, "INSERT INTO a SELECT range FROM range(10)", &counted, COUNT_INSERTED);
    add(&plan, "INSERT INTO a VALUES (1)", &counted, COUNT_INSERTED);
    add(&plan, "DELETE FROM a WHERE v = 1", &counted, COUNT_REPLACED);
    add(&plan, "DELETE FROM a WHERE v = 2", &counted, COUNT_DELETED);
    add(&plan, "DELETE FROM a WHERE v = 3", &uncounted, COUNT_DELETED);
    add(&plan, "DELETE FROM a WHERE v = 4", NULL, COUNT_DELETED);
    FIXTURE_OK(&t, plan_run(&plan, &runner, tallies, &t.err));
    assert_int_equal(tallies[1].inserted, 11);
    assert_int_equal(tallies[1].replaced, 2);
    assert_int_equal(tallies[1].deleted, 1);
    assert_int_equal(tallies[0].deleted, 0);
    add(&plan, "DELETE FROM nowhere", &counted, COUNT_DELETED);
    plan.steps[0].sql = "SELECT 1";
    assert_int_equal(plan_run(&plan, &runner, NULL, &t.err), TG_DESTINATION);
    assert_string_equal(t.err.where, "table 'a'");
    plan_release(&plan);
    fixture_release(&t);
}

/* Queries that count, and that refuse. */
static void test_queries(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    struct table table = {.name = "a"};
    struct manifest_file file = {.row_count = 9};
    struct manifest_table part = {.name = "a", .files = &file, .file_count = 1};
    const struct target target = {.table = &table, .part = &part, .index = 0};
    struct tally tally = {0};
    fixture_init(&t);
    const struct runner runner = {.con = t.con};
    const struct sql_scope scope = {.dialect = &dialect_duckdb};
    struct step count = {.kind = STEP_COUNT, .target = &target, .count = COUNT_PAIRED};
    struct step refuse = {.kind = STEP_REFUSE, .target = &target, .refusal = "there is"};
    plan_init(&plan);
    add(&plan, "CREATE TABLE a AS SELECT range AS v FROM range(6)", NULL, COUNT_NONE);
    add(&plan, "DELETE FROM a WHERE v < 3", &target, COUNT_DELETED);
    add(&plan, "INSERT INTO a VALUES (7), (8)", &target, COUNT_NEW);
    FIXTURE_OK(&t,
               plan_add_step(&plan, &count, &scope, "SELECT SUM(v) FROM a WHERE v < 2", &t.err));
    FIXTURE_OK(&t, plan_add_step(&plan, &count, &scope, "SELECT 2", &t.err));
    FIXTURE_OK(&t, plan_add_step(&plan, &refuse, &scope, "SELECT v FROM a WHERE v < 3", &t.err));
    FIXTURE_OK(&t, plan_run(&plan, &runner, &tally, &t.err));
    assert_int_equal(tally.inserted, 2);
    assert_int_equal(tally.unchanged, 7);
    assert_int_equal(tally.replaced, 2);
    assert_int_equal(tally.deleted, 1);
    plan.count = 0;
    FIXTURE_OK(&t, plan_add_step(&plan, &refuse, &scope, "SELECT v FROM a WHERE v = 7", &t.err));
    assert_int_equal(plan_run(&plan, &runner, &tally, &t.err), TG_DATA);
    assert_string_equal(t.err.what, "there is '7'; nothing was written");
    assert_string_equal(t.err.table, "a");
    plan_release(&plan);
    fixture_release(&t);
}

static void test_old_rows(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    struct table table = {.name = "a"};
    const struct target target = {.table = &table};
    const struct old_rows some = {&target, "{column} > 3", .meets = false};
    const struct old_rows met = {&target, "old.{column} = new.{column}", .meets = true};
    const struct sql_scope scope = {
        &dialect_duckdb, "d",
        SQL_PARTS(SQL_NAME("column", "v"), SQL_PATTERN("new", "b AS new"), SQL_NUMBER("one", 1)),
        NULL};
    fixture_init(&t);
    plan_init(&plan);
    FIXTURE_OK(&t, plan_change(&plan, &some, "{column} = {one}", COUNT_DELETED, &scope, &t.err));
    FIXTURE_OK(&t, plan_change(&plan, &met, "{column} = {one}", COUNT_DELETED, &scope, &t.err));
    assert_string_equal(plan.steps[0].sql, "UPDATE \"d\".\"a\" SET \"v\" = 1\nWHERE \"v\" > 3");
    assert_string_equal(plan.steps[1].sql, "UPDATE \"d\".\"a\" AS old SET \"v\" = 1\nFROM b AS "
                                           "new\nWHERE old.\"v\" = new.\"v\"");
    plan_release(&plan);
    fixture_release(&t);
}

static struct fixture tortured;
static struct delivery tortured_load;

/* The statements of a merge, out of memory at any point. */
static int plan_once(void)
{
    int rc = TG_OK;
    struct plan plan;
    const struct chain *chain = &tortured_load.chains[0];
    plan_init(&plan);
    TRY(chain->driver->stage(&tortured_load, chain, &plan, &tortured.err));
    TRY(chain->driver->apply(&tortured_load, chain, &plan, &tortured.err));
done:
    plan_release(&plan);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|day date mk|gone bool del|v bigint desc|k text row";
    struct described there = {0};
    struct plan plan;
    fixture_init(&tortured);
    fixture_table(&tortured, "a", NULL, DISPOSITION_MERGE);
    fixture_table(&tortured, "a__b", "a", DISPOSITION_NONE);
    golden_columns(&tortured, "a", header);
    golden_columns(&tortured, "a__b", "v bigint|k text row|p text parent");
    golden_there(&tortured, &there, "a");
    golden_there(&tortured, &there, "a__b");
    golden_file(&tortured, "a", header, "1");
    golden_file(&tortured, "a__b", "v double|k text row|p text parent|r text root", "2");
    fixture_complete(&tortured, fixture_begin(&tortured));
    FIXTURE_OK(&tortured,
               delivery_init(&tortured_load, &dialect_duckdb, "p",
                             package_manifest(tortured.package), &there, NULL, &tortured.err));
    plan_init(&plan);
    FIXTURE_OK(&tortured, ddl_plan(&tortured_load, &plan, &tortured.err));
    torture(plan_once);
    plan_release(&plan);
    delivery_release(&tortured_load);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_are_kept),
        cmocka_unit_test(test_rows_are_counted),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_old_rows),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("write/plan", tests, NULL, NULL);
}
