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

/* A bound leaves the others' parts alone, and goes with who set it. */
static void test_one_that_takes_less(void **state)
{
    (void)state;
    ctx.memory_bytes_max = 256 << 20;
    struct instance_use one = join("d.duckdb");
    struct instance_use two = join("d.duckdb");
    limit_is(&one, "320.0 MiB");
    sample_ok(instance_bound(&ctx, &two, (size_t)60 << 20, err));
    limit_is(&one, "220.0 MiB");
    sample_ok(instance_bound(&ctx, &two, (size_t)100 << 20, err));
    sample_ok(instance_bound(&ctx, &one, (size_t)500 << 20, err)); /* it has less */
    limit_is(&one, "260.0 MiB");
    sample_ok(instance_bound(&ctx, &two, 0, err));
    limit_is(&one, "320.0 MiB");
    sample_ok(instance_bound(&ctx, &two, (size_t)60 << 20, err));
    sample_ok(instance_reserve(&ctx, &two, (size_t)200 << 20, err)); /* 40 more than its part */
    limit_is(&one, "260.0 MiB");
    sample_ok(instance_bound(&ctx, &two, (size_t)200 << 20, err));
    limit_is(&one, "360.0 MiB");
    sample_ok(instance_bound(&ctx, &two, (size_t)60 << 20, err));
    leave(&two);
    limit_is(&one, "160.0 MiB");
    leave(&one);
}

