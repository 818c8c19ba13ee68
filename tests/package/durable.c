/*
 * What is on disk when the power goes, at every step: sealing, dropping and setting aside a package
 * leave it whole or not there at all, and what was reported as done stays done.
 *
 * The model of a disk without power: a file has the bytes it had when it was synced, else none; a
 * folder has the entries it had when it was synced. Both are told by inode, as a disk does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/fault.h"
#include "package/package.h"
#include "tests/database/sample.h"

/* ---- the disk ---- */

enum { ENTRIES_MAX = 256 };

struct entry { /* of a folder, when it was synced */
    ino_t folder, inode;
    char name[sizeof(((struct dirent *)NULL)->d_name)];
};

static struct disk {
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
    struct {
        ino_t inode;
        off_t size;
    } files[ENTRIES_MAX];
    size_t file_count;
} disk;

static struct stat stat_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info;
}

static void sync_folder(const char *path, ino_t folder)
{
    size_t kept = 0;
    DIR *listing = opendir(path);
    assert_non_null(listing);
    for (size_t i = 0; i < disk.entry_count; i++)
        if (disk.entries[i].folder != folder)
            disk.entries[kept++] = disk.entries[i];
    disk.entry_count = kept;
    for (const struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(disk.entry_count < ENTRIES_MAX);
        struct entry *new = &disk.entries[disk.entry_count++];
        *new = (struct entry){.folder = folder, .inode = entry->d_ino};
        memcpy(new->name, entry->d_name, strlen(entry->d_name) + 1);
    }
    closedir(listing);
}

static void sync_one(const char *path)
{
    struct stat info = stat_of(path);
    if (S_ISDIR(info.st_mode)) {
        sync_folder(path, info.st_ino);
        return;
    }
    assert_true(disk.file_count < ENTRIES_MAX);
    disk.files[disk.file_count].inode = info.st_ino;
    disk.files[disk.file_count++].size = info.st_size;
}

/* ---- the power goes ---- */

static ino_t wanted;
static char found[1024];

static int is_it(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)type;
    (void)place;
    if (info->st_ino == wanted)
        snprintf(found, sizeof(found), "%s", path);
    return 0;
}

/* Where an inode is now; "" when it is gone for good. */
static const char *path_of(ino_t inode)
{
    wanted = inode;
    found[0] = '\0';
    assert_int_equal(nftw("w", is_it, 16, FTW_PHYS), 0);
    return found;
}

static bool is_synced(ino_t inode, off_t size)
{
    for (size_t i = disk.file_count; i-- > 0;)
        if (disk.files[i].inode == inode)
            return disk.files[i].size == size;
    return false;
}

/* What the disk has of a folder, written out at `to`. */
static void recover(ino_t folder, const char *to)
{
    sample_ok(fs_mkdirs(to, err));
    for (size_t i = 0; i < disk.entry_count; i++) {
        const struct entry *entry = &disk.entries[i];
        if (entry->folder != folder || !*path_of(entry->inode))
            continue;
        struct stat info = stat_of(found);
        struct buf bytes = BUF_INIT;
        char *path = fs_join(to, entry->name);
        if (S_ISDIR(info.st_mode)) {
            recover(entry->inode, path);
        } else {
            if (is_synced(entry->inode, info.st_size))
                sample_ok(fs_read_file(found, &bytes, err));
            sample_ok(fs_write_file(path, buf_string(&bytes), bytes.len, err));
        }
        buf_release(&bytes);
        mem_free(path);
    }
}

/* ---- what must hold then ---- */

static struct context ctx;
static struct engine *engine;
static int steps, step_of_failure;
static bool folders_left;
static enum { MAY_BE_THERE, MUST_BE_THERE, MUST_BE_GONE } rule;

/* After the next run has tidied up: the sealed packages that are there are whole. */
static void check_recovered(void)
{
    struct fs_names sealed = {0};
    struct manifest manifest;
    recover(stat_of("w").st_ino, "lost");
    sample_ok(package_settle("lost/p", &sealed, err));
    for (size_t i = 0; i < sealed.count; i++) {
        sample_ok(package_open(sealed.items[i], &manifest, err));
        assert_int_equal(manifest.tables[0].files[0].row_count, 3000);
        manifest_release(&manifest);
    }
    if (rule == MUST_BE_THERE)
        assert_int_equal(sealed.count, 1);
    if (rule == MUST_BE_GONE)
        assert_int_equal(sealed.count, 0);
    fs_names_release(&sealed);
    sample_ok(fs_remove_tree("lost", err));
}

