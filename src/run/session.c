/*
 * A session: lock and engine, and before each load what the destination knows.
 *
 *   session_open: lock_folder -> session_restore (again for each load): settle what is sealed
 *   (settle.c) -> read_ledger: state, catalog and its settings; tables that are there (there.c)
 *   session_progress, from all phases of all loads, to the program's function
 *
 * The loads themselves are load.c's.
 */
#include "run/session.h"

#include <string.h>

#include "base/fault.h"
#include "run/pending.h"
#include "run/window.h"

enum { PROGRESS_INTERVAL_US = 100000 };

int session_may_load(const struct tg_pipeline *pipeline, struct tg_error *err)
{
    if (!pipeline->config.destination.read_only)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "the pipeline is open to be read only (read_only of its options): it shows "
                     "and asks, and loads nothing");
}

int session_blame_folder(const struct config *config, int code, struct tg_error *err)
{
    if (code == TG_IO)
        error_before(err, code,
                     "the working directory cannot be used (--workdir or $TIDEGATE_HOME names "
                     "another)");
    return error_where(err, code, "pipeline '%s'", config->pipeline);
}

static int lock_folder(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct config *config = &session->pipeline->config;
    char *path = NULL;
    path = fs_join(session->folder, "lock");
    if (!path)
        return error_nomem(err);
    TRY(fs_mkdirs(session->folder, err));
    TRY(fs_lock(path, &session->lock, err));
    fault_point("after_lock");
done:
    mem_free(path);
    return rc == TG_OK ? rc : session_blame_folder(config, rc, err);
}

static int begin(struct session *session, struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    struct config *config = &pipeline->config;
    *session = (struct session){.pipeline = pipeline};
    session->progress.phase_ticks = context_ticks_us();
    ledger_init(&session->ledger);
    TRY(destination_init(&session->destination, &pipeline->ctx, &config->destination,
                         config->dataset, err));
    TRY(config_select(config, pipeline->select, err));
    session->folder = fs_join(config->workdir, config->pipeline);
    rc = session->folder ? TG_OK : error_nomem(err);
done:
    return rc;
}

int session_open(struct session *session, struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(begin(session, pipeline, err));
    TRY(session_may_load(pipeline, err));
    TRY(lock_folder(session, err));
    TRY(engine_new(&pipeline->ctx, session->folder, &session->engine, err));
done:
    return rc;
}

/* ---- what the destination knows ---- */

static void forget(struct session *session)
{
    window_unbind(session);
    state_release(&session->state);
    state_release(&session->aside);
    session->program_kept = false;
    settings_release(&session->settings);
    catalog_release(&session->catalog);
    catalog_release(&session->there);
    catalog_release(&session->glimpse);
    session->knows_there = false;
    ledger_release(&session->ledger);
    session->had_data = NULL;
    session->had_data_count = 0;
    session->taken = NULL;
    session->taken_count = 0;
    session->dropped = NULL;
    session->dropped_count = 0;
    session->follows = NULL;
    session->brought = NULL;
    session->brought_count = 0;
    session->accepts_rows = false;
}

static int read_state(struct session *session, struct tg_error *err)
{
    const struct config *config = &session->pipeline->config;
    const char *blob = session->ledger.state_blob;
    const struct state_identity identity = {
        .pipeline = config->pipeline,
        .dataset = config->dataset,
        .schema = session->schema,
        .destination_type = session->destination.facts.type,
        .destination_name = session->destination.facts.name,
    };
    return blob ? state_read(&session->state, blob, strlen(blob), err)
                : state_init(&session->state, &identity, err);
}

static int read_catalog(struct session *session, struct tg_error *err)
{
    const char *json = session->ledger.schema_json;
    return json ? catalog_read(&session->catalog, json, strlen(json), err)
                : catalog_init(&session->catalog, session->schema, err);
}

static int recall(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &session->pipeline->config;
    struct ledger *ledger = &session->ledger;
    forget(session);
    const struct ledger_owner owner = pipeline_owner(session->pipeline);
    TRY(destination_restore(&session->destination, &owner, session->restored_us, ledger, err));
    session->is_unknown_there = ledger_is_empty(ledger);
    ledger->schema = ledger->schema ? ledger->schema : config->schema;
    if (session->looks_ahead)
        TRY(ahead_follow(session, err));
    session->schema = ledger->schema;
    TRY(read_state(session, err));
    TRY(read_catalog(session, err));
done:
    return rc;
}

