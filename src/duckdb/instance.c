/*
 * DuckDB files that are open in this process: one instance each, shared and counted.
 *
 * Path: instance_join -> find_place (what the path leads to) -> find_open, else open_file;
 * instance_leave closes with the last use. A file is known by device and inode, so links and other
 * paths lead to the same instance. All of it happens under one lock, opening and closing too:
 * nobody gets in between. The list is the one global there is, because the lock on a file is the
 * process's as well: whoever closes a descriptor of it, if only to read its header, gives it up.
 *
 * What a connection does is the driver's.
 */
#include "duckdb/instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/memory.h"

struct instance {
    struct instance *next;
    dev_t device;
    ino_t inode;
    pid_t process;  /* a forked child has the list, but no instance that works */
    bool read_only; /* other processes may have it open so, too */
    char *path;
    size_t use_count;
    size_t memory_bytes; /* the sum of what the uses may take */
    duckdb_database database;
};

static struct {
    pthread_mutex_t lock;
    struct instance *first;
} open_files = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- what a path leads to ---- */

enum { TEMP_MAX = PATH_MAX + 8 };

struct place {
    char path[PATH_MAX]; /* absolute, without links: the database's log lies beside the file */
    bool exists;
    struct stat info;
};

/* Says in our words what DuckDB would say in its own, or not at all. */
static int check_file(const char *path, const struct stat *info, enum instance_mode mode,
                      struct tg_error *err)
{
    bool reads = mode == INSTANCE_READS;
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
static int check_folder(const char *folder, enum instance_mode mode, struct tg_error *err)
{
    if (mode != INSTANCE_READS && access(folder, W_OK | X_OK) != 0)
        return error_errno(err, TG_DESTINATION, errno,
                           "folder '%s' cannot be written; change its permissions, or name a file "
                           "elsewhere",
                           folder);
    return TG_OK;
}

/* The place of a file that is not there, but could be. */
static int absent_place(const char *path, enum instance_mode mode, struct place *out,
                        struct tg_error *err)
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
        rc = check_folder(folder_path, mode, err);
    mem_free(folder);
    return rc;
}

static int find_place(const char *path, enum instance_mode mode, struct place *out,
                      struct tg_error *err)
{
    out->exists = stat(path, &out->info) == 0;
    if (!out->exists && errno != ENOENT && errno != ENOTDIR)
        return error_errno(err, TG_IO, errno, "file '%s' cannot be examined", path);
    if (!out->exists)
        return absent_place(path, mode, out, err);
    if (!realpath(path, out->path))
        return error_errno(err, TG_IO, errno, "file '%s' cannot be examined", path);
    int rc = check_file(path, &out->info, mode, err);
    char *folder = fs_dirname(out->path);
    if (rc == TG_OK)
        rc = folder ? check_folder(folder, mode, err) : error_nomem(err);
    mem_free(folder);
    return rc;
}

/* ---- who has it open ---- */

static bool is_of(const struct instance *instance, const struct stat *info)
{
    return instance->device == info->st_dev && instance->inode == info->st_ino;
}

/* Has something in this process a descriptor of the file, another engine say? */
static bool is_held(const struct stat *info)
{
    struct stat other;
    bool held = false;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return false;
    for (const struct dirent *entry; !held && (entry = readdir(folder));)
        held = fstatat(dirfd(folder), entry->d_name, &other, 0) == 0 &&
               other.st_dev == info->st_dev && other.st_ino == info->st_ino;
    closedir(folder);
    return held;
}

static int refuse(struct tg_error *err, const char *path, const char *why)
{
    return error_set(err, TG_LOCKED, "'%s' %s, run again", path, why);
}

