/*
 * The ledger rows of a load: what makes it done.
 *
 * Path: record_plan -> record_schema (mark tables as seen, new version, _dlt_version unless its
 * hash is there) -> record_state (if it changed) -> record_load -> record_counts ->
 * record_boundary -> forget_replaced, windows_record, record_files, forget_renamed; of a reset
 * forget_reset. All are INSERTs of literals in the transaction, after the data; record_rejects, of
 * rows that are in the package, goes with the data, as does record_ties.
 *
 * The tables are made in ddl.c and read in ledger.c.
 */
#include "write/sql/record.h"

#include <string.h>

#include "base/hash.h"
#include "dlt/state.h"
#include "package/rejects.h"
#include "write/disposition.h"
#include "write/sql/keep.h"
#include "write/sql/ledger.h"
#include "write/sql/windows.h"

enum { STATE_ENGINE_VERSION = 4, VALUES_PER_STATEMENT = 1000 };

struct recording {
    struct delivery *delivery;
    const struct write_table_counts *counts;
    const struct sketch *learned; /* of each table; NULL: nothing */
    int64_t now_us;
    struct plan *plan;
    struct sql_scope scope; /* {'load_id'}, {'pipeline'}, {'schema'}, {'package_id'}, {now} */
};

static int add(const struct recording *recording, const struct sql_part *parts, const char *pattern,
               struct tg_error *err)
{
    const struct sql_scope scope = sql_within(&recording->scope, parts);
    return plan_add(recording->plan, NULL, COUNT_NONE, &scope, pattern, err);
}

/* A row of VALUES, after `written` others of the statement that is being written. */
static int add_values(const struct recording *recording, size_t written,
                      const struct sql_part *parts, const char *pattern, struct tg_error *err)
{
    const struct sql_scope scope = sql_within(&recording->scope, parts);
    buf_text(&recording->plan->text, written == 0 ? "\n    " : ",\n    ");
    return sql_write(&recording->plan->text, &scope, pattern, err);
}

/* Packages of version 0.1 lack some of what later ones have. */
static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* ---- _dlt_version ---- */

static bool changes_state(const struct recording *recording)
{
    const struct manifest *manifest = recording->delivery->manifest;
    for (size_t i = 0; recording->learned && i < manifest->table_count; i++)
        if (sketch_count(&recording->learned[i]) > 0)
            return true;
    return manifest->state_changed;
}

static void mark_seen(const struct recording *recording)
{
    struct delivery *delivery = recording->delivery;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        for (size_t t = 0; t < delivery->chains[c].count; t++) {
            const struct target *target = &delivery->chains[c].targets[t];
            if (target_has_rows(target))
                table_saw_data(target->table);
        }
    }
    struct table *state = catalog_find(&delivery->catalog, "_dlt_pipeline_state");
    if (state && changes_state(recording))
        state->seen_data = true;
}

/* dlt takes the schema that was stored last: its time follows the older ones', whatever the clock
 * says. After an undo an older content comes back, under a version of its own. */
static int record_schema(const struct recording *recording, struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    struct buf json = BUF_INIT;
    struct delivery *delivery = recording->delivery;
    struct catalog *catalog = &delivery->catalog;
    int64_t now_us = recording->now_us;
    mark_seen(recording);
    if (delivery->dropped.count > 0 && described_find(&delivery->described, "_dlt_version"))
        TRY(add(recording, SQL_PARTS(SQL_TEXT("name", catalog->name)),
                "DELETE FROM {_dlt_version} WHERE [schema_name] = {'name'}", err));
    TRY(catalog_bump(catalog, &changed, err));
    TRY(catalog_write(catalog, &json, err));
    TRY(add(
        recording,
        SQL_PARTS(SQL_NUMBER("version", catalog->version),
                  SQL_NUMBER("engine", catalog->engine_version),
                  SQL_TIME("stored", now_us > delivery->schema_us ? now_us : delivery->schema_us),
                  SQL_TEXT("name", catalog->name), SQL_TEXT("hash", catalog->version_hash),
                  SQL_TEXT("json", buf_string(&json))),
        "INSERT INTO {_dlt_version} ([version], [engine_version], [inserted_at], "
        "[schema_name], [version_hash], [schema])\n"
        "SELECT {version}, {engine}, {stored}, {'name'}, {'hash'}, {'json'}\n"
        "WHERE NOT EXISTS (SELECT 1 FROM {_dlt_version} "
        "WHERE [schema_name] = {'name'} AND [version_hash] = {'hash'} AND [version] >= {version})",
        err));
done:
    buf_release(&json);
    return rc;
}

