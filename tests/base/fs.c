/* Files and folders, patterns, locks; each test in its own temporary folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/memory.h"
#include "tests/torture.h"

static char start_folder[4096];
static char folder[1024];

/* Each test runs inside its folder, so that paths are short. */
static int setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    return getcwd(start_folder, sizeof(start_folder)) && mkdtemp(folder) ? chdir(folder) : -1;
}

static int teardown(void **state)
{
    (void)state;
    return chdir(start_folder) == 0 ? fs_remove_tree(folder, NULL) : -1;
}

static void put(const char *path)
{
    char *parent = fs_dirname(path);
    assert_int_equal(fs_mkdirs(parent, NULL), TG_OK);
    mem_free(parent);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static bool exists(const char *path)
{
    struct fs_stat info;
    assert_int_equal(fs_stat(path, &info, NULL), TG_OK);
    return info.exists;
}

static void check_join(const char *where, const char *name, const char *expected)
{
    char *path = fs_join(where, name);
    assert_string_equal(path, expected);
    mem_free(path);
}

static void check_dirname(const char *path, const char *expected)
{
    char *parent = fs_dirname(path);
    assert_string_equal(parent, expected);
    mem_free(parent);
}

static void test_paths(void **state)
{
    (void)state;
    check_join("a", "b", "a/b");
    check_join("a/", "b", "a/b");
    check_join("/", "b", "/b");
    check_join("a", "/b", "/b");
    check_join("", "b", "b");
    check_join(NULL, "b", "b");
    check_join("a", "", "a/");
    check_dirname("a/b", "a");
    check_dirname("a//b", "a");
    check_dirname("a/b/", "a");
    check_dirname("a", ".");
    check_dirname("a/", ".");
    check_dirname("", ".");
    check_dirname("/a", "/");
    check_dirname("/", "/");
    check_dirname("//", "/");
    check_dirname("/a/b/c", "/a/b");
}

static void test_absolute_and_identity(void **state)
{
    (void)state;
    struct buf path = BUF_INIT, one = BUF_INIT, two = BUF_INIT;
    char expected[1200];
    assert_int_equal(fs_absolute("./a/b", &path, NULL), TG_OK);
    snprintf(expected, sizeof(expected), "%s/a/b", folder);
    assert_string_equal(buf_string(&path), expected);
    buf_clear(&path);
    assert_int_equal(fs_absolute("/a", &path, NULL), TG_OK);
    assert_string_equal(buf_string(&path), "/a");
    const char *same[][2] = {
        {"a/new", "link/new"}, {"a/f", "link/f"}, {"a/f", "hard"}, {"f", "./f"}};
    put("a/f");
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(link("a/f", "hard"), 0);
    for (size_t i = 0; i < 4; i++) {
        buf_clear(&one);
        buf_clear(&two);
        assert_int_equal(fs_identity(same[i][0], &one, NULL), TG_OK);
        assert_int_equal(fs_identity(same[i][1], &two, NULL), TG_OK);
        assert_string_equal(buf_string(&one), buf_string(&two));
    }
    buf_clear(&two);
    assert_int_equal(fs_identity("a/g", &two, NULL), TG_OK);
    assert_string_not_equal(buf_string(&one), buf_string(&two));
    buf_clear(&two);
    assert_int_equal(fs_identity("none/x", &two, NULL), TG_OK);
    assert_string_equal(buf_string(&two), "none/x");
    buf_release(&path);
    buf_release(&one);
    buf_release(&two);
}

static void test_stat(void **state)
{
    (void)state;
    struct fs_stat info;
    put("file");
    assert_int_equal(fs_stat("file", &info, NULL), TG_OK);
    assert_true(info.exists && !info.is_dir && info.size == 1);
    int64_t now_us = (int64_t)time(NULL) * 1000000;
    assert_true(info.mtime_us > now_us - 3600 * INT64_C(1000000));
    assert_true(info.mtime_us < now_us + 3600 * INT64_C(1000000));
    struct fs_stat open_info;
    int fd = open("file", O_RDONLY);
    assert_int_equal(rename("file", "other"), 0);
    assert_int_equal(fs_stat_open(fd, &open_info, NULL), TG_OK);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rename("other", "file"), 0);
    assert_true(open_info.is_file && open_info.size == 1 && open_info.mtime_us == info.mtime_us);
    assert_true(open_info.device == info.device && open_info.inode == info.inode);
    assert_int_equal(fs_stat_open(fd, &open_info, NULL), TG_IO);
    assert_int_equal(fs_stat(".", &info, NULL), TG_OK);
    assert_true(info.exists && info.is_dir);
    assert_false(exists("none"));
    assert_false(exists("none/none"));
    assert_false(exists("file/none"));
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_false(exists("loop"));
    char name[5000];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct tg_error err = {0};
    assert_int_equal(fs_stat(name, &info, &err), TG_IO);
    assert_non_null(strstr(err.what, "too long"));
}

