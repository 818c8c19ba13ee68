/*
 * Option tables against what was given: which keys there may be, of which type, with which words. A
 * misspelt name or word is answered with the nearest one.
 *
 *   document_check: check_value for each key [check_scalar, check_texts, check_map...],
 *                   check_required
 *   option_values:  what was given for a driver's options, as texts
 *
 * What a value means is not known here; fill.c puts it where the table says.
 */
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "config/spec.h"

/* ---- names ---- */

/* How much of its name stands for all names that start so; 0: it is one name. */
static size_t open_length(const struct option *option)
{
    size_t len = strlen(option->name);
    return len > 0 && option->name[len - 1] == '*' ? len - 1 : 0;
}

void nearest_offer_table(struct nearest *nearest, const struct option *table)
{
    for (; table->name; table++)
        if (open_length(table) == 0)
            nearest_offer(nearest, table->name, strlen(table->name));
}

const char *next_name(const char **list, size_t *len)
{
    const char *start = *list + strspn(*list, ", \t\n");
    size_t span = strcspn(start, ",");
    *list = start + span;
    while (span > 0 && strchr(" \t\n", start[span - 1]))
        span--;
    *len = span;
    return span > 0 ? start : NULL;
}

/* ---- documents by option tables ---- */

const struct option *option_find(const struct option *table, const char *name)
{
    for (; table->name; table++) {
        size_t open = open_length(table);
        if (open > 0 ? strncmp(table->name, name, open) == 0 && name[open]
                     : strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

const struct option *option_shorthand(const struct option *option)
{
    const struct option *found = option->shorthand ? option->table : NULL;
    while (found && option_choice(option->shorthand, found->name) != 0)
        found++;
    return found;
}

static const struct option *find_in(const struct option *const *tables, const char *name)
{
    const struct option *found = NULL;
    for (; *tables && !found; tables++)
        found = option_find(*tables, name);
    return found;
}

int option_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);
    for (int i = 0; *choices; i++) {
        size_t span = strcspn(choices, " ");
        if (span == len && memcmp(choices, word, len) == 0)
            return i;
        choices += span + (choices[span] == ' ');
    }
    return -1;
}

void put_words(struct buf *out, const char *words, const char *between)
{
    for (; *words; words++)
        buf_printf(out, *words == ' ' ? "%s" : "%.1s", *words == ' ' ? between : words);
}

static int unknown_key(struct document *doc, const struct node *node, const char *subject,
                       const struct option *const *tables)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = node->name};
    struct buf keys = BUF_INIT;
    for (size_t t = 0; tables[t]; t++) {
        nearest_offer_table(&nearest, tables[t]);
        for (const struct option *option = tables[t]; option->name; option++)
            buf_printf(&keys, "%s%s", keys.len > 0 ? ", " : "; it takes ", option->name);
    }
    int rc = buf_check(&keys, doc->err);
    if (rc == TG_OK)
        rc = document_problem(doc, &node->name_place, "unknown key '%s' in %s%s", node->name,
                              subject,
                              nearest.name ? nearest_hint(&nearest, hint) : buf_string(&keys));
    buf_release(&keys);
    return rc;
}

static const char *shown(const struct node *node, const struct option *option)
{
    return node->secret || option->secret ? "***" : node->text;
}

static int wrong_type(struct document *doc, const struct node *node, const struct option *option,
                      const char *expected)
{
    static const char *const kinds[] = {
        [NODE_NULL] = "nothing", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};
    const bool is_empty = node->kind == NODE_LIST && node->item_count == 0;
    static const char *const types[] = {
        [OPTION_TEXT] = "a text",
        [OPTION_BOOL] = "true or false",
        [OPTION_INT] = "a whole number",
        [OPTION_VALUE] = "a number or a text",
        [OPTION_VALUES] = "a number or a text, or a list of them",
        [OPTION_TEXT_MAP] = "a map",
        [OPTION_TEXTS] = "a text, or a list of them",
        [OPTION_MAP] = "a map",
        [OPTION_MAPS] = "a map",
        [OPTION_MAP_LIST] = "a list of maps",
    };
    struct place place = node->place;
    place.hidden = option->secret;
    expected = expected ? expected : types[option->type];
    if (node->kind != NODE_SCALAR)
        return document_problem(doc, &place, "'%s' is %s, not %s", option->name, expected,
                                is_empty ? "an empty list" : kinds[node->kind]);
    return document_problem(doc, &place, "'%s' is %s, not %s'%s'", option->name, expected,
                            node->quoted ? "the text " : "", shown(node, option));
}

