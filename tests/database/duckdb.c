/* The DuckDB driver: statements, errors and their codes, locks, full disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/connection.h"
#include "duckdb/api.h"
#include "tests/database/sample.h"

static struct context ctx;
static struct connection *con;
static atomic_int cancel;

static int setup_folder(void **state)
{
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    return sample_setup(state);
}

static int setup(void **state)
{
    return setup_folder(state) ||
           connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

static void exec(const char *sql)
{
    sample_ok(connection_exec(con, sql, NULL, err));
}

static void transact(enum transact what)
{
    sample_ok(connection_transact(con, what, err));
}

static void expect(const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

static void test_threads(void **state)
{
    (void)state;
    connection_close(con);
    ctx.threads = 8;
    ctx.memory_bytes_max = 64 << 20;
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, err));
    expect("SELECT current_setting('threads')", "1");
    connection_close(con);
    ctx.memory_bytes_max = 256 << 20;
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, err));
    expect("SELECT current_setting('threads')", "2");
}

static void test_settings(void **state)
{
    (void)state;
    expect("SELECT current_setting('TimeZone')", "UTC");
    expect("SELECT TIMESTAMPTZ '2024-07-01 00:00:00Z'::VARCHAR", "2024-07-01 00:00:00+00");
    expect("SELECT current_setting('autoload_known_extensions')", "false");
    expect("SELECT current_setting('autoinstall_known_extensions')", "false");
    expect("SELECT current_setting('memory_limit')", "160.0 MiB");
    expect("SELECT current_setting('threads')", "2");
    expect("SELECT current_setting('wal_autocheckpoint')", "0 bytes");
    expect("SELECT current_setting('preserve_insertion_order')", "true");
    char temp[PATH_MAX + 4];
    assert_non_null(realpath("d.duckdb", temp));
    expect("SELECT current_setting('temp_directory')", strcat(temp, ".tmp"));
}

static void fails(const char *sql, int code, const char *sqlstate, const char *part)
{
    struct tg_error problem = {0};
    uint64_t changed = 0;
    assert_int_equal(connection_exec(con, sql, &changed, &problem), code);
    assert_int_equal(problem.code, code);
    assert_string_equal(problem.sqlstate, sqlstate);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

static void test_errors(void **state)
{
    (void)state;
    exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER NOT NULL, c INTEGER CHECK (c > 0))");
    exec("INSERT INTO t VALUES (1, 1, 1)");
    fails("INSERT INTO t VALUES (1, 1, 1)", TG_DESTINATION, "23505", "Duplicate key");
    fails("INSERT INTO t VALUES (2, 2, 2), (2, 2, 2)", TG_DESTINATION, "23505", "key");
    fails("INSERT INTO t VALUES (2, NULL, 2)", TG_DESTINATION, "23502", "t.b");
    fails("INSERT INTO t VALUES (2, 2, 0)", TG_DESTINATION, "23514", "CHECK");
    fails("SELEC", TG_DESTINATION, "42601", "syntax error");
    fails("SELECT * FROM none", TG_DESTINATION, "42P01", "none");
    fails("SELECT 1; SELECT 2", TG_DESTINATION, "", "multiple statements");
    fails("SELECT 'x'::INTEGER FROM t", TG_DESTINATION, "", "Conversion Error");
    fails("", TG_DESTINATION, "", "duckdb");
    fails("SELECT error('on purpose')", TG_DESTINATION, "", "on purpose");
    expect("SELECT count(*) FROM t", "1");
}

static void test_memory_limit(void **state)
{
    (void)state;
    exec("SET memory_limit = '4MB'");
    exec("SET max_temp_directory_size = '0KB'");
    struct tg_error problem = {0};
    assert_int_equal(connection_exec(con,
                                     "CREATE TABLE t AS SELECT list(i) FROM range(9000000) r(i)",
                                     NULL, &problem),
                     TG_NOMEM);
    assert_non_null(strstr(problem.what, "--memory"));
    assert_null(strstr(problem.what, "SET threads"));
    expect("SELECT 1", "1");
}

static void fill(struct workload workload)
{
    con->workload = workload;
    exec("CREATE OR REPLACE TEMP TABLE t AS SELECT 1");
}

static void test_wide_tables_get_room(void **state)
{
    (void)state;
    fill((struct workload){.column_count = 50});
    expect("SELECT current_setting('threads')", "2");
    fill((struct workload){.column_count = 200});
    expect("SELECT current_setting('threads')", "1");
    expect("SELECT current_setting('memory_limit')", "160.5 MiB");
    fill((struct workload){.column_count = 1000});
    expect("SELECT current_setting('memory_limit')", "610.5 MiB");
    fill((struct workload){.column_count = 500, .staged_columns = 100});
    expect("SELECT current_setting('memory_limit')", "610.5 MiB");
    fill((struct workload){.staged_columns = 400}); /* three times what is written */
    expect("SELECT current_setting('memory_limit')", "723.0 MiB");
}

