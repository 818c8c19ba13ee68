/*
 * A run: the commit protocol of the design, on one page.
 *
 *   session_open (lock) -> session_restore (settle, read the ledger) -> load_begin -> load_extract
 *   -> load_seal -> load_write -> drop
 *   extract_pipeline: session_restore_ahead, and no write; deliver.c has that
 *
 * Before the seal nothing has effects; after it the source is not needed. The cursor moves in
 * load_write's transaction and nowhere else. A run is a session of one load.
 */
#include "run/run.h"

#include "run/tell.h"
#include "run/window.h"

static int run_load(struct session *session, struct load *load, struct tg_result **result,
                    struct tg_error *err)
{
    int rc = TG_OK;
    TRY(load_begin(load, err));
    TRY(refresh_enter(load, err));
    TRY(origin_enter(load, err));
    session_end_phase(session, TG_PHASE_SETTLE);
    TRY(load_extract(load, err));
    session_end_phase(session, TG_PHASE_EXTRACT);
    if (load->package)
        TRY(load_seal(load, err));
    TRY(result_prepare(load, result, err));
    session_end_phase(session, TG_PHASE_SEAL);
    if (load->package && !load->stays_sealed)
        TRY(load_write(load, err));
    if (!load->stays_sealed)
        schema_file_export(session, load_manifest(load));
    session_end_phase(session, TG_PHASE_WRITE);
    result_complete(load, *result);
    tell_written(load, *result);
    session_progress(session, TG_PHASE_DONE, NULL, NULL, true);
done:
    return rc;
}

static int run(struct tg_pipeline *pipeline, bool only_seals, struct tg_result **out,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct session session;
    struct load load;
    struct tg_result *result = NULL;
    load_init(&load, &session);
    load.stays_sealed = only_seals;
    TRY(session_open(&session, pipeline, err));
    TRY(only_seals ? session_restore_ahead(&session, err) : session_restore(&session, err));
    TRY(window_bind(&session, err));
    TRY(run_load(&session, &load, &result, err));
done:
    rc = context_outcome(&pipeline->ctx, rc, err);
    if (rc != TG_OK)
        result = result_fail(&load, result);
    *out = result;
    load_end(&load, rc);
    session_close(&session);
    return rc;
}

int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    return run(pipeline, false, out, err);
}

int extract_pipeline(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    return run(pipeline, true, out, err);
}
