/*
 * A CSV or Parquet file -> pages, read by the embedded engine.
 *
 * Data path: table_reader_open -> csv_sql or parquet_sql -> engine_query -> table_reader_next: a
 * batch of the stream is a page. A Parquet file with columns that have no column type (structs,
 * lists, maps) is read as one JSON text per row instead, and next_documents makes rows of them, so
 * that they are laid out as documents are (a decimal in such a file becomes a JSON number).
 *
 * The engine's own guess of a CSV dialect drops lines that do not fit it, without a word. So the
 * delimiter is told here (the one that the first line has most), everything else is fixed, and only
 * the types of the columns are guessed. A line that does not fit is an error.
 */
#include "extract/table_reader.h"

#include <ctype.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "data/batch.h"

/* Rows that column types are guessed from; more cost time, fewer fail later. */
#define GUESS_ROWS "204800"

/* A quarter of the engine's own choice, which a small memory budget does not hold. */
#define BUFFER_BYTES "8000000"

enum { HEAD_BYTES = 64 * 1024, DOCUMENTS_BYTES = 1024 * 1024, BACK_ROOM = 4 };

struct table_reader {
    struct engine *engine;
    const char *path;
    struct buf diagnosis;           /* a query that finds the line at fault, or empty */
    struct ArrowArrayStream stream; /* not there: an empty file */
    struct ArrowSchema schema;
    struct ArrowArray batch; /* of documents */
    int64_t batch_row;
    struct json_page *parser; /* documents; NULL: batches */
    struct buf documents;
    uint64_t row; /* number of the next row, from 1 */
};

/* ---- SQL ----------------------------------------------------------------------------------- */

/* The path as a text literal; wildcards in it are made to match themselves. */
static int put_path(struct buf *sql, const char *path, struct tg_error *err)
{
    struct buf escaped = BUF_INIT;
    int rc = TG_OK;

    for (; *path; path++) {
        if (strchr("*?[", *path))
            buf_printf(&escaped, "[%c]", *path);
        else
            buf_char(&escaped, *path);
    }
    TRY(buf_check(&escaped, err));
    sql_text(sql, buf_string(&escaped));
done:
    buf_release(&escaped);
    return rc;
}

/* The first bytes of the content, decompressed. */
static int read_head(const char *path, char *out, size_t *len, struct tg_error *err)
{
    struct reader *reader = NULL;
    size_t got = 1;
    int rc = TG_OK;

    *len = 0;
    TRY(reader_open(path, &reader, err));
    while (got > 0 && *len < HEAD_BYTES) {
        TRY(reader_read(reader, out + *len, HEAD_BYTES - *len, &got, err));
        *len += got;
    }
done:
    reader_close(reader);
    return rc;
}

/* As DuckDB's option has it; by the first bytes of the file. */
static int find_compression(const char *path, const char **out, struct tg_error *err)
{
    unsigned char magic[4] = {0};
    FILE *file = fopen(path, "re");
    size_t len;

    if (!file)
        return error_set(err, TG_SOURCE, "file '%s' cannot be opened", path);
    len = fread(magic, 1, sizeof(magic), file);
    fclose(file);
    *out = "none";
    if (len >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
        *out = "gzip";
    else if (len == 4 && memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0)
        *out = "zstd";
    return TG_OK;
}

/* How often `c` stands in the first line, outside of quotes. */
static size_t count_in_line(const char *text, size_t len, char c)
{
    bool quoted = false;
    size_t count = 0;

    for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        if (text[i] == '"')
            quoted = !quoted;
        count += !quoted && text[i] == c;
    }
    return count;
}

static void find_delimiter(const struct table_options *options, const char *head, size_t len,
                           char out[8])
{
    static const char candidates[] = ",;\t|";
    size_t most = 0;

    snprintf(out, 8, ",");
    if (options->delimiter && strcmp(options->delimiter, "auto") != 0) {
        snprintf(out, 8, "%s", options->delimiter);
        return;
    }
    for (const char *c = candidates; *c; c++) {
        size_t count = count_in_line(head, len, *c);
        if (count > most) {
            most = count;
            snprintf(out, 8, "%c", *c);
        }
    }
}

/* What guessing and diagnosing have in common. */
static void put_dialect(struct buf *sql, const struct table_options *options, const char *delimiter,
                        const char *compression)
{
    buf_printf(sql, ", header = %s, skip = 0, delim = ", options->header ? "true" : "false");
    sql_text(sql, delimiter);
    buf_printf(sql, ", quote = '\"', escape = '\"', comment = '', compression = '%s'", compression);
    buf_text(sql, ", buffer_size = " BUFFER_BYTES
                  ", strict_mode = true, null_padding = false, ignore_errors = false");
    buf_text(sql, ", hive_partitioning = false");
    if (options->null_text) {
        buf_text(sql, ", nullstr = ");
        sql_text(sql, options->null_text);
    }
}

