/*
 * Facts of tables that the ledger does not keep.
 *
 *   trace_count: describe (which are there) -> a count of each
 *   trace_loaders: a row of the table -> read_loads (who of tidegate has loaded into it),
 *   read_states (whose newest state knows a resource of the name: dlt leaves no more)
 *   trace_standing: the ledger -> is a load there that is sealed, and the one that it follows?
 *
 * For who is asked what is to become of them: nothing is changed.
 */
#include "write/sql/trace.h"

#include <stdlib.h>
#include <string.h>

#include "database/template.h"
#include "dlt/entries.h"
#include "write/sql/ledger.h"

int trace_count(struct connection *con, const char *dataset, struct table_count *tables,
                size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there = {0};
    struct text_rows rows = {0};
    TRY(connection_describe(con, dataset, NULL, &there, err));
    for (size_t i = 0; i < count; i++) {
        const struct described_table *found = described_find(&there, tables[i].table);
        const struct sql_scope scope = {
            .dialect = con->dialect,
            .dataset = dataset,
            .parts = SQL_PARTS(SQL_TABLE("table", found ? found->name : ""))};
        tables[i].is_there = found != NULL;
        if (!found)
            continue;
        text_rows_release(&rows);
        TRY(sql_fetch(con, &scope, "SELECT count(*) FROM {table}", &rows, err));
        tables[i].rows = strtoull(text_cell(&rows, 0, 0), NULL, 10);
    }
done:
    text_rows_release(&rows);
    described_release(&there);
    return rc;
}

/* ---- who has loaded them ---- */

struct tracing {
    struct connection *con;
    const struct described *there;
    struct sql_scope scope;
    const struct loaders_request *request;
    struct loaders *out;
};

static int add_loader(struct loaders *out, const char *pipeline, const char *resource,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct loader *added = &out->items[out->count];
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].pipeline && pipeline && strcmp(out->items[i].pipeline, pipeline) == 0 &&
            strcmp(out->items[i].resource, resource) == 0)
            return TG_OK;
    *added = (struct loader){.pipeline = NULL};
    if (pipeline)
        TRY(arena_keep(&out->arena, pipeline, &added->pipeline, err));
    TRY(arena_keep(&out->arena, resource, &added->resource, err));
    out->count++;
done:
    return rc;
}

/* An older ledger does not name the pipelines. */
static int read_loads(const struct tracing *tracing, struct text_rows *out, struct tg_error *err)
{
    const struct described_table *loads = described_find(tracing->there, "_tidegate_loads");
    if (!loads)
        return TG_OK;
    const bool named = described_column(tracing->there, loads, "pipeline_name");
    const struct sql_scope scope = sql_within(
        &tracing->scope, SQL_PARTS(SQL_PATTERN("loader", named ? "[pipeline_name]" : "NULL")));
    return sql_fetch(tracing->con, &scope,
                     "SELECT DISTINCT {loader}, [resource_name] FROM {_tidegate_loads}\n"
                     "WHERE [table_name] = {'name'} AND "
                     "([rows_inserted] > 0 OR [rows_updated] > 0)\n"
                     "ORDER BY 1, 2",
                     out, err);
}

static int read_states(const struct tracing *tracing, struct text_rows *out, struct tg_error *err)
{
    if (!described_find(tracing->there, "_dlt_pipeline_state"))
        return TG_OK;
    return sql_fetch(tracing->con, &tracing->scope,
                     "SELECT [pipeline_name], [state] FROM {_dlt_pipeline_state} AS newest\n"
                     "WHERE [pipeline_name] <> {'pipeline'} AND [version] = (\n"
                     "SELECT max([version]) FROM {_dlt_pipeline_state} AS state\n"
                     "WHERE state.[pipeline_name] = newest.[pipeline_name])\n"
                     "ORDER BY 1",
                     out, err);
}

/* One that cannot be read names nobody. */
static int knows_resource(const char *blob, const char *resource, bool *out, struct tg_error *err)
{
    struct arena arena;
    struct state state;
    struct state_entry *entries = NULL;
    size_t count = 0;
    int rc = blob ? state_read(&state, blob, strlen(blob), NULL) : TG_DATA;
    *out = false;
    if (rc != TG_OK)
        return rc == TG_NOMEM ? error_nomem(err) : TG_OK;
    arena_init(&arena);
    rc = state_entries(&state, &arena, &entries, &count, err);
    for (size_t i = 0; rc == TG_OK && i < count; i++)
        *out |= strcmp(entries[i].resource, resource) == 0;
    arena_release(&arena);
    state_release(&state);
    return rc;
}

static int read_loaders(const struct tracing *tracing, struct tg_error *err)
{
    int rc = TG_OK;
    struct loaders *out = tracing->out;
    struct text_rows loads = {0}, states = {0};
    TRY(read_loads(tracing, &loads, err));
    TRY(read_states(tracing, &states, err));
    out->items =
        arena_alloc(&out->arena, (loads.row_count + states.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < loads.row_count; i++)
        TRY(add_loader(out, text_cell(&loads, i, 0), text_cell(&loads, i, 1), err));
    for (size_t i = 0; i < states.row_count; i++) {
        bool knows = false;
        TRY(knows_resource(text_cell(&states, i, 1), tracing->request->resource, &knows, err));
        if (knows)
            TRY(add_loader(out, text_cell(&states, i, 0), tracing->request->resource, err));
    }
done:
    text_rows_release(&loads);
    text_rows_release(&states);
    return rc;
}

int trace_loaders(struct connection *con, const char *dataset,
                  const struct loaders_request *request, struct loaders *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there;
    struct text_rows rows = {0};
    const struct tracing tracing = {
        .con = con,
        .there = &there,
        .request = request,
        .out = out,
        .scope = {.dialect = con->dialect,
                  .dataset = dataset,
                  .parts = SQL_PARTS(SQL_TABLE("table", request->table),
                                     SQL_TEXT("name", request->table),
                                     SQL_TEXT("pipeline", request->pipeline))}};
    rc = ledger_look(con, dataset, &there, err);
    if (rc != TG_OK)
        return rc;
    TRY(sql_fetch(con, &tracing.scope, "SELECT 1 FROM {table} LIMIT 1", &rows, err));
    out->has_rows = rows.row_count > 0;
    if (out->has_rows)
        TRY(read_loaders(&tracing, err));
done:
    text_rows_release(&rows);
    described_release(&there);
    return rc;
}

/* ---- a load that is sealed ---- */

int trace_standing(struct connection *con, const struct manifest *manifest, struct standing *out,
                   struct tg_error *err)
{
    struct described there;
    struct ledger ledger;
    enum load_found found = LOAD_ABSENT;
    int rc = ledger_look(con, manifest->dataset, &there, err);
    if (rc != TG_OK)
        return rc;
    rc = ledger_find_load(con, &there, manifest, &found, &ledger, err);
    described_release(&there);
    if (rc != TG_OK)
        return rc;
    *out = (struct standing){.is_written = found == LOAD_WRITTEN,
                             .is_taken = found == LOAD_TAKEN,
                             .lacks_followed = ledger.lacks_followed};
    ledger_release(&ledger);
    return TG_OK;
}
