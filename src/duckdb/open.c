/*
 * Opening DuckDB: an instance in memory with what we always set, connections, limits.
 *
 * Path: duck_open -> set_options -> open_memory -> set_zone; duck_limit -> what is to change.
 *
 * Who uses which instance, and the files in it, are instance.c's.
 */
#include "duckdb/api.h"

#include <string.h>

#include "base/version.h"

enum { THREAD_BYTES = 64 << 20 };

struct duck_limits duck_limits(int threads, size_t memory_bytes)
{
    size_t fitting = memory_bytes / THREAD_BYTES;
    size_t wanted = threads > 0 ? (size_t)threads : 1;
    size_t count = wanted < fitting ? wanted : fitting;
    return (struct duck_limits){.memory_bytes = memory_bytes,
                                .threads = count > 0 ? (int)count : 1};
}

static int set_options(duckdb_config config, const char *temp_dir, const struct duck_limits *limits,
                       struct tg_error *err)
{
    char threads[16];
    char memory[32];
    snprintf(threads, sizeof(threads), "%d", limits->threads);
    snprintf(memory, sizeof(memory), "%zuB", limits->memory_bytes);
    const struct {
        const char *name, *value;
        int from; /* the version that brought it */
    } settings[] = {
        {"threads", threads, 0},
        {"memory_limit", memory, 0},
        {"autoinstall_known_extensions", "false", 0},
        {"autoload_known_extensions", "false", 0},
        {"wal_autocheckpoint", "0B", 0}, /* a commit to a log holds all texts of 2,048 rows twice */
        {"temp_directory", temp_dir, 0},
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

static int open_memory(duckdb_config config, duckdb_database *out, struct tg_error *err)
{
    int rc = TG_OK;
    char *message = NULL;
    if (duck.open_ext(":memory:", out, config, &message) != DuckDBSuccess) {
        *out = NULL;
        rc = duck_error(err, message);
    }
    duck.free(message);
    return rc;
}

int duck_open(const struct context *ctx, const char *temp_dir, const struct duck_limits *limits,
              duckdb_database *out, struct tg_error *err)
{
    duckdb_config config = NULL;
    *out = NULL;
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    if (duck.create_config(&config) != DuckDBSuccess)
        return error_nomem(err);
    TRY(set_options(config, temp_dir, limits, err));
    TRY(open_memory(config, out, err));
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

int duck_limit(const struct context *ctx, duckdb_connection con, const struct duck_limits *wanted,
               struct duck_limits *is, struct tg_error *err)
{
    int rc = TG_OK;
    char sql[64];
    if (wanted->threads != is->threads) {
        snprintf(sql, sizeof(sql), "SET threads = %d", wanted->threads);
        TRY(duck_exec(ctx, con, sql, NULL, err));
        is->threads = wanted->threads;
    }
    if (wanted->memory_bytes != is->memory_bytes) {
        snprintf(sql, sizeof(sql), "SET memory_limit = '%zuB'", wanted->memory_bytes);
        TRY(duck_exec(ctx, con, sql, NULL, err));
        is->memory_bytes = wanted->memory_bytes;
    }
done:
    return rc;
}
