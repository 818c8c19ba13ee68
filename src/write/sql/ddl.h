/*
 * Schema changes: what the destination has, what the load needs, the statements between them.
 */
#ifndef TIDEGATE_WRITE_DDL_H
#define TIDEGATE_WRITE_DDL_H

#include "write/sql/plan.h"

/* Looks at the data where a type change hangs on it: an integer column with values beyond 2^53 does
 * not become double; what is no integer goes to its variant (struct spill). The load's catalog is
 * changed accordingly. TG_DATA when the column is a key. */
int ddl_settle(struct delivery *delivery, struct connection *con,
               struct tg_error *err) TG_CHECK_RESULT;
/* Is the dataset to be made? Where nobody knows whether it is there, it is, if it is not. */
bool ddl_makes_dataset(const struct delivery *delivery);
/* Writes the statements, and fills in the columns of all targets as they are afterwards. Pure. */
int ddl_plan(struct delivery *delivery, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* Indexes of the tables that are made, for when they are filled: one for each column that is
 * unique, as dlt has them. The dialect has a word for it. */
int ddl_plan_indexes(const struct delivery *delivery, struct plan *plan,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
