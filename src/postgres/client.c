/*
 * A session: connecting, statements, and their end.
 *
 * Path: pg_open -> pg_dial -> set_up -> refuse_shared.
 *       pg_exec -> pg_send -> pg_finish -> pg_next (pg_wait until a result is there; holder.c says
 *       whom it waits for) -> errors.
 * A wait that is cancelled leaves a statement behind: pg_abandon asks the server to cancel it, and
 * reads until it has.
 *
 * Connecting is dial.c's, rows are stream.c's, COPY copy.c's. What an error means is error.c's.
 */
#include "postgres/client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "postgres/session.h"

enum {
    ABANDON_MS = 10000, /* until a server that does not end a cancelled statement is given up */
    SECOND_MS = 1000,   /* for a second session to get a process of its own */
    SLICE_MS = 50,      /* between looks at a flag that has no wakeup */
    VERSION_MIN = 150000
};

/* ---- waiting ---- */

int pg_wait_for(int socket, const struct context *ctx, short events, int64_t until, bool *late,
                struct tg_error *err)
{
    *late = false;
    for (;;) {
        int rc = context_check(ctx, err);
        if (rc != TG_OK)
            return rc;
        int64_t left = until ? (until - context_ticks_us()) / 1000 : -1;
        *late = until && left <= 0;
        if (*late || socket < 0)
            return TG_OK;
        bool blind = ctx->stop || (ctx->cancel && ctx->wakeup < 0);
        if (blind && (left < 0 || left > SLICE_MS))
            left = SLICE_MS;
        /* poll passes over a negative one. */
        struct pollfd wait[] = {{.fd = socket, .events = events},
                                {.fd = ctx->cancel ? ctx->wakeup : -1, .events = POLLIN}};
        int ready = poll(wait, 2, (int)left);
        if (ready < 0 && errno != EINTR)
            return error_errno(err, TG_IO, errno, "the PostgreSQL server cannot be waited for");
        if (ready > 0 && wait[0].revents)
            return TG_OK;
    }
}

int pg_wait(struct pg_client *client, const struct context *ctx, bool writable,
            struct tg_error *err)
{
    bool late;
    short events = (short)(POLLIN | (writable ? POLLOUT : 0));
    int rc = pg_wait_for(pq.socket(client->conn), ctx, events, client->asks_at, &late, err);
    if (rc == TG_OK && late)
        holder_ask(client, ctx);
    return rc;
}

/* ---- giving up ---- */

static void *ask_to_cancel(void *arg)
{
    char message[256];
    (void)!pq.cancel(arg, message, sizeof(message)); /* what became of it says the statement */
    pq.freeCancel(arg);
    return NULL;
}

/* On a thread of its own: a server that does not answer would hold us. */
static bool begin_cancel(struct pg_client *client, pthread_t *thread)
{
    PGcancel *cancel = pq.getCancel(client->conn);
    if (!cancel)
        return false;
    if (pthread_create(thread, NULL, ask_to_cancel, cancel) == 0)
        return true;
    pq.freeCancel(cancel);
    return false;
}

/* Until the server has it: later it would meet the next statement. false: it does not answer. */
static bool end_cancel(pthread_t thread, int64_t until)
{
    int64_t left = until - context_ticks_us();
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (left > 0) {
        at.tv_sec += left / 1000000;
        at.tv_nsec += left % 1000000 * 1000;
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
    }
    if (pthread_timedjoin_np(thread, NULL, &at) == 0)
        return true;
    pthread_detach(thread);
    return false;
}

/* Takes what has come of a COPY, or ends it; false: more is to come. */
static bool drop_copy(struct pg_client *client, ExecStatusType status)
{
    char *bytes = NULL;
    int len = 0;
    if (status != PGRES_COPY_OUT)
        (void)!pq.putCopyEnd(client->conn, "cancelled by tidegate");
    while (status == PGRES_COPY_OUT && (len = pq.getCopyData(client->conn, &bytes, 1)) > 0)
        pq.freemem(bytes);
    return status != PGRES_COPY_OUT || len < 0;
}

