/* The state of a program: arguments that are missing or wrong, and calls outside of a callback. */
#include "tests/fixture.h"

static void what_is_missing_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    char *text = (char *)"";
    const struct tg_read read = {.done = false};
    assert_int_equal(tg_state_get(NULL, TG_STATE_RESOURCE, "k", &text, err), TG_USAGE);
    assert_null(text);
    assert_int_equal(tg_state_get(&read, TG_STATE_RESOURCE, "k", &text, err), TG_USAGE);
    assert_non_null(strstr(err->what, "a state is for callbacks"));
    assert_int_equal(tg_state_get(&read, TG_STATE_RESOURCE, "k", NULL, err), TG_USAGE);
    assert_int_equal(tg_state_get_of(&read, "", "k", &text, err), TG_USAGE);
    assert_int_equal(tg_state_set(&read, TG_STATE_SOURCE, "k", "1", err), TG_USAGE);
    assert_int_equal(tg_state_set_of(&read, "other", "k", "1", NULL), TG_USAGE);
    assert_int_equal(tg_pipeline_state(NULL, NULL, NULL, NULL, &text, err), TG_USAGE);
    assert_int_equal(tg_pipeline_state(NULL, NULL, NULL, NULL, NULL, err), TG_USAGE);
}

static int set_of_nobody(struct tg_read *read, struct tg_error *err)
{
    read->done = true;
    return tg_state_set_of(read, "", "k", "1", err);
}

static void a_name_is_not_empty(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {.name = "n", .read = set_of_nobody};
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_string_equal(fixture->err.what, "the name of a resource is empty");
}

/* Before the first run there is nothing, and nothing is made to find that out. */
static void nothing_is_made_by_looking(void **state)
{
    char *text = (char *)"";
    struct fixture *fixture = *state;
    struct fs_stat stat = {0};
    const struct tg_resource resource = {.name = "n", .read = set_of_nobody};
    fixture_open(fixture, &resource, 1);
    assert_done(fixture,
                tg_pipeline_state(fixture->pipeline, NULL, "n", NULL, &text, &fixture->err));
    assert_null(text);
    assert_int_equal(fs_stat(fixture->workdir, &stat, NULL), TG_OK);
    assert_false(stat.exists);
    assert_int_equal(fs_stat(fixture->destination + strlen("duckdb:///"), &stat, NULL), TG_OK);
    assert_false(stat.exists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_missing_is_said, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_name_is_not_empty, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_made_by_looking, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("api/state", tests, NULL, NULL);
}
