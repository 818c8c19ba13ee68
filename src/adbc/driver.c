/*
 * Loading an ADBC driver, and what its errors mean.
 *
 * Path: driver_load -> search_driver -> dlopen -> find_init -> ask for 1.1, then for 1.0 ->
 * fill_missing. A driver of 1.0 knows nothing of the fields that came with 1.1: they stay as
 * fill_missing sets them.
 *
 * driver_check turns a status and an AdbcError into a tg_error. What is done with the functions is
 * database/drivers/adbc.c's.
 */
#include "adbc/driver.h"

#include <ctype.h>
#include <dlfcn.h>
#include <string.h>

/* ---- functions that a driver lacks ---- */

static adbc_status missing(struct AdbcError *error)
{
    static const char message[] = "the driver does not have this function";
    if (error)
        error->message = (char *)message; /* there is no release, so it is not written to */
    return ADBC_NOT_IMPLEMENTED;
}

#define MISSING(name, ...)                                                                         \
    static adbc_status no_##name(__VA_ARGS__, struct AdbcError *error)                             \
    {                                                                                              \
        return missing(error);                                                                     \
    }

#define UNUSED __attribute__((unused))
MISSING(on_database, UNUSED struct AdbcDatabase *it)
MISSING(on_connection, UNUSED struct AdbcConnection *it)
MISSING(on_statement, UNUSED struct AdbcStatement *it)
MISSING(connect, UNUSED struct AdbcConnection *it, UNUSED struct AdbcDatabase *database)
MISSING(info, UNUSED struct AdbcConnection *it, UNUSED const uint32_t *codes, UNUSED size_t count,
        UNUSED struct ArrowArrayStream *out)
MISSING(database_option, UNUSED struct AdbcDatabase *it, UNUSED const char *key,
        UNUSED const char *value)
MISSING(connection_option, UNUSED struct AdbcConnection *it, UNUSED const char *key,
        UNUSED const char *value)
MISSING(statement_option, UNUSED struct AdbcStatement *it, UNUSED const char *key,
        UNUSED const char *value)
MISSING(statement, UNUSED struct AdbcConnection *it, UNUSED struct AdbcStatement *out)
MISSING(sql, UNUSED struct AdbcStatement *it, UNUSED const char *sql)
MISSING(execute, UNUSED struct AdbcStatement *it, UNUSED struct ArrowArrayStream *out,
        UNUSED int64_t *changed)
MISSING(bind, UNUSED struct AdbcStatement *it, UNUSED struct ArrowArrayStream *rows)

static int no_details(UNUSED const struct AdbcError *error)
{
    return 0;
}

static struct AdbcErrorDetail no_detail(UNUSED const struct AdbcError *error, UNUSED int i)
{
    return (struct AdbcErrorDetail){0};
}

static const struct AdbcError *no_stream_error(UNUSED struct ArrowArrayStream *stream,
                                               UNUSED adbc_status *status)
{
    return NULL;
}

/* Those that are called here; the others are nobody's. */
static void fill_missing(struct AdbcDriver *table)
{
#define FILL(field, function) table->field = table->field ? table->field : (function)
    FILL(DatabaseNew, no_on_database);
    FILL(DatabaseInit, no_on_database);
    FILL(DatabaseSetOption, no_database_option);
    FILL(DatabaseRelease, no_on_database);
    FILL(ConnectionNew, no_on_connection);
    FILL(ConnectionInit, no_connect);
    FILL(ConnectionSetOption, no_connection_option);
    FILL(ConnectionGetInfo, no_info);
    FILL(ConnectionCommit, no_on_connection);
    FILL(ConnectionRollback, no_on_connection);
    FILL(ConnectionRelease, no_on_connection);
    FILL(StatementNew, no_statement);
    FILL(StatementSetSqlQuery, no_sql);
    FILL(StatementSetOption, no_statement_option);
    FILL(StatementBindStream, no_bind);
    FILL(StatementExecuteQuery, no_execute);
    FILL(StatementRelease, no_on_statement);
    FILL(StatementCancel, no_on_statement);
    FILL(ErrorGetDetailCount, no_details);
    FILL(ErrorGetDetail, no_detail);
    FILL(ErrorFromArrayStream, no_stream_error);
#undef FILL
}

