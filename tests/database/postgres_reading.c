/* What a source asks of PostgreSQL: tables of all kinds, one moment for several, slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "database/reading/reading.h"
#include "sample.h"
#include "tests/postgres.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;

static const char tables[] =
    "SET client_min_messages = warning; DROP SCHEMA IF EXISTS \"it's \"\"q\"\"\" CASCADE; CREATE "
    "SCHEMA \"it's \"\"q\"\"\";"
    "SET search_path TO \"it's \"\"q\"\"\";"
    "CREATE TABLE \"Or\"\"der\" (z int NOT NULL, gone int, a numeric(10, 2), b text NOT NULL, u "
    "uuid,"
    " t timestamptz, n numeric, PRIMARY KEY (b, z) INCLUDE (a));"
    "ALTER TABLE \"Or\"\"der\" DROP COLUMN gone;"
    "CREATE TABLE bare (x date); INSERT INTO bare VALUES ('2024-01-01');"
    "CREATE VIEW seen AS SELECT 1::bigint AS n;"
    "CREATE MATERIALIZED VIEW kept AS SELECT 1 AS n;"
    "CREATE TABLE parted (id int, at date, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);"
    "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');"
    "CREATE TABLE parted_2 PARTITION OF parted DEFAULT;"
    "INSERT INTO parted SELECT i, '2024-01-01'::date + i FROM generate_series(1, 400) AS i;"
    "CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);"
    "CREATE TABLE big AS SELECT i AS id, repeat('x', 500) AS t FROM generate_series(1, 40000) AS i;"
    "CREATE TABLE ruled (id int); ALTER TABLE ruled ENABLE ROW LEVEL SECURITY";

#define SCHEMA "it's \"q\""

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    free(postgres_ask(postgres_uri(), tables));
    int rc = connection_open(&ctx, AT_URL(postgres_uri()), false, &con, NULL);
    return rc ? rc : connection_transact(con, TRANSACT_LOOK, NULL);
}

static int teardown(void **state)
{
    (void)state;
    connection_close(con);
    con = NULL;
    return 0;
}

static void test_reflect(void **state)
{
    (void)state;
    struct relations relations;
    sample_ok(reading_reflect(con, SCHEMA, &relations, err));
    assert_int_equal(relations.count, 9); /* no partitions */
    const struct relation *order = relations_find(&relations, "Or\"der");
    assert_non_null(order);
    assert_null(relations_find(&relations, "or\"der")); /* case counts */
    assert_int_equal(order->column_count, 6);
    assert_int_equal(order->key_count, 2); /* without what is only included */
    assert_string_equal(order->key[0], "b");
    assert_string_equal(order->key[1], "z");
    assert_false(order->columns[0].nullable);
    assert_int_equal(relation_column(order, "a")->spec.precision, 10);
    assert_int_equal(relation_column(order, "u")->spec.type, TYPE_NONE);
    assert_int_equal(relation_column(order, "n")->spec.type, TYPE_NONE);
    assert_int_equal(relation_column(order, "t")->spec.type, TYPE_TIMESTAMP);
    assert_int_equal(relations_find(&relations, "parted")->kind, RELATION_PARTITIONED);
    assert_int_equal(relations_find(&relations, "parted")->key_count, 2);
    assert_int_equal(relations_find(&relations, "seen")->kind, RELATION_VIEW);
    assert_int_equal(relations_find(&relations, "kept")->kind, RELATION_VIEW);
    assert_int_equal(relations_find(&relations, "bare")->key_count, 0);
    relations_release(&relations);
    sample_ok(reading_reflect(con, NULL, &relations, err));
    assert_string_equal(relations.schema, "public");
    relations_release(&relations);
}

/* Who may read one column sees that one, and no key of others. */
static void test_rights(void **state)
{
    (void)state;
    struct relations relations;
    sample_ok(connection_exec(con, "ROLLBACK", NULL, err));
    sample_ok(connection_exec(con, "BEGIN", NULL, err));
    sample_ok(connection_exec(con, "CREATE ROLE reader_of_one", NULL, err));
    sample_ok(connection_exec(con, "GRANT USAGE ON SCHEMA \"it's \"\"q\"\"\" TO reader_of_one",
                              NULL, err));
    sample_ok(connection_exec(
        con, "GRANT SELECT (z, a) ON \"it's \"\"q\"\"\".\"Or\"\"der\" TO reader_of_one", NULL,
        err));
    sample_ok(connection_exec(con, "SET LOCAL ROLE reader_of_one", NULL, err));
    sample_ok(reading_reflect(con, SCHEMA, &relations, err));
    assert_int_equal(relations.count, 1);
    assert_int_equal(relations.items[0].column_count, 2);
    assert_int_equal(relations.items[0].key_count, 0);
    relations_release(&relations);
    sample_ok(connection_exec(con, "ROLLBACK", NULL, err));
}

static void fetch_is(struct connection *from, const char *sql, const char *wanted)
{
    struct text_rows rows;
    sample_ok(connection_fetch(from, sql, &rows, err));
    assert_string_equal(text_cell(&rows, 0, 0), wanted);
    text_rows_release(&rows);
}

