/*
 * Laying rows that a callback pushes.
 *
 * Data path: tg_rows_begin_object, tg_rows_key, tg_rows_int64... -> cells in one growing array,
 * text in chunks that never move -> rows_finish (pointers to the rows) -> rows_clear (memory is
 * kept for the next page). Lists and objects get their length and distance when they end. The first
 * mistake sticks in rows->err until rows_finish tells it.
 *
 * Left to others: reading cells (cell.c), JSON text to cells (json_page.c), what a row means
 * (normalize).
 */
#include "data/rows.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/column.h"
#include "data/text/literal.h"

enum { CHUNK_BYTES = 64 * 1024 };

struct chunk {
    struct chunk *next;
    size_t used, cap;
    char bytes[];
};

struct frame {
    size_t cell;  /* index of the list or object that is open */
    size_t count; /* elements, or pairs, so far */
    bool is_object;
    bool has_key;    /* a key waits for its value */
    bool is_wrapper; /* {"value": ...} around a value outside any object: ends with it */
};

struct tg_rows {
    yyjson_val *cells;
    size_t cell_count, cell_cap;
    struct chunk *first_chunk, *chunk; /* all of them; the one being filled */
    struct frame *frames;
    size_t depth, frame_cap;
    bool in_page; /* a list outside any object is open: its elements are rows */
    const yyjson_val **rows;
    size_t row_count, row_cap;
    uint64_t before;    /* rows of the resource before these */
    struct arena names; /* of the known keys */
    struct known_key {
        const char *name;
        size_t len;
    } * known;
    size_t known_count, known_cap;
    size_t first_table, table, table_max; /* of the first row, of those that come, that there are */
    struct row_mark *marks;
    size_t *mark_rows; /* the number of the row of each mark */
    size_t mark_count, mark_cap, mark_row_cap;
    struct tg_error err; /* the first mistake */
};

int rows_new(struct tg_rows **out, struct tg_error *err)
{
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    arena_init(&(*out)->names);
    return TG_OK;
}

void rows_count_from(struct tg_rows *rows, uint64_t first_row)
{
    rows->before = first_row - 1;
}

void rows_free(struct tg_rows *rows)
{
    if (!rows)
        return;
    for (struct chunk *chunk = rows->first_chunk, *next; chunk; chunk = next) {
        next = chunk->next;
        mem_free(chunk);
    }
    arena_release(&rows->names);
    mem_free(rows->known);
    mem_free(rows->cells);
    mem_free(rows->frames);
    mem_free(rows->rows);
    mem_free(rows->marks);
    mem_free(rows->mark_rows);
    mem_free(rows);
}

void rows_clear(struct tg_rows *rows)
{
    for (struct chunk *chunk = rows->first_chunk; chunk; chunk = chunk->next)
        chunk->used = 0;
    rows->chunk = rows->first_chunk;
    rows->cell_count = rows->row_count = rows->depth = 0;
    rows->in_page = false;
    rows->mark_count = 0;
    rows->first_table = rows->table;
    error_clear(&rows->err);
}

int rows_finish(struct tg_rows *rows, const yyjson_val ***out, size_t *count, struct tg_error *err)
{
    const yyjson_val *row = rows->cells;
    int rc = TG_OK;
    if (rows->err.code == TG_OK && (rows->depth > 0 || rows->in_page)) {
        bool is_object = rows->depth > 0 && rows->frames[rows->depth - 1].is_object;
        error_set(&rows->err, TG_USAGE,
                  "%s was begun but not ended; call tg_rows_end_%s before read returns",
                  is_object ? "an object" : "a list", is_object ? "object" : "list");
    }
    if (rows->err.code != TG_OK) {
        if (err)
            *err = rows->err;
        return rows->err.code;
    }
    TRY(mem_grow(&rows->rows, &rows->row_cap, rows->row_count + 1, sizeof(*rows->rows), err));
    for (size_t i = 0; i < rows->row_count; i++, row = cell_next(row))
        rows->rows[i] = row;
    while (rows->mark_count > 0 && rows->mark_rows[rows->mark_count - 1] == rows->row_count)
        rows->mark_count--; /* no row follows it here */
    for (size_t i = 0; i < rows->mark_count; i++)
        rows->marks[i].from = rows->rows[rows->mark_rows[i]];
    *out = rows->rows;
    *count = rows->row_count;
done:
    return rc;
}

