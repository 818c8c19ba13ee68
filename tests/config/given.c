/* Options of drivers from the C API: the texts of a program by the tables that check a spec. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static const struct tg_option root = {"root", "data"};

/* As texts, as a spec would have given them, and copied. */
static void options_are_those_of_a_spec(void **state)
{
    struct spec_file *spec = *state;
    char path[] = "b/*.csv\n\nc.csv\n", name[] = "path";
    struct tg_option options[] = {{name, path}, {"header", "FALSE"}, {"null", "\nNA"}};
    const struct tg_resource resource = {.name = "person",
                                         .source = "files",
                                         .source_options = &root,
                                         .source_option_count = 1,
                                         .options = options,
                                         .option_count = 3};
    struct config config = {0}, *of_spec;
    assert_int_equal(open_config(&config, &spec->err), TG_OK);
    if (config_add(&config, &resource, &spec->err) != TG_OK)
        fail_msg("%s", spec->err.what);
    path[0] = name[0] = 'X';
    memset(options, 0, sizeof(options));
    of_spec = spec_good(
        spec, "pipeline: shop\n"
              "destination: duckdb:///s.duckdb\n"
              "source: {type: files, root: data}\n"
              "resources:\n"
              "  person: {path: [b/*.csv, c.csv], header: FALSE, \"null\": [\"\", NA]}\n");
    const struct resource *given = &config.resources[0], *read = &of_spec->resources[0];
    assert_ptr_equal(given->driver, read->driver);
    assert_string_equal(given->source, read->source);
    assert_int_equal(given->source_value_count, read->source_value_count);
    assert_string_equal(given->source_values[0].text, "data");
    assert_int_equal(given->resource_value_count, read->resource_value_count);
    for (size_t i = 0; i < given->resource_value_count; i++) {
        const char *text = given->resource_values[i].text, *other = read->resource_values[i].text;
        assert_string_equal(given->resource_values[i].name, read->resource_values[i].name);
        assert_string_equal(text ? text : "(not given)", other ? other : "(not given)");
    }
    assert_string_equal(option_text(given->resource_values, given->resource_value_count, "path"),
                        "b/*.csv\nc.csv");
    assert_string_equal(option_text(given->resource_values, given->resource_value_count, "null"),
                        "\nNA");
    config_release(&config);
}

/* A map is JSON, with the same rules; what is secret in it is known as such. */
static void maps_are_those_of_a_spec(void **state)
{
    struct spec_file *spec = *state;
    static const struct tg_option shop = {"connection",
                                          "{\"driver\": \"sqlite\", \"uri\": \"shop.db\", "
                                          "\"options\": {\"password\": \"s3cret\", \"rows\": 10}}"};
    static const struct tg_option table = {"table", "sales"};
    const struct tg_resource resource = {.name = "sales",
                                         .source = "sql",
                                         .source_options = &shop,
                                         .source_option_count = 1,
                                         .options = &table,
                                         .option_count = 1};
    struct config config = {0}, *of_spec;
    assert_int_equal(open_config(&config, &spec->err), TG_OK);
    if (config_add(&config, &resource, &spec->err) != TG_OK)
        fail_msg("%s", spec->err.what);
    of_spec = spec_good(spec, "pipeline: shop\n"
                              "destination: duckdb:///s.duckdb\n"
                              "source: {type: sql, connection: {driver: sqlite, uri: shop.db, "
                              "options: {password: s3cret, rows: 10}}}\n"
                              "resources:\n"
                              "  sales: {table: sales}\n");
    const struct resource *given = &config.resources[0], *read = &of_spec->resources[0];
    assert_string_equal(option_text(given->source_values, given->source_value_count, "connection"),
                        option_text(read->source_values, read->source_value_count, "connection"));
    assert_int_equal(config.secrets.count, of_spec->secrets.count);
    config_release(&config);
}

static const struct tg_option path = {"path", "a"}, misspelt[] = {{"paht", "a"}, {"format", "cvs"}},
                              no_text = {"path", NULL}, no_name = {NULL, "a"},
                              empty = {"path", "\n"},
                              no_flag[] = {{"path", "a"}, {"header", "perhaps"}},
                              twice[] = {{"path", "a"}, {"path", "b"}}, sales = {"table", "t"},
                              url = {"connection", "duckdb:///a"},
                              cut = {"connection", "{\"driver\": \"s3cret"},
                              unknown = {"connection", "{\"drivr\": \"sqlite\"}"},
                              listed = {"connection", "{\"driver\": [1], \"uri\": null}"},
                              grown[] = {{"path", "a"}, {"on_grown", "tail"}};

#define OPTIONS(options_)                                                                          \
    .name = "n", .source = "files", .options = options_,                                           \
    .option_count = sizeof(options_) / sizeof(struct tg_option)
#define MAP(options_)                                                                              \
    .name = "n", .source = "sql", .source_options = &(options_), .source_option_count = 1,         \
    .options = &sales, .option_count = 1
#define ONE(option_) .name = "n", .source = "files", .options = &(option_), .option_count = 1

static const struct tg_connection nameless = {.name = NULL}, named = {.name = "shop"};

