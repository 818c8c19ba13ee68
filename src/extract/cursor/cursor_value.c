/*
 * The value of a cursor: from cells and options, its order, and its JSON form in the state.
 *
 * Data path: cursor_value_set_cell (or _set, _set_text, _parse) -> cursor_value_compare ->
 * cursor_value_json. A text is looked at once, when it is set: one that is an ISO timestamp carries
 * its instant from there on.
 *
 * What has more digits than an int64, a double or a microsecond holds is rounded, always in the
 * same direction: rows that fall together thereby are told apart by their hashes, and none is lost.
 *
 * Which rows are new is left to cursor.c; columns of batches to cursor_arrow.c.
 */
#include "extract/cursor/cursor_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text/tell.h"
#include "base/text/utf8.h"
#include "base/time.h"
#include "data/text/literal.h"

#define DAY_US     INT64_C(86400000000)
#define DAYS_MAX   (INT64_MAX / DAY_US)
#define INT64_EDGE 9223372036854775808.0 /* 2^63: the first double beyond int64 */

/* dlt's private-use characters before typed values: U+F026, U+F027, U+F028, U+F02C. */
#define MARK_DECIMAL   "\xef\x80\xa6"
#define MARK_TIMESTAMP "\xef\x80\xa7"
#define MARK_DATE      "\xef\x80\xa8"
#define MARK_WEI       "\xef\x80\xac"
enum { MARK_LEN = 3, NUMBER_CHARS = 512, TEXT_SHOWN = 60 };

/* ---- Setting ------------------------------------------------------------------------------- */

void cursor_value_set_text(struct cursor_value *out, const char *text, size_t len)
{
    struct time_point point;
    *out = (struct cursor_value){.kind = TG_VALUE_TEXT, .text = text, .len = len};
    out->is_instant = time_parse_timestamp(text, len, &point);
    if (out->is_instant)
        out->int64 = point.us;
}

void cursor_value_set_json(struct cursor_value *out, const char *json, size_t len)
{
    *out = (struct cursor_value){.kind = TG_VALUE_JSON, .text = json, .len = len};
}

void cursor_value_set_double(struct cursor_value *out, double real)
{
    *out = (struct cursor_value){.kind = isfinite(real) ? TG_VALUE_DOUBLE : TG_VALUE_NONE,
                                 .real = real};
}

void cursor_value_set(struct cursor_value *out, const struct tg_value *value)
{
    if (value->kind == TG_VALUE_TEXT && value->text)
        cursor_value_set_text(out, value->text, strlen(value->text));
    else if (value->kind == TG_VALUE_DOUBLE)
        cursor_value_set_double(out, value->real);
    else if (value->kind == TG_VALUE_JSON && value->text)
        cursor_value_set_json(out, value->text, strlen(value->text));
    else if (value->kind == TG_VALUE_TEXT || value->kind == TG_VALUE_JSON)
        *out = (struct cursor_value){.kind = TG_VALUE_NONE};
    else
        *out = (struct cursor_value){.kind = value->kind, .int64 = value->int64};
}

struct tg_value cursor_value_view(const struct cursor_value *value)
{
    return (struct tg_value){.kind = value->kind,
                             .int64 = value->text ? 0 : value->int64,
                             .real = value->real,
                             .text = value->text};
}

/* Infinity, and what lies outside the years 1 to 9999, has no text in the state. */
void cursor_value_set_time(struct cursor_value *out, enum tg_value_kind kind, int64_t time,
                           bool naive)
{
    const int64_t first = time_days_from_civil(1, 1, 1), end = time_days_from_civil(9999, 12, 31);
    const int64_t unit = kind == TG_VALUE_DATE ? 1 : DAY_US;
    bool in_range = time >= first * unit && time < (end + 1) * unit;
    *out = (struct cursor_value){
        .kind = in_range ? kind : TG_VALUE_NONE, .naive = naive, .int64 = time};
}

