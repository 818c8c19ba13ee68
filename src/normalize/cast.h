/*
 * Whole Arrow columns: into another type, and made of nothing (system columns).
 */
#ifndef TIDEGATE_NORMALIZE_CAST_H
#define TIDEGATE_NORMALIZE_CAST_H

#include "data/batch.h"

/* A column builder for any number of rows, not just a batch's. column_set_* work on it; release
 * with column_release. */
int cast_column_init(struct column *column, const struct type_spec *spec, size_t row_count,
                     struct tg_error *err) TG_CHECK_RESULT;
/* As column_export. */
int cast_column_export(struct column *column, size_t row_count, struct ArrowArray *out,
                       struct tg_error *err) TG_CHECK_RESULT;

/* Casts `row_count` values of a child from `offset` on, by the rules of coerce.h. *fits: all went
 * through; else *out is not filled. `from` is the child's type. */
int cast_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
               const struct type_spec *from, int64_t offset, size_t row_count,
               const struct type_spec *to, struct ArrowArray *out, bool *fits,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
