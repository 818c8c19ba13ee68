/*
 * What the first line of a CSV file says: the names of its columns, and what separates them.
 */
#ifndef TIDEGATE_EXTRACT_CSV_HEADER_H
#define TIDEGATE_EXTRACT_CSV_HEADER_H

#include "base/memory.h"
#include "extract/formats/csv_split.h"

struct csv_header {
    struct arena arena;
    struct csv_syntax syntax; /* as the options have it, with a delimiter */
    size_t bytes;             /* before the first row, of UTF-8 */
    uint64_t lines;           /* in them */
    const char **names;       /* each another */
    size_t count, cap;        /* no names: a file without content */
};

struct csv_header_options {
    struct csv_syntax syntax;        /* no delimiter: told by the first line */
    uint64_t skip;                   /* lines before it, whatever is in them */
    bool has_names;                  /* else columns are numbered */
    const struct tg_column *columns; /* borrowed; one may name a column whose name is taken */
    size_t column_count;
};

/* Of the first `len` bytes of a text, which are all of it unless `is_cut`, CSV_ROOM behind them.
 * TG_DATA when they hold no header that can be taken. */
int csv_header_read(const char *head, size_t len, bool is_cut,
                    const struct csv_header_options *options, struct csv_header *out,
                    struct tg_error *err) TG_CHECK_RESULT;
void csv_header_release(struct csv_header *header);

#endif
