/* The schema as YAML: what dlt writes is read, what is written reads as the same schema; what is
 * wrong with a text and where; what an imported text does to the catalog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/schema_yaml.h"
#include "tests/torture.h"

/* dlt 1.26 computes this hash of the schema, and of the one without processing hints. */
#define STORED_HASH "9O57GS2v3peqhQfPEYcdTYIpd5PFmxMXhdYXMSY8aFA="
#define BARE_HASH   "8ImyagPIvw3h/6jYDtjtg7sT9wpYm51OPR+mTw6tknI="

static const char stored[] =
    "{\"version\":2,\"version_hash\":\"9O57GS2v3peqhQfPEYcdTYIpd5PFmxMXhdYXMSY8aFA=\",\"engin"
    "e_version\":11,\"name\":\"shop\",\"tables\":{\"_dlt_version\":{\"name\":\"_dlt_version\""
    ",\"columns\":{\"version\":{\"name\":\"version\",\"data_type\":\"bigint\",\"nullable\":fa"
    "lse}},\"write_disposition\":\"skip\",\"resource\":\"_dlt_version\",\"description\":\"Cre"
    "ated by DLT. Tracks schema updates\"},\"_dlt_loads\":{\"name\":\"_dlt_loads\",\"columns"
    "\":{\"load_id\":{\"name\":\"load_id\",\"data_type\":\"text\",\"nullable\":false,\"precis"
    "ion\":64}},\"write_disposition\":\"skip\",\"resource\":\"_dlt_loads\",\"description\":\""
    "Created by DLT. Tracks completed loads\"},\"orders\":{\"name\":\"orders\",\"columns\":{"
    "\"at\":{\"name\":\"at\",\"data_type\":\"timestamp\",\"precision\":0,\"timezone\":false,"
    "\"description\":\"when: \\\"it\\\" was\"},\"price\":{\"name\":\"price\",\"data_type\":\""
    "decimal\",\"precision\":10,\"scale\":2,\"partition\":true},\"amount\":{\"name\":\"amount"
    "\",\"data_type\":\"decimal\",\"precision\":20,\"scale\":0,\"cluster\":true},\"region\":{"
    "\"name\":\"region\",\"data_type\":\"text\",\"precision\":64,\"cluster\":true,\"sort\":tr"
    "ue,\"unique\":false,\"x-own\":{\"a\":[1,2,{\"b\":null}],\"e\":[],\"o\":{}},\"description"
    "\":\"tab\\there and so on, with characters that only double quotes can hold, é, \\\\ and"
    " \\\" too\"},\"gone\":{\"name\":\"gone\",\"hard_delete\":true,\"description\":\"yes\"},"
    "\"id\":{\"name\":\"id\",\"data_type\":\"bigint\",\"nullable\":false,\"primary_key\":true"
    "},\"updated_at\":{\"name\":\"updated_at\",\"data_type\":\"timestamp\",\"nullable\":true,"
    "\"incremental\":true,\"x-note\":\"line one\\nline two, it's 'quoted' and long enough to "
    "be folded somewhere beyond the eightieth column\"},\"_dlt_id\":{\"name\":\"_dlt_id\",\"d"
    "ata_type\":\"text\",\"nullable\":false,\"unique\":true,\"row_key\":true}},\"x-merge-stra"
    "tegy\":\"delete-insert\",\"write_disposition\":\"merge\",\"schema_contract\":{\"columns"
    "\":\"freeze\",\"data_type\":\"discard_value\"},\"resource\":\"Orders\",\"references\":[{"
    "\"referenced_table\":\"customers\",\"columns\":[\"cust\"],\"referenced_columns\":[\"id\""
    "]}],\"description\":\"Orders: all \\\"of\\\" them\",\"x-team\":{\"n\":1},\"x-normalizer"
    "\":{\"evolve-columns-once\":true,\"seen-data\":true,\"other\":[1.5,1e+22]}},\"customers"
    "\":{\"name\":\"customers\",\"columns\":{\"id\":{\"name\":\"id\",\"data_type\":\"bigint\""
    ",\"nullable\":true},\"_dlt_id\":{\"name\":\"_dlt_id\",\"data_type\":\"text\",\"nullable"
    "\":false,\"unique\":true,\"row_key\":true}},\"write_disposition\":\"replace\",\"resource"
    "\":\"customers\",\"schema_contract\":{\"tables\":\"evolve\",\"columns\":\"evolve\",\"dat"
    "a_type\":\"evolve\"},\"x-normalizer\":{\"seen-data\":true}},\"hist\":{\"name\":\"hist\","
    "\"columns\":{\"_dlt_valid_to\":{\"name\":\"_dlt_valid_to\",\"data_type\":\"timestamp\","
    "\"nullable\":true,\"x-valid-to\":true,\"x-active-record-timestamp\":null},\"_dlt_id\":{"
    "\"name\":\"_dlt_id\",\"data_type\":\"text\",\"nullable\":false,\"x-row-version\":true,\""
    "unique\":false,\"row_key\":false}},\"x-merge-strategy\":\"scd2\",\"write_disposition\":"
    "\"merge\",\"resource\":\"hist\",\"x-normalizer\":{\"seen-data\":true}},\"orders__lines\""
    ":{\"name\":\"orders__lines\",\"columns\":{\"q\":{\"name\":\"q\",\"data_type\":\"bigint\""
    ",\"nullable\":true},\"_dlt_root_id\":{\"name\":\"_dlt_root_id\",\"data_type\":\"text\","
    "\"nullable\":false,\"root_key\":true}},\"parent\":\"orders\",\"x-normalizer\":{\"seen-da"
    "ta\":true}}},\"settings\":{\"detections\":[\"iso_timestamp\"],\"default_hints\":{\"not_n"
    "ull\":[\"_dlt_id\",\"_dlt_root_id\",\"_dlt_parent_id\",\"_dlt_list_idx\",\"_dlt_load_id"
    "\"],\"parent_key\":[\"_dlt_parent_id\"],\"root_key\":[\"_dlt_root_id\"],\"unique\":[\"_d"
    "lt_id\"],\"row_key\":[\"_dlt_id\"]},\"schema_contract\":{\"tables\":\"evolve\",\"columns"
    "\":\"discard_row\"},\"preferred_types\":{\"re:_at$\":\"timestamp\"}},\"normalizers\":{\""
    "names\":\"snake_case\",\"json\":{\"module\":\"dlt.common.normalizers.json.relational\","
    "\"config\":{\"max_nesting\":3,\"root_key_propagation\":true,\"propagation\":{\"tables\":"
    "{\"orders\":{\"_dlt_id\":\"_dlt_root_id\"},\"customers\":{\"_dlt_id\":\"_dlt_root_id\"},"
    "\"hist\":{\"_dlt_id\":\"_dlt_root_id\"}}}}}},\"previous_hashes\":[\"5+P4Ed7m9uHtn29aJK1h"
    "oGI+a4ZVWbrhGNTeeK5DJqw=\"],\"imported_version_hash\":\"kXSLT75Tjm/fELzFnb/7U/yGw+PTJGt9"
    "fAs7YMvmRh0=\"}";

