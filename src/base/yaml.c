/*
 * YAML by libfyaml, as far as the library leaves something to do.
 *
 * yaml_text reads quoted scalars from the source: libfyaml 0.7 loses characters where quotes or
 * backslashes stand in a row. read_quoted -> unfold (line breaks), read_escape. Whether the quotes
 * are closed and the escapes well formed, the parser has seen.
 *
 * What the nodes of a document mean is for its readers to say.
 */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/utf8.h"

static void ignore_output(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag, (void)user, (void)text, (void)len;
}

struct fy_diag *yaml_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = ignore_output;
    cfg.level = FYET_ERROR;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

const char *yaml_bad_byte(const char *text, size_t len, int *line, int *column)
{
    *line = *column = 1;
    for (size_t at = 0, count; at < len; at += count) {
        uint32_t c = 0;
        count = utf8_next(text + at, len - at, &c);
        if (count == 0 || c == 0)
            return text + at;
        *column = c == '\n' ? 1 : *column + 1;
        *line += c == '\n';
    }
    return NULL;
}

const char *yaml_tag(struct fy_node *node, size_t *len, bool *is_text)
{
    static const char text_tag[] = "tag:yaml.org,2002:str";
    struct fy_token *token = fy_node_get_tag_token(node);
    const char *tag = token ? fy_token_get_text(token, len) : NULL;
    *is_text = tag && *len == strlen(text_tag) && memcmp(tag, text_tag, *len) == 0;
    return tag;
}

/* ---- the text of a scalar ---- */

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A line break and what is white around it: a space, or the empty lines. Returns where the text
 * goes on. */
static const char *unfold(const char *at, const char *end, bool escaped, struct buf *out)
{
    size_t breaks = 0;
    for (; at < end && is_white(*at); at++)
        breaks += *at == '\n' || (*at == '\r' && at + 1 < end && at[1] != '\n');
    if (breaks == 1 && !escaped)
        buf_char(out, ' ');
    for (size_t i = 1; i < breaks; i++)
        buf_char(out, '\n');
    return at;
}

/* What stands for a character behind a backslash. */
static const struct {
    char code;
    uint32_t c;
} escapes[] = {{'0', 0},      {'a', 7},      {'b', 8},    {'t', 9},   {'n', 10},    {'v', 11},
               {'f', 12},     {'r', 13},     {'e', 27},   {'"', '"'}, {'\\', '\\'}, {'N', 0x85},
               {'L', 0x2028}, {'P', 0x2029}, {'_', 0xA0}, {' ', ' '}, {'/', '/'},   {'\t', 9}};

static void append_utf8(struct buf *out, uint32_t c)
{
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t count = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    buf_char(out, (char)(marks[count] | c >> (6 * (count - 1))));
    for (size_t left = count - 1; left > 0; left--)
        buf_char(out, (char)(0x80 | (c >> (6 * (left - 1)) & 0x3F)));
}

static uint32_t hex_of(const char *at, size_t digits)
{
    char hex[9] = "";
    memcpy(hex, at, digits);
    return (uint32_t)strtoul(hex, NULL, 16);
}

/* What is behind a backslash. The parser has seen that it is well formed, halves of pairs too. */
static const char *read_escape(const char *at, const char *end, struct buf *out)
{
    if (*at == '\r' || *at == '\n')
        return unfold(at, end, true, out);
    size_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
    if (digits > 0 && (size_t)(end - at) > digits) {
        uint32_t c = hex_of(at + 1, digits);
        at += 1 + digits;
        if (c >= 0xD800 && c < 0xDC00 && end - at >= 6) { /* its other half, as in JSON */
            c = 0x10000 + ((c & 0x3FF) << 10) + (hex_of(at + 2, 4) & 0x3FF);
            at += 6;
        }
        append_utf8(out, c);
        return at;
    }
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (escapes[i].code == *at)
            append_utf8(out, escapes[i].c);
    return at + 1;
}

/* The text between quotes. */
static void read_quoted(const char *at, const char *end, bool is_double, struct buf *out)
{
    while (at < end) {
        const char *white = at;
        while (white < end && (*white == ' ' || *white == '\t'))
            white++;
        if (white < end && (*white == '\r' || *white == '\n')) {
            at = unfold(at, end, false, out);
        } else if (is_double && *at == '\\' && at + 1 < end) {
            at = read_escape(at + 1, end, out);
        } else {
            buf_char(out, *at);
            at += !is_double && *at == '\'' && at + 1 < end ? 2 : 1;
        }
    }
}

void yaml_text(struct fy_node *node, const char *whole, struct buf *out)
{
    size_t len = 0;
    enum fy_node_style style = fy_node_get_style(node);
    struct fy_token *token = fy_node_get_scalar_token(node);
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    const char *text = fy_node_get_scalar(node, &len);
    if (start && end && (style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED))
        read_quoted(whole + start->input_pos, whole + end->input_pos, style == FYNS_DOUBLE_QUOTED,
                    out);
    else
        buf_append(out, text ? text : "", len);
}