static bool is_copy(ExecStatusType status)
{
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* One look at what has come; false: all has. */
static bool drop_some(struct pg_client *client)
{
    while (!pq.isBusy(client->conn)) {
        PGresult *result = pq.getResult(client->conn);
        if (!result)
            return false;
        ExecStatusType status = pq.resultStatus(result);
        pq.clear(result);
        if (is_copy(status) && !drop_copy(client, status))
            return true;
    }
    return true;
}

/* `ask`: the server is to cancel it. */
static void end_statement(struct pg_client *client, bool ask)
{
    struct context deaf;
    bool late = false;
    context_init(&deaf);
    pthread_t thread;
    int64_t until = context_ticks_us() + (int64_t)ABANDON_MS * 1000;
    bool asked = ask && begin_cancel(client, &thread);
    while (!late && drop_some(client)) {
        bool unsent = pq.flush(client->conn) == 1;
        short events = (short)(POLLIN | (unsent ? POLLOUT : 0));
        if (pg_wait_for(pq.socket(client->conn), &deaf, events, until, &late, NULL) != TG_OK)
            break;
        if (!late && !pq.consumeInput(client->conn))
            break;
    }
    if (asked && !end_cancel(thread, until))
        late = true;
    client->given_up = late;
}

void pg_abandon(struct pg_client *client)
{
    if (pq.transactionStatus(client->conn) == PQTRANS_ACTIVE)
        end_statement(client, true);
}

/* ---- statements ---- */

int pg_ready(struct pg_client *client, const struct context *ctx, struct tg_error *err)
{
    client->ctx = ctx;
    return client->given_up ? pg_lost_error(client, err) : context_check(ctx, err);
}

int pg_send_copy(struct pg_client *client, const struct context *ctx, const char *sql,
                 struct tg_error *err)
{
    int rc = pg_ready(client, ctx, err);
    if (rc == TG_OK && !pq.sendQuery(client->conn, sql))
        rc = pg_lost_error(client, err);
    return rc;
}

int pg_send(struct pg_client *client, const struct context *ctx, const char *sql,
            const struct pg_parameters *parameters, bool binary, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = parameters ? parameters->count : 0;
    Oid *types = mem_calloc(count + 1, sizeof(*types));
    const char **values = mem_calloc(count + 1, sizeof(*values));
    if (!types || !values)
        TRY(error_nomem(err));
    TRY(pg_ready(client, ctx, err));
    for (size_t i = 0; i < count; i++) {
        types[i] = parameters->items[i].oid;
        values[i] = parameters->items[i].text;
    }
    if (!pq.sendQueryParams(client->conn, sql, (int)count, types, values, NULL, NULL, binary))
        rc = pg_lost_error(client, err);
done:
    mem_free(types);
    mem_free(values);
    return rc;
}

int pg_next(struct pg_client *client, const struct context *ctx, PGresult **out,
            struct tg_error *err)
{
    *out = NULL;
    client->ctx = ctx;
    for (;;) {
        int unsent = pq.flush(client->conn);
        if (unsent <= 0 && !pq.isBusy(client->conn))
            break;
        int rc = pg_wait(client, ctx, unsent > 0, err);
        if (rc != TG_OK) {
            pg_abandon(client);
            return rc;
        }
        if (!pq.consumeInput(client->conn))
            break; /* the result says why */
    }
    *out = pq.getResult(client->conn);
    return TG_OK;
}

/* Rows that were changed: of a query none were. */
static uint64_t rows_changed(PGresult *result)
{
    bool rows = pq.resultStatus(result) == PGRES_TUPLES_OK;
    if (rows && strncmp(pq.cmdStatus(result), "SELECT", strlen("SELECT")) == 0)
        return 0;
    return strtoull(pq.cmdTuples(result), NULL, 10);
}

int pg_check_result(struct pg_client *client, const PGresult *result, const char *sql,
                    struct tg_error *err)
{
    ExecStatusType status = pq.resultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE)
        return TG_OK;
    if (status == PGRES_EMPTY_QUERY)
        return error_set(err, TG_DESTINATION, "postgresql: the statement is empty");
    if (!is_copy(status))
        return pg_result_error(client, result, sql, err);
    /* Cancelled, one that waits for rows would be answered twice: to the Sync behind it, and to the
     * one that ends it. */
    end_statement(client, status == PGRES_COPY_OUT);
    return error_set(err, TG_DESTINATION,
                     "postgresql: COPY from or to the client is no statement to be run here");
}