/* As dlt 1.26 exports it. */
static const char exported[] =
    "version: 2\n"
    "version_hash: 9O57GS2v3peqhQfPEYcdTYIpd5PFmxMXhdYXMSY8aFA=\n"
    "engine_version: 11\n"
    "name: shop\n"
    "tables:\n"
    "  _dlt_version:\n"
    "    columns:\n"
    "      version:\n"
    "        data_type: bigint\n"
    "        nullable: false\n"
    "    write_disposition: skip\n"
    "    resource: _dlt_version\n"
    "    description: Created by DLT. Tracks schema updates\n"
    "  _dlt_loads:\n"
    "    columns:\n"
    "      load_id:\n"
    "        data_type: text\n"
    "        nullable: false\n"
    "        precision: 64\n"
    "    write_disposition: skip\n"
    "    resource: _dlt_loads\n"
    "    description: Created by DLT. Tracks completed loads\n"
    "  orders:\n"
    "    columns:\n"
    "      at:\n"
    "        data_type: timestamp\n"
    "        precision: 0\n"
    "        timezone: false\n"
    "        description: 'when: \"it\" was'\n"
    "      price:\n"
    "        data_type: decimal\n"
    "        precision: 10\n"
    "        scale: 2\n"
    "        partition: true\n"
    "      amount:\n"
    "        data_type: decimal\n"
    "        precision: 20\n"
    "        scale: 0\n"
    "        cluster: true\n"
    "      region:\n"
    "        data_type: text\n"
    "        precision: 64\n"
    "        cluster: true\n"
    "        sort: true\n"
    "        unique: false\n"
    "        x-own:\n"
    "          a:\n"
    "          - 1\n"
    "          - 2\n"
    "          - b: null\n"
    "          e: []\n"
    "          o: {}\n"
    "        description: \"tab\\there and so on, with characters that only double quotes\\\n"
    "          \\ can hold, é, \\\\ and \\\" too\"\n"
    "      gone:\n"
    "        hard_delete: true\n"
    "        description: 'yes'\n"
    "      id:\n"
    "        data_type: bigint\n"
    "        nullable: false\n"
    "        primary_key: true\n"
    "      updated_at:\n"
    "        data_type: timestamp\n"
    "        nullable: true\n"
    "        incremental: true\n"
    "        x-note: 'line one\n"
    "\n"
    "          line two, it''s ''quoted'' and long enough to be folded somewhere beyond\n"
    "          the eightieth column'\n"
    "      _dlt_id:\n"
    "        data_type: text\n"
    "        nullable: false\n"
    "        unique: true\n"
    "        row_key: true\n"
    "    x-merge-strategy: delete-insert\n"
    "    write_disposition: merge\n"
    "    schema_contract:\n"
    "      columns: freeze\n"
    "      data_type: discard_value\n"
    "    resource: Orders\n"
    "    references:\n"
    "    - referenced_table: customers\n"
    "      columns:\n"
    "      - cust\n"
    "      referenced_columns:\n"
    "      - id\n"
    "    description: 'Orders: all \"of\" them'\n"
    "    x-team:\n"
    "      n: 1\n"
    "    x-normalizer:\n"
    "      evolve-columns-once: true\n"
    "      seen-data: true\n"
    "      other:\n"
    "      - 1.5\n"
    "      - 1.0e+22\n"
    "  customers:\n"
    "    columns:\n"
    "      id:\n"
    "        data_type: bigint\n"
    "        nullable: true\n"
    "      _dlt_id:\n"
    "        data_type: text\n"
    "        nullable: false\n"
    "        unique: true\n"
    "        row_key: true\n"
    "    write_disposition: replace\n"
    "    resource: customers\n"
    "    schema_contract:\n"
    "      tables: evolve\n"
    "      columns: evolve\n"
    "      data_type: evolve\n"
    "    x-normalizer:\n"
    "      seen-data: true\n"
    "  hist:\n"
    "    columns:\n"
    "      _dlt_valid_to:\n"
    "        data_type: timestamp\n"
    "        nullable: true\n"
    "        x-valid-to: true\n"
    "        x-active-record-timestamp: null\n"
    "      _dlt_id:\n"
    "        data_type: text\n"
    "        nullable: false\n"
    "        x-row-version: true\n"
    "        unique: false\n"
    "        row_key: false\n"
    "    x-merge-strategy: scd2\n"
    "    write_disposition: merge\n"
    "    resource: hist\n"
    "    x-normalizer:\n"
    "      seen-data: true\n"
    "  orders__lines:\n"
    "    columns:\n"
    "      q:\n"
    "        data_type: bigint\n"
    "        nullable: true\n"
    "      _dlt_root_id:\n"
    "        data_type: text\n"
    "        nullable: false\n"
    "        root_key: true\n"
    "    parent: orders\n"
    "    x-normalizer:\n"
    "      seen-data: true\n"
    "settings:\n"
    "  detections:\n"
    "  - iso_timestamp\n"
    "  default_hints:\n"
    "    not_null:\n"
    "    - _dlt_id\n"
    "    - _dlt_root_id\n"
    "    - _dlt_parent_id\n"
    "    - _dlt_list_idx\n"
    "    - _dlt_load_id\n"
    "    parent_key:\n"
    "    - _dlt_parent_id\n"
    "    root_key:\n"
    "    - _dlt_root_id\n"
    "    unique:\n"
    "    - _dlt_id\n"
    "    row_key:\n"
    "    - _dlt_id\n"
    "  schema_contract:\n"
    "    tables: evolve\n"
    "    columns: discard_row\n"
    "  preferred_types:\n"
    "    re:_at$: timestamp\n"
    "normalizers:\n"
    "  names: snake_case\n"
    "  json:\n"
    "    module: dlt.common.normalizers.json.relational\n"
    "    config:\n"
    "      max_nesting: 3\n"
    "      root_key_propagation: true\n"
    "      propagation:\n"
    "        tables:\n"
    "          orders:\n"
    "            _dlt_id: _dlt_root_id\n"
    "          customers:\n"
    "            _dlt_id: _dlt_root_id\n"
    "          hist:\n"
    "            _dlt_id: _dlt_root_id\n"
    "previous_hashes:\n"
    "- 5+P4Ed7m9uHtn29aJK1hoGI+a4ZVWbrhGNTeeK5DJqw=\n";

