/* Configuration: environment and files, folders, names, texts in memory. */
#include "tests/config/spec_file.h"

#include <unistd.h>

#include "config/spec.h"
#include "tidegate_connection.h"

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
    assert_string_equal(config->destination.url, expected);
    snprintf(expected, sizeof(expected), "%s/.tidegate", spec->folder);
    assert_string_equal(config->workdir, expected);
    config =
        spec_good(spec, "pipeline: a\ndestination: duckdb:////tmp/x.db\nsource: {type: files}\n"
                        "resources: {a: {path: b}}\n");
    assert_string_equal(config->destination.url, "duckdb:////tmp/x.db");
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

static void the_engine_comes_from_the_environment_or_the_program(void **state)
{
    struct spec_file *spec = *state;
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .engine = "/tmp/own.so"};
    const char *before = getenv("TIDEGATE_DUCKDB");
    char *saved = before ? strdup(before) : NULL;
    setenv("TIDEGATE_DUCKDB", "/tmp/libduckdb.so", 1);
    struct config *config = spec_good(spec, SPEC_PERSON);
    assert_string_equal(config->engine_path, "/tmp/libduckdb.so");
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_OK);
    assert_string_equal(spec->config.engine_path, "/tmp/own.so");
    setenv("TIDEGATE_DUCKDB", "", 1);
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
    assert_string_equal(spec->config.destination.url, "duckdb:////data/shop/shop.duckdb");
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

static void what_a_program_says_goes_before_the_environment(void **state)
{
    struct spec_file *spec = *state;
    const char *text = "pipeline: ${SHOP}\ndestination: duckdb:///${OURS}\n"
                       "dataset: ${SET:-b}\nsource: {type: files}\nresources: {t: {path: x.csv}}\n";
    const struct tg_option variables[] = {{"SHOP", "shop"}, {"OURS", "a${SHOP}"}, {"SET", ""}};
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "n",
                                          .destination = "duckdb:///a.duckdb",
                                          .variables = variables, .variable_count = 3};
    const struct spec_text of = {text, strlen(text), "spec", "/data"};
    setenv("SHOP", "theirs", 1);
    setenv("SET", "theirs", 1);
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "'n' has none; use tg_pipeline_open"));
    options.destination = NULL;
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &of, &options, &spec->err), TG_OK);
    assert_string_equal(spec->config.pipeline, "shop");
    assert_string_equal(spec->config.dataset, "b");
    assert_string_equal(spec->config.destination.url, "duckdb:////data/a${SHOP}"); /* no more */
    options.variable_count = 1;
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &of, &options, &spec->err), TG_SPEC);
    assert_non_null(strstr(spec->err.what, "the environment has no 'OURS'"));
    options.variables = &(const struct tg_option){"SHOP", NULL};
    config_release(&spec->config);
    assert_int_equal(config_read_text(&spec->config, &of, &options, &spec->err), TG_USAGE);
    unsetenv("SHOP");
    unsetenv("SET");
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
    assert_string_equal(config->destination.url, expected);
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

static void a_driver_is_a_destination(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = &spec->config;
    struct tg_option options[] = {{"username", "me"}, {"password", "a long secret"}};
    struct tg_adbc adbc = {TG_ADBC_INIT, .driver = "sqlite", .uri = "/x/a.db", .options = options,
                           .option_count = 2};
    struct tg_pipeline_options given = {.name = "a", .destination_adbc = &adbc};
    config_release(config);
    assert_int_equal(config_init(config, &given, &spec->err), TG_OK);
    options[1].text = adbc.driver = "gone";
    assert_string_equal(config->destination.url, "adbc:sqlite:/x/a.db");
    assert_string_equal(config->destination.driver, "sqlite");
    assert_string_equal(config->destination.options[1].text, "a long secret");
    struct buf shown = BUF_INIT;
    redact(&config->secrets, "a long secret", &shown);
    assert_string_equal(shown.data, "***");
    buf_release(&shown);
    given.destination = "duckdb:///shop.duckdb";
    config_release(config);
    assert_int_equal(config_init(config, &given, &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "two destinations"));
    given.destination = NULL;
    adbc.driver = NULL;
    config_release(config);
    assert_int_equal(config_init(config, &given, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "`destination_adbc` has no driver");
    adbc.driver = "sqlite";
    options[0].text = NULL;
    config_release(config);
    assert_int_equal(config_init(config, &given, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "an option of `destination_adbc` has no text");
}

static void indexes_are_asked_for(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = &spec->config;
    static const char text[] = "pipeline: p\ndestination: postgresql://h/x\n"
                               "source: {type: files}\nresources: {t: {path: x.csv}}\n";
    const struct spec_text of = {text, sizeof(text) - 1, "spec", "."};
    struct tg_pipeline_options given = {
        .name = "a", .destination = "postgresql://h/x", .create_indexes = true};
    config_release(config);
    assert_int_equal(config_init(config, &given, &spec->err), TG_OK);
    assert_true(config->destination.create_indexes);
    config_release(config);
    given.destination = "duckdb:///shop.duckdb";
    assert_int_equal(config_init(config, &given, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what, "'create_indexes' has no meaning at duckdb, where tables "
                                        "get no index; leave it out");
    config_release(config);
    given = (struct tg_pipeline_options){.create_indexes = true};
    assert_int_equal(config_read_text(config, &of, &given, &spec->err), TG_OK);
    assert_true(config->destination.create_indexes);
    config_release(config);
    assert_int_equal(config_read_text(config, &of, NULL, &spec->err), TG_OK);
    assert_false(config->destination.create_indexes);
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
        cmocka_unit_test(the_environment_is_put_in),
        cmocka_unit_test(references_that_fail_have_a_place),
        cmocka_unit_test(files_are_put_in),
        cmocka_unit_test(folders_start_beside_the_spec),
        cmocka_unit_test(the_working_directory_can_be_said),
        cmocka_unit_test(the_engine_comes_from_the_environment_or_the_program),
        cmocka_unit_test(the_storage_version_of_the_options_wins),
        cmocka_unit_test(a_spec_that_is_not_there_is_a_matter_of_usage),
        cmocka_unit_test(a_text_in_memory_is_a_spec),
        cmocka_unit_test(what_a_program_says_goes_before_the_environment),
        cmocka_unit_test(options_make_a_config),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_driver_is_a_destination),
        cmocka_unit_test(indexes_are_asked_for),
        cmocka_unit_test(a_released_config_can_be_released),
        cmocka_unit_test(a_good_spec_survives_torture),
        cmocka_unit_test(a_wrong_spec_survives_torture),
        cmocka_unit_test(options_survive_torture),
    };
    return cmocka_run_group_tests_name("config", tests, spec_setup, spec_teardown);
}
