/*
 * Bytes of a file or a source, decompressed on the way, and the blob form of a pipeline's state.
 *
 * Path: reader_open (the first bytes choose the codec) -> reader_read -> codec step (plain, gzip,
 * zstd, bzip2, xz) -> reader_close. The file is read in chunks of 256 KiB. A step moves bytes from
 * the chunk to the caller and says whether the stream could end here; a file that ends elsewhere is
 * truncated. reader_skip begins further on; what is handed out can be hashed (reader_watch). Blobs:
 * blob_encode (zlib, base64) and blob_decode.
 *
 * Splitting the bytes into lines or documents is left to the sources.
 */
#include "base/codec.h"

#include <bzlib.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text/base64.h"

enum { CHUNK_BYTES = 256 * 1024, MAGIC_MAX = 10 };

/* What xz may take to decompress one file: more than its -9 does, as much as a window of zstd. */
static const uint64_t xz_bytes_max = 136 * 1024 * 1024;

/* A compression. step() decompresses into `out`, *len bytes; sets at_end when the stream could end
 * here. */
struct codec {
    const char *name, *suffix;
    unsigned char magic[MAGIC_MAX];
    size_t magic_len;
    unsigned char ignored[MAGIC_MAX]; /* bits that may be anything */
    int (*start)(struct reader *reader, struct tg_error *err);
    int (*step)(struct reader *reader, void *out, size_t cap, size_t *len, struct tg_error *err);
};

struct reader {
    char *path; /* or the name of the source */
    struct byte_source *source;
    int fd; /* of a file, which can be sought in; -1: another source */
    const struct codec *codec;
    unsigned char *chunk;
    size_t at;         /* first byte of the chunk not consumed yet */
    size_t len;        /* bytes in the chunk */
    int64_t file_read; /* bytes of the file up to the end of the chunk */
    bool file_end;
    bool at_end;
    struct hash_stream *hash; /* of what is handed out; NULL: nobody asks */
    bool zlib_open, bzip2_open, xz_open;
    z_stream zlib;
    ZSTD_DCtx *zstd;
    bz_stream bzip2;
    lzma_stream xz;
};

static void *zlib_alloc(void *ctx, uInt count, uInt size)
{
    (void)ctx;
    return mem_calloc(count, size);
}

static void *bzip2_alloc(void *ctx, int count, int size)
{
    (void)ctx;
    return mem_alloc((size_t)count * (size_t)size);
}

static void *xz_alloc(void *ctx, size_t count, size_t size)
{
    (void)ctx;
    return mem_alloc(count * size);
}

static void codec_free(void *ctx, void *memory)
{
    (void)ctx;
    mem_free(memory);
}

static int damaged(const struct reader *reader, const char *reason, struct tg_error *err)
{
    return error_set(err, TG_DATA,
                     "file '%s' is damaged: the %s stream is wrong near byte %lld (%s); fetch it "
                     "again",
                     reader->path, reader->codec->name, (long long)reader_file_bytes(reader),
                     reason);
}

/* ---- Codecs -------------------------------------------------------------------------------- */

static int plain_start(struct reader *reader, struct tg_error *err)
{
    (void)reader;
    (void)err;
    return TG_OK;
}

static int plain_step(struct reader *reader, void *out, size_t cap, size_t *len,
                      struct tg_error *err)
{
    (void)err;
    size_t left = reader->len - reader->at;
    *len = left < cap ? left : cap;
    memcpy(out, reader->chunk + reader->at, *len);
    reader->at += *len;
    return TG_OK;
}

/* Between members: has the chunk some of another one, behind the zeros that tapes pad with? */
static bool has_member(struct reader *reader)
{
    while (reader->at < reader->len && reader->chunk[reader->at] == 0)
        reader->at++;
    return reader->at < reader->len;
}

static int gzip_start(struct reader *reader, struct tg_error *err)
{
    reader->zlib = (z_stream){.zalloc = zlib_alloc, .zfree = codec_free};
    if (inflateInit2(&reader->zlib, 16 + MAX_WBITS) != Z_OK)
        return error_nomem(err);
    reader->zlib_open = true;
    return TG_OK;
}

