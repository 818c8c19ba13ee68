/*
 * A value moved back by a lag.
 *
 * Path: lag_parse (once) -> lag_apply to the last value of the state: numbers by units, timestamps
 * by seconds, dates by days; a text that is a date or a time by the same, in the form that it has,
 * since the source may compare it as text.
 *
 * lag_between and lag_print go the other way: how late a row was, and the lag that reaches so far.
 *
 * That it does not go beyond the initial value is cursor.c's to see to.
 */
#include "extract/cursor/lag.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text/units.h"
#include "base/time.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

bool lag_parse(const char *text, struct lag *out)
{
    char *end = NULL;
    *out = (struct lag){0};
    out->is_time = parse_duration(text, &out->us);
    if (out->is_time)
        return true;
    if (!isdigit((unsigned char)*text))
        return false;
    out->number = strtod(text, &end);
    out->is_whole = out->number < 9e15 && out->number == floor(out->number);
    out->whole = out->is_whole ? (int64_t)out->number : 0;
    return *end == '\0' && isfinite(out->number);
}

enum { USUAL_SHARE = 999000, WHOLE = 1000000, PERCENT = WHOLE / 100 };

bool lag_is_auto(const char *text, uint32_t *share)
{
    const size_t word = strlen("auto");
    uint32_t unit = PERCENT;
    *share = USUAL_SHARE;
    if (!text || strncmp(text, "auto", word) != 0)
        return false;
    text += word;
    if (*text == '\0')
        return true;
    if (*text++ != ' ' || !isdigit((unsigned char)*text))
        return false;
    for (*share = 0; isdigit((unsigned char)*text) && *share <= WHOLE; text++)
        *share = 10 * *share + PERCENT * (uint32_t)(*text - '0');
    for (text += *text == '.'; isdigit((unsigned char)*text) && unit > 1; text++) {
        unit /= 10;
        *share += unit * (uint32_t)(*text - '0');
    }
    return strcmp(text, "%") == 0 && *share > 0 && *share <= WHOLE;
}

/* ---- how far ---- */

static int64_t as_us(const struct lag *lag, int64_t unit_us)
{
    double us = lag->number * (double)unit_us;
    if (lag->is_time)
        return lag->us;
    return us < 9e18 ? (int64_t)us : INT64_MAX;
}

/* Days, those begun counted whole: what a day holds is there or not. */
static int64_t as_days(const struct lag *lag)
{
    int64_t us = as_us(lag, DAY_US);
    return us / DAY_US + (us % DAY_US > 0);
}

static int64_t moved(int64_t value, int64_t by, bool backwards)
{
    int64_t out;
    bool overflows = backwards ? __builtin_add_overflow(value, by, &out)
                               : __builtin_sub_overflow(value, by, &out);
    if (!overflows)
        return out;
    return backwards ? INT64_MAX : INT64_MIN;
}

/* ---- texts ---- */

static void put_digits(char digits[32], int64_t us)
{
    struct buf text = BUF_INIT;
    size_t count = 0;
    time_format_timestamp_z(&text, us);
    for (const char *at = buf_string(&text); *at && count + 1 < 32; at++)
        if (isdigit((unsigned char)*at))
            digits[count++] = *at;
    digits[count] = '\0';
    buf_release(&text);
}

/* Where the zone of a time begins; the end of the text where it has none. */
static size_t zone_at(const char *text, size_t len)
{
    size_t at = len > 10 ? 10 : len;
    while (at < len && !strchr("Zz+-", text[at]))
        at++;
    return at;
}

/* The text's digits, up to its zone, become those of the time `by` microseconds further. */
static bool shift_text(char *text, size_t len, int64_t by)
{
    char digits[32];
    struct time_point local, before, after;
    size_t end = zone_at(text, len), next = 0;
    enum time_form form = time_parse(text, end, &local);
    if ((form != TIME_STAMP && form != TIME_DATE) || time_parse(text, len, &before) != form)
        return false;
    put_digits(digits, local.us + by);
    for (size_t i = 0; i < end && digits[next]; i++)
        if (isdigit((unsigned char)text[i]))
            text[i] = digits[next++];
    return time_parse(text, len, &after) == form && after.us == before.us + by;
}

static int apply_to_text(const struct lag *lag, bool backwards, struct arena *arena,
                         struct cursor_value *value, struct tg_error *err)
{
    struct time_point point;
    struct buf iso = BUF_INIT;
    int rc = TG_OK;
    bool is_date = time_parse(value->text, value->len, &point) == TIME_DATE;
    int64_t us = is_date ? as_days(lag) * DAY_US : as_us(lag, SECOND_US);
    char *text = arena_strndup(arena, value->text, value->len);
    if (!text)
        return error_nomem(err);
    if (!shift_text(text, value->len, backwards ? us : -us)) {
        time_format_timestamp(&iso, moved(point.us, us, backwards), point.has_zone);
        TRY(buf_check(&iso, err));
        text = arena_strndup(arena, buf_string(&iso), iso.len);
        if (!text)
            TRY(error_nomem(err));
    }
    cursor_value_set_text(value, text, strlen(text));
done:
    buf_release(&iso);
    return rc;
}

