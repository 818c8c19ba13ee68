/*
 * The columns of a CSV file: texts in, values of the types they have out.
 */
#ifndef TIDEGATE_EXTRACT_CSV_COLUMNS_H
#define TIDEGATE_EXTRACT_CSV_COLUMNS_H

#include "data/batch.h"
#include "data/page.h"

struct csv_columns;

/* Names are copied. Hints whose name is that of a column say its type; they are borrowed. */
int csv_columns_new(const char *const *names, size_t count, const struct tg_column *hints,
                    size_t hint_count, struct csv_columns **out,
                    struct tg_error *err) TG_CHECK_RESULT;
void csv_columns_free(struct csv_columns *columns); /* NULL is fine */

/* A batch of texts (format "u") that types are guessed from. */
void csv_columns_see(struct csv_columns *columns, const struct ArrowArray *batch);
/* No more to see: each column that had a value gets its type. */
void csv_columns_decide(struct csv_columns *columns);
/* Fills kind, schema, and array or rows of `page` from a batch of texts (moved, also on failure):
 * a batch, or, when a value is not of its column's type, rows whose cells have the types of their
 * values; they live until the next call. */
int csv_columns_convert(struct csv_columns *columns, struct ArrowArray *batch, struct page *page,
                        struct tg_error *err) TG_CHECK_RESULT;

#endif
