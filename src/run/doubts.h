/*
 * What makes one doubt that a cursor is what it seems: said when its resource has been read.
 */
#ifndef TIDEGATE_RUN_DOUBTS_H
#define TIDEGATE_RUN_DOUBTS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/context.h"
#include "extract/cursor/cursor.h"

/* New files of which no row is new. Zero it before the first use. */
struct filtered {
    size_t count;
    struct buf file; /* the first of them, */
    uint64_t rows;   /* and how many it has */
};
void filtered_note(struct filtered *filtered, const char *file, uint64_t rows);
void filtered_release(struct filtered *filtered);

/* Whose cursor it is. */
struct doubted {
    const struct context *ctx;
    const char *resource, *cursor_path;
};
/* Such files: their cursor values are not what they seem, or not set. */
void doubt_files(const struct doubted *doubted, const struct filtered *filtered);
/* Texts that come in another order than what they look like. */
void doubt_order(const struct doubted *doubted, const struct cursor *cursor);
/* A merge_key whose groups did not come whole. */
void doubt_groups(const struct doubted *doubted);

#endif
