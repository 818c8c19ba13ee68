/*
 * Values of Arrow types that no column has, for people to see.
 */
#ifndef TIDEGATE_DATA_ODD_H
#define TIDEGATE_DATA_ODD_H

#include "data/batch.h"

/* Is it such a type, or one that is shown otherwise than it is stored (a map)? */
bool odd_type(const struct ArrowSchema *schema);
/* Of any type: is what would be shown NULL? */
bool odd_is_null(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row);
/* A value of one, as value_shown. */
int odd_shown(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
              bool json, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
