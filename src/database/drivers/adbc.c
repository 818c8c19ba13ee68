/*
 * Any database that has an ADBC driver: a connection over the functions of a shared library.
 *
 * Path: check, open_database -> read_place (driver and uri of a location, or of its text form
 * adbc:DRIVER:URI) -> pick_dialect -> driver_load -> a database and a connection of the driver's,
 * check_vendor. Statements: start_statement -> run; a query's stream comes out by stream_foreign.
 * ingest: the driver's own way to add rows where it has one. A call that is at work is cancelled by
 * the watch.
 *
 * Where libraries lie and what errors mean is src/adbc's; what a database's SQL looks like is the
 * dialect's, which also says what ADBC leaves open: whether a uri is a file, how a dataset is told.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "adbc/driver.h"
#include "base/fs.h"
#include "data/foreign.h"
#include "database/defaults.h"
#include "database/sending/ingest.h"
#include "database/sending/outgoing.h"
#include "database/template.h"
#include "base/watch.h"

static const char scheme[] = "adbc";

struct adbc {
    struct driver driver;
    struct AdbcDatabase database;
    struct AdbcConnection connection;
    struct AdbcStatement statement; /* the last one; its stream may be read */
    struct ArrowArrayStream rows;   /* a copy of that stream, to ask what it failed with */
    struct watch *watch;
    bool in_sql;      /* transactions are begun and ended by statements */
    bool cannot_take; /* it has no way of its own to add rows */
};

static const char *driver_of(const struct connection *con)
{
    const struct adbc *adbc = con->state;
    return adbc->driver.name;
}

/* ---- places ---- */

struct place {
    struct buf driver, uri;
    const struct dialect *dialect;
};

static void place_release(struct place *place)
{
    buf_release(&place->driver);
    buf_release(&place->uri);
}

static int split_text(const char *text, struct place *out, struct tg_error *err)
{
    const char *driver = text + strlen(scheme) + 1;
    size_t len = strcspn(driver, ":");
    if (len == 0 || !driver[len])
        return error_set(err, TG_USAGE,
                         "a database by an ADBC driver is named as adbc:DRIVER:URI, or by the keys "
                         "'driver' and 'uri'");
    buf_append(&out->driver, driver, len);
    buf_text(&out->uri, driver + len + 1);
    return TG_OK;
}

/* The one that is asked for, else that of the driver's name. What the database itself says is known
 * when it is open (check_vendor), and names of tables are made before. */
static int pick_dialect(const struct location *where, struct place *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf bare = BUF_INIT;
    struct tg_error why = {0};
    if (where->dialect)
        return dialect_find(where->dialect, &out->dialect, err);
    TRY(search_bare_name(buf_string(&out->driver), &bare, err));
    rc = dialect_find(buf_string(&bare), &out->dialect, &why);
    if (rc != TG_OK)
        rc = error_set(err, rc,
                       "the name of ADBC driver '%s' does not say what SQL its database takes: %s; "
                       "name one by 'dialect'",
                       buf_string(&out->driver), why.what);
done:
    buf_release(&bare);
    return rc;
}

static int check_file(const struct place *place, struct tg_error *err)
{
    const char *uri = buf_string(&place->uri);
    if (strncmp(uri, "file:", 5) == 0)
        return error_set(err, TG_USAGE, "uri '%s' of %s is a URL; write the path of the file", uri,
                         place->dialect->name);
    if (!*uri || strcmp(uri, ":memory:") == 0 || uri[strlen(uri) - 1] == '/')
        return error_set(err, TG_USAGE, "uri '%s' of %s names no file", uri, place->dialect->name);
    return TG_OK;
}

/* What a location says. Release `out`, come what may. */
static int read_place(const struct location *where, struct place *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t len = strlen(scheme);
    bool is_text = where->url && strncmp(where->url, scheme, len) == 0 && where->url[len] == ':';
    *out = (struct place){0};
    if (is_text)
        TRY(split_text(where->url, out, err));
    if (!is_text) {
        buf_text(&out->driver, where->driver);
        buf_text(&out->uri, where->uri ? where->uri : "");
    }
    TRY(buf_check(&out->driver, err));
    TRY(buf_check(&out->uri, err));
    TRY(pick_dialect(where, out, err));
    if (out->dialect->is_file)
        TRY(check_file(out, err));
done:
    return rc;
}

