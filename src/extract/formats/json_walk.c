/*
 * A walk over the structure of a JSON text, as a machine that can stop at any byte.
 *
 *   AT_VALUE -> a row or a list of rows (WALK_ROW, WALK_LIST), a container on the way (enter ->
 *               AT_ITEM), or what is passed over (SKIPPING, IN_SCALAR)
 *   AT_ITEM  -> the next key (AT_COLON -> AT_VALUE) or element (AT_VALUE) of the innermost one
 *   BEHIND   -> a comma (AT_ITEM) or its bracket (leave); at the top the next value
 *
 * So there are as many levels as the path has steps, and one counter for all that is below. The
 * names that were there where the way ended are kept, a few of them, for whoever has mistyped one.
 */
#include "extract/formats/json_walk.h"

#include <stdio.h>
#include <string.h>

#include "base/text/utf8.h"
#include "data/page.h"

enum state { AT_VALUE, AT_ITEM, AT_COLON, SKIPPING, IN_SCALAR, BEHIND };

enum { NAMES_SHOWN = 12, NAME_SHOWN_MAX = 60 };

int json_walk_check(const struct path *path, const char *what, struct tg_error *err)
{
    if (path->step_count > WALK_STEPS_MAX)
        return error_set(err, TG_USAGE, "%s '%s' has %zu steps, and %d are the most", what,
                         path->text, path->step_count, WALK_STEPS_MAX);
    for (size_t i = 0; i < path->step_count; i++) {
        if (path->steps[i].deep)
            return error_set(
                err, TG_USAGE,
                "%s '%s' looks in all that is below (..), and a file is read once, from "
                "its beginning to its end; name the way: data.items, pages[*].items",
                what, path->text);
        if (path->steps[i].kind == STEP_INDEX && path->steps[i].index < 0)
            return error_set(err, TG_USAGE,
                             "%s '%s' counts from the end of a list, which is not known before it "
                             "is read; count from its beginning: [0], or take all: [*]",
                             what, path->text);
    }
    return TG_OK;
}