static void set_uint(struct cursor_value *out, uint64_t number)
{
    if (number > INT64_MAX)
        cursor_value_set_double(out, (double)number);
    else
        *out = (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = (int64_t)number};
}

bool cursor_value_set_number(struct cursor_value *out, const char *digits, size_t len)
{
    char text[NUMBER_CHARS];
    yyjson_val number = {0};
    const char *end;
    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, digits, len);
    text[len] = '\0';
    end = yyjson_read_number(text, &number, 0, NULL, NULL);
    return end == text + len && cursor_value_set_cell(out, &number);
}

bool cursor_value_set_cell(struct cursor_value *out, const yyjson_val *cell)
{
    struct type_spec spec;
    yyjson_val natural;
    switch (cell_kind(cell)) {
    case CELL_NONE:
    case CELL_NULL: *out = (struct cursor_value){.kind = TG_VALUE_NONE}; return true;
    case CELL_INT:
        *out = (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = cell->uni.i64};
        return true;
    case CELL_UINT: set_uint(out, cell->uni.u64); return true;
    case CELL_DOUBLE: cursor_value_set_double(out, cell->uni.f64); return true;
    case CELL_TEXT: cursor_value_set_text(out, cell->uni.str, cell_len(cell)); return true;
    case CELL_LITERAL:
        literal_natural(cell, &natural, &spec);
        return cursor_value_set_cell(out, &natural);
    case CELL_TIMESTAMP:
        cursor_value_set_time(out, TG_VALUE_TIMESTAMP, cell->uni.i64, cell_is_naive(cell));
        return true;
    case CELL_TIMESTAMP_NS:
        *out = (struct cursor_value){.kind = TG_VALUE_TIMESTAMP,
                                     .naive = cell_is_naive(cell),
                                     .int64 = time_us_from_ns(cell->uni.i64)};
        return true;
    case CELL_DATE: cursor_value_set_time(out, TG_VALUE_DATE, cell->uni.i64, false); return true;
    case CELL_DECIMAL: return cursor_value_set_number(out, cell->uni.str, cell_len(cell));
    default: return false;
    }
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static int compare_int_double(int64_t number, double real)
{
    int64_t whole;
    if (real >= INT64_EDGE)
        return -1;
    if (real < -INT64_EDGE)
        return 1;
    whole = (int64_t)real;
    if (number != whole)
        return number < whole ? -1 : 1;
    return ((double)whole > real) - ((double)whole < real);
}

static bool compare_numbers(const struct cursor_value *a, const struct cursor_value *b, int *order)
{
    bool a_int = a->kind == TG_VALUE_INT64, b_int = b->kind == TG_VALUE_INT64;
    if ((!a_int && a->kind != TG_VALUE_DOUBLE) || (!b_int && b->kind != TG_VALUE_DOUBLE))
        return false;
    if (a_int && b_int)
        *order = (a->int64 > b->int64) - (a->int64 < b->int64);
    else if (a_int)
        *order = compare_int_double(a->int64, b->real);
    else if (b_int)
        *order = -compare_int_double(b->int64, a->real);
    else
        *order = (a->real > b->real) - (a->real < b->real);
    return true;
}

static int64_t day_start(int64_t days)
{
    if (days > DAYS_MAX)
        return INT64_MAX;
    return days < -DAYS_MAX ? INT64_MIN : days * DAY_US;
}

bool cursor_value_instant(const struct cursor_value *value, int64_t *us)
{
    int32_t days;
    switch (value->kind) {
    case TG_VALUE_TIMESTAMP: *us = value->int64; return true;
    case TG_VALUE_DATE: *us = day_start(value->int64); return true;
    case TG_VALUE_TEXT:
        *us = value->int64;
        if (value->is_instant)
            return true;
        if (!time_parse_date(value->text, value->len, &days))
            return false;
        *us = day_start(days);
        return true;
    default: return false;
    }
}

static int compare_bytes(const struct cursor_value *a, const struct cursor_value *b)
{
    size_t shorter = a->len < b->len ? a->len : b->len;
    int order = shorter > 0 ? memcmp(a->text, b->text, shorter) : 0;
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

bool cursor_value_compare_kinds(const struct cursor_value *a, const struct cursor_value *b,
                                int *order)
{
    int64_t left, right;
    if (compare_numbers(a, b, order))
        return true;
    if (a->kind == TG_VALUE_TEXT && b->kind == TG_VALUE_TEXT && !(a->is_instant && b->is_instant)) {
        *order = compare_bytes(a, b);
        return true;
    }
    if (!cursor_value_instant(a, &left) || !cursor_value_instant(b, &right))
        return false;
    *order = (left > right) - (left < right);
    return true;
}

static bool leaves_room(int order, bool descends)
{
    return descends ? order > 0 : order < 0;
}

int cursor_value_window(const struct cursor_value *from, const struct cursor_value *to,
                        bool descends, bool is_closed, struct tg_error *err)
{
    int order = 0;
    int64_t begins, ends;
    char first[80], last[80];
    cursor_value_print(from, first, sizeof(first));
    cursor_value_print(to, last, sizeof(last));
    if (!cursor_value_compare(from, to, &order))
        return error_set(
            err, TG_USAGE,
            "initial_value %s (%s) and end_value %s (%s) cannot be compared; make both "
            "of them values as the field has",
            first, cursor_value_kind(from), last, cursor_value_kind(to));
    if (leaves_room(order, descends) || (order == 0 && is_closed) ||
        (cursor_value_instant(from, &begins) && cursor_value_instant(to, &ends) &&
         leaves_room((begins > ends) - (begins < ends), descends)))
        return TG_OK;
    return error_set(
        err, TG_USAGE,
        "no row lies in a window from initial_value %s on to before end_value %s%s; %s", first,
        last, descends ? " (last_value: min, so it goes down)" : "",
        order == 0 ? "end_value is outside of it: set it beyond the last value that "
                     "is wanted"
                   : "exchange the two");
}

/* ---- The JSON form ------------------------------------------------------------------------- */

void cursor_value_json(struct buf *out, const struct cursor_value *value)
{
    switch (value->kind) {
    case TG_VALUE_INT64: buf_printf(out, "%lld", (long long)value->int64); break;
    case TG_VALUE_DOUBLE: json_double(out, value->real); break;
    case TG_VALUE_TEXT: json_string(out, value->text, value->len); break;
    case TG_VALUE_JSON: buf_append(out, value->text, value->len); break;
    case TG_VALUE_TIMESTAMP:
        buf_text(out, "\"" MARK_TIMESTAMP);
        time_format_timestamp(out, value->int64, !value->naive);
        buf_char(out, '"');
        break;
    case TG_VALUE_DATE:
        buf_text(out, "\"" MARK_DATE);
        time_format_date(out, (int32_t)value->int64);
        buf_char(out, '"');
        break;
    default: buf_text(out, "null");
    }
}

/* A text of the state: plain, or typed by the character it begins with. */
static bool parse_text(struct cursor_value *out, const char *text, size_t len)
{
    const char *rest = text + MARK_LEN;
    size_t rest_len = len - MARK_LEN;
    struct time_point point;
    int32_t days;
    if (len < MARK_LEN || memcmp(text, "\xef\x80", 2) != 0) {
        cursor_value_set_text(out, text, len);
        return true;
    }
    if (memcmp(text, MARK_TIMESTAMP, MARK_LEN) == 0) {
        if (!time_parse_timestamp(rest, rest_len, &point))
            return false;
        *out = (struct cursor_value){
            .kind = TG_VALUE_TIMESTAMP, .int64 = point.us, .naive = !point.has_zone};
        return true;
    }
    if (memcmp(text, MARK_DATE, MARK_LEN) == 0) {
        if (!time_parse_date(rest, rest_len, &days))
            return false;
        *out = (struct cursor_value){.kind = TG_VALUE_DATE, .int64 = days};
        return true;
    }
    if (memcmp(text, MARK_DECIMAL, MARK_LEN) == 0 || memcmp(text, MARK_WEI, MARK_LEN) == 0)
        return cursor_value_set_number(out, rest, rest_len);
    return false;
}

int cursor_value_parse(struct cursor_value *out, const char *json, struct buf *text,
                       struct tg_error *err)
{
    yyjson_doc *doc = NULL;
    yyjson_val *root;
    bool fits;
    int rc = TG_OK;
    TRY(json_parse(json, strlen(json), "stored cursor value", &doc, err));
    root = yyjson_doc_get_root(doc);
    if (yyjson_is_str(root)) {
        buf_append(text, yyjson_get_str(root), yyjson_get_len(root));
        TRY(buf_check(text, err));
        fits = parse_text(out, buf_string(text), text->len);
    } else if (yyjson_is_ctn(root)) {
        buf_text(text, json);
        TRY(buf_check(text, err));
        cursor_value_set_json(out, buf_string(text), text->len);
        fits = true;
    } else {
        fits = cursor_value_set_cell(out, root);
    }
    if (!fits)
        rc = error_set(
            err, TG_DATA,
            "the stored cursor value %.200s cannot be read; run once with --full-refresh, or "
            "give the cursor another path",
            json);
done:
    yyjson_doc_free(doc);
    return rc;
}

/* ---- Messages ------------------------------------------------------------------------------ */

const char *cursor_value_kind(const struct cursor_value *value)
{
    static const char *const names[] = {
        [TG_VALUE_NONE] = "NULL",
        [TG_VALUE_INT64] = "an integer",
        [TG_VALUE_DOUBLE] = "a number",
        [TG_VALUE_TEXT] = "text",
        [TG_VALUE_TIMESTAMP] = "a timestamp",
        [TG_VALUE_DATE] = "a date",
        [TG_VALUE_JSON] = "a list or an object",
    };
    return names[value->kind];
}

int cursor_value_shown(const struct cursor_value *value)
{
    return (int)(value->len <= TEXT_SHOWN ? value->len : utf8_cut(value->text, TEXT_SHOWN));
}

static void print_days(int64_t days, char *out, size_t cap)
{
    int year, month, day;
    time_civil_from_days((int32_t)days, &year, &month, &day);
    snprintf(out, cap, "%04d-%02d-%02d", year, month, day);
}

/* "2024-01-01 10:30:00.500000", of midnight the day alone. */
static void print_time(int64_t us, char *out, size_t cap)
{
    const int64_t days = us / DAY_US - (us % DAY_US < 0);
    const int64_t rest = us - days * DAY_US, seconds = rest / 1000000;
    print_days(days, out, cap);
    size_t len = strlen(out);
    if (rest > 0)
        len += (size_t)snprintf(out + len, cap - len, " %02d:%02d:%02d", (int)(seconds / 3600),
                                (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest % 1000000 > 0)
        snprintf(out + len, cap - len, ".%06d", (int)(rest % 1000000));
}

/* A text on one line, or a list or an object. */
static void print_text(const struct cursor_value *value, const char *quote, char *out, size_t cap)
{
    struct buf told = BUF_INIT;
    text_tell(&told, value->text, value->len, TEXT_SHOWN);
    snprintf(out, cap, "%s%s%s", quote, buf_string(&told), quote);
    buf_release(&told);
}

void cursor_value_print(const struct cursor_value *value, char *out, size_t cap)
{
    switch (value->kind) {
    case TG_VALUE_INT64: snprintf(out, cap, "%lld", (long long)value->int64); return;
    case TG_VALUE_DOUBLE: snprintf(out, cap, "%.17g", value->real); return;
    case TG_VALUE_TEXT: print_text(value, "'", out, cap); return;
    case TG_VALUE_JSON: print_text(value, "", out, cap); return;
    case TG_VALUE_TIMESTAMP: print_time(value->int64, out, cap); return;
    case TG_VALUE_DATE: print_days(value->int64, out, cap); return;
    default: snprintf(out, cap, "NULL"); return;
    }
}
