/*
 * Tests of src/write/sql/ddl.c: tables made, columns added, types widened, at a real destination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "catalog/name.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

#define ROW "|_dlt_load_id text notnull|_dlt_id text row notnull"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, DISPOSITION_APPEND);
}

static void check_columns(struct fixture *t, const char *table, const char *expected)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
             "WHERE schema_name = 'd' AND table_name = '%s' ORDER BY column_index",
             table);
    fixture_check(t, sql, expected);
}

static void test_tables_are_as_dlt_makes_them(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint pk notnull|price decimal|ts timestamp|doc json" ROW,
                 "1|2.5|2024-01-01T00:00:00Z|{\"a\":1}|1.5|a\n");
    FIXTURE_WRITE(&t);
    fixture_check(
        &t,
        "SELECT regexp_replace(sql, ' USING COMPRESSION \\w+', '', 'g') FROM duckdb_tables() WHERE "
        "table_name NOT LIKE '\\_tide%' ESCAPE '\\' "
        "ORDER BY table_name",
        "CREATE TABLE d._dlt_loads(load_id VARCHAR NOT NULL, schema_name VARCHAR, status BIGINT "
        "NOT NULL, inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, schema_version_hash VARCHAR);\n"
        "CREATE TABLE d._dlt_pipeline_state(\"version\" BIGINT NOT NULL, engine_version BIGINT NOT "
        "NULL, pipeline_name VARCHAR NOT NULL, state VARCHAR NOT NULL, created_at TIMESTAMP WITH "
        "TIME ZONE NOT NULL, version_hash VARCHAR, _dlt_load_id VARCHAR NOT NULL, _dlt_id VARCHAR "
        "NOT NULL);\n"
        "CREATE TABLE d._dlt_version(\"version\" BIGINT NOT NULL, engine_version BIGINT NOT NULL, "
        "inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, schema_name VARCHAR NOT NULL, "
        "version_hash VARCHAR NOT NULL, \"schema\" VARCHAR NOT NULL);\n"
        "CREATE TABLE d.item(id BIGINT NOT NULL, price DECIMAL(38,9), ts TIMESTAMP WITH TIME ZONE, "
        "doc JSON, _dlt_load_id VARCHAR NOT NULL, _dlt_id VARCHAR NOT NULL);\n");
    fixture_check(&t, "SELECT count(*) FROM duckdb_indexes()", "0\n");
    fixture_release(&t);
}

static void test_all_types(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item",
                 "a text|b double|c bool|d timestamp|e naive|f bigint|g json|h decimal(38,9)|"
                 "i decimal(10,2)|j wei|k date|l bigint(32)",
                 "x|1.5|true|2024-01-02T03:04:05Z|2024-01-02T03:04:05|-7|[1]|12.5|3.25|"
                 "12345678901234567890123|2024-02-29|8\n"
                 "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT * FROM d.item ORDER BY a NULLS LAST",
                  "x|1.5|true|2024-01-02T03:04:05+00:00|2024-01-02T03:04:05|-7|[1]|12.500000000|"
                  "3.25|12345678901234567890123|2024-02-29|8\n"
                  "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
    fixture_check(&t, "SELECT json_type(g) FROM d.item WHERE a = 'x'", "ARRAY\n");
    check_columns(&t, "item",
                  "a|VARCHAR|true\nb|DOUBLE|true\nc|BOOLEAN|true\nd|TIMESTAMP WITH TIME ZONE|true\n"
                  "e|TIMESTAMP|true\nf|BIGINT|true\ng|JSON|true\nh|DECIMAL(38,9)|true\n"
                  "i|DECIMAL(10,2)|true\nj|DECIMAL(38,0)|true\nk|DATE|true\nl|INTEGER|true\n");
    /* The same types again: nothing changes, nothing is cast in vain. */
    fixture_rows(&t, "item", "j wei|l bigint(32)|g json", "1|2|{}\n");
    FIXTURE_WRITE(&t);
    fixture_release(&t);
}

static void test_new_columns_are_nullable(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint" ROW, "1|1.5|a\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "id bigint|size bigint notnull|note text" ROW, "2|3|x|2.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, size, note FROM d.item ORDER BY id", "1|NULL|NULL\n2|3|x\n");
    check_columns(&t, "item",
                  "id|BIGINT|true\n_dlt_load_id|VARCHAR|false\n_dlt_id|VARCHAR|false\n"
                  "size|BIGINT|true\nnote|VARCHAR|true\n");
    fixture_release(&t);
}

