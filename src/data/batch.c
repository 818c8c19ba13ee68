/*
 * Schemas and batches: struct nodes over the columns that column.c exported.
 *
 * Data path: schema_make (names and types -> "+s" node), batch_make (arrays -> struct array). Every
 * node owns its name, format and child list, every array its buffers; releasing a parent releases
 * the children that nobody moved out. schema_copy and schema_equal serve those who keep or compare
 * a foreign schema.
 *
 * Left to others: the buffers of a column (column.c), sequences of batches (stream.c), values
 * (view.c).
 */
#include "data/batch.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

struct node {
    char *format;
    char *name;
    char *metadata;
    struct ArrowSchema *children; /* the structs themselves; schema->children points to each */
};

static void release_node(struct ArrowSchema *schema)
{
    struct node *node = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        schema_release(schema->children[i]);
    if (schema->dictionary) {
        schema_release(schema->dictionary);
        mem_free(schema->dictionary);
    }
    mem_free(schema->children);
    mem_free(node->children);
    mem_free(node->format);
    mem_free(node->name);
    mem_free(node->metadata);
    mem_free(node);
    schema->release = NULL;
}

/* A node with room for `child_count` children, all without a release yet. */
static int node_init(const char *format, const char *name, size_t child_count,
                     struct ArrowSchema *out, struct tg_error *err)
{
    struct node *node = mem_calloc(1, sizeof(*node));
    *out = (struct ArrowSchema){.release = NULL};
    if (!node)
        return error_nomem(err);
    out->private_data = node;
    out->release = release_node;
    out->flags = ARROW_FLAG_NULLABLE;
    out->format = node->format = mem_strdup(format);
    out->name = node->name = mem_strdup(name ? name : "");
    if (child_count > 0) {
        node->children = mem_calloc(child_count, sizeof(*node->children));
        out->children = mem_alloc(child_count * sizeof(struct ArrowSchema *));
    }
    if (!node->format || !node->name || (child_count > 0 && (!node->children || !out->children))) {
        release_node(out);
        return error_nomem(err);
    }
    for (size_t i = 0; i < child_count; i++)
        out->children[i] = &node->children[i];
    out->n_children = (int64_t)child_count;
    return TG_OK;
}

int schema_make(const char *const *names, const struct type_spec *types, size_t count,
                struct ArrowSchema *out, struct tg_error *err)
{
    char format[24];
    int rc = TG_OK;
    TRY(node_init("+s", "", count, out, err));
    out->flags = 0;
    for (size_t i = 0; i < count; i++) {
        type_arrow_format(&types[i], format);
        TRY(node_init(format, names[i], 0, out->children[i], err));
    }
done:
    if (rc != TG_OK)
        schema_release(out);
    return rc;
}

/* Bytes of Arrow metadata: a count, then keys and values, each with its length before it. */
static size_t metadata_bytes(const char *metadata)
{
    size_t len = sizeof(int32_t);
    int32_t pairs, part;
    memcpy(&pairs, metadata, sizeof(pairs));
    for (int64_t i = 0; i < 2 * (int64_t)pairs; i++) {
        memcpy(&part, metadata + len, sizeof(part));
        len += sizeof(part) + (size_t)part;
    }
    return len;
}

static char *put_part(char *at, const char *text)
{
    int32_t len = (int32_t)strlen(text);
    memcpy(at, &len, sizeof(len));
    memcpy(at + sizeof(len), text, (size_t)len);
    return at + sizeof(len) + (size_t)len;
}

int schema_annotate(struct ArrowSchema *column, const struct schema_note *notes, size_t count,
                    struct tg_error *err)
{
    struct node *node = column->private_data;
    int32_t pairs = (int32_t)count;
    size_t bytes = sizeof(pairs);
    for (size_t i = 0; i < count; i++)
        bytes += 2 * sizeof(int32_t) + strlen(notes[i].key) + strlen(notes[i].value);
    char *at = node->metadata = mem_alloc(bytes);
    if (!at)
        return error_nomem(err);
    column->metadata = at;
    memcpy(at, &pairs, sizeof(pairs));
    at += sizeof(pairs);
    for (size_t i = 0; i < count; i++)
        at = put_part(put_part(at, notes[i].key), notes[i].value);
    return TG_OK;
}

const char *schema_note_find(const struct ArrowSchema *column, const char *key, size_t *len)
{
    int32_t pairs = 0, key_len, value_len;
    const char *at = column->metadata;
    if (!at)
        return NULL;
    memcpy(&pairs, at, sizeof(pairs));
    at += sizeof(pairs);
    for (; pairs > 0; pairs--, at += value_len) {
        memcpy(&key_len, at, sizeof(key_len));
        const char *name = at + sizeof(key_len);
        memcpy(&value_len, name + key_len, sizeof(value_len));
        at = name + key_len + sizeof(value_len);
        *len = (size_t)value_len;
        if ((size_t)key_len == strlen(key) && memcmp(name, key, (size_t)key_len) == 0)
            return at;
    }
    return NULL;
}

