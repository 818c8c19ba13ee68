/*
 * Versions of rows: a change log.
 *
 * Path: versions_stage -> number_rows, in which the staged ones have their order within the key;
 * versions_insert -> note_newest ({newest}: of each staged key the version there) -> note_same
 * ({same}: staged rows that are what came before them) -> for each nested table place_nested (every
 * row with its place below its root), strike_nested -> unstage -> insert_rows; versions_merge:
 * likewise -> merge_rows
 *
 * Ids of rows are random, since a key has several: nested rows are told by their place, the list
 * indexes down to them. Of a row that is left out the next one may still be compared with it: it is
 * what was there before. The number of a version is its key's own: load ids do not tell versions of
 * one load apart; rows from before have none, and are older, by their load.
 */
#include "write/sql/versions.h"

#include <stdio.h>
#include <string.h>

#include "write/disposition.h"
#include "write/sql/nested.h"
#include "write/sql/same.h"

#define LIST_INDEX "_dlt_list_idx"
enum { NAME_MAX_BYTES = 40 };

static bool is_version(const char *name)
{
    return strcmp(name, VERSION_COLUMN) == 0;
}

/* ---- staging ---- */

/* The one that would win is the last. */
static const char *oldest_first(const struct stage *stage)
{
    if (!stage->sort)
        return "";
    return strcmp(stage->sort->dedup_sort, "desc") == 0 ? "{sort} ASC NULLS FIRST, "
                                                        : "{sort} DESC NULLS FIRST, ";
}

static int number_rows(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    struct sql_names others;
    const char *sort = stage->sort ? stage->sort->name : NULL;
    const struct step step = {.kind = stage_step(stage), .target = stage->root};
    TRY(target_columns(stage->root, is_version, &plan->arena, &others, err));
    TRY(plan_relation(&rows, stage->delivery, stage->root, WITH_ORDER | WITH_ABSENT, err));
    const struct sql_scope scope = sql_within(
        &stage->rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)), SQL_NAMES("others", &others),
                                SQL_NAMES("key", &stage->primary_key), SQL_NAME("sort", sort),
                                SQL_PATTERN("oldest", oldest_first(stage)),
                                SQL_PIECE("create", stage_create(stage))));
    TRY(plan_add_step(plan, &step, &scope,
                      "{create} TABLE {stage} AS\n"
                      "SELECT {others}, [" ORDER_COLUMN "],\n"
                      "    ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY "
                      "{oldest}[" ORDER_COLUMN "]) AS [" VERSION_COLUMN "]\n"
                      "FROM (\n"
                      "{rows}\n"
                      ") AS arrived",
                      err));
done:
    buf_release(&rows);
    return rc;
}

int versions_stage(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target_column *version = target_find(stage->root, VERSION_COLUMN);
    if (!version || version->loaded)
        return error_set(err, TG_DATA,
                         "table '%s' %s a column '%s', in which scope: previous_load numbers "
                         "versions; rename the field",
                         stage->root->table->name, version ? "is to have" : "lacks",
                         VERSION_COLUMN);
    TRY(number_rows(stage, plan, err));
    TRY(stage_send(stage, plan, err));
    TRY(nested_stage(stage, plan, err));
done:
    return rc;
}

/* ---- comparing ---- */

/* Rows of a table on both sides: staged ones, with NULL for what the load does not bring, and those
 * there that `which` says. */
static int write_both(const struct stage *stage, const struct target *target,
                      const struct sql_scope *outer, const char *which, struct buf *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    const bool is_root = target == stage->root, comes = is_root || target_has_rows(target);
    stage_name(stage->chain, target, name);
    for (size_t i = 0; comes && i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        const struct sql_scope scope =
            sql_within(outer, SQL_PARTS(SQL_NAME("column", column->name),
                                        SQL_PIECE("type", column->sql_type)));
        buf_text(out, i > 0 ? ", " : "SELECT ");
        TRY(sql_write(out, &scope,
                      is_root || column->loaded ? "{column}" : "CAST(NULL AS {type}) AS {column}",
                      err));
    }
    struct sql_names all;
    struct arena arena;
    arena_init(&arena);
    rc = target_columns(target, NULL, &arena, &all, err);
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_NAME("staged", name), SQL_NAMES("all", &all),
                         SQL_TABLE("there", target->table->name), SQL_PATTERN("which", which)));
    if (rc == TG_OK)
        rc = sql_write(out, &scope,
                       comes
                           ? "\nFROM {staged}\nUNION ALL\nSELECT {all}\nFROM {there}\nWHERE {which}"
                           : "SELECT {all}\nFROM {there}\nWHERE {which}",
                       err);
    arena_release(&arena);