/* ---- values ---- */

static int no_lag(const struct cursor_value *value, const struct lag *lag, struct tg_error *err)
{
    char here[80];
    cursor_value_print(value, here, sizeof(here));
    return error_set(
        err, TG_USAGE,
        "a lag %s does not go with a cursor whose value is %s (%s); lag is a number for "
        "numbers, and a time like 2h (or a number of seconds, of days for dates) for "
        "times",
        lag->is_time ? "of time" : "in units", cursor_value_kind(value), here);
}

static void move_number(const struct lag *lag, bool backwards, struct cursor_value *value)
{
    if (value->kind == TG_VALUE_INT64 && lag->is_whole) {
        value->int64 = moved(value->int64, lag->whole, backwards);
        return;
    }
    double from = value->kind == TG_VALUE_INT64 ? (double)value->int64 : value->real;
    cursor_value_set_double(value, backwards ? from + lag->number : from - lag->number);
}

int lag_apply(const struct lag *lag, bool backwards, struct arena *arena,
              struct cursor_value *value, struct tg_error *err)
{
    struct time_point point;
    switch (value->kind) {
    case TG_VALUE_INT64:
    case TG_VALUE_DOUBLE:
        if (lag->is_time)
            return no_lag(value, lag, err);
        move_number(lag, backwards, value);
        return TG_OK;
    case TG_VALUE_TIMESTAMP:
        value->int64 = moved(value->int64, as_us(lag, SECOND_US), backwards);
        return TG_OK;
    case TG_VALUE_DATE: value->int64 = moved(value->int64, as_days(lag), backwards); return TG_OK;
    case TG_VALUE_TEXT:
        if (time_parse(value->text, value->len, &point) != TIME_NONE)
            return apply_to_text(lag, backwards, arena, value, err);
        return no_lag(value, lag, err);
    default: return no_lag(value, lag, err);
    }
}

/* ---- the other way round ---- */

static int64_t apart(int64_t a, int64_t b)
{
    int64_t out;
    bool overflows =
        a > b ? __builtin_sub_overflow(a, b, &out) : __builtin_sub_overflow(b, a, &out);
    return overflows ? INT64_MAX : out;
}

/* Timestamps, dates and texts of them. */
static bool is_instant(const struct cursor_value *value, int64_t *us, bool *is_date)
{
    struct time_point point = {.us = value->int64};
    enum time_form form = value->kind == TG_VALUE_TIMESTAMP ? TIME_STAMP
                          : value->kind == TG_VALUE_DATE    ? TIME_DATE
                          : value->kind == TG_VALUE_TEXT
                              ? time_parse(value->text, value->len, &point)
                              : TIME_NONE;
    *is_date = form == TIME_DATE;
    if (value->kind == TG_VALUE_DATE && __builtin_mul_overflow(value->int64, DAY_US, &point.us))
        return false;
    *us = point.us;
    return form == TIME_STAMP || form == TIME_DATE;
}

static bool is_number(const struct cursor_value *value)
{
    return value->kind == TG_VALUE_INT64 || value->kind == TG_VALUE_DOUBLE;
}

static int64_t between_numbers(const struct cursor_value *a, const struct cursor_value *b)
{
    if (a->kind == TG_VALUE_INT64 && b->kind == TG_VALUE_INT64)
        return apart(a->int64, b->int64);
    double from = a->kind == TG_VALUE_INT64 ? (double)a->int64 : a->real;
    double to = b->kind == TG_VALUE_INT64 ? (double)b->int64 : b->real;
    double units = ceil(fabs(from - to));
    return units < 9e18 ? (int64_t)units : INT64_MAX;
}

enum lag_unit lag_between(const struct cursor_value *reached, const struct cursor_value *value,
                          int64_t *out)
{
    int64_t from, to;
    bool from_date, to_date;
    *out = 0;
    if (is_number(reached) && is_number(value)) {
        *out = between_numbers(reached, value);
        return LAG_NUMBER;
    }
    if (!is_instant(reached, &from, &from_date) || !is_instant(value, &to, &to_date))
        return LAG_NO_UNIT;
    *out = apart(from, to);
    if (!from_date || !to_date)
        return LAG_TIME;
    *out /= DAY_US;
    return LAG_DAYS;
}

/* The greatest unit that twice fits. A row at the very value is late, too: a lag is not nothing. */
void lag_print(enum lag_unit unit, int64_t lateness, char out[LAG_TEXT])
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"d", DAY_US}, {"h", 3600 * SECOND_US}, {"m", 60 * SECOND_US}, {"s", SECOND_US}};
    size_t i = 0;
    int64_t least = lateness > 0 ? lateness : 1;
    if (unit != LAG_TIME) {
        snprintf(out, LAG_TEXT, "%lld%s", (long long)least, unit == LAG_DAYS ? "d" : "");
        return;
    }
    while (i + 1 < sizeof(units) / sizeof(units[0]) && least < 2 * units[i].us)
        i++;
    int64_t count = least / units[i].us + (least % units[i].us > 0);
    snprintf(out, LAG_TEXT, "%lld%s", (long long)count, units[i].name);
}