/* What one needed is nobody's when it has left. */
static void test_threads_come_back(void **state)
{
    (void)state;
    static const char two[] =
        "SELECT CASE current_setting('threads') WHEN 2 THEN 1 ELSE error('no') END";
    static const char one[] =
        "SELECT CASE current_setting('threads') WHEN 1 THEN 1 ELSE error('no') END";
    struct instance_use first = join("d.duckdb");
    struct instance_use second = join("d.duckdb");
    sample_ok(instance_reserve(&ctx, &second, (size_t)10 << 20, err));
    exec(&first, two);
    sample_ok(instance_reserve(&ctx, &second, (size_t)100 << 20, err));
    exec(&first, one);
    limit_is(&first, "320.0 MiB");
    leave(&second);
    exec(&first, two);
    second = join("d.duckdb");
    sample_ok(instance_alone(&ctx, &second, true, err));
    sample_ok(instance_alone(&ctx, &second, true, err));
    exec(&first, one);
    sample_ok(instance_alone(&ctx, &first, true, err));
    sample_ok(instance_alone(&ctx, &second, false, err));
    exec(&first, one);
    sample_ok(instance_alone(&ctx, &first, false, err));
    exec(&first, two);
    /* Where there is no room for two it stays at one. */
    sample_ok(instance_alone(&ctx, &second, true, err));
    sample_ok(instance_reserve(&ctx, &second, (size_t)100 << 20, err));
    sample_ok(instance_alone(&ctx, &second, false, err));
    exec(&first, one);
    sample_ok(instance_alone(&ctx, &second, true, err));
    leave(&second);
    exec(&first, two);
    leave(&first);
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
    duckdb_connection con = NULL;
    const struct duck_limits limits = {.memory_bytes = 64 << 20, .threads = 1};
    sample_ok(duck_open(&ctx, NULL, &limits, &database, err));
    sample_ok(duck_connect(database, &con, err));
    sample_ok(duck_exec(&ctx, con, "ATTACH 'd.duckdb'", NULL, err));
    refused("d.duckdb", true, TG_LOCKED, "is open in this process by another engine");
    assert_true(is_locked("d.duckdb"));
    duck_disconnect(&con);
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

static struct instance *hold(void)
{
    struct instance *instance = NULL;
    sample_ok(instance_hold(&ctx, "tmp", &instance, err));
    return instance;
}

/* A file comes and goes, and its lock with it; the instance stays. */
static void test_a_held_instance_stays(void **state)
{
    (void)state;
    struct instance *held = hold();
    for (int i = 0; i < 2; i++) {
        struct instance_use use = join("d.duckdb");
        assert_ptr_equal(use.instance, held);
        exec(&use, i == 0 ? "CREATE TABLE t AS SELECT 1 a" : "INSERT INTO t VALUES (2)");
        assert_true(is_locked("d.duckdb"));
        leave(&use);
        assert_false(is_locked("d.duckdb"));
        assert_int_equal(access("d.duckdb.wal", F_OK), -1);
    }
    struct instance_use one = join("d.duckdb");
    struct instance_use other = join("other.duckdb");
    assert_ptr_not_equal(other.instance, held);
    assert_int_equal(count(&one), 2);
    leave(&other);
    leave(&one);
    instance_release(held);
}

/* What is in memory does not see the file, and may work while others have it. */
static void test_the_engine_beside_a_file(void **state)
{
    (void)state;
    struct instance *held = hold();
    struct instance_use work, file;
    duckdb_connection con = NULL;
    sample_ok(instance_work(&ctx, held, (size_t)100 << 20, &work, err));
    file = join("d.duckdb");
    limit_is(&file, "260.0 MiB");
    exec(&file, "CREATE TABLE t AS SELECT 1 a");
    exec(&work, "CREATE TEMP TABLE t AS SELECT 2 a");
    sample_ok(instance_connect(&work, &con, err));
    assert_int_not_equal(duck_exec(&ctx, con, "FROM t", NULL, NULL), TG_OK);
    duck_disconnect(&con);
    assert_int_equal(count(&file), 1);
    leave(&file);
    assert_false(is_locked("d.duckdb"));
    limit_is(&work, "100.0 MiB");
    leave(&work);
    instance_release(held);
}

/* The first is gone before the second: that keeps what it has. */
static void test_held_by_two(void **state)
{
    (void)state;
    struct context other_ctx;
    context_init(&other_ctx);
    struct instance *held = hold(), *again = hold(), *other = NULL;
    assert_ptr_equal(held, again);
    sample_ok(instance_hold(&other_ctx, "tmp", &other, err));
    assert_ptr_not_equal(held, other);
    struct instance_use use = join("d.duckdb"), guest;
    sample_ok(instance_join(&other_ctx, "d.duckdb", INSTANCE_WRITES, &guest, err));
    assert_ptr_equal(guest.instance, held);
    leave(&use);
    instance_release(held);
    instance_release(again);
    struct instance *next = hold(); /* of a context that lies where the first one did */
    assert_ptr_not_equal(next, guest.instance);
    instance_release(next);
    exec(&guest, "CREATE TABLE t AS SELECT 1 a");
    assert_true(is_locked("d.duckdb"));
    instance_leave(&other_ctx, &guest);
    assert_false(is_locked("d.duckdb"));
    instance_release(other);
}

/* Somebody said stop: the file is given up all the same. */
static void test_cancelled(void **state)
{
    (void)state;
    atomic_int cancel = 0;
    struct instance *held = hold();
    struct instance_use use = join("d.duckdb");
    ctx.cancel = &cancel;
    atomic_store(&cancel, 1);
    leave(&use);
    assert_false(is_locked("d.duckdb"));
    struct tg_error problem = {0};
    assert_int_equal(instance_join(&ctx, "d.duckdb", INSTANCE_MAKES, &use, &problem), TG_CANCELLED);
    assert_false(is_locked("d.duckdb"));
    instance_release(held);
}

static int join_once(void)
{
    struct instance_use use;
    int rc = instance_join(&ctx, "d.duckdb", INSTANCE_MAKES, &use, NULL);
    instance_leave(&ctx, &use);
    return rc;
}

static int hold_and_join(void)
{
    struct instance *held = NULL;
    int rc = instance_hold(&ctx, "tmp", &held, NULL);
    for (int i = 0; i < 2 && rc == TG_OK; i++)
        rc = join_once();
    instance_release(held);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(join_once);
    struct instance_use use = join("d.duckdb");
    torture(join_once);
    leave(&use);
    torture(hold_and_join);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_one_file_by_many_names),
        in_folder(test_transactions_are_each_connections_own),
        in_folder(test_the_last_one_closes),
        in_folder(test_memory_is_the_sum),
        in_folder(test_one_that_takes_less),
        in_folder(test_threads_come_back),
        in_folder(test_share_of_a_budget),
        in_folder(test_another_engine_has_it),
        in_folder(test_replaced_while_open),
        in_folder(test_forked_child),
        in_folder(test_absent),
        in_folder(test_who_reads),
        in_folder(test_where_who_reads_spills),
        in_folder(test_a_held_instance_stays),
        in_folder(test_the_engine_beside_a_file),
        in_folder(test_held_by_two),
        in_folder(test_cancelled),
        in_folder(test_torture),
    };
    return cmocka_run_group_tests_name("database/instance", tests, NULL, NULL);
}
