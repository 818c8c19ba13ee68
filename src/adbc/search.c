/*
 * Where drivers are looked for, in this order:
 *
 *   $ADBC_DRIVER_PATH, folder by folder       manifests
 *   $VIRTUAL_ENV                              manifests (etc/adbc/drivers), then wheels
 *   each python3 that $PATH leads to          wheels, of its prefix; then ~/.local
 *   $CONDA_PREFIX                             manifests, then wheels
 *   $XDG_CONFIG_HOME or ~/.config, then /etc  manifests
 *   the loader's own search                   libadbc_driver_NAME.so
 *
 * Path: search_driver -> in_manifests, in_wheels, each of which notes where it looked. A manifest
 * that is there counts, and what is wrong with it is an error: a later one is not taken in its
 * place. No program is run: what a python3 that is a script would run is not known.
 */
#include "adbc/search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "adbc/manifest.h"
#include "base/fs.h"

struct search {
    const char *name; /* as it was written */
    const char *bare;
    search_variable variable;
    struct arena *arena;
    struct search_result *out;
    struct tg_error *err;
};

static const char *value_of(const struct search *search, const char *name)
{
    const char *value = search->variable ? search->variable(name) : NULL;
    return value && *value ? value : NULL;
}

static void note(const struct search *search, const char *where)
{
    struct buf *searched = &search->out->searched;
    buf_printf(searched, "%s'%s'", searched->len > 0 ? ", " : "", where);
}

