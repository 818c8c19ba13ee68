/*
 * The embedded engine: one in-memory DuckDB for a run, opened when it is first needed, or a
 * connection of the program's in its place (scratch.c).
 *
 * Path: engine_query -> kind: connect -> instance -> a connection of its own -> duck_query;
 * engine_write_parquet -> kind: write -> COPY (SELECT * FROM tidegate_batches(...)) TO the file.
 * The instance is opened under a lock; after that the threads share nothing but it. It may use
 * three quarters of the memory budget, and more only for a file of so many columns that one chunk
 * of rows does not fit in it (reserve).
 */
#include "duckdb/engine.h"

#include "base/fs.h"
#include "base/memory.h"
#include "duckdb/kind.h"

static const struct engine_kind embedded;

int engine_new(struct context *ctx, const char *temp_dir, struct engine **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct engine *engine = mem_calloc(1, sizeof(*engine));
    *out = NULL;
    if (!engine)
        return error_nomem(err);
    *engine = (struct engine){.kind = ctx->scratch ? &engine_scratch : &embedded, .ctx = ctx};
    pthread_mutex_init(&engine->lock, NULL);
    if (!ctx->scratch)
        rc = instance_hold(ctx, temp_dir, &engine->instance, err);
    if (rc == TG_OK)
        *out = engine;
    else
        engine_free(engine);
    return rc;
}

void engine_rest(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    instance_leave(engine->ctx, &engine->use);
    pthread_mutex_unlock(&engine->lock);
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine_rest(engine);
    instance_release(engine->instance);
    pthread_mutex_destroy(&engine->lock);
    mem_free(engine);
}

int engine_find(const struct context *ctx, struct tg_engine *out, int *version,
                struct tg_error *err)
{
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    *out = (struct tg_engine){
        .name = "DuckDB", .version = duck.library_version(), .path = duck_path()};
    if (version)
        *version = duck_version();
    return TG_OK;
}

/* Wildcards in it match themselves. */
static void put_path(struct buf *sql, const char *path)
{
    struct buf literal = BUF_INIT;
    fs_glob_literal(path, &literal);
    engine_text(sql, buf_string(&literal));
    sql->failed = sql->failed || literal.failed;
    buf_release(&literal);
}

void engine_parquet(struct buf *sql, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_text(sql, i == 0 ? "read_parquet([" : ", ");
        put_path(sql, paths[i]);
    }
    buf_text(sql, "], hive_partitioning = false)");
}

void engine_parquet_schema(struct buf *sql, const char *path)
{
    buf_text(sql, "parquet_schema(");
    put_path(sql, path);
    buf_char(sql, ')');
}

/* By CPU time of writing and reading: LZ4 takes a third more room than the fastest zstd, and saves
 * a twentieth of a whole load of JSON; a small limit on dictionaries makes the writer give up early
 * on texts that do not repeat, and keeps them for those that do. Rows keep their order, as people
 * expect of SELECT *: one thread alone reads the batches for it, at the same CPU time and with less
 * memory. */
static const char write_options[] =
    " (FORMAT parquet, COMPRESSION lz4_raw, PARQUET_VERSION v2, "
    "DICTIONARY_SIZE_LIMIT 100, STRING_DICTIONARY_PAGE_SIZE_LIMIT 65536, PRESERVE_ORDER true, "
    "ROW_GROUP_SIZE ";

/* Of the memory budget, for the rows that are gathered before they are written. */
enum { ROW_GROUP_SHARE = 16 };

size_t engine_row_group_bytes(const struct engine *engine)
{
    return engine->ctx->memory_bytes_max / ROW_GROUP_SHARE;
}

/* In rows: engines before 2.0 take no ROW_GROUP_SIZE_BYTES where the order is kept. As many as
 * DuckDB's own, if there is room; else half of those that there is room for, in whole chunks or a
 * part of one: longer ones have to be put together all the same, and DuckDB holds each of them
 * several times while it writes. */
static size_t group_rows(const struct engine *engine, const struct ArrowSchema *schema,
                         const struct ArrowArray *arrays, size_t count, uint64_t rows)
{
    uint64_t bytes = 1;
    for (size_t i = 0; i < count; i++)
        bytes += batch_bytes(schema, &arrays[i]);
    double most = (double)engine_row_group_bytes(engine) / (double)bytes * (double)rows;
    if (rows == 0 || most >= ENGINE_GROUP_ROWS)
        return ENGINE_GROUP_ROWS;
    size_t half = (size_t)(most / 2), whole = half / BATCH_ROWS * BATCH_ROWS;
    return whole > 0 ? whole : half > 0 ? half : 1;
}

void engine_copy(struct buf *sql, const char *from, const struct parquet_job *job)
{
    buf_printf(sql, "COPY (SELECT * FROM %s) TO ", from);
    engine_text(sql, job->path);
    buf_printf(sql, "%s%zu)", write_options, job->group_rows);
}

/* ---- queries ---- */

int engine_connect(struct engine *engine, struct engine_session *out, struct tg_error *err)
{
    void *handle = NULL;
    int rc = engine->kind->connect(engine, &handle, err);
    *out = (struct engine_session){.engine = rc == TG_OK ? engine : NULL, .handle = handle};
    return rc;
}

void engine_disconnect(struct engine_session *session)
{
    if (session->engine)
        session->engine->kind->disconnect(session->handle);
    *session = (struct engine_session){.engine = NULL};
}

int engine_session_query(struct engine_session *session, const char *sql,
                         struct ArrowArrayStream *out, struct tg_error *err)
{
    struct engine *engine = session->engine;
    return engine->kind->query(engine, session->handle, false, sql, out, err);
}