static int check_choice(struct document *doc, const struct node *node, const struct option *option)
{
    char hint[NEAREST_HINT_BYTES];
    struct buf choices = BUF_INIT;
    struct nearest nearest = {.wanted = node->text};
    char words[OPTION_WORDS_MAX];
    const char *list = option_choices(option, words);
    if (!list || option_choice(list, node->text) >= 0)
        return TG_OK;
    put_words(&choices, list, ", ");
    nearest_offer_words(&nearest, list);
    int rc = buf_check(&choices, doc->err);
    if (rc == TG_OK)
        rc = document_problem(doc, &node->place, "'%s' is one of %s, not '%s'%s", option->name,
                              buf_string(&choices), shown(node, option),
                              nearest_hint(&nearest, hint));
    buf_release(&choices);
    return rc;
}

static int check_texts(struct document *doc, const struct node *node, const struct option *option)
{
    int rc = TG_OK;
    if (node->kind != NODE_LIST || (node->item_count == 0 && !option->may_be_empty))
        return wrong_type(doc, node, option, NULL);
    for (size_t i = 0; i < node->item_count; i++) {
        const struct node *item = &node->items[i];
        if (item->kind == NODE_BROKEN)
            continue;
        if (item->kind != NODE_SCALAR)
            TRY(wrong_type(doc, item, option,
                           option->type == OPTION_TEXTS ? "a list of texts" : "a list of values"));
        else if (strchr(item->text, '\n'))
            TRY(document_problem(doc, &item->place, "a text of '%s' cannot have several lines",
                                 option->name));
        else
            TRY(check_choice(doc, item, option));
    }
done:
    return rc;
}

static int check_value(struct document *doc, const struct node *node, const struct option *option,
                       const char *subject);

static bool scalar_fits(const struct node *node, enum option_type type)
{
    int64_t number;
    bool flag;
    switch (type) {
    case OPTION_INT: return node_int(node, &number);
    case OPTION_BOOL: return node_bool(node, &flag);
    case OPTION_TEXT:
    case OPTION_VALUE:
    case OPTION_VALUES:
    case OPTION_TEXTS:
    case OPTION_ANY: return true;
    default: return false;
    }
}

static bool is_in_range(const struct node *node, const struct option *option)
{
    int64_t number = option->min;
    return option->type != OPTION_INT || !node_int(node, &number) ||
           (number >= option->min && number <= INT_MAX);
}

static int check_scalar(struct document *doc, const struct node *node, const struct option *option)
{
    int rc = option->secret ? secrets_add(doc->secrets, node->text, doc->err) : TG_OK;
    if (rc != TG_OK)
        return rc;
    if (!scalar_fits(node, option->type))
        return wrong_type(doc, node, option, NULL);
    if (option->type == OPTION_TEXTS && strchr(node->text, '\n'))
        return document_problem(doc, &node->place, "'%s' cannot have several lines; give a list",
                                option->name);
    if (!is_in_range(node, option))
        return document_problem(doc, &node->place, "'%s' is %d or more, not %s", option->name,
                                option->min, shown(node, option));
    return check_choice(doc, node, option);
}

static int check_map(struct document *doc, const struct node *node, const struct option *option,
                     const char *subject)
{
    if (!option->table)
        return TG_OK; /* the keys are checked by who knows them */
    const struct option *const tables[] = {option->table, NULL};
    const char *inner = arena_printf(doc->arena, "'%s' of %s", node->name, subject);
    return inner ? document_check(doc, node, inner, tables) : error_nomem(doc->err);
}

