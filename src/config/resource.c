/*
 * Resources, and the ways they get into a config.
 *
 *   spec.c (YAML) ------------------------------> resource_add: set_table_key -> resource_check
 *   config_add (struct tg_resource of the C API) /              -> check_table -> push_resource
 *   config_add_member (a table that a group turns out to have) -> check_table -> push_resource
 *
 * What does not go together in one is check.c's, which ones are run select.c's, what a source is
 * asked for them request.c's.
 */
#include <string.h>
#include <strings.h>

#include "config/spec.h"
#include "write/destination.h"
#include "write/disposition.h"

/* ---- resources of a config ---- */

/* Databases take names that differ only in case for one. */
static bool starts_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

static const char *option_of(const struct resource *resource, const char *name)
{
    return name ? option_text(resource->resource_values, resource->resource_value_count, name)
                : NULL;
}

/* Against those before it: two resources in one table would replace each other's rows. */
static int check_table(const struct origin *origin, const struct config *config,
                       const struct resource *resource)
{
    if (resource->is_group && strcmp(resource->table_name, resource->name) != 0)
        return resource_refuse(
            origin, "table_name", NULL,
            "'%s' stands for several tables, which cannot be loaded into one; leave out "
            "table_name",
            resource->driver->group);
    if (resource->is_group && option_of(resource, resource->driver->member))
        return resource_refuse(origin, resource->driver->group, NULL,
                               "'%s' and '%s' exclude each other", resource->driver->member,
                               resource->driver->group);
    if (resource->is_group || resource->no_table)
        return TG_OK;
    if (starts_with(resource->table_key, "_dlt_") || starts_with(resource->table_key, "_tidegate_"))
        return resource_refuse(
            origin, "table_name", NULL,
            "tables '_dlt_*' and '_tidegate_*' are the system's; set another table_name");
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *other = &config->resources[i];
        if (!other->is_group && !other->no_table &&
            strcasecmp(other->table_key, resource->table_key) == 0)
            return resource_refuse(origin, "table_name", NULL,
                                   "table '%s' is that of resource '%s'; set another table_name",
                                   resource->table_key, other->name);
    }
    return TG_OK;
}

static int push_resource(struct config *config, const struct resource *resource,
                         struct tg_error *err)
{
    if (config->resource_count == config->resource_cap) {
        size_t cap = config->resource_cap ? 2 * config->resource_cap : 8;
        struct resource *grown = arena_alloc(&config->arena, cap * sizeof(*grown));
        if (!grown)
            return error_nomem(err);
        if (config->resource_count > 0)
            memcpy(grown, config->resources, config->resource_count * sizeof(*grown));
        config->resources = grown;
        config->resource_cap = cap;
    }
    config->resources[config->resource_count++] = *resource;
    return TG_OK;
}

/* The table's name in dlt's form, by which clashes are found. */
static int set_table_key(struct config *config, struct resource *resource, struct tg_error *err)
{
    struct destination_facts facts = {0};
    (void)!destination_check(&config->destination, NULL, &facts, NULL);
    const struct name_rules rules = {
        .bytes_max = facts.name_bytes_max,
        .naming = config->schema_config.hints.naming,
    };
    struct hasher hasher = {0};
    int rc = name_path_copy(&rules, &hasher, resource->table_name, &config->arena,
                            &resource->table_key, err);
    hasher_release(&hasher);
    return rc;
}

int resource_add(struct config *config, struct resource *resource, const struct origin *origin)
{
    int rc = TG_OK;
    config->resource_count = config->given_count;
    resource->is_group = option_of(resource, resource->driver->group);
    TRY(disposition_settle(config, origin, resource));
    TRY(incremental_settle(&config->arena, &resource->incremental, origin->err));
    TRY(set_table_key(config, resource, origin->err));
    TRY(limits_take(origin, &resource->limit_texts, &resource->limits));
    TRY(deletes_take(origin, resource));
    TRY(resource_check(origin, resource));
    TRY(check_table(origin, config, resource));
    if (resource->reject_max == 0)
        resource->reject_max = REJECT_MAX;
    TRY(push_resource(config, resource, origin->err));
    config->given_count = config->resource_count;
done:
    return rc;
}

