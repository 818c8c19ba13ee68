/*
 * A load, from its id to its drop.
 *
 *   load_begin (the id) -> load_extract: each resource in its turn (turns.c) -> load_seal:
 *   load_describe, package_seal -> load_write: settle_write (settle.c)
 *   load_finish, load_try in place of the last two: destination_try, of one that is not sealed
 *   load_end: the sources are told how it went (end_sources)
 *
 * What it begins from is the session's; what becomes of a sealed package is settle.c's.
 */
#include "run/load.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/time.h"
#include "run/late.h"
#include "run/tell.h"
#include "write/disposition.h"

static const int64_t CLOCK_AHEAD_MAX_US = INT64_C(3600) * 1000000;

void load_init(struct load *load, struct session *session)
{
    *load = (struct load){.session = session, .started_ticks = context_ticks_us()};
}

/* ---- the id ---- */

/* A load that waits to be written comes before this one. */
static int newest_waiting(const struct load *load, char newest[LOAD_ID_TEXT], struct tg_error *err)
{
    const struct session *session = load->session;
    struct fs_names sealed = {0};
    char *folder = fs_join(session->folder, "sealed");
    int rc = folder ? fs_list(folder, &sealed, err) : error_nomem(err);
    snprintf(newest, LOAD_ID_TEXT, "%s", session->ledger.newest_load);
    for (size_t i = 0; i < sealed.count; i++)
        if (load_id_ns(sealed.items[i]) > load_id_ns(newest))
            snprintf(newest, LOAD_ID_TEXT, "%s", sealed.items[i]);
    fs_names_release(&sealed);
    mem_free(folder);
    return rc;
}

static void warn_of_clock(const struct load *load)
{
    const struct tg_pipeline *pipeline = load->session->pipeline;
    const char *newest = load->session->ledger.newest_load;
    int128 newest_us = load_id_ns(newest) / 1000;
    if (newest_us - load->started_us <= CLOCK_AHEAD_MAX_US)
        return;
    struct buf is = BUF_INIT, now = BUF_INIT;
    time_format_timestamp_z(&is, newest_us < INT64_MAX ? (int64_t)newest_us : INT64_MAX);
    time_format_timestamp_z(&now, load->started_us);
    context_log(&pipeline->ctx, TG_LOG_WARNING, "clock",
                "load '%s' of pipeline '%s' was made at %s, but the clock here says %s: this run's "
                "load follows it in number, not in time; set the clock that is wrong",
                newest, pipeline->config.pipeline, buf_string(&is), buf_string(&now));
    buf_release(&is);
    buf_release(&now);
}

/* Its id is above that of all that came before it, whatever the clock says. */
int load_begin(struct load *load, struct tg_error *err)
{
    struct session *session = load->session;
    char newest[LOAD_ID_TEXT];
    load->started_us = session->restored_us;
    warn_of_clock(load);
    int rc = newest_waiting(load, newest, err);
    if (rc == TG_OK)
        ledger_next_id(&session->ledger, newest, session->restored_us, load->id);
    session->progress.load_id = rc == TG_OK ? load->id : NULL;
    if (rc == TG_OK)
        tell_begins(load);
    return rc;
}

/* ---- from the sources to a sealed package ---- */

int load_package(struct load *load, struct manifest **out, struct tg_error *err)
{
    struct session *session = load->session;
    if (!load->package) {
        int rc =
            package_create(&session->pipeline->ctx, session->engine,
                           load->is_look ? NULL : session->folder, load->id, &load->package, err);
        if (rc != TG_OK)
            return rc;
    }
    *out = package_manifest(load->package);
    return TG_OK;
}

const struct manifest *load_manifest(const struct load *load)
{
    return load->package ? package_manifest(load->package) : load->opened;
}

