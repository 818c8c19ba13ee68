/*
 * The hot loop: a walk over the cells of a row, each value stored into its column.
 *
 *   shred_row -> shred_any -> walk_object -> store_scalar, or an object within (walk_object again)
 *                          -> end_row (ids, required columns) -> the row's lists (shred_any again)
 *
 * The next key is predicted by the shape; a value whose kind fits its column's type is stored by
 * the switch in store_scalar, without a call. Everything else is rare and goes through
 * store_slowly: a first value, a coercion, a wider type, a variant column. Lists wait until their
 * row is complete, because their rows need its id. What is new is added by shape.c and output.c.
 */
#include "normalize/shred.h"

#include "base/time.h"
#include "normalize/coerce.h"
#include "normalize/infer.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)

enum store {
    STORE_SLOWLY = 0,
    STORE_INT,
    STORE_UINT,
    STORE_DOUBLE,
    STORE_INT_DOUBLE,
    STORE_UINT_DOUBLE,
    STORE_BOOL,
    STORE_TEXT,
    STORE_ISO,
};

static const uint8_t stores[TYPE_COUNT][CELL_OBJECT + 1] = {
    [TYPE_BIGINT] = {[CELL_INT] = STORE_INT, [CELL_UINT] = STORE_UINT},
    [TYPE_DOUBLE] = {[CELL_DOUBLE] = STORE_DOUBLE,
                     [CELL_INT] = STORE_INT_DOUBLE,
                     [CELL_UINT] = STORE_UINT_DOUBLE},
    [TYPE_BOOL] = {[CELL_BOOL] = STORE_BOOL},
    [TYPE_TEXT] = {[CELL_TEXT] = STORE_TEXT},
    [TYPE_BINARY] = {[CELL_BINARY] = STORE_TEXT},
    [TYPE_TIMESTAMP] = {[CELL_TEXT] = STORE_ISO, [CELL_TIMESTAMP] = STORE_INT},
    [TYPE_TIME] = {[CELL_TIME] = STORE_INT},
};

/* ---- the slow path ---- */

static int store_coerced(struct shredder *shredder, struct slot *slot, const struct type_spec *spec,
                         const yyjson_val *cell, size_t row, bool *done_out, struct tg_error *err)
{
    int rc = TG_OK;
    struct coerced value;
    TRY(coerce_cell(cell, spec, &shredder->scratch, &value, done_out, err));
    if (!*done_out)
        goto done;
    slot_clear(slot, row);
    if (slot->column.spec.type == TYPE_BIGINT)
        slot->magnitude |= (uint64_t)(value.i64 ^ (value.i64 >> 63));
    TRY(coerce_store(&value, &slot->column, row, err));
done:
    return rc;
}

/* A value that its column refused: the column gets wider, if that keeps everything. */
static int store_wider(struct shredder *shredder, struct output *output, struct slot *slot,
                       const yyjson_val *cell, bool *done_out, struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec spec;
    struct coerced value;
    *done_out = false;
    if (slot->variant != TYPE_NONE ||
        !coerce_widen(&slot->column.spec, slot->magnitude, cell, &spec))
        goto done;
    TRY(coerce_cell(cell, &spec, &shredder->scratch, &value, done_out, err));
    if (!*done_out)
        goto done;
    TRY(output_widen(output, slot, &spec, err));
    TRY(store_coerced(shredder, slot, &spec, cell, output->row, done_out, err));
done:
    return rc;
}

/* A value that its column refused: it goes to a column beside it. */
static int store_variant(struct shredder *shredder, struct output *output, struct slot *slot,
                         const yyjson_val *cell, struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec specs[2] = {infer_type(cell), {.type = TYPE_TEXT}};
    bool stored = false;
    for (int i = 0; i < 2 && !stored; i++) {
        struct slot *variant;
        TRY(output_variant(shredder->outputs, output, slot, &specs[i], &variant, err));
        TRY(store_coerced(shredder, variant, &variant->column.spec, cell, output->row, &stored,
                          err));
    }
    if (!stored)
        rc = error_set(err, TG_DATA, "a value does not fit column '%s' (%s), nor its variant",
                       slot->name, type_name(slot->column.spec.type));
done:
    return rc;
}

