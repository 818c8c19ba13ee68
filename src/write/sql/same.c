/*
 * Staged rows that are there already.
 *
 * Path: same_leave -> sift: what differs gets into the stage, where that does not hold all rows (by
 * one join, or one of each slice of the load where keys ascend) -> note_roots: the ids of root rows
 * of which key and columns are those of one old row -> for each nested table, strike_nested: of
 * these, roots in which a nested row is new, gone or different -> same_unstage: what is left, and
 * what is nested in it, goes from the stage.
 *
 * Columns are compared as they are stored, NULL equal to NULL. What says nothing of the content
 * does not count: the load's id, the links between rows, the mark of deleted rows. A column that
 * the load does not bring would become NULL, so it has to be. Nested rows are told by their ids,
 * which root rows with hashes of their keys for ids pass on; where an old root row has another, it
 * counts as changed, once.
 */
#include "write/sql/same.h"

#include <stdio.h>
#include <string.h>

#include "write/disposition.h"
#include "write/sql/slice.h"

/* Types that have no equality everywhere are compared as text. */
static bool is_compared_as_text(const struct dialect *dialect, const struct target_column *column)
{
    enum type type = dialect->type_from_sql(column->sql_type).type;
    return type == TYPE_NONE || type == TYPE_JSON;
}

static bool is_content(const struct stage *stage, const struct target *target, const char *name)
{
    if (stage->version)
        return target == stage->root &&
               (strcmp(name, stage->version) == 0 || strcmp(name, DELETED_COLUMN) == 0);
    const struct table_column *column = table_find(target->table, name);
    if (!column && strcmp(name, DELETED_COLUMN) != 0)
        return false; /* people's own */
    bool is_link = column && (column->row_key || column->parent_key || column->root_key);
    bool is_mark = target == stage->root && column && column == stage->deleted;
    bool is_key = target == stage->root && column && column->primary_key;
    bool is_number = target == stage->root && strcmp(name, VERSION_COLUMN) == 0;
    return !is_link && !is_mark && !is_key && !is_number && strcmp(name, "_dlt_load_id") != 0;
}

/* old."a" IS NOT DISTINCT FROM new."a" AND ... */
int same_write(const struct stage *stage, const struct target *target, struct buf *out,
               struct tg_error *err)
{
    int rc = TG_OK;
    static const struct type_spec text = {.type = TYPE_TEXT};
    const struct dialect *dialect = stage->delivery->dialect;
    const char *before = "";
    for (size_t i = 0; i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        if (!is_content(stage, target, column->name))
            continue;
        const struct sql_scope scope = sql_within(
            &stage->scope, SQL_PARTS(SQL_NAME("column", column->name), SQL_TYPE("text", &text)));
        buf_text(out, before);
        TRY(sql_write(out, &scope,
                      !column->loaded ? "old.{column} IS NULL"
                      : is_compared_as_text(dialect, column)
                          ? "CAST(old.{column} AS {text}) IS NOT DISTINCT FROM "
                            "CAST(new.{column} AS {text})"
                          : "old.{column} IS NOT DISTINCT FROM new.{column}",
                      err));
        before = "\n    AND ";
    }
    buf_text(out, *before ? "" : "1 = 1");
    rc = buf_check(out, err);
done:
    return rc;
}

/* Are nested rows compared, too? A version says it for all that is nested in its row. */
static bool compares_nested(const struct stage *stage)
{
    return stage->chain->count > 1 && !stage->version;
}

/* 1 for a root row of the load that is there as it comes. */
#define IS_SAME                                                                                    \
    "CASE WHEN {old.first} IS NOT NULL{and_stays}{and_id}\n"                                       \
    "    AND {equal}\n"                                                                            \
    "    THEN 1 ELSE 0 END"

