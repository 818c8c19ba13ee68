/*
 * Fills structs by option tables: a row says in which form its value is held and where.
 *
 *   a map of a spec       -> fill_from_map    -> take_node   \
 *   a struct of the C API -> fill_from_struct -> take_given   > a struct of the configuration
 *
 * A map has been checked (document_check): its keys are known, its values are of the right type.
 * What only a struct can say wrongly is found here: an enum out of range, a word that is none. A
 * struct of an older caller ends earlier; what lies beyond its end was not given.
 *
 * What was said, for others to ask by the same tables: field_is_said, field_json, fields_same.
 */
#include <string.h>

#include "base/json.h"
#include "base/text/same.h"
#include "config/spec.h"

static void *place_of(void *out, size_t offset)
{
    return (char *)out + offset;
}

/* ---- from a map of a spec ---- */

static int take_number(const struct node *node, const struct option *option, void *to)
{
    int64_t number = 0;
    if (!node_int(node, &number))
        return TG_OK;
    if (option->field.form == FIELD_COUNT)
        *(uint64_t *)to = (uint64_t)number;
    else
        *(int *)to = number == 0 && option->field.form == FIELD_NUMBER ? -1 : (int)number;
    return TG_OK;
}

static int take_texts(struct document *doc, const struct node *node, const struct option *option,
                      void *out)
{
    const char ***texts = place_of(out, option->field.offset);
    return node_texts(doc->arena, node, 0, texts, place_of(out, option->field.beside), doc->err);
}

static void write_texts(const struct node *node, bool as_list, struct buf *out)
{
    bool is_list = node->kind == NODE_LIST;
    const struct node *items = is_list ? node->items : node;
    buf_text(out, as_list ? "[" : "");
    for (size_t i = 0; i < (is_list ? node->item_count : 1); i++) {
        buf_text(out, i > 0 ? "," : "");
        json_string(out, items[i].text, strlen(items[i].text));
    }
    buf_text(out, as_list ? "]" : "");
}

