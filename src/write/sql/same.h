/*
 * Staged rows that are there already as they come, with all that is nested in them.
 */
#ifndef TIDEGATE_WRITE_SAME_H
#define TIDEGATE_WRITE_SAME_H

#include "write/sql/stage.h"

/* Takes them from the stage, which holds all rows; they count as unchanged. */
int same_leave(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

#endif
