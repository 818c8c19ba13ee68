/* Connecting: a resolver that does not answer, and one that takes its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>

#include "base/wakeup.h"
#include "postgres/session.h"
#include "tests/postgres.h"

/* ---- the resolver ---- */

static const char hanging[] = "hangs.test", slow[] = "slow.test";
static atomic_bool answers;
static atomic_int asked, left;

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

typedef int (*resolver)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* In place of libc's, for libpq, too. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    static resolver real;
    if (node && strcmp(node, hanging) == 0) {
        atomic_fetch_add(&asked, 1);
        while (!atomic_load(&answers))
            pause_ms(10);
        atomic_fetch_add(&left, 1);
        return EAI_AGAIN;
    }
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof(real));
    if (node && strcmp(node, slow) == 0) {
        pause_ms(200);
        node = "127.0.0.1";
    }
    return real(node, service, hints, out);
}

/* ---- who connects ---- */

static struct context ctx;
static atomic_int cancel;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    atomic_store(&answers, false);
    atomic_store(&asked, 0);
    atomic_store(&left, 0);
    ctx.cancel = &cancel;
    return 0;
}

static void *cancel_soon(void *arg)
{
    (void)arg;
    while (atomic_load(&asked) == 0)
        pause_ms(5);
    pause_ms(50);
    atomic_store(&cancel, 1);
    wakeup_set(ctx.wakeup);
    return NULL;
}

/* Returns at once, and what it has left behind ends when it can. */
static void is_cancelled(const char *uri)
{
    pthread_t thread;
    struct tg_error err = {0};
    struct pg_client *client = NULL;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    int64_t start = context_ticks_us();
    int rc = pg_open(&ctx, uri, false, &client, &err);
    int64_t took = context_ticks_us() - start;
    pthread_join(thread, NULL);
    assert_int_equal(rc, TG_CANCELLED);
    assert_null(client);
    assert_in_range(took, 50000, 1000000);
    assert_int_equal(atomic_load(&left), 0);
    atomic_store(&answers, true);
    while (atomic_load(&left) < atomic_load(&asked))
        pause_ms(5);
    pause_ms(20);
    assert_int_equal(atomic_load(&left), 1);
}

static void test_a_resolver_that_hangs(void **state)
{
    (void)state;
    is_cancelled("postgresql://me@hangs.test/x");
    assert_int_equal(setup(NULL), 0);
    assert_int_equal(wakeup_open(&ctx.wakeup, NULL), TG_OK);
    is_cancelled("host=hangs.test dbname=x connect_timeout=0");
    wakeup_close(ctx.wakeup);
}

/* The second of two hosts, which is looked up when the first is found to be down. */
static void test_the_second_host(void **state)
{
    (void)state;
    is_cancelled("postgresql://me@127.0.0.1:1,hangs.test:2/x");
}

/* The server by a name, or by an address beside a name that is not looked up then. */
static void open_by(const char *host)
{
    struct tg_error err = {0};
    struct pg_client *client = NULL;
    struct buf uri = BUF_INIT;
    const char *at = strstr(postgres_uri(), "@127.0.0.1"), *rest = at + strlen("@127.0.0.1");
    buf_append(&uri, postgres_uri(), (size_t)(at - postgres_uri()));
    buf_printf(&uri, "@%s%s", host, rest);
    if (strcmp(host, hanging) == 0)
        buf_text(&uri, "?hostaddr=127.0.0.1");
    if (pg_open(&ctx, buf_string(&uri), false, &client, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_int_equal(pg_exec(client, &ctx, "SELECT 1", NULL, &err), TG_OK);
    pg_close(client);
    buf_release(&uri);
}

static void test_a_resolver_that_answers(void **state)
{
    (void)state;
    open_by(slow);
    open_by(hanging);
    assert_int_equal(atomic_load(&asked), 0);
}

static void test_a_name_that_is_not_known(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct pg_client *client = NULL;
    atomic_store(&answers, true);
    assert_int_equal(pg_open(&ctx, "postgresql://me@hangs.test/x", false, &client, &err),
                     TG_DESTINATION);
    assert_non_null(strstr(err.what, "could not translate host name \"hangs.test\""));
    assert_string_equal(err.sqlstate, "08001");
    assert_true(err.retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_resolver_that_hangs, setup),
        cmocka_unit_test_setup(test_the_second_host, setup),
        cmocka_unit_test_setup(test_a_resolver_that_answers, setup),
        cmocka_unit_test_setup(test_a_name_that_is_not_known, setup),
    };
    return cmocka_run_group_tests_name("postgres/dial", tests, NULL, NULL);
}
