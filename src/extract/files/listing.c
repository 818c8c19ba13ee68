/*
 * Which files a resource has: glob patterns under a root.
 *
 * Data path: listing_make -> add_pattern (fs_glob under the root) -> add_file (size, mtime, and a
 * name that is UTF-8) -> sort_unique. Patterns that match nothing are kept for the driver, which
 * knows whether they ever matched.
 *
 * What is no regular file (a pipe, a device) blocks whoever opens it, so a wildcard does not match
 * it; a plain path may name it. What of the files was loaded already is known.c's.
 */
#include "extract/files/listing.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/memory.h"
#include "base/text/utf8.h"

void listing_release(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        hash_stream_free(listing->items[i].text);
        mem_free(listing->items[i].path);
    }
    for (size_t i = 0; i < listing->unmatched_count; i++)
        mem_free(listing->unmatched[i]);
    mem_free(listing->items);
    mem_free(listing->unmatched);
    arena_release(&listing->arena);
    *listing = (struct listing){0};
}

void listing_drop(struct listing *listing, enum file_fate fate)
{
    size_t kept = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->items[i].fate == fate)
            mem_free(listing->items[i].path);
        else
            listing->items[kept++] = listing->items[i];
    }
    listing->count = kept;
}

static int run_again(const struct listed_file *file, const char *what, struct tg_error *err)
{
    error_set(err, TG_SOURCE, "file '%s' %s; run again", file->path, what);
    if (err)
        err->retryable = true;
    return TG_SOURCE;
}

/* Is it the file that was listed? */
static int check_identity(const struct listed_file *file, const struct fs_stat *info,
                          struct tg_error *err)
{
    if (file->device == info->device && file->inode == info->inode)
        return TG_OK;
    return run_again(file,
                     "is another one than when the folder was listed: it was replaced, or files "
                     "were renamed, while the run went on",
                     err);
}

static int stat_path(const struct listed_file *file, struct fs_stat *info, struct tg_error *err)
{
    int rc = fs_stat(file->path, info, err);
    if (rc == TG_OK && (!info->exists || info->is_dir))
        return run_again(file, "is gone since the folder was listed", err);
    return rc;
}

static void set_stat(struct listed_file *file, const struct fs_stat *info)
{
    file->size = info->size;
    file->mtime_us = info->mtime_us;
    file->is_file = info->is_file;
    file->device = info->device;
    file->inode = info->inode;
}

int listing_stat(struct listed_file *file, struct tg_error *err)
{
    struct fs_stat info;
    int rc = TG_OK;
    TRY(stat_path(file, &info, err));
    TRY(check_identity(file, &info, err));
    set_stat(file, &info);
done:
    return rc;
}

