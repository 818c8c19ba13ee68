/*
 * Texts that are not in UTF-8 -> UTF-8: encoding_of -> encoding_decode, a part at a time.
 *
 * There are few of them, and each is a table or a dozen lines; iconv would want a module of the C
 * library for each, which small containers do not have. Windows-1252 is read as browsers read it:
 * the five bytes that stand for nothing are control characters.
 */
#include "extract/formats/encoding.h"

#include <string.h>
#include <strings.h>

/* Stands for the half unit that a text may end with; in UTF-8 it is none. */
enum { ODD_BYTE = 0xff };

enum encoding encoding_find(const char *name)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {
        {"auto", ENCODING_AUTO},          {"utf-8", ENCODING_UTF8},
        {"utf8", ENCODING_UTF8},          {"latin-1", ENCODING_LATIN1},
        {"latin1", ENCODING_LATIN1},      {"iso-8859-1", ENCODING_LATIN1},
        {"cp1252", ENCODING_WINDOWS1252}, {"windows-1252", ENCODING_WINDOWS1252},
        {"utf-16", ENCODING_UTF16},       {"utf-16le", ENCODING_UTF16LE},
        {"utf-16be", ENCODING_UTF16BE},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].encoding;
    return ENCODING_COUNT;
}

enum encoding encoding_of(enum encoding said, const char *head, size_t len)
{
    if (said != ENCODING_AUTO && said != ENCODING_UTF16)
        return said;
    if (len >= 2 && memcmp(head, "\xff\xfe", 2) == 0)
        return ENCODING_UTF16LE;
    if (len >= 2 && memcmp(head, "\xfe\xff", 2) == 0)
        return ENCODING_UTF16BE;
    if (said == ENCODING_AUTO)
        return ENCODING_UTF8;
    return len >= 2 && head[0] == '\0' && head[1] != '\0' ? ENCODING_UTF16BE : ENCODING_UTF16LE;
}

/* Surrogates, too, which UTF-8 does not have. */
static char *put_code(char *out, uint32_t code)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = count - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(leads[count] | code);
    return out + count;
}

/* 0x80 to 0x9f. */
static const uint16_t windows1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static char *decode_bytes(bool is_windows, const char *in, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)in[i];
        bool is_listed = is_windows && byte >= 0x80 && byte < 0xa0;
        out = put_code(out, is_listed ? windows1252[byte - 0x80] : byte);
    }
    return out;
}

static char *decode_units(bool is_big, const char *in, size_t len, bool is_last, char *out,
                          size_t *used)
{
    size_t i = 0;
    while (i + 2 <= len) {
        uint32_t code = encoding_unit(in + i, is_big);
        bool is_high = code >= 0xd800 && code < 0xdc00;
        if (is_high && i + 4 > len && !is_last)
            break;
        uint32_t low = is_high && i + 4 <= len ? encoding_unit(in + i + 2, is_big) : 0;
        bool is_pair = low >= 0xdc00 && low < 0xe000;
        out = put_code(out, is_pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : code);
        i += is_pair ? 4 : 2;
    }
    if (is_last && i < len) {
        *out++ = (char)ODD_BYTE;
        i = len;
    }
    *used = i;
    return out;
}

size_t encoding_decode(enum encoding encoding, const char *in, size_t len, bool is_last, char *out,
                       size_t *used)
{
    const char *start = out;
    *used = len;
    switch (encoding) {
    case ENCODING_LATIN1:
    case ENCODING_WINDOWS1252:
        return (size_t)(decode_bytes(encoding == ENCODING_WINDOWS1252, in, len, out) - start);
    case ENCODING_UTF16LE:
    case ENCODING_UTF16BE:
        return (size_t)(decode_units(encoding == ENCODING_UTF16BE, in, len, is_last, out, used) -
                        start);
    default: memcpy(out, in, len); return len;
    }
}

int64_t encoding_length(enum encoding encoding, const char *text, size_t len)
{
    const bool is_wide = encoding_has_units(encoding);
    int64_t bytes = 0;
    if (encoding == ENCODING_UTF8)
        return (int64_t)len;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) == 0x80)
            continue;
        bytes += !is_wide || byte == ODD_BYTE ? 1 : byte >= 0xf0 ? 4 : 2;
    }
    return bytes;
}
