/* Environments: which one is taken, and how it lies over the spec. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

#define SPEC_TWO                                                                                   \
    SPEC_PERSON "    columns: {a: text, b: bigint}\n"                                              \
                "environments:\n"                                                                  \
                "  dev:\n"                                                                         \
                "    dataset: try\n"                                                               \
                "    resources: {person: {path: dev.jsonl, columns: {b: null, c: double}},"        \
                " more: {path: more.jsonl}}\n"                                                     \
                "  prod:\n"                                                                        \
                "    destination: {url: \"${TIDEGATE_TEST_NOT_SET}\"}\n"

static int read_as(struct spec_file *spec, const char *text, const char *environment)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .environment = environment};
    spec_write(spec->path, text, strlen(text));
    config_release(&spec->config);
    spec->err = (struct tg_error){0};
    return config_read(&spec->config, spec->path, &options, &spec->err);
}

static const struct config *good_as(struct spec_file *spec, const char *text,
                                    const char *environment)
{
    if (read_as(spec, text, environment) != TG_OK)
        fail_msg("%s: %s", spec->err.where, spec->err.what);
    return &spec->config;
}

static void bad_as(struct spec_file *spec, const char *text, const char *environment,
                   const char *place, const char *what)
{
    char where[400];
    snprintf(where, sizeof(where), "%s:%s", spec->path, place);
    assert_int_equal(read_as(spec, text, environment), TG_SPEC);
    if (strncmp(spec->err.what, what, strlen(what)) != 0)
        assert_string_equal(spec->err.what, what);
    assert_string_equal(spec->err.where, where);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void an_overlay_goes_key_by_key(void **state)
{
    const struct config *config = good_as(*state, SPEC_TWO, "dev");
    assert_string_equal(config->environment, "dev");
    assert_string_equal(config->dataset, "try");
    assert_true(ends_with(config->destination.url, "/shop.duckdb"));
    assert_int_equal(config->resource_count, 2);
    assert_string_equal(config->resources[0].name, "person");
    assert_int_equal(config->resources[0].column_count, 2);
    assert_string_equal(config->resources[0].columns[0].name, "a");
    assert_string_equal(config->resources[0].columns[1].name, "c");
    assert_string_equal(config->resources[1].name, "more");
    assert_true(ends_with(config->workdir, "/.tidegate/env.dev"));
}

static void a_spec_without_them_is_as_ever(void **state)
{
    setenv("TIDEGATE_ENV", "prod", 1);
    const struct config *config = good_as(*state, SPEC_PERSON, NULL);
    assert_null(config->environment);
    assert_true(ends_with(config->workdir, "/.tidegate"));
    unsetenv("TIDEGATE_ENV");
    bad_as(*state, SPEC_PERSON, "dev", "1:1",
           "there is no environment 'dev': the spec has no key 'environments'");
}

static void each_kind_of_value_is_replaced(void **state)
{
    const struct config *config =
        good_as(*state,
                SPEC_HEAD "resources:\n  person: {path: p.jsonl, primary_key: [a, b]}\n"
                          "  gone: {path: g.jsonl}\n"
                          "memory: 1GiB\n"
                          "environments:\n"
                          "  x:\n"
                          "    destination: {url: duckdb:///x.duckdb}\n"
                          "    memory: null\n"
                          "    resources: {person: {primary_key: id}, gone: null}\n",
                "x");
    assert_true(ends_with(config->destination.url, "/x.duckdb"));
    assert_int_equal(config->memory_bytes, 0);
    assert_int_equal(config->resource_count, 1);
    assert_int_equal(config->resources[0].primary_key_count, 1);
    assert_string_equal(config->resources[0].primary_key[0], "id");
}

static void option_then_variable_then_default(void **state)
{
    static const char text[] = SPEC_PERSON "environments: {a: {dataset: da}, b: , c: {}}\n"
                                           "default_environment: \"${TIDEGATE_TEST_NAME:-a}\"\n";
    assert_string_equal(good_as(*state, text, NULL)->environment, "a");
    assert_string_equal(((struct spec_file *)*state)->config.dataset, "da");
    setenv("TIDEGATE_TEST_NAME", "c", 1);
    assert_string_equal(good_as(*state, text, NULL)->environment, "c");
    unsetenv("TIDEGATE_TEST_NAME");
    setenv("TIDEGATE_ENV", "b", 1);
    assert_string_equal(good_as(*state, text, NULL)->environment, "b");
    assert_string_equal(((struct spec_file *)*state)->config.dataset, "shop_dataset");
    assert_string_equal(good_as(*state, text, "c")->environment, "c");
    setenv("TIDEGATE_ENV", "d", 1);
    bad_as(*state, text, NULL, "7:1",
           "$TIDEGATE_ENV: there is no environment 'd' "
           "(there are: a, b, c)");
    setenv("TIDEGATE_ENV", "", 1);
    assert_string_equal(good_as(*state, text, NULL)->environment, "a");
    unsetenv("TIDEGATE_ENV");
}

static void who_chooses_none_is_told_how(void **state)
{
    bad_as(*state, SPEC_TWO, NULL, "8:1",
           "the spec has environments (dev, prod), and none is chosen; say --env NAME, "
           "set $TIDEGATE_ENV, or give the spec a default_environment");
    bad_as(*state, SPEC_TWO, "prd", "8:1",
           "there is no environment 'prd' (there are: dev, prod); did you mean 'prod'?");
    bad_as(*state, SPEC_TWO, "", "8:1", "there is no environment '' (there are: dev, prod)");
}

static void an_error_stands_in_the_overlay(void **state)
{
    struct spec_file *spec = *state;
    bad_as(spec, SPEC_TWO, "prod", "13:24", "the environment has no 'TIDEGATE_TEST_NOT_SET'");
    assert_string_equal(spec->err.key_path, "environments.prod.destination.url");
    bad_as(spec, SPEC_PERSON "environments:\n  dev:\n    memory: 1KiB\n", "dev", "9:13",
           "'memory' is a size of at least 64MiB");
    assert_string_equal(spec->err.key_path, "environments.dev.memory");
    bad_as(spec, SPEC_PERSON "environments:\n  dev:\n    resources:\n      person: {pth: x}\n",
           "dev", "10:16", "unknown key 'pth' in resource 'person'; did you mean 'path'?");
    bad_as(spec, SPEC_PERSON "environments: {dev: {destination: null}}\n", "dev", "1:1",
           "the spec needs the key 'destination'");
}

/* Those of all of them, whichever is chosen. */
static void what_is_no_overlay(void **state)
{
    bad_as(*state, SPEC_PERSON "environments: {dev: {}, prod: {memry: 1GiB}}\n", "dev", "7:32",
           "unknown key 'memry' in environment 'prod'; did you mean 'memory'?");
    bad_as(*state, SPEC_PERSON "environments: {dev: {environments: {a: {}}}}\n", "dev", "7:22",
           "environment 'dev' cannot have the key 'environments'; it stands at the top of the "
           "spec");
    bad_as(*state, SPEC_PERSON "environments: {dev: {default_environment: a}}\n", "dev", "7:22",
           "environment 'dev' cannot have the key 'default_environment'");
    bad_as(*state, SPEC_PERSON "environments: {dev: 3}\n", "dev", "7:21",
           "environment 'dev' is a map of a spec's keys");
    bad_as(*state, SPEC_PERSON "environments: {\"../x\": {}}\n", "../x", "7:16",
           "the name of environment '../x' may have letters, digits, '_' and '-' only");
    bad_as(*state, SPEC_PERSON "environments: {}\n", "dev", "7:1",
           "'environments' is a map with an overlay for each");
    bad_as(*state, SPEC_PERSON "environments: [dev]\n", "dev", "7:1",
           "'environments' is a map with an overlay for each");
    bad_as(*state, SPEC_PERSON "environments:\n", NULL, "7:1",
           "'environments' is a map with an overlay for each");
    bad_as(*state, SPEC_PERSON "default_environment: dev\n", NULL, "7:1",
           "'default_environment' is for specs with 'environments'");
    bad_as(*state, SPEC_PERSON "environments: {dev: {}}\ndefault_environment: [dev]\n", NULL, "8:1",
           "'default_environment' is the name of one of the environments");
    bad_as(*state, SPEC_PERSON "environments: {dev: {}}\ndefault_environment: dve\n", NULL, "8:22",
           "there is no environment 'dve' (there are: dev)");
}

