/*
 * src/data/stream.c: streams over arrays, and reading streams that fail.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/batch.h"
#include "tests/torture.h"

static const char *const names[] = {"id"};
static const struct type_spec types[] = {{.type = TYPE_BIGINT}};

static int make_batch(int64_t value, struct ArrowArray *out)
{
    struct column column = {.len = 0};
    struct ArrowArray child;
    int rc = TG_OK;
    out->release = NULL;
    TRY(column_init(&column, types, NULL));
    column_set_int64(&column, 0, value);
    TRY(column_export(&column, 1, &child, NULL));
    TRY(batch_make(&child, 1, 1, out, NULL));
done:
    column_release(&column);
    return rc;
}

static int make_stream(size_t count, struct ArrowArrayStream *out)
{
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batches[3] = {{.release = NULL}, {.release = NULL}, {.release = NULL}};
    int rc = TG_OK;
    out->release = NULL;
    TRY(schema_make(names, types, 1, &schema, NULL));
    for (size_t i = 0; i < count; i++)
        TRY(make_batch((int64_t)i, &batches[i]));
    TRY(stream_from_arrays(&schema, batches, count, out, NULL));
done:
    schema_release(&schema);
    for (size_t i = 0; i < count; i++)
        array_release(&batches[i]);
    return rc;
}

static int read_all(size_t count)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    bool end = false;
    int rc = TG_OK;
    TRY(make_stream(count, &stream));
    TRY(stream_schema(&stream, TG_SOURCE, &schema, NULL));
    for (size_t i = 0; i < count; i++) {
        TRY(stream_next(&stream, TG_SOURCE, &batch, &end, NULL));
        assert_false(end);
        assert_int_equal(((const int64_t *)batch.children[0]->buffers[1])[0], i);
        array_release(&batch);
    }
    for (int i = 0; i < 2; i++) { /* the end stays the end */
        TRY(stream_next(&stream, TG_SOURCE, &batch, &end, NULL));
        assert_true(end);
        assert_null(batch.release);
    }
done:
    schema_release(&schema);
    stream_release(&stream);
    return rc;
}

static void all_batches_in_order(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 3; count++)
        assert_int_equal(read_all(count), TG_OK);
}

static void what_was_not_read_is_released(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    size_t live = mem_live();
    bool end;
    (void)state;
    assert_int_equal(make_stream(3, &stream), TG_OK);
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, NULL), TG_OK);
    stream_release(&stream);
    assert_null(stream.release);
    stream_release(&stream);
    assert_int_equal(((const int64_t *)batch.children[0]->buffers[1])[0], 0);
    array_release(&batch);
    assert_int_equal(mem_live(), live);
}

/* A foreign producer that fails, with or without a message, and leaves rubbish behind. */
static const char *message;

static int fail_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    memset(out, 0x55, sizeof(*out));
    return EIO;
}

static int fail_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    memset(out, 0x55, sizeof(*out));
    return EINVAL;
}

static const char *last_message(struct ArrowArrayStream *stream)
{
    (void)stream;
    return message;
}

static void foreign_failures_are_told(void **state)
{
    struct ArrowArrayStream stream = {fail_schema, fail_next, last_message, NULL, NULL};
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct tg_error err = {0};
    bool end;
    (void)state;
    message = "connection lost: 100%d";
    assert_int_equal(stream_schema(&stream, TG_SOURCE, &schema, &err), TG_SOURCE);
    assert_string_equal(err.what, "connection lost: 100%d");
    assert_null(schema.release);
    assert_int_equal(stream_next(&stream, TG_DESTINATION, &batch, &end, &err), TG_DESTINATION);
    assert_string_equal(err.what, "connection lost: 100%d");
    assert_null(batch.release);
    message = NULL;
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "without a message"));
}

static void errors_of_our_own_streams_pass_whole(void **state)
{
    struct stream_head head = {.err = {0}};
    struct ArrowArrayStream stream = {fail_schema, fail_next, stream_last_error, NULL, &head};
    struct ArrowArray batch;
    struct tg_error err = {0};
    bool end;
    (void)state;
    assert_null(stream_last_error(&stream));
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, &err), TG_SOURCE);
    error_set(&head.err, TG_CONTRACT, "no new columns");
    error_where(&head.err, TG_CONTRACT, "row 3");
    head.err.retryable = true;
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, &err), TG_CONTRACT);
    assert_string_equal(err.what, "no new columns");
    assert_string_equal(err.where, "row 3");
    assert_true(err.retryable);
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, NULL), TG_CONTRACT);
}

static int read_three(void)
{
    return read_all(3);
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(read_three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_batches_in_order),
        cmocka_unit_test(what_was_not_read_is_released),
        cmocka_unit_test(foreign_failures_are_told),
        cmocka_unit_test(errors_of_our_own_streams_pass_whole),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/stream", tests, NULL, NULL);
}
