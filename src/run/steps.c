/*
 * The steps of a backfill: by number, by time, by the calendar.
 *
 * Path: step_parse ("6h", "1mo", "1000") -> step_go, always from the first value on, so that months
 * that begin on the 31st do not drift: the 31st, the last of February, the 31st.
 *
 * Hours, minutes and seconds are lengths of time; days, weeks, months and years go by the clocks of
 * the zone, and some are an hour longer or shorter than others.
 */
#include "run/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/time/calendar.h"

static const struct {
    const char *name;
    enum step_unit unit;
    int64_t count;
} units[] = {
    {"s", STEP_SECONDS, 1}, {"m", STEP_SECONDS, 60}, {"h", STEP_SECONDS, 3600}, {"d", STEP_DAYS, 1},
    {"w", STEP_DAYS, 7},    {"mo", STEP_MONTHS, 1},  {"y", STEP_MONTHS, 12},
};

enum { COUNT_MAX = 1000000 };

static bool parse_time(const char *text, struct step_size *out)
{
    char *end = NULL;
    long count = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || count < 1 || count > COUNT_MAX)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, end) == 0) {
            *out = (struct step_size){units[i].unit, count * units[i].count, 0};
            return true;
        }
    return false;
}

static bool parse_number(const char *text, struct step_size *out)
{
    struct cursor_value value;
    if (!cursor_value_set_number(&value, text, strlen(text)))
        return false;
    *out = (struct step_size){STEP_NUMBER, value.int64, value.real};
    return value.kind == TG_VALUE_INT64 ? value.int64 > 0 : value.real > 0;
}

int step_parse(const char *text, const struct cursor_value *from, struct step_size *out,
               struct tg_error *err)
{
    switch (from->kind) {
    case TG_VALUE_INT64:
    case TG_VALUE_DOUBLE:
        return parse_number(text, out)
                   ? TG_OK
                   : error_set(err, TG_USAGE,
                               "'%s' is no length of windows; the cursor's values are numbers: "
                               "say one like 1000",
                               text);
    case TG_VALUE_TIMESTAMP:
        return parse_time(text, out)
                   ? TG_OK
                   : error_set(err, TG_USAGE,
                               "'%s' is no length of windows; say one like 1d, 6h, 15m, 2w, 1mo "
                               "or 1y",
                               text);
    default:
        return error_set(err, TG_USAGE,
                         "the cursor's values are texts, of which no window has a length; load "
                         "windows by themselves: tidegate run SPEC --from A --to B");
    }
}

static bool go_number(const struct step_size *size, const struct cursor_value *from, int64_t steps,
                      struct cursor_value *out)
{
    int64_t way = 0, sum = 0;
    if (from->kind == TG_VALUE_INT64 && size->real == 0) {
        if (__builtin_mul_overflow(size->count, steps, &way) ||
            __builtin_add_overflow(from->int64, way, &sum))
            return false;
        *out = (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = sum};
        return true;
    }
    double first = from->kind == TG_VALUE_INT64 ? (double)from->int64 : from->real;
    double each = size->real != 0 ? size->real : (double)size->count;
    cursor_value_set_double(out, first + (double)steps * each);
    return out->kind != TG_VALUE_NONE;
}

/* The same day of another month, or its last. */
static int64_t go_months(int64_t local, int64_t months)
{
    int year, month, day;
    int64_t days = local / DAY_US - (local % DAY_US < 0);
    time_civil_from_days((int32_t)days, &year, &month, &day);
    int64_t count = (int64_t)year * 12 + (month - 1) + months;
    year = (int)(count / 12), month = (int)(count % 12) + 1;
    if (year < 1 || year > 9999)
        return INT64_MAX;
    while (!time_is_date(year, month, day))
        day--;
    return time_days_from_civil(year, month, day) * DAY_US + (local - days * DAY_US);
}

bool step_go(const struct step_size *size, const struct time_zone *zone,
             const struct cursor_value *from, int64_t steps, struct cursor_value *out)
{
    int64_t way = 0, unit = size->unit == STEP_DAYS ? DAY_US : SECOND_US, us = from->int64;
    if (size->unit == STEP_NUMBER)
        return go_number(size, from, steps, out);
    if (__builtin_mul_overflow(size->count, steps, &way) ||
        (size->unit != STEP_MONTHS && __builtin_mul_overflow(way, unit, &way)))
        return false;
    if (size->unit == STEP_SECONDS)
        return !__builtin_add_overflow(us, way, &us) &&
               (cursor_value_set_time(out, TG_VALUE_TIMESTAMP, us, false),
                out->kind != TG_VALUE_NONE);
    int64_t local = zone ? time_zone_local(zone, us) : us;
    if (size->unit == STEP_MONTHS)
        local = go_months(local, way);
    else if (__builtin_add_overflow(local, way, &local))
        return false;
    if (local == INT64_MAX)
        return false;
    cursor_value_set_time(out, TG_VALUE_TIMESTAMP, zone ? time_zone_instant(zone, local) : local,
                          false);
    return out->kind != TG_VALUE_NONE;
}
