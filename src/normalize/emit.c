/*
 * Owns the batches of a table on their way out: ids, and the columns in the catalog's order.
 *
 *   output_open -> values are stored by shred.c -> output_emit: ids of nested rows (resolve_all) ->
 *   columns -> normalize_options.emit
 *
 * Ids wait until four of them can be hashed at once (id.c); a batch takes with it the ids that
 * nested rows refer to, so those are made before it goes. Which columns there are is output.c's.
 */
#include "normalize/emit.h"

#include <string.h>

/* ---- ids ---- */

int output_hash_id(struct outputs *outputs, struct output *output, const char *text, size_t len,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct column *column = &output->system[SYSTEM_ID]->column;
    char id[HASH_ID_TEXT] = ""; /* a place for what the queue writes */
    size_t offset = column->text_len;
    bool queued = id_queue_fits(len, 0);
    if (!queued)
        TRY(id_hash(&outputs->hasher, text, len, id, err));
    TRY(column_set_text(column, output->row, id, sizeof(id), err));
    if (queued)
        id_queue_text(&output->ids, text, len, offset);
    if (id_queue_is_full(&output->ids))
        id_queue_run(&output->ids, column->text);
done:
    return rc;
}

struct row_id {
    const char *text;
    size_t len;
};

static struct row_id id_at(const struct column *column, size_t row)
{
    size_t start = (size_t)column->data.offsets[row];
    return (struct row_id){column->text + start, (size_t)column->data.offsets[row + 1] - start};
}

/* Ids are nearly always of one length: a copy of constant size needs no call. */
static inline int store_id(struct column *column, size_t row, struct row_id id,
                           struct tg_error *err)
{
    if (id.len == HASH_ID_TEXT)
        return column_set_text(column, row, id.text, HASH_ID_TEXT, err);
    return column_set_text(column, row, id.text, id.len, err);
}

/* Nobody can know the ids of such a load before it is there. */
static inline bool are_random(const struct outputs *outputs)
{
    return outputs->options.row_ids == TG_ROW_IDS_RANDOM && !outputs->brings_ids;
}

static int make_id_below_random(const struct output *output, size_t row, struct row_id parent,
                                struct tg_error *err)
{
    uint64_t index = (uint64_t)output->system[SYSTEM_LIST_INDEX]->column.data.i64[row];
    char id[HASH_ID_TEXT];
    id_below_random(parent.text, output->name_hash, index, id);
    return column_set_text(&output->system[SYSTEM_ID]->column, row, id, sizeof(id), err);
}

/* The hash of a row's place, in the queue, or at once when that is too long for it. */
static int make_id(struct outputs *outputs, struct output *output, size_t row, struct row_id parent,
                   struct tg_error *err)
{
    struct column *column = &output->system[SYSTEM_ID]->column;
    uint64_t index = (uint64_t)output->system[SYSTEM_LIST_INDEX]->column.data.i64[row];
    char id[HASH_ID_TEXT] = ""; /* a place for what the queue writes */
    size_t offset = column->text_len;
    bool queued = id_queue_fits(parent.len, output->name_len);
    int rc = TG_OK;
    if (!queued)
        TRY(id_nested(&outputs->hasher, parent.text, parent.len, output->table->name, index, id,
                      err));
    TRY(column_set_text(column, row, id, sizeof(id), err));
    if (queued)
        id_queue_add(&output->ids, parent.text, parent.len, output->table->name, output->name_len,
                     index, offset);
    if (id_queue_is_full(&output->ids))
        id_queue_run(&output->ids, column->text);
done:
    return rc;
}

/* The parent's and the root row's id, which have been resolved. */
static int link_row(struct output *output, size_t row, struct row_id *parent, struct tg_error *err)
{
    int rc = TG_OK;
    const struct output *up = output->parent;
    size_t at = output->parent_rows[row];
    struct slot *root = output->system[SYSTEM_ROOT_ID];
    *parent = id_at(&up->system[SYSTEM_ID]->column, at);
    TRY(store_id(&output->system[SYSTEM_PARENT_ID]->column, row, *parent, err));
    if (root)
        TRY(store_id(&root->column, row,
                     up->parent ? id_at(&up->system[SYSTEM_ROOT_ID]->column, at) : *parent, err));
done:
    return rc;
}

