/*
 * Hashes: as dlt uses them, SHAKE-128 for ids and name tags and SHA3-256 for versions; XXH3 for our
 * own checksums.
 */
#ifndef TIDEGATE_BASE_HASH_H
#define TIDEGATE_BASE_HASH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { HASH_ID_TEXT = 14, HASH_ID_BYTES = 10, HASH_ROW_TEXT = 20, HASH_ROW_BYTES = 15 };
enum { HASH_SHORT_TEXT = 12 }; /* rows at a cursor's last value, as dlt 1.29 and later hash them */

/* One digest object kept for many short hashes (creating one costs more than the hash). Zero it
 * before the first use. */
struct hasher {
    void *shake; /* EVP_MD_CTX */
    void *sha3;
    void *shake_md; /* EVP_MD, fetched once */
    void *sha3_md;
};
void hasher_release(struct hasher *hasher);
int hash_shake128(struct hasher *hasher, const void *in, size_t len, unsigned char *out,
                  size_t out_len, struct tg_error *err) TG_CHECK_RESULT;
int hash_sha3_256(struct hasher *hasher, const void *in, size_t len, unsigned char out[32],
                  struct tg_error *err) TG_CHECK_RESULT;
/* H(in, n) of the reference: SHAKE-128, base64 without padding. `out` gets the text and a NUL:
 * n = 10 -> 14 characters, n = 15 -> 20, whose first 12 are those of n = 9. */
int hash_text(struct hasher *hasher, const void *in, size_t len, size_t n, char *out,
              struct tg_error *err) TG_CHECK_RESULT;

uint64_t hash_xx64(const void *in, size_t len);
void hash_xx128(const void *in, size_t len, uint64_t out[2]);
/* XXH3-64 of a whole file as 16 hex characters and a NUL. */
int hash_file(const char *path, char out[17], struct tg_error *err) TG_CHECK_RESULT;

/* A text that comes in parts: XXH3-128 of all of it so far, XXH3-64 of its beginning. */
enum { HASH_STREAM_TEXT = 32, HASH_HEAD_BYTES = 4096, HASH_HEAD_TEXT = 16 };
struct hash_stream;
int hash_stream_new(struct hash_stream **out, struct tg_error *err) TG_CHECK_RESULT;
void hash_stream_free(struct hash_stream *stream); /* NULL is fine */
void hash_stream_add(struct hash_stream *stream, const void *in, size_t len);
/* Keeps what was added so far, for hash_stream_go_back; before the first time that is nothing. */
void hash_stream_keep(struct hash_stream *stream);
void hash_stream_go_back(struct hash_stream *stream); /* as if no more than that had been added */
int64_t hash_stream_bytes(const struct hash_stream *stream);
void hash_stream_text(const struct hash_stream *stream, char out[HASH_STREAM_TEXT + 1]);
/* As if no more than the first `len` bytes, up to HASH_HEAD_BYTES, had been added. */
void hash_stream_text_at(const struct hash_stream *stream, int64_t len,
                         char out[HASH_STREAM_TEXT + 1]);
/* Of the first `len` bytes, or as many as there are, up to HASH_HEAD_BYTES. */
uint64_t hash_stream_head(const struct hash_stream *stream, int64_t len);
const char *hash_stream_head_bytes(const struct hash_stream *stream, size_t *len);

#endif
