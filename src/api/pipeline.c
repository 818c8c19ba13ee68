/*
 * The life of a pipeline: made from options or from a spec, given resources, checked, cancelled,
 * freed. What a run does is in run.c, looking is in inspect.c.
 *
 *   tg_pipeline_new  -> sized_options -> config_init  \
 *   tg_pipeline_open -> config_read   > struct config -> run_pipeline (run.c)
 *   tg_pipeline_add  -> config_add   /
 */
#include "run/run.h"

#include <string.h>
#include <unistd.h>

#include "api/sized.h"
#include "base/memory.h"
#include "base/wakeup.h"
#include "write/destination.h"

enum { MEMORY_BYTES_DEFAULT = 256 << 20, THREADS_MAX = 8 };

static int pick_threads(int wanted)
{
    if (wanted > 0)
        return wanted;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (int)cores;
}

static int apply_options(struct tg_pipeline *pipeline, const struct tg_pipeline_options *options,
                         struct tg_error *err)
{
    struct context *ctx = &pipeline->ctx;
    ctx->memory_bytes_max = options->memory_bytes ? options->memory_bytes : MEMORY_BYTES_DEFAULT;
    if (ctx->memory_bytes_max < MEMORY_BYTES_MIN)
        return error_set(err, TG_USAGE,
                         "a memory budget of %zu bytes is too small; give at least 64MiB",
                         ctx->memory_bytes_max);
    ctx->threads = pick_threads(options->threads);
    ctx->user = options->user;
    ctx->log = options->log;
    if (options->clock_us)
        ctx->clock_us = options->clock_us;
    if (options->random)
        ctx->random = options->random;
    pipeline->full_refresh = options->full_refresh;
    pipeline->user = options->user;
    pipeline->progress = options->progress;
    return TG_OK;
}

static int pipeline_alloc(struct tg_pipeline **out, struct tg_error *err)
{
    *out = NULL;
    struct tg_pipeline *pipeline = mem_calloc(1, sizeof(*pipeline));
    if (!pipeline)
        return error_nomem(err);
    atomic_init(&pipeline->shares, 1);
    context_init(&pipeline->ctx);
    pipeline->ctx.cancel = &pipeline->cancel;
    warnings_init(&pipeline->warnings);
    pipeline->ctx.warnings = &pipeline->warnings;
    pipeline->ctx.secrets = &pipeline->config.secrets;
    *out = pipeline;
    return wakeup_open(&pipeline->ctx.wakeup, err);
}

/* The destination as it may be shown and stored. */
static int keep_destination(struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct config *config = &pipeline->config;
    struct buf shown = BUF_INIT;
    redact(&config->secrets, config->destination, &shown);
    int rc = buf_check(&shown, err);
    pipeline->destination = rc == TG_OK ? arena_strdup(&config->arena, buf_string(&shown)) : NULL;
    if (rc == TG_OK && !pipeline->destination)
        rc = error_nomem(err);
    buf_release(&shown);
    return rc;
}

/* Resources may still be added: the names are looked up when a call needs them. */
static int keep_select(struct tg_pipeline *pipeline, const struct tg_pipeline_options *options,
                       struct tg_error *err)
{
    if (!options->select)
        return TG_OK;
    pipeline->select = arena_strdup(&pipeline->config.arena, options->select);
    return pipeline->select ? TG_OK : error_nomem(err);
}

void hide_secrets(const struct tg_pipeline *pipeline, struct tg_error *err)
{
    redact_error(pipeline ? &pipeline->config.secrets : NULL, err);
}

/* What options and config have given; a pipeline that could not be made is freed. */
static int pipeline_made(struct tg_pipeline **out, int rc,
                         const struct tg_pipeline_options *options, struct tg_error *err)
{
    struct tg_pipeline *pipeline = *out;
    TRY(rc);
    if (!options->memory_bytes && pipeline->config.memory_bytes)
        pipeline->ctx.memory_bytes_max = pipeline->config.memory_bytes;
    pipeline->ctx.engine_path = pipeline->config.engine_path;
    pipeline->ctx.storage_version = pipeline->config.storage_version;
    TRY(keep_destination(pipeline, err));
    TRY(keep_select(pipeline, options, err));
done:
    if (rc != TG_OK) {
        hide_secrets(pipeline, err);
        tg_pipeline_free(pipeline);
        *out = NULL;
    }
    return rc;
}

