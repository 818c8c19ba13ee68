/* Option tables: keys, types, words and the nearest of them, values for drivers. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static void unknown_keys_get_the_nearest(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, SPEC_PERSON "    primay_key: id\n", "7:5",
             "unknown key 'primay_key' in resource 'person'; did you mean 'primary_key'?\n"
             "    primay_key: id\n"
             "    ^~~~~~~~~~");
    spec_says(spec, "PIPELINE: a\n" SPEC_PERSON, "1:1",
              "unknown key 'PIPELINE' in the spec; did you mean 'pipeline'?");
    spec_says(spec, SPEC_PERSON "    incremental: {cursor: id, cursor_path: id}\n", "7:31",
              "unknown key 'cursor_path' in 'incremental' of resource 'person'; it takes cursor, "
              "initial_value, end_value, range_start, range_end, lag, row_order, primary_key, "
              "cursor_type, cursor_format, last_value, on_cursor_value_missing, commit_safe, "
              "commit_safe_wait, on_commit_safe_wait");
    spec_says(spec, SPEC_PERSON "    columns:\n      a: {data_typ: text}\n", "8:11",
              "unknown key 'data_typ' in 'a' of 'columns' of resource 'person'; did you mean "
              "'data_type'?");
}

static void missing_keys_are_named_together(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, "source: {type: files}\n", "1:1",
             "the spec needs the keys 'pipeline', 'destination', 'resources'");
    spec_bad(spec, SPEC_HEAD "resources:\n  person:\n", "5:3",
             "resource 'person' needs the key 'path'\n  person:\n  ^~~~~~");
    spec_says(spec, SPEC_PERSON "    incremental: {last_value: min}\n", "7:5",
              "'incremental' of resource 'person' needs the key 'cursor'");
}

/* An option that needs another word than the one that is said. */
static void options_that_go_together(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, SPEC_PERSON "    format: parquet\n    ragged: pad\n", "8:5",
             "resource 'person': ragged is for format csv, and the resource says parquet; leave "
             "one of them out\n"
             "    ragged: pad\n"
             "    ^~~~~~");
    spec_says(spec, SPEC_PERSON "    select: a\n    format: csv\n", "7:5",
              "resource 'person': select is for format json or jsonl, and the resource says csv; "
              "leave one of them out");
    spec_good(spec, SPEC_PERSON "    format: jsonl\n    ragged: fail\n    select: a\n");
    spec_good(spec, SPEC_PERSON "    format: auto\n    ragged: pad\n    select: a\n");
}

static void types_are_checked(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *line, *place, *what;
    } cases[] = {
        {"    max_table_nesting: 1.5\n", "7:24",
         "'max_table_nesting' is a whole number, not '1.5'"},
        {"    max_table_nesting: \"1\"\n", "7:24",
         "'max_table_nesting' is a whole number, not the text '1'"},
        {"    header: yes\n", "7:13", "'header' is true or false, not 'yes'"},
        {"    header: [true]\n", "7:5", "'header' is true or false, not a list"},
        {"    table_name: {a: b}\n", "7:5", "'table_name' is a text, not a map"},
        {"    table_name:\n", "7:5", "'table_name' has no value; give one, or leave the key out"},
        {"    table_name: null\n", "7:5",
         "'table_name' has no value; give one, or leave the key out"},
        {"    incremental: [id]\n", "7:5", "'incremental' is a map, not a list"},
        {"    incremental: {cursor: id, end_value: {a: 1}}\n", "7:31",
         "'end_value' is a number or a text, or a list of them, not a map"},
        {"    primary_key: []\n", "7:5",
         "'primary_key' is a text, or a list of them, not an empty list"},
        {"    primary_key: {a: b}\n", "7:5",
         "'primary_key' is a text, or a list of them, not a map"},
        {"    primary_key: [a, {b: c}]\n", "7:5", "'primary_key' is a list of texts, not a map"},
        {"    primary_key: [a, \"b\\nc\"]\n", "7:22",
         "a text of 'primary_key' cannot have several lines"},
        {"    primary_key: \"b\\nc\"\n", "7:18",
         "'primary_key' cannot have several lines; give a list"},
        {"    columns: {}\n", "7:5", "'columns' is a map with some entries, not nothing"},
        {"    columns: {a: }\n", "7:15", "'a' has no value; give one, or leave the key out"},
        {"    columns: {a: [1]}\n", "7:15", "'a' is a map, not a list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400];
        snprintf(text, sizeof(text), "%s%s", SPEC_PERSON, cases[i].line);
        spec_says(spec, text, cases[i].place, cases[i].what);
    }
    spec_says(spec, "pipeline: a\ndestination: duckdb:///a.db\nsource: x\nresources: {}\n", "3:9",
              "'source' is a map, not 'x'");
    spec_says(spec, SPEC_HEAD "resources: {}\n", "4:1",
              "'resources' is a map with some entries, not nothing");
    spec_says(spec, SPEC_HEAD "resources: {a: 5}\n", "4:16", "'a' is a map, not '5'");
}

