/*
 * The columns of a CSV file: texts in, values of the types they have out.
 */
#ifndef TIDEGATE_EXTRACT_CSV_COLUMNS_H
#define TIDEGATE_EXTRACT_CSV_COLUMNS_H

#include "base/context.h"
#include "data/batch.h"
#include "data/page.h"
#include "extract/formats/csv_local.h"
#include "extract/formats/csv_split.h"
#include "extract/known_types.h"

struct csv_columns;

/* What says the types of columns; all is borrowed. */
struct csv_types {
    const struct tg_column *hints; /* by their names */
    size_t hint_count;
    struct known_types known; /* asked before each batch */
    const char *null_texts;   /* those that mean NULL, a line each; NULL: an empty field */
    struct csv_local local;   /* how values are written, */
    const struct csv_local_column *locals; /* and those of single columns */
    size_t local_count;
    bool rejects; /* a row with a number that is written otherwise goes with the page (page.bad) */
};

/* Rows as csv_split.c has split them, all of `width` fields. */
struct csv_rows {
    const struct csv_syntax *syntax;
    char *text;               /* escaped fields are unescaped in it, */
    struct csv_field *fields; /* and here */
    size_t width, count;
};

/* Names are copied. */
int csv_columns_new(const char *const *names, size_t count, const struct csv_types *types,
                    struct csv_columns **out, struct tg_error *err) TG_CHECK_RESULT;
void csv_columns_free(struct csv_columns *columns); /* NULL is fine */

/* Asks what is known; *all: of every column. */
int csv_columns_know(struct csv_columns *columns, bool *all, struct tg_error *err) TG_CHECK_RESULT;
/* Rows that the types of the others are guessed from. */
int csv_columns_see(struct csv_columns *columns, const struct csv_rows *rows,
                    struct tg_error *err) TG_CHECK_RESULT;
/* No more to see: each column that had a value gets its type. */
void csv_columns_decide(struct csv_columns *columns);
/* Fills kind, schema, and array or rows of `page`, whose lines are set: a batch, or, when a value
 * is not of its column's type, rows in which it is a literal; they live until the next call, and as
 * long as the text. TG_DATA for digits in a column of numbers that are none as it has them. */
int csv_columns_convert(struct csv_columns *columns, const struct csv_rows *rows, struct page *page,
                        struct tg_error *err) TG_CHECK_RESULT;
/* After the last batch: warns of what timestamps lost. */
void csv_columns_report(const struct csv_columns *columns, const struct context *ctx,
                        const char *path);

#endif
