/* The schema's part of a configuration: its keys in a spec, its struct in C, contracts. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static const struct schema_config *read_schema(struct spec_file *spec, const char *lines)
{
    char text[1000];
    snprintf(text, sizeof(text), "%sschema:\n%s", SPEC_PERSON, lines);
    return &spec_good(spec, text)->schema_config;
}

static void what_is_not_said_is_known_as_such(void **state)
{
    struct spec_file *spec = *state;
    const struct schema_config *schema = &spec_good(spec, SPEC_PERSON)->schema_config;
    assert_false(schema->hints.naming_said);
    assert_int_equal(schema->hints.naming, NAMING_SNAKE_CASE);
    assert_null(schema->hints.detections);
    assert_int_equal(schema->hints.preferred_type_count, 0);
    assert_int_equal(schema->hints.default_hint_count, 0);
    assert_int_equal(schema->hints.max_nesting, -1);
    assert_false(schema->hints.root_key);
    assert_null(schema->import_path);
    assert_null(schema->export_path);
    for (int i = 0; i < CONTRACT_COUNT; i++) {
        assert_int_equal(schema->hints.contract.modes[i], CONTRACT_UNSAID);
        assert_int_equal(spec->config.run_contract.modes[i], CONTRACT_UNSAID);
    }
}

static void the_keys_are_read(void **state)
{
    struct spec_file *spec = *state;
    char path[400];
    const struct schema_config *schema =
        read_schema(spec, "  naming: sql_cs_v1\n"
                          "  detections: [timestamp, iso_date]\n"
                          "  preferred_types: {price: decimal, \"re:_at$\": timestamp}\n"
                          "  default_hints: {not_null: [id, \"re:^k_\"], unique: mail}\n"
                          "  import_schema_path: in\n"
                          "  export_schema_path: /out\n");
    const struct schema_hints *hints = &schema->hints;
    assert_true(hints->naming_said);
    assert_int_equal(hints->naming, NAMING_SQL_CS_V1);
    assert_int_equal(hints->detection_count, 2);
    assert_string_equal(hints->detections[1], "iso_date");
    assert_int_equal(hints->preferred_type_count, 2);
    assert_string_equal(hints->preferred_types[1].pattern, "re:_at$");
    assert_int_equal(hints->preferred_types[1].type, TYPE_TIMESTAMP);
    assert_int_equal(hints->default_hint_count, 3);
    assert_string_equal(hints->default_hints[1].hint, "not_null");
    assert_string_equal(hints->default_hints[1].pattern, "re:^k_");
    assert_string_equal(hints->default_hints[2].hint, "unique");
    assert_string_equal(hints->default_hints[2].pattern, "mail");
    snprintf(path, sizeof(path), "%s/in", spec->folder);
    assert_string_equal(schema->import_path, path);
    assert_string_equal(schema->export_path, "/out");
}

static void no_detection_is_an_empty_list(void **state)
{
    struct spec_file *spec = *state;
    const struct schema_hints *hints = &read_schema(spec, "  detections: []\n")->hints;
    assert_non_null(hints->detections);
    assert_int_equal(hints->detection_count, 0);
    hints = &read_schema(spec, "  detections: iso_date\n")->hints;
    assert_int_equal(hints->detection_count, 1);
}

static void wrong_ones_have_a_place(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *line, *place, *what;
    } cases[] = {
        {"  nameing: direct\n", "8:3",
         "unknown key 'nameing' in 'schema' of the spec; did you mean 'naming'?"},
        {"  naming: snakecase\n", "8:11",
         "'naming' is one of snake_case, direct, duck_case, sql_cs_v1, sql_ci_v1, "
         "unicode_snake_case, not 'snakecase'; "
         "did you mean 'snake_case'?"},
        {"  naming: [direct]\n", "8:3", "'naming' is a text, not a list"},
        {"  detections: [iso_dat]\n", "8:16",
         "'detections' is one of timestamp, iso_timestamp, iso_date, large_integer, "
         "hexbytes_to_text, wei_to_double, not 'iso_dat'; did you mean 'iso_date'?"},
        {"  detections: none\n", "8:15",
         "'detections' is one of timestamp, iso_timestamp, iso_date, large_integer, "
         "hexbytes_to_text, wei_to_double, not 'none'"},
        {"  detections: {a: b}\n", "8:3", "'detections' is a text, or a list of them, not a map"},
        {"  preferred_types: {a: bigit}\n", "8:24",
         "'a' is one of text, double, bool, timestamp, bigint, binary, json, decimal, wei, date, "
         "time, not 'bigit'; did you mean 'bigint'?"},
        {"  preferred_types: {a: [text]}\n", "8:21", "'a' is a text, not a list"},
        {"  preferred_types: {a: }\n", "8:21", "'a' has no value; give one, or leave the key out"},
        {"  preferred_types: text\n", "8:20", "'preferred_types' is a map, not 'text'"},
        {"  preferred_types: [a]\n", "8:3", "'preferred_types' is a map, not a list"},
        {"  preferred_types: {}\n", "8:3",
         "'preferred_types' is a map with some entries, not nothing"},
        {"  preferred_types: {\"re:\": text}\n", "8:21",
         "'re:' is no pattern; write a column's name, or re: and a regular expression"},
        {"  preferred_types: {\"re:a[\": text}\n", "8:21",
         "the regular expression 'a[' is wrong behind its first 2 bytes: missing terminating ] for "
         "character class"},
        {"  default_hints: {sort: ['re:*']}\n", "8:26",
         "the regular expression '*' is wrong behind its first 0 bytes: quantifier does not follow "
         "a repeatable item"},
        {"  default_hints: {not_nul: a}\n", "8:19",
         "unknown key 'not_nul' in 'default_hints' of 'schema' of the spec; did you mean "
         "'not_null'?"},
        {"  default_hints: {not_null: []}\n", "8:19",
         "'not_null' is a text, or a list of them, not an empty list"},
        {"  default_hints: {unique: [a, \"\"]}\n", "8:31",
         "'' is no pattern; write a column's name, or re: and a regular expression"},
        {"  import_schema_path: \"\"\n", "8:23", "'import_schema_path' is empty; name a folder"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400];
        snprintf(text, sizeof(text), "%sschema:\n%s", SPEC_PERSON, cases[i].line);
        spec_says(spec, text, cases[i].place, cases[i].what);
    }
}

static void the_words_are_those_there_are(void **state)
{
    (void)state;
    const char *naming = option_find(schema_options, "naming")->choices;
    for (int i = 0; i < NAMING_VERBATIM; i++) /* which nobody can ask for */
        assert_int_equal(option_choice(naming, naming_text((enum naming)i)), i);
    const char *detections = option_find(schema_options, "detections")->choices;
    for (size_t len; *detections; detections += len + (detections[len] == ' ')) {
        len = strcspn(detections, " ");
        assert_int_not_equal(detector_find(detections, len), 0);
    }
    const struct option *entity = contract_options;
    for (int i = 0; i < CONTRACT_COUNT; i++, entity++) {
        assert_string_equal(entity->name, contract_entity_text((enum contract_entity)i));
        for (int mode = CONTRACT_EVOLVE; mode <= CONTRACT_DISCARD_VALUE; mode++)
            assert_int_equal(
                option_choice(entity->choices, contract_mode_text((enum contract_mode)mode)),
                mode - CONTRACT_EVOLVE);
    }
    assert_null(entity->name);
}

