/* Streams of somebody else: what they say, what they break, who is asked around each call. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/foreign.h"
#include "tests/torture.h"

struct producer {
    int left;          /* batches */
    int schemas, asks; /* calls */
    bool schema_fails, fails, is_astray, has_no_columns, released;
};

static int produce_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct producer *producer = stream->private_data;
    struct ArrowSchema whole;
    producer->schemas++;
    if (producer->schema_fails)
        return EINVAL;
    if (schema_make((const char *[]){"id"}, (struct type_spec[]){{.type = TYPE_TEXT}}, 1, &whole,
                    NULL) != TG_OK)
        return ENOMEM;
    schema_move(producer->has_no_columns ? whole.children[0] : &whole, out);
    schema_release(&whole);
    return 0;
}

static int make_batch(struct ArrowArray *out)
{
    int rc = TG_OK;
    struct column column = {.len = 0};
    struct ArrowArray child;
    out->release = NULL;
    TRY(column_init(&column, &(struct type_spec){.type = TYPE_TEXT}, NULL));
    TRY(column_set_text(&column, 0, "some text", 9, NULL));
    TRY(column_export(&column, 1, &child, NULL));
    TRY(batch_make(&child, 1, 1, out, NULL));
done:
    column_release(&column);
    return rc;
}

static int produce(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct producer *producer = stream->private_data;
    producer->asks++;
    *out = (struct ArrowArray){0};
    if (producer->left-- > 0) {
        if (make_batch(out) != TG_OK)
            return ENOMEM;
        if (producer->is_astray)
            ((int32_t *)(uintptr_t)out->children[0]->buffers[1])[0] = 77;
        return 0;
    }
    return producer->fails ? EIO : 0;
}

static const char *producer_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the server closed the connection";
}

static void release_producer(struct ArrowArrayStream *stream)
{
    ((struct producer *)stream->private_data)->released = true;
    stream->release = NULL;
}

/* ---- who is asked ---- */

struct guard {
    int entered, left, refuses, last;
};

static int enter(void *user, struct tg_error *err)
{
    struct guard *guard = user;
    if (guard->refuses)
        return error_set(err, TG_CANCELLED, "cancelled");
    guard->entered++;
    return TG_OK;
}

static int leave(void *user, int rc, struct tg_error *err)
{
    struct guard *guard = user;
    (void)err;
    guard->left++;
    guard->last = rc;
    return rc;
}

static int open_foreign(struct producer *producer, struct guard *guard,
                        struct ArrowArrayStream *out, struct tg_error *err)
{
    struct ArrowArrayStream foreign = {produce_schema, produce, producer_error, release_producer,
                                       producer};
    const struct stream_guard around = {.enter = enter, .leave = leave, .user = guard};
    return stream_foreign(&foreign, TG_DESTINATION, &around, out, err);
}

/* Rows until the end; -1 with the error of the stream. */
static int count_rows(struct ArrowArrayStream *stream, struct tg_error *err)
{
    struct ArrowArray batch = {0};
    bool end = false;
    int rows = 0;
    for (;;) {
        if (stream_next(stream, TG_INTERNAL, &batch, &end, err) != TG_OK)
            return -1;
        if (end)
            return rows;
        rows += (int)batch.length;
        array_release(&batch);
    }
}

static void rows_come_through(void **state)
{
    (void)state;
    struct producer producer = {.left = 3};
    struct guard guard = {0};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    assert_int_equal(open_foreign(&producer, &guard, &stream, NULL), TG_OK);
    assert_int_equal(producer.schemas + guard.entered, 0); /* nothing before it is asked for */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stream.get_schema(&stream, &schema), 0);
        assert_string_equal(schema.children[0]->name, "id");
        schema_release(&schema);
    }
    assert_int_equal(count_rows(&stream, NULL), 3);
    assert_int_equal(count_rows(&stream, NULL), 0);
    assert_int_equal(producer.schemas, 1);
    assert_int_equal(producer.asks, 4); /* never again after the end */
    assert_int_equal(guard.entered, 5);
    assert_int_equal(guard.left, 5);
    assert_false(producer.released);
    stream_release(&stream);
    assert_true(producer.released);
}

static void a_failure_is_not_the_end(void **state)
{
    (void)state;
    struct producer producer = {.left = 1, .fails = true};
    struct guard guard = {0};
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    assert_int_equal(open_foreign(&producer, &guard, &stream, NULL), TG_OK);
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_int_equal(err.code, TG_DESTINATION);
    assert_string_equal(err.what, "the server closed the connection");
    assert_int_equal(guard.last, TG_DESTINATION);
    producer.fails = false; /* it would go on */
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_int_equal(producer.asks, 2);
    stream_release(&stream);
    struct producer bad = {.schema_fails = true};
    assert_int_equal(open_foreign(&bad, &guard, &stream, NULL), TG_OK);
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_int_equal(bad.asks, 0);
    stream_release(&stream);
}

static void what_is_no_arrow_is_an_error(void **state)
{
    (void)state;
    struct producer astray = {.left = 1, .is_astray = true}, none = {.has_no_columns = true};
    struct guard guard = {0};
    struct ArrowArrayStream stream, foreign = {0};
    struct tg_error err = {0};
    assert_int_equal(open_foreign(&astray, &guard, &stream, NULL), TG_OK);
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_int_equal(err.code, TG_DESTINATION);
    assert_non_null(strstr(err.what, "offset"));
    stream_release(&stream);
    assert_int_equal(open_foreign(&none, &guard, &stream, NULL), TG_OK);
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_non_null(strstr(err.what, "a struct"));
    stream_release(&stream);
    const struct stream_guard around = {.enter = enter, .leave = leave, .user = &guard};
    assert_int_equal(stream_foreign(&foreign, TG_DESTINATION, &around, &stream, &err),
                     TG_DESTINATION);
    assert_null(stream.release);
    foreign.release = release_producer;
    foreign.private_data = &none;
    none.released = false;
    assert_int_equal(stream_foreign(&foreign, TG_DESTINATION, &around, &stream, &err), TG_USAGE);
    assert_true(none.released);
}

static void who_guards_may_refuse(void **state)
{
    (void)state;
    struct producer producer = {.left = 1};
    struct guard guard = {.refuses = 1};
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    assert_int_equal(open_foreign(&producer, &guard, &stream, NULL), TG_OK);
    assert_int_equal(count_rows(&stream, &err), -1);
    assert_int_equal(err.code, TG_CANCELLED);
    assert_int_equal(producer.schemas + producer.asks, 0);
    stream_release(&stream);
}

static int read_once(void)
{
    struct producer producer = {.left = 2};
    struct guard guard = {0};
    struct ArrowArrayStream stream = {0};
    struct tg_error err = {0};
    int rc = open_foreign(&producer, &guard, &stream, &err);
    if (rc == TG_OK && count_rows(&stream, &err) < 0)
        rc = strstr(err.what, "closed") ? TG_NOMEM : err.code; /* the producer's own lack of it */
    stream_release(&stream);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(read_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_through),
        cmocka_unit_test(a_failure_is_not_the_end),
        cmocka_unit_test(what_is_no_arrow_is_an_error),
        cmocka_unit_test(who_guards_may_refuse),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/foreign", tests, NULL, NULL);
}
