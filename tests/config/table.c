/* Further tables of a resource: what hints may say, and what a table has of its resource. */
#include "tests/config/spec_file.h"

#include "config/spec.h"
#include "write/disposition.h"

/* A resource that is merged, by a cursor. */
static const struct resource *open_maker(struct spec_file *spec)
{
    const struct tg_pipeline_options options = {.name = "shop",
                                                .destination = "duckdb:///s.duckdb"};
    const struct tg_resource maker = {.name = "events",
                                      .read = read_nothing,
                                      .user = spec,
                                      .write_disposition = TG_MERGE,
                                      .primary_key = "id",
                                      .cursor_path = "at",
                                      .description = "all of them"};
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_OK);
    assert_int_equal(config_add(&spec->config, &maker, &spec->err), TG_OK);
    return &spec->config.resources[0];
}

static int make(struct spec_file *spec, const struct tg_resource *hints, bool is_own,
                struct resource *out)
{
    const struct resource *maker = open_maker(spec);
    const struct further_table table = {"orders", hints, is_own, NULL};
    return config_table(&spec->config, maker, &table, &spec->config.arena, out, &spec->err);
}

static void a_table_is_appended_to_where_nothing_is_said(void **state)
{
    struct spec_file *spec = *state;
    struct resource table;
    assert_int_equal(make(spec, NULL, false, &table), TG_OK);
    assert_string_equal(table.name, "events");
    assert_string_equal(table.table_name, "orders");
    assert_int_equal(table.disposition->word, DISPOSITION_APPEND);
    assert_int_equal(table.primary_key_count, 0);
    assert_null(table.description);
    assert_null(table.incremental.cursor_path);
    assert_ptr_equal(table.user, spec);
}

static void hints_are_taken_and_copied(void **state)
{
    struct spec_file *spec = *state;
    struct resource table;
    char key[] = "tenant, id";
    const struct tg_column column = {.name = "n", .data_type = "text"};
    const struct tg_resource hints = {.name = "orders",
                                      .write_disposition = TG_MERGE,
                                      .merge_strategy = "upsert",
                                      .primary_key = key,
                                      .columns = &column,
                                      .column_count = 1,
                                      .schema_contract = {.columns = TG_CONTRACT_FREEZE},
                                      .reject_bad_rows = true,
                                      .materialize = true};
    assert_int_equal(make(spec, &hints, false, &table), TG_OK);
    key[0] = 'X';
    assert_string_equal(disposition_name(table.disposition), "upsert");
    assert_int_equal(table.primary_key_count, 2);
    assert_string_equal(table.primary_key[0], "tenant");
    assert_int_equal(table.row_ids, TG_ROW_IDS_KEY);
    assert_string_equal(table.columns[0].name, "n");
    assert_int_equal(table.contract.modes[CONTRACT_COLUMNS], CONTRACT_FREEZE);
    assert_int_equal(table.reject_max, REJECT_MAX);
    assert_true(table.materialize);
}

/* All but the hints stays. */
static void its_own_table_keeps_the_cursor(void **state)
{
    struct spec_file *spec = *state;
    struct resource table;
    const struct tg_resource hints = {.write_disposition = TG_APPEND, .max_table_nesting = 1};
    assert_int_equal(make(spec, &hints, true, &table), TG_OK);
    assert_string_equal(table.table_name, "events");
    assert_string_equal(table.incremental.cursor_path, "at");
    assert_int_equal(table.disposition->word, DISPOSITION_APPEND);
    assert_int_equal(table.max_table_nesting, 1);
    assert_null(table.description);
}

static void assert_refused(struct spec_file *spec, const struct tg_resource *hints,
                           const char *what)
{
    struct resource table;
    assert_int_equal(make(spec, hints, false, &table), TG_USAGE);
    assert_string_equal(spec->err.resource, "events");
    if (!strstr(spec->err.what, what))
        fail_msg("'%s' is not '%s'", spec->err.what, what);
}

