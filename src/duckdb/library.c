/*
 * Which DuckDB it is: found and loaded at run time, once for the process.
 *
 * Path: duck_load -> load -> open_library (the one that is asked for, else libduckdb.so in the
 * folders of the loader's own search: the run path of libtidegate, where the setup script's copy
 * lies in the build tree and the installed one beside it, then the system's) -> fill (every
 * function of the list) -> check. What is there is kept until the process ends, and is the same
 * for all. A DuckDB that the program has beside it is another one, unless its path is asked for.
 *
 * What is done with the functions is the other files'.
 */
#include "duckdb/api.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/version.h"

#define LIBRARY "libduckdb.so"

struct duckdb_functions duck;

/* Set once, under the lock. */
static struct {
    pthread_mutex_t lock;
    void *handle;
    char path[PATH_MAX];
    int version;
} loaded_library = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum { VERSION_MIN = VERSION_OF(1, 4, 0) };

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
#define SYMBOL(result, name, arguments) {"duckdb_" #name, offsetof(struct duckdb_functions, name)},
    DUCKDB_FUNCTIONS(SYMBOL)
#undef SYMBOL
};

enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

/* ---- where it is looked for ---- */

/* The folders that the loader goes through for what this code asks for; to be freed, NULL: unknown.
 */
static Dl_serinfo *search_folders(void)
{
    Dl_info self;
    Dl_serinfo size, *folders = NULL;
    void *handle = NULL;
    if (dladdr(symbols, &self))
        handle = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!handle)
        handle = dlopen(NULL, RTLD_LAZY);
    if (handle && dlinfo(handle, RTLD_DI_SERINFOSIZE, &size) == 0)
        folders = mem_calloc(1, size.dls_size);
    if (folders && (dlinfo(handle, RTLD_DI_SERINFOSIZE, folders) != 0 ||
                    dlinfo(handle, RTLD_DI_SERINFO, folders) != 0)) {
        mem_free(folders);
        folders = NULL;
    }
    if (handle)
        dlclose(handle);
    return folders;
}

static void put_folders(struct buf *out)
{
    Dl_serinfo *folders = search_folders();
    for (unsigned i = 0; folders && i < folders->dls_cnt; i++)
        buf_printf(out, "%s'%s'", i > 0 ? ", " : "", folders->dls_serpath[i].dls_name);
    mem_free(folders);
}

static int not_found(const char *wanted, struct tg_error *err)
{
    if (wanted)
        return error_set(err, TG_USAGE,
                         "TIDEGATE_DUCKDB names no library that can be loaded: %s; name DuckDB's "
                         "libduckdb.so, 1.4 or newer",
                         dlerror());
    struct buf folders = BUF_INIT;
    put_folders(&folders);
    int rc = error_set(err, TG_USAGE,
                       "DuckDB's library was not found: set TIDEGATE_DUCKDB to the path of "
                       "libduckdb.so (1.4 or newer), or put it into one of the folders that were "
                       "searched: %s",
                       buf_string(&folders));
    buf_release(&folders);
    return rc;
}

/* Where the program has a DuckDB for all to see, the calls within another one would go to that
 * one's functions of the same names, which crash on what is not theirs. Sanitizers go without. */
static int binding(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 0;
#endif
#endif
    return dlsym(RTLD_DEFAULT, "duckdb_open") ? RTLD_DEEPBIND : 0;
}

static void *open_at(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | binding());
}

/* By its path: for the bare name the loader gives whatever has that name in the process already,
 * and would give ours to whoever asks for it next. What its cache knows alone is left to the name.
 */
static void *open_found(void)
{
    char path[PATH_MAX];
    void *handle = NULL;
    Dl_serinfo *folders = search_folders();
    for (unsigned i = 0; !handle && folders && i < folders->dls_cnt; i++) {
        int len = snprintf(path, sizeof(path), "%s/" LIBRARY, folders->dls_serpath[i].dls_name);
        if (len < PATH_MAX && access(path, R_OK) == 0)
            handle = open_at(path);
    }
    mem_free(folders);
    return handle ? handle : open_at(LIBRARY);
}

