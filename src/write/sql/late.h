/*
 * Rows that came late: which of those that the package asks about are not at the destination.
 */
#ifndef TIDEGATE_WRITE_LATE_H
#define TIDEGATE_WRITE_LATE_H

#include "dlt/sketch.h"
#include "write/sql/plan.h"

/* Before the transaction: what is asked about, where the database does not read it by itself. */
int late_stage(const struct delivery *delivery, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;
/* Once the load's rows are there: counts those that are not. */
int late_count(const struct delivery *delivery, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;
/* How late those were that were not there before the load, for parts that learn: called before its
 * rows are written (is_after false), and once more when they are. `out`: of each table of the
 * manifest. */
int late_learn(const struct delivery *delivery, struct connection *con, bool is_after,
               struct sketch *out, struct tg_error *err) TG_CHECK_RESULT;
/* What late_stage has made goes. */
int late_drop(const struct delivery *delivery, struct plan *plan,
              struct tg_error *err) TG_CHECK_RESULT;

#endif
