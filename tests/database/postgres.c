/* The PostgreSQL driver and its dialect: places, transactions, locks, descriptions, types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/connection.h"
#include "database/template.h"
#include "tests/database/sample.h"
#include "tests/postgres.h"

static struct context ctx;
static struct connection *con;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state) || connection_open(&ctx, AT_URL(postgres_uri()), false, &con, NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

static void exec(struct connection *with, const char *sql)
{
    sample_ok(connection_exec(with, sql, NULL, err));
}

static void expect(const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

static struct connection *open_another(void)
{
    struct connection *other = NULL;
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &other, err));
    return other;
}

/* ---- places ---- */

static void test_places(void **state)
{
    static const char *const urls[] = {"postgresql://me:secret-secret@db/shop",
                                       "postgres://me@db:5432/shop", "host=db dbname=shop",
                                       "dbname = shop host = db"};
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct connection_place place = {0};
        sample_ok(connection_check(AT_URL(urls[i]), "/folder", "d", &place, err));
        assert_ptr_equal(place.dialect, &dialect_postgres);
        assert_string_equal(buf_string(&place.absolute), urls[i]);
        assert_string_equal(buf_string(&place.identity), "postgresql:db:5432/shop");
        buf_release(&place.absolute);
        buf_release(&place.identity);
    }
    struct tg_error problem = {0};
    assert_int_equal(connection_check(AT_URL("postgresql+x://db"), "/", NULL, NULL, &problem),
                     TG_USAGE);
    assert_non_null(strstr(problem.what, "has no driver"));
    assert_int_equal(connection_check(AT_URL("shop"), "/", NULL, NULL, &problem), TG_USAGE);
}

static void test_where_it_failed(void **state)
{
    struct tg_error problem = {0};
    struct connection *none = NULL;
    (void)state;
    assert_int_equal(connection_open(&ctx, AT_URL("postgresql://me:secret-secret@127.0.0.1:1/x"),
                                     true, &none, &problem),
                     TG_DESTINATION);
    assert_null(none);
    assert_string_equal(problem.where, "database 'postgresql://me:***@127.0.0.1:1/x'");
}

/* ---- transactions and locks ---- */

static void transact(struct connection *with, enum transact what)
{
    sample_ok(connection_transact(with, what, err));
}

