/*
 * Owns Arrow input: columns get names and types of the catalog, the batch gets system columns.
 *
 *   typed_declare (once per schema): shape_declare -> fields and columns with the source's types
 *   typed_push -> plan_columns (once per schema) -> is_complete -> cast_columns (cast.c) ->
 *   move_columns
 *              -> add_system -> normalize_options.emit
 *
 * A batch is taken only when every column of it goes into the column of the table as a whole.
 * Everything else (structs and lists, values that do not fit, a contract to be asked, keys without
 * a value, ids that are hashes) is not decided here: such a batch becomes rows and goes the way of
 * documents. Nothing is done per value when types agree, but that the bits of integers are noted
 * for widening. Text stays text: what typed sources say is believed.
 */
#include "normalize/typed.h"

#include "normalize/emit.h"
#include "normalize/values/cast.h"

void typed_release(struct typed *typed)
{
    for (size_t i = 0; i < typed->source_count; i++) {
        schema_release(typed->sources[i]);
        mem_free(typed->sources[i]);
    }
    mem_free(typed->sources);
    mem_free(typed->columns);
    *typed = (struct typed){.columns = NULL};
}

/* ---- once per schema ---- */

int typed_declare(struct typed *typed, struct outputs *outputs, struct shape *shape,
                  const struct ArrowSchema *schema, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = typed->source_count;
    if (count > 0 && schema_equal(typed->sources[count - 1], schema))
        return TG_OK;
    /* Fields point into what was declared before: copies stay until the end. */
    TRY(mem_grow(&typed->sources, &typed->source_cap, count + 1, sizeof(*typed->sources), err));
    struct ArrowSchema *copy = mem_calloc(1, sizeof(*copy));
    if (!copy)
        return error_nomem(err);
    typed->sources[typed->source_count++] = copy;
    typed->planned = false;
    TRY(schema_copy(schema, copy, err));
    TRY(shape_declare(outputs, shape, copy, err));
done:
    return rc;
}

static bool is_nested(const struct ArrowSchema *child)
{
    enum layout_kind kind = layout_of(child->format).kind;
    return kind == LAYOUT_STRUCT || kind == LAYOUT_LIST32 || kind == LAYOUT_LIST64;
}

/* Whether the buffers of a child are laid out as those of a column of its type. */
static bool same_layout(const struct ArrowSchema *child, const struct type_spec *spec)
{
    char format[24];
    type_arrow_format(spec, format);
    if (child->dictionary)
        return false;
    return strcmp(child->format, format) == 0 ||
           (strncmp(child->format, "tsu:", 4) == 0 && strncmp(format, "tsu:", 4) == 0);
}

static int plan_column(struct outputs *outputs, struct shape *shape,
                       const struct ArrowSchema *child, struct typed_column *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = child->name ? child->name : "";
    *out = (struct typed_column){.plain = !is_nested(child)};
    if (!out->plain)
        goto done;
    TRY(type_from_arrow(child, &out->from, err));
    if (out->from.type == TYPE_NONE)
        goto done;
    TRY(shape_find(outputs, shape, name, strlen(name), &out->field, err));
    out->as_it_is = same_layout(child, &out->from);
    if (out->field->role == FIELD_IGNORED)
        out->field = NULL;
    else
        out->plain = (out->field->slot && out->field->slot->column.spec.type != TYPE_NONE) ||
                     out->field->role == FIELD_ROW_ID;
done:
    return rc == TG_OK ? rc : error_at(err, rc, AT_COLUMN, name);
}

static int plan_columns(struct typed *typed, struct outputs *outputs, struct shape *shape,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const struct ArrowSchema *schema = typed->sources[typed->source_count - 1];
    mem_free(typed->columns);
    typed->column_count = 0;
    typed->columns = mem_calloc((size_t)schema->n_children + 1, sizeof(*typed->columns));
    if (!typed->columns)
        return error_nomem(err);
    typed->plain =
        outputs->options.row_ids == TG_ROW_IDS_RANDOM && !shape->output->table->discarded;
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct typed_column *column = &typed->columns[i];
        TRY(plan_column(outputs, shape, schema->children[i], column, err));
        for (int64_t k = 0; k < i; k++)
            if (column->field && typed->columns[k].field == column->field)
                return error_set(err, TG_DATA, "two columns are named '%s'; rename one of them",
                                 column->field->key);
        typed->plain = typed->plain && column->plain;
    }
    typed->column_count = (size_t)schema->n_children;
    typed->planned = true;
