/*
 * Rows of a table that its source has no more. Which keys the source has is said by the rows of the
 * load, all of which are staged then, and by a list of keys that the package may bring beside them.
 */
#ifndef TIDEGATE_WRITE_ABSENT_H
#define TIDEGATE_WRITE_ABSENT_H

#include "write/sql/plan.h"

/* Statements before the transaction: the list of keys, where the old rows are. */
int absent_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Statements of the transaction, ahead of the disposition's: they go, or are flagged. */
int absent_apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The statement that drops the list, if it is there. */
int absent_drop(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;

/* What becomes of them where a table is changed by one MERGE (single.h). */
struct absent_form {
    const char *clause; /* of the root table's MERGE, by what its source does not match; or "" */
    const char *gone;   /* a SELECT of the row keys of those that go; NULL: none do, or they have
                           no such keys */
};
/* All rows are staged. Notes the absent ones, and asks the brake; of a load without rows all that
 * is to be done. */
int absent_single(const struct delivery *delivery, const struct chain *chain,
                  struct absent_form *out, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

#endif