static void what_is_the_resource_s_is_refused(void **state)
{
    struct spec_file *spec = *state;
    const struct {
        struct tg_resource hints;
        const char *what;
    } cases[] = {
        {{.cursor_path = "at"}, "cursor_path of struct tg_resource is said of the resource"},
        {{.initial_value = {.kind = TG_VALUE_INT64}}, "initial_value of struct tg_resource"},
        {{.lag = "2h"}, "lag of struct tg_resource"},
        {{.read = read_nothing}, "read of struct tg_resource"},
        {{.user = spec}, "user of struct tg_resource"},
        {{.source = "files"}, "source of struct tg_resource"},
        {{.option_count = 1}, "option_count of struct tg_resource"},
        {{.table_name = "t"}, "table_name of struct tg_resource"},
        {{.no_table = true}, "no_table of struct tg_resource"},
        {{.deletes = {.detect = TG_DETECT_SNAPSHOT}}, "deletes of struct tg_resource"},
        {{.limits = {.rows_deleted = "1"}}, "limits of struct tg_resource"},
        {{.name = "others"}, "hints for table 'orders' are named 'others'"},
        {{.write_disposition = TG_MERGE}, "needs a primary_key or a merge_key"},
        {{.write_disposition = 9}, "which is none of its values"},
        {{.merge_strategy = "upsert"}, "strategy is for disposition"},
        {{.merge_key = "day"}, "merge_key is for write_disposition"},
        {{.column_count = 1}, "column_count is set, columns is not"},
        {{.write_disposition = TG_MERGE, .merge_strategy = "scd2"}, "with a cursor needs a"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(spec, &cases[i].hints, cases[i].what);
}

/* Columns stay, in their places; what is said now of one is what holds. */
static void what_was_said_before_is_laid_below(void **state)
{
    struct spec_file *spec = *state;
    struct resource first, second, third, same;
    const struct tg_column old[] = {{.name = "a", .data_type = "text"},
                                    {.name = "b", .data_type = "date"}},
                           now[] = {{.name = "c", .data_type = "text"},
                                    {.name = "a", .data_type = "double"}};
    const struct tg_resource hints[] = {
        {.primary_key = "a, b", .write_disposition = TG_MERGE, .columns = old, .column_count = 2},
        {.primary_key = "a, b", .write_disposition = TG_MERGE, .columns = now, .column_count = 2}};
    struct further_table table = {"orders", &hints[0], false, NULL};
    const struct resource *maker = open_maker(spec);
    struct arena *arena = &spec->config.arena;
    assert_int_equal(config_table(&spec->config, maker, &table, arena, &first, NULL), TG_OK);
    table = (struct further_table){"orders", &hints[1], false, &first};
    assert_int_equal(config_table(&spec->config, maker, &table, arena, &second, NULL), TG_OK);
    assert_int_equal(second.column_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(second.columns[i].name, ((const char *const[]){"a", "b", "c"})[i]);
    assert_string_equal(second.columns[0].data_type, "double");
    table.before = &second;
    assert_int_equal(config_table(&spec->config, maker, &table, arena, &same, NULL), TG_OK);
    table.hints = &hints[0];
    assert_int_equal(config_table(&spec->config, maker, &table, arena, &third, NULL), TG_OK);
    assert_true(config_table_same(&second, &same));
    assert_false(config_table_same(&first, &second));
    assert_false(config_table_same(&second, &third)); /* the type of a */
}

static void any_word_makes_another_table_of_it(void **state)
{
    struct spec_file *spec = *state;
    struct resource plain, other;
    const struct tg_column a = {.name = "a"}, b = {.name = "a", .nullable = TG_NO};
    const struct tg_resource
        none = {.columns = &a, .column_count = 1},
        others[] = {
            {.columns = &b, .column_count = 1},
            {.columns = &a, .column_count = 0},
            {.columns = &a, .column_count = 1, .primary_key = "a"},
            {.columns = &a, .column_count = 1, .description = "d"},
            {.columns = &a, .column_count = 1, .hints = "{\"x-a\":1}"},
            {.columns = &a, .column_count = 1, .max_table_nesting = 2},
            {.columns = &a, .column_count = 1, .materialize = true},
            {.columns = &a, .column_count = 1, .row_ids = TG_ROW_IDS_ROW},
            {.columns = &a, .column_count = 1, .reject_bad_rows = true},
            {.columns = &a, .column_count = 1, .schema_contract = {.tables = TG_CONTRACT_FREEZE}},
            {.columns = &a, .column_count = 1, .write_disposition = TG_REPLACE},
        };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct further_table tables[] = {{"orders", &none, false, NULL},
                                               {"orders", &others[i], false, NULL}};
        const struct resource *maker = open_maker(spec);
        struct arena *arena = &spec->config.arena;
        assert_int_equal(config_table(&spec->config, maker, &tables[0], arena, &plain, NULL), 0);
        assert_int_equal(config_table(&spec->config, maker, &tables[1], arena, &other, NULL), 0);
        assert_false(config_table_same(&plain, &other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_is_appended_to_where_nothing_is_said, spec_setup,
                                        spec_teardown),
        cmocka_unit_test_setup_teardown(hints_are_taken_and_copied, spec_setup, spec_teardown),
        cmocka_unit_test_setup_teardown(its_own_table_keeps_the_cursor, spec_setup, spec_teardown),
        cmocka_unit_test_setup_teardown(what_is_the_resource_s_is_refused, spec_setup,
                                        spec_teardown),
        cmocka_unit_test_setup_teardown(what_was_said_before_is_laid_below, spec_setup,
                                        spec_teardown),
        cmocka_unit_test_setup_teardown(any_word_makes_another_table_of_it, spec_setup,
                                        spec_teardown),
    };
    return cmocka_run_group_tests_name("config/table", tests, NULL, NULL);
}
