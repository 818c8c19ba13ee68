/* What PostgreSQL's errors mean to a run: codes, SQLSTATEs, advice, and where in a statement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "postgres/session.h"
#include "tests/postgres.h"

static struct context ctx;
static struct pg_client *client;
static struct tg_error err;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    return pg_open(&ctx, postgres_uri(), false, &client, &err);
}

static int teardown(void **state)
{
    (void)state;
    pg_close(client);
    client = NULL;
    return 0;
}

static void exec(const char *sql)
{
    if (pg_exec(client, &ctx, sql, NULL, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

static void fails(const char *sql, const char *sqlstate, const char *what)
{
    err = (struct tg_error){0};
    assert_int_equal(pg_exec(client, &ctx, sql, NULL, &err), TG_DESTINATION);
    assert_string_equal(err.what, what);
    assert_string_equal(err.sqlstate, sqlstate);
}

static void test_position(void **state)
{
    (void)state;
    fails("SELEC 1", "42601",
          "postgresql: syntax error at or near \"SELEC\"\n"
          "  line 1: SELEC 1\n"
          "          ^");
    fails("SELECT 'äöü',\n    'ä' FROM FROM t\nWHERE x", "42601",
          "postgresql: syntax error at or near \"FROM\"\n"
          "  line 2:     'ä' FROM FROM t\n"
          "                       ^");
    fails("SELECT 1 +", "42601",
          "postgresql: syntax error at end of input\n"
          "  line 1: SELECT 1 +\n"
          "                    ^");
    /* The middle of a long line. */
    fails("SELECT 1234567890, 1234567890, 1234567890, 1234567890, 1234567890, nothing, 1234567890, "
          "1234567890, 1234567890",
          "42703",
          "postgresql: column \"nothing\" does not exist\n"
          "  line 1: , 1234567890, 1234567890, 1234567890, 1234567890, nothing, 1234567890, 1234\n"
          "                                                            ^");
}

/* A policy is no right, though it has the same SQLSTATE. */
static void test_hidden_rows(void **state)
{
    static const char *const before[] = {"DROP ROLE IF EXISTS ruled_user",
                                         "CREATE ROLE ruled_user",
                                         "CREATE TABLE ruled (id int)",
                                         "GRANT SELECT ON ruled TO ruled_user",
                                         "ALTER TABLE ruled ENABLE ROW LEVEL SECURITY",
                                         "SET ROLE ruled_user"};
    (void)state;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        exec(before[i]);
    fails("SELECT 1 FROM ruled", "42501",
          "postgresql: query would be affected by row-level security policy for table \"ruled\"; "
          "rows that it hides would be missed: give the user BYPASSRLS, or connect as another; of "
          "a source, row_security=on in the connection's options reads what the policy shows");
    exec("RESET ROLE");
    exec("DROP TABLE ruled");
    exec("DROP ROLE ruled_user");
}

static void test_detail_and_hint(void **state)
{
    (void)state;
    exec("CREATE TABLE strict (a int PRIMARY KEY)");
    fails("INSERT INTO strict VALUES (1), (1)", "23505",
          "postgresql: duplicate key value violates unique constraint \"strict_pkey\"; Key (a)=(1) "
          "already exists; take that rule off the table, or correct the rows");
    assert_string_equal(err.table, "strict");
    fails("SELECT lenght('a')", "42883",
          "postgresql: function lenght(unknown) does not exist; No function matches the given name "
          "and argument types. You might need to add explicit type casts.\n"
          "  line 1: SELECT lenght('a')\n"
          "                 ^");
    fails("SELECT * FROM gone.away", "42P01",
          "postgresql: relation \"gone.away\" does not exist\n"
          "  line 1: SELECT * FROM gone.away\n"
          "                        ^");
    fails("CREATE TABLE gone.away (a int)", "3F000",
          "postgresql: schema \"gone\" does not exist\n"
          "  line 1: CREATE TABLE gone.away (a int)\n"
          "                       ^");
}

