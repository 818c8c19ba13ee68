/*
 * What a load keeps for its undo.
 *
 * Path: keep_read (what earlier loads keep) -> keep_plan -> drop_expired, keep_target for each
 * table (make_old: with the columns and types of the table, once its schema changes are done),
 * keep_ledger -> keep_removed, from plan_remove -> keep_left -> keep_record.
 *
 * Rows that a load has put into a root table bear its id; what is nested in them follows them.
 * Where all rows were staged, nested ones are those of the stage: they may belong to older roots.
 * Versions of a row (scd2) may share an id, and what is nested in them: they are told by the load,
 * too, and nested rows that another version has stay.
 *
 * The tables are made before any row goes, as all tables are; those of the rows that are left,
 * which nobody can know before, with them in it.
 */
#include "write/sql/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "catalog/history.h"
#include "write/disposition.h"
#include "package/load_id.h"
#include "write/sql/nested.h"

/* ---- what earlier loads keep ---- */

static int64_t number(const char *cell)
{
    return cell ? strtoll(cell, NULL, 10) : 0;
}

/* NULL stays NULL. */
static int keep_cell(struct arena *arena, const char *cell, const char **out, struct tg_error *err)
{
    *out = NULL;
    return cell ? arena_keep(arena, cell, out, err) : TG_OK;
}

static int read_row(const struct text_rows *rows, size_t row, struct arena *arena,
                    struct kept_row *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char **texts[] = {&out->load_id,    &out->table, &out->resource,   &out->old_table,
                            &out->left_table, &out->shape, &out->state_hash, &out->schema_hash,
                            &out->left_hash,  &out->probe};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
    for (size_t i = 0; i < TEXTS; i++)
        TRY(keep_cell(arena, text_cell(rows, row, i), texts[i], err));
    out->state_version = number(text_cell(rows, row, TEXTS));
    out->schema_version = number(text_cell(rows, row, TEXTS + 1));
done:
    return rc;
}

static int compare_rows(const void *a, const void *b)
{
    const struct kept_row *x = a, *y = b;
    int128 left = load_id_ns(x->load_id), right = load_id_ns(y->load_id);
    if (left != right)
        return left > right ? -1 : 1;
    return strcmp(x->table, y->table);
}

int keep_read(struct connection *con, const struct manifest *manifest,
              const struct described *there, struct arena *arena, struct kept *out,
              struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = manifest->dataset,
        .parts = SQL_PARTS(SQL_TEXT("pipeline", manifest->pipeline)),
    };
    *out = (struct kept){0};
    if (!described_find(there, UNDO_TABLE))
        return TG_OK;
    TRY(sql_fetch(con, &scope,
                  "SELECT [load_id], [table_name], [resource_name], [old_table], [left_table], "
                  "[shape], [state_hash], [schema_hash], [left_hash], [probe], [state_version], "
                  "[schema_version]\n"
                  "FROM {_tidegate_undo} WHERE [pipeline_name] = {'pipeline'}",
                  &rows, err));
    out->rows = arena_alloc(arena, (rows.row_count + 1) * sizeof(*out->rows));
    if (!out->rows)
        TRY(error_nomem(err));
    for (; out->count < rows.row_count; out->count++)
        TRY(read_row(&rows, out->count, arena, &out->rows[out->count], err));
    qsort(out->rows, out->count, sizeof(*out->rows), compare_rows);
done:
    text_rows_release(&rows);
    return rc;
}

/* How many of the rows, from the first on, stay beside those of the load that comes. */
static size_t staying(const struct delivery *delivery)
{
    const struct kept *kept = &delivery->kept;
    int64_t room = delivery->manifest->undo_loads - 1;
    if (delivery->manifest->undone_count > 0)
        return kept->count;
    for (size_t i = 0; i < kept->count; i++) {
        bool begins = i == 0 || strcmp(kept->rows[i].load_id, kept->rows[i - 1].load_id) != 0;
        if (begins && room-- <= 0)
            return i;
    }
    return kept->count;
}

static int drop(const struct delivery *delivery, const char *table, struct plan *plan,
                struct tg_error *err)
{
    if (!table || !described_find(&delivery->described, table))
        return TG_OK;
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_TABLE("kept", table)));
    return plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {kept}", err);
}