/* Every value of a map of free names is a map by itself (or a text); without a table, who knows the
 * keys also says which of them a value of nothing lacks. */
static int check_maps(struct document *doc, const struct node *node, const struct option *option,
                      const char *subject)
{
    int rc = TG_OK;
    struct option entry = *option;
    entry.type = option->type == OPTION_TEXT_MAP ? OPTION_TEXT : OPTION_MAP;
    const char *inner = arena_printf(doc->arena, "'%s' of %s", node->name, subject);
    if (!inner)
        return error_nomem(doc->err);
    if (node->item_count == 0)
        TRY(wrong_type(doc, &(struct node){.place = node->place}, option,
                       "a map with some entries"));
    for (size_t i = 0; i < node->item_count; i++) {
        entry.name = node->items[i].name;
        if (option->table || entry.type != OPTION_MAP || node->items[i].kind != NODE_NULL)
            TRY(check_value(doc, &node->items[i], &entry, inner));
    }
done:
    return rc;
}

static int check_map_list(struct document *doc, const struct node *node,
                          const struct option *option, const char *subject)
{
    int rc = TG_OK;
    struct option entry = *option;
    entry.type = OPTION_MAP;
    if (node->item_count == 0)
        TRY(wrong_type(doc, &(struct node){.place = node->place}, option, "a list of maps"));
    for (size_t i = 0; i < node->item_count; i++) {
        struct node item = node->items[i];
        item.name = option->name;
        if (item.kind == NODE_MAP)
            TRY(check_map(doc, &item, &entry, subject));
        else if (item.kind != NODE_BROKEN)
            TRY(wrong_type(doc, &item, option, "a list of maps"));
    }
done:
    return rc;
}

static int check_value(struct document *doc, const struct node *node, const struct option *option,
                       const char *subject)
{
    if (node->kind == NODE_BROKEN)
        return TG_OK;
    if (node->kind == NODE_NULL)
        return document_problem(doc, &node->name_place,
                                "'%s' has no value; give one, or leave the key out", option->name);
    if (node->kind == NODE_SCALAR && option->type == OPTION_MAP && option->shorthand) {
        struct option stand_in = *option_shorthand(option);
        stand_in.name = option->name;
        return check_value(doc, node, &stand_in, subject);
    }
    if (node->kind == NODE_SCALAR)
        return check_scalar(doc, node, option);
    switch (option->type) {
    case OPTION_ANY: return TG_OK;
    case OPTION_VALUES:
    case OPTION_TEXTS: return check_texts(doc, node, option);
    case OPTION_MAP_LIST:
        if (node->kind == NODE_LIST)
            return check_map_list(doc, node, option, subject);
        break;
    case OPTION_MAP:
        if (node->kind == NODE_MAP)
            return check_map(doc, node, option, subject);
        break;
    case OPTION_MAPS:
    case OPTION_TEXT_MAP:
        if (node->kind == NODE_MAP)
            return check_maps(doc, node, option, subject);
        break;
    default: break;
    }
    return wrong_type(doc, node, option, NULL);
}

static bool is_said(const struct document *doc, const struct node *map, const char *name)
{
    return node_find(map, name) || (map == &doc->root && doc->said && strcmp(doc->said, name) == 0);
}

/* All keys that are missing in one problem. */
static int check_required(struct document *doc, const struct node *map, const char *subject,
                          const struct option *const *tables)
{
    struct buf names = BUF_INIT;
    size_t count = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct option *option = tables[t]; option->name; option++)
            if (option->required && !is_said(doc, map, option->name))
                buf_printf(&names, "%s'%s'", count++ > 0 ? ", " : "", option->name);
    int rc = buf_check(&names, doc->err);
    if (rc == TG_OK && count > 0)
        rc = document_problem(doc, &map->name_place, "%s needs the key%s %s", subject,
                              count > 1 ? "s" : "", buf_string(&names));
    buf_release(&names);
    return rc;
}

int document_check_names(struct document *doc, const struct node *map, const char *subject,
                         const struct option *const *tables)
{
    int rc = TG_OK;
    for (size_t i = 0; i < map->item_count; i++)
        if (!find_in(tables, map->items[i].name))
            TRY(unknown_key(doc, &map->items[i], subject, tables));
done:
    return rc;
}

