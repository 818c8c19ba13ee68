/*
 * The cursor: which rows of a page are new (reference 6.3, 6.4).
 *
 * Data path: cursor_new (stored value and hashes -> start) -> cursor_filter: for each row where it
 * stands (row_point) and judge_row, or judge_batch; at the end of the page end_page, which hashes
 * the rows at the last value. -> cursor_last_json, cursor_hashes.
 *
 * Only rows at a boundary are hashed: at the start when there are stored hashes to recognise them
 * by, at the last value when a page ends. With TG_MIN all orders are mirrored.
 *
 * Values are left to cursor_value.c and point.c, batches to cursor_arrow.c, the hashes to
 * row_hash.c and boundary.c, storing to the pipeline.
 */
#include "extract/cursor/cursor.h"

#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "extract/cursor/alias.h"
#include "extract/cursor/cursor_arrow.h"
#include "extract/cursor/judge_batch.h"
#include "extract/cursor/lag.h"
#include "extract/cursor/refusal.h"

/* ---- Making it ----------------------------------------------------------------------------- */

static int copy_fields(struct cursor *cursor, const struct cursor_options *options,
                       struct tg_error *err)
{
    int rc = TG_OK;
    const char *const *paths = options->path_count > 0 ? options->paths : &options->path;
    cursor->field_count = options->path_count > 0 ? options->path_count : 1;
    if (cursor->field_count > POINT_PARTS_MAX)
        return error_set(err, TG_USAGE, "the cursor has %zu fields; %d is the most",
                         cursor->field_count, POINT_PARTS_MAX);
    for (size_t i = 0; i < cursor->field_count; i++)
        TRY(path_parse(&cursor->arena, &path_of_cursor, paths[i], &cursor->fields[i].path, err));
    TRY(arena_keep(&cursor->arena, options->path, &cursor->path, err));
done:
    return rc;
}

static int copy_key(struct cursor *cursor, const struct cursor_options *options,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const char **key = arena_alloc(&cursor->arena, (options->key_count + 1) * sizeof(*key));
    if (!key)
        return error_nomem(err);
    for (size_t i = 0; i < options->key_count; i++)
        TRY(arena_keep(&cursor->arena, options->key[i], &key[i], err));
    cursor->hasher.key = key;
    cursor->hasher.key_is_list = options->key_is_list;
    cursor->hasher.key_count = options->hash == CURSOR_HASH_KEY ? options->key_count : 0;
done:
    return rc;
}

/* A text of the spec or the state, read as those of the rows are; then as it looks by itself. */
static int read_as_type(const struct cursor *cursor, struct point *point, struct tg_error *err)
{
    for (size_t i = 0; i < point->count; i++)
        if (!cursor_value_as(&cursor->as, &point->parts[i]))
            return refuse_type(cursor, &point->parts[i], err);
    return TG_OK;
}

static int copy_options(struct cursor *cursor, const struct cursor_options *options,
                        struct tg_error *err)
{
    int rc = TG_OK;
    cursor->names = options->names;
    cursor->backwards = options->last_value == TG_MIN;
    cursor->start_is_open = options->start_is_open;
    cursor->end_is_closed = options->end_is_closed;
    cursor->is_window = options->is_window;
    cursor->row_order = options->row_order;
    cursor->last_value_func = options->last_value_func;
    cursor->user = options->user;
    cursor->as.type = options->as.type;
    cursor->on_missing = options->on_missing;
    /* Rows that are added are known at the last value without the lag, too, once it is gone. */
    const bool merges_window = options->lag && options->hash_count_max > 0;
    cursor->hash = options->start_is_open || merges_window ? CURSOR_HASH_NONE : options->hash;
    cursor->hash_count_max = options->hash_count_max;
    if (options->as.format)
        TRY(arena_keep(&cursor->arena, options->as.format, &cursor->as.format, err));
    TRY(copy_fields(cursor, options, err));
    TRY(copy_key(cursor, options, err));
    TRY(point_keep(&cursor->arena, &options->initial_value, cursor->field_count, &cursor->initial,
                   err));
    TRY(point_keep(&cursor->arena, &options->end_value, cursor->field_count, &cursor->end, err));
    TRY(read_as_type(cursor, &cursor->initial, err));
    TRY(read_as_type(cursor, &cursor->end, err));
done:
    return rc;
}

