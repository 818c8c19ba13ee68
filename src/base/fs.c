/*
 * Files and folders: paths, reading, durable writing and renaming, listing, glob patterns, locks.
 *
 * Path of a durable write: fs_write_file (temporary file, fsync, fs_rename) -> fs_rename (rename,
 * fsync of the folder). Path of a pattern: fs_glob -> glob_walk, part by part, over fs_list and
 * fnmatch; `**` walks down, and does not enter a folder that it is already in, so that loops of
 * links end. A lock is flock(2) on a file that a thread of its own has open (hold_lock): it
 * dies with the process, and what that starts or forks has no part in it.
 *
 * What is in the files, and decompression (codec.c), is left to others.
 */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/thread.h"
#include "base/time.h"

/* ---- Paths --------------------------------------------------------------------------------- */

char *fs_join(const char *folder, const char *name)
{
    size_t len = folder && name[0] != '/' ? strlen(folder) : 0;
    if (len == 0)
        return mem_strdup(name);
    size_t name_len = strlen(name);
    size_t slash = folder[len - 1] != '/';
    char *path = mem_alloc(len + slash + name_len + 1);
    if (path) {
        memcpy(path, folder, len);
        path[len] = '/';
        memcpy(path + len + slash, name, name_len + 1);
    }
    return path;
}

int fs_absolute(const char *path, struct buf *out, struct tg_error *err)
{
    char here[PATH_MAX];
    if (path[0] != '/') {
        if (!getcwd(here, sizeof(here)))
            return error_errno(err, TG_IO, errno, "the current directory has no path");
        buf_printf(out, "%s/", strcmp(here, "/") == 0 ? "" : here);
    }
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    buf_text(out, path);
    return buf_check(out, err);
}

int fs_identity(const char *path, struct buf *out, struct tg_error *err)
{
    struct stat info;
    char *folder = fs_dirname(path);
    const char *slash = strrchr(path, '/');
    if (!folder)
        return error_nomem(err);
    if (stat(path, &info) == 0)
        buf_printf(out, "%llu:%llu", (unsigned long long)info.st_dev,
                   (unsigned long long)info.st_ino);
    else if (stat(folder, &info) == 0)
        buf_printf(out, "%llu:%llu/%s", (unsigned long long)info.st_dev,
                   (unsigned long long)info.st_ino, slash ? slash + 1 : path);
    else
        buf_text(out, path);
    mem_free(folder);
    return buf_check(out, err);
}

char *fs_dirname(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len == 0)
        return mem_strdup(".");
    while (len > 1 && path[len - 1] == '/')
        len--;
    return mem_strndup(path, len);
}

/* ---- One file ------------------------------------------------------------------------------ */

static struct fs_stat stat_of(const struct stat *info)
{
    return (struct fs_stat){
        .exists = true,
        .is_dir = S_ISDIR(info->st_mode),
        .is_file = S_ISREG(info->st_mode),
        .size = info->st_size,
        .mtime_us = (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000,
        .device = info->st_dev,
        .inode = info->st_ino,
    };
}

int fs_stat_open(int fd, struct fs_stat *out, struct tg_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_errno(err, TG_IO, errno, "an open file cannot be examined");
    *out = stat_of(&info);
    return TG_OK;
}

int fs_stat(const char *path, struct fs_stat *out, struct tg_error *err)
{
    *out = (struct fs_stat){0};
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
            return TG_OK;
        return error_errno(err, TG_IO, errno, "file '%s' cannot be examined", path);
    }
    *out = stat_of(&info);
    return TG_OK;
}

int fs_read_file(const char *path, struct buf *out, struct tg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be opened", path);
    int rc = TG_OK;
    char chunk[16 * 1024];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = error_errno(err, TG_IO, errno, "file '%s' cannot be read", path);
        if (got <= 0 || out->failed)
            break;
        buf_append(out, chunk, (size_t)got);
    }
    close(fd);
    return rc != TG_OK ? rc : buf_check(out, err);
}

/* All of what goes to disk, and that tests can let fail. */