size_t rows_bytes(const struct tg_rows *rows)
{
    size_t bytes = rows->cell_cap * sizeof(*rows->cells) + rows->row_cap * sizeof(*rows->rows) +
                   rows->frame_cap * sizeof(*rows->frames);
    for (const struct chunk *chunk = rows->first_chunk; chunk; chunk = chunk->next)
        bytes += sizeof(*chunk) + chunk->cap;
    return bytes;
}

int rows_reserve(struct tg_rows *rows, size_t count, yyjson_val **cells, size_t *cap,
                 struct tg_error *err)
{
    int rc = mem_grow(&rows->cells, &rows->cell_cap, count, sizeof(*rows->cells), err);
    *cells = rows->cells;
    *cap = rows->cell_cap;
    return rc;
}

const char *rows_keep(struct tg_rows *rows, const void *bytes, size_t len)
{
    struct chunk *chunk = rows->chunk;
    char *kept;
    while (chunk && chunk->cap - chunk->used < len && chunk->next)
        chunk = chunk->next;
    if (!chunk || chunk->cap - chunk->used < len) {
        size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;
        struct chunk *more = mem_alloc(sizeof(*more) + cap);
        if (!more) {
            error_nomem(&rows->err);
            return NULL;
        }
        *more = (struct chunk){.cap = cap};
        if (chunk)
            chunk->next = more;
        else
            rows->first_chunk = more;
        chunk = more;
    }
    rows->chunk = chunk;
    kept = chunk->bytes + chunk->used;
    memcpy(kept, bytes, len);
    chunk->used += len;
    return kept;
}

static yyjson_val *add_cell(struct tg_rows *rows, uint64_t tag)
{
    if (mem_grow(&rows->cells, &rows->cell_cap, rows->cell_count + 1, sizeof(*rows->cells),
                 &rows->err) != TG_OK)
        return NULL;
    rows->cells[rows->cell_count] = (yyjson_val){.tag = tag};
    return &rows->cells[rows->cell_count++];
}

static void open_frame(struct tg_rows *rows, bool is_object, bool is_wrapper)
{
    if (rows->depth == CELL_DEPTH_MAX) {
        error_set(&rows->err, TG_DATA, "a row is nested deeper than %d levels", CELL_DEPTH_MAX);
        return;
    }
    if (mem_grow(&rows->frames, &rows->frame_cap, rows->depth + 1, sizeof(*rows->frames),
                 &rows->err) != TG_OK)
        return;
    rows->frames[rows->depth++] =
        (struct frame){.cell = rows->cell_count, .is_object = is_object, .is_wrapper = is_wrapper};
    (void)add_cell(rows, is_object ? YYJSON_TYPE_OBJ : YYJSON_TYPE_ARR);
}

static void close_frame(struct tg_rows *rows)
{
    struct frame *frame = &rows->frames[--rows->depth];
    yyjson_val *cell = &rows->cells[frame->cell];
    cell->tag |= (uint64_t)frame->count << YYJSON_TAG_BIT;
    cell->uni.ofs = (rows->cell_count - frame->cell) * sizeof(*cell);
    rows->row_count += rows->depth == 0;
}

static void add_text(struct tg_rows *rows, uint64_t tag, const char *bytes, size_t len)
{
    const char *kept = rows_keep(rows, bytes, len);
    yyjson_val *cell = kept ? add_cell(rows, tag | (uint64_t)len << YYJSON_TAG_BIT) : NULL;
    if (cell)
        cell->uni.str = kept;
}

/* Before each value: whether it may stand here. Opens the wrapper of a value outside any object. */
static bool begin_value(struct tg_rows *rows, bool is_object)
{
    struct frame *frame;
    if (rows->err.code != TG_OK)
        return false;
    if (rows->depth == 0 && !is_object) {
        open_frame(rows, true, true);
        if (rows->err.code == TG_OK)
            add_text(rows, YYJSON_TYPE_STR, "value", 5);
        if (rows->err.code != TG_OK)
            return false;
        rows->frames[0].has_key = true;
    }
    if (rows->depth == 0)
        return true;
    frame = &rows->frames[rows->depth - 1];
    if (frame->is_object && !frame->has_key) {
        error_set(&rows->err, TG_USAGE,
                  "a value in an object has no key; call tg_rows_key before it");
        return false;
    }
    frame->has_key = false;
    frame->count++;
    return true;
}

