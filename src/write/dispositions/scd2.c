/*
 * merge by scd2: rows are versions. What the load has otherwise, or lacks, is not valid any more,
 * and stays; what it brings and is not valid is added. With a merge key, what it lacks counts of
 * the keys alone that it brings; without one, what other pipelines have brought stays as it is.
 * With `deletes` the primary key is such a one, and what is gone ends by absent.c. Nothing ends
 * outside of a destination_scope, nor of a key of which nothing passes a source_filter.
 *
 * Path: stage -> stage_versions (what tells versions apart, and the number of each row; the rows
 * stay in the package); apply -> note_changes (versions that only one side has) -> retire ->
 * pick_rows (numbers of the rows to be added) -> insert_roots, insert_nested. single: the same up
 * to there, then a MERGE a table, the root's the last.
 *
 * One full join finds what is new and what is gone, in half the time of two anti joins, and what is
 * done then is about these few. Nested rows have the number of their root row.
 */
#include "write/disposition.h"

#include <stdio.h>
#include <string.h>

#include "write/sql/absent.h"
#include "write/sql/ended.h"
#include "write/sql/key.h"

#define SINCE_COLUMN "_tidegate_since" /* of a version that is there: from when it is valid */
#define THERE_COLUMN "_tidegate_there" /* not NULL in such a one; 1: it may end */

enum { NAME_MAX_BYTES = 40, VERSION_PARTS = 17 };

struct versions {
    struct stage stage;
    struct sql_names identity; /* equal in both: it is the same version */
    struct sql_names key;      /* of several versions: it is the same row; none: nobody knows */
    struct sql_names told;     /* both */
    struct sql_names held;     /* and the merge key: what is staged */
    const char *same;          /* old and new have the same identity */
    bool keeps_last;           /* of several rows of a key in the load */
    char changes[NAME_MAX_BYTES], fresh[NAME_MAX_BYTES];
    struct sql_part parts[VERSION_PARTS];
    struct sql_scope scope, rows; /* over the stage's */
};

/* ---- what it is about ---- */

static bool meets_old(const struct stage *stage)
{
    return stage->root->there && !stage->chain->replaced;
}

static bool reads_elsewhere(const struct stage *stage)
{
    return !stage->delivery->dialect->parquet;
}

static bool have_same(const struct sql_names *a, const struct sql_names *b)
{
    size_t i = 0;
    while (i < a->count && names_have(b, a->items[i]))
        i++;
    return i == a->count && a->count == b->count;
}

/* A hash of all of a row tells its keys, too; a column of the user's may count the versions of each
 * key, and what has another merge key is not what this one lacks. */
static int list_columns(struct versions *versions, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    static const struct sql_names none = {0};
    struct sql_names all = none;
    struct stage *stage = &versions->stage;
    const char **version = arena_alloc(arena, sizeof(*version));
    if (!version)
        return error_nomem(err);
    version[0] = stage->history.version;
    const struct sql_names only = {version, 1};
    const bool is_hash = strcmp(version[0], HISTORY_ID) == 0;
    if (target_loses_absent(stage->root)) /* that is absent.c's, by the primary key */
        stage->merge_key = stage->primary_key;
    versions->key = stage->primary_key.count > 0 ? stage->primary_key : stage->merge_key;
    versions->keeps_last =
        stage->primary_key.count > 0 && have_same(&stage->primary_key, &stage->merge_key);
    if (stage->sends_all)
        TRY(target_columns(stage->root, NULL, arena, &all, err));
    const struct sql_names *const identity[] = {&only, is_hash ? &none : &versions->key,
                                                is_hash ? &none : &stage->merge_key, NULL};
    const struct sql_names *const told[] = {&versions->identity, &versions->key, NULL};
    const struct sql_names *const held[] = {&versions->told, &stage->merge_key, &all, NULL};
    TRY(names_join(identity, arena, &versions->identity, err));
    TRY(names_join(told, arena, &versions->told, err));
    TRY(names_join(held, arena, &versions->held, err));
    stage->primary_key = none; /* old rows are matched by the merge key alone */
done:
    return rc;
}

