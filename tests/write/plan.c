/*
 * Tests of src/write/plan.c: statements kept and run, files as SQL.
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
    plan_init(&plan);
    add(&plan, "CREATE TABLE a (v BIGINT)", &counted, COUNT_NONE);
    add(&plan, "INSERT INTO a SELECT range FROM range(10)", &counted, COUNT_INSERTED);
    add(&plan, "INSERT INTO a VALUES (1)", &counted, COUNT_INSERTED);
    add(&plan, "DELETE FROM a WHERE v = 1", &counted, COUNT_REPLACED);
    add(&plan, "DELETE FROM a WHERE v = 2", &counted, COUNT_DELETED);
    add(&plan, "DELETE FROM a WHERE v = 3", &uncounted, COUNT_DELETED);
    add(&plan, "DELETE FROM a WHERE v = 4", NULL, COUNT_DELETED);
    FIXTURE_OK(&t, plan_run(&plan, t.con, tallies, &t.err));
    assert_int_equal(tallies[1].inserted, 11);
    assert_int_equal(tallies[1].replaced, 2);
    assert_int_equal(tallies[1].deleted, 1);
    assert_int_equal(tallies[0].deleted, 0);
    add(&plan, "DELETE FROM nowhere", &counted, COUNT_DELETED);
    plan.steps[0].sql = "SELECT 1";
    assert_int_equal(plan_run(&plan, t.con, NULL, &t.err), TG_DESTINATION);
    assert_string_equal(t.err.where, "table 'a'");
    plan_release(&plan);
    fixture_release(&t);
}

/* Groups of files, columns that one lacks, columns that nobody brings, casts only where needed. */
static void test_relation(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct load load;
    struct plan plan;
    struct buf sql = BUF_INIT;
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_MERGE);
    golden_columns(&t, "a", "id bigint|unused text|at timestamp|w wei|doc json");
    golden_there(&t, &there, "a");
    golden_file(&t, "a", "id bigint|doc json", "1'.parquet");
    golden_file(&t, "a", "at timestamp|w wei", "2.parquet");
    golden_file(&t, "a", "id bigint|doc json", "3.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, load_init(&load, &dialect_duckdb, "p*", package_manifest(t.package), &there,
                             NULL, &t.err));
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&load, &plan, &t.err));
    const struct target *target = &load.chains[0].targets[0];
    plan_relation(&sql, &load, target, true);
    assert_string_equal(
        sql.data,
        "SELECT \"id\", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS \"at\", "
        "CAST(NULL AS DECIMAL(38,0)) AS \"w\", CAST(\"doc\" AS JSON) AS \"doc\", "
        "\"_tidegate_order\"\n"
        "FROM read_parquet(['p[*]/1''.parquet', 'p[*]/3.parquet'], hive_partitioning = false)\n"
        "UNION ALL\n"
        "SELECT CAST(NULL AS BIGINT) AS \"id\", \"at\", \"w\", CAST(NULL AS JSON) AS \"doc\", "
        "\"_tidegate_order\"\n"
        "FROM read_parquet(['p[*]/2.parquet'], hive_partitioning = false)");
    buf_clear(&sql);
    plan_columns(&sql, &load, target, "x");
    assert_string_equal(sql.data, "x.\"id\", x.\"at\", x.\"w\", x.\"doc\"");
    buf_release(&sql);
    plan_release(&plan);
    load_release(&load);
    fixture_release(&t);
}

/* Doubles for a column that stays bigint. */
static void test_spill(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct load load;
    struct plan plan;
    struct buf sql = BUF_INIT;
    struct spill spill = {.from = "v", .to = "v__v_double"};
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_APPEND);
    golden_columns(&t, "a", "v bigint|v__v_double double");
    golden_there(&t, &there, "a");
    golden_file(&t, "a", "v double", "1.parquet");
    golden_file(&t, "a", "v double|v__v_double double", "2.parquet");
    golden_file(&t, "a", "v bigint", "3.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, load_init(&load, &dialect_duckdb, "p", package_manifest(t.package), &there, NULL,
                             &t.err));
    load.chains[0].targets[0].spills = &spill;
    struct table_column *column = table_find(load.chains[0].targets[0].table, "v");
    column->spec = (struct type_spec){.type = TYPE_BIGINT};
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&load, &plan, &t.err));
    plan_relation(&sql, &load, &load.chains[0].targets[0], false);
#define WHEN_WHOLE "CASE WHEN CAST(TRY_CAST(\"v\" AS BIGINT) AS DOUBLE) = \"v\" THEN "
#define WHOLE      WHEN_WHOLE "TRY_CAST(\"v\" AS BIGINT) END AS \"v\", "
    assert_string_equal(sql.data,
                        "SELECT " WHOLE WHEN_WHOLE "NULL ELSE \"v\" END AS \"v__v_double\"\n"
                        "FROM read_parquet(['p/1.parquet'], hive_partitioning = false)\n"
                        "UNION ALL\n"
                        "SELECT " WHOLE "coalesce(\"v__v_double\", " WHEN_WHOLE
                        "NULL ELSE \"v\" END) AS \"v__v_double\"\n"
                        "FROM read_parquet(['p/2.parquet'], hive_partitioning = false)\n"
                        "UNION ALL\n"
                        "SELECT \"v\", CAST(NULL AS DOUBLE) AS \"v__v_double\"\n"
                        "FROM read_parquet(['p/3.parquet'], hive_partitioning = false)");
    buf_release(&sql);
    plan_release(&plan);
    load_release(&load);
    fixture_release(&t);
}

static struct fixture tortured;
static struct load tortured_load;

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
               load_init(&tortured_load, &dialect_duckdb, "p", package_manifest(tortured.package),
                         &there, NULL, &tortured.err));
    plan_init(&plan);
    FIXTURE_OK(&tortured, ddl_plan(&tortured_load, &plan, &tortured.err));
    torture(plan_once);
    plan_release(&plan);
    load_release(&tortured_load);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_are_kept),
        cmocka_unit_test(test_rows_are_counted),
        cmocka_unit_test(test_relation),
        cmocka_unit_test(test_spill),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("write/plan", tests, NULL, NULL);
}
