/*
 * Owns what may become what without loss: one function per column type, in the table `coercers`.
 *
 *   coerce_cell  -> texts as cells of the type (data/text/literal.c) -> coercers[type] (the matrix
 *                   of the reference, 3.3) -> struct coerced
 *   coerce_store -> struct coerced -> column
 *   coerce_widen -> which wider type a column gets when coerce_cell said no (design 6)
 *
 * Stricter than dlt where dlt loses something: a time of day is not cut off to fit a date (but
 * seconds since 1970 are, of documents), integers are not rounded to fit a double, digits written
 * out are not rounded to fit a decimal, a number is true or false only as 1 or 0. A decimal with
 * scale takes a double rounded to it, a timestamp what its digits of a second hold. Variant
 * columns, for what neither fits nor widens, are made by output.c.
 */
#include "normalize/values/coerce.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text/base64.h"
#include "base/time.h"
#include "data/rows.h"

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

/* ---- numbers ---- */

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

static bool int128_to_int64(int128 value, int64_t *out)
{
    *out = (int64_t)value;
    return *out == value;
}

/* The whole number a cell stands for, exactly. */
static bool whole_number(const yyjson_val *cell, int128 *out)
{
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
    if (cell_kind(cell) == CELL_DOUBLE) {
        out->f64 = cell->uni.f64;
        return true;
    }
    int whole, fraction;
    bool is_digits = cell_kind(cell) == CELL_DECIMAL && !cell_overflows(cell) &&
                     decimal_digits(cell->uni.str, cell_len(cell), &whole, &fraction);
    if (cell_is_integer(cell) || (is_digits && fraction == 0))
        return integer_to_double(cell, &out->f64);
    return cell_kind(cell) == CELL_DECIMAL &&
           literal_double(cell->uni.str, cell_len(cell), &out->f64);
}

/* A fraction is rounded, but not rounded away. */
static bool double_to_decimal(double real, const struct type_spec *full, int128 *out)
{
    return (full->scale > 0 || trunc(real) == real) &&
           decimal_round(real, full->precision, full->scale, out);
}

static bool to_decimal(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                       struct coerced *out)
{
    (void)scratch;
    struct type_spec full = type_decimal(spec);
    struct span span = {cell->uni.str, cell_len(cell)};
    int128 whole;
    char digits[48];
    if (cell_kind(cell) == CELL_DOUBLE)
        return double_to_decimal(cell->uni.f64, &full, &out->decimal);
    if (cell_kind(cell) != CELL_DECIMAL) {
        if (!whole_number(cell, &whole))
            return false;
        span = (struct span){digits, decimal_format(whole, 0, digits)};
    }
    return decimal_parse(span.text, span.len, full.precision, full.scale, &out->decimal, NULL) ==
           TG_OK;
}

