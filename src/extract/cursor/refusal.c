/*
 * What is said of rows that a cursor cannot place: which field, what it holds, and what to do.
 *
 *   refuse_missing -> find_fault (the field) -> tell_absent (how far its path leads, and what is
 *                     there in its place), or tell_empty (what it holds that does not count)
 *   refuse_clash   -> origin_of (what it was compared with: a row, a bound, what was loaded) ->
 *                     put_advice
 *   refuse_unordered, refuse_order, refuse_type
 *
 * Whether a row is to be refused is judge.c's business.
 */
#include "extract/cursor/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/text/nearest.h"
#include "extract/cursor/cursor_arrow.h"

int cursor_blame(const struct cursor *cursor, enum tg_reason reason, struct tg_error *err)
{
    error_reason(err, TG_DATA, reason);
    return error_names(err, TG_DATA, AT_CURSOR, cursor->path);
}

/* ---- no value ---- */

struct fault {
    const struct path *path;
    bool is_absent;
    const yyjson_val *cell; /* of a row: what is there, NULL or something that counts as it */
};

/* How a field of the row is at fault, if it is. */
static bool is_at_fault(const struct pass *pass, struct row_ref ref, const struct path *path,
                        struct fault *fault)
{
    struct cursor_column column = {.array = NULL};
    struct cursor_value value;
    *fault = (struct fault){.path = path};
    if (ref.cell) {
        fault->cell = path_find(path, ref.cell);
        if (!fault->cell) /* it may be "a.b" */
            fault->cell = cell_find(ref.cell, path->field, strlen(path->field));
        fault->is_absent = !fault->cell;
        return !fault->cell || !cursor_value_set_cell(&value, fault->cell) ||
               value.kind == TG_VALUE_NONE;
    }
    if (cursor_column_find(pass->page, path->field, &column, NULL) != TG_OK)
        return false;
    fault->is_absent = !column.array;
    return !column.array || cursor_column_value(&column, ref.index, &value, NULL) != TG_OK ||
           value.kind == TG_VALUE_NONE;
}

/* The first field that is absent, else the first without a value. */
static struct fault find_fault(const struct pass *pass, struct row_ref ref)
{
    const struct cursor *cursor = pass->cursor;
    struct fault found = {.path = NULL};
    for (size_t i = 0; i < cursor->field_count && !found.is_absent; i++) {
        struct fault fault;
        if (is_at_fault(pass, ref, &cursor->fields[i].path, &fault) &&
            (fault.is_absent || !found.path))
            found = fault;
    }
    if (!found.path)
        found.path = &cursor->fields[0].path;
    return found;
}

/* How far the path leads in the row: to the value where it ends, and the step that is not there. */
static const yyjson_val *follow(const struct path *path, const yyjson_val *row, size_t *steps)
{
    const yyjson_val *level = row;
    for (*steps = 0; *steps < path->step_count; ++*steps) {
        const struct path_step *step = &path->steps[*steps];
        const yyjson_val *next =
            step->kind == STEP_NAME && !step->deep ? cell_find(level, step->name, step->len) : NULL;
        if (!next)
            break;
        level = next;
    }
    return level;
}

static void offer_names(const struct page *page, const yyjson_val *level, struct nearest *nearest)
{
    if (level && cell_kind(level) == CELL_OBJECT) {
        const yyjson_val *key = level + 1;
        for (size_t left = cell_len(level); left > 0; left--, key = cell_next(key + 1))
            nearest_offer(nearest, key->uni.str, cell_len(key));
    }
    const int64_t columns = !level && page->kind == PAGE_ARROW ? page->schema.n_children : 0;
    for (int64_t i = 0; i < columns; i++) {
        const char *name = page->schema.children[i]->name;
        nearest_offer(nearest, name ? name : "", name ? strlen(name) : 0);
    }
}

/* The step of the path that the row lacks, as far as it is a name; else the whole of it. */
static void put_wanted(const struct path *path, const struct path_step *step, struct buf *out)
{
    if (step && step->kind == STEP_NAME)
        buf_append(out, step->name, step->len);
    else if (!step)
        buf_text(out, path->field);
}

