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
 *
 * A row that a contract discards, or that cannot be loaded, is undone and rejected (change.c)
 * with all that is nested in it; the walk goes on with the next one.
 */
#include "normalize/shred.h"

#include <inttypes.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "normalize/emit.h"
#include "normalize/values/coerce.h"
#include "normalize/change.h"
#include "normalize/misfit.h"
#include "normalize/values/infer.h"

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
    TRY(coerce_cell(cell, spec, shredder->rule, &shredder->scratch, &value, done_out, err));
    if (!*done_out)
        goto done;
    if (slot->column.spec.type == TYPE_BIGINT)
        slot->magnitude |= (uint64_t)(value.i64 ^ (value.i64 >> 63));
    slot->cut_count += value.cut;
    TRY(coerce_store(&value, &slot->column, row, err));
done:
    return rc;
}

/* A key that comes twice in a row: the last value counts, as in Python. One whose key comes again
 * changes nothing. */
static bool comes_again(const struct shape *shape, const yyjson_val *cell)
{
    if (!shape->walked)
        return false;
    const yyjson_val *own = cell - 1, *key = cell_first(shape->walked);
    for (size_t left = cell_len(shape->walked); left > 0; left--) {
        if (key > own && cell_len(key) == cell_len(own) &&
            memcmp(key->uni.str, own->uni.str, cell_len(own)) == 0)
            return true;
        key = cell_next(key + 1);
    }
    return false;
}

/* Whatever the order of the row's keys. */
static void note_left_out(struct shredder *shredder, const struct output *output, const char *name)
{
    if (!output->parent)
        shredder->left_out += hash_xx64(name, strlen(name));
}

/* A value that its column refused: may the column change for it? */
static int ask_type(struct shredder *shredder, struct output *output, struct slot *slot,
                    const struct type_spec *wanted, bool *left_out, struct tg_error *err)
{
    const struct change change = {.entity = CONTRACT_DATA_TYPE,
                                  .table = output->table->name,
                                  .column = slot->name,
                                  .type = type_name(wanted->type),
                                  .type_there = type_name(slot->column.spec.type)};
    int rc = change_ask(shredder->outputs, output, &change, left_out, err);
    if (rc == TG_OK && *left_out)
        note_left_out(shredder, output, slot->name);
    slot->left_out += rc == TG_OK && *left_out;
    return rc;
}

/* The column gets wider, if that keeps everything. */
static int store_wider(struct shredder *shredder, const struct shape *shape, struct slot *slot,
                       const yyjson_val *cell, bool *done_out, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    struct type_spec spec;
    struct coerced value;
    bool left_out;
    *done_out = false;
    if (slot->variant != TYPE_NONE ||
        !coerce_widen(&slot->column.spec, slot->magnitude, cell, shredder->rule, &spec))
        goto done;
    *done_out = comes_again(shape, cell);
    if (*done_out)
        goto done;
    TRY(coerce_cell(cell, &spec, shredder->rule, &shredder->scratch, &value, done_out, err));
    if (!*done_out)
        goto done;
    TRY(ask_type(shredder, output, slot, &spec, &left_out, err));
    if (left_out)
        goto done;
    TRY(output_widen(output, slot, &spec, err));
    TRY(store_coerced(shredder, slot, &spec, cell, output->row, done_out, err));
done:
    return rc;
}

/* The value goes to a column beside it, named by the value's plain type; else to one of text. One
 * that is there already needs nobody's leave. */
static int store_variant(struct shredder *shredder, const struct shape *shape,
                         const struct field *field, struct slot *slot, const yyjson_val *cell,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct outputs *outputs = shredder->outputs;
    struct output *output = shape->output;
    struct type_spec spec = infer_type(&outputs->rules, cell);
    enum type named = infer_plain(cell).type;
    struct slot *of = slot;
    bool stored = false, left_out = false;
    for (int i = 0; i < 3 && !stored; i++) {
        struct slot *variant;
        TRY(output_variant(outputs, output, of, named, &spec, true, &variant, err));
        if (!variant && comes_again(shape, cell))
            goto done;
        if (!variant)
            TRY(ask_type(shredder, output, of, &spec, &left_out, err));
        if (left_out)
            goto done;
        TRY(misfit_refuse(outputs, shape, field, slot, cell, err));
        if (!variant)
            TRY(output_variant(outputs, output, of, named, &spec, false, &variant, err));
        TRY(store_coerced(shredder, variant, &variant->column.spec, cell, output->row, &stored,
                          err));
        if (named == TYPE_TEXT) /* its first value looked like a timestamp */
            of = variant;
        named = TYPE_TEXT;
        spec = (struct type_spec){.type = TYPE_TEXT};
    }
    if (!stored)
        rc = error_set(err, TG_DATA, "a value does not fit column '%s' (%s), nor its variant",
                       slot->name, type_name(slot->column.spec.type));
done:
    return rc;
}

