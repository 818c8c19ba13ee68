/*
 * The source `files`: JSON lines, JSON, CSV and Parquet files of a local folder.
 *
 * Data path: files_open (the root) -> files_read (listing_make: globs; known_match: what of them
 * was loaded) -> files_next: open_next (a reader for the format) -> read_page (json_reader,
 * csv_reader or parquet_reader) until the file ends -> finish_file: reading.c (was it one text all
 * the while?) -> remember_read, a bookmark for the ledger.
 *
 * A file is read whole, or from where it ended when it was loaded; a hash is taken of all that was
 * read, so that what is added while it is read is seen by the next run. What of it is new is for
 * the cursor to say.
 */
#include "base/text/utf8.h"
#include "extract/source.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/memory.h"
#include "extract/files/csv_settings.h"
#include "extract/files/format.h"
#include "extract/files/known.h"
#include "extract/files/reading.h"
#include "extract/files/remember.h"
#include "extract/files/report.h"
#include "extract/files/skip.h"
#include "extract/files/text.h"
#include "extract/formats/content.h"
#include "extract/formats/csv_reader.h"
#include "extract/formats/json_reader.h"
#include "extract/formats/json_walk.h"
#include "extract/formats/parquet_reader.h"
#include "extract/read_ahead.h"

/* One page is worked on while the next is made; more would only take memory. */
enum { PAGES_AHEAD = 1, AHEAD_BYTES_MIN = 256 * 1024 };

/* Of so many files the first rows are looked at, where no more is wanted. */
enum { FIRST_FILES = 100 };

/* What the resources share. */
struct source {
    char *root;
};

struct files_stream {
    struct page_stream base;
    struct resource_request request;
    struct listing listing;
    enum format format; /* FORMAT_NONE: by the name of each file */
    struct csv_options csv_options;
    struct known_rules rules;
    bool loads_again;   /* what is known, too */
    struct path select; /* of JSON; no steps: not said */
    struct arena arena;
    struct skip_rules skip;
    struct buf globs; /* of its patterns */
    size_t next;      /* in the listing: the file that is open, or the first that is not done */
    int64_t bytes_total;
    bool is_reported;
    size_t looked; /* into so many files, for their first rows */

    /* the file that is being read */
    struct page_stream *pages; /* NULL: none is open */
    struct file_state before;  /* how it was */
    bool is_watched;           /* its reader hashes what it reads */
    struct hash_stream *text;  /* of what is read of it, and of what was loaded before */
    int64_t bytes_told;        /* with its pages */
    struct csv_rest rest;      /* of CSV: what comes again */

    struct remembered made;
};

/* In the order of enum on_grown and enum same_content; whether it loads again. */
static const char grown_choices[] = "tail all fail", same_choices[] = "load skip fail";
static const char loaded_choices[] = "skip load";

/* ---- Formats ------------------------------------------------------------------------------- */

static enum format file_format(const struct files_stream *stream, const struct listed_file *file)
{
    return stream->format ? stream->format : format_of(file->name);
}

/* What it is called in messages: the path, unless that is not UTF-8. */
static const char *shown(const struct listed_file *file)
{
    return utf8_is_valid(file->path, strlen(file->path)) ? file->path : file->name;
}

static int64_t bytes_to_read(const struct listed_file *file)
{
    if (file->fate == FILE_TAIL && file->size > file->entry->size)
        return file->size - file->entry->size;
    return file->fate == FILE_WHOLE ? file->size : 0;
}

/* ---- Opening ------------------------------------------------------------------------------- */

static struct context *context_of(const struct files_stream *stream)
{
    return stream->request.source.services.ctx;
}

static struct engine *engine_of(const struct files_stream *stream)
{
    return stream->request.source.services.engine;
}

