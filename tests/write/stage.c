/* Tests of src/write/sql/stage.c: of each key one row, and which; what the scope says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

#include "write/sql/stage.h"

static void test_last_read_wins(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|a|1.5|a\n2|a|1.5|b\n1|b|1.5|c\n");
    fixture_rows(&t, "person", "id bigint pk|age bigint|_dlt_load_id text|_dlt_id text row",
                 "1|7|1.5|d\n3|7|1.5|e\n3|8|1.5|f\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_check(&t, "SELECT id, name, age, _dlt_id FROM d.person ORDER BY id",
                  "1|NULL|7|d\n2|a|NULL|b\n3|NULL|8|f\n");
    fixture_release(&t);
}

static void test_dedup_sort(void **state)
{
    (void)state;
    static const char rows[] = "1|5|a\n1|9|b\n1|NULL|c\n1|2|d\n2|NULL|e\n";
    struct fixture t;
    start(&t);
    fixture_table(&t, "other", NULL, DISPOSITION_MERGE);
    fixture_rows(&t, "person", "id bigint pk|v bigint desc|_dlt_id text row", rows);
    fixture_rows(&t, "other", "id bigint pk|v bigint asc|_dlt_id text row", rows);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, v, _dlt_id FROM d.person ORDER BY id", "1|9|b\n2|NULL|e\n");
    fixture_check(&t, "SELECT id, v, _dlt_id FROM d.other ORDER BY id", "1|2|d\n2|NULL|e\n");
    fixture_release(&t);
}

static void test_key_without_values(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", "id bigint pk|v bigint|_dlt_id text row", "1|1|a\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", "v bigint|_dlt_id text row", "1|a\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_non_null(strstr(t.err.what, "primary key column 'id' of table 'person' has no value"));
    fixture_release(&t);
}

static void check(const struct stage *stage, const char *pattern, const char *expected)
{
    struct buf sql = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(sql_write(&sql, &stage->scope, pattern, &err), TG_OK);
    assert_string_equal(buf_string(&sql), expected);
    buf_release(&sql);
}

/* Opens the stage of a load with these columns. */
static void open_stage(struct fixture *t, const char *header, struct delivery *delivery,
                       struct plan *plan, struct stage *stage)
{
    struct described there = {0};
    start(t);
    golden_columns(t, "person", header);
    golden_file(t, "person", header, "1");
    fixture_complete(t, fixture_begin(t));
    FIXTURE_OK(t, delivery_init(delivery, &dialect_duckdb, "p", package_manifest(t->package),
                                &there, NULL, &t->err));
    plan_init(plan);
    FIXTURE_OK(t, ddl_plan(delivery, plan, &t->err));
    plan_release(plan);
    plan_init(plan);
    FIXTURE_OK(t, stage_open(stage, delivery, &delivery->chains[0], &plan->arena, &t->err));
}

static void close_stage(struct fixture *t, struct delivery *delivery, struct plan *plan)
{
    plan_release(plan);
    delivery_release(delivery);
    fixture_release(t);
}

static void test_scope(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct plan plan;
    struct stage stage;
    open_stage(&t, "id bigint pk|gone bool del|_dlt_id text row", &delivery, &plan, &stage);
    assert_true(stage_has_key(&stage));
    check(&stage, "{stage} {table} ({columns}){where_stays}{and_stays}, {goes}",
          "\"_tidegate_stage_0\" \"d\".\"person\" (\"id\", \"gone\", \"_dlt_id\")\n"
          "WHERE \"gone\" IS NOT TRUE AND \"gone\" IS NOT TRUE, \"gone\" IS TRUE");
    FIXTURE_OK(&t, stage_rows(&stage, &plan, &t.err));
    assert_int_equal(plan.count, 3);
    FIXTURE_OK(&t, stage_drop(&delivery, &delivery.chains[0], &plan, &t.err));
    assert_string_equal(plan.steps[3].sql, "DROP TABLE IF EXISTS \"_tidegate_stage_0\"");
    close_stage(&t, &delivery, &plan);
}

/* Without a primary key nothing is ranked; without marks all rows stay. */
static void test_scope_without_marks(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct plan plan;
    struct stage stage;
    open_stage(&t, "day date mk|_dlt_id text row", &delivery, &plan, &stage);
    assert_true(stage_has_key(&stage));
    check(&stage, "{columns}{where_stays}{and_stays}", "\"day\", \"_dlt_id\"");
    FIXTURE_OK(&t, stage_rows(&stage, &plan, &t.err));
    assert_int_equal(plan.count, 1);
    assert_null(strstr(plan.steps[0].sql, ORDER_COLUMN));
    close_stage(&t, &delivery, &plan);
    open_stage(&t, "v bigint|_dlt_id text row", &delivery, &plan, &stage);
    assert_false(stage_has_key(&stage));
    close_stage(&t, &delivery, &plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_read_wins),      cmocka_unit_test(test_dedup_sort),
        cmocka_unit_test(test_key_without_values),  cmocka_unit_test(test_scope),
        cmocka_unit_test(test_scope_without_marks),
    };
    return run_at_both("write/stage", tests);
}