/* ---- contracts ---- */

static void assert_contract(const struct contract *contract, int tables, int columns, int data_type)
{
    assert_int_equal(contract->modes[CONTRACT_TABLES], tables);
    assert_int_equal(contract->modes[CONTRACT_COLUMNS], columns);
    assert_int_equal(contract->modes[CONTRACT_DATA_TYPE], data_type);
}

static void an_only_source_speaks_for_the_schema(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config = spec_good(
        spec, "pipeline: a\ndestination: duckdb:///a.db\n"
              "source: {type: files, schema_contract: freeze, max_table_nesting: 2, "
              "root_key: true}\n"
              "resources:\n  b: {path: b}\n"
              "  c: {path: c, schema_contract: {columns: evolve}, max_table_nesting: 0}\n");
    const struct schema_hints *hints = &config->schema_config.hints;
    assert_contract(&hints->contract, CONTRACT_FREEZE, CONTRACT_FREEZE, CONTRACT_FREEZE);
    assert_int_equal(hints->max_nesting, 2);
    assert_true(hints->root_key);
    const struct resource *b = &config->resources[0], *c = &config->resources[1];
    assert_contract(&b->contract, CONTRACT_UNSAID, CONTRACT_UNSAID, CONTRACT_UNSAID);
    assert_int_equal(b->max_table_nesting, -1);
    assert_true(b->root_key);
    assert_contract(&c->contract, CONTRACT_UNSAID, CONTRACT_EVOLVE, CONTRACT_UNSAID);
    assert_int_equal(c->max_table_nesting, 0);
}

