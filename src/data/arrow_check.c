/*
 * A caller's Arrow stream, looked at before it is trusted.
 *
 * Path: arrow_check_schema and arrow_check_batch walk the nodes depth first; check_node -> the
 * counts every array has -> by its layout (data/type.h): check_offsets, check_views, the children;
 * check_indices where there is a dictionary. What a buffer holds beyond its last offset cannot be
 * known: the C data interface says no sizes.
 *
 * Each batch is passed over once. Offsets, views and indices are read whole, since one of them that
 * points astray is memory of somebody else's. Texts that are not UTF-8 and types without a column
 * are found by those who make columns.
 */
#include "data/arrow_check.h"

#include <string.h>

#include "data/rows.h"
#include "data/type.h"

int arrow_check_stream(const struct ArrowArrayStream *stream, struct tg_error *err)
{
    if (stream->get_schema && stream->get_next && stream->get_last_error)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "an Arrow stream lacks one of its functions; get_schema, get_next, "
                     "get_last_error and release must all be set");
}

/* ---- schemas ---- */

static bool is_list(const char *format)
{
    static const char *const starts[] = {"+l", "+L", "+m", "+vl", "+vL", "+w:"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (strncmp(format, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static int check_children(const struct ArrowSchema *schema, struct tg_error *err)
{
    if (schema->n_children < 0 || (schema->n_children > 0 && !schema->children))
        return error_set(err, TG_DATA,
                         "the Arrow schema says %lld children, but has no list of "
                         "them",
                         (long long)schema->n_children);
    if (is_list(schema->format) && schema->n_children != 1)
        return error_set(err, TG_DATA, "the Arrow format '%s' has %lld children instead of one",
                         schema->format, (long long)schema->n_children);
    return TG_OK;
}

/* The entries of a map: a struct of key and value. */
static int check_map(const struct ArrowSchema *schema, struct tg_error *err)
{
    const struct ArrowSchema *entries = schema->children[0];
    if (strcmp(entries->format, "+s") == 0 && entries->n_children == 2)
        return TG_OK;
    return error_set(err, TG_DATA, "the entries of an Arrow map are no struct of key and value");
}

static int check_schema_node(const struct ArrowSchema *schema, int depth, struct tg_error *err)
{
    int rc = TG_OK;
    if (depth > CELL_DEPTH_MAX)
        return error_set(err, TG_DATA, "the Arrow schema is nested deeper than %d levels",
                         CELL_DEPTH_MAX);
    if (!schema || !schema->release)
        return error_set(err, TG_DATA, "the Arrow schema of it is missing or was released");
    if (!schema->format)
        return error_set(err, TG_DATA, "the Arrow schema of it has no format");
    TRY(check_children(schema, err));
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *child = schema->children[i];
        rc = check_schema_node(child, depth + 1, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, child && child->name ? child->name : "");
    }
    if (strcmp(schema->format, "+m") == 0)
        TRY(check_map(schema, err));
    if (schema->dictionary)
        rc = check_schema_node(schema->dictionary, depth + 1, err);
done:
    return rc;
}

int arrow_check_schema(const struct ArrowSchema *schema, struct tg_error *err)
{
    int rc = check_schema_node(schema, 0, err);
    if (rc != TG_OK || strcmp(schema->format, "+s") == 0)
        return rc;
    return error_set(err, TG_DATA,
                     "the Arrow stream has the format '%s'; a stream of rows is a struct ('+s') "
                     "with a child for each column",
                     schema->format);
}

/* ---- arrays ---- */

/* Buffers of a layout; of views there are these and one for each block of texts. */
static int64_t buffer_count(enum layout_kind kind)
{
    static const int64_t counts[] = {
        [LAYOUT_NULL] = 0,    [LAYOUT_BITS] = 2,    [LAYOUT_FIXED] = 2,
        [LAYOUT_BYTES32] = 3, [LAYOUT_BYTES64] = 3, [LAYOUT_VIEWS] = 3,
        [LAYOUT_STRUCT] = 1,  [LAYOUT_LIST32] = 2,  [LAYOUT_LIST64] = 2,
    };
    return counts[kind];
}

static int check_counts(const struct ArrowArray *array, struct tg_error *err)
{
    int64_t end;
    if (array->length < 0 || array->offset < 0 ||
        __builtin_add_overflow(array->length, array->offset, &end) || end == INT64_MAX)
        return error_set(err, TG_DATA, "the Arrow array has length %lld and offset %lld",
                         (long long)array->length, (long long)array->offset);
    if (array->null_count > array->length)
        return error_set(err, TG_DATA, "the Arrow array counts %lld NULLs in %lld rows",
                         (long long)array->null_count, (long long)array->length);
    return TG_OK;
}

static int check_buffers(const struct ArrowArray *array, enum layout_kind kind,
                         struct tg_error *err)
{
    int64_t wanted = buffer_count(kind);
    bool enough = kind == LAYOUT_VIEWS ? array->n_buffers >= wanted : array->n_buffers == wanted;
    if (!enough || (wanted > 0 && !array->buffers))
        return error_set(err, TG_DATA, "the Arrow array has %lld buffers instead of %lld",
                         (long long)(array->buffers ? array->n_buffers : 0), (long long)wanted);
    if (wanted > 0 && array->null_count > 0 && !array->buffers[0])
        return error_set(err, TG_DATA,
                         "the Arrow array counts %lld NULLs, but has no validity buffer",
                         (long long)array->null_count);
    if (wanted > 1 && array->length > 0 && !array->buffers[1])
        return error_set(err, TG_DATA,
                         "the Arrow array of %lld rows lacks its buffer 1 (values or offsets)",
                         (long long)array->length);
    return TG_OK;
}

static int64_t offset_at(const void *offsets, bool wide, int64_t at)
{
    return wide ? ((const int64_t *)offsets)[at] : ((const int32_t *)offsets)[at];
}

/* Offsets begin at 0 or later and never go back. *end: the last one. */
static int check_offsets(const struct ArrowArray *array, bool wide, int64_t *end,
                         struct tg_error *err)
{
    const void *offsets = array->buffers[1];
    int64_t last = array->offset + array->length;
    *end = 0;
    if (array->length == 0)
        return TG_OK;
    int64_t before = offset_at(offsets, wide, array->offset);
    if (before < 0)
        return error_set(err, TG_DATA, "the Arrow array has a negative offset");
    for (int64_t i = array->offset + 1; i <= last; i++) {
        int64_t offset = offset_at(offsets, wide, i);
        if (offset < before)
            return error_set(err, TG_DATA,
                             "the offsets of the Arrow array go back from %lld to %lld at row %lld",
                             (long long)before, (long long)offset, (long long)(i - array->offset));
        before = offset;
    }
    *end = before;
    return TG_OK;
}

static int check_text(const struct ArrowArray *array, bool wide, struct tg_error *err)
{
    int64_t end;
    int rc = check_offsets(array, wide, &end, err);
    if (rc == TG_OK && end > 0 && !array->buffers[2])
        rc = error_set(err, TG_DATA, "the Arrow array lacks its buffer 2 (the texts)");
    return rc;
}

static bool is_null_at(const struct ArrowArray *array, int64_t at)
{
    const uint8_t *validity = array->buffers[0];
    return validity && array->null_count != 0 && !(validity[at >> 3] >> (at & 7) & 1);
}

enum { VIEW_BYTES = 16, VIEW_INLINE_MAX = 12 };

/* Each view: its length, then the text, or its first bytes, block and place. */
static int check_views(const struct ArrowArray *array, struct tg_error *err)
{
    int64_t blocks = array->n_buffers - 3;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    if (blocks > 0 && !sizes)
        return error_set(err, TG_DATA, "the Arrow array lacks the sizes of its blocks of texts");
    for (int64_t i = array->offset; i < array->offset + array->length; i++) {
        int32_t view[4]; /* length, prefix, block, place */
        if (is_null_at(array, i))
            continue;
        memcpy(view, (const char *)array->buffers[1] + i * VIEW_BYTES, sizeof(view));
        bool inside = view[0] >= 0 && view[0] <= VIEW_INLINE_MAX;
        if (!inside)
            inside = view[0] > 0 && view[2] >= 0 && view[2] < blocks && view[3] >= 0 &&
                     array->buffers[2 + view[2]] && view[3] + (int64_t)view[0] <= sizes[view[2]];
        if (!inside)
            return error_set(err, TG_DATA,
                             "the view of row %lld of the Arrow array points outside its blocks",
                             (long long)(i - array->offset + 1));
    }
    return TG_OK;
}

/* Whether an index of `width` bytes lies below `count`. */
static bool index_fits(const void *indices, size_t width, int64_t at, int64_t count)
{
    uint64_t index = 0; /* a negative one of fewer bytes is large, too, or as the unsigned it is */
    memcpy(&index, (const char *)indices + (size_t)at * width, width);
    return index < (uint64_t)count;
}

static int check_indices(const struct ArrowSchema *schema, const struct ArrowArray *array,
                         struct tg_error *err)
{
    struct layout layout = layout_of(schema->format);
    if (!array->dictionary)
        return error_set(err, TG_DATA, "the Arrow array lacks its dictionary");
    if (layout.kind != LAYOUT_FIXED || !strchr("cCsSiIlL", schema->format[0]))
        return error_set(err, TG_DATA, "the Arrow format '%s' is no index of a dictionary",
                         schema->format);
    for (int64_t i = array->offset; i < array->offset + array->length; i++)
        if (!is_null_at(array, i) &&
            !index_fits(array->buffers[1], layout.width, i, array->dictionary->length))
            return error_set(err, TG_DATA,
                             "row %lld of the Arrow array is outside its dictionary of %lld values",
                             (long long)(i - array->offset + 1),
                             (long long)array->dictionary->length);
    return TG_OK;
}

static int check_node(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      int64_t length_min, struct tg_error *err);

/* `wanted`: how many rows of the children are pointed at. */
static int check_fields(const struct ArrowSchema *schema, const struct ArrowArray *array,
                        int64_t wanted, struct tg_error *err)
{
    if (array->n_children != schema->n_children || (array->n_children > 0 && !array->children))
        return error_set(err, TG_DATA, "the Arrow array has %lld children, its schema %lld",
                         (long long)(array->children ? array->n_children : 0),
                         (long long)schema->n_children);
    for (int64_t i = 0; i < array->n_children; i++) {
        const char *name = schema->children[i]->name;
        int rc = check_node(schema->children[i], array->children[i], wanted, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, name ? name : "");
    }
    return TG_OK;
}

/* Lists of one length: "+w:3". */
static int check_fixed_lists(const struct ArrowSchema *schema, const struct ArrowArray *array,
                             struct tg_error *err)
{
    int64_t len = 0, end = 0;
    for (const char *digit = schema->format + 3; *digit >= '0' && *digit <= '9'; digit++)
        len = len > INT32_MAX ? len : len * 10 + (*digit - '0');
    if (array->n_buffers != 1 || !array->buffers || array->n_children != 1 ||
        __builtin_mul_overflow(len, array->offset + array->length, &end))
        return error_set(err, TG_DATA, "the Arrow array does not fit its format '%s'",
                         schema->format);
    return check_fields(schema, array, end, err);
}

/* Lists with a start and a length each, in any order: "+vl", "+vL". */
static int check_list_views(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            struct tg_error *err)
{
    bool wide = schema->format[2] == 'L';
    int64_t end = 0;
    if (array->n_buffers != 3 || !array->buffers ||
        (array->length > 0 && (!array->buffers[1] || !array->buffers[2])))
        return error_set(err, TG_DATA, "the Arrow array of format '%s' lacks a buffer",
                         schema->format);
    for (int64_t i = array->offset; i < array->offset + array->length; i++) {
        int64_t start = offset_at(array->buffers[1], wide, i), stop;
        int64_t size = offset_at(array->buffers[2], wide, i);
        if (is_null_at(array, i))
            continue;
        if (start < 0 || size < 0 || __builtin_add_overflow(start, size, &stop))
            return error_set(err, TG_DATA,
                             "the list of row %lld of the Arrow array is at %lld, "
                             "with %lld values",
                             (long long)(i - array->offset + 1), (long long)start, (long long)size);
        end = stop > end ? stop : end;
    }
    return check_fields(schema, array, end, err);
}

/* What has no layout of a column, but rows can be made of. */
static int check_other(const struct ArrowSchema *schema, const struct ArrowArray *array,
                       struct tg_error *err)
{
    if (strncmp(schema->format, "+w:", 3) == 0)
        return check_fixed_lists(schema, array, err);
    if (strcmp(schema->format, "+vl") == 0 || strcmp(schema->format, "+vL") == 0)
        return check_list_views(schema, array, err);
    return TG_OK;
}

static int check_layout(const struct ArrowSchema *schema, const struct ArrowArray *array,
                        enum layout_kind kind, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t end = array->offset + array->length;
    switch (kind) {
    case LAYOUT_BYTES32:
    case LAYOUT_BYTES64: return check_text(array, kind == LAYOUT_BYTES64, err);
    case LAYOUT_VIEWS: return check_views(array, err);
    case LAYOUT_LIST32:
    case LAYOUT_LIST64:
        TRY(check_offsets(array, kind == LAYOUT_LIST64, &end, err));
        return check_fields(schema, array, end, err);
    case LAYOUT_STRUCT: return check_fields(schema, array, end, err);
    default: break;
    }
done:
    return rc;
}

static int check_node(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      int64_t length_min, struct tg_error *err)
{
    int rc = TG_OK;
    enum layout_kind kind = layout_of(schema->format).kind;
    if (!array || !array->release)
        return error_set(err, TG_DATA, "the Arrow array of it is missing or was released");
    TRY(check_counts(array, err));
    if (array->length < length_min)
        return error_set(err, TG_DATA, "the Arrow array has %lld rows; %lld are pointed at",
                         (long long)array->length, (long long)length_min);
    if (kind == LAYOUT_NONE)
        return check_other(schema, array, err);
    TRY(check_buffers(array, kind, err));
    TRY(check_layout(schema, array, kind, err));
    if (!schema->dictionary)
        goto done;
    TRY(check_indices(schema, array, err));
    rc = check_node(schema->dictionary, array->dictionary, 0, err);
done:
    return rc;
}

int arrow_check_batch(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      struct tg_error *err)
{
    return check_node(schema, array, 0, err);
}
