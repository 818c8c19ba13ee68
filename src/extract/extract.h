/*
 * The loop of one resource: pages from the source, through the cursor, to the sink.
 */
#ifndef TIDEGATE_EXTRACT_EXTRACT_H
#define TIDEGATE_EXTRACT_EXTRACT_H

#include "extract/cursor/cursor.h"
#include "extract/page_stream.h"

struct extract_counts {
    uint64_t rows_read; /* those that could not be read, too */
    uint64_t rows_filtered;
    uint64_t bytes;
    uint64_t bytes_total;
};

struct extract_sink {
    int (*push)(void *user, struct page *page, struct tg_error *err);
    /* What came with it and could not be read (page->bad); NULL: it is only counted. */
    int (*bad)(void *user, const struct page *page, struct tg_error *err);
    void (*progress)(void *user,
                     const struct extract_counts *counts); /* after each page; may be NULL */
    /* Which of `count` rows, numbered from `first` on, are new: 1, else 0; NULL: all are. Before
     * they are pushed; may be NULL. */
    int (*judged)(void *user, uint64_t first, size_t count, const uint8_t *taken,
                  struct tg_error *err);
    /* A new file has ended, all rows of which were filtered; may be NULL. The name is borrowed. */
    void (*filtered)(void *user, const char *file, uint64_t rows);
    void *user;
};

/* A resource that is read page by page. `source` and `cursor` (may be NULL) are borrowed. */
struct extract;
int extract_new(struct context *ctx, struct page_stream *source, struct cursor *cursor,
                const struct extract_sink *sink, struct extract **out,
                struct tg_error *err) TG_CHECK_RESULT;
/* The next page, if it is not `over`. Checks the context. What fails is not called again. */
int extract_page(struct extract *extract, bool *over, struct tg_error *err) TG_CHECK_RESULT;
const struct extract_counts *extract_counts(const struct extract *extract); /* so far */
void extract_free(struct extract *extract);                                 /* NULL is fine */

/* Reads to the end. */
int extract_run(struct context *ctx, struct page_stream *source, struct cursor *cursor,
                const struct extract_sink *sink, struct extract_counts *counts,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
