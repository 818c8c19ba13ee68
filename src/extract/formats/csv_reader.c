/*
 * The bytes of a CSV text -> a stream of pages.
 *
 * Data path: csv_reader_open -> read_header (csv_header.c: names, and what separates fields) ->
 * take_sample, rows that types are guessed from -> next_page: fill (csv_text.c, into one buffer) ->
 * split_rows (csv_split.c), in which take_row has rows that are not as the others -> hand_on
 * (csv_columns.c).
 *
 * What was not handed on moves to the front of the buffer and is the beginning of the next page; a
 * row that is longer than the buffer makes it grow, up to line_bytes_max. A row that cannot be read
 * is an error, or is kept with its place and text beside the page's rows. Of one whose quotes are
 * wrong the first line alone is left out: the rest may be rows; but where more may come behind a
 * quote that is open, it waits.
 */
#include "extract/formats/csv_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "extract/formats/content.h"
#include "extract/formats/csv_header.h"
#include "extract/formats/csv_text.h"

/* What column types are guessed from, and what is read at a time behind that. */
enum { SAMPLE_ROWS = 204800, SAMPLE_FIELDS = 4 * 1024 * 1024, SAMPLE_BYTES = 16 * 1024 * 1024 };
enum { PART_BYTES = 1024 * 1024 };
/* A page of long rows, or of very many columns, has fewer of them; all others have BATCH_ROWS, for
 * the engine stores rows twice that come in batches of other lengths. */
enum { PAGE_BYTES = 4 * 1024 * 1024, PAGE_FIELDS = 2 * 1024 * 1024 };
/* A row's text, without the line's end. */
struct span {
    size_t start, end;
};

/* The text of the page that was handed out, before anything in it was unescaped. */
struct kept_text {
    struct page_text base;
    const struct csv_reader *reader;
    struct buf copy;
    size_t start;     /* of the copy, in the buffer */
    size_t row, rows; /* of the page, among those that were split */
};

struct csv_reader {
    struct page_stream base;
    struct csv_options options;
    struct csv_text *from;
    struct csv_split split;
    char *text; /* CSV_ROOM behind it */
    size_t cap, end;
    bool text_end;
    size_t first;       /* from here on it stays when more is read: rows that were split */
    int64_t bytes_told; /* of the file, up to the page that was handed out */
    struct csv_columns *columns;
    size_t width;             /* of the rows */
    struct csv_field *fields; /* of rows that were split */
    uint64_t *lines;          /* that they begin on */
    struct span *spans;       /* of them, if they are kept */
    size_t field_cap, line_cap, span_cap;
    struct kept_text kept;
    size_t row_count, next_row; /* next_row: the first that was not handed on */
    uint64_t row;               /* its number in the file, from 1 */
    struct bad_rows *bad;       /* not handed on */
};

/* ---- Rows that cannot be read -------------------------------------------------------------- */

/* Of a place in a row that begins on `line`. */
static void find_place(const char *row, size_t place, uint64_t *line, uint64_t *byte)
{
    size_t line_start = 0;
    for (size_t i = 0; i < place; i++)
        if (row[i] == '\n' || (row[i] == '\r' && row[i + 1] != '\n')) {
            line_start = i + 1;
            ++*line;
        }
    *byte = place - line_start + 1;
}

/* A last row without an end may have been written in part. */
static void leave_half(struct csv_reader *reader, const struct csv_row *row, bool waits)
{
    const enum encoding encoding = csv_text_encoding(reader->from);
    const size_t len = row->end - row->start;
    if (row->end == reader->end && reader->options.rest)
        *reader->options.rest = (struct csv_rest){
            encoding_length(encoding, reader->text + row->start, len), row->line, waits};
}

/* Line and byte of what is wrong at `place` are found here. */
TG_PRINTF(6, 7)
static int refuse(struct csv_reader *reader, const struct csv_row *row, size_t place, bool rejects,
                  struct tg_error *err, const char *format, ...)
{
    struct bad_row bad = {.line = row->line};
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    bad.reason = reason;
    bad.text = reader->text + row->start;
    find_place(bad.text, place - row->start, &bad.line, &bad.byte);
    if (rejects) {
        leave_half(reader, row, false);
        return bad_rows_add(&reader->bad, &bad, row->end - row->start, err);
    }
    error_set(err, TG_DATA, "malformed CSV: %s", reason);
    error_where(err, TG_DATA, "byte %llu", (unsigned long long)bad.byte);
    error_at_line(err, TG_DATA, bad.line);
    return error_at(err, TG_DATA, AT_FILE, reader->options.name);
}

