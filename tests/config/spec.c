/* The spec: what its keys become, sources, and what in it does not go together. */
#include "tests/config/spec_file.h"

#include "config/spec.h"
#include "write/disposition.h"

static const struct resource *only(struct spec_file *spec, const char *lines)
{
    char text[1000];
    snprintf(text, sizeof(text), "%s%s", SPEC_PERSON, lines);
    struct config *config = spec_good(spec, text);
    assert_int_equal(config->resource_count, 1);
    return &config->resources[0];
}

static void the_spec_of_the_design_is_read(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config = spec_good(
        spec, "pipeline: dummy_source_to_duckdb\n"
              "destination: duckdb:///incremental.duckdb\n"
              "dataset: bronze\n"
              "source:\n"
              "  type: files\n"
              "  root: ./data\n"
              "resources:\n"
              "  person:\n"
              "    path: person/*.jsonl\n"
              "    write_disposition: merge\n"
              "    primary_key: id\n"
              "    incremental: {cursor: updated_at, initial_value: 2024-01-01T00:00:00Z}\n"
              "  clickstream:\n"
              "    path: clickstream-*.csv\n"
              "    write_disposition: append\n"
              "    incremental: {cursor: id}\n");
    assert_string_equal(config->pipeline, "dummy_source_to_duckdb");
    assert_string_equal(config->schema, "dummy_source_to_duckdb");
    assert_string_equal(config->dataset, "bronze");
    assert_int_equal(config->resource_count, 2);
    const struct resource *person = &config->resources[0], *clicks = &config->resources[1];
    assert_string_equal(person->name, "person");
    assert_string_equal(person->table_name, "person");
    assert_string_equal(person->source, config->schema);
    assert_string_equal(person->driver->name, "files");
    assert_string_equal(option_text(person->source_values, person->source_value_count, "root"),
                        "./data");
    assert_int_equal(person->disposition->word, DISPOSITION_MERGE);
    assert_int_equal(person->primary_key_count, 1);
    assert_string_equal(person->primary_key[0], "id");
    assert_int_equal(person->merge_key_count, 0);
    assert_string_equal(person->incremental.cursor_path, "updated_at");
    assert_int_equal(person->incremental.initial_value.kind, TG_VALUE_TEXT);
    assert_string_equal(person->incremental.initial_value.text, "2024-01-01T00:00:00Z");
    assert_int_equal(person->incremental.end_value.kind, TG_VALUE_NONE);
    assert_int_equal(person->max_table_nesting, -1);
    assert_true(person->selected);
    assert_int_equal(clicks->disposition->word, DISPOSITION_APPEND);
    assert_string_equal(clicks->incremental.cursor_path, "id");
    assert_int_equal(clicks->incremental.initial_value.kind, TG_VALUE_NONE);
}

static void names_take_dlts_form(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config =
        spec_good(spec, "pipeline: My-Shop_pipeline\ndestination: duckdb:///a.db\n"
                        "source: {type: files}\nresources: {a: {path: b}}\n");
    assert_string_equal(config->pipeline, "My-Shop_pipeline");
    assert_string_equal(config->schema, "my_shop");
    assert_string_equal(config->dataset, "my_shop_pipeline_dataset");
}

static void dispositions_have_two_forms(void **state)
{
    struct spec_file *spec = *state;
    assert_int_equal(only(spec, "")->disposition->word, DISPOSITION_APPEND);
    assert_int_equal(only(spec, "    write_disposition: replace\n")->disposition->word,
                     DISPOSITION_REPLACE);
    assert_int_equal(
        only(spec, "    write_disposition: {disposition: replace}\n")->disposition->word,
        DISPOSITION_REPLACE);
    assert_int_equal(only(spec, "    merge_key: [day]\n    write_disposition: {disposition: merge, "
                                "strategy: delete-insert}\n")
                         ->disposition->word,
                     DISPOSITION_MERGE);
    const struct resource *resource =
        only(spec, "    write_disposition: merge\n    on_missing_key: append\n");
    assert_true(resource->append_on_missing_key);
}

static void keys_are_one_name_or_a_list(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource =
        only(spec, "    write_disposition: merge\n    primary_key: [tenant, \"a, b\"]\n"
                   "    merge_key: day\n");
    assert_int_equal(resource->primary_key_count, 2);
    assert_string_equal(resource->primary_key[1], "a, b");
    assert_int_equal(resource->merge_key_count, 1);
    assert_string_equal(resource->merge_key[0], "day");
    spec_bad(
        spec, SPEC_PERSON "    primary_key: tenant, id\n", "7:18",
        "'primary_key' is one name with a comma in it; several names are a list: [tenant, id]\n"
        "    primary_key: tenant, id\n"
        "                 ^~~~~~~~~~");
}

