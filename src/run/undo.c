/*
 * Undo: loads are taken back by a load that has no package.
 *
 *   undo_pipeline: session_open (lock) -> the ledger -> destination_undo: which loads, what was
 *   before them -> [describe_undo: the old state and schema, under higher versions ->
 *   destination_write -> schema_file_export] -> the result
 *
 * Sealed packages of the working directory stay where they are: they began from a state that is
 * over then, so that no run writes them over what the undo has brought back. Nothing is left on
 * disk: an undo that was killed is done as a whole, or not at all.
 */
#include "run/run.h"

#include <string.h>

#include "base/fault.h"
#include "run/result.h"
#include "run/session.h"

struct undo_run {
    struct session session;
    const struct tg_undo_options *options;
    struct undo undo;
    char load_id[LOAD_ID_TEXT];
    struct manifest manifest;
    struct write_result written;
    struct tg_result *result;
};

/* ---- what there is ---- */

static int look(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &run->session;
    const struct config *config = &session->pipeline->config;
    session->restored_us = context_now_us(&session->pipeline->ctx);
    TRY(destination_open(&session->destination, err));
    if (!session->destination.state)
        return error_reason(err,
                            error_set(err, TG_DESTINATION,
                                      "destination '%s' does not exist yet; run the pipeline first",
                                      session->pipeline->destination),
                            TG_REASON_NOTHING_LOADED);
    const struct ledger_owner owner = pipeline_owner(session->pipeline);
    TRY(destination_restore(&session->destination, &owner, session->restored_us, &session->ledger,
                            err));
    session->schema = session->ledger.schema ? session->ledger.schema : config->schema;
    const struct undo_request request = {.pipeline = config->pipeline,
                                         .schema = session->schema,
                                         .load_id = run->options->load_id,
                                         .newest_load = run->options->newest_load};
    TRY(destination_undo(&session->destination, &request, &run->undo, err));
done:
    return rc;
}

/* ---- the load that undoes ---- */

/* The content from before, under a version of its own: whoever began from the one there is now, or
 * from the old one, does not write over it. */
static int make_state(struct undo_run *run, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    struct session *session = &run->session;
    const struct config *config = &session->pipeline->config;
    const char *blob = run->undo.state_blob;
    const struct state_identity identity = {
        .pipeline = config->pipeline,
        .dataset = config->dataset,
        .schema = session->schema,
        .destination_type = session->destination.facts.type,
        .destination_name = session->destination.facts.name,
    };
    TRY(blob ? state_read(&session->state, blob, strlen(blob), err)
             : state_init(&session->state, &identity, err));
    if (!blob)
        TRY(state_bump(&session->state, &changed, err));
    TRY(state_renumber(&session->state, session->ledger.state_version + 1, err));
    TRY(state_json(&session->state, out, err));
done:
    return rc;
}

static int make_catalog(struct undo_run *run, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    struct session *session = &run->session;
    struct catalog *catalog = &session->catalog;
    const char *before = run->undo.schema_json;
    if (before && !*before)
        before = session->ledger.schema_json;
    TRY(before ? catalog_read(catalog, before, strlen(before), err)
               : catalog_init(catalog, session->schema, err));
    catalog->version = session->ledger.schema_version;
    catalog->version_hash = session->ledger.schema_hash;
    TRY(catalog_bump(catalog, &changed, err));
    TRY(catalog_write(catalog, out, err));
done:
    return rc;
}

static int add_tables(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < run->undo.table_count; i++) {
        struct manifest_table *table = NULL;
        TRY(manifest_add_table(&run->manifest, run->undo.tables[i].name,
                               run->undo.tables[i].resource, false, &table, err));
    }
done:
    return rc;
}

static int describe_undo(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf state = BUF_INIT, catalog = BUF_INIT;
    struct session *session = &run->session;
    struct tg_pipeline *pipeline = session->pipeline;
    const struct ledger *ledger = &session->ledger;
    struct manifest *manifest = &run->manifest;
    struct arena *arena = &manifest->arena;
    TRY(make_state(run, &state, err));
    TRY(make_catalog(run, &catalog, err));
    TRY(package_make_id(&pipeline->ctx, manifest, err));
    manifest->load_id = run->load_id;
    manifest->pipeline = pipeline->config.pipeline;
    manifest->destination = pipeline->destination;
    manifest->dataset = pipeline->config.dataset;
    manifest->schema = session->schema;
    manifest->created_us = session->restored_us;
    manifest->state_version_from = ledger->state_version;
    manifest->state_hash_from = ledger->state_hash;
    manifest->files_load_from = ledger->files_load_id;
    manifest->catalog_version_from = ledger->schema_version;
    manifest->catalog_hash_from = ledger->schema_hash;
    manifest->state_changed = true;
    manifest->undone = run->undo.loads;
    manifest->undone_count = run->undo.load_count;
    TRY(arena_keep(arena, buf_string(&state), &manifest->state, err));
    TRY(arena_keep(arena, buf_string(&catalog), &manifest->catalog, err));
    TRY(add_tables(run, err));
done:
    buf_release(&state);
    buf_release(&catalog);
    return rc;
}

