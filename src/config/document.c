/*
 * Documents: the values of a YAML text as our own tree, each with its place, and what is wrong with
 * them.
 *
 *   document_parse: check_bytes -> load (libfyaml) -> build -> doc->root
 *   document_expand: config_expand (${...}), document_learn (secrets) of each text in it
 *   document_problem (anybody who finds something) -> document_report: all of them as one error
 *
 * Our own complaints and the parser's look alike: file:line:column, what is wrong, the source line
 * and a caret. Which keys there may be is not known here (config.c checks by option tables).
 */
#include "config/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text/utf8.h"
#include "base/yaml.h"
#include "config/environment.h"

enum {
    NODES_MAX = 100000, /* with aliases a short file can stand for a huge one */
    DEPTH_MAX = 64,
    SHOWN_MAX = 100 /* characters of a source line in a message */
};

/* ---- problems ---- */

/* The text of a line, without its end. */
static const char *find_line(const struct document *doc, int line, size_t *len)
{
    const char *start = doc->text, *end = doc->text + doc->len;
    if (doc->len >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0)
        start += 3;
    for (int i = 1; i < line && start < end; i++) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        start = newline ? newline + 1 : end;
    }
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    *len = (size_t)((newline ? newline : end) - start);
    while (*len > 0 && (start[*len - 1] == '\r' || start[*len - 1] == ' '))
        (*len)--;
    return start;
}

/* How much of a line may be shown. */
static size_t shown_len(const char *line, size_t len, struct buf *out)
{
    char *copy = mem_strndup(line, len);
    size_t shown = copy ? redact_line(copy) : 0;
    out->failed = out->failed || !copy;
    mem_free(copy);
    return shown;
}

/* The source line and a caret under the place. Of a long line, the part around it. */
static void draw(const struct document *doc, const struct place *place, struct buf *out)
{
    size_t len;
    const char *line = find_line(doc, place->line, &len);
    size_t shown = shown_len(line, len, out);
    if (place->hidden || place->column < 1 || (size_t)place->column > shown)
        return;
    int first = place->column > SHOWN_MAX * 3 / 4 ? place->column - SHOWN_MAX / 2 : 1;
    int column = 0;
    buf_char(out, '\n');
    for (size_t i = 0; i < shown; i++) {
        column += !utf8_continues(line[i]);
        if (column >= first && column < first + SHOWN_MAX)
            buf_char(out, line[i] == '\t' ? ' ' : line[i]);
    }
    buf_text(out, shown < len ? "***" : "");
    buf_printf(out, "\n%*s^", place->column - first, "");
    for (int i = 1; i < place->width && place->column + i < first + SHOWN_MAX; i++)
        buf_char(out, '~');
}

