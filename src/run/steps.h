/*
 * How long the windows of a backfill are: from one value of a cursor to the next.
 */
#ifndef TIDEGATE_RUN_STEPS_H
#define TIDEGATE_RUN_STEPS_H

#include "base/time/zone.h"
#include "extract/cursor/cursor_value.h"

enum step_unit { STEP_NUMBER, STEP_SECONDS, STEP_DAYS, STEP_MONTHS };

struct step_size {
    enum step_unit unit;
    int64_t count;
    double real; /* of numbers, where it is no whole one; else 0 */
};

/* "1d", "15m", "1mo"; for numbers "1000". TG_USAGE: it is none of what `from` is. */
int step_parse(const char *text, const struct cursor_value *from, struct step_size *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* So many steps (below 0: back) from `from`; false: there is no such value. */
bool step_go(const struct step_size *size, const struct time_zone *zone,
             const struct cursor_value *from, int64_t steps, struct cursor_value *out);

#endif
