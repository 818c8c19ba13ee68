/*
 * The cursor: which rows of a page are new (reference 6.3, 6.4).
 *
 * Data path: cursor_new (stored value and hashes -> start) -> cursor_filter: for each row its value
 * (row_value, or a column of the batch), judge (missing, beyond the end, before the start, known at
 * the start, beyond the last), and at the end of the page end_page, which hashes the rows at the
 * last value. -> cursor_last_json, cursor_hashes.
 *
 * Only rows at a boundary are hashed: at the start when there are stored hashes to recognise them
 * by, at the last value when a page ends. With TG_MIN all orders are mirrored.
 *
 * Values are left to cursor_value.c, batches to cursor_arrow.c, the hashes to boundary.c, storing
 * to the pipeline.
 */
#include "extract/cursor/cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "extract/cursor/boundary.h"
#include "extract/cursor/cursor_arrow.h"
#include "extract/cursor/cursor_value.h"
#include "extract/cursor/order.h"

/* ---- The cursor ---------------------------------------------------------------------------- */

struct part {
    const char *name;
    size_t len;
};

struct row_ref {
    const yyjson_val *cell; /* NULL: a row of a batch, */
    int64_t index;          /* this one */
};

/* What changes after cursor_new; by pointer, so that reading a const cursor may settle the set. */
struct progress {
    struct cursor_value last;
    struct buf last_text;
    bool moved;   /* the last value is not the one of the start */
    bool crowded; /* more rows at the last value than hashes are kept for */
    bool grown;   /* rows were added to those that are stored for the last value */
    struct boundary boundary;
};

struct cursor {
    struct arena arena; /* path, options, texts of the fixed values */
    const char *path;
    struct part *parts; /* of the path, split at the dots */
    size_t part_count;
    const char **key;
    size_t key_count;
    bool backwards; /* TG_MIN */
    enum tg_on_missing on_missing;
    enum cursor_hash hash;
    size_t hash_count_max;
    struct groups *groups; /* NULL: there are no bounds, or no groups */
    bool groups_share_value;
    uint64_t outside;                          /* rows before the start or beyond the end */
    struct cursor_contradiction contradiction; /* as NULL: none was seen */
    struct cursor_value initial, start, end;
    struct progress *progress;
    struct tg_cursor view;

    /* scratch */
    size_t predicted; /* where the row before had the field */
    struct row_ref *boundary;
    size_t boundary_count, boundary_cap;
    uint8_t *keep;
    size_t keep_cap;
    struct hasher hasher;
    struct buf json;
};

/* One page on its way through. */
struct pass {
    struct cursor *cursor;
    struct page *page;
    struct cursor_value last; /* text is borrowed from the page until it ends */
    bool moved;
};

static int bad_path(const char *path, struct tg_error *err)
{
    return error_set(err, TG_USAGE,
                     "the cursor path '%s' is not supported; name a field: 'updated_at', or "
                     "'data.updated_at' for a nested one",
                     path);
}

/* "a.b" and "$.a.b"; other JSONPath is refused. */
static int split_path(struct cursor *cursor, struct tg_error *err)
{
    const char *name = cursor->path;
    size_t count = 1;
    if (strncmp(name, "$.", 2) == 0)
        name += 2;
    if (strpbrk(name, "[]*") || strcmp(name, "$") == 0)
        return bad_path(cursor->path, err);
    for (const char *c = name; *c; c++)
        count += *c == '.';
    cursor->parts = arena_alloc(&cursor->arena, count * sizeof(*cursor->parts));
    if (!cursor->parts)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(name, ".");
        if (len == 0)
            return bad_path(cursor->path, err);
        cursor->parts[i] = (struct part){name, len};
        name += len + 1;
    }
    cursor->part_count = count;
    return TG_OK;
}

/* A value that stays: its text moves to the arena. */
static int keep_value(struct cursor *cursor, const struct tg_value *from, struct cursor_value *out,
                      struct tg_error *err)
{
    cursor_value_set(out, from);
    if (out->kind != TG_VALUE_TEXT)
        return TG_OK;
    out->text = arena_strndup(&cursor->arena, out->text, out->len);
    return out->text ? TG_OK : error_nomem(err);
}