static bool is_before(const struct place *a, const struct place *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

int document_problem(struct document *doc, const struct place *place, const char *format, ...)
{
    struct buf what = BUF_INIT;
    char text[512];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    if (++doc->problem_count > PROBLEMS_MAX)
        return TG_OK;
    buf_text(&what, text);
    draw(doc, place, &what);
    int rc = buf_check(&what, doc->err);
    size_t at = doc->problem_count - 1;
    const char *kept = rc == TG_OK ? arena_strdup(doc->arena, buf_string(&what)) : NULL;
    buf_release(&what);
    if (!kept)
        return error_nomem(doc->err);
    for (; at > 0 && is_before(place, &doc->problems[at - 1].place); at--)
        doc->problems[at] = doc->problems[at - 1];
    doc->problems[at] = (struct problem){.place = *place, .what = kept};
    return TG_OK;
}

static bool stands_at(const struct node *node, const struct place *place)
{
    return (node->place.line == place->line && node->place.column == place->column) ||
           (node->name_place.line == place->line && node->name_place.column == place->column);
}

/* The keys down to the innermost thing that stands at a place: "resources.a.incremental". */
static bool find_path(const struct node *map, const struct place *place, const char *between,
                      char *path, size_t size)
{
    for (size_t i = 0; i < map->item_count; i++) {
        const struct node *node = &map->items[i];
        int len = node->name ? snprintf(path, size, "%s%s", between, node->name) : 0;
        size_t used = (size_t)len < size ? (size_t)len : size - 1;
        if (find_path(node, place, used > 0 ? "." : between, path + used, size - used) ||
            stands_at(node, place))
            return true;
    }
    *path = '\0';
    return false;
}

/* The document itself begins where its first key does. */
static void name_key(const struct document *doc, struct tg_error *err)
{
    char path[sizeof(err->key_path)] = "";
    const struct place *place = &doc->problems[0].place;
    bool is_root = place->hidden && stands_at(&doc->root, place);
    if (!is_root && find_path(&doc->root, place, "", path, sizeof(path)))
        error_names(err, TG_SPEC, AT_KEY, path);
}

int document_report(const struct document *doc, struct tg_error *err)
{
    enum { COUNT_BYTES = 24 };
    char text[sizeof(err->what)];
    size_t len = 0, shown = 0;
    if (doc->problem_count == 0)
        return TG_OK;
    for (; shown < doc->problem_count && shown < PROBLEMS_MAX; shown++) {
        const struct problem *problem = &doc->problems[shown];
        char place[sizeof(err->where)] = "";
        if (shown > 0 && doc->path)
            snprintf(place, sizeof(place), "\n%s:%d:%d: ", doc->path, problem->place.line,
                     problem->place.column);
        else if (shown > 0)
            snprintf(place, sizeof(place), "; ");
        if (shown > 0 && len + strlen(place) + strlen(problem->what) + COUNT_BYTES > sizeof(text))
            break;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", place, problem->what);
    }
    if (shown < doc->problem_count)
        snprintf(text + len, sizeof(text) - len, "\n(and %zu more)", doc->problem_count - shown);
    error_set(err, doc->path ? TG_SPEC : TG_USAGE, "%s", text);
    if (!doc->path)
        return TG_USAGE;
    name_key(doc, err);
    return error_at_mark(err, TG_SPEC, doc->path, doc->problems[0].place.line,
                         doc->problems[0].place.column);
}

/* ---- YAML -> document ---- */

/* From one mark of libfyaml to another, at most to the end of the line. */
static struct place make_place(const struct document *doc, const struct fy_mark *from,
                               const struct fy_mark *to)
{
    struct place place = {.line = from->line + 1, .column = from->column + 1};
    for (size_t i = from->input_pos; i < to->input_pos && i < doc->len; i++) {
        if (doc->text[i] == '\n' || doc->text[i] == '\r')
            break;
        place.width += !utf8_continues(doc->text[i]);
    }
    return place;
}

/* Quotes, and the star of an alias, are not part of libfyaml's token; a block's text starts lines
 * below the key, which says more. */
static struct place place_of(const struct document *doc, struct fy_node *from,
                             const struct place *around)
{
    struct fy_token *token = fy_node_is_scalar(from) ? fy_node_get_scalar_token(from) : NULL;
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    enum fy_node_style style = fy_node_get_style(from);
    if (!start || !end || style == FYNS_LITERAL || style == FYNS_FOLDED)
        return *around;
    bool quoted = style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
    struct place place = make_place(doc, start, end);
    if (quoted || style == FYNS_ALIAS)
        place.column--, place.width += 1 + quoted;
    return place;
}

/* The place of the first scalar in it. */
static struct place first_place(const struct document *doc, struct fy_node *node,
                                const struct place *around)
{
    while (node && !fy_node_is_scalar(node)) {
        void *at = NULL;
        struct fy_node_pair *pair =
            fy_node_is_mapping(node) ? fy_node_mapping_iterate(node, &at) : NULL;
        node = pair ? fy_node_pair_key(pair) : fy_node_sequence_iterate(node, &at);
    }
    return node ? place_of(doc, node, around) : *around;
}

static bool is_null_word(const char *text, size_t len)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
            return true;
    return false;
}

int document_learn(struct document *doc, const struct node *node)
{
    bool whole = node->secret || (node->name && secret_name(node->name, strlen(node->name)));
    if (!node->text)
        return TG_OK;
    return whole ? secrets_add(doc->secrets, node->text, doc->err)
                 : secrets_add_places(doc->secrets, node->text, doc->err);
}

static int build_text(struct document *doc, const struct buf *text, struct node *out)
{
    int rc = buf_check(text, doc->err);
    if (rc != TG_OK || (!out->quoted && is_null_word(buf_string(text), text->len)))
        return rc;
    out->kind = NODE_SCALAR;
    out->text = arena_strndup(doc->arena, buf_string(text), text->len);
    return out->text ? TG_OK : error_nomem(doc->err);
}

