/*
 * The MERGE form of the merge strategies: a statement a table of the tree.
 *
 * Path: open_single (the stage, with all rows where the old ones are) -> single_exchange: for each
 * nested table merge_nested, while the old root rows are there to tell which of its rows go; then
 * merge_root. single_add: the root first, since nested rows are added to roots that are there.
 * Where old rows go by more than a primary key, or all or none do: change_all -> merge_all.
 *
 * What the source has no more is noted ahead, by absent.c: each MERGE is told which of its rows go.
 *
 * NOT MATCHED BY SOURCE is in the SQL of DuckDB, and of PostgreSQL from 17 on. No statement needs
 * what another one has noted, as each may be a commit of its own.
 */
#include "write/sql/single.h"

#include "write/disposition.h"
#include "write/sql/absent.h"
#include "write/sql/key.h"
#include "write/sql/nested.h"
#include "write/sql/same.h"
#include "write/sql/versions.h"

static int open_single(const struct delivery *delivery, const struct chain *chain,
                       struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(stage_open(stage, delivery, chain, &plan->arena, err));
    if (!stage_has_key(stage) && !stage_clears_scope(stage))
        return error_set(err, TG_USAGE,
                         "table '%s' is merged by no key, for which there is no single statement",
                         stage->root->table->name);
    if (!target_has_rows(stage->root))
        goto done;
    stage->holds_all = true;
    stage->sifts = false;
    TRY(stage_rows(stage, plan, err));
    TRY(nested_stage(stage, plan, err));
done:
    return rc;
}

/* "a" = new."a", ...: all columns, of which those that do not come are NULL. */
static int write_update(const struct target *target, const struct sql_scope *outer, struct buf *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        const struct sql_scope scope =
            sql_within(outer, SQL_PARTS(SQL_NAME("column", column->name)));
        buf_text(out, i > 0 ? ", " : "");
        TRY(sql_write(out, &scope, column->loaded ? "{column} = new.{column}" : "{column} = NULL",
                      err));
    }
    rc = buf_check(out, err);
done:
    return rc;
}

/* Rows that are there as they come stay as they are, if that is asked for. */
static int write_changed(const struct stage *stage, const struct target *target,
                         const struct sql_scope *outer, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf equal = BUF_INIT;
    if (!stage->skips_unchanged || stage->version)
        return TG_OK;
    TRY(same_write(stage, target, &equal, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("equal", buf_string(&equal))));
    TRY(sql_write(out, &scope,
                  " AND NOT (old.{row_key} = new.{row_key}\n"
                  "    AND {equal})",
                  err));
done:
    buf_release(&equal);
    return rc;
}

/* One MERGE, of which `pattern` is what is special about it. */
static int add_merge(const struct stage *stage, const struct target *target,
                     const struct sql_scope *outer, const char *pattern, struct plan *plan,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf update = BUF_INIT, changed = BUF_INIT;
    char name[STAGE_NAME];
    stage_name(stage->chain, target, name);
    const struct sql_scope names =
        sql_within(outer, SQL_PARTS(SQL_NAME("row_key", table_link(target->table, LINK_ROW))));
    TRY(write_update(target, &names, &update, err));
    TRY(write_changed(stage, target, &names, &changed, err));
    const struct sql_scope scope = sql_within(
        &names,
        SQL_PARTS(SQL_TABLE("into", target->table->name), SQL_NAME("staged", name),
                  SQL_NAMES("given", &target->loaded), SQL_PIECE("update", buf_string(&update)),
                  SQL_PIECE("changed", buf_string(&changed)),
                  SQL_PATTERN("by_id", "old.{row_key} = new.{row_key}"),
                  SQL_PATTERN("insert", "INSERT ({given}) VALUES ({new.given})")));
    TRY(plan_add(plan, target, COUNT_INSERTED, &scope, pattern, err));
done:
    buf_release(&update);
    buf_release(&changed);
    return rc;
}

/* ---- root rows ---- */

/* The mark is a column on both sides. */
static struct sql_part stays(const struct stage *stage)
{
    const struct table_column *mark = stage->deleted;
    return SQL_PATTERN("that_stays", !mark                          ? ""
                                     : mark->spec.type == TYPE_BOOL ? " AND new.{mark} IS NOT TRUE"
                                                                    : " AND new.{mark} IS NULL");
}

static struct sql_part goes(const struct stage *stage)
{
    const struct table_column *mark = stage->deleted;
    return SQL_PATTERN("delete_marked", !mark ? ""
                                        : mark->spec.type == TYPE_BOOL
                                            ? "WHEN MATCHED AND new.{mark} IS TRUE THEN "
                                              "DELETE\n"
                                            : "WHEN MATCHED AND new.{mark} IS NOT NULL "
                                              "THEN DELETE\n");
}

static int merge_root(const struct stage *stage, const struct absent_form *absent,
                      struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAMES("key", &stage->primary_key), stays(stage),
                                            goes(stage), SQL_PIECE("absent_ones", absent->clause)));
    return add_merge(stage, stage->root, &scope,
                     "MERGE INTO {into} AS old\n"
                     "USING {staged} AS new\n"
                     "ON {old.key = new.key}\n"
                     "{delete_marked}"
                     "WHEN MATCHED{changed} THEN UPDATE SET {update}\n"
                     "WHEN NOT MATCHED{that_stays} THEN {insert}{absent_ones}",
                     plan, err);
}