static void several_sources_speak_for_their_resources(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config = spec_good(
        spec,
        "pipeline: a\ndestination: duckdb:///a.db\nsources:\n"
        "  x: {type: files, schema_contract: {tables: freeze, columns: discard_row}, "
        "max_table_nesting: 2, root_key: true}\n"
        "  y: {type: files}\n"
        "resources:\n"
        "  b: {source: x, path: b, max_table_nesting: 1, schema_contract: {columns: evolve}}\n"
        "  c: {source: x, path: c}\n"
        "  d: {source: y, path: d, schema_contract: discard_value}\n");
    const struct resource *b = config->resources, *c = b + 1, *d = b + 2;
    assert_contract(&b->contract, CONTRACT_UNSAID, CONTRACT_EVOLVE, CONTRACT_UNSAID);
    assert_int_equal(b->max_table_nesting, 1);
    assert_contract(&c->contract, CONTRACT_FREEZE, CONTRACT_DISCARD_ROW, CONTRACT_UNSAID);
    assert_int_equal(c->max_table_nesting, 2);
    assert_true(c->root_key);
    assert_contract(&d->contract, CONTRACT_DISCARD_VALUE, CONTRACT_DISCARD_VALUE,
                    CONTRACT_DISCARD_VALUE);
    assert_int_equal(d->max_table_nesting, -1);
    assert_false(d->root_key);
    const struct schema_hints *hints = &config->schema_config.hints;
    assert_contract(&hints->contract, CONTRACT_UNSAID, CONTRACT_UNSAID, CONTRACT_UNSAID);
    assert_int_equal(hints->max_nesting, -1);
    assert_false(hints->root_key);
}

static void wrong_contracts_have_a_place(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, SPEC_PERSON "    schema_contract: freez\n", "7:22",
             "'schema_contract' is one of evolve, freeze, discard_row, discard_value, not 'freez'; "
             "did you mean 'freeze'?\n"
             "    schema_contract: freez\n"
             "                     ^~~~~");
    spec_says(spec, SPEC_PERSON "    schema_contract: {column: freeze}\n", "7:23",
              "unknown key 'column' in 'schema_contract' of resource 'person'; did you mean "
              "'columns'?");
    spec_says(spec, SPEC_PERSON "    schema_contract: {columns: yes}\n", "7:32",
              "'columns' is one of evolve, freeze, discard_row, discard_value, not 'yes'");
    spec_says(spec, SPEC_PERSON "    schema_contract: [freeze]\n", "7:5",
              "'schema_contract' is a map, not a list");
