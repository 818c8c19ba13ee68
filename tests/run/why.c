/* The story of a row: as it is, as it was, rejected, absent; and keys that are none. */
#include "tests/fixture.h"
#include "tests/postgres.h"

static char *why(struct fixture *fixture, const char *resource, const char *key)
{
    struct ArrowArrayStream stream = {0};
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = resource, .key = key};
    assert_done(fixture, tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_JSON);
}

static void tells(struct fixture *fixture, const char *key, const char *part, bool wanted)
{
    char *text = why(fixture, "n", key);
    if (!strstr(text, part) == wanted)
        fail_msg("'%s' is %s in: %s", part, wanted ? "not" : "", text);
    free(text);
}

static void refused(struct fixture *fixture, const char *resource, const char *key,
                    const char *part)
{
    struct ArrowArrayStream stream = {0};
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = resource, .key = key};
    assert_int_equal(tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err),
                     TG_USAGE);
    if (!strstr(fixture->err.what, part))
        fail_msg("'%s' is not in: %s", part, fixture->err.what);
    assert_null(stream.release);
}

static void load(struct fixture *fixture, int64_t value, int undo_loads)
{
    const int64_t rows[][2] = {{1, value}, {2, 7}};
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .write_disposition = TG_MERGE,
                                         .primary_key = "id"};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = undo_loads};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
}

static void as_it_is_and_was(struct fixture *fixture)
{
    char part[200];
    load(fixture, 10, 0);
    tells(fixture, "1", "{\"fact\":\"row\",", true);
    tells(fixture, "1", "which loads replaced or deleted it before is not recorded", true);
    load(fixture, 20, 2);
    snprintf(part, sizeof(part), "\"load_id\":\"%s\"", tg_result_load_id(fixture->result));
    tells(fixture, "1", part, true);
    tells(fixture, "id=1", "\"fact\":\"replaced\"", true);
    tells(fixture, "{\"value\": 20, \"id\": 1}", "\"fact\":\"row\"", true);
    tells(fixture, "value=10", "\"fact\":\"absent\"", true);
    tells(fixture, "value=10", "\"fact\":\"replaced\"", true);
    tells(fixture, "01", "\"fact\":\"row\"", true);
    tells(fixture, "3", "\"fact\":\"absent\"", true);
    tells(fixture, "3", "\"fact\":\"row\"", false);
    tells(fixture, "{\"id\": null}", "\"fact\":\"absent\"", true);
    refused(fixture, "n", "x", "a value of the key 'x' does not fit the type of its column");
    assert_null(strstr(fixture->err.what, "SELECT"));
    refused(fixture, "n", "id=1,nothing=2", "'nothing' is no column");
    refused(fixture, "n", "id=1,2", "has no '='");
    refused(fixture, "n", "{\"id\": [1]}", "a list or an object is no value of a key");
    refused(fixture, "n", "{}", "no object of columns and values");
    refused(fixture, "n", "{\"id\": ", "the key");
    refused(fixture, "n", "x1", "`tidegate show SPEC rejects` has it: ");
    refused(fixture, "m", "1", "no table of a resource 'm'");
    refused(fixture, "n", NULL, "key");
    refused(fixture, NULL, "1", "resource");
}

static void at_duckdb(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = "n", .key = "1"};
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err),
                     TG_DESTINATION);
    assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    as_it_is_and_was(fixture);
}

static void at_postgres(void **state)
{
    struct fixture *fixture = *state;
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    as_it_is_and_was(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_duckdb, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(at_postgres, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("why", tests, NULL, NULL);
}
