/*
 * Statements of a program's own, in the connection of a destination.
 */
#ifndef TIDEGATE_WRITE_STATEMENTS_H
#define TIDEGATE_WRITE_STATEMENTS_H

#include "write/destination.h"

/* From here on nothing can be changed, where the destination is to be read only. */
int statements_seal(struct destination *destination, struct tg_error *err) TG_CHECK_RESULT;

extern const struct statement_driver statements_sql;

#endif
