/*
 * Connections by an ADBC driver: places, statements, transactions, rows, faults. Over SQLite's own
 * driver, and over the one of tests/drivers/faulty.c.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/wakeup.h"
#include "database/connection.h"
#include "database/template.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;

static const struct location real = {.driver = SQLITE_DRIVER, .uri = "data.sqlite", .dataset = "d"};

static int setup(void **state)
{
    context_init(&ctx);
    ctx.wakeup = -1;
    return sample_setup(state);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

/* Opens the faulty driver with a fault ("commit", "after"). */
static void open_faulty(const char *name, const char *value)
{
    char fault[64];
    snprintf(fault, sizeof(fault), "faulty.%s", name);
    const struct tg_option options[] = {{fault, value}};
    const struct location where = {.driver = FAULTY_DRIVER,
                                   .uri = "data.sqlite",
                                   .options = options,
                                   .option_count = 1,
                                   .dialect = "sqlite",
                                   .dataset = "d"};
    sample_ok(connection_open(&ctx, &where, true, &con, err));
}

static void run(const char *sql)
{
    sample_ok(connection_exec(con, sql, NULL, err));
}

static void says(const char *sql, const char *wanted)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), wanted);
    text_rows_release(&rows);
}

/* ---- places ---- */

static void is_at(const struct location *where, const char *absolute, const char *identity)
{
    struct connection_place place = {0};
    sample_ok(connection_check(where, "/f", "d", &place, err));
    assert_string_equal(place.absolute.data, absolute);
    if (identity)
        assert_string_equal(place.identity.data, identity);
    buf_release(&place.absolute);
    buf_release(&place.identity);
}

static void refused(const struct location *where, const char *what)
{
    struct tg_error problem = {0};
    assert_int_equal(connection_check(where, NULL, NULL, NULL, &problem), TG_USAGE);
    if (!strstr(problem.what, what))
        fail_msg("'%s' does not say '%s'", problem.what, what);
}

static void test_places(void **state)
{
    (void)state;
    is_at(&(struct location){.driver = "sqlite", .uri = "a.db"}, "adbc:sqlite:/f/a.db", NULL);
    is_at(&(struct location){.driver = "./x/libadbc_driver_sqlite.so", .uri = "/a.db"},
          "adbc:/f/./x/libadbc_driver_sqlite.so:/a.db", NULL);
    is_at(AT_URL("adbc:sqlite:/g/a.db"), "adbc:sqlite:/g/a.db", NULL);
    is_at(&(struct location){.driver = "x", .uri = "p://h/db", .dialect = "duckdb"},
          "adbc:x:p://h/db", "duckdb:p://h/db");
    is_at(&(struct location){.driver = "x", .dialect = "DuckDB"}, "adbc:x:", "duckdb:");
    refused(AT_URL("adbc:sqlite"), "adbc:DRIVER:URI");
    refused(AT_URL("adbc::x"), "adbc:DRIVER:URI");
    refused(&(struct location){.driver = "sqlite"}, "names no file");
    refused(&(struct location){.driver = "sqlite", .uri = ":memory:"}, "names no file");
    refused(&(struct location){.driver = "sqlite", .uri = "a/"}, "names no file");
    refused(&(struct location){.driver = "sqlite", .uri = "file:a.db?mode=ro"}, "path of the file");
    refused(&(struct location){.driver = "snow"}, "there are: duckdb, ");
    refused(&(struct location){.driver = "sqlite", .uri = "a", .dialect = "x"}, "no dialect 'x'");
}

static void cannot_open(const struct location *where, const char *what)
{
    struct tg_error problem = {0};
    assert_int_not_equal(connection_open(&ctx, where, false, &con, &problem), TG_OK);
    assert_null(con);
    if (!strstr(problem.what, what))
        fail_msg("'%s' does not say '%s'", problem.what, what);
}

