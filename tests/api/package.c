/* A run in steps: arguments that are missing, and results that nobody takes. */
#include "tests/run/sealed.h"

static void what_is_missing_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    struct tg_result *result = (struct tg_result *)(void *)fixture;
    size_t count = 3;
    refused(fixture, tg_pipeline_extract(NULL, &result, err), TG_USAGE, "pipeline");
    assert_null(result);
    const struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT, .from = "1"};
    result = (struct tg_result *)(void *)fixture;
    refused(fixture, tg_pipeline_extract_window(NULL, &window, &result, err), TG_USAGE, "pipeline");
    assert_null(result);
    give(fixture, 2, BY_CURSOR);
    refused(fixture, tg_pipeline_extract_window(fixture->pipeline, NULL, &result, err), TG_USAGE,
            "options");
    refused(fixture, tg_pipeline_extract_window(fixture->pipeline, &window, NULL, err), TG_USAGE,
            "both its ends");
    result = (struct tg_result *)(void *)fixture;
    refused(fixture, tg_pipeline_write(NULL, NULL, &result, err), TG_USAGE, "pipeline");
    assert_null(result);
    refused(fixture, tg_pipeline_drop_packages(NULL, NULL, &count, err), TG_USAGE, "pipeline");
    assert_int_equal(count, 0);
    assert_int_equal(tg_pipeline_drop_packages(NULL, NULL, NULL, NULL), TG_USAGE);
}

static void a_result_that_is_null_tells_nothing(void **state)
{
    (void)state;
    assert_string_equal(tg_result_package(NULL), "");
    assert_string_equal(tg_result_schema_hash(NULL), "");
    assert_int_equal(tg_result_schema_version(NULL), 0);
    assert_false(tg_result_state_changed(NULL));
}

static void nobody_need_take_them(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 2, BY_CURSOR);
    assert_int_equal(tg_pipeline_extract(fixture->pipeline, NULL, NULL), TG_OK);
    assert_int_equal(tg_pipeline_write(fixture->pipeline, "1.5", NULL, NULL), TG_USAGE);
    assert_int_equal(tg_pipeline_write(fixture->pipeline, NULL, NULL, NULL), TG_OK);
    assert_int_equal(tg_pipeline_drop_packages(fixture->pipeline, NULL, NULL, NULL), TG_OK);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_missing_is_said),
        fixture_test(a_result_that_is_null_tells_nothing),
        fixture_test(nobody_need_take_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
