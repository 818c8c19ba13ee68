/*
 * replace by staging-optimized: the rows go into a new table, which then takes the place of the
 * old one.
 *
 * Path: apply -> make_beside (dialect->like, plan_refuse_loss) for each table -> fill for each ->
 * swap for each, the last thing that is done: readers have the old rows until then, and wait no
 * longer than from there to the commit. No dead rows are left. What the new table has of the old
 * one the dialect says, and what it must not lose; a table that the load makes is filled as it is.
 */
#include "write/disposition.h"

#include <stdio.h>

#include "write/sql/plan.h"
#include "write/sql/single.h"

enum { NAME_BYTES = 120 };

/* No other load has a table of that name. */
static void beside(const struct delivery *delivery, const struct chain *chain,
                   const struct target *target, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "_tidegate_new_%s_%zu_%zu", delivery->manifest->load_id,
             chain->number, (size_t)(target - chain->targets));
}

/* The look comes second: by then the lock of the first keeps the old table as it is. */
static int make_beside(const struct delivery *delivery, const struct target *target,
                       const char *made, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_TABLE("made", made), SQL_TABLE("table", target->table->name)));
    TRY(plan_add(plan, target, COUNT_NONE, &scope, delivery->dialect->like, err));
    TRY(plan_refuse_loss(plan, delivery, target,
                         "the new table of staging-optimized would lack what this one has; use "
                         "strategy delete-insert or insert-from-staging: it has",
                         err));
done:
    return rc;
}

static int swap(const struct delivery *delivery, const struct target *target, const char *made,
                struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_TABLE("made", made), SQL_NAME("name", target->table->name)));
    TRY(plan_empty(plan, delivery, target, REMOVE_DROP, err));
    TRY(plan_add(plan, target, COUNT_NONE, &scope, "ALTER TABLE {made} RENAME TO {name}", err));
done:
    return rc;
}

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    char made[NAME_BYTES];
    if (!delivery->dialect->like)
        return error_set(err, TG_USAGE, "%s has no table swapped; use another strategy of replace",
                         delivery->dialect->name);
    for (size_t i = 0; i < chain->count; i++) {
        beside(delivery, chain, &chain->targets[i], made);
        if (chain->targets[i].there)
            TRY(make_beside(delivery, &chain->targets[i], made, plan, err));
    }
    for (size_t i = 0; i < chain->count; i++) {
        const struct target *target = &chain->targets[i];
        beside(delivery, chain, target, made);
        TRY(target->there ? plan_insert_into(plan, delivery, target, made, err)
                          : plan_insert(plan, delivery, target, err));
    }
    for (size_t i = chain->count; i-- > 0;) {
        beside(delivery, chain, &chain->targets[i], made);
        if (chain->targets[i].there)
            TRY(swap(delivery, &chain->targets[i], made, plan, err));
    }
done:
    return rc;
}

const struct disposition_driver disposition_staging_optimized = {.word = DISPOSITION_REPLACE,
                                                                 .strategy = "staging-optimized",
                                                                 .replaces = true,
                                                                 .swaps = true,
                                                                 .apply = apply,
                                                                 .single = single_replace};
