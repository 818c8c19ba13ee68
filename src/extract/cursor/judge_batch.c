/*
 * Which rows of an Arrow batch are new: by whole columns where that can be, else row by row.
 *
 * Path: judge_batch -> find_columns -> judge_keys, for a single column of numbers or times
 * (order_keys.c): sort_out does the rows that only the bounds decide about, in one loop; judge_row
 * has the rest, those at the start that may be known, and those at the last value.
 * | judge_rows: judge_row for each row.
 *
 * Both come to the same: what judge_keys leaves out changes nothing but the counts. An error is
 * left to judge_rows, which says where it is. Where the cursor goes down, so do the keys.
 */
#include "extract/cursor/judge_batch.h"

#include "base/memory.h"
#include "extract/cursor/cursor_arrow.h"
#include "extract/cursor/order_keys.h"
#include "extract/cursor/refusal.h"

enum keep { KEEP_NOT, KEEP_ROW, KEEP_WITHOUT /* has no value, and stays */ };

static int find_columns(const struct pass *pass, struct cursor_column columns[POINT_PARTS_MAX],
                        struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    for (size_t i = 0; i < cursor->field_count; i++) {
        const struct path *path = &cursor->fields[i].path;
        const char *name = path->is_name ? path->steps[0].name : path->field;
        int rc = cursor_column_find(pass->page, name, &columns[i], err);
        if (rc == TG_OK && !columns[i].array && cursor->fields[i].is_alias)
            rc = cursor_column_find(pass->page, path->field, &columns[i], err);
        if (rc == TG_DATA)
            cursor_blame(pass->cursor, TG_REASON_CURSOR_TYPE, err);
        if (rc != TG_OK)
            return pass->page->file ? error_at(err, rc, AT_FILE, pass->page->file) : rc;
    }
    return TG_OK;
}

/* ---- row by row ---- */

static inline int batch_point(struct pass *pass, const struct cursor_column *columns, int64_t index,
                              struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    int rc = TG_OK;
    cursor->here.count = 0;
    for (size_t i = 0; i < cursor->field_count; i++) {
        struct cursor_value *value = &cursor->here.parts[i];
        TRY(cursor_column_value(&columns[i], index, value, err));
        if (value->kind == TG_VALUE_NONE)
            goto done;
        if (cursor->as.type != TYPE_NONE && !cursor_value_as(&cursor->as, value))
            return row_where(pass->page, (struct row_ref){NULL, index},
                             refuse_type(cursor, value, err), err);
    }
    cursor->here.count = cursor->field_count;
done:
    return rc;
}

static inline int judge_one(struct pass *pass, const struct cursor_column *columns, int64_t index,
                            struct tg_error *err)
{
    enum verdict verdict = ROW_KEPT;
    int rc = TG_OK;
    TRY(batch_point(pass, columns, index, err));
    TRY(judge_row(pass, (struct row_ref){NULL, index}, &verdict, err));
    pass->cursor->keep[index] = verdict == ROW_KEPT ? KEEP_ROW : KEEP_NOT;
done:
    return rc;
}

static int judge_rows(struct pass *pass, const struct cursor_column *columns, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t i = 0; i < pass->page->array.length; i++) {
        TRY(judge_one(pass, columns, i, err));
        if (pass->cursor->keep[i] != KEEP_NOT && cursor_hears_window(pass->cursor))
            TRY(judge_in_window(pass, (struct row_ref){NULL, i}, err));
    }
done:
    return rc;
}

/* ---- by their keys ---- */

/* The batch as its keys, and where the cursor's points are among them. */
struct keys {
    enum key_kind kind;
    int64_t count;
    int64_t *keys;
    uint8_t *keep;       /* first: is there a value? */
    int64_t first, last; /* the bounds, both inclusive */
    int64_t start, previous;
    int64_t greatest; /* of the rows that stay */
};

