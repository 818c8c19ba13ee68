/*
 * The rows at one cursor value, where they are too many for boundary.c: as hashes of a fixed width
 * on disk, and compared there by the engine, which spills.
 *
 * Data path: ties_hold -> recall (once: the stored hashes to the shelf `stored`) -> row to held.c,
 * its other forms to `forms`; ties_next -> a query for those without a stored hash -> pages.
 * ties_pour, ties_add -> the shelf `seen`; ties_finish -> a query that sorts it, drops what is
 * there twice or stored, and hands out the rest.
 *
 * A set has one number for all of its hashes, their sum, so that it is known again, and moves when
 * they do, without any of them being read.
 *
 * What is hashed, and when the last value moves, is cursor.c's.
 */
#include "extract/cursor/ties.h"

#include <inttypes.h>
#include <string.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/memory.h"
#include "base/text/base64.h"
#include "data/batch.h"
#include "extract/cursor/held.h"

enum { SHARE = 16, IN_MEMORY = 10000 };

static const char *const names[] = {"low", "high", "sequence"};

struct ties {
    struct ties_options options;
    struct held *held;
    struct shelf forms, stored, seen;
    struct ties_total recalled;
    size_t in_memory;
    bool is_recalled, gathers, replaying;
    bool anew;  /* the last value is not that of the stored ones */
    bool mixes; /* `seen` has hashes in forms that are not written any more */
};

int ties_new(const struct ties_options *options, struct ties **out, struct tg_error *err)
{
    int rc = TG_OK;
    const size_t share = options->ctx->memory_bytes_max / SHARE;
    struct ties *ties = mem_calloc(1, sizeof(*ties));
    *out = NULL;
    if (!ties)
        return error_nomem(err);
    ties->options = *options;
    ties->in_memory = fault_forces("ties") ? 3 : IN_MEMORY;
    ties->options.folder = mem_strdup(options->folder);
    if (!ties->options.folder)
        TRY(error_nomem(err));
    struct shelf_options shelf = {.engine = options->engine,
                                  .folder = ties->options.folder,
                                  .names = names,
                                  .column_count = 2,
                                  .bytes_max = share / 4};
    TRY(held_new(options->engine, ties->options.folder, share, &ties->held, err));
    shelf.stem = "stored";
    TRY(shelf_init(&ties->stored, &shelf, err));
    shelf.stem = "seen";
    TRY(shelf_init(&ties->seen, &shelf, err));
    shelf.stem = "forms";
    shelf.column_count = 3;
    TRY(shelf_init(&ties->forms, &shelf, err));
    *out = ties;
    ties = NULL;
done:
    ties_free(ties);
    return rc;
}

void ties_free(struct ties *ties)
{
    if (!ties)
        return;
    held_free(ties->held);
    if (ties->options.folder && fs_remove_tree(ties->options.folder, NULL) != TG_OK)
        context_log(ties->options.ctx, TG_LOG_WARNING, "cursor",
                    "the folder '%s' of this run could not be removed", ties->options.folder);
    shelf_release(&ties->forms);
    shelf_release(&ties->stored);
    shelf_release(&ties->seen);
    mem_free((char *)ties->options.folder);
    mem_free(ties);
}

/* ---- hashes ---- */

static uint64_t get_half(const unsigned char *bytes)
{
    uint64_t half = 0;
    for (size_t i = 0; i < 8; i++)
        half = half << 8 | bytes[i];
    return half;
}

static void put_half(uint64_t half, unsigned char *out)
{
    for (size_t i = 8; i-- > 0; half >>= 8)
        out[i] = (unsigned char)half;
}

void tie_put(const struct tie *tie, unsigned char out[TIE_BYTES])
{
    put_half(tie->low, out);
    put_half(tie->high, out + 8);
}

bool tie_of_text(const char *text, struct tie *out)
{
    unsigned char bytes[TIE_BYTES] = {0};
    size_t text_len = strlen(text);
    size_t len = text_len <= HASH_ROW_TEXT ? base64_decode_short(text, text_len, bytes) : 0;
    if (len == 0)
        return false;
    bytes[TIE_BYTES - 1] = (unsigned char)len;
    *out = (struct tie){get_half(bytes), get_half(bytes + 8)};
    return true;
}

