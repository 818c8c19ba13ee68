/* Who keeps a statement waiting is told, once it has waited for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "postgres/client.h"
#include "tests/postgres.h"
#include "tests/proxy.h"

static struct context ctx, other_ctx;
static struct pg_client *client, *other;
static struct tg_error err;

/* What the waiting thread has told of itself. */
static struct told {
    pthread_mutex_t lock;
    char text[300];
    bool is_over;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void hear(void *user, const struct write_news *news)
{
    struct told *all = user;
    pthread_mutex_lock(&all->lock);
    if (news->doing)
        snprintf(all->text, sizeof(all->text), "%s", news->doing);
    all->is_over = !news->doing;
    pthread_mutex_unlock(&all->lock);
}

static void exec(struct pg_client *session, const char *sql)
{
    if (pg_exec(session, session == client ? &ctx : &other_ctx, sql, NULL, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

static int setup(void **state)
{
    (void)state;
    told.text[0] = '\0';
    told.is_over = false;
    context_init(&ctx);
    context_init(&other_ctx);
    ctx.writes = hear;
    ctx.writes_user = &told;
    assert_int_equal(pg_open(&ctx, postgres_uri(), false, &client, &err), TG_OK);
    assert_int_equal(pg_open(&other_ctx, postgres_uri(), false, &other, &err), TG_OK);
    exec(other, "CREATE TABLE \"a \"\" b\" (id int)");
    exec(other, "INSERT INTO \"a \"\" b\" VALUES (1)");
    exec(other, "BEGIN");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    exec(other, "DROP TABLE \"a \"\" b\"");
    pg_close(client);
    pg_close(other);
    return 0;
}

static void *wait_for(void *sql)
{
    struct tg_error own = {0};
    return pg_exec(client, &ctx, sql, NULL, &own) == TG_OK ? sql : NULL;
}

static bool has_heard(const char *words)
{
    pthread_mutex_lock(&told.lock);
    bool has = strstr(told.text, words);
    pthread_mutex_unlock(&told.lock);
    return has;
}

/* The statement ends once the other session commits, and not before somebody was named. */
static void waits(const char *sql, const char *words)
{
    pthread_t thread;
    char *copy = strdup(sql);
    void *ended = NULL;
    assert_int_equal(pthread_create(&thread, NULL, wait_for, copy), 0);
    for (int i = 0; i < 2000 && !has_heard(words); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    exec(other, "COMMIT");
    assert_int_equal(pthread_join(thread, &ended), 0);
    assert_non_null(ended);
    if (!has_heard(words))
        fail_msg("'%s' is not in '%s'", words, told.text);
    assert_true(told.is_over);
    assert_non_null(strstr(told.text, "waiting for pid "));
    assert_non_null(strstr(told.text, ", in a transaction since 20"));
    free(copy);
}

static void test_a_table_that_is_locked(void **state)
{
    (void)state;
    exec(other, "LOCK TABLE \"a \"\" b\" IN SHARE MODE");
    exec(client, "BEGIN");
    waits("LOCK TABLE \"a \"\" b\" IN ROW EXCLUSIVE MODE",
          ", which has table \"public\".\"a \"\" b\" locked");
    exec(client, "ROLLBACK");
}

static void test_rows_that_are_changed(void **state)
{
    (void)state;
    exec(other, "UPDATE \"a \"\" b\" SET id = 2");
    waits("DELETE FROM \"a \"\" b\"", ", which has changed rows that are wanted here");
}

/* One that is at work has nobody to be told of. */
static void test_what_takes_long(void **state)
{
    (void)state;
    exec(client, "SELECT pg_sleep(1.2)");
    assert_string_equal(told.text, "");
    assert_false(told.is_over);
    exec(other, "COMMIT");
}

/* The second session gets no answer, or is not even let in: the statement ends all the same. */
static void test_a_question_without_an_answer(void **state)
{
    static const char *const words[] = {"pg_blocking_pids", "client_encoding"};
    struct proxy proxy;
    (void)state;
    proxy_start(&proxy, postgres_uri());
    pg_close(client);
    assert_int_equal(pg_open(&ctx, proxy.uri, false, &client, &err), TG_OK);
    for (size_t i = 0; i < 2; i++) {
        proxy_tell(&proxy, words[i], PROXY_FREEZE);
        exec(client, "SELECT pg_sleep(1.5)");
        assert_int_equal(atomic_load(&proxy.broken), i + 1);
        assert_string_equal(told.text, "");
    }
    exec(client, "SELECT 1");
    exec(other, "COMMIT");
    pg_close(client);
    client = NULL;
    proxy_stop(&proxy);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_a_table_that_is_locked),
                                       TEST(test_rows_that_are_changed), TEST(test_what_takes_long),
                                       TEST(test_a_question_without_an_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
