/* Results as Arrow streams: rows, batches, parameters, ends before the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "base/memory.h"
#include "postgres/client.h"
#include "tests/postgres.h"

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
    return pg_open(&ctx, postgres_uri(), &client, &err);
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

static void test_rows(void **state)
{
    (void)state;
    gives("SELECT 1 AS a, 'ä' AS b, NULL::int AS c", NULL, "1|ä|NULL\n");
    gives("SELECT 1 WHERE false", NULL, "");
    gives("VALUES (1, ''), (2, NULL)", NULL, "1|\n2|NULL\n");
    gives("SELECT", NULL, "\n");
    gives("CREATE TABLE no_rows (a int)", NULL, "");
    gives("INSERT INTO no_rows VALUES (1), (2) RETURNING a", NULL, "1\n2\n");
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
    struct buf text = BUF_INIT;
    struct ArrowArrayStream stream;
    (void)state;
    query("SELECT repeat('x', 9) FROM generate_series(1, 5000)", NULL, &stream);
    assert_int_equal(drain(&stream, &text), 3);
    assert_int_equal(text.len, 50000);
    buf_release(&text);
}

/* The session takes the next statement at once, and is none the worse. */
static void test_released_early(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool end = false;
    (void)state;
    for (int i = 0; i < 6; i++) {
        query("SELECT 1 FROM generate_series(1, 10000) AS a, generate_series(1, 10000) AS b", NULL,
              &stream);
        for (int n = 0; n < i; n++) {
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
    query("SELECT 1 / (3000 - g) FROM generate_series(1, 5000) AS g", NULL, &stream);
    assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
    array_release(&batch);
    assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_DESTINATION);
    assert_string_equal(err.sqlstate, "22012");
    stream_release(&stream);
    gives("SELECT 7", NULL, "7\n");
}

static void test_cancelled(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool end = false;
    (void)state;
    query("SELECT 1 FROM generate_series(1, 10000) AS a, generate_series(1, 10000) AS b", NULL,
          &stream);
    assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_OK);
    array_release(&batch);
    atomic_store(&cancel, 1);
    assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_CANCELLED);
    stream_release(&stream);
    atomic_store(&cancel, 0);
    gives("SELECT 7", NULL, "7\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_rows),           TEST(test_parameters), TEST(test_many_batches),
        TEST(test_released_early), TEST(test_fails),      TEST(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
