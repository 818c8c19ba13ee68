/*
 * The outside world of a run: cancel flag, clock, random bytes, log. What is not injected is the
 * real one.
 *
 * Path: context_init -> the caller sets what it injects -> context_check / context_now_us /
 * context_random / context_log. Random bytes are served from a pool that is filled in bulk.
 * Warnings are kept for the result of the run (warnings_add), beside being logged; secrets are
 * hidden in both.
 *
 * Who sets the cancel flag, and where a log line ends up, is the caller's.
 */
#include "base/context.h"

#include <limits.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "base/wakeup.h"

const char *tg_version(void)
{
    return TG_VERSION;
}

int tg_version_number(void)
{
    return TG_VERSION_NUMBER;
}

void context_init(struct context *ctx)
{
    *ctx =
        (struct context){.wakeup = -1, .memory_bytes_max = (size_t)256 * 1024 * 1024, .threads = 2};
}

static bool is_set(const atomic_int *flag)
{
    return flag && atomic_load_explicit(flag, memory_order_relaxed) != 0;
}

int context_check(const struct context *ctx, struct tg_error *err)
{
    if (!is_set(ctx->cancel) && !is_set(ctx->stop))
        return TG_OK;
    return error_set(err, TG_CANCELLED, "cancelled; run again to go on");
}

int context_outcome(const struct context *ctx, int rc, struct tg_error *err)
{
    const int stopped = rc == TG_OK ? TG_OK : context_check(ctx, err);
    return stopped == TG_OK ? rc : stopped;
}

int context_pause(const struct context *ctx, int ms, struct tg_error *err)
{
    int rc = context_check(ctx, err);
    if (rc != TG_OK)
        return rc;
    wakeup_wait(ctx->wakeup, ms);
    return context_check(ctx, err);
}

int64_t context_now_us(const struct context *ctx)
{
    if (ctx->clock_us)
        return ctx->clock_us(ctx->user);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t context_ticks_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int random_bytes(const struct context *ctx, void *out, size_t len, struct tg_error *err)
{
    bool done = ctx->random ? ctx->random(ctx->user, out, len) == TG_OK
                            : len <= INT_MAX && RAND_bytes(out, (int)len) == 1;
    if (!done)
        return error_set(err, TG_IO, "the random generator gave no bytes; try again");
    return TG_OK;
}

int context_random(struct context *ctx, void *out, size_t len, struct tg_error *err)
{
    if (len > sizeof(ctx->random_pool))
        return random_bytes(ctx, out, len, err);
    if (len > ctx->random_left) {
        ctx->random_left = 0;
        int rc = random_bytes(ctx, ctx->random_pool, sizeof(ctx->random_pool), err);
        if (rc != TG_OK)
            return rc;
        ctx->random_left = sizeof(ctx->random_pool);
    }
    if (len > 0)
        memcpy(out, ctx->random_pool + sizeof(ctx->random_pool) - ctx->random_left, len);
    ctx->random_left -= len;
    return TG_OK;
}

void context_writes(const struct context *ctx, const struct write_news *news)
{
    if (ctx->writes)
        ctx->writes(ctx->writes_user, news);
}

void context_doing(const struct context *ctx, const char *component, const char *doing)
{
    if (doing)
        context_log(ctx, TG_LOG_INFO, component, "%s", doing);
    context_writes(ctx, &(struct write_news){.doing = doing});
}

/* ---- the log ---- */

void warnings_init(struct warnings *warnings)
{
    *warnings = (struct warnings){0};
    pthread_mutex_init(&warnings->lock, NULL);
}

void warnings_clear(struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        mem_free(warnings->texts[i]);
    warnings->count = warnings->cut_count = 0;
}

void warnings_release(struct warnings *warnings)
{
    warnings_clear(warnings);
    pthread_mutex_destroy(&warnings->lock);
}

/* One that there is no memory for counts among those that were cut. */
static void warnings_add(struct warnings *warnings, const char *text)
{
    pthread_mutex_lock(&warnings->lock);
    char *copy = warnings->count < WARNINGS_MAX ? mem_strdup(text) : NULL;
    if (copy)
        warnings->texts[warnings->count++] = copy;
    else
        warnings->cut_count++;
    pthread_mutex_unlock(&warnings->lock);
}

void context_log(const struct context *ctx, int level, const char *component, const char *format,
                 ...)
{
    struct warnings *kept = level == TG_LOG_WARNING ? ctx->warnings : NULL;
    if (!ctx->log && !kept)
        return;
    enum { LEN_MAX = 2047 };   /* an error's place and reason, */
    char message[LEN_MAX + 2]; /* and where a cut one would go on */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (len < 0)
        return;
    if (len > LEN_MAX)
        message[utf8_cut(message, LEN_MAX)] = '\0';
    redact_in(ctx->secrets, message, sizeof(message));
    if (kept)
        warnings_add(kept, message);
    if (ctx->log)
        ctx->log(ctx->user, level, component, message);
}
