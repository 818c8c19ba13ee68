/*
 * ISO 8601 text <-> numbers, by the proleptic Gregorian calendar, UTC. No locale, no time-zone
 * database. In time/: calendar.c, time_parse.c, time_pattern.c,
 * time_format.c.
 */
#ifndef TIDEGATE_BASE_TIME_H
#define TIDEGATE_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct time_point {
    int64_t us;          /* microseconds since 1970-01-01T00:00:00 UTC */
    int nanos;           /* 0 to 999 nanoseconds more */
    bool has_zone;       /* the text said Z or an offset; else it is taken as UTC */
    int fraction_digits; /* digits given; more than 9 are truncated */
};

/* The point in nanoseconds; false: before 1677-09-21 or after 2262-04-11. */
bool time_point_ns(const struct time_point *point, int64_t *ns);
/* Nanoseconds as whole microseconds, rounded down. */
static inline int64_t time_us_from_ns(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}
/* The nanoseconds that this leaves: 0 to 999. */
static inline int time_rest_of_ns(int64_t ns)
{
    return (int)((ns % 1000 + 1000) % 1000);
}

enum time_form { TIME_NONE = 0, TIME_STAMP, TIME_DATE, TIME_CLOCK };

/* What dlt makes of a text (reference 3.2): date and time; a date (`us` is its midnight); a time of
 * day (`us` since midnight, UTC). ISO 8601: 2024-01-02T03:04:05, 20240102T030405, also a space for
 * the T, months, weeks and days of the year, minutes and seconds left out, a fraction, a zone (Z,
 * +02:00, +0200, +02). And 2024/01/02 3:04:05. Years 1 to 9999. */
enum time_form time_parse(const char *text, size_t len, struct time_point *out);
/* Date AND time, as above. The usual form, YYYY-MM-DDTHH:MM:SS[.f][Z|+HH:MM], costs some 10 ns. */
bool time_parse_timestamp(const char *text, size_t len, struct time_point *out);
/* Stricter: YYYY-MM-DD or YYYYMMDD; HH:MM[:SS[.f]], no zone. */
bool time_parse_date(const char *text, size_t len, int32_t *days);
bool time_parse_time(const char *text, size_t len, int64_t *us);

/* By a pattern as strptime has it, with %f for a second's fraction, which is cut at microseconds.
 */
bool time_read_as(const char *pattern, const char *text, size_t len, struct time_point *out);
/* Whether a time could be read by it: all that stands behind a % means something there. */
bool time_pattern_is_good(const char *pattern);

/* 2024-01-02T03:04:05+00:00 (fraction of 6 digits only when not zero): Python's isoformat; `zone`
 * adds +00:00. */
void time_format_timestamp(struct buf *out, int64_t us, bool zone);
/* The same of nanoseconds: 9 digits when the last three are not zero. */
void time_format_timestamp_ns(struct buf *out, int64_t ns, bool zone);
/* 2024-01-02T03:04:05.123456Z: pendulum's form, which dlt's typed JSON uses. */
void time_format_timestamp_z(struct buf *out, int64_t us);
void time_format_date(struct buf *out, int32_t days);
void time_format_time(struct buf *out, int64_t us);

/* "infinity" or "-infinity", for what databases store for all times after, or before, any other:
 * the greatest number there is, `most`, and the same below zero. NULL: it is a time as others. */
static inline const char *time_endless(int64_t value, int64_t most)
{
    return value == most ? "infinity" : value == -most ? "-infinity" : NULL;
}

int32_t time_days_from_civil(int year, int month, int day);
void time_civil_from_days(int32_t days, int *year, int *month, int *day);

#endif
