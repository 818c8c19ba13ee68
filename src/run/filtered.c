/*
 * New files of which no row is new: one warning, which names the first.
 *
 * Path: filtered_note, as a file ends -> filtered_warn, when the resource has been read.
 *
 * Which files are new, and whether their rows may still go along with others, is resource.c's.
 */
#include "run/filtered.h"

#include <stdio.h>

void filtered_note(struct filtered *filtered, const char *file, uint64_t rows)
{
    if (filtered->count++ > 0)
        return;
    filtered->rows = rows;
    buf_text(&filtered->file, file);
}

void filtered_warn(const struct filtered *filtered, const struct context *ctx, const char *resource,
                   const char *cursor_path)
{
    char others[64] = "";
    if (filtered->count > 1)
        snprintf(others, sizeof(others), " (so were those of %zu other%s)", filtered->count - 1,
                 filtered->count > 2 ? "s" : "");
    if (filtered->count > 0)
        context_log(ctx, TG_LOG_WARNING, "cursor",
                    "resource '%s': file '%s' is new, but all %llu rows of it were filtered%s: "
                    "none of them has a cursor value '%s' beyond the one that is reached (or is "
                    "new at it); if they should be loaded, correct the values, or read all again "
                    "with --full-refresh",
                    resource, buf_string(&filtered->file), (unsigned long long)filtered->rows,
                    others, cursor_path);
}

void filtered_release(struct filtered *filtered)
{
    buf_release(&filtered->file);
}
