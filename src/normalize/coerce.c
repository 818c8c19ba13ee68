/*
 * Owns what may become what without loss: one function per column type, in the table `coercers`.
 *
 *   coerce_cell  -> coercers[type] (the matrix of the reference, 3.3) -> struct coerced
 *   coerce_store -> struct coerced -> column
 *   coerce_widen -> which wider type a column gets when coerce_cell said no (design 6)
 *
 * Stricter than dlt where dlt loses something: a time of day is not cut off to fit a date, and a
 * fraction is not cut off to fit a decimal without scale. A decimal with scale takes a double
 * rounded to it. Variant columns, for what neither fits nor widens, are made by output.c.
 */
#include "normalize/coerce.h"

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

/* Text of the cell without the spaces around it. */
static struct span trimmed(const yyjson_val *cell)
{
    struct span span = {cell->uni.str, cell_len(cell)};
    for (; span.len > 0 && strchr(" \t\r\n\v\f", span.text[0]) && span.text[0]; span.len--)
        span.text++;
    while (span.len > 0 && span.text[span.len - 1] &&
           strchr(" \t\r\n\v\f", span.text[span.len - 1]))
        span.len--;
    return span;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* "0x1F", up to 64 bits. */
static bool parse_hex(struct span span, uint64_t *out)
{
    uint64_t value = 0;
    if (span.len < 3 || span.len > 18 || span.text[0] != '0' || (span.text[1] | 32) != 'x')
        return false;
    for (size_t i = 2; i < span.len; i++) {
        int digit = hex_digit(span.text[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (uint64_t)digit;
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
        if (span.text[i] < '0' || span.text[i] > '9')
            return false;
    return span.len > sign;
}

/* The whole number a cell stands for, exactly; text must be an integer literal. */
static bool whole_number(const yyjson_val *cell, int128 *out)
{
    struct span span;
    uint64_t bits;
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
        if (parse_hex(span, &bits)) {
            *out = bits;
            return true;
        }
        return is_integer(span) &&
               decimal_parse(span.text, span.len, DECIMAL_PRECISION, 0, out, NULL) == TG_OK;
    default: return false;
    }
}

static bool to_bigint(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                      struct coerced *out)
{
    int128 value;
    (void)spec;
    (void)scratch;
    return whole_number(cell, &value) && int128_to_int64(value, &out->i64);
}

/* ---- fractions ---- */

/* Python's float(): decimal syntax, 0x, nan, inf. */
static bool parse_double(struct span span, double *out)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", (double)NAN}, {"inf", (double)INFINITY}, {"infinity", (double)INFINITY}};
    char json[400];
    uint64_t bits;
    bool negative = span.len > 0 && span.text[0] == '-';
    if (parse_hex(span, &bits)) {
        *out = (double)bits;
        return true;
    }
    if (span.len > 0 && (negative || span.text[0] == '+'))
        span = (struct span){span.text + 1, span.len - 1};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].word) == span.len &&
            strncasecmp(words[i].word, span.text, span.len) == 0) {
            *out = negative ? -words[i].value : words[i].value;
            return true;
        }
    }
    if (span.len + 2 > sizeof(json) || !decimal_valid(span.text, span.len) || span.text[0] == '-' ||
        span.text[0] == '+')
        return false;
    /* JSON wants a digit before the point, one behind it, and no zeros in front. */
    for (; span.len > 1 && span.text[0] == '0' && span.text[1] >= '0' && span.text[1] <= '9';
         span.len--)
        span.text++;
    size_t len = 0;
    for (size_t i = 0; i < span.len; i++) {
        bool digit_follows = i + 1 < span.len && span.text[i + 1] >= '0' && span.text[i + 1] <= '9';
        if (span.text[i] == '.' && i == 0)
            json[len++] = '0';
        if (span.text[i] != '.' || digit_follows)
            json[len++] = span.text[i];
    }
    json[len] = '\0';
    yyjson_val number;
    const char *end = yyjson_read_number(json, &number, YYJSON_READ_NOFLAG, NULL, NULL);
    if (!end || *end)
        return false;
    *out = negative ? -yyjson_get_num(&number) : yyjson_get_num(&number);
    return true;
}

