/*
 * Undo of loads, the newest first.
 *
 * Path: undo_look -> choose (ledger_history: which loads; keep_read: is there all that it takes?)
 * -> count_tables, find_before (state and schema before the oldest)
 *       undo_apply -> choose, again -> for each load: undone_table for each of its tables
 * (undone.c), undo_entries (of the ledger), undone_check_below
 *       undo_record, with the ledger rows of the undo itself
 *
 * What a later load has added to a table stays: columns, which the rows that come back do not have.
 * A check that fails names a row, and the transaction is rolled back.
 */
#include "write/sql/undo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "package/rejects.h"
#include "write/sql/keep.h"
#include "write/sql/ledger.h"
#include "write/sql/undone.h"
#include "write/sql/windows.h"

/* ---- which loads ---- */

/* What is kept of a load; the first is its row of the whole. `count` 0: nothing. */
static struct kept kept_of(const struct undoing *undoing, const char *load_id)
{
    struct kept found = {0};
    for (size_t i = 0; i < undoing->kept.count; i++) {
        if (strcmp(undoing->kept.rows[i].load_id, load_id) != 0)
            continue;
        found.rows = found.count++ == 0 ? &undoing->kept.rows[i] : found.rows;
    }
    return found;
}

static int nothing_kept(const struct undoing *undoing, const char *load_id, struct tg_error *err)
{
    return error_set(err, TG_USAGE,
                     "load '%s' of pipeline '%s' cannot be undone: the rows that it replaced were "
                     "not kept, or no longer are; `undo: {loads: N}` in the spec keeps those of "
                     "the newest N loads from then on",
                     load_id, undoing->pipeline);
}

static int table_gone(const char *load_id, const char *table, struct tg_error *err)
{
    return error_set(err, TG_DESTINATION,
                     "load '%s' cannot be undone: table '%s', in which its rows were kept, is "
                     "gone; nothing was written",
                     load_id, table);
}

static int check_kept(const struct undoing *undoing, const char *load_id, struct tg_error *err)
{
    const struct kept kept = kept_of(undoing, load_id);
    if (kept.count == 0)
        return nothing_kept(undoing, load_id, err);
    for (size_t i = 0; i < kept.count; i++) {
        const struct kept_row *row = &kept.rows[i];
        if (row->old_table && !described_find(undoing->there, row->old_table))
            return table_gone(load_id, row->old_table, err);
        if (row->left_table && !described_find(undoing->there, row->left_table))
            return table_gone(load_id, row->left_table, err);
    }
    return TG_OK;
}

static const struct ledger_load *find_load(const struct ledger_loads *history, const char *load_id)
{
    for (size_t i = 0; i < history->count; i++)
        if (strcmp(history->items[i].load_id, load_id) == 0)
            return &history->items[i];
    return NULL;
}

/* The oldest one that is meant; NULL: nothing is to be done. */
static int find_oldest(struct undoing *undoing, const struct undo_request *request,
                       const struct ledger_loads *history, const struct ledger_load **out,
                       struct tg_error *err)
{
    *out = NULL;
    if (history->count == 0)
        return error_set(err, TG_USAGE, "pipeline '%s' has no load in dataset '%s' to be undone",
                         undoing->pipeline, undoing->dataset);
    const struct ledger_load *load =
        request->load_id ? find_load(history, request->load_id) : &history->items[0];
    if (!load)
        return error_set(err, TG_USAGE,
                         "pipeline '%s' has no load '%s'; see `tidegate show SPEC loads`",
                         undoing->pipeline, request->load_id);
    if (request->load_id && load->is_undo)
        return error_set(err, TG_USAGE,
                         "load '%s' is an undo, which is not undone: run the pipeline, to load "
                         "again what it took away",
                         load->load_id);
    *out = load->is_done && !load->is_undo ? load : NULL;
    return *out ? TG_OK : arena_keep(undoing->arena, load->load_id, &undoing->already, err);
}

static int list_loads(struct undoing *undoing, const char *schema,
                      const struct ledger_loads *history, const struct ledger_load *oldest,
                      struct tg_error *err)
{
    int rc = TG_OK;
    undoing->loads = arena_alloc(undoing->arena, (history->count + 1) * sizeof(*undoing->loads));
    if (!undoing->loads)
        return error_nomem(err);
    for (const struct ledger_load *load = history->items; oldest && load <= oldest; load++) {
        if (!load->is_done || load->is_undo)
            continue;
        TRY(check_kept(undoing, load->load_id, err));
        const char **place = &undoing->loads[undoing->load_count++];
        TRY(arena_keep(undoing->arena, load->load_id, place, err));
        if (strcmp(load->schema, schema) != 0)
            continue;
        undoing->newest = undoing->newest ? undoing->newest : *place;
        undoing->oldest = *place;
    }
done:
    return rc;
}