/* The instance of a file; *out = NULL: it is free to be opened. */
static int find_open(const struct place *place, struct instance **out, struct tg_error *err)
{
    bool inherited = false;
    *out = NULL;
    for (struct instance *instance = open_files.first; instance; instance = instance->next) {
        bool same = place->exists && is_of(instance, &place->info);
        if (instance->process != getpid()) {
            inherited |= same; /* its descriptors are copies, and hold nothing */
        } else if (same) {
            *out = instance;
            return TG_OK;
        } else if (strcmp(instance->path, place->path) == 0) {
            return refuse(err, place->path,
                          "was replaced or removed while this process has it open; close what "
                          "reads or writes it");
        }
    }
    if (place->exists && !inherited && is_held(&place->info))
        return refuse(err, place->path,
                      "is open in this process by another engine, and two on one file destroy it; "
                      "close the other connection");
    return TG_OK;
}

/* ---- instances ---- */

static void free_instance(struct instance *instance)
{
    if (!instance)
        return;
    duck_close(&instance->database);
    mem_free(instance->path);
    mem_free(instance);
}

/* Every DuckDB from 1.0 on reads it. What engines from 2.0 on make by themselves, older ones do not
 * read; it loads as fast and is a sixth smaller. */
static const char default_storage[] = "v1.0.0";

/* The file's first bytes: a checksum, "DUCK", numbers, the version that wrote it. */
enum { MAGIC_AT = 8, WRITER_AT = 52, WRITER_BYTES = 32 };

/* Which DuckDB wrote the file; "" if none did. Nothing in this process has it open (find_open). */
static void read_writer(const char *path, char out[WRITER_BYTES + 1])
{
    char head[WRITER_AT + WRITER_BYTES + 1] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && read(fd, head, sizeof(head) - 1) == sizeof(head) - 1;
    if (fd >= 0)
        close(fd);
    bool ours = whole && memcmp(head + MAGIC_AT, "DUCK", 4) == 0;
    snprintf(out, WRITER_BYTES + 1, "%s", ours ? head + WRITER_AT : "");
}

/* A file of a newer DuckDB: says how to get at it. */
static int explain(int rc, const char *path, struct tg_error *why, struct tg_error *err)
{
    char writer[WRITER_BYTES + 1] = "";
    if (strstr(why->what, "newer version of DuckDB"))
        read_writer(path, writer);
    if (*writer)
        return error_set(err, rc,
                         "'%s' was written by DuckDB %s, and DuckDB %s ('%s') cannot read it; name "
                         "a libduckdb.so of that version or a newer one in TIDEGATE_DUCKDB, or "
                         "another file",
                         path, writer, duck.library_version(), duck_path());
    if (err)
        *err = *why;
    return rc;
}

/* Is another process just making the file? It was not there before, or it changes. */
static bool is_being_made(const struct place *place)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    struct stat now = place->info;
    bool changed = !place->exists;
    for (int i = 0; i < 20 && !changed; i++) {
        nanosleep(&moment, NULL);
        changed = stat(place->path, &now) == 0 && now.st_size != place->info.st_size;
    }
    return changed;
}

/* Beside the file; who reads may not write there, and would share it with others who do. */
static void temp_folder(const struct context *ctx, const struct place *place, bool reads,
                        char out[TEMP_MAX])
{
    const char *folder = ctx->variable ? ctx->variable("TMPDIR") : NULL;
    const char *name = strrchr(place->path, '/') + 1;
    if (reads)
        snprintf(out, TEMP_MAX, "%s/tidegate-%d-%.200s.tmp", folder && *folder ? folder : "/tmp",
                 (int)getpid(), name);
    else
        snprintf(out, TEMP_MAX, "%s.tmp", place->path);
}

static int open_database(const struct context *ctx, const struct place *place, bool reads,
                         duckdb_database *out, struct tg_error *err)
{
    char temp[TEMP_MAX];
    struct tg_error why = {0};
    const char *storage = ctx->storage_version ? ctx->storage_version : default_storage;
    const struct duck_options options = {.path = place->path,
                                         .temp_dir = temp,
                                         .memory_bytes = duck_share(ctx),
                                         .storage_version = place->exists ? NULL : storage,
                                         .read_only = reads};
    temp_folder(ctx, place, reads, temp);
    int rc = duck_open(ctx, &options, out, &why);
    if (strstr(why.what, "not a valid DuckDB database file") && is_being_made(place))
        return refuse(err, place->path, "is just being made by another process; wait a moment");
    return rc == TG_OK ? rc : explain(rc, place->path, &why, err);
}

