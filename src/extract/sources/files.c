/*
 * The source `files`: JSON lines, JSON, CSV and Parquet files of a local folder.
 *
 * Data path: files_open (listing_make: globs; known_match: what of them was loaded) -> files_read:
 * open_next (a reader for the format) -> read_page (json_reader or table_reader) until the file
 * ends -> finish_file -> remember_read, which adds it to those that files_done hands to the ledger.
 *
 * A file is read whole, or from where it ended when it was loaded; a hash is taken of all that was
 * read, so that what is added while it is read is seen by the next run. What of it is new is for
 * the cursor to say.
 */
#include "extract/source.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/memory.h"
#include "extract/files/text.h"
#include "extract/files/json_reader.h"
#include "extract/files/known.h"
#include "extract/files/table_reader.h"

enum format { FORMAT_NONE, FORMAT_JSONL, FORMAT_JSON, FORMAT_CSV, FORMAT_PARQUET };

static const struct {
    const char *name; /* as `format` says it, or after the last dot of a name */
    enum format format;
    bool extension_only;
} formats[] = {
    {"jsonl", FORMAT_JSONL, false},     {"json", FORMAT_JSON, false},   {"csv", FORMAT_CSV, false},
    {"parquet", FORMAT_PARQUET, false}, {"ndjson", FORMAT_JSONL, true}, {"tsv", FORMAT_CSV, true},
    {"pq", FORMAT_PARQUET, true},
};

struct reading {
    struct source_request request;
    struct listing listing;
    enum format format; /* FORMAT_NONE: by the name of each file */
    struct table_options table_options;
    struct known_rules rules;
    size_t next; /* in the listing: the file that is open, or the first that is not done */
    int64_t bytes_done, bytes_total;
    bool is_reported;

    /* the file that is being read */
    bool is_open;
    bool is_table;
    bool is_watched;          /* its reader hashes what it reads */
    struct hash_stream *text; /* of what is read of it, and of what was loaded before */
    struct json_reader *json; /* kept from file to file */
    struct table_reader *table;

    struct source_file *done; /* texts in the listing, or the ledger's */
    size_t done_count, done_cap;
};

/* In the order of enum on_grown and enum same_content. */
static const char grown_choices[] = "tail all fail", same_choices[] = "load skip fail";

/* ---- Formats ------------------------------------------------------------------------------- */

static bool ends_in(const char *name, size_t len, const char *suffix)
{
    size_t suffix_len = strlen(suffix);

    return len > suffix_len && strncasecmp(name + len - suffix_len, suffix, suffix_len) == 0 &&
           name[len - suffix_len - 1] == '.';
}

/* Length of the name without a compression's suffix. */
static size_t bare_length(const char *name)
{
    size_t len = strlen(name);

    if (ends_in(name, len, "gz"))
        return len - 3;
    return ends_in(name, len, "zst") ? len - 4 : len;
}

static enum format format_of(const char *name)
{
    size_t len = bare_length(name);

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (ends_in(name, len, formats[i].name))
            return formats[i].format;
    return FORMAT_NONE;
}

static enum format format_find(const char *text)
{
    for (size_t i = 0; text && i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!formats[i].extension_only && strcmp(formats[i].name, text) == 0)
            return formats[i].format;
    return FORMAT_NONE;
}

static enum format file_format(const struct reading *reading, const struct listed_file *file)
{
    return reading->format ? reading->format : format_of(file->name);
}

/* What it is called in messages: the path, unless that is not UTF-8. */
static const char *shown(const struct listed_file *file)
{
    return text_is_utf8(file->path, strlen(file->path)) ? file->path : file->name;
}

static int64_t bytes_to_read(const struct listed_file *file)
{
    if (file->fate == FILE_TAIL && file->size > file->entry->size)
        return file->size - file->entry->size;
    return file->fate == FILE_WHOLE ? file->size : 0;
}

/* ---- Opening ------------------------------------------------------------------------------- */

static const char *resource_text(const struct reading *reading, const char *name)
{
    return option_text(reading->request.resource_values, reading->request.resource_value_count,
                       name);
}