static void test_whether_folders_can_be_made(void **state)
{
    struct tg_error err = {0};
    char here[PATH_MAX], path[PATH_MAX + 32];
    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(path, sizeof(path), "%s/not/there/yet", here);
    assert_int_equal(fs_may_mkdirs(path, &err), TG_OK);
    assert_int_equal(access("not", F_OK), -1);
    assert_int_equal(fs_may_mkdirs(here, &err), TG_OK);
    assert_int_equal(fs_may_lock(path, &err), TG_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(fs_may_mkdirs("/", &err), geteuid() == 0 ? TG_OK : TG_IO);
    assert_int_equal(fs_write_file("a_file", "x", 1, &err), TG_OK);
    snprintf(path, sizeof(path), "%s/a_file/below", here);
    assert_int_equal(fs_may_mkdirs(path, &err), TG_IO);
    assert_non_null(strstr(err.what, "/a_file' cannot be made: File exists"));
    assert_int_equal(fs_remove("a_file", NULL), TG_OK);
}

static void test_mkdirs(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(fs_mkdirs("a/b/c", &err), TG_OK);
    assert_int_equal(fs_mkdirs("a/b/c", &err), TG_OK);
    assert_int_equal(fs_mkdirs("a//d/", &err), TG_OK);
    assert_int_equal(fs_mkdirs("", &err), TG_OK);
    assert_int_equal(fs_mkdirs("/", &err), TG_OK);
    assert_true(exists("a/b/c") && exists("a/d"));
    put("file");
    assert_int_equal(fs_mkdirs("file", &err), TG_IO);
    assert_int_equal(fs_mkdirs("file/x", &err), TG_IO);
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(fs_mkdirs("link/e", &err), TG_OK);
    assert_true(exists("a/e"));
}

static void test_read_and_write(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct buf text = BUF_INIT;
    char bytes[100000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i % 251);
    assert_int_equal(fs_write_file("it's", "old", 3, &err), TG_OK);
    assert_int_equal(fs_write_file("it's", bytes, sizeof(bytes), &err), TG_OK);
    buf_char(&text, '<');
    assert_int_equal(fs_read_file("it's", &text, &err), TG_OK);
    assert_int_equal(text.len, sizeof(bytes) + 1);
    assert_memory_equal(text.data + 1, bytes, sizeof(bytes));
    assert_int_equal(fs_write_file("it's", NULL, 0, &err), TG_OK);
    buf_clear(&text);
    assert_int_equal(fs_read_file("it's", &text, &err), TG_OK);
    assert_int_equal(text.len, 0);
    struct fs_names names;
    assert_int_equal(fs_list(".", &names, &err), TG_OK);
    assert_int_equal(names.count, 1); /* no temporary file is left */
    fs_names_release(&names);
    assert_int_equal(fs_read_file("none", &text, &err), TG_IO);
    assert_string_equal(err.what, "file 'none' cannot be opened: No such file or directory");
    assert_int_equal(fs_read_file(".", &text, &err), TG_IO);
    assert_int_equal(fs_write_file("none/x", "x", 1, &err), TG_IO);
    buf_release(&text);
    text.max = 10;
    assert_int_equal(fs_write_file("big", bytes, sizeof(bytes), &err), TG_OK);
    assert_int_equal(fs_read_file("big", &text, &err), TG_NOMEM);
    buf_release(&text);
}

/* What cannot be put in place leaves the old content, and nothing beside it. */
static void test_write_fails_cleanly(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(fs_mkdirs("taken/inner", &err), TG_OK);
    assert_int_equal(fs_write_file("taken", "x", 1, &err), TG_IO);
    struct fs_names names;
    assert_int_equal(fs_list(".", &names, &err), TG_OK);
    assert_int_equal(names.count, 1);
    fs_names_release(&names);
}

static void test_sync_and_rename(void **state)
{
    (void)state;
    struct tg_error err = {0};
    put("a");
    assert_int_equal(fs_sync_file("a", &err), TG_OK);
    assert_int_equal(fs_sync_file(".", &err), TG_OK);
    assert_int_equal(fs_sync_file("none", &err), TG_IO);
    put("d/b");
    assert_int_equal(fs_rename("a", "d/b", &err), TG_OK);
    assert_false(exists("a"));
    assert_int_equal(fs_rename("d", "e", &err), TG_OK);
    assert_true(exists("e/b"));
    assert_int_equal(fs_rename("none", "f", &err), TG_IO);
    assert_non_null(strstr(err.what, "'none' cannot be renamed to 'f'"));
}

static void test_remove(void **state)
{
    (void)state;
    struct tg_error err = {0};
    put("a");
    assert_int_equal(fs_remove("a", &err), TG_OK);
    assert_int_equal(fs_remove("a", &err), TG_OK);
    assert_int_equal(fs_mkdirs("d", &err), TG_OK);
    assert_int_equal(fs_remove("d", &err), TG_IO);
    put("keep/me");
    put("tree/a/b/c/file");
    put("tree/.hidden");
    assert_int_equal(symlink("../keep", "tree/link"), 0);
    assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
    assert_int_equal(fs_remove_tree("tree", &err), TG_OK);
    assert_false(exists("tree"));
    assert_true(exists("keep/me"));
    assert_int_equal(fs_remove_tree("tree", &err), TG_OK);
    assert_int_equal(fs_remove_tree("keep/me", &err), TG_OK);
    assert_false(exists("keep/me"));
}

static void check_names(const struct fs_names *names, const char *expected)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < names->count; i++)
        buf_printf(&text, i ? " %s" : "%s", names->items[i]);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
}

