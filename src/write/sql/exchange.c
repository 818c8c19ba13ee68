/*
 * Rows of a load in place of old ones.
 *
 * Path: exchange_stage -> stage_rows (of each primary key the row that wins) -> nested_stage, where
 * they are compared with old ones; exchange_apply -> same_leave (what is there already goes from
 * the stage) -> nested_delete -> key_delete (three times faster than an UPDATE) ->
 * exchange_insert_roots -> nested_insert.
 *
 * A row that is marked as deleted is ranked like any other; if it wins, its key goes and nothing
 * comes. Without any key rows are appended.
 */
#include "write/sql/exchange.h"

#include "write/sql/key.h"
#include "write/sql/nested.h"
#include "write/sql/same.h"
#include "write/sql/scope.h"

int exchange_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    TRY(stage_open(&stage, delivery, chain, &plan->arena, err));
    if (!target_has_rows(stage.root) || !stage_is_made(&stage))
        goto done;
    TRY(stage_rows(&stage, plan, err));
    if (stage.holds_all)
        TRY(nested_stage(&stage, plan, err));
done:
    return rc;
}

static int delete_old(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    if (stage_clears_scope(stage))
        return scope_clear(stage, plan, err);
    if (!stage_has_key(stage))
        return TG_OK;
    TRY(nested_delete(stage, plan, err));
    TRY(key_delete(stage, STAGED_STAYS, COUNT_REPLACED, plan, err));
    if (stage->deleted)
        TRY(key_delete(stage, STAGED_GOES, COUNT_DELETED, plan, err));
done:
    return rc;
}

int exchange_insert_roots(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    static const char rows[] = "SELECT {columns}\n"
                               "FROM {stage}{where_stays}";
    const struct fill fill = {
        .table = stage->root->table->name, .columns = &stage->root->loaded, .target = stage->root};
    if (!stage->holds_all)
        return plan_fill(plan, stage->delivery, &fill, &stage->rows, rows, err);
    const struct sql_scope scope = sql_within(&stage->scope, SQL_PARTS(SQL_PATTERN("rows", rows)));
    return plan_add(plan, stage->root, COUNT_INSERTED, &scope,
                    "INSERT INTO {table} ({columns})\n"
                    "{rows}",
                    err);
}

int exchange_apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct stage stage;
    TRY(stage_open(&stage, delivery, chain, &plan->arena, err));
    if (chain->replaced)
        TRY(plan_clear(plan, delivery, chain, err));
    if (!stage_is_made(&stage)) {
        TRY(plan_insert_all(plan, delivery, chain, err));
        goto done;
    }
    if (!target_has_rows(stage.root))
        goto done;
    if (stage.skips_unchanged)
        TRY(same_leave(&stage, plan, err));
    if (!chain->replaced && stage.root->there)
        TRY(delete_old(&stage, plan, err));
    TRY(exchange_insert_roots(&stage, plan, err));
    TRY(nested_insert(&stage, plan, err));
done:
    return rc;
}
