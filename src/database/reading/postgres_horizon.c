/*
 * Which transactions are open at a PostgreSQL server, and what numbers a column there.
 *
 * Path: clock and mark, by a transaction that looks; list: one statement -> add_open; counter: what
 * the catalog says of a column's default, identity and owned sequences.
 *
 * pg_locks shows everybody's locks to everybody. Each transaction locks its own virtual id from
 * before it does anything until its rows are to be seen, and by nextval the sequence, until it
 * ends. A prepared one has no process, and keeps its locks on the tables that it wrote to, by which
 * its database is known. It is all one look at the locks: a transaction that is prepared
 * meanwhile is seen before or after. When another's transaction began pg_stat_activity tells to
 * those who may read all statistics; when one that is prepared did, nobody knows.
 */
#include <stdlib.h>
#include <string.h>

#include "database/reading/horizon.h"
#include "database/template.h"

/* Who holds it writes nothing. It ends with the transaction, also where a pool shares sessions. */
static const char mark_key[] = "pg_catalog.hashtextextended('tidegate only reads', 0)";

/* The database, and the zone of sessions that set none: ours has set UTC since. */
static const char here[] = "(SELECT d.oid, s.reset_val AS zone\n"
                           "    FROM pg_catalog.pg_database AS d, pg_catalog.pg_settings AS s\n"
                           "    WHERE d.datname = current_database() AND s.name = 'TimeZone')";

static int mark(struct connection *con, struct tg_error *err)
{
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_PIECE("key", mark_key))};
    return sql_exec(con, &scope, "SELECT pg_catalog.pg_advisory_xact_lock_shared({key})", NULL,
                    err);
}

static int64_t number(const struct text_rows *rows, size_t row, size_t column)
{
    const char *text = text_cell(rows, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

static int clock_now(struct connection *con, struct horizon *out, struct tg_error *err)
{
    struct text_rows rows = {0};
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_PIECE("here", here))};
    int rc = sql_fetch(con, &scope,
                       "SELECT CASE WHEN pg_is_in_recovery() THEN 'yes' END,\n"
                       "    (extract(epoch FROM c.now) * 1000000)::bigint,\n"
                       "    (extract(epoch FROM c.now AT TIME ZONE here.zone) * 1000000)::bigint\n"
                       "FROM (SELECT clock_timestamp() AS now) AS c, {here} AS here",
                       &rows, err);
    if (rc != TG_OK)
        return rc;
    if (rows.row_count == 0)
        rc = error_set(err, TG_DESTINATION, "the server does not tell the time");
    else if (text_cell(&rows, 0, 0))
        out->obstacle = "the server is a standby, which does not know the transactions that are "
                        "open at its primary";
    else
        out->clock = (struct moment){number(&rows, 0, 1), number(&rows, 0, 2)};
    text_rows_release(&rows);
    return rc;
}

/* ---- who is open ---- */

enum { ID, PREPARED, WHO, REMEDY, SINCE, SINCE_LOCAL, SEEN, COUNTERS };

/* Vacuum's own workers have no user. */
static const char list_sql[] =
    "WITH locks AS MATERIALIZED (SELECT * FROM pg_catalog.pg_locks WHERE granted)\n"
    "SELECT h.virtualtransaction,\n"
    "    CASE WHEN h.pid IS NULL THEN 'yes' END,\n"
    "    CASE WHEN h.pid IS NULL\n"
    "        THEN 'prepared transaction'\n"
    "            || coalesce(' ''' || p.gid || ''' of user ''' || p.owner || '''', '')\n"
    "        ELSE 'pid ' || h.pid || ', user ''' || a.usename || ''''\n"
    "            || coalesce(', application ''' || nullif(a.application_name, '') || '''', '')\n"
    "            || coalesce(', ' || a.state, '') END,\n"
    "    CASE WHEN h.pid IS NULL\n"
    "        THEN 'ROLLBACK PREPARED ' || coalesce(quote_literal(p.gid), '...')\n"
    "        ELSE 'SELECT pg_terminate_backend(' || h.pid || ')' END,\n"
    "    (extract(epoch FROM a.xact_start) * 1000000)::bigint,\n"
    "    (extract(epoch FROM a.xact_start AT TIME ZONE here.zone) * 1000000)::bigint,\n"
    "    (extract(epoch FROM coalesce(a.xact_start, p.prepared)) * 1000000)::bigint,\n"
    "    (SELECT string_agg(DISTINCT s.relation::text, ' ')\n"
    "        FROM locks AS s JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = s.relation\n"
    "        WHERE s.virtualtransaction = h.virtualtransaction\n"
    "            AND s.pid IS NOT DISTINCT FROM h.pid AND s.database = here.oid)\n"
    "FROM locks AS h CROSS JOIN {here} AS here\n"
    "LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = h.pid\n"
    "LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = h.transactionid\n"
    "WHERE h.mode = 'ExclusiveLock'\n"
    "    AND CASE WHEN h.pid IS NULL\n"
    "        THEN h.locktype = 'transactionid' AND EXISTS (SELECT FROM locks AS r\n"
    "            WHERE r.virtualtransaction = h.virtualtransaction AND r.pid IS NULL\n"
    "                AND r.database = here.oid)\n"
    "        ELSE h.locktype = 'virtualxid' AND a.datid = here.oid AND a.usesysid IS NOT NULL\n"
    "            AND h.pid <> pg_backend_pid() AND NOT EXISTS (SELECT FROM locks AS m\n"
    "                WHERE m.pid = h.pid AND m.locktype = 'advisory' AND m.database = here.oid\n"
    "                    AND m.objsubid = 1 AND m.mode = 'ShareLock'\n"
    "                    AND (m.classid::bigint << 32 | m.objid::bigint) = {key}) END\n"
    "ORDER BY 7, 1";