/* What tells versions is never NULL; a key that a column of the user's counts them of may be. */
static int write_same(struct versions *versions, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf same = BUF_INIT;
    const struct dialect *dialect = versions->stage.delivery->dialect;
    for (size_t i = 0; i < versions->identity.count; i++) {
        const struct sql_scope scope = {
            .dialect = dialect,
            .parts = SQL_PARTS(SQL_NAME("column", versions->identity.items[i]),
                               SQL_PATTERN("left", "old.{column}"),
                               SQL_PATTERN("right", "new.{column}"))};
        const char *pattern = i == 0                 ? "{left} = {right}"
                              : dialect->match_nulls ? dialect->match_nulls
                                                     : "{left} IS NOT DISTINCT FROM {right}";
        buf_text(&same, i > 0 ? " AND " : "");
        TRY(sql_write(&same, &scope, pattern, err));
    }
    TRY(arena_keep(arena, buf_string(&same), &versions->same, err));
done:
    buf_release(&same);
    return rc;
}

static void open_scopes(struct versions *versions)
{
    struct stage *stage = &versions->stage;
    const struct history *history = &stage->history;
    static const struct type_spec time = {.type = TYPE_TIMESTAMP};
    const struct sql_part parts[] = {
        SQL_NAME("changes", versions->changes),
        SQL_NAME("fresh", versions->fresh),
        SQL_NAMES("told", &versions->told),
        SQL_NAMES("held", &versions->held),
        SQL_NAMES("id", &versions->identity),
        SQL_NAMES("key", &versions->key),
        SQL_TYPE("time", &time),
        SQL_PATTERN("end", history->has_active ? "{open_end}" : "CAST(NULL AS {time})"),
        SQL_PIECE("same", versions->same),
        SQL_PATTERN("may_end", stage->limits ? "CASE WHEN ({limits}) THEN 1 ELSE 0 END" : "1"),
        SQL_PATTERN("and_limits", stage->limits ? " AND ({limits})" : ""),
        SQL_PATTERN("and_ours", stage->merge_key.count > 0 ? "" : "{and_own}"),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(versions->parts), "VERSION_PARTS is too small");
    memcpy(versions->parts, parts, sizeof(parts));
    versions->scope = sql_within(&stage->scope, versions->parts);
    versions->rows = sql_within(&stage->rows, versions->parts);
}

static int open_versions(struct versions *versions, const struct delivery *delivery,
                         const struct chain *chain, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    *versions = (struct versions){0};
    TRY(stage_open(&versions->stage, delivery, chain, arena, err));
    if (!versions->stage.history.from)
        return error_set(err, TG_DATA,
                         "table '%s' has no columns for the time of its versions; delete the "
                         "package and run again",
                         versions->stage.root->table->name);
    TRY(list_columns(versions, arena, err));
    if (versions->stage.filter && versions->key.count == 0)
        return error_set(err, TG_USAGE,
                         "table '%s' has no key, by which rows that source_filter leaves out are "
                         "known to be there; name a primary_key",
                         versions->stage.root->table->name);
    TRY(write_same(versions, arena, err));
    snprintf(versions->changes, NAME_MAX_BYTES, "_tidegate_changes_%zu", chain->number);
    snprintf(versions->fresh, NAME_MAX_BYTES, "_tidegate_fresh_%zu", chain->number);
    open_scopes(versions);
done:
    return rc;
}

/* ---- before the transaction ---- */

/* A statement of who has the rows. */
static int add_read_step(const struct versions *versions, const struct step *what,
                         const struct sql_scope *outer, struct plan *plan, const char *pattern,
                         struct tg_error *err)
{
    struct step step = *what;
    step.kind = stage_step(&versions->stage);
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("create", stage_create(&versions->stage))));
    return plan_add_step(plan, &step, &scope, pattern, err);
}

