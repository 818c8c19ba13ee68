/*
 * Time zones: when a day begins in one.
 */
#ifndef TIDEGATE_BASE_ZONE_H
#define TIDEGATE_BASE_ZONE_H

#include "base/error.h"
#include "base/time.h"

struct time_zone;

/* "UTC", a name of the system's time-zone database ("Europe/Berlin"), or an offset ("+05:30").
 * TG_USAGE for none of these. */
int time_zone_open(const char *name, struct time_zone **out, struct tg_error *err) TG_CHECK_RESULT;
void time_zone_close(struct time_zone *zone); /* NULL is fine */
/* What a clock on a wall there shows, as microseconds since its 1970. */
int64_t time_zone_local(const struct time_zone *zone, int64_t us);
/* When it shows that: of a time that comes twice the first one, of one that is left out the moment
 * at which the clocks are put forward. */
int64_t time_zone_instant(const struct time_zone *zone, int64_t local_us);

#endif
