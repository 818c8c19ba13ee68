/*
 * Options of a driver that a program gives as texts (struct tg_option).
 *
 *   given_values: add_given for each -> a map as a spec would have -> document_check ->
 *   document_report (TG_USAGE) -> option_values
 *
 * So there is one set of rules, and of messages, for both ways. A text is read as an unquoted one
 * of a spec is; of a list, each line is an entry. `${...}` is for specs alone.
 */
#include <string.h>

#include "config/spec.h"

/* There is no line to show. */
static const struct place nowhere = {.hidden = true};

/* The lines that are not empty. */
static int add_lines(struct document *doc, const char *text, struct node *list)
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
        list->item_count += len > 0;
    }
    return TG_OK;
}

static int add_given(struct document *doc, const struct tg_option *given, const char *field,
                     const struct option *table, struct node *map)
{
    struct node *node = &map->items[map->item_count];
    if (!given->name)
        return document_problem(doc, &nowhere, "entry %zu of %s has no name", map->item_count,
                                field);
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
        return add_lines(doc, given->text, node);
    return document_learn(doc, node);
}

int given_values(struct config *config, const struct given_options *given,
                 const struct option *table, const struct option_value **out, size_t *count,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct option *const tables[] = {table, NULL};
    struct document doc = {
        .arena = &config->arena, .text = "", .secrets = &config->secrets, .err = err};
    struct node map = {.kind = NODE_MAP, .place = nowhere, .name_place = nowhere};
    if (given->count > 0 && !given->items)
        return error_set(err, TG_USAGE, "a number of %s is set, but no options", given->field);
    map.items = arena_alloc(&config->arena, (given->count + 1) * sizeof(*map.items));
    if (!map.items)
        return error_nomem(err);
    for (size_t i = 0; i < given->count; i++)
        TRY(add_given(&doc, &given->items[i], given->field, table, &map));
    TRY(document_check(&doc, &map, given->field, tables));
    TRY(document_report(&doc, err));
    TRY(option_values(&config->arena, &map, table, out, count, err));
done:
    return rc;
}
