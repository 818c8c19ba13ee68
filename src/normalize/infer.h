/*
 * The type of a new column, from the first value that is not NULL.
 */
#ifndef TIDEGATE_NORMALIZE_INFER_H
#define TIDEGATE_NORMALIZE_INFER_H

#include "data/rows.h"

/* The type dlt gives a column whose first value is `cell` (reference 3.1, 3.2, with design 6 for
 * big integers). Lists and objects are json; a NULL cell gives TYPE_NONE. */
struct type_spec infer_type(const yyjson_val *cell);

#endif