static bool find_key(const struct cursor *cursor, const struct keys *keys,
                     const struct point *point, int64_t none, int64_t *out)
{
    *out = none;
    if (point->count == 0)
        return true;
    if (!order_key_of(keys->kind, &point->parts[0], out))
        return false;
    *out = cursor->backwards ? ~*out : *out;
    return true;
}

/* false: a point has no key, or one that nothing lies beyond. */
static bool find_bounds(const struct pass *pass, struct keys *keys)
{
    const struct cursor *cursor = pass->cursor;
    const bool is_open_start = cursor->start.count > 0 && cursor->start_is_open;
    const bool is_open_end = cursor->end.count > 0 && !cursor->end_is_closed;
    int64_t last;
    if (!find_key(cursor, keys, &cursor->start, INT64_MIN, &keys->start) ||
        !find_key(cursor, keys, &cursor->end, INT64_MAX, &keys->last) ||
        !find_key(cursor, keys, &cursor->previous, 0, &keys->previous) ||
        !find_key(cursor, keys, &pass->last, 0, &last) ||
        (is_open_start && keys->start == INT64_MAX) || (is_open_end && keys->last == INT64_MIN))
        return false;
    keys->first = keys->start + is_open_start;
    keys->last -= is_open_end;
    return true;
}

static bool goes_forwards(const struct cursor *cursor)
{
    return (cursor->row_order == TG_ASC) != cursor->backwards;
}

/* As the source promises, from the row before on. */
static bool is_in_order(const struct cursor *cursor, const struct keys *keys)
{
    const bool forwards = goes_forwards(cursor);
    bool has_previous = cursor->previous.count > 0;
    int64_t previous = keys->previous;
    for (int64_t i = 0; i < keys->count; i++) {
        if (!keys->keep[i])
            continue;
        if (has_previous && (forwards ? keys->keys[i] < previous : keys->keys[i] > previous))
            return false;
        previous = keys->keys[i];
        has_previous = true;
    }
    return true;
}

static int64_t count_missing(const struct keys *keys)
{
    int64_t there = 0;
    for (int64_t i = 0; i < keys->count; i++)
        there += keys->keep[i];
    return keys->count - there;
}

/* false: they are to be judged row by row. */
static bool read_keys(struct pass *pass, const struct cursor_column *column, struct keys *keys)
{
    const struct cursor *cursor = pass->cursor;
    if (cursor->field_count > 1 || cursor->last_value_func || cursor->as.type != TYPE_NONE ||
        !order_keys_read(column, keys->count, &keys->kind, keys->keys, keys->keep) ||
        !find_bounds(pass, keys) || (cursor->on_missing == TG_RAISE && count_missing(keys) > 0))
        return false;
    for (int64_t i = 0; cursor->backwards && i < keys->count; i++)
        keys->keys[i] = ~keys->keys[i];
    return !cursor->may_end || is_in_order(cursor, keys);
}

static void sort_out(struct cursor *cursor, struct keys *keys)
{
    const uint8_t without = cursor->on_missing == TG_INCLUDE ? KEEP_WITHOUT : KEEP_NOT;
    const uint64_t below_before = cursor->counts.below, beyond_before = cursor->counts.beyond;
    keys->greatest = INT64_MIN;
    for (int64_t i = 0; i < keys->count; i++) {
        const int64_t key = keys->keys[i];
        const bool there = keys->keep[i], beyond = key > keys->last,
                   below = !beyond && key < keys->first, stays = there && !beyond && !below;
        cursor->counts.beyond += there && beyond;
        cursor->counts.below += there && below;
        cursor->counts.without += !there;
        keys->greatest = stays && key > keys->greatest ? key : keys->greatest;
        keys->keep[i] = there ? stays : without;
    }
    if (cursor->may_end && (goes_forwards(cursor) ? cursor->counts.beyond > beyond_before
                                                  : cursor->counts.below > below_before))
        cursor->is_over = true;
}

