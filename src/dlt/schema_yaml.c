/*
 * The catalog as the YAML that dlt writes and reads: its stored form in block style, names of
 * tables and columns left out where the key says them.
 *
 * Path: schema_yaml_write -> catalog_write -> drop_names -> put_map, put_list, put_scalar (style,
 * quotes and folded lines as PyYAML has them, so that a schema's file does not change when the
 * other program writes it). schema_yaml_read -> libfyaml -> read_node (JSON) -> catalog_read_as.
 * What follows from a text that was imported is in store.c.
 *
 * A plain scalar is what PyYAML takes it for (YAML 1.1: `yes` is a bool): find_form for both ways.
 */
#include "dlt/schema_yaml.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

enum {
    WIDTH = 80,       /* texts are folded at the first space behind it */
    KEY_LENGTH = 122, /* of longer ones PyYAML makes a complex key */
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

/* ---- Characters ---------------------------------------------------------------------------- */

/* The next character of UTF-8 text and its length; 0: the bytes are none. */
static size_t next_char(const char *text, size_t len, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t count = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    uint32_t c = count == 1 ? bytes[0] : bytes[0] & (0xFFu >> (count + 1));
    if (count > len || (bytes[0] >= 0x80 && bytes[0] < 0xC2) || bytes[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3F);
    }
    *out = c;
    return c < least[count] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : count;
}

/* Characters that stand for themselves in quotes. */
static bool is_printable(uint32_t c)
{
    return (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c <= 0xFFFD && c != 0xFEFF) || c >= 0x10000;
}

static bool is_break(uint32_t c)
{
    return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* ---- Writing: scalars ---------------------------------------------------------------------- */

struct writer {
    struct buf *out;
    size_t column; /* in characters, from 0 */
    struct form_finder finder;
};

enum style { STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE };

static void put(struct writer *writer, const char *text, size_t len)
{
    buf_append(writer->out, text, len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            writer->column = 0;
        else if (((unsigned char)text[i] & 0xC0) != 0x80)
            writer->column++;
    }
}

static void put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_line(struct writer *writer, size_t indent)
{
    put(writer, "\n", 1);
    for (size_t i = 0; i < indent; i++)
        put(writer, " ", 1);
}

/* Whether the text reads as something else without quotes: an indicator at its start, ": ", " #".
 */
static bool has_indicator(const char *text, size_t len)
{
    bool space_next = len == 1 || strchr(" \t\n", text[1]);
    if (strchr("#,[]{}&*!|>'\"%@`", text[0]) || (strchr("?:-", text[0]) && space_next))
        return true;
    if (len >= 3 && (memcmp(text, "---", 3) == 0 || memcmp(text, "...", 3) == 0))
        return true;
    for (size_t i = 1; i < len; i++) {
        if (text[i] == ':' && (i + 1 == len || strchr(" \t\n", text[i + 1])))
            return true;
        if (text[i] == '#' && strchr(" \t\n", text[i - 1]))
            return true;
    }
    return false;
}

/* The style PyYAML picks: plain where it can be read back as the same text. */
static enum style pick_style(const struct writer *writer, const char *text, size_t len, bool key)
{
    bool plain = len > 0;
    uint32_t before = 0;
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        size_t count = next_char(text + at, len - at, &c);
        if (count == 0 || (c != '\n' && (!is_printable(c) || is_break(c))))
            return STYLE_DOUBLE;
        if ((c == '\n' && (key || before == ' ')) || (c == ' ' && before == '\n'))
            return STYLE_DOUBLE;
        plain = plain && c != '\n';
        before = c;
        at += count;
    }
    if (!plain || text[0] == ' ' || text[len - 1] == ' ' || has_indicator(text, len))
        return STYLE_SINGLE;
    return find_form(&writer->finder, text) == FORM_TEXT ? STYLE_PLAIN : STYLE_SINGLE;
}

/* Plain, or in single quotes: folded at spaces, line ends doubled, quotes too. */
static void put_folded(struct writer *writer, const char *text, size_t len, size_t indent,
                       bool quoted, bool fold)
{
    if (quoted)
        put_text(writer, "'");
    for (size_t at = 0; at < len;) {
        size_t count = strspn(text + at, " ");
        size_t breaks = strspn(text + at, "\n");
        if (count == 1 && fold && writer->column > WIDTH && at > 0 && at + 1 < len) {
            put_line(writer, indent);
        } else if (breaks > 0) {
            for (size_t i = 0; i < breaks; i++)
                put_text(writer, "\n");
            put_line(writer, indent);
            count = breaks;
        } else if (count > 0) {
            put(writer, text + at, count);
        } else if (text[at] == '\'') {
            put_text(writer, quoted ? "''" : "'");
            count = 1;
        } else {
            count = strcspn(text + at, " \n'");
            put(writer, text + at, count);
        }
        at += count;
    }
    if (quoted)
        put_text(writer, "'");
}

/* What stands for a character behind a backslash. */
static const struct {
    char code;
    uint32_t c;
} escapes[] = {{'0', 0},      {'a', 7},      {'b', 8},    {'t', 9},   {'n', 10},    {'v', 11},
               {'f', 12},     {'r', 13},     {'e', 27},   {'"', '"'}, {'\\', '\\'}, {'N', 0x85},
               {'L', 0x2028}, {'P', 0x2029}, {'_', 0xA0}, {' ', ' '}, {'/', '/'},   {'\t', 9}};

static void put_escape(struct writer *writer, uint32_t c)
{
    char text[16];
    size_t i = 0;
    while (i < sizeof(escapes) / sizeof(escapes[0]) && escapes[i].c != c)
        i++;
    if (i < sizeof(escapes) / sizeof(escapes[0]))
        snprintf(text, sizeof(text), "\\%c", escapes[i].code);
    else
        snprintf(text, sizeof(text),
                 c < 0x100     ? "\\x%02X"
                 : c < 0x10000 ? "\\u%04X"
                               : "\\U%08X",
                 (unsigned)c);
    put_text(writer, text);
}

/* In double quotes; a folded line ends in a backslash, and so begins the next if it has a space
 * there. */
static void put_escaped(struct writer *writer, const char *text, size_t len, size_t indent,
                        bool fold)
{
    size_t start = 0;   /* of what is not written yet, */
    size_t pending = 0; /* and its characters */
    put_text(writer, "\"");
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        size_t count = next_char(text + at, len - at, &c);
        bool plain = is_printable(c) && c < 0x10000 && c != '"' && c != '\\' && !is_break(c);
        size_t column = writer->column + pending;
        if (!plain) {
            put(writer, text + start, at - start);
            put_escape(writer, c);
            start = at + count;
            pending = 0;
            column = writer->column - 1;
        }
        if (fold && at > 0 && at + count < len && (c == ' ' || start >= at) && column > WIDTH) {
            if (start < at) {
                put(writer, text + start, at - start);
                start = at;
                pending = 0;
            }
            put_text(writer, "\\");
            put_line(writer, indent);
            if (text[start] == ' ')
                put_text(writer, "\\");
        }
        pending += plain;
        at += count;
    }
    put(writer, text + start, len - start);
    put_text(writer, "\"");
}

