/* dlt's stored schema comes in: every field in its place, the rest kept, nonsense refused with its
 * place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/store.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int read_text(struct catalog *catalog, const char *text, struct tg_error *err)
{
    char json[4096];
    quoted(json, sizeof(json), text);
    return catalog_read(catalog, json, strlen(json), err);
}

static void must_read(struct catalog *catalog, const char *text)
{
    struct tg_error err = {0};
    if (read_text(catalog, text, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static const char shop[] =
    "{'name': 'shop', 'version': 7, 'version_hash': 'abc', 'previous_hashes': ['b', 'a'],"
    " 'engine_version': 11, 'description': 'words', 'settings': {'detections': []},"
    " 'normalizers': {'names': 'snake_case', 'json': {'module': 'relational', 'config': null}},"
    " 'tables': {"
    "  'orders__lines': {'name': 'ignored', 'parent': 'orders', 'columns': {}},"
    "  'orders': {'resource': 'r', 'write_disposition': 'merge', 'x-merge-strategy': 'upsert',"
    "   'x-normalizer': {'seen-data': true, 'other': [1], 'max_nesting': 2}, 'file_format': 'csv',"
    "   'columns': {"
    "    'price': {'data_type': 'decimal', 'precision': 10},"
    "    'whole': {'data_type': 'decimal', 'precision': 20, 'scale': 0, 'nullable': true},"
    "    'at': {'data_type': 'timestamp', 'timezone': false, 'nullable': false},"
    "    'zoned': {'data_type': 'timestamp', 'timezone': true},"
    "    'open': {'nullable': null, 'primary_key': true, 'merge_key': false},"
    "    'all': {'data_type': 'text', 'primary_key': true, 'merge_key': true, 'unique': true,"
    "     'row_key': true, 'parent_key': true, 'root_key': true, 'hard_delete': true,"
    "     'variant': true, 'incremental': true, 'dedup_sort': 'asc', 'x-own': {'a': 1}}}},"
    "  'bare': {'columns': {}}}}";

static void test_columns(const struct table *table)
{
    assert_int_equal(table->column_count, 6);
    const struct table_column *column = &table->columns[0];
    assert_string_equal(column->name, "price");
    assert_int_equal(column->spec.type, TYPE_DECIMAL);
    assert_int_equal(column->spec.precision, 10);
    assert_int_equal(column->spec.scale, DECIMAL_SCALE);
    assert_true(column->scale_implied && column->nullable && column->nullable_implied);
    column = &table->columns[1];
    assert_int_equal(column->spec.scale, 0);
    assert_false(column->scale_implied || column->nullable_implied);
    column = &table->columns[2];
    assert_true(column->spec.naive && column->has_timezone && !column->nullable);
    column = &table->columns[3];
    assert_true(!column->spec.naive && column->has_timezone);
    column = &table->columns[4];
    assert_int_equal(column->spec.type, TYPE_NONE);
    assert_true(column->nullable && column->primary_key && !column->merge_key);
    column = &table->columns[5];
    assert_true(column->primary_key && column->merge_key && column->unique && column->row_key);
    assert_true(column->parent_key && column->root_key && column->hard_delete);
    assert_true(column->variant && column->incremental);
    assert_string_equal(column->dedup_sort, "asc");
    assert_string_equal(column->extras->key, "x-own");
    assert_string_equal(column->extras->json, "{\"a\":1}");
    assert_null(column->extras->next);
}

static void test_fields(void **state)
{
    (void)state;
    struct catalog catalog;
    must_read(&catalog, shop);
    assert_string_equal(catalog.name, "shop");
    assert_int_equal(catalog.version, 7);
    assert_string_equal(catalog.version_hash, "abc");
    assert_int_equal(catalog.previous_count, 2);
    assert_string_equal(catalog.previous_hashes[1], "a");
    assert_string_equal(catalog.settings_json, "{\"detections\":[]}");
    assert_string_equal(catalog.extras->key, "description");
    assert_string_equal(catalog.extras->json, "\"words\"");
    assert_int_equal(catalog.table_count, 3);
    const struct table *table = catalog.tables[0];
    assert_string_equal(table->name, "orders__lines");
    assert_string_equal(table->parent, "orders");
    assert_null(table->resource);
    assert_int_equal(table->disposition, DISPOSITION_NONE);
    assert_false(table->seen_data);
    table = catalog.tables[1];
    assert_string_equal(table->resource, "r");
    assert_int_equal(table->disposition, DISPOSITION_MERGE);
    assert_string_equal(table->merge_strategy, "upsert");
    assert_true(table->seen_data);
    assert_int_equal(table->max_nesting, 2);
    test_columns(table);
    table = catalog.tables[2];
    assert_string_equal(table->resource, "bare");
    assert_int_equal(table->disposition, DISPOSITION_APPEND);
    assert_int_equal(table->max_nesting, -1);
    catalog_release(&catalog);
}

/* dlt's own migration of this text has the hash that is asked for here. */
static void test_engine_9(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    bool changed = false;
    must_read(&catalog,
              "{'name': 'old', 'version': 5, 'version_hash': 'h', 'previous_hashes': [],"
              " 'engine_version': 9, 'settings': {'preferred_types': {'re:x': 'complex'},"
              "  'default_hints': {'foreign_key': ['_dlt_parent_id'], 'unique': ['_dlt_id']}},"
              " 'normalizers': {'names': 'snake_case', 'json': {"
              "  'module': 'dlt.common.normalizers.json.relational',"
              "  'config': {'generate_dlt_id': true}}},"
              " 'tables': {"
              "  't': {'name': 't', 'resource': 't', 'write_disposition': 'append', 'columns': {"
              "   'c': {'name': 'c', 'data_type': 'complex', 'nullable': true},"
              "   '_dlt_id': {'name': '_dlt_id', 'data_type': 'text', 'nullable': false,"
              "    'unique': true}}},"
              "  't__k': {'name': 't__k', 'parent': 't', 'columns': {"
              "   '_dlt_parent_id': {'name': '_dlt_parent_id', 'data_type': 'text',"
              "    'nullable': false, 'foreign_key': true}}}}}");
    assert_int_equal(catalog.engine_version, 11);
    assert_int_equal(catalog.tables[0]->columns[0].spec.type, TYPE_JSON);
    assert_true(catalog.tables[0]->columns[1].row_key);
    assert_true(catalog.tables[1]->columns[0].parent_key);
    assert_null(catalog.tables[1]->columns[0].extras);
    assert_int_equal(catalog_bump(&catalog, &changed, &err), TG_OK);
    assert_true(changed);
    assert_int_equal(catalog.version, 6);
    assert_string_equal(catalog.version_hash, "hJJHdR8uUUkOqsdsulPbo8cKIjWCXNM7XOkSppxdOps=");
    assert_string_equal(catalog.previous_hashes[0], "h");
    catalog_release(&catalog);
}