static void cursors_are_read(void **state)
{
    struct spec_file *spec = *state;
    const struct incremental *cursor =
        &only(spec, "    incremental: {cursor: a.b, initial_value: 5, end_value: 2.5, "
                    "last_value: min, on_cursor_value_missing: exclude}\n")
             ->incremental;
    assert_string_equal(cursor->cursor_path, "a.b");
    assert_int_equal(cursor->initial_value.kind, TG_VALUE_INT64);
    assert_int_equal(cursor->initial_value.int64, 5);
    assert_int_equal(cursor->end_value.kind, TG_VALUE_DOUBLE);
    assert_true(cursor->end_value.real == 2.5);
    assert_int_equal(cursor->last_value, TG_MIN);
    assert_int_equal(cursor->on_cursor_value_missing, TG_EXCLUDE);
    cursor =
        &only(spec, "    incremental: updated_at\n    write_disposition: replace\n")->incremental;
    assert_string_equal(cursor->cursor_path, "updated_at");
    assert_int_equal(cursor->last_value, TG_MAX);
    assert_int_equal(cursor->on_cursor_value_missing, TG_RAISE);
    assert_int_equal(cursor->commit_safe, TG_DEFAULT);
    assert_int_equal(cursor->on_commit_safe_wait, TG_WAIT_RAISE);
    cursor = &only(spec, "    incremental: {cursor: id, commit_safe: false, commit_safe_wait: 2h,"
                         " on_commit_safe_wait: warn}\n")
                  ->incremental;
    assert_int_equal(cursor->commit_safe, TG_NO);
    assert_string_equal(cursor->commit_safe_wait, "2h");
    assert_int_equal(cursor->on_commit_safe_wait, TG_WAIT_WARN);
    cursor = &only(spec, "    incremental: {cursor: id, initial_value: \"5\"}\n")->incremental;
    assert_int_equal(cursor->initial_value.kind, TG_VALUE_TEXT);
}

static void columns_are_read(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource =
        only(spec, "    write_disposition: merge\n    primary_key: id\n    max_table_nesting: 0\n"
                   "    columns:\n"
                   "      a: date\n"
                   "      b: {data_type: decimal, precision: 18, scale: 2, nullable: false}\n"
                   "      c__d: {data_type: timestamp, timezone: false, dedup_sort: desc}\n"
                   "      e: {hard_delete: true, nullable: true, timezone: true}\n");
    const struct tg_column *columns = resource->columns;
    assert_int_equal(resource->max_table_nesting, 0);
    assert_int_equal(resource->column_count, 4);
    assert_string_equal(columns[0].name, "a");
    assert_string_equal(columns[0].data_type, "date");
    assert_int_equal(columns[0].nullable, TG_DEFAULT);
    assert_int_equal(columns[1].precision, 18);
    assert_int_equal(columns[1].scale, 2);
    assert_int_equal(columns[1].nullable, TG_NO);
    assert_string_equal(columns[2].name, "c__d");
    assert_int_equal(columns[2].timezone, TG_NO);
    assert_string_equal(columns[2].dedup_sort, "desc");
    assert_true(columns[3].hard_delete);
    assert_null(columns[3].data_type);
    assert_int_equal(columns[3].nullable, TG_YES);
    assert_int_equal(columns[3].timezone, TG_YES);
}

static void whole_seconds_are_a_precision(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource =
        only(spec, "    columns:\n"
                   "      a: {data_type: timestamp, precision: 0}\n"
                   "      b: {data_type: time, precision: 0}\n"
                   "      c: {data_type: timestamp, precision: 9, timezone: false}\n"
                   "      d: {data_type: time}\n");
    assert_int_equal(resource->columns[0].precision, PRECISION_SECONDS);
    assert_int_equal(resource->columns[1].precision, PRECISION_SECONDS);
    assert_int_equal(resource->columns[2].precision, 9);
    assert_int_equal(resource->columns[3].precision, 0);
}

