/*
 * The bytes of a JSON text -> a stream of pages of rows.
 *
 * Data path: json_reader_open -> next_page: fill (read and decompress into one buffer) -> a cut
 * where a row ends -> parse (data/json_page.c). Lines, and texts behind marks, are cut at the last
 * end of one (next_lines). Anywhere else json_walk.c finds lists and single rows, and scan the last
 * comma between the elements of a list (next_elements): a long run of them is parsed where it lies,
 * shorter ones are gathered until they fill a page.
 *
 * What is behind the cut moves to the front of the buffer and is the beginning of the next page. A
 * row that is longer than the buffer makes it grow, up to line_bytes_max.
 */
#include "extract/formats/json_reader.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "extract/formats/content.h"
#include "extract/formats/json_walk.h"

/* A page's text and cells together stay in a core's cache; more is not faster. */
enum { PAGE_BYTES = 512 * 1024, RUN_BYTES_MIN = PAGE_BYTES / 4, FRONT_ROOM = 1, BACK_ROOM = 4 };

enum state { AT_START, IN_LINES, IN_MARKED, WALKING, IN_LIST, IN_ROW };

struct json_reader {
    struct page_stream base;
    struct reader *text;
    struct hash_stream *hash; /* of what is done with; NULL: none */
    const char *name;
    size_t line_bytes_max;
    enum json_form form;
    bool rejects, keeps;
    enum state state;
    int64_t bytes_told; /* of the file, up to the end of the page that was handed out */
    char *memory;
    size_t cap;        /* of memory, without BACK_ROOM */
    size_t start, end; /* what is read and not handed over */
    bool text_end;
    bool is_half;          /* what is handed over is a last line, or text, that may not be whole */
    uint64_t line, column; /* of `start`: its line, from 1, and the bytes of it before */
    uint64_t row;          /* of the next element, from 1 */

    /* the way to lists and rows, and those rows that wait for more of them */
    struct json_walk walk;
    struct buf gathered; /* behind FRONT_ROOM bytes, with commas between them */
    struct json_part *parts;
    size_t part_count, part_cap;