static void test_opening(void **state)
{
    (void)state;
    sample_ok(connection_open(&ctx, &real, false, &con, err));
    assert_null(con);
    cannot_open(&(struct location){.driver = "absent", .uri = "a", .dialect = "sqlite"},
                "searched: ");
    cannot_open(&(struct location){.driver = SQLITE_DRIVER, .uri = "no/a"}, "folder 'no'");
    cannot_open(&(struct location){.driver = SQLITE_DRIVER, .uri = "."}, "is a folder");
    const struct tg_option autocommit = {"adbc.connection.autocommit", "true"};
    struct location where = real;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    connection_close(con);
    con = NULL;
    where.options = &autocommit;
    where.option_count = 1;
    cannot_open(&where, "leave it out");
    const struct tg_option unknown = {"adbc.nothing", "secret word"};
    where.options = &unknown;
    cannot_open(&where, "adbc.nothing");
    const struct tg_option entrypoint = {"entrypoint", "nothing"};
    where.options = &entrypoint;
    cannot_open(&where, "it has no nothing");
    sample_ok(
        connection_open(&ctx, AT_URL("adbc:" SQLITE_DRIVER ":data.sqlite"), false, &con, err));
    says("SELECT 1", "1");
}

static void test_vendor(void **state)
{
    (void)state;
    const struct location other = {
        .driver = "./duckdb.toml", .uri = "data.sqlite", .option_count = 0};
    FILE *file = fopen("duckdb.toml", "w");
    fputs("[Driver]\nshared = \"" SQLITE_DRIVER "\"\n", file);
    fclose(file);
    cannot_open(&other, ""); /* there is no file that is made */
    struct tg_error problem = {0};
    assert_int_equal(connection_open(&ctx, &other, true, &con, &problem), TG_USAGE);
    assert_non_null(strstr(problem.what, "calls itself 'SQLite', not duckdb"));
    open_faulty("vendor", "none");
    says("SELECT 1", "1");
}

/* ---- statements ---- */