#define SOURCE(keys)                                                                               \
    "pipeline: a\ndestination: duckdb:///a.db\nsource: {type: files, " keys "}\n"                  \
    "resources: {a: {path: b}}\n"
    spec_says(spec, SOURCE("max_table_nesting: -1"), "3:42",
              "'max_table_nesting' is 0 or more, not -1");
    spec_says(spec, SOURCE("root_key: yes"), "3:33", "'root_key' is true or false, not 'yes'");
    spec_says(spec, SOURCE("root_keys: true"), "3:23",
              "unknown key 'root_keys' in source; did you mean 'root_key'?");
    spec_says(spec, SOURCE("schema_contract: evovle"), "3:40",
              "'schema_contract' is one of evolve, freeze, discard_row, discard_value, not "
              "'evovle'; did you mean 'evolve'?");
}

/* ---- names by the convention ---- */

static void names_go_by_the_convention(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config =
        spec_good(spec, "pipeline: MyShop_pipeline\ndestination: duckdb:///a.db\ndataset: My-Data\n"
                        "schema: {naming: direct}\nsource: {type: files}\nresources:\n"
                        "  UserEvents: {path: a}\n  user_events: {path: b}\n");
    assert_string_equal(config->schema, "my_shop"); /* always so */
    assert_string_equal(config->dataset, "My-Data");
    assert_string_equal(config->resources[0].table_key, "UserEvents");
    assert_string_equal(config->resources[1].table_key, "user_events");
    spec_says(spec,
              "pipeline: a\ndestination: duckdb:///a.db\nschema: {naming: direct}\n"
              "source: {type: files}\nresources:\n  Events: {path: a}\n  EVENTS: {path: b}\n",
              "7:3",
              "resource 'EVENTS': table 'EVENTS' is that of resource 'Events'; set another "
              "table_name");
    spec_says(spec,
              "pipeline: a\ndestination: duckdb:///a.db\nschema: {naming: direct}\n"
              "source: {type: files}\nresources:\n  _DLT_Loads: {path: a}\n",
              "6:3",
              "resource '_DLT_Loads': tables '_dlt_*' and '_tidegate_*' are the system's; set "
              "another table_name");
}

/* One that is said is the schema's, whatever the source is called. */
static void a_schema_has_a_name(void **state)
{
    struct spec_file *spec = *state;
    const struct config *config = spec_good(
        spec, "pipeline: shop\ndestination: duckdb:///a.db\nschema: {name: MyShop}\n"
              "sources:\n  api: {type: files}\nresources:\n  t: {source: api, path: a}\n");
    assert_string_equal(config->schema, "MyShop");
    assert_string_equal(config->resources[0].source, "api");
    config = spec_good(spec, "pipeline: shop\ndestination: duckdb:///a.db\n"
                             "sources:\n  api: {type: files}\nresources:\n"
                             "  t: {source: api, path: a}\n");
    assert_string_equal(config->schema, "api");
    spec_says(spec,
              "pipeline: shop\ndestination: duckdb:///a.db\nschema: {name: ''}\n"
              "source: {type: files}\nresources:\n  t: {path: a}\n",
              "3:16", "the schema's name is empty");
}

/* ---- from C ---- */

static int set(struct spec_file *spec, const struct tg_schema_options *schema)
{
    const struct tg_pipeline_options options = {
        .name = "shop", .destination = "duckdb:///s.duckdb", .schema = schema};
    config_release(&spec->config);
    spec->err = (struct tg_error){0};
    return config_init(&spec->config, &options, &spec->err);
}

