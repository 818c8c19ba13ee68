/*
 * Up to four texts, none longer than a block, whose hashes are made at once: hash_text() of each
 * with n = 10. A nested row costs one, which makes them worth it.
 */
#ifndef TIDEGATE_BASE_HASH_LANES_H
#define TIDEGATE_BASE_HASH_LANES_H

#include <string.h>

#include "base/hash.h"

enum {
    HASH_LANES = 4,
    HASH_BLOCK = 168,     /* the rate of SHAKE-128 */
    HASH_BLOCK_ROOM = 192 /* whole vectors */
};

/* Zero it before the first use. */
struct hash_lanes {
    size_t count;
    size_t offset[HASH_LANES]; /* where each hash belongs */
    size_t used[HASH_LANES];   /* bytes of the block that may be other than zero */
    unsigned char block[HASH_LANES][HASH_BLOCK_ROOM]; /* padded, without the block's last bit */
};

/* The text of `len` bytes that was laid into a lane's block is complete. */
static inline void hash_lanes_end(struct hash_lanes *lanes, size_t lane, size_t len, size_t offset)
{
    unsigned char *block = lanes->block[lane];
    block[len++] = 0x1f; /* SHAKE's padding: 1111, then 1, zeros, and a last 1 in hash_lanes_run */
    if (lanes->used[lane] > len)
        memset(block + len, 0, lanes->used[lane] - len);
    lanes->used[lane] = len;
    lanes->offset[lane] = offset;
}

/* Writes the hashes, HASH_ID_TEXT characters each, to their places in `out`; empties the lanes. */
void hash_lanes_run(struct hash_lanes *lanes, char *out);

#endif
