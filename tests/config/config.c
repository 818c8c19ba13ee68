/* Configuration: option tables, nearest names, environment and files, folders, names. */
#include "tests/config/spec_file.h"

#include <unistd.h>

#include "config/spec.h"

/* ---- option tables ---- */

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
              "initial_value, end_value, last_value, on_cursor_value_missing");
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
        {"    incremental: {cursor: id, end_value: [1]}\n", "7:31",
         "'end_value' is a number or a text, not a list"},
        {"    primary_key: []\n", "7:5", "'primary_key' is a text, or a list of them, not a list"},
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

/* ---- the nearest name ---- */

static const char *nearest_of(const char *wanted, const char *const *names)
{
    struct nearest nearest = {.wanted = wanted};
    for (; *names; names++)
        nearest_offer(&nearest, *names, strlen(*names));
    return nearest.name;
}

static void the_nearest_name_is_near(void **state)
{
    (void)state;
    char hint[NEAREST_HINT_BYTES], longest[100];
    const char *const names[] = {"path", "root", "primary_key", "on_cursor_value_missing", NULL};
    assert_string_equal(nearest_of("paht", names), "path"); /* a swap counts once */
    assert_string_equal(nearest_of("ROOT", names), "root");
    assert_string_equal(nearest_of("primarykey", names), "primary_key");
    assert_string_equal(nearest_of("cursor_value_missing", names), "on_cursor_value_missing");
    assert_null(nearest_of("xy", names));
    assert_null(nearest_of("", names));
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(nearest_of(longest, names));
    assert_null(nearest_of("a", (const char *const[]){longest, NULL}));
    struct nearest nearest = {.wanted = "paht"};
    assert_string_equal(nearest_hint(&nearest, hint), "");
    nearest_offer(&nearest, "path and more", 4);
    assert_string_equal(nearest_hint(&nearest, hint), "; did you mean 'path'?");
}

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

/* ---- ${...} ---- */

static void the_environment_is_put_in(void **state)
{
    struct spec_file *spec = *state;
    setenv("TG_T_NAME", "shop", 1);
    setenv("TG_T_NUMBER", "7", 1);
    setenv("TG_T_EMPTY", "", 1);
    unsetenv("TG_T_ABSENT");
    struct config *config =
        spec_good(spec, "pipeline: ${TG_T_NAME}_x\ndestination: duckdb:///${TG_T_EMPTY}a.db\n"
                        "dataset: ${TG_T_ABSENT:-fallback}\nsource: {type: files}\nresources:\n"
                        "  ${TG_T_NAME}:\n    path: \"$${a}-$b-$-${TG_T_EMPTY:-e}-$\"\n"
                        "    max_table_nesting: ${TG_T_NUMBER}\n"
                        "    incremental:\n      cursor: id\n      initial_value: ${TG_T_NUMBER}\n"
                        "    columns: {c: \"${TG_T_ABSENT:-text}\"}\n");
    const struct resource *resource = &config->resources[0];
    assert_string_equal(config->pipeline, "shop_x");
    assert_string_equal(config->dataset, "fallback");
    assert_string_equal(resource->name, "${TG_T_NAME}"); /* keys stay */
    assert_string_equal(resource->resource_values[0].text, "${a}-$b-$-e-$");
    assert_int_equal(resource->max_table_nesting, 7);
    assert_int_equal(resource->incremental.initial_value.kind, TG_VALUE_INT64);
    assert_string_equal(resource->columns[0].data_type, "text");
}

static void references_that_fail_have_a_place(void **state)
{
    struct spec_file *spec = *state;
    unsetenv("TG_T_ABSENT");
    spec_bad(spec, SPEC_PERSON "    table_name: a${TG_T_ABSENT}\n", "7:17",
             "the environment has no 'TG_T_ABSENT'; set it, or write ${TG_T_ABSENT:-default}\n"
             "    table_name: a${TG_T_ABSENT}\n"
             "                ^~~~~~~~~~~~~~~");
    spec_says(spec, SPEC_PERSON "    table_name: a${B\n", "7:17",
              "'${' has no '}'; write $${ for the characters themselves");
    spec_says(
        spec, SPEC_PERSON "    table_name: ${1x}\n", "7:17",
        "'${1x}' is no reference; write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for the "
        "characters themselves");
    spec_says(
        spec, SPEC_PERSON "    table_name: ${}\n", "7:17",
        "'${}' is no reference; write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for the "
        "characters themselves");
}