static void options_are_copied(void **state)
{
    struct spec_file *spec = *state;
    char pattern[] = "re:_at$", type[] = "date", detections[] = " iso_date ,timestamp", in[] = "in";
    struct tg_preferred_type types[] = {{pattern, type}};
    const struct tg_schema_options options = {
        .naming = "duck_case",
        .detections = detections,
        .preferred_types = types,
        .preferred_type_count = 1,
        .contract = {.columns = TG_CONTRACT_DISCARD_VALUE},
        .max_table_nesting = TG_NO_NESTING,
        .root_key = true,
        .import_path = in,
        .export_path = "out",
    };
    if (set(spec, &options) != TG_OK)
        fail_msg("%s: %s", spec->err.where, spec->err.what);
    pattern[0] = type[0] = detections[1] = in[0] = 'X';
    memset(types, 0, sizeof(types));
    const struct schema_config *schema = &spec->config.schema_config;
    assert_true(schema->hints.naming_said);
    assert_int_equal(schema->hints.naming, NAMING_DUCK_CASE);
    assert_int_equal(schema->hints.detection_count, 2);
    assert_string_equal(schema->hints.detections[0], "iso_date");
    assert_string_equal(schema->hints.detections[1], "timestamp");
    assert_int_equal(schema->hints.preferred_type_count, 1);
    assert_string_equal(schema->hints.preferred_types[0].pattern, "re:_at$");
    assert_int_equal(schema->hints.preferred_types[0].type, TYPE_DATE);
    assert_contract(&schema->hints.contract, CONTRACT_UNSAID, CONTRACT_DISCARD_VALUE,
                    CONTRACT_UNSAID);
    assert_int_equal(schema->hints.max_nesting, 0);
    assert_true(schema->hints.root_key);
    assert_string_equal(schema->import_path, "in");
    assert_string_equal(schema->export_path, "out");
}

static void options_that_say_nothing_are_fine(void **state)
{
    struct spec_file *spec = *state;
    const struct tg_schema_options nothing = {.naming = NULL}, none = {.detections = ""};
    assert_int_equal(set(spec, &nothing), TG_OK);
    assert_false(spec->config.schema_config.hints.naming_said);
    assert_null(spec->config.schema_config.hints.detections);
    assert_int_equal(spec->config.schema_config.hints.max_nesting, -1);
    assert_string_equal(spec->config.schema, "shop");
    assert_int_equal(set(spec, &(struct tg_schema_options){.name = "NorthEast"}), TG_OK);
    assert_string_equal(spec->config.schema, "NorthEast");
    assert_int_equal(set(spec, NULL), TG_OK);
    assert_int_equal(spec->config.schema_config.hints.max_nesting, -1);
    assert_int_equal(set(spec, &none), TG_OK);
    assert_non_null(spec->config.schema_config.hints.detections);
    assert_int_equal(spec->config.schema_config.hints.detection_count, 0);
}

static void wrong_options_are_refused(void **state)
{
    struct spec_file *spec = *state;
    static const struct tg_preferred_type wrong_type = {"a", "txt"}, no_pattern = {NULL, "text"},
                                          no_type = {"a", NULL}, empty = {"re:", "text"},
                                          wrong = {"re:(a", "text"};
    static const struct {
        struct tg_schema_options options;
        const char *what;
    } cases[] = {
        {{.naming = "snakecase"},
         "'snakecase' is none of the words for 'naming' (snake_case direct duck_case sql_cs_v1 "
         "sql_ci_v1 unicode_snake_case); did you mean 'snake_case'?"},
        {{.detections = "iso_date, iso_dat"},
         "'iso_dat' is none of the words for 'detections' (timestamp iso_timestamp iso_date "
         "large_integer hexbytes_to_text wei_to_double); did you mean 'iso_date'?"},
        {{.preferred_type_count = 1}, "preferred_type_count is set, preferred_types is not"},
        {{.preferred_types = &wrong_type, .preferred_type_count = 1},
         "'txt' is none of the words for 'preferred_types' (text double bool timestamp bigint "
         "binary json decimal wei date time); did you mean 'text'?"},
        {{.preferred_types = &no_pattern, .preferred_type_count = 1},
         "preferred type 0 has no pattern"},
        {{.preferred_types = &empty, .preferred_type_count = 1},
         "'re:' is no pattern; write a column's name, or re: and a regular expression"},
        {{.preferred_types = &wrong, .preferred_type_count = 1},
         "the regular expression '(a' is wrong behind its first 2 bytes: missing closing "
         "parenthesis"},
        {{.preferred_types = &no_type, .preferred_type_count = 1},
         "preferred type 0 has no data_type"},
        {{.contract = {.tables = (enum tg_contract_mode)5}},
         "tables of struct tg_schema_contract is 5, which is none of its values; was the struct "
         "zeroed?"},
        {{.max_table_nesting = -2}, "max_table_nesting is a number of levels, or TG_NO_NESTING"},
        {{.import_path = ""}, "the path of a folder is empty; set it to NULL, or name one"},
        {{.export_path = ""}, "the path of a folder is empty; set it to NULL, or name one"},
        {{.name = ""}, "the name of schema '' is empty"},
        {{.name = "1st"}, "the name of schema '1st' begins with a digit"},
        {{.others = "a, b c"}, "the name of schema 'b c' may have letters, digits and '_' only"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(set(spec, &cases[i].options), TG_USAGE);
        assert_string_equal(spec->err.what, cases[i].what);
        assert_string_equal(spec->err.where, "schema options");
    }
}

static void a_run_has_a_contract_of_its_own(void **state)
{
    struct spec_file *spec = *state;
    struct tg_pipeline_options options = {
        .name = "shop",
        .destination = "duckdb:///s.duckdb",
        .schema_contract = {.tables = TG_CONTRACT_FREEZE, .data_type = TG_CONTRACT_DISCARD_ROW}};
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_OK);
    assert_contract(&spec->config.run_contract, CONTRACT_FREEZE, CONTRACT_UNSAID,
                    CONTRACT_DISCARD_ROW);
    spec_write(spec->path, SPEC_PERSON, strlen(SPEC_PERSON));
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_OK);
    assert_contract(&spec->config.run_contract, CONTRACT_FREEZE, CONTRACT_UNSAID,
                    CONTRACT_DISCARD_ROW);
    options.schema_contract.columns = (enum tg_contract_mode) - 1;
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_USAGE);
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_USAGE);
    assert_string_equal(
        spec->err.what,
        "columns of struct tg_schema_contract is -1, which is none of its values; was the struct "
        "zeroed?");
}