static void a_long_name_is_refused_before_it_is_a_folder(void **state)
{
    char text[600], name[66];
    memset(name, 'n', 65);
    name[65] = '\0';
    snprintf(text, sizeof(text), SPEC_PERSON "environments: {%s: {}}\n", name);
    assert_int_equal(read_as(*state, text, name), TG_SPEC);
    assert_non_null(strstr(((struct spec_file *)*state)->err.what, "is longer than 64 bytes"));
    name[64] = '\0';
    snprintf(text, sizeof(text), SPEC_PERSON "environments: {%s: {}}\n", name);
    assert_true(ends_with(good_as(*state, text, name)->workdir, name));
}

/* Both ways to say where it works are of all environments together. */
static void each_has_its_own_folder(void **state)
{
    struct spec_file *spec = *state;
    struct config config;
    struct tg_error err = {0};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .workdir = "/tmp/w",
                                                .environment = "dev"};
    spec_write(spec->path, SPEC_TWO, strlen(SPEC_TWO));
    assert_int_equal(config_read(&config, spec->path, &options, &err), TG_OK);
    assert_string_equal(config.workdir, "/tmp/w/env.dev");
    config_release(&config);
    setenv("TIDEGATE_HOME", "/tmp/home", 1);
    assert_string_equal(good_as(spec, SPEC_TWO, "dev")->workdir, "/tmp/home/env.dev");
    unsetenv("TIDEGATE_HOME");
}

