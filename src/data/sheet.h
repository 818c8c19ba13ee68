/*
 * A table that is filled row by row and goes out as a stream: for what is shown, not for what is
 * loaded.
 */
#ifndef TIDEGATE_DATA_SHEET_H
#define TIDEGATE_DATA_SHEET_H

#include "data/batch.h"
#include "data/column.h"

struct sheet {
    const char *const *names; /* borrowed, as `types` is */
    const struct type_spec *types;
    size_t column_count;
    struct column *columns; /* of the batch that is being filled */
    size_t row;
    struct ArrowArray *batches; /* that are full */
    size_t batch_count;
};

/* Release it in any case. */
int sheet_init(struct sheet *out, const char *const *names, const struct type_spec *types,
               size_t column_count, struct tg_error *err) TG_CHECK_RESULT;
void sheet_release(struct sheet *sheet);
/* Into the row that is being filled; what is not set is NULL, and so is the text NULL. */
int sheet_text(struct sheet *sheet, size_t column, const char *text,
               struct tg_error *err) TG_CHECK_RESULT;
void sheet_bool(struct sheet *sheet, size_t column, bool value);
void sheet_int64(struct sheet *sheet, size_t column, int64_t value);
int sheet_end_row(struct sheet *sheet, struct tg_error *err) TG_CHECK_RESULT;
/* All rows that were ended. The sheet is then empty, to be released. */
int sheet_stream(struct sheet *sheet, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
