/*
 * ISO 8601 text <-> numbers, without locale, without time-zone database, without allocation when
 * reading.
 *
 * Path in: time_parse_timestamp = usual_form, or date_of and clock_of; zone_of: each moves over the
 * text. Path out: time_format_* put digits into a small array and append it once. Days and civil
 * dates follow Howard Hinnant's era arithmetic (400 years of 146,097 days, years beginning in
 * March).
 *
 * Which text becomes a timestamp column is decided in normalize; here is only what the text means.
 */
#include "base/time.h"

#include <limits.h>

#include "base/buf.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)
/* 0001-01-01T00:00:00 and 10000-01-01T00:00:00 */
#define FIRST_US (INT64_C(-719162) * DAY_US)
#define END_US   (INT64_C(2932897) * DAY_US)

/* ---- The calendar -------------------------------------------------------------------------- */

int32_t time_days_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void time_civil_from_days(int32_t days, int *year, int *month, int *day)
{
    int64_t shifted = (int64_t)days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int)(era * 400) + year_of_era + (*month <= 2);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_date(int year, int month, int day)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (month == 2 && is_leap(year));
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* The text not read yet. */
struct text {
    const char *at;
    const char *end;
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Two digits, or -1. */
static int two_digits(struct text *text)
{
    if (text->end - text->at < 2 || !is_digit(text->at[0]) || !is_digit(text->at[1]))
        return -1;
    int value = (text->at[0] - '0') * 10 + (text->at[1] - '0');
    text->at += 2;
    return value;
}

static bool skip(struct text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

/* Date and the character between its parts; '\0' for the compact form. */
static bool date_of(struct text *text, int32_t *days, char *between)
{
    int century = two_digits(text);
    int year = two_digits(text);
    *between = '\0';
    if (text->at < text->end && (*text->at == '-' || *text->at == '/'))
        *between = *text->at++;
    int month = two_digits(text);
    if (*between && !skip(text, *between))
        return false;
    int day = two_digits(text);
    if (century < 0 || year < 0 || !is_date(century * 100 + year, month, day))
        return false;
    *days = time_days_from_civil(century * 100 + year, month, day);
    return true;
}

/* .123456789, or nothing: digits beyond the sixth are read over. */
static bool fraction_of(struct text *text, int64_t *us, int *digits)
{
    static const int32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    *digits = 0;
    if (!skip(text, '.') && !skip(text, ','))
        return true;
    const char *start = text->at;
    int32_t value = 0;
    int used = 0;
    for (; used < 6 && text->at < text->end && is_digit(*text->at); text->at++, used++)
        value = value * 10 + (*text->at - '0');
    while (text->at < text->end && is_digit(*text->at))
        text->at++;
    *us += value * units[used];
    *digits = text->at - start < INT_MAX ? (int)(text->at - start) : INT_MAX;
    return used > 0;
}

/* HH:MM[:SS[.f]], or without colons. */
static bool clock_of(struct text *text, bool colons, int64_t *us, int *digits)
{
    *digits = 0;
    int hour = two_digits(text);
    if (hour < 0 || hour > 23 || (colons && !skip(text, ':')))
        return false;
    int minute = two_digits(text);
    if (minute < 0 || minute > 59)
        return false;
    *us = hour * HOUR_US + minute * MINUTE_US;
    if (colons ? !skip(text, ':') : text->at == text->end || !is_digit(*text->at))
        return true;
    int second = two_digits(text);
    if (second < 0 || second > 59)
        return false;
    *us += second * SECOND_US;
    return fraction_of(text, us, digits);
}

/* Z, +HH:MM, +HHMM, +HH, or nothing. */
static bool zone_of(struct text *text, int64_t *offset_us, bool *has_zone)
{
    *offset_us = 0;
    *has_zone = text->at < text->end;
    if (!*has_zone || skip(text, 'Z'))
        return true;
    bool west = skip(text, '-');
    if (!west && !skip(text, '+'))
        return false;
    int hour = two_digits(text);
    int minute = 0;
    if (text->at < text->end) {
        (void)skip(text, ':');
        minute = two_digits(text);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *offset_us = (hour * HOUR_US + minute * MINUTE_US) * (west ? -1 : 1);
    return true;
}

/* Two digits at p; *bad is set when they are not. */
static inline int pair(const char *p, unsigned *bad)
{
    unsigned tens = (unsigned)(unsigned char)p[0] - '0';
    unsigned ones = (unsigned)(unsigned char)p[1] - '0';
    *bad |= (tens > 9) | (ones > 9);
    return (int)(tens * 10 + ones);
}

/* The usual YYYY-MM-DDTHH:MM:SS at fixed places, with few branches; false: look closer. */
static bool usual_form(struct text *text, int32_t *days, int64_t *us)
{
    const char *p = text->at;
    if (text->end - p < 19 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') ||
        p[13] != ':' || p[16] != ':')
        return false;
    unsigned bad = 0;
    int year = pair(p, &bad) * 100 + pair(p + 2, &bad);
    int month = pair(p + 5, &bad);
    int day = pair(p + 8, &bad);
    int hour = pair(p + 11, &bad);
    int minute = pair(p + 14, &bad);
    int second = pair(p + 17, &bad);
    if (bad || hour > 23 || minute > 59 || second > 59 || !is_date(year, month, day))
        return false;
    *days = time_days_from_civil(year, month, day);
    *us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    text->at += 19;
    return true;
}

/* Every other form. */
static bool other_form(struct text *text, int32_t *days, int64_t *us, int *digits, char *between)
{
    if (!date_of(text, days, between))
        return false;
    /* The form with slashes is not of ISO 8601: it knows neither T nor zones. */
    if (!skip(text, ' ') && (*between == '/' || !skip(text, 'T')))
        return false;
    return clock_of(text, *between != '\0', us, digits);
}

bool time_parse_timestamp(const char *value, size_t len, struct time_point *out)
{
    if (len < 13) /* 20240102T0304 */
        return false;
    struct text text = {value, value + len};
    int32_t days;
    int64_t us;
    int64_t offset_us;
    char between = '-';
    int *digits = &out->fraction_digits;
    bool good = usual_form(&text, &days, &us) ? fraction_of(&text, &us, digits)
                                              : other_form(&text, &days, &us, digits, &between);
    if (!good || !zone_of(&text, &offset_us, &out->has_zone))
        return false;
    if (text.at != text.end || (between == '/' && out->has_zone))
        return false;
    out->us = days * DAY_US + us - offset_us;
    return out->us >= FIRST_US && out->us < END_US;
}

bool time_parse_date(const char *value, size_t len, int32_t *days)
{
    struct text text = {value, value + len};
    char between;
    return len >= 8 && date_of(&text, days, &between) && between != '/' && text.at == text.end;
}

bool time_parse_time(const char *value, size_t len, int64_t *us)
{
    struct text text = {value, value + len};
    int digits;
    return len >= 5 && clock_of(&text, true, us, &digits) && text.at == text.end;
}

/* ---- Writing ------------------------------------------------------------------------------- */

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

static void format_timestamp(struct buf *out, int64_t us, const char *zone)
{
    char text[STAMP_MAX];
    int64_t days = us / DAY_US - (us % DAY_US < 0);
    int64_t clock_us = us % DAY_US + (us % DAY_US < 0 ? DAY_US : 0);
    char *end = put_date(text, (int32_t)days);
    *end++ = 'T';
    end = put_clock(end, clock_us);
    buf_append(out, text, (size_t)(end - text));
    buf_text(out, zone);
}

void time_format_timestamp(struct buf *out, int64_t us, bool zone)
{
    format_timestamp(out, us, zone ? "+00:00" : "");
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
