/*
 * Merges in one statement a table, for databases whose commit is one statement: what a load leaves
 * is what the usual statements leave, but that several old rows of one key all become the new one.
 * Rows are staged as for these; the statements are in a plan with the staging ahead.
 */
#ifndef TIDEGATE_WRITE_SINGLE_H
#define TIDEGATE_WRITE_SINGLE_H

#include "write/sql/plan.h"

/* delete-insert and upsert, by a primary key. TG_USAGE for a merge key or a scope. */
int single_exchange(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                    struct tg_error *err) TG_CHECK_RESULT;
/* insert-only. TG_USAGE for versions. */
int single_add(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
