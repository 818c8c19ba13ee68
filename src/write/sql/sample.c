/*
 * Samples of a load that is tried, of root tables with a primary key.
 *
 * Path: sample_begin (an empty copy of the table, temporary) -> sample_old (what goes or changes is
 * put there before, with its fate) -> sample_take: old and new rows by key; cells that differ, keys
 * that are on one side alone.
 *
 * So it is the same for all dispositions. A row that stays, but is flagged or ended, counts as one
 * that goes, unless the load brings another one of its key. Steps of it are marked: a run has none
 * of them. Cells are compared as the texts that are shown.
 */
#include "write/sql/sample.h"

#include <string.h>

#include "catalog/history.h"

#define LOAD_ID_COLUMN "_dlt_load_id"

static const struct type_spec text_type = {.type = TYPE_TEXT};

static const struct target *root_of(const struct chain *chain)
{
    return &chain->targets[0];
}

static size_t key_of(const struct target *target, const char **names)
{
    return table_key(target->table, false, names, target->table->column_count);
}

/* Has it a key, by which old rows and new ones are told? */
static bool has_key(const struct target *target)
{
    const struct table *table = target->table;
    size_t found = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].primary_key)
            continue;
        if (!target_find(target, table->columns[i].name))
            return false;
        found++;
    }
    return found > 0;
}

/* ---- old rows ---- */

#define FATE_COLUMN "_tidegate_fate"

int sample_begin(struct delivery *delivery, struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    struct target *root = &chain->targets[0];
    if (!delivery->samples || !root->there || !has_key(root))
        return TG_OK;
    root->was = arena_printf(&delivery->arena, "_tidegate_was_%zu", chain->number);
    if (!root->was)
        return error_nomem(err);
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_NAME("was", root->was), SQL_TABLE("table", root->table->name)));
    return plan_add_step(plan, &(struct step){.is_aside = true}, &scope,
                         "CREATE TEMP TABLE {was} AS\n"
                         "SELECT *, 0 AS [" FATE_COLUMN "]\n"
                         "FROM {table}\n"
                         "WHERE 1 = 0",
                         err);
}

int sample_old(const struct old_rows *rows, enum sample_fate fate, const struct sql_scope *scope,
               struct plan *plan, struct tg_error *err)
{
    const struct target *target = rows->target;
    if (!target->was)
        return TG_OK;
    const struct sql_scope old = sql_within(
        scope, SQL_PARTS(SQL_NAME("was", target->was), SQL_TABLE("table", target->table->name),
                         SQL_PATTERN("which", rows->where), SQL_NUMBER("fate", fate)));
    return plan_add_step(plan, &(struct step){.is_aside = true}, &old,
                         !rows->where   ? "INSERT INTO {was}\n"
                                          "SELECT *, {fate}\n"
                                          "FROM {table}"
                         : !rows->meets ? "INSERT INTO {was}\n"
                                          "SELECT *, {fate}\n"
                                          "FROM {table}\n"
                                          "WHERE {which}"
                                        : "INSERT INTO {was}\n"
                                          "SELECT old.*, {fate}\n"
                                          "FROM {table} AS old, {new}\n"
                                          "WHERE {which}",
                         err);
}

/* ---- what became of them ---- */

struct sampling {
    const struct delivery *delivery;
    struct connection *con;
    struct trial *trial;
    const struct target *target;
    struct sql_names key;
    struct sql_names cells; /* what may differ */
    struct sql_scope scope;
};

static bool is_cell(const struct sampling *sampling, const char *name)
{
    const struct table_column *column = table_find(sampling->target->table, name);
    bool is_link = column && (column->row_key || column->parent_key || column->root_key);
    return !is_link && !(column && column->primary_key) && strcmp(name, LOAD_ID_COLUMN) != 0 &&
           strcmp(name, HISTORY_ID) != 0;
}

