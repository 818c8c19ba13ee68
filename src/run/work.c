/*
 * A worker: windows of a plan, one after the other, until all of them are loaded.
 *
 *   work_pipeline: session_open_below (a folder of its own) -> work: take_batch (session_restore:
 *   the newest schema; destination_claim) -> load_window: window_claim, load_begin, load_extract,
 *   load_finish, destination_write, which marks the window as loaded in its transaction
 *
 * Nothing is sealed: what a worker has read and could not write, another one reads again, for the
 * window is still open, or will be. The engine is kept for the worker's life, and what is known of
 * schema and tables for a batch. That is as large as takes a second or two: so a worker that is
 * killed holds little, and connections are kept as long, and not while something large is read.
 */
#include <inttypes.h>
#include <string.h>

#include "base/fault.h"
#include "base/wakeup.h"
#include "base/text/units.h"
#include "run/backfill.h"
#include "run/window.h"

enum { BATCH_MAX = 20, BATCH_US = 2000000, COUNT_US = 5000000, WAIT_MS = 200, OWNER_BYTES = 8 };
#define LEASE "10m"

struct work {
    struct session session;
    const struct tg_work_options *options;
    char owner[2 * OWNER_BYTES + 1];
    int64_t lease_us;
    size_t batch;
    int64_t counted_ticks; /* when the windows of the plan were counted; 0: never */
    struct claims claims;
    uint64_t loaded, windows;
};

/* ---- one window ---- */

static int tell(struct work *work, const struct window_claim *claim, const struct load *load,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct cursor_value lo, hi;
    char from[BOUND_SHOWN], to[BOUND_SHOWN];
    struct tg_pipeline *pipeline = work->session.pipeline;
    struct arena *arena = &work->claims.arena;
    work->loaded++;
    TRY(point_read_part(arena, claim->lo, &lo, err));
    TRY(point_read_part(arena, claim->hi, &hi, err));
    const struct tg_window_info info = {
        .run_id = work->options->run_id,
        .number = (uint64_t)claim->id,
        .resource = claim->resource,
        .from = bound_print(&lo, from),
        .to = bound_print(&hi, to),
        .load_id = load->id,
        .rows = load->resource_count > 0 ? load->resources[0].rows_new : 0,
        .seconds = (double)(context_ticks_us() - load->started_ticks) / 1e6,
        .loaded = work->loaded,
        .windows = work->windows,
    };
    context_log(&pipeline->ctx, TG_LOG_INFO, "work",
                "window %" PRIu64
                " of backfill %s (resource '%s', from %s to before %s) is loaded by "
                "load '%s': %" PRIu64 " row%s, %.2f s",
                info.number, info.run_id, info.resource, info.from, info.to, info.load_id,
                info.rows, plural(info.rows), info.seconds);
    if (work->options->window && work->options->window(work->options->user, &info) != TG_OK)
        atomic_store(&pipeline->cancel, 1);
done:
    return rc;
}

static int write_window(struct work *work, struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &work->session;
    struct write_order order = session_order(session);
    order.engine = session->engine;
    TRY(load_finish(load, err));
    package_manifest(load->package)->state_changed = false; /* it has no part in the state */
    fault_point("before_window");
    session_watch_writes(session, TG_PHASE_WRITE);
    TRY(destination_write(&session->destination, package_path(load->package),
                          package_manifest(load->package), &order, &load->written, err));
    fault_point("after_window");
    schema_file_export(session, package_manifest(load->package));
done:
    session_leave_writes(session);
    return rc;
}

static int load_window(struct work *work, const struct window_claim *claim, struct tg_error *err)
{
    int rc = TG_OK;
    struct load load;
    struct session *session = &work->session;
    const struct claimed_window claimed = {claim, work->options->run_id, work->owner};
    load_init(&load, session);
    session->restored_us = context_now_us(&session->pipeline->ctx);
    TRY(window_claim(session, &claimed, err));
    TRY(load_begin(&load, err));
    TRY(load_extract(&load, err));
    TRY(write_window(work, &load, err));
    TRY(tell(work, claim, &load, err));
done:
    load_end(&load, rc);
    window_unbind(session);
    if (rc != TG_OK || work->batch == 1)
        destination_close(&session->destination);
    return rc == TG_OK ? rc
                       : error_where(err, rc, "window %" PRId64 " of backfill %s", claim->id,
                                     work->options->run_id);
}

/* ---- batches ---- */

/* Counting takes longer than claiming where there are many. */
static bool is_count_due(const struct work *work)
{
    return work->counted_ticks == 0 || context_ticks_us() - work->counted_ticks > COUNT_US;
}

static void note_counts(struct work *work, bool counted)
{
    const struct claims *claims = &work->claims;
    if (!counted)
        return;
    work->counted_ticks = context_ticks_us();
    work->loaded = claims->loaded;
    work->windows = claims->open + claims->leased + claims->loaded;
}

/* The schema is the newest, and the ids are above those that are there. */
static int take_batch(struct work *work, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &work->session;
    struct tg_pipeline *pipeline = session->pipeline;
    const int64_t now_us = context_now_us(&pipeline->ctx);
    const struct claim_request request = {.pipeline = pipeline->config.pipeline,
                                          .run_id = work->options->run_id,
                                          .owner = work->owner,
                                          .now_us = now_us,
                                          .lease_us = work->lease_us,
                                          .most = work->batch,
                                          .counts = is_count_due(work)};
    claims_release(&work->claims);
    destination_close(&session->destination);
    TRY(config_select(&pipeline->config, pipeline->select, err));
    TRY(session_restore(session, err));
    TRY(destination_open(&session->destination, err));
    TRY(destination_claim(&session->destination, &request, &work->claims, err));
    note_counts(work, request.counts || work->claims.count == 0);
    fault_point("after_claim");
    if (work->windows == 0)
        rc = error_set(err, TG_USAGE,
                       "dataset '%s' has no backfill '%s' of pipeline '%s'; plan one with tidegate "
                       "backfill, which prints its name",
                       pipeline->config.dataset, work->options->run_id, pipeline->config.pipeline);
done:
    destination_close(&session->destination);
    return rc;
}

