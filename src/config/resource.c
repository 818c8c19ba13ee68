/*
 * Resources: what does not go together in one, and the ways they get into a config and are picked.
 *
 *   spec.c (YAML) ----------------------------> resource_add: set_table_key -> resource_check ->
 * push config_add (struct tg_resource of the C API) / config_select: names -> the selected ones
 *
 * An objection becomes a problem with its place in a spec, or TG_USAGE for a caller in C. Whether
 * the data bears the hints out is found when it comes (catalog, normalize).
 */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text/units.h"
#include "write/destination.h"
#include "config/spec.h"
#include "write/disposition.h"

/* ---- which things do not go together ---- */

/* About the key (of a column's hints, when `column` is not NULL) of a resource. */
int resource_refuse(const struct origin *origin, const char *key, const char *column,
                    const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    if (!origin->doc) {
        error_set(origin->err, TG_USAGE, "%s", text);
        return error_at(origin->err, TG_USAGE, AT_RESOURCE, origin->resource);
    }
    const struct node *map = origin->node, *found;
    if (column) {
        map = node_find(node_find(map, "columns"), column);
        map = map ? map : origin->node;
    }
    found = node_find(map, key);
    found = found ? found : node_find(node_find(map, "write_disposition"), key);
    return document_problem(origin->doc, found ? &found->name_place : &map->name_place,
                            "resource '%s': %s", origin->resource, text);
}

/* Types whose precision means something, and how much of it there can be. */
static int precision_max(enum type type)
{
    switch (type) {
    case TYPE_DECIMAL: return DECIMAL_PRECISION;
    case TYPE_BIGINT: return 128;
    case TYPE_TIMESTAMP: return 9;
    case TYPE_TIME: return 6;
    case TYPE_TEXT:
    case TYPE_BINARY: return INT_MAX;
    case TYPE_NONE: return 128;
    default: return 0;
    }
}

_Static_assert((int)TG_WHOLE_SECONDS == (int)PRECISION_SECONDS, "one number for both");

static int check_numbers(const struct origin *origin, const struct tg_column *column,
                         enum type type)
{
    const char *name = column->name;
    int max = precision_max(type);
    bool has_seconds = type == TYPE_TIMESTAMP || type == TYPE_TIME;
    if (column->precision == TG_WHOLE_SECONDS && !has_seconds)
        return resource_refuse(
            origin, "precision", name,
            "column '%s': whole seconds are for timestamp and time; set data_type", name);
    if (column->precision < TG_WHOLE_SECONDS || column->scale < 0)
        return resource_refuse(origin, column->scale < 0 ? "scale" : "precision", name,
                               "column '%s' has a negative %s", name,
                               column->scale < 0 ? "scale" : "precision");
    if (column->precision > 0 && max == 0)
        return resource_refuse(origin, "precision", name,
                               "column '%s' is a %s, which has no precision", name,
                               type_name(type));
    if (column->precision > max)
        return resource_refuse(origin, "precision", name,
                               "column '%s' has precision %d; %d is the most", name,
                               column->precision, max);
    if (column->scale > 0 && type != TYPE_DECIMAL)
        return resource_refuse(origin, "scale", name,
                               "column '%s': scale is for decimal; set data_type", name);
    if (column->scale > 0 && column->precision == 0)
        return resource_refuse(origin, "scale", name,
                               "column '%s' has a scale but no precision; set both", name);
    if (column->scale > column->precision && type == TYPE_DECIMAL)
        return resource_refuse(origin, "scale", name,
                               "column '%s' has a scale greater than its precision (%d)", name,
                               column->precision);
    return TG_OK;
}

/* ---- further hints ---- */

static bool are_texts(yyjson_val *list)
{
    size_t i, count;
    yyjson_val *text;
    yyjson_arr_foreach(list, i, count, text)
    {
        if (!yyjson_is_str(text) || yyjson_get_len(text) == 0)
            return false;
    }
    return yyjson_arr_size(list) > 0;
}

static int check_reference(const struct origin *origin, yyjson_val *reference)
{
    const char *table = json_get_text(reference, "referenced_table");
    yyjson_val *here = yyjson_obj_get(reference, "columns");
    yyjson_val *there = yyjson_obj_get(reference, "referenced_columns");
    if (!table || !*table)
        return resource_refuse(origin, "references", NULL, "a reference names no referenced_table");
    if (!are_texts(here) || !are_texts(there))
        return resource_refuse(
            origin, "references", NULL,
            "the reference to '%s' needs columns and referenced_columns, lists of names", table);
    if (yyjson_arr_size(here) != yyjson_arr_size(there))
        return resource_refuse(
            origin, "references", NULL,
            "the reference to '%s' has %zu columns and %zu referenced_columns; they go "
            "together one by one",
            table, yyjson_arr_size(here), yyjson_arr_size(there));
    return TG_OK;
}

