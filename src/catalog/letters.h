/*
 * Steps of naming conventions for the letters of all scripts (catalog/name.c has those of ASCII).
 * Each appends to `out`; what is not UTF-8 counts as signs, byte by byte.
 */
#ifndef TIDEGATE_CATALOG_LETTERS_H
#define TIDEGATE_CATALOG_LETTERS_H

#include <stdbool.h>

#include "base/buf.h"

/* Letters with their marks in one character, where Unicode has one (NFC). */
void letters_compose(const char *text, size_t len, struct buf *out);
/* Every run of characters that are no letter, mark, digit or '_' becomes one '_'. */
void letters_reduce(const char *text, size_t len, struct buf *out);
/* '_' before a capital with small letters behind it, and between a small letter or a digit and a
 * capital: aBc -> a_Bc, aBC -> a_BC. */
void letters_split(const char *text, size_t len, struct buf *out);
/* Small letters, one for one, whatever the language: Straße -> straße, İ -> i. */
void letters_lower(const char *text, size_t len, struct buf *out);

/* Whether there are letters, and none of them is of ASCII. */
bool letters_are_beyond_ascii(const char *text, size_t len);

#endif
