/*
 * The text of a CSV file as UTF-8, read from front to end, and hashed as it is in the file.
 */
#ifndef TIDEGATE_EXTRACT_CSV_TEXT_H
#define TIDEGATE_EXTRACT_CSV_TEXT_H

#include "base/codec.h"
#include "base/hash.h"
#include "extract/formats/encoding.h"

enum { CSV_HEAD_BYTES = 256 * 1024, CSV_READ_MIN = 16 };

struct csv_text; /* one file */

/* Reads its head, up to CSV_HEAD_BYTES. `text` is taken over, also on failure. `hash` (borrowed,
 * may be NULL) takes in all that is read; it holds nothing yet, or the first bytes of the file, and
 * then those of a plain file are not read. TG_SOURCE, or TG_DATA when it is damaged. */
int csv_text_open(struct reader *text, enum encoding encoding, struct hash_stream *hash,
                  struct csv_text **out, struct tg_error *err) TG_CHECK_RESULT;
/* As it is in the file; until csv_text_begin. */
const char *csv_text_head(const struct csv_text *text, size_t *len);
bool csv_text_has_whole_head(const struct csv_text *text); /* nothing comes behind it */
/* Which it is: never ENCODING_AUTO or ENCODING_UTF16. */
enum encoding csv_text_encoding(const struct csv_text *text);
/* The text is read from byte `from` of the file on; from its first one where that is not called. */
int csv_text_begin(struct csv_text *text, int64_t from, struct tg_error *err) TG_CHECK_RESULT;
/* Up to `cap` bytes, CSV_READ_MIN at least; *len = 0 at the end. What is no character becomes
 * bytes that are no UTF-8. */
int csv_text_read(struct csv_text *text, char *out, size_t cap, size_t *len,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Reads what is left of a compressed file, for its checksums: TG_DATA when it is damaged. */
int csv_text_check(struct csv_text *text, struct tg_error *err) TG_CHECK_RESULT;
bool csv_text_is_over(const struct csv_text *text); /* that is known: nothing comes any more */
int64_t csv_text_file_bytes(const struct csv_text *text); /* of the file, for progress */
void csv_text_close(struct csv_text *text);               /* NULL is fine */

#endif