static int open_file(const struct context *ctx, struct place *place, bool reads,
                     struct instance **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct instance *instance = mem_calloc(1, sizeof(*instance));
    *out = NULL;
    if (!instance)
        return error_nomem(err);
    instance->path = mem_strdup(place->path);
    if (!instance->path)
        TRY(error_nomem(err));
    TRY(open_database(ctx, place, reads, &instance->database, err));
    instance->read_only = reads;
    if (!place->exists && stat(place->path, &place->info) != 0) {
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be examined", place->path);
        goto done;
    }
    instance->device = place->info.st_dev;
    instance->inode = place->info.st_ino;
    instance->process = getpid();
    instance->next = open_files.first;
    open_files.first = *out = instance;
    instance = NULL;
done:
    free_instance(instance);
    return rc;
}

/* Closes what nobody uses. */
static void close_unused(struct instance *instance)
{
    struct instance **link = &open_files.first;
    if (!instance || instance->use_count > 0)
        return;
    while (*link != instance)
        link = &(*link)->next;
    *link = instance->next;
    free_instance(instance);
}

/* ---- uses ---- */

static int join(const struct context *ctx, struct place *place, enum instance_mode mode,
                struct instance_use *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct instance *instance = NULL;
    struct instance_use use = {.memory_bytes = duck_share(ctx)};
    TRY(find_open(place, &instance, err));
    if (!instance && !place->exists && mode != INSTANCE_MAKES)
        goto done;
    if (instance && instance->read_only && mode != INSTANCE_READS)
        TRY(refuse(err, place->path,
                   "is open in this process to be read only; close what reads it"));
    if (!instance)
        TRY(open_file(ctx, place, mode == INSTANCE_READS, &instance, err));
    TRY(duck_connect(instance->database, &use.con, err));
    if (instance->use_count == 0)
        TRY(batches_register(use.con, err));
    if (instance->use_count > 0)
        TRY(duck_set_memory(ctx, use.con, instance->memory_bytes + use.memory_bytes, err));
    instance->use_count++;
    instance->memory_bytes += use.memory_bytes;
    use.instance = instance;
    use.read_only = instance->read_only;
    *out = use;
    use.con = NULL;
done:
    duck_disconnect(&use.con);
    close_unused(instance);
    return rc;
}

int instance_join(const struct context *ctx, const char *path, enum instance_mode mode,
                  struct instance_use *out, struct tg_error *err)
{
    struct place place;
    *out = (struct instance_use){0};
    pthread_mutex_lock(&open_files.lock);
    int rc = find_place(path, mode, &place, err);
    if (rc == TG_OK)
        rc = join(ctx, &place, mode, out, err);
    pthread_mutex_unlock(&open_files.lock);
    return rc;
}

int instance_reserve(const struct context *ctx, struct instance_use *use, size_t need,
                     struct tg_error *err)
{
    struct instance *instance = use->instance;
    if (need <= use->reserved_bytes)
        return TG_OK;
    pthread_mutex_lock(&open_files.lock);
    size_t others = instance->memory_bytes - use->memory_bytes;
    int rc = duck_reserve(ctx, use->con, &use->memory_bytes, others, need, err);
    instance->memory_bytes = others + use->memory_bytes;
    pthread_mutex_unlock(&open_files.lock);
    if (rc == TG_OK)
        use->reserved_bytes = need;
    return rc;
}

void instance_leave(const struct context *ctx, struct instance_use *use)
{
    struct instance *instance = use->instance;
    if (!instance)
        return;
    pthread_mutex_lock(&open_files.lock);
    instance->use_count--;
    instance->memory_bytes -= use->memory_bytes;
    /* Where the others need more than they should, the next one that joins sets it right. */
    if (instance->use_count > 0)
        (void)!duck_set_memory(ctx, use->con, instance->memory_bytes, NULL);
    duck_disconnect(&use->con);
    close_unused(instance);
    pthread_mutex_unlock(&open_files.lock);
    *use = (struct instance_use){0};
}
