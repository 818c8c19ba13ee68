/*
 * The table _tidegate_windows: ranges of a cursor that were loaded apart from it, each in the
 * transaction that has brought its rows; and those that are to be.
 *
 *   windows_read        before a run: which are loaded, by ranges, and how the table stands
 *   windows_read_mark   in a load's transaction: does it stand as it did? (write.c)
 *   windows_record      among the ledger rows of a load (record.c)
 *   windows_reopen      among those of an undo (undo.c)
 */
#include "write/sql/windows.h"

#include <stdlib.h>
#include <string.h>

#include "database/template.h"

enum { VALUES_PER_STATEMENT = 1000 };

/* ---- reading ---- */

static struct sql_scope scope_of(const struct connection *con, const char *dataset,
                                 const struct sql_part *parts)
{
    return (struct sql_scope){.dialect = con->dialect, .dataset = dataset, .parts = parts};
}

/* Each change of the table changes one of these. */
static const char mark[] = "SELECT count(*), count([load_id]), max([load_id]), max([run_id])\n"
                           "FROM {" WINDOWS_TABLE "} WHERE [pipeline_name] = {'pipeline'}";

int windows_read_mark(struct connection *con, const char *dataset, const struct described *there,
                      const char *pipeline, struct ledger *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct buf text = BUF_INIT;
    const struct sql_scope scope =
        scope_of(con, dataset, SQL_PARTS(SQL_TEXT("pipeline", pipeline)));
    out->windows_mark = "";
    if (!described_find(there, WINDOWS_TABLE))
        return TG_OK;
    TRY(sql_fetch(con, &scope, mark, &rows, err));
    if (strcmp(text_cell(&rows, 0, 0), "0") == 0)
        goto done;
    for (size_t i = 0; i < 4; i++) {
        const char *cell = text_cell(&rows, 0, i);
        buf_printf(&text, "%s%s", i > 0 ? " " : "", cell ? cell : "-");
    }
    TRY(buf_check(&text, err));
    TRY(arena_keep(&out->arena, buf_string(&text), &out->windows_mark, err));
done:
    text_rows_release(&rows);
    buf_release(&text);
    return rc;
}

static int keep_window(struct ledger *out, const struct text_rows *rows, size_t row,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger_window *window = &out->windows[out->window_count++];
    const char **const texts[] = {&window->resource, &window->cursor_path, &window->run_id,
                                  &window->lo,       &window->hi,          &window->load_id};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *cell = text_cell(rows, row, i);
        TRY(arena_keep(&out->arena, cell ? cell : "", texts[i], err));
    }
    window->count = strtoull(text_cell(rows, row, 6), NULL, 10);
done:
    return rc;
}

/* A backfill may have a hundred thousand: what lies side by side comes as one row. Of each range
 * the first and the last are picked, and put together. */
static const char ranges[] =
    "WITH [placed] AS (\n"
    "    SELECT [resource_name], [cursor_path], [run_id], [id], [lo], [hi], [load_id], "
    "row_number() OVER [run] AS [place],\n"
    "        CASE WHEN lag([hi]) OVER [run] = [lo] THEN 0 ELSE 1 END AS [begins],\n"
    "        CASE WHEN lead([lo]) OVER [run] = [hi] THEN 0 ELSE 1 END AS [ends]\n"
    "    FROM {" WINDOWS_TABLE "} WHERE [pipeline_name] = {'pipeline'} AND {ours}\n"
    "    WINDOW [run] AS ({run})),\n"
    "[picked] AS (\n"
    "    SELECT *, CASE WHEN [ends] = 1 THEN [hi] ELSE lead([hi]) OVER [run] END AS [end], "
    "CASE WHEN [ends] = 1 THEN 1 ELSE lead([place]) OVER [run] - [place] + 1 END AS [count]\n"
    "    FROM [placed] WHERE [begins] = 1 OR [ends] = 1\n"
    "    WINDOW [run] AS ({run}))\n"
    "SELECT [resource_name], [cursor_path], [run_id], [lo], [end], [load_id], [count]\n"
    "FROM [picked] WHERE [begins] = 1 ORDER BY [run_id], [id]";

int windows_read(struct connection *con, const char *dataset, const struct described *there,
                 const struct ledger_owner *owner, struct ledger *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = scope_of(
        con, dataset,
        SQL_PARTS(
            SQL_TEXT("pipeline", owner->pipeline), SQL_TEXT("schema", owner->schema),
            SQL_PATTERN("ours", described_find(there, "_dlt_loads") ? WINDOWS_OF_SCHEMA : "1 = 1"),
            SQL_PATTERN("run", "PARTITION BY [resource_name], [cursor_path], [run_id], "
                               "[load_id] IS NULL ORDER BY [id]")));
    TRY(windows_read_mark(con, dataset, there, owner->pipeline, out, err));
    if (!*out->windows_mark)
        return TG_OK;
    TRY(sql_fetch(con, &scope, ranges, &rows, err));
    out->windows = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->windows));
    if (!out->windows)
        TRY(error_nomem(err));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(keep_window(out, &rows, i, err));
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- the rows of a load ---- */

