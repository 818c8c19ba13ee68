/*
 * Staged rows.
 *
 * Path: stage_open (keys and marks, from the hints) -> stage_rows: copy_rows, or copy_several where
 * same.c adds what differs of the others -> stage_winners -> unstage_others -> stage_send (to a
 * database that does not read the package itself). A plain copy, then a look for keys that came
 * twice: usually there are none, and ranking all rows would cost twice as much as the copy. A
 * winner among several has no order of arrival afterwards, which tells
 * it from the rows that came once (nested.c); or it has it in another column, where nested rows
 * have it, too, since those of rows with one key have the same ids (row_ids: key). What is left of
 * the others is the groups that they say have come (note_lost).
 *
 * A row that is marked as deleted is ranked like any other. What becomes of the staged rows is the
 * dispositions'.
 */
#include "write/sql/stage.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "package/load_id.h"
#include "write/condition.h"
#include "write/disposition.h"
#include "write/sql/shared.h"
#include "write/sql/slice.h"

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

/* Without a value in any row no group came. */
static int check_group(const struct stage *stage, struct tg_error *err)
{
    const struct sql_names *key = &stage->group_key;
    for (size_t i = 0; i < key->count; i++)
        if (!target_find(stage->root, key->items[i]))
            return check_key(stage, key, "merge key column", err);
    return TG_OK;
}

/* What was said of the disposition, if that takes it; NULL: nothing. */
static int find_option(const struct chain *chain, const char *option, const char *hint,
                       struct arena *arena, const char **out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    const char *json = extra_find(chain->targets[0].table->extras, hint);
    *out = NULL;
    if (!json || !disposition_takes(chain->driver, option))
        return TG_OK;
    TRY(json_parse(json, strlen(json), hint, &doc, err));
    if (yyjson_is_str(yyjson_doc_get_root(doc)))
        TRY(arena_keep(arena, yyjson_get_str(yyjson_doc_get_root(doc)), out, err));
done:
    yyjson_doc_free(doc);
    return rc;
}

/* With its placeholders filled in; *text: as it was said, NULL: not at all. A stored one has been
 * checked before, by whoever stored it. */
static int find_condition(const struct chain *chain, const char *option, const char *hint,
                          const struct condition_names *names, struct arena *arena,
                          const char **text, const char **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    TRY(find_option(chain, option, hint, arena, text, err));
    if (!*text)
        goto done;
    if (condition_check(*text, names, err) != TG_OK)
        TRY(error_where(err, TG_USAGE, "%s", option));
    condition_write(&sql, *text, names);
    TRY(buf_check(&sql, err));
    TRY(arena_keep(arena, buf_string(&sql), out, err));
done:
    buf_release(&sql);
    return rc;
}

static int find_conditions(struct stage *stage, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = stage->chain;
    const struct delivery *delivery = stage->delivery;
    struct buf table = BUF_INIT, staged = BUF_INIT;
    const char *text = NULL;
    sql_table(&table, delivery->dialect, delivery->manifest->dataset, stage->root->table->name);
    sql_ident(&staged, delivery->dialect, stage->name);
    TRY(buf_check(&table, err));
    TRY(buf_check(&staged, err));
    TRY(find_condition(chain, "source_filter", DISPOSITION_SOURCE_FILTER_HINT,
                       &(struct condition_names){NULL, ARRIVED}, arena, &text, &stage->filter,
                       err));
    TRY(find_condition(chain, "destination_scope", DISPOSITION_SCOPE_HINT,
                       &(struct condition_names){buf_string(&table), buf_string(&staged)}, arena,
                       &text, &stage->limits, err));
    stage->sends_all = stage->keeps_versions || (text && condition_names_staged(text));
    TRY(find_option(chain, "row_version_column_name", DISPOSITION_ROW_VERSION_HINT, arena,
                    &stage->version, err));
done:
    buf_release(&table);
    buf_release(&staged);
    return rc;
}

static int find_key(const struct stage *stage, bool merge_key, struct arena *arena,
                    struct sql_names *out, struct tg_error *err)
{
    const struct table *table = stage->root->table;
    const char **names = arena_alloc(arena, (table->column_count + 1) * sizeof(*names));
    if (!names)
        return error_nomem(err);
    *out = (struct sql_names){names, table_key(table, merge_key, names, table->column_count)};
    if (stage->chain->recalls && !names_have(out, stage->chain->recalls))
        names[out->count++] = stage->chain->recalls;
    return TG_OK;
}

