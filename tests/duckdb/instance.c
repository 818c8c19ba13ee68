/* One instance per file and process: names of a file, transactions, memory, who is kept out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "duckdb/instance.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state);
}

static struct instance_use join(const char *path)
{
    struct instance_use use;
    sample_ok(instance_join(&ctx, path, INSTANCE_MAKES, &use, err));
    assert_non_null(use.instance);
    return use;
}

static void leave(struct instance_use *use)
{
    instance_leave(&ctx, use);
    assert_null(use->instance);
    assert_null(use->con);
}

static void exec(struct instance_use *use, const char *sql)
{
    sample_ok(duck_exec(&ctx, use->con, sql, NULL, err));
}

/* The rows of table t as this connection sees them. */
static uint64_t count(struct instance_use *use)
{
    uint64_t rows = 0;
    exec(use, "CREATE OR REPLACE TEMP TABLE seen (a INTEGER)");
    sample_ok(duck_exec(&ctx, use->con, "INSERT INTO seen FROM t", &rows, err));
    return rows;
}

static void limit_is(struct instance_use *use, const char *limit)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "SELECT CASE current_setting('memory_limit') WHEN '%s' THEN 1 ELSE "
             "error(current_setting('memory_limit')) END",
             limit);
    exec(use, sql);
}