int engine_query(struct engine *engine, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    void *session = NULL;
    out->release = NULL;
    int rc = engine->kind->connect(engine, &session, err);
    return rc == TG_OK ? engine->kind->query(engine, session, true, sql, out, err) : rc;
}

int engine_reserve(struct engine *engine, size_t column_count, struct tg_error *err)
{
    return engine->kind->reserve(engine, column_count, err);
}

/* ---- the library's instance ---- */

/* The engine takes its part of the instance, unless it has. Under its lock. */
static int begin_work(struct engine *engine, struct tg_error *err)
{
    if (engine->use.instance)
        return TG_OK;
    return instance_work(engine->ctx, engine->instance, engine->ctx->memory_bytes_max / 4 * 3,
                         &engine->use, err);
}

static int connect_engine(struct engine *engine, duckdb_connection *out, struct tg_error *err)
{
    pthread_mutex_lock(&engine->lock);
    int rc = begin_work(engine, err);
    pthread_mutex_unlock(&engine->lock);
    return rc == TG_OK ? instance_connect(&engine->use, out, err) : rc;
}

/* A connection of the program's is left as it is. */
int engine_alone(struct engine *engine, bool alone, struct tg_error *err)
{
    if (engine->ctx->scratch)
        return TG_OK;
    pthread_mutex_lock(&engine->lock);
    int rc = begin_work(engine, err);
    if (rc == TG_OK)
        rc = instance_alone(engine->ctx, &engine->use, alone, err);
    pthread_mutex_unlock(&engine->lock);
    return rc;
}

static int connect(struct engine *engine, void **session, struct tg_error *err)
{
    duckdb_connection con = NULL;
    int rc = connect_engine(engine, &con, err);
    *session = con;
    return rc;
}

static void disconnect(void *session)
{
    duckdb_connection con = session;
    duck_disconnect(&con);
}

static int query(struct engine *engine, void *session, bool owned, const char *sql,
                 struct ArrowArrayStream *out, struct tg_error *err)
{
    return duck_query(engine->ctx, session, owned, sql, out, err);
}

/* What is held for a column, whatever the budget is: 2,048 values, as they come, gathered and
 * encoded. */
enum { COLUMN_BYTES = 64 << 10 };

/* What reading a file holds for a column: measured with texts of CSV on 1.5 (120 KiB), 2.0 (90). */
enum { READ_COLUMN_BYTES = 144 << 10, READ_BYTES = 32 << 20 };

static int reserve_bytes(struct engine *engine, size_t bytes, struct tg_error *err)
{
    pthread_mutex_lock(&engine->lock);
    int rc = instance_reserve(engine->ctx, &engine->use, bytes, err);
    pthread_mutex_unlock(&engine->lock);
    return rc;
}

static int reserve(struct engine *engine, size_t column_count, struct tg_error *err)
{
    duckdb_connection con = NULL;
    int rc = connect_engine(engine, &con, err);
    if (rc == TG_OK)
        rc = reserve_bytes(engine, READ_BYTES + column_count * READ_COLUMN_BYTES, err);
    duck_disconnect(&con);
    return rc;
}

static int write_batches(struct engine *engine, const struct parquet_job *job, uint64_t *row_count,
                         struct tg_error *err)
{
    int rc = TG_OK;
    duckdb_connection con = NULL;
    struct buf sql = BUF_INIT;
    char from[64];
    snprintf(from, sizeof(from), "tidegate_batches(%llu::UBIGINT)",
             (unsigned long long)(uintptr_t)job->source);
    engine_copy(&sql, from, job);
    TRY(buf_check(&sql, err));
    TRY(batch_source_find_shared(job->source, err));
    TRY(connect_engine(engine, &con, err));
    TRY(reserve_bytes(
        engine, engine_row_group_bytes(engine) + batch_source_columns(job->source) * COLUMN_BYTES,
        err));
    rc = duck_exec(engine->ctx, con, sql.data, row_count, err);
    if (rc != TG_OK && batch_source_error(job->source, NULL) != TG_OK)
        rc = batch_source_error(job->source, err);
done:
    duck_disconnect(&con);
    buf_release(&sql);
    return rc;
}

static const struct engine_kind embedded = {connect, disconnect, query, reserve, write_batches};

/* ---- writing ---- */

int engine_write_parquet(struct engine *engine, const struct ArrowSchema *schema,
                         struct ArrowArray *arrays, size_t count, const char *path,
                         struct parquet_result *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_stat stat = {0};
    struct batch_source *source = NULL;
    *out = (struct parquet_result){0};
    TRY(batch_source_new(schema, arrays, count, &source, err));
    const struct parquet_job job = {
        schema, arrays, count,
        source, path,   group_rows(engine, schema, arrays, count, batch_source_rows(source))};
    batch_source_limit(source, job.group_rows);
    rc = engine->kind->write(engine, &job, &out->row_count, err);
    if (rc == TG_DESTINATION)
        rc = err ? (err->code = TG_IO) : TG_IO; /* what failed is this machine's disk */
    TRY(rc);
    if (out->row_count != batch_source_rows(source)) {
        rc = error_set(err, TG_INTERNAL, "%llu of %llu rows were written",
                       (unsigned long long)out->row_count,
                       (unsigned long long)batch_source_rows(source));
        goto done;
    }
    TRY(fs_stat(path, &stat, err));
    out->bytes = (uint64_t)stat.size;
done:
    for (size_t i = 0; i < count; i++)
        array_release(&arrays[i]);
    batch_source_free(source);
    if (rc != TG_OK) {
        struct tg_error ignored = {0};
        (void)!fs_remove(path, &ignored);
        error_at(err, rc, AT_FILE, path);
    }
    return rc;
}
