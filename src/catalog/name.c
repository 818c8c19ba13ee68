/*
 * Owns the names of tables and columns: dlt's naming conventions, paths, and shortening with a tag.
 * A convention is a list of steps, each from one text to the next (table `conventions`).
 *
 *   name_path:       split at the separator -> spell each part -> joined -> shortened
 *   name_identifier: spell: strip -> the convention's steps -> shortened
 *   name_join:       parts that are normal already -> joined -> shortened
 *
 * Limits are bytes here, since databases count bytes; dlt counts characters. Names of ASCII letters
 * come out the same, others are cut at whole characters. What leaves nothing is named "_empty".
 * Which of two equal names is whose is settled by src/normalize.
 */
#include "catalog/name.h"

#include <string.h>

#include "base/text/utf8.h"
#include "catalog/letters.h"

static const char empty_name[] = "_empty";

/* ---- Characters ---------------------------------------------------------------------------- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The character at the start of `text`, its bytes in *size. What is not UTF-8 goes byte by byte. */
static uint32_t next_char(const char *text, size_t len, size_t *size)
{
    uint32_t code;
    size_t count = utf8_next(text, len, &code);
    *size = count > 0 ? count : 1;
    return count > 0 ? code : 0xfffd;
}

/* What Python's str.strip takes off. */
static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f) || c == 0x85 ||
           c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Decimal digits of all scripts, which dlt's patterns (\d) let through. Here are the zeros; the
 * other nine follow each. */
static bool is_digit(uint32_t c)
{
    static const uint32_t zeros[] = {
        '0',     0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
        0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
        0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
        0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
        0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
        0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
        0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
    };
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]) && c >= zeros[i]; i++)
        if (c - zeros[i] < 10)
            return true;
    return false;
}

static bool is_word(uint32_t c)
{
    if (c < 0x80 && (is_upper((char)c) || is_lower((char)c) || c == '_'))
        return true;
    return is_digit(c);
}

/* ---- Steps --------------------------------------------------------------------------------- */

typedef void step(const char *text, size_t len, struct buf *out);

/* Characters that stand for a letter. */
static void map_signs(const char *text, size_t len, struct buf *out)
{
    static const char from[] = "+-*@|";
    static const char to[] = "x_xal";
    for (size_t i = 0; i < len; i++) {
        const char *found = text[i] ? strchr(from, text[i]) : NULL;
        buf_char(out, found ? to[found - from] : text[i]);
    }
}

/* Every run of characters that are no letter of ASCII, digit or '_' becomes one '_'. */
static void reduce(const char *text, size_t len, struct buf *out)
{
    bool in_run = false;
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        bool word = is_word(next_char(text + i, len - i, &size));
        if (word)
            buf_append(out, text + i, size);
        else if (!in_run)
            buf_char(out, '_');
        in_run = !word;
    }
}

/* ([^_])([A-Z][a-z]+) -> \1_\2, as a regular expression replaces: matches do not overlap. */
static void split_capitals(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len;) {
        buf_char(out, text[i]);
        if (text[i] == '_' || i + 2 >= len || !is_upper(text[i + 1]) || !is_lower(text[i + 2])) {
            i++;
            continue;
        }
        buf_char(out, '_');
        buf_char(out, text[i + 1]);
        for (i += 2; i < len && is_lower(text[i]); i++)
            buf_char(out, text[i]);
    }
}

/* ([a-z0-9])([A-Z]) -> \1_\2 */
static void split_lower(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        bool before = is_lower(text[i]) || (text[i] >= '0' && text[i] <= '9');
        buf_char(out, text[i]);
        if (before && i + 1 < len && is_upper(text[i + 1]))
            buf_char(out, '_');
    }
}

static void lower(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        buf_char(out, is_upper(text[i]) ? (char)(text[i] - 'A' + 'a') : text[i]);
}

static void mark_digit(const char *text, size_t len, struct buf *out)
{
    size_t size = 0;
    if (len > 0 && is_digit(next_char(text, len, &size)))
        buf_char(out, '_');
    buf_append(out, text, len);
}

static size_t without_end(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '_')
        len--;
    return len;
}

static void end_in_x(const char *text, size_t len, struct buf *out)
{
    size_t kept = without_end(text, len);
    buf_append(out, text, kept);
    for (; kept < len; kept++)
        buf_char(out, 'x');
}

static void drop_end(const char *text, size_t len, struct buf *out)
{
    bool alone = len == 1 && text[0] == '_';
    buf_append(out, text, alone ? 1 : without_end(text, len));
}