static void columns_have_hints(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource = only(
        spec, "    columns:\n"
              "      a: {unique: true, partition: true, cluster: true, sort: true,\n"
              "          description: \"Where \\\"mail\\\" goes\", x-pii: true}\n"
              "      b: {unique: false, x-n: [1, -2.50, \"3\", null, {k: ~, \"tr\\tue\": yes}], "
              "x-m: {}, x-e: []}\n"
              "      c: text\n");
    const struct tg_column *columns = resource->columns;
    assert_true(columns[0].unique && columns[0].partition && columns[0].cluster && columns[0].sort);
    assert_string_equal(columns[0].description, "Where \"mail\" goes");
    assert_string_equal(columns[0].hints, "{\"x-pii\":true}");
    assert_false(columns[1].unique || columns[1].partition || columns[1].cluster ||
                 columns[1].sort);
    assert_null(columns[1].description);
    assert_string_equal(columns[1].hints, "{\"x-n\":[1,-2.5,\"3\",null,{\"k\":null,\"tr\\tue\":"
                                          "\"yes\"}],\"x-m\":{},\"x-e\":[]}");
    assert_null(columns[2].hints);
}

static void columns_can_be_keys(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource =
        only(spec, "    write_disposition: merge\n    primary_key: b\n    columns:\n"
                   "      c: {primary_key: true}\n      b: {primary_key: true}\n"
                   "      a: {primary_key: true, merge_key: true}\n"
                   "      d: {primary_key: false}\n      e: text\n");
    assert_int_equal(resource->primary_key_count, 3);
    assert_string_equal(resource->primary_key[0], "b");
    assert_string_equal(resource->primary_key[1], "c");
    assert_string_equal(resource->primary_key[2], "a");
    assert_int_equal(resource->merge_key_count, 1);
    assert_string_equal(resource->merge_key[0], "a");
}

static void tables_have_hints_and_rules(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *resource = only(
        spec, "    description: People\n    x-team: web\n    primary_key: id\n    row_ids: key\n"
              "    on_bad_row: {action: reject, limit: 7}\n"
              "    references:\n"
              "    - {referenced_table: company, columns: 5, referenced_columns: [id]}\n"
              "    - referenced_columns: [a, b]\n"
              "      columns: [c, d]\n"
              "      referenced_table: t\n"
              "      label: wrote\n"
              "      cardinality: many_to_one\n");
    assert_string_equal(resource->description, "People");
    assert_string_equal(resource->hints,
                        "{\"references\":[{\"referenced_table\":\"company\",\"columns\":[\"5\"],"
                        "\"referenced_columns\":[\"id\"]},"
                        "{\"referenced_table\":\"t\",\"columns\":[\"c\",\"d\"],"
                        "\"referenced_columns\":[\"a\",\"b\"],\"label\":\"wrote\","
                        "\"cardinality\":\"many_to_one\"}],\"x-team\":\"web\"}");
    assert_int_equal(resource->row_ids, TG_ROW_IDS_KEY);
    assert_true(resource->reject_bad_rows);
    assert_int_equal(resource->reject_max, 7);
    resource = only(spec, "    on_bad_row: reject\n    row_ids: row\n");
    assert_true(resource->reject_bad_rows);
    assert_int_equal(resource->reject_max, REJECT_MAX);
    assert_int_equal(resource->row_ids, TG_ROW_IDS_ROW);
    resource = only(spec, "    on_bad_row: fail\n");
    assert_false(resource->reject_bad_rows);
    resource = only(spec, "");
    assert_false(resource->reject_bad_rows);
    assert_int_equal(resource->row_ids, TG_ROW_IDS_RANDOM);
    assert_null(resource->description);
    assert_null(resource->hints);
}

