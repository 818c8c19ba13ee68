/* What is read is written back; hashes are dlt's; versions grow only when something changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/rows.h"
#include "dlt/store.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

/* dlt computes this hash of it: odd spellings (null, false, zero, left out) count. */
#define SHOP_HASH "Z45aXpvQ5g0XlSm0uYBPeuFFFpj+k5SpCQWzocoiNWo="

static const char shop[] =
    "{'name': 'shop', 'version': 3, 'version_hash': '" SHOP_HASH "',"
    " 'previous_hashes': ['older'], 'engine_version': 11, 'description': 'a \\'shop\\'',"
    " 'settings': {'detections': ['iso_timestamp'], 'schema_contract': {'columns': 'freeze'}},"
    " 'normalizers': {'names': 'snake_case', 'use_break_path_on_normalize': false,"
    "  'json': {'module': 'dlt.common.normalizers.json.relational', 'config': {'propagation':"
    "   {'tables': {'orders': {'_dlt_id': '_dlt_root_id'}}}}}},"
    " 'tables': {"
    "  'orders': {'name': 'orders', 'resource': 'orders', 'write_disposition': 'merge',"
    "   'x-merge-strategy': 'upsert', 'table_format': 'native',"
    "   'x-normalizer': {'seen-data': true, 'evolve-columns-once': true, 'max_nesting': 2},"
    "   'columns': {"
    "    'price': {'name': 'price', 'data_type': 'decimal', 'precision': 10},"
    "    'id': {'name': 'id', 'data_type': 'bigint', 'nullable': false, 'primary_key': true},"
    "    'at': {'name': 'at', 'data_type': 'timestamp', 'timezone': false, 'incremental': true},"
    "    'gone': {'name': 'gone', 'hard_delete': true, 'nullable': null},"
    "    'rank': {'name': 'rank', 'dedup_sort': 'desc', 'description': 'later wins'},"
    "    '_dlt_id': {'name': '_dlt_id', 'data_type': 'text', 'nullable': false, 'unique': false,"
    "     'row_key': true, 'x-weight': 0.5}}},"
    "  'orders__lines': {'name': 'orders__lines', 'parent': 'orders', 'columns': {"
    "    'value': {'name': 'value', 'data_type': 'text', 'nullable': true, 'precision': 0},"
    "    '_dlt_root_id': {'name': '_dlt_root_id', 'data_type': 'text', 'nullable': false,"
    "     'root_key': true}}}}}";

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

static bool bump(struct catalog *catalog)
{
    bool changed = false;
    assert_int_equal(catalog_bump(catalog, &changed, NULL), TG_OK);
    return changed;
}

/* The JSON texts mean the same: equal once their keys are sorted. */
static void assert_same_json(const char *left, const char *right)
{
    const char *texts[2] = {left, right};
    struct buf sorted[2] = {BUF_INIT, BUF_INIT};
    for (int i = 0; i < 2; i++) {
        yyjson_doc *doc = NULL;
        assert_int_equal(json_parse(texts[i], strlen(texts[i]), "it", &doc, NULL), TG_OK);
        cell_json(&sorted[i], yyjson_doc_get_root(doc), CELL_JSON_SORTED);
        yyjson_doc_free(doc);
    }
    assert_string_equal(buf_string(&sorted[0]), buf_string(&sorted[1]));
    buf_release(&sorted[0]);
    buf_release(&sorted[1]);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    char json[4096];
    must_read(&catalog, shop);
    assert_int_equal(catalog_write(&catalog, &out, NULL), TG_OK);
    assert_same_json(buf_string(&out), quoted(json, sizeof(json), shop));
    assert_false(bump(&catalog));
    assert_int_equal(catalog.version, 3);
    buf_release(&out);
    catalog_release(&catalog);
}

static void test_copy(void **state)
{
    (void)state;
    struct catalog catalog;
    struct catalog copy;
    struct buf out = BUF_INIT;
    char json[4096];
    must_read(&catalog, shop);
    assert_int_equal(catalog_copy(&catalog, &copy, NULL), TG_OK);
    catalog_release(&catalog);
    assert_false(bump(&copy));
    assert_int_equal(catalog_write(&copy, &out, NULL), TG_OK);
    assert_same_json(buf_string(&out), quoted(json, sizeof(json), shop));
    assert_true(copy.tables[0]->columns[0].scale_implied);
    buf_release(&out);
    catalog_release(&copy);
}