void stage_name(const struct chain *chain, const struct target *target, char out[STAGE_NAME])
{
    size_t i = (size_t)(target - chain->targets);
    if (i == 0)
        snprintf(out, STAGE_NAME, "_tidegate_stage_%zu", chain->number);
    else
        snprintf(out, STAGE_NAME, "_tidegate_stage_%zu_%zu", chain->number, i);
}

static void filtered_name(const struct chain *chain, char out[STAGE_NAME])
{
    snprintf(out, STAGE_NAME, "_tidegate_filtered_%zu", chain->number);
}

static void lost_name(const struct chain *chain, char out[STAGE_NAME])
{
    snprintf(out, STAGE_NAME, "_tidegate_lost_%zu", chain->number);
}

static bool asks(const struct chain *chain, const char *option, const char *hint)
{
    const char *json = extra_find(chain->targets[0].table->extras, hint);
    return json && strcmp(json, "true") == 0 && disposition_takes(chain->driver, option);
}

static bool asks_to_skip(const struct chain *chain)
{
    return asks(chain, "skip_unchanged_rows", DISPOSITION_SKIP_HINT);
}

/* Rows of one key are not looked for: whoever says so gets all of them. */
static bool has_one_of_each(const struct chain *chain)
{
    return asks(chain, "deduplicated", DISPOSITION_DEDUPLICATED_HINT);
}

static bool keeps_versions(const struct chain *chain)
{
    const char *json = extra_find(chain->targets[0].table->extras, DISPOSITION_VERSIONS_HINT);
    return json && strcmp(json, "\"" DISPOSITION_VERSIONS "\"") == 0 &&
           disposition_takes(chain->driver, "scope");
}

/* New rows meet old ones where both have their columns; or each other. */
bool stage_holds_all(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    if (keeps_versions(chain))
        return true;
    return (chain->driver->stages_all || asks_to_skip(chain)) && root->there && !chain->replaced;
}

/* What asks for absent rows needs all keys in the stage; a filter, all rows. */
static bool can_sift(const struct stage *stage)
{
    return stage->skips_unchanged && stage->chain->count == 1 &&
           stage->delivery->dialect->parquet && !stage->filter && !target_loses_absent(stage->root);
}

bool stage_loses_absent(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    return target_loses_absent(root) && root->there && !chain->replaced;
}

/* Of rows that a filter leaves out the keys count, where what does not come goes or ends. */
static bool may_note_filtered(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    const bool meets_versions = chain->driver->keeps_history && root->there && !chain->replaced;
    return extra_find(root->table->extras, DISPOSITION_SOURCE_FILTER_HINT) &&
           (stage_loses_absent(chain) || meets_versions);
}

/* A group has come with each of its rows, also with one that is not the row of its key. */
static bool may_note_lost(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    const struct disposition_driver *driver = chain->driver;
    const bool replaces = !driver->needs_primary_key && !driver->keeps_history;
    const bool groups =
        driver->deletes_absent ? stage_loses_absent(chain) : replaces && !asks_to_skip(chain);
    return groups && root->there && !chain->replaced && !has_one_of_each(chain) &&
           table_key(root->table, false, NULL, 0) > 0 && table_key(root->table, true, NULL, 0) > 0;
}

static const struct sql_names *group_of(const struct stage *stage)
{
    return stage->merge_key.count > 0 ? &stage->merge_key : &stage->group_key;
}

static int64_t time_of_changes(const struct stage *stage)
{
    const struct history *history = &stage->history;
    return history->has_boundary ? history->boundary_us
                                 : (int64_t)(load_id_ns(stage->delivery->manifest->load_id) / 1000);
}