static bool is_file(const char *path)
{
    struct fs_stat stat = {0};
    return path && fs_stat(path, &stat, NULL) == TG_OK && stat.is_file;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* ---- names ---- */

int search_bare_name(const char *name, struct buf *out, struct tg_error *err)
{
    static const char prefix[] = "adbc_driver_";
    const char *slash = strrchr(name, '/'), *bare = slash ? slash + 1 : name;
    bare += slash && strncmp(bare, "lib", 3) == 0 ? 3 : 0;
    bare += strncmp(bare, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    const char *end = slash || ends_with(bare, ".toml") ? strchr(bare, '.') : NULL;
    buf_append(out, bare, end ? (size_t)(end - bare) : strlen(bare));
    return buf_check(out, err);
}

/* ---- places ---- */

static int take_manifest(const struct search *search, const char *path)
{
    struct adbc_manifest manifest;
    int rc = manifest_load(path, search->arena, &manifest, search->err);
    if (rc == TG_OK) {
        search->out->library = manifest.library;
        search->out->entrypoint = manifest.entrypoint;
    }
    return rc;
}

/* NAME.toml in the folder, or in one below it. */
static int in_manifests(const struct search *search, const char *folder, const char *below)
{
    int rc = TG_OK;
    if (!folder || search->out->library)
        return TG_OK;
    const char *path = arena_printf(search->arena, "%s%s/%s.toml", folder, below, search->name);
    if (!path)
        return error_nomem(search->err);
    note(search, path);
    if (is_file(path))
        rc = take_manifest(search, path);
    return rc;
}

static int first_match(const struct search *search, const char *pattern)
{
    struct fs_names found = {0};
    int rc = fs_glob(pattern, &found, search->err);
    if (rc == TG_OK && found.count > 0)
        rc = arena_keep(search->arena, found.items[0], &search->out->library, search->err);
    fs_names_release(&found);
    return rc;
}

/* Below the first `len` bytes of `prefix`. A Python wheel has the library in a folder of its own,
 * in lib/python3.11/site-packages, which Debian calls dist-packages. */
static int in_wheels(const struct search *search, const char *prefix, size_t len)
{
    int rc = TG_OK;
    struct buf pattern = BUF_INIT;
    if (len == 0 || search->out->library)
        return TG_OK;
    const char *folder = arena_strndup(search->arena, prefix, len);
    if (!folder)
        return error_nomem(search->err);
    fs_glob_literal(folder, &pattern);
    buf_text(&pattern, "/lib/python3*/*-packages/adbc_driver_");
    fs_glob_literal(search->bare, &pattern);
    buf_text(&pattern, "/lib*.so");
    TRY(buf_check(&pattern, search->err));
    if (strstr(buf_string(&search->out->searched), pattern.data))
        goto done;
    note(search, pattern.data);
    rc = first_match(search, pattern.data);
done:
    buf_release(&pattern);
    return rc;
}

/* The folder above bin/ of a python3: as it is called (a virtual env), and of what it leads to. */
static int in_python(const struct search *search, const char *python)
{
    int rc = TG_OK;
    char real[PATH_MAX];
    const char *bin = strstr(python, "/bin/python3");
    if (bin)
        TRY(in_wheels(search, python, (size_t)(bin - python)));
    char *slash = realpath(python, real) ? strrchr(real, '/') : NULL;
    if (!slash)
        goto done;
    *slash = '\0';
    if (ends_with(real, "/bin") && strncmp(real, python, strlen(real)) != 0)
        rc = in_wheels(search, real, strlen(real) - 4);
done:
    return rc;
}

/* Of each python3 that the shell could run, for the first one may be a script that runs another. */
static int in_pythons(const struct search *search)
{
    int rc = TG_OK;
    const char *path = value_of(search, "PATH");
    for (size_t len = 0; path && *path; path += len + (path[len] == ':')) {
        len = strcspn(path, ":");
        const char *python =
            arena_printf(search->arena, "%.*s/python3", (int)len, len > 0 ? path : ".");
        if (!python)
            return error_nomem(search->err);
        if (is_file(python))
            TRY(in_python(search, python));
    }
done:
    return rc;
}

static int in_folders(const struct search *search, const char *folders)
{
    int rc = TG_OK;
    for (size_t len = 0; folders && *folders; folders += len + (folders[len] == ':')) {
        len = strcspn(folders, ":");
        const char *folder = arena_strndup(search->arena, folders, len);
        if (!folder)
            return error_nomem(search->err);
        if (len > 0)
            TRY(in_manifests(search, folder, ""));
    }
done:
    return rc;
}

static int by_name(const struct search *search)
{
    int rc = TG_OK;
    const char *home = value_of(search, "HOME"), *config = value_of(search, "XDG_CONFIG_HOME");
    const char *local = arena_printf(search->arena, "%s/.local", home ? home : "");
    const char *env = value_of(search, "VIRTUAL_ENV"), *conda = value_of(search, "CONDA_PREFIX");
    if (!local)
        TRY(error_nomem(search->err));
    TRY(in_folders(search, value_of(search, "ADBC_DRIVER_PATH")));
    TRY(in_manifests(search, env, "/etc/adbc/drivers"));
    TRY(in_wheels(search, env, env ? strlen(env) : 0));
    TRY(in_pythons(search));
    TRY(in_wheels(search, local, home ? strlen(local) : 0));
    TRY(in_manifests(search, conda, "/etc/adbc/drivers"));
    TRY(in_wheels(search, conda, conda ? strlen(conda) : 0));
    TRY(in_manifests(search, config ? config : home,
                     config ? "/adbc/drivers" : "/.config/adbc/drivers"));
    TRY(in_manifests(search, "/etc", "/adbc/drivers"));
    if (search->out->library)
        goto done;
    const char *library = arena_printf(search->arena, "libadbc_driver_%s.so", search->bare);
    if (!library)
        TRY(error_nomem(search->err));
    buf_printf(&search->out->searched, ", the loader's folders for '%s'", library);
    search->out->library = library;
done:
    return rc;
}

int search_driver(const char *name, search_variable variable, struct arena *arena,
                  struct search_result *out, struct tg_error *err)
{
    struct buf bare = BUF_INIT;
    struct search search = {
        .name = name, .variable = variable, .arena = arena, .out = out, .err = err};
    *out = (struct search_result){0};
    if (strchr(name, '/')) {
        return ends_with(name, ".toml") ? take_manifest(&search, name)
                                        : arena_keep(arena, name, &out->library, err);
    }
    int rc = search_bare_name(name, &bare, err);
    search.bare = buf_string(&bare);
    if (rc == TG_OK)
        rc = by_name(&search);
    if (rc == TG_OK)
        rc = buf_check(&out->searched, err);
    buf_release(&bare);
    return rc;
}
