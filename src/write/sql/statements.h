/*
 * Statements of a program's own, in the connection of a destination.
 */
#ifndef TIDEGATE_WRITE_STATEMENTS_H
#define TIDEGATE_WRITE_STATEMENTS_H

#include "write/destination.h"

extern const struct statement_driver statements_sql;

#endif