/* Which of the words it is; the first if nothing was said. */
static int choice(const char *word, const char *choices)
{
    size_t len = word ? strlen(word) : 0;
    int i = 0;

    for (const char *c = choices; len > 0 && *c;
         c += c[strcspn(c, " ")] ? strcspn(c, " ") + 1 : 0) {
        if (strcspn(c, " ") == len && memcmp(c, word, len) == 0)
            return i;
        i++;
    }
    return 0;
}

/* One character that is part of no field; "tab" for the one that is hard to write. */
static int read_delimiter(const char *text, const char **out, struct tg_error *err)
{
    bool is_tab = text && (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0);

    *out = is_tab ? "\t" : text;
    if (is_tab || !text || strcmp(text, "auto") == 0)
        return TG_OK;
    if (strlen(text) == 1 && !isalnum((unsigned char)*text) && !strchr("\"'\r\n.+-", *text))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "delimiter '%s' separates no fields; give one character like , ; | or tab",
                     text);
}

static int read_options(struct reading *reading, struct tg_error *err)
{
    const char *format = resource_text(reading, "format"), *delimiter;
    const char *header = resource_text(reading, "header");

    reading->format = format_find(format);
    if (format && reading->format == FORMAT_NONE && strcmp(format, "auto") != 0)
        return error_set(err, TG_USAGE,
                         "format '%s' is unknown; choose auto, jsonl, json, csv or parquet",
                         format);
    int rc = read_delimiter(resource_text(reading, "delimiter"), &delimiter, err);
    if (rc != TG_OK)
        return rc;
    reading->table_options = (struct table_options){
        .delimiter = delimiter,
        .null_text = resource_text(reading, "null"),
        .header = !header || strcmp(header, "false") != 0,
        .ctx = reading->request.ctx,
        .columns = reading->request.columns,
        .column_count = reading->request.column_count,
        .types = reading->request.types,
    };
    reading->rules = (struct known_rules){
        .entries = reading->request.known_files,
        .count = reading->request.known_file_count,
        .on_grown = (enum on_grown)choice(resource_text(reading, "on_grown"), grown_choices),
        .same_content =
            (enum same_content)choice(resource_text(reading, "same_content"), same_choices),
    };
    return TG_OK;
}

/* Nothing to read is no news for a resource that adds rows; for one that replaces them it is more
 * likely a wrong path, or a folder that is not mounted, than a wish. */
static int no_files(const char *patterns, const char *folder, struct tg_error *err)
{
    struct buf list = BUF_INIT;
    int rc;

    for (const char *c = patterns; *c; c++)
        buf_text(&list, *c == '\n' ? "', '" : (const char[2]){*c});
    rc = error_set(err, TG_SOURCE,
                   "no file matches '%s' under '%s', and the resource replaces what is there: its "
                   "table would be empty; correct path or root, or delete the rows yourself",
                   buf_string(&list), folder);
    buf_release(&list);
    return rc;
}

/* Whoever takes files away once they are loaded leaves a pattern without any; one that never had
 * one is a mistake. */
static bool has_matched(const struct source_request *request, const char *pattern)
{
    for (size_t i = 0; i < request->known_file_count; i++)
        if (listing_matches(pattern, request->known_files[i].path))
            return true;
    return false;
}

static int report_unmatched(const struct reading *reading, const char *folder, struct tg_error *err)
{
    for (size_t i = 0; i < reading->listing.unmatched_count; i++) {
        const char *pattern = reading->listing.unmatched[i];
        if (reading->request.checks)
            return error_set(err, TG_SOURCE,
                             "pattern '%s' matches no file in folder '%s'; correct path or root, "
                             "or check again when there is one",
                             pattern, folder);
        if (!has_matched(&reading->request, pattern))
            context_log(reading->request.ctx, TG_LOG_WARNING, "files",
                        "pattern '%s' matches no file in folder '%s', and never has; correct path "
                        "or root if there should be one",
                        pattern, folder);
    }
    return TG_OK;
}

