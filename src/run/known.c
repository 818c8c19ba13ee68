/*
 * The rows at a cursor's last value, between the state, which dlt reads, and the ledger.
 *
 *   resume_cursor -> known_hashes; remember_cursor -> known_remember
 *
 * Which rows these are is the cursor's to say; the ledger's part of a load is the manifest's.
 */
#include "run/known.h"

#include <string.h>

#include "base/memory.h"
#include "run/tied.h"

static const struct ledger_boundary *find_boundary(const struct session *session,
                                                   const struct resource *resource,
                                                   const char *last_value)
{
    for (size_t i = 0; last_value && i < session->ledger.boundary_count; i++) {
        const struct ledger_boundary *boundary = &session->ledger.boundaries[i];
        if (strcmp(boundary->resource, resource->name) == 0 &&
            strcmp(boundary->cursor_path, resource->incremental.cursor_path) == 0 &&
            strcmp(boundary->last_value, last_value) == 0)
            return boundary;
    }
    return NULL;
}

/* dlt reads the boundary from the state; beyond this it would warn, and the blob would grow. */
enum { STATE_HASHES_MAX = 200 };

/* Of more than that the state has one hash of them all, or of the word that stands for them
 * (tied.h), which is no row's. It moves on as they do: else a load of more rows at the same value
 * would leave the state as it is, and who began before it would load them again. */
static int digest(struct session *session, const char *const *hashes, size_t count,
                  char out[HASH_ROW_TEXT + 1], struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s\n", hashes[i]);
    int rc = buf_check(&text, err);
    if (rc == TG_OK)
        rc = hash_text(&session->hasher, buf_string(&text), text.len, HASH_ROW_BYTES, out, err);
    buf_release(&text);
    return rc;
}

/* The rows at the last value that are there. The state holds them, with those that dlt has added
 * since; of ours that are too many for it the ledger knows. Fewer in the ledger are in the state,
 * too, unless dlt has begun anew: then it is the state that is right, as it is where it does not
 * know of the ones that are tied. */
int known_hashes(struct session *session, const struct resource *resource,
                 const struct state_cursor *stored, const char ***out, size_t *count,
                 struct ties_total *tied, struct tg_error *err)
{
    const struct ledger_boundary *boundary = find_boundary(session, resource, stored->last_value);
    size_t ours = boundary && boundary->hash_count > STATE_HASHES_MAX ? boundary->hash_count : 0;
    char of_all[HASH_ROW_TEXT + 1] = "";
    bool is_tied =
        boundary && boundary->hash_count == 1 && tied_read_word(boundary->hashes[0], tied);
    bool is_known = false;
    int rc = ours || is_tied ? digest(session, boundary->hashes, boundary->hash_count, of_all, err)
                             : TG_OK;
    if (rc != TG_OK)
        return rc;
    *out = mem_calloc(ours + stored->hash_count + 1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (*count = 0; *count < ours; ++*count)
        (*out)[*count] = boundary->hashes[*count];
    for (size_t i = 0; i < stored->hash_count; i++) {
        if (strcmp(stored->unique_hashes[i], of_all) == 0)
            is_known = true;
        else
            (*out)[(*count)++] = stored->unique_hashes[i];
    }
    if (!is_known || !is_tied)
        *tied = (struct ties_total){.count = 0};
    return TG_OK;
}

uint64_t known_count(const struct ledger_boundary *boundary)
{
    struct ties_total tied;
    return boundary->hash_count == 1 && tied_read_word(boundary->hashes[0], &tied)
               ? tied.count
               : boundary->hash_count;
}

int known_remember(struct session *session, const struct resource *resource,
                   const struct state_cursor *cursor, struct tg_error *err)
{
    int rc = TG_OK;
    char of_all[HASH_ROW_TEXT + 1];
    char *only[] = {of_all};
    struct state_cursor stored = *cursor;
    struct ties_total tied;
    if (cursor->hash_count > STATE_HASHES_MAX ||
        (cursor->hash_count == 1 && tied_read_word(cursor->unique_hashes[0], &tied))) {
        TRY(digest(session, (const char *const *)cursor->unique_hashes, cursor->hash_count, of_all,
                   err));
        stored.unique_hashes = only;
        stored.hash_count = 1;
    }
    TRY(state_set_cursor(&session->state, resource_source_key(session, resource), resource->name,
                         resource->incremental.cursor_path, &stored, err));
done:
    return rc;
}
