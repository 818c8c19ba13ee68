/*
 * What keeps the versions of a table that keeps its history in order: steps that refuse a load.
 */
#ifndef TIDEGATE_WRITE_ENDED_H
#define TIDEGATE_WRITE_ENDED_H

#include "write/sql/stage.h"

/* No version ends before it begins: those of {gone} for which {is_gone}, valid since {since}. */
int ended_refuse_backwards(const struct stage *stage, const struct sql_scope *scope,
                           struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* None is valid beside one that has ended: nothing changes before the end of those, if {changed}
 * has rows. */
int ended_refuse_overlap(const struct stage *stage, const struct sql_scope *scope,
                         struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

#endif