static int add_slot(struct shredder *shredder, struct shape *shape, struct field *field,
                    const yyjson_val *cell, bool apart, struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec spec;
    TRY(shape_type(shredder->outputs, shape, field, cell, &spec, err));
    TRY(shape_add_slot(shredder->outputs, shape, field, &spec, apart, err));
done:
    return rc;
}

/* Whether a slot or one of its variants has a value in the row being filled. */
static bool has_value(const struct slot *slot, size_t row)
{
    while (slot && slot->column.len <= row)
        slot = slot->variants;
    return slot;
}

/* Whether the field's next value needs a column that is not there, or that is another key's. */
static bool wants_slot(const struct field *field, size_t row)
{
    const struct slot *shared = field->shared;
    if (field->slot || field->role == FIELD_LEFT_OUT)
        return false;
    return !shared || (shared->writer != field && has_value(shared, row));
}

/* The slot for a field's next value; NULL: it is left out. One that fields share is for the first
 * of them with a value in the row. */
static int find_slot(struct shredder *shredder, struct shape *shape, struct field *field,
                     const yyjson_val *cell, struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    if (!field->shared && field->role != FIELD_LEFT_OUT)
        TRY(add_slot(shredder, shape, field, cell, false, err));
    struct slot *shared = field->slot ? NULL : field->shared;
    if (shared && shared->writer != field && has_value(shared, shape->output->row))
        TRY(add_slot(shredder, shape, field, cell, true, err));
    else if (shared)
        shared->writer = field;
    *out = field->slot ? field->slot : field->role == FIELD_LEFT_OUT ? NULL : shared;
done:
    return rc;
}

/* What an earlier value of the key has left. */
static void forget_value(struct slot *slot, size_t row)
{
    for (; slot; slot = slot->variants)
        slot_clear(slot, row);
}

static int retype_slot(struct shredder *shredder, const struct shape *shape,
                       const struct field *field, struct slot *slot, const yyjson_val *cell,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec spec;
    TRY(shape_type(shredder->outputs, shape, field, cell, &spec, err));
    TRY(output_retype(shredder->outputs, shape->output, slot, &spec, err));
done:
    return rc;
}

