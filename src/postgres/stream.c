/*
 * A query's result as an Arrow stream, row by row as the server sends it: memory stays bounded
 * however large the result is.
 *
 * Path: pg_query -> pg_send -> the first result, which knows the columns -> get_next -> add_value
 * and advance for each row, until a batch is full. A failure in the middle comes out of get_next
 * with the server's message. A stream that is released before its end ends the query.
 *
 * What the columns mean is data/view.c's.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/session.h"

struct result_stream {
    struct stream_head head;
    struct pg_client *client;
    const struct context *ctx;
    PGresult *result; /* the next one; NULL: all were read */
    struct ArrowSchema schema;
    struct column *columns;
    size_t count;
};

static int errno_of(int code)
{
    return code == TG_OK ? 0 : code == TG_NOMEM ? ENOMEM : code == TG_CANCELLED ? ECANCELED : EIO;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct result_stream *self = stream->private_data;
    out->release = NULL;
    return errno_of(schema_copy(&self->schema, out, &self->head.err));
}

/* ---- rows ---- */

static int add_value(struct result_stream *self, int column, int64_t row)
{
    if (pq.getisnull(self->result, 0, column))
        return TG_OK;
    return column_set_text(&self->columns[column], (size_t)row,
                           pq.getvalue(self->result, 0, column),
                           (size_t)pq.getlength(self->result, 0, column), &self->head.err);
}

/* Waits for the next result. What failed has nothing more to say. */
static int advance(struct result_stream *self, const char *sql, struct tg_error *err)
{
    pq.clear(self->result);
    int rc = pg_next(self->client, self->ctx, &self->result, err);
    if (rc == TG_OK && self->result)
        rc = pg_check_result(self->client, self->result, sql, err);
    if (rc == TG_OK || !self->result)
        return rc;
    pq.clear(self->result);
    self->result = NULL;
    (void)!pg_finish(self->client, self->ctx, NULL, NULL, NULL);
    return rc;
}

static int take_batch(struct result_stream *self, int64_t row_count, struct ArrowArray *out)
{
    int rc = TG_OK;
    struct tg_error *err = &self->head.err;
    struct ArrowArray *arrays = mem_calloc(self->count + 1, sizeof(*arrays));
    if (!arrays)
        return error_nomem(err);
    for (size_t i = 0; i < self->count; i++) {
        TRY(column_export(&self->columns[i], (size_t)row_count, &arrays[i], err));
        TRY(column_init(&self->columns[i], &(struct type_spec){.type = TYPE_TEXT}, err));
    }
    rc = batch_make(arrays, self->count, row_count, out, err);
    mem_free(arrays);
    return rc;
done:
    for (size_t i = 0; i < self->count; i++)
        array_release(&arrays[i]);
    mem_free(arrays);
    return rc;
}

static int next_batch(struct result_stream *self, struct ArrowArray *out)
{
    int rc = TG_OK;
    int64_t row = 0;
    TRY(context_check(self->ctx, &self->head.err));
    while (self->result && row < BATCH_ROWS) {
        for (int i = 0; pq.ntuples(self->result) > 0 && i < (int)self->count; i++)
            TRY(add_value(self, i, row));
        row += pq.ntuples(self->result) > 0;
        TRY(advance(self, NULL, &self->head.err));
    }
    if (row > 0)
        rc = take_batch(self, row, out);
done:
    return rc;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct result_stream *self = stream->private_data;
    out->release = NULL;
    return errno_of(next_batch(self, out));
}

static void free_stream(struct result_stream *self)
{
    if (self->result) {
        pq.clear(self->result);
        pg_abandon(self->client);
    }
    for (size_t i = 0; self->columns && i < self->count; i++)
        column_release(&self->columns[i]);
    mem_free(self->columns);
    schema_release(&self->schema);
    mem_free(self);
}

static void release(struct ArrowArrayStream *stream)
{
    free_stream(stream->private_data);
    stream->release = NULL;
}

/* ---- columns ---- */

static int make_columns(struct result_stream *self, struct tg_error *err)
{
    int rc = TG_OK;
    const struct type_spec text = {.type = TYPE_TEXT};
    self->count = (size_t)pq.nfields(self->result);
    const char **names = mem_calloc(self->count + 1, sizeof(*names));
    struct type_spec *types = mem_calloc(self->count + 1, sizeof(*types));
    self->columns = mem_calloc(self->count + 1, sizeof(*self->columns));
    if (!names || !types || !self->columns)
        TRY(error_nomem(err));
    for (size_t i = 0; i < self->count; i++) {
        names[i] = pq.fname(self->result, (int)i);
        types[i] = text;
        TRY(column_init(&self->columns[i], &text, err));
    }
    rc = schema_make(names, types, self->count, &self->schema, err);
done:
    mem_free(names);
    mem_free(types);
    return rc;
}

int pg_query(struct pg_client *client, const struct context *ctx, const char *sql,
             const struct pg_parameters *parameters, struct ArrowArrayStream *out,
             struct tg_error *err)
{
    int rc = TG_OK;
    out->release = NULL;
    struct result_stream *self = mem_calloc(1, sizeof(*self));
    if (!self)
        return error_nomem(err);
    self->client = client;
    self->ctx = ctx;
    TRY(pg_send(client, ctx, sql, parameters, false, err));
    (void)!pq.setSingleRowMode(client->conn);
    TRY(advance(self, sql, err));
    TRY(make_columns(self, err));
    *out = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = self,
    };
    self = NULL;
done:
    if (self)
        free_stream(self);
    return rc;
}
