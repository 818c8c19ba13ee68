/*
 * Texts read as numbers, dates or timestamps, before they are compared.
 *
 * Data path: the value of a row (or a bound) -> cursor_value_as: a number by its digits; a time by
 * the format (base/time/time_pattern.c), else as ISO 8601.
 *
 * What comes of it is a typed value, and so it stands in the state.
 */
#include "extract/cursor/as_type.h"

#include <ctype.h>
#include <string.h>

#include "base/time.h"

#define SECOND_US INT64_C(1000000)

/* ---- a value ---- */

static bool read_time(const struct cursor_as *as, struct cursor_value *value)
{
    struct time_point point = {0};
    bool is_date = as->type == TYPE_DATE;
    if (!as->format || !time_read_as(as->format, value->text, value->len, &point)) {
        enum time_form form = time_parse(value->text, value->len, &point);
        if (form != TIME_STAMP && form != TIME_DATE)
            return false;
    }
    const int64_t day_us = 86400 * SECOND_US;
    int64_t days = point.us / day_us - (point.us % day_us < 0);
    cursor_value_set_time(value, is_date ? TG_VALUE_DATE : TG_VALUE_TIMESTAMP,
                          is_date ? days : point.us, !is_date && !point.has_zone);
    return true;
}

static bool read_number(const struct cursor_as *as, struct cursor_value *value)
{
    const char *text = value->text;
    size_t len = value->len;
    for (; len > 0 && isspace((unsigned char)*text); len--)
        text++;
    for (; len > 0 && isspace((unsigned char)text[len - 1]); len--)
        continue;
    if (len > 1 && *text == '+' && isdigit((unsigned char)text[1]))
        text++, len--;
    return cursor_value_set_number(value, text, len) &&
           (as->type != TYPE_BIGINT || value->kind == TG_VALUE_INT64);
}

static bool is_number(const struct cursor_value *value)
{
    return value->kind == TG_VALUE_INT64 || value->kind == TG_VALUE_DOUBLE;
}

bool cursor_value_as(const struct cursor_as *as, struct cursor_value *value)
{
    bool is_text = value->kind == TG_VALUE_TEXT;
    if (value->kind == TG_VALUE_NONE)
        return true;
    switch (as->type) {
    case TYPE_NONE: return true;
    case TYPE_TEXT: value->is_instant = false; return is_text;
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
        return is_text ? read_time(as, value)
                       : value->kind == TG_VALUE_TIMESTAMP || value->kind == TG_VALUE_DATE;
    default: return is_text ? read_number(as, value) : is_number(value);
    }
}
