/*
 * A query's result as an Arrow stream, row by row as the server sends it: memory stays bounded
 * however large the result is.
 *
 * Path: pg_query -> pg_columns_describe -> begin: as COPY TO where that can be, which costs us half
 * of what rows as results do, else pg_send -> get_next -> next_rows (add_row and advance for each
 * row) or next_copied, until a batch is full. A failure in the middle comes out of get_next with
 * the server's message. A stream that is released before its end ends the query. A statement that
 * gives no rows has the server's answer ("UPDATE 3") as its only one: take_answer.
 *
 * pg_fetch, for few rows: the statement goes without a question before it, and comes in one answer,
 * where pg_query takes three; unless its columns turn out not to be read in binary form.
 *
 * What values are made of bytes is decode.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/column.h"
#include "postgres/columns.h"
#include "postgres/session.h"

enum way { PLAIN, EXACT, FETCHED };

struct result_stream {
    struct stream_head head;
    struct pg_client *client;
    const struct context *ctx;
    PGresult *result; /* the next one; NULL: all were read, or they are copied */
    bool copying;     /* there may be more of a COPY */
    struct pg_columns columns;
    struct pg_decoder *decoder;
};

static int errno_of(int code)
{
    return code == TG_OK ? 0 : code == TG_NOMEM ? ENOMEM : code == TG_CANCELLED ? ECANCELED : EIO;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct result_stream *self = stream->private_data;
    out->release = NULL;
    return errno_of(pg_decoder_schema(self->decoder, out, &self->head.err));
}

/* ---- rows ---- */

