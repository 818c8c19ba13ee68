/*
 * JSON text -> a page of rows, at the speed of yyjson's parser.
 *
 * json_page_lines: split_lines (newlines between values become commas) -> parse_page (ONE list,
 * into memory kept from page to page) -> take_objects (the elements are the rows, each proven to
 * stand on its line). When that does not come out even, check_lines parses line by line to name the
 * first bad one, or to make blanks of all that are rejected, and wrap_rows lays scalars and lists
 * as {"value": ...} rows.
 *
 * Why take_objects proves it: a newline comma inside value i means that value i + 1 begins later
 * than at the start of line i + 1. So value i must be the first thing on line i. An empty object
 * has no key to place it by: it must be all that its line holds; then too few lines are left for
 * the values that follow. Left to others: reading files (extract), and what rows mean.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/json_place.h"
#include "data/page.h"

struct block {
    void *memory;
    size_t cap;
    bool used;
};

enum { BLOCKS = 4 }; /* a document takes two; a page and one line may be open at once */

struct line {
    size_t start, end; /* in the text, without the newline */
};

struct json_page {
    struct block blocks[BLOCKS];
    yyjson_alc allocator;
    yyjson_doc *doc;    /* of the page */
    struct line *lines; /* not blank ones */
    size_t line_count, line_cap;
    uint64_t *numbers; /* of the lines, from first_line */
    size_t number_cap;
    yyjson_val *cells; /* rows that were wrapped */
    size_t cell_cap;
    uint64_t *row_lines; /* line of each of them */
    size_t row_line_cap;
    struct json_manner manner;
    struct json_place place; /* of the values, where that is wanted */
};

/* ---- memory that is kept between pages, as yyjson's allocator ---- */

static struct block *find_block(struct json_page *parser, const void *memory)
{
    for (int i = 0; i < BLOCKS; i++)
        if (memory ? parser->blocks[i].memory == memory : !parser->blocks[i].used)
            return &parser->blocks[i];
    return NULL;
}

static void *block_alloc(void *ctx, size_t size)
{
    struct block *block = find_block(ctx, NULL);
    if (!block)
        return NULL;
    if (block->cap < size) {
        mem_free(block->memory);
        block->memory = mem_alloc(size);
        block->cap = block->memory ? size : 0;
    }
    block->used = block->memory != NULL;
    return block->memory;
}

static void *block_resize(void *ctx, void *old, size_t old_size, size_t size)
{
    struct block *block = find_block(ctx, old);
    void *memory;
    (void)old_size;
    if (size <= block->cap)
        return old;
    memory = mem_realloc(old, size);
    if (memory) {
        block->memory = memory;
        block->cap = size;
    }
    return memory;
}

static void block_free(void *ctx, void *memory)
{
    find_block(ctx, memory)->used = false;
}

int json_page_new(struct json_page **out, struct tg_error *err)
{
    struct json_page *parser = mem_calloc(1, sizeof(*parser));
    *out = parser;
    if (!parser)
        return error_nomem(err);
    parser->allocator = (yyjson_alc){block_alloc, block_resize, block_free, parser};
    return TG_OK;
}

void json_page_free(struct json_page *parser)
{
    if (!parser)
        return;
    for (int i = 0; i < BLOCKS; i++)
        mem_free(parser->blocks[i].memory);
    mem_free(parser->lines);
    mem_free(parser->numbers);
    mem_free(parser->cells);
    mem_free(parser->row_lines);
    json_place_release(&parser->place);
    mem_free(parser);
}

void json_page_set(struct json_page *parser, const struct json_manner *manner)
{
    parser->manner = *manner;
}

/* ---- parsing ---- */

static yyjson_doc *parse(struct json_page *parser, char *text, size_t len, bool nan,
                         yyjson_read_err *err)
{
    yyjson_read_flag flags = YYJSON_READ_BIGNUM_AS_RAW;
    if (nan)
        flags |= YYJSON_READ_ALLOW_INF_AND_NAN;
    return yyjson_read_opts(text, len, flags, &parser->allocator, err);
}

