/*
 * Up to which value of its cursor a resource may be read, so that no row is passed by that a
 * transaction has yet to commit.
 */
#ifndef TIDEGATE_EXTRACT_SQL_SAFE_H
#define TIDEGATE_EXTRACT_SQL_SAFE_H

#include "database/reading/horizon.h"
#include "extract/sql/select.h"

/* Zeroed: the database has no horizon, or nobody asks for one. */
struct safe {
    struct connection *before; /* NULL: so */
    struct horizon horizon;
};

/* `con` is another connection to `where`, in no transaction: what it reads from then on lies behind
 * the horizon. safe_end in any case. */
int safe_begin(struct connection *con, const struct location *where, struct safe *out,
               struct tg_error *err) TG_CHECK_RESULT;
void safe_end(struct safe *safe);
/* Tells others that the transaction of `con`, which looks, has no rows to be waited for. */
int safe_mark(struct connection *con, struct tg_error *err) TG_CHECK_RESULT;

struct safe_request {
    struct connection *con; /* that rows will be read by */
    const struct safe *safe;
    const struct commit_safe *asked;
    const char *resource; /* for messages */
    bool replaces;        /* all that is there goes */
};

/* Sets the ceiling of the selection, and what is held and to be kept (request->asked->held).
 * TG_SPEC where it is wanted and cannot be; TG_SOURCE when rows have waited too long. */
int safe_ceiling(const struct safe_request *request, struct selection *selection,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