bool schema_is_json(const struct ArrowSchema *column)
{
    size_t len;
    const char *note = schema_note_find(column, SCHEMA_EXTENSION, &len);
    return note && len == strlen(SCHEMA_JSON) && memcmp(note, SCHEMA_JSON, len) == 0;
}

static int copy_dictionary(const struct ArrowSchema *from, struct ArrowSchema *out,
                           struct tg_error *err)
{
    struct ArrowSchema *dictionary = mem_calloc(1, sizeof(*dictionary));
    if (!dictionary)
        return error_nomem(err);
    out->dictionary = dictionary;
    return schema_copy(from, dictionary, err);
}

int schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(node_init(from->format, from->name, (size_t)from->n_children, out, err));
    out->flags = from->flags;
    if (from->metadata) {
        struct node *node = out->private_data;
        size_t len = metadata_bytes(from->metadata);
        node->metadata = mem_alloc(len);
        if (!node->metadata)
            TRY(error_nomem(err));
        memcpy(node->metadata, from->metadata, len);
        out->metadata = node->metadata;
    }
    for (int64_t i = 0; i < from->n_children; i++)
        TRY(schema_copy(from->children[i], out->children[i], err));
    if (from->dictionary)
        TRY(copy_dictionary(from->dictionary, out, err));
done:
    if (rc != TG_OK)
        schema_release(out);
    return rc;
}

bool schema_equal(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
    if (strcmp(a->format, b->format) != 0 || a->n_children != b->n_children ||
        strcmp(a->name ? a->name : "", b->name ? b->name : "") != 0 ||
        !a->dictionary != !b->dictionary)
        return false;
    for (int64_t i = 0; i < a->n_children; i++)
        if (!schema_equal(a->children[i], b->children[i]))
            return false;
    return !a->dictionary || schema_equal(a->dictionary, b->dictionary);
}

struct batch {
    const void *validity[1]; /* a struct has this one buffer; NULL: no row is NULL */
    struct ArrowArray *children;
};

static void release_batch(struct ArrowArray *array)
{
    struct batch *batch = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        array_release(array->children[i]);
    mem_free(array->children);
    mem_free(batch->children);
    mem_free(batch);
    array->release = NULL;
}

int batch_make(struct ArrowArray *children, size_t count, int64_t row_count, struct ArrowArray *out,
               struct tg_error *err)
{
    struct batch *batch = mem_calloc(1, sizeof(*batch));
    size_t room = count > 0 ? count : 1;
    *out = (struct ArrowArray){.release = NULL};
    if (batch) {
        batch->children = mem_calloc(room, sizeof(*batch->children));
        out->children = mem_alloc(room * sizeof(struct ArrowArray *));
    }
    if (!batch || !batch->children || !out->children) {
        for (size_t i = 0; i < count; i++)
            array_release(&children[i]);
        if (batch)
            mem_free(batch->children);
        mem_free(out->children);
        mem_free(batch);
        *out = (struct ArrowArray){.release = NULL};
        return error_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        array_move(&children[i], &batch->children[i]);
        out->children[i] = &batch->children[i];
    }
    out->length = row_count;
    out->n_buffers = 1;
    out->buffers = batch->validity;
    out->n_children = (int64_t)count;
    out->release = release_batch;
    out->private_data = batch;
    return TG_OK;
}

static size_t bytes_to(const struct ArrowArray *array, size_t width)
{
    size_t end = (size_t)(array->offset + array->length);
    if (end == 0 || !array->buffers[1])
        return 0;
    if (width == 4)
        return (end + 1) * 4 + (size_t)((const int32_t *)array->buffers[1])[end];
    return (end + 1) * 8 + (size_t)((const int64_t *)array->buffers[1])[end];
}

size_t batch_bytes(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    struct layout layout = layout_of(schema->format);
    size_t end = (size_t)(array->offset + array->length), bytes = 0;
    if (array->n_buffers > 0 && array->buffers[0])
        bytes += (end + 7) / 8;
    switch (layout.kind) {
    case LAYOUT_BITS: bytes += (end + 7) / 8; break;
    case LAYOUT_FIXED: bytes += end * layout.width; break;
    case LAYOUT_BYTES32: bytes += bytes_to(array, 4); break;
    case LAYOUT_BYTES64: bytes += bytes_to(array, 8); break;
    case LAYOUT_LIST32: bytes += (end + 1) * 4; break;
    case LAYOUT_LIST64: bytes += (end + 1) * 8; break;
    default: break;
    }
    for (int64_t i = 0; i < array->n_children; i++)
        bytes += batch_bytes(schema->children[i], array->children[i]);
    if (schema->dictionary && array->dictionary)
        bytes += batch_bytes(schema->dictionary, array->dictionary);
    return bytes;
}
