/* Sessions at a PostgreSQL server: connecting, statements, cancelling, servers that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/wakeup.h"
#include "postgres/client.h"
#include "tests/postgres.h"
#include "tests/proxy.h"
#include "tests/torture.h"

static struct context ctx;
static struct pg_client *client;
static struct tg_error err;
static atomic_int cancel;
static struct proxy proxy;

static void open_at(const char *uri)
{
    int rc = pg_open(&ctx, uri, false, &client, &err);
    if (rc != TG_OK)
        fail_msg("[%d] %s", rc, err.what);
}

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    err = (struct tg_error){0};
    open_at(postgres_uri());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pg_close(client);
    client = NULL;
    wakeup_close(ctx.wakeup);
    return 0;
}

static int setup_proxy(void **state)
{
    proxy_start(&proxy, postgres_uri());
    int rc = setup(state);
    pg_close(client);
    open_at(proxy.uri);
    return rc;
}

static int teardown_proxy(void **state)
{
    int rc = teardown(state);
    proxy_stop(&proxy);
    return rc;
}

static void exec(const char *sql)
{
    if (pg_exec(client, &ctx, sql, NULL, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

static void fails(const char *sql, int code, const char *sqlstate, const char *part)
{
    if (pg_exec(client, &ctx, sql, NULL, &err) != code)
        fail_msg("%s: %d", sql, code);
    assert_string_equal(err.sqlstate, sqlstate);
    if (!strstr(err.what, part))
        fail_msg("'%s' does not say '%s'", err.what, part);
}

/* Asks beside the session under test. */
static void expect(const char *sql, const char *expected)
{
    char *is = postgres_sql(sql);
    assert_string_equal(is, expected);
    free(is);
}

/* The same, once it is so: a server takes a moment to see that a client has gone. */
static void expect_soon(const char *sql, const char *expected)
{
    for (int i = 0; i < 200; i++) {
        char *is = postgres_sql(sql);
        bool same = strcmp(is, expected) == 0;
        free(is);
        if (same)
            return;
        usleep(20000);
    }
    expect(sql, expected);
}

static void test_rows_changed(void **state)
{
    static const struct {
        const char *sql;
        uint64_t changed;
    } cases[] = {
        {"CREATE TABLE changed (a int)", 0},
        {"INSERT INTO changed SELECT * FROM generate_series(1, 1000)", 1000},
        {"UPDATE changed SET a = 0 WHERE a <= 10", 10},
        {"INSERT INTO changed VALUES (1), (2) RETURNING a", 2},
        {"DELETE FROM changed WHERE a > 10", 990},
        {"MERGE INTO changed AS c USING (VALUES (1), (3)) AS v (a) ON c.a = v.a\n"
         "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.a)",
         2},
        {"SELECT * FROM changed", 0},
        {"CREATE TEMPORARY TABLE copied AS SELECT * FROM changed", 12},
        {"BEGIN", 0},
        {"ROLLBACK", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t changed = 7;
        if (pg_exec(client, &ctx, cases[i].sql, &changed, &err) != TG_OK)
            fail_msg("%s: %s", cases[i].sql, err.what);
        assert_int_equal(changed, cases[i].changed);
    }
}

static void alter_database(const char *what)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "ALTER DATABASE %s %s", postgres_database.name, what);
    free(postgres_sql(sql));
}

/* Whatever the database and the caller's environment say. */
static void test_settings(void **state)
{
    (void)state;
    pg_close(client);
    alter_database("SET timezone = 'America/New_York'");
    alter_database("SET standard_conforming_strings = off");
    alter_database("SET datestyle = 'SQL'");
    setenv("PGCLIENTENCODING", "LATIN1", 1);
    open_at(postgres_uri());
    unsetenv("PGCLIENTENCODING");
    exec("CREATE TABLE settings AS SELECT concat_ws('|', current_setting('timezone'),\n"
         "    current_setting('datestyle'), current_setting('intervalstyle'),\n"
         "    current_setting('client_encoding'), current_setting('application_name'),\n"
         "    current_setting('standard_conforming_strings'), '\\') AS all_of_them");
    expect("SELECT * FROM settings", "UTC|ISO, MDY|iso_8601|UTF8|tidegate|on|\\");
    alter_database("RESET ALL");
}

