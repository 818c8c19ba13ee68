/*
 * What a source driver is told of a resource: its options, and what its cursor asks of a database.
 *
 *   config, services of the session -> resource_request -> the driver, by whoever reads or looks
 */
#include <string.h>

#include "base/text/units.h"
#include "config/spec.h"
#include "write/disposition.h"

/* What is read anew in each run has no later run to wait for. */
static bool goes_on(const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    return incremental->field_count == 1 && incremental->last_value == TG_MAX &&
           !incremental_orders_itself(incremental) &&
           incremental->end_value.kind == TG_VALUE_NONE && !resource->disposition->replaces &&
           (!resource->disposition->replaces_range || range_is_delivered(resource));
}

static struct commit_safe commit_safe(const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    const char *wait = incremental->commit_safe_wait;
    struct commit_safe out = {.applies = goes_on(resource),
                              .wanted = incremental->commit_safe,
                              .on_wait = incremental->on_commit_safe_wait};
    if (!parse_duration(wait ? wait : COMMIT_SAFE_WAIT, &out.wait_us))
        out.wait_us = 0; /* it was checked */
    return out;
}

static bool shares_commit_safe(const struct config *config, const struct resource *resource)
{
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *other = &config->resources[i];
        if (other->driver == resource->driver && strcmp(other->source, resource->source) == 0 &&
            goes_on(other) && other->incremental.commit_safe != TG_NO)
            return true;
    }
    return false;
}

struct resource_request resource_request(const struct resource *resource,
                                         const struct config *config,
                                         const struct services *services)
{
    static const struct tg_cursor no_cursor = {.path = NULL};
    return (struct resource_request){
        .source = {.services = *services,
                   .name = resource->source,
                   .folder = config->folder,
                   .values = resource->source_values,
                   .value_count = resource->source_value_count,
                   .given = resource->given,
                   .commit_safe = shares_commit_safe(config, resource)},
        .name = resource->name,
        .values = resource->resource_values,
        .value_count = resource->resource_value_count,
        .columns = resource->columns,
        .column_count = resource->column_count,
        .cursor = &no_cursor,
        .commit_safe = commit_safe(resource),
        .last_value = resource->incremental.last_value,
        .row_order = resource->incremental.row_order,
        .end_is_closed = resource->incremental.range_end_closed,
        .orders_itself = incremental_orders_itself(&resource->incremental),
        .on_missing = resource->incremental.on_cursor_value_missing,
        .read = resource->read,
        .user = resource->user,
    };
}