struct refusal {
    const char *text;
    const char *where;
    const char *what;
};

#define SCHEMA(rest) "{'name': 's', 'engine_version': 11, " rest "}"
#define TABLE(rest)  SCHEMA("'tables': {'t': {'columns': {}, " rest "}}")
#define COLUMN(rest) SCHEMA("'tables': {'t': {'columns': {'c': {" rest "}}}}")

#define WHOLE     "the stored schema"
#define IN_TABLE  "the stored schema, table 't'"
#define IN_COLUMN "the stored schema, table 't', column 'c'"

static const struct refusal refusals[] = {
    {"", WHOLE, "it is not JSON: it is empty"},
    {"[]", WHOLE, "it is not a JSON object"},
    {"{}", WHOLE, "it has engine_version 0, only 9 to 11 can be read: open it once with dlt 1.26"},
    {"{'engine_version': 12}", WHOLE,
     "it has engine_version 12, only 9 to 11 can be read: open it once with dlt 1.26"},
    {"{'engine_version': 11, 'tables': {}}", WHOLE, "it has no 'name'"},
    {"{'engine_version': 11, 'name': 5, 'tables': {}}", WHOLE, "'name' must be a text, it is uint"},
    {SCHEMA("'tables': []"), WHOLE, "'tables' must be an object"},
    {SCHEMA("'x': 1"), WHOLE, "'tables' must be an object"},
    {SCHEMA("'version': -1"), WHOLE, "'version' must be a whole number, zero or more, it is sint"},
    {SCHEMA("'version': 18446744073709551615"), WHOLE,
     "'version' is 18446744073709551615, which is too large"},
    {SCHEMA("'version_hash': 1"), WHOLE, "'version_hash' must be a text, it is uint"},
    {SCHEMA("'previous_hashes': {}"), WHOLE, "'previous_hashes' must be a list, it is object"},
    {SCHEMA("'previous_hashes': [1]"), WHOLE, "'previous_hashes' must be a text, it is uint"},
    {SCHEMA("'settings': 1"), WHOLE, "'settings' must be an object, it is uint"},
    {SCHEMA("'normalizers': 1"), WHOLE, "'normalizers' must be an object, it is uint"},
    {SCHEMA("'normalizers': {'names': 'mine'}"), WHOLE,
     "its names follow 'mine', only snake_case, direct, duck_case, sql_cs_v1 and sql_ci_v1 can be "
     "continued"},
    {TABLE("'schema_contract': 'thaw'"), IN_TABLE,
     "'schema_contract' is 'thaw', which is none of evolve, freeze, discard_row, discard_value"},
    {SCHEMA("'normalizers': {'json': {'module': 'mine'}}"), WHOLE,
     "its rows are made by 'mine', only 'relational' can be continued"},
    {SCHEMA("'normalizers': {'json': {'config': {'propagation': []}}}"), WHOLE,
     "'propagation' must be an object, it is array"},
    {SCHEMA("'tables': {'': {}}"), WHOLE, "'a table name' is empty or holds a NUL character"},
    {SCHEMA("'tables': {'a\\u0000b': {}}"), WHOLE,
     "'a table name' is empty or holds a NUL character"},
    {SCHEMA("'tables': {'a': {'columns': {}}, 'a': {}}"), WHOLE, "table 'a' is there twice"},
    {SCHEMA("'tables': {'t': 1}"), IN_TABLE, "it must be an object, it is uint"},
    {SCHEMA("'tables': {'t': {}}"), IN_TABLE, "it has no 'columns'"},
    {SCHEMA("'tables': {'t': {'columns': 1}}"), IN_TABLE, "'columns' must be an object"},
    {SCHEMA("'tables': {'t': {'columns': {'c': {}, 'c': {}}}}"), IN_TABLE,
     "column 'c' is there twice"},
    {TABLE("'parent': 1"), IN_TABLE, "'parent' must be a text, it is uint"},
    {TABLE("'parent': 'no'"), WHOLE, "table 't' is nested in 'no', which is not there"},
    {TABLE("'parent': 't'"), WHOLE, "table 't' is nested in itself"},
    {TABLE("'write_disposition': 'upsert'"), IN_TABLE,
     "write_disposition 'upsert' is none of append, replace, merge, skip"},
    {TABLE("'write_disposition': []"), IN_TABLE, "'write_disposition' must be a text, it is array"},
    {TABLE("'x-normalizer': 1"), IN_TABLE, "'x-normalizer' must be an object, it is uint"},
    {TABLE("'x-normalizer': {'seen-data': 1}"), IN_TABLE,
     "'seen-data' must be true or false, it is uint"},
    {TABLE("'x-normalizer': {'max_nesting': 'x'}"), IN_TABLE,
     "'max_nesting' must be a whole number, zero or more, it is string"},
    {SCHEMA("'tables': {'t': {'columns': {'c': 1}}}"), IN_COLUMN,
     "it must be an object, it is uint"},
    {COLUMN("'data_type': 'complex'"), IN_COLUMN, "data_type 'complex' is not one of dlt's"},
    {COLUMN("'data_type': 1"), IN_COLUMN, "'data_type' must be a text, it is uint"},
    {COLUMN("'nullable': 'yes'"), IN_COLUMN, "'nullable' must be true or false, it is string"},
    {COLUMN("'precision': 1.5"), IN_COLUMN,
     "'precision' must be a whole number, zero or more, it is real"},
    {COLUMN("'scale': 4294967296"), IN_COLUMN, "'scale' is 4294967296, which is too large"},
    {COLUMN("'timezone': 1"), IN_COLUMN, "'timezone' must be true or false, it is uint"},
    {COLUMN("'dedup_sort': 'up'"), IN_COLUMN, "'dedup_sort' must be 'asc' or 'desc'"},
    {COLUMN("'row_key': 'x'"), IN_COLUMN, "'row_key' must be true or false, it is string"},
    {COLUMN("'a\\u0000b': 1"), IN_COLUMN, "'a key' is empty or holds a NUL character"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct catalog catalog;
        struct tg_error err = {0};
        assert_int_equal(read_text(&catalog, refusals[i].text, &err), TG_DATA);
        assert_string_equal(err.what, refusals[i].what);
        assert_string_equal(err.where, refusals[i].where);
        catalog_release(&catalog); /* nothing is left, and that is fine */
    }
}

