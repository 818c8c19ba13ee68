/*
 * A dataset that several schemas or pipelines share.
 */
#ifndef TIDEGATE_WRITE_SHARED_H
#define TIDEGATE_WRITE_SHARED_H

#include "write/sql/chain.h"

/* Is a table that the load drops another schema's, too, or loaded by another pipeline? TG_USAGE: it
 * stays. */
int shared_check(const struct delivery *delivery, struct connection *con,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
