/*
 * The loop of one resource: pages from the source, through the cursor, to the sink.
 *
 * Data path, each stream laid over the one before: the source -> next_as_rows (nested batches
 * become rows) -> next_new (cursor_filter) -> next_with_held (what was held back and is to go after
 * all) -> extract_page: sink->push, until PAGE_END. The context is checked and progress told at
 * each page; pages of which nothing is left are counted and not pushed.
 *
 * So structs and lists of typed sources are rows from here on, to the cursor too; flat batches stay
 * batches, unless the cursor holds rows back. Opening and closing the source is left to the caller,
 * who also saves the cursor and what the source remembers, and says when the next page is read.
 */
#include "extract/extract.h"

#include <string.h>

#include "base/memory.h"

/* The streams borrow the ones below and are parts of struct extract, so none of them is closed. */

/* ---- Batches as rows ----------------------------------------------------------------------- */

struct as_rows {
    struct page_stream base;
    struct page_stream *from;
    bool all;             /* flat batches, too */
    struct tg_rows *rows; /* made when they are first needed */
};

/* More rows of the batch at hand, or what the source reads. */
static int next_as_rows(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct as_rows *stream = (struct as_rows *)base;
    int rc = TG_OK;
    if (page_has_rest(page)) {
        page->bytes = 0;
    } else {
        TRY(stream->from->next(stream->from, page, err));
        if (page->kind != PAGE_ARROW || !(stream->all || page_is_nested(page)))
            return TG_OK;
    }
    if (!stream->rows)
        TRY(rows_new(&stream->rows, err));
    TRY(page_to_rows(page, stream->rows, err));
done:
    return rc;
}

/* ---- What is new --------------------------------------------------------------------------- */

struct new_rows {
    struct page_stream base;
    struct page_stream *from;
    struct cursor *cursor; /* NULL: all are */
    const struct extract_sink *sink;
    const char *file; /* of the page before; NULL: none */
    bool file_is_known;
    uint64_t file_read, file_filtered;
    struct extract_counts *counts;
    const yyjson_val **came; /* the rows of the page, before the cursor has judged them */
    uint8_t *taken;          /* which of them are new */
    size_t came_cap, taken_cap;
};

static uint64_t page_rows(const struct page *page)
{
    return page->kind == PAGE_ARROW ? (uint64_t)page->array.length : page->row_count;
}

/* A file has ended: was there nothing new in it? */
static void end_file(struct new_rows *stream)
{
    const struct extract_sink *sink = stream->sink;
    if (stream->file && !stream->file_is_known && sink->filtered && stream->file_read > 0 &&
        stream->file_filtered == stream->file_read)
        sink->filtered(sink->user, stream->file, stream->file_read);
    stream->file = NULL;
    stream->file_read = stream->file_filtered = 0;
}

static void count_page(struct new_rows *stream, const struct page *page, uint64_t dropped)
{
    stream->counts->rows_filtered += dropped;
    if (page->kind == PAGE_END || page->file != stream->file)
        end_file(stream);
    stream->file = page->file;
    stream->file_is_known = page->file_is_known;
    stream->file_read += page->read_count;
    stream->file_filtered += dropped;
}

static int note_rows(struct new_rows *stream, const struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    if (page->kind != PAGE_ROWS)
        return TG_OK;
    TRY(mem_grow(&stream->came, &stream->came_cap, page->row_count + 1, sizeof(*stream->came),
                 err));
    memcpy(stream->came, page->rows, page->row_count * sizeof(*stream->came));
done:
    return rc;
}

/* Those that have stayed are in their old order. */
static int tell_judged(struct new_rows *stream, const struct page *page, size_t count,
                       uint64_t dropped, struct tg_error *err)
{
    int rc = TG_OK;
    const struct extract_sink *sink = stream->sink;
    const bool is_batch = page->kind == PAGE_ARROW;
    size_t kept = 0;
    if (dropped == 0)
        return sink->judged(sink->user, page->first_row, count, NULL, err);
    TRY(mem_grow(&stream->taken, &stream->taken_cap, count, sizeof(*stream->taken), err));
    for (size_t i = 0; i < count; i++) {
        bool stayed = is_batch ? cursor_kept(stream->cursor, i)
                               : kept < page->row_count && page->rows[kept] == stream->came[i];
        stream->taken[i] = stayed;
        kept += stayed;
    }
    TRY(sink->judged(sink->user, page->first_row, count, stream->taken, err));
done:
    return rc;
}

