/*
 * UTF-8.
 *
 * utf8_next is the one decoder: lead byte -> count, then the bytes that continue, then whether the
 * character may be spelled so. utf8_is_valid steps over ASCII by eight bytes, for it is asked about
 * every text that a program pushes. utf8_cut needs no decoding: a character ends where the next one
 * begins.
 */
#include "base/text/utf8.h"

#include <string.h>

size_t utf8_next(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t lead = (unsigned char)text[0];
    size_t count = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (count > len || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4)
        return 0;
    uint32_t c = count == 1 ? lead : lead & (0x7fU >> count);
    for (size_t i = 1; i < count; i++) {
        if (!utf8_continues(text[i]))
            return 0;
        c = c << 6 | ((unsigned char)text[i] & 0x3fU);
    }
    *code = c;
    return c < least[count] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : count;
}

bool utf8_is_valid(const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        uint64_t eight;
        uint32_t code;
        if (end - text >= 8 &&
            (memcpy(&eight, text, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
            text += 8;
            continue;
        }
        size_t count = utf8_next(text, (size_t)(end - text), &code);
        if (count == 0)
            return false;
        text += count;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t max)
{
    while (max > 0 && utf8_continues(text[max]))
        max--;
    return max;
}
