/* A reset and a drop by the public functions: what is written, a run after it, conflicts. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};

static void start(struct fixture *fixture, struct numbers *numbers)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static void a_cursor_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    struct tg_reset *reset = NULL;
    start(fixture, &numbers);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, NULL, &reset, &fixture->err));
    assert_string_not_equal(tg_reset_load_id(reset), "");
    assert_string_equal(tg_reset_newest_load(reset), tg_result_load_id(fixture->result));
    assert_query(fixture,
                 "SELECT s.version FROM _dlt_pipeline_state s JOIN _dlt_loads l "
                 "ON l.load_id = s._dlt_load_id ORDER BY 1",
                 "version\n1\n2\n");
    tg_reset_free(reset);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, NULL, &reset, &fixture->err));
    assert_string_equal(tg_reset_load_id(reset), ""); /* there is nothing more */
    tg_reset_free(reset);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n4\n");
}

static void a_table_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    struct tg_reset *reset = NULL;
    start(fixture, &numbers);
    assert_done(fixture, tg_pipeline_drop(fixture->pipeline, NULL, &reset, &fixture->err));
    assert_int_equal(tg_reset_table_count(reset), 1);
    tg_reset_free(reset);
    assert_query(fixture,
                 "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'n'",
                 "n\n0\n");
    assert_query(fixture, "SELECT count(*) AS n FROM _dlt_version WHERE schema LIKE '%\"n\"%'",
                 "n\n0\n");
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n2\n");
}

static void another_load_has_come(void **state)
{
    struct fixture *fixture = *state;
    char newest[32];
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_reset_options look = {TG_RESET_OPTIONS_INIT, .look_only = true};
    struct tg_reset_options options = {TG_RESET_OPTIONS_INIT, .newest_load = newest};
    struct tg_reset *reset = NULL;
    start(fixture, &numbers);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, &look, &reset, &fixture->err));
    snprintf(newest, sizeof(newest), "%s", tg_reset_newest_load(reset));
    tg_reset_free(reset);
    numbers.count = 3;
    fixture_run(fixture);
    assert_int_equal(tg_pipeline_reset(fixture->pipeline, &options, NULL, &fixture->err),
                     TG_CONFLICT);
    assert_non_null(strstr(fixture->err.what, "has come meanwhile"));
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 3);
    snprintf(newest, sizeof(newest), "%s", "0");
    assert_int_equal(tg_pipeline_drop(fixture->pipeline, &options, NULL, &fixture->err),
                     TG_CONFLICT);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cursor_is_forgotten, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_is_dropped, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_load_has_come, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/reset", tests, NULL, NULL);
}