int session_recall(struct session *session, struct tg_error *err)
{
    session->restored_us = context_now_us(&session->pipeline->ctx);
    int rc = destination_open(&session->destination, err);
    return rc == TG_OK ? recall(session, err) : rc;
}

int session_peek(struct session *session, struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = begin(session, pipeline, err);
    return rc == TG_OK ? session_recall(session, err) : rc;
}

static int read_ledger(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &session->pipeline->config;
    TRY(recall(session, err));
    TRY(refresh_forget(session, err));
    TRY(there_note(session, err));
    TRY(schema_file_import(session, err));
    TRY(catalog_apply_settings(&session->catalog, &config->schema_config.hints, err));
    TRY(settings_read(&session->catalog, &session->settings, err));
    TRY(there_read(session, err));
done:
    return rc;
}

static int read_all(struct session *session, struct tg_error *err)
{
    const struct services services = {&session->pipeline->ctx, session->engine};
    int rc = TG_OK;
    TRY(describe_groups(session->pipeline, &services, &session->sources, err));
    TRY(check_conditions(session, err));
    TRY(read_ledger(session, err));
    TRY(origin_check(session, err));
done:
    return rc;
}

int session_look(struct session *session, struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(begin(session, pipeline, err));
    TRY(engine_new(&pipeline->ctx, pipeline->config.workdir, &session->engine, err));
    session->restored_us = context_now_us(&pipeline->ctx);
    TRY(destination_open(&session->destination, err));
    TRY(read_all(session, err));
    TRY(there_complete(session, err));
done:
    return rc;
}

/* ---- apart from all that ---- */

/* As for a pipeline that has not run, but for the names, which are the source's. */
static int know_nothing(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct schema_hints hints = session->pipeline->config.schema_config.hints;
    hints.naming_said = true;
    hints.naming = NAMING_VERBATIM;
    hints.contract = (struct contract){.modes = {CONTRACT_UNSAID}};
    hints.default_hint_count = 0;
    session->schema = session->pipeline->config.schema;
    session->destination.facts.name_bytes_max = 0;
    session->destination.facts.folds_case = false;
    session->knows_there = true;
    TRY(read_state(session, err));
    TRY(read_catalog(session, err));
    TRY(catalog_apply_settings(&session->catalog, &hints, err));
    TRY(settings_read(&session->catalog, &session->settings, err));
done:
    return rc;
}

/* What is left of one that was killed goes first. */
int session_open_below(struct session *session, struct tg_pipeline *pipeline, const char *part,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    TRY(begin(session, pipeline, err));
    char *folder = fs_join(session->folder, part);
    if (!folder)
        TRY(error_nomem(err));
    mem_free(session->folder);
    session->folder = folder;
    TRY(lock_folder(session, err));
    TRY(package_settle(folder, &sealed, err));
    TRY(engine_new(&pipeline->ctx, folder, &session->engine, err));
done:
    fs_names_release(&sealed);
    return rc;
}

int session_open_apart(struct session *session, struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(session_open_below(session, pipeline, "advise", err));
    session->restored_us = context_now_us(&pipeline->ctx);
    TRY(know_nothing(session, err));
    TRY(describe_groups(pipeline, &(struct services){&pipeline->ctx, session->engine},
                        &session->sources, err));
done:
    return rc;
}

void session_close_apart(struct session *session)
{
    bool locked = session->lock.holder;
    char *folder = session->folder;
    session->folder = NULL;
    session_close(session);
    if (locked)
        (void)!fs_remove_tree(folder, NULL);
    mem_free(folder);
}

/* What is pending would change what is there. */
static int check_pending(const struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    const char **ids = NULL;
    size_t count = 0;
    arena_init(&arena);
    TRY(settle_pending(session, &arena, &ids, &count, err));
    if (count > 0)
        rc = error_set(err, TG_CONFLICT,
                       "load '%s' of an earlier run waits to be written, which a run does first: "
                       "what it would do then is known when that is there; run, or plan without "
                       "rows",
                       ids[0]);
done:
    arena_release(&arena);
    return rc;
}