/* "its fields: id, att", or "'meta' holds 7 (an integer)"; and the name that may be meant. */
static void tell_absent(const struct pass *pass, struct row_ref ref, const struct path *path,
                        struct buf *has, struct buf *advice)
{
    size_t steps = 0;
    const yyjson_val *level = ref.cell ? follow(path, ref.cell, &steps) : NULL;
    const struct path_step *step =
        ref.cell && steps < path->step_count ? &path->steps[steps] : NULL;
    const bool is_within = step && steps > 0;
    const int above = is_within ? (int)(step->from - path->field) : 0;
    struct buf wanted = BUF_INIT;
    put_wanted(path, step, &wanted);
    struct nearest nearest = {.wanted = buf_string(&wanted)};
    offer_names(pass->page, level, &nearest);
    if (is_within && cell_kind(level) != CELL_OBJECT) {
        buf_printf(has, "'%.*s' holds ", above, path->field);
        cell_tell(has, level);
    } else {
        if (is_within)
            buf_printf(has, "'%.*s' has no such field; ", above, path->field);
        page_fields(pass->page, is_within ? level : ref.cell, has);
    }
    if (nearest.name)
        buf_printf(advice, "say '%.*s%s%.*s' if that is meant, or ", above, path->field,
                   is_within ? "." : "", (int)nearest.len, nearest.name);
    else
        buf_text(advice, "correct the name, or ");
    buf_release(&wanted);
}

/* "is NULL in this row", or "holds NaN (a number) in this row, which counts as NULL". */
static void tell_empty(const struct pass *pass, struct row_ref ref, const struct fault *fault,
                       struct buf *out)
{
    struct cursor_column column = {.array = NULL};
    bool has_value = fault->cell && cell_kind(fault->cell) != CELL_NULL;
    struct buf scratch = BUF_INIT;
    yyjson_val cell;
    const yyjson_val *told = fault->cell;
    if (!ref.cell && cursor_column_find(pass->page, fault->path->field, &column, NULL) == TG_OK &&
        column.array) {
        const int64_t row = column.offset + ref.index;
        has_value = !value_is_null(column.schema, column.array, row);
        if (value_cell(column.schema, column.array, row, &scratch, &cell, NULL) == TG_OK)
            told = &cell;
    }
    buf_text(out, has_value ? "holds " : "is NULL");
    if (has_value && told)
        cell_tell(out, told);
    else if (has_value)
        buf_text(out, "a time outside the years 1 to 9999");
    buf_release(&scratch);
    buf_text(out, has_value ? " in this row, which counts as NULL" : " in this row");
}

int refuse_missing(const struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    const struct fault fault = find_fault(pass, ref);
    struct buf what = BUF_INIT, advice = BUF_INIT;
    if (fault.is_absent) {
        buf_text(&what, "is missing in this row (");
        tell_absent(pass, ref, fault.path, &what, &advice);
        buf_char(&what, ')');
    } else {
        tell_empty(pass, ref, &fault, &what);
    }
    error_set(err, TG_DATA,
              "the cursor field '%s' %s; %sset on_cursor_value_missing to include or exclude if "
              "that may be",
              fault.path->text, buf_string(&what), buf_string(&advice));
    buf_release(&what);
    buf_release(&advice);
    cursor_blame(pass->cursor, fault.is_absent ? TG_REASON_CURSOR_MISSING : TG_REASON_CURSOR_NULL,
                 err);
    return row_where(pass->page, ref, TG_DATA, err);
}

/* ---- values that do not compare ---- */

enum origin { FROM_ROW, FROM_LOADED, FROM_INITIAL, FROM_END };

static enum origin origin_of(const struct pass *pass, const struct point *other)
{
    const struct cursor *cursor = pass->cursor;
    if (other == &cursor->end)
        return FROM_END;
    if (other == &cursor->previous ||
        (other == &pass->last && (pass->moved || cursor->progress->moved)))
        return FROM_ROW;
    return cursor->reached.count > 0 && other != &cursor->initial ? FROM_LOADED : FROM_INITIAL;
}

static bool is_number(const struct cursor_value *value)
{
    struct cursor_value number;
    return value->kind == TG_VALUE_INT64 || value->kind == TG_VALUE_DOUBLE ||
           (value->kind == TG_VALUE_TEXT &&
            cursor_value_set_number(&number, value->text, value->len));
}

/* Are its texts what they look like, for want of types? */
static bool has_no_types(const struct pass *pass, struct row_ref ref, const struct path *path)
{
    const yyjson_val *cell = ref.cell ? path_find(path, ref.cell) : NULL;
    return ref.cell ? cell && cell_kind(cell) == CELL_LITERAL
                    : pass->page->lines && !pass->page->lines_are_rows;
}

