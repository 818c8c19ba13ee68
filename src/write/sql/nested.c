/*
 * Nested tables of staged rows.
 *
 * Path: nested_delete -> key_note (the row keys of old root rows that go) -> nested_follow ->
 * nested_write_follows for each table, the deepest first; nested_insert -> insert_single,
 * insert_ranked for each, or, where all are staged, nested_stage -> these, and nested_insert ->
 * insert_staged.
 *
 * Old rows are found by their root key, or where the table has none by way of their parents; rows
 * of the load always bring it.
 */
#include "write/sql/nested.h"

#include <stdio.h>

#include "write/sql/key.h"

/* ---- old rows ---- */

int nested_write_follows(const struct chain *chain, const struct target *target,
                         const struct sql_scope *outer, struct buf *sql, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *parent = chain_find(chain, target->table->parent);
    const char *root_link = table_link(target->table, LINK_ROOT);
    const char *link = table_link(target->table, LINK_PARENT);
    const char *parent_key = parent ? table_row_id(parent->table) : NULL;
    bool direct = root_link && target_find(target, root_link);
    if (!direct && (!link || !parent_key))
        return error_set(err, TG_DATA,
                         "nested table '%s' has no column that leads to its parent rows, "
                         "so that they cannot be merged; drop the table, or use append",
                         target->table->name);
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_NAME("link", direct ? root_link : link),
                                    SQL_NAME("parent_key", parent_key),
                                    SQL_TABLE("parent", parent ? parent->table->name : NULL)));
    if (direct || !parent->table->parent)
        return sql_write(sql, &scope, "{link} IN (SELECT {row_key} FROM {gone})", err);
    TRY(sql_write(sql, &scope, "{link} IN (SELECT {parent_key} FROM {parent} WHERE ", err));
    TRY(nested_write_follows(chain, parent, outer, sql, err));
    buf_char(sql, ')');
done:
    return rc;
}

static int delete_following(const struct stage *stage, const struct target *target,
                            const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf follows = BUF_INIT;
    TRY(nested_write_follows(stage->chain, target, outer, &follows, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("follows", buf_string(&follows))));
    const struct old_rows following = {target, "{follows}", false};
    TRY(plan_remove(plan, stage->delivery, &following, COUNT_DELETED, &scope, err));
done:
    buf_release(&follows);
    return rc;
}

static bool nested_there(const struct chain *chain)
{
    for (size_t i = 1; i < chain->count; i++)
        if (chain->targets[i].there)
            return true;
    return false;
}

static int check_row_key(const struct stage *stage, struct tg_error *err)
{
    const char *root = stage->root->table->name;
    return table_link(stage->root->table, LINK_ROW)
               ? TG_OK
               : error_set(err, TG_DATA,
                           "table '%s' has nested tables but no row key, so that it cannot be "
                           "merged",
                           root);
}

/* The deepest tables first: the way up must still be there. */
int nested_follow(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                  struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = stage->chain;
    if (!nested_there(chain))
        return TG_OK;
    TRY(check_row_key(stage, err));
    for (size_t i = chain->count; i-- > 1;)
        if (chain->targets[i].there)
            TRY(delete_following(stage, &chain->targets[i], scope, plan, err));
done:
    return rc;
}

