/* Looking: tables, loads, state, schema, packages and queries, before and after a load. */
#include "tests/fixture.h"

static char *shown(struct fixture *fixture, enum tg_show what, enum tg_format format)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_done(fixture, tg_pipeline_show(fixture->pipeline, what, format, out, &fixture->err));
    fclose(out);
    return text;
}

static void assert_shows(struct fixture *fixture, enum tg_show what, const char *part)
{
    char *text = shown(fixture, what, TG_FORMAT_JSON);
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
    free(text);
}

static void open_loaded(struct fixture *fixture)
{
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 2};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static void nothing_can_be_seen_before_the_first_run(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, NULL, 0);
    const enum tg_show views[] = {TG_SHOW_TABLES, TG_SHOW_LOADS, TG_SHOW_STATE, TG_SHOW_SCHEMA};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            tg_pipeline_show(fixture->pipeline, views[i], TG_FORMAT_JSON, stdout, &fixture->err),
            TG_DESTINATION);
        assert_non_null(strstr(fixture->err.what, "run the pipeline first"));
    }
    char *text = shown(fixture, TG_SHOW_PACKAGES, TG_FORMAT_JSON);
    assert_string_equal(text, "[]\n");
    free(text);
}

static void every_view_shows_the_load(void **state)
{
    struct fixture *fixture = *state;
    open_loaded(fixture);
    assert_shows(fixture, TG_SHOW_TABLES, "\"table\":\"n\"");
    assert_shows(fixture, TG_SHOW_LOADS, tg_result_load_id(fixture->result));
    assert_shows(fixture, TG_SHOW_STATE, "\"last_value\":2");
    assert_shows(fixture, TG_SHOW_SCHEMA, "\"n\":{");
}

static void only_the_schema_is_yaml(void **state)
{
    struct fixture *fixture = *state;
    open_loaded(fixture);
    char *text = shown(fixture, TG_SHOW_SCHEMA, TG_FORMAT_YAML);
    assert_non_null(strstr(text, "\n  n:\n    columns:\n"));
    free(text);
    assert_int_equal(
        tg_pipeline_show(fixture->pipeline, TG_SHOW_STATE, TG_FORMAT_YAML, stdout, &fixture->err),
        TG_USAGE);
}

static void a_failed_query_says_why(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    open_loaded(fixture);
    assert_int_equal(
        tg_pipeline_query(fixture->pipeline, "SELECT nowhere FROM n", &stream, &fixture->err),
        TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "nowhere"));
    assert_null(stream.release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_can_be_seen_before_the_first_run, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_view_shows_the_load, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(only_the_schema_is_yaml, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_failed_query_says_why, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
