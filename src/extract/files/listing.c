/*
 * Which files a resource has: glob patterns under a root, and the ledger of files that were loaded.
 *
 * Data path: listing_make -> add_pattern (fs_glob under the root) -> sort_unique -> drop_known.
 * listing_record takes size, mtime and checksum before a file is read, so that what changes while
 * it is read is seen as a change by the next run.
 *
 * A file counts as unchanged by size and mtime, and without opening it; by the checksum of its head
 * and tail when only the mtime differs (it was copied, or touched). Reading is left to the source.
 */
#include "extract/files/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"

enum { END_BYTES = 64 * 1024 }; /* of head and tail */

void listing_release(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        mem_free(listing->items[i].path);
    mem_free(listing->items);
    *listing = (struct listing){0};
}

/* ---- The ledger ---------------------------------------------------------------------------- */

static int vanished(const char *path, struct tg_error *err)
{
    error_set(err, TG_SOURCE, "file '%s' is gone since the folder was listed; run again", path);
    if (err)
        err->retryable = true;
    return TG_SOURCE;
}

/* Up to `len` bytes from `offset`; fewer when the file is shorter. */
static int read_at(int fd, const char *path, int64_t offset, char *out, size_t len, size_t *got,
                   struct tg_error *err)
{
    *got = 0;
    while (*got < len) {
        ssize_t part = pread(fd, out + *got, len - *got, offset + (int64_t)*got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return error_errno(err, TG_SOURCE, errno, "file '%s' cannot be read", path);
        if (part == 0)
            break;
        *got += (size_t)part;
    }
    return TG_OK;
}

/* XXH3 of the first and last 64 KiB, as 16 hex digits. */
static int checksum(const char *path, int64_t size, char out[CHECKSUM_TEXT + 1],
                    struct tg_error *err)
{
    int64_t tail = size > 2 * END_BYTES ? size - END_BYTES : END_BYTES;
    size_t head_len, tail_len;
    char *bytes = NULL;
    int rc = TG_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT
                   ? vanished(path, err)
                   : error_errno(err, TG_SOURCE, errno, "file '%s' cannot be opened", path);
    bytes = mem_alloc(2 * END_BYTES);
    if (!bytes)
        TRY(error_nomem(err));
    TRY(read_at(fd, path, 0, bytes, END_BYTES, &head_len, err));
    TRY(read_at(fd, path, tail, bytes + head_len, END_BYTES, &tail_len, err));
    snprintf(out, CHECKSUM_TEXT + 1, "%016" PRIx64, hash_xx64(bytes, head_len + tail_len));
done:
    mem_free(bytes);
    close(fd);
    return rc;
}

static int stat_file(const struct listed_file *file, struct fs_stat *out, struct tg_error *err)
{
    int rc = fs_stat(file->path, out, err);

    if (rc != TG_OK)
        return rc;
    return out->exists && !out->is_dir ? TG_OK : vanished(file->path, err);
}

int listing_record(const struct listed_file *file, struct source_file *out, struct tg_error *err)
{
    char sum[CHECKSUM_TEXT + 1];
    struct fs_stat info;
    int rc = TG_OK;

    *out = (struct source_file){0};
    TRY(stat_file(file, &info, err));
    if (!info.is_file)
        return TG_OK;
    TRY(checksum(file->path, info.size, sum, err));
    out->size = info.size;
    out->mtime_us = info.mtime_us;
    out->path = mem_strdup(file->name);
    out->checksum = mem_strdup(sum);
    if (!out->path || !out->checksum) {
        mem_free(out->path);
        mem_free(out->checksum);
        *out = (struct source_file){0};
        rc = error_nomem(err);
    }
done:
    return rc;
}

static int compare_known(const void *name, const void *known)
{
    return strcmp(name, ((const struct source_file *)known)->path);
}

static int is_unchanged(const struct listed_file *file, const struct fs_stat *info,
                        const struct source_file *known, bool *out, struct tg_error *err)
{
    char sum[CHECKSUM_TEXT + 1];
    int rc = TG_OK;

    *out = false;
    if (!known || !info->is_file || known->size != info->size)
        return TG_OK;
    *out = known->mtime_us == info->mtime_us;
    if (*out || !known->checksum)
        return TG_OK;
    TRY(checksum(file->path, info->size, sum, err));
    *out = strcmp(sum, known->checksum) == 0;
done:
    return rc;
}

/* Takes the known files out of the listing, and the size of the others. */
static int drop_known(struct listing *listing, const struct source_file *known, size_t known_count,
                      struct tg_error *err)
{
    size_t kept = 0, i = 0;
    int rc = TG_OK;

