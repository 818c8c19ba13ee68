/*
 * Windows: a run that loads a range of each cursor in place of what is new, and what is known of
 * those that were loaded.
 */
#ifndef TIDEGATE_RUN_WINDOW_H
#define TIDEGATE_RUN_WINDOW_H

#include "extract/cursor/cursor.h"
#include "run/bounds.h"
#include "run/load.h"
#include "write/claim.h"

/* The resources of a run that has a window, once the session is restored: their cursors go from its
 * one end to the other; those without a cursor are left out. TG_USAGE where rows would be loaded a
 * second time, or there is no such window. Nothing for a plain run. */
int window_bind(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* The same of one that a worker has claimed, and of its resource alone. All is borrowed. */
struct claimed_window {
    const struct window_claim *claim;
    const char *run_id, *owner;
};
int window_claim(struct session *session, const struct claimed_window *claimed,
                 struct tg_error *err) TG_CHECK_RESULT;
/* They are as the config has them. */
void window_unbind(struct session *session);
/* Does the run load a window of it? */
bool window_is_one(const struct session *session, const struct resource *resource);
/* Likewise, and are its ends times? */
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

/* ---- what a plan needs of it ---- */

/* A range, and the window of the ledger that it is (NULL: none). */
struct span {
    struct cursor_value lo, hi;
    const struct ledger_window *window;
};

struct spans {
    struct arena arena;
    struct span *items; /* in the cursor's direction, by their lower ends */
    size_t count;
    bool descends;
};

/* Those of a resource in the ledger. Release `out`, come what may. */
int spans_list(const struct session *session, const struct resource *resource, struct spans *out,
               struct tg_error *err) TG_CHECK_RESULT;
void spans_release(struct spans *spans);
/* Those that overlap or touch become one, of no window. */
int spans_fold(struct spans *spans, struct tg_error *err) TG_CHECK_RESULT;
/* order < 0: a comes first, in the cursor's direction. */
int spans_compare(const struct spans *spans, const struct cursor_value *a,
                  const struct cursor_value *b, int *order, struct tg_error *err) TG_CHECK_RESULT;

/* Would rows that are read again be there twice? */
bool window_adds(const struct resource *resource);
int window_check_asked(const struct tg_pipeline *pipeline, struct tg_error *err) TG_CHECK_RESULT;
int window_no_cursor(struct tg_error *err);
/* NULL: UTC. */
int window_zone(const struct tg_window_options *asked, struct time_zone **out,
                struct tg_error *err) TG_CHECK_RESULT;
/* The ends of what is asked, the right way round. TG_USAGE. */
int window_ends(struct session *session, const struct resource *resource,
                const struct time_zone *zone, enum bound_kind *kind, struct span *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* TG_USAGE where the runs so far have loaded some of it, or those to come will. */
int window_check_progress(struct session *session, const struct resource *resource,
                          struct spans *spans, const struct span *wanted,
                          struct tg_error *err) TG_CHECK_RESULT;

#endif