static int find_cells(struct sampling *sampling, struct arena *arena, struct tg_error *err)
{
    const struct target *target = sampling->target;
    const char **key = arena_alloc(arena, target->table->column_count * sizeof(*key));
    const char **cells = arena_alloc(arena, (target->column_count + 1) * sizeof(*cells));
    size_t count = 0;
    if (!key || !cells)
        return error_nomem(err);
    for (size_t i = 0; i < target->column_count; i++)
        if (is_cell(sampling, target->columns[i].name))
            cells[count++] = target->columns[i].name;
    sampling->key = (struct sql_names){key, key_of(target, key)};
    sampling->cells = (struct sql_names){cells, count};
    return TG_OK;
}

/* Appends the pattern for each column, with something between. */
static int write_each(const struct sampling *sampling, const struct sql_names *names,
                      const char *pattern, const char *between, struct buf *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < names->count; i++) {
        const struct sql_scope scope =
            sql_within(&sampling->scope, SQL_PARTS(SQL_NAME("column", names->items[i]),
                                                   SQL_TYPE("text", &text_type)));
        buf_text(out, i > 0 ? between : "");
        TRY(sql_write(out, &scope, pattern, err));
    }
    rc = buf_check(out, err);
done:
    return rc;
}

/* "7, eu" from the first cells of a row. */
static int key_text(const struct sampling *sampling, const struct text_rows *rows, size_t row,
                    struct buf *out, struct tg_error *err)
{
    buf_clear(out);
    for (size_t i = 0; i < sampling->key.count; i++) {
        const char *cell = text_cell(rows, row, i);
        buf_printf(out, "%s%s", i > 0 ? ", " : "", cell ? cell : "NULL");
    }
    return buf_check(out, err);
}

