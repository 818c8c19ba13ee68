/*
 * Do sources and destination open?
 *
 *   check_pipeline: check_folder -> describe_groups -> check_sources -> the destination
 *   check_sources: each selected resource: its key, opened, not read; the visitor is told. Of a
 *   whole check (plan_check) by the sources that its session has open.
 *
 * What is opened is closed again; nothing is locked, made or changed.
 */
#include "base/fs.h"
#include "duckdb/engine.h"
#include "run/inspect.h"
#include "run/session.h"
#include "write/destination.h"

/* What is said of it lies in the config's arena. */
static int check_source(struct config *config, const struct services *services,
                        struct sources *sources, const struct resource *resource,
                        const struct check_visitor *visitor, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_request request = resource_request(resource, config, services);
    const struct tg_cursor cursor = resource_cursor(resource);
    struct page_stream *stream = NULL;
    struct resource described;
    struct source_facts facts;
    request.checks = true;
    request.cursor = &cursor;
    TRY(describe_key(resource, &request, sources, &config->arena, &described, &facts, err));
    TRY(sources_read(sources, resource->driver, &request, &stream, err));
    TRY(visitor->visit(visitor->user, &described, &facts, err));
done:
    page_stream_close(stream);
    return rc == TG_OK ? TG_OK : error_at(err, rc, AT_RESOURCE, resource->name);
}

int check_sources(struct config *config, const struct services *services, struct sources *sources,
                  const struct check_visitor *visitor, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected)
            TRY(check_source(config, services, sources, &config->resources[i], visitor, err));
done:
    return rc;
}

int check_folder(const struct config *config, struct tg_error *err)
{
    int rc = TG_OK;
    char *folder = fs_join(config->workdir, config->pipeline);
    char *lock = folder ? fs_join(folder, "lock") : NULL;
    if (!lock)
        TRY(error_nomem(err));
    if (config->destination.read_only)
        goto done;
    TRY(fs_may_mkdirs(folder, err));
    TRY(fs_may_lock(lock, err));
done:
    mem_free(folder);
    mem_free(lock);
    return rc == TG_OK ? rc : session_blame_folder(config, rc, err);
}

int check_pipeline(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct destination destination = {0};
    struct config *config = &pipeline->config;
    struct services services = {.ctx = &pipeline->ctx};
    struct sources sources = {0};
    TRY(config_select(config, pipeline->select, err));
    TRY(check_folder(config, err));
    TRY(engine_new(&pipeline->ctx, config->workdir, &services.engine, err));
    TRY(describe_groups(pipeline, &services, &sources, err));
    TRY(check_sources(config, &services, &sources, visitor, err));
    TRY(destination_init(&destination, &pipeline->ctx, &config->destination, config->dataset, err));
    TRY(destination_open(&destination, err));
done:
    destination_close(&destination);
    sources_close(&sources);
    engine_free(services.engine);
    return rc;
}
