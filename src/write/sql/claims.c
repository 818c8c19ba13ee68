/*
 * Who works on which window of a plan: leases with a fence.
 *
 *   open --claims_take--> leased --claims_finish--> committed
 *
 * A lease that has expired may be taken by anybody, and its fence is one more then. The fence is
 * what keeps rows from being loaded twice: claims_finish changes the row of the window, by its
 * fence, in the transaction that has written its rows. Who was overtaken changes none, and rolls
 * back. So a lease may be too short, or a clock wrong: that costs work, and no row. With each try
 * it gets longer, so that a window which takes long is loaded in the end.
 *
 * A batch is claimed by one statement, which leaves out what others are claiming or finishing, and
 * picks once, before it changes anything: else PostgreSQL may pick again for each row. Between
 * which ids they are keeps it from looking at all that are left.
 */
#include "write/sql/claims.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "database/template.h"
#include "write/ledger.h"

#define OF_RUN  "[pipeline_name] = {'pipeline'} AND [run_id] = {'run_id'}"
#define LEFT_OF OF_RUN " AND " WINDOW_IS_LEFT /* as the index has them */

static int64_t number(const char *cell)
{
    return cell ? strtoll(cell, NULL, 10) : 0;
}

static int keep_claim(struct claims *out, const struct text_rows *rows, size_t row,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct window_claim *claim = &out->items[out->count++];
    const char **const texts[] = {&claim->resource, &claim->cursor_path, &claim->lo, &claim->hi};
    claim->id = number(text_cell(rows, row, 0));
    claim->fence = number(text_cell(rows, row, 1));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(arena_keep(&out->arena, text_cell(rows, row, 2 + i), texts[i], err));
done:
    return rc;
}

static int count_states(struct connection *con, const struct sql_scope *scope, struct claims *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(sql_fetch(con, scope,
                  "SELECT [state], count(*) FROM {" WINDOWS_TABLE "} WHERE " OF_RUN
                  " GROUP BY [state]",
                  &rows, err));
    for (size_t i = 0; i < rows.row_count; i++) {
        const char *state = text_cell(&rows, i, 0);
        uint64_t *count = strcmp(state, "open") == 0     ? &out->open
                          : strcmp(state, "leased") == 0 ? &out->leased
                                                         : &out->loaded;
        *count += (uint64_t)number(text_cell(&rows, i, 1));
    }
done:
    text_rows_release(&rows);
    return rc;
}

int claims_take(struct connection *con, const char *dataset, const struct claim_request *request,
                struct claims *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const char *skip = con->dialect->skip_locked;
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = dataset,
        .parts =
            SQL_PARTS(SQL_TEXT("pipeline", request->pipeline), SQL_TEXT("run_id", request->run_id),
                      SQL_TEXT("owner", request->owner), SQL_NUMBER("now", request->now_us),
                      SQL_NUMBER("lease", request->lease_us), SQL_NUMBER("most", request->most),
                      SQL_PIECE("skip", skip ? skip : ""))};
    TRY(sql_fetch(con, &scope,
                  "WITH picked AS MATERIALIZED (\n"
                  "    SELECT [id] FROM {" WINDOWS_TABLE "}\n"
                  "    WHERE " LEFT_OF " AND ([state] = 'open' OR ([state] = 'leased' "
                  "AND [expires_us] < {now}))\n"
                  "    ORDER BY [id] LIMIT {most}{skip})\n"
                  "UPDATE {" WINDOWS_TABLE "} SET [state] = 'leased', [owner] = {'owner'}, "
                  "[fence] = [fence] + 1, [tries] = [tries] + 1, "
                  "[expires_us] = {now} + {lease} * ([tries] + 1) * ([tries] + 1)\n"
                  "WHERE " LEFT_OF " AND [id] IN (SELECT [id] FROM picked)\n"
                  "    AND [id] BETWEEN (SELECT min([id]) FROM picked) AND "
                  "(SELECT max([id]) FROM picked)\n"
                  "RETURNING [id], [fence], [resource_name], [cursor_path], [lo], [hi]",
                  &rows, err));
    out->items = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(keep_claim(out, &rows, i, err));
    if (request->counts || out->count == 0)
        TRY(count_states(con, &scope, out, err));
done:
    text_rows_release(&rows);
    return rc;
}

int claims_release_owner(struct connection *con, const char *dataset, const char *pipeline,
                         const char *owner, struct tg_error *err)
{
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = dataset,
        .parts = SQL_PARTS(SQL_TEXT("pipeline", pipeline), SQL_TEXT("owner", owner))};
    return sql_exec(con, &scope,
                    "UPDATE {" WINDOWS_TABLE "} SET [state] = 'open', [owner] = NULL\n"
                    "WHERE [pipeline_name] = {'pipeline'} AND [owner] = {'owner'} "
                    "AND [state] = 'leased'",
                    NULL, err);
}

static uint64_t rows_of(const struct manifest *manifest)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < manifest->table_count; i++)
        rows += manifest->tables[i].nested ? 0 : manifest->tables[i].rows_new;
    return rows;
}

int claims_finish(struct connection *con, const struct manifest *manifest, struct tg_error *err)
{
    uint64_t changed = 0;
    const struct manifest_window *window = manifest_claim(manifest);
    const bool is_fenced = !fault_forces("no_fence");
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = manifest->dataset,
        .parts = SQL_PARTS(
            SQL_TEXT("pipeline", manifest->pipeline), SQL_TEXT("run_id", window->run_id),
            SQL_NUMBER("id", window->id), SQL_TEXT("owner", window->owner),
            SQL_NUMBER("fence", window->fence), SQL_TEXT("load_id", manifest->load_id),
            SQL_NUMBER("rows", rows_of(manifest)),
            SQL_PATTERN("mine", is_fenced ? " AND " WINDOW_IS_LEFT " AND [fence] = {fence} "
                                            "AND [owner] = {'owner'} AND [state] = 'leased'"
                                          : ""))};
    int rc = sql_exec(con, &scope,
                      "UPDATE {" WINDOWS_TABLE "} SET [state] = 'committed', "
                      "[load_id] = {'load_id'}, [rows] = {rows}\n"
                      "WHERE " OF_RUN " AND [id] = {id}{mine}",
                      &changed, err);
    if (rc != TG_OK || changed > 0 || !is_fenced)
        return rc;
    return error_set(err, TG_CONFLICT,
                     "window %" PRId64 " of backfill %s is no longer ours: its lease has expired, "
                     "and somebody else has it; nothing was written",
                     window->id, window->run_id);
}
