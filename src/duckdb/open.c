/*
 * Opening DuckDB: instances with what we always set, connections, and their memory.
 *
 * Path: duck_open -> set_options -> open_path -> set_zone; duck_reserve -> fewer threads, then a
 * higher limit.
 *
 * Which files are open is instance.c's; the instance in memory is engine.c's.
 */
#include "duckdb/api.h"

#include <string.h>

#include "base/version.h"

enum { THREAD_BYTES = 64 << 20 };

/* Each thread fills row groups of its own; with too little memory for that, fewer threads. */
static int thread_count(const struct context *ctx, size_t memory_bytes)
{
    size_t fitting = memory_bytes / THREAD_BYTES;
    size_t wanted = ctx->threads > 0 ? (size_t)ctx->threads : 1;
    size_t count = wanted < fitting ? wanted : fitting;
    return count > 0 ? (int)count : 1;
}

static int set_options(duckdb_config config, const struct context *ctx,
                       const struct duck_options *options, struct tg_error *err)
{
    char threads[16];
    char memory[32];
    snprintf(threads, sizeof(threads), "%d", thread_count(ctx, options->memory_bytes));
    snprintf(memory, sizeof(memory), "%zuB", options->memory_bytes);
    const struct {
        const char *name, *value;
        int from; /* the version that brought it */
    } settings[] = {
        {"threads", threads, 0},
        {"memory_limit", memory, 0},
        {"autoinstall_known_extensions", "false", 0},
        {"autoload_known_extensions", "false", 0},
        {"wal_autocheckpoint", "0B", 0}, /* a commit to a log holds all texts of 2,048 rows twice */
        {"temp_directory", options->temp_dir, 0},
        {"storage_compatibility_version", options->storage_version, 0},
        {"access_mode", options->read_only ? "READ_ONLY" : NULL, 0},
        /* A file that is being written by threads of its own cannot be given up: 2.0 waits for them
         * with a lock that they want. */
        {"async_threads", "0", VERSION_OF(2, 0, 0)},
        /* Asking for a table that is not there does not end a transaction. */
        {"default_transaction_invalidation_policy", "SYNTACTIC_ERRORS_DO_NOT_INVALIDATE",
         VERSION_OF(2, 0, 0)},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const char *name = settings[i].name, *value = settings[i].value;
        if (value && duck_version() >= settings[i].from &&
            duck.set_config(config, name, value) != DuckDBSuccess)
            return error_set(err, TG_INTERNAL, "duckdb refuses the setting %s = '%s'", name, value);
    }
    return TG_OK;
}

/* Times are UTC whatever the machine's zone is. Without ICU there is no such setting, and no other
 * zone either. */
static int set_zone(const struct context *ctx, duckdb_database database, struct tg_error *err)
{
    duckdb_connection con = NULL;
    int rc = duck_connect(database, &con, err);
    if (rc != TG_OK)
        return rc;
    struct tg_error problem = {0};
    rc = duck_exec(ctx, con, "SET GLOBAL TimeZone = 'UTC'", NULL, &problem);
    duck_disconnect(&con);
    if (rc == TG_OK || strstr(problem.what, "Catalog Error"))
        return TG_OK;
    if (err)
        *err = problem;
    return rc;
}

int duck_check_storage(const struct context *ctx, struct tg_error *err)
{
    duckdb_config config = NULL;
    if (!ctx->storage_version)
        return TG_OK;
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    if (duck.create_config(&config) != DuckDBSuccess)
        return error_nomem(err);
    if (duck.set_config(config, "storage_compatibility_version", ctx->storage_version) !=
        DuckDBSuccess)
        rc = error_set(err, TG_USAGE,
                       "DuckDB %s has no storage version '%s'; name a version of DuckDB that is "
                       "not newer, or latest",
                       duck.library_version(), ctx->storage_version);
    duck.destroy_config(&config);
    return rc;
}

/* The prefix says what the file is. Without it DuckDB takes "x.csv" for rows to be looked at, in
 * memory, where a load would be lost, and wants to install an extension for a file of SQLite's. */
static int open_path(const char *path, duckdb_config config, duckdb_database *out,
                     struct tg_error *err)
{
    struct buf name = BUF_INIT;
    char *message = NULL;
    buf_printf(&name, "%s%s", path ? "duckdb:" : "", path ? path : ":memory:");
    int rc = buf_check(&name, err);
    if (rc == TG_OK && duck.open_ext(buf_string(&name), out, config, &message) != DuckDBSuccess) {
        *out = NULL;
        rc = duck_error(err, message);
    }
    duck.free(message);
    buf_release(&name);
    return rc;
}

int duck_open(const struct context *ctx, const struct duck_options *options, duckdb_database *out,
              struct tg_error *err)
{
    duckdb_config config = NULL;
    *out = NULL;
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    if (duck.create_config(&config) != DuckDBSuccess)
        return error_nomem(err);
    TRY(set_options(config, ctx, options, err));
    TRY(open_path(options->path, config, out, err));
    rc = set_zone(ctx, *out, err);
    if (rc != TG_OK)
        duck_close(out);
done:
    duck.destroy_config(&config);
    return rc;
}

int duck_connect(duckdb_database database, duckdb_connection *out, struct tg_error *err)
{
    if (duck.connect(database, out) == DuckDBSuccess)
        return TG_OK;
    *out = NULL;
    return error_set(err, TG_DESTINATION, "duckdb gave no connection; run again");
}

/* ---- memory ---- */

/* A connection's part of the memory: nothing else that is large lives while a load is written.
 * DuckDB counts neither its code, of which 40 MiB are resident, nor all that it takes. Where the
 * budget has room for that it is left out, so that a run stays within it. */
enum { UNCOUNTED_BYTES = 96 << 20, COUNTED_BYTES_MIN = 160 << 20 };

size_t duck_share(const struct context *ctx)
{
    const size_t budget = ctx->memory_bytes_max, most = budget / 4 * 3;
    const size_t share = budget > (size_t)UNCOUNTED_BYTES + COUNTED_BYTES_MIN
                             ? budget - UNCOUNTED_BYTES
                             : COUNTED_BYTES_MIN;
    return share < most ? share : most;
}

int duck_set_memory(const struct context *ctx, duckdb_connection con, size_t bytes,
                    struct tg_error *err)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SET memory_limit = '%zuB'", bytes);
    return duck_exec(ctx, con, sql, NULL, err);
}

int duck_reserve(const struct context *ctx, duckdb_connection con, size_t *have, size_t others,
                 size_t need, struct tg_error *err)
{
    if (need * (size_t)thread_count(ctx, *have) <= *have)
        return TG_OK;
    int rc = duck_exec(ctx, con, "SET threads = 1", NULL, err);
    if (rc != TG_OK || need <= *have)
        return rc;
    rc = duck_set_memory(ctx, con, others + need, err);
    if (rc == TG_OK)
        *have = need;
    return rc;
}
