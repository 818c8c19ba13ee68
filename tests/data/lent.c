/* A stream of ours in the hands of consumers who forget what they are told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/lent.h"

/* A stream of `left` empty batches, and then the end, or a failure. */
struct source {
    struct stream_head head;
    int left;
    bool fails;
};

static int source_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    return schema_make((const char *[]){"id"}, (struct type_spec[]){{.type = TYPE_BIGINT}}, 1, out,
                       NULL);
}

static int source_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct source *source = stream->private_data;
    struct column column = {.len = 0};
    struct ArrowArray child;
    *out = (struct ArrowArray){0};
    if (source->left-- > 0)
        return column_init(&column, &(struct type_spec){.type = TYPE_BIGINT}, NULL) ||
               column_export(&column, 0, &child, NULL) || batch_make(&child, 1, 0, out, NULL);
    if (!source->fails)
        return 0;
    source->fails = false; /* and goes on as if nothing had been */
    return stream_errno(error_set(&source->head.err, TG_DATA, "the file is cut off"));
}

static void source_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static void open_source(struct source *source, struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){source_schema, source_next, stream_last_error, source_release,
                                     source};
}

/* Reads as many batches as there may be; how many there were. A failure counts as the end. */
static int read_batches(struct lent *lent, int most)
{
    struct ArrowArray batch;
    for (int count = 0; count < most; count++) {
        if (lent->stream.get_next(&lent->stream, &batch) != 0 || !batch.release)
            return count;
        array_release(&batch);
    }
    return most;
}

static void a_stream_is_read_to_its_end(void **state)
{
    (void)state;
    struct source source = {.left = 2};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct lent lent;
    open_source(&source, &stream);
    stream_lend(&stream, &lent);
    assert_int_equal(lent.stream.get_schema(&lent.stream, &schema), 0);
    assert_string_equal(schema.children[0]->name, "id");
    schema_release(&schema);
    assert_int_equal(read_batches(&lent, 9), 2);
    assert_int_equal(read_batches(&lent, 9), 0); /* the end stays the end */
    lent.stream.release(&lent.stream);
    assert_non_null(stream.release); /* it is ours */
    assert_int_equal(stream_lent(&lent, TG_OK, NULL), TG_OK);
    struct tg_error err = {.code = TG_DESTINATION};
    assert_int_equal(stream_lent(&lent, TG_DESTINATION, &err), TG_DESTINATION);
    assert_string_equal(err.what, "");
}

static void who_stops_early_is_told(void **state)
{
    (void)state;
    struct source source = {.left = 2};
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    struct lent lent;
    open_source(&source, &stream);
    stream_lend(&stream, &lent);
    assert_int_equal(read_batches(&lent, 2), 2);
    assert_int_equal(stream_lent(&lent, TG_OK, &err), TG_DESTINATION);
    assert_non_null(strstr(err.what, "did not read the stream to its end"));
}

static void a_failure_that_is_taken_for_the_end_is_none(void **state)
{
    (void)state;
    struct source source = {.left = 1, .fails = true};
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    struct lent lent;
    open_source(&source, &stream);
    stream_lend(&stream, &lent);
    assert_int_equal(read_batches(&lent, 9), 1);
    assert_string_equal(lent.stream.get_last_error(&lent.stream), "the file is cut off");
    struct ArrowArray batch;
    struct ArrowSchema schema;
    assert_int_equal(lent.stream.get_next(&lent.stream, &batch), EIO);
    assert_int_equal(lent.stream.get_schema(&lent.stream, &schema), EIO);
    assert_int_equal(stream_lent(&lent, TG_OK, &err), TG_DATA);
    assert_string_equal(err.what, "the file is cut off");
    assert_int_equal(stream_lent(&lent, TG_DESTINATION, NULL), TG_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_read_to_its_end),
        cmocka_unit_test(who_stops_early_is_told),
        cmocka_unit_test(a_failure_that_is_taken_for_the_end_is_none),
    };
    return cmocka_run_group_tests_name("data/lent", tests, NULL, NULL);
}