int listing_open(const struct listed_file *file, struct reader **out, struct tg_error *err)
{
    struct fs_stat info;
    int rc = TG_OK;
    *out = NULL;
    const int opened = reader_open(file->path, out, err);
    if (opened != TG_OK)
        TRY(stat_path(file, &info, err)); /* it may be gone by now */
    TRY(opened);
    TRY(reader_stat(*out, &info, err));
    TRY(check_identity(file, &info, err));
done:
    if (rc != TG_OK) {
        reader_close(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* "\xHH", which an escape would look like. */
static bool looks_escaped(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    return text[0] == '\\' && text[1] == 'x' && text[2] && strchr(digits, text[2]) && text[3] &&
           strchr(digits, text[3]);
}

/* The name as UTF-8: any other byte is \xHH, and so is a backslash that could be taken for such an
 * escape, so that no two names become one. */
static int set_name(struct listing *listing, struct listed_file *file, const char *name,
                    struct tg_error *err)
{
    struct buf text = BUF_INIT;
    uint32_t code;
    int rc = TG_OK;
    file->name = name;
    if (utf8_is_valid(name, strlen(name)) && !strstr(name, "\\x"))
        return TG_OK;
    while (*name) {
        size_t len = looks_escaped(name) ? 0 : utf8_next(name, strlen(name), &code);
        if (len == 0)
            buf_printf(&text, "\\x%02x", (unsigned char)*name);
        else
            buf_append(&text, name, len);
        name += len > 0 ? len : 1;
    }
    TRY(buf_check(&text, err));
    file->name = arena_strdup(&listing->arena, buf_string(&text));
    if (!file->name)
        rc = error_nomem(err);
done:
    buf_release(&text);
    return rc;
}

/* Does the one part of the pattern before `pattern_end` match that of the name? */
static bool part_matches(const char *pattern, size_t pattern_len, const char *name, size_t name_len)
{
    char parts[2][256];
    if (pattern_len >= sizeof(parts[0]) || name_len >= sizeof(parts[1]))
        return false;
    memcpy(parts[0], pattern, pattern_len);
    memcpy(parts[1], name, name_len);
    parts[0][pattern_len] = parts[1][name_len] = '\0';
    return fnmatch(parts[0], parts[1], FNM_PERIOD) == 0;
}

bool listing_matches(const char *pattern, const char *name)
{
    while (pattern[0] == '.' && pattern[1] == '/')
        pattern += 2;
    size_t pattern_len = strcspn(pattern, "/"), name_len = strcspn(name, "/");
    bool last = !pattern[pattern_len], name_last = !name[name_len];
    if (pattern_len == 2 && memcmp(pattern, "**", 2) == 0) {
        if (last || listing_matches(pattern + 3, name))
            return true;
        return !name_last && listing_matches(pattern, name + name_len + 1);
    }
    if (last != name_last || !part_matches(pattern, pattern_len, name, name_len))
        return false;
    return last || listing_matches(pattern + pattern_len + 1, name + name_len + 1);
}

/* ---- Patterns ------------------------------------------------------------------------------ */

static int add_file(struct listing *listing, const char *path, size_t name_at, struct tg_error *err)
{
    int rc = TG_OK;
    struct listed_file *file;
    struct fs_stat info;
    TRY(mem_grow(&listing->items, &listing->cap, listing->count + 1, sizeof(*listing->items), err));
    file = &listing->items[listing->count];
    *file = (struct listed_file){.path = mem_strdup(path)};
    if (!file->path)
        TRY(error_nomem(err));
    listing->count++;
    TRY(set_name(listing, file, file->path + name_at, err));
    TRY(stat_path(file, &info, err));
    set_stat(file, &info);
done:
    return rc;
}

static int add_unmatched(struct listing *listing, const char *pattern, struct tg_error *err)
{
    int rc = mem_grow(&listing->unmatched, &listing->unmatched_cap, listing->unmatched_count + 1,
                      sizeof(*listing->unmatched), err);
    char *copy = rc == TG_OK ? mem_strdup(pattern) : NULL;
    if (rc == TG_OK && !copy)
        return error_nomem(err);
    if (copy)
        listing->unmatched[listing->unmatched_count++] = copy;
    return rc;
}

/* What a wildcard found, if it can be read like a file. */
static int add_match(const struct context *ctx, struct listing *listing, const char *path,
                     size_t name_at, struct tg_error *err)
{
    int rc = add_file(listing, path, name_at, err);
    if (rc != TG_OK || listing->items[listing->count - 1].is_file)
        return rc;
    mem_free(listing->items[--listing->count].path);
    context_log(ctx, TG_LOG_WARNING, "files",
                "'%s' is a pipe or a device, which a wildcard does not match; name it in `path` to "
                "read it",
                path);
    return TG_OK;
}

/* The root with a slash at its end and none twice; "" for the current folder. */
static void put_root(struct buf *out, const char *root)
{
    char last = '\0';
    while (root[0] == '.' && root[1] == '/')
        for (root += 2; root[0] == '/';)
            root++;
    if (strcmp(root, ".") == 0 || root[0] == '\0')
        return;
    for (; *root; last = *root++) {
        if (*root != '/' || last != '/')
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
    if (pattern[0] != '/')
        put_root(&path, root);
    name_at = path.len;
    fs_glob_literal(buf_string(&path), &escaped);
    buf_text(&path, pattern);
    buf_text(&escaped, pattern);
    TRY(buf_check(&path, err));
    TRY(buf_check(&escaped, err));
    if (is_file(buf_string(&path))) {
        TRY(add_file(listing, path.data, name_at, err));
        goto done;
    }
    TRY(fs_glob(buf_string(strpbrk(pattern, "*?[") ? &escaped : &path), &names, err));
    size_t before = listing->count;
    for (size_t i = 0; i < names.count; i++)
        TRY(add_match(ctx, listing, names.items[i], name_at, err));
    if (listing->count == before)
        TRY(add_unmatched(listing, pattern, err));
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

static int compare_identities(const void *left, const void *right)
{
    const struct listed_file *a = *(struct listed_file *const *)left;
    const struct listed_file *b = *(struct listed_file *const *)right;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

/* One file under two names is linked, if it still is: else it was renamed meanwhile. */
static int check_links(const struct listing *listing, struct tg_error *err)
{
    struct listed_file **sorted = mem_calloc(listing->count + 1, sizeof(struct listed_file *));
    int rc = TG_OK;
    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < listing->count; i++)
        sorted[i] = &listing->items[i];
    qsort(sorted, listing->count, sizeof(struct listed_file *), compare_identities);
    for (size_t i = 1; i < listing->count; i++) {
        if (compare_identities(&sorted[i - 1], &sorted[i]) != 0)
            continue;
        TRY(listing_stat(sorted[i - 1], err));
        TRY(listing_stat(sorted[i], err));
    }
done:
    mem_free(sorted);
    return rc;
}

int listing_make(const struct context *ctx, const char *root, const char *patterns,
                 struct listing *out, struct tg_error *err)
{
    struct fs_stat info;
    int rc = TG_OK;
    *out = (struct listing){0};
    arena_init(&out->arena);
    TRY(fs_stat(root[0] ? root : ".", &info, err));
    if (!info.is_dir)
        TRY(error_set(err, TG_SOURCE, "folder '%s' %s; correct root", root,
                      info.exists ? "is a file" : "does not exist"));
    TRY(add_patterns(ctx, out, root, patterns, err));
    sort_unique(out);
    TRY(check_links(out, err));
done:
    if (rc != TG_OK)
        listing_release(out);
    return rc;
}