/* ---- errors ---- */

static const char *status_name(adbc_status status)
{
    static const char *const names[] = {
        [ADBC_OK] = "ok",
        [ADBC_UNKNOWN] = "unknown error",
        [ADBC_NOT_IMPLEMENTED] = "the driver cannot do that",
        [ADBC_NOT_FOUND] = "not found",
        [ADBC_ALREADY_EXISTS] = "already there",
        [ADBC_INVALID_ARGUMENT] = "invalid argument",
        [ADBC_INVALID_STATE] = "invalid state",
        [ADBC_INVALID_DATA] = "invalid data",
        [ADBC_INTEGRITY] = "integrity violated",
        [ADBC_INTERNAL] = "internal error",
        [ADBC_IO] = "input or output failed",
        [ADBC_CANCELLED] = "cancelled",
        [ADBC_TIMEOUT] = "timed out",
        [ADBC_UNAUTHENTICATED] = "not authenticated",
        [ADBC_UNAUTHORIZED] = "not authorized",
    };
    return status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown status";
}

/* Details that are texts: a driver's position in a statement, a hint. */
static void put_details(const struct driver *driver, const struct AdbcError *error, struct buf *out)
{
    int count =
        error->vendor_code == ADBC_ERROR_IS_1_1 ? driver->table.ErrorGetDetailCount(error) : 0;
    for (int i = 0; i < count; i++) {
        struct AdbcErrorDetail detail = driver->table.ErrorGetDetail(error, i);
        bool is_text =
            detail.key && detail.value && !memchr(detail.value, '\0', detail.value_length);
        if (is_text)
            buf_printf(out, "%s%s: %.*s", i == 0 ? " (" : ", ", detail.key,
                       (int)detail.value_length, (const char *)detail.value);
    }
    if (out->len > 0)
        buf_char(out, ')');
}

static void put_sqlstate(const struct AdbcError *error, struct tg_error *err)
{
    bool is_state = err && memcmp(error->sqlstate, "00000", 5) != 0;
    for (size_t i = 0; i < sizeof(error->sqlstate); i++)
        is_state = is_state && isalnum((unsigned char)error->sqlstate[i]);
    if (is_state)
        memcpy(err->sqlstate, error->sqlstate, sizeof(error->sqlstate));
}

static int code_of(adbc_status status)
{
    return status == ADBC_CANCELLED ? TG_CANCELLED : TG_DESTINATION;
}

static int set_error(const struct driver *driver, adbc_status status, const struct AdbcError *error,
                     struct tg_error *err)
{
    struct buf details = BUF_INIT;
    const char *message = error->message && *error->message ? error->message : NULL;
    int len = message ? (int)strlen(message) : 0;
    while (len > 0 && isspace((unsigned char)message[len - 1]))
        len--;
    put_details(driver, error, &details);
    bool has_code = error->vendor_code != 0 && error->vendor_code != ADBC_ERROR_IS_1_1;
    char code[32] = "";
    if (has_code)
        snprintf(code, sizeof(code), " (vendor code %d)", (int)error->vendor_code);
    int rc = error_set(err, code_of(status), "%.*s%s%s", message ? len : INT16_MAX,
                       message ? message : status_name(status), code, buf_string(&details));
    put_sqlstate(error, err);
    buf_release(&details);
    return rc;
}

int driver_check(const struct driver *driver, adbc_status status, struct AdbcError *error,
                 struct tg_error *err)
{
    int rc = status == ADBC_OK ? TG_OK : set_error(driver, status, error, err);
    if (error->release)
        error->release(error);
    *error = (struct AdbcError)DRIVER_ERROR;
    return rc;
}

bool driver_stream_error(const struct driver *driver, struct ArrowArrayStream *stream,
                         struct tg_error *err)
{
    adbc_status status = ADBC_OK;
    const struct AdbcError *error = driver->table.ErrorFromArrayStream(stream, &status);
    if (!error || status == ADBC_OK)
        return false;
    set_error(driver, status, error, err);
    return true;
}

/* ---- loading ---- */