static void test_list(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct fs_names names;
    put("b");
    put("B");
    put("a10");
    put("a2");
    put(".h");
    put("\xC3\xA9");
    put("sub/x");
    assert_int_equal(fs_list(".", &names, &err), TG_OK);
    check_names(&names, ".h B a10 a2 b sub \xC3\xA9");
    fs_names_release(&names);
    fs_names_release(&names);
    assert_int_equal(fs_list("none", &names, &err), TG_OK);
    assert_int_equal(names.count, 0);
    assert_int_equal(fs_list("b", &names, &err), TG_IO);
}

static void check_glob(const char *pattern, const char *expected)
{
    struct tg_error err = {0};
    struct fs_names names;
    if (fs_glob(pattern, &names, &err) != TG_OK)
        fail_msg("%s: %s", pattern, err.what);
    check_names(&names, expected);
    fs_names_release(&names);
}

static void test_glob_literal(void **state)
{
    (void)state;
    struct buf pattern = BUF_INIT;
    put("[x].csv");
    put("x.csv");
    fs_glob_literal("a/[x]*?.csv", &pattern);
    assert_string_equal(buf_string(&pattern), "a/[[]x][*][?].csv");
    buf_clear(&pattern);
    fs_glob_literal("[x].csv", &pattern);
    check_glob(buf_string(&pattern), "[x].csv");
    buf_release(&pattern);
}