static int build_scalar(struct document *doc, struct fy_node *from, struct node *out)
{
    size_t tag_len = 0;
    bool is_text;
    struct buf text = BUF_INIT;
    const char *tag = yaml_tag(from, &tag_len, &is_text);
    out->quoted = fy_node_get_style(from) != FYNS_PLAIN || is_text;
    if (tag && !is_text) {
        out->kind = NODE_BROKEN;
        return document_problem(doc, &out->place, "tag '%.*s' has no meaning here; leave it out",
                                (int)tag_len, tag);
    }
    yaml_text(from, doc->text, &text);
    int rc = build_text(doc, &text, out);
    buf_release(&text);
    return rc;
}

static int build(struct document *doc, struct fy_node *from, int depth, struct node *out);

static int alloc_items(struct document *doc, int count, struct node *out)
{
    out->items = arena_alloc(doc->arena, ((size_t)count + 1) * sizeof(*out->items));
    return out->items ? TG_OK : error_nomem(doc->err);
}

static int build_list(struct document *doc, struct fy_node *from, int depth, struct node *out)
{
    int rc = TG_OK;
    void *at = NULL;
    out->kind = NODE_LIST;
    TRY(alloc_items(doc, fy_node_sequence_item_count(from), out));
    for (struct fy_node *item; (item = fy_node_sequence_iterate(from, &at));) {
        struct node *node = &out->items[out->item_count++];
        node->place = place_of(doc, item, &out->place);
        node->name_place = first_place(doc, item, &out->place);
        TRY(build(doc, item, depth + 1, node));
    }
done:
    return rc;
}

/* The key of an entry, into node->name; NULL when it is none. */
static int build_name(struct document *doc, struct fy_node *key, const struct node *map,
                      struct node *node)
{
    struct buf text = BUF_INIT;
    if (key && fy_node_is_scalar(key) && !fy_node_is_alias(key))
        yaml_text(key, doc->text, &text);
    node->name_place = first_place(doc, key, &map->place);
    if (text.len == 0 && !text.failed)
        return document_problem(doc, &node->name_place, "a key must be a text of its own");
    node->name = arena_strndup(doc->arena, buf_string(&text), text.len);
    bool failed = text.failed || !node->name;
    buf_release(&text);
    if (failed)
        return error_nomem(doc->err);
    const struct node *twin = node_find(map, node->name);
    if (twin)
        return document_problem(doc, &node->name_place, "key '%s' is there twice, first in line %d",
                                node->name, twin->name_place.line);
    return TG_OK;
}

static int build_map(struct document *doc, struct fy_node *from, int depth, struct node *out)
{
    int rc = TG_OK;
    void *at = NULL;
    out->kind = NODE_MAP;
    TRY(alloc_items(doc, fy_node_mapping_item_count(from), out));
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(from, &at));) {
        struct node *node = &out->items[out->item_count];
        TRY(build_name(doc, fy_node_pair_key(pair), out, node));
        if (!node->name)
            continue;
        node->place = node->name_place;
        out->item_count++;
        struct fy_node *value = fy_node_pair_value(pair);
        if (!value)
            continue;
        node->place = place_of(doc, value, &node->name_place);
        TRY(build(doc, value, depth + 1, node));
    }
done:
    return rc;
}

/* Told once; what was built of the document so far is of no use then. */
static int too_large(struct document *doc, struct node *node)
{
    bool told = doc->too_large;
    doc->too_large = true;
    return told ? TG_OK
                : document_problem(doc, &node->place,
                                   "too deep or too large; are aliases in a circle?");
}

/* out->place is set; fills the rest. An alias becomes a copy, with the places of what it stands
 * for. */
static int build(struct document *doc, struct fy_node *from, int depth, struct node *out)
{
    if (fy_node_is_alias(from)) {
        struct fy_node *target = fy_node_resolve_alias(from);
        if (!target) {
            out->kind = NODE_BROKEN;
            return document_problem(doc, &out->place, "alias of an anchor that is not there");
        }
        if (depth <= DEPTH_MAX)
            return build(doc, target, depth + 1, out);
    }
    if (depth > DEPTH_MAX || ++doc->node_count > NODES_MAX)
        return too_large(doc, out);
    switch (fy_node_get_type(from)) {
    case FYNT_SCALAR: return build_scalar(doc, from, out);
    case FYNT_SEQUENCE: return build_list(doc, from, depth, out);
    default: return build_map(doc, from, depth, out);
    }
}

