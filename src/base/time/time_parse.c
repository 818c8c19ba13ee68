/*
 * ISO 8601 text -> numbers, without locale, time-zone database or allocation.
 *
 * time_parse_timestamp = usual_form (eight bytes at a time), usual_fraction and zone_of, or
 * time_parse: iso_form (iso_date, iso_clock, zone_of), else common_form, the two grammars of the
 * parser that dlt uses. Each function moves over the text.
 *
 * Which text becomes a timestamp column is decided in normalize; here is only what the text means.
 */
#include <endian.h>
#include <limits.h>
#include <string.h>

#include "base/time/calendar.h"

/* 0001-01-01T00:00:00 and 10000-01-01T00:00:00 */
#define FIRST_US (INT64_C(-719162) * DAY_US)
#define END_US   (INT64_C(2932897) * DAY_US)

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
    if (century < 0 || year < 0 || !time_is_date(century * 100 + year, month, day))
        return false;
    *days = time_days_from_civil(century * 100 + year, month, day);
    return true;
}

/* A fraction of a second. */
struct fraction {
    int digits; /* as many as were given */
    int nanos;  /* what is beyond microseconds */
};

/* .123456789, or nothing: digits beyond the ninth are read over. */
static bool fraction_of(struct text *text, int64_t *us, struct fraction *out)
{
    static const int32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    *out = (struct fraction){0, 0};
    if (!skip(text, '.') && !skip(text, ','))
        return true;
    const char *start = text->at;
    int32_t value = 0;
    int used = 0;
    for (; used < 6 && text->at < text->end && is_digit(*text->at); text->at++, used++)
        value = value * 10 + (*text->at - '0');
    *us += value * units[used];
    for (int unit = 100; text->at < text->end && is_digit(*text->at); text->at++, unit /= 10)
        out->nanos += (*text->at - '0') * unit;
    out->digits = text->at - start < INT_MAX ? (int)(text->at - start) : INT_MAX;
    return used > 0;
}

/* HH:MM[:SS[.f]], or without colons. */
static bool clock_of(struct text *text, bool colons, int64_t *us, struct fraction *fraction)
{
    *fraction = (struct fraction){0, 0};
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
    return fraction_of(text, us, fraction);
}

/* Z, +HH:MM, +HHMM, +HH, +HH:, or nothing. */
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
    (void)skip(text, ':');
    int minute = text->at < text->end ? two_digits(text) : 0;
    *offset_us = hour * HOUR_US + minute * MINUTE_US;
    if (hour < 0 || minute < 0 || *offset_us >= DAY_US)
        return false;
    *offset_us *= west ? -1 : 1;
    return true;
}

/* Eight bytes as a word, the first one lowest. */
static inline uint64_t load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return le64toh(word);
}

/* A word of eight bytes against a form, in which 0 stands for any digit: byte i of the result is
 * the number that its bytes i and i + 1 spell where both are digits. *bad is not 0 when a byte
 * differs. `limits` has 0x76 where the form has a digit, else 0x7f: a byte too many carries into
 * bit 7. */
static inline uint64_t pairs_of(uint64_t word, uint64_t form, uint64_t limits, uint64_t *bad)
{
    uint64_t rest = word ^ form;
    *bad |= (rest | (rest + limits)) & UINT64_C(0x8080808080808080);
    return rest * 10 + (rest >> 8);
}

static inline unsigned byte_of(uint64_t word, int i)
{
    return (unsigned)(word >> 8 * i) & 0xff;
}

/* Before each month, in a year that begins in March. */
static const uint16_t month_days[] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};

/* The usual YYYY-MM-DDTHH:MM:SS at fixed places, with few branches; false: look closer. */
static inline bool usual_form(struct text *text, int32_t *days, int64_t *us)
{
    static const uint64_t any = 0x76, same = 0x7f;
    const uint64_t date_limits =
        any | same << 8 | any << 16 | any << 24 | same << 32 | any << 40 | any << 48 | same << 56;
    const uint64_t clock_limits =
        any | any << 8 | same << 16 | any << 24 | any << 32 | same << 40 | any << 48 | any << 56;
    const uint64_t year_limits = any | any << 8 | any << 16 | any << 24;
    const char *p = text->at;
    uint64_t bad = 0;
    if (text->end - p < 19)
        return false;
    char between = p[10] == ' ' ? 'T' : p[10];
    uint64_t date = (load8(p + 3) & (UINT64_MAX >> 8)) | (uint64_t)(unsigned char)between << 56;
    uint64_t head = pairs_of(load8(p) & UINT32_MAX, load8("0000\0\0\0"), year_limits, &bad);
    uint64_t tail = pairs_of(date, load8("0-00-00T"), date_limits, &bad);
    uint64_t clock = pairs_of(load8(p + 11), load8("00:00:00"), clock_limits, &bad);
    unsigned year = byte_of(head, 0) * 100 + byte_of(head, 2);
    unsigned month = byte_of(tail, 2), day = byte_of(tail, 5);
    unsigned hour = byte_of(clock, 0), minute = byte_of(clock, 3), second = byte_of(clock, 6);
    if (bad || hour > 23 || minute > 59 || second > 59 || month > 12 || month < 1 ||
        (day > 28 && !time_is_date((int)year, (int)month, (int)day)) || day < 1 || year < 1)
        return false;
    year -= month <= 2;
    unsigned century = year / 100;
    *days =
        (int32_t)(year * 365 + year / 4 - century + century / 4 + month_days[month] + day) - 719469;
    *us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    text->at += 19;
    return true;
}

