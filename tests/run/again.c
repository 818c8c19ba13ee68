/* Signs that a resource is loaded the wrong way: where they show, and where they must not. */
#include "tests/fixture.h"

/* Rows `first` to `first + count` of a source, whose names are multiples of their ids. */
static struct delivery {
    int first, count;
    bool backwards, lists;
    int value, list;
} now;

static int read_rows(struct tg_read *read, struct tg_error *err)
{
    char text[100];
    (void)err;
    for (int i = 0; i < now.count; i++) {
        int id = now.first + (now.backwards ? now.count - 1 - i : i);
        if (now.lists)
            snprintf(text, sizeof(text), "{\"id\": %d, \"name\": \"n%d\", \"l\": [%d]}", id,
                     id * now.value, now.list);
        else
            snprintf(text, sizeof(text), "{\"id\": %d, \"name\": \"n%d\", \"ok\": %s}", id,
                     id * now.value, id % 3 ? "true" : "null");
        tg_rows_json(read->rows, text, strlen(text));
    }
    read->done = true;
    return TG_OK;
}

static struct tg_resource appended(void)
{
    return (struct tg_resource){TG_RESOURCE_INIT, .name = "t", .read = read_rows};
}

static int set_up(void **state)
{
    now = (struct delivery){.first = 1, .count = 20, .value = 1};
    return fixture_setup(state);
}

/* Runs it; does anything warn with this text? */
static bool warns(struct fixture *fixture, const char *text)
{
    fixture_run(fixture);
    for (size_t i = 0; i < tg_result_warning_count(fixture->result); i++)
        if (strstr(tg_result_warning(fixture->result, i), text))
            return true;
    return false;
}

static const char again[] = "append adds them once more";

static void rows_that_come_again(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = appended();
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    assert_true(warns(fixture, "20 of the 20 rows are those that the load before has added"));
    now.backwards = true;
    assert_true(warns(fixture, again));
    now.backwards = false;
    now.count = 25;
    assert_true(warns(fixture, "20 of the 25 rows are those"));
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n85\n"); /* it is loaded all the same */
}

/* What has been replaced or merged since is not there twice. */
static void rows_that_are_gone(void **state)
{
    struct fixture *fixture = *state;
    struct tg_resource resource = appended();
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    resource.write_disposition = TG_REPLACE;
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    resource.write_disposition = TG_APPEND;
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    assert_true(warns(fixture, again));
    resource.write_disposition = TG_MERGE, resource.primary_key = "id";
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again)); /* all of them get new rows */
    resource.write_disposition = TG_APPEND, resource.primary_key = NULL;
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    assert_true(warns(fixture, again));
}

static void rows_that_do_not(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = appended();
    fixture_open(fixture, &resource, 1);
    for (now.first = 1; now.first < 100; now.first += 20)
        assert_false(warns(fixture, again)); /* as many rows each time */
    now.first = 1;
    assert_false(warns(fixture, again)); /* those of another load than the last */
    now.value = 2;
    assert_false(warns(fixture, again));
    now.count = 19;
    assert_false(warns(fixture, again));
    now.count = 9;
    assert_false(warns(fixture, again));
    assert_false(warns(fixture, again)); /* too few */
    now.count = 0;
    assert_false(warns(fixture, again));
}

static void nested_rows_count(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = appended();
    now.lists = true;
    fixture_open(fixture, &resource, 1);
    assert_false(warns(fixture, again));
    assert_true(warns(fixture, again));
    now.list = 1;
    assert_false(warns(fixture, again));
    now.count = 25;
    assert_false(warns(fixture, again)); /* nobody knows whose lists are new */
}

/* Twelve rows; the tenth has the other value in the column `now.value`. */
static int read_kinds(struct tg_read *read, struct tg_error *err)
{
    static const char *const values[][2] = {
        {"text", "\"a\""},          {"text", "\"\""},           {"double", "0.5"},
        {"double", "-0.5"},         {"bool", "true"},           {"bool", "false"},
        {"date", "\"2024-05-06\""}, {"date", "\"2024-05-07\""}, {"decimal", "1.25"},
        {"decimal", "1.26"},        {"time", "\"07:08:09\""},   {"time", "\"07:08:10\""},
        {"binary", "\"YQ==\""},     {"binary", "\"YWI=\""},
    };
    char text[200];
    (void)err;
    for (int i = 0; i < 12; i++) {
        int len = snprintf(text, sizeof(text), "{\"id\": %d", i);
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k += 2) {
            const bool other = i == 10 && now.value == (int)k;
            const char *value = i % 5 == 4 ? "null" : values[k + other][1];
            len += snprintf(text + len, sizeof(text) - (size_t)len, ", \"%s_\": %s", values[k][0],
                            value);
        }
        text[len++] = '}';
        tg_rows_json(read->rows, text, (size_t)len);
    }
    read->done = true;
    return TG_OK;
}