static void test_transactions(void **state)
{
    struct connection *other = open_another();
    (void)state;
    transact(con, TRANSACT_BEGIN);
    exec(con, "CREATE TABLE t (a int)");
    transact(con, TRANSACT_ROLLBACK);
    expect("SELECT coalesce(to_regclass('t')::text, 'none')", "none");
    exec(con, "CREATE TABLE t (a int)");
    transact(con, TRANSACT_LOOK);
    expect("SELECT count(*) FROM t", "0");
    exec(other, "INSERT INTO t VALUES (1)");
    expect("SELECT count(*) FROM t", "0");
    transact(con, TRANSACT_ROLLBACK);
    transact(con, TRANSACT_BEGIN);
    expect("SELECT count(*) FROM t", "1");
    exec(other, "INSERT INTO t VALUES (2)");
    expect("SELECT count(*) FROM t", "2");
    transact(con, TRANSACT_COMMIT);
    struct tg_error problem = {0};
    transact(con, TRANSACT_LOOK);
    assert_int_equal(connection_exec(con, "DELETE FROM t", NULL, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "25006");
    transact(con, TRANSACT_ROLLBACK);
    connection_close(other);
}

static void is_locked(struct connection *by, const char *name, bool shared)
{
    struct tg_error problem = {0};
    const struct lock wanted = {name, shared, NULL};
    transact(by, TRANSACT_BEGIN);
    assert_int_equal(connection_lock(by, &wanted, 1, &problem), TG_LOCKED);
    assert_string_equal(problem.sqlstate, "55P03");
    transact(by, TRANSACT_ROLLBACK);
}

static void can_lock(struct connection *by, const char *name, bool shared)
{
    const struct lock wanted = {name, shared, NULL};
    transact(by, TRANSACT_BEGIN);
    sample_ok(connection_lock(by, &wanted, 1, err));
    transact(by, TRANSACT_ROLLBACK);
}

/* Whoever comes second waits until the first has committed. */
static void test_locks(void **state)
{
    struct connection *other = open_another();
    const struct lock locks[] = {{"it's mine", false, NULL}, {"ours", true, NULL}};
    (void)state;
    exec(other, "SET lock_timeout = '50ms'");
    transact(con, TRANSACT_BEGIN);
    sample_ok(connection_lock(con, locks, 2, err));
    is_locked(other, "it's mine", false);
    is_locked(other, "it's mine", true);
    is_locked(other, "ours", false);
    can_lock(other, "ours", true);
    can_lock(other, "another", false);
    transact(con, TRANSACT_COMMIT);
    can_lock(other, "it's mine", false);
    can_lock(other, "ours", false);
    connection_close(other);
}

/* ---- describe ---- */

static void described_as(const char *dataset, const struct table_filter *filter,
                         const char *expected)
{
    struct described described;
    struct buf text = BUF_INIT;
    sample_ok(connection_describe(con, dataset, filter, &described, err));
    assert_false(described.folds_case);
    for (size_t t = 0; t < described.table_count; t++) {
        const struct described_table *table = &described.tables[t];
        buf_printf(&text, "%s:", table->name);
        for (size_t c = 0; c < table->column_count; c++)
            buf_printf(&text, " %s %s%s,", table->columns[c].name, table->columns[c].sql_type,
                       table->columns[c].nullable ? "" : "!");
        buf_char(&text, '\n');
    }
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    described_release(&described);
}

static bool is_there(const char *dataset)
{
    struct described described;
    sample_ok(connection_describe(con, dataset, NULL, &described, err));
    bool is_there = described.is_there;
    described_release(&described);
    return is_there;
}

static bool wants_odd(const void *user, const char *table)
{
    (void)user;
    return strcmp(table, "Odd \"name\"") == 0;
}

static void test_describe(void **state)
{
    const struct table_filter filter = {.wants = wants_odd};
    (void)state;
    described_as("none", NULL, "");
    assert_false(is_there("none"));
    exec(con, "CREATE SCHEMA \"D's\"");
    described_as("D's", NULL, "");
    assert_true(is_there("D's"));
    exec(con, "CREATE TABLE \"D's\".empty ()");
    exec(con, "CREATE TABLE \"D's\".b (id bigint PRIMARY KEY, dropped int, n numeric(10,2) "
              "DEFAULT 0 NOT NULL, s bigserial, i int GENERATED ALWAYS AS IDENTITY, t text[])");
    exec(con, "ALTER TABLE \"D's\".b DROP COLUMN dropped");
    exec(con, "CREATE TABLE \"D's\".\"Odd \"\"name\"\"\" (\"Ä\" varchar(10), \"t\" timestamptz)");
    exec(con, "CREATE TABLE \"D's\".parts (a date) PARTITION BY RANGE (a)");
    exec(con, "CREATE VIEW \"D's\".v AS SELECT 1");
    described_as("D's", NULL,
                 "Odd \"name\": Ä character varying(10), t timestamp with time zone,\n"
                 "b: id bigint!, n numeric(10,2), s bigint, i integer, t text[],\n"
                 "empty:\n"
                 "parts: a date,\n");
    described_as("D's", &filter,
                 "Odd \"name\": Ä character varying(10), t timestamp with time zone,\n");
    described_as("d's", NULL, "");
    transact(con, TRANSACT_BEGIN);
    exec(con, "DROP SCHEMA \"D's\" CASCADE");
    described_as("D's", NULL, "");
    transact(con, TRANSACT_ROLLBACK);
    described_as("D's", &filter,
                 "Odd \"name\": Ä character varying(10), t timestamp with time zone,\n");
}

/* ---- the dialect ---- */

static void spelled(const struct type_spec *spec, const char *sql)
{
    struct buf out = BUF_INIT;
    dialect_postgres.type_sql(spec, &out);
    assert_string_equal(buf_string(&out), sql);
    buf_release(&out);
}

/* Both ways, and as the database itself says it. */
static void test_types(void **state)
{
    static const struct {
        struct type_spec spec;
        const char *sql;
    } pairs[] = {
        {{.type = TYPE_TEXT}, "character varying"},
        {{.type = TYPE_TEXT, .precision = 10}, "character varying(10)"},
        {{.type = TYPE_DOUBLE}, "double precision"},
        {{.type = TYPE_BOOL}, "boolean"},
        {{.type = TYPE_TIMESTAMP}, "timestamp with time zone"},
        {{.type = TYPE_TIMESTAMP, .precision = 3}, "timestamp(3) with time zone"},
        {{.type = TYPE_TIMESTAMP, .naive = true}, "timestamp without time zone"},
        {{.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true},
         "timestamp(0) without time zone"},
        {{.type = TYPE_BIGINT}, "bigint"},
        {{.type = TYPE_BIGINT, .precision = 32}, "integer"},
        {{.type = TYPE_BIGINT, .precision = 16}, "smallint"},
        {{.type = TYPE_BINARY}, "bytea"},
        {{.type = TYPE_JSON}, "jsonb"},
        {{.type = TYPE_DECIMAL, .precision = 38, .scale = 9}, "numeric(38,9)"},
        {{.type = TYPE_DECIMAL, .precision = 5}, "numeric(5,0)"},
        {{.type = TYPE_WEI}, "numeric(156,78)"},
        {{.type = TYPE_DATE}, "date"},
        {{.type = TYPE_TIME}, "time without time zone"},
        {{.type = TYPE_TIME, .precision = 3}, "time(3) without time zone"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char sql[256];
        spelled(&pairs[i].spec, pairs[i].sql);
        struct type_spec back = dialect_postgres.type_from_sql(pairs[i].sql);
        assert_true(type_equal(&back, &pairs[i].spec));
        snprintf(sql, sizeof(sql), "CREATE TABLE typed_%zu (a %s)", i, pairs[i].sql);
        exec(con, sql);
        snprintf(sql, sizeof(sql),
                 "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                 "WHERE attrelid = 'typed_%zu'::regclass AND attname = 'a'",
                 i);
        expect(sql, pairs[i].sql);
    }
}

static void test_types_one_way(void **state)
{
    static const struct {
        struct type_spec spec;
        const char *sql;
    } written[] = {
        {{.type = TYPE_NONE}, "character varying"},
        {{.type = TYPE_DECIMAL}, "numeric(38,9)"},
        {{.type = TYPE_BIGINT, .precision = 8}, "smallint"},
        {{.type = TYPE_BIGINT, .precision = 64}, "bigint"},
        {{.type = TYPE_BIGINT, .precision = 128}, "bigint"},
        {{.type = TYPE_TIMESTAMP, .precision = 6}, "timestamp with time zone"},
        {{.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}, "timestamp without time zone"},
    };
    static const struct {
        const char *sql;
        struct type_spec spec;
    } read[] = {
        {"text", {.type = TYPE_TEXT}},
        {"json", {.type = TYPE_JSON}},
        {"timestamp(6) with time zone", {.type = TYPE_TIMESTAMP}},
        {"real", {.type = TYPE_NONE}},
        {"numeric", {.type = TYPE_NONE}},
        {"numeric(50,2)", {.type = TYPE_NONE}},
        {"numeric(3,-2)", {.type = TYPE_NONE}},
        {"numeric(2,5)", {.type = TYPE_NONE}},
        {"text[]", {.type = TYPE_NONE}},
        {"bigint[]", {.type = TYPE_NONE}},
        {"numeric(38,9)[]", {.type = TYPE_NONE}},
        {"character varying(10)[]", {.type = TYPE_NONE}},
        {"character(10)", {.type = TYPE_NONE}},
        {"time with time zone", {.type = TYPE_NONE}},
        {"timestamp", {.type = TYPE_NONE}},
        {"uuid", {.type = TYPE_NONE}},
        {"bit(3)", {.type = TYPE_NONE}},
        {"\"D's\".mood", {.type = TYPE_NONE}},
        {"", {.type = TYPE_NONE}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
        spelled(&written[i].spec, written[i].sql);
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
        struct type_spec spec = dialect_postgres.type_from_sql(read[i].sql);
        if (!type_equal(&spec, &read[i].spec))
            fail_msg("%s is %d(%d,%d)", read[i].sql, spec.type, spec.precision, spec.scale);
    }
}

static void test_use(void **state)
{
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_NAME("dataset", "a \"b\""))};
    (void)state;
    exec(con, "CREATE SCHEMA \"a \"\"b\"\"\"");
    exec(con, "CREATE TABLE \"a \"\"b\"\"\".used AS SELECT 'here' AS x");
    sample_ok(sql_exec(con, &scope, con->dialect->use, NULL, err));
    expect("SELECT x FROM used", "here");
}

static void test_literals(void **state)
{
    struct buf sql = BUF_INIT;
    (void)state;
    buf_text(&sql, "SELECT ");
    sql_text(&sql, "it's a \\ back");
    expect(buf_string(&sql), "it's a \\ back");
    buf_clear(&sql);
    buf_printf(&sql, "SELECT encode(%s00ff%s, 'hex')", con->dialect->hex[0], con->dialect->hex[1]);
    expect(buf_string(&sql), "00ff");
    buf_release(&sql);
}

static void test_try_cast(void **state)
{
    static const char *const cases[][2] = {{"1700000000.123", "1700000000.123000000"},
                                           {"12", "12.000000000"},
                                           {"", "none"},
                                           {"1e5", "none"},
                                           {"x", "none"},
                                           {"123456789012345678901234567890", "none"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text_rows rows;
        const struct sql_scope scope = {
            .dialect = con->dialect,
            .parts = SQL_PARTS(SQL_PATTERN("number", con->dialect->try_cast),
                               SQL_TEXT("text", cases[i][0]), SQL_PATTERN("value", "{'text'}"),
                               SQL_PIECE("type", "DECIMAL(38, 9)"))};
        sample_ok(sql_fetch(con, &scope, "SELECT coalesce(({number})::text, 'none')", &rows, err));
        assert_string_equal(text_cell(&rows, 0, 0), cases[i][1]);
        text_rows_release(&rows);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_places),   TEST(test_where_it_failed), TEST(test_transactions),  TEST(test_locks),
        TEST(test_describe), TEST(test_types),           TEST(test_types_one_way), TEST(test_use),
        TEST(test_literals), TEST(test_try_cast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
