/*
 * The package on disk: made, sealed, found again, dropped, set aside. Each step that counts is one
 * rename.
 *
 * Path: package_create (open/ID) -> package_append -> spool.c -> package_seal: files are synced by
 * the spool, then manifest.json, then the folder, then rename to sealed/ID. Next run:
 * package_settle deletes open/ and lists sealed/ -> package_open checks every byte -> written ->
 * package_drop, by way of open/, so that half a deletion is never taken for a package; or
 * package_set_aside.
 *
 * What the manifest says is the caller's and manifest.c's; who may be here at all is the lock's
 * (fs_lock).
 */
#include "package/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "package/spool.h"

static const char manifest_name[] = "manifest.json";

struct package {
    struct context *ctx;
    char *folder; /* WORKDIR/PIPELINE */
    char *path;   /* open/LOAD_ID */
    struct manifest manifest;
    struct spool *spool;
    bool sealed;
};

/* "folder/part/id"; NULL: no memory. */
static char *place(const char *folder, const char *part, const char *id)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s/%s", folder, part, id);
    char *text = buf_take(&path);
    buf_release(&path);
    return text;
}

/* Makes folder/part and its entry in `folder` durable. */
static int make_part(const char *folder, const char *part, struct tg_error *err)
{
    char *path = fs_join(folder, part);
    if (!path)
        return error_nomem(err);
    int rc = fs_mkdirs(path, err);
    if (rc == TG_OK)
        rc = fs_sync_file(folder, err);
    mem_free(path);
    return rc;
}

/* ---- filling ---- */

/* 128 random bits, in hexadecimal digits. */
int package_make_id(struct context *ctx, struct manifest *manifest, struct tg_error *err)
{
    unsigned char bits[16];
    char text[2 * sizeof(bits) + 1];
    int rc = context_random(ctx, bits, sizeof(bits), err);
    if (rc != TG_OK)
        return rc;
    for (size_t i = 0; i < sizeof(bits); i++)
        snprintf(text + 2 * i, 3, "%02x", bits[i]);
    return arena_keep(&manifest->arena, text, &manifest->package_id, err);
}

static int open_folder(struct package *package, struct engine *engine, const char *folder,
                       struct tg_error *err)
{
    int rc = TG_OK;
    package->folder = mem_strdup(folder);
    package->path = place(folder, "open", package->manifest.load_id);
    if (!package->folder || !package->path)
        TRY(error_nomem(err));
    TRY(fs_remove_tree(package->path, err));
    TRY(fs_mkdirs(package->path, err));
    TRY(spool_new(package->ctx, engine, package->path, &package->spool, err));
done:
    return rc;
}

int package_create(struct context *ctx, struct engine *engine, const char *folder,
                   const char *load_id, struct package **out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = NULL;
    struct package *package = mem_calloc(1, sizeof(*package));
    if (!package)
        return error_nomem(err);
    package->ctx = ctx;
    manifest_init(&package->manifest);
    TRY(arena_keep(&package->manifest.arena, load_id, &package->manifest.load_id, err));
    TRY(package_make_id(ctx, &package->manifest, err));
    package->manifest.created_us = context_now_us(ctx);
    if (folder)
        TRY(open_folder(package, engine, folder, err));
    *out = package;
    package = NULL;
done:
    package_free(package);
    return rc;
}

struct manifest *package_manifest(struct package *package)
{
    return &package->manifest;
}

int package_append(struct package *package, const char *table, const struct ArrowSchema *schema,
                   struct ArrowArray *array, struct tg_error *err)
{
    if (package->spool)
        return spool_append(package->spool, table, schema, array, err);
    array_release(array);
    return TG_OK;
}

static int put_text(const char *path, const char *name, struct buf *text, struct tg_error *err)
{
    int rc = TG_OK;
    char *file = fs_join(path, name);
    if (!file)
        TRY(error_nomem(err));
    TRY(buf_check(text, err));
    rc = fs_write_file(file, text->data, text->len, err); /* syncs the folder, too */
done:
    mem_free(file);
    return rc;
}