int pg_finish(struct pg_client *client, const struct context *ctx, const char *sql,
              uint64_t *changed, struct tg_error *err)
{
    int rc = TG_OK;
    for (;;) {
        PGresult *result = NULL;
        int waited = pg_next(client, ctx, &result, rc == TG_OK ? err : NULL);
        if (waited != TG_OK || !result)
            return rc == TG_OK ? waited : rc;
        if (rc == TG_OK)
            rc = pg_check_result(client, result, sql, err);
        if (rc == TG_OK && changed)
            *changed = rows_changed(result);
        pq.clear(result);
    }
}

int pg_exec(struct pg_client *client, const struct context *ctx, const char *sql, uint64_t *changed,
            struct tg_error *err)
{
    if (changed)
        *changed = 0;
    int rc = pg_send(client, ctx, sql, NULL, false, err);
    if (rc != TG_OK)
        return rc;
    (void)!pq.setSingleRowMode(client->conn); /* rows are dropped one by one */
    holder_begin(client);
    rc = pg_finish(client, ctx, sql, changed, err);
    holder_end(client, ctx);
    return rc;
}

/* To COMMIT a server answers ROLLBACK where a statement has failed before. */
int pg_commit(struct pg_client *client, const struct context *ctx, struct tg_error *err)
{
    struct tg_error why = {0};
    bool failed = pq.transactionStatus(client->conn) == PQTRANS_INERROR;
    int rc = pg_exec(client, ctx, "COMMIT", NULL, &why);
    if (rc == TG_OK && failed) {
        rc = error_set(&why, TG_DESTINATION,
                       "postgresql: nothing was committed, since a statement has failed before");
        memcpy(why.sqlstate, "25P02", sizeof("25P02"));
    }
    if (rc != TG_OK && pq.status(client->conn) == CONNECTION_BAD)
        memcpy(why.sqlstate, "08007", sizeof("08007"));
    if (rc != TG_OK && err)
        *err = why;
    return rc;
}

/* ---- connecting ---- */

static int check_version(PGconn *conn, struct tg_error *err)
{
    int version = pq.serverVersion(conn);
    if (version >= VERSION_MIN)
        return TG_OK;
    return error_set(err, TG_DESTINATION,
                     "postgresql: the server is version %d.%d, and at least %d is needed; upgrade "
                     "it, or name another",
                     version / 10000, version % 10000, VERSION_MIN / 10000);
}

/* What the server tells beside results. */
static void on_notice(void *arg, const PGresult *notice)
{
    struct pg_client *client = arg;
    client->notice_count++;
    const char *severity = pq.resultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = pq.resultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    bool warning = severity && strcmp(severity, "WARNING") == 0;
    if (client->ctx && message)
        context_log(client->ctx, warning ? TG_LOG_WARNING : TG_LOG_DEBUG, "postgresql", "%s",
                    message);
}

int pg_ask(struct pg_client *client, const struct context *ctx, const char *sql, int64_t until,
           bool *late, PGresult **out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = NULL;
    TRY(pg_send(client, ctx, sql, NULL, false, err));
    TRY(pg_wait_for(pq.socket(client->conn), ctx, POLLIN, until, late, err));
    if (*late)
        goto done;
    TRY(pg_next(client, ctx, out, err));
    TRY(pg_check_result(client, *out, sql, err));
    rc = pg_finish(client, ctx, sql, NULL, err);
done:
    return rc;
}

/* The first cell of what a query gives, as a number. *late: no answer had come at `until`. */
static int ask_number(struct pg_client *client, const struct context *ctx, const char *sql,
                      int64_t until, bool *late, long *out, struct tg_error *err)
{
    PGresult *result = NULL;
    int rc = pg_ask(client, ctx, sql, until, late, &result, err);
    if (rc == TG_OK && !*late)
        *out = strtol(pq.getvalue(result, 0, 0), NULL, 10);
    pq.clear(result);
    return rc;
}