/* ---- text -> libfyaml ---- */

static int check_bytes(struct document *doc)
{
    struct place place = {.hidden = true};
    const char *byte = yaml_bad_byte(doc->text, doc->len, &place.line, &place.column);
    return byte ? document_problem(doc, &place,
                                   "byte 0x%02X is no UTF-8 text; save the file as UTF-8",
                                   (unsigned char)*byte)
                : TG_OK;
}

/* What the parser has to say; it stops at its first error. */
static int syntax_problem(struct document *doc, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
    struct place place = {.line = 1, .column = 1};
    if (!error)
        return TG_OK;
    const struct fy_mark *start = error->fyt ? fy_token_start_mark(error->fyt) : NULL;
    const struct fy_mark *end = error->fyt ? fy_token_end_mark(error->fyt) : NULL;
    if (start && end)
        place = make_place(doc, start, end);
    else if (error->line > 0)
        place = (struct place){.line = error->line, .column = error->column};
    return document_problem(doc, &place, "%s", error->msg);
}

static int load(struct document *doc, struct fy_parser *parser, struct fy_diag *diag)
{
    int rc = TG_OK;
    struct fy_document *next = NULL, *yaml = fy_parse_load_document(parser);
    struct fy_node *root = yaml ? fy_document_root(yaml) : NULL;
    doc->root.place = (struct place){.line = 1, .column = 1, .hidden = true};
    doc->root.name_place = doc->root.place;
    if (root) {
        next = fy_parse_load_document(parser);
        TRY(build(doc, root, 0, &doc->root));
        if (doc->too_large)
            doc->root.kind = NODE_BROKEN;
    }
    TRY(syntax_problem(doc, diag));
    if (next) {
        struct fy_node *other = fy_document_root(next);
        struct place place = first_place(doc, other, &doc->root.place);
        TRY(document_problem(doc, &place, "a second document begins here; a spec is one document"));
    } else if (doc->problem_count == 0 && doc->root.kind == NODE_NULL) {
        TRY(document_problem(doc, &doc->root.place,
                             "there is nothing in it; 'tidegate init' writes "
                             "a spec to start from"));
    }
done:
    fy_parse_document_destroy(parser, next);
    fy_parse_document_destroy(parser, yaml);
    return rc;
}

int document_parse(struct document *doc)
{
    int rc = check_bytes(doc);
    if (rc != TG_OK || doc->problem_count > 0)
        return rc;
    struct fy_diag *diag = yaml_diag();
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2,
        .diag = diag,
    };
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    if (!parser || fy_parser_set_string(parser, doc->text, doc->len) != 0)
        rc = error_nomem(doc->err);
    else
        rc = load(doc, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc;
}

static int expand_text(struct document *doc, struct node *node)
{
    size_t problems = doc->problem_count;
    int rc = config_expand(doc, node, node->text, strlen(node->text));
    if (doc->problem_count > problems)
        node->kind = NODE_BROKEN;
    return rc == TG_OK ? document_learn(doc, node) : rc;
}

static int expand(struct document *doc, struct node *node)
{
    int rc = TG_OK;
    if (node->kind == NODE_SCALAR)
        return expand_text(doc, node);
    for (size_t i = 0; i < node->item_count; i++)
        if (node != &doc->root || !environment_is_key(node, &node->items[i]))
            TRY(expand(doc, &node->items[i]));
done:
    return rc;
}

int document_expand(struct document *doc)
{
    return expand(doc, &doc->root);
}

/* ---- values ---- */

const struct node *node_find(const struct node *map, const char *name)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->item_count; i++)
        if (strcmp(map->items[i].name, name) == 0)
            return &map->items[i];
    return NULL;
}

static bool is_plain(const struct node *node)
{
    return node->kind == NODE_SCALAR && !node->quoted;
}

