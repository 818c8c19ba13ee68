/*
 * Staged rows that are there already as they come, with all that is nested in them.
 */
#ifndef TIDEGATE_WRITE_SAME_H
#define TIDEGATE_WRITE_SAME_H

#include "write/sql/stage.h"

/* Takes them from the stage, which holds all rows; they count as unchanged. */
int same_leave(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

/* Writes that rows `old` and `new` of a table have the same content. */
int same_write(const struct stage *stage, const struct target *target, struct buf *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* Takes those of a table from the stage whose root row's id is in {same}, a table of `outer`. */
int same_unstage(const struct stage *stage, const struct target *target,
                 const struct sql_scope *outer, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
