/*
 * The data types of a column, dlt's words. One table of facts, read by everybody.
 */
#ifndef TIDEGATE_DATA_TYPE_H
#define TIDEGATE_DATA_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum type {
    TYPE_NONE = 0, /* not known yet: only NULL was seen */
    TYPE_TEXT,
    TYPE_DOUBLE,
    TYPE_BOOL,
    TYPE_TIMESTAMP, /* microseconds */
    TYPE_BIGINT,
    TYPE_BINARY,
    TYPE_JSON, /* text in memory */
    TYPE_DECIMAL,
    TYPE_WEI, /* decimal(38,0) */
    TYPE_DATE,
    TYPE_TIME,
    TYPE_COUNT
};

enum { DECIMAL_PRECISION = 38, DECIMAL_SCALE = 9 }; /* dlt's default decimal */
/* Of Arrow's decimals of 256 bits; and how much of the 38 digits of the column that they get may
 * stand behind the point. */
enum { WIDE_PRECISION = 76, WIDE_SCALE_MAX = 18 };

const char *type_name(enum type type); /* "bigint"; "" for TYPE_NONE */
enum type type_find(const char *name); /* TYPE_NONE when it is none of dlt's names */

/* Precision of timestamps and times that have no fraction of a second; dlt stores it as 0. */
enum { PRECISION_SECONDS = -1 };

/* A type with what refines it. Zero precision: the type's default. Naive timestamps of more than 6
 * digits are held as nanoseconds, all others as microseconds. */
struct type_spec {
    enum type type;
    int precision;
    int scale;
    bool naive; /* timestamps: without time zone */
};

/* Microseconds between two neighbouring values of a timestamp: more than 1 where a naive one has
 * fewer digits of a second (as databases store them: none, 3 or 6). */
static inline int type_step_us(const struct type_spec *spec)
{
    if (spec->type != TYPE_TIMESTAMP || !spec->naive || spec->precision == 0)
        return 1;
    return spec->precision == PRECISION_SECONDS ? 1000000 : spec->precision <= 3 ? 1000 : 1;
}

static inline bool type_is_nanoseconds(const struct type_spec *spec)
{
    return spec->type == TYPE_TIMESTAMP && spec->naive && spec->precision > 6;
}

static inline bool type_equal(const struct type_spec *a, const struct type_spec *b)
{
    return a->type == b->type && a->precision == b->precision && a->scale == b->scale &&
           a->naive == b->naive;
}

/* With dlt's precision, where a decimal says none. */
struct type_spec type_effective(const struct type_spec *spec);
/* For messages: "decimal(38,9)", "timestamp(3) without time zone". */
enum { TYPE_DESCRIBED = 48 };
const char *type_describe(const struct type_spec *spec, char out[TYPE_DESCRIBED]);

/* May a column change from one type to the other without losing a value? bigint to double counts
 * (design 6), though only where a look at the values finds no integer beyond 2^53. The same type is
 * no change: false. */
bool type_widens(const struct type_spec *from, const struct type_spec *to);

/* And stays every value what it is? Of integers in doubles nobody knows. */
static inline bool type_keeps(const struct type_spec *from, const struct type_spec *to)
{
    return type_widens(from, to) && to->type != TYPE_DOUBLE;
}

/* May a hint make text of the column's values? Each of them then reads as a source would write it.
 */
bool type_spells(const struct type_spec *from, const struct type_spec *to);

/* The same spec with precision and scale spelled out (wei: 38, 0). For decimals. */
struct type_spec type_decimal(const struct type_spec *spec);

/* The Arrow format string of a column of that type ("l", "tsu:UTC", "d:38,9"...); `out` has room
 * for 24 bytes. */
void type_arrow_format(const struct type_spec *spec, char out[24]);
/* The type of an Arrow schema node: every integer is bigint (uint64: decimal(20,0)), floats are
 * double, dictionaries by their values; decimals of more than 38 digits have 38;
 * TG_DATA for what has no column type (struct, list, map, union, duration...). Scale, zone, and of
 * naive timestamps the precision are filled. */
int type_from_arrow(const struct ArrowSchema *schema, struct type_spec *out,
                    struct tg_error *err) TG_CHECK_RESULT;

/* ---- how an Arrow format lies in memory ---- */
enum layout_kind {
    LAYOUT_NONE = 0, /* not supported */
    LAYOUT_NULL,
    LAYOUT_BITS,
    LAYOUT_FIXED,   /* `width` bytes a value */
    LAYOUT_BYTES32, /* int32 offsets, bytes */
    LAYOUT_BYTES64,
    LAYOUT_VIEWS, /* 16 bytes each: length, then the bytes or where they are */
    LAYOUT_STRUCT,
    LAYOUT_LIST32, /* maps too */
    LAYOUT_LIST64
};

struct layout {
    enum layout_kind kind;
    size_t width;
};

/* The layout of a format; of the indices when the node has a dictionary. */
struct layout layout_of(const char *format);
/* Precision and scale of "d:38,9"; false: not a decimal of 128 bits. */
bool format_decimal(const char *format, int *precision, int *scale);
/* The same of 32, 64 and 256 bits too ("d:9,2,32"); its width is layout_of's. Of 256 bits, up to
 * WIDE_PRECISION digits. false: more digits, a negative scale, or no decimal. */
bool format_digits(const char *format, int *precision, int *scale);

#endif
