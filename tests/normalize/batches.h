/*
 * For property tests and fuzz targets: keeps the batches a normalizer emits, and says what is wrong
 * with them.
 *
 * batches_emit checks every batch by itself: Arrow layout, NULL counts, UTF-8, names. batches_check
 * looks at all of them, once the load is finished: what is nested has a parent, lists have no gaps,
 * columns are the catalog's. Both set an error of TG_INTERNAL, which no input may cause.
 */
#ifndef TIDEGATE_TESTS_NORMALIZE_BATCHES_H
#define TIDEGATE_TESTS_NORMALIZE_BATCHES_H

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "dlt/store.h"
#include "normalize/normalize.h"

struct emitted {
    char *table;
    struct ArrowSchema schema;
    struct ArrowArray array;
};

struct batches {
    size_t name_max; /* of the destination; 0: no limit */
    bool gaps;       /* rows may be discarded: lists have gaps */
    struct emitted *items;
    size_t count, cap;
};

/* A row of a batch. */
struct row_ref {
    const struct emitted *batch; /* NULL: none */
    int64_t row;
};

static inline void batches_release(struct batches *batches)
{
    for (size_t i = 0; i < batches->count; i++) {
        mem_free(batches->items[i].table);
        schema_release(&batches->items[i].schema);
        array_release(&batches->items[i].array);
    }
    mem_free(batches->items);
    *batches = (struct batches){.name_max = batches->name_max, .gaps = batches->gaps};
}

/* ---- one batch ---- */

static inline bool is_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < len;) {
        size_t more = p[i] < 0x80 ? 0 : p[i] < 0xe0 ? 1 : p[i] < 0xf0 ? 2 : 3;
        uint32_t code = more == 0 ? p[i] : p[i] & (0x3fu >> more);
        if ((p[i] >= 0x80 && p[i] < 0xc2) || p[i] > 0xf4 || len - i <= more)
            return false;
        for (size_t k = 1; k <= more; k++) {
            if ((p[i + k] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (p[i + k] & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        i += more + 1;
    }
    return true;
}

static inline int bytes_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
                              struct tg_error *err)
{
    const int32_t *offsets = array->buffers[1];
    const char *bytes = array->buffers[2];
    if (array->n_buffers != 3 || !offsets || offsets[0] != 0)
        return error_set(err, TG_INTERNAL, "column '%s': no offsets", schema->name);
    for (int64_t row = 0; row < array->length; row++) {
        if (offsets[row + 1] < offsets[row])
            return error_set(err, TG_INTERNAL, "column '%s': offsets fall", schema->name);
        size_t len = (size_t)(offsets[row + 1] - offsets[row]);
        if (array_is_null(array, row) ? len > 0 : len > 0 && !bytes)
            return error_set(err, TG_INTERNAL, "column '%s': bytes without a place", schema->name);
        if (strcmp(schema->format, "u") == 0 && len > 0 && !is_utf8(bytes + offsets[row], len))
            return error_set(err, TG_INTERNAL, "column '%s': no UTF-8", schema->name);
    }
    return TG_OK;
}

static inline int child_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
                              int64_t length, struct tg_error *err)
{
    struct layout layout = layout_of(schema->format);
    int64_t nulls = 0;
    if (array->length != length || array->offset != 0 || array->n_children != 0 ||
        array->dictionary || schema->dictionary || !(schema->flags & ARROW_FLAG_NULLABLE))
        return error_set(err, TG_INTERNAL, "column '%s' is not flat", schema->name);
    const uint8_t *validity = array->buffers[0];
    for (int64_t row = 0; row < length && validity; row++)
        nulls += !(validity[row >> 3] >> (row & 7) & 1);
    if (array->null_count != nulls)
        return error_set(err, TG_INTERNAL, "column '%s': %lld NULLs, said to be %lld", schema->name,
                         (long long)nulls, (long long)array->null_count);
    if (layout.kind == LAYOUT_BYTES32)
        return bytes_check(schema, array, err);
    if ((layout.kind != LAYOUT_FIXED && layout.kind != LAYOUT_BITS) || array->n_buffers != 2 ||
        !array->buffers[1])
        return error_set(err, TG_INTERNAL, "column '%s': format %s", schema->name, schema->format);
    return TG_OK;
}

static inline int batch_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
                              size_t name_max, struct tg_error *err)
{
    int rc = TG_OK;
    if (schema->n_children != array->n_children || array->null_count != 0 || array->length == 0)
        return error_set(err, TG_INTERNAL, "the batch is none");
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *name = schema->children[i]->name;
        size_t len = strlen(name);
        if (len == 0 || (name_max > 0 && len > name_max) || !is_utf8(name, len))
            return error_set(err, TG_INTERNAL, "'%s' is no name", name);
        for (int64_t k = 0; k < i; k++)
            if (strcmp(name, schema->children[k]->name) == 0)
                return error_set(err, TG_INTERNAL, "two columns are named '%s'", name);
        TRY(child_check(schema->children[i], array->children[i], array->length, err));
    }