static int store_slowly(struct shredder *shredder, struct shape *shape, struct field *field,
                        const yyjson_val *cell, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    struct outputs *outputs = shredder->outputs;
    struct slot *slot = field->slot;
    yyjson_val changed;
    bool stored;
    if (field->role == FIELD_ROW_ID) {
        shredder->own_id = cell;
        return TG_OK;
    }
    if (field->role == FIELD_IGNORED)
        return TG_OK;
    if (wants_slot(field, output->row) && comes_again(shape, cell))
        return TG_OK;
    if (field->role == FIELD_DISCARDS_ROW) {
        outputs->discard_column = field->discarded;
        snprintf(outputs->discard_reason, sizeof(outputs->discard_reason), "%s", field->reason);
        return ROW_DISCARDED;
    }
    if (!slot)
        TRY(find_slot(shredder, shape, field, cell, &slot, err));
    if (!slot) {
        field->left_out++;
        note_left_out(shredder, output, field->name);
        goto done;
    }
    forget_value(slot, output->row);
    if (slot->column.spec.type == TYPE_NONE)
        TRY(retype_slot(shredder, shape, field, slot, cell, err));
    if (outputs->rules.detectors & DETECT_CHANGING)
        cell = infer_cell(&outputs->rules, slot->column.spec.type, cell, &shredder->text, &changed);
    TRY(buf_check(&shredder->text, err));
    TRY(store_coerced(shredder, slot, &slot->column.spec, cell, output->row, &stored, err));
    if (!stored)
        TRY(store_wider(shredder, shape, slot, cell, &stored, err));
    if (!stored)
        TRY(store_variant(shredder, shape, field, slot, cell, err));
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
    uint64_t magnitude;
    if (!LIKELY(column->len <= row && !slot->variants) && has_value(slot, row))
        return store_slowly(shredder, shape, field, cell, err);
    switch (stores[column->spec.type][kind]) {
    case STORE_UINT:
        if (cell->uni.u64 > INT64_MAX)
            break;
        __attribute__((fallthrough));
    case STORE_INT:
        magnitude = (uint64_t)(cell->uni.i64 ^ (cell->uni.i64 >> 63));
        if (!LIKELY(magnitude >> column->bits == 0))
            break;
        slot->magnitude |= magnitude;
        column_set_int64(column, row, cell->uni.i64);
        return TG_OK;
    case STORE_DOUBLE: column_set_double(column, row, cell->uni.f64); return TG_OK;
    case STORE_UINT_DOUBLE:
        if (cell->uni.u64 > INT64_MAX)
            break;
        __attribute__((fallthrough));
    case STORE_INT_DOUBLE:
        if (!int64_fits_double(cell->uni.i64))
            break;
        column_set_double(column, row, (double)cell->uni.i64);
        return TG_OK;
    case STORE_BOOL: column_set_bool(column, row, cell_is_true(cell)); return TG_OK;
    case STORE_TEXT: return column_set_text(column, row, cell->uni.str, cell_len(cell), err);
    case STORE_ISO:
        if (!LIKELY(column->bits > 0) ||
            !time_parse_timestamp(cell->uni.str, cell_len(cell), &point))
            break;
        slot->cut_count += point.nanos != 0;
        column_set_int64(column, row, point.us);
        return TG_OK;
    default: break;
    }
    return store_slowly(shredder, shape, field, cell, err);
}

static int add_pending(struct shredder *shredder, struct field *field, const yyjson_val *list,
                       struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&shredder->pending, &shredder->pending_cap, shredder->pending_count + 1,
                 sizeof(*shredder->pending), err));
    field->list->list_row = shredder->row_number;
    field->list->list_field = field;
    shredder->pending[shredder->pending_count++] = (struct pending){field, list};
done:
    return rc;
}

static int reject_list(struct shredder *shredder, const struct shape *shape,
                       const struct field *field, const yyjson_val *list, struct tg_error *err);

static int push_list(struct shredder *shredder, const struct shape *shape, struct field *field,
                     const yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    bool taken = field->list->list_row == shredder->row_number; /* by another key of the name */
    if (cell_len(list) == 0 || (taken && comes_again(shape, list)))
        goto done;
    if (taken)
        TRY(shape_add_list(shredder->outputs, shape, field, true, err));
    TRY(field->list ? add_pending(shredder, field, list, err)
                    : reject_list(shredder, shape, field, list, err));
done:
    return rc;
}

/* A list whose table the contract does not let in: each element is a row that is not loaded. */
static int reject_list(struct shredder *shredder, const struct shape *shape,
                       const struct field *field, const yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    const yyjson_val *element = cell_first(list);
    char reason[256];
    snprintf(reason, sizeof(reason),
             "table '%s' (list '%s' of '%s') is new, and the schema contract discards new tables",
             field->rejected, field->source, shape->output->table->name);
    for (size_t left = cell_len(list); left > 0; left--) {
        TRY(row_reject(shredder->outputs, field->rejected, NULL, reason, element, err));
        element = cell_next(element);
    }
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
    } else if (cell_len(cell) == 0 || comes_again(shape, cell)) {
        goto done;
    } else if (cell_kind(cell) == CELL_OBJECT) {
        TRY(shape_add_object(shredder->outputs, shape, field, err));
        TRY(walk_object(shredder, field->object, cell, err));
    } else if (field->role != FIELD_ROW_ID && field->role != FIELD_IGNORED) {
        if (!field->rejected)
            TRY(shape_add_list(shredder->outputs, shape, field, false, err));
        TRY(field->list ? push_list(shredder, shape, field, cell, err)
                        : reject_list(shredder, shape, field, cell, err));
    }
