/*
 * Undo: the rows that loads have left go, those that they took away come back (keep.c has kept
 * them), of the ledger, too. It is a load of its own, in the transaction of one (write.c).
 */
#ifndef TIDEGATE_WRITE_UNDO_H
#define TIDEGATE_WRITE_UNDO_H

#include "write/destination.h"
#include "write/sql/plan.h"

/* What it would do; as destination_undo. */
int undo_look(struct connection *con, const char *dataset, const struct undo_request *request,
              struct undo *out, struct tg_error *err) TG_CHECK_RESULT;
/* Does it: all but what record.c writes of any load. TG_CONFLICT where the loads are not those of
 * the manifest any more, or a row is not as its load has left it: names table and row. */
int undo_apply(struct connection *con, const struct delivery *delivery, struct tally *tallies,
               struct tg_error *err) TG_CHECK_RESULT;

/* The statements that mark the loads as undone: once the ledger has been looked at for the last
 * time, for then their state counts no more. */
int undo_record(const struct delivery *delivery, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