int load_describe(struct load *load, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &manifest->arena;
    struct session *session = load->session;
    const struct ledger *ledger = &session->ledger;
    const struct config *config = &session->pipeline->config;
    struct buf state = BUF_INIT, catalog = BUF_INIT;
    bool changed = false;
    TRY(state_add_schema(&session->state, session->schema, err));
    TRY(state_bump(&session->state, &manifest->state_changed, err));
    TRY(state_json(&session->state, &state, err));
    TRY(catalog_bump(&session->catalog, &changed, err));
    TRY(catalog_write(&session->catalog, &catalog, err));
    TRY(arena_keep(arena, load->id, &manifest->load_id, err));
    TRY(arena_keep(arena, config->pipeline, &manifest->pipeline, err));
    TRY(arena_keep(arena, session->pipeline->destination, &manifest->destination, err));
    TRY(arena_keep(arena, config->dataset, &manifest->dataset, err));
    TRY(arena_keep(arena, session->schema, &manifest->schema, err));
    manifest->created_us = load->started_us;
    manifest->state_version_from = ledger->state_version;
    TRY(arena_keep(arena, ledger->state_hash, &manifest->state_hash_from, err));
    TRY(arena_keep(arena, ledger->files_load_id, &manifest->files_load_from, err));
    TRY(arena_keep(arena, ledger->windows_mark, &manifest->windows_from, err));
    if (session->follows)
        TRY(arena_keep(arena, session->follows, &manifest->follows, err));
    manifest->catalog_version_from = ledger->schema_version;
    TRY(arena_keep(arena, ledger->schema_hash, &manifest->catalog_hash_from, err));
    manifest->undo_loads = config->undo_loads;
    manifest->full_refresh = session->pipeline->refresh != TG_REFRESH_NONE;
    TRY(arena_keep(arena, refresh_word(session->pipeline->refresh), &manifest->refresh, err));
    TRY(arena_keep(arena, buf_string(&state), &manifest->state, err));
    TRY(arena_keep(arena, buf_string(&catalog), &manifest->catalog, err));
done:
    buf_release(&state);
    buf_release(&catalog);
    return rc;
}

/* Tables that lose rows with those that these were nested in: they are counted, though the load may
 * bring none. */
static int enter_nested(const struct load *load, const struct resource_counts *counts,
                        struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    const struct catalog *catalog = &load->session->catalog, *there = &load->session->there;
    const struct manifest_table *root = manifest_find(manifest, counts->table);
    bool loses_rows = counts->rows_new > 0 && !counts->resource->disposition->adds_rows;
    bool meets_old = loses_rows || root->replaced || root->remade || root->deletes_absent ||
                     root->range_count > 0;
    if (meets_old)
        TRY(there_complete(load->session, err));
    for (size_t i = 0; meets_old && i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        struct manifest_table *entered = NULL;
        if (table->parent && strcmp(catalog_root(catalog, table)->name, counts->table) == 0)
            TRY(manifest_add_table(manifest, table->name, counts->resource->name, true, &entered,
                                   err));
    }
    for (size_t i = 0; meets_old && i < there->table_count; i++) {
        struct manifest_table *entered = NULL;
        if (there_is_below(load->session, there->tables[i], counts->table))
            TRY(manifest_add_table(manifest, there->tables[i]->name, counts->resource->name, true,
                                   &entered, err));
    }
done:
    return rc;
}

/* Further tables are there if there is something to say of them. */
static int enter_further(struct load *load, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < load->further_count; i++) {
        const struct resource_counts *counts = &load->further[i];
        struct manifest_table *table = manifest_find(manifest, counts->table);
        if (!table)
            continue;
        table->rows_rejected += counts->rows_rejected;
        TRY(enter_nested(load, counts, manifest, err));
    }
done:
    return rc;
}