/* When the engine cannot guess, it does not say why. This query, with the columns that the first
 * line has and all of them text, fails at the line that does not fit. */
static int make_diagnosis(struct table_reader *reader, const struct table_options *options,
                          size_t column_count, const char *delimiter, const char *compression,
                          struct tg_error *err)
{
    struct buf *sql = &reader->diagnosis;
    int rc = TG_OK;

    buf_text(sql, "SELECT * FROM read_csv(");
    TRY(put_path(sql, reader->path, err));
    buf_text(sql, ", auto_detect = false, columns = {");
    for (size_t i = 0; i < column_count; i++)
        buf_printf(sql, "%s'c%zu': 'VARCHAR'", i > 0 ? ", " : "", i);
    buf_text(sql, "}");
    put_dialect(sql, options, delimiter, compression);
    buf_text(sql, ")");
    rc = buf_check(sql, err);
done:
    return rc;
}

/* Leaves `sql` empty for a file without content. */
static int csv_sql(struct table_reader *reader, const struct table_options *options,
                   struct buf *sql, struct tg_error *err)
{
    char *head = mem_alloc(HEAD_BYTES);
    const char *compression = "none";
    char delimiter[8];
    size_t len, column_count;
    int rc = TG_OK;

    if (!head)
        return error_nomem(err);
    TRY(read_head(reader->path, head, &len, err));
    if (len == 0)
        goto done;
    TRY(find_compression(reader->path, &compression, err));
    find_delimiter(options, head, len, delimiter);
    column_count = 1 + count_in_line(head, len, delimiter[0]);
    TRY(make_diagnosis(reader, options, column_count, delimiter, compression, err));
    buf_text(sql, "SELECT * FROM read_csv(");
    TRY(put_path(sql, reader->path, err));
    buf_text(sql, ", auto_detect = true, sample_size = " GUESS_ROWS);
    put_dialect(sql, options, delimiter, compression);
    buf_text(sql, ")");
done:
    mem_free(head);
    return rc;
}

static int parquet_sql(const struct table_reader *reader, bool documents, struct buf *sql,
                       struct tg_error *err)
{
    int rc = TG_OK;

