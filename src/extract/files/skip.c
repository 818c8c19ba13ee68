/*
 * Files that are skipped unread, because the cursor would drop all of their rows.
 *
 *   skip_globs (patterns with places for dates become globs) -> listing_make -> skip_files: for
 *   each file find_dates (dated.c), and skipped_by: by its date, by when it was modified
 *
 * A file is skipped where its span of time lies before the cursor's start, or from its end on.
 * Where rows that the cursor would drop are wanted all the same (those of a group, those without a
 * value), nothing is; nor is a file of which a row waits for its end. What is skipped is remembered
 * nowhere, and is there again when the cursor is reset.
 */
#include "extract/files/skip.h"

#include "base/memory.h"
#include "extract/files/dated.h"

/* File systems may write down a time that is a little early: by their clock's tick, or (FAT) cut to
 * two seconds. */
#define MODIFIED_SLACK_US (INT64_C(2) * 1000000)

/* ---- patterns ---- */

static const char *next_line(const char *lines, size_t len)
{
    return lines + len + (lines[len] == '\n');
}

int skip_globs(const char *patterns, struct buf *out, bool *is_dated, struct tg_error *err)
{
    int rc = TG_OK;
    *is_dated = false;
    for (size_t len; rc == TG_OK && *patterns; patterns = next_line(patterns, len)) {
        bool dated = false;
        len = strcspn(patterns, "\n");
        char *pattern = mem_strndup(patterns, len);
        if (!pattern)
            return error_nomem(err);
        rc = dated_glob(pattern, out, &dated, err);
        buf_char(out, '\n');
        mem_free(pattern);
        *is_dated |= dated;
    }
    return rc == TG_OK ? buf_check(out, err) : rc;
}

const char *skip_pattern(const struct skip_rules *rules, const char *glob, size_t *len)
{
    const char *pattern = rules->patterns, *made = rules->globs;
    for (size_t made_len; *made; made = next_line(made, made_len)) {
        *len = strcspn(pattern, "\n");
        made_len = strcspn(made, "\n");
        if (strlen(glob) == made_len && strncmp(made, glob, made_len) == 0)
            return pattern;
        pattern = next_line(pattern, *len);
    }
    *len = strlen(glob);
    return glob;
}

/* ---- may they? ---- */

static const char *what_skips(const struct skip_rules *rules)
{
    return rules->is_dated ? "path with {date}" : "skip_unmodified";
}

int skip_check(const struct skip_rules *rules, struct tg_error *err)
{
    const struct resource_request *request = rules->request;
    const char *path = request->cursor->path;
    if (!rules->is_dated && !rules->by_modified)
        return TG_OK;
    if (request->keys)
        return error_set(err, TG_USAGE, "keys_path has all keys that there are: without {date}");
    if (!path)
        return error_set(err, TG_USAGE,
                         "%s skips files by the cursor, and the resource has none; add "
                         "incremental, or %s",
                         what_skips(rules), rules->is_dated ? "write *" : "leave it out");
    if (request->whole)
        return error_set(
            err, TG_USAGE,
            "%s skips files, and what is not read is taken for gone (deletes: {detect: "
            "snapshot}); take detect: keys, or %s",
            what_skips(rules), rules->is_dated ? "write *" : "leave it out");
    if (request->times && request->times->other)
        return error_set(err, TG_USAGE,
                         "%s skips files by times, and the bounds of cursor '%s' are %s; %s, or "
                         "take a cursor of times",
                         what_skips(rules), path, request->times->other,
                         rules->is_dated ? "write * in its place" : "leave it out");
    return TG_OK;
}

/* Rows before the cursor's start are wanted, too. */
static bool wants_all(const struct resource_request *request)
{
    return !request->times || request->whole_groups || request->on_missing == TG_INCLUDE;
}

/* ---- a file ---- */

struct dates {
    bool matched, undated; /* by some pattern; by one without a date */
    bool found;
    struct dated_span span; /* of all patterns that it matches */
};

static void widen(struct dates *dates, const struct dated_span *span)
{
    if (!dates->found || span->from_us < dates->span.from_us)
        dates->span.from_us = span->from_us;
    if (!dates->found || span->to_us > dates->span.to_us)
        dates->span.to_us = span->to_us;
    dates->found = true;
}

static int try_pattern(const char *pattern, const char *glob, const char *name, struct dates *dates,
                       struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct dated_span span;
    if (strcmp(pattern, glob) == 0) {
        dates->undated |= strcmp(pattern, name) == 0 || listing_matches(pattern, name);
        return TG_OK;
    }
    TRY(dated_find(pattern, name, &span, &found, err));
    if (found)
        widen(dates, &span);
done:
    return rc;
}