int document_check(struct document *doc, const struct node *map, const char *subject,
                   const struct option *const *tables)
{
    int rc = TG_OK;
    for (size_t i = 0; i < map->item_count; i++) {
        const struct node *node = &map->items[i];
        const struct option *option = find_in(tables, node->name);
        struct option own = option ? *option : (struct option){0};
        own.name = node->name;
        if (!option)
            TRY(unknown_key(doc, node, subject, tables));
        else
            TRY(check_value(doc, node, &own, subject));
    }
    TRY(check_required(doc, map, subject, tables));
done:
    return rc;
}

static const char *join_texts(struct arena *arena, const struct node *node)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < node->item_count; i++)
        buf_printf(&text, "%s%s", i > 0 ? "\n" : "", node->items[i].text);
    const char *kept = text.failed ? NULL : arena_strdup(arena, buf_string(&text));
    buf_release(&text);
    return kept;
}

/* Every scalar as a text: a password may be digits. */
static void put_texts(const struct node *node, struct buf *out)
{
    const char *text = node->text ? node->text : "";
    if (node->kind != NODE_MAP) {
        json_string(out, text, strlen(text));
        return;
    }
    for (size_t i = 0; i < node->item_count; i++) {
        buf_char(out, i == 0 ? '{' : ',');
        json_string(out, node->items[i].name, strlen(node->items[i].name));
        buf_char(out, ':');
        put_texts(&node->items[i], out);
    }
    buf_text(out, node->item_count == 0 ? "{}" : "}");
}

static const char *json_text(struct arena *arena, const struct node *node)
{
    struct buf text = BUF_INIT;
    put_texts(node, &text);
    const char *kept = text.failed ? NULL : arena_strdup(arena, buf_string(&text));
    buf_release(&text);
    return kept;
}

/* NULL: out of memory. */
static const char *given_text(struct arena *arena, const struct node *node,
                              const struct option *option)
{
    int64_t number;
    bool flag;
    if (option->type == OPTION_INT && node_int(node, &number))
        return arena_printf(arena, "%lld", (long long)number);
    if (option->type == OPTION_BOOL && node_bool(node, &flag))
        return flag ? "true" : "false";
    if (node->kind == NODE_MAP)
        return json_text(arena, node);
    return node->kind == NODE_LIST ? join_texts(arena, node) : node->text;
}

int option_values(struct arena *arena, const struct node *map, const struct option *table,
                  const struct option_value **out, size_t *count, struct tg_error *err)
{
    *count = 0;
    while (table[*count].name)
        (*count)++;
    struct option_value *values = arena_alloc(arena, (*count + 1) * sizeof(*values));
    if (!values)
        return error_nomem(err);
    for (size_t i = 0; i < *count; i++) {
        const struct node *node = node_find(map, table[i].name);
        values[i] = (struct option_value){table[i].name, table[i].fallback};
        if (!node)
            continue;
        values[i].text = given_text(arena, node, &table[i]);
        if (!values[i].text)
            return error_nomem(err);
    }
    *out = values;
    return TG_OK;
}

const char *option_misplaced(const struct option *table, const struct option *option,
                             const struct option_value *values, size_t count)
{
    if (!option->with || !option_is_said(option, option_text(values, count, option->name)))
        return NULL;
    const char *word = option_text(values, count, option->with);
    bool is_said = option_is_said(option_find(table, option->with), word);
    return is_said && option_choice(option->with_words, word) < 0 ? word : NULL;
}

/* ---- words of a program ---- */

int find_word(const struct option *option, const char *word, int *out, struct tg_error *err)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = word};
    *out = option_choice(option->choices, word);
    if (*out >= 0)
        return TG_OK;
    nearest_offer_words(&nearest, option->choices);
    return error_set(err, TG_USAGE, "'%s' is none of the words for '%s' (%s)%s", word, option->name,
                     option->choices, nearest_hint(&nearest, hint));
}