/* Rows that are added need what is written at once, and no room for what was. */
static void test_what_only_adds_takes_less(void **state)
{
    (void)state;
    const struct workload adds = {.table_count = 1, .column_count = 6, .only_adds = true};
    fill(adds);
    expect("SELECT current_setting('memory_limit')",
           duck_version() >= VERSION_OF(2, 0, 0) ? "102.9 MiB" : "103.2 MiB");
    expect("SELECT current_setting('threads')", "2");
    fill((struct workload){.table_count = 1, .column_count = 6});
    expect("SELECT current_setting('memory_limit')", "160.0 MiB");
    fill((struct workload){.table_count = 1, .column_count = 100, .only_adds = true});
    expect("SELECT current_setting('memory_limit')", "160.0 MiB");
    fill((struct workload){.column_count = 1000, .only_adds = true});
    expect("SELECT current_setting('memory_limit')", "610.5 MiB");
}

static void test_indexes_are_told(void **state)
{
    (void)state;
    struct described described = {0};
    exec("CREATE SCHEMA s");
    exec("CREATE TABLE s.a (i BIGINT)");
    exec("CREATE TABLE s.b (i BIGINT, j BIGINT PRIMARY KEY)");
    exec("CREATE TABLE s.c (i BIGINT)");
    exec("CREATE INDEX x ON s.c (i)");
    exec("CREATE TABLE s.d (i BIGINT, j BIGINT)");
    sample_ok(connection_describe(con, "s", NULL, &described, err));
    assert_int_equal(described.table_count, 4);
    static const bool none[] = {true, false, false, true};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(described.tables[i].has_no_index, none[i]);
    described_release(&described);
}

/* ---- files that cannot be opened ---- */

static void refused(const char *url, int code, const char *part)
{
    struct tg_error problem = {0};
    struct connection *other = NULL;
    for (int create = 0; create < 2; create++) { /* a look says the same, before anything is read */
        assert_int_equal(connection_open(&ctx, AT_URL(url), create, &other, &problem), code);
        assert_null(other);
    }
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
    assert_non_null(strstr(problem.where, url));
}

static void put(const char *path, const char *text)
{
    sample_ok(fs_write_file(path, text, strlen(text), err));
}

static void test_files_that_are_no_database(void **state)
{
    (void)state;
    put("text.duckdb", "these are not the bytes of a database, but they are enough of them");
    put("empty.duckdb", "");
    sample_ok(fs_mkdirs("folder.duckdb", err));
    put("small.csv", "a,b\n1,2\n");
    refused("duckdb:///small.csv", TG_DESTINATION, "not a valid DuckDB database file");
    char sqlite[4096] = "SQLite format 3";
    sample_ok(fs_write_file("sqlite.db", sqlite, sizeof(sqlite), err));
    refused("duckdb:///sqlite.db", TG_DESTINATION, "not a valid DuckDB database file");
    refused("duckdb:///text.duckdb", TG_DESTINATION, "not a valid DuckDB database file");
    refused("duckdb:///empty.duckdb", TG_DESTINATION, "run again if another");
    refused("duckdb:///folder.duckdb", TG_DESTINATION, "is a folder; name a file in it");
    refused("duckdb:///none/d.duckdb", TG_DESTINATION, "does not exist; create it");
    if (geteuid() != 0) { /* root may write everywhere */
        assert_int_equal(chmod("text.duckdb", 0444), 0);
        refused("duckdb:///text.duckdb", TG_DESTINATION, "cannot be written");
    }
}

/* What stands before a block of 4,096 bytes is over the rest of it. */
static void put_checksum(char *block)
{
    uint64_t word, sum = 5381;
    for (size_t at = 8; at < 4096; at += sizeof(word)) {
        memcpy(&word, block + at, sizeof(word));
        sum ^= word * UINT64_C(0xbf58476d1ce4e5b9);
    }
    memcpy(block, &sum, sizeof(sum));
}

/* As much of a file of the future as is looked at. */
static void test_a_file_of_a_newer_engine(void **state)
{
    (void)state;
    char head[3 * 4096] = {0};
    memcpy(head + 8, "DUCK\xc8", 5); /* storage version 200 */
    memcpy(head + 52, "v9.8.7", 6);
    put_checksum(head);
    sample_ok(fs_write_file("new.duckdb", head, sizeof(head), err));
    refused("duckdb:///new.duckdb", TG_DESTINATION, "was written by DuckDB v9.8.7, and DuckDB v");
    refused("duckdb:///new.duckdb", TG_DESTINATION, duck_path());
    refused("duckdb:///new.duckdb", TG_DESTINATION, "TIDEGATE_DUCKDB");
}