    buf_clear(sql);
    buf_text(sql, documents ? "SELECT to_json(t)::VARCHAR FROM read_parquet("
                            : "SELECT * FROM read_parquet(");
    TRY(put_path(sql, reader->path, err));
    buf_text(sql, ", hive_partitioning = false) t");
done:
    return rc;
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* From DuckDB's page-long text: the line, and what is wrong with it. */
static int tell_csv_error(const char *path, int code, struct tg_error *err)
{
    static const char mark[] = "CSV Error on Line: ";
    struct tg_error original;
    const char *at, *end;
    char what[sizeof(original.what)];
    size_t len = 0;

    if (!err || !(at = strstr(err->what, mark)))
        return error_where(err, code, "file '%s'", path);
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
    error_set(err, TG_DATA, "malformed CSV: %s%s", what,
              strstr(what, "Could not convert")
                  ? " (its type was guessed from the first " GUESS_ROWS " rows)"
                  : "");
    return error_where(err, TG_DATA, "file '%s', line %llu", path, line);
}

/* The engine refused: says where and why. */
static int explain(struct table_reader *reader, int code, struct tg_error *err)
{
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowArray batch;
    struct tg_error better = {0};
    bool end = false;
    int rc;

    if (code == TG_NOMEM || code == TG_CANCELLED)
        return code;
    if (err && reader->diagnosis.len > 0 && !strstr(err->what, "CSV Error on Line")) {
        rc = engine_query(reader->engine, buf_string(&reader->diagnosis), &stream, &better);
        while (rc == TG_OK && !end) {
            rc = stream_next(&stream, TG_DATA, &batch, &end, &better);
            if (rc == TG_OK && !end)
                array_release(&batch);
        }
        stream_release(&stream);
        if (rc != TG_OK)
            *err = better;
    }
    if (err) {
        err->code = TG_DATA;
        err->sqlstate[0] = '\0';
    }
    return tell_csv_error(reader->path, TG_DATA, err);
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

static bool is_flat(const struct ArrowSchema *schema)
{
    struct type_spec spec;

    for (int64_t i = 0; i < schema->n_children; i++)
        if (type_from_arrow(schema->children[i], &spec, NULL) != TG_OK)
            return false;
    return true;
}

static int open_table(struct table_reader *reader, const struct table_options *options,
                      struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    int rc = TG_OK;

    if (options->form == TABLE_CSV)
        TRY(csv_sql(reader, options, &sql, err));
    else
        TRY(parquet_sql(reader, false, &sql, err));
    TRY(buf_check(&sql, err));
    if (sql.len == 0)
        goto done;
    TRY(start_query(reader, buf_string(&sql), err));
    if (options->form == TABLE_PARQUET && !is_flat(&reader->schema)) {
        TRY(json_page_new(&reader->parser, err));
        TRY(parquet_sql(reader, true, &sql, err));
        TRY(buf_check(&sql, err));
        TRY(start_query(reader, buf_string(&sql), err));
    }
done:
    buf_release(&sql);
    return rc;
}

int table_reader_open(struct engine *engine, const char *path, const struct table_options *options,
                      struct table_reader **out, struct tg_error *err)
{
    struct table_reader *reader = mem_calloc(1, sizeof(*reader));
    int rc = TG_OK;

    *out = NULL;
    if (!reader)
        return error_nomem(err);
    reader->engine = engine;
    reader->path = path;
    reader->row = 1;
    TRY(open_table(reader, options, err));
    *out = reader;
done:
    if (rc != TG_OK)
        table_reader_close(reader);
    return rc;
}

void table_reader_close(struct table_reader *reader)
{
    if (!reader)
        return;
    array_release(&reader->batch);
    schema_release(&reader->schema);
    stream_release(&reader->stream);
    json_page_free(reader->parser);
    buf_release(&reader->documents);
    buf_release(&reader->diagnosis);
    mem_free(reader);
}

/* ---- Reading ------------------------------------------------------------------------------- */

static int next_batch(struct table_reader *reader, struct ArrowArray *out, bool *end,
                      struct tg_error *err)
{
    int rc = stream_next(&reader->stream, TG_DATA, out, end, err);

    return rc == TG_OK ? TG_OK : explain(reader, rc, err);
}

/* Collects the JSON texts of some rows, with commas between them. */
static int collect_documents(struct table_reader *reader, bool *end, struct tg_error *err)
{
    struct buf *text = &reader->documents;
    const struct ArrowSchema *schema = reader->schema.children[0];
    int rc = TG_OK;

    buf_clear(text);
    *end = false;
    while (text->len < DOCUMENTS_BYTES && !text->failed) {
        if (!reader->batch.release)
            TRY(next_batch(reader, &reader->batch, end, err));
        if (*end)
            break;
        for (; reader->batch_row < reader->batch.length && text->len < DOCUMENTS_BYTES;
             reader->batch_row++) {
            const char *document;
            size_t len;
            if (!value_bytes(schema, reader->batch.children[0],
                             reader->batch_row + reader->batch.offset, &document, &len))
                continue;
            buf_char(text, ','); /* the first one stands in the room before the text */
            buf_append(text, document, len);
        }
        if (reader->batch_row == reader->batch.length) {
            array_release(&reader->batch);
            reader->batch_row = 0;
        }
    }
    *end = text->len == 0;
    if (!*end)
        buf_append(text, "\0\0\0\0", BACK_ROOM);
    rc = buf_check(text, err);
done:
    return rc;
}

static int next_documents(struct table_reader *reader, struct page *page, struct tg_error *err)
{
    bool end;
    int rc = TG_OK;

    TRY(collect_documents(reader, &end, err));
    if (end)
        goto done;
    rc = json_page_elements(reader->parser, reader->documents.data + 1,
                            reader->documents.len - 1 - BACK_ROOM, reader->row, page, err);
    if (rc != TG_OK)
        return error_where(err, rc, "file '%s'", reader->path);
    reader->row += page->read_count;
done:
    return rc;
}

int table_reader_next(struct table_reader *reader, struct page *page, struct tg_error *err)
{
    bool end = true;
    int rc = TG_OK;

    page->kind = PAGE_END;
    if (!reader->stream.release)
        return TG_OK;
    if (reader->parser) {
        TRY(next_documents(reader, page, err));
        goto done;
    }
    TRY(next_batch(reader, &page->array, &end, err));
    if (end)
        goto done;
    page->kind = PAGE_ARROW;
    TRY(schema_copy(&reader->schema, &page->schema, err));
    page->read_count = (uint64_t)page->array.length;
    page->first_row = reader->row;
    page->bytes = batch_bytes(&page->schema, &page->array);
    reader->row += page->read_count;
done:
    page->file = page->kind == PAGE_END ? NULL : reader->path;
    return rc;
}