static int copy_options(struct cursor *cursor, const struct cursor_options *options,
                        struct tg_error *err)
{
    int rc = TG_OK;
    cursor->path = arena_strdup(&cursor->arena, options->path);
    cursor->key = arena_alloc(&cursor->arena, (options->key_count + 1) * sizeof(*cursor->key));
    if (!cursor->path || !cursor->key)
        return error_nomem(err);
    for (size_t i = 0; i < options->key_count; i++) {
        cursor->key[i] = arena_strdup(&cursor->arena, options->key[i]);
        if (!cursor->key[i])
            return error_nomem(err);
    }
    cursor->key_count = options->key_count;
    cursor->backwards = options->last_value == TG_MIN;
    cursor->on_missing = options->on_missing;
    cursor->hash = options->hash;
    cursor->hash_count_max = options->hash_count_max;
    TRY(split_path(cursor, err));
    TRY(keep_value(cursor, &options->initial_value, &cursor->initial, err));
    TRY(keep_value(cursor, &options->end_value, &cursor->end, err));
done:
    return rc;
}

/* The text stays for those who look at the bounds. */
static void take_as_time(struct cursor_value *value)
{
    struct time_point point;
    enum time_form form =
        value->kind == TG_VALUE_TEXT ? time_parse(value->text, value->len, &point) : TIME_NONE;
    if (form == TIME_STAMP || form == TIME_DATE)
        cursor_value_set_time(value, TG_VALUE_TIMESTAMP, point.us, !point.has_zone);
}

/* The last load's value and hashes; nothing of them counts in a window that has an end. */
static int restore(struct cursor *cursor, const struct cursor_options *options,
                   struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = TG_OK;
    cursor->start = cursor->initial;
    if (cursor->end.kind != TG_VALUE_NONE) {
        cursor->hash = CURSOR_HASH_NONE;
        return TG_OK;
    }
    if (options->stored_last_json) {
        struct cursor_value stored;
        TRY(cursor_value_parse(&stored, options->stored_last_json, &text, err));
        if (stored.kind == TG_VALUE_TEXT) {
            stored.text = arena_strndup(&cursor->arena, stored.text, stored.len);
            if (!stored.text)
                TRY(error_nomem(err));
        }
        if (stored.kind != TG_VALUE_NONE)
            cursor->start = stored;
    }
    TRY(boundary_restore(&cursor->progress->boundary, options->stored_hashes,
                         options->stored_hash_count, err));
done:
    buf_release(&text);
    return rc;
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
    if (cursor->start.kind != TG_VALUE_NONE || cursor->end.kind != TG_VALUE_NONE)
        cursor->groups = options->groups;
    cursor->groups_share_value = options->groups_share_value;
    cursor->progress->last = cursor->start;
    cursor->view = (struct tg_cursor){.path = cursor->path,
                                      .start = cursor_value_view(&cursor->start),
                                      .last = cursor_value_view(&cursor->start),
                                      .end = cursor_value_view(&cursor->end)};
    if (options->bounds_are_times) {
        take_as_time(&cursor->start);
        take_as_time(&cursor->end);
        if (cursor->end.kind != TG_VALUE_NONE)
            TRY(cursor_value_window(&cursor->start, &cursor->end, cursor->backwards, err));
        cursor->progress->last = cursor->start;
    }
    *out = cursor;
done:
    if (rc != TG_OK)
        cursor_free(cursor);
    return rc;
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
    mem_free(cursor->boundary);
    mem_free(cursor->keep);
    hasher_release(&cursor->hasher);
    buf_release(&cursor->json);
    arena_release(&cursor->arena);
    mem_free(cursor);
}

const struct tg_cursor *cursor_view(const struct cursor *cursor)
{
    return &cursor->view;
}

struct groups *cursor_groups(const struct cursor *cursor)
{
    return cursor->groups;
}

