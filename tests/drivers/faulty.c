/*
 * An ADBC driver for tests: SQLite's own, with faults. It is built as
 * libadbc_driver_faulty.so; the real one is $TIDEGATE_FAULTY_DRIVER.
 *
 * Path: AdbcDriverFaultyInit -> the real driver's AdbcDriverInit -> the functions below in place of
 * its own. What goes wrong is said by options of the database, which the real one never sees:
 *
 *   faulty.vendor = NAME        what the database calls itself
 *   faulty.commit = before      COMMIT fails, and was not done; the connection is dead from then on
 *   faulty.commit = after       the same, but it was done
 *   faulty.cut = N              streams fail after N batches, with an array that is no array
 *   faulty.lock = N             the first N transactions that write find the file locked
 *   faulty.slow = 1             statements with "slow" in them wait until they are cancelled
 *   faulty.ingest = none        there is no way of its own to add rows
 *   faulty.error = 1            init fails with everything that an error can say
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adbc/abi.h"

#define EXPORT __attribute__((visibility("default")))

static struct AdbcDriver real;
static struct faults {
    char vendor[32], commit[16];
    int cut, locks;
    bool slow, no_ingest, rich_error, dead;
} faults;
static _Atomic(bool) cancelled;
static int live_errors;

/* For tests: errors that were not released. */
EXPORT int faulty_live_errors(void);
int faulty_live_errors(void)
{
    return live_errors;
}

/* ---- errors ---- */

static void release_error(struct AdbcError *error)
{
    free(error->message);
    live_errors--;
    *error = (struct AdbcError){0};
}

static adbc_status fail(struct AdbcError *error, adbc_status status, const char *message,
                        const char *sqlstate)
{
    if (!error)
        return status;
    bool is_1_1 = error->vendor_code == ADBC_ERROR_IS_1_1;
    if (error->release)
        error->release(error);
    error->message = strdup(message);
    memcpy(error->sqlstate, sqlstate, 5);
    error->vendor_code = faults.rich_error && is_1_1 ? ADBC_ERROR_IS_1_1 : 17;
    error->release = release_error;
    live_errors++;
    return status;
}

static int detail_count(const struct AdbcError *error)
{
    return error->release == release_error ? 2 : real.ErrorGetDetailCount(error);
}

static struct AdbcErrorDetail detail(const struct AdbcError *error, int i)
{
    static const struct AdbcErrorDetail details[] = {{"hint", (const uint8_t *)"look", 4},
                                                     {"bytes", (const uint8_t *)"\0\1", 2}};
    return error->release == release_error ? details[i] : real.ErrorGetDetail(error, i);
}

/* ---- options ---- */

static adbc_status set_option(struct AdbcDatabase *database, const char *key, const char *value,
                              struct AdbcError *error)
{
    if (strncmp(key, "faulty.", 7) != 0)
        return real.DatabaseSetOption(database, key, value, error);
    key += 7;
    if (strcmp(key, "vendor") == 0)
        snprintf(faults.vendor, sizeof(faults.vendor), "%s", value);
    else if (strcmp(key, "commit") == 0)
        snprintf(faults.commit, sizeof(faults.commit), "%s", value);
    else if (strcmp(key, "cut") == 0)
        faults.cut = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "lock") == 0)
        faults.locks = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "slow") == 0)
        faults.slow = true;
    else if (strcmp(key, "ingest") == 0)
        faults.no_ingest = true;
    else if (strcmp(key, "error") == 0)
        faults.rich_error = true;
    return ADBC_OK;
}

static adbc_status new_database(struct AdbcDatabase *database, struct AdbcError *error)
{
    faults = (struct faults){.cut = -1};
    cancelled = false;
    return real.DatabaseNew(database, error);
}

static adbc_status init_database(struct AdbcDatabase *database, struct AdbcError *error)
{
    if (faults.rich_error)
        return fail(error, ADBC_UNAUTHENTICATED, "who are you?\n", "28P01");
    return real.DatabaseInit(database, error);
}

/* ---- what the database calls itself ---- */

static adbc_status get_info(struct AdbcConnection *connection, const uint32_t *codes, size_t count,
                            struct ArrowArrayStream *out, struct AdbcError *error)
{
    if (strcmp(faults.vendor, "none") == 0)
        return fail(error, ADBC_NOT_IMPLEMENTED, "no info", "00000");
    return real.ConnectionGetInfo(connection, codes, count, out, error);
}

/* ---- statements ---- */

enum { SQL_MAX = 64 };
static struct kept {
    const void *statement;
    char sql[SQL_MAX];
} kept;

static adbc_status set_sql(struct AdbcStatement *statement, const char *sql,
                           struct AdbcError *error)
{
    kept.statement = statement->private_data;
    snprintf(kept.sql, sizeof(kept.sql), "%s", sql);
    return real.StatementSetSqlQuery(statement, sql, error);
}

static adbc_status set_statement(struct AdbcStatement *statement, const char *key,
                                 const char *value, struct AdbcError *error)
{
    if (faults.no_ingest)
        return fail(error, ADBC_NOT_IMPLEMENTED, "no such option", "00000");
    return real.StatementSetOption(statement, key, value, error);
}

