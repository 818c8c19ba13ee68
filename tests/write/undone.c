/*
 * Tests of src/write/sql/undone.c: a table of a load is taken back as the load has left it, or not
 * at all, and no value of anybody's is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/keys.h"
#include "tests/write/undos.h"

static void test_rows_that_were_changed(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "UPDATE d.person SET name = 'Dan' WHERE id = 3");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'd'", "person");
    fixture_check(&t, PERSONS, "1|Ann|1.5|a\n2|Bea|2.5|c\n3|Dan|2.5|d\n");
    fixture_exec(&t, "UPDATE d.person SET name = 'Cid' WHERE id = 3");
    fixture_exec(&t, "DELETE FROM d.person__kids WHERE _dlt_id = 'c0'");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'c0'", "person__kids");
    fixture_check(&t, PERSONS, "1|Ann|1.5|a\n2|Bea|2.5|c\n3|Cid|2.5|d\n");
    fixture_release(&t);
}

/* What tells a change is the hash: with one that is always the same somebody's change is lost. */
static void test_a_change_is_lost_without_hashes(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    const struct dialect *real = t.con->dialect;
    struct dialect blind = *real;
    blind.row_hash = "CAST(1 AS BIGINT)";
    t.con->dialect = &blind;
    load(&t, "1|Ann|1.5|a\n", NULL);
    fixture_exec(&t, "UPDATE d.person SET name = 'Dan'");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, PERSONS, "");
    t.con->dialect = real;
    fixture_release(&t);
}

static void test_rows_that_are_there_again(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "INSERT INTO d.person (id, name, _dlt_load_id, _dlt_id) "
                     "VALUES (2, 'Bob', '0', 'x')");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'x'", "person");
    fixture_exec(&t, "DELETE FROM d.person WHERE _dlt_id = 'x'");
    fixture_exec(&t, "INSERT INTO d.person__kids (n, _dlt_root_id, _dlt_parent_id, "
                     "_dlt_list_idx, _dlt_id) VALUES ('k', 'z', 'z', 0, 'b0')");
    expect_refusal(&t, TG_CONFLICT, "are there again", "person__kids");
    fixture_release(&t);
}

/* The columns may have got wider since. */
static void test_after_a_change_of_types(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "ALTER TABLE d.person ALTER COLUMN id SET DATA TYPE double precision");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, "SELECT CAST(id AS BIGINT), name FROM d.person ORDER BY 1", "1|Ann\n2|Bob\n");
    fixture_release(&t);
}

/* ---- what others have added ---- */

static void test_a_column_that_came_later(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "ALTER TABLE d.person ADD COLUMN note VARCHAR");
    fixture_exec(&t, "UPDATE d.person SET note = 'mine' WHERE id = 3");
    expect_refusal(&t, TG_CONFLICT, "column 'note', which is newer", "person");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'd'", "person");
    fixture_exec(&t, "UPDATE d.person SET note = CASE WHEN id = 1 THEN 'its' END");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, "SELECT id, name, note FROM d.person ORDER BY id", "1|Ann|its\n2|Bob|NULL\n");
    fixture_release(&t);
}

/* What others have put into a column that the load knew comes back with the row. */
static void test_a_column_that_was_there(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    load(&t, "1|Ann|1.5|a\n2|Bob|1.5|b\n", NULL);
    fixture_exec(&t, "ALTER TABLE d.person ADD COLUMN note VARCHAR");
    fixture_exec(&t, "UPDATE d.person SET note = 'mine'");
    load(&t, "2|Bea|2.5|c\n", NULL);
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, "SELECT id, name, note FROM d.person ORDER BY id",
                  "1|Ann|mine\n2|Bob|mine\n");
    /* With the load before it the row would go, and what stands in it, for good. */
    struct undo_request first = last;
    first.load_id = "1.5";
    assert_int_equal(undo(&t, &first), TG_CONFLICT);
    assert_non_null(strstr(t.err.what, "column 'note', which is newer"));
    fixture_release(&t);
}

static void test_rows_below_rows_of_the_load(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "INSERT INTO d.person__kids (n, _dlt_root_id, _dlt_parent_id, "
                     "_dlt_list_idx, _dlt_id) VALUES ('mine', 'd', 'd', 0, 'm')");
    expect_refusal(&t, TG_CONFLICT, "in the row whose id is 'd'", "person__kids");
    fixture_exec(&t, "UPDATE d.person__kids SET _dlt_root_id = 'a', _dlt_parent_id = 'a' "
                     "WHERE n = 'mine'");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, ALL_KIDS, "k1|a0\nk2|b0\nmine|m\n");
    fixture_release(&t);
}

