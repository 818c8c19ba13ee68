/*
 * A growing text with a limit and a sticky failure: append as often as you like, check once with
 * buf_check(). Always NUL-terminated once anything was appended.
 */
#ifndef TIDEGATE_BASE_BUF_H
#define TIDEGATE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;  /* 0: no limit */
    bool failed; /* out of memory or over the limit; later appends do nothing */
};

#define BUF_INIT                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory, forgets a failure */
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_quoted(struct buf *buf, char quote, const char *text); /* the quote doubled inside */
void buf_printf(struct buf *buf, const char *format, ...) TG_PRINTF(2, 3);
/* TG_OK, or TG_NOMEM with the message set. */
int buf_check(const struct buf *buf, struct tg_error *err) TG_CHECK_RESULT;
/* What stands behind a noun of so many. */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
const char *buf_string(const struct buf *buf); /* never NULL: "" for an empty one */
char *buf_take(struct buf *buf); /* moves the text out (mem_free it); NULL when failed or empty */

#endif
