/*
 * A text as messages quote it: on one line, and not longer than a person reads.
 *
 *   text_tell -> spell (a character, or what stands for it) -> until there is no more room
 *
 * What a message says of it, and its quotes, are the caller's.
 */
#include "base/text/tell.h"

#include <stdio.h>
#include <string.h>

#include "base/text/utf8.h"

/* How a character is spelt: "\n" for a line end, "\x1b" for any other control character. Returns
 * how many bytes of the text it is. */
static size_t spell(const char *text, size_t len, char out[8])
{
    static const char named[] = "\t\n\r", letters[] = "tnr";
    const unsigned char c = (unsigned char)*text;
    const char *name = c ? strchr(named, c) : NULL;
    size_t bytes = 1;
    while (bytes < len && bytes < 4 && utf8_continues(text[bytes]))
        bytes++;
    if (name)
        snprintf(out, 8, "\\%c", letters[name - named]);
    else if (c < ' ' || c == 0x7f)
        snprintf(out, 8, "\\x%02x", c);
    else
        snprintf(out, 8, "%.*s", (int)bytes, text);
    return name || c < ' ' || c == 0x7f ? 1 : bytes;
}

void text_tell(struct buf *out, const char *text, size_t len, size_t max)
{
    char spelt[8];
    for (size_t i = 0, room = max; i < len; room -= strlen(spelt)) {
        i += spell(text + i, len - i, spelt);
        if (strlen(spelt) > room) {
            buf_text(out, "...");
            return;
        }
        buf_text(out, spelt);
    }
}