static int drop_expired(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = staying(delivery); i < delivery->kept.count; i++) {
        TRY(drop(delivery, delivery->kept.rows[i].old_table, plan, err));
        TRY(drop(delivery, delivery->kept.rows[i].left_table, plan, err));
    }
done:
    return rc;
}

/* ---- tables ---- */

/* _tidegate_undo_1700000000_123456_2_old */
static int name_table(struct delivery *delivery, const char *number, const char *what,
                      const char **out, struct tg_error *err)
{
    char *name = arena_printf(&delivery->arena, UNDO_TABLE "_%s_%s%s", delivery->manifest->load_id,
                              number, what);
    for (char *at = name; at && *at; at++)
        *at = *at == '.' ? '_' : *at;
    *out = name;
    return name ? TG_OK : error_nomem(err);
}

static int make_old(struct delivery *delivery, const char *table, const struct sql_names *columns,
                    const char *kept, struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TABLE("kept", kept), SQL_TABLE("table", table),
                                       SQL_NAMES("names", columns),
                                       SQL_PATTERN("columns", columns ? "{names}" : "*")));
    return plan_add(plan, NULL, COUNT_NONE, &scope,
                    "CREATE TABLE {kept} AS\n"
                    "SELECT {columns} FROM {table} WHERE 1 = 0",
                    err);
}

static bool loses_rows(const struct chain *chain)
{
    return chain->replaced || !chain->driver->adds_rows;
}

/* What tells a row: its id, and of versions that may share one the load that has brought it. */
struct row_ids {
    const char *items[2];
    struct sql_names names;
};

static void find_ids(const struct table *table, struct row_ids *out)
{
    out->items[0] = table_row_id(table);
    out->items[1] = "_dlt_load_id";
    out->names = (struct sql_names){out->items, history_shares_ids(table) ? 2 : 1};
}

static int check_target(const struct chain *chain, const struct target *target,
                        struct tg_error *err)
{
    const char *row_key = table_row_id(target->table);
    const bool is_root = target == &chain->targets[0];
    const char *lacks = !row_key || !target_find(target, row_key)         ? "row key"
                        : is_root && !target_find(target, "_dlt_load_id") ? "_dlt_load_id"
                                                                          : NULL;
    if (lacks)
        return error_set(err, TG_DATA,
                         "table '%s' has no %s, by which the rows of a load are told; without it "
                         "there is no undo: leave out `undo`",
                         target->table->name, lacks);
    return TG_OK;
}

static int keep_target(struct delivery *delivery, const struct chain *chain, struct target *target,
                       size_t count, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    char number[24];
    struct sql_names columns;
    const bool loses = target->there && loses_rows(chain);
    snprintf(number, sizeof(number), "%zu", count);
    if (!loses && !target_has_rows(target))
        return TG_OK;
    TRY(check_target(chain, target, err));
    TRY(name_table(delivery, number, "_left", &target->kept_left, err));
    if (!loses)
        return TG_OK;
    TRY(name_table(delivery, number, "_old", &target->kept_old, err));
    TRY(target_columns(target, NULL, &plan->arena, &columns, err));
    TRY(make_old(delivery, target->table->name, &columns, target->kept_old, plan, err));
done:
    return rc;
}

static int keep_ledger(struct delivery *delivery, const char *table, const char *what,
                       const char **kept, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    *kept = NULL;
    if (!described_find(&delivery->described, table))
        return TG_OK;
    TRY(name_table(delivery, what, "", kept, err));
    TRY(make_old(delivery, table, NULL, *kept, plan, err));
done:
    return rc;
}

