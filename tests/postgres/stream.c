/* Results as Arrow streams: rows, batches, parameters, ends before the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "postgres/client.h"
#include "tests/postgres.h"
#include "tests/proxy.h"
#include "tests/torture.h"

static struct context ctx;
static struct pg_client *client;
static struct tg_error err;
static atomic_int cancel;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    return pg_open(&ctx, postgres_uri(), false, &client, &err);
}

static int teardown(void **state)
{
    (void)state;
    pg_close(client);
    client = NULL;
    return 0;
}

static void query(const char *sql, const struct pg_parameters *parameters,
                  struct ArrowArrayStream *out)
{
    if (pg_query(client, &ctx, sql, parameters, out, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

static void put_row(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row,
                    struct buf *out)
{
    for (int64_t c = 0; c < schema->n_children; c++) {
        buf_text(out, c > 0 ? "|" : "");
        buf_text(out, array_is_null(batch->children[c], row) ? "NULL" : "");
        assert_int_equal(value_text(schema->children[c], batch->children[c], row, out, &err),
                         TG_OK);
    }
    buf_char(out, '\n');
}

/* All rows, a line for each; the stream is released. */
static int64_t drain(struct ArrowArrayStream *stream, struct buf *out)
{
    bool end = false;
    int64_t batches = 0;
    struct ArrowSchema schema;
    assert_int_equal(stream_schema(stream, TG_DESTINATION, &schema, &err), TG_OK);
    for (;; batches++) {
        struct ArrowArray batch;
        assert_int_equal(stream_next(stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
        if (end)
            break;
        for (int64_t row = 0; row < batch.length; row++)
            put_row(&schema, &batch, row, out);
        array_release(&batch);
    }
    schema_release(&schema);
    stream_release(stream);
    return batches;
}

static void gives(const char *sql, const struct pg_parameters *parameters, const char *expected)
{
    struct buf text = BUF_INIT;
    struct ArrowArrayStream stream;
    query(sql, parameters, &stream);
    drain(&stream, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
}

/* A ; keeps a query from being copied: its rows come as results. */
static const char *const ends[] = {"", ";"};
enum { WAYS = sizeof(ends) / sizeof(ends[0]) };

static const char *by(size_t way, const char *sql)
{
    static char text[512];
    snprintf(text, sizeof(text), "%s%s", sql, ends[way]);
    return text;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        gives(by(way, "SELECT 1 AS a, 'ä' AS b, NULL::int AS c"), NULL, "1|ä|NULL\n");
        gives(by(way, "\n  select true, 1.50::numeric(5,2), '2024-02-29 12:00+02'::timestamptz"),
              NULL, "true|1.50|2024-02-29T10:00:00+00:00\n");
        gives(by(way, "SELECT 1 WHERE false"), NULL, "");
        gives(by(way, "WITH q AS (VALUES (1), (2)) SELECT * FROM q"), NULL, "1\n2\n");
        gives(by(way, "VALUES (1, ''), (2, NULL)"), NULL, "1|\n2|NULL\n");
        gives(by(way, "SELECT int4range(1, 3), 7"), NULL, "[1,3)|7\n");
    }
    gives("SELECT 1 -- one", NULL, "1\n");
    gives("SHOW server_encoding", NULL, "UTF8\n");
    gives("EXPLAIN (COSTS off) SELECT 1", NULL, "Result\n");
    gives("SELECT 1 AS a INTO made", NULL, "SELECT 1\n");
    gives("WITH gone AS (DELETE FROM made RETURNING a) SELECT * FROM gone", NULL, "1\n");
    gives("TABLE made", NULL, "");
    gives("SELECT 1 AS a, 'ä' AS b, NULL::int AS c", NULL, "1|ä|NULL\n");
    gives("SELECT 1 WHERE false", NULL, "");
    gives("VALUES (1, ''), (2, NULL)", NULL, "1|\n2|NULL\n");
    gives("SELECT", NULL, "\n");
    gives("CREATE TABLE no_rows (a int)", NULL, "CREATE TABLE\n");
    gives("INSERT INTO no_rows VALUES (1), (2) RETURNING a", NULL, "1\n2\n");
}

/* In one answer, or (of types that are not read as they come, and of what changes rows) as pg_query
 * does. */
static void fetches(const char *sql, const char *expected)
{
    struct buf text = BUF_INIT;
    struct ArrowArrayStream stream;
    if (pg_fetch(client, &ctx, sql, &stream, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
    drain(&stream, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    gives(sql, NULL, expected); /* and nothing is left behind */
}

static void test_fetched(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    fetches(
        "SELECT 1 AS a, 'ä' AS b, NULL::int AS c, 5::bigint, 'x'::name, true, 1.50::numeric(5,2)",
        "1|ä|NULL|5|x|true|1.50\n");
    fetches("SELECT '2024-02-29 12:00+02'::timestamptz", "2024-02-29T10:00:00+00:00\n");
    fetches("SELECT 1 WHERE false", "");
    fetches("SELECT int4range(1, 3), 7", "[1,3)|7\n"); /* the server writes it */
    gives("CREATE TYPE mood AS ENUM ('sad', 'glad')", NULL, "CREATE TYPE\n");
    fetches("SELECT 'glad'::mood, x FROM generate_series(1, 3) AS x", "glad|1\nglad|2\nglad|3\n");
    fetches("SELECT 'glad'::mood WHERE false", "");
    fetches("SHOW server_encoding", "UTF8\n");
    fetches("SELECT", "\n");
    gives("CREATE TABLE counted (a int)", NULL, "CREATE TABLE\n");
    assert_int_equal(pg_fetch(client, &ctx, "INSERT INTO counted VALUES (1) RETURNING 'sad'::mood",
                              &stream, &err),
                     TG_OK); /* it is not run twice */
    stream_release(&stream);
    gives("SELECT count(*) FROM counted", NULL, "1\n");
    assert_int_equal(pg_fetch(client, &ctx, "SELECT 1 / 0", &stream, &err), TG_DESTINATION);
    assert_null(stream.release);
    assert_string_equal(err.sqlstate, "22012");
    error_clear(&err);
    fetches("SELECT 2", "2\n");
}

/* Control: told before the end of the session's answers, a commit that fails goes unheard. */
static void test_statements_without_rows(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    gives("CREATE TABLE done (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)", NULL, "CREATE TABLE\n");
    gives("INSERT INTO done SELECT generate_series(1, 3)", NULL, "INSERT 0 3\n");
    gives("UPDATE done SET a = a + 10;", NULL, "UPDATE 3\n");
    gives("DELETE FROM done WHERE a = 11", NULL, "DELETE 1\n");
    gives("UPDATE done SET a = 0 WHERE false", NULL, "UPDATE 0\n");
    assert_int_equal(pg_query(client, &ctx, "UPDATE done SET a = 7", NULL, &stream, &err),
                     TG_DESTINATION);
    assert_null(stream.release);
    assert_non_null(strstr(err.what, "already exists"));
    error_clear(&err);
    gives("SELECT a FROM done ORDER BY a", NULL, "12\n13\n");
}

static void test_parameters(void **state)
{
    const struct pg_parameter items[] = {{20, "41"}, {0, "it's"}, {25, NULL}};
    const struct pg_parameters parameters = {items, 3};
    (void)state;
    gives("SELECT $1 + 1, $2::text, $3", &parameters, "42|it's|NULL\n");
}

static void test_many_batches(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        struct buf text = BUF_INIT;
        struct ArrowArrayStream stream;
        query(by(way, "SELECT repeat('x', 9) FROM generate_series(1, 5000)"), NULL, &stream);
        assert_int_equal(drain(&stream, &text), 3);
        assert_int_equal(text.len, 50000);
        buf_release(&text);
    }
}

static const char endless[] =
    "SELECT 1 FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b";

/* The session takes the next statement at once, and is none the worse. */
static void test_released_early(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool end = false;
    (void)state;
    for (int i = 0; i < 8; i++) {
        query(by((size_t)i % WAYS, endless), NULL, &stream);
        for (int n = 0; n < i / WAYS; n++) {
            assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
            array_release(&batch);
        }
        stream_release(&stream);
        gives("SELECT 7", NULL, "7\n");
    }
}

static void test_fails(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool end = false;
    (void)state;
    assert_int_equal(pg_query(client, &ctx, "SELECT\nnone", NULL, &stream, &err), TG_DESTINATION);
    assert_string_equal(err.what, "postgresql: column \"none\" does not exist\n"
                                  "  line 2: none\n"
                                  "          ^");
    assert_null(stream.release);
    assert_int_equal(pg_query(client, &ctx, "COPY (SELECT 1) TO STDOUT", NULL, &stream, &err),
                     TG_DESTINATION);
    for (size_t way = 0; way < WAYS; way++) {
        query(by(way, "SELECT 1 / (3000 - g) FROM generate_series(1, 5000) AS g"), NULL, &stream);
        assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
        array_release(&batch);
        assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_DESTINATION);
        assert_string_equal(err.sqlstate, "22012");
        stream_release(&stream);
        gives("SELECT 7", NULL, "7\n");
    }
}

static void test_cancelled(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool end = false;
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        query(by(way, endless), NULL, &stream);
        assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
        array_release(&batch);
        atomic_store(&cancel, 1);
        assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_CANCELLED);
        stream_release(&stream);
        atomic_store(&cancel, 0);
        gives("SELECT 7", NULL, "7\n");
    }
}

/* While rows come; what was on its way may still be read. */
static void test_the_server_ends_the_session(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        struct ArrowArrayStream stream;
        bool end = false;
        int rc = TG_OK;
        query(by(way, endless), NULL, &stream);
        free(postgres_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE application_name = 'tidegate' AND datname = current_database()"));
        while (rc == TG_OK) {
            struct ArrowArray batch = {0};
            rc = stream_next(&stream, TG_DESTINATION, &batch, &end, &err);
            assert_false(end);
            array_release(&batch);
        }
        assert_int_equal(rc, TG_DESTINATION);
        assert_true(err.retryable);
        assert_int_equal(strcmp(err.sqlstate, "57P01") && strcmp(err.sqlstate, "08006"), 0);
        stream_release(&stream);
        assert_int_equal(pg_exec(client, &ctx, "SELECT 1", NULL, &err), TG_DESTINATION);
        pg_close(client);
        assert_int_equal(pg_open(&ctx, postgres_uri(), false, &client, &err), TG_OK);
    }
}

/* Without a word. */
static void test_the_server_is_gone(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        static struct proxy proxy;
        struct ArrowArrayStream stream;
        bool end = false;
        int rc = TG_OK;
        proxy_start(&proxy, postgres_uri());
        pg_close(client);
        assert_int_equal(pg_open(&ctx, proxy.uri, false, &client, &err), TG_OK);
        query(by(way, endless), NULL, &stream);
        atomic_store(&proxy.drop, true);
        while (rc == TG_OK) {
            struct ArrowArray batch = {0};
            rc = stream_next(&stream, TG_DESTINATION, &batch, &end, &err);
            assert_false(end);
            array_release(&batch);
        }
        assert_int_equal(rc, TG_DESTINATION);
        assert_string_equal(err.sqlstate, "08006");
        stream_release(&stream);
        proxy_stop(&proxy);
    }
}

static int read_all(void)
{
    static size_t way;
    int rc = TG_OK;
    bool end = false;
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    TRY(pg_query(client, &ctx,
                 by(way++ % WAYS, "SELECT g, 'x' AS t FROM generate_series(1, 3) AS g"), NULL,
                 &stream, &err));
    TRY(stream_schema(&stream, TG_DESTINATION, &schema, &err));
    rc = stream_next(&stream, TG_DESTINATION, &batch, &end, &err);
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(read_all);
    gives("SELECT 7", NULL, "7\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_rows),
        TEST(test_statements_without_rows),
        TEST(test_fetched),
        TEST(test_parameters),
        TEST(test_many_batches),
        TEST(test_released_early),
        TEST(test_fails),
        TEST(test_cancelled),
        TEST(test_the_server_ends_the_session),
        TEST(test_the_server_is_gone),
        TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
