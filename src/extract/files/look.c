/*
 * A first look at a file -> the options by which it is read.
 *
 * Data path: look_at_file -> put_resource; of CSV put_csv: read_head (csv_text.c; the encoding) ->
 * find_shape: by which delimiter, quote and escape have most rows as many fields, and where they
 * begin -> take_rows -> put_syntax, and put_columns: look_values of each, as they are and as they
 * are written somewhere; each option with its reason. Of JSON put_json (look_json.c).
 *
 * What the reader does by itself is not written down. Nothing is certain that is told by a file's
 * beginning, which is why reasons stand beside it: whoever knows better corrects it.
 */
#include "extract/files/look.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/text/literal.h"
#include "extract/files/format.h"
#include "extract/files/look_json.h"
#include "extract/formats/content.h"
#include "extract/formats/csv_local.h"
#include "extract/formats/csv_split.h"
#include "extract/formats/csv_text.h"

enum { ROWS_MAX = 1000, NULLS_MAX = 8 };

/* How the rows of a text come out by a syntax. */
struct shape {
    struct csv_syntax syntax;
    size_t width, rows, fitting; /* fields of most rows; all rows; those that have so many */
    size_t bad;                  /* rows whose quotes are wrong */
    size_t skipped;              /* rows, and lines, before the first that fits */
    uint64_t lines;
};

struct look {
    char *text; /* UTF-8 */
    size_t len;
    enum encoding encoding;
    const char *encoding_name; /* NULL: told by itself */
    struct shape shape;
    struct csv_field *fields; /* of `shape.rows` rows of `shape.width` */
    size_t row_count;
    bool has_header;
    const char *nulls[NULLS_MAX];
    size_t null_count;
};

/* ---- the text ---- */

/* Bytes that are no UTF-8: UTF-16 has zeros; what else there is most is Windows' own. */
static void tell_encoding(struct look *look, const char *head, size_t len)
{
    bool is_wide = len >= 4 && (head[0] == '\0') != (head[1] == '\0') &&
                   (head[2] == '\0') != (head[3] == '\0');
    if (look->encoding != ENCODING_UTF8)
        return;
    if (is_wide) {
        look->encoding = head[0] == '\0' ? ENCODING_UTF16BE : ENCODING_UTF16LE;
        look->encoding_name = head[0] == '\0' ? "utf-16be" : "utf-16le";
        return;
    }
    while (len > 0 && !utf8_is_valid(head + len - 1, 1)) /* a character that was cut */
        len--;
    if (utf8_is_valid(head, len))
        return;
    look->encoding = ENCODING_WINDOWS1252;
    look->encoding_name = "windows-1252";
}

static int read_head(struct look *look, const char *path, struct tg_error *err)
{
    struct reader *reader = NULL;
    struct csv_text *text = NULL;
    size_t len, used;
    int rc = TG_OK;
    TRY(reader_open(path, &reader, err));
    TRY(csv_text_open(reader, ENCODING_AUTO, NULL, &text, err));
    const char *head = csv_text_head(text, &len);
    look->encoding = csv_text_encoding(text);
    tell_encoding(look, head, len);
    if (look->encoding == ENCODING_UTF8 || look->encoding == ENCODING_WINDOWS1252)
        TRY(content_check_text(head, len, err));
    look->text = mem_calloc(1, encoding_room(len) + CSV_ROOM);
    if (!look->text)
        TRY(error_nomem(err));
    look->len = encoding_decode(look->encoding, head, len, true, look->text, &used);
    for (bool cut = !csv_text_has_whole_head(text); cut && look->len > 0; look->len--)
        if (look->text[look->len - 1] == '\n' || look->text[look->len - 1] == '\r')
            break;
done:
    csv_text_close(text);
    return rc;
}

/* ---- the shape ---- */

/* The next row, bad ones passed over; false: none. */
static bool next_row(struct csv_split *split, struct csv_field *fields, size_t cap,
                     struct csv_row *row, size_t *bad)
{
    for (;;) {
        enum csv_found found = csv_split_row(split, fields, cap, row);
        if (found == CSV_ROW)
            return true;
        if (found == CSV_END || csv_split_pass(split) != CSV_ROW)
            return false;
        ++*bad;
    }
}

