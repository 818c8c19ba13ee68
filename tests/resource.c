/* Resources from the C API: what becomes of the struct, what is refused, which are picked. */
#include "tests/spec_file.h"

#include "spec.h"

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
    char name[] = "person", key[] = " tenant , id", cursor[] = "at", initial[] = "2024",
         type[] = "date";
    struct tg_column columns[] = {{.name = name, .data_type = type, .nullable = TG_NO},
                                  {.name = "d", .dedup_sort = "asc"}};
    const struct tg_resource resource = {
        .name = name,
        .read = read_nothing,
        .user = spec,
        .write_disposition = TG_MERGE,
        .primary_key = key,
        .incremental = {.cursor_path = cursor,
                        .initial_value = {.kind = TG_VALUE_TEXT, .text = initial},
                        .end_value = {.kind = TG_VALUE_TIMESTAMP, .int64 = 5},
                        .last_value = TG_MIN,
                        .on_cursor_value_missing = TG_INCLUDE},
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
    assert_int_equal(added->disposition, DISPOSITION_MERGE);
    assert_int_equal(added->primary_key_count, 2);
    assert_string_equal(added->primary_key[0], "tenant");
    assert_string_equal(added->primary_key[1], "id");
    assert_string_equal(added->incremental.cursor_path, "at");
    assert_string_equal(added->incremental.initial_value.text, "2024");
    assert_int_equal(added->incremental.end_value.int64, 5);
    assert_int_equal(added->incremental.last_value, TG_MIN);
    assert_int_equal(added->incremental.on_cursor_value_missing, TG_INCLUDE);
    assert_int_equal(added->max_table_nesting, 2);
    assert_int_equal(added->column_count, 2);
    assert_string_equal(added->columns[0].name, "person");
    assert_string_equal(added->columns[0].data_type, "date");
    assert_int_equal(added->columns[0].nullable, TG_NO);
    assert_string_equal(added->columns[1].dedup_sort, "asc");
    assert_true(added->selected);
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
        assert_int_equal(config->resources[0].disposition, DISPOSITION_APPEND);
    }
}

static void impossible_ones_are_refused(void **state)
{
    struct spec_file *spec = *state;
    static const struct tg_column two_sorts[] = {{.name = "a", .dedup_sort = "asc"},
                                                 {.name = "b", .dedup_sort = "desc"}};
    static const struct tg_column wrong_type = {.name = "a", .data_type = "bigit"};
    static const struct tg_column wrong_sort = {.name = "a", .dedup_sort = "up"};
    static const struct tg_column wrong_precision = {.name = "a", .precision = -1};
    static const struct tg_column nameless = {.data_type = "text"};
    static const struct tg_column same[] = {{.name = "a"}, {.name = "a"}};
    static const struct {
        struct tg_resource resource;
        const char *what;
    } cases[] = {
        {{.name = "n"}, "`read` is not set; it is where rows come from"},
        {{.name = "n", .write_disposition = (enum tg_write_disposition)7},
         "`read` is not set; it is where rows come from"},
        {{.name = "n", .read = read_nothing, .write_disposition = (enum tg_write_disposition)7},
         "an enum is out of range; was the struct zeroed?"},
        {{.name = "n", .read = read_nothing, .max_table_nesting = -2},
         "max_table_nesting is a number of levels, or TG_NO_NESTING"},
        {{.name = "n", .read = read_nothing, .column_count = 1},
         "column_count is set, columns is not"},
        {{.name = "n", .read = read_nothing, .columns = &nameless, .column_count = 1},
         "column 0 has no name"},
        {{.name = "n", .read = read_nothing, .columns = same, .column_count = 2},
         "column 'a' has two entries"},
        {{.name = "n", .read = read_nothing, .columns = &wrong_type, .column_count = 1},
         "column 'a' has the unknown data_type 'bigit'; did you mean 'bigint'?"},
        {{.name = "n", .read = read_nothing, .columns = &wrong_sort, .column_count = 1},
         "column 'a': dedup_sort is asc or desc, not 'up'"},
        {{.name = "n", .read = read_nothing, .columns = &wrong_precision, .column_count = 1},
         "column 'a' has a negative precision"},
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
        {{.name = "n", .read = read_nothing, .incremental = {.cursor_path = "a..b"}},
         "cursor 'a..b' is no path; name a field: updated_at, or data.updated_at for a nested one"},
        {{.name = "n", .read = read_nothing, .table_name = "_tidegate_loads"},
         "tables '_dlt_*' and '_tidegate_*' are the system's; set another table_name"},
        {{.name = "n", .read = read_nothing, .table_name = ""}, "table_name is empty"},
        {{.name = "n", .read = read_nothing, .table_name = "THERE"},
         "table 'there' is that of resource 'there'; set another table_name"},
    };
    struct config *config = fresh(spec);
    const struct tg_resource there = {.name = "there", .read = read_nothing};
    assert_int_equal(config_add(config, &there, &spec->err), TG_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(config_add(config, &cases[i].resource, &spec->err), TG_USAGE);
        assert_string_equal(spec->err.what, cases[i].what);
        assert_string_equal(spec->err.where, "resource 'n'");
        assert_int_equal(config->resource_count, 1);
    }
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
        {.name = "f", .hard_delete = true, .dedup_sort = "desc"}};
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
         .column_count = 6},
        {.name = "c",
         .read = read_nothing,
         .primary_key = "id",
         .incremental = {.cursor_path = "$.a.b",
                         .initial_value = {.kind = TG_VALUE_INT64},
                         .end_value = {.kind = TG_VALUE_DOUBLE, .real = 1}}},
        {.name = "d",
         .read = read_nothing,
         .write_disposition = TG_REPLACE,
         .incremental = {.cursor_path = "id"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (config_add(config, &cases[i], &spec->err) != TG_OK)
            fail_msg("case %zu: %s", i, spec->err.what);
}

/* ---- which ones ---- */

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
    assert_string_equal(spec->err.what, "pipeline 'shop' has no resource 'zzzzzzzz' to select");
    assert_int_equal(config_select(config, "clicks", &spec->err), TG_USAGE);
    assert_int_equal(config_select(config, NULL, &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
    assert_int_equal(config_select(config, ",", &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
}

static int add_tortured(void)
{
    int rc;
    struct config config;
    struct tg_error err = {0};
    static const struct tg_column columns[] = {
        {.name = "a", .data_type = "decimal", .precision = 5}};
    const struct tg_resource resource = {
        .name = "person",
        .read = read_nothing,
        .write_disposition = TG_MERGE,
        .primary_key = "a, b",
        .merge_key = "c",
        .incremental = {.cursor_path = "at", .initial_value = {.kind = TG_VALUE_TEXT, .text = "1"}},
        .columns = columns,
        .column_count = 1,
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
        cmocka_unit_test(nesting_has_three_cases),
        cmocka_unit_test(impossible_ones_are_refused),
        cmocka_unit_test(good_ones_pass),
        cmocka_unit_test(names_select),
        cmocka_unit_test(adding_survives_torture),
    };
    return cmocka_run_group_tests_name("resource", tests, spec_setup, spec_teardown);
}
