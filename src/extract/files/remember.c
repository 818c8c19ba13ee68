/*
 * Bookmarks of files, as a run makes them.
 *
 * Path: remember_read (what was read of a file: its text, by a hash) or remember_noted (its text
 * was loaded before) -> remember_lost (what this name held before, and no file here has any more)
 * -> remember, where the ledger does not have just this.
 *
 * What becomes of a file by its bookmark is for known.c to say.
 */
#include "extract/files/remember.h"

#include <string.h>

#include "extract/files/report.h"
#include "extract/files/text.h"

/* Is the ledger without this, or does it have something else? */
static bool is_news(const struct resource_request *request, const struct bookmark *bookmark)
{
    const struct bookmark *known = bookmarks_find(request->recalled, bookmark->key);
    return request->replaces || !known || known->size != bookmark->size ||
           known->mtime_us != bookmark->mtime_us || known->rows != bookmark->rows ||
           strcmp(known->checksum, bookmark->checksum) != 0 ||
           strcmp(known->content, bookmark->content) != 0;
}

static int remember(struct remembered *made, const struct bookmark *bookmark, struct tg_error *err)
{
    int rc = TG_OK;
    if (!is_news(made->request, bookmark))
        return TG_OK;
    TRY(mem_grow(&made->items, &made->cap, made->count + 1, sizeof(*made->items), err));
    made->items[made->count++] = *bookmark;
done:
    return rc;
}

/* The entry that this file takes the place of. */
static const char *replaced_key(const struct listed_file *file)
{
    bool has_its_text = file->reason == FILE_MOVED || file->reason == FILE_GROWN;
    return has_its_text && strcmp(file->entry->key, file->name) != 0 ? file->entry->key : "";
}

/* What is lost is known by its text if it comes back, under its name or another one; so it is kept
 * under a name that is no file's. */
static int remember_lost(struct remembered *made, const struct listed_file *file,
                         struct tg_error *err)
{
    if (!file->lost)
        return TG_OK;
    struct bookmark former = *file->lost;
    former.key = arena_printf(made->arena, "%s//%s", file->lost->key, file->lost->content);
    former.replaces = file->lost->key;
    return former.key ? remember(made, &former, err) : error_nomem(err);
}

/* Where a row of its twin waits, it waits in both. */
int remember_noted(struct remembered *made, const struct listed_file *file, struct tg_error *err)
{
    const struct bookmark *left = file->twin ? file->twin->left : NULL;
    struct bookmark entry = left ? *left : *file->entry;
    entry.checksum = left ? BOOKMARK_WAITS : ""; /* else all of the file is in the text */
    entry.key = file->name;
    entry.size = file->size;
    entry.mtime_us = file->mtime_us;
    entry.replaces = replaced_key(file);
    if (file->twin)
        entry.rows = (int64_t)file->twin->rows;
    int rc = remember_lost(made, file, err);
    return rc == TG_OK ? remember(made, &entry, err) : rc;
}

/* For its twins, which come later. */
static int keep_left(struct remembered *made, struct listed_file *file,
                     const struct bookmark *entry, struct tg_error *err)
{
    struct bookmark *left = arena_alloc(made->arena, sizeof(*left));
    if (!left)
        return error_nomem(err);
    *left = *entry;
    left->was_read = false;
    left->news = TG_FILE_NEW;
    file->left = left;
    return TG_OK;
}

int remember_read(struct remembered *made, struct listed_file *file, const struct hash_stream *text,
                  struct tg_error *err)
{
    struct bookmark entry;
    int rc = TG_OK;
    TRY(text_entry(text, file->name, made->arena, &entry, err));
    entry.replaces = replaced_key(file);
    entry.was_read = true;
    entry.news = report_news(file);
    entry.size = file->size;
    entry.mtime_us = file->mtime_us;
    entry.checksum = file->waits > 0 ? BOOKMARK_WAITS : "";
    entry.rows = (int64_t)file->rows + (file->fate == FILE_TAIL ? file->entry->rows : 0);
    if (file->waits > 0)
        TRY(keep_left(made, file, &entry, err));
    TRY(remember_lost(made, file, err));
    TRY(remember(made, &entry, err));
done:
    return rc;
}