static int choose(struct undoing *undoing, const struct undo_request *request, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger_loads history;
    const struct ledger_load *oldest = NULL;
    const struct manifest whose = {.pipeline = undoing->pipeline, .dataset = undoing->dataset};
    rc = ledger_history(undoing->con, undoing->dataset, undoing->there, undoing->pipeline,
                        request->schema, &history, err);
    if (rc != TG_OK)
        return rc;
    TRY(keep_read(undoing->con, &whose, undoing->there, undoing->arena, &undoing->kept, err));
    TRY(find_oldest(undoing, request, &history, &oldest, err));
    TRY(list_loads(undoing, request->schema, &history, oldest, err));
    if (request->newest_load && undoing->load_count > 0 &&
        strcmp(undoing->loads[0], request->newest_load) != 0)
        TRY(error_set(err, TG_CONFLICT,
                      "load '%s' of pipeline '%s' has come meanwhile; nothing was written, look "
                      "again",
                      undoing->loads[0], undoing->pipeline));
done:
    arena_release(&history.arena);
    return rc;
}

/* ---- what it would do ---- */

static int count_rows(const struct undoing *undoing, const char *table, uint64_t *out,
                      struct tg_error *err)
{
    struct text_rows rows = {0};
    const struct sql_scope scope = undoing_scope(undoing, SQL_PARTS(SQL_TABLE("kept", table)));
    if (!table)
        return TG_OK;
    int rc = sql_fetch(undoing->con, &scope, "SELECT count(*) FROM {kept}", &rows, err);
    if (rc == TG_OK)
        *out += strtoull(text_cell(&rows, 0, 0), NULL, 10);
    text_rows_release(&rows);
    return rc;
}

/* Rows that one load has left and the next one has taken away are counted with both. */
static int count_table(const struct undoing *undoing, const struct kept_row *row, struct undo *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    size_t i = 0;
    while (i < out->table_count && strcmp(out->tables[i].name, row->table) != 0)
        i++;
    if (i == out->table_count) {
        TRY(arena_keep(&out->arena, row->table, &out->tables[i].name, err));
        TRY(arena_keep(&out->arena, row->resource, &out->tables[i].resource, err));
        out->table_count++;
    }
    TRY(count_rows(undoing, row->left_table, &out->tables[i].rows_removed, err));
    TRY(count_rows(undoing, row->old_table, &out->tables[i].rows_restored, err));
done:
    return rc;
}

static int count_tables(const struct undoing *undoing, struct undo *out, struct tg_error *err)
{
    int rc = TG_OK;
    out->tables = arena_alloc(&out->arena, (undoing->kept.count + 1) * sizeof(*out->tables));
    if (!out->tables)
        return error_nomem(err);
    for (size_t i = 0; i < undoing->load_count; i++) {
        const struct kept kept = kept_of(undoing, undoing->loads[i]);
        for (size_t r = 0; r < kept.count; r++)
            if (kept.rows[r].shape)
                TRY(count_table(undoing, &kept.rows[r], out, err));
    }
done:
    return rc;
}

static int not_there(const char *what, int64_t version, const struct kept_row *oldest,
                     const char *table, struct tg_error *err)
{
    return error_set(err, TG_DESTINATION,
                     "load '%s' cannot be undone: the %s of version %" PRId64
                     ", which there was before it, is not in %s any more; nothing was written",
                     oldest->load_id, what, version, table);
}

