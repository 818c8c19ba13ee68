/*
 * Owns what may become what without loss: one function per column type, in the table `coercers`.
 *
 *   coerce_cell  -> coercers[type] (the matrix of the reference, 3.3) -> struct coerced
 *   coerce_store -> struct coerced -> column
 *   coerce_widen -> which wider type a column gets when coerce_cell said no (design 6)
 *
 * Text is read as Python reads it: spaces around numbers, underscores within them.
 * Stricter than dlt where dlt loses something: a time of day is not cut off to fit a date (but
 * seconds since 1970 are), integers
 * are not rounded to fit a double, digits written out are not rounded to fit a decimal. A decimal
 * with scale takes a double rounded to it, a timestamp what its digits of a second hold. Variant
 * columns, for what neither fits nor widens, are made by output.c.
 */
#include "normalize/values/coerce.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"

static const int64_t second_us = INT64_C(1000000);
static const int64_t day_us = INT64_C(86400000000);

struct span {
    const char *text;
    size_t len;
};

static bool is_true(const yyjson_val *cell)
{
    return (cell->tag & YYJSON_SUBTYPE_MASK) == YYJSON_SUBTYPE_TRUE;
}

static bool is_text_type(enum type type)
{
    return type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_BINARY;
}

/* ---- numbers in text ---- */

/* Bytes of the space at the start of `text`, as Python's strip knows them; 0: none. */
static size_t space_at(const char *text, size_t len)
{
    static const char *const spaces[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                         "\xe2\x81\x9f", "\xe3\x80\x80"};
    unsigned char first = len > 0 ? (unsigned char)text[0] : 'x';
    if (first < 0x80)
        return first == ' ' || (first >= '\t' && first <= '\r') || (first >= 0x1c && first <= 0x1f);
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (strlen(spaces[i]) <= len && memcmp(spaces[i], text, strlen(spaces[i])) == 0)
            return strlen(spaces[i]);
    bool wide = len >= 3 && memcmp(text, "\xe2\x80", 2) == 0; /* U+2000 to U+200A */
    return wide && (unsigned char)text[2] <= 0x8a ? 3 : 0;
}