done:
    return rc;
}

static int note_newest(const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    return plan_add(plan, NULL, COUNT_NONE, scope,
                    "CREATE TEMP TABLE {newest} AS\n"
                    "SELECT {row_key} AS _tidegate_id, {key}, _tidegate_number\n"
                    "FROM (\n"
                    "SELECT old.{row_key}, {old.key}, coalesce(old.[" VERSION_COLUMN "], 0) AS "
                    "_tidegate_number,\n"
                    "    ROW_NUMBER() OVER (PARTITION BY {old.key} ORDER BY "
                    "coalesce(old.[" VERSION_COLUMN "], 0) DESC{by_load}) AS _tidegate_rank\n"
                    "FROM {table} AS old\n"
                    "JOIN (SELECT DISTINCT {key} FROM {stage}) AS new ON {old.key = new.key}\n"
                    ") AS ranked\n"
                    "WHERE _tidegate_rank = 1",
                    err);
}

/* Rows that only delete are none, and none comes before another. */
static int note_same(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf equal = BUF_INIT, both = BUF_INIT;
    TRY(same_write(stage, stage->root, &equal, err));
    TRY(write_both(stage, stage->root, outer, "{row_key} IN (SELECT _tidegate_id FROM {newest})",
                   &both, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("equal", buf_string(&equal)),
                                    SQL_PIECE("both", buf_string(&both))));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 "CREATE TEMP TABLE {same} AS\n"
                 "SELECT pair.id, pair.before\n"
                 "FROM (\n"
                 "SELECT _tidegate_id AS id, LAG(_tidegate_id)"
                 " OVER (PARTITION BY {key} ORDER BY _tidegate_number) AS before\n"
                 "FROM (\n"
                 "SELECT {row_key} AS _tidegate_id, {key}, [" VERSION_COLUMN "] AS "
                 "_tidegate_number\n"
                 "FROM {stage}{where_stays}\n"
                 "UNION ALL\n"
                 "SELECT _tidegate_id, {key}, 0\n"
                 "FROM {newest}\n"
                 ") AS numbered\n"
                 ") AS pair\n"
                 "JOIN {stage} AS new ON new.{row_key} = pair.id\n"
                 "JOIN (\n"
                 "{both}\n"
                 ") AS old ON old.{row_key} = pair.before\n"
                 "WHERE {equal}",
                 err));
done:
    buf_release(&equal);
    buf_release(&both);
    return rc;
}

/* ---- nested rows ---- */

static void placed_name(const struct chain *chain, const struct target *target,
                        char out[NAME_MAX_BYTES])
{
    snprintf(out, NAME_MAX_BYTES, "_tidegate_placed_%zu_%zu", chain->number,
             (size_t)(target - chain->targets));
}

static bool is_anywhere(const struct target *target)
{
    return target->there || target_has_rows(target);
}

/* Its rows below roots that may be the same; "a.b" is the b-th in the a-th. */
static int place_nested(const struct stage *stage, const struct target *target,
                        const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    static const struct type_spec text = {.type = TYPE_TEXT};
    char placed[NAME_MAX_BYTES], above[NAME_MAX_BYTES];
    struct buf both = BUF_INIT;
    const struct target *parent = chain_find(stage->chain, target->table->parent);
    const bool is_first = parent == stage->root;
    placed_name(stage->chain, target, placed);
    placed_name(stage->chain, parent, above);
    const struct sql_scope links =
        sql_within(outer, SQL_PARTS(SQL_NAME("root_link", table_link(target->table, LINK_ROOT))));
    TRY(write_both(stage, target, &links, "{root_link} IN (SELECT before FROM {same})", &both,
                   err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_NAME("placed", placed), SQL_NAME("above", above),
                                    SQL_PIECE("both", buf_string(&both)), SQL_TYPE("text", &text),
                                    SQL_NAME("root_link", table_link(target->table, LINK_ROOT)),
                                    SQL_NAME("link", table_link(target->table, LINK_PARENT)),
                                    SQL_NAME("own", table_link(target->table, LINK_ROW))));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 is_first ? "CREATE TEMP TABLE {placed} AS\n"
                            "SELECT {root_link} AS _tidegate_root, {own} AS _tidegate_own,\n"
                            "    CAST([" LIST_INDEX "] AS {text}) AS _tidegate_place, nested.*\n"
                            "FROM (\n"
                            "{both}\n"
                            ") AS nested"
                          : "CREATE TEMP TABLE {placed} AS\n"
                            "SELECT up._tidegate_root, nested.{own} AS _tidegate_own,\n"
                            "    up._tidegate_place || '.' || CAST(nested.[" LIST_INDEX
                            "] AS {text}) AS _tidegate_place, nested.*\n"
                            "FROM (\n"
                            "{both}\n"
                            ") AS nested\n"
                            "JOIN {above} AS up ON up._tidegate_own = nested.{link}",
                 err));