int keep_plan(struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    TRY(drop_expired(delivery, plan, err));
    if (delivery->manifest->undo_loads == 0)
        return TG_OK;
    if (!delivery->dialect->row_hash)
        return error_set(err, TG_DESTINATION,
                         "a destination of the kind '%s' cannot keep undo; leave out `undo`",
                         delivery->dialect->name);
    for (size_t c = 0; c < delivery->chain_count; c++) {
        struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++)
            TRY(keep_target(delivery, chain, &chain->targets[t], ++count, plan, err));
    }
    TRY(keep_ledger(delivery, "_tidegate_boundary", "boundary", &delivery->kept_boundary, plan,
                    err));
    TRY(keep_ledger(delivery, TIES_TABLE, "ties", &delivery->kept_ties, plan, err));
    TRY(keep_ledger(delivery, "_tidegate_files", "files", &delivery->kept_files, plan, err));
    TRY(keep_ledger(delivery, WINDOWS_TABLE, "windows", &delivery->kept_windows, plan, err));
done:
    return rc;
}

/* ---- rows ---- */

/* Rows that were changed have an older load's id, and their own. */
static bool changes_rows(const struct plan *plan, const struct target *target)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].changes_rows && plan->steps[i].target == target)
            return true;
    return false;
}

/* A row that the load has changed before it takes it away is kept as it was at first. */
int keep_removed(struct plan *plan, const struct old_rows *rows, const struct sql_scope *scope,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct sql_names columns;
    struct row_ids ids;
    const struct target *target = rows->target;
    if (!target->kept_old)
        return TG_OK;
    find_ids(target->table, &ids);
    TRY(target_columns(target, NULL, &plan->arena, &columns, err));
    const struct sql_scope old = sql_within(
        scope,
        SQL_PARTS(
            SQL_TABLE("table", target->table->name), SQL_TABLE("kept", target->kept_old),
            SQL_NAME("id", ids.items[0]), SQL_NAME("load", ids.items[1]),
            SQL_NAMES("columns", &columns), SQL_PATTERN("which", rows->where),
            SQL_PATTERN("here", rows->meets ? "old" : "{table}"),
            SQL_PATTERN("and_load", ids.names.count > 1 ? " AND was.{load} = {here}.{load}" : ""),
            SQL_PATTERN("first", "NOT EXISTS (SELECT 1 FROM {kept} AS was"
                                 " WHERE was.{id} = {here}.{id}{and_load})"),
            SQL_PATTERN("and_first", changes_rows(plan, target) ? " AND {first}" : ""),
            SQL_PATTERN("of_which", rows->where                  ? "\nWHERE {which}{and_first}"
                                    : changes_rows(plan, target) ? "\nWHERE {first}"
                                                                 : "")));
    const struct step step = {.target = target, .keeps = true};
    TRY(plan_add_step(plan, &step, &old,
                      rows->meets ? "INSERT INTO {kept} ({columns})\n"
                                    "SELECT {old.columns} FROM {table} AS old\n"
                                    "WHERE EXISTS (SELECT 1 FROM {new} WHERE {which}){and_first}"
                                  : "INSERT INTO {kept} ({columns})\n"
                                    "SELECT {columns} FROM {table}{of_which}",
                      err));
done:
    return rc;
}

/* Rows that stay are found again by their ids. */
int keep_identify(struct plan *plan, const struct old_rows *rows, const struct sql_scope *scope,
                  struct tg_error *err)
{
    static const struct type_spec text = {.type = TYPE_TEXT};
    const struct target *target = rows->target;
    const char *new_id = scope->dialect->new_id;
    if (!target->kept_old || history_shares_ids(target->table))
        return TG_OK;
    const struct sql_scope unnamed = sql_within(
        scope,
        SQL_PARTS(SQL_TABLE("table", target->table->name),
                  SQL_NAME("id", table_link(target->table, LINK_ROW)), SQL_TYPE("text", &text),
                  SQL_PATTERN("new_id", new_id ? new_id : "CAST(gen_random_uuid() AS {text})"),
                  SQL_PATTERN("which", rows->where)));
    return plan_add(plan, target, COUNT_NONE, &unnamed,
                    rows->meets ? "UPDATE {table} AS old SET {id} = {new_id}\n"
                                  "FROM {new}\n"
                                  "WHERE old.{id} IS NULL AND {which}"
                                : "UPDATE {table} SET {id} = {new_id}\n"
                                  "WHERE {id} IS NULL AND {which}",
                    err);
}

