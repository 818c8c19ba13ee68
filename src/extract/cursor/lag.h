/*
 * How far before its last value a cursor starts, for rows that come late.
 */
#ifndef TIDEGATE_EXTRACT_LAG_H
#define TIDEGATE_EXTRACT_LAG_H

#include "base/memory.h"
#include "extract/cursor/cursor_value.h"

struct lag {
    bool is_time; /* "2h": `us` */
    int64_t us;
    double number; /* units of the cursor: seconds of timestamps, days of dates */
    int64_t whole; /* the same, where is_whole */
    bool is_whole;
};

/* "5", "1.5", "30s", "10m", "2h", "7d"; false: it is none, or negative. */
bool lag_parse(const char *text, struct lag *out);
/* "auto", "auto 99.5%": as far as that share of late rows was late (99.9% if not said), which is
 * learned. Out: the share in millionths. false: it is no such lag. */
bool lag_is_auto(const char *text, uint32_t *share);
/* Moves the value back, for a cursor that goes down up; a text keeps its form, in the arena.
 * TG_USAGE: such a value has no lag. */
int lag_apply(const struct lag *lag, bool backwards, struct arena *arena,
              struct cursor_value *value, struct tg_error *err) TG_CHECK_RESULT;

/* How late a row is that stands at `value` when `reached` had been reached: in microseconds of
 * times, days of dates, else in whole units, those begun counted. */
enum lag_unit { LAG_NO_UNIT = 0, LAG_NUMBER, LAG_TIME, LAG_DAYS };
enum lag_unit lag_between(const struct cursor_value *reached, const struct cursor_value *value,
                          int64_t *out);
/* As an option says a lag that reaches so far, with little to spare: "7", "90m", "3d". */
enum { LAG_TEXT = 32 };
void lag_print(enum lag_unit unit, int64_t lateness, char out[LAG_TEXT]);

#endif