done:
    buf_release(&both);
    return rc;
}

static int strike_nested(const struct stage *stage, const struct target *target,
                         const struct sql_scope *outer, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    char placed[NAME_MAX_BYTES];
    struct buf equal = BUF_INIT;
    placed_name(stage->chain, target, placed);
    TRY(same_write(stage, target, &equal, err));
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_NAME("placed", placed), SQL_PIECE("equal", buf_string(&equal))));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                 "DELETE FROM {same}\n"
                 "WHERE id IN (\n"
                 "SELECT coalesce(new._tidegate_id, old._tidegate_id)\n"
                 "FROM (SELECT s.id AS _tidegate_id, p.* FROM {same} AS s\n"
                 "    JOIN {placed} AS p ON p._tidegate_root = s.id) AS new\n"
                 "FULL JOIN (SELECT s.id AS _tidegate_id, p.* FROM {same} AS s\n"
                 "    JOIN {placed} AS p ON p._tidegate_root = s.before) AS old\n"
                 "ON old._tidegate_id = new._tidegate_id\n"
                 "    AND old._tidegate_place = new._tidegate_place\n"
                 "WHERE old._tidegate_id IS NULL OR new._tidegate_id IS NULL\n"
                 "    OR NOT ({equal}))",
                 err));
done:
    buf_release(&equal);
    return rc;
}

/* Rows of old ones that no root key leads to are no one's: theirs count as changed. */
static int compare_nested(const struct stage *stage, const struct sql_scope *scope,
                          struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 1; i < stage->chain->count; i++) {
        const struct target *target = &stage->chain->targets[i];
        const char *root_link = table_link(target->table, LINK_ROOT);
        if (!is_anywhere(target))
            continue;
        if (!root_link || !target_find(target, root_link)) {
            TRY(plan_add(plan, NULL, COUNT_NONE, scope, "DELETE FROM {same}", err));
            return rc;
        }
        TRY(place_nested(stage, target, scope, plan, err));
    }
    for (size_t i = 1; i < stage->chain->count; i++)
        if (is_anywhere(&stage->chain->targets[i]))
            TRY(strike_nested(stage, &stage->chain->targets[i], scope, plan, err));
done:
    return rc;
}

/* ---- what is left ---- */

#define NUMBERED                                                                                   \
    "SELECT {new.others}, coalesce(old._tidegate_number, 0)\n"                                     \
    "    + ROW_NUMBER() OVER (PARTITION BY {new.key} ORDER BY new.[" VERSION_COLUMN "]){as}\n"     \
    "FROM (SELECT * FROM {stage}{where_stays}) AS new\n"                                           \
    "LEFT JOIN {newest} AS old ON {old.key = new.key}"

static int insert_roots(const struct stage *stage, const struct sql_scope *outer, const char *as,
                        const char *pattern, struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_NAMES("others", &stage->root->loaded), SQL_PATTERN("as", as)));
    return plan_add(plan, stage->root, COUNT_INSERTED, &scope, pattern, err);
}

