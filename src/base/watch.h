/*
 * For a connection whose calls cannot look at the cancel flag themselves: somebody who does, and
 * interrupts them.
 */
#ifndef TIDEGATE_BASE_WATCH_H
#define TIDEGATE_BASE_WATCH_H

#include "base/context.h"

struct watch;

/* `interrupt` is called with `user` by a thread of the watch's own, while a call is at work, and
 * again every 20 ms as long as it is. It does not wait for the call. `ctx` is borrowed. */
int watch_start(const struct context *ctx, void (*interrupt)(void *user), void *user,
                struct watch **out, struct tg_error *err) TG_CHECK_RESULT;
void watch_stop(struct watch *watch); /* NULL is fine */

/* A call begins, which ends the one before: TG_CANCELLED where none should. One whose context
 * cannot be cancelled is not interrupted. */
int watch_enter(struct watch *watch, const struct context *ctx,
                struct tg_error *err) TG_CHECK_RESULT;
/* It has ended with `rc`; what failed because it was interrupted is TG_CANCELLED. */
int watch_leave(struct watch *watch, int rc, struct tg_error *err) TG_CHECK_RESULT;

#endif
