/* Where a server is: forms, what makes two of them one, and passwords that nobody is to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "postgres/session.h"
#include "tests/database/sample.h"

static int setup(void **state)
{
    static const char *const names[] = {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    return sample_setup(state);
}

static void is_at(const char *conninfo, const char *expected)
{
    struct tg_error err = {0};
    struct buf identity = BUF_INIT;
    if (pg_identity(conninfo, &identity, &err) != TG_OK)
        fail_msg("%s: %s", conninfo, err.what);
    assert_string_equal(buf_string(&identity), expected);
    buf_release(&identity);
}

static void test_identity(void **state)
{
    (void)state;
    is_at("postgresql://me:secret-secret@db:5433/shop", "postgresql:db:5433/shop");
    is_at("postgres://other@db:5433/shop?application_name=x", "postgresql:db:5433/shop");
    is_at("postgresql://db/shop", "postgresql:db:5432/shop");
    is_at("postgresql:///shop?host=db&port=5432", "postgresql:db:5432/shop");
    is_at("host=db dbname=shop password='a b'", "postgresql:db:5432/shop");
    is_at("hostaddr=10.0.0.1 dbname=shop", "postgresql:10.0.0.1:5432/shop");
    is_at("postgresql://a:1,b:2/shop", "postgresql:a,b:1,2/shop");
    is_at("postgresql://me@db", "postgresql:db:5432/me");
    is_at("postgresql://me:***@db/shop", "postgresql:db:5432/shop");
    setenv("PGHOST", "there", 1);
    setenv("PGPORT", "6000", 1);
    is_at("postgresql:///shop", "postgresql:there:6000/shop");
    is_at("dbname=shop", "postgresql:there:6000/shop");
    unsetenv("PGHOST");
    unsetenv("PGPORT");
}

static void test_service(void **state)
{
    struct tg_error err = {0};
    struct buf none = BUF_INIT;
    FILE *file = fopen("services", "w");
    (void)state;
    fputs("[shop]\nhost=db\nport=5433\ndbname=shop\npassword=secret-secret\n", file);
    fclose(file);
    setenv("PGSERVICEFILE", "services", 1);
    is_at("service=shop", "postgresql:db:5433/shop");
    is_at("postgresql:///?service=shop", "postgresql:db:5433/shop");
    is_at("postgresql:///other?service=shop", "postgresql:db:5433/other");
    assert_int_equal(pg_identity("service=none", &none, &err), TG_USAGE);
    assert_non_null(
        strstr(err.what, "definition of service \"none\" not found; correct what it says here"));
    buf_release(&none);
    unsetenv("PGSERVICEFILE");
}

static void refused(const char *conninfo, const char *part)
{
    struct tg_error err = {0};
    assert_int_equal(pg_check(conninfo, &err), TG_USAGE);
    if (!strstr(err.what, part))
        fail_msg("'%s' does not say '%s'", err.what, part);
    if (strstr(err.what, "zz-secret"))
        fail_msg("a secret is in '%s'", err.what);
}

/* libpq quotes what it does not understand: that may be the rest of a password. */
static void test_forms(void **state)
{
    (void)state;
    assert_int_equal(pg_check("postgresql://me:a%20b@db/x?sslmode=require", NULL), TG_OK);
    assert_int_equal(pg_check("postgresql://me:a%40b@db/x%40y?options=-c%20a%3D@", NULL), TG_OK);
    assert_int_equal(pg_check("postgresql://me@db/x@y", NULL), TG_OK);
    refused("postgresql://me:a@zz-secret/b@db/x", "the password is not encoded: there are two @");
    refused("postgresql://db/x?speed=1", "invalid URI query parameter: \"speed\"");
    refused("host=db speed=1", "invalid connection option \"speed\"");
    refused("postgresql://me:a%zz-secret@db/x", "invalid percent-encoded token: \"***\"");
    refused("postgresql://db/x?password=a&zz-secret=1", "invalid URI query parameter: \"***\"");
    refused("host=db password=a zz-secret", "missing \"***\" in connection info string");
    refused("host=db password=a zz-secret", "write postgresql://HOST:PORT/DATABASE");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, sample_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        TEST(test_service),
        TEST(test_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