static int sys_fsync(int fd, const char *path)
{
    return fault_fails("fsync", path, NULL) ? -1 : fsync(fd);
}

static int sys_rename(const char *from, const char *to)
{
    return fault_fails("rename", from, to) ? -1 : rename(from, to);
}

static int sys_unlink(const char *path)
{
    return fault_fails("unlink", path, NULL) ? -1 : unlink(path);
}

static int write_all(int fd, const char *path, const void *bytes, size_t len)
{
    const char *rest = bytes;
    if (fault_fails("write", path, NULL))
        return -1;
    while (len > 0) {
        ssize_t put = write(fd, rest, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        rest += put;
        len -= (size_t)put;
    }
    return 0;
}

/* Writes a new file and fsyncs it. */
static int write_synced(const char *path, const void *bytes, size_t len, struct tg_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be made", path);
    int rc = TG_OK;
    if (write_all(fd, path, bytes, len) != 0 || sys_fsync(fd, path) != 0)
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be written", path);
    if (close(fd) != 0 && rc == TG_OK)
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be written", path);
    return rc;
}

int fs_write_file(const char *path, const void *bytes, size_t len, struct tg_error *err)
{
    struct buf temporary = BUF_INIT;
    buf_printf(&temporary, "%s.%ld.tmp", path, (long)getpid());
    int rc = TG_OK;
    TRY(buf_check(&temporary, err));
    rc = write_synced(temporary.data, bytes, len, err);
    if (rc == TG_OK)
        rc = fs_rename(temporary.data, path, err);
    if (rc != TG_OK)
        unlink(temporary.data);
done:
    buf_release(&temporary);
    return rc;
}

int fs_sync_file(const char *path, struct tg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be opened", path);
    int rc = TG_OK;
    /* EINVAL: a file system that cannot sync a folder, and needs not. */
    if (sys_fsync(fd, path) != 0 && errno != EINVAL)
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be synced to disk", path);
    close(fd);
    return rc;
}

static int sync_folder_of(const char *path, struct tg_error *err)
{
    char *folder = fs_dirname(path);
    if (!folder)
        return error_nomem(err);
    int rc = fs_sync_file(folder, err);
    mem_free(folder);
    return rc;
}

int fs_rename(const char *from, const char *to, struct tg_error *err)
{
    if (sys_rename(from, to) != 0)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be renamed to '%s'", from, to);
    return sync_folder_of(to, err);
}

int fs_remove(const char *path, struct tg_error *err)
{
    if (sys_unlink(path) != 0 && errno != ENOENT)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be removed", path);
    return TG_OK;
}

/* ---- Folders ------------------------------------------------------------------------------- */

/* Makes one folder, durably; one that is there already is fine. */
static int make_folder(const char *path, struct tg_error *err)
{
    if (mkdir(path, 0777) == 0)
        return sync_folder_of(path, err);
    int problem = errno;
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return TG_OK;
    return error_errno(err, TG_IO, problem, "folder '%s' cannot be made", path);
}

int fs_mkdirs(const char *path, struct tg_error *err)
{
    if (path[0] == '\0')
        return TG_OK;
    char *part = mem_strdup(path);
    if (!part)
        return error_nomem(err);
    int rc = TG_OK;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(make_folder(part, err));
        *slash = '/';
    }
    TRY(make_folder(part, err));
done:
    mem_free(part);
    return rc;
}

/* How far it is there; *end is behind that. What is there is a folder, or leads to one. */
static int walk_there(char *part, char **end, struct tg_error *err)
{
    struct stat info;
    *end = NULL;
    for (char *slash = part;; *slash = '/') {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (stat(part, &info) != 0)
            return TG_OK; /* the name stays cut off, for who says that it cannot be made */
        if (!S_ISDIR(info.st_mode))
            return error_errno(err, TG_IO, EEXIST, "folder '%s' cannot be made", part);
        *end = part + strlen(part);
        if (!slash)
            return TG_OK;
    }
}

