/*
 * The engine's work, done by a connection to a DuckDB that the program gives: no library is loaded.
 *
 * Path: connect -> calls_open (given/calls.c), its settings; query -> calls_query, whose stream
 * closes the session; write_batches -> a temporary table of the batches' types -> the program's
 * `ingest` -> COPY to the file, whose own count of rows must be right.
 *
 * Memory is the program's affair: there is no room to be made, and no limit to be set.
 */
#include <string.h>

#include "base/memory.h"
#include "duckdb/kind.h"
#include "given/calls.h"

#define ROWS_TABLE "_tidegate_rows"

int engine_check_given(const struct tg_connection *given, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(calls_check(given, err));
    if (!given->dialect || strcmp(given->dialect, "duckdb") != 0)
        TRY(error_set(err, TG_USAGE,
                      "connection '%s' cannot be `scratch_connection`: its `dialect` is '%s'; "
                      "give one to a DuckDB, and set it to \"duckdb\"",
                      given->name, given->dialect ? given->dialect : ""));
    if (!given->ingest)
        rc = error_set(err, TG_USAGE,
                       "connection '%s' cannot be `scratch_connection`: it has no function "
                       "`ingest`; set it",
                       given->name);
done:
    return rc;
}

static void close_calls(struct calls *calls)
{
    calls_close(calls);
    mem_free(calls);
}

static void disconnect(void *session)
{
    close_calls(session);
}

/* Times are UTC, and rows stay in their order. */
static int set_up(struct calls *calls, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(calls_exec(calls, calls->ctx, "SET TimeZone = 'UTC'", NULL, err));
    rc = calls_exec(calls, calls->ctx, "SET SESSION preserve_insertion_order = true", NULL, err);
done:
    return rc;
}

static int connect(struct engine *engine, void **session, struct tg_error *err)
{
    int rc = TG_OK;
    bool is_open = false;
    struct calls *calls = mem_calloc(1, sizeof(*calls));
    *session = NULL;
    if (!calls)
        return error_nomem(err);
    *calls =
        (struct calls){.given = engine->ctx->scratch, .ctx = engine->ctx, .explain = duck_error};
    TRY(calls_open(calls, err));
    is_open = true;
    TRY(set_up(calls, err));
    *session = calls;
    return TG_OK;
done:
    if (is_open)
        calls_close(calls);
    mem_free(calls);
    if (rc == TG_DESTINATION)
        rc = err ? (err->code = TG_IO) : TG_IO; /* it is none to the one who reads it */
    return error_where(err, rc, "connection '%s'", engine->ctx->scratch->name);
}

static int query(struct engine *engine, void *session, bool owned, const char *sql,
                 struct ArrowArrayStream *out, struct tg_error *err)
{
    struct calls *calls = session;
    int rc = calls_query(calls, engine->ctx, sql, out, err);
    if (rc == TG_OK)
        calls->ended = owned ? close_calls : NULL;
    else if (owned)
        close_calls(calls);
    return rc;
}

static int reserve(struct engine *engine, size_t column_count, struct tg_error *err)
{
    (void)engine;
    (void)column_count;
    (void)err;
    return TG_OK;
}

/* ---- Parquet files ---- */

static int make_table(struct calls *calls, const struct parquet_job *job, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    buf_text(&sql, "CREATE TEMP TABLE " ROWS_TABLE " ");
    TRY(batch_source_table(job->source, &sql, err));
    rc = calls_exec(calls, calls->ctx, buf_string(&sql), NULL, err);
done:
    buf_release(&sql);
    return rc;
}

static int fill_table(struct calls *calls, const struct parquet_job *job, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema;
    struct ArrowArrayStream rows;
    TRY(schema_copy(job->schema, &schema, err));
    TRY(stream_from_arrays(&schema, job->arrays, job->count, &rows, err));
    rc = calls_ingest(calls, calls->ctx, NULL, ROWS_TABLE, &rows, err);
    stream_release(&rows);
done:
    return rc;
}

static int copy_table(struct calls *calls, const struct parquet_job *job, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    engine_copy(&sql, ROWS_TABLE, job);
    TRY(buf_check(&sql, err));
    rc = calls_exec(calls, calls->ctx, buf_string(&sql), NULL, err);
done:
    buf_release(&sql);
    return rc;
}

/* What is in the file: nobody else saw all rows arrive. */
static int count_rows(struct calls *calls, const char *path, uint64_t *row_count,
                      struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    int64_t count = 0;
    struct buf sql = BUF_INIT;
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    buf_text(&sql, "SELECT count(*)::BIGINT AS n FROM ");
    engine_parquet(&sql, &path, 1);
    TRY(buf_check(&sql, err));
    TRY(calls_query(calls, calls->ctx, buf_string(&sql), &stream, err));
    TRY(stream_schema(&stream, TG_IO, &schema, err));
    while (!end && batch.length == 0) {
        array_release(&batch);
        TRY(stream_next(&stream, TG_IO, &batch, &end, err));
    }
    if (end || schema.n_children != 1 ||
        !value_int64(schema.children[0], batch.children[0], batch.offset, &count))
        TRY(error_set(err, TG_DESTINATION, "connection '%s' does not count the rows of a file",
                      calls->given->name));
    *row_count = (uint64_t)count;
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    buf_release(&sql);
    return rc;
}

static int write_batches(struct engine *engine, const struct parquet_job *job, uint64_t *row_count,
                         struct tg_error *err)
{
    int rc = TG_OK;
    void *session = NULL;
    TRY(batch_source_check(job->source, err));
    TRY(connect(engine, &session, err));
    TRY(make_table(session, job, err));
    TRY(fill_table(session, job, err));
    TRY(copy_table(session, job, err));
    rc = count_rows(session, job->path, row_count, err);
done:
    if (session)
        disconnect(session);
    return rc;
}

const struct engine_kind engine_scratch = {connect, disconnect, query, reserve, write_batches};