int session_restore_alone(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    session->restored_us = context_now_us(&session->pipeline->ctx);
    TRY(package_settle(session->folder, &sealed, err));
    TRY(check_pending(session, err));
    TRY(destination_open(&session->destination, err));
    TRY(read_all(session, err));
    TRY(there_complete(session, err));
done:
    destination_close(&session->destination);
    fs_names_release(&sealed);
    return rc;
}

/* Opens the destination; lists what is sealed, and is still for what is there. */
static int open_settled(struct session *session, struct fs_names *sealed, struct tg_error *err)
{
    int rc = TG_OK;
    bool dropped = false;
    TRY(package_settle(session->folder, sealed, err));
    TRY(destination_open(&session->destination, err));
    TRY(committed_check(session, &dropped, err));
    if (dropped) {
        fs_names_release(sealed);
        TRY(package_settle(session->folder, sealed, err));
    }
done:
    return rc;
}

int session_recall_settled(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    session->restored_us = context_now_us(&session->pipeline->ctx);
    TRY(open_settled(session, &sealed, err));
    TRY(recall(session, err));
    TRY(committed_renew(session, err));
done:
    destination_close(&session->destination);
    fs_names_release(&sealed);
    return rc;
}

int session_restore(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    session->restored_us = context_now_us(&session->pipeline->ctx);
    TRY(open_settled(session, &sealed, err));
    TRY(settle_all(session, &sealed, err));
    TRY(read_all(session, err));
    TRY(committed_renew(session, err));
done:
    destination_close(&session->destination);
    fs_names_release(&sealed);
    return rc;
}

int session_restore_ahead(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    session->restored_us = context_now_us(&session->pipeline->ctx);
    session->looks_ahead = true;
    TRY(open_settled(session, &sealed, err));
    TRY(read_all(session, err));
    TRY(committed_renew(session, err));
done:
    destination_close(&session->destination);
    fs_names_release(&sealed);
    return rc;
}

void session_close(struct session *session)
{
    destination_close(&session->destination);
    sources_close(&session->sources);
    engine_free(session->engine);
    forget(session);
    hasher_release(&session->hasher);
    fs_unlock(&session->lock);
    mem_free(session->folder);
}

/* ---- progress ---- */

/* Whoever answers with anything but TG_OK wants to stop. */
static void tell(const struct session *session, struct tg_progress *progress)
{
    struct tg_pipeline *pipeline = session->pipeline;
    progress->load_id = session->progress.load_id;
    progress->resources = session->progress.resources;
    progress->resources_ended = session->progress.resources_ended;
    if (pipeline->progress(pipeline->user, progress) != TG_OK)
        atomic_store(&pipeline->cancel, 1);
}

/* What has no counts is news: a resource or a phase begins. */
void session_progress(struct session *session, enum tg_phase phase, const char *resource,
                      const struct extract_counts *counts, bool ended)
{
    struct tg_pipeline *pipeline = session->pipeline;
    struct progress *shown = &session->progress;
    int64_t now = context_ticks_us();
    bool too_early = now - shown->shown_ticks < PROGRESS_INTERVAL_US && phase == shown->phase;
    shown->resources_ended += resource && ended;
    if (!pipeline->progress || (too_early && counts && !ended))
        return;
    shown->shown_ticks = now;
    shown->phase = phase;
    struct tg_progress progress = {.phase = phase, .resource = resource, .ended = ended};
    if (counts) {
        progress.rows = counts->rows_read;
        progress.bytes = counts->bytes;
        progress.bytes_total = counts->bytes_total;
    }
    tell(session, &progress);
}

static void tell_write(void *user, const struct write_news *news)
{
    struct session *session = user;
    struct tg_progress progress = {.phase = session->progress.writes_of,
                                   .table = news->table,
                                   .rows = news->rows,
                                   .rows_total = news->rows_total,
                                   .doing = news->doing,
                                   .ended = news->ended};
    if (session->pipeline->progress)
        tell(session, &progress);
}

void session_watch_writes(struct session *session, enum tg_phase phase)
{
    struct context *ctx = &session->pipeline->ctx;
    session->progress.writes_of = phase;
    ctx->writes = tell_write;
    ctx->writes_user = session;
}

void session_leave_writes(struct session *session)
{
    session->pipeline->ctx.writes = NULL;
}

void session_end_phase(struct session *session, enum tg_phase phase)
{
    struct progress *progress = &session->progress;
    int64_t now = context_ticks_us();
    progress->phase_us[phase] += now - progress->phase_ticks;
    progress->phase_ticks = now;
}
