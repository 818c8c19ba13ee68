/* Columns of a schema, and since when they are in it. */
#include "tests/fixture.h"

static char *columns(struct fixture *fixture)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture,
                tg_pipeline_show(fixture->pipeline, TG_SHOW_COLUMNS, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_JSON);
}

static void load(struct fixture *fixture, const struct tg_column *hints, size_t count)
{
    static const int64_t rows[][2] = {{1, 10}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 1};
    const struct tg_resource resource = {.name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .primary_key = "id",
                                         .columns = hints,
                                         .column_count = count};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static void since_when(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    static const struct tg_column more[] = {{.name = "extra", .data_type = "decimal"}};
    char expected[400];
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_pipeline_show(fixture->pipeline, TG_SHOW_COLUMNS, &stream, &fixture->err),
                     TG_DESTINATION);
    assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    load(fixture, NULL, 0);
    char *first = strdup(tg_result_load_id(fixture->result));
    load(fixture, more, 1);
    char *text = columns(fixture);
    snprintf(
        expected, sizeof(expected),
        "{\"table\":\"n\",\"column\":\"id\",\"source_field\":null,\"type\":\"BIGINT\",\"data_"
        "type\":\"bigint\","
        "\"nullable\":false,\"hints\":\"primary_key\",\"since_version\":2,\"since_load\":\"%s\"}",
        first);
    assert_non_null(strstr(text, expected));
    snprintf(expected, sizeof(expected),
             "\"nullable\":true,\"hints\":null,\"since_version\":3,"
             "\"since_load\":\"%s\"}",
             tg_result_load_id(fixture->result));
    assert_non_null(strstr(
        strstr(text, "\"column\":\"extra\",\"source_field\":null,\"type\":\"DECIMAL(38,9)\""),
        expected));
    assert_null(strstr(text, "\"table\":\"_dlt"));
    free(text);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(since_when, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("show_columns", tests, NULL, NULL);
}
