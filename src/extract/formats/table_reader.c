/*
 * CSV and Parquet -> streams of pages, read by the embedded engine.
 *
 * Data path: parquet_reader_open -> find_casts, parquet_sql -> engine_query -> next_page: a batch
 * of the engine's stream is a page, structs, lists and maps in it too (extract.c makes rows of
 * those). CSV: csv_reader_open -> read_header (the names, csv_header.c) -> csv_sql, by which the
 * engine reads the text through feed.c's pipe and every field is text -> take_sample, that types
 * are guessed from -> next_page, through csv_columns.c -> finish_feed: was the text whole?
 *
 * The engine's own guesses are not used: its guess of a dialect drops lines that do not fit it,
 * without a word, and its guess of types makes doubles of long integers, numbers of hexadecimal
 * digits and dates of anything. A line that does not fit is an error.
 */
#include "extract/formats/table_reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/batch.h"
#include "extract/formats/content.h"
#include "extract/formats/csv_columns.h"
#include "extract/formats/csv_header.h"
#include "extract/formats/feed.h"
#include "extract/formats/parquet_columns.h"

/* A quarter of the engine's own choice, which a small memory budget does not hold. The longest line
 * is half of it, which is twice the engine's choice; where the one is no multiple of the other, the
 * engine may lose rows. */
#define BUFFER_BYTES "8388608"
#define LINE_BYTES   "4194304"
enum { LINE_BYTES_MAX = 4194304 };

/* What column types are guessed from. */
enum { SAMPLE_ROWS = 204800, SAMPLE_BYTES = 16 * 1024 * 1024 };

struct table_reader {
    struct page_stream base;
    struct engine *engine;
    const struct context *ctx;
    const char *name; /* in messages */
    const char *path; /* Parquet */
    int link;         /* Parquet: the file, where `path` is link_path; -1: none */
    char link_path[32];
    uint64_t lines_before;
    struct feed *feed;              /* CSV: the text, which the engine reads */
    struct ArrowArrayStream stream; /* released at its end */
    struct ArrowSchema schema;
    uint64_t row;                    /* number of the next row, from 1 */
    struct csv_columns *csv;         /* NULL: Parquet */
    struct parquet_columns *parquet; /* NULL: CSV */
    struct ArrowArray *samples;      /* read, but not handed on yet */
    size_t sample_count, sample_cap, next_sample;
};

/* ---- SQL ----------------------------------------------------------------------------------- */

/* Of the lines of `texts`, in brackets. */
static void put_texts(struct buf *sql, const char *texts, char open, char close)
{
    struct buf one = BUF_INIT;
    buf_char(sql, open);
    for (const char *at = texts;; at++) {
        size_t len = strcspn(at, "\n");
        buf_clear(&one);
        buf_append(&one, at, len);
        buf_text(sql, at == texts ? "" : ", ");
        engine_text(sql, buf_string(&one));
        at += len;
        if (!*at)
            break;
    }
    buf_char(sql, close);
    sql->failed |= one.failed;
    buf_release(&one);
}

/* The one column of a file: a line without anything is no row, but `""` is a row with an empty
 * field. The engine tells them apart if only what has no quotes is NULL to it. */
static void csv_sql(const char *path, const struct csv_options *options,
                    const struct csv_header *header, struct buf *sql)
{
    const char *null_texts = options->null_texts ? options->null_texts : "";
    bool is_one = header->count == 1;
    buf_text(sql, "SELECT ");
    if (is_one) {
        buf_text(sql, "CASE WHEN c0 IN ");
        put_texts(sql, null_texts, '(', ')');
        buf_text(sql, " THEN NULL ELSE c0 END AS c0");
    } else {
        buf_char(sql, '*');
    }
    buf_text(sql, " FROM read_csv(");
    engine_text(sql, path);
    buf_text(sql, ", auto_detect = false, columns = {");
    for (size_t i = 0; i < header->count; i++)
        buf_printf(sql, "%s'c%zu': 'VARCHAR'", i > 0 ? ", " : "", i);
    buf_printf(sql, "}, header = %s, skip = %zu, delim = ", options->header ? "true" : "false",
               header->blank_lines);
    engine_text(sql, header->delimiter);
    buf_text(sql, ", quote = '\"', escape = '\"', comment = '', compression = 'none'"
                  ", buffer_size = " BUFFER_BYTES ", max_line_size = " LINE_BYTES
                  ", strict_mode = true, null_padding = false, ignore_errors = false"
                  ", hive_partitioning = false");
    buf_text(sql, ", nullstr = ");
    put_texts(sql, is_one ? "" : null_texts, '[', ']');
    buf_text(sql, is_one ? ", allow_quoted_nulls = false) WHERE c0 IS NOT NULL" : ")");
}

