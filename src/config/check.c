/*
 * What does not go together in a resource, as it is said.
 *
 *   resource_add, config_table -> resource_check -> disposition.c, incremental.c, deletes.c for
 *   what is theirs; here: keys, ids, bad rows, options of the source, columns, further hints
 *
 * An objection becomes a problem with its place in a spec, or TG_USAGE for a caller in C
 * (resource_refuse). Whether the data bears the hints out is found when it comes (catalog,
 * normalize).
 */
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/text/units.h"
#include "config/spec.h"
#include "write/disposition.h"

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
