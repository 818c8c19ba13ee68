/*
 * The DuckDB instances of this process: shared and counted.
 *
 * Path: instance_join -> place_find -> find_open, else take_file: the file becomes a catalog of the
 * instance that the context's engine holds, or of a new one where that has a file (attach.c); its
 * last use gives it up. instance_hold, instance_work: the engine's instance, which stays open from
 * one load to the next, because opening one takes longer than all that a small run asks of it.
 *
 * A file is known by device and inode, so links and other paths lead to the same instance. All of
 * it happens under one lock, opening and closing too: nobody gets in between. The list is the one
 * global there is, because the lock on a file is the process's as well: whoever closes a
 * descriptor of it, if only to read its header, gives it up.
 *
 * What a connection does is the driver's.
 */
#include "duckdb/instance.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "duckdb/attach.h"
#include "duckdb/place.h"

struct instance {
    struct instance *next;
    const struct context *owner; /* whose engine holds it; NULL: nobody's does */
    pid_t process;               /* a forked child has the list, but no instance that works */
    char *temp_dir;
    int threads;              /* the most that it may have */
    duckdb_database database; /* NULL: not opened yet, or no more */
    struct attached file;
    size_t file_use_count;
    size_t hold_count, use_count;
    size_t memory_bytes;       /* the sum of what the uses may take */
    size_t spared_bytes;       /* ... and of what they leave alone */
    size_t narrow_count;       /* uses that have room for one thread alone, or want no other */
    struct duck_limits limits; /* as they are set */
};

enum { TEMP_MAX = PATH_MAX + 8 };

static struct {
    pthread_mutex_t lock;
    struct instance *first;
} instances = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- who has it open ---- */

