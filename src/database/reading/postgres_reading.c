/*
 * What a source asks of PostgreSQL: its catalog, snapshots, and tables in slices of their pages.
 *
 * Path: reflect -> fetch_schema, fetch_columns (a row for each column, keys among them) ->
 *       add_relation; share and join -> pg_export_snapshot, SET TRANSACTION SNAPSHOT; divide ->
 *       fetch_parts (the table, or its partitions) -> add_slices, by ranges of ctid; find_remade:
 *       tables whose rows the snapshot does not see, though they were there.
 *
 * A row's ctid changes when it is updated, so slices hold for transactions that see one snapshot,
 * and no longer. Which of it all is wanted is the source's.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "database/reading/reading.h"
#include "database/template.h"

/* ---- tables ---- */

enum { TABLE, KIND, NAME, TYPE, NULLABLE, KEY, DOCUMENT };

enum { KEY_COLUMNS_MAX = 32 }; /* of an index, as the server is built */

/* The schema's name, in a row of its own: there may be no table in it. */
static int fetch_schema(struct connection *con, const char *wanted, struct relations *out,
                        struct tg_error *err)
{
    struct text_rows rows;
    if (wanted)
        return arena_keep(&out->arena, wanted, &out->schema, err);
    int rc = connection_fetch(con, "SELECT coalesce(current_schema()::text, '')", &rows, err);
    if (rc != TG_OK)
        return rc;
    rc = arena_keep(&out->arena, text_cell(&rows, 0, 0), &out->schema, err);
    text_rows_release(&rows);
    return rc;
}

/* Tables, views, foreign and partitioned ones, but no partitions: the whole has their rows. Without
 * the right to read a column it is not there. */
static int fetch_columns(struct connection *con, const char *schema, struct text_rows *out,
                         struct tg_error *err)
{
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_TEXT("schema", schema))};
    return sql_fetch(
        con, &scope,
        "SELECT c.relname::text, c.relkind::text, a.attname::text,\n"
        "    format_type(a.atttypid, a.atttypmod), (NOT a.attnotnull)::text,\n"
        "    (SELECT k.at - 1 FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, at)\n"
        "        WHERE k.attnum = a.attnum AND k.at <= i.indnkeyatts)::text,\n"
        "    (t.typtype = 'c' OR (t.typcategory = 'A'\n"
        "        AND t.typsubscript = 'array_subscript_handler'::regproc))::text\n"
        "FROM pg_catalog.pg_class AS c\n"
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
        "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid\n"
        "    AND a.attnum > 0 AND NOT a.attisdropped\n"
        "JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid\n"
        "LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid\n"
        "    AND i.indisprimary\n"
        "WHERE n.nspname = {'schema'} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')\n"
        "    AND NOT c.relispartition\n"
        "    AND has_column_privilege(c.oid, a.attnum, 'SELECT')\n"
        "ORDER BY c.relname COLLATE \"C\", a.attnum",
        out, err);
}

static enum relation_kind kind_of(const char *relkind)
{
    return *relkind == 'p'                      ? RELATION_PARTITIONED
           : *relkind == 'r' || *relkind == 'f' ? RELATION_TABLE
                                                : RELATION_VIEW;
}

static int add_column(const struct connection *con, const struct text_rows *rows, size_t row,
                      struct relations *out, struct relation *relation, struct tg_error *err)
{
    int rc = TG_OK;
    const char *key = text_cell(rows, row, KEY);
    struct relation_column *column = &relation->columns[relation->column_count++];
    TRY(arena_keep(&out->arena, text_cell(rows, row, NAME), &column->name, err));
    TRY(arena_keep(&out->arena, text_cell(rows, row, TYPE), &column->sql_type, err));
    column->spec = con->dialect->type_from_sql(column->sql_type);
    if (strcmp(text_cell(rows, row, DOCUMENT), "true") == 0) /* an array, or a composite type */
        column->spec = (struct type_spec){.type = TYPE_JSON};
    column->nullable = strcmp(text_cell(rows, row, NULLABLE), "true") == 0;
    if (key) /* the place in the key, from 0 */
        relation->key[strtoul(key, NULL, 10)] = column->name;
    relation->key_count += key != NULL;
done:
    return rc;
}