static int add_open(const struct text_rows *rows, size_t row, struct horizon *out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct open_transaction *open = &out->open[out->open_count++];
    const char *counters = text_cell(rows, row, COUNTERS);
    *open = (struct open_transaction){
        .is_prepared = text_cell(rows, row, PREPARED),
        .is_timed = text_cell(rows, row, SINCE),
        .since = {number(rows, row, SINCE), number(rows, row, SINCE_LOCAL)},
        .seen_us = number(rows, row, SEEN),
    };
    TRY(arena_keep(&out->arena, text_cell(rows, row, ID), &open->id, err));
    TRY(arena_keep(&out->arena, text_cell(rows, row, WHO), &open->who, err));
    TRY(arena_keep(&out->arena, text_cell(rows, row, REMEDY), &open->remedy, err));
    TRY(arena_keep(&out->arena, counters ? counters : "", &open->counters, err));
done:
    return rc;
}

static int list(struct connection *con, struct horizon *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    out->open_count = 0;
    const struct sql_scope scope = {
        .parts = SQL_PARTS(SQL_PIECE("here", here), SQL_PIECE("key", mark_key))};
    TRY(sql_fetch(con, &scope, list_sql, &rows, err));
    out->open = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->open));
    if (!out->open)
        TRY(error_nomem(err));
    for (size_t row = 0; row < rows.row_count; row++)
        TRY(add_open(&rows, row, out, err));
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- what numbers a column ---- */

static int counter(struct connection *con, const struct column_place *column, struct arena *arena,
                   struct column_counter *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = {
        .parts = SQL_PARTS(SQL_TEXT("schema", column->schema), SQL_TEXT("table", column->table),
                           SQL_TEXT("column", column->name)),
    };
    TRY(sql_fetch(con, &scope,
                  "SELECT string_agg(s.seqrelid::text, ' '),\n"
                  "    CASE WHEN bool_or(s.seqcache > 1 OR s.seqincrement < 0) THEN 'yes' END\n"
                  "FROM pg_catalog.pg_class AS t\n"
                  "JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace\n"
                  "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0\n"
                  "CROSS JOIN pg_catalog.pg_sequence AS s\n"
                  "WHERE n.nspname = {'schema'} AND t.relname = {'table'}\n"
                  "    AND a.attname = {'column'}\n"
                  /* owned, or an identity's */
                  "    AND (EXISTS (SELECT FROM pg_catalog.pg_depend AS d\n"
                  "            WHERE d.classid = 'pg_catalog.pg_class'::regclass\n"
                  "                AND d.objid = s.seqrelid AND d.refclassid = d.classid\n"
                  "                AND d.refobjid = t.oid AND d.refobjsubid = a.attnum)\n"
                  /* drawn from by the default */
                  "        OR EXISTS (SELECT FROM pg_catalog.pg_attrdef AS f\n"
                  "            JOIN pg_catalog.pg_depend AS d\n"
                  "                ON d.classid = 'pg_catalog.pg_attrdef'::regclass\n"
                  "                AND d.objid = f.oid\n"
                  "            WHERE f.adrelid = t.oid AND f.adnum = a.attnum\n"
                  "                AND d.refclassid = 'pg_catalog.pg_class'::regclass\n"
                  "                AND d.refobjid = s.seqrelid))",
                  &rows, err));
    const char *names = rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL;
    TRY(arena_keep(arena, names ? names : "", &out->names, err));
    out->is_gapped = rows.row_count > 0 && text_cell(&rows, 0, 1);
done:
    text_rows_release(&rows);
    return rc;
}

const struct horizon_driver horizon_postgres = {
    .mark = mark,
    .clock = clock_now,
    .list = list,
    .counter = counter,
};