static int gzip_step(struct reader *reader, void *out, size_t cap, size_t *len,
                     struct tg_error *err)
{
    z_stream *zlib = &reader->zlib;
    *len = 0;
    if (reader->at_end) {
        if (!has_member(reader))
            return TG_OK;
        inflateReset(zlib);
        reader->at_end = false;
    }
    zlib->next_in = reader->chunk + reader->at;
    zlib->avail_in = (uInt)(reader->len - reader->at);
    zlib->next_out = out;
    zlib->avail_out = cap < CHUNK_BYTES ? (uInt)cap : CHUNK_BYTES;
    uInt room = zlib->avail_out;
    int status = inflate(zlib, Z_NO_FLUSH);
    reader->at = reader->len - zlib->avail_in;
    *len = room - zlib->avail_out;
    if (status == Z_MEM_ERROR)
        return error_nomem(err);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return damaged(reader, zlib->msg ? zlib->msg : "no reason given", err);
    reader->at_end = status == Z_STREAM_END;
    return TG_OK;
}

static int zstd_start(struct reader *reader, struct tg_error *err)
{
    reader->zstd = ZSTD_createDCtx();
    return reader->zstd ? TG_OK : error_nomem(err);
}

static int zstd_step(struct reader *reader, void *out, size_t cap, size_t *len,
                     struct tg_error *err)
{
    ZSTD_inBuffer from = {reader->chunk, reader->len, reader->at};
    ZSTD_outBuffer to = {out, cap, 0};
    size_t status = ZSTD_decompressStream(reader->zstd, &to, &from);
    reader->at = from.pos;
    *len = to.pos;
    if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
        return error_set(err, TG_DATA,
                         "file '%s' needs a window of more than 128 MiB to be decompressed; "
                         "compress it without --long and --ultra",
                         reader->path);
    if (ZSTD_isError(status))
        return damaged(reader, ZSTD_getErrorName(status), err);
    reader->at_end = status == 0;
    return TG_OK;
}

static int bzip2_start(struct reader *reader, struct tg_error *err)
{
    if (reader->bzip2_open)
        BZ2_bzDecompressEnd(&reader->bzip2);
    reader->bzip2 = (bz_stream){.bzalloc = bzip2_alloc, .bzfree = codec_free};
    reader->bzip2_open = BZ2_bzDecompressInit(&reader->bzip2, 0, 0) == BZ_OK;
    reader->at_end = false;
    return reader->bzip2_open ? TG_OK : error_nomem(err);
}

static int bzip2_step(struct reader *reader, void *out, size_t cap, size_t *len,
                      struct tg_error *err)
{
    bz_stream *bzip2 = &reader->bzip2;
    int rc = TG_OK;
    *len = 0;
    if (reader->at_end) {
        if (!has_member(reader))
            return TG_OK;
        TRY(bzip2_start(reader, err));
    }
    bzip2->next_in = (char *)reader->chunk + reader->at;
    bzip2->avail_in = (unsigned)(reader->len - reader->at);
    bzip2->next_out = out;
    bzip2->avail_out = cap < CHUNK_BYTES ? (unsigned)cap : CHUNK_BYTES;
    unsigned room = bzip2->avail_out;
    int status = BZ2_bzDecompress(bzip2);
    reader->at = reader->len - bzip2->avail_in;
    *len = room - bzip2->avail_out;
    if (status == BZ_MEM_ERROR)
        return error_nomem(err);
    if (status != BZ_OK && status != BZ_STREAM_END)
        return damaged(reader,
                       status == BZ_DATA_ERROR_MAGIC ? "no stream begins here"
                                                     : "a checksum or a code is wrong",
                       err);
    reader->at_end = status == BZ_STREAM_END;
done:
    return rc;
}

/* The library goes from one stream to the next by itself, over the zeros between them. */
static int xz_start(struct reader *reader, struct tg_error *err)
{
    static const lzma_allocator allocator = {xz_alloc, codec_free, NULL};
    reader->xz = (lzma_stream)LZMA_STREAM_INIT;
    reader->xz.allocator = &allocator;
    reader->xz_open = true;
    reader->at_end = false;
    return lzma_stream_decoder(&reader->xz, xz_bytes_max, LZMA_CONCATENATED) == LZMA_OK
               ? TG_OK
               : error_nomem(err);
}

static const char *xz_reason(lzma_ret status)
{
    switch (status) {
    case LZMA_FORMAT_ERROR: return "no stream begins here";
    case LZMA_OPTIONS_ERROR: return "it was made with options that are not known here";
    default: return "a checksum or a code is wrong";
    }
}