/* Text of the cell without the spaces around it. */
static struct span trimmed(const yyjson_val *cell)
{
    struct span span = {cell->uni.str, cell_len(cell)};
    for (size_t step; (step = space_at(span.text, span.len)) > 0; span.len -= step)
        span.text += step;
    for (size_t step = 1; span.len > 0 && step <= 3 && step <= span.len;) {
        bool is_space = space_at(span.text + span.len - step, step) == step;
        span.len -= is_space ? step : 0;
        step = is_space ? 1 : step + 1;
    }
    return span;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum { NUMBER_MAX = 400 }; /* bytes of a number with underscores, or of one that a double reads */

/* Python allows 1_000: takes the underscores out, by way of `room`. false: one is not between
 * digits. */
static bool join_digits(struct span *span, char room[NUMBER_MAX])
{
    size_t len = 0;
    if (span->len == 0 || !memchr(span->text, '_', span->len))
        return true;
    if (span->len > NUMBER_MAX)
        return false;
    for (size_t i = 0; i < span->len; i++) {
        bool between = i > 0 && i + 1 < span->len && is_digit(span->text[i - 1]) &&
                       is_digit(span->text[i + 1]);
        if (span->text[i] != '_')
            room[len++] = span->text[i];
        else if (!between)
            return false;
    }
    *span = (struct span){room, len};
    return true;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found ? (int)(found - digits) : -1;
}

static bool is_hex(struct span span)
{
    return span.len >= 2 && span.text[0] == '0' && span.text[1] == 'x';
}

/* "0x1F", up to 126 bits. */
static bool parse_hex(struct span span, int128 *out)
{
    int128 value = 0;
    if (!is_hex(span) || span.len == 2)
        return false;
    for (size_t i = 2; i < span.len; i++) {
        int digit = hex_digit(span.text[i]);
        if (digit < 0 || value >> 122 != 0)
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

/* ---- whole numbers ---- */

static bool int128_to_int64(int128 value, int64_t *out)
{
    *out = (int64_t)value;
    return *out == value;
}

/* Digits with a sign and nothing else. */
static bool is_integer(struct span span)
{
    size_t sign = span.len > 0 && (span.text[0] == '-' || span.text[0] == '+');
    for (size_t i = sign; i < span.len; i++)
        if (!is_digit(span.text[i]))
            return false;
    return span.len > sign;
}

/* The whole number a cell stands for, exactly; text must be an integer literal. */
static bool whole_number(const yyjson_val *cell, int128 *out)
{
    char room[NUMBER_MAX];
    struct span span;
    switch (cell_kind(cell)) {
    case CELL_INT: *out = cell->uni.i64; return true;
    case CELL_UINT: *out = cell->uni.u64; return true;
    case CELL_DOUBLE:
        if (!(fabs(cell->uni.f64) < 0x1p126) || trunc(cell->uni.f64) != cell->uni.f64)
            return false;
        *out = (int128)cell->uni.f64;
        return true;
    case CELL_DECIMAL:
        return decimal_parse(cell->uni.str, cell_len(cell), DECIMAL_PRECISION, 0, out, NULL) ==
               TG_OK;
    case CELL_TEXT:
        span = trimmed(cell);
        return parse_hex(span, out) ||
               (join_digits(&span, room) && is_integer(span) &&
                decimal_parse(span.text, span.len, DECIMAL_PRECISION, 0, out, NULL) == TG_OK);
    default: return false;
    }
}

static bool to_bigint(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                      struct coerced *out)
{
    int bits = spec->precision > 0 && spec->precision <= 32 ? spec->precision : 64;
    int128 value;
    (void)scratch;
    bits = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
    return whole_number(cell, &value) && int128_to_int64(value, &out->i64) &&
           out->i64 >> (bits - 1) == out->i64 >> 63;
}

/* ---- fractions ---- */

/* nan, inf, infinity: *out is positive. */
static bool parse_word(struct span span, double *out)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", (double)NAN}, {"inf", (double)INFINITY}, {"infinity", (double)INFINITY}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        *out = words[i].value;
        if (strlen(words[i].word) == span.len &&
            strncasecmp(words[i].word, span.text, span.len) == 0)
            return true;
    }
    return false;
}

/* Digits without a sign, as JSON has them: one before the point, one behind it, no zeros in front.
 */
static bool parse_digits(struct span span, double *out)
{
    char json[NUMBER_MAX];
    size_t len = 0;
    if (span.len + 2 > sizeof(json) || !decimal_valid(span.text, span.len))
        return false;
    for (; span.len > 1 && span.text[0] == '0' && is_digit(span.text[1]); span.len--)
        span.text++;
    for (size_t i = 0; i < span.len; i++) {
        bool digit_follows = i + 1 < span.len && is_digit(span.text[i + 1]);
        if (span.text[i] == '.' && i == 0)
            json[len++] = '0';
        if (span.text[i] != '.' || digit_follows)
            json[len++] = span.text[i];
    }
    json[len] = '\0';
    yyjson_val number;
    const char *end = yyjson_read_number(json, &number, YYJSON_READ_NOFLAG, NULL, NULL);
    *out = end ? yyjson_get_num(&number) : (double)INFINITY; /* the syntax is right: too large */
    return !end || !*end;
}

/* Python's float(): decimal syntax, nan, inf; and 0x. */
static bool parse_double(struct span span, double *out)
{
    char room[NUMBER_MAX];
    bool negative = span.len > 0 && span.text[0] == '-';
    int128 whole;
    if (parse_hex(span, &whole)) {
        *out = (double)whole;
        return true;
    }
    if (!join_digits(&span, room))
        return false;
    if (span.len > 0 && (negative || span.text[0] == '+'))
        span = (struct span){span.text + 1, span.len - 1};
    if (span.len == 0 || span.text[0] == '-' || span.text[0] == '+' ||
        (!parse_word(span, out) && !parse_digits(span, out)))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

/* Integers go in exactly or not at all. */
static bool integer_to_double(const yyjson_val *cell, double *out)
{
    int128 whole;
    if (!whole_number(cell, &whole))
        return false;
    *out = (double)whole;
    return fabs(*out) < 0x1p127 && (int128)*out == whole;
}

static bool to_double(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                      struct coerced *out)
{
    (void)spec;
    (void)scratch;
    if (cell_is_integer(cell))
        return integer_to_double(cell, &out->f64);
    switch (cell_kind(cell)) {
    case CELL_DOUBLE: out->f64 = cell->uni.f64; return true;
    case CELL_DECIMAL:
    case CELL_TEXT: return parse_double(trimmed(cell), &out->f64);
    default: return false;
    }
}

static bool double_to_decimal(double real, const struct type_spec *full, struct buf *scratch,
                              int128 *out)
{
    if (!isfinite(real))
        return false;
    if (full->scale > 0 || trunc(real) == real) /* a fraction is not rounded away */
        if (decimal_round(real, full->precision, full->scale, out))
            return true;
    json_double(scratch, real);
    return decimal_parse(buf_string(scratch), scratch->len, full->precision, full->scale, out,
                         NULL) == TG_OK;
}

static bool to_decimal(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                       struct coerced *out)
{
    struct type_spec full = type_decimal(spec);
    struct span span;
    int128 whole;
    char digits[48], room[NUMBER_MAX];
    switch (cell_kind(cell)) {
    case CELL_DOUBLE: return double_to_decimal(cell->uni.f64, &full, scratch, &out->decimal);
    case CELL_INT:
    case CELL_UINT: span = (struct span){NULL, 0}; break;
    case CELL_DECIMAL: span = (struct span){cell->uni.str, cell_len(cell)}; break;
    case CELL_TEXT: span = trimmed(cell); break;
    default: return false;
    }
    if (span.text ? parse_hex(span, &whole) : whole_number(cell, &whole))
        span = (struct span){digits, decimal_format(whole, 0, digits)};
    return join_digits(&span, room) && decimal_parse(span.text, span.len, full.precision,
                                                     full.scale, &out->decimal, NULL) == TG_OK;
}

static bool to_bool(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    static const char *const words[] = {"no", "false", "f", "n", "0", "yes", "true", "t", "y", "1"};
    int whole, fraction;
    (void)spec;
    (void)scratch;
    switch (cell_kind(cell)) {
    case CELL_BOOL: out->i64 = is_true(cell); return true;
    case CELL_INT:
    case CELL_UINT: out->i64 = cell->uni.u64 != 0; return true;
    case CELL_DOUBLE: out->i64 = cell->uni.f64 != 0; return true;
    case CELL_DECIMAL:
        out->i64 = decimal_digits(cell->uni.str, cell_len(cell), &whole, &fraction) &&
                   (whole > 0 || fraction > 0);
        return true;
    case CELL_TEXT:
        for (size_t i = 0; i < 10; i++) {
            if (strlen(words[i]) == cell_len(cell) &&
                strncasecmp(words[i], cell->uni.str, cell_len(cell)) == 0) {
                out->i64 = i >= 5;
                return true;
            }
        }
        return false;
    default: return false;
    }
}

/* ---- text, json, binary ---- */

/* Python's str(float): 1e+16, 1e-05, nan, inf; else as JSON. */
static void double_text(double value, struct buf *out)
{
    if (!isfinite(value)) {
        buf_text(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    char text[64];
    size_t start = out->len;
    json_double(out, value);
    if (out->failed || out->len - start >= sizeof(text))
        return;
    memcpy(text, out->data + start, out->len - start + 1);
    char *exponent = strchr(text, 'e');
    if (!exponent) {
        const char *digits = text + (text[0] == '-');
        if (value != 0 && fabs(value) < 1e-4) { /* 0.00001 and up are plain in JSON */
            out->len = start;
            digits += strlen("0.0000");
            buf_printf(out, "%s%c%s%se-05", value < 0 ? "-" : "", digits[0], digits[1] ? "." : "",
                       digits + 1);
        }
        return;
    }
    out->len = start;
    size_t mantissa_len = (size_t)(exponent - text);
    if (mantissa_len > 2 && memcmp(exponent - 2, ".0", 2) == 0)
        mantissa_len -= 2;
    const char *digits = exponent + 1;
    bool negative = *digits == '-';
    digits += *digits == '-' || *digits == '+';
    buf_append(out, text, mantissa_len);
    buf_text(out, negative ? "e-" : "e+");
    buf_text(out, digits[1] ? "" : "0");
    buf_text(out, digits);
}

static void base64_text(const yyjson_val *cell, struct buf *out)
{
    size_t len = cell_len(cell);
    char chunk[1024];
    for (size_t i = 0; i < len; i += 768) {
        size_t part = len - i < 768 ? len - i : 768;
        size_t written = base64_encode((const unsigned char *)cell->uni.str + i, part, true, chunk);
        buf_append(out, chunk, written);
    }
}

static bool to_text(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    (void)spec;
    switch (cell_kind(cell)) {
    case CELL_TEXT:
    case CELL_DECIMAL:
        out->text = cell->uni.str;
        out->len = cell_len(cell);
        return true;
    case CELL_BOOL: buf_text(scratch, is_true(cell) ? "True" : "False"); break;
    case CELL_INT: buf_printf(scratch, "%lld", (long long)cell->uni.i64); break;
    case CELL_UINT: buf_printf(scratch, "%llu", (unsigned long long)cell->uni.u64); break;
    case CELL_DOUBLE: double_text(cell->uni.f64, scratch); break;
    case CELL_BINARY: base64_text(cell, scratch); break;
    case CELL_TIMESTAMP: time_format_timestamp(scratch, cell->uni.i64, true); break;
    case CELL_TIMESTAMP_NS: time_format_timestamp_ns(scratch, cell->uni.i64, true); break;
    case CELL_DATE: time_format_date(scratch, (int32_t)cell->uni.i64); break;
    case CELL_TIME: time_format_time(scratch, cell->uni.i64); break;
    case CELL_LIST:
    case CELL_OBJECT: cell_json(scratch, cell, 0); break;
    default: return false;
    }
    out->text = buf_string(scratch);
    out->len = scratch->len;
    return true;
}

static bool to_json(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    enum cell_kind kind = cell_kind(cell);
    yyjson_doc *doc = NULL;
    if (kind == CELL_LIST || kind == CELL_OBJECT)
        return to_text(cell, spec, scratch, out);
    if (kind != CELL_TEXT)
        return false;
    int rc = json_parse(cell->uni.str, cell_len(cell), "a json column", &doc, NULL);
    bool is_null = rc == TG_OK && yyjson_is_null(yyjson_doc_get_root(doc));
    if (rc == TG_OK)
        json_write(scratch, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    scratch->failed = scratch->failed || rc == TG_NOMEM;
    out->text = is_null ? NULL : buf_string(scratch);
    out->len = scratch->len;
    return rc == TG_OK;
}

/* "0x..." hex, else base64. */
static bool text_to_binary(struct span span, struct buf *scratch)
{
    if (!is_hex(span)) /* with its padding */
        return span.len % 4 == 0 && base64_decode(span.text, span.len, scratch, NULL) == TG_OK;
    for (size_t i = 2; i < span.len; i++) {
        if (span.text[i] == ' ' || (span.text[i] >= '\t' && span.text[i] <= '\r'))
            continue; /* between bytes, as in Python */
        int high = hex_digit(span.text[i]);
        int low = ++i < span.len ? hex_digit(span.text[i]) : -1;
        if (high < 0 || low < 0)
            return false;
        buf_char(scratch, (char)(high << 4 | low));
    }
    return true;
}

static bool to_binary(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                      struct coerced *out)
{
    (void)spec;
    switch (cell_kind(cell)) {
    case CELL_BINARY:
        out->text = cell->uni.str;
        out->len = cell_len(cell);
        return true;
    case CELL_TEXT:
        if (!text_to_binary((struct span){cell->uni.str, cell_len(cell)}, scratch))
            return false;
        break;
    case CELL_INT:
        if (cell->uni.i64 < 0)
            return false;
        __attribute__((fallthrough));
    case CELL_UINT:
        for (uint64_t rest = cell->uni.u64; rest > 0; rest >>= 8)
            buf_char(scratch, (char)(rest & 0xff));
        break;
    default: return false;
    }
    out->text = buf_string(scratch);
    out->len = scratch->len;
    return true;
}

/* ---- times ---- */

/* Seconds since 1970 as microseconds, within the years 1 to 9999; fractions rounded as Python does.
 */
static bool epoch_us(double seconds, int64_t *out)
{
    static const double first = -62135596800, end = 253402300800;
    double whole, fraction = modf(seconds, &whole);
    if (!(seconds >= first && seconds < end))
        return false;
    *out = (int64_t)whole * second_us + (int64_t)rint(fraction * (double)second_us);
    return *out < (int64_t)end * second_us;
}

/* A number, in text too: seconds since 1970. */
static bool seconds_of(const yyjson_val *cell, double *out)
{
    struct span span;
    switch (cell_kind(cell)) {
    case CELL_INT: *out = (double)cell->uni.i64; return true;
    case CELL_UINT: *out = (double)cell->uni.u64; return true;
    case CELL_DOUBLE: *out = cell->uni.f64; return true;
    case CELL_TEXT: span = trimmed(cell); return !is_hex(span) && parse_double(span, out);
    default: return false;
    }
}

/* *is_number tells that it was one. Dates are times at midnight. */
static bool to_point(const yyjson_val *cell, struct time_point *out, bool *is_number)
{
    double seconds;
    *is_number = false;
    *out = (struct time_point){.us = 0};
    switch (cell_kind(cell)) {
    case CELL_TIMESTAMP: out->us = cell->uni.i64; return true;
    case CELL_TIMESTAMP_NS:
        out->us = time_us_from_ns(cell->uni.i64);
        out->nanos = time_rest_of_ns(cell->uni.i64);
        return true;
    case CELL_DATE: return !__builtin_mul_overflow(cell->uni.i64, day_us, &out->us);
    case CELL_TEXT:
        switch (time_parse(cell->uni.str, cell_len(cell), out)) {
        case TIME_STAMP:
        case TIME_DATE: return true;
        case TIME_CLOCK: return false;
        case TIME_NONE: break;
        }
        break;
    default: break;
    }
    *is_number = seconds_of(cell, &seconds);
    return *is_number && epoch_us(seconds, &out->us);
}

static bool to_timestamp(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                         struct coerced *out)
{
    /* 1677-09-22 and 2262-04-11T23:47:16.854775806: the rest of 64 bits means infinity to DuckDB */
    static const int64_t first_ns = INT64_C(-9223286400000000000), last_ns = INT64_MAX - 1;
    struct time_point point;
    bool is_number;
    (void)scratch;
    if (!to_point(cell, &point, &is_number))
        return false;
    out->i64 = point.us;
    return !type_is_nanoseconds(spec) ||
           (time_point_ns(&point, &out->i64) && out->i64 >= first_ns && out->i64 <= last_ns);
}

static bool to_date(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    struct time_point point;
    bool is_number;
    (void)spec;
    (void)scratch;
    if (cell_kind(cell) == CELL_DATE) {
        out->i64 = cell->uni.i64;
        return true;
    }
    if (!to_point(cell, &point, &is_number))
        return false;
    out->i64 = point.us / day_us - (point.us % day_us < 0);
    return is_number || (point.us % day_us == 0 && point.nanos == 0);
}

static bool to_time(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    struct time_point point;
    (void)spec;
    (void)scratch;
    out->i64 = cell->uni.i64;
    if (cell_kind(cell) != CELL_TEXT)
        return cell_kind(cell) == CELL_TIME;
    if (time_parse(cell->uni.str, cell_len(cell), &point) != TIME_CLOCK)
        return false;
    out->i64 = point.us;
    return true;
}

/* ---- the whole ---- */

static bool (*const coercers[TYPE_COUNT])(const yyjson_val *cell, const struct type_spec *spec,
                                          struct buf *scratch, struct coerced *out) = {
    [TYPE_TEXT] = to_text, [TYPE_DOUBLE] = to_double,       [TYPE_BOOL] = to_bool,
    [TYPE_DATE] = to_date, [TYPE_BIGINT] = to_bigint,       [TYPE_BINARY] = to_binary,
    [TYPE_JSON] = to_json, [TYPE_DECIMAL] = to_decimal,     [TYPE_WEI] = to_decimal,
    [TYPE_TIME] = to_time, [TYPE_TIMESTAMP] = to_timestamp,
};

int coerce_cell(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                struct coerced *out, bool *fits, struct tg_error *err)
{
    buf_clear(scratch);
    *fits = coercers[spec->type](cell, spec, scratch, out);
    return buf_check(scratch, err);
}

int coerce_store(const struct coerced *value, struct column *column, size_t row,
                 struct tg_error *err)
{
    enum type type = column->spec.type;
    if (is_text_type(type))
        return value->text ? column_set_text(column, row, value->text, value->len, err) : TG_OK;
    if (type == TYPE_DOUBLE)
        column_set_double(column, row, value->f64);
    else if (type == TYPE_BOOL)
        column_set_bool(column, row, value->i64 != 0);
    else if (type == TYPE_DATE)
        column_set_date(column, row, (int32_t)value->i64);
    else if (type == TYPE_DECIMAL || type == TYPE_WEI)
        column_set_decimal(column, row, value->decimal);
    else
        column_set_int64(column, row, value->i64);
    return TG_OK;
}

/* ---- widening ---- */

/* Digits before and behind the point that a cell needs in a column of `scale`. */
static bool digits_of(const yyjson_val *cell, int scale, int *whole, int *fraction)
{
    struct span span;
    char digits[48];
    int128 value;
    switch (cell_kind(cell)) {
    case CELL_DOUBLE:
        if (!decimal_round(cell->uni.f64, DECIMAL_PRECISION, scale, &value) ||
            (scale == 0 && trunc(cell->uni.f64) != cell->uni.f64))
            return false;
        span = (struct span){digits, decimal_format(value, scale, digits)};
        break;
    case CELL_INT:
    case CELL_UINT:
        span = (struct span){digits, 0};
        if (whole_number(cell, &value))
            span.len = decimal_format(value, 0, digits);
        break;
    case CELL_DECIMAL: span = (struct span){cell->uni.str, cell_len(cell)}; break;
    case CELL_TEXT: span = trimmed(cell); break;
    default: return false;
    }
    return decimal_digits(span.text, span.len, whole, fraction);
}

static struct type_spec widen_decimal(const struct type_spec *spec, const yyjson_val *cell)
{
    struct type_spec full = type_decimal(spec), none = {.type = TYPE_NONE};
    int whole, fraction;
    if (!digits_of(cell, full.scale, &whole, &fraction))
        return none;
    if (whole < full.precision - full.scale)
        whole = full.precision - full.scale;
    if (fraction < full.scale)
        fraction = full.scale;
    if (whole > DECIMAL_PRECISION - fraction)
        return none;
    return (struct type_spec){TYPE_DECIMAL, whole + fraction, fraction, false};
}

static struct type_spec widen_bigint(const struct type_spec *spec, uint64_t magnitude,
                                     const yyjson_val *cell)
{
    enum { DOUBLE_BITS = 53 };
    enum cell_kind kind = cell_kind(cell);
    struct type_spec wider = {.type = TYPE_NONE};
    int128 whole;
    int64_t ignored;
    bool is_whole = whole_number(cell, &whole);
    if (is_whole && int128_to_int64(whole, &ignored))
        wider.type = TYPE_BIGINT;
    else if (is_whole && (kind == CELL_UINT || kind == CELL_DECIMAL))
        wider = (struct type_spec){TYPE_DECIMAL, DECIMAL_PRECISION, 0, false};
    else if ((kind == CELL_DOUBLE || cell_overflows(cell)) && spec->precision <= 64)
        wider.type = magnitude >> DOUBLE_BITS == 0 ? TYPE_DOUBLE : TYPE_NONE;
    else if (kind == CELL_DECIMAL && spec->precision <= 64)
        wider.type = TYPE_DECIMAL;
    return wider;
}

bool coerce_widen(const struct type_spec *spec, uint64_t magnitude, const yyjson_val *cell,
                  struct type_spec *out)
{
    struct time_point point;
    bool is_number;
    *out = (struct type_spec){.type = TYPE_NONE};
    if (spec->type == TYPE_BIGINT)
        *out = widen_bigint(spec, magnitude, cell);
    else if (spec->type == TYPE_DECIMAL || spec->type == TYPE_WEI)
        *out = widen_decimal(spec, cell);
    else if (spec->type == TYPE_DATE && to_point(cell, &point, &is_number))
        out->type = TYPE_TIMESTAMP;
    return out->type != TYPE_NONE;
}