done:
    return rc;
}

static void forget_list(struct shredder *shredder, const struct field *field)
{
    size_t at = shredder->pending_count;
    while (at > 0 && shredder->pending[at - 1].field != field)
        at--;
    if (at > 0)
        memmove(shredder->pending + at - 1, shredder->pending + at,
                (shredder->pending_count-- - at) * sizeof(*shredder->pending));
    field->list->list_row = 0;
}

/* What a field has brought in this row: a key that comes twice. */
static void forget_field(struct shredder *shredder, const struct field *field, size_t row)
{
    forget_value(field->slot, row);
    if (field->shared && field->shared->writer == field)
        forget_value(field->shared, row);
    if (field->list && field->list->list_row == shredder->row_number &&
        field->list->list_field == field)
        forget_list(shredder, field);
    if (!field->object || field->object_row != shredder->row_number)
        return;
    for (size_t i = 0; i < field->object->count; i++)
        forget_field(shredder, field->object->fields[i], row);
}

static int walk_nested(struct shredder *shredder, struct shape *shape, struct field *field,
                       const yyjson_val *cell, struct tg_error *err)
{
    enum cell_kind kind = cell_kind(cell);
    forget_field(shredder, field, shape->output->row);
    if (kind == CELL_NULL)
        return TG_OK;
    if (kind < CELL_LIST)
        return store_scalar(shredder, shape, field, cell, kind, err);
    if (kind == CELL_LIST)
        return field->list ? push_list(shredder, shape, field, cell, err)
                           : walk_new(shredder, shape, field, cell, err);
    field->object_row = shredder->row_number;
    return field->object ? walk_object(shredder, field->object, cell, err)
                         : walk_new(shredder, shape, field, cell, err);
}

static inline int walk_value(struct shredder *shredder, struct shape *shape, struct field *field,
                             const yyjson_val *cell, struct tg_error *err)
{
    enum cell_kind kind = cell_kind(cell);
    if (LIKELY(kind > CELL_NULL && kind < CELL_LIST && !field->object && !field->list))
        return store_scalar(shredder, shape, field, cell, kind, err);
    return walk_nested(shredder, shape, field, cell, err);
}

static int walk_object(struct shredder *shredder, struct shape *shape, const yyjson_val *object,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct field **guess = &shape->first;
    const yyjson_val *key = cell_first(object);
    shape->walked = object;
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
        rc = walk_value(shredder, shape, field, key + 1, err);
        if (!LIKELY(rc == TG_OK))
            return rc == ROW_DISCARDED ? rc : error_names(err, rc, AT_KEY, field->source);
        key = cell_next(key + 1);
    }
done:
    return rc;
}

/* ---- rows ---- */

/* Where a nested row belongs. */
struct place {
    size_t parent_row; /* in the parent's batch */
    int64_t index;
};

/* The value in `object` that goes to a slot; NULL: none. */
static const yyjson_val *find_value(const struct shape *shape, const yyjson_val *object,
                                    const struct slot *slot)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = shape->fields[i];
        bool own = field->slot == slot || field->shared == slot;
        const yyjson_val *value =
            own || field->object ? cell_find(object, field->key, field->key_len) : NULL;
        if (value && cell_kind(value) == CELL_OBJECT && field->object)
            value = find_value(field->object, value, slot);
        else if (!own || (value && cell_kind(value) == CELL_NULL))
            value = NULL;
        if (value)
            return value;
    }
    return NULL;
}

/* As it came, which is how dlt hashes it; but for a whole number with a point in a column of
 * integers, which is the same key without. The row's values are stored by now. */
static void write_key(const struct output *output, const struct slot *slot, const yyjson_val *value,
                      struct buf *out)
{
    bool is_whole = cell_kind(value) == CELL_DOUBLE && slot->column.spec.type == TYPE_BIGINT &&
                    slot->column.len == output->row + 1;
    if (is_whole)
        buf_printf(out, "%" PRId64, slot->column.data.i64[output->row]);
    else
        cell_json(out, value, CELL_JSON_MARKERS | CELL_JSON_SORTED);
}