static int parquet_sql(const char *path, const char *start, const struct buf *casts,
                       struct buf *sql, struct tg_error *err)
{
    buf_text(sql, start);
    if (casts)
        buf_append(sql, casts->data, casts->len);
    buf_text(sql, " FROM ");
    engine_parquet(sql, &path, 1);
    return buf_check(sql, err);
}

/* The SQL type, with another in the place of each that Arrow batches do not hold or we do not read;
 * false: there is none. A word that a space follows is the name of a field, not a type. */
static bool put_type(struct buf *sql, const char *type, size_t len)
{
    static const char *const others[][2] = {{"INTERVAL", "VARCHAR"}, {"VARIANT", "JSON"}};
    const char *end = type + len;
    bool changed = false, quoted = false;
    while (type < end) {
        size_t word = 0;
        while (!quoted && type + word < end && isupper((unsigned char)type[word]))
            word++;
        const char *other = NULL;
        for (size_t i = 0; word > 0 && i < sizeof(others) / sizeof(others[0]); i++)
            if (strlen(others[i][0]) == word && memcmp(type, others[i][0], word) == 0 &&
                (type + word == end || strchr(",)[", type[word])))
                other = others[i][1];
        if (other)
            buf_text(sql, other);
        else
            buf_append(sql, type, word > 0 ? word : 1);
        changed = changed || other;
        quoted = quoted != (*type == '"');
        type += word > 0 ? word : 1;
    }
    return changed;
}

