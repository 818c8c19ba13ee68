/* Resources from the C API: what becomes of the struct. */
#include "tests/config/spec_file.h"

#include "config/spec.h"
#include "write/disposition.h"

static void everything_is_copied(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    char name[] = "person", key[] = " tenant , id", cursor[] = "at", initial[] = "2024-01-01",
         type[] = "date";
    struct tg_column columns[] = {{.name = name, .data_type = type, .nullable = TG_NO},
                                  {.name = "d", .dedup_sort = "asc"}};
    const struct tg_resource resource = {
        .name = name,
        .read = read_nothing,
        .user = spec,
        .write_disposition = TG_MERGE,
        .primary_key = key,
        .cursor_path = cursor,
        .initial_value = {.kind = TG_VALUE_TEXT, .text = initial},
        .end_value = {.kind = TG_VALUE_TIMESTAMP, .int64 = 5},
        .last_value = TG_MIN,
        .on_cursor_value_missing = TG_INCLUDE,
        .commit_safe = TG_NO,
        .on_commit_safe_wait = TG_WAIT_WARN,
        .commit_safe_wait = "90s",
        .max_table_nesting = 2,
        .columns = columns,
        .column_count = 2,
    };
    assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
    name[0] = key[1] = cursor[0] = initial[0] = type[0] = 'X';
    memset(columns, 0, sizeof(columns));
    const struct resource *added = &config->resources[0];
    assert_string_equal(added->name, "person");
    assert_string_equal(added->table_name, "person");
    assert_string_equal(added->source, "shop");
    assert_string_equal(added->driver->name, "callback");
    assert_ptr_equal(added->read, read_nothing);
    assert_ptr_equal(added->user, spec);
    assert_int_equal(added->disposition->word, DISPOSITION_MERGE);
    assert_int_equal(added->primary_key_count, 2);
    assert_string_equal(added->primary_key[0], "tenant");
    assert_string_equal(added->primary_key[1], "id");
    assert_string_equal(added->incremental.cursor_path, "at");
    assert_string_equal(added->incremental.initial_value.text, "2024-01-01");
    assert_int_equal(added->incremental.end_value.int64, 5);
    assert_int_equal(added->incremental.last_value, TG_MIN);
    assert_int_equal(added->incremental.on_cursor_value_missing, TG_INCLUDE);
    assert_int_equal(added->incremental.commit_safe, TG_NO);
    assert_int_equal(added->incremental.on_commit_safe_wait, TG_WAIT_WARN);
    assert_string_equal(added->incremental.commit_safe_wait, "90s");
    assert_int_equal(added->max_table_nesting, 2);
    assert_int_equal(added->column_count, 2);
    assert_string_equal(added->columns[0].name, "person");
    assert_string_equal(added->columns[0].data_type, "date");
    assert_int_equal(added->columns[0].nullable, TG_NO);
    assert_string_equal(added->columns[1].dedup_sort, "asc");
    assert_true(added->selected);
}

static void hints_and_rules_are_copied(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    char about[] = "people", hints[] = "{\"x-a\":[1, {\"b\":null}]}", mail[] = "where mail goes",
         pii[] = "{\"x-pii\":true}";
    struct tg_column columns[] = {
        {.name = "a",
         .unique = true,
         .partition = true,
         .cluster = true,
         .sort = true,
         .description = mail,
         .hints = pii},
        {.name = "b", .data_type = "time", .precision = TG_WHOLE_SECONDS}};
    struct tg_resource resource = {
        .name = "person",
        .read = read_nothing,
        .primary_key = "id",
        .columns = columns,
        .column_count = 2,
        .schema_contract = {.tables = TG_CONTRACT_EVOLVE, .data_type = TG_CONTRACT_DISCARD_VALUE},
        .row_ids = TG_ROW_IDS_KEY,
        .reject_bad_rows = true,
        .description = about,
        .hints = hints,
    };
    assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
    about[0] = hints[2] = mail[0] = pii[2] = 'X';
    const struct resource *added = &config->resources[0];
    assert_string_equal(added->description, "people");
    assert_string_equal(added->hints, "{\"x-a\":[1, {\"b\":null}]}");
    assert_int_equal(added->contract.modes[CONTRACT_TABLES], CONTRACT_EVOLVE);
    assert_int_equal(added->contract.modes[CONTRACT_COLUMNS], CONTRACT_UNSAID);
    assert_int_equal(added->contract.modes[CONTRACT_DATA_TYPE], CONTRACT_DISCARD_VALUE);
    assert_int_equal(added->row_ids, TG_ROW_IDS_KEY);
    assert_true(added->reject_bad_rows);
    assert_int_equal(added->reject_max, REJECT_MAX);
    assert_false(added->root_key);
    const struct tg_column *column = &added->columns[0];
    assert_true(column->unique && column->partition && column->cluster && column->sort);
    assert_string_equal(column->description, "where mail goes");
    assert_string_equal(column->hints, "{\"x-pii\":true}");
    assert_int_equal(added->columns[1].precision, PRECISION_SECONDS);
    resource.name = "other";
    resource.reject_max = 7;
    resource.hints = "{\"references\":[{\"referenced_table\":\"t\",\"columns\":[\"a\"],"
                     "\"referenced_columns\":[\"b\"]}]}";
    resource.columns = NULL;
    resource.column_count = 0;
    if (config_add(config, &resource, &spec->err) != TG_OK)
        fail_msg("%s", spec->err.what);
    assert_int_equal(config->resources[1].reject_max, 7);
}

