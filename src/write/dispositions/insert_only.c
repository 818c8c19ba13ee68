/*
 * merge by insert-only: rows whose primary key is not there yet are added; what is there stays as
 * it is.
 *
 * Path: stage -> exchange_stage; apply -> leave_known -> exchange_insert_roots ->
 * nested_insert_new.
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

static int leave_known(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAMES("key", &stage->primary_key)));
    return plan_add(plan, stage->root, COUNT_UNCHANGED, &scope,
                    "DELETE FROM {stage} AS new\n"
                    "WHERE EXISTS (SELECT 1 FROM {table} AS old WHERE {old.key = new.key})"
                    "{and_stays}",
                    err);
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
    TRY(stage.holds_all ? nested_insert_new(&stage, plan, err) : nested_insert(&stage, plan, err));
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