int keep_forgotten(struct plan *plan, const char *kept, const char *table, const char *where,
                   const struct sql_scope *scope, struct tg_error *err)
{
    if (!kept)
        return TG_OK;
    const struct sql_scope old =
        sql_within(scope, SQL_PARTS(SQL_TABLE("kept", kept), SQL_TABLE("table", table),
                                    SQL_PATTERN("which", where)));
    return plan_add(plan, NULL, COUNT_NONE, &old,
                    "INSERT INTO {kept}\n"
                    "SELECT * FROM {table}\n"
                    "WHERE {which}",
                    err);
}

int keep_add_value(struct buf *values, const struct sql_scope *scope, const char *pattern,
                   struct tg_error *err)
{
    const struct dialect *dialect = scope->dialect;
    const struct sql_scope value = sql_within(scope, SQL_PARTS(SQL_PATTERN("value", pattern)));
    if (values->len > 0)
        buf_text(values, dialect->row_comma ? dialect->row_comma : ", ");
    return sql_write(values, &value, dialect->row_value ? dialect->row_value : "{value}", err);
}

int keep_write_hash(struct buf *out, const struct dialect *dialect, const char *values,
                    struct tg_error *err)
{
    const struct sql_scope scope = {.dialect = dialect,
                                    .parts = SQL_PARTS(SQL_PIECE("values", values))};
    return sql_write(out, &scope, dialect->row_hash, err);
}

int keep_write_probe(struct buf *out, const struct dialect *dialect, struct tg_error *err)
{
    static const char *const row[] = {"1", "'tidegate'", "CAST(0.1 AS DOUBLE PRECISION)",
                                      "CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)"};
    int rc = TG_OK;
    struct buf values = BUF_INIT;
    const struct sql_scope scope = {.dialect = dialect};
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        TRY(keep_add_value(&values, &scope, row[i], err));
    rc = keep_write_hash(out, dialect, buf_string(&values), err);
done:
    buf_release(&values);
    return rc;
}

/* Which rows of it are the load's. */
static int write_left(const struct chain *chain, const struct target *target,
                      const struct sql_scope *scope, struct buf *out, struct tg_error *err)
{
    char staged[STAGE_NAME];
    if (target == &chain->targets[0])
        return sql_write(out, scope, "[_dlt_load_id] = {'load_id'}", err);
    if (!stage_holds_all(chain))
        return nested_write_follows(chain, target, scope, out, err);
    if (!target_has_rows(target)) {
        buf_text(out, "1 = 0");
        return buf_check(out, err);
    }
    stage_name(chain, target, staged);
    const struct sql_scope of_stage = sql_within(scope, SQL_PARTS(SQL_NAME("staged", staged)));
    return sql_write(out, &of_stage, "{id} IN (SELECT {id} FROM {staged})", err);
}

static int write_row_hash(const struct sql_names *columns, const struct sql_scope *outer,
                          struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf values = BUF_INIT;
    for (size_t i = 0; i < columns->count; i++) {
        const struct sql_scope scope =
            sql_within(outer, SQL_PARTS(SQL_NAME("column", columns->items[i])));
        TRY(keep_add_value(&values, &scope, "{column}", err));
    }
    rc = keep_write_hash(out, outer->dialect, buf_string(&values), err);
done:
    buf_release(&values);
    return rc;
}

/* Nested rows that another load has brought with the same content are not this one's. */
#define ROOTS_OF_LOAD "{root} WHERE [_dlt_load_id] = {'load_id'}"
#define NEW_CONTENTS                                                                               \
    "{root} AS came WHERE [_dlt_load_id] = {'load_id'} AND NOT EXISTS (SELECT 1 FROM {root} AS "   \
    "was WHERE was.{row_key} = came.{row_key} AND was.[_dlt_load_id] <> {'load_id'})"

