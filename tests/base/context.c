/* The outside world: what is injected is used, what is not is real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <time.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/wakeup.h"

static void test_defaults(void **state)
{
    (void)state;
    struct context ctx;
    memset(&ctx, 0xff, sizeof(ctx));
    context_init(&ctx);
    assert_null(ctx.cancel);
    assert_null(ctx.log);
    assert_int_equal(ctx.memory_bytes_max, 256 * 1024 * 1024);
    assert_int_equal(ctx.threads, 2);
    assert_int_equal(context_check(&ctx, NULL), TG_OK);
    context_log(&ctx, TG_LOG_ERROR, "test", "nobody hears %s", "this");
    int64_t seconds = (int64_t)time(NULL);
    int64_t now = context_now_us(&ctx) / 1000000;
    assert_true(now - seconds >= -1 && now - seconds <= 60);
    assert_string_equal(tg_version(), TG_VERSION);
}

static char heard[100];

static void hear(void *user, int level, const char *component, const char *message)
{
    (void)user, (void)level, (void)component;
    snprintf(heard, sizeof(heard), "%s", message);
}

/* In the log as in the warnings that are kept. */
static void test_secrets_are_hidden(void **state)
{
    (void)state;
    struct context ctx;
    struct secrets secrets = {0};
    struct warnings warnings;
    context_init(&ctx);
    warnings_init(&warnings);
    assert_int_equal(secrets_add(&secrets, "hunter2-hunter2", NULL), TG_OK);
    ctx.secrets = &secrets;
    ctx.log = hear;
    ctx.warnings = &warnings;
    context_log(&ctx, TG_LOG_WARNING, "test", "the key hunter2-hunter2 of pg://me:abc@host");
    assert_string_equal(heard, "the key *** of pg://***@host");
    assert_string_equal(warnings.texts[0], heard);
    warnings_release(&warnings);
    secrets_release(&secrets);
}

static void test_ticks(void **state)
{
    (void)state;
    int64_t before = context_ticks_us();
    const struct timespec pause = {.tv_nsec = 2000000};
    assert_int_equal(nanosleep(&pause, NULL), 0);
    int64_t passed = context_ticks_us() - before;
    assert_true(passed >= 2000 && passed < 60000000);
}

static void test_cancel(void **state)
{
    (void)state;
    struct context ctx;
    struct tg_error err = {0};
    atomic_int flag = 0;
    context_init(&ctx);
    ctx.cancel = &flag;
    assert_int_equal(context_check(&ctx, &err), TG_OK);
    assert_int_equal(context_outcome(&ctx, TG_IO, &err), TG_IO);
    atomic_store(&flag, 2);
    assert_int_equal(context_outcome(&ctx, TG_OK, &err), TG_OK);
    assert_int_equal(context_outcome(&ctx, TG_IO, &err), TG_CANCELLED);
    assert_int_equal(context_check(&ctx, &err), TG_CANCELLED);
    assert_int_equal(err.code, TG_CANCELLED);
}

/* A pause ends at once where the run is cancelled before it, or meanwhile. */
static void test_pause(void **state)
{
    (void)state;
    enum { LONG_MS = 60000 };
    struct context ctx;
    struct tg_error err = {0};
    atomic_int flag = 0;
    context_init(&ctx);
    ctx.cancel = &flag;
    int64_t start = context_ticks_us();
    assert_int_equal(context_pause(&ctx, 20, &err), TG_OK);
    assert_true(context_ticks_us() - start >= 15000);
    assert_int_equal(wakeup_open(&ctx.wakeup, &err), TG_OK);
    wakeup_set(ctx.wakeup);
    assert_int_equal(context_pause(&ctx, LONG_MS, &err), TG_OK); /* woken for nothing */
    atomic_store(&flag, 1);
    assert_int_equal(context_pause(&ctx, LONG_MS, &err), TG_CANCELLED);
    wakeup_clear(ctx.wakeup);
    assert_int_equal(context_pause(&ctx, LONG_MS, &err), TG_CANCELLED);
    assert_true(context_ticks_us() - start < LONG_MS * 1000 / 2);
    wakeup_close(ctx.wakeup);
}

struct outside {
    int64_t now;
    unsigned char next;
    int calls;
    int level;
    char message[4096];
};

static int64_t fake_clock(void *user)
{
    return ((struct outside *)user)->now;
}

static int fake_random(void *user, void *out, size_t len)
{
    struct outside *outside = user;
    outside->calls++;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = outside->next++;
    return TG_OK;
}

static int no_random(void *user, void *out, size_t len)
{
    (void)user;
    (void)out;
    (void)len;
    return TG_IO;
}

static void fake_log(void *user, int level, const char *component, const char *message)
{
    struct outside *outside = user;
    outside->level = level;
    snprintf(outside->message, sizeof(outside->message), "%s: %s", component, message);
}

