/* Database files as catalogs: their names, names that SQL cannot say, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "duckdb/attach.h"
#include "tests/database/sample.h"

static struct context ctx;
static duckdb_database database;

static int setup(void **state)
{
    const struct duck_limits limits = {.memory_bytes = (size_t)128 << 20, .threads = 1};
    context_init(&ctx);
    return sample_setup(state) || duck_open(&ctx, ".", &limits, &database, NULL);
}

static int teardown(void **state)
{
    duck_close(&database);
    return sample_teardown(state);
}

static int attach(const char *path, struct attached *out, struct tg_error *problem)
{
    struct place place;
    *out = (struct attached){.path = NULL};
    sample_ok(place_find(path, false, &place, err));
    return attach_file(&ctx, database, &place, false, out, problem);
}

static void refused(const char *path, int code, const char *part)
{
    struct attached file;
    struct tg_error problem = {0};
    assert_int_equal(attach(path, &file, &problem), code);
    assert_null(file.path);
    assert_int_equal(problem.retryable, code == TG_LOCKED);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

/* Adds a row to a table in the file; how many there are then. */
static uint64_t add_row(const struct attached *file)
{
    uint64_t rows = 0;
    duckdb_connection con = NULL;
    sample_ok(duck_connect(database, &con, err));
    sample_ok(attach_use(&ctx, con, file, err));
    sample_ok(duck_exec(&ctx, con, "CREATE TABLE IF NOT EXISTS t (a INTEGER)", NULL, err));
    sample_ok(duck_exec(&ctx, con, "INSERT INTO t VALUES (1)", NULL, err));
    sample_ok(duck_exec(&ctx, con, "CREATE TEMP TABLE seen AS FROM t LIMIT 0", NULL, err));
    sample_ok(duck_exec(&ctx, con, "INSERT INTO seen FROM t", &rows, err));
    duck_disconnect(&con);
    return rows;
}

/* Each is made, filled, taken away and filled again. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name;
    } files[] = {{"shop.duckdb", "shop"},
                 {"it's a \"shop\".db.duckdb", "it's a \"shop\""},
                 {"Memory.duckdb", "Memory_db"},
                 {"temp", "temp_db"},
                 {"system.duckdb", "system_db"},
                 {"main.duckdb", "main_db"},
                 {".duckdb", "_db"},
                 {"x.csv", "x"},
                 {"x.sqlite", "x"},
                 {"L\xc3\xa4"
                  "den.duckdb",
                  "L\xc3\xa4"
                  "den"}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        for (uint64_t times = 1; times <= 2; times++) {
            struct attached file;
            sample_ok(attach(files[i].path, &file, err));
            assert_string_equal(file.name, files[i].name);
            assert_int_equal(add_row(&file), times);
            sample_ok(attach_end(database, &file, err));
            assert_null(file.path);
        }
}

/* SQL has no words for such a folder. */
static void test_a_folder_in_another_encoding(void **state)
{
    (void)state;
    struct attached file;
    sample_ok(fs_mkdirs("L\xe4"
                        "den",
                        err));
    for (uint64_t times = 1; times <= 2; times++) {
        sample_ok(attach("L\xe4"
                         "den/shop.duckdb",
                         &file, err));
        assert_string_equal(file.name, "shop");
        assert_int_equal(add_row(&file), times);
        int folder = file.folder;
        sample_ok(attach_end(database, &file, err));
        assert_int_equal(fcntl(folder, F_GETFD), -1);
    }
    assert_int_equal(access("L\xe4"
                            "den/shop.duckdb",
                            F_OK),
                     0);
    refused("L\xe4"
            "den/d\xff.duckdb",
            TG_DESTINATION, "is not UTF-8; take another");
}

static void test_storage(void **state)
{
    (void)state;
    struct attached file;
    duckdb_connection con = NULL;
    ctx.storage_version = "v1.2.0";
    sample_ok(attach("d.duckdb", &file, err));
    sample_ok(duck_connect(database, &con, err));
    sample_ok(duck_exec(&ctx, con,
                        "SELECT CASE WHEN tags['storage_version'] LIKE 'v1.2.0%' THEN 1 ELSE "
                        "error(tags::VARCHAR) END FROM duckdb_databases() "
                        "WHERE database_name = 'd'",
                        NULL, err));
    duck_disconnect(&con);
    sample_ok(attach_end(database, &file, err));
}

/* Before its first block is there it is no database; but it is no stranger's file either. */
static void test_a_file_that_is_being_made(void **state)
{
    (void)state;
    sample_ok(fs_write_file("d.duckdb", "x", 1, err));
    refused("d.duckdb", TG_DESTINATION, "not a valid DuckDB database file");
    pid_t child = fork();
    if (child == 0) {
        int fd = open("d.duckdb", O_WRONLY | O_APPEND);
        while (write(fd, "x", 1) == 1)
            usleep(1000);
        _exit(1);
    }
    struct stat before, now;
    assert_int_equal(stat("d.duckdb", &before), 0);
    do {
        usleep(1000);
        assert_int_equal(stat("d.duckdb", &now), 0);
    } while (now.st_size == before.st_size);
    refused("d.duckdb", TG_LOCKED, "is just being made by another process");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    refused("d.duckdb", TG_DESTINATION, "not a valid DuckDB database file");
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_names),
        in_folder(test_a_folder_in_another_encoding),
        in_folder(test_storage),
        in_folder(test_a_file_that_is_being_made),
    };
    return cmocka_run_group_tests_name("duckdb/attach", tests, NULL, NULL);
}
