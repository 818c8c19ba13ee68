/*
 * Statements of DuckDB, which can be cancelled.
 *
 * Path: duck_exec -> duck_run -> finish, which works on the statement task by task and looks at the
 * cancel flag in between.
 *
 * Results that become Arrow are stream.c's.
 */
#include "duckdb/api.h"

#include <time.h>

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/* One step; what it says of the state. */
static duckdb_pending_state step(duckdb_pending_result pending)
{
    duckdb_pending_state state = duck.pending_execute_task(pending);
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
        nap();
    return state;
}

static bool is_over(duckdb_pending_state state)
{
    return state == DUCKDB_PENDING_RESULT_READY || state == DUCKDB_PENDING_ERROR;
}

/* Works until the result is there. A cancelled statement is worked on until DuckDB has noticed, so
 * that no thread of it is left behind. */
static int finish(const struct context *ctx, duckdb_connection con, duckdb_pending_result pending,
                  struct tg_error *err)
{
    duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
    while (!is_over(state)) {
        int rc = context_check(ctx, err);
        if (rc != TG_OK) {
            duck.interrupt(con);
            while (!is_over(step(pending)))
                ;
            return rc;
        }
        state = step(pending);
    }
    if (state == DUCKDB_PENDING_ERROR)
        return duck_error(err, duck.pending_error(pending));
    return TG_OK;
}

int duck_run(const struct context *ctx, duckdb_connection con, const char *sql, bool streaming,
             duckdb_result *out, struct tg_error *err)
{
    int rc = TG_OK;
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    TRY(context_check(ctx, err));
    if (duck.prepare(con, sql, &statement) != DuckDBSuccess) {
        rc = duck_error(err, duck.prepare_error(statement));
        goto done;
    }
    duckdb_state state = streaming ? duck.pending_prepared_streaming(statement, &pending)
                                   : duck.pending_prepared(statement, &pending);
    if (state != DuckDBSuccess) {
        rc = duck_error(err, duck.pending_error(pending));
        goto done;
    }
    TRY(finish(ctx, con, pending, err));
    if (duck.execute_pending(pending, out) != DuckDBSuccess) {
        rc = duck_error(err, duck.result_error(out));
        duck.destroy_result(out);
    }
done:
    duck.destroy_pending(&pending);
    duck.destroy_prepare(&statement);
    return rc;
}

int duck_exec(const struct context *ctx, duckdb_connection con, const char *sql, uint64_t *changed,
              struct tg_error *err)
{
    duckdb_result result;
    if (changed)
        *changed = 0;
    int rc = duck_run(ctx, con, sql, false, &result, err);
    if (rc != TG_OK)
        return rc;
    if (changed)
        *changed = duck.rows_changed(&result);
    duck.destroy_result(&result);
    return TG_OK;
}
