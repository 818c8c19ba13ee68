/*
 * Limits as a spec or a program says them, for all resources or for one.
 *
 *   limits_take (texts, by keys.c's table) -> limit_read (write/limit.c); what is none is said with
 *   its key: in a document, where it stands
 *
 * How those of a resource go over those of all, and what they allow, is write/limit.c's.
 */
#include <string.h>

#include "config/spec.h"

static bool find_fault(const struct limit_texts *texts, struct limits *out, enum limit_kind *kind)
{
    for (int i = 0; i < LIMIT_KINDS; i++) {
        *kind = (enum limit_kind)i;
        if (texts->text[i] && !limit_read(texts->text[i], *kind, &out->of[i]))
            return true;
    }
    return false;
}

int limits_take(const struct origin *origin, const struct limit_texts *texts, struct limits *out)
{
    enum limit_kind kind;
    char text[200];
    if (!find_fault(texts, out, &kind))
        return TG_OK;
    snprintf(text, sizeof(text), "limits.%s is %s, not '%.80s'", limit_name(kind),
             kind == LIMIT_ROWS_DELETED ? "a number of rows, or a share of them like 10%"
                                        : "a number",
             texts->text[kind]);
    if (origin->resource)
        return resource_refuse(origin, "limits", NULL, "%s", text);
    if (!origin->doc)
        return error_set(origin->err, TG_USAGE, "%s", text);
    const struct node *node = node_find(node_find(origin->node, "limits"), limit_name(kind));
    return document_problem(origin->doc, &node->place, "%s", text);
}

struct limits config_limits(const struct config *config, const char *resource)
{
    const struct resource *found = config_resource(config, resource);
    return found ? limits_over(&config->limits, &found->limits) : config->limits;
}