/* By each of the patterns, as one of them may be without a date. */
static int find_dates(const struct skip_rules *rules, const char *name, struct dates *dates,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const char *pattern = rules->patterns, *glob = rules->globs;
    *dates = (struct dates){.found = false};
    for (size_t len, glob_len; rc == TG_OK && *glob; glob = next_line(glob, glob_len)) {
        len = strcspn(pattern, "\n");
        glob_len = strcspn(glob, "\n");
        char *one = mem_strndup(pattern, len), *made = mem_strndup(glob, glob_len);
        rc = one && made ? try_pattern(one, made, name, dates, err) : error_nomem(err);
        mem_free(one);
        mem_free(made);
        pattern = next_line(pattern, len);
    }
    return rc;
}

static bool is_outside(const struct cursor_times *times, const struct dated_span *span)
{
    if (times->has_from && span->to_us <= times->from_us)
        return true;
    return times->has_to &&
           (times->to_is_closed ? span->from_us > times->to_us : span->from_us >= times->to_us);
}

/* It is read once more, so that the row comes, or somebody is told. */
static bool waits(const struct resource_request *request, const struct listed_file *file)
{
    const struct bookmark *own = bookmarks_find(request->recalled, file->name);
    return request->skips_recalled && own && bookmark_waits(own);
}

/* NULL: it is needed. */
static const char *skipped_by(const struct skip_rules *rules, const struct listed_file *file,
                              const struct dates *dates)
{
    const struct cursor_times *times = rules->request->times;
    if (wants_all(rules->request) || !file->is_file || waits(rules->request, file))
        return NULL;
    if (dates->found && !dates->undated && is_outside(times, &dates->span))
        return "path with {date}: by the date in its name, the file has no row that the cursor "
               "would take";
    if (!rules->by_modified || !times->has_from ||
        file->mtime_us + MODIFIED_SLACK_US >= times->from_us)
        return NULL;
    return "skip_unmodified: the file was last modified before the cursor's start";
}

/* ---- what is said of it ---- */

static int64_t newest_known(struct bookmarks known)
{
    int64_t newest = INT64_MAX;
    for (size_t i = 0; i < known.count; i++)
        if (newest == INT64_MAX || known.items[i].mtime_us > newest)
            newest = known.items[i].mtime_us;
    return newest;
}

/* One that came after all that were read, and belongs to a time that is over: its rows are late. */
static bool is_late(const struct skip_rules *rules, const struct listed_file *file, int64_t newest)
{
    return file->mtime_us > newest && !bookmarks_find(rules->request->recalled, file->name);
}

struct tally {
    const char *first;
    size_t count;
};

static void count_in(struct tally *tally, const char *name)
{
    tally->first = tally->first ? tally->first : name;
    tally->count++;
}

static void warn(const struct skip_rules *rules, const struct tally *tally, const char *what)
{
    char more[40] = "";
    if (tally->count == 0 || rules->request->only_lists)
        return;
    if (tally->count > 1)
        snprintf(more, sizeof(more), " and %zu more", tally->count - 1);
    context_log(rules->ctx, TG_LOG_WARNING, "files", "resource '%s': file '%s'%s %s",
                rules->request->name, tally->first, more, what);
}

static void warn_of(const struct skip_rules *rules, const struct tally *strays,
                    const struct tally *late)
{
    warn(rules, strays,
         "is not read: what its name has in the place of {date} is no date as the path says; take "
         "it away, or name it by a path of its own");
    warn(rules, late,
         "is new, and is skipped unread: its time lies before the cursor's start; if its rows are "
         "wanted, give the cursor a lag that reaches back to it, or load that time by run --from "
         "--to");
}

/* ---- all of them ---- */

int skip_files(const struct skip_rules *rules, struct listing *listing, uint64_t *count,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct dates dates = {.found = false};
    struct tally strays = {0}, late = {0};
    const int64_t newest = newest_known(rules->request->recalled);
    *count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        struct listed_file *file = &listing->items[i];
        if (rules->is_dated)
            TRY(find_dates(rules, file->name, &dates, err));
        if (rules->is_dated && !dates.found && !dates.undated) {
            count_in(&strays, file->name);
            file->fate = FILE_STRAY;
            continue;
        }
        file->skipped_by = skipped_by(rules, file, &dates);
        if (!file->skipped_by)
            continue;
        file->fate = FILE_SKIPPED;
        (*count)++;
        if (is_late(rules, file, newest))
            count_in(&late, file->name);
    }
    warn_of(rules, &strays, &late);
    listing_drop(listing, FILE_STRAY);
done:
    return rc;
}