static void test_versions(void **state)
{
    (void)state;
    struct catalog catalog;
    must_read(&catalog, shop);
    struct table *table = catalog_find(&catalog, "orders");
    struct table_column *column = table_find(table, "id");
    column->unique = true;
    assert_true(bump(&catalog));
    assert_false(bump(&catalog));
    assert_int_equal(catalog.version, 4);
    assert_int_equal(catalog.previous_count, 2);
    assert_string_equal(catalog.previous_hashes[0], SHOP_HASH);
    assert_string_equal(catalog.previous_hashes[1], "older");
    column->unique = false;
    assert_true(bump(&catalog));
    assert_string_equal(catalog.version_hash, SHOP_HASH);
    assert_int_equal(catalog.version, 5);
    for (int i = 0; i < 12; i++) {
        table->max_nesting = 10 + i;
        assert_true(bump(&catalog));
    }
    assert_int_equal(catalog.version, 17);
    assert_int_equal(catalog.previous_count, 10);
    catalog_release(&catalog);
}

static void test_column_order_counts(void **state)
{
    (void)state;
    struct catalog catalog;
    must_read(&catalog, shop);
    struct table_column *columns = catalog.tables[0]->columns;
    struct table_column first = columns[0];
    columns[0] = columns[1];
    columns[1] = first;
    assert_true(bump(&catalog));
    catalog_release(&catalog);
}

/* A field that begins to say something wins over what was stored of it. */
static void test_fields_win(void **state)
{
    (void)state;
    struct catalog catalog;
    struct catalog again;
    must_read(&catalog, shop);
    struct table *table = catalog_find(&catalog, "orders");
    table_find(table, "_dlt_id")->unique = true;
    table_find(table, "gone")->nullable = false;
    table_find(table, "price")->spec.scale = 3;
    struct type_spec whole = {.type = TYPE_DECIMAL, .precision = 20};
    assert_int_equal(table_add_column(&catalog, table, "whole", &whole, NULL, NULL), TG_OK);
    table_find(catalog_find(&catalog, "orders__lines"), "value")->spec.precision = 64;
    assert_int_equal(catalog_copy(&catalog, &again, NULL), TG_OK);
    const struct table *copy = catalog_find(&again, "orders");
    assert_true(table_find(copy, "_dlt_id")->unique);
    assert_false(table_find(copy, "gone")->nullable);
    assert_int_equal(table_find(copy, "price")->spec.scale, 3);
    assert_int_equal(table_find(copy, "whole")->spec.scale, 0);
    assert_false(table_find(copy, "whole")->scale_implied);
    assert_int_equal(catalog_find(&again, "orders__lines")->columns[0].spec.precision, 64);
    catalog_release(&again);
    catalog_release(&catalog);
}

/* A contract keeps its spelling until it says something else. */
static void test_contract(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "'freeze'",
        "{'columns':'freeze'}",
        "{'data_type':'freeze','tables':'evolve'}",
        "{'tables':'evolve','columns':'evolve','data_type':'evolve'}",
        "{}",
        "null"};
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        char text[256];
        char expected[256];
        char memory[256];
        struct catalog catalog;
        struct buf out = BUF_INIT;
        snprintf(text, sizeof(text),
                 "{'name': 's', 'engine_version': 11, 'tables': {'t': {'columns': {},"
                 " 'schema_contract': %s}}}",
                 spellings[i]);
        must_read(&catalog, text);
        assert_int_equal(catalog_write(&catalog, &out, NULL), TG_OK);
        snprintf(expected, sizeof(expected), "'schema_contract':%s", spellings[i]);
        assert_non_null(strstr(out.data, quoted(memory, sizeof(memory), expected)));
        assert_null(strstr(strstr(out.data, "schema_contract") + 1, "schema_contract"));
        buf_release(&out);
        catalog_release(&catalog);
    }
}

/* dlt forgets columns that it had only seen NULL in, and the mark of those that got a type. */
static void test_marks(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    must_read(&catalog,
              "{'name': 's', 'engine_version': 11, 'tables': {'t': {'columns': {"
              " 'a': {'x-normalizer': {'seen-null-first': true}},"
              " 'b': {'data_type': 'text', 'x-normalizer': {'seen-null-first': true}},"
              " 'c': {'data_type': 'time', 'x-normalizer': {'seen-null-first': true, 'x': 1},"
              "  'precision': 0},"
              " 'd': {'precision': 0, 'data_type': 'timestamp'},"
              " 'e': {'precision': 0, 'data_type': 'bigint'}}}}}");
    const struct table_column *columns = catalog.tables[0]->columns;
    assert_int_equal(catalog.tables[0]->column_count, 4);
    assert_int_equal(columns[1].spec.precision, PRECISION_SECONDS);
    assert_int_equal(columns[2].spec.precision, PRECISION_SECONDS);
    assert_int_equal(columns[3].spec.precision, 0);
    assert_int_equal(catalog_write(&catalog, &out, NULL), TG_OK);
    assert_non_null(strstr(out.data, "\"columns\":{"
                                     "\"b\":{\"name\":\"b\",\"data_type\":\"text\"},"
                                     "\"c\":{\"name\":\"c\",\"data_type\":\"time\",\"precision\":0,"
                                     "\"x-normalizer\":{\"x\":1}},"
                                     "\"d\":{\"name\":\"d\",\"data_type\":\"timestamp\","
                                     "\"precision\":0},"
                                     "\"e\":{\"name\":\"e\",\"data_type\":\"bigint\","
                                     "\"precision\":0}}"));
    buf_release(&out);
    catalog_release(&catalog);
}