/* Where others have stored a schema since, theirs stays; so do the pipeline's other schemas. */
static int find_schema(const struct undoing *undoing, const struct undo_request *request,
                       struct undo *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger now;
    out->schema_json = "";
    if (!undoing->oldest)
        return TG_OK;
    const struct kept_row *oldest = kept_of(undoing, undoing->oldest).rows;
    const struct kept_row *newest = kept_of(undoing, undoing->newest).rows;
    rc = ledger_schema(undoing->con, undoing->dataset, undoing->there, request->schema, &now, err);
    if (rc != TG_OK)
        return rc;
    if (strcmp(now.schema_hash, newest->left_hash) != 0)
        goto done;
    out->schema_json = NULL;
    if (oldest->schema_version > 0) {
        TRY(ledger_old_schema(undoing->con, undoing->dataset, undoing->there, request->schema,
                              oldest->schema_version, oldest->schema_hash, &now, err));
        if (!now.schema_json)
            TRY(not_there("schema", oldest->schema_version, oldest, "_dlt_version", err));
        TRY(arena_keep(&out->arena, now.schema_json, &out->schema_json, err));
    }
done:
    ledger_release(&now);
    return rc;
}

static int find_before(const struct undoing *undoing, const struct undo_request *request,
                       struct undo *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger old;
    const struct kept_row *oldest = kept_of(undoing, undoing->loads[undoing->load_count - 1]).rows;
    ledger_init(&old);
    if (oldest->state_version > 0) {
        TRY(ledger_old_state(undoing->con, undoing->dataset, undoing->there, undoing->pipeline,
                             oldest->state_version, oldest->state_hash, &old, err));
        if (!old.state_blob)
            TRY(not_there("state", oldest->state_version, oldest, "_dlt_pipeline_state", err));
        TRY(arena_keep(&out->arena, old.state_blob, &out->state_blob, err));
    }
    TRY(find_schema(undoing, request, out, err));
done:
    ledger_release(&old);
    return rc;
}

int undo_look(struct connection *con, const char *dataset, const struct undo_request *request,
              struct undo *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there;
    rc = ledger_describe(con, dataset, &there, err);
    if (rc != TG_OK)
        return rc;
    struct undoing undoing = {.con = con,
                              .dataset = dataset,
                              .pipeline = request->pipeline,
                              .there = &there,
                              .arena = &out->arena};
    TRY(choose(&undoing, request, err));
    out->loads = undoing.loads;
    out->load_count = undoing.load_count;
    out->already = undoing.already;
    if (out->load_count == 0)
        goto done;
    TRY(count_tables(&undoing, out, err));
    TRY(find_before(&undoing, request, out, err));
done:
    described_release(&there);
    return rc;
}

static int drop(const struct undoing *undoing, const char *table, struct tg_error *err)
{
    const struct sql_scope scope = undoing_scope(undoing, SQL_PARTS(SQL_TABLE("kept", table)));
    return table ? sql_exec(undoing->con, &scope, "DROP TABLE {kept}", NULL, err) : TG_OK;
}

/* ---- the ledger ---- */

/* By their names: the table may have got more of them since. */
static int list_columns(const struct undoing *undoing, const char *table, struct sql_names *out,
                        struct tg_error *err)
{
    const struct described_table *found = described_find(undoing->there, table);
    const char **names = arena_alloc(undoing->arena, found->column_count * sizeof(*names));
    if (!names)
        return error_nomem(err);
    for (size_t i = 0; i < found->column_count; i++)
        names[i] = found->columns[i].name;
    *out = (struct sql_names){names, found->column_count};
    return TG_OK;
}

/* Entries of the load go, those that it took the place of come back. What becomes of its windows
 * undo_record says. */
static int undo_entries(const struct undoing *undoing, const struct kept_row *kept,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct sql_names columns = {NULL, 0};
    if (kept->old_table)
        TRY(list_columns(undoing, kept->old_table, &columns, err));
    const struct sql_scope scope = undoing_scope(
        undoing, SQL_PARTS(SQL_TABLE("table", kept->table), SQL_TABLE("kept", kept->old_table),
                           SQL_NAMES("columns", &columns), SQL_TEXT("pipeline", undoing->pipeline),
                           SQL_TEXT("load_id", kept->load_id)));
    if (described_find(undoing->there, kept->table) && strcmp(kept->table, WINDOWS_TABLE) != 0)
        TRY(sql_exec(undoing->con, &scope,
                     "DELETE FROM {table}\n"
                     "WHERE [pipeline_name] = {'pipeline'} AND [load_id] = {'load_id'}",
                     NULL, err));
    if (kept->old_table)
        TRY(sql_exec(undoing->con, &scope,
                     "INSERT INTO {table} ({columns})\n"
                     "SELECT {columns} FROM {kept}",
                     NULL, err));
done:
    return rc;
}

/* ---- all of it ---- */

