/*
 * One background worker that does one job at a time, in order. Submitting waits while a job runs,
 * so that memory stays bounded by two jobs.
 */
#ifndef TIDEGATE_BASE_THREAD_H
#define TIDEGATE_BASE_THREAD_H

#include "base/error.h"

struct worker; /* opaque */

typedef int (*worker_job)(void *arg, struct tg_error *err);

int worker_start(struct worker **out, struct tg_error *err) TG_CHECK_RESULT;
/* Waits for the running job, then starts this one. When the running job failed: its error is
 * returned and `job` is NOT run (the caller still owns arg). */
int worker_submit(struct worker *worker, worker_job job, void *arg,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Waits until nothing runs; returns the job's error, once. */
int worker_wait(struct worker *worker, struct tg_error *err) TG_CHECK_RESULT;
void worker_stop(struct worker *worker); /* waits, drops a pending error, frees; NULL is fine */

#endif
