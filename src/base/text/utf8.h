/*
 * UTF-8: which bytes are a character, and where a text may be cut.
 */
#ifndef TIDEGATE_BASE_UTF8_H
#define TIDEGATE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The character that `text` (of `len` bytes, one at least) begins with, and how many bytes it has;
 * 0: they are none. No overlong form, no surrogate, nothing beyond U+10FFFF is one. */
size_t utf8_next(const char *text, size_t len, uint32_t *code);
bool utf8_is_valid(const char *text, size_t len);

/* How many bytes a byte order mark in front has: 3, or 0 where there is none. */
static inline size_t utf8_mark(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Whether a character goes on with this byte: those that do not begin one. */
static inline bool utf8_continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The most bytes up to `max` that cut no character; text[max] is looked at. */
size_t utf8_cut(const char *text, size_t max);

#endif