static bool to_double(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                      struct coerced *out)
{
    (void)spec;
    (void)scratch;
    switch (cell_kind(cell)) {
    case CELL_INT: out->f64 = (double)cell->uni.i64; return true;
    case CELL_UINT: out->f64 = (double)cell->uni.u64; return true;
    case CELL_DOUBLE: out->f64 = cell->uni.f64; return true;
    case CELL_DECIMAL:
    case CELL_TEXT: return parse_double(trimmed(cell), &out->f64);
    default: return false;
    }
}

/* The shortest text of a double, rounded to the scale of the column. */
static bool round_double(const char *text, size_t len, double real, struct type_spec full,
                         int128 *out)
{
    int128 divisor = 1;
    if (full.scale == 0)
        return false;
    for (int scale = full.scale + 1; scale <= DECIMAL_PRECISION; scale++) {
        divisor *= 10;
        int128 value;
        if (decimal_parse(text, len, DECIMAL_PRECISION, scale, &value, NULL) != TG_OK)
            continue;
        *out = (value + (value < 0 ? -divisor : divisor) / 2) / divisor;
        char digits[48];
        size_t digit_count = decimal_format(*out, full.scale, digits);
        return decimal_parse(digits, digit_count, full.precision, full.scale, out, NULL) == TG_OK;
    }
    *out = 0;
    return fabs(real) < pow(10, -full.scale) / 2;
}

static bool to_decimal(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                       struct coerced *out)
{
    struct type_spec full = type_decimal(spec);
    struct span span = {NULL, 0};
    switch (cell_kind(cell)) {
    case CELL_INT: buf_printf(scratch, "%lld", (long long)cell->uni.i64); break;
    case CELL_UINT: buf_printf(scratch, "%llu", (unsigned long long)cell->uni.u64); break;
    case CELL_DOUBLE:
        if (!isfinite(cell->uni.f64))
            return false;
        json_double(scratch, cell->uni.f64);
        break;
    case CELL_DECIMAL: span = (struct span){cell->uni.str, cell_len(cell)}; break;
    case CELL_TEXT: span = trimmed(cell); break;
    default: return false;
    }
    uint64_t bits;
    if (span.text && parse_hex(span, &bits)) {
        buf_printf(scratch, "%llu", (unsigned long long)bits);
        span.text = NULL;
    }
    if (!span.text)
        span = (struct span){buf_string(scratch), scratch->len};
    return decimal_parse(span.text, span.len, full.precision, full.scale, &out->decimal, NULL) ==
               TG_OK ||
           (cell_kind(cell) == CELL_DOUBLE &&
            round_double(span.text, span.len, cell->uni.f64, full, &out->decimal));
}

