/*
 * Rows into a table by COPY.
 *
 * Path: pg_copy_in -> begin -> each batch -> encode: a chunk is full -> hand_over, to the worker
 * that sends it (send_chunk) while the next is filled -> finish. A stream or a value that fails
 * ends the COPY at the server, where nothing is left of it then.
 *
 * libpq does not look for an error of the server's while it sends, and would send all there is:
 * something that came and is no notice is one (has_objected). What lies on the wire is encode.c's.
 */
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "base/thread.h"
#include "postgres/session.h"
#include "postgres/values/encode.h"

enum { CHUNKS = 2 };

struct copy;
struct chunk {
    struct copy *copy;
    struct buf bytes;
};

struct copy {
    struct pg_client *client;
    const struct context *ctx;
    const char *sql;
    const struct ArrowSchema *schema;
    struct pg_encoder *encoder;
    struct worker *worker;
    struct chunk chunks[CHUNKS];
    size_t filling;
    bool heard; /* something came, when so many notices had: */
    uint64_t notice_count;
    uint64_t rows; /* that were sent */
};

/* ---- sending, on the worker's thread ---- */

/* Notes that something has come. libpq reads by itself, too, while it cannot send: what comes in
 * just that moment is not heard before the end. */
static void listen_to(struct copy *copy)
{
    struct pollfd come = {.fd = pq.socket(copy->client->conn), .events = POLLIN};
    if (copy->heard || poll(&come, 1, 0) <= 0)
        return;
    copy->heard = true;
    copy->notice_count = copy->client->notice_count;
}

/* Has the server said something other than a notice? What has come in part gets another chunk's
 * time to be whole. */
static bool has_objected(struct copy *copy)
{
    bool heard = copy->heard;
    copy->heard = false;
    (void)!pq.isBusy(copy->client->conn); /* reads the notices that have come */
    if (heard && copy->client->notice_count == copy->notice_count)
        return true;
    listen_to(copy);
    return copy->heard && !pq.consumeInput(copy->client->conn);
}

/* What the server has to say. */
static int objection(struct copy *copy, struct tg_error *err)
{
    (void)!pq.putCopyEnd(copy->client->conn, "stopped by tidegate");
    int rc = pg_finish(copy->client, copy->ctx, copy->sql, NULL, err);
    return rc == TG_OK ? pg_lost_error(copy->client, err) : rc;
}

static int send_chunk(void *arg, struct tg_error *err)
{
    int rc = TG_OK, unsent = 0;
    struct chunk *chunk = arg;
    struct copy *copy = chunk->copy;
    PGconn *conn = copy->client->conn;
    if (has_objected(copy) || pq.putCopyData(conn, chunk->bytes.data, (int)chunk->bytes.len) != 1)
        return objection(copy, err);
    while ((unsent = pq.flush(conn)) == 1) {
        TRY(pg_wait(copy->client, copy->ctx, true, err));
        listen_to(copy);
        if (!pq.consumeInput(conn))
            return objection(copy, err);
    }
    if (unsent < 0)
        return objection(copy, err);
    buf_clear(&chunk->bytes);
done:
    return rc;
}

/* ---- encoding ---- */

/* The chunk that was filled is sent, and the other one is free. */
static int hand_over(struct copy *copy, struct tg_error *err)
{
    int rc = worker_submit(copy->worker, send_chunk, &copy->chunks[copy->filling], err);
    copy->filling = (copy->filling + 1) % CHUNKS;
    return rc;
}

/* The first value of a row that is in another column than the refused one: most rows begin with
 * what they are known by. */
static int put_start(const struct copy *copy, const struct ArrowArray *batch, int64_t row,
                     const char *refused, struct buf *out, struct tg_error *err)
{
    enum { SHOWN_BYTES = 60 };
    for (int64_t i = 0; i < copy->schema->n_children; i++) {
        const struct ArrowSchema *column = copy->schema->children[i];
        if (strcmp(column->name, refused) == 0 || array_is_null(batch->children[i], row))
            continue;
        buf_printf(out, ", which begins with %s = ", column->name);
        size_t start = out->len;
        int rc = value_text(column, batch->children[i], row, out, err);
        if (out->len > start + SHOWN_BYTES)
            out->len = start + utf8_cut(out->data + start, SHOWN_BYTES);
        return rc;
    }
    return TG_OK;
}

