/* libpq: found, loaded once, and what is said where it is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "postgres/functions.h"
#include "tests/database/sample.h"

/* What this program says, started anew where `make` has put something into the folder. */
static void says(const char *make, const char *part)
{
    char self[2048], command[4096], said[2048] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(len > 0);
    self[len] = '\0';
    snprintf(command, sizeof(command), "%s && LD_LIBRARY_PATH=. '%s' load", make, self);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    (void)!fread(said, 1, sizeof(said) - 1, out);
    pclose(out);
    if (!strstr(said, part))
        fail_msg("'%s' does not say '%s'", said, part);
}

static void test_not_there(void **state)
{
    static const char broken[] = "echo > libpq.so.5";
    (void)state;
    says(broken, "1 PostgreSQL's client library cannot be loaded");
    says(broken, "apt install libpq5");
}

static void test_another_library(void **state)
{
    (void)state;
    says("ln -s $(ls /lib/*/libm.so.6 | head -n 1) libpq.so.5",
         "1 PostgreSQL's client library libpq.so.5 has no PQ");
}

static void test_found(void **state)
{
    struct tg_error err = {0};
    (void)state;
    assert_null(pq.libVersion);
    assert_int_equal(pq_load(&err), TG_OK);
    assert_true(pq.libVersion() >= 90000);
    assert_int_equal(pq_load(&err), TG_OK);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "load") == 0) {
        struct tg_error err = {0};
        int rc = pq_load(&err);
        printf("%d %s\n", rc, err.what);
        return 0;
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_not_there),
        TEST(test_another_library),
        TEST(test_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
