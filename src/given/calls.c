/*
 * Calls of a connection that a program gives.
 *
 * Path: calls_open -> the program's `open`, a watch; calls_exec, calls_query, ... -> enter -> the
 * program's function -> leave, which reads its code and error and lets go of the watch
 * (base/watch.c). Its streams go through data/foreign.c, ours that it reads are lent (data/lent.c).
 *
 * What is done with it is for others, a destination (database/drivers/callbacks.c).
 */
#include "given/calls.h"

#include <string.h>

#include "data/foreign.h"
#include "data/lent.h"

/* ---- what is given ---- */

enum { NAME_BYTES_MAX = 5000 }; /* the path of a file, and what stands before it */

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

int calls_check(const struct tg_connection *given, struct tg_error *err)
{
    const struct {
        const char *name;
        bool is_there;
    } needed[] = {{"open", given->open != NULL},
                  {"close", given->close != NULL},
                  {"exec", given->exec != NULL},
                  {"query", given->query != NULL},
                  {"interrupt", given->interrupt != NULL}};
    int rc = check_name(given->name, err);
    for (size_t i = 0; rc == TG_OK && i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!needed[i].is_there)
            rc = error_set(err, TG_USAGE, "connection '%s' has no function `%s`; set it",
                           given->name, needed[i].name);
    return rc;
}

/* ---- around each call ---- */

/* The error of a call that has failed: it may be anything but a success, a conflict (which says of
 * the pipeline that it has moved on) or the like. */
static int read_error(const struct calls *calls, const char *call, int rc, struct tg_error *theirs)
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
    if (theirs->code != TG_DESTINATION || theirs->sqlstate[0] || !calls->explain)
        return theirs->code;
    struct tg_error said = *theirs;
    bool retryable = theirs->retryable;
    (void)!calls->explain(theirs, said.what);
    memcpy(theirs->where, said.where, sizeof(said.where));
    theirs->retryable = theirs->retryable || retryable;
    return theirs->code;
}

/* What is to be made of a call that has returned; its error goes to `err`. */
static int leave(const struct calls *calls, const char *call, int rc, struct tg_error *theirs,
                 struct tg_error *err)
{
    if (rc != TG_OK)
        rc = read_error(calls, call, rc, theirs);
    rc = watch_leave(calls->watch, rc, theirs);
    if (rc != TG_OK && err)
        *err = *theirs;
    return rc;
}

static int enter_stream(void *user, struct tg_error *err)
{
    const struct calls *calls = user;
    return watch_enter(calls->watch, calls->ctx, err);
}

static int leave_stream(void *user, int rc, struct tg_error *err)
{
    return leave(user, "get_next", rc, err, NULL);
}

static void end_stream(void *user)
{
    struct calls *calls = user;
    if (calls->ended)
        calls->ended(calls);
}

/* A stream of the program's as one of ours. */
static int take_stream(struct calls *calls, const char *call, int rc, struct tg_error *theirs,
                       struct ArrowArrayStream *foreign, struct ArrowArrayStream *out,
                       struct tg_error *err)
{
    const struct stream_guard guard = {enter_stream, leave_stream, calls, end_stream};
    rc = leave(calls, call, rc, theirs, err);
    if (rc == TG_OK)
        return stream_foreign(foreign, TG_DESTINATION, &guard, out, err);
    stream_release(foreign);
    return rc;
}

/* ---- the calls ---- */

int calls_open(struct calls *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error theirs = {0};
    const struct tg_connection *given = out->given;
    TRY(context_check(out->ctx, err));
    rc = given->open(given->user, &out->session, &theirs);
    if (rc != TG_OK) {
        rc = read_error(out, "open", rc, &theirs);
        if (err)
            *err = theirs;
        goto done;
    }
    rc = watch_start(out->ctx, given->interrupt, out->session, &out->watch, err);
    if (rc != TG_OK)
        given->close(out->session);
done:
    return rc;
}

void calls_close(struct calls *calls)
{
    watch_stop(calls->watch);
    calls->given->close(calls->session);
}

int calls_exec(struct calls *calls, const struct context *ctx, const char *sql, uint64_t *changed,
               struct tg_error *err)
{
    struct tg_error theirs = {0};
    uint64_t rows = 0;
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->exec(calls->session, sql, &rows, &theirs);
    if (changed)
        *changed = rows;
    return leave(calls, "exec", rc, &theirs, err);
}

int calls_query(struct calls *calls, const struct context *ctx, const char *sql,
                struct ArrowArrayStream *out, struct tg_error *err)
{
    struct tg_error theirs = {0};
    struct ArrowArrayStream foreign = {0};
    *out = (struct ArrowArrayStream){0};
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->query(calls->session, sql, &foreign, &theirs);
    return take_stream(calls, "query", rc, &theirs, &foreign, out, err);
}

int calls_transact(struct calls *calls, const struct context *ctx, enum tg_transact what,
                   struct tg_error *err)
{
    struct tg_error theirs = {0};
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->transact(calls->session, what, &theirs);
    return leave(calls, "transact", rc, &theirs, err);
}

int calls_describe(struct calls *calls, const struct context *ctx, const char *dataset,
                   struct ArrowArrayStream *out, struct tg_error *err)
{
    struct tg_error theirs = {0};
    struct ArrowArrayStream foreign = {0};
    *out = (struct ArrowArrayStream){0};
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->describe(calls->session, dataset, &foreign, &theirs);
    return take_stream(calls, "describe", rc, &theirs, &foreign, out, err);
}

int calls_ingest(struct calls *calls, const struct context *ctx, const char *dataset,
                 const char *table, struct ArrowArrayStream *rows, struct tg_error *err)
{
    struct tg_error theirs = {0};
    struct lent lent;
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    stream_lend(rows, &lent);
    rc = calls->given->ingest(calls->session, dataset, table, &lent.stream, &theirs);
    rc = leave(calls, "ingest", rc, &theirs, err);
    return stream_lent(&lent, rc, err);
}

int calls_lock(struct calls *calls, const struct context *ctx, const char *name, bool shared,
               struct tg_error *err)
{
    struct tg_error theirs = {0};
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->lock(calls->session, name, shared, &theirs);
    return leave(calls, "lock", rc, &theirs, err);
}

int calls_reserve(struct calls *calls, const struct context *ctx, size_t bytes, size_t thread_bytes,
                  struct tg_error *err)
{
    struct tg_error theirs = {0};
    int rc = watch_enter(calls->watch, ctx, err);
    if (rc != TG_OK)
        return rc;
    rc = calls->given->reserve(calls->session, bytes, thread_bytes, &theirs);
    if (rc == TG_OK)
        calls->reserved_bytes = thread_bytes;
    return leave(calls, "reserve", rc, &theirs, err);
}
