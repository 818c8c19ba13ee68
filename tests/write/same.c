/* Tests of src/write/sql/same.c: rows that are there already are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

static void start_skipping(struct fixture *t)
{
    start_strategy(t, NULL, true);
}

static void test_unchanged_rows_stay(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|NULL|1.5|b\n3|Cy|1.5|c\n4|NULL|1.5|d\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON,
                 "1|Ann|2.5|e\n2|NULL|2.5|f\n3|NULL|2.5|g\n4|Di|2.5|h\n5|Ed|2.5|i\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 2, 0);
    fixture_unchanged(&t, 0, 2);
    fixture_check(&t, "SELECT id, name, _dlt_load_id, _dlt_id FROM d.person ORDER BY id",
                  "1|Ann|1.5|a\n2|NULL|1.5|b\n3|NULL|2.5|g\n4|Di|2.5|h\n5|Ed|2.5|i\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* It would become NULL, and so is a change unless it is. */
static void test_column_that_does_not_come(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|NULL|1.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", "id bigint pk|_dlt_load_id text|_dlt_id text row",
                 "1|2.5|c\n2|2.5|d\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|NULL|2.5\n2|NULL|1.5\n");
    /* A new column, with a value and without. */
    fixture_rows(&t, "person",
                 "id bigint pk|name text|age bigint|_dlt_load_id text|"
                 "_dlt_id text row",
                 "1|NULL|NULL|3.5|e\n2|NULL|7|3.5|f\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, age, _dlt_load_id FROM d.person ORDER BY id",
                  "1|NULL|2.5\n2|7|3.5\n");
    fixture_release(&t);
}

static void test_types(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|d double|b bool|n decimal(9,2)|at timestamp|"
                                 "day date|j json|t text|_dlt_id text row";
    struct fixture t;
    start_skipping(&t);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "person", header,
                     "1|nan|true|1.50|2024-01-01T00:00:00Z|2024-01-01|{\"a\": [1, null]}|it's|a\n"
                     "2|NULL|NULL|NULL|NULL|NULL|NULL|NULL|b\n");
        FIXTURE_WRITE(&t);
    }
    fixture_unchanged(&t, 0, 2);
    fixture_rows(&t, "person", header,
                 "1|nan|true|1.51|2024-01-01T00:00:00Z|2024-01-01|{\"a\": [1, null]}|it's|a\n"
                 "2|NULL|NULL|NULL|NULL|NULL|[]|NULL|b\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 0);
    fixture_counts(&t, 0, 0, 2, 0);
    fixture_release(&t);
}

static void test_deleted_and_doubled(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|v text|gone bool del|_dlt_id text row";
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", header, "1|a|NULL|a\n2|b|false|b\n3|c|NULL|c\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.person (id, v, _dlt_id) VALUES (3, 'c', 'twice')");
    /* 1 goes; the mark of 2 says the same; two rows were 3, one of which is left. */
    fixture_rows(&t, "person", header, "1|a|true|d\n2|b|NULL|e\n3|c|NULL|f\n9|a|true|g\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, _dlt_id FROM d.person ORDER BY id", "2|b\n3|f\n");
    fixture_release(&t);
}

