/*
 * Owns row ids. Root rows: id_random, from the context's pool, or id_hash. Nested rows: SHAKE-128
 * of "<parent id>_<table>_<index>", 10 bytes, so that a row has the same id whenever it is read
 * again.
 *
 *   id_queue_add  lays the padded message of one row beside up to three others; id_queue_text
 *                 does so with the text that a root row's id is the hash of
 *   id_queue_run  four Keccak permutations at once, in vector lanes -> base64 into the id column
 *   id_nested     the same for a message longer than one block, by the hash library
 *
 * The vectors are GCC's and clang's portable ones; with AVX2 each holds one word of all four
 * states. Which rows need an id, and when it must be there, is shred.c's business.
 */
#include "normalize/id.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void id_encode(const unsigned char bytes[HASH_ID_BYTES], char out[HASH_ID_TEXT])
{
    uint64_t head = 0;
    for (int i = 0; i < 8; i++)
        head = head << 8 | bytes[i];
    for (int i = 0; i < 10; i++)
        out[i] = alphabet[head >> (58 - 6 * i) & 63];
    uint32_t tail = (uint32_t)(head & 15) << 16 | (uint32_t)bytes[8] << 8 | bytes[9];
    out[10] = alphabet[tail >> 14 & 63];
    out[11] = alphabet[tail >> 8 & 63];
    out[12] = alphabet[tail >> 2 & 63];
    out[13] = alphabet[tail << 4 & 63];
}

int id_random(struct context *ctx, char out[HASH_ID_TEXT], struct tg_error *err)
{
    int rc = TG_OK;
    unsigned char bytes[HASH_ID_BYTES];
    TRY(context_random(ctx, bytes, sizeof(bytes), err));
    id_encode(bytes, out);
done:
    return rc;
}

/* ---- Keccak-f[1600] on four states at once ---- */

typedef uint64_t word4 __attribute__((vector_size(32)));
typedef uint32_t half8 __attribute__((vector_size(32)));
typedef int8_t byte32 __attribute__((vector_size(32)));

#define INLINE __attribute__((always_inline)) static inline

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

/* Theta's second half, rho and pi for one word. */
#define WORD(from, n) ROTATE(a[from] ^ d[(from) % 5], n)

/* Chi for the five words of a plane. */
#define PLANE(y, word0, word1, word2, word3, word4_)                                               \
    do {                                                                                           \
        word4 b0 = word0, b1 = word1, b2 = word2, b3 = word3, b4 = word4_;                         \
        out[y] = b0 ^ (~b1 & b2);                                                                  \
        out[y + 1] = b1 ^ (~b2 & b3);                                                              \
        out[y + 2] = b2 ^ (~b3 & b4);                                                              \
        out[y + 3] = b3 ^ (~b4 & b0);                                                              \
        out[y + 4] = b4 ^ (~b0 & b1);                                                              \
    } while (0)

INLINE void keccak_round(const word4 a[25], word4 out[25], uint64_t constant)
{
    word4 c[5], d[5];
    for (int x = 0; x < 5; x++)
        c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (int x = 0; x < 5; x++)
        d[x] = c[(x + 4) % 5] ^ ROTATE(c[(x + 1) % 5], 1);
    PLANE(0, a[0] ^ d[0], WORD(6, 44), WORD(12, 43), WORD(18, 21), WORD(24, 14));
    PLANE(5, WORD(3, 28), WORD(9, 20), WORD(10, 3), WORD(16, 45), WORD(22, 61));
    PLANE(10, WORD(1, 1), WORD(7, 6), WORD(13, 25), WORD(19, 8), WORD(20, 18));
    PLANE(15, WORD(4, 27), WORD(5, 36), WORD(11, 10), WORD(17, 15), WORD(23, 56));
    PLANE(20, WORD(2, 62), WORD(8, 55), WORD(14, 39), WORD(15, 41), WORD(21, 2));
    out[0] ^= constant;
}