static int add_read(const struct versions *versions, const struct sql_scope *outer,
                    struct plan *plan, const char *pattern, struct tg_error *err)
{
    const struct step step = {.target = versions->stage.root};
    return add_read_step(versions, &step, outer, plan, pattern, err);
}

/* The same columns where the old rows are. */
static int send_versions(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage *stage = &versions->stage;
    const struct step step = {.kind = STEP_FILL, .into.table = stage->name, .target = stage->root};
    static const struct type_spec number = {.type = TYPE_BIGINT};
    const struct sql_scope made =
        sql_within(&versions->scope, SQL_PARTS(SQL_TYPE("number", &number)));
    TRY(sql_write(&plan->text, &made,
                  "CREATE TEMP TABLE {stage} (\n    [" ORDER_COLUMN "] {number}", err));
    for (size_t i = 0; i < versions->held.count; i++) {
        const struct target_column *column = target_find(stage->root, versions->held.items[i]);
        const struct sql_scope scope =
            sql_within(&versions->scope, SQL_PARTS(SQL_NAME("column", column->name),
                                                   SQL_PIECE("column_type", column->sql_type)));
        TRY(sql_write(&plan->text, &scope, ",\n    {column} {column_type}", err));
    }
    TRY(plan_add(plan, stage->root, COUNT_NONE, &versions->scope, "\n)", err));
    TRY(plan_add_step(plan, &step, &versions->rows,
                      "SELECT [" ORDER_COLUMN "], {held}\n"
                      "FROM {stage}",
                      err));
done:
    return rc;
}

/* What is nested in rows that take no part takes none either. Older engines do not count what a
 * CREATE TABLE AS makes. */