/* The row of the result, if it has one. */
static int add_row(struct result_stream *self, struct tg_error *err)
{
    int rc = TG_OK;
    if (pq.ntuples(self->result) == 0)
        return TG_OK;
    for (int i = 0; i < (int)self->columns.count; i++) {
        bool null = pq.getisnull(self->result, 0, i);
        TRY(pg_decoder_value(self->decoder, (size_t)i, pq.getvalue(self->result, 0, i),
                             null ? -1 : pq.getlength(self->result, 0, i), err));
    }
    pg_decoder_end_row(self->decoder);
done:
    return rc;
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

static int next_rows(struct result_stream *self, struct tg_error *err)
{
    int rc = TG_OK;
    while (self->result && !pg_decoder_full(self->decoder)) {
        TRY(add_row(self, err));
        TRY(advance(self, NULL, err));
    }
done:
    return rc;
}

/* ---- rows of a COPY ---- */

/* No message is there yet: waits for more. To libpq a COPY goes on after the connection is lost. */
static int await_more(struct result_stream *self, struct tg_error *err)
{
    int rc = pg_wait(self->client, self->ctx, false, err);
    if (rc == TG_OK && !pq.consumeInput(self->client->conn))
        rc = pg_lost_error(self->client, err);
    return rc;
}

/* The messages are over; `whole`: all rows were in them. */
static int end_copy(struct result_stream *self, bool whole, struct tg_error *err)
{
    self->copying = false;
    int rc = pg_finish(self->client, self->ctx, NULL, NULL, err);
    if (rc == TG_OK && !whole)
        rc = error_set(err, TG_DESTINATION, "postgresql: the rows of the query end too early");
    return rc;
}

static int next_copied(struct result_stream *self, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    TRY(pg_decoder_copy(self->decoder, "", 0, &end, err)); /* what the last batch had no room for */
    while (self->copying && !pg_decoder_full(self->decoder)) {
        char *bytes = NULL;
        int len = pq.getCopyData(self->client->conn, &bytes, 1);
        if (len < 0)
            return end_copy(self, end, err);
        if (len > 0)
            rc = pg_decoder_copy(self->decoder, bytes, (size_t)len, &end, err);
        pq.freemem(bytes);
        if (len == 0)
            rc = await_more(self, err);
        TRY(rc);
    }
done:
    return rc;
}

/* ---- batches ---- */

static int next_batch(struct result_stream *self, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(context_check(self->ctx, err));
    TRY(self->copying ? next_copied(self, err) : next_rows(self, err));
    if (pg_decoder_rows(self->decoder) > 0)
        rc = pg_decoder_take(self->decoder, out, err);
done:
    return rc;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct result_stream *self = stream->private_data;
    out->release = NULL;
    return errno_of(next_batch(self, out, &self->head.err));
}

static void free_stream(struct result_stream *self)
{
    if (self->result || self->copying)
        pg_abandon(self->client);
    pq.clear(self->result);
    pg_decoder_free(self->decoder);
    pg_columns_release(&self->columns);
    mem_free(self);
}

static void release(struct ArrowArrayStream *stream)
{
    free_stream(stream->private_data);
    stream->release = NULL;
}

bool pg_gives_rows(const struct ArrowArrayStream *stream)
{
    return stream->get_next == get_next;
}

/* ---- the query ---- */

/* The line's end closes a comment that the query may end in. */
static int begin_copy(struct result_stream *self, const char *sql, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf copy = BUF_INIT;
    PGresult *result = NULL;
    buf_printf(&copy, "COPY (%s\n) TO STDOUT (FORMAT binary)", sql);
    TRY(buf_check(&copy, err));
    TRY(pg_send_copy(self->client, self->ctx, copy.data, err));
    TRY(pg_next(self->client, self->ctx, &result, err));
    self->copying = pq.resultStatus(result) == PGRES_COPY_OUT;
    if (!self->copying) {
        rc = pg_result_error(self->client, result, copy.data, err);
        (void)!pg_finish(self->client, self->ctx, NULL, NULL, NULL);
    }
done:
    pq.clear(result);
    buf_release(&copy);
    return rc;
}

static int begin(struct result_stream *self, const char *sql,
                 const struct pg_parameters *parameters, struct tg_error *err)
{
    int rc = TG_OK;
    struct pg_columns *columns = &self->columns;
    TRY(pg_columns_describe(self->client, self->ctx, sql, parameters, columns, err));
    sql = columns->sql;
    TRY(pg_decoder_new(&columns->types, columns->fields, columns->count, &self->decoder, err));
    if (columns->binary && columns->count > 0 && !parameters && pg_is_query(sql))
        return begin_copy(self, sql, err);
    TRY(pg_send(self->client, self->ctx, sql, parameters, columns->binary, err));
    (void)!pq.setSingleRowMode(self->client->conn);
    rc = advance(self, sql, err);
done:
    return rc;
}

/* *fits: it is under way; else it has ended, and is to be begun in the other way. */
static int begin_fetch(struct result_stream *self, const char *sql, bool *fits,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct pg_columns *columns = &self->columns;
    TRY(pg_send(self->client, self->ctx, sql, NULL, true, err));
    (void)!pq.setSingleRowMode(self->client->conn);
    TRY(advance(self, sql, err));
    TRY(pg_columns_take(self->result, columns, fits, err));
    if (*fits)
        return pg_decoder_new(&columns->types, columns->fields, columns->count, &self->decoder,
                              err);
    pq.clear(self->result);
    self->result = NULL;
    pg_columns_release(columns);
    rc = pg_finish(self->client, self->ctx, NULL, NULL, err);
done:
    return rc;
}

/* ---- statements that give no rows ---- */

static int answer_stream(const char *answer, struct ArrowArrayStream *out, struct tg_error *err)
{
    static const char *const name = "status";
    static const struct type_spec type = {.type = TYPE_TEXT};
    int rc = TG_OK;
    struct column column = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray values = {0}, row = {0};
    TRY(column_init_rows(&column, &type, 1, err));
    TRY(column_set_text(&column, 0, answer, strlen(answer), err));
    TRY(column_export(&column, 1, &values, err));
    TRY(schema_make(&name, &type, 1, &schema, err));
    TRY(batch_make(&values, 1, 1, &row, err));
    TRY(stream_from_arrays(&schema, &row, 1, out, err));
done:
    column_release(&column);
    array_release(&values);
    array_release(&row);
    schema_release(&schema);
    return rc;
}

/* It is done when all has been heard: what fails at its commit says so behind the answer. */
static int take_answer(struct result_stream *self, const char *sql, struct ArrowArrayStream *out,
                       struct tg_error *err)
{
    char answer[64]; /* libpq's own limit */
    snprintf(answer, sizeof(answer), "%s", pq.cmdStatus(self->result));
    while (self->result) {
        int rc = advance(self, sql, err);
        if (rc != TG_OK)
            return rc;
    }
    return answer_stream(answer, out, err);
}

static int query(struct pg_client *client, const struct context *ctx, const char *sql,
                 const struct pg_parameters *parameters, enum way way, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    bool begun = false;
    out->release = NULL;
    struct result_stream *self = mem_calloc(1, sizeof(*self));
    if (!self)
        return error_nomem(err);
    self->client = client;
    self->ctx = ctx;
    pg_columns_init(&self->columns);
    self->columns.exact = way == EXACT;
    if (way == FETCHED && pg_is_relation(sql))
        rc = begin_fetch(self, sql, &begun, err);
    if (rc == TG_OK && !begun)
        rc = begin(self, sql, parameters, err);
    bool is_answer = self->result && pq.resultStatus(self->result) == PGRES_COMMAND_OK;
    if (rc == TG_OK && is_answer)
        rc = take_answer(self, sql, out, err);
    if (rc != TG_OK || is_answer) {
        free_stream(self);
        return rc;
    }
    *out = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = self,
    };
    return TG_OK;
}

int pg_query(struct pg_client *client, const struct context *ctx, const char *sql,
             const struct pg_parameters *parameters, struct ArrowArrayStream *out,
             struct tg_error *err)
{
    return query(client, ctx, sql, parameters, PLAIN, out, err);
}

int pg_query_exact(struct pg_client *client, const struct context *ctx, const char *sql,
                   struct ArrowArrayStream *out, struct tg_error *err)
{
    return query(client, ctx, sql, NULL, EXACT, out, err);
}

int pg_fetch(struct pg_client *client, const struct context *ctx, const char *sql,
             struct ArrowArrayStream *out, struct tg_error *err)
{
    return query(client, ctx, sql, NULL, FETCHED, out, err);
}