static void test_one_moment(void **state)
{
    (void)state;
    static const char count[] = "SELECT count(*)::text FROM \"it's \"\"q\"\"\".bare";
    struct buf moment = BUF_INIT;
    struct connection *other = NULL, *late = NULL;
    struct tg_error problem = {0};
    sample_ok(reading_share(con, &moment, err));
    free(postgres_ask(postgres_uri(), "INSERT INTO \"it's \"\"q\"\"\".bare VALUES ('2024-01-02')"));
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &other, err));
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &late, err));
    fetch_is(late, count, "2");
    sample_ok(reading_join(other, buf_string(&moment), err));
    fetch_is(other, count, "1");
    assert_int_not_equal(connection_exec(other, "DROP TABLE \"it's \"\"q\"\"\".bare", NULL, NULL),
                         TG_OK);
    connection_close(con); /* the moment ends with its holder */
    con = NULL;
    fetch_is(late, "SELECT pg_sleep(0.5) IS NOT NULL", "true"); /* the server has to hear of it */
    assert_int_equal(reading_join(late, buf_string(&moment), &problem), TG_DESTINATION);
    connection_close(other);
    connection_close(late);
    buf_release(&moment);
}

/* Readers find rows in the order of their place, and wait for nobody for ever. */
static void test_readers_settings(void **state)
{
    (void)state;
    struct buf moment = BUF_INIT;
    struct connection *other = NULL;
    sample_ok(reading_share(con, &moment, err));
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &other, err));
    sample_ok(reading_join(other, buf_string(&moment), err));
    fetch_is(other,
             "SELECT string_agg(setting || coalesce(unit, ''), ' ' ORDER BY name) FROM "
             "pg_settings WHERE name IN ('lock_timeout', 'enable_indexscan', "
             "'enable_indexonlyscan', 'max_parallel_workers_per_gather', 'synchronize_seqscans')",
             "off off 10000ms 0 off");
    connection_close(other);
    buf_release(&moment);
}

/* What is changed once the moment has begun, is it said when `read` has been looked at? */
static void remade_is(const char *change, const char *read, const char *wanted)
{
    struct buf remade = BUF_INIT;
    sample_ok(connection_transact(con, TRANSACT_ROLLBACK, err));
    sample_ok(connection_transact(con, TRANSACT_LOOK, err));
    sample_ok(connection_exec(con, "SET LOCAL search_path TO \"it's \"\"q\"\"\"", NULL, err));
    fetch_is(con, "SELECT 'begun'", "begun");
    char sql[400];
    snprintf(sql, sizeof(sql),
             "SET client_min_messages = warning; SET search_path TO \"it's \"\"q\"\"\"; %s",
             change);
    free(postgres_ask(postgres_uri(), sql));
    snprintf(sql, sizeof(sql), "SELECT count(*)::text FROM (SELECT FROM %s LIMIT 0) AS q", read);
    fetch_is(con, sql, "0");
    sample_ok(reading_find_remade(con, &remade, err));
    assert_string_equal(buf_string(&remade), wanted);
    buf_release(&remade);
}

static void test_remade_tables(void **state)
{
    (void)state;
    remade_is("SELECT 1", "bare", "");
    remade_is("TRUNCATE bare", "bare", "bare");
    remade_is("TRUNCATE bare", "big", ""); /* not looked at */
    remade_is("ALTER TABLE big ALTER COLUMN id TYPE bigint", "big", "big");
    remade_is("CREATE VIEW over_big AS SELECT id FROM big", "over_big", "");
    remade_is("ALTER TABLE big ADD COLUMN d int", "over_big", "");
    remade_is("TRUNCATE big", "over_big", "big");
    remade_is("TRUNCATE parted_1", "parted", "parted_1");
    remade_is("CREATE TABLE b2 (x date); DROP TABLE bare; ALTER TABLE b2 RENAME TO bare", "bare",
              "bare");
    remade_is("CREATE INDEX ON big (id); DROP VIEW over_big", "big", "");
    remade_is("CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM ('2030-01-01') TO "
              "('2030-02-01')",
              "parted", "");
    remade_is("REFRESH MATERIALIZED VIEW kept", "kept", "");
    remade_is("DROP TABLE parted; CREATE TABLE parted (id int) PARTITION BY RANGE (id); CREATE "
              "TABLE parted_1 PARTITION OF parted DEFAULT",
              "parted", "parted");
    remade_is("INSERT INTO bare VALUES ('2024-01-01'); DELETE FROM bare", "bare", "");
}

/* How many slices; each row is in one of them. */
static size_t divided(const char *table, const char *rows)
{
    struct slices slices;
    struct relations relations;
    struct buf sql = BUF_INIT;
    sample_ok(reading_reflect(con, SCHEMA, &relations, err));
    sample_ok(reading_divide(con, SCHEMA, relations_find(&relations, table), 4, &slices, err));
    buf_text(&sql, "SELECT (0");
    for (size_t i = 0; i < slices.count; i++) {
        buf_text(&sql, " + (SELECT count(*) FROM ");
        sql_table(&sql, con->dialect, slices.items[i].schema, slices.items[i].table);
        buf_printf(&sql, " WHERE %s)", slices.items[i].condition);
    }
    buf_text(&sql, ")::text");
    fetch_is(con, buf_string(&sql), rows);
    buf_release(&sql);
    size_t count = slices.count;
    slices_release(&slices);
    relations_release(&relations);
    return count;
}

static void test_slices(void **state)
{
    (void)state;
    assert_int_equal(divided("big", "40000"), 3); /* 2858 pages, 1024 at the least */
    assert_int_equal(divided("bare", "1"), 1);
    assert_int_equal(divided("parted", "400"), 2); /* its partitions */
    assert_int_equal(divided("Or\"der", "0"), 1);
    assert_int_equal(divided("seen", "0"), 0);
    assert_int_equal(divided("kept", "0"), 0);
    assert_int_equal(divided("parent", "0"), 0); /* a child's rows are its own, too */
    assert_int_equal(divided("child", "0"), 1);
    assert_int_equal(divided("ruled", "0"), 0); /* which rows are seen the server says */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reflect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remade_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slices, setup, teardown),
    };
    return cmocka_run_group_tests_name("postgres_reading", tests, NULL, NULL);
}
