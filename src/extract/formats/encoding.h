/*
 * Texts that are not in UTF-8 -> UTF-8.
 */
#ifndef TIDEGATE_EXTRACT_ENCODING_H
#define TIDEGATE_EXTRACT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum encoding {
    ENCODING_AUTO, /* told by the first bytes: UTF-16 by its mark, else UTF-8 */
    ENCODING_UTF8,
    ENCODING_LATIN1,
    ENCODING_WINDOWS1252,
    ENCODING_UTF16, /* told by its mark; without one, by where its zeros are */
    ENCODING_UTF16LE,
    ENCODING_UTF16BE,
    ENCODING_COUNT
};

/* By its names, in any case: utf-8, latin-1, iso-8859-1, windows-1252, cp1252, utf-16, utf-16le,
 * utf-16be; ENCODING_COUNT: none of them. */
enum encoding encoding_find(const char *name);
/* Which one it is, of a text that begins with `head`: neither ENCODING_AUTO nor ENCODING_UTF16. */
enum encoding encoding_of(enum encoding said, const char *head, size_t len);

/* Whether a text of it is of units of two bytes: UTF-16. */
static inline bool encoding_has_units(enum encoding encoding)
{
    return encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE;
}

/* A unit by its two bytes. */
static inline uint32_t encoding_unit(const char *in, bool is_big)
{
    uint32_t first = (unsigned char)in[0], second = (unsigned char)in[1];
    return is_big ? first << 8 | second : second << 8 | first;
}

/* How many bytes of UTF-8 so many make at most. */
static inline size_t encoding_room(size_t len)
{
    return 3 * len + 3;
}
/* Makes UTF-8 of `in`, and returns its length; *used: how much was taken, all of it if nothing
 * follows. What is no character (half a surrogate pair, a last odd byte) becomes bytes that are no
 * UTF-8. The mark in front stays, as UTF-8's. Of UTF-8 itself it is a copy. */
size_t encoding_decode(enum encoding encoding, const char *in, size_t len, bool is_last, char *out,
                       size_t *used);
/* How many bytes a text has in it that is `len` bytes of UTF-8, as encoding_decode made them. */
int64_t encoding_length(enum encoding encoding, const char *text, size_t len);

#endif
