/*
 * What a run needs from the outside, passed explicitly: cancel flag, limits, clock, random, log,
 * progress. With an injected clock and random a run is reproducible.
 */
#ifndef TIDEGATE_BASE_CONTEXT_H
#define TIDEGATE_BASE_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text/redact.h"

/* What was logged as a warning during a call, by any of its threads, for the one who made it. */
enum { WARNINGS_MAX = 100 };

struct warnings {
    pthread_mutex_t lock;
    char *texts[WARNINGS_MAX];
    size_t count;
    size_t cut_count; /* more than were kept */
};

void warnings_init(struct warnings *warnings);
void warnings_clear(struct warnings *warnings);
void warnings_release(struct warnings *warnings);

/* A statement for a table begins, or has ended; or (table NULL) something else takes its time. */
struct write_news {
    const char *table;
    uint64_t rows;       /* that it has touched, at its end */
    uint64_t rows_total; /* that the load has for the table */
    bool ended;
    const char *doing; /* in words, that follow "tidegate is" */
};

struct context {
    const atomic_int *cancel; /* borrowed; not zero: stop at the next check; may be NULL */
    int wakeup;              /* set with the flag (wakeup.h): to be waited for; -1: there is none */
    const atomic_int *stop;  /* the same for a part of the run, without a wakeup: nobody wants what
                              * it does any more */
    size_t memory_bytes_max; /* the budget of a run */
    int threads;             /* worker threads for the embedded engine */
    const char *engine_path; /* borrowed: its library; NULL: to be searched for */
    /* Borrowed: the program's connection that does the engine's work; NULL: its library does. */
    const struct tg_connection *scratch;
    const char *(*variable)(const char *name); /* of the environment; NULL: there is none */
    const char *storage_version; /* borrowed: of database files that are made; NULL: the default */
    int64_t (*clock_us)(void *); /* microseconds since 1970, UTC */
    int (*random)(void *, void *out, size_t len); /* TG_OK or TG_IO */
    void (*log)(void *, int level, const char *component, const char *message);
    void *user; /* handed to the three above */
    /* What a write does now; on the writing thread. */
    void (*writes)(void *, const struct write_news *news);
    void *writes_user;
    struct warnings *warnings;     /* borrowed; keeps what is logged as a warning; may be NULL */
    const struct secrets *secrets; /* borrowed; hidden in what is logged; may be NULL */
    unsigned char
        random_pool[4096]; /* filled in bulk: a system call per id would cost more than the id */
    size_t random_left;
};

/* Real clock, real random, no log, 256 MiB, 2 threads. */
void context_init(struct context *ctx);
/* TG_OK, or TG_CANCELLED once the cancel flag is set. Call it at each batch, file and statement. */
int context_check(const struct context *ctx, struct tg_error *err) TG_CHECK_RESULT;
/* How a call ends that ended with `rc`: what fails after somebody said stop, failed because of it.
 */
int context_outcome(const struct context *ctx, int rc, struct tg_error *err) TG_CHECK_RESULT;
/* Waits so long, or until the run is cancelled: TG_CANCELLED. */
int context_pause(const struct context *ctx, int ms, struct tg_error *err) TG_CHECK_RESULT;
int64_t context_now_us(const struct context *ctx);
/* Microseconds that only ever go forward, for durations; never the injected clock. */
int64_t context_ticks_us(void);
/* Cryptographically strong bytes (OpenSSL by default). Not thread-safe: one thread per context
 * makes ids. */
int context_random(struct context *ctx, void *out, size_t len,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Tells who wants to know. */
void context_writes(const struct context *ctx, const struct write_news *news);
/* The same of what is no statement for a table, "waiting for ...", and logs it as information;
 * NULL: that is over. */
void context_doing(const struct context *ctx, const char *component, const char *doing);
/* Thread-safe as far as the injected log is. A warning reaches the caller of the run, too. */
void context_log(const struct context *ctx, int level, const char *component, const char *format,
                 ...) TG_PRINTF(4, 5);

#endif
