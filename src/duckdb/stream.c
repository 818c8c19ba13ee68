/*
 * A query's result as an Arrow stream, chunk by chunk: DuckDB works ahead by its streaming buffer
 * only, so memory stays bounded however large the result is.
 *
 * Path: duck_query -> duck_run (streaming) -> get_next -> fetch: a chunk, as Arrow. The arrays own
 * their memory: they live on when the stream is released. A failure in the middle comes out of
 * get_next with DuckDB's message.
 *
 * What the columns mean is data/view.c's; batches on their way into DuckDB are batches.c's.
 */
#include "duckdb/api.h"

#include "base/memory.h"

struct result_stream {
    struct stream_head head;
    const struct context *ctx;
    duckdb_connection con; /* to disconnect on release; NULL: not ours */
    duckdb_result result;
    duckdb_arrow_options options;
    bool ended; /* DuckDB takes one more fetch after the last chunk for an error */
};

/* Takes over what a conversion says. */
static int conversion_error(duckdb_error_data data, struct tg_error *err)
{
    int rc = TG_OK;
    if (data && duck.error_data_has_error(data))
        rc = duck_error(err, duck.error_data_message(data));
    duck.destroy_error_data(&data);
    return rc;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct result_stream *self = stream->private_data;
    size_t count = duck.column_count(&self->result);
    duckdb_logical_type *types = mem_calloc(count + 1, sizeof(duckdb_logical_type));
    const char **names = mem_calloc(count + 1, sizeof(char *));
    int rc = types && names ? TG_OK : error_nomem(&self->head.err);
    out->release = NULL;
    if (rc == TG_OK) {
        for (size_t i = 0; i < count; i++) {
            types[i] = duck.column_logical_type(&self->result, i);
            names[i] = duck.column_name(&self->result, i);
        }
        rc = conversion_error(duck.to_arrow_schema(self->options, types, names, count, out),
                              &self->head.err);
    }
    for (size_t i = 0; types && i < count; i++)
        duck.destroy_logical_type(&types[i]);
    mem_free(types);
    mem_free(names);
    return stream_errno(rc);
}

static int fetch(struct result_stream *self, struct ArrowArray *out)
{
    struct tg_error *err = &self->head.err;
    int rc = context_check(self->ctx, err);
    if (rc != TG_OK)
        return rc;
    duckdb_data_chunk chunk = self->ended ? NULL : duck.fetch_chunk(self->result);
    if (!chunk) {
        const char *message = self->ended ? NULL : duck.result_error(&self->result);
        self->ended = !message;
        return message ? duck_error(err, message) : TG_OK;
    }
    rc = conversion_error(duck.data_chunk_to_arrow(self->options, chunk, out), err);
    duck.destroy_data_chunk(&chunk);
    return rc;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct result_stream *self = stream->private_data;
    out->release = NULL;
    int rc = fetch(self, out);
    return stream_errno(rc);
}

static void release(struct ArrowArrayStream *stream)
{
    struct result_stream *self = stream->private_data;
    duck.destroy_arrow_options(&self->options);
    duck.destroy_result(&self->result);
    duck_disconnect(&self->con);
    mem_free(self);
    stream->release = NULL;
}

int duck_query(const struct context *ctx, duckdb_connection con, bool owned, const char *sql,
               struct ArrowArrayStream *out, struct tg_error *err)
{
    out->release = NULL;
    struct result_stream *self = mem_calloc(1, sizeof(*self));
    int rc = self ? duck_run(ctx, con, sql, true, &self->result, err) : error_nomem(err);
    if (rc != TG_OK) {
        mem_free(self);
        if (owned)
            duck_disconnect(&con);
        return rc;
    }
    self->ctx = ctx;
    self->con = owned ? con : NULL;
    self->options = duck.result_get_arrow_options(&self->result);
    *out = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = self,
    };
    return TG_OK;
}