static void test_statements(void **state)
{
    (void)state;
    uint64_t changed = 0;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    run("CREATE TABLE d.t (a INTEGER)");
    sample_ok(connection_exec(con, "INSERT INTO d.t VALUES (1), (2), (3)", &changed, err));
    assert_int_equal(changed, 3);
    sample_ok(connection_exec(con, "DELETE FROM d.t WHERE a > 1", &changed, err));
    assert_int_equal(changed, 2);
    sample_ok(connection_exec(con, "CREATE TABLE d.u (a INTEGER)", NULL, err));
    says("SELECT count(*) FROM d.t", "1");
    assert_int_equal(access("data__d.sqlite", F_OK), 0);
    struct tg_error problem = {0};
    assert_int_equal(connection_exec(con, "SELEC 1", &changed, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42601");
    assert_int_equal(connection_exec(con, "SELEC 1", NULL, NULL), TG_DESTINATION);
}

static void test_transactions(void **state)
{
    (void)state;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
    run("CREATE TABLE d.t (a INTEGER)");
    sample_ok(connection_transact(con, TRANSACT_ROLLBACK, err));
    says("SELECT count(*) FROM d.sqlite_master", "0");
    sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
    run("CREATE TABLE d.t (a INTEGER)");
    const struct lock_row row = {"d", "t", "a", "1 = 1"};
    const struct lock lock = {.name = "x", .row = &row};
    sample_ok(connection_lock(con, &lock, 1, err));
    struct connection *other = NULL;
    struct tg_error problem = {0};
    sample_ok(connection_open(&ctx, &real, true, &other, err));
    assert_int_equal(connection_transact(other, TRANSACT_BEGIN, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "40001");
    sample_ok(connection_transact(con, TRANSACT_COMMIT, err));
    sample_ok(connection_transact(other, TRANSACT_LOOK, err));
    sample_ok(connection_transact(other, TRANSACT_ROLLBACK, err));
    connection_close(other);
    says("SELECT count(*) FROM d.t", "0");
}

static const struct dialect *real_dialect(void)
{
    const struct dialect *dialect = NULL;
    sample_ok(dialect_find("SQLite", &dialect, err));
    return dialect;
}

/* Where the dialect has no words of its own, the driver begins and ends. */
static void test_autocommit(void **state)
{
    (void)state;
    struct dialect plain = *real_dialect();
    plain.begin = NULL;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    con->dialect = &plain;
    sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
    run("CREATE TABLE d.t (a INTEGER)");
    sample_ok(connection_transact(con, TRANSACT_ROLLBACK, err));
    says("SELECT count(*) FROM d.sqlite_master", "0");
    sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
    run("CREATE TABLE d.t (a INTEGER)");
    sample_ok(connection_transact(con, TRANSACT_COMMIT, err));
    says("SELECT count(*) FROM d.sqlite_master", "1");
    run("INSERT INTO d.t VALUES (1)");
    connection_close(con);
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    says("SELECT count(*) FROM d.t", "1");
}

/* ---- rows ---- */

enum { SAMPLE_ROWS = 3000 };

static int sample_stream(struct ArrowArrayStream *out, struct tg_error *err)
{
    size_t count = 0;
    struct ArrowSchema schema;
    struct ArrowArray *batches = sample_batches(SAMPLE_ROWS, &count);
    sample_schema(&schema);
    int rc = stream_from_arrays(&schema, batches, count, out, err);
    mem_free(batches);
    return rc;
}

static void ingest_sample(const char *dataset)
{
    struct ArrowArrayStream rows;
    const struct ingest_target into = {dataset, "t"};
    struct buf sql = BUF_INIT;
    const struct sql_scope scope = {
        .dialect = con->dialect, .dataset = dataset, .parts = SQL_PARTS(SQL_TABLE("t", "t"))};
    sample_ok(
        sql_write(&sql, &scope, dataset ? "CREATE TABLE {t} (" : "CREATE TEMP TABLE {t} (", err));
    for (size_t c = 0; c < SAMPLE_COLUMNS; c++) {
        buf_text(&sql, c == 0 ? "" : ", ");
        sql_ident(&sql, con->dialect, sample_names[c]);
        buf_char(&sql, ' ');
        con->dialect->type_sql(&sample_types[c], &sql);
    }
    buf_char(&sql, ')');
    run(sql.data);
    buf_release(&sql);
    sample_ok(sample_stream(&rows, err));
    sample_ok(connection_ingest(con, &into, &rows, err));
    stream_release(&rows);
}

/* All that comes out again as text is what went in. */
static void same_as_sample(const char *table)
{
    struct ArrowArrayStream rows;
    struct text_rows wanted, got;
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT * FROM %s ORDER BY _rowid_", table);
    sample_ok(sample_stream(&rows, err));
    sample_ok(text_rows_read(&rows, &wanted, err));
    sample_ok(connection_fetch(con, sql.data, &got, err));
    assert_int_equal(got.row_count, wanted.row_count);
    for (size_t r = 0; r < got.row_count; r++)
        for (size_t c = 0; c < SAMPLE_COLUMNS; c++) {
            const char *a = text_cell(&wanted, r, c), *b = text_cell(&got, r, c);
            bool is_bool = sample_types[c].type == TYPE_BOOL;
            if (a && is_bool)
                a = strcmp(a, "true") == 0 ? "1" : "0";
            if (!a != !b || (a && strcmp(a, b) != 0))
                fail_msg("row %zu, %s: '%s', not '%s'", r, sample_names[c], b ? b : "NULL",
                         a ? a : "NULL");
        }
    text_rows_release(&wanted);
    text_rows_release(&got);
    buf_release(&sql);
}

static void test_ingest(void **state)
{
    (void)state;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    ingest_sample("d");
    same_as_sample("d.t");
    ingest_sample(NULL);
    same_as_sample("temp.t");
}

/* A driver without a way of its own gets INSERTs. */
static void test_ingest_in_sql(void **state)
{
    (void)state;
    open_faulty("ingest", "none");
    run("CREATE TABLE d.t (a BIGINT, b TEXT)");
    static const char *const names[] = {"a", "b"};
    static const struct type_spec specs[] = {{.type = TYPE_BIGINT}, {.type = TYPE_TEXT}};
    struct column columns[2];
    struct ArrowArray children[2] = {0}, batch;
    struct ArrowSchema schema;
    struct ArrowArrayStream rows;
    for (size_t c = 0; c < 2; c++)
        sample_ok(column_init(&columns[c], &specs[c], err));
    column_set_int64(&columns[0], 0, 7);
    sample_ok(column_set_text(&columns[1], 0, "it's", 4, err));
    for (size_t c = 0; c < 2; c++)
        sample_ok(column_export(&columns[c], 2, &children[c], err));
    sample_ok(batch_make(children, 2, 2, &batch, err));
    sample_ok(schema_make(names, specs, 2, &schema, err));
    sample_ok(stream_from_arrays(&schema, &batch, 1, &rows, err));
    const struct ingest_target into = {"d", "t"};
    sample_ok(connection_ingest(con, &into, &rows, err));
    stream_release(&rows);
    says("SELECT group_concat(coalesce(a, 'x') || coalesce(b, 'y')) FROM d.t", "7it's,xy");
}

static void test_describe(void **state)
{
    (void)state;
    struct described there;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    sample_ok(connection_describe(con, "d", NULL, &there, err));
    assert_int_equal(there.table_count, 0);
    described_release(&there);
    run("CREATE TABLE d.\"odd \"\"name\" (a TEXT NOT NULL, b BIGINT, c BLOB NOT NULL DEFAULT '')");
    run("CREATE VIEW d.v AS SELECT 1");
    run("CREATE TABLE main.t (a)");
    sample_ok(connection_describe(con, "d", NULL, &there, err));
    assert_int_equal(there.table_count, 1);
    const struct described_table *table = described_find(&there, "ODD \"NAME");
    assert_int_equal(table->column_count, 3);
    assert_string_equal(table->columns[1].sql_type, "BIGINT");
    assert_false(table->columns[0].nullable);
    assert_true(table->columns[1].nullable);
    assert_true(table->columns[2].nullable);
    described_release(&there);
}

/* ---- faults ---- */

static void test_cut(void **state)
{
    (void)state;
    static const char *const cuts[] = {"0", "1"};
    for (size_t i = 0; i < 2; i++) {
        struct text_rows rows;
        struct tg_error problem = {0};
        open_faulty("cut", cuts[i]);
        assert_int_equal(connection_fetch(con, "SELECT 1", &rows, &problem), TG_DESTINATION);
        assert_non_null(strstr(problem.what, "the line was cut"));
        connection_close(con);
    }
    con = NULL;
}

/* What a commit did that failed is seen by a connection that is new, and not before. */
static void test_commit(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"before", "0"}, {"after", "1"}};
    for (size_t i = 0; i < 2; i++) {
        struct tg_error problem = {0};
        char sql[64];
        open_faulty("commit", cases[i][0]);
        snprintf(sql, sizeof(sql), "CREATE TABLE d.%s (a TEXT)", cases[i][0]);
        sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
        run(sql);
        assert_int_equal(connection_transact(con, TRANSACT_COMMIT, &problem), TG_DESTINATION);
        assert_string_equal(problem.sqlstate, "08006");
        assert_int_equal(connection_exec(con, "SELECT 1", NULL, NULL), TG_DESTINATION);
        connection_close(con);
        sample_ok(connection_open(&ctx, &real, true, &con, err));
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM d.sqlite_master WHERE name = '%s'",
                 cases[i][0]);
        says(sql, cases[i][1]);
        connection_close(con);
    }
    con = NULL;
}