/* The text stays for those who look at the bounds. */
static void take_as_time(struct point *bound)
{
    struct time_point point;
    struct cursor_value *value = &bound->parts[0];
    enum time_form form = bound->count == 1 && value->kind == TG_VALUE_TEXT
                              ? time_parse(value->text, value->len, &point)
                              : TIME_NONE;
    if (form == TIME_STAMP || form == TIME_DATE)
        cursor_value_set_time(value, TG_VALUE_TIMESTAMP, point.us, !point.has_zone);
}

/* The start goes back by the lag, but not beyond the initial value. */
static int start_earlier(struct cursor *cursor, const char *text, struct tg_error *err)
{
    struct lag lag;
    int order = 0;
    int rc = TG_OK;
    if (!lag_parse(text, &lag))
        return error_set(err, TG_USAGE, "lag '%s' is neither a number nor a time like 2h", text);
    TRY(lag_apply(&lag, cursor->backwards, &cursor->arena, &cursor->start.parts[0], err));
    cursor->start.count = 1; /* all rows of that value */
    if (cursor->initial.count > 0 &&
        cursor_value_compare(&cursor->start.parts[0], &cursor->initial.parts[0], &order) &&
        (cursor->backwards ? order >= 0 : order <= 0))
        point_copy(&cursor->start, &cursor->initial);
done:
    return rc;
}

static int cannot_compare(const char *json, struct tg_error *err)
{
    return error_set(err, TG_DATA,
                     "the stored cursor value %.200s is a list or an object, which does not "
                     "compare with a field's value; run once with --full-refresh, or give the "
                     "cursor another path",
                     json);
}

/* The last load's value and hashes; nothing of them counts in a window that has an end. */
static int restore(struct cursor *cursor, const struct cursor_options *options,
                   struct tg_error *err)
{
    struct point stored = {.count = 0};
    int rc = TG_OK;
    point_copy(&cursor->start, &cursor->initial);
    if (cursor->end.count > 0) {
        cursor->hash = CURSOR_HASH_NONE;
        goto done;
    }
    if (options->stored_last_json)
        TRY(point_parse(&cursor->arena, options->stored_last_json, cursor->field_count, &stored,
                        err));
    for (size_t i = 0; i < stored.count; i++)
        if (stored.parts[i].kind == TG_VALUE_JSON && !cursor->last_value_func)
            TRY(cannot_compare(options->stored_last_json, err));
    if (stored.count > 0)
        point_copy(&cursor->start, &stored);
    TRY(boundary_restore(&cursor->progress->boundary, options->stored_hashes,
                         options->stored_hash_count, err));
    if (cursor->hash != CURSOR_HASH_NONE)
        cursor->ties = options->ties;
    if (cursor->ties && ties_are_stored(cursor->ties))
        TRY(ties_pour(cursor->ties, &cursor->progress->boundary, err));
done:
    point_copy(&cursor->progress->last, &cursor->start);
    if (rc != TG_OK || stored.count == 0)
        return rc;
    point_copy(&cursor->reached, &stored);
    cursor->has_window = options->lag != NULL;
    if (!cursor->last_value_func)
        cursor->lateness = options->lateness;
    return options->lag ? start_earlier(cursor, options->lag, err) : rc;
}

/* The views of one end: of each field, and of the whole. */
static int show(struct cursor *cursor, const struct point *point, struct buf *text, size_t member,
                struct tg_error *err)
{
    struct views *views = &cursor->views;
    static const struct tg_value none = {.kind = TG_VALUE_NONE};
    for (size_t i = 0; i < cursor->field_count; i++) {
        struct tg_value *value = (struct tg_value *)(void *)((char *)&views->parts[i] + member);
        *value = i < point->count ? cursor_value_view(&point->parts[i]) : none;
    }
    *(struct tg_value *)(void *)((char *)&views->whole + member) = point_view(point, text);
    return buf_check(text, err);
}

