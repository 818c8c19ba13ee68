/*
 * A check: could a run start?
 *
 *   check_pipeline: describe_groups -> check_source (each selected resource: its key, opened,
 *                   not read) -> the destination
 *
 * What is opened is closed again; nothing is locked, made or changed.
 */
#include "duckdb/engine.h"
#include "run/inspect.h"
#include "run/session.h"
#include "write/destination.h"

static int check_source(const struct tg_pipeline *pipeline, const struct resource *resource,
                        const struct services *services, struct sources *sources,
                        struct arena *arena, struct tg_error *err)
{
    struct resource_request request = resource_request(resource, &pipeline->config, services);
    const struct tg_cursor cursor = resource_cursor(resource);
    struct page_stream *stream = NULL;
    request.checks = true;
    request.cursor = &cursor;
    int rc = describe_key(resource, &request, sources, arena, err);
    if (rc == TG_OK)
        rc = sources_read(sources, resource->driver, &request, &stream, err);
    page_stream_close(stream);
    return rc == TG_OK ? TG_OK : error_at(err, rc, AT_RESOURCE, resource->name);
}

int check_pipeline(struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = TG_OK;
    struct services services = {.ctx = &pipeline->ctx};
    struct destination destination = {0};
    struct sources sources = {0};
    struct config *config = &pipeline->config;
    TRY(config_select(config, pipeline->select, err));
    TRY(engine_new(&pipeline->ctx, config->workdir, &services.engine, err));
    TRY(describe_groups(pipeline, &services, &sources, err));
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected)
            TRY(check_source(pipeline, &config->resources[i], &services, &sources, &config->arena,
                             err));
    TRY(destination_init(&destination, &pipeline->ctx, &config->destination, config->dataset, err));
    TRY(destination_open(&destination, err));
done:
    destination_close(&destination);
    sources_close(&sources);
    engine_free(services.engine);
    return rc;
}
