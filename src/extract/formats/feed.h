/*
 * The content of a text, decompressed, as a pipe that another reader opens by a path. What
 * went through it was read to the end of the file, with the checksums that a compressed file has.
 */
#ifndef TIDEGATE_EXTRACT_FEED_H
#define TIDEGATE_EXTRACT_FEED_H

#include <stdint.h>

#include "base/codec.h"
#include "base/hash.h"

struct feed; /* one text */

enum { FEED_HEAD_BYTES = 256 * 1024 };

/* Reads the head. `text` is the feed's, also on failure. TG_SOURCE when it cannot be read, TG_DATA
 * when it is damaged. */
int feed_open(struct reader *text, struct feed **out, struct tg_error *err) TG_CHECK_RESULT;
/* The first FEED_HEAD_BYTES of the content, all of it when there is less; until feed_start. */
const char *feed_head(const struct feed *feed, size_t *len);
/* Before feed_start: of the content, the bytes from `header` up to `from` are left out of the pipe.
 * `hash` (borrowed, may be NULL) takes in all that is read; it holds nothing yet, or the first
 * `from` bytes, and then those of a plain file are not read. */
void feed_begin_at(struct feed *feed, int64_t header, int64_t from, struct hash_stream *hash);
/* In the place of feed_start, where nobody reads: to the end of the file. */
int feed_pass(struct feed *feed, struct tg_error *err) TG_CHECK_RESULT;
/* Begins to write the content, from its first byte, to the pipe that is opened as *path; once. */
int feed_start(struct feed *feed, const char **path, struct tg_error *err) TG_CHECK_RESULT;
/* When the pipe's reader has seen its end and has closed it: TG_DATA unless the end of the file was
 * seen and is right. */
int feed_finish(struct feed *feed, struct tg_error *err) TG_CHECK_RESULT;
/* When the pipe's reader gave up and has closed it: the error that made it, if one was here. */
int feed_stop(struct feed *feed, struct tg_error *err) TG_CHECK_RESULT;
/* Of the last line that is not empty; after feed_finish. */
int64_t feed_last_line_bytes(const struct feed *feed);
void feed_close(struct feed *feed); /* after the pipe's reader; NULL is fine */

#endif