done:
    return rc;
}

/* ---- once per batch ---- */

/* The batch that is being put together: the columns of the page, then the system's. */
struct result {
    const char **names;
    struct type_spec *types;
    struct ArrowArray *arrays;
    size_t count;
    size_t row_count;
    int64_t id; /* the source's column that holds _dlt_id; -1: none */
};

static int result_init(struct result *result, size_t cap, struct tg_error *err)
{
    result->names = mem_calloc(cap, sizeof(*result->names));
    result->types = mem_calloc(cap, sizeof(*result->types));
    result->arrays = mem_calloc(cap, sizeof(*result->arrays));
    return result->names && result->types && result->arrays ? TG_OK : error_nomem(err);
}

static void result_release(struct result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (result->arrays[i].release)
            array_release(&result->arrays[i]);
    mem_free(result->names);
    mem_free(result->types);
    mem_free(result->arrays);
}

/* A place for one more column; its array is filled by the caller. */
static struct ArrowArray *result_add(struct result *result, const char *name,
                                     const struct type_spec *spec)
{
    result->names[result->count] = name;
    result->types[result->count] = *spec;
    return &result->arrays[result->count++];
}

/* Whether values of `from` can stand in a column of `to` without a change. */
static bool agree(const struct type_spec *from, const struct type_spec *to)
{
    struct type_spec narrow = type_decimal(from), wide = type_decimal(to);
    if (from->type == TYPE_DECIMAL && (to->type == TYPE_DECIMAL || to->type == TYPE_WEI))
        return narrow.scale <= wide.scale &&
               narrow.precision - narrow.scale <= wide.precision - wide.scale;
    if (from->type == TYPE_BIGINT && to->type == TYPE_BIGINT)
        return to->precision == 0 || (from->precision > 0 && from->precision <= to->precision);
    return from->type == to->type && type_is_nanoseconds(from) == type_is_nanoseconds(to) &&
           type_step_us(from) >= type_step_us(to);
}

/* The child's null count, which a source may leave to its reader. */
static int64_t count_nulls(const struct ArrowArray *batch, const struct ArrowArray *child)
{
    int64_t count = 0;
    if (child->null_count == 0)
        return 0;
    for (int64_t row = 0; row < batch->length; row++)
        count += array_is_null(child, batch->offset + row);
    return count;
}

/* Whether every column that needs a value has one in each row. */
static bool is_complete(const struct typed *typed, const struct output *output,
                        const struct page *page)
{
    for (size_t i = 0; i < output->required_count; i++) {
        const struct slot *slot = output->required[i].slot;
        size_t k = 0;
        while (k < typed->column_count &&
               !(typed->columns[k].field && slot && typed->columns[k].field->slot == slot))
            k++;
        if (k == typed->column_count || count_nulls(&page->array, page->array.children[k]) > 0)
            return false;
    }
    return true;
}

static void note_magnitude(struct slot *slot, const struct ArrowArray *array)
{
    const int64_t *values = (const int64_t *)array->buffers[1] + array->offset;
    for (int64_t row = 0; row < array->length; row++)
        if (!array_is_null(array, row))
            slot->magnitude |= (uint64_t)(values[row] ^ (values[row] >> 63));
}

static bool moves(const struct typed_column *column)
{
    return column->as_it_is && agree(&column->from, &column->field->slot->column.spec);
}

/* Makes a place for every column; those that cannot be moved are cast. *fits: all values of them
 * went through; the page is as it was. */
static int cast_columns(struct typed *typed, const struct page *page, struct result *result,
                        bool *fits, struct tg_error *err)
{
    int rc = TG_OK;
    *fits = true;
    for (size_t i = 0; i < typed->column_count && *fits; i++) {
        struct typed_column *column = &typed->columns[i];
        column->cut_count = 0;
        if (column->field && column->field->role == FIELD_ROW_ID)
            result->id = (int64_t)i;
        if (!column->field || column->field->role == FIELD_ROW_ID)
            continue;
        const struct slot *slot = column->field->slot;
        /* a narrower decimal keeps its type on the way */
        bool narrow = column->from.type == TYPE_DECIMAL && agree(&column->from, &slot->column.spec);
        const struct type_spec *to = narrow ? &column->from : &slot->column.spec;
        struct ArrowArray *array = result_add(result, slot->name, to);
        if (!moves(column))
            TRY(cast_array(page->schema.children[i], page->array.children[i], page->array.offset,
                           result->row_count, to, array, &column->cut_count, fits, err));
    }
done:
    return rc;
}