static void put_string(struct writer *writer, const char *text, size_t len, size_t indent, bool key)
{
    enum style style = pick_style(writer, text, len, key);
    if (style == STYLE_DOUBLE)
        put_escaped(writer, text, len, indent, !key);
    else
        put_folded(writer, text, len, indent, style == STYLE_SINGLE, !key);
}

/* As Python: two digits of exponent at least. And a fraction before it, for 1e+22 is a text in YAML
 * 1.1. */
static void put_real(struct writer *writer, double value)
{
    struct buf text = BUF_INIT;
    json_double(&text, value);
    const char *digits = buf_string(&text);
    size_t mantissa = strcspn(digits, "e");
    put(writer, digits, mantissa);
    if (digits[mantissa] == 'e') {
        const char *exponent = digits + mantissa + 1;
        put_text(writer, memchr(digits, '.', mantissa) ? "e" : ".0e");
        put_text(writer, *exponent == '-' ? "-" : "+");
        exponent += strspn(exponent, "+-");
        put_text(writer, exponent[1] ? "" : "0");
        put_text(writer, exponent);
    }
    writer->out->failed = writer->out->failed || text.failed;
    buf_release(&text);
}

/* A scalar, or an empty map or list. */
static void put_scalar(struct writer *writer, yyjson_mut_val *value, size_t indent)
{
    char number[24];
    switch (yyjson_mut_get_type(value)) {
    case YYJSON_TYPE_STR:
        put_string(writer, yyjson_mut_get_str(value), yyjson_mut_get_len(value), indent, false);
        break;
    case YYJSON_TYPE_BOOL: put_text(writer, yyjson_mut_get_bool(value) ? "true" : "false"); break;
    case YYJSON_TYPE_NUM:
        if (yyjson_mut_is_real(value)) {
            put_real(writer, yyjson_mut_get_real(value));
            break;
        }
        if (yyjson_mut_is_sint(value))
            snprintf(number, sizeof(number), "%lld", (long long)yyjson_mut_get_sint(value));
        else
            snprintf(number, sizeof(number), "%llu",
                     (unsigned long long)yyjson_mut_get_uint(value));
        put_text(writer, number);
        break;
    case YYJSON_TYPE_ARR: put_text(writer, "[]"); break;
    case YYJSON_TYPE_OBJ: put_text(writer, "{}"); break;
    default: put_text(writer, "null"); break;
    }
}

