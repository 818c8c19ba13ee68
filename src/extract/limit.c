/*
 * The beginning of a stream: so many rows, and then its end.
 *
 * Data path: limit_new -> next_within: from->next, of which the page with the last row is made
 * shorter; a page that comes behind it is not handed on, and says that there was more.
 *
 * What is below stays the caller's: he closes it, whether it was read to its end or not.
 */
#include "extract/limit.h"

#include "base/memory.h"

struct limit {
    struct page_stream base;
    struct page_stream *from;
    uint64_t left;
    bool *cut;
    bool is_over;
};

static uint64_t page_rows(const struct page *page)
{
    return page->kind == PAGE_ARROW ? (uint64_t)page->array.length : page->row_count;
}

static void shorten(struct page *page, uint64_t rows)
{
    if (page->kind == PAGE_ARROW)
        page->array.length = (int64_t)rows;
    else
        page->row_count = (size_t)rows;
    page->read_count = rows;
}

static int next_within(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct limit *limit = (struct limit *)base;
    int rc = TG_OK;
    if (!limit->is_over)
        TRY(limit->from->next(limit->from, page, err));
    const uint64_t rows = limit->is_over || page->kind == PAGE_END ? 0 : page_rows(page);
    const uint64_t kept = rows < limit->left ? rows : limit->left;
    *limit->cut |= kept < rows;
    limit->is_over |= page->kind == PAGE_END || (rows > 0 && kept == 0);
    limit->left -= kept;
    if (limit->is_over)
        page_clear(page);
    else if (kept < rows)
        shorten(page, kept);
done:
    return rc;
}

static void close_limit(struct page_stream *base)
{
    mem_free(base);
}

int limit_new(struct page_stream *from, uint64_t rows, bool *cut, struct page_stream **out,
              struct tg_error *err)
{
    struct limit *limit = mem_calloc(1, sizeof(*limit));
    *out = NULL;
    if (!limit)
        return error_nomem(err);
    *cut = false;
    *limit =
        (struct limit){.base = {next_within, close_limit}, .from = from, .left = rows, .cut = cut};
    *out = &limit->base;
    return TG_OK;
}