static void test_injected(void **state)
{
    (void)state;
    struct outside outside = {.now = 1700000000000001};
    struct context ctx;
    context_init(&ctx);
    ctx.user = &outside;
    ctx.clock_us = fake_clock;
    ctx.log = fake_log;
    assert_int_equal(context_now_us(&ctx), 1700000000000001);
    context_log(&ctx, TG_LOG_WARNING, "extract", "%d rows", 3);
    assert_int_equal(outside.level, TG_LOG_WARNING);
    assert_string_equal(outside.message, "extract: 3 rows");
    context_log(&ctx, TG_LOG_WARNING, "extract", "%3000d", 3);
    assert_int_equal(strlen(outside.message), strlen("extract: ") + 2047);
    context_log(&ctx, TG_LOG_WARNING, "", "%2045d\u2026", 3);
    assert_int_equal(strlen(outside.message), strlen(": ") + 2045);
}

/* ---- warnings ---- */

static void test_warnings_are_kept(void **state)
{
    (void)state;
    struct warnings warnings;
    struct context ctx;
    context_init(&ctx);
    warnings_init(&warnings);
    ctx.warnings = &warnings;
    context_log(&ctx, TG_LOG_INFO, "test", "this is none");
    context_log(&ctx, TG_LOG_ERROR, "test", "neither is this");
    for (int i = 0; i < WARNINGS_MAX + 3; i++)
        context_log(&ctx, TG_LOG_WARNING, "test", "number %d", i);
    assert_int_equal(warnings.count, WARNINGS_MAX);
    assert_int_equal(warnings.cut_count, 3);
    assert_string_equal(warnings.texts[0], "number 0");
    assert_string_equal(warnings.texts[WARNINGS_MAX - 1], "number 99");
    warnings_clear(&warnings);
    mem_fail_at(1);
    context_log(&ctx, TG_LOG_WARNING, "test", "no memory");
    mem_fail_at(0);
    assert_int_equal(warnings.count, 0);
    assert_int_equal(warnings.cut_count, 1);
    warnings_release(&warnings);
}

enum { LOGGERS = 8, LOGGED_EACH = 50 };

static void *log_some(void *ctx)
{
    for (int i = 0; i < LOGGED_EACH; i++)
        context_log(ctx, TG_LOG_WARNING, "test", "one of many");
    return NULL;
}

static void test_warnings_of_many_threads(void **state)
{
    (void)state;
    struct warnings warnings;
    struct context ctx;
    pthread_t threads[LOGGERS];
    context_init(&ctx);
    warnings_init(&warnings);
    ctx.warnings = &warnings;
    for (int i = 0; i < LOGGERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_some, &ctx), 0);
    for (int i = 0; i < LOGGERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(warnings.count + warnings.cut_count, LOGGERS * LOGGED_EACH);
    for (size_t i = 0; i < warnings.count; i++)
        assert_string_equal(warnings.texts[i], "one of many");
    warnings_release(&warnings);
}

/* The pool hands out every byte once, in order, and is filled when it does not reach. */
static void test_random_pool(void **state)
{
    (void)state;
    struct outside outside = {0};
    struct context ctx;
    context_init(&ctx);
    ctx.user = &outside;
    ctx.random = fake_random;
    unsigned char bytes[5000];
    assert_int_equal(context_random(&ctx, bytes, 0, NULL), TG_OK);
    assert_int_equal(outside.calls, 0);
    for (int i = 0; i < 409; i++) {
        assert_int_equal(context_random(&ctx, bytes, 10, NULL), TG_OK);
        assert_int_equal(bytes[0], i * 10 % 256);
        assert_int_equal(bytes[9], (i * 10 + 9) % 256);
    }
    assert_int_equal(outside.calls, 1); /* 4090 of 4096 */
    assert_int_equal(context_random(&ctx, bytes, 10, NULL), TG_OK);
    assert_int_equal(outside.calls, 2);
    assert_int_equal(context_random(&ctx, bytes, 4096, NULL), TG_OK);
    assert_int_equal(context_random(&ctx, bytes, 5000, NULL), TG_OK);
    assert_int_equal(outside.calls, 4);
}

static void test_random_fails(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct context ctx;
    context_init(&ctx);
    ctx.random = no_random;
    unsigned char bytes[5000];
    assert_int_equal(context_random(&ctx, bytes, 10, &err), TG_IO);
    assert_int_equal(err.code, TG_IO);
    assert_int_equal(context_random(&ctx, bytes, 10, &err), TG_IO); /* not served from a bad pool */
    assert_int_equal(context_random(&ctx, bytes, 5000, &err), TG_IO);
}

static void test_real_random(void **state)
{
    (void)state;
    struct context ctx;
    context_init(&ctx);
    unsigned char ids[1000][10];
    for (int i = 0; i < 1000; i++)
        assert_int_equal(context_random(&ctx, ids[i], 10, NULL), TG_OK);
    for (int i = 0; i < 1000; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(ids[i], ids[j], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_secrets_are_hidden),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_injected),
        cmocka_unit_test(test_warnings_are_kept),
        cmocka_unit_test(test_warnings_of_many_threads),
        cmocka_unit_test(test_random_pool),
        cmocka_unit_test(test_random_fails),
        cmocka_unit_test(test_real_random),
    };
    return cmocka_run_group_tests_name("base/context", tests, NULL, NULL);
}