/* NaN and infinities, which yyjson leaves as raw text beside big integers, become doubles. */
static void settle_nan(yyjson_doc *doc)
{
    yyjson_val *cell = yyjson_doc_get_root(doc);
    for (const yyjson_val *end = cell_next(cell); cell < end; cell++) {
        const char *text = cell->uni.str;
        if ((cell->tag & YYJSON_TAG_MASK) != YYJSON_TYPE_RAW)
            continue;
        bool negative = *text == '-';
        char letter = (char)(text[negative] | 0x20);
        if (letter != 'n' && letter != 'i')
            continue;
        cell->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
        cell->uni.f64 = letter == 'n' ? (double)NAN : negative ? -HUGE_VAL : HUGE_VAL;
    }
}

/* Parses the page as one list; the document of the page before goes. NULL when malformed. A page
 * with NaN or an infinity, which JSON has not, is parsed twice. */
static int parse_page(struct json_page *parser, char *text, size_t len, yyjson_read_err *fault,
                      struct tg_error *err)
{
    yyjson_doc_free(parser->doc);
    text[-1] = '[';
    text[len] = ']';
    parser->doc = parse(parser, text - 1, len + 2, false, fault);
    if (!parser->doc && fault->code != YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        parser->doc = parse(parser, text - 1, len + 2, true, fault);
        if (parser->doc)
            settle_nan(parser->doc);
    }
    if (!parser->doc && fault->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_nomem(err);
    return TG_OK;
}

static int set_rows(struct page *out, size_t count, struct tg_error *err)
{
    out->kind = PAGE_ROWS;
    out->row_count = 0;
    out->read_count = 0;
    out->lines = NULL;
    out->text = NULL;
    out->first_cell = NULL;
    return mem_grow(&out->rows, &out->row_cap, count > 0 ? count : 1, sizeof(*out->rows), err);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && is_space(text[at]))
        at++;
    return at;
}

/* In a line or a row, which the function tells. */
static int byte_where(struct tg_error *err,
                      int (*outer)(struct tg_error *err, int code, uint64_t number),
                      uint64_t number, size_t byte)
{
    error_where(err, TG_DATA, "byte %zu", byte);
    return outer(err, TG_DATA, number);
}

/* What is wrong with a value, and at which of its bytes. */
struct flaw {
    size_t at;
    bool is_advised; /* it says what to do */
    char what[200];
};

/* What somebody meant who wrote this, or NULL. */
static const char *meant(const char *text, size_t len, size_t at)
{
    const char c = at < len ? text[at] : '\0';
    const size_t next = skip_blanks(text, at + 1, len);
    if (c == '#' || (c == '/' && at + 1 < len && (text[at + 1] == '/' || text[at + 1] == '*')))
        return JSON_NO_COMMENTS;
    if (c == ',' && next < len && (text[next] == ']' || text[next] == '}'))
        return "a comma stands before the closing bracket; take it out";
    if (c == ',' && next >= len)
        return "a comma stands behind the value; take it out";
    if (c == '\'')
        return "texts and keys stand in double quotes in JSON";
    if (c == 'N' || c == 'T' || c == 'F')
        return "it is null, true and false in JSON";
    return NULL;
}

static void describe(struct flaw *flaw, const char *text, size_t len, const yyjson_read_err *fault)
{
    const char *hint = meant(text, len, fault->pos);
    flaw->at = fault->pos;
    flaw->is_advised = hint;
    snprintf(flaw->what, sizeof(flaw->what), "malformed JSON: %s", hint ? hint : fault->msg);
}

/* Nesting is the one thing a well-formed page is refused for. */
static void describe_depth(struct flaw *flaw)
{
    flaw->at = 0;
    flaw->is_advised = true;
    snprintf(flaw->what, sizeof(flaw->what),
             "the value is nested deeper than %d levels; flatten it in the source", CELL_DEPTH_MAX);
}