int nested_delete(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = stage->chain;
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    char gone[32];
    if (!nested_there(chain))
        return TG_OK;
    TRY(check_row_key(stage, err));
    snprintf(gone, sizeof(gone), "_tidegate_gone_%zu", chain->number);
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAME("gone", gone), SQL_NAME("row_key", row_key)));
    TRY(key_note(stage, &scope, plan, err));
    TRY(nested_follow(stage, &scope, plan, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {gone}", err));
done:
    return rc;
}

/* ---- rows of the load ---- */

/* Nested rows of root rows that came once: no two of them have one row key. */
static int insert_single(const struct stage *stage, const struct fill *fill,
                         const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    return plan_fill(plan, stage->delivery, fill, scope,
                     "SELECT {columns}\n"
                     "FROM (\n"
                     "{rows}\n"
                     ") AS arrived\n"
                     "WHERE {of_single}"
                     " WHERE [" ORDER_COLUMN "] IS NOT NULL{and_stays})",
                     err);
}

/* Nested rows of the others, each row key once: rows that are delivered again bring theirs again
 * where ids are hashes, or the source's own. */
static int insert_ranked(const struct stage *stage, const struct fill *fill,
                         const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    return plan_fill(plan, stage->delivery, fill, scope,
                     "SELECT {columns}\n"
                     "FROM (\n"
                     "SELECT {columns},\n"
                     "    ROW_NUMBER() OVER (PARTITION BY {row_key}) AS _tidegate_rank\n"
                     "FROM (\n"
                     "{rows}\n"
                     ") AS arrived\n"
                     "WHERE {of_winners}\n"
                     ") AS ranked\n"
                     "WHERE _tidegate_rank = 1",
                     err);
}

/* Those of a table of which all are staged go on from there. */
static int insert_staged(const struct stage *stage, const struct target *target, struct plan *plan,
                         struct tg_error *err)
{
    char name[STAGE_NAME];
    stage_name(stage->chain, target, name);
    const struct sql_scope scope = sql_within(
        &stage->scope, SQL_PARTS(SQL_TABLE("nested", target->table->name), SQL_NAME("staged", name),
                                 SQL_NAMES("columns", &target->loaded)));
    return plan_add(plan, target, COUNT_INSERTED, &scope,
                    "INSERT INTO {nested} ({columns})\n"
                    "SELECT {columns}\n"
                    "FROM {staged}",
                    err);
}

/* Ranking all rows would hold them all in memory, and there are usually none that came twice: a
 * winner among several has lost its order of arrival (stage.c). */
static int fill_following(const struct stage *stage, const struct fill *fill, struct plan *plan,
                          struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *target = fill->target;
    bool has_winners = stage->primary_key.count > 0;
    bool ordered = has_winners && target_has_order(target);
    const char *row_key = table_link(target->table, LINK_ROW);
    const char *root_link = table_link(target->table, LINK_ROOT);
    const char *root_key = table_link(stage->root->table, LINK_ROW);
    const struct target_column *link = root_link ? target_find(target, root_link) : NULL;
    struct buf rows = BUF_INIT;
    if (!row_key || !root_key || !link || !link->loaded)
        return error_set(err, TG_DATA,
                         "package has rows for nested table '%s' without a root key; "
                         "delete the package and run again",
                         target->table->name);
    TRY(plan_relation(&rows, stage->delivery, target, ordered ? WITH_ORDER : 0, err));
    const struct sql_scope scope = sql_within(
        &stage->rows,
        SQL_PARTS(SQL_NAMES("columns", &target->loaded), SQL_PIECE("rows", buf_string(&rows)),
                  SQL_NAME("row_key", row_key), SQL_NAME("root_link", root_link),
                  SQL_NAME("root_key", root_key),
                  SQL_PATTERN("of_single", ordered && stage->filter
                                               ? "({root_link}, [" ORDER_COLUMN
                                                 "]) IN (SELECT {root_key}, "
                                                 "[" ORDER_COLUMN "] FROM {stage}"
                                               : "{root_link} IN (SELECT {root_key} FROM {stage}"),
                  SQL_PATTERN("of_winners",
                              ordered ? "({root_link}, [" ORDER_COLUMN "]) IN (SELECT {root_key}, "
                                        "[" WINNER_COLUMN "] FROM {stage}{others})"
                                      : "{root_link} IN (SELECT {root_key} FROM {stage}{others})"),
                  SQL_PATTERN("others", has_winners ? " WHERE [" ORDER_COLUMN "] IS NULL{and_stays}"
                                                    : "{where_stays}")));
    if (has_winners)
        TRY(insert_single(stage, fill, &scope, plan, err));
    TRY(insert_ranked(stage, fill, &scope, plan, err));
done:
    buf_release(&rows);
    return rc;
}

int nested_stage(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 1; i < stage->chain->count; i++) {
        const struct target *target = &stage->chain->targets[i];
        char name[STAGE_NAME];
        stage_name(stage->chain, target, name);
        const struct fill fill = {
            .table = name, .columns = &target->loaded, .target = target, .is_temporary = true};
        if (!target_has_rows(target))
            continue;
        TRY(stage_make(stage, target, name, &target->loaded, plan, err));
        TRY(fill_following(stage, &fill, plan, err));
    }
done:
    return rc;
}

int nested_insert(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 1; i < stage->chain->count; i++) {
        const struct target *target = &stage->chain->targets[i];
        const struct fill fill = {
            .table = target->table->name, .columns = &target->loaded, .target = target};
        if (!target_has_rows(target))
            continue;
        TRY(stage->holds_all ? insert_staged(stage, target, plan, err)
                             : fill_following(stage, &fill, plan, err));
    }
done:
    return rc;
}

/* Rows that are there, or whose root row is there by another id, go from the stage. */
static int leave_known(const struct stage *stage, const struct target *target, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    stage_name(stage->chain, target, name);
    const struct sql_scope scope = sql_within(
        &stage->scope, SQL_PARTS(SQL_TABLE("nested", target->table->name), SQL_NAME("staged", name),
                                 SQL_NAME("row_key", table_link(target->table, LINK_ROW)),
                                 SQL_NAME("root_link", table_link(target->table, LINK_ROOT)),
                                 SQL_NAME("root_key", table_link(stage->root->table, LINK_ROW))));
    TRY(plan_add(plan, target, COUNT_UNCHANGED, &scope,
                 "DELETE FROM {staged} AS new\n"
                 "WHERE EXISTS (SELECT 1 FROM {nested} AS old"
                 " WHERE old.{row_key} = new.{row_key})",
                 err));
    TRY(plan_add(plan, target, COUNT_UNCHANGED, &scope,
                 "DELETE FROM {staged} AS new\n"
                 "WHERE NOT EXISTS (SELECT 1 FROM {table} AS old"
                 " WHERE old.{root_key} = new.{root_link})",
                 err));
done:
    return rc;
}

int nested_insert_new(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 1; i < stage->chain->count; i++) {
        const struct target *target = &stage->chain->targets[i];
        if (!target_has_rows(target))
            continue;
        TRY(leave_known(stage, target, plan, err));
        TRY(insert_staged(stage, target, plan, err));
    }
done:
    return rc;
}

int nested_insert_staying(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 1; i < stage->chain->count; i++) {
        const struct target *target = &stage->chain->targets[i];
        char name[STAGE_NAME];
        if (!target_has_rows(target))
            continue;
        stage_name(stage->chain, target, name);
        const struct sql_scope scope =
            sql_within(&stage->scope,
                       SQL_PARTS(SQL_NAME("staged", name),
                                 SQL_NAME("root_link", table_link(target->table, LINK_ROOT)),
                                 SQL_NAME("root_key", table_link(stage->root->table, LINK_ROW))));
        TRY(plan_add(plan, target, COUNT_UNCHANGED, &scope,
                     "DELETE FROM {staged} AS new\n"
                     "WHERE NOT EXISTS (SELECT 1 FROM {stage} AS root"
                     " WHERE root.{root_key} = new.{root_link})",
                     err));
        TRY(insert_staged(stage, target, plan, err));
    }
done:
    return rc;
}