/* What was read of each resource. */
static int enter_resources(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = package_manifest(load->package);
    for (size_t i = 0; i < load->resource_count; i++) {
        const struct resource_counts *counts = &load->resources[i];
        struct manifest_table *table = NULL;
        if (!counts->table)
            continue;
        TRY(manifest_add_table(manifest, counts->table, counts->resource->name, false, &table,
                               err));
        table->rows_read = counts->rows_read;
        table->rows_filtered = counts->rows_filtered;
        table->rows_rejected = counts->rows_rejected;
        table->rows_waiting = counts->rows_waiting;
        table->rows_below_start = counts->by_cursor.below;
        table->rows_above_end = counts->by_cursor.beyond;
        table->rows_deduplicated = counts->by_cursor.known;
        table->rows_null_cursor = counts->by_cursor.without;
        TRY(enter_nested(load, counts, manifest, err));
    }
    TRY(enter_further(load, manifest, err));
    TRY(rejects_flush(&load->rejects, load->package, err));
done:
    return rc;
}

int load_seal(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(enter_resources(load, err));
    TRY(schema_file_start(load->session, err));
    TRY(load_describe(load, package_manifest(load->package), err));
    if (load->stays_sealed && manifest_only_asks(package_manifest(load->package))) {
        package_free(load->package); /* a run asks again, and nothing would be left of this */
        load->package = NULL;
        goto done;
    }
    fault_point("before_seal");
    TRY(package_seal(load->package, &load->sealed, err));
    fault_point("after_seal");
    tell_sealed(load);
    session_progress(load->session, TG_PHASE_SEAL, NULL, NULL, true);
done:
    return rc;
}

/* ---- to the destination ---- */

static void begin_write(struct load *load)
{
    struct session *session = load->session;
    engine_rest(session->engine); /* its memory is the destination's from here on */
    session_watch_writes(session, TG_PHASE_WRITE);
    session_progress(session, TG_PHASE_WRITE, NULL, NULL, false);
}

/* Nothing that a later run would find is made of it: its folder is not among those that are sealed.
 */
int load_finish(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(enter_resources(load, err));
    TRY(load_describe(load, package_manifest(load->package), err));
    rc = package_finish(load->package, err);
done:
    return rc;
}

int load_try(struct load *load, struct trial *trial, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = load->session;
    struct write_order order = session_order(session);
    order.trial = trial;
    begin_write(load);
    fault_point("before_trial");
    TRY(destination_try(&session->destination, package_path(load->package),
                        package_manifest(load->package), &order, &load->written, err));
    fault_point("after_trial");
    session_progress(session, TG_PHASE_WRITE, NULL, NULL, true);
done:
    session_leave_writes(session);
    return rc;
}

int load_write(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = load->session;
    begin_write(load);
    TRY(settle_write(session, load->sealed, load_manifest(load), &load->written, err));
    late_tell(load);
    settle_prune(session);
    session_progress(session, TG_PHASE_WRITE, NULL, NULL, true);
done:
    session_leave_writes(session);
    destination_close(&session->destination);
    return rc;
}

/* ---- the end ---- */

/* Once a load is committed nothing fails any more. */
static enum tg_outcome outcome_of(const struct load *load, int rc)
{
    struct fs_stat stat = {0};
    const char *sealed = load->sealed;
    if (load->is_trial)
        return TG_OUTCOME_GIVEN_UP;
    if (rc == TG_OK && !(sealed && load->stays_sealed))
        return TG_OUTCOME_COMMITTED;
    bool kept = sealed && fs_stat(sealed, &stat, NULL) == TG_OK && stat.exists;
    return kept ? TG_OUTCOME_SEALED : TG_OUTCOME_GIVEN_UP;
}

/* The last resource may have failed before it was counted. */
static void end_sources(const struct load *load, enum tg_outcome outcome)
{
    const struct config *config = &load->session->pipeline->config;
    for (size_t i = 0; load->resources && i < config->resource_count; i++) {
        const struct resource_counts *counts = &load->resources[i];
        if (counts->begun && counts->resource->end)
            counts->resource->end(counts->resource->user, outcome);
    }
}

void load_end(struct load *load, int rc)
{
    end_sources(load, outcome_of(load, rc));
    load->session->progress.load_id = NULL;
    write_result_release(&load->written);
    package_free(load->package);
    rejects_release(&load->rejects);
    mem_free(load->resources);
    mem_free(load->further);
    mem_free(load->sealed);
}
