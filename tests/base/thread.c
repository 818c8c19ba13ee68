/* The worker: order, waiting, errors that are told once, jobs that are not run after one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <time.h>

#include "base/memory.h"
#include "base/thread.h"
#include "tests/torture.h"

struct log {
    int seen[100];
    atomic_int count;
    atomic_int running;
    atomic_int most;
};

struct job {
    struct log *log;
    int number;
    int rc;
};

static int run(void *arg, struct tg_error *err)
{
    struct job *job = arg;
    int running = atomic_fetch_add(&job->log->running, 1) + 1;
    if (running > atomic_load(&job->log->most))
        atomic_store(&job->log->most, running);
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    job->log->seen[atomic_fetch_add(&job->log->count, 1)] = job->number;
    atomic_fetch_sub(&job->log->running, 1);
    if (job->rc != TG_OK)
        return error_set(err, job->rc, "job %d failed", job->number);
    return TG_OK;
}

static void test_in_order(void **state)
{
    (void)state;
    struct worker *worker = NULL;
    struct log log = {0};
    struct job jobs[100];
    assert_int_equal(worker_start(&worker, NULL), TG_OK);
    assert_int_equal(worker_wait(worker, NULL), TG_OK); /* nothing to wait for */
    for (int i = 0; i < 100; i++) {
        jobs[i] = (struct job){&log, i, TG_OK};
        assert_int_equal(worker_submit(worker, run, &jobs[i], NULL), TG_OK);
        assert_true(atomic_load(&log.count) >= i); /* all before this one are done */
    }
    assert_int_equal(worker_wait(worker, NULL), TG_OK);
    assert_int_equal(log.count, 100);
    assert_int_equal(log.most, 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(log.seen[i], i);
    worker_stop(worker);
}

static void test_errors(void **state)
{
    (void)state;
    struct worker *worker = NULL;
    struct tg_error err = {0};
    struct log log = {0};
    struct job bad = {&log, 1, TG_DATA};
    struct job good = {&log, 2, TG_OK};
    assert_int_equal(worker_start(&worker, &err), TG_OK);
    assert_int_equal(worker_submit(worker, run, &bad, &err), TG_OK);
    assert_int_equal(worker_submit(worker, run, &good, &err), TG_DATA);
    assert_string_equal(err.what, "job 1 failed");
    assert_int_equal(worker_wait(worker, &err), TG_OK); /* told once; `good` was not run */
    assert_int_equal(log.count, 1);
    assert_int_equal(worker_submit(worker, run, &good, &err), TG_OK);
    assert_int_equal(worker_wait(worker, &err), TG_OK);
    assert_int_equal(log.count, 2);
    assert_int_equal(worker_submit(worker, run, &bad, &err), TG_OK);
    error_clear(&err);
    assert_int_equal(worker_wait(worker, &err), TG_DATA);
    assert_int_equal(err.code, TG_DATA);
    assert_int_equal(worker_wait(worker, NULL), TG_OK);
    assert_int_equal(worker_submit(worker, run, &bad, NULL), TG_OK);
    assert_int_equal(worker_wait(worker, NULL), TG_DATA);
    worker_stop(worker);
}

/* Stopping lets the job end, and drops its error. */
static void test_stop(void **state)
{
    (void)state;
    size_t live = mem_live();
    struct worker *worker = NULL;
    struct log log = {0};
    struct job bad = {&log, 1, TG_IO};
    worker_stop(NULL);
    assert_int_equal(worker_start(&worker, NULL), TG_OK);
    assert_int_equal(worker_submit(worker, run, &bad, NULL), TG_OK);
    worker_stop(worker);
    assert_int_equal(log.count, 1);
    assert_int_equal(worker_start(&worker, NULL), TG_OK);
    worker_stop(worker);
    assert_int_equal(mem_live(), live);
}

static int start_and_stop(void)
{
    struct worker *worker = NULL;
    struct tg_error err = {0};
    int rc = worker_start(&worker, &err);
    worker_stop(worker);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(start_and_stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests_name("base/thread", tests, NULL, NULL);
}
