/*
 * The driver of a connection that a program gives (struct tg_connection): its functions, with what
 * a program may get wrong looked at.
 *
 * Path: connection_open -> open_session -> the program's `open`, a watch, the dialect's settings;
 * exec, query, ... -> enter -> the program's function -> leave, which reads its code and error and
 * lets go of the watch (watch.c). What it leaves out is done in SQL (defaults.c). Its streams go
 * through data/foreign.c, ours that it reads are lent (data/lent.c).
 *
 * Such a connection is known by its name alone: there is no URL.
 */
#include <string.h>

#include "base/memory.h"
#include "data/foreign.h"
#include "data/lent.h"
#include "database/defaults.h"
#include "database/sending/ingest.h"
#include "database/template.h"
#include "database/watch.h"
#include "tidegate_connection.h"

struct given_session {
    const struct tg_connection *calls;
    void *session;
    struct watch *watch;
};

/* ---- what is given ---- */

enum { NAME_BYTES_MAX = 200 };

static int check_name(const char *name, struct tg_error *err)
{
    size_t len = name ? strlen(name) : 0;
    bool plain = len > 0 && len <= NAME_BYTES_MAX;
    for (size_t i = 0; plain && i < len; i++)
        plain = (unsigned char)name[i] >= ' ' && name[i] != 0x7f;
    return plain ? TG_OK
                 : error_set(err, TG_USAGE,
                             "a connection needs a `name` that says which database it is: up to "
                             "%d bytes, without control characters",
                             NAME_BYTES_MAX);
}

static int check_calls(const struct tg_connection *calls, struct tg_error *err)
{
    const struct {
        const char *name;
        bool is_there;
    } needed[] = {{"open", calls->open != NULL},
                  {"close", calls->close != NULL},
                  {"exec", calls->exec != NULL},
                  {"query", calls->query != NULL},
                  {"interrupt", calls->interrupt != NULL}};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!needed[i].is_there)
            return error_set(err, TG_USAGE, "connection '%s' has no function `%s`; set it",
                             calls->name, needed[i].name);
    return TG_OK;
}

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_connection *calls = where->given;
    const struct dialect *dialect = NULL;
    (void)dataset;
    TRY(check_name(calls->name, err));
    TRY(check_calls(calls, err));
    if (!calls->dialect)
        TRY(error_set(err, TG_USAGE, "connection '%s' has no `dialect`; say what its SQL is",
                      calls->name));
    TRY(dialect_find(calls->dialect, &dialect, err));
    if (!place)
        goto done;
    place->dialect = dialect;
    if (!folder)
        goto done;
    buf_printf(&place->absolute, "given:%s", calls->name);
    buf_printf(&place->identity, "given:%s", calls->name);
    TRY(buf_check(&place->absolute, err));
    rc = buf_check(&place->identity, err);
done:
    return rc;
}

/* ---- calls ---- */

/* The error of a call that has failed: it may be anything but a success, a conflict (which says of
 * the pipeline that it has moved on) or the like. */
static int read_error(const struct dialect *dialect, const char *call, int rc,
                      struct tg_error *theirs)
{
    static const bool codes[TG_INTERNAL + 1] = {
        [TG_USAGE] = true,       [TG_NOMEM] = true,  [TG_IO] = true,
        [TG_DESTINATION] = true, [TG_LOCKED] = true, [TG_CANCELLED] = true};
    bool known = rc > TG_OK && rc <= TG_INTERNAL && codes[rc];
    theirs->code = known ? rc : TG_DESTINATION;
    theirs->sqlstate[sizeof(theirs->sqlstate) - 1] = '\0';
    theirs->where[sizeof(theirs->where) - 1] = '\0';
    theirs->what[sizeof(theirs->what) - 1] = '\0';
    if (!theirs->what[0])
        return error_set(theirs, theirs->code,
                         "`%s` of the connection returned %d without a message; fill err->what",
                         call, rc);
    if (theirs->code != TG_DESTINATION || theirs->sqlstate[0] || !dialect->error)
        return theirs->code;
    struct tg_error said = *theirs;
    bool retryable = theirs->retryable;
    (void)!dialect->error(theirs, said.what);
    memcpy(theirs->where, said.where, sizeof(said.where));
    theirs->retryable = theirs->retryable || retryable;
    return theirs->code;
}

static int enter(struct connection *con, struct tg_error *err)
{
    const struct given_session *given = con->state;
    return watch_enter(given->watch, con->ctx, err);
}

/* What is to be made of a call that has returned; its error goes to `err`. */
static int leave(struct connection *con, const char *call, int rc, struct tg_error *theirs,
                 struct tg_error *err)
{
    const struct given_session *given = con->state;
    if (rc != TG_OK)
        rc = read_error(con->dialect, call, rc, theirs);
    rc = watch_leave(given->watch, rc, theirs);
    if (rc != TG_OK && err)
        *err = *theirs;
    return rc;
}

/* ---- its life ---- */

static void close_session(struct connection *con)
{
    struct given_session *given = con->state;
    watch_stop(given->watch);
    given->calls->close(given->session);
    mem_free(given);
}