static void files_are_put_in(void **state)
{
    struct spec_file *spec = *state;
    char path[400];
    snprintf(path, sizeof(path), "%s/word", spec->folder);
    spec_write(path, "orders\r\n", 8);
    struct config *config = spec_good(spec, SPEC_PERSON "    table_name: my_${file:word}\n");
    assert_string_equal(config->resources[0].table_name, "my_orders");
    spec_bad(spec, SPEC_PERSON "    write_disposition: ${file:word}\n", "7:24",
             "'write_disposition' is one of append, replace, merge, not '***'\n"
             "    write_disposition: ${file:word}\n"
             "                       ^~~~~~~~~~~~");
    spec_write(path, "", 0);
    spec_says(spec, SPEC_PERSON "    table_name: \"${file:word}\"\n", "7:5",
              "resource 'person': table_name is empty");
    spec_write(path, "a\0b", 3);
    spec_says(spec, SPEC_PERSON "    table_name: ${file:word}\n", "7:17", "'word' is not a text");
    const char *text = SPEC_PERSON "    table_name: ${file:absent}\n";
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    assert_non_null(strstr(spec->err.what, "absent"));
    assert_non_null(strstr(spec->err.where, "spec.yaml:7:17"));
}

/* ---- folders and names ---- */

static void folders_start_beside_the_spec(void **state)
{
    struct spec_file *spec = *state;
    char expected[400];
    struct config *config = spec_good(spec, SPEC_PERSON);
    assert_string_equal(config->folder, spec->folder);
    snprintf(expected, sizeof(expected), "duckdb:///%s/shop.duckdb", spec->folder);
    assert_string_equal(config->destination, expected);
    snprintf(expected, sizeof(expected), "%s/.tidegate", spec->folder);
    assert_string_equal(config->workdir, expected);
    config =
        spec_good(spec, "pipeline: a\ndestination: duckdb:////tmp/x.db\nsource: {type: files}\n"
                        "resources: {a: {path: b}}\n");
    assert_string_equal(config->destination, "duckdb:////tmp/x.db");
}

static void the_working_directory_can_be_said(void **state)
{
    struct spec_file *spec = *state;
    const struct tg_pipeline_options options = {.workdir = "/tmp/w"};
    setenv("TIDEGATE_HOME", "/tmp/home", 1);
    assert_string_equal(spec_good(spec, SPEC_PERSON)->workdir, "/tmp/home");
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_OK);
    assert_string_equal(spec->config.workdir, "/tmp/w");
    setenv("TIDEGATE_HOME", "", 1);
    assert_non_null(strstr(spec_good(spec, SPEC_PERSON)->workdir, "/.tidegate"));
    unsetenv("TIDEGATE_HOME");
}

static void the_engine_comes_from_the_environment(void **state)
{
    struct spec_file *spec = *state;
    const char *before = getenv("TIDEGATE_DUCKDB");
    char *saved = before ? strdup(before) : NULL;
    setenv("TIDEGATE_DUCKDB", "/tmp/libduckdb.so", 1);
    struct config *config = spec_good(spec, SPEC_PERSON);
    setenv("TIDEGATE_DUCKDB", "", 1);
    assert_string_equal(config->engine_path, "/tmp/libduckdb.so");
    assert_null(spec_good(spec, SPEC_PERSON)->engine_path);
    unsetenv("TIDEGATE_DUCKDB");
    assert_null(config_engine_path());
    if (saved)
        setenv("TIDEGATE_DUCKDB", saved, 1);
    free(saved);
}

static void the_storage_version_of_the_options_wins(void **state)
{
    struct spec_file *spec = *state;
    struct tg_pipeline_options options = {.storage_version = "latest"};
    spec_good(spec, "storage_version: v1.4.0\n" SPEC_PERSON);
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_OK);
    assert_string_equal(spec->config.storage_version, "latest");
    options.storage_version = "newest";
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "is latest, or a version like v1.5.0, not 'newest'"));
}

