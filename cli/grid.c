/*
 * The rows of a stream as texts, in memory.
 *
 *   grid_read -> read_names -> keep_row, for each: behind the last one, or over the oldest where
 *   no more are kept -> grid_get
 *
 * For what is printed more than once, or measured before. Rows that are printed one by one are
 * print.c's.
 */
#include "grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct tg_error *err)
{
    *err = (struct tg_error){.code = TG_NOMEM};
    snprintf(err->what, sizeof(err->what), "out of memory");
    return TG_NOMEM;
}

static int read_names(struct grid *grid, const struct tg_cells *cells, struct tg_error *err)
{
    grid->column_count = tg_cells_column_count(cells);
    grid->names = calloc(grid->column_count + 1, sizeof(*grid->names));
    if (!grid->names)
        return no_memory(err);
    for (size_t i = 0; i < grid->column_count; i++) {
        grid->names[i] = strdup(tg_cells_column_name(cells, i));
        if (!grid->names[i])
            return no_memory(err);
    }
    return TG_OK;
}

/* Where the next row goes; NULL: there is no memory for it. */
static char **make_row(struct grid *grid)
{
    const size_t width = grid->column_count;
    if (grid->row_count < grid->row_max) {
        if ((grid->row_count & (grid->row_count - 1)) == 0) {
            size_t room = grid->row_count > 0 ? grid->row_count * 2 : 1;
            char **grown = realloc(grid->cells, room * (width + 1) * sizeof(*grown));
            if (!grown)
                return NULL;
            grid->cells = grown;
        }
        char **row = grid->cells + grid->row_count++ * width;
        memset(row, 0, width * sizeof(*row));
        return row;
    }
    char **row = grid->cells + grid->first * width;
    grid->first = (grid->first + 1) % grid->row_max;
    for (size_t i = 0; i < width; i++) {
        free(row[i]);
        row[i] = NULL;
    }
    return row;
}

static int keep_row(struct grid *grid, struct tg_cells *cells, struct tg_error *err)
{
    char **row = make_row(grid);
    if (!row)
        return no_memory(err);
    for (size_t i = 0; i < grid->column_count; i++) {
        const char *text;
        size_t len;
        int rc = tg_cells_get(cells, i, TG_CELL_TEXT, &text, &len, err);
        if (rc)
            return rc;
        row[i] = text ? strndup(text, len) : NULL;
        if (text && !row[i])
            return no_memory(err);
    }
    return TG_OK;
}

int grid_read(struct grid *grid, struct ArrowArrayStream *stream, size_t row_max,
              struct tg_error *err)
{
    struct tg_cells *cells = NULL;
    bool found = false;
    *grid = (struct grid){.row_max = row_max};
    int rc = tg_cells_open(&cells, stream, err);
    if (!rc)
        rc = read_names(grid, cells, err);
    while (!rc && !(rc = tg_cells_next(cells, &found, err)) && found) {
        rc = keep_row(grid, cells, err);
        grid->total++;
    }
    tg_cells_close(cells);
    return rc;
}

void grid_release(struct grid *grid)
{
    for (size_t i = 0; i < grid->row_count * grid->column_count; i++)
        free(grid->cells[i]);
    for (size_t i = 0; grid->names && i < grid->column_count; i++)
        free(grid->names[i]);
    free(grid->cells);
    free(grid->names);
    *grid = (struct grid){0};
}

const char *grid_get(const struct grid *grid, size_t row, const char *column)
{
    for (size_t i = 0; row < grid->row_count && i < grid->column_count; i++) {
        if (strcmp(grid->names[i], column) != 0)
            continue;
        const size_t at = (grid->first + row) % grid->row_max;
        const char *text = grid->cells[at * grid->column_count + i];
        return text ? text : "";
    }
    return "";
}

uint64_t grid_number(const struct grid *grid, size_t row, const char *column)
{
    return strtoull(grid_get(grid, row, column), NULL, 10);
}
