/* Steps that are made to fail, and file functions that say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fault.h"
#include "tests/database/sample.h"

struct failing {
    const char *call; /* every one of these fails */
    int asked;
};

static bool fails(void *user, const char *call, const char *path, const char *to)
{
    struct failing *failing = user;
    (void)path;
    (void)to;
    failing->asked++;
    return strcmp(call, failing->call) == 0;
}

static void test_nobody_asked(void **state)
{
    (void)state;
    assert_false(fault_fails("fsync", "x", NULL));
    fault_point("nowhere");
}

/* Every call that changes a file can fail, and is reported where it does. */
static void test_file_functions(void **state)
{
    (void)state;
    static const struct {
        const char *call;
        const char *says;
    } cases[] = {
        {"write", "cannot be written"},
        {"fsync", "cannot be written"},
        {"rename", "cannot be renamed to 'a'"},
    };
    struct failing failing = {0};
    struct tg_error why;
    char first[64];
    snprintf(first, sizeof(first), "a.%ld.tmp", (long)getpid());
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        why = (struct tg_error){0};
        failing.call = cases[i].call;
        fault_ask(fails, &failing);
        assert_int_equal(fs_write_file("a", "text", 4, &why), TG_IO);
        fault_ask(NULL, NULL);
        assert_non_null(strstr(why.what, cases[i].says));
        assert_non_null(strstr(why.what, "Input/output error"));
        assert_int_not_equal(access("a", F_OK), 0);
        assert_int_not_equal(access(first, F_OK), 0); /* what was begun is gone, too */
    }
    sample_ok(fs_write_file("a", "text", 4, err));
    failing.call = "unlink";
    fault_ask(fails, &failing);
    assert_int_equal(fs_remove("a", &why), TG_IO);
    assert_int_equal(fs_remove_tree("a", &why), TG_IO);
    failing.call = "fsync";
    assert_int_equal(fs_sync_file(".", &why), TG_IO);
    assert_int_equal(fs_rename("a", "b", &why), TG_IO); /* done, but nobody knows for how long */
    fault_ask(NULL, NULL);
    sample_ok(fs_remove("b", err));
    assert_true(failing.asked > 8);
}

/* The environment names a step and, behind a colon, which time. */
static void test_environment(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        setenv("TG_FAIL_AT", "after_tea:2", 1);
        fault_point("after_te");
        fault_point("after_tea");
        fault_point("after_teatime");
        if (fault_fails("fsync", "x", NULL))
            _exit(1);
        fault_point("after_tea");
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child = fork();
    if (child == 0) {
        setenv("TG_FAIL_AT", "fsync", 1);
        errno = 0;
        bool first = fault_fails("fsync", "x", NULL) && errno == EIO;
        _exit(first && !fault_fails("fsync", "x", NULL) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_asked),
        cmocka_unit_test_setup_teardown(test_file_functions, sample_setup, sample_teardown),
        cmocka_unit_test(test_environment),
    };
    return cmocka_run_group_tests_name("base/fault", tests, NULL, NULL);
}