/* The storage version of a file as describe tells it. */
static int storage_of(const char *url)
{
    struct described described;
    struct connection *other = NULL;
    sample_ok(connection_open(&ctx, AT_URL(url), true, &other, err));
    sample_ok(connection_describe(other, "d", NULL, &described, err));
    int version = described.storage_version;
    described_release(&described);
    connection_close(other);
    return version;
}

static void test_storage_version(void **state)
{
    (void)state;
    assert_int_equal(storage_of("duckdb:///old.duckdb"), VERSION_OF(1, 0, 0));
    ctx.storage_version = "v1.4.0";
    assert_int_equal(storage_of("duckdb:///new.duckdb"), VERSION_OF(1, 4, 0));
    /* One that is there keeps its own, whatever the engine makes by itself. */
    assert_int_equal(storage_of("duckdb:///old.duckdb"), VERSION_OF(1, 0, 0));
    ctx.storage_version = NULL;
    assert_int_equal(storage_of("duckdb:///new.duckdb"), VERSION_OF(1, 4, 0));
    ctx.storage_version = "latest";
    assert_true(storage_of("duckdb:///latest.duckdb") >= VERSION_OF(1, 4, 0));
    ctx.storage_version = "v9.9.9";
    refused("duckdb:///none.duckdb", TG_USAGE, "has no storage version 'v9.9.9'");
    assert_int_equal(access("none.duckdb", F_OK), -1);
}

/* A process of its own that holds the file until it is told to end. Run before this process opens
 * any. */
static pid_t hold(const char *url, int *release)
{
    int ready[2];
    int end[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        struct connection *held = NULL;
        char byte = 'x';
        close(end[1]);
        if (connection_open(&ctx, AT_URL(url), true, &held, NULL) != TG_OK)
            byte = '!';
        if (write(ready[1], &byte, 1) != 1 || read(end[0], &byte, 1) < 0)
            _exit(1);
        connection_close(held);
        _exit(0);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(ready[0]);
    close(ready[1]);
    close(end[0]);
    *release = end[1];
    return child;
}

static void test_locked_by_another_process(void **state)
{
    (void)state;
    int release = -1;
    int status = 0;
    struct tg_error problem = {0};
    struct connection *other = NULL;
    char pid[32];
    pid_t child = hold("duckdb:///held.duckdb", &release);
    assert_int_equal(connection_open(&ctx, AT_URL("duckdb:///held.duckdb"), true, &other, &problem),
                     TG_LOCKED);
    assert_true(problem.retryable);
    snprintf(pid, sizeof(pid), "PID %d", (int)child);
    assert_non_null(strstr(problem.what, pid));
    assert_non_null(strstr(problem.what, "held.duckdb"));
    close(release);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///held.duckdb"), false, &other, err));
    connection_close(other);
}

/* ---- a full disk: files may not grow beyond a bound in this process ---- */

/* DuckDB reports what fails after a commit as if the commit had failed. */
static void test_trouble_after_a_commit_is_a_warning(void **state)
{
    (void)state;
    struct warnings warnings;
    warnings_init(&warnings);
    ctx.warnings = &warnings;
    exec("SET GLOBAL debug_checkpoint_abort = 'before_header_non_fatal'");
    transact(TRANSACT_BEGIN);
    exec("CREATE TABLE t AS SELECT 1 AS i");
    sample_ok(connection_transact(con, TRANSACT_COMMIT, err));
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.texts[0], "committed"));
    connection_close(con);
    sample_ok(connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, err));
    expect("SELECT i FROM t", "1");
    ctx.warnings = NULL;
    warnings_release(&warnings);
}

static void test_full_disk(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct tg_error problem = {0};
        struct connection *own = NULL;
        struct rlimit limit = {.rlim_cur = 2000000, .rlim_max = 2000000};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
            connection_open(&ctx, AT_URL("duckdb:///full.duckdb"), true, &own, &problem) != TG_OK)
            _exit(2);
        int rc = connection_exec(own, "CREATE TABLE t AS SELECT hash(i) h FROM range(3000000) r(i)",
                                 NULL, &problem);
        _exit(rc == TG_IO && strstr(problem.what, "raise the limit on file sizes") ? 0 : 10 + rc);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The processes that fork come first: nothing of DuckDB may run yet. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_disk, setup_folder, sample_teardown),
        cmocka_unit_test_setup_teardown(test_locked_by_another_process, setup_folder,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_no_database, setup_folder,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(test_a_file_of_a_newer_engine, setup_folder,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(test_storage_version, setup_folder, sample_teardown),
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble_after_a_commit_is_a_warning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_tables_get_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_only_adds_takes_less, setup, teardown),
        cmocka_unit_test_setup_teardown(test_indexes_are_told, setup, teardown),
    };
    return cmocka_run_group_tests_name("database/duckdb", tests, NULL, NULL);
}