/* ---- _dlt_pipeline_state ---- */

/* The row's own id: of the load's id, so that a load always writes the same row. */
static int make_row_id(const char *load_id, char out[HASH_ID_TEXT + 1], struct tg_error *err)
{
    int rc = TG_OK;
    struct hasher hasher = {0};
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s_dlt_pipeline_state", load_id);
    TRY(buf_check(&text, err));
    TRY(hash_text(&hasher, text.data, text.len, HASH_ID_BYTES, out, err));
done:
    buf_release(&text);
    hasher_release(&hasher);
    return rc;
}

/* How late rows came is known only now. It is part of the one step that the state makes. */
static int learn(const struct recording *recording, struct state *state, struct tg_error *err)
{
    int rc = TG_OK;
    bool learned = false, learns = false, changed;
    const struct manifest *manifest = recording->delivery->manifest;
    for (size_t i = 0; recording->learned && i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        TRY(state_learn(state, part->learns_source, part->resource, part->learns,
                        &recording->learned[i], &learned, err));
        learns |= learned;
    }
    if (!learns)
        goto done;
    if (manifest->state_changed)
        TRY(state_renumber(state, state->version - 1, err));
    TRY(state_bump(state, &changed, err));
done:
    return rc;
}

static int record_state(const struct recording *recording, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = recording->delivery->manifest;
    struct state state = {0};
    struct buf blob = BUF_INIT;
    char row_id[HASH_ID_TEXT + 1];
    if (!changes_state(recording))
        return TG_OK;
    TRY(state_read(&state, manifest->state, strlen(manifest->state), err));
    TRY(learn(recording, &state, err));
    if (state.version == manifest->state_version_from && !manifest->state_changed)
        goto done; /* there is no such cursor any more */
    TRY(state_encode(&state, &blob, err));
    TRY(make_row_id(manifest->load_id, row_id, err));
    TRY(add(recording,
            SQL_PARTS(SQL_NUMBER("version", state.version),
                      SQL_NUMBER("engine", STATE_ENGINE_VERSION),
                      SQL_TEXT("state", buf_string(&blob)), SQL_TEXT("hash", state.hash),
                      SQL_TEXT("row_id", row_id)),
            "INSERT INTO {_dlt_pipeline_state} ([version], [engine_version], [pipeline_name], "
            "[state], [created_at], [version_hash], [_dlt_load_id], [_dlt_id])\n"
            "VALUES ({version}, {engine}, {'pipeline'}, {'state'}, {now}, {'hash'}, {'load_id'}, "
            "{'row_id'})",
            err));
done:
    buf_release(&blob);
    state_release(&state);
    return rc;
}

/* ---- _dlt_loads, _tidegate_loads ---- */

static int record_load(const struct recording *recording, struct tg_error *err)
{
    const struct catalog *catalog = &recording->delivery->catalog;
    return add(
        recording,
        SQL_PARTS(SQL_TEXT("schema", catalog->name), SQL_TEXT("hash", catalog->version_hash)),
        "INSERT INTO {_dlt_loads} ([load_id], [schema_name], [status], [inserted_at], "
        "[schema_version_hash])\n"
        "VALUES ({'load_id'}, {'schema'}, 0, {now}, {'hash'})",
        err);
}

static const char *disposition_of(const struct delivery *delivery,
                                  const struct manifest_table *part)
{
    const struct disposition_driver *driver = NULL;
    const struct table *table = catalog_find(&delivery->catalog, part->name);
    if (delivery->manifest->undone_count > 0)
        return UNDO_WORD;
    if (delivery->manifest->reset_count > 0)
        return delivery->manifest->refresh;
    if (table)
        table = catalog_root(&delivery->catalog, table);
    if (part->dropped && part->file_count == 0)
        return delivery->manifest->refresh;
    if (table && disposition_get(table, &driver, NULL) == TG_OK)
        return disposition_name(driver);
    return disposition_word(DISPOSITION_APPEND);
}

