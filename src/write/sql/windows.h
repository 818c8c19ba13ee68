/*
 * Windows of a cursor in the ledger, by SQL (run/window.h says what they are).
 */
#ifndef TIDEGATE_WRITE_WINDOWS_H
#define TIDEGATE_WRITE_WINDOWS_H

#include "write/ledger.h"
#include "write/sql/ledger.h"
#include "write/sql/plan.h"

/* Those that are planned have no load yet, but are known by the one that has planned them. */
#define WINDOWS_OF_SCHEMA NOT_OF_OTHERS("[run_id]")

/* Those of a schema, into out->windows, and how all of the pipeline's stand. */
int windows_read(struct connection *con, const char *dataset, const struct described *there,
                 const struct ledger_owner *owner, struct ledger *out,
                 struct tg_error *err) TG_CHECK_RESULT;
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