static struct csv_split begin_split(const struct look *look, const struct csv_syntax *syntax)
{
    struct csv_split split = {.syntax = *syntax, .line = 1};
    csv_split_text(&split, look->text, utf8_mark(look->text, look->len), look->len, true);
    return split;
}

/* The first row behind which most have the width: a title has another one, as a rule. */
static void find_first(struct shape *shape, const size_t *counts, const uint64_t *lines)
{
    size_t first = 0;
    while (first + 1 < shape->rows && counts[first] != shape->width)
        first++;
    shape->skipped = first;
    shape->lines = shape->rows > 0 ? lines[first] - 1 : 0;
    for (size_t i = first; i < shape->rows; i++)
        shape->fitting += counts[i] == shape->width;
}

/* Of as many rows as any other; of two such, the larger one. */
static size_t find_width(const size_t *counts, size_t rows)
{
    size_t width = 1, most = 0;
    for (size_t i = 0; i < rows; i++) {
        size_t same = 0;
        for (size_t k = 0; k < rows; k++)
            same += counts[k] == counts[i];
        if (same > most || (same == most && counts[i] > width))
            width = counts[i];
        most = same > most ? same : most;
    }
    return width;
}

static struct shape measure(const struct look *look, struct csv_syntax syntax)
{
    size_t counts[ROWS_MAX];
    uint64_t lines[ROWS_MAX];
    struct csv_split split = begin_split(look, &syntax);
    struct shape shape = {.syntax = syntax};
    struct csv_row row;
    while (shape.rows < ROWS_MAX && next_row(&split, NULL, 0, &row, &shape.bad)) {
        counts[shape.rows] = row.count;
        lines[shape.rows++] = row.line;
    }
    shape.width = find_width(counts, shape.rows);
    find_first(&shape, counts, lines);
    return shape;
}

/* Rows that come out alike count, then how much is parted by it. */
static bool is_better(const struct shape *a, const struct shape *b)
{
    size_t left = a->fitting * (b->rows + b->bad), right = b->fitting * (a->rows + a->bad);
    if ((a->width > 1) != (b->width > 1))
        return a->width > 1 && 2 * a->fitting > a->rows - a->skipped;
    return left != right ? left > right : a->width > b->width;
}

static void try_syntax(struct look *look, struct csv_syntax syntax)
{
    struct shape shape = measure(look, syntax);
    if (is_better(&shape, &look->shape))
        look->shape = shape;
}

/* How many fields stand between two of them, as most in quotes do. */
static size_t count_around(const struct look *look, char quote)
{
    size_t count = 0;
    for (size_t i = 1; i + 1 < look->len; i++)
        count +=
            look->text[i] == quote && strchr(",;\t|\n\r", look->text[i - 1]) && look->text[i - 1];
    return count;
}

static void find_shape(struct look *look)
{
    static const char *const delimiters[] = {",", ";", "\t", "|"};
    char quote = count_around(look, '\'') > count_around(look, '"') ? '\'' : '"';
    struct csv_syntax syntax = {.quote = quote};
    for (size_t i = 0; i < sizeof(delimiters) / sizeof(delimiters[0]); i++) {
        memcpy(syntax.delimiter, delimiters[i], 2);
        try_syntax(look, syntax);
    }
    syntax = look->shape.syntax;
    syntax.escape = '\\';
    char escaped[] = {'\\', quote, '\0'};
    if (strstr(look->text, escaped))
        try_syntax(look, syntax);
    syntax = look->shape.syntax;
    for (const char *c = "#%"; *c; c++) {
        const char line[] = {'\n', *c, '\0'}, other[] = {'\r', *c, '\0'};
        syntax.comment = *c;
        if (strstr(look->text, line) || strstr(look->text, other) || look->text[0] == *c)
            try_syntax(look, syntax);
    }
    syntax = look->shape.syntax;
    syntax.quote = '\0';
    if (look->shape.bad > 0)
        try_syntax(look, syntax);
}

/* ---- rows ---- */

