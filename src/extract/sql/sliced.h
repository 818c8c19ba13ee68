/*
 * What is read beside other things: a table in slices, several at once, or one statement's rows.
 */
#ifndef TIDEGATE_EXTRACT_SQL_SLICED_H
#define TIDEGATE_EXTRACT_SQL_SLICED_H

#include "extract/page_stream.h"
#include "extract/sql/pool.h"
#include "extract/sql/select.h"

/* `what` is the table's name (NULL: a query), for messages, borrowed as is the pool; the rest is
 * copied. Of less than two slices all is read by one statement, whose rows come as they come; those
 * of several come in no order. As many read as the pool has room for, and more when there is. A
 * reader that is lost goes on where it was as long as the pool's moment lives; that of one
 * statement begins again, if no row of it was handed on. *out NULL: the pool has no connection for
 * it, not even one. */
int sliced_open(struct pool *pool, const struct selection *selection, const struct slices *slices,
                const char *what, struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