static int next_new(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct new_rows *stream = (struct new_rows *)base;
    const bool tells = stream->sink->judged;
    uint64_t dropped = 0;
    int rc = TG_OK;
    if (stream->cursor && cursor_is_over(stream->cursor)) {
        page_clear(page);
        return TG_OK;
    }
    TRY(stream->from->next(stream->from, page, err));
    stream->counts->rows_read += page->read_count;
    stream->counts->bytes += page->bytes;
    stream->counts->bytes_total = page->bytes_total;
    const size_t count = page_rows(page);
    if (tells)
        TRY(note_rows(stream, page, err));
    if (stream->cursor)
        TRY(cursor_filter(stream->cursor, page, &dropped, err));
    if (tells && count > 0)
        TRY(tell_judged(stream, page, count, dropped, err));
    count_page(stream, page, dropped);
done:
    return rc;
}

/* ---- What goes along ----------------------------------------------------------------------- */

struct with_held {
    struct page_stream base;
    struct page_stream *from;
    struct cursor *cursor; /* NULL: nothing is held */
    struct extract_counts *counts;
    bool is_over; /* what is below has ended */
};

/* Rows that were counted as filtered, and that go along with others of their group, or are new. */
static int next_with_held(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct with_held *stream = (struct with_held *)base;
    int rc = TG_OK;
    if (!stream->is_over)
        TRY(stream->from->next(stream->from, page, err));
    stream->is_over |= page->kind == PAGE_END;
    if (!stream->is_over || !stream->cursor)
        goto done;
    page_release(page);
    TRY(cursor_next_held(stream->cursor, page, err));
    stream->counts->rows_filtered -= page->row_count;
done:
    return rc;
}

/* ---- The loop ------------------------------------------------------------------------------ */

struct extract {
    struct context *ctx;
    struct extract_sink sink;
    struct extract_counts counts;
    struct page page; /* between two calls, too: the source may use its memory again */
    struct as_rows as_rows;
    struct new_rows new_rows;
    struct with_held held;
};

int extract_new(struct context *ctx, struct page_stream *source, struct cursor *cursor,
                const struct extract_sink *sink, struct extract **out, struct tg_error *err)
{
    const bool holds = cursor && cursor_holds(cursor);
    struct extract *extract = *out = mem_calloc(1, sizeof(*extract));
    if (!extract)
        return error_nomem(err);
    extract->ctx = ctx;
    extract->sink = *sink;
    extract->as_rows =
        (struct as_rows){.base = {.next = next_as_rows}, .from = source, .all = holds};
    extract->new_rows = (struct new_rows){.base = {.next = next_new},
                                          .from = &extract->as_rows.base,
                                          .cursor = cursor,
                                          .sink = &extract->sink,
                                          .counts = &extract->counts};
    extract->held = (struct with_held){.base = {.next = next_with_held},
                                       .from = &extract->new_rows.base,
                                       .cursor = holds ? cursor : NULL,
                                       .counts = &extract->counts};
    return TG_OK;
}

void extract_free(struct extract *extract)
{
    if (!extract)
        return;
    page_release(&extract->page);
    rows_free(extract->as_rows.rows);
    mem_free(extract->new_rows.came);
    mem_free(extract->new_rows.taken);
    mem_free(extract);
}

const struct extract_counts *extract_counts(const struct extract *extract)
{
    return &extract->counts;
}

/* Once, though the page may come again with more rows of its batch. */
static int hand_bad(struct extract *extract, struct tg_error *err)
{
    const struct extract_sink *sink = &extract->sink;
    int rc = TG_OK;
    if (page_bad_count(&extract->page) == 0)
        return TG_OK;
    extract->counts.rows_read += page_bad_count(&extract->page);
    if (sink->bad)
        TRY(sink->bad(sink->user, &extract->page, err));
    bad_rows_clear(extract->page.bad);
done:
    return rc;
}

int extract_page(struct extract *extract, bool *over, struct tg_error *err)
{
    const struct extract_sink *sink = &extract->sink;
    struct page *page = &extract->page;
    int rc = TG_OK;
    *over = false;
    TRY(context_check(extract->ctx, err));
    TRY(extract->held.base.next(&extract->held.base, page, err));
    *over = page->kind == PAGE_END;
    if (*over)
        goto done;
    TRY(hand_bad(extract, err));
    if (page_rows(page) > 0)
        TRY(sink->push(sink->user, page, err));
    if (sink->progress)
        sink->progress(sink->user, &extract->counts);
done:
    return rc;
}

int extract_run(struct context *ctx, struct page_stream *source, struct cursor *cursor,
                const struct extract_sink *sink, struct extract_counts *counts,
                struct tg_error *err)
{
    struct extract *extract = NULL;
    bool over = false;
    int rc = TG_OK;
    *counts = (struct extract_counts){0};
    TRY(extract_new(ctx, source, cursor, sink, &extract, err));
    while (!over)
        TRY(extract_page(extract, &over, err));
done:
    if (extract)
        *counts = extract->counts;
    extract_free(extract);
    return rc;
}
