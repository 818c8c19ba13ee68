/*
 * Times in a form of their own -> numbers, by a pattern as strptime has it, and %f.
 *
 * time_read_as -> read_pieces: what strptime knows, and a second's fraction, which it does not ->
 * the point, unless the day is none: strptime takes 31 February.
 *
 * Names of days and months are those of the C locale.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

enum { TEXT_MAX = 128, FRACTION_DIGITS = 6 };

/* Where the pattern has %f, or another letter; "%%f" is none. NULL: nowhere. */
static const char *find_mark(const char *pattern, char letter)
{
    for (; (pattern = strchr(pattern, '%')) && pattern[1]; pattern += 2)
        if (pattern[1] == letter)
            return pattern;
    return NULL;
}

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

/* All of the text by all of the pattern. */
static bool read_pieces(const char *text, const char *pattern, struct tm *tm, int64_t *fraction_us)
{
    char piece[TEXT_MAX];
    const char *at = text, *mark;
    *fraction_us = 0;
    while (at && (mark = find_mark(pattern, 'f'))) {
        size_t len = (size_t)(mark - pattern);
        if (len >= sizeof(piece))
            return false;
        memcpy(piece, pattern, len);
        piece[len] = '\0';
        at = strptime(at, piece, tm);
        at = at ? read_fraction(at, fraction_us) : NULL;
        pattern = mark + 2;
    }
    at = at ? strptime(at, pattern, tm) : NULL;
    return at && *at == '\0';
}

bool time_read_as(const char *pattern, const char *start, size_t len, struct time_point *out)
{
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    char text[TEXT_MAX];
    int64_t fraction_us;
    int year, month, day;
    if (len >= sizeof(text) || memchr(start, '\0', len))
        return false;
    memcpy(text, start, len);
    text[len] = '\0';
    if (!read_pieces(text, pattern, &tm, &fraction_us))
        return false;
    int32_t days = time_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    time_civil_from_days(days, &year, &month, &day);
    if (day != tm.tm_mday)
        return false;
    int64_t seconds = days * INT64_C(86400) + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    *out = (struct time_point){.us = (seconds - tm.tm_gmtoff) * 1000000 + fraction_us,
                               .has_zone = find_mark(pattern, 'z') != NULL};
    return true;
}

/* Behind flags, a width and a modifier, which strptime passes over. */
static const char *find_letter(const char *at)
{
    at += strspn(at, "-_0^#");
    at += strspn(at, "0123456789");
    return at + (*at == 'E' || *at == 'O');
}

/* By strptime's letters, but for %s, which is of the machine's own zone. It reads the name of a
 * zone, and makes nothing of it. */
bool time_pattern_is_good(const char *pattern)
{
    static const char times[] = "aAbBcCdDeFgGhHIjklmMprRSTuUVwWxXyYzZ", others[] = "%nt";
    bool has_time = false;
    const char *letter;
    if (strlen(pattern) >= TEXT_MAX)
        return false;
    for (; (pattern = strchr(pattern, '%')); pattern = letter + 1) {
        const bool is_fraction = pattern[1] == 'f';
        letter = is_fraction ? pattern + 1 : find_letter(pattern + 1);
        if (is_fraction || (*letter && strchr(times, *letter)))
            has_time = true;
        else if (!*letter || !strchr(others, *letter))
            return false;
    }
    return has_time;
}
