/*
 * Rows that came late: before the value that the cursor had reached, and not at the destination
 * under their key. Those that may be are put into the package beside the rows; which of them are
 * is for the destination to say (write/sql/late.c).
 */
#ifndef TIDEGATE_RUN_LATE_H
#define TIDEGATE_RUN_LATE_H

#include "extract/cursor/cursor.h"
#include "extract/cursor/lag.h"
#include "run/load.h"

struct late;

/* Whose rows they are. All is borrowed. */
struct late_of {
    struct load *load;
    const struct resource *resource;
    const struct table *root;
    size_t place;     /* of the resource in the load */
    bool reads_again; /* files that are known, from their beginning */
};

/* NULL for a resource of which nobody can tell: one without a key, of a function, or whose source
 * is asked for what is new, and gives no older rows. */
int late_new(const struct resource *resource, struct late **out,
             struct tg_error *err) TG_CHECK_RESULT;
/* What the cursor calls of it. */
struct lateness late_hears(struct late *late);
/* Before its first row; late NULL: nothing. `reached` NULL: none of its rows can be late. */
int late_begin(struct late *late, const struct late_of *of, const struct cursor_value *reached,
               struct tg_error *err) TG_CHECK_RESULT;
/* After its last row: puts what is left into the package. */
int late_finish(struct late *late, struct resource_counts *counts,
                struct tg_error *err) TG_CHECK_RESULT;
void late_free(struct late *late); /* NULL is fine */

/* Are its rows added unless they are there, as those of its lag come again? Then the root's part of
 * the load says by which column of the cursor they are known. */
bool late_recalls(const struct resource *resource);
int late_recall(struct load *load, const struct resource *resource, struct manifest_table *root,
                struct tg_error *err) TG_CHECK_RESULT;

/* What came of it, once the load is written: a warning for each resource. */
void late_tell(const struct load *load);

#endif
