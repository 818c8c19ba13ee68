/*
 * A stream of pages that is read on a thread of its own, while what came of it is worked on.
 */
#ifndef TIDEGATE_EXTRACT_READ_AHEAD_H
#define TIDEGATE_EXTRACT_READ_AHEAD_H

#include "extract/page_stream.h"

/* Up to `pages` are read before they are asked for, and none while so many bytes wait. `from` is
 * the new stream's, also on failure; it is called on the other thread, but opened and closed on
 * this one, and its pages must own what their rows lie in, since the next one is read before they
 * are done with. */
int read_ahead_open(struct page_stream *from, size_t pages, size_t bytes, struct page_stream **out,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
