/* Rows on their way: texts for what is stored as text, NaN, what went wrong. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/sending/outgoing.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

extern const struct dialect dialect_sqlite;

enum { COLUMNS = 4, ROWS = 3 };

static const char *const names[COLUMNS] = {"id", "price", "at", "ratio"};
static const struct type_spec types[COLUMNS] = {
    {.type = TYPE_BIGINT},
    {.type = TYPE_DECIMAL, .precision = 10, .scale = 2},
    {.type = TYPE_TIMESTAMP},
    {.type = TYPE_DOUBLE},
};

/* Rows of which the last one is NULL but for its id. */
static int fill(struct ArrowArray children[COLUMNS], double ratio, struct tg_error *err)
{
    int rc = TG_OK;
    struct column columns[COLUMNS] = {0};
    for (size_t c = 0; c < COLUMNS; c++)
        TRY(column_init(&columns[c], &types[c], err));
    for (size_t row = 0; row < ROWS; row++)
        column_set_int64(&columns[0], row, (int64_t)row);
    for (size_t row = 0; row + 1 < ROWS; row++) {
        column_set_decimal(&columns[1], row, 1250);
        column_set_int64(&columns[2], row, 1500000);
        column_set_double(&columns[3], row, ratio);
    }
    for (size_t c = 0; c < COLUMNS; c++)
        TRY(column_export(&columns[c], ROWS, &children[c], err));
done:
    for (size_t c = 0; c < COLUMNS; c++)
        column_release(&columns[c]);
    return rc;
}

static int make(double ratio, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    struct ArrowArray children[COLUMNS] = {0}, batch = {0};
    TRY(fill(children, ratio, err));
    TRY(batch_make(children, COLUMNS, ROWS, &batch, err));
    TRY(schema_make(names, types, COLUMNS, &schema, err));
    return stream_from_arrays(&schema, &batch, 1, out, err);
done:
    for (size_t c = 0; c < COLUMNS; c++)
        array_release(&children[c]);
    array_release(&batch);
    return rc;
}

static void test_texts(void **state)
{
    (void)state;
    bool end = false;
    struct buf text = BUF_INIT;
    struct outgoing *outgoing = NULL;
    struct ArrowArrayStream inner, out;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    sample_ok(make(0.5, &inner, err));
    sample_ok(outgoing_new(&dialect_sqlite, &inner, &outgoing, &out, err));
    sample_ok(stream_schema(&out, TG_IO, &schema, err));
    assert_false(outgoing_began(outgoing));
    static const char *const formats[COLUMNS] = {"l", "u", "u", "g"};
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_string_equal(schema.children[c]->format, formats[c]);
        assert_string_equal(schema.children[c]->name, names[c]);
    }
    sample_ok(stream_next(&out, TG_IO, &batch, &end, err));
    assert_true(outgoing_began(outgoing));
    assert_int_equal(batch.length, ROWS);
    sample_ok(value_text(schema.children[1], batch.children[1], 1, &text, err));
    buf_char(&text, ' ');
    sample_ok(value_text(schema.children[2], batch.children[2], 1, &text, err));
    assert_string_equal(text.data, "12.50 1970-01-01T00:00:01.500000+00:00");
    assert_true(array_is_null(batch.children[1], 2));
    assert_true(array_is_null(batch.children[2], 2));
    array_release(&batch);
    sample_ok(stream_next(&out, TG_IO, &batch, &end, err));
    assert_true(end);
    assert_int_equal(outgoing_error(outgoing, NULL), TG_OK);
    schema_release(&schema);
    stream_release(&out);
    outgoing_free(outgoing);
    stream_release(&inner);
    buf_release(&text);
}

static void test_nan(void **state)
{
    (void)state;
    struct outgoing *outgoing = NULL;
    struct ArrowArrayStream inner, out;
    struct ArrowArray batch;
    struct tg_error problem = {0};
    sample_ok(make(NAN, &inner, err));
    sample_ok(outgoing_new(&dialect_sqlite, &inner, &outgoing, &out, err));
    assert_int_equal(out.get_next(&out, &batch), EIO);
    assert_null(batch.release);
    assert_int_equal(out.get_next(&out, &batch), EIO);
    assert_int_equal(outgoing_error(outgoing, &problem), TG_DATA);
    assert_string_equal(problem.what, "column 'ratio' has a NaN, of which sqlite would make NULL; "
                                      "remove it in the source, or load the column as text");
    stream_release(&out);
    outgoing_free(outgoing);
    stream_release(&inner);
    sample_ok(make(INFINITY, &inner, err));
    sample_ok(outgoing_new(&dialect_sqlite, &inner, &outgoing, &out, err));
    assert_int_equal(out.get_next(&out, &batch), 0);
    array_release(&batch);
    stream_release(&inner);
    outgoing_free(outgoing);
    sample_ok(make(NAN, &inner, err));
    sample_ok(outgoing_new(&dialect_duckdb, &inner, &outgoing, &out, err));
    assert_int_equal(out.get_next(&out, &batch), 0);
    array_release(&batch);
    stream_release(&inner);
    outgoing_free(outgoing);
}

static int send(void)
{
    int rc = TG_OK;
    bool end = false;
    struct outgoing *outgoing = NULL;
    struct ArrowArrayStream inner = {0}, out = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct tg_error err = {0};
    TRY(make(0.5, &inner, &err));
    TRY(outgoing_new(&dialect_sqlite, &inner, &outgoing, &out, &err));
    TRY(stream_schema(&out, TG_IO, &schema, &err));
    rc = stream_next(&out, TG_IO, &batch, &end, &err);
done:
    schema_release(&schema);
    array_release(&batch);
    stream_release(&out);
    outgoing_free(outgoing);
    stream_release(&inner);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(send);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_nan),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
