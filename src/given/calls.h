/*
 * A session of a connection that the program gives (struct tg_connection): its functions, with what
 * a program may get wrong looked at.
 */
#ifndef TIDEGATE_GIVEN_CALLS_H
#define TIDEGATE_GIVEN_CALLS_H

#include "base/watch.h"
#include "data/batch.h"
#include "tidegate_connection.h"

struct calls {
    const struct tg_connection *given; /* borrowed */
    const struct context *ctx;         /* borrowed */
    /* Of the dialect: what a message of its database means, where that is all there is; may be
     * NULL. */
    int (*explain)(struct tg_error *err, const char *message);
    void (*ended)(struct calls *calls); /* a stream of it is released; may be NULL */
    void *session;
    struct watch *watch;
    size_t reserved_bytes; /* for each thread */
};

/* TG_USAGE unless it has a name, and the functions that must be there. */
int calls_check(const struct tg_connection *given, struct tg_error *err) TG_CHECK_RESULT;

/* `out` names the connection, and what it borrows; it stays where it is until it is closed. On
 * failure there is nothing to be closed. */
int calls_open(struct calls *out, struct tg_error *err) TG_CHECK_RESULT;
void calls_close(struct calls *calls);
/* Each as the one of struct tg_connection; that one must be there. `ctx` is whose cancel flag
 * counts for the call. */
int calls_exec(struct calls *calls, const struct context *ctx, const char *sql, uint64_t *changed,
               struct tg_error *err) TG_CHECK_RESULT;
int calls_query(struct calls *calls, const struct context *ctx, const char *sql,
                struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
int calls_transact(struct calls *calls, const struct context *ctx, enum tg_transact what,
                   struct tg_error *err) TG_CHECK_RESULT;
int calls_describe(struct calls *calls, const struct context *ctx, const char *dataset,
                   struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
int calls_ingest(struct calls *calls, const struct context *ctx, const char *dataset,
                 const char *table, struct ArrowArrayStream *rows,
                 struct tg_error *err) TG_CHECK_RESULT;
int calls_lock(struct calls *calls, const struct context *ctx, const char *name, bool shared,
               struct tg_error *err) TG_CHECK_RESULT;
int calls_reserve(struct calls *calls, const struct context *ctx, size_t bytes, size_t thread_bytes,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
