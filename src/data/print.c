/*
 * Printing a stream: an aligned table for people, CSV or JSON for programs.
 *
 * Data path: tg_stream_print -> the format's printer: begin once, row for each row, end once. A
 * table keeps the cells of its first ROWS_SEEN rows as text to find the widths; later rows are
 * printed with the same widths. CSV and JSON keep one row.
 *
 * Left to others: values as text (view.c), the query (database).
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "data/batch.h"

enum { ROWS_SEEN = 10000, WIDTH_MAX = 60, LINE_FLUSH = 64 * 1024 };

struct cell_text {
    size_t start, len; /* in printer->kept */
    size_t width;      /* characters */
};

struct printer {
    FILE *out;
    const struct ArrowSchema *schema;
    size_t column_count;
    uint64_t row_count;
    struct buf line;  /* what is written next */
    struct buf value; /* one value */
    /* tables only */
    struct buf kept; /* the header and the first rows, clipped */
    struct cell_text *cells;
    size_t cell_count, cell_cap;
    size_t *widths;
    bool streaming; /* the widths are settled */
};

static int flush_line(struct printer *printer, size_t limit, struct tg_error *err)
{
    int rc = buf_check(&printer->line, err);

    if (rc != TG_OK || printer->line.len <= limit)
        return rc;
    errno = 0;
    if (fwrite(printer->line.data, 1, printer->line.len, printer->out) != printer->line.len)
        return error_errno(err, TG_IO, errno ? errno : EIO, "the output cannot be written");
    buf_clear(&printer->line);
    return TG_OK;
}

/* A column's rows begin at the offset of its batch. */
static bool is_null(const struct printer *printer, const struct ArrowArray *batch, size_t column,
                    int64_t row)
{
    return value_is_null(printer->schema->children[column], batch->children[column],
                         batch->offset + row);
}

static int read_value(struct printer *printer, const struct ArrowArray *batch, size_t column,
                      int64_t row, struct tg_error *err)
{
    buf_clear(&printer->value);
    return value_text(printer->schema->children[column], batch->children[column],
                      batch->offset + row, &printer->value, err);
}

static const char *column_name(const struct printer *printer, size_t column)
{
    const char *name = printer->schema->children[column]->name;

    return name ? name : "";
}

/* ---- table ---- */

/* Adds one character of `text` to `out` as a terminal may see it; returns its bytes in `text`,
 * *width its columns. */