static int take_rows(struct look *look, struct tg_error *err)
{
    const size_t width = look->shape.width;
    struct csv_split split = begin_split(look, &look->shape.syntax);
    struct csv_row row;
    size_t bad = 0;
    look->fields = mem_calloc((look->shape.rows + 1) * width, sizeof(*look->fields));
    if (!look->fields)
        return error_nomem(err);
    for (size_t i = 0; i < look->shape.skipped; i++)
        (void)next_row(&split, NULL, 0, &row, &bad);
    while (look->row_count < look->shape.rows) {
        struct csv_field *fields = look->fields + look->row_count * width;
        if (!next_row(&split, fields, width, &row, &bad))
            break;
        for (size_t i = row.count; i < width; i++)
            fields[i] = (struct csv_field){.start = CSV_MISSING};
        for (size_t i = 0; i < width && i < row.count; i++)
            if (fields[i].escaped)
                csv_unescape(&look->shape.syntax, look->text, &fields[i]);
        look->row_count++;
    }
    return TG_OK;
}

/* Of a row, the first one 0; false: nothing is there. */
static bool get_value(const struct look *look, size_t row, size_t column, const char **text,
                      size_t *len)
{
    const struct csv_field *field = &look->fields[row * look->shape.width + column];
    if (field->start == CSV_MISSING || field->len == 0)
        return false;
    *text = look->text + field->start;
    *len = field->len;
    return true;
}

/* Names are texts; where the first row has a number or a date, it is none of names. */
static bool looks_like_header(const struct look *look)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < look->shape.width; i++) {
        struct literal_kinds kinds = {0};
        if (!get_value(look, 0, i, &text, &len))
            continue;
        literal_see(&kinds, text, len);
        if (!literal_is_text(&kinds))
            return false;
    }
    return true;
}

/* ---- values ---- */

static const char *null_text(const char *text, size_t len)
{
    static const char *const nulls[] = {"NA",  "N/A",  "n/a", "NULL", "null",
                                        "\\N", "None", "-",   "#N/A", "NaN"};
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
        if (strlen(nulls[i]) == len && memcmp(nulls[i], text, len) == 0)
            return nulls[i];
    return NULL;
}

/* What all values of a column are, if they are written so; TYPE_TEXT: nothing else. */
static struct type_spec look_values(const struct look *look, size_t column,
                                    const struct csv_local *local)
{
    struct literal_kinds kinds = {0};
    for (size_t row = look->has_header; row < look->row_count; row++) {
        char out[CSV_LOCAL_MAX];
        const char *text;
        size_t len, local_len;
        if (!get_value(look, row, column, &text, &len) || null_text(text, len))
            continue;
        enum csv_local_form form = csv_local_read(local, text, len, out, &local_len);
        literal_see(&kinds, form == LOCAL_CHANGED ? out : text,
                    form == LOCAL_TEXT      ? 0
                    : form == LOCAL_CHANGED ? local_len
                                            : len);
    }
    return literal_type(&kinds);
}