/* Parses a value by itself. *is_bad: it is none, or too deep. */
static int check_value(struct json_page *parser, char *text, size_t len, struct flaw *flaw,
                       bool *is_bad, struct tg_error *err)
{
    yyjson_read_err fault;
    yyjson_doc *doc = parse(parser, text, len, true, &fault);
    const bool is_deep = doc && cell_too_deep(yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    *is_bad = !doc || is_deep;
    if (!doc && fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_nomem(err);
    if (is_deep)
        describe_depth(flaw);
    else if (!doc)
        describe(flaw, text, len, &fault);
    return TG_OK;
}

/* The line and the byte of text[at]. */
static struct bad_row place_of(const struct json_page *parser, const char *text, size_t at)
{
    static const struct json_part beginning = {0, 1, 0};
    const struct json_part *part = parser->manner.parts ? parser->manner.parts : &beginning;
    for (size_t i = 1; i < parser->manner.part_count && part[1].at <= at; i++)
        part++;
    struct bad_row place = {.line = part->line, .byte = part->column + at - part->at + 1};
    for (size_t i = part->at; i < at; i++) {
        if (text[i] != '\n')
            continue;
        place.line++;
        place.byte = at - i;
    }
    return place;
}

/* The lines stay where they are. */
static void blank(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '\n' ? '\n' : ' ';
}

static int reject(struct page *out, struct bad_row place, const struct flaw *flaw, const char *text,
                  size_t len, struct tg_error *err)
{
    place.reason = flaw->what;
    place.text = text;
    return bad_rows_add(&out->bad, &place, len, err);
}

/* ---- wrapping: rows of what is not an object ---- */

struct wrapper {
    struct json_page *parser;
    struct page *page;
    yyjson_val *end; /* of the cells laid so far */
};

/* Lays one row: an object as it is, anything else as {"value": X}. Text stays in the document. */
static void wrap_row(struct wrapper *wrapper, const yyjson_val *cell, size_t line)
{
    struct json_page *parser = wrapper->parser;
    struct page *page = wrapper->page;
    yyjson_val *row = wrapper->end;
    size_t count = (size_t)(cell_next(cell) - cell);
    const bool is_object = cell_kind(cell) == CELL_OBJECT;
    parser->place.laid[page->row_count] = (struct laid_row){
        .number = (size_t)(cell - yyjson_doc_get_root(parser->doc)), .added = is_object ? 0 : 2};
    if (!is_object) {
        row[0] = (yyjson_val){.tag = YYJSON_TYPE_OBJ | 1u << YYJSON_TAG_BIT,
                              .uni.ofs = (count + 2) * sizeof(*row)};
        row[1] = (yyjson_val){.tag = YYJSON_TYPE_STR | 5u << YYJSON_TAG_BIT, .uni.str = "value"};
        wrapper->end += 2;
    }
    memcpy(wrapper->end, cell, count * sizeof(*cell));
    wrapper->end += count;
    if (parser->line_count > 0)
        parser->row_lines[page->row_count] = parser->numbers[line];
    page->rows[page->row_count++] = row;
}

/* Lays all elements of the page's list; with `lines`, a list on a line is a page of rows and a null
 * is none. */
static int wrap_rows(struct json_page *parser, bool lines, struct page *out, struct tg_error *err)
{
    const yyjson_val *root = yyjson_doc_get_root(parser->doc);
    const yyjson_val *cell = cell_first(root);
    struct wrapper wrapper = {.parser = parser, .page = out};
    size_t row_max = 0;
    int rc = TG_OK;
    for (size_t i = 0; i < cell_len(root); i++, cell = cell_next(cell))
        row_max += lines && cell_kind(cell) == CELL_LIST ? cell_len(cell) : 1;
    TRY(set_rows(out, row_max, err));
    TRY(mem_grow(&parser->cells, &parser->cell_cap, (size_t)(cell_next(root) - root) + 2 * row_max,
                 sizeof(*parser->cells), err));
    TRY(mem_grow(&parser->row_lines, &parser->row_line_cap, row_max, sizeof(uint64_t), err));
    TRY(mem_grow(&parser->place.laid, &parser->place.laid_cap, row_max, sizeof(*parser->place.laid),
                 err));
    wrapper.end = parser->cells;
    cell = cell_first(root);
    for (size_t i = 0; i < cell_len(root); i++, cell = cell_next(cell)) {
        enum cell_kind kind = cell_kind(cell);
        if (lines && kind == CELL_LIST) {
            const yyjson_val *element = cell_first(cell);
            for (size_t left = cell_len(cell); left > 0; left--, element = cell_next(element))
                wrap_row(&wrapper, element, i);
        } else if (!lines || kind != CELL_NULL) {
            wrap_row(&wrapper, cell, i);
        }
    }
    out->lines = lines ? parser->row_lines : NULL;
    out->first_cell = parser->cells;
    out->read_count = out->row_count;
done:
    return rc;
}

/* ---- the text that is kept ---- */

/* A page is longer only where a single row is: that is not worth as much memory again. */
enum { KEPT_BYTES_MAX = 16 * 1024 * 1024 };

/* Each line is a part where the newlines between them are gone; else the parts are as they were
 * told. */
static int keep_text(struct json_page *parser, const char *text, size_t len, bool by_lines,
                     struct page *out, struct tg_error *err)
{
    static const struct json_part beginning = {0, 1, 0};
    const struct json_manner *manner = &parser->manner;
    struct json_place *place = &parser->place;
    int rc = TG_OK;
    if (!manner->keeps || !parser->doc || len > KEPT_BYTES_MAX)
        return TG_OK;
    TRY(json_place_begin(place, text, len, yyjson_doc_get_root(parser->doc), err));
    place->is_laid = out->first_cell == parser->cells;
    out->text = &place->base;
    for (size_t i = 0; by_lines && i < parser->line_count; i++) {
        const struct json_part line = {parser->lines[i].start, parser->numbers[i], 0};
        TRY(json_place_part(place, &line, err));
    }
    for (size_t i = 0; !by_lines && i < manner->part_count; i++)
        TRY(json_place_part(place, &manner->parts[i], err));
    if (place->part_count == 0)
        TRY(json_place_part(place, &beginning, err));
done:
    return rc;
}

/* ---- lines ---- */

static int grow_lines(struct json_page *parser, size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&parser->lines, &parser->line_cap, count, sizeof(*parser->lines), err));
    TRY(mem_grow(&parser->numbers, &parser->number_cap, count, sizeof(*parser->numbers), err));
done:
    return rc;
}

