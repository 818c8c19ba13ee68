/*
 * What the first line of a CSV file says: the names of its columns, and what separates them.
 *
 * Path: csv_header_read -> read_line: pass_lines, pass_blank -> find_delimiter -> split_line
 * (csv_split.c) -> take_names: check_name, and make_distinct, which numbers what has no name.
 *
 * A header is refused where it would be guessed at: names that are not UTF-8 text, a quote that
 * nothing closes, a name that two columns have. Which of two columns of a name is meant is for the
 * spec to say: columns: names the second as `name_1`.
 */
#include "extract/formats/csv_header.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "data/rows.h"
#include "extract/formats/content.h"

/* ---- The delimiter ------------------------------------------------------------------------- */

/* How often `c` stands in the first line, outside of quotes. */
static size_t count_in_line(const char *text, size_t len, char quote, char c)
{
    bool quoted = false;
    size_t count = 0;
    for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        if (quote && text[i] == quote)
            quoted = !quoted;
        count += !quoted && text[i] == c;
    }
    return count;
}

static void find_delimiter(const char *line, size_t len, struct csv_syntax *syntax)
{
    static const char candidates[] = ",;\t|";
    size_t most = 0;
    syntax->delimiter[0] = ',';
    for (const char *c = candidates; *c; c++) {
        size_t count = count_in_line(line, len, syntax->quote, *c);
        if (count > most)
            syntax->delimiter[0] = *c;
        most = count > most ? count : most;
    }
}

/* ---- Names --------------------------------------------------------------------------------- */

/* Bytes that are no printable text as '?', for a message. */
static void printable(const struct buf *name, char out[64])
{
    size_t len = 0;
    for (; len < name->len && len < 63; len++)
        out[len] = name->data[len] >= ' ' && name->data[len] < 0x7f ? name->data[len] : '?';
    out[len] = '\0';
}

static int check_name(const struct buf *name, size_t column, struct tg_error *err)
{
    char shown[64];
    printable(name, shown);
    if (!utf8_is_valid(buf_string(name), name->len))
        return error_set(err, TG_DATA,
                         "the name of column %zu in the header, '%s', is not UTF-8; convert the "
                         "file, as by iconv -f WINDOWS-1252 -t UTF-8",
                         column, shown);
    for (size_t i = 0; i < name->len; i++)
        if ((unsigned char)name->data[i] < ' ' && !memchr("\t\r\n", name->data[i], 3))
            return error_set(err, TG_DATA,
                             "the name of column %zu in the header, '%s', has the byte 0x%02x; is "
                             "this a CSV file?",
                             column, shown, (unsigned)name->data[i]);
    return TG_OK;
}

static int add_name(struct csv_header *header, const char *name, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&header->names, &header->cap, header->count + 1, sizeof(*header->names), err));
    header->names[header->count] = arena_strdup(&header->arena, name);
    if (!header->names[header->count++])
        rc = error_nomem(err);
done:
    return rc;
}

/* The first column of a name among the first `count`; `count`: there is none. */
static size_t find_name(const struct csv_header *header, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(header->names[i], name) != 0)
        i++;
    return i;
}

static bool is_listed(const struct csv_header_options *options, const char *name)
{
    for (size_t i = 0; i < options->column_count; i++)
        if (strcmp(options->columns[i].name, name) == 0)
            return true;
    return false;
}

/* `name`, or the first of name_1, name_2 and so on, that no column has; NULL: no memory. */
static const char *free_name(struct csv_header *header, const char *name)
{
    const char *own = name;
    for (int n = 1; own && find_name(header, header->count, own) < header->count; n++)
        own = arena_printf(&header->arena, "%s_%d", name, n);
    return own;
}

/* A column without a name is numbered. One whose name is taken gets a number behind it, if columns:
 * has that name. */
static int make_distinct(struct csv_header *header, const struct csv_header_options *options,
                         struct tg_error *err)
{
    for (size_t i = 0; i < header->count; i++) {
        const char *name = header->names[i];
        bool is_named = *name != '\0';
        size_t first = find_name(header, i, name);
        if (is_named && first == i)
            continue;
        if (!is_named)
            name = arena_printf(&header->arena, "column%zu", i);
        const char *own = name ? free_name(header, name) : NULL;
        if (!own)
            return error_nomem(err);
        if (is_named && !is_listed(options, own))
            return error_set(err, TG_DATA,
                             "columns %zu and %zu of the header are both named '%s'; correct the "
                             "header, or list the second one as '%s' under columns:",
                             first + 1, i + 1, name, own);
        header->names[i] = own;
    }
    return TG_OK;
}

/* ---- The line ------------------------------------------------------------------------------ */

static int too_long(size_t len, struct tg_error *err)
{
    return error_set(err, TG_DATA, "the first line is longer than %zu bytes; is this a CSV file?",
                     len);
}

/* What is before the line: lines that are to be skipped, and the one by which spreadsheets are told
 * the delimiter. */
