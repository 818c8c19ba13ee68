/*
 * What the cursor reads of Arrow batches: its column, the JSON of a row, the rows that stay.
 */
#ifndef TIDEGATE_EXTRACT_CURSOR_ARROW_H
#define TIDEGATE_EXTRACT_CURSOR_ARROW_H

#include "data/batch.h"
#include "data/page.h"
#include "extract/cursor/cursor_value.h"

/* The cursor's column in one batch; array NULL: the batch has none. Borrowed from the page. */
struct cursor_column {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    int64_t offset;        /* of the batch in its columns */
    const int64_t *values; /* where they are plain int64; NULL: read one by one */
    struct type_spec spec;
};

/* TG_DATA for a column whose type has no order. */
int cursor_column_find(const struct page *page, const char *name, struct cursor_column *out,
                       struct tg_error *err) TG_CHECK_RESULT;
/* Text is borrowed from the batch. */
int cursor_column_value(const struct cursor_column *column, int64_t row, struct cursor_value *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* Appends what the row's hash is taken of: the value of one column, a list of several, or (count 0)
 * the whole row with its columns sorted by name. `flags`: of cell_json, as far as they concern
 * timestamps and decimals. TG_DATA when a column is not there. */
int cursor_batch_json(const struct page *page, int64_t row, const char *const *names, size_t count,
                      int flags, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
bool cursor_batch_has(const struct page *page, const char *name);
/* Whether one of the batch's columns is written in another way by other flags: a timestamp, or a
 * decimal. */
bool cursor_batch_json_varies(const struct page *page);
/* Replaces the page's batch by its rows whose `keep` is not 0. */
int cursor_batch_keep(struct page *page, const uint8_t *keep, int64_t keep_count,
                      struct tg_error *err) TG_CHECK_RESULT;

#endif
