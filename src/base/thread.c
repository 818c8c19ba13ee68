/*
 * One background worker: a thread, and room for one job.
 *
 * Path: worker_start -> worker_submit (again and again) -> worker_wait -> worker_stop. A job's
 * error is kept until the next submit or wait takes it. Who waits is woken when the mutex is free
 * again, else it would wait for that, too. Signals are left to the other threads, so that a
 * blocking call of the main thread is interrupted by them.
 *
 * Memory that jobs work on belongs to the caller: two sets, one being filled while the other is
 * worked on.
 */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "base/memory.h"

struct worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    worker_job job; /* NULL: nothing runs */
    void *arg;
    bool stopping;
    int rc; /* of the last job */
    struct tg_error error;
};

static void *run_jobs(void *arg)
{
    struct worker *worker = arg;
    pthread_mutex_lock(&worker->mutex);
    for (;;) {
        while (!worker->job && !worker->stopping)
            pthread_cond_wait(&worker->changed, &worker->mutex);
        if (!worker->job)
            break;
        worker_job job = worker->job;
        void *job_arg = worker->arg;
        pthread_mutex_unlock(&worker->mutex);
        struct tg_error error = {0};
        int rc = job(job_arg, &error);
        pthread_mutex_lock(&worker->mutex);
        worker->rc = rc;
        worker->error = error;
        worker->job = NULL;
        pthread_mutex_unlock(&worker->mutex);
        pthread_cond_broadcast(&worker->changed);
        pthread_mutex_lock(&worker->mutex);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

int worker_start(struct worker **out, struct tg_error *err)
{
    *out = NULL;
    struct worker *worker = mem_calloc(1, sizeof(*worker));
    if (!worker)
        return error_nomem(err);
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&worker->thread, NULL, run_jobs, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem != 0) {
        pthread_cond_destroy(&worker->changed);
        pthread_mutex_destroy(&worker->mutex);
        mem_free(worker);
        return error_errno(err, TG_IO, problem, "no thread can be started");
    }
    *out = worker;
    return TG_OK;
}

/* Waits until nothing runs and takes the last job's error. Called with the mutex held. */
static int take_result(struct worker *worker, struct tg_error *err)
{
    while (worker->job)
        pthread_cond_wait(&worker->changed, &worker->mutex);
    int rc = worker->rc;
    worker->rc = TG_OK;
    if (rc != TG_OK && err)
        *err = worker->error;
    return rc;
}

int worker_submit(struct worker *worker, worker_job job, void *arg, struct tg_error *err)
{
    pthread_mutex_lock(&worker->mutex);
    int rc = take_result(worker, err);
    if (rc == TG_OK) {
        worker->job = job;
        worker->arg = arg;
    }
    pthread_mutex_unlock(&worker->mutex);
    pthread_cond_broadcast(&worker->changed);
    return rc;
}

int worker_wait(struct worker *worker, struct tg_error *err)
{
    pthread_mutex_lock(&worker->mutex);
    int rc = take_result(worker, err);
    pthread_mutex_unlock(&worker->mutex);
    return rc;
}

void worker_stop(struct worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    mem_free(worker);
}