done:
    return rc;
}

/* normalize_emit; the sink is a struct batches. */
static inline int batches_emit(void *sink, const char *table, const struct ArrowSchema *schema,
                               struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct batches *batches = sink;
    struct emitted emitted = {.table = NULL};
    array_move(array, &emitted.array);
    TRY(batch_check(schema, &emitted.array, batches->name_max, err));
    TRY(schema_copy(schema, &emitted.schema, err));
    TRY(mem_grow(&batches->items, &batches->cap, batches->count + 1, sizeof(emitted), err));
    emitted.table = mem_strdup(table);
    batches->items[batches->count++] = emitted;
    return TG_OK;
done:
    schema_release(&emitted.schema);
    array_release(&emitted.array);
    return error_where(err, rc, "table '%s'", table);
}

/* ---- rows ---- */

/* The row after `ref` in its table (the first one: zero `ref`); false: there is none. */
static inline bool row_next(const struct batches *batches, const char *table, struct row_ref *ref)
{
    if (ref->batch && ++ref->row < ref->batch->array.length)
        return true;
    size_t i = ref->batch ? (size_t)(ref->batch - batches->items) + 1 : 0;
    for (; i < batches->count; i++) {
        if (strcmp(batches->items[i].table, table) == 0) {
            *ref = (struct row_ref){&batches->items[i], 0};
            return true;
        }
    }
    return false;
}

/* The position of a column in the row's batch; -1: the batch has none, or the row has NULL. */
static inline int64_t row_find(struct row_ref ref, const char *column)
{
    for (int64_t i = 0; i < ref.batch->schema.n_children; i++)
        if (strcmp(ref.batch->schema.children[i]->name, column) == 0)
            return array_is_null(ref.batch->array.children[i], ref.row) ? -1 : i;
    return -1;
}

struct bytes {
    const char *text; /* NULL: the row has no value */
    size_t len;
};

static inline struct bytes row_bytes(struct row_ref ref, const char *column)
{
    struct bytes bytes = {NULL, 0};
    int64_t i = row_find(ref, column);
    if (i >= 0 && !value_bytes(ref.batch->schema.children[i], ref.batch->array.children[i], ref.row,
                               &bytes.text, &bytes.len))
        bytes.text = NULL;
    return bytes;
}

static inline int64_t row_int64(struct row_ref ref, const char *column)
{
    int64_t value = -1;
    int64_t i = row_find(ref, column);
    return i >= 0 && value_int64(ref.batch->schema.children[i], ref.batch->array.children[i],
                                 ref.row, &value)
               ? value
               : -1;
}

