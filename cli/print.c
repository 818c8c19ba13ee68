/*
 * Printing a stream: an aligned table for people, CSV or JSON for programs.
 *
 *   print_stream -> tg_cells_open -> the format's printer: begin once, row for each row, end once
 *
 * A table keeps the cells of its first ROWS_SEEN rows as text to find the widths; later rows are
 * printed with the same widths. On a terminal the widest columns give way until it fits (but not in
 * FORMAT_WHOLE), or each row is a list of its columns (put_upright); elsewhere nothing is cut. CSV
 * and JSON keep nothing. What standard output does not take is finish_output's to say
 * (command_line.c).
 */
#include "print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { ROWS_SEEN = 10000, BYTES_SEEN = 16 << 20 };
enum { NARROWEST = 8 };  /* to which a column is cut where the terminal has no room for all of it */
enum { FOLDS_MAX = 12 }; /* lines of a value that is to be read as a whole */

struct cell {
    char *text; /* visible */
    size_t len, width;
};

struct printer {
    FILE *out;
    struct tg_cells *cells;
    size_t *columns; /* what is shown of the stream's columns */
    size_t *instead; /* of each: what is shown where it has no value */
    size_t column_count;
    uint64_t row_count;
    /* tables only */
    struct cell *kept; /* the header and the first rows */
    size_t kept_count, kept_cap, kept_bytes;
    size_t room;  /* columns of the terminal; 0: it is none, and nothing is cut */
    bool whole;   /* no column gives way */
    bool upright; /* a row is a list of its columns: there is no room for a table */
    uint64_t upright_count;
    struct cell *titles;
    size_t *widths;
    bool *words;      /* has a column anything but digits? */
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
    size_t bytes = control_bytes(text, text_len);
    if (bytes > 0) {
        const unsigned char c = (unsigned char)text[bytes - 1];
        if (c >= 7 && c < 7 + sizeof(escapes) - 1)
            *len = *width = (size_t)snprintf(out, 8, "\\%c", escapes[c - 7]);
        else
            *len = *width = (size_t)snprintf(out, 8, "\\x%02x", c);
        return bytes;
    }
    *width = char_columns(text, text_len, &bytes);
    memcpy(out, text, bytes);
    *len = bytes;
    return bytes;
}