/* ---- Writing: structure -------------------------------------------------------------------- */

static int put_value(struct writer *writer, yyjson_mut_val *value, size_t indent, bool in_line,
                     int depth, struct tg_error *err);

/* A key that is too long to be followed by its value gets a line of its own behind "? ". */
static bool put_key(struct writer *writer, yyjson_mut_val *key, size_t indent)
{
    const char *text = yyjson_mut_get_str(key);
    size_t len = yyjson_mut_get_len(key);
    size_t chars = 0;
    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)text[i] & 0xC0) != 0x80;
    bool complex = chars > KEY_LENGTH || memchr(text, '\n', len);
    put_text(writer, complex ? "? " : "");
    put_string(writer, text, len, indent + 2, !complex);
    if (complex)
        put_line(writer, indent);
    put_text(writer, ":");
    return complex;
}

/* in_line: the first entry stands where the last one ended. */
static int put_map(struct writer *writer, yyjson_mut_val *map, size_t indent, bool in_line,
                   int depth, struct tg_error *err)
{
    yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(map);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&iter)); in_line = false) {
        if (!in_line)
            put_line(writer, indent);
        yyjson_mut_val *value = yyjson_mut_obj_iter_get_val(key);
        bool complex = put_key(writer, key, indent);
        size_t deeper = yyjson_mut_is_arr(value) && !complex ? indent : indent + 2;
        if (complex || !yyjson_mut_is_ctn(value) || yyjson_mut_get_len(value) == 0)
            put_text(writer, " ");
        int rc = put_value(writer, value, deeper, complex, depth, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

static int put_list(struct writer *writer, yyjson_mut_val *list, size_t indent, bool in_line,
                    int depth, struct tg_error *err)
{
    yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(list);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&iter)); in_line = false) {
        if (!in_line)
            put_line(writer, indent);
        put_text(writer, "- ");
        int rc = put_value(writer, item, indent + 2, true, depth, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

static int put_value(struct writer *writer, yyjson_mut_val *value, size_t indent, bool in_line,
                     int depth, struct tg_error *err)
{
    if (depth > DEPTH_MAX)
        return error_set(err, TG_DATA, "a hint is nested more than %d levels deep", DEPTH_MAX);
    if (yyjson_mut_is_ctn(value) && yyjson_mut_get_len(value) > 0)
        return (yyjson_mut_is_obj(value) ? put_map : put_list)(writer, value, indent, in_line,
                                                               depth + 1, err);
    put_scalar(writer, value, indent);
    return TG_OK;
}

/* What the file does not have: names that are keys already, and what was imported last. */
static void drop_names(yyjson_mut_val *root)
{
    yyjson_mut_obj_remove_key(root, "imported_version_hash");
    yyjson_mut_obj_iter tables = yyjson_mut_obj_iter_with(yyjson_mut_obj_get(root, "tables"));
    for (yyjson_mut_val *name; (name = yyjson_mut_obj_iter_next(&tables));) {
        yyjson_mut_val *table = yyjson_mut_obj_iter_get_val(name);
        yyjson_mut_obj_remove_key(table, "name");
        yyjson_mut_obj_iter columns =
            yyjson_mut_obj_iter_with(yyjson_mut_obj_get(table, "columns"));
        while ((name = yyjson_mut_obj_iter_next(&columns)))
            yyjson_mut_obj_remove_key(yyjson_mut_obj_iter_get_val(name), "name");
    }
}

int schema_yaml_write(const struct catalog *catalog, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct writer writer = {.out = out};
    struct buf json = BUF_INIT;
    yyjson_doc *stored = NULL;
    yyjson_mut_doc *doc = NULL;
    TRY(finder_init(&writer.finder, err));
    TRY(catalog_write(catalog, &json, err));
    TRY(json_parse(buf_string(&json), json.len, "the schema", &stored, err));
    doc = yyjson_doc_mut_copy(stored, json_allocator());
    if (!doc) {
        rc = error_nomem(err);
        goto done;
    }
    drop_names(yyjson_mut_doc_get_root(doc));
    TRY(put_map(&writer, yyjson_mut_doc_get_root(doc), 0, true, 0, err));
    put_text(&writer, "\n");
    TRY(buf_check(out, err));
done:
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(stored);
    buf_release(&json);
    finder_release(&writer.finder);
    return rc;
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct reader {
    const char *subject;
    const char *text; /* the whole */
    struct buf json;
    struct buf scalar; /* scratch */
    struct form_finder finder;
    size_t node_count;
    struct tg_error *err;
};

static int problem_at(const struct reader *reader, int line, int column, const char *what)
{
    error_set(reader->err, TG_SPEC, "%s", what);
    return error_where(reader->err, TG_SPEC, "%s:%d:%d", reader->subject, line, column);
}

static int problem(const struct reader *reader, struct fy_node *node, const char *what)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    return problem_at(reader, mark ? mark->line + 1 : 1, mark ? mark->column + 1 : 1, what);
}

/* JSON's numbers: no '+', no '_', no leading zeros, digits on both sides of the point. */
static void read_number(struct reader *reader, const char *text)
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

static int read_plain(struct reader *reader, struct fy_node *node, const char *text)
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

/* A line break and what is white around it: a space, or the empty lines. Returns where the text
 * goes on. */
static const char *unfold(const char *at, const char *end, bool escaped, struct buf *out)
{
    size_t breaks = 0;
    for (; at < end && strchr(" \t\r\n", *at); at++)
        breaks += *at == '\n' || (*at == '\r' && at + 1 < end && at[1] != '\n');
    if (breaks == 1 && !escaped)
        buf_char(out, ' ');
    for (size_t i = 1; i < breaks; i++)
        buf_char(out, '\n');
    return at;
}

static void append_utf8(struct buf *out, uint32_t c)
{
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t count = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    buf_char(out, (char)(marks[count] | c >> (6 * (count - 1))));
    for (size_t left = count - 1; left > 0; left--)
        buf_char(out, (char)(0x80 | (c >> (6 * (left - 1)) & 0x3F)));
}

/* What is behind a backslash. The parser has seen that it is well formed. */
static const char *read_escape(const char *at, const char *end, struct buf *out)
{
    if (*at == '\r' || *at == '\n')
        return unfold(at, end, true, out);
    size_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
    if (digits > 0 && (size_t)(end - at) > digits) {
        char hex[9] = "";
        memcpy(hex, at + 1, digits);
        append_utf8(out, (uint32_t)strtoul(hex, NULL, 16));
        return at + 1 + digits;
    }
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (escapes[i].code == *at)
            append_utf8(out, escapes[i].c);
    return at + 1;
}

/* The text between quotes, from the source: libfyaml 0.7 loses characters where quotes or
 * backslashes stand in a row. */
static void read_quoted(struct reader *reader, const char *at, const char *end, bool is_double)
{
    struct buf *out = &reader->scalar;
    while (at < end) {
        size_t white = strspn(at, " \t");
        if (at + white < end && strchr("\r\n", at[white])) {
            at = unfold(at, end, false, out);
        } else if (is_double && *at == '\\' && at + 1 < end) {
            at = read_escape(at + 1, end, out);
        } else {
            buf_char(out, *at);
            at += !is_double && *at == '\'' && at + 1 < end ? 2 : 1;
        }
    }
}

static int read_text(struct reader *reader, struct fy_node *node)
{
    size_t len = 0;
    enum fy_node_style style = fy_node_get_style(node);
    struct fy_token *token = fy_node_get_scalar_token(node);
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    const char *text = fy_node_get_scalar(node, &len);
    buf_clear(&reader->scalar);
    if (start && end && (style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED))
        read_quoted(reader, reader->text + start->input_pos, reader->text + end->input_pos,
                    style == FYNS_DOUBLE_QUOTED);
    else
        buf_append(&reader->scalar, text ? text : "", len);
    return buf_check(&reader->scalar, reader->err);
}

static int read_scalar(struct reader *reader, struct fy_node *node)
{
    static const char text_tag[] = "tag:yaml.org,2002:str";
    size_t tag_len = 0;
    struct fy_token *token = fy_node_get_tag_token(node);
    const char *tag = token ? fy_token_get_text(token, &tag_len) : NULL;
    bool is_text = tag && tag_len == strlen(text_tag) && memcmp(tag, text_tag, tag_len) == 0;
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

static int read_node(struct reader *reader, struct fy_node *node, int depth);

static int read_list(struct reader *reader, struct fy_node *node, int depth)
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

static int read_key(struct reader *reader, struct fy_node *key)
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

static int read_map(struct reader *reader, struct fy_node *node, int depth)
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

static int read_node(struct reader *reader, struct fy_node *node, int depth)
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

/* libfyaml takes what is not UTF-8, and NUL characters, as the end of the text. */
static int check_bytes(const struct reader *reader, const char *text, size_t len)
{
    int line = 1;
    int column = 1;
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        size_t count = next_char(text + at, len - at, &c);
        if (count == 0 || c == 0)
            return problem_at(reader, line, column, "no UTF-8 text: save the file as UTF-8");
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n';
        at += count;
    }
    return TG_OK;
}

static int read_document(struct reader *reader, struct fy_parser *parser, struct fy_diag *diag)
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

static int read_json(struct reader *reader, const char *text, size_t len)
{
    int rc = check_bytes(reader, text, len);
    if (rc != TG_OK)
        return rc;
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
    struct reader reader = {.subject = subject, .text = text, .err = err};
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