int tg_pipeline_new(struct tg_pipeline **out, const struct tg_pipeline_options *options,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct sized_options sized;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(options);
    TRY(sized_options(&sized, options, err));
    TRY(pipeline_alloc(out, err));
    TRY(apply_options(*out, &sized.options, err));
    TRY(config_init(&(*out)->config, &sized.options, err));
done:
    return pipeline_made(out, rc, &sized.options, err);
}

/* From a file, or from a text that was read before. */
static int open_spec(struct tg_pipeline **out, const char *path, const struct spec_text *spec,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    static const struct tg_pipeline_options none = {TG_PIPELINE_OPTIONS_INIT};
    struct sized_options sized;
    TRY(sized_options(&sized, options ? options : &none, err));
    TRY(pipeline_alloc(out, err));
    TRY(apply_options(*out, &sized.options, err));
    if (spec)
        TRY(config_read_text(&(*out)->config, spec, &sized.options, err));
    else
        TRY(config_read(&(*out)->config, path, &sized.options, err));
done:
    return pipeline_made(out, rc, &sized.options, err);
}

int tg_pipeline_open(struct tg_pipeline **out, const char *spec_path,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(spec_path);
    return open_spec(out, spec_path, NULL, options, err);
}

int tg_pipeline_open_text(struct tg_pipeline **out, const char *text, const char *folder,
                          const struct tg_pipeline_options *options, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(text);
    const struct spec_text spec = {
        .text = text, .len = strlen(text), .name = "spec", .folder = folder ? folder : "."};
    return open_spec(out, NULL, &spec, options, err);
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

void pipeline_begin(struct tg_pipeline *pipeline)
{
    atomic_store(&pipeline->cancel, 0);
    wakeup_clear(pipeline->ctx.wakeup);
    warnings_clear(&pipeline->warnings);
}

int tg_pipeline_run(struct tg_pipeline *pipeline, struct tg_result **out, struct tg_error *err)
{
    struct tg_result *result = NULL;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    int rc = run_pipeline(pipeline, &result, err);
    if (out)
        *out = result;
    else
        tg_result_free(result);
    return rc;
}

static int check_resource(struct tg_pipeline *pipeline, const struct resource *resource,
                          struct engine *engine, struct sources *sources, struct tg_error *err)
{
    const struct services services = {&pipeline->ctx, engine};
    struct resource_request request = resource_request(resource, &pipeline->config, &services);
    struct page_stream *stream = NULL;
    request.checks = true;
    int rc = sources_read(sources, resource->driver, &request, &stream, err);
    page_stream_close(stream);
    return rc == TG_OK ? TG_OK : error_at(err, rc, AT_RESOURCE, resource->name);
}

int tg_pipeline_check(struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    struct engine *engine = NULL;
    struct destination destination = {0};
    struct sources sources = {0};
    error_clear(err);
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    struct config *config = &pipeline->config;
    TRY(config_select(config, pipeline->select, err));
    TRY(engine_new(&pipeline->ctx, config->workdir, &engine, err));
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected)
            TRY(check_resource(pipeline, &config->resources[i], engine, &sources, err));
    TRY(destination_init(&destination, &pipeline->ctx, config->destination, config->dataset, err));
    TRY(destination_open(&destination, err));
done:
    destination_close(&destination);
    sources_close(&sources);
    engine_free(engine);
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

void pipeline_keep(struct tg_pipeline *pipeline)
{
    atomic_fetch_add(&pipeline->shares, 1);
}

void pipeline_drop(struct tg_pipeline *pipeline)
{
    if (atomic_fetch_sub(&pipeline->shares, 1) > 1)
        return;
    config_release(&pipeline->config);
    warnings_release(&pipeline->warnings);
    wakeup_close(pipeline->ctx.wakeup);
    mem_free(pipeline);
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