static void move_child(struct ArrowArray *batch, size_t i, struct ArrowArray *out)
{
    array_move(batch->children[i], out);
    if (out->length != batch->length)
        out->null_count = -1;
    out->offset += batch->offset;
    out->length = batch->length;
}

static void move_columns(const struct typed *typed, struct page *page, struct result *result)
{
    size_t at = 0;
    for (size_t i = 0; i < typed->column_count; i++) {
        const struct typed_column *column = &typed->columns[i];
        if (!column->field || column->field->role == FIELD_ROW_ID)
            continue;
        struct ArrowArray *array = &result->arrays[at++];
        if (!array->release)
            move_child(&page->array, i, array);
        column->field->slot->cut_count += column->cut_count;
        if (column->field->slot->column.spec.type == TYPE_BIGINT)
            note_magnitude(column->field->slot, array);
    }
}

/* ---- system columns ---- */

static int fill_ids(struct outputs *outputs, struct column *column, size_t row_count,
                    struct tg_error *err)
{
    int rc = TG_OK;
    char id[HASH_ID_TEXT];
    TRY(column_reserve_text(column, row_count * sizeof(id), err));
    for (size_t row = 0; row < row_count; row++) {
        TRY(id_random(outputs->options.ctx, id, err));
        TRY(column_set_text(column, row, id, sizeof(id), err));
    }
done:
    return rc;
}

static int add_system(struct outputs *outputs, struct output *output, struct page *page,
                      struct result *result, struct tg_error *err)
{
    int rc = TG_OK;
    struct column column = {.len = 0};
    static const struct type_spec text = {.type = TYPE_TEXT}, bigint = {.type = TYPE_BIGINT};
    size_t rows = result->row_count;
    struct slot *load_id = output->system[SYSTEM_LOAD_ID], *id = output->system[SYSTEM_ID];
    struct ArrowArray array = {.release = NULL};
    TRY(column_init_rows(&column, &text, rows, err));
    TRY(output_fill_load_id(outputs, &column, rows, err));
    TRY(column_export(&column, rows, &array, err));
    *result_add(result, load_id->name, &text) = array;
    if (result->id < 0) {
        TRY(column_init_rows(&column, &text, rows, err));
        TRY(fill_ids(outputs, &column, rows, err));
        TRY(column_export(&column, rows, &array, err));
    } else {
        bool fits;
        uint64_t cut_count = 0;
        const struct ArrowSchema *child = page->schema.children[result->id];
        TRY(cast_array(child, page->array.children[result->id], page->array.offset, rows, &text,
                       &array, &cut_count, &fits, err));
    }
    *result_add(result, id->name, &text) = array;
    if (outputs->options.keep_order) {
        TRY(output_export_order(outputs, output->row_total, rows, &array, err));
        *result_add(result, NORMALIZE_ORDER_COLUMN, &bigint) = array;
    }
done:
    column_release(&column);
    return rc;
}

/* ---- the whole ---- */

static int emit(struct outputs *outputs, struct output *output, struct result *result,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    TRY(schema_make(result->names, result->types, result->count, &schema, err));
    size_t count = result->count;
    result->count = 0; /* moved, also on failure */
    TRY(batch_make(result->arrays, count, (int64_t)result->row_count, &batch, err));
    output->row_total += result->row_count;
    TRY(outputs->options.emit(outputs->options.sink, output->table->name, &schema, &batch, err));
done:
    schema_release(&schema);
    return rc;
}

int typed_push(struct typed *typed, struct outputs *outputs, struct shape *shape, struct page *page,
               bool *taken, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    struct result result = {.row_count = (size_t)page->array.length, .id = -1};
    TRY(typed_declare(typed, outputs, shape, &page->schema, err));
    if (!typed->planned)
        TRY(plan_columns(typed, outputs, shape, err));
    *taken = typed->plain && is_complete(typed, output, page);
    if (!*taken || result.row_count == 0)
        goto done;
    TRY(result_init(&result, typed->column_count + SYSTEM_COUNT + 1, err));
    TRY(cast_columns(typed, page, &result, taken, err));
    if (!*taken)
        goto done;
    move_columns(typed, page, &result);
    TRY(output_add_system(outputs, output, err));
    TRY(add_system(outputs, output, page, &result, err));
    TRY(emit(outputs, output, &result, err));
done:
    result_release(&result);
    if (rc != TG_OK || *taken)
        array_release(&page->array);
    return rc;
}