static bool is_of(const struct instance *instance, const struct stat *info)
{
    return instance->file.path && instance->file.device == info->st_dev &&
           instance->file.inode == info->st_ino;
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
    for (struct instance *instance = instances.first; instance; instance = instance->next) {
        bool same = place->exists && is_of(instance, &place->info);
        if (instance->process != getpid()) {
            inherited |= same; /* its descriptors are copies, and hold nothing */
        } else if (same) {
            *out = instance;
            return TG_OK;
        } else if (instance->file.path && strcmp(instance->file.path, place->path) == 0) {
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

/* The one that the context's engine holds. */
static struct instance *find_own(const struct context *ctx)
{
    struct instance *instance = instances.first;
    while (instance && (instance->owner != ctx || instance->process != getpid()))
        instance = instance->next;
    return instance;
}

/* Nothing is opened yet. */
static int new_instance(const struct context *ctx, const char *temp_dir, struct instance **out,
                        struct tg_error *err)
{
    struct instance *instance = mem_calloc(1, sizeof(*instance));
    char *folder = mem_strdup(temp_dir);
    *out = NULL;
    if (!instance || !folder) {
        mem_free(instance);
        mem_free(folder);
        return error_nomem(err);
    }
    *instance = (struct instance){
        .next = instances.first, .process = getpid(), .temp_dir = folder, .threads = ctx->threads};
    instances.first = *out = instance;
    return TG_OK;
}

static void close_database(struct instance *instance)
{
    duck_close(&instance->database);
    attach_forget(&instance->file);
}

static void free_instance(struct instance *instance)
{
    struct instance **link = &instances.first;
    while (*link != instance)
        link = &(*link)->next;
    *link = instance->next;
    close_database(instance);
    mem_free(instance->temp_dir);
    mem_free(instance);
}

/* Gives up what nobody uses. A file that cannot be detached is closed with the instance, or waits
 * until nobody uses that. */
static void tidy(struct instance *instance)
{
    if (!instance)
        return;
    if (instance->use_count == 0 && instance->hold_count == 0)
        free_instance(instance);
    else if (instance->file.path && instance->file_use_count == 0 &&
             attach_end(instance->database, &instance->file, NULL) != TG_OK &&
             instance->use_count == 0)
        close_database(instance);
}

static int open_database(const struct context *ctx, struct instance *instance, size_t memory_bytes,
                         struct tg_error *err)
{
    int rc = TG_OK;
    duckdb_database database = NULL;
    duckdb_connection con = NULL;
    instance->limits = duck_limits(instance->threads, memory_bytes);
    TRY(duck_open(ctx, instance->temp_dir, &instance->limits, &database, err));
    TRY(duck_connect(database, &con, err));
    TRY(batches_register(con, err));
    instance->database = database;
    database = NULL;
done:
    duck_disconnect(&con);
    duck_close(&database);
    return rc;
}

/* ---- uses ---- */

/* By what the uses may take. */
static int set_limits(const struct context *ctx, struct instance *instance, duckdb_connection con,
                      struct tg_error *err)
{
    struct duck_limits wanted = duck_limits(instance->threads, instance->memory_bytes);
    wanted.memory_bytes -= instance->spared_bytes;
    if (instance->narrow_count > 0)
        wanted.threads = 1;
    return duck_limit(ctx, con, &wanted, &instance->limits, err);
}

/* A reason of a use to have one thread alone comes, or goes. */
static void set_narrow(struct instance_use *use, bool *reason, bool value)
{
    use->instance->narrow_count -= use->is_narrow || use->is_alone;
    *reason = value;
    use->instance->narrow_count += use->is_narrow || use->is_alone;
}

static void leave(const struct context *ctx, struct instance_use *use)
{
    struct instance *instance = use->instance;
    instance->use_count--;
    instance->file_use_count -= use->of_file;
    instance->narrow_count -= use->is_narrow || use->is_alone;
    instance->memory_bytes -= use->memory_bytes;
    instance->spared_bytes -= use->spared_bytes;
    /* Where the others need more than they should, the next one that joins sets it right. */
    if (instance->use_count > 0)
        (void)!set_limits(ctx, instance, use->con, NULL);
    duck_disconnect(&use->con);
    *use = (struct instance_use){0};
}

/* A connection to the instance, which is opened if it is not. */
static int enter(const struct context *ctx, struct instance *instance, size_t memory_bytes,
                 struct instance_use *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct instance_use use = {.instance = instance, .memory_bytes = memory_bytes};
    if (!instance->database)
        TRY(open_database(ctx, instance, memory_bytes, err));
    TRY(duck_connect(instance->database, &use.con, err));
    instance->use_count++;
    instance->memory_bytes += memory_bytes;
    rc = set_limits(ctx, instance, use.con, err);
    if (rc != TG_OK)
        leave(ctx, &use);
    else
        *out = use;
done:
    return rc;
}

/* Where an instance spills that nobody holds: beside the file; who reads may not write there, and
 * would share it with others who do. */
static void name_temp_dir(const struct context *ctx, const struct place *place, bool reads,
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

/* Gives the file to an instance, and that to *out; the caller tidies it up if nobody uses it. */
static int take_file(const struct context *ctx, struct place *place, bool reads,
                     struct instance **out, struct tg_error *err)
{
    int rc = TG_OK;
    char temp_dir[TEMP_MAX];
    name_temp_dir(ctx, place, reads, temp_dir);
    *out = find_own(ctx);
    if (!*out || (*out)->file.path)
        TRY(new_instance(ctx, temp_dir, out, err));
    if (!(*out)->database)
        TRY(open_database(ctx, *out, duck_share(ctx), err));
    rc = attach_file(ctx, (*out)->database, place, reads, &(*out)->file, err);
done:
    return rc;
}

static int join(const struct context *ctx, struct place *place, enum instance_mode mode,
                struct instance_use *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct instance *instance = NULL;
    TRY(find_open(place, &instance, err));
    if (!instance && !place->exists && mode != INSTANCE_MAKES)
        goto done;
    if (!instance)
        TRY(take_file(ctx, place, mode == INSTANCE_READS, &instance, err));
    if (instance->file.read_only && mode != INSTANCE_READS)
        TRY(refuse(err, place->path,
                   "is open in this process to be read only; close what reads it"));
    TRY(enter(ctx, instance, duck_share(ctx), out, err));
    out->of_file = true;
    out->read_only = instance->file.read_only;
    instance->file_use_count++;
    rc = attach_use(ctx, out->con, &instance->file, err);
    if (rc != TG_OK)
        leave(ctx, out);
done:
    if (rc != TG_OK)
        tidy(instance);
    return rc;
}

int instance_join(const struct context *ctx, const char *path, enum instance_mode mode,
                  struct instance_use *out, struct tg_error *err)
{
    struct place place;
    *out = (struct instance_use){0};
    pthread_mutex_lock(&instances.lock);
    int rc = place_find(path, mode == INSTANCE_READS, &place, err);
    if (rc == TG_OK)
        rc = join(ctx, &place, mode, out, err);
    pthread_mutex_unlock(&instances.lock);
    return rc;
}

int instance_work(const struct context *ctx, struct instance *instance, size_t memory_bytes,
                  struct instance_use *out, struct tg_error *err)
{
    *out = (struct instance_use){0};
    pthread_mutex_lock(&instances.lock);
    int rc = enter(ctx, instance, memory_bytes, out, err);
    pthread_mutex_unlock(&instances.lock);
    return rc;
}

int instance_connect(const struct instance_use *use, duckdb_connection *out, struct tg_error *err)
{
    return duck_connect(use->instance->database, out, err);
}

int instance_reserve(const struct context *ctx, struct instance_use *use, size_t need,
                     struct tg_error *err)
{
    struct instance *instance = use->instance;
    if (need <= use->reserved_bytes)
        return TG_OK;
    pthread_mutex_lock(&instances.lock);
    const struct duck_limits own = duck_limits(instance->threads, use->memory_bytes);
    if (need * (size_t)own.threads > use->memory_bytes)
        set_narrow(use, &use->is_narrow, true);
    if (need > use->memory_bytes) {
        instance->memory_bytes += need - use->memory_bytes;
        use->memory_bytes = need;
    }
    int rc = set_limits(ctx, instance, use->con, err);
    pthread_mutex_unlock(&instances.lock);
    if (rc == TG_OK)
        use->reserved_bytes = need;
    return rc;
}

int instance_bound(const struct context *ctx, struct instance_use *use, size_t bytes,
                   struct tg_error *err)
{
    const size_t spared = bytes > 0 && bytes < use->memory_bytes ? use->memory_bytes - bytes : 0;
    if (use->spared_bytes == spared)
        return TG_OK;
    pthread_mutex_lock(&instances.lock);
    use->instance->spared_bytes += spared - use->spared_bytes;
    use->spared_bytes = spared;
    int rc = set_limits(ctx, use->instance, use->con, err);
    pthread_mutex_unlock(&instances.lock);
    return rc;
}

int instance_alone(const struct context *ctx, struct instance_use *use, bool alone,
                   struct tg_error *err)
{
    if (use->is_alone == alone)
        return TG_OK;
    pthread_mutex_lock(&instances.lock);
    set_narrow(use, &use->is_alone, alone);
    int rc = set_limits(ctx, use->instance, use->con, err);
    pthread_mutex_unlock(&instances.lock);
    return rc;
}

void instance_leave(const struct context *ctx, struct instance_use *use)
{
    struct instance *instance = use->instance;
    if (!instance)
        return;
    pthread_mutex_lock(&instances.lock);
    leave(ctx, use);
    tidy(instance);
    pthread_mutex_unlock(&instances.lock);
}

/* ---- holds ---- */

int instance_hold(const struct context *ctx, const char *temp_dir, struct instance **out,
                  struct tg_error *err)
{
    int rc = TG_OK;
    pthread_mutex_lock(&instances.lock);
    *out = find_own(ctx);
    if (!*out)
        rc = new_instance(ctx, temp_dir, out, err);
    if (rc == TG_OK) {
        (*out)->owner = ctx;
        (*out)->hold_count++;
    }
    pthread_mutex_unlock(&instances.lock);
    return rc;
}

void instance_release(struct instance *instance)
{
    if (!instance || instance->process != getpid())
        return;
    pthread_mutex_lock(&instances.lock);
    if (--instance->hold_count == 0)
        instance->owner = NULL; /* another context may come to lie there */
    tidy(instance);
    pthread_mutex_unlock(&instances.lock);
}
