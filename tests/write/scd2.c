/* Tests of src/write/dispositions/scd2.c: versions of rows, and the time they were valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "tests/write/both.h"
#include "tests/write/histories.h"
#include "tests/write/keys.h"

#define NESTED                                                                                     \
    "n text|_dlt_parent_id text parent notnull|_dlt_id text row notnull|_tidegate_order bigint"

/* Four snapshots: rows that are new, changed, gone, back. */
static void test_snapshots(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n2|Bob|b1\n2|Bob|b1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 0);
    fixture_unchanged(&t, 0, 1);
    fixture_rows(&t, "person", ROWS, "1|Amy|a2\n2|Bob|b1\n3|Cy|c1\n3|Cy|c1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 0, 1);
    fixture_unchanged(&t, 0, 2);
    fixture_check(&t, VALID, "1|Amy|now\n1|Ann|was\n2|Bob|now\n3|Cy|now\n");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 3);
    fixture_check(&t, VALID, "1|Amy|was\n1|Ann|now\n1|Ann|was\n2|Bob|was\n3|Cy|was\n");
    fixture_check(&t,
                  "SELECT count(*) FROM d.person a JOIN d.person b ON a.id = b.id AND "
                  "a._dlt_valid_from < b._dlt_valid_from AND a._dlt_valid_to > b._dlt_valid_from",
                  "0\n");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 0);
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void say(struct fixture *t, const char *hint, const char *json)
{
    struct table *table = catalog_find(&t->catalog, "person");
    FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, hint, json, &t->err));
}