static void wrong_hints_have_a_place(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *lines, *place, *what;
    } cases[] = {
        {"    xteam: web\n", "7:5",
         "unknown key 'xteam' in resource 'person'; it takes source, table_name, "
         "write_disposition, primary_key, merge_key, incremental, on_missing_key, "
         "max_table_nesting, columns, schema_contract, row_ids, on_bad_row, deletes, limits, "
         "materialize, description, references, x-*, path, skip_unmodified, keys_path, format, "
         "select, delimiter, header, null, quote, escape, encoding, skip, comment, ragged, "
         "decimal, "
         "thousands, date_format, timestamp_format, column_formats, line_bytes_max, on_grown, "
         "same_content, on_loaded"},
        {"    x-: web\n", "7:5",
         "unknown key 'x-' in resource 'person'; it takes source, table_name, write_disposition, "
         "primary_key, merge_key, incremental, on_missing_key, max_table_nesting, columns, "
         "schema_contract, row_ids, on_bad_row, deletes, limits, materialize, description, "
         "references, x-*, path, skip_unmodified, keys_path, format, "
         "select, delimiter, header, null, quote, escape, encoding, skip, comment, ragged, "
         "decimal, "
         "thousands, date_format, timestamp_format, column_formats, line_bytes_max, on_grown, "
         "same_content, on_loaded"},
        {"    x-team:\n", "7:5", "'x-team' has no value; give one, or leave the key out"},
        {"    row_ids: hash\n", "7:14", "'row_ids' is one of random, key, row, not 'hash'"},
        {"    row_id: key\n", "7:5",
         "unknown key 'row_id' in resource 'person'; did you mean 'row_ids'?"},
        {"    on_bad_row: rejct\n", "7:17",
         "'on_bad_row' is one of fail, reject, not 'rejct'; did you mean 'reject'?"},
        {"    on_bad_row: {limit: 5}\n", "7:5",
         "'on_bad_row' of resource 'person' needs the key 'action'"},
        {"    on_bad_row: {action: reject, limit: x}\n", "7:41",
         "'limit' is a whole number, not 'x'"},
        {"    description: [a]\n", "7:5", "'description' is a text, not a list"},
        {"    references: t\n", "7:17", "'references' is a list of maps, not 't'"},
        {"    references: {a: b}\n", "7:5", "'references' is a list of maps, not a map"},
        {"    references: []\n", "7:5", "'references' is a list of maps, not nothing"},
        {"    references: [a]\n", "7:18", "'references' is a list of maps, not 'a'"},
        {"    references:\n    - {columns: a, referenced_columns: b}\n", "8:8",
         "'references' of resource 'person' needs the key 'referenced_table'"},
        {"    references:\n    - {referenced_table: t, columns: a, referenced_column: b}\n", "8:8",
         "'references' of resource 'person' needs the key 'referenced_columns'"},
        {"    columns: {a: {uniqe: true}}\n", "7:19",
         "unknown key 'uniqe' in 'a' of 'columns' of resource 'person'; did you mean 'unique'?"},
        {"    columns: {a: {unique: 1}}\n", "7:27", "'unique' is true or false, not '1'"},
        {"    columns: {a: {primary_key: id}}\n", "7:32",
         "'primary_key' is true or false, not 'id'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400];
        snprintf(text, sizeof(text), "%s%s", SPEC_PERSON, cases[i].lines);
        spec_says(spec, text, cases[i].place, cases[i].what);
    }
}

static void the_limit_is_the_one_that_is_told(void **state)
{
    (void)state;
    char limit[24];
    snprintf(limit, sizeof(limit), "%d", REJECT_MAX);
    const struct option *on_bad_row = option_find(resource_options, "on_bad_row");
    assert_string_equal(option_find(on_bad_row->table, "limit")->fallback, limit);
}

static void the_types_of_columns_are_those_there_are(void **state)
{
    (void)state;
    const struct option *columns = option_find(resource_options, "columns");
    const char *choices = option_find(columns->table, "data_type")->choices;
    int count = 1;
    for (const char *p = choices; *p; p++)
        count += *p == ' ';
    assert_int_equal(count, TYPE_COUNT - 1);
    for (int type = TYPE_NONE + 1; type < TYPE_COUNT; type++)
        assert_true(option_choice(choices, type_name((enum type)type)) >= 0);
}

/* ---- sources ---- */

#define TWO                                                                                        \
    "pipeline: shop\ndestination: duckdb:///shop.duckdb\n"                                         \
    "sources:\n  Crm-One: {type: files, root: a}\n  web: {type: files}\nresources:\n"

static void several_sources_have_names(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config =
        spec_good(spec, TWO "  a: {source: web, path: x}\n  b: {source: Crm-One, path: y}\n");
    assert_string_equal(config->resources[0].source, "web");
    assert_string_equal(config->resources[0].source_values[0].text, ".");
    assert_string_equal(config->resources[1].source, "crm_one");
    assert_string_equal(config->resources[1].source_values[0].text, "a");
    spec_bad(spec, TWO "  a: {path: x}\n", "7:3",
             "resource 'a' needs the key 'source'\n  a: {path: x}\n  ^");
    spec_bad(spec, TWO "  a: {path: x, source: wbe}\n", "7:24",
             "resource 'a': there is no source 'wbe'; did you mean 'web'?\n"
             "  a: {path: x, source: wbe}\n"
             "                       ^~~");
    spec_says(spec, SPEC_PERSON "    source: shop\n", "7:5",
              "resource 'person': 'source' is for specs with 'sources'");
}

