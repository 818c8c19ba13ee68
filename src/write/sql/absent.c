/*
 * Rows that the source has no more.
 *
 * Path: absent_stage -> list_keys (those that the source has listed, but where the database reads
 * the package: there they stay in it) ; absent_apply -> note_absent: an anti-join gives the keys of
 * old rows that are neither staged nor listed -> put_brake -> remove_rows (nested_follow,
 * plan_remove), flag_rows or end_rows (plan_change); unflag_rows: those whose key is listed again.
 *
 * All of it comes before the disposition's statements, some of which take rows from the stage. Rows
 * that only delete are staged, too, and are left to the disposition. A row whose key has a NULL is
 * nobody's to say absent, and stays; nor is one absent that a source_filter leaves out. Where there
 * is a merge key (cdc), only rows are absent whose merge key the load brings; with a
 * destination_scope, those in it before anything goes. Of a table that other pipelines load into,
 * too, only own rows are. What is flagged, or has ended, is not absent, nor counted, once more.
 */
#include "write/sql/absent.h"

#include <stdio.h>
#include <string.h>

#include "write/disposition.h"
#include "write/sql/brake.h"
#include "write/sql/ended.h"
#include "write/sql/nested.h"
#include "write/sql/stage.h"

/* What the statements have in common. */
struct absence {
    struct stage stage;
    const struct manifest_table *part; /* of the root */
    const struct manifest_table *keys; /* the list; NULL: there is none */
    bool flags;                        /* the rows stay, flagged */
    bool ends;                         /* or valid until now: they are versions */
    bool has_flag;                     /* some may be, from before */
    char absent[STAGE_NAME], listed[STAGE_NAME];
    struct sql_scope scope;
    struct sql_part parts[13];
};

static const struct manifest_table *find_keys(const struct delivery *delivery, const char *resource)
{
    const struct manifest *manifest = delivery->manifest;
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        if (part->is_keys && !part->is_late && part->file_count > 0 &&
            strcmp(part->resource, resource) == 0)
            return part;
    }
    return NULL;
}

static int check_key(const struct stage *stage, struct tg_error *err)
{
    const struct sql_names *key = &stage->primary_key;
    for (size_t i = 0; i < key->count; i++)
        if (!target_find(stage->root, key->items[i]))
            return error_set(err, TG_DATA,
                             "primary key column '%s' of table '%s' is not at the destination, so "
                             "that nobody can tell which rows the source has no more",
                             key->items[i], stage->root->table->name);
    return key->count > 0 ? TG_OK
                          : error_set(err, TG_DATA,
                                      "table '%s' has no primary key, by which rows that the "
                                      "source has no more are told",
                                      stage->root->table->name);
}

static void list_name(const struct chain *chain, char out[STAGE_NAME])
{
    snprintf(out, STAGE_NAME, "_tidegate_listed_%zu", chain->number);
}

/* Those that are flagged from before, when rows went softly, go now: not for the first time. */
static bool keeps_flag(const struct absence *absence)
{
    return absence->has_flag && !absence->flags;
}

/* The root table, as if its keys were all it had. */
static int key_target(const struct absence *absence, struct arena *arena, struct target *out,
                      struct tg_error *err)
{
    const struct sql_names *key = &absence->stage.primary_key;
    *out = *absence->stage.root;
    out->part = absence->keys;
    out->spills = NULL;
    out->column_count = key->count;
    out->columns = arena_alloc(arena, key->count * sizeof(*out->columns));
    if (!out->columns)
        return error_nomem(err);
    for (size_t i = 0; i < key->count; i++) {
        out->columns[i] = *target_find(absence->stage.root, key->items[i]);
        out->columns[i].loaded = true;
    }
    out->loaded = (struct sql_names){NULL, 0};
    return TG_OK;
}

/* The list where the database reads it: as it lies in the package. */
static int read_list(const struct absence *absence, struct arena *arena, const char **out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct target keys;
    struct buf rows = BUF_INIT;
    buf_text(&rows, "(\n");
    TRY(key_target(absence, arena, &keys, err));
    TRY(plan_relation(&rows, absence->stage.delivery, &keys, 0, err));
    buf_text(&rows, "\n)");
    TRY(buf_check(&rows, err));
    TRY(arena_keep(arena, buf_string(&rows), out, err));
done:
    buf_release(&rows);
    return rc;
}

static bool reads_list(const struct absence *absence)
{
    return absence->keys && absence->stage.delivery->dialect->parquet;
}

