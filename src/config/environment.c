/*
 * Environments: one spec for several places, dev and prod. Each is an overlay under the key
 * `environments`, and one of them is laid over the rest before any value is looked at.
 *
 *   environment_choose: check_overlays -> the one that is asked for, else of the variable, else
 *                       `default_environment` -> find_overlay -> lay: key by key
 *
 * A map goes into a map; all else takes the place of what was there, and nothing (null) takes it
 * away. What came from the overlay keeps its place in the file. The texts are as they were written:
 * of the environments that were not chosen no ${...} is ever asked for.
 */
#include "config/environment.h"

#include <string.h>

#include "config/spec.h"

static const char environments_key[] = "environments", default_key[] = "default_environment";

bool environment_is_key(const struct node *root, const struct node *node)
{
    return root->kind == NODE_MAP &&
           (node == node_find(root, environments_key) || node == node_find(root, default_key));
}

/* ---- which ---- */

enum { NAME_BYTES_MAX = 64 }; /* it becomes part of a folder's name */

static const char *name_fault(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-";
    if (name[strspn(name, allowed)])
        return "may have letters, digits, '_' and '-' only";
    return strlen(name) > NAME_BYTES_MAX ? "is longer than 64 bytes" : NULL;
}

static int check_overlay(struct document *doc, const struct node *overlay)
{
    int rc = TG_OK;
    const struct option *const tables[] = {spec_options, NULL};
    const char *fault = name_fault(overlay->name);
    const char *subject = arena_printf(doc->arena, "environment '%s'", overlay->name);
    if (!subject)
        return error_nomem(doc->err);
    if (fault)
        return document_problem(doc, &overlay->name_place, "the name of environment '%s' %s",
                                overlay->name, fault);
    if (overlay->kind == NODE_NULL) /* as the rest says it */
        return TG_OK;
    if (overlay->kind != NODE_MAP)
        return document_problem(doc, &overlay->place, "%s is a map of a spec's keys", subject);
    TRY(document_check_names(doc, overlay, subject, tables));
    for (size_t i = 0; i < overlay->item_count; i++)
        if (environment_is_key(overlay, &overlay->items[i]))
            TRY(document_problem(doc, &overlay->items[i].name_place,
                                 "%s cannot have the key '%s'; it stands at the top of the spec",
                                 subject, overlay->items[i].name));
done:
    return rc;
}

static int check_overlays(struct document *doc, const struct node *environments)
{
    int rc = TG_OK;
    if (environments->kind != NODE_MAP || environments->item_count == 0)
        return document_problem(doc, &environments->name_place,
                                "'environments' is a map with an overlay for each, as "
                                "{dev: {dataset: try}, prod: {}}");
    for (size_t i = 0; i < environments->item_count; i++)
        TRY(check_overlay(doc, &environments->items[i]));
done:
    return rc;
}

/* "dev, prod"; NULL: out of memory. */
static const char *list_names(const struct document *doc, const struct node *environments)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < environments->item_count; i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", environments->items[i].name);
    const char *kept = names.failed ? NULL : arena_strdup(doc->arena, buf_string(&names));
    buf_release(&names);
    return kept;
}

/* `who` has said it: "$TIDEGATE_ENV: ", or nothing. */
static int find_overlay(struct document *doc, const struct node *environments, const char *name,
                        const char *who, const struct place *place, const struct node **out)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = name};
    *out = node_find(environments, name);
    if (*out)
        return TG_OK;
    const char *names = list_names(doc, environments);
    if (!names)
        return error_nomem(doc->err);
    for (size_t i = 0; i < environments->item_count; i++)
        nearest_offer(&nearest, environments->items[i].name, strlen(environments->items[i].name));
    return document_problem(doc, place, "%sthere is no environment '%.100s' (there are: %s)%s", who,
                            name, names, nearest_hint(&nearest, hint));
}

static int no_choice(struct document *doc, const struct node *environments)
{
    const char *names = list_names(doc, environments);
    if (!names)
        return error_nomem(doc->err);
    return document_problem(doc, &environments->name_place,
                            "the spec has environments (%s), and none is chosen; say --env NAME, "
                            "set $TIDEGATE_ENV, or give the spec a default_environment",
                            names);
}

