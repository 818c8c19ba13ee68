/* What a connection does without a driver's function: in SQL, on a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/database/plain.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static atomic_int cancel;
static struct connection *con, *other;
static struct plain plain, other_plain;

static int setup(void **state)
{
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    if (sample_setup(state) ||
        connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, NULL) ||
        connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &other, NULL))
        return -1;
    plain_take(&plain, con);
    plain_take(&other_plain, other);
    return 0;
}

static int teardown(void **state)
{
    plain_give_back(&plain, con);
    plain_give_back(&other_plain, other);
    connection_close(con);
    connection_close(other);
    return sample_teardown(state);
}

static void exec(const char *sql)
{
    sample_ok(connection_exec(con, sql, NULL, err));
}

static void transact(struct connection *which, enum transact what)
{
    sample_ok(connection_transact(which, what, err));
}

static void expect(struct connection *which, const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(which, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

static int lock(struct connection *by, const struct lock_row *row, struct tg_error *problem)
{
    const struct lock locks[] = {{.name = "without a row"}, {.name = "a row", .row = row}};
    return connection_lock(by, locks, 2, problem);
}

/* One of two who want it gets it, until its transaction ends. */
static void test_lock(void **state)
{
    (void)state;
    const struct lock_row row = {"s", "locks", "turn", "id = 'a'"};
    struct tg_error problem = {0};
    exec("CREATE SCHEMA s");
    exec("CREATE TABLE s.locks (id TEXT, turn BIGINT)");
    exec("INSERT INTO s.locks VALUES ('a', 7), ('b', 8)");
    transact(con, TRANSACT_BEGIN);
    sample_ok(lock(con, &row, err));
    transact(other, TRANSACT_BEGIN);
    assert_int_equal(lock(other, &row, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "40001");
    transact(other, TRANSACT_ROLLBACK);
    transact(other, TRANSACT_BEGIN);
    const struct lock_row another = {"s", "locks", "turn", "id = 'b'"};
    sample_ok(lock(other, &another, err));
    transact(other, TRANSACT_COMMIT);
    transact(con, TRANSACT_COMMIT);
    transact(other, TRANSACT_BEGIN);
    sample_ok(lock(other, &row, err));
    transact(other, TRANSACT_COMMIT);
    expect(con, "SELECT string_agg(id || turn, ',' ORDER BY id) FROM s.locks", "a7,b8");
}

static bool wants_person(const void *user, const char *table)
{
    return strcmp(table, user) == 0;
}

/* A description in words, one line per column. */
static void describe(const char *dataset, const struct table_filter *filter, struct buf *out)
{
    struct described described;
    sample_ok(connection_describe(con, dataset, filter, &described, err));
    assert_int_equal(described.folds_case, con->dialect->folds_case);
    for (size_t t = 0; t < described.table_count; t++)
        for (size_t c = 0; c < described.tables[t].column_count; c++) {
            const struct described_column *column = &described.tables[t].columns[c];
            buf_printf(out, "%s.%s %s%s\n", described.tables[t].name, column->name,
                       column->sql_type, column->nullable ? "" : " NOT NULL");
        }
    described_release(&described);
}

/* The default says what DuckDB's own function says. */
static void test_describe(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "CREATE SCHEMA \"Bro'nze\"",
        "CREATE SCHEMA other",
        "CREATE TABLE other.a (x INTEGER)",
        ("CREATE TABLE \"bro'nze\".person (id BIGINT NOT NULL, \"odd \"\"name\" JSON, "
         "t TIMESTAMPTZ, d DECIMAL(38,9), list INTEGER[], n BIGINT NOT NULL DEFAULT 3)"),
        "CREATE TABLE \"bro'nze\".a (b VARCHAR, c HUGEINT)",
        "CREATE VIEW \"bro'nze\".v AS SELECT 1 AS x",
        "CREATE TEMP TABLE person (not_this INTEGER)",
    };
    const struct table_filter filters[] = {{.wants = wants_person, .user = "person"},
                                           {.wants = wants_person, .user = "none"}};
    const struct table_filter *const asked[] = {NULL, &filters[0], &filters[1]};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        exec(statements[i]);
    for (size_t i = 0; i < 3; i++) {
        struct buf own = BUF_INIT, standard = BUF_INIT;
        describe("BRO'nze", asked[i], &standard);
        con->driver = plain.own;
        describe("BRO'nze", asked[i], &own);
        con->driver = &plain.driver;
        assert_string_equal(buf_string(&standard), buf_string(&own));
        assert_true(i == 2 ? own.len == 0 : own.len > 100);
        buf_release(&own);
        buf_release(&standard);
    }
}

static struct type_spec type_by_another_name(const char *sql_type)
{
    if (strcmp(sql_type, "VARCHAR") == 0)
        return (struct type_spec){.type = TYPE_BIGINT};
    return dialect_duckdb.type_from_sql(sql_type);
}

/* What the database calls a type is said as the dialect says it; case counts where it counts. */
static void test_describe_in_a_dialect(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct dialect dialect = dialect_duckdb;
    dialect.type_from_sql = type_by_another_name;
    dialect.folds_case = false;
    dialect.describe = NULL;
    con->dialect = &dialect;
    exec("CREATE SCHEMA Sub");
    exec("CREATE TABLE sub.t (a VARCHAR, b INTEGER[], c DOUBLE)");
    describe("Sub", NULL, &text);
    assert_string_equal(buf_string(&text), "t.a BIGINT\nt.b INTEGER[]\nt.c DOUBLE\n");
    buf_clear(&text);
    describe("sub", NULL, &text);
    assert_string_equal(buf_string(&text), "");
    buf_release(&text);
}

static int describe_once(void)
{
    struct described described;
    int rc = connection_describe(con, "main", NULL, &described, NULL);
    described_release(&described);
    return rc;
}

static int lock_once(void)
{
    const struct lock_row row = {"main", "t", "a", "a = 1"};
    return lock(con, &row, NULL);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    exec("CREATE TABLE t (a INTEGER, b INTEGER)");
    torture(describe_once);
    torture(lock_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_lock),
        in_folder(test_describe),
        in_folder(test_describe_in_a_dialect),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/defaults", tests, NULL, NULL);
}
