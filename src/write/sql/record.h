/*
 * The ledger rows of a load, as SQL (ledger.h says what the tables hold).
 */
#ifndef TIDEGATE_WRITE_RECORD_H
#define TIDEGATE_WRITE_RECORD_H

#include "dlt/sketch.h"
#include "write/sql/plan.h"
#include "write/sql/write.h"

/* Writes the statements: state, schema version, load, counts, boundaries, files. Marks the tables
 * that got rows as seen in the load's catalog and gives it its new version. `counts` are in the
 * manifest's order, as is `learned`, how late rows came (NULL: nothing); `now_us` is the time of
 * the load's end. */
int record_plan(struct delivery *delivery, const struct write_table_counts *counts,
                const struct sketch *learned, int64_t now_us, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;
/* The rows that were rejected. */
/* The hashes that are in the package, of rows at a cursor's last value. */
int record_ties(const struct delivery *delivery, struct plan *plan,
                struct tg_error *err) TG_CHECK_RESULT;
int record_rejects(const struct delivery *delivery, int64_t now_us, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