static int open_absence(struct absence *absence, const struct delivery *delivery,
                        const struct chain *chain, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    const char *read = NULL;
    struct stage *stage = &absence->stage;
    TRY(stage_open(stage, delivery, chain, arena, err));
    TRY(check_key(stage, err));
    absence->part = stage->root->part;
    absence->flags = absence->part->flags_absent;
    absence->ends = absence->part->ends_absent;
    absence->has_flag = target_find(stage->root, DELETED_COLUMN);
    absence->keys = find_keys(delivery, absence->part->resource);
    snprintf(absence->absent, STAGE_NAME, "_tidegate_absent_%zu", chain->number);
    list_name(chain, absence->listed);
    if (reads_list(absence))
        TRY(read_list(absence, arena, &read, err));
    const struct sql_part parts[] = {
        SQL_NAME("absent", absence->absent),
        SQL_NAME("gone", absence->absent),
        read ? SQL_PIECE("listed", read) : SQL_NAME("listed", absence->listed),
        SQL_NAMES("key", &stage->primary_key),
        SQL_NAMES("group", &stage->group_key),
        SQL_NAME("row_key", table_link(stage->root->table, LINK_ROW)),
        SQL_NAME("flag", DELETED_COLUMN),
        SQL_TIME("now", delivery->manifest->created_us),
        SQL_PATTERN("new", "{absent} AS new"),
        SQL_NUMBER("samples", BRAKE_SAMPLES),
        SQL_PATTERN("first", keeps_flag(absence) ? "\nWHERE {flag} IS NULL" : ""),
        SQL_PATTERN("there", absence->ends       ? "\nWHERE {active}{and_own}"
                             : absence->has_flag ? "\nWHERE {flag} IS NULL{and_own}"
                             : chain->shared     ? "\nWHERE {own}"
                                                 : ""),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(absence->parts), "there is no room for the parts");
    memcpy(absence->parts, parts, sizeof(parts));
    absence->scope = sql_within(&stage->scope, absence->parts);
done:
    return rc;
}

/* ---- the list ---- */

/* In the order of the columns, which is the key's. */
static int list_keys(const struct absence *absence, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct target keys;
    struct buf rows = BUF_INIT;
    const struct stage *stage = &absence->stage;
    TRY(key_target(absence, &plan->arena, &keys, err));
    TRY(plan_relation(&rows, stage->delivery, &keys, 0, err));
    TRY(stage_make(stage, stage->root, absence->listed, &stage->primary_key, plan, err));
    const struct fill fill = {absence->listed, &stage->primary_key, stage->root,
                              .is_temporary = true};
    const struct sql_scope scope =
        plan_rows_scope(stage->delivery, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(plan_fill(plan, stage->delivery, &fill, &scope, "{rows}", err));
done:
    buf_release(&rows);
    return rc;
}

int absent_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct absence absence;
    if (!stage_loses_absent(chain))
        return TG_OK;
    TRY(open_absence(&absence, delivery, chain, &plan->arena, err));
    if (absence.keys && !reads_list(&absence))
        TRY(list_keys(&absence, plan, err));
done:
    return rc;
}

int absent_drop(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err)
{
    char name[STAGE_NAME];
    if (!stage_loses_absent(chain))
        return TG_OK;
    list_name(chain, name);
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_NAME("listed", name)));
    return plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE IF EXISTS {listed}", err);
}

/* ---- which rows ---- */

/* old."a" IS NOT NULL AND ... */
static int write_known(const struct absence *absence, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_names *key = &absence->stage.primary_key;
    for (size_t i = 0; i < key->count; i++) {
        const struct sql_scope scope =
            sql_within(&absence->scope, SQL_PARTS(SQL_NAME("column", key->items[i])));
        buf_text(out, i > 0 ? " AND " : "");
        TRY(sql_write(out, &scope, "old.{column} IS NOT NULL", err));
    }
    rc = buf_check(out, err);
done:
    return rc;
}

#define NOT_STAGED "\n    AND NOT EXISTS (SELECT 1 FROM {stage} AS new WHERE {old.key = new.key})"
#define NOT_LISTED "\n    AND NOT EXISTS (SELECT 1 FROM {listed} AS new WHERE {old.key = new.key})"
#define NOT_FILTERED                                                                               \
    "\n    AND NOT EXISTS (SELECT 1 FROM {filtered} AS new WHERE {old.key = new.key})"
#define IN_GROUP                                                                                   \
    "\n    AND EXISTS (SELECT 1 FROM (SELECT {group} FROM {stage}{or_lost}) AS new\n"              \
    "    WHERE {old.group = new.group})"

#define IN_SCOPE "\n    AND ({old.key}) IN (SELECT {key} FROM {table} WHERE ({limits}){and_valid})"