static int add_line(struct json_page *parser, char *text, size_t start, size_t end, uint64_t number,
                    struct tg_error *err)
{
    const size_t count = parser->line_count;
    if (count == parser->line_cap || count == parser->number_cap) {
        int rc = grow_lines(parser, count + 1, err);
        if (rc != TG_OK)
            return rc;
    }
    if (count > 0)
        text[parser->lines[count - 1].end] = ',';
    parser->lines[count] = (struct line){start, end};
    parser->numbers[count] = number;
    parser->line_count++;
    return TG_OK;
}

static int split_lines(struct json_page *parser, char *text, size_t len, uint64_t number,
                       struct tg_error *err)
{
    int rc = TG_OK;
    parser->line_count = 0;
    for (size_t start = 0, next; start < len; start = next, number++) {
        char *newline = memchr(text + start, '\n', len - start);
        size_t end = newline ? (size_t)(newline - text) : len;
        next = end + 1;
        if (skip_blanks(text, start, end) < end)
            TRY(add_line(parser, text, start, end, number, err));
    }
done:
    return rc;
}

/* Marks that no text follows become blanks. */
static int split_marked(struct json_page *parser, char *text, size_t len, uint64_t number,
                        struct tg_error *err)
{
    int rc = TG_OK;
    size_t counted = 0;
    parser->line_count = 0;
    for (size_t start = 0, next; start < len; start = next) {
        char *mark = memchr(text + start, JSON_MARK, len - start);
        size_t end = mark ? (size_t)(mark - text) : len, first = skip_blanks(text, start, end);
        next = end + 1;
        if (mark)
            *mark = ' ';
        if (first == end)
            continue;
        for (; counted < first; counted++)
            number += text[counted] == '\n';
        TRY(add_line(parser, text, start, end, number, err));
    }
done:
    return rc;
}

/* Whether `row` is the first thing on its line, by the place of its first key; an empty object must
 * be alone. */
static bool stands_on(const yyjson_val *row, const char *text, const char *pool, struct line line)
{
    const char *p = text + line.start, *end = text + line.end;
    size_t key = 0;
    if (cell_len(row) > 0) {
        key = (size_t)(cell_first(row)->uni.str - pool) - 1; /* the pool begins with our '[' */
        if (key == line.start + 2 && p[0] == '{')
            return true;
    }
    while (p < end && is_space(*p))
        p++;
    if (p == end || *p++ != '{')
        return false;
    while (p < end && is_space(*p))
        p++;
    if (cell_len(row) > 0)
        return p < end && *p == '"' && (size_t)(p + 1 - text) == key;
    if (p == end || *p++ != '}')
        return false;
    while (p < end && is_space(*p))
        p++;
    return p == end;
}