static int add_counts(const struct recording *recording, size_t written,
                      const struct manifest_table *part, const struct write_table_counts *counts,
                      struct tg_error *err)
{
    return add_values(
        recording, written,
        SQL_PARTS(
            SQL_TEXT("table", part->name), SQL_TEXT("resource", part->resource),
            SQL_TEXT("disposition", disposition_of(recording->delivery, part)),
            SQL_NUMBER("read", part->rows_read), SQL_NUMBER("new", part->rows_new),
            SQL_NUMBER("inserted", counts->rows_inserted),
            SQL_NUMBER("updated", counts->rows_updated),
            SQL_NUMBER("deleted", counts->rows_deleted),
            SQL_NUMBER("filtered", part->rows_filtered + counts->rows_filtered),
            SQL_NUMBER("rejected", part->rows_rejected), SQL_NUMBER("waiting", part->rows_waiting),
            SQL_NUMBER("unchanged", counts->rows_unchanged),
            SQL_NUMBER("below", part->rows_below_start), SQL_NUMBER("above", part->rows_above_end),
            SQL_NUMBER("deduplicated", part->rows_deduplicated),
            SQL_NUMBER("null_cursor", part->rows_null_cursor),
            SQL_NUMBER("late", counts->rows_late)),
        "({'load_id'}, {'table'}, {'resource'}, {'disposition'}, {read}, {new}, "
        "{inserted}, {updated}, {deleted}, {filtered}, {rejected}, {now}, "
        "{'pipeline'}, {'package_id'}, {waiting}, {unchanged}, {below}, {above}, "
        "{deduplicated}, {null_cursor}, {late})",
        err);
}

/* A nested table of which the load brings nothing is told where it loses rows. */
static bool is_told(const struct manifest_table *part, const struct write_table_counts *counts)
{
    bool is_touched = part->file_count > 0 || counts->rows_inserted > 0 ||
                      part->rows_rejected > 0 || counts->rows_deleted > 0;
    bool is_table = manifest_is_data(part) && strcmp(part->name, REJECTS_TABLE) != 0;
    return is_table && (!part->nested || is_touched);
}

/* A load of no table has one row without a name, for its package's id. */
static int record_counts(const struct recording *recording, struct tg_error *err)
{
    static const struct manifest_table no_table = {.name = "", .resource = ""};
    static const struct write_table_counts no_counts = {0};
    int rc = TG_OK;
    const struct manifest *manifest = recording->delivery->manifest;
    size_t written = 0;
    TRY(sql_write(&recording->plan->text, &recording->scope,
                  "INSERT INTO {_tidegate_loads} ([load_id], [table_name], [resource_name], "
                  "[disposition], [rows_read], [rows_new], [rows_inserted], [rows_updated], "
                  "[rows_deleted], [rows_filtered], [rows_rejected], [created_at], "
                  "[pipeline_name], [package_id], [rows_waiting], [rows_unchanged], "
                  "[rows_below_start], [rows_above_end], [rows_deduplicated], "
                  "[rows_null_cursor], [rows_late])\n"
                  "VALUES",
                  err));
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        if (is_told(part, &recording->counts[i]))
            TRY(add_counts(recording, written++, part, &recording->counts[i], err));
    }
    if (written == 0)
        TRY(add_counts(recording, 0, &no_table, &no_counts, err));
    TRY(plan_end(recording->plan, NULL, COUNT_NONE, err));
done:
    return rc;
}

/* Takes rows of the ledger away; where there is to be an undo, they are kept (in `kept`). Those of
 * the load itself are in TIES_TABLE by now. */
static int forget(const struct recording *recording, const char *kept, const char *table,
                  const struct sql_part *parts, const char *where, struct tg_error *err)
{
    if (strcmp(table, TIES_TABLE) == 0)
        where = arena_printf(&recording->plan->arena, "%s AND [load_id] <> {'load_id'}", where);
    if (!where)
        return error_nomem(err);
    const struct sql_scope named = sql_within(&recording->scope, parts);
    const struct sql_scope scope =
        sql_within(&named, SQL_PARTS(SQL_TABLE("ledger", table), SQL_PATTERN("which", where)));
    int rc = keep_forgotten(recording->plan, kept, table, where, &named, err);
    if (rc != TG_OK)
        return rc;
    return plan_add(recording->plan, NULL, COUNT_NONE, &scope,
                    "DELETE FROM {ledger}\n"
                    "WHERE {which}",
                    err);
}

static int forget_some_files(const struct recording *recording, const struct sql_part *parts,
                             const char *where, struct tg_error *err)
{
    return forget(recording, recording->delivery->kept_files, "_tidegate_files", parts, where, err);
}

/* ---- _tidegate_boundary, _tidegate_ties ---- */

#define OF_CURSOR                                                                                  \
    "[pipeline_name] = {'pipeline'} AND [resource_name] = {'resource'} "                           \
    "AND [cursor_path] = {'path'} AND " OF_SCHEMA

