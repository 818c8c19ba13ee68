/*
 * The rows at a cursor's last value, as hashes: those that the state knows, and those of this run.
 *
 * dlt keeps two forms (reference 6.4). Up to 1.28: 20 characters, timestamps hashed as text. Since
 * 1.29: 12 characters, timestamps hashed as microseconds; a set in which any member has 20
 * characters is one of the older form to it. Both are read here; the form with 20 characters is
 * written, which all of them read.
 */
#ifndef TIDEGATE_EXTRACT_BOUNDARY_H
#define TIDEGATE_EXTRACT_BOUNDARY_H

#include <stdbool.h>

#include "base/hash.h"

/* One row in both forms. */
struct row_hash {
    char text[HASH_ROW_TEXT + 1];
    char brief[HASH_SHORT_TEXT + 1];
};

struct stored_hash {
    char text[HASH_ROW_TEXT + 1];
    bool renewed; /* its row was seen, and is among `seen` */
};

/* Zero it before the first use. */
struct boundary {
    struct stored_hash *stored; /* sorted, unique */
    size_t stored_count, stored_cap;
    bool has_long; /* a stored one has 20 characters */
    bool anew;     /* the stored ones are of another value: they are recognised, not kept */
    struct row_hash *seen;
    size_t seen_count, seen_cap;
    size_t settled;     /* the first of `seen` are sorted and unique */
    const char **texts; /* what boundary_texts hands out */
    size_t text_cap;
};
void boundary_release(struct boundary *boundary);

/* What the last load left, in any order. What is of neither form matches no row and is left out. */
int boundary_restore(struct boundary *boundary, const char *const *texts, size_t count,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Whether the row is a stored one. One that is stored in another form than it is written in is
 * added to those seen. */
int boundary_find(struct boundary *boundary, const struct row_hash *hash, bool *known,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The same by a text that no version writes any more; `hash` is what replaces it. */
int boundary_find_text(struct boundary *boundary, const char *text, const struct row_hash *hash,
                       bool *known, struct tg_error *err) TG_CHECK_RESULT;
/* A row at the last value that was not stored. */
int boundary_add(struct boundary *boundary, const struct row_hash *hash,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The last value is another one: begins with no row. */
void boundary_restart(struct boundary *boundary);
/* How many stored ones are still to be kept, without that their rows were seen. */
size_t boundary_left(const struct boundary *boundary);
/* How many boundary_texts will hand out, at the most. */
size_t boundary_count(struct boundary *boundary);
/* What the state keeps: sorted, unique, borrowed until the next call. Where the stored ones are all
 * of 12 characters and not all of their rows were seen, it stays that form: beside a member of 20
 * characters dlt would not see the others. */
size_t boundary_texts(struct boundary *boundary, const char *const **out);

#endif
