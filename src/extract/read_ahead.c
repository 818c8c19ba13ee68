/*
 * A stream of pages that is read on a thread of its own, while what came of it is worked on.
 *
 * Data path: read_ahead_open -> read_on, on the thread: from->next into the pages of a bounded
 * queue, to the end -> next_page changes the page that the caller is done with for the one that
 * comes next, so that the memory goes round. What fails on the thread comes to the caller after the
 * pages before it.
 *
 * So much may be on other threads: cursor, normalizer and package stay on the caller's.
 */
#include "extract/read_ahead.h"

#include "base/memory.h"
#include "base/queue.h"
#include "base/thread.h"

struct read_ahead {
    struct page_stream base;
    struct page_stream *from;
    struct worker *worker;
    struct queue *queue;
    struct page *pages; /* the queue's places */
    size_t count;
    bool is_over; /* the last page was handed out */
};

/* The end is a page like the others; in the place of one that fails there is one, too. */
static int read_on(void *arg, struct tg_error *err)
{
    struct read_ahead *ahead = arg;
    bool more = true;
    size_t place;
    int rc = TG_OK;
    while (more && queue_begin_put(ahead->queue, &place)) {
        struct page *page = &ahead->pages[place];
        rc = ahead->from->next(ahead->from, page, err);
        if (rc != TG_OK)
            page_clear(page);
        more = page->kind != PAGE_END;
        queue_end_put(ahead->queue, page->bytes);
    }
    return rc;
}

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct read_ahead *ahead = (struct read_ahead *)base;
    struct page made;
    size_t place;
    int rc = TG_OK;
    page_clear(page);
    if (ahead->is_over || !queue_begin_take(ahead->queue, &place))
        return TG_OK;
    made = ahead->pages[place];
    ahead->pages[place] = *page;
    *page = made;
    queue_end_take(ahead->queue, page->bytes);
    ahead->is_over = page->kind == PAGE_END;
    if (ahead->is_over)
        TRY(worker_wait(ahead->worker, err));
done:
    return rc;
}

static void close_ahead(struct page_stream *base)
{
    struct read_ahead *ahead = (struct read_ahead *)base;
    if (ahead->queue)
        queue_close(ahead->queue);
    worker_stop(ahead->worker);
    page_stream_close(ahead->from);
    for (size_t i = 0; ahead->pages && i < ahead->count; i++)
        page_release(&ahead->pages[i]);
    mem_free(ahead->pages);
    queue_free(ahead->queue);
    mem_free(ahead);
}

int read_ahead_open(struct page_stream *from, size_t pages, size_t bytes, struct page_stream **out,
                    struct tg_error *err)
{
    struct read_ahead *ahead = mem_calloc(1, sizeof(*ahead));
    int rc = TG_OK;
    *out = NULL;
    if (!ahead) {
        page_stream_close(from);
        return error_nomem(err);
    }
    ahead->base = (struct page_stream){next_page, close_ahead};
    ahead->from = from;
    ahead->count = pages;
    ahead->pages = mem_calloc(pages, sizeof(*ahead->pages));
    if (!ahead->pages)
        TRY(error_nomem(err));
    TRY(queue_new(pages, bytes, &ahead->queue, err));
    TRY(worker_start(&ahead->worker, err));
    TRY(worker_submit(ahead->worker, read_on, ahead, err));
    *out = &ahead->base;
done:
    if (rc != TG_OK)
        close_ahead(&ahead->base);
    return rc;
}
