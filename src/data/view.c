/*
 * Reading single values of any Arrow array, foreign ones too: as text, as JSON, as numbers that
 * compare.
 *
 * Data path: a (schema, array, row) triple -> resolve (through dictionaries to the place of the
 * value) -> read_int, read_bytes... by the letters of the format -> put_value, which serves
 * value_text and value_json alike. Structs, lists and maps are JSON.
 *
 * For printing, cursors and messages: a switch per value is fine here. Whole columns are moved by
 * take.c and the database.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "data/batch.h"
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

    if (layout.kind != LAYOUT_FIXED || layout.width > 8 || strchr("fgw", format[0]))
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

static double read_float(const struct place *place)
{
    float narrow;
    double wide;

    if (place->schema->format[0] == 'f') {
        memcpy(&narrow, (const float *)place->values + place->at, sizeof(narrow));
        return (double)narrow;
    }
    memcpy(&wide, (const double *)place->values + place->at, sizeof(wide));
    return wide;
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
    if (layout.kind == LAYOUT_BYTES32) {
        start = ((const int32_t *)place->values)[place->at];
        end = ((const int32_t *)place->values)[place->at + 1];
    } else if (layout.kind == LAYOUT_BYTES64) {
        start = ((const int64_t *)place->values)[place->at];
        end = ((const int64_t *)place->values)[place->at + 1];
    } else {
        return false;
    }
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
    if (strcmp(place.schema->format, "f") == 0 || strcmp(place.schema->format, "g") == 0) {
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

static int put_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                     bool json, struct buf *out, struct tg_error *err);

static void put_float(const struct place *place, bool json, struct buf *out)
{
    double value = read_float(place);
    char text[32];

    if (!isfinite(value)) {
        buf_text(out, json ? "null" : isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    if (place->schema->format[0] == 'f') { /* as many digits as tell one float from the next */
        float narrow = (float)value;
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, value);
            if (strtof(text, NULL) == narrow)
                break;
        }
        value = strtod(text, NULL);
    }
    json_double(out, value);
}

static void put_decimal(const struct place *place, struct buf *out)
{
    char text[48];
    int precision, scale;
    int128 value;

    if (!format_decimal(place->schema->format, &precision, &scale))
        return;
    memcpy(&value, (const char *)place->values + place->at * 16, sizeof(value));
    buf_append(out, text, decimal_format(value, scale, text));
}

static int put_temporal(const struct place *place, struct buf *out, struct tg_error *err)
{
    const char *format = place->schema->format;
    int64_t value;

    if (!read_comparable(place, &value))
        return error_set(err, TG_DATA, "column '%s' holds a time beyond the years of a timestamp",
                         place->schema->name ? place->schema->name : "");
    if (format[1] == 'd')
        time_format_date(out, (int32_t)value);
    else if (format[1] == 't')
        time_format_time(out, value);
    else
        time_format_timestamp(out, value, format[4] != '\0');
    return TG_OK;
}

static int put_struct(const struct place *place, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;

    buf_char(out, '{');
    for (int64_t i = 0; i < place->schema->n_children; i++) {
        const struct ArrowSchema *child = place->schema->children[i];
        if (i > 0)
            buf_char(out, ',');
        json_string(out, child->name ? child->name : "", child->name ? strlen(child->name) : 0);
        buf_char(out, ':');
        TRY(put_value(child, place->array->children[i], place->at, true, out, err));
    }
    buf_char(out, '}');
done:
    return rc;
}

static int put_list(const struct place *place, bool large, struct buf *out, struct tg_error *err)
{
    const struct ArrowSchema *schema = place->schema->children[0];
    const struct ArrowArray *array = place->array->children[0];
    int64_t at, end;
    int rc = TG_OK;

    if (large) {
        at = ((const int64_t *)place->values)[place->at];
        end = ((const int64_t *)place->values)[place->at + 1];
    } else {
        at = ((const int32_t *)place->values)[place->at];
        end = ((const int32_t *)place->values)[place->at + 1];
    }
    buf_char(out, '[');
    for (bool first = true; at < end; at++, first = false) {
        if (!first)
            buf_char(out, ',');
        TRY(put_value(schema, array, at, true, out, err));
    }
    buf_char(out, ']');
done:
    return rc;
}

/* A value whose text is quoted in JSON. */
static int put_quoted(const struct place *place, bool json, struct buf *out, struct tg_error *err)
{
    bool is_text = strchr("uU", place->schema->format[0]) != NULL;
    const char *bytes = "";
    size_t len = 0;
    int rc = TG_OK;

    if (read_bytes(place, &bytes, &len) && is_text) {
        if (json)
            json_string(out, bytes, len);
        else
            buf_append(out, bytes, len);
        return TG_OK;
    }
    if (json)
        buf_char(out, '"');
    if (place->schema->format[0] == 't')
        TRY(put_temporal(place, out, err));
    else
        cell_base64(out, bytes, len);
    if (json)
        buf_char(out, '"');
done:
    return rc;
}

static int put_plain(const struct place *place, bool json, struct buf *out, struct tg_error *err)
{
    const char *format = place->schema->format;
    const uint8_t *bits = place->values;
    int64_t integer;

    switch (format[0]) {
    case 'b':
        buf_text(out, bits[place->at >> 3] >> (place->at & 7) & 1 ? "true" : "false");
        return TG_OK;
    case 'f':
    case 'g': put_float(place, json, out); return TG_OK;
    case 'd': put_decimal(place, out); return TG_OK;
    case 'L':
        buf_printf(out, "%" PRIu64, ((const uint64_t *)place->values)[place->at]);
        return TG_OK;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'w':
    case 't': return put_quoted(place, json, out, err);
    default: break;
    }
    if (read_int(place, &integer))
        buf_printf(out, "%" PRId64, integer);
    return TG_OK;
}

static int put_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                     bool json, struct buf *out, struct tg_error *err)
{
    struct place place;
    enum layout_kind kind;

    if (!resolve(schema, array, row, &place)) {
        if (json)
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
    case LAYOUT_STRUCT: return put_struct(&place, out, err);
    case LAYOUT_LIST32:
    case LAYOUT_LIST64: return put_list(&place, kind == LAYOUT_LIST64, out, err);
    default: return put_plain(&place, json, out, err);
    }
}

int value_text(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err)
{
    int rc = put_value(schema, array, row, false, out, err);

    return rc != TG_OK ? rc : buf_check(out, err);
}

int value_json(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err)
{
    int rc = put_value(schema, array, row, true, out, err);

    return rc != TG_OK ? rc : buf_check(out, err);
}
