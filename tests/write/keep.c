/*
 * Tests of src/write/sql/keep.c: what a load keeps for its undo. That it is enough is tested by
 * undo.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

static const char persons[] = "1|Ann|%d.5|a\n2|Bob|%d.5|b\n";

static void load(struct fixture *t, int64_t undo_loads)
{
    char rows[64];
    snprintf(rows, sizeof(rows), persons, t->load + 1, t->load + 1);
    fixture_begin(t)->undo_loads = undo_loads;
    fixture_rows(t, "person", PERSON, rows);
    FIXTURE_WRITE(t);
}

#define KEPT_TABLES                                                                                \
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'd' "                     \
    "AND table_name LIKE '\\_tidegate\\_undo\\_%' ESCAPE '\\'"

static void test_rows_are_kept(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    load(&t, 3);
    load(&t, 3);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d._tidegate_undo_2_5_1_old ORDER BY 1",
                  "1|Ann|1.5\n2|Bob|1.5\n");
    fixture_check(&t, "SELECT row_id FROM d._tidegate_undo_2_5_1_left ORDER BY 1", "a\nb\n");
    fixture_check(&t,
                  "SELECT load_id, table_name, old_table, left_table, state_version, "
                  "schema_version FROM d._tidegate_undo WHERE shape IS NOT NULL ORDER BY 1",
                  "1.5|person|NULL|_tidegate_undo_1_5_1_left|0|0\n"
                  "2.5|person|_tidegate_undo_2_5_1_old|_tidegate_undo_2_5_1_left|1|2\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_older_loads_are_forgotten(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    for (int i = 0; i < 5; i++)
        load(&t, 2);
    fixture_check(&t, "SELECT DISTINCT load_id FROM d._tidegate_undo ORDER BY 1", "4.5\n5.5\n");
    fixture_check(&t, KEPT_TABLES, "4\n");
    load(&t, 1);
    fixture_check(&t, "SELECT DISTINCT load_id FROM d._tidegate_undo ORDER BY 1", "6.5\n");
    load(&t, 0); /* what is older cannot be undone any more */
    fixture_check(&t, "SELECT count(*) FROM d._tidegate_undo", "0\n");
    fixture_check(&t, KEPT_TABLES, "0\n");
    fixture_release(&t);
}

/* Another pipeline's are none of ours. */
static void test_others_keep_theirs(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    load(&t, 3);
    fixture_exec(&t, "INSERT INTO d._tidegate_undo (load_id, pipeline_name, table_name, "
                     "resource_name, state_version, state_hash, schema_version, schema_hash, "
                     "left_hash, probe) VALUES ('0.1', 'other', '', '', 0, '', 0, '', '', '')");
    load(&t, 0);
    fixture_check(&t, "SELECT load_id FROM d._tidegate_undo", "0.1\n");
    fixture_release(&t);
}

static void test_nothing_is_kept_unasked(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    load(&t, 0);
    load(&t, 0);
    fixture_check(&t,
                  "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'd' "
                  "AND table_name LIKE '%undo%'",
                  "0\n");
    fixture_release(&t);
}

static void test_rows_without_ids_are_refused(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_begin(&t)->undo_loads = 1;
    fixture_rows(&t, "person", "id bigint pk|_dlt_load_id text", "1|1.5\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_non_null(strstr(t.err.what, "'person' has no row key"));
    fixture_release(&t);
}

/* Rows that go by a merge key are kept by the statement that deletes them. */
static void test_groups_are_kept(void **state)
{
    (void)state;
    static const char header[] =
        "id bigint|g text mk|_dlt_load_id text notnull|_dlt_id text row notnull";
    struct fixture t;
    start(&t);
    for (int i = 0; i < 2; i++) {
        fixture_begin(&t)->undo_loads = 2;
        fixture_rows(&t, "person", header,
                     i == 0 ? "1|x|1.5|a\n2|x|1.5|b\n3|NULL|1.5|c\n4|y|1.5|d\n"
                            : "9|x|2.5|e\n8|NULL|2.5|f\n");
        FIXTURE_WRITE(&t);
    }
    fixture_check(&t, "SELECT id FROM d._tidegate_undo_2_5_1_old ORDER BY 1", "1\n2\n3\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start_nested(&t);
    golden_columns(&t, "person", PERSON);
    golden_columns(&t, "person__kids", KIDS);
    golden_ledger(&t, &there);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    fixture_begin(&t)->undo_loads = 3;
    golden_file(&t, "person", PERSON, "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_check(&t, &there, "merge_kept", GOLDEN_SCHEMA | GOLDEN_DATA | GOLDEN_RECORD);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_kept),
        cmocka_unit_test(test_older_loads_are_forgotten),
        cmocka_unit_test(test_others_keep_theirs),
        cmocka_unit_test(test_nothing_is_kept_unasked),
        cmocka_unit_test(test_rows_without_ids_are_refused),
        cmocka_unit_test(test_groups_are_kept),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/keep", tests);
}
