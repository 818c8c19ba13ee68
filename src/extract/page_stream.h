/*
 * Pages, one after the other: what a source gives, and what is laid over it (a filter, a thread of
 * its own). Whoever makes one begins his struct with this one; whoever reads one calls the two
 * functions, and knows nothing of what is below.
 */
#ifndef TIDEGATE_EXTRACT_PAGE_STREAM_H
#define TIDEGATE_EXTRACT_PAGE_STREAM_H

#include "data/page.h"

struct page_stream {
    /* The next page in the place of the one that was there, whose memory may be used again; at the
     * end, and ever after, page->kind is PAGE_END. What fails is not called again. */
    int (*next)(struct page_stream *stream, struct page *page, struct tg_error *err);
    /* Frees the stream, not the pages that came of it. */
    void (*close)(struct page_stream *stream);
};

static inline void page_stream_close(struct page_stream *stream) /* NULL is fine */
{
    if (stream)
        stream->close(stream);
}

#endif
