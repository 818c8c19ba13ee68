/*
 * The source `callback`: rows or Arrow streams that a function of the program gives.
 *
 * Data path: callback_next -> call_user (request->read) -> the rows it pushed as a page, then the
 * stream it moved in, batch by batch -> the next call, until it sets `done`.
 *
 * A call that gives nothing is a page without rows; too many of them in a row are taken for a
 * callback that forgot to say that it is done, unless it may wait for another resource. What a row
 * means is left to others.
 */
#include "extract/source.h"

#include <inttypes.h>

#include "base/memory.h"
#include "data/batch.h"
#include "data/arrow_check.h"
#include "extract/cursor/cursor.h"

enum { EMPTY_CALLS_MAX = 100000 };

struct callback_stream {
    struct page_stream base;
    struct resource_request request;
    struct tg_rows *rows;
    struct ArrowArrayStream arrow; /* being read; release NULL: none */
    struct ArrowSchema schema;     /* of it */
    bool done;
    size_t empty_calls; /* in a row */
    uint64_t row;       /* number of the next row, from 1 */
};

static void callback_close(struct page_stream *base)
{
    struct callback_stream *stream = (struct callback_stream *)base;
    rows_free(stream->rows);
    schema_release(&stream->schema);
    stream_release(&stream->arrow);
    mem_free(stream);
}

/* ---- what a callback may ask ---- */

bool tg_read_cancelled(const struct tg_read *read)
{
    const struct read_inside *inside = read ? read->inside : NULL;
    return inside && context_check(inside->ctx, NULL) != TG_OK;
}

void tg_read_log(const struct tg_read *read, int level, const char *message)
{
    const struct read_inside *inside = read ? read->inside : NULL;
    if (inside && message)
        context_log(inside->ctx, level, "source", "resource '%s': %s", read->resource, message);
}

/* ---- calling it ---- */

static int call_user(struct callback_stream *stream, struct tg_error *err)
{
    const struct read_inside inside = {.ctx = stream->request.source.services.ctx,
                                       .resource = stream->request.name,
                                       .kept = stream->request.kept,
                                       .tables = stream->request.tables};
    const struct cursor_counts *counts = stream->request.counts;
    struct tg_read call = {.user = stream->request.user,
                           .cursor = stream->request.cursor,
                           .rows = stream->rows,
                           .resource = stream->request.name,
                           .inside = &inside,
                           .rows_before = counts ? counts->below : 0,
                           .rows_beyond = counts ? counts->beyond : 0};
    struct tg_error local;
    struct tg_error *theirs = err ? err : &local;
    int rc;
    rows_clear(stream->rows);
    rows_count_from(stream->rows, stream->row);
    error_clear(theirs);
    rc = stream->request.read(&call, theirs);
    stream->arrow = call.stream;
    stream->done = call.done;
    if (rc != TG_OK)
        return source_call_failed(stream->request.keys ? "list_keys" : "read", rc, theirs);
    return call.stream.release ? arrow_check_stream(&call.stream, err) : TG_OK;
}

/* The rows that were pushed, as a page; the page owns its list of them. */
static int take_rows(struct callback_stream *stream, struct page *page, struct tg_error *err)
{
    const yyjson_val **rows;
    size_t count;
    int rc = TG_OK;
    TRY(rows_finish(stream->rows, &rows, &count, err));
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    memcpy(page->rows, rows, count * sizeof(*rows));
    page->kind = PAGE_ROWS;
    page->row_count = page->read_count = count;
    page->first_row = stream->row;
    page->table = rows_first_table(stream->rows);
    page->marks = rows_marks(stream->rows, &page->mark_count);
    page->first_cell = count > 0 ? rows[0] : NULL;
    page->bytes = count > 0 ? rows_bytes(stream->rows) : 0;
    stream->row += count;
done:
    return rc;
}

/* The stream's next batch as a page; *end: there was none. */
static int take_batch(struct callback_stream *stream, struct page *page, bool *end,
                      struct tg_error *err)
{
    int rc = TG_OK;
    if (!stream->schema.release) {
        TRY(stream_schema(&stream->arrow, TG_SOURCE, &stream->schema, err));
        TRY(arrow_check_schema(&stream->schema, err));
    }
    TRY(stream_next(&stream->arrow, TG_SOURCE, &page->array, end, err));
    if (*end) {
        schema_release(&stream->schema);
        stream_release(&stream->arrow);
        goto done;
    }
    page->kind = PAGE_ARROW;
    rc = arrow_check_batch(&stream->schema, &page->array, err);
    if (rc != TG_OK)
        return error_where(err, rc, "batch from row %" PRIu64, stream->row);
    TRY(schema_copy(&stream->schema, &page->schema, err));
    page->read_count = (uint64_t)page->array.length;
    page->first_row = stream->row;
    page->table = rows_table(stream->rows);
    page->bytes = batch_bytes(&page->schema, &page->array);
    stream->row += page->read_count;
done:
    return rc;
}

static int callback_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct callback_stream *stream = (struct callback_stream *)base;
    bool batches_end = false;
    int rc = TG_OK;
    page_clear(page);
    if (stream->arrow.release) {
        TRY(take_batch(stream, page, &batches_end, err));
        if (!batches_end)
            goto done;
    }
    if (stream->done)
        goto done;
    TRY(call_user(stream, err));
    TRY(take_rows(stream, page, err));
    if (page->row_count > 0 || stream->arrow.release || stream->done || stream->request.may_wait)
        stream->empty_calls = 0;
    else if (++stream->empty_calls > EMPTY_CALLS_MAX)
        rc = error_set(err, TG_SOURCE,
                       "read gave nothing %d times in a row; set read->done when there is no more",
                       EMPTY_CALLS_MAX);
done:
    return rc;
}

static int callback_read(struct source *source, const struct resource_request *request,
                         struct page_stream **out, struct tg_error *err)
{
    struct callback_stream *stream;
    int rc = TG_OK;
    (void)source;
    *out = NULL;
    if (!request->read)
        return error_set(err, TG_USAGE, "resource '%s' has no read function; set .read",
                         request->name);
    stream = mem_calloc(1, sizeof(*stream));
    if (!stream)
        return error_nomem(err);
    stream->base = (struct page_stream){callback_next, callback_close};
    stream->request = *request;
    stream->row = 1;
    TRY(rows_new(&stream->rows, err));
    *out = &stream->base;
done:
    if (rc != TG_OK)
        callback_close(&stream->base);
    return rc;
}

static const struct option no_options[] = {OPTION_END};

const struct source_driver source_callback = {
    .name = "callback",
    .help = "A function of the program that uses the library.",
    .source_options = no_options,
    .resource_options = no_options,
    .hands_over = true,
    .lists_keys = true,
    .read = callback_read,
};
