/*
 * How the rows of a load meet the rows already there. A disposition is one file dispositions/NAME.c
 * that ends in the const table disposition_NAME; its functions are pure: a chain in, SQL out.
 */
#ifndef TIDEGATE_WRITE_DISPOSITION_H
#define TIDEGATE_WRITE_DISPOSITION_H

#include "write/sql/plan.h"

struct disposition_driver {
    const char *name; /* as in _tidegate_loads and in specs */
    /* Statements before the transaction; what they make is the temporary table of plan_stage. NULL:
     * none. */
    int (*stage)(const struct delivery *load, const struct chain *chain, struct plan *plan,
                 struct tg_error *err);
    /* Statements of the transaction, after the schema changes. */
    int (*apply)(const struct delivery *load, const struct chain *chain, struct plan *plan,
                 struct tg_error *err);
};

/* The driver of a root table by its disposition and merge strategy; TG_USAGE when there is none. */
int disposition_get(const struct table *table, const struct disposition_driver **out,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Name of a chain's temporary table of rows. */
void plan_stage(struct buf *sql, const struct delivery *load, const struct chain *chain);

#endif
