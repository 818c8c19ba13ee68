/*
 * The cursor on Arrow batches: where its column is, what a row's hash is taken of, which rows stay.
 *
 * Data path: cursor_column_find (once a batch) -> cursor_column_value (a row) -> cursor_batch_json
 * (rows at the boundary only) -> cursor_batch_keep. The JSON of a row is the one that the same row
 * would have as a document, its columns sorted by name.
 *
 * The rules are in cursor.c, the same for rows and batches.
 */
#include "extract/cursor/cursor_arrow.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static const char *name_of(const struct ArrowSchema *schema)
{
    return schema->name ? schema->name : "";
}

static int64_t find_child(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(name_of(schema->children[i]), name) == 0)
            return i;
    return -1;
}

static bool is_plain_int64(const struct ArrowSchema *schema)
{
    return !schema->dictionary &&
           (strcmp(schema->format, "l") == 0 || strncmp(schema->format, "tsu:", 4) == 0);
}

int cursor_column_find(const struct page *page, const char *name, struct cursor_column *out,
                       struct tg_error *err)
{
    int64_t index = find_child(&page->schema, name);
    int rc = TG_OK;
    *out = (struct cursor_column){.array = NULL};
    if (index < 0)
        return TG_OK;
    out->schema = page->schema.children[index];
    out->array = page->array.children[index];
    out->offset = page->array.offset;
    TRY(type_from_arrow(out->schema, &out->spec, err));
    if (is_plain_int64(out->schema) && out->array->buffers[1])
        out->values = (const int64_t *)out->array->buffers[1] + out->array->offset;
    switch (out->spec.type) {
    case TYPE_BOOL:
    case TYPE_BINARY:
    case TYPE_JSON:
    case TYPE_TIME:
        rc = error_set(err, TG_DATA,
                       "the cursor column '%s' is of type %s, which has no order; use a number, "
                       "text, date or timestamp",
                       name, type_name(out->spec.type));
        break;
    default: break;
    }
done:
    return rc;
}

/* A decimal, or uint64: an integer where it fits, else the nearest double. */
static int set_decimal(const struct cursor_column *column, int64_t row, struct cursor_value *out,
                       struct tg_error *err)
{
    struct buf digits = BUF_INIT;
    int rc = TG_OK;
    TRY(value_text(column->schema, column->array, row, &digits, err));
    TRY(buf_check(&digits, err));
    if (!cursor_value_set_number(out, buf_string(&digits), digits.len))
        out->kind = TG_VALUE_NONE;
done:
    buf_release(&digits);
    return rc;
}

/* Integers, timestamps and dates of every width. */
static void set_int64(const struct cursor_column *column, int64_t row, enum tg_value_kind kind,
                      struct cursor_value *out)
{
    if (column->values)
        out->int64 = column->values[row];
    else if (!value_int64(column->schema, column->array, row, &out->int64))
        return;
    if (kind == TG_VALUE_INT64)
        out->kind = kind;
    else
        cursor_value_set_time(out, kind, out->int64, column->spec.naive);
}

int cursor_column_value(const struct cursor_column *column, int64_t row, struct cursor_value *out,
                        struct tg_error *err)
{
    const struct ArrowSchema *schema = column->schema;
    const struct ArrowArray *array = column->array;
    double real;
    row += column->offset;
    *out = (struct cursor_value){.kind = TG_VALUE_NONE};
    if (!array || array_is_null(array, row))
        return TG_OK;
    switch (column->spec.type) {
    case TYPE_BIGINT: set_int64(column, row, TG_VALUE_INT64, out); break;
    case TYPE_TIMESTAMP: set_int64(column, row, TG_VALUE_TIMESTAMP, out); break;
    case TYPE_DATE: set_int64(column, row, TG_VALUE_DATE, out); break;
    case TYPE_DOUBLE:
        if (value_double(schema, array, row, &real))
            cursor_value_set_double(out, real);
        break;
    case TYPE_TEXT:
        if (value_bytes(schema, array, row, &out->text, &out->len))
            cursor_value_set_text(out, out->text, out->len);
        break;
    case TYPE_DECIMAL:
    case TYPE_WEI: return set_decimal(column, row, out, err);
    default: break;
    }
    return TG_OK;
}