static const struct {
    struct tg_resource resource;
    const char *what;
} wrong[] = {
    {{MAP(cut)}, "'connection' begins as a map, and is no JSON"},
    {{MAP(unknown)},
     "unknown key 'drivr' in 'connection' of `source_options`; did you mean 'driver'?"},
    {{MAP(listed)},
     "'driver' is a text, not an empty list; 'uri' has no value; give one, or leave the key out"},
    {{MAP(url), .source_connection = &named},
     "`source_options` has 'connection', and there is a `source_connection`; keep one"},
    {{ONE(path), .source_connection = &named},
     "source 'files' reads no database; leave `source_connection` out"},
    {{.name = "n", .source = "sql", .source_connection = &nameless},
     "`source_connection` has no name"},
    {{.name = "n", .read = read_nothing, .source_connection = &named},
     "options are for a driver; name it in `source`"},
    {{OPTIONS(misspelt)},
     "unknown key 'paht' in `options`; did you mean 'path'?; 'format' is one of auto, jsonl, json, "
     "csv, parquet, not 'cvs'; did you mean 'csv'?; `options` needs the key 'path'"},
    {{.name = "n", .source = "files"}, "`options` needs the key 'path'"},
    {{OPTIONS(no_flag)}, "'header' is true or false, not 'perhaps'"},
    {{OPTIONS(twice)}, "`options` has 'path' twice"},
    {{ONE(no_text)}, "'path' has no value; give one, or leave the key out"},
    {{ONE(empty)}, "'path' is a text, or a list of them, not an empty list"},
    {{ONE(no_name)}, "entry 0 of `options` has no name; `options` needs the key 'path'"},
    {{ONE(path), .source_options = &path, .source_option_count = 1},
     "unknown key 'path' in `source_options`; it takes root"},
    {{.name = "n", .source = "files", .option_count = 1},
     "a number of `options` is set, but no options"},
    {{.name = "n", .source = "fils"},
     "there is no source type 'fils' (there are: files, sql); did you mean 'files'?"},
    {{.name = "n", .source = "callback"},
     "source type 'callback' cannot be named: it is a function of a program, `read` of struct "
     "tg_resource"},
    {{.name = "n", .read = read_nothing, .source = "files"},
     "`read` and `source` exclude each other"},
    {{.name = "n", .read = read_nothing, .options = &path, .option_count = 1},
     "options are for a driver; name it in `source`"},
    {{OPTIONS(grown), .write_disposition = TG_REPLACE},
     "on_grown is for write_disposition: append; others read every file each time"},
};

static void wrong_ones_are_named(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(config_add(config, &wrong[i].resource, &spec->err), TG_USAGE);
        assert_string_equal(spec->err.what, wrong[i].what);
        assert_string_equal(spec->err.where, "resource 'n'");
        assert_string_equal(spec->err.resource, "n");
        assert_int_equal(config->resource_count, 0);
    }
}

/* By an option that is one, or by a name or a place that says so. */
static void secrets_are_learnt(void **state)
{
    static const struct option table[] = {{.name = "code", .type = OPTION_TEXT, .secret = true},
                                          {.name = "api_key", .type = OPTION_TEXT},
                                          {.name = "url", .type = OPTION_TEXT},
                                          {.name = "note", .type = OPTION_TEXT},
                                          OPTION_END};
    static const struct tg_option options[] = {{"code", "open-sesame-1"},
                                               {"api_key", "open-sesame-2"},
                                               {"url", "https://ann:open-sesame-3@host/"},
                                               {"note", "open-sesame-4"}};
    struct spec_file *spec = *state;
    struct config *config = fresh(spec);
    const struct given_options given = {"`options`", options, 4, NULL};
    const struct option_value *values;
    size_t count;
    struct buf shown = BUF_INIT;
    assert_int_equal(given_values(config, &given, table, &values, &count, &spec->err), TG_OK);
    assert_int_equal(count, 4);
    assert_string_equal(values[0].text, "open-sesame-1");
    redact(&config->secrets, "open-sesame-1 open-sesame-2 open-sesame-3 open-sesame-4", &shown);
    assert_string_equal(buf_string(&shown), "*** *** *** open-sesame-4");
    buf_release(&shown);
}

static int add_tortured(void)
{
    struct config config;
    struct tg_error err = {0};
    static const struct tg_option options[] = {{"path", "a\nb"}, {"api_key", "x"}};
    struct tg_resource resource = {.name = "person",
                                   .source = "files",
                                   .source_options = &root,
                                   .source_option_count = 1,
                                   .options = options,
                                   .option_count = 1};
    int rc = open_config(&config, &err);
    if (rc == TG_OK)
        rc = config_add(&config, &resource, &err);
    resource.name = "wrong";
    resource.option_count = 2;
    if (rc == TG_OK && config_add(&config, &resource, &err) != TG_USAGE)
        rc = err.code;
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
        cmocka_unit_test(options_are_those_of_a_spec), cmocka_unit_test(maps_are_those_of_a_spec),
        cmocka_unit_test(wrong_ones_are_named),        cmocka_unit_test(secrets_are_learnt),
        cmocka_unit_test(adding_survives_torture),
    };
    return cmocka_run_group_tests_name("given", tests, spec_setup, spec_teardown);
}
