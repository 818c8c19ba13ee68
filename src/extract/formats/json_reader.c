/*
 * The bytes of a JSON text -> a stream of pages of rows.
 *
 * Data path: json_reader_open -> next_page: fill (read and decompress into one buffer) -> a cut
 * where a row ends: next_lines at the last newline, next_elements at the last comma between
 * elements that scan finds -> hand_over (json_page_lines or json_page_elements). What is behind the
 * cut moves to the front of the buffer and is the beginning of the next page. A row that is longer
 * than the buffer makes it grow, up to line_bytes_max. The rows of a page live in its own parser,
 * so that a page may be made while the one before is worked on (read_ahead.c).
 *
 * Parsing is left to data/json_page.c, decompression to base/codec.c.
 */
#include "extract/formats/json_reader.h"

#include <string.h>

#include "base/memory.h"
#include "extract/formats/content.h"

/* A page's text and cells together stay in a core's cache; more is not faster. */
enum { PAGE_BYTES = 512 * 1024, FRONT_ROOM = 1, BACK_ROOM = 4 };

enum state { AT_START, IN_LINES, IN_LIST, IN_OBJECT, AFTER_VALUE };

struct json_reader {
    struct page_stream base;
    struct reader *text;
    const char *name;
    size_t line_bytes_max;
    enum json_form form;
    enum state state;
    int64_t bytes_told; /* of the file, up to the end of the page that was handed out */
    char *memory;
    size_t cap;        /* of memory, without BACK_ROOM */
    size_t start, end; /* what is read and not handed over */
    bool text_end;
    uint64_t line; /* of `start`, from 1 */
    uint64_t row;  /* of the next element, from 1 */

    /* the scanner's place; a backslash may carry it one byte beyond `end` */
    size_t scanned;
    size_t depth;
    bool quoted;
    bool after_comma;
};

/* Adds file and line of `place` in the buffer to err. */
static int where(const struct json_reader *reader, size_t place, int code, struct tg_error *err)
{
    uint64_t line = reader->line;
    for (size_t i = reader->start; i < place && i < reader->end; i++)
        line += reader->memory[i] == '\n';
    error_at_line(err, code, line);
    return error_at(err, code, AT_FILE, reader->name);
}

/* ---- The buffer ---------------------------------------------------------------------------- */

static int grow(struct json_reader *reader, size_t need, struct tg_error *err)
{
    char *memory;
    if (need <= reader->cap)
        return TG_OK;
    memory = mem_realloc(reader->memory, need + BACK_ROOM);
    if (!memory)
        return error_nomem(err);
    reader->memory = memory;
    reader->cap = need;
    return TG_OK;
}

/* Reads until `want` bytes are there or the file ends. */
static int fill(struct json_reader *reader, size_t want, struct tg_error *err)
{
    size_t moved = reader->start - FRONT_ROOM, got;
    int rc = TG_OK;
    if (moved > 0 && !reader->text_end) {
        memmove(reader->memory + FRONT_ROOM, reader->memory + reader->start,
                reader->end - reader->start);
        reader->start -= moved;
        reader->end -= moved;
        reader->scanned -= moved;
    }
    TRY(grow(reader, FRONT_ROOM + want, err));
    while (reader->end - reader->start < want && !reader->text_end) {
        TRY(reader_read(reader->text, reader->memory + reader->end, FRONT_ROOM + want - reader->end,
                        &got, err));
        reader->end += got;
        reader->text_end = got == 0;
    }
done:
    return rc;
}

