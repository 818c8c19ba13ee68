/*
 * A run: the commit protocol of the design, step by step on one page (run_pipeline).
 *
 *   run_lock -> run_restore (settle what an earlier run left, read ledger) -> load_resource for
 * each (load.c) -> run_seal -> run_write -> drop. What becomes of a sealed package is settle.c's.
 *
 * Before the seal nothing has effects; after it the source is not needed. The cursor moves in
 * run_write's transaction and nowhere else.
 */
#include "run/run.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/time.h"

enum { PROGRESS_INTERVAL_US = 100000 };

static const int64_t CLOCK_AHEAD_MAX_US = INT64_C(3600) * 1000000;

/* Whoever answers with anything but TG_OK wants to stop. */
static void tell(struct tg_pipeline *pipeline, const struct tg_progress *progress)
{
    if (pipeline->progress(pipeline->user, progress) != TG_OK)
        atomic_store(&pipeline->cancel, 1);
}

void run_progress(struct run *run, enum tg_phase phase, const char *resource,
                  const struct extract_counts *counts, bool ended)
{
    struct tg_pipeline *pipeline = run->pipeline;
    int64_t now = context_ticks_us();
    bool too_early = now - run->progress_ticks < PROGRESS_INTERVAL_US && phase == run->phase;
    if (!pipeline->progress || (too_early && !ended))
        return;
    run->progress_ticks = now;
    run->phase = phase;
    struct tg_progress progress = {.phase = phase, .resource = resource, .ended = ended};
    if (counts) {
        progress.rows = counts->rows_read;
        progress.bytes = counts->bytes;
        progress.bytes_total = counts->bytes_total;
    }
    tell(pipeline, &progress);
}

static void show_writing(void *user, const char *table, uint64_t rows, bool ended)
{
    struct tg_pipeline *pipeline = user;
    const struct tg_progress progress = {
        .phase = TG_PHASE_WRITE, .table = table, .rows = rows, .ended = ended};
    if (pipeline->progress)
        tell(pipeline, &progress);
}

int run_package(struct run *run, struct manifest **out, struct tg_error *err)
{
    if (!run->package) {
        int rc = package_create(&run->pipeline->ctx, run->engine, run->folder, run->load_id,
                                &run->package, err);
        if (rc != TG_OK)
            return rc;
    }
    *out = package_manifest(run->package);
    return TG_OK;
}

static int run_lock(struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct config *config = &run->pipeline->config;
    char *path = NULL;
    run->folder = fs_join(config->workdir, config->pipeline);
    path = run->folder ? fs_join(run->folder, "lock") : NULL;
    if (!path)
        return error_nomem(err);
    TRY(fs_mkdirs(run->folder, err));
    TRY(fs_lock(path, &run->lock, err));
    fault_point("after_lock");
done:
    mem_free(path);
    return rc == TG_OK ? rc : error_where(err, rc, "pipeline '%s'", config->pipeline);
}

static int read_ledger(struct run *run, int64_t now_us, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &run->pipeline->config;
    TRY(destination_restore(&run->destination, config->pipeline, config->schema, now_us,
                            &run->ledger, err));
    run->schema = run->ledger.schema ? run->ledger.schema : config->schema;
    if (run->ledger.state_blob) {
        TRY(state_read(&run->state, run->ledger.state_blob, strlen(run->ledger.state_blob), err));
    } else {
        const struct state_identity identity = {
            .pipeline = config->pipeline,
            .dataset = config->dataset,
            .schema = run->schema,
            .destination_type = run->destination.facts.type,
            .destination_name = run->destination.facts.name,
        };
        TRY(state_init(&run->state, &identity, err));
    }
    if (run->ledger.schema_json)
        TRY(catalog_read(&run->catalog, run->ledger.schema_json, strlen(run->ledger.schema_json),
                         err));
    else
        TRY(catalog_init(&run->catalog, run->schema, err));
    TRY(there_note(run, err));
    TRY(schema_file_import(run, err));
    TRY(catalog_apply_settings(&run->catalog, &config->schema_config.hints, err));
    TRY(settings_read(&run->catalog, &run->settings, err));
    TRY(there_read(run, err));
done:
    return rc;
}

/* A load that waits to be written comes before what this run loads. */
static int newest_waiting(const struct run *run, char newest[LOAD_ID_TEXT], struct tg_error *err)
{
    struct fs_names sealed = {0};
    char *folder = fs_join(run->folder, "sealed");
    int rc = folder ? fs_list(folder, &sealed, err) : error_nomem(err);
    snprintf(newest, LOAD_ID_TEXT, "%s", run->ledger.newest_load);
    for (size_t i = 0; i < sealed.count; i++)
        if (load_id_ns(sealed.items[i]) > load_id_ns(newest))
            snprintf(newest, LOAD_ID_TEXT, "%s", sealed.items[i]);
    fs_names_release(&sealed);
    mem_free(folder);
    return rc;
}

