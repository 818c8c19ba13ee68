/*
 * Tests of src/write/sql/undo.c: loads are taken back, or nothing is. Whole sequences of loads and
 * undos are tests/undos.py's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"
#include "write/sql/undo.h"

static const struct undo_request last = {.pipeline = "shop_pipeline", .schema = "shop"};

static void load(struct fixture *t, const char *persons, const char *kids)
{
    fixture_begin(t)->undo_loads = 3;
    fixture_rows(t, "person", PERSON, persons);
    if (kids)
        fixture_rows(t, "person__kids", KIDS, kids);
    FIXTURE_WRITE(t);
}

static void two_loads(struct fixture *t)
{
    start_nested(t);
    load(t, "1|Ann|1.5|a\n2|Bob|1.5|b\n", "k1|a|a|0|a0\nk2|b|b|0|b0\n");
    load(t, "2|Bea|2.5|c\n3|Cid|2.5|d\n", "k3|c|c|0|c0\n");
}

/* What a load that is not written leaves the state like. */
static void state_back(struct fixture *t, const struct buf *before)
{
    state_release(&t->state);
    FIXTURE_OK(t, state_read(&t->state, before->data, before->len, &t->err));
}

/* The undo of what has been looked at, as a run makes it. */
static int write_undo(struct fixture *t, const struct undo *undo)
{
    struct manifest manifest;
    char id[16];
    struct buf before = BUF_INIT;
    const struct tg_error none = {0};
    manifest_init(&manifest);
    FIXTURE_OK(t, state_json(&t->state, &before, &t->err));
    snprintf(id, sizeof(id), "%d.5", ++t->load);
    manifest.load_id = id;
    manifest.package_id = id;
    manifest.undone = undo->loads;
    manifest.undone_count = undo->load_count;
    ledger_release(&t->from);
    FIXTURE_OK(t, fixture_schema(t, &t->from));
    fixture_complete(t, &manifest);
    for (size_t i = 0; i < undo->table_count; i++) {
        struct manifest_table *table = NULL;
        FIXTURE_OK(t, manifest_add_table(&manifest, undo->tables[i].name, "person", false, &table,
                                         &t->err));
    }
    write_result_release(&t->result);
    error_clear(&t->err);
    int rc = write_package(t->con, NULL, &manifest, NULL, &t->result, &t->err);
    const struct tg_error said = t->err;
    t->err = none;
    if (rc != TG_OK)
        state_back(t, &before);
    t->err = said;
    buf_release(&before);
    manifest_release(&manifest);
    return rc;
}

static int undo(struct fixture *t, const struct undo_request *request)
{
    struct undo found = {0};
    arena_init(&found.arena);
    error_clear(&t->err);
    int rc = undo_look(t->con, "d", request, &found, &t->err);
    if (rc == TG_OK)
        rc = write_undo(t, &found);
    undo_release(&found);
    return rc;
}

#define PERSONS  "SELECT id, name, _dlt_load_id, _dlt_id FROM d.person ORDER BY id"
#define ALL_KIDS "SELECT n, _dlt_id FROM d.person__kids ORDER BY n"

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

static void expect_refusal(struct fixture *t, int code, const char *what, const char *where)
{
    assert_int_equal(undo(t, &last), code);
    if (!strstr(t->err.what, what) || strcmp(t->err.table, where) != 0)
        fail_msg("table '%s': %s", t->err.table, t->err.what);
    fixture_check(t, "SELECT count(*) FROM d._dlt_loads WHERE status = 1", "0\n");
}

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
        cmocka_unit_test(test_rows_that_were_changed),
        cmocka_unit_test(test_a_change_is_lost_without_hashes),
        cmocka_unit_test(test_rows_that_are_there_again),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_other_hashes_are_not_compared),
        cmocka_unit_test(test_after_a_change_of_types),
        cmocka_unit_test(test_a_load_that_comes_between),
        cmocka_unit_test(test_which_loads),
    };
    return run_at_both("write/undo", tests);
}
