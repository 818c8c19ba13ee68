/*
 * Windows: a run that loads a range of each cursor in place of what is new, and what is known of
 * those that were loaded.
 */
#ifndef TIDEGATE_RUN_WINDOW_H
#define TIDEGATE_RUN_WINDOW_H

#include "extract/cursor/cursor.h"
#include "run/load.h"

/* The resources of a run that has a window, once the session is restored: their cursors go from its
 * one end to the other; those without a cursor are left out. TG_USAGE where rows would be loaded a
 * second time, or there is no such window. Nothing for a plain run. */
int window_bind(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* They are as the config has them. */
void window_unbind(struct session *session);
/* Does the run load a window of it, whose ends are times? */
bool window_is_of_times(const struct session *session, const struct resource *resource);

/* Where a plain run begins whose cursor has no value yet, as JSON: at the end of the windows that
 * are loaded from its initial_value on, without a gap. NULL: there are none. TG_CONFLICT where it
 * would add rows of a window behind a gap again. */
int window_start(struct session *session, const struct resource *resource, const char **json,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Does the load depend on which windows there are? */
bool window_is_heeded(const struct session *session, const struct resource *resource,
                      const char *stored_last);
/* Enters the window that was read into the load's manifest, if it was one. TG_DATA where the values
 * are none that its ends compare with. */
int window_enter(struct load *load, const struct resource *resource, const struct cursor *cursor,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
