/*
 * Whether a row is new: by where it stands, between the start and the end, and beyond the last.
 *
 * Path: judge_row -> missing (it stands nowhere) -> check_order (where the source keeps one) ->
 * judge, or judge_by_function, where a program says what is last -> at_last (the rows that will be
 * hashed when the page ends) -> note_order (nothing new can come).
 *
 * Where rows stand, pages and what the state keeps are cursor.c's; what is said of a row that
 * cannot be placed is refusal.c's.
 */
#include "extract/cursor/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "extract/cursor/cursor_arrow.h"
#include "extract/cursor/order.h"
#include "extract/cursor/refusal.h"
#include "extract/source.h"

static int missing(const struct pass *pass, struct row_ref ref, enum verdict *verdict,
                   struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    *verdict = cursor->on_missing == TG_INCLUDE ? ROW_KEPT : ROW_EXCLUDED;
    cursor->counts.without++;
    return cursor->on_missing == TG_RAISE ? refuse_missing(pass, ref, err) : TG_OK;
}

/* The first contradiction is enough. */
static void watch_order(struct cursor *cursor, const struct cursor_value *value,
                        const struct cursor_value *other)
{
    struct cursor_contradiction *found = &cursor->contradiction;
    found->as = order_contradicts(value->text, value->len, other->text, other->len);
    if (!found->as)
        return;
    snprintf(found->value, sizeof(found->value), "%.*s", cursor_value_shown(value), value->text);
    snprintf(found->other, sizeof(found->other), "%.*s", cursor_value_shown(other), other->text);
}

static inline bool is_doubtful(const struct cursor *cursor, const struct cursor_value *value,
                               const struct cursor_value *other)
{
    return value->kind == TG_VALUE_TEXT && other->kind == TG_VALUE_TEXT &&
           !(value->is_instant && other->is_instant) && !cursor->contradiction.as &&
           cursor->as.type == TYPE_NONE;
}

/* order > 0: the row is beyond the other, in the cursor's direction. */
static inline int compare(const struct pass *pass, struct row_ref ref, const struct point *other,
                          int *order, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    *order = 0;
    for (size_t i = 0; i < other->count && *order == 0; i++) {
        const struct cursor_value *value = &cursor->here.parts[i];
        if (!cursor_value_compare(value, &other->parts[i], order))
            return refuse_clash(pass, ref, i, other, err);
        if (is_doubtful(cursor, value, &other->parts[i]))
            watch_order(cursor, value, &other->parts[i]);
    }
    if (cursor->backwards)
        *order = -*order;
    return TG_OK;
}

/* Is a row at the start value one of those that were loaded? */
static int look_up(struct pass *pass, struct row_ref ref, enum verdict *verdict,
                   struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct boundary *boundary = &cursor->progress->boundary;
    bool known = false;
    int rc = TG_OK;
    *verdict = ROW_KEPT;
    if (cursor->hash == CURSOR_HASH_NONE || cursor->has_window)
        return TG_OK;
    if (boundary->stored_count > 0)
        TRY(row_is_stored(&cursor->hasher, pass->page, ref, boundary, &known, err));
    if (known)
        *verdict = ROW_KNOWN;
    else if (cursor->ties && ties_are_stored(cursor->ties))
        *verdict = ROW_HELD;
done:
    return rc;
}

/* The row is the first, or one more, at the last value of the page. */
static inline int at_last(struct pass *pass, struct row_ref ref, const struct point *beyond,
                          struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    if (beyond) {
        point_copy(&pass->last, beyond);
        pass->moved = true;
        cursor->boundary_count = 0;
    }
    if (cursor->hash == CURSOR_HASH_NONE || (cursor->progress->crowded && !pass->moved))
        return TG_OK;
    if (cursor->boundary_count == cursor->boundary_cap) {
        int rc = mem_grow(&cursor->boundary, &cursor->boundary_cap, cursor->boundary_count + 1,
                          sizeof(*cursor->boundary), err);
        if (rc != TG_OK)
            return rc;
    }
    cursor->boundary[cursor->boundary_count++] = ref;
    return TG_OK;
}