static int open_library(const char *wanted, void **out, struct tg_error *err)
{
    *out = wanted ? open_at(wanted) : open_found();
    return *out ? TG_OK : not_found(wanted, err);
}

static void find_path(void *handle, char out[PATH_MAX])
{
    struct link_map *map = NULL;
    out[0] = '\0';
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && !realpath(map->l_name, out))
        snprintf(out, PATH_MAX, "%s", map->l_name);
}

/* ---- what is in it ---- */

int version_parse(const char *text)
{
    long parts[3] = {0};
    const char *at = text + (*text == 'v');
    for (size_t i = 0; i < 3; i++) {
        char *end = NULL;
        parts[i] = strtol(at, &end, 10);
        if (end == at || parts[i] < 0 || parts[i] > 99)
            return 0;
        at = *end == '.' ? end + 1 : end;
    }
    return VERSION_OF((int)parts[0], (int)parts[1], (int)parts[2]);
}

static size_t fill(void *handle, struct duckdb_functions *out, const char **missing)
{
    size_t missing_count = 0;
    for (size_t i = 0; i < SYMBOL_COUNT; i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (!address && missing_count++ == 0)
            *missing = symbols[i].name;
        memcpy((char *)out + symbols[i].offset, &address, sizeof(address));
    }
    return missing_count;
}

static int check(const struct duckdb_functions *functions, size_t missing_count,
                 const char *missing, const char *path, struct tg_error *err)
{
    const char *text = functions->library_version ? functions->library_version() : NULL;
    if (!text)
        return error_set(err, TG_USAGE,
                         "'%s' is not DuckDB's library (it has no duckdb_library_version); name "
                         "its libduckdb.so in TIDEGATE_DUCKDB",
                         path);
    if (missing_count > 0 || version_parse(text) < VERSION_MIN)
        return error_set(err, TG_USAGE,
                         "'%s' is DuckDB %s%s%s, and at least 1.4 is needed; name another "
                         "libduckdb.so in TIDEGATE_DUCKDB",
                         path, text, missing_count > 0 ? " without " : "",
                         missing_count > 0 ? missing : "");
    return TG_OK;
}

static int load(const char *wanted, struct tg_error *err)
{
    void *handle = NULL;
    char path[PATH_MAX];
    const char *missing = NULL;
    struct duckdb_functions functions = {0};
    int rc = open_library(wanted, &handle, err);
    if (rc != TG_OK)
        return rc;
    find_path(handle, path);
    size_t missing_count = fill(handle, &functions, &missing);
    rc = check(&functions, missing_count, missing, path, err);
    if (rc != TG_OK)
        return rc; /* it stays where it is: a thread that went through it ends in its code */
    duck = functions;
    loaded_library.handle = handle;
    loaded_library.version = version_parse(functions.library_version());
    memcpy(loaded_library.path, path, sizeof(path));
    return TG_OK;
}

/* One process has one DuckDB: files and values of two cannot be told apart. */
static int check_same(const char *wanted, struct tg_error *err)
{
    void *same = wanted ? dlopen(wanted, RTLD_NOW | RTLD_NOLOAD) : NULL;
    if (same)
        dlclose(same);
    if (!wanted || same == loaded_library.handle)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "TIDEGATE_DUCKDB is '%s' now, but this process has loaded '%s'; set it before "
                     "the first pipeline",
                     wanted, loaded_library.path);
}

int duck_load(const struct context *ctx, struct tg_error *err)
{
    pthread_mutex_lock(&loaded_library.lock);
    int rc =
        loaded_library.handle ? check_same(ctx->engine_path, err) : load(ctx->engine_path, err);
    pthread_mutex_unlock(&loaded_library.lock);
    return rc;
}

int duck_version(void)
{
    return loaded_library.version;
}

const char *duck_path(void)
{
    return loaded_library.path;
}