static int make_views(struct cursor *cursor, struct tg_error *err)
{
    struct views *views = &cursor->views;
    int rc = TG_OK;
    for (size_t i = 0; i < cursor->field_count; i++)
        views->parts[i].path = cursor->fields[i].path.text;
    views->whole.path = cursor->path;
    views->whole.parts = views->parts;
    views->whole.part_count = cursor->field_count;
    TRY(show(cursor, &cursor->start, &views->start_text, offsetof(struct tg_cursor, start), err));
    TRY(show(cursor, &cursor->progress->last, &views->last_text, offsetof(struct tg_cursor, last),
             err));
    TRY(show(cursor, &cursor->end, &views->end_text, offsetof(struct tg_cursor, end), err));
done:
    return rc;
}

/* Rows that come by an order go towards the end, or towards the start. Of a group that is to be
 * whole, and without a value, there may be rows anywhere. */
static bool may_end(const struct cursor *cursor)
{
    bool forwards = (cursor->row_order == TG_ASC) != cursor->backwards;
    return cursor->row_order && !cursor->groups && cursor->on_missing != TG_INCLUDE &&
           (forwards ? cursor->end.count : cursor->start.count) > 0;
}

/* Is the field of a row before the start all that there is to look at? */
static bool start_decides(const struct cursor *cursor)
{
    return cursor->field_count == 1 && cursor->fields[0].path.is_name && cursor->start.count > 0 &&
           cursor->end.count == 0 && !cursor->last_value_func && cursor->as.type == TYPE_NONE &&
           !cursor->groups && !cursor->may_end;
}

int cursor_new(const struct cursor_options *options, struct cursor **out, struct tg_error *err)
{
    struct cursor *cursor = mem_calloc(1, sizeof(*cursor));
    int rc = TG_OK;
    *out = NULL;
    if (!cursor)
        return error_nomem(err);
    arena_init(&cursor->arena);
    cursor->progress = mem_calloc(1, sizeof(*cursor->progress));
    if (!cursor->progress)
        TRY(error_nomem(err));
    TRY(copy_options(cursor, options, err));
    TRY(restore(cursor, options, err));
    if (cursor->start.count > 0 || cursor->end.count > 0)
        cursor->groups = options->groups;
    cursor->groups_share_value = options->groups_share_value;
    cursor->may_end = may_end(cursor);
    TRY(make_views(cursor, err));
    if (options->bounds_are_times) {
        take_as_time(&cursor->start);
        take_as_time(&cursor->end);
        if (cursor->end.count > 0)
            TRY(point_window(&cursor->start, &cursor->end, cursor->backwards, cursor->end_is_closed,
                             err));
        point_copy(&cursor->progress->last, &cursor->start);
    }
    if (start_decides(cursor))
        below_set(&cursor->below, &cursor->start.parts[0], cursor->backwards);
    *out = cursor;
done:
    if (rc != TG_OK)
        cursor_free(cursor);
    return rc;
}

static void release_scratch(struct cursor *cursor)
{
    buf_release(&cursor->previous_text);
    for (size_t i = 0; i < POINT_PARTS_MAX; i++)
        buf_release(&cursor->here_json[i]);
    for (size_t i = 0; i < 2; i++) {
        buf_release(&cursor->answers[i]);
        buf_release(&cursor->arguments[i]);
    }
    mem_free(cursor->boundary);
    mem_free(cursor->keep);
    mem_free(cursor->keys);
    mem_free(cursor->left_out);
    row_hasher_release(&cursor->hasher);
}

void cursor_free(struct cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->progress) {
        buf_release(&cursor->progress->last_text);
        boundary_release(&cursor->progress->boundary);
    }
    mem_free(cursor->progress);
    buf_release(&cursor->views.start_text);
    buf_release(&cursor->views.last_text);
    buf_release(&cursor->views.end_text);
    release_scratch(cursor);
    arena_release(&cursor->arena);
    mem_free(cursor);
}

const struct tg_cursor *cursor_view(const struct cursor *cursor)
{
    return &cursor->views.whole;
}

const struct cursor_value *cursor_reached(const struct cursor *cursor)
{
    return cursor->reached.count > 0 ? &cursor->reached.parts[0] : NULL;
}

bool cursor_holds(const struct cursor *cursor)
{
    return cursor->groups || (cursor->ties && ties_are_stored(cursor->ties));
}

const struct cursor_counts *cursor_counts(const struct cursor *cursor)
{
    return &cursor->counts;
}