static size_t put_visible(struct buf *out, const char *text, size_t len, size_t *width)
{
    static const char escapes[] = "abtnvfr"; /* from character 7 on */
    unsigned char c = (unsigned char)text[0];
    size_t bytes = 1;

    if (c < 0x20 || c == 0x7f) {
        size_t before = out->len;
        if (c >= 7 && c < 7 + sizeof(escapes) - 1)
            buf_printf(out, "\\%c", escapes[c - 7]);
        else
            buf_printf(out, "\\x%02x", c);
        *width = out->len - before;
        return 1;
    }
    while (bytes < len && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes++;
    buf_append(out, text, bytes);
    *width = 1;
    return bytes;
}

/* Keeps a cell: escaped, and clipped to WIDTH_MAX characters with an ellipsis. */
static int keep_cell(struct printer *printer, size_t column, const char *text, size_t len,
                     struct tg_error *err)
{
    struct cell_text cell = {.start = printer->kept.len};
    size_t clip_len = 0, clip_width = 0; /* the longest start that leaves room for the ellipsis */
    int rc = TG_OK;

    for (size_t at = 0, width; at < len && cell.width <= WIDTH_MAX; cell.width += width) {
        if (cell.width <= WIDTH_MAX - 1) {
            clip_len = printer->kept.len;
            clip_width = cell.width;
        }
        at += put_visible(&printer->kept, text + at, len - at, &width);
    }
    TRY(buf_check(&printer->kept, err));
    if (cell.width > WIDTH_MAX) {
        printer->kept.len = clip_len;
        buf_text(&printer->kept, "\xe2\x80\xa6");
        cell.width = clip_width + 1;
    }
    cell.len = printer->kept.len - cell.start;
    TRY(buf_check(&printer->kept, err));
    TRY(mem_grow(&printer->cells, &printer->cell_cap, printer->cell_count + 1, sizeof(cell), err));
    printer->cells[printer->cell_count++] = cell;
    if (!printer->streaming && printer->widths[column] < cell.width)
        printer->widths[column] = cell.width;
done:
    return rc;
}

static bool is_number(const struct ArrowSchema *schema)
{
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;

    return strchr("cCsSiIlLfgd", format[0]) && format[0] != '\0';
}

static void put_spaces(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_char(out, ' ');
}

/* One line of `cells`, aligned. Nothing follows the last value. */
static void put_cells(struct printer *printer, const struct cell_text *cells)
{
    for (size_t i = 0; i < printer->column_count; i++) {
        size_t width = printer->widths[i];
        size_t pad = width > cells[i].width ? width - cells[i].width : 0;
        bool right = is_number(printer->schema->children[i]);
        if (i > 0)
            buf_text(&printer->line, "  ");
        if (right)
            put_spaces(&printer->line, pad);
        buf_append(&printer->line, buf_string(&printer->kept) + cells[i].start, cells[i].len);
        if (!right && i + 1 < printer->column_count)
            put_spaces(&printer->line, pad);
    }
    buf_char(&printer->line, '\n');
}

/* Prints the rows that are kept, the first time after header and rule. */
static int print_kept(struct printer *printer, struct tg_error *err)
{
    const struct cell_text *cells = printer->cells;
    size_t left = printer->column_count > 0 ? printer->cell_count / printer->column_count : 0;
    int rc = TG_OK;

    for (; left > 0; left--, cells += printer->column_count) {
        put_cells(printer, cells);
        if (!printer->streaming) {
            for (size_t i = 0; i < printer->column_count; i++) {
                if (i > 0)
                    buf_text(&printer->line, "  ");
                for (size_t dash = 0; dash < printer->widths[i]; dash++)
                    buf_char(&printer->line, '-');
            }
            buf_char(&printer->line, '\n');
            printer->streaming = true;
        }
        TRY(flush_line(printer, LINE_FLUSH, err));
    }
    buf_clear(&printer->kept);
    printer->cell_count = 0;
done:
    return rc;
}

static int table_begin(struct printer *printer, struct tg_error *err)
{
    int rc = TG_OK;

    printer->widths = mem_calloc(printer->column_count + 1, sizeof(*printer->widths));
    if (!printer->widths)
        return error_nomem(err);
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = column_name(printer, i);
        TRY(keep_cell(printer, i, name, strlen(name), err));
    }
done:
    return rc;
}

static int table_row(struct printer *printer, const struct ArrowArray *batch, int64_t row,
                     struct tg_error *err)
{
    int rc = TG_OK;

    for (size_t i = 0; i < printer->column_count; i++) {
        if (is_null(printer, batch, i, row)) {
            TRY(keep_cell(printer, i, "NULL", 4, err));
            continue;
        }
        TRY(read_value(printer, batch, i, row, err));
        TRY(keep_cell(printer, i, buf_string(&printer->value), printer->value.len, err));
    }
    if (printer->streaming || printer->row_count == ROWS_SEEN)
        TRY(print_kept(printer, err));
done:
    return rc;
}

static int table_end(struct printer *printer, struct tg_error *err)
{
    int rc = print_kept(printer, err);

    buf_printf(&printer->line, "(%llu %s)\n", (unsigned long long)printer->row_count,
               printer->row_count == 1 ? "row" : "rows");
    return rc;
}

/* ---- CSV ---- */

