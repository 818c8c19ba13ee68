/*
 * SHAKE-128 of four short texts at once: one word of each of the four states lies in one vector.
 *
 * hash_lanes_run: load_words (four blocks, transposed) -> keccak -> encode_two (base64)
 *
 * The vectors are GCC's and clang's portable ones; with AVX2 each holds one word of all four
 * states. AVX-512 rotates them in one instruction, and has more registers for them.
 */
#include "base/hash_lanes.h"

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
INLINE void load_words(const struct hash_lanes *lanes, size_t at, word4 out[4])
{
    word4 row[HASH_LANES];
    for (size_t lane = 0; lane < HASH_LANES; lane++)
        memcpy(&row[lane], lanes->block[lane] + sizeof(word4) * at, sizeof(word4));
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

INLINE void run(struct hash_lanes *lanes, char *text)
{
    word4 state[28] = {0};
    size_t used = 0; /* blocks are zero from here on */
    char ids[HASH_LANES][16];
    for (size_t lane = 0; lane < lanes->count; lane++)
        used = lanes->used[lane] > used ? lanes->used[lane] : used;
    for (size_t at = 0; sizeof(word4) * at < used; at++)
        load_words(lanes, at, state + 4 * at);
    state[HASH_BLOCK / 8 - 1] ^= UINT64_C(1) << 63;
    keccak(state);
    word4 heads[2] = {__builtin_shufflevector(state[0], state[1], 0, 4, 1, 5),
                      __builtin_shufflevector(state[0], state[1], 2, 6, 3, 7)};
    encode_two(&heads[0], ids);
    encode_two(&heads[1], ids + 2);
    for (size_t lane = 0; lane < lanes->count; lane++)
        memcpy(text + lanes->offset[lane], ids[lane], HASH_ID_TEXT);
    lanes->count = 0;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void run_avx2(struct hash_lanes *lanes, char *text)
{
    run(lanes, text);
}

__attribute__((target("avx512vl,avx512bw"))) static void run_avx512(struct hash_lanes *lanes,
                                                                    char *text)
{
    run(lanes, text);
}
#endif

static void run_plain(struct hash_lanes *lanes, char *text)
{
    run(lanes, text);
}

void hash_lanes_run(struct hash_lanes *lanes, char *text)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
        run_avx512(lanes, text);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        run_avx2(lanes, text);
        return;
    }
#endif
    run_plain(lanes, text);
}
