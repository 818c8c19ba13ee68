/*
 * What reading and writing times share: units, and which dates there are.
 */
#ifndef TIDEGATE_BASE_CALENDAR_H
#define TIDEGATE_BASE_CALENDAR_H

#include "base/time.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)

bool time_is_leap(int year);
/* Of the years from 1 on. */
bool time_is_date(int year, int month, int day);

#endif