static void warn_of_clock(const struct run *run)
{
    const char *newest = run->ledger.newest_load;
    int128 newest_us = load_id_ns(newest) / 1000;
    if (newest_us - run->started_us <= CLOCK_AHEAD_MAX_US)
        return;
    struct buf is = BUF_INIT, now = BUF_INIT;
    time_format_timestamp_z(&is, newest_us < INT64_MAX ? (int64_t)newest_us : INT64_MAX);
    time_format_timestamp_z(&now, run->started_us);
    context_log(&run->pipeline->ctx, TG_LOG_WARNING, "clock",
                "load '%s' of pipeline '%s' was made at %s, but the clock here says %s: this run's "
                "load follows it in number, not in time; set the clock that is wrong",
                newest, run->pipeline->config.pipeline, buf_string(&is), buf_string(&now));
    buf_release(&is);
    buf_release(&now);
}

/* The load is named once everything that came before it is known: its id is above all of that,
 * whatever the clock says. */
static int make_load_id(struct run *run, int64_t now_us, struct tg_error *err)
{
    char newest[LOAD_ID_TEXT];
    warn_of_clock(run);
    int rc = newest_waiting(run, newest, err);
    if (rc == TG_OK)
        ledger_next_id(&run->ledger, newest, now_us, run->load_id);
    return rc;
}

/* Settles and reads while the destination is open, which it is not while a source is read. What is
 * wrong with it shows here, not after hours of reading. */
static int run_restore(struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    TRY(package_settle(run->folder, &sealed, err));
    TRY(destination_open(&run->destination, err));
    TRY(settle_all(run, &sealed, err));
    int64_t now_us = context_now_us(&run->pipeline->ctx);
    TRY(read_ledger(run, now_us, err));
    TRY(make_load_id(run, now_us, err));
done:
    destination_close(&run->destination);
    fs_names_release(&sealed);
    return rc;
}

static int run_extract(struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    struct sources sources = {0};
    const struct config *config = &run->pipeline->config;
    run->loads = mem_calloc(config->resource_count + 1, sizeof(*run->loads));
    if (!run->loads)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *resource = &config->resources[i];
        if (!resource->selected)
            continue;
        rc = load_resource(run, &sources, resource, &run->loads[run->load_count], err);
        if (rc != TG_OK)
            TRY(error_at(err, rc, AT_RESOURCE, resource->name));
        run->load_count++;
    }
done:
    sources_close(&sources);
    return rc;
}

static int describe_load(struct run *run, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &manifest->arena;
    const struct config *config = &run->pipeline->config;
    struct buf state = BUF_INIT, catalog = BUF_INIT;
    bool changed = false;
    TRY(state_bump(&run->state, &manifest->state_changed, err));
    TRY(state_json(&run->state, &state, err));
    TRY(catalog_bump(&run->catalog, &changed, err));
    TRY(catalog_write(&run->catalog, &catalog, err));
    manifest->load_id = arena_strdup(arena, run->load_id);
    manifest->pipeline = arena_strdup(arena, config->pipeline);
    manifest->destination = arena_strdup(arena, run->pipeline->destination);
    manifest->dataset = arena_strdup(arena, config->dataset);
    manifest->schema = arena_strdup(arena, run->schema);
    manifest->created_us = run->started_us;
    manifest->state_version_from = run->ledger.state_version;
    manifest->state_hash_from = arena_strdup(arena, run->ledger.state_hash);
    manifest->files_load_from = arena_strdup(arena, run->ledger.files_load_id);
    manifest->catalog_version_from = run->ledger.schema_version;
    manifest->catalog_hash_from = arena_strdup(arena, run->ledger.schema_hash);
    manifest->full_refresh = run->pipeline->full_refresh;
    manifest->state = arena_strdup(arena, buf_string(&state));
    manifest->catalog = arena_strdup(arena, buf_string(&catalog));
    if (!manifest->load_id || !manifest->pipeline || !manifest->destination || !manifest->dataset ||
        !manifest->schema || !manifest->state_hash_from || !manifest->files_load_from ||
        !manifest->catalog_hash_from || !manifest->state || !manifest->catalog)
        rc = error_nomem(err);
done:
    buf_release(&state);
    buf_release(&catalog);
    return rc;
}

static int run_seal(struct run *run, char **path, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = package_manifest(run->package);
    for (size_t i = 0; i < run->load_count; i++) {
        const struct load_counts *load = &run->loads[i];
        struct manifest_table *table = NULL;
        TRY(manifest_add_table(manifest, load->table, load->resource->name, false, &table, err));
        table->rows_read = load->rows_read;
        table->rows_filtered = load->rows_filtered;
        table->rows_rejected = load->rows_rejected;
    }
    TRY(rejects_flush(&run->rejects, run->package, err));
    TRY(schema_file_start(run, err));
    TRY(describe_load(run, manifest, err));
    fault_point("before_seal");
    TRY(package_seal(run->package, path, err));
    fault_point("after_seal");
    run_progress(run, TG_PHASE_SEAL, NULL, NULL, true);
done:
    return rc;
}

