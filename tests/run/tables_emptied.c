/* Several tables of one resource: what is replaced, emptied and forgotten, and what a cursor has to
 * do with it. */
#include "tests/run/script.h"

static const struct tg_resource appended = {TG_RESOURCE_INIT, .name = NULL};
static const struct tg_resource replaced = {TG_RESOURCE_INIT, .write_disposition = TG_REPLACE};

static void a_replaced_resource_empties_what_it_has_made(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"r", &replaced, "{\"id\":1,\"l\":[1]}"}, {"a", &appended, "{\"id\":1}"},
         {NULL, NULL, "{\"id\":1}"});
    RUNS(own, {NULL, NULL, "{\"id\":2}"});
    RUNS(said, {"r", &replaced, NULL}, {NULL, NULL, "{\"id\":2}"});
    run(fixture, &script, TG_REPLACE);
    run(fixture, &own, TG_APPEND); /* the control */
    assert_query(fixture, "SELECT count(*) n FROM r", "n\n1\n");
    run(fixture, &own, TG_REPLACE);
    assert_query(fixture, "SELECT count(*) n FROM r", "n\n0\n");
    assert_query(fixture, "SELECT count(*) n FROM r__l", "n\n0\n");
    assert_query(fixture, "SELECT count(*) n FROM a", "n\n1\n");
    assert_query(fixture, "SELECT id FROM events", "id\n2\n");
    assert_int_equal(info_of(fixture, "r")->rows_deleted, 1);
    run(fixture, &script, TG_APPEND);
    run(fixture, &said, TG_APPEND); /* its own word */
    assert_query(fixture, "SELECT count(*) n FROM r", "n\n0\n");
    assert_query(fixture, "SELECT count(*) n FROM a", "n\n2\n");
}

static void open_to_refresh(struct fixture *fixture, const struct tg_resource *resource,
                            enum tg_refresh refresh)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .refresh = refresh};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, resource, &fixture->err));
}

static void a_table_that_is_replaced_moves_no_cursor_back(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"r", &replaced, "{\"id\":1}"}, {NULL, NULL, "{\"id\":2}"});
    RUNS(next, {"r", &replaced, NULL}, {NULL, NULL, "{\"id\":2}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    for (int i = 0; i < 3; i++) {
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        assert_query(fixture, "SELECT id FROM events", "id\n2\n");
        assert_query(fixture, "SELECT count(*) n FROM r", i == 0 ? "n\n1\n" : "n\n0\n");
        resource.user = &next;
    }
}

/* Rows of earlier runs, which the cursor leaves out, would be gone with it. */
static void its_own_table_is_not_replaced_below_a_cursor(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"events", &replaced, "{\"id\":1}"}, {NULL, NULL, "{\"id\":2}"});
    RUNS(next, {"events", &replaced, "{\"id\":1}"}, {NULL, NULL, "{\"id\":3}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.user = &next;
    for (int i = 0; i < 2; i++) {
        next.at = 0;
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, "which the cursor 'id' leaves out"));
        assert_string_equal(fixture->err.table, "events");
        assert_query(fixture, "SELECT id FROM events ORDER BY id", "id\n1\n2\n");
    }
    next.at = 0;
    open_to_refresh(fixture, &resource, TG_REFRESH_DROP_DATA);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM events ORDER BY id", "id\n1\n3\n");
    resource.write_disposition = TG_REPLACE; /* its cursor begins anew: the control */
    for (int i = 0; i < 2; i++) {
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        assert_query(fixture, "SELECT id FROM events ORDER BY id", "id\n1\n3\n");
    }
}

