/*
 * Base64, the standard alphabet.
 */
#ifndef TIDEGATE_BASE_BASE64_H
#define TIDEGATE_BASE_BASE64_H

#include "base/buf.h"

/* 3 bytes -> 4 characters; padded or not; no NUL is added. The length written. */
size_t base64_encode(const unsigned char *in, size_t len, bool pad, char *out);
/* Padded, of any length. */
void base64_append(struct buf *out, const void *bytes, size_t len);
/* Strict (padding optional); TG_DATA on a bad character. */
int base64_decode(const char *in, size_t len, struct buf *out,
                  struct tg_error *err) TG_CHECK_RESULT;

/* The bytes of a short text without padding; `out` has room for 3 for each 4 characters. How many
 * they are; 0: it has a bad character, or none. */
size_t base64_decode_short(const char *in, size_t len, unsigned char *out);

#endif
