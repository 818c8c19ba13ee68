/* What a reset and a drop say they would do: which resources, cursors, packages and tables. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}};
static const struct tg_reset_options look = {TG_RESET_OPTIONS_INIT, .look_only = true};

static void open_both(struct fixture *fixture, struct numbers numbers[2], size_t count)
{
    const struct tg_resource resources[] = {{TG_RESOURCE_INIT, .name = "a", .read = read_numbers,
                                             .user = &numbers[0], .cursor_path = "id"},
                                            {TG_RESOURCE_INIT, .name = "b", .read = read_numbers,
                                             .user = &numbers[1], .cursor_path = "value"}};
    fixture_open(fixture, resources, count);
}

static void what_would_go(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers[2] = {{.rows = rows, .count = 2}, {.rows = rows, .count = 2}};
    struct tg_reset *reset = NULL;
    open_both(fixture, numbers, 2);
    fixture_run(fixture);
    open_both(fixture, numbers, 1); /* `b` is known, though no resource is called so */
    assert_done(fixture, tg_pipeline_drop(fixture->pipeline, &look, &reset, &fixture->err));
    assert_string_equal(tg_reset_load_id(reset), "");
    assert_string_equal(tg_reset_dataset(reset), "d");
    assert_int_equal(tg_reset_resource_count(reset), 2);
    assert_string_equal(tg_reset_resource(reset, 0)->name, "a");
    assert_true(tg_reset_resource(reset, 0)->in_spec);
    assert_string_equal(tg_reset_resource(reset, 1)->name, "b");
    assert_false(tg_reset_resource(reset, 1)->in_spec);
    assert_int_equal(tg_reset_resource(reset, 1)->cursors, 1);
    assert_string_equal(tg_reset_cursor(reset, 1)->path, "value");
    assert_string_equal(tg_reset_cursor(reset, 1)->last_value, "20");
    assert_int_equal(tg_reset_cursor(reset, 1)->boundary_rows, 1);
    assert_int_equal(tg_reset_table_count(reset), 2);
    assert_string_equal(tg_reset_table(reset, 1)->resource, "b");
    assert_int_equal(tg_reset_table(reset, 1)->rows, 2);
    assert_int_equal(tg_reset_package_count(reset), 0);
    tg_reset_free(reset);
    assert_query(fixture, "SELECT count(*) AS n FROM b", "n\n2\n");
}

static void what_is_chosen(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers[2] = {{.rows = rows, .count = 2}, {.rows = rows, .count = 2}};
    struct tg_reset_options options = look;
    struct tg_reset *reset = NULL;
    open_both(fixture, numbers, 2);
    fixture_run(fixture);
    options.select = " b ,";
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err));
    assert_int_equal(tg_reset_resource_count(reset), 1);
    assert_string_equal(tg_reset_resource(reset, 0)->name, "b");
    assert_true(tg_reset_resource(reset, 0)->adds_rows);
    assert_int_equal(tg_reset_table_count(reset), 0);
    tg_reset_free(reset);
    options.select = ",";
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err));
    assert_int_equal(tg_reset_resource_count(reset), 2);
    tg_reset_free(reset);
    options.parts = TG_RESET_FILES;
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err));
    assert_int_equal(tg_reset_resource_count(reset) + tg_reset_cursor_count(reset), 0);
    tg_reset_free(reset);
    options.select = "a,bb";
    assert_int_equal(tg_pipeline_reset(fixture->pipeline, &options, &reset, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "no resource 'bb'"));
    assert_non_null(strstr(fixture->err.what, "it knows: a, b"));
    assert_null(reset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_would_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_chosen, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/reset_look", tests, NULL, NULL);
}
