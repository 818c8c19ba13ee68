/*
 * Who keeps a statement waiting: asked for beside it once it has waited for a while.
 *
 * Path: pg_exec -> holder_begin -> pg_wait, each time that `asks_at` has come: holder_ask -> a
 * second session, for as long as the question takes -> find (pg_blocking_pids) -> context_doing;
 * -> holder_end.
 *
 * So a statement that waits for nobody costs no round trip more, and whatever waits is told of: a
 * table that is locked, rows that another transaction has changed. It is news for a person, and no
 * reason to fail: where the server does not tell, nothing is said, and nobody waits long for it.
 */
#include <string.h>

#include "base/memory.h"
#include "postgres/session.h"

enum {
    FIRST_US = 1000000,   /* most that wait do so for less */
    TIMES = 10,           /* later looks are rarer: it may well be at work */
    PATIENCE_US = 2000000 /* with the second session */
};

static const char question[] =
    "SELECT coalesce('pid ' || nullif(b.pid, 0), 'a prepared transaction')\n"
    "    || " PG_SESSION_TOLD "    || CASE WHEN w.locktype IN ('transactionid', 'tuple')\n"
    "            THEN ', which has changed rows that are wanted here'\n"
    "            ELSE coalesce(', which has table \"' || replace(n.nspname, '\"', '\"\"') || "
    "'\".\"'\n"
    "                || replace(c.relname, '\"', '\"\"') || '\" locked', '') END\n"
    "FROM pg_catalog.pg_locks AS w\n"
    "CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)\n"
    "LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid\n"
    "LEFT JOIN pg_catalog.pg_class AS c ON c.oid = w.relation\n"
    "LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
    "WHERE w.pid = %ld AND NOT w.granted AND w.locktype <> 'advisory'\n"
    "ORDER BY a.xact_start, b.pid\n"
    "LIMIT 1";

/* Locks that have a name are told of by who wants them. */
static void find(struct pg_client *second, const struct pg_client *client,
                 const struct context *ctx, int64_t until, struct buf *out)
{
    bool late = false;
    PGresult *result = NULL;
    char sql[sizeof(question) + 32];
    snprintf(sql, sizeof(sql), question, client->process);
    if (pg_ask(second, ctx, sql, until, &late, &result, NULL) == TG_OK && !late &&
        pq.ntuples(result) > 0)
        buf_printf(out, "waiting for %s", pq.getvalue(result, 0, 0));
    pq.clear(result);
}

void holder_begin(struct pg_client *client)
{
    client->wait_us = FIRST_US;
    client->asks_at = context_ticks_us() + client->wait_us;
}

void holder_ask(struct pg_client *client, const struct context *ctx)
{
    struct buf doing = BUF_INIT;
    struct pg_client second = {0};
    const int64_t until = context_ticks_us() + PATIENCE_US;
    client->wait_us *= TIMES;
    if (pg_dial(ctx, client->conninfo, until, &second.conn, NULL) == TG_OK)
        find(&second, client, ctx, until, &doing);
    if (second.conn)
        pq.finish(second.conn);
    if (doing.len > 0)
        context_doing(ctx, "destination", buf_string(&doing));
    client->is_told |= doing.len > 0;
    client->asks_at = context_ticks_us() + client->wait_us;
    buf_release(&doing);
}

void holder_end(struct pg_client *client, const struct context *ctx)
{
    client->asks_at = 0;
    if (client->is_told)
        context_doing(ctx, "destination", NULL);
    client->is_told = false;
}
