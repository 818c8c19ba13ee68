/*
 * Column builders: plain stores into typed buffers in Arrow layout, a batch at a time. A column of
 * row_max rows is allocated once; appending costs a store and a bit. Rows that are skipped become
 * NULL when the next value comes or the batch ends (column_fill). Rows come in order; only the last
 * one may be set again, and then the later value stays.
 */
#ifndef TIDEGATE_DATA_COLUMN_H
#define TIDEGATE_DATA_COLUMN_H

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "data/type.h"

enum { BATCH_ROWS = 2048 }; /* DuckDB's vector size: a batch stays in cache and maps to one chunk */

__extension__ typedef __int128 int128;

struct column {
    struct type_spec spec;
    size_t row_max; /* room */
    uint8_t bits;   /* of the magnitude of integers that can be stored as they come: 63; fewer for a
                       bigint with a precision; 0 for timestamps that are not of microseconds */
    size_t len;     /* rows so far, NULLs included */
    size_t null_count;
    uint8_t *validity; /* bit per row, 1 = value */
    union {
        int64_t *i64; /* bigint, timestamp, time */
        double *f64;
        uint8_t *bits;    /* bool */
        int32_t *i32;     /* date */
        int128 *decimal;  /* decimal, wei */
        int32_t *offsets; /* text, json, binary: len + 1 of them */
        void *any;
    } data;
    char *text; /* bytes of text, json, binary */
    size_t text_len;
    size_t text_cap;
};

/* Buffers for `row_max` rows; the column is released with column_release or exported. */
int column_init_rows(struct column *column, const struct type_spec *spec, size_t row_max,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The same for a batch: BATCH_ROWS rows. */
int column_init(struct column *column, const struct type_spec *spec,
                struct tg_error *err) TG_CHECK_RESULT;
void column_release(struct column *column);
/* Makes rows [len, row) NULL. */
void column_fill(struct column *column, size_t row);
/* Room for `len` more bytes of text; TG_NOMEM, TG_DATA beyond 2 GiB in a batch. */
int column_reserve_text(struct column *column, size_t len, struct tg_error *err) TG_CHECK_RESULT;

static inline void column_mark(struct column *column, size_t row)
{
    if (column->len < row)
        column_fill(column, row);
    column->validity[row >> 3] |= (uint8_t)(1u << (row & 7));
    column->len = row + 1;
}
static inline void column_set_int64(struct column *column, size_t row, int64_t value)
{
    column_mark(column, row);
    column->data.i64[row] = value;
}
static inline void column_set_double(struct column *column, size_t row, double value)
{
    column_mark(column, row);
    column->data.f64[row] = value;
}
static inline void column_set_date(struct column *column, size_t row, int32_t days)
{
    column_mark(column, row);
    column->data.i32[row] = days;
}
static inline void column_set_decimal(struct column *column, size_t row, int128 value)
{
    column_mark(column, row);
    column->data.decimal[row] = value;
}
static inline void column_set_bool(struct column *column, size_t row, bool value)
{
    column_mark(column, row);
    if (value)
        column->data.bits[row >> 3] |= (uint8_t)(1u << (row & 7));
    else
        column->data.bits[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}
static inline int column_set_text(struct column *column, size_t row, const char *text, size_t len,
                                  struct tg_error *err)
{
    if (column->text_cap - column->text_len < len) {
        int rc = column_reserve_text(column, len, err);
        if (rc != TG_OK)
            return rc;
    }
    if (column->len > row) /* a second value for the row takes the place of the first */
        column->text_len = (size_t)column->data.offsets[row];
    column_mark(column, row);
    memcpy(column->text + column->text_len, text, len);
    column->text_len += len;
    column->data.offsets[row + 1] = (int32_t)column->text_len;
    return TG_OK;
}
static inline bool column_has(const struct column *column, size_t row)
{
    return row < column->len && (column->validity[row >> 3] >> (row & 7) & 1);
}

/* Changes the type of the values already there: bigint -> a larger bigint, double, decimal or wei;
 * decimal or wei -> decimal with more digits; date -> timestamp; timestamp -> one of more digits,
 * up to microseconds. TG_DATA when one does not fit; the column is then as it was. */
int column_widen(struct column *column, const struct type_spec *spec,
                 struct tg_error *err) TG_CHECK_RESULT;

/* Moves the buffers into an Arrow array of `row_count` rows (missing ones NULL); the column is
 * released afterwards (kept on failure). */
int column_export(struct column *column, size_t row_count, struct ArrowArray *out,
                  struct tg_error *err) TG_CHECK_RESULT;

/* ---- decimals ---- */
/* "-12.50" -> scaled integer; exponents allowed. TG_DATA when it has more digits than
 * precision/scale hold (a zero fraction is dropped). */
int decimal_parse(const char *text, size_t len, int precision, int scale, int128 *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Whether decimal_parse could read it, were it wide enough. */
bool decimal_valid(const char *text, size_t len);
/* How many digits it has before the point and behind it, without the zeros around it; false: it is
 * no decimal. */
bool decimal_digits(const char *text, size_t len, int *whole, int *fraction);
/* `value` with `scale` digits behind the point, halves away from zero; false: more digits than
 * `precision`. The double counts as it is written, with the fewest digits that are this double:
 * 1.005 is 1.01, 1e23 a one with 23 zeros. */
bool decimal_round(double value, int precision, int scale, int128 *out);
size_t decimal_format(int128 value, int scale,
                      char out[48]); /* length; no trailing zeros dropped */

#endif