/* The elements of the page as rows. *even: every one is an object and stands on its own line. */
static int take_objects(struct json_page *parser, const char *text, struct page *out, bool *even,
                        struct tg_error *err)
{
    const yyjson_val *root = yyjson_doc_get_root(parser->doc);
    const yyjson_val *row = cell_first(root);
    const char *pool = parser->doc->str_pool;
    size_t count = parser->line_count;
    int rc = TG_OK;
    *even = false;
    if (cell_len(root) != count)
        return TG_OK;
    TRY(set_rows(out, count, err));
    for (size_t i = 0; i < count; i++, row = cell_next(row)) {
        if ((row->tag & YYJSON_TAG_MASK) != YYJSON_TYPE_OBJ || cell_too_deep(row) ||
            !stands_on(row, text, pool, parser->lines[i]))
            return TG_OK;
        out->rows[i] = row;
    }
    *even = true;
    out->row_count = out->read_count = count;
    out->lines = parser->numbers;
    out->first_cell = count > 0 ? out->rows[0] : NULL;
done:
    return rc;
}

static int refuse_line(const struct json_page *parser, struct bad_row place,
                       const struct flaw *flaw, struct tg_error *err)
{
    const char *advice = parser->manner.advice;
    if (!advice)
        advice = "; fix the line or remove it";
    error_set(err, TG_DATA, "%s%s", flaw->what, flaw->is_advised ? "" : advice);
    return byte_where(err, error_at_line, place.line, place.byte);
}

/* Where the flaw of a line is. */
static struct bad_row place_in(const struct json_page *parser, const char *text, char separator,
                               size_t i, const struct flaw *flaw)
{
    if (separator != '\n')
        return place_of(parser, text, parser->lines[i].start + flaw->at);
    return (struct bad_row){.line = parser->numbers[i], .byte = flaw->at + 1};
}

/* Parses each line by itself: the first that is not one whole value is TG_DATA, or all of them are
 * rejected. */
static int check_lines(struct json_page *parser, char *text, char separator, size_t *rejected,
                       struct page *out, struct tg_error *err)
{
    struct flaw flaw;
    bool is_bad;
    int rc = TG_OK;
    *rejected = 0;
    for (size_t i = 0; i < parser->line_count; i++) {
        const struct line line = parser->lines[i];
        TRY(check_value(parser, text + line.start, line.end - line.start, &flaw, &is_bad, err));
        if (!is_bad)
            continue;
        const struct bad_row place = place_in(parser, text, separator, i, &flaw);
        if (!parser->manner.rejects)
            return refuse_line(parser, place, &flaw, err);
        TRY(reject(out, place, &flaw, text + line.start, line.end - line.start, err));
        blank(text + line.start, line.end - line.start);
        ++*rejected;
    }
done:
    return rc;
}

/* Once more, where what was rejected is blank. */
static void join_lines(const struct json_page *parser, char *text, char separator)
{
    for (size_t i = 0; i + 1 < parser->line_count; i++)
        text[parser->lines[i].end] = separator;
}

static int take_lines(struct json_page *parser, char *text, size_t len, uint64_t first_line,
                      char separator, struct page *out, struct tg_error *err)
{
    yyjson_read_err fault;
    bool even = false;
    size_t rejected = 0;
    int rc = TG_OK;
    TRY((separator == '\n' ? split_lines : split_marked)(parser, text, len, first_line, err));
    TRY(set_rows(out, parser->line_count, err));
    out->bytes = len;
    out->first_row = first_line;
    if (parser->line_count == 0)
        goto done;
    TRY(parse_page(parser, text, len, &fault, err));
    if (parser->doc)
        TRY(take_objects(parser, text, out, &even, err));
    if (even)
        goto done;
    TRY(check_lines(parser, text, separator, &rejected, out, err));
    if (rejected > 0) {
        join_lines(parser, text, separator);
        return take_lines(parser, text, len, first_line, separator, out, err);
    }
    if (!parser->doc)
        TRY(error_set(err, TG_INTERNAL, "malformed JSON on no line: %s", fault.msg));
    TRY(wrap_rows(parser, true, out, err));
done:
    return rc;
}

int json_page_lines(struct json_page *parser, char *text, size_t len, uint64_t first_line,
                    struct page *out, struct tg_error *err)
{
    int rc = take_lines(parser, text, len, first_line, '\n', out, err);
    return rc == TG_OK ? keep_text(parser, text, len, true, out, err) : rc;
}

