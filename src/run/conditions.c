/*
 * Conditions of the resources, before anything is read: are they SQL?
 *
 *   check_conditions -> parse: source_filter by the engine, which reads the rows of the load;
 *   destination_scope by the destination
 *
 * What they name is known when the load is written; then it is the statement that fails.
 */
#include <string.h>

#include "run/session.h"
#include "write/condition.h"

static int parse_by_engine(struct session *session, const char *condition, struct tg_error *err)
{
    struct tg_error problem = {0};
    struct ArrowArrayStream stream = {.release = NULL};
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT 1 WHERE 1 = 0 AND (%s)", condition);
    int rc = buf_check(&sql, err);
    if (rc == TG_OK && engine_query(session->engine, sql.data, &stream, &problem) != TG_OK &&
        strcmp(problem.sqlstate, SYNTAX_ERROR) == 0)
        rc = error_set(err, TG_SPEC, "%s", problem.what);
    if (stream.release)
        stream.release(&stream);
    buf_release(&sql);
    return rc;
}

static int check_condition(struct session *session, const struct resource *resource,
                           const char *option, const char *text, struct tg_error *err)
{
    static const struct condition_names names = {"_tidegate_table", "_tidegate_rows"};
    struct buf condition = BUF_INIT;
    condition_write(&condition, text, &names);
    int rc = buf_check(&condition, err);
    if (rc == TG_OK)
        rc = text == resource->source_filter
                 ? parse_by_engine(session, condition.data, err)
                 : destination_parse(&session->destination, condition.data, err);
    buf_release(&condition);
    return rc == TG_OK ? rc : error_where(err, rc, "%s", option);
}

int check_conditions(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &session->pipeline->config;
    for (size_t i = 0; i < config->resource_count && rc == TG_OK; i++) {
        const struct resource *resource = &config->resources[i];
        if (resource->selected && resource->source_filter)
            rc = check_condition(session, resource, "source_filter", resource->source_filter, err);
        if (rc == TG_OK && resource->selected && resource->destination_scope)
            rc = check_condition(session, resource, "destination_scope",
                                 resource->destination_scope, err);
        if (rc != TG_OK)
            rc = error_at(err, rc, AT_RESOURCE, resource->name);
    }
    return rc;
}
