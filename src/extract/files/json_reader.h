/*
 * The bytes of a JSON file -> pages of rows. Plain, gzip or zstd, told by the first bytes.
 */
#ifndef TIDEGATE_EXTRACT_JSON_READER_H
#define TIDEGATE_EXTRACT_JSON_READER_H

#include "base/hash.h"
#include "data/page.h"

struct json_reader; /* parser and buffer, used for one file after the other */

enum json_form {
    JSON_LINES, /* a value a line */
    JSON_ANY    /* told by its beginning: a list of rows, lines, or one object over several lines */
};

/* `line_bytes_max`: the longest line, or element of a list, that is taken. */
int json_reader_new(size_t line_bytes_max, struct json_reader **out,
                    struct tg_error *err) TG_CHECK_RESULT;
void json_reader_free(struct json_reader *reader); /* NULL is fine */

/* Opens a file, and closes the one before. `path` is borrowed until then. TG_SOURCE. */
int json_reader_open(struct json_reader *reader, const char *path, enum json_form form,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Right after opening: what it is called in messages, how much of the text is left out (of how many
 * lines), and what takes in all that is read: it holds nothing yet, or what is left out, and then
 * that of a plain file is not read. All borrowed. */
struct json_start {
    const char *name;
    int64_t bytes;
    uint64_t lines;
    struct hash_stream *hash;
};
int json_reader_start(struct json_reader *reader, const struct json_start *start,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Whether a text that begins so is taken by JSON_ANY for values on lines of their own. */
bool json_has_lines(const char *text, size_t len);
/* The next page that has rows (they live until the next call), or PAGE_END. TG_DATA names file,
 * line and byte of what is malformed; a file that ends too early is malformed. */
int json_reader_next(struct json_reader *reader, struct page *page,
                     struct tg_error *err) TG_CHECK_RESULT;
int64_t json_reader_bytes(const struct json_reader *reader); /* of the file, read so far */

#endif