/* ---- members of groups ---- */

static bool same_source(const struct resource *a, const struct resource *b)
{
    return a->driver == b->driver && strcmp(a->source, b->source) == 0;
}

/* A resource of its own goes before the group; one that is a group is none, whatever its name. */
static bool has_member(const struct config *config, const struct resource *group, const char *name)
{
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *other = &config->resources[i];
        const char *member = option_of(other, group->driver->member);
        if (!other->is_group && strcmp(other->name, name) == 0)
            return true;
        if (member && same_source(other, group) && strcmp(member, name) == 0)
            return true;
    }
    return false;
}

/* The group's options, with the one that tells its members apart. */
static int member_values(struct config *config, struct resource *member, struct tg_error *err)
{
    const struct source_driver *driver = member->driver;
    size_t count = member->resource_value_count;
    struct option_value *values = arena_alloc(&config->arena, (count + 1) * sizeof(*values));
    if (!values)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        values[i] = member->resource_values[i];
        if (strcmp(values[i].name, driver->member) == 0)
            values[i].text = member->name;
    }
    member->resource_values = values;
    return TG_OK;
}

int config_add_member(struct config *config, const struct resource *group, const char *name,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct resource member = *group;
    const struct origin origin = {.resource = name, .err = err};
    if (has_member(config, group, name))
        return TG_OK;
    member.is_group = false;
    member.selected = true;
    member.release = NULL; /* the group's */
    TRY(arena_keep(&config->arena, name, &member.name, err));
    member.table_name = member.name;
    TRY(member_values(config, &member, err));
    TRY(set_table_key(config, &member, err));
    TRY(check_table(&origin, config, &member));
    TRY(push_resource(config, &member, err));
done:
    return rc;
}

/* ---- from the C API ---- */

/* Behind those before it, whose names are others. */
static int copy_column(struct arena *arena, const struct tg_column *given,
                       struct resource *resource, struct tg_error *err)
{
    int rc = TG_OK;
    size_t at = resource->column_count++;
    struct tg_column *column = &resource->columns[at];
    TRY(fill_from_struct(arena, given, sizeof(*given), column_fields, column, err));
    if (!column->name || !*column->name)
        return error_set(err, TG_USAGE, "column %zu has no name", at);
    for (size_t i = 0; i < at; i++)
        if (strcmp(resource->columns[i].name, column->name) == 0)
            return error_set(err, TG_USAGE, "column '%s' has two entries", column->name);
    rc = fill_from_struct(arena, given, sizeof(*given), column_options, column, err);
    if (rc == TG_USAGE)
        return error_at(err, rc, AT_COLUMN, column->name);
done:
    return rc;
}

static int copy_columns(struct arena *arena, const struct tg_resource *given,
                        struct resource *resource, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = given->column_count;
    if (count > 0 && !given->columns)
        return error_set(err, TG_USAGE, "column_count is set, columns is not");
    resource->columns = arena_alloc(arena, (count + 1) * sizeof(*resource->columns));
    if (!resource->columns)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        TRY(copy_column(arena, &given->columns[i], resource, err));
done:
    return rc;
}

int resource_fill(struct arena *arena, const struct tg_resource *given, struct resource *out,
                  struct tg_error *err)
{
    int rc = TG_OK;
    TRY(fill_from_struct(arena, given, sizeof(*given), resource_options, out, err));
    TRY(copy_columns(arena, given, out, err));
done:
    return rc;
}

/* NULL: none of its values. */
static const char *word_given(const struct tg_resource *given)
{
    unsigned word = DISPOSITION_APPEND + (unsigned)given->write_disposition;
    return word < DISPOSITION_SKIP ? disposition_word(word) : NULL;
}

