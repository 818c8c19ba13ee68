/*
 * Reading single values of any Arrow array, foreign ones too: as text, as JSON, as numbers that
 * compare.
 *
 * Data path: a (schema, array, row) triple -> resolve (through dictionaries to the place of the
 * value) -> read_int, read_bytes... by the letters of the format -> put_value, which serves
 * value_text and value_json alike (structs, lists and maps are JSON), or value_cell.
 *
 * For printing, cursors, casts and messages: a switch per value is fine here. Whole columns are
 * moved by take.c and the database.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text/base64.h"
#include "base/time.h"
#include "data/batch.h"
#include "data/odd.h"
#include "data/rows.h"

bool array_is_null(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *validity;
    int64_t at = array->offset + row;
    if (array->n_buffers == 0) /* the null type */
        return true;
    validity = array->buffers[0];
    return validity && array->null_count != 0 && !(validity[at >> 3] >> (at & 7) & 1);
}

/* ---- reading ---- */

/* One value: `at` counts from the start of the buffers. */
struct place {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    const void *values; /* buffer 1 */
    int64_t at;
};

/* An integer of the format's letter, as 64 bits; false: another letter, or beyond int64. */
static bool read_int(const struct place *place, int64_t *out)
{
    const char *format = place->schema->format;
    const char *p = place->values;
    struct layout layout = layout_of(format);
    uint64_t raw = 0;
    if (layout.kind != LAYOUT_FIXED || layout.width > 8 || strchr("efgdw", format[0]))
        return false;
    memcpy(&raw, p + (size_t)place->at * layout.width, layout.width);
    switch (format[0]) {
    case 'c': *out = (int8_t)raw; break;
    case 's': *out = (int16_t)raw; break;
    case 'i': *out = (int32_t)raw; break;
    case 't': *out = layout.width == 4 ? (int32_t)raw : (int64_t)raw; break;
    default: *out = (int64_t)raw; break; /* unsigned ones are filled with zeros */
    }
    return format[0] != 'L' || raw <= INT64_MAX;
}

/* Finds a value behind its dictionaries; false: it is NULL. */
static bool resolve(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                    struct place *out)
{
    for (;;) {
        if (array_is_null(array, row))
            return false;
        *out = (struct place){schema, array, array->n_buffers > 1 ? array->buffers[1] : NULL,
                              array->offset + row};
        if (!schema->dictionary)
            return true;
        if (!read_int(out, &row))
            return false;
        schema = schema->dictionary;
        array = array->dictionary;
    }
}

bool value_is_null(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row)
{
    struct place place;
    return !resolve(schema, array, row, &place);
}

static int64_t floor_div(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return value % divisor < 0 ? quotient - 1 : quotient;
}

/* A time of unit s, m, u or n in microseconds; false: out of range. */
static bool to_microseconds(int64_t value, char unit, int64_t *out)
{
    if (unit == 'n') {
        *out = floor_div(value, 1000);
        return true;
    }
    return !__builtin_mul_overflow(value, unit == 's' ? 1000000 : unit == 'm' ? 1000 : 1, out);
}

/* As value_int64, at a place. */
static bool read_comparable(const struct place *place, int64_t *out)
{
    const char *format = place->schema->format;
    int64_t value;
    if (!read_int(place, &value))
        return false;
    if (format[0] == 't' && format[1] != 'd')
        return to_microseconds(value, format[2], out);
    *out = strcmp(format, "tdm") == 0 ? floor_div(value, 86400000) : value;
    return true;
}

/* IEEE 754 of 16 bits. */
static double half_value(uint16_t bits)
{
    int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    if (exponent == 0x1f)
        value = fraction ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -value : value;
}

static double read_float(const struct place *place)
{
    uint16_t half;
    float narrow;
    double wide;
    switch (place->schema->format[0]) {
    case 'e':
        memcpy(&half, (const char *)place->values + place->at * 2, sizeof(half));
        return half_value(half);
    case 'f':
        memcpy(&narrow, (const char *)place->values + place->at * 4, sizeof(narrow));
        return (double)narrow;
    default: memcpy(&wide, (const char *)place->values + place->at * 8, sizeof(wide)); return wide;
    }
}