/* How much to have in the buffer when what is there holds no whole row. */
static int want_more(const struct json_reader *reader, size_t *want, struct tg_error *err)
{
    size_t len = reader->end - reader->start;
    if (len >= reader->line_bytes_max) {
        error_set(err, TG_NOMEM,
                  "the %s is longer than %zu bytes, a quarter of the memory budget; raise --memory",
                  reader->state == IN_LINES ? "line" : "row", reader->line_bytes_max);
        return where(reader, reader->start, TG_NOMEM, err);
    }
    *want = len * 2 < reader->line_bytes_max ? len * 2 : reader->line_bytes_max;
    return TG_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_space(const struct json_reader *reader, size_t i)
{
    while (i < reader->end && is_space(reader->memory[i]))
        i++;
    return i;
}

static uint64_t count_newlines(const char *text, size_t len)
{
    uint64_t count = 0;
    for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        count++;
    return count;
}

/* Gives [start, cut) to the parser, which writes into the bytes behind it. */
static int hand_over(struct json_reader *reader, size_t cut, struct page *page,
                     struct tg_error *err)
{
    char *text = reader->memory + reader->start;
    size_t len = cut - reader->start;
    uint64_t lines = count_newlines(text, len);
    char behind[BACK_ROOM];
    int rc = page->parser ? TG_OK : json_page_new(&page->parser, err);
    if (rc != TG_OK)
        return rc;
    memcpy(behind, text + len, BACK_ROOM);
    if (reader->state == IN_LINES)
        rc = json_page_lines(page->parser, text, len, reader->line, page, err);
    else
        rc = json_page_elements(page->parser, text, len, reader->row, page, err);
    memcpy(text + len, behind, BACK_ROOM);
    if (rc != TG_OK)
        return error_at(err, rc, AT_FILE, reader->name);
    page->file = reader->name;
    reader->start = cut;
    reader->line += lines;
    reader->row += page->read_count;
    return TG_OK;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static int next_lines(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    size_t want = PAGE_BYTES, searched = 0, cut;
    const char *newline;
    int rc = TG_OK;
    for (;;) {
        TRY(fill(reader, want, err));
        const char *text = reader->memory + reader->start;
        size_t len = reader->end - reader->start;
        newline = len > searched ? memrchr(text + searched, '\n', len - searched) : NULL;
        if (newline || reader->text_end)
            break;
        searched = len;
        TRY(want_more(reader, &want, err));
    }
    cut = newline && !reader->text_end ? (size_t)(newline + 1 - reader->memory) : reader->end;
    if (cut == reader->start)
        return TG_OK; /* the end of the file */
    TRY(hand_over(reader, cut, page, err));
done:
    return rc;
}

/* ---- Lists and single objects -------------------------------------------------------------- */

/* Walks over text that is not scanned yet. *comma: behind the last comma between elements, 0: none.
 * *closed: the bracket that ends the list, or the byte behind the end of a single object, 0: none.
 */
static void scan(struct json_reader *reader, size_t *comma, size_t *closed)
{
    const char *text = reader->memory;
    size_t i = reader->scanned, end = reader->end, outer = reader->state == IN_OBJECT;
    for (; i < end; i++) {
        if (reader->quoted) {
            while (i < end && text[i] != '"' && text[i] != '\\')
                i++;
            if (i == end)
                break;
            reader->quoted = text[i] != '"';
            i += reader->quoted; /* what a backslash escapes */
            continue;
        }
        switch (text[i]) {
        case '"': reader->quoted = true; break;
        case '{':
        case '[': reader->depth++; break;
        case '}':
        case ']':
            if (reader->depth == outer) {
                *closed = i + outer;
                reader->scanned = i + 1;
                return;
            }
            reader->depth--;
            break;
        case ',':
            if (reader->depth == 0)
                *comma = i + 1;
            break;
        default: break;
        }
    }
    reader->scanned = i;
}

static int malformed(const struct json_reader *reader, size_t place, const char *what,
                     struct tg_error *err)
{
    error_set(err, TG_DATA, "malformed JSON: %s", what);
    return where(reader, place, TG_DATA, err);
}

/* The list is closed, by the right bracket; a comma before it must have been followed by a row. */
static int close_list(struct json_reader *reader, size_t closed, struct tg_error *err)
{
    if (reader->state == IN_LIST && reader->memory[closed] != ']')
        return malformed(reader, closed, "a list is closed by '}'", err);
    reader->start = closed + (reader->state == IN_LIST);
    reader->state = AFTER_VALUE;
    return TG_OK;
}

static int next_elements(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    size_t want = PAGE_BYTES, comma, closed, cut;
    int rc = TG_OK;
    for (;;) {
        comma = closed = 0;
        TRY(fill(reader, want, err));
        scan(reader, &comma, &closed);
        if (comma || closed)
            break;
        if (reader->text_end)
            return malformed(reader, reader->end,
                             reader->state == IN_LIST
                                 ? "the file ends before the closing ']'; it is cut off"
                                 : "the file ends before the closing '}'; it is cut off",
                             err);
        TRY(want_more(reader, &want, err));
    }
    cut = closed ? closed : comma - 1;
    if (skip_space(reader, reader->start) < cut)
        TRY(hand_over(reader, cut, page, err));
    else if (reader->after_comma || !closed)
        return malformed(reader, cut, "a comma without a value", err);
    reader->after_comma = !closed;
    if (closed)
        TRY(close_list(reader, closed, err));
    else
        reader->start = comma;
done:
    return rc;
}

/* Only white space may follow. */
static int check_rest(struct json_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    do {
        TRY(fill(reader, PAGE_BYTES, err));
        size_t next = skip_space(reader, reader->start);
        if (next < reader->end)
            return malformed(reader, next,
                             "something follows the closing bracket; for lines of JSON say "
                             "format: jsonl",
                             err);
        reader->line += count_newlines(reader->memory + reader->start, next - reader->start);
        reader->start = next;
    } while (!reader->text_end);
done:
    return rc;
}

/* ---- The text ------------------------------------------------------------------------------ */

/* Does the first line, which begins with '{', end inside the object? */
static bool spans_lines(const char *text, size_t len)
{
    bool quoted = false;
    size_t depth = 0, i = 0;
    for (; i < len && text[i] != '\n'; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return i < len && depth > 0;
}

bool json_has_lines(const char *text, size_t len)
{
    size_t i = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < len && is_space(text[i]))
        i++;
    return i < len && text[i] == '{' && !spans_lines(text + i, len - i);
}

/* Skips a byte order mark and tells the form of the file, if it is text. */
static int begin(struct json_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(fill(reader, PAGE_BYTES, err));
    rc = content_check_text(reader->memory + reader->start, reader->end - reader->start, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_FILE, reader->name);
    if (reader->end - reader->start >= 3 &&
        memcmp(reader->memory + reader->start, "\xef\xbb\xbf", 3) == 0)
        reader->start += 3;
    reader->state = IN_LINES;
    reader->scanned = reader->start;
    if (reader->form == JSON_LINES)
        goto done;
    size_t first = skip_space(reader, reader->start);
    if (first < reader->end && reader->memory[first] == '[') {
        reader->line += count_newlines(reader->memory + reader->start, first - reader->start);
        reader->start = reader->scanned = first + 1;
        reader->state = IN_LIST;
    } else if (first < reader->end && reader->memory[first] == '{' &&
               spans_lines(reader->memory + first, reader->end - first)) {
        reader->state = IN_OBJECT;
    }
done:
    return rc;
}

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct json_reader *reader = (struct json_reader *)base;
    int rc = TG_OK;
    page_clear(page);
    if (reader->state == AT_START)
        TRY(begin(reader, err));
    while (page->row_count == 0 && (reader->state == IN_LIST || reader->state == IN_OBJECT))
        TRY(next_elements(reader, page, err));
    while (page->row_count == 0 && reader->state == IN_LINES &&
           !(reader->text_end && reader->start == reader->end))
        TRY(next_lines(reader, page, err));
    if (page->row_count == 0 && reader->state == AFTER_VALUE)
        TRY(check_rest(reader, err));
    page->kind = page->row_count > 0 ? PAGE_ROWS : PAGE_END;
    page->bytes = (uint64_t)(reader_file_bytes(reader->text) - reader->bytes_told);
    reader->bytes_told += (int64_t)page->bytes;
done:
    return rc;
}

static void close_reader(struct page_stream *base)
{
    struct json_reader *reader = (struct json_reader *)base;
    reader_close(reader->text);
    mem_free(reader->memory);
    mem_free(reader);
}

/* What is left out is hashed, unless that was done. */
static int leave_out(struct json_reader *reader, const struct json_options *options,
                     struct tg_error *err)
{
    bool is_hashed = !options->hash || hash_stream_bytes(options->hash) > 0;
    int rc = TG_OK;
    if (is_hashed)
        TRY(reader_skip(reader->text, options->from, err));
    reader_watch(reader->text, options->hash);
    if (!is_hashed)
        TRY(reader_pass(reader->text, options->from, err));
    reader->bytes_told = reader_file_bytes(reader->text);
done:
    return rc;
}

int json_reader_open(struct reader *text, const struct json_options *options,
                     struct page_stream **out, struct tg_error *err)
{
    struct json_reader *reader = mem_calloc(1, sizeof(*reader));
    int rc = TG_OK;
    *out = NULL;
    if (!reader) {
        reader_close(text);
        return error_nomem(err);
    }
    reader->base = (struct page_stream){next_page, close_reader};
    reader->text = text;
    reader->name = options->name;
    reader->line_bytes_max = options->line_bytes_max;
    reader->form = options->form;
    reader->start = reader->end = reader->scanned = FRONT_ROOM;
    reader->line = options->lines_before + 1;
    reader->row = 1;
    TRY(leave_out(reader, options, err));
    *out = &reader->base;
done:
    if (rc != TG_OK)
        close_reader(&reader->base);
    return rc;
}
