/*
 * Row ids: random ones or hashes for root rows, hashes of the parent's id for nested rows
 * (reference 1.5). dlt's hash costs a Keccak permutation, of which the queue computes four at once;
 * below a random id nobody has it to compare with, and XXH3 does.
 */
#ifndef TIDEGATE_NORMALIZE_ID_H
#define TIDEGATE_NORMALIZE_ID_H

#include "base/context.h"
#include "base/hash_lanes.h"
#include "data/rows.h"

/* Nested ids that are asked for but not computed yet. Zero it before the first use. */
struct id_queue {
    size_t parent_len[HASH_LANES]; /* of the last message: the table's name is behind it */
    struct hash_lanes lanes;
};
static inline bool id_queue_is_full(const struct id_queue *queue)
{
    return queue->lanes.count == HASH_LANES;
}

/* 10 random bytes as 14 characters. */
int id_random(struct context *ctx, char out[HASH_ID_TEXT], struct tg_error *err) TG_CHECK_RESULT;

/* Asks for the id of row `index` of a list, to be written to offset `offset` of a text. `table` is
 * the nested table's name, the same for all ids of a queue. Only when id_queue_fits, and the queue
 * is not full. */
void id_queue_add(struct id_queue *queue, const char *parent, size_t parent_len, const char *table,
                  size_t table_len, uint64_t index, size_t offset);

/* The same for the id that is the hash of a text; only when id_queue_fits(len, 0). */
void id_queue_text(struct id_queue *queue, const char *text, size_t len, size_t offset);

/* Whether such a message is short enough for the queue; else id_nested is to be used. */
static inline bool id_queue_fits(size_t parent_len, size_t table_len)
{
    return parent_len + table_len < HASH_BLOCK - 24;
}

/* Computes the ids that were asked for and writes them into `text`; empties the queue. */
static inline void id_queue_run(struct id_queue *queue, char *text)
{
    hash_lanes_run(&queue->lanes, text);
}

/* The JSON that a row hash is taken of: sorted keys, typed values marked, without the row's own
 * keys that start with "_dlt". `row` may be a scalar: {"value": row}. */
int id_row_json(const yyjson_val *row, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The id that is the hash of a text. */
int id_hash(struct hasher *hasher, const char *text, size_t len, char out[HASH_ID_TEXT],
            struct tg_error *err) TG_CHECK_RESULT;
/* Of a row below one whose id is random: `table` is the hash of its table's name. */
void id_below_random(const char parent[HASH_ID_TEXT], uint64_t table, uint64_t index,
                     char out[HASH_ID_TEXT]);
/* One id of any length of input, at once. */
int id_nested(struct hasher *hasher, const char *parent, size_t parent_len, const char *table,
              uint64_t index, char out[HASH_ID_TEXT], struct tg_error *err) TG_CHECK_RESULT;

#endif
