/* Results as Arrow streams: many chunks, none, failures in the middle, lives of the arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "duckdb/api.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static atomic_int cancel;
static duckdb_database database;
static duckdb_connection con;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    const struct duck_limits limits = {.memory_bytes = (size_t)64 << 20, .threads = 1};
    return duck_open(&ctx, NULL, &limits, &database, NULL) || duck_connect(database, &con, NULL);
}

static int teardown(void **state)
{
    (void)state;
    duck_disconnect(&con);
    duck_close(&database);
    return 0;
}

static void open_query(const char *sql, struct ArrowArrayStream *out)
{
    sample_ok(duck_query(&ctx, con, false, sql, out, err));
}

static void test_many_chunks_in_order(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    int64_t next = 0;
    open_query("SELECT i, 'text ' || i FROM range(1000000) t(i)", &stream);
    sample_ok(stream_schema(&stream, TG_DESTINATION, &schema, err));
    assert_int_equal(schema.n_children, 2);
    assert_string_equal(schema.children[0]->name, "i");
    assert_string_equal(schema.children[0]->format, "l");
    for (;;) {
        struct ArrowArray batch;
        bool end = false;
        sample_ok(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        const int64_t *values = batch.children[0]->buffers[1];
        for (int64_t i = 0; i < batch.length; i++)
            assert_int_equal(values[i], next++);
        array_release(&batch);
    }
    assert_int_equal(next, 1000000);
    schema_release(&schema);
    stream_release(&stream);
}

static void test_empty_result(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    bool end = false;
    open_query("SELECT 1 AS a, DATE '2024-01-01' AS b WHERE false", &stream);
    sample_ok(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
    assert_true(end);
    sample_ok(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
    assert_true(end);
    sample_ok(stream_schema(&stream, TG_DESTINATION, &schema, err));
    assert_int_equal(schema.n_children, 2);
    assert_string_equal(schema.children[1]->format, "tdD");
    schema_release(&schema);
    stream_release(&stream);
}

static void test_types_as_arrow(void **state)
{
    (void)state;
    static const char *const formats[] = {"tsu:UTC", "tsu:", "d:38,9,128", "u", "z", "b",
                                          "g",       "ttu",  "i",          "u", "u"};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    open_query("SELECT TIMESTAMPTZ '2024-01-01 00:00:00Z', TIMESTAMP '2024-01-01', "
               "1::DECIMAL(38,9), 'x', 'x'::BLOB, true, 1.5::DOUBLE, TIME '01:02:03', 1, "
               "'{}'::JSON, uuid()",
               &stream);
    sample_ok(stream_schema(&stream, TG_DESTINATION, &schema, err));
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        assert_string_equal(schema.children[i]->format, formats[i]);
    schema_release(&schema);
    stream_release(&stream);
}

static void test_failure_in_the_middle(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct tg_error problem = {0};
    int64_t rows = 0;
    int rc = TG_OK;
    open_query("SELECT CASE WHEN i = 900000 THEN error('on purpose') ELSE i END "
               "FROM range(1000000) t(i)",
               &stream);
    for (;;) {
        struct ArrowArray batch;
        bool end = false;
        rc = stream_next(&stream, TG_INTERNAL, &batch, &end, &problem);
        if (rc != TG_OK)
            break;
        assert_false(end); /* an end here would be rows lost in silence */
        rows += batch.length;
        array_release(&batch);
    }
    assert_int_equal(rc, TG_DESTINATION);
    assert_non_null(strstr(problem.what, "on purpose"));
    assert_true(rows <= 900000);
    stream_release(&stream);
    open_query("SELECT 1", &stream); /* the connection goes on */
    stream_release(&stream);
}

static void test_cancel_in_the_middle(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    struct tg_error problem = {0};
    bool end = false;
    open_query("SELECT * FROM range(100000000)", &stream);
    sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
    array_release(&batch);
    atomic_store(&cancel, 1);
    assert_int_equal(stream_next(&stream, TG_INTERNAL, &batch, &end, &problem), TG_CANCELLED);
    stream_release(&stream);
    assert_int_equal(duck_query(&ctx, con, false, "SELECT 1", &stream, &problem), TG_CANCELLED);
    assert_null(stream.release);
}

static void test_arrays_outlive_the_stream(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    bool end = false;
    struct buf text = BUF_INIT;
    duckdb_connection own = NULL;
    sample_ok(duck_connect(database, &own, err));
    sample_ok(
        duck_query(&ctx, own, true, "SELECT 'a text that is not inlined ' || 42", &stream, err));
    sample_ok(stream_schema(&stream, TG_INTERNAL, &schema, err));
    sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
    stream_release(&stream); /* disconnects */
    sample_line(&schema, &batch, 0, &text);
    assert_string_equal(buf_string(&text), "a text that is not inlined 42|");
    buf_release(&text);
    array_release(&batch);
    schema_release(&schema);
}

static int query_once(void)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema = {0};
    int rc = duck_query(&ctx, con, false, "SELECT 1, 'x'", &stream, NULL);
    if (rc == TG_OK)
        rc = stream_schema(&stream, TG_INTERNAL, &schema, NULL);
    schema_release(&schema);
    stream_release(&stream);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(query_once);
}

#define with_database(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_database(test_many_chunks_in_order), with_database(test_empty_result),
        with_database(test_types_as_arrow),       with_database(test_failure_in_the_middle),
        with_database(test_cancel_in_the_middle), with_database(test_arrays_outlive_the_stream),
        with_database(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/duckdb_stream", tests, NULL, NULL);
}
