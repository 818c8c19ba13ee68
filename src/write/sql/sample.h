/*
 * Samples of the rows that a load which is only tried would change: old rows are kept until it is
 * known what took their place.
 */
#ifndef TIDEGATE_WRITE_SAMPLE_H
#define TIDEGATE_WRITE_SAMPLE_H

#include "write/sql/plan.h"
#include "write/trial.h"

/* Before a chain's statements, which may remove rows. */
int sample_begin(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Before rows are removed (plan_remove). */
int sample_removed(const struct delivery *delivery, const struct old_rows *rows,
                   const struct sql_scope *scope, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;
/* When all is written, and before it is rolled back. */
int sample_take(const struct delivery *delivery, struct connection *con, struct trial *trial,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