static int store_slowly(struct shredder *shredder, struct shape *shape, struct field *field,
                        const yyjson_val *cell, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    bool stored;
    if (field->role == FIELD_ROW_ID) {
        shredder->own_id = cell;
        return TG_OK;
    }
    if (field->role == FIELD_IGNORED)
        return TG_OK;
    if (!field->slot) {
        struct type_spec spec = infer_type(cell);
        TRY(shape_add_slot(shredder->outputs, shape, field, &spec, err));
    }
    TRY(store_coerced(shredder, field->slot, &field->slot->column.spec, cell, output->row, &stored,
                      err));
    if (!stored)
        TRY(store_wider(shredder, output, field->slot, cell, &stored, err));
    if (!stored)
        TRY(store_variant(shredder, output, field->slot, cell, err));
done:
    return rc;
}

/* ---- the fast path ---- */

static inline bool cell_is_true(const yyjson_val *cell)
{
    return (cell->tag & YYJSON_SUBTYPE_MASK) == YYJSON_SUBTYPE_TRUE;
}

/* A value that is no NULL, object or list. */
static inline int store_scalar(struct shredder *shredder, struct shape *shape, struct field *field,
                               const yyjson_val *cell, enum cell_kind kind, struct tg_error *err)
{
    struct slot *slot = field->slot;
    if (!LIKELY(slot))
        return store_slowly(shredder, shape, field, cell, err);
    struct column *column = &slot->column;
    size_t row = shape->output->row;
    struct time_point point;
    if (!LIKELY(column->len <= row))
        slot_clear(slot, row);
    switch (stores[column->spec.type][kind]) {
    case STORE_UINT:
        if (cell->uni.u64 > INT64_MAX)
            break;
        __attribute__((fallthrough));
    case STORE_INT:
        slot->magnitude |= (uint64_t)(cell->uni.i64 ^ (cell->uni.i64 >> 63));
        column_set_int64(column, row, cell->uni.i64);
        return TG_OK;
    case STORE_DOUBLE: column_set_double(column, row, cell->uni.f64); return TG_OK;
    case STORE_INT_DOUBLE: column_set_double(column, row, (double)cell->uni.i64); return TG_OK;
    case STORE_UINT_DOUBLE: column_set_double(column, row, (double)cell->uni.u64); return TG_OK;
    case STORE_BOOL: column_set_bool(column, row, cell_is_true(cell)); return TG_OK;
    case STORE_TEXT: return column_set_text(column, row, cell->uni.str, cell_len(cell), err);
    case STORE_ISO:
        if (!time_parse_timestamp(cell->uni.str, cell_len(cell), &point))
            break;
        column_set_int64(column, row, point.us);
        return TG_OK;
    default: break;
    }
    return store_slowly(shredder, shape, field, cell, err);
}

static int push_list(struct shredder *shredder, const struct shape *shape, struct field *field,
                     const yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t row = shape->output->row_total + 1;
    if (field->list_row == row) { /* a key that comes twice: the last one counts, as in dlt */
        for (size_t i = shredder->pending_count; i > 0; i--) {
            if (shredder->pending[i - 1].field == field) {
                shredder->pending[i - 1].list = list;
                break;
            }
        }
        goto done;
    }
    TRY(mem_grow(&shredder->pending, &shredder->pending_cap, shredder->pending_count + 1,
                 sizeof(*shredder->pending), err));
    field->list_row = row;
    shredder->pending[shredder->pending_count++] = (struct pending){field, list};
done:
    return rc;
}

static int walk_object(struct shredder *shredder, struct shape *shape, const yyjson_val *object,
                       struct tg_error *err);

/* The first object or list of a field, and any that is kept as JSON. */
static int walk_new(struct shredder *shredder, struct shape *shape, struct field *field,
                    const yyjson_val *cell, struct tg_error *err)
{
    int rc = TG_OK;
    bool keep;
    TRY(shape_keeps_json(shredder->outputs, shape, field, &keep, err));
    if (keep) {
        TRY(store_slowly(shredder, shape, field, cell, err));
    } else if (cell_len(cell) > 0 && cell_kind(cell) == CELL_OBJECT) {
        TRY(shape_add_object(shredder->outputs, shape, field, err));
        TRY(walk_object(shredder, field->object, cell, err));
    } else if (cell_len(cell) > 0 && field->role == FIELD_DATA) {
        TRY(shape_add_list(shredder->outputs, shape, field, err));
        TRY(push_list(shredder, shape, field, cell, err));
    }
done:
    return rc;
}