static int set_format(struct reading *reading, struct listed_file *file, struct tg_error *err)
{
    static const enum file_growth growths[] = {[FORMAT_JSONL] = GROWS_BY_LINES,
                                               [FORMAT_CSV] = GROWS_BY_LINES,
                                               [FORMAT_JSON] = GROWS_IF_LINES,
                                               [FORMAT_PARQUET] = GROWS_NEVER};
    enum format format = file_format(reading, file);

    if (format == FORMAT_NONE)
        return error_set(err, TG_USAGE,
                         "the format of file '%s' cannot be told from its name; set format to "
                         "jsonl, json, csv or parquet",
                         shown(file));
    file->growth = growths[format];
    return TG_OK;
}

static int list_files(struct reading *reading, struct tg_error *err)
{
    const struct source_request *request = &reading->request;
    const char *root = option_text(request->source_values, request->source_value_count, "root");
    const char *patterns = resource_text(reading, "path");
    struct listing *listing = &reading->listing;
    char *folder = NULL;
    int rc = TG_OK;

    if (!patterns || !patterns[0])
        TRY(error_set(err, TG_USAGE, "path is missing; say which files to read"));
    folder = !root || strcmp(root, ".") == 0 ? mem_strdup(request->folder)
                                             : fs_join(request->folder, root);
    if (!folder)
        TRY(error_nomem(err));
    TRY(listing_make(request->ctx, folder, patterns, listing, err));
    TRY(report_unmatched(reading, folder, err));
    if (request->replaces && listing->count == 0)
        TRY(no_files(patterns, folder, err));
    for (size_t i = 0; i < listing->count; i++)
        TRY(set_format(reading, &listing->items[i], err));
    if (request->skips_known)
        TRY(known_match(request->ctx, &reading->rules, listing, err));
    for (size_t i = 0; i < listing->count; i++)
        reading->bytes_total += bytes_to_read(&listing->items[i]);
done:
    mem_free(folder);
    return rc;
}

static void files_close(struct reading *reading)
{
    if (!reading)
        return;
    table_reader_close(reading->table);
    json_reader_free(reading->json);
    hash_stream_free(reading->text);
    mem_free(reading->done);
    listing_release(&reading->listing);
    mem_free(reading);
}

static int files_open(const struct source_request *request, struct reading **out,
                      struct tg_error *err)
{
    struct reading *reading = mem_calloc(1, sizeof(*reading));
    int rc = TG_OK;

    *out = NULL;
    if (!reading)
        return error_nomem(err);
    reading->request = *request;
    TRY(read_options(reading, err));
    TRY(list_files(reading, err));
    *out = reading;
done:
    if (rc != TG_OK)
        files_close(reading);
    return rc;
}

/* ---- One file ------------------------------------------------------------------------------ */

/* The hash of what was loaded of it: kept from when it was compared, or empty. */
static int start_text(struct reading *reading, struct listed_file *file, struct tg_error *err)
{
    hash_stream_free(reading->text);
    reading->text = file->text;
    file->text = NULL;
    return reading->text || !file->is_file ? TG_OK : hash_stream_new(&reading->text, err);
}

static int open_json(struct reading *reading, const struct listed_file *file, enum format format,
                     struct tg_error *err)
{
    bool tail = file->fate == FILE_TAIL;
    const struct json_start start = {.name = shown(file),
                                     .bytes = tail ? file->entry->content_bytes : 0,
                                     .lines = file->lines,
                                     .hash = reading->text};
    enum json_form form = format == FORMAT_JSON && !tail ? JSON_ANY : JSON_LINES;
    int rc = TG_OK;

    if (!reading->json)
        TRY(json_reader_new(reading->request.ctx->memory_bytes_max / 4, &reading->json, err));
    TRY(json_reader_open(reading->json, file->path, form, err));
    TRY(json_reader_start(reading->json, &start, err));
done:
    return rc;
}

static int open_table(struct reading *reading, const struct listed_file *file, enum format format,
                      struct tg_error *err)
{
    struct table_options options = reading->table_options;
    bool auto_delimiter = !options.delimiter || strcmp(options.delimiter, "auto") == 0;