uint64_t cursor_left_out(const struct cursor *cursor, size_t table)
{
    return table < cursor->left_out_count ? cursor->left_out[table] : 0;
}

bool cursor_is_over(const struct cursor *cursor)
{
    return cursor->is_over;
}

bool cursor_contradiction(const struct cursor *cursor, struct cursor_contradiction *out)
{
    *out = cursor->contradiction;
    return out->as != NULL;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static inline bool is_key(const yyjson_val *cell, const struct path_step *step)
{
    size_t at = 0;
    if (cell_len(cell) != step->len)
        return false;
    while (at < step->len && cell->uni.str[at] == step->name[at]) /* mostly short: no call */
        at++;
    return at == step->len;
}

/* The field of a row, looked for first where the row before had it. In a flat row (an object that
 * is as long as its pairs) the place is known; else it is walked to. */
static inline const yyjson_val *find_field(struct cursor_field *field, const yyjson_val *row)
{
    const struct path_step *step = field->path.steps;
    size_t count = cell_len(row), predicted = field->predicted;
    const yyjson_val *key = row + 1, *found = NULL;
    if (predicted < count) {
        if (row->uni.ofs == (1 + 2 * count) * sizeof(*row))
            key += 2 * predicted;
        else
            for (size_t i = 0; i < predicted; i++)
                key = cell_next(key + 1);
        if (is_key(key, step))
            return key + 1;
    }
    key = row + 1;
    for (size_t i = 0; i < count; i++, key = cell_next(key + 1)) {
        if (is_key(key, step)) {
            field->predicted = i;
            found = key + 1;
        }
    }
    return found;
}

/* A list, an object or a flag: only a function knows what to do with it. */
static int take_json(struct cursor *cursor, size_t index, const yyjson_val *cell,
                     struct tg_error *err)
{
    struct buf *json = &cursor->here_json[index];
    buf_clear(json);
    cell_json(json, cell, CELL_JSON_SORTED);
    cursor_value_set_json(&cursor->here.parts[index], buf_string(json), json->len);
    return buf_check(json, err);
}

/* What a source without types has is a text, whatever it looks like. */
static bool take_as_type(const struct cursor *cursor, struct cursor_value *value,
                         const yyjson_val *cell)
{
    if (cell_kind(cell) == CELL_LITERAL)
        cursor_value_set_text(value, cell->uni.str, cell_len(cell));
    return cursor_value_as(&cursor->as, value);
}

/* Where the row stands; nowhere when one of the fields has no value. */
static inline int row_point(struct pass *pass, const yyjson_val *row, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    int rc = TG_OK;
    cursor->here.count = 0;
    for (size_t i = 0; i < cursor->field_count; i++) {
        struct cursor_field *field = &cursor->fields[i];
        struct cursor_value *value = &cursor->here.parts[i];
        const yyjson_val *cell =
            field->path.is_name ? find_field(field, row) : path_find(&field->path, row);
        if (!cell && (pass->page->schema.release || field->is_alias)) /* it may be "a.b" */
            cell = cell_find(row, field->path.field, strlen(field->path.field));
        if (!cell)
            goto done;
        if (!cursor_value_set_cell(value, cell))
            rc = cursor->last_value_func ? take_json(cursor, i, cell, err)
                                         : refuse_unordered(pass, row, field, cell, err);
        if (rc != TG_OK || value->kind == TG_VALUE_NONE)
            goto done;
        if (cursor->as.type != TYPE_NONE && !take_as_type(cursor, value, cell))
            return page_where(pass->page, row, refuse_type(cursor, value, err), err);
    }
    cursor->here.count = cursor->field_count;
done:
    return rc;
}

/* Of its further tables it is known what they lack. */
static int leave_out(struct cursor *cursor, size_t table, uint64_t rows, struct tg_error *err)
{
    int rc = TG_OK;
    if (table == 0)
        return TG_OK;
    TRY(mem_grow(&cursor->left_out, &cursor->left_out_cap, table + 1, sizeof(*cursor->left_out),
                 err));
    while (cursor->left_out_count <= table)
        cursor->left_out[cursor->left_out_count++] = 0;
    cursor->left_out[table] += rows;
done:
    return rc;
}

/* A row that is known counts for its group like one that is older: when the group is replaced, it
 * has to be there. */
static int sort_into_groups(struct pass *pass, size_t index, enum verdict verdict,
                            struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    bool outside = verdict == ROW_BELOW || verdict == ROW_BEYOND;
    if (verdict == ROW_KEPT)
        return groups_pass(cursor->groups, pass->page->rows[index], err);
    if (verdict == ROW_KNOWN || (outside && !cursor->groups_share_value))
        return groups_hold(cursor->groups, pass->page, index, err);
    return TG_OK;
}

static int hold_tie(struct pass *pass, size_t index, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct tie forms[ROW_FORMS];
    size_t count;
    int rc = TG_OK;
    TRY(row_forms(&cursor->hasher, pass->page, (struct row_ref){pass->page->rows[index], 0},
                  ties_are_mixed(cursor->ties), forms, &count, err));
    TRY(ties_hold(cursor->ties, pass->page, index, forms, count, err));
done:
    return rc;
}

static inline bool is_surely_below(struct cursor *cursor, const yyjson_val *row)
{
    const yyjson_val *cell = find_field(&cursor->fields[0], row);
    return cell && below_shows(&cursor->below, cell);
}

static int filter_rows(struct pass *pass, struct tg_error *err)
{
    struct page *page = pass->page;
    struct cursor *cursor = pass->cursor;
    const bool looks = cursor->below.kind != BELOW_NONE && !cursor_asks_lateness(cursor);
    struct page_tables tables = {.page = page, .table = page->table};
    size_t kept = 0;
    int rc = TG_OK;
    for (size_t i = 0; i < page->row_count; i++) {
        const yyjson_val *row = page->rows[i];
        enum verdict verdict = ROW_KEPT;
        if (looks && is_surely_below(cursor, row)) {
            cursor->counts.below++;
            TRY(leave_out(cursor, page_next_table(&tables, row), 1, err));
            continue;
        }
        TRY(row_point(pass, row, err));
        TRY(judge_row(pass, (struct row_ref){row, 0}, &verdict, err));
        if (verdict == ROW_KEPT && cursor_hears_window(cursor))
            TRY(judge_in_window(pass, (struct row_ref){row, 0}, err));
        const size_t table = page_next_table(&tables, row);
        if (cursor->groups && table == 0) /* they are the own table's */
            TRY(sort_into_groups(pass, i, verdict, err));
        if (verdict == ROW_HELD)
            TRY(hold_tie(pass, i, err));
        if (verdict == ROW_BELOW || verdict == ROW_KNOWN || verdict == ROW_HELD)
            TRY(leave_out(cursor, table, 1, err));
        page->rows[kept] = row;
        kept += verdict == ROW_KEPT;
    }
    page->row_count = kept;
done:
    return rc;
}

/* Rows that were left to the groups go along after all: they count no more. */
static int take_back(struct cursor *cursor, struct page *page, struct tg_error *err)
{
    struct pass pass = {.cursor = cursor, .page = page};
    int rc = TG_OK;
    for (size_t i = 0; !cursor->last_value_func && i < page->row_count; i++) {
        TRY(row_point(&pass, page->rows[i], err));
        TRY(judge_take_back(&pass, (struct row_ref){page->rows[i], 0}, err));
    }
done:
    return rc;
}

/* ---- Pages --------------------------------------------------------------------------------- */

static int add_hash(struct cursor *cursor, const struct page *page, struct row_ref ref,
                    struct tg_error *err)
{
    struct row_hash hash;
    int rc = TG_OK;
    TRY(row_hash(&cursor->hasher, page, ref, &hash, err));
    if (cursor->ties && ties_gather(cursor->ties))
        rc = ties_add(cursor->ties, &hash, err);
    else
        rc = boundary_add(&cursor->progress->boundary, &hash, err);
done:
    return rc;
}

/* Of the rows that were held those that are new: at the last value, if that has not moved. */
static int next_ties(struct cursor *cursor, struct page *page, struct tg_error *err)
{
    struct progress *progress = cursor->progress;
    int rc = TG_OK;
    TRY(ties_next(cursor->ties, page, err));
    cursor->counts.known -= page->row_count;
    for (size_t i = 0; !progress->moved && i < page->row_count; i++)
        TRY(add_hash(cursor, page, (struct row_ref){page->rows[i], 0}, err));
    progress->grown |= page->row_count > 0;
done:
    return rc;
}

int cursor_next_held(struct cursor *cursor, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    if (cursor->groups) {
        TRY(groups_next(cursor->groups, page, err));
        TRY(take_back(cursor, page, err));
    } else {
        TRY(next_ties(cursor, page, err));
    }
    if (page->table < cursor->left_out_count)
        cursor->left_out[page->table] -= page->row_count;
done:
    return rc;
}

/* The hashes of the rows at the last value: of this page alone when it moved, else united. */
static int add_hashes(struct pass *pass, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct progress *progress = cursor->progress;
    struct boundary *boundary = &progress->boundary;
    int rc = TG_OK;
    if (pass->moved) {
        boundary_restart(boundary);
        progress->crowded = false;
        if (cursor->ties)
            TRY(ties_restart(cursor->ties, err));
    }
    if (cursor->boundary_count == 0)
        goto done;
    for (size_t i = 0; i < cursor->boundary_count; i++)
        TRY(add_hash(cursor, pass->page, cursor->boundary[i], err));
    if (cursor->ties && !ties_gather(cursor->ties) &&
        ties_exceed(cursor->ties, boundary_count(boundary)))
        TRY(ties_pour(cursor->ties, boundary, err));
    progress->crowded =
        cursor->hash_count_max > 0 && boundary_count(boundary) > cursor->hash_count_max;
    if (progress->crowded)
        boundary_restart(boundary);
    progress->grown = progress->grown || !progress->crowded || boundary->stored_count > 0;
done:
    return rc;
}

/* Makes what the page showed ours, before its memory goes. */
static int end_page(struct pass *pass, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct progress *progress = cursor->progress;
    int rc = TG_OK;
    TRY(add_hashes(pass, err));
    if (pass->has_previous)
        TRY(point_own(&cursor->previous, &cursor->previous_text, err));
    if (!pass->moved)
        goto done;
    if (!cursor->last_value_func)
        TRY(point_own(&pass->last, &progress->last_text, err));
    point_copy(&progress->last, &pass->last);
    progress->moved = true;
    TRY(show(cursor, &progress->last, &cursor->views.last_text, offsetof(struct tg_cursor, last),
             err));
done:
    return rc;
}

int cursor_filter(struct cursor *cursor, struct page *page, uint64_t *dropped, struct tg_error *err)
{
    struct pass pass = {.cursor = cursor, .page = page};
    const uint64_t old_before = cursor->counts.below + cursor->counts.known;
    uint64_t count = page->row_count;
    int64_t kept = 0;
    int rc = TG_OK;
    *dropped = 0;
    point_copy(&pass.last, &cursor->progress->last);
    cursor->boundary_count = 0;
    TRY(alias_settle(cursor, page, err));
    if (page->kind == PAGE_ROWS) {
        TRY(filter_rows(&pass, err));
        TRY(end_page(&pass, err));
        *dropped = count - page->row_count;
    } else if (page->kind == PAGE_ARROW) {
        count = (uint64_t)page->array.length;
        TRY(judge_batch(&pass, &kept, err));
        TRY(end_page(&pass, err));
        TRY(cursor_batch_keep(page, cursor->keep, kept, err));
        TRY(leave_out(cursor, page->table, cursor->counts.below + cursor->counts.known - old_before,
                      err));
        *dropped = count - (uint64_t)kept;
    }
done:
    return rc;
}

bool cursor_kept(const struct cursor *cursor, size_t index)
{
    return cursor->keep[index];
}

/* ---- What the state keeps ------------------------------------------------------------------ */

bool cursor_moved(const struct cursor *cursor)
{
    return cursor->end.count == 0 && (cursor->progress->moved || cursor->progress->grown);
}

int cursor_last_json(const struct cursor *cursor, struct buf *out, struct tg_error *err)
{
    point_json(out, &cursor->progress->last);
    return buf_check(out, err);
}

int cursor_initial_json(const struct cursor *cursor, struct buf *out, struct tg_error *err)
{
    point_json(out, &cursor->initial);
    return buf_check(out, err);
}

size_t cursor_hashes(const struct cursor *cursor, const char *const **out)
{
    return boundary_texts(&cursor->progress->boundary, out);
}
