/*
 * Whether the destination is what a load was made for, so that no value changes on its way in.
 */
#ifndef TIDEGATE_WRITE_AGREE_H
#define TIDEGATE_WRITE_AGREE_H

#include "write/sql/plan.h"

/* After ddl_plan: the types of all columns that the load fills. TG_CONFLICT (retryable) when
 * somebody has changed them since the load was made; TG_DATA for a value that a column of a type
 * which is none of ours does not hold exactly. */
int agree_check(const struct delivery *delivery, const struct runner *runner,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