static void put_csv(struct buf *out, const char *text, size_t len)
{
    bool quote = len == 0;

    for (size_t i = 0; i < len && !quote; i++)
        quote = strchr(",\"\r\n", text[i]) && text[i] != '\0';
    if (!quote) {
        buf_append(out, text, len);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            buf_char(out, '"');
        buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

static int csv_begin(struct printer *printer, struct tg_error *err)
{
    (void)err;
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = column_name(printer, i);
        if (i > 0)
            buf_char(&printer->line, ',');
        put_csv(&printer->line, name, strlen(name));
    }
    buf_char(&printer->line, '\n');
    return TG_OK;
}

static int csv_row(struct printer *printer, const struct ArrowArray *batch, int64_t row,
                   struct tg_error *err)
{
    int rc = TG_OK;

    for (size_t i = 0; i < printer->column_count; i++) {
        if (i > 0)
            buf_char(&printer->line, ',');
        if (is_null(printer, batch, i, row))
            continue;
        TRY(read_value(printer, batch, i, row, err));
        put_csv(&printer->line, buf_string(&printer->value), printer->value.len);
    }
    buf_char(&printer->line, '\n');
done:
    return rc;
}

static int csv_end(struct printer *printer, struct tg_error *err)
{
    return buf_check(&printer->line, err);
}

/* ---- JSON ---- */

static int json_begin(struct printer *printer, struct tg_error *err)
{
    buf_char(&printer->line, '[');
    return buf_check(&printer->line, err);
}

static int json_row(struct printer *printer, const struct ArrowArray *batch, int64_t row,
                    struct tg_error *err)
{
    int rc = TG_OK;

    buf_text(&printer->line, printer->row_count == 1 ? "\n{" : ",\n{");
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = column_name(printer, i);
        if (i > 0)
            buf_char(&printer->line, ',');
        json_string(&printer->line, name, strlen(name));
        buf_char(&printer->line, ':');
        TRY(value_json(printer->schema->children[i], batch->children[i], batch->offset + row,
                       &printer->line, err));
    }
    buf_char(&printer->line, '}');
done:
    return rc;
}

static int json_end(struct printer *printer, struct tg_error *err)
{
    buf_text(&printer->line, printer->row_count > 0 ? "\n]\n" : "]\n");
    return buf_check(&printer->line, err);
}

/* ---- all ---- */

static const struct {
    int (*begin)(struct printer *printer, struct tg_error *err);
    int (*row)(struct printer *printer, const struct ArrowArray *batch, int64_t row,
               struct tg_error *err);
    int (*end)(struct printer *printer, struct tg_error *err);
} formats[] = {
    [TG_FORMAT_TABLE] = {table_begin, table_row, table_end},
    [TG_FORMAT_CSV] = {csv_begin, csv_row, csv_end},
    [TG_FORMAT_JSON] = {json_begin, json_row, json_end},
};

static int print_batches(struct printer *printer, struct ArrowArrayStream *stream,
                         enum tg_format format, struct tg_error *err)
{
    struct ArrowArray batch = {.release = NULL};
    bool end = false;
    int rc = TG_OK;

    for (;;) {
        TRY(stream_next(stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        for (int64_t row = 0; row < batch.length; row++) {
            printer->row_count++;
            TRY(formats[format].row(printer, &batch, row, err));
            TRY(flush_line(printer, LINE_FLUSH, err));
        }
        array_release(&batch);
    }
done:
    array_release(&batch);
    return rc;
}

int tg_stream_print(struct ArrowArrayStream *stream, enum tg_format format, FILE *out,
                    struct tg_error *err)
{
    struct ArrowSchema schema = {.release = NULL};
    struct printer printer = {.out = out, .schema = &schema};
    int rc = TG_OK;

    error_clear(err);
    NEEDS(stream);
    if (!stream->release)
        return error_set(err, TG_USAGE, "the stream was printed or released before");
    if (!out)
        TRY(error_set(err, TG_USAGE, "tg_stream_print was called with NULL as out"));
    if (format < TG_FORMAT_TABLE || format > TG_FORMAT_JSON)
        TRY(error_set(err, TG_USAGE, "the format %d is none of enum tg_format", (int)format));
    TRY(stream_schema(stream, TG_DESTINATION, &schema, err));
    if (strcmp(schema.format, "+s") != 0)
        TRY(error_set(err, TG_DATA, "the stream holds no rows but values of the Arrow format '%s'",
                      schema.format));
    printer.column_count = (size_t)schema.n_children;
    TRY(formats[format].begin(&printer, err));
    TRY(print_batches(&printer, stream, format, err));
    TRY(formats[format].end(&printer, err));
    TRY(flush_line(&printer, 0, err));
    errno = 0;
    if (fflush(out) != 0 || ferror(out))
        rc = error_errno(err, TG_IO, errno ? errno : EIO, "the output cannot be written");
done:
    buf_release(&printer.line);
    buf_release(&printer.value);
    buf_release(&printer.kept);
    mem_free(printer.cells);
    mem_free(printer.widths);
    schema_release(&schema);
    stream_release(stream);
    return rc;
}
