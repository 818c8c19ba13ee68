/*
 * Reading the ledger: state, schema, boundaries and files that the destination has of a pipeline.
 *
 * Path: ledger_read -> read_state (the newest of a finished load), pick_schema, read_schema,
 * read_boundaries, read_bookmarks, read_newest_load, one query each; a table that is not there has
 * no rows (has). ledger_read_windows, ledger_read_pasts: what grows with the loads, the last for
 * those alone that have rows to load. ledger_read_taken -> which ids a new load cannot have.
 * ledger_find_load -> find_id, read_state, read_newest_load, for one that is about to be written.
 *
 * Newest is what has the highest version, then the highest load id by its number: no clock is
 * asked. The rows are written by record.c. Whether a boundary still fits the state is for the
 * caller to see.
 */
#include "write/sql/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/time.h"
#include "database/template.h"
#include "dlt/state.h"
#include "write/destination.h"
#include "write/sql/windows.h"

struct ledger_query {
    struct connection *con;
    const char *dataset;
    const struct described *there;
    const char *pipeline, *schema, *load_id;
    struct ledger *out;
    int64_t version; /* of an older state or schema */
    const char *hash;
};

static bool has_column(const struct described *there, const struct described_table *table,
                       const char *name, size_t len)
{
    char column[32];
    snprintf(column, sizeof(column), "%.*s", (int)len, name);
    return described_column(there, table, column) != NULL;
}

/* Words: tables, and columns that not every version of the ledger has ("table.column"). */
static bool has(const struct described *there, const char *needs)
{
    for (const char *at = needs; *at; at += *at == ' ') {
        char name[32];
        size_t len = strcspn(at, " "), table_len = strcspn(at, ". ");
        snprintf(name, sizeof(name), "%.*s", (int)table_len, at);
        const struct described_table *table = described_find(there, name);
        if (!table)
            return false;
        if (table_len < len && !has_column(there, table, at + table_len + 1, len - table_len - 1))
            return false;
        at += len;
    }
    return true;
}

/* What is not there has no rows. It is not tried: a query that fails ends the transaction in some
 * databases. */
static int fetch(const struct ledger_query *query, const char *needs, const char *pattern,
                 struct text_rows *out, struct tg_error *err)
{
    const struct sql_scope scope = {
        .dialect = query->con->dialect,
        .dataset = query->dataset,
        .parts =
            SQL_PARTS(SQL_TEXT("pipeline", query->pipeline), SQL_TEXT("schema", query->schema),
                      SQL_TEXT("load_id", query->load_id), SQL_TEXT("hash", query->hash),
                      SQL_NUMBER("version", query->version), SQL_TEXT("undo", UNDO_WORD),
                      SQL_NUMBER("past_loads", PAST_LOADS),
                      SQL_PATTERN("unchanged", has(query->there, "_tidegate_loads.rows_unchanged")
                                                   ? "coalesce([rows_unchanged], 0)"
                                                   : "0"),
                      SQL_PATTERN("ours", has(query->there, "_dlt_loads") ? OF_SCHEMA : "1 = 1"),
                      SQL_PIECE("type", "DECIMAL(38, 9)"),
                      SQL_PATTERN("number", query->con->dialect->try_cast), /* of a load id */
                      SQL_PATTERN("value", "[load_id]")),
    };
    return has(query->there, needs) ? sql_fetch(query->con, &scope, pattern, out, err) : TG_OK;
}

/* A copy in the ledger's arena; NULL becomes "". */
static int keep(struct ledger *out, const char *cell, const char **copy, struct tg_error *err)
{
    return arena_keep(&out->arena, cell ? cell : "", copy, err);
}

static int64_t number(const char *cell)
{
    return cell ? strtoll(cell, NULL, 10) : 0;
}

