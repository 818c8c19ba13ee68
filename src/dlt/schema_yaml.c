/*
 * The catalog as the YAML that dlt exports and imports: its stored form in block style, names of
 * tables and columns left out where the key says them.
 *
 * Path: schema_yaml_write -> catalog_write -> put_value (put_map, put_list, put_string). It is read
 * as dlt's own file, though not the same letter by letter: a text is plain where it is a word to
 * every reader, else in JSON's quotes, and never folded.
 * schema_yaml_read -> libfyaml -> read_node (JSON) -> catalog_read_as. A plain scalar is what
 * PyYAML takes it for (YAML 1.1: `yes` is a bool): find_form, for both ways.
 *
 * What follows from a text that was imported is in store.c.
 */
#include "dlt/schema_yaml.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/utf8.h"
#include "base/yaml.h"
#include "data/rows.h"

enum {
    KEY_BYTES = 160, /* of 1024 characters, where readers give up on a colon, escapes take six */
    DEPTH_MAX = 64,
    NODES_MAX = 1000000 /* with aliases a short file can stand for a huge one */
};

/* ---- What a plain scalar is ---------------------------------------------------------------- */

enum form { FORM_TEXT = 0, FORM_NULL, FORM_BOOL, FORM_INT, FORM_FLOAT, FORM_ODD };

/* ODD: what is a time, a number in another base, not a number or a merge key to PyYAML. */
static const struct {
    enum form form;
    const char *pattern;
} forms[] = {
    {FORM_NULL, "^(~|null|Null|NULL|)$"},
    {FORM_BOOL, "^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"},
    {FORM_INT, "^[-+]?(0|[1-9][0-9_]*)$"},
    {FORM_FLOAT, "^([-+]?[0-9][0-9_]*\\.[0-9_]*|\\.[0-9][0-9_]*)([eE][-+][0-9]+)?$"},
    {FORM_ODD, "^[-+]?(0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+)$"},
    {FORM_ODD, "^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\\.[0-9_]*)?$"},
    {FORM_ODD, "^([-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)|=|<<)$"},
    {FORM_ODD, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    {FORM_ODD,
     "^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?([Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(\\.[0-9]*)"
     "?([ \t]*(Z|[-+][0-9][0-9]?(:[0-9]{2})?))?$"},
};

enum { FORM_COUNT = sizeof(forms) / sizeof(forms[0]) };

struct form_finder {
    regex_t patterns[FORM_COUNT];
    size_t count; /* compiled so far */
};

static int finder_init(struct form_finder *finder, struct tg_error *err)
{
    for (finder->count = 0; finder->count < FORM_COUNT; finder->count++)
        if (regcomp(&finder->patterns[finder->count], forms[finder->count].pattern,
                    REG_EXTENDED | REG_NOSUB) != 0)
            return error_nomem(err);
    return TG_OK;
}

static void finder_release(struct form_finder *finder)
{
    while (finder->count > 0)
        regfree(&finder->patterns[--finder->count]);
}

static enum form find_form(const struct form_finder *finder, const char *text)
{
    for (size_t i = 0; i < finder->count; i++)
        if (regexec(&finder->patterns[i], text, 0, NULL, 0) == 0)
            return forms[i].form;
    return FORM_TEXT;
}

/* ---- Writing: scalars ---------------------------------------------------------------------- */

struct yaml_writer {
    struct buf *out;
    bool behind_dash; /* the first entry of a map or list stands in the line of its dash */
    struct form_finder finder;
};

/* Words that no reader takes for anything but a text; all others get quotes. */
static bool is_plain(const struct form_finder *finder, const char *text, size_t len)
{
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
    return strspn(text, LETTERS) > 0 && strspn(text, LETTERS "0123456789 ./=+-(),'") == len &&
           text[len - 1] != ' ' && find_form(finder, text) == FORM_TEXT;
}

/* Characters that stand for themselves in quotes: PyYAML refuses or folds the others. */
static bool is_printable(uint32_t c)
{
    return (c >= 0x20 && c < 0x7f) ||
           (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static void put_string(struct yaml_writer *writer, const char *text, size_t len)
{
    struct buf *out = writer->out;
    uint32_t c = 0;
    if (is_plain(&writer->finder, text, len)) {
        buf_append(out, text, len);
        return;
    }
    buf_char(out, '"');
    for (size_t at = 0, count; at < len; at += count) {
        count = utf8_next(text + at, len - at, &c); /* which the parser has seen to */
        if (c == '"' || c == '\\')
            buf_char(out, '\\');
        if (is_printable(c))
            buf_append(out, text + at, count);
        else if (c == '\n')
            buf_text(out, "\\n");
        else
            buf_printf(out, "\\u%04x", (unsigned)c);
    }
    buf_char(out, '"');
}

/* With a fraction before the exponent, for 1e+22 is a text in YAML 1.1. */
static void put_real(struct buf *out, double value)
{
    struct buf text = BUF_INIT;
    json_double(&text, value);
    const char *digits = buf_string(&text);
    size_t mantissa = strcspn(digits, "e");
    buf_append(out, digits, mantissa);
    buf_text(out, digits[mantissa] && !memchr(digits, '.', mantissa) ? ".0" : "");
    buf_text(out, digits + mantissa);
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

/* ---- Writing: structure -------------------------------------------------------------------- */

/* Which map it is. */
enum place { PLACE_ANY, PLACE_SCHEMA, PLACE_TABLES, PLACE_TABLE, PLACE_COLUMNS, PLACE_COLUMN };

static enum place place_of(enum place map, const char *key)
{
    switch (map) {
    case PLACE_SCHEMA: return strcmp(key, "tables") == 0 ? PLACE_TABLES : PLACE_ANY;
    case PLACE_TABLES: return PLACE_TABLE;
    case PLACE_TABLE: return strcmp(key, "columns") == 0 ? PLACE_COLUMNS : PLACE_ANY;
    case PLACE_COLUMNS: return PLACE_COLUMN;
    default: return PLACE_ANY;
    }
}

/* Names that are keys already, and what was imported last. */
static bool is_left_out(enum place map, const char *key)
{
    if (map == PLACE_SCHEMA)
        return strcmp(key, "imported_version_hash") == 0;
    return (map == PLACE_TABLE || map == PLACE_COLUMN) && strcmp(key, "name") == 0;
}

static int put_value(struct yaml_writer *writer, yyjson_val *value, enum place place, int depth,
                     struct tg_error *err);

static void put_indent(struct yaml_writer *writer, int depth)
{
    if (!writer->behind_dash)
        buf_printf(writer->out, "%*s", 2 * depth, "");
    writer->behind_dash = false;
}

/* A key that is too long to be followed by its value gets a line of its own behind "? ". */
static void put_key(struct yaml_writer *writer, yyjson_val *key, int depth)
{
    bool is_long = yyjson_get_len(key) > KEY_BYTES;
    put_indent(writer, depth);
    buf_text(writer->out, is_long ? "? " : "");
    put_string(writer, yyjson_get_str(key), yyjson_get_len(key));
    if (is_long)
        buf_printf(writer->out, "\n%*s", 2 * depth, "");
    buf_char(writer->out, ':');
}

/* Of a map that has nothing but what is left out none is there. */
static bool has_lines(yyjson_val *value, enum place place)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(value);
    if (yyjson_is_arr(value))
        return yyjson_get_len(value) > 0;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));)
        if (!is_left_out(place, yyjson_get_str(key)))
            return true;
    return false;
}

