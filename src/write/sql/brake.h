/*
 * A limit to what a load takes away.
 */
#ifndef TIDEGATE_WRITE_BRAKE_H
#define TIDEGATE_WRITE_BRAKE_H

#include "write/destination.h"
#include "write/sql/plan.h"

/* Rows of a table that a load takes away, and how many may go. All is the plan's. */
struct brake {
    const char *resource, *dataset, *table;
    const char *all;          /* counts the rows that are there */
    const char *sample;       /* some keys of those that go: their columns, as texts */
    bool from_nothing;        /* none may go, for the source had no row at all */
    const char *const *names; /* of these */
    bool sums_up;             /* the sample is not of some, but tells of all of them */
    const char *going;        /* "are absent", and what to do */
    const char *advice;
    const char *limit; /* where it is said: "deletes.limit" */
};

enum { BRAKE_SAMPLES = 5 };

/* Before rows of a root table go, which the query `counts` counts. Of `said` that and the queries
 * are patterns of the scope; whose it is comes from the table. */
int brake_plan(struct plan *plan, const struct delivery *delivery, const struct target *root,
               const struct brake *said, const struct sql_scope *scope, const char *counts,
               struct tg_error *err) TG_CHECK_RESULT;

/* `going` counts those that go. More than the order allows: TG_LIMIT, with keys of some;
 * of a load that is tried, an excess of its trial. Any, from nothing: TG_DATA, whatever the order
 * allows. */
int brake_check(const struct brake *brake, const char *going, struct connection *con,
                const struct write_order *order, struct tg_error *err) TG_CHECK_RESULT;

#endif
