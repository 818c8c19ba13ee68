/*
 * Cells: what kinds there are, and reading them.
 *
 * Path: cell_find -> the value of a key; cell_json -> put_cell -> put_container, put_typed: a cell
 * as JSON, in the spellings that rows are hashed in; cell_tell -> what messages say that it is.
 *
 * Left to others: laying cells (rows.c), what a row means (normalize).
 */
#include "data/rows.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text/base64.h"
#include "base/text/tell.h"
#include "base/text/utf8.h"
#include "base/time.h"
#include "data/column.h"
#include "data/text/literal.h"

static_assert(sizeof(yyjson_val) == 16, "a cell has 16 bytes");
static_assert(offsetof(yyjson_val, tag) == 0 && offsetof(yyjson_val, uni) == 8, "cell layout");
static_assert(sizeof(((yyjson_val *)0)->uni) == 8 && YYJSON_TAG_BIT == 8, "cell layout");

const uint8_t cell_kinds[256] = {
    [YYJSON_TYPE_RAW] = CELL_DECIMAL,
    [YYJSON_TYPE_NULL] = CELL_NULL,
    [YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE] = CELL_BOOL,
    [YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE] = CELL_BOOL,
    [YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT] = CELL_UINT,
    [YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT] = CELL_INT,
    [YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL] = CELL_DOUBLE,
    [YYJSON_TYPE_STR] = CELL_TEXT,
    [YYJSON_TYPE_STR | YYJSON_SUBTYPE_NOESC] = CELL_TEXT,
    [YYJSON_TYPE_ARR] = CELL_LIST,
    [YYJSON_TYPE_OBJ] = CELL_OBJECT,
    [CELL_TAG_BINARY] = CELL_BINARY,
    [CELL_TAG_DECIMAL] = CELL_DECIMAL,
    [CELL_TAG_LITERAL] = CELL_LITERAL,
    [CELL_TAG_TIMESTAMP] = CELL_TIMESTAMP,
    [CELL_TAG_TIMESTAMP_NS] = CELL_TIMESTAMP_NS,
    [CELL_TAG_NAIVE] = CELL_TIMESTAMP,
    [CELL_TAG_NAIVE_NS] = CELL_TIMESTAMP_NS,
    [CELL_TAG_DATE] = CELL_DATE,
    [CELL_TAG_TIME] = CELL_TIME,
};

/* ---- reading ---- */

const yyjson_val *cell_find(const yyjson_val *object, const char *key, size_t len)
{
    const yyjson_val *found = NULL, *at;
    if (cell_kind(object) != CELL_OBJECT || cell_len(object) == 0)
        return NULL;
    at = cell_first(object);
    for (size_t left = cell_len(object); left > 0; left--) {
        if (cell_len(at) == len && memcmp(at->uni.str, key, len) == 0)
            found = at + 1;
        at = cell_next(at + 1);
    }
    return found;
}

bool cell_is_integer(const yyjson_val *cell)
{
    enum cell_kind kind = cell_kind(cell);
    const char *text = cell->uni.str;
    size_t len = cell_len(cell);
    if (kind != CELL_DECIMAL)
        return kind == CELL_INT || kind == CELL_UINT;
    return (cell->tag & YYJSON_TAG_MASK) == YYJSON_TYPE_RAW && !memchr(text, '.', len) &&
           !memchr(text, 'e', len) && !memchr(text, 'E', len);
}

bool cell_overflows(const yyjson_val *cell)
{
    return (cell->tag & YYJSON_TAG_MASK) == YYJSON_TYPE_RAW && !cell_is_integer(cell);
}

/* ---- cells as JSON ---- */

/* dlt's private-use characters (U+F026...) that tell the type of a quoted value. */
static const char *const markers[CELL_OBJECT + 1] = {
    [CELL_DECIMAL] = "\xef\x80\xa6",      [CELL_TIMESTAMP] = "\xef\x80\xa7",
    [CELL_TIMESTAMP_NS] = "\xef\x80\xa7", [CELL_DATE] = "\xef\x80\xa8",
    [CELL_BINARY] = "\xef\x80\xab",       [CELL_TIME] = "\xef\x80\xad",
};

