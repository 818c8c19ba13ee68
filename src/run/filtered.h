/*
 * New files of which no row is new.
 */
#ifndef TIDEGATE_RUN_FILTERED_H
#define TIDEGATE_RUN_FILTERED_H

#include <stddef.h>

#include "base/buf.h"
#include "base/context.h"

/* Zero it before the first use. */
struct filtered {
    size_t count;
    struct buf file; /* the first of them, */
    uint64_t rows;   /* and how many it has */
};
void filtered_note(struct filtered *filtered, const char *file, uint64_t rows);
/* Where there are any: their cursor values are not what they seem, or not set. */
void filtered_warn(const struct filtered *filtered, const struct context *ctx, const char *resource,
                   const char *cursor_path);
void filtered_release(struct filtered *filtered);

#endif
