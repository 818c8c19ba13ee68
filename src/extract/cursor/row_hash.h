/*
 * The hash of a row at the boundary: of its key, or of all of it, in both of dlt's forms.
 */
#ifndef TIDEGATE_EXTRACT_ROW_HASH_H
#define TIDEGATE_EXTRACT_ROW_HASH_H

#include "base/hash.h"
#include "data/page.h"
#include "extract/cursor/boundary.h"
#include "extract/cursor/ties.h"

struct row_ref {
    const yyjson_val *cell; /* NULL: a row of a batch, */
    int64_t index;          /* this one */
};

/* Zero it before the first use, but for the key. */
struct row_hasher {
    const char *const *key; /* names as in the source, borrowed */
    size_t key_count;       /* 0: the whole row */
    bool key_is_list;       /* of one field, too: dlt hashes a list of one as a list */
    struct hasher hasher;
    struct buf json;
};
void row_hasher_release(struct row_hasher *hasher);

/* TG_DATA when a field of the key is missing. */
int row_hash(struct row_hasher *hasher, const struct page *page, struct row_ref ref,
             struct row_hash *out, struct tg_error *err) TG_CHECK_RESULT;
/* Whether the row is stored; also by what tidegate 0.1 made of it, and by a key of one field in the
 * other way to say it. */
int row_is_stored(struct row_hasher *hasher, const struct page *page, struct row_ref ref,
                  struct boundary *boundary, bool *known, struct tg_error *err) TG_CHECK_RESULT;
/* The hash of the row, and for `all` those that it may be stored by; of 4 at the most. */
enum { ROW_FORMS = 4 };
int row_forms(struct row_hasher *hasher, const struct page *page, struct row_ref ref, bool all,
              struct tie out[ROW_FORMS], size_t *count, struct tg_error *err) TG_CHECK_RESULT;
/* Adds where the row is to err's place. */
int row_where(const struct page *page, struct row_ref ref, int code, struct tg_error *err);

#endif
