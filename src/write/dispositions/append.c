/*
 * append: rows are added, old ones stay.
 *
 * Path: apply -> plan_insert_all. With a full refresh (chain->replaced) the tables are emptied
 * first. Nothing is staged: the package's files go straight into the tables.
 */
#include "write/disposition.h"
#include "write/sql/plan.h"
#include "write/sql/single.h"

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    if (chain->replaced)
        TRY(plan_clear(plan, delivery, chain, err));
    TRY(plan_insert_all(plan, delivery, chain, err));
done:
    return rc;
}

const struct disposition_driver disposition_append = {
    .word = DISPOSITION_APPEND, .adds_rows = true, .apply = apply, .single = single_append};
