/*
 * A dataset as it was: of each table that keeps its history, the versions that were valid then.
 */
#ifndef TIDEGATE_WRITE_AS_OF_H
#define TIDEGATE_WRITE_AS_OF_H

#include "write/sql/plan.h"

/* Temporary views with the names of such tables, and of those nested in them, which the session
 * sees in their place; of tables that are `there`. `dataset` is the scope of its tables. TG_USAGE
 * where no table keeps its history. `names`, in the plan's arena: what the views are called. */
int as_of_plan(const struct catalog *catalog, const struct described *there,
               const struct sql_scope *dataset, int64_t us, struct plan *plan,
               struct sql_names *names, struct tg_error *err) TG_CHECK_RESULT;

#endif
