/*
 * The rows at a cursor's last value, as hashes in both of dlt's forms.
 *
 * Data path: boundary_restore (the state's) -> boundary_find for each row at the start value ->
 * boundary_add for each row at the last value, boundary_restart when that moves -> boundary_texts.
 *
 * Rows seen are settled (sorted, those that are there twice dropped) whenever they have doubled, so
 * that memory and time stay near those of the unique ones.
 *
 * What is hashed, and when the last value moves, is cursor.c's.
 */
#include "extract/cursor/boundary.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { SETTLE_MIN = 1024 };

void boundary_release(struct boundary *boundary)
{
    mem_free(boundary->stored);
    mem_free(boundary->seen);
    mem_free(boundary->texts);
    *boundary = (struct boundary){0};
}

/* ---- what is stored ---- */

static int compare_stored(const void *a, const void *b)
{
    return strcmp(((const struct stored_hash *)a)->text, ((const struct stored_hash *)b)->text);
}

int boundary_restore(struct boundary *boundary, const char *const *texts, size_t count,
                     struct tg_error *err)
{
    size_t kept = 0;
    int rc = TG_OK;
    TRY(mem_grow(&boundary->stored, &boundary->stored_cap, count + 1, sizeof(*boundary->stored),
                 err));
    TRY(mem_grow(&boundary->texts, &boundary->text_cap, count + 1, sizeof(*boundary->texts), err));
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(texts[i]);
        if (len != HASH_ROW_TEXT && len != HASH_SHORT_TEXT)
            continue;
        boundary->stored[kept] = (struct stored_hash){.renewed = false};
        memcpy(boundary->stored[kept++].text, texts[i], len + 1);
        boundary->has_long = boundary->has_long || len == HASH_ROW_TEXT;
    }
    qsort(boundary->stored, kept, sizeof(*boundary->stored), compare_stored);
    for (size_t i = 0; i < kept; i++)
        if (boundary->stored_count == 0 ||
            compare_stored(&boundary->stored[boundary->stored_count - 1], &boundary->stored[i]))
            boundary->stored[boundary->stored_count++] = boundary->stored[i];
done:
    return rc;
}

static struct stored_hash *find_stored(struct boundary *boundary, const char *text)
{
    struct stored_hash key = {.renewed = false};
    if (boundary->stored_count == 0)
        return NULL;
    memcpy(key.text, text, strlen(text) + 1);
    return bsearch(&key, boundary->stored, boundary->stored_count, sizeof(key), compare_stored);
}

int boundary_find_text(struct boundary *boundary, const char *text, const struct row_hash *hash,
                       bool *known, struct tg_error *err)
{
    struct stored_hash *found = find_stored(boundary, text);
    *known = found != NULL;
    if (!found || boundary->anew)
        return TG_OK;
    found->renewed = true;
    return boundary_add(boundary, hash, err);
}

int boundary_find(struct boundary *boundary, const struct row_hash *hash, bool *known,
                  struct tg_error *err)
{
    bool is_long = find_stored(boundary, hash->text) != NULL;
    int rc = boundary_find_text(boundary, hash->brief, hash, known, err);
    *known = *known || is_long;
    return rc;
}

/* ---- what was seen ---- */

static int compare_seen(const void *a, const void *b)
{
    return strcmp(((const struct row_hash *)a)->text, ((const struct row_hash *)b)->text);
}

static void settle(struct boundary *boundary)
{
    size_t kept = 0;
    if (boundary->settled == boundary->seen_count)
        return;
    qsort(boundary->seen, boundary->seen_count, sizeof(*boundary->seen), compare_seen);
    for (size_t i = 0; i < boundary->seen_count; i++)
        if (kept == 0 || compare_seen(&boundary->seen[kept - 1], &boundary->seen[i]) != 0)
            boundary->seen[kept++] = boundary->seen[i];
    boundary->seen_count = boundary->settled = kept;
}

int boundary_add(struct boundary *boundary, const struct row_hash *hash, struct tg_error *err)
{
    int rc = TG_OK;
    if (boundary->seen_count > SETTLE_MIN && boundary->seen_count >= 2 * boundary->settled)
        settle(boundary);
    TRY(mem_grow(&boundary->seen, &boundary->seen_cap, boundary->seen_count + 1,
                 sizeof(*boundary->seen), err));
    TRY(mem_grow(&boundary->texts, &boundary->text_cap,
                 boundary->seen_count + 1 + boundary->stored_count, sizeof(*boundary->texts), err));
    boundary->seen[boundary->seen_count++] = *hash;
done:
    return rc;
}

void boundary_restart(struct boundary *boundary)
{
    boundary->seen_count = boundary->settled = 0;
    boundary->anew = true;
}

/* ---- what is kept ---- */

size_t boundary_left(const struct boundary *boundary)
{
    size_t left = 0;
    for (size_t i = 0; i < boundary->stored_count && !boundary->anew; i++)
        left += !boundary->stored[i].renewed;
    return left;
}

size_t boundary_count(struct boundary *boundary)
{
    settle(boundary);
    return boundary->seen_count + boundary_left(boundary);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t boundary_texts(struct boundary *boundary, const char *const **out)
{
    bool brief = !boundary->has_long && boundary_left(boundary) > 0;
    size_t count = 0, kept = 0;
    settle(boundary);
    for (size_t i = 0; i < boundary->seen_count; i++)
        boundary->texts[count++] = brief ? boundary->seen[i].brief : boundary->seen[i].text;
    for (size_t i = 0; i < boundary->stored_count && !boundary->anew; i++)
        if (!boundary->stored[i].renewed)
            boundary->texts[count++] = boundary->stored[i].text;
    if (count > 1)
        qsort(boundary->texts, count, sizeof(*boundary->texts), compare_texts);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(boundary->texts[kept - 1], boundary->texts[i]) != 0)
            boundary->texts[kept++] = boundary->texts[i];
    *out = boundary->texts;
    return kept;
}