static void source_and_sources_exclude_each_other(void **state)
{
    struct spec_file *spec = *state;
    spec_says(spec, TWO "  a: {source: web, path: x}\nsource: {type: files}\n", "3:1",
              "'source' and 'sources' exclude each other; keep one of them");
    spec_says(spec, "pipeline: a\ndestination: duckdb:///a.db\nresources: {a: {path: b}}\n", "1:1",
              "the spec needs the key 'source'");
    spec_says(spec,
              "pipeline: a\ndestination: duckdb:///a.db\nsources: {}\nresources: {a: {path: b}}\n",
              "3:1", "'sources' is a map with some entries, not nothing");
    spec_says(spec,
              "pipeline: a\ndestination: duckdb:///a.db\nsources: {x: }\n"
              "resources: {a: {source: x, path: b}}\n",
              "3:11", "source 'x' needs the key 'type'");
}

static void source_types_are_known_ones(void **state)
{
    struct spec_file *spec = *state;
    const char *head = "pipeline: a\ndestination: duckdb:///a.db\nresources: {a: {path: b}}\n";
    static const struct {
        const char *source, *place, *what;
    } cases[] = {
        {"source: {type: file}\n", "4:16",
         "there is no source type 'file' (there are: files, sql); did you mean 'files'?"},
        {"source: {type: postgresql}\n", "4:16",
         "there is no source type 'postgresql' (there are: files, sql)"},
        {"source: {type: callback}\n", "4:16",
         "source type 'callback' cannot be named: it is a function of a program, `read` "
         "of struct tg_resource"},
        {"source: {root: x}\n", "4:10", "unknown key 'root' in source; it takes type"},
        {"source: {type: [files]}\n", "4:10", "'type' is a text, not a list"},
        {"source: {type: files, roots: x}\n", "4:23",
         "unknown key 'roots' in source; did you mean 'root'?"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400];
        snprintf(text, sizeof(text), "%s%s", head, cases[i].source);
        const char *place = cases[i].place;
        if (i == 3) { /* the missing type comes first */
            assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
            assert_non_null(strstr(spec->err.what, "source needs the key 'type'"));
            continue;
        }
        spec_says(spec, text, place, cases[i].what);
    }
}

/* ---- names ---- */

static void names_are_checked(void **state)
{
    struct spec_file *spec = *state;
#define REST "source: {type: files}\nresources: {a: {path: b}}\n"
    spec_bad(spec, "pipeline: a/b\ndestination: duckdb:///a.db\n" REST, "1:11",
             "the name of pipeline 'a/b' may have letters, digits, '_' and '-' only\n"
             "pipeline: a/b\n"
             "          ^~~");
    spec_says(spec, "pipeline: \"\"\ndestination: duckdb:///a.db\n" REST, "1:11",
              "the name of pipeline '' is empty");
    spec_says(spec, "pipeline: _pipeline\ndestination: duckdb:///a.db\n" REST, "1:11",
              "the name of pipeline '_pipeline' needs something before '_pipeline'");
    spec_says(spec, "pipeline: a\ndestination: duckdb:///a.db\ndataset: ''\n" REST, "3:10",
              "'dataset' is empty");
}

static void memory_is_a_size(void **state)
{
    struct spec_file *spec = *state;
#define HEAD "pipeline: a\ndestination: duckdb:///a.db\n"
    spec_says(spec, HEAD "memory: much\n" REST, "3:9",
              "'memory' is a size of at least 64MiB, like 256MiB or 1GiB, not 'much'");
    spec_says(spec, HEAD "memory: 63MiB\n" REST, "3:9",
              "'memory' is a size of at least 64MiB, like 256MiB or 1GiB, not '63MiB'");
    assert_int_equal(spec_good(spec, HEAD "memory: 64MiB\n" REST)->memory_bytes, 64 << 20);
    assert_int_equal(spec_good(spec, HEAD REST)->memory_bytes, 0);
#undef HEAD
}