/* How many rows it has brought of the resource. */
static uint64_t rows_of(const struct manifest *manifest, const char *resource)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < manifest->table_count; i++)
        if (!manifest->tables[i].nested && strcmp(manifest->tables[i].resource, resource) == 0)
            rows += manifest->tables[i].rows_new;
    return rows;
}

/* One that is loaded by itself goes by the load's id: so an undo takes it away. */
static int add_loaded(const struct manifest *manifest, size_t place, const struct sql_scope *scope,
                      struct plan *plan, struct tg_error *err)
{
    const struct manifest_window *window = &manifest->windows[place];
    const struct sql_scope one = sql_within(
        scope, SQL_PARTS(SQL_TEXT("resource", window->resource),
                         SQL_TEXT("path", window->cursor_path), SQL_NUMBER("id", place + 1),
                         SQL_TEXT("lo", window->lo), SQL_TEXT("hi", window->hi),
                         SQL_NUMBER("rows", rows_of(manifest, window->resource))));
    return plan_add(plan, NULL, COUNT_NONE, &one,
                    "INSERT INTO {" WINDOWS_TABLE "} ([pipeline_name], [resource_name], "
                    "[cursor_path], [run_id], [id], [lo], [hi], [state], [fence], [expires_us], "
                    "[load_id], [rows], [tries])\n"
                    "VALUES ({'pipeline'}, {'resource'}, {'path'}, {'load_id'}, {id}, {'lo'}, "
                    "{'hi'}, 'committed', 0, 0, {'load_id'}, {rows}, 1)",
                    err);
}

static int add_bounds(const struct manifest *manifest, size_t place, const struct sql_scope *scope,
                      struct plan *plan, struct tg_error *err)
{
    const struct manifest_window *window = &manifest->windows[place];
    const struct sql_scope one =
        sql_within(scope, SQL_PARTS(SQL_NUMBER("id", place + 1), SQL_TEXT("lo", window->lo),
                                    SQL_TEXT("hi", window->hi)));
    return sql_write(&plan->text, &one, "({id}, {'lo'}, {'hi'})", err);
}

/* What they share is said once: reading literals is what planning takes. */
static int add_planned(const struct manifest *manifest, size_t first, size_t end,
                       const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_window *window = &manifest->windows[first];
    const struct sql_scope one =
        sql_within(scope, SQL_PARTS(SQL_TEXT("resource", window->resource),
                                    SQL_TEXT("path", window->cursor_path)));
    TRY(sql_write(&plan->text, &one,
                  "INSERT INTO {" WINDOWS_TABLE "} ([pipeline_name], [resource_name], "
                  "[cursor_path], [run_id], [id], [lo], [hi], [state], [fence], [expires_us], "
                  "[tries])\n"
                  "WITH [planned] ([id], [lo], [hi]) AS (VALUES",
                  err));
    for (size_t i = first; i < end; i++) {
        buf_text(&plan->text, i == first ? "\n    " : ",\n    ");
        TRY(add_bounds(manifest, i, &one, plan, err));
    }
    TRY(sql_write(&plan->text, &one,
                  ")\n"
                  "SELECT {'pipeline'}, {'resource'}, {'path'}, {'load_id'}, [id], [lo], [hi], "
                  "'open', 0, 0, 0 FROM [planned]",
                  err));
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    return rc;
}

static size_t end_of_alike(const struct manifest *manifest, size_t first, size_t count)
{
    const struct manifest_window *windows = manifest->windows;
    size_t end = first + 1;
    while (end < count && end - first < VALUES_PER_STATEMENT && windows[end].planned &&
           strcmp(windows[end].resource, windows[first].resource) == 0 &&
           strcmp(windows[end].cursor_path, windows[first].cursor_path) == 0)
        end++;
    return end;
}

int windows_record(const struct delivery *delivery, const struct sql_scope *scope,
                   struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    size_t end, count = manifest_claim(manifest) ? 0 : manifest->window_count;
    for (size_t first = 0; first < count; first = end) {
        const bool is_planned = manifest->windows[first].planned;
        end = is_planned ? end_of_alike(manifest, first, count) : first + 1;
        if (is_planned)
            TRY(add_planned(manifest, first, end, scope, plan, err));
        else
            TRY(add_loaded(manifest, first, scope, plan, err));
    }
done:
    return rc;
}

int windows_reopen(const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(plan_add(plan, NULL, COUNT_NONE, scope,
                 "DELETE FROM {" WINDOWS_TABLE "} WHERE [run_id] = {'load_id'}", err));
    TRY(plan_add(plan, NULL, COUNT_NONE, scope,
                 "UPDATE {" WINDOWS_TABLE "} SET [state] = 'open', [owner] = NULL, "
                 "[load_id] = NULL, [rows] = NULL\n"
                 "WHERE [load_id] = {'load_id'}",
                 err));
done:
    return rc;
}
