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
    char last;      /* the last byte that was passed; a line end before a zero, as in UTF-16 */
    uint64_t lines; /* line ends that were passed */
};

int text_open(const struct listed_file *file, struct text_walk *out,
              struct tg_error *err) TG_CHECK_RESULT;
/* Goes on until `to` bytes of text are passed, or it ends. */
int text_pass(struct text_walk *content, int64_t to, struct tg_error *err) TG_CHECK_RESULT;
/* The byte that comes next, which is not hashed; false in *more: the text has ended. The walk
 * cannot go on from here. */
int text_peek(struct text_walk *content, char *next, bool *more,
              struct tg_error *err) TG_CHECK_RESULT;
/* What a ledger keeps of a text: its hashes and its length, as an entry of that key. */
int text_entry(const struct hash_stream *text, const char *key, struct arena *arena,
               struct bookmark *out, struct tg_error *err) TG_CHECK_RESULT;
void text_close(struct text_walk *content); /* also one that was not opened */

#endif