void json_walk_release(struct json_walk *walk)
{
    buf_release(&walk->seen);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

/* What may stand between values: at the top the marks of a sequence of texts (RFC 7464), too. */
static bool is_space(const struct json_walk *walk, char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || (c == JSON_MARK && walk->depth == 0);
}

static bool ends_scalar(char c)
{
    return c == ',' || c == ']' || c == '}' || c == ':' || c == '"' || c == '{' || c == '[' ||
           c == '/' || c == '#' || (unsigned char)c <= ' ';
}

/* At `c`, which is not what should come. */
static enum walk_event fail(struct json_walk *walk, char c, const char *fault)
{
    walk->fault = c == '/' || c == '#' ? JSON_NO_COMMENTS : fault;
    return WALK_MALFORMED;
}

/* ---- What was there ------------------------------------------------------------------------ */

/* The way has led as far as here, `steps` of it: what was seen before that is no matter. */
static bool is_furthest(struct json_walk *walk, size_t steps)
{
    if (walk->found || steps < walk->seen_steps)
        return false;
    if (steps > walk->seen_steps) {
        buf_clear(&walk->seen);
        walk->name_count = 0;
    }
    walk->seen_steps = steps;
    return true;
}

static void note_name(struct json_walk *walk, const char *name, size_t len)
{
    const size_t shown = len > NAME_SHOWN_MAX ? utf8_cut(name, NAME_SHOWN_MAX) : len;
    if (!is_furthest(walk, walk->depth - 1) || walk->name_count > NAMES_SHOWN)
        return;
    if (walk->name_count++ == 0)
        buf_clear(&walk->seen);
    if (walk->name_count > NAMES_SHOWN)
        buf_text(&walk->seen, ", ...");
    else
        buf_printf(&walk->seen, "%s'%.*s%s'", walk->name_count > 1 ? ", " : "", (int)shown, name,
                   shown < len ? "..." : "");
}

/* The way ends at a value that it cannot lead into. */
static void note_kind(struct json_walk *walk, char c)
{
    if (is_furthest(walk, walk->depth) && walk->seen.len == 0)
        buf_text(&walk->seen, c == '{'   ? "an object"
                              : c == '[' ? "a list"
                                         : "no object and no list");
}

/* ---- Keys ---------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* The character of an escape, whose letter is *text: its UTF-16 unit, behind which *text is then;
 * halves of a pair come one by one. */
static int read_escape(const char **text, const char *end)
{
    static const char letters[] = "\"\\/bfnrt", signs[] = "\"\\/\b\f\n\r\t";
    const char letter = *(*text)++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    int code = 0;
    if (found)
        return signs[found - letters];
    for (int i = 0; letter == 'u' && i < 4; i++) {
        int digit = *text < end ? hex_value(*(*text)++) : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return letter == 'u' ? code : -1;
}

/* Is the key, as it is written, this name? */
static bool is_name(const char *key, size_t len, const struct path_step *step)
{
    const char *end = key + len, *name = step->name, *name_end = step->name + step->len;
    if (!memchr(key, '\\', len))
        return len == step->len && memcmp(key, step->name, len) == 0;
    while (key < end && name < name_end) {
        uint32_t wanted, code = (unsigned char)*key;
        size_t size = utf8_next(name, (size_t)(name_end - name), &wanted);
        if (size == 0)
            return false;
        if (*key == '\\' && key + 1 < end) {
            key++;
            code = (uint32_t)read_escape(&key, end);
            if (code >= 0xd800 && code < 0xdc00 && end - key > 1 && key[0] == '\\') {
                key++;
                uint32_t low = (uint32_t)read_escape(&key, end);
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
        } else {
            key += utf8_next(key, (size_t)(end - key), &code);
        }
        if (code != wanted)
            return false;
        name += size;
    }
    return key == end && name == name_end;
}

/* The quote that ends the key which begins behind text[at]; `end`: it is not there. */
static size_t find_quote(const char *text, size_t at, size_t end)
{
    for (at++; at < end && text[at] != '"'; at++)
        at += text[at] == '\\';
    return at < end ? at : end;
}

/* ---- Containers ---------------------------------------------------------------------------- */

static const struct path_step *next_step(const struct json_walk *walk)
{
    return walk->path && walk->depth < walk->path->step_count ? &walk->path->steps[walk->depth]
                                                              : NULL;
}

/* The elements of the list to come are all that is selected: it is a list of rows. */
static bool is_all(const struct json_walk *walk, const struct path_step *step)
{
    return step->kind == STEP_ANY && walk->depth + 1 == walk->path->step_count;
}

static bool leads_into(const struct path_step *step, char bracket)
{
    return step->kind == STEP_ANY || (step->kind == STEP_NAME) == (bracket == '{');
}

static void enter(struct json_walk *walk, char bracket)
{
    walk->levels[walk->depth++] = (struct walk_level){.is_list = bracket == '['};
    walk->state = AT_ITEM;
}

static void leave(struct json_walk *walk)
{
    walk->depth--;
    walk->state = BEHIND;
}

/* A value that nothing is wanted of; text[*at] is its first byte. */
static enum walk_event pass_over(struct json_walk *walk, char c, size_t *at)
{
    walk->skip_depth = c == '{' || c == '[';
    walk->quoted = c == '"';
    walk->state = walk->skip_depth > 0 || walk->quoted ? SKIPPING : IN_SCALAR;
    if (walk->state == SKIPPING)
        ++*at;
    else if (ends_scalar(c))
        return fail(walk, c, "no value of JSON begins here");
    return WALK_MORE;
}

/* What the path leads to: rows, or null where there are none. */
static enum walk_event select_value(struct json_walk *walk, char c, size_t *at)
{
    walk->state = BEHIND;
    if (c == '{' || c == '[') {
        walk->found = true;
        *at += c == '[';
        return c == '[' ? WALK_LIST : WALK_ROW;
    }
    if (!walk->path)
        return fail(walk, c, "something follows that is no object and no list");
    if (c != 'n')
        return fail(walk, c, "what is selected is no object and no list");
    walk->found = true;
    return pass_over(walk, c, at);
}

static enum walk_event take_value(struct json_walk *walk, char c, size_t *at)
{
    const struct path_step *step = next_step(walk);
    walk->is_begun = true;
    if (!walk->leads && walk->depth > 0)
        return pass_over(walk, c, at);
    if (!step || (c == '[' && is_all(walk, step)))
        return select_value(walk, c, at);
    if ((c != '{' && c != '[') || !leads_into(step, c)) {
        note_kind(walk, c);
        return pass_over(walk, c, at);
    }
    enter(walk, c);
    (void)is_furthest(walk, walk->depth - 1);
    ++*at;
    return WALK_MORE;
}

/* ---- Steps of the machine; WALK_MORE: go on, unless all is read ---------------------------- */

/* A key, or an element, or the end of what is empty. */
static enum walk_event take_item(struct json_walk *walk, const char *text, size_t *at, size_t end)
{
    struct walk_level *level = &walk->levels[walk->depth - 1];
    const struct path_step *step = &walk->path->steps[walk->depth - 1];
    const char c = text[*at];
    if (c == (level->is_list ? ']' : '}')) {
        if (level->is_begun)
            return fail(walk, c, "a comma without a value; take it out");
        ++*at;
        leave(walk);
        return WALK_MORE;
    }
    level->is_begun = true;
    if (level->is_list) {
        walk->leads = step->kind == STEP_ANY || step->index == level->index;
        level->index++;
        walk->state = AT_VALUE;
        return WALK_MORE;
    }
    if (c != '"')
        return fail(walk, c, "a key in double quotes is missing");
    size_t quote = find_quote(text, *at, end);
    if (quote == end)
        return WALK_MORE;
    const char *key = text + *at + 1;
    walk->leads = step->kind == STEP_ANY || is_name(key, quote - *at - 1, step);
    note_name(walk, key, quote - *at - 1);
    *at = quote + 1;
    walk->state = AT_COLON;
    return WALK_MORE;
}

static enum walk_event take_behind(struct json_walk *walk, char c, size_t *at)
{
    if (walk->depth == 0) {
        walk->state = AT_VALUE;
        return c == ',' ? fail(walk, c,
                               "a comma between values at the top; put them in brackets, "
                               "[ ... ], or take it out")
                        : WALK_MORE;
    }
    const char closing = walk->levels[walk->depth - 1].is_list ? ']' : '}';
    if (c != ',' && c != closing)
        return fail(walk, c, "a comma or a closing bracket is missing");
    ++*at;
    if (c == closing)
        leave(walk);
    else
        walk->state = AT_ITEM;
    return WALK_MORE;
}

static void skip(struct json_walk *walk, const char *text, size_t *at, size_t end)
{
    size_t i = *at;
    for (; i < end && (walk->quoted || walk->skip_depth > 0); i++) {
        const char c = text[i];
        if (walk->escaped)
            walk->escaped = false;
        else if (walk->quoted && c == '\\')
            walk->escaped = true;
        else if (c == '"')
            walk->quoted = !walk->quoted;
        else if (!walk->quoted && (c == '{' || c == '['))
            walk->skip_depth++;
        else if (!walk->quoted && (c == '}' || c == ']'))
            walk->skip_depth--;
    }
    *at = i;
    if (!walk->quoted && walk->skip_depth == 0)
        walk->state = BEHIND;
}

static void skip_scalar(struct json_walk *walk, const char *text, size_t *at, size_t end)
{
    while (*at < end && !ends_scalar(text[*at]))
        ++*at;
    if (*at < end)
        walk->state = BEHIND;
}

static enum walk_event take(struct json_walk *walk, const char *text, size_t *at, size_t end)
{
    switch ((enum state)walk->state) {
    case SKIPPING: skip(walk, text, at, end); return WALK_MORE;
    case IN_SCALAR: skip_scalar(walk, text, at, end); return WALK_MORE;
    case AT_ITEM: return take_item(walk, text, at, end);
    case BEHIND: return take_behind(walk, text[*at], at);
    case AT_COLON:
        if (text[*at] != ':')
            return fail(walk, text[*at], "a colon is missing behind a key");
        ++*at;
        walk->state = AT_VALUE;
        return WALK_MORE;
    case AT_VALUE: break;
    }
    return take_value(walk, text[*at], at);
}

enum walk_event json_walk_next(struct json_walk *walk, const char *text, size_t *at, size_t end)
{
    enum walk_event event = WALK_MORE;
    while (event == WALK_MORE) {
        const size_t before = *at;
        const int state = walk->state;
        while (*at < end && state != SKIPPING && state != IN_SCALAR && is_space(walk, text[*at]))
            ++*at;
        if (*at == end)
            break;
        event = take(walk, text, at, end);
        if (*at == before && walk->state == state)
            break; /* a key that was cut */
    }
    return event;
}

/* ---- The end ------------------------------------------------------------------------------- */

bool json_walk_may_end(const struct json_walk *walk)
{
    return walk->depth == 0 && walk->state != SKIPPING;
}

const char *json_walk_closing(const struct json_walk *walk)
{
    if (walk->state == SKIPPING || walk->depth == 0)
        return NULL;
    return walk->levels[walk->depth - 1].is_list ? "]" : "}";
}

int json_walk_finish(const struct json_walk *walk, struct tg_error *err)
{
    const struct path *path = walk->path;
    const size_t steps = walk->seen_steps;
    int rc = TG_OK;
    if (!path || walk->found || !walk->is_begun)
        return TG_OK;
    TRY(buf_check(&walk->seen, err));
    const char *seen = walk->seen.len > 0 ? buf_string(&walk->seen) : "nothing";
    const char *from = steps < path->step_count ? path->steps[steps].from : path->text;
    const bool is_list = walk->name_count == 0 && strcmp(seen, "a list") == 0;
    char place[256] = "at the top";
    if (steps > 0)
        snprintf(place, sizeof(place), "in '%.*s'", (int)(from - path->text), path->text);
    rc = error_set(err, TG_DATA, "select '%s' matches nothing in it: %s %s %s%s", path->text, place,
                   walk->name_count > 0 ? "are the keys" : "is", seen,
                   is_list ? "; [*] leads into each of its elements" : "");
done:
    return rc;
}