/* ---- nested rows ---- */

/* Rows of roots that are staged, by the ids that these have there. */
#define OF_STAGED                                                                                  \
    "{root_link} IN (SELECT root.{root_key} FROM {root_table} AS root, {stage} AS staged\n"        \
    "    WHERE {root.key = staged.key}{or_absent})"
#define OR_ABSENT "\nUNION ALL\n{absent}"

static int merge_nested(const struct stage *stage, const struct target *target,
                        const struct absent_form *absent, struct plan *plan, struct tg_error *err)
{
    const char *root_link = table_link(target->table, LINK_ROOT);
    const char *root_key = table_link(stage->root->table, LINK_ROW);
    if (!root_link || !root_key || !target_find(target, root_link))
        return error_set(err, TG_DATA,
                         "nested table '%s' has no column that leads to its root rows, so that it "
                         "cannot be merged",
                         target->table->name);
    const struct sql_scope scope = sql_within(
        &stage->scope,
        SQL_PARTS(SQL_NAMES("key", &stage->primary_key), SQL_NAME("root_link", root_link),
                  SQL_NAME("root_key", root_key), SQL_TABLE("root_table", stage->root->table->name),
                  SQL_PIECE("absent", absent->gone),
                  SQL_PATTERN("or_absent", absent->gone ? OR_ABSENT : "")));
    const struct old_rows gone = {target, OF_STAGED, false};
    if (!target_has_rows(target))
        return plan_remove(plan, stage->delivery, &gone, COUNT_DELETED, &scope, err);
    return add_merge(stage, target, &scope,
                     "MERGE INTO {into} AS old\n"
                     "USING {staged} AS new\n"
                     "ON {by_id}\n"
                     "WHEN MATCHED{changed} THEN UPDATE SET {update}\n"
                     "WHEN NOT MATCHED THEN {insert}\n"
                     "WHEN NOT MATCHED BY SOURCE AND old." OF_STAGED " THEN DELETE",
                     plan, err);
}

/* ---- rows that go by a condition, all of them, or none ---- */

enum goes { GOES_NONE, GOES_SOME, GOES_ALL };

static const char *const going[] = {[GOES_NONE] = "",
                                    [GOES_SOME] =
                                        "\nWHEN NOT MATCHED BY SOURCE AND old.{these} THEN DELETE",
                                    [GOES_ALL] = "\nWHEN NOT MATCHED BY SOURCE THEN DELETE"};

/* Of which rows of a table the scope speaks. */
static int write_which(const struct stage *stage, const struct target *target,
                       const struct sql_scope *outer, struct buf *out, struct tg_error *err)
{
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_NAME("row_key", table_link(stage->root->table, LINK_ROW))));
    return target == stage->root
               ? sql_write(out, &scope, "{row_key} IN (SELECT {row_key} FROM {gone})", err)
               : nested_write_follows(stage->chain, target, &scope, out, err);
}

/* No row meets another one. */
static int merge_all(const struct stage *stage, const struct target *target, enum goes goes,
                     const char *more, const struct sql_scope *outer, struct plan *plan,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf which = BUF_INIT;
    const struct old_rows gone = {target, goes == GOES_SOME ? "{these}" : NULL, false};
    if (goes == GOES_SOME && target->there)
        TRY(write_which(stage, target, outer, &which, err));
    const bool some = target->there && goes != GOES_NONE;
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_PIECE("these", buf_string(&which)),
                         target == stage->root ? stays(stage) : SQL_PATTERN("that_stays", ""),
                         SQL_PATTERN("goes", some ? going[goes] : ""),
                         SQL_PIECE("more", target == stage->root ? more : "")));
    if (target_has_rows(target))
        TRY(add_merge(stage, target, &scope,
                      "MERGE INTO {into} AS old\n"
                      "USING {staged} AS new\n"
                      "ON 1 = 0\n"
                      "WHEN NOT MATCHED{that_stays} THEN {insert}{goes}{more}",
                      plan, err));
    else if (some)
        TRY(plan_remove(plan, stage->delivery, &gone, COUNT_DELETED, &scope, err));
done:
    buf_release(&which);
    return rc;
}

/* Nested rows first: what they are nested in tells which of them go. With `more` of the root's. */
static int change_all(const struct stage *stage, enum goes goes, const char *more,
                      const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    if (goes == GOES_SOME && (!row_key || !target_find(stage->root, row_key)))
        return error_set(err, TG_DATA, "table '%s' has no row key, by which rows that go are told",
                         stage->root->table->name);
    for (size_t i = stage->chain->count; i-- > 0;)
        TRY(merge_all(stage, &stage->chain->targets[i], goes, more, scope, plan, err));
done:
    return rc;
}

int single_change(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                  struct tg_error *err)
{
    return change_all(stage, GOES_SOME, "", scope, plan, err);
}