static bool is_float(const struct place *place)
{
    const char *format = place->schema->format;
    return strchr("efg", format[0]) && format[0] != '\0' && format[1] == '\0';
}

static bool is_text(const struct place *place)
{
    const char *format = place->schema->format;
    return format[0] == 'u' || format[0] == 'U' || strcmp(format, "vu") == 0;
}

/* A decimal of up to 128 bits. */
static int128 read_decimal(const struct place *place, size_t width)
{
    unsigned char bytes[16];
    int128 value;
    memcpy(bytes, (const char *)place->values + (size_t)place->at * width, width);
    memset(bytes + width, bytes[width - 1] & 0x80 ? 0xff : 0, sizeof(bytes) - width);
    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* Takes nine digits from the end of a number of 256 bits. */
static uint32_t take_digits(uint32_t limbs[8])
{
    uint64_t rest = 0;
    for (int i = 7; i >= 0; i--) {
        rest = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    return (uint32_t)rest;
}

static void negate(uint32_t limbs[8])
{
    uint64_t carry = 1;
    for (int i = 0; i < 8; i++) {
        carry += (uint32_t)~limbs[i];
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* A decimal of 256 bits without the zeros at the end of its fraction. Returns how many digits it
 * has, but for zeros at its beginning. */
static size_t put_wide(const struct place *place, int scale, struct buf *out)
{
    enum { GROUPS = 9 };
    uint32_t limbs[8];
    char digits[GROUPS * 9 + 1];
    size_t first = 0, last = sizeof(digits) - 1, point = last - (size_t)scale;
    memcpy(limbs, (const char *)place->values + place->at * 32, sizeof(limbs));
    if (limbs[7] >> 31) {
        negate(limbs);
        buf_char(out, '-');
    }
    for (int i = GROUPS - 1; i >= 0; i--) {
        char group[10];
        snprintf(group, sizeof(group), "%09" PRIu32, take_digits(limbs));
        memcpy(digits + 9 * i, group, 9);
    }
    while (first + 1 < point && digits[first] == '0')
        first++;
    while (last > point && digits[last - 1] == '0')
        last--;
    buf_append(out, digits + first, point - first);
    if (last > point)
        buf_char(out, '.');
    buf_append(out, digits + point, last - point);
    while (first < last && digits[first] == '0')
        first++;
    return last - first;
}

/* A value of a "view" column: up to 12 bytes lie in the view itself. */
static void read_view(const struct place *place, const char **out, size_t *len)
{
    enum { INLINE_MAX = 12 };
    const char *view = (const char *)place->values + place->at * 16;
    int32_t parts[4]; /* length, first bytes, buffer, offset */
    memcpy(parts, view, sizeof(parts));
    *len = (size_t)parts[0];
    *out = parts[0] <= INLINE_MAX ? view + 4
                                  : (const char *)place->array->buffers[2 + parts[2]] + parts[3];
}

/* Where the value begins and ends in what its offsets count. */
static void read_range(const struct place *place, bool large, int64_t *start, int64_t *end)
{
    const int32_t *narrow = place->values;
    const int64_t *wide = place->values;
    *start = large ? wide[place->at] : narrow[place->at];
    *end = large ? wide[place->at + 1] : narrow[place->at + 1];
}

static bool read_bytes(const struct place *place, const char **out, size_t *len)
{
    struct layout layout = layout_of(place->schema->format);
    int64_t start, end;
    if (layout.kind == LAYOUT_FIXED && place->schema->format[0] == 'w') {
        *out = (const char *)place->values + (size_t)place->at * layout.width;
        *len = layout.width;
        return true;
    }
    if (layout.kind == LAYOUT_VIEWS) {
        read_view(place, out, len);
        return true;
    }
    if (layout.kind != LAYOUT_BYTES32 && layout.kind != LAYOUT_BYTES64)
        return false;
    read_range(place, layout.kind == LAYOUT_BYTES64, &start, &end);
    *len = (size_t)(end - start);
    *out = *len > 0 ? (const char *)place->array->buffers[2] + start : "";
    return true;
}

bool value_int64(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                 int64_t *out)
{
    struct place place;
    return resolve(schema, array, row, &place) && read_comparable(&place, out);
}

bool value_double(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                  double *out)
{
    struct place place;
    int64_t integer;
    if (!resolve(schema, array, row, &place))
        return false;
    if (is_float(&place)) {
        *out = read_float(&place);
        return true;
    }
    if (place.schema->format[0] == 't' || !read_int(&place, &integer))
        return false;
    *out = (double)integer;
    return true;
}

bool value_bytes(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                 const char **out, size_t *len)
{
    struct place place;
    return resolve(schema, array, row, &place) && read_bytes(&place, out, len);
}

/* ---- writing ---- */

enum form {
    FORM_JSON = 1,
    FORM_SHOWN = 2 /* to people, and not for what is stored or hashed */
};

static int put_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                     int form, struct buf *out, struct tg_error *err);

/* As many digits as tell a float from the next one. */
static double shortest(double value)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value)
            break;
    }
    return strtod(text, NULL);
}

