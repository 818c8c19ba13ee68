/*
 * Files and directories, with the durability that sealing a package needs.
 */
#ifndef TIDEGATE_BASE_FS_H
#define TIDEGATE_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct fs_stat {
    bool exists;
    bool is_dir;
    bool is_file; /* a regular one: no pipe, no device */
    int64_t size;
    int64_t mtime_us;
    uint64_t device, inode; /* together: which file it is, whatever it is called */
};

char *fs_join(const char *folder, const char *name); /* out (mem_free); an absolute `name` is
                                                        returned as it is; NULL: no memory */
/* Appends the path from the root on: a relative one starts at the current directory. TG_IO. */
int fs_absolute(const char *path, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Appends what is equal for all paths to one file, also to one that is not there yet. */
int fs_identity(const char *path, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
char *fs_dirname(const char *path); /* out; "." when there is no folder part */
/* exists = false when absent; other failures are TG_IO. */
int fs_stat(const char *path, struct fs_stat *out, struct tg_error *err) TG_CHECK_RESULT;
int fs_stat_open(int fd, struct fs_stat *out, struct tg_error *err) TG_CHECK_RESULT; /* the same */
int fs_mkdirs(const char *path, struct tg_error *err) TG_CHECK_RESULT; /* like mkdir -p */
/* Could it, or (it is there) be written to? Nothing is made; an absolute path. */
int fs_may_mkdirs(const char *path, struct tg_error *err) TG_CHECK_RESULT;
int fs_read_file(const char *path, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Writes a temporary file beside `path`, fsyncs it and renames it over `path`. */
int fs_write_file(const char *path, const void *bytes, size_t len,
                  struct tg_error *err) TG_CHECK_RESULT;
int fs_sync_file(const char *path,
                 struct tg_error *err) TG_CHECK_RESULT; /* fsync; works for folders too */
/* rename(2) and fsync of the target's folder: durable when it returns. */
int fs_rename(const char *from, const char *to, struct tg_error *err) TG_CHECK_RESULT;
int fs_remove(const char *path, struct tg_error *err) TG_CHECK_RESULT; /* a file; absent is fine */
int fs_remove_tree(const char *path, struct tg_error *err)
    TG_CHECK_RESULT; /* absent is fine; does not follow links */

struct fs_names {
    char **items; /* sorted by bytes */
    size_t count;
};
/* Entries of a folder without "." and ".."; an absent folder gives none. */
int fs_list(const char *path, struct fs_names *out, struct tg_error *err) TG_CHECK_RESULT;
/* Paths that match a glob pattern (**: any depth), sorted by bytes; files only (links followed).
 * A path without a wildcard that does not exist, or is a folder, is TG_SOURCE and says so. */
int fs_glob(const char *pattern, struct fs_names *out, struct tg_error *err) TG_CHECK_RESULT;
/* Appends a path as the pattern that only it matches. DuckDB's patterns read the same. */
void fs_glob_literal(const char *path, struct buf *out);
void fs_names_release(struct fs_names *names);

/* An exclusive lock on the file `path` (made if absent), also between two in one process; the file
 * holds who has it. A taken lock is TG_LOCKED and the message says who (pid, host, since). The lock
 * dies with the process, whatever it has forked. */
struct lock_holder; /* opaque */
struct fs_lock {
    struct lock_holder *holder; /* NULL: not held */
};
int fs_lock(const char *path, struct fs_lock *out, struct tg_error *err) TG_CHECK_RESULT;
/* May this process have it, once nobody else does? Nothing is made or locked. */
int fs_may_lock(const char *path, struct tg_error *err) TG_CHECK_RESULT;
void fs_unlock(struct fs_lock *lock);

#endif
