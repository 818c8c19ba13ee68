/*
 * Values of Arrow types that no column has, for people to see: what a query gives may be any type.
 *
 *   odd_shown -> the function of the format: intervals and durations as databases write them
 *   ("1 year 2 days 03:04:05"), a union as the value that it holds, lists of other layouts as
 *   lists, a map as an object
 *
 * The values within go back to value_shown (view.c), which has called.
 */
#include "data/odd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

struct odd_value {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    int64_t at; /* from the start of the buffers */
    bool json;
};

/* ---- spans of time ---- */

static void put_unit(struct buf *out, size_t start, int64_t count, const char *unit)
{
    if (count == 0)
        return;
    buf_printf(out, "%s%" PRId64 " %s%s", out->len > start ? " " : "", count, unit,
               count == 1 || count == -1 ? "" : "s");
}

static void put_hours(struct buf *out, size_t start, int64_t ns)
{
    if (ns == 0 && out->len > start)
        return;
    const uint64_t second = 1000000000, all = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    const uint64_t seconds = all / second, rest = all % second;
    buf_printf(out, "%s%s%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, out->len > start ? " " : "",
               ns < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (rest % 1000 != 0)
        buf_printf(out, ".%09" PRIu64, rest);
    else if (rest != 0)
        buf_printf(out, ".%06" PRIu64, rest / 1000);
}

static void put_span(const struct odd_value *value, int64_t months, int64_t days, int64_t ns,
                     struct buf *out)
{
    if (value->json)
        buf_char(out, '"');
    size_t start = out->len;
    put_unit(out, start, months / 12, "year");
    put_unit(out, start, months % 12, "month");
    put_unit(out, start, days, "day");
    put_hours(out, start, ns);
    if (value->json)
        buf_char(out, '"');
}

static int interval(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    const char unit = value->schema->format[2], *bytes = value->array->buffers[1];
    int32_t parts[2] = {0, 0};
    int64_t ns = 0;
    (void)err;
    if (unit == 'M') {
        memcpy(parts, bytes + value->at * 4, 4);
        put_span(value, parts[0], 0, 0, out);
    } else if (unit == 'D') {
        memcpy(parts, bytes + value->at * 8, 8);
        put_span(value, 0, parts[0], (int64_t)parts[1] * 1000000, out);
    } else {
        memcpy(parts, bytes + value->at * 16, 8);
        memcpy(&ns, bytes + value->at * 16 + 8, 8);
        put_span(value, parts[0], parts[1], ns, out);
    }
    return TG_OK;
}

static int duration(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    const char unit = value->schema->format[2];
    const int64_t factor = unit == 's'   ? 1000000000
                           : unit == 'm' ? 1000000
                           : unit == 'u' ? 1000
                                         : 1;
    int64_t count = ((const int64_t *)value->array->buffers[1])[value->at], ns;
    if (__builtin_mul_overflow(count, factor, &ns))
        return error_set(err, TG_DATA, "column '%s' holds a span of time beyond 292 years",
                         value->schema->name ? value->schema->name : "");
    put_span(value, 0, 0, ns, out);
    return TG_OK;
}

/* ---- what holds other values ---- */

static int child_shown(const struct odd_value *value, int64_t child, int64_t row, bool json,
                       struct buf *out, struct tg_error *err)
{
    if (child >= value->schema->n_children)
        return error_set(err, TG_DATA, "column '%s' holds a value of no type that it has",
                         value->schema->name ? value->schema->name : "");
    return value_shown(value->schema->children[child], value->array->children[child], row, json,
                       out, err);
}

/* "+us:0,5" counts the children's ids: which of them is it? */
static int64_t child_of(const char *format, int8_t id)
{
    int64_t child = 0;
    for (const char *at = format + 4; *at; child++) {
        char *end;
        if (strtol(at, &end, 10) == id || end == at)
            break;
        at = end + (*end == ',');
        if (!*at)
            return INT64_MAX;
    }
    return child;
}

/* The runs' ends are the first child, their values the second. */
static void find_run(const struct odd_value *value, int64_t *child, int64_t *row)
{
    const struct ArrowSchema *schema = value->schema->children[0];
    const struct ArrowArray *ends = value->array->children[0];
    int64_t end;
    *child = 1;
    *row = 0;
    while (*row < ends->length && value_int64(schema, ends, *row, &end) && end <= value->at)
        ++*row;
}

/* Where the value is that one of a union, or of runs, stands for. */
static void find_held(const struct odd_value *value, int64_t *child, int64_t *row)
{
    const struct ArrowArray *array = value->array;
    const bool is_dense = value->schema->format[2] == 'd';
    if (value->schema->format[1] == 'r') {
        find_run(value, child, row);
        return;
    }
    /* Long ago unions had a bitmap of NULLs first. */
    const int64_t first = array->n_buffers > (is_dense ? 2 : 1);
    const int8_t *ids = array->buffers[first];
    const int32_t *rows = is_dense ? array->buffers[first + 1] : NULL;
    *child = child_of(value->schema->format, ids[value->at]);
    *row = rows ? rows[value->at] : value->at;
}

static int held(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    int64_t child, row;
    find_held(value, &child, &row);
    return child_shown(value, child, row, value->json, out, err);
}

static int put_range(const struct odd_value *value, int64_t at, int64_t end, struct buf *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    buf_char(out, '[');
    for (bool first = true; at < end; at++, first = false) {
        if (!first)
            buf_char(out, ',');
        TRY(child_shown(value, 0, at, true, out, err));
    }
    buf_char(out, ']');
done:
    return rc;
}

static int fixed_list(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    const int64_t width = strtol(value->schema->format + 3, NULL, 10);
    return put_range(value, value->at * width, (value->at + 1) * width, out, err);
}

static int list_view(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    const bool is_large = value->schema->format[2] == 'L';
    const void *const *buffers = value->array->buffers;
    const int64_t at = is_large ? ((const int64_t *)buffers[1])[value->at]
                                : ((const int32_t *)buffers[1])[value->at];
    const int64_t count = is_large ? ((const int64_t *)buffers[2])[value->at]
                                   : ((const int32_t *)buffers[2])[value->at];
    return put_range(value, at, at + count, out, err);
}

static int map(const struct odd_value *value, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf key = BUF_INIT;
    const int32_t *offsets = value->array->buffers[1];
    const struct odd_value pair = {.schema = value->schema->children[0],
                                   .array = value->array->children[0]};
    buf_char(out, '{');
    for (int64_t at = offsets[value->at]; at < offsets[value->at + 1]; at++) {
        if (at > offsets[value->at])
            buf_char(out, ',');
        buf_clear(&key);
        TRY(child_shown(&pair, 0, pair.array->offset + at, false, &key, err));
        json_string(out, buf_string(&key), key.len);
        buf_char(out, ':');
        TRY(child_shown(&pair, 1, pair.array->offset + at, true, out, err));
    }
    buf_char(out, '}');
done:
    buf_release(&key);
    return rc;
}

static const struct {
    const char *start; /* of the format */
    int (*put)(const struct odd_value *value, struct buf *out, struct tg_error *err);
    bool knows_nulls; /* by its own bitmap */
} odd[] = {
    {"ti", interval, true},   {"tD", duration, true},    {"+us:", held, false},
    {"+ud:", held, false},    {"+w:", fixed_list, true}, {"+vl", list_view, true},
    {"+vL", list_view, true}, {"+m", map, true},         {"+r", held, false},
};

enum { ODD_COUNT = sizeof(odd) / sizeof(odd[0]) };

static size_t find_odd(const struct ArrowSchema *schema)
{
    size_t i = 0;
    while (i < ODD_COUNT &&
           (schema->dictionary || strncmp(schema->format, odd[i].start, strlen(odd[i].start)) != 0))
        i++;
    return i;
}

bool odd_type(const struct ArrowSchema *schema)
{
    return find_odd(schema) < ODD_COUNT;
}

bool odd_is_null(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row)
{
    int64_t child, at;
    const size_t i = find_odd(schema);
    const struct odd_value value = {schema, array, array->offset + row, false};
    if (i == ODD_COUNT)
        return value_is_null(schema, array, row);
    if (odd[i].knows_nulls)
        return array_is_null(array, row);
    find_held(&value, &child, &at);
    return child < schema->n_children &&
           odd_is_null(schema->children[child], array->children[child], at);
}

int odd_shown(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
              bool json, struct buf *out, struct tg_error *err)
{
    const size_t i = find_odd(schema);
    const struct odd_value value = {schema, array, array->offset + row, json};
    if (odd[i].knows_nulls && array_is_null(array, row)) {
        buf_text(out, json ? "null" : "");
        return TG_OK;
    }
    return odd[i].put(&value, out, err);
}