/* AdbcDriverSqliteInit of libadbc_driver_sqlite.so. */
static int usual_name(const char *library, struct buf *out, struct tg_error *err)
{
    struct buf bare = BUF_INIT;
    bool starts = true;
    buf_text(out, strchr(library, '/') ? "" : "./");
    buf_text(out, library);
    int rc = buf_check(out, err);
    if (rc == TG_OK)
        rc = search_bare_name(out->data, &bare, err);
    buf_clear(out);
    buf_text(out, "AdbcDriver");
    for (const char *at = buf_string(&bare); *at; at++) {
        if (*at != '_' && *at != '-')
            buf_char(out, starts ? (char)toupper((unsigned char)*at) : *at);
        starts = *at == '_' || *at == '-';
    }
    buf_text(out, "Init");
    buf_release(&bare);
    return rc == TG_OK ? buf_check(out, err) : rc;
}

static int find_init(void *handle, const char *library, const char *wanted, adbc_init *out,
                     struct tg_error *err)
{
    struct buf usual = BUF_INIT;
    int rc = usual_name(library, &usual, err);
    void *address = NULL;
    if (rc == TG_OK)
        address = dlsym(handle, wanted ? wanted : usual.data);
    if (rc == TG_OK && !wanted && !address)
        address = dlsym(handle, "AdbcDriverInit");
    memcpy(out, &address, sizeof(address));
    if (rc == TG_OK && !address)
        rc = error_set(err, TG_USAGE, "library '%s' is no ADBC driver: it has no %s%s%s", library,
                       wanted ? wanted : usual.data, wanted ? "" : ", and no AdbcDriverInit",
                       wanted ? "" : "; name the one that it has in the option 'entrypoint'");
    buf_release(&usual);
    return rc;
}

static int initialize(adbc_init init, const char *library, struct driver *out, struct tg_error *err)
{
    static const int versions[] = {ADBC_VERSION_1_1, ADBC_VERSION_1_0};
    adbc_status status = ADBC_NOT_IMPLEMENTED;
    struct AdbcError error = DRIVER_ERROR;
    for (size_t i = 0; i < 2 && status == ADBC_NOT_IMPLEMENTED; i++) {
        (void)!driver_check(out, ADBC_OK, &error, NULL);
        out->table = (struct AdbcDriver){0};
        status = init(versions[i], &out->table, &error);
    }
    fill_missing(&out->table);
    if (status == ADBC_NOT_IMPLEMENTED) {
        (void)!driver_check(out, ADBC_OK, &error, NULL);
        return error_set(err, TG_USAGE,
                         "driver '%s' is for another version of ADBC than 1.1 and 1.0, which are "
                         "known here; install one that is for these",
                         library);
    }
    int rc = driver_check(out, status, &error, err);
    return rc == TG_OK ? rc : error_where(err, rc, "driver '%s'", library);
}

static int not_loaded(const char *name, const struct search_result *found, struct tg_error *err)
{
    const char *why = dlerror();
    if (!found->searched.len)
        return error_set(err, TG_USAGE, "library '%s' cannot be loaded: %s", name, why);
    return error_set(
        err, TG_USAGE,
        "driver '%s' was not found, or cannot be loaded: %s; install it (many are Python packages, "
        "as adbc-driver-sqlite), or give the path of its library; searched: %s",
        name, why, buf_string(&found->searched));
}

int driver_load(const char *name, const char *entrypoint, search_variable variable,
                struct driver *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct search_result found = {0};
    adbc_init init = NULL;
    *out = (struct driver){.name = name};
    fill_missing(&out->table);
    arena_init(&arena);
    TRY(search_driver(name, variable, &arena, &found, err));
    void *handle = dlopen(found.library, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        TRY(not_loaded(name, &found, err));
    TRY(find_init(handle, found.library, entrypoint ? entrypoint : found.entrypoint, &init, err));
    rc = initialize(init, found.library, out, err);
done:
    buf_release(&found.searched);
    arena_release(&arena);
    return rc;
}

void driver_release(struct driver *driver)
{
    struct AdbcError error = DRIVER_ERROR;
    if (driver->table.release)
        (void)!driver_check(driver, driver->table.release(&driver->table, &error), &error, NULL);
    driver->table.release = NULL;
}