static int read_state(const struct ledger_query *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct ledger *out = query->out;
    TRY(fetch(query, "_dlt_pipeline_state _dlt_loads",
              "SELECT [version], [version_hash], [state]\n"
              "FROM (SELECT [version], [version_hash], [state], [_dlt_load_id] AS [load_id]\n"
              "    FROM {_dlt_pipeline_state} WHERE [pipeline_name] = {'pipeline'}) AS states\n"
              "WHERE [load_id] IN (SELECT [load_id] FROM {_dlt_loads} WHERE [status] = 0)\n"
              "ORDER BY [version] DESC, {number} DESC NULLS LAST\n"
              "LIMIT 1",
              &rows, err));
    if (rows.row_count == 0)
        goto done;
    out->state_version = number(text_cell(&rows, 0, 0));
    TRY(keep(out, text_cell(&rows, 0, 1), &out->state_hash, err));
    TRY(keep(out, text_cell(&rows, 0, 2), &out->state_blob, err));
done:
    text_rows_release(&rows);
    return rc;
}

/* dlt names a schema after the first source, which a spec need not know. */
static int pick_schema(const struct ledger_query *query, bool is_said, struct tg_error *err)
{
    int rc = TG_OK;
    struct state state = {0};
    struct ledger *out = query->out;
    if (out->state_blob)
        TRY(state_read(&state, out->state_blob, strlen(out->state_blob), err));
    const char *name = out->state_blob && !is_said ? state_schema(&state) : NULL;
    TRY(keep(out, name ? name : query->schema, &out->schema, err));
done:
    state_release(&state);
    return rc == TG_OK ? rc : error_where(err, rc, "state of pipeline '%s'", query->pipeline);
}

/* dlt takes the one that was stored last; ours is that, too (record_schema). */
static int read_schema(const struct ledger_query *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    struct text_rows rows = {0};
    struct time_point stored = {0};
    struct ledger *out = query->out;
    TRY(fetch(query, "_dlt_version",
              "SELECT [version], [version_hash], max([inserted_at]) OVER (), [schema]\n"
              "FROM {_dlt_version} WHERE [schema_name] = {'schema'}\n"
              "ORDER BY [version] DESC, [inserted_at] DESC LIMIT 1",
              &rows, err));
    if (rows.row_count == 0)
        goto done;
    out->schema_version = number(text_cell(&rows, 0, 0));
    TRY(keep(out, text_cell(&rows, 0, 1), &out->schema_hash, err));
    const char *time = text_cell(&rows, 0, 2);
    if (time && time_parse_timestamp(time, strlen(time), &stored))
        out->schema_us = stored.us;
    const char *text = text_cell(&rows, 0, 3);
    if (!text)
        goto done;
    TRY(blob_decode(text, strlen(text), &json, err));
    TRY(keep(out, buf_string(&json), &out->schema_json, err));
done:
    text_rows_release(&rows);
    buf_release(&json);
    return rc == TG_OK ? rc : error_where(err, rc, "schema '%s'", query->schema);
}