static void test_ids_that_are_null(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "INSERT INTO d._tidegate_undo_2_5_1_left (row_id, row_hash) VALUES "
                     "(NULL, 1)");
    expect_refusal(&t, TG_CONFLICT, "whose id is NULL", "person");
    fixture_release(&t);
}

/* ---- columns that the database fills ---- */

static bool at_postgres(void)
{
    return fixture_url != NULL;
}

static void test_generated_columns(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, at_postgres()
                         ? "CREATE TABLE d.person (id bigint, name varchar, _dlt_load_id varchar, "
                           "_dlt_id varchar, twice bigint GENERATED ALWAYS AS (id * 2) STORED, "
                           "own bigint GENERATED ALWAYS AS IDENTITY)"
                         : "CREATE TABLE d.person (id bigint, name varchar, _dlt_load_id varchar, "
                           "_dlt_id varchar, twice bigint GENERATED ALWAYS AS (id * 2), "
                           "\"it's \"\"3\"\"\" decimal(9, 2) GENERATED ALWAYS AS (id * 3), "
                           "e bigint DEFAULT 5, own bigint DEFAULT 7)");
    load(&t, "1|Ann|1.5|a\n2|Bob|1.5|b\n", NULL);
    if (at_postgres())
        fixture_exec(&t, "UPDATE d.person SET own = DEFAULT");
    load(&t, "2|Bea|2.5|c\n3|Cid|2.5|d\n", NULL);
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, "SELECT id, name, twice, own FROM d.person ORDER BY id",
                  at_postgres() ? "1|Ann|2|3\n2|Bob|4|4\n" : "1|Ann|2|7\n2|Bob|4|7\n");
    fixture_release(&t);
}

/* ---- rows that are changed where they are ---- */

static void declare_flag(struct fixture *t)
{
    struct table_column *column = NULL;
    const struct type_spec spec = {.type = TYPE_TIMESTAMP};
    FIXTURE_OK(t, table_add_column(&t->catalog, catalog_find(&t->catalog, "person"),
                                   "_tidegate_deleted_at", &spec, &column, &t->err));
    column->nullable = true;
}

/* A row without an id gets one before it is flagged: by that it is found again. */
static void test_flagged_rows_without_ids(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    load(&t, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cid|1.5|c\n", NULL);
    fixture_exec(&t, "ALTER TABLE d.person ALTER COLUMN _dlt_id DROP NOT NULL");
    fixture_exec(&t, "UPDATE d.person SET _dlt_id = NULL WHERE id > 1");
    declare_flag(&t);
    fixture_begin(&t)->undo_loads = 3;
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|d\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t,
                  "SELECT id, name, _tidegate_deleted_at IS NULL, _dlt_id IS NULL "
                  "FROM d.person ORDER BY id",
                  "1|Ann|true|false\n2|Bob|true|false\n3|Cid|true|false\n");
    fixture_release(&t);
}

/* SQLite keeps the row itself; what stands behind a NUL is of it, too. */
static void test_texts_with_a_nul(void **state)
{
    (void)state;
    struct fixture t;
    two_loads(&t);
    fixture_exec(&t, "UPDATE d.person SET name = CAST(x'4369640061' AS TEXT) WHERE id = 3");
    expect_refusal(&t, TG_CONFLICT, "whose id is 'd'", "person");
    fixture_exec(&t, "UPDATE d.person SET name = 'Cid' WHERE id = 3");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_check(&t, PERSONS, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    fixture_check(&t, ALL_KIDS, "k1|a0\nk2|b0\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest at_sqlite[] = {
        cmocka_unit_test(test_rows_that_were_changed),
        cmocka_unit_test(test_a_change_is_lost_without_hashes),
        cmocka_unit_test(test_rows_that_are_there_again),
        cmocka_unit_test(test_a_column_that_came_later),
        cmocka_unit_test(test_a_column_that_was_there),
        cmocka_unit_test(test_rows_below_rows_of_the_load),
        cmocka_unit_test(test_texts_with_a_nul),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_were_changed),
        cmocka_unit_test(test_a_change_is_lost_without_hashes),
        cmocka_unit_test(test_rows_that_are_there_again),
        cmocka_unit_test(test_after_a_change_of_types),
        cmocka_unit_test(test_a_column_that_came_later),
        cmocka_unit_test(test_a_column_that_was_there),
        cmocka_unit_test(test_rows_below_rows_of_the_load),
        cmocka_unit_test(test_ids_that_are_null),
        cmocka_unit_test(test_generated_columns),
        cmocka_unit_test(test_flagged_rows_without_ids),
    };
    int failed = run_at_both("write/undone", tests);
    fixture_url = NULL;
    fixture_file = "adbc:" SQLITE_DRIVER ":";
    return failed + cmocka_run_group_tests_name("write/undone (sqlite)", at_sqlite, NULL, NULL);
}
