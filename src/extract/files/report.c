/*
 * What a user is told of files that are not simply new: why they were loaded again, or left out.
 *
 * Path: report_fates -> for each kind of them, one line of the log with the first file's name, how
 * many there are, and their rows; a file that gave no row is not worth a word.
 * report_news: the same of one file, for the result
 *
 * What becomes of a file is known.c's.
 */
#include "extract/files/report.h"

struct report {
    enum file_fate fate;
    enum file_reason reason;
    int level;
    int news; /* an enum tg_file_news, of one that was read */
    const char *what;
};

static const struct report reports[] = {
    {FILE_WHOLE, FILE_REWRITTEN, TG_LOG_WARNING, TG_FILE_REWRITTEN,
     "rewritten since it was loaded, and loaded again whole"},
    {FILE_WHOLE, FILE_GROWN, TG_LOG_WARNING, TG_FILE_GROWN_AGAIN,
     "grown since it was loaded, and loaded again whole (on_grown: all)"},
    {FILE_WHOLE, FILE_COPIED, TG_LOG_WARNING, TG_FILE_COPIED,
     "loaded although another file has the same text (same_content: skip leaves it out)"},
    {FILE_TAIL, FILE_GROWN, TG_LOG_INFO, TG_FILE_GROWN,
     "grown since it was loaded, and read from there on"},
    {FILE_NOTED, FILE_COPIED, TG_LOG_INFO, TG_FILE_NEW,
     "left out because another file has the same text (same_content: skip)"},
    {FILE_NOTED, FILE_MOVED, TG_LOG_INFO, TG_FILE_NEW,
     "renamed since it was loaded, and not read again"},
};

static bool is_of(const struct report *report, const struct listed_file *file)
{
    return file->fate == report->fate && file->reason == report->reason &&
           (file->fate == FILE_NOTED || file->rows > 0);
}

static void tell(const struct context *ctx, const char *resource, const struct listing *listing,
                 const struct report *report)
{
    const struct listed_file *first = NULL;
    unsigned long long rows = 0;
    size_t count = 0;
    char more[40] = "";
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed_file *file = &listing->items[i];
        if (!is_of(report, file))
            continue;
        first = first ? first : file;
        rows += file->fate == FILE_NOTED ? (uint64_t)file->entry->rows : file->rows;
        count++;
    }
    if (!first)
        return;
    if (count > 1)
        snprintf(more, sizeof(more), " and %zu more", count - 1);
    context_log(ctx, report->level, "files", "resource '%s': %s: '%s'%s (%zu file%s, %llu row%s)",
                resource, report->what, first->name, more, count, plural(count), rows,
                plural(rows));
}

int report_news(const struct listed_file *file)
{
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
        if (file->fate == reports[i].fate && file->reason == reports[i].reason)
            return reports[i].news;
    return TG_FILE_NEW;
}

void report_fates(const struct context *ctx, const char *resource, const struct listing *listing)
{
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
        tell(ctx, resource, listing, &reports[i]);
}
