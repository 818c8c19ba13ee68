/*
 * The embedded engine: an in-memory DuckDB that reads CSV and Parquet for sources and writes
 * Parquet for packages. Opened on first use (a run with nothing new never pays for it). Where the
 * context has a connection for it that the program gave, that one does the work, and no library is
 * loaded.
 */
#ifndef TIDEGATE_DATABASE_ENGINE_H
#define TIDEGATE_DATABASE_ENGINE_H

#include "base/buf.h"
#include "base/context.h"
#include "data/batch.h"

struct engine;

/* No work is done yet. `temp_dir` (copied) is where DuckDB may spill. */
int engine_new(struct context *ctx, const char *temp_dir, struct engine **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* Can a connection of the program do the engine's work? TG_USAGE. */
int engine_check_given(const struct tg_connection *given, struct tg_error *err) TG_CHECK_RESULT;
/* Gives its memory back until it is needed again; no query of it is open. */
void engine_rest(struct engine *engine);
void engine_free(struct engine *engine); /* NULL is fine */

/* Which DuckDB every engine of this process is; loads it. `version` (may be NULL):
 * VERSION_OF it. */
int engine_find(const struct context *ctx, struct tg_engine *out, int *version,
                struct tg_error *err) TG_CHECK_RESULT;
/* A query in a session of its own; several may be open at once and from several threads. */
int engine_query(struct engine *engine, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* Queries one after the other, with temporary tables between them. */
struct engine_session {
    struct engine *engine; /* NULL: there is none */
    void *handle;
};
int engine_connect(struct engine *engine, struct engine_session *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The stream is released before the next one of the session. */
int engine_session_query(struct engine_session *session, const char *sql,
                         struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
void engine_disconnect(struct engine_session *session); /* a zeroed one is fine */

/* Makes room for queries whose rows have so many columns, beyond the budget where they need it. */
int engine_reserve(struct engine *engine, size_t column_count,
                   struct tg_error *err) TG_CHECK_RESULT;

/* Whether whoever draws the rows of a query works on it alone, until engine_rest: for what one
 * thread does in any case, as it is to read rows in their order. DuckDB has the one that draws them
 * wait for its others by turning round. */
int engine_alone(struct engine *engine, bool alone, struct tg_error *err) TG_CHECK_RESULT;

/* Texts and names in its SQL. */
static inline void engine_text(struct buf *sql, const char *text)
{
    buf_quoted(sql, '\'', text);
}
static inline void engine_ident(struct buf *sql, const char *name)
{
    buf_quoted(sql, '"', name);
}

/* Parquet files with equal columns, as a relation in its SQL. */
void engine_parquet(struct buf *sql, const char *const *paths, size_t count);
/* And what one says of its own columns: an element a row, depth first. */
void engine_parquet_schema(struct buf *sql, const char *path);

/* Rows of a row group, at the most, which is what DuckDB's own have: one as large goes into a table
 * as it is, where others are put together with their neighbours, which takes half as much time
 * again. */
enum { ENGINE_GROUP_ROWS = 122880 };

struct parquet_result {
    uint64_t row_count;
    uint64_t bytes; /* of the file */
};
/* Writes all batches to one Parquet file (LZ4), in their order. The arrays are released, also on
 * failure; the schema is borrowed. A partly written file is removed. A producer error or a full
 * disk fails it (TG_IO). */
int engine_write_parquet(struct engine *engine, const struct ArrowSchema *schema,
                         struct ArrowArray *arrays, size_t count, const char *path,
                         struct parquet_result *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