static int set_up(struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    const char *text = con->dialect->session ? con->dialect->session : "";
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

static int start(struct connection *con, struct given_session *given, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error theirs = {0};
    const struct tg_connection *calls = given->calls;
    TRY(context_check(con->ctx, err));
    rc = calls->open(calls->user, &given->session, &theirs);
    if (rc != TG_OK) {
        rc = read_error(con->dialect, "open", rc, &theirs);
        if (err)
            *err = theirs;
        goto done;
    }
    con->state = given;
    TRY(watch_start(con->ctx, calls->interrupt, given->session, &given->watch, err));
    rc = set_up(con, err);
done:
    return rc;
}

static int open_session(struct connection *con, const struct location *where, bool create,
                        struct tg_error *err)
{
    (void)create;
    const struct tg_connection *calls = where->given;
    struct given_session *given = mem_calloc(1, sizeof(*given));
    if (!given)
        return error_nomem(err);
    given->calls = calls;
    int rc = dialect_find(calls->dialect, &con->dialect, err);
    if (rc == TG_OK)
        rc = start(con, given, err);
    if (rc == TG_OK)
        return TG_OK;
    if (con->state)
        close_session(con);
    else
        mem_free(given);
    con->state = NULL;
    return error_where(err, rc, "connection '%s'", calls->name);
}

/* ---- statements ---- */

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    uint64_t rows = 0;
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    rc = given->calls->exec(given->session, sql, &rows, &theirs);
    if (changed)
        *changed = rows;
    return leave(con, "exec", rc, &theirs, err);
}

static int enter_stream(void *con, struct tg_error *err)
{
    return enter(con, err);
}

static int leave_stream(void *con, int rc, struct tg_error *err)
{
    return leave(con, "get_next", rc, err, NULL);
}

/* A stream of the program's as one of ours. */
static int take_stream(struct connection *con, const char *call, int rc, struct tg_error *theirs,
                       struct ArrowArrayStream *foreign, struct ArrowArrayStream *out,
                       struct tg_error *err)
{
    const struct stream_guard guard = {enter_stream, leave_stream, con};
    rc = leave(con, call, rc, theirs, err);
    if (rc == TG_OK)
        return stream_foreign(foreign, TG_DESTINATION, &guard, out, err);
    stream_release(foreign);
    return rc;
}

static int query(struct connection *con, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    struct ArrowArrayStream foreign = {0};
    *out = (struct ArrowArrayStream){0};
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    rc = given->calls->query(given->session, sql, &foreign, &theirs);
    return take_stream(con, "query", rc, &theirs, &foreign, out, err);
}

/* ---- what may be left out ---- */

static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    static const enum tg_transact words[] = {[TRANSACT_BEGIN] = TG_BEGIN,
                                             [TRANSACT_LOOK] = TG_LOOK,
                                             [TRANSACT_COMMIT] = TG_COMMIT,
                                             [TRANSACT_ROLLBACK] = TG_ROLLBACK};
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    if (!given->calls->transact)
        return default_transact(con, what, err);
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    rc = given->calls->transact(given->session, words[what], &theirs);
    return leave(con, "transact", rc, &theirs, err);
}

static int fetch_description(struct connection *con, const char *dataset, struct text_rows *out,
                             struct tg_error *err)
{
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    struct ArrowArrayStream foreign = {0}, stream = {0};
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    rc = given->calls->describe(given->session, dataset, &foreign, &theirs);
    rc = take_stream(con, "describe", rc, &theirs, &foreign, &stream, err);
    return rc == TG_OK ? text_rows_read(&stream, out, err) : rc;
}

static int describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct given_session *given = con->state;
    struct text_rows rows = {0};
    if (!given->calls->describe)
        return default_describe(con, dataset, filter, out, err);
    TRY(describe_storage(con, out, err));
    TRY(fetch_description(con, dataset, &rows, err));
    rc = describe_rows(con, &rows, filter, out, err);
done:
    text_rows_release(&rows);
    return rc;
}

static int ingest(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err)
{
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    struct lent lent;
    if (!given->calls->ingest)
        return default_ingest(con, into, stream, err);
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    stream_lend(stream, &lent);
    rc = given->calls->ingest(given->session, into->dataset, into->table, &lent.stream, &theirs);
    rc = leave(con, "ingest", rc, &theirs, err);
    return stream_lent(&lent, rc, err);
}

static int take_lock(struct connection *con, const struct lock *lock, struct tg_error *err)
{
    const struct given_session *given = con->state;
    struct tg_error theirs = {0};
    int rc = enter(con, err);
    if (rc != TG_OK)
        return rc;
    rc = given->calls->lock(given->session, lock->name, lock->shared, &theirs);
    return leave(con, "lock", rc, &theirs, err);
}

static int lock(struct connection *con, const struct lock *locks, size_t count,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct given_session *given = con->state;
    if (!given->calls->lock)
        return default_lock(con, locks, count, err);
    for (size_t i = 0; i < count; i++)
        TRY(take_lock(con, &locks[i], err));
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