    options.form = format == FORMAT_PARQUET ? TABLE_PARQUET : TABLE_CSV;
    options.name = shown(file);
    options.hash = reading->text;
    options.lines_before = file->lines;
    if (file->fate == FILE_TAIL) {
        options.from = file->entry->content_bytes;
        options.rows_before = (uint64_t)file->entry->rows;
    }
    if (auto_delimiter && ends_in(file->name, bare_length(file->name), "tsv"))
        options.delimiter = "\t";
    if (options.form == TABLE_PARQUET && !file->is_file)
        return error_set(
            err, TG_SOURCE,
            "'%s' is a pipe or a device, and Parquet is read from its end; name a file",
            options.name);
    return table_reader_open(reading->request.engine, file->path, &options, &reading->table, err);
}

/* What its size and time are is asked before it is read: what changes meanwhile is seen. */
static int open_file(struct reading *reading, struct listed_file *file, struct tg_error *err)
{
    enum format format = file_format(reading, file);
    int rc = TG_OK;

    if (file->reason == FILE_COPIED && reading->rules.same_content == SAME_FAIL &&
        (!file->twin || file->twin->rows > 0))
        TRY(error_set(err, TG_SOURCE,
                      "file '%s' has the same text as '%s', which is loaded (same_content: fail)",
                      shown(file), file->twin ? file->twin->name : file->entry->path));
    TRY(listing_stat(file, err));
    TRY(start_text(reading, file, err));
    reading->is_table = format == FORMAT_CSV || format == FORMAT_PARQUET;
    reading->is_watched = format != FORMAT_PARQUET;
    if (reading->is_table)
        TRY(open_table(reading, file, format, err));
    else
        TRY(open_json(reading, file, format, err));
    reading->is_open = true;
done:
    return rc;
}

/* The engine reads Parquet by itself, here and there; so the file is looked through once more. */
static int read_text(struct reading *reading, struct listed_file *file, bool *changed,
                     struct tg_error *err)
{
    struct text_walk content = {0};
    int64_t size = file->size, mtime_us = file->mtime_us;
    int rc = TG_OK;

    TRY(text_open(file->path, &content, err));
    TRY(text_pass(&content, INT64_MAX, err));
    hash_stream_free(reading->text);
    reading->text = content.text;
    content.text = NULL;
    TRY(listing_stat(file, err));
    *changed = file->size != size || file->mtime_us != mtime_us;
done:
    text_close(&content);
    return rc;
}

/* Without a cursor, rows that were added meanwhile would be lost, or those that were read loaded
 * twice. */
static int has_changed(const struct listed_file *file, bool matters, struct tg_error *err)
{
    if (!matters)
        return TG_OK;
    error_set(err, TG_SOURCE, "file '%s' changed while it was read; run again", shown(file));
    if (err)
        err->retryable = true;
    return TG_SOURCE;
}

/* ---- What is remembered -------------------------------------------------------------------- */

static int compare_known(const void *path, const void *known)
{
    return strcmp(path, ((const struct source_file *)known)->path);
}

/* Is the ledger without this, or does it have something else? */
static bool is_news(const struct source_request *request, const struct source_file *file)
{
    const struct source_file *known = NULL;

    if (request->known_file_count > 0)
        known = bsearch(file->path, request->known_files, request->known_file_count, sizeof(*known),
                        compare_known);
    return request->replaces || !known || known->size != file->size ||
           known->mtime_us != file->mtime_us || known->rows != file->rows ||
           strcmp(known->content, file->content) != 0;
}

static int remember(struct reading *reading, const struct source_file *file, struct tg_error *err)
{
    int rc = TG_OK;

    if (!is_news(&reading->request, file))
        return TG_OK;
    TRY(mem_grow(&reading->done, &reading->done_cap, reading->done_count + 1,
                 sizeof(*reading->done), err));
    reading->done[reading->done_count++] = *file;
done:
    return rc;
}

/* The entry that this file takes the place of. */
static const char *renamed_from(const struct listed_file *file)
{
    bool has_its_text = file->reason == FILE_MOVED || file->reason == FILE_GROWN;

    return has_its_text && strcmp(file->entry->path, file->name) != 0 ? file->entry->path : "";
}

static int remember_noted(struct reading *reading, const struct listed_file *file,
                          struct tg_error *err)
{
    struct source_file entry = *file->entry;

