/* refresh.c: a run that begins anew, for programs. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}};

static int open_pipeline(struct fixture *fixture, struct numbers *numbers,
                         const struct tg_pipeline_options *given)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers, .cursor_path = "id"};
    struct tg_pipeline_options options = *given;
    tg_pipeline_options_init(&options);
    options.name = "test";
    options.destination = fixture->destination;
    options.dataset = "d";
    options.workdir = fixture->workdir;
    options.refresh = given->refresh;
    options.full_refresh = given->full_refresh;
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    int rc = tg_pipeline_new(&fixture->pipeline, &options, &fixture->err);
    return rc == TG_OK ? tg_pipeline_add(fixture->pipeline, &resource, &fixture->err) : rc;
}

static void run(struct fixture *fixture, struct numbers *numbers, enum tg_refresh refresh)
{
    assert_done(fixture,
                open_pipeline(fixture, numbers, &(struct tg_pipeline_options){.refresh = refresh}));
    fixture_run(fixture);
}

static void programs_say_the_mode(void **state)
{
    static const enum tg_refresh modes[] = {TG_REFRESH_DROP_SOURCES, TG_REFRESH_DROP_RESOURCES,
                                            TG_REFRESH_DROP_DATA};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct numbers numbers = {.rows = rows, .count = 2};
        run(fixture, &numbers, modes[i]);
        assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n");
        /* The control: without, the cursor holds them back. */
        numbers = (struct numbers){.rows = rows, .count = 2};
        run(fixture, &numbers, TG_REFRESH_NONE);
        assert_string_equal(tg_result_load_id(fixture->result), "");
        numbers = (struct numbers){.rows = rows, .count = 1};
        run(fixture, &numbers, modes[i]);
        assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n");
    }
}

static void what_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_pipeline_options both = {.refresh = TG_REFRESH_DROP_DATA, .full_refresh = true};
    const struct tg_pipeline_options none = {.refresh = (enum tg_refresh)9};
    assert_int_equal(open_pipeline(fixture, &numbers, &both), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "exclude each other"));
    assert_int_equal(open_pipeline(fixture, &numbers, &none), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "is 9, which is none of its values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(programs_say_the_mode, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