static void choices_are_checked(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(
        spec, SPEC_PERSON "    write_disposition: mrge\n", "7:24",
        "'write_disposition' is one of append, replace, merge, not 'mrge'; did you mean 'merge'?\n"
        "    write_disposition: mrge\n"
        "                       ^~~~");
    spec_says(spec, SPEC_PERSON "    write_disposition: {disposition: x}\n", "7:38",
              "'disposition' is one of append, replace, merge, not 'x'");
    spec_says(
        spec, SPEC_PERSON "    columns: {a: txt}\n", "7:18",
        "'a' is one of text, double, bool, timestamp, bigint, binary, json, decimal, wei, date, "
        "time, not 'txt'; did you mean 'text'?");
    spec_says(
        spec, SPEC_PERSON "    format: jsn\n", "7:13",
        "'format' is one of auto, jsonl, json, csv, parquet, not 'jsn'; did you mean 'json'?");
}

static const struct option numbers[] = {{.name = "pages", .type = OPTION_INT, .min = 1},
                                        OPTION_END};

/* Of a driver's table, too, which fills no struct. */
static void numbers_out_of_range_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
    } cases[] = {{"pages: 0\n", "'pages' is 1 or more, not 0"},
                 {"pages: 3000000000\n", "'pages' is 1 or more, not 3000000000"}};
    const struct option *const tables[] = {numbers, NULL};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct tg_error err = {0};
        struct secrets met = {0};
        arena_init(&arena);
        struct document doc = {.arena = &arena,
                               .path = "p",
                               .folder = ".",
                               .text = cases[i].text,
                               .len = strlen(cases[i].text),
                               .secrets = &met,
                               .err = &err};
        assert_int_equal(document_parse(&doc), TG_OK);
        assert_int_equal(document_expand(&doc), TG_OK);
        assert_int_equal(document_check(&doc, &doc.root, "x", tables), TG_OK);
        assert_int_equal(document_report(&doc, &err), TG_SPEC);
        assert_non_null(strstr(err.what, cases[i].what));
        secrets_release(&met);
        arena_release(&arena);
    }
}

static const struct option secrets[] = {{.name = "token", .type = OPTION_INT, .secret = true},
                                        OPTION_END};

