/* What is known before rows are read: where cursors go on, keys, tables of the catalog. */
#include "tests/fixture.h"

static struct tg_plan *look(struct fixture *fixture)
{
    struct tg_plan *plan = NULL;
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, NULL, &plan, &fixture->err));
    assert_null(tg_plan_result(plan));
    return plan;
}

static void the_cursor_goes_on_where_it_ended(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{7, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {
        TG_RESOURCE_INIT,     .name = "n",
        .read = read_numbers, .user = &numbers,
        .cursor_path = "id",  .initial_value = {.kind = TG_VALUE_INT64, .int64 = 3}};
    fixture_open(fixture, &resource, 1);
    struct tg_plan *plan = look(fixture);
    const struct tg_plan_resource *n = tg_plan_resource(plan, 0);
    assert_string_equal(n->cursor, "id");
    assert_null(n->stored_value);
    assert_string_equal(n->initial_value, "3");
    assert_string_equal(n->start_value, "3");
    assert_false(n->columns_known);
    tg_plan_free(plan);
    fixture_run(fixture);
    plan = look(fixture);
    n = tg_plan_resource(plan, 0);
    assert_string_equal(n->stored_value, "7");
    assert_string_equal(n->start_value, "7");
    assert_true(n->columns_known);
    assert_int_equal(tg_plan_change_count(plan), 0);
    tg_plan_free(plan);
}

static void a_window_begins_at_its_initial_value(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{7, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                   .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.initial_value = (struct tg_value){.kind = TG_VALUE_INT64, .int64 = 1};
    resource.end_value = (struct tg_value){.kind = TG_VALUE_INT64, .int64 = 5};
    fixture_open(fixture, &resource, 1);
    struct tg_plan *plan = look(fixture);
    const struct tg_plan_resource *n = tg_plan_resource(plan, 0);
    assert_null(n->stored_value);
    assert_string_equal(n->start_value, "1");
    assert_string_equal(n->end_value, "5");
    tg_plan_free(plan);
}

static void what_replaces_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{7, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .cursor_path = "id",
                                         .last_value = TG_MIN,
                                         .write_disposition = TG_REPLACE,
                                         .primary_key = "id, value"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    struct tg_plan *plan = look(fixture);
    const struct tg_plan_resource *n = tg_plan_resource(plan, 0);
    assert_true(n->replaces);
    assert_true(n->descends);
    assert_null(n->start_value);
    assert_string_equal(n->primary_key, "id, value");
    assert_string_equal(n->write_disposition, "replace");
    assert_string_equal(n->strategy, "delete-insert");
    bool deletes = false;
    for (size_t i = 0; i < tg_plan_statement_count(plan); i++)
        deletes |= strncmp(tg_plan_statement(plan, i)->sql, "DELETE FROM", 11) == 0;
    assert_true(deletes);
    tg_plan_free(plan);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cursor_goes_on_where_it_ended, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_window_begins_at_its_initial_value, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_replaces_begins_anew, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