static void test_people_change_tables(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN checked BOOLEAN");
    fixture_exec(&t, "ALTER TABLE d.item ALTER COLUMN checked SET DEFAULT true");
    fixture_rows(&t, "item", "id bigint", "2\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id, checked FROM d.item ORDER BY id", "1|NULL\n2|true\n");
    fixture_exec(&t, "DROP TABLE d.item");
    fixture_rows(&t, "item", "id bigint", "3\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT * FROM d.item", "3\n");
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN needed BIGINT");
    fixture_exec(&t, "UPDATE d.item SET needed = 0");
    fixture_exec(&t, "ALTER TABLE d.item ALTER COLUMN needed SET NOT NULL");
    fixture_rows(&t, "item", "id bigint", "4\n");
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    assert_string_equal(t.err.sqlstate, "23502");
    assert_non_null(strstr(t.err.where, "load '4.5', table 'item'"));
    fixture_check(&t, "SELECT id FROM d.item", "3\n");
    fixture_release(&t);
}

static void test_dropped_dataset_comes_back(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "DROP SCHEMA d CASCADE");
    t.state.version = 0; /* as a run would restore it */
    t.state.hash[0] = '\0';
    fixture_rows(&t, "item", "id bigint", "2\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT * FROM d.item", "2\n");
    fixture_release(&t);
}

static void test_widening(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "a bigint|b bigint|c date|e decimal(10,2)|f bigint(32)",
                 "9007199254740992|9007199254740993|2024-01-02|1.25|5\n-1|NULL|NULL|NULL|NULL\n");
    FIXTURE_WRITE(&t);
    /* The first file is from before the values widened in this very load. */
    fixture_rows(&t, "item", "a bigint|b bigint", "3|4\n");
    fixture_rows(&t, "item", "a double|b decimal(38,9)|c timestamp|e decimal(20,4)|f bigint",
                 "0.5|0.25|2024-01-02T03:04:05Z|0.0625|4294967296\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT a, b, c, e, f FROM d.item ORDER BY a",
                  "-1.0|NULL|NULL|NULL|NULL\n"
                  "0.5|0.250000000|2024-01-02T03:04:05+00:00|0.0625|4294967296\n"
                  "3.0|4.000000000|NULL|NULL|NULL\n"
                  "9007199254740992.0|9007199254740993.000000000|2024-01-02T00:00:00+00:00|1.2500|"
                  "5\n");
    check_columns(&t, "item",
                  "a|DOUBLE|true\nb|DECIMAL(38,9)|true\nc|TIMESTAMP WITH TIME ZONE|true\n"
                  "e|DECIMAL(20,4)|true\nf|BIGINT|true\n");
    fixture_release(&t);
}

/* Integers that a double cannot hold are there: the column stays, also in the catalog, and doubles
 * that are none go beside it, digit for digit. */
static void test_widening_without_loss(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "v bigint", "-9007199254740993\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "v bigint", "3\n");
    fixture_rows(&t, "item", "v double",
                 "0.5\n1e16\n4.478e-08\n1e22\n-9.3e18\n9223372036854775808\n-5\nNULL\n"
                 "-9223372036854775808\n");
    fixture_rows(&t, "item", "v double|v__v_double double", "7|NULL\nNULL|0.25\n1.5|NULL\n");
    table_find(catalog_find(&t.catalog, "item"), "v__v_double")->variant = true;
    FIXTURE_WRITE(&t);
    static const char rows[] = "NULL|-9.3e+18\nNULL|4.478e-8\nNULL|0.25\nNULL|0.5\nNULL|1.5\n"
                               "NULL|9.223372036854776e+18\nNULL|1e+22\nNULL|NULL\n"
                               "-9223372036854775808|NULL\n-9007199254740993|NULL\n-5|NULL\n"
                               "3|NULL\n7|NULL\n10000000000000000|NULL\n";
    static const char query[] =
        "SELECT v, v__v_double FROM d.item ORDER BY v NULLS FIRST, v__v_double NULLS LAST";
    fixture_check(&t, query, rows);
    check_columns(&t, "item", "v|BIGINT|true\nv__v_double|DOUBLE|true\n");
    struct ledger ledger;
    FIXTURE_OK(&t, fixture_ledger(&t, "shop_pipeline", &ledger));
    struct catalog catalog;
    FIXTURE_OK(&t, catalog_read(&catalog, ledger.schema_json, strlen(ledger.schema_json), &t.err));
    assert_int_equal(catalog_find(&catalog, "item")->columns[0].spec.type, TYPE_BIGINT);
    assert_true(table_find(catalog_find(&catalog, "item"), "v__v_double")->variant);
    fixture_check(&t,
                  "SELECT count(*) FROM d._dlt_loads AS l JOIN d._dlt_version AS v "
                  "ON l.schema_version_hash = v.version_hash",
                  "2\n");
    catalog_release(&catalog);
    ledger_release(&ledger);
    fixture_release(&t);
}

