/* How resources are best loaded, for programs: what is refused, and accessors that answer with
 * nothing. */
#include "tests/fixture.h"

static void null_and_beyond_are_answered(void **state)
{
    (void)state;
    tg_advice_free(NULL);
    assert_int_equal(tg_advice_resource_count(NULL) + tg_advice_field_count(NULL, 0) +
                         tg_advice_reason_count(NULL, 0) + tg_advice_warning_count(NULL),
                     0);
    assert_null(tg_advice_resource(NULL, 0));
    assert_null(tg_advice_field(NULL, 0, 0));
    assert_null(tg_advice_reason(NULL, 0, 0));
    assert_null(tg_advice_warning(NULL, 0));
}

static void wrong_calls_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tg_advice *advice = NULL;
    struct tg_advice_options options;
    tg_advice_options_init(&options);
    assert_int_equal(tg_pipeline_advise(NULL, &options, &advice, &fixture->err), TG_USAGE);
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_pipeline_advise(fixture->pipeline, &options, NULL, &fixture->err),
                     TG_USAGE);
    options.wait_seconds = -1;
    assert_int_equal(tg_pipeline_advise(fixture->pipeline, &options, &advice, &fixture->err),
                     TG_USAGE);
    options.size = 3;
    assert_int_equal(tg_pipeline_advise(fixture->pipeline, &options, &advice, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "tg_advice_options_init"));
    assert_null(advice);
    assert_done(fixture, tg_pipeline_advise(fixture->pipeline, NULL, &advice, &fixture->err));
    assert_int_equal(tg_advice_resource_count(advice), 0);
    assert_null(tg_advice_resource(advice, 0));
    assert_null(tg_advice_field(advice, 0, 0));
    tg_advice_free(advice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(null_and_beyond_are_answered, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(wrong_calls_are_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
