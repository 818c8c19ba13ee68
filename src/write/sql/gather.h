/*
 * Rows that go, brought together before the load that takes them away.
 *
 * A DELETE may hold more memory than a load may take, by where its rows are (dialect.h:
 * delete_cost). The transaction then notes which they are, and is given up; they are put at the end
 * of their table, as they are, some at a time; and the load begins again.
 */
#ifndef TIDEGATE_WRITE_GATHER_H
#define TIDEGATE_WRITE_GATHER_H

#include "write/sql/plan.h"

struct gathered;

struct gathering {
    struct connection *con;
    const char *dataset;
    size_t rows_max; /* that can be noted of a table */
    size_t most;     /* bytes that the deletes of a transaction may hold: half of DuckDB's share */
    size_t held;     /* by the present one, or, if that is in vain, by the next */
    bool weighs;     /* could they be more than that? */
    bool is_wanted;  /* the present one is in vain */
    bool was_run;    /* once for a load: what has not gone together then is not asked about */
    struct gathered *first;
};

/* Both are borrowed. */
void gathering_init(struct gathering *gathering, struct connection *con, const char *dataset);
void gathering_release(struct gathering *gathering);
/* A transaction begins that has this plan. */
void gathering_begin(struct gathering *gathering, const struct plan *plan);
/* May the DELETE be done? *goes false: the transaction is to be given up, gathering->is_wanted; but
 * of all further ones of its plan is asked before, so that the load begins again once. */
int gathering_ask(struct gathering *gathering, const struct step *step, bool *goes,
                  struct tg_error *err) TG_CHECK_RESULT;

/* Begins a transaction that has the locks of the load. */
struct gather_begin {
    int (*begin)(void *user, struct tg_error *err);
    void *user;
};
/* Between two transactions of the load: puts the noted rows together, each time as many as one
 * transaction may hold. Content stays the same whenever it ends, and however. */
int gathering_run(struct gathering *gathering, const struct gather_begin *by,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