static int note_absent(const struct absence *absence, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf known = BUF_INIT;
    const struct stage *stage = &absence->stage;
    const bool staged = target_has_rows(stage->root), grouped = stage->group_key.count > 0;
    const bool came = staged && stage_brings(stage, &stage->group_key); /* a NULL is none */
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    const bool follows = stage->chain->count > 1; /* what is nested, by the row key */
    const bool has_key = follows && row_key && !names_have(&stage->primary_key, row_key);
    TRY(write_known(absence, &known, err));
    const struct sql_scope scope = sql_within(
        &absence->scope,
        SQL_PARTS(SQL_PIECE("known", buf_string(&known)),
                  SQL_PATTERN("and_row_key", has_key ? ", old.{row_key}" : ""),
                  SQL_PATTERN("and_flag", keeps_flag(absence) ? ", old.{flag}" : ""),
                  SQL_PATTERN("not_staged", staged ? NOT_STAGED : ""),
                  SQL_PATTERN("not_listed", absence->keys ? NOT_LISTED : ""),
                  SQL_PATTERN("not_filtered", stage->notes_filtered ? NOT_FILTERED : ""),
                  SQL_PATTERN("in_group", grouped ? (came ? IN_GROUP : "\n    AND 1 = 0") : ""),
                  SQL_PATTERN("or_lost", stage->notes_lost
                                             ? "\n    UNION ALL SELECT {group} FROM {lost}"
                                             : ""),
                  SQL_PATTERN("in_scope", stage->limits ? IN_SCOPE : ""),
                  SQL_PATTERN("and_valid", absence->ends ? " AND {active}" : ""),
                  SQL_PATTERN("live", absence->flags  ? "\n    AND old.{flag} IS NULL"
                                      : absence->ends ? "\n    AND {active}"
                                                      : "")));
    const struct step step = {.option = stage->limits ? "destination_scope" : NULL};
    TRY(plan_add_step(
        plan, &step, &scope,
        "CREATE TEMP TABLE {absent} AS\n"
        "SELECT {old.key}{and_row_key}{and_flag}\n"
        "FROM {table} AS old\n"
        "WHERE {known}{live}{not_staged}{not_listed}{not_filtered}{in_group}{in_scope}"
        "{and_own}",
        err));
done:
    buf_release(&known);
    return rc;
}

/* ---- the brake ---- */

static int put_brake(const struct absence *absence, struct plan *plan, struct tg_error *err)
{
    const struct stage *stage = &absence->stage;
    const struct brake brake = {
        .all = "SELECT COUNT(*)\nFROM {table}{there}",
        .sample = "SELECT {key}\nFROM {absent}{first}\nORDER BY {key}\nLIMIT {samples}",
        .from_nothing = absence->part->from_nothing,
        .names = stage->primary_key.items,
        .going = "are absent from the source",
        .advice = "look whether the source has all of its rows; if they are to go, raise 'limit' "
                  "of 'deletes', or run with --accept-limits",
        .limit = "deletes.limit"};
    return brake_plan(plan, stage->delivery, stage->root, &brake, &absence->scope,
                      "SELECT COUNT(*)\nFROM {absent}{first}", err);
}

/* ---- what becomes of them ---- */

static int remove_rows(const struct absence *absence, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage *stage = &absence->stage;
    const struct old_rows absent = {stage->root, "{old.key = new.key}{and_own}", .meets = true};
    TRY(nested_follow(stage, &absence->scope, plan, err));
    TRY(plan_remove(plan, stage->delivery, &absent, COUNT_DELETED, &absence->scope, err));
done:
    return rc;
}

/* Those whose key is `there` again, listed, or left out by a filter; the load's own rows come
 * without a flag. */
static int unflag_rows(const struct absence *absence, const char *there, struct plan *plan,
                       struct tg_error *err)
{
    const struct stage *stage = &absence->stage;
    const bool staged = target_has_rows(stage->root);
    const struct old_rows back = {
        stage->root, "old.{flag} IS NOT NULL AND {old.key = new.key}{not_staged}{and_own}",
        .meets = true};
    const struct sql_scope scope = sql_within(
        &absence->scope,
        SQL_PARTS(SQL_PATTERN("new", there),
                  SQL_PATTERN("not_staged",
                              staged ? "\n    AND NOT EXISTS (SELECT 1 FROM {stage} AS came WHERE "
                                       "{old.key = came.key})"
                                     : "")));
    return plan_change(plan, &back, "{flag} = NULL", COUNT_CHANGED, &scope, err);
}

static int flag_rows(const struct absence *absence, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct old_rows absent = {
        absence->stage.root, "old.{flag} IS NULL AND {old.key = new.key}{and_own}", .meets = true};
    if (absence->keys)
        TRY(unflag_rows(absence, "{listed} AS new", plan, err));
    if (absence->stage.notes_filtered)
        TRY(unflag_rows(absence, "{filtered} AS new", plan, err));
    TRY(plan_change(plan, &absent, "{flag} = {now}", COUNT_DELETED, &absence->scope, err));
done:
    return rc;
}