static const char *normalizers(struct catalog *catalog, struct buf *out)
{
    buf_clear(out);
    assert_int_equal(catalog_write(catalog, out, NULL), TG_OK);
    char *start = strstr(out->data, "\"normalizers\":");
    char *end = strstr(start, ",\"previous_hashes\":[");
    *end = '\0';
    return start + strlen("\"normalizers\":");
}

static void test_propagation(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    struct table *table = NULL;
    struct table_column *column = NULL;
    static const struct type_spec text = {.type = TYPE_TEXT};
    static const char plain[] = "{\"names\":\"snake_case\",\"json\":{\"module\":"
                                "\"dlt.common.normalizers.json.relational\"";
    char expected[512];
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_int_equal(catalog_add(&catalog, "history", NULL, &table, NULL), TG_OK);
    table->disposition = DISPOSITION_MERGE;
    table->merge_strategy = "scd2";
    assert_int_equal(catalog_add(&catalog, "log", NULL, &table, NULL), TG_OK);
    assert_int_equal(catalog_add(&catalog, "log__k", "log", &table, NULL), TG_OK);
    snprintf(expected, sizeof(expected), "%s}}", plain);
    assert_string_equal(normalizers(&catalog, &out), expected);
    assert_int_equal(table_add_column(&catalog, table, "_dlt_root_id", &text, &column, NULL),
                     TG_OK);
    column->root_key = true;
    assert_int_equal(catalog_add(&catalog, "flat", NULL, &table, NULL), TG_OK);
    table->disposition = DISPOSITION_MERGE;
    assert_int_equal(table_add_column(&catalog, table, "own_id", &text, &column, NULL), TG_OK);
    column->row_key = true;
    snprintf(expected, sizeof(expected),
             "%s,\"config\":{\"propagation\":{\"tables\":{\"log\":{\"_dlt_id\":\"_dlt_root_id\"},"
             "\"flat\":{\"own_id\":\"_dlt_root_id\"}}}}}}",
             plain);
    assert_string_equal(normalizers(&catalog, &out), expected);
    buf_release(&out);
    catalog_release(&catalog);
}

/* A source that says root_key_propagation: false gets it only where a column is there already. */
static void test_propagation_off(void **state)
{
    (void)state;
    struct catalog catalog;
    struct buf out = BUF_INIT;
    must_read(&catalog, "{'name': 's', 'engine_version': 11, 'normalizers': {'names': 'snake_case',"
                        "'json': {'config': {'root_key_propagation': false}}}, 'tables': {"
                        "'_dlt_version': {'columns': {}},"
                        "'t': {'write_disposition': 'merge', 'columns': {}}}}");
    assert_string_equal(normalizers(&catalog, &out),
                        "{\"names\":\"snake_case\",\"json\":{\"config\":"
                        "{\"root_key_propagation\":false}}}");
    buf_release(&out);
    catalog_release(&catalog);
}

static void test_members(void **state)
{
    (void)state;
    struct tg_error err = {0};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(json_allocator());
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_val *made = NULL;
    yyjson_mut_val *found = NULL;
    assert_int_equal(store_member(doc, root, "a.b", &made, &err), TG_OK);
    assert_int_equal(store_member(doc, root, "a.b", &found, &err), TG_OK);
    assert_ptr_equal(made, found);
    assert_true(store_put(doc, root, "a.b", yyjson_mut_int(doc, 1)));
    assert_false(store_put(doc, root, "a.b", NULL));
    assert_int_equal(yyjson_mut_obj_size(root), 1);
    assert_int_equal(store_member(doc, root, "a.b", &found, &err), TG_DATA);
    assert_string_equal(err.what, "'a.b' must be an object, it is sint");
    yyjson_mut_doc_free(doc);
}

static int all(void)
{
    struct catalog catalog = {0};
    struct catalog copy = {0};
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    bool changed = false;
    int rc = TG_OK;
    TRY(read_text(&catalog, shop, &err));
    TRY(catalog_write(&catalog, &out, &err));
    TRY(catalog_copy(&catalog, &copy, &err));
    copy.tables[0]->seen_data = false;
    TRY(catalog_bump(&copy, &changed, &err));
done:
    buf_release(&out);
    catalog_release(&copy);
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
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_copy),
        cmocka_unit_test(test_versions),        cmocka_unit_test(test_column_order_counts),
        cmocka_unit_test(test_fields_win),      cmocka_unit_test(test_propagation),
        cmocka_unit_test(test_contract),        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_propagation_off), cmocka_unit_test(test_members),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/store", tests, NULL, NULL);
}
