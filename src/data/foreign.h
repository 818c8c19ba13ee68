/*
 * Streams of somebody else, who may do anything: as streams of ours, which are checked.
 */
#ifndef TIDEGATE_DATA_FOREIGN_H
#define TIDEGATE_DATA_FOREIGN_H

#include "data/batch.h"

/* What is done around each call of a foreign stream. */
struct stream_guard {
    int (*enter)(void *user, struct tg_error *err); /* not TG_OK: it is not called */
    /* What it made of the call, whose code is `rc`. */
    int (*leave)(void *user, int rc, struct tg_error *err);
    void *user;
    void (*release)(void *user); /* once it is released; may be NULL */
};

/* Takes `foreign` (moved in, also on failure). Of the stream that comes out every batch is Arrow
 * (arrow_check.h), a call that failed is an error of `code`, and after its end or a failure the
 * foreign one is asked no more. */
int stream_foreign(struct ArrowArrayStream *foreign, int code, const struct stream_guard *guard,
                   struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
