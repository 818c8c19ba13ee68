/* An undo by the public functions: what comes back, what is told, that a run goes on from it. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};

static void open_pipeline(struct fixture *fixture, struct numbers *numbers, int undo_loads)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers, .cursor_path = "id"};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = undo_loads};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void undo(struct fixture *fixture, const struct tg_undo_options *options)
{
    tg_result_free(fixture->result);
    assert_done(fixture,
                tg_pipeline_undo(fixture->pipeline, options, &fixture->result, &fixture->err));
}

static void a_load_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_undo_options look = {TG_UNDO_OPTIONS_INIT, .look_only = true};
    char second[32];
    open_pipeline(fixture, &numbers, 3);
    fixture_run(fixture);
    numbers.count = 3;
    fixture_run(fixture);
    snprintf(second, sizeof(second), "%s", tg_result_load_id(fixture->result));
    undo(fixture, &look);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_string_equal(tg_result_undone(fixture->result, 0), second);
    assert_null(tg_result_undone(fixture->result, 1));
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n3\n");
    undo(fixture, NULL);
    assert_string_not_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(tg_result_table_count(fixture->result), 1);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_deleted, 1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n");
    undo(fixture, NULL);
    assert_int_equal(tg_result_undone_count(fixture->result), 0);
    fixture_run(fixture); /* the cursor has gone back with the rows */
    assert_int_equal(numbers.seen_start, 2);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
}

static void the_first_load_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    open_pipeline(fixture, &numbers, 1);
    fixture_run(fixture);
    undo(fixture, NULL);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n0\n");
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n");
    undo(fixture, NULL);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n0\n");
}

static int try(struct fixture *fixture, const struct tg_undo_options *options)
{
    return tg_pipeline_undo(fixture->pipeline, options, NULL, &fixture->err);
}

static void what_cannot_be_undone(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_undo_options other = {TG_UNDO_OPTIONS_INIT, .load_id = "1.5"};
    const struct tg_undo_options wrong = {.size = 3};
    open_pipeline(fixture, &numbers, 0);
    assert_int_equal(try(fixture, NULL), TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "does not exist yet"));
    assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    fixture_run(fixture);
    assert_int_equal(try(fixture, NULL), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "undo: {loads: N}"));
    assert_int_equal(try(fixture, &other), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "no load '1.5'"));
    assert_int_equal(try(fixture, &wrong), TG_USAGE);
    assert_int_equal(tg_pipeline_undo(NULL, NULL, NULL, &fixture->err), TG_USAGE);
    open_pipeline(fixture, &numbers, 2); /* from the next load on */
    assert_int_equal(try(fixture, NULL), TG_USAGE);
    numbers.count = 2;
    fixture_run(fixture);
    undo(fixture, NULL);
    assert_query(fixture, "SELECT id FROM n", "id\n1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_load_is_taken_back, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_first_load_is_taken_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_undone, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/undo", tests, NULL, NULL);
}