static int write_undo(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &run->session;
    ledger_next_id(&session->ledger, session->ledger.newest_load, session->restored_us,
                   run->load_id);
    TRY(describe_undo(run, err));
    session_watch_writes(session, TG_PHASE_WRITE);
    rc = destination_write(&session->destination, NULL, &run->manifest, NULL, &run->written, err);
    session_leave_writes(session);
    fault_point("after_undo");
    if (rc == TG_OK)
        schema_file_export(session, NULL);
done:
    return rc;
}

/* ---- what the caller is told ---- */

static int tell_tables(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_result *result = run->result;
    size_t count = run->undo.table_count;
    result->tables = arena_alloc(&result->arena, (count + 1) * sizeof(*result->tables));
    if (!result->tables)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct undo_table *table = &run->undo.tables[i];
        struct tg_table_info *out = &result->tables[i];
        out->rows_deleted = table->rows_removed;
        out->rows_inserted = table->rows_restored;
        TRY(arena_keep(&result->arena, table->name, &out->name, err));
        TRY(arena_keep(&result->arena, table->resource, &out->resource, err));
    }
    result->table_count = count;
done:
    return rc;
}

static int prepare_result(struct undo_run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_result *result = run->result = result_new();
    if (!result)
        return error_nomem(err);
    const struct config *config = &run->session.pipeline->config;
    result->undone =
        arena_alloc(&result->arena, (run->undo.load_count + 1) * sizeof(*result->undone));
    if (!result->undone)
        TRY(error_nomem(err));
    for (size_t i = 0; i < run->undo.load_count; i++)
        TRY(arena_keep(&result->arena, run->undo.loads[i], &result->undone[i], err));
    result->undone_count = run->undo.load_count;
    TRY(arena_keep(&result->arena, config->dataset, &result->dataset, err));
    TRY(arena_keep(&result->arena, run->session.schema, &result->schema, err));
    TRY(tell_tables(run, err));
done:
    return rc;
}

static void complete_result(struct undo_run *run)
{
    struct tg_result *result = run->result;
    const char *load_id = arena_strdup(&result->arena, run->load_id);
    result->load_id = load_id ? load_id : "";
    for (size_t i = 0; i < result->table_count && i < run->written.count; i++) {
        result->tables[i].rows_deleted = run->written.counts[i].rows_deleted;
        result->tables[i].rows_inserted = run->written.counts[i].rows_inserted;
    }
}

static int nothing_done(const struct undo_run *run)
{
    context_log(&run->session.pipeline->ctx, TG_LOG_INFO, "undo",
                "load '%s' is undone already, or is an undo: nothing is to be done",
                run->undo.already);
    return TG_OK;
}

int undo_pipeline(struct tg_pipeline *pipeline, const struct tg_undo_options *options,
                  struct tg_result **out, struct tg_error *err)
{
    int rc = TG_OK;
    const int64_t started_ticks = context_ticks_us();
    struct undo_run run = {.options = options};
    *out = NULL;
    arena_init(&run.undo.arena);
    manifest_init(&run.manifest);
    TRY(session_open(&run.session, pipeline, err));
    TRY(look(&run, err));
    TRY(prepare_result(&run, err));
    if (run.undo.load_count == 0) {
        rc = nothing_done(&run);
    } else if (!options->look_only) {
        TRY(write_undo(&run, err));
        complete_result(&run);
    }
    run.result->started_us = run.session.restored_us;
    run.result->seconds = (double)(context_ticks_us() - started_ticks) / 1e6;
    *out = run.result;
    run.result = NULL;
done:
    tg_result_free(run.result);
    destination_close(&run.session.destination);
    write_result_release(&run.written);
    undo_release(&run.undo);
    manifest_release(&run.manifest);
    session_close(&run.session);
    return rc;
}
