/*
 * What a source read and could not make a row of, on its way to _tidegate_rejects. A page has it
 * beside its rows.
 */
#ifndef TIDEGATE_DATA_BAD_ROWS_H
#define TIDEGATE_DATA_BAD_ROWS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/memory.h"

struct bad_row {
    uint64_t line, byte; /* of what is wrong; the byte in its line; from 1; 0: not known */
    const char *reason;  /* in words */
    const char *text;    /* as it stands there, in UTF-8 */
};

struct bad_rows {
    struct bad_row *items;
    size_t count, cap;
    struct arena texts;
};

enum { BAD_TEXT_MAX = 64 * 1024 };

/* Takes note of one more, in *rows, which is made with the first (NULL: none so far). All is
 * copied: of `text`, of `len` bytes, those that are no UTF-8 become \xNN, and what is beyond
 * BAD_TEXT_MAX bytes "...". */
int bad_rows_add(struct bad_rows **rows, const struct bad_row *row, size_t len,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The same of a text alone. */
void bad_row_text(struct buf *out, const char *text, size_t len);
void bad_rows_clear(struct bad_rows *rows); /* NULL is fine, here and below */
void bad_rows_free(struct bad_rows *rows);

#endif