/* Whether nothing stands there but delimiters, spaces and quotes. */
static bool is_empty(const struct csv_reader *reader, size_t at, size_t end)
{
    const struct csv_syntax *syntax = &reader->split.syntax;
    for (; at < end; at++)
        if (reader->text[at] != ' ' && reader->text[at] != syntax->quote &&
            !strchr(syntax->delimiter, reader->text[at]))
            return false;
    return true;
}

/* Lines that end by a carriage return alone come of one in a field, as often as not. */
static bool ends_by_return(const struct csv_reader *reader, const struct csv_row *row)
{
    const char *text = reader->text;
    return (row->start > 0 && text[row->start - 1] == '\r') ||
           (row->end + 1 < reader->end && text[row->end] == '\r' && text[row->end + 1] != '\n');
}

static int refuse_ragged(struct csv_reader *reader, const struct csv_row *row, struct tg_error *err)
{
    const bool is_short = row->count < reader->width;
    const char *advice = is_short ? "ragged: pad loads it with NULL for the rest"
                                  : "is a field that holds the delimiter not in quotes?";
    if (reader->width == 1)
        advice = "is the delimiter another one, or the header further down (skip)? "
                 "tidegate init --from FILE looks at it";
    if (ends_by_return(reader, row))
        advice = "a carriage return alone ends a line, too: put a field that holds one in quotes";
    bool rejects = reader->options.rejects || reader->options.ragged == RAGGED_REJECT;
    return refuse(reader, row, is_short ? row->end : row->stored_end, rejects, err,
                  "the row has %zu field%s, and %s has %zu; %s", row->count, plural(row->count),
                  reader->options.header ? "the header" : "the first row", reader->width, advice);
}

static int refuse_bytes(struct csv_reader *reader, const struct csv_row *row, struct tg_error *err)
{
    size_t place = row->start;
    uint32_t code;
    for (size_t size; (size = utf8_next(reader->text + place, row->end - place, &code)) > 0;)
        place += size;
    return refuse(reader, row, place, reader->options.rejects, err,
                  "the byte 0x%02x is no UTF-8; say what the file has, as encoding: windows-1252",
                  (unsigned)(unsigned char)reader->text[place]);
}

/* The line was passed over: where its text ends. */
static size_t passed_end(const struct csv_reader *reader, size_t start)
{
    size_t end = reader->split.at;
    while (end > start && (reader->text[end - 1] == '\n' || reader->text[end - 1] == '\r'))
        end--;
    return end;
}

/* The first line of a row is left out, unless more of the text is needed to see its end. */
static int refuse_quotes(struct csv_reader *reader, enum csv_found *found, struct csv_row *row,
                         struct tg_error *err)
{
    const char *what = "there is text with quotes behind the quote that ends a field; double "
                       "those in it, or say escape: \"\\\" if it has \\\" for them";
    if (*found == CSV_OPEN_QUOTE)
        what = "the quote that a field begins with is not closed before the end of the file; run "
               "again if more of it is to come; quote: none takes quotes for text";
    if (*found == CSV_OPEN_QUOTE && reader->options.waits) {
        row->end = reader->end;
        leave_half(reader, row, true);
        *found = CSV_END;
        return TG_OK;
    }
    *found = csv_split_pass(&reader->split);
    if (*found != CSV_ROW)
        return TG_OK;
    row->end = passed_end(reader, row->start);
    return refuse(reader, row, row->bad, reader->options.rejects, err, "%s", what);
}

static int refuse_length(struct csv_reader *reader, const struct csv_row *row, bool rejects,
                         struct tg_error *err)
{
    return refuse(reader, row, row->start, rejects, err,
                  "the row that begins here is longer than %zu bytes; is a quote missing? "
                  "line_bytes_max lets longer ones in",
                  reader->options.line_bytes_max);
}

/* ---- The buffer ---------------------------------------------------------------------------- */

/* What the first rows needed is given back. */
static int make_room(struct csv_reader *reader, size_t cap, struct tg_error *err)
{
    char *text;
    if (cap <= reader->cap && cap >= reader->cap / 4)
        return TG_OK;
    text = mem_realloc(reader->text, cap + CSV_ROOM);
    if (!text)
        return error_nomem(err);
    reader->text = text;
    reader->cap = cap;
    return TG_OK;
}