static void must_read(struct catalog *catalog, const char *text)
{
    struct tg_error err = {0};
    if (catalog_read(catalog, text, strlen(text), &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static int read_yaml(struct catalog *catalog, const char *text, struct tg_error *err)
{
    return schema_yaml_read(text, strlen(text), "shop.yaml", catalog, err);
}

/* The stored form of what a text says. What was imported last is not in it. */
static void must_say_stored(const char *yaml)
{
    struct catalog catalog;
    struct buf json = BUF_INIT;
    struct tg_error err = {0};
    if (read_yaml(&catalog, yaml, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_string_equal(catalog.version_hash, STORED_HASH);
    assert_int_equal(catalog.version, 2);
    assert_int_equal(catalog_write(&catalog, &json, NULL), TG_OK);
    size_t same = (size_t)(strstr(stored, ",\"imported_version_hash\"") - stored);
    assert_int_equal(json.len, same + 1);
    assert_memory_equal(json.data, stored, same);
    buf_release(&json);
    catalog_release(&catalog);
}

static void test_read(void **state)
{
    (void)state;
    must_say_stored(exported);
}

/* Some of it as people see it: texts in quotes, lists of maps, nothing that is empty or twice. */
static const char *const written[] = {
    "version: 2\nversion_hash: \"9O57GS2v3peqhQfPEYcdTYIpd5PFmxMXhdYXMSY8aFA=\"\nengine_version: "
    "11\n"
    "name: shop\ntables:\n  _dlt_version:\n    columns:\n      version:\n        data_type: "
    "bigint\n"
    "        nullable: false\n    write_disposition: skip\n    resource: _dlt_version\n"
    "    description: Created by DLT. Tracks schema updates\n",
    "        x-own:\n          a:\n            - 1\n            - 2\n            - b: null\n"
    "          e: []\n          o: {}\n        description: \"tab\\u0009here and so on",
    "        description: \"yes\"\n",
    "    references:\n      - referenced_table: customers\n        columns:\n          - cust\n",
    "      other:\n        - 1.5\n        - 1.0e+22\n",
    "    \"re:_at$\": timestamp\n",
    "        x-note: \"line one\\nline two, it's 'quoted' and long enough to be folded somewhere "
    "beyond",
};

static void test_write(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    bool changed = true;
    must_read(&catalog, stored);
    assert_int_equal(catalog_bump(&catalog, &changed, NULL), TG_OK);
    assert_false(changed);
    assert_string_equal(catalog.version_hash, STORED_HASH);
    assert_int_equal(schema_yaml_write(&catalog, &out, NULL), TG_OK);
    assert_null(strstr(buf_string(&out), "imported_version_hash"));
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
        if (!strstr(buf_string(&out), written[i]))
            fail_msg("not written: %s\nin: %s", written[i], buf_string(&out));
    must_say_stored(buf_string(&out));
    buf_release(&out);
    catalog_release(&catalog);
}

/* A key that readers do not look to the end of for its colon. */
static void test_long_key(void **state)
{
    (void)state;
    struct catalog catalog, again;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    char text[3000];
    snprintf(text, sizeof(text),
             "engine_version: 11\nname: s\ntables:\n  _dlt_version:\n    columns: {}\n"
             "  _dlt_loads:\n    columns: {}\n    x-d:\n    - ? %01200d a\n      : b: 1\n",
             0);
    if (read_yaml(&catalog, text, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(schema_yaml_write(&catalog, &out, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&out), "? \"000"));
    assert_int_equal(read_yaml(&again, buf_string(&out), &err), TG_OK);
    assert_string_equal(again.version_hash, catalog.version_hash);
    buf_release(&out);
    catalog_release(&again);
    catalog_release(&catalog);
}

/* A schema around one description. */
static int read_description(const char *scalar, struct catalog *catalog, struct tg_error *err)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "engine_version: 11\nname: s\ntables:\n  _dlt_version:\n    columns: {}\n"
             "  _dlt_loads:\n    columns: {}\n    x-d: %s\n",
             scalar);
    return read_yaml(catalog, text, err);
}

struct scalar {
    const char *yaml, *json;
};

static const struct scalar scalars[] = {
    {"yes", "true"},
    {"Off", "false"},
    {"on", "true"},
    {"y", "\"y\""},
    {"~", "null"},
    {"", "null"},
    {"+1_000", "1000"},
    {"-0", "-0"},
    {"007.50", "7.50"},
    {".5", "0.5"},
    {"5.", "5.0"},
    {"1.e+3", "1.0e+3"},
    {"1e3", "\"1e3\""},
    {"!!str 5", "\"5\""},
    {"'5'", "\"5\""},
    {"'it''s '''' a'", "\"it's '' a\""},
    {"'a  \n\n      b'", "\"a\\nb\""},
    {"\"a\\\\\\\n      b\"", "\"a\\\\b\""},
    {"\"a \\\n     \\  b\"", "\"a   b\""},
    {"\"\\x41\\u00e9\\U0001F600\\t\\e\\/\"", "\"Aé😀\\t\\u001b/\""},
    {"a\n      b", "\"a b\""},
    {"|\n      a\n      b", "\"a\\nb\\n\""},
    {"[a, {b: c}, []]", "[\"a\",{\"b\":\"c\"},[]]"},
    {"&x [1]\n    x-e: *x", "[1]"},
};

static void test_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        struct catalog catalog;
        struct tg_error err = {0};
        if (read_description(scalars[i].yaml, &catalog, &err) != TG_OK)
            fail_msg("%s: %s: %s", scalars[i].yaml, err.where, err.what);
        const struct table *table = catalog_find(&catalog, "_dlt_loads");
        const char *json = extra_find(table->extras, "x-d");
        if (strcmp(json, scalars[i].json) != 0 &&
            strtod(json, NULL) != strtod(scalars[i].json, NULL))
            fail_msg("%s: %s instead of %s", scalars[i].yaml, json, scalars[i].json);
        catalog_release(&catalog);
    }
}

/* Texts that would read as something else, or not at all, without quotes. */
static void test_quotes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"yes\"",     "\"1\"",
        "\"0x1f\"",    "\"2024-01-01\"",
        "\"\"",        "\" a\"",
        "\"a: b\"",    "\"a #b\"",
        "\"- a\"",     "\"---\"",
        "\"<<\"",      "\"it's\"",
        "\"\\u0007\"", "\"a\\nb\"",
        "\"\\\\\"",    "\"a \\n b\"",
        "\"1:30\"",    "\"'\"",
        "\"@\"",       "\"\\u2028\"",
        "\"a\\n\"",    "\"\\u007f\\u0085\\ufeff\"",
        "\"a b, c\"",  "\"a '\"",
        "\"NO\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct catalog catalog;
        struct catalog again;
        struct tg_error err = {0};
        struct buf out = BUF_INIT;
        assert_int_equal(read_description(texts[i], &catalog, &err), TG_OK);
        assert_int_equal(schema_yaml_write(&catalog, &out, &err), TG_OK);
        if (read_yaml(&again, buf_string(&out), &err) != TG_OK)
            fail_msg("%s: %s: %s", texts[i], err.where, err.what);
        assert_string_equal(again.version_hash, catalog.version_hash);
        buf_release(&out);
        catalog_release(&again);
        catalog_release(&catalog);
    }
}