static int write_manifest(struct package *package, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = manifest_write(&package->manifest, &text, err);
    if (rc == TG_OK)
        rc = put_text(package->path, manifest_name, &text, err);
    buf_release(&text);
    return rc;
}

int package_finish(struct package *package, struct tg_error *err)
{
    int rc = spool_finish(package->spool, &package->manifest, err);
    return rc == TG_OK ? context_check(package->ctx, err) : rc;
}

const char *package_path(const struct package *package)
{
    return package->path;
}

int package_seal(struct package *package, char **path, struct tg_error *err)
{
    int rc = TG_OK;
    *path = NULL;
    char *sealed = place(package->folder, "sealed", package->manifest.load_id);
    if (!sealed)
        TRY(error_nomem(err));
    TRY(package_finish(package, err));
    TRY(write_manifest(package, err));
    TRY(make_part(package->folder, "sealed", err));
    TRY(fs_rename(package->path, sealed, err));
    package->sealed = true;
    *path = sealed;
    sealed = NULL;
done:
    mem_free(sealed);
    return rc == TG_OK ? rc : error_where(err, rc, "package '%s'", package->path);
}

void package_free(struct package *package)
{
    if (!package)
        return;
    spool_free(package->spool);
    if (!package->sealed && package->path) {
        struct tg_error ignored = {0};
        (void)!fs_remove_tree(package->path, &ignored); /* else the next run settles it */
    }
    manifest_release(&package->manifest);
    mem_free(package->folder);
    mem_free(package->path);
    mem_free(package);
}

/* ---- what lies on disk ---- */

int package_settle(const char *folder, struct fs_names *sealed, struct tg_error *err)
{
    int rc = TG_OK;
    *sealed = (struct fs_names){0};
    char *open = fs_join(folder, "open");
    char *done_folder = fs_join(folder, "sealed");
    if (!open || !done_folder)
        TRY(error_nomem(err));
    TRY(fs_remove_tree(open, err));
    TRY(fs_list(done_folder, sealed, err));
    for (size_t i = 0; i < sealed->count; i++) {
        char *path = fs_join(done_folder, sealed->items[i]);
        if (!path)
            TRY(error_nomem(err));
        mem_free(sealed->items[i]);
        sealed->items[i] = path;
    }
done:
    if (rc != TG_OK)
        fs_names_release(sealed);
    mem_free(open);
    mem_free(done_folder);
    return rc;
}

static int check_file(const char *folder, const struct manifest_file *file, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_stat stat = {0};
    char checksum[17] = "";
    char *path = fs_join(folder, file->name);
    if (!path)
        TRY(error_nomem(err));
    TRY(fs_stat(path, &stat, err));
    if (!stat.exists || stat.is_dir) {
        rc = error_set(err, TG_IO, "file '%s' is missing", file->name);
    } else if (stat.size != (int64_t)file->bytes) {
        rc = error_set(err, TG_IO, "file '%s' has %lld bytes instead of %llu", file->name,
                       (long long)stat.size, (unsigned long long)file->bytes);
    } else {
        TRY(hash_file(path, checksum, err));
        if (strcmp(checksum, file->checksum) != 0)
            rc = error_set(err, TG_IO, "file '%s' is not what was written (checksum %s, not %s)",
                           file->name, checksum, file->checksum);
    }
done:
    mem_free(path);
    return rc;
}

static int read_manifest(const char *path, struct manifest *out, struct tg_error *err)
{
    struct fs_stat stat = {0};
    struct buf text = BUF_INIT;
    int rc = fs_stat(path, &stat, err);
    if (rc == TG_OK && !stat.exists)
        rc = error_set(err, TG_IO, "%s is missing", manifest_name);
    if (rc == TG_OK)
        rc = fs_read_file(path, &text, err);
    if (rc == TG_OK)
        rc = manifest_read(out, buf_string(&text), text.len, err);
    if (rc == TG_DATA)
        rc = err ? (err->code = TG_IO) : TG_IO;
    buf_release(&text);
    return rc;
}