/* The power goes before each call; or the call fails. */
static bool on_call(void *user, const char *call, const char *path, const char *to)
{
    (void)user;
    (void)to;
    fault_ask(NULL, NULL); /* the check has calls of its own */
    check_recovered();
    fault_ask(on_call, NULL);
    steps++;
    bool fails = steps == step_of_failure;
    if (strcmp(call, "fsync") == 0 && !fails)
        sync_one(path);
    return fails;
}

static void watch(int failing_step)
{
    steps = 0;
    step_of_failure = failing_step;
    fault_ask(on_call, NULL);
}

static void unwatch(void)
{
    fault_ask(NULL, NULL);
    check_recovered();
}

/* ---- sealing, dropping, setting aside ---- */

static void start(void)
{
    disk = (struct disk){0};
    rule = MAY_BE_THERE;
    sample_ok(fs_remove_tree("w", err));
    sample_ok(fs_mkdirs("w", err));
    sync_one("w");
}

/* Somebody made them and was killed before they were synced. */
static void leave_folders(void)
{
    assert_int_equal(mkdir("w/p/sealed", 0777), 0);
    assert_int_equal(mkdir("w/p/failed", 0777), 0);
}

/* One table with 3,000 rows. */
static int seal(char **path, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    struct package *package = NULL;
    struct manifest_table *table = NULL;
    struct ArrowSchema schema;
    sample_schema(&schema);
    struct ArrowArray *arrays = sample_batches(3000, &count);
    TRY(fs_mkdirs("w/p", err));
    TRY(package_create(&ctx, engine, "w/p", "1.5", &package, err));
    package_manifest(package)->state = "{}";
    for (size_t i = 0; i < count; i++)
        TRY(package_append(package, "person", &schema, &arrays[i], err));
    if (folders_left)
        leave_folders();
    TRY(manifest_add_table(package_manifest(package), "person", "person", false, &table, err));
    TRY(package_seal(package, path, err));
done:
    for (size_t i = 0; i < count; i++)
        array_release(&arrays[i]);
    package_free(package);
    mem_free(arrays);
    schema_release(&schema);
    return rc;
}

static void test_power_goes(void **state)
{
    (void)state;
    const struct tg_error why = {.what = "it was refused"};
    char *path = NULL;
    for (int aside = 0; aside < 2; aside++) {
        start();
        folders_left = aside;
        watch(0);
        sample_ok(seal(&path, err));
        assert_true(steps >= 6); /* a Parquet file, the manifest, four folders */
        rule = MUST_BE_THERE;
        unwatch();
        rule = MAY_BE_THERE;
        watch(0);
        if (aside)
            sample_ok(package_set_aside(path, "failed", &why, err));
        else
            sample_ok(package_drop(path, err));
        assert_true(steps >= 2);
        rule = MUST_BE_GONE;
        unwatch();
        mem_free(path);
    }
}

/* A call that fails is an error, not a package that may not be there tomorrow. */
static void test_call_fails(void **state)
{
    (void)state;
    char *path = NULL;
    int rc = TG_IO;
    folders_left = false;
    for (int step = 1; rc != TG_OK; step++) {
        struct tg_error err = {0};
        start();
        watch(step);
        rc = seal(&path, &err);
        bool failed = steps >= step;
        rule = rc == TG_OK ? MUST_BE_THERE : MAY_BE_THERE;
        unwatch();
        assert_int_equal(rc, failed ? TG_IO : TG_OK);
        mem_free(path);
        path = NULL;
    }
}

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state) || engine_new(&ctx, "tmp", &engine, NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    fault_ask(NULL, NULL);
    engine_free(engine);
    return sample_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_power_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_call_fails, setup, teardown),
    };
    return cmocka_run_group_tests_name("package/durable", tests, NULL, NULL);
}
