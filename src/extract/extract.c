/*
 * The loop of one resource: pages from the source, through the cursor, to the sink.
 *
 * Data path: driver->read -> page_to_rows for batches that are nested -> cursor_filter ->
 * sink->push, until PAGE_END; the context is checked and progress is told at each page. Pages of
 * which nothing is left are counted and not pushed. So structs and lists of typed sources are rows
 * from here on, to the cursor too; flat batches stay batches, unless the cursor holds rows back by
 * groups. Of those, groups_next gives in the end what is to be pushed after all.
 *
 * Opening and closing the source is left to the caller, who also saves the cursor and the files
 * that were read, once the load is written.
 */
#include "extract/extract.h"

static uint64_t page_rows(const struct page *page)
{
    return page->kind == PAGE_ARROW ? (uint64_t)page->array.length : page->row_count;
}

static void count_page(struct extract_counts *counts, const struct source_driver *driver,
                       const struct reading *reading, const struct page *page)
{
    uint64_t bytes = 0;

    counts->rows_read += page->read_count;
    driver->progress(reading, &bytes, &counts->bytes_total);
    counts->bytes = counts->bytes_total > 0 ? bytes : counts->bytes + page->bytes;
}

/* The next page: more rows of the batch at hand, or what the source reads. `rows` are made when
 * they are first needed. */
static int next_page(const struct source_driver *driver, struct reading *reading,
                     const struct tg_cursor *view, bool as_rows, struct tg_rows **rows,
                     struct page *page, struct tg_error *err)
{
    int rc = TG_OK;

    if (!page_has_rest(page)) {
        page_release(page);
        TRY(driver->read(reading, view, page, err));
        if (page->kind != PAGE_ARROW || !(as_rows || page_is_nested(page)))
            return TG_OK;
    }
    if (!*rows)
        TRY(rows_new(rows, err));
    TRY(page_to_rows(page, *rows, err));
done:
    return rc;
}

/* Rows that were counted as filtered, and that go along with others of their group. */
static int push_held(struct context *ctx, struct groups *groups, const struct extract_sink *sink,
                     struct page *page, struct extract_counts *counts, struct tg_error *err)
{
    int rc = TG_OK;

    for (;;) {
        TRY(context_check(ctx, err));
        page_release(page);
        TRY(groups_next(groups, page, err));
        if (page->kind == PAGE_END)
            break;
        counts->rows_filtered -= page->row_count;
        TRY(sink->push(sink->user, page, err));
        if (sink->progress)
            sink->progress(sink->user, counts);
    }
done:
    return rc;
}

int extract_run(struct context *ctx, const struct source_driver *driver, struct reading *reading,
                struct cursor *cursor, const struct extract_sink *sink,
                struct extract_counts *counts, struct tg_error *err)
{
    static const struct tg_cursor no_cursor = {.path = NULL};
    const struct tg_cursor *view = cursor ? cursor_view(cursor) : &no_cursor;
    struct groups *groups = cursor ? cursor_groups(cursor) : NULL;
    struct page page = {.kind = PAGE_END};
    struct tg_rows *rows = NULL; /* of batches that became rows */
    int rc = TG_OK;

    *counts = (struct extract_counts){0};
    for (;;) {
        uint64_t dropped = 0;
        TRY(context_check(ctx, err));
        TRY(next_page(driver, reading, view, groups != NULL, &rows, &page, err));
        count_page(counts, driver, reading, &page);
        if (page.kind == PAGE_END)
            break;
        if (cursor)
            TRY(cursor_filter(cursor, &page, &dropped, err));
        counts->rows_filtered += dropped;
        if (page_rows(&page) > 0)
            TRY(sink->push(sink->user, &page, err));
        if (sink->progress)
            sink->progress(sink->user, counts);
    }
    if (groups)
        TRY(push_held(ctx, groups, sink, &page, counts, err));
done:
    page_release(&page);
    rows_free(rows);
    return rc;
}