static void test_statements_that_fail(void **state)
{
    (void)state;
    exec("CREATE TABLE strict (a int PRIMARY KEY, b int NOT NULL)");
    fails("", TG_DESTINATION, "", "the statement is empty");
    fails("SELECT 1; SELECT 2", TG_DESTINATION, "42601", "multiple commands");
    fails("EXECUTE unheard_of", TG_DESTINATION, "26000", "pool_mode = session");
    fails("COPY strict FROM STDIN", TG_DESTINATION, "", "COPY from or to the client");
    fails("COPY (SELECT generate_series(1, 100000)) TO STDOUT", TG_DESTINATION, "", "COPY");
    fails("INSERT INTO strict VALUES (1, NULL)", TG_DESTINATION, "23502", "\"b\"");
    assert_string_equal(err.table, "strict");
    assert_string_equal(err.column, "b");
    assert_false(err.retryable);
    exec("INSERT INTO strict VALUES (1, 1)");
    expect("SELECT count(*) FROM strict", "1");
}

static void test_commit_of_what_has_failed(void **state)
{
    (void)state;
    exec("BEGIN");
    exec("CREATE TABLE undone (a int)");
    fails("SELECT 1 / 0", TG_DESTINATION, "22012", "division by zero");
    assert_int_equal(pg_commit(client, &ctx, &err), TG_DESTINATION);
    assert_string_equal(err.sqlstate, "25P02");
    assert_non_null(strstr(err.what, "nothing was committed"));
    exec("BEGIN");
    exec("CREATE TABLE done (a int)");
    assert_int_equal(pg_commit(client, &ctx, &err), TG_OK);
    expect("SELECT concat(to_regclass('undone'), to_regclass('done'))", "done");
}

/* ---- cancelling ---- */

static void *cancel_soon(void *arg)
{
    usleep(200000);
    atomic_store(&cancel, 1);
    wakeup_set(ctx.wakeup);
    return arg;
}

/* How long it took, in milliseconds. */
static int64_t cancelled(const char *sql)
{
    pthread_t thread;
    int64_t start = context_ticks_us();
    pthread_create(&thread, NULL, cancel_soon, NULL);
    assert_int_equal(pg_exec(client, &ctx, sql, NULL, &err), TG_CANCELLED);
    pthread_join(thread, NULL);
    atomic_store(&cancel, 0);
    wakeup_clear(ctx.wakeup);
    return (context_ticks_us() - start) / 1000;
}

/* The session goes on, its transaction as after any error. */
static void test_cancelled(void **state)
{
    (void)state;
    assert_in_range(cancelled("SELECT pg_sleep(60)"), 150, 5000);
    exec("CREATE TABLE after_cancel (a int)");
    assert_int_equal(wakeup_open(&ctx.wakeup, &err), TG_OK);
    exec("BEGIN");
    exec("INSERT INTO after_cancel VALUES (1)");
    assert_in_range(cancelled("SELECT pg_sleep(60)"), 150, 5000);
    fails("SELECT 1", TG_DESTINATION, "25P02", "aborted");
    exec("ROLLBACK");
    exec("INSERT INTO after_cancel VALUES (2)");
    atomic_store(&cancel, 1);
    assert_int_equal(pg_exec(client, &ctx, "INSERT INTO after_cancel VALUES (3)", NULL, &err),
                     TG_CANCELLED);
    atomic_store(&cancel, 0);
    expect("SELECT array_agg(a) FROM after_cancel", "{2}");
}

static void test_cancelled_while_it_waits(void **state)
{
    struct pg_client *first = client;
    (void)state;
    exec("SELECT pg_advisory_lock(7)");
    open_at(postgres_uri());
    assert_in_range(cancelled("SELECT pg_advisory_lock(7)"), 150, 5000);
    exec("SELECT 1");
    pg_close(first);
}

/* A server that does not end what it was asked to end is given up, and the session with it. */
static void test_a_frozen_server(void **state)
{
    (void)state;
    proxy_tell(&proxy, "pg_sleep", PROXY_FREEZE);
    assert_in_range(cancelled("SELECT pg_sleep(0.1)"), 9000, 15000);
    fails("SELECT 1", TG_DESTINATION, "08006", "lost");
}

/* ---- servers that go away ---- */

static void test_gone_in_a_statement(void **state)
{
    (void)state;
    exec("CREATE TABLE gone (a int)");
    proxy_tell(&proxy, "INSERT", PROXY_BEFORE);
    fails("INSERT INTO gone VALUES (1)", TG_DESTINATION, "08006", "lost");
    assert_true(err.retryable);
    fails("SELECT 1", TG_DESTINATION, "08006", "lost");
    expect("SELECT count(*) FROM gone", "0");
}