int disposition_given(const struct origin *origin, const struct tg_resource *given,
                      const char **word)
{
    *word = word_given(given);
    if (*word)
        return TG_OK;
    return resource_refuse(origin, "write_disposition", NULL,
                           "write_disposition of struct tg_resource is %d, which is none of its "
                           "values; was the struct zeroed?",
                           (int)given->write_disposition);
}

static int check_together(const struct config *config, const struct tg_resource *given,
                          const struct origin *origin)
{
    const char *with = given->turns_with;
    const struct resource *other = with ? config_resource(config, with) : NULL;
    if (!given->read && (with || given->judged || given->no_table))
        return resource_refuse(origin, "read", NULL,
                               "turns_with, `judged` and no_table are for resources with a `read`");
    if (with && !(other && other->read))
        return resource_refuse(origin, "turns_with", NULL,
                               "turns_with names '%s'; it is the name of a resource with a `read` "
                               "that was added before",
                               with);
    return TG_OK;
}

/* What a spec cannot say wrongly, but a struct can. */
static int check_given(const struct config *config, const struct tg_resource *given,
                       const struct origin *origin)
{
    if (!given->read && !given->source)
        return resource_refuse(
            origin, "read", NULL,
            "`read` is not set; it is where rows come from, unless there is a `source`");
    if (given->read && given->source)
        return resource_refuse(origin, "read", NULL, "`read` and `source` exclude each other");
    if (!given->source &&
        (given->source_option_count + given->option_count > 0 || given->source_connection))
        return resource_refuse(origin, "source", NULL,
                               "options are for a driver; name it in `source`");
    if (config_resource(config, given->name))
        return resource_refuse(origin, "name", NULL, "there is a resource of that name already");
    return check_together(config, given, origin);
}

static int copy_resource(struct config *config, const struct tg_resource *given,
                         struct resource *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct source_driver *driver = source_find("callback");
    const struct given_options of_source = {"`source_options`", given->source_options,
                                            given->source_option_count, given->source_connection};
    const struct given_options options = {"`options`", given->options, given->option_count, NULL};
    if (given->source)
        TRY(source_named(given->source, &driver, err));
    if (!driver)
        return error_set(err, TG_INTERNAL, "this build has no source 'callback'");
    *out = (struct resource){
        .source = config->schema,
        .driver = driver,
        .max_table_nesting = -1,
        .root_key = config->schema_config.hints.root_key,
        .selected = true,
    };
    TRY(fill_from_struct(&config->arena, given, sizeof(*given), resource_fields, out, err));
    TRY(resource_fill(&config->arena, given, out, err));
    TRY(given_connection(config, given->source_connection, out, err));
    out->table_name = out->table_name ? out->table_name : out->name;
    TRY(given_values(config, &of_source, driver->source_options, &out->source_values,
                     &out->source_value_count, err));
    TRY(given_values(config, &options, driver->resource_options, &out->resource_values,
                     &out->resource_value_count, err));
done:
    return rc;
}

static int add_given(struct config *config, const struct tg_resource *given, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource resource;
    const char *word = NULL;
    if (!given->name || !*given->name)
        return error_set(err, TG_USAGE, "a resource needs a name; set `name`");
    const struct origin origin = {.resource = given->name, .err = err};
    TRY(check_given(config, given, &origin));
    TRY(disposition_given(&origin, given, &word));
    rc = copy_resource(config, given, &resource, err);
    if (rc == TG_USAGE)
        return error_at(err, rc, AT_RESOURCE, given->name);
    TRY(rc);
    TRY(disposition_choose(&origin, word, &resource));
    TRY(resource_add(config, &resource, &origin));
done:
    return rc;
}

int config_add(struct config *config, const struct tg_resource *given, struct tg_error *err)
{
    int rc = add_given(config, given, err);
    if (rc == TG_OK)
        return TG_OK;
    if (given->release)
        given->release(given->user);
    if (given->source_connection && given->source_connection->release)
        given->source_connection->release(given->source_connection->user);
    return rc;
}