static int pass_lines(struct csv_split *split, const struct csv_header_options *options,
                      bool is_cut, struct tg_error *err)
{
    for (uint64_t i = 0; i < options->skip; i++)
        if (csv_split_pass(split) == CSV_MORE)
            return is_cut ? too_long(split->end, err) : TG_OK;
    const char *line = split->text + split->at;
    bool is_told = split->end - split->at >= 6 && strncasecmp(line, "sep=", 4) == 0 &&
                   (line[5] == '\n' || line[5] == '\r');
    if (!is_told)
        return TG_OK;
    if (!options->syntax.delimiter[0])
        split->syntax.delimiter[0] = line[4];
    (void)csv_split_pass(split);
    return TG_OK;
}

/* Blank lines and comments; the delimiter is told by what comes behind them. */
static int pass_blank(struct csv_split *split, bool is_cut, struct tg_error *err)
{
    char comment = split->syntax.comment;
    while (split->at < split->end) {
        char c = split->text[split->at];
        if (c != '\n' && c != '\r' && !(comment && c == comment))
            break;
        if (csv_split_pass(split) == CSV_MORE)
            return is_cut ? too_long(split->end - split->at, err) : TG_OK;
    }
    return TG_OK;
}

/* Its fields, `row->count` of them. */
static int split_line(struct csv_split *split, struct csv_field **fields, struct csv_row *row,
                      bool is_cut, struct tg_error *err)
{
    const struct csv_split start = *split;
    size_t cap = 0;
    enum csv_found found = csv_split_row(split, NULL, 0, row);
    int rc = TG_OK;
    if (found == CSV_ROW) {
        TRY(mem_grow(fields, &cap, row->count, sizeof(**fields), err));
        *split = start;
        found = csv_split_row(split, *fields, cap, row);
    }
    if (found == CSV_MORE || (found == CSV_OPEN_QUOTE && is_cut))
        return too_long(split->end - split->at, err);
    if (found == CSV_OPEN_QUOTE)
        return error_set(err, TG_DATA,
                         "the quote before the last name of the header is not closed");
    if (found == CSV_BEHIND_QUOTE)
        return error_set(err, TG_DATA,
                         "there is text with quotes behind a name of the header that is in quotes; "
                         "double the quotes in it, or say quote: none");
    row->count = found == CSV_END ? 0 : row->count;
done:
    return rc;
}

static int take_names(struct csv_header *header, const struct csv_header_options *options,
                      char *text, struct csv_field *fields, size_t count, struct tg_error *err)
{
    struct buf name = BUF_INIT;
    int rc = TG_OK;
    for (size_t i = 0; i < count; i++) {
        buf_clear(&name);
        if (fields[i].escaped)
            csv_unescape(&header->syntax, text, &fields[i]);
        buf_append(&name, text + fields[i].start, fields[i].len);
        TRY(buf_check(&name, err));
        if (options->has_names)
            TRY(check_name(&name, i + 1, err));
        TRY(add_name(header, options->has_names ? buf_string(&name) : "", err));
    }
    TRY(make_distinct(header, options, err));
done:
    buf_release(&name);
    return rc;
}

/* In a text of its own: names are unescaped in their place. */
static int read_line(const char *head, size_t len, bool is_cut,
                     const struct csv_header_options *options, struct csv_header *out,
                     struct tg_error *err)
{
    struct csv_split split = {.syntax = options->syntax, .line = 1};
    struct csv_field *fields = NULL;
    struct csv_row row = {.count = 0};
    char *line = NULL;
    const size_t start = utf8_mark(head, len);
    int rc = TG_OK;
    csv_split_text(&split, head, start, len, !is_cut);
    TRY(pass_lines(&split, options, is_cut, err));
    TRY(pass_blank(&split, is_cut, err));
    if (options->has_names)
        TRY(content_check_header(head + split.at, len - split.at, err));
    if (!split.syntax.delimiter[0])
        find_delimiter(head + split.at, len - split.at, &split.syntax);
    const struct csv_split begin = split;
    csv_split_text(&split, head, split.at, len, !is_cut);
    TRY(split_line(&split, &fields, &row, is_cut, err));
    out->syntax = split.syntax;
    out->bytes = options->has_names ? split.at : begin.at;
    out->lines = (options->has_names ? split.line : begin.line) - 1;
    line = mem_strndup(head, row.end);
    if (!line)
        TRY(error_nomem(err));
    TRY(take_names(out, options, line, fields, row.count, err));
done:
    mem_free(fields);
    mem_free(line);
    return rc;
}

int csv_header_read(const char *head, size_t len, bool is_cut,
                    const struct csv_header_options *options, struct csv_header *out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct csv_header){.count = 0};
    arena_init(&out->arena);
    TRY(read_line(head, len, is_cut, options, out, err));
done:
    if (rc != TG_OK)
        csv_header_release(out);
    return rc;
}

void csv_header_release(struct csv_header *header)
{
    arena_release(&header->arena);
    mem_free(header->names);
    *header = (struct csv_header){.count = 0};
}
