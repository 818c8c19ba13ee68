/*
 * Whole Arrow columns into another type.
 */
#ifndef TIDEGATE_NORMALIZE_CAST_H
#define TIDEGATE_NORMALIZE_CAST_H

#include "data/batch.h"

/* Casts `row_count` values of a child from `offset` on, by the rules of coerce.h. *fits: all went
 * through; else *out is not filled. Adds to *cut_count those that lost digits of a second. */
int cast_array(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t offset,
               size_t row_count, const struct type_spec *to, struct ArrowArray *out,
               uint64_t *cut_count, bool *fits, struct tg_error *err) TG_CHECK_RESULT;

#endif
