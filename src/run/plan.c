/*
 * A plan: what a run would do, and nothing of it.
 *
 *   plan_pipeline -> look: session_look -> look_at_range, of a window -> outlook_resources (a
 *                    manifest that is made up) -> destination_outline
 *                 -> try_rows: session_open (lock) -> session_restore_alone -> load_begin
 *                    -> load_extract -> load_finish -> load_try (all statements, then a rollback)
 *   plan_check    -> look, with check_sources, fields_check, and rights at the destination
 *
 * With rows it is the way of a run up to the seal, which does not come: so a plan that is killed
 * leaves what a run leaves that is killed while it reads. State and catalog are the session's
 * copies, which go with it.
 */
#include "run/plan.h"

#include "run/inspect.h"
#include "run/result.h"
#include "run/window.h"

enum { SAMPLES_DEFAULT = 5 };

static struct tg_plan *plan_new(const struct tg_plan_options *options)
{
    struct tg_plan *plan = mem_calloc(1, sizeof(*plan));
    if (!plan)
        return NULL;
    int samples = options->samples == 0 ? SAMPLES_DEFAULT : options->samples;
    arena_init(&plan->arena);
    trial_init(&plan->trial, samples > 0 ? (size_t)samples : 0);
    return plan;
}

/* What a backfill has in the range goes into many loads; their tables are those of one. */
static int look_at_range(struct tg_plan *plan, struct session *session,
                         const struct tg_plan_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    if (!session->pipeline->window)
        return TG_OK;
    TRY(backfill_outlook(session, options, plan, err));
    TRY(window_bind(session, err));
done:
    return rc;
}

/* Of a check: with what the session has open. */
static int look_at_sources(const struct tg_plan *plan, struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = load->session;
    struct tg_pipeline *pipeline = session->pipeline;
    const struct services services = {&pipeline->ctx, session->engine};
    TRY(check_sources(&pipeline->config, &services, &session->sources, plan->visitor, err));
    TRY(fields_check(load, err));
done:
    return rc;
}

static int look(struct tg_plan *plan, struct session *session, struct load *load,
                struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest manifest;
    manifest_init(&manifest);
    TRY(session_look(session, pipeline, err));
    TRY(look_at_range(plan, session, options, err));
    TRY(settle_pending(session, &plan->arena, &plan->pending, &plan->pending_count, err));
    TRY(load_begin(load, err));
    if (load->is_look)
        TRY(look_at_sources(plan, load, err));
    TRY(refresh_mark(session, &manifest, err));
    TRY(outlook_resources(session, plan, &manifest, err));
    TRY(load_describe(load, &manifest, err));
    struct write_order order = session_order(session);
    order.trial = &plan->trial;
    order.checks_rights = load->is_look;
    TRY(destination_outline(&session->destination, &manifest, &order, err));
done:
    manifest_release(&manifest);
    return rc;
}

static int try_rows(struct tg_plan *plan, struct session *session, struct load *load,
                    struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                    struct tg_error *err)
{
    int rc = TG_OK;
    TRY(session_open(session, pipeline, err));
    TRY(session_restore_alone(session, err));
    TRY(look_at_range(plan, session, options, err));
    TRY(outlook_resources(session, plan, NULL, err));
    TRY(load_begin(load, err));
    TRY(refresh_enter(load, err));
    TRY(origin_enter(load, err));
    session_end_phase(session, TG_PHASE_SETTLE);
    TRY(load_extract(load, err));
    session_end_phase(session, TG_PHASE_EXTRACT);
    if (load->package)
        TRY(load_finish(load, err)); /* it enters tables of which the result has counts */
    TRY(result_prepare(load, &plan->result, err));
    if (load->package)
        TRY(load_try(load, &plan->trial, err));
    session_end_phase(session, TG_PHASE_WRITE);
    result_complete(load, plan->result);
    plan->result->load_id = "";
    session_progress(session, TG_PHASE_DONE, NULL, NULL, true);
done:
    return rc;
}

/* In a check: with the first rows, from which the tables are known that a run would make. */
static int look_at_rows(struct tg_plan *plan, struct session *session, struct load *load,
                        struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                        struct tg_error *err)
{
    load->is_look = true;
    return look(plan, session, load, pipeline, options, err);
}

typedef int plan_fn(struct tg_plan *plan, struct session *session, struct load *load,
                    struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                    struct tg_error *err);

static int make_plan(struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                     const struct check_visitor *visitor, plan_fn *make, struct tg_plan **out,
                     struct tg_error *err)
{
    struct session session = {0};
    struct load load;
    const struct tg_window_options asked = {TG_WINDOW_OPTIONS_INIT,
                                            .from = options->from,
                                            .to = options->to,
                                            .timezone = options->timezone,
                                            .again = options->again || options->window,
                                            .skip_loaded = options->skip_loaded};
    struct tg_plan *plan = plan_new(options);
    if (!plan)
        return error_nomem(err);
    plan->visitor = visitor;
    pipeline->window = options->from || options->to || options->window ? &asked : NULL;
    load_init(&load, &session);
    load.is_trial = true;
    int rc = make(plan, &session, &load, pipeline, options, err);
    rc = context_outcome(&pipeline->ctx, rc, err);
    load_end(&load, rc);
    session_close(&session);
    pipeline->window = NULL;
    if (rc == TG_OK)
        *out = plan;
    else
        tg_plan_free(plan);
    return rc;
}

int plan_pipeline(struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                  struct tg_plan **out, struct tg_error *err)
{
    if (options->window && options->rows)
        return error_set(err, TG_USAGE,
                         "a backfill writes many loads, and rows are tried in one; leave out the "
                         "window's length, or the rows");
    return make_plan(pipeline, options, NULL, options->rows ? try_rows : look, out, err);
}

int plan_check(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
               struct tg_error *err)
{
    const struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT};
    struct tg_plan *plan = NULL;
    int rc = check_folder(&pipeline->config, err);
    if (rc == TG_OK)
        rc = make_plan(pipeline, &options, visitor, look_at_rows, &plan, err);
    tg_plan_free(plan);
    return rc;
}