static void count_tie(struct ties_total *total, const struct tie *tie)
{
    total->count++;
    total->low += tie->low;
    total->high += tie->high;
}

static int shelve(struct shelf *shelf, const struct tie *tie, uint64_t sequence,
                  struct tg_error *err)
{
    const int64_t numbers[] = {(int64_t)tie->low, (int64_t)tie->high, (int64_t)sequence};
    return shelf_add(shelf, numbers, NULL, err);
}

/* ---- rows at the start value ---- */

bool ties_are_stored(const struct ties *ties)
{
    return ties->options.stored.count > 0;
}

bool ties_are_mixed(const struct ties *ties)
{
    return ties->options.stored.is_mixed;
}

int ties_recall(struct ties *ties, const void *bytes, size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++, at += TIE_BYTES) {
        const struct tie tie = {get_half(at), get_half(at + 8)};
        count_tie(&ties->recalled, &tie);
        TRY(shelve(&ties->stored, &tie, 0, err));
    }
done:
    return rc;
}

/* Once, when they are needed. A set with a hole would load rows again, and nobody would know. */
static int recall(struct ties *ties, struct tg_error *err)
{
    int rc = TG_OK;
    const struct ties_total *stored = &ties->options.stored, *recalled = &ties->recalled;
    if (ties->is_recalled || !ties_are_stored(ties))
        return TG_OK;
    ties->is_recalled = true;
    TRY(ties->options.recall(ties->options.user, ties, err));
    if (recalled->count != stored->count || recalled->low != stored->low ||
        recalled->high != stored->high)
        TRY(error_set(err, TG_DESTINATION,
                      "the table _tidegate_ties has %" PRIu64 " hashes of rows at the last value "
                      "where the last load has left %" PRIu64
                      ", or others: another run has loaded meanwhile (then run again), or the "
                      "table was changed (then give it its rows back, or load all again with "
                      "--full-refresh); nothing was written",
                      recalled->count, stored->count));
    TRY(shelf_flush(&ties->stored, err));
done:
    return rc;
}

int ties_hold(struct ties *ties, const struct page *page, size_t index, const struct tie *forms,
              size_t form_count, struct tg_error *err)
{
    int rc = TG_OK;
    const uint64_t hash[] = {forms[0].low, forms[0].high};
    TRY(recall(ties, err));
    for (size_t i = 1; i < form_count; i++)
        TRY(shelve(&ties->forms, &forms[i], held_count(ties->held), err));
    TRY(held_add(ties->held, page, index, hash, err));
done:
    return rc;
}

/* Which are new is found by their hashes alone: rows themselves may be large. */
static int write_new(struct ties *ties, struct buf *sql, struct tg_error *err)
{
    int rc = TG_OK;
    buf_text(sql, "SELECT place, number, cells FROM ");
    TRY(held_relation(ties->held, sql, err));
    buf_text(sql, " AS held SEMI JOIN (SELECT sequence FROM ");
    TRY(held_relation(ties->held, sql, err));
    buf_text(sql, " AS came ANTI JOIN ");
    shelf_relation(&ties->stored, sql);
    buf_text(sql, " AS stored USING (low, high)");
    if (ties->forms.total > 0) {
        TRY(shelf_flush(&ties->forms, err));
        buf_text(sql, " ANTI JOIN (SELECT sequence FROM ");
        shelf_relation(&ties->forms, sql);
        buf_text(sql, " AS forms SEMI JOIN ");
        shelf_relation(&ties->stored, sql);
        buf_text(sql, " AS stored USING (low, high)) AS known USING (sequence)");
    }
    buf_text(sql, ") AS new USING (sequence) ORDER BY sequence");
    TRY(buf_check(sql, err));
done:
    return rc;
}

static int start_replay(struct ties *ties, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    ties->replaying = true;
    if (held_count(ties->held) == 0)
        return TG_OK;
    TRY(write_new(ties, &sql, err));
    TRY(held_start(ties->held, sql.data, err));
done:
    buf_release(&sql);
    return rc;
}