struct refusal {
    const char *text, *where, *what;
};

static const struct refusal refusals[] = {
    {"", "shop.yaml:1:1", "it is no schema: a mapping with name, tables... is expected"},
    {"- a", "shop.yaml:1:1", "it is no schema: a mapping with name, tables... is expected"},
    {"a: 1\n---\nb: 1\n", "shop.yaml:1:1", "there is more than one document in it"},
    {"a: 1\nb: \xC3\x28\n", "shop.yaml:2:4", "no UTF-8 text: save the file as UTF-8"},
    {"a: 1\nb: 2024-01-01\n", "shop.yaml:2:4",
     "neither a text nor a plain number: put it into quotes"},
    {"a: !!int 5\n", "shop.yaml:1:10", "tags have no meaning here: leave it out"},
    {"a: &x {b: *x}\n", "shop.yaml:1:1", "too deep or too large; are aliases in a circle?"},
    {"a: *x\n", "shop.yaml:1:5", "alias of an anchor that is not there"},
    {"a: {<<: {b: 1}}\n", "shop.yaml:1:5", "merge keys are not known here: write it out"},
    {"[a]: 1\n", "shop.yaml:1:1", "a key must be a text"},
    {"engine_version: 11\nname: s\ntables: {}\n", "shop.yaml",
     "it has no table '_dlt_version': begin with an exported schema"},
    {"engine_version: 11\nname: s\ntables:\n  t:\n    columns:\n      c:\n        data_type: int\n",
     "shop.yaml, table 't', column 'c'", "data_type 'int' is not one of dlt's"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct catalog catalog;
        struct tg_error err = {0};
        assert_int_equal(read_yaml(&catalog, refusals[i].text, &err), TG_SPEC);
        assert_int_equal(err.code, TG_SPEC);
        assert_string_equal(err.what, refusals[i].what);
        assert_string_equal(err.where, refusals[i].where);
        assert_null(catalog.name);
    }
    struct catalog catalog;
    struct tg_error err = {0};
    assert_int_equal(read_yaml(&catalog, "a: 1\nb: [2\n", &err), TG_SPEC);
    assert_string_equal(err.where, "shop.yaml:3:1");
    assert_string_equal(err.what, "flow sequence without a closing bracket");
}