/* A list of maps of texts; with lists also where one text was given, as dlt stores it. */
static void write_maps(const struct node *list, const struct option *table, struct buf *out)
{
    for (size_t i = 0; i < list->item_count; i++) {
        const char *before = i > 0 ? ",{" : "[{";
        for (const struct option *option = table; option->name; option++) {
            const struct node *node = node_find(&list->items[i], option->name);
            if (!node)
                continue;
            buf_printf(out, "%s\"%s\":", before, option->name);
            write_texts(node, option->type == OPTION_TEXTS, out);
            before = ",";
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* Adds what the map says under the name, or names, of an option to the hints so far. */
static int take_hints(struct document *doc, const struct node *map, const struct option *option,
                      const char **hints)
{
    struct buf json = BUF_INIT;
    if (*hints)
        buf_append(&json, *hints, strlen(*hints) - 1);
    for (size_t i = 0; map->kind == NODE_MAP && i < map->item_count; i++) {
        const struct node *node = &map->items[i];
        const struct option only[] = {*option, OPTION_END};
        if (!option_find(only, node->name))
            continue;
        buf_char(&json, json.len > 0 ? ',' : '{');
        json_string(&json, node->name, strlen(node->name));
        buf_char(&json, ':');
        if (option->table)
            write_maps(node, option->table, &json);
        else
            node_json(node, &json);
    }
    bool some = json.len > 0;
    buf_text(&json, some ? "}" : "");
    int rc = buf_check(&json, doc->err);
    if (rc == TG_OK && some && !(*hints = arena_strdup(doc->arena, json.data)))
        rc = error_nomem(doc->err);
    buf_release(&json);
    return rc;
}

/* A list of values is its JSON. */
static int take_value(struct document *doc, const struct node *node, struct tg_value *out)
{
    struct buf json = BUF_INIT;
    *out = node->kind == NODE_LIST ? (struct tg_value){.kind = TG_VALUE_JSON} : node_value(node);
    if (node->kind != NODE_LIST)
        return TG_OK;
    node_json(node, &json);
    int rc = buf_check(&json, doc->err);
    if (rc == TG_OK)
        rc = arena_keep(doc->arena, buf_string(&json), &out->text, doc->err);
    buf_release(&json);
    return rc;
}

static int take_node(struct document *doc, const struct node *node, const struct option *option,
                     void *out)
{
    bool flag;
    const struct field *field = &option->field;
    void *to = place_of(out, field->offset);
    switch (field->form) {
    case FIELD_TEXT: *(const char **)to = node->text; return TG_OK;
    case FIELD_TEXTS: return take_texts(doc, node, option, out);
    case FIELD_SPELLED_WORD:
        *(bool *)place_of(out, field->beside) = true; /* and */
    /* fall through */
    case FIELD_WORD: *(int *)to = option_choice(option->choices, node->text); return TG_OK;
    case FIELD_OPTIONAL_WORD:
        *(int *)to = 1 + option_choice(option->choices, node->text);
        return TG_OK;
    case FIELD_SECOND_WORD:
        *(bool *)to = option_choice(option->choices, node->text) == 1;
        return TG_OK;
    case FIELD_BOOL: *(bool *)to = node_bool(node, &flag) && flag; return TG_OK;
    case FIELD_FLAG:
        *(enum tg_flag *)to = node_bool(node, &flag) && flag ? TG_YES : TG_NO;
        return TG_OK;
    case FIELD_INT:
    case FIELD_COUNT:
    case FIELD_NUMBER:
    case FIELD_LEVELS: return take_number(node, option, to);
    case FIELD_VALUE: return take_value(doc, node, to);
    case FIELD_MAP: return fill_from_node(doc, node, option, to);
    case FIELD_SAME: return fill_from_node(doc, node, option, out);
    case FIELD_HINTS:
    case FIELD_POINTER:
    case FIELD_CODE: break;
    }
    return TG_OK;
}

int fill_from_map(struct document *doc, const struct node *map, const struct option *table,
                  void *out)
{
    int rc = TG_OK;
    for (const struct option *option = table; option->name; option++) {
        const struct node *node = node_find(map, option->name);
        if (option->field.form == FIELD_HINTS)
            TRY(take_hints(doc, map, option, place_of(out, option->field.offset)));
        else if (node)
            TRY(take_node(doc, node, option, out));
    }
done:
    return rc;
}

int fill_from_node(struct document *doc, const struct node *node, const struct option *option,
                   void *out)
{
    int rc = TG_OK;
    if (node->kind != NODE_SCALAR)
        return fill_from_map(doc, node, option->table, out);
    for (const struct option *row = option->table; row->name; row++)
        if (option_choice(option->shorthand, row->name) >= 0)
            TRY(take_node(doc, node, row, out));
done:
    return rc;
}

/* ---- from a struct of the C API ---- */

static int copy_text(struct arena *arena, const char *text, const struct option *option,
                     const char **out, struct tg_error *err)
{
    int choice;
    if (text && option->choices && find_word(option, text, &choice, err) != TG_OK)
        return TG_USAGE;
    *out = arena_strdup(arena, text);
    return text && !*out ? error_nomem(err) : TG_OK;
}

/* "tenant, id" */
static int copy_names(struct arena *arena, const char *list, const struct option *option, void *out,
                      struct tg_error *err)
{
    int rc = TG_OK, choice;
    size_t len, cap = 1, *count = place_of(out, option->field.beside);
    const char ***names = place_of(out, option->field.offset), *name;
    if (!list)
        return TG_OK;
    for (const char *p = list; *p; p++)
        cap += *p == ',';
    *names = arena_alloc(arena, (cap + 1) * sizeof(**names));
    if (!*names)
        return error_nomem(err);
    while ((name = next_name(&list, &len))) {
        (*names)[*count] = arena_strndup(arena, name, len);
        if (!(*names)[*count])
            return error_nomem(err);
        if (option->choices)
            TRY(find_word(option, (*names)[*count], &choice, err));
        (*count)++;
    }
done:
    return rc;
}

static int copy_enum(int given, const struct option *option, int *out, struct tg_error *err)
{
    bool is_flag = option->field.form == FIELD_FLAG;
    int last = is_flag ? TG_NO : option->field.form == FIELD_OPTIONAL_WORD;
    for (const char *p = is_flag ? "" : option->choices; *p; p++)
        last += *p == ' ';
    *out = given;
    if (given >= 0 && given <= last)
        return TG_OK;
    return error_set(err, TG_USAGE, "%s is %d, which is none of its values; was the struct zeroed?",
                     option->field.given_name, given);
}

static int copy_levels(int given, const struct option *option, int *out, struct tg_error *err)
{
    if (given < TG_NO_NESTING)
        return error_set(err, TG_USAGE, "%s is a number of levels, or TG_NO_NESTING", option->name);
    *out = given == 0 ? -1 : given == TG_NO_NESTING ? 0 : given;
    return TG_OK;
}

static int copy_value(struct arena *arena, const struct tg_value *given,
                      const struct option *option, struct tg_value *out, struct tg_error *err)
{
    *out = *given;
    bool has_text = given->kind == TG_VALUE_TEXT || given->kind == TG_VALUE_JSON;
    return has_text ? copy_text(arena, given->text, option, &out->text, err) : TG_OK;
}

static int copy_word(const char *word, const struct option *option, void *out, struct tg_error *err)
{
    if (!word)
        return TG_OK;
    *(bool *)place_of(out, option->field.beside) = true;
    return find_word(option, word, place_of(out, option->field.offset), err);
}

static int take_given(struct arena *arena, const void *from, const struct option *option, void *out,
                      struct tg_error *err)
{
    const struct field *field = &option->field;
    void *to = place_of(out, field->offset);
    switch (field->form) {
    case FIELD_TEXT:
    case FIELD_HINTS: return copy_text(arena, *(const char *const *)from, option, to, err);
    case FIELD_TEXTS: return copy_names(arena, *(const char *const *)from, option, out, err);
    case FIELD_SPELLED_WORD: return copy_word(*(const char *const *)from, option, out, err);
    case FIELD_WORD:
    case FIELD_OPTIONAL_WORD:
    case FIELD_FLAG: return copy_enum(*(const int *)from, option, to, err);
    case FIELD_LEVELS: return copy_levels(*(const int *)from, option, to, err);
    case FIELD_VALUE: return copy_value(arena, from, option, to, err);
    case FIELD_MAP:
        return fill_from_struct(arena, from, field->given_bytes, option->table, to, err);
    case FIELD_BOOL:
    case FIELD_SECOND_WORD:
    case FIELD_INT:
    case FIELD_COUNT:
    case FIELD_NUMBER:
    case FIELD_POINTER: memcpy(to, from, field->given_bytes); return TG_OK;
    case FIELD_SAME:
    case FIELD_CODE: break;
    }
    return TG_OK;
}

int fill_from_struct(struct arena *arena, const void *given, size_t bytes,
                     const struct option *table, void *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (const struct option *option = table; option->name; option++) {
        const struct field *field = &option->field;
        if (field->form == FIELD_SAME)
            TRY(fill_from_struct(arena, given, bytes, option->table, out, err));
        else if (field->given_bytes > 0 && field->given + field->given_bytes <= bytes)
            TRY(take_given(arena, (const char *)given + field->given, option, out, err));
    }
done:
    return rc;
}

/* ---- what was said ---- */

static const void *held_at(const void *held, size_t offset)
{
    return (const char *)held + offset;
}

bool field_is_said(const struct option *option, const void *held)
{
    const struct field *field = &option->field;
    const void *at = held_at(held, field->offset);
    switch (field->form) {
    case FIELD_TEXT: return *(const char *const *)at;
    case FIELD_TEXTS: return *(const size_t *)held_at(held, field->beside) > 0;
    case FIELD_BOOL: return *(const bool *)at;
    case FIELD_FLAG:
    case FIELD_WORD: return *(const int *)at > 0;
    default: return false;
    }
}

static void put_text(struct buf *out, const char *text)
{
    json_string(out, text, strlen(text));
}

static void put_choice(struct buf *out, const char *choices, int number)
{
    for (; number > 0; number--)
        choices += strcspn(choices, " ") + 1;
    json_string(out, choices, strcspn(choices, " "));
}

void field_json(const struct option *option, const void *held, struct buf *out)
{
    const struct field *field = &option->field;
    const void *at = held_at(held, field->offset);
    size_t count = 0;
    switch (field->form) {
    case FIELD_TEXT: put_text(out, *(const char *const *)at); break;
    case FIELD_TEXTS:
        count = *(const size_t *)held_at(held, field->beside);
        for (size_t i = 0; i < count; i++) {
            buf_char(out, i == 0 ? '[' : ',');
            put_text(out, (*(const char *const *const *)at)[i]);
        }
        buf_char(out, ']');
        break;
    case FIELD_FLAG: buf_text(out, *(const int *)at == TG_YES ? "true" : "false"); break;
    case FIELD_WORD: put_choice(out, option->choices, *(const int *)at); break;
    default: buf_text(out, "true"); break;
    }
}

static bool same_texts(const struct field *field, const void *a, const void *b)
{
    return texts_same(*(const char *const *const *)held_at(a, field->offset),
                      *(const size_t *)held_at(a, field->beside),
                      *(const char *const *const *)held_at(b, field->offset),
                      *(const size_t *)held_at(b, field->beside));
}

static bool field_same(const struct option *option, const void *a, const void *b)
{
    const struct field *field = &option->field;
    const void *left = held_at(a, field->offset), *right = held_at(b, field->offset);
    switch (field->form) {
    case FIELD_CODE: return true;
    case FIELD_TEXT:
    case FIELD_HINTS: return text_same(*(const char *const *)left, *(const char *const *)right);
    case FIELD_TEXTS: return same_texts(field, a, b);
    case FIELD_SAME: return fields_same(option->table, a, b);
    case FIELD_MAP: return fields_same(option->table, left, right);
    case FIELD_BOOL:
    case FIELD_SECOND_WORD: return *(const bool *)left == *(const bool *)right;
    case FIELD_COUNT: return *(const uint64_t *)left == *(const uint64_t *)right;
    case FIELD_VALUE: return memcmp(left, right, sizeof(struct tg_value)) == 0;
    case FIELD_POINTER: return memcmp(left, right, field->given_bytes) == 0;
    default: return *(const int *)left == *(const int *)right;
    }
}

bool fields_same(const struct option *table, const void *a, const void *b)
{
    bool same = true;
    for (const struct option *option = table; same && option->name; option++)
        same = field_same(option, a, b);
    return same;
}
