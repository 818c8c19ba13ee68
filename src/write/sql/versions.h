/*
 * A table with several rows of a key, its versions (insert-only with scope: previous_load): a row
 * comes where it is not what the newest version of its key is.
 */
#ifndef TIDEGATE_WRITE_VERSIONS_H
#define TIDEGATE_WRITE_VERSIONS_H

#include "write/sql/stage.h"

/* Stages all rows of the load, with all columns of the table; of each key in their order. */
int versions_stage(const struct stage *stage, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Inserts those that differ from the version before them, here or there. */
int versions_insert(const struct stage *stage, struct plan *plan,
                    struct tg_error *err) TG_CHECK_RESULT;
/* The same, in a MERGE a table (single.h). */
int versions_merge(const struct stage *stage, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