    entry.path = file->name;
    entry.size = file->size;
    entry.mtime_us = file->mtime_us;
    entry.renamed_from = renamed_from(file);
    if (file->twin)
        entry.rows = (int64_t)file->twin->rows;
    return remember(reading, &entry, err);
}

static int remember_read(struct reading *reading, const struct listed_file *file,
                         struct tg_error *err)
{
    struct arena *arena = &reading->listing.arena;
    char hash[HASH_STREAM_TEXT + 1];

    hash_stream_text(reading->text, hash);
    const struct source_file entry = {
        .path = file->name,
        .size = file->size,
        .mtime_us = file->mtime_us,
        .content = arena_strdup(arena, hash),
        .head =
            arena_printf(arena, "%016" PRIx64, hash_stream_head(reading->text, HASH_HEAD_BYTES)),
        .content_bytes = hash_stream_bytes(reading->text),
        .rows = (int64_t)file->rows + (file->fate == FILE_TAIL ? file->entry->rows : 0),
        .checksum = "",
        .renamed_from = renamed_from(file),
    };
    return entry.content && entry.head ? remember(reading, &entry, err) : error_nomem(err);
}

static int finish_file(struct reading *reading, struct listed_file *file,
                       const struct tg_cursor *cursor, struct tg_error *err)
{
    bool changed = false;
    int rc = TG_OK;

    table_reader_close(reading->table);
    reading->table = NULL;
    reading->is_open = false;
    reading->next++;
    if (!file->is_file)
        return TG_OK;
    if (!reading->is_watched)
        TRY(read_text(reading, file, &changed, err));
    if (changed)
        TRY(has_changed(file, reading->request.skips_known && !cursor->path, err));
    else
        TRY(remember_read(reading, file, err));
    reading->bytes_done += bytes_to_read(file);
done:
    return rc;
}

/* ---- What is said about it ----------------------------------------------------------------- */

static void report_files(const struct reading *reading, enum file_fate fate,
                         enum file_reason reason, int level, const char *what)
{
    const struct listed_file *first = NULL;
    unsigned long long rows = 0;
    size_t count = 0;
    char more[40] = "";

    for (size_t i = 0; i < reading->listing.count; i++) {
        const struct listed_file *file = &reading->listing.items[i];
        if (file->fate != fate || file->reason != reason || (fate != FILE_NOTED && !file->rows))
            continue;
        first = first ? first : file;
        rows += fate == FILE_NOTED ? (unsigned long long)file->entry->rows : file->rows;
        count++;
    }
    if (!first)
        return;
    if (count > 1)
        snprintf(more, sizeof(more), " and %zu more", count - 1);
    context_log(reading->request.ctx, level, "files",
                "resource '%s': %s: '%s'%s (%zu file%s, %llu row%s)", reading->request.resource,
                what, first->name, more, count, count == 1 ? "" : "s", rows, rows == 1 ? "" : "s");
}