static int put_absolute(const char *folder, const char *path, bool is_path, struct buf *out,
                        struct tg_error *err)
{
    if (!is_path) {
        buf_text(out, path);
        return buf_check(out, err);
    }
    char *joined = fs_join(folder, path);
    int rc = joined ? fs_absolute(joined, out, err) : error_nomem(err);
    mem_free(joined);
    return rc;
}

/* Which driver reaches a file does not matter, the file does. */
static int put_identity(const struct place *place, const char *uri, struct buf *out,
                        struct tg_error *err)
{
    if (place->dialect->is_file)
        return fs_identity(uri, out, err);
    buf_printf(out, "%s:%s", place->dialect->name, uri);
    return buf_check(out, err);
}

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    struct place found;
    (void)dataset;
    TRY(read_place(where, &found, err));
    if (place)
        place->dialect = found.dialect;
    if (!place || !folder)
        goto done;
    const char *driver = buf_string(&found.driver);
    buf_printf(&place->absolute, "%s:", scheme);
    TRY(put_absolute(folder, driver, strchr(driver, '/'), &place->absolute, err));
    buf_char(&place->absolute, ':');
    size_t start = place->absolute.len;
    TRY(put_absolute(folder, buf_string(&found.uri), found.dialect->is_file, &place->absolute,
                     err));
    rc = put_identity(&found, place->absolute.data + start, &place->identity, err);
done:
    place_release(&found);
    return rc;
}

/* ---- calls ---- */

/* What a call gave; a message that the dialect knows says more than the driver. */
static int checked(const struct connection *con, adbc_status status, struct AdbcError *error,
                   struct tg_error *err)
{
    const struct adbc *adbc = con->state;
    struct tg_error why = {0};
    int rc = driver_check(&adbc->driver, status, error, &why);
    if (rc == TG_DESTINATION && !why.sqlstate[0] && con->dialect && con->dialect->error) {
        char message[sizeof(why.what)];
        memcpy(message, why.what, sizeof(message));
        rc = con->dialect->error(&why, message);
    }
    if (rc != TG_OK && err)
        *err = why;
    return rc;
}

static void end_statement(struct adbc *adbc)
{
    struct AdbcError error = DRIVER_ERROR;
    adbc->rows.release = NULL;
    if (!adbc->statement.private_data)
        return;
    adbc_status status = adbc->driver.table.StatementRelease(&adbc->statement, &error);
    (void)!driver_check(&adbc->driver, status, &error, NULL);
    adbc->statement = (struct AdbcStatement){0};
}

static int start_statement(struct connection *con, struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    end_statement(adbc);
    return checked(con,
                   adbc->driver.table.StatementNew(&adbc->connection, &adbc->statement, &error),
                   &error, err);
}

/* Runs what the statement has; rows (may be NULL) and *changed (-1: not known) come out. */
static int run(struct connection *con, struct ArrowArrayStream *rows, int64_t *changed,
               struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    int rc = watch_enter(adbc->watch, con->ctx, err);
    if (rc != TG_OK)
        return rc;
    *changed = -1;
    adbc_status status =
        adbc->driver.table.StatementExecuteQuery(&adbc->statement, rows, changed, &error);
    return watch_leave(adbc->watch, checked(con, status, &error, err), err);
}

static int run_sql(struct connection *con, const char *sql, struct ArrowArrayStream *rows,
                   int64_t *changed, struct tg_error *err)
{
    int rc = TG_OK;
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    TRY(start_statement(con, err));
    TRY(checked(con, adbc->driver.table.StatementSetSqlQuery(&adbc->statement, sql, &error), &error,
                err));
    rc = run(con, rows, changed, err);
done:
    return rc;
}

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int64_t count = 0;
    int rc = run_sql(con, sql, NULL, &count, err);
    end_statement(con->state);
    if (changed)
        *changed = count > 0 ? (uint64_t)count : 0;
    return rc;
}

/* ---- queries ---- */

static int enter_rows(void *user, struct tg_error *err)
{
    const struct connection *con = user;
    const struct adbc *adbc = con->state;
    return watch_enter(adbc->watch, con->ctx, err);
}

