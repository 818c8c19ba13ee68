/* What is forgotten, for programs: what is refused, and accessors that answer with nothing. */
#include "tests/fixture.h"

static void null_and_beyond_are_answered(void **state)
{
    (void)state;
    tg_reset_free(NULL);
    assert_string_equal(tg_reset_load_id(NULL), "");
    assert_string_equal(tg_reset_dataset(NULL), "");
    assert_string_equal(tg_reset_newest_load(NULL), "");
    assert_int_equal(tg_reset_resource_count(NULL) + tg_reset_cursor_count(NULL) +
                         tg_reset_package_count(NULL) + tg_reset_table_count(NULL),
                     0);
    assert_null(tg_reset_resource(NULL, 0));
    assert_null(tg_reset_cursor(NULL, 0));
    assert_null(tg_reset_package(NULL, 0));
    assert_null(tg_reset_table(NULL, 0));
}

static void wrong_calls_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tg_reset *reset = NULL;
    struct tg_reset_options options;
    tg_reset_options_init(&options);
    assert_int_equal(tg_pipeline_reset(NULL, &options, &reset, &fixture->err), TG_USAGE);
    fixture_open(fixture, NULL, 0);
    options.parts = TG_RESET_FILES;
    assert_int_equal(tg_pipeline_drop(fixture->pipeline, &options, &reset, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "a drop takes all"));
    options.parts = 8;
    assert_int_equal(tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "is 8"));
    options.size = 3;
    assert_int_equal(tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "tg_reset_options_init"));
    assert_null(reset);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_done(fixture, tg_pipeline_drop(fixture->pipeline, NULL, &reset, &fixture->err));
    assert_string_equal(tg_reset_load_id(reset), "");
    assert_null(tg_reset_table(reset, 0));
    tg_reset_free(reset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_beyond_are_answered),
        cmocka_unit_test_setup_teardown(wrong_calls_are_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("api/reset", tests, NULL, NULL);
}
