/*
 * A text as messages quote it: on one line, and not longer than a person reads.
 */
#ifndef TIDEGATE_BASE_TELL_H
#define TIDEGATE_BASE_TELL_H

#include "base/buf.h"

enum { TELL_MAX = 100 }; /* bytes of a value, as a rule */

/* Appends the text, with line ends and other control characters escaped, up to `max` bytes of what
 * comes of that, and "..." where there is more. No character is cut. */
void text_tell(struct buf *out, const char *text, size_t len, size_t max);

#endif
