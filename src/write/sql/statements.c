/*
 * Statements of a program's own: the dataset as the default schema, one statement, transactions.
 *
 *   use -> the dialect's words, unless there is no such schema
 *   run -> query_first (of a text with several) -> statements_seal -> connection_query ->
 *   connection_gives_rows
 *   transact -> connection_transact
 *
 * Who may run what is the program's to know: they go to the database as they are.
 */
#include "write/sql/statements.h"

#include <string.h>

#include "database/connection.h"
#include "database/split.h"
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

int statements_seal(struct destination *destination, struct tg_error *err)
{
    struct connection *con = destination->state;
    con->spells = true;
    if (!destination->where.read_only || con->is_sealed || !con->dialect->read_only)
        return TG_OK;
    int rc = connection_exec(con, con->dialect->read_only, NULL, err);
    con->is_sealed = rc == TG_OK;
    return rc;
}

static int query(struct destination *destination, const char *text, bool exact,
                 struct ArrowArrayStream *out, bool *gives_rows, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = destination->state;
    TRY(statements_seal(destination, err));
    con->spells_numbers = exact;
    TRY(connection_query(con, text, out, err));
    rc = connection_gives_rows(con, out, gives_rows, err);
    if (rc != TG_OK)
        stream_release(out);
done:
    return rc;
}

static int query_first(struct destination *destination, const char *text, const char **rest,
                       struct ArrowArrayStream *out, bool *gives_rows, struct tg_error *err)
{
    size_t len = 0;
    const char *next = sql_split(&text, &len);
    if (len == 0)
        return error_set(err, TG_USAGE, "there is no statement; write one");
    char *statement = mem_strndup(text, len);
    int rc =
        statement ? query(destination, statement, true, out, gives_rows, err) : error_nomem(err);
    mem_free(statement);
    if (rc == TG_OK)
        *rest = next;
    return rc;
}

static int run(struct destination *destination, const char *text, const char **rest,
               struct ArrowArrayStream *out, bool *gives_rows, struct tg_error *err)
{
    out->release = NULL;
    return rest ? query_first(destination, text, rest, out, gives_rows, err)
                : query(destination, text, false, out, gives_rows, err);
}

static int transact(struct destination *destination, enum tg_transaction what, struct tg_error *err)
{
    static const enum transact words[] = {[TG_TRANSACTION_BEGIN] = TRANSACT_BEGIN,
                                          [TG_TRANSACTION_COMMIT] = TRANSACT_COMMIT,
                                          [TG_TRANSACTION_ROLLBACK] = TRANSACT_ROLLBACK};
    return connection_transact(destination->state, words[what], err);
}

const struct statement_driver statements_sql = {.use = use, .run = run, .transact = transact};
