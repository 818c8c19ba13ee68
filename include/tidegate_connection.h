/*
 * tidegate: a connection that the program gives.
 *
 * A database that the program reaches by itself (by a handle that it has open already, or by a
 * client that tidegate does not know) becomes the destination of a pipeline: its functions are
 * called in place of a driver's. open, close, exec, query and interrupt must be set; what else is
 * left out is done in SQL.
 *
 *     const struct tg_connection warehouse = {
 *         TG_CONNECTION_INIT, .name = "warehouse", .dialect = "duckdb", .user = database,
 *         .open = open_session, .close = close_session, .exec = run_statement,
 *         .query = open_query, .interrupt = interrupt_session};
 *     const struct tg_pipeline_options options = {
 *         TG_PIPELINE_OPTIONS_INIT, .name = "shop", .destination_connection = &warehouse};
 *
 * examples/given_connection.c is a whole one. And a DuckDB that the program has open may do the
 * work of the embedded engine, and no library of DuckDB is loaded: `.scratch_connection`, below.
 * What must hold:
 *
 * Sessions. `open` gives a session with nothing in it of another one: no transaction, no temporary
 * table. `close` ends it, rolls back what was not committed, and drops its temporary tables.
 * Several may be open at once (a stream of tg_pipeline_query has its own), and statements change
 * their settings, such as the default schema and the time zone (UTC).
 *
 * Threads. The calls for one session come one after the other, from whichever thread uses the
 * pipeline or its stream, but for `interrupt`: it comes from a thread of the library, only while
 * exec, query, describe, ingest, lock, a TG_BEGIN or a call of a stream of `query` is at work, and
 * again every 20 ms as long as it is. It returns at once.
 *
 * Ownership. Texts and structs are borrowed for the call. The stream that `query` gives is the
 * library's, which reads it by one thread at a time and releases it before the next call for the
 * session. The stream that `ingest` gets may be released or left, and is dead when the call has
 * returned; one thread at a time reads it, whichever that is.
 *
 * Errors. A call that fails returns a code and fills `err`: TG_DESTINATION, TG_LOCKED, TG_IO,
 * TG_NOMEM, TG_USAGE or TG_CANCELLED (any other is TG_DESTINATION), the database's message in
 * `what`, `retryable` where the same may go through later (a server that is away), and `sqlstate`,
 * of which these have a meaning: 42P01 a table and 42703 a column that is not there; 40001, 40P01
 * and 55P03 another transaction was in the way. It may be left empty where the dialect knows them
 * by the message ("duckdb": as DuckDB words it, from "Catalog Error:" on).
 *
 * Transactions. Outside of one each statement commits by itself. What is between TG_BEGIN and
 * TG_COMMIT, tables that are made and altered too, is there whole or not at all, whatever happens,
 * and nobody else sees it before. Of two transactions that change one row one waits or fails with
 * 40001. TG_COMMIT and TG_ROLLBACK are not interrupted. A TG_COMMIT that fails may have been done:
 * the library asks in a new session whether it was; where there is none, the next run does.
 *
 * Rows. A stream is of the Arrow C interface, a struct with a child for each column. NULLs are
 * marked by validity, never by a value; a batch may be empty, and a stream have none. Each batch is
 * checked (lengths, offsets, indices), and a get_next that fails makes the statement fail. Of a
 * stream that `ingest` gets, get_next must be looked at in the same way.
 *
 * As the database of a source (`source_connection` of a resource) it is asked for what the tables
 * and their keys are (information_schema) and for rows, in a transaction of TG_LOOK; nothing is
 * written. One session is open while a run reads, called by one thread at a time: the run's, or one
 * of the library that reads ahead.
 *
 * In the engine's place (`scratch_connection` of the options; it may be the destination, too, and
 * is then released twice, once for each):
 *
 *     const struct tg_pipeline_options options = {
 *         TG_PIPELINE_OPTIONS_INIT, .name = "shop", .destination = "postgresql:///shop",
 *         .scratch_connection = &own_duckdb};
 *
 * Its dialect is "duckdb" (1.4 or newer), and it has `ingest`. The database is in this process and
 * may read and write the files of this machine: sources, packages, and pipes as /dev/fd/N. It reads
 * CSV and Parquet, writes Parquet from a temporary table, and sorts out what a merge sends to
 * another database; nothing but temporary tables is made in it. Here sessions are also called by
 * the threads of the library that read ahead and write packages: several sessions at once, each by
 * one thread at a time. A `query` must give its rows as they are asked for: one that keeps them
 * all holds a whole file in memory. `memory` and `threads` of the options do not reach it: the
 * program sets its limits (as a destination it hears by `reserve` what they are to leave room for).
 * ADBC drivers and `duckdb:///` load what they are, as before.
 */