static int leave_rows(void *user, int rc, struct tg_error *err)
{
    const struct connection *con = user;
    struct adbc *adbc = con->state;
    if (rc == TG_DESTINATION && driver_stream_error(&adbc->driver, &adbc->rows, err))
        rc = err->code;
    else if (rc == TG_DESTINATION && con->dialect->error) {
        char message[sizeof(err->what)];
        memcpy(message, err->what, sizeof(message));
        rc = con->dialect->error(err, message);
    }
    return watch_leave(adbc->watch, rc, err);
}

static int query(struct connection *con, const char *sql, bool few, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    (void)few;
    int64_t changed = 0;
    struct adbc *adbc = con->state;
    const struct stream_guard guard = {.enter = enter_rows, .leave = leave_rows, .user = con};
    struct ArrowArrayStream rows = {.release = NULL};
    *out = rows;
    int rc = run_sql(con, sql, &rows, &changed, err);
    if (rc != TG_OK) {
        end_statement(adbc);
        return rc;
    }
    adbc->rows = rows;
    return stream_foreign(&rows, TG_DESTINATION, &guard, out, err);
}

/* ---- transactions ---- */

static int set_autocommit(struct connection *con, const char *value, struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    adbc_status status = adbc->driver.table.ConnectionSetOption(
        &adbc->connection, "adbc.connection.autocommit", value, &error);
    adbc->in_sql = status == ADBC_NOT_IMPLEMENTED;
    return checked(con, adbc->in_sql ? ADBC_OK : status, &error, err);
}

/* Where the dialect has words of its own to begin with, these count; so do they where the driver
 * has no transactions of its own. */
static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    bool begins = what == TRANSACT_BEGIN || what == TRANSACT_LOOK;
    end_statement(adbc);
    if (begins && !con->dialect->begin) {
        int rc = watch_enter(adbc->watch, con->ctx, err);
        if (rc == TG_OK)
            rc = watch_leave(adbc->watch, set_autocommit(con, "false", err), err);
        if (rc != TG_OK || !adbc->in_sql)
            return rc;
    }
    if (adbc->in_sql || con->dialect->begin)
        return default_transact(con, what, err);
    const struct AdbcDriver *table = &adbc->driver.table;
    adbc_status status =
        (what == TRANSACT_COMMIT ? table->ConnectionCommit
                                 : table->ConnectionRollback)(&adbc->connection, &error);
    int rc = checked(con, status, &error, err);
    return rc == TG_OK ? set_autocommit(con, "true", err) : rc;
}

static int lock(struct connection *con, const struct lock *locks, size_t count,
                struct tg_error *err)
{
    return con->dialect->begin_locks ? TG_OK : default_lock(con, locks, count, err);
}

/* ---- ingest ---- */

static int set_option(struct connection *con, const char *name, const char *value,
                      struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    if (adbc->cannot_take)
        return TG_OK;
    adbc_status status =
        adbc->driver.table.StatementSetOption(&adbc->statement, name, value, &error);
    adbc->cannot_take = status == ADBC_NOT_IMPLEMENTED;
    return checked(con, adbc->cannot_take ? ADBC_OK : status, &error, err);
}

static int aim(struct connection *con, const struct ingest_target *into, struct tg_error *err)
{
    int rc = TG_OK;
    const char *schema =
        con->dialect->is_file ? "adbc.ingest.target_catalog" : "adbc.ingest.target_db_schema";
    TRY(start_statement(con, err));
    TRY(set_option(con, "adbc.ingest.target_table", into->table, err));
    TRY(set_option(con, "adbc.ingest.mode", "adbc.ingest.mode.append", err));
    rc = into->dataset ? set_option(con, schema, into->dataset, err)
                       : set_option(con, "adbc.ingest.temporary", "true", err);
done:
    return rc;
}

/* The driver's way; `adbc->cannot_take` where it has none, and has not begun. */
static int ingest_by_driver(struct connection *con, const struct ingest_target *into,
                            struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t changed = 0;
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    struct outgoing *outgoing = NULL;
    struct ArrowArrayStream rows = {0};
    TRY(aim(con, into, err));
    if (adbc->cannot_take)
        goto done;
    TRY(outgoing_new(con->dialect, stream, &outgoing, &rows, err));
    adbc_status status = adbc->driver.table.StatementBindStream(&adbc->statement, &rows, &error);
    adbc->cannot_take = status == ADBC_NOT_IMPLEMENTED && !outgoing_began(outgoing);
    TRY(checked(con, adbc->cannot_take ? ADBC_OK : status, &error, err));
    if (!adbc->cannot_take)
        rc = run(con, NULL, &changed, err);
    if (rc != TG_OK && outgoing_error(outgoing, NULL) != TG_OK)
        rc = outgoing_error(outgoing, err);
done:
    end_statement(adbc);
    stream_release(&rows);
    outgoing_free(outgoing);
    return rc;
}

