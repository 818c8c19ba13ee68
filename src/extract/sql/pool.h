/*
 * Connections that see one moment of a database: the first one holds it, others join. So many of
 * them read at once, whatever they read: parts of a table, or tables.
 */
#ifndef TIDEGATE_EXTRACT_SQL_POOL_H
#define TIDEGATE_EXTRACT_SQL_POOL_H

#include "database/reading/reading.h"
#include "extract/sql/safe.h"

enum { POOL_MAX = 16 };

struct pool; /* opaque */

/* `where` is borrowed, its texts too. The moment begins now. `safe`
 * (NULL: nobody asks for it): a horizon that the moment lies behind; safe_end in any case. */
int pool_open(struct context *ctx, const struct location *where, size_t parallel, struct safe *safe,
              struct pool **out, struct tg_error *err) TG_CHECK_RESULT;
void pool_close(struct pool *pool); /* when all are given back; NULL is fine */

/* The one that holds the moment: for small questions, and for who reads alone. */
struct connection *pool_first(const struct pool *pool);
/* How many may read at once beside it; 0: the database shares no moment. */
size_t pool_parallel(const struct pool *pool);
/* How much of what one of them has read may wait, for all to keep within the run's memory. */
size_t pool_bytes_ahead(const struct pool *pool);

/* On the thread of pool_open: how many more may read now. */
size_t pool_room(const struct pool *pool);
/* On that thread: one of those that may, and its connection. *out NULL: the server has none left,
 * so that fewer read from now on. */
int pool_enter(struct pool *pool, struct connection **out, struct tg_error *err) TG_CHECK_RESULT;
void pool_leave(struct pool *pool); /* and what it has read does not wait any more */
/* Whoever reads is interrupted, for nothing more of the pool is wanted. */
void pool_stop(struct pool *pool);

/* One of the others, made if none is free; from any thread. TG_SOURCE when the moment is gone. */
int pool_take(struct pool *pool, struct connection **out, struct tg_error *err) TG_CHECK_RESULT;
/* `broken`: it is of no use any more. NULL is fine. */
void pool_give(struct pool *pool, struct connection *con, bool broken);

#endif
