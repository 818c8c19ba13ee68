/*
 * The functions of a pipeline: arguments are checked, structs of other versions read, secrets
 * hidden in what comes back. The work is done in run/.
 *
 *   tg_pipeline_new, tg_pipeline_open -> sized_options -> pipeline_new (run/pipeline.c)
 *   tg_pipeline_run -> run.c; tg_pipeline_undo -> undo.c; tg_pipeline_check -> plan.c;
 *   tg_pipeline_show, tg_pipeline_query, tg_pipeline_document -> inspect.c;
 *   tg_pipeline_why -> why.c
 */
#include "run/pipeline.h"

#include <string.h>

#include "api/sized.h"
#include "api/text.h"
#include "base/wakeup.h"
#include "run/backfill.h"
#include "run/inspect.h"
#include "run/plan.h"
#include "run/run.h"
#include "run/why.h"

/* ---- its life ---- */

static int new_sized(struct tg_pipeline **out, const struct pipeline_spec *spec,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    struct sized_options sized;
    int rc = sized_options(&sized, options, err);
    return rc == TG_OK ? pipeline_new(out, spec, &sized.options, err) : rc;
}

int tg_pipeline_new(struct tg_pipeline **out, const struct tg_pipeline_options *options,
                    struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(options);
    return new_sized(out, NULL, options, err);
}

static int open_spec(struct tg_pipeline **out, const struct pipeline_spec *spec,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    static const struct tg_pipeline_options none = {TG_PIPELINE_OPTIONS_INIT};
    return new_sized(out, spec, options ? options : &none, err);
}

int tg_pipeline_open(struct tg_pipeline **out, const char *spec_path,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(spec_path);
    return open_spec(out, &(struct pipeline_spec){.path = spec_path}, options, err);
}

int tg_pipeline_open_text(struct tg_pipeline **out, const char *text, const char *folder,
                          const struct tg_pipeline_options *options, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(text);
    const struct pipeline_spec spec = {
        .text = {
            .text = text, .len = strlen(text), .name = "spec", .folder = folder ? folder : "."}};
    return open_spec(out, &spec, options, err);
}

int tg_pipeline_add(struct tg_pipeline *pipeline, const struct tg_resource *resource,
                    struct tg_error *err)
{
    struct sized_resource sized;
    error_clear(err);
    NEEDS(resource);
    if (!pipeline && resource->release)
        resource->release(resource->user);
    NEEDS(pipeline);
    int rc = sized_resource(&sized, resource, err);
    if (rc == TG_OK)
        rc = config_add(&pipeline->config, &sized.resource, err);
    else if (resource->release)
        resource->release(resource->user);
    sized_resource_release(&sized);
    hide_secrets(pipeline, err);
    return rc;
}

void tg_pipeline_cancel(struct tg_pipeline *pipeline)
{
    if (!pipeline)
        return;
    atomic_store(&pipeline->cancel, 1);
    wakeup_set(pipeline->ctx.wakeup);
}

/* A stream may live on, but what the program gave is the program's again. */
void tg_pipeline_free(struct tg_pipeline *pipeline)
{
    if (!pipeline)
        return;
    pipeline->ctx.log = NULL;
    config_release_users(&pipeline->config);
    pipeline_drop(pipeline);
}

/* ---- what it does ---- */

static int called(const struct tg_pipeline *pipeline, int rc, struct tg_error *err)
{
    hide_secrets(pipeline, err);
    return rc;
}

int tg_pipeline_run(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    struct tg_result *result = NULL;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = run_pipeline(pipeline, &result, err);
    if (out)
        *out = result;
    else
        tg_result_free(result);
    return called(pipeline, rc, err);
}

int tg_pipeline_run_window(struct tg_pipeline *pipeline, const struct tg_window_options *options,
                           struct tg_result **out, struct tg_error *err)
{
    struct tg_window_options sized;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    NEEDS(options);
    int rc = sized_window(&sized, options, err);
    if (rc != TG_OK)
        return rc;
    pipeline->window = &sized;
    rc = tg_pipeline_run(pipeline, out, err);
    pipeline->window = NULL;
    return rc;
}

