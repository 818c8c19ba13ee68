/*
 * Column builders and decimals.
 *
 * Data path: column_init (buffers for one batch) -> column_set_* (inline, column.h) -> column_widen
 * when a value of a wider type arrives -> column_export (buffers move into an Arrow array, nothing
 * is copied). decimal_parse and decimal_format turn digits into scaled integers and back.
 *
 * Left to others: which type a column has (normalize), batches of several columns (batch.c).
 */
#include "data/column.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { TEXT_START = 32 * 1024 };

static const uint8_t widths[TYPE_COUNT] = {
    [TYPE_TEXT] = 4,     [TYPE_JSON] = 4,   [TYPE_BINARY] = 4,    [TYPE_DATE] = 4,
    [TYPE_DOUBLE] = 8,   [TYPE_BIGINT] = 8, [TYPE_TIMESTAMP] = 8, [TYPE_TIME] = 8,
    [TYPE_DECIMAL] = 16, [TYPE_WEI] = 16,
};

static bool is_text(enum type type)
{
    return type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_BINARY;
}

static uint8_t bits_of(const struct type_spec *spec)
{
    int bits = spec->type == TYPE_BIGINT && spec->precision ? spec->precision : 64;
    if (type_is_nanoseconds(spec) || type_step_us(spec) > 1)
        return 0;
    return bits > 32 ? 63 : bits > 16 ? 31 : bits > 8 ? 15 : 7;
}

int column_init_rows(struct column *column, const struct type_spec *spec, size_t row_max,
                     struct tg_error *err)
{
    size_t bits_bytes = row_max / 8 + 1;
    size_t bytes = spec->type == TYPE_BOOL ? bits_bytes : (size_t)widths[spec->type] * row_max;
    *column = (struct column){.spec = *spec, .row_max = row_max, .bits = bits_of(spec)};
    if (spec->type != TYPE_BOOL && widths[spec->type] == 0)
        return error_set(err, TG_INTERNAL, "a column needs a type");
    column->validity = mem_calloc(1, bits_bytes);
    if (spec->type == TYPE_BOOL)
        column->data.any = mem_calloc(1, bytes);
    else
        column->data.any = mem_alloc(bytes + (is_text(spec->type) ? sizeof(int32_t) : 0));
    if (is_text(spec->type)) {
        column->text = mem_alloc(TEXT_START);
        column->text_cap = TEXT_START;
    }
    if (!column->validity || !column->data.any || (is_text(spec->type) && !column->text)) {
        column_release(column);
        return error_nomem(err);
    }
    if (is_text(spec->type))
        column->data.offsets[0] = 0;
    return TG_OK;
}

int column_init(struct column *column, const struct type_spec *spec, struct tg_error *err)
{
    return column_init_rows(column, spec, BATCH_ROWS, err);
}

void column_release(struct column *column)
{
    mem_free(column->validity);
    mem_free(column->data.any);
    mem_free(column->text);
    *column = (struct column){.spec = column->spec, .bits = column->bits};
}

void column_fill(struct column *column, size_t row)
{
    size_t width = widths[column->spec.type];
    if (row <= column->len)
        return;
    if (is_text(column->spec.type)) {
        for (size_t i = column->len; i < row; i++)
            column->data.offsets[i + 1] = (int32_t)column->text_len;
    } else {
        memset((char *)column->data.any + column->len * width, 0, (row - column->len) * width);
    }
    column->null_count += row - column->len;
    column->len = row;
}

int column_reserve_text(struct column *column, size_t len, struct tg_error *err)
{
    if (len > (size_t)INT32_MAX - column->text_len)
        return error_set(err, TG_DATA,
                         "the values of one column exceed 2 GiB within a batch of %d rows; "
                         "split the large values in the source",
                         BATCH_ROWS);
    return mem_grow(&column->text, &column->text_cap, column->text_len + len, 1, err);
}

/* ---- widening ---- */

static int bigint_to_double(struct column *column, struct tg_error *err)
{
    for (size_t i = 0; i < column->len; i++) {
        double real = (double)column->data.i64[i];
        if (real >= 0x1p63 || (int64_t)real != column->data.i64[i])
            return error_set(err, TG_DATA, "the integer %lld does not fit a double exactly",
                             (long long)column->data.i64[i]);
    }
    for (size_t i = 0; i < column->len; i++) {
        double real = (double)column->data.i64[i];
        memcpy(&column->data.f64[i], &real, sizeof(real));
    }
    return TG_OK;
}