/* Says which row of the table's it is that was refused. */
static int name_row(const struct copy *copy, const struct ArrowArray *batch, int64_t row,
                    struct tg_error *err)
{
    struct buf start = BUF_INIT;
    if (!err)
        return TG_DATA;
    const struct tg_error said = *err;
    int rc = put_start(copy, batch, batch->offset + row, said.column, &start, err);
    if (rc == TG_OK)
        rc = buf_check(&start, err);
    if (rc == TG_OK)
        rc = error_set(err, said.code, "%s (row %" PRIu64 " of those for the table%.*s)", said.what,
                       copy->rows + (uint64_t)row + 1, (int)start.len, buf_string(&start));
    buf_release(&start);
    return error_names(err, rc, AT_COLUMN, said.column);
}

static int encode(struct copy *copy, const struct ArrowArray *batch, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t row = 0; row < batch->length;) {
        struct buf *bytes = &copy->chunks[copy->filling].bytes;
        rc = pg_encoder_batch(copy->encoder, batch, &row, bytes, err);
        if (rc == TG_DATA)
            rc = name_row(copy, batch, row, err);
        TRY(rc);
        if (bytes->len >= PG_CHUNK)
            TRY(hand_over(copy, err));
    }
done:
    return rc;
}

static int copy_rows(struct copy *copy, struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowArray batch = {0};
    TRY(pg_encoder_header(copy->encoder, &copy->chunks[0].bytes, err));
    for (;;) {
        TRY(context_check(copy->ctx, err));
        TRY(stream_next(stream, TG_IO, &batch, &end, err));
        if (end)
            break;
        TRY(encode(copy, &batch, err));
        copy->rows += (uint64_t)batch.length;
        array_release(&batch);
    }
    TRY(pg_encoder_trailer(copy->encoder, &copy->chunks[copy->filling].bytes, err));
    if (copy->chunks[copy->filling].bytes.len > 0)
        TRY(hand_over(copy, err));
    rc = worker_wait(copy->worker, err);
done:
    array_release(&batch);
    return rc;
}

/* ---- the whole ---- */

static int begin(struct copy *copy, struct tg_error *err)
{
    PGresult *result = NULL;
    int rc = pg_send_copy(copy->client, copy->ctx, copy->sql, err);
    if (rc == TG_OK)
        rc = pg_next(copy->client, copy->ctx, &result, err);
    if (rc != TG_OK)
        return rc;
    if (pq.resultStatus(result) != PGRES_COPY_IN) {
        rc = pg_result_error(copy->client, result, copy->sql, err);
        (void)!pg_finish(copy->client, copy->ctx, NULL, NULL, NULL);
    }
    pq.clear(result);
    return rc;
}

/* A trigger may leave rows out, or put them into other tables: whoever made it knows which. */
static int finish(struct copy *copy, struct tg_error *err)
{
    uint64_t kept = 0;
    int rc = pg_finish(copy->client, copy->ctx, copy->sql, &kept, err);
    if (rc == TG_OK && kept != copy->rows)
        context_log(copy->ctx, TG_LOG_WARNING, "postgresql",
                    "of %" PRIu64 " rows the server took %" PRIu64 " (%s): a trigger of the table "
                    "left the others out, or put them elsewhere",
                    copy->rows, kept, copy->sql);
    return rc;
}

/* Sends the rows between begin and end; what has failed is ended, too. */
static int run(struct copy *copy, struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = begin(copy, err);
    if (rc != TG_OK)
        return rc;
    rc = copy_rows(copy, stream, err);
    if (rc == TG_OK && pq.putCopyEnd(copy->client->conn, NULL) != 1)
        rc = objection(copy, err);
    if (rc == TG_OK)
        return finish(copy, err);
    (void)!worker_wait(copy->worker, NULL);
    pg_abandon(copy->client);
    return rc;
}

int pg_copy_in(struct pg_client *client, const struct context *ctx, const struct pg_target *target,
               const struct ArrowSchema *schema, struct ArrowArrayStream *stream,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct copy copy = {.client = client, .ctx = ctx, .schema = schema};
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < CHUNKS; i++)
        copy.chunks[i].copy = &copy;
    TRY(pg_encoder_new(schema, target->fields, target->count, &copy.encoder, err));
    buf_printf(&sql, "%s%s", target->copy,
               pg_encoder_is_text(copy.encoder) ? "" : " (FORMAT binary)");
    TRY(buf_check(&sql, err));
    copy.sql = sql.data;
    TRY(worker_start(&copy.worker, err));
    rc = run(&copy, stream, err);
done:
    worker_stop(copy.worker);
    pg_encoder_free(copy.encoder);
    for (size_t i = 0; i < CHUNKS; i++)
        buf_release(&copy.chunks[i].bytes);
    buf_release(&sql);
    return rc;
}