static adbc_status cancel(struct AdbcStatement *statement, struct AdbcError *error)
{
    (void)statement;
    (void)error;
    cancelled = true;
    return ADBC_OK;
}

static adbc_status commit(struct AdbcStatement *statement, struct ArrowArrayStream *out,
                          int64_t *changed, struct AdbcError *error)
{
    if (strcmp(faults.commit, "after") == 0) {
        adbc_status status = real.StatementExecuteQuery(statement, out, changed, error);
        if (status != ADBC_OK)
            return status;
    }
    faults.dead = true;
    return fail(error, ADBC_IO, "server closed the connection", "08006");
}

/* ---- streams that break ---- */

struct cut {
    struct ArrowArrayStream inner;
    int left;
};

static int cut_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct cut *cut = stream->private_data;
    return cut->inner.get_schema(&cut->inner, out);
}

static void never(struct ArrowArray *array)
{
    (void)array;
    abort(); /* nobody may have got it */
}

static int cut_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct cut *cut = stream->private_data;
    if (cut->left-- > 0)
        return cut->inner.get_next(&cut->inner, out);
    memset(out, 0x5a, sizeof(*out));
    out->release = never;
    return EIO;
}

static const char *cut_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the line was cut";
}

static void cut_release(struct ArrowArrayStream *stream)
{
    struct cut *cut = stream->private_data;
    cut->inner.release(&cut->inner);
    free(cut);
    stream->release = NULL;
}

static void cut_stream(struct ArrowArrayStream *stream)
{
    struct cut *cut = calloc(1, sizeof(*cut));
    *cut = (struct cut){*stream, faults.cut};
    *stream = (struct ArrowArrayStream){cut_schema, cut_next, cut_error, cut_release, cut};
}

static adbc_status execute(struct AdbcStatement *statement, struct ArrowArrayStream *out,
                           int64_t *changed, struct AdbcError *error)
{
    const char *sql = kept.statement == statement->private_data ? kept.sql : "";
    if (faults.dead)
        return fail(error, ADBC_IO, "no connection to the server", "08003");
    if (strcmp(sql, "BEGIN IMMEDIATE") == 0 && faults.locks-- > 0)
        return fail(error, ADBC_INTERNAL, "database is locked", "00000");
    if (strcmp(sql, "COMMIT") == 0 && faults.commit[0])
        return commit(statement, out, changed, error);
    if (faults.slow && strstr(sql, "slow")) {
        while (!cancelled)
            usleep(1000);
        return fail(error, ADBC_CANCELLED, "stopped", "57014");
    }
    adbc_status status = real.StatementExecuteQuery(statement, out, changed, error);
    if (status == ADBC_OK && out && faults.cut >= 0)
        cut_stream(out);
    return status;
}

/* ---- entry points ---- */

EXPORT adbc_status AdbcDriverFaultyInit(int version, void *raw, struct AdbcError *error);
adbc_status AdbcDriverFaultyInit(int version, void *raw, struct AdbcError *error)
{
    adbc_init init = NULL;
    const char *path = getenv("TIDEGATE_FAULTY_DRIVER");
    void *handle = dlopen(path ? path : "", RTLD_NOW | RTLD_LOCAL);
    void *address = handle ? dlsym(handle, "AdbcDriverInit") : NULL;
    if (!address)
        return fail(error, ADBC_NOT_FOUND, "TIDEGATE_FAULTY_DRIVER is no driver", "00000");
    memcpy(&init, &address, sizeof(init));
    adbc_status status = init(ADBC_VERSION_1_1, &real, error);
    if (status != ADBC_OK)
        return status;
    struct AdbcDriver *driver = raw;
    if (version < ADBC_VERSION_1_1)
        return ADBC_NOT_IMPLEMENTED;
    *driver = real;
    driver->DatabaseNew = new_database;
    driver->DatabaseSetOption = set_option;
    driver->DatabaseInit = init_database;
    driver->ConnectionGetInfo = get_info;
    driver->StatementSetSqlQuery = set_sql;
    driver->StatementSetOption = set_statement;
    driver->StatementExecuteQuery = execute;
    driver->StatementCancel = cancel;
    driver->ErrorGetDetailCount = detail_count;
    driver->ErrorGetDetail = detail;
    return ADBC_OK;
}

/* One for another version of ADBC. */
EXPORT adbc_status faulty_other_version(int version, void *raw, struct AdbcError *error);
adbc_status faulty_other_version(int version, void *raw, struct AdbcError *error)
{
    (void)version;
    (void)raw;
    return fail(error, ADBC_NOT_IMPLEMENTED, "only 3.0 here", "00000");
}

static adbc_status old_new(struct AdbcDatabase *database, struct AdbcError *error)
{
    (void)error;
    static int something;
    database->private_data = &something;
    return ADBC_OK;
}

/* One of 1.0 that has a single function, and leaves alone what came later. */
EXPORT adbc_status faulty_old_version(int version, void *raw, struct AdbcError *error);
adbc_status faulty_old_version(int version, void *raw, struct AdbcError *error)
{
    struct AdbcDriver *driver = raw;
    if (version != ADBC_VERSION_1_0)
        return fail(error, ADBC_NOT_IMPLEMENTED, "only 1.0 here", "00000");
    driver->DatabaseNew = old_new;
    return ADBC_OK;
}