/* The text moves to the front, from `first` on, and with it the rows that were split. */
static void move_text(struct csv_reader *reader)
{
    const size_t moved = reader->first;
    struct csv_field *field = reader->fields + reader->next_row * reader->width;
    struct csv_field *end = reader->fields + reader->row_count * reader->width;
    if (moved == 0)
        return;
    memmove(reader->text, reader->text + moved, reader->end - moved);
    for (; field < end; field++)
        field->start -= field->start == CSV_MISSING ? 0 : (uint32_t)moved;
    for (size_t i = reader->next_row; reader->spans && i < reader->row_count; i++) {
        reader->spans[i].start -= moved;
        reader->spans[i].end -= moved;
    }
    reader->end -= moved;
    reader->split.at -= moved;
    reader->first = 0;
}

/* Reads until `want` bytes are there that were not split, or the text ends. */
static int fill(struct csv_reader *reader, size_t want, struct tg_error *err)
{
    struct csv_split *split = &reader->split;
    size_t len;
    int rc = TG_OK;
    move_text(reader);
    want += split->at + CSV_READ_MIN;
    TRY(make_room(reader, want, err));
    while (reader->end + CSV_READ_MIN <= want && !reader->text_end) {
        TRY(csv_text_read(reader->from, reader->text + reader->end, want - reader->end, &len, err));
        reader->end += len;
        reader->text_end = csv_text_is_over(reader->from);
    }
    memset(reader->text + reader->end, 0, CSV_ROOM);
    csv_split_text(split, reader->text, split->at, reader->end, reader->text_end);
done:
    return rc;
}

/* The row goes on behind what is there. One that goes on for too long begins with a quote that was
 * not meant, as a rule: its first line is left out then. */
static int fill_more(struct csv_reader *reader, struct tg_error *err)
{
    struct csv_split *split = &reader->split;
    struct csv_row row = {.start = split->at, .line = split->line};
    size_t left = reader->end - split->at, most = reader->options.line_bytes_max;
    size_t want = left * 2 > PART_BYTES ? left * 2 : PART_BYTES;
    if (left <= most)
        return fill(reader, want > most && most >= PART_BYTES ? most + 1 : want, err);
    bool passed = reader->options.rejects && csv_split_pass(split) == CSV_ROW;
    row.end = passed ? passed_end(reader, row.start) : reader->end;
    return refuse_length(reader, &row, passed, err);
}

/* ---- Splitting ----------------------------------------------------------------------------- */

static size_t page_rows(const struct csv_reader *reader)
{
    size_t most = PAGE_FIELDS / reader->width;
    return most >= BATCH_ROWS ? BATCH_ROWS : most > 0 ? most : 1;
}

/* Fills what it lacks, where that is wanted; *taken: it is one of the rows. */
static int take_ragged(struct csv_reader *reader, struct csv_field *fields,
                       const struct csv_row *row, bool *taken, struct tg_error *err)
{
    *taken = false;
    if (row->count == 1 && is_empty(reader, row->start, row->end) &&
        !memchr(reader->text + row->start, reader->split.syntax.quote, row->end - row->start))
        return TG_OK; /* a line of spaces */
    if (reader->options.ragged == RAGGED_PAD && row->count > reader->width)
        *taken = is_empty(reader, row->stored_end, row->end);
    for (size_t i = row->count; reader->options.ragged == RAGGED_PAD && i < reader->width; i++) {
        fields[i] = (struct csv_field){.start = CSV_MISSING};
        *taken = true;
    }
    return *taken ? TG_OK : refuse_ragged(reader, row, err);
}

static int take_row(struct csv_reader *reader, struct csv_field *fields, const struct csv_row *row,
                    struct tg_error *err)
{
    bool taken = row->count == reader->width;
    int rc = TG_OK;
    if (row->end - row->start > reader->options.line_bytes_max)
        return refuse_length(reader, row, reader->options.rejects, err);
    if (!taken)
        TRY(take_ragged(reader, fields, row, &taken, err));
    if (taken && !reader->split.is_ascii &&
        !utf8_is_valid(reader->text + row->start, row->end - row->start)) {
        taken = false;
        TRY(refuse_bytes(reader, row, err));
    }
    reader->lines[reader->row_count] = row->line;
    if (reader->spans)
        reader->spans[reader->row_count] = (struct span){row->start, row->end};
    reader->row_count += taken;
done:
    return rc;
}