int tg_pipeline_plan_backfill(struct tg_pipeline *pipeline,
                              const struct tg_backfill_options *options, struct tg_backfill *out,
                              struct tg_error *err)
{
    struct tg_backfill_options sized;
    error_clear(err);
    NEEDS(out);
    *out = (struct tg_backfill){.windows = 0};
    NEEDS(pipeline);
    NEEDS(options);
    pipeline_begin(pipeline);
    int rc = sized_backfill(&sized, options, err);
    if (rc == TG_OK)
        rc = plan_backfill(pipeline, &sized, out, err);
    return called(pipeline, rc, err);
}

int tg_pipeline_work(struct tg_pipeline *pipeline, const struct tg_work_options *options,
                     struct tg_error *err)
{
    struct tg_work_options sized;
    error_clear(err);
    NEEDS(pipeline);
    NEEDS(options);
    pipeline_begin(pipeline);
    int rc = sized_work(&sized, options, err);
    if (rc == TG_OK)
        rc = work_pipeline(pipeline, &sized, err);
    return called(pipeline, rc, err);
}

int tg_pipeline_undo(struct tg_pipeline *pipeline, const struct tg_undo_options *options,
                     struct tg_result **out, struct tg_error *err)
{
    static const struct tg_undo_options none = {TG_UNDO_OPTIONS_INIT};
    struct tg_result *result = NULL;
    struct tg_undo_options sized;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = sized_undo(&sized, options ? options : &none, err);
    if (rc == TG_OK)
        rc = undo_pipeline(pipeline, &sized, &result, err);
    if (out)
        *out = result;
    else
        tg_result_free(result);
    return called(pipeline, rc, err);
}

int tg_pipeline_check(struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct ArrowArrayStream told = {0};
    int rc = tg_pipeline_check_resources(pipeline, &told, err);
    stream_release(&told);
    return rc;
}

int tg_pipeline_check_resources(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                                struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    return called(pipeline, show_checked(pipeline, out, err), err);
}

int tg_pipeline_query(struct tg_pipeline *pipeline, const char *sql, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    return tg_pipeline_query_as_of(pipeline, sql, NULL, out, err);
}

int tg_pipeline_query_as_of(struct tg_pipeline *pipeline, const char *sql, const char *as_of,
                            struct ArrowArrayStream *out, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    NEEDS(sql);
    pipeline_begin(pipeline);
    return called(pipeline, inspect_query(pipeline, sql, as_of, out, err), err);
}

int tg_pipeline_show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                     struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    return called(pipeline, inspect_show(pipeline, what, out, err), err);
}

int tg_pipeline_why(struct tg_pipeline *pipeline, const struct tg_why_options *options,
                    struct ArrowArrayStream *out, struct tg_error *err)
{
    struct tg_why_options sized;
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    NEEDS(options);
    int rc = sized_why(&sized, options, err);
    if (rc != TG_OK)
        return rc;
    NEEDS(sized.resource);
    NEEDS(sized.key);
    pipeline_begin(pipeline);
    return called(pipeline, why_pipeline(pipeline, &sized, out, err), err);
}

int tg_pipeline_document(struct tg_pipeline *pipeline, enum tg_document what, char **out,
                         struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = text_out(&text, inspect_document(pipeline, what, &text, err), out, err);
    return called(pipeline, rc, err);
}

/* ---- its words ---- */

const char *tg_pipeline_name(const struct tg_pipeline *pipeline)
{
    return pipeline ? pipeline->config.pipeline : NULL;
}

const char *tg_pipeline_destination(const struct tg_pipeline *pipeline)
{
    return pipeline ? pipeline->destination : NULL;
}

const char *tg_pipeline_dataset(const struct tg_pipeline *pipeline)
{
    return pipeline ? pipeline->config.dataset : NULL;
}

const char *tg_pipeline_environment(const struct tg_pipeline *pipeline)
{
    return pipeline ? pipeline->config.environment : NULL;
}

const char *tg_pipeline_schema(const struct tg_pipeline *pipeline)
{
    return pipeline ? pipeline->config.schema : NULL;
}