/* A key cannot be in two columns. */
static void test_widening_of_a_key(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "v bigint mk", "9007199254740993\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "v double mk", "0.5\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_string_equal(t.err.what,
                        "column 'v' of table 'item' must have a value and holds integers that a "
                        "double cannot: fractions cannot be added, cast them in the source");
    fixture_check(&t, "SELECT v FROM d.item", "9007199254740993\n");
    fixture_release(&t);
}

/* The name of the variant is a key's of the source: it gets the tag that it has in normalize. */
static void test_widening_beside_a_namesake(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "v bigint|v__v_double text", "9007199254740993|own\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "v double", "0.5\n");
    FIXTURE_WRITE(&t);
    struct hasher hasher = {0};
    char tag[7], query[100];
    FIXTURE_OK(&t, name_tag(&hasher, "v_double", 8, tag, &t.err));
    snprintf(query, sizeof(query), "SELECT v__v_double, v__v_double_%s FROM d.item ORDER BY v",
             tag);
    fixture_check(&t, query, "own|NULL\nNULL|0.5\n");
    hasher_release(&hasher);
    fixture_release(&t);
}

/* A type that is other than ours without being wider is left: what comes has to agree with it. */
static void test_other_types_are_left(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "v bigint|w double", "1|1.5\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.item ALTER COLUMN v SET DATA TYPE VARCHAR");
    fixture_rows(&t, "item", "w double", "2\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT v, w FROM d.item ORDER BY v", "1|1.5\nNULL|2.0\n");
    check_columns(&t, "item", "v|VARCHAR|true\nw|DOUBLE|true\n");
    fixture_rows(&t, "item", "v bigint", "3\n");
    assert_int_equal(fixture_write(&t), TG_CONFLICT);
    fixture_release(&t);
}

/* Names that differ in case only are one there, whoever spelled them. */
static void test_names_in_another_case(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, "CREATE TABLE d.\"Item\" (\"ID\" BIGINT, \"Size\" INTEGER)");
    fixture_rows(&t, "item", "id bigint|size bigint", "1|3000000000\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT * FROM d.item", "1|3000000000\n");
    check_columns(&t, "Item", "ID|BIGINT|true\nSize|BIGINT|true\n");
    fixture_release(&t);
}

/* System tables of an older dlt get the columns that were added since. */
static void test_older_ledger(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, "CREATE TABLE d._dlt_loads (load_id VARCHAR, status BIGINT, "
                     "inserted_at TIMESTAMP WITH TIME ZONE)");
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT load_id, status, schema_name FROM d._dlt_loads", "1.5|0|shop\n");
    fixture_release(&t);
}

static void test_package_against_its_catalog(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan plan;
    start(&t);
    golden_file(&t, "item", "id bigint|lost bigint", "item.1.parquet");
    catalog_find(&t.catalog, "item")->column_count = 1;
    fixture_complete(&t, fixture_begin(&t));
    plan_init(&plan);
    FIXTURE_OK(&t, delivery_init(&delivery, &dialect_duckdb, "p", package_manifest(t.package),
                                 &there, NULL, &t.err));
    assert_int_equal(ddl_plan(&delivery, &plan, &t.err), TG_DATA);
    assert_non_null(strstr(t.err.what, "column 'lost' for table 'item'"));
    plan_release(&plan);
    delivery_release(&delivery);
    fixture_release(&t);
}

