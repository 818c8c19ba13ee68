/* Limits: where they are said, and what is none. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static void check(const struct limit *limit, bool is_share, uint64_t most)
{
    assert_true(limit->is_set);
    assert_int_equal(limit->is_share, is_share);
    assert_int_equal(limit->most, most);
}

static void those_of_all_and_of_one(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config =
        spec_good(spec, SPEC_PERSON "    limits: {rows_deleted: 0, tables_added: 2}\n"
                                    "limits:\n  rows_deleted: 2.5%\n  type_changes: 0\n");
    const struct limits person = config_limits(config, "person");
    const struct limits another = config_limits(config, "of a package that waits");
    check(&person.of[LIMIT_ROWS_DELETED], false, 0);
    check(&person.of[LIMIT_TABLES_ADDED], false, 2);
    check(&person.of[LIMIT_TYPE_CHANGES], false, 0);
    assert_false(person.of[LIMIT_COLUMNS_ADDED].is_set);
    check(&another.of[LIMIT_ROWS_DELETED], true, 250);
    assert_false(another.of[LIMIT_TABLES_ADDED].is_set);
}

static void what_is_none_is_said_where_it_stands(void **state)
{
    struct spec_file *spec = *state;
    spec_says(spec, SPEC_PERSON "limits: {rows_deleted: many}\n", "7:24",
              "limits.rows_deleted is a number of rows, or a share of them like 10%, not 'many'");
    spec_says(spec, SPEC_PERSON "limits: {columns_added: 10%}\n", "7:25",
              "limits.columns_added is a number, not '10%'");
    spec_says(spec, SPEC_PERSON "    limits: {type_changes: -1}\n", "7:5",
              "resource 'person': limits.type_changes is a number, not '-1'");
    spec_says(spec, SPEC_PERSON "limits: {rows_delete: 1}\n", "7:10",
              "unknown key 'rows_delete' in 'limits' of the spec; did you mean 'rows_deleted'?");
}

static void a_program_says_them_over_a_spec(void **state)
{
    (void)state;
    struct config config;
    struct tg_error err = {0};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .limits = {.rows_deleted = "5"}};
    const char *text = SPEC_PERSON "limits: {rows_deleted: 1, type_changes: 3}\n";
    const struct spec_text spec = {text, strlen(text), "spec", "."};
    assert_int_equal(config_read_text(&config, &spec, &options, &err), TG_OK);
    check(&config.limits.of[LIMIT_ROWS_DELETED], false, 5);
    check(&config.limits.of[LIMIT_TYPE_CHANGES], false, 3);
    config_release(&config);
}

static void a_program_is_told_what_is_none(void **state)
{
    (void)state;
    struct config config;
    struct tg_error err = {0};
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "a",
                                          .destination = "duckdb:///a.duckdb", .dataset = "d",
                                          .limits = {.tables_added = "-1"}};
    assert_int_equal(config_init(&config, &options, &err), TG_USAGE);
    assert_string_equal(err.what, "limits.tables_added is a number, not '-1'");
    config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_all_and_of_one),
        cmocka_unit_test(what_is_none_is_said_where_it_stands),
        cmocka_unit_test(a_program_says_them_over_a_spec),
        cmocka_unit_test(a_program_is_told_what_is_none),
    };
    return cmocka_run_group_tests_name("config/limits", tests, spec_setup, spec_teardown);
}
