/*
 * What the files of this folder share of a session: sending a statement, waiting for its results,
 * giving it up, and errors.
 */
#ifndef TIDEGATE_POSTGRES_SESSION_H
#define TIDEGATE_POSTGRES_SESSION_H

#include "postgres/client.h"
#include "postgres/functions.h"

struct pg_client {
    PGconn *conn;
    const struct context *ctx; /* of the call that runs: for notices */
    bool given_up;             /* its last statement was left behind */
    uint64_t notice_count;     /* that came */
    char *conninfo;            /* for a second session */
    long process;              /* at the server */
    /* holder.c, while a statement is waited for: when it is asked who keeps it waiting (ticks; 0:
     * not), how long after the last time, and whether somebody was named. */
    int64_t asks_at, wait_us;
    bool is_told;
};

/* ---- client.c ---- */

/* TG_OK: a statement may be sent. */
int pg_ready(struct pg_client *client, const struct context *ctx,
             struct tg_error *err) TG_CHECK_RESULT;
/* Sends one statement. `parameters` may be NULL. */
int pg_send(struct pg_client *client, const struct context *ctx, const char *sql,
            const struct pg_parameters *parameters, bool binary,
            struct tg_error *err) TG_CHECK_RESULT;
/* Sends COPY, alone in its message: what ends it then needs no answer of its own, however it comes
 * to end. */
int pg_send_copy(struct pg_client *client, const struct context *ctx, const char *sql,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Until a descriptor is ready for `events`, or `until` (ticks; 0: for ever) has come: *late. One
 * that is closed is ready: who reads from it is told so. TG_CANCELLED. */
int pg_wait_for(int socket, const struct context *ctx, short events, int64_t until, bool *late,
                struct tg_error *err) TG_CHECK_RESULT;
/* Waits until the socket can be read, or written to as well. TG_CANCELLED. */
int pg_wait(struct pg_client *client, const struct context *ctx, bool writable,
            struct tg_error *err) TG_CHECK_RESULT;
/* The statement's next result, to be cleared; NULL: there are no more. */
int pg_next(struct pg_client *client, const struct context *ctx, PGresult **out,
            struct tg_error *err) TG_CHECK_RESULT;
/* TG_OK: it is none of an error, nor of a COPY. */
int pg_check_result(struct pg_client *client, const PGresult *result, const char *sql,
                    struct tg_error *err) TG_CHECK_RESULT;
/* What is left of a statement up to its end. *changed (may be NULL) as pg_exec. `sql` (may be NULL)
 * is shown where the server points into it. */
int pg_finish(struct pg_client *client, const struct context *ctx, const char *sql,
              uint64_t *changed, struct tg_error *err) TG_CHECK_RESULT;
/* What a query gives, to be cleared; `until` and *late as for pg_wait_for: then nothing has come,
 * and the session is good for nothing more. */
int pg_ask(struct pg_client *client, const struct context *ctx, const char *sql, int64_t until,
           bool *late, PGresult **out, struct tg_error *err) TG_CHECK_RESULT;
/* Cancels what runs and waits for its end, for some time. */
void pg_abandon(struct pg_client *client);

/* ---- dial.c ---- */

/* Connects. *out may be set where it fails, and is to be finished. TG_CANCELLED: at once, whatever
 * libpq waits for; the same at `until` (ticks; 0: as long as the connection's options let it). */
int pg_dial(const struct context *ctx, const char *conninfo, int64_t until, PGconn **out,
            struct tg_error *err) TG_CHECK_RESULT;

/* ---- holder.c ---- */

/* Around a statement that may wait for others, whom the context is told of. */
void holder_begin(struct pg_client *client);
void holder_ask(struct pg_client *client, const struct context *ctx);
void holder_end(struct pg_client *client, const struct context *ctx);

/* ---- place.c ---- */

/* Begins to connect; what became of it says the status. NULL: out of memory. */
PGconn *pg_start(const char *conninfo);
/* A parameter as a number. */
int pg_number(PGconn *conn, const char *keyword, int fallback);
/* How many hosts are tried. */
int pg_host_count(PGconn *conn);

/* ---- error.c ---- */

/* Of a result (borrowed). */
int pg_result_error(const struct pg_client *client, const PGresult *result, const char *sql,
                    struct tg_error *err);
/* Of a session whose server cannot be reached, or is gone. */
int pg_connect_error(PGconn *conn, struct tg_error *err);
int pg_lost_error(const struct pg_client *client, struct tg_error *err);
/* A copy of one line of what libpq says in several. */
void pg_one_line(const char *message, struct buf *out);

#endif
