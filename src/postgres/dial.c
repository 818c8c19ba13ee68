/*
 * Connecting, on a thread that may be left behind: libpq waits for the look-up of a name, of which
 * nobody can wake it.
 *
 * Path: pg_dial -> dial (the thread's: pg_start, then step by step until `until`) -> the wakeup
 * `done`, which is waited for beside the caller's own -> errors. Who is cancelled goes at once; the
 * thread ends when libpq lets it, and the last of the two drops the call.
 *
 * What is said of a server that does not answer is late_error, all else error.c's.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "base/wakeup.h"
#include "postgres/session.h"

enum { CONNECT_SECONDS = 60 }; /* for each host, where nothing else is said */

/* Both hold it. What the thread writes is read once it has ended. */
struct call {
    atomic_int holders;
    atomic_int left; /* nobody waits any more: the thread's cancel flag */
    atomic_bool ended;
    int done; /* a wakeup, set when it has ended */
    char *conninfo;
    PGconn *conn;
    bool late, connected;
};

static void let_go(struct call *call)
{
    if (atomic_fetch_sub(&call->holders, 1) > 1)
        return;
    if (call->conn)
        pq.finish(call->conn);
    wakeup_close(call->done);
    mem_free(call->conninfo);
    mem_free(call);
}

/* ---- the thread's ---- */

static void connect_stepwise(struct call *call)
{
    PGconn *conn = call->conn;
    struct context ctx;
    context_init(&ctx);
    ctx.cancel = &call->left;
    int64_t seconds = pg_number(conn, "connect_timeout", CONNECT_SECONDS);
    int64_t until = context_ticks_us() + seconds * pg_host_count(conn) * 1000000;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        int64_t end = seconds > 0 ? until : 0;
        if (pg_wait_for(pq.socket(conn), &ctx, events, end, &call->late, NULL) != TG_OK)
            return;
        if (call->late)
            return;
        state = pq.connectPoll(conn);
    }
    call->connected = state == PGRES_POLLING_OK;
}

static void *dial(void *arg)
{
    struct call *call = arg;
    call->conn = pg_start(call->conninfo);
    if (call->conn && pq.status(call->conn) != CONNECTION_BAD) {
        pq.setErrorVerbosity(call->conn, PQERRORS_VERBOSE); /* says the SQLSTATE */
        connect_stepwise(call);
    }
    atomic_store(&call->ended, true);
    wakeup_set(call->done);
    let_go(call);
    return NULL;
}

/* ---- the caller's ---- */

static int late_error(PGconn *conn, struct tg_error *err)
{
    int rc = error_set(err, TG_DESTINATION,
                       "postgresql: the server '%s' did not answer in time; start it, correct host "
                       "and port, or allow more time by connect_timeout",
                       pq.host(conn));
    if (err) {
        err->retryable = true;
        memcpy(err->sqlstate, "08001", sizeof("08001"));
    }
    return rc;
}

/* The two threads have it from here on. */
static int start_dialing(struct call *call, pthread_t *thread, struct tg_error *err)
{
    atomic_store(&call->holders, 2);
    int code = pthread_create(thread, NULL, dial, call);
    if (code == 0)
        return TG_OK;
    atomic_store(&call->holders, 1);
    return error_errno(err, TG_IO, code, "no thread to connect to the PostgreSQL server");
}

/* One that has nothing more to wait for is waited for: a process that ends before it does would
 * leak what OpenSSL keeps for each thread. */
static void stop_dialing(struct call *call, pthread_t thread)
{
    atomic_store(&call->left, 1);
    if (atomic_load(&call->ended))
        (void)!pthread_join(thread, NULL);
    else
        (void)!pthread_detach(thread);
}

int pg_dial(const struct context *ctx, const char *conninfo, int64_t until, PGconn **out,
            struct tg_error *err)
{
    int rc = TG_OK;
    bool late = false, dialing = false;
    pthread_t thread;
    struct call *call = mem_calloc(1, sizeof(*call));
    *out = NULL;
    if (!call)
        return error_nomem(err);
    atomic_store(&call->holders, 1);
    call->done = -1;
    call->conninfo = mem_strdup(conninfo);
    if (!call->conninfo)
        TRY(error_nomem(err));
    TRY(wakeup_open(&call->done, err));
    TRY(start_dialing(call, &thread, err));
    dialing = true;
    while (!atomic_load(&call->ended) && !late)
        TRY(pg_wait_for(call->done, ctx, POLLIN, until, &late, err));
    if (!atomic_load(&call->ended))
        TRY(error_set(err, TG_DESTINATION, "postgresql: no second session in time"));
    *out = call->conn;
    call->conn = NULL;
    if (!*out)
        rc = error_nomem(err);
    else if (call->late)
        rc = late_error(*out, err);
    else if (!call->connected)
        rc = pg_connect_error(*out, err);
done:
    if (dialing)
        stop_dialing(call, thread);
    let_go(call);
    return rc;
}