static int judge(struct pass *pass, struct row_ref ref, enum verdict *verdict, struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    int order = 1;
    int rc = TG_OK;
    if (cursor->end.count > 0) {
        TRY(compare(pass, ref, &cursor->end, &order, err));
        *verdict = ROW_BEYOND;
        if (order > 0 || (order == 0 && !cursor->end_is_closed))
            goto done;
        order = 1;
    }
    if (cursor->start.count > 0) {
        TRY(compare(pass, ref, &cursor->start, &order, err));
        *verdict = ROW_BELOW;
        if (order < 0 || (order == 0 && cursor->start_is_open))
            goto done;
    }
    *verdict = ROW_KEPT;
    if (order == 0)
        TRY(look_up(pass, ref, verdict, err));
    if (*verdict != ROW_KEPT)
        goto done;
    if (pass->last.count > 0)
        TRY(compare(pass, ref, &pass->last, &order, err));
    if (order >= 0)
        TRY(at_last(pass, ref, order > 0 ? &cursor->here : NULL, err));
done:
    return rc;
}

/* ---- By a function of the program ---------------------------------------------------------- */

/* What the function makes of one or two values: `slot` of the answers holds it until the next. */
static int ask(struct pass *pass, const struct point *first, const struct point *second,
               size_t slot, struct point *out, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    const struct point *const points[2] = {first, second};
    struct point copies[2];
    struct tg_value values[2], answer = {.kind = TG_VALUE_NONE};
    size_t count = second && second->count > 0 ? 2 : 1;
    int rc = TG_OK;
    for (size_t i = 0; i < count; i++) { /* texts of batches have no NUL at their end */
        point_copy(&copies[i], points[i]);
        TRY(point_own(&copies[i], &cursor->arguments[i], err));
        values[i] = cursor_value_view(&copies[i].parts[0]);
    }
    rc = cursor->last_value_func(cursor->user, values, count, &answer, err);
    if (rc != TG_OK)
        return source_call_failed("last_value_func", rc, err);
    cursor_value_set(&out->parts[0], &answer);
    out->count = out->parts[0].kind != TG_VALUE_NONE;
    if (out->count == 0)
        TRY(error_set(err, TG_USAGE, "last_value_func gave no value"));
    TRY(point_own(out, &cursor->answers[slot], err));
done:
    return rc;
}

static bool same(const struct point *a, const struct point *b)
{
    const struct cursor_value *left = &a->parts[0], *right = &b->parts[0];
    int order = 1;
    if (a->count == 0 || b->count == 0)
        return a->count == b->count;
    if (left->kind == TG_VALUE_JSON || right->kind == TG_VALUE_JSON)
        return left->kind == right->kind && left->len == right->len &&
               memcmp(left->text, right->text, left->len) == 0;
    return cursor_value_compare(left, right, &order) && order == 0;
}

/* As the reference has it, step by step (6.4). */
static int judge_by_function(struct pass *pass, struct row_ref ref, enum verdict *verdict,
                             struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    const struct point *here = &cursor->here;
    struct point alone, with;
    bool at_start;
    int rc = TG_OK;
    TRY(ask(pass, here, NULL, 0, &alone, err));
    if (cursor->end.count > 0) {
        TRY(ask(pass, here, &cursor->end, 1, &with, err));
        *verdict = ROW_BEYOND;
        if (!same(&with, &cursor->end) || (!cursor->end_is_closed && same(&alone, &cursor->end)))
            goto done;
    }
    *verdict = ROW_KEPT;
    TRY(ask(pass, here, &pass->last, 1, &with, err));
    if (!same(&with, &pass->last)) {
        TRY(point_own(&with, &cursor->progress->last_text, err));
        TRY(at_last(pass, ref, &with, err));
        goto done;
    }
    if (cursor->start.count > 0) {
        at_start = same(&alone, &cursor->start);
        TRY(ask(pass, here, &cursor->start, 1, &with, err));
        *verdict = ROW_BELOW;
        if (at_start ? cursor->start_is_open : same(&with, &cursor->start))
            goto done;
        *verdict = ROW_KEPT;
        if (at_start)
            TRY(look_up(pass, ref, verdict, err));
    }
    if (*verdict == ROW_KEPT && same(&alone, &pass->last))
        TRY(at_last(pass, ref, NULL, err));
done:
    return rc;
}