/* Without hashes the first row at the last value says it all. */
static int judge_edges(struct pass *pass, const struct cursor_column *column,
                       const struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    const struct cursor *cursor = pass->cursor;
    const bool hashes = cursor->hash != CURSOR_HASH_NONE;
    const bool knows = hashes && cursor->progress->boundary.stored_count > 0;
    const int64_t at_start = knows ? keys->start : keys->greatest;
    for (int64_t i = 0; i < keys->count; i++) {
        const bool is_edge = keys->keys[i] == keys->greatest || keys->keys[i] == at_start;
        if (keys->keep[i] != KEEP_ROW || !is_edge)
            continue;
        TRY(judge_one(pass, column, i, err));
        if (!hashes)
            goto done;
    }
done:
    return rc;
}

/* The next batch goes on from the last row of this one that has a value. */
static int note_previous(struct pass *pass, const struct cursor_column *column,
                         const struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    struct cursor *cursor = pass->cursor;
    cursor->here.count = 0;
    for (int64_t i = keys->count; i-- > 0 && cursor->here.count == 0;)
        TRY(batch_point(pass, column, i, err));
    if (cursor->here.count == 0)
        goto done;
    point_copy(&cursor->previous, &cursor->here);
    pass->has_previous = true;
done:
    return rc;
}

/* Those that are left out before the start: one of them may have come late. */
static int note_below(struct pass *pass, const struct cursor_column *column,
                      const struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t i = 0; i < keys->count && cursor_asks_lateness(pass->cursor); i++) {
        if (keys->keys[i] >= keys->first || keys->keys[i] > keys->last)
            continue;
        TRY(batch_point(pass, column, i, err));
        TRY(judge_lateness(pass, (struct row_ref){NULL, i}, err));
    }
done:
    return rc;
}

/* Those that stay before the value that was reached. */
static int note_window(struct pass *pass, const struct cursor_column *column,
                       const struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t reached = INT64_MAX;
    if (!find_key(pass->cursor, keys, &pass->cursor->reached, INT64_MAX, &reached))
        reached = INT64_MAX;
    for (int64_t i = 0; i < keys->count; i++) {
        if (keys->keep[i] != KEEP_ROW || keys->keys[i] >= reached)
            continue;
        TRY(batch_point(pass, column, i, err));
        TRY(judge_in_window(pass, (struct row_ref){NULL, i}, err));
    }
done:
    return rc;
}

static int judge_keys(struct pass *pass, const struct cursor_column *column, struct keys *keys,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const uint64_t below_before = pass->cursor->counts.below;
    sort_out(pass->cursor, keys);
    if (pass->cursor->counts.below > below_before)
        TRY(note_below(pass, column, keys, err));
    TRY(judge_edges(pass, column, keys, err));
    if (cursor_hears_window(pass->cursor))
        TRY(note_window(pass, column, keys, err));
    if (pass->cursor->may_end)
        TRY(note_previous(pass, column, keys, err));
done:
    return rc;
}

int judge_batch(struct pass *pass, int64_t *kept, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct cursor_column columns[POINT_PARTS_MAX];
    struct keys keys = {.count = pass->page->array.length};
    const size_t room = (size_t)keys.count + 1;
    int rc = TG_OK;
    *kept = 0;
    TRY(find_columns(pass, columns, err));
    TRY(mem_grow(&cursor->keep, &cursor->keep_cap, room, sizeof(*cursor->keep), err));
    TRY(mem_grow(&cursor->keys, &cursor->key_cap, room, sizeof(*cursor->keys), err));
    keys.keys = cursor->keys;
    keys.keep = cursor->keep;
    if (read_keys(pass, &columns[0], &keys))
        TRY(judge_keys(pass, &columns[0], &keys, err));
    else
        TRY(judge_rows(pass, columns, err));
    for (int64_t i = 0; i < keys.count; i++)
        *kept += cursor->keep[i] != KEEP_NOT;
done:
    return rc;
}