static int ingest(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err)
{
    struct adbc *adbc = con->state;
    adbc->cannot_take |= con->dialect->adbc_by_position;
    int rc = adbc->cannot_take ? TG_OK : ingest_by_driver(con, into, stream, err);
    return rc == TG_OK && adbc->cannot_take ? default_ingest(con, into, stream, err) : rc;
}

/* ---- opening ---- */

/* The text of a union's value; NULL: it is none. */
static const char *union_text(const struct ArrowSchema *schema, const struct ArrowArray *array,
                              int64_t row, size_t *len)
{
    const char *text = NULL;
    bool is_dense = strncmp(schema->format, "+ud:", 4) == 0;
    const int8_t *ids = array->n_buffers == 2 ? array->buffers[0] : NULL;
    const int32_t *offsets = array->n_buffers == 2 ? array->buffers[1] : NULL;
    bool is_text = is_dense && ids && offsets && ids[array->offset + row] == 0 &&
                   array->n_children > 0 && strcmp(schema->children[0]->format, "u") == 0;
    if (is_text && value_bytes(schema->children[0], array->children[0],
                               offsets[array->offset + row], &text, len))
        return text;
    return NULL;
}

/* What the database calls itself; left empty where it does not say. */
static int read_vendor(struct connection *con, struct buf *out, struct tg_error *err)
{
    static const uint32_t code = ADBC_INFO_VENDOR_NAME;
    int rc = TG_OK;
    bool end = false;
    size_t len = 0;
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    struct ArrowArrayStream rows = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    adbc_status status =
        adbc->driver.table.ConnectionGetInfo(&adbc->connection, &code, 1, &rows, &error);
    if (status == ADBC_NOT_IMPLEMENTED)
        return driver_check(&adbc->driver, ADBC_OK, &error, err);
    TRY(checked(con, status, &error, err));
    TRY(stream_schema(&rows, TG_DESTINATION, &schema, err));
    TRY(stream_next(&rows, TG_DESTINATION, &batch, &end, err));
    bool is_info = !end && batch.length > 0 && batch.n_children == 2 && schema.n_children == 2;
    const char *text =
        is_info ? union_text(schema.children[1], batch.children[1], batch.offset, &len) : NULL;
    buf_append(out, text ? text : "", text ? len : 0);
    rc = buf_check(out, err);
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&rows);
    return rc;
}

/* A database that is another one than its driver's name says takes other SQL; who says `dialect`
 * knows better. */
static int check_vendor(struct connection *con, const struct location *where, struct tg_error *err)
{
    struct buf vendor = BUF_INIT;
    struct tg_error why = {0};
    const struct dialect *dialect = NULL;
    int rc = where->dialect ? TG_OK : read_vendor(con, &vendor, err);
    if (rc != TG_OK || vendor.len == 0)
        goto done;
    rc = dialect_find(vendor.data, &dialect, &why);
    if (rc == TG_OK && dialect == con->dialect)
        goto done;
    rc = error_set(err, TG_USAGE,
                   "the database behind ADBC driver '%s' calls itself '%s', not %s: %s; name what "
                   "SQL it takes by 'dialect'",
                   driver_of(con), vendor.data, con->dialect->name,
                   rc == TG_OK ? "its SQL is another one" : why.what);
done:
    buf_release(&vendor);
    return rc;
}