/* Leaves the first two words of each state in a; of the last round the compiler makes no more. */
INLINE void keccak(word4 a[25])
{
    word4 b[25];
    for (int round = 0; round < 22; round += 2) {
        keccak_round(a, b, round_constants[round]);
        keccak_round(b, a, round_constants[round + 1]);
    }
    keccak_round(a, b, round_constants[22]);
    keccak_round(b, a, round_constants[23]);
}

/* Words 4 * at to 4 * at + 3 of the four blocks. */
INLINE void load_words(const struct id_queue *queue, size_t at, word4 out[4])
{
    word4 row[ID_LANES];
    for (size_t lane = 0; lane < ID_LANES; lane++)
        memcpy(&row[lane], queue->block[lane] + sizeof(word4) * at, sizeof(word4));
    word4 even01 = __builtin_shufflevector(row[0], row[1], 0, 4, 2, 6);
    word4 odd01 = __builtin_shufflevector(row[0], row[1], 1, 5, 3, 7);
    word4 even23 = __builtin_shufflevector(row[2], row[3], 0, 4, 2, 6);
    word4 odd23 = __builtin_shufflevector(row[2], row[3], 1, 5, 3, 7);
    out[0] = __builtin_shufflevector(even01, even23, 0, 1, 4, 5);
    out[1] = __builtin_shufflevector(odd01, odd23, 0, 1, 4, 5);
    out[2] = __builtin_shufflevector(even01, even23, 2, 3, 6, 7);
    out[3] = __builtin_shufflevector(odd01, odd23, 2, 3, 6, 7);
}

/* Base64 of the first 10 bytes of either half: 14 characters and two that do not count. */
INLINE void encode_two(const word4 *bytes, char (*out)[16])
{
    /* of three bytes: second, first, third, second, so that all six bits lie within a half */
    byte32 in = (byte32)*bytes;
    half8 group = (half8)__builtin_shufflevector(in, (byte32){0}, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8,
                                                 7, 32, 9, 32, 32, 17, 16, 18, 17, 20, 19, 21, 20,
                                                 23, 22, 24, 23, 32, 25, 32, 32);
    byte32 six = (byte32)((group >> 10 & 0x3f) | (group & 0x3f0) << 4 | (group >> 6 & 0x3f0000) |
                          (group & 0x3f0000) << 8);
    byte32 shift = 'A' + ((six > 25) & ('a' - 'Z' - 1));
    shift += (six > 51) & ('0' - 'z' - 1);
    shift += (six > 61) & ('+' - '9' - 1);
    shift += (six > 62) & ('/' - '+' - 1);
    six += shift;
    memcpy(out, &six, sizeof(six));
}

INLINE void run(struct id_queue *queue, char *text)
{
    word4 state[28] = {0};
    size_t used = 0; /* blocks are zero from here on */
    char ids[ID_LANES][16];
    for (size_t lane = 0; lane < queue->count; lane++)
        used = queue->used[lane] > used ? queue->used[lane] : used;
    for (size_t at = 0; sizeof(word4) * at < used; at++)
        load_words(queue, at, state + 4 * at);
    state[ID_BLOCK / 8 - 1] ^= UINT64_C(1) << 63;
    keccak(state);
    word4 heads[2] = {__builtin_shufflevector(state[0], state[1], 0, 4, 1, 5),
                      __builtin_shufflevector(state[0], state[1], 2, 6, 3, 7)};
    encode_two(&heads[0], ids);
    encode_two(&heads[1], ids + 2);
    for (size_t lane = 0; lane < queue->count; lane++)
        memcpy(text + queue->offset[lane], ids[lane], HASH_ID_TEXT);
    queue->count = 0;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void run_avx2(struct id_queue *queue, char *text)
{
    run(queue, text);
}
#endif

static void run_plain(struct id_queue *queue, char *text)
{
    run(queue, text);
}

void id_queue_run(struct id_queue *queue, char *text)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        run_avx2(queue, text);
        return;
    }
#endif
    run_plain(queue, text);
}

/* ---- the queue ---- */