static atomic_int cancel;

static void *cancel_soon(void *arg)
{
    (void)arg;
    usleep(30000);
    atomic_store(&cancel, 1);
    wakeup_set(ctx.wakeup);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    pthread_t thread;
    struct tg_error problem = {0};
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    sample_ok(wakeup_open(&ctx.wakeup, err));
    open_faulty("slow", "1");
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    assert_int_equal(connection_exec(con, "SELECT 'slow'", NULL, &problem), TG_CANCELLED);
    pthread_join(thread, NULL);
    assert_int_equal(connection_exec(con, "SELECT 1", NULL, &problem), TG_CANCELLED);
    connection_close(con);
    con = NULL;
    wakeup_close(ctx.wakeup);
}

static int work(void)
{
    int rc = TG_OK;
    struct connection *own = NULL;
    struct text_rows rows = {0};
    struct described there = {0};
    struct tg_error err = {0};
    TRY(connection_open(&ctx, &real, true, &own, &err));
    TRY(connection_exec(own, "DELETE FROM d.t", NULL, &err));
    TRY(connection_fetch(own, "SELECT count(*) FROM d.t", &rows, &err));
    rc = connection_describe(own, "d", NULL, &there, &err);
done:
    described_release(&there);
    text_rows_release(&rows);
    connection_close(own);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    sample_ok(connection_open(&ctx, &real, true, &con, err));
    ingest_sample("d");
    connection_close(con);
    con = NULL;
    torture(work);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_places),       TEST(test_opening),    TEST(test_vendor), TEST(test_statements),
        TEST(test_transactions), TEST(test_autocommit), TEST(test_ingest), TEST(test_ingest_in_sql),
        TEST(test_describe),     TEST(test_cut),        TEST(test_commit), TEST(test_cancel),
        TEST(test_memory),
    };
    setenv("TIDEGATE_FAULTY_DRIVER", SQLITE_DRIVER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