/* The key of the root row as an object, in the order of its names. */
static int key_json(struct shredder *shredder, struct buf *out, struct tg_error *err)
{
    const struct output *output = shredder->root->output;
    buf_char(out, '{');
    for (size_t i = 0; i < shredder->key_count; i++) {
        const char *name = shredder->key_names[i];
        const struct slot *slot = output_find(output, name);
        const yyjson_val *value =
            slot ? find_value(shredder->root, shredder->outputs->row, slot) : NULL;
        if (!value)
            return error_set(err, TG_DATA,
                             "column '%s' of table '%s' makes the row's id (row_ids: key), but the "
                             "row has no value for it",
                             name, output->table->name);
        buf_text(out, i > 0 ? "," : "");
        json_string(out, name, strlen(name));
        buf_char(out, ':');
        write_key(output, slot, value, out);
    }
    buf_char(out, '}');
    return buf_check(out, err);
}

/* A row that is stored without some of its values is another one than with them: else it would look
 * unchanged once the contract lets them in. Of nested rows, which come later, any may be such. */
static int row_json(const struct shredder *shredder, struct buf *out, struct tg_error *err)
{
    const struct outputs *outputs = shredder->outputs;
    const enum contract_mode *modes = outputs->options.contract.modes;
    const bool nested =
        shredder->pending_count > 0 && (modes[CONTRACT_COLUMNS] == CONTRACT_DISCARD_VALUE ||
                                        modes[CONTRACT_DATA_TYPE] == CONTRACT_DISCARD_VALUE);
    int rc = id_row_json(outputs->row, out, err);
    if (rc == TG_OK && (shredder->left_out > 0 || nested))
        buf_printf(out, "\n%016" PRIx64 "%s", shredder->left_out, nested ? " nested" : "");
    return rc == TG_OK ? buf_check(out, err) : rc;
}

/* A root row's id: random, or a hash of its key or of all of it. */
static int make_root_id(struct shredder *shredder, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    struct outputs *outputs = shredder->outputs;
    struct column *column = &output->system[SYSTEM_ID]->column;
    struct buf *json = &shredder->json;
    char id[HASH_ID_TEXT];
    buf_clear(json);
    switch (outputs->options.row_ids) {
    case TG_ROW_IDS_KEY: TRY(key_json(shredder, json, err)); break;
    case TG_ROW_IDS_ROW: TRY(row_json(shredder, json, err)); break;
    default:
        TRY(id_random(outputs->options.ctx, id, err));
        return column_set_text(column, output->row, id, sizeof(id), err);
    }
    TRY(output_hash_id(outputs, output, buf_string(json), json->len, err));
done:
    return rc;
}

/* The row's own _dlt_id, else that of a root row. Nested rows get theirs when the batch goes out.
 */
static int set_id(struct shredder *shredder, struct output *output, const struct place *place,
                  struct tg_error *err)
{
    int rc = TG_OK;
    static const struct type_spec text = {.type = TYPE_TEXT};
    struct column *column = &output->system[SYSTEM_ID]->column;
    struct coerced own = {.text = ""};
    bool fits;
    if (!shredder->own_id)
        return make_root_id(shredder, output, err);
    shredder->outputs->brings_ids = true;
    TRY(coerce_cell(shredder->own_id, &text, TEXT_TYPED, &shredder->scratch, &own, &fits, err));
    rc = place ? output_set_id(shredder->outputs, output, own.text, own.len, err)
               : column_set_text(column, output->row, own.text, own.len, err);
done:
    return rc;
}

static int check_required(struct outputs *outputs, const struct output *output,
                          struct tg_error *err)
{
    for (size_t i = 0; i < output->required_count; i++) {
        const struct required *required = &output->required[i];
        if (required->slot && required->slot->column.len == output->row + 1)
            continue;
        return misfit_missing(outputs, output, required, err);
    }
    return TG_OK;
}

/* Of the root row, which has ended before what is nested in it. */
static int64_t root_order(const struct outputs *outputs, const struct output *output)
{
    while (output->parent)
        output = output->parent;
    return (int64_t)output->row_total - 1 + outputs->order_shift;
}