/* A fraction of six digits in one go, any other one by one; a second is in front of it. */
static inline bool usual_fraction(struct text *text, int64_t *us, struct fraction *out)
{
    static const uint64_t any = 0x76, same = 0x7f;
    const uint64_t limits =
        same << 8 | any << 16 | any << 24 | any << 32 | any << 40 | any << 48 | any << 56;
    const char *p = text->at;
    uint64_t bad = 0;
    *out = (struct fraction){0, 0};
    if (p == text->end || (*p != '.' && *p != ','))
        return true;
    if (text->end - p < 7 || (text->end - p > 7 && is_digit(p[7])))
        return fraction_of(text, us, out);
    uint64_t word = pairs_of(load8(p - 1) >> 8 << 8, load8("\0.000000"), limits, &bad);
    if (bad)
        return fraction_of(text, us, out);
    *us += byte_of(word, 2) * 10000 + byte_of(word, 4) * 100 + byte_of(word, 6);
    out->digits = 6;
    text->at += 7;
    return true;
}

/* ---- ISO 8601 ---- */

/* What was read so far. */
struct parts {
    int32_t days;
    int64_t us; /* since midnight */
    struct fraction fraction;
    bool has_date, has_clock;
};

static int digit_run(const struct text *text)
{
    int count = 0;
    while (count < text->end - text->at && count < 9 && is_digit(text->at[count]))
        count++;
    return count;
}

static int read_digits(struct text *text, int count)
{
    int value = 0;
    for (; count > 0; count--)
        value = value * 10 + (*text->at++ - '0');
    return value;
}

static bool set_date(struct parts *out, int year, int month, int day)
{
    if (!time_is_date(year, month, day))
        return false;
    out->days = time_days_from_civil(year, month, day);
    out->has_date = true;
    return true;
}

/* After the year: 001 to 366. */
static bool day_of_year(struct text *text, int year, struct parts *out)
{
    int day = read_digits(text, 3);
    if (year < 1 || day < 1 || day > 365 + time_is_leap(year))
        return false;
    out->days = time_days_from_civil(year, 1, 1) + day - 1;
    out->has_date = true;
    return true;
}

/* After the W: 01, 013, 01-3. Week 0 and day 0 are those before the first ones. */
static bool week_date(struct text *text, int year, bool hyphens, struct parts *out)
{
    static const int32_t era = 146097 * 5; /* whole weeks, back beyond the year 1 */
    int run = digit_run(text);
    int day = 1;
    if (year < 1 || (run != 2 && (hyphens || run != 3)))
        return false;
    int week = read_digits(text, 2);
    if (hyphens && skip(text, '-')) {
        if (digit_run(text) != 1)
            return false;
        day = read_digits(text, 1);
    } else if (run == 3) {
        day = read_digits(text, 1);
    }
    int32_t fourth = time_days_from_civil(year, 1, 4); /* always in week 1 */
    int32_t next = time_days_from_civil(year + 1, 1, 4);
    int32_t monday = fourth - (fourth + era + 3) % 7; /* 1970-01-01 was a Thursday */
    int32_t next_monday = next - (next + era + 3) % 7;
    if (day > 7 || week > (next_monday - monday) / 7)
        return false;
    out->days = monday + (week - 1) * 7 + day - 1;
    out->has_date = true;
    return true;
}

/* 2024-01-02, 2024-01, 2024-002, 2024-W01-2, or without hyphens (but 202401). */
static bool iso_date(struct text *text, bool *hyphens, struct parts *out)
{
    *hyphens = text->end - text->at > 4 && text->at[4] == '-';
    if (digit_run(text) < 4)
        return false;
    int year = read_digits(text, 4);
    if (*hyphens)
        text->at++;
    int run = digit_run(text);
    if (skip(text, 'W'))
        return week_date(text, year, *hyphens, out);
    if (run == 3)
        return day_of_year(text, year, out);
    if (run != (*hyphens ? 2 : 4))
        return false;
    int month = read_digits(text, 2);
    int day = *hyphens ? 1 : read_digits(text, 2);
    if (*hyphens && skip(text, '-')) {
        if (digit_run(text) != 2)
            return false;
        day = read_digits(text, 2);
    }
    return set_date(out, year, month, day);
}