static void storage_is_a_version(void **state)
{
    struct spec_file *spec = *state;
#define HEAD "pipeline: a\ndestination: duckdb:///a.db\n"
    static const char *const wrong[] = {"new",     "1.5.0", "v1", "v1.5",  "v1.5.0.1",
                                        "v1.5.0x", "v1..0", "v",  "Latest"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256], says[256];
        snprintf(text, sizeof(text), HEAD "storage_version: %s\n" REST, wrong[i]);
        snprintf(says, sizeof(says), STORAGE_VERSION_FAULT, wrong[i]);
        spec_says(spec, text, "3:18", says);
    }
    assert_string_equal(spec_good(spec, HEAD "storage_version: latest\n" REST)->storage_version,
                        "latest");
    assert_string_equal(spec_good(spec, HEAD "storage_version: v1.10.12\n" REST)->storage_version,
                        "v1.10.12");
    assert_null(spec_good(spec, HEAD REST)->storage_version);
#undef HEAD
}

static void destinations_are_checked(void **state)
{
    struct spec_file *spec = *state;
    const char *text = "pipeline: a\ndestination: duckdb:a.db\n" REST;
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    assert_non_null(strstr(spec->err.where, ":2:14"));
    assert_non_null(strstr(spec->err.what, "three slashes"));
    text = "pipeline: a\ndestination: oracle://x\n" REST;
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    assert_non_null(strstr(spec->err.where, ":2:14"));
    assert_non_null(strstr(spec->err.what, "oracle"));
    text = "pipeline: a\ndestination: duckdb:///bronze.db\ndataset: bronze\n" REST;
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    assert_non_null(strstr(spec->err.where, ":3:10"));
}

