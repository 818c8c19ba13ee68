/* Calls are interrupted while they are at work, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/wakeup.h"
#include "base/watch.h"

static struct context ctx;
static atomic_int cancel;
static atomic_int interrupts;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    atomic_store(&interrupts, 0);
    ctx.cancel = &cancel;
    return 0;
}

static void interrupt(void *user)
{
    assert_ptr_equal(user, &ctx);
    atomic_fetch_add(&interrupts, 1);
}

static struct watch *start(void)
{
    struct watch *watch = NULL;
    assert_int_equal(watch_start(&ctx, interrupt, &ctx, &watch, NULL), TG_OK);
    return watch;
}

/* A call that goes on until it was interrupted twice, or five seconds are over. */
static void work(void)
{
    for (int i = 0; i < 1000 && atomic_load(&interrupts) < 2; i++)
        wakeup_wait(-1, 5);
}

static void *cancel_soon(void *arg)
{
    (void)arg;
    wakeup_wait(-1, 30);
    atomic_store(&cancel, 1);
    wakeup_set(ctx.wakeup);
    return NULL;
}

static void interrupted_while_at_work(void)
{
    struct tg_error err = {0};
    struct watch *watch = start();
    pthread_t thread;
    assert_int_equal(watch_enter(watch, &ctx, NULL), TG_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    work();
    pthread_join(thread, NULL);
    assert_true(atomic_load(&interrupts) >= 2); /* again and again */
    assert_int_equal(watch_leave(watch, TG_DESTINATION, &err), TG_CANCELLED);
    assert_int_equal(err.code, TG_CANCELLED);
    int count = atomic_load(&interrupts);
    wakeup_wait(-1, 60);
    assert_int_equal(atomic_load(&interrupts), count); /* no longer */
    assert_int_equal(watch_enter(watch, &ctx, &err), TG_CANCELLED);
    watch_stop(watch);
}

static void test_flag_alone(void **state)
{
    (void)state;
    interrupted_while_at_work();
}

static void test_woken(void **state)
{
    (void)state;
    assert_int_equal(wakeup_open(&ctx.wakeup, NULL), TG_OK);
    interrupted_while_at_work();
    wakeup_close(ctx.wakeup);
}

/* What cannot be cancelled is left in peace, and what succeeded has. */
static void test_commits_are_not_interrupted(void **state)
{
    (void)state;
    struct context deaf = ctx;
    deaf.cancel = NULL;
    struct watch *watch = start();
    atomic_store(&cancel, 1);
    assert_int_equal(watch_enter(watch, &deaf, NULL), TG_OK);
    wakeup_wait(-1, 60);
    assert_int_equal(atomic_load(&interrupts), 0);
    assert_int_equal(watch_leave(watch, TG_DESTINATION, NULL), TG_DESTINATION);
    atomic_store(&cancel, 0);
    assert_int_equal(watch_enter(watch, &ctx, NULL), TG_OK);
    atomic_store(&cancel, 1);
    work();
    assert_int_equal(watch_leave(watch, TG_OK, NULL), TG_OK);
    watch_stop(watch);
    watch_stop(NULL);
}

static void test_nobody_cancels(void **state)
{
    (void)state;
    ctx.cancel = NULL;
    struct watch *watch = start();
    assert_int_equal(watch_enter(watch, &ctx, NULL), TG_OK);
    assert_int_equal(watch_leave(watch, TG_IO, NULL), TG_IO);
    watch_stop(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_flag_alone, setup),
        cmocka_unit_test_setup(test_woken, setup),
        cmocka_unit_test_setup(test_commits_are_not_interrupted, setup),
        cmocka_unit_test_setup(test_nobody_cancels, setup),
    };
    return cmocka_run_group_tests_name("base/watch", tests, NULL, NULL);
}