static void put_int(struct buf *out, uint64_t number, bool negative)
{
    char digits[24], *p = digits + sizeof(digits);
    do
        *--p = (char)('0' + number % 10);
    while (number /= 10);
    if (negative)
        *--p = '-';
    buf_append(out, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_timestamp(struct buf *out, const yyjson_val *cell, int flags)
{
    bool zulu = flags & CELL_JSON_ZULU;
    if (cell_kind(cell) == CELL_TIMESTAMP_NS)
        time_format_timestamp_ns(out, cell->uni.i64, !zulu);
    else
        time_format_timestamp(out, cell->uni.i64, !zulu);
    if (zulu && !cell_is_naive(cell))
        buf_char(out, 'Z');
}

static void put_int64(struct buf *out, int64_t number)
{
    put_int(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
}

/* Digits as Python prints a Decimal of them: with an exponent where the first one that counts
 * stands more than six places behind the point. */
static void put_python_decimal(struct buf *out, const char *digits, size_t len)
{
    const char *end = digits + len, *point = memchr(digits, '.', len);
    const char *first = digits + (len > 0 && digits[0] == '-');
    while (first + 1 < end && (*first == '0' || *first == '.'))
        first++;
    ptrdiff_t place = point && first > point ? first - point : 0;
    if (place <= 6) {
        buf_append(out, digits, len);
        return;
    }
    if (digits[0] == '-')
        buf_char(out, '-');
    buf_char(out, *first);
    if (first + 1 < end) {
        buf_char(out, '.');
        buf_append(out, first + 1, (size_t)(end - first - 1));
    }
    buf_printf(out, "E-%d", (int)place);
}

/* A value that JSON has no type for: its text in quotes, after the marker when asked for. */
static void put_typed(struct buf *out, const yyjson_val *cell, int flags)
{
    enum cell_kind kind = cell_kind(cell);
    bool is_timestamp = kind == CELL_TIMESTAMP || kind == CELL_TIMESTAMP_NS;
    if (is_timestamp && (flags & CELL_JSON_INSTANTS)) {
        put_int64(out, kind == CELL_TIMESTAMP ? cell->uni.i64 : time_us_from_ns(cell->uni.i64));
        return;
    }
    buf_char(out, '"');
    if (flags & CELL_JSON_MARKERS)
        buf_text(out, markers[kind]);
    switch (kind) {
    case CELL_BINARY: base64_append(out, cell->uni.str, cell_len(cell)); break;
    case CELL_TIMESTAMP:
    case CELL_TIMESTAMP_NS: put_timestamp(out, cell, flags); break;
    case CELL_DATE: time_format_date(out, (int32_t)cell->uni.i64); break;
    case CELL_TIME: time_format_time(out, cell->uni.i64); break;
    default:
        if (flags & CELL_JSON_PYTHON)
            put_python_decimal(out, cell->uni.str, cell_len(cell));
        else
            buf_append(out, cell->uni.str, cell_len(cell));
    }
    buf_char(out, '"');
}

static void put_cell(struct buf *out, const yyjson_val *cell, int flags, int depth);

static void sort_keys(const yyjson_val **keys, size_t count)
{
    if (count > 32) {
        qsort(keys, count, sizeof(*keys), json_compare_keys);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        const yyjson_val *key = keys[i];
        size_t j = i;
        for (; j > 0 && json_compare_keys(&key, &keys[j - 1]) < 0; j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

static bool same_key(const yyjson_val *a, const yyjson_val *b)
{
    return cell_len(a) == cell_len(b) && memcmp(a->uni.str, b->uni.str, cell_len(a)) == 0;
}

static void put_pair(struct buf *out, const yyjson_val *key, bool first, int flags, int depth)
{
    if (!first)
        buf_char(out, ',');
    json_string(out, key->uni.str, cell_len(key));
    buf_char(out, ':');
    put_cell(out, key + 1, flags, depth);
}

/* Of pairs with the same key only the last is written, as in Python. */
static void put_sorted(struct buf *out, const yyjson_val *object, int flags, int depth)
{
    size_t count = cell_len(object);
    const yyjson_val **keys = mem_alloc(count * sizeof(*keys));
    const yyjson_val *key = object + 1;
    bool first = true;
    if (!keys) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++, key = cell_next(key + 1))
        keys[i] = key;
    sort_keys(keys, count);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && same_key(keys[i], keys[i + 1]))
            continue;
        put_pair(out, keys[i], first, flags, depth);
        first = false;
    }
    mem_free(keys);
}

static void put_container(struct buf *out, const yyjson_val *cell, int flags, int depth)
{
    bool is_object = cell_kind(cell) == CELL_OBJECT;
    size_t count = cell_len(cell);
    const yyjson_val *child = cell + 1;
    if (depth > CELL_DEPTH_MAX) { /* nothing is: json_parse, json_page.c and tg_rows refuse it */
        out->failed = true;
        return;
    }
    buf_char(out, is_object ? '{' : '[');
    if (is_object && count > 1 && (flags & CELL_JSON_SORTED)) {
        put_sorted(out, cell, flags, depth + 1);
    } else {
        for (size_t i = 0; i < count; i++) {
            if (is_object) {
                put_pair(out, child++, i == 0, flags, depth + 1);
            } else {
                if (i > 0)
                    buf_char(out, ',');
                put_cell(out, child, flags, depth + 1);
            }
            child = cell_next(child);
        }
    }
    buf_char(out, is_object ? '}' : ']');
}

static void put_cell(struct buf *out, const yyjson_val *cell, int flags, int depth)
{
    struct type_spec spec;
    yyjson_val natural;
    bool is_raw = (cell->tag & YYJSON_TAG_MASK) == YYJSON_TYPE_RAW;
    if (is_raw && (flags & CELL_JSON_EXACT)) {
        buf_append(out, cell->uni.str, cell_len(cell));
        return;
    }
    if (cell_kind(cell) == CELL_LITERAL) {
        literal_natural(cell, &natural, &spec);
        cell = &natural;
    }
    switch (cell_kind(cell)) {
    case CELL_BOOL: buf_text(out, cell->tag & YYJSON_SUBTYPE_TRUE ? "true" : "false"); break;
    case CELL_UINT: put_int(out, cell->uni.u64, false); break;
    case CELL_INT: put_int64(out, cell->uni.i64); break;
    case CELL_DOUBLE: json_double(out, cell->uni.f64); break;
    case CELL_TEXT: json_string(out, cell->uni.str, cell_len(cell)); break;
    case CELL_LIST:
    case CELL_OBJECT: put_container(out, cell, flags, depth); break;
    case CELL_NONE:
    case CELL_NULL: buf_text(out, "null"); break;
    default:
        if ((cell->tag & YYJSON_TAG_MASK) == YYJSON_TYPE_RAW)
            buf_append(out, cell->uni.str, cell_len(cell));
        else
            put_typed(out, cell, flags);
    }
}

void cell_json(struct buf *out, const yyjson_val *cell, int flags)
{
    put_cell(out, cell, flags, 0);
}

int cell_keep_json(const yyjson_val *cell, struct arena *arena, const char **out,
                   struct tg_error *err)
{
    struct buf text = BUF_INIT;
    cell_json(&text, cell, 0);
    int rc = buf_check(&text, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&text), out, err);
    buf_release(&text);
    return rc;
}

bool cell_json_varies(const yyjson_val *cell)
{
    const yyjson_val *end = cell_next(cell);
    struct type_spec spec;
    yyjson_val natural;
    for (; cell < end; cell++) {
        enum cell_kind kind = cell_kind(cell);
        if (kind == CELL_LITERAL) {
            literal_natural(cell, &natural, &spec);
            kind = cell_kind(&natural);
        }
        if (kind == CELL_TIMESTAMP || kind == CELL_TIMESTAMP_NS || kind == CELL_DECIMAL)
            return true;
    }
    return false;
}

/* ---- cells in messages ---- */

static const char *const told[CELL_OBJECT + 1] = {
    [CELL_BOOL] = "a bool",           [CELL_INT] = "an integer",
    [CELL_UINT] = "an integer",       [CELL_DOUBLE] = "a number",
    [CELL_DECIMAL] = "a number",      [CELL_TEXT] = "text",
    [CELL_LITERAL] = "text",          [CELL_BINARY] = "bytes",
    [CELL_TIMESTAMP] = "a timestamp", [CELL_TIMESTAMP_NS] = "a timestamp",
    [CELL_DATE] = "a date",           [CELL_TIME] = "a time",
    [CELL_LIST] = "a list",           [CELL_OBJECT] = "an object",
};

/* The word for what has no digits; NULL: it has. */
static const char *endless(const yyjson_val *cell, enum cell_kind kind)
{
    if (kind == CELL_DOUBLE && !isfinite(cell->uni.f64))
        return isnan(cell->uni.f64) ? "NaN" : cell->uni.f64 > 0 ? "infinity" : "-infinity";
    if (kind == CELL_TIMESTAMP || kind == CELL_TIMESTAMP_NS)
        return time_endless(cell->uni.i64, INT64_MAX);
    return kind == CELL_DATE ? time_endless(cell->uni.i64, INT32_MAX) : NULL;
}

void cell_tell(struct buf *out, const yyjson_val *cell)
{
    const enum cell_kind kind = cell_kind(cell);
    struct buf json = BUF_INIT;
    if (kind == CELL_TEXT || kind == CELL_LITERAL) {
        buf_char(out, '\'');
        text_tell(out, cell->uni.str, cell_len(cell), TELL_MAX);
        buf_text(out, "' (text)");
        return;
    }
    if (!told[kind]) {
        buf_text(out, "NULL");
        return;
    }
    const char *word = endless(cell, kind);
    if (word)
        buf_text(&json, word);
    else
        cell_json(&json, cell, 0);
    const bool quoted = json.len > 1 && json.data[0] == '"';
    text_tell(out, buf_string(&json) + quoted, json.len - 2 * quoted, TELL_MAX);
    buf_printf(out, " (%s)", told[kind]);
    out->failed |= json.failed;
    buf_release(&json);
}