static int128 power_of_ten(int exponent)
{
    int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static int bigint_to_decimal(struct column *column, const struct type_spec *spec,
                             struct tg_error *err)
{
    struct type_spec full = type_decimal(spec);
    int128 limit = power_of_ten(full.precision - full.scale);
    int128 factor = power_of_ten(full.scale);
    int128 *wide = mem_alloc(column->row_max * sizeof(*wide));
    if (!wide)
        return error_nomem(err);
    for (size_t i = 0; i < column->len; i++) {
        int64_t value = column->data.i64[i];
        if (value >= limit || value <= -limit) {
            mem_free(wide);
            return error_set(err, TG_DATA, "the integer %lld does not fit decimal(%d,%d)",
                             (long long)value, full.precision, full.scale);
        }
        wide[i] = value * factor;
    }
    mem_free(column->data.any);
    column->data.decimal = wide;
    return TG_OK;
}

/* More digits in front and behind: type_widens has made sure of it. */
static void rescale_decimal(struct column *column, int digits)
{
    int128 factor = power_of_ten(digits);
    for (size_t i = 0; i < column->len; i++)
        column->data.decimal[i] *= factor;
}

static int date_to_timestamp(struct column *column, struct tg_error *err)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t *wide = mem_alloc(column->row_max * sizeof(*wide));
    if (!wide)
        return error_nomem(err);
    for (size_t i = 0; i < column->len; i++) {
        int64_t days = column->data.i32[i];
        if (days > INT64_MAX / day_us || days < INT64_MIN / day_us) {
            mem_free(wide);
            return error_set(err, TG_DATA, "the date %lld days from 1970 does not fit a timestamp",
                             (long long)days);
        }
        wide[i] = days * day_us;
    }
    mem_free(column->data.any);
    column->data.i64 = wide;
    return TG_OK;
}

int column_widen(struct column *column, const struct type_spec *spec, struct tg_error *err)
{
    enum type from = column->spec.type, to = spec->type;
    int rc = TG_OK;
    if (from == TYPE_BIGINT && to == TYPE_DOUBLE)
        TRY(bigint_to_double(column, err));
    else if (from == TYPE_BIGINT && (to == TYPE_DECIMAL || to == TYPE_WEI))
        TRY(bigint_to_decimal(column, spec, err));
    else if (!type_widens(&column->spec, spec))
        TRY(error_set(err, TG_INTERNAL, "a %s column cannot be widened to %s", type_name(from),
                      type_name(to)));
    else if (from == TYPE_DATE)
        TRY(date_to_timestamp(column, err));
    else if (from == TYPE_DECIMAL || from == TYPE_WEI)
        rescale_decimal(column, type_decimal(spec).scale - type_decimal(&column->spec).scale);
    column->spec = *spec;
    column->bits = bits_of(spec);
done:
    return rc;
}

/* ---- export ---- */

struct exported {
    const void *buffers[3]; /* validity, values or offsets, text */
};

static void release_exported(struct ArrowArray *array)
{
    struct exported *exported = array->private_data;
    for (int64_t i = 0; i < array->n_buffers; i++)
        mem_free((void *)(uintptr_t)exported->buffers[i]);
    mem_free(exported);
    array->release = NULL;
}

static int shrink(void *buffer_ptr, size_t bytes, struct tg_error *err)
{
    void **buffer = buffer_ptr;
    void *smaller = mem_realloc(*buffer, bytes);
    if (!smaller)
        return error_nomem(err);
    *buffer = smaller;
    return TG_OK;
}

/* Of a batch of a few rows most is room, which nobody counts while it waits to be written. */
static int give_back_room(struct column *column, size_t row_count, struct tg_error *err)
{
    int rc = TG_OK;
    const bool has_text = is_text(column->spec.type);
    const size_t bits_bytes = row_count / 8 + 1;
    size_t bytes = (size_t)widths[column->spec.type] * (row_count + has_text);
    if (row_count >= column->row_max / 2)
        return TG_OK;
    if (column->spec.type == TYPE_BOOL)
        bytes = bits_bytes;
    TRY(shrink(&column->validity, bits_bytes, err));
    TRY(shrink(&column->data.any, bytes > 0 ? bytes : 1, err));
    if (has_text)
        rc = shrink(&column->text, column->text_len + 1, err);
done:
    return rc;
}

int column_export(struct column *column, size_t row_count, struct ArrowArray *out,
                  struct tg_error *err)
{
    *out = (struct ArrowArray){.release = NULL};
    assert(column->len <= row_count && row_count <= column->row_max);
    column_fill(column, row_count);
    int rc = give_back_room(column, row_count, err);
    if (rc != TG_OK)
        return rc;
    struct exported *exported = mem_alloc(sizeof(*exported));
    if (!exported)
        return error_nomem(err);
    *exported = (struct exported){{column->validity, column->data.any, column->text}};
    *out = (struct ArrowArray){
        .length = (int64_t)row_count,
        .null_count = (int64_t)column->null_count,
        .n_buffers = is_text(column->spec.type) ? 3 : 2,
        .buffers = exported->buffers,
        .release = release_exported,
        .private_data = exported,
    };
    *column = (struct column){.spec = column->spec, .bits = column->bits};
    return TG_OK;
}