/* ---- The JSON of a row --------------------------------------------------------------------- */

static const char *format_of(const struct ArrowSchema *schema)
{
    while (schema->dictionary)
        schema = schema->dictionary;
    return schema->format;
}

static bool is_timestamp(const struct ArrowSchema *schema)
{
    return strncmp(format_of(schema), "ts", 2) == 0;
}

static bool is_decimal(const struct ArrowSchema *schema)
{
    return format_of(schema)[0] == 'd';
}

bool cursor_batch_json_varies(const struct page *page)
{
    for (int64_t i = 0; i < page->schema.n_children; i++)
        if (is_timestamp(page->schema.children[i]) || is_decimal(page->schema.children[i]))
            return true;
    return false;
}

static int put_cell(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                    int flags, struct buf *out, struct tg_error *err)
{
    struct buf scratch = BUF_INIT;
    yyjson_val cell;
    int rc = TG_OK;
    TRY(value_cell(schema, array, row, &scratch, &cell, err));
    cell_json(out, &cell, flags);
    rc = buf_check(out, err);
done:
    buf_release(&scratch);
    return rc;
}

static int put_column(const struct page *page, int64_t index, int64_t row, int flags,
                      struct buf *out, struct tg_error *err)
{
    const struct ArrowSchema *schema = page->schema.children[index];
    const struct ArrowArray *array = page->array.children[index];
    row += page->array.offset;
    if (is_timestamp(schema) || ((flags & CELL_JSON_PYTHON) && is_decimal(schema)))
        return put_cell(schema, array, row, flags, out, err);
    return value_json(schema, array, row, out, err);
}

static int compare_columns(const void *left, const void *right)
{
    const struct ArrowSchema *const *a = *(const struct ArrowSchema *const *const *)left;
    const struct ArrowSchema *const *b = *(const struct ArrowSchema *const *const *)right;
    int order = strcmp(name_of(*a), name_of(*b));
    return order != 0 ? order : (a > b) - (a < b);
}

static int put_row(const struct page *page, int64_t row, int flags, struct buf *out,
                   struct tg_error *err)
{
    size_t count = (size_t)page->schema.n_children;
    struct ArrowSchema *const **sorted = mem_alloc((count + 1) * sizeof(*sorted));
    int rc = TG_OK;
    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &page->schema.children[i];
    qsort(sorted, count, sizeof(*sorted), compare_columns);
    buf_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(out, ',');
        json_string(out, name_of(*sorted[i]), strlen(name_of(*sorted[i])));
        buf_char(out, ':');
        TRY(put_column(page, sorted[i] - page->schema.children, row, flags, out, err));
    }
    buf_char(out, '}');
done:
    mem_free(sorted);
    return rc;
}

bool cursor_batch_has(const struct page *page, const char *name)
{
    return find_child(&page->schema, name) >= 0;
}

int cursor_batch_json(const struct page *page, int64_t row, const char *const *names, size_t count,
                      int flags, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    if (count == 0)
        return put_row(page, row, flags, out, err);
    if (count > 1)
        buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        int64_t index = find_child(&page->schema, names[i]);
        if (index < 0)
            return error_set(err, TG_DATA, "column '%s' is not in the data", names[i]);
        if (i > 0)
            buf_char(out, ',');
        TRY(put_column(page, index, row, flags, out, err));
    }
    if (count > 1)
        buf_char(out, ']');
done:
    return rc;
}

/* ---- The rows that stay -------------------------------------------------------------------- */

int cursor_batch_keep(struct page *page, const uint8_t *keep, int64_t keep_count,
                      struct tg_error *err)
{
    struct ArrowArray taken = {.release = NULL};
    int rc = TG_OK;
    if (keep_count == page->array.length)
        return TG_OK;
    TRY(batch_take(&page->schema, &page->array, keep, keep_count, &taken, err));
    array_release(&page->array);
    array_move(&taken, &page->array);
done:
    return rc;
}