static void report(const struct reading *reading)
{
    static const struct {
        enum file_fate fate;
        enum file_reason reason;
        int level;
        const char *what;
    } lines[] = {
        {FILE_WHOLE, FILE_REWRITTEN, TG_LOG_WARNING,
         "rewritten since it was loaded, and loaded again whole"},
        {FILE_WHOLE, FILE_GROWN, TG_LOG_WARNING,
         "grown since it was loaded, and loaded again whole (on_grown: all)"},
        {FILE_WHOLE, FILE_COPIED, TG_LOG_WARNING,
         "loaded although another file has the same text (same_content: skip leaves it out)"},
        {FILE_TAIL, FILE_GROWN, TG_LOG_INFO, "grown since it was loaded, and read from there on"},
        {FILE_NOTED, FILE_COPIED, TG_LOG_INFO,
         "left out because another file has the same text (same_content: skip)"},
        {FILE_NOTED, FILE_MOVED, TG_LOG_INFO, "renamed since it was loaded, and not read again"},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        report_files(reading, lines[i].fate, lines[i].reason, lines[i].level, lines[i].what);
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* The next file that is to be read is opened, if there is one; those before it are remembered. */
static int open_next(struct reading *reading, struct tg_error *err)
{
    struct listing *listing = &reading->listing;
    int rc = TG_OK;

    for (; reading->next < listing->count && !reading->is_open; reading->next++) {
        struct listed_file *file = &listing->items[reading->next];
        TRY(context_check(reading->request.ctx, err));
        if (file->fate == FILE_NOTED)
            TRY(remember_noted(reading, file, err));
        if (file->fate == FILE_NOTED || file->fate == FILE_LEFT)
            continue;
        TRY(open_file(reading, file, err));
        break;
    }
done:
    return rc;
}

static int files_read(struct reading *reading, const struct tg_cursor *cursor, struct page *page,
                      struct tg_error *err)
{
    int rc = TG_OK;

    page->kind = PAGE_END;
    while (page->kind == PAGE_END) {
        if (!reading->is_open)
            TRY(open_next(reading, err));
        if (!reading->is_open)
            break;
        struct listed_file *file = &reading->listing.items[reading->next];
        TRY(context_check(reading->request.ctx, err));
        if (reading->is_table)
            TRY(table_reader_next(reading->table, page, err));
        else
            TRY(json_reader_next(reading->json, page, err));
        if (page->kind == PAGE_END)
            TRY(finish_file(reading, file, cursor, err));
        else
            file->rows += page->read_count;
    }
    if (page->kind == PAGE_END && !reading->is_reported)
        report(reading);
    reading->is_reported |= page->kind == PAGE_END;
done:
    return rc;
}

static void files_progress(const struct reading *reading, uint64_t *bytes, uint64_t *bytes_total)
{
    int64_t read = reading->bytes_done;

    if (reading->is_open && !reading->is_table)
        read += json_reader_bytes(reading->json);
    *bytes = (uint64_t)read;
    *bytes_total = (uint64_t)reading->bytes_total;
}

static size_t files_done(const struct reading *reading, const struct source_file **out)
{
    *out = reading->done;
    return reading->done_count;
}

/* ---- The driver ---------------------------------------------------------------------------- */

static const struct option source_options[] = {
    {.name = "root",
     .type = OPTION_TEXT,
     .fallback = ".",
     .help = "Folder that all paths start from; relative to the spec's folder."},
    OPTION_END,
};

static const struct option resource_options[] = {
    {.name = "path",
     .type = OPTION_TEXTS,
     .required = true,
     .help = "Files to read: a path or glob pattern (** matches folders at any depth), or a list "
             "of them. Gzip and zstd are recognised by their content."},
    {.name = "format",
     .type = OPTION_TEXT,
     .choices = "auto jsonl json csv parquet",
     .fallback = "auto",
     .help = "Format of the files; auto goes by the name before .gz or .zst."},
    {.name = "delimiter",
     .type = OPTION_TEXT,
     .fallback = "auto",
     .help =
         "CSV: the character that separates fields, or tab; auto takes the one of , ; | and tab "
         "that the first line has most."},
    {.name = "header",
     .type = OPTION_BOOL,
     .fallback = "true",
     .help = "CSV: whether the first line holds the names of the columns."},
    {.name = "null",
     .type = OPTION_TEXT,
     .help = "CSV: the text that stands for NULL; an empty field if not given."},
    {.name = "on_grown",
     .type = OPTION_TEXT,
     .append_only = true,
     .choices = grown_choices,
     .help = "JSON lines and CSV that have grown since they were loaded: tail (if not given) loads "
             "the lines that were added, all loads the whole file again, fail stops."},
    {.name = "same_content",
     .type = OPTION_TEXT,
     .append_only = true,
     .choices = same_choices,
     .help = "A new file with the text of one that is loaded and still there: load (if not given) "
             "loads it and warns, skip leaves it out, fail stops. A renamed file is never loaded "
             "again."},
    OPTION_END,
};

const struct source_driver source_files = {
    .name = "files",
    .help = "JSON lines, JSON, CSV and Parquet files of a local folder.",
    .source_options = source_options,
    .resource_options = resource_options,
    .open = files_open,
    .read = files_read,
    .progress = files_progress,
    .files = files_done,
    .close = files_close,
};