/* Adds "CAST(name AS type) AS name" for a column that needs it. */
static int put_cast(struct buf *casts, const struct ArrowSchema *schema,
                    const struct ArrowArray *batch, int64_t row, struct tg_error *err)
{
    struct buf cast = BUF_INIT;
    char *name = NULL;
    const char *texts[2];
    size_t lens[2];
    int rc = TG_OK;
    for (int i = 0; i < 2; i++)
        if (!value_bytes(schema->children[i], batch->children[i], row + batch->offset, &texts[i],
                         &lens[i]))
            return error_set(err, TG_INTERNAL, "the engine describes a column without a name");
    name = mem_strndup(texts[0], lens[0]);
    if (!name)
        return error_nomem(err);
    buf_text(&cast, casts->len > 0 ? ", CAST(" : " REPLACE (CAST(");
    engine_ident(&cast, name);
    buf_text(&cast, " AS ");
    if (put_type(&cast, texts[1], lens[1])) {
        buf_text(&cast, ") AS ");
        engine_ident(&cast, name);
        TRY(buf_check(&cast, err));
        buf_append(casts, cast.data, cast.len);
    }
    rc = buf_check(&cast, err);
done:
    mem_free(name);
    buf_release(&cast);
    return rc;
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* From DuckDB's page-long text: the line, and what is wrong with it. */
static int tell_csv_error(const struct table_reader *reader, int code, struct tg_error *err)
{
    static const char mark[] = "CSV Error on Line: ";
    struct tg_error original;
    const char *at, *end;
    char what[sizeof(original.what)];
    size_t len = 0;
    if (!err || !(at = strstr(err->what, mark)))
        return error_at(err, code, AT_FILE, reader->name);
    original = *err;
    at = original.what + (at - err->what) + strlen(mark);
    unsigned long long line = 0;
    for (; isdigit((unsigned char)*at); at++)
        line = line * 10 + (unsigned long long)(*at - '0');
    at += strspn(at, "\r\n");
    end = strstr(at, "\nPossible");
    for (; *at && at != end && len + 3 < sizeof(what); at++) {
        if (*at != '\n')
            what[len++] = *at;
        else if (at[1] != '\n' && at + 1 != end)
            len += (size_t)snprintf(what + len, 3, "; ");
    }
    what[len] = '\0';
    error_set(err, TG_DATA, "malformed CSV: %s", what);
    error_at_line(err, TG_DATA, line + reader->lines_before);
    return error_at(err, TG_DATA, AT_FILE, reader->name);
}

/* The engine refused: says where and why. What it read of a damaged file is not the reason. */
static int explain(struct table_reader *reader, int code, struct tg_error *err)
{
    static const struct {
        const char *theirs, *ours;
    } reasons[] = {
        {"does not support a full read",
         "a line is longer than " LINE_BYTES " bytes; is a quote missing before it?"},
        {"state machine reached an invalid state",
         "malformed CSV: make all lines end alike, and quote fields by RFC 4180"},
    };
    struct tg_error damage = {0};
    if (code == TG_NOMEM || code == TG_CANCELLED)
        return code;
    stream_release(&reader->stream);
    if (reader->feed && feed_stop(reader->feed, &damage) != TG_OK) {
        if (err)
            *err = damage;
        return damage.code;
    }
    for (size_t i = 0; err && i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strstr(err->what, reasons[i].theirs))
            error_set(err, TG_DATA, "%s", reasons[i].ours);
    if (err) {
        char *place = strstr(err->what, "\n\nLINE "); /* in SQL that nobody wrote */
        if (place)
            *place = '\0';
        err->code = TG_DATA;
        err->sqlstate[0] = '\0';
    }
    return tell_csv_error(reader, TG_DATA, err);
}

/* ---- Opening ------------------------------------------------------------------------------- */

static int start_query(struct table_reader *reader, const char *sql, struct tg_error *err)
{
    int rc = TG_OK;
    stream_release(&reader->stream);
    schema_release(&reader->schema);
    TRY(engine_query(reader->engine, sql, &reader->stream, err));
    TRY(stream_schema(&reader->stream, TG_DATA, &reader->schema, err));
done:
    return rc == TG_OK ? TG_OK : explain(reader, rc, err);
}

/* The rows count if the whole file was seen. A last line that is too long is the one thing that the
 * engine drops without a word. */
static int finish_feed(struct table_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    stream_release(&reader->stream);
    TRY(feed_finish(reader->feed, err));
    if (feed_last_line_bytes(reader->feed) > LINE_BYTES_MAX)
        TRY(error_at(err,
                     error_set(err, TG_DATA, "the last line is longer than " LINE_BYTES " bytes"),
                     AT_FILE, reader->name));
done:
    return rc;
}

static int next_batch(struct table_reader *reader, struct ArrowArray *out, bool *end,
                      struct tg_error *err)
{
    int rc = stream_next(&reader->stream, TG_DATA, out, end, err);
    if (rc != TG_OK)
        return explain(reader, rc, err);
    return *end && reader->feed ? finish_feed(reader, err) : TG_OK;
}

static int take_sample(struct table_reader *reader, struct tg_error *err)
{
    size_t rows = 0, bytes = 0;
    bool all;
    int rc = TG_OK;
    TRY(csv_columns_know(reader->csv, &all, err));
    while (!all && rows < SAMPLE_ROWS && bytes < SAMPLE_BYTES) {
        struct ArrowArray *batch;
        bool end;
        TRY(mem_grow(&reader->samples, &reader->sample_cap, reader->sample_count + 1,
                     sizeof(*reader->samples), err));
        batch = &reader->samples[reader->sample_count];
        TRY(next_batch(reader, batch, &end, err));
        if (end)
            break;
        reader->sample_count++;
        csv_columns_see(reader->csv, batch);
        rows += (size_t)batch->length;
        bytes += batch_bytes(&reader->schema, batch);
    }
    csv_columns_decide(reader->csv);
done:
    return rc;
}

/* Of a file that has grown, the header and what is new is read. */
static void leave_out(struct table_reader *reader, const struct csv_options *options,
                      const char *head, struct csv_header *header)
{
    size_t kept = options->header ? header->bytes : 0;
    feed_begin_at(reader->feed, (int64_t)kept, options->from, options->hash);
    if (options->from == 0)
        return;
    header->blank_lines = options->header ? header->blank_lines : 0;
    reader->lines_before = options->lines_before;
    for (size_t i = 0; i < kept; i++)
        reader->lines_before -= head[i] == '\n';
}

static int read_header(struct table_reader *reader, const struct csv_options *options,
                       struct csv_header *out, struct tg_error *err)
{
    const struct csv_header_options wanted = {.delimiter = options->delimiter,
                                              .has_names = options->header,
                                              .columns = options->columns,
                                              .column_count = options->column_count};
    size_t len;
    const char *head = feed_head(reader->feed, &len);
    int rc = TG_OK;
    TRY(content_check_text(head, len, err));
    TRY(csv_header_read(head, len, len == FEED_HEAD_BYTES, &wanted, out, err));
    leave_out(reader, options, head, out);
done:
    return rc == TG_OK ? TG_OK : error_at(err, rc, AT_FILE, reader->name);
}

static int start_csv(struct table_reader *reader, struct reader *text,
                     const struct csv_options *options, struct tg_error *err)
{
    struct csv_header header = {.count = 0};
    const struct csv_types types = {options->columns, options->column_count, options->types};
    struct buf sql = BUF_INIT;
    const char *pipe;
    int rc = TG_OK;
    TRY(feed_open(text, &reader->feed, err));
    TRY(read_header(reader, options, &header, err));
    if (header.count == 0) {
        rc = feed_pass(reader->feed, err);
        goto done;
    }
    TRY(csv_columns_new(header.names, header.count, &types, &reader->csv, err));
    TRY(feed_start(reader->feed, &pipe, err));
    csv_sql(pipe, options, &header, &sql);
    TRY(buf_check(&sql, err));
    TRY(engine_reserve(reader->engine, header.count, err));
    TRY(start_query(reader, buf_string(&sql), err));
    TRY(take_sample(reader, err));
done:
    csv_header_release(&header);
    buf_release(&sql);
    return rc;
}

/* Intervals and variants are read as text. */
static int find_casts(struct table_reader *reader, struct buf *casts, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    struct ArrowArray batch;
    size_t columns = 0;
    bool end = false;
    int rc = TG_OK;
    TRY(parquet_sql(reader->path, "DESCRIBE SELECT *", NULL, &sql, err));
    TRY(start_query(reader, buf_string(&sql), err));
    for (;;) {
        TRY(next_batch(reader, &batch, &end, err));
        if (end)
            break;
        for (int64_t row = 0; row < batch.length && rc == TG_OK; row++)
            rc = put_cast(casts, &reader->schema, &batch, row, err);
        columns += (size_t)batch.length;
        array_release(&batch);
        TRY(rc);
    }
    TRY(engine_reserve(reader->engine, columns, err));
    if (casts->len > 0)
        buf_char(casts, ')');
    rc = buf_check(casts, err);
done:
    buf_release(&sql);
    return rc;
}

/* SQL is UTF-8: a path that is not gets another name. */
static int link_path(struct table_reader *reader, struct tg_error *err)
{
    if (utf8_is_valid(reader->path, strlen(reader->path)))
        return TG_OK;
    reader->link = open(reader->path, O_RDONLY | O_CLOEXEC);
    if (reader->link < 0)
        return error_errno(err, TG_SOURCE, errno, "file '%s' cannot be opened", reader->name);
    snprintf(reader->link_path, sizeof(reader->link_path), "/proc/self/fd/%d", reader->link);
    reader->path = reader->link_path;
    return TG_OK;
}

static int start_parquet(struct table_reader *reader, struct tg_error *err)
{
    struct buf sql = BUF_INIT, casts = BUF_INIT;
    struct ArrowSchema marked;
    int rc = TG_OK;
    TRY(content_check_parquet(reader->path, err));
    TRY(link_path(reader, err));
    rc = parquet_columns_read(reader->engine, reader->path, &reader->parquet, err);
    if (rc != TG_OK)
        return explain(reader, rc, err);
    TRY(find_casts(reader, &casts, err));
    TRY(parquet_sql(reader->path, "SELECT *", &casts, &sql, err));
    TRY(start_query(reader, buf_string(&sql), err));
    TRY(schema_copy(&reader->schema, &marked, err));
    schema_release(&reader->schema);
    schema_move(&marked, &reader->schema);
    parquet_columns_mark(reader->parquet, &reader->schema);
done:
    buf_release(&sql);
    buf_release(&casts);
    return rc;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static int read_batch(struct table_reader *reader, struct ArrowArray *out, bool *end,
                      struct tg_error *err)
{
    *end = reader->next_sample == reader->sample_count && !reader->stream.release;
    if (*end)
        return TG_OK;
    if (reader->next_sample == reader->sample_count)
        return next_batch(reader, out, end, err);
    array_move(&reader->samples[reader->next_sample++], out);
    return TG_OK;
}

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct table_reader *reader = (struct table_reader *)base;
    struct ArrowArray batch;
    bool end = true;
    int rc = TG_OK;
    page_clear(page);
    TRY(read_batch(reader, &batch, &end, err));
    if (end && reader->csv && reader->ctx)
        csv_columns_report(reader->csv, reader->ctx, reader->name);
    if (end)
        goto done;
    page->file = reader->name;
    page->first_row = reader->row;
    page->read_count = (uint64_t)batch.length;
    reader->row += page->read_count;
    if (reader->csv) {
        TRY(csv_columns_convert(reader->csv, &batch, page, err));
    } else {
        page->kind = PAGE_ARROW;
        array_move(&batch, &page->array);
        rc = parquet_columns_check(reader->parquet, &reader->schema, &page->array, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_FILE, reader->name);
        TRY(schema_copy(&reader->schema, &page->schema, err));
    }
done:
    return rc;
}

static void close_reader(struct page_stream *base)
{
    struct table_reader *reader = (struct table_reader *)base;
    for (size_t i = reader->next_sample; i < reader->sample_count; i++)
        array_release(&reader->samples[i]);
    mem_free(reader->samples);
    csv_columns_free(reader->csv);
    parquet_columns_free(reader->parquet);
    schema_release(&reader->schema);
    stream_release(&reader->stream);
    feed_close(reader->feed);
    if (reader->link >= 0)
        close(reader->link);
    mem_free(reader);
}

static struct table_reader *new_reader(struct engine *engine, const char *name)
{
    struct table_reader *reader = mem_calloc(1, sizeof(*reader));
    if (!reader)
        return NULL;
    reader->base = (struct page_stream){next_page, close_reader};
    reader->engine = engine;
    reader->name = name;
    reader->link = -1;
    return reader;
}

int csv_reader_open(struct engine *engine, struct reader *text, const struct csv_options *options,
                    struct page_stream **out, struct tg_error *err)
{
    struct table_reader *reader = new_reader(engine, options->name);
    int rc = TG_OK;
    *out = NULL;
    if (!reader) {
        reader_close(text);
        return error_nomem(err);
    }
    reader->ctx = options->ctx;
    reader->row = options->rows_before + 1;
    TRY(start_csv(reader, text, options, err));
    *out = &reader->base;
done:
    if (rc != TG_OK)
        close_reader(&reader->base);
    return rc;
}

int parquet_reader_open(struct engine *engine, const char *path, const char *name,
                        struct page_stream **out, struct tg_error *err)
{
    struct table_reader *reader = new_reader(engine, name);
    int rc = TG_OK;
    *out = NULL;
    if (!reader)
        return error_nomem(err);
    reader->path = path;
    reader->row = 1;
    TRY(start_parquet(reader, err));
    *out = &reader->base;
done:
    if (rc != TG_OK)
        close_reader(&reader->base);
    return rc;
}
