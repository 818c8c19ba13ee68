/*
 * The path of a cursor: JSONPath as far as one value can be meant by it.
 *
 *   path      = "$" step*  |  name step*  |  "[" ... step*
 *   step      = "." name | ".*" | ".." name | ".." "*" | "[" index "]" | "[*]" | "['" name "']"
 *
 * Data path: path_parse (once) -> path_find (a row): depth first, in the order of the document, up
 * to the first value that all steps lead to.
 *
 * A name ends at a dot or a bracket; one that has such characters is quoted: ['a.b'].
 */
#include "extract/cursor/path.h"

#include <stdlib.h>
#include <string.h>

const char *path_field(const char *text)
{
    return text + (strncmp(text, "$.", 2) == 0 ? 2 : 0);
}

/* ---- parsing ---- */

const struct path_use path_of_cursor = {
    "cursor",
    "name a field: updated_at, or data.updated_at for a nested one, or give a JSONPath to "
    "one value: $.items[0]['up.dated']"};

struct parser {
    const struct path_use *use;
    const char *text, *at;
    struct path_step *step; /* the next one */
};

static int refuse(const struct parser *parser, const char *why, struct tg_error *err)
{
    return error_set(err, TG_USAGE, "%s '%s' is no path: %s; %s", parser->use->what, parser->text,
                     why, parser->use->advice);
}

static int take_name(struct parser *parser, struct tg_error *err)
{
    size_t len = strcspn(parser->at, ".[]");
    if (len == 0)
        return refuse(parser, "a name is empty", err);
    if (len == 1 && *parser->at == '*')
        parser->step->kind = STEP_ANY;
    parser->step->name = parser->at;
    parser->step->len = len;
    parser->at += len;
    return TG_OK;
}

static int take_quoted(struct parser *parser, struct tg_error *err)
{
    const char quote = *parser->at++, *end = strchr(parser->at, quote);
    if (!end || end[1] != ']')
        return refuse(parser, "a quoted name does not end with its quote and ']'", err);
    parser->step->name = parser->at;
    parser->step->len = (size_t)(end - parser->at);
    parser->at = end + 2;
    return TG_OK;
}

/* Behind "[". */
static int take_bracket(struct parser *parser, struct tg_error *err)
{
    char *end = NULL;
    if (*parser->at == '\'' || *parser->at == '"')
        return take_quoted(parser, err);
    if (strncmp(parser->at, "*]", 2) == 0) {
        parser->step->kind = STEP_ANY;
        parser->at += 2;
        return TG_OK;
    }
    parser->step->kind = STEP_INDEX;
    parser->step->index = strtoll(parser->at, &end, 10);
    if (end == parser->at || *end != ']')
        return refuse(parser, "between brackets stands a number, a quoted name or *", err);
    parser->at = end + 1;
    return TG_OK;
}

static int take_step(struct parser *parser, struct tg_error *err)
{
    *parser->step = (struct path_step){.kind = STEP_NAME, .from = parser->at};
    if (*parser->at == '[') {
        parser->at++;
        return take_bracket(parser, err);
    }
    if (*parser->at != '.')
        return refuse(parser, "a step begins with '.' or '['", err);
    parser->at++;
    if (*parser->at == '.') {
        parser->step->deep = true;
        parser->at++;
    }
    return take_name(parser, err);
}

int path_parse(struct arena *arena, const struct path_use *use, const char *text, struct path *out,
               struct tg_error *err)
{
    int rc = TG_OK;
    const char *copy = arena_strdup(arena, text);
    struct path_step *steps = arena_alloc(arena, (strlen(text) + 1) * sizeof(*steps));
    struct parser parser = {.use = use, .text = copy, .at = copy, .step = steps};
    *out = (struct path){.text = copy, .steps = steps};
    if (!copy || !steps)
        return error_nomem(err);
    out->field = path_field(copy);
    if (*copy == '$' && strchr(".[", copy[1])) {
        parser.at++;
    } else if (*copy != '[') {
        *parser.step = (struct path_step){.kind = STEP_NAME, .from = copy};
        TRY(take_name(&parser, err));
        parser.step++;
    }
    for (; *parser.at; parser.step++)
        TRY(take_step(&parser, err));
    out->step_count = (size_t)(parser.step - steps);
    out->is_name = out->step_count == 1 && steps->kind == STEP_NAME && !steps->deep;
    if (out->is_name)
        out->field = arena_strndup(arena, steps->name, steps->len);
    if (!out->field)
        rc = error_nomem(err);
done:
    return rc;
}

/* ---- finding ---- */

static const yyjson_val *find_from(const struct path_step *step, size_t count,
                                   const yyjson_val *cell);

static const yyjson_val *find_at(const struct path_step *step, size_t count, const yyjson_val *list)
{
    int64_t len = (int64_t)cell_len(list);
    int64_t index = step->index < 0 ? len + step->index : step->index;
    if (cell_kind(list) != CELL_LIST || index < 0 || index >= len)
        return NULL;
    const yyjson_val *item = cell_first(list);
    while (index-- > 0)
        item = cell_next(item);
    return find_from(step + 1, count - 1, item);
}

/* In each of the values of a list or an object: what follows the step, or (deep) the step again. */
static const yyjson_val *find_within(const struct path_step *step, size_t count, bool again,
                                     const yyjson_val *cell)
{
    bool is_object = cell_kind(cell) == CELL_OBJECT;
    size_t left = is_object || cell_kind(cell) == CELL_LIST ? cell_len(cell) : 0;
    const yyjson_val *found = NULL;
    for (const yyjson_val *at = cell_first(cell); left > 0 && !found; left--) {
        const yyjson_val *value = is_object ? at + 1 : at;
        found = again ? find_from(step, count, value) : find_from(step + 1, count - 1, value);
        at = cell_next(value);
    }
    return found;
}

static const yyjson_val *find_step(const struct path_step *step, size_t count,
                                   const yyjson_val *cell)
{
    const yyjson_val *value;
    switch (step->kind) {
    case STEP_INDEX: return find_at(step, count, cell);
    case STEP_ANY: return find_within(step, count, false, cell);
    case STEP_NAME: break;
    }
    value = cell_find(cell, step->name, step->len);
    return value ? find_from(step + 1, count - 1, value) : NULL;
}

static const yyjson_val *find_from(const struct path_step *step, size_t count,
                                   const yyjson_val *cell)
{
    if (count == 0)
        return cell;
    const yyjson_val *found = find_step(step, count, cell);
    return found || !step->deep ? found : find_within(step, count, true, cell);
}

const yyjson_val *path_find(const struct path *path, const yyjson_val *row)
{
    return find_from(path->steps, path->step_count, row);
}