static void open_scope(struct stage *stage)
{
    const struct history *history = &stage->history;
    const struct table_column *deleted = stage->deleted;
    bool is_flag = deleted && deleted->spec.type == TYPE_BOOL;
    const struct sql_part parts[] = {
        SQL_NAME("stage", stage->name),
        SQL_NAME("filtered", stage->filtered),
        SQL_NAME("lost", stage->lost),
        SQL_TABLE("table", stage->root->table->name),
        SQL_NAMES("columns", &stage->root->loaded),
        SQL_NAME("mark", deleted ? deleted->name : NULL),
        SQL_PATTERN("stays", is_flag ? "{mark} IS NOT TRUE" : "{mark} IS NULL"),
        SQL_PATTERN("goes", is_flag ? "{mark} IS TRUE" : "{mark} IS NOT NULL"),
        SQL_PATTERN("where_stays", deleted ? "\nWHERE {stays}" : ""),
        SQL_PATTERN("and_stays", deleted ? " AND {stays}" : ""),
        SQL_PIECE("filter", stage->filter),
        SQL_PATTERN("passes", stage->filter ? ",\n    CASE WHEN ({filter}) THEN TRUE ELSE FALSE END"
                                              " AS [" PASSES_COLUMN "]"
                                            : ""),
        SQL_PIECE("limits", stage->limits),
        SQL_NAME("from", history->from),
        SQL_NAME("to", history->to),
        SQL_TIME("at", time_of_changes(stage)),
        SQL_TIME("open_end", history->active_us),
        SQL_PATTERN("active",
                    history->has_active ? "({to} IS NULL OR {to} = {open_end})" : "{to} IS NULL"),
        SQL_TEXT("pipeline", stage->delivery->manifest->pipeline),
        SQL_TEXT("schema", stage->delivery->manifest->schema),
        SQL_PATTERN("own", SHARED_OWN),
        SQL_PATTERN("and_own", stage->chain->shared ? "\n    AND {own}" : ""),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(stage->parts), "STAGE_PARTS is too small");
    memcpy(stage->parts, parts, sizeof(parts));
    stage->scope = plan_scope(stage->delivery, stage->parts);
    stage->rows = plan_rows_scope(stage->delivery, stage->parts);
}

int stage_open(struct stage *stage, const struct delivery *delivery, const struct chain *chain,
               struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    *stage = (struct stage){.delivery = delivery,
                            .chain = chain,
                            .root = &chain->targets[0],
                            .holds_all = stage_holds_all(chain),
                            .keeps_versions = keeps_versions(chain)};
    stage->skips_unchanged = stage->holds_all && asks_to_skip(chain);
    for (size_t i = 1; i < chain->count; i++)
        stage->keeps_won = stage->keeps_won || target_has_order(&chain->targets[i]);
    stage_name(chain, stage->root, stage->name);
    filtered_name(chain, stage->filtered);
    lost_name(chain, stage->lost);
    TRY(history_read(stage->root->table, &stage->history, err));
    TRY(find_conditions(stage, arena, err));
    stage->sifts = can_sift(stage);
    TRY(find_key(stage, false, arena, &stage->primary_key, err));
    if (!chain->driver->needs_primary_key && !asks_to_skip(chain))
        TRY(find_key(stage, true, arena, &stage->merge_key, err));
    if (chain->driver->deletes_absent)
        TRY(find_key(stage, true, arena, &stage->group_key, err));
    stage->notes_filtered = stage->filter && target_has_rows(stage->root) &&
                            may_note_filtered(chain) && stage->primary_key.count > 0;
    stage->notes_lost = target_has_rows(stage->root) && may_note_lost(chain) &&
                        stage_brings(stage, group_of(stage));
    if (target_has_rows(stage->root)) {
        find_marks(stage);
        TRY(check_key(stage, &stage->primary_key, "primary key column", err));
        TRY(check_key(stage, &stage->merge_key, "merge key column", err));
        TRY(check_group(stage, err));
        const struct sql_names version = {&stage->version, stage->version ? 1 : 0};
        TRY(check_key(stage, &version, "row version column", err));
        if (stage->sifts)
            stage->ascends = slice_key(delivery, stage->root, &stage->primary_key);
    }
    open_scope(stage);
done:
    return rc;
}

bool stage_has_key(const struct stage *stage)
{
    return stage->primary_key.count > 0 || stage->merge_key.count > 0;
}

bool stage_brings(const struct stage *stage, const struct sql_names *key)
{
    for (size_t i = 0; i < key->count; i++) {
        const struct target_column *column = target_find(stage->root, key->items[i]);
        if (!column || !column->loaded)
            return false;
    }
    return true;
}

bool stage_clears_scope(const struct stage *stage)
{
    return stage->limits && stage->chain->driver->clears_scope;
}

bool stage_is_made(const struct stage *stage)
{
    return stage_has_key(stage) || stage->filter || stage_clears_scope(stage);
}