/* Those of another last value. */
static int forget_ties(const struct recording *recording, const struct sql_part *parts,
                       struct tg_error *err)
{
    const struct delivery *delivery = recording->delivery;
    if (!described_find(&delivery->described, TIES_TABLE))
        return TG_OK;
    return forget(recording, delivery->kept_ties, TIES_TABLE, parts, OF_CURSOR, err);
}

static int record_boundary(const struct recording *recording,
                           const struct manifest_boundary *boundary, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf hashes = BUF_INIT;
    for (size_t i = 0; i < boundary->hash_count; i++) {
        buf_text(&hashes, i > 0 ? " " : "");
        buf_text(&hashes, boundary->hashes[i]);
    }
    TRY(buf_check(&hashes, err));
    const struct sql_part *parts =
        SQL_PARTS(SQL_TEXT("resource", boundary->resource), SQL_TEXT("path", boundary->cursor_path),
                  SQL_TEXT("value", boundary->last_value), SQL_TEXT("hashes", buf_string(&hashes)));
    TRY(forget(recording, recording->delivery->kept_boundary, "_tidegate_boundary", parts,
               OF_CURSOR, err));
    if (!boundary->grows)
        TRY(forget_ties(recording, parts, err));
    if (boundary->hash_count > 0)
        TRY(add(recording, parts,
                "INSERT INTO {_tidegate_boundary} ([pipeline_name], [resource_name], "
                "[cursor_path], [last_value], [row_hashes], [load_id])\n"
                "VALUES ({'pipeline'}, {'resource'}, {'path'}, {'value'}, {'hashes'}, {'load_id'})",
                err));
done:
    buf_release(&hashes);
    return rc;
}

/* ---- _tidegate_files ---- */

static int add_file(const struct recording *recording, size_t written,
                    const struct bookmark *bookmark, struct tg_error *err)
{
    bool has_content = *bookmark->content != '\0';
    return add_values(
        recording, written,
        SQL_PARTS(SQL_TEXT("resource", bookmark->resource), SQL_TEXT("path", bookmark->key),
                  SQL_TEXT("checksum", or_null(bookmark->checksum)),
                  SQL_TEXT("content", or_null(bookmark->content)),
                  SQL_TEXT("head", or_null(bookmark->head)), SQL_NUMBER("size", bookmark->size),
                  SQL_NUMBER("modified", bookmark->mtime_us),
                  SQL_NUMBER("bytes", bookmark->content_bytes), SQL_NUMBER("rows", bookmark->rows),
                  SQL_PATTERN("length", has_content ? "{bytes}, {rows}" : "NULL, NULL")),
        "({'pipeline'}, {'resource'}, {'path'}, {'checksum'}, {'content'}, {'head'}, {size}, "
        "{modified}, {length}, {'load_id'})",
        err);
}

static int insert_files(const struct recording *recording, size_t first, size_t end,
                        struct tg_error *err)
{
    int rc = TG_OK;
    TRY(sql_write(&recording->plan->text, &recording->scope,
                  "INSERT INTO {_tidegate_files} ([pipeline_name], [resource_name], [path], "
                  "[checksum], [content_hash], [head_hash], [size], [modified_us], "
                  "[content_bytes], [row_count], [load_id])\n"
                  "VALUES",
                  err));
    for (size_t i = first; i < end; i++)
        TRY(add_file(recording, i - first, &recording->delivery->manifest->bookmarks[i], err));
    TRY(plan_end(recording->plan, NULL, COUNT_NONE, err));
done:
    return rc;
}

/* Forgets the files of the names that have been written, a row of VALUES each. */
static int forget_names(const struct recording *recording, struct tg_error *err)
{
    int rc = TG_OK;
    struct plan *plan = recording->plan;
    const char *names = NULL;
    TRY(arena_keep(&plan->arena, buf_string(&plan->text), &names, err));
    buf_clear(&plan->text);
    TRY(forget_some_files(recording, SQL_PARTS(SQL_PIECE("names", names)),
                          "[load_id] <> {'load_id'} "
                          "AND ([pipeline_name], [resource_name], [path]) IN (VALUES{names}) "
                          "AND " OF_SCHEMA,
                          err));
done:
    return rc;
}

