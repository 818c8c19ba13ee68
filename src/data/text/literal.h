/*
 * What a text says as a value of another type, and what type a text without one has.
 */
#ifndef TIDEGATE_DATA_LITERAL_H
#define TIDEGATE_DATA_LITERAL_H

#include "data/rows.h"

/* How much a text may lose on its way into another type. */
enum text_rule {
    TEXT_DOCUMENT = 0, /* of a document: words and seconds count as dlt has them; no digit goes */
    TEXT_TYPED,        /* of a typed source, or CSV: it reads back as it was, or in a known form */
    TEXT_HINTED        /* of CSV under a hint: zeros in front, plus signs and spaces go, too */
};

/* The text (of some length) as a cell of type `spec`; false: it is none. Not for text, json and
 * binary, which texts go into as they are. Text is borrowed from the argument. A time by its
 * seconds since 1970, which documents and hints allow, is a CELL_DOUBLE. */
bool literal_cell(const char *text, size_t len, const struct type_spec *spec, enum text_rule rule,
                  yyjson_val *out);

/* Whether a text that literal_cell took has digits of a second, other than zeros, that `spec` does
 * not keep. */
bool literal_is_cut(const char *text, size_t len, const struct type_spec *spec);

/* What the texts of a column look like, all together. Zero it before the first. */
struct literal_kinds {
    unsigned bits;
    int whole_digits, fraction_digits; /* most of any number */
    bool has_exponent;
};

/* One more text is seen. */
void literal_see(struct literal_kinds *kinds, const char *text, size_t len);
/* Whether the rest need not be looked at. */
bool literal_is_text(const struct literal_kinds *kinds);
/* The type that holds all of them, and loses nothing but what docs/schema.md says of doubles:
 * TYPE_NONE when none was seen. */
struct type_spec literal_type(const struct literal_kinds *kinds);

/* A CELL_LITERAL as a cell of the type it has by itself, which is `spec`: text at least. */
void literal_natural(const yyjson_val *cell, yyjson_val *out, struct type_spec *spec);

/* A decimal number (decimal_valid) as the nearest double, infinite where it is too large; false: it
 * is too long. */
bool literal_double(const char *text, size_t len, double *out);
/* Whether the digits are a whole number that a double holds exactly. */
bool literal_is_exact(const char *text, size_t len);

#endif