static int put_map(struct yaml_writer *writer, yyjson_val *map, enum place place, int depth,
                   struct tg_error *err)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(map);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        const enum place inner = place_of(place, yyjson_get_str(key));
        if (is_left_out(place, yyjson_get_str(key)))
            continue;
        put_key(writer, key, depth);
        buf_char(writer->out, has_lines(value, inner) ? '\n' : ' ');
        int rc = put_value(writer, value, inner, depth + 1, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

static int put_list(struct yaml_writer *writer, yyjson_val *list, int depth, struct tg_error *err)
{
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));) {
        put_indent(writer, depth);
        buf_text(writer->out, "- ");
        writer->behind_dash = has_lines(item, PLACE_ANY);
        int rc = put_value(writer, item, PLACE_ANY, depth + 1, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

static int put_value(struct yaml_writer *writer, yyjson_val *value, enum place place, int depth,
                     struct tg_error *err)
{
    if (depth > DEPTH_MAX)
        return error_set(err, TG_DATA, "a hint is nested more than %d levels deep", DEPTH_MAX);
    if (has_lines(value, place))
        return yyjson_is_obj(value) ? put_map(writer, value, place, depth, err)
                                    : put_list(writer, value, depth, err);
    if (yyjson_is_str(value))
        put_string(writer, yyjson_get_str(value), yyjson_get_len(value));
    else if (yyjson_is_real(value))
        put_real(writer->out, yyjson_get_real(value));
    else if (yyjson_is_obj(value))
        buf_text(writer->out, "{}");
    else
        cell_json(writer->out, value, 0);
    buf_char(writer->out, '\n');
    return TG_OK;
}

int schema_yaml_write(const struct catalog *catalog, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct yaml_writer writer = {.out = out};
    struct buf json = BUF_INIT;
    yyjson_doc *doc = NULL;
    TRY(finder_init(&writer.finder, err));
    TRY(catalog_write(catalog, &json, err));
    TRY(json_parse(buf_string(&json), json.len, "the schema", &doc, err));
    TRY(put_value(&writer, yyjson_doc_get_root(doc), PLACE_SCHEMA, 0, err));
    TRY(buf_check(out, err));
done:
    yyjson_doc_free(doc);
    buf_release(&json);
    finder_release(&writer.finder);
    return rc;
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct yaml_reader {
    const char *subject;
    const char *text; /* the whole */
    struct buf json;
    struct buf scalar; /* scratch */
    struct form_finder finder;
    size_t node_count;
    struct tg_error *err;
};

static int problem_at(const struct yaml_reader *reader, int line, int column, const char *what)
{
    error_set(reader->err, TG_SPEC, "%s", what);
    return error_at_mark(reader->err, TG_SPEC, reader->subject, line, column);
}

static int problem(const struct yaml_reader *reader, struct fy_node *node, const char *what)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    return problem_at(reader, mark ? mark->line + 1 : 1, mark ? mark->column + 1 : 1, what);
}

/* JSON's numbers: no '+', no '_', no leading zeros, digits on both sides of the point. */
static void read_number(struct yaml_reader *reader, const char *text)
{
    struct buf *json = &reader->json;
    if (*text == '-')
        buf_char(json, '-');
    text += strspn(text, "-+");
    while (*text == '0' && text[1] >= '0' && text[1] <= '9')
        text++;
    if (*text == '.')
        buf_char(json, '0');
    for (; *text; text++) {
        if (*text != '_')
            buf_char(json, *text);
        if (*text == '.' && !(text[1] >= '0' && text[1] <= '9'))
            buf_char(json, '0');
    }
}

static int read_plain(struct yaml_reader *reader, struct fy_node *node, const char *text)
{
    switch (find_form(&reader->finder, text)) {
    case FORM_NULL: buf_text(&reader->json, "null"); break;
    case FORM_BOOL: /* true, yes, on */
        buf_text(&reader->json, strchr("tTyY", *text) || (text[1] | 32) == 'n' ? "true" : "false");
        break;
    case FORM_INT:
    case FORM_FLOAT: read_number(reader, text); break;
    case FORM_ODD:
        return problem(reader, node, "neither a text nor a plain number: put it into quotes");
    default: json_string(&reader->json, text, strlen(text)); break;
    }
    return TG_OK;
}

/* Into reader->scalar. */
static int read_text(struct yaml_reader *reader, struct fy_node *node)
{
    buf_clear(&reader->scalar);
    yaml_text(node, reader->text, &reader->scalar);
    return buf_check(&reader->scalar, reader->err);
}

static int read_scalar(struct yaml_reader *reader, struct fy_node *node)
{
    size_t tag_len = 0;
    bool is_text;
    const char *tag = yaml_tag(node, &tag_len, &is_text);
    if (tag && !is_text)
        return problem(reader, node, "tags have no meaning here: leave it out");
    int rc = read_text(reader, node);
    if (rc != TG_OK)
        return rc;
    if (!is_text && fy_node_get_style(node) == FYNS_PLAIN)
        return read_plain(reader, node, buf_string(&reader->scalar));
    json_string(&reader->json, buf_string(&reader->scalar), reader->scalar.len);
    return TG_OK;
}

static int read_node(struct yaml_reader *reader, struct fy_node *node, int depth);

static int read_list(struct yaml_reader *reader, struct fy_node *node, int depth)
{
    void *at = NULL;
    const char *before = "[";
    for (struct fy_node *item; (item = fy_node_sequence_iterate(node, &at)); before = ",") {
        buf_text(&reader->json, before);
        int rc = read_node(reader, item, depth + 1);
        if (rc != TG_OK)
            return rc;
    }
    buf_text(&reader->json, *before == '[' ? "[]" : "]");
    return TG_OK;
}

static int read_key(struct yaml_reader *reader, struct fy_node *key)
{
    if (!key || !fy_node_is_scalar(key) || fy_node_is_alias(key))
        return problem(reader, key, "a key must be a text");
    int rc = read_text(reader, key);
    if (rc != TG_OK)
        return rc;
    if (fy_node_get_style(key) == FYNS_PLAIN && strcmp(buf_string(&reader->scalar), "<<") == 0)
        return problem(reader, key, "merge keys are not known here: write it out");
    json_string(&reader->json, buf_string(&reader->scalar), reader->scalar.len);
    buf_char(&reader->json, ':');
    return TG_OK;
}

static int read_map(struct yaml_reader *reader, struct fy_node *node, int depth)
{
    void *at = NULL;
    const char *before = "{";
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(node, &at)); before = ",") {
        buf_text(&reader->json, before);
        int rc = read_key(reader, fy_node_pair_key(pair));
        if (rc == TG_OK)
            rc = read_node(reader, fy_node_pair_value(pair), depth + 1);
        if (rc != TG_OK)
            return rc;
    }
    buf_text(&reader->json, *before == '{' ? "{}" : "}");
    return TG_OK;
}

