/*
 * Hashes.
 *
 * Path: hash_text -> hash_shake128 -> base64_encode, for ids; hash_sha3_256 for versions; hash_xx64
 * and hash_file for our own checksums of files, hash_stream_add -> hash_stream_text for what comes
 * in parts. A hasher fetches an algorithm and makes its digest object once; each further hash only
 * resets that object, since fetching costs several times the hash of a short text.
 *
 * What is hashed (which keys, in which order) is the caller's.
 */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/text/base64.h"

void hasher_release(struct hasher *hasher)
{
    EVP_MD_CTX_free(hasher->shake);
    EVP_MD_CTX_free(hasher->sha3);
    EVP_MD_free(hasher->shake_md);
    EVP_MD_free(hasher->sha3_md);
    *hasher = (struct hasher){0};
}

/* Readies *ctx for a new input; makes it and fetches *md the first time. */
static int digest_begin(void **ctx, void **md, const char *name, struct tg_error *err)
{
    if (*ctx && EVP_DigestInit_ex2(*ctx, NULL, NULL) == 1)
        return TG_OK;
    if (!*md)
        *md = EVP_MD_fetch(NULL, name, NULL);
    if (!*md)
        return error_set(err, TG_INTERNAL, "the OpenSSL library has no %s; install OpenSSL 3",
                         name);
    if (!*ctx)
        *ctx = EVP_MD_CTX_new();
    if (!*ctx)
        return error_nomem(err);
    if (EVP_DigestInit_ex2(*ctx, *md, NULL) == 1)
        return TG_OK;
    EVP_MD_CTX_free(*ctx);
    *ctx = NULL;
    return error_set(err, TG_INTERNAL, "the OpenSSL library cannot start %s", name);
}

int hash_shake128(struct hasher *hasher, const void *in, size_t len, unsigned char *out,
                  size_t out_len, struct tg_error *err)
{
    int rc = digest_begin(&hasher->shake, &hasher->shake_md, "SHAKE128", err);
    if (rc == TG_OK && (EVP_DigestUpdate(hasher->shake, in, len) != 1 ||
                        EVP_DigestFinalXOF(hasher->shake, out, out_len) != 1))
        rc = error_set(err, TG_INTERNAL, "the OpenSSL library cannot compute SHAKE128");
    return rc;
}

int hash_sha3_256(struct hasher *hasher, const void *in, size_t len, unsigned char out[32],
                  struct tg_error *err)
{
    int rc = digest_begin(&hasher->sha3, &hasher->sha3_md, "SHA3-256", err);
    if (rc == TG_OK && (EVP_DigestUpdate(hasher->sha3, in, len) != 1 ||
                        EVP_DigestFinal_ex(hasher->sha3, out, NULL) != 1))
        rc = error_set(err, TG_INTERNAL, "the OpenSSL library cannot compute SHA3-256");
    return rc;
}

int hash_text(struct hasher *hasher, const void *in, size_t len, size_t n, char *out,
              struct tg_error *err)
{
    unsigned char raw[64];
    if (n > sizeof(raw))
        return error_set(err, TG_INTERNAL, "a hash of %zu bytes was asked for; the most is %zu", n,
                         sizeof(raw));
    int rc = hash_shake128(hasher, in, len, raw, n, err);
    if (rc == TG_OK)
        out[base64_encode(raw, n, false, out)] = '\0';
    return rc;
}

uint64_t hash_xx64(const void *in, size_t len)
{
    return XXH3_64bits(in, len);
}

void hash_xx128(const void *in, size_t len, uint64_t out[2])
{
    XXH128_hash_t hash = XXH3_128bits(in, len);
    out[0] = hash.low64;
    out[1] = hash.high64;
}

int hash_file(const char *path, char out[17], struct tg_error *err)
{
    enum { CHUNK = 64 * 1024 };
    int rc = TG_OK;
    int fd = -1;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    char *chunk = mem_alloc(CHUNK);
    if (!chunk)
        TRY(error_nomem(err));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        TRY(error_errno(err, TG_IO, errno, "file '%s' cannot be opened", path));
    for (;;) {
        ssize_t got = read(fd, chunk, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            TRY(error_errno(err, TG_IO, errno, "file '%s' cannot be read", path));
        if (got == 0)
            break;
        XXH3_64bits_update(&state, chunk, (size_t)got);
    }
    snprintf(out, 17, "%016llx", (unsigned long long)XXH3_64bits_digest(&state));
done:
    if (fd >= 0)
        close(fd);
    mem_free(chunk);
    return rc;
}

/* ---- a text in parts ---- */

struct hash_stream {
    XXH3_state_t *state, *kept; /* in `memory`, where their alignment has them */
    int64_t bytes, kept_bytes;
    unsigned char head[HASH_HEAD_BYTES];
    unsigned char memory[2 * sizeof(XXH3_state_t) + 64];
};

int hash_stream_new(struct hash_stream **out, struct tg_error *err)
{
    struct hash_stream *stream = *out = mem_alloc(sizeof(*stream));
    if (!stream)
        return error_nomem(err);
    stream->bytes = 0;
    stream->state = (XXH3_state_t *)(((uintptr_t)stream->memory + 63) & ~(uintptr_t)63);
    stream->kept = stream->state + 1;
    XXH3_INITSTATE(stream->state);
    XXH3_128bits_reset(stream->state);
    hash_stream_keep(stream);
    return TG_OK;
}

void hash_stream_free(struct hash_stream *stream)
{
    mem_free(stream);
}

void hash_stream_add(struct hash_stream *stream, const void *in, size_t len)
{
    if (stream->bytes < HASH_HEAD_BYTES) {
        size_t room = HASH_HEAD_BYTES - (size_t)stream->bytes;
        memcpy(stream->head + stream->bytes, in, len < room ? len : room);
    }
    XXH3_128bits_update(stream->state, in, len);
    stream->bytes += (int64_t)len;
}

void hash_stream_keep(struct hash_stream *stream)
{
    XXH3_copyState(stream->kept, stream->state);
    stream->kept_bytes = stream->bytes;
}

void hash_stream_go_back(struct hash_stream *stream)
{
    XXH3_copyState(stream->state, stream->kept);
    stream->bytes = stream->kept_bytes;
}

int64_t hash_stream_bytes(const struct hash_stream *stream)
{
    return stream->bytes;
}

static void put_hash(XXH128_hash_t hash, char out[HASH_STREAM_TEXT + 1])
{
    snprintf(out, HASH_STREAM_TEXT + 1, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

void hash_stream_text(const struct hash_stream *stream, char out[HASH_STREAM_TEXT + 1])
{
    put_hash(XXH3_128bits_digest(stream->state), out);
}

void hash_stream_text_at(const struct hash_stream *stream, int64_t len,
                         char out[HASH_STREAM_TEXT + 1])
{
    len = len < stream->bytes ? len : stream->bytes;
    put_hash(XXH3_128bits(stream->head, (size_t)len), out);
}

const char *hash_stream_head_bytes(const struct hash_stream *stream, size_t *len)
{
    *len = stream->bytes < HASH_HEAD_BYTES ? (size_t)stream->bytes : HASH_HEAD_BYTES;
    return (const char *)stream->head;
}

uint64_t hash_stream_head(const struct hash_stream *stream, int64_t len)
{
    len = len < stream->bytes ? len : stream->bytes;
    return hash_xx64(stream->head, (size_t)(len < HASH_HEAD_BYTES ? len : HASH_HEAD_BYTES));
}
