/*
 * Printing a stream: an aligned table for people, CSV or JSON for programs.
 *
 *   print_stream -> tg_cells_open -> the format's printer: begin once, row for each row, end once
 *
 * A table keeps the cells of its first ROWS_SEEN rows as text to find the widths; later rows are
 * printed with the same widths. CSV and JSON keep nothing. What standard output does not take is
 * finish_output's to say (command_line.c).
 */
#include "print.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_SEEN = 10000, WIDTH_MAX = 60 };

struct cell {
    char *text; /* visible, clipped, no NUL at its end; NULL: empty */
    size_t len, width;
};

struct printer {
    FILE *out;
    struct tg_cells *cells;
    size_t *columns; /* what is shown of the stream's columns */
    size_t column_count;
    uint64_t row_count;
    /* tables only */
    struct cell *kept; /* the header and the first rows */
    size_t kept_count, kept_cap;
    size_t *widths;
    const char *null; /* how it looks */
    bool streaming;   /* the widths are settled */
};

static int no_memory(struct tg_error *err)
{
    err->code = TG_NOMEM;
    snprintf(err->what, sizeof(err->what), "out of memory; print fewer rows or columns");
    return TG_NOMEM;
}

/* ---- table ---- */

/* Adds one character of `text` to `out` as a terminal may see it; returns its bytes in `text`, *len
 * those in `out`, *width its columns. */
static size_t put_visible(char out[8], const char *text, size_t text_len, size_t *len,
                          size_t *width)
{
    static const char escapes[] = "abtnvfr"; /* from character 7 on */
    unsigned char c = (unsigned char)text[0];
    size_t bytes = 1;
    if (c < 0x20 || c == 0x7f) {
        if (c >= 7 && c < 7 + sizeof(escapes) - 1)
            *len = *width = (size_t)snprintf(out, 8, "\\%c", escapes[c - 7]);
        else
            *len = *width = (size_t)snprintf(out, 8, "\\x%02x", c);
        return 1;
    }
    if (c == 0xc2 && text_len > 1 && (unsigned char)text[1] < 0xa0) { /* controls, too */
        *len = *width = (size_t)snprintf(out, 8, "\\x%02x", (unsigned char)text[1]);
        return 2;
    }
    while (bytes < text_len && bytes < 4 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes++;
    memcpy(out, text, bytes);
    *len = bytes;
    *width = 1;
    return bytes;
}

/* Escaped, and clipped to WIDTH_MAX characters with an ellipsis. */
static int make_cell(struct cell *cell, const char *text, size_t len, struct tg_error *err)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    char visible[WIDTH_MAX * 4 + 16];
    size_t clip_len = 0, clip_width = 0; /* the longest start that leaves room for the ellipsis */
    *cell = (struct cell){0};
    for (size_t at = 0, out_len, width; at < len && cell->width <= WIDTH_MAX;) {
        if (cell->width <= WIDTH_MAX - 1) {
            clip_len = cell->len;
            clip_width = cell->width;
        }
        at += put_visible(visible + cell->len, text + at, len - at, &out_len, &width);
        cell->len += out_len;
        cell->width += width;
    }
    if (cell->width > WIDTH_MAX) {
        memcpy(visible + clip_len, ellipsis, sizeof(ellipsis) - 1);
        cell->len = clip_len + sizeof(ellipsis) - 1;
        cell->width = clip_width + 1;
    }
    cell->text = cell->len > 0 ? malloc(cell->len) : NULL;
    if (cell->len > 0 && !cell->text)
        return no_memory(err);
    if (cell->len > 0)
        memcpy(cell->text, visible, cell->len);
    return TG_OK;
}

size_t print_visible(const char *text, size_t width_max, FILE *out)
{
    size_t len = strlen(text), at = 0, width = 0;
    while (at < len && width < width_max) {
        char visible[8];
        size_t out_len, out_width,
            bytes = put_visible(visible, text + at, len - at, &out_len, &out_width);
        bool is_last = at + bytes == len;
        if (width + out_width > width_max - !is_last)
            break;
        fwrite(visible, 1, out_len, out);
        width += out_width;
        at += bytes;
    }
    if (at < len) {
        fputs("\xe2\x80\xa6", out);
        width++;
    }
    return width;
}

