/*
 * Tests of src/write/sql/relation.c: the package's files as SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "package/rejects.h"
#include "tests/database/plain.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

/* Groups of files, columns that one lacks, columns that nobody brings, casts only where needed. */
static void test_relation(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
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
    FIXTURE_OK(&t, delivery_init(&delivery, &dialect_duckdb, "p*", package_manifest(t.package),
                                 &there, NULL, &t.err));
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&delivery, &plan, &t.err));
    const struct target *target = &delivery.chains[0].targets[0];
    FIXTURE_OK(&t, plan_relation(&sql, &delivery, target, WITH_ORDER, &t.err));
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
    const struct sql_scope scope =
        plan_scope(&delivery, SQL_PARTS(SQL_NAMES("c", &target->loaded)));
    FIXTURE_OK(&t, sql_write(&sql, &scope, "{x.c}", &t.err));
    assert_string_equal(sql.data, "x.\"id\", x.\"at\", x.\"w\", x.\"doc\"");
    buf_release(&sql);
    plan_release(&plan);
    delivery_release(&delivery);
    fixture_release(&t);
}

/* Doubles for a column that stays bigint. */
static void test_spill(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
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
    FIXTURE_OK(&t, delivery_init(&delivery, &dialect_duckdb, "p", package_manifest(t.package),
                                 &there, NULL, &t.err));
    delivery.chains[0].targets[0].spills = &spill;
    struct table_column *column = table_find(delivery.chains[0].targets[0].table, "v");
    column->spec = (struct type_spec){.type = TYPE_BIGINT};
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&delivery, &plan, &t.err));
    FIXTURE_OK(&t, plan_relation(&sql, &delivery, &delivery.chains[0].targets[0], 0, &t.err));
#define WHEN_WHOLE                                                                                 \
    "CASE WHEN \"v\" >= -9223372036854775808e0 AND \"v\" < 9223372036854775808e0 AND "             \
    "floor(\"v\") = \"v\" THEN "
#define WHOLE WHEN_WHOLE "CAST(\"v\" AS BIGINT) END AS \"v\", "
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
    delivery_release(&delivery);
    fixture_release(&t);
}

/* ---- a database that cannot read Parquet ---- */

enum { IN_PLACE, BY_DRIVER, BY_LITERALS, WAYS };

static void reject(struct fixture *t, const char *document)
{
    struct rejects rejects = {.row_count = 0};
    struct manifest_table *part = NULL;
    yyjson_doc *doc = yyjson_read(document, strlen(document), 0);
    const struct rejected_row row = {.resource = "event",
                                     .table = "event",
                                     .reason = "it's bad",
                                     .place = "line 3",
                                     .document = yyjson_doc_get_root(doc)};
    FIXTURE_OK(t,
               manifest_add_table(fixture_begin(t), REJECTS_TABLE, "event", false, &part, &t->err));
    FIXTURE_OK(t, rejects_add(&rejects, t->package, "1.5", &row, &t->err));
    FIXTURE_OK(t, rejects_flush(&rejects, t->package, &t->err));
    rejects_release(&rejects);
    yyjson_doc_free(doc);
}

static void two_loads(struct fixture *t)
{
    fixture_table(t, "event", NULL, DISPOSITION_APPEND);
    fixture_table(t, "day", NULL, DISPOSITION_REPLACE);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
    fixture_table(t, "person__tags", "person", DISPOSITION_MERGE);
    fixture_rows(t, "event", "id bigint|at timestamp|price decimal(9,2)",
                 "1|2024-01-02T03:04:05.000006Z|1.25\n");
    fixture_rows(t, "event", "id bigint|doc json|flag bool",
                 "2|{\"a\":\"it's\"}|true\n3|NULL|NULL\n");
    fixture_rows(t, "day", "on date|v double|w wei", "2024-02-29|0.1|12345678901234567890\n");
    fixture_rows(t, "person", "id bigint pk|name text|gone bool del|_dlt_id text row",
                 "1|Ann|NULL|a\n2|B'ob|NULL|b\n2|Bob|NULL|c\n3|Cid|NULL|d\n");
    fixture_rows(t, "person__tags",
                 "value text|_dlt_parent_id text parent|_dlt_root_id text root|_dlt_id text row",
                 "x|a|a|1\ny|c|c|2\nz|d|d|3\n");
    reject(t, "{\"id\":\"x'\"}");
    FIXTURE_WRITE(t);
    fixture_rows(t, "event", "id double", "4\n4.5\n"); /* widens */
    fixture_rows(t, "day", "on date|v double", "2024-03-01|NULL\n");
    fixture_rows(t, "person", "id bigint pk|name text|gone bool del|_dlt_id text row",
                 "1|Anna|NULL|e\n3|Cid|true|f\n4|Dan|NULL|g\n");
    fixture_rows(t, "person__tags",
                 "value text|_dlt_parent_id text parent|_dlt_root_id text root|_dlt_id text row",
                 "xx|e|e|4\nw|g|g|5\n");
    FIXTURE_WRITE(t);
}

