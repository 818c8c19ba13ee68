/*
 * Numbers and times as they are written somewhere: 1.234,56 and 31.12.2024.
 */
#ifndef TIDEGATE_EXTRACT_CSV_LOCAL_H
#define TIDEGATE_EXTRACT_CSV_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

/* Texts are borrowed; NULL: as everywhere. */
struct csv_local {
    const char *decimal;                        /* one character */
    const char *thousands;                      /* the same, between groups of three digits */
    const char *date_format, *timestamp_format; /* as strptime has them, and %f */
};

/* Of one column: what is NULL is as in all of them. */
struct csv_local_column {
    const char *name;
    struct csv_local local;
};

enum { CSV_LOCAL_MAX = 128 };

enum csv_local_form {
    LOCAL_SAME,    /* the text says what it says everywhere */
    LOCAL_CHANGED, /* what it says stands in `out` */
    LOCAL_TEXT     /* it would be a number elsewhere, and is none here */
};

static inline bool csv_local_is_said(const struct csv_local *local)
{
    return local->decimal || local->thousands || local->date_format || local->timestamp_format;
}
enum csv_local_form csv_local_read(const struct csv_local *local, const char *text, size_t len,
                                   char out[CSV_LOCAL_MAX], size_t *out_len);

#endif