static void test_golden_first_load(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start(&t);
    fixture_table(&t, "item__tags", "item", DISPOSITION_NONE);
    golden_file(&t, "item", "id bigint pk notnull|we\"ird text|doc json" ROW, "item.1.parquet");
    golden_file(&t, "item__tags",
                "value text|_dlt_parent_id text parent notnull|_dlt_list_idx bigint notnull|"
                "_dlt_id text row notnull",
                "item__tags.1.parquet");
    golden_check(&t, &there, "ddl_first_load", GOLDEN_SCHEMA);
    fixture_release(&t);
}

static void test_golden_changes(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start(&t);
    fixture_table(&t, "item__tags", "item", DISPOSITION_NONE);
    fixture_table(&t, "item__tags__words", "item__tags", DISPOSITION_NONE);
    golden_columns(&t, "item", "id bigint|v bigint|_dlt_id text row");
    golden_columns(&t, "item__tags", "value text|_dlt_parent_id text parent|_dlt_id text row");
    golden_columns(&t, "item__tags__words",
                   "value text|_dlt_parent_id text parent|_dlt_id text row");
    golden_ledger(&t, &there);
    golden_there(&t, &there, "item");
    golden_there(&t, &there, "item__tags");
    golden_there(&t, &there, "item__tags__words");
    golden_file(&t, "item", "id bigint pk|v double|w text|_dlt_id text row", "item.1.parquet");
    golden_file(&t, "item__tags",
                "value text|_dlt_root_id text root|_dlt_parent_id text parent|_dlt_id text row",
                "item__tags.1.parquet");
    golden_file(&t, "item__tags__words",
                "value text|_dlt_root_id text root|_dlt_parent_id text parent|_dlt_id text row",
                "item__tags__words.1.parquet");
    golden_check(&t, &there, "ddl_changes", GOLDEN_SCHEMA);
    fixture_release(&t);
}

/* Behind the rows, of what is new and has some. */
static void test_golden_indexes(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan plan;
    struct buf text = BUF_INIT;
    start(&t);
    fixture_table(&t, "item__tags", "item", DISPOSITION_NONE);
    fixture_table(&t, "old", NULL, DISPOSITION_APPEND);
    golden_columns(&t, "old", "id bigint|_dlt_id text row unique");
    golden_there(&t, &there, "old");
    golden_file(&t, "old", "id bigint|_dlt_id text row unique", "old.1.parquet");
    golden_file(&t, "item", "id bigint|we\"ird text unique|_dlt_id text row unique",
                "item.1.parquet");
    golden_file(&t, "item__tags", "value text|_dlt_id text row unique notnull", "tags.1.parquet");
    fixture_complete(&t, fixture_begin(&t));
    plan_init(&plan);
    golden_dialect = &dialect_postgres;
    FIXTURE_OK(&t, delivery_init(&delivery, golden_dialect, "p", package_manifest(t.package),
                                 &there, NULL, &t.err));
    FIXTURE_OK(&t, ddl_plan_indexes(&delivery, &plan, &t.err));
    golden_plan(&text, "indexes", &plan);
    golden_compare("ddl_indexes", &text);
    buf_release(&text);
    plan_release(&plan);
    delivery_release(&delivery);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_as_dlt_makes_them),
        cmocka_unit_test(test_all_types),
        cmocka_unit_test(test_new_columns_are_nullable),
        cmocka_unit_test(test_people_change_tables),
        cmocka_unit_test(test_dropped_dataset_comes_back),
        cmocka_unit_test(test_widening),
        cmocka_unit_test(test_widening_without_loss),
        cmocka_unit_test(test_widening_of_a_key),
        cmocka_unit_test(test_widening_beside_a_namesake),
        cmocka_unit_test(test_other_types_are_left),
        cmocka_unit_test(test_names_in_another_case),
        cmocka_unit_test(test_older_ledger),
        cmocka_unit_test(test_package_against_its_catalog),
        golden_unit_tests(test_golden_first_load),
        golden_unit_tests(test_golden_changes),
        cmocka_unit_test(test_golden_indexes),
    };
    return cmocka_run_group_tests_name("write/ddl", tests, NULL, NULL);
}
