/*
 * A growing text. Appending never reports; the first failure sticks and buf_check() tells it.
 *
 * Path: buf_append / buf_text / buf_char / buf_printf -> buf_check -> buf_string or buf_take ->
 * buf_release. The memory doubles, so that n appends cost n; one byte more than `len` is always
 * kept for the NUL.
 *
 * Text of a certain form (JSON, SQL, times) is made by others on top of this.
 */
#include "base/buf.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

void buf_release(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Makes room for `add` bytes and the NUL. */
static bool reserve(struct buf *buf, size_t add)
{
    if (buf->failed)
        return false;
    size_t limit = buf->max > 0 ? buf->max : SIZE_MAX - 1;
    if (buf->len > limit || add > limit - buf->len ||
        mem_grow(&buf->data, &buf->cap, buf->len + add + 1, 1, NULL) != TG_OK)
        buf->failed = true;
    return !buf->failed;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (!reserve(buf, len))
        return;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_quoted(struct buf *buf, char quote, const char *text)
{
    buf_char(buf, quote);
    for (const char *end; (end = strchr(text, quote)); text = end + 1) {
        buf_append(buf, text, (size_t)(end - text) + 1);
        buf_char(buf, quote);
    }
    buf_text(buf, text);
    buf_char(buf, quote);
}

void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)len < sizeof(small)) {
        buf_append(buf, small, (size_t)len);
        return;
    }
    if (!reserve(buf, (size_t)len))
        return;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

int buf_check(const struct buf *buf, struct tg_error *err)
{
    if (!buf->failed)
        return TG_OK;
    if (buf->max > 0)
        return error_set(err, TG_NOMEM, "out of memory, or a text over its limit of %zu bytes",
                         buf->max);
    return error_nomem(err);
}

const char *buf_string(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    if (buf->failed || buf->len == 0)
        return NULL;
    char *text = buf->data;
    *buf = (struct buf){.max = buf->max};
    return text;
}