static bool to_bool(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    int128 whole;
    (void)spec;
    (void)scratch;
    if (cell_kind(cell) == CELL_BOOL)
        out->i64 = is_true(cell);
    else if (whole_number(cell, &whole) && (whole == 0 || whole == 1))
        out->i64 = whole == 1;
    else
        return false;
    return true;
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

static bool to_text(const yyjson_val *cell, const struct type_spec *spec, struct buf *scratch,
                    struct coerced *out)
{
    (void)spec;
    switch (cell_kind(cell)) {
    case CELL_TEXT:
    case CELL_LITERAL:
    case CELL_DECIMAL:
        out->text = cell->uni.str;
        out->len = cell_len(cell);
        return true;
    case CELL_BOOL: buf_text(scratch, is_true(cell) ? "True" : "False"); break;
    case CELL_INT: buf_printf(scratch, "%lld", (long long)cell->uni.i64); break;
    case CELL_UINT: buf_printf(scratch, "%llu", (unsigned long long)cell->uni.u64); break;
    case CELL_DOUBLE: double_text(cell->uni.f64, scratch); break;
    case CELL_BINARY: base64_append(scratch, cell->uni.str, cell_len(cell)); break;
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
    if (kind != CELL_TEXT && kind != CELL_LITERAL)
        return false;
    int rc = json_parse_exact(cell->uni.str, cell_len(cell), "a json column", &doc, NULL);
    bool is_null = rc == TG_OK && yyjson_is_null(yyjson_doc_get_root(doc));
    if (rc == TG_OK)
        cell_json(scratch, yyjson_doc_get_root(doc), CELL_JSON_EXACT);
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
    case CELL_LITERAL:
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

/* A number: seconds since 1970. */
static bool seconds_of(const yyjson_val *cell, double *out)
{
    switch (cell_kind(cell)) {
    case CELL_INT: *out = (double)cell->uni.i64; return true;
    case CELL_UINT: *out = (double)cell->uni.u64; return true;
    case CELL_DOUBLE: *out = cell->uni.f64; return true;
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
    int64_t rest = point.us % type_step_us(spec);
    rest += rest < 0 ? type_step_us(spec) : 0;
    out->i64 = point.us - rest;
    out->cut = !type_is_nanoseconds(spec) && (point.nanos != 0 || rest != 0);
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
    (void)spec;
    (void)scratch;
    out->i64 = cell->uni.i64;
    return cell_kind(cell) == CELL_TIME;
}

/* ---- the whole ---- */

static bool (*const coercers[TYPE_COUNT])(const yyjson_val *cell, const struct type_spec *spec,
                                          struct buf *scratch, struct coerced *out) = {
    [TYPE_TEXT] = to_text, [TYPE_DOUBLE] = to_double,       [TYPE_BOOL] = to_bool,
    [TYPE_DATE] = to_date, [TYPE_BIGINT] = to_bigint,       [TYPE_BINARY] = to_binary,
    [TYPE_JSON] = to_json, [TYPE_DECIMAL] = to_decimal,     [TYPE_WEI] = to_decimal,
    [TYPE_TIME] = to_time, [TYPE_TIMESTAMP] = to_timestamp,
};

static bool is_written(const yyjson_val *cell)
{
    return cell_kind(cell) == CELL_TEXT || cell_kind(cell) == CELL_LITERAL;
}

/* A text in a column of another type, as a cell of that type. */
static bool read_text(const yyjson_val *cell, const struct type_spec *spec, enum text_rule rule,
                      yyjson_val *out)
{
    if (cell_kind(cell) == CELL_LITERAL)
        rule = TEXT_TYPED;
    return literal_cell(cell->uni.str, cell_len(cell), spec, rule, out);
}

/* Seconds make no date of a typed source: 20240102 is another. */
static bool is_strange(const yyjson_val *cell, const struct type_spec *spec, enum text_rule rule)
{
    double seconds;
    return rule != TEXT_DOCUMENT && spec->type == TYPE_DATE && seconds_of(cell, &seconds);
}

int coerce_cell(const yyjson_val *cell, const struct type_spec *spec, enum text_rule rule,
                struct buf *scratch, struct coerced *out, bool *fits, struct tg_error *err)
{
    yyjson_val read;
    bool is_cut = false;
    buf_clear(scratch);
    *fits = true;
    out->cut = false;
    if (is_written(cell) && !is_text_type(spec->type)) {
        *fits = read_text(cell, spec, rule, &read);
        is_cut = *fits && literal_is_cut(cell->uni.str, cell_len(cell), spec);
        cell = &read;
    }
    *fits =
        *fits && !is_strange(cell, spec, rule) && coercers[spec->type](cell, spec, scratch, out);
    out->cut = out->cut || is_cut;
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
    case CELL_TEXT:
    case CELL_LITERAL:
    case CELL_DECIMAL: span = (struct span){cell->uni.str, cell_len(cell)}; break;
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

/* `written`: as a literal, to which 1.0 is no integer. */
static struct type_spec widen_bigint(const struct type_spec *spec, uint64_t magnitude,
                                     const yyjson_val *cell, bool written)
{
    enum { DOUBLE_BITS = 53 };
    enum cell_kind kind = cell_kind(cell);
    struct type_spec wider = {.type = TYPE_NONE};
    int128 whole;
    int64_t ignored;
    bool is_whole = !(written && kind == CELL_DOUBLE) && whole_number(cell, &whole);
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

/* What of a text counts when a column of that type gets wider: in a bigint column what a literal is
 * by itself, in a date column its time of day. A decimal column looks at the digits. */
static void widening_cell(enum type type, const yyjson_val *cell, enum text_rule rule,
                          yyjson_val *out)
{
    static const struct type_spec bigint = {.type = TYPE_BIGINT}, stamp = {.type = TYPE_TIMESTAMP};
    struct type_spec spec;
    yyjson_val read;
    *out = *cell;
    if (!is_written(cell))
        return;
    if (type == TYPE_BIGINT && cell_kind(cell) == CELL_LITERAL)
        literal_natural(cell, out, &spec);
    else if ((type == TYPE_BIGINT && read_text(cell, &bigint, rule, &read)) ||
             (type == TYPE_DATE && read_text(cell, &stamp, rule, &read)))
        *out = read;
}

bool coerce_widen(const struct type_spec *spec, uint64_t magnitude, const yyjson_val *cell,
                  enum text_rule rule, struct type_spec *out)
{
    struct time_point point;
    bool is_number;
    yyjson_val own;
    widening_cell(spec->type, cell, rule, &own);
    *out = (struct type_spec){.type = TYPE_NONE};
    if (spec->type == TYPE_BIGINT)
        *out = widen_bigint(spec, magnitude, &own, cell_kind(cell) == CELL_LITERAL);
    else if (spec->type == TYPE_DECIMAL || spec->type == TYPE_WEI)
        *out = widen_decimal(spec, &own);
    else if (spec->type == TYPE_DATE && !is_strange(&own, spec, rule) &&
             to_point(&own, &point, &is_number))
        out->type = TYPE_TIMESTAMP;
    return out->type != TYPE_NONE;
}
