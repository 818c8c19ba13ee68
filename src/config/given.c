/*
 * Options of a driver that a program gives as texts (struct tg_option).
 *
 *   given_values: add_given for each -> a map as a spec would have -> document_check ->
 *   document_report (TG_USAGE) -> option_values
 *
 * So there is one set of rules, and of messages, for both ways. A text is read as an unquoted one
 * of a spec is; of a list, each line is an entry; a map is JSON. `${...}` is for specs alone.
 */
#include <string.h>

#include "base/json.h"
#include "config/spec.h"

/* The option of a driver that reads databases. */
static const char CONNECTION[] = "connection";

/* There is no line to show. */
static const struct place nowhere = {.hidden = true};

/* The lines that are not empty, or all of them. */
static int add_lines(struct document *doc, const char *text, bool with_empty, struct node *list)
{
    size_t cap = 1;
    for (const char *at = text; *at; at++)
        cap += *at == '\n';
    list->kind = NODE_LIST;
    list->items = arena_alloc(doc->arena, cap * sizeof(*list->items));
    if (!list->items)
        return error_nomem(doc->err);
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        struct node *item = &list->items[list->item_count];
        *item = (struct node){.kind = NODE_SCALAR, .text = arena_strndup(doc->arena, text, len)};
        if (!item->text)
            return error_nomem(doc->err);
        list->item_count += len > 0 || with_empty;
    }
    return TG_OK;
}

static int add_scalar(struct document *doc, yyjson_val *value, struct node *out)
{
    char *text =
        yyjson_is_str(value) ? NULL : yyjson_val_write_opts(value, 0, json_allocator(), NULL, NULL);
    out->text = arena_strdup(doc->arena, text ? text : yyjson_get_str(value));
    mem_free(text);
    return out->text ? document_learn(doc, out) : error_nomem(doc->err);
}

/* Of a map: its values, which are texts or maps. */
static int add_json(struct document *doc, yyjson_val *value, struct node *out)
{
    int rc = TG_OK;
    yyjson_obj_iter members;
    out->kind = yyjson_is_obj(value)    ? NODE_MAP
                : yyjson_is_arr(value)  ? NODE_LIST
                : yyjson_is_null(value) ? NODE_NULL
                                        : NODE_SCALAR;
    out->quoted = yyjson_is_str(value);
    if (out->kind == NODE_SCALAR)
        return add_scalar(doc, value, out);
    if (out->kind != NODE_MAP)
        return TG_OK;
    out->items = arena_alloc(doc->arena, (yyjson_obj_size(value) + 1) * sizeof(*out->items));
    if (!out->items)
        return error_nomem(doc->err);
    yyjson_obj_iter_init(value, &members);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));) {
        struct node *item = &out->items[out->item_count++];
        *item = (struct node){.name = arena_strdup(doc->arena, yyjson_get_str(key))};
        TRY(item->name ? add_json(doc, yyjson_obj_iter_get_val(key), item) : error_nomem(doc->err));
    }
done:
    return rc;
}

static int add_map(struct document *doc, const char *text, struct node *node)
{
    yyjson_doc *json = NULL;
    struct tg_error why = {0};
    int rc = json_parse(text, strlen(text), node->name, &json, &why);
    if (rc == TG_NOMEM)
        return error_nomem(doc->err);
    if (rc != TG_OK) { /* what stands there may be a secret */
        node->kind = NODE_BROKEN;
        return document_problem(doc, &nowhere, "'%s' begins as a map, and is no JSON", node->name);
    }
    node->text = NULL;
    rc = add_json(doc, yyjson_doc_get_root(json), node);
    yyjson_doc_free(json);
    return rc;
}

static int add_given(struct document *doc, const struct tg_option *given,
                     const struct given_options *all, const struct option *table, struct node *map)
{
    const char *field = all->field;
    struct node *node = &map->items[map->item_count];
    if (!given->name)
        return document_problem(doc, &nowhere, "entry %zu of %s has no name", map->item_count,
                                field);
    if (all->connection && strcmp(given->name, CONNECTION) == 0)
        return document_problem(doc, &nowhere,
                                "%s has '%s', and there is a `source_connection`; keep one", field,
                                CONNECTION);
    if (node_find(map, given->name))
        return document_problem(doc, &nowhere, "%s has '%s' twice", field, given->name);
    *node = (struct node){.kind = given->text ? NODE_SCALAR : NODE_NULL,
                          .name = arena_strdup(doc->arena, given->name),
                          .text = arena_strdup(doc->arena, given->text)};
    if (!node->name || (given->text && !node->text))
        return error_nomem(doc->err);
    map->item_count++;
    const struct option *option = option_find(table, given->name);
    if (option && option->type == OPTION_TEXTS && given->text && strchr(given->text, '\n'))
        return add_lines(doc, given->text, option->may_hold_empty, node);
    if (option && option->type == OPTION_MAP && given->text && *given->text == '{')
        return add_map(doc, given->text, node);
    return document_learn(doc, node);
}

int given_values(struct config *config, const struct given_options *given,
                 const struct option *table, const struct option_value **out, size_t *count,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct option *const tables[] = {table, NULL};
    struct document doc = {.arena = &config->arena,
                           .text = "",
                           .said = given->connection ? CONNECTION : NULL,
                           .secrets = &config->secrets,
                           .err = err};
    struct node *map = &doc.root;
    *map = (struct node){.kind = NODE_MAP, .place = nowhere, .name_place = nowhere};
    if (given->count > 0 && !given->items)
        return error_set(err, TG_USAGE, "a number of %s is set, but no options", given->field);
    map->items = arena_alloc(&config->arena, (given->count + 1) * sizeof(*map->items));
    if (!map->items)
        return error_nomem(err);
    for (size_t i = 0; i < given->count; i++)
        TRY(add_given(&doc, &given->items[i], given, table, map));
    TRY(document_check(&doc, map, given->field, tables));
    TRY(document_report(&doc, err));
    TRY(option_values(&config->arena, map, table, out, count, err));
done:
    return rc;
}

int given_connection(struct config *config, const struct tg_connection *given, struct resource *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    if (!given)
        return TG_OK;
    if (!option_find(out->driver->source_options, CONNECTION))
        return error_set(err, TG_USAGE,
                         "source '%s' reads no database; leave `source_connection` out",
                         out->driver->name);
    if (!given->name)
        return error_set(err, TG_USAGE, "`source_connection` has no name");
    out->given = arena_alloc(&config->arena, sizeof(*out->given));
    if (!out->given)
        return error_nomem(err);
    rc = config_copy_given(config, given, out->given, err);
    out->given->release = rc == TG_OK ? given->release : NULL;
    return rc;
}
