/*
 * What a run needs from the outside, passed explicitly: cancel flag, limits, clock, random, log,
 * progress. With an injected clock and random a run is reproducible.
 */
#ifndef TIDEGATE_BASE_CONTEXT_H
#define TIDEGATE_BASE_CONTEXT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

struct context {
    const atomic_int *cancel;    /* borrowed; not zero: stop at the next check; may be NULL */
    size_t memory_bytes_max;     /* the budget of a run */
    int threads;                 /* worker threads for the embedded engine */
    int64_t (*clock_us)(void *); /* microseconds since 1970, UTC */
    int (*random)(void *, void *out, size_t len); /* TG_OK or TG_IO */
    void (*log)(void *, int level, const char *component, const char *message);
    void *user; /* handed to the three above */
    unsigned char
        random_pool[4096]; /* filled in bulk: a system call per id would cost more than the id */
    size_t random_left;
};

/* Real clock, real random, no log, 256 MiB, 2 threads. */
void context_init(struct context *ctx);
/* TG_OK, or TG_CANCELLED once the cancel flag is set. Call it at each batch, file and statement. */
int context_check(const struct context *ctx, struct tg_error *err) TG_CHECK_RESULT;
int64_t context_now_us(const struct context *ctx);
/* Cryptographically strong bytes (OpenSSL by default). Not thread-safe: one thread per context
 * makes ids. */
int context_random(struct context *ctx, void *out, size_t len,
                   struct tg_error *err) TG_CHECK_RESULT;
void context_log(const struct context *ctx, int level, const char *component, const char *format,
                 ...) TG_PRINTF(4, 5);

#endif