int fs_may_mkdirs(const char *path, struct tg_error *err)
{
    char *end = NULL, *part = mem_strdup(path);
    if (!part)
        return error_nomem(err);
    int rc = walk_there(part, &end, err);
    char *missing = rc == TG_OK ? mem_strdup(part) : NULL;
    if (rc == TG_OK && !missing)
        rc = error_nomem(err);
    if (end)
        *end = '\0';
    if (rc == TG_OK && access(end ? part : "/", W_OK | X_OK) != 0)
        rc = error_errno(err, TG_IO, errno, "folder '%s' cannot be %s", missing,
                         end && strcmp(part, path) == 0 ? "written to" : "made");
    mem_free(missing);
    mem_free(part);
    return rc;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)place;
    int failed = type == FTW_DP ? rmdir(path) : sys_unlink(path);
    return failed && errno != ENOENT ? -1 : 0;
}

int fs_remove_tree(const char *path, struct tg_error *err)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return error_errno(err, TG_IO, errno, "folder '%s' cannot be removed", path);
    return TG_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void sort_names(struct fs_names *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
}

static int add_name(struct fs_names *names, size_t *cap, const char *name, struct tg_error *err)
{
    int rc = mem_grow(&names->items, cap, names->count + 1, sizeof(*names->items), err);
    if (rc != TG_OK)
        return rc;
    char *copy = mem_strdup(name);
    if (!copy)
        return error_nomem(err);
    names->items[names->count++] = copy;
    return TG_OK;
}

int fs_list(const char *path, struct fs_names *out, struct tg_error *err)
{
    *out = (struct fs_names){0};
    DIR *folder = opendir(path);
    if (!folder) {
        if (errno == ENOENT)
            return TG_OK;
        return error_errno(err, TG_IO, errno, "folder '%s' cannot be listed", path);
    }
    int rc = TG_OK;
    size_t cap = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry && errno != 0)
            rc = error_errno(err, TG_IO, errno, "folder '%s' cannot be listed", path);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            TRY(add_name(out, &cap, entry->d_name, err));
    }
done:
    closedir(folder);
    if (rc != TG_OK)
        fs_names_release(out);
    sort_names(out);
    return rc;
}

void fs_names_release(struct fs_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->items[i]);
    mem_free(names->items);
    *names = (struct fs_names){0};
}

/* ---- Patterns ------------------------------------------------------------------------------ */

/* A folder that `**` is in, and those around it. */
struct inside {
    const struct inside *outer;
    dev_t device;
    ino_t inode;
};

struct glob {
    const char **parts; /* the pattern, split at the slashes */
    size_t count;
    size_t parts_cap;
    struct buf path; /* what is matched so far */
    struct fs_names *out;
    size_t out_cap;
};

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

static int glob_walk(struct glob *glob, size_t part, const struct inside *inside,
                     struct tg_error *err);

/* Goes on with `part` one level down, at `name`. */
static int glob_enter(struct glob *glob, const char *name, size_t part, const struct inside *inside,
                      struct tg_error *err)
{
    size_t len = glob->path.len;
    if (len > 0 && glob->path.data[len - 1] != '/')
        buf_char(&glob->path, '/');
    buf_text(&glob->path, name);
    int rc = buf_check(&glob->path, err);
    if (rc == TG_OK)
        rc = glob_walk(glob, part, inside, err);
    glob->path.len = len;
    if (glob->path.data)
        glob->path.data[len] = '\0';
    return rc;
}

static const char *glob_folder(const struct glob *glob)
{
    return glob->path.len > 0 ? glob->path.data : ".";
}

static int glob_wildcard(struct glob *glob, size_t part, struct tg_error *err)
{
    struct fs_stat info;
    struct fs_names names = {0};
    int rc = fs_stat(glob_folder(glob), &info, err);
    if (rc != TG_OK || !info.is_dir)
        return rc;
    TRY(fs_list(glob_folder(glob), &names, err));
    for (size_t i = 0; i < names.count; i++)
        if (fnmatch(glob->parts[part], names.items[i], FNM_PERIOD) == 0)
            TRY(glob_enter(glob, names.items[i], part + 1, NULL, err));
done:
    fs_names_release(&names);
    return rc;
}

