/* dlt/settings.c: what a stored schema says is read, asked, and changed in dlt's form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/settings.h"
#include "dlt/store.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Reading ------------------------------------------------------------------------------- */

/* A catalog that has these settings only; not to be released. */
static int read_from(const char *settings, const char *normalizers, struct settings *out,
                     struct tg_error *err)
{
    char memory[2][2048];
    struct catalog catalog = {.name = "shop"};
    if (settings)
        catalog.settings_json = quoted(memory[0], sizeof(memory[0]), settings);
    if (normalizers)
        catalog.normalizers_json = quoted(memory[1], sizeof(memory[1]), normalizers);
    return settings_read(&catalog, out, err);
}

static void must_read(const char *settings, const char *normalizers, struct settings *out)
{
    struct tg_error err = {0};
    if (read_from(settings, normalizers, out, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static void detections(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *normalizers;
        unsigned bits;
    } cases[] = {
        {NULL, NULL, 0},
        {"{'detections': null}", NULL, 0},
        {"{'detections': ['iso_timestamp']}", NULL, DETECT_ISO_TIMESTAMP},
        {"{'detections': ['timestamp', 'iso_date', 'large_integer', 'hexbytes_to_text', "
         "'wei_to_double', 'of_the_future']}",
         NULL,
         DETECT_TIMESTAMP | DETECT_ISO_DATE | DETECT_LARGE_INTEGER | DETECT_HEXBYTES_TO_TEXT |
             DETECT_WEI_TO_DOUBLE},
        {"{'detections': []}", "{'detections': ['iso_date']}", DETECT_ISO_DATE},
        {"{'detections': ['timestamp']}", "{'detections': ['iso_date']}", DETECT_TIMESTAMP},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings settings;
        must_read(cases[i].settings, cases[i].normalizers, &settings);
        assert_int_equal(settings.detectors, cases[i].bits);
        settings_release(&settings);
    }
    assert_int_equal(detector_find("iso_date_", 8), DETECT_ISO_DATE);
    assert_int_equal(detector_find("iso", 3), 0);
}

static void preferred_types(void **state)
{
    (void)state;
    static const struct {
        const char *column;
        enum type type;
    } cases[] = {
        {"ts", TYPE_TIMESTAMP},       {"ts2", TYPE_NONE},
        {"tsx", TYPE_NONE},           {"created_at", TYPE_DATE},
        {"created_at2", TYPE_NONE},   {"my_id_x", TYPE_BIGINT},
        {"id_created_at", TYPE_DATE}, {"a.b", TYPE_JSON},
        {"axb", TYPE_NONE},           {"é9", TYPE_DOUBLE},
        {"n٣", TYPE_DOUBLE},          {"_x9", TYPE_NONE},
        {"Überall", TYPE_TEXT},       {"", TYPE_NONE},
    };
    struct settings settings;
    must_read("{'preferred_types': {'ts': 'timestamp', 're:_at$': 'date', 're:id_': 'bigint', "
              "'a.b': 'json', 're:^[^\\\\W_]\\\\d$': 'double', 're:(?i)^\\\\u00fcber': 'text'}}",
              NULL, &settings);
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum type type = TYPE_COUNT;
        assert_int_equal(settings_preferred_type(&settings, cases[i].column, &type, NULL), TG_OK);
        if (type != cases[i].type)
            fail_msg("'%s' is '%s'", cases[i].column, type_name(type));
    }
    settings_release(&settings);
}

static void default_hints(void **state)
{
    (void)state;
    struct settings settings;
    must_read("{'default_hints': {'not_null': ['_dlt_id', 're:^id'], 'unique': ['_dlt_id'], "
              "'row_key': ['_dlt_id'], 'primary_key': ['id'], 'merge_key': null, 'partition': "
              "['x'], 'nullable': ['id'], 'variant': ['id'], 'of_the_future': 7}}",
              NULL, &settings);
    struct table_column id = {.name = "_dlt_id", .nullable = true, .nullable_implied = true};
    assert_int_equal(settings_default_hints(&settings, &id, NULL), TG_OK);
    assert_true(id.unique && id.row_key && !id.nullable && !id.nullable_implied);
    assert_false(id.primary_key);
    struct table_column key = {.name = "id", .nullable = true, .nullable_implied = true};
    assert_int_equal(settings_default_hints(&settings, &key, NULL), TG_OK);
    assert_true(key.primary_key && !key.nullable);
    assert_false(key.unique || key.row_key || key.variant);
    struct table_column other = {.name = "an_id", .nullable = true, .nullable_implied = true};
    assert_int_equal(settings_default_hints(&settings, &other, NULL), TG_OK);
    assert_true(other.nullable && other.nullable_implied);
    settings_release(&settings);
}

static void normalizers(void **state)
{
    (void)state;
    struct settings settings;
    must_read(NULL, NULL, &settings);
    assert_int_equal(settings.naming, NAMING_SNAKE_CASE);
    assert_int_equal(settings.max_nesting, -1);
    assert_false(settings.whole_paths || settings.root_key);
    settings_release(&settings);
    settings_release(&settings);
    must_read("{'schema_contract': {'columns': 'freeze'}}",
              "{'names': 'dlt.common.normalizers.naming.direct', "
              "'use_break_path_on_normalize': false, 'json': {'module': 'relational', 'config': "
              "{'max_nesting': 2, 'root_key_propagation': true}}}",
              &settings);
    assert_int_equal(settings.naming, NAMING_DIRECT);
    assert_int_equal(settings.max_nesting, 2);
    assert_true(settings.whole_paths && settings.root_key);
    assert_int_equal(settings.contract.modes[CONTRACT_COLUMNS], CONTRACT_FREEZE);
    assert_int_equal(settings.contract.modes[CONTRACT_TABLES], CONTRACT_UNSAID);
    settings_release(&settings);
    must_read(NULL,
              "{'names': null, 'use_break_path_on_normalize': true, 'json': {'config': "
              "{'max_nesting': 99999999999, 'root_key_propagation': false, 'propagation': null}}}",
              &settings);
    assert_true(settings.max_nesting > 1000);
    assert_false(settings.root_key || settings.whole_paths);
    settings_release(&settings);
    must_read(NULL, "{'json': {'config': {'propagation': {'root': {'_dlt_id': '_dlt_root_id'}}}}}",
              &settings);
    assert_true(settings.root_key);
    settings_release(&settings);
    must_read(NULL, "{'json': {'config': {'propagation': {'root': {'_dlt_load_id': 'x'}}}}}",
              &settings);
    assert_false(settings.root_key);
    settings_release(&settings);
}

static void nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *normalizers, *what;
    } cases[] = {
        {"[]", NULL, "'settings' must be an object"},
        {"{", NULL, "'settings'"},
        {NULL, "7", "'normalizers' must be an object"},
        {"{'detections': 'iso_date'}", NULL, "'detections' must be a list"},
        {"{'detections': [1]}", NULL, "'detections' must be a text"},
        {"{'preferred_types': []}", NULL, "'preferred_types' must be an object"},
        {"{'preferred_types': {'a': null}}", NULL, "'a' must be a text"},
        {"{'preferred_types': {'a': 'int'}}", NULL, "the type 'int' of 'a'"},
        {"{'preferred_types': {'re:(a': 'text'}}", NULL, "'(a' is wrong"},
        {"{'default_hints': ['a']}", NULL, "'default_hints' must be an object"},
        {"{'default_hints': {'unique': 'a'}}", NULL, "'unique' must be a list"},
        {"{'default_hints': {'unique': [{}]}}", NULL, "'unique' must be a text"},
        {"{'default_hints': {'unique': ['a\\u0000b']}}", NULL, "NUL"},
        {"{'default_hints': {'unique': ['ok', 're:[z-a]']}}", NULL, "'[z-a]' is wrong"},
        {"{'schema_contract': 'thaw'}", NULL, "thaw"},
        {NULL, "{'names': 1}", "'names' must be a text"},
        {NULL, "{'names': 'my.snake_case'}", "'my.snake_case'"},
        {NULL, "{'use_break_path_on_normalize': 1}", "'use_break_path_on_normalize'"},
        {NULL, "{'json': []}", "'json' must be an object"},
        {NULL, "{'json': {'config': 1}}", "'config' must be an object"},
        {NULL, "{'json': {'config': {'max_nesting': -1}}}", "'max_nesting' must be"},
        {NULL, "{'json': {'config': {'root_key_propagation': 1}}}", "'root_key_propagation'"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings settings;
        struct tg_error err = {0};
        assert_int_equal(read_from(cases[i].settings, cases[i].normalizers, &settings, &err),
                         TG_DATA);
        if (!strstr(err.what, cases[i].what))
            fail_msg("'%s' instead of '%s'", err.what, cases[i].what);
        assert_non_null(strstr(err.where, "schema 'shop'"));
        settings_release(&settings);
    }
}

