/*
 * The source `callback`: rows or Arrow streams that a function of the program gives.
 *
 * Data path: callback_read -> call_user (request->read) -> the rows it pushed as a page, then the
 * stream it moved in, batch by batch -> the next call, until it sets `done`.
 *
 * A call that gives nothing is a page without rows; too many of them in a row are taken for a
 * callback that forgot to say that it is done. What a row means is left to others.
 */
#include "extract/source.h"

#include <inttypes.h>

#include "base/memory.h"
#include "data/batch.h"
#include "extract/arrow_check.h"

enum { EMPTY_CALLS_MAX = 100000 };

struct reading {
    struct source_request request;
    struct tg_rows *rows;
    struct ArrowArrayStream stream; /* being read; release NULL: none */
    struct ArrowSchema schema;      /* of the stream */
    bool done;
    size_t empty_calls; /* in a row */
    uint64_t row;       /* number of the next row, from 1 */
};

static void callback_close(struct reading *reading)
{
    if (!reading)
        return;
    rows_free(reading->rows);
    schema_release(&reading->schema);
    stream_release(&reading->stream);
    mem_free(reading);
}

static int callback_open(const struct source_request *request, struct reading **out,
                         struct tg_error *err)
{
    struct reading *reading;
    int rc = TG_OK;

    *out = NULL;
    if (!request->read)
        return error_set(err, TG_USAGE, "resource '%s' has no read function; set .read",
                         request->resource);
    reading = mem_calloc(1, sizeof(*reading));
    if (!reading)
        return error_nomem(err);
    reading->request = *request;
    reading->row = 1;
    TRY(rows_new(&reading->rows, err));
    *out = reading;
done:
    if (rc != TG_OK)
        callback_close(reading);
    return rc;
}

static int call_user(struct reading *reading, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct tg_read call = {.user = reading->request.user, .cursor = cursor, .rows = reading->rows};
    struct tg_error local;
    struct tg_error *theirs = err ? err : &local;
    int rc;

    rows_clear(reading->rows);
    error_clear(theirs);
    rc = reading->request.read(&call, theirs);
    reading->stream = call.stream;
    reading->done = call.done;
    if (rc != TG_OK)
        return source_call_failed("read", rc, theirs);
    return call.stream.release ? arrow_check_stream(&call.stream, err) : TG_OK;
}

/* The rows that were pushed, as a page; the page owns its list of them. */
static int take_rows(struct reading *reading, struct page *page, struct tg_error *err)
{
    const yyjson_val **rows;
    size_t count;
    int rc = TG_OK;

    TRY(rows_finish(reading->rows, &rows, &count, err));
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    memcpy(page->rows, rows, count * sizeof(*rows));
    page->kind = PAGE_ROWS;
    page->row_count = page->read_count = count;
    page->first_row = reading->row;
    page->first_cell = count > 0 ? rows[0] : NULL;
    page->bytes = count > 0 ? rows_bytes(reading->rows) : 0;
    reading->row += count;
done:
    return rc;
}

/* The stream's next batch as a page; *end: there was none. */
static int take_batch(struct reading *reading, struct page *page, bool *end, struct tg_error *err)
{
    int rc = TG_OK;

    if (!reading->schema.release) {
        TRY(stream_schema(&reading->stream, TG_SOURCE, &reading->schema, err));
        TRY(arrow_check_schema(&reading->schema, err));
    }
    TRY(stream_next(&reading->stream, TG_SOURCE, &page->array, end, err));
    if (*end) {
        schema_release(&reading->schema);
        stream_release(&reading->stream);
        goto done;
    }
    page->kind = PAGE_ARROW;
    rc = arrow_check_batch(&reading->schema, &page->array, err);
    if (rc != TG_OK)
        return error_where(err, rc, "batch from row %" PRIu64, reading->row);
    TRY(schema_copy(&reading->schema, &page->schema, err));
    page->read_count = (uint64_t)page->array.length;
    page->first_row = reading->row;
    page->bytes = batch_bytes(&page->schema, &page->array);
    reading->row += page->read_count;
done:
    return rc;
}

static int callback_read(struct reading *reading, const struct tg_cursor *cursor, struct page *page,
                         struct tg_error *err)
{
    bool stream_end = false;
    int rc = TG_OK;

    page->kind = PAGE_END;
    if (reading->stream.release) {
        TRY(take_batch(reading, page, &stream_end, err));
        if (!stream_end)
            goto done;
    }
    if (reading->done)
        goto done;
    TRY(call_user(reading, cursor, err));
    TRY(take_rows(reading, page, err));
    if (page->row_count > 0 || reading->stream.release || reading->done)
        reading->empty_calls = 0;
    else if (++reading->empty_calls > EMPTY_CALLS_MAX)
        rc = error_set(err, TG_SOURCE,
                       "read gave nothing %d times in a row; set read->done when there is no more",
                       EMPTY_CALLS_MAX);
done:
    return rc;
}

static void callback_progress(const struct reading *reading, uint64_t *bytes, uint64_t *bytes_total)
{
    (void)reading;
    *bytes = *bytes_total = 0;
}

static size_t callback_files(const struct reading *reading, const struct source_file **out)
{
    (void)reading;
    *out = NULL;
    return 0;
}

static const struct option no_options[] = {OPTION_END};

const struct source_driver source_callback = {
    .name = "callback",
    .help = "A function of the program that uses the library.",
    .source_options = no_options,
    .resource_options = no_options,
    .open = callback_open,
    .read = callback_read,
    .progress = callback_progress,
    .files = callback_files,
    .close = callback_close,
};