static void secrets_are_not_shown(void **state)
{
    (void)state;
    struct arena arena;
    struct tg_error err = {0};
    const char text[] = "token: s3cret-s3cret\nother: s3cret-s3cret\nurl: db://u:pass-word@h\n";
    const struct option *const tables[] = {secrets, NULL};
    struct secrets met = {0};
    arena_init(&arena);
    struct document doc = {.arena = &arena,
                           .path = "p",
                           .folder = ".",
                           .text = text,
                           .len = strlen(text),
                           .secrets = &met,
                           .err = &err};
    assert_int_equal(document_parse(&doc), TG_OK);
    assert_int_equal(document_expand(&doc), TG_OK);
    doc.root.items[1].name = "token";
    doc.root.item_count = 1;
    assert_int_equal(document_check(&doc, &doc.root, "x", tables), TG_OK);
    assert_int_equal(document_report(&doc, &err), TG_SPEC);
    assert_string_equal(err.what, "'token' is a whole number, not '***'");
    /* What was met is hidden from now on. */
    error_set(&err, TG_IO, "s3cret-s3cret and pass-word");
    redact_error(&met, &err);
    assert_string_equal(err.what, "*** and ***");
    secrets_release(&met);
    arena_release(&arena);
}

static void values_come_in_the_tables_order_with_defaults(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = spec_good(
        spec, SPEC_HEAD "resources:\n  a:\n    header: False\n    path: [x.csv, \"y z\"]\n"
                        "    delimiter: \"\"\n    table_name: 5\n");
    const struct resource *resource = &config->resources[0];
    const struct option *options = resource->driver->resource_options;
    for (size_t i = 0; i < resource->resource_value_count; i++)
        assert_string_equal(resource->resource_values[i].name, options[i].name);
    const struct option_value *values = resource->resource_values;
    size_t count = resource->resource_value_count;
    assert_string_equal(option_text(values, count, "path"), "x.csv\ny z");
    assert_string_equal(option_text(values, count, "header"), "false");
    assert_string_equal(option_text(values, count, "delimiter"), "");
    assert_string_equal(option_text(values, count, "format"), "auto");
    assert_null(option_text(values, count, "null"));
    assert_string_equal(resource->table_name, "5");
}

static void whole_numbers_are_handed_over_as_decimals(void **state)
{
    (void)state;
    struct arena arena;
    struct tg_error err = {0};
    const struct option_value *values;
    size_t count;
    struct node item = {.kind = NODE_SCALAR, .name = "token", .text = "0x10"};
    struct node map = {.kind = NODE_MAP, .items = &item, .item_count = 1};
    arena_init(&arena);
    assert_int_equal(option_values(&arena, &map, secrets, &values, &count, &err), TG_OK);
    assert_int_equal(count, 1);
    assert_string_equal(values[0].text, "16");
    arena_release(&arena);
}

static void choices_have_places(void **state)
{
    (void)state;
    assert_int_equal(option_choice("append replace merge", "append"), 0);
    assert_int_equal(option_choice("append replace merge", "merge"), 2);
    assert_int_equal(option_choice("append replace merge", "app"), -1);
    assert_int_equal(option_choice("append replace merge", ""), -1);
    assert_int_equal(option_choice("append", "append replace"), -1);
    assert_non_null(option_find(spec_options, "dataset"));
    assert_null(option_find(spec_options, "data"));
}

/* ---- names ---- */

static void names_of_a_list_are_trimmed(void **state)
{
    (void)state;
    size_t len;
    const char *list = " a b ,, c\t,";
    const char *name = next_name(&list, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(name, "a b", 3);
    name = next_name(&list, &len);
    assert_int_equal(len, 1);
    assert_int_equal(*name, 'c');
    assert_null(next_name(&list, &len));
    assert_null(next_name(&list, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_get_the_nearest),
        cmocka_unit_test(missing_keys_are_named_together),
        cmocka_unit_test(options_that_go_together),
        cmocka_unit_test(types_are_checked),
        cmocka_unit_test(choices_are_checked),
        cmocka_unit_test(numbers_out_of_range_have_a_place),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(values_come_in_the_tables_order_with_defaults),
        cmocka_unit_test(whole_numbers_are_handed_over_as_decimals),
        cmocka_unit_test(choices_have_places),
        cmocka_unit_test(names_of_a_list_are_trimmed),
    };
    return cmocka_run_group_tests_name("option", tests, spec_setup, spec_teardown);
}