/* Does another process see a lock on the file? */
static bool is_locked(const char *path)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR);
        if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0)
            _exit(2);
        _exit(lock.l_type == F_UNLCK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void refused(const char *path, bool create, int code, const char *part)
{
    struct tg_error problem = {0};
    struct instance_use use;
    assert_int_equal(
        instance_join(&ctx, path, create ? INSTANCE_MAKES : INSTANCE_WRITES, &use, &problem), code);
    assert_null(use.instance);
    assert_int_equal(problem.retryable, code == TG_LOCKED);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

/* Without the look at device and inode the two below are two instances, which do not see each
 * other's rows. */
static void test_one_file_by_many_names(void **state)
{
    (void)state;
    char absolute[PATH_MAX];
    struct instance_use first = join("d.duckdb");
    exec(&first, "CREATE TABLE t AS SELECT 1 a");
    assert_non_null(realpath("d.duckdb", absolute));
    assert_int_equal(symlink("d.duckdb", "soft.duckdb"), 0);
    assert_int_equal(link("d.duckdb", "hard.duckdb"), 0);
    sample_ok(fs_mkdirs("folder", err));
    const char *const names[] = {absolute, "./d.duckdb", "folder/../d.duckdb", "soft.duckdb",
                                 "hard.duckdb"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct instance_use other = join(names[i]);
        assert_ptr_equal(other.instance, first.instance);
        assert_int_equal(count(&other), i + 1);
        exec(&other, "INSERT INTO t VALUES (2)");
        leave(&other);
    }
    struct instance_use another = join("other.duckdb");
    assert_ptr_not_equal(another.instance, first.instance);
    leave(&another);
    assert_int_equal(count(&first), 6);
    leave(&first);
    first = join("hard.duckdb");
    assert_int_equal(count(&first), 6);
    leave(&first);
}

static void test_transactions_are_each_connections_own(void **state)
{
    (void)state;
    struct instance_use one = join("d.duckdb");
    struct instance_use two = join("d.duckdb");
    exec(&one, "CREATE TABLE t (a INTEGER)");
    exec(&one, "BEGIN TRANSACTION");
    exec(&two, "BEGIN TRANSACTION");
    exec(&one, "INSERT INTO t VALUES (1)");
    exec(&two, "INSERT INTO t VALUES (2), (3)");
    assert_int_equal(count(&one), 1);
    assert_int_equal(count(&two), 2);
    exec(&one, "COMMIT");
    leave(&two); /* rolls back */
    assert_int_equal(count(&one), 1);
    leave(&one);
}

static void test_the_last_one_closes(void **state)
{
    (void)state;
    struct instance_use one = join("d.duckdb");
    struct instance_use two = join("d.duckdb");
    leave(&one);
    assert_true(is_locked("d.duckdb"));
    exec(&two, "CREATE TABLE t AS SELECT 1 a");
    leave(&two);
    assert_false(is_locked("d.duckdb"));
    leave(&two); /* once more is fine */
}

static void test_memory_is_the_sum(void **state)
{
    (void)state;
    struct instance_use one = join("d.duckdb");
    limit_is(&one, "160.0 MiB");
    ctx.memory_bytes_max = 128 << 20;
    struct instance_use two = join("d.duckdb");
    limit_is(&one, "256.0 MiB");
    sample_ok(instance_reserve(&ctx, &two, (size_t)256 << 20, err));
    limit_is(&one, "416.0 MiB");
    sample_ok(instance_reserve(&ctx, &one, (size_t)200 << 20, err));
    limit_is(&two, "456.0 MiB");
    leave(&two);
    limit_is(&one, "200.0 MiB");
    leave(&one);
}

/* Three quarters of the budget, or less, where that has room for what DuckDB does not count. */
static void test_share_of_a_budget(void **state)
{
    (void)state;
    static const struct {
        size_t mib;
        const char *limit;
    } shares[] = {{64, "48.0 MiB"},   {208, "156.0 MiB"}, {256, "160.0 MiB"},
                  {320, "224.0 MiB"}, {384, "288.0 MiB"}, {512, "384.0 MiB"}};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        ctx.memory_bytes_max = shares[i].mib << 20;
        struct instance_use use = join("d.duckdb");
        limit_is(&use, shares[i].limit);
        leave(&use);
    }
}

/* What opened it knows nothing of our list: only its descriptor tells. */
static void test_another_engine_has_it(void **state)
{
    (void)state;
    struct instance_use use = join("d.duckdb");
    leave(&use);
    duckdb_database database = NULL;
    const struct duck_options options = {.path = "d.duckdb", .memory_bytes = 64 << 20};
    sample_ok(duck_open(&ctx, &options, &database, err));
    refused("d.duckdb", true, TG_LOCKED, "is open in this process by another engine");
    assert_true(is_locked("d.duckdb"));
    duck_close(&database);
    use = join("d.duckdb");
    leave(&use);
}

static void test_replaced_while_open(void **state)
{
    (void)state;
    struct instance_use use = join("d.duckdb");
    assert_int_equal(rename("d.duckdb", "moved.duckdb"), 0);
    refused("d.duckdb", true, TG_LOCKED, "was replaced or removed");
    refused("d.duckdb", false, TG_LOCKED, "was replaced or removed");
    sample_ok(fs_write_file("d.duckdb", "x", 1, err));
    refused("d.duckdb", true, TG_LOCKED, "was replaced or removed");
    leave(&use);
}

/* The child has the list and the descriptors, but neither the lock nor the instance's threads. */
static void test_forked_child(void **state)
{
    (void)state;
    int status = 0;
    struct instance_use use = join("d.duckdb");
    pid_t child = fork();
    if (child == 0) {
        struct tg_error problem = {0};
        struct instance_use other;
        int rc = instance_join(&ctx, "d.duckdb", INSTANCE_MAKES, &other, &problem);
        _exit(rc == TG_LOCKED && strstr(problem.what, "Could not set lock") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_locked("d.duckdb"));
    leave(&use);
}

static void test_absent(void **state)
{
    (void)state;
    struct instance_use use = {.memory_bytes = 7};
    sample_ok(instance_join(&ctx, "d.duckdb", INSTANCE_WRITES, &use, err));
    assert_null(use.instance);
    assert_int_equal(use.memory_bytes, 0);
    assert_int_equal(access("d.duckdb", F_OK), -1);
    refused("none/d.duckdb", false, TG_DESTINATION, "folder 'none' does not exist; create it");
    if (geteuid() != 0) { /* root may write everywhere */
        sample_ok(fs_mkdirs("closed", err));
        assert_int_equal(chmod("closed", 0555), 0);
        refused("closed/d.duckdb", false, TG_DESTINATION, "cannot be written");
    }
    refused("none/d.duckdb", true, TG_DESTINATION, "folder 'none' does not exist; create it");
}

static struct instance_use read_join(const char *path)
{
    struct instance_use use;
    sample_ok(instance_join(&ctx, path, INSTANCE_READS, &use, err));
    return use;
}

static void test_who_reads(void **state)
{
    (void)state;
    struct instance_use none = read_join("d.duckdb");
    assert_null(none.instance);
    assert_int_equal(access("d.duckdb", F_OK), -1);
    struct instance_use use = join("d.duckdb"), shared = read_join("d.duckdb");
    assert_false(shared.read_only); /* what writes here is shared */
    sample_ok(duck_exec(&ctx, use.con, "CREATE TABLE t AS SELECT 1 AS id", NULL, err));
    leave(&use);
    sample_ok(duck_exec(&ctx, shared.con, "SELECT * FROM t", NULL, err));
    leave(&shared);
    use = read_join("d.duckdb");
    assert_true(use.read_only);
    struct tg_error problem = {0};
    assert_int_equal(duck_exec(&ctx, use.con, "DELETE FROM t", NULL, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "25006");
    refused("d.duckdb", true, TG_LOCKED, "to be read only; close what reads it");
    leave(&use);
    use = join("d.duckdb");
    leave(&use);
}

/* Two processes that read would spill into each other's files beside the database. */
static void test_where_who_reads_spills(void **state)
{
    (void)state;
    char found[256] = "";
    struct instance_use use = join("d.duckdb");
    leave(&use);
    use = read_join("d.duckdb");
    struct tg_error problem = {0};
    (void)!duck_exec(&ctx, use.con, "SELECT error(current_setting('temp_directory'))", NULL,
                     &problem);
    snprintf(found, sizeof(found), "tidegate-%d-d.duckdb.tmp", (int)getpid());
    assert_non_null(strstr(problem.what, found));
    leave(&use);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    sample_ok(fs_mkdirs("folder", err));
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("nowhere", "loose"), 0);
    refused("folder", true, TG_DESTINATION, "is a folder");
    refused("pipe", true, TG_DESTINATION, "is a pipe or a device");
    refused("loose", true, TG_DESTINATION, "is a link to a file that does not exist");
    assert_int_equal(access("nowhere", F_OK), -1);
}

/* Before its first block is there it is no database; but it is no stranger's file either. */
static void test_a_file_that_is_being_made(void **state)
{
    (void)state;
    sample_ok(fs_write_file("d.duckdb", "x", 1, err));
    refused("d.duckdb", true, TG_DESTINATION, "not a valid DuckDB database file");
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
    refused("d.duckdb", true, TG_LOCKED, "is just being made by another process");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    refused("d.duckdb", true, TG_DESTINATION, "not a valid DuckDB database file");
}

static int join_once(void)
{
    struct instance_use use;
    int rc = instance_join(&ctx, "d.duckdb", INSTANCE_MAKES, &use, NULL);
    instance_leave(&ctx, &use);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(join_once);
    struct instance_use use = join("d.duckdb");
    torture(join_once);
    leave(&use);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_file_by_many_names, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_transactions_are_each_connections_own, setup,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(test_the_last_one_closes, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_the_sum, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_share_of_a_budget, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_another_engine_has_it, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_replaced_while_open, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_forked_child, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_absent, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_who_reads, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_where_who_reads_spills, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_being_made, setup, sample_teardown),
        cmocka_unit_test_setup_teardown(test_torture, setup, sample_teardown),
    };
    return cmocka_run_group_tests_name("database/instance", tests, NULL, NULL);
}