static void test_glob(void **state)
{
    (void)state;
    put("b.csv");
    put("a.csv");
    put(".h.csv");
    put("it's.txt");
    put("[x].csv");
    put("d/c.csv");
    put("d/e/f.csv");
    put("d/e/.g/h.csv");
    put("dir.csv/inside.csv");
    check_glob("a.csv", "a.csv");
    check_glob("it's.txt", "it's.txt");
    check_glob("*.csv", "[x].csv a.csv b.csv");
    check_glob("./*.csv", "./[x].csv ./a.csv ./b.csv");
    check_glob(".*.csv", ".h.csv");
    check_glob("?.csv", "a.csv b.csv");
    check_glob("[b-c].csv", "b.csv");
    check_glob("\\[x].csv", "[x].csv");
    check_glob("*/*.csv", "d/c.csv dir.csv/inside.csv");
    check_glob("d/*/f.csv", "d/e/f.csv");
    check_glob("d/*/none.csv", "");
    check_glob("*/e/f.csv", "d/e/f.csv");
    check_glob("a.csv/*", "");
    check_glob("none/*", "");
    check_glob("**/*.csv", "[x].csv a.csv b.csv d/c.csv d/e/f.csv dir.csv/inside.csv");
    check_glob("d/**/*.csv", "d/c.csv d/e/f.csv");
    check_glob("d/**", "d/c.csv d/e/f.csv");
    check_glob("**/e/**/*.csv", "d/e/f.csv");
    check_glob("**/**/*.csv", "[x].csv a.csv b.csv d/c.csv d/e/f.csv dir.csv/inside.csv");
    check_glob("**/f.csv", "d/e/f.csv");
    check_glob("d//e/*.csv", "d/e/f.csv");
    check_glob("**/.g/*", "d/e/.g/h.csv");
    check_glob("*.none", "");
    char pattern[5000];
    char expected[5000];
    snprintf(pattern, sizeof(pattern), "%s/[ab].csv", folder);
    snprintf(expected, sizeof(expected), "%s/a.csv %s/b.csv", folder, folder);
    check_glob(pattern, expected);
}

static void test_glob_links(void **state)
{
    (void)state;
    put("d/a.csv");
    assert_int_equal(symlink(".", "d/loop"), 0);
    assert_int_equal(symlink("../..", "d/up"), 0);
    assert_int_equal(symlink("self", "d/self"), 0);
    assert_int_equal(symlink("a.csv", "d/b.csv"), 0);
    assert_int_equal(symlink("nowhere", "d/c.csv"), 0);
    assert_int_equal(symlink("d", "alias"), 0);
    check_glob("d/*.csv", "d/a.csv d/b.csv");
    check_glob("alias/*.csv", "alias/a.csv alias/b.csv");
    struct fs_names names;
    assert_int_equal(fs_glob("d/**/*.csv", &names, NULL), TG_OK);
    assert_true(names.count >= 2); /* it ends */
    assert_string_equal(names.items[0], "d/a.csv");
    fs_names_release(&names);
}

static void test_glob_errors(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct fs_names names;
    assert_int_equal(fs_glob("none.csv", &names, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "file 'none.csv' does not exist"));
    assert_int_equal(names.count, 0);
    assert_int_equal(fs_mkdirs("d", &err), TG_OK);
    assert_int_equal(fs_glob("d", &names, &err), TG_SOURCE);
    assert_string_equal(err.what, "file 'd' is a folder; name its files, as in 'd/*'");
    assert_int_equal(fs_glob("d/", &names, &err), TG_SOURCE);
    assert_string_equal(err.what, "file 'd/' is a folder; name its files, as in 'd/*'");
    assert_int_equal(fs_glob("", &names, &err), TG_SOURCE);
}

static int glob_all(void)
{
    struct fs_names names;
    struct tg_error err = {0};
    int rc = fs_glob("**/*", &names, &err);
    fs_names_release(&names);
    return rc;
}

static int write_and_read(void)
{
    struct buf text = BUF_INIT;
    struct tg_error err = {0};
    int rc = TG_OK;
    TRY(fs_mkdirs("t/u", &err));
    TRY(fs_write_file("t/u/file", "0123456789", 10, &err));
    TRY(fs_read_file("t/u/file", &text, &err));
done:
    buf_release(&text);
    return rc;
}

static int lock_once(void)
{
    struct fs_lock lock;
    struct tg_error err = {0};
    int rc = fs_lock("lock", &lock, &err);
    fs_unlock(&lock);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    put("d/a.csv");
    put("d/e/f.csv");
    put("g.csv");
    torture(glob_all);
    torture(write_and_read);
    torture(lock_once);
}

