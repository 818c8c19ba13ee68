/*
 * Interrupting calls that do not look at the cancel flag.
 *
 * Path: watch_enter ... watch_leave around each call; meanwhile run, on a thread of its own, waits
 * to be woken (wakeup.h) and calls `interrupt` as long as the flag is set and a call is at work. A
 * call may not have begun in earnest when it is first interrupted: so it is again and again.
 *
 * `lock` is held while `interrupt` is called: no call ends, and no connection is closed, under it.
 */
#include "base/watch.h"

#include <poll.h>
#include <pthread.h>

#include "base/memory.h"
#include "base/wakeup.h"

enum { AGAIN_MS = 20 };

struct watch {
    const struct context *ctx;
    void (*interrupt)(void *user);
    void *user;
    int end; /* wakes the thread for the last time */
    bool is_running;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    bool at_work, interrupted;
};

static void look(struct watch *watch)
{
    if (context_check(watch->ctx, NULL) == TG_OK)
        return;
    pthread_mutex_lock(&watch->lock);
    if (watch->at_work) {
        watch->interrupted = true;
        watch->interrupt(watch->user);
    }
    pthread_mutex_unlock(&watch->lock);
}

static void *run(void *arg)
{
    struct watch *watch = arg;
    struct pollfd waits[] = {{.fd = watch->end, .events = POLLIN},
                             {.fd = watch->ctx->wakeup, .events = POLLIN}};
    for (;;) {
        /* One that stays awake is looked at now and then; where nobody wakes, too. */
        bool awake = watch->ctx->wakeup < 0 || waits[1].revents;
        waits[1].revents = 0;
        (void)poll(waits, awake ? 1 : 2, awake ? AGAIN_MS : -1);
        if (waits[0].revents)
            return NULL;
        look(watch);
    }
}

static int start_thread(struct watch *watch, struct tg_error *err)
{
    int errnum = pthread_create(&watch->thread, NULL, run, watch);
    watch->is_running = errnum == 0;
    return errnum == 0 ? TG_OK : error_errno(err, TG_IO, errnum, "no thread to watch for a cancel");
}

int watch_start(const struct context *ctx, void (*interrupt)(void *user), void *user,
                struct watch **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct watch *watch = *out = mem_calloc(1, sizeof(*watch));
    if (!watch)
        return error_nomem(err);
    *watch = (struct watch){.ctx = ctx, .interrupt = interrupt, .user = user, .end = -1};
    pthread_mutex_init(&watch->lock, NULL);
    if (!ctx->cancel)
        return TG_OK;
    TRY(wakeup_open(&watch->end, err));
    TRY(start_thread(watch, err));
done:
    if (rc != TG_OK) {
        watch_stop(watch);
        *out = NULL;
    }
    return rc;
}

void watch_stop(struct watch *watch)
{
    if (!watch)
        return;
    wakeup_set(watch->end);
    if (watch->is_running)
        pthread_join(watch->thread, NULL);
    wakeup_close(watch->end);
    pthread_mutex_destroy(&watch->lock);
    mem_free(watch);
}

static void set_at_work(struct watch *watch, bool at_work, bool *interrupted)
{
    pthread_mutex_lock(&watch->lock);
    *interrupted = watch->interrupted;
    watch->at_work = at_work;
    watch->interrupted = false;
    pthread_mutex_unlock(&watch->lock);
}

int watch_enter(struct watch *watch, const struct context *ctx, struct tg_error *err)
{
    bool before;
    int rc = context_check(ctx, err);
    set_at_work(watch, rc == TG_OK && ctx->cancel, &before);
    return rc;
}

int watch_leave(struct watch *watch, int rc, struct tg_error *err)
{
    bool interrupted;
    set_at_work(watch, false, &interrupted);
    int cancelled = rc != TG_OK && interrupted ? context_check(watch->ctx, err) : TG_OK;
    return cancelled != TG_OK ? cancelled : rc;
}