/* The rows of one table, from `first` to before `end`. */
static int add_relation(const struct connection *con, const struct text_rows *rows, size_t first,
                        size_t end, struct relations *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct relation *relation = &out->items[out->count++];
    relation->kind = kind_of(text_cell(rows, first, KIND));
    relation->columns = arena_alloc(&out->arena, (end - first) * sizeof(*relation->columns));
    relation->key = arena_alloc(&out->arena, KEY_COLUMNS_MAX * sizeof(*relation->key));
    if (!relation->columns || !relation->key)
        return error_nomem(err);
    TRY(arena_keep(&out->arena, text_cell(rows, first, TABLE), &relation->name, err));
    for (size_t row = first; row < end; row++)
        TRY(add_column(con, rows, row, out, relation, err));
    for (size_t i = 0; i < relation->key_count; i++) /* a column of it may not be read */
        relation->key_count = relation->key[i] ? relation->key_count : 0;
done:
    return rc;
}

static int reflect(struct connection *con, const char *schema, struct relations *out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(fetch_schema(con, schema, out, err));
    TRY(fetch_columns(con, out->schema, &rows, err));
    out->items = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t first = 0, end = 0; first < rows.row_count; first = end) {
        const char *name = text_cell(&rows, first, TABLE);
        while (end < rows.row_count && strcmp(text_cell(&rows, end, TABLE), name) == 0)
            end++;
        TRY(add_relation(con, &rows, first, end, out, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- one moment ---- */

/* Nobody asks this session for anything while others read. */
static int share(struct connection *con, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(connection_exec(con, "SET LOCAL idle_in_transaction_session_timeout = 0", NULL, err));
    TRY(connection_fetch(con, "SELECT pg_export_snapshot()", &rows, err));
    buf_text(out, text_cell(&rows, 0, 0));
    rc = buf_check(out, err);
done:
    text_rows_release(&rows);
    return rc;
}

/* Rows of a slice come as they lie in its pages, whatever plans there may be: each time the same.
 * Who wants a table for himself waits for the first session, and this one would wait for him: for
 * ever, since nobody but us knows that the two belong together. */
static const char reader_settings[] =
    "SELECT set_config(name, value, true) FROM (VALUES\n"
    "    ('idle_in_transaction_session_timeout', '0'),\n"
    "    ('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '10s')),\n"
    "    ('enable_indexscan', 'off'), ('enable_indexonlyscan', 'off'),\n"
    "    ('max_parallel_workers_per_gather', '0'), ('synchronize_seqscans', 'off')\n"
    ") AS settings (name, value)";

static int join(struct connection *con, const char *moment, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_TEXT("moment", moment))};
    TRY(connection_transact(con, TRANSACT_LOOK, err));
    TRY(sql_exec(con, &scope, "SET TRANSACTION SNAPSHOT {'moment'}", NULL, err));
    rc = connection_exec(con, reader_settings, NULL, err);
done:
    return rc;
}

/* What TRUNCATE or a rewriting ALTER TABLE leaves has rows for later transactions only, as has a
 * table that took the place of another: to a snapshot from before it is empty. The catalog is seen
 * as of the snapshot, what the functions say is now. A new partition has new rows only; a
 * materialized view is refreshed for all to see. */
static int find_remade(struct connection *con, struct buf *out, struct tg_error *err)
{
    struct text_rows rows;
    int rc = connection_fetch(
        con,
        "SELECT l.relation::regclass::text\n"
        "FROM pg_catalog.pg_locks AS l\n"
        "JOIN pg_catalog.pg_database AS d\n"
        "    ON d.oid = l.database AND d.datname = current_database()\n"
        "LEFT JOIN pg_catalog.pg_class AS c ON c.oid = l.relation\n"
        "WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'\n"
        "    AND CASE WHEN c.oid IS NOT NULL\n"
        "        THEN c.relkind = 'r'\n"
        "            AND c.relfilenode NOT IN (0, pg_relation_filenode(l.relation))\n"
        "        ELSE pg_index_has_property(l.relation, 'bitmap_scan') IS NULL\n"
        "            AND coalesce(pg_partition_root(l.relation) = l.relation,\n"
        "                pg_relation_filenode(l.relation) IS NOT NULL)\n"
        "        END\n"
        "LIMIT 1",
        &rows, err);
    if (rc != TG_OK)
        return rc;
    if (rows.row_count > 0)
        buf_text(out, text_cell(&rows, 0, 0));
    text_rows_release(&rows);
    return buf_check(out, err);
}

/* ---- slices ---- */

enum { PAGES_MIN = 1024 }; /* 8 MiB: a smaller slice is not worth a statement */

/* A table, or the partitions that have the rows of one, with their pages. Rows are read there
 * directly where that gives the same: as a plain table of the server's own, which the user may
 * read, without rules for single rows. Of one that was dropped meanwhile the server knows no rights
 * (NULL). */
static int fetch_parts(struct connection *con, const char *schema, const char *table,
                       struct text_rows *out, struct tg_error *err)
{
    const struct sql_scope scope = {
        .parts = SQL_PARTS(SQL_TEXT("schema", schema), SQL_TEXT("table", table))};
    return sql_fetch(
        con, &scope,
        "SELECT n.nspname::text, c.relname::text,\n"
        "    (coalesce(pg_relation_size(c.oid), 0) / "
        "current_setting('block_size')::bigint)::text,\n"
        "    coalesce(c.relkind = 'r' AND m.amname = 'heap' AND NOT root.relrowsecurity\n"
        "        AND NOT c.relrowsecurity AND has_table_privilege(c.oid, 'SELECT')\n"
        "        AND has_schema_privilege(n.oid, 'USAGE'), false)::text\n"
        "FROM pg_catalog.pg_class AS root\n"
        "JOIN pg_catalog.pg_namespace AS s ON s.oid = root.relnamespace\n"
        "CROSS JOIN LATERAL (\n"
        "    SELECT relid FROM pg_partition_tree(root.oid) WHERE isleaf\n"
        "    UNION SELECT root.oid WHERE root.relkind = 'r') AS part\n"
        "JOIN pg_catalog.pg_class AS c ON c.oid = part.relid\n"
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
        "LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam\n"
        "WHERE s.nspname = {'schema'} AND root.relname = {'table'}\n"
        "    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i\n"
        "        WHERE i.inhparent = root.oid AND root.relkind = 'r')\n"
        "ORDER BY c.oid",
        out, err);
}

/* Pages of all of it; 0: a part of it cannot be read by its pages. */
static uint64_t count_pages(const struct text_rows *parts)
{
    uint64_t pages = 0;
    for (size_t i = 0; i < parts->row_count; i++) {
        if (strcmp(text_cell(parts, i, 3), "true") != 0)
            return 0;
        pages += strtoull(text_cell(parts, i, 2), NULL, 10) + 1;
    }
    return pages;
}

/* The last one of a table has no end: it may have grown, for others. */
static int add_slices(const struct text_rows *parts, size_t part, uint64_t pages,
                      struct slices *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *schema = NULL, *table = NULL;
    uint64_t all = strtoull(text_cell(parts, part, 2), NULL, 10);
    TRY(arena_keep(&out->arena, text_cell(parts, part, 0), &schema, err));
    TRY(arena_keep(&out->arena, text_cell(parts, part, 1), &table, err));
    for (uint64_t first = 0; first == 0 || first < all; first += pages) {
        bool is_last = first + pages >= all;
        const char *condition =
            is_last ? arena_printf(&out->arena, "ctid >= '(%" PRIu64 ",0)'", first)
                    : arena_printf(&out->arena,
                                   "ctid >= '(%" PRIu64 ",0)' AND ctid < '(%" PRIu64 ",0)'", first,
                                   first + pages);
        if (!condition)
            return error_nomem(err);
        out->items[out->count++] = (struct slice){schema, table, condition};
    }
done:
    return rc;
}

static int divide(struct connection *con, const char *schema, const struct relation *relation,
                  size_t wanted, struct slices *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows parts = {0};
    if (relation->kind == RELATION_VIEW)
        return TG_OK;
    TRY(fetch_parts(con, schema, relation->name, &parts, err));
    uint64_t all = count_pages(&parts);
    uint64_t pages = all / wanted + 1 > PAGES_MIN ? all / wanted + 1 : PAGES_MIN;
    if (all == 0)
        goto done;
    size_t most = (size_t)(all / pages) + 2 * parts.row_count;
    out->items = arena_alloc(&out->arena, (most + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < parts.row_count; i++)
        TRY(add_slices(&parts, i, pages, out, err));
done:
    text_rows_release(&parts);
    return rc;
}

const struct reading_driver reading_postgres = {
    .reflect = reflect,
    .share = share,
    .join = join,
    .find_remade = find_remade,
    .divide = divide,
    .horizon = &horizon_postgres,
};
