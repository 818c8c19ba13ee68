/* Tests of src/write/sql/versions.c: a row comes where it is not what the newest of its key is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

#define VERSIONS                                                                                   \
    "id bigint pk|name text|_tidegate_version bigint|_dlt_load_id text|_dlt_id text row"
#define LOADED "id bigint pk|name text|_dlt_load_id text|_dlt_id text row"

static void start_versions(struct fixture *t)
{
    start_strategy(t, "insert-only", false);
    struct table *table = catalog_find(&t->catalog, "person");
    FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, "x-tidegate-merge-scope",
                            "\"previous_load\"", &t->err));
    golden_columns(t, "person", VERSIONS);
    nest_kids(t);
}

static void check(struct fixture *t, const char *expected)
{
    fixture_check(t,
                  "SELECT p.id, p._tidegate_version, p.name, k.n, y.n FROM d.person AS p "
                  "LEFT JOIN d.person__kids AS k ON k._dlt_root_id = p._dlt_id "
                  "LEFT JOIN d.person__kids__toys AS y ON y._dlt_parent_id = k._dlt_id "
                  "ORDER BY 1, 2, 4, 5",
                  expected);
}

/* Trees are told by places: ids say nothing. */
static void test_trees(void **state)
{
    (void)state;
    struct fixture t;
    start_versions(&t);
    fixture_rows(&t, "person", LOADED, "1|Ann|1.5|a\n2|Bob|1.5|b\n2|Bob|1.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|a|a|1|a1\nk3|b|b|0|b0\nk3|c|c|0|c0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a1|0|a10\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    fixture_unchanged(&t, 0, 1);
    fixture_unchanged(&t, 1, 1);
    check(&t, "1|1|Ann|k1|NULL\n1|1|Ann|k2|t1\n2|1|Bob|k3|NULL\n");
    /* 1 as it was; then its toy is another kid's; 2 has lost its kid, and gets it again. */
    fixture_rows(&t, "person", LOADED, "1|Ann|2.5|d\n1|Ann|2.5|e\n2|Bob|2.5|f\n2|Bob|2.5|g\n");
    fixture_rows(&t, "person__kids", KIDS,
                 "k1|d|d|0|d0\nk2|d|d|1|d1\nk1|e|e|0|e0\nk2|e|e|1|e1\nk3|g|g|0|g0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|d|d1|0|d10\nt1|e|e0|0|e00\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_unchanged(&t, 0, 1);
    check(&t, "1|1|Ann|k1|NULL\n1|1|Ann|k2|t1\n1|2|Ann|k1|t1\n1|2|Ann|k2|NULL\n"
              "2|1|Bob|k3|NULL\n2|2|Bob|NULL|NULL\n2|3|Bob|k3|NULL\n");
    /* No nested rows come at all: those of the newest versions are missed. */
    fixture_rows(&t, "person", LOADED, "2|Bob|3.5|h\n3|Cy|3.5|i\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    fixture_check(&t, "SELECT max(_tidegate_version) FROM d.person WHERE id = 2", "4\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* The newest of rows without numbers is that of the greatest load id: 10.5 is behind 9.5. */
static void test_rows_from_before(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, NULL, false);
    fixture_rows(&t, "person", LOADED, "1|Ann|1.5|a\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.person (id, name, _dlt_load_id, _dlt_id) VALUES "
                     "(1, 'Bea', '9.5', 'b'), (1, 'Cy', '10.5', 'c'), (1, 'Di', 'x', 'd')");
    struct table *table = catalog_find(&t.catalog, "person");
    table->merge_strategy = "insert-only";
    FIXTURE_OK(&t, extra_set(&t.catalog, &table->extras, "x-tidegate-merge-scope",
                             "\"previous_load\"", &t.err));
    golden_columns(&t, "person", VERSIONS);
    fixture_rows(&t, "person", LOADED, "1|Cy|2.5|e\n");
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    fixture_rows(&t, "person", LOADED, "1|Bea|3.5|f\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT name FROM d.person WHERE _tidegate_version = 1", "Bea\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start_versions(&t);
    golden_columns(&t, "person__kids", KIDS);
    golden_columns(&t, "person__kids__toys", KIDS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person", LOADED "|gone bool del", "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    golden_file(&t, "person__kids__toys", KIDS, "person__kids__toys.1.parquet");
    golden_check(&t, &there, "insert_only_versions", GOLDEN_DATA);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_rows_from_before),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/versions", tests);
}
