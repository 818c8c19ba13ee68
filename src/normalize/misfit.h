/*
 * Values that neither fit their column nor widen it, where a variant beside it will not do.
 */
#ifndef TIDEGATE_NORMALIZE_MISFIT_H
#define TIDEGATE_NORMALIZE_MISFIT_H

#include "normalize/shape.h"

/* A variant leaves the column itself without a value in the row: TG_DATA where the column is part
 * of a key, the cursor, or otherwise has to have one. The message names the value, one that the
 * column holds (or would hold in its place), and the hint that lets both in. */
int misfit_refuse(const struct outputs *outputs, const struct shape *shape,
                  const struct field *field, const struct slot *slot, const yyjson_val *cell,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The row that is walked has ended without a value that its table needs: TG_DATA says what it has
 * there (nothing, NULL, a list), and what to do. */
int misfit_missing(struct outputs *outputs, const struct output *output,
                   const struct required *required, struct tg_error *err);

/* What the row that is walked has for a column, in an object of its, too; NULL: nothing, or in a
 * list. */
const yyjson_val *misfit_value(struct outputs *outputs, const char *column);

#endif