int json_page_marked(struct json_page *parser, char *text, size_t len, uint64_t first_line,
                     struct page *out, struct tg_error *err)
{
    int rc = take_lines(parser, text, len, first_line, JSON_MARK, out, err);
    return rc == TG_OK ? keep_text(parser, text, len, false, out, err) : rc;
}

/* ---- elements ---- */

/* The end of the element that begins at `start`: its comma, or the end of the text. */
static size_t element_end(const char *text, size_t start, size_t len)
{
    int depth = 0;
    bool quoted = false;
    size_t i = start;
    for (; i < len; i++) {
        char c = text[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ',' && depth == 0) {
            break;
        }
    }
    return i < len ? i : len;
}

/* All is parsed element by element: the first that is bad is TG_DATA. Where they are rejected, they
 * are blank then, with a comma each, and the rows that are left have their numbers. */
static int check_elements(struct json_page *parser, char *text, size_t len, uint64_t first_row,
                          struct page *out, struct tg_error *err)
{
    size_t end, count = 0, comma = len; /* behind the last one that is good */
    uint64_t row = first_row;
    struct flaw flaw;
    bool is_bad;
    int rc = TG_OK;
    for (size_t at = 0; at <= len; at = end + 1, row++) {
        end = element_end(text, at, len);
        size_t start = skip_blanks(text, at, end);
        TRY(check_value(parser, text + start, end - start, &flaw, &is_bad, err));
        if (start == end)
            snprintf(flaw.what, sizeof(flaw.what), "malformed JSON: a comma without a value");
        if (is_bad && !parser->manner.rejects) {
            error_set(err, TG_DATA, "%s%s", flaw.what,
                      flaw.is_advised ? "" : "; fix the document in the source");
            return byte_where(err, error_at_row, row, flaw.at + 1);
        }
        TRY(grow_lines(parser, count + 1, err));
        if (is_bad) {
            TRY(reject(out, place_of(parser, text, start + flaw.at), &flaw, text + start,
                       end - start, err));
            blank(text + at, end - at);
            blank(text + (end < len ? end : comma), end < len || comma < len);
        } else {
            parser->numbers[count++] = row;
            comma = end;
        }
    }
    parser->line_count = count;
done:
    return rc;
}

static bool is_too_deep(const struct json_page *parser)
{
    const yyjson_val *root = yyjson_doc_get_root(parser->doc), *cell = cell_first(root);
    for (size_t i = 0; i < cell_len(root); i++, cell = cell_next(cell))
        if (cell_too_deep(cell))
            return true;
    return false;
}

/* The elements of the page that is parsed. */
static int lay_elements(struct json_page *parser, struct page *out, struct tg_error *err)
{
    const yyjson_val *root = yyjson_doc_get_root(parser->doc), *cell = cell_first(root);
    bool all_objects = true;
    int rc = TG_OK;
    TRY(set_rows(out, cell_len(root), err));
    for (size_t i = 0; i < cell_len(root); i++, cell = cell_next(cell)) {
        all_objects = all_objects && cell_kind(cell) == CELL_OBJECT;
        out->rows[i] = cell;
    }
    if (!all_objects)
        return wrap_rows(parser, false, out, err);
    out->row_count = out->read_count = cell_len(root);
    out->first_cell = out->row_count > 0 ? out->rows[0] : NULL;
done:
    return rc;
}

int json_page_elements(struct json_page *parser, char *text, size_t len, uint64_t first_row,
                       struct page *out, struct tg_error *err)
{
    const size_t bad_before = page_bad_count(out);
    yyjson_read_err fault;
    int rc = TG_OK;
    parser->line_count = 0;
    TRY(set_rows(out, 0, err));
    out->bytes = len;
    out->first_row = first_row;
    TRY(parse_page(parser, text, len, &fault, err));
    if (!parser->doc || is_too_deep(parser)) {
        TRY(check_elements(parser, text, len, first_row, out, err));
        TRY(parse_page(parser, text, len, &fault, err));
        if (!parser->doc || page_bad_count(out) == bad_before)
            TRY(error_set(err, TG_INTERNAL, "malformed JSON in no element: %s", fault.msg));
    }
    TRY(lay_elements(parser, out, err));
    if (parser->line_count > 0) {
        out->lines = out->first_cell == parser->cells ? parser->row_lines : parser->numbers;
        out->lines_are_rows = true;
    }
    TRY(keep_text(parser, text, len, false, out, err));
done:
    return rc;
}
