/* What tables there are: by the information schema, and by describe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "database/reading/reading.h"
#include "plain.h"
#include "sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;
static struct plain plain;

static const char *const tables[] = {
    "CREATE SCHEMA \"it's \"\"q\"\"\"",
    ("CREATE TABLE \"it's \"\"q\"\"\".\"Or\"\"der\" (z INTEGER NOT NULL, a DECIMAL(10, 2),"
     " b VARCHAR NOT NULL, u UUID, j JSON, t TIMESTAMP, PRIMARY KEY (b, z))"),
    "CREATE TABLE \"it's \"\"q\"\"\".bare (x DATE)",
    "CREATE VIEW \"it's \"\"q\"\"\".seen AS SELECT 1::BIGINT AS n",
    "CREATE TABLE elsewhere (x DATE PRIMARY KEY)",
};

static int setup(void **state)
{
    context_init(&ctx);
    int rc = sample_setup(state);
    if (rc == 0)
        rc = connection_open(&ctx, AT_URL("duckdb:///data.duckdb"), true, &con, NULL);
    for (size_t i = 0; rc == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
        rc = connection_exec(con, tables[i], NULL, NULL);
    return rc;
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

static void test_information(void **state)
{
    (void)state;
    struct relations relations;
    sample_ok(reading_reflect(con, "it's \"q\"", &relations, err));
    assert_int_equal(relations.count, 3);
    assert_string_equal(relations.schema, "it's \"q\"");
    const struct relation *order = relations_find(&relations, "or\"der"); /* case folds */
    assert_non_null(order);
    assert_string_equal(order->name, "Or\"der");
    assert_int_equal(order->kind, RELATION_TABLE);
    assert_int_equal(order->key_count, 2);
    assert_string_equal(order->key[0], "b");
    assert_string_equal(order->key[1], "z");
    assert_int_equal(order->column_count, 6);
    assert_string_equal(order->columns[0].name, "z");
    assert_false(order->columns[0].nullable);
    assert_int_equal(order->columns[0].spec.type, TYPE_BIGINT);
    const struct relation_column *price = relation_column(order, "a");
    assert_true(price->nullable);
    assert_int_equal(price->spec.type, TYPE_DECIMAL);
    assert_int_equal(price->spec.precision, 10);
    assert_int_equal(price->spec.scale, 2);
    assert_int_equal(relation_column(order, "u")->spec.type, TYPE_NONE);
    assert_string_equal(relation_column(order, "u")->sql_type, "UUID");
    assert_int_equal(relation_column(order, "j")->spec.type, TYPE_JSON);
    assert_true(relation_column(order, "t")->spec.naive);
    assert_null(relation_column(order, "A"));
    assert_int_equal(relations_find(&relations, "seen")->kind, RELATION_VIEW);
    assert_int_equal(relations_find(&relations, "bare")->key_count, 0);
    assert_null(relations_find(&relations, "elsewhere"));
    relations_release(&relations);
}

static void test_schemas(void **state)
{
    (void)state;
    struct relations relations;
    sample_ok(reading_reflect(con, NULL, &relations, err)); /* where the connection starts */
    assert_string_equal(relations.schema, "main");
    assert_int_equal(relations.count, 1);
    assert_int_equal(relations.items[0].key_count, 1);
    relations_release(&relations);
    sample_ok(reading_reflect(con, "nowhere", &relations, err));
    assert_int_equal(relations.count, 0);
    assert_null(relations_find(&relations, "elsewhere"));
    relations_release(&relations);
}

/* A driver that has neither a reflection nor a describe is asked by the information schema; one
 * that describes tables, by that. */
static void test_plain_drivers(void **state)
{
    (void)state;
    struct relations relations;
    plain_take(&plain, con);
    sample_ok(reading_reflect(con, "main", &relations, err));
    assert_int_equal(relations.items[0].key_count, 1);
    relations_release(&relations);
    plain.driver.describe = plain.own->describe;
    sample_ok(reading_reflect(con, NULL, &relations, err));
    plain_give_back(&plain, con);
    assert_string_equal(relations.schema, "main");
    assert_int_equal(relations.count, 1);
    assert_int_equal(relations.items[0].key_count, 0);
    assert_int_equal(relations.items[0].columns[0].spec.type, TYPE_DATE);
    relations_release(&relations);
}

static int reflect_all(void)
{
    struct relations relations;
    int rc = reading_reflect(con, "it's \"q\"", &relations, NULL);
    if (rc == TG_OK)
        relations_release(&relations);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(reflect_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_information, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schemas, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain_drivers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