static void test_parents_in_a_circle(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    assert_int_equal(read_text(&catalog,
                               SCHEMA("'tables': {'a': {'parent': 'b', 'columns': {}},"
                                      "'b': {'parent': 'a', 'columns': {}}}"),
                               &err),
                     TG_DATA);
    assert_string_equal(err.what, "table 'a' is nested in itself");
}

static void test_many_previous_hashes(void **state)
{
    (void)state;
    struct catalog catalog;
    must_read(&catalog, SCHEMA("'previous_hashes': ['1', '2', '3', '4', '5', '6', '7', '8', '9',"
                               "'10', '11'], 'tables': {}"));
    assert_int_equal(catalog.previous_count, 10);
    assert_string_equal(catalog.previous_hashes[9], "10");
    catalog_release(&catalog);
}

static void test_namings(void **state)
{
    (void)state;
    static const char *const names[] = {"snake_case", "direct", "duck_case", "sql_cs_v1",
                                        "dlt.common.normalizers.naming.sql_ci_v1"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct catalog catalog;
        char text[256];
        snprintf(text, sizeof(text), SCHEMA("'normalizers': {'names': '%s'}, 'tables': {}"),
                 names[i]);
        must_read(&catalog, text);
        catalog_release(&catalog);
    }
}

static void test_contracts(void **state)
{
    (void)state;
    struct catalog catalog;
    must_read(&catalog, TABLE("'schema_contract': {'columns': 'freeze'},"
                              "'x-normalizer': {'evolve-columns-once': true}"));
    const struct table *table = catalog.tables[0];
    assert_int_equal(table->contract.modes[CONTRACT_TABLES], CONTRACT_UNSAID);
    assert_int_equal(table->contract.modes[CONTRACT_COLUMNS], CONTRACT_FREEZE);
    assert_true(table->evolve_once && !table->seen_data);
    assert_null(table->extras);
    catalog_release(&catalog);
}

static int read_once(void)
{
    struct catalog catalog;
    struct tg_error err = {0};
    int rc = read_text(&catalog, shop, &err);
    catalog_release(&catalog);
    return rc;
}

static int read_old(void)
{
    struct catalog catalog;
    struct tg_error err = {0};
    int rc = read_text(&catalog,
                       "{'name': 'o', 'engine_version': 9, 'settings': {'default_hints':"
                       " {'unique': ['_dlt_id']}}, 'normalizers': {}, 'tables': {'t': {'columns':"
                       " {'c': {'data_type': 'complex'}, '_dlt_id': {'unique': true}}}}}",
                       &err);
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(read_once);
    torture(read_old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_engine_9),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_parents_in_a_circle),
        cmocka_unit_test(test_many_previous_hashes),
        cmocka_unit_test(test_namings),
        cmocka_unit_test(test_contracts),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/read", tests, NULL, NULL);
}
