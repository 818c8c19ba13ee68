/*
 * The bounds of a cursor as times: what a source goes by that skips whole files.
 *
 *   cursor_times -> as_time for the start and the end, which change places where a cursor goes down
 *
 * What is not sure is wanted: a start is taken with the rows at it, and so is an end that has
 * nanoseconds or further fields.
 */
#include "extract/cursor/times.h"

#include "base/time.h"
#include "extract/cursor/judge.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* false: it is none. *is_cut: the time is a little later. */
static bool as_time(const struct cursor_value *value, int64_t *us, bool *is_cut)
{
    struct time_point point;
    *is_cut = false;
    switch (value->kind) {
    case TG_VALUE_TIMESTAMP: *us = value->int64; return true;
    case TG_VALUE_DATE: *us = value->int64 * DAY_US; return true;
    case TG_VALUE_TEXT: break;
    default: return false;
    }
    enum time_form form = time_parse(value->text, value->len, &point);
    *us = point.us;
    *is_cut = point.nanos > 0;
    return form == TIME_STAMP || form == TIME_DATE;
}

struct cursor_times cursor_times(const struct cursor *cursor)
{
    bool cut = false;
    struct cursor_times out = {.to_is_closed = cursor->backwards || cursor->end_is_closed};
    const struct point *low = cursor->backwards ? &cursor->end : &cursor->start;
    const struct point *high = cursor->backwards ? &cursor->start : &cursor->end;
    if (cursor->last_value_func)
        out.other = "what a function says";
    else if (cursor->as.type == TYPE_TEXT)
        out.other = "text";
    else if (low->count > 0 && !as_time(&low->parts[0], &out.from_us, &cut))
        out.other = cursor_value_kind(&low->parts[0]);
    else if (high->count > 0 && !as_time(&high->parts[0], &out.to_us, &cut))
        out.other = cursor_value_kind(&high->parts[0]);
    out.has_from = !out.other && low->count > 0;
    out.has_to = !out.other && high->count > 0;
    out.to_is_closed |= (out.has_to && cut) || high->count > 1;
    return out;
}
