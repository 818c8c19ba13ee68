/*
 * ISO 8601 text <-> numbers, by the proleptic Gregorian calendar, UTC. No locale, no time-zone
 * database.
 */
#ifndef TIDEGATE_BASE_TIME_H
#define TIDEGATE_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct time_point {
    int64_t us;          /* microseconds since 1970-01-01T00:00:00 UTC */
    bool has_zone;       /* the text said Z or an offset; else it is taken as UTC */
    int fraction_digits; /* digits given; more than 6 are truncated */
};

/* What dlt's iso_timestamp detector takes as a timestamp (reference 3.2): date AND time, 'T' or one
 * space between, minutes at least, optional fraction, optional zone (Z, +02:00, +0200, +02);
 * compact 20240102T030405Z; 2024/01/02 03:04:05. Years 1..9999. The fast path,
 * YYYY-MM-DDTHH:MM:SS[.f][Z|+HH:MM], costs some 10 ns. false: not one. */
bool time_parse_timestamp(const char *text, size_t len, struct time_point *out);
bool time_parse_date(const char *text, size_t len, int32_t *days); /* YYYY-MM-DD or YYYYMMDD */
bool time_parse_time(const char *text, size_t len, int64_t *us);   /* HH:MM[:SS[.f]], no zone */

/* 2024-01-02T03:04:05+00:00 (fraction of 6 digits only when not zero): Python's isoformat; `zone`
 * adds +00:00. */
void time_format_timestamp(struct buf *out, int64_t us, bool zone);
/* 2024-01-02T03:04:05.123456Z: pendulum's form, which dlt's typed JSON uses. */
void time_format_timestamp_z(struct buf *out, int64_t us);
void time_format_date(struct buf *out, int32_t days);
void time_format_time(struct buf *out, int64_t us);

int32_t time_days_from_civil(int year, int month, int day);
void time_civil_from_days(int32_t days, int *year, int *month, int *day);

#endif