/* ---- The order of the source --------------------------------------------------------------- */

/* What reading may end by has to be true. */
static int check_order(struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    int order = 0;
    int rc = TG_OK;
    if (cursor->previous.count > 0)
        TRY(compare(pass, ref, &cursor->previous, &order, err));
    if (cursor->backwards)
        order = -order;
    if (cursor->row_order == TG_ASC ? order < 0 : order > 0)
        TRY(refuse_order(pass, ref, err));
    point_copy(&cursor->previous, &cursor->here);
    pass->has_previous = true;
done:
    return rc;
}

/* Rows go towards the end, or back towards the start: beyond it there is nothing more. */
static void note_order(struct cursor *cursor, enum verdict verdict)
{
    bool forwards = (cursor->row_order == TG_ASC) != cursor->backwards;
    cursor->is_over = cursor->is_over || verdict == (forwards ? ROW_BEYOND : ROW_BELOW);
}

static inline void count(struct cursor *cursor, enum verdict verdict)
{
    cursor->counts.below += verdict == ROW_BELOW;
    cursor->counts.beyond += verdict == ROW_BEYOND;
    cursor->counts.known += verdict == ROW_KNOWN || verdict == ROW_HELD;
}

int judge_lateness(struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    const struct lateness *lateness = &cursor->lateness;
    int order = 0;
    int rc = TG_OK;
    if (cursor->here.count > 0 && cursor->initial.count > 0)
        TRY(compare(pass, ref, &cursor->initial, &order, err));
    if (cursor->here.count > 0 && order >= 0)
        TRY(lateness->note(lateness->user, pass->page, ref.cell, ref.index, &cursor->here.parts[0],
                           true, err));
done:
    return rc;
}

int judge_in_window(struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    const struct lateness *lateness = &cursor->lateness;
    int order = 0;
    int rc = TG_OK;
    if (cursor->here.count > 0)
        TRY(compare(pass, ref, &cursor->reached, &order, err));
    if (order < 0)
        TRY(lateness->note(lateness->user, pass->page, ref.cell, ref.index, &cursor->here.parts[0],
                           false, err));
done:
    return rc;
}

int judge_row(struct pass *pass, struct row_ref ref, enum verdict *verdict, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    int rc = TG_OK;
    if (cursor->here.count == 0)
        return missing(pass, ref, verdict, err);
    if (cursor->may_end && !cursor->last_value_func)
        TRY(check_order(pass, ref, err));
    rc = cursor->last_value_func ? judge_by_function(pass, ref, verdict, err)
                                 : judge(pass, ref, verdict, err);
    count(cursor, *verdict);
    if (rc == TG_OK && *verdict == ROW_BELOW && cursor_asks_lateness(cursor))
        rc = judge_lateness(pass, ref, err);
    if (cursor->may_end)
        note_order(cursor, *verdict);
done:
    return rc;
}

int judge_take_back(struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct cursor_counts *counts = &cursor->counts;
    int order = 0;
    int rc = TG_OK;
    if (cursor->end.count > 0)
        TRY(compare(pass, ref, &cursor->end, &order, err));
    if (cursor->end.count > 0 && (order > 0 || (order == 0 && !cursor->end_is_closed))) {
        counts->beyond--;
        goto done;
    }
    TRY(compare(pass, ref, &cursor->start, &order, err));
    if (order == 0 && !cursor->start_is_open)
        counts->known--;
    else
        counts->below--;
done:
    return rc;
}
