/* Tests of src/write/sql/below.c: nested tables that another schema alone knows lose their rows
 * with those that they are nested in, and an undo does not leave them behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/undos.h"
#include "tests/write/keys.h"

#define COLUMN(name, hint) "\"" name "\":{\"name\":\"" name "\",\"data_type\":\"text\"" hint "}"
#define LINKS                                                                                      \
    COLUMN("_dlt_id", ",\"row_key\":true")                                                         \
    "," COLUMN("_dlt_parent_id", ",\"parent_key\":true") "," COLUMN("n", "")
/* The deeper one comes first: nothing depends on it. */
#define THEIR_TABLES                                                                               \
    "\"person__pets__toys\":{\"name\":\"person__pets__toys\",\"parent\":\"person__pets\","         \
    "\"columns\":{" LINKS "}},\"person__pets\":{\"name\":\"person__pets\",\"parent\":\"person\","  \
    "\"columns\":{" LINKS "," COLUMN(                                                              \
        "_dlt_root_id",                                                                            \
        ",\"root_key\":true") "}},"                                                                \
                              "\"person\":{\"name\":\"person\",\"resource\":\"r\",\"columns\":{}}"

/* What another pipeline has put below the rows with these ids, and stored. */
static void add_theirs(struct fixture *t)
{
    fixture_exec(t, "CREATE TABLE d.person__pets (n VARCHAR, _dlt_parent_id VARCHAR, "
                    "_dlt_id VARCHAR)");
    fixture_exec(t, "CREATE TABLE d.person__pets__toys (n VARCHAR, _dlt_parent_id VARCHAR, "
                    "_dlt_id VARCHAR)");
    fixture_exec(t, "CREATE TABLE d.person_pets (n VARCHAR, _dlt_parent_id VARCHAR)");
    fixture_exec(t, "INSERT INTO d.person__pets VALUES ('cat', 'a', 'p1'), ('dog', 'b', 'p2'), "
                    "('none', NULL, 'p3')");
    fixture_exec(t, "INSERT INTO d.person__pets__toys VALUES ('ball', 'p1', 't1'), "
                    "('bone', 'p2', 't2')");
    fixture_exec(t, "INSERT INTO d.person_pets VALUES ('cat', 'a'), ('dog', 'b')");
    fixture_exec(t, "INSERT INTO d._dlt_version VALUES (1, 11, '2024-01-01', 'theirs', 'h', "
                    "'{\"name\":\"theirs\",\"version\":1,\"engine_version\":11,\"version_hash\":"
                    "\"h\",\"settings\":{},\"normalizers\":{\"names\":\"snake_case\",\"json\":"
                    "{\"module\":\"dlt.common.normalizers.json.relational\"}},"
                    "\"tables\":{" THEIR_TABLES "}}')");
}

#define PETS "SELECT n FROM d.person__pets ORDER BY n"
#define TOYS "SELECT n FROM d.person__pets__toys ORDER BY n"

static void start_theirs(struct fixture *t, const char *strategy)
{
    start_strategy(t, strategy, false);
    load(t, "1|Ann|1.5|a\n2|Bob|1.5|b\n", NULL);
    add_theirs(t);
}

static void test_rows_that_are_replaced(void **state)
{
    (void)state;
    static const char *const strategies[] = {NULL, "upsert", "cdc"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture t;
        start_theirs(&t, strategies[i]);
        load(&t, "2|Bea|2.5|b\n", NULL);
        fixture_check(&t, PETS, "cat\nnone\n");
        fixture_check(&t, TOYS, "ball\n");
        fixture_check(&t, "SELECT count(*) FROM d.person_pets", "2\n");
        FIXTURE_OK(&t, undo(&t, &last));
        fixture_check(&t, PETS, "cat\ndog\nnone\n");
        fixture_check(&t, TOYS, "ball\nbone\n");
        fixture_release(&t);
    }
}

static void test_rows_that_are_gone(void **state)
{
    (void)state;
    struct fixture t;
    start_theirs(&t, NULL);
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|c\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_check(&t, PETS, "none\n");
    fixture_check(&t, TOYS, "");
    fixture_release(&t);
}

/* Rows that stay keep theirs. */
static void test_rows_that_stay(void **state)
{
    (void)state;
    struct fixture t;
    start_theirs(&t, "insert-only");
    load(&t, "2|Bea|2.5|c\n3|Cid|2.5|d\n", NULL);
    fixture_check(&t, PETS, "cat\ndog\nnone\n");
    fixture_release(&t);
}

/* One without a column that leads to its rows cannot follow them. */
static void test_a_table_without_links(void **state)
{
    (void)state;
    struct fixture t;
    start_theirs(&t, NULL);
    fixture_exec(&t, "ALTER TABLE d.person__pets DROP COLUMN _dlt_parent_id");
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|c\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_non_null(strstr(t.err.what, "nested table 'person__pets"));
    fixture_check(&t, "SELECT _dlt_id FROM d.person ORDER BY 1", "a\nb\n");
    fixture_release(&t);
}

static void test_an_undo_of_what_they_are_nested_in(void **state)
{
    (void)state;
    struct fixture t;
    start_theirs(&t, NULL);
    expect_refusal(&t, TG_CONFLICT, "rows of table 'person__pets' that it did not bring",
                   "person__pets");
    fixture_check(&t, PETS, "cat\ndog\nnone\n");
    fixture_exec(&t, "DELETE FROM d.person__pets WHERE _dlt_parent_id IS NOT NULL");
    FIXTURE_OK(&t, undo(&t, &last));
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_are_replaced),
        cmocka_unit_test(test_rows_that_are_gone),
        cmocka_unit_test(test_rows_that_stay),
        cmocka_unit_test(test_a_table_without_links),
        cmocka_unit_test(test_an_undo_of_what_they_are_nested_in),
    };
    return run_at_both("write/below", tests);
}
