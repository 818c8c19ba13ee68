/* there.c: tables that were changed, or are gone, between two runs. */
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};

/* Something that another program does to the destination. */
static void change(struct fixture *fixture, const char *sql)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    stream.release(&stream);
}

static void open_numbers(struct fixture *fixture, struct numbers *numbers, const char *cursor,
                         bool full_refresh)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers, .cursor_path = cursor};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .full_refresh = full_refresh};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void fail_run(struct fixture *fixture, int code, const char *what)
{
    assert_int_equal(fixture_try(fixture), code);
    if (!strstr(fixture->err.what, what))
        fail_msg("'%s' is not in '%s'", what, fixture->err.what);
}

/* With there_meet left out the last run loads row 3 alone and says 0. */
static void a_cursor_without_its_table(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    open_numbers(fixture, &numbers, "id", false);
    fixture_run(fixture);
    change(fixture, "DROP TABLE n");
    fail_run(fixture, TG_DESTINATION,
             "table 'n' has had data and is gone at the destination, and the cursor would hold "
             "back what was in it; load all of it again with --full-refresh --select n");
    assert_false(fixture->err.retryable);
    numbers = (struct numbers){.rows = rows, .count = 3};
    open_numbers(fixture, &numbers, "id", true);
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
    open_numbers(fixture, &numbers, "id", false);
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_string_equal(tg_result_load_id(fixture->result), "");
}

static void a_window_holds_nothing_back(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    open_numbers(fixture, &numbers, "id", false);
    fixture_run(fixture);
    change(fixture, "DROP TABLE n");
    const struct tg_resource window = {TG_RESOURCE_INIT,
                                       .name = "n",
                                       .read = read_numbers,
                                       .user = &numbers,
                                       .cursor_path = "id",
                                       .initial_value = {.kind = TG_VALUE_INT64, .int64 = 0},
                                       .end_value = {.kind = TG_VALUE_INT64, .int64 = 2}};
    numbers = (struct numbers){.rows = rows, .count = 3};
    fixture_open(fixture, &window, 1);
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n");
}

static int read_lists(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    tg_rows_begin_object(read->rows);
    tg_rows_key(read->rows, "l");
    tg_rows_begin_list(read->rows);
    tg_rows_int64(read->rows, *(int64_t *)read->user);
    tg_rows_end_list(read->rows);
    tg_rows_end_object(read->rows);
    read->done = true;
    return TG_OK;
}

/* An append that reads all there is: the table is made again, and its old nested rows are gone. */
static void a_full_read_makes_the_table_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t value = 1;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_lists,
                                         .user = &value};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    change(fixture, "DROP TABLE t");
    value = 2;
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_non_null(strstr(tg_result_warning(fixture->result, 0),
                           "table 't' has had data and is gone at the destination: it is made "
                           "again"));
    assert_query(fixture, "SELECT value FROM t__l", "value\n2\n");
    change(fixture, "DROP TABLE t__l");
    value = 3;
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_query(fixture, "SELECT count(*) AS t FROM t", "t\n2\n");
    assert_query(fixture, "SELECT value FROM t__l", "value\n3\n");
}

/* What is not selected is not looked at. */
static void other_tables_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2}, others = numbers;
    const struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "n", .read = read_numbers, .user = &numbers,
         .cursor_path = "id"},
        {TG_RESOURCE_INIT, .name = "nn", .read = read_numbers, .user = &others,
         .cursor_path = "id"},
    };
    fixture_open(fixture, resources, 2);
    fixture_run(fixture);
    change(fixture, "DROP TABLE n");
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .select = "nn"};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    for (size_t i = 0; i < 2; i++)
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resources[i], &fixture->err));
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
}

/* Values go by the type that is there; the stored schema says so from then on. */
static void the_schema_learns_a_changed_type(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    open_numbers(fixture, &numbers, "id", false);
    fixture_run(fixture);
    change(fixture, "ALTER TABLE n ALTER COLUMN value SET DATA TYPE BOOLEAN USING true");
    numbers = (struct numbers){.rows = rows, .count = 3};
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, value, value__v_bigint AS v FROM n ORDER BY id",
                 "id,value,v\n1,true,\n2,true,\n3,,30\n");
    const char *column = "SELECT contains(schema, '\"name\": \"value\", \"data_type\": \"bool\"') "
                         "OR contains(schema, '\"data_type\":\"bool\"') AS learned FROM "
                         "_dlt_version ORDER BY version DESC LIMIT 1";
    assert_query(fixture, column, "learned\ntrue\n");
}

static void system_columns_of_other_types(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = rows, .count = 2};
    open_numbers(fixture, &numbers, NULL, false);
    fixture_run(fixture);
    change(fixture, "ALTER TABLE n DROP COLUMN _dlt_load_id");
    change(fixture, "ALTER TABLE n ADD COLUMN _dlt_load_id DOUBLE");
    fail_run(fixture, TG_DESTINATION,
             "table 'n' is at the destination with a column '_dlt_load_id' of another type than "
             "ours");
    assert_non_null(strstr(fixture->err.what, "ALTER TABLE \"d\".\"n\" ALTER COLUMN "
                                              "\"_dlt_load_id\" SET DATA TYPE VARCHAR"));
    change(fixture, "ALTER TABLE n ALTER COLUMN _dlt_load_id SET DATA TYPE VARCHAR");
    fixture_run(fixture);
    change(fixture, "ALTER TABLE n DROP COLUMN _dlt_id");
    fail_run(fixture, TG_DESTINATION, "table 'n' is at the destination without a column '_dlt_id'");
    change(fixture, "ALTER TABLE n ADD COLUMN _dlt_id VARCHAR");
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n, count(_dlt_id) AS ids FROM n", "n,ids\n6,2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cursor_without_its_table, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_window_holds_nothing_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_read_makes_the_table_again, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(other_tables_are_left_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_schema_learns_a_changed_type, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(system_columns_of_other_types, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("there", tests, NULL, NULL);
}
