/* What a run would do, for programs: what is refused, and accessors that answer with nothing. */
#include "tests/fixture.h"

static void null_and_beyond_are_answered(void **state)
{
    (void)state;
    tg_plan_free(NULL);
    assert_null(tg_plan_result(NULL));
    assert_int_equal(tg_plan_resource_count(NULL) + tg_plan_pending_count(NULL) +
                         tg_plan_change_count(NULL) + tg_plan_statement_count(NULL) +
                         tg_plan_sample_count(NULL) + tg_plan_excess_count(NULL) +
                         tg_plan_window_count(NULL),
                     0);
    assert_null(tg_plan_resource(NULL, 0));
    assert_null(tg_plan_pending(NULL, 0));
    assert_null(tg_plan_change(NULL, 0));
    assert_null(tg_plan_statement(NULL, 0));
    assert_null(tg_plan_sample(NULL, 0));
    assert_null(tg_plan_excess(NULL, 0));
    assert_null(tg_plan_window(NULL, 0));
}

static void wrong_calls_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tg_plan *plan = NULL;
    struct tg_plan_options options;
    tg_plan_options_init(&options);
    assert_int_equal(tg_pipeline_plan(NULL, &options, &plan, &fixture->err), TG_USAGE);
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, NULL, &fixture->err), TG_USAGE);
    options.size = 3;
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "tg_plan_options_init"));
    assert_null(plan);
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, NULL, &plan, &fixture->err));
    assert_null(tg_plan_result(plan));
    assert_null(tg_plan_resource(plan, 0));
    tg_plan_free(plan);
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