static int note_left(const struct delivery *delivery, const struct chain *chain,
                     const struct target *target, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct sql_names columns;
    struct buf hash = BUF_INIT, which = BUF_INIT;
    struct row_ids ids;
    const struct table *root = chain->targets[0].table;
    find_ids(target->table, &ids);
    const bool shared = ids.names.count > 1;
    TRY(target_columns(target, NULL, &plan->arena, &columns, err));
    const struct sql_scope scope = plan_scope(
        delivery,
        SQL_PARTS(SQL_TABLE("kept", target->kept_left), SQL_TABLE("table", target->table->name),
                  SQL_TABLE("root", root->name), SQL_NAMES("columns", &columns),
                  SQL_NAMES("id", &ids.names), SQL_NAME("row_key", table_row_id(root)),
                  SQL_TEXT("load_id", delivery->manifest->load_id),
                  SQL_PATTERN("gone", history_shares_ids(root) ? NEW_CONTENTS : ROOTS_OF_LOAD)));
    TRY(write_row_hash(&columns, &scope, &hash, err));
    TRY(write_left(chain, target, &scope, &which, err));
    const bool changes = target->kept_old && changes_rows(plan, target);
    const struct sql_scope left = sql_within(
        &scope,
        SQL_PARTS(SQL_PIECE("hash", buf_string(&hash)), SQL_PIECE("which", buf_string(&which)),
                  SQL_TABLE("old", target->kept_old),
                  SQL_PATTERN("these", shared ? "({id})" : "{id}"),
                  SQL_PATTERN("named", shared ? "[" HISTORY_ID "] AS [row_id], "
                                                "[_dlt_load_id] AS [row_load_id]"
                                              : "{id} AS [row_id]"),
                  SQL_PATTERN("and_changed", changes ? "\nUNION ALL\n"
                                                       "SELECT {id}, {hash} FROM {table}\n"
                                                       "WHERE {these} IN (SELECT {id} FROM {old})"
                                                       " AND NOT coalesce({which}, FALSE)"
                                                     : "")));
    const struct step step = {.target = target, .keeps = true};
    TRY(plan_add_step(plan, &step, &left,
                      "CREATE TABLE {kept} AS\n"
                      "SELECT {named}, {hash} AS [row_hash] FROM {table}\n"
                      "WHERE {which}{and_changed}",
                      err));
done:
    buf_release(&hash);
    buf_release(&which);
    return rc;
}

int keep_left(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
              struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->targets[i].kept_left)
            TRY(note_left(delivery, chain, &chain->targets[i], plan, err));
done:
    return rc;
}

/* ---- what is where ---- */

static void put_names(struct buf *out, const char *key, const struct table *table)
{
    const char *before = "";
    json_put_key(out, key);
    buf_char(out, '[');
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].primary_key)
            continue;
        buf_text(out, before);
        json_string(out, table->columns[i].name, strlen(table->columns[i].name));
        before = ",";
    }
    buf_char(out, ']');
}

/* {"id":"_dlt_id","key":["id"],"columns":[["id","BIGINT"],...]}: the types are those by which the
 * hashes were made; columns may get wider. "load": the column that tells rows beside the id. */
static void put_shape(struct buf *out, const struct chain *chain, const struct target *target)
{
    static const struct table no_key = {0};
    /* A scope leaves rows that are outside of it beside new ones of their key. */
    bool by_key =
        chain->driver->needs_key && !chain->recalls && target == &chain->targets[0] &&
        !(chain->driver->clears_scope && extra_find(target->table->extras, DISPOSITION_SCOPE_HINT));
    buf_char(out, '{');
    json_put_text(out, "id", table_row_id(target->table));
    if (history_shares_ids(target->table))
        json_put_text(out, "load", "_dlt_load_id");
    put_names(out, "key", by_key ? target->table : &no_key);
    json_put_key(out, "columns");
    buf_char(out, '[');
    for (size_t i = 0; i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        buf_text(out, i > 0 ? ",[" : "[");
        json_string(out, column->name, strlen(column->name));
        buf_char(out, ',');
        json_string(out, column->sql_type, strlen(column->sql_type));
        buf_char(out, ']');
    }
    buf_text(out, "]}");
}