/* Rows, until there are `max` of them, or the text has no more whole ones: CSV_MORE or CSV_END. */
static int split_rows(struct csv_reader *reader, size_t max, enum csv_found *found,
                      struct tg_error *err)
{
    const size_t width = reader->width;
    int rc = TG_OK;
    *found = CSV_ROW;
    TRY(mem_grow(&reader->fields, &reader->field_cap, max * width, sizeof(*reader->fields), err));
    TRY(mem_grow(&reader->lines, &reader->line_cap, max, sizeof(*reader->lines), err));
    if (reader->options.keeps)
        TRY(mem_grow(&reader->spans, &reader->span_cap, max, sizeof(*reader->spans), err));
    csv_split_watch(&reader->split);
    while (reader->row_count < max && *found == CSV_ROW) {
        struct csv_field *fields = reader->fields + reader->row_count * width;
        struct csv_row row;
        *found = csv_split_row(&reader->split, fields, width, &row);
        if (*found == CSV_ROW)
            TRY(take_row(reader, fields, &row, err));
        else if (*found == CSV_OPEN_QUOTE || *found == CSV_BEHIND_QUOTE)
            TRY(refuse_quotes(reader, found, &row, err));
    }
done:
    return rc;
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* What is read next, behind the header or what was loaded before. */
static int begin_rows(struct csv_reader *reader, const struct csv_header *header, size_t used,
                      struct tg_error *err)
{
    const struct csv_options *options = &reader->options;
    enum encoding encoding = csv_text_encoding(reader->from);
    int64_t before = encoding_length(encoding, reader->text, header->bytes);
    bool is_tail = options->from > 0, is_known = options->from > before;
    int rc = TG_OK;
    reader->split = (struct csv_split){.syntax = header->syntax, .at = header->bytes};
    reader->split.line = 1 + (is_known ? options->lines_before : header->lines);
    if (is_tail) {
        reader->end = reader->split.at = 0;
        TRY(csv_text_begin(reader->from, is_known ? options->from : before, err));
    } else {
        TRY(csv_text_begin(reader->from, (int64_t)used, err));
    }
    reader->text_end = csv_text_is_over(reader->from);
    csv_split_text(&reader->split, reader->text, reader->split.at, reader->end, reader->text_end);
done:
    return rc;
}

static int check_head(const struct csv_reader *reader, const char *head, size_t len,
                      struct tg_error *err)
{
    enum encoding encoding = csv_text_encoding(reader->from);
    if (encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE)
        return TG_OK;
    return content_check_text(head, len, err);
}

static int read_header(struct csv_reader *reader, struct csv_header *out, struct tg_error *err)
{
    const struct csv_options *options = &reader->options;
    const struct csv_header_options wanted = {.syntax = options->syntax,
                                              .skip = options->skip,
                                              .has_names = options->header,
                                              .columns = options->columns,
                                              .column_count = options->column_count};
    size_t len, used;
    const char *head = csv_text_head(reader->from, &len);
    const bool is_cut = !csv_text_has_whole_head(reader->from);
    int rc = TG_OK;
    TRY(check_head(reader, head, len, err));
    TRY(make_room(reader, encoding_room(len), err));
    reader->end =
        encoding_decode(csv_text_encoding(reader->from), head, len, !is_cut, reader->text, &used);
    memset(reader->text + reader->end, 0, CSV_ROOM);
    TRY(csv_header_read(reader->text, reader->end, is_cut, &wanted, out, err));
    TRY(begin_rows(reader, out, used, err));
done:
    return rc;
}

static struct csv_rows rows_of(const struct csv_reader *reader, size_t first, size_t count)
{
    return (struct csv_rows){.syntax = &reader->split.syntax,
                             .text = reader->text,
                             .fields = count > 0 ? reader->fields + first * reader->width : NULL,
                             .width = reader->width,
                             .count = count};
}

static int take_sample(struct csv_reader *reader, struct tg_error *err)
{
    enum csv_found found = CSV_ROW;
    bool all;
    int rc = TG_OK;
    TRY(csv_columns_know(reader->columns, &all, err));
    reader->first = reader->split.at;
    while (!all && found != CSV_END && reader->row_count < SAMPLE_ROWS &&
           reader->row_count * reader->width < SAMPLE_FIELDS && reader->split.at < SAMPLE_BYTES) {
        TRY(split_rows(reader, reader->row_count + page_rows(reader), &found, err));
        if (found == CSV_MORE)
            TRY(fill_more(reader, err));
    }
    const struct csv_rows rows = rows_of(reader, 0, reader->row_count);
    TRY(csv_columns_see(reader->columns, &rows, err));
    csv_columns_decide(reader->columns);
done:
    return rc;
}

/* Of a damaged file what it seems to hold is no reason. */
static int find_reason(struct csv_reader *reader, int code, struct tg_error *err)
{
    struct tg_error damage = {.code = TG_OK};
    int rc = code == TG_DATA && reader->from ? csv_text_check(reader->from, &damage) : TG_OK;
    if (rc != TG_OK && err)
        *err = damage;
    return rc != TG_OK ? rc : code;
}

static int start(struct csv_reader *reader, struct reader *text, struct tg_error *err)
{
    const struct csv_options *options = &reader->options;
    struct csv_header header = {.count = 0};
    const struct csv_types types = {.hints = options->columns,
                                    .hint_count = options->column_count,
                                    .known = options->types,
                                    .null_texts = options->null_texts,
                                    .local = options->local,
                                    .locals = options->locals,
                                    .local_count = options->local_count,
                                    .rejects = options->rejects};
    int rc = TG_OK;
    TRY(csv_text_open(text, options->encoding, options->hash, &reader->from, err));
    rc = read_header(reader, &header, err);
    if (rc != TG_OK) {
        error_at(err, rc, AT_FILE, options->name);
        goto done;
    }
    reader->width = header.count;
    if (header.count == 0)
        goto done;
    TRY(csv_columns_new(header.names, header.count, &types, &reader->columns, err));
    TRY(take_sample(reader, err));
done:
    csv_header_release(&header);
    return rc == TG_OK ? rc : find_reason(reader, rc, err);
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Nothing is in the file; but all of it is read. */
static int pass_text(struct csv_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    while (!reader->text_end) {
        reader->split.at = reader->first = reader->end;
        TRY(fill(reader, PART_BYTES, err));
    }
done:
    return rc;
}

/* What the first rows needed is given back. */
static void shrink(struct csv_reader *reader)
{
    const size_t rows = page_rows(reader);
    if (reader->line_cap <= 2 * rows)
        return;
    struct csv_field *fields =
        mem_realloc(reader->fields, rows * reader->width * sizeof(*reader->fields));
    if (fields) {
        reader->fields = fields;
        reader->field_cap = rows * reader->width;
    }
    uint64_t *lines = mem_realloc(reader->lines, rows * sizeof(*reader->lines));
    if (lines) {
        reader->lines = lines;
        reader->line_cap = rows;
    }
    struct span *spans = reader->spans ? mem_realloc(reader->spans, rows * sizeof(*spans)) : NULL;
    if (spans) {
        reader->spans = spans;
        reader->span_cap = rows;
    }
}

/* More rows behind those that were not handed on, until they are a page; fewer: that is the end,
 * or there are bad ones to hand on. */
static int next_rows(struct csv_reader *reader, struct tg_error *err)
{
    const size_t left = reader->row_count - reader->next_row, width = reader->width;
    enum csv_found found = CSV_ROW;
    int rc = TG_OK;
    if (left > 0) {
        memmove(reader->fields, reader->fields + reader->next_row * width,
                left * width * sizeof(*reader->fields));
        memmove(reader->lines, reader->lines + reader->next_row, left * sizeof(*reader->lines));
        if (reader->spans)
            memmove(reader->spans, reader->spans + reader->next_row, left * sizeof(struct span));
    }
    reader->row_count = left;
    reader->next_row = 0;
    reader->first = left > 0 ? reader->fields[0].start : reader->split.at;
    shrink(reader);
    while (reader->row_count < page_rows(reader) && found != CSV_END &&
           (reader->row_count == 0 || reader->split.at - reader->first < PAGE_BYTES) &&
           (!reader->bad || reader->bad->count < BATCH_ROWS)) {
        TRY(split_rows(reader, page_rows(reader), &found, err));
        if (found == CSV_MORE)
            TRY(fill_more(reader, err));
    }
done:
    return rc;
}

/* Where the field begins, with its quote; of one that is missing: where the row ends. */
static size_t field_start(const struct csv_reader *reader, size_t row, size_t index)
{
    const struct csv_field *field = &reader->fields[row * reader->width + index];
    return field->start == CSV_MISSING ? reader->spans[row].end : field->start - field->quoted;
}

/* The page's rows are flat: a key and a value for each column, behind the row's own cell. */
static void find_kept(struct page_text *base, const struct row_at *at, struct row_place *out)
{
    const struct kept_text *kept = (struct kept_text *)base;
    const struct csv_reader *reader = kept->reader;
    size_t low = kept->row, high = kept->row + kept->rows;
    for (size_t middle; high - low > 1;) {
        middle = low + (high - low) / 2;
        *(reader->lines[middle] <= at->line ? &low : &high) = middle;
    }
    const struct span span = reader->spans[low];
    size_t place = at->value >= 2 ? field_start(reader, low, at->value / 2 - 1) : span.start;
    out->text = buf_string(&kept->copy) + (span.start - kept->start);
    out->text_len = span.end - span.start;
    out->line = at->line;
    find_place(out->text, place - span.start, &out->line, &out->byte);
}

static int keep_text(struct csv_reader *reader, size_t count, struct page *page,
                     struct tg_error *err)
{
    struct kept_text *kept = &reader->kept;
    int rc = TG_OK;
    if (!reader->options.keeps || count == 0)
        return TG_OK;
    kept->base.find = find_kept;
    kept->reader = reader;
    kept->row = reader->next_row;
    kept->rows = count;
    kept->start = reader->spans[kept->row].start;
    buf_clear(&kept->copy);
    buf_append(&kept->copy, reader->text + kept->start,
               reader->spans[kept->row + count - 1].end - kept->start);
    TRY(buf_check(&kept->copy, err));
    page->text = &kept->base;
done:
    return rc;
}

static int hand_on(struct csv_reader *reader, struct page *page, struct tg_error *err)
{
    size_t left = reader->row_count - reader->next_row;
    size_t count = left < page_rows(reader) ? left : page_rows(reader);
    const struct csv_rows rows = rows_of(reader, reader->next_row, count);
    struct bad_rows *bad = page->bad;
    int rc = TG_OK;
    page->kind = PAGE_ROWS;
    page->file = reader->options.name;
    page->first_row = reader->row;
    page->lines = count > 0 ? reader->lines + reader->next_row : NULL;
    page->bad = reader->bad;
    reader->bad = bad;
    TRY(keep_text(reader, count, page, err));
    reader->next_row += count;
    reader->row += count;
    if (count > 0)
        TRY(csv_columns_convert(reader->columns, &rows, page, err));
done:
    return rc;
}

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct csv_reader *reader = (struct csv_reader *)base;
    int rc = TG_OK;
    page_clear(page);
    if (reader->width == 0)
        TRY(pass_text(reader, err));
    else if (reader->row_count - reader->next_row < page_rows(reader))
        TRY(next_rows(reader, err));
    if (reader->next_row < reader->row_count || (reader->bad && reader->bad->count > 0))
        TRY(hand_on(reader, page, err));
    else if (reader->columns && reader->options.ctx)
        csv_columns_report(reader->columns, reader->options.ctx, reader->options.name);
    page->bytes = (uint64_t)(csv_text_file_bytes(reader->from) - reader->bytes_told);
    reader->bytes_told += (int64_t)page->bytes;
done:
    return rc == TG_OK ? rc : find_reason(reader, rc, err);
}

static void close_reader(struct page_stream *base)
{
    struct csv_reader *reader = (struct csv_reader *)base;
    csv_columns_free(reader->columns);
    csv_text_close(reader->from);
    bad_rows_free(reader->bad);
    mem_free(reader->text);
    mem_free(reader->fields);
    mem_free(reader->lines);
    mem_free(reader->spans);
    buf_release(&reader->kept.copy);
    mem_free(reader);
}

int csv_reader_open(struct reader *text, const struct csv_options *options,
                    struct page_stream **out, struct tg_error *err)
{
    struct csv_reader *reader = mem_calloc(1, sizeof(*reader));
    int rc = TG_OK;
    *out = NULL;
    if (!reader) {
        reader_close(text);
        return error_nomem(err);
    }
    reader->base = (struct page_stream){next_page, close_reader};
    reader->options = *options;
    if (options->line_bytes_max == 0)
        reader->options.line_bytes_max = CSV_LINE_BYTES;
    reader->row = options->rows_before + 1;
    TRY(start(reader, text, err));
    *out = &reader->base;
done:
    if (rc != TG_OK)
        close_reader(&reader->base);
    return rc;
}
