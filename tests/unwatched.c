/* Tests of tests/preload/unwatched.c: what is not given back to DuckDB is seen as ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "duckdb/api.h"

/* The leak sanitizer's, where there is one. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

enum kept { NOTHING, DATABASE, CONNECTION, STATEMENT, PENDING, RESULT };

/* A statement from beginning to end, with one thing that is kept. */
__attribute__((noinline)) static int keep(const struct context *ctx, enum kept kept)
{
    struct tg_error err = {0};
    const struct duck_limits limits = {.memory_bytes = 64 << 20, .threads = 1};
    duckdb_database database = NULL;
    duckdb_connection con = NULL;
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    duckdb_result result = {0};
    if (duck_open(ctx, ".", &limits, &database, &err) || duck_connect(database, &con, &err) ||
        duck.prepare(con, "SELECT 'a text'", &statement) != DuckDBSuccess ||
        duck.pending_prepared(statement, &pending) != DuckDBSuccess)
        return -1;
    while (duck.pending_execute_task(pending) != DUCKDB_PENDING_RESULT_READY)
        continue;
    if (duck.execute_pending(pending, &result) != DuckDBSuccess)
        return -1;
    if (kept != RESULT)
        duck.destroy_result(&result);
    if (kept != PENDING)
        duck.destroy_pending(&pending);
    if (kept != STATEMENT)
        duck.destroy_prepare(&statement);
    if (kept != CONNECTION)
        duck_disconnect(&con);
    if (kept != DATABASE)
        duck_close(&database);
    memset(&result, 0, sizeof(result));
    return 0;
}

/* How a process of its own ends. */
static int leaks(enum kept kept)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct context ctx;
        if (!freopen("/dev/null", "w", stderr)) /* the report */
            _exit(3);
        context_init(&ctx);
        exit(keep(&ctx, kept) == 0 ? 0 : 2); /* or what the sanitizer makes of it */
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_what_is_kept_is_seen(void **state)
{
    (void)state;
    if (!__lsan_do_recoverable_leak_check)
        skip();
    assert_int_equal(leaks(NOTHING), 0);
    for (enum kept kept = DATABASE; kept <= RESULT; kept++)
        assert_int_equal(leaks(kept), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
