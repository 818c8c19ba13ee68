/*
 * A stream's rows as texts, cell by cell, for whoever prints them or wants one number.
 *
 *   tg_cells_open (a stream) -> tg_cells_next -> tg_cells_get: value_shown of the
 *   batch that the row is in
 *
 * Left to others: how values look (data/view.c), how rows are laid out on paper (the command).
 */
#include <string.h>

#include "base/memory.h"
#include "data/odd.h"

struct tg_cells {
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t row; /* in the batch; not valid before the first one and behind the last */
    struct buf text;
};

static int open_cells(struct tg_cells *cells, struct tg_error *err)
{
    int rc = stream_schema(&cells->stream, TG_DESTINATION, &cells->schema, err);
    if (rc == TG_OK && strcmp(cells->schema.format, "+s") != 0)
        rc = error_set(err, TG_DATA, "the stream holds no rows but values of the Arrow format '%s'",
                       cells->schema.format);
    return rc;
}

int tg_cells_open(struct tg_cells **out, struct ArrowArrayStream *stream, struct tg_error *err)
{
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(stream);
    if (!stream->release)
        return error_set(err, TG_USAGE, "the stream was read or released before");
    struct tg_cells *cells = out ? mem_calloc(1, sizeof(*cells)) : NULL;
    if (!cells) {
        stream_release(stream);
        NEEDS(out);
        return error_nomem(err);
    }
    cells->stream = *stream;
    stream->release = NULL;
    int rc = open_cells(cells, err);
    if (rc == TG_OK)
        *out = cells;
    else
        tg_cells_close(cells);
    return rc;
}

void tg_cells_close(struct tg_cells *cells)
{
    if (!cells)
        return;
    array_release(&cells->batch);
    schema_release(&cells->schema);
    stream_release(&cells->stream);
    buf_release(&cells->text);
    mem_free(cells);
}

size_t tg_cells_column_count(const struct tg_cells *cells)
{
    return cells ? (size_t)cells->schema.n_children : 0;
}

const char *tg_cells_column_name(const struct tg_cells *cells, size_t column)
{
    if (column >= tg_cells_column_count(cells))
        return NULL;
    const char *name = cells->schema.children[column]->name;
    return name ? name : "";
}

/* A text that stands for a number of any size, by what its database calls the type. */
static bool is_spelled_number(const struct ArrowSchema *schema)
{
    size_t len = 0;
    const char *type = schema_note_find(schema, SCHEMA_SQL_TYPE, &len);
    return type && *schema->format == 'u' &&
           ((len == 7 && memcmp(type, "numeric", len) == 0) ||
            (len == 5 && memcmp(type, "money", len) == 0));
}

bool tg_cells_is_number(const struct tg_cells *cells, size_t column)
{
    if (column >= tg_cells_column_count(cells))
        return false;
    const struct ArrowSchema *schema = cells->schema.children[column];
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;
    return (*format && strchr("cCsSiIlLfgd", *format)) || is_spelled_number(schema);
}

int tg_cells_next(struct tg_cells *cells, bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    error_clear(err);
    NEEDS(found);
    *found = false;
    NEEDS(cells);
    if (cells->batch.release && ++cells->row < cells->batch.length) {
        *found = true;
        return TG_OK;
    }
    do {
        array_release(&cells->batch);
        TRY(stream_next(&cells->stream, TG_DESTINATION, &cells->batch, &end, err));
    } while (!end && cells->batch.length == 0);
    cells->row = 0;
    *found = !end;
done:
    return rc;
}

static bool is_finite(const struct buf *number)
{
    const char last = number->len > 0 ? number->data[number->len - 1] : '\0';
    return last >= '0' && last <= '9';
}

int tg_cells_get(struct tg_cells *cells, size_t column, enum tg_cell_form form, const char **text,
                 size_t *len, struct tg_error *err)
{
    int rc = TG_OK;
    error_clear(err);
    NEEDS(text);
    *text = NULL;
    NEEDS(len);
    *len = 0;
    NEEDS(cells);
    if (!cells->batch.release)
        return error_set(err, TG_USAGE, "there is no row; call tg_cells_next first");
    if (column >= tg_cells_column_count(cells))
        return error_set(err, TG_USAGE, "there is no column %zu; there are %zu", column,
                         tg_cells_column_count(cells));
    const struct ArrowSchema *schema = cells->schema.children[column];
    const struct ArrowArray *array = cells->batch.children[column];
    int64_t row = cells->batch.offset + cells->row;
    buf_clear(&cells->text);
    if (form == TG_CELL_TEXT && odd_is_null(schema, array, row))
        return TG_OK;
    const bool bare = is_spelled_number(schema) && !odd_is_null(schema, array, row);
    TRY(value_shown(schema, array, row, form != TG_CELL_TEXT && !bare, &cells->text, err));
    if (form != TG_CELL_TEXT && bare && !is_finite(&cells->text)) {
        buf_clear(&cells->text);
        buf_text(&cells->text, "null");
    }
    TRY(buf_check(&cells->text, err));
    *text = buf_string(&cells->text);
    *len = cells->text.len;
done:
    return rc;
}