bool names_have(const struct sql_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

int names_join(const struct sql_names *const *lists, struct arena *arena, struct sql_names *out,
               struct tg_error *err)
{
    size_t max = 0;
    for (size_t l = 0; lists[l]; l++)
        max += lists[l]->count;
    const char **names = arena_alloc(arena, max * sizeof(*names));
    if (!names)
        return error_nomem(err);
    *out = (struct sql_names){names, 0};
    for (size_t l = 0; lists[l]; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            if (!names_have(out, lists[l]->items[i]))
                names[out->count++] = lists[l]->items[i];
    return TG_OK;
}

/* ---- filling ---- */

/* Is the reader the one that has the rows? */
static bool reads_elsewhere(const struct stage *stage)
{
    return !stage->delivery->dialect->parquet;
}

/* The reader may have it from an attempt before. */
const char *stage_create(const struct stage *stage)
{
    return reads_elsewhere(stage) ? "CREATE OR REPLACE TEMP" : "CREATE TEMP";
}

/* A statement of who has the rows. */
enum step_kind stage_step(const struct stage *stage)
{
    return reads_elsewhere(stage) ? STEP_READ : STEP_STATEMENT;
}

static int add(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
               const char *pattern, struct tg_error *err)
{
    const struct step step = {.kind = stage_step(stage), .target = stage->root};
    return plan_add_step(plan, &step, scope, pattern, err);
}

/* Conditions may name columns that this load does not bring. */
static int copy_rows(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const char *filter = stage->filter;
    const int with = (stage->primary_key.count > 0 ? WITH_ORDER : 0) |
                     (filter || stage->sends_all ? WITH_ABSENT : 0);
    TRY(plan_relation(&rows, stage->delivery, stage->root, with, err));
    const struct sql_scope scope = sql_within(
        &stage->rows,
        SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)), SQL_PIECE("create", stage_create(stage)),
                  SQL_PATTERN("won", stage->keeps_won ? ", CAST(NULL AS BIGINT) AS [" WINNER_COLUMN
                                                        "]"
                                                      : "")));
    const struct step step = {.kind = stage_step(stage),
                              .target = stage->root,
                              .option = filter ? "source_filter" : NULL};
    TRY(plan_add_step(plan, &step, &scope,
                      filter             ? "{create} TABLE {stage} AS\n"
                                           "WITH [" ARRIVED "] AS (\n"
                                           "{rows}\n"
                                           ")\n"
                                           "SELECT *{won}{passes}\n"
                                           "FROM [" ARRIVED "]"
                      : stage->keeps_won ? "{create} TABLE {stage} AS\n"
                                           "SELECT *{won}\n"
                                           "FROM (\n"
                                           "{rows}\n"
                                           ") AS arrived"
                                         : "{create} TABLE {stage} AS\n"
                                           "{rows}",
                      err));
done:
    buf_release(&rows);
    return rc;
}

/* Nothing but the rows of keys that came several times; none where these ascend. They are counted,
 * which not every engine does of a table that is made with them. */
static int copy_several(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const struct step none = {.target = stage->root};
    const struct step several = {.target = stage->root, .count = COUNT_SEVERAL};
    TRY(plan_relation(&rows, stage->delivery, stage->root, WITH_ORDER, err));
    const struct sql_scope scope =
        sql_within(&stage->rows, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                           SQL_NAMES("key", &stage->primary_key)));
    TRY(plan_add_step(plan, &none, &scope,
                      "CREATE TEMP TABLE {stage} AS\n"
                      "SELECT *\n"
                      "FROM (\n"
                      "{rows}\n"
                      ") AS arrived\n"
                      "LIMIT 0",
                      err));
    if (!stage->ascends)
        TRY(plan_add_step(plan, &several, &scope,
                          "INSERT INTO {stage}\n"
                          "SELECT arrived.*\n"
                          "FROM (\n"
                          "{rows}\n"
                          ") AS arrived\n"
                          "JOIN (SELECT {key} FROM (\n"
                          "{rows}\n"
                          ") AS keys GROUP BY {key} HAVING COUNT(*) > 1) AS twice\n"
                          "ON {twice.key = arrived.key}",
                          err));
done:
    buf_release(&rows);
    return rc;
}

/* A table of what some staged rows have in these {columns}, to where the old rows are. */
static int note(const struct stage *stage, const char *name, const struct sql_names *columns,
                const char *pattern, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct step step = {.kind = STEP_FILL, .into.table = name, .target = stage->root};
    const struct sql_scope scope =
        sql_within(&stage->rows,
                   SQL_PARTS(SQL_NAMES("columns", columns), SQL_NAMES("key", &stage->primary_key),
                             SQL_NAME("noted", name), SQL_PIECE("create", stage_create(stage))));
    TRY(add(stage, &scope, plan, pattern, err));
    if (!reads_elsewhere(stage))
        goto done;
    TRY(stage_make(stage, stage->root, name, columns, plan, err));
    TRY(plan_add_step(plan, &step, &scope, "SELECT {columns}\nFROM {noted}", err));
done:
    return rc;
}

