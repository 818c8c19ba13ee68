/*
 * A session at a PostgreSQL server. Every call that waits looks at the context's cancel flag and
 * its wakeup; a cancelled statement has ended at the server when the call returns, or the session
 * is given up. TG_DESTINATION with the server's own words and SQLSTATE; 08006: the server is gone.
 * Where servers are is said as libpq takes it: a URI, or keyword=value, with services, password
 * files and the environment.
 */
#ifndef TIDEGATE_POSTGRES_CLIENT_H
#define TIDEGATE_POSTGRES_CLIENT_H

#include "base/buf.h"
#include "base/context.h"
#include "data/batch.h"
#include "postgres/values/decode.h"

struct pg_client; /* opaque */

/* ---- where a server is (place.c) ---- */

/* The form alone. TG_USAGE. */
int pg_check(const char *conninfo, struct tg_error *err) TG_CHECK_RESULT;
/* Appends "postgresql:HOST:PORT/DATABASE", equal for all that names one database, without anything
 * being opened. */
int pg_identity(const char *conninfo, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;

/* ---- sessions (client.c) ---- */

/* Connects, in UTC, UTF-8 and ISO forms. Versions before 15 are refused. A table of which a policy
 * hides rows fails a statement, unless the connection's options or the user's settings have
 * row_security on; where it is to be `whole`, then too. */
int pg_open(const struct context *ctx, const char *conninfo, bool whole, struct pg_client **out,
            struct tg_error *err) TG_CHECK_RESULT;
/* What is open at the server is rolled back. NULL is fine. */
void pg_close(struct pg_client *client);

/* One statement. *changed (may be NULL): rows inserted, updated or deleted. */
int pg_exec(struct pg_client *client, const struct context *ctx, const char *sql, uint64_t *changed,
            struct tg_error *err) TG_CHECK_RESULT;

/* Commits, and says so only when it is done: a transaction that has failed is rolled back
 * (25P02). 08007: the server went away meanwhile, and nobody knows. */
int pg_commit(struct pg_client *client, const struct context *ctx,
              struct tg_error *err) TG_CHECK_RESULT;

/* SQL: of a session `a` of pg_stat_activity (NULL: unknown) what is told behind its number. */
#define PG_SESSION_TOLD                                                                            \
    "coalesce(', application ''' || nullif(a.application_name, '') || '''', '')\n"                 \
    "    || coalesce(', in a transaction since ' || to_char(a.xact_start AT TIME ZONE 'UTC',\n"    \
    "        'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')\n"

/* ---- rows (stream.c) ---- */

/* A value for $1, $2...; its text is read as its type. */
struct pg_parameter {
    uint32_t oid;     /* of the type; 0: as the statement wants it */
    const char *text; /* NULL: NULL */
};
struct pg_parameters {
    const struct pg_parameter *items;
    size_t count;
};

/* One query, row by row, its values in binary form; where a column has a type that is not read
 * here, all are texts, as the server writes them. The stream borrows client and context; released
 * early it ends the query. A statement that gives no rows has one: its "status", "UPDATE 3". */
int pg_query(struct pg_client *client, const struct context *ctx, const char *sql,
             const struct pg_parameters *parameters, struct ArrowArrayStream *out,
             struct tg_error *err) TG_CHECK_RESULT;
/* The same with all digits of numbers of any size: texts, whose note (SCHEMA_SQL_TYPE) says what
 * they are. */
int pg_query_exact(struct pg_client *client, const struct context *ctx, const char *sql,
                   struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same for a few rows of our own tables and the server's, without its questions before: one
 * message there and back. A type that has no binary form at all fails it. */
int pg_fetch(struct pg_client *client, const struct context *ctx, const char *sql,
             struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

/* Whether a stream of pg_query has the rows of a query, not an answer. */
bool pg_gives_rows(const struct ArrowArrayStream *stream);

/* ---- COPY (copy.c) ---- */

/* A table to be filled: `copy` is COPY "table" ("a", "b") FROM STDIN, `fields` are those columns as
 * the table has them. */
struct pg_target {
    const char *copy;
    const struct pg_field *fields;
    size_t count;
};

/* Adds the rows of a stream (borrowed, as its schema is), whose columns are the fields'. They are
 * encoded on this thread and sent by another. */
int pg_copy_in(struct pg_client *client, const struct context *ctx, const struct pg_target *target,
               const struct ArrowSchema *schema, struct ArrowArrayStream *stream,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
