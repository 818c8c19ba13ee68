/*
 * What the first line of a CSV file says: the names of its columns, and what separates them.
 *
 * Path: csv_header_read -> find_delimiter -> split_line (read_field, check_name) -> make_distinct,
 * which numbers what has no name.
 *
 * A header is refused where it would be guessed at: names that are not UTF-8 text, a quote that
 * nothing closes, a name that two columns have. Which of two columns of a name is meant is for the
 * spec to say: columns: names the second as `name_1`.
 */
#include "extract/formats/csv_header.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "data/rows.h"
#include "extract/formats/content.h"

/* How often `c` stands in the first line, outside of quotes. */
static size_t count_in_line(const char *text, size_t len, char c)
{
    bool quoted = false;
    size_t count = 0;
    for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        if (text[i] == '"')
            quoted = !quoted;
        count += !quoted && text[i] == c;
    }
    return count;
}

static void find_delimiter(const char *wanted, const char *head, size_t len, char out[8])
{
    static const char candidates[] = ",;\t|";
    size_t most = 0;
    snprintf(out, 8, ",");
    if (wanted && strcmp(wanted, "auto") != 0) {
        snprintf(out, 8, "%s", wanted);
        return;
    }
    for (const char *c = candidates; *c; c++) {
        size_t count = count_in_line(head, len, *c);
        if (count > most) {
            most = count;
            snprintf(out, 8, "%c", *c);
        }
    }
}

/* Moves *at behind the end of a line; false: there is none. */
static bool skip_newline(const char **at, const char *end)
{
    const char *start = *at;
    if (*at < end && **at == '\r')
        ++*at;
    if (*at < end && **at == '\n')
        ++*at;
    return *at > start;
}

/* Reads a field, quoted or not, into `out`, and moves *at behind it; false: a quote is open. */
static bool read_field(const char **at, const char *end, const char *delimiter, struct buf *out)
{
    size_t delimiter_len = strlen(delimiter);
    const char *p = *at;
    bool quoted = p < end && *p == '"';
    buf_clear(out);
    for (p += quoted; p < end; p++) {
        if (quoted && *p == '"') {
            quoted = p + 1 < end && p[1] == '"';
            p += quoted;
            if (!quoted)
                continue;
        } else if (!quoted && (*p == '\n' || *p == '\r' ||
                               ((size_t)(end - p) >= delimiter_len &&
                                memcmp(p, delimiter, delimiter_len) == 0))) {
            break;
        }
        buf_char(out, *p);
    }
    *at = p;
    return !quoted;
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

static int split_line(struct csv_header *header, const struct csv_header_options *options,
                      const char **place, const char *end, bool is_cut, struct tg_error *err)
{
    struct buf field = BUF_INIT;
    const char *at = *place, *start = at;
    bool is_closed;
    int rc = TG_OK;
    for (;;) {
        is_closed = read_field(&at, end, header->delimiter, &field);
        TRY(buf_check(&field, err));
        if (at == end && is_cut)
            TRY(error_set(err, TG_DATA,
                          "the first line is longer than %zu bytes; is this a CSV file?",
                          (size_t)(end - start)));
        if (options->has_names)
            TRY(check_name(&field, header->count + 1, err));
        TRY(add_name(header, options->has_names ? buf_string(&field) : "", err));
        if (at == end || *at == '\n' || *at == '\r')
            break;
        at += strlen(header->delimiter);
    }
    if (!is_closed && options->has_names)
        rc = error_set(err, TG_DATA, "the quote before the last name of the header is not closed");
    *place = at;
done:
    buf_release(&field);
    return rc;
}

int csv_header_read(const char *head, size_t len, bool is_cut,
                    const struct csv_header_options *options, struct csv_header *out,
                    struct tg_error *err)
{
    const char *at = head, *end = head + len;
    int rc = TG_OK;
    *out = (struct csv_header){.count = 0};
    arena_init(&out->arena);
    if (options->has_names)
        TRY(content_check_header(head, len, err));
    if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (skip_newline(&at, end))
        out->blank_lines++;
    if (at == end)
        goto done;
    find_delimiter(options->delimiter, at, (size_t)(end - at), out->delimiter);
    TRY(split_line(out, options, &at, end, is_cut, err));
    (void)skip_newline(&at, end);
    out->bytes = (size_t)(at - head);
    TRY(make_distinct(out, options, err));
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