static void put_float(const struct place *place, int form, struct buf *out)
{
    double value = read_float(place);
    if (!isfinite(value))
        buf_text(out, form & FORM_JSON ? "null"
                      : isnan(value)   ? "nan"
                      : value < 0      ? "-inf"
                                       : "inf");
    else
        json_double(out, place->schema->format[0] == 'g' ? value : shortest(value));
}

static const char *name_of(const struct place *place)
{
    return place->schema->name ? place->schema->name : "";
}

/* Returns how many digits of it count. */
static size_t put_decimal(const struct place *place, struct buf *out)
{
    char text[48];
    size_t width = layout_of(place->schema->format).width;
    int precision = 0, scale = 0;
    format_digits(place->schema->format, &precision, &scale);
    if (width == 32)
        return put_wide(place, scale, out);
    buf_append(out, text, decimal_format(read_decimal(place, width), scale, text));
    return (size_t)precision;
}

static int refuse_time(const struct place *place, struct tg_error *err)
{
    return error_set(err, TG_DATA, "column '%s' holds a time beyond the years of a timestamp",
                     name_of(place));
}

static bool put_infinity(const struct place *place, struct buf *out)
{
    const char *format = place->schema->format;
    int64_t value;
    if (format[1] == 't' || !read_int(place, &value))
        return false;
    const char *word = time_endless(value, strcmp(format, "tdD") == 0 ? INT32_MAX : INT64_MAX);
    buf_text(out, word ? word : "");
    return word;
}

/* With its nanoseconds, where it is shown. */
static void put_clock(const struct place *place, int64_t us, int form, struct buf *out)
{
    int64_t ns = 0;
    time_format_time(out, us);
    if ((form & FORM_SHOWN) && place->schema->format[2] == 'n' && read_int(place, &ns) &&
        time_rest_of_ns(ns) != 0)
        buf_printf(out, us % 1000000 == 0 ? ".000000%03d" : "%03d", time_rest_of_ns(ns));
}

static int put_temporal(const struct place *place, int form, struct buf *out, struct tg_error *err)
{
    const char *format = place->schema->format;
    int64_t value;
    if ((form & FORM_SHOWN) && put_infinity(place, out))
        return TG_OK;
    if (!read_comparable(place, &value))
        return refuse_time(place, err);
    if (format[1] == 'd')
        time_format_date(out, (int32_t)value);
    else if (format[1] == 't')
        put_clock(place, value, form, out);
    else if (format[2] == 'n' && read_int(place, &value))
        time_format_timestamp_ns(out, value, format[4] != '\0');
    else
        time_format_timestamp(out, value, format[4] != '\0');
    return TG_OK;
}

static int put_struct(const struct place *place, int form, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    buf_char(out, '{');
    for (int64_t i = 0; i < place->schema->n_children; i++) {
        const struct ArrowSchema *child = place->schema->children[i];
        if (i > 0)
            buf_char(out, ',');
        json_string(out, child->name ? child->name : "", child->name ? strlen(child->name) : 0);
        buf_char(out, ':');
        TRY(put_value(child, place->array->children[i], place->at, form | FORM_JSON, out, err));
    }
    buf_char(out, '}');
done:
    return rc;
}

