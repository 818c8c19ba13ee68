/*
 * What stands behind the ledger: how many rows tables have, and who has loaded them.
 */
#ifndef TIDEGATE_WRITE_TRACE_H
#define TIDEGATE_WRITE_TRACE_H

#include "write/destination.h"
#include "database/connection.h"

/* As destination_count. */
int trace_count(struct connection *con, const char *dataset, struct table_count *tables,
                size_t count, struct tg_error *err) TG_CHECK_RESULT;
/* As destination_loaders. */
int trace_loaders(struct connection *con, const char *dataset,
                  const struct loaders_request *request, struct loaders *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* As destination_standing. */
int trace_standing(struct connection *con, const struct manifest *manifest, struct standing *out,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
