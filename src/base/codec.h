/*
 * Bytes of a file or another source, decompressed on the way: plain, gzip, bzip2, xz (of each
 * several streams too, and zeros behind them) and zstd (several frames too), told by the first
 * bytes, not the name. The end is the end only when
 * all checksums were right: what was read before is worth nothing if reading fails later. And the
 * blob form of dlt's state: base64(zlib level 9).
 */
#ifndef TIDEGATE_BASE_CODEC_H
#define TIDEGATE_BASE_CODEC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Where bytes come from that are in no file: the body of an answer. Whoever makes one begins his
 * struct with this one. */
struct byte_source {
    /* Up to `cap` bytes; *len = 0 at the end. */
    int (*read)(struct byte_source *source, void *out, size_t cap, size_t *len,
                struct tg_error *err);
    void (*close)(struct byte_source *source);
};

struct reader; /* one open file, or source */

/* TG_SOURCE when it cannot be opened ("file 'x' cannot be opened: ..."; a folder is said so).
 * TG_DATA when it is called .gz, .zst, .bz2 or .xz and is shorter than any such file. */
int reader_open(const char *path, struct reader **out, struct tg_error *err) TG_CHECK_RESULT;
/* The same of a source, which is closed with the reader, also on failure. It is called `name` in
 * messages. */
int reader_open_source(struct byte_source *source, const char *name, struct reader **out,
                       struct tg_error *err) TG_CHECK_RESULT;
/* The very file that is open, whatever its path leads to by now; of a source, exists is false. */
struct fs_stat;
int reader_stat(const struct reader *reader, struct fs_stat *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* Up to `cap` bytes of content; *len = 0 at the end. A truncated or damaged stream is TG_DATA and
 * names file and byte. */
int reader_read(struct reader *reader, void *out, size_t cap, size_t *len,
                struct tg_error *err) TG_CHECK_RESULT;
/* All that reader_read hands out from here on is added to `hash` (borrowed). */
struct hash_stream;
void reader_watch(struct reader *reader, struct hash_stream *hash);
/* Reads `bytes` of the content, and hands them to nobody; fewer if it ends before. reader_skip does
 * not hash them, and of a plain file it does not even read them. */
int reader_pass(struct reader *reader, int64_t bytes, struct tg_error *err) TG_CHECK_RESULT;
int reader_skip(struct reader *reader, int64_t bytes, struct tg_error *err) TG_CHECK_RESULT;
bool reader_is_plain(const struct reader *reader); /* not compressed */
int64_t reader_file_bytes(
    const struct reader *reader);         /* bytes of the file consumed so far, for progress */
void reader_close(struct reader *reader); /* NULL is fine */

int blob_encode(const char *text, size_t len, struct buf *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* Accepts un-encoded JSON (starts with '{') as it is. TG_DATA when neither. */
int blob_decode(const char *text, size_t len, struct buf *out,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