static void size_batch(struct work *work, int64_t took_us)
{
    int64_t each = took_us / (int64_t)work->claims.count + 1, fit = BATCH_US / each;
    work->batch = fit < 1 ? 1 : fit > BATCH_MAX ? BATCH_MAX : (size_t)fit;
}

/* Windows that are still ours go back, also when the worker is to stop. Where that fails they do
 * when their lease is over. */
static void give_back(struct work *work)
{
    struct tg_error ignored = {0};
    struct session *session = &work->session;
    struct tg_pipeline *pipeline = session->pipeline;
    const int cancelled = atomic_exchange(&pipeline->cancel, 0);
    wakeup_clear(pipeline->ctx.wakeup);
    if (destination_open(&session->destination, &ignored) == TG_OK && session->destination.state)
        (void)!destination_release(&session->destination, pipeline->config.pipeline, work->owner,
                                   &ignored);
    destination_close(&session->destination);
    if (cancelled)
        atomic_store(&pipeline->cancel, cancelled);
}

/* Who was overtaken, or has met another load, begins again with what is open. */
static int load_batch(struct work *work, struct tg_error *err)
{
    int rc = TG_OK;
    const int64_t started_us = context_ticks_us();
    for (size_t i = 0; rc == TG_OK && i < work->claims.count; i++)
        rc = load_window(work, &work->claims.items[i], err);
    if (rc == TG_OK)
        size_batch(work, context_ticks_us() - started_us);
    if (rc != TG_OK)
        give_back(work);
    if (rc != TG_CONFLICT)
        return rc;
    context_log(&work->session.pipeline->ctx, TG_LOG_INFO, "work", "%s: %s", err->where, err->what);
    error_clear(err);
    return TG_OK;
}

/* Said once, and not each time. */
static int wait_for_others(struct work *work, bool *waits, struct tg_error *err)
{
    char doing[100];
    struct context *ctx = &work->session.pipeline->ctx;
    snprintf(doing, sizeof(doing), "waiting for %" PRIu64 " windows that other workers have",
             work->claims.leased);
    session_watch_writes(&work->session, TG_PHASE_WRITE);
    if (!*waits)
        context_doing(ctx, "work", doing);
    *waits = true;
    session_leave_writes(&work->session);
    return context_pause(ctx, WAIT_MS, err);
}

static int work_on(struct work *work, struct tg_error *err)
{
    int rc = TG_OK;
    bool waits = false;
    const struct context *ctx = &work->session.pipeline->ctx;
    for (;;) {
        TRY(context_check(ctx, err));
        TRY(take_batch(work, err));
        waits &= work->claims.count == 0;
        if (work->claims.count > 0)
            TRY(load_batch(work, err));
        else if (work->claims.open + work->claims.leased == 0)
            break;
        else
            TRY(wait_for_others(work, &waits, err));
    }
done:
    return rc;
}

/* ---- the worker ---- */

static int name_worker(struct work *work, struct tg_pipeline *pipeline, struct buf *folder,
                       struct tg_error *err)
{
    int rc = TG_OK;
    unsigned char bytes[OWNER_BYTES];
    TRY(context_random(&pipeline->ctx, bytes, sizeof(bytes), err));
    for (size_t i = 0; i < OWNER_BYTES; i++)
        snprintf(work->owner + 2 * i, 3, "%02x", bytes[i]);
    buf_printf(folder, WORKERS_FOLDER "/%s", work->owner);
    rc = buf_check(folder, err);
done:
    return rc;
}

static int check_options(struct work *work, struct tg_pipeline *pipeline, struct tg_error *err)
{
    const char *lease = work->options->lease ? work->options->lease : LEASE;
    if (!work->options->run_id)
        return error_set(err, TG_USAGE, "a worker needs the name of the backfill");
    if (pipeline->refresh != TG_REFRESH_NONE)
        return error_set(err, TG_USAGE, "a worker refreshes nothing");
    if (!parse_duration(lease, &work->lease_us) || work->lease_us <= 0)
        return error_set(err, TG_USAGE, "a lease is a time like 30s, 10m or 2h, not '%s'", lease);
    return TG_OK;
}

int work_pipeline(struct tg_pipeline *pipeline, const struct tg_work_options *options,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct buf folder = BUF_INIT;
    struct work work = {.options = options, .batch = 1};
    struct tg_error own = {0};
    err = err ? err : &own;
    TRY(check_options(&work, pipeline, err));
    TRY(session_may_load(pipeline, err));
    TRY(name_worker(&work, pipeline, &folder, err));
    TRY(session_open_below(&work.session, pipeline, buf_string(&folder), err));
    work.session.destination.for_windows = true;
    TRY(work_on(&work, err));
done:
    rc = context_outcome(&pipeline->ctx, rc, err);
    claims_release(&work.claims);
    if (work.session.pipeline)
        session_close_apart(&work.session);
    buf_release(&folder);
    return rc;
}