static inline int bytes_compare(const void *left, const void *right)
{
    const struct bytes *a = left, *b = right;
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* ---- all batches ---- */

/* The ids of a table, sorted; mem_free it. */
static inline int batches_ids(const struct batches *batches, const char *table, struct bytes **out,
                              size_t *count, struct tg_error *err)
{
    int rc = TG_OK;
    size_t cap = 0;
    struct row_ref ref = {NULL, 0};
    *out = NULL;
    for (*count = 0; row_next(batches, table, &ref); ++*count) {
        TRY(mem_grow(out, &cap, *count + 1, sizeof(**out), err));
        (*out)[*count] = row_bytes(ref, "_dlt_id");
        if (!(*out)[*count].text)
            TRY(error_set(err, TG_INTERNAL, "table '%s': a row has no id", table));
    }
    if (*count > 0)
        qsort(*out, *count, sizeof(**out), bytes_compare);
done:
    return rc;
}

/* Whether a row follows the one before it in its table: the next element, or a list's first. */
static inline bool follows(const struct batches *batches, struct row_ref ref, struct bytes before,
                           int64_t index_before)
{
    struct bytes parent = row_bytes(ref, "_dlt_parent_id");
    int64_t index = row_int64(ref, "_dlt_list_idx");
    bool same = before.text && bytes_compare(&before, &parent) == 0;
    if (batches->gaps)
        return index >= 0;
    return index == 0 || (same && index == index_before + 1);
}

/* Every nested row has a parent, and lists count from 0 without a gap. */
static inline int nested_check(const struct batches *batches, const struct table *table,
                               struct tg_error *err)
{
    int rc = TG_OK;
    struct bytes *ids = NULL, before = {NULL, 0};
    size_t count = 0;
    int64_t index_before = -1;
    struct row_ref ref = {NULL, 0};
    TRY(batches_ids(batches, table->parent, &ids, &count, err));
    while (row_next(batches, table->name, &ref)) {
        struct bytes parent = row_bytes(ref, "_dlt_parent_id");
        if (!parent.text || !bsearch(&parent, ids, count, sizeof(*ids), bytes_compare))
            TRY(error_set(err, TG_INTERNAL, "table '%s': a row has no parent", table->name));
        if (!follows(batches, ref, before, index_before))
            TRY(error_set(err, TG_INTERNAL, "table '%s': a list has a gap", table->name));
        before = parent;
        index_before = row_int64(ref, "_dlt_list_idx");
    }
done:
    mem_free(ids);
    return rc;
}

static inline int columns_check(const struct emitted *batch, const struct catalog *catalog,
                                struct tg_error *err)
{
    const struct table *table = catalog_find(catalog, batch->table);
    if (!table)
        return error_set(err, TG_INTERNAL, "table '%s' is in no catalog", batch->table);
    for (int64_t i = 0; i < batch->schema.n_children; i++) {
        const char *name = batch->schema.children[i]->name;
        const struct table_column *column = table_find(table, name);
        if (!column && strcmp(name, NORMALIZE_ORDER_COLUMN) != 0)
            return error_set(err, TG_INTERNAL, "table '%s': '%s' is in no catalog", table->name,
                             name);
    }
    return TG_OK;
}

/* After normalizer_finish. */
static inline int batches_check(const struct batches *batches, const struct catalog *catalog,
                                struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < batches->count; i++)
        TRY(columns_check(&batches->items[i], catalog, err));
    for (size_t i = 0; i < catalog->table_count; i++)
        if (catalog->tables[i]->parent)
            TRY(nested_check(batches, catalog->tables[i], err));
done:
    return rc;
}

/* The catalog as it is stored; reading it back and writing it again gives the same text. */
static inline int catalog_text(const struct catalog *catalog, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog copy = {.name = NULL};
    struct buf again = BUF_INIT;
    buf_clear(out);
    TRY(catalog_write(catalog, out, err));
    TRY(catalog_read(&copy, out->data, out->len, err));
    TRY(catalog_write(&copy, &again, err));
    if (again.len != out->len || memcmp(again.data, out->data, out->len) != 0)
        TRY(error_set(err, TG_INTERNAL, "the catalog is read as another one"));
done:
    buf_release(&again);
    catalog_release(&copy);
    return rc;
}

#endif