static int put_list(const struct place *place, bool large, int form, struct buf *out,
                    struct tg_error *err)
{
    const struct ArrowSchema *schema = place->schema->children[0];
    const struct ArrowArray *array = place->array->children[0];
    int64_t at, end;
    int rc = TG_OK;
    read_range(place, large, &at, &end);
    buf_char(out, '[');
    for (bool first = true; at < end; at++, first = false) {
        if (!first)
            buf_char(out, ',');
        TRY(put_value(schema, array, at, form | FORM_JSON, out, err));
    }
    buf_char(out, ']');
done:
    return rc;
}

/* A value whose text is quoted in JSON. */
static int put_quoted(const struct place *place, int form, struct buf *out, struct tg_error *err)
{
    const char *format = place->schema->format;
    const char *bytes = "";
    size_t len = 0;
    int rc = TG_OK;
    if (read_bytes(place, &bytes, &len) && is_text(place)) {
        if (form & FORM_JSON)
            json_string(out, bytes, len);
        else
            buf_append(out, bytes, len);
        return TG_OK;
    }
    if (form & FORM_JSON)
        buf_char(out, '"');
    if (format[0] == 't')
        TRY(put_temporal(place, form, out, err));
    else
        base64_append(out, bytes, len);
    if (form & FORM_JSON)
        buf_char(out, '"');
done:
    return rc;
}

static int put_plain(const struct place *place, int form, struct buf *out, struct tg_error *err)
{
    const char *format = place->schema->format;
    const uint8_t *bits = place->values;
    int64_t integer;
    switch (format[0]) {
    case 'b':
        buf_text(out, bits[place->at >> 3] >> (place->at & 7) & 1 ? "true" : "false");
        return TG_OK;
    case 'e':
    case 'f':
    case 'g': put_float(place, form, out); return TG_OK;
    case 'd': put_decimal(place, out); return TG_OK;
    case 'L':
        buf_printf(out, "%" PRIu64, ((const uint64_t *)place->values)[place->at]);
        return TG_OK;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'w':
    case 'v':
    case 't': return put_quoted(place, form, out, err);
    default: break;
    }
    if (read_int(place, &integer))
        buf_printf(out, "%" PRId64, integer);
    return TG_OK;
}

static int put_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                     int form, struct buf *out, struct tg_error *err)
{
    struct place place;
    enum layout_kind kind;
    if ((form & FORM_SHOWN) && odd_type(schema))
        return odd_shown(schema, array, row, form & FORM_JSON, out, err);
    if (!resolve(schema, array, row, &place)) {
        if (form & FORM_JSON)
            buf_text(out, "null");
        return TG_OK;
    }
    kind = layout_of(place.schema->format).kind;
    switch (kind) {
    case LAYOUT_NONE:
        return error_set(
            err, TG_DATA,
            "column '%s' has the Arrow format '%s', which is not supported; cast it to "
            "text in the query",
            schema->name ? schema->name : "", place.schema->format);
    case LAYOUT_STRUCT: return put_struct(&place, form, out, err);
    case LAYOUT_LIST32:
    case LAYOUT_LIST64: return put_list(&place, kind == LAYOUT_LIST64, form, out, err);
    default: return put_plain(&place, form, out, err);
    }
}

int value_text(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err)
{
    int rc = put_value(schema, array, row, 0, out, err);
    return rc != TG_OK ? rc : buf_check(out, err);
}

int value_json(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err)
{
    int rc = put_value(schema, array, row, FORM_JSON, out, err);
    return rc != TG_OK ? rc : buf_check(out, err);
}

int value_shown(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                bool json, struct buf *out, struct tg_error *err)
{
    int rc = put_value(schema, array, row, FORM_SHOWN | (json ? FORM_JSON : 0), out, err);
    return rc != TG_OK ? rc : buf_check(out, err);
}

/* ---- as a cell ---- */

