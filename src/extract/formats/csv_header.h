/*
 * What the first line of a CSV file says: the names of its columns, and what separates them.
 */
#ifndef TIDEGATE_EXTRACT_CSV_HEADER_H
#define TIDEGATE_EXTRACT_CSV_HEADER_H

#include "base/memory.h"

struct csv_header {
    struct arena arena;
    char delimiter[8];
    size_t blank_lines; /* before the first line */
    size_t bytes;       /* of the first line, its end, and all before it */
    const char **names; /* each another */
    size_t count, cap;  /* no names: a file without content */
};

struct csv_header_options {
    const char *delimiter;           /* NULL or "auto": told by the first line */
    bool has_names;                  /* else columns are numbered */
    const struct tg_column *columns; /* borrowed; one may name a column whose name is taken */
    size_t column_count;
};

/* Of the first `len` bytes of a file, which are all of it unless `is_cut`. TG_DATA when they hold
 * no header that can be taken. */
int csv_header_read(const char *head, size_t len, bool is_cut,
                    const struct csv_header_options *options, struct csv_header *out,
                    struct tg_error *err) TG_CHECK_RESULT;
void csv_header_release(struct csv_header *header);

#endif