/* The only value that is looked at before the overlay lies over the spec. */
static int choose_default(struct document *doc, const struct node *environments, struct node *given,
                          const struct node **out)
{
    int rc = TG_OK;
    size_t problems = doc->problem_count;
    if (given->kind != NODE_SCALAR)
        return document_problem(doc, &given->place,
                                "'default_environment' is the name of one of the environments");
    TRY(config_expand(doc, given, given->text, strlen(given->text)));
    if (doc->problem_count == problems)
        TRY(find_overlay(doc, environments, given->text, "", &given->place, out));
done:
    return rc;
}

static struct node *find_key(struct node *map, const char *name)
{
    for (size_t i = 0; i < map->item_count; i++)
        if (strcmp(map->items[i].name, name) == 0)
            return &map->items[i];
    return NULL;
}

static int choose(struct document *doc, const struct environment_wish *wish,
                  const struct node *environments, const struct node **out)
{
    struct node *given = find_key(&doc->root, default_key);
    const char *variable = wish->variable && *wish->variable ? wish->variable : NULL;
    const char *name = wish->name ? wish->name : variable;
    if (name)
        return find_overlay(doc, environments, name,
                            wish->name ? "" : "$TIDEGATE_ENV: ", &environments->name_place, out);
    return given ? choose_default(doc, environments, given, out) : no_choice(doc, environments);
}

/* ---- one over the other ---- */

static int lay(struct document *doc, const struct node *over, struct node *base);

static void take_away(struct node *map, struct node *key)
{
    struct node *end = map->items + map->item_count;
    memmove(key, key + 1, (size_t)(end - key - 1) * sizeof(*key));
    map->item_count--;
}

static int lay_key(struct document *doc, const struct node *over, struct node *map)
{
    struct node *key = find_key(map, over->name);
    if (!key)
        map->items[map->item_count++] = *over;
    else if (over->kind == NODE_NULL)
        take_away(map, key);
    else
        return lay(doc, over, key);
    return TG_OK;
}

static int lay(struct document *doc, const struct node *over, struct node *base)
{
    int rc = TG_OK;
    if (over->kind != NODE_MAP || base->kind != NODE_MAP) {
        *base = *over;
        return TG_OK;
    }
    size_t room = base->item_count + over->item_count + 1;
    struct node *items = arena_alloc(doc->arena, room * sizeof(*items));
    if (!items)
        return error_nomem(doc->err);
    memcpy(items, base->items, base->item_count * sizeof(*items));
    base->items = items;
    for (size_t i = 0; i < over->item_count; i++)
        TRY(lay_key(doc, &over->items[i], base));
done:
    return rc;
}

/* They go before what they are laid over, so that an error is looked for in them first. */
static void bring_forward(struct node *root)
{
    struct node *key = find_key(root, environments_key), environments = *key;
    memmove(root->items + 1, root->items, (size_t)(key - root->items) * sizeof(*key));
    root->items[0] = environments;
}

static int none_there(struct document *doc, const struct environment_wish *wish)
{
    const struct node *given = node_find(&doc->root, default_key);
    if (given)
        return document_problem(doc, &given->name_place,
                                "'default_environment' is for specs with 'environments'");
    if (wish->name)
        return document_problem(doc, &doc->root.name_place,
                                "there is no environment '%.100s': the spec has no key "
                                "'environments'",
                                wish->name);
    return TG_OK;
}

int environment_choose(struct document *doc, const struct environment_wish *wish, const char **name)
{
    int rc = TG_OK;
    const struct node *overlay = NULL;
    size_t problems = doc->problem_count;
    const struct node *environments = node_find(&doc->root, environments_key);
    if (doc->root.kind != NODE_MAP)
        return TG_OK;
    if (!environments)
        return none_there(doc, wish);
    TRY(check_overlays(doc, environments));
    if (doc->problem_count > problems)
        return TG_OK;
    TRY(choose(doc, wish, environments, &overlay));
    if (!overlay)
        return TG_OK;
    *name = overlay->name;
    bring_forward(&doc->root);
    overlay = node_find(node_find(&doc->root, environments_key), *name);
    if (overlay->kind == NODE_MAP)
        TRY(lay(doc, overlay, &doc->root));
done:
    return rc;
}
