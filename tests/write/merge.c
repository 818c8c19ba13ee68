/*
 * Tests of src/write/dispositions/merge.c: keys, duplicates, deletions, nested tables, SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/loads.h"
#include "tests/write/golden.h"

#define PERSON "id bigint pk notnull|name text|_dlt_load_id text notnull|_dlt_id text row notnull"
#define KIDS                                                                                       \
    "n text|_dlt_root_id text root notnull|_dlt_parent_id text parent notnull|"                    \
    "_dlt_list_idx bigint notnull|_dlt_id text row notnull"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
}

static void start_nested(struct fixture *t)
{
    start(t);
    fixture_table(t, "person__kids", "person", DISPOSITION_NONE);
    fixture_table(t, "person__kids__toys", "person__kids", DISPOSITION_NONE);
}

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
    fixture_check(&t, "SELECT table_name FROM duckdb_tables() WHERE temporary", "");
    fixture_release(&t);
}

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
    fixture_check(&t, "SELECT id, gone, _dlt_id FROM d.person ORDER BY id",
                  "2|NULL|h\n3|false|i\n4|NULL|d\n");
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

static void test_nested(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|a|a|1|a1\nk3|b|b|0|b0\nk4|c|c|0|c0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a0|0|a00\nt2|b|b0|0|b00\nt3|c|c0|0|c00\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 1, 4, 0, 0);
    /* 1 comes twice: only the nested rows of the later one count; 2 has no kids any more. */
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|d\n1|Ann|2.5|e\n2|Bob|2.5|f\n");
    fixture_rows(&t, "person__kids", KIDS, "k5|d|d|0|d0\nk6|e|e|0|e0\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 2, 0);
    fixture_counts(&t, 1, 1, 0, 3);
    fixture_check(&t, "SELECT n, _dlt_root_id FROM d.person__kids ORDER BY n", "k4|c\nk6|e\n");
    fixture_check(&t, "SELECT n FROM d.person__kids__toys", "t3\n");
    fixture_release(&t);
}