static void collapse(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '_' || i == 0 || text[i - 1] != '_')
            buf_char(out, text[i]);
}

static void clean(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        buf_char(out, strchr("\n\r\"", text[i]) ? '_' : text[i]);
}

/* Apostrophes, and the separator of `direct`. */
static void clean_more(const char *text, size_t len, struct buf *out)
{
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        uint32_t c = next_char(text + i, len - i, &size);
        if (c == '\'' || c == 0x25b6)
            buf_char(out, '_');
        else
            buf_append(out, text + i, size);
    }
}

/* Of a name as it is, what would be taken for the separator, and what would end it. */
static void clean_separator(const char *text, size_t len, struct buf *out)
{
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        uint32_t code = next_char(text + i, len - i, &size);
        if (code == 0x25b6 || code == 0)
            buf_char(out, '_');
        else
            buf_append(out, text + i, size);
    }
}

/* ---- Conventions --------------------------------------------------------------------------- */

static const struct convention {
    const char *name, *separator;
    step *steps[12]; /* up to a NULL */
    bool keeps_space;
} conventions[NAMING_COUNT] = {
    [NAMING_SNAKE_CASE] = {"snake_case",
                           "__",
                           {map_signs, reduce, split_capitals, split_lower, lower, mark_digit,
                            end_in_x, collapse},
                           false},
    [NAMING_DIRECT] = {"direct", "\u25b6", {clean, clean_more}, false},
    [NAMING_DUCK_CASE] = {"duck_case", "__", {clean, collapse}, false},
    [NAMING_SQL_CS_V1] = {"sql_cs_v1", "__", {reduce, mark_digit, drop_end, collapse}, false},
    [NAMING_SQL_CI_V1] = {"sql_ci_v1",
                          "__",
                          {reduce, mark_digit, drop_end, collapse, lower},
                          false},
    [NAMING_UNICODE_SNAKE_CASE] = {"unicode_snake_case",
                                   "__",
                                   {map_signs, letters_compose, letters_reduce, letters_split,
                                    letters_lower, letters_compose, mark_digit, end_in_x, collapse},
                                   false},
    [NAMING_VERBATIM] = {"_tidegate_verbatim", "\u25b6", {clean_separator}, true},
};

const char *naming_text(enum naming naming)
{
    return conventions[naming].name;
}

bool naming_find(const char *text, size_t len, enum naming *out)
{
    static const char module[] = "dlt.common.normalizers.naming.";
    if (len >= sizeof(module) && memcmp(text, module, sizeof(module) - 1) == 0) {
        text += sizeof(module) - 1;
        len -= sizeof(module) - 1;
    }
    for (int i = 0; i < NAMING_COUNT; i++) {
        if (strlen(conventions[i].name) == len && memcmp(conventions[i].name, text, len) == 0) {
            *out = (enum naming)i;
            return true;
        }
    }
    return false;
}

bool name_loses_letters(const struct name_rules *rules, const char *key, size_t len)
{
    step *const *take = conventions[rules->naming].steps;
    while (*take && *take != reduce)
        take++;
    return *take && letters_are_beyond_ascii(key, len);
}

const char *name_separator(const struct name_rules *rules)
{
    return conventions[rules->naming].separator;
}

/* ---- Shortening ---------------------------------------------------------------------------- */

