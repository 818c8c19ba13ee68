/*
 * Tests of src/write/dispositions/merge.c: old rows give way, deletions, odd names, SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

static void test_inserts_and_updates(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_rows(&t, "person", PERSON, "2|Bea|2.5|d\n4|Di|2.5|e\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 0);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|1.5\n2|Bea|2.5\n3|Cy|1.5\n4|Di|2.5\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_hard_delete(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|gone bool del|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "1|false|a\n2|NULL|b\n3|NULL|c\n4|NULL|d\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 4, 0, 0);
    /* 1: deleted; 2: a losing deletion; 3: false does not delete; 9: unknown. */
    fixture_rows(&t, "person", header,
                 "1|NULL|e\n1|true|f\n2|true|g\n2|NULL|h\n3|false|i\n9|true|j\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 2, 1);
    fixture_check(&t,
                  "SELECT id, CASE WHEN gone THEN 'gone' WHEN NOT gone THEN 'no' END, _dlt_id "
                  "FROM d.person ORDER BY id",
                  "2|NULL|h\n3|no|i\n4|NULL|d\n");
    fixture_release(&t);
}

static void test_hard_delete_by_any_value(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|gone_at timestamp del|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "1|NULL|a\n2|NULL|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "2|2024-01-01T00:00:00Z|c\n3|2024-01-01T00:00:00Z|d\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 1);
    fixture_check(&t, "SELECT id FROM d.person", "1\n");
    /* A load without the column at all deletes nothing. */
    fixture_rows(&t, "person", "id bigint pk|_dlt_id text row", "1|e\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 0);
    fixture_release(&t);
}

static void test_without_keys_appends(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "person", "id bigint|_dlt_id text row", "1|a\n1|b\n");
        FIXTURE_WRITE(&t);
        fixture_counts(&t, 0, 2, 0, 0);
    }
    fixture_check(&t, "SELECT count(*) FROM d.person", "4\n");
    fixture_release(&t);
}

static void test_odd_names(void **state)
{
    (void)state;
    static const char header[] = "select bigint pk|a]b{c} text pk|a\"b text|group bool del|"
                                 "_dlt_id text row";
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "or\"{der}", NULL, DISPOSITION_MERGE);
    fixture_table(&t, "table", "or\"{der}", DISPOSITION_NONE);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "or\"{der}", header,
                     i ? "1|{k}|it's|NULL|c\n2|k|x|true|d\n1|{k}|{x}|NULL|c\n"
                       : "1|{k}|o|NULL|a\n2|k|p|NULL|b\n");
        fixture_rows(&t, "table", KIDS, i ? "k|c|c|0|c0\n" : "k|a|a|0|a0\nl|b|b|0|b0\n");
        FIXTURE_WRITE(&t);
    }
    fixture_check(&t, "SELECT \"select\", \"a]b{c}\", \"a\"\"b\" FROM d.\"or\"\"{der}\"",
                  "1|{k}|{x}\n");
    fixture_check(&t, "SELECT _dlt_root_id FROM d.\"table\"", "c\n");
    fixture_release(&t);
}

static void test_full_refresh(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "2|Bea|2.5|c\n2|Bob|2.5|d\n");
    fixture_part(&t, "person")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, "SELECT id, name FROM d.person", "2|Bob\n");
    fixture_check(&t, "SELECT count(*) FROM d.person__kids", "0\n");
    fixture_release(&t);
}

/* ---- SQL ---- */

static void test_golden_simple(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start(&t);
    golden_columns(&t, "person", "id bigint pk notnull|name text|_dlt_id text row notnull");
    golden_there(&t, &there, "person");
    golden_file(&t, "person", "id bigint pk|name text|_dlt_id text row", "person.1.parquet");
    golden_check(&t, &there, "merge_simple", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_everything(void **state)
{
    (void)state;
    static const char first[] = "order bigint pk|tenant text pk|day date mk|v bigint|"
                                "gone bool del|seen timestamp desc|_dlt_id text row";
    static const char second[] = "order bigint pk|tenant text pk|v double|_dlt_id text row";
    struct fixture t;
    struct described there = {0};
    start_nested(&t);
    golden_columns(&t, "person", first);
    golden_columns(&t, "person__kids", KIDS);
    golden_columns(&t, "person__kids__toys", "n text|_dlt_parent_id text parent|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_there(&t, &there, "person__kids__toys");
    golden_file(&t, "person", first, "person.1.parquet");
    golden_file(&t, "person", first, "person.2.parquet");
    golden_file(&t, "person", second, "person.3.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_check(&t, &there, "merge_everything", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_merge_key(void **state)
{
    (void)state;
    static const char header[] = "day date mk|region text mk|v bigint|_dlt_id text row";
    struct fixture t;
    struct described there = {0};
    start(&t);
    golden_columns(&t, "person", header);
    golden_there(&t, &there, "person");
    golden_file(&t, "person", header, "person.1.parquet");
    golden_check(&t, &there, "merge_by_merge_key", GOLDEN_DATA);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserts_and_updates),
        cmocka_unit_test(test_hard_delete),
        cmocka_unit_test(test_hard_delete_by_any_value),
        cmocka_unit_test(test_without_keys_appends),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_full_refresh),
        golden_unit_tests(test_golden_simple),
        golden_unit_tests(test_golden_everything),
        golden_unit_tests(test_golden_merge_key),
    };
    return run_at_both("write/merge", tests);
}
