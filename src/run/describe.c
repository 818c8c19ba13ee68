/*
 * What sources say beforehand: which resources a group stands for, and what they know of a resource
 * before it is read.
 *
 *   describe_groups (each selected group) -> sources_list -> config_add_member (those selected)
 *   describe_resource -> sources_describe -> take_key, take_columns -> check_key
 *   describe_key      -> the same without columns, for a check
 *
 * A source's word is the last one: the resource's own goes before it, and a column whose type the
 * catalog knows stays as it is, so that what changes at the source comes with the data and by the
 * contract, as from other sources.
 */
#include <stdio.h>
#include <string.h>

#include "run/session.h"
#include "write/disposition.h"

/* ---- groups ---- */

static int add_members(struct config *config, size_t group, const struct services *services,
                       struct sources *sources, struct tg_error *err)
{
    int rc = TG_OK;
    struct source_members members;
    const struct resource *resource = &config->resources[group];
    const struct resource_request request = resource_request(resource, config, services);
    TRY(sources_list(sources, resource->driver, &request, &config->arena, &members, err));
    for (size_t i = 0; i < members.count; i++)
        if (config_takes_member(&config->resources[group], members.names[i]))
            TRY(config_add_member(config, &config->resources[group], members.names[i], err));
    config->resources[group].selected = false;
done:
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, config->resources[group].name);
}

int describe_groups(struct tg_pipeline *pipeline, const struct services *services,
                    struct sources *sources, struct tg_error *err)
{
    int rc = TG_OK;
    struct config *config = &pipeline->config;
    for (size_t i = 0; i < config->given_count; i++)
        if (config->resources[i].selected && config->resources[i].is_group)
            TRY(add_members(config, i, services, sources, err));
    rc = config_check_selected(config, pipeline->select, err);
done:
    return rc;
}

/* ---- what is known of a resource ---- */

static struct tg_column *find_column(struct resource *resource, const char *name)
{
    for (size_t i = 0; i < resource->column_count; i++)
        if (strcmp(resource->columns[i].name, name) == 0)
            return &resource->columns[i];
    return NULL;
}

static void take_key(struct resource *resource, const struct source_facts *facts)
{
    if (resource->primary_key_count > 0)
        return;
    resource->primary_key = facts->primary_key;
    resource->primary_key_count = facts->primary_key_count;
    resource->primary_key_is_list = true; /* as dlt's sql_database has it */
}

/* Is the column there already, with a type? */
static int is_typed(struct session *session, const struct table *table, const char *name, bool *out,
                    struct tg_error *err)
{
    const char *normal = NULL;
    int rc = session_name(session, name, &normal, err);
    const struct table_column *column = rc == TG_OK && table ? table_find(table, normal) : NULL;
    *out = column && column->spec.type != TYPE_NONE;
    return rc;
}

static void take_column(struct tg_column *column, const struct tg_column *fact)
{
    if (!column->data_type && column->precision == 0 && column->scale == 0) {
        column->data_type = fact->data_type;
        column->precision = fact->precision;
        column->scale = fact->scale;
        if (column->timezone == TG_DEFAULT)
            column->timezone = fact->timezone;
    }
    if (column->nullable == TG_DEFAULT)
        column->nullable = fact->nullable;
}

static int take_columns(struct session *session, struct resource *resource,
                        const struct source_facts *facts, struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = NULL;
    const struct tg_column *given = resource->columns;
    size_t count = resource->column_count;
    resource->columns = arena_alloc(&session->catalog.arena,
                                    (count + facts->column_count + 1) * sizeof(*resource->columns));
    if (!resource->columns)
        return error_nomem(err);
    if (count > 0)
        memcpy(resource->columns, given, count * sizeof(*given));
    TRY(root_table_name(session, resource, &name, err));
    const struct table *table = catalog_find(&session->catalog, name);
    for (size_t i = 0; i < facts->column_count; i++) {
        const struct tg_column *fact = &facts->columns[i];
        struct tg_column *column = find_column(resource, fact->name);
        bool typed;
        TRY(is_typed(session, table, fact->name, &typed, err));
        if (typed)
            continue;
        if (column)
            take_column(column, fact);
        else
            resource->columns[resource->column_count++] = *fact;
    }
done:
    return rc;
}

/* What the config could not know: the source was to say it. */
static int check_key(const struct resource *resource, const struct resource_request *request,
                     struct tg_error *err)
{
    char shown[200] = "it";
    const char *member = resource->driver->member;
    const char *name = member ? option_text(request->values, request->value_count, member) : NULL;
    if (name)
        snprintf(shown, sizeof(shown), "%s '%.150s'", member, name);
    bool has_key = disposition_knows_old(resource);
    if (disposition_needs_primary(resource) && resource->primary_key_count == 0)
        return error_set(err, TG_SPEC,
                         "%s needs a primary_key, and at the source %s has none; set primary_key",
                         disposition_asks(resource), shown);
    if (resource->disposition->needs_key && !has_key && !resource->append_on_missing_key)
        return error_set(
            err, TG_SPEC,
            "%s needs a primary_key or a merge_key (or on_missing_key: append), and at "
            "the source %s has none; set primary_key",
            disposition_name(resource->disposition), shown);
    if (resource->deletes.detect != TG_DETECT_NONE && resource->primary_key_count == 0)
        return error_set(err, TG_SPEC,
                         "deletes needs a primary_key, and at the source %s has none; set "
                         "primary_key",
                         shown);
    if (resource->disposition->keeps_history && resource->source_filter && !has_key)
        return error_set(err, TG_SPEC,
                         "source_filter with %s needs a primary_key, and at the source %s has "
                         "none; set primary_key",
                         disposition_name(resource->disposition), shown);
    if (resource->row_ids == TG_ROW_IDS_KEY && resource->primary_key_count == 0)
        return error_set(err, TG_SPEC,
                         "row_ids: key needs a primary_key, and at the source %s has none; set "
                         "primary_key",
                         shown);
    return TG_OK;
}

int describe_key(const struct resource *resource, const struct resource_request *request,
                 struct sources *sources, struct arena *arena, struct resource *out,
                 struct source_facts *facts, struct tg_error *err)
{
    int rc = TG_OK;
    *out = *resource;
    *facts = (struct source_facts){0};
    if (!resource->driver->describe)
        return TG_OK;
    TRY(sources_describe(sources, resource->driver, request, arena, facts, err));
    take_key(out, facts);
    rc = check_key(out, request, err);
done:
    return rc;
}

int describe_resource(struct session *session, const struct resource *resource,
                      const struct resource **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct source_facts facts;
    struct arena *arena = &session->catalog.arena;
    const struct services services = {&session->pipeline->ctx, session->engine};
    const struct tg_cursor cursor = resource_cursor(resource);
    struct resource_request request =
        resource_request(resource, &session->pipeline->config, &services);
    *out = resource;
    request.cursor = &cursor;
    if (!resource->driver->describe)
        return TG_OK;
    struct resource *described = arena_alloc(arena, sizeof(*described));
    if (!described)
        return error_nomem(err);
    *described = *resource;
    TRY(sources_describe(&session->sources, resource->driver, &request, arena, &facts, err));
    take_key(described, &facts);
    TRY(take_columns(session, described, &facts, err));
    TRY(check_key(described, &request, err));
    *out = described;
done:
    return rc;
}