/* A statement about root rows `new` and `old`. */
static int add_compared(const struct stage *stage, const struct sql_scope *outer,
                        const struct step *step, const char *pattern, struct plan *plan,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf equal = BUF_INIT;
    TRY(same_write(stage, stage->root, &equal, err));
    const struct table_column *mark = stage->deleted;
    const struct sql_names first = {stage->primary_key.items, 1};
    const struct sql_scope scope = sql_within(
        outer,
        SQL_PARTS(
            SQL_NAMES("key", &stage->primary_key), SQL_NAMES("first", &first),
            SQL_PIECE("equal", buf_string(&equal)),
            SQL_PATTERN("and_stays", !mark                          ? ""
                                     : mark->spec.type == TYPE_BOOL ? " AND new.{mark} IS NOT TRUE"
                                                                    : " AND new.{mark} IS NULL"),
            SQL_PATTERN("and_id",
                        compares_nested(stage) ? "\n    AND old.{row_key} = new.{row_key}" : "")));
    TRY(plan_add_step(plan, step, &scope, pattern, err));
done:
    buf_release(&equal);
    return rc;
}

/* An id that two staged rows have tells neither; a key that two old rows have is not as it should
 * be. Where rows were sifted, they are those that have lost their order. */
static int note_roots(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                      struct tg_error *err)
{
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_PATTERN("compared", stage->sifts
                                                     ? "(SELECT * FROM {stage} WHERE [" ORDER_COLUMN
                                                       "] IS NULL)"
                                                     : "{stage}")));
    return add_compared(stage, &scope, &(struct step){0},
                        "CREATE TEMP TABLE {same} AS\n"
                        "SELECT new.{row_key} AS id\n"
                        "FROM {compared} AS new\n"
                        "LEFT JOIN {table} AS old ON {old.key = new.key}\n"
                        "GROUP BY new.{row_key}\n"
                        "HAVING COUNT(*) = 1 AND MIN(" IS_SAME ") = 1",
                        plan, err);
}

/* The numbers of rows of the load that differ: of all of it, or of a slice. One join goes
 * over them, and holds no more of them than is compared; if it gives more rows than came, some met
 * two old ones, and are not as they should be, either. */
static int note_rows(const struct stage *stage, const struct target *target,
                     const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    TRY(plan_relation(&rows, stage->delivery, target, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                    SQL_NUMBER("count", plan_row_count(target->part))));
    rc = add_compared(stage, &scope, &(struct step){0},
                      "{make_different}\n"
                      "WITH _tidegate_met AS MATERIALIZED (\n"
                      "SELECT new.[" ORDER_COLUMN "] AS number,\n"
                      "    " IS_SAME " AS same\n"
                      "FROM (\n"
                      "{rows}\n"
                      ") AS new\n"
                      "LEFT JOIN {met} AS old ON {old.key = new.key}\n"
                      ")\n"
                      "SELECT number FROM _tidegate_met WHERE same = 0\n"
                      "UNION ALL\n"
                      "SELECT number FROM _tidegate_met\n"
                      "WHERE (SELECT COUNT(*) FROM _tidegate_met) > {count}\n"
                      "GROUP BY number HAVING COUNT(*) > 1",
                      plan, err);
done:
    buf_release(&rows);
    return rc;
}

#define MAKE_DIFFERENT "CREATE TEMP TABLE {different} AS"

/* Slice by slice: what a join holds then is a small part of the load. */
static int note_slices(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct slice slice = {0};
    const char *make = MAKE_DIFFERENT;
    while (slice_next(stage->root, stage->ascends, &slice)) {
        const struct sql_scope scope = sql_within(
            outer,
            SQL_PARTS(SQL_PATTERN("make_different", make), SQL_NAME("ascends", stage->ascends),
                      SQL_NUMBER("least", slice.from), SQL_NUMBER("greatest", slice.to),
                      SQL_PATTERN("met", "(SELECT * FROM {table} WHERE {ascends} BETWEEN "
                                         "{least} AND {greatest})")));
        TRY(note_rows(stage, &slice.target, &scope, plan, err));
        make = "INSERT INTO {different}";
    }
done:
    return rc;
}

static int note_different(const struct stage *stage, const struct sql_scope *outer,
                          struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PATTERN("make_different", MAKE_DIFFERENT),
                                    SQL_PATTERN("met", "{table}")));
    return stage->ascends ? note_slices(stage, outer, plan, err)
                          : note_rows(stage, stage->root, &scope, plan, err);
}