static void a_spec_that_is_not_there_is_a_matter_of_usage(void **state)
{
    struct spec_file *spec = *state;
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, "/nowhere/spec.yaml", NULL, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "there is no spec '/nowhere/spec.yaml'");
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->folder, NULL, &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "is a folder"));
}

static void a_text_in_memory_is_a_spec(void **state)
{
    struct spec_file *spec = *state;
    static const char good[] = SPEC_PERSON "to be cut off", bad[] = SPEC_PERSON "    fromat: csv\n";
    struct spec_text text = {good, strlen(SPEC_PERSON), "the spec of order 7", "/data/shop"};
    const struct tg_schema_options schema = {.naming = NULL};
    const struct tg_pipeline_options options = {.schema = &schema};
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &text, NULL, &spec->err), TG_OK);
    assert_string_equal(spec->config.folder, "/data/shop");
    assert_string_equal(spec->config.destination, "duckdb:////data/shop/shop.duckdb");
    assert_string_equal(spec->config.workdir, "/data/shop/.tidegate");
    assert_string_equal(spec->config.resources[0].name, "person");
    text.text = bad;
    text.len = strlen(bad);
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &text, NULL, &spec->err), TG_SPEC);
    assert_string_equal(spec->err.where, "the spec of order 7:7:5");
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &text, &options, &spec->err), TG_USAGE);
}

static void options_make_a_config(void **state)
{
    struct spec_file *spec = *state;
    const struct tg_pipeline_options options = {.name = "MyShop_pipeline",
                                                .destination = "duckdb:///shop.duckdb"};
    char here[512], expected[600];
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_OK);
    const struct config *config = &spec->config;
    assert_string_equal(config->pipeline, "MyShop_pipeline");
    assert_string_equal(config->schema, "my_shop");
    assert_string_equal(config->dataset, "my_shop_pipeline_dataset");
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(expected, sizeof(expected), "duckdb:///%s/shop.duckdb", here);
    assert_string_equal(config->destination, expected);
    snprintf(expected, sizeof(expected), "%s/.tidegate", here);
    assert_string_equal(config->workdir, expected);
    assert_string_equal(config->folder, ".");
    assert_int_equal(config->resource_count, 0);
}

static void wrong_options_are_refused(void **state)
{
    struct spec_file *spec = *state;
    const char *db = "duckdb:///shop.duckdb";
    const struct {
        struct tg_pipeline_options options;
        const char *what;
    } cases[] = {
        {{.destination = db}, "a pipeline needs a name; set `name` of the options"},
        {{.name = "a"},
         "pipeline 'a' needs a destination; set `destination` of the options, as "
         "\"duckdb:///file.duckdb\""},
        {{.name = "", .destination = db}, "the name of pipeline '' is empty"},
        {{.name = "a/b", .destination = db},
         "the name of pipeline 'a/b' may have letters, digits, '_' and '-' only"},
        {{.name = "_pipeline", .destination = db},
         "the name of pipeline '_pipeline' needs something before '_pipeline'"},
        {{.name = "a", .destination = db, .dataset = ""},
         "the dataset of pipeline 'a' has an empty name"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        config_release(&spec->config);
        assert_int_equal(config_init(&spec->config, &cases[i].options, &spec->err), TG_USAGE);
        assert_string_equal(spec->err.what, cases[i].what);
    }
    const struct tg_pipeline_options clash = {.name = "a", .destination = db, .dataset = "Shop"};
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &clash, &spec->err), TG_USAGE);
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, NULL, &spec->err), TG_USAGE);
}

static void a_released_config_can_be_released(void **state)
{
    (void)state;
    struct config config = {0};
    config_release(&config);
    config_release(&config);
}

/* ---- out of memory ---- */

static const char *torture_path;

static int read_tortured(void)
{
    struct config config;
    struct tg_error err = {0};
    int rc = config_read(&config, torture_path, NULL, &err);
    if (rc != TG_OK && rc != err.code)
        fail_msg("returned %d, said %d", rc, err.code);
    config_release(&config);
    return rc;
}