/* dlt keeps one reference to a table. */
static int check_references(const struct origin *origin, yyjson_val *list)
{
    int rc = TG_OK;
    size_t count = yyjson_arr_size(list);
    if (!yyjson_is_arr(list))
        return resource_refuse(origin, "references", NULL, "references is a list");
    for (size_t i = 0; i < count; i++) {
        const char *table = json_get_text(yyjson_arr_get(list, i), "referenced_table");
        TRY(check_reference(origin, yyjson_arr_get(list, i)));
        for (size_t j = 0; table && j < i; j++) {
            const char *other = json_get_text(yyjson_arr_get(list, j), "referenced_table");
            if (other && strcmp(table, other) == 0)
                TRY(resource_refuse(origin, "references", NULL, "references names table '%s' twice",
                                    table));
        }
    }
done:
    return rc;
}

/* `hints` of the resource or, when `column` is not NULL, of that column. */
static int check_hints(const struct origin *origin, const char *json, const char *column)
{
    int rc = TG_OK;
    size_t i, count;
    yyjson_doc *doc = NULL;
    yyjson_val *key, *value;
    struct tg_error why = {0};
    if (!json)
        return TG_OK;
    if (json_parse(json, strlen(json), "hints", &doc, &why) == TG_NOMEM)
        return error_nomem(origin->err);
    if (!doc)
        return resource_refuse(origin, "hints", column, "%s%s%s`hints` is no JSON: %s: %s",
                               column ? "column '" : "", column ? column : "", column ? "': " : "",
                               why.where, why.what);
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        TRY(resource_refuse(origin, "hints", column,
                            "`hints` is a JSON object, as {\"x-team\": \"web\"}"));
    yyjson_obj_foreach(yyjson_doc_get_root(doc), i, count, key, value)
    {
        const char *name = yyjson_get_str(key);
        if (!column && strcmp(name, "references") == 0)
            TRY(check_references(origin, value));
        else if (strncmp(name, "x-", 2) != 0 || !name[2])
            TRY(resource_refuse(origin, "hints", column,
                                "hint '%s' is not known; further ones have names "
                                "that start with x-",
                                name));
    }
done:
    yyjson_doc_free(doc);
    return rc;
}

/* ---- columns ---- */

static int check_column(const struct origin *origin, const struct resource *resource,
                        const struct tg_column *column)
{
    int rc = TG_OK;
    char words[OPTION_WORDS_MAX];
    const char *name = column->name;
    enum type type = column->data_type ? type_find(column->data_type) : TYPE_NONE;
    TRY(check_numbers(origin, column, type));
    TRY(check_hints(origin, column->hints, name));
    if (column->timezone != TG_DEFAULT && type != TYPE_TIMESTAMP && type != TYPE_NONE)
        TRY(resource_refuse(origin, "timezone", name,
                            "column '%s' is a %s; timezone is for timestamp", name,
                            column->data_type));
    if (resource->disposition->needs_key)
        return TG_OK;
    if (resource->disposition->strategy)
        disposition_strategies_if(disposition_needs_key, words);
    else
        disposition_words_if(disposition_needs_key, words);
    if (column->dedup_sort)
        TRY(resource_refuse(origin, "dedup_sort", name, "column '%s': dedup_sort is for %s", name,
                            words));
    if (column->hard_delete)
        TRY(resource_refuse(origin, "hard_delete", name, "column '%s': hard_delete is for %s", name,
                            words));
done:
    return rc;
}

static int check_columns(const struct origin *origin, const struct resource *resource)
{
    int rc = TG_OK;
    const struct tg_column *sorts = NULL, *deletes = NULL;
    for (size_t i = 0; i < resource->column_count; i++) {
        const struct tg_column *column = &resource->columns[i];
        TRY(check_column(origin, resource, column));
        if (sorts && column->dedup_sort)
            TRY(resource_refuse(origin, "dedup_sort", column->name,
                                "columns '%s' and '%s' both say dedup_sort; only one can",
                                sorts->name, column->name));
        if (deletes && column->hard_delete)
            TRY(resource_refuse(origin, "hard_delete", column->name,
                                "columns '%s' and '%s' both say hard_delete; only one can",
                                deletes->name, column->name));
        sorts = column->dedup_sort ? column : sorts;
        deletes = column->hard_delete ? column : deletes;
    }
done:
    return rc;
}