/* Ids for the rows of a table that have none yet, four at a time. */
static int resolve(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    const bool below_random = are_random(outputs);
    for (; output->parent && output->resolved < output->row; output->resolved++) {
        struct row_id parent;
        TRY(link_row(output, output->resolved, &parent, err));
        TRY(below_random && parent.len == HASH_ID_TEXT
                ? make_id_below_random(output, output->resolved, parent, err)
                : make_id(outputs, output, output->resolved, parent, err));
    }
    if (output->ids.lanes.count > 0)
        id_queue_run(&output->ids, output->system[SYSTEM_ID]->column.text);
done:
    return rc;
}

/* Parents come before what is nested in them: their ids are there when they are needed. A batch
 * that goes out takes its ids with it, so all that refer to it are resolved first. */
static int resolve_all(struct outputs *outputs, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < outputs->count; i++)
        TRY(resolve(outputs, outputs->items[i], err));
done:
    return rc;
}

int output_set_id(struct outputs *outputs, struct output *output, const char *id, size_t len,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct row_id parent;
    TRY(resolve_all(outputs, err));
    TRY(link_row(output, output->row, &parent, err));
    TRY(column_set_text(&output->system[SYSTEM_ID]->column, output->row, id, len, err));
    output->resolved = output->row + 1;
done:
    return rc;
}

/* ---- batches ---- */

int output_open(struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    output->open = true;
    for (size_t i = 0; i < output->slot_count; i++) {
        struct slot *slot = output->slots[i];
        struct type_spec spec = slot->column.spec;
        if (spec.type == TYPE_NONE) /* the next value says it */
            continue;
        TRY(column_init(&slot->column, &spec, err));
        if (slot->text_bytes > slot->column.text_cap)
            TRY(column_reserve_text(&slot->column, slot->text_bytes, err));
    }
done:
    return rc;
}

size_t output_bytes(const struct output *output)
{
    size_t bytes = output->row * output->slot_count * sizeof(int64_t);
    for (size_t i = 0; i < output->slot_count; i++)
        bytes += output->slots[i]->column.text_len;
    return bytes;
}

static bool has_order(const struct outputs *outputs, const struct output *output)
{
    return output->parent ? output->root_orders != NULL : outputs->options.keep_order;
}

/* The slots in the catalog's order, those of its columns; returns how many there are. Both lists
 * are nearly in the same order: each search goes on where the one before ended. */
static size_t sort_slots(struct output *output)
{
    size_t at = 0, found = 0;
    for (size_t i = 0; i < output->table->column_count && found < output->slot_count; i++) {
        for (size_t tries = 0; tries < output->slot_count; tries++) {
            size_t candidate = (at + tries) % output->slot_count;
            if (strcmp(output->slots[candidate]->name, output->table->columns[i].name) == 0) {
                output->order[found++] = output->slots[candidate];
                at = candidate + 1;
                break;
            }
        }
    }
    return found;
}

static int refresh_schema(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    size_t cap = output->slot_count + 1;
    struct type_spec *types = mem_alloc(cap * sizeof(*types));
    const char **names = mem_alloc(cap * sizeof(*names));
    mem_free(output->order);
    mem_free(output->arrays);
    output->order = mem_alloc(cap * sizeof(struct slot *));
    output->arrays = mem_alloc(cap * sizeof(*output->arrays));
    if (!types || !names || !output->order || !output->arrays)
        TRY(error_nomem(err));
    output->order_count = sort_slots(output);
    size_t count = output->order_count;
    for (size_t i = 0; i < count; i++) {
        names[i] = output->order[i]->name;
        types[i] = output->order[i]->column.spec;
    }
    if (has_order(outputs, output)) {
        names[count] = NORMALIZE_ORDER_COLUMN;
        types[count++] = (struct type_spec){.type = TYPE_BIGINT};
    }
    schema_release(&output->schema);
    output->schema.release = NULL;
    TRY(schema_make(names, types, count, &output->schema, err));
    output->schema_stale = false;
done:
    mem_free(types);
    mem_free(names);
    return rc;
}

int output_fill_load_id(const struct outputs *outputs, struct column *column, size_t row_count,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const char *load_id = outputs->options.load_id;
    size_t len = strlen(load_id);
    TRY(column_reserve_text(column, row_count * len, err));
    for (size_t row = 0; row < row_count; row++)
        TRY(column_set_text(column, row, load_id, len, err));
done:
    return rc;
}