/* Escaped; of what a terminal has no room for the beginning is enough (`room`; 0: all of it). */
static int make_cell(struct cell *cell, const char *text, size_t len, size_t room,
                     struct tg_error *err)
{
    enum { GROWTH_MAX = 4 }; /* of a byte that is escaped */
    *cell = (struct cell){.width = 0};
    const size_t most = room > 0 && room * 8 < len ? room * 8 : len;
    cell->text = malloc(most * GROWTH_MAX + 8);
    if (!cell->text)
        return no_memory(err);
    for (size_t at = 0, out_len, width; at < most && (room == 0 || cell->width <= room);) {
        at += put_visible(cell->text + cell->len, text + at, len - at, &out_len, &width);
        cell->len += out_len;
        cell->width += width;
    }
    char *shrunk = realloc(cell->text, cell->len + 1);
    cell->text = shrunk ? shrunk : cell->text;
    cell->text[cell->len] = '\0';
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

void print_lines(const char *text, FILE *out)
{
    size_t left = strlen(text), bytes, len, width;
    for (; left > 0; text += bytes, left -= bytes) {
        char visible[8] = {*text};
        bytes = len = 1;
        if (*text != '\n' && *text != '\t')
            bytes = put_visible(visible, text, left, &len, &width);
        fwrite(visible, 1, len, out);
    }
}

/* A number, or an id of a load: half of it is worth nothing. */
static bool is_digits(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.'))
        at++;
    return at == len;
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
    int rc = make_cell(cell, text, len, printer->room * (printer->whole ? FOLDS_MAX : 1), err);
    if (rc)
        return rc;
    printer->kept_count++;
    printer->kept_bytes += cell->len;
    printer->words[column] |= text != printer->null && !is_digits(text, len);
    if (!printer->streaming && printer->widths[column] < cell->width)
        printer->widths[column] = cell->width;
    return TG_OK;
}

static void put_repeated(FILE *out, char c, size_t count)
{
    while (count-- > 0)
        fputc(c, out);
}

/* Cut with an ellipsis where it is wider; returns the columns that it takes. */
static size_t put_cut(FILE *out, const struct cell *cell, size_t room)
{
    if (room > 0 && cell->width > room)
        return print_visible(cell->text, room, out);
    fwrite(cell->text, 1, cell->len, out);
    return cell->width;
}

/* One line of `cells`, aligned. Nothing follows the last value. */
static void put_cells(const struct printer *printer, const struct cell *cells)
{
    for (size_t i = 0; i < printer->column_count; i++) {
        const bool right = tg_cells_is_number(printer->cells, printer->columns[i]);
        const size_t width = printer->widths[i], room = printer->room > 0 && !right ? width : 0;
        const size_t takes = room > 0 && cells[i].width > width ? width : cells[i].width;
        bool last = i + 1 == printer->column_count;
        put_repeated(printer->out, ' ',
                     (i > 0 ? 2 : 0) + (right && width > takes ? width - takes : 0));
        const size_t took = put_cut(printer->out, &cells[i], room);
        put_repeated(printer->out, ' ', right || last || took > width ? 0 : width - took);
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

/* ---- a terminal's room ---- */

static size_t widths_sum(const struct printer *printer)
{
    size_t sum = 2 * printer->column_count - 2;
    for (size_t i = 0; i < printer->column_count; i++)
        sum += printer->widths[i];
    return sum;
}

/* The widest one of words gives way, again and again; digits are never cut. NULL: nothing can give
 * way. */
static size_t *widest(struct printer *printer)
{
    size_t *found = NULL;
    for (size_t i = 0; i < printer->column_count; i++)
        if (printer->words[i] && !tg_cells_is_number(printer->cells, printer->columns[i]) &&
            printer->widths[i] > NARROWEST && (!found || printer->widths[i] > *found))
            found = &printer->widths[i];
    return found;
}

static void fit_widths(struct printer *printer)
{
    size_t *column = NULL;
    if (printer->room == 0 || printer->column_count == 0)
        return;
    while (!printer->whole && widths_sum(printer) > printer->room && (column = widest(printer)))
        --*column;
    printer->upright = widths_sum(printer) > printer->room;
}

/* Bytes of the next line, which ends before a word where it can. */
static size_t line_bytes(const char *text, const char *end, size_t room)
{
    size_t bytes = 0, columns = 0, words = 0, len;
    while (text + bytes < end) {
        columns += char_columns(text + bytes, (size_t)(end - text) - bytes, &len);
        if (columns > room && bytes > 0)
            return words > 0 ? words : bytes;
        bytes += len;
        words = text[bytes] == ' ' ? bytes : words;
    }
    return bytes;
}

/* The whole of it, in as many lines as it takes, up to some. */
static void put_folded(FILE *out, const struct cell *cell, size_t indent, size_t room)
{
    const char *at = cell->text, *end = at + cell->len;
    for (int line = 0; at < end; line++) {
        if (line > 0)
            fprintf(out, "\n%*s", (int)indent, "");
        if (line + 1 == FOLDS_MAX) {
            print_visible(at, room, out);
            return;
        }
        const size_t bytes = line_bytes(at, end, room);
        fwrite(at, 1, bytes, out);
        at += bytes;
        at += at < end && *at == ' ';
    }
}

/* A line for each column of a row, behind a line that says which row it is. */
static void put_upright(struct printer *printer, const struct cell *cells)
{
    size_t width = 0;
    const struct cell *titles = printer->titles;
    for (size_t i = 0; i < printer->column_count; i++)
        width = titles[i].width > width ? titles[i].width : width;
    fprintf(printer->out, "-- row %" PRIu64 "\n", ++printer->upright_count);
    for (size_t i = 0; i < printer->column_count; i++) {
        size_t took = put_cut(printer->out, &titles[i], 0);
        put_repeated(printer->out, ' ', width - took + 2);
        const size_t room = printer->room > width + 2 ? printer->room - width - 2 : NARROWEST;
        if (printer->whole)
            put_folded(printer->out, &cells[i], width + 2, room);
        else
            put_cut(printer->out, &cells[i], room);
        fputc('\n', printer->out);
    }
}

static void forget_kept(struct printer *printer)
{
    for (size_t i = 0; i < printer->kept_count; i++)
        free(printer->kept[i].text);
    printer->kept_count = printer->kept_bytes = 0;
}

/* The first line that is kept, of which the printer keeps hold; returns how many cells it has. */
static size_t print_titles(struct printer *printer)
{
    const size_t count = printer->column_count;
    for (size_t i = 0; i < count; i++) {
        printer->titles[i] = printer->kept[i];
        printer->kept[i].text = NULL;
    }
    fit_widths(printer);
    printer->streaming = true;
    if (!printer->upright) {
        put_cells(printer, printer->titles);
        put_rule(printer);
    }
    return count;
}

/* Prints the rows that are kept, the first time after header and rule. */
static void print_kept(struct printer *printer)
{
    size_t at = 0;
    if (!printer->streaming && printer->kept_count > 0)
        at = print_titles(printer);
    for (; at < printer->kept_count; at += printer->column_count) {
        if (printer->upright)
            put_upright(printer, &printer->kept[at]);
        else
            put_cells(printer, &printer->kept[at]);
    }
    forget_kept(printer);
}

static int table_begin(struct printer *printer, struct tg_error *err)
{
    printer->room = terminal_columns(printer->out);
    printer->widths = calloc(printer->column_count + 1, sizeof(*printer->widths));
    printer->titles = calloc(printer->column_count + 1, sizeof(*printer->titles));
    printer->words = calloc(printer->column_count + 1, sizeof(*printer->words));
    if (!printer->widths || !printer->titles || !printer->words)
        return no_memory(err);
    for (size_t i = 0; i < printer->column_count; i++) {
        const char *name = tg_cells_column_name(printer->cells, printer->columns[i]);
        int rc = keep_cell(printer, i, name, strlen(name), err);
        if (rc)
            return rc;
        printer->words[i] = false;
    }
    return TG_OK;
}

static int table_row(struct printer *printer, struct tg_error *err)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < printer->column_count; i++) {
        int rc = tg_cells_get(printer->cells, printer->columns[i], TG_CELL_TEXT, &text, &len, err);
        if (!rc && !text && printer->instead[i] != printer->columns[i])
            rc = tg_cells_get(printer->cells, printer->instead[i], TG_CELL_TEXT, &text, &len, err);
        if (!rc)
            rc = keep_cell(printer, i, text ? text : printer->null,
                           text ? len : strlen(printer->null), err);
        if (rc)
            return rc;
    }
    if (printer->streaming || printer->row_count == ROWS_SEEN || printer->kept_bytes > BYTES_SEEN)
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
    [FORMAT_WHOLE] = {table_begin, table_row, table_end, "NULL"},
    [FORMAT_LIST] = {table_begin, table_row, print_kept, ""},
    [FORMAT_CSV] = {csv_begin, csv_row, csv_end, NULL},
    [FORMAT_JSON] = {json_begin, json_row, json_end, NULL},
};

/* As it stands in the list, with what stands in for it; NULL: it does not. */
static const char *find_listed(const char *const *names, const char *name)
{
    const size_t len = strlen(name);
    while (*names && (strncmp(*names, name, len) != 0 || !strchr("|", (*names)[len])))
        names++;
    return *names;
}

static size_t find_instead(const struct printer *printer, const char *listed, size_t column)
{
    const char *bar = listed ? strchr(listed, '|') : NULL;
    for (size_t i = 0; bar && i < tg_cells_column_count(printer->cells); i++)
        if (strcmp(tg_cells_column_name(printer->cells, i), bar + 1) == 0)
            return i;
    return column;
}

/* The columns of the list, or all. */
static int pick_columns(struct printer *printer, const char *const *names, struct tg_error *err)
{
    size_t count = tg_cells_column_count(printer->cells);
    printer->columns = calloc(count + 1, sizeof(*printer->columns));
    printer->instead = calloc(count + 1, sizeof(*printer->instead));
    if (!printer->columns || !printer->instead)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const char *name = tg_cells_column_name(printer->cells, i),
                   *listed = names ? find_listed(names, name) : NULL;
        if (names && !listed)
            continue;
        printer->instead[printer->column_count] = find_instead(printer, listed, i);
        printer->columns[printer->column_count++] = i;
    }
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
    struct printer printer = {
        .out = out, .whole = format == FORMAT_WHOLE, .null = formats[format].null};
    int rc = tg_cells_open(&printer.cells, stream, err);
    if (!rc)
        rc = pick_columns(&printer, columns, err);
    if (!rc)
        rc = print_rows(&printer, format, err);
    forget_kept(&printer);
    for (size_t i = 0; printer.titles && i < printer.column_count; i++)
        free(printer.titles[i].text);
    free(printer.titles);
    free(printer.words);
    free(printer.kept);
    free(printer.columns);
    free(printer.instead);
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

enum { WORD_BYTES = 1400, SENTENCE_BYTES = 8192 };

/* Columns that so many bytes take, as a terminal may see them. */
static size_t visible_columns(const char *text, size_t len)
{
    size_t columns = 0, at = 0, out_len, width;
    for (char out[8]; at < len; columns += width)
        at += put_visible(out, text + at, len - at, &out_len, &width);
    return columns;
}

/* No word is clipped: it may be a place. */
static void wrap(const char *text, size_t at, size_t indent, size_t width, FILE *out)
{
    bool is_first = true;
    char word[WORD_BYTES];
    while (*text) {
        size_t len = strcspn(text, " ");
        if (!is_first && at + 1 + visible_columns(text, len) > width)
            at = (size_t)fprintf(out, "\n%*s", (int)indent, "") - 1;
        else if (!is_first)
            at += (size_t)fprintf(out, " ");
        snprintf(word, sizeof(word), "%.*s", (int)len, text);
        at += print_visible(word, WORD_BYTES, out);
        text += len + (text[len] == ' ');
        is_first = false;
    }
    fputc('\n', out);
}

void print_wrapped(const char *text, size_t at, size_t indent)
{
    wrap(text, at, indent, LINE_WIDTH, stdout);
}

void print_sentence(FILE *out, const char *format, ...)
{
    va_list args;
    char text[SENTENCE_BYTES];
    const size_t columns = terminal_columns(out);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char *more = strchr(text, '\n');
    if (more)
        *more++ = '\0';
    wrap(text, 0, 0, columns > 0 ? columns : SIZE_MAX / 2, out);
    if (more) {
        print_lines(more, out);
        fputc('\n', out);
    }
}
