/*
 * Tests of src/write/sql/undo.c: loads are taken back, or nothing is. Whole sequences of loads and
 * undos are tests/undos.py's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/ranges.h"
#include "tests/write/undos.h"

static void test_rows_come_back(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_check(&t, PERSONS, "1|Ann|1.5|a\n2|Bea|2.5|c\n3|Cid|2.5|d\n");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, PERSONS, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    fixture_check(&t, ALL_KIDS, "k1|a0\nk2|b0\n");
    fixture_check(&t, "SELECT load_id, status FROM d._dlt_loads ORDER BY 1",
                  "1.5|0\n2.5|1\n3.5|0\n");
    fixture_check(&t,
                  "SELECT table_name, disposition, rows_inserted, rows_deleted "
                  "FROM d._tidegate_loads WHERE load_id = '3.5' ORDER BY 1",
                  "person|undo|1|2\nperson__kids|undo|1|1\n");
    fixture_check(&t, "SELECT DISTINCT load_id FROM d._tidegate_undo", "1.5\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static void test_several_loads_at_once(void **state)
{
    (void)state;
    struct fixture t;
    struct undo_request first = last;
    first.load_id = "1.5";
    two_loads(&t);
    FIXTURE_OK(&t, undo(&t, &first));
    fixture_check(&t, PERSONS, "");
    fixture_check(&t, ALL_KIDS, "");
    fixture_check(&t, "SELECT count(*) FROM d._tidegate_undo", "0\n");
    fixture_release(&t);
}

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "ALTER TABLE d.person RENAME COLUMN name TO called");
    expect_refusal(&t, TG_CONFLICT, "column 'name' of table 'person'", "person");
    fixture_exec(&t, "ALTER TABLE d.person RENAME COLUMN called TO name");
    fixture_exec(&t, "DROP TABLE d._tidegate_undo_2_5_1_old");
    expect_refusal(&t, TG_DESTINATION, "'_tidegate_undo_2_5_1_old'", "");
    fixture_exec(&t, "DELETE FROM d._tidegate_undo");
    expect_refusal(&t, TG_USAGE, "undo: {loads: N}", "");
    fixture_release(&t);
}

static void test_other_hashes_are_not_compared(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "UPDATE d._tidegate_undo SET probe = '1'");
    expect_refusal(&t, TG_DESTINATION, "other hashes", "");
    fixture_release(&t);
}

static void test_a_load_that_comes_between(void **state)
{
    (void)state;
    struct fixture t;
    struct undo found = {0};
    struct undo_request request = last;
    two_loads(&t);
    arena_init(&found.arena);
    FIXTURE_OK(&t, undo_look(t.con, "d", &request, &found, &t.err));
    t.changes_state = false; /* so that nothing else tells that it came */
    load(&t, "9|Eve|3.5|e\n", NULL);
    assert_int_equal(write_undo(&t, &found), TG_CONFLICT);
    assert_non_null(strstr(t.err.what, "meanwhile"));
    fixture_check(&t, "SELECT count(*) FROM d.person", "4\n");
    undo_release(&found);
    found = (struct undo){0};
    arena_init(&found.arena);
    request.newest_load = "2.5";
    assert_int_equal(undo_look(t.con, "d", &request, &found, &t.err), TG_CONFLICT);
    undo_release(&found);
    fixture_release(&t);
}

static void test_which_loads(void **state)
{
    (void)state;
    struct fixture t;
    struct undo_request request = last;
    two_loads(&t);
    FIXTURE_OK(&t, undo(&t, &last));
    for (int i = 0; i < 2; i++) { /* the newest is an undo; then by its name */
        struct undo found = {0};
        arena_init(&found.arena);
        FIXTURE_OK(&t, undo_look(t.con, "d", &request, &found, &t.err));
        assert_int_equal(found.load_count, 0);
        assert_string_equal(found.already, i == 0 ? "3.5" : "2.5");
        undo_release(&found);
        request.load_id = "2.5";
    }
    request.load_id = "3.5";
    assert_int_equal(undo(&t, &request), TG_USAGE);
    assert_non_null(strstr(t.err.what, "is an undo"));
    request.load_id = "7.5";
    assert_int_equal(undo(&t, &request), TG_USAGE);
    assert_non_null(strstr(t.err.what, "no load '7.5'"));
    request.load_id = "1.5";
    FIXTURE_OK(&t, undo(&t, &request));
    fixture_check(&t, PERSONS, "");
    fixture_release(&t);
}

