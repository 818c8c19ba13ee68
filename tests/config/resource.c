/* Resources from the C API: what becomes of the struct, what is refused, which are picked. */
#include "tests/config/spec_file.h"

#include "config/spec.h"
#include "write/disposition.h"

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

static int open_config(struct config *config, struct tg_error *err)
{
    const struct tg_pipeline_options options = {.name = "shop",
                                                .destination = "duckdb:///s.duckdb"};
    return config_init(config, &options, err);
}

static struct config *fresh(struct spec_file *spec)
{
    config_release(&spec->config);
    assert_int_equal(open_config(&spec->config, &spec->err), TG_OK);
    return &spec->config;
}

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

/* What is wrong with columns. */
static const struct tg_column two_sorts[] = {{.name = "a", .dedup_sort = "asc"},
                                             {.name = "b", .dedup_sort = "desc"}};
static const struct tg_column wrong_type = {.name = "a", .data_type = "bigit"};
static const struct tg_column wrong_sort = {.name = "a", .dedup_sort = "up"};
static const struct tg_column wrong_precision = {.name = "a", .precision = -2};
static const struct tg_column no_seconds = {
    .name = "a", .data_type = "date", .precision = TG_WHOLE_SECONDS};
static const struct tg_column wrong_flag = {.name = "a", .nullable = (enum tg_flag)3};
static const struct tg_column no_json = {.name = "a", .hints = "{x"};
static const struct tg_column no_object = {.name = "a", .hints = "[1]"};
static const struct tg_column no_hint = {.name = "a", .hints = "{\"x-a\":1,\"y\":2}"};
static const struct tg_column references = {.name = "a", .hints = "{\"references\":[]}"};
static const struct tg_column nameless = {.data_type = "text"};
static const struct tg_column same[] = {{.name = "a"}, {.name = "a"}};
static const struct {
    struct tg_resource resource;
    const char *what;
} impossible[] = {
    {{.name = "n"}, "`read` is not set; it is where rows come from, unless there is a `source`"},
    {{.name = "n", .write_disposition = (enum tg_write_disposition)7},
     "`read` is not set; it is where rows come from, unless there is a `source`"},
    {{.name = "n", .read = read_nothing, .write_disposition = (enum tg_write_disposition)7},
     "write_disposition of struct tg_resource is 7, which is none of its values; was the struct "
     "zeroed?"},
    {{.name = "n", .read = read_nothing, .max_table_nesting = -2},
     "max_table_nesting is a number of levels, or TG_NO_NESTING"},
    {{.name = "n", .read = read_nothing, .column_count = 1}, "column_count is set, columns is not"},
    {{.name = "n", .read = read_nothing, .columns = &nameless, .column_count = 1},
     "column 0 has no name"},
    {{.name = "n", .read = read_nothing, .columns = same, .column_count = 2},
     "column 'a' has two entries"},
    {{.name = "n", .read = read_nothing, .columns = &wrong_type, .column_count = 1},
     "'bigit' is none of the words for 'data_type' (text double bool timestamp bigint binary json "
     "decimal wei date time); did you mean 'bigint'?"},
    {{.name = "n", .read = read_nothing, .columns = &wrong_sort, .column_count = 1},
     "'up' is none of the words for 'dedup_sort' (asc desc)"},
    {{.name = "n", .read = read_nothing, .columns = &wrong_precision, .column_count = 1},
     "column 'a' has a negative precision"},
    {{.name = "n", .read = read_nothing, .columns = &no_seconds, .column_count = 1},
     "column 'a': whole seconds are for timestamp and time; set data_type"},
    {{.name = "n", .read = read_nothing, .columns = &wrong_flag, .column_count = 1},
     "nullable of struct tg_column is 3, which is none of its values; was the struct zeroed?"},
    {{.name = "n", .read = read_nothing, .columns = &no_object, .column_count = 1},
     "`hints` is a JSON object, as {\"x-team\": \"web\"}"},
    {{.name = "n", .read = read_nothing, .columns = &no_hint, .column_count = 1},
     "hint 'y' is not known; further ones have names that start with x-"},
    {{.name = "n", .read = read_nothing, .columns = &references, .column_count = 1},
     "hint 'references' is not known; further ones have names that start with x-"},
    {{.name = "n", .read = read_nothing, .hints = "{\"x-\":1}"},
     "hint 'x-' is not known; further ones have names that start with x-"},
    {{.name = "n", .read = read_nothing, .hints = "{\"references\":{}}"}, "references is a list"},
    {{.name = "n", .read = read_nothing, .hints = "{\"references\":[1]}"},
     "a reference names no referenced_table"},
    {{.name = "n",
      .read = read_nothing,
      .hints = "{\"references\":[{\"referenced_table\":\"t\",\"columns\":\"a\"}]}"},
     "the reference to 't' needs columns and referenced_columns, lists of names"},
    {{.name = "n",
      .read = read_nothing,
      .hints = "{\"references\":[{\"referenced_table\":\"t\",\"columns\":[\"a\",\"b\"],"
               "\"referenced_columns\":[\"c\"]}]}"},
     "the reference to 't' has 2 columns and 1 referenced_columns; they go together one by "
     "one"},
    {{.name = "n", .read = read_nothing, .row_ids = (enum tg_row_ids)3},
     "row_ids of struct tg_resource is 3, which is none of its values; was the struct zeroed?"},
    {{.name = "n", .read = read_nothing, .last_value = (enum tg_last_value)2},
     "last_value of struct tg_resource is 2, which is none of its values; was the struct zeroed?"},
    {{.name = "n", .read = read_nothing, .row_ids = TG_ROW_IDS_KEY},
     "row_ids: key needs a primary_key"},
    {{.name = "n", .read = read_nothing, .reject_max = 5},
     "a limit of bad rows is for those that are rejected"},
    {{.name = "n", .read = read_nothing, .schema_contract = {.columns = (enum tg_contract_mode)9}},
     "columns of struct tg_schema_contract is 9, which is none of its values; was the struct "
     "zeroed?"},
    {{.name = "n",
      .read = read_nothing,
      .write_disposition = TG_MERGE,
      .primary_key = "id",
      .columns = two_sorts,
      .column_count = 2},
     "columns 'a' and 'b' both say dedup_sort; only one can"},
    {{.name = "n", .read = read_nothing, .write_disposition = TG_MERGE},
     "merge needs a primary_key or a merge_key (or on_missing_key: append)"},
    {{.name = "n", .read = read_nothing, .write_disposition = TG_MERGE, .primary_key = " , "},
     "merge needs a primary_key or a merge_key (or on_missing_key: append)"},
    {{.name = "n", .read = read_nothing, .merge_key = "day"},
     "merge_key is for write_disposition: merge"},
    {{.name = "n", .read = read_nothing, .append_on_missing_key = true},
     "on_missing_key is for write_disposition: merge"},
    {{.name = "n", .read = read_nothing, .cursor_path = "a."},
     "cursor 'a.' is no path: a name is empty; name a field: updated_at, or data.updated_at for a "
     "nested one, or give a JSONPath to one value: $.items[0]['up.dated']"},
    {{.name = "n", .read = read_nothing, .table_name = "_tidegate_loads"},
     "tables '_dlt_*' and '_tidegate_*' are the system's; set another table_name"},
    {{.name = "n", .read = read_nothing, .table_name = ""}, "table_name is empty"},
    {{.name = "n", .read = read_nothing, .table_name = "THERE"},
     "table 'there' is that of resource 'there'; set another table_name"},
};

