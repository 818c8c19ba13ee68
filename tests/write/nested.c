/* Tests of src/write/sql/nested.c: nested rows go and come with their roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_nested_hard_delete),
        cmocka_unit_test(test_nested_row_keys_are_unique),
        cmocka_unit_test(test_merge_key_with_nested_and_deletion),
        cmocka_unit_test(test_append_becomes_merge),
        cmocka_unit_test(test_nested_without_root_key),
    };
    return run_at_both("write/nested", tests);
}