static void a_good_spec_survives_torture(void **state)
{
    struct spec_file *spec = *state;
    struct buf text = BUF_INIT;
    char path[400];
    snprintf(path, sizeof(path), "%s/word", spec->folder);
    spec_write(path, "orders\n", 7);
    buf_text(&text, "pipeline: a_pipeline\ndestination: duckdb:///a.db\n"
                    "schema: {detections: [], preferred_types: {\"re:a$\": text}, "
                    "default_hints: {not_null: [a, b]}, import_schema_path: in}\n"
                    "sources:\n  x: {type: files}\n  y: {type: files, root: \"${HOME:-.}\"}\n"
                    "resources:\n");
    for (int i = 0; i < 12; i++)
        buf_printf(&text,
                   "  r%d:\n    source: x\n    path: [a, b, \"${file:word}\"]\n"
                   "    write_disposition: {disposition: merge}\n    primary_key: [a, b]\n"
                   "    incremental: {cursor: id, initial_value: %d, end_value: 100}\n"
                   "    columns: {a: text, b: {data_type: decimal, precision: 9, scale: 2,\n"
                   "      primary_key: true, x-a: [1.5, {b: true}]}}\n"
                   "    references: [{referenced_table: t, columns: [c], referenced_columns: d}]\n"
                   "    schema_contract: {tables: freeze}\n    on_bad_row: reject\n",
                   i, i);
    spec_write(spec->path, buf_string(&text), text.len);
    buf_release(&text);
    torture_path = spec->path;
    torture(read_tortured);
}

static int read_wrong(void)
{
    int rc = read_tortured();
    return rc == TG_SPEC ? TG_OK : rc;
}

static void a_wrong_spec_survives_torture(void **state)
{
    struct spec_file *spec = *state;
    const char *text = "pipeline: a\ndestination: duckdb:///a.db\nsource: {type: filse}\n"
                       "resourcs: 1\nresources:\n  a: {path: b, c: d}\n  e: [${TG_T_ABSENT}]\n";
    spec_write(spec->path, text, strlen(text));
    torture_path = spec->path;
    torture(read_wrong);
    text = SPEC_PERSON "    write_disposition: merge\n    columns: {a: {dedup_sort: x}}\n"
                       "    format: y\n    header: z\n";
    spec_write(spec->path, text, strlen(text));
    torture(read_wrong);
    text = SPEC_PERSON "    write_disposition: merge\n    table_name: _dlt_x\n";
    spec_write(spec->path, text, strlen(text));
    torture(read_wrong);
}

static int init_tortured(void)
{
    struct config config;
    struct tg_error err = {0};
    const struct tg_pipeline_options options = {.name = "a",
                                                .destination = "duckdb:///shop.duckdb"};
    int rc = config_init(&config, &options, &err);
    config_release(&config);
    return rc;
}

static void options_survive_torture(void **state)
{
    (void)state;
    torture(init_tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_get_the_nearest),
        cmocka_unit_test(missing_keys_are_named_together),
        cmocka_unit_test(types_are_checked),
        cmocka_unit_test(choices_are_checked),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(values_come_in_the_tables_order_with_defaults),
        cmocka_unit_test(whole_numbers_are_handed_over_as_decimals),
        cmocka_unit_test(choices_have_places),
        cmocka_unit_test(the_nearest_name_is_near),
        cmocka_unit_test(names_of_a_list_are_trimmed),
        cmocka_unit_test(the_environment_is_put_in),
        cmocka_unit_test(references_that_fail_have_a_place),
        cmocka_unit_test(files_are_put_in),
        cmocka_unit_test(folders_start_beside_the_spec),
        cmocka_unit_test(the_working_directory_can_be_said),
        cmocka_unit_test(the_engine_comes_from_the_environment),
        cmocka_unit_test(the_storage_version_of_the_options_wins),
        cmocka_unit_test(a_spec_that_is_not_there_is_a_matter_of_usage),
        cmocka_unit_test(a_text_in_memory_is_a_spec),
        cmocka_unit_test(options_make_a_config),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_released_config_can_be_released),
        cmocka_unit_test(a_good_spec_survives_torture),
        cmocka_unit_test(a_wrong_spec_survives_torture),
        cmocka_unit_test(options_survive_torture),
    };
    return cmocka_run_group_tests_name("config", tests, spec_setup, spec_teardown);
}
