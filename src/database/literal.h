/*
 * Values of a cursor as literals of SQL.
 */
#ifndef TIDEGATE_DATABASE_LITERAL_H
#define TIDEGATE_DATABASE_LITERAL_H

#include "database/dialect.h"
#include "tidegate.h"

/* A value as a literal of the column's type, quoted as the dialect does. false: it has none that
 * compares with the column as the value itself does, and nothing was written. */
bool sql_literal(struct buf *out, const struct dialect *dialect, const struct tg_value *value,
                 const struct type_spec *column);

#endif
