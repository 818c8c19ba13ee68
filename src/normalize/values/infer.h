/*
 * The type of a new column, from the first value that is not NULL.
 */
#ifndef TIDEGATE_NORMALIZE_INFER_H
#define TIDEGATE_NORMALIZE_INFER_H

#include "dlt/settings.h"
#include "data/rows.h"

/* Detectors that change values, not only their types (infer_cell). */
enum { DETECT_CHANGING = DETECT_HEXBYTES_TO_TEXT | DETECT_WEI_TO_DOUBLE };

struct infer_rules {
    unsigned detectors; /* enum detector of dlt/settings.h */
    int64_t now_us;     /* for DETECT_TIMESTAMP */
};

/* The type dlt gives a column whose first value is `cell` (reference 3.1, 3.2, with design 6 for
 * big integers). Lists and objects are json; a NULL cell gives TYPE_NONE. */
struct type_spec infer_type(const struct infer_rules *rules, const yyjson_val *cell);

/* The same without any detector: what a variant column is named by. */
struct type_spec infer_plain(const yyjson_val *cell);

/* A cell as DETECT_HEXBYTES_TO_TEXT and DETECT_WEI_TO_DOUBLE have it in a column of type `column`:
 * bytes in text as 0x..., integers beyond 64 bits in a double column rounded. Else `cell` itself.
 * `*out` is used for a changed one, its text lies in `text`. Only to be asked when one of the two
 * is on; TG_NOMEM shows in `text`. */
const yyjson_val *infer_cell(const struct infer_rules *rules, enum type column,
                             const yyjson_val *cell, struct buf *text, yyjson_val *out);

#endif