static int xz_step(struct reader *reader, void *out, size_t cap, size_t *len, struct tg_error *err)
{
    lzma_stream *xz = &reader->xz;
    xz->next_in = reader->chunk + reader->at;
    xz->avail_in = reader->len - reader->at;
    xz->next_out = out;
    xz->avail_out = cap;
    lzma_ret status = lzma_code(xz, reader->file_end ? LZMA_FINISH : LZMA_RUN);
    reader->at = reader->len - xz->avail_in;
    *len = cap - xz->avail_out;
    if (status == LZMA_MEM_ERROR)
        return error_nomem(err);
    if (status == LZMA_MEMLIMIT_ERROR)
        return error_set(err, TG_DATA,
                         "file '%s' needs a dictionary of more than 128 MiB to be decompressed; "
                         "compress it with xz -9 or less",
                         reader->path);
    if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR)
        return damaged(reader, xz_reason(status), err);
    reader->at_end = status == LZMA_STREAM_END;
    return TG_OK;
}

static const struct codec codecs[] = {
    {"gzip", ".gz", {0x1f, 0x8b}, 2, {0}, gzip_start, gzip_step},
    {"zstd", ".zst", {0x28, 0xb5, 0x2f, 0xfd}, 4, {0}, zstd_start, zstd_step},
    /* a frame to be skipped */
    {"zstd", ".zst", {0x50, 0x2a, 0x4d, 0x18}, 4, {0x0f}, zstd_start, zstd_step},
    /* behind the level a block, or the end of an empty one */
    {"bzip2", ".bz2", "BZh01AY&SY", 10, {[3] = 0x0f}, bzip2_start, bzip2_step},
    {"bzip2", ".bz2", "BZh0\x17rE8P\x90", 10, {[3] = 0x0f}, bzip2_start, bzip2_step},
    {"xz", ".xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, {0}, xz_start, xz_step},
    {"plain", "", {0}, 0, {0}, plain_start, plain_step}, /* matches everything: the last */
};

/* ---- Reader -------------------------------------------------------------------------------- */

/* Reads more of the file behind what is in the chunk; at its end sets file_end. */
static int fill_chunk(struct reader *reader, struct tg_error *err)
{
    size_t got = 0;
    int rc = TG_OK;
    TRY(reader->source->read(reader->source, reader->chunk + reader->len, CHUNK_BYTES - reader->len,
                             &got, err));
    reader->len += got;
    reader->file_read += (int64_t)got;
    reader->file_end = got == 0;
done:
    return rc;
}

static bool begins_as(const struct reader *reader, const struct codec *codec)
{
    for (size_t i = 0; i < codec->magic_len; i++)
        if (i >= reader->len ||
            (reader->chunk[i] | codec->ignored[i]) != (codec->magic[i] | codec->ignored[i]))
            return false;
    return true;
}

static const struct codec *find_codec(const struct reader *reader)
{
    const struct codec *codec = codecs;
    while (!begins_as(reader, codec))
        codec++;
    return codec;
}

/* What is too short to be told by its first bytes is told by its name. */
static int check_length(const struct reader *reader, struct tg_error *err)
{
    enum { TEXT_MIN = 4 }; /* that many may be text, whatever the name says */
    size_t len = strlen(reader->path);
    for (const struct codec *codec = codecs; codec->magic_len > 0; codec++) {
        size_t suffix_len = strlen(codec->suffix);
        size_t least = codec->magic_len > TEXT_MIN ? codec->magic_len : TEXT_MIN;
        if (reader->len < least && len > suffix_len &&
            strcasecmp(reader->path + len - suffix_len, codec->suffix) == 0)
            return error_set(err, TG_DATA,
                             "file '%s' is truncated: it ends after %zu bytes, and even an empty "
                             "%s file has more; fetch it again",
                             reader->path, reader->len, codec->suffix);
    }
    return TG_OK;
}

int reader_open_source(struct byte_source *source, const char *name, struct reader **out,
                       struct tg_error *err)
{
    *out = NULL;
    struct reader *reader = mem_calloc(1, sizeof(*reader));
    if (!reader) {
        source->close(source);
        return error_nomem(err);
    }
    int rc = TG_OK;
    reader->fd = -1;
    reader->source = source;
    reader->at_end = true;
    reader->path = mem_strdup(name);
    reader->chunk = mem_alloc(CHUNK_BYTES);
    if (!reader->path || !reader->chunk)
        TRY(error_nomem(err));
    while (reader->len < MAGIC_MAX && !reader->file_end)
        TRY(fill_chunk(reader, err));
    reader->codec = find_codec(reader);
    if (reader->codec->magic_len == 0)
        TRY(check_length(reader, err));
    TRY(reader->codec->start(reader, err));
    *out = reader;
done:
    if (rc != TG_OK)
        reader_close(reader);
    return rc;
}

/* ---- Files ---- */

struct file_source {
    struct byte_source base;
    int fd;
    char path[]; /* for messages */
};

static int read_file(struct byte_source *base, void *out, size_t cap, size_t *len,
                     struct tg_error *err)
{
    const struct file_source *file = (const struct file_source *)base;
    ssize_t got;
    while ((got = read(file->fd, out, cap)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return error_errno(err, TG_SOURCE, errno, "file '%s' cannot be read", file->path);
    *len = (size_t)got;
    return TG_OK;
}

static void close_file(struct byte_source *base)
{
    struct file_source *file = (struct file_source *)base;
    if (file->fd >= 0)
        close(file->fd);
    mem_free(file);
}

static int open_file(const char *path, struct file_source **out, struct tg_error *err)
{
    size_t len = strlen(path) + 1;
    struct file_source *file = mem_calloc(1, sizeof(*file) + len);
    *out = file;
    if (!file)
        return error_nomem(err);
    file->base = (struct byte_source){read_file, close_file};
    memcpy(file->path, path, len);
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file->fd < 0 || fstat(file->fd, &info) != 0)
        return error_errno(err, TG_SOURCE, errno, "file '%s' cannot be opened", path);
    if (S_ISDIR(info.st_mode))
        return error_set(err, TG_SOURCE, "file '%s' is a folder; name its files, as in '%s/*'",
                         path, path);
    (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return TG_OK;
}

int reader_open(const char *path, struct reader **out, struct tg_error *err)
{
    *out = NULL;
    struct file_source *file;
    int rc = open_file(path, &file, err);
    if (rc != TG_OK && file)
        close_file(&file->base);
    if (rc != TG_OK)
        return rc;
    rc = reader_open_source(&file->base, path, out, err);
    if (rc == TG_OK)
        (*out)->fd = file->fd;
    return rc;
}

int reader_stat(const struct reader *reader, struct fs_stat *out, struct tg_error *err)
{
    *out = (struct fs_stat){0};
    return reader->fd < 0 ? TG_OK : fs_stat_open(reader->fd, out, err);
}

int reader_read(struct reader *reader, void *out, size_t cap, size_t *len, struct tg_error *err)
{
    *len = 0;
    int rc = TG_OK;
    while (cap > 0 && *len == 0) {
        if (reader->at == reader->len && !reader->file_end) {
            reader->at = reader->len = 0;
            TRY(fill_chunk(reader, err));
        }
        bool file_done = reader->at == reader->len && reader->file_end;
        if (file_done && reader->at_end)
            break;
        TRY(reader->codec->step(reader, out, cap, len, err));
        /* Without input the step could only hand out what it still held. */
        if (file_done && *len == 0 && !reader->at_end)
            return error_set(err, TG_DATA,
                             "file '%s' is truncated: the %s stream ends after %lld bytes; fetch "
                             "it again",
                             reader->path, reader->codec->name, (long long)reader->file_read);
    }
    if (reader->hash)
        hash_stream_add(reader->hash, out, *len);
done:
    return rc;
}

void reader_watch(struct reader *reader, struct hash_stream *hash)
{
    reader->hash = hash;
}

bool reader_is_plain(const struct reader *reader)
{
    return reader->codec->step == plain_step;
}

/* Where a plain file can be sought in, what is not in the chunk yet is not read. */
static int64_t seek_ahead(struct reader *reader, int64_t bytes)
{
    int64_t held = (int64_t)(reader->len - reader->at);
    struct stat info;
    if (reader->fd < 0 || !reader_is_plain(reader) || bytes <= held || reader->file_end ||
        fstat(reader->fd, &info) != 0 || !S_ISREG(info.st_mode))
        return 0;
    int64_t to = reader->file_read - held + bytes;
    to = to < info.st_size ? to : info.st_size;
    if (to < reader->file_read || lseek(reader->fd, to, SEEK_SET) != to)
        return 0;
    bytes = to - (reader->file_read - held);
    reader->file_read = to;
    reader->at = reader->len = 0;
    return bytes;
}

int reader_pass(struct reader *reader, int64_t bytes, struct tg_error *err)
{
    enum { PART = 64 * 1024 };
    int rc = TG_OK;
    char *part = mem_alloc(PART);
    if (!part)
        return error_nomem(err);
    for (size_t got = 1; bytes > 0 && got > 0; bytes -= (int64_t)got)
        TRY(reader_read(reader, part, bytes < PART ? (size_t)bytes : PART, &got, err));
done:
    mem_free(part);
    return rc;
}

int reader_skip(struct reader *reader, int64_t bytes, struct tg_error *err)
{
    struct hash_stream *hash = reader->hash;
    reader->hash = NULL;
    bytes -= seek_ahead(reader, bytes);
    int rc = reader_pass(reader, bytes, err);
    reader->hash = hash;
    return rc;
}

int64_t reader_file_bytes(const struct reader *reader)
{
    return reader->file_read - (int64_t)(reader->len - reader->at);
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    if (reader->zlib_open)
        inflateEnd(&reader->zlib);
    if (reader->bzip2_open)
        BZ2_bzDecompressEnd(&reader->bzip2);
    if (reader->xz_open)
        lzma_end(&reader->xz);
    ZSTD_freeDCtx(reader->zstd);
    reader->source->close(reader->source);
    mem_free(reader->chunk);
    mem_free(reader->path);
    mem_free(reader);
}

/* ---- Blobs --------------------------------------------------------------------------------- */

static int zlib_compress(const char *text, size_t len, struct buf *out, struct tg_error *err)
{
    unsigned char chunk[4096];
    z_stream zlib = {.zalloc = zlib_alloc, .zfree = codec_free};
    if (deflateInit(&zlib, Z_BEST_COMPRESSION) != Z_OK)
        return error_nomem(err);
    int status = Z_OK;
    zlib.next_in = (Bytef *)text;
    while (status == Z_OK) {
        if (zlib.avail_in == 0) {
            zlib.avail_in = len < CHUNK_BYTES ? (uInt)len : CHUNK_BYTES;
            len -= zlib.avail_in;
        }
        zlib.next_out = chunk;
        zlib.avail_out = sizeof(chunk);
        status = deflate(&zlib, len == 0 ? Z_FINISH : Z_NO_FLUSH);
        buf_append(out, chunk, sizeof(chunk) - zlib.avail_out);
    }
    deflateEnd(&zlib);
    return buf_check(out, err);
}

int blob_encode(const char *text, size_t len, struct buf *out, struct tg_error *err)
{
    struct buf packed = BUF_INIT;
    int rc = TG_OK;
    TRY(zlib_compress(text, len, &packed, err));
    base64_append(out, packed.data, packed.len);
    rc = buf_check(out, err);
done:
    buf_release(&packed);
    return rc;
}

static int zlib_decompress(const struct buf *packed, struct buf *out, struct tg_error *err)
{
    unsigned char chunk[4096];
    z_stream zlib = {.zalloc = zlib_alloc, .zfree = codec_free};
    if (inflateInit(&zlib) != Z_OK)
        return error_nomem(err);
    int status = Z_OK;
    size_t left = packed->len;
    zlib.next_in = (Bytef *)packed->data;
    while (status == Z_OK && !out->failed) {
        if (zlib.avail_in == 0) {
            zlib.avail_in = left < CHUNK_BYTES ? (uInt)left : CHUNK_BYTES;
            left -= zlib.avail_in;
        }
        zlib.next_out = chunk;
        zlib.avail_out = sizeof(chunk);
        status = inflate(&zlib, Z_NO_FLUSH);
        buf_append(out, chunk, sizeof(chunk) - zlib.avail_out);
    }
    inflateEnd(&zlib);
    if (out->failed || status == Z_MEM_ERROR)
        return error_nomem(err);
    if (status != Z_STREAM_END || left + zlib.avail_in > 0)
        return error_set(err, TG_DATA, "blob is neither JSON nor base64 of a zlib stream");
    return TG_OK;
}

int blob_decode(const char *text, size_t len, struct buf *out, struct tg_error *err)
{
    if (len > 0 && text[0] == '{') {
        buf_append(out, text, len);
        return buf_check(out, err);
    }
    struct buf packed = BUF_INIT;
    int rc = base64_decode(text, len, &packed, NULL);
    if (rc == TG_DATA)
        rc = error_set(err, TG_DATA, "blob is neither JSON nor base64 of a zlib stream");
    else if (rc != TG_OK)
        rc = error_nomem(err);
    else
        rc = zlib_decompress(&packed, out, err);
    buf_release(&packed);
    return rc;
}
