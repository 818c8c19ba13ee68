/* Tests of src/write/dispositions/insert_only.c: what is there stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

static void test_only_new_keys(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|v text|gone bool del|_dlt_id text row";
    struct fixture t;
    start_strategy(&t, "insert-only", false);
    fixture_rows(&t, "person", header, "1|a|NULL|a\n2|b|true|b\n3|c|NULL|c\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    /* 1 is marked as deleted, 2 was never there, 4 comes twice. */
    fixture_rows(&t, "person", header,
                 "1|x|true|a\n2|y|NULL|b\n3|z|NULL|c\n4|lost|NULL|d\n4|won|NULL|d\n5|e|true|e\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, v FROM d.person ORDER BY id", "1|a\n2|y\n3|c\n4|won\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_nested(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "insert-only", false);
    nest_kids(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|old\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|old|old|0|old0\n");
    FIXTURE_WRITE(&t);
    /* The list of 1 has grown; 2 has another id by now, to which nothing can be added. */
    fixture_rows(&t, "person", PERSON, "1|Amy|2.5|a\n2|Bea|2.5|b\n3|Cy|2.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k9|a|a|0|a0\nk3|a|a|1|a1\nk4|b|b|0|b0\nk5|c|c|0|c0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a1|0|a10\nt2|b|b0|0|b00\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 1, 2, 0, 0);
    fixture_unchanged(&t, 1, 2);
    fixture_check(&t, "SELECT id, name FROM d.person ORDER BY id", "1|Ann\n2|Bob\n3|Cy\n");
    fixture_check(&t, "SELECT n FROM d.person__kids ORDER BY n", "k1\nk2\nk3\nk5\n");
    fixture_check(&t, "SELECT n FROM d.person__kids__toys ORDER BY n", "t1\n");
    fixture_release(&t);
}

/* Of append, with a lag: each version of a key that is not there, and what is nested in it. */
static void test_rows_that_are_recalled(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|name text|price double|_dlt_id text row";
    struct fixture t;
    start(&t);
    t.changes_state = false;
    catalog_find(&t.catalog, "person")->disposition = DISPOSITION_APPEND;
    nest_kids(&t);
    fixture_rows(&t, "person", header, "1|Ann|1.5|a\n1|Ann|NULL|b\n2|Bob|1.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|c|c|0|c0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header,
                 "1|Amy|1.5|d\n1|Ann|2.5|e\n2|Bob|1.5|f\n3|Cy|1.5|g\n1|Ann|NULL|h\n");
    fixture_rows(&t, "person__kids", KIDS, "k3|d|d|0|d0\nk4|e|e|0|e0\nk5|g|g|0|g0\n");
    fixture_part(&t, "person")->recalls = "price";
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_unchanged(&t, 0, 2);
    fixture_check(&t, "SELECT id, name, price FROM d.person ORDER BY id, price",
                  "1|Ann|1.5\n1|Ann|2.5\n1|Ann|NULL\n1|Ann|NULL\n2|Bob|1.5\n3|Cy|1.5\n");
    fixture_check(&t, "SELECT n FROM d.person__kids ORDER BY n", "k1\nk2\nk4\nk5\n");
    fixture_check(&t, "SELECT disposition FROM d._tidegate_loads WHERE table_name = 'person'",
                  "append\nappend\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_full_refresh(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "insert-only", false);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "2|Bea|2.5|c\n2|Ben|2.5|d\n");
    fixture_part(&t, "person")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, "SELECT id, name FROM d.person", "2|Ben\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start_strategy(&t, "insert-only", false);
    nest_kids(&t);
    golden_columns(&t, "person", "select bigint pk|tenant text pk|name text|_dlt_id text row");
    golden_columns(&t, "person__kids", KIDS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person", "select bigint pk|tenant text pk|name text|_dlt_id text row",
                "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_check(&t, &there, "insert_only", GOLDEN_DATA);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_new_keys),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_rows_that_are_recalled),
        cmocka_unit_test(test_full_refresh),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/insert_only", tests);
}
