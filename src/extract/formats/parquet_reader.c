/*
 * Parquet -> a stream of pages, read by the embedded engine.
 *
 * Data path: parquet_reader_open -> parquet_columns_read; find_casts, where they may be needed, for
 * the engine takes as long to describe a small file as to read it -> parquet_sql -> engine_query ->
 * next_page: a batch of the engine's stream is a page, structs, lists and maps in it too (extract.c
 * makes rows of those).
 */
#include "extract/formats/parquet_reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/batch.h"
#include "database/connection.h"
#include "extract/formats/content.h"
#include "extract/formats/parquet_columns.h"

struct parquet_reader {
    struct page_stream base;
    struct engine *engine;
    const char *name; /* in messages */
    const char *path;
    int link; /* the file, where `path` is link_path; -1: none */
    char link_path[32];
    struct ArrowArrayStream stream; /* released at its end */
    struct ArrowSchema schema;
    uint64_t row; /* number of the next row, from 1 */
    struct parquet_columns *columns;
};

/* ---- SQL ----------------------------------------------------------------------------------- */

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

/* The engine refused: says where and why, without the place in SQL that nobody wrote. */
static int explain(struct parquet_reader *reader, int code, struct tg_error *err)
{
    if (code == TG_NOMEM || code == TG_CANCELLED)
        return code;
    stream_release(&reader->stream);
    if (err) {
        char *place = strstr(err->what, "\n\nLINE ");
        if (place)
            *place = '\0';
        err->code = TG_DATA;
        err->sqlstate[0] = '\0';
        connection_told(TG_DATA, "the file cannot be read", err);
    }
    return error_at(err, TG_DATA, AT_FILE, reader->name);
}

/* ---- Opening ------------------------------------------------------------------------------- */

static int start_query(struct parquet_reader *reader, const char *sql, struct tg_error *err)
{
    int rc = TG_OK;
    stream_release(&reader->stream);
    schema_release(&reader->schema);
    TRY(engine_query(reader->engine, sql, &reader->stream, err));
    TRY(stream_schema(&reader->stream, TG_DATA, &reader->schema, err));
done:
    return rc == TG_OK ? TG_OK : explain(reader, rc, err);
}

static int next_batch(struct parquet_reader *reader, struct ArrowArray *out, bool *end,
                      struct tg_error *err)
{
    int rc = stream_next(&reader->stream, TG_DATA, out, end, err);
    return rc == TG_OK ? TG_OK : explain(reader, rc, err);
}

/* Intervals and variants are read as text. */
static int find_casts(struct parquet_reader *reader, struct buf *casts, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    struct ArrowArray batch;
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
        array_release(&batch);
        TRY(rc);
    }
    if (casts->len > 0)
        buf_char(casts, ')');
    rc = buf_check(casts, err);
done:
    buf_release(&sql);
    return rc;
}

/* SQL is UTF-8: a path that is not gets another name. */
static int link_path(struct parquet_reader *reader, struct tg_error *err)
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

static int start_parquet(struct parquet_reader *reader, struct tg_error *err)
{
    struct buf sql = BUF_INIT, casts = BUF_INIT;
    struct ArrowSchema marked;
    int rc = TG_OK;
    TRY(content_check_parquet(reader->path, err));
    TRY(link_path(reader, err));
    rc = parquet_columns_read(reader->engine, reader->path, &reader->columns, err);
    if (rc != TG_OK)
        return explain(reader, rc, err);
    TRY(engine_reserve(reader->engine, parquet_columns_count(reader->columns), err));
    TRY(engine_alone(reader->engine, true, err));
    if (parquet_columns_may_need_casts(reader->columns))
        TRY(find_casts(reader, &casts, err));
    TRY(parquet_sql(reader->path, "SELECT *", &casts, &sql, err));
    TRY(start_query(reader, buf_string(&sql), err));
    TRY(schema_copy(&reader->schema, &marked, err));
    schema_release(&reader->schema);
    schema_move(&marked, &reader->schema);
    parquet_columns_mark(reader->columns, &reader->schema);
done:
    buf_release(&sql);
    buf_release(&casts);
    return rc;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct parquet_reader *reader = (struct parquet_reader *)base;
    struct ArrowArray batch;
    bool end = !reader->stream.release;
    int rc = TG_OK;
    page_clear(page);
    if (!end)
        TRY(next_batch(reader, &batch, &end, err));
    if (end)
        goto done;
    page->kind = PAGE_ARROW;
    page->file = reader->name;
    page->first_row = reader->row;
    page->read_count = (uint64_t)batch.length;
    reader->row += page->read_count;
    array_move(&batch, &page->array);
    rc = parquet_columns_check(reader->columns, &reader->schema, &page->array, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_FILE, reader->name);
    TRY(schema_copy(&reader->schema, &page->schema, err));
done:
    return rc;
}

static void close_reader(struct page_stream *base)
{
    struct parquet_reader *reader = (struct parquet_reader *)base;
    parquet_columns_free(reader->columns);
    schema_release(&reader->schema);
    stream_release(&reader->stream);
    if (reader->link >= 0)
        close(reader->link);
    mem_free(reader);
}

int parquet_reader_open(struct engine *engine, const char *path, const char *name,
                        struct page_stream **out, struct tg_error *err)
{
    struct parquet_reader *reader = mem_calloc(1, sizeof(*reader));
    int rc = TG_OK;
    *out = NULL;
    if (!reader)
        return error_nomem(err);
    *reader = (struct parquet_reader){.base = {next_page, close_reader},
                                      .engine = engine,
                                      .name = name,
                                      .path = path,
                                      .link = -1,
                                      .row = 1};
    TRY(start_parquet(reader, err));
    *out = &reader->base;
done:
    if (rc != TG_OK)
        close_reader(&reader->base);
    return rc;
}
