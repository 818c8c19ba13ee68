/*
 * What becomes of sealed loads by the word of a program: one is written, or they are dropped.
 *
 *   write_pipeline: session_open (lock) -> session_recall_settled -> choose (the oldest) ->
 *   take: package_open, result_prepare -> load_write (settle.c) -> result_complete
 *   drop_packages: session_open -> the newest first, so that none is left that goes on from one
 *   that is gone
 *
 * Loads go in their order: each is for what those before it leave. A run writes all of them first.
 */
#include "run/run.h"

#include <stdio.h>
#include <string.h>

#include "run/load.h"
#include "run/pending.h"
#include "run/tell.h"

/* ---- which ---- */

static int not_sealed(const struct session *session, const char *load_id, struct tg_error *err)
{
    return error_set(err, TG_USAGE,
                     "there is no sealed load '%s' of pipeline '%s' for dataset '%s' at '%s'",
                     load_id, session->pipeline->config.pipeline, session->pipeline->config.dataset,
                     session->pipeline->destination);
}

static int choose(const struct session *session, const struct pending *pending, const char *load_id,
                  const struct pending_load **out, struct tg_error *err)
{
    *out = pending->count > 0 ? &pending->items[0] : NULL;
    if (!load_id)
        return TG_OK;
    if (!pending_find(pending, load_id))
        return not_sealed(session, load_id, err);
    if (strcmp((*out)->manifest.load_id, load_id) == 0)
        return TG_OK;
    return error_set(err, TG_USAGE, "load '%s' is written after load '%s', which comes first",
                     load_id, (*out)->manifest.load_id);
}

/* ---- writing it ---- */

/* Makes it the load's, as if it had been sealed just now. */
static int take(struct load *load, const struct pending_load *pending, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = load->session;
    const struct manifest *manifest = &pending->manifest;
    load->opened = manifest;
    load->started_us = session->restored_us;
    snprintf(load->id, sizeof(load->id), "%s", manifest->load_id);
    load->sealed = mem_strdup(pending->path);
    if (!load->sealed)
        TRY(error_nomem(err));
    session->schema = manifest->schema;
    catalog_release(&session->catalog);
    TRY(catalog_read(&session->catalog, manifest->catalog, strlen(manifest->catalog), err));
done:
    return rc;
}

/* Reads all of its files. */
static int check_files(struct session *session, const struct pending_load *pending,
                       struct tg_error *err)
{
    struct manifest manifest;
    int rc = package_open(pending->path, &manifest, err);
    if (rc == TG_OK)
        manifest_release(&manifest);
    if (rc == TG_IO) {
        const struct tg_error why = *err;
        const int aside = settle_damaged(session, pending->path, &why, err);
        return aside == TG_OK ? rc : aside;
    }
    return rc;
}

/* The pipeline has moved on without it, and without those that have gone on from it. */
static int tell_passed(const struct load *load, size_t before, struct tg_error *err)
{
    struct pending left;
    char others[80] = "";
    const struct tg_error why = *err;
    if (pending_list(load->session, &left, NULL) == TG_OK && left.count + 1 < before)
        snprintf(others, sizeof(others), ", with %zu that went on from it",
                 before - left.count - 1);
    pending_release(&left);
    return error_set(err, TG_CONFLICT, "load '%s' is given up%s: %.600s%s", load->id, others,
                     why.what,
                     settle_has_only_copy(load->opened)
                         ? "; it has rows that no source gives again, and is kept in 'failed': "
                           "load its Parquet files by hand"
                         : "");
}

static int deliver(struct load *load, const struct pending *pending, const char *load_id,
                   struct tg_result **result, struct tg_error *err)
{
    int rc = TG_OK;
    const struct pending_load *chosen = NULL;
    struct session *session = load->session;
    TRY(choose(session, pending, load_id, &chosen, err));
    if (chosen) {
        TRY(check_files(session, chosen, err));
        TRY(take(load, chosen, err));
    }
    TRY(result_prepare(load, result, err));
    session_end_phase(session, TG_PHASE_SETTLE);
    if (chosen) {
        rc = load_write(load, err);
        if (rc != TG_OK && load->written.fate == FATE_PASSED)
            rc = tell_passed(load, pending->count, err);
    }
    if (rc != TG_OK)
        goto done;
    if (chosen)
        schema_file_export(session, load_manifest(load));
    session_end_phase(session, TG_PHASE_WRITE);
    result_complete(load, *result);
    tell_written(load, *result);
    session_progress(session, TG_PHASE_DONE, NULL, NULL, true);
done:
    return rc;
}

int write_pipeline(struct tg_pipeline *pipeline, const char *load_id, struct tg_result **out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct session session;
    struct load load;
    struct pending pending = {0};
    struct tg_error own = {0};
    struct tg_result *result = NULL;
    err = err ? err : &own;
    load_init(&load, &session);
    TRY(session_open(&session, pipeline, err));
    TRY(session_recall_settled(&session, err));
    TRY(pending_list(&session, &pending, err));
    TRY(deliver(&load, &pending, load_id, &result, err));
done:
    rc = context_outcome(&pipeline->ctx, rc, err);
    if (rc != TG_OK)
        result = result_fail(&load, result);
    *out = result;
    load_end(&load, rc);
    session_close(&session);
    pending_release(&pending);
    return rc;
}

/* ---- dropping them ---- */

static int check_followers(const struct pending *pending, const char *load_id, struct tg_error *err)
{
    for (size_t i = 0; i < pending->count; i++)
        if (strcmp(pending->items[i].manifest.follows, load_id) == 0)
            return error_set(
                err, TG_USAGE,
                "load '%s' has gone on from load '%s': drop that first, or all of them",
                pending->items[i].manifest.load_id, load_id);
    return TG_OK;
}

int drop_packages(struct tg_pipeline *pipeline, const char *load_id, size_t *count,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct session session;
    struct pending pending = {0};
    TRY(session_open(&session, pipeline, err));
    TRY(pending_list(&session, &pending, err));
    if (load_id && !pending_find(&pending, load_id))
        TRY(not_sealed(&session, load_id, err));
    if (load_id)
        TRY(check_followers(&pending, load_id, err));
    for (size_t i = pending.count; i-- > 0;) {
        if (load_id && strcmp(pending.items[i].manifest.load_id, load_id) != 0)
            continue;
        TRY(package_drop(pending.items[i].path, err));
        ++*count;
    }
done:
    pending_release(&pending);
    session_close(&session);
    return rc;
}