/* They get into the stage, but for keys that came several times: those are there. */
static int sift(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    TRY(plan_relation(&rows, stage->delivery, stage->root, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                    SQL_NAMES("key", &stage->primary_key)));
    TRY(note_different(stage, &scope, plan, err));
    TRY(plan_add(plan, stage->root, COUNT_DIFFERENT, &scope,
                 "INSERT INTO {stage}\n"
                 "SELECT *\n"
                 "FROM (\n"
                 "SELECT *\n"
                 "FROM (\n"
                 "{rows}\n"
                 ") AS arrived\n"
                 "WHERE [" ORDER_COLUMN "] IN (SELECT number FROM {different})\n"
                 ") AS new\n"
                 "WHERE NOT EXISTS (SELECT 1 FROM {stage} AS old WHERE {old.key = new.key})",
                 err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {different}", err));
done:
    buf_release(&rows);
    return rc;
}

/* Which roots have other rows in a table where both sides have some. */
static const char either_side[] =
    "DELETE FROM {same}\n"
    "WHERE id IN (\n"
    "SELECT coalesce(new.{root_link}, old.{root_link})\n"
    "FROM {staged} AS new\n"
    "FULL JOIN (SELECT * FROM {nested} WHERE {root_link} IN (SELECT id FROM {same})) AS old\n"
    "ON old.{row_key} = new.{row_key}\n"
    "WHERE old.{row_key} IS NULL OR new.{row_key} IS NULL\n"
    "    OR NOT (old.{root_link} = new.{root_link}\n"
    "    AND {equal}))";

static int strike_nested(const struct stage *stage, const struct target *target,
                         const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    struct buf equal = BUF_INIT;
    const char *row_key = table_link(target->table, LINK_ROW);
    const char *root_link = table_link(target->table, LINK_ROOT);
    bool comes = target_has_rows(target), linked = root_link && target_find(target, root_link);
    stage_name(stage->chain, target, name);
    TRY(same_write(stage, target, &equal, err));
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_TABLE("nested", target->table->name), SQL_NAME("staged", name),
                         SQL_NAME("row_key", row_key), SQL_NAME("root_link", root_link),
                         SQL_PIECE("equal", buf_string(&equal))));
    const char *pattern =
        !linked || !row_key      ? "DELETE FROM {same}"
        : comes && target->there ? either_side
        : comes ? "DELETE FROM {same}\nWHERE id IN (SELECT {root_link} FROM {staged})"
                : "DELETE FROM {same}\nWHERE id IN (SELECT {root_link} FROM {nested})";
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, pattern, err));
done:
    buf_release(&equal);
    return rc;
}

int same_unstage(const struct stage *stage, const struct target *target,
                 const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    char name[STAGE_NAME];
    enum link link = target == stage->root ? LINK_ROW : LINK_ROOT;
    stage_name(stage->chain, target, name);
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_NAME("staged", name), SQL_NAME("id", table_link(target->table, link)),
                         SQL_PATTERN("and_compared",
                                     stage->sifts ? " AND [" ORDER_COLUMN "] IS NULL" : "")));
    return plan_add(plan, target, COUNT_UNCHANGED, &scope,
                    "DELETE FROM {staged}\n"
                    "WHERE {id} IN (SELECT id FROM {same}){and_compared}",
                    err);
}

int same_leave(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    char name[32], different[32];
    const struct chain *chain = stage->chain;
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    if (!row_key)
        return error_set(err, TG_DATA,
                         "table '%s' has no row key, by which unchanged rows are told; leave out "
                         "skip_unchanged_rows",
                         stage->root->table->name);
    snprintf(name, sizeof(name), "_tidegate_same_%zu", chain->number);
    snprintf(different, sizeof(different), "_tidegate_different_%zu", chain->number);
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAME("same", name), SQL_NAME("row_key", row_key),
                                            SQL_NAME("different", different)));
    if (stage->sifts)
        TRY(sift(stage, &scope, plan, err));
    TRY(note_roots(stage, &scope, plan, err));
    for (size_t i = 1; i < chain->count && compares_nested(stage); i++)
        TRY(strike_nested(stage, &chain->targets[i], &scope, plan, err));
    for (size_t i = 0; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            TRY(same_unstage(stage, &chain->targets[i], &scope, plan, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {same}", err));
done:
    return rc;
}