static const char *given(const struct location *where, const char *name)
{
    for (size_t i = 0; i < where->option_count; i++)
        if (strcmp(where->options[i].name, name) == 0)
            return where->options[i].text;
    return NULL;
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int set_database(struct connection *con, const char *name, const char *value,
                        struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    adbc_status status = adbc->driver.table.DatabaseSetOption(&adbc->database, name, value, &error);
    int rc = checked(con, status, &error, err);
    return rc == TG_OK ? rc : error_where(err, rc, "option '%s'", name);
}

static int set_connection(struct connection *con, const char *name, const char *value,
                          struct tg_error *err)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    if (strcmp(name, "adbc.connection.autocommit") == 0)
        return error_set(err, TG_USAGE, "option '%s' is set by each transaction; leave it out",
                         name);
    adbc_status status =
        adbc->driver.table.ConnectionSetOption(&adbc->connection, name, value, &error);
    int rc = checked(con, status, &error, err);
    return rc == TG_OK ? rc : error_where(err, rc, "option '%s'", name);
}

static const char connection_prefix[] = "adbc.connection.";

static int init_database(struct connection *con, const struct location *where, const char *uri,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    const struct AdbcDriver *table = &adbc->driver.table;
    TRY(checked(con, table->DatabaseNew(&adbc->database, &error), &error, err));
    if (*uri)
        TRY(set_database(con, "uri", uri, err));
    for (const char *const *at = con->dialect->adbc_options; at && at[0] && rc == TG_OK; at += 2)
        if (!given(where, at[0]))
            TRY(set_database(con, at[0], at[1], err));
    for (size_t i = 0; i < where->option_count; i++) {
        const struct tg_option *option = &where->options[i];
        if (strcmp(option->name, "entrypoint") != 0 && !starts(option->name, connection_prefix))
            TRY(set_database(con, option->name, option->text, err));
    }
    rc = checked(con, table->DatabaseInit(&adbc->database, &error), &error, err);
done:
    return rc;
}

static int init_connection(struct connection *con, const struct location *where,
                           struct tg_error *err)
{
    int rc = TG_OK;
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    const struct AdbcDriver *table = &adbc->driver.table;
    TRY(checked(con, table->ConnectionNew(&adbc->connection, &error), &error, err));
    for (size_t i = 0; i < where->option_count; i++)
        if (starts(where->options[i].name, connection_prefix))
            TRY(set_connection(con, where->options[i].name, where->options[i].text, err));
    rc = checked(con, table->ConnectionInit(&adbc->connection, &adbc->database, &error), &error,
                 err);
done:
    return rc;
}

static void interrupt(void *user)
{
    struct adbc *adbc = user;
    struct AdbcError error = DRIVER_ERROR;
    if (adbc->statement.private_data)
        (void)!driver_check(&adbc->driver,
                            adbc->driver.table.StatementCancel(&adbc->statement, &error), &error,
                            NULL);
}

static int start_session(struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    for (const char *at = con->dialect->session; at && *at && rc == TG_OK;) {
        size_t len = strcspn(at, "\n");
        char *sql = mem_strndup(at, len);
        rc = sql ? exec(con, sql, NULL, err) : error_nomem(err);
        mem_free(sql);
        at += len + (at[len] == '\n');
    }
    return rc;
}

/* bronze of /data/shop.sqlite is /data/shop__bronze.sqlite. */
static void put_dataset_file(const char *file, const char *dataset, struct buf *out)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t len = dot && dot > name ? (size_t)(dot - file) : strlen(file);
    buf_append(out, file, len);
    buf_printf(out, "__%s%s", dataset, file + len);
}

/* A file that is not there must be possible to make: that is asked before anything is read. */
static int check_folder(const char *file, struct tg_error *err)
{
    int rc = TG_OK;
    char *folder = fs_dirname(file);
    if (!folder)
        return error_nomem(err);
    if (access(folder, W_OK | X_OK) != 0)
        rc = error_errno(err, TG_DESTINATION, errno,
                         "folder '%s' cannot be written; create it, change its permissions, or "
                         "name a file elsewhere",
                         folder);
    mem_free(folder);
    return rc;
}

/* Where it is to be made, if it is not there. */
static int place_absent(const struct location *where, bool create, struct buf *file,
                        struct tg_error *err)
{
    if (!create || !where->scratch)
        return TG_OK;
    char *path = mem_strdup(buf_string(file));
    int rc = path ? connection_move_absent(&path, where->scratch, err) : error_nomem(err);
    if (rc == TG_OK) {
        buf_clear(file);
        buf_text(file, path);
        rc = buf_check(file, err);
    }
    mem_free(path);
    return rc;
}