static void impossible_ones_are_refused(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    const struct tg_resource there = {.name = "there", .read = read_nothing};
    assert_int_equal(config_add(config, &there, &spec->err), TG_OK);
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        assert_int_equal(config_add(config, &impossible[i].resource, &spec->err), TG_USAGE);
        assert_string_equal(spec->err.what, impossible[i].what);
        const struct tg_column *column = impossible[i].resource.columns;
        bool of_column = column == &wrong_flag || column == &wrong_type || column == &wrong_sort;
        assert_string_equal(spec->err.where,
                            of_column ? "resource 'n', column 'a'" : "resource 'n'");
        assert_int_equal(config->resource_count, 1);
    }
    const struct tg_resource broken = {
        .name = "n", .read = read_nothing, .columns = &no_json, .column_count = 1};
    assert_int_equal(config_add(config, &broken, &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "column 'a': `hints` is no JSON: "));
    assert_int_equal(config_add(config, &there, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "there is a resource of that name already");
    const struct tg_resource nameless_resource = {.read = read_nothing};
    assert_int_equal(config_add(config, &nameless_resource, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "a resource needs a name; set `name`");
}

static void good_ones_pass(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    static const struct tg_column hints[] = {
        {.name = "a", .data_type = "decimal", .precision = 38, .scale = 38},
        {.name = "b", .data_type = "timestamp", .precision = 9, .timezone = TG_NO},
        {.name = "c", .data_type = "bigint", .precision = 128},
        {.name = "d", .precision = 5},
        {.name = "e", .timezone = TG_NO},
        {.name = "f", .hard_delete = true, .dedup_sort = "desc"},
        {.name = "g", .data_type = "timestamp", .precision = TG_WHOLE_SECONDS},
        {.name = "h", .data_type = "time", .precision = 6, .hints = "{}"}};
    const struct tg_resource cases[] = {
        {.name = "a",
         .read = read_nothing,
         .write_disposition = TG_MERGE,
         .append_on_missing_key = true},
        {.name = "b",
         .read = read_nothing,
         .write_disposition = TG_MERGE,
         .merge_key = "day",
         .columns = hints,
         .column_count = sizeof(hints) / sizeof(hints[0])},
        {.name = "c",
         .read = read_nothing,
         .primary_key = "id",
         .cursor_path = "$.a.b",
         .initial_value = {.kind = TG_VALUE_INT64},
         .end_value = {.kind = TG_VALUE_DOUBLE, .real = 1}},
        {.name = "d", .read = read_nothing, .write_disposition = TG_REPLACE, .cursor_path = "id"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (config_add(config, &cases[i], &spec->err) != TG_OK)
            fail_msg("case %zu: %s", i, spec->err.what);
}

/* ---- which ones ---- */

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

static void a_request_is_the_resource(void **state)
{
    struct spec_file *spec = *state;
    struct context ctx;
    struct config *config = fresh(spec);
    const struct tg_resource resource = {.name = "person", .read = read_nothing, .user = spec};
    assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
    const struct resource *added = &config->resources[0];
    const struct services services = {.ctx = &ctx};
    const struct resource_request request = resource_request(added, config, &services);
    assert_ptr_equal(request.source.services.ctx, &ctx);
    assert_null(request.source.services.engine);
    assert_string_equal(request.source.name, added->source);
    assert_string_equal(request.source.folder, ".");
    assert_ptr_equal(request.source.values, added->source_values);
    assert_string_equal(request.name, "person");
    assert_int_equal(request.value_count, added->resource_value_count);
    assert_null(request.cursor->path);
    assert_int_equal(request.recalled.count, 0);
    assert_ptr_equal(request.read, read_nothing);
    assert_ptr_equal(request.user, spec);
}

static void names_select(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = spec_good(
        spec, SPEC_HEAD "resources: {person: {path: a}, click: {path: b}, order: {path: c}}\n");
    assert_int_equal(config_select(config, " order,person ", &spec->err), TG_OK);
    assert_true(config->resources[0].selected);
    assert_false(config->resources[1].selected);
    assert_true(config->resources[2].selected);
    assert_int_equal(config_select(config, "person, clik", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'clik' to select; did you mean 'click'?");
    assert_true(config->resources[2].selected); /* as it was */
    assert_int_equal(config_select(config, "zzzzzzzz", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'zzzzzzzz' to select; there are: "
                        "person, click, order");
    assert_int_equal(config_select(config, "clicks", &spec->err), TG_USAGE);
    assert_int_equal(config_select(config, NULL, &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
    assert_int_equal(config_select(config, ",", &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
}

/* What no resource is called may be a member; groups are selected for it alone. */
static void names_select_members(void **state)
{
    struct spec_file *spec = *state;
    struct config *config =
        spec_good(spec, "pipeline: shop\ndestination: duckdb:///shop.duckdb\n"
                        "source: {type: sql, connection: duckdb:///s.duckdb}\n"
                        "resources: {all: {tables: all}, one: {table: x}, c: {tables: [c*]}}\n");
    assert_int_equal(config_select(config, "orders,c", &spec->err), TG_OK);
    assert_true(config->resources[0].selected && config->resources[2].selected);
    assert_false(config->resources[1].selected);
    assert_true(config_takes_member(&config->resources[0], "orders"));
    assert_false(config_takes_member(&config->resources[0], "order"));
    assert_true(config_takes_member(&config->resources[2], "customers"));
    assert_int_equal(config_check_selected(config, "orders,c", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'orders' to select; there are: "
                        "all, one, c");
    assert_int_equal(config_add_member(config, &config->resources[0], "orders", &spec->err), TG_OK);
    assert_int_equal(config_check_selected(config, "orders,c", &spec->err), TG_OK);
    assert_int_equal(config_check_selected(config, "order", &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "did you mean 'orders'?"));
    assert_int_equal(config_select(config, "one", &spec->err), TG_OK); /* no group is looked at */
    assert_false(config->resources[0].selected || config->resources[2].selected);
    assert_int_equal(config_select(config, NULL, &spec->err), TG_OK);
    assert_true(config_takes_member(&config->resources[0], "order"));
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
        cmocka_unit_test(impossible_ones_are_refused),
        cmocka_unit_test(good_ones_pass),
        cmocka_unit_test(a_spec_takes_resources_of_a_program),
        cmocka_unit_test(a_request_is_the_resource),
        cmocka_unit_test(names_select),
        cmocka_unit_test(names_select_members),
        cmocka_unit_test(adding_survives_torture),
    };
    return cmocka_run_group_tests_name("resource", tests, spec_setup, spec_teardown);
}
