/*
 * Windows of a cursor in the ledger, by SQL (run/window.h says what they are).
 */
#ifndef TIDEGATE_WRITE_WINDOWS_H
#define TIDEGATE_WRITE_WINDOWS_H

#include "write/ledger.h"
#include "write/sql/plan.h"

/* Those of a pipeline, into out->windows, and how they stand. */
int windows_read(struct connection *con, const char *dataset, const struct described *there,
                 const char *pipeline, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* How they stand alone. */
int windows_read_mark(struct connection *con, const char *dataset, const struct described *there,
                      const char *pipeline, struct ledger *out,
                      struct tg_error *err) TG_CHECK_RESULT;
/* The statements that enter those of a load. `scope` has {'load_id'} and {'pipeline'}. */
int windows_record(const struct delivery *delivery, const struct sql_scope *scope,
                   struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* Those of {'load_id'}, which is undone: what it has loaded of a plan is open again. */
int windows_reopen(const struct sql_scope *scope, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
