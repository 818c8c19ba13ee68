/* Several tables of one resource whose names the server cuts, and those that are nested in them. */
#include "tests/run/script.h"

#include "tests/postgres.h"

#define LONG    "of_which_the_name_is_longer_than_the_server_takes_and_goes_on_and_on"
#define ACCENTS "éééééééééééééééééééééééééééééééééééééééé" /* letters of two bytes */

static int setup(void **state)
{
    int rc = fixture_setup(state);
    struct fixture *fixture = *state;
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    return rc;
}

static int teardown(void **state)
{
    free(postgres_ask(postgres_uri(),
                      "SET client_min_messages = warning; DROP SCHEMA IF EXISTS d CASCADE"));
    return fixture_teardown(state);
}

static void open_named(struct fixture *fixture, const struct tg_resource *resource,
                       const char *naming)
{
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .naming = naming};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .schema = &schema,
                                                .undo_loads = 2};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, resource, &fixture->err));
}

/* The rows of the table, and of what is nested in it, whose names begin so. */
static void assert_counts(const char *start, const char *counts)
{
    char sql[1024];
    snprintf(sql, sizeof(sql),
             "SELECT string_agg(n, ' ' ORDER BY n) FROM (SELECT (xpath('/row/n/text()', "
             "query_to_xml(format('SELECT count(*) n FROM d.%%I', table_name), false, true, "
             "'')))[1]::text n FROM information_schema.tables WHERE table_schema = 'd' AND "
             "table_name LIKE '%s%%') counts",
             start);
    char *answer = postgres_ask(postgres_uri(), sql);
    assert_string_equal(answer, counts);
    free(answer);
}

static void they_are_loaded_and_taken_back_as_others(void **state)
{
    struct fixture *fixture = *state;
    static const struct tg_resource merged = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                              .primary_key = "id"},
                                    replaced = {TG_RESOURCE_INIT, .write_disposition = TG_REPLACE};
    RUNS(first, {"merged_" LONG, &merged, "{\"id\":1,\"l\":[{\"m\":[1]},{\"m\":[2]}]}"},
         {"replaced_" LONG, &replaced, "{\"id\":1,\"l\":[{\"m\":[1]},{\"m\":[2]}]}"},
         {"added_" LONG, NULL, "{\"id\":1,\"l\":[{\"m\":[1]},{\"m\":[2]}]}"});
    RUNS(next, {"merged_" LONG, &merged, "{\"id\":1,\"l\":[{\"m\":[3]}]}"},
         {"replaced_" LONG, &replaced, "{\"id\":2,\"l\":[{\"m\":[3]}]}"},
         {"added_" LONG, NULL, "{\"id\":2,\"l\":[{\"m\":[3]}]}"});
    struct script *const scripts[] = {&first, &next, &next};
    for (int i = 0; i < 3; i++) {
        const struct tg_resource resource = resource_of(scripts[i], TG_APPEND);
        open_named(fixture, &resource, NULL);
        fixture_run(fixture);
        assert_counts("merged", i == 0 ? "1 2 2" : "1 1 1");
        assert_counts("replaced", i == 0 ? "1 2 2" : "1 1 1");
        assert_counts("added", i == 0 ? "1 2 2" : "2 3 3");
        if (i != 1)
            continue;
        tg_result_free(fixture->result);
        assert_done(fixture,
                    tg_pipeline_undo(fixture->pipeline, NULL, &fixture->result, &fixture->err));
        assert_counts("merged", "1 2 2");
        assert_counts("replaced", "1 2 2");
        assert_counts("added", "1 2 2");
    }
}

/* Somebody has changed the type of a column in a table that is nested: values are met by it. Names
 * end between two letters: one of them has 62 bytes, not 63. */
static void what_is_there_is_met_below_them(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"short", ("added_" LONG), ACCENTS};
    for (size_t i = 0; i < 3; i++) {
        const struct step step = {names[i], NULL, "{\"id\":1,\"é\":[{\"x\":true}]}"};
        struct script script = {.steps = &step, .count = 1};
        const struct tg_resource resource = resource_of(&script, TG_APPEND);
        open_named(fixture, &resource, "direct");
        fixture_run(fixture);
        free(postgres_ask(
            postgres_uri(),
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM "
            "information_schema.columns WHERE table_schema = 'd' AND column_name = "
            "'x' LOOP EXECUTE format('ALTER TABLE d.%I ALTER x TYPE date USING NULL', t); END "
            "LOOP; END $$"));
        fixture_run(fixture);
        char *answer = postgres_ask(postgres_uri(),
                                    "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM "
                                    "information_schema.columns WHERE table_schema = 'd' AND "
                                    "column_name LIKE 'x%'");
        assert_string_equal(answer, ((const char *const[]){"x x▶v_bool", "x x x▶v_bool x▶v_bool",
                                                           "x x x x▶v_bool x▶v_bool x▶v_bool"})[i]);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_are_loaded_and_taken_back_as_others, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_there_is_met_below_them, setup, teardown),
    };
    return cmocka_run_group_tests_name("run/tables_long", tests, NULL, NULL);
}