/* HH[:MM[:SS[.f]]] behind a date with hyphens, else HH[:MM] or HH[MM[SS[.f]]]. */
static bool iso_clock(struct text *text, bool colons, struct parts *out)
{
    int run = digit_run(text);
    bool colon = text->end - text->at > 2 && text->at[2] == ':';
    int second = 0;
    if (run < 2 || (run > 2 && colons))
        return false;
    int hour = read_digits(text, 2);
    (void)skip(text, ':');
    int minute = colon || run > 2 ? two_digits(text) : 0;
    bool has_second = colon ? colons && skip(text, ':') : run > 4;
    if (has_second)
        second = two_digits(text);
    if (hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    out->us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    out->has_clock = true;
    return !has_second || fraction_of(text, &out->us, &out->fraction);
}

static bool iso_form(struct text *text, struct parts *out)
{
    bool extended = true;
    if (text->end - text->at > 2 && text->at[2] == ':')
        return iso_clock(text, true, out);
    if (skip(text, 'T'))
        return iso_clock(text, false, out);
    if (!iso_date(text, &extended, out))
        return false;
    if (text->at == text->end)
        return true;
    return (skip(text, 'T') || skip(text, ' ')) && iso_clock(text, extended, out);
}

/* ---- the other grammar ---- */

/* One or two digits, or -1. */
static int few_digits(struct text *text)
{
    int run = digit_run(text);
    return run > 0 ? read_digits(text, run > 2 ? 2 : run) : -1;
}

/* H:M[:S][.f] with one or two digits each, the fraction of nine at most. */
static bool common_clock(struct text *text, struct parts *out)
{
    (void)skip(text, ' ');
    int hour = few_digits(text);
    int minute = skip(text, ':') ? few_digits(text) : -1;
    int second = skip(text, ':') ? few_digits(text) : 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    out->us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    out->has_clock = true;
    return fraction_of(text, &out->us, &out->fraction) && out->fraction.digits <= 9;
}

/* The month and day of 2024/01/02, where / may be : or missing. */
static bool common_month_day(struct text *text, int *month, int *day)
{
    struct text at = *text;
    (void)(skip(&at, '/') || skip(&at, ':'));
    *month = two_digits(&at);
    (void)(skip(&at, '/') || skip(&at, ':'));
    *day = two_digits(&at);
    if (*month < 0 || *day < 0)
        return false;
    *text = at;
    return true;
}

/* [2024[/01/02]][ ][3:04[:05]], to the end */
static bool common_form(struct text *text, struct parts *out)
{
    int month;
    int day;
    if (digit_run(text) < 4)
        return common_clock(text, out) && text->at == text->end;
    int year = read_digits(text, 4);
    struct text rest = *text;
    if (common_month_day(&rest, &month, &day) &&
        (rest.at == rest.end || (common_clock(&rest, out) && rest.at == rest.end)))
        return set_date(out, year, month, day);
    out->has_clock = false; /* or those digits are hours and minutes */
    return set_date(out, year, 1, 1) &&
           (text->at == text->end || (common_clock(text, out) && text->at == text->end));
}

/* ---- the whole ---- */

static inline bool set_point(const struct parts *parts, int64_t offset_us, struct time_point *out)
{
    out->us = parts->days * DAY_US + parts->us - offset_us;
    out->nanos = parts->fraction.nanos;
    out->fraction_digits = parts->fraction.digits;
    return out->us >= FIRST_US && out->us < END_US;
}

enum time_form time_parse(const char *value, size_t len, struct time_point *out)
{
    struct text text = {value, value + len};
    struct parts parts = {.has_date = false};
    int64_t offset_us;
    bool is_iso = iso_form(&text, &parts) &&
                  (parts.has_clock ? zone_of(&text, &offset_us, &out->has_zone) : true) &&
                  text.at == text.end;
    if (!is_iso) {
        text.at = value;
        parts = (struct parts){.has_date = false};
        if (!common_form(&text, &parts))
            return TIME_NONE;
    }
    if (!is_iso || !parts.has_clock) {
        offset_us = 0;
        out->has_zone = false;
    }
    if (!parts.has_date) { /* a zone may lead to the day before or after */
        parts.us = (parts.us - offset_us + DAY_US) % DAY_US;
        return set_point(&parts, 0, out) ? TIME_CLOCK : TIME_NONE;
    }
    if (!set_point(&parts, offset_us, out))
        return TIME_NONE;
    return parts.has_clock ? TIME_STAMP : TIME_DATE;
}

bool time_parse_timestamp(const char *value, size_t len, struct time_point *out)
{
    if (len == 0)
        return false;
    struct text text = {value, value + len};
    struct parts parts; /* filled as it is read: this is a hot path */
    int64_t offset_us = 0;
    if (usual_form(&text, &parts.days, &parts.us) &&
        usual_fraction(&text, &parts.us, &parts.fraction)) {
        out->has_zone = true;
        if (text.end - text.at == 1 && *text.at == 'Z')
            return set_point(&parts, 0, out);
        if (zone_of(&text, &offset_us, &out->has_zone) && text.at == text.end)
            return set_point(&parts, offset_us, out);
    }
    return time_parse(value, len, out) == TIME_STAMP;
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
    struct fraction fraction;
    return len >= 5 && clock_of(&text, true, us, &fraction) && text.at == text.end;
}
