/*
 * numeric as it lies on the wire: digits of base 10,000 with a weight, and what it is as a decimal,
 * a double, a text.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_NUMERIC_H
#define TIDEGATE_POSTGRES_VALUES_NUMERIC_H

#include "base/buf.h"
#include "data/column.h"

enum pg_numeric_kind { NUMERIC_FINITE = 0, NUMERIC_NAN, NUMERIC_INFINITE };

struct pg_numeric {
    const unsigned char *digits; /* two bytes each, the first one not zero */
    int count;
    int weight; /* of the first digit: a power of 10,000 */
    int scale;  /* digits behind the point when it is written */
    enum pg_numeric_kind kind;
    bool negative;
};

/* false: the bytes are none. Borrows them. */
bool numeric_read(const char *bytes, size_t len, struct pg_numeric *out);
/* Exactly, without loss; false: it has more digits before or behind the point, or is not finite. */
bool numeric_decimal(const struct pg_numeric *number, int precision, int scale, int128 *out);
double numeric_double(const struct pg_numeric *number);              /* the nearest */
void numeric_text(const struct pg_numeric *number, struct buf *out); /* as the server writes it */

enum { NUMERIC_BYTES_MAX = 8 + 2 * 11 }; /* of a decimal of 128 bits */
/* The bytes of a decimal; how many. */
size_t numeric_write(int128 value, int scale, unsigned char out[NUMERIC_BYTES_MAX]);

#endif
