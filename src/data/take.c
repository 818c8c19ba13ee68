/*
 * Filtering: the kept rows of a batch as a new batch.
 *
 * Data path: batch_take -> take_array per child: the kept row numbers once as a list, then one
 * loop per layout (bits, fixed width, offsets of 32 or 64 bits, views); a dictionary is copied
 * whole. Offsets of the batch and of its children are gone afterwards.
 *
 * Left to others: which rows are kept (the cursor, contracts).
 */
#include <string.h>

#include "base/memory.h"
#include "data/batch.h"

struct taken {
    void *buffers[4];
};

static void release_taken(struct ArrowArray *array)
{
    struct taken *taken = array->private_data;
    for (int i = 0; i < 4; i++)
        mem_free(taken->buffers[i]);
    if (array->dictionary) {
        array_release(array->dictionary);
        mem_free(array->dictionary);
    }
    mem_free(taken);
    array->release = NULL;
}

static bool get_bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static int take_bits(const uint8_t *from, const int64_t *rows, int64_t count, void **out,
                     struct tg_error *err)
{
    uint8_t *bits = mem_calloc(1, (size_t)count / 8 + 1);
    if (!bits)
        return error_nomem(err);
    for (int64_t i = 0; i < count; i++)
        if (get_bit(from, rows[i]))
            bits[i >> 3] |= (uint8_t)(1u << (i & 7));
    *out = bits;
    return TG_OK;
}

static int take_fixed(const char *from, size_t width, const int64_t *rows, int64_t count,
                      void **out, struct tg_error *err)
{
    char *to = mem_alloc((size_t)count * width);
    *out = to;
    if (!to)
        return error_nomem(err);
    if (width == 8) { /* most columns */
        for (int64_t i = 0; i < count; i++)
            memcpy(to + i * 8, from + rows[i] * 8, 8);
        return TG_OK;
    }
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)i * width, from + (size_t)rows[i] * width, width);
    return TG_OK;
}

static int64_t get_offset(const void *offsets, bool large, int64_t at)
{
    return large ? ((const int64_t *)offsets)[at] : ((const int32_t *)offsets)[at];
}

static void set_offset(void *offsets, bool large, int64_t at, int64_t value)
{
    if (large)
        ((int64_t *)offsets)[at] = value;
    else
        ((int32_t *)offsets)[at] = (int32_t)value;
}

static int take_bytes(const void *const *from, bool large, const int64_t *rows, int64_t count,
                      void **out, struct tg_error *err)
{
    const char *bytes = from[2];
    int64_t total = 0;
    char *to;
    for (int64_t i = 0; i < count; i++)
        total += get_offset(from[1], large, rows[i] + 1) - get_offset(from[1], large, rows[i]);
    out[0] = mem_alloc((size_t)(count + 1) * (large ? 8 : 4));
    out[1] = to = mem_alloc((size_t)total);
    if (!out[0] || !to)
        return error_nomem(err);
    total = 0;
    set_offset(out[0], large, 0, 0);
    for (int64_t i = 0; i < count; i++) {
        int64_t start = get_offset(from[1], large, rows[i]);
        int64_t len = get_offset(from[1], large, rows[i] + 1) - start;
        if (len > 0)
            memcpy(to + total, bytes + start, (size_t)len);
        total += len;
        set_offset(out[0], large, i + 1, total);
    }
    return TG_OK;
}

/* A view: the length, then up to 12 bytes, or 4 of them and where all are. */
struct view {
    int32_t len;
    char start[4];
    int32_t buffer, offset;
};

enum { VIEW_INLINE = 12 };

/* The bytes that are not in the views themselves come together in one buffer. */
static int take_views(const struct ArrowArray *from, const int64_t *rows, int64_t count, void **out,
                      struct tg_error *err)
{
    const struct view *views = from->buffers[1];
    const uint8_t *validity = from->null_count != 0 ? from->buffers[0] : NULL;
    struct view *kept = mem_calloc((size_t)count + 1, sizeof(*kept));
    int64_t total = 0, *sizes = mem_calloc(1, sizeof(*sizes));
    char *bytes;
    out[0] = kept;
    out[2] = sizes;
    if (!kept || !sizes)
        return error_nomem(err);
    for (int64_t i = 0; i < count; i++) {
        if (!validity || get_bit(validity, rows[i])) /* a NULL may have any view */
            kept[i] = views[rows[i]];
        total += kept[i].len > VIEW_INLINE ? kept[i].len : 0;
    }
    out[1] = bytes = mem_alloc((size_t)total);
    if (!bytes)
        return error_nomem(err);
    if (total > INT32_MAX)
        return error_set(err, TG_DATA,
                         "the texts of one column exceed 2 GiB within a batch; "
                         "make the batches of the source smaller");
    for (int64_t i = 0; i < count; i++) {
        if (kept[i].len <= VIEW_INLINE)
            continue;
        memcpy(bytes + *sizes, (const char *)from->buffers[2 + kept[i].buffer] + kept[i].offset,
               (size_t)kept[i].len);
        kept[i].buffer = 0;
        kept[i].offset = (int32_t)*sizes;
        *sizes += kept[i].len;
    }
    return TG_OK;
}

