/* What a resource of the strategy scd2 says of its table, and what it may not. */
#include "tests/fixture.h"

static const int64_t two[][2] = {{1, 10}, {2, 20}};

#define STORED(path)                                                                               \
    "SELECT schema ->> '" path "' AS x FROM _dlt_version ORDER BY inserted_at DESC LIMIT 1"

static struct tg_resource history_of(struct numbers *numbers)
{
    *numbers = (struct numbers){.rows = two, .count = 2};
    return (struct tg_resource){TG_RESOURCE_INIT,
                                .name = "n",
                                .read = read_numbers,
                                .user = numbers,
                                .write_disposition = TG_MERGE,
                                .merge_strategy = "scd2"};
}

static void assert_refused(struct fixture *fixture, const struct tg_resource *resource, int code,
                           const char *what)
{
    fixture_open(fixture, resource, 1);
    assert_int_equal(fixture_try(fixture), code);
    if (!strstr(fixture->err.what, what))
        fail_msg("'%s' does not say '%s'", fixture->err.what, what);
}

/* As dlt stores them, in its order. */
static void hints_are_dlts(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_column first = {.name = "first", .data_type = "bigint"};
    struct tg_resource resource = history_of(&numbers);
    resource.columns = &first;
    resource.column_count = 1;
    resource.merge_key = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, STORED("$.tables.n.x-merge-strategy"), "x\nscd2\n");
    assert_query(fixture, STORED("$.tables.n.x-boundary-timestamp"), "x\n\n");
    assert_query(fixture, STORED("$.tables.n.columns._dlt_valid_from"),
                 "x\n\"{\"\"name\"\":\"\"_dlt_valid_from\"\",\"\"data_type\"\":\"\"timestamp\"\","
                 "\"\"nullable\"\":true,\"\"x-valid-from\"\":true}\"\n");
    assert_query(fixture, STORED("$.tables.n.columns._dlt_valid_to"),
                 "x\n\"{\"\"name\"\":\"\"_dlt_valid_to\"\",\"\"data_type\"\":\"\"timestamp\"\","
                 "\"\"nullable\"\":true,\"\"x-valid-to\"\":true,"
                 "\"\"x-active-record-timestamp\"\":null}\"\n");
    assert_query(fixture, STORED("$.tables.n.columns._dlt_id"),
                 "x\n\"{\"\"name\"\":\"\"_dlt_id\"\",\"\"data_type\"\":\"\"text\"\","
                 "\"\"nullable\"\":false,\"\"x-row-version\"\":true,\"\"unique\"\":false,"
                 "\"\"row_key\"\":false}\"\n");
    assert_query(fixture, "SELECT * FROM n LIMIT 0",
                 "first,_dlt_valid_from,_dlt_valid_to,id,value,_dlt_load_id,_dlt_id\n");
}

static void options_are_hints(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = history_of(&numbers);
    resource.validity_column_names = "since, Until";
    resource.active_record_timestamp = "9999-12-31";
    resource.boundary_timestamp = "2024-01-01";
    resource.row_version_column_name = "value";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, STORED("$.tables.n.x-boundary-timestamp"), "x\n2024-01-01\n");
    assert_query(fixture, STORED("$.tables.n.columns.until.x-active-record-timestamp"),
                 "x\n9999-12-31\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.x-row-version"), "x\ntrue\n");
    assert_query(fixture, STORED("$.tables.n.columns._dlt_id.unique"), "x\ntrue\n");
    assert_query(fixture, "SELECT since, until FROM n WHERE id = 1",
                 "since,until\n2024-01-01T00:00:00+00:00,9999-12-31T00:00:00+00:00\n");
    /* A boundary is one run's; the rest stays as it is. */
    resource.boundary_timestamp = NULL;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, STORED("$.tables.n.x-boundary-timestamp"), "x\n\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_unchanged, 2);
    resource.active_record_timestamp = "9999-12-31T00:00:00Z"; /* the same time */
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.active_record_timestamp = NULL;
    assert_refused(
        fixture, &resource, TG_SPEC,
        "rows of table 'n' that are valid have \"9999-12-31T00:00:00Z\" in 'until', and this run "
        "would have NULL; keep active_record_timestamp as it was");
    resource.active_record_timestamp = "9999-12-31";
    resource.row_version_column_name = NULL;
    assert_refused(fixture, &resource, TG_SPEC, "say row_version_column_name: value");
    resource.validity_column_names = NULL;
    assert_refused(fixture, &resource, TG_SPEC, "say validity_column_names: [since, until]");
}

static void a_history_is_kept_from_the_first_load_on(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = history_of(&numbers), plain = history_of(&numbers);
    plain.write_disposition = TG_APPEND;
    plain.merge_strategy = NULL;
    fixture_open(fixture, &plain, 1);
    fixture_run(fixture);
    assert_refused(fixture, &resource, TG_SPEC,
                   "table 'n' has rows, but no column '_dlt_valid_from'");
    resource.table_name = "m";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    plain.table_name = "m";
    assert_refused(fixture, &plain, TG_SPEC,
                   "table 'm' keeps its history (merge strategy scd2), which append would lose");
}

/* A table that only the destination knows. */
static void a_strange_table_has_no_history(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = history_of(&numbers);
    resource.table_name = "other";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "CREATE TABLE n (id BIGINT)", "Count\n");
    resource.table_name = NULL;
    assert_refused(fixture, &resource, TG_SPEC,
                   "table 'n' has rows, but no column '_dlt_valid_from'");
}

static void a_snapshot_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = history_of(&numbers);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    numbers.count = 0;
    assert_refused(fixture, &resource, TG_DATA,
                   "no row came, so that all rows of table 'n' would look deleted; if they are, "
                   "say allow_empty: true");
    assert_string_equal(fixture->err.resource, "n");
    resource.allow_empty = true;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_deleted, 2);
    assert_query(fixture, "SELECT count(*) AS n FROM n WHERE _dlt_valid_to IS NULL", "n\n0\n");
}

static void a_time_is_nobody_elses_column(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = history_of(&numbers);
    resource.validity_column_names = "since, value";
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "key 'value' of the source has the name of column "
                                              "'value' of table 'n'"));
    static const char *const names[] = {"since, _dlt_id", "_dlt_load_id, until",
                                        "_tidegate_order, until"};
    const struct tg_column id = {.name = "id"};
    resource.columns = &id;
    resource.column_count = 1;
    resource.validity_column_names = "since, id";
    assert_refused(fixture, &resource, TG_SPEC, "is another one already");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        resource.validity_column_names = names[i];
        assert_refused(fixture, &resource, TG_SPEC, "such names are tidegate's own");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hints_are_dlts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(options_are_hints, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_history_is_kept_from_the_first_load_on, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_strange_table_has_no_history, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_snapshot_is_whole, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_time_is_nobody_elses_column, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/history", tests, NULL, NULL);
}