static int add_copies(const struct delivery *delivery, const struct chain *chain, enum goes goes,
                      struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage stage = {.delivery = delivery,
                                .chain = chain,
                                .root = &chain->targets[0],
                                .scope = plan_scope(delivery, NULL)};
    TRY(stage_copies(delivery, chain, plan, err));
    TRY(change_all(&stage, chain->replaced ? GOES_ALL : goes, "", &stage.scope, plan, err));
done:
    return rc;
}

int single_append(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                  struct tg_error *err)
{
    return add_copies(delivery, chain, GOES_NONE, plan, err);
}

int single_replace(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err)
{
    return add_copies(delivery, chain, GOES_ALL, plan, err);
}

/* Which old root rows go by a merge key, or a scope, or are absent. */
static int write_gone(const struct stage *stage, const struct absent_form *absent, struct buf *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope = sql_within(
        &stage->scope, SQL_PARTS(SQL_NAME("row_key", table_link(stage->root->table, LINK_ROW)),
                                 SQL_PIECE("absent", absent->gone)));
    if (stage->limits && !absent->gone)
        return sql_write(out, &scope, "{table} WHERE ({limits})", err);
    buf_text(out, "(\n");
    if (stage->limits)
        TRY(sql_write(out, &scope, "SELECT {row_key}\nFROM {table}\nWHERE ({limits})", err));
    else if (stage->root->there)
        TRY(key_select(stage, &scope,
                       "SELECT old.{row_key}\n"
                       "FROM {table} AS old, {new}\n"
                       "WHERE {match}",
                       out, err));
    if (absent->gone)
        TRY(sql_write(out, &scope, "\nUNION ALL\n{absent}", err));
    TRY(sql_write(out, &scope, "\n) AS met", err));
done:
    return rc;
}

static int exchange_by_more(const struct stage *stage, const struct absent_form *absent,
                            struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf gone = BUF_INIT;
    TRY(write_gone(stage, absent, &gone, err));
    TRY(buf_check(&gone, err));
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_PIECE("gone", buf_string(&gone))));
    TRY(change_all(stage, GOES_SOME, absent->gone ? "" : absent->clause, &scope, plan, err));
done:
    buf_release(&gone);
    return rc;
}

int single_exchange(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    struct absent_form absent;
    TRY(open_single(delivery, chain, &stage, plan, err));
    TRY(absent_single(delivery, chain, &absent, plan, err));
    if (!target_has_rows(stage.root))
        goto done;
    if (stage.merge_key.count > 0 || stage_clears_scope(&stage))
        return exchange_by_more(&stage, &absent, plan, err);
    if (stage.version && stage.root->there)
        TRY(same_leave(&stage, plan, err));
    for (size_t i = 1; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]) || chain->targets[i].there)
            TRY(merge_nested(&stage, &chain->targets[i], &absent, plan, err));
    TRY(merge_root(&stage, &absent, plan, err));
done:
    return rc;
}

/* What the source did not have for a while is back. */
#define UNFLAG_KNOWN                                                                               \
    "WHEN MATCHED AND old.{flag} IS NOT NULL{that_stays} THEN UPDATE SET {flag} = NULL\n"

static int add_versions(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    if (!target_has_rows(stage->root))
        goto done;
    TRY(versions_stage(stage, plan, err));
    TRY(versions_merge(stage, plan, err));
done:
    return rc;
}

int single_add(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    TRY(stage_open(&stage, delivery, chain, &plan->arena, err));
    if (stage.keeps_versions)
        return add_versions(&stage, plan, err);
    TRY(open_single(delivery, chain, &stage, plan, err));
    if (!target_has_rows(stage.root))
        goto done;
    const bool has_flag = target_find(stage.root, DELETED_COLUMN);
    for (size_t i = 0; i < chain->count; i++) {
        const struct target *target = &chain->targets[i];
        const struct sql_scope scope = sql_within(
            &stage.scope, SQL_PARTS(SQL_NAMES("key", &stage.primary_key), stays(&stage),
                                    SQL_NAME("flag", DELETED_COLUMN),
                                    SQL_PATTERN("unflag_known", has_flag ? UNFLAG_KNOWN : ""),
                                    SQL_NAME("root_link", table_link(target->table, LINK_ROOT)),
                                    SQL_NAME("root_key", table_link(stage.root->table, LINK_ROW))));
        if (target_has_rows(target))
            TRY(add_merge(&stage, target, &scope,
                          i == 0 ? "MERGE INTO {into} AS old\n"
                                   "USING {staged} AS new\n"
                                   "ON {old.key = new.key}\n"
                                   "{unflag_known}"
                                   "WHEN NOT MATCHED{that_stays} THEN {insert}"
                                 : "MERGE INTO {into} AS old\n"
                                   "USING (SELECT * FROM {staged} WHERE {root_link} IN (SELECT "
                                   "{root_key} FROM {table})) AS new\n"
                                   "ON {by_id}\n"
                                   "WHEN NOT MATCHED THEN {insert}",
                          plan, err));
    }
done:
    return rc;
}