static int read_node(struct yaml_reader *reader, struct fy_node *node, int depth)
{
    if (!node) {
        buf_text(&reader->json, "null");
        return TG_OK;
    }
    if (depth > DEPTH_MAX || ++reader->node_count > NODES_MAX)
        return problem(reader, node, "too deep or too large; are aliases in a circle?");
    if (fy_node_is_alias(node)) {
        struct fy_node *target = fy_node_resolve_alias(node);
        return target ? read_node(reader, target, depth + 1)
                      : problem(reader, node, "alias of an anchor that is not there");
    }
    switch (fy_node_get_type(node)) {
    case FYNT_SCALAR: return read_scalar(reader, node);
    case FYNT_SEQUENCE: return read_list(reader, node, depth);
    default: return read_map(reader, node, depth);
    }
}

static int read_document(struct yaml_reader *reader, struct fy_parser *parser, struct fy_diag *diag)
{
    int rc = TG_OK;
    void *at = NULL;
    struct fy_document *next = NULL;
    struct fy_document *yaml = fy_parse_load_document(parser);
    struct fy_node *root = yaml ? fy_document_root(yaml) : NULL;
    if (root)
        next = fy_parse_load_document(parser);
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
    if (error)
        rc = problem_at(reader, error->line, error->column, error->msg);
    else if (next)
        rc = problem_at(reader, 1, 1, "there is more than one document in it");
    else if (!root || !fy_node_is_mapping(root))
        rc =
            problem_at(reader, 1, 1, "it is no schema: a mapping with name, tables... is expected");
    else
        rc = read_node(reader, root, 0);
    fy_parse_document_destroy(parser, next);
    fy_parse_document_destroy(parser, yaml);
    return rc;
}

