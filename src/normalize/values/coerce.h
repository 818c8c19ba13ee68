/*
 * Values into columns of another type (reference 3.3), and columns into wider ones (design 6).
 */
#ifndef TIDEGATE_NORMALIZE_COERCE_H
#define TIDEGATE_NORMALIZE_COERCE_H

#include "data/column.h"
#include "data/text/literal.h"

/* Whether a double is exactly this integer. */
static inline bool int64_fits_double(int64_t value)
{
    double real = (double)value;
    return (value >> 53 == value >> 63) || (real < 0x1p63 && (int64_t)real == value);
}

/* A value in the form of its column. Which member counts follows from the column's type. */
struct coerced {
    int64_t
        i64; /* bigint, timestamp (nanoseconds where the column has them), time, date (days), bool
                    (0 or 1) */
    double f64;
    int128 decimal;   /* decimal, wei */
    const char *text; /* text, json, binary: the cell's own bytes, or the scratch buffer's; NULL:
                         no value (the JSON text "null") */
    size_t len;
    bool cut; /* digits of a second that the column does not have were not zero */
};

/* Tries to give `cell` (not NULL) the type `spec` without loss: digits of a second beyond the
 * column's are cut, and what a double has beyond a decimal's scale is rounded. `rule` says where
 * texts are from; literals are typed. *fits says whether it could; *out lives as long as the cell
 * and the next use of `scratch`. Fails only with TG_NOMEM. */
int coerce_cell(const yyjson_val *cell, const struct type_spec *spec, enum text_rule rule,
                struct buf *scratch, struct coerced *out, bool *fits,
                struct tg_error *err) TG_CHECK_RESULT;

/* Stores a value that was coerced to the column's type. */
int coerce_store(const struct coerced *value, struct column *column, size_t row,
                 struct tg_error *err) TG_CHECK_RESULT;

/* The wider type that holds both a column of `spec` and `cell`, which coerce_cell refused: false if
 * there is none. `magnitude` holds the bits of all integers the column took: a bigint beyond a
 * double's 53 bits stays what it is when a fraction comes. Where it is true, type_widens is too. */
bool coerce_widen(const struct type_spec *spec, uint64_t magnitude, const yyjson_val *cell,
                  enum text_rule rule, struct type_spec *out);

#endif
