/*
 * The inside of a pipeline: made of what options, or a spec and options, say; shared by the program
 * and the streams that it was given.
 *
 *   pipeline_new: pipeline_alloc -> config_init | config_read | config_read_text -> apply_options
 *
 * What a run does is in run.c, looking in inspect.c, checking in check.c.
 */
#include "run/pipeline.h"

#include <unistd.h>

#include "base/memory.h"
#include "base/wakeup.h"
#include "duckdb/engine.h"

enum { MEMORY_BYTES_DEFAULT = 256 << 20, THREADS_MAX = 8 };

static int pick_threads(int wanted)
{
    if (wanted > 0)
        return wanted;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (int)cores;
}

static int pipeline_alloc(struct tg_pipeline **out, struct tg_error *err)
{
    struct tg_pipeline *pipeline = *out = mem_calloc(1, sizeof(*pipeline));
    if (!pipeline)
        return error_nomem(err);
    atomic_init(&pipeline->shares, 1);
    context_init(&pipeline->ctx);
    pipeline->ctx.cancel = &pipeline->cancel;
    warnings_init(&pipeline->warnings);
    pipeline->ctx.warnings = &pipeline->warnings;
    pipeline->ctx.secrets = &pipeline->config.secrets;
    return wakeup_open(&pipeline->ctx.wakeup, err);
}

/* The destination as it may be shown and stored. */
static int keep_destination(struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct config *config = &pipeline->config;
    struct buf shown = BUF_INIT;
    redact(&config->secrets, config->destination.url, &shown);
    int rc = buf_check(&shown, err);
    pipeline->destination = rc == TG_OK ? arena_strdup(&config->arena, buf_string(&shown)) : NULL;
    if (rc == TG_OK && !pipeline->destination)
        rc = error_nomem(err);
    buf_release(&shown);
    return rc;
}

static int apply_options(struct tg_pipeline *pipeline, const struct tg_pipeline_options *options,
                         struct tg_error *err)
{
    struct config *config = &pipeline->config;
    struct context *ctx = &pipeline->ctx;
    ctx->scratch = options->scratch_connection ? &config->scratch : NULL;
    ctx->memory_bytes_max = config->memory_bytes ? config->memory_bytes : MEMORY_BYTES_DEFAULT;
    ctx->engine_path = config->engine_path;
    ctx->variable = config_variable;
    ctx->storage_version = config->storage_version;
    ctx->threads = pick_threads(options->threads);
    ctx->user = options->user;
    ctx->log = options->log;
    if (options->clock_us)
        ctx->clock_us = options->clock_us;
    if (options->random)
        ctx->random = options->random;
    config->destination.read_only = options->read_only != 0;
    pipeline->refresh = options->full_refresh ? TG_REFRESH_DROP_DATA : options->refresh;
    pipeline->accept_limits = options->accept_limits;
    pipeline->accept = options->accept;
    pipeline->turns = options->turns > 0 ? (size_t)options->turns : 0;
    pipeline->user = options->user;
    pipeline->progress = options->progress;
    /* Resources may still be added: the names are looked up when a call needs them. */
    pipeline->select = arena_strdup(&config->arena, options->select);
    return options->select && !pipeline->select ? error_nomem(err) : TG_OK;
}

static int check_scratch(const struct context *ctx, struct tg_error *err)
{
    return ctx->scratch ? engine_check_given(ctx->scratch, err) : TG_OK;
}

static int check_refresh(const struct tg_pipeline_options *options, struct tg_error *err)
{
    if ((int)options->refresh < TG_REFRESH_NONE || options->refresh > TG_REFRESH_DROP_DATA)
        return error_set(err, TG_USAGE,
                         "refresh of struct tg_pipeline_options is %d, which is "
                         "none of its values",
                         (int)options->refresh);
    if (options->full_refresh && options->refresh != TG_REFRESH_NONE)
        return error_set(err, TG_USAGE,
                         "full_refresh and refresh exclude each other: the first is drop_data");
    return TG_OK;
}

static int check_turns(const struct tg_pipeline_options *options, struct tg_error *err)
{
    return options->turns >= 0
               ? TG_OK
               : error_set(err, TG_USAGE,
                           "turns of struct tg_pipeline_options is %d; it is a number "
                           "of resources, or 0",
                           options->turns);
}

static int read_config(struct config *config, const struct pipeline_spec *spec,
                       const struct tg_pipeline_options *options, struct tg_error *err)
{
    if (!spec)
        return config_init(config, options, err);
    return spec->path ? config_read(config, spec->path, options, err)
                      : config_read_text(config, &spec->text, options, err);
}

int pipeline_new(struct tg_pipeline **out, const struct pipeline_spec *spec,
                 const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(pipeline_alloc(out, err));
    TRY(check_refresh(options, err));
    TRY(check_turns(options, err));
    TRY(read_config(&(*out)->config, spec, options, err));
    TRY(keep_destination(*out, err));
    TRY(apply_options(*out, options, err));
    TRY(check_scratch(&(*out)->ctx, err));
    config_keep_connections(&(*out)->config, options);
done:
    if (rc != TG_OK) {
        hide_secrets(*out, err);
        pipeline_drop(*out);
        *out = NULL;
    }
    return rc;
}

void hide_secrets(const struct tg_pipeline *pipeline, struct tg_error *err)
{
    redact_error(pipeline ? &pipeline->config.secrets : NULL, err);
}

void pipeline_begin(struct tg_pipeline *pipeline)
{
    atomic_store(&pipeline->cancel, 0);
    wakeup_clear(pipeline->ctx.wakeup);
    warnings_clear(&pipeline->warnings);
}

void pipeline_keep(struct tg_pipeline *pipeline)
{
    atomic_fetch_add(&pipeline->shares, 1);
}

void pipeline_drop(struct tg_pipeline *pipeline)
{
    if (!pipeline || atomic_fetch_sub(&pipeline->shares, 1) > 1)
        return;
    config_release(&pipeline->config);
    warnings_release(&pipeline->warnings);
    wakeup_close(pipeline->ctx.wakeup);
    mem_free(pipeline);
}