static bool to_bool(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    static const char *const words[] = {"no", "false", "f", "n", "0", "yes", "true", "t", "y", "1"};
    struct span span;
    struct coerced number;
    switch (cell_kind(cell)) {
    case CELL_BOOL: out->i64 = is_true(cell); return true;
    case CELL_INT:
    case CELL_UINT: out->i64 = cell->uni.u64 != 0; return true;
    case CELL_DOUBLE:
    case CELL_DECIMAL:
        if (!to_double(cell, spec, scratch, &number))
            return false;
        out->i64 = number.f64 != 0;
        return true;
    case CELL_TEXT:
        span = trimmed(cell);
        for (size_t i = 0; i < 10; i++) {
            if (strlen(words[i]) == span.len && strncasecmp(words[i], span.text, span.len) == 0) {
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
    if (kind == CELL_TEXT) {
        yyjson_doc *doc = NULL;
        int rc = json_parse(cell->uni.str, cell_len(cell), "a json column", &doc, NULL);
        yyjson_doc_free(doc);
        scratch->failed = scratch->failed || rc == TG_NOMEM;
        if (rc != TG_OK)
            return false;
    } else if (kind != CELL_LIST && kind != CELL_OBJECT) {
        return false;
    }
    return to_text(cell, spec, scratch, out);
}

/* "0x..." hex, else base64. */
static bool text_to_binary(struct span span, struct buf *scratch)
{
    if (span.len < 2 || span.text[0] != '0' || (span.text[1] | 32) != 'x')
        return base64_decode(span.text, span.len, scratch, NULL) == TG_OK;
    if (span.len % 2 != 0)
        return false;
    for (size_t i = 2; i < span.len; i += 2) {
        int high = hex_digit(span.text[i]), low = hex_digit(span.text[i + 1]);
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

/* Seconds since 1970 as microseconds, within the years 1 to 9999. */
static bool epoch_us(const yyjson_val *cell, int64_t *out)
{
    static const double first = -62135596800, last = 253402300799;
    struct coerced number;
    if (cell_kind(cell) == CELL_BOOL || !to_double(cell, NULL, NULL, &number) ||
        !(number.f64 >= first && number.f64 <= last))
        return false;
    *out = cell_kind(cell) == CELL_INT || cell_kind(cell) == CELL_UINT
               ? cell->uni.i64 * second_us
               : (int64_t)llround(number.f64 * (double)second_us);
    return true;
}

static bool to_timestamp(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                         struct coerced *out)
{
    struct time_point point;
    struct span span;
    int32_t days;
    (void)spec;
    (void)scratch;
    switch (cell_kind(cell)) {
    case CELL_TIMESTAMP: out->i64 = cell->uni.i64; return true;
    case CELL_DATE: out->i64 = cell->uni.i64 * day_us; return true;
    case CELL_INT:
    case CELL_UINT:
    case CELL_DOUBLE: return epoch_us(cell, &out->i64);
    case CELL_TEXT:
        span = trimmed(cell);
        if (time_parse_timestamp(span.text, span.len, &point)) {
            out->i64 = point.us;
            return true;
        }
        if (time_parse_date(span.text, span.len, &days)) {
            out->i64 = days * day_us;
            return true;
        }
        return epoch_us(cell, &out->i64);
    default: return false;
    }
}

static bool to_date(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    if (cell_kind(cell) == CELL_DATE) {
        out->i64 = cell->uni.i64;
        return true;
    }
    if (!to_timestamp(cell, spec, scratch, out) || out->i64 % day_us != 0)
        return false;
    out->i64 /= day_us;
    return true;
}

static bool to_time(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    (void)spec;
    (void)scratch;
    if (cell_kind(cell) == CELL_TIME)
        out->i64 = cell->uni.i64;
    else if (cell_kind(cell) != CELL_TEXT ||
             !time_parse_time(cell->uni.str, cell_len(cell), &out->i64))
        return false;
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
        return column_set_text(column, row, value->text, value->len, err);
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

bool coerce_widen(const struct type_spec *spec, uint64_t magnitude, const yyjson_val *cell,
                  struct type_spec *out)
{
    enum { DOUBLE_BITS = 53 };
    enum cell_kind kind = cell_kind(cell);
    struct coerced point;
    int128 whole;
    *out = (struct type_spec){.type = TYPE_NONE};
    if (spec->type == TYPE_BIGINT && (kind == CELL_UINT || kind == CELL_DECIMAL) &&
        whole_number(cell, &whole))
        *out = (struct type_spec){TYPE_DECIMAL, DECIMAL_PRECISION, 0, false};
    else if (spec->type == TYPE_BIGINT && kind == CELL_DOUBLE)
        out->type = magnitude >> DOUBLE_BITS == 0 ? TYPE_DOUBLE : TYPE_DECIMAL;
    else if (spec->type == TYPE_BIGINT && kind == CELL_DECIMAL)
        out->type = TYPE_DECIMAL;
    else if (spec->type == TYPE_DATE && (kind == CELL_TIMESTAMP || kind == CELL_TEXT) &&
             to_timestamp(cell, spec, NULL, &point))
        out->type = TYPE_TIMESTAMP;
    return out->type != TYPE_NONE;
}