static int enter(const struct delivery *delivery, const struct kept_row *row, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct buf probe = BUF_INIT;
    static const struct type_spec text = {.type = TYPE_TEXT};
    const struct manifest *manifest = delivery->manifest;
    TRY(keep_write_probe(&probe, delivery->dialect, err));
    const struct sql_scope scope = plan_scope(
        delivery,
        SQL_PARTS(SQL_TEXT("load_id", manifest->load_id), SQL_TEXT("pipeline", manifest->pipeline),
                  SQL_TEXT("table", row->table), SQL_TEXT("resource", row->resource),
                  SQL_TEXT("old", row->old_table), SQL_TEXT("left", row->left_table),
                  SQL_TEXT("shape", row->shape), SQL_TEXT("state_hash", manifest->state_hash_from),
                  SQL_TEXT("schema_hash", row->schema_hash), SQL_TEXT("left_hash", row->left_hash),
                  SQL_NUMBER("state_version", manifest->state_version_from),
                  SQL_NUMBER("schema_version", row->schema_version), SQL_TYPE("text", &text),
                  SQL_PIECE("probe", buf_string(&probe))));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 "INSERT INTO {_tidegate_undo} ([load_id], [pipeline_name], [table_name], "
                 "[resource_name], [old_table], [left_table], [shape], [state_version], "
                 "[state_hash], [schema_version], [schema_hash], [left_hash], [probe])\n"
                 "VALUES ({'load_id'}, {'pipeline'}, {'table'}, {'resource'}, {'old'}, {'left'}, "
                 "{'shape'}, {state_version}, {'state_hash'}, {schema_version}, {'schema_hash'}, "
                 "{'left_hash'}, CAST({probe} AS {text}))",
                 err));
done:
    buf_release(&probe);
    return rc;
}

static int enter_target(const struct delivery *delivery, const struct chain *chain,
                        const struct target *target, struct kept_row row, struct plan *plan,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf shape = BUF_INIT;
    const struct manifest_table *part = target->part ? target->part : chain->targets[0].part;
    put_shape(&shape, chain, target);
    TRY(buf_check(&shape, err));
    row.table = target->table->name;
    row.resource = part ? part->resource : "";
    row.old_table = target->kept_old;
    row.left_table = target->kept_left;
    row.shape = buf_string(&shape);
    TRY(enter(delivery, &row, plan, err));
done:
    buf_release(&shape);
    return rc;
}

/* What is over is forgotten. */
static int forget_expired(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct kept *kept = &delivery->kept;
    for (size_t i = staying(delivery); i < kept->count; i++) {
        if (*kept->rows[i].table)
            continue;
        const struct sql_scope scope =
            plan_scope(delivery, SQL_PARTS(SQL_TEXT("load_id", kept->rows[i].load_id)));
        TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                     "DELETE FROM {_tidegate_undo} WHERE [load_id] = {'load_id'}", err));
    }
done:
    return rc;
}

int keep_record(const struct delivery *delivery, const struct delivery *recorded, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct kept_row whole = {.table = "",
                                   .resource = "",
                                   .schema_version = recorded->schema_version,
                                   .schema_hash = recorded->schema_hash,
                                   .left_hash = recorded->catalog.version_hash};
    struct kept_row boundary = whole, ties = whole, files = whole, windows = whole;
    boundary.table = "_tidegate_boundary";
    boundary.old_table = delivery->kept_boundary;
    ties.table = TIES_TABLE;
    ties.old_table = delivery->kept_ties;
    files.table = "_tidegate_files";
    files.old_table = delivery->kept_files;
    windows.table = WINDOWS_TABLE;
    windows.old_table = delivery->kept_windows;
    TRY(forget_expired(delivery, plan, err));
    if (delivery->manifest->undo_loads == 0)
        return TG_OK;
    TRY(enter(delivery, &whole, plan, err));
    TRY(enter(delivery, &boundary, plan, err));
    if (ties.old_table || manifest_find(delivery->manifest, TIES_TABLE))
        TRY(enter(delivery, &ties, plan, err));
    TRY(enter(delivery, &files, plan, err));
    if (windows.old_table)
        TRY(enter(delivery, &windows, plan, err));
    for (size_t c = 0; c < delivery->chain_count; c++) {
        const struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++)
            if (chain->targets[t].kept_left)
                TRY(enter_target(delivery, chain, &chain->targets[t], whole, plan, err));
    }
done:
    return rc;
}