static inline int walk_value(struct shredder *shredder, struct shape *shape, struct field *field,
                             const yyjson_val *cell, struct tg_error *err)
{
    enum cell_kind kind = cell_kind(cell);
    if (LIKELY(kind > CELL_NULL && kind < CELL_LIST))
        return store_scalar(shredder, shape, field, cell, kind, err);
    if (kind == CELL_OBJECT)
        return field->object ? walk_object(shredder, field->object, cell, err)
                             : walk_new(shredder, shape, field, cell, err);
    if (kind == CELL_LIST && field->list)
        return cell_len(cell) > 0 ? push_list(shredder, shape, field, cell, err) : TG_OK;
    return kind == CELL_LIST ? walk_new(shredder, shape, field, cell, err) : TG_OK;
}

static int walk_object(struct shredder *shredder, struct shape *shape, const yyjson_val *object,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct field **guess = &shape->first;
    const yyjson_val *key = cell_first(object);
    for (size_t left = cell_len(object); left > 0; left--) {
        struct field *field = *guess;
        size_t len = cell_len(key);
        if (!LIKELY(field && field_is(field, key->uni.str, len))) {
            /* often just one key is left out, and the prediction is still good */
            struct field *next = field ? field->follow : NULL;
            if (next && field_is(next, key->uni.str, len)) {
                field = next;
            } else {
                TRY(shape_find(shredder->outputs, shape, key->uni.str, len, &field, err));
                *guess = field;
            }
        }
        guess = &field->follow;
        TRY(walk_value(shredder, shape, field, key + 1, err));
        key = cell_next(key + 1);
    }
done:
    return rc;
}

/* ---- rows ---- */

struct row_id {
    const char *text;
    size_t len;
};

/* Where a nested row belongs. */
struct place {
    struct row_id root, parent;
    int64_t index;
};

static struct row_id id_of(struct output *output, size_t row)
{
    const struct column *column = &output->system[SYSTEM_ID]->column;
    if (output->ids.count > 0)
        id_queue_run(&output->ids, column->text);
    size_t start = (size_t)column->data.offsets[row];
    return (struct row_id){column->text + start, (size_t)column->data.offsets[row + 1] - start};
}

/* Ids are nearly always of one length: a copy of constant size needs no call. */
static inline int store_id(struct column *column, size_t row, struct row_id id,
                           struct tg_error *err)
{
    if (LIKELY(id.len == HASH_ID_TEXT))
        return column_set_text(column, row, id.text, HASH_ID_TEXT, err);
    return column_set_text(column, row, id.text, id.len, err);
}

/* The row's own _dlt_id, else a random one, or that of its place. */
static int set_id(struct shredder *shredder, struct output *output, const struct place *place,
                  struct tg_error *err)
{
    int rc = TG_OK;
    static const struct type_spec text = {.type = TYPE_TEXT};
    struct column *column = &output->system[SYSTEM_ID]->column;
    size_t row = output->row;
    char id[HASH_ID_TEXT];
    struct coerced own = {.text = ""};
    if (shredder->own_id) {
        bool fits;
        TRY(coerce_cell(shredder->own_id, &text, &shredder->scratch, &own, &fits, err));
        TRY(column_set_text(column, row, own.text, own.len, err));
    } else if (!place) {
        TRY(id_random(shredder->outputs->options.ctx, id, err));
        TRY(column_set_text(column, row, id, sizeof(id), err));
    } else if (id_queue_fits(place->parent.len, output->name_len)) {
        id_queue_add(&output->ids, place->parent.text, place->parent.len, output->table->name,
                     output->name_len, (uint64_t)place->index, column->text_len);
        memset(id, '?', sizeof(id));
        TRY(column_set_text(column, row, id, sizeof(id), err));
        if (output->ids.count == ID_LANES)
            id_queue_run(&output->ids, column->text);
    } else {
        TRY(id_nested(&shredder->outputs->hasher, place->parent.text, place->parent.len,
                      output->table->name, (uint64_t)place->index, id, err));
        TRY(column_set_text(column, row, id, sizeof(id), err));
    }
done:
    return rc;
}

