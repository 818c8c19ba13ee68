/*
 * src/data/sheet.c: rows one by one, in as many batches as they need.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/sheet.h"
#include "tests/torture.h"

static const char *const names[] = {"n", "name"};
static const struct type_spec types[] = {{.type = TYPE_BIGINT}, {.type = TYPE_TEXT}};

/* Every third row has no name, every second one no number. */
static int list_rows(int64_t count, struct ArrowArrayStream *out)
{
    int rc = TG_OK;
    struct sheet sheet;
    TRY(sheet_init(&sheet, names, types, 2, NULL));
    for (int64_t i = 0; i < count; i++) {
        if (i % 2 == 0)
            sheet_int64(&sheet, 0, i);
        TRY(sheet_text(&sheet, 1, i % 3 == 0 ? NULL : "x", NULL));
        TRY(sheet_end_row(&sheet, NULL));
    }
    rc = sheet_stream(&sheet, out, NULL);
done:
    sheet_release(&sheet);
    return rc;
}

static void check_batch(const struct ArrowArray *batch, int64_t first)
{
    const int64_t *numbers = batch->children[0]->buffers[1];
    for (int64_t row = 0; row < batch->length; row++) {
        int64_t i = first + row;
        assert_int_equal(array_is_null(batch->children[0], row), i % 2 != 0);
        assert_int_equal(array_is_null(batch->children[1], row), i % 3 == 0);
        if (i % 2 == 0)
            assert_int_equal(numbers[row], i);
    }
}

static void check_rows(int64_t count)
{
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch;
    int64_t rows = 0;
    bool end = false;
    assert_int_equal(list_rows(count, &stream), TG_OK);
    while (!end) {
        assert_int_equal(stream_next(&stream, TG_INTERNAL, &batch, &end, NULL), TG_OK);
        if (end)
            break;
        check_batch(&batch, rows);
        rows += batch.length;
        array_release(&batch);
    }
    assert_int_equal(rows, count);
    stream_release(&stream);
}

static void every_row_is_there(void **state)
{
    (void)state;
    static const int64_t counts[] = {
        0, 1, BATCH_ROWS - 1, BATCH_ROWS, BATCH_ROWS + 1, 2 * BATCH_ROWS + 1};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        check_rows(counts[i]);
}

static int list_some(void)
{
    struct ArrowArrayStream stream = {0};
    int rc = list_rows(BATCH_ROWS + 1, &stream);
    stream_release(&stream);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(list_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_there),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/sheet", tests, NULL, NULL);
}
