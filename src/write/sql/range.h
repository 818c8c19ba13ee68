/*
 * Old rows whose value in a column lies in the range of a load.
 *
 * The load says which (struct manifest_range): a window, or what lies between the values that it
 * brings, which are in a temporary table then: {range}, with the columns lo and hi.
 */
#ifndef TIDEGATE_WRITE_RANGE_H
#define TIDEGATE_WRITE_RANGE_H

#include "write/sql/stage.h"

/* Statements before the transaction: the least and the greatest value that come. */
int range_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;
/* Statements of the transaction: the old rows of the range go, with what is nested in them. Nothing
 * goes on where rows come that are outside of the window, or where more go of a range of what came
 * than the limit allows. */
int range_clear(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;
/* Both, and the rows of the load, in a statement a table (single.h). */
int range_single(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
