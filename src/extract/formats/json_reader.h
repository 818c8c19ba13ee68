/*
 * The bytes of a JSON text -> a stream of pages of rows. Plain or compressed, told by the first
 * bytes.
 */
#ifndef TIDEGATE_EXTRACT_JSON_READER_H
#define TIDEGATE_EXTRACT_JSON_READER_H

#include "base/codec.h"
#include "base/hash.h"
#include "extract/cursor/path.h"
#include "extract/page_stream.h"

enum json_form {
    JSON_LINES, /* a value a line */
    JSON_ANY    /* told by its beginning: lines, or lists and objects one behind the other */
};

/* All that is pointed to is borrowed until the stream is closed, the name until its pages go. */
struct json_options {
    enum json_form form;
    const struct path *select; /* to the rows in each value; NULL: the values, or their elements */
    bool rejects; /* what is malformed goes to page->bad, where it does not hide what follows */
    bool keeps;   /* the text of each page, so that it is known where its rows stand */
    size_t line_bytes_max; /* the longest line, or element of a list, that is taken */
    const char *name;      /* what the text is called in messages */
    /* How much of the text is left out, of how many lines; and what takes in all that is read, but
     * for a last line without an end, or the last text behind a mark, that gives no row: it holds
     * nothing yet, or what is left out, and then that of a plain file is not read. */
    int64_t from;
    uint64_t lines_before;
    struct hash_stream *hash; /* NULL: none */
};

/* `text` is the stream's, also on failure. Pages have rows, which live in the page. TG_DATA names
 * file, line and byte of what is malformed; a text that ends too early is malformed. */
int json_reader_open(struct reader *text, const struct json_options *options,
                     struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;
/* Whether a text that begins so is taken by JSON_ANY for values on lines of their own, or behind
 * marks. */
bool json_has_lines(const char *text, size_t len);

#endif