static size_t write_index(uint64_t index, unsigned char *out)
{
    unsigned char digits[20];
    size_t len = 0;
    if (index < 10) {
        *out = (unsigned char)('0' + index);
        return 1;
    }
    do {
        digits[len++] = (unsigned char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    for (size_t i = 0; i < len; i++)
        out[i] = digits[len - 1 - i];
    return len;
}

static inline void end_message(struct id_queue *queue, size_t lane, size_t len, size_t offset)
{
    unsigned char *block = queue->block[lane];
    block[len++] = 0x1f; /* SHAKE's padding: 1111, then 1, zeros, and a last 1 in id_queue_run */
    if (queue->used[lane] > len)
        memset(block + len, 0, queue->used[lane] - len);
    queue->used[lane] = len;
    queue->offset[lane] = offset;
}

void id_queue_add(struct id_queue *queue, const char *parent, size_t parent_len, const char *table,
                  size_t table_len, uint64_t index, size_t offset)
{
    size_t lane = queue->count++;
    unsigned char *block = queue->block[lane];
    size_t len = parent_len;
    if (parent_len == HASH_ID_TEXT)
        memcpy(block, parent, HASH_ID_TEXT); /* without a call */
    else
        memcpy(block, parent, parent_len);
    if (queue->used[lane] == 0 || queue->parent_len[lane] != parent_len) {
        block[len] = '_';
        memcpy(block + len + 1, table, table_len);
        block[len + 1 + table_len] = '_';
        queue->parent_len[lane] = parent_len;
    }
    len += table_len + 2;
    len += write_index(index, block + len);
    end_message(queue, lane, len, offset);
}

void id_queue_text(struct id_queue *queue, const char *text, size_t len, size_t offset)
{
    size_t lane = queue->count++;
    memcpy(queue->block[lane], text, len);
    end_message(queue, lane, len, offset);
}

/* ---- hashes of any text ---- */

int id_hash(struct hasher *hasher, const char *text, size_t len, char out[HASH_ID_TEXT],
            struct tg_error *err)
{
    unsigned char bytes[HASH_ID_BYTES];
    int rc = hash_shake128(hasher, text, len, bytes, sizeof(bytes), err);
    if (rc == TG_OK)
        id_encode(bytes, out);
    return rc;
}

int id_row_json(const yyjson_val *row, struct buf *out, struct tg_error *err)
{
    enum { FLAGS = CELL_JSON_MARKERS | CELL_JSON_SORTED };
    if (cell_kind(row) != CELL_OBJECT) {
        buf_text(out, "{\"value\":");
        cell_json(out, row, FLAGS);
        buf_char(out, '}');
        return buf_check(out, err);
    }
    size_t count = cell_len(row);
    const yyjson_val **keys = mem_alloc((count + 1) * sizeof(const yyjson_val *));
    if (!keys)
        return error_nomem(err);
    const yyjson_val *key = cell_first(row);
    for (size_t i = 0; i < count; i++, key = cell_next(key + 1))
        keys[i] = key;
    qsort(keys, count, sizeof(const yyjson_val *), json_compare_keys);
    buf_char(out, '{');
    for (size_t i = 0, written = 0; i < count; i++) {
        if (cell_len(keys[i]) >= 4 && memcmp(keys[i]->uni.str, "_dlt", 4) == 0)
            continue;
        buf_text(out, written++ > 0 ? "," : "");
        json_string(out, keys[i]->uni.str, cell_len(keys[i]));
        buf_char(out, ':');
        cell_json(out, keys[i] + 1, FLAGS);
    }
    buf_char(out, '}');
    mem_free(keys);
    return buf_check(out, err);
}

int id_nested(struct hasher *hasher, const char *parent, size_t parent_len, const char *table,
              uint64_t index, char out[HASH_ID_TEXT], struct tg_error *err)
{
    int rc = TG_OK;
    struct buf message = BUF_INIT;
    unsigned char digits[20];
    buf_append(&message, parent, parent_len);
    buf_char(&message, '_');
    buf_text(&message, table);
    buf_char(&message, '_');
    buf_append(&message, digits, write_index(index, digits));
    TRY(buf_check(&message, err));
    TRY(id_hash(hasher, message.data, message.len, out, err));
done:
    buf_release(&message);
    return rc;
}