int ties_next(struct ties *ties, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    *page = (struct page){.kind = PAGE_END};
    if (!ties->replaying)
        TRY(start_replay(ties, err));
    TRY(held_next(ties->held, page, err));
done:
    return rc;
}

/* ---- rows at the last value ---- */

bool ties_exceed(const struct ties *ties, size_t count)
{
    return count > ties->in_memory;
}

bool ties_gather(const struct ties *ties)
{
    return ties->gathers;
}

int ties_pour(struct ties *ties, struct boundary *boundary, struct tg_error *err)
{
    int rc = TG_OK;
    struct tie tie;
    const char *const *texts;
    ties->gathers = true;
    ties->mixes = boundary_left(boundary) > 0;
    size_t count = boundary_texts(boundary, &texts);
    for (size_t i = 0; i < count; i++)
        if (tie_of_text(texts[i], &tie))
            TRY(shelve(&ties->seen, &tie, 0, err));
    boundary_restart(boundary);
done:
    return rc;
}

int ties_add(struct ties *ties, const struct row_hash *hash, struct tg_error *err)
{
    struct tie tie;
    if (!tie_of_text(hash->text, &tie))
        return error_set(err, TG_INTERNAL, "a row has the hash '%s'", hash->text);
    return shelve(&ties->seen, &tie, 0, err);
}

int ties_restart(struct ties *ties, struct tg_error *err)
{
    ties->anew = true;
    ties->gathers = ties->mixes = false;
    return ties->seen.total > 0 ? shelf_empty(&ties->seen, err) : TG_OK;
}

bool ties_grow(const struct ties *ties)
{
    return ties_are_stored(ties) && !ties->anew;
}

/* ---- what is to be stored ---- */

static int start_finish(struct ties *ties, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    TRY(shelf_flush(&ties->seen, err));
    buf_text(&sql, "SELECT DISTINCT low, high FROM ");
    shelf_relation(&ties->seen, &sql);
    buf_text(&sql, " AS seen");
    if (ties_grow(ties)) {
        TRY(recall(ties, err));
        buf_text(&sql, " ANTI JOIN ");
        shelf_relation(&ties->stored, &sql);
        buf_text(&sql, " AS stored USING (low, high)");
    }
    buf_text(&sql, " ORDER BY low, high");
    TRY(buf_check(&sql, err));
    TRY(engine_query(ties->options.engine, sql.data, out, err));
done:
    buf_release(&sql);
    return rc;
}

static int emit_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                      ties_emit emit, void *user, struct ties_total *total, struct tg_error *err)
{
    int rc = TG_OK;
    struct tie some[BATCH_ROWS];
    size_t count = 0;
    for (int64_t i = 0; i < batch->length; i++) {
        int64_t low = 0, high = 0;
        value_int64(schema->children[0], batch->children[0], batch->offset + i, &low);
        value_int64(schema->children[1], batch->children[1], batch->offset + i, &high);
        some[count] = (struct tie){(uint64_t)low, (uint64_t)high};
        count_tie(total, &some[count++]);
        if (count < BATCH_ROWS && i + 1 < batch->length)
            continue;
        TRY(emit(user, some, count, err));
        count = 0;
    }
done:
    return rc;
}

int ties_finish(struct ties *ties, ties_emit emit, void *user, struct ties_total *out,
                struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL};
    *out = ties_grow(ties) ? ties->options.stored : (struct ties_total){.count = 0};
    out->is_mixed |= ties->mixes;
    if (ties->seen.total == 0)
        return TG_OK;
    TRY(start_finish(ties, &stream, err));
    TRY(stream_schema(&stream, TG_IO, &schema, err));
    while (!end) {
        struct ArrowArray batch = {.release = NULL};
        TRY(stream_next(&stream, TG_IO, &batch, &end, err));
        rc = end ? TG_OK : emit_batch(&schema, &batch, emit, user, out, err);
        array_release(&batch);
        TRY(rc);
    }
done:
    stream_release(&stream);
    schema_release(&schema);
    return rc;
}
