/*
 * How a text leaves the library.
 */
#ifndef TIDEGATE_TEXT_H
#define TIDEGATE_TEXT_H

#include "base/buf.h"

/* spec.c: `text` (released) as one that tg_text_free frees, if `rc` and all else went well; *out is
 * NULL otherwise. */
int text_out(struct buf *text, int rc, char **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
