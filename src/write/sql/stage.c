/*
 * Staged rows.
 *
 * Path: stage_open (keys and marks, from the hints) -> stage_rows: copy_rows -> stage_winners ->
 * unstage_others. A plain copy, then a look for keys that came twice: usually there are none, and
 * ranking all rows would cost twice as much as the copy. A winner among several has no order of
 * arrival afterwards, which tells it from the rows that came once (nested.c).
 *
 * A row that is marked as deleted is ranked like any other. What becomes of the staged rows is the
 * dispositions'.
 */
#include "write/sql/stage.h"

#include <stdio.h>
#include <string.h>

/* ---- reading the hints ---- */

static void find_marks(struct stage *stage)
{
    const struct table *table = stage->root->table;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        const struct target_column *target = target_find(stage->root, column->name);
        if (!target || !target->loaded)
            continue;
        if (column->hard_delete)
            stage->deleted = column;
        if (column->dedup_sort)
            stage->sort = column;
    }
}

static int check_key(const struct stage *stage, const struct sql_names *key, const char *what,
                     struct tg_error *err)
{
    for (size_t i = 0; i < key->count; i++) {
        const struct target_column *column = target_find(stage->root, key->items[i]);
        if (!column || !column->loaded)
            return error_set(err, TG_DATA,
                             "%s '%s' of table '%s' has no value in any row of this load; check "
                             "the name, or name another key",
                             what, key->items[i], stage->root->table->name);
    }
    return TG_OK;
}

static int find_key(const struct stage *stage, bool merge_key, struct arena *arena,
                    struct sql_names *out, struct tg_error *err)
{
    const struct table *table = stage->root->table;
    const char **names = arena_alloc(arena, table->column_count * sizeof(*names));
    if (!names)
        return error_nomem(err);
    *out = (struct sql_names){names, table_key(table, merge_key, names, table->column_count)};
    return TG_OK;
}

static void name_stage(char out[32], const struct chain *chain)
{
    snprintf(out, 32, "_tidegate_stage_%zu", chain->number);
}

static void open_scope(struct stage *stage)
{
    const struct table_column *deleted = stage->deleted;
    bool is_flag = deleted && deleted->spec.type == TYPE_BOOL;
    const struct sql_part parts[] = {
        SQL_NAME("stage", stage->name),
        SQL_TABLE("table", stage->root->table->name),
        SQL_NAMES("columns", &stage->root->loaded),
        SQL_NAME("mark", deleted ? deleted->name : NULL),
        SQL_PATTERN("stays", is_flag ? "{mark} IS NOT TRUE" : "{mark} IS NULL"),
        SQL_PATTERN("goes", is_flag ? "{mark} IS TRUE" : "{mark} IS NOT NULL"),
        SQL_PATTERN("where_stays", deleted ? "\nWHERE {stays}" : ""),
        SQL_PATTERN("and_stays", deleted ? " AND {stays}" : ""),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(stage->parts), "STAGE_PARTS is too small");
    memcpy(stage->parts, parts, sizeof(parts));
    stage->scope = plan_scope(stage->delivery, stage->parts);
}

int stage_open(struct stage *stage, const struct delivery *delivery, const struct chain *chain,
               struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    *stage = (struct stage){.delivery = delivery, .chain = chain, .root = &chain->targets[0]};
    name_stage(stage->name, chain);
    TRY(find_key(stage, false, arena, &stage->primary_key, err));
    TRY(find_key(stage, true, arena, &stage->merge_key, err));
    if (target_has_rows(stage->root)) {
        find_marks(stage);
        TRY(check_key(stage, &stage->primary_key, "primary key column", err));
        TRY(check_key(stage, &stage->merge_key, "merge key column", err));
    }
    open_scope(stage);
done:
    return rc;
}

bool stage_has_key(const struct stage *stage)
{
    return stage->primary_key.count > 0 || stage->merge_key.count > 0;
}

/* ---- filling ---- */

static int copy_rows(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    TRY(plan_relation(&rows, stage->delivery, stage->root, stage->primary_key.count > 0, err));
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(plan_add(plan, stage->root, COUNT_NONE, &scope,
                 "CREATE TEMP TABLE {stage} AS\n"
                 "{rows}",
                 err));
done:
    buf_release(&rows);
    return rc;
}

/* Of keys that came more than once the winners are staged again, without an order of arrival... */
static int stage_winners(const struct stage *stage, const struct sql_scope *scope,
                         struct plan *plan, struct tg_error *err)
{
    return plan_add(plan, stage->root, COUNT_NONE, scope,
                    "INSERT INTO {stage} ({columns})\n"
                    "SELECT {columns}\n"
                    "FROM (\n"
                    "SELECT {staged.columns},\n"
                    "    ROW_NUMBER() OVER (PARTITION BY {staged.key} ORDER BY "
                    "{best}staged.[" ORDER_COLUMN "] DESC) AS _tidegate_rank\n"
                    "FROM {stage} AS staged\n"
                    "JOIN (SELECT {key} FROM {stage} GROUP BY {key} HAVING COUNT(*) > 1) AS twice\n"
                    "ON {twice.key = staged.key}\n"
                    ") AS ranked\n"
                    "WHERE _tidegate_rank = 1",
                    err);
}

/* ... and then all other rows of their keys go. */
static int unstage_others(const struct stage *stage, const struct sql_scope *scope,
                          struct plan *plan, struct tg_error *err)
{
    return plan_add(plan, stage->root, COUNT_NONE, scope,
                    "DELETE FROM {stage} AS old\n"
                    "USING (SELECT {key} FROM {stage} WHERE [" ORDER_COLUMN "] IS NULL) AS new\n"
                    "WHERE {old.key = new.key} AND old.[" ORDER_COLUMN "] IS NOT NULL",
                    err);
}

static const char *best_first(const struct table_column *sort)
{
    if (!sort)
        return "";
    return strcmp(sort->dedup_sort, "desc") == 0 ? "staged.{sort} DESC NULLS LAST, "
                                                 : "staged.{sort} ASC NULLS LAST, ";
}

int stage_rows(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct table_column *sort = stage->sort;
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAMES("key", &stage->primary_key),
                                            SQL_NAME("sort", sort ? sort->name : NULL),
                                            SQL_PATTERN("best", best_first(sort))));
    TRY(copy_rows(stage, plan, err));
    if (stage->primary_key.count == 0)
        goto done;
    TRY(stage_winners(stage, &scope, plan, err));
    TRY(unstage_others(stage, &scope, plan, err));
done:
    return rc;
}

int stage_drop(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err)
{
    char name[32];
    name_stage(name, chain);
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_NAME("stage", name)));
    return plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE IF EXISTS {stage}", err);
}