/* The entries of the names that files had before; each row that goes is one of an earlier load. */
static int forget_renamed(const struct recording *recording, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = recording->delivery->manifest;
    size_t written = 0;
    for (size_t i = 0; i < manifest->bookmark_count; i++) {
        const struct bookmark *bookmark = &manifest->bookmarks[i];
        if (!*bookmark->replaces)
            continue;
        TRY(add_values(recording, written++,
                       SQL_PARTS(SQL_TEXT("resource", bookmark->resource),
                                 SQL_TEXT("path", bookmark->replaces)),
                       "({'pipeline'}, {'resource'}, {'path'})", err));
        if (written < VALUES_PER_STATEMENT)
            continue;
        TRY(forget_names(recording, err));
        written = 0;
    }
    if (written > 0)
        TRY(forget_names(recording, err));
done:
    return rc;
}

/* Of this schema; `where` says more, and begins with AND. */
static int forget_ours(const struct recording *recording, const char *kept, const char *table,
                       const struct sql_part *parts, const char *where, struct tg_error *err)
{
    const bool is_windows = strcmp(table, WINDOWS_TABLE) == 0;
    where = arena_printf(&recording->plan->arena, "[pipeline_name] = {'pipeline'} AND %s%s",
                         is_windows ? WINDOWS_OF_SCHEMA : OF_SCHEMA, where);
    if (!where)
        return error_nomem(err);
    return forget(recording, kept, table, parts, where, err);
}

/* All that a table of the ledger has of a resource. */
static int forget_resource(const struct recording *recording, const char *kept, const char *table,
                           const char *resource, struct tg_error *err)
{
    return forget_ours(recording, kept, table, SQL_PARTS(SQL_TEXT("resource", resource)),
                       " AND [resource_name] = {'resource'}", err);
}

/* What is replaced or dropped is no longer loaded: its files, or the rows at its cursor. `table` is
 * that of the ledger. */
static int forget_replaced(const struct recording *recording, const char *kept, const char *table,
                           struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = recording->delivery->manifest;
    const bool all = strcmp(manifest->refresh, "drop_sources") == 0;
    if (!described_find(&recording->delivery->described, table) || manifest->reset_count > 0)
        goto done;
    if (all)
        TRY(forget_ours(recording, kept, table, SQL_PARTS({0}), "", err));
    for (size_t i = 0; !all && i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        const bool is_own = !part->nested && !part->further;
        if (is_own && (part->replaced || part->dropped))
            TRY(forget_resource(recording, kept, table, part->resource, err));
    }
done:
    return rc;
}

/* Rejected rows bear a load's id, and not a pipeline's name. */
static int forget_rejects(const struct recording *recording, const char *resource,
                          struct tg_error *err)
{
    if (!described_find(&recording->delivery->described, REJECTS_TABLE))
        return TG_OK;
    return add(recording, SQL_PARTS(SQL_TEXT("resource", resource)),
               "DELETE FROM {_tidegate_rejects}\n"
               "WHERE [resource_name] = {'resource'} AND " OF_SCHEMA " AND [load_id] NOT IN (\n"
               "SELECT [load_id] FROM {_tidegate_loads} WHERE [pipeline_name] <> {'pipeline'})",
               err);
}

/* What a reset, or a drop, takes from the ledger. */
static int forget_reset(const struct recording *recording, const struct manifest_reset *reset,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const struct delivery *delivery = recording->delivery;
    const struct {
        const char *table, *kept;
        bool goes;
    } parts[] = {{"_tidegate_boundary", delivery->kept_boundary, reset->cursors},
                 {TIES_TABLE, delivery->kept_ties, reset->cursors},
                 {WINDOWS_TABLE, delivery->kept_windows, reset->cursors},
                 {"_tidegate_files", delivery->kept_files, reset->files}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].goes && described_find(&delivery->described, parts[i].table))
            TRY(forget_resource(recording, parts[i].kept, parts[i].table, reset->resource, err));
    if (reset->all)
        TRY(forget_rejects(recording, reset->resource, err));
done:
    return rc;
}

/* New rows first, told by the load's id, then the older ones of the same files go: so the names of
 * the files, of which there may be very many, are sent once. */
static int record_files(const struct recording *recording, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = recording->delivery->manifest->bookmark_count;
    for (size_t first = 0; first < count; first += VALUES_PER_STATEMENT) {
        size_t left = count - first;
        size_t take = left < VALUES_PER_STATEMENT ? left : VALUES_PER_STATEMENT;
        TRY(insert_files(recording, first, first + take, err));
    }
    if (count == 0 || !described_find(&recording->delivery->described, "_tidegate_files"))
        goto done;
    TRY(forget_some_files(
        recording, SQL_PARTS({0}),
        "[load_id] <> {'load_id'} AND ([pipeline_name], [resource_name], [path]) IN (\n"
        "SELECT [pipeline_name], [resource_name], [path] FROM {_tidegate_files} "
        "WHERE [load_id] = {'load_id'}) AND " OF_SCHEMA,
        err));
done:
    return rc;
}

