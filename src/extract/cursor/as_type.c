/*
 * Texts read as numbers, dates or timestamps, before they are compared.
 *
 * Data path: the value of a row (or a bound) -> cursor_value_as: a number by its digits; a time by
 * the format, piece by piece: what strptime knows, and %f, a second's fraction, which it does not.
 *
 * What comes of it is a typed value, and so it stands in the state.
 */
#include "extract/cursor/as_type.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

#define SECOND_US INT64_C(1000000)
enum { TIME_TEXT_MAX = 128, FRACTION_DIGITS = 6 };

/* ---- by a format ---- */

/* Digits of a second's fraction; those beyond microseconds are cut off. */
static const char *read_fraction(const char *at, int64_t *us)
{
    int digits = 0;
    *us = 0;
    for (; isdigit((unsigned char)*at); at++, digits++)
        if (digits < FRACTION_DIGITS)
            *us = *us * 10 + (*at - '0');
    if (digits == 0)
        return NULL;
    for (; digits < FRACTION_DIGITS; digits++)
        *us *= 10;
    return at;
}

/* All of the text by all of the format. */
static bool read_pieces(const char *text, const char *format, struct tm *tm, int64_t *fraction_us)
{
    char piece[TIME_TEXT_MAX];
    const char *at = text, *mark;
    *fraction_us = 0;
    while (at && (mark = strstr(format, "%f"))) {
        size_t len = (size_t)(mark - format);
        if (len >= sizeof(piece))
            return false;
        memcpy(piece, format, len);
        piece[len] = '\0';
        at = strptime(at, piece, tm);
        at = at ? read_fraction(at, fraction_us) : NULL;
        format = mark + 2;
    }
    at = at ? strptime(at, format, tm) : NULL;
    return at && *at == '\0';
}

static bool read_by_format(const char *text, const char *format, int64_t *us)
{
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    int64_t fraction_us;
    if (!read_pieces(text, format, &tm, &fraction_us))
        return false;
    int64_t days = time_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    int64_t seconds = days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    *us = (seconds - tm.tm_gmtoff) * SECOND_US + fraction_us;
    return true;
}

bool cursor_format_is_good(const char *format)
{
    return strchr(format, '%') && !strstr(format, "%s") && strlen(format) < TIME_TEXT_MAX;
}

/* ---- a value ---- */

static bool has_zone(const char *format)
{
    return strstr(format, "%z") != NULL;
}

static bool read_time(const struct cursor_as *as, struct cursor_value *value)
{
    char text[TIME_TEXT_MAX];
    struct time_point point = {0};
    bool is_date = as->type == TYPE_DATE;
    if (value->len >= sizeof(text))
        return false;
    memcpy(text, value->text, value->len);
    text[value->len] = '\0';
    if (as->format && read_by_format(text, as->format, &point.us)) {
        point.has_zone = has_zone(as->format);
    } else {
        enum time_form form = time_parse(text, value->len, &point);
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