/* `**`: what follows it here, and in every folder below. */
static int glob_deep(struct glob *glob, size_t part, const struct inside *outer,
                     struct tg_error *err)
{
    struct stat info;
    if (stat(glob_folder(glob), &info) != 0 || !S_ISDIR(info.st_mode))
        return TG_OK;
    for (const struct inside *around = outer; around; around = around->outer)
        if (around->device == info.st_dev && around->inode == info.st_ino)
            return TG_OK;
    const struct inside here = {outer, info.st_dev, info.st_ino};
    struct fs_names names = {0};
    int rc = TG_OK;
    TRY(glob_walk(glob, part + 1, NULL, err));
    TRY(fs_list(glob_folder(glob), &names, err));
    for (size_t i = 0; i < names.count; i++)
        if (names.items[i][0] != '.')
            TRY(glob_enter(glob, names.items[i], part, &here, err));
done:
    fs_names_release(&names);
    return rc;
}

static int glob_walk(struct glob *glob, size_t part, const struct inside *inside,
                     struct tg_error *err)
{
    if (part == glob->count) {
        struct fs_stat info;
        int rc = fs_stat(glob_folder(glob), &info, err);
        if (rc == TG_OK && info.exists && !info.is_dir)
            rc = add_name(glob->out, &glob->out_cap, glob->path.data, err);
        return rc;
    }
    if (strcmp(glob->parts[part], "**") == 0)
        return glob_deep(glob, part, inside, err);
    if (has_wildcard(glob->parts[part]))
        return glob_wildcard(glob, part, err);
    return glob_enter(glob, glob->parts[part], part + 1, NULL, err);
}

