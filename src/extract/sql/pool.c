/*
 * Connections that see one moment of a database.
 *
 * Path: pool_open -> the first connection, a transaction that only looks, reading_share;
 *       pool_enter (a reader more, while there is room) -> pool_take -> a free one, else
 *       connection_open and reading_join; pool_leave.
 *
 * The moment lives as long as the first connection: while it does, one that is lost can be replaced
 * by another that sees the same. What is read is the readers'.
 */
#include "extract/sql/pool.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

enum { SHARE = 8 }; /* of the memory, for what waits */

struct pool {
    struct context *ctx;
    struct location where;
    struct connection *first;
    struct buf moment; /* empty: it is not shared */
    size_t parallel;
    size_t readers;         /* that have entered */
    struct context reading; /* theirs: of the run, and stopped alone */
    atomic_int stop;
    pthread_mutex_t lock; /* over the two below */
    struct connection *idle[POOL_MAX];
    size_t idle_count;
};

void pool_close(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->idle_count; i++)
        connection_close(pool->idle[i]);
    connection_close(pool->first);
    buf_release(&pool->moment);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

int pool_open(struct context *ctx, const struct location *where, size_t parallel, struct safe *safe,
              struct pool **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct pool *pool = mem_calloc(1, sizeof(*pool));
    *out = NULL;
    if (!pool)
        return error_nomem(err);
    pool->ctx = ctx;
    pool->where = *where;
    pool->parallel = parallel < POOL_MAX ? parallel : POOL_MAX;
    pool->reading = *ctx;
    pool->reading.stop = &pool->stop;
    pool->reading.random_left = 0; /* its own */
    pthread_mutex_init(&pool->lock, NULL);
    TRY(connection_open(ctx, where, false, &pool->first, err));
    if (!pool->first)
        TRY(error_set(err, TG_SOURCE, "database '%s' does not exist", where->url));
    if (safe)
        TRY(safe_begin(pool->first, where, safe, err));
    TRY(connection_transact(pool->first, TRANSACT_LOOK, err));
    TRY(safe_mark(pool->first, err));
    if (parallel > 1)
        TRY(reading_share(pool->first, &pool->moment, err));
    *out = pool;
done:
    if (rc != TG_OK)
        pool_close(pool);
    return rc;
}

struct connection *pool_first(const struct pool *pool)
{
    return pool->first;
}

size_t pool_parallel(const struct pool *pool)
{
    return pool->moment.len > 0 ? pool->parallel : 0;
}

/* Beside them the first one may read. */
size_t pool_bytes_ahead(const struct pool *pool)
{
    return pool->ctx->memory_bytes_max / SHARE / (pool_parallel(pool) + 1);
}

size_t pool_room(const struct pool *pool)
{
    return pool_parallel(pool) - pool->readers;
}

/* Has the server no connection left, for anybody or for us? Beside others that read, one more is a
 * help and no need: whatever is wrong with the database, they will say it of what they read. */
static bool is_dispensable(const struct pool *pool, int rc, const struct tg_error *why)
{
    return strcmp(why->sqlstate, "53300") == 0 ||
           (pool->readers > 0 && (rc == TG_SOURCE || rc == TG_DESTINATION));
}

int pool_enter(struct pool *pool, struct connection **out, struct tg_error *err)
{
    struct tg_error why = {0};
    int rc = pool_take(pool, out, &why);
    size_t left = pool->readers > 0 ? pool->readers : 1; /* the first one reads, too */
    if (rc == TG_OK) {
        pool->readers++;
    } else if (is_dispensable(pool, rc, &why)) {
        context_log(pool->ctx, TG_LOG_WARNING, "source",
                    "the source is read by %zu connection%s at once, not by %zu: %s", left,
                    left > 1 ? "s" : "", pool->parallel, why.what);
        pool->parallel = pool->readers;
        rc = TG_OK;
    } else if (err) {
        *err = why;
    }
    return rc;
}

void pool_leave(struct pool *pool)
{
    pool->readers--;
}

void pool_stop(struct pool *pool)
{
    atomic_store(&pool->stop, 1);
}

static struct connection *find_idle(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct connection *con = pool->idle_count > 0 ? pool->idle[--pool->idle_count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return con;
}

int pool_take(struct pool *pool, struct connection **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = NULL;
    *out = find_idle(pool);
    if (*out)
        return TG_OK;
    TRY(connection_open(&pool->reading, &pool->where, false, &con, err));
    if (!con)
        TRY(error_set(err, TG_SOURCE, "database '%s' is gone", pool->where.url));
    TRY(reading_join(con, buf_string(&pool->moment), err));
    TRY(safe_mark(con, err));
    *out = con;
    con = NULL;
done:
    connection_close(con);
    return rc;
}

void pool_give(struct pool *pool, struct connection *con, bool broken)
{
    if (!con)
        return;
    pthread_mutex_lock(&pool->lock);
    bool kept = !broken && pool->idle_count < POOL_MAX;
    if (kept)
        pool->idle[pool->idle_count++] = con;
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        connection_close(con);
}
