/*
 * For tests: DuckDB as a program gives it, through the functions of struct tg_connection. Each
 * session is a connection to one file by its own driver, which knows nothing of the library's
 * context: only `interrupt` stops it. What a function does can be changed by `given_next`.
 */
#ifndef TIDEGATE_TESTS_DATABASE_GIVEN_H
#define TIDEGATE_TESTS_DATABASE_GIVEN_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "database/connection.h"
#include "tidegate_connection.h"

struct given_database {
    char url[1200];
    atomic_int interrupts; /* calls of `interrupt` */
    atomic_int stalled;    /* statements that only an interrupt ends */
    int opened, closed, released;
    /* What goes wrong: */
    bool is_away;            /* nothing is reached any more */
    bool commit_says_no;     /* a commit is done, and reported as failed */
    bool commit_is_not_done; /* it is reported as failed, and is not done */
    bool has_no_sqlstate;    /* only messages */
    bool reads_one_batch;    /* ingest does not read the stream to its end */
    const char *refuses;     /* a part of the statements that fail */
    const char *stalls;      /* a part of such statements */
};

struct given_connection {
    struct given_database *database;
    struct context ctx;
    atomic_int stop;
    struct connection *con;
};

static inline int given_fail(const struct given_connection *given, int rc, struct tg_error *err)
{
    if (rc != TG_OK && given->database->has_no_sqlstate) {
        const char *text = strncmp(err->what, "duckdb: ", 8) == 0 ? err->what + 8 : err->what;
        char message[sizeof(err->what)];
        snprintf(message, sizeof(message), "%s", text);
        rc = error_set(err, TG_DESTINATION, "%s", message);
        err->sqlstate[0] = '\0';
        err->retryable = false;
    }
    return rc;
}

/* A call begins: what was interrupted before is over. */
static inline int given_begin(struct given_connection *given, struct tg_error *err)
{
    atomic_store(&given->stop, 0);
    if (!given->database->is_away)
        return TG_OK;
    error_set(err, TG_DESTINATION, "the server closed the connection");
    memcpy(err->sqlstate, "08006", 6);
    err->retryable = true;
    return TG_DESTINATION;
}

static inline int given_open(void *user, void **session, struct tg_error *err)
{
    struct given_database *database = user;
    struct given_connection *given = mem_calloc(1, sizeof(*given));
    if (!given)
        return error_nomem(err);
    given->database = database;
    context_init(&given->ctx);
    given->ctx.cancel = &given->stop;
    int rc = given_begin(given, err);
    if (rc == TG_OK)
        rc = connection_open(&given->ctx, AT_URL(database->url), true, &given->con, err);
    if (rc != TG_OK) {
        mem_free(given);
        return rc;
    }
    database->opened++;
    *session = given;
    return TG_OK;
}

static inline void given_close(void *session)
{
    struct given_connection *given = session;
    given->database->closed++;
    connection_close(given->con);
    mem_free(given);
}

/* Until it is interrupted; ten seconds are a failure, too. */
static inline int given_stall(struct given_connection *given, struct tg_error *err)
{
    atomic_fetch_add(&given->database->stalled, 1);
    for (int i = 0; i < 2000 && !atomic_load(&given->stop); i++)
        (void)!context_pause(&given->ctx, 5, NULL);
    return error_set(err, TG_DESTINATION, "%s",
                     atomic_load(&given->stop) ? "interrupted" : "nobody interrupted it");
}

static inline int given_exec(void *session, const char *sql, uint64_t *changed,
                             struct tg_error *err)
{
    struct given_connection *given = session;
    const char *refuses = given->database->refuses;
    int rc = given_begin(given, err);
    if (rc == TG_OK && refuses && strstr(sql, refuses))
        rc = error_set(err, TG_DESTINATION, "'%s' is refused", refuses);
    if (rc == TG_OK && given->database->stalls && strstr(sql, given->database->stalls))
        rc = given_stall(given, err);
    if (rc == TG_OK)
        rc = connection_exec(given->con, sql, changed, err);
    return given_fail(given, rc, err);
}

static inline int given_query(void *session, const char *sql, struct ArrowArrayStream *out,
                              struct tg_error *err)
{
    struct given_connection *given = session;
    int rc = given_begin(given, err);
    if (rc == TG_OK)
        rc = connection_query(given->con, sql, out, err);
    return given_fail(given, rc, err);
}

static inline void given_interrupt(void *session)
{
    struct given_connection *given = session;
    atomic_fetch_add(&given->database->interrupts, 1);
    atomic_store(&given->stop, 1);
}

static inline int given_commit(struct given_connection *given, struct tg_error *err)
{
    const struct given_database *database = given->database;
    int rc = database->commit_is_not_done ? TG_OK
                                          : connection_transact(given->con, TRANSACT_COMMIT, err);
    if (rc == TG_OK && (database->commit_is_not_done || database->commit_says_no)) {
        rc = error_set(err, TG_DESTINATION, "the server closed the connection");
        memcpy(err->sqlstate, "08006", 6);
    }
    return rc;
}

static inline int given_transact(void *session, enum tg_transact what, struct tg_error *err)
{
    static const enum transact words[] = {TRANSACT_BEGIN, TRANSACT_LOOK, TRANSACT_COMMIT,
                                          TRANSACT_ROLLBACK};
    struct given_connection *given = session;
    int rc = given_begin(given, err);
    if (rc != TG_OK)
        return rc;
    return what == TG_COMMIT ? given_commit(given, err)
                             : connection_transact(given->con, words[what], err);
}

static inline int given_describe(void *session, const char *dataset, struct ArrowArrayStream *out,
                                 struct tg_error *err)
{
    struct given_connection *given = session;
    struct buf sql = BUF_INIT;
    buf_text(&sql, "SELECT table_name, column_name, data_type, "
                   "is_nullable OR column_default IS NOT NULL FROM duckdb_columns() "
                   "JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
                   "WHERE database_name = current_database() AND lower(schema_name) = lower(");
    sql_text(&sql, dataset);
    buf_text(&sql, ") ORDER BY table_name, column_index");
    int rc = buf_check(&sql, err);
    if (rc == TG_OK)
        rc = given_query(given, sql.data, out, err);
    buf_release(&sql);
    return rc;
}

static inline int given_ingest(void *session, const char *dataset, const char *table,
                               struct ArrowArrayStream *rows, struct tg_error *err)
{
    struct given_connection *given = session;
    struct ArrowArray batch = {0};
    int rc = given_begin(given, err);
    if (given->database->reads_one_batch) {
        if (rows->get_next(rows, &batch) == 0)
            array_release(&batch);
        return rc;
    }
    if (rc == TG_OK)
        rc = connection_ingest(given->con, &(struct ingest_target){dataset, table}, rows, err);
    stream_release(rows);
    return given_fail(given, rc, err);
}

static inline void given_release(void *user)
{
    struct given_database *database = user;
    database->released++;
}

/* With all functions, or only with those that must be there. */
static inline struct tg_connection given_calls(struct given_database *database, bool all)
{
    struct tg_connection calls = {TG_CONNECTION_INIT,           .name = "warehouse",
                                  .dialect = "duckdb",          .user = database,
                                  .open = given_open,           .close = given_close,
                                  .exec = given_exec,           .query = given_query,
                                  .interrupt = given_interrupt, .release = given_release};
    if (all) {
        calls.transact = given_transact;
        calls.describe = given_describe;
        calls.ingest = given_ingest;
    }
    return calls;
}

#endif