uint64_t cursor_outside(const struct cursor *cursor)
{
    return cursor->outside;
}

bool cursor_contradiction(const struct cursor *cursor, struct cursor_contradiction *out)
{
    *out = cursor->contradiction;
    return out->as != NULL;
}

/* ---- Hashes of rows ------------------------------------------------------------------------ */

/* Adds where `ref` is to err's place. */
static int row_where(const struct page *page, struct row_ref ref, int code, struct tg_error *err)
{
    if (ref.cell)
        return page_where(page, ref.cell, code, err);
    error_at_row(err, code, page->first_row + ref.index);
    return page->file ? error_at(err, code, AT_FILE, page->file) : code;
}

/* The values of the key: one alone, or several as a list. */
static int put_key(struct cursor *cursor, const yyjson_val *row, int flags, struct tg_error *err)
{
    if (cursor->key_count > 1)
        buf_char(&cursor->json, '[');
    for (size_t i = 0; i < cursor->key_count; i++) {
        const char *name = cursor->key[i];
        const yyjson_val *value = cell_find(row, name, strlen(name));
        if (!value)
            return error_set(err, TG_DATA,
                             "the primary key field '%s' is missing; correct primary_key, or the "
                             "row",
                             name);
        if (i > 0)
            buf_char(&cursor->json, ',');
        cell_json(&cursor->json, value, flags);
    }
    if (cursor->key_count > 1)
        buf_char(&cursor->json, ']');
    return TG_OK;
}

static int hash_form(struct pass *pass, struct row_ref ref, int form, char out[HASH_ROW_TEXT + 1],
                     struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    size_t key_count = cursor->hash == CURSOR_HASH_KEY ? cursor->key_count : 0;
    int flags = CELL_JSON_SORTED | form;
    int rc = TG_OK;
    buf_clear(&cursor->json);
    if (!ref.cell)
        TRY(cursor_batch_json(pass->page, ref.index, cursor->key, key_count, flags, &cursor->json,
                              err));
    else if (key_count > 0)
        TRY(put_key(cursor, ref.cell, flags, err));
    else
        cell_json(&cursor->json, ref.cell, flags);
    TRY(buf_check(&cursor->json, err));
    TRY(hash_text(&cursor->hasher, buf_string(&cursor->json), cursor->json.len, HASH_ROW_BYTES, out,
                  err));
done:
    return rc == TG_OK ? TG_OK : row_where(pass->page, ref, rc, err);
}

/* Only typed timestamps and decimals tell the forms apart: a row without one has the longer hash's
 * beginning for its shorter hash. */
static bool json_varies(const struct pass *pass, struct row_ref ref)
{
    return ref.cell ? cell_json_varies(ref.cell) : cursor_batch_json_varies(pass->page);
}

static int hash_row(struct pass *pass, struct row_ref ref, struct row_hash *out,
                    struct tg_error *err)
{
    char brief[HASH_ROW_TEXT + 1];
    int rc = TG_OK;
    TRY(hash_form(pass, ref, CELL_JSON_ZULU | CELL_JSON_PYTHON, out->text, err));
    memcpy(brief, out->text, sizeof(brief));
    if (json_varies(pass, ref))
        TRY(hash_form(pass, ref, CELL_JSON_INSTANTS | CELL_JSON_PYTHON, brief, err));
    memcpy(out->brief, brief, HASH_SHORT_TEXT);
    out->brief[HASH_SHORT_TEXT] = '\0';
done:
    return rc;
}

/* ---- Judging rows -------------------------------------------------------------------------- */

enum verdict {
    ROW_KEPT,
    ROW_OUTSIDE,  /* before the start, or beyond the end */
    ROW_KNOWN,    /* at the start, and loaded before */
    ROW_EXCLUDED, /* without a value */
};

