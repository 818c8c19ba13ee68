/*
 * A CSV or Parquet file -> pages, read by the embedded engine.
 */
#ifndef TIDEGATE_EXTRACT_TABLE_READER_H
#define TIDEGATE_EXTRACT_TABLE_READER_H

#include "base/hash.h"
#include "data/page.h"
#include "duckdb/engine.h"
#include "extract/files/csv_columns.h"

struct table_reader; /* one open file */

enum table_form { TABLE_CSV, TABLE_PARQUET };

struct table_options {
    enum table_form form;
    const struct context *ctx; /* for warnings; borrowed; may be NULL */
    const char *name;          /* what the file is called in messages; NULL: its path */
    /* CSV: where the rows to be read begin in its text, and what lies before; see feed_begin_at */
    int64_t from;
    uint64_t rows_before, lines_before;
    struct hash_stream *hash;
    const char *delimiter;           /* CSV: NULL or "auto": told by the first line */
    const char *null_text;           /* CSV: the text that means NULL; NULL: an empty field */
    bool header;                     /* CSV: the first line holds names */
    const struct tg_column *columns; /* CSV: hints, which say types; borrowed */
    size_t column_count;
    struct known_types types; /* CSV: of columns that are there */
};

/* `path` is borrowed while it is open. TG_SOURCE when it cannot be read, TG_DATA when it is
 * malformed. */
int table_reader_open(struct engine *engine, const char *path, const struct table_options *options,
                      struct table_reader **out, struct tg_error *err) TG_CHECK_RESULT;
/* The next page: Arrow batches as the engine gives them; rows where a value of a CSV file is not of
 * its column's type (csv_columns.h); they live until the next call. PAGE_END. */
int table_reader_next(struct table_reader *reader, struct page *page,
                      struct tg_error *err) TG_CHECK_RESULT;
void table_reader_close(struct table_reader *reader); /* NULL is fine */

#endif