#ifndef TIDEGATE_CONNECTION_H
#define TIDEGATE_CONNECTION_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is done with a transaction. TG_LOOK begins one that changes nothing, and whose queries all
 * see one state; in one of TG_BEGIN a query that follows a lock sees what others had committed
 * before the lock was had. */
enum tg_transact { TG_BEGIN = 0, TG_LOOK = 1, TG_COMMIT = 2, TG_ROLLBACK = 3 };

struct tg_connection {
    size_t size; /* of this struct; set by tg_connection_init */
    /* Which database it is: equal for all connections to one, another for another one. Stands in
     * messages and beside loads that wait on disk, which are written where the name is the same: no
     * secrets. */
    const char *name;
    const char *dialect; /* what its SQL looks like: "duckdb" */
    void *user;          /* handed to `open` and `release` */
    int (*open)(void *user, void **session, struct tg_error *err);
    void (*close)(void *session);
    /* One statement. *changed: rows that it inserted, updated or deleted. */
    int (*exec)(void *session, const char *sql, uint64_t *changed, struct tg_error *err);
    /* One query; moves a stream of its rows to *out, read as they are asked for. */
    int (*query)(void *session, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err);
    /* Makes the call that is at work fail soon, with TG_CANCELLED or any other code. */
    void (*interrupt)(void *session);
    /* The rest may be NULL. */
    int (*transact)(void *session, enum tg_transact what, struct tg_error *err);
    /* The columns of all tables of a dataset, views left out, as rows of four columns: table,
     * column, type (as the database calls it) and whether a row may come without it (a BOOLEAN),
     * in the order of table and place. None: there is no such dataset. */
    int (*describe)(void *session, const char *dataset, struct ArrowArrayStream *out,
                    struct tg_error *err);
    /* Adds all rows of a stream to a table, by the names of the columns. `dataset` is NULL for a
     * temporary table. */
    int (*ingest)(void *session, const char *dataset, const char *table,
                  struct ArrowArrayStream *rows, struct tg_error *err);
    /* Takes the lock of that name until the transaction ends, for itself alone or shared with
     * others who want it so; waits, or fails with 40001 or 55P03. All who load into one dataset
     * must take it in the same way: leave it NULL where the database has no locks by name. */
    int (*lock)(void *session, const char *name, bool shared, struct tg_error *err);
    /* Called with `user` once the pipeline and its streams are freed; not where there came to be
     * none. */
    tg_release_fn release;
    /* For a program that limits the memory of its database: `bytes` are the part of the options'
     * `memory` that is left for it, and each of its threads takes up to `thread_bytes` at once for
     * the statements to come, which may be more. Called when a session begins, and again when they
     * need more; in the engine's place it is not. */
    int (*reserve)(void *session, size_t bytes, size_t thread_bytes, struct tg_error *err);
};

#define TG_CONNECTION_INIT .size = sizeof(struct tg_connection)

static inline void tg_connection_init(struct tg_connection *connection)
{
    memset(connection, 0, sizeof(*connection));
    connection->size = sizeof(*connection);
}

/* ---- A database by an ADBC driver ---- */

/* What a spec says as `destination: {driver: ..., uri: ..., options: ..., dialect: ...}`
 * (docs/adbc.md). */
struct tg_adbc {
    size_t size;                     /* of this struct; set by tg_adbc_init */
    const char *driver;              /* its name, or the path of its library or manifest */
    const char *uri;                 /* what it opens; NULL: its options say it */
    const struct tg_option *options; /* the driver's; texts of passwords, tokens and keys are hidden
                                        in messages */
    size_t option_count;
    const char *dialect; /* what SQL the database takes; NULL: the driver's name says it */
};

#define TG_ADBC_INIT .size = sizeof(struct tg_adbc)

static inline void tg_adbc_init(struct tg_adbc *adbc)
{
    memset(adbc, 0, sizeof(*adbc));
    adbc->size = sizeof(*adbc);
}

#ifdef __cplusplus
}
#endif

#endif
