/*
 * Owns the names of tables and columns: dlt's snake_case, paths, and shortening with a tag.
 *
 *   name_path:       split at "__" -> name_identifier for each part -> joined -> shortened
 *   name_identifier: strip -> map_characters -> split_words (two passes) -> tidy -> shortened
 *   name_join:       parts that are normal already -> joined -> shortened
 *
 * All text outside ASCII collapses to '_' (decimal digits of other scripts too, which dlt keeps).
 * Which of two equal names is whose is settled by output.c.
 */
#include "normalize/name.h"

#include <string.h>

static const char empty_name[] = "_empty";

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* The characters that stand for something, each with its letter; 0: none. */
static char mapped(char c)
{
    static const char from[] = "+-*@|";
    static const char to[] = "x_xal";
    const char *found = c ? strchr(from, c) : NULL;
    return found ? to[found - from] : 0;
}

/* Mapped characters one by one, every other run outside [A-Za-z0-9_] as one '_'. */
static void map_characters(const char *text, size_t len, struct buf *out)
{
    bool in_run = false;
    for (size_t i = 0; i < len; i++) {
        char c = mapped(text[i]);
        if (!c && (is_upper(text[i]) || is_lower(text[i]) || is_digit(text[i]) || text[i] == '_'))
            c = text[i];
        if (c)
            buf_char(out, c);
        else if (!in_run)
            buf_char(out, '_');
        in_run = !c;
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

/* ([a-z0-9])([A-Z]) -> \1_\2, lower case, '_' before a leading digit. */
static void split_lower(const char *text, size_t len, struct buf *out)
{
    if (len > 0 && is_digit(text[0]))
        buf_char(out, '_');
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        buf_char(out, is_upper(c) ? (char)(c - 'A' + 'a') : c);
        if ((is_lower(c) || is_digit(c)) && i + 1 < len && is_upper(text[i + 1]))
            buf_char(out, '_');
    }
}

/* Trailing '_' become 'x', then runs of '_' become one; in place. Returns the new length. */
static size_t tidy(char *text, size_t len)
{
    for (size_t i = len; i > 0 && text[i - 1] == '_'; i--)
        text[i - 1] = 'x';
    size_t kept = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] != '_' || kept == 0 || text[kept - 1] != '_')
            text[kept++] = text[i];
    return kept;
}

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
    size_t rest = rules->bytes_max > 6 ? rules->bytes_max - 6 : 0;
    size_t head = (rest + 1) / 2;
    size_t tail = rest / 2;
    char *name = out->data + start;
    memmove(name + head + 6, name + name_len - tail, tail);
    memcpy(name + head, tag, 6);
    out->len = start + head + 6 + tail;
    out->data[out->len] = '\0';
done:
    return rc;
}

int name_identifier(const struct name_rules *rules, struct hasher *hasher, const char *text,
                    size_t len, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf mapped_text = BUF_INIT;
    struct buf words = BUF_INIT;
    size_t start = out->len;
    for (; len > 0 && is_space(text[0]); len--)
        text++;
    while (len > 0 && is_space(text[len - 1]))
        len--;
    if (len == 0) {
        buf_text(out, empty_name);
        return buf_check(out, err);
    }
    map_characters(text, len, &mapped_text);
    TRY(buf_check(&mapped_text, err));
    split_capitals(mapped_text.data, mapped_text.len, &words);
    TRY(buf_check(&words, err));
    split_lower(words.data, words.len, out);
    TRY(buf_check(out, err));
    out->len = start + tidy(out->data + start, out->len - start);
    out->data[out->len] = '\0';
    TRY(shorten(rules, hasher, text, len, out, start, err));
done:
    buf_release(&mapped_text);
    buf_release(&words);
    return rc;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_space(text[i]))
            return false;
    return true;
}

int name_path(const struct name_rules *rules, struct hasher *hasher, const char *text, size_t len,
              struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t start = out->len;
    for (size_t i = 0; i <= len;) {
        const char *cut = i < len ? memmem(text + i, len - i, "__", 2) : NULL;
        size_t part_len = cut ? (size_t)(cut - (text + i)) : len - i;
        if (!is_blank(text + i, part_len)) {
            if (out->len > start)
                buf_text(out, "__");
            TRY(name_identifier(rules, hasher, text + i, part_len, out, err));
        }
        if (!cut)
            break;
        i += part_len + 2;
    }
    if (out->len == start)
        buf_text(out, empty_name);
    TRY(shorten(rules, hasher, text, len, out, start, err));
done:
    return rc;
}

int name_join(const struct name_rules *rules, struct hasher *hasher, const char *left,
              const char *right, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf joined = BUF_INIT;
    size_t start = out->len;
    buf_text(&joined, left);
    if (left[0] && right[0])
        buf_text(&joined, "__");
    buf_text(&joined, right);
    TRY(buf_check(&joined, err));
    buf_append(out, buf_string(&joined), joined.len);
    TRY(shorten(rules, hasher, buf_string(&joined), joined.len, out, start, err));
done:
    buf_release(&joined);
    return rc;
}