/* An expression that never ends is an error, not an answer. */
static void endless_expression(void **state)
{
    (void)state;
    struct settings settings;
    struct tg_error err = {0};
    enum type type;
    must_read("{'preferred_types': {'re:^(?:a+)+$(*COMMIT)|(?:(?:a|aa)+)+x': 'text'}}", NULL,
              &settings);
    assert_int_equal(
        settings_preferred_type(&settings, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaay",
                                &type, &err),
        TG_DATA);
    assert_non_null(strstr(err.what, "gave up on column 'aaa"));
    settings_release(&settings);
}

/* ---- Changing ------------------------------------------------------------------------------ */

static const char dlt_settings[] =
    "{\"detections\":[\"iso_timestamp\"],\"default_hints\":{\"not_null\":[\"_dlt_id\","
    "\"_dlt_root_id\",\"_dlt_parent_id\",\"_dlt_list_idx\",\"_dlt_load_id\"],\"parent_key\":["
    "\"_dlt_parent_id\"],\"root_key\":[\"_dlt_root_id\"],\"unique\":[\"_dlt_id\"],\"row_key\":["
    "\"_dlt_id\"]}}";

static void apply(struct catalog *catalog, const struct schema_hints *hints)
{
    struct tg_error err = {0};
    if (catalog_apply_settings(catalog, hints, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static void nothing_said(void **state)
{
    (void)state;
    struct catalog catalog;
    bool changed = true;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_string_equal(catalog.settings_json, dlt_settings);
    assert_int_equal(catalog_bump(&catalog, &changed, NULL), TG_OK);
    const char *settings = catalog.settings_json;
    const char *names = catalog.normalizers_json;
    apply(&catalog, &(struct schema_hints){.max_nesting = -1});
    apply(&catalog, &(struct schema_hints){.naming_said = true,
                                           .naming = NAMING_SNAKE_CASE,
                                           .detections = (const char *[]){"iso_timestamp"},
                                           .detection_count = 1,
                                           .default_hints =
                                               (struct schema_pattern[]){
                                                   {"unique", "_dlt_id"},
                                                   {"not_null", "re:^_dlt_load_id$"},
                                               },
                                           .default_hint_count = 2,
                                           .max_nesting = -1});
    assert_ptr_equal(catalog.settings_json, settings);
    assert_ptr_equal(catalog.normalizers_json, names);
    assert_int_equal(catalog_bump(&catalog, &changed, NULL), TG_OK);
    assert_false(changed);
    catalog.settings_json = NULL;
    catalog.normalizers_json = NULL;
    apply(&catalog, &(struct schema_hints){.max_nesting = -1});
    assert_null(catalog.settings_json);
    assert_null(catalog.normalizers_json);
    catalog_release(&catalog);
}

static const struct schema_hints everything = {
    .naming_said = true,
    .naming = NAMING_DUCK_CASE,
    .detections = (const char *[]){"timestamp", "iso_date", "timestamp"},
    .detection_count = 2,
    .preferred_types = (const struct schema_type[]){{"re:_at$", TYPE_TIMESTAMP}, {"Id", TYPE_TEXT}},
    .preferred_type_count = 2,
    .default_hints = (const struct schema_pattern[]){{"not_null", "re:^Name$"},
                                                     {"not_null", "Name"},
                                                     {"partition", "day"}},
    .default_hint_count = 3,
    .contract = {.modes = {CONTRACT_EVOLVE, CONTRACT_FREEZE, CONTRACT_UNSAID}},
    .max_nesting = 3,
    .root_key = true,
};

/* The forms that dlt's own setters leave in to_dict(). */
static void everything_said(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    for (int again = 0; again < 2; again++) {
        apply(&catalog, &everything);
        assert_string_equal(
            catalog.settings_json,
            "{\"detections\":[\"timestamp\",\"iso_date\"],\"default_hints\":{\"not_null\":["
            "\"_dlt_id\",\"_dlt_root_id\",\"_dlt_parent_id\",\"_dlt_list_idx\",\"_dlt_load_id\","
            "\"re:^Name$\"],\"parent_key\":[\"_dlt_parent_id\"],\"root_key\":[\"_dlt_root_id\"],"
            "\"unique\":[\"_dlt_id\"],\"row_key\":[\"_dlt_id\"],\"partition\":[\"day\"]},"
            "\"preferred_types\":{\"re:_at$\":\"timestamp\",\"Id\":\"text\"},"
            "\"schema_contract\":{\"tables\":\"evolve\",\"columns\":\"freeze\"}}");
        assert_string_equal(catalog.normalizers_json,
                            "{\"names\":\"duck_case\",\"json\":{\"module\":"
                            "\"dlt.common.normalizers.json.relational\",\"config\":{"
                            "\"max_nesting\":3,\"root_key_propagation\":true}}}");
    }
    struct settings settings;
    assert_int_equal(settings_read(&catalog, &settings, NULL), TG_OK);
    assert_int_equal(settings.naming, NAMING_DUCK_CASE);
    assert_int_equal(settings.detectors, DETECT_TIMESTAMP | DETECT_ISO_DATE);
    assert_true(settings.root_key && settings.max_nesting == 3);
    settings_release(&settings);
    catalog_release(&catalog);
}

static void said_again(void **state)
{
    (void)state;
    char json[512];
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    quoted(json, sizeof(json),
           "{'detections':[],'preferred_types':{'a':'text','b':'text'},"
           "'default_hints':null,'schema_contract':'freeze','own':1.0}");
    catalog.settings_json = json;
    apply(&catalog,
          &(struct schema_hints){
              .detections = (const char *[]){NULL},
              .preferred_types = (struct schema_type[]){{"re:^A$", TYPE_DATE}, {"C D", TYPE_JSON}},
              .preferred_type_count = 2,
              .default_hints = (struct schema_pattern[]){{"unique", "re:^CamelCase$"},
                                                         {"unique", "re:Camel.ase"},
                                                         {"unique", "a__bC"}},
              .default_hint_count = 3,
              .contract = {.modes = {CONTRACT_FREEZE, CONTRACT_FREEZE, CONTRACT_FREEZE}},
              .max_nesting = 0});
    assert_string_equal(
        catalog.settings_json,
        "{\"detections\":[],\"preferred_types\":{\"a\":\"date\",\"b\":\"text\",\"c_d\":\"json\"},"
        "\"default_hints\":{\"unique\":[\"re:^camel_case$\",\"re:Camel.ase\",\"a__b_c\"]},"
        "\"schema_contract\":\"freeze\",\"own\":1.0}");
    assert_non_null(strstr(catalog.normalizers_json, "\"max_nesting\":0"));
    catalog_release(&catalog);
}

/* Nothing is changed when something is wrong. */
static void refused(void **state)
{
    (void)state;
    const struct schema_hints cases[] = {
        {.max_nesting = 1, .detections = (const char *[]){"iso_time"}, .detection_count = 1},
        {.max_nesting = 1,
         .preferred_types = (const struct schema_type[]){{"re:a(", TYPE_TEXT}},
         .preferred_type_count = 1},
        {.max_nesting = 1,
         .default_hints = (const struct schema_pattern[]){{"unique", "re:*"}},
         .default_hint_count = 1},
        {.max_nesting = 1,
         .default_hints = (const struct schema_pattern[]){{"nullable", "a"}},
         .default_hint_count = 1},
    };
    static const char *const what[] = {"'iso_time'", "'a('", "'*'", "'nullable'"};
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    const char *names = catalog.normalizers_json;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tg_error err = {0};
        assert_int_equal(catalog_apply_settings(&catalog, &cases[i], &err), TG_SPEC);
        if (!strstr(err.what, what[i]))
            fail_msg("%s", err.what);
        assert_string_equal(catalog.settings_json, dlt_settings);
        assert_ptr_equal(catalog.normalizers_json, names);
    }
    struct tg_error err = {0};
    char json[64];
    catalog.settings_json = quoted(json, sizeof(json), "{'detections':{}}");
    assert_int_equal(
        catalog_apply_settings(&catalog, &(struct schema_hints){.max_nesting = -1}, &err), TG_DATA);
    catalog_release(&catalog);
}

static void naming_with_data(void **state)
{
    (void)state;
    const struct schema_hints hints = {
        .naming_said = true, .naming = NAMING_DIRECT, .max_nesting = -1};
    struct catalog catalog;
    struct table *table = NULL;
    struct tg_error err = {0};
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_int_equal(catalog_add(&catalog, "orders", NULL, &table, NULL), TG_OK);
    table->seen_data = true;
    assert_int_equal(catalog_apply_settings(&catalog, &hints, &err), TG_SPEC);
    assert_non_null(strstr(err.what, "naming 'direct'"));
    assert_non_null(strstr(err.what, "table 'orders'"));
    assert_non_null(strstr(err.what, "keep 'snake_case'"));
    apply(&catalog, &(struct schema_hints){.naming_said = true, .max_nesting = -1});
    table->seen_data = false;
    apply(&catalog, &hints); /* _dlt_pipeline_state has data, and the same name by all of them */
    assert_non_null(strstr(catalog.normalizers_json, "\"names\":\"direct\""));
    catalog_release(&catalog);
}

/* ---- Out of memory ------------------------------------------------------------------------- */

static int read_and_ask(void)
{
    struct settings settings;
    enum type type;
    int rc =
        read_from("{'detections': ['iso_date'], 'preferred_types': {'a': 'text', 're:_at$': "
                  "'timestamp'}, 'default_hints': {'unique': ['re:(a|b)+c', 'd']}, "
                  "'schema_contract': 'freeze'}",
                  "{'names': 'direct', 'json': {'config': {'max_nesting': 2}}}", &settings, NULL);
    if (rc != TG_OK)
        return rc;
    struct table_column column = {.name = "ababababc"};
    rc = settings_preferred_type(&settings, "created_at", &type, NULL);
    if (rc == TG_OK)
        rc = settings_default_hints(&settings, &column, NULL);
    settings_release(&settings);
    return rc;
}

static int apply_everything(void)
{
    struct catalog catalog;
    int rc = catalog_init(&catalog, "shop", NULL);
    if (rc != TG_OK)
        return rc;
    rc = catalog_apply_settings(&catalog, &everything, NULL);
    catalog_release(&catalog);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(read_and_ask);
    torture(apply_everything);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detections),       cmocka_unit_test(preferred_types),
        cmocka_unit_test(default_hints),    cmocka_unit_test(normalizers),
        cmocka_unit_test(nonsense),         cmocka_unit_test(endless_expression),
        cmocka_unit_test(nothing_said),     cmocka_unit_test(everything_said),
        cmocka_unit_test(said_again),       cmocka_unit_test(refused),
        cmocka_unit_test(naming_with_data), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("dlt/settings", tests, NULL, NULL);
}
