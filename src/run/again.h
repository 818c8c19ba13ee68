/*
 * Signs that a resource is loaded the wrong way: rows that are added once more, rows that are
 * merged and never change one.
 */
#ifndef TIDEGATE_RUN_AGAIN_H
#define TIDEGATE_RUN_AGAIN_H

#include "run/load.h"

struct again; /* the content of a load, of a resource that would not notice */

/* *out is NULL for one that knows what it has loaded, by a cursor or by itself, or replaces it. */
int again_new(const struct session *session, const struct resource *resource, struct again **out,
              struct tg_error *err) TG_CHECK_RESULT;
/* A batch that goes into the package. NULL is fine, as below. */
int again_add(struct again *again, const char *table, bool is_root,
              const struct ArrowSchema *schema, const struct ArrowArray *array,
              struct tg_error *err) TG_CHECK_RESULT;
/* Warns, unless the load takes the place of those before, or they are not there any more; has the
 * ledger keep what is known. */
int again_finish(struct again *again, struct load *load, const char *table, bool replaces,
                 struct tg_error *err) TG_CHECK_RESULT;
void again_free(struct again *again);

/* Has the ledger know what earlier loads have done, where something is merged; the destination is
 * open, or there is nothing. */
int again_recall(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* Warns where the last loads of a merged table changed no row. */
void again_check_merge(const struct session *session, const struct resource *resource,
                       const char *table);

#endif