/* [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+ */
bool node_int(const struct node *node, int64_t *out)
{
    if (!is_plain(node))
        return false;
    const char *p = node->text;
    uint64_t base = 10, value = 0;
    bool negative = *p == '-';
    if (p[0] == '0' && (p[1] == 'o' || p[1] == 'x')) {
        base = p[1] == 'o' ? 8 : 16;
        p += 2;
    } else if (*p == '-' || *p == '+') {
        p++;
    }
    if (!*p)
        return false;
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    for (; *p; p++) {
        static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
        const char *found = strchr(digits, *p);
        uint64_t digit = found ? (uint64_t)(found - digits) / 2 : base;
        if (digit >= base || value > (limit - digit) / base)
            return false;
        value = value * base + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool node_bool(const struct node *node, bool *out)
{
    static const char *const words[] = {"false", "False", "FALSE", "true", "True", "TRUE"};
    for (size_t i = 0; is_plain(node) && i < 6; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *out = i >= 3;
            return true;
        }
    }
    return false;
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, put in JSON's form, which has a reader that
 * does not depend on the locale. */
static bool node_double(const struct node *node, double *out)
{
    char json[128];
    if (!is_plain(node))
        return false;
    const char *p = node->text + (node->text[0] == '-' || node->text[0] == '+');
    const char *whole = p + strspn(p, "0");
    size_t zeros = (size_t)(whole - p), digits = count_digits(whole);
    p = whole + digits;
    const char *fraction = *p == '.' ? p + 1 : p;
    size_t fraction_digits = *p == '.' ? count_digits(fraction) : 0;
    p = fraction + fraction_digits;
    if (zeros + digits + fraction_digits == 0)
        return false;
    const char *exponent = p;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        if (count_digits(p) == 0)
            return false;
        p += count_digits(p);
    }
    if (*p)
        return false;
    int len = snprintf(json, sizeof(json), "%s%.*s.%.*s%s", node->text[0] == '-' ? "-" : "",
                       digits ? (int)digits : 1, digits ? whole : "0",
                       fraction_digits ? (int)fraction_digits : 1, fraction_digits ? fraction : "0",
                       exponent);
    yyjson_val number = {0};
    if (len >= (int)sizeof(json) || !yyjson_read_number(json, &number, 0, NULL, NULL))
        return false;
    *out = yyjson_get_num(&number);
    return true;
}

struct tg_value node_value(const struct node *node)
{
    struct tg_value value = {0};
    if (node_int(node, &value.int64))
        value.kind = TG_VALUE_INT64;
    else if (node_double(node, &value.real))
        value.kind = TG_VALUE_DOUBLE;
    else
        value = (struct tg_value){.kind = TG_VALUE_TEXT, .text = node->text};
    return value;
}

int node_texts(struct arena *arena, const struct node *node, size_t more, const char ***out,
               size_t *count, struct tg_error *err)
{
    bool is_list = node && node->kind == NODE_LIST;
    *count = !node ? 0 : is_list ? node->item_count : 1;
    *out = arena_alloc(arena, (*count + more + 1) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = is_list ? node->items[i].text : node->text;
    return TG_OK;
}

static void scalar_json(const struct node *node, struct buf *out)
{
    bool flag;
    struct tg_value value = node_value(node);
    if (node_bool(node, &flag))
        buf_text(out, flag ? "true" : "false");
    else if (value.kind == TG_VALUE_INT64)
        buf_printf(out, "%lld", (long long)value.int64);
    else if (value.kind == TG_VALUE_DOUBLE)
        json_double(out, value.real);
    else
        json_string(out, node->text, strlen(node->text));
}

void node_json(const struct node *node, struct buf *out)
{
    bool is_map = node->kind == NODE_MAP;
    if (node->kind == NODE_SCALAR) {
        scalar_json(node, out);
    } else if (!is_map && node->kind != NODE_LIST) {
        buf_text(out, "null");
    } else {
        buf_char(out, is_map ? '{' : '[');
        for (size_t i = 0; i < node->item_count; i++) {
            if (i > 0)
                buf_char(out, ',');
            if (is_map) {
                json_string(out, node->items[i].name, strlen(node->items[i].name));
                buf_char(out, ':');
            }
            node_json(&node->items[i], out);
        }
        buf_char(out, is_map ? '}' : ']');
    }
}
