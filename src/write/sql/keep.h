/*
 * What a load keeps for its undo (undo.c), where the pipeline asks for that: in its transaction, in
 * tables of the dataset that are its own. Of each table the rows that it loses, as they were; of
 * the rows that the load leaves there the ids, and a hash by which a change is seen; the same of
 * the ledger. The table _tidegate_undo says what is where, and which state and schema there were.
 */
#ifndef TIDEGATE_WRITE_KEEP_H
#define TIDEGATE_WRITE_KEEP_H

#include "write/ledger.h"
#include "write/sql/plan.h"

#define UNDO_TABLE "_tidegate_undo"

/* What there is of this pipeline's loads, into `out`, in `arena`. */
int keep_read(struct connection *con, const struct manifest *manifest,
              const struct described *there, struct arena *arena, struct kept *out,
              struct tg_error *err) TG_CHECK_RESULT;
/* Makes the tables for old rows, and drops those of loads whose turn is over; after ddl_plan. */
int keep_plan(struct delivery *delivery, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* Keeps the rows that plan_remove is about to take away. */
int keep_removed(struct plan *plan, const struct old_rows *rows, const struct sql_scope *scope,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Gives an id to those that plan_change is about to change, where they have none. */
int keep_identify(struct plan *plan, const struct old_rows *rows, const struct sql_scope *scope,
                  struct tg_error *err) TG_CHECK_RESULT;
/* As keep_removed, of a table of the ledger, into the table `kept`; NULL: nothing is to be kept. */
int keep_forgotten(struct plan *plan, const char *kept, const char *table, const char *where,
                   const struct sql_scope *scope, struct tg_error *err) TG_CHECK_RESULT;
/* Notes the rows that the load has left in a chain's tables; after they are there. */
int keep_left(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
              struct tg_error *err) TG_CHECK_RESULT;
/* Says what is where. `recorded` is the load as it is recorded. */
int keep_record(const struct delivery *delivery, const struct delivery *recorded, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;

/* The hash of a row, of its values: each is added to a list, as the pattern of the scope. */
int keep_add_value(struct buf *values, const struct sql_scope *scope, const char *pattern,
                   struct tg_error *err) TG_CHECK_RESULT;
int keep_write_hash(struct buf *out, const struct dialect *dialect, const char *values,
                    struct tg_error *err) TG_CHECK_RESULT;
/* That of a known row, which every load keeps: a database may come to make others. */
int keep_write_probe(struct buf *out, const struct dialect *dialect,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
