/*
 * The walk over a row: every value into its column.
 */
#ifndef TIDEGATE_NORMALIZE_SHRED_H
#define TIDEGATE_NORMALIZE_SHRED_H

#include "data/text/literal.h"
#include "normalize/shape.h"

/* A list that waits until its row is complete. */
struct pending {
    struct field *field;
    const yyjson_val *list;
};

struct shredder {
    struct outputs *outputs;
    struct shape *root;
    struct pending *pending; /* a stack */
    size_t pending_count, pending_cap;
    enum text_rule rule;      /* of the texts in the rows that are pushed */
    uint64_t row_number;      /* of the row being walked, of any table, rejected ones included */
    const yyjson_val *own_id; /* the _dlt_id that the row being walked brings; NULL: none */
    struct buf scratch;       /* coerced values */
    struct buf text;          /* of a value that a detector has changed */
    const char **key_names;   /* of TG_ROW_IDS_KEY, sorted */
    size_t key_count;
    struct buf json;   /* what an id is the hash of */
    uint64_t left_out; /* by the contract, of the root row being walked: a sum of hashes of names */
};

int shredder_init(struct shredder *shredder, struct outputs *outputs, struct shape *root,
                  struct tg_error *err) TG_CHECK_RESULT;

/* Shreds one row of the root table and all that is nested in it, or rejects it. Errors name the
 * column. */
int shred_row(struct shredder *shredder, const yyjson_val *row,
              struct tg_error *err) TG_CHECK_RESULT;
void shredder_release(struct shredder *shredder);

#endif