static int read_json(struct yaml_reader *reader, const char *text, size_t len)
{
    int rc = TG_OK, line, column;
    if (yaml_bad_byte(text, len, &line, &column))
        return problem_at(reader, line, column, "no UTF-8 text: save the file as UTF-8");
    struct fy_diag *diag = yaml_diag();
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2,
        .diag = diag,
    };
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    if (!parser || fy_parser_set_string(parser, text, len) != 0)
        rc = error_nomem(reader->err);
    else
        rc = read_document(reader, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc == TG_OK ? buf_check(&reader->json, reader->err) : rc;
}

/* A file of the user's is a spec, whatever is wrong with it. */
static int as_spec_error(int rc, struct tg_error *err)
{
    if (rc != TG_DATA)
        return rc;
    if (err)
        err->code = TG_SPEC;
    return TG_SPEC;
}

static int check_system_tables(const struct catalog *catalog, const char *subject,
                               struct tg_error *err)
{
    static const char *const names[] = {"_dlt_version", "_dlt_loads"};
    for (size_t i = 0; i < 2; i++) {
        if (catalog_find(catalog, names[i]))
            continue;
        error_set(err, TG_SPEC, "it has no table '%s': begin with an exported schema", names[i]);
        return error_where(err, TG_SPEC, "%s", subject);
    }
    return TG_OK;
}

int schema_yaml_read(const char *text, size_t len, const char *subject, struct catalog *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    struct yaml_reader reader = {.subject = subject, .text = text, .err = err};
    *out = (struct catalog){0};
    TRY(finder_init(&reader.finder, err));
    TRY(read_json(&reader, text, len));
    TRY(catalog_read_as(out, buf_string(&reader.json), reader.json.len, subject, err));
    TRY(check_system_tables(out, subject, err));
    TRY(catalog_bump(out, &changed, err));
done:
    buf_release(&reader.scalar);
    buf_release(&reader.json);
    finder_release(&reader.finder);
    if (rc != TG_OK)
        catalog_release(out);
    return as_spec_error(rc, err);
}
