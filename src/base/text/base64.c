/*
 * Base64, the standard alphabet.
 *
 * base64_append takes bytes of any length in parts of whole threes, base64_encode does one part;
 * base64_decode is strict, for what only looks like base64 is to stay a text; base64_decode_short
 * is for hashes, which are many. Ids that are made in vector lanes are encoded there.
 */
#include "base/text/base64.h"

#include <stdint.h>

size_t base64_encode(const unsigned char *in, size_t len, bool pad, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *start = out;
    size_t i = 0;
    for (; i + 3 <= len; i += 3) {
        uint32_t bits = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[bits >> 6 & 63];
        *out++ = alphabet[bits & 63];
    }
    size_t rest = len - i;
    if (rest > 0) {
        uint32_t bits = (uint32_t)in[i] << 16 | (rest > 1 ? (uint32_t)in[i + 1] << 8 : 0);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (rest > 1)
            *out++ = alphabet[bits >> 6 & 63];
        for (size_t missing = rest; pad && missing < 3; missing++)
            *out++ = '=';
    }
    return (size_t)(out - start);
}

void base64_append(struct buf *out, const void *bytes, size_t len)
{
    enum { PART = 768 }; /* whole threes */
    char text[PART / 3 * 4];
    const unsigned char *in = bytes;
    for (size_t part; len > 0; in += part, len -= part) {
        part = len < PART ? len : PART;
        buf_append(out, text, base64_encode(in, part, true, text));
    }
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

size_t base64_decode_short(const char *in, size_t len, unsigned char *out)
{
    uint32_t bits = 0;
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        int value = base64_value(in[i]);
        if (value < 0)
            return 0;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            out[count++] = (unsigned char)(bits >> (6 - 2 * (i % 4)) & 255);
    }
    return count;
}

int base64_decode(const char *in, size_t len, struct buf *out, struct tg_error *err)
{
    size_t padded = len;
    while (len > 0 && padded - len < 2 && in[len - 1] == '=')
        len--;
    if (len % 4 == 1 || (padded > len && padded % 4 != 0))
        return error_set(err, TG_DATA, "base64 text of %zu characters is cut off or padded wrong",
                         padded);
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int value = base64_value(in[i]);
        if (value < 0)
            return error_set(err, TG_DATA,
                             "base64 text has a character that is not base64's at %zu", i);
        bits = bits << 6 | (uint32_t)value;
        /* Four characters are three bytes; each but the first completes one. */
        if (i % 4 != 0)
            buf_char(out, (char)(bits >> (6 - 2 * (i % 4)) & 255));
    }
    return buf_check(out, err);
}