/* Versions of such a key that ended before stay as they are. */
static int end_rows(const struct absence *absence, bool by_merge, struct plan *plan,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage *stage = &absence->stage;
    const struct old_rows absent = {stage->root, "{is_gone}", .meets = true};
    const struct sql_scope scope =
        sql_within(&absence->scope,
                   SQL_PARTS(SQL_PATTERN("gone", "{table} AS old, {new}"),
                             SQL_PATTERN("is_gone", "{old.key = new.key} AND {active}{and_own}"),
                             SQL_PATTERN("since", "{from}")));
    TRY(ended_refuse_backwards(stage, &scope, plan, err));
    if (!by_merge)
        TRY(plan_change(plan, &absent, "{to} = {at}", COUNT_DELETED, &scope, err));
done:
    return rc;
}

int absent_apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct absence absence;
    if (!stage_loses_absent(chain))
        return TG_OK;
    TRY(open_absence(&absence, delivery, chain, &plan->arena, err));
    const struct stage *stage = &absence.stage;
    const bool names_none = stage->limits && stage->sends_all && !target_has_rows(stage->root);
    if (names_none)
        TRY(stage_none(stage, plan, err));
    TRY(note_absent(&absence, plan, err));
    if (names_none)
        TRY(plan_add(plan, NULL, COUNT_NONE, &stage->scope, "DROP TABLE {stage}", err));
    TRY(put_brake(&absence, plan, err));
    TRY(absence.flags  ? flag_rows(&absence, plan, err)
        : absence.ends ? end_rows(&absence, false, plan, err)
                       : remove_rows(&absence, plan, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &absence.scope, "DROP TABLE {absent}", err));
done:
    return rc;
}

/* ---- in one statement a table: noted as ever, and gone by the root table's MERGE ---- */

#define BY_SOURCE "\nWHEN NOT MATCHED BY SOURCE AND "

/* Rows whose key is `there` again lose their flag: the load's own come without one. */
#define BACK(there)                                                                                \
    BY_SOURCE "old.{flag} IS NOT NULL\n"                                                           \
              "    AND ({old.key}) IN (SELECT {key} FROM " there "){ours} "                        \
              "THEN UPDATE SET {flag} = NULL"

static int write_clause(const struct absence *absence, const struct sql_scope *outer,
                        struct plan *plan, const char **out, struct tg_error *err)
{
    const bool flags = absence->flags;
    const struct sql_scope scope = sql_within(
        outer,
        SQL_PARTS(SQL_PATTERN("back", flags && absence->keys ? BACK("{listed}") : ""),
                  SQL_PATTERN("passed_by",
                              flags && absence->stage.notes_filtered ? BACK("{filtered}") : ""),
                  SQL_PATTERN("valid", absence->ends ? "\n    AND {active}" : ""),
                  SQL_PATTERN("goes", flags           ? "UPDATE SET {flag} = {now}"
                                      : absence->ends ? "UPDATE SET {to} = {at}"
                                                      : "DELETE")));
    return plan_keep(plan, &scope,
                     "{back}{passed_by}" BY_SOURCE
                     "({old.key}) IN (SELECT {key} FROM {absent}){valid}{ours} THEN {goes}",
                     out, err);
}

static int write_form(const struct absence *absence, struct plan *plan, struct absent_form *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage *stage = &absence->stage;
    const struct sql_scope scope = sql_within(
        &absence->scope,
        SQL_PARTS(SQL_PATTERN("ours", stage->chain->shared ? "\n    AND old.{own}" : "")));
    TRY(write_clause(absence, &scope, plan, &out->clause, err));
    if (!absence->flags && !absence->ends && table_link(stage->root->table, LINK_ROW))
        TRY(plan_keep(plan, &scope,
                      "SELECT met.{row_key}\n"
                      "FROM {table} AS met, {absent} AS away\n"
                      "WHERE {met.key = away.key}{and_own}",
                      &out->gone, err));
done:
    return rc;
}

int absent_single(const struct delivery *delivery, const struct chain *chain,
                  struct absent_form *out, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct absence absence;
    *out = (struct absent_form){.clause = ""};
    if (!stage_loses_absent(chain))
        return TG_OK;
    TRY(absent_stage(delivery, chain, plan, err));
    if (!target_has_rows(&chain->targets[0]))
        return absent_apply(delivery, chain, plan, err);
    TRY(open_absence(&absence, delivery, chain, &plan->arena, err));
    TRY(note_absent(&absence, plan, err));
    TRY(put_brake(&absence, plan, err));
    if (absence.ends)
        TRY(end_rows(&absence, true, plan, err));
    TRY(write_form(&absence, plan, out, err));
done:
    return rc;
}
