/*
 * A walk over the text of a file, uncompressed, that hashes what it passes.
 */
#ifndef TIDEGATE_EXTRACT_TEXT_H
#define TIDEGATE_EXTRACT_TEXT_H

#include "extract/files/listing.h"

struct text_walk {
    struct reader *reader;
    struct hash_stream *text; /* of what was passed */
    char *part;
    enum encoding encoding; /* told by the first bytes, where it is not said */
    bool is_csv, is_told;
    uint32_t last; /* the last character that was passed: a byte, or a unit of UTF-16, */
    bool has_half; /* and of the next one a byte: */
    char half;
    uint64_t lines; /* line ends that were passed */
};

int text_open(const struct listed_file *file, struct text_walk *out,
              struct tg_error *err) TG_CHECK_RESULT;
/* Goes on until `to` bytes of text are passed, or it ends. */
int text_pass(struct text_walk *content, int64_t to, struct tg_error *err) TG_CHECK_RESULT;
/* Whether what was passed is the very text of the entry. */
bool text_is_of(const struct text_walk *content, const struct bookmark *entry);
/* Whether what was passed ends with a line end. */
bool text_ends_line(const struct text_walk *content);
/* Whether more comes, and a line end first; it is not hashed. The walk cannot go on from here. */
int text_peek(struct text_walk *content, bool *more, bool *ends_line,
              struct tg_error *err) TG_CHECK_RESULT;
/* What a ledger keeps of a text: its hashes and its length, as an entry of that key. */
int text_entry(const struct hash_stream *text, const char *key, struct arena *arena,
               struct bookmark *out, struct tg_error *err) TG_CHECK_RESULT;
void text_close(struct text_walk *content); /* also one that was not opened */

#endif
