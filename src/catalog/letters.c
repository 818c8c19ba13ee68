/*
 * Steps of naming conventions for the letters of all scripts, by the tables of utf8proc.
 *
 * Path: a step -> next_char -> kind_of (what a character is to a name) -> out.
 *
 * A mark (a vowel sign, an accent that has no character with its letter) is part of the letter
 * before it. A capital without a small letter (a mathematical one) is a letter as those of scripts
 * without capitals are, so that a name made of a name is the same. Case goes letter by letter:
 * nothing is folded that people tell apart (ß and ss, ς and σ).
 */
#include "catalog/letters.h"

#include <utf8proc.h>

#include "base/memory.h"
#include "base/text/utf8.h"

enum kind { SIGN, UNDERSCORE, LETTER, CAPITAL, SMALL, DIGIT, MARK };

static utf8proc_int32_t next_char(const char *text, size_t len, size_t *size)
{
    uint32_t code;
    *size = utf8_next(text, len, &code);
    if (*size > 0)
        return (utf8proc_int32_t)code;
    *size = 1;
    return 0xfffd;
}

static enum kind kind_of(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT: return utf8proc_tolower(c) == c ? LETTER : CAPITAL;
    case UTF8PROC_CATEGORY_LL: return SMALL;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return LETTER;
    case UTF8PROC_CATEGORY_ND: return DIGIT;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return MARK;
    default: return c == '_' ? UNDERSCORE : SIGN;
    }
}

static void put_char(struct buf *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    buf_append(out, bytes, (size_t)utf8proc_encode_char(c, bytes));
}

/* ---- Steps --------------------------------------------------------------------------------- */

/* A character becomes four at most, and there are no more than bytes. */
void letters_compose(const char *text, size_t len, struct buf *out)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    const size_t cap = 4 * len + 1;
    utf8proc_int32_t *chars;
    if (!utf8_is_valid(text, len)) {
        buf_append(out, text, len);
        return;
    }
    chars = mem_alloc(cap * sizeof(*chars));
    if (!chars) {
        out->failed = true;
        return;
    }
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, chars,
                           (utf8proc_ssize_t)cap, options);
    if (count > 0)
        count = utf8proc_normalize_utf32(chars, count, options);
    for (utf8proc_ssize_t i = 0; i < count; i++)
        put_char(out, chars[i]);
    mem_free(chars);
}

void letters_reduce(const char *text, size_t len, struct buf *out)
{
    bool in_run = false;
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        const bool is_sign = kind_of(next_char(text + i, len - i, &size)) == SIGN;
        if (!is_sign)
            buf_append(out, text + i, size);
        else if (!in_run)
            buf_char(out, '_');
        in_run = is_sign;
    }
}

/* The kind of the character behind those at `at`, its marks passed over. */
static enum kind kind_behind(const char *text, size_t len, size_t at)
{
    size_t size = 0;
    for (; at < len; at += size) {
        const enum kind kind = kind_of(next_char(text + at, len - at, &size));
        if (kind != MARK)
            return kind;
    }
    return UNDERSCORE;
}

void letters_split(const char *text, size_t len, struct buf *out)
{
    enum kind before = UNDERSCORE;
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        const enum kind kind = kind_of(next_char(text + i, len - i, &size));
        const bool ends_word = before == SMALL || before == DIGIT;
        const bool begins_word = before != UNDERSCORE && kind_behind(text, len, i + size) == SMALL;
        if (kind == CAPITAL && (ends_word || begins_word))
            buf_char(out, '_');
        buf_append(out, text + i, size);
        before = kind == MARK ? before : kind;
    }
}

void letters_lower(const char *text, size_t len, struct buf *out)
{
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        const utf8proc_int32_t c = next_char(text + i, len - i, &size), low = utf8proc_tolower(c);
        if (low == c)
            buf_append(out, text + i, size);
        else
            put_char(out, low);
    }
}

bool letters_are_beyond_ascii(const char *text, size_t len)
{
    bool found = false;
    size_t size = 0;
    for (size_t i = 0; i < len; i += size) {
        const utf8proc_int32_t c = next_char(text + i, len - i, &size);
        const enum kind kind = kind_of(c);
        if (kind == DIGIT || (c < 0x80 && kind != SIGN && kind != UNDERSCORE))
            return false;
        found |= kind == LETTER || kind == CAPITAL || kind == SMALL;
    }
    return found;
}
