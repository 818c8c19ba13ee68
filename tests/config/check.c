/* What does not go together in a resource, from the C API; specs: disposition.c, spec.c. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_ones_are_refused),
        cmocka_unit_test(good_ones_pass),
    };
    return cmocka_run_group_tests_name("check", tests, spec_setup, spec_teardown);
}