static void nesting_has_three_cases(void **state)
{
    struct spec_file *spec = *state;
    const struct {
        int given, kept;
    } cases[] = {{0, -1}, {TG_NO_NESTING, 0}, {3, 3}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config *config = fresh(spec);
        const struct tg_resource resource = {
            .name = "a", .read = read_nothing, .max_table_nesting = cases[i].given};
        assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
        assert_int_equal(config->resources[0].max_table_nesting, cases[i].kept);
        assert_int_equal(config->resources[0].disposition->word, DISPOSITION_APPEND);
    }
}

static void a_spec_takes_resources_of_a_program(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = spec_good(
        spec, "pipeline: shop\ndestination: duckdb:///shop.duckdb\n"
              "sources: {crm: {type: files, root_key: true}}\n"
              "resources: {person: {source: crm, path: a}, click: {source: crm, path: b}}\n");
    struct tg_resource resource = {.name = "order", .read = read_nothing};
    assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
    assert_int_equal(config->resource_count, 3);
    const struct resource *order = &config->resources[2];
    assert_string_equal(order->source, "crm"); /* the schema's only one */
    assert_string_equal(order->driver->name, "callback");
    assert_true(order->root_key);
    resource.name = "person";
    assert_int_equal(config_add(config, &resource, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "there is a resource of that name already");
    resource.name = "people";
    resource.table_name = "Person";
    assert_int_equal(config_add(config, &resource, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "table 'person' is that of resource 'person'; set another table_name");
    assert_int_equal(config_select(config, "order, person", &spec->err), TG_OK);
    assert_true(config->resources[0].selected && order->selected);
    assert_false(config->resources[1].selected);
}

static int add_tortured(void)
{
    int rc;
    struct config config;
    struct tg_error err = {0};
    static const struct tg_column columns[] = {{.name = "a",
                                                .data_type = "decimal",
                                                .precision = 5,
                                                .description = "b",
                                                .hints = "{\"x-c\":1}"}};
    const struct tg_resource resource = {
        .name = "person",
        .read = read_nothing,
        .write_disposition = TG_MERGE,
        .primary_key = "a, b",
        .merge_key = "c",
        .cursor_path = "at",
        .initial_value = {.kind = TG_VALUE_TEXT, .text = "1"},
        .columns = columns,
        .column_count = 1,
        .description = "people",
        .hints = "{\"x-a\":1}",
    };
    char name[32];
    rc = open_config(&config, &err);
    for (int i = 0; rc == TG_OK && i < 20; i++) {
        struct tg_resource one = resource;
        snprintf(name, sizeof(name), "person%d", i);
        one.name = name;
        rc = config_add(&config, &one, &err);
    }
    config_release(&config);
    return rc;
}

static void adding_survives_torture(void **state)
{
    (void)state;
    torture(add_tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_copied),
        cmocka_unit_test(hints_and_rules_are_copied),
        cmocka_unit_test(nesting_has_three_cases),
        cmocka_unit_test(a_spec_takes_resources_of_a_program),
        cmocka_unit_test(adding_survives_torture),
    };
    return cmocka_run_group_tests_name("resource", tests, spec_setup, spec_teardown);
}