static yyjson_val bytes_cell(uint64_t tag, const char *bytes, size_t len)
{
    return (yyjson_val){.tag = tag | (uint64_t)len << YYJSON_TAG_BIT, .uni.str = bytes};
}

/* A time of nanoseconds, which no cell holds, as text. */
static int clock_cell(int64_t ns, struct buf *scratch, yyjson_val *out, struct tg_error *err)
{
    time_format_time(scratch, time_us_from_ns(ns));
    buf_printf(scratch, time_us_from_ns(ns) % 1000000 == 0 ? ".000000%03d" : "%03d",
               time_rest_of_ns(ns));
    *out = bytes_cell(YYJSON_TYPE_STR, buf_string(scratch), scratch->len);
    return buf_check(scratch, err);
}

static int temporal_cell(const struct place *place, struct buf *scratch, yyjson_val *out,
                         struct tg_error *err)
{
    static const int64_t day_us = INT64_C(86400000000);
    const char *format = place->schema->format;
    int64_t value;
    if (!read_comparable(place, &out->uni.i64))
        return refuse_time(place, err);
    out->tag = format[1] == 'd'   ? CELL_TAG_DATE
               : format[1] == 't' ? CELL_TAG_TIME
                                  : CELL_TAG_TIMESTAMP;
    if (format[1] == 't' && (out->uni.i64 < 0 || out->uni.i64 >= day_us))
        return error_set(err, TG_DATA, "column '%s' holds a time that is not within a day",
                         name_of(place));
    if (format[1] == 't' && format[2] == 'n' && read_int(place, &value) && time_rest_of_ns(value))
        return clock_cell(value, scratch, out, err);
    if (format[1] == 's' && format[2] == 'n' && read_int(place, &out->uni.i64))
        out->tag = CELL_TAG_TIMESTAMP_NS;
    if (format[1] == 's' && format[4] == '\0')
        out->tag = out->tag == CELL_TAG_TIMESTAMP ? CELL_TAG_NAIVE : CELL_TAG_NAIVE_NS;
    return TG_OK;
}

/* Text where no decimal holds its digits. */
static int decimal_cell(const struct place *place, struct buf *scratch, yyjson_val *out,
                        struct tg_error *err)
{
    bool fits = put_decimal(place, scratch) <= DECIMAL_PRECISION;
    *out = bytes_cell(fits ? CELL_TAG_DECIMAL : YYJSON_TYPE_STR, buf_string(scratch), scratch->len);
    return buf_check(scratch, err);
}

int value_cell(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *scratch, yyjson_val *out, struct tg_error *err)
{
    struct type_spec spec;
    struct place place;
    enum layout_kind kind;
    const uint8_t *bits;
    const char *bytes = "";
    size_t len = 0;
    buf_clear(scratch);
    *out = (yyjson_val){.tag = YYJSON_TYPE_NULL};
    if (!resolve(schema, array, row, &place))
        return TG_OK;
    kind = layout_of(place.schema->format).kind;
    if (kind == LAYOUT_NONE || kind >= LAYOUT_STRUCT)
        return type_from_arrow(schema, &spec, err); /* says what is wrong */
    switch (place.schema->format[0]) {
    case 'b':
        bits = place.values;
        out->tag =
            YYJSON_TYPE_BOOL | (bits[place.at >> 3] >> (place.at & 7) & 1 ? YYJSON_SUBTYPE_TRUE
                                                                          : YYJSON_SUBTYPE_FALSE);
        return TG_OK;
    case 'L':
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT;
        memcpy(&out->uni.u64, (const char *)place.values + place.at * 8, 8);
        return TG_OK;
    case 'd': return decimal_cell(&place, scratch, out, err);
    case 't': return temporal_cell(&place, scratch, out, err);
    default: break;
    }
    if (is_float(&place)) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
        out->uni.f64 = read_float(&place);
    } else if (read_bytes(&place, &bytes, &len)) {
        *out = bytes_cell(is_text(&place) ? YYJSON_TYPE_STR : CELL_TAG_BINARY, bytes, len);
    } else if (read_int(&place, &out->uni.i64)) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT;
    }
    return TG_OK;
}