/* Splits the text (which is changed) and makes a `**` at the end mean all files below. */
static int glob_split(struct glob *glob, char *text, struct tg_error *err)
{
    int rc = TG_OK;
    char *rest = NULL;
    if (text[0] == '/')
        buf_char(&glob->path, '/');
    for (char *part = strtok_r(text, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        TRY(mem_grow(&glob->parts, &glob->parts_cap, glob->count + 2, sizeof(*glob->parts), err));
        glob->parts[glob->count++] = part;
    }
    if (glob->count > 0 && strcmp(glob->parts[glob->count - 1], "**") == 0)
        glob->parts[glob->count++] = "*";
    rc = buf_check(&glob->path, err);
done:
    return rc;
}

/* Two `**` reach one file by several ways: once is enough. */
static void sort_unique(struct fs_names *names)
{
    sort_names(names);
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (kept > 0 && strcmp(names->items[kept - 1], names->items[i]) == 0)
            mem_free(names->items[i]);
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

static int check_plain_path(const char *path, struct tg_error *err)
{
    struct fs_stat info;
    int rc = fs_stat(path, &info, err);
    if (rc != TG_OK)
        return rc;
    if (!info.exists)
        return error_set(err, TG_SOURCE, "file '%s' does not exist; correct the path", path);
    if (info.is_dir)
        return error_set(err, TG_SOURCE, "file '%s' is a folder; name its files, as in '%s%s*'",
                         path, path, path[strlen(path) - 1] == '/' ? "" : "/");
    return TG_OK;
}

void fs_glob_literal(const char *path, struct buf *out)
{
    for (; *path; path++) {
        if (strchr("*?[", *path))
            buf_printf(out, "[%c]", *path);
        else
            buf_char(out, *path);
    }
}

int fs_glob(const char *pattern, struct fs_names *out, struct tg_error *err)
{
    *out = (struct fs_names){0};
    struct glob glob = {.out = out};
    char *text = mem_strdup(pattern);
    if (!text)
        return error_nomem(err);
    int rc = TG_OK;
    if (has_wildcard(pattern)) {
        TRY(glob_split(&glob, text, err));
        TRY(glob_walk(&glob, 0, NULL, err));
        sort_unique(out);
    } else {
        TRY(check_plain_path(pattern, err));
        TRY(add_name(out, &glob.out_cap, pattern, err));
    }
done:
    if (rc != TG_OK)
        fs_names_release(out);
    buf_release(&glob.path);
    mem_free(glob.parts);
    mem_free(text);
    return rc;
}

/* ---- Locks --------------------------------------------------------------------------------- */

static int lock_taken(int fd, const char *path, struct tg_error *err)
{
    char holder[256];
    ssize_t len = pread(fd, holder, sizeof(holder) - 1, 0);
    holder[len > 0 ? len : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return error_set(err, TG_LOCKED, "'%s' is held by %s; wait until it has ended", path,
                     holder[0] ? holder : "another run");
}

static int lock_sign(int fd, const char *path, struct tg_error *err)
{
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "this host");
    struct buf text = BUF_INIT;
    buf_printf(&text, "pid %ld on %s since ", (long)getpid(), host);
    time_format_timestamp_z(&text, (int64_t)time(NULL) * 1000000);
    buf_char(&text, '\n');
    int rc = buf_check(&text, err);
    if (rc == TG_OK && (ftruncate(fd, 0) != 0 || write_all(fd, path, text.data, text.len) != 0))
        rc = error_errno(err, TG_IO, errno, "lock file '%s' cannot be written", path);
    buf_release(&text);
    return rc;
}

/* Opens and locks; *out is the open file that has the lock. */
static int lock_take(const char *path, int *out, struct tg_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_errno(err, TG_IO, errno, "lock file '%s' cannot be opened", path);
    int rc = TG_OK;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        rc = lock_sign(fd, path, err);
    else if (errno == EWOULDBLOCK)
        rc = lock_taken(fd, path, err);
    else
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be locked", path);
    if (rc == TG_OK)
        *out = fd;
    else
        close(fd);
    return rc;
}

/* A lock of flock(2) lives as long as any copy of the open file, and fork(2) copies them all; one
 * of fcntl(2) does not keep two threads apart. So a thread holds it that has a table of open files
 * of its own, which no fork of another thread copies. */
struct lock_holder {
    const char *path; /* borrowed while it is taken */
    pid_t process;
    struct worker *worker;
    int fd;
};

/* Where the kernel cannot, the lock is held all the same, but a process that was forked keeps it
 * when this one is killed. */
static void own_table_of_files(void)
{
#ifdef SYS_close_range
    const unsigned unshare = 1U << 1; /* CLOSE_RANGE_UNSHARE */
    (void)!syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, unshare);
#endif
}

static int hold_lock(void *arg, struct tg_error *err)
{
    struct lock_holder *holder = arg;
    own_table_of_files();
    return lock_take(holder->path, &holder->fd, err);
}

static int drop_lock(void *arg, struct tg_error *err)
{
    (void)err;
    struct lock_holder *holder = arg;
    flock(holder->fd, LOCK_UN);
    close(holder->fd);
    return TG_OK;
}

int fs_lock(const char *path, struct fs_lock *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct lock_holder *holder = mem_calloc(1, sizeof(*holder));
    out->holder = NULL;
    if (!holder)
        return error_nomem(err);
    *holder = (struct lock_holder){.path = path, .process = getpid()};
    TRY(worker_start(&holder->worker, err));
    TRY(worker_submit(holder->worker, hold_lock, holder, err));
    TRY(worker_wait(holder->worker, err));
    out->holder = holder;
done:
    if (rc != TG_OK) {
        worker_stop(holder->worker);
        mem_free(holder);
    }
    return rc;
}

int fs_may_lock(const char *path, struct tg_error *err)
{
    if (access(path, R_OK | W_OK) == 0 || errno == ENOENT)
        return TG_OK;
    return error_errno(err, TG_IO, errno, "lock file '%s' cannot be opened", path);
}

void fs_unlock(struct fs_lock *lock)
{
    struct lock_holder *holder = lock->holder;
    lock->holder = NULL;
    if (!holder || holder->process != getpid()) /* the thread was not forked */
        return;
    (void)!worker_submit(holder->worker, drop_lock, holder, NULL); /* no job before it failed */
    worker_stop(holder->worker);
    mem_free(holder);
}