/* ---- each way to replace ---- */

#define CITY_ROWS "name text|_dlt_load_id text|_dlt_id text row"
#define TAG_ROWS  "value text|_dlt_parent_id text parent|_dlt_id text row"
#define CITIES    "SELECT name, note, _dlt_load_id, _dlt_id FROM d.city ORDER BY name"
#define ALL_TAGS  "SELECT value, _dlt_parent_id, _dlt_id FROM d.city__tags ORDER BY value"

static void replace(struct fixture *t, const char *cities, const char *tags)
{
    fixture_begin(t)->undo_loads = 3;
    fixture_rows(t, "city", CITY_ROWS, cities);
    fixture_part(t, "city")->replaced = true;
    if (tags)
        fixture_rows(t, "city__tags", TAG_ROWS, tags);
    FIXTURE_WRITE(t);
}

/* Two cities with notes of somebody, and three tags. */
static void replace_first(struct fixture *t, const char *strategy)
{
    fixture_init(t);
    fixture_table(t, "city", NULL, DISPOSITION_REPLACE)->replace_strategy = strategy;
    fixture_table(t, "city__tags", "city", DISPOSITION_NONE);
    replace(t, "Oslo|1.5|b\nRome|1.5|a\n", "big|b|b1\nnew|b|b0\nold|a|a0\n");
    fixture_exec(t, "ALTER TABLE d.city ADD COLUMN note VARCHAR");
    fixture_exec(t, "UPDATE d.city SET note = 'its ' || name");
}

static void check_first(struct fixture *t)
{
    fixture_check(t, CITIES, "Oslo|its Oslo|1.5|b\nRome|its Rome|1.5|a\n");
    fixture_check(t, ALL_TAGS, "big|b|b1\nnew|b|b0\nold|a|a0\n");
    fixture_check(t,
                  "SELECT table_name FROM information_schema.tables WHERE table_schema = 'd' "
                  "AND table_name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1",
                  "city\ncity__tags\n");
    fixture_no_temporary(t);
}

/* Other rows, no nested ones, none at all; and what was changed since stays. */
static void undo_replaced(const char *strategy)
{
    struct fixture t;
    replace_first(&t, strategy);
    replace(&t, "Bern|2.5|c\nRome|2.5|a\n", "cold|c|c0\nold|a|a0\n");
    fixture_check(&t, CITIES, "Bern|NULL|2.5|c\nRome|NULL|2.5|a\n");
    fixture_exec(&t, "UPDATE d.city SET name = 'Roma' WHERE name = 'Rome'");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'a'", "city");
    fixture_exec(&t, "UPDATE d.city SET name = 'Rome' WHERE name = 'Roma'");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_counts(&t, 0, 2, 0, 2);
    fixture_counts(&t, 1, 3, 0, 2);
    check_first(&t);
    replace(&t, "Kiel|5.5|d\n", NULL);
    FIXTURE_OK(&t, undo(&t, &last));
    check_first(&t);
    fixture_begin(&t)->undo_loads = 3;
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t, CITIES, "");
    fixture_check(&t, ALL_TAGS, "");
    FIXTURE_OK(&t, undo(&t, &last));
    check_first(&t);
    fixture_release(&t);
}

