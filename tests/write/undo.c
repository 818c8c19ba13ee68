/*
 * Tests of src/write/sql/undo.c: loads are taken back, or nothing is. Whole sequences of loads and
 * undos are tests/undos.py's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_back),
        cmocka_unit_test(test_several_loads_at_once),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_other_hashes_are_not_compared),
        cmocka_unit_test(test_a_load_that_comes_between),
        cmocka_unit_test(test_which_loads),
    };
    return run_at_both("write/undo", tests);
}
