/*
 * The driver of a connection that a program gives (struct tg_connection).
 *
 * Path: connection_open -> open_session -> calls_open (given/calls.c, which looks at what a program
 * may get wrong), the dialect's settings; each function of the driver -> the one of the program.
 * What it leaves out is done in SQL (defaults.c).
 *
 * Such a connection is known by its name alone: there is no URL.
 */
#include <string.h>

#include "base/memory.h"
#include "database/defaults.h"
#include "database/sending/ingest.h"
#include "database/template.h"
#include "given/calls.h"

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_connection *given = where->given;
    const struct dialect *dialect = NULL;
    (void)dataset;
    TRY(calls_check(given, err));
    if (!given->dialect)
        TRY(error_set(err, TG_USAGE, "connection '%s' has no `dialect`; say what its SQL is",
                      given->name));
    TRY(dialect_find(given->dialect, &dialect, err));
    if (!place)
        goto done;
    place->dialect = dialect;
    if (!folder)
        goto done;
    buf_printf(&place->absolute, "given:%s", given->name);
    buf_printf(&place->identity, "given:%s", given->name);
    TRY(buf_check(&place->absolute, err));
    rc = buf_check(&place->identity, err);
done:
    return rc;
}

/* ---- its life ---- */

static void close_session(struct connection *con)
{
    calls_close(con->state);
    mem_free(con->state);
}

/* What was reserved before is enough for as much or less. */
static int make_room(struct connection *con, bool begins, struct tg_error *err)
{
    struct calls *calls = con->state;
    if (!calls->given->reserve || !con->dialect->room)
        return TG_OK;
    struct room room = con->dialect->room(con->ctx, &con->workload);
    if (!begins && room.of_thread <= calls->reserved_bytes)
        return TG_OK;
    return calls_reserve(calls, con->ctx, room.total, room.of_thread, err);
}

static int set_up(struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    const char *text = con->dialect->session ? con->dialect->session : "";
    TRY(make_room(con, true, err));
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        buf_clear(&sql);
        buf_append(&sql, text, len);
        TRY(buf_check(&sql, err));
        TRY(connection_exec(con, buf_string(&sql), NULL, err));
    }
done:
    buf_release(&sql);
    return rc;
}

static int open_session(struct connection *con, const struct location *where, bool create,
                        struct tg_error *err)
{
    int rc = TG_OK;
    (void)create;
    struct calls *calls = mem_calloc(1, sizeof(*calls));
    if (!calls)
        return error_nomem(err);
    TRY(dialect_find(where->given->dialect, &con->dialect, err));
    *calls = (struct calls){.given = where->given, .ctx = con->ctx, .explain = con->dialect->error};
    TRY(calls_open(calls, err));
    con->state = calls;
    con->names_locks = where->given->lock != NULL;
    calls = NULL;
    rc = set_up(con, err);
    if (rc != TG_OK)
        close_session(con);
done:
    mem_free(calls);
    if (rc == TG_OK)
        return TG_OK;
    con->state = NULL;
    return error_where(err, rc, "connection '%s'", where->given->name);
}

/* ---- statements ---- */

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int rc = make_room(con, false, err);
    return rc == TG_OK ? calls_exec(con->state, con->ctx, sql, changed, err) : rc;
}

static int query(struct connection *con, const char *sql, bool few, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    (void)few;
    return calls_query(con->state, con->ctx, sql, out, err);
}

/* ---- what may be left out ---- */

static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    static const enum tg_transact words[] = {[TRANSACT_BEGIN] = TG_BEGIN,
                                             [TRANSACT_LOOK] = TG_LOOK,
                                             [TRANSACT_COMMIT] = TG_COMMIT,
                                             [TRANSACT_ROLLBACK] = TG_ROLLBACK};
    const struct calls *calls = con->state;
    return calls->given->transact ? calls_transact(con->state, con->ctx, words[what], err)
                                  : default_transact(con, what, err);
}

static int describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct calls *calls = con->state;
    struct ArrowArrayStream stream;
    struct text_rows rows = {0};
    if (!calls->given->describe)
        return default_describe(con, dataset, filter, out, err);
    TRY(describe_storage(con, out, err));
    TRY(calls_describe(con->state, con->ctx, dataset, &stream, err));
    TRY(text_rows_read(&stream, &rows, err));
    rc = describe_rows(con, &rows, filter, out, err);
done:
    text_rows_release(&rows);
    return rc;
}

static int ingest(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err)
{
    const struct calls *calls = con->state;
    return calls->given->ingest
               ? calls_ingest(con->state, con->ctx, into->dataset, into->table, stream, err)
               : default_ingest(con, into, stream, err);
}

static int lock(struct connection *con, const struct lock *locks, size_t count,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct calls *calls = con->state;
    if (!calls->given->lock)
        return default_lock(con, locks, count, err);
    for (size_t i = 0; i < count; i++)
        TRY(calls_lock(con->state, con->ctx, locks[i].name, locks[i].shared, err));
done:
    return rc;
}

const struct connection_driver connection_callbacks = {
    .check = check,
    .open = open_session,
    .close = close_session,
    .transact = transact,
    .exec = exec,
    .query = query,
    .describe = describe,
    .ingest = ingest,
    .lock = lock,
};
