/*
 * CSV and Parquet -> streams of pages, read by the embedded engine. CSV is read from front to end,
 * wherever it comes from; Parquet from its end and here and there, so it must be a local file: what
 * comes from elsewhere is to be put into one.
 */
#ifndef TIDEGATE_EXTRACT_TABLE_READER_H
#define TIDEGATE_EXTRACT_TABLE_READER_H

#include "base/codec.h"
#include "base/hash.h"
#include "duckdb/engine.h"
#include "extract/formats/csv_columns.h"
#include "extract/page_stream.h"

/* All that is pointed to is borrowed until the stream is closed, the name until its pages go. */
struct csv_options {
    const char *name;          /* what the text is called in messages */
    const struct context *ctx; /* for warnings; may be NULL */
    /* Where the rows to be read begin in its text, and what lies before; see feed_begin_at */
    int64_t from;
    uint64_t rows_before, lines_before;
    struct hash_stream *hash;
    const char *delimiter;           /* NULL or "auto": told by the first line */
    const char *null_texts;          /* those that mean NULL, a line each; NULL: an empty field */
    bool header;                     /* the first line holds names */
    const struct tg_column *columns; /* hints, which say types */
    size_t column_count;
    struct known_types types; /* of columns that are there */
};

/* `text` is the stream's, also on failure. Pages are Arrow batches, or rows where a value is not of
 * its column's type (csv_columns.h), which live until the next one is read. TG_SOURCE when it
 * cannot be read, TG_DATA when it is malformed. */
int csv_reader_open(struct engine *engine, struct reader *text, const struct csv_options *options,
                    struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;
/* `path` and `name` are borrowed as above. Pages are Arrow batches. */
int parquet_reader_open(struct engine *engine, const char *path, const char *name,
                        struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
