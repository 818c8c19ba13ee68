/*
 * Numbers -> ISO 8601 text, as Python's isoformat has it.
 *
 * time_format_timestamp -> put_timestamp -> put_date and put_clock, which lay digits into a small
 * array that is appended at once. The fraction is left out when it is zero.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/time/calendar.h"

enum { STAMP_MAX = 48 };

static char *put_two(char *out, int value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

static char *put_date(char *out, int32_t days)
{
    int year;
    int month;
    int day;
    time_civil_from_days(days, &year, &month, &day);
    if (year >= 0 && year <= 9999)
        out = put_two(put_two(out, year / 100), year % 100);
    else
        out += snprintf(out, 16, "%05d", year);
    *out++ = '-';
    out = put_two(out, month);
    *out++ = '-';
    return put_two(out, day);
}

/* `us` within one day */
static char *put_clock(char *out, int64_t us)
{
    out = put_two(out, (int)(us / HOUR_US));
    *out++ = ':';
    out = put_two(out, (int)(us / MINUTE_US % 60));
    *out++ = ':';
    out = put_two(out, (int)(us / SECOND_US % 60));
    int fraction = (int)(us % SECOND_US);
    if (fraction == 0)
        return out;
    *out++ = '.';
    out = put_two(out, fraction / 10000);
    out = put_two(out, fraction / 100 % 100);
    return put_two(out, fraction % 100);
}

/* The time of a microsecond without its zone. */
static char *put_timestamp(char *out, int64_t us)
{
    int64_t days = us / DAY_US - (us % DAY_US < 0);
    int64_t clock_us = us % DAY_US + (us % DAY_US < 0 ? DAY_US : 0);
    out = put_date(out, (int32_t)days);
    *out++ = 'T';
    return put_clock(out, clock_us);
}

static void format_timestamp(struct buf *out, int64_t us, const char *zone)
{
    char text[STAMP_MAX];
    buf_append(out, text, (size_t)(put_timestamp(text, us) - text));
    buf_text(out, zone);
}

void time_format_timestamp(struct buf *out, int64_t us, bool zone)
{
    format_timestamp(out, us, zone ? "+00:00" : "");
}

void time_format_timestamp_ns(struct buf *out, int64_t ns, bool zone)
{
    int64_t us = time_us_from_ns(ns);
    int nanos = time_rest_of_ns(ns);
    char text[STAMP_MAX];
    char *end = put_timestamp(text, us);
    if (nanos > 0)
        end += snprintf(end, 16, us % SECOND_US == 0 ? ".000000%03d" : "%03d", nanos);
    buf_append(out, text, (size_t)(end - text));
    buf_text(out, zone ? "+00:00" : "");
}

void time_format_timestamp_z(struct buf *out, int64_t us)
{
    format_timestamp(out, us, "Z");
}

void time_format_date(struct buf *out, int32_t days)
{
    char text[STAMP_MAX];
    buf_append(out, text, (size_t)(put_date(text, days) - text));
}

void time_format_time(struct buf *out, int64_t us)
{
    char text[STAMP_MAX];
    buf_append(out, text, (size_t)(put_clock(text, us) - text));
}