static inline int end_row(struct shredder *shredder, struct output *output,
                          const struct place *place, struct tg_error *err)
{
    int rc = TG_OK;
    size_t row = output->row;
    struct slot **system = output->system;
    if (output->required_count > 0)
        TRY(check_required(shredder->outputs, output, err));
    if (output->waiting > 0)
        TRY(output_learn(shredder->outputs, output, err));
    if (!LIKELY(system[SYSTEM_ID]))
        TRY(output_add_system(shredder->outputs, output, err));
    if (place) {
        column_set_int64(&system[SYSTEM_LIST_INDEX]->column, row, place->index);
        output->parent_rows[row] = (uint32_t)place->parent_row;
        if (output->root_orders)
            output->root_orders[row] = root_order(shredder->outputs, output);
    }
    if (!place || shredder->own_id)
        TRY(set_id(shredder, output, place, err));
    output->row++;
    output->row_total++;
done:
    return rc;
}

static int shred_any(struct shredder *shredder, struct shape *shape, const yyjson_val *cell,
                     const struct place *place, struct tg_error *err);

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
    shape->walked = NULL;
    /* A list in a list costs one level more, as in dlt. */
    int extra = cell_kind(cell) == CELL_LIST;
    shape->depth_left -= extra;
    rc = walk_value(shredder, shape, field, cell, err);
    shape->depth_left += extra;
done:
    return rc;
}

/* The rows of the lists that wait, those pushed after the first `waiting`. */
static int shred_lists(struct shredder *shredder, struct output *output, size_t waiting,
                       struct tg_error *err)
{
    for (size_t i = waiting; i < shredder->pending_count; i++) {
        const yyjson_val *list = shredder->pending[i].list;
        const struct field *field = shredder->pending[i].field;
        const yyjson_val *element = cell_first(list);
        size_t count = cell_len(list);
        struct place below = {.parent_row = output->row - 1};
        for (; (size_t)below.index < count; below.index++) {
            int rc = shred_any(shredder, field->list, element, &below, err);
            if (!LIKELY(rc == TG_OK))
                return error_below_key(err, rc, field->source);
            element = cell_next(element);
        }
    }
    return TG_OK;
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
    shredder->left_out = 0;
    shredder->row_number++;
    shredder->outputs->row = cell;
    if (LIKELY(cell_kind(cell) == CELL_OBJECT))
        rc = walk_object(shredder, shape, cell, err);
    else
        rc = walk_element(shredder, shape, cell, err);
    if (LIKELY(rc == TG_OK))
        rc = end_row(shredder, output, place, err);
    if (!LIKELY(rc == TG_OK)) {
        output_undo_row(output);
        TRY(row_give_up(shredder->outputs, output, rc, err));
    } else if (shredder->pending_count > waiting) {
        TRY(shred_lists(shredder, output, waiting, err));
    }
done:
    shredder->pending_count = waiting;
    return rc;
}

int shred_row(struct shredder *shredder, const yyjson_val *row, struct tg_error *err)
{
    struct outputs *outputs = shredder->outputs;
    const struct table *table = shredder->root->output->table;
    shredder->pending_count = 0;
    outputs->root_row = row;
    if (table->discarded)
        return row_reject(outputs, table->name, NULL,
                          "the table is new, and the schema contract discards new tables", row,
                          err);
    return shred_any(shredder, shredder->root, row, NULL, err);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int shredder_init(struct shredder *shredder, struct outputs *outputs, struct shape *root,
                  struct tg_error *err)
{
    int rc = TG_OK;
    const struct table *table = root->output->table;
    *shredder = (struct shredder){.outputs = outputs, .root = root};
    if (outputs->options.row_ids != TG_ROW_IDS_KEY)
        return TG_OK;
    size_t count = table_key(table, false, NULL, 0);
    shredder->key_names = arena_alloc(&outputs->arena, (count + 1) * sizeof(const char *));
    if (!shredder->key_names)
        return error_nomem(err);
    shredder->key_count = table_key(table, false, shredder->key_names, count);
    for (size_t i = 0; i < count; i++) /* the catalog may move its columns */
        TRY(arena_keep(&outputs->arena, shredder->key_names[i], &shredder->key_names[i], err));
    qsort(shredder->key_names, count, sizeof(const char *), compare_names);
done:
    return rc;
}

void shredder_release(struct shredder *shredder)
{
    mem_free(shredder->pending);
    buf_release(&shredder->scratch);
    buf_release(&shredder->text);
    buf_release(&shredder->json);
}
