/* SQLite's dialect: types there and back, what they do to values, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/connection.h"
#include "database/template.h"
#include "tests/database/sample.h"

static struct context ctx;
static struct connection *con;

static int setup(void **state)
{
    static const struct location where = {
        .driver = SQLITE_DRIVER, .uri = "data.sqlite", .dataset = "d"};
    context_init(&ctx);
    return sample_setup(state) || connection_open(&ctx, &where, true, &con, NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

static const struct {
    struct type_spec spec;
    const char *sql;
} types[] = {
    {{.type = TYPE_TEXT}, "TEXT"},
    {{.type = TYPE_BIGINT}, "BIGINT"},
    {{.type = TYPE_BIGINT, .precision = 8}, "TINYINT"},
    {{.type = TYPE_BIGINT, .precision = 16}, "SMALLINT"},
    {{.type = TYPE_BIGINT, .precision = 32}, "INTEGER"},
    {{.type = TYPE_BIGINT, .precision = 128}, "HUGE_TEXT"},
    {{.type = TYPE_DOUBLE}, "DOUBLE"},
    {{.type = TYPE_BOOL}, "BOOLEAN"},
    {{.type = TYPE_BINARY}, "BLOB"},
    {{.type = TYPE_JSON}, "JSON_TEXT"},
    {{.type = TYPE_WEI}, "WEI_TEXT"},
    {{.type = TYPE_DATE}, "DATE_TEXT"},
    {{.type = TYPE_TIME}, "TIME_TEXT"},
    {{.type = TYPE_TIMESTAMP}, "TIMESTAMPTZ_TEXT"},
    {{.type = TYPE_TIMESTAMP, .naive = true}, "TIMESTAMP_TEXT"},
    {{.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true}, "TIMESTAMP_S_TEXT"},
    {{.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}, "TIMESTAMP_MS_TEXT"},
    {{.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}, "TIMESTAMP_NS_TEXT"},
    {{.type = TYPE_DECIMAL, .precision = 10, .scale = 2}, "DECIMAL_TEXT(10,2)"},
};

static void spells(const struct type_spec *spec, const char *sql)
{
    struct buf out = BUF_INIT;
    con->dialect->type_sql(spec, &out);
    assert_string_equal(buf_string(&out), sql);
    buf_release(&out);
}

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        spells(&types[i].spec, types[i].sql);
        struct type_spec back = con->dialect->type_from_sql(types[i].sql);
        assert_true(type_equal(&back, &types[i].spec));
    }
    spells(&(struct type_spec){.type = TYPE_NONE}, "TEXT");
    spells(&(struct type_spec){.type = TYPE_DECIMAL}, "DECIMAL_TEXT(38,9)");
    spells(&(struct type_spec){.type = TYPE_BIGINT, .precision = 64}, "BIGINT");
    spells(&(struct type_spec){.type = TYPE_BIGINT, .precision = 20}, "INTEGER");
    spells(&(struct type_spec){.type = TYPE_TEXT, .precision = 64}, "TEXT");
    spells(&(struct type_spec){.type = TYPE_TIMESTAMP, .precision = 3}, "TIMESTAMPTZ_TEXT");
    spells(&(struct type_spec){.type = TYPE_TIMESTAMP, .precision = 6, .naive = true},
           "TIMESTAMP_TEXT");
    static const char *const foreign[] = {"",     "VARCHAR(10)",        "DECIMAL(10,2)",
                                          "text", "DECIMAL_TEXT(99,0)", "DECIMAL_TEXT(3,4)"};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_int_equal(con->dialect->type_from_sql(foreign[i]).type, TYPE_NONE);
}

static void says(const char *sql, const char *wanted)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    if (rows.row_count != 1 || !text_cell(&rows, 0, 0) ||
        strcmp(text_cell(&rows, 0, 0), wanted) != 0)
        fail_msg("%s: not '%s'", sql, wanted);
    text_rows_release(&rows);
}

/* A column must not make another value of what looks like a number. */
static void test_texts_stay(void **state)
{
    (void)state;
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        bool is_text = strstr(types[i].sql, "TEXT") != NULL;
        buf_clear(&sql);
        buf_printf(&sql, "CREATE TABLE d.t%zu (a %s)", i, types[i].sql);
        sample_ok(connection_exec(con, sql.data, NULL, err));
        buf_clear(&sql);
        buf_printf(&sql, "INSERT INTO d.t%zu VALUES ('12345678901234567890.10')", i);
        if (is_text)
            sample_ok(connection_exec(con, sql.data, NULL, err));
        buf_clear(&sql);
        buf_printf(&sql, "SELECT a FROM d.t%zu", i);
        if (is_text)
            says(sql.data, "12345678901234567890.10");
    }
    buf_release(&sql);
}

static void fails(const char *sql, int code, const char *sqlstate)
{
    struct tg_error problem = {0};
    assert_int_equal(connection_exec(con, sql, NULL, &problem), code);
    if (strcmp(problem.sqlstate, sqlstate) != 0 || strncmp(problem.what, "sqlite: ", 8) != 0)
        fail_msg("%s: '%s' %s", sql, problem.sqlstate, problem.what);
}