/* Of several rows of a key the last one is compared, whatever the others are; keys are counted. */
static void test_several_of_a_key(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n4|Di|1.5|d\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON,
                 "1|Ann|2.5|a\n1|Ann|2.5|a\n2|Bea|2.5|b\n3|Cy|2.5|c\n2|Bob|2.5|b\n3|Cleo|2.5|c\n"
                 "4|Dan|2.5|d\n5|Ed|2.5|e\n5|Eve|2.5|e\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 2);
    fixture_counts(&t, 0, 1, 2, 0);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|1.5\n2|Bob|1.5\n3|Cleo|2.5\n4|Dan|2.5\n5|Eve|2.5\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* Two old rows of a key give way to one, also where several came and others differ. */
static void test_doubled_old_rows(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.person SELECT * FROM d.person WHERE id < 3");
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|a\n2|Bob|2.5|b\n2|Bob|2.5|b\n3|Cy|2.5|c\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|2.5\n2|Bob|2.5\n3|Cy|1.5\n");
    fixture_release(&t);
}

/* Its rows are in a file of their own, as the columns are in another order. */
#define TURNED "name text|id bigint pk notnull|_dlt_load_id text notnull|_dlt_id text row notnull"

static void load_two(struct fixture *t, const char *first, const char *second)
{
    fixture_rows(t, "person", PERSON, first);
    fixture_rows(t, "person", TURNED, second);
    FIXTURE_WRITE(t);
}

/* Keys that ascend from file to file are compared file by file. */
static void test_keys_ascend(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "-5|Zoe|1.5|z\n0|Nil|1.5|n\n2|Bob|1.5|b\n4|Di|1.5|d\n");
    FIXTURE_WRITE(&t);
    load_two(&t, "-5|Zoe|2.5|z\n0|NULL|2.5|n\n1|Ann|2.5|a\n2|Bob|2.5|b\n",
             "Cy|3|2.5|c\nDi|4|2.5|d\nEd|9223372036854775807|2.5|e\n");
    fixture_unchanged(&t, 0, 3);
    fixture_counts(&t, 0, 3, 1, 0);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "-5|Zoe|1.5\n0|NULL|2.5\n1|Ann|2.5\n2|Bob|1.5\n3|Cy|2.5\n4|Di|1.5\n"
                  "9223372036854775807|Ed|2.5\n");
    /* Two old rows of a key give way to one. */
    fixture_exec(&t, "INSERT INTO d.person SELECT * FROM d.person WHERE id IN (2, 4)");
    load_two(&t, "1|Ann|3.5|a\n2|Bob|3.5|b\n", "Cy|3|3.5|c\nDi|4|3.5|d\n");
    fixture_unchanged(&t, 0, 2);
    fixture_check(&t, "SELECT id, _dlt_load_id FROM d.person WHERE id BETWEEN 1 AND 4 ORDER BY id",
                  "1|2.5\n2|3.5\n3|2.5\n4|3.5\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* One that came twice is one key: the last row is compared. */
static void test_keys_ascend_but_once(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n4|Di|1.5|d\n");
    FIXTURE_WRITE(&t);
    /* At the border of two files. */
    load_two(&t, "1|Ann|2.5|a\n2|Bea|2.5|b\n", "Bob|2|2.5|b\nCy|3|2.5|c\nDan|4|2.5|d\n");
    fixture_unchanged(&t, 0, 3);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|1.5\n2|Bob|1.5\n3|Cy|1.5\n4|Dan|2.5\n");
    /* Within the second; and there is a new one. */
    load_two(&t, "1|Ann|3.5|a\n", "Bea|2|3.5|b\nBob|2|3.5|b\nEd|5|3.5|e\nEve|5|3.5|e\n");
    fixture_unchanged(&t, 0, 2);
    fixture_counts(&t, 0, 1, 0, 0);
    /* The second file begins anew. */
    load_two(&t, "2|Bea|4.5|b\n3|Cy|4.5|c\n", "Ann|1|4.5|a\nBob|2|4.5|b\nDan|4|4.5|d\n");
    fixture_unchanged(&t, 0, 4);
    fixture_check(&t, "SELECT id, name, _dlt_load_id FROM d.person ORDER BY id",
                  "1|Ann|1.5\n2|Bob|1.5\n3|Cy|1.5\n4|Dan|2.5\n5|Eve|3.5\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* Two rows of a load with one id: what is said of one is not said of the other. DuckDB, which
 * compares where the rows are, tells them by their number.
 */
static void test_ids_of_the_source(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|x\n2|Bob|1.5|x\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|x\n2|Bea|2.5|x\n3|Cy|2.5|x\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, fixture_url ? 0 : 1);
    fixture_check(&t, "SELECT id, name FROM d.person ORDER BY id", "1|Ann\n2|Bea\n3|Cy\n");
    fixture_rows(&t, "person", PERSON, "1|Ann|3.5|x\n1|Ann|3.5|x\n2|Bob|3.5|x\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, name FROM d.person ORDER BY id", "1|Ann\n2|Bob\n3|Cy\n");
    fixture_release(&t);
}

/* A tree is unchanged as a whole, or not at all. */
static void test_nested(void **state)
{
    (void)state;
    struct fixture t;
    start_skipping(&t);
    nest_kids(&t);
    fixture_rows(&t, "person", PERSON,
                 "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n4|Di|1.5|d\n5|Ed|1.5|e\n6|Flo|1.5|f\n");
    fixture_rows(&t, "person__kids", KIDS,
                 "k1|a|a|0|a0\nk2|b|b|0|b0\nk3|b|b|1|b1\nk4|c|c|0|c0\nk6|e|e|0|e0\nk7|f|f|0|f0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a0|0|a00\nt2|e|e0|0|e00\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON,
                 "1|Ann|2.5|a\n2|Bob|2.5|b\n3|Cy|2.5|c\n4|Di|2.5|d\n5|Ed|2.5|e\n6|Flo|2.5|g\n");
    /* 1 as it was; of 2 one is gone, of 3 one another, 4 has one now; of 5 a toy; 6 another id. */
    fixture_rows(&t, "person__kids", KIDS,
                 "k1|a|a|0|a0\nk2|b|b|0|b0\nk9|c|c|0|c0\nk5|d|d|0|d0\nk6|e|e|0|e0\nk7|g|g|0|g0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a0|0|a00\nt3|e|e0|0|e00\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 5, 0);
    fixture_unchanged(&t, 0, 1);
    fixture_unchanged(&t, 1, 1);
    fixture_unchanged(&t, 2, 1);
    fixture_check(&t, "SELECT id FROM d.person WHERE _dlt_load_id = '1.5'", "1\n");
    fixture_check(&t, "SELECT n, _dlt_root_id FROM d.person__kids ORDER BY n",
                  "k1|a\nk2|b\nk5|d\nk6|e\nk7|g\nk9|c\n");
    fixture_check(&t, "SELECT n FROM d.person__kids__toys ORDER BY n", "t1\nt3\n");
    /* No nested rows come at all: those who had some have changed. */
    fixture_rows(&t, "person", PERSON, "1|Ann|3.5|a\n4|Di|3.5|d\n7|Gus|3.5|h\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 2, 0);
    fixture_check(&t, "SELECT n FROM d.person__kids ORDER BY n", "k2\nk6\nk7\nk9\n");
    fixture_check(&t, "SELECT count(*) FROM d.person__kids__toys", "1\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged_rows_stay),
        cmocka_unit_test(test_column_that_does_not_come),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_deleted_and_doubled),
        cmocka_unit_test(test_several_of_a_key),
        cmocka_unit_test(test_doubled_old_rows),
        cmocka_unit_test(test_keys_ascend),
        cmocka_unit_test(test_keys_ascend_but_once),
        cmocka_unit_test(test_ids_of_the_source),
        cmocka_unit_test(test_nested),
    };
    return run_at_both("write/same", tests);
}
