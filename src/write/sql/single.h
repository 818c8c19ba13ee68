/*
 * Merges in one statement a table, for databases whose commit is one statement: what a load leaves
 * is what the usual statements leave, but that several old rows of one key all become the new one.
 * Rows are staged as for these; the statements are in a plan with the staging ahead.
 */
#ifndef TIDEGATE_WRITE_SINGLE_H
#define TIDEGATE_WRITE_SINGLE_H

#include "write/sql/stage.h"

/* delete-insert, upsert, and cdc, with any `deletes`. TG_USAGE where there is nothing to tell old
 * rows by. */
int single_exchange(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                    struct tg_error *err) TG_CHECK_RESULT;
/* insert-only; what is flagged and comes again is unflagged. With versions, all that change. */
int single_add(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;
/* append: no row goes; replace, by any strategy: all do. */
int single_append(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                  struct tg_error *err) TG_CHECK_RESULT;
int single_replace(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;
/* All that is staged comes, and of the old root rows those go whose {row_key} is selected from the
 * {gone} of the scope, with what is nested in them. */
int single_change(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