static void destinations_can_be_maps(void **state)
{
    struct spec_file *spec = *state;
#define AT(map) "pipeline: a\ndestination: " map "\n" REST
    struct config *config = spec_good(spec, AT("{url: duckdb:///a.db}"));
    assert_null(config->destination.driver);
    config = spec_good(spec, AT("{driver: sqlite, uri: b.db, options: {username: me, password: "
                                "\"a long secret\"}, dialect: sqlite}"));
    const struct location *where = &config->destination;
    assert_string_equal(where->driver, "sqlite");
    assert_non_null(strstr(where->url, "adbc:sqlite:/"));
    assert_non_null(strstr(where->url, "/b.db"));
    assert_string_equal(where->dialect, "sqlite");
    assert_int_equal(where->option_count, 2);
    assert_string_equal(where->options[1].name, "password");
    assert_string_equal(where->options[1].text, "a long secret");
    struct buf shown = BUF_INIT;
    redact(&config->secrets, "it is a long secret.", &shown);
    assert_string_equal(shown.data, "it is ***.");
    buf_release(&shown);
    static const struct {
        const char *text, *place, *what;
    } bad[] = {
        {AT("{uri: b.db}"), "2:1", "'destination' needs a 'url' or a 'driver'"},
        {AT("{driver: sqlite, url: 'duckdb:///a.db'}"), "2:1",
         "'destination' has both 'url' and 'driver'; what a driver opens is its 'uri'"},
        {AT("{url: 'duckdb:///a.db', options: {a: b}}"), "2:1",
         "'destination' has a 'url', to which 'options' says nothing; it goes with 'driver'"},
        {AT("{driver: sqlite}"), "2:1", "uri '' of sqlite names no file"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        spec_says(spec, bad[i].text, bad[i].place, bad[i].what);
#undef AT
}

/* ---- what does not go together ---- */

static void windows_are_checked(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *lines, *place, *what;
    } cases[] = {
        {"    incremental: {cursor: id, initial_value: 5, end_value: 4.5}\n", "7:5",
         "no row lies in a window from initial_value 5 on to before end_value 4.5; exchange the "
         "two"},
        {"    incremental: {cursor: id, initial_value: \"2024-01-02\", end_value: "
         "\"2024-01-02\"}\n",
         "7:5",
         "no row lies in a window from initial_value '2024-01-02' on to before end_value "
         "'2024-01-02'; end_value is outside of it: set it beyond the last value that is wanted"},
        {"    incremental: {cursor: id, initial_value: 4, end_value: 5, last_value: min}\n", "7:5",
         "no row lies in a window from initial_value 4 on to before end_value 5 (last_value: min, "
         "so it goes down); exchange the two"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400], what[300];
        snprintf(text, sizeof(text), "%s%s", SPEC_PERSON, cases[i].lines);
        snprintf(what, sizeof(what), "resource 'person': %s", cases[i].what);
        spec_says(spec, text, cases[i].place, what);
    }
}

#define ANOTHER_PATH                                                                               \
    "; name a field: updated_at, or data.updated_at for a nested one, or give a JSONPath to one "  \
    "value: $.items[0]['up.dated']"

static void combinations_are_checked(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *lines, *place, *what;
    } cases[] = {
        {"    write_disposition: merge\n", "7:5",
         "merge needs a primary_key or a merge_key (or on_missing_key: append)"},
        {"    merge_key: day\n", "7:5", "merge_key is for write_disposition: merge"},
        {"    on_missing_key: append\n", "7:5", "on_missing_key is for write_disposition: merge"},
        {"    on_missing_key: error\n", "7:5", "on_missing_key is for write_disposition: merge"},
        {"    write_disposition: {disposition: append, strategy: delete-insert}\n", "7:46",
         "strategy is for disposition: replace merge"},
        {"    incremental: {cursor: id, end_value: 5}\n", "7:5",
         "end_value needs an initial_value: they are the two ends of a window"},
        {"    incremental: {cursor: id, initial_value: 5, end_value: x}\n", "7:5",
         "initial_value 5 (an integer) and end_value 'x' (text) cannot be compared; make both of "
         "them values as the field has"},
        {"    incremental: \"\"\n", "7:5", "cursor '' is no path: a name is empty" ANOTHER_PATH},
        {"    incremental: $\n", "7:5",
         "cursor '$' is the whole row, which has no order; name a field"},
        {"    write_disposition: replace\n    on_grown: all\n", "8:5",
         "on_grown is for write_disposition: append; others read every file each time"},
        {"    same_content: fail\n    incremental: {cursor: id, initial_value: 1, end_value: 2}\n",
         "7:5", "same_content and end_value do not go together: a window reads every file"},
        {"    table_name: _dlt_loads\n", "7:5",
         "tables '_dlt_*' and '_tidegate_*' are the system's; set another table_name"},
        {"    primary_key: [a, a]\n", "7:5", "primary_key names 'a' twice"},
        {"    primary_key: ['']\n", "7:5", "primary_key has an empty name in it"},
        {"    columns:\n      a: {dedup_sort: asc}\n", "8:11",
         "column 'a': dedup_sort is for merge"},
        {"    columns:\n      a: {hard_delete: true}\n", "8:11",
         "column 'a': hard_delete is for merge"},
        {"    columns:\n      a: {data_type: bool, precision: 5}\n", "8:28",
         "column 'a' is a bool, which has no precision"},
        {"    columns:\n      a: {data_type: time, precision: 7}\n", "8:28",
         "column 'a' has precision 7; 6 is the most"},
        {"    columns:\n      a: {data_type: timestamp, precision: 10}\n", "8:33",
         "column 'a' has precision 10; 9 is the most"},
        {"    columns:\n      a: {data_type: bigint, precision: 129}\n", "8:30",
         "column 'a' has precision 129; 128 is the most"},
        {"    columns:\n      a: {data_type: decimal, scale: 2}\n", "8:31",
         "column 'a' has a scale but no precision; set both"},
        {"    row_ids: key\n", "7:5", "row_ids: key needs a primary_key"},
        {"    on_bad_row: {action: fail, limit: 5}\n", "7:5",
         "a limit of bad rows is for those that are rejected"},
        {"    references:\n    - {referenced_table: t, columns: [a, b], referenced_columns: c}\n",
         "7:5",
         "the reference to 't' has 2 columns and 1 referenced_columns; they go together one by "
         "one"},
        {"    references:\n    - {referenced_table: t, columns: a, referenced_columns: b}\n"
         "    - {referenced_table: t, columns: a, referenced_columns: c}\n",
         "7:5", "references names table 't' twice"},
        {"    columns:\n      a: {data_type: decimal, precision: 39}\n", "8:31",
         "column 'a' has precision 39; 38 is the most"},
        {"    columns:\n      a: {data_type: decimal, precision: 3, scale: 4}\n", "8:45",
         "column 'a' has a scale greater than its precision (3)"},
        {"    columns:\n      a: {scale: 4}\n", "8:11",
         "column 'a': scale is for decimal; set data_type"},
        {"    columns:\n      a: {data_type: date, timezone: false}\n", "8:28",
         "column 'a' is a date; timezone is for timestamp"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400], what[300];
        snprintf(text, sizeof(text), "%s%s", SPEC_PERSON, cases[i].lines);
        snprintf(what, sizeof(what), "resource 'person': %s", cases[i].what);
        spec_says(spec, text, cases[i].place, what);
    }
}

