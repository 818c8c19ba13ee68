/*
 * A descriptor that becomes readable when somebody wants it to: for who waits for others, too.
 */
#ifndef TIDEGATE_BASE_WAKEUP_H
#define TIDEGATE_BASE_WAKEUP_H

#include "base/error.h"

int wakeup_open(int *out, struct tg_error *err) TG_CHECK_RESULT;
void wakeup_close(int wakeup); /* -1 is fine, here and below */
/* Async-signal-safe, and from any thread. */
void wakeup_set(int wakeup);
void wakeup_clear(int wakeup);
/* Waits so long, or until it is set, or a signal comes. */
void wakeup_wait(int wakeup, int ms);

#endif