static const char *resource_text(const struct files_stream *stream, const char *name)
{
    return option_text(stream->request.values, stream->request.value_count, name);
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

static int read_select(struct files_stream *stream, struct tg_error *err)
{
    static const struct path_use use = {
        "select", "name the key: items, or data.items for a nested one, pages[*].items for one in "
                  "each element of a list, and quote what has dots: ['up.dated']"};
    const char *text = resource_text(stream, "select");
    int rc = TG_OK;
    if (!text)
        return TG_OK;
    TRY(path_parse(&stream->arena, &use, text, &stream->select, err));
    TRY(json_walk_check(&stream->select, use.what, err));
done:
    return rc;
}

static int read_options(struct files_stream *stream, struct tg_error *err)
{
    const struct resource_request *request = &stream->request;
    const char *format = resource_text(stream, "format");
    stream->format = format_find(format);
    if (format && stream->format == FORMAT_NONE && strcmp(format, "auto") != 0)
        return error_set(err, TG_USAGE,
                         "format '%s' is unknown; choose auto, jsonl, json, csv or parquet",
                         format);
    stream->csv_options = (struct csv_options){
        .rejects = request->rejects,
        .keeps = request->keeps_texts,
        .ctx = context_of(stream),
        .columns = request->columns,
        .column_count = request->column_count,
        .types = request->types,
    };
    int rc = csv_settings_read(request->values, request->value_count, &stream->arena,
                               &stream->csv_options, err);
    if (rc != TG_OK)
        return rc;
    if (request->keys && stream->csv_options.ragged == RAGGED_REJECT)
        stream->csv_options.ragged = RAGGED_FAIL; /* a key that is not read would be gone */
    stream->rules = (struct known_rules){
        .entries = stream->request.recalled.items,
        .count = stream->request.recalled.count,
        .on_grown = (enum on_grown)choice(resource_text(stream, "on_grown"), grown_choices),
        .same_content =
            (enum same_content)choice(resource_text(stream, "same_content"), same_choices),
    };
    stream->loads_again = choice(resource_text(stream, "on_loaded"), loaded_choices) == 1;
    return read_select(stream, err);
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
static bool has_matched(const struct resource_request *request, const char *pattern)
{
    for (size_t i = 0; i < request->recalled.count; i++)
        if (listing_matches(pattern, request->recalled.items[i].key))
            return true;
    return false;
}

static int report_unmatched(const struct files_stream *stream, const char *folder,
                            struct tg_error *err)
{
    for (size_t i = 0; i < stream->listing.unmatched_count; i++) {
        size_t len;
        const char *glob = stream->listing.unmatched[i];
        const char *pattern = skip_pattern(&stream->skip, glob, &len);
        if (stream->request.checks)
            return error_set(err, TG_SOURCE,
                             "pattern '%.*s' matches no file in folder '%s'; correct path or "
                             "root, or check again when there is one",
                             (int)len, pattern, folder);
        if (stream->request.whole)
            return error_set(err, TG_SOURCE,
                             "pattern '%.*s' matches no file in folder '%s', and what is not read "
                             "is taken for gone; correct path or root, or leave the pattern out",
                             (int)len, pattern, folder);
        if (!has_matched(&stream->request, glob))
            context_log(context_of(stream), TG_LOG_WARNING, "files",
                        "pattern '%.*s' matches no file in folder '%s', and never has; correct "
                        "path or root if there should be one",
                        (int)len, pattern, folder);
    }
    return TG_OK;
}

static int set_format(struct files_stream *stream, struct listed_file *file, struct tg_error *err)
{
    static const enum file_growth growths[] = {[FORMAT_JSONL] = GROWS_BY_LINES,
                                               [FORMAT_CSV] = GROWS_BY_LINES,
                                               [FORMAT_JSON] = GROWS_IF_LINES,
                                               [FORMAT_PARQUET] = GROWS_NEVER};
    enum format format = file_format(stream, file);
    int rc = TG_OK;
    if (format == FORMAT_NONE)
        TRY(content_check_name(shown(file), format_bare_length(shown(file)), err));
    if (format == FORMAT_NONE)
        TRY(error_set(err, TG_USAGE,
                      "the format of file '%s' cannot be told from its name; set format to jsonl, "
                      "json, csv or parquet, or see docs/file-formats.md if it is none of them",
                      shown(file)));
    if (stream->select.text && (format == FORMAT_CSV || format == FORMAT_PARQUET))
        TRY(error_set(err, TG_USAGE,
                      "file '%s' is %s, and select says where rows stand in JSON; leave it out, or "
                      "let path match JSON alone",
                      shown(file), format_name(format)));
    file->growth = growths[format];
    file->is_csv = format == FORMAT_CSV;
    if (file->is_csv)
        file->encoding = stream->csv_options.encoding;
done:
    return rc;
}

static bool skips_known(const struct files_stream *stream)
{
    return stream->request.skips_recalled && !stream->loads_again;
}

static int check_local(const char *globs, struct tg_error *err)
{
    struct buf glob = BUF_INIT;
    int rc = TG_OK;
    for (const char *at = globs, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '\n');
        buf_clear(&glob);
        buf_append(&glob, at, (size_t)(end - at));
        TRY(buf_check(&glob, err));
        TRY(format_check_local("path", buf_string(&glob), err));
    }
done:
    buf_release(&glob);
    return rc;
}

/* What is said of CSV means nothing where there is none: that is a mistake, or, where there may be
 * some another day, worth a warning. */
static int check_csv(const struct files_stream *stream, struct tg_error *err)
{
    const struct resource_request *request = &stream->request;
    const struct listing *listing = &stream->listing;
    const char *said = csv_settings_said(request->values, request->value_count);
    const char *keys = resource_text(stream, "keys_path");
    const enum format other = format_without_csv(stream->skip.globs);
    bool has_csv = false;
    if (!said || stream->format != FORMAT_NONE)
        return TG_OK;
    if (other != FORMAT_NONE && !(keys && format_without_csv(keys) == FORMAT_NONE))
        return error_set(err, TG_USAGE,
                         "%s is for CSV, and what path names is %s; leave it out, or say format: "
                         "csv if the names are wrong",
                         said, format_name(other));
    for (size_t i = 0; i < listing->count && !has_csv; i++)
        has_csv = file_format(stream, &listing->items[i]) == FORMAT_CSV;
    if (!has_csv && listing->count > 0 && !request->only_lists && !request->keys)
        context_log(context_of(stream), TG_LOG_WARNING, "files",
                    "resource '%s': %s is for CSV, and none of its files is; leave it out, or say "
                    "format: csv if their names are wrong",
                    request->name, said);
    return TG_OK;
}

/* What they match, without what the cursor has no need of. */
static int match_patterns(struct files_stream *stream, const char *root, struct tg_error *err)
{
    const struct resource_request *request = &stream->request;
    const char *patterns = resource_text(stream, request->keys ? "keys_path" : "path");
    const char *unmodified = resource_text(stream, "skip_unmodified");
    struct skip_rules *skip = &stream->skip;
    uint64_t skipped = 0;
    int rc = TG_OK;
    if (!patterns || !patterns[0])
        TRY(error_set(err, TG_USAGE, "path is missing; say which files to read"));
    *skip = (struct skip_rules){.ctx = context_of(stream), .request = request};
    skip->patterns = patterns;
    skip->by_modified = !request->keys && unmodified && strcmp(unmodified, "true") == 0;
    TRY(skip_globs(patterns, &stream->globs, &skip->is_dated, err));
    skip->globs = buf_string(&stream->globs);
    TRY(check_local(skip->globs, err));
    TRY(skip_check(skip, err));
    TRY(listing_make(context_of(stream), root, skip->globs, &stream->listing, err));
    if (!request->only_lists)
        TRY(report_unmatched(stream, root, err));
    TRY(skip_files(skip, &stream->listing, &skipped, err));
    if (request->skipped)
        *request->skipped = skipped;
done:
    return rc;
}

static int list_files(struct files_stream *stream, const char *root, struct tg_error *err)
{
    const struct resource_request *request = &stream->request;
    struct listing *listing = &stream->listing;
    int rc = TG_OK;
    TRY(match_patterns(stream, root, err));
    TRY(check_csv(stream, err));
    if (request->replaces && listing->count == 0)
        TRY(no_files(stream->skip.patterns, root, err));
    for (size_t i = 0; i < listing->count; i++)
        TRY(set_format(stream, &listing->items[i], err));
    if (skips_known(stream))
        TRY(known_match(context_of(stream), &stream->rules, listing, err));
    for (size_t i = 0; request->reads_all && i < listing->count; i++)
        known_read_anyway(&listing->items[i]);
    for (size_t i = 0; i < listing->count; i++)
        stream->bytes_total += bytes_to_read(&listing->items[i]);
done:
    return rc;
}

/* ---- One file ------------------------------------------------------------------------------ */

/* The hash of what was loaded of it: kept from when it was compared, or empty. */
static int start_text(struct files_stream *stream, struct listed_file *file, struct tg_error *err)
{
    hash_stream_free(stream->text);
    stream->text = file->text;
    file->text = NULL;
    return stream->text || !file->is_file ? TG_OK : hash_stream_new(&stream->text, err);
}

/* A small file is not worth a thread. */
static bool is_read_ahead(const struct files_stream *stream, const struct listed_file *file)
{
    return !stream->request.only_first && (!file->is_file || bytes_to_read(file) > AHEAD_BYTES_MIN);
}

static int open_json(struct files_stream *stream, const struct listed_file *file,
                     struct reader *text, struct tg_error *err)
{
    bool tail = file->fate == FILE_TAIL;
    const struct json_options options = {
        .form = file_format(stream, file) == FORMAT_JSON && !tail ? JSON_ANY : JSON_LINES,
        .select = stream->select.text ? &stream->select : NULL,
        .rejects = stream->request.rejects,
        .keeps = stream->request.keeps_texts,
        .line_bytes_max = context_of(stream)->memory_bytes_max / 4,
        .name = shown(file),
        .from = tail ? file->entry->content_bytes : 0,
        .lines_before = file->lines,
        .hash = stream->text};
    struct page_stream *pages;
    int rc = TG_OK;
    TRY(json_reader_open(text, &options, &pages, err));
    if (is_read_ahead(stream, file))
        TRY(read_ahead_open(pages, PAGES_AHEAD, SIZE_MAX, &pages, err));
    stream->pages = pages;
done:
    return rc;
}

/* Of what has grown, its last row may go on. In a new file a quote that is open is a mistake, which
 * stops the run, or would cost rows that can be read: there they wait for a second look alone. */
static bool may_wait(const struct files_stream *stream, const struct listed_file *file)
{
    return skips_known(stream) && stream->rules.on_grown == GROWN_TAIL && file->is_file &&
           !file->is_settled && (file->reason == FILE_GROWN || stream->request.rejects);
}

static int open_csv(struct files_stream *stream, const struct listed_file *file,
                    struct reader *text, struct tg_error *err)
{
    struct csv_options options = stream->csv_options;
    options.name = shown(file);
    options.hash = stream->text;
    options.rest = &stream->rest;
    options.waits = may_wait(stream, file);
    options.lines_before = file->lines;
    if (file->fate == FILE_TAIL) {
        options.from = file->entry->content_bytes;
        options.rows_before = (uint64_t)file->entry->rows;
    }
    if (!options.syntax.delimiter[0] && format_ends_in(file->name, ".tsv"))
        options.syntax.delimiter[0] = '\t';
    return csv_reader_open(text, &options, &stream->pages, err);
}

/* The engine opens it by its path; what is there in the end is looked at again. */
static int open_parquet(struct files_stream *stream, const struct listed_file *file,
                        struct tg_error *err)
{
    int rc = TG_OK;
    if (!file->is_file)
        TRY(error_set(err, TG_SOURCE,
                      "'%s' is a pipe or a device, and Parquet is read from its end; name a file",
                      shown(file)));
    TRY(parquet_reader_open(engine_of(stream), file->path, shown(file), &stream->pages, err));
done:
    return rc;
}

static int explain(const struct files_stream *stream, const struct listed_file *file, int code,
                   struct tg_error *err)
{
    const struct hash_stream *text = stream->is_watched ? stream->text : NULL;
    return reading_explain(file, &stream->before, text, code, err);
}

/* What its size and time are is asked before it is read: what changes meanwhile is seen. A tail
 * goes on the text that was compared before that. */
static int open_file(struct files_stream *stream, struct listed_file *file, struct tg_error *err)
{
    enum format format = file_format(stream, file);
    struct reader *text = NULL;
    int rc = TG_OK;
    if (file->reason == FILE_COPIED && stream->rules.same_content == SAME_FAIL &&
        (!file->twin || file->twin->rows > 0))
        TRY(error_set(err, TG_SOURCE,
                      "file '%s' has the same text as '%s', which is loaded (same_content: fail)",
                      shown(file), file->twin ? file->twin->name : file->entry->key));
    stream->before = file_state_of(file);
    TRY(listing_stat(file, err));
    if (file->fate != FILE_TAIL)
        stream->before = file_state_of(file);
    TRY(start_text(stream, file, err));
    stream->is_watched = format != FORMAT_PARQUET;
    stream->bytes_told = 0;
    stream->rest = (struct csv_rest){0};
    if (stream->is_watched)
        TRY(listing_open(file, &text, err));
    if (format == FORMAT_PARQUET)
        rc = open_parquet(stream, file, err);
    else if (format == FORMAT_CSV)
        rc = open_csv(stream, file, text, err);
    else
        rc = open_json(stream, file, text, err);
    if (rc != TG_OK)
        rc = explain(stream, file, rc, err);
done:
    return rc;
}

static void leave_file(struct files_stream *stream)
{
    page_stream_close(stream->pages);
    stream->pages = NULL;
    stream->next++;
}

/* What is left of a text without its last row is what the next run goes on. */
static int leave_rest(struct files_stream *stream, struct listed_file *file, struct tg_error *err)
{
    const struct csv_rest *rest = &stream->rest;
    int rc = TG_OK;
    TRY(reading_leave(file, rest->bytes, &stream->text, err));
    if (!rest->waits)
        goto done;
    file->waits = rest->line;
    context_log(context_of(stream), TG_LOG_WARNING, "files",
                "resource '%s': file '%s' ends within a row, which begins on line %llu with a "
                "quote that is open: it waits for the rest; if there is none, the next run says so",
                stream->request.name, file->name, (unsigned long long)rest->line);
done:
    return rc;
}

/* Without a cursor, rows of Parquet that came meanwhile would be lost, or those that were read
 * loaded twice. */
static int finish_file(struct files_stream *stream, struct listed_file *file, struct tg_error *err)
{
    const bool matters = skips_known(stream) && !stream->request.cursor->path;
    bool changed = false;
    int rc = TG_OK;
    leave_file(stream);
    context_log(context_of(stream), TG_LOG_DEBUG, "files",
                "resource '%s': file '%s' is read: %llu row%s", stream->request.name, file->name,
                (unsigned long long)file->rows, plural(file->rows));
    if (!file->is_file)
        return TG_OK;
    if (stream->is_watched)
        TRY(reading_check(file, &stream->before, stream->text, err));
    else
        TRY(reading_look_through(file, &stream->before, &stream->text, &changed, err));
    if (changed && matters)
        return reading_changed(file, err);
    if (stream->rest.bytes > 0)
        TRY(leave_rest(stream, file, err));
    if (!changed)
        TRY(remember_read(&stream->made, file, stream->text, err));
done:
    return rc;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* What a pipe gives it gives once. */
static bool is_wanted(const struct files_stream *stream, const struct listed_file *file)
{
    return (file->fate == FILE_WHOLE || file->fate == FILE_TAIL) &&
           (!stream->request.only_first || (file->is_file && stream->looked < FIRST_FILES));
}

/* The next file that is to be read is opened, if there is one; those before it are remembered. */
static int open_next(struct files_stream *stream, struct tg_error *err)
{
    struct listing *listing = &stream->listing;
    int rc = TG_OK;
    for (; stream->next < listing->count && !stream->pages; stream->next++) {
        struct listed_file *file = &listing->items[stream->next];
        TRY(context_check(context_of(stream), err));
        if (file->fate == FILE_NOTED)
            TRY(remember_noted(&stream->made, file, err));
        if (!is_wanted(stream, file))
            continue;
        stream->looked++;
        TRY(open_file(stream, file, err));
        break;
    }
done:
    return rc;
}

/* In the end all of a file was read, whatever its pages said of it. */
static void count_bytes(struct files_stream *stream, const struct listed_file *file,
                        struct page *page)
{
    int64_t left = bytes_to_read(file) - stream->bytes_told;
    if (page->kind == PAGE_END || (int64_t)page->bytes > left)
        page->bytes = (uint64_t)(left > 0 ? left : 0);
    stream->bytes_told += (int64_t)page->bytes;
}

static int read_page(struct files_stream *stream, struct page *page, struct tg_error *err)
{
    struct listed_file *file = &stream->listing.items[stream->next];
    int rc = TG_OK;
    TRY(context_check(context_of(stream), err));
    rc = stream->pages->next(stream->pages, page, err);
    if (rc != TG_OK)
        return explain(stream, file, rc, err);
    count_bytes(stream, file, page);
    page->unread = file->unread;
    page->unread_lines = file->unread_lines;
    page->file_is_known = bookmarks_find(stream->request.recalled, file->name) != NULL;
    if (page->kind == PAGE_END && stream->request.only_first)
        leave_file(stream);
    else if (page->kind == PAGE_END)
        TRY(finish_file(stream, file, err));
    else
        file->rows += page->read_count;
done:
    return rc;
}

static int files_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct files_stream *stream = (struct files_stream *)base;
    uint64_t bytes = 0;
    int rc = TG_OK;
    page_clear(page);
    if (stream->pages && stream->request.only_first)
        leave_file(stream);
    while (page->kind == PAGE_END) {
        if (!stream->pages)
            TRY(open_next(stream, err));
        if (!stream->pages)
            break;
        TRY(read_page(stream, page, err));
        bytes += page->bytes;
    }
    page->bytes = bytes;
    page->bytes_total = (uint64_t)stream->bytes_total;
    if (page->kind == PAGE_END && !stream->is_reported && !stream->request.only_first)
        report_fates(context_of(stream), stream->request.name, &stream->listing);
    stream->is_reported |= page->kind == PAGE_END;
done:
    return rc;
}

static bool files_is_idle(const struct page_stream *base)
{
    const struct files_stream *stream = (const struct files_stream *)base;
    for (size_t i = 0; i < stream->listing.count; i++)
        if (is_wanted(stream, &stream->listing.items[i]))
            return false;
    return true;
}

static struct bookmarks files_remember(const struct page_stream *base)
{
    const struct files_stream *stream = (const struct files_stream *)base;
    return (struct bookmarks){stream->made.items, stream->made.count};
}

/* ---- A source and its resources ------------------------------------------------------------ */

static void files_close(struct source *source)
{
    mem_free(source->root);
    mem_free(source);
}

static int files_open(const struct source_request *request, struct source **out,
                      struct tg_error *err)
{
    const char *root = option_text(request->values, request->value_count, "root");
    int rc = root ? format_check_local("root", root, err) : TG_OK;
    *out = NULL;
    if (rc != TG_OK)
        return rc;
    struct source *source = mem_calloc(1, sizeof(*source));
    if (!source)
        return error_nomem(err);
    source->root = !root || strcmp(root, ".") == 0 ? mem_strdup(request->folder)
                                                   : fs_join(request->folder, root);
    if (!source->root) {
        files_close(source);
        return error_nomem(err);
    }
    *out = source;
    return TG_OK;
}

static void close_stream(struct page_stream *base)
{
    struct files_stream *stream = (struct files_stream *)base;
    page_stream_close(stream->pages);
    hash_stream_free(stream->text);
    mem_free(stream->made.items);
    buf_release(&stream->globs);
    arena_release(&stream->arena);
    listing_release(&stream->listing);
    mem_free(stream);
}

static int files_read(struct source *source, const struct resource_request *request,
                      struct page_stream **out, struct tg_error *err)
{
    struct files_stream *stream = mem_calloc(1, sizeof(*stream));
    int rc = TG_OK;
    *out = NULL;
    if (!stream)
        return error_nomem(err);
    stream->base = (struct page_stream){files_next, close_stream};
    stream->request = *request;
    stream->made = (struct remembered){.request = &stream->request, .arena = &stream->arena};
    arena_init(&stream->arena);
    TRY(read_options(stream, err));
    TRY(list_files(stream, source->root, err));
    *out = &stream->base;
done:
    if (rc != TG_OK)
        close_stream(&stream->base);
    return rc;
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
     .help =
         "Files to read: a path or glob pattern (** matches folders at any depth), or a list "
         "of them. {date} in a pattern stands for a date as 2024-05-31, {date:%Y/%m/%d} for one "
         "that is written so: with a cursor, files of dates without new rows are not read. "
         "Gzip, zstd, bzip2 and xz are recognised by their content."},
    {.name = "skip_unmodified",
     .type = OPTION_BOOL,
     .fallback = "false",
     .help = "With a cursor of times: files that were last modified before it starts are not read. "
             "For rows that are written after what they tell of, as it happens or later."},
    {.name = "keys_path",
     .type = OPTION_TEXTS,
     .help = "For deletes: {detect: keys}: files, of the same format, with the keys of all rows "
             "that there are; paths and patterns as those of path. They are read after the others, "
             "whole, in every run."},
    {.name = "format",
     .type = OPTION_TEXT,
     .choices = "auto jsonl json csv parquet",
     .fallback = "auto",
     .help = "Format of the files; auto goes by the name before .gz, .zst, .bz2 or .xz."},
    {.name = "select",
     .type = OPTION_TEXT,
     .with = "format",
     .with_words = "json jsonl",
     .help =
         "JSON: the path to the rows where they stand inside of something else: data.items, or "
         "pages[*].items for those of each page. A list gives its elements, an object is a row, "
         "null is none. Without it the values of the file are the rows, and the elements of "
         "those that are lists."},
    CSV_OPTIONS,
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
    {.name = "on_loaded",
     .type = OPTION_TEXT,
     .append_only = true,
     .choices = loaded_choices,
     .help = "Files that were loaded before, as they are or grown: skip (if not given) leaves them "
             "out, load loads them whole again, in every run."},
    OPTION_END,
};