/* A database of another version may make other hashes; so may a connection with other settings. */
static int check_probe(const struct undoing *undoing, const struct kept_row *whole,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf hash = BUF_INIT;
    struct text_rows rows = {0};
    static const struct type_spec text = {.type = TYPE_TEXT};
    TRY(keep_write_probe(&hash, undoing->con->dialect, err));
    const struct sql_scope scope = undoing_scope(
        undoing, SQL_PARTS(SQL_PIECE("hash", buf_string(&hash)), SQL_TYPE("text", &text)));
    TRY(sql_fetch(undoing->con, &scope, "SELECT CAST({hash} AS {text})", &rows, err));
    if (strcmp(text_cell(&rows, 0, 0), whole->probe) != 0)
        rc = error_set(err, TG_DESTINATION,
                       "load '%s' cannot be undone: the database makes other hashes of rows than "
                       "when it was written, so that nobody can tell whether they are unchanged; "
                       "nothing was written",
                       whole->load_id);
done:
    buf_release(&hash);
    text_rows_release(&rows);
    return rc;
}

static int undo_load(const struct undoing *undoing, const struct delivery *delivery,
                     const char *load_id, struct tally *tallies, struct tg_error *err)
{
    int rc = TG_OK;
    const struct kept kept = kept_of(undoing, load_id);
    TRY(check_probe(undoing, &kept.rows[0], err));
    for (size_t i = 0; i < kept.count; i++) {
        const struct kept_row *row = &kept.rows[i];
        const struct manifest_table *part = manifest_find(delivery->manifest, row->table);
        struct tally lost = {0};
        struct tally *tally = part ? &tallies[part - delivery->manifest->tables] : &lost;
        if (row->shape)
            TRY(undone_table(undoing, row, tally, err));
        else if (*row->table)
            TRY(undo_entries(undoing, row, err));
    }
    TRY(undone_check_below(undoing, &kept, err));
    for (size_t i = 0; i < kept.count; i++) {
        TRY(drop(undoing, kept.rows[i].old_table, err));
        TRY(drop(undoing, kept.rows[i].left_table, err));
    }
done:
    return rc;
}

static int check_same(const struct undoing *undoing, const struct manifest *manifest,
                      struct tg_error *err)
{
    bool same = undoing->load_count == manifest->undone_count;
    for (size_t i = 0; same && i < undoing->load_count; i++)
        same = strcmp(undoing->loads[i], manifest->undone[i]) == 0;
    if (same)
        return TG_OK;
    return error_set(err, TG_CONFLICT,
                     "another run of pipeline '%s' has loaded meanwhile; nothing was written, look "
                     "again",
                     manifest->pipeline);
}

int undo_apply(struct connection *con, const struct delivery *delivery, struct tally *tallies,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    const struct manifest *manifest = delivery->manifest;
    const struct undo_request request = {.pipeline = manifest->pipeline,
                                         .schema = manifest->schema,
                                         .load_id = manifest->undone[manifest->undone_count - 1]};
    arena_init(&arena);
    struct undoing undoing = {.con = con,
                              .dataset = manifest->dataset,
                              .pipeline = manifest->pipeline,
                              .there = &delivery->described,
                              .arena = &arena};
    TRY(choose(&undoing, &request, err));
    TRY(check_same(&undoing, manifest, err));
    TRY(undone_prepare(&undoing, manifest->schema, err));
    for (size_t i = 0; i < undoing.load_count; i++)
        TRY(undo_load(&undoing, delivery, undoing.loads[i], tallies, err));
done:
    text_rows_release(&undoing.generated);
    catalog_release(&undoing.catalog);
    arena_release(&arena);
    return rc;
}

/* It stays in the ledger, as one that is not to be read. */
static int mark(const struct delivery *delivery, const char *load_id, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_TEXT("load_id", load_id)));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 "UPDATE {_dlt_loads} SET [status] = 1 WHERE [load_id] = {'load_id'}", err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 "DELETE FROM {_tidegate_undo} WHERE [load_id] = {'load_id'}", err));
    if (described_find(&delivery->described, WINDOWS_TABLE))
        TRY(windows_reopen(&scope, plan, err));
    if (described_find(&delivery->described, REJECTS_TABLE))
        TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                     "DELETE FROM {_tidegate_rejects} WHERE [load_id] = {'load_id'}", err));
done:
    return rc;
}

int undo_record(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < delivery->manifest->undone_count; i++)
        TRY(mark(delivery, delivery->manifest->undone[i], plan, err));
done:
    return rc;
}
