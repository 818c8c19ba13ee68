/*
 * replace by replace-range: the rows of the load take the place of the old ones whose value in a
 * column lies in a range: the window that the run was to read, or what lies between the least and
 * the greatest value that came.
 *
 * Path: stage -> range_stage (which values came); apply -> range_clear -> plan_insert_all.
 *
 * There is no key: a window that is read again leaves what the source has of it, rows that come
 * twice are there twice, and what is outside of it nobody looks at.
 */
#include "write/disposition.h"
#include "write/sql/range.h"
#include "write/sql/single.h"

static int stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    return chain->replaced ? TG_OK : range_stage(delivery, chain, plan, err);
}

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    TRY(chain->replaced ? plan_clear(plan, delivery, chain, err)
                        : range_clear(delivery, chain, plan, err));
    TRY(plan_insert_all(plan, delivery, chain, err));
done:
    return rc;
}

static int single(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                  struct tg_error *err)
{
    return chain->replaced ? single_replace(delivery, chain, plan, err)
                           : range_single(delivery, chain, plan, err);
}

const struct disposition_driver disposition_replace_range = {
    .word = DISPOSITION_REPLACE,
    .strategy = "replace-range",
    .replaces_range = true,
    .options = "range range_column_name limit",
    .stage = stage,
    .apply = apply,
    .single = single,
};