static void each_kind_of_value_counts(void **state)
{
    struct fixture *fixture = *state;
    static const struct tg_column columns[] = {
        {.name = "text_", .data_type = "text"},     {.name = "double_", .data_type = "double"},
        {.name = "bool_", .data_type = "bool"},     {.name = "date_", .data_type = "date"},
        {.name = "time_", .data_type = "time"},     {.name = "decimal_", .data_type = "decimal"},
        {.name = "binary_", .data_type = "binary"},
    };
    enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
    struct tg_resource resource = appended();
    resource.read = read_kinds, resource.columns = columns, resource.column_count = COLUMNS;
    fixture_open(fixture, &resource, 1);
    for (now.value = 0; now.value < 2 * COLUMNS; now.value += 2)
        assert_false(warns(fixture, again));
    now.value = 2 * COLUMNS;
    assert_false(warns(fixture, again));
    assert_true(warns(fixture, "12 of the 12 rows"));
}

/* What knows what it has loaded, or puts rows in the place of others, is right. */
static void other_ways(void **state)
{
    struct fixture *fixture = *state;
    struct tg_resource ways[4] = {appended(), appended(), appended(), appended()};
    ways[0].name = "a", ways[0].cursor_path = "id";
    ways[1].name = "b", ways[1].write_disposition = TG_REPLACE;
    ways[2].name = "c", ways[2].write_disposition = TG_MERGE, ways[2].primary_key = "id";
    ways[3].name = "d", ways[3].write_disposition = TG_MERGE, ways[3].primary_key = "id";
    ways[3].merge_strategy = "insert-only";
    fixture_open(fixture, ways, 4);
    fixture_run(fixture);
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_boundary WHERE cursor_path = ''",
                 "n\n0\n");
}

static void a_plan_says_it_and_a_refresh_does_not(void **state)
{
    struct fixture *fixture = *state;
    struct tg_plan *plan = NULL;
    const struct tg_resource resource = appended();
    const struct tg_plan_options rows = {TG_PLAN_OPTIONS_INIT, .rows = true};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, &rows, &plan, &fixture->err));
    assert_int_equal(tg_result_warning_count(tg_plan_result(plan)), 1);
    tg_plan_free(plan);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .full_refresh = true};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    assert_false(warns(fixture, again));
    fixture_open(fixture, &resource, 1);
    assert_true(warns(fixture, again));
}

static const char merged[] = "changed one that was there";

static void merges_that_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct tg_resource resource = appended();
    resource.write_disposition = TG_MERGE, resource.primary_key = "id";
    now.count = 100;
    fixture_open(fixture, &resource, 1);
    for (int i = 0; i < 10; i++, now.first += 100)
        assert_false(warns(fixture, merged)); /* too early */
    assert_true(warns(fixture, merged));
    now.first += 100;
    for (int i = 0; i < 9; i++, now.first += 100)
        assert_false(warns(fixture, merged)); /* once in ten loads */
    assert_true(warns(fixture, "none of the 1000 rows of its last 10 loads"));
    now.value = 2; /* rows are updated */
    for (int i = 0; i < 10; i++)
        assert_false(warns(fixture, merged));
    assert_false(warns(fixture, merged));
}

/* Nothing else would delete a row, once one is to go. */
static void merges_that_may_delete(void **state)
{
    struct fixture *fixture = *state;
    struct tg_resource ways[2] = {appended(), appended()};
    const struct tg_column mark = {.name = "gone", .hard_delete = true};
    ways[0].name = "a", ways[0].deletes = (struct tg_deletes){.detect = TG_DETECT_SNAPSHOT};
    ways[1].name = "b", ways[1].columns = &mark, ways[1].column_count = 1;
    for (int i = 0; i < 2; i++) {
        ways[i].write_disposition = TG_MERGE, ways[i].primary_key = "id";
        ways[i].skip_unchanged_rows = true;
    }
    now.count = 100;
    fixture_open(fixture, ways, 2);
    for (int i = 0; i <= 10; i++)
        assert_false(warns(fixture, merged));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_that_come_again, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_are_gone, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_do_not, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(nested_rows_count, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(each_kind_of_value_counts, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_ways, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_plan_says_it_and_a_refresh_does_not, set_up,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(merges_that_change_nothing, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(merges_that_may_delete, set_up, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