static void says(const char *sql, int code, bool retryable, const char *sqlstate, const char *part)
{
    err = (struct tg_error){0};
    assert_int_equal(pg_exec(client, &ctx, sql, NULL, &err), code);
    assert_string_equal(err.sqlstate, sqlstate);
    assert_int_equal(err.retryable, retryable);
    if (!strstr(err.what, part))
        fail_msg("'%s' does not say '%s'", err.what, part);
}

static void test_timeouts(void **state)
{
    struct pg_client *other = NULL;
    (void)state;
    exec("SET statement_timeout = '50ms'");
    says("SELECT pg_sleep(10)", TG_DESTINATION, true, "57014",
         "canceling statement due to statement timeout; give it more time");
    exec("RESET statement_timeout");
    assert_int_equal(pg_open(&ctx, postgres_uri(), false, &other, &err), TG_OK);
    assert_int_equal(pg_exec(other, &ctx, "CREATE TABLE held (a int)", NULL, &err), TG_OK);
    assert_int_equal(pg_exec(other, &ctx, "BEGIN", NULL, &err), TG_OK);
    assert_int_equal(pg_exec(other, &ctx, "LOCK TABLE held", NULL, &err), TG_OK);
    exec("SET lock_timeout = '50ms'");
    says("SELECT * FROM held", TG_LOCKED, true, "55P03",
         "canceling statement due to lock timeout; end what holds the lock");
    pg_close(other);
}

static void test_rights(void **state)
{
    (void)state;
    exec("SET default_transaction_read_only = on");
    says("CREATE TABLE unwritten (a int)", TG_DESTINATION, false, "25006",
         "cannot execute CREATE TABLE in a read-only transaction; name a server that can be "
         "written to");
    exec("SET default_transaction_read_only = off");
    exec("CREATE ROLE tidegate_error_test");
    exec("CREATE TABLE private (a int)");
    exec("SET ROLE tidegate_error_test");
    says("SELECT * FROM private", TG_DESTINATION, false, "42501",
         "permission denied for table private; grant the user this right");
    says("CREATE SCHEMA mine", TG_DESTINATION, false, "42501", "permission denied for database");
    exec("RESET ROLE");
    exec("DROP ROLE tidegate_error_test");
}

/* What a server says otherwise only when it is in trouble. */
static void raised(const char *sqlstate, int code, bool retryable, const char *part)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '%s'; END $$",
             sqlstate);
    says(sql, code, retryable, sqlstate, part);
}

static void test_trouble_of_the_server(void **state)
{
    (void)state;
    raised("53100", TG_IO, true, "trouble; free some disk space at the server");
    raised("53200", TG_DESTINATION, true, "run again when the server has more to give");
    raised("40001", TG_DESTINATION, true, "; run again");
    raised("40P01", TG_DESTINATION, true, "; run again");
    raised("57P02", TG_DESTINATION, true, "run again when the server is back");
    raised("57P03", TG_DESTINATION, true, "run again when the server is back");
    raised("58030", TG_DESTINATION, true, "trouble");
    raised("XX001", TG_DESTINATION, false, "trouble");
}

static void test_one_line(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    pg_one_line("first:\n\tsecond\n\tthird\n\n", &out);
    assert_string_equal(buf_string(&out), "first: second; third");
    buf_clear(&out);
    pg_one_line("server closed the connection unexpectedly\n"
                "\tThis probably means the server terminated abnormally\n"
                "\tbefore or while processing the request.\ninvalid socket\n",
                &out);
    assert_string_equal(buf_string(&out), "server closed the connection unexpectedly");
    buf_release(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_position),    TEST(test_detail_and_hint),       TEST(test_timeouts),
        TEST(test_rights),      TEST(test_trouble_of_the_server), TEST(test_one_line),
        TEST(test_hidden_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
