/* Rows of another pipeline where nothing is remembered: refused, accepted once, not asked again. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}};

static void start(struct fixture *fixture, struct numbers *numbers, const char *pipeline,
                  uint64_t accept)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers, .cursor_path = "id"};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = pipeline,
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .accept = accept};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void asked_once(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    start(fixture, &numbers, "one", 0);
    fixture_run(fixture);
    start(fixture, &numbers, "two", 0);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "they are from resource 'n' of pipeline 'one'"));
    numbers.count = 0;
    start(fixture, &numbers, "two", TG_ACCEPT_ROWS);
    fixture_run(fixture); /* no row comes, and it is remembered */
    assert_string_not_equal(tg_result_load_id(fixture->result), "");
    numbers.count = 2;
    start(fixture, &numbers, "two", 0);
    fixture_run(fixture);
    start(fixture, &numbers, "one", 0);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 2);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n4\n");
}

static void own_rows(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    start(fixture, &numbers, "one", 0);
    fixture_run(fixture);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, NULL, NULL, &fixture->err));
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asked_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(own_rows, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/origin", tests, NULL, NULL);
}
