/*
 * A run in steps, for programs: tg_pipeline_extract, tg_pipeline_extract_window, tg_pipeline_write,
 * tg_pipeline_drop_packages, and what a result says of its package.
 *
 *   tg_pipeline_extract, ..._window -> extract_pipeline (run/run.c); the other two -> run/deliver.c
 *
 * A result that is NULL is answered with nothing.
 */
#include "run/run.h"

#include "api/sized.h"
#include "api/text.h"
#include "run/result.h"

/* To the program, or nobody. */
static void give(struct tg_result *result, struct tg_result **out)
{
    if (out)
        *out = result;
    else
        tg_result_free(result);
}

int tg_pipeline_extract(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    struct tg_result *result = NULL;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = extract_pipeline(pipeline, &result, err);
    give(result, out);
    hide_secrets(pipeline, err);
    return rc;
}

int tg_pipeline_extract_window(struct tg_pipeline *pipeline,
                               const struct tg_window_options *options, struct tg_result **out,
                               struct tg_error *err)
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
    rc = tg_pipeline_extract(pipeline, out, err);
    pipeline->window = NULL;
    return rc;
}

int tg_pipeline_write(struct tg_pipeline *pipeline, const char *load_id, struct tg_result **out,
                      struct tg_error *err)
{
    struct tg_result *result = NULL;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = write_pipeline(pipeline, load_id, &result, err);
    give(result, out);
    hide_secrets(pipeline, err);
    return rc;
}

int tg_pipeline_drop_packages(struct tg_pipeline *pipeline, const char *load_id, size_t *count,
                              struct tg_error *err)
{
    size_t dropped = 0;
    error_clear(err);
    if (count)
        *count = 0;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = drop_packages(pipeline, load_id, &dropped, err);
    if (count)
        *count = dropped;
    hide_secrets(pipeline, err);
    return rc;
}

const char *tg_result_package(const struct tg_result *result)
{
    return result ? result->package : "";
}

const char *tg_result_schema_hash(const struct tg_result *result)
{
    return result ? result->schema_hash : "";
}

int64_t tg_result_schema_version(const struct tg_result *result)
{
    return result ? result->schema_version : 0;
}

bool tg_result_state_changed(const struct tg_result *result)
{
    return result && result->state_changed;
}