/* An anchor of the spec may be used in an overlay, and the other way round. */
static void anchors_reach_over(void **state)
{
    const struct config *config =
        good_as(*state,
                SPEC_HEAD "resources:\n  person: &person {path: \"${TIDEGATE_TEST_P:-p}.jsonl\"}\n"
                          "environments:\n  dev: {resources: {copy: *person}}\n",
                "dev");
    assert_int_equal(config->resource_count, 2);
    assert_string_equal(config->resources[1].name, "copy");
    assert_string_equal(config->resources[1].resource_values[0].text,
                        config->resources[0].resource_values[0].text);
}

static void a_program_without_a_spec_has_none(void **state)
{
    (void)state;
    struct config config;
    struct tg_error err = {0};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "p",
                                                .destination = "duckdb:///x.duckdb",
                                                .environment = "dev"};
    assert_int_equal(config_init(&config, &options, &err), TG_USAGE);
    assert_string_equal(err.what, "`environment` of the options is one of a spec's, and pipeline "
                                  "'p' has none; use tg_pipeline_open");
    config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overlay_goes_key_by_key),
        cmocka_unit_test(a_spec_without_them_is_as_ever),
        cmocka_unit_test(each_kind_of_value_is_replaced),
        cmocka_unit_test(option_then_variable_then_default),
        cmocka_unit_test(who_chooses_none_is_told_how),
        cmocka_unit_test(an_error_stands_in_the_overlay),
        cmocka_unit_test(what_is_no_overlay),
        cmocka_unit_test(a_long_name_is_refused_before_it_is_a_folder),
        cmocka_unit_test(each_has_its_own_folder),
        cmocka_unit_test(anchors_reach_over),
        cmocka_unit_test(a_program_without_a_spec_has_none),
    };
    return cmocka_run_group_tests_name("config/environment", tests, spec_setup, spec_teardown);
}