static void test_messages(void **state)
{
    (void)state;
    sample_ok(
        connection_exec(con, "CREATE TABLE d.m (a INTEGER NOT NULL UNIQUE, b TEXT)", NULL, err));
    sample_ok(connection_exec(con, "INSERT INTO d.m VALUES (1, 'x')", NULL, err));
    fails("SELECT 1 FROM d.absent", TG_DESTINATION, "42P01");
    fails("SELECT 1 FROM absent.m", TG_DESTINATION, "42P01");
    fails("SELECT c FROM d.m", TG_DESTINATION, "42703");
    fails("CREATE TABLE d.m (a TEXT)", TG_DESTINATION, "42P07");
    fails("ALTER TABLE d.m ADD COLUMN b TEXT", TG_DESTINATION, "42701");
    fails("SELEC 1", TG_DESTINATION, "42601");
    fails("INSERT INTO d.m VALUES (NULL, '')", TG_DESTINATION, "23502");
    fails("INSERT INTO d.m VALUES (1, '')", TG_DESTINATION, "23505");
    struct tg_error problem = {0};
    assert_int_equal(connection_exec(con, "SELECT c FROM d.m", NULL, &problem), TG_DESTINATION);
    assert_string_equal(problem.what, "sqlite: no such column: c");
    assert_int_equal(con->dialect->error(&problem, "database or disk is full"), TG_IO);
    assert_true(problem.retryable);
    assert_int_equal(con->dialect->error(NULL, "anything"), TG_DESTINATION);
}

/* The steps by which a column changes its type. */
static void test_alter(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *value, *becomes;
    } changes[] = {
        {"BIGINT", "DOUBLE", "5", "5.0"},
        {"BIGINT", "TEXT", "5", "5"},
        {"TINYINT", "BIGINT", "5", "5"},
        {"BIGINT", "DECIMAL_TEXT(38,9)", "5", "5"},
        {"DATE_TEXT", "TIMESTAMPTZ_TEXT", "'2024-01-02'", "2024-01-02T00:00:00+00:00"},
        {"DATE_TEXT", "TIMESTAMP_TEXT", "'2024-01-02'", "2024-01-02T00:00:00"},
        {"TIMESTAMP_S_TEXT", "TIMESTAMP_TEXT", "'2024-01-02T03:04:05'", "2024-01-02T03:04:05"},
        {"DATE_TEXT", "TEXT", "'2024-01-02'", "2024-01-02"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct sql_scope scope = {.dialect = con->dialect,
                                        .dataset = "d",
                                        .parts = SQL_PARTS(SQL_TABLE("table", "w"),
                                                           SQL_NAME("column", "a b"),
                                                           SQL_PIECE("from", changes[i].from),
                                                           SQL_PIECE("value", changes[i].value),
                                                           SQL_PIECE("type", changes[i].to))};
        sample_ok(sql_exec(con, &scope, "DROP TABLE IF EXISTS {table}", NULL, err));
        sample_ok(
            sql_exec(con, &scope, "CREATE TABLE {table} ({column} {from}, b TEXT)", NULL, err));
        sample_ok(sql_exec(con, &scope, "INSERT INTO {table} VALUES ({value}, 'b'), (NULL, 'c')",
                           NULL, err));
        for (const char *const *step = con->dialect->alter_type; *step; step++)
            sample_ok(sql_exec(con, &scope, *step, NULL, err));
        says("SELECT CAST(\"a b\" AS TEXT) FROM d.w WHERE b = 'b'", changes[i].becomes);
        says("SELECT count(*) FROM d.w WHERE \"a b\" IS NULL AND b = 'c'", "1");
        struct described there;
        sample_ok(connection_describe(con, "d", NULL, &there, err));
        const struct described_table *table = described_find(&there, "w");
        assert_string_equal(described_column(&there, table, "a b")->sql_type, changes[i].to);
        described_release(&there);
    }
}

/* Of a load id. */
static void test_try_cast(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"1712345678.25", "1712345678.25"},
                                           {"2.5", "2.5"},
                                           {"0", "0.0"},
                                           {"9", "9.0"},
                                           {"", "none"},
                                           {"x1", "none"},
                                           {"[0", "none"},
                                           {":", "none"},
                                           {"/", "none"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf sql = BUF_INIT;
        const struct sql_scope scope = {
            .dialect = con->dialect,
            .parts = SQL_PARTS(SQL_PATTERN("number", con->dialect->try_cast),
                               SQL_TEXT("text", cases[i][0]), SQL_PATTERN("value", "{'text'}"))};
        sample_ok(sql_write(&sql, &scope, "SELECT coalesce(CAST({number} AS TEXT), 'none')", err));
        says(sql.data, cases[i][1]);
        buf_release(&sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_try_cast, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