static int run_write(struct run *run, const char *path, struct tg_error *err)
{
    int rc = TG_OK;
    /* Its memory is the destination's from here on. */
    engine_free(run->engine);
    run->engine = NULL;
    struct context *ctx = &run->pipeline->ctx;
    ctx->writes = show_writing;
    ctx->writes_user = run->pipeline;
    run_progress(run, TG_PHASE_WRITE, NULL, NULL, false);
    TRY(settle_write(run, path, package_manifest(run->package), &run->result, err));
    settle_prune(run);
    run_progress(run, TG_PHASE_WRITE, NULL, NULL, true);
done:
    ctx->writes = NULL;
    destination_close(&run->destination);
    return rc;
}

/* The load is committed: what fails now is no failure of it, and the next run does it again. */
static void export_schema(const struct run *run)
{
    struct tg_error problem = {0};
    if (schema_file_export(run, &problem) != TG_OK)
        context_log(&run->pipeline->ctx, TG_LOG_WARNING, "schema", "%s", problem.what);
}

/* ---- what the sources are told ---- */

/* Once a load is committed nothing fails any more. */
static enum tg_outcome outcome_of(int rc, const char *sealed)
{
    struct fs_stat stat = {0};
    if (rc == TG_OK)
        return TG_OUTCOME_COMMITTED;
    bool kept = sealed && fs_stat(sealed, &stat, NULL) == TG_OK && stat.exists;
    return kept ? TG_OUTCOME_SEALED : TG_OUTCOME_GIVEN_UP;
}

/* The last resource may have failed before it was counted. */
static void end_sources(const struct run *run, enum tg_outcome outcome)
{
    const struct config *config = &run->pipeline->config;
    for (size_t i = 0; run->loads && i < config->resource_count; i++) {
        const struct load_counts *load = &run->loads[i];
        if (load->begun && load->resource->end)
            load->resource->end(load->resource->user, outcome);
    }
}

/* ---- the path ---- */

static void end_phase(struct run *run, enum tg_phase phase)
{
    int64_t now = context_ticks_us();
    run->phase_us[phase] = now - run->phase_ticks;
    run->phase_ticks = now;
}

static void run_release(struct run *run)
{
    write_result_release(&run->result);
    package_free(run->package);
    engine_free(run->engine);
    rejects_release(&run->rejects);
    state_release(&run->state);
    settings_release(&run->settings);
    catalog_release(&run->catalog);
    catalog_release(&run->there);
    ledger_release(&run->ledger);
    hasher_release(&run->hasher);
    mem_free(run->loads);
    fs_unlock(&run->lock);
    mem_free(run->folder);
}

int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    int rc = TG_OK;
    char *sealed = NULL;
    struct tg_result *result = NULL;
    struct run run = {.pipeline = pipeline};
    pipeline_begin(pipeline);
    run.started_us = context_now_us(&pipeline->ctx);
    run.started_ticks = run.phase_ticks = context_ticks_us();
    ledger_init(&run.ledger);
    TRY(destination_init(&run.destination, &pipeline->ctx, pipeline->config.destination,
                         pipeline->config.dataset, err));
    TRY(config_select(&pipeline->config, pipeline->select, err));
    TRY(run_lock(&run, err));
    TRY(engine_new(&pipeline->ctx, run.folder, &run.engine, err));
    TRY(run_restore(&run, err));
    end_phase(&run, TG_PHASE_SETTLE);
    TRY(run_extract(&run, err));
    end_phase(&run, TG_PHASE_EXTRACT);
    if (run.package)
        TRY(run_seal(&run, &sealed, err));
    TRY(result_prepare(&run, &result, err));
    end_phase(&run, TG_PHASE_SEAL);
    if (run.package)
        TRY(run_write(&run, sealed, err));
    export_schema(&run);
    end_phase(&run, TG_PHASE_WRITE);
    result_complete(&run, result);
    run_progress(&run, TG_PHASE_DONE, NULL, NULL, true);
done:
    /* What fails after somebody said stop, failed because of it. */
    if (rc != TG_OK && atomic_load(&pipeline->cancel))
        rc = context_check(&pipeline->ctx, err);
    if (rc != TG_OK)
        result = result_fail(&run, result);
    *out = result;
    hide_secrets(pipeline, err);
    end_sources(&run, outcome_of(rc, sealed));
    mem_free(sealed);
    run_release(&run);
    return rc;
}