static int check_key(const struct origin *origin, const char *key, const char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!*names[i])
            return resource_refuse(origin, key, NULL, "%s has an empty name in it", key);
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return resource_refuse(origin, key, NULL, "%s names '%s' twice", key, names[i]);
    }
    return TG_OK;
}

/* What says where ids come from, and what becomes of bad rows. */
static int check_rules(const struct origin *origin, const struct resource *resource)
{
    bool says_ids = resource->row_ids == TG_ROW_IDS_KEY && !disposition_needs_primary(resource);
    if (says_ids && resource->primary_key_count == 0 && !resource->driver->describe)
        return resource_refuse(origin, "row_ids", NULL, "row_ids: key needs a primary_key");
    if (!resource->reject_bad_rows && resource->reject_max > 0)
        return resource_refuse(origin, origin->doc ? "on_bad_row" : "reject_max", NULL,
                               "a limit of bad rows is for those that are rejected");
    return TG_OK;
}

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

/* An option of one format beside the word for another one would do nothing. */
static int check_with(const struct origin *origin, const struct resource *resource,
                      const struct option *option)
{
    const char *word = option_misplaced(resource->driver->resource_options, option,
                                        resource->resource_values, resource->resource_value_count);
    struct buf words = BUF_INIT;
    if (!word)
        return TG_OK;
    put_words(&words, option->with_words, " or ");
    int rc = resource_refuse(origin, option->name, NULL,
                             "%s is for %s %s, and the resource says %s; leave one of them out",
                             option->name, option->with, buf_string(&words), word);
    buf_release(&words);
    return rc;
}

/* The source's own options: where they mean nothing, and those about what was loaded before. */
static int check_options(const struct origin *origin, const struct resource *resource)
{
    const struct option *options = resource->driver->resource_options;
    char words[OPTION_WORDS_MAX];
    for (; options->name; options++) {
        const char *name = options->name;
        int rc = check_with(origin, resource, options);
        if (rc != TG_OK)
            return rc;
        if (!options->append_only ||
            !option_text(resource->resource_values, resource->resource_value_count, name))
            continue;
        if (!resource->disposition->adds_rows)
            return resource_refuse(
                origin, name, NULL,
                "%s is for write_disposition: %s; others read every file each time", name,
                disposition_words_if(disposition_adds_rows, words));
        if (resource->incremental.end_value.kind != TG_VALUE_NONE)
            return resource_refuse(origin, name, NULL,
                                   "%s and end_value do not go together: a window reads every file",
                                   name);
    }
    return TG_OK;
}

int resource_check(const struct origin *origin, const struct resource *resource)
{
    int rc = TG_OK;
    if (!*resource->name)
        TRY(resource_refuse(origin, "name", NULL, "a resource needs a name"));
    if (!*resource->table_name)
        TRY(resource_refuse(origin, "table_name", NULL, "table_name is empty"));
    TRY(disposition_check(origin, resource));
    TRY(check_key(origin, "primary_key", resource->primary_key, resource->primary_key_count));
    TRY(check_key(origin, "merge_key", resource->merge_key, resource->merge_key_count));
    TRY(incremental_check(origin, resource));
    TRY(deletes_check(origin, resource));
    TRY(check_rules(origin, resource));
    TRY(check_options(origin, resource));
    TRY(check_columns(origin, resource));
    TRY(check_hints(origin, resource->hints, NULL));
done:
    return rc;
}

/* ---- resources of a config ---- */

static struct resource *find_resource(const struct config *config, const char *name, size_t len)
{
    for (size_t i = 0; i < config->resource_count; i++) {
        struct resource *resource = &config->resources[i];
        if (strlen(resource->name) == len && memcmp(resource->name, name, len) == 0)
            return resource;
    }
    return NULL;
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
    const struct resource *other = with ? find_resource(config, with, strlen(with)) : NULL;
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
    if (find_resource(config, given->name, strlen(given->name)))
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

/* ---- what is made of them ---- */

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

/* ---- which ones ---- */

static bool is_named(const char *names, const char *name)
{
    size_t len, name_len = strlen(name);
    for (const char *at = names, *one; at && (one = next_name(&at, &len));)
        if (len == name_len && memcmp(one, name, len) == 0)
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

/* The first name that is no resource's; NULL: there is none. */
static const char *find_unknown(const struct config *config, const char *names, size_t *len)
{
    for (const char *at = names, *name; at && (name = next_name(&at, len));)
        if (!find_resource(config, name, *len))
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
