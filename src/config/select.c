/*
 * Which resources are run: those that are named, and members of groups that are not known yet.
 *
 *   names ("person, click") -> config_select -> resource.selected, selected_members
 *   a group's members, once its source was asked -> config_takes_member -> config_check_selected
 */
#include <string.h>

#include "base/text/nearest.h"
#include "config/spec.h"

static bool same(const char *name, const char *other, size_t len)
{
    return strlen(name) == len && memcmp(name, other, len) == 0;
}

static bool is_named(const char *names, const char *name)
{
    size_t len;
    for (const char *at = names, *one; at && (one = next_name(&at, &len));)
        if (same(name, one, len))
            return true;
    return false;
}

static bool has_groups(const struct config *config)
{
    bool has = false;
    for (size_t i = 0; i < config->given_count; i++)
        has |= config->resources[i].is_group;
    return has;
}

static bool has_resource(const struct config *config, const char *name, size_t len)
{
    for (size_t i = 0; i < config->resource_count; i++)
        if (same(config->resources[i].name, name, len))
            return true;
    return false;
}

/* The first name that is no resource's; NULL: there is none. */
static const char *find_unknown(const struct config *config, const char *names, size_t *len)
{
    for (const char *at = names, *name; at && (name = next_name(&at, len));)
        if (!has_resource(config, name, *len))
            return name;
    return NULL;
}

static int unknown_resource(const struct config *config, const char *name, size_t len,
                            struct tg_error *err)
{
    char wanted[NEAREST_HINT_BYTES], hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = wanted};
    struct buf known = BUF_INIT;
    snprintf(wanted, sizeof(wanted), "%.*s", (int)len, name);
    for (size_t i = 0; i < config->resource_count; i++) {
        nearest_offer(&nearest, config->resources[i].name, strlen(config->resources[i].name));
        buf_printf(&known, "%s%s", i == 0 ? "; there are: " : ", ", config->resources[i].name);
    }
    int rc = error_set(err, TG_USAGE, "pipeline '%s' has no resource '%.*s' to select%s",
                       config->pipeline, (int)len, name,
                       nearest.name ? nearest_hint(&nearest, hint) : buf_string(&known));
    buf_release(&known);
    return rc;
}

int config_select(struct config *config, const char *names, struct tg_error *err)
{
    size_t len;
    const char *at = names;
    config->resource_count = config->given_count;
    const char *unknown = find_unknown(config, names, &len);
    if (unknown && !has_groups(config))
        return unknown_resource(config, unknown, len, err);
    bool all = !at || !next_name(&at, &len);
    for (size_t i = 0; i < config->resource_count; i++) {
        struct resource *resource = &config->resources[i];
        bool named = all || is_named(names, resource->name);
        resource->selected = named || (unknown && resource->is_group);
        resource->selected_members = named ? NULL : names;
    }
    return TG_OK;
}

bool config_takes_member(const struct resource *group, const char *name)
{
    return !group->selected_members || is_named(group->selected_members, name);
}

int config_check_selected(const struct config *config, const char *names, struct tg_error *err)
{
    size_t len;
    const char *unknown = find_unknown(config, names, &len);
    return unknown ? unknown_resource(config, unknown, len, err) : TG_OK;
}