static int missing(const struct pass *pass, struct row_ref ref, enum verdict *verdict,
                   struct tg_error *err)
{
    *verdict = pass->cursor->on_missing == TG_INCLUDE ? ROW_KEPT : ROW_EXCLUDED;
    if (pass->cursor->on_missing != TG_RAISE)
        return TG_OK;
    error_set(
        err, TG_DATA,
        "the cursor field '%s' is missing or NULL (as are infinity, NaN, and times outside the "
        "years 1 to 9999); set on_cursor_value_missing to include or exclude if that may be",
        pass->cursor->path);
    return row_where(pass->page, ref, TG_DATA, err);
}

static int clash(const struct pass *pass, struct row_ref ref, const struct cursor_value *value,
                 const struct cursor_value *other, struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    bool is_text = value->kind == TG_VALUE_TEXT && cursor->part_count == 1;
    char here[80], there[80], hint[200] = "";
    cursor_value_print(value, here, sizeof(here));
    cursor_value_print(other, there, sizeof(there));
    if (is_text)
        snprintf(
            hint, sizeof(hint),
            "let the resource say 'columns: {%.100s: text}' and run it once with --full-refresh, ",
            cursor->path);
    error_set(err, TG_DATA,
              "the cursor field '%s' holds %s here (%s), which does not compare with %s (%s); "
              "%smake the field, initial_value and end_value of one type",
              cursor->path, here, cursor_value_kind(value), there, cursor_value_kind(other), hint);
    return row_where(pass->page, ref, TG_DATA, err);
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

/* order > 0: the value is beyond the other, in the cursor's direction. */
static inline int compare(const struct pass *pass, struct row_ref ref,
                          const struct cursor_value *value, const struct cursor_value *other,
                          int *order, struct tg_error *err)
{
    if (!cursor_value_compare(value, other, order))
        return clash(pass, ref, value, other, err);
    if (value->kind == TG_VALUE_TEXT && other->kind == TG_VALUE_TEXT &&
        !(value->is_instant && other->is_instant) && !pass->cursor->contradiction.as)
        watch_order(pass->cursor, value, other);
    if (pass->cursor->backwards)
        *order = -*order;
    return TG_OK;
}

/* How tidegate 0.1 wrote typed values before it wrote them as dlt does: a batch's decimals as
 * numbers; and timestamps with +00:00. */
static const int older_forms[] = {CELL_JSON_ZULU, 0};

/* Is a row at the start value one of those that were loaded? */
static int is_known(struct pass *pass, struct row_ref ref, bool *known, struct tg_error *err)
{
    struct boundary *boundary = &pass->cursor->progress->boundary;
    char text[HASH_ROW_TEXT + 1];
    struct row_hash hash;
    int rc = TG_OK;
    *known = false;
    if (boundary->stored_count == 0 || pass->cursor->hash == CURSOR_HASH_NONE)
        return TG_OK;
    TRY(hash_row(pass, ref, &hash, err));
    TRY(boundary_find(boundary, &hash, known, err));
    for (size_t i = 0; !*known && i < 2 && json_varies(pass, ref); i++) {
        TRY(hash_form(pass, ref, older_forms[i], text, err));
        TRY(boundary_find_text(boundary, text, &hash, known, err));
    }
done:
    return rc;
}

/* The row is the first, or one more, at the last value of the page. */
static inline int at_last(struct pass *pass, struct row_ref ref, bool beyond,
                          const struct cursor_value *value, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    if (beyond) {
        pass->last = *value;
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

static int judge(struct pass *pass, struct row_ref ref, const struct cursor_value *value,
                 enum verdict *verdict, struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    bool known = false;
    int order = 1;
    int rc = TG_OK;
    *verdict = ROW_OUTSIDE;
    if (value->kind == TG_VALUE_NONE)
        return missing(pass, ref, verdict, err);
    if (cursor->end.kind != TG_VALUE_NONE) {
        TRY(compare(pass, ref, value, &cursor->end, &order, err));
        if (order >= 0)
            goto done;
        order = 1;
    }
    if (cursor->start.kind != TG_VALUE_NONE) {
        TRY(compare(pass, ref, value, &cursor->start, &order, err));
        if (order < 0)
            goto done;
        if (order == 0)
            TRY(is_known(pass, ref, &known, err));
    }
    *verdict = known ? ROW_KNOWN : ROW_KEPT;
    if (known)
        goto done;
    if (pass->last.kind != TG_VALUE_NONE)
        TRY(compare(pass, ref, value, &pass->last, &order, err));
    if (order >= 0)
        TRY(at_last(pass, ref, order > 0, value, err));
done:
    return rc;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static inline bool is_key(const yyjson_val *cell, const struct part *part)
{
    return cell_len(cell) == part->len && memcmp(cell->uni.str, part->name, part->len) == 0;
}

/* The field of a row, looked for first where the row before had it. In a flat row (an object that
 * is as long as its pairs) the place is known; else it is walked to. */
static inline const yyjson_val *find_field(struct cursor *cursor, const yyjson_val *row)
{
    const struct part *part = cursor->parts;
    size_t count = cell_len(row), predicted = cursor->predicted;
    const yyjson_val *key = row + 1, *found = NULL;
    if (predicted < count) {
        if (row->uni.ofs == (1 + 2 * count) * sizeof(*row))
            key += 2 * predicted;
        else
            for (size_t i = 0; i < predicted; i++)
                key = cell_next(key + 1);
        if (is_key(key, part))
            return key + 1;
    }
    key = row + 1;
    for (size_t i = 0; i < count; i++, key = cell_next(key + 1)) {
        if (is_key(key, part)) {
            cursor->predicted = i;
            found = key + 1;
        }
    }
    return found;
}

static int row_value(struct pass *pass, const yyjson_val *row, struct cursor_value *out,
                     struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    const yyjson_val *cell = row;
    if (cursor->part_count == 1)
        cell = find_field(cursor, row);
    else
        for (size_t i = 0; cell && i < cursor->part_count; i++)
            cell = cell_find(cell, cursor->parts[i].name, cursor->parts[i].len);
    if (!cell && pass->page->schema.release) /* a column may be called "a.b" */
        cell = cell_find(row, cursor->path, strlen(cursor->path));
    if (!cell) {
        out->kind = TG_VALUE_NONE;
        return TG_OK;
    }
    if (cursor_value_set_cell(out, cell))
        return TG_OK;
    error_set(err, TG_DATA,
              "the cursor field '%s' holds a value that has no order; use a number, text, date or "
              "timestamp",
              cursor->path);
    return page_where(pass->page, row, TG_DATA, err);
}

/* A row that is known counts for its group like one that is older: when the group is replaced, it
 * has to be there. */
static int sort_into_groups(struct pass *pass, size_t index, enum verdict verdict,
                            struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    if (verdict == ROW_KEPT)
        return groups_pass(cursor->groups, pass->page->rows[index], err);
    if (verdict == ROW_KNOWN || (verdict == ROW_OUTSIDE && !cursor->groups_share_value))
        return groups_hold(cursor->groups, pass->page, index, err);
    return TG_OK;
}

static int filter_rows(struct pass *pass, struct tg_error *err)
{
    struct page *page = pass->page;
    size_t kept = 0;
    int rc = TG_OK;
    for (size_t i = 0; i < page->row_count; i++) {
        const yyjson_val *row = page->rows[i];
        struct cursor_value value;
        enum verdict verdict;
        TRY(row_value(pass, row, &value, err));
        TRY(judge(pass, (struct row_ref){row, 0}, &value, &verdict, err));
        pass->cursor->outside += verdict == ROW_OUTSIDE;
        if (pass->cursor->groups)
            TRY(sort_into_groups(pass, i, verdict, err));
        page->rows[kept] = row;
        kept += verdict == ROW_KEPT;
    }
    page->row_count = kept;
done:
    return rc;
}

/* ---- Batches ------------------------------------------------------------------------------- */

/* Fills cursor->keep; the batch itself is cut when its boundary rows have been hashed. */
static int judge_batch(struct pass *pass, int64_t *kept, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct page *page = pass->page;
    const char *name = cursor->part_count == 1 ? cursor->parts[0].name : cursor->path;
    struct cursor_column column;
    size_t count = (size_t)page->array.length;
    int rc = TG_OK;
    *kept = 0;
    rc = cursor_column_find(page, name, &column, err);
    if (rc != TG_OK)
        return page->file ? error_at(err, rc, AT_FILE, page->file) : rc;
    TRY(mem_grow(&cursor->keep, &cursor->keep_cap, count + 1, sizeof(*cursor->keep), err));
    for (size_t i = 0; i < count; i++) {
        struct cursor_value value;
        enum verdict verdict;
        TRY(cursor_column_value(&column, (int64_t)i, &value, err));
        TRY(judge(pass, (struct row_ref){NULL, (int64_t)i}, &value, &verdict, err));
        cursor->outside += verdict == ROW_OUTSIDE;
        cursor->keep[i] = verdict == ROW_KEPT;
        *kept += verdict == ROW_KEPT;
    }
done:
    return rc;
}

/* ---- Pages --------------------------------------------------------------------------------- */

/* The hashes of the rows at the last value: of this page alone when it moved, else united. */
static int add_hashes(struct pass *pass, struct tg_error *err)
{
    struct cursor *cursor = pass->cursor;
    struct progress *progress = cursor->progress;
    struct boundary *boundary = &progress->boundary;
    struct row_hash hash;
    int rc = TG_OK;
    if (pass->moved) {
        boundary_restart(boundary);
        progress->crowded = false;
    }
    if (cursor->boundary_count == 0)
        goto done;
    for (size_t i = 0; i < cursor->boundary_count; i++) {
        TRY(hash_row(pass, cursor->boundary[i], &hash, err));
        TRY(boundary_add(boundary, &hash, err));
    }
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
    struct progress *progress = pass->cursor->progress;
    int rc = TG_OK;
    TRY(add_hashes(pass, err));
    if (!pass->moved)
        goto done;
    if (pass->last.kind == TG_VALUE_TEXT) {
        buf_clear(&progress->last_text);
        buf_append(&progress->last_text, pass->last.text, pass->last.len);
        TRY(buf_check(&progress->last_text, err));
        pass->last.text = buf_string(&progress->last_text);
    }
    progress->last = pass->last;
    progress->moved = true;
    pass->cursor->view.last = cursor_value_view(&progress->last);
done:
    return rc;
}

int cursor_filter(struct cursor *cursor, struct page *page, uint64_t *dropped, struct tg_error *err)
{
    struct pass pass = {.cursor = cursor, .page = page, .last = cursor->progress->last};
    uint64_t count = page->row_count;
    int64_t kept = 0;
    int rc = TG_OK;
    *dropped = 0;
    cursor->boundary_count = 0;
    if (page->kind == PAGE_ROWS) {
        TRY(filter_rows(&pass, err));
        TRY(end_page(&pass, err));
        *dropped = count - page->row_count;
    } else if (page->kind == PAGE_ARROW) {
        count = (uint64_t)page->array.length;
        TRY(judge_batch(&pass, &kept, err));
        TRY(end_page(&pass, err));
        TRY(cursor_batch_keep(page, cursor->keep, kept, err));
        *dropped = count - (uint64_t)kept;
    }
done:
    return rc;
}

/* ---- What the state keeps ------------------------------------------------------------------ */

bool cursor_moved(const struct cursor *cursor)
{
    return cursor->end.kind == TG_VALUE_NONE &&
           (cursor->progress->moved || cursor->progress->grown);
}

int cursor_last_json(const struct cursor *cursor, struct buf *out, struct tg_error *err)
{
    cursor_value_json(out, &cursor->progress->last);
    return buf_check(out, err);
}

int cursor_initial_json(const struct cursor *cursor, struct buf *out, struct tg_error *err)
{
    cursor_value_json(out, &cursor->initial);
    return buf_check(out, err);
}

size_t cursor_hashes(const struct cursor *cursor, const char *const **out)
{
    return boundary_texts(&cursor->progress->boundary, out);
}
