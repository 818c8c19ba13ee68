/*
 * The embedded engine as the reader of a package's files.
 *
 * Path: reader_exec (all threads), reader_ingest (one) -> query; reader_ingest -> struct counted (a
 * stream laid over the engine's) -> connection_ingest: the driver draws the rows as it sends them,
 * so that no more than a few batches are in memory, and each is sent once.
 *
 * reader_take -> put: the other way, for the numbers of rows that the database has picked.
 *
 * One session of one engine serves all steps of a load: tables between them are temporary. What a
 * database that reads the files itself does by INSERT ... SELECT, is done by these two.
 */
#include "database/sending/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "duckdb/engine.h"

struct reader {
    struct engine *engine;
    bool borrows;                  /* the engine is somebody else's */
    struct engine_session session; /* opened when it is first needed */
};

int reader_borrow(struct engine *engine, struct reader **out, struct tg_error *err)
{
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    **out = (struct reader){.engine = engine, .borrows = true};
    return TG_OK;
}

int reader_new(struct context *ctx, const char *folder, struct reader **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct engine *engine = NULL;
    *out = NULL;
    TRY(engine_new(ctx, folder, &engine, err));
    TRY(reader_borrow(engine, out, err));
    (*out)->borrows = false;
done:
    if (rc != TG_OK)
        engine_free(engine);
    return rc;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    engine_disconnect(&reader->session);
    if (!reader->borrows)
        engine_free(reader->engine);
    mem_free(reader);
}

const struct dialect *reader_dialect(const struct dialect *database)
{
    return database->parquet ? database : &dialect_duckdb;
}

static int query(struct reader *reader, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    out->release = NULL;
    if (!reader->session.engine)
        TRY(engine_connect(reader->engine, &reader->session, err));
    rc = engine_session_query(&reader->session, sql, out, err);
done:
    return rc;
}

/* DuckDB tells how many rows a statement changed in a row of its own. */
static int exec(struct reader *reader, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArrayStream stream = {0};
    struct text_rows rows = {0};
    TRY(query(reader, sql, &stream, err));
    TRY(text_rows_read(&stream, &rows, err));
    bool tells = rows.row_count == 1 && rows.column_count == 1 && text_cell(&rows, 0, 0);
    if (changed)
        *changed = tells ? strtoull(text_cell(&rows, 0, 0), NULL, 10) : 0;
done:
    text_rows_release(&rows);
    return rc;
}

int reader_reserve(struct reader *reader, size_t column_count, struct tg_error *err)
{
    return engine_reserve(reader->engine, column_count, err);
}

int reader_exec(struct reader *reader, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int rc = engine_alone(reader->engine, false, err);
    return rc == TG_OK ? exec(reader, sql, changed, err) : rc;
}

/* ---- rows on their way ---- */

struct counted {
    struct stream_head head;
    struct ArrowArrayStream *rows;
    uint64_t count;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct counted *counted = stream->private_data;
    return stream_schema(counted->rows, TG_IO, out, &counted->head.err) == TG_OK ? 0 : EIO;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct counted *counted = stream->private_data;
    bool end = false;
    out->release = NULL;
    if (stream_next(counted->rows, TG_IO, out, &end, &counted->head.err) != TG_OK)
        return EIO;
    counted->count += end ? 0 : (uint64_t)out->length;
    return 0;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

int reader_ingest(struct reader *reader, const char *sql, struct connection *con,
                  const struct ingest_target *into, uint64_t *rows, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArrayStream stream = {0};
    TRY(engine_alone(reader->engine, true, err));
    TRY(query(reader, sql, &stream, err));
    struct counted counted = {.rows = &stream};
    struct ArrowArrayStream given = {
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = &counted,
    };
    TRY(connection_ingest(con, into, &given, err));
    *rows = counted.count;
done:
    stream_release(&stream);
    return rc;
}

/* ---- numbers on their way back ---- */

enum { NUMBERS_MAX = 50000 }; /* in one statement, of half a megabyte */

/* The numbers so far, as a list in `list`, go into the table. */
static int put(struct reader *reader, const char *table, struct buf *list, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    if (list->len == 0)
        return TG_OK;
    buf_text(&sql, "INSERT INTO ");
    engine_ident(&sql, table);
    buf_printf(&sql, " SELECT unnest([%s])", buf_string(list));
    TRY(buf_check(&sql, err));
    TRY(reader_exec(reader, buf_string(&sql), NULL, err));
    buf_clear(list);
done:
    buf_release(&sql);
    return rc;
}

static int take_batch(struct reader *reader, const char *table, const struct ArrowSchema *schema,
                      const struct ArrowArray *batch, struct buf *list, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t number = 0;
    for (int64_t row = 0, count = 0; row < batch->length; row++) {
        if (!value_int64(schema->children[0], batch->children[0], row, &number))
            TRY(error_set(err, TG_INTERNAL, "numbers for '%s' are none", table));
        buf_printf(list, "%s%" PRId64, list->len > 0 ? "," : "", number);
        if (++count % NUMBERS_MAX == 0)
            TRY(put(reader, table, list, err));
    }
    rc = buf_check(list, err);
done:
    return rc;
}

int reader_take(struct reader *reader, const char *table, struct connection *con, const char *sql,
                struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct buf list = BUF_INIT;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct ArrowArrayStream stream = {0};
    TRY(connection_query(con, sql, &stream, err));
    TRY(stream_schema(&stream, TG_DESTINATION, &schema, err));
    while (!end) {
        TRY(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        TRY(take_batch(reader, table, &schema, &batch, &list, err));
        array_release(&batch);
        batch.release = NULL;
        if (list.len > NUMBERS_MAX * sizeof("1234567"))
            TRY(put(reader, table, &list, err));
    }
    TRY(put(reader, table, &list, err));
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    buf_release(&list);
    return rc;
}