static int take_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      const int64_t *rows, int64_t count, struct ArrowArray *out,
                      struct tg_error *err);

/* A whole array again, in memory of its own. */
static int copy_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      struct ArrowArray **out, struct tg_error *err)
{
    int64_t *rows = mem_alloc((size_t)array->length * sizeof(*rows));
    int rc = TG_OK;
    *out = mem_calloc(1, sizeof(**out));
    if (!rows || !*out)
        TRY(error_nomem(err));
    for (int64_t i = 0; i < array->length; i++)
        rows[i] = array->offset + i;
    TRY(take_array(schema, array, rows, array->length, *out, err));
done:
    if (rc != TG_OK) {
        mem_free(*out);
        *out = NULL;
    }
    mem_free(rows);
    return rc;
}

/* The values at `rows`, which count from the start of the buffers. */
static int take_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      const int64_t *rows, int64_t count, struct ArrowArray *out,
                      struct tg_error *err)
{
    struct layout layout = layout_of(schema->format);
    struct taken *taken = mem_calloc(1, sizeof(*taken));
    int rc = TG_OK;
    *out = (struct ArrowArray){.release = NULL};
    if (!taken)
        return error_nomem(err);
    *out = (struct ArrowArray){.length = count,
                               .n_buffers = layout.kind == LAYOUT_VIEWS ? 4 : array->n_buffers,
                               .buffers = (const void **)taken->buffers,
                               .release = release_taken,
                               .private_data = taken};
    if (layout.kind == LAYOUT_NULL) {
        out->null_count = count;
    } else if (array->buffers[0] && array->null_count != 0) {
        TRY(take_bits(array->buffers[0], rows, count, &taken->buffers[0], err));
        for (int64_t i = 0; i < count; i++)
            out->null_count += !get_bit(taken->buffers[0], i);
    }
    if (layout.kind == LAYOUT_BITS)
        TRY(take_bits(array->buffers[1], rows, count, &taken->buffers[1], err));
    else if (layout.kind == LAYOUT_FIXED)
        TRY(take_fixed(array->buffers[1], layout.width, rows, count, &taken->buffers[1], err));
    else if (layout.kind == LAYOUT_BYTES32 || layout.kind == LAYOUT_BYTES64)
        TRY(take_bytes(array->buffers, layout.kind == LAYOUT_BYTES64, rows, count,
                       &taken->buffers[1], err));
    else if (layout.kind == LAYOUT_VIEWS)
        TRY(take_views(array, rows, count, &taken->buffers[1], err));
    else if (layout.kind != LAYOUT_NULL)
        TRY(error_set(err, TG_DATA,
                      "column '%s' has the Arrow format '%s', which cannot be filtered",
                      schema->name ? schema->name : "", schema->format));
    if (schema->dictionary)
        TRY(copy_array(schema->dictionary, array->dictionary, &out->dictionary, err));
done:
    if (rc != TG_OK)
        release_taken(out);
    return rc;
}

int batch_take(const struct ArrowSchema *schema, const struct ArrowArray *array,
               const uint8_t *keep, int64_t keep_count, struct ArrowArray *out,
               struct tg_error *err)
{
    size_t child_count = (size_t)array->n_children;
    int64_t *rows = mem_alloc((size_t)keep_count * sizeof(*rows));
    struct ArrowArray *children = mem_calloc(child_count + 1, sizeof(*children));
    int rc = TG_OK;
    *out = (struct ArrowArray){.release = NULL};
    if (!rows || !children)
        TRY(error_nomem(err));
    for (size_t child = 0; child < child_count; child++) {
        const struct ArrowArray *from = array->children[child];
        int64_t count = 0;
        for (int64_t i = 0; i < array->length && count < keep_count; i++)
            if (keep[i])
                rows[count++] = from->offset + array->offset + i;
        TRY(take_array(schema->children[child], from, rows, count, &children[child], err));
    }
    TRY(batch_make(children, child_count, keep_count, out, err));
done:
    if (children)
        for (size_t child = 0; child < child_count; child++)
            array_release(&children[child]);
    mem_free(children);
    mem_free(rows);
    return rc;
}
