/* Tests of src/write/dispositions/upsert.c: by the primary key alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

/* A merge key that the table has from elsewhere says nothing. */
static void test_primary_key_alone(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|day text mk|v text|_dlt_id text row";
    struct fixture t;
    start_strategy(&t, "upsert", false);
    fixture_rows(&t, "person", header, "1|mon|a|a\n2|mon|b|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|mon|c|a\n3|mon|d|c\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 0);
    fixture_check(&t, "SELECT id, v, _dlt_id FROM d.person ORDER BY id", "1|c|a\n2|b|b\n3|d|c\n");
    fixture_release(&t);
}

static void test_nested_rows_keep_their_ids(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "upsert", false);
    nest_kids(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|a|a|1|a1\nk3|b|b|0|b0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|a\n");
    fixture_rows(&t, "person__kids", KIDS, "k4|a|a|0|a0\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT n, _dlt_id FROM d.person__kids ORDER BY n", "k3|b0\nk4|a0\n");
    fixture_release(&t);
}

static void golden(const char *name, bool skip)
{
    struct fixture t;
    struct described there = {0};
    start_strategy(&t, "upsert", skip);
    nest_kids(&t);
    golden_columns(&t, "person",
                   "id bigint pk|name text|j json|gone bool del|_dlt_load_id text|"
                   "_dlt_id text row");
    golden_columns(&t, "person__kids", KIDS);
    golden_columns(&t, "person__kids__toys", KIDS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person",
                "id bigint pk|name text|j json|gone bool del|_dlt_load_id text|"
                "_dlt_id text row",
                "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

/* DuckDB stages no more than what differs. */
static void golden_flat(const char *name)
{
    struct fixture t;
    struct described there = {0};
    start_strategy(&t, "upsert", true);
    golden_columns(&t, "person",
                   "id bigint pk|name text|gone bool del|_dlt_load_id text|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_file(&t, "person",
                "id bigint pk|name text|gone bool del|_dlt_load_id text|_dlt_id text row|"
                "_tidegate_order bigint",
                "person.1.parquet");
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    golden("upsert", false);
}

static void test_golden_skip(void **state)
{
    (void)state;
    golden("upsert_skip", true);
}

static void test_golden_skip_flat(void **state)
{
    (void)state;
    golden_flat("upsert_skip_flat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_primary_key_alone), cmocka_unit_test(test_nested_rows_keep_their_ids),
        golden_unit_tests(test_golden),           golden_unit_tests(test_golden_skip),
        golden_unit_tests(test_golden_skip_flat),
    };
    return run_at_both("write/upsert", tests);
}
