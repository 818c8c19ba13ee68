/* Tests of src/write/sql/key.c: which old rows the staged ones meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

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
    fixture_counts(&t, 0, 1, 1, 2); /* those of a merge key have gone without a successor */
    fixture_release(&t);
}

/* A group has come with each of its rows, also with one that loses; with one filtered out not. */
static void test_groups_of_losing_rows(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|day text mk|seq bigint desc|gone bool del|"
                                 "_dlt_id text row";
    struct fixture t;
    start_nested(&t);
    struct table *table = catalog_find(&t.catalog, "person");
    FIXTURE_OK(
        &t, extra_set(&t.catalog, &table->extras, "x-merge-source-filter", "\"seq < 9\"", &t.err));
    fixture_rows(&t, "person", header,
                 "1|mon|1|NULL|a\n2|tue|1|NULL|b\n3|NULL|1|NULL|c\n4|wed|1|NULL|d\n"
                 "5|thu|1|NULL|e\n6|fri|1|NULL|f\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk5|e|e|0|e0\n");
    FIXTURE_WRITE(&t);
    /* 8 was of mon, of none and a deletion of wed; what is filtered out was of thu. */
    fixture_rows(&t, "person", header,
                 "8|mon|2|NULL|g\n8|NULL|3|NULL|h\n8|wed|4|true|i\n8|thu|9|NULL|j\n"
                 "8|sat|5|NULL|k\n7|sun|3|true|l\n7|fri|2|NULL|m\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, day, _dlt_id FROM d.person ORDER BY id",
                  "2|tue|b\n5|thu|e\n8|sat|k\n");
    fixture_check(&t, "SELECT n FROM d.person__kids", "k5\n");
    fixture_counts(&t, 0, 1, 0, 4);
    fixture_no_temporary(&t);
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
    fixture_exec(&t, "INSERT INTO d.person (day, _dlt_id) "
                     "SELECT 'mon', CAST(i AS VARCHAR) FROM generate_series(1, 300000) AS g(i)");
    for (int i = 0; i < 100; i++)
        fixture_rows(&t, "person", "day text mk|_dlt_id text row", rows.data);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.person", "200000\n");
    fixture_counts(&t, 0, 0, 200000, 102000);
    buf_release(&rows);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_key),
        cmocka_unit_test(test_both_keys),
        cmocka_unit_test(test_groups_of_losing_rows),
        cmocka_unit_test(test_large_groups),
    };
    return run_at_both("write/key", tests);
}