int record_plan(struct delivery *delivery, const struct write_table_counts *counts,
                const struct sketch *learned, int64_t now_us, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    const struct sql_part *parts =
        SQL_PARTS(SQL_TEXT("load_id", manifest->load_id), SQL_TEXT("pipeline", manifest->pipeline),
                  SQL_TEXT("schema", manifest->schema),
                  SQL_TEXT("package_id", or_null(manifest->package_id)), SQL_TIME("now", now_us));
    const struct recording recording = {delivery, counts, learned,
                                        now_us,   plan,   plan_scope(delivery, parts)};
    TRY(record_schema(&recording, err));
    TRY(record_state(&recording, err));
    TRY(record_load(&recording, err));
    TRY(record_counts(&recording, err));
    if (*manifest->refresh) {
        TRY(forget_replaced(&recording, delivery->kept_boundary, "_tidegate_boundary", err));
        TRY(forget_replaced(&recording, delivery->kept_ties, TIES_TABLE, err));
    }
    for (size_t i = 0; i < manifest->boundary_count; i++)
        TRY(record_boundary(&recording, &manifest->boundaries[i], err));
    TRY(forget_replaced(&recording, delivery->kept_windows, WINDOWS_TABLE, err));
    TRY(windows_record(delivery, &recording.scope, plan, err));
    TRY(forget_replaced(&recording, delivery->kept_files, "_tidegate_files", err));
    TRY(record_files(&recording, err));
    TRY(forget_renamed(&recording, err));
    for (size_t i = 0; i < manifest->reset_count; i++)
        TRY(forget_reset(&recording, &manifest->resets[i], err));
done:
    return rc;
}

/* ---- what is in the package ---- */

int record_ties(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    static const char *const names[] = {"pipeline_name", "resource_name", "cursor_path",
                                        "row_hashes", "load_id"};
    const struct sql_names given = {names, sizeof(names) / sizeof(names[0])};
    const struct fill fill = {.table = TIES_TABLE, .columns = &given};
    const struct manifest *manifest = delivery->manifest;
    const struct manifest_table *part = manifest_find(manifest, TIES_TABLE);
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    if (!part || part->file_count == 0)
        return TG_OK;
    TRY(plan_source(&rows, delivery, part, 0, err));
    const struct sql_scope scope =
        plan_rows_scope(delivery, SQL_PARTS(SQL_TEXT("pipeline", manifest->pipeline),
                                            SQL_TEXT("load_id", manifest->load_id),
                                            SQL_PIECE("rows", buf_string(&rows))));
    TRY(plan_fill(plan, delivery, &fill, &scope,
                  "SELECT {'pipeline'} AS [pipeline_name], [resource_name], [cursor_path], "
                  "[row_hashes], {'load_id'} AS [load_id]\n"
                  "FROM {rows}",
                  err));
done:
    buf_release(&rows);
    return rc;
}

int record_rejects(const struct delivery *delivery, int64_t now_us, struct plan *plan,
                   struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_table *part = manifest_find(delivery->manifest, REJECTS_TABLE);
    const char *names[REJECTS_COLUMNS + 1];
    struct sql_names columns = {names, 0}, given = {names, 0};
    const struct fill fill = {.table = REJECTS_TABLE, .columns = &given};
    struct buf rows = BUF_INIT;
    if (!part || part->file_count == 0)
        return TG_OK;
    while (columns.count < part->files[0].column_count && columns.count < REJECTS_COLUMNS) {
        names[columns.count] =
            part->files[0].columns[columns.count].name; /* earlier builds: less */
        columns.count++;
    }
    names[columns.count] = "inserted_at";
    given.count = columns.count + 1;
    TRY(plan_source(&rows, delivery, part, 0, err));
    const struct sql_scope scope = plan_rows_scope(
        delivery, SQL_PARTS(SQL_NAMES("columns", &columns), SQL_PIECE("rows", buf_string(&rows)),
                            SQL_TIME("now", now_us)));
    TRY(plan_fill(plan, delivery, &fill, &scope,
                  "SELECT {columns}, {now} AS [inserted_at]\n"
                  "FROM {rows}",
                  err));
done:
    buf_release(&rows);
    return rc;
}