static void test_nested_hard_delete(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|gone bool del|_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", header, "1|NULL|a\n2|NULL|b\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|b|b|0|b0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|true|c\n2|NULL|d\n7|true|e\n");
    fixture_rows(&t, "person__kids", KIDS, "k3|c|c|0|c0\nk4|d|d|0|d0\nk5|e|e|0|e0\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_counts(&t, 1, 1, 0, 2);
    fixture_check(&t, "SELECT n FROM d.person__kids", "k4\n");
    fixture_release(&t);
}

/* A row key that the source brings itself may come twice; its nested rows are then the same ones.
 */
static void test_nested_row_keys_are_unique(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n1|Ann|1.5|a\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk1|a|a|0|a0\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT n FROM d.person__kids", "k1\n");
    fixture_release(&t);
}

static void test_merge_key(void **state)
{
    (void)state;
    static const char header[] = "day text mk|v bigint|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "mon|1|a\nmon|2|b\nmon|3|c\ntue|4|d\nNULL|5|e\nNULL|6|f\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 6, 0, 0);
    /* Duplicates stay: a merge key names a group. NULL is one, too. */
    fixture_rows(&t, "person", header, "mon|7|g\nmon|7|h\nNULL|8|i\nwed|9|j\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 4, 1);
    fixture_check(&t, "SELECT day, v FROM d.person ORDER BY v",
                  "tue|4\nmon|7\nmon|7\nNULL|8\nwed|9\n");
    /* A load in which the key is NULL throughout, and so not even a column of the file. */
    fixture_rows(&t, "person", "v bigint|_dlt_id text row", "10|k\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT day, v FROM d.person ORDER BY v",
                  "tue|4\nmon|7\nmon|7\nwed|9\nNULL|10\n");
    fixture_release(&t);
}

static void test_merge_key_with_nested_and_deletion(void **state)
{
    (void)state;
    static const char header[] = "day text mk|gone bool del|_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", header, "mon|NULL|a\nmon|NULL|b\ntue|NULL|c\nwed|NULL|d\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|b|b|0|b0\nk3|c|c|0|c0\nk4|d|d|0|d0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "mon|NULL|e\nmon|true|f\ntue|true|g\n");
    fixture_rows(&t, "person__kids", KIDS, "k5|e|e|0|e0\nk6|f|f|0|f0\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    fixture_check(&t, "SELECT day FROM d.person ORDER BY 1", "mon\nwed\n");
    fixture_check(&t, "SELECT n FROM d.person__kids ORDER BY 1", "k4\nk5\n");
    fixture_release(&t);
}

static void test_both_keys(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|day text mk|_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", header, "1|mon|a\n2|mon|b\n3|tue|c\n4|wed|d\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk3|c|c|0|c0\nk4|d|d|0|d0\n");
    FIXTURE_WRITE(&t);
    /* 3 goes by its primary key, 1 and 2 by their merge key; 9 comes twice. */
    fixture_rows(&t, "person", header, "3|mon|e\n9|fri|f\n9|fri|g\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, day, _dlt_id FROM d.person ORDER BY id",
                  "3|mon|e\n4|wed|d\n9|fri|g\n");
    fixture_check(&t, "SELECT n FROM d.person__kids", "k4\n");
    fixture_counts(&t, 0, 0, 2, 1);
    fixture_release(&t);
}

/* Two keys of many equal rows must not be joined row by row. */
static void test_large_groups(void **state)
{
    (void)state;
    struct fixture t;
    struct buf rows = BUF_INIT;
    start(&t);
    for (int i = 0; i < 2000; i++)
        buf_printf(&rows, "mon|%d\n", i);
    fixture_rows(&t, "person", "day text mk|_dlt_id text row", rows.data);
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.person SELECT 'mon', range FROM range(300000)");
    for (int i = 0; i < 100; i++)
        fixture_rows(&t, "person", "day text mk|_dlt_id text row", rows.data);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.person", "200000\n");
    fixture_counts(&t, 0, 0, 200000, 102000);
    buf_release(&rows);
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

static void test_odd_names(void **state)
{
    (void)state;
    static const char header[] = "select bigint pk|a\"b text|group bool del|_dlt_id text row";
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "or\"der", NULL, DISPOSITION_MERGE);
    fixture_table(&t, "table", "or\"der", DISPOSITION_NONE);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "or\"der", header,
                     i ? "1|it's|NULL|c\n2|x|true|d\n" : "1|o|NULL|a\n2|p|NULL|b\n");
        fixture_rows(&t, "table", KIDS, i ? "k|c|c|0|c0\n" : "k|a|a|0|a0\nl|b|b|0|b0\n");
        FIXTURE_WRITE(&t);
    }
    fixture_check(&t, "SELECT \"select\", \"a\"\"b\" FROM d.\"or\"\"der\"", "1|it's\n");
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

/* Rows that came by append have no root key: it is filled in from their parents. */
static void test_append_becomes_merge(void **state)
{
    (void)state;
    static const char nested[] = "n text|_dlt_parent_id text parent|_dlt_list_idx bigint|"
                                 "_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint|_dlt_id text row", "1|a\n2|b\n");
    fixture_rows(&t, "person__kids", nested, "k1|a|0|a0\nk2|b|0|b0\n");
    fixture_rows(&t, "person__kids__toys", nested, "t1|a0|0|a00\nt2|b0|0|b00\n");
    FIXTURE_WRITE(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(&t, "person", "id bigint pk|_dlt_id text row", "1|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k3|c|c|0|c0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t3|c|c0|0|c00\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT n, _dlt_root_id FROM d.person__kids ORDER BY n", "k2|b\nk3|c\n");
    fixture_check(&t, "SELECT n, _dlt_root_id FROM d.person__kids__toys ORDER BY n",
                  "t2|b\nt3|c\n");
    fixture_release(&t);
}

/* The same, when this load has no nested rows: then the way up goes by the parents. */
static void test_nested_without_root_key(void **state)
{
    (void)state;
    static const char nested[] = "n text|_dlt_parent_id text parent|_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint|_dlt_id text row", "1|a\n2|b\n");
    fixture_rows(&t, "person__kids", nested, "k1|a|a0\nk2|b|b0\n");
    fixture_rows(&t, "person__kids__toys", nested, "t1|a0|a00\nt2|b0|b00\n");
    FIXTURE_WRITE(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(&t, "person", "id bigint pk|_dlt_id text row", "1|c\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT n FROM d.person__kids", "k2\n");
    fixture_check(&t, "SELECT n FROM d.person__kids__toys", "t2\n");
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
        cmocka_unit_test(test_last_read_wins),
        cmocka_unit_test(test_dedup_sort),
        cmocka_unit_test(test_hard_delete),
        cmocka_unit_test(test_hard_delete_by_any_value),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_nested_hard_delete),
        cmocka_unit_test(test_nested_row_keys_are_unique),
        cmocka_unit_test(test_merge_key),
        cmocka_unit_test(test_merge_key_with_nested_and_deletion),
        cmocka_unit_test(test_both_keys),
        cmocka_unit_test(test_large_groups),
        cmocka_unit_test(test_without_keys_appends),
        cmocka_unit_test(test_key_without_values),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_full_refresh),
        cmocka_unit_test(test_append_becomes_merge),
        cmocka_unit_test(test_nested_without_root_key),
        cmocka_unit_test(test_golden_simple),
        cmocka_unit_test(test_golden_everything),
        cmocka_unit_test(test_golden_merge_key),
    };
    return cmocka_run_group_tests_name("write/merge", tests, NULL, NULL);
}