static void a_table_is_not_replaced_without_rows_that_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"r", &replaced, "{\"id\":1}"}, {"", NULL, "{\"id\":5}"},
         {"a", NULL, "{\"id\":2}"});
    RUNS(known, {"r", &replaced, "{\"id\":5}"}, {"", NULL, "{\"id\":6}"});
    RUNS(below, {"r", &replaced, "{\"id\":7}"}, {"a", NULL, "{\"id\":2}"},
         {"r", NULL, "{\"id\":1}"});
    RUNS(others, {"a", NULL, "{\"id\":2}"}, {"r", &replaced, "{\"id\":7}"},
         {NULL, NULL, "{\"id\":5}"});
    struct script *const wrong[] = {&script, &known, &below};
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    for (size_t i = 0; i < 6; i++) {
        resource.user = wrong[i / 2];
        wrong[i / 2]->page = i % 2;
        wrong[i / 2]->at = 0;
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, "has left out rows for it"));
        assert_string_equal(fixture->err.table, "r");
        assert_query(fixture, "SELECT id FROM r ORDER BY id", "id\n1\n5\n");
    }
    resource.user = &others; /* the control */
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM r", "id\n7\n");
    assert_query(fixture, "SELECT id FROM a", "id\n2\n");
}

/* More rows at the last value than are known by heart: in the end it is known which are new. */
static void rows_that_wait_are_not_left_out(void **state)
{
    enum { ROWS = 10100, MORE = 10 };
    struct fixture *fixture = *state;
    static char rows[ROWS + MORE][40];
    static struct step steps[ROWS + MORE + 1];
    for (int i = 0; i < ROWS + MORE; i++) {
        snprintf(rows[i], sizeof(rows[i]), "{\"at\":1,\"id\":%d}", i);
        steps[i] = (struct step){i < ROWS ? NULL : "r", i < ROWS ? NULL : &replaced, rows[i]};
    }
    steps[ROWS + MORE] = (struct step){"r", &replaced, rows[0]};
    struct script script = {.steps = steps, .count = ROWS};
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "at";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    script.count = ROWS + MORE;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) n FROM r", "n\n10\n");
    script.steps += ROWS;
    script.count = MORE + 1; /* the first of all goes to r now, and is known */
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_query(fixture, "SELECT count(*) n FROM r", "n\n10\n");
}

/* Where the source keeps an order, reading ends before it is known what there would be. */
static void reading_that_ends_replaces_nothing(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {NULL, NULL, "{\"id\":5}"}, {"r", &replaced, "{\"id\":1}"});
    RUNS(next, {"r", &replaced, "{\"id\":9}"}, {NULL, NULL, "{\"id\":4}"},
         {"r", &replaced, "{\"id\":1}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    resource.row_order = TG_DESC;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    next.page = 2;
    resource.user = &next;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_string_equal(fixture->err.table, "r");
    assert_query(fixture, "SELECT id FROM r", "id\n1\n");
}

/* So would those of a group that new rows take the place of. */
static void no_group_is_replaced_without_its_rows(void **state)
{
    struct fixture *fixture = *state;
    static const struct tg_resource grouped = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                               .merge_key = "day"};
    RUNS(script, {"g", &grouped, "{\"day\":1,\"id\":1}"}, {NULL, NULL, "{\"id\":2}"});
    RUNS(whole, {"g", &grouped, "{\"day\":1,\"id\":1}"}, {"", NULL, "{\"day\":1,\"id\":3}"});
    RUNS(news, {"g", &grouped, "{\"day\":2,\"id\":3}"}, {NULL, NULL, "{\"id\":2}"});
    RUNS(own, {"events", &grouped, "{\"day\":2,\"id\":4}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    struct script *const wrong[] = {&whole, &own};
    for (size_t i = 0; i < 2; i++) {
        resource.user = wrong[i];
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, i ? "say this one of the resource itself"
                                                    : "by groups of its merge_key"));
        assert_query(fixture, "SELECT id FROM g", "id\n1\n");
    }
    resource.user = &news;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM g ORDER BY id", "id\n1\n3\n");
}

