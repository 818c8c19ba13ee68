/* What sources say beforehand: groups become their tables, keys and types reach the schema, the
 * resource's own word goes first, and what the catalog knows stays. */
#include "tests/fixture.h"

static void make_shop(struct fixture *fixture, const char *const *statements)
{
    char keep[sizeof(fixture->destination)];
    memcpy(keep, fixture->destination, sizeof(keep));
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%.*s/shop.duckdb", 200,
             fixture->folder);
    struct numbers numbers = {.rows = (const int64_t[][2]){{1, 1}}, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "made", .read = read_numbers,
                                         .user = &numbers};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    for (; *statements; statements++) {
        struct ArrowArrayStream stream;
        struct ArrowArray array = {0};
        assert_done(fixture,
                    tg_pipeline_query(fixture->pipeline, *statements, &stream, &fixture->err));
        assert_int_equal(stream.get_next(&stream, &array), 0);
        if (array.release)
            array.release(&array);
        stream.release(&stream);
    }
    memcpy(fixture->destination, keep, sizeof(keep));
}

static struct tg_option connection[2];

/* A resource of the shop's tables. */
static struct tg_resource of_shop(struct fixture *fixture, const char *name,
                                  const struct tg_option *options, size_t count)
{
    static char url[400];
    snprintf(url, sizeof(url), "duckdb:///%s/shop.duckdb", fixture->folder);
    connection[0] = (struct tg_option){"connection", url};
    connection[1] = (struct tg_option){"schema", "main"};
    return (struct tg_resource){TG_RESOURCE_INIT,         .name = name,
                                .source = "sql",          .source_options = connection,
                                .source_option_count = 2, .options = options,
                                .option_count = count};
}

static const char *const shop[] = {
    "CREATE TABLE main.orders (id INTEGER PRIMARY KEY, price DECIMAL(10, 2) NOT NULL, j JSON)",
    "INSERT INTO main.orders VALUES (1, 1.5, '{}'), (2, 2.5, NULL)",
    "CREATE TABLE main.empty (a TIMESTAMP, b DATE NOT NULL)",
    "CREATE VIEW main.seen AS SELECT id FROM main.orders",
    NULL,
};

#define COLUMNS(table)                                                                             \
    "SELECT column_name AS c, data_type AS t, is_nullable AS n FROM information_schema.columns "   \
    "WHERE table_catalog = 'test' AND table_name = '" table                                        \
    "' AND column_name NOT LIKE '\\_dlt%' ESCAPE '\\' ORDER BY ordinal_position"

static void a_group_stands_for_its_tables(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option all = {"tables", "all"}, orders = {"table", "orders"};
    make_shop(fixture, shop);
    struct tg_resource resources[2] = {of_shop(fixture, "shop", &all, 1),
                                       of_shop(fixture, "mine", &orders, 1)};
    resources[0].write_disposition = TG_REPLACE;
    resources[1].write_disposition = TG_MERGE; /* by the key that the source knows */
    fixture_open(fixture, resources, 2);
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    for (int i = 0; i < 2; i++) { /* a pipeline that runs again lists them again */
        fixture_run(fixture);
        assert_int_equal(tg_result_resource_count(fixture->result), 2);
        assert_query(fixture, "SELECT id, price FROM mine ORDER BY id",
                     "id,price\n1,1.50\n2,2.50\n");
    }
    assert_query(fixture, COLUMNS("mine"),
                 "c,t,n\nid,BIGINT,NO\nprice,\"DECIMAL(10,2)\",NO\nj,JSON,YES\n");
    assert_query(fixture,
                 "SELECT json_extract(schema, '$.tables.empty.columns.a.data_type') AS t, "
                 "json_extract(schema, '$.tables.empty.columns.a.timezone') AS z FROM _dlt_version "
                 "ORDER BY inserted_at DESC LIMIT 1",
                 "t,z\n\"\"\"timestamp\"\"\",false\n");
}

static void the_resources_word_goes_first(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option orders = {"table", "orders"};
    const struct tg_column columns[] = {{.name = "price", .data_type = "double"},
                                        {.name = "id", .nullable = TG_YES}};
    make_shop(fixture, shop);
    struct tg_resource resource = of_shop(fixture, "o", &orders, 1);
    resource.columns = columns;
    resource.column_count = 2;
    resource.primary_key = "price";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, COLUMNS("o"), "c,t,n\nprice,DOUBLE,NO\nid,BIGINT,YES\nj,JSON,YES\n");
}

/* A type that changes at the source comes with the data, as from other sources. */
static void what_the_catalog_knows_stays(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option orders = {"table", "orders"};
    const char *const changes[] = {
        "DROP VIEW main.seen", "DROP TABLE main.orders",
        "CREATE TABLE main.orders (id INTEGER PRIMARY KEY, price DOUBLE, "
        "j JSON, k DATE)",
        "INSERT INTO main.orders VALUES (3, 3.25, NULL, '2024-01-01')", NULL};
    make_shop(fixture, shop);
    struct tg_resource resource = of_shop(fixture, "o", &orders, 1);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    make_shop(fixture, changes);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, price, k FROM o ORDER BY id",
                 "id,price,k\n1,1.50,\n2,2.50,\n3,3.25,2024-01-01\n");
}

static void a_key_that_is_missing_is_said(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option seen = {"table", "seen"};
    make_shop(fixture, shop);
    struct tg_resource resource = of_shop(fixture, "s", &seen, 1);
    resource.write_disposition = TG_MERGE;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_SPEC);
    assert_string_equal(fixture->err.resource, "s");
    assert_non_null(strstr(fixture->err.what, "at the source table 'seen' has none"));
    const struct tg_option query = {"query", "SELECT 1 AS one"};
    resource.options = &query;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_SPEC);
    assert_non_null(strstr(fixture->err.what, "at the source it has none"));
    resource.options = &seen;
    resource.write_disposition = TG_APPEND;
    resource.row_ids = TG_ROW_IDS_KEY;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_SPEC);
    assert_non_null(strstr(fixture->err.what, "row_ids: key needs a primary_key"));
    resource.primary_key = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

/* Tables whose names become one in the destination. */
static void names_that_clash_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option all = {"tables", "all"};
    const char *const clash[] = {"CREATE TABLE main.\"a b\" (x INTEGER)",
                                 "CREATE TABLE main.a_b (x INTEGER)", NULL};
    make_shop(fixture, clash);
    const struct tg_resource resource = of_shop(fixture, "shop", &all, 1);
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_string_equal(fixture->err.resource, "a_b");
    assert_non_null(strstr(fixture->err.what, "that of resource 'a b'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_group_stands_for_its_tables, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_resources_word_goes_first, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_the_catalog_knows_stays, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_key_that_is_missing_is_said, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(names_that_clash_are_refused, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
