/*
 * A table that is read in slices, several at once.
 */
#ifndef TIDEGATE_EXTRACT_SQL_SLICED_H
#define TIDEGATE_EXTRACT_SQL_SLICED_H

#include "extract/page_stream.h"
#include "extract/sql/pool.h"
#include "extract/sql/select.h"

/* `what` is the table's name, for messages, borrowed as is the pool; the rest is copied. The rows
 * come in no order. A reader that is lost goes on where it was as long as the pool's moment
 * lives. */
int sliced_open(struct pool *pool, const struct selection *selection, const struct slices *slices,
                const char *what, struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
