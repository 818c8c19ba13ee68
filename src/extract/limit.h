/*
 * The beginning of a stream of pages.
 */
#ifndef TIDEGATE_EXTRACT_LIMIT_H
#define TIDEGATE_EXTRACT_LIMIT_H

#include "extract/page_stream.h"

/* Ends after so many rows of `from`, which is borrowed. *cut (out, while it is read) is set when
 * there would have been more. */
int limit_new(struct page_stream *from, uint64_t rows, bool *cut, struct page_stream **out,
              struct tg_error *err) TG_CHECK_RESULT;

#endif