static int check_required(const struct output *output, struct tg_error *err)
{
    for (size_t i = 0; i < output->required_count; i++) {
        const struct required *required = &output->required[i];
        if (required->slot && required->slot->column.len == output->row + 1)
            continue;
        return error_set(err, TG_DATA,
                         required->key ? "column '%s' of table '%s' is part of the primary key, "
                                         "but the row has no value for it"
                                       : "column '%s' of table '%s' is NOT NULL, but the row has "
                                         "no value for it",
                         required->name, output->table->name);
    }
    return TG_OK;
}

static inline int end_row(struct shredder *shredder, struct output *output,
                          const struct place *place, struct tg_error *err)
{
    int rc = TG_OK;
    size_t row = output->row;
    struct slot **system = output->system;
    if (!LIKELY(system[SYSTEM_ID]))
        TRY(output_add_system(shredder->outputs, output, err));
    if (output->required_count > 0)
        TRY(check_required(output, err));
    TRY(set_id(shredder, output, place, err));
    if (place) {
        column_set_int64(&system[SYSTEM_LIST_INDEX]->column, row, place->index);
        TRY(store_id(&system[SYSTEM_PARENT_ID]->column, row, place->parent, err));
        if (system[SYSTEM_ROOT_ID])
            TRY(store_id(&system[SYSTEM_ROOT_ID]->column, row, place->root, err));
    }
    output->row++;
    output->row_total++;
done:
    return rc;
}

/* An element that is no object: {"value": scalar}, {"list": list}, or nothing at all. */
static int walk_element(struct shredder *shredder, struct shape *shape, const yyjson_val *cell,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct field *field;
    if (cell_kind(cell) == CELL_NULL)
        return TG_OK;
    const char *key = cell_kind(cell) == CELL_LIST ? "list" : "value";
    size_t len = strlen(key);
    if (shape->first && field_is(shape->first, key, len))
        field = shape->first;
    else
        TRY(shape_find(shredder->outputs, shape, key, len, &field, err));
    shape->first = field;
    /* A list in a list costs one level more, as in dlt. */
    int extra = cell_kind(cell) == CELL_LIST;
    shape->depth_left -= extra;
    rc = walk_value(shredder, shape, field, cell, err);
    shape->depth_left += extra;
done:
    return rc;
}

static int shred_any(struct shredder *shredder, struct shape *shape, const yyjson_val *cell,
                     const struct place *place, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    size_t waiting = shredder->pending_count;
    if (output->row == BATCH_ROWS)
        TRY(output_emit(shredder->outputs, output, err));
    if (!output->open)
        TRY(output_open(output, err));
    shredder->own_id = NULL;
    if (LIKELY(cell_kind(cell) == CELL_OBJECT))
        TRY(walk_object(shredder, shape, cell, err));
    else
        TRY(walk_element(shredder, shape, cell, err));
    TRY(end_row(shredder, output, place, err));
    if (shredder->pending_count == waiting)
        goto done;
    struct row_id id = id_of(output, output->row - 1);
    for (size_t i = waiting; i < shredder->pending_count; i++) {
        const yyjson_val *list = shredder->pending[i].list;
        struct shape *rows = shredder->pending[i].field->list;
        const yyjson_val *element = cell_first(list);
        size_t count = cell_len(list);
        struct place below = {.root = place ? place->root : id, .parent = id};
        for (; (size_t)below.index < count; below.index++) {
            TRY(shred_any(shredder, rows, element, &below, err));
            element = cell_next(element);
        }
    }
    shredder->pending_count = waiting;
done:
    return rc;
}

int shred_row(struct shredder *shredder, const yyjson_val *row, struct tg_error *err)
{
    shredder->pending_count = 0;
    return shred_any(shredder, shredder->root, row, NULL, err);
}

void shredder_release(struct shredder *shredder)
{
    mem_free(shredder->pending);
    buf_release(&shredder->scratch);
}