/* "h1 h2 h3", in the arena and cut up there. */
static int split_hashes(struct ledger *out, const char *cell, struct ledger_boundary *boundary,
                        struct tg_error *err)
{
    const char *copy = NULL;
    int rc = keep(out, cell, &copy, err);
    if (rc != TG_OK)
        return rc;
    size_t max = strlen(copy) / 2 + 1;
    boundary->hashes = arena_alloc(&out->arena, max * sizeof(*boundary->hashes));
    if (!boundary->hashes)
        return error_nomem(err);
    for (char *at = (char *)copy; *at;) {
        boundary->hashes[boundary->hash_count++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return TG_OK;
}

static int read_boundaries(const struct ledger_query *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct ledger *out = query->out;
    TRY(fetch(query, "_tidegate_boundary",
              "SELECT [resource_name], [cursor_path], [last_value], [row_hashes], [load_id]\n"
              "FROM {_tidegate_boundary} WHERE [pipeline_name] = {'pipeline'} AND {ours}\n"
              "ORDER BY 1, 2",
              &rows, err));
    out->boundaries = arena_alloc(&out->arena, rows.row_count * sizeof(*out->boundaries));
    if (!out->boundaries)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct ledger_boundary *boundary = &out->boundaries[out->boundary_count++];
        TRY(keep(out, text_cell(&rows, i, 0), &boundary->resource, err));
        TRY(keep(out, text_cell(&rows, i, 1), &boundary->cursor_path, err));
        TRY(keep(out, text_cell(&rows, i, 2), &boundary->last_value, err));
        TRY(split_hashes(out, text_cell(&rows, i, 3), boundary, err));
        TRY(keep(out, text_cell(&rows, i, 4), &boundary->load_id, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}

#define FILES(more)                                                                                \
    "SELECT [load_id], CASE WHEN {ours} THEN 1 ELSE 0 END, [resource_name], [path], [size], "      \
    "[modified_us], [checksum]" more "\nFROM {_tidegate_files} "                                   \
    "WHERE [pipeline_name] = {'pipeline'}"
enum {
    FILE_LOAD,
    FILE_IS_OURS,
    FILE_RESOURCE,
    FILE_PATH,
    FILE_SIZE,
    FILE_MODIFIED,
    FILE_CHECKSUM,
    FILE_CONTENT,
    FILE_HEAD,
    FILE_BYTES,
    FILE_ROWS
};

/* A table of version 0.1 lacks some of the columns, but not the rows. */
static int fetch_bookmarks(const struct ledger_query *query, struct text_rows *out, bool *is_old,
                           struct tg_error *err)
{
    static const char new_ones[] =
        "_tidegate_files.content_hash _tidegate_files.head_hash _tidegate_files.content_bytes "
        "_tidegate_files.row_count";
    *is_old = !has(query->there, new_ones);
    return fetch(query, "_tidegate_files",
                 *is_old ? FILES("")
                         : FILES(", [content_hash], [head_hash], [content_bytes], [row_count]"),
                 out, err);
}

static int read_bookmark(const struct ledger_query *query, const struct text_rows *rows, size_t row,
                         bool is_old, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger *out = query->out;
    struct bookmark *entry = &out->bookmarks[out->bookmark_count++];
    entry->size = number(text_cell(rows, row, FILE_SIZE));
    entry->mtime_us = number(text_cell(rows, row, FILE_MODIFIED));
    entry->content = entry->head = entry->replaces = "";
    TRY(keep(out, text_cell(rows, row, FILE_RESOURCE), &entry->resource, err));
    TRY(keep(out, text_cell(rows, row, FILE_PATH), &entry->key, err));
    TRY(keep(out, text_cell(rows, row, FILE_CHECKSUM), &entry->checksum, err));
    if (is_old)
        goto done;
    TRY(keep(out, text_cell(rows, row, FILE_CONTENT), &entry->content, err));
    TRY(keep(out, text_cell(rows, row, FILE_HEAD), &entry->head, err));
    entry->content_bytes = number(text_cell(rows, row, FILE_BYTES));
    entry->rows = number(text_cell(rows, row, FILE_ROWS));
done:
    return rc;
}

static int read_bookmarks(const struct ledger_query *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct ledger *out = query->out;
    bool is_old = false;
    TRY(fetch_bookmarks(query, &rows, &is_old, err));
    out->bookmarks = arena_alloc(&out->arena, rows.row_count * sizeof(*out->bookmarks));
    if (!out->bookmarks)
        TRY(error_nomem(err));
    const char *newest = "";
    for (size_t i = 0; i < rows.row_count; i++) {
        const char *load_id = text_cell(&rows, i, FILE_LOAD);
        if (load_id && (!*newest || load_id_ns(load_id) > load_id_ns(newest)))
            newest = load_id;
        if (number(text_cell(&rows, i, FILE_IS_OURS)) == 1)
            TRY(read_bookmark(query, &rows, i, is_old, err));
    }
    TRY(keep(out, newest, &out->files_load_id, err));
    ledger_sort_bookmarks(out);
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- what the loads have done ---- */

/* Of each table the newest loads that read rows, but for those that are undone; {unchanged}: 0 in a
 * ledger that does not count them. */
static const char pasts[] =
    "SELECT [table_name], count(*), max([all_loads]), "
    "CASE WHEN min([disposition]) = max([disposition]) THEN 1 ELSE 0 END, sum([rows_read]), "
    "sum([rows_inserted]), sum([rows_updated]), sum([rows_deleted]), sum([unchanged])\n"
    "FROM (SELECT [table_name], [disposition], [rows_read], [rows_inserted], [rows_updated], "
    "[rows_deleted], {unchanged} AS [unchanged], "
    "row_number() OVER (PARTITION BY [table_name] ORDER BY {number} DESC) AS [place], "
    "count(*) OVER (PARTITION BY [table_name]) AS [all_loads]\n"
    "    FROM {_tidegate_loads}\n"
    "    WHERE [pipeline_name] = {'pipeline'} AND [rows_read] > 0\n"
    "        AND [load_id] IN (SELECT [load_id] FROM {_dlt_loads} WHERE [status] = 0)) AS recent\n"
    "WHERE [place] <= {past_loads}\n"
    "GROUP BY [table_name]";

static int read_past(const struct ledger_query *query, const struct text_rows *rows, size_t row,
                     bool counts_unchanged, struct tg_error *err)
{
    struct ledger_past *past = &query->out->pasts[query->out->past_count++];
    *past = (struct ledger_past){
        .loads = (uint64_t)number(text_cell(rows, row, 1)),
        .all_loads = (uint64_t)number(text_cell(rows, row, 2)),
        .same_way = number(text_cell(rows, row, 3)) == 1,
        .counts_unchanged = counts_unchanged,
        .rows_read = (uint64_t)number(text_cell(rows, row, 4)),
        .rows_inserted = (uint64_t)number(text_cell(rows, row, 5)),
        .rows_updated = (uint64_t)number(text_cell(rows, row, 6)),
        .rows_deleted = (uint64_t)number(text_cell(rows, row, 7)),
        .rows_unchanged = (uint64_t)number(text_cell(rows, row, 8)),
    };
    return keep(query->out, text_cell(rows, row, 0), &past->table, err);
}

int ledger_read_pasts(struct connection *con, const char *dataset, const struct described *there,
                      const char *pipeline, struct ledger *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const bool counts = has(there, "_tidegate_loads.rows_unchanged");
    const struct ledger_query query = {
        .con = con, .dataset = dataset, .there = there, .pipeline = pipeline, .out = out};
    TRY(fetch(&query, "_dlt_loads _tidegate_loads.pipeline_name _tidegate_loads.rows_read", pasts,
              &rows, err));
    out->pasts = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->pasts));
    if (!out->pasts)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(read_past(&query, &rows, i, counts, err));
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- load ids ---- */

/* The highest of the load ids that a query gives, by its number. */
#define HIGHEST_OF "SELECT [load_id] FROM ("
#define BY_NUMBER  ") AS ids\nORDER BY {number} DESC NULLS LAST LIMIT 1"

/* Runs a query of HIGHEST_OF; *id is "" when there is none. */
static int highest(const struct ledger_query *query, const char *needs, const char *pattern,
                   const char **id, struct tg_error *err)
{
    struct text_rows rows = {0};
    int rc = fetch(query, needs, pattern, &rows, err);
    if (rc == TG_OK)
        rc = keep(query->out, rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL, id, err);
    text_rows_release(&rows);
    return rc;
}

/* A load that enters files moves this on, also where it leaves the state as it is. */
static int read_files_load(const struct ledger_query *query, struct tg_error *err)
{
    return highest(query, "_tidegate_files",
                   HIGHEST_OF "SELECT [load_id] FROM {_tidegate_files} "
                              "WHERE [pipeline_name] = {'pipeline'}" BY_NUMBER,
                   &query->out->files_load_id, err);
}

/* Loads of this pipeline's schema that are nobody else's: dlt writes a pipeline's name beside a
 * state alone, and tidegate 0.1 no more than dlt. */
#define UNNAMED_LOADS                                                                              \
    "SELECT [load_id] FROM {_dlt_loads} WHERE [schema_name] = {'schema'} "                         \
    "AND [load_id] NOT IN (SELECT [_dlt_load_id] FROM {_dlt_pipeline_state} "                      \
    "WHERE [pipeline_name] <> {'pipeline'})"
#define NOT_OTHERS                                                                                 \
    " AND [load_id] NOT IN (SELECT [load_id] FROM {_tidegate_loads} "                              \
    "WHERE [pipeline_name] <> {'pipeline'})"

/* The highest load id that this pipeline has used, whoever wrote the load. */
static int read_newest_load(const struct ledger_query *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    const char *newest = "", *before = HIGHEST_OF;
    const bool named = has(query->there, "_tidegate_loads.pipeline_name");
    const bool has_state = has(query->there, "_dlt_pipeline_state.pipeline_name");
    const struct {
        bool is_there;
        const char *ids;
    } writers[] = {
        {has_state, "SELECT [_dlt_load_id] AS [load_id] FROM {_dlt_pipeline_state} "
                    "WHERE [pipeline_name] = {'pipeline'}"},
        {named, "SELECT [load_id] FROM {_tidegate_loads} WHERE [pipeline_name] = {'pipeline'}"},
        {has_state && has(query->there, "_dlt_loads"),
         named ? UNNAMED_LOADS NOT_OTHERS : UNNAMED_LOADS},
    };
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (!writers[i].is_there)
            continue;
        buf_printf(&sql, "%s%s", before, writers[i].ids);
        before = "\nUNION ALL\n";
    }
    if (sql.len == 0)
        goto done;
    buf_text(&sql, BY_NUMBER);
    TRY(buf_check(&sql, err));
    TRY(highest(query, "", buf_string(&sql), &newest, err));
    if (load_id_ns(newest) > load_id_ns(query->out->newest_load))
        query->out->newest_load = newest;
done:
    buf_release(&sql);
    return rc;
}

int ledger_read_taken(struct connection *con, const char *dataset, const struct described *there,
                      int64_t now_us, struct ledger *out, struct tg_error *err)
{
    int rc = TG_OK;
    char next[LOAD_ID_TEXT];
    struct text_rows rows = {0};
    ledger_next_id(out, out->newest_load, now_us, next);
    const struct ledger_query query = {
        .con = con, .dataset = dataset, .there = there, .load_id = next};
    TRY(fetch(&query, "_dlt_loads",
              "SELECT [load_id] FROM {_dlt_loads}\n"
              "WHERE {number} >= CAST({'load_id'} AS {type})\n"
              "ORDER BY {number}",
              &rows, err));
    out->taken = arena_alloc(&out->arena, rows.row_count * sizeof(*out->taken) + 1);
    if (!out->taken)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(keep(out, text_cell(&rows, i, 0), &out->taken[out->taken_count++], err));
done:
    text_rows_release(&rows);
    return rc;
}

int ledger_read(struct connection *con, const char *dataset, const struct described *there,
                const struct ledger_owner *owner, struct ledger *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger_query query = {.con = con,
                                 .dataset = dataset,
                                 .there = there,
                                 .pipeline = owner->pipeline,
                                 .schema = owner->schema,
                                 .out = out};
    ledger_init(out);
    TRY(read_state(&query, err));
    TRY(pick_schema(&query, owner->is_said, err));
    query.schema = out->schema;
    TRY(read_schema(&query, err));
    TRY(read_boundaries(&query, err));
    TRY(read_bookmarks(&query, err));
    TRY(read_newest_load(&query, err));
done:
    if (rc != TG_OK)
        ledger_release(out);
    return rc;
}

int ledger_read_windows(struct connection *con, const char *dataset, const struct described *there,
                        const char *pipeline, struct ledger *out, struct tg_error *err)
{
    int rc = windows_read(con, dataset, there, &(struct ledger_owner){pipeline, out->schema, true},
                          out, err);
    if (rc != TG_OK)
        ledger_release(out);
    return rc;
}

int ledger_schema(struct connection *con, const char *dataset, const struct described *there,
                  const char *schema, struct ledger *out, struct tg_error *err)
{
    const struct ledger_query query = {
        .con = con, .dataset = dataset, .there = there, .schema = schema, .out = out};
    ledger_init(out);
    int rc = read_schema(&query, err);
    if (rc != TG_OK)
        ledger_release(out);
    return rc;
}

/* ---- what was ---- */

static const char history[] =
    "SELECT [load_id], [status], [schema_name],\n"
    "    CASE WHEN [load_id] IN (SELECT [load_id] FROM {_tidegate_loads} "
    "WHERE [disposition] = {'undo'}) THEN 1 ELSE 0 END\n"
    "FROM {_dlt_loads}\n"
    "WHERE [load_id] IN (SELECT [_dlt_load_id] FROM {_dlt_pipeline_state} "
    "WHERE [pipeline_name] = {'pipeline'})\n"
    "    OR [load_id] IN (SELECT [load_id] FROM {_tidegate_loads} "
    "WHERE [pipeline_name] = {'pipeline'})\n"
    "    OR [load_id] IN (" UNNAMED_LOADS NOT_OTHERS ")\n"
    "ORDER BY {number} DESC NULLS LAST";

int ledger_history(struct connection *con, const char *dataset, const struct described *there,
                   const char *pipeline, const char *schema, struct ledger_loads *out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct ledger_query query = {
        .con = con, .dataset = dataset, .there = there, .pipeline = pipeline, .schema = schema};
    *out = (struct ledger_loads){0};
    arena_init(&out->arena);
    TRY(fetch(&query, "_dlt_loads _dlt_pipeline_state _tidegate_loads.pipeline_name", history,
              &rows, err));
    out->items = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct ledger_load *load = &out->items[out->count++];
        load->is_done = number(text_cell(&rows, i, 1)) == 0;
        load->is_undo = number(text_cell(&rows, i, 3)) == 1;
        const char *of_schema = text_cell(&rows, i, 2);
        TRY(arena_keep(&out->arena, text_cell(&rows, i, 0), &load->load_id, err));
        TRY(arena_keep(&out->arena, of_schema ? of_schema : schema, &load->schema, err));
    }
done:
    text_rows_release(&rows);
    if (rc != TG_OK)
        arena_release(&out->arena);
    return rc;
}

int ledger_old_state(struct connection *con, const char *dataset, const struct described *there,
                     const char *pipeline, int64_t version, const char *hash, struct ledger *out,
                     struct tg_error *err)
{
    struct text_rows rows = {0};
    const struct ledger_query query = {.con = con,
                                       .dataset = dataset,
                                       .there = there,
                                       .pipeline = pipeline,
                                       .version = version,
                                       .hash = hash};
    int rc = fetch(&query, "_dlt_pipeline_state",
                   "SELECT [state] FROM {_dlt_pipeline_state}\n"
                   "WHERE [pipeline_name] = {'pipeline'} AND [version] = {version} "
                   "AND [version_hash] = {'hash'} LIMIT 1",
                   &rows, err);
    out->state_blob = NULL;
    if (rc == TG_OK && rows.row_count > 0)
        rc = keep(out, text_cell(&rows, 0, 0), &out->state_blob, err);
    text_rows_release(&rows);
    return rc;
}

int ledger_old_schema(struct connection *con, const char *dataset, const struct described *there,
                      const char *schema, int64_t version, const char *hash, struct ledger *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    struct text_rows rows = {0};
    const struct ledger_query query = {.con = con,
                                       .dataset = dataset,
                                       .there = there,
                                       .schema = schema,
                                       .version = version,
                                       .hash = hash};
    TRY(fetch(&query, "_dlt_version",
              "SELECT [schema] FROM {_dlt_version}\n"
              "WHERE [schema_name] = {'schema'} AND [version] = {version} "
              "AND [version_hash] = {'hash'} LIMIT 1",
              &rows, err));
    out->schema_json = NULL;
    if (rows.row_count == 0)
        goto done;
    const char *text = text_cell(&rows, 0, 0);
    TRY(blob_decode(text ? text : "", text ? strlen(text) : 0, &json, err));
    TRY(keep(out, buf_string(&json), &out->schema_json, err));
done:
    text_rows_release(&rows);
    buf_release(&json);
    return rc;
}

/* Whose is the load `load_id` that is there? A package of 0.1 has no id of its own, and the load
 * that was made of it has none either. */
static int compare_package(const struct ledger_query *query, const struct manifest *manifest,
                           enum load_found *found, struct tg_error *err)
{
    struct text_rows rows = {0};
    size_t same = 0, others = 0;
    int rc = fetch(query, "_tidegate_loads.package_id",
                   "SELECT [package_id] FROM {_tidegate_loads} WHERE [load_id] = {'load_id'}",
                   &rows, err);
    for (size_t i = 0; i < rows.row_count; i++) {
        const char *id = text_cell(&rows, i, 0);
        same += id && strcmp(id, manifest->package_id) == 0;
        others += id && strcmp(id, manifest->package_id) != 0;
    }
    bool is_old = manifest->package_id[0] == '\0';
    bool written = is_old ? others == 0 : same > 0;
    *found = written ? LOAD_WRITTEN : LOAD_TAKEN;
    text_rows_release(&rows);
    return rc;
}

static int find_id(const struct ledger_query *query, const struct manifest *manifest,
                   enum load_found *found, struct tg_error *err)
{
    struct text_rows rows = {0};
    *found = LOAD_ABSENT;
    int rc = fetch(query, "_dlt_loads",
                   "SELECT 1 FROM {_dlt_loads} WHERE [load_id] = {'load_id'} LIMIT 1", &rows, err);
    if (rc == TG_OK && rows.row_count > 0)
        rc = compare_package(query, manifest, found, err);
    text_rows_release(&rows);
    return rc;
}

/* One that was sealed after another goes on from what that leaves. */
static int find_followed(const struct ledger_query *query, const char *follows,
                         struct tg_error *err)
{
    struct text_rows rows = {0};
    struct ledger_query followed = *query;
    followed.load_id = follows;
    if (!*follows)
        return TG_OK;
    int rc = fetch(&followed, "_dlt_loads",
                   "SELECT 1 FROM {_dlt_loads} WHERE [load_id] = {'load_id'} LIMIT 1", &rows, err);
    query->out->lacks_followed = rows.row_count == 0;
    text_rows_release(&rows);
    return rc;
}

int ledger_find_load(struct connection *con, const struct described *there,
                     const struct manifest *manifest, enum load_found *found, struct ledger *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    const struct ledger_query query = {.con = con,
                                       .dataset = manifest->dataset,
                                       .there = there,
                                       .pipeline = manifest->pipeline,
                                       .schema = manifest->schema,
                                       .load_id = manifest->load_id,
                                       .out = out};
    ledger_init(out);
    TRY(find_id(&query, manifest, found, err));
    if (*found != LOAD_ABSENT || manifest_claim(manifest))
        goto done;
    TRY(find_followed(&query, manifest->follows, err));
    TRY(read_state(&query, err));
    TRY(read_files_load(&query, err));
    TRY(read_newest_load(&query, err));
    if (manifest->heeds_windows)
        TRY(windows_read_mark(con, manifest->dataset, there, manifest->pipeline, out, err));
done:
    if (rc != TG_OK)
        ledger_release(out);
    return rc;
}

/* ---- what is there ---- */

static bool is_ours(const void *user, const char *table)
{
    (void)user;
    return strncmp(table, "_dlt_", 5) == 0 || strncmp(table, "_tidegate_", 10) == 0;
}

int ledger_describe(struct connection *con, const char *dataset, struct described *out,
                    struct tg_error *err)
{
    return connection_describe(con, dataset, &(struct table_filter){.wants = is_ours}, out, err);
}

int ledger_look(struct connection *con, const char *dataset, struct described *out,
                struct tg_error *err)
{
    static const char *const tables[] = {
        "_dlt_loads",         "_dlt_pipeline_state", "_dlt_version", "_tidegate_loads",
        "_tidegate_boundary", "_tidegate_files",     TIES_TABLE,     WINDOWS_TABLE};
    const struct table_filter filter = {
        .names = tables, .name_count = sizeof(tables) / sizeof(tables[0]), .without_types = true};
    return connection_describe(con, dataset, &filter, out, err);
}

int ledger_ties(struct connection *con, const char *dataset, const struct ties_request *request,
                struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there = {0};
    struct buf sql = BUF_INIT;
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = dataset,
                                    .parts = SQL_PARTS(SQL_TEXT("pipeline", request->pipeline),
                                                       SQL_TEXT("schema", request->schema),
                                                       SQL_TEXT("resource", request->resource),
                                                       SQL_TEXT("path", request->cursor_path))};
    TRY(ledger_look(con, dataset, &there, err));
    if (!described_find(&there, TIES_TABLE))
        goto done;
    TRY(sql_write(&sql, &scope,
                  "SELECT [row_hashes] FROM {_tidegate_ties}\n"
                  "WHERE [pipeline_name] = {'pipeline'} AND [resource_name] = {'resource'} "
                  "AND [cursor_path] = {'path'} AND " OF_SCHEMA,
                  err));
    TRY(connection_query(con, sql.data, out, err));
done:
    described_release(&there);
    buf_release(&sql);
    return rc;
}
