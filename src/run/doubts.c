/*
 * What makes one doubt a cursor: warnings, each with its remedy.
 *
 * Path: filtered_note, as a file ends -> doubt_files, doubt_order, doubt_groups, when the resource
 * has been read.
 *
 * Which files are new, and whether their rows may still go along with others, is resource.c's.
 */
#include "run/doubts.h"

#include <stdio.h>
#include <string.h>

void filtered_note(struct filtered *filtered, const char *file, uint64_t rows)
{
    if (filtered->count++ > 0)
        return;
    filtered->rows = rows;
    buf_text(&filtered->file, file);
}

void filtered_release(struct filtered *filtered)
{
    buf_release(&filtered->file);
}

void doubt_files(const struct doubted *doubted, const struct filtered *filtered)
{
    char others[64] = "", rows[48] = "its one row was";
    if (filtered->count > 1)
        snprintf(others, sizeof(others), " (so were those of %zu other%s)", filtered->count - 1,
                 plural(filtered->count - 1));
    if (filtered->rows != 1)
        snprintf(rows, sizeof(rows), "all %llu rows of it were",
                 (unsigned long long)filtered->rows);
    if (filtered->count > 0)
        context_log(doubted->ctx, TG_LOG_WARNING, "cursor",
                    "resource '%s': file '%s' is new, but %s filtered%s: "
                    "none has a cursor value '%s' beyond the one that is reached (or is "
                    "new at it); if they should be loaded, correct the values, or read all again "
                    "with --full-refresh",
                    doubted->resource, buf_string(&filtered->file), rows, others,
                    doubted->cursor_path);
}

void doubt_order(const struct doubted *doubted, const struct cursor *cursor)
{
    struct cursor_contradiction found;
    if (!cursor || !cursor_contradiction(cursor, &found))
        return;
    bool are_dates = strcmp(found.as, "dates") == 0;
    context_log(doubted->ctx, TG_LOG_WARNING, "cursor",
                "resource '%s', cursor '%s': its values are text, and as text '%s' and '%s' "
                "come in another order than as %s, so that new rows may be taken for old ones; "
                "say how to compare them with cursor_type (%s), or have the source write %s",
                doubted->resource, doubted->cursor_path, found.other, found.value, found.as,
                are_dates ? "date, and cursor_format" : "bigint or double",
                are_dates ? "dates as 2024-12-31" : "numbers as numbers");
}

/* Only the source can know the rows of a group that came before. */
void doubt_groups(const struct doubted *doubted)
{
    context_log(doubted->ctx, TG_LOG_WARNING, "cursor",
                "resource '%s' has a merge_key, and its source delivered no row before the cursor: "
                "rows of the same group that were loaded earlier are replaced by those that came "
                "now; let the source deliver whole groups, or make '%s' part of the merge_key",
                doubted->resource, doubted->cursor_path);
}