int package_read(const char *path, struct manifest *out, struct tg_error *err)
{
    manifest_init(out);
    char *manifest = fs_join(path, manifest_name);
    int rc = manifest ? read_manifest(manifest, out, err) : error_nomem(err);
    mem_free(manifest);
    return rc == TG_OK ? rc : error_where(err, rc, "package '%s'", path);
}

int package_open(const char *path, struct manifest *out, struct tg_error *err)
{
    int rc = package_read(path, out, err);
    if (rc != TG_OK)
        return rc;
    for (size_t t = 0; t < out->table_count; t++) {
        for (size_t f = 0; f < out->tables[t].file_count; f++)
            TRY(check_file(path, &out->tables[t].files[f], err));
    }
done:
    if (rc != TG_OK) {
        manifest_release(out);
        error_where(err, rc, "package '%s'", path);
    }
    return rc;
}

/* Moves FOLDER/sealed/ID to FOLDER/part/ID, over what is there; *out (mem_free) is its new place.
 */
static int move_to(const char *path, const char *part, char **out, struct tg_error *err)
{
    int rc = TG_OK;
    char *target = NULL;
    char *sealed = fs_dirname(path);
    char *folder = sealed ? fs_dirname(sealed) : NULL;
    const char *slash = strrchr(path, '/');
    *out = NULL;
    if (folder)
        target = place(folder, part, slash ? slash + 1 : path);
    if (!target)
        TRY(error_nomem(err));
    TRY(make_part(folder, part, err));
    TRY(fs_remove_tree(target, err));
    TRY(fs_rename(path, target, err));
    TRY(fs_sync_file(sealed, err));
    *out = target;
    target = NULL;
done:
    mem_free(target);
    mem_free(folder);
    mem_free(sealed);
    return rc;
}

int package_drop(const char *path, struct tg_error *err)
{
    char *doomed = NULL;
    int rc = move_to(path, "open", &doomed, err);
    if (rc == TG_OK)
        rc = fs_remove_tree(doomed, err);
    mem_free(doomed);
    return rc;
}

static const char error_name[] = "error.txt";

int package_note(const char *path, const struct tg_error *why, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s%s\n", why->where, why->where[0] ? ": " : "", why->what);
    if (why->sqlstate[0])
        buf_printf(&text, "sqlstate %s\n", why->sqlstate);
    int rc = put_text(path, error_name, &text, err);
    buf_release(&text);
    return rc;
}

int package_set_aside(const char *path, const char *part, const struct tg_error *why,
                      struct tg_error *err)
{
    char *aside = NULL;
    int rc = move_to(path, part, &aside, err);
    if (rc == TG_OK)
        rc = package_note(aside, why, err);
    mem_free(aside);
    return rc;
}

static const char tries_name[] = "tries.txt";

/* "" when there is no such file. */
static int get_text(const char *path, const char *name, struct buf *out, struct tg_error *err)
{
    struct fs_stat stat = {0};
    char *file = fs_join(path, name);
    int rc = file ? fs_stat(file, &stat, err) : error_nomem(err);
    if (rc == TG_OK && stat.is_file)
        rc = fs_read_file(file, out, err);
    mem_free(file);
    return rc;
}

int package_reason(const char *path, struct buf *out, struct tg_error *err)
{
    int rc = get_text(path, error_name, out, err);
    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    return rc;
}

int package_tries(const char *path, int *out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = get_text(path, tries_name, &text, err);
    *out = rc == TG_OK ? (int)strtol(buf_string(&text), NULL, 10) : 0;
    buf_release(&text);
    return rc;
}

int package_count_try(const char *path, int *out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = package_tries(path, out, err);
    if (rc != TG_OK)
        return rc;
    buf_printf(&text, "%d\n", ++*out);
    rc = put_text(path, tries_name, &text, err);
    buf_release(&text);
    return rc;
}
