/*
 * Statements of a program's own: the dataset as the default schema, one statement, transactions.
 *
 *   use -> the dialect's words, unless there is no such schema
 *   run -> connection_query -> connection_gives_rows
 *   transact -> connection_transact
 *
 * Who may run what is the program's to know: they go to the database as they are.
 */
#include "write/sql/statements.h"

#include <string.h>

#include "database/connection.h"
#include "database/template.h"

/* Where the dataset is not there yet, the default is whatever it was. */
static int use(struct destination *destination, const char *dataset, struct tg_error *err)
{
    struct tg_error problem = {0};
    struct connection *con = destination->state;
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_NAME("dataset", dataset))};
    if (!con->dialect->use)
        return TG_OK;
    int rc = sql_exec(con, &scope, con->dialect->use, NULL, &problem);
    if (rc == TG_OK || strcmp(problem.sqlstate, NO_SCHEMA) == 0)
        return TG_OK;
    if (err)
        *err = problem;
    return rc;
}

static int run(struct destination *destination, const char *text, struct ArrowArrayStream *out,
               struct tg_error *err)
{
    bool gives_rows = false;
    struct connection *con = destination->state;
    int rc = connection_query(con, text, out, err);
    if (rc == TG_OK)
        rc = connection_gives_rows(con, out, &gives_rows, err);
    if (rc != TG_OK || !gives_rows)
        stream_release(out);
    return rc;
}

static int transact(struct destination *destination, enum tg_transaction what, struct tg_error *err)
{
    static const enum transact words[] = {[TG_TRANSACTION_BEGIN] = TRANSACT_BEGIN,
                                          [TG_TRANSACTION_COMMIT] = TRANSACT_COMMIT,
                                          [TG_TRANSACTION_ROLLBACK] = TRANSACT_ROLLBACK};
    return connection_transact(destination->state, words[what], err);
}

const struct statement_driver statements_sql = {.use = use, .run = run, .transact = transact};
