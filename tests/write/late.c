/*
 * Tests of src/write/sql/late.c: which rows that were left out are not at the destination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/keys.h"

#define PERSON "id bigint pk|n bigint|_dlt_id text row|_dlt_load_id text"
#define ASKED  "id bigint|tidegate_cursor bigint|tidegate_late_by bigint"

static void ask(struct fixture *t, const char *rows, bool descends)
{
    fixture_keys(t, "person", ASKED, rows);
    struct manifest_table *part = manifest_find(package_manifest(t->package), "_tidegate_keys");
    part->is_late = true;
    part->cursor = "n";
    part->descends = descends;
}

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(t, "person", PERSON, "1|10|a|1\n2|20|b|1\n2|15|c|1\n3|NULL|d|1\n");
    FIXTURE_WRITE(t);
}

static void check(struct fixture *t, uint64_t late, uint64_t by)
{
    FIXTURE_WRITE(t);
    assert_int_equal(t->result.counts[0].rows_late, late);
    assert_int_equal(t->result.counts[0].late_by_most, by);
}

static void test_late_is_what_is_not_there(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.changes_state = true;
    /* older, equal and newer than what is there; never there; there without a value; in the load,
     * with a newer value */
    ask(&t, "1|9|11\n1|10|10\n1|11|9\n2|20|0\n4|1|19\n3|5|15\n5|3|17\n", false);
    fixture_rows(&t, "person", PERSON, "5|30|e|2\n");
    check(&t, 3, 19);
    fixture_check(&t, "SELECT rows_late FROM d._tidegate_loads ORDER BY load_id", "0\n3\n");
    fixture_release(&t);
}

static void test_downwards(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.changes_state = true;
    ask(&t, "1|9|1\n1|10|2\n1|11|3\n2|15|4\n2|14|5\n", true);
    check(&t, 2, 5);
    fixture_release(&t);
}

/* A load that only asks is none when there is no answer. */
static void test_a_load_that_only_asks(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.changes_state = false;
    ask(&t, "1|9|1\n", false);
    FIXTURE_WRITE(&t);
    assert_true(t.result.is_idle);
    assert_int_equal(t.result.fate, FATE_WRITTEN);
    fixture_check(&t, "SELECT count(*) FROM d._dlt_loads", "1\n");
    ask(&t, "1|19|1\n", false);
    check(&t, 1, 1);
    assert_false(t.result.is_idle);
    fixture_check(&t, "SELECT count(*) FROM d._dlt_loads", "2\n");
    fixture_release(&t);
}

/* ---- what is learned ---- */

#define LEARNED ASKED "|tidegate_late_class bigint|tidegate_left_out bigint"

static void learn(struct fixture *t, const char *rows)
{
    fixture_keys(t, "person", LEARNED, rows);
    struct manifest_table *part = manifest_find(package_manifest(t->package), "_tidegate_keys");
    part->is_late = true;
    part->cursor = "n";
    part->learns = "id"; /* the cursor that the fixture's state has */
    part->learns_source = "shop";
    part->learns_unit = "units";
}

/* The newest state of the destination, at version `version`, has learned this. */
static void check_learned(struct fixture *t, int64_t version, const char *wanted)
{
    struct text_rows rows = {0};
    struct state stored;
    struct state_cursor cursor;
    bool found = false;
    FIXTURE_OK(t, connection_fetch(t->con,
                                   "SELECT state FROM d._dlt_pipeline_state ORDER BY version DESC",
                                   &rows, &t->err));
    const char *blob = text_cell(&rows, 0, 0);
    FIXTURE_OK(t, state_read(&stored, blob, strlen(blob), &t->err));
    assert_int_equal(stored.version, version);
    FIXTURE_OK(t, state_get_cursor(&stored, "shop", "person", "id", &cursor, &found, &t->err));
    assert_true(found);
    if (wanted)
        assert_string_equal(cursor.lateness, wanted);
    else
        assert_null(cursor.lateness);
    state_cursor_release(&cursor);
    state_release(&stored);
    text_rows_release(&rows);
}

/* Rows of the load that were not there, and are there now; rows that were left out. All else
 * teaches nothing: it was there, is not there even now, or says so. */
static void test_what_a_load_learns(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.changes_state = true;
    learn(&t, "1|9|11|4|0\n1|11|9|4|0\n5|3|17|5|0\n6|3|17|6|0\n2|14|9|4|1\n4|1|19|5|1\n"
              "4|2|18|-1|1\n4|3|17|5|1\n");
    fixture_rows(&t, "person", PERSON, "5|3|e|2\n1|11|f|2\n");
    FIXTURE_WRITE(&t);
    assert_int_equal(t.result.counts[0].rows_late, 3); /* of those that were left out */
    check_learned(&t, 2, "{\"unit\":\"units\",\"within\":{\"16\":1,\"32\":3}}");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_pipeline_state", "2\n");
    fixture_release(&t);
}

/* The state moves on by what is learned alone; with nothing learned it stays. */
static void test_a_load_that_only_learns(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.changes_state = false;
    learn(&t, "1|9|11|4|0\n6|3|17|6|0\n");
    fixture_rows(&t, "person", PERSON, "1|9|e|2\n");
    FIXTURE_WRITE(&t);
    check_learned(&t, 1, NULL);
    learn(&t, "6|3|17|6|1\n");
    FIXTURE_WRITE(&t);
    assert_int_equal(t.result.counts[0].rows_late, 1);
    check_learned(&t, 2, "{\"unit\":\"units\",\"within\":{\"64\":1}}");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_is_what_is_not_there), cmocka_unit_test(test_downwards),
        cmocka_unit_test(test_a_load_that_only_asks),     cmocka_unit_test(test_what_a_load_learns),
        cmocka_unit_test(test_a_load_that_only_learns),
    };
    return run_at_both("write/late", tests);
}
