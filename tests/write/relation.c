/*
 * Tests of src/write/sql/relation.c: the package's files as SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/loads.h"
#include "tests/write/golden.h"

/* Groups of files, columns that one lacks, columns that nobody brings, casts only where needed. */
static void test_relation(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery load;
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
    FIXTURE_OK(&t, delivery_init(&load, &dialect_duckdb, "p*", package_manifest(t.package), &there,
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
    delivery_release(&load);
    fixture_release(&t);
}

/* Doubles for a column that stays bigint. */
static void test_spill(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery load;
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
    FIXTURE_OK(&t, delivery_init(&load, &dialect_duckdb, "p", package_manifest(t.package), &there,
                                 NULL, &t.err));
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
    delivery_release(&load);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relation),
        cmocka_unit_test(test_spill),
    };
    return cmocka_run_group_tests_name("write/relation", tests, NULL, NULL);
}