/* The first of those by which the column is more than text. */
static const struct csv_local *find_local(const struct look *look, size_t column)
{
    static const struct csv_local all[] = {
        {.decimal = NULL},
        {.decimal = ","},
        {.decimal = ",", .thousands = "."},
        {.thousands = ","},
        {.thousands = "'"},
        {.thousands = " "},
        {.decimal = ",", .thousands = " "},
        {.date_format = "%d.%m.%Y"},
        {.date_format = "%d/%m/%Y"},
        {.date_format = "%m/%d/%Y"},
        {.date_format = "%d-%m-%Y"},
        {.date_format = "%Y/%m/%d"},
        {.date_format = "%d.%m.%y"},
        {.timestamp_format = "%d.%m.%Y %H:%M"},
        {.timestamp_format = "%d.%m.%Y %H:%M:%S"},
        {.timestamp_format = "%d/%m/%Y %H:%M"},
        {.timestamp_format = "%d/%m/%Y %H:%M:%S"},
        {.timestamp_format = "%m/%d/%Y %H:%M"},
        {.timestamp_format = "%m/%d/%Y %H:%M:%S"},
        {.timestamp_format = "%m/%d/%Y %I:%M %p"},
        {.timestamp_format = "%m/%d/%Y %I:%M:%S %p"},
        {.timestamp_format = "%Y/%m/%d %H:%M:%S"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (look_values(look, column, &all[i]).type != TYPE_TEXT)
            return &all[i];
    return &all[0];
}

/* NULLs are told by columns that are something else than text without them. */
static void take_nulls(struct look *look, size_t column)
{
    const char *text;
    size_t len;
    for (size_t row = look->has_header; row < look->row_count; row++) {
        const char *found = get_value(look, row, column, &text, &len) ? null_text(text, len) : NULL;
        bool is_new = found != NULL;
        for (size_t i = 0; i < look->null_count; i++)
            is_new = is_new && look->nulls[i] != found;
        if (is_new && look->null_count < NULLS_MAX)
            look->nulls[look->null_count++] = found;
    }
}

/* ---- the spec ---- */

static void put_option(struct buf *out, const char *name, const char *value, const char *format,
                       ...) TG_PRINTF(4, 5);

static void put_option(struct buf *out, const char *name, const char *value, const char *format,
                       ...)
{
    struct buf line = BUF_INIT;
    char why[200];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    buf_printf(&line, "    %s: ", name);
    json_string(&line, value, strlen(value));
    buf_printf(out, "%-32s # %s\n", buf_string(&line), why);
    out->failed |= line.failed;
    buf_release(&line);
}

static void put_syntax(const struct look *look, struct buf *out)
{
    const struct shape *shape = &look->shape;
    const size_t rows = shape->rows - shape->skipped;
    const char quote[] = {shape->syntax.quote, '\0'};
    const char comment[] = {shape->syntax.comment, '\0'};
    const char *delimiter = *shape->syntax.delimiter == '\t' ? "tab" : shape->syntax.delimiter;
    if (look->encoding_name)
        put_option(out, "encoding", look->encoding_name, "there are bytes that are no UTF-8");
    if (shape->skipped > 0)
        buf_printf(out, "    skip: %-22llu # lines before the row of names\n",
                   (unsigned long long)shape->lines);
    if (shape->width > 1)
        put_option(out, "delimiter", delimiter, "%zu of %zu row%s %s %zu fields by it",
                   shape->fitting, rows, plural(rows), shape->fitting == 1 ? "has" : "have",
                   shape->width);
    if (!look->has_header)
        buf_text(out, "    header: false                # the first row has numbers or dates\n");
    if (shape->syntax.quote == '\0')
        put_option(out, "quote", "none", "quotes do not match");
    else if (shape->syntax.quote != '"')
        put_option(out, "quote", quote, "fields stand between them");
    if (shape->syntax.escape)
        put_option(out, "escape", "\\", "it stands before quotes in fields");
    if (shape->syntax.comment)
        put_option(out, "comment", comment, "lines that begin with it are no rows");
    if (shape->fitting < rows)
        put_option(out, "ragged", "pad", "%zu of %zu row%s %s more or fewer fields; or reject",
                   rows - shape->fitting, rows, plural(rows),
                   rows - shape->fitting == 1 ? "has" : "have");
}

static void put_nulls(const struct look *look, struct buf *out)
{
    if (look->null_count == 0)
        return;
    buf_text(out, "    \"null\": [\"\"");
    for (size_t i = 0; i < look->null_count; i++) {
        buf_text(out, ", ");
        json_string(out, look->nulls[i], strlen(look->nulls[i]));
    }
    buf_text(out, "] # they stand in columns of numbers or times\n");
}

static void put_name(const struct look *look, size_t column, struct buf *out)
{
    char number[32];
    const char *text = number;
    size_t len = (size_t)snprintf(number, sizeof(number), "column%zu", column);
    if (look->has_header && !get_value(look, 0, column, &text, &len))
        text = number;
    json_string(out, text, len);
}

/* {decimal: ","} with the values that are said. */
static void put_local(const struct csv_local *local, struct buf *out)
{
    const char *const names[] = {"decimal", "thousands", "date_format", "timestamp_format"};
    const char *const values[] = {local->decimal, local->thousands, local->date_format,
                                  local->timestamp_format};
    bool is_first = true;
    buf_char(out, '{');
    for (size_t i = 0; i < 4; i++) {
        if (!values[i])
            continue;
        buf_printf(out, "%s%s: ", is_first ? "" : ", ", names[i]);
        json_string(out, values[i], strlen(values[i]));
        is_first = false;
    }
    buf_char(out, '}');
}

/* The month may come first, too. */
static bool is_ambiguous(const struct look *look, size_t column, const struct csv_local *local)
{
    static const struct csv_local other = {.date_format = "%m/%d/%Y"};
    return local->date_format && strcmp(local->date_format, "%d/%m/%Y") == 0 &&
           look_values(look, column, &other).type != TYPE_TEXT;
}

static void put_columns(struct look *look, struct buf *out)
{
    const char *text = "";
    size_t len = 0, told = 0;
    struct buf columns = BUF_INIT;
    for (size_t i = 0; i < look->shape.width; i++) {
        const struct csv_local *local = find_local(look, i);
        if (look_values(look, i, local).type != TYPE_TEXT)
            take_nulls(look, i);
        if (!csv_local_is_said(local))
            continue;
        for (size_t row = look->has_header; row < look->row_count && len == 0; row++)
            if (!get_value(look, row, i, &text, &len) || null_text(text, len))
                len = 0;
        buf_text(&columns, "      ");
        put_name(look, i, &columns);
        buf_text(&columns, ": ");
        put_local(local, &columns);
        buf_printf(&columns, "  # as %.*s%s\n", (int)(len < 30 ? len : 30), text,
                   is_ambiguous(look, i, local) ? "; or is it the month that comes first?" : "");
        len = 0;
        told++;
    }
    put_nulls(look, out);
    if (told > 0)
        buf_text(out, "    column_formats:              # how values are written\n");
    buf_append(out, columns.data, columns.len);
    out->failed |= columns.failed;
    buf_release(&columns);
}

static int put_csv(struct look *look, const char *path, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(read_head(look, path, err));
    find_shape(look);
    if (look->shape.rows == 0)
        TRY(error_set(err, TG_DATA, "there are no rows in it"));
    TRY(take_rows(look, err));
    look->has_header = looks_like_header(look);
    put_syntax(look, out);
    put_columns(look, out);
done:
    return rc;
}

static int put_json(const char *path, struct buf *out, struct tg_error *err)
{
    struct envelope envelope = {.path = BUF_INIT};
    int rc = look_for_envelope(path, &envelope, err);
    if (rc == TG_OK && envelope.path.len > 0)
        put_option(out, "select", buf_string(&envelope.path),
                   "%zu objects%s; without it the file is one row", envelope.rows,
                   envelope.is_cut ? " and more" : "");
    buf_release(&envelope.path);
    return rc;
}

/* Letters, digits and underscores of its name. */
static void put_resource(const char *path, struct buf *out)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strcspn(name, ".");
    buf_text(out,
             "source:\n  type: files\n  root: .                    # paths below start here\n\n"
             "resources:\n  ");
    if (len == 0 || isdigit((unsigned char)*name))
        buf_text(out, "file_");
    for (size_t i = 0; i < len; i++)
        buf_char(out, isalnum((unsigned char)name[i]) ? name[i] : '_');
    buf_text(out, ":\n    path: ");
    json_string(out, path, strlen(path));
    buf_char(out, '\n');
}

int look_at_file(const char *path, struct buf *out, struct tg_error *err)
{
    struct look look = {.len = 0};
    struct fs_stat stat;
    struct reader *reader;
    int rc = TG_OK;
    enum format format = format_of(path);
    TRY(fs_stat(path, &stat, err));
    if (stat.is_dir)
        TRY(error_set(err, TG_USAGE, "'%s' is a folder; name one of its files", path));
    if (format == FORMAT_NONE)
        TRY(error_set(err, TG_USAGE,
                      "the format of file '%s' cannot be told from its name; call it .csv, .json, "
                      ".jsonl or .parquet",
                      path));
    TRY(reader_open(path, &reader, err));
    reader_close(reader);
    put_resource(path, out);
    if (format == FORMAT_CSV)
        rc = put_csv(&look, path, out, err);
    else if (format == FORMAT_JSON)
        rc = put_json(path, out, err);
    if (rc != TG_OK)
        TRY(error_at(err, rc, AT_FILE, path));
    buf_text(out,
             "\n    # append: adds the rows; replace: puts them in place of all that is there;\n"
             "    # merge: updates rows by primary_key.\n"
             "    write_disposition: append\n");
    rc = buf_check(out, err);
done:
    mem_free(look.text);
    mem_free(look.fields);
    return rc;
}
