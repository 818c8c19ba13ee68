/*
 * merge by insert-only: rows whose primary key is not there yet are added; what is there stays as
 * it is.
 *
 * Path: stage -> exchange_stage; apply -> leave_known -> exchange_insert_roots ->
 * nested_insert_new.
 *
 * Also of append with a lag, which adds rows that are not there under their key and cursor value
 * (chain->recalls).
 *
 * A nested row is told by its id, which its root row's key and its place make: a longer list of a
 * row that is there adds what is behind its end, as dlt has it. Where the old row has another id,
 * from a time before this strategy, nothing can be nested in it by the new one.
 */
#include "write/disposition.h"
#include "write/sql/exchange.h"
#include "write/sql/nested.h"
#include "write/sql/single.h"
#include "write/sql/versions.h"

/* Rows that are there are left out; but those that the source did not have for a while (flagged, by
 * another strategy) are back. */
static int leave_known(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    static const char leave[] =
        "DELETE FROM {stage} AS new\n"
        "WHERE EXISTS (SELECT 1 FROM {table} AS old WHERE {old.key = new.key}{unflagged})"
        "{and_stays}";
    const bool has_flag = target_find(stage->root, DELETED_COLUMN);
    const struct old_rows back = {stage->root, "old.{flag} IS NOT NULL AND {old.key = new.key}",
                                  .meets = true};
    const struct sql_scope all = sql_within(
        &stage->scope,
        SQL_PARTS(SQL_NAMES("key", &stage->primary_key), SQL_NAME("flag", DELETED_COLUMN),
                  SQL_PATTERN("unflagged", ""),
                  SQL_PATTERN("new", "(SELECT {key} FROM {stage}{where_stays}) AS new")));
    const struct sql_scope first = sql_within(
        &all, SQL_PARTS(SQL_PATTERN("unflagged", has_flag ? " AND old.{flag} IS NULL" : "")));
    TRY(plan_add(plan, stage->root, COUNT_UNCHANGED, &first, leave, err));
    if (!has_flag)
        goto done;
    TRY(plan_change(plan, &back, "{flag} = NULL", COUNT_CHANGED, &all, err));
    TRY(plan_add(plan, stage->root, COUNT_NONE, &all, leave, err));
done:
    return rc;
}

/* Ids of a table that rows are added to say nothing of keys. */
static int insert_nested(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    return !stage->holds_all       ? nested_insert(stage, plan, err)
           : stage->chain->recalls ? nested_insert_staying(stage, plan, err)
                                   : nested_insert_new(stage, plan, err);
}

/* With scope: previous_load a key has several rows. */
static int stage_any(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    TRY(stage_open(&stage, delivery, chain, &plan->arena, err));
    if (!stage.keeps_versions)
        return exchange_stage(delivery, chain, plan, err);
    if (target_has_rows(stage.root))
        TRY(versions_stage(&stage, plan, err));
done:
    return rc;
}

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    TRY(stage_open(&stage, delivery, chain, &plan->arena, err));
    if (chain->replaced)
        TRY(plan_clear(plan, delivery, chain, err));
    if (!target_has_rows(stage.root))
        goto done;
    if (stage.keeps_versions)
        return versions_insert(&stage, plan, err);
    if (stage.holds_all)
        TRY(leave_known(&stage, plan, err));
    TRY(exchange_insert_roots(&stage, plan, err));
    TRY(insert_nested(&stage, plan, err));
done:
    return rc;
}

const struct disposition_driver disposition_insert_only = {
    .word = DISPOSITION_MERGE,
    .strategy = "insert-only",
    .needs_key = true,
    .needs_primary_key = true,
    .ids_by_key = true,
    .needs_order = true,
    .needs_root_id = true,
    .stages_all = true,
    .boundary_hashes_max = 10000,
    .options = "scope",
    .stage = stage_any,
    .apply = apply,
    .single = single_add,
};
