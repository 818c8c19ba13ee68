/* DuckDB's library: found, loaded once, refused when it is not what it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/dialect.h"
#include "duckdb/api.h"
#include "duckdb/engine.h"

static struct context ctx;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    return 0;
}

/* In a process of its own, where nothing is loaded. */
static void refused(const char *path, const char *part)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct tg_error err = {0};
        duckdb_connection con = NULL;
        ctx.engine_path = path;
        int rc = duck_load(&ctx, &err);
        duck_disconnect(&con); /* what a caller's cleanup does */
        if (rc != TG_USAGE || !strstr(err.what, part) || duck_version() != 0)
            print_message("%d: %s\n", rc, err.what);
        else
            _exit(0);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_refused(void **state)
{
    (void)state;
    refused("/none/libduckdb.so", "/none/libduckdb.so");
    refused("/etc/passwd", "TIDEGATE_DUCKDB names no library that can be loaded");
    refused("libm.so.6", "is not DuckDB's library");
}

static void *load_other(void *user)
{
    struct tg_error *err = user;
    ctx.engine_path = OTHER_DUCKDB;
    if (duck_load(&ctx, err) == TG_OK)
        error_set(err, TG_INTERNAL, "loaded");
    return NULL;
}

/* It is refused, but the thread ends in code of it. */
static void test_refused_by_a_thread(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        struct tg_error err = {0};
        bool ended =
            pthread_create(&thread, NULL, load_other, &err) == 0 && pthread_join(thread, NULL) == 0;
        _exit(ended && err.code == TG_USAGE && strstr(err.what, "is not DuckDB's library") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_found_once(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct tg_engine engine, again;
    int version = 0;
    assert_int_equal(engine_find(&ctx, &engine, &version, &err), TG_OK);
    assert_string_equal(engine.name, "DuckDB");
    assert_int_equal(engine.version[0], 'v');
    assert_int_equal(engine.path[0], '/');
    assert_true(version >= VERSION_OF(1, 4, 0));
    assert_int_equal(version, duck_version());
    ctx.engine_path = engine.path;
    assert_int_equal(engine_find(&ctx, &again, NULL, &err), TG_OK);
    assert_ptr_equal(again.version, engine.version);
    ctx.engine_path = "libm.so.6";
    assert_int_equal(engine_find(&ctx, &again, NULL, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "this process has loaded"));
}

/* The processes that fork come first: nothing may be loaded yet. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_refused_by_a_thread, setup),
        cmocka_unit_test_setup(test_found_once, setup),
    };
    return cmocka_run_group_tests_name("database/duckdb_library", tests, NULL, NULL);
}