/* What is valid outside of the scope goes on, whether it comes or not. */
static void test_scope(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    say(&t, "x-merge-destination-scope", "\"{table}.id < 3\"");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n2|Bob|b1\n3|Cy|c1\n4|Di|d1\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", ROWS, "1|Amy|a2\n3|Cy|c1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, VALID, "1|Amy|now\n1|Ann|was\n2|Bob|was\n3|Cy|now\n4|Di|now\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* What ended later outside of the scope is not beside what this load begins. */
static void test_scope_of_what_ended(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    bound(&t, "\"2024-01-01T00:00:00Z\"");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n3|Cy|c1\n");
    FIXTURE_WRITE(&t);
    bound(&t, "\"2024-05-01T00:00:00Z\"");
    fixture_rows(&t, "person", ROWS, "1|Ann|a1\n");
    FIXTURE_WRITE(&t);
    bound(&t, "\"2024-04-01T00:00:00Z\"");
    fixture_rows(&t, "person", ROWS, "1|Amy|a2\n");
    say(&t, "x-merge-destination-scope", "\"id = 1\"");
    FIXTURE_WRITE(&t);
    fixture_check(&t, VALID, "1|Amy|now\n1|Ann|was\n3|Cy|was\n");
    fixture_release(&t);
}

/* A key of which nothing passes ends nothing; what is nested in such rows takes no part either. */
static void test_filter(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    nest_kids(&t);
    say(&t, "x-merge-source-filter", "\"name < (SELECT max(name) FROM {staging_table})\"");
    fixture_rows(&t, "person", header, "1|a|1a\n2|a|2a\n3|a|3a\n4|a|4a\n5|z|5z\n6|NULL|6n\n");
    fixture_rows(&t, "person__kids", NESTED, "k1|1a|1a0|0\nk5|5z|5z0|4\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 4, 0, 0);
    fixture_unchanged(&t, 0, 0);
    fixture_counts(&t, 1, 1, 0, 0);
    fixture_unchanged(&t, 1, 0);
    fixture_rows(&t, "person", header, "1|z|1z\n2|z|2z\n2|b|2b\n3|a|3a\n");
    fixture_rows(&t, "person__kids", NESTED, "k1|1z|1z0|6\nk2|2z|2z0|7\nk2|2b|2b0|8\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_unchanged(&t, 0, 1);
    fixture_counts(&t, 1, 1, 0, 0);
    fixture_unchanged(&t, 1, 0);
    fixture_check(&t, VALID, "1|a|now\n2|a|was\n2|b|now\n3|a|now\n4|a|was\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* Of a key that has old and new versions, as many as there are of both are updated. */
static void test_counts_by_key(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    fixture_rows(&t, "person", header, "1|a|1a\n1|b|1b\n2|a|2a\n3|a|3a\n4|a|4a\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|c|1c\n2|b|2b\n2|c|2c\n4|a|4a\n5|a|5a\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 2, 2, 2); /* new: of 2, 5; gone: of 1, 3 */
    fixture_unchanged(&t, 0, 1);
    fixture_release(&t);
}

/* A key of two columns is compared column by column, NULL with NULL. */
static void test_merge_key(void **state)
{
    (void)state;
    static const char header[] = "a text mk|b text mk|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    fixture_rows(&t, "person", header,
                 "x|yz|p|1\nxy|z|q|2\nNULL|z|r|3\nNULL|NULL|s|4\nx|NULL|t|5\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "x|yz|P|6\nNULL|z|R|7\nNULL|z|RR|8\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 2, 0);
    fixture_check(&t, "SELECT name FROM d.person WHERE _dlt_valid_to IS NULL ORDER BY _dlt_id",
                  "q\ns\nt\nP\nR\nRR\n");
    /* The key is NULL throughout, and so not even a column of the file. */
    fixture_rows(&t, "person", "name text|_dlt_id text notnull", "S|9\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT name FROM d.person WHERE _dlt_valid_to IS NULL ORDER BY _dlt_id",
                  "q\nt\nP\nR\nRR\nS\n");
    fixture_release(&t);
}

/* Versions by a column of one's own, which counts those of each key; the last of equal ones counts.
 */
static void test_own_version(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|v bigint notnull|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "\"9999-12-31\"");
    golden_columns(&t, "person", header);
    mark(&t, "v", HISTORY_VERSION, "true");
    nest_kids(&t);
    fixture_rows(&t, "person", header, "1|1|Ann|a\n2|1|Bob|b\n");
    fixture_rows(&t, "person__kids", NESTED, "k1|a|a0|0\nk2|b|b0|1\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|1|x|c\n2|2|lost|d\n2|2|Bea|e\n");
    fixture_rows(&t, "person__kids", NESTED, "k3|c|c0|2\nk4|d|d0|3\nk5|e|e0|4\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 0);
    fixture_unchanged(&t, 0, 2);
    fixture_counts(&t, 1, 1, 0, 0);
    fixture_unchanged(&t, 1, 2);
    fixture_check(&t, "SELECT name FROM d.person WHERE _dlt_valid_to > '9000-01-01' ORDER BY id",
                  "Ann\nBea\n");
    fixture_check(&t, "SELECT n FROM d.person__kids ORDER BY n", "k1\nk2\nk5\n");
    fixture_release(&t);
}

/* A NULL is a key like any other: its versions are told by the user's column, too. */
static void test_own_version_of_null(void **state)
{
    (void)state;
    static const char header[] =
        "id bigint mk|day date mk|v bigint notnull|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    golden_columns(&t, "person", header);
    mark(&t, "v", HISTORY_VERSION, "true");
    fixture_rows(&t, "person", header,
                 "NULL|NULL|1|a|i1\nNULL|2024-01-01|1|b|i2\n3|NULL|1|c|i3\n4|2024-01-01|1|d|i4\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header,
                 "NULL|NULL|1|x|j1\nNULL|2024-01-01|2|B|j2\n3|NULL|1|x|j3\n4|2024-01-01|1|x|j4\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 0);
    fixture_unchanged(&t, 0, 3);
    fixture_check(&t,
                  "SELECT name, CASE WHEN _dlt_valid_to IS NULL THEN 'now' ELSE 'was' END "
                  "FROM d.person ORDER BY _dlt_id",
                  "a|now\nb|was\nc|now\nd|now\nB|now\n");
    fixture_release(&t);
}

/* A version of another merge key is another: it neither ends with this one, nor stands for it. */
static void test_own_version_by_merge_key(void **state)
{
    (void)state;
    static const char header[] =
        "id bigint pk|part bigint mk|v bigint notnull|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    golden_columns(&t, "person", header);
    mark(&t, "v", HISTORY_VERSION, "true");
    fixture_rows(&t, "person", header, "1|1|1|a|a\n1|NULL|1|b|b\n2|1|1|c|c\n2|2|1|d|d\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 4, 0, 0);
    fixture_rows(&t, "person", header, "1|1|2|A|e\n2|2|1|x|f\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_check(&t, "SELECT name FROM d.person WHERE _dlt_valid_to IS NULL ORDER BY id, part",
                  "A\nb\nd\n");
    fixture_release(&t);
}

/* Nested rows of a content that is back are there; those of deeper levels go by their root row. */
static void test_nested(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    nest_kids(&t);
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n1|Ann|a\n");
    fixture_rows(&t, "person__kids", NESTED, "k1|a|a0|0\nk1|a|a0|1\n");
    fixture_rows(&t, "person__kids__toys", NESTED, "t1|a0|a00|0\nt1|a0|a00|1\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 2, 1, 0, 0);
    fixture_rows(&t, "person", ROWS, "1|Amy|b\n");
    fixture_rows(&t, "person__kids", NESTED, "k2|b|b0|2\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n");
    fixture_rows(&t, "person__kids", NESTED, "k1|a|a0|3\n");
    fixture_rows(&t, "person__kids__toys", NESTED, "t1|a0|a00|3\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 1);
    fixture_counts(&t, 1, 0, 0, 0);
    fixture_unchanged(&t, 1, 1);
    fixture_check(&t, "SELECT n, count(*) FROM d.person__kids GROUP BY n ORDER BY n",
                  "k1|1\nk2|1\n");
    fixture_check(&t, "SELECT n, count(*) FROM d.person__kids__toys GROUP BY n", "t1|1\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* No row at all: the source has none any more. */
static void test_emptied(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n2|Bob|b\n");
    FIXTURE_WRITE(&t);
    fixture_part(&t, "person")->emptied = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 2);
    fixture_check(&t, VALID, "1|Ann|was\n2|Bob|was\n");
    fixture_rows(&t, "person", ROWS, "2|Bob|b\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 0);
    fixture_rows(&t, "person", ROWS, "2|Bea|c\n2|Bea|c\n");
    fixture_part(&t, "person")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t, VALID, "2|Bea|now\n");
    fixture_release(&t);
}

/* What the source has no more ends by its key: what is listed, or comes otherwise, does not. */
static void test_absent(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "\"9999-12-31\"");
    fixture_rows(&t, "person", header, "1|Ann|a\n2|Bob|b\n3|Cy|c\n4|Di|d\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|Ann|a\n2|Bea|e\n5|Ed|f\n");
    fixture_keys(&t, "person", "id bigint", "4\n");
    fixture_part(&t, "person")->ends_absent = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 1);
    fixture_unchanged(&t, 0, 1);
    fixture_check(&t,
                  "SELECT name, _dlt_valid_to > '9000-01-01' FROM d.person ORDER BY id, _dlt_id",
                  "Ann|true\nBob|false\nBea|true\nCy|false\nDi|true\nEd|true\n");
    /* Without a row; what ended before stays as it is. */
    fixture_keys(&t, "person", "id bigint", "2\n3\n5\n");
    fixture_part(&t, "person")->ends_absent = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 2);
    fixture_check(&t, "SELECT name FROM d.person WHERE _dlt_valid_to > '9000-01-01' ORDER BY id",
                  "Bea\nEd\n");
    fixture_check(&t, "SELECT count(DISTINCT _dlt_valid_to) FROM d.person", "3\n");
    /* A key that comes back has a new version. */
    fixture_rows(&t, "person", header, "3|Cy|c\n");
    fixture_keys(&t, "person", "id bigint", "2\n3\n5\n");
    fixture_part(&t, "person")->ends_absent = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 0);
    fixture_check(&t, "SELECT count(*), count(DISTINCT _dlt_valid_from) FROM d.person WHERE id = 3",
                  "2|2\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    static const char rows[] = "select bigint pk|tenant text mk|name text|_dlt_id text notnull";
    struct fixture t;
    struct described there = {0};
    start_history(&t, "\"9999-12-31\"");
    bound(&t, "\"2024-01-01\"");
    nest_kids(&t);
    golden_columns(&t, "person", rows);
    golden_columns(&t, "person__kids", "n text|_dlt_parent_id text parent|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person", rows, "person.1.parquet");
    golden_file(&t, "person__kids", NESTED, "person__kids.1.parquet");
    golden_check(&t, &there, "scd2_by_merge_key", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_snapshot(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start_history(&t, "null");
    bound(&t, "\"2024-01-01\"");
    golden_columns(&t, "person", ROWS);
    golden_there(&t, &there, "person");
    golden_file(&t, "person", ROWS, "person.1.parquet");
    golden_check(&t, &there, "scd2", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_scope(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start_history(&t, "null");
    say(&t, "x-merge-destination-scope", "\"id IN (SELECT id FROM {staging_table})\"");
    golden_columns(&t, "person", ROWS);
    golden_there(&t, &there, "person");
    golden_file(&t, "person", ROWS, "person.1.parquet");
    golden_check(&t, &there, "scd2_scope", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_filter(void **state)
{
    (void)state;
    static const char rows[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    struct described there = {0};
    start_history(&t, "null");
    bound(&t, "\"2024-01-01\"");
    nest_kids(&t);
    say(&t, "x-merge-source-filter", "\"name <> 'draft'\"");
    golden_columns(&t, "person", rows);
    golden_columns(&t, "person__kids", "n text|_dlt_parent_id text parent|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_file(&t, "person", rows, "person.1.parquet");
    golden_file(&t, "person__kids", NESTED, "person__kids.1.parquet");
    golden_check(&t, &there, "scd2_filter", GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_absent(void **state)
{
    (void)state;
    static const char rows[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    struct described there = {0};
    start_history(&t, "\"9999-12-31\"");
    bound(&t, "\"2024-01-01\"");
    golden_columns(&t, "person", rows);
    golden_there(&t, &there, "person");
    golden_file(&t, "person", rows, "person.1.parquet");
    fixture_part(&t, "person")->ends_absent = true;
    golden_check(&t, &there, "scd2_absent", GOLDEN_DATA);
    fixture_release(&t);
}

static struct fixture tortured;
static struct delivery tortured_load;

static int plan_once(void)
{
    int rc = TG_OK;
    struct plan plan;
    const struct chain *chain = &tortured_load.chains[0];
    plan_init(&plan);
    TRY(chain->driver->stage(&tortured_load, chain, &plan, &tortured.err));
    TRY(chain->driver->apply(&tortured_load, chain, &plan, &tortured.err));
done:
    plan_release(&plan);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    static const char rows[] = "id bigint pk|day date mk|v bigint|_dlt_id text notnull";
    struct described there = {0};
    struct plan plan;
    start_history(&tortured, "\"9999-12-31\"");
    nest_kids(&tortured);
    golden_columns(&tortured, "person", rows);
    golden_columns(&tortured, "person__kids", "n text|_dlt_parent_id text parent|_dlt_id text row");
    mark(&tortured, "v", HISTORY_VERSION, "true");
    golden_there(&tortured, &there, "person");
    golden_there(&tortured, &there, "person__kids");
    golden_file(&tortured, "person", rows, "1");
    golden_file(&tortured, "person__kids", NESTED, "2");
    fixture_complete(&tortured, fixture_begin(&tortured));
    FIXTURE_OK(&tortured,
               delivery_init(&tortured_load, &dialect_postgres, "p",
                             package_manifest(tortured.package), &there, NULL, &tortured.err));
    plan_init(&plan);
    FIXTURE_OK(&tortured, ddl_plan(&tortured_load, &plan, &tortured.err));
    torture(plan_once);
    plan_release(&plan);
    delivery_release(&tortured_load);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_counts_by_key),
        cmocka_unit_test(test_merge_key),
        cmocka_unit_test(test_own_version),
        cmocka_unit_test(test_own_version_of_null),
        cmocka_unit_test(test_own_version_by_merge_key),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_emptied),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_out_of_memory),
        golden_unit_tests(test_golden),
        golden_unit_tests(test_golden_snapshot),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_scope_of_what_ended),
        golden_unit_tests(test_golden_scope),
        cmocka_unit_test(test_filter),
        golden_unit_tests(test_golden_filter),
        golden_unit_tests(test_golden_absent),
    };
    return run_at_both("write/scd2", tests);
}