static void no_range_is_replaced_below_a_cursor(void **state)
{
    struct fixture *fixture = *state;
    static const struct tg_resource range = {TG_RESOURCE_INIT, .write_disposition = TG_REPLACE,
                                             .merge_strategy = "replace-range",
                                             .range = "delivered", .range_column_name = "id"};
    RUNS(further, {"r", &range, "{\"id\":1}"});
    RUNS(own, {"events", &range, "{\"id\":1}"});
    struct script *const wrong[] = {&further, &own};
    for (size_t i = 0; i < 2; i++) {
        struct tg_resource resource = resource_of(wrong[i], TG_APPEND);
        fixture_open(fixture, &resource, 1); /* the control */
        fixture_run(fixture);
        resource.cursor_path = "id";
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, "a range would be replaced"));
    }
}

/* A range is found by the cursor of the resource that says it, and by no row of another one. */
static void a_range_is_its_own_resource_s(void **state)
{
    struct fixture *fixture = *state;
    RUNS(own, {NULL, NULL, "{\"id\":1}"});
    RUNS(other, {"own", NULL, "{\"id\":2}"});
    struct tg_resource resources[] = {resource_of(&own, TG_REPLACE),
                                      resource_of(&other, TG_APPEND)};
    resources[0].name = "own";
    resources[0].cursor_path = "id";
    resources[0].merge_strategy = "replace-range";
    resources[0].range = "delivered";
    fixture_open(fixture, resources, 2);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "whose range its cursor says"));
    assert_string_equal(fixture->err.table, "own");
}

static void a_refresh_takes_all_of_them(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"a", &appended, "{\"id\":1,\"l\":[1]}"}, {NULL, NULL, "{\"id\":1}"});
    RUNS(own, {NULL, NULL, "{\"id\":2}"});
    static const enum tg_refresh ways[] = {TG_REFRESH_DROP_DATA, TG_REFRESH_DROP_RESOURCES,
                                           TG_REFRESH_DROP_SOURCES};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        run(fixture, &script, TG_APPEND);
        const struct tg_resource resource = resource_of(&own, TG_APPEND);
        open_to_refresh(fixture, &resource, ways[i]);
        fixture_run(fixture);
        assert_query(fixture, "SELECT id FROM events", "id\n2\n");
        if (ways[i] == TG_REFRESH_DROP_DATA)
            assert_query(fixture, "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM a__l) n",
                         "n\n0\n");
        else
            assert_query(fixture,
                         "SELECT count(*) n FROM duckdb_tables() WHERE table_name IN ('a', 'a__l')",
                         "n\n0\n");
    }
}

static void a_drop_takes_all_of_them(void **state)
{
    struct fixture *fixture = *state;
    struct tg_reset *reset = NULL;
    RUNS(script, {"a", &appended, "{\"id\":1,\"l\":[1]}"}, {NULL, NULL, "{\"id\":1}"});
    const struct tg_reset_options options = {TG_RESET_OPTIONS_INIT, .select = "events"};
    run(fixture, &script, TG_APPEND);
    assert_done(fixture, tg_pipeline_drop(fixture->pipeline, &options, &reset, &fixture->err));
    tg_reset_free(reset);
    assert_query(
        fixture,
        "SELECT count(*) n FROM duckdb_tables() WHERE table_name IN ('events', 'a', 'a__l')",
        "n\n0\n");
    run(fixture, &script, TG_APPEND);
    assert_query(fixture, "SELECT count(*) n FROM a", "n\n1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replaced_resource_empties_what_it_has_made, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_that_is_replaced_moves_no_cursor_back,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(its_own_table_is_not_replaced_below_a_cursor, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_is_not_replaced_without_rows_that_are_left_out,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_wait_are_not_left_out, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(reading_that_ends_replaces_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_group_is_replaced_without_its_rows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_range_is_replaced_below_a_cursor, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_range_is_its_own_resource_s, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_refresh_takes_all_of_them, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_drop_takes_all_of_them, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/tables_emptied", tests, NULL, NULL);
}
