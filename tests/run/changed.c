/* A cursor that is another one than before, by the public functions: refused, accepted. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 20}};

static void start(struct fixture *fixture, struct numbers *numbers, const struct tg_resource *as,
                  uint64_t accept)
{
    struct tg_resource resource = *as;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .accept = accept};
    resource.name = "n";
    resource.read = read_numbers;
    resource.user = numbers;
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static const struct tg_resource by_id = {TG_RESOURCE_INIT, .cursor_path = "id"};
static const struct tg_resource by_value = {TG_RESOURCE_INIT, .cursor_path = "value"};
static const struct tg_resource down = {TG_RESOURCE_INIT, .cursor_path = "id",
                                        .last_value = TG_MIN};

static const struct tg_resource typed = {TG_RESOURCE_INIT, .cursor_path = "id",
                                         .cursor_type = "double"};

static void refused(struct fixture *fixture, struct numbers *numbers, const struct tg_resource *as,
                    const char *text)
{
    start(fixture, numbers, as, 0);
    numbers->seen_start = -7;
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, text));
    assert_non_null(strstr(fixture->err.what, "tidegate reset SPEC --select n --cursors"));
    assert_non_null(strstr(fixture->err.what, "--accept-cursor-change"));
    assert_int_equal(numbers->seen_start, -7); /* nothing was read */
}

static void another_path(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    start(fixture, &numbers, &by_id, 0);
    fixture_run(fixture);
    refused(fixture, &numbers, &by_value, "its cursor is 'value' now");
    start(fixture, &numbers, &by_value, TG_ACCEPT_CURSOR_CHANGE);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    numbers.count = 3;
    start(fixture, &numbers, &by_value, 0);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 20);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n5\n");
    refused(fixture, &numbers, &by_id,
            "read by 'value', up to '20'"); /* the way back is one, too */
}

static void another_function(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    start(fixture, &numbers, &by_id, 0);
    fixture_run(fixture);
    refused(fixture, &numbers, &down, "goes by min now, and has gone by max");
    start(fixture, &numbers, &down, TG_ACCEPT_CURSOR_CHANGE);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    start(fixture, &numbers, &down, 0);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 1);
}

static void another_type(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    start(fixture, &numbers, &by_id, 0);
    fixture_run(fixture);
    refused(fixture, &numbers, &typed,
            "taken for double now (cursor_type), and have been taken "
            "for what they are, up to '2'");
    start(fixture, &numbers, &typed, TG_ACCEPT_CURSOR_CHANGE);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    start(fixture, &numbers, &typed, 0);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 2);
    refused(fixture, &numbers, &by_id, "taken for what they are now");
}

/* A state that nobody has noted anything in is taken as it is. */
static void an_older_state(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    struct ArrowArrayStream stream = {0};
    start(fixture, &numbers, &by_id, 0);
    fixture_run(fixture);
    assert_done(fixture,
                tg_pipeline_query(fixture->pipeline,
                                  "UPDATE _dlt_pipeline_state SET state = '{\"_state_version\":1,"
                                  "\"_state_engine_version\":4,\"pipeline_name\":\"test\","
                                  "\"sources\":{\"test\":{\"resources\":{\"n\":{"
                                  "\"incremental\":{\"id\":{\"initial_value\":null,"
                                  "\"last_value\":2,\"unique_hashes\":[]}}}}}}}'",
                                  &stream, &fixture->err));
    free(fixture_rows(fixture, &stream, TG_CELL_TEXT));
    start(fixture, &numbers, &down, 0);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_path, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_function, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_type, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_older_state, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/changed", tests, NULL, NULL);
}
