/*
 * Samples of the rows that a load which is only tried would change: old rows are kept until it is
 * known what took their place.
 */
#ifndef TIDEGATE_WRITE_SAMPLE_H
#define TIDEGATE_WRITE_SAMPLE_H

#include "write/sql/plan.h"
#include "write/trial.h"

/* What becomes of an old row: it goes; it stays, and counts as one that goes; it is changed. */
enum sample_fate { OLD_GOES, OLD_ENDED, OLD_CHANGED };

/* Before a chain's statements, which may remove rows. */
int sample_begin(struct delivery *delivery, struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Before rows are removed or changed (plan_remove, plan_change). */
int sample_old(const struct old_rows *rows, enum sample_fate fate, const struct sql_scope *scope,
               struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* When all is written, and before it is rolled back. */
int sample_take(const struct delivery *delivery, struct connection *con, struct trial *trial,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