static void test_ended_by_an_administrator(void **state)
{
    (void)state;
    fails("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)", TG_DESTINATION, "57P01",
          "terminating connection");
    assert_true(err.retryable);
    fails("SELECT 1", TG_DESTINATION, "08006", "lost");
}

/* Before the server has it, or after: the error is the same, and what is there is not. */
static void test_gone_in_a_commit(void **state)
{
    static const struct {
        enum proxy_how how;
        const char *table, *there;
    } cases[] = {{PROXY_BEFORE, "commit_before", ""},
                 {PROXY_AFTER, "commit_after", "commit_after"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[128];
        pg_close(client);
        open_at(proxy.uri);
        snprintf(sql, sizeof(sql), "CREATE TABLE %s (a int)", cases[i].table);
        exec("BEGIN");
        exec(sql);
        proxy_tell(&proxy, "COMMIT", cases[i].how);
        assert_int_equal(pg_commit(client, &ctx, &err), TG_DESTINATION);
        assert_string_equal(err.sqlstate, "08007");
        assert_true(err.retryable);
        snprintf(sql, sizeof(sql), "SELECT to_regclass('%s')", cases[i].table);
        expect_soon(sql, cases[i].there);
    }
}

static void test_close_rolls_back(void **state)
{
    (void)state;
    exec("BEGIN");
    exec("CREATE TABLE left_open (a int)");
    exec("SELECT pg_advisory_xact_lock(8)");
    pg_close(client);
    client = NULL;
    expect_soon("SELECT pg_try_advisory_lock(8)", "t");
    expect("SELECT to_regclass('left_open')", "");
}

/* ---- connecting ---- */

static void refused(const char *conninfo, int code, const char *sqlstate, const char *part)
{
    struct pg_client *none = NULL;
    err = (struct tg_error){0};
    assert_int_equal(pg_open(&ctx, conninfo, false, &none, &err), code);
    assert_null(none);
    assert_string_equal(err.sqlstate, sqlstate);
    if (!strstr(err.what, part) || strstr(err.what, "wrong-secret"))
        fail_msg("'%s' does not say '%s'", err.what, part);
}

/* The program's own server for somebody else. */
static const char *uri_for(const char *user_info)
{
    static char uri[700];
    snprintf(uri, sizeof(uri), "postgresql://%s%s", user_info, strrchr(postgres_uri(), '@'));
    return uri;
}

static void test_refused(void **state)
{
    int port = 0;
    char uri[700];
    (void)state;
    close(proxy_listen(&port));
    snprintf(uri, sizeof(uri), "postgresql://me:wrong-secret@127.0.0.1:%d/x", port);
    refused(uri, TG_DESTINATION, "08001", "Connection refused; start the server");
    assert_true(err.retryable);
    refused(uri_for("nobody-here:wrong-secret"), TG_DESTINATION, "28P01",
            "password authentication failed for user \"nobody-here\"; correct the user or the "
            "password");
    assert_false(err.retryable);
    snprintf(uri, sizeof(uri), "%.*s/none-such",
             (int)(strrchr(postgres_uri(), '/') - postgres_uri()), postgres_uri());
    refused(uri, TG_DESTINATION, "3D000",
            "database \"none-such\" does not exist; create the database");
    refused("host=none.invalid password=wrong-secret", TG_DESTINATION, "08001", "none.invalid");
    refused("postgresql://me:wrong-secret@/x?sslmode=maybe", TG_DESTINATION, "08001", "sslmode");
    setenv("PGPASSFILE", "/dev/null", 1);
    refused(uri_for("postgres"), TG_DESTINATION, "28P01",
            "no password supplied; correct the user or the password");
    unsetenv("PGPASSFILE");
}

static void test_out_of_connections(void **state)
{
    (void)state;
    exec("CREATE ROLE tidegate_few LOGIN PASSWORD 'wrong-secret' CONNECTION LIMIT 0");
    refused(uri_for("tidegate_few:wrong-secret"), TG_DESTINATION, "53300",
            "too many connections for role \"tidegate_few\"; close other sessions");
    assert_true(err.retryable);
    exec("DROP ROLE tidegate_few");
}

/* A password file, and the environment. */
static void test_passwords_from_elsewhere(void **state)
{
    char name[] = "/tmp/tidegate-pass-XXXXXX";
    FILE *file = fdopen(mkstemp(name), "w");
    (void)state;
    exec("CREATE ROLE tidegate_pass LOGIN PASSWORD 'right: secret'");
    pg_close(client);
    fputs("*:*:*:tidegate_pass:right\\: secret\n", file);
    fclose(file);
    setenv("PGPASSFILE", name, 1);
    open_at(uri_for("tidegate_pass"));
    exec("SELECT 1");
    pg_close(client);
    unsetenv("PGPASSFILE");
    remove(name);
    setenv("PGPASSWORD", "right: secret", 1);
    open_at(uri_for("tidegate_pass"));
    pg_close(client);
    unsetenv("PGPASSWORD");
    open_at(uri_for("tidegate_pass:right%3A%20secret"));
    pg_close(client);
    open_at(postgres_uri());
    exec("DROP ROLE tidegate_pass");
}

/* What a server of version 14 says to a client that has just begun. */
static void *serve_old(void *arg)
{
    static const char answer[] = "R\0\0\0\x08\0\0\0\0"
                                 "S\0\0\0\x18server_version\00014.9\0"
                                 "Z\0\0\0\x05I";
    char bytes[1024];
    int line = accept(*(int *)arg, NULL, NULL);
    ssize_t len = 0;
    while ((len = recv(line, bytes, sizeof(bytes), 0)) == 8) /* TLS? */
        (void)!send(line, "N", 1, MSG_NOSIGNAL);
    if (len > 0)
        (void)!send(line, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    while (recv(line, bytes, sizeof(bytes), 0) > 0)
        ;
    close(line);
    return NULL;
}

static void test_too_old(void **state)
{
    int port = 0, listener = proxy_listen(&port);
    char uri[128];
    pthread_t thread;
    (void)state;
    snprintf(uri, sizeof(uri), "postgresql://me:wrong-secret@127.0.0.1:%d/x", port);
    pthread_create(&thread, NULL, serve_old, &listener);
    refused(uri, TG_DESTINATION, "", "the server is version 14.9, and at least 15 is needed");
    assert_false(err.retryable);
    pthread_join(thread, NULL);
    close(listener);
}

/* Nothing answers: for as long as is allowed, or until it is cancelled. */
static void test_silent(void **state)
{
    int port = 0, listener = proxy_listen(&port);
    char uri[128];
    pthread_t thread;
    (void)state;
    snprintf(uri, sizeof(uri), "postgresql://127.0.0.1:%d/x?connect_timeout=2", port);
    refused(uri, TG_DESTINATION, "08001", "did not answer in time");
    assert_true(err.retryable);
    snprintf(uri, sizeof(uri), "postgresql://127.0.0.1:%d/x", port);
    pthread_create(&thread, NULL, cancel_soon, NULL);
    refused(uri, TG_CANCELLED, "", "cancelled");
    pthread_join(thread, NULL);
    close(listener);
}

/* ---- what the server tells besides ---- */

static void keep_line(void *user, int level, const char *component, const char *message)
{
    (void)component;
    snprintf(user, 256, "%d %s", level, message);
}

static void test_notices(void **state)
{
    char line[256] = "";
    (void)state;
    ctx.log = keep_line;
    ctx.user = line;
    exec("DROP TABLE IF EXISTS none_such");
    assert_string_equal(line, "3 table \"none_such\" does not exist, skipping");
    exec("COMMIT");
    assert_string_equal(line, "1 there is no transaction in progress");
}

static int open_and_close(void)
{
    struct pg_client *another = NULL;
    int rc = pg_open(&ctx, postgres_uri(), false, &another, &err);
    pg_close(another);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(open_and_close);
}

int main(void)
{
#define TEST(name)        cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_BEHIND(name) cmocka_unit_test_setup_teardown(name, setup_proxy, teardown_proxy)
    const struct CMUnitTest tests[] = {
        TEST(test_rows_changed),
        TEST(test_settings),
        TEST(test_statements_that_fail),
        TEST(test_commit_of_what_has_failed),
        TEST(test_cancelled),
        TEST(test_cancelled_while_it_waits),
        TEST_BEHIND(test_a_frozen_server),
        TEST_BEHIND(test_gone_in_a_statement),
        TEST(test_ended_by_an_administrator),
        TEST_BEHIND(test_gone_in_a_commit),
        TEST(test_close_rolls_back),
        TEST(test_refused),
        TEST(test_out_of_connections),
        TEST(test_passwords_from_elsewhere),
        TEST(test_too_old),
        TEST(test_silent),
        TEST(test_notices),
        TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
