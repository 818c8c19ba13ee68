/*
 * Schema changes: what the destination has, what the load needs, the statements between them.
 */
#ifndef TIDEGATE_WRITE_DDL_H
#define TIDEGATE_WRITE_DDL_H

#include "write/plan.h"

/* Looks at the data where a type change hangs on it: an integer column with values beyond 2^53 does
 * not become double but decimal(38,9); the load's catalog is changed accordingly. */
int ddl_settle(struct load *load, struct connection *con, struct tg_error *err) TG_CHECK_RESULT;
/* Writes the statements, and fills in the columns of all targets as they are afterwards. Pure. */
int ddl_plan(struct load *load, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

#endif