    /* the scanner's place; a backslash may carry it one byte beyond `end` */
    size_t scanned;
    size_t depth;
    bool quoted;
    bool after_comma;
    const char *fault; /* what the scanner stopped at; NULL: nothing */
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

static size_t skip_space(const char *text, size_t at, size_t end)
{
    while (at < end && is_space(text[at]))
        at++;
    return at;
}

/* Where text[at] of the buffer is. */
static struct json_part place_of(const struct json_reader *reader, size_t at)
{
    const char *text = reader->memory + reader->start, *end = reader->memory + at;
    struct json_part place = {0, reader->line, reader->column + (uint64_t)(end - text)};
    for (; (text = memchr(text, '\n', (size_t)(end - text))); text++) {
        place.line++;
        place.column = (uint64_t)(end - text) - 1;
    }
    return place;
}

static void move_to(struct json_reader *reader, size_t at, const struct json_part *place)
{
    reader->start = at;
    reader->line = place->line;
    reader->column = place->column;
}

static void hash_to(struct json_reader *reader, size_t at)
{
    if (reader->hash)
        hash_stream_add(reader->hash, reader->memory + reader->start, at - reader->start);
}

/* What is before text[at] is done with. */
static void pass(struct json_reader *reader, size_t at)
{
    const struct json_part place = place_of(reader, at);
    hash_to(reader, at);
    move_to(reader, at, &place);
}

static int parse_text(struct json_reader *reader, char *text, size_t len, struct page *page,
                      struct tg_error *err)
{
    switch (reader->state) {
    case IN_LINES: return json_page_lines(page->parser, text, len, reader->line, page, err);
    case IN_MARKED: return json_page_marked(page->parser, text, len, reader->line, page, err);
    default: return json_page_elements(page->parser, text, len, reader->row, page, err);
    }
}

/* Rows of a text that has room around it; its parts tell where it is from. */
static int parse(struct json_reader *reader, char *text, size_t len, const struct json_part *parts,
                 size_t part_count, struct page *page, struct tg_error *err)
{
    static const char one_a_line[] = "; fix the line or remove it, or say format: json if rows "
                                     "span lines or share them";
    static const char as_it_begins[] =
        "; fix the line or remove it: as the file begins, each line is a row; with select: $ rows "
        "may span lines, or share them, from one to the next";
    const char *advice = reader->form == JSON_LINES ? one_a_line : as_it_begins;
    const struct json_manner manner = {.parts = parts,
                                       .part_count = part_count,
                                       .rejects = reader->rejects,
                                       .keeps = reader->keeps,
                                       .advice = reader->state == IN_LINES ? advice : NULL};
    const size_t bad = page_bad_count(page);
    int rc = page->parser ? TG_OK : json_page_new(&page->parser, err);
    if (rc != TG_OK)
        return rc;
    json_page_set(page->parser, &manner);
    rc = parse_text(reader, text, len, page, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_FILE, reader->name);
    page->file = reader->name;
    reader->row += page->read_count + page_bad_count(page) - bad;
    return TG_OK;
}

/* Gives [start, cut) to the parser, which writes into it, and into the bytes behind. */
static int hand_over(struct json_reader *reader, size_t cut, struct page *page,
                     struct tg_error *err)
{
    char *text = reader->memory + reader->start;
    const size_t len = cut - reader->start;
    const struct json_part from = {0, reader->line, reader->column}, to = place_of(reader, cut);
    char behind[BACK_ROOM];
    if (reader->hash && reader->is_half)
        hash_stream_keep(reader->hash);
    hash_to(reader, cut);
    memcpy(behind, text + len, BACK_ROOM);
    int rc = parse(reader, text, len, &from, 1, page, err);
    memcpy(text + len, behind, BACK_ROOM);
    if (rc != TG_OK)
        return rc;
    const bool is_whole =
        page_bad_count(page) == 0 && (page->row_count > 0 || reader->state != IN_MARKED);
    if (reader->hash && reader->is_half && !is_whole)
        hash_stream_go_back(reader->hash);
    move_to(reader, cut, &to);
    return TG_OK;
}

static bool has_rows(const struct page *page)
{
    return page->row_count > 0 || page_bad_count(page) > 0;
}

/* ---- Lines, and texts behind marks --------------------------------------------------------- */

/* Where the last line or text begins that may not be whole; 0: there is none. A mark belongs to the
 * text behind it, by which it is known for what it is when it comes again. */
static size_t find_last(const struct json_reader *reader, size_t searched)
{
    const char *text = reader->memory + reader->start, *found;
    const size_t len = reader->end - reader->start, from = searched > 0 ? searched : 1;
    if (reader->state == IN_LINES)
        found = len > searched ? memrchr(text + searched, '\n', len - searched) : NULL;
    else
        found = len > from ? memrchr(text + from, JSON_MARK, len - from) : NULL;
    if (!found)
        return 0;
    return (size_t)(found - reader->memory) + (reader->state == IN_LINES);
}

/* Up to `last`, or at the end of the file to there. A last line without an end, or the last text
 * behind a mark, may have been written in part: it goes by itself, and if it is rejected it is not
 * hashed. So it counts as not read, and comes again when the file has grown. */
static size_t find_line_cut(struct json_reader *reader, size_t last)
{
    const bool has_half = reader->text_end && last < reader->end &&
                          (reader->state == IN_MARKED ||
                           (reader->rejects && reader->memory[reader->end - 1] != '\n'));
    reader->is_half = has_half && last == 0;
    return last > 0 && (has_half || !reader->text_end) ? last : reader->end;
}

static int next_lines(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    size_t want = PAGE_BYTES, searched = 0, last, cut;
    int rc = TG_OK;
    for (;;) {
        TRY(fill(reader, want, err));
        last = find_last(reader, searched);
        if (last > 0 || reader->text_end)
            break;
        searched = reader->end - reader->start;
        TRY(want_more(reader, &want, err));
    }
    cut = find_line_cut(reader, last);
    if (cut == reader->start)
        return TG_OK; /* the end of the file */
    TRY(hand_over(reader, cut, page, err));
done:
    return rc;
}

/* ---- Elements and rows ---------------------------------------------------------------------- */

/* Walks over text that is not scanned yet. *comma: behind the last comma between elements, 0: none.
 * *closed: the bracket that ends the list, or the byte behind the end of a single object, 0: none.
 */
static void scan(struct json_reader *reader, size_t *comma, size_t *closed)
{
    const char *text = reader->memory;
    size_t i = reader->scanned, end = reader->end, outer = reader->state == IN_ROW;
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
        case '/':
        case '#':
            reader->fault = JSON_NO_COMMENTS;
            reader->scanned = i;
            return;
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

/* Adds [start, cut) to the rows that wait. */
static int gather(struct json_reader *reader, size_t cut, struct tg_error *err)
{
    struct buf *rows = &reader->gathered;
    int rc = TG_OK;
    TRY(mem_grow(&reader->parts, &reader->part_cap, reader->part_count + 1, sizeof(*reader->parts),
                 err));
    buf_char(rows, rows->len == 0 ? '[' : ',');
    reader->parts[reader->part_count++] =
        (struct json_part){rows->len - FRONT_ROOM, reader->line, reader->column};
    buf_append(rows, reader->memory + reader->start, cut - reader->start);
    TRY(buf_check(rows, err));
    pass(reader, cut);
done:
    return rc;
}

/* Makes a page of the rows that wait. */
static int hand_gathered(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    struct buf *rows = &reader->gathered;
    const size_t len = rows->len - FRONT_ROOM;
    int rc = TG_OK;
    buf_append(rows, "\0\0\0", BACK_ROOM);
    TRY(buf_check(rows, err));
    TRY(parse(reader, rows->data + FRONT_ROOM, len, reader->parts, reader->part_count, page, err));
    buf_clear(rows);
    reader->part_count = 0;
done:
    return rc;
}

/* A long run goes into a page of its own; those that wait go before, and it is scanned again. */
static int let_wait(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    reader->scanned = reader->start;
    reader->depth = 0;
    reader->quoted = false;
    return hand_gathered(reader, page, err);
}

/* Rows up to `cut`: into the page, if they fill one, or to those that wait for more. */
static int take_run(struct json_reader *reader, size_t cut, struct page *page, struct tg_error *err)
{
    if (cut - reader->start >= RUN_BYTES_MIN)
        return hand_over(reader, cut, page, err);
    int rc = gather(reader, cut, err);
    if (rc == TG_OK && reader->gathered.len >= PAGE_BYTES)
        rc = hand_gathered(reader, page, err);
    return rc;
}

/* By the right bracket; a comma before it must have been followed by a row. */
static int close_list(struct json_reader *reader, size_t closed, struct tg_error *err)
{
    if (reader->state == IN_LIST && reader->memory[closed] != ']')
        return malformed(reader, closed, "a list is closed by '}'", err);
    pass(reader, closed + (reader->state == IN_LIST));
    reader->state = WALKING;
    return TG_OK;
}

static int cut_off(const struct json_reader *reader, const char *bracket, struct tg_error *err)
{
    char what[80] = "the file ends in the middle of a value; it is cut off";
    if (bracket)
        snprintf(what, sizeof(what), "the file ends before the closing '%s'; it is cut off",
                 bracket);
    return malformed(reader, reader->end, what, err);
}

/* Finds where a row ends, as far behind as the buffer goes. */
static int find_cut(struct json_reader *reader, size_t *comma, size_t *closed, struct tg_error *err)
{
    size_t want = PAGE_BYTES;
    int rc = TG_OK;
    *comma = *closed = 0;
    for (;;) {
        TRY(fill(reader, want, err));
        scan(reader, comma, closed);
        if (reader->fault)
            return malformed(reader, reader->scanned, reader->fault, err);
        if (*comma || *closed)
            break;
        if (reader->text_end)
            return cut_off(reader, reader->state == IN_LIST ? "]" : "}", err);
        TRY(want_more(reader, &want, err));
    }
done:
    return rc;
}

/* Elements of a list, or a single row, up to the last end of one. */
static int next_elements(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    size_t comma, closed, cut;
    int rc = TG_OK;
    TRY(find_cut(reader, &comma, &closed, err));
    cut = closed ? closed : comma - 1;
    if (reader->gathered.len > 0 && cut - reader->start >= RUN_BYTES_MIN)
        return let_wait(reader, page, err);
    if (skip_space(reader->memory, reader->start, cut) < cut)
        TRY(take_run(reader, cut, page, err));
    else if (reader->after_comma || !closed)
        return malformed(reader, cut, "a comma without a value; take it out", err);
    reader->after_comma = !closed;
    if (closed)
        TRY(close_list(reader, closed, err));
    else
        pass(reader, comma);
done:
    return rc;
}

/* Nothing follows: is something missing? */
static int end_walk(struct json_reader *reader, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    if (!json_walk_may_end(&reader->walk))
        TRY(cut_off(reader, json_walk_closing(&reader->walk), err));
    if (reader->gathered.len > 0)
        TRY(hand_gathered(reader, page, err));
    else if (json_walk_finish(&reader->walk, err) != TG_OK)
        rc = error_at(err, TG_DATA, AT_FILE, reader->name);
done:
    return rc;
}

/* To the next list, or row, or the end. */
static int walk_on(struct json_reader *reader, struct page *page, bool *ended, struct tg_error *err)
{
    enum walk_event event = WALK_MORE;
    size_t want = PAGE_BYTES, at;
    int rc = TG_OK;
    while (event == WALK_MORE) {
        TRY(fill(reader, want, err));
        at = reader->start;
        event = json_walk_next(&reader->walk, reader->memory, &at, reader->end);
        if (event == WALK_MALFORMED)
            return malformed(reader, at, reader->walk.fault, err);
        want = PAGE_BYTES;
        if (event == WALK_MORE && at == reader->start && !reader->text_end)
            TRY(want_more(reader, &want, err));
        pass(reader, at);
        *ended = event == WALK_MORE && reader->text_end;
        if (*ended)
            return end_walk(reader, page, err);
    }
    reader->scanned = reader->start;
    reader->depth = 0;
    reader->after_comma = false;
    reader->state = event == WALK_LIST ? IN_LIST : IN_ROW;
done:
    return rc;
}

/* ---- The text ------------------------------------------------------------------------------ */

/* Does the first line, which begins with '{', hold one object and nothing else? */
static bool holds_object(const char *text, size_t len)
{
    bool quoted = false;
    size_t depth = 0, i = 0;
    for (; i < len && text[i] != '\n'; i++) {
        const char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth == 0 && !quoted) {
            i = skip_space(text, i + 1, len);
            return i >= len || text[i] != '{' || memchr(text, '\n', i);
        }
    }
    return i >= len;
}

/* How the values of a text that begins so stand in it. */
static enum state find_state(enum json_form form, bool selects, const char *text, size_t len)
{
    const size_t first = skip_space(text, utf8_mark(text, len), len);
    const char c = first < len ? text[first] : '\0';
    if (selects)
        return WALKING;
    if (c == JSON_MARK)
        return IN_MARKED;
    if (form == JSON_ANY && (c == '[' || (c == '{' && !holds_object(text + first, len - first))))
        return WALKING;
    return IN_LINES;
}

bool json_has_lines(const char *text, size_t len)
{
    const size_t first = skip_space(text, utf8_mark(text, len), len);
    return first < len && (text[first] == '{' || text[first] == JSON_MARK) &&
           find_state(JSON_ANY, false, text, len) != WALKING;
}

/* Of very many blanks at the beginning, until what tells the form is there. */
static int skip_blank_start(struct json_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    for (;;) {
        const size_t first = skip_space(reader->memory, reader->start, reader->end);
        if (reader->text_end || first - reader->start < PAGE_BYTES / 2)
            break;
        pass(reader, first);
        TRY(fill(reader, PAGE_BYTES, err));
    }
done:
    return rc;
}

/* It counts for no column. */
static void pass_mark(struct json_reader *reader, size_t len)
{
    hash_to(reader, reader->start + len);
    reader->start += len;
}

/* Skips a byte order mark and tells the form of the file, if it is text. */
static int begin(struct json_reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(fill(reader, PAGE_BYTES, err));
    const char *text = reader->memory + reader->start;
    const size_t len = reader->end - reader->start;
    rc = content_check_text(text, len, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_FILE, reader->name);
    pass_mark(reader, utf8_mark(text, len));
    TRY(skip_blank_start(reader, err));
    text = reader->memory + reader->start;
    reader->state = find_state(reader->form, reader->walk.path, text, reader->end - reader->start);
done:
    return rc;
}

/* To the next rows, or on the way there. */
static int step(struct json_reader *reader, struct page *page, bool *ended, struct tg_error *err)
{
    switch (reader->state) {
    case AT_START: return begin(reader, err);
    case WALKING: return walk_on(reader, page, ended, err);
    case IN_LIST:
    case IN_ROW: return next_elements(reader, page, err);
    case IN_LINES:
    case IN_MARKED: break;
    }
    *ended = reader->text_end && reader->start == reader->end;
    return *ended ? TG_OK : next_lines(reader, page, err);
}

static int next_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct json_reader *reader = (struct json_reader *)base;
    bool ended = false;
    int rc = TG_OK;
    page_clear(page);
    while (!has_rows(page) && !ended)
        TRY(step(reader, page, &ended, err));
    page->kind = has_rows(page) ? PAGE_ROWS : PAGE_END;
    page->bytes = (uint64_t)(reader_file_bytes(reader->text) - reader->bytes_told);
    reader->bytes_told += (int64_t)page->bytes;
done:
    return rc;
}

static void close_reader(struct page_stream *base)
{
    struct json_reader *reader = (struct json_reader *)base;
    reader_close(reader->text);
    json_walk_release(&reader->walk);
    buf_release(&reader->gathered);
    mem_free(reader->parts);
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
    reader_watch(reader->text, NULL);
    reader->hash = options->hash;
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
    reader->rejects = options->rejects;
    reader->keeps = options->keeps;
    reader->walk.path = options->select;
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