/* One that is not there is made by `create` alone. */
static int attach(struct connection *con, const struct place *place, const struct location *where,
                  bool create, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf file = BUF_INIT;
    struct fs_stat stat;
    const struct dialect *dialect = con->dialect;
    const char *dataset = where->dataset;
    if (!dataset || !dialect->attach || strcasecmp(dataset, dialect->own_dataset) == 0)
        return TG_OK;
    put_dataset_file(buf_string(&place->uri), dataset, &file);
    TRY(buf_check(&file, err));
    TRY(place_absent(where, create, &file, err));
    TRY(fs_stat(file.data, &stat, err));
    if (!stat.exists)
        TRY(check_folder(file.data, err));
    if (!stat.exists && !create)
        goto done;
    const struct sql_scope scope = {
        .dialect = dialect,
        .parts = SQL_PARTS(SQL_TEXT("file", file.data), SQL_NAME("dataset", dataset))};
    rc = sql_exec(con, &scope, dialect->attach, NULL, err);
done:
    buf_release(&file);
    return rc;
}

static void close_connection(struct connection *con)
{
    struct adbc *adbc = con->state;
    struct AdbcError error = DRIVER_ERROR;
    const struct AdbcDriver *table = &adbc->driver.table;
    end_statement(adbc);
    watch_stop(adbc->watch);
    if (adbc->connection.private_data)
        (void)!driver_check(&adbc->driver, table->ConnectionRelease(&adbc->connection, &error),
                            &error, NULL);
    if (adbc->database.private_data)
        (void)!driver_check(&adbc->driver, table->DatabaseRelease(&adbc->database, &error), &error,
                            NULL);
    driver_release(&adbc->driver);
    mem_free(adbc);
    con->state = NULL;
}

/* Is there no file yet? */
static int find_file(const struct place *place, bool *absent, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_stat stat = {.exists = true};
    const char *file = buf_string(&place->uri);
    if (place->dialect->is_file)
        TRY(fs_stat(file, &stat, err));
    if (stat.is_dir)
        TRY(error_set(err, TG_DESTINATION, "'%s' is a folder; name a file in it", file));
    *absent = !stat.exists;
    if (*absent)
        rc = check_folder(file, err);
done:
    return rc;
}

static int open_state(struct connection *con, const struct location *where,
                      const struct place *place, bool create, struct tg_error *err)
{
    int rc = TG_OK;
    struct adbc *adbc = con->state;
    TRY(init_database(con, where, buf_string(&place->uri), err));
    TRY(init_connection(con, where, err));
    TRY(watch_start(con->ctx, interrupt, adbc, &adbc->watch, err));
    TRY(check_vendor(con, where, err));
    TRY(start_session(con, err));
    rc = attach(con, place, where, create, err);
done:
    return rc;
}

/* Loads the driver also where there is nothing yet to open. */
static int open_database(struct connection *con, const struct location *where, bool create,
                         struct tg_error *err)
{
    int rc = TG_OK;
    bool absent = false;
    struct place place;
    struct adbc *adbc = con->state = mem_calloc(1, sizeof(*adbc));
    TRY(read_place(where, &place, err));
    con->dialect = place.dialect;
    if (!adbc)
        TRY(error_nomem(err));
    TRY(driver_load(buf_string(&place.driver), given(where, "entrypoint"), con->ctx->variable,
                    &adbc->driver, err));
    TRY(find_file(&place, &absent, err));
    if (absent)
        TRY(place_absent(where, create, &place.uri, err));
    if (!absent || create)
        rc = open_state(con, where, &place, create, err);
done:
    if (rc != TG_OK)
        rc = error_where(err, rc, "ADBC driver '%s'", buf_string(&place.driver));
    if (adbc && (rc != TG_OK || (absent && !create)))
        close_connection(con);
    place_release(&place);
    return rc;
}

const struct connection_driver connection_adbc = {
    .scheme = scheme,
    .example = "adbc:sqlite:file.sqlite",
    .start = "# Any database that an ADBC driver is installed for, by the driver's name.\n"
             "destination:\n"
             "  driver: sqlite\n"
             "  uri: warehouse.sqlite\n",
    .check = check,
    .open = open_database,
    .close = close_connection,
    .transact = transact,
    .exec = exec,
    .query = query,
    .ingest = ingest,
    .lock = lock,
};
