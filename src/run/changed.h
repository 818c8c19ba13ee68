/*
 * A spec that says another cursor than the one by which a resource has been read.
 */
#ifndef TIDEGATE_RUN_CHANGED_H
#define TIDEGATE_RUN_CHANGED_H

#include "extract/cursor/cursor.h"
#include "run/load.h"

/* What is known of the cursor when it is resumed. */
struct resumed {
    struct session *session;
    struct load *load; /* NULL: it is only looked at */
    const struct resource *resource;
    const struct cursor_options *options; /* as the spec has them */
    struct state_cursor *stored;          /* what an earlier load has left under its path */
    bool forgets_rows; /* out: those at the last value are not known any more, and come again */
    bool is_anew;      /* out: it begins at its initial_value; `stored` is empty */
};

/* What the next run compares with, as JSON for state_cursor.spec. */
int changed_note(const struct cursor_options *options, struct buf *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* TG_USAGE where the two do not go together, and nobody has accepted it; it says what can be done.
 * Where it is accepted state and load are changed accordingly. */
int changed_check(struct resumed *resumed, struct tg_error *err) TG_CHECK_RESULT;

#endif
