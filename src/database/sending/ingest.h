/*
 * Batches into a table.
 */
#ifndef TIDEGATE_DATABASE_SENDING_INGEST_H
#define TIDEGATE_DATABASE_SENDING_INGEST_H

#include "database/connection.h"

/* What stands for a driver's own function: INSERTs of literals. */
int default_ingest(struct connection *con, const struct ingest_target *into,
                   struct ArrowArrayStream *stream, struct tg_error *err) TG_CHECK_RESULT;

#endif
