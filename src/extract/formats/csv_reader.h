/*
 * The bytes of a CSV text -> a stream of pages. Plain, gzip or zstd, told by the first bytes.
 */
#ifndef TIDEGATE_EXTRACT_CSV_READER_H
#define TIDEGATE_EXTRACT_CSV_READER_H

#include "base/codec.h"
#include "base/hash.h"
#include "extract/formats/csv_columns.h"
#include "extract/formats/encoding.h"
#include "extract/page_stream.h"

/* What becomes of rows that have more or fewer fields than there are columns. */
enum csv_ragged {
    RAGGED_FAIL,  /* they are malformed */
    RAGGED_PAD,   /* those that are missing are NULL; empty ones that are too many go */
    RAGGED_REJECT /* they go with the page (page.bad), whatever becomes of other bad rows */
};

/* The end of a text that counts as not read, and comes again when the file has grown: a row that
 * may have been written in part. */
struct csv_rest {
    int64_t bytes; /* of the file; 0: there is none */
    uint64_t line; /* that the row begins on */
    bool waits;    /* a quote of it is open, and it was not handed on; else it was rejected */
};

/* All that is pointed to is borrowed until the stream is closed, the name until its pages go. */
struct csv_options {
    const char *name;          /* what the text is called in messages */
    const struct context *ctx; /* for warnings; may be NULL */
    /* How much of the file's text is left out, and of how many rows and lines; what takes in all
     * that is read (csv_text.h). */
    int64_t from;
    uint64_t rows_before, lines_before;
    struct hash_stream *hash;
    struct csv_rest *rest;    /* zeroed; known at the end; NULL: nobody asks */
    bool waits;               /* a row whose quote is open at the end is left, and not malformed */
    struct csv_syntax syntax; /* no delimiter: told by the first line */
    enum encoding encoding;
    enum csv_ragged ragged;
    bool rejects;                    /* what is malformed goes with the page (page.bad) */
    bool keeps;                      /* the text of each page: page.text tells where rows stand */
    size_t line_bytes_max;           /* of the longest row; 0: CSV_LINE_BYTES */
    uint64_t skip;                   /* lines before the first one */
    const char *null_texts;          /* those that mean NULL, a line each; NULL: an empty field */
    bool header;                     /* the first line holds names */
    const struct tg_column *columns; /* hints, which say types */
    size_t column_count;
    struct known_types types;              /* of columns that are there */
    struct csv_local local;                /* how values are written, */
    const struct csv_local_column *locals; /* and those of single columns */
    size_t local_count;
};

enum { CSV_LINE_BYTES = 16 * 1024 * 1024 };

/* `text` is the stream's, also on failure. Pages are Arrow batches, or rows where a value is not of
 * its column's type (csv_columns.h), which live until the next one is read. TG_SOURCE when it
 * cannot be read, TG_DATA names file, line and byte of what is malformed. */
int csv_reader_open(struct reader *text, const struct csv_options *options,
                    struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