    for (; i < listing->count; i++) {
        struct listed_file *file = &listing->items[i];
        const struct source_file *entry = NULL;
        struct fs_stat info;
        bool unchanged;
        TRY(stat_file(file, &info, err));
        if (known_count > 0)
            entry = bsearch(file->name, known, known_count, sizeof(*known), compare_known);
        TRY(is_unchanged(file, &info, entry, &unchanged, err));
        file->size = info.size;
        if (unchanged)
            mem_free(file->path);
        else
            listing->items[kept++] = *file;
    }
done:
    for (; i < listing->count; i++) /* the rest, when something failed */
        listing->items[kept++] = listing->items[i];
    listing->count = kept;
    return rc;
}

/* ---- Patterns ------------------------------------------------------------------------------ */

static int add_file(struct listing *listing, const char *path, size_t name_at, struct tg_error *err)
{
    int rc = TG_OK;
    struct listed_file *file;

    TRY(mem_grow(&listing->items, &listing->cap, listing->count + 1, sizeof(*listing->items), err));
    file = &listing->items[listing->count];
    *file = (struct listed_file){.path = mem_strdup(path)};
    if (!file->path)
        TRY(error_nomem(err));
    file->name = file->path + name_at;
    listing->count++;
done:
    return rc;
}

/* The root with a slash at its end and none twice; "" for the current folder. With `pattern`, a
 * wildcard in it becomes a class of one character, which matches itself. */
static void put_root(struct buf *out, const char *root, bool pattern)
{
    char last = '\0';

    while (root[0] == '.' && root[1] == '/')
        for (root += 2; root[0] == '/';)
            root++;
    if (strcmp(root, ".") == 0 || root[0] == '\0')
        return;
    for (; *root; last = *root++) {
        if (*root == '/' && last == '/')
            continue;
        if (pattern && strchr("*?[", *root))
            buf_printf(out, "[%c]", *root);
        else
            buf_char(out, *root);
    }
    if (last != '/')
        buf_char(out, '/');
}

static bool is_file(const char *path)
{
    struct fs_stat info;

    return fs_stat(path, &info, NULL) == TG_OK && info.exists && !info.is_dir;
}

/* A pattern that is a file's very name means that file, whatever characters are in it. */
static int add_pattern(const struct context *ctx, struct listing *listing, const char *root,
                       const char *pattern, struct tg_error *err)
{
    struct buf path = BUF_INIT, escaped = BUF_INIT;
    struct fs_names names = {0};
    size_t name_at;
    int rc = TG_OK;

    while (pattern[0] == '.' && pattern[1] == '/')
        pattern += 2;
    if (pattern[0] != '/') {
        put_root(&path, root, false);
        put_root(&escaped, root, true);
    }
    name_at = path.len;
    buf_text(&path, pattern);
    buf_text(&escaped, pattern);
    TRY(buf_check(&path, err));
    TRY(buf_check(&escaped, err));
    if (is_file(buf_string(&path))) {
        TRY(add_file(listing, path.data, name_at, err));
        goto done;
    }
    TRY(fs_glob(buf_string(strpbrk(pattern, "*?[") ? &escaped : &path), &names, err));
    if (names.count == 0)
        context_log(ctx, TG_LOG_WARNING, "files", "pattern '%s' matches no file in folder '%s'",
                    pattern, root);
    for (size_t i = 0; i < names.count; i++)
        TRY(add_file(listing, names.items[i], name_at, err));
done:
    fs_names_release(&names);
    buf_release(&path);
    buf_release(&escaped);
    return rc;
}

static int add_patterns(const struct context *ctx, struct listing *listing, const char *root,
                        const char *patterns, struct tg_error *err)
{
    int rc = TG_OK;

    for (size_t len; *patterns; patterns += len + (patterns[len] == '\n')) {
        len = strcspn(patterns, "\n");
        char *pattern = mem_strndup(patterns, len);
        if (!pattern)
            return error_nomem(err);
        rc = len > 0 ? add_pattern(ctx, listing, root, pattern, err) : TG_OK;
        mem_free(pattern);
        if (rc != TG_OK)
            break;
    }
    return rc;
}

static int compare_files(const void *left, const void *right)
{
    const struct listed_file *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static void sort_unique(struct listing *listing)
{
    size_t kept = 0;

    if (listing->count > 1)
        qsort(listing->items, listing->count, sizeof(*listing->items), compare_files);
    for (size_t i = 0; i < listing->count; i++) {
        if (kept > 0 && strcmp(listing->items[kept - 1].name, listing->items[i].name) == 0)
            mem_free(listing->items[i].path);
        else
            listing->items[kept++] = listing->items[i];
    }
    listing->count = kept;
}

int listing_make(const struct context *ctx, const char *root, const char *patterns,
                 const struct source_file *known, size_t known_count, struct listing *out,
                 struct tg_error *err)
{
    struct fs_stat info;
    int rc = TG_OK;

    *out = (struct listing){0};
    TRY(fs_stat(root[0] ? root : ".", &info, err));
    if (!info.is_dir)
        TRY(error_set(err, TG_SOURCE, "folder '%s' %s; correct root", root,
                      info.exists ? "is a file" : "does not exist"));
    TRY(add_patterns(ctx, out, root, patterns, err));
    sort_unique(out);
    TRY(drop_known(out, known, known_count, err));
done:
    if (rc != TG_OK)
        listing_release(out);
    return rc;
}
