/*
 * Manifests of drivers: name.toml, which an installer of drivers leaves beside the library.
 *
 * Path: manifest_load -> toml_parse -> check_version, check_adbc -> find_library: Driver.shared,
 * or of the table of that name the entry of this platform.
 *
 * What is there for people (publisher, license, features) is not looked at. Where manifests lie is
 * search.c's.
 */
#include "adbc/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "adbc/toml.h"
#include "base/fs.h"

enum { VERSION_MAX = 1 };

/* What platforms are called in manifests. */
#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "unknown"
#endif
#if defined(__GLIBC__)
#define PLATFORM "linux_" ARCHITECTURE
#else
#define PLATFORM "linux_" ARCHITECTURE "_musl"
#endif

static int check_version(const struct toml *toml, struct tg_error *err)
{
    const struct toml_entry *version = toml_find(toml, "manifest_version");
    if (!version)
        return TG_OK;
    char *end = NULL;
    long number = version->value ? strtol(version->value, &end, 10) : 0;
    if (!version->value || version->is_text || *end || number < 1)
        return error_set(err, TG_USAGE, "line %d: manifest_version is no number", version->line);
    if (number > VERSION_MAX)
        return error_set(err, TG_USAGE,
                         "line %d: manifest_version is %ld, and only %d is known here; a newer "
                         "version of tidegate may read it",
                         version->line, number, VERSION_MAX);
    return TG_OK;
}

/* A driver for a later standard than ours may still give us ours: only other ones are refused. */
static int check_adbc(const struct toml *toml, struct tg_error *err)
{
    const struct toml_entry *version = toml_find(toml, "ADBC.version");
    const char *text = version ? version->value : NULL;
    if (!version || (text && strncmp(text + (*text == 'v'), "1.", 2) == 0))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "line %d: the driver is for version '%s' of ADBC, and only 1.x is known here",
                     version->line, text ? text : "");
}

/* The entries of Driver.shared.*, for a message. */
static void list_platforms(const struct toml *toml, struct buf *out)
{
    static const char prefix[] = "Driver.shared.";
    for (size_t i = 0; i < toml->count; i++)
        if (strncmp(toml->entries[i].key, prefix, strlen(prefix)) == 0)
            buf_printf(out, "%s%s", out->len > 0 ? ", " : "",
                       toml->entries[i].key + strlen(prefix));
}

static int find_library(const struct toml *toml, const struct toml_entry **out,
                        struct tg_error *err)
{
    struct buf platforms = BUF_INIT;
    const struct toml_entry *any = toml_find(toml, "Driver.shared");
    *out = any ? any : toml_find(toml, "Driver.shared." PLATFORM);
    if (*out && (*out)->is_text && *(*out)->value)
        return TG_OK;
    if (*out)
        return error_set(err, TG_USAGE, "line %d: '%s' is no path", (*out)->line, (*out)->key);
    list_platforms(toml, &platforms);
    int rc = error_set(err, TG_USAGE,
                       platforms.len > 0 ? "there is no library for " PLATFORM " in it, only for %s"
                                         : "there is no key 'shared' below [Driver] in it%s",
                       buf_string(&platforms));
    buf_release(&platforms);
    return rc;
}

/* A path that starts nowhere starts at the manifest. */
static int keep_library(const char *path, const char *library, struct arena *arena,
                        struct adbc_manifest *out, struct tg_error *err)
{
    if (!strchr(library, '/'))
        return arena_keep(arena, library, &out->library, err);
    char *folder = fs_dirname(path);
    char *joined = folder ? fs_join(folder, library) : NULL;
    int rc = joined ? arena_keep(arena, joined, &out->library, err) : error_nomem(err);
    mem_free(folder);
    mem_free(joined);
    return rc;
}

int manifest_load(const char *path, struct arena *arena, struct adbc_manifest *out,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct toml toml = {0};
    const struct toml_entry *library = NULL;
    *out = (struct adbc_manifest){0};
    rc = fs_read_file(path, &text, err);
    if (rc != TG_OK)
        goto done;
    TRY(toml_parse(buf_string(&text), text.len, &toml, err));
    TRY(check_version(&toml, err));
    TRY(check_adbc(&toml, err));
    TRY(find_library(&toml, &library, err));
    TRY(keep_library(path, library->value, arena, out, err));
    const struct toml_entry *entrypoint = toml_find(&toml, "Driver.entrypoint");
    if (entrypoint && entrypoint->is_text && *entrypoint->value)
        TRY(arena_keep(arena, entrypoint->value, &out->entrypoint, err));
done:
    toml_release(&toml);
    buf_release(&text);
    return rc == TG_OK ? rc : error_where(err, rc, "manifest '%s'", path);
}
