/*
 * The source `files`: JSON lines, JSON, CSV and Parquet files of a local folder.
 *
 * Data path: files_open (listing_make: globs, minus what the ledger knows) -> files_read: open_next
 * (listing_record, then a reader for the format) -> read_page (json_reader or table_reader) until
 * the file ends -> finish_file, which adds it to those that files_done hands to the ledger.
 *
 * A file is read whole or not at all; what of it is new is for the cursor to say.
 */
#include "extract/source.h"

#include <strings.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/memory.h"
#include "extract/files/json_reader.h"
#include "extract/files/listing.h"
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
    size_t next; /* in the listing */
    int64_t bytes_done, bytes_total;

    /* the file that is being read */
    bool is_open;
    bool is_table;
    struct source_file current;
    struct json_reader *json; /* kept from file to file */
    struct table_reader *table;

    struct source_file *done;
    size_t done_count, done_cap;
};

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

/* ---- Opening ------------------------------------------------------------------------------- */

static void file_release(struct source_file *file)
{
    mem_free(file->path);
    mem_free(file->checksum);
    *file = (struct source_file){0};
}

static const char *resource_text(const struct reading *reading, const char *name)
{
    return option_text(reading->request.resource_values, reading->request.resource_value_count,
                       name);
}

static int read_options(struct reading *reading, struct tg_error *err)
{
    const char *format = resource_text(reading, "format");
    const char *header = resource_text(reading, "header");

    reading->format = format_find(format);
    if (format && reading->format == FORMAT_NONE && strcmp(format, "auto") != 0)
        return error_set(err, TG_USAGE,
                         "format '%s' is unknown; choose auto, jsonl, json, csv or parquet",
                         format);
    reading->table_options = (struct table_options){
        .delimiter = resource_text(reading, "delimiter"),
        .null_text = resource_text(reading, "null"),
        .header = !header || strcmp(header, "false") != 0,
        .ctx = reading->request.ctx,
        .columns = reading->request.columns,
        .column_count = reading->request.column_count,
        .types = reading->request.types,
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

static int list_files(struct reading *reading, struct tg_error *err)
{
    const struct source_request *request = &reading->request;
    const char *root = option_text(request->source_values, request->source_value_count, "root");
    const char *patterns = resource_text(reading, "path");
    char *folder = NULL;
    int rc = TG_OK;

    if (!patterns || !patterns[0])
        TRY(error_set(err, TG_USAGE, "path is missing; say which files to read"));
    folder = !root || strcmp(root, ".") == 0 ? mem_strdup(request->folder)
                                             : fs_join(request->folder, root);
    if (!folder)
        TRY(error_nomem(err));
    TRY(listing_make(request->ctx, folder, patterns, request->known_files,
                     request->known_file_count, &reading->listing, err));
    if (request->replaces && reading->listing.count == 0)
        TRY(no_files(patterns, folder, err));
    for (size_t i = 0; i < reading->listing.count; i++) {
        const struct listed_file *file = &reading->listing.items[i];
        reading->bytes_total += file->size;
        if (reading->format == FORMAT_NONE && format_of(file->name) == FORMAT_NONE)
            TRY(error_set(err, TG_USAGE,
                          "the format of file '%s' cannot be told from its name; set format to "
                          "jsonl, json, csv or parquet",
                          file->path));
    }
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
    file_release(&reading->current);
    for (size_t i = 0; i < reading->done_count; i++)
        file_release(&reading->done[i]);
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

/* ---- Reading ------------------------------------------------------------------------------- */

static int open_json(struct reading *reading, const struct listed_file *file, enum format format,
                     struct tg_error *err)
{
    enum json_form form = format == FORMAT_JSON ? JSON_ANY : JSON_LINES;
    int rc = TG_OK;

    if (!reading->json)
        TRY(json_reader_new(reading->request.ctx->memory_bytes_max / 4, &reading->json, err));
    TRY(json_reader_open(reading->json, file->path, form, err));
done:
    return rc;
}

static int open_table(struct reading *reading, const struct listed_file *file, enum format format,
                      struct tg_error *err)
{
    struct table_options options = reading->table_options;
    bool auto_delimiter = !options.delimiter || strcmp(options.delimiter, "auto") == 0;

    options.form = format == FORMAT_PARQUET ? TABLE_PARQUET : TABLE_CSV;
    if (auto_delimiter && ends_in(file->name, bare_length(file->name), "tsv"))
        options.delimiter = "\t";
    return table_reader_open(reading->request.engine, file->path, &options, &reading->table, err);
}

static int open_next(struct reading *reading, struct tg_error *err)
{
    const struct listed_file *file = &reading->listing.items[reading->next];
    enum format format = reading->format ? reading->format : format_of(file->name);
    int rc = TG_OK;

    TRY(listing_record(file, &reading->current, err));
    reading->is_table = format == FORMAT_CSV || format == FORMAT_PARQUET;
    if (reading->is_table)
        TRY(open_table(reading, file, format, err));
    else
        TRY(open_json(reading, file, format, err));
    reading->is_open = true;
    reading->next++;
done:
    return rc;
}

static int finish_file(struct reading *reading, struct tg_error *err)
{
    int rc = TG_OK;

    table_reader_close(reading->table);
    reading->table = NULL;
    reading->is_open = false;
    reading->bytes_done += reading->listing.items[reading->next - 1].size;
    if (!reading->current.path)
        return TG_OK;
    TRY(mem_grow(&reading->done, &reading->done_cap, reading->done_count + 1,
                 sizeof(*reading->done), err));
    reading->done[reading->done_count++] = reading->current;
    reading->current = (struct source_file){0};
done:
    return rc;
}

static int files_read(struct reading *reading, const struct tg_cursor *cursor, struct page *page,
                      struct tg_error *err)
{
    int rc = TG_OK;

    (void)cursor;
    page->kind = PAGE_END;
    while (page->kind == PAGE_END) {
        TRY(context_check(reading->request.ctx, err));
        if (!reading->is_open && reading->next == reading->listing.count)
            break;
        if (!reading->is_open) {
            file_release(&reading->current);
            TRY(open_next(reading, err));
        }
        if (reading->is_table)
            TRY(table_reader_next(reading->table, page, err));
        else
            TRY(json_reader_next(reading->json, page, err));
        if (page->kind == PAGE_END)
            TRY(finish_file(reading, err));
    }
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
     .help = "CSV: what separates fields; auto takes the one of , ; | and tab that the first line "
             "has most."},
    {.name = "header",
     .type = OPTION_BOOL,
     .fallback = "true",
     .help = "CSV: whether the first line holds the names of the columns."},
    {.name = "null",
     .type = OPTION_TEXT,
     .help = "CSV: the text that stands for NULL; an empty field if not given."},
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