int output_export_order(const struct outputs *outputs, uint64_t first, size_t row_count,
                        struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct column column;
    static const struct type_spec bigint = {.type = TYPE_BIGINT};
    TRY(column_init_rows(&column, &bigint, row_count, err));
    for (size_t row = 0; row < row_count; row++)
        column_set_int64(&column, row, (int64_t)(first + row) + outputs->order_shift);
    rc = column_export(&column, row_count, out, err);
    column_release(&column);
done:
    return rc;
}

static int export_root_orders(const struct output *output, struct ArrowArray *out,
                              struct tg_error *err)
{
    int rc = TG_OK;
    struct column column;
    static const struct type_spec bigint = {.type = TYPE_BIGINT};
    TRY(column_init_rows(&column, &bigint, output->row, err));
    for (size_t row = 0; row < output->row; row++)
        column_set_int64(&column, row, output->root_orders[row]);
    rc = column_export(&column, output->row, out, err);
    column_release(&column);
done:
    return rc;
}

static int export_order(const struct outputs *outputs, const struct output *output,
                        struct ArrowArray *out, struct tg_error *err)
{
    if (output->parent)
        return export_root_orders(output, out, err);
    return output_export_order(outputs, output->row_total - output->row, output->row, out, err);
}

int output_emit(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    size_t exported = 0;
    struct ArrowArray batch = {.release = NULL};
    if (output->row == 0)
        return TG_OK;
    TRY(context_check(outputs->options.ctx, err));
    TRY(resolve_all(outputs, err));
    if (output->system[SYSTEM_LOAD_ID])
        TRY(output_fill_load_id(outputs, &output->system[SYSTEM_LOAD_ID]->column, output->row,
                                err));
    if (output->schema_stale)
        TRY(refresh_schema(outputs, output, err));
    for (; exported < output->order_count; exported++) {
        struct slot *slot = output->order[exported];
        slot->text_bytes = slot->column.text_len + slot->column.text_len / 8;
        TRY(column_export(&slot->column, output->row, &output->arrays[exported], err));
    }
    if (has_order(outputs, output)) {
        TRY(export_order(outputs, output, &output->arrays[exported], err));
        exported++;
    }
    for (size_t i = 0; i < output->slot_count && output->waiting > 0; i++)
        if (!output->slots[i]->learned)
            column_release(&output->slots[i]->column);
    size_t count = exported;
    exported = 0; /* moved, also on failure */
    TRY(batch_make(output->arrays, count, (int64_t)output->row, &batch, err));
    output->row = 0;
    output->resolved = 0;
    output->open = false;
    TRY(outputs->options.emit(outputs->options.sink, output->table->name, &output->schema, &batch,
                              err));
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&output->arrays[i]);
    return rc;
}

/* ---- a table without rows ---- */

struct empty {
    const char **names;
    struct type_spec *types;
    struct ArrowArray *arrays;
    size_t count;
};

static int add_empty(struct empty *empty, const struct table_column *from, struct tg_error *err)
{
    int rc = TG_OK;
    struct column column = {.len = 0};
    if (from->spec.type == TYPE_NONE)
        return TG_OK;
    empty->names[empty->count] = from->name;
    empty->types[empty->count] = from->spec;
    TRY(column_init_rows(&column, &from->spec, 0, err));
    TRY(column_export(&column, 0, &empty->arrays[empty->count], err));
    empty->count++;
done:
    column_release(&column);
    return rc;
}

int output_emit_nothing(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    struct empty empty = {.count = 0};
    TRY(output_add_system(outputs, output, err));
    const struct table *table = output->table;
    struct arena *arena = &outputs->arena;
    empty.names = arena_alloc(arena, table->column_count * sizeof(*empty.names));
    empty.types = arena_alloc(arena, table->column_count * sizeof(*empty.types));
    empty.arrays = arena_alloc(arena, table->column_count * sizeof(*empty.arrays));
    if (!empty.names || !empty.types || !empty.arrays)
        TRY(error_nomem(err));
    for (size_t i = 0; i < table->column_count; i++)
        TRY(add_empty(&empty, &table->columns[i], err));
    TRY(schema_make(empty.names, empty.types, empty.count, &schema, err));
    const size_t count = empty.count;
    empty.count = 0; /* moved, also on failure */
    TRY(batch_make(empty.arrays, count, 0, &batch, err));
    TRY(outputs->options.emit(outputs->options.sink, table->name, &schema, &batch, err));
done:
    for (size_t i = 0; i < empty.count; i++)
        array_release(&empty.arrays[i]);
    schema_release(&schema);
    return rc;
}
