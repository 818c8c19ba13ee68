/*
 * replace by truncate-and-insert: the tables are emptied without looking at their rows.
 *
 * Path: apply -> plan_empty -> plan_insert_all, in the load's transaction. PostgreSQL's TRUNCATE
 * leaves no dead rows behind, but nobody can read the table until the load is committed, and a
 * transaction that began before that, and looks only then, finds it empty: it is for tables that
 * are the load's alone. A database without TRUNCATE deletes.
 */
#include "write/disposition.h"
#include "write/sql/plan.h"
#include "write/sql/single.h"

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = chain->count; i-- > 0;)
        TRY(plan_empty(plan, delivery, &chain->targets[i], REMOVE_TRUNCATE, err));
    TRY(plan_insert_all(plan, delivery, chain, err));
done:
    return rc;
}

const struct disposition_driver disposition_truncate_and_insert = {.word = DISPOSITION_REPLACE,
                                                                   .strategy =
                                                                       "truncate-and-insert",
                                                                   .replaces = true,
                                                                   .apply = apply,
                                                                   .single = single_replace};