static const char start[] =
    "source:\n"
    "  type: files\n"
    "  root: .                           # paths below start here\n\n"
    "resources:\n"
    "  # Every resource becomes a table, and one more for each list in its rows.\n"
    "  events:\n"
    "    path: data/*.jsonl              # or .csv, .parquet; several: [a/*.csv, b/*]\n\n"
    "    # append: adds the rows; a file that was loaded is not read again.\n"
    "    # replace: puts the rows in place of all that is in the table.\n"
    "    # merge: updates rows by primary_key, and adds those that are new.\n"
    "    write_disposition: append\n"
    "    # primary_key: id                 # or several: [tenant, id]\n\n"
    "    # Load only rows that are new by a field that grows, from some value on.\n"
    "    # incremental: {cursor: updated_at, initial_value: 2024-01-01T00:00:00Z}\n\n"
    "    # Types are inferred; a hint wins.\n"
    "    # columns:\n"
    "    #   price: {data_type: decimal, precision: 18, scale: 2}\n";

const struct source_driver source_files = {
    .name = "files",
    .help = "JSON lines, JSON, CSV and Parquet files of a local folder.",
    .start = start,
    .source_options = source_options,
    .resource_options = resource_options,
    .open = files_open,
    .close = files_close,
    .skips = true,
    .looks_first = true,
    .hands_over = true,
    .lists_keys = true,
    .keys_option = "keys_path",
    .read = files_read,
    .is_idle = files_is_idle,
    .remember = files_remember,
};