static bool differ(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

/* The key's cells, then for each column its old and its new text. */
static int add_updated(const struct sampling *sampling, const struct text_rows *rows,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf key = BUF_INIT;
    for (size_t row = 0; row < rows->row_count; row++) {
        TRY(key_text(sampling, rows, row, &key, err));
        for (size_t i = 0; i < sampling->cells.count; i++) {
            const size_t at = sampling->key.count + 2 * i;
            const struct tg_plan_sample sample = {.table = sampling->target->table->name,
                                                  .row = TG_ROW_UPDATED,
                                                  .key = buf_string(&key),
                                                  .column = sampling->cells.items[i],
                                                  .before = text_cell(rows, row, at),
                                                  .after = text_cell(rows, row, at + 1)};
            if (differ(sample.before, sample.after))
                TRY(trial_add_sample(sampling->trial, &sample, err));
        }
    }
done:
    buf_release(&key);
    return rc;
}

static int take_updated(const struct sampling *sampling, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct buf key = BUF_INIT, cells = BUF_INIT, differs = BUF_INIT;
    if (sampling->cells.count == 0)
        return TG_OK;
    TRY(write_each(sampling, &sampling->key, "CAST(new.{column} AS {text})", ", ", &key, err));
    TRY(write_each(sampling, &sampling->cells,
                   ", CAST(old.{column} AS {text}), CAST(new.{column} AS {text})", "", &cells,
                   err));
    TRY(write_each(sampling, &sampling->cells,
                   "CAST(old.{column} AS {text}) IS DISTINCT FROM CAST(new.{column} AS {text})",
                   "\n    OR ", &differs, err));
    const struct sql_scope scope =
        sql_within(&sampling->scope, SQL_PARTS(SQL_PIECE("keys", buf_string(&key)),
                                               SQL_PIECE("cells", buf_string(&cells)),
                                               SQL_PIECE("differs", buf_string(&differs))));
    TRY(sql_fetch(sampling->con, &scope,
                  "SELECT {keys}{cells}\n"
                  "FROM {was} AS old, {table} AS new\n"
                  "WHERE {old.key = new.key}\n"
                  "    AND (new.{load_column} = {'load'} OR old.{fate} = {changed})\n"
                  "    AND ({differs})\n"
                  "ORDER BY {new.key}\n"
                  "LIMIT {max}",
                  &rows, err));
    rc = add_updated(sampling, &rows, err);
done:
    text_rows_release(&rows);
    buf_release(&key);
    buf_release(&cells);
    buf_release(&differs);
    return rc;
}

/* Keys on one side alone. */
static int take_keys(const struct sampling *sampling, enum tg_plan_row row, const char *cast,
                     const char *pattern, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct buf keys = BUF_INIT, key = BUF_INIT;
    TRY(write_each(sampling, &sampling->key, cast, ", ", &keys, err));
    const struct sql_scope scope =
        sql_within(&sampling->scope, SQL_PARTS(SQL_PIECE("keys", buf_string(&keys))));
    TRY(sql_fetch(sampling->con, &scope, pattern, &rows, err));
    for (size_t i = 0; i < rows.row_count; i++) {
        TRY(key_text(sampling, &rows, i, &key, err));
        const struct tg_plan_sample sample = {
            .table = sampling->target->table->name, .row = row, .key = buf_string(&key)};
        TRY(trial_add_sample(sampling->trial, &sample, err));
    }
done:
    text_rows_release(&rows);
    buf_release(&keys);
    buf_release(&key);
    return rc;
}

static const char new_keys[] = "SELECT {keys}\n"
                               "FROM {table} AS new\n"
                               "WHERE new.{load_column} = {'load'}\n"
                               "ORDER BY {new.key}\n"
                               "LIMIT {max}";
static const char new_keys_alone[] =
    "SELECT {keys}\n"
    "FROM {table} AS new\n"
    "WHERE new.{load_column} = {'load'}\n"
    "    AND NOT EXISTS (SELECT 1 FROM {was} AS old WHERE {old.key = new.key})\n"
    "ORDER BY {new.key}\n"
    "LIMIT {max}";
static const char old_keys_alone[] =
    "SELECT {keys}\n"
    "FROM {was} AS old\n"
    "WHERE NOT EXISTS (SELECT 1 FROM {table} AS new WHERE {old.key = new.key}\n"
    "    AND (new.{load_column} = {'load'} OR old.{fate} <> {ended}))\n"
    "ORDER BY {old.key}\n"
    "LIMIT {max}";

static int take_table(struct sampling *sampling, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    const char *was = sampling->target->was;
    const char *new_key = "CAST(new.{column} AS {text})", *old_key = "CAST(old.{column} AS {text})";
    arena_init(&arena);
    TRY(find_cells(sampling, &arena, err));
    sampling->scope = plan_scope(
        sampling->delivery,
        SQL_PARTS(SQL_NAME("was", was), SQL_TABLE("table", sampling->target->table->name),
                  SQL_NAMES("key", &sampling->key), SQL_NAME("load_column", LOAD_ID_COLUMN),
                  SQL_NAME("fate", FATE_COLUMN), SQL_NUMBER("ended", OLD_ENDED),
                  SQL_NUMBER("changed", OLD_CHANGED),
                  SQL_TEXT("load", sampling->delivery->manifest->load_id),
                  SQL_NUMBER("max", sampling->trial->samples_max)));
    if (was)
        TRY(take_updated(sampling, err));
    TRY(take_keys(sampling, TG_ROW_INSERTED, new_key, was ? new_keys_alone : new_keys, err));
    if (was)
        TRY(take_keys(sampling, TG_ROW_DELETED, old_key, old_keys_alone, err));
done:
    arena_release(&arena);
    return rc;
}

int sample_take(const struct delivery *delivery, struct connection *con, struct trial *trial,
                struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; delivery->samples && i < delivery->chain_count; i++) {
        const struct target *root = root_of(&delivery->chains[i]);
        struct sampling sampling = {
            .delivery = delivery, .con = con, .trial = trial, .target = root};
        bool is_there = root->there || target_has_rows(root);
        if (is_there && has_key(root) && target_find(root, LOAD_ID_COLUMN))
            TRY(take_table(&sampling, err));
    }
done:
    return rc;
}