static int count_left_out(const struct versions *versions, const struct target *target,
                          struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const struct step step = {.target = target, .count = COUNT_FILTERED};
    TRY(plan_relation(&rows, versions->stage.delivery, target, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(&versions->rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(add_read(versions, &versions->rows, plan,
                 "{create} TABLE {fresh} ([" ORDER_COLUMN "] BIGINT)", err));
    TRY(add_read_step(versions, &step, &scope, plan,
                      "INSERT INTO {fresh}\n"
                      "SELECT [" ORDER_COLUMN "]\n"
                      "FROM (\n"
                      "{rows}\n"
                      ") AS arrived\n"
                      "WHERE [" ORDER_COLUMN "] NOT IN (SELECT [" ORDER_COLUMN "] FROM {stage})",
                      err));
    TRY(add_read(versions, &versions->rows, plan, "DROP TABLE {fresh}", err));
done:
    buf_release(&rows);
    return rc;
}

/* Where the primary key tells what is there, the last row of each is its version: of two that were
 * valid neither would be true. */
static int keep_last(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    const struct step step = {.target = versions->stage.root, .count = COUNT_FILTERED};
    return add_read_step(versions, &step, &versions->rows, plan,
                         "DELETE FROM {stage} AS old\n"
                         "USING (SELECT {key}, MAX([" ORDER_COLUMN "]) AS _tidegate_last\n"
                         "    FROM {stage} GROUP BY {key} HAVING COUNT(*) > 1) AS new\n"
                         "WHERE {old.key = new.key} AND old.[" ORDER_COLUMN "] < _tidegate_last",
                         err);
}

static int leave_out(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = versions->stage.chain;
    const bool sifts = versions->stage.filter || versions->keeps_last;
    TRY(stage_leave_out(&versions->stage, &versions->key, plan, err));
    if (versions->keeps_last)
        TRY(keep_last(versions, plan, err));
    for (size_t i = 1; sifts && i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            TRY(count_left_out(versions, &chain->targets[i], plan, err));
done:
    return rc;
}

static int stage_versions(const struct delivery *delivery, const struct chain *chain,
                          struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct versions versions;
    struct buf rows = BUF_INIT;
    TRY(open_versions(&versions, delivery, chain, &plan->arena, err));
    const bool filters = versions.stage.filter;
    const struct step step = {.target = versions.stage.root,
                              .option = filters ? "source_filter" : NULL};
    if (!target_has_rows(versions.stage.root))
        goto done;
    TRY(plan_relation(&rows, delivery, versions.stage.root,
                      WITH_ORDER | (filters || versions.stage.sends_all ? WITH_ABSENT : 0), err));
    const struct sql_scope scope =
        sql_within(&versions.rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(add_read_step(&versions, &step, &scope, plan,
                      filters ? "{create} TABLE {stage} AS\n"
                                "WITH [" ARRIVED "] AS (\n"
                                "{rows}\n"
                                ")\n"
                                "SELECT [" ORDER_COLUMN "], {held}{passes}\n"
                                "FROM [" ARRIVED "]"
                              : "{create} TABLE {stage} AS\n"
                                "SELECT [" ORDER_COLUMN "], {held}\n"
                                "FROM (\n"
                                "{rows}\n"
                                ") AS arrived",
                      err));
    TRY(leave_out(&versions, plan, err));
    if (reads_elsewhere(&versions.stage) && meets_old(&versions.stage))
        TRY(send_versions(&versions, plan, err));
done:
    buf_release(&rows);
    return rc;
}

/* ---- old versions ---- */

/* Those that are valid; with a merge key, of the keys that the load brings. */
static int write_valid(const struct versions *versions, struct buf *out, struct tg_error *err)
{
    if (versions->stage.merge_key.count == 0)
        return sql_write(out, &versions->scope,
                         "SELECT {told}, {from} AS [" SINCE_COLUMN "],\n"
                         "    {may_end} AS [" THERE_COLUMN "]\n"
                         "FROM {table}\n"
                         "WHERE {active}{and_own}",
                         err);
    return key_select(&versions->stage, &versions->scope,
                      "SELECT {old.told}, {from} AS [" SINCE_COLUMN "], 1 AS [" THERE_COLUMN "]\n"
                      "FROM {table} AS old, {new}\n"
                      "WHERE {match} AND {active}",
                      out, err);
}

/* coalesce(old."a", new."a") AS "a", ... */
static int write_either(const struct versions *versions, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < versions->told.count; i++) {
        const struct sql_scope scope =
            sql_within(&versions->scope, SQL_PARTS(SQL_NAME("column", versions->told.items[i])));
        buf_text(out, i > 0 ? ", " : "");
        TRY(sql_write(out, &scope, "coalesce(old.{column}, new.{column}) AS {column}", err));
    }
done:
    return rc;
}

/* What one side has and the other has not: new rows by the number of the last one of a version. */
static int note_changes(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf valid = BUF_INIT, either = BUF_INIT;
    const bool limits = versions->stage.limits;
    const struct step step = {.target = versions->stage.root,
                              .option = limits ? "destination_scope" : NULL};
    TRY(write_valid(versions, &valid, err));
    TRY(write_either(versions, &either, err));
    TRY(buf_check(&valid, err));
    TRY(buf_check(&either, err));
    const struct sql_scope scope = sql_within(
        &versions->scope,
        SQL_PARTS(SQL_PIECE("valid", buf_string(&valid)), SQL_PIECE("either", buf_string(&either)),
                  SQL_PATTERN("ended", limits ? "(new.[" ORDER_COLUMN
                                                "] IS NULL AND old.[" THERE_COLUMN "] = 1)"
                                              : "new.[" ORDER_COLUMN "] IS NULL")));
    TRY(plan_add_step(plan, &step, &scope,
                      "CREATE TEMP TABLE {changes} AS\n"
                      "SELECT {told}, MAX([" ORDER_COLUMN "]) AS [" ORDER_COLUMN "],\n"
                      "    MAX([" SINCE_COLUMN "]) AS [" SINCE_COLUMN "]\n"
                      "FROM (\n"
                      "SELECT {either},\n"
                      "    new.[" ORDER_COLUMN "], old.[" SINCE_COLUMN "]\n"
                      "FROM (\n"
                      "{valid}\n"
                      ") AS old\n"
                      "FULL JOIN {stage} AS new ON {same}\n"
                      "WHERE old.[" THERE_COLUMN "] IS NULL"
                      " OR {ended}\n"
                      ") AS met\n"
                      "GROUP BY {told}",
                      err));
done:
    buf_release(&valid);
    buf_release(&either);
    return rc;
}

/* What a filter leaves out is there: a key of which nothing passes ends no version. Where there are
 * `deletes` none of a key ends here that is not staged. */
static int keep_filtered(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    if (!versions->stage.notes_filtered || target_loses_absent(versions->stage.root))
        return TG_OK;
    return plan_add(plan, NULL, COUNT_NONE, &versions->scope,
                    "DELETE FROM {changes} AS old\n"
                    "WHERE old.[" ORDER_COLUMN "] IS NULL\n"
                    "    AND EXISTS (SELECT 1 FROM {filtered} AS new WHERE {old.key = new.key})\n"
                    "    AND NOT EXISTS (SELECT 1 FROM {stage} AS new WHERE {old.key = new.key})",
                    err);
}

/* As many as there are of both of a key have been updated. */
static int count_pairs(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    const struct step step = {
        .kind = STEP_COUNT, .target = versions->stage.root, .count = COUNT_PAIRED};
    if (versions->key.count == 0)
        return TG_OK;
    return plan_add_step(plan, &step, &versions->scope,
                         "SELECT SUM(CASE WHEN came < gone THEN came ELSE gone END)\n"
                         "FROM (\n"
                         "SELECT COUNT([" ORDER_COLUMN "]) AS came, COUNT(*) - COUNT([" ORDER_COLUMN
                         "]) AS gone\n"
                         "FROM {changes}\n"
                         "GROUP BY {key}\n"
                         ") AS of_key",
                         err);
}

/* What the load changes, unless that is refused. */
static int note(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope =
        sql_within(&versions->scope, SQL_PARTS(SQL_PATTERN("gone", "{changes}"),
                                               SQL_PATTERN("is_gone", "[" ORDER_COLUMN "] IS NULL"),
                                               SQL_PATTERN("since", "[" SINCE_COLUMN "]"),
                                               SQL_PATTERN("changed", "{changes}")));
    TRY(note_changes(versions, plan, err));
    TRY(keep_filtered(versions, plan, err));
    TRY(ended_refuse_backwards(&versions->stage, &scope, plan, err));
    TRY(ended_refuse_overlap(&versions->stage, &scope, plan, err));
done:
    return rc;
}

#define IS_GONE "{same} AND new.[" ORDER_COLUMN "] IS NULL AND {active}{and_ours}"

static int retire(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct old_rows gone = {versions->stage.root, IS_GONE, .meets = true};
    const struct sql_scope scope =
        sql_within(&versions->scope, SQL_PARTS(SQL_PATTERN("new", "{changes} AS new")));
    TRY(note(versions, plan, err));
    TRY(plan_change(plan, &gone, "{to} = {at}", COUNT_DELETED, &scope, err));
    TRY(count_pairs(versions, plan, err));
done:
    return rc;
}

static int retire_all(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct old_rows valid = {versions->stage.root, "{active}{and_own}{and_limits}",
                                   .meets = false};
    const struct sql_scope scope = sql_within(
        &versions->scope, SQL_PARTS(SQL_PATTERN("gone", "{table}"), SQL_PATTERN("since", "{from}"),
                                    SQL_PATTERN("changed", "{table} WHERE {is_gone}"),
                                    SQL_PATTERN("is_gone", "{active}{and_own}{and_limits}")));
    const bool names_none = versions->stage.limits && versions->stage.sends_all;
    if (names_none)
        TRY(stage_none(&versions->stage, plan, err));
    TRY(ended_refuse_backwards(&versions->stage, &scope, plan, err));
    TRY(ended_refuse_overlap(&versions->stage, &scope, plan, err));
    TRY(plan_change(plan, &valid, "{to} = {at}", COUNT_DELETED, &scope, err));
    if (names_none)
        TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {stage}", err));
done:
    return rc;
}

/* ---- new versions ---- */

static int take_fresh(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct step step = {
        .kind = STEP_TAKE, .into.table = versions->fresh, .target = versions->stage.root};
    TRY(add_read(versions, &versions->rows, plan,
                 "{create} TABLE {fresh} ([" ORDER_COLUMN "] BIGINT)", err));
    TRY(plan_add_step(plan, &step, &versions->scope,
                      "SELECT [" ORDER_COLUMN "]\n"
                      "FROM {changes}\n"
                      "WHERE [" ORDER_COLUMN "] IS NOT NULL",
                      err));
done:
    return rc;
}

/* Where the rows are read: the numbers of those to be added. */
static int pick_rows(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    const bool known = meets_old(&versions->stage);
    if (known && reads_elsewhere(&versions->stage))
        return take_fresh(versions, plan, err);
    return add_read(versions, &versions->rows, plan,
                    known ? "{create} TABLE {fresh} AS\n"
                            "SELECT [" ORDER_COLUMN "]\n"
                            "FROM {changes}\n"
                            "WHERE [" ORDER_COLUMN "] IS NOT NULL"
                          : "{create} TABLE {fresh} AS\n"
                            "SELECT MAX([" ORDER_COLUMN "]) AS [" ORDER_COLUMN "]\n"
                            "FROM {stage}\n"
                            "GROUP BY {id}",
                    err);
}

static int insert_roots(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *root = versions->stage.root;
    struct buf rows = BUF_INIT;
    const char **names = arena_alloc(&plan->arena, (root->loaded.count + 2) * sizeof(*names));
    if (!names)
        return error_nomem(err);
    memcpy(names, root->loaded.items, root->loaded.count * sizeof(*names));
    names[root->loaded.count] = versions->stage.history.from;
    names[root->loaded.count + 1] = versions->stage.history.to;
    const struct sql_names columns = {names, root->loaded.count + 2};
    const struct fill fill = {
        .table = root->table->name, .columns = &columns, .target = root, .leaves_known = true};
    TRY(plan_relation(&rows, versions->stage.delivery, root, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(&versions->rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                              SQL_NAMES("columns", &root->loaded)));
    TRY(plan_fill(plan, versions->stage.delivery, &fill, &scope,
                  "SELECT {columns}, {at} AS {from}, {end} AS {to}\n"
                  "FROM (\n"
                  "{rows}\n"
                  ") AS arrived\n"
                  "WHERE [" ORDER_COLUMN "] IN (SELECT [" ORDER_COLUMN "] FROM {fresh})",
                  err));
done:
    buf_release(&rows);
    return rc;
}

/* The picked rows as they come, with what is nested in them. */
static int fill_picked(const struct versions *versions, const struct fill *fill, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const struct delivery *delivery = versions->stage.delivery;
    TRY(plan_relation(&rows, delivery, fill->target, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(&versions->rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                              SQL_NAMES("columns", &fill->target->loaded)));
    TRY(plan_fill(plan, delivery, fill, &scope,
                  "SELECT {columns}\n"
                  "FROM (\n"
                  "{rows}\n"
                  ") AS arrived\n"
                  "WHERE [" ORDER_COLUMN "] IN (SELECT [" ORDER_COLUMN "] FROM {fresh})",
                  err));
done:
    buf_release(&rows);
    return rc;
}

/* In a table of their own. */
static int stage_picked(const struct versions *versions, const struct target *target,
                        const char *name, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct fill fill = {
        .table = name, .columns = &target->loaded, .target = target, .is_temporary = true};
    TRY(stage_make(&versions->stage, target, name, &target->loaded, plan, err));
    TRY(fill_picked(versions, &fill, plan, err));
done:
    return rc;
}

/* What is nested in the picked rows, but for what is there: by a pattern of {nested}, {staged}. */
static int add_unknown(const struct versions *versions, const struct target *target,
                       enum step_count count, const char *pattern, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    stage_name(versions->stage.chain, target, name);
    const struct sql_scope scope = sql_within(
        &versions->scope, SQL_PARTS(SQL_TABLE("nested", target->table->name),
                                    SQL_NAME("staged", name), SQL_NAMES("columns", &target->loaded),
                                    SQL_NAME("row_key", table_link(target->table, LINK_ROW))));
    TRY(stage_picked(versions, target, name, plan, err));
    TRY(plan_add(plan, target, count, &scope, pattern, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {staged}", err));
done:
    return rc;
}

static int insert_nested(const struct versions *versions, const struct target *target,
                         struct plan *plan, struct tg_error *err)
{
    const struct fill fill = {.table = target->table->name,
                              .columns = &target->loaded,
                              .target = target,
                              .leaves_known = true};
    if (!target->there || versions->stage.chain->replaced)
        return fill_picked(versions, &fill, plan, err);
    return add_unknown(versions, target, COUNT_NEW,
                       "INSERT INTO {nested} ({columns})\n"
                       "SELECT {columns}\n"
                       "FROM {staged} AS new\n"
                       "WHERE NOT EXISTS (SELECT 1 FROM {nested} AS old"
                       " WHERE old.{row_key} = new.{row_key})",
                       plan, err);
}

/* ---- the transaction ---- */

static int add_versions(const struct versions *versions, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = versions->stage.chain;
    TRY(pick_rows(versions, plan, err));
    TRY(insert_roots(versions, plan, err));
    for (size_t i = 1; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            TRY(insert_nested(versions, &chain->targets[i], plan, err));
    TRY(add_read(versions, &versions->rows, plan, "DROP TABLE {fresh}", err));
done:
    return rc;
}

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct versions versions;
    TRY(open_versions(&versions, delivery, chain, &plan->arena, err));
    const bool meets = meets_old(&versions.stage), comes = target_has_rows(versions.stage.root);
    if (chain->replaced)
        TRY(plan_clear(plan, delivery, chain, err));
    if (meets && chain->emptied && !comes)
        TRY(retire_all(&versions, plan, err));
    if (!comes)
        goto done;
    if (meets)
        TRY(retire(&versions, plan, err));
    TRY(add_versions(&versions, plan, err));
    if (meets)
        TRY(plan_add(plan, NULL, COUNT_NONE, &versions.scope, "DROP TABLE {changes}", err));
done:
    return rc;
}

/* ---- in one statement a table ---- */

/* Nothing but the row key tells them in a MERGE: what tells versions may be NULL. */
static int note_gone(const struct versions *versions, const struct sql_scope *scope,
                     struct plan *plan, struct tg_error *err)
{
    const struct table *root = versions->stage.root->table;
    if (!table_link(root, LINK_ROW))
        return error_set(err, TG_DATA,
                         "table '%s' has no row key, by which versions that end are "
                         "told in a single statement",
                         root->name);
    return plan_add(plan, NULL, COUNT_NONE, scope,
                    "CREATE TEMP TABLE {gone} AS\n"
                    "SELECT old.{row_key}\n"
                    "FROM {table} AS old, {changes} AS new\n"
                    "WHERE " IS_GONE,
                    err);
}

/* No row meets another one: those that come are new, and of the others some end, or all go. */
static int merge_root(const struct versions *versions, const struct absent_form *absent,
                      struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *root = versions->stage.root;
    const struct chain *chain = versions->stage.chain;
    char added[NAME_MAX_BYTES], gone[NAME_MAX_BYTES];
    snprintf(added, sizeof(added), "_tidegate_added_%zu", chain->number);
    snprintf(gone, sizeof(gone), "_tidegate_gone_%zu", chain->number);
    const bool by_own = chain->shared && versions->stage.merge_key.count == 0;
    const struct sql_scope scope = sql_within(
        &versions->scope,
        SQL_PARTS(SQL_NAME("added", added), SQL_NAME("gone", gone),
                  SQL_NAMES("columns", &root->loaded),
                  SQL_NAME("row_key", table_link(root->table, LINK_ROW)),
                  SQL_PATTERN("ours", by_own ? "\n    AND old.{own}" : ""),
                  SQL_PIECE("absent_ones", absent->clause),
                  SQL_PATTERN("ends", meets_old(&versions->stage)
                                          ? "\nWHEN NOT MATCHED BY SOURCE AND old.{row_key} IN "
                                            "(SELECT {row_key} FROM {gone})\n"
                                            "    AND {active}{ours} THEN UPDATE SET {to} = {at}"
                                      : root->there ? "\nWHEN NOT MATCHED BY SOURCE THEN DELETE"
                                                    : "")));
    if (meets_old(&versions->stage))
        TRY(note_gone(versions, &scope, plan, err));
    TRY(stage_picked(versions, root, added, plan, err));
    TRY(plan_add(plan, root, COUNT_INSERTED, &scope,
                 "MERGE INTO {table} AS old\n"
                 "USING {added} AS new\n"
                 "ON 1 = 0\n"
                 "WHEN NOT MATCHED THEN INSERT ({columns}, {from}, {to}) VALUES ({new.columns}, "
                 "{at}, {end}){ends}{absent_ones}",
                 err));
done:
    return rc;
}

static int merge_nested(const struct versions *versions, const struct target *target,
                        struct plan *plan, struct tg_error *err)
{
    const bool clears = versions->stage.chain->replaced && target->there;
    if (!target_has_rows(target))
        return clears ? plan_empty(plan, versions->stage.delivery, target, REMOVE_DELETE, err)
                      : TG_OK;
    return add_unknown(versions, target, COUNT_INSERTED,
                       clears ? "MERGE INTO {nested} AS old\n"
                                "USING {staged} AS new\n"
                                "ON old.{row_key} = new.{row_key}\n"
                                "WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({new.columns})\n"
                                "WHEN NOT MATCHED BY SOURCE THEN DELETE"
                              : "MERGE INTO {nested} AS old\n"
                                "USING {staged} AS new\n"
                                "ON old.{row_key} = new.{row_key}\n"
                                "WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({new.columns})",
                       plan, err);
}

static int merge_versions(const struct versions *versions, const struct absent_form *absent,
                          struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = versions->stage.chain;
    if (meets_old(&versions->stage))
        TRY(note(versions, plan, err));
    TRY(pick_rows(versions, plan, err));
    for (size_t i = chain->count; i-- > 1;)
        TRY(merge_nested(versions, &chain->targets[i], plan, err));
    TRY(merge_root(versions, absent, plan, err));
done:
    return rc;
}

static int single(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct versions versions;
    struct absent_form absent;
    TRY(stage_versions(delivery, chain, plan, err));
    TRY(absent_single(delivery, chain, &absent, plan, err));
    TRY(open_versions(&versions, delivery, chain, &plan->arena, err));
    if (target_has_rows(versions.stage.root))
        return merge_versions(&versions, &absent, plan, err);
    if (chain->replaced)
        TRY(plan_clear(plan, delivery, chain, err));
    if (meets_old(&versions.stage) && chain->emptied)
        TRY(retire_all(&versions, plan, err));
done:
    return rc;
}

const struct disposition_driver disposition_scd2 = {
    .word = DISPOSITION_MERGE,
    .strategy = "scd2",
    .needs_order = true,
    .keeps_history = true,
    .boundary_hashes_max = 10000,
    .options = "validity_column_names active_record_timestamp boundary_timestamp "
               "row_version_column_name allow_empty deletes source_filter destination_scope",
    .stage = stage_versions,
    .apply = apply,
    .single = single,
};