/* Before one of a key is chosen: a row that takes no part wins over none. */
static int unstage_filtered(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    const struct step step = {
        .kind = stage_step(stage), .target = stage->root, .count = COUNT_FILTERED};
    return plan_add_step(plan, &step, &stage->rows,
                         "DELETE FROM {stage}\n"
                         "WHERE NOT [" PASSES_COLUMN "]",
                         err);
}

int stage_leave_out(const struct stage *stage, const struct sql_names *key, struct plan *plan,
                    struct tg_error *err)
{
    int rc = TG_OK;
    if (stage->notes_filtered)
        TRY(note(stage, stage->filtered, key,
                 "{create} TABLE {noted} AS\n"
                 "SELECT {columns}\n"
                 "FROM {stage}\n"
                 "WHERE NOT [" PASSES_COLUMN "]",
                 plan, err));
    if (stage->filter)
        TRY(unstage_filtered(stage, plan, err));
done:
    return rc;
}

/* Of keys that came more than once the winners are staged again, without an order of arrival... */
static int stage_winners(const struct stage *stage, const struct sql_scope *scope,
                         struct plan *plan, struct tg_error *err)
{
    return add(stage, scope, plan,
               "INSERT INTO {stage} ({columns}{won_into})\n"
               "SELECT {columns}{won}\n"
               "FROM (\n"
               "SELECT {staged.columns}{won},\n"
               "    ROW_NUMBER() OVER (PARTITION BY {staged.key} ORDER BY "
               "{best}staged.[" ORDER_COLUMN "] DESC) AS _tidegate_rank\n"
               "FROM {stage} AS staged\n"
               "JOIN (SELECT {key} FROM {stage} GROUP BY {key} HAVING COUNT(*) > 1) AS twice\n"
               "ON {twice.key = staged.key}\n"
               ") AS ranked\n"
               "WHERE _tidegate_rank = 1",
               err);
}

/* ... the groups of all rows of their keys are noted, ... */
static int note_lost(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    return note(stage, stage->lost, group_of(stage),
                "{create} TABLE {noted} AS\n"
                "SELECT DISTINCT {old.columns}\n"
                "FROM {stage} AS old\n"
                "JOIN (SELECT {key} FROM {stage} WHERE [" ORDER_COLUMN "] IS NULL) AS new\n"
                "ON {old.key = new.key}\n"
                "WHERE old.[" ORDER_COLUMN "] IS NOT NULL",
                plan, err);
}

/* ... and then all other rows of their keys go. */
static int unstage_others(const struct stage *stage, const struct sql_scope *scope,
                          struct plan *plan, struct tg_error *err)
{
    return add(stage, scope, plan,
               "DELETE FROM {stage} AS old\n"
               "USING (SELECT {key} FROM {stage} WHERE [" ORDER_COLUMN "] IS NULL) AS new\n"
               "WHERE {old.key = new.key} AND old.[" ORDER_COLUMN "] IS NOT NULL",
               err);
}

/* The columns that old rows are matched by, and the mark; all, where a scope asks for them. */
static int list_matched(const struct stage *stage, struct arena *arena, struct sql_names *out,
                        struct tg_error *err)
{
    const char *mark = stage->deleted ? stage->deleted->name : NULL;
    const struct sql_names marks = {&mark, mark ? 1 : 0};
    const struct sql_names *const lists[] = {&stage->primary_key, &stage->merge_key,
                                             &stage->group_key, &marks, NULL};
    return stage->sends_all ? target_columns(stage->root, NULL, arena, out, err)
                            : names_join(lists, arena, out, err);
}

int stage_make(const struct stage *stage, const struct target *target, const char *name,
               const struct sql_names *columns, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const char *start = "CREATE TEMP TABLE {made} (\n    ";
    for (size_t i = 0; i < columns->count; i++) {
        const struct target_column *column = target_find(target, columns->items[i]);
        const struct sql_scope scope =
            sql_within(&stage->scope, SQL_PARTS(SQL_PATTERN("start", start), SQL_NAME("made", name),
                                                SQL_NAME("column", column->name),
                                                SQL_PIECE("type", column->sql_type)));
        TRY(sql_write(&plan->text, &scope, "{start}{column} {type}", err));
        start = ",\n    ";
    }
    TRY(plan_add(plan, target, COUNT_NONE, &stage->scope, "\n)", err));
done:
    return rc;
}