static void numbers_have_ranges(void **state)
{
    struct spec_file *spec = *state;
    spec_says(spec, SPEC_PERSON "    max_table_nesting: -1\n", "7:24",
              "'max_table_nesting' is 0 or more, not -1");
    spec_says(spec, SPEC_PERSON "    max_table_nesting: 9999999999\n", "7:24",
              "'max_table_nesting' is 0 or more, not 9999999999");
    spec_says(spec, SPEC_PERSON "    columns: {a: {precision: 0}}\n", "7:30",
              "'precision' is 1 or more, not 0");
    spec_says(spec, SPEC_PERSON "    columns: {a: {data_type: decimal, precision: 0}}\n", "7:50",
              "'precision' is 1 or more, not 0");
    spec_says(spec, SPEC_PERSON "    columns: {a: {data_type: time, precision: -1}}\n", "7:47",
              "'precision' is 0 or more, not -1");
    spec_says(spec, SPEC_PERSON "    on_bad_row: {action: reject, limit: 0}\n", "7:41",
              "'limit' is 1 or more, not 0");
}

static void a_merge_has_one_column_of_a_kind(void **state)
{
    struct spec_file *spec = *state;
    const char *head =
        SPEC_PERSON "    write_disposition: merge\n    primary_key: id\n    columns:\n";
    char text[600];
    snprintf(text, sizeof(text), "%s%s", head,
             "      a: {dedup_sort: asc}\n      b: {dedup_sort: desc}\n");
    spec_says(spec, text, "11:11",
              "resource 'person': columns 'a' and 'b' both say dedup_sort; only one can");
    snprintf(text, sizeof(text), "%s%s", head,
             "      a: {hard_delete: true}\n      b: {hard_delete: true}\n");
    spec_says(spec, text, "11:11",
              "resource 'person': columns 'a' and 'b' both say hard_delete; only one can");
}

static void two_resources_do_not_share_a_table(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec,
             SPEC_HEAD "resources:\n  UserEvents: {path: a}\n  b:\n    path: c\n"
                       "    table_name: user_events\n",
             "8:5",
             "resource 'b': table 'user_events' is that of resource 'UserEvents'; set another "
             "table_name\n"
             "    table_name: user_events\n"
             "    ^~~~~~~~~~");
    spec_says(spec, SPEC_HEAD "resources:\n  a: {path: a}\n  A: {path: c}\n", "6:3",
              "resource 'A': table 'a' is that of resource 'a'; set another table_name");
}

static void many_resources_are_kept_in_order(void **state)
{
    struct spec_file *spec = *state;
    struct buf text = BUF_INIT;
    buf_text(&text, SPEC_HEAD "resources:\n");
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "  r%d: {path: p%d}\n", i, i);
    const struct config *config = spec_good(spec, buf_string(&text));
    buf_release(&text);
    assert_int_equal(config->resource_count, 100);
    assert_string_equal(config->resources[99].name, "r99");
    assert_string_equal(config->resources[99].resource_values[0].text, "p99");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spec_of_the_design_is_read),
        cmocka_unit_test(names_take_dlts_form),
        cmocka_unit_test(dispositions_have_two_forms),
        cmocka_unit_test(keys_are_one_name_or_a_list),
        cmocka_unit_test(cursors_are_read),
        cmocka_unit_test(columns_are_read),
        cmocka_unit_test(whole_seconds_are_a_precision),
        cmocka_unit_test(columns_have_hints),
        cmocka_unit_test(columns_can_be_keys),
        cmocka_unit_test(tables_have_hints_and_rules),
        cmocka_unit_test(wrong_hints_have_a_place),
        cmocka_unit_test(the_limit_is_the_one_that_is_told),
        cmocka_unit_test(the_types_of_columns_are_those_there_are),
        cmocka_unit_test(several_sources_have_names),
        cmocka_unit_test(source_and_sources_exclude_each_other),
        cmocka_unit_test(source_types_are_known_ones),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(memory_is_a_size),
        cmocka_unit_test(storage_is_a_version),
        cmocka_unit_test(destinations_are_checked),
        cmocka_unit_test(destinations_can_be_maps),
        cmocka_unit_test(windows_are_checked),
        cmocka_unit_test(combinations_are_checked),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(a_merge_has_one_column_of_a_kind),
        cmocka_unit_test(two_resources_do_not_share_a_table),
        cmocka_unit_test(many_resources_are_kept_in_order),
    };
    return cmocka_run_group_tests_name("spec", tests, spec_setup, spec_teardown);
}
