/*
 * A check: could a run start?
 *
 *   check_pipeline: describe_groups -> check_source (each selected resource: its key, opened,
 *                   not read; the visitor is told) -> the destination
 *
 * What is opened is closed again; nothing is locked, made or changed.
 */
#include "base/fs.h"
#include "duckdb/engine.h"
#include "run/inspect.h"
#include "run/session.h"
#include "write/destination.h"

struct check {
    const struct config *config;
    struct services services;
    struct sources sources;
    const struct check_visitor *visitor; /* NULL: nobody asks */
};

/* What is said of it lies in `arena`. */
static int check_source(struct check *check, const struct resource *resource, struct arena *arena,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_request request = resource_request(resource, check->config, &check->services);
    const struct tg_cursor cursor = resource_cursor(resource);
    struct page_stream *stream = NULL;
    struct resource described;
    struct source_facts facts;
    request.checks = true;
    request.cursor = &cursor;
    TRY(describe_key(resource, &request, &check->sources, arena, &described, &facts, err));
    TRY(sources_read(&check->sources, resource->driver, &request, &stream, err));
    if (check->visitor)
        TRY(check->visitor->visit(check->visitor->user, &described, &facts, err));
done:
    page_stream_close(stream);
    return rc == TG_OK ? TG_OK : error_at(err, rc, AT_RESOURCE, resource->name);
}

/* Where loads are to be sealed. */
static int check_folder(const struct config *config, struct tg_error *err)
{
    int rc = TG_OK;
    char *folder = fs_join(config->workdir, config->pipeline);
    char *lock = folder ? fs_join(folder, "lock") : NULL;
    if (!lock)
        TRY(error_nomem(err));
    TRY(fs_may_mkdirs(folder, err));
    TRY(fs_may_lock(lock, err));
done:
    mem_free(folder);
    mem_free(lock);
    return rc == TG_OK ? rc : error_where(err, rc, "pipeline '%s'", config->pipeline);
}

int check_pipeline(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct destination destination = {0};
    struct config *config = &pipeline->config;
    struct check check = {.config = config, .services.ctx = &pipeline->ctx, .visitor = visitor};
    TRY(config_select(config, pipeline->select, err));
    if (!config->destination.read_only)
        TRY(check_folder(config, err));
    TRY(engine_new(&pipeline->ctx, config->workdir, &check.services.engine, err));
    TRY(describe_groups(pipeline, &check.services, &check.sources, err));
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected)
            TRY(check_source(&check, &config->resources[i], &config->arena, err));
    TRY(destination_init(&destination, &pipeline->ctx, &config->destination, config->dataset, err));
    TRY(destination_open(&destination, err));
done:
    destination_close(&destination);
    sources_close(&check.sources);
    engine_free(check.services.engine);
    return rc;
}