static int keep_cell(struct printer *printer, size_t column, const char *text, size_t len,
                     struct tg_error *err)
{
    if (printer->kept_count == printer->kept_cap) {
        size_t cap = printer->kept_cap ? 2 * printer->kept_cap : 64;
        struct cell *grown = realloc(printer->kept, cap * sizeof(*grown));
        if (!grown)
            return no_memory(err);
        printer->kept = grown;
        printer->kept_cap = cap;
    }
    struct cell *cell = &printer->kept[printer->kept_count];
    int rc = make_cell(cell, text, len, err);
    if (rc)
        return rc;
    printer->kept_count++;
    if (!printer->streaming && printer->widths[column] < cell->width)
        printer->widths[column] = cell->width;
    return TG_OK;
}

static void put_repeated(FILE *out, char c, size_t count)
{
    while (count-- > 0)
        fputc(c, out);
}

/* One line of `cells`, aligned. Nothing follows the last value. */
static void put_cells(const struct printer *printer, const struct cell *cells)
{
    for (size_t i = 0; i < printer->column_count; i++) {
        size_t width = printer->widths[i];
        size_t pad = width > cells[i].width ? width - cells[i].width : 0;
        bool right = tg_cells_is_number(printer->cells, printer->columns[i]);
        bool last = i + 1 == printer->column_count;
        put_repeated(printer->out, ' ', (i > 0 ? 2 : 0) + (right ? pad : 0));
        if (cells[i].text)
            fwrite(cells[i].text, 1, cells[i].len, printer->out);
        put_repeated(printer->out, ' ', right || last ? 0 : pad);
    }
    fputc('\n', printer->out);
}

static void put_rule(const struct printer *printer)
{
    for (size_t i = 0; i < printer->column_count; i++) {
        put_repeated(printer->out, ' ', i > 0 ? 2 : 0);
        put_repeated(printer->out, '-', printer->widths[i]);
    }
    fputc('\n', printer->out);
}

static void forget_kept(struct printer *printer)
{
    for (size_t i = 0; i < printer->kept_count; i++)
        free(printer->kept[i].text);
    printer->kept_count = 0;
}

/* Prints the rows that are kept, the first time after header and rule. */
static void print_kept(struct printer *printer)
{
    const struct cell *cells = printer->kept;
    size_t left = printer->column_count > 0 ? printer->kept_count / printer->column_count : 0;
    for (; left > 0; left--, cells += printer->column_count) {
        put_cells(printer, cells);
        if (!printer->streaming)
            put_rule(printer);
        printer->streaming = true;
    }
    forget_kept(printer);
}

static int table_begin(struct printer *printer, struct tg_error *err)
{
    printer->widths = calloc(printer->column_count + 1, sizeof(*printer->widths));
    if (!printer->widths)
        return no_memory(err);
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = tg_cells_column_name(printer->cells, printer->columns[i]);
        int rc = keep_cell(printer, i, name, strlen(name), err);
        if (rc)
            return rc;
    }
    return TG_OK;
}

static int table_row(struct printer *printer, struct tg_error *err)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < printer->column_count; i++) {
        int rc = tg_cells_get(printer->cells, printer->columns[i], TG_CELL_TEXT, &text, &len, err);
        if (!rc)
            rc = keep_cell(printer, i, text ? text : printer->null,
                           text ? len : strlen(printer->null), err);
        if (rc)
            return rc;
    }
    if (printer->streaming || printer->row_count == ROWS_SEEN)
        print_kept(printer);
    return TG_OK;
}

static void table_end(struct printer *printer)
{
    print_kept(printer);
    if (printer->column_count == 0 && printer->row_count == 0)
        fputs("Done, without rows\n", printer->out);
    else
        fprintf(printer->out, "(%llu %s)\n", (unsigned long long)printer->row_count,
                printer->row_count == 1 ? "row" : "rows");
}

/* ---- CSV ---- */