/* Nested ones first: until their roots are there, all that is compared is as it was. */
static int merge_rows(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                      struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = stage->chain->count; i-- > 1;) {
        const struct target *target = &stage->chain->targets[i];
        char name[STAGE_NAME];
        stage_name(stage->chain, target, name);
        const struct sql_scope scope = sql_within(
            outer, SQL_PARTS(SQL_TABLE("into", target->table->name), SQL_NAME("staged", name),
                             SQL_NAME("own", table_link(target->table, LINK_ROW)),
                             SQL_NAMES("given", &target->loaded)));
        if (target_has_rows(target))
            TRY(plan_add(plan, target, COUNT_INSERTED, &scope,
                         "MERGE INTO {into} AS old\n"
                         "USING {staged} AS new\n"
                         "ON old.{own} = new.{own}\n"
                         "WHEN NOT MATCHED THEN INSERT ({given}) VALUES ({new.given})",
                         err));
    }
    TRY(insert_roots(stage, outer, " AS [" VERSION_COLUMN "]",
                     "MERGE INTO {table} AS old\n"
                     "USING (\n" NUMBERED "\n) AS new\n"
                     "ON old.{row_key} = new.{row_key}\n"
                     "WHEN NOT MATCHED THEN INSERT ({others}, [" VERSION_COLUMN "])"
                     " VALUES ({new.others}, new.[" VERSION_COLUMN "])",
                     plan, err));
done:
    return rc;
}

static int insert_rows(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    TRY(insert_roots(stage, scope, "",
                     "INSERT INTO {table} ({others}, [" VERSION_COLUMN "])\n" NUMBERED, plan, err));
    TRY(nested_insert(stage, plan, err));
done:
    return rc;
}

static int drop_noted(const struct stage *stage, const struct sql_scope *outer, struct plan *plan,
                      struct tg_error *err)
{
    int rc = TG_OK;
    char placed[NAME_MAX_BYTES];
    TRY(plan_add(plan, NULL, COUNT_NONE, outer, "DROP TABLE {newest}", err));
    TRY(plan_add(plan, NULL, COUNT_NONE, outer, "DROP TABLE {same}", err));
    for (size_t i = 1; i < stage->chain->count; i++) {
        placed_name(stage->chain, &stage->chain->targets[i], placed);
        const struct sql_scope scope = sql_within(outer, SQL_PARTS(SQL_NAME("placed", placed)));
        if (is_anywhere(&stage->chain->targets[i]))
            TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE IF EXISTS {placed}", err));
    }
done:
    return rc;
}

static int put_versions(const struct stage *stage, bool by_merge, struct plan *plan,
                        struct tg_error *err)
{
    int rc = TG_OK;
    char newest[NAME_MAX_BYTES], same[NAME_MAX_BYTES];
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    if (!row_key)
        return error_set(err, TG_DATA,
                         "table '%s' has no row key, by which versions are told; leave out "
                         "scope: previous_load",
                         stage->root->table->name);
    snprintf(newest, sizeof(newest), "_tidegate_newest_%zu", stage->chain->number);
    snprintf(same, sizeof(same), "_tidegate_same_%zu", stage->chain->number);
    const bool has_load = target_find(stage->root, "_dlt_load_id");
    const struct sql_scope scope = sql_within(
        &stage->scope,
        SQL_PARTS(SQL_NAME("newest", newest), SQL_NAME("same", same), SQL_NAME("row_key", row_key),
                  SQL_NAMES("key", &stage->primary_key), SQL_PIECE("type", "DECIMAL(38, 9)"),
                  SQL_PATTERN("value", "old.[_dlt_load_id]"),
                  SQL_PATTERN("number_of_load", stage->scope.dialect->try_cast),
                  SQL_PATTERN("by_load", has_load && stage->scope.dialect->try_cast
                                             ? ",\n    {number_of_load} DESC NULLS LAST"
                                             : "")));
    TRY(note_newest(&scope, plan, err));
    TRY(note_same(stage, &scope, plan, err));
    TRY(compare_nested(stage, &scope, plan, err));
    for (size_t i = 0; i < stage->chain->count; i++)
        if (target_has_rows(&stage->chain->targets[i]))
            TRY(same_unstage(stage, &stage->chain->targets[i], &scope, plan, err));
    TRY(by_merge ? merge_rows(stage, &scope, plan, err) : insert_rows(stage, &scope, plan, err));
    TRY(drop_noted(stage, &scope, plan, err));
done:
    return rc;
}

int versions_insert(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    return put_versions(stage, false, plan, err);
}

int versions_merge(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    return put_versions(stage, true, plan, err);
}