static void a_spec_has_a_schema_of_its_own(void **state)
{
    struct spec_file *spec = *state;
    const struct tg_schema_options schema = {.naming = NULL};
    const struct tg_pipeline_options options = {.schema = &schema};
    spec_write(spec->path, SPEC_PERSON, strlen(SPEC_PERSON));
    config_release(&spec->config);
    assert_int_equal(config_read(&spec->config, spec->path, &options, &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "`schema` of the options is for tg_pipeline_new; a spec says the same "
                        "under its key 'schema'");
}

static int set_tortured(void)
{
    struct config config;
    struct tg_error err = {0};
    static const struct tg_preferred_type types[] = {{"a", "text"}, {"re:b", "date"}};
    const struct tg_schema_options schema = {.naming = "direct",
                                             .detections = "iso_date, timestamp",
                                             .preferred_types = types,
                                             .preferred_type_count = 2,
                                             .import_path = "in",
                                             .export_path = "out"};
    const struct tg_pipeline_options options = {
        .name = "a", .destination = "duckdb:///shop.duckdb", .schema = &schema};
    int rc = config_init(&config, &options, &err);
    config_release(&config);
    return rc;
}

static void options_survive_torture(void **state)
{
    (void)state;
    torture(set_tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_known_as_such),
        cmocka_unit_test(the_keys_are_read),
        cmocka_unit_test(no_detection_is_an_empty_list),
        cmocka_unit_test(wrong_ones_have_a_place),
        cmocka_unit_test(the_words_are_those_there_are),
        cmocka_unit_test(an_only_source_speaks_for_the_schema),
        cmocka_unit_test(several_sources_speak_for_their_resources),
        cmocka_unit_test(wrong_contracts_have_a_place),
        cmocka_unit_test(names_go_by_the_convention),
        cmocka_unit_test(a_schema_has_a_name),
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(options_that_say_nothing_are_fine),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_run_has_a_contract_of_its_own),
        cmocka_unit_test(a_spec_has_a_schema_of_its_own),
        cmocka_unit_test(options_survive_torture),
    };
    return cmocka_run_group_tests_name("schema", tests, spec_setup, spec_teardown);
}