static void put_advice(const struct pass *pass, struct row_ref ref, size_t part,
                       const struct point *other, struct buf *out)
{
    const struct path *path = &pass->cursor->fields[part].path;
    const enum origin origin = origin_of(pass, other);
    const bool as_text = path->is_name && has_no_types(pass, ref, path) && origin <= FROM_LOADED;
    const bool as_number =
        is_number(&pass->cursor->here.parts[part]) && is_number(&other->parts[part]);
    if (as_text)
        buf_printf(out, "let the resource say 'columns: {%.100s: text}'%s", path->field,
                   origin == FROM_LOADED ? " and run it once with --full-refresh" : "");
    else if (as_number)
        buf_printf(out, "let texts be taken for numbers (cursor_type: bigint, double or decimal%s)",
                   origin == FROM_LOADED ? "; once with --accept-cursor-change" : "");
    if (as_text || as_number)
        buf_text(out, ", or ");
    switch (origin) {
    case FROM_ROW: buf_text(out, "correct one of the two at the source"); break;
    case FROM_LOADED:
        buf_printf(out, "correct it at the source%s",
                   as_text ? ""
                           : "; if the field has another type from now on, load all of it again "
                             "with --full-refresh");
        break;
    default:
        buf_printf(out, "write %s as the values of the field are",
                   pass->cursor->is_window  ? "the ends of the window"
                   : origin == FROM_INITIAL ? "initial_value"
                                            : "end_value");
    }
}

int refuse_clash(const struct pass *pass, struct row_ref ref, size_t part,
                 const struct point *other, struct tg_error *err)
{
    static const char *const whose[] = {
        [FROM_ROW] = " of a row before it",
        [FROM_LOADED] = ", which earlier runs have reached",
        [FROM_INITIAL] = " of initial_value",
        [FROM_END] = " of end_value",
    };
    const bool of_window = pass->cursor->is_window && origin_of(pass, other) >= FROM_INITIAL;
    const struct cursor *cursor = pass->cursor;
    const struct cursor_value *value = &cursor->here.parts[part], *there = &other->parts[part];
    char shown[80], beside[80];
    struct buf advice = BUF_INIT;
    cursor_value_print(value, shown, sizeof(shown));
    cursor_value_print(there, beside, sizeof(beside));
    put_advice(pass, ref, part, other, &advice);
    error_set(err, TG_DATA,
              "the cursor field '%s' holds %s here (%s), which does not compare with %s (%s)%s; %s",
              cursor->fields[part].path.text, shown, cursor_value_kind(value), beside,
              cursor_value_kind(there),
              of_window ? ", an end of the window" : whose[origin_of(pass, other)],
              buf_string(&advice));
    buf_release(&advice);
    cursor_blame(cursor, TG_REASON_CURSOR_TYPE, err);
    return row_where(pass->page, ref, TG_DATA, err);
}

int refuse_unordered(const struct pass *pass, const yyjson_val *row,
                     const struct cursor_field *field, const yyjson_val *cell, struct tg_error *err)
{
    struct buf value = BUF_INIT, within = BUF_INIT;
    cell_tell(&value, cell);
    if (cell_kind(cell) == CELL_OBJECT && cell_len(cell) > 0)
        buf_printf(&within, "name what is in it, as '%s.%.*s', or ", field->path.text,
                   (int)cell_len(cell + 1), (cell + 1)->uni.str);
    error_set(err, TG_DATA,
              "the cursor field '%s' holds %s here, which has no order; %suse a field with a "
              "number, text, date or timestamp",
              field->path.text, buf_string(&value), buf_string(&within));
    buf_release(&value);
    buf_release(&within);
    cursor_blame(pass->cursor, TG_REASON_CURSOR_TYPE, err);
    return page_where(pass->page, row, TG_DATA, err);
}

int refuse_type(const struct cursor *cursor, const struct cursor_value *value, struct tg_error *err)
{
    char here[80];
    const char *format = cursor->as.format;
    cursor_value_print(value, here, sizeof(here));
    error_set(err, TG_DATA,
              "the cursor '%s' has the value %s (%s), which is no %s%s%s; correct the value, or "
              "cursor_type%s",
              cursor->path, here, cursor_value_kind(value), type_name(cursor->as.type),
              format ? " as " : "", format ? format : "", format ? " and cursor_format" : "");
    return cursor_blame(cursor, TG_REASON_CURSOR_TYPE, err);
}

int refuse_order(const struct pass *pass, struct row_ref ref, struct tg_error *err)
{
    const struct cursor *cursor = pass->cursor;
    char here[160], before[160];
    point_print(&cursor->here, here, sizeof(here));
    point_print(&cursor->previous, before, sizeof(before));
    error_set(err, TG_DATA,
              "row_order is %s, but the cursor '%s' is %s here, after %s: reading could end before "
              "rows that are new; take row_order out, or have the source sort its rows",
              cursor->row_order == TG_ASC ? "asc" : "desc", cursor->path, here, before);
    return row_where(pass->page, ref, TG_DATA, err);
}