/* ---- decimals ---- */

struct digits {
    const char *first; /* first and last digit that is not zero; NULL: the number is zero */
    const char *last;
    int count;    /* digits from first to last */
    int exponent; /* of ten, for the last digit */
    bool negative;
};

enum { EXPONENT_MAX = 1000000 }; /* beyond any number of digits a decimal holds */

/* The digits of `text` after the sign: where the significant ones are. Returns what follows, NULL
 * when there is none. */
static const char *scan_digits(const char *p, const char *end, struct digits *out)
{
    const char *point = NULL;
    int64_t digit_count = 0, after_point = 0, after_last = 0;
    for (; p < end && ((*p >= '0' && *p <= '9') || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = p;
            continue;
        }
        digit_count++;
        after_point += point != NULL;
        after_last++;
        if (*p == '0')
            continue;
        if (!out->first)
            out->first = p;
        out->last = p;
        after_last = 0;
    }
    if (digit_count == 0 || digit_count > EXPONENT_MAX)
        return NULL;
    if (out->first)
        out->count =
            (int)(out->last - out->first) + 1 - (point && point > out->first && point < out->last);
    out->exponent = (int)(after_last - after_point);
    return p;
}

static bool scan_decimal(const char *text, size_t len, struct digits *out)
{
    const char *p = text, *end = text + len;
    int exponent = 0;
    bool negative = false;
    *out = (struct digits){.negative = len > 0 && *text == '-'};
    p = scan_digits(p + (len > 0 && (*p == '-' || *p == '+')), end, out);
    if (!p)
        return false;
    if (p == end)
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    if (p == end)
        return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*p - '0');
    out->exponent += negative ? -exponent : exponent;
    return p == end;
}

bool decimal_valid(const char *text, size_t len)
{
    struct digits digits;
    return scan_decimal(text, len, &digits);
}

bool decimal_digits(const char *text, size_t len, int *whole, int *fraction)
{
    struct digits digits;
    *whole = *fraction = 0;
    if (!scan_decimal(text, len, &digits))
        return false;
    if (digits.first) {
        *whole = digits.count + digits.exponent > 0 ? digits.count + digits.exponent : 0;
        *fraction = digits.exponent < 0 ? -digits.exponent : 0;
    }
    return true;
}

/* The fewest digits that are this double and no other. */
static int shortest_digits(double value, char out[32])
{
    int len = 0;
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return len;
}

bool decimal_round(double value, int precision, int scale, int128 *out)
{
    enum { DIGITS_MAX = 17 };
    char text[32];
    struct digits digits;
    int128 number = 0;
    int shift;
    if (!isfinite(value))
        return false;
    scan_decimal(text, (size_t)shortest_digits(value, text), &digits);
    *out = 0;
    if (!digits.first)
        return true;
    for (const char *p = digits.first; p <= digits.last; p++)
        if (*p != '.')
            number = number * 10 + (*p - '0');
    shift = digits.exponent + scale;
    if (digits.count + shift > precision)
        return false;
    if (shift >= 0)
        number *= power_of_ten(shift);
    else if (-shift > DIGITS_MAX)
        number = 0;
    else
        number = (number + power_of_ten(-shift) / 2) / power_of_ten(-shift);
    *out = digits.negative ? -number : number;
    return number < power_of_ten(precision);
}

int decimal_parse(const char *text, size_t len, int precision, int scale, int128 *out,
                  struct tg_error *err)
{
    struct digits digits;
    int128 value = 0;
    int shift, shown = len > 100 ? 100 : (int)len;
    if (!scan_decimal(text, len, &digits))
        return error_set(err, TG_DATA, "'%.*s' is not a decimal number", shown, text);
    *out = 0;
    if (!digits.first)
        return TG_OK;
    shift = digits.exponent + scale;
    if (shift < 0 || digits.count > precision - shift)
        return error_set(err, TG_DATA, "'%.*s' does not fit decimal(%d,%d)", shown, text, precision,
                         scale);
    for (const char *p = digits.first; p <= digits.last; p++)
        if (*p != '.')
            value = value * 10 + (*p - '0');
    value *= power_of_ten(shift);
    *out = digits.negative ? -value : value;
    return TG_OK;
}

size_t decimal_format(int128 value, int scale, char out[48])
{
    __extension__ unsigned __int128 rest =
        value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    char reversed[48];
    size_t count = 0, len = 0;
    assert(scale >= 0 && scale <= DECIMAL_PRECISION);
    while (rest > 0 || count < (size_t)scale + 1) {
        reversed[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (value < 0)
        out[len++] = '-';
    while (count > 0) {
        if (count == (size_t)scale)
            out[len++] = '.';
        out[len++] = reversed[--count];
    }
    out[len] = '\0';
    return len;
}
