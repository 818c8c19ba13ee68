/*
 * What the path of a database file leads to.
 *
 * Path: place_find -> check_file, check_folder for one that is there, absent_place for one that
 * could be made: before anything is read that would be in vain, and in our words instead of
 * DuckDB's own.
 */
#include "duckdb/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/memory.h"

/* Says in our words what DuckDB would say in its own, or not at all. */
static int check_file(const char *path, const struct stat *info, bool reads, struct tg_error *err)
{
    if (S_ISDIR(info->st_mode))
        return error_set(err, TG_DESTINATION, "'%s' is a folder; name a file in it", path);
    if (!S_ISREG(info->st_mode))
        return error_set(err, TG_DESTINATION, "'%s' is a pipe or a device; name a file", path);
    if (access(path, reads ? R_OK : R_OK | W_OK) != 0)
        return error_errno(err, TG_DESTINATION, errno,
                           "'%s' cannot be %s; change its permissions or name another file", path,
                           reads ? "read" : "written");
    return TG_OK;
}

/* Before anything is read that would be in vain: DuckDB writes its log beside the file. */
static int check_folder(const char *folder, bool reads, struct tg_error *err)
{
    if (!reads && access(folder, W_OK | X_OK) != 0)
        return error_errno(err, TG_DESTINATION, errno,
                           "folder '%s' cannot be written; change its permissions, or name a file "
                           "elsewhere",
                           folder);
    return TG_OK;
}

/* The place of a file that is not there, but could be. */
static int absent_place(const char *path, bool reads, struct place *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct stat info;
    char folder_path[PATH_MAX];
    char *folder = fs_dirname(path);
    if (!folder)
        return error_nomem(err);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    bool found = realpath(folder, folder_path);
    if (lstat(path, &info) == 0)
        rc = error_set(err, TG_DESTINATION,
                       "'%s' is a link to a file that does not exist; remove the link, or name "
                       "the file itself",
                       path);
    else if (!found)
        rc = error_set(err, TG_DESTINATION,
                       "folder '%s' does not exist; create it, or name a file elsewhere", folder);
    else if (snprintf(out->path, PATH_MAX, "%s/%s", folder_path, name) >= PATH_MAX)
        rc = error_errno(err, TG_DESTINATION, ENAMETOOLONG, "'%s' cannot be used", path);
    else
        rc = check_folder(folder_path, reads, err);
    mem_free(folder);
    return rc;
}

int place_find(const char *path, bool reads, struct place *out, struct tg_error *err)
{
    out->exists = stat(path, &out->info) == 0;
    if (!out->exists && errno != ENOENT && errno != ENOTDIR)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be examined", path);
    if (!out->exists)
        return absent_place(path, reads, out, err);
    if (!realpath(path, out->path))
        return error_errno(err, TG_IO, errno, "file '%s' cannot be examined", path);
    int rc = check_file(path, &out->info, reads, err);
    char *folder = fs_dirname(out->path);
    if (rc == TG_OK)
        rc = folder ? check_folder(folder, reads, err) : error_nomem(err);
    mem_free(folder);
    return rc;
}