int stage_none(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct sql_names all;
    TRY(target_columns(stage->root, NULL, &plan->arena, &all, err));
    TRY(stage_make(stage, stage->root, stage->name, &all, plan, err));
done:
    return rc;
}

/* To where the old rows are, if there are any that stay unless they are matched. */
int stage_send(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct sql_names columns;
    const struct step step = {.kind = STEP_FILL, .into.table = stage->name, .target = stage->root};
    if (!reads_elsewhere(stage))
        return TG_OK;
    if (!stage->keeps_versions && (!stage->root->there || stage->chain->replaced))
        return TG_OK;
    TRY(list_matched(stage, &plan->arena, &columns, err));
    columns = stage->holds_all && !stage->sends_all ? stage->root->loaded : columns;
    if (columns.count == 0)
        return TG_OK;
    TRY(stage_make(stage, stage->root, stage->name, &columns, plan, err));
    const struct sql_scope scope =
        sql_within(&stage->rows, SQL_PARTS(SQL_NAMES("matched", &columns)));
    TRY(plan_add_step(plan, &step, &scope, "SELECT {matched}\nFROM {stage}", err));
done:
    return rc;
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
    const bool kept = stage->keeps_won;
    const struct table_column *sort = stage->sort;
    const struct sql_scope scope = sql_within(
        &stage->rows,
        SQL_PARTS(SQL_NAMES("key", &stage->primary_key), SQL_NAME("sort", sort ? sort->name : NULL),
                  SQL_PATTERN("best", best_first(sort)),
                  SQL_PATTERN("won", kept ? ", [" ORDER_COLUMN "]" : ""),
                  SQL_PATTERN("won_into", kept ? ", [" WINNER_COLUMN "]" : "")));
    TRY(stage->sifts ? copy_several(stage, plan, err) : copy_rows(stage, plan, err));
    TRY(stage_leave_out(stage, &stage->primary_key, plan, err));
    const bool one_of_each = stage->ascends || has_one_of_each(stage->chain);
    if (stage->primary_key.count > 0 && !one_of_each) {
        TRY(stage_winners(stage, &scope, plan, err));
        if (stage->notes_lost)
            TRY(note_lost(stage, plan, err));
        TRY(unstage_others(stage, &scope, plan, err));
    }
    TRY(stage_send(stage, plan, err));
done:
    return rc;
}

static int copy_target(const struct stage *stage, const struct target *target, struct plan *plan,
                       struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    struct buf rows = BUF_INIT;
    stage_name(stage->chain, target, name);
    const struct fill fill = {name, &target->loaded, target, .is_temporary = true};
    TRY(stage_make(stage, target, name, &target->loaded, plan, err));
    TRY(plan_relation(&rows, stage->delivery, target, 0, err));
    const struct sql_scope scope =
        plan_rows_scope(stage->delivery, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                                                   SQL_NAMES("columns", &target->loaded)));
    TRY(plan_fill(plan, stage->delivery, &fill, &scope,
                  "SELECT {columns}\n"
                  "FROM (\n"
                  "{rows}\n"
                  ") AS arrived",
                  err));
done:
    buf_release(&rows);
    return rc;
}

int stage_copies(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct stage stage = {
        .delivery = delivery, .chain = chain, .scope = plan_scope(delivery, NULL)};
    for (size_t i = 0; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            TRY(copy_target(&stage, &chain->targets[i], plan, err));
done:
    return rc;
}

static int drop(const struct delivery *delivery, const char *name, struct plan *plan,
                struct tg_error *err)
{
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_NAME("stage", name)));
    return plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE IF EXISTS {stage}", err);
}

int stage_drop(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    bool all = chain->driver->stages_all || stage_holds_all(chain);
    for (size_t i = 0; i < (all ? chain->count : 1); i++) {
        stage_name(chain, &chain->targets[i], name);
        TRY(drop(delivery, name, plan, err));
    }
    filtered_name(chain, name);
    if (may_note_filtered(chain))
        TRY(drop(delivery, name, plan, err));
    lost_name(chain, name);
    if (may_note_lost(chain))
        TRY(drop(delivery, name, plan, err));
done:
    return rc;
}
