/* Tests of src/write/dispositions/cdc.c: what did not come is gone, of all or of each merge key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"
#include "tests/write/keys.h"

static void test_what_did_not_come_is_gone(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    nest_kids(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|b|b|0|b0\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "1|Anna|2.5|a\n4|Di|2.5|d\n");
    fixture_rows(&t, "person__kids", KIDS, "k3|a|a|0|a0\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 2);
    fixture_check(&t, "SELECT id, name, _dlt_id FROM d.person ORDER BY id", "1|Anna|a\n4|Di|d\n");
    fixture_check(&t, "SELECT n FROM d.person__kids", "k3\n");
    fixture_release(&t);
}

/* Of a tombstone nothing is stored, and its key is gone. */
static void test_marked_rows(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|gone bool del|_dlt_id text row";
    struct fixture t;
    start_strategy(&t, "cdc", false);
    fixture_rows(&t, "person", header, "1|NULL|a\n2|NULL|b\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|true|a\n2|NULL|b\n9|true|c\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_check(&t, "SELECT id FROM d.person", "2\n");
    fixture_release(&t);
}

#define DAYS "id bigint pk|day text mk|zone text mk|v text|_dlt_id text row"

/* A group of which nothing came is as it was, and NULL is no group. */
static void test_groups(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    fixture_rows(&t, "person", DAYS,
                 "1|mon|n|a|a\n2|mon|n|a|b\n3|tue|n|a|c\n4|mon|s|a|d\n5|NULL|n|a|e\n"
                 "6|mon|NULL|a|f\n");
    FIXTURE_WRITE(&t);
    /* 3 moves from one group to another; 5 and 6 do not come. */
    fixture_rows(&t, "person", DAYS, "1|mon|n|b|a\n3|mon|n|b|c\n7|NULL|n|b|g\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 2, 1);
    fixture_check(&t, "SELECT id, day, v FROM d.person ORDER BY id",
                  "1|mon|b\n3|mon|b\n4|mon|a\n5|NULL|a\n6|mon|a\n7|NULL|b\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.person", "6\n");
    fixture_release(&t);
}

/* A group has come with each of its rows, also with one that is not the last of its key. */
static void test_groups_of_losing_rows(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    fixture_rows(&t, "person", DAYS,
                 "1|mon|n|a|a\n2|mon|n|a|b\n3|tue|n|a|c\n4|NULL|n|a|d\n5|wed|n|a|e\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", DAYS, "1|mon|n|b|a\n1|NULL|n|b|a\n1|wed|s|b|a\n1|tue|n|b|a\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    fixture_check(&t, "SELECT id, day FROM d.person ORDER BY id", "1|tue\n4|NULL\n5|wed\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void say(struct fixture *t, const char *hint, const char *json)
{
    struct table *table = catalog_find(&t->catalog, "person");
    FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, hint, json, &t->err));
}

#define SCOPED "id bigint pk|day text|v text|_dlt_id text row"

/* What is outside of the scope, or has no value there, is not absent; its key may come. */
static void test_scope(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    say(&t, "x-merge-destination-scope", "\"{table}.day IN (SELECT day FROM {staging_table})\"");
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n2|mon|a|b\n3|tue|a|c\n4|tue|a|d\n5|NULL|a|e\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", SCOPED, "1|mon|b|a\n3|mon|b|c\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 2, 1);
    fixture_check(&t, "SELECT id, day, v FROM d.person ORDER BY id",
                  "1|mon|b\n3|mon|b\n4|tue|a\n5|NULL|a\n");
    fixture_release(&t);
}

/* A load without rows is one of which {staging_table} has none. */
static void test_scope_of_no_rows(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    say(&t, "x-merge-destination-scope",
        "\"day = 'mon' AND NOT EXISTS (SELECT 1 FROM {staging_table} WHERE v = 'b')\"");
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n2|tue|a|b\n");
    FIXTURE_WRITE(&t);
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id FROM d.person", "2\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_unknown_column(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    say(&t, "x-merge-destination-scope", "\"nothing = 1\"");
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", SCOPED, "2|mon|a|b\n");
    fixture_absent(&t, "person", false);
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    assert_non_null(strstr(t.err.where, "destination_scope"));
    fixture_check(&t, "SELECT id FROM d.person", "1\n");
    fixture_release(&t);
}

/* What a filter leaves out brings nothing, and is not absent. */
static void test_filter(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    say(&t, "x-merge-source-filter", "\"v <> 'draft'\"");
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n2|mon|a|b\n3|mon|a|c\n4|mon|a|d\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", SCOPED, "1|mon|b|a\n2|mon|draft|b\n3|mon|NULL|c\n5|mon|draft|e\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_check(&t, "SELECT id, v FROM d.person ORDER BY id", "1|b\n2|a\n3|a\n");
    fixture_rows(&t, "person", SCOPED, "2|mon|draft|b\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, v FROM d.person ORDER BY id", "2|a\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* A merge key that comes with rows that are left out alone has not come. */
static void test_filter_of_groups(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "cdc", false);
    say(&t, "x-merge-source-filter", "\"v <> 'draft'\"");
    fixture_rows(&t, "person", DAYS, "1|mon|n|a|a\n2|mon|n|a|b\n3|tue|n|a|c\n4|mon|n|a|d\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", DAYS, "1|mon|n|b|a\n2|mon|n|draft|b\n5|tue|n|draft|e\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, v FROM d.person ORDER BY id", "1|b\n2|a\n3|a\n");
    fixture_release(&t);
}

/* One that was flagged, and comes again, is not gone, though it takes no part. */
static void test_filter_unflags(void **state)
{
    const struct type_spec time = {.type = TYPE_TIMESTAMP};
    (void)state;
    struct fixture t;
    start_strategy(&t, "upsert", false);
    say(&t, "x-merge-source-filter", "\"v <> 'draft'\"");
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n2|mon|a|b\n");
    FIXTURE_WRITE(&t);
    FIXTURE_OK(&t, table_add_column(&t.catalog, catalog_find(&t.catalog, "person"), DELETED_COLUMN,
                                    &time, NULL, &t.err));
    fixture_rows(&t, "person", SCOPED, "1|mon|a|a\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id FROM d.person WHERE _tidegate_deleted_at IS NULL", "1\n");
    fixture_rows(&t, "person", SCOPED, "1|mon|draft|a\n2|mon|draft|b\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, v FROM d.person WHERE _tidegate_deleted_at IS NULL ORDER BY id",
                  "1|a\n2|a\n");
    fixture_release(&t);
}

static void golden(const char *name, bool skip, const char *header, const char *hint,
                   const char *condition)
{
    struct fixture t;
    struct described there = {0};
    start_strategy(&t, "cdc", skip);
    if (hint)
        say(&t, hint, condition);
    golden_columns(&t, "person", header);
    golden_there(&t, &there, "person");
    golden_file(&t, "person", header, "person.1.parquet");
    fixture_absent(&t, "person", false);
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    golden("cdc_groups", false, DAYS, NULL, NULL);
}

static void test_golden_scope(void **state)
{
    (void)state;
    golden("cdc_scope", false, SCOPED, "x-merge-destination-scope",
           "\"day IN (SELECT day FROM {staging_table})\"");
}

static void test_golden_filter(void **state)
{
    (void)state;
    golden("cdc_filter", false, SCOPED, "x-merge-source-filter", "\"v <> 'draft'\"");
}

static void test_golden_skip(void **state)
{
    (void)state;
    golden("cdc_skip", true, DAYS, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_did_not_come_is_gone),
        cmocka_unit_test(test_marked_rows),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_groups_of_losing_rows),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_scope_of_no_rows),
        cmocka_unit_test(test_unknown_column),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_filter_of_groups),
        cmocka_unit_test(test_filter_unflags),
        golden_unit_tests(test_golden),
        golden_unit_tests(test_golden_scope),
        golden_unit_tests(test_golden_filter),
        golden_unit_tests(test_golden_skip),
    };
    return run_at_both("write/cdc", tests);
}
