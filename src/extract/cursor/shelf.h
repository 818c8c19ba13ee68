/*
 * Rows of numbers, and at most one of bytes, that may be more than memory holds.
 */
#ifndef TIDEGATE_EXTRACT_SHELF_H
#define TIDEGATE_EXTRACT_SHELF_H

#include "base/memory.h"
#include "data/column.h"
#include "duckdb/engine.h"

enum { SHELF_COLUMNS = 6 };

struct shelf_options {
    struct engine *engine;    /* borrowed */
    const char *folder;       /* for files; made when it is needed, borrowed */
    const char *stem;         /* of their names */
    const char *const *names; /* of the columns */
    size_t column_count;      /* integers, */
    bool has_bytes;           /* but for the last one, which is binary */
    size_t bytes_max;         /* in memory */
};

struct shelf {
    struct shelf_options options;
    struct type_spec types[SHELF_COLUMNS];
    struct ArrowSchema schema;
    struct column columns[SHELF_COLUMNS];
    bool open; /* the columns have buffers */
    size_t row_count;
    struct ArrowArray *arrays;
    size_t count, cap;
    size_t bytes; /* of columns and arrays */
    uint64_t total;
    struct arena arena;
    const char **files; /* their paths */
    size_t file_count, file_cap;
};

int shelf_init(struct shelf *shelf, const struct shelf_options *options,
               struct tg_error *err) TG_CHECK_RESULT;
/* Its files stay; they go with their folder. A zeroed one is fine. */
void shelf_release(struct shelf *shelf);
/* One row: its numbers, and its bytes where the shelf has a column for them. */
int shelf_add(struct shelf *shelf, const int64_t *numbers, const struct buf *bytes,
              struct tg_error *err) TG_CHECK_RESULT;
/* Begins with no row. */
int shelf_empty(struct shelf *shelf, struct tg_error *err) TG_CHECK_RESULT;
/* Appends all of its rows, as a relation in the engine's SQL: once they are on disk, of which there
 * is at least one. */
int shelf_flush(struct shelf *shelf, struct tg_error *err) TG_CHECK_RESULT;
void shelf_relation(const struct shelf *shelf, struct buf *sql);

#endif
