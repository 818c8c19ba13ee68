/*
 * The two kinds of engine: an instance in memory of the library that tidegate loads (engine.c), and
 * a connection that the program gives (scratch.c), where no library is loaded.
 */
#ifndef TIDEGATE_DUCKDB_KIND_H
#define TIDEGATE_DUCKDB_KIND_H

#include <pthread.h>

#include "duckdb/api.h"
#include "duckdb/engine.h"
#include "duckdb/instance.h"

/* Batches on their way to a Parquet file; the arrays may be released by whoever has read them. */
struct parquet_job {
    const struct ArrowSchema *schema;
    struct ArrowArray *arrays;
    size_t count;
    struct batch_source *source; /* the same */
    const char *path;
    size_t group_rows; /* rows of a row group, at the most */
};

struct engine_kind {
    /* Sessions may be had by several threads at once; one session serves one thread. */
    int (*connect)(struct engine *engine, void **session, struct tg_error *err);
    void (*disconnect)(void *session);
    /* `owned`: the stream disconnects the session on release, and this does so on failure. */
    int (*query)(struct engine *engine, void *session, bool owned, const char *sql,
                 struct ArrowArrayStream *out, struct tg_error *err);
    int (*reserve)(struct engine *engine, size_t column_count, struct tg_error *err);
    int (*write)(struct engine *engine, const struct parquet_job *job, uint64_t *row_count,
                 struct tg_error *err);
};

struct engine {
    const struct engine_kind *kind;
    struct context *ctx;
    /* Of the library's: */
    struct instance *instance;
    pthread_mutex_t lock;    /* of what follows */
    struct instance_use use; /* while it is at work */
};

extern const struct engine_kind engine_scratch;

/* The statement that writes the job's rows to its file, from a relation that has them. */
void engine_copy(struct buf *sql, const char *from, const struct parquet_job *job);
/* Bytes that a thread gathers before it writes a row group. */
size_t engine_row_group_bytes(const struct engine *engine);

#endif
