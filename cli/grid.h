/*
 * The rows of a stream as texts, in memory.
 */
#ifndef TIDEGATE_CLI_GRID_H
#define TIDEGATE_CLI_GRID_H

#include "tidegate.h"

/* Zero it before the first use. */
struct grid {
    size_t column_count;
    char **names;
    size_t row_count, row_max;
    uint64_t total; /* rows of the stream, those included that were not kept */
    size_t first;   /* of the rows that were kept: where the oldest one lies */
    char **cells;
};

/* Reads a stream (moved in) and keeps its last `row_max` rows. */
int grid_read(struct grid *grid, struct ArrowArrayStream *stream, size_t row_max,
              struct tg_error *err);
void grid_release(struct grid *grid);

/* "" for NULL, and for a column that there is none of. */
const char *grid_get(const struct grid *grid, size_t row, const char *column);
uint64_t grid_number(const struct grid *grid, size_t row, const char *column);

#endif