int name_tag(struct hasher *hasher, const char *text, size_t len, char out[7], struct tg_error *err)
{
    char encoded[16] = {0};
    int rc = TG_OK;
    TRY(hash_text(hasher, text, len, 4, encoded, err));
    for (size_t i = 0; i < 6; i++) {
        char c = encoded[i];
        out[i] = c == '/' ? 'a' : c == '+' ? 'b' : is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    out[6] = '\0';
done:
    return rc;
}

/* Cuts the middle out of what `out` holds since `start`, and puts the tag of `text` there. */
static int shorten(const struct name_rules *rules, struct hasher *hasher, const char *text,
                   size_t len, struct buf *out, size_t start, struct tg_error *err)
{
    int rc = TG_OK;
    char tag[7];
    TRY(buf_check(out, err));
    size_t name_len = out->len - start;
    if (rules->bytes_max == 0 || name_len <= rules->bytes_max)
        goto done;
    TRY(name_tag(hasher, text, len, tag, err));
    buf_append(out, tag, 6); /* so that there is room, however small the limit */
    TRY(buf_check(out, err));
    char *name = out->data + start;
    size_t rest = rules->bytes_max > 6 ? rules->bytes_max - 6 : 0;
    size_t head = utf8_cut(name, (rest + 1) / 2);
    size_t tail = name_len - rest / 2;
    while (tail < name_len && utf8_continues(name[tail]))
        tail++;
    memmove(name + head + 6, name + tail, name_len - tail);
    memcpy(name + head, tag, 6);
    out->len = start + head + 6 + name_len - tail;
    out->data[out->len] = '\0';
done:
    return rc;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* Takes the white space off both ends. */
static void strip(const char **text, size_t *len)
{
    size_t start = *len;
    size_t end = 0;
    size_t size = 0;
    for (size_t i = 0; i < *len; i += size) {
        if (is_space(next_char(*text + i, *len - i, &size)))
            continue;
        start = start < i ? start : i;
        end = i + size;
    }
    *text += start;
    *len = end > start ? end - start : 0;
}

static bool is_blank(const struct name_rules *rules, const char *text)
{
    size_t len = strlen(text);
    if (!conventions[rules->naming].keeps_space)
        strip(&text, &len);
    return len == 0;
}

/* One identifier; may append nothing. */
static int spell(const struct name_rules *rules, struct hasher *hasher, const char *text,
                 size_t len, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf spelled = BUF_INIT;
    struct buf next = BUF_INIT;
    size_t start = out->len;
    if (!conventions[rules->naming].keeps_space)
        strip(&text, &len);
    buf_append(&spelled, text, len);
    for (step *const *take = conventions[rules->naming].steps; *take; take++) {
        buf_clear(&next);
        TRY(buf_check(&spelled, err));
        (*take)(buf_string(&spelled), spelled.len, &next);
        struct buf swap = spelled;
        spelled = next;
        next = swap;
    }
    TRY(buf_check(&spelled, err));
    buf_append(out, buf_string(&spelled), spelled.len);
    TRY(shorten(rules, hasher, text, len, out, start, err));
done:
    buf_release(&spelled);
    buf_release(&next);
    return rc;
}

int name_identifier(const struct name_rules *rules, struct hasher *hasher, const char *text,
                    size_t len, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t start = out->len;
    TRY(spell(rules, hasher, text, len, out, err));
    if (out->len == start)
        buf_text(out, empty_name);
    TRY(buf_check(out, err));
done:
    return rc;
}

/* The next part of a path, behind a separator unless it is the first. Parts of which nothing is
 * left are left out. */
static int append_part(const struct name_rules *rules, struct hasher *hasher, const char *text,
                       size_t len, struct buf *out, size_t start, struct tg_error *err)
{
    int rc = TG_OK;
    size_t before = out->len;
    if (before > start)
        buf_text(out, name_separator(rules));
    size_t behind = out->len;
    TRY(spell(rules, hasher, text, len, out, err));
    if (out->len == behind && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
done:
    return rc;
}

int name_path(const struct name_rules *rules, struct hasher *hasher, const char *text, size_t len,
              struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t start = out->len;
    const char *separator = name_separator(rules);
    size_t separator_len = strlen(separator);
    if (rules->whole_paths)
        return name_identifier(rules, hasher, text, len, out, err);
    for (size_t i = 0; i <= len; i += separator_len) {
        const char *cut = i < len ? memmem(text + i, len - i, separator, separator_len) : NULL;
        size_t part_len = cut ? (size_t)(cut - (text + i)) : len - i;
        TRY(append_part(rules, hasher, text + i, part_len, out, start, err));
        i += part_len;
        if (!cut)
            break;
    }
    if (out->len == start)
        buf_text(out, empty_name);
    TRY(shorten(rules, hasher, text, len, out, start, err));
done:
    return rc;
}

int name_path_copy(const struct name_rules *rules, struct hasher *hasher, const char *name,
                   struct arena *arena, const char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = name_path(rules, hasher, name, strlen(name), &text, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&text), out, err);
    buf_release(&text);
    return rc;
}

int name_join(const struct name_rules *rules, struct hasher *hasher, const char *left,
              const char *right, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf joined = BUF_INIT;
    size_t start = out->len;
    bool both = !is_blank(rules, left) && !is_blank(rules, right);
    buf_text(&joined, is_blank(rules, left) ? "" : left);
    buf_text(&joined, both ? name_separator(rules) : "");
    buf_text(&joined, is_blank(rules, right) ? "" : right);
    TRY(buf_check(&joined, err));
    buf_append(out, buf_string(&joined), joined.len);
    TRY(shorten(rules, hasher, buf_string(&joined), joined.len, out, start, err));
done:
    buf_release(&joined);
    return rc;
}
