/* A check: it opens what is selected, and leaves everything as it is. */
#include "tests/fixture.h"

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

static void check_does_not_make_the_destination(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing};
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    struct fs_stat stat;
    char path[400];
    snprintf(path, sizeof(path), "%s/test.duckdb", fixture->folder);
    assert_done(fixture, fs_stat(path, &stat, &fixture->err));
    assert_false(stat.exists);
}

static void open_two(struct fixture *fixture, const char *select)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination,
                                                .workdir = fixture->workdir, .select = select};
    const struct tg_option path = {"path", "none.jsonl"};
    const struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "here", .read = read_nothing},
        {TG_RESOURCE_INIT, .name = "gone", .source = "files", .options = &path, .option_count = 1}};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    for (size_t i = 0; i < 2; i++)
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resources[i], &fixture->err));
}

static void what_is_selected_is_opened(void **state)
{
    struct fixture *fixture = *state;
    open_two(fixture, NULL);
    assert_int_equal(tg_pipeline_check(fixture->pipeline, &fixture->err), TG_SOURCE);
    assert_string_equal(fixture->err.resource, "gone");
    assert_non_null(strstr(fixture->err.what, "none.jsonl"));
    open_two(fixture, "here");
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    open_two(fixture, "her");
    assert_int_equal(tg_pipeline_check(fixture->pipeline, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "did you mean 'here'?"));
}

static void a_destination_that_is_none_is_found(void **state)
{
    struct fixture *fixture = *state;
    char path[400];
    fixture_open(fixture, NULL, 0);
    snprintf(path, sizeof(path), "%s/test.duckdb", fixture->folder);
    assert_done(fixture, fs_write_file(path, "no database", 11, &fixture->err));
    assert_int_equal(tg_pipeline_check(fixture->pipeline, &fixture->err), TG_DESTINATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_does_not_make_the_destination, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_selected_is_opened, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_destination_that_is_none_is_found, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
