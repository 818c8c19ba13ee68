/*
 * What a run would do, for programs: tg_pipeline_plan, and the accessors of struct tg_plan
 * (src/run/plan.h), which src/run/plan.c fills.
 *
 *   tg_pipeline_plan -> sized_plan -> plan_pipeline -> struct tg_plan -> tg_plan_... ->
 *   tg_plan_free
 *
 * A plan that is NULL, and an index beyond the end, are answered with nothing.
 */
#include "run/plan.h"

#include "api/sized.h"

int tg_pipeline_plan(struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                     struct tg_plan **out, struct tg_error *err)
{
    static const struct tg_plan_options none = {TG_PLAN_OPTIONS_INIT};
    struct tg_plan_options sized;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    int rc = sized_plan(&sized, options ? options : &none, err);
    if (rc != TG_OK)
        return rc;
    pipeline_begin(pipeline);
    rc = plan_pipeline(pipeline, &sized, out, err);
    hide_secrets(pipeline, err);
    return rc;
}

void tg_plan_free(struct tg_plan *plan)
{
    if (!plan)
        return;
    tg_result_free(plan->result);
    trial_release(&plan->trial);
    mem_free(plan->windows);
    arena_release(&plan->arena);
    mem_free(plan);
}

const struct tg_result *tg_plan_result(const struct tg_plan *plan)
{
    return plan ? plan->result : NULL;
}

size_t tg_plan_resource_count(const struct tg_plan *plan)
{
    return plan ? plan->resource_count : 0;
}

const struct tg_plan_resource *tg_plan_resource(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_resource_count(plan) ? &plan->resources[index] : NULL;
}

size_t tg_plan_window_count(const struct tg_plan *plan)
{
    return plan ? plan->window_count : 0;
}

const struct tg_plan_window *tg_plan_window(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_window_count(plan) ? &plan->windows[index] : NULL;
}

size_t tg_plan_pending_count(const struct tg_plan *plan)
{
    return plan ? plan->pending_count : 0;
}

const char *tg_plan_pending(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_pending_count(plan) ? plan->pending[index] : NULL;
}

size_t tg_plan_change_count(const struct tg_plan *plan)
{
    return plan ? plan->trial.change_count : 0;
}

const struct tg_plan_change *tg_plan_change(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_change_count(plan) ? &plan->trial.changes[index] : NULL;
}

size_t tg_plan_statement_count(const struct tg_plan *plan)
{
    return plan ? plan->trial.statement_count : 0;
}

const struct tg_plan_statement *tg_plan_statement(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_statement_count(plan) ? &plan->trial.statements[index] : NULL;
}

size_t tg_plan_sample_count(const struct tg_plan *plan)
{
    return plan ? plan->trial.sample_count : 0;
}

const struct tg_plan_sample *tg_plan_sample(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_sample_count(plan) ? &plan->trial.samples[index] : NULL;
}

size_t tg_plan_excess_count(const struct tg_plan *plan)
{
    return plan ? plan->trial.excess_count : 0;
}

const struct tg_plan_excess *tg_plan_excess(const struct tg_plan *plan, size_t index)
{
    return index < tg_plan_excess_count(plan) ? &plan->trial.excesses[index] : NULL;
}
