/*
 * One sealed package into one database, in one transaction (design: the commit protocol, step 6).
 *
 *   write_package: stage merges (temporary tables, committed on their own) -> BEGIN, lock -> load
 *                  known? state moved on? what is there? -> schema changes -> dispositions ->
 *                  ledger rows -> COMMIT
 *
 * SQL is made by pure functions: ddl_plan (tables -> statements), the dispositions
 * (dispositions/NAME.c), record_plan (ledger rows).
 */
#ifndef TIDEGATE_WRITE_SQL_WRITE_H
#define TIDEGATE_WRITE_SQL_WRITE_H

#include "database/connection.h"
#include "write/destination.h"

/* TG_CONFLICT: the state moved on (nothing written); TG_LIMIT: more than `order` (may be NULL)
 * allows. Any failure is rolled back and the destination is as before, but for FATE_UNKNOWN, which
 * keeps its counts. */
int write_package(struct connection *con, const char *package_path, const struct manifest *manifest,
                  const struct write_order *order, struct write_result *out,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