/* Two loads at once, of which the second brings a column. */
static void undo_two_replaced(const char *strategy)
{
    struct fixture t;
    struct undo_request second = {.pipeline = last.pipeline, .schema = "shop", .load_id = "2.5"};
    replace_first(&t, strategy);
    replace(&t, "Bern|2.5|c\n", "cold|c|c0\n");
    fixture_begin(&t)->undo_loads = 3;
    fixture_rows(&t, "city", CITY_ROWS "|size bigint", "Bern|3.5|c|7\n");
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    FIXTURE_OK(&t, undo(&t, &second));
    check_first(&t);
    fixture_check(&t, "SELECT count(*), count(size) FROM d.city", "2|0\n");
    fixture_exec(&t, "UPDATE d.city SET note = NULL"); /* which would be lost */
    second.load_id = "1.5";
    FIXTURE_OK(&t, undo(&t, &second));
    fixture_check(&t, CITIES, "");
    fixture_check(&t, ALL_TAGS, "");
    fixture_release(&t);
}

static void test_replaces(void **state)
{
    (void)state;
    static const char *const strategies[] = {NULL, "truncate-and-insert", "insert-from-staging",
                                             "staging-optimized"};
    const size_t count = fixture_url ? 4 : 3;
    for (size_t i = 0; i < count; i++) {
        undo_replaced(strategies[i]);
        undo_two_replaced(strategies[i]);
    }
}

#define ALL_DAYS  "SELECT day, n, _dlt_load_id FROM d.days ORDER BY day, n"
#define ALL_NOTES "SELECT value, _dlt_id FROM d.days__notes ORDER BY value"

static void check_days(struct fixture *t)
{
    fixture_check(t, ALL_DAYS, "2024-01-01|1|1.5\n2024-01-02|1|1.5\n2024-01-03|1|1.5\n");
    fixture_check(t, ALL_NOTES, "x|a0\ny|b0\nz|c0\n");
    fixture_check(t, "SELECT value, _dlt_id FROM d.days__notes__words", "w|b00\n");
    fixture_no_temporary(t);
}

/* What lies in the range, with what is nested in it; what others have put there comes back, too. */
static void test_replaced_ranges(void **state)
{
    (void)state;
    struct fixture t;
    ranges_start(&t);
    ranges_nest(&t);
    fixture_begin(&t)->undo_loads = 3;
    fixture_rows(&t, "days", DAYS, "2024-01-01|1|1.5|a\n2024-01-02|1|1.5|b\n2024-01-03|1|1.5|c\n");
    fixture_rows(&t, "days__notes", NOTES, "x|a|a0\ny|b|b0\nz|c|c0\n");
    fixture_rows(&t, "days__notes__words", WORDS, "w|b0|b00\n");
    ranges_window(&t, "2024-01-01", "2024-02-01");
    FIXTURE_WRITE(&t);
    fixture_begin(&t)->undo_loads = 3;
    fixture_rows(&t, "days", DAYS, "2024-01-02|2|2.5|d\n2024-01-02|3|2.5|e\n");
    fixture_rows(&t, "days__notes", NOTES, "new|e|e0\n");
    ranges_window(&t, "2024-01-02", "2024-01-03");
    FIXTURE_WRITE(&t);
    fixture_check(&t, ALL_NOTES, "new|e0\nx|a0\nz|c0\n");
    fixture_exec(&t, "UPDATE d.days SET n = 9 WHERE n = 3");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'e'", "days");
    fixture_exec(&t, "UPDATE d.days SET n = 3 WHERE n = 9");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_counts(&t, 0, 1, 0, 2);
    check_days(&t);
    fixture_begin(&t)->undo_loads = 3; /* of an emptied one */
    ranges_window(&t, "2024-01-02", NULL);
    FIXTURE_WRITE(&t);
    fixture_check(&t, ALL_NOTES, "x|a0\n");
    FIXTURE_OK(&t, undo(&t, &last));
    check_days(&t);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_back),
        cmocka_unit_test(test_several_loads_at_once),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_other_hashes_are_not_compared),
        cmocka_unit_test(test_a_load_that_comes_between),
        cmocka_unit_test(test_which_loads),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_replaced_ranges),
    };
    return run_at_both("write/undo", tests);
}
