/*
 * Names as dlt makes them (reference 2.6, 2.7): snake_case identifiers and paths, shortened with a
 * tag.
 */
#ifndef TIDEGATE_NORMALIZE_NAME_H
#define TIDEGATE_NORMALIZE_NAME_H

#include "base/buf.h"
#include "base/hash.h"

struct name_rules {
    size_t bytes_max; /* of the destination; 0: no limit */
};

/* One identifier; whitespace or nothing gives "_empty". Appends to `out`. */
int name_identifier(const struct name_rules *rules, struct hasher *hasher, const char *text,
                    size_t len, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* A path: split on "__", each part normalised, joined by "__", shortened as a whole. Columns and
 * tables use this form. */
int name_path(const struct name_rules *rules, struct hasher *hasher, const char *text, size_t len,
              struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Joins normalised parts by "__" and shortens the whole. */
int name_join(const struct name_rules *rules, struct hasher *hasher, const char *left,
              const char *right, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The 6-character tag of a name, and a NUL. */
int name_tag(struct hasher *hasher, const char *text, size_t len, char out[7],
             struct tg_error *err) TG_CHECK_RESULT;

#endif