/* All that is there, and what the second load says it has done. */
static void tell(struct fixture *t, struct buf *out)
{
    static const char *const tables[] = {"event", "day", "person", "person__tags", REJECTS_TABLE};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char sql[160];
        struct text_rows rows = {0};
        snprintf(sql, sizeof(sql),
                 "SELECT regexp_replace(to_json(t)::VARCHAR, ',\"inserted_at\":\"[^\"]*\"', '') "
                 "FROM d.%s AS t ORDER BY 1",
                 tables[i]);
        FIXTURE_OK(t, connection_fetch(t->con, sql, &rows, &t->err));
        for (size_t r = 0; r < rows.row_count; r++)
            buf_printf(out, "%s: %s\n", tables[i], text_cell(&rows, r, 0));
        text_rows_release(&rows);
    }
    for (size_t i = 0; i < t->result.count; i++)
        buf_printf(out, "%d %d %d\n", (int)t->result.counts[i].rows_inserted,
                   (int)t->result.counts[i].rows_updated, (int)t->result.counts[i].rows_deleted);
}

/* The same rows whether the database reads the files or the reader sends their rows, by the driver
 * or by INSERTs of literals. */
static void test_ways(void **state)
{
    (void)state;
    struct buf texts[WAYS] = {0};
    struct dialect dialect = dialect_duckdb;
    dialect.parquet = NULL;
    for (int way = 0; way < WAYS; way++) {
        struct fixture t;
        struct plain plain;
        fixture_init(&t);
        plain_take(&plain, t.con);
        if (way != BY_LITERALS)
            t.con->driver = plain.own;
        if (way != IN_PLACE)
            t.con->dialect = &dialect;
        two_loads(&t);
        tell(&t, &texts[way]);
        fixture_no_temporary(&t);
        plain_give_back(&plain, t.con);
        fixture_release(&t);
        assert_string_equal(buf_string(&texts[way]), buf_string(&texts[IN_PLACE]));
    }
    assert_non_null(strstr(texts[0].data, "\"name\":\"Anna\""));
    assert_null(strstr(texts[0].data, "Cid"));
    assert_non_null(strstr(texts[0].data, "_tidegate_rejects: {\"load_id\":\"1.5\""));
    assert_non_null(strstr(texts[0].data, "\"document\":{\"id\":\"x'\"}"));
    for (int way = 0; way < WAYS; way++)
        buf_release(&texts[way]);
}

static void test_steps_of_the_reader(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan plan;
    struct dialect dialect = dialect_duckdb;
    dialect.parquet = NULL;
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_APPEND);
    golden_file(&t, "a", "id bigint|doc json", "1.parquet");
    golden_file(&t, "a", "price decimal(9,2)", "2.parquet");
    golden_file(&t, "a", "id bigint|doc json", "3.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, delivery_init(&delivery, &dialect, "p", package_manifest(t.package), &there,
                                 NULL, &t.err));
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&delivery, &plan, &t.err));
    size_t first = plan.count;
    FIXTURE_OK(&t, plan_insert(&plan, &delivery, &delivery.chains[0].targets[0], &t.err));
    assert_int_equal(plan.count, first + 2);
    for (size_t i = first; i < plan.count; i++) {
        assert_int_equal(plan.steps[i].kind, STEP_FILL);
        assert_string_equal(plan.steps[i].into.dataset, "d");
        assert_string_equal(plan.steps[i].into.table, "a");
        assert_int_equal(plan.steps[i].count, COUNT_INSERTED);
    }
    /* JSON is sent as the text that it is stored as. */
    assert_string_equal(plan.steps[first].sql, "SELECT \"id\", \"doc\"\n"
                                               "FROM read_parquet(['p/1.parquet', 'p/3.parquet'], "
                                               "hive_partitioning = false)");
    assert_string_equal(plan.steps[first + 1].sql,
                        "SELECT \"price\"\n"
                        "FROM read_parquet(['p/2.parquet'], hive_partitioning = false)");
    plan_release(&plan);
    delivery_release(&delivery);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relation),
        cmocka_unit_test(test_spill),
        cmocka_unit_test(test_steps_of_the_reader),
        cmocka_unit_test(test_ways),
    };
    return cmocka_run_group_tests_name("write/relation", tests, NULL, NULL);
}