/* After each value: ends the wrapper around it. */
static void end_value(struct tg_rows *rows)
{
    if (rows->err.code == TG_OK && rows->depth == 1 && rows->frames[0].is_wrapper)
        close_frame(rows);
}

static void push_number(struct tg_rows *rows, uint64_t tag, yyjson_val_uni payload)
{
    yyjson_val *cell = begin_value(rows, false) ? add_cell(rows, tag) : NULL;
    if (cell)
        cell->uni = payload;
    end_value(rows);
}

static void push_bytes(struct tg_rows *rows, uint64_t tag, const void *bytes, size_t len)
{
    if (!bytes)
        tg_rows_null(rows);
    else if (begin_value(rows, false))
        add_text(rows, tag, bytes, len);
    end_value(rows);
}

void tg_rows_begin_object(struct tg_rows *rows)
{
    if (begin_value(rows, true))
        open_frame(rows, true, false);
}

static int check_row(yyjson_doc *doc, const yyjson_read_err *fault, size_t len,
                     struct tg_error *err)
{
    const yyjson_val *row = yyjson_doc_get_root(doc);
    if (!doc && fault->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_nomem(err);
    if (!doc) {
        error_set(err, TG_DATA, "malformed JSON: %s", len > 0 ? fault->msg : "there is no text");
        return error_where(err, TG_DATA, "byte %zu", fault->pos + 1);
    }
    if (cell_kind(row) != CELL_OBJECT)
        return error_set(err, TG_DATA,
                         "the JSON is no object; push other values with tg_rows_text and the like");
    if (cell_too_deep(row))
        return error_set(err, TG_DATA, "a row is nested deeper than %d levels", CELL_DEPTH_MAX);
    return TG_OK;
}

/* Parsed cells are as ours, but for their texts, which stay in the document. */
static int copy_row(struct tg_rows *rows, const yyjson_val *row)
{
    size_t count = (size_t)(cell_next(row) - row);
    int rc = mem_grow(&rows->cells, &rows->cell_cap, rows->cell_count + count, sizeof(*rows->cells),
                      &rows->err);
    for (size_t i = 0; rc == TG_OK && i < count; i++) {
        yyjson_val *cell = &rows->cells[rows->cell_count + i];
        *cell = row[i];
        if (!unsafe_yyjson_is_str(cell) && !unsafe_yyjson_is_raw(cell))
            continue;
        cell->uni.str = rows_keep(rows, row[i].uni.str, cell_len(cell));
        rc = cell->uni.str ? TG_OK : TG_NOMEM;
    }
    if (rc == TG_OK)
        rows->cell_count += count;
    rows->row_count += rc == TG_OK;
    return rc;
}

void tg_rows_json(struct tg_rows *rows, const char *text, size_t len)
{
    yyjson_read_err fault = {0};
    struct tg_error *err = &rows->err;
    if (err->code != TG_OK)
        return;
    if (rows->depth > 0) {
        error_set(err, TG_USAGE, "tg_rows_json makes a row, but an object or a list is open");
        return;
    }
    yyjson_doc *doc = yyjson_read_opts((char *)(text ? text : ""), text ? len : 0,
                                       YYJSON_READ_BIGNUM_AS_RAW, json_allocator(), &fault);
    int rc = check_row(doc, &fault, text ? len : 0, err);
    if (rc != TG_OK)
        error_at_row(err, rc, rows->before + rows->row_count + 1);
    else
        (void)copy_row(rows, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

void tg_rows_begin_list(struct tg_rows *rows)
{
    if (rows->err.code != TG_OK)
        return;
    if (rows->depth == 0 &&
        !rows->in_page) /* a list of rows, as a source that yields pages has it */
        rows->in_page = true;
    else if (begin_value(rows, false))
        open_frame(rows, false, false);
}

static void end_container(struct tg_rows *rows, bool is_object)
{
    const char *name = is_object ? "object" : "list";
    struct frame *frame = rows->depth > 0 ? &rows->frames[rows->depth - 1] : NULL;
    if (rows->err.code != TG_OK)
        return;
    if (!frame || frame->is_object != is_object) {
        error_set(&rows->err, TG_USAGE, "tg_rows_end_%s was called where no %s is open", name,
                  name);
    } else if (frame->has_key) {
        error_set(&rows->err, TG_USAGE,
                  "the last key of an object has no value; push one before "
                  "tg_rows_end_object");
    } else {
        close_frame(rows);
        end_value(rows);
    }
}

void tg_rows_end_object(struct tg_rows *rows)
{
    end_container(rows, true);
}

void tg_rows_end_list(struct tg_rows *rows)
{
    if (rows->depth == 0 && rows->in_page)
        rows->in_page = false;
    else
        end_container(rows, false);
}

/* ---- which table they are for ---- */

void rows_allow_table(struct tg_rows *rows, size_t number)
{
    rows->table_max = number > rows->table_max ? number : rows->table_max;
}

bool rows_has_table(const struct tg_rows *rows, size_t number)
{
    size_t table = rows->first_table, from = 0;
    for (size_t i = 0; i <= rows->mark_count; i++) {
        const bool is_last = i == rows->mark_count;
        const size_t to = is_last ? rows->row_count : rows->mark_rows[i];
        if (table == number && to > from)
            return true;
        table = is_last ? table : rows->marks[i].table;
        from = to;
    }
    return false;
}

size_t rows_first_table(const struct tg_rows *rows)
{
    return rows->first_table;
}

size_t rows_table(const struct tg_rows *rows)
{
    return rows->table;
}

const struct row_mark *rows_marks(const struct tg_rows *rows, size_t *count)
{
    *count = rows->mark_count;
    return rows->marks;
}

/* Another one at the same row takes its place. */
static int mark_table(struct tg_rows *rows, size_t number)
{
    int rc = TG_OK;
    struct tg_error *err = &rows->err;
    const size_t count = rows->mark_count;
    const bool again = count > 0 && rows->mark_rows[count - 1] == rows->row_count;
    TRY(mem_grow(&rows->marks, &rows->mark_cap, count + 1, sizeof(*rows->marks), err));
    TRY(mem_grow(&rows->mark_rows, &rows->mark_row_cap, count + 1, sizeof(*rows->mark_rows), err));
    rows->mark_count += !again;
    rows->mark_rows[rows->mark_count - 1] = rows->row_count;
    rows->marks[rows->mark_count - 1] = (struct row_mark){.table = number};
done:
    return rc;
}

void tg_rows_table(struct tg_rows *rows, size_t number)
{
    if (rows->err.code != TG_OK || number == rows->table)
        return;
    if (rows->depth > 0 || rows->in_page)
        error_set(&rows->err, TG_USAGE,
                  "tg_rows_table says where rows go, but an object or a list is open");
    else if (number > rows->table_max)
        error_set(&rows->err, TG_USAGE,
                  "there is no table number %zu of the resource; tg_read_table gives the numbers",
                  number);
    else if (rows->row_count == 0)
        rows->table = rows->first_table = number;
    else if (mark_table(rows, number) == TG_OK)
        rows->table = number;
}

/* Whether a key may stand here. */
static bool begin_key(struct tg_rows *rows, const char *name)
{
    struct frame *frame = rows->depth > 0 ? &rows->frames[rows->depth - 1] : NULL;
    if (rows->err.code != TG_OK)
        return false;
    if (!frame || !frame->is_object)
        error_set(&rows->err, TG_USAGE,
                  "the key '%s' stands outside an object; call tg_rows_begin_object before it",
                  name);
    else if (frame->has_key)
        error_set(&rows->err, TG_USAGE, "the key before '%s' has no value; push one between them",
                  name);
    else
        frame->has_key = true;
    return rows->err.code == TG_OK;
}

static bool is_name(struct tg_rows *rows, const char *name, size_t len)
{
    if (rows->err.code == TG_OK && (!name || !utf8_is_valid(name, len)))
        error_set(&rows->err, TG_USAGE, "a key is %s", name ? "not valid UTF-8" : "NULL");
    return rows->err.code == TG_OK;
}

void tg_rows_key_text(struct tg_rows *rows, const char *name, size_t len)
{
    if (is_name(rows, name, len) && begin_key(rows, name))
        add_text(rows, YYJSON_TYPE_STR, name, len);
}

void tg_rows_key(struct tg_rows *rows, const char *name)
{
    tg_rows_key_text(rows, name, name ? strlen(name) : 0);
}

size_t tg_rows_know(struct tg_rows *rows, const char *name, size_t len)
{
    if (!is_name(rows, name, len) || mem_grow(&rows->known, &rows->known_cap, rows->known_count + 1,
                                              sizeof(*rows->known), &rows->err) != TG_OK)
        return 0;
    const char *kept = arena_strndup(&rows->names, name, len);
    if (!kept)
        (void)error_nomem(&rows->err);
    rows->known[rows->known_count] = (struct known_key){kept, len};
    return kept ? ++rows->known_count : 0;
}

void tg_rows_known_key(struct tg_rows *rows, size_t number)
{
    const struct known_key *known;
    yyjson_val *cell;
    if (number == 0 || number > rows->known_count) {
        if (rows->err.code == TG_OK)
            error_set(&rows->err, TG_USAGE, "there is no known key %zu", number);
        return;
    }
    known = &rows->known[number - 1];
    if (!begin_key(rows, known->name))
        return;
    cell = add_cell(rows, YYJSON_TYPE_STR | (uint64_t)known->len << YYJSON_TAG_BIT);
    if (cell)
        cell->uni.str = known->name;
}

void tg_rows_null(struct tg_rows *rows)
{
    if (rows->depth == 0 && !rows->in_page) /* no row, as in dlt */
        return;
    push_number(rows, YYJSON_TYPE_NULL, (yyjson_val_uni){.u64 = 0});
}

void tg_rows_bool(struct tg_rows *rows, bool value)
{
    push_number(rows, YYJSON_TYPE_BOOL | (value ? YYJSON_SUBTYPE_TRUE : YYJSON_SUBTYPE_FALSE),
                (yyjson_val_uni){.u64 = 0});
}

void tg_rows_int64(struct tg_rows *rows, int64_t value)
{
    push_number(rows, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, (yyjson_val_uni){.i64 = value});
}

void tg_rows_uint64(struct tg_rows *rows, uint64_t value)
{
    push_number(rows, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT, (yyjson_val_uni){.u64 = value});
}

void tg_rows_double(struct tg_rows *rows, double value)
{
    push_number(rows, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, (yyjson_val_uni){.f64 = value});
}

void tg_rows_decimal(struct tg_rows *rows, const char *digits)
{
    if (digits && rows->err.code == TG_OK && !decimal_valid(digits, strlen(digits)))
        error_set(&rows->err, TG_DATA, "'%.100s' is not a decimal number", digits);
    push_bytes(rows, CELL_TAG_DECIMAL, digits, digits ? strlen(digits) : 0);
}

void tg_rows_string(struct tg_rows *rows, const char *text)
{
    tg_rows_text(rows, text, text ? strlen(text) : 0);
}

void tg_rows_text(struct tg_rows *rows, const char *text, size_t len)
{
    if (text && rows->err.code == TG_OK && !utf8_is_valid(text, len))
        error_set(&rows->err, TG_DATA,
                  "a text is not valid UTF-8; convert it, or push it with tg_rows_binary");
    push_bytes(rows, YYJSON_TYPE_STR, text, len);
}

void rows_push_cell(struct tg_rows *rows, const yyjson_val *cell)
{
    uint64_t tag = cell->tag & YYJSON_TAG_MASK;
    if ((tag & YYJSON_TYPE_MASK) == YYJSON_TYPE_STR)
        push_bytes(rows, tag, cell->uni.str, cell_len(cell));
    else
        push_number(rows, tag, cell->uni);
}

void tg_rows_binary(struct tg_rows *rows, const void *bytes, size_t len)
{
    push_bytes(rows, CELL_TAG_BINARY, bytes ? bytes : "", len);
}

void tg_rows_timestamp(struct tg_rows *rows, int64_t microseconds)
{
    push_number(rows, CELL_TAG_TIMESTAMP, (yyjson_val_uni){.i64 = microseconds});
}

void tg_rows_timestamp_ns(struct tg_rows *rows, int64_t nanoseconds)
{
    push_number(rows, CELL_TAG_TIMESTAMP_NS, (yyjson_val_uni){.i64 = nanoseconds});
}

void tg_rows_date(struct tg_rows *rows, int32_t days)
{
    push_number(rows, CELL_TAG_DATE, (yyjson_val_uni){.i64 = days});
}

void tg_rows_time(struct tg_rows *rows, int64_t microseconds)
{
    static const int64_t day_us = INT64_C(86400000000);
    if (rows->err.code == TG_OK && (microseconds < 0 || microseconds >= day_us))
        error_set(&rows->err, TG_DATA,
                  "a time of %lld microseconds is not within a day; push 0 to 86399999999",
                  (long long)microseconds);
    push_number(rows, CELL_TAG_TIME, (yyjson_val_uni){.i64 = microseconds});
}