static void test_lock(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct fs_lock lock;
    struct fs_lock second;
    struct buf text = BUF_INIT;
    char mine[64];
    assert_int_equal(fs_lock("lock", &lock, &err), TG_OK);
    assert_non_null(lock.holder);
    assert_int_equal(fs_read_file("lock", &text, &err), TG_OK);
    snprintf(mine, sizeof(mine), "pid %ld on ", (long)getpid());
    assert_memory_equal(text.data, mine, strlen(mine));
    assert_non_null(strstr(text.data, " since 20"));
    assert_string_equal(text.data + text.len - 2, "Z\n");
    assert_int_equal(fs_lock("lock", &second, &err), TG_LOCKED);
    assert_null(second.holder);
    assert_true(err.retryable);
    assert_non_null(strstr(err.what, mine));
    assert_null(strchr(err.what, '\n'));
    fs_unlock(&lock);
    fs_unlock(&lock);
    assert_null(lock.holder);
    assert_int_equal(fs_lock("lock", &second, &err), TG_OK);
    fs_unlock(&second);
    assert_int_equal(fs_lock("none/lock", &lock, &err), TG_IO);
    assert_null(lock.holder);
    buf_release(&text);
}

/* A program that ends without a word leaves no lock. */
static void test_lock_dies_with_its_process(void **state)
{
    (void)state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct fs_lock lock;
        char failed = fs_lock("lock", &lock, NULL) != TG_OK;
        (void)!write(ready[1], &failed, 1);
        for (;;)
            pause();
    }
    char failed = 1;
    assert_int_equal(read(ready[0], &failed, 1), 1);
    assert_int_equal(failed, 0);
    struct tg_error err = {0};
    struct fs_lock lock;
    char expected[64];
    assert_int_equal(fs_lock("lock", &lock, &err), TG_LOCKED);
    snprintf(expected, sizeof(expected), "held by pid %ld on ", (long)child);
    assert_non_null(strstr(err.what, expected));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(fs_lock("lock", &lock, &err), TG_OK);
    fs_unlock(&lock);
    close(ready[0]);
    close(ready[1]);
}

/* A process that takes the lock, forks, says so and waits; *forked is what it has forked. */
static pid_t hold_and_fork(pid_t *forked)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t holder = fork();
    if (holder == 0) {
        struct fs_lock lock;
        pid_t child = fs_lock("lock", &lock, NULL) == TG_OK ? fork() : -1;
        if (child != 0)
            (void)!write(ready[1], &child, sizeof(child));
        alarm(60);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], forked, sizeof(*forked)), sizeof(*forked));
    assert_true(*forked > 0);
    close(ready[0]);
    close(ready[1]);
    return holder;
}

/* With the file open in a table that fork copies, the second fs_lock finds it taken. */
static void test_lock_is_not_forked(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct fs_lock lock;
    pid_t forked = 0;
    pid_t holder = hold_and_fork(&forked);
    assert_int_equal(fs_lock("lock", &lock, &err), TG_LOCKED);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_int_equal(kill(forked, 0), 0);
    assert_int_equal(fs_lock("lock", &lock, &err), TG_OK);
    fs_unlock(&lock);
    kill(forked, SIGKILL);
}

/* What a forked process does with its copy leaves the lock where it is. */
static void test_lock_survives_its_copy(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct fs_lock lock;
    struct fs_lock second;
    assert_int_equal(fs_lock("lock", &lock, &err), TG_OK);
    pid_t child = fork();
    if (child == 0) {
        fs_unlock(&lock);
        _exit(fs_lock("lock", &second, &err) == TG_LOCKED ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(fs_lock("lock", &second, &err), TG_LOCKED);
    fs_unlock(&lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_paths),
        TEST(test_absolute_and_identity),
        TEST(test_stat),
        TEST(test_mkdirs),
        TEST(test_whether_folders_can_be_made),
        TEST(test_read_and_write),
        TEST(test_write_fails_cleanly),
        TEST(test_sync_and_rename),
        TEST(test_remove),
        TEST(test_list),
        TEST(test_glob),
        TEST(test_glob_literal),
        TEST(test_glob_links),
        TEST(test_glob_errors),
        TEST(test_torture),
        TEST(test_lock),
        TEST(test_lock_dies_with_its_process),
        TEST(test_lock_is_not_forked),
        TEST(test_lock_survives_its_copy),
    };
    return cmocka_run_group_tests_name("base/fs", tests, NULL, NULL);
}