static void put_csv(FILE *out, const char *text, size_t len)
{
    bool quote = len == 0;
    for (size_t i = 0; i < len && !quote; i++)
        quote = strchr(",\"\r\n", text[i]) && text[i] != '\0';
    if (!quote) {
        fwrite(text, 1, len, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            fputc('"', out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

static int csv_begin(struct printer *printer, struct tg_error *err)
{
    (void)err;
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = tg_cells_column_name(printer->cells, printer->columns[i]);
        if (i > 0)
            fputc(',', printer->out);
        put_csv(printer->out, name, strlen(name));
    }
    fputc('\n', printer->out);
    return TG_OK;
}

/* NULL is nothing between commas; alone in its line it is "", for readers skip empty lines. */
static int csv_row(struct printer *printer, struct tg_error *err)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < printer->column_count; i++) {
        int rc = tg_cells_get(printer->cells, printer->columns[i], TG_CELL_TEXT, &text, &len, err);
        if (rc)
            return rc;
        if (i > 0)
            fputc(',', printer->out);
        if (text || printer->column_count == 1)
            put_csv(printer->out, text ? text : "", len);
    }
    fputc('\n', printer->out);
    return TG_OK;
}

static void csv_end(struct printer *printer)
{
    (void)printer;
}

/* ---- JSON ---- */

static int json_begin(struct printer *printer, struct tg_error *err)
{
    (void)err;
    fputc('[', printer->out);
    return TG_OK;
}

static int json_row(struct printer *printer, struct tg_error *err)
{
    const char *text;
    size_t len;
    fputs(printer->row_count == 1 ? "\n{" : ",\n{", printer->out);
    for (size_t i = 0; i < printer->column_count; i++) {
        int rc = tg_cells_get(printer->cells, printer->columns[i], TG_CELL_JSON, &text, &len, err);
        if (rc)
            return rc;
        if (i > 0)
            fputc(',', printer->out);
        print_json_text(tg_cells_column_name(printer->cells, printer->columns[i]), printer->out);
        fputc(':', printer->out);
        fwrite(text, 1, len, printer->out);
    }
    fputc('}', printer->out);
    return TG_OK;
}

static void json_end(struct printer *printer)
{
    fputs(printer->row_count > 0 ? "\n]\n" : "]\n", printer->out);
}

/* ---- all ---- */

static const struct {
    int (*begin)(struct printer *printer, struct tg_error *err);
    int (*row)(struct printer *printer, struct tg_error *err);
    void (*end)(struct printer *printer);
    const char *null;
} formats[] = {
    [FORMAT_TABLE] = {table_begin, table_row, table_end, "NULL"},
    [FORMAT_LIST] = {table_begin, table_row, print_kept, ""},
    [FORMAT_CSV] = {csv_begin, csv_row, csv_end, NULL},
    [FORMAT_JSON] = {json_begin, json_row, json_end, NULL},
};

static bool is_listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

/* The columns of the list, or all. */
static int pick_columns(struct printer *printer, const char *const *names, struct tg_error *err)
{
    size_t count = tg_cells_column_count(printer->cells);
    printer->columns = calloc(count + 1, sizeof(*printer->columns));
    if (!printer->columns)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (!names || is_listed(names, tg_cells_column_name(printer->cells, i)))
            printer->columns[printer->column_count++] = i;
    return TG_OK;
}

/* Nobody reads on where nobody takes it. */
static int print_rows(struct printer *printer, enum format format, struct tg_error *err)
{
    bool found = false;
    int rc = formats[format].begin(printer, err);
    while (!rc && !ferror(printer->out)) {
        rc = tg_cells_next(printer->cells, &found, err);
        if (rc || !found)
            break;
        printer->row_count++;
        rc = formats[format].row(printer, err);
    }
    if (!rc)
        formats[format].end(printer);
    return rc;
}

int print_stream(struct ArrowArrayStream *stream, enum format format, const char *const *columns,
                 FILE *out, struct tg_error *err)
{
    struct printer printer = {.out = out, .null = formats[format].null};
    int rc = tg_cells_open(&printer.cells, stream, err);
    if (!rc)
        rc = pick_columns(&printer, columns, err);
    if (!rc)
        rc = print_rows(&printer, format, err);
    forget_kept(&printer);
    free(printer.kept);
    free(printer.columns);
    free(printer.widths);
    tg_cells_close(printer.cells);
    return rc;
}

void print_json_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

enum { WORD_BYTES = 1400 };

/* None is clipped: it may be a place. */
void print_wrapped(const char *text, size_t at, size_t indent)
{
    bool is_first = true;
    char word[WORD_BYTES];
    while (*text) {
        size_t len = strcspn(text, " ");
        if (!is_first && at + 1 + len > LINE_WIDTH)
            at = (size_t)printf("\n%*s", (int)indent, "") - 1;
        else if (!is_first)
            at += (size_t)printf(" ");
        snprintf(word, sizeof(word), "%.*s", (int)len, text);
        at += print_visible(word, WORD_BYTES, stdout);
        text += len + (text[len] == ' ');
        is_first = false;
    }
    putchar('\n');
}
