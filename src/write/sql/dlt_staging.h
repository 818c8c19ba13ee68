/*
 * The staging dataset that dlt has made beside a dataset, as far as it is in the way.
 */
#ifndef TIDEGATE_WRITE_DLT_STAGING_H
#define TIDEGATE_WRITE_DLT_STAGING_H

#include "write/sql/plan.h"

/* Drops the copies there of tables that the load drops. */
int dlt_staging_drop(const struct delivery *delivery, struct connection *con, struct plan *plan,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