/* What values and literals look like must not depend on the server's settings. A database that does
 * not know how its texts are encoded sends them as they are: the decoder says which one is wrong,
 * the server would not. Rows that a policy hides would be missed in silence: the server is to
 * refuse such a table, unless somebody wants it so; and always, who must see it whole. */
static int set_up(struct pg_client *client, const struct context *ctx, bool whole, long *process,
                  struct tg_error *err)
{
    static const char settings[] =
        "SELECT pg_catalog.pg_backend_pid(), set_config(name, value, false) FROM (VALUES\n"
        "    ('timezone', 'UTC'), ('datestyle', 'ISO, MDY'), ('intervalstyle', 'iso_8601'),\n"
        "    ('extra_float_digits', '1'), ('bytea_output', 'hex'),\n"
        "    ('standard_conforming_strings', 'on'),\n"
        "    ('client_encoding', CASE current_setting('server_encoding')\n"
        "                        WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END),\n"
        "    ('row_security', (SELECT CASE WHEN source = 'default' OR %s THEN 'off'\n"
        "                             ELSE setting END\n"
        "                      FROM pg_catalog.pg_settings WHERE name = 'row_security'))\n"
        ") AS settings (name, value)";
    bool late;
    char sql[sizeof(settings) + sizeof("false")];
    snprintf(sql, sizeof(sql), settings, whole ? "true" : "false");
    pq.setNoticeReceiver(client->conn, on_notice, client);
    if (pq.setnonblocking(client->conn, 1) != 0)
        return pg_lost_error(client, err);
    return ask_number(client, ctx, sql, 0, &late, process, err);
}

/* A pooler of transactions gives each of them to any process of the server, where settings,
 * temporary tables and prepared statements are those of others. Whoever answers in the name of
 * another process than the one that works is a pooler; and of that kind, if a second session gets
 * our process while we have no transaction. Where there is no second one, nobody can tell. */
static int refuse_shared(const struct pg_client *client, const struct context *ctx,
                         struct tg_error *err)
{
    long other = 0;
    bool late = false;
    struct pg_client second = {0};
    int64_t until = context_ticks_us() + SECOND_MS * 1000;
    if (client->process == pq.backendPID(client->conn))
        return TG_OK;
    bool asked = pg_dial(ctx, client->conninfo, 0, &second.conn, NULL) == TG_OK &&
                 ask_number(&second, ctx, "SELECT pg_catalog.pg_backend_pid()", until, &late,
                            &other, NULL) == TG_OK;
    if (second.conn)
        pq.finish(second.conn);
    if (!asked || late || other != client->process)
        return context_check(ctx, err);
    return error_set(err, TG_DESTINATION,
                     "postgresql: a pooler at '%s' gives each transaction another session of the "
                     "server, and a run needs one of its own; connect to the server itself, or to "
                     "a pool with 'pool_mode = session'",
                     pq.host(client->conn));
}

int pg_open(const struct context *ctx, const char *conninfo, bool whole, struct pg_client **out,
            struct tg_error *err)
{
    int rc = TG_OK;
    struct pg_client *client = mem_calloc(1, sizeof(*client));
    *out = NULL;
    if (client)
        client->conninfo = mem_strdup(conninfo);
    if (!client || !client->conninfo)
        TRY(error_nomem(err));
    TRY(pg_check(conninfo, err));
    TRY(pg_dial(ctx, conninfo, 0, &client->conn, err));
    TRY(check_version(client->conn, err));
    TRY(set_up(client, ctx, whole, &client->process, err));
    TRY(refuse_shared(client, ctx, err));
    *out = client;
    client = NULL;
done:
    pg_close(client);
    return rc;
}

void pg_close(struct pg_client *client)
{
    if (!client)
        return;
    if (client->conn)
        pq.finish(client->conn);
    mem_free(client->conninfo);
    mem_free(client);
}