static bool import(struct catalog *catalog, const char *yaml)
{
    bool changed = false;
    struct tg_error err = {0};
    if (catalog_import(catalog, yaml, strlen(yaml), "shop.yaml", &changed, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    return changed;
}

/* Written once, then read again: nothing happens until somebody changes it. */
static void test_start(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    bool changed = true;
    must_read(&catalog, stored);
    assert_int_equal(schema_yaml_start(&catalog, &out, NULL), TG_OK);
    assert_string_equal(extra_find(catalog.extras, "imported_version_hash"), "\"" BARE_HASH "\"");
    assert_null(strstr(buf_string(&out), "x-normalizer"));
    assert_int_equal(catalog_bump(&catalog, &changed, NULL), TG_OK);
    assert_false(changed);
    assert_false(import(&catalog, buf_string(&out)));
    assert_true(catalog_find(&catalog, "orders")->seen_data);
    char *unit = strstr(out.data, "scale: 2");
    assert_non_null(unit);
    unit[7] = '3';
    assert_true(import(&catalog, buf_string(&out)));
    assert_false(import(&catalog, buf_string(&out)));
    const struct table *table = catalog_find(&catalog, "orders");
    assert_false(table->seen_data);
    assert_int_equal(table_find(table, "price")->spec.scale, 3);
    assert_int_equal(catalog.version, 4); /* 2, without hints 3, changed 4 */
    assert_string_equal(catalog.previous_hashes[0], BARE_HASH);
    assert_string_equal(catalog.previous_hashes[1], STORED_HASH);
    buf_release(&out);
    catalog_release(&catalog);
}

static void test_import(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    bool changed = true;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_true(import(&catalog, exported));
    assert_string_equal(catalog.version_hash, STORED_HASH);
    assert_int_equal(catalog.previous_count, 1); /* what the text has: nothing was stored before */
    assert_int_equal(catalog_import(&catalog, "a: [", 4, "shop.yaml", &changed, &err), TG_SPEC);
    assert_false(changed);
    assert_string_equal(catalog.version_hash, STORED_HASH);
    catalog_release(&catalog);
    assert_int_equal(catalog_init(&catalog, "other", NULL), TG_OK);
    assert_int_equal(
        catalog_import(&catalog, exported, strlen(exported), "shop.yaml", &changed, &err), TG_SPEC);
    assert_string_equal(err.what, "it is the schema 'shop', the pipeline's is 'other'");
    assert_string_equal(err.where, "shop.yaml");
    assert_string_equal(catalog.name, "other");
    catalog_release(&catalog);
}

static int all(void)
{
    struct catalog catalog = {0};
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    bool changed = false;
    int rc = TG_OK;
    TRY(catalog_read(&catalog, stored, strlen(stored), &err));
    TRY(schema_yaml_start(&catalog, &out, &err));
    TRY(catalog_import(&catalog, exported, strlen(exported), "shop.yaml", &changed, &err));
done:
    buf_release(&out);
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),     cmocka_unit_test(test_write),
        cmocka_unit_test(test_long_key), cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_quotes),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_start),    cmocka_unit_test(test_import),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/schema_yaml", tests, NULL, NULL);
}
