/* What the caller of a run is told: warnings, of a run that went well and of one that did not. */
#include "tests/fixture.h"

static void open_spec(struct fixture *fixture, const char *resources)
{
    char path[400], spec[1000];
    snprintf(path, sizeof(path), "%s/spec.yaml", fixture->folder);
    int len = snprintf(spec, sizeof(spec),
                       "pipeline: test\ndestination: %s\ndataset: d\nsource: {type: files}\n"
                       "resources:\n  %s\n",
                       fixture->destination, resources);
    assert_done(fixture, fs_write_file(path, spec, (size_t)len, &fixture->err));
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_open(&fixture->pipeline, path, NULL, &fixture->err));
}

static void a_warning_is_in_the_result_of_its_run_alone(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "none: {path: 'none-*.jsonl'}");
    for (int run = 0; run < 2; run++) {
        fixture_run(fixture);
        assert_int_equal(fixture->info.warning_count, 1);
        assert_int_equal(fixture->info.warning_cut_count, 0);
        assert_non_null(strstr(fixture->info.warnings[0], "none-*.jsonl"));
    }
    tg_run_info_release(&fixture->info);
    assert_int_equal(fixture->info.warning_count, 0);
    assert_null(fixture->info.warnings);
}

static void a_run_that_fails_leaves_its_warnings(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "none: {path: 'none-*.jsonl'}\n  gone: {path: gone.jsonl}");
    assert_int_equal(tg_pipeline_run(fixture->pipeline, &fixture->info, &fixture->err), TG_SOURCE);
    assert_int_equal(fixture->info.warning_count, 1);
    assert_null(fixture->info.load_id);
    assert_int_equal(fixture->info.table_count, 0);
}

static void without_warnings_there_are_none(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "gone: {path: gone.jsonl}");
    assert_int_equal(tg_pipeline_run(fixture->pipeline, &fixture->info, &fixture->err), TG_SOURCE);
    assert_int_equal(fixture->info.warning_count, 0);
    assert_null(fixture->info.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_warning_is_in_the_result_of_its_run_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_fails_leaves_its_warnings, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(without_warnings_there_are_none, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run_info", tests, NULL, NULL);
}
