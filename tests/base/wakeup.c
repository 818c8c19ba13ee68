/* A descriptor to be woken by: from a thread, from a signal's handler, again after a clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/context.h"
#include "base/wakeup.h"

enum { LONG_MS = 60000 };

static int wakeup = -1;

static int setup(void **state)
{
    (void)state;
    return wakeup_open(&wakeup, NULL);
}

static int teardown(void **state)
{
    (void)state;
    wakeup_close(wakeup);
    wakeup = -1;
    return 0;
}

static bool waits(int ms)
{
    int64_t before = context_ticks_us();
    wakeup_wait(wakeup, ms);
    return context_ticks_us() - before >= ms * 1000 * 9 / 10;
}

static void *set(void *arg)
{
    (void)arg;
    wakeup_set(wakeup);
    return NULL;
}

static void test_thread(void **state)
{
    (void)state;
    pthread_t thread;
    assert_true(waits(20));
    assert_int_equal(pthread_create(&thread, NULL, set, NULL), 0);
    assert_false(waits(LONG_MS));
    pthread_join(thread, NULL);
    assert_false(waits(LONG_MS)); /* it stays set */
    wakeup_clear(wakeup);
    wakeup_clear(wakeup);
    assert_true(waits(20));
}

static void on_signal(int number)
{
    (void)number;
    wakeup_set(wakeup);
}

static void test_signal(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal}, before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    alarm(1);
    errno = 7;
    assert_false(waits(LONG_MS));
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    errno = 7;
    wakeup_set(wakeup);
    assert_int_equal(errno, 7); /* of whom the handler has interrupted */
    assert_false(waits(LONG_MS));
}

static void test_none(void **state)
{
    (void)state;
    wakeup_set(-1);
    wakeup_clear(-1);
    wakeup_wait(-1, 1);
    wakeup_close(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signal, setup, teardown),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests_name("base/wakeup", tests, NULL, NULL);
}
