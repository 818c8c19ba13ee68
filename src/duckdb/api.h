/*
 * What the files that know DuckDB share, those of this folder and the database driver: DuckDB's C
 * API with our errors, our cancel flag and our Arrow structs.
 */
#ifndef TIDEGATE_DATABASE_DUCKDB_API_H
#define TIDEGATE_DATABASE_DUCKDB_API_H

#include "base/context.h"
#include "data/batch.h"
#include "duckdb/functions.h"

/* ---- library.c ---- */

/* Finds and loads the library, and fills `duck`; what opens an instance calls it first. TG_USAGE:
 * it is not there, is too old, or another one is loaded in this process. */
int duck_load(const struct context *ctx, struct tg_error *err) TG_CHECK_RESULT;
/* VERSION_OF of "v1.5.6", whatever follows; 0: it is no version. */
int version_parse(const char *text);
/* Of the loaded library: 20000 for 2.0.0 (0: none is loaded), and its file. */
int duck_version(void);
const char *duck_path(void);

/* NULL is fine, also where no library is loaded. */
static inline void duck_close(duckdb_database *database)
{
    if (*database)
        duck.close(database);
}
static inline void duck_disconnect(duckdb_connection *con)
{
    if (*con)
        duck.disconnect(con);
}

/* ---- open.c ---- */

/* What an instance may take. */
struct duck_limits {
    size_t memory_bytes;
    int threads;
};

/* As many threads as are wanted; each fills row groups of its own, so with too little memory for
 * that, fewer. */
struct duck_limits duck_limits(int threads, size_t memory_bytes);
/* Does the engine know the storage version that the context asks for? TG_USAGE. */
int duck_check_storage(const struct context *ctx, struct tg_error *err) TG_CHECK_RESULT;
/* Opens an instance in memory with what we always set. `temp_dir` (NULL: DuckDB's choice) is where
 * it may spill. */
int duck_open(const struct context *ctx, const char *temp_dir, const struct duck_limits *limits,
              duckdb_database *out, struct tg_error *err) TG_CHECK_RESULT;
int duck_connect(duckdb_database database, duckdb_connection *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Sets what differs, in both. */
int duck_limit(const struct context *ctx, duckdb_connection con, const struct duck_limits *wanted,
               struct duck_limits *is, struct tg_error *err) TG_CHECK_RESULT;
/* Of the memory of a run, what a database that a load is written into may take. */
size_t duck_share(const struct context *ctx);

/* ---- error.c ---- */

/* Sets code, sqlstate and text after DuckDB's message; returns the code. */
int duck_error(struct tg_error *err, const char *message);

/* ---- statement.c ---- */

/* Runs one statement, watching the cancel flag; when it returns no thread of DuckDB works on it any
 * more, unless `streaming` got its result. The caller destroys *out on success. */
int duck_run(const struct context *ctx, duckdb_connection con, const char *sql, bool streaming,
             duckdb_result *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same without a result. *changed may be NULL. */
int duck_exec(const struct context *ctx, duckdb_connection con, const char *sql, uint64_t *changed,
              struct tg_error *err) TG_CHECK_RESULT;

/* ---- spell.c ---- */

/* The query, or one around it that casts to text what Arrow has no word for; `out` is empty. */
int duck_spell(duckdb_connection con, const char *sql, struct buf *out,
               struct tg_error *err) TG_CHECK_RESULT;

/* ---- stream.c ---- */

/* One query, fetched chunk by chunk. `owned` is borrowed when false; when true the stream
 * disconnects `con` on release, and this function does so on failure. */
int duck_query(const struct context *ctx, duckdb_connection con, bool owned, const char *sql,
               struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

/* ---- batches.c ---- */

/* Arrow batches as a table of DuckDB: SELECT * FROM tidegate_batches(<address of the source>). */
struct batch_source;
/* The schema is borrowed, the arrays too, but each is released as soon as it was read. TG_DATA for
 * a type that has no column type. */
int batch_source_new(const struct ArrowSchema *schema, struct ArrowArray *arrays, size_t count,
                     struct batch_source **out, struct tg_error *err) TG_CHECK_RESULT;
/* Rows go on in chunks of at most so many, which is for rows of great length; else they are as long
 * as DuckDB's. Before the source is read. */
void batch_source_limit(struct batch_source *source, size_t chunk_rows);
uint64_t batch_source_rows(const struct batch_source *source); /* of all batches */
size_t batch_source_columns(const struct batch_source *source);
/* Looks for texts that all rows share: the function gives their columns as ENUMs of one value,
 * which a file stores as it does texts, but a table does not. */
int batch_source_find_shared(struct batch_source *source, struct tg_error *err) TG_CHECK_RESULT;
/* The columns of a table for them: "(name TYPE, ...)". */
int batch_source_table(const struct batch_source *source, struct buf *sql,
                       struct tg_error *err) TG_CHECK_RESULT;
/* Looks at all values as the function would, for whoever reads the batches by another way: TG_DATA
 * for text that is not UTF-8, and for what no column holds. */
int batch_source_check(const struct batch_source *source, struct tg_error *err) TG_CHECK_RESULT;
/* What went wrong inside; TG_OK: nothing. */
int batch_source_error(const struct batch_source *source, struct tg_error *err) TG_CHECK_RESULT;
void batch_source_free(struct batch_source *source);
/* Makes the function known; once per instance. */
int batches_register(duckdb_connection con, struct tg_error *err) TG_CHECK_RESULT;

#endif
