/*
 * Owns Arrow input: columns get names and types of the catalog, the batch gets system columns.
 *
 *   typed_push -> plan_columns (once per schema: names, types, slots) -> place_column for each:
 *                 moved as it is, or cast (cast.c); a column that refuses it gets wider, or a
 *                 variant beside it
 *              -> add_system -> check_keys -> normalize_options.emit
 *
 * Nothing is done per value when types agree, but that the bits of integers are noted for widening.
 * Text stays text: what typed sources say is believed.
 * Columns share fields and slots with rows of the same resource (shape.c, output.c).
 */
#include "normalize/typed.h"

#include "normalize/cast.h"
#include "normalize/coerce.h"

void typed_release(struct typed *typed)
{
    schema_release(&typed->source);
    mem_free(typed->columns);
    *typed = (struct typed){.columns = NULL};
}

/* ---- once per schema ---- */

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
    TRY(type_from_arrow(child, &out->from, err));
    if (out->from.type == TYPE_NONE)
        goto done;
    if (out->from.type != TYPE_DECIMAL) /* nothing finer than a microsecond is kept */
        out->from.precision = 0;
    out->as_it_is = same_layout(child, &out->from);
    TRY(shape_find(outputs, shape, name, strlen(name), &out->field, err));
    if (out->field->role == FIELD_IGNORED)
        out->field = NULL;
    else if (out->field->role == FIELD_DATA && !out->field->slot)
        TRY(shape_add_slot(outputs, shape, out->field, &out->from, err));
done:
    if (rc != TG_OK)
        (void)error_where(err, rc, "column '%s'", name);
    return rc;
}

static int plan_columns(struct typed *typed, struct outputs *outputs, struct shape *shape,
                        const struct ArrowSchema *schema, struct tg_error *err)
{
    int rc = TG_OK;
    if (typed->source.release && schema_equal(&typed->source, schema))
        return TG_OK;
    typed_release(typed);
    typed->columns = mem_calloc((size_t)schema->n_children + 1, sizeof(*typed->columns));
    if (!typed->columns)
        return error_nomem(err);
    for (int64_t i = 0; i < schema->n_children; i++) {
        TRY(plan_column(outputs, shape, schema->children[i], &typed->columns[i], err));
        for (int64_t k = 0; k < i; k++)
            if (typed->columns[i].field && typed->columns[k].field == typed->columns[i].field)
                return error_set(err, TG_DATA, "two columns are named '%s'; rename one of them",
                                 typed->columns[i].field->key);
    }
    typed->column_count = (size_t)schema->n_children;
    TRY(schema_copy(schema, &typed->source, err));
    if (!shape->output->system[SYSTEM_ID])
        TRY(output_add_system(outputs, shape->output, err));
done:
    return rc;
}

/* ---- once per batch ---- */

/* The batch that is being put together. */
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
        array_release(&result->arrays[i]);
    mem_free(result->names);
    mem_free(result->types);
    mem_free(result->arrays);
}

/* A place for one more column; its array is filled by the caller at once. */
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
    bool whole_text = from->type == TYPE_TEXT && to->type == TYPE_JSON;
    if (from->type == TYPE_DECIMAL && (to->type == TYPE_DECIMAL || to->type == TYPE_WEI))
        return narrow.scale <= wide.scale &&
               narrow.precision - narrow.scale <= wide.precision - wide.scale;
    return from->type == to->type || whole_text;
}

static void move_child(struct ArrowArray *batch, int64_t i, struct ArrowArray *out)
{
    array_move(batch->children[i], out);
    if (out->length != batch->length)
        out->null_count = -1;
    out->offset += batch->offset;
    out->length = batch->length;
}

/* Puts column `i` of the page under the name and type of `slot`. */
static int place_as(const struct typed_column *column, struct page *page, int64_t i,
                    const struct slot *slot, struct result *result, bool *fits,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const struct type_spec *to = &slot->column.spec;
    bool same = agree(&column->from, to);
    struct type_spec spec = same && column->from.type == TYPE_DECIMAL ? column->from : *to;
    struct ArrowArray array = {.release = NULL};
    *fits = true;
    if (same && column->as_it_is)
        move_child(&page->array, i, &array);
    else
        TRY(cast_array(page->schema.children[i], page->array.children[i], &column->from,
                       page->array.offset, result->row_count, same ? &spec : to, &array, fits,
                       err));
    if (*fits)
        *result_add(result, slot->name, &spec) = array;
done:
    return rc;
}

/* Which bits the integers of a column use, for coerce_widen. */
static void note_magnitude(struct slot *slot, const struct ArrowArray *array)
{
    const int64_t *values = (const int64_t *)array->buffers[1] + array->offset;
    for (int64_t row = 0; row < array->length; row++)
        if (!array_is_null(array, row))
            slot->magnitude |= (uint64_t)(values[row] ^ (values[row] >> 63));
}

/* Values that a column refused: the column gets wider, as it does for rows. */
static int place_wider(const struct typed_column *column, struct output *output, struct page *page,
                       int64_t i, struct slot *slot, struct result *result, bool *fits,
                       struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val sample = {.tag = 0};
    struct slot wider = *slot;
    if (column->from.type == TYPE_DOUBLE)
        sample = (yyjson_val){.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = 0.5};
    else if (column->from.type == TYPE_DECIMAL)
        sample = (yyjson_val){.tag = CELL_TAG_DECIMAL | 3ull << YYJSON_TAG_BIT, .uni.str = "0.5"};
    else if (column->from.type == TYPE_TIMESTAMP)
        sample = (yyjson_val){.tag = CELL_TAG_TIMESTAMP};
    if (!sample.tag ||
        !coerce_widen(&slot->column.spec, slot->magnitude, &sample, &wider.column.spec))
        goto done;
    TRY(place_as(column, page, i, &wider, result, fits, err));
    if (*fits)
        TRY(output_widen(output, slot, &wider.column.spec, err));
done:
    return rc;
}

static int place_column(const struct typed_column *column, struct outputs *outputs,
                        struct output *output, struct page *page, int64_t i, struct result *result,
                        struct tg_error *err)
{
    int rc = TG_OK;
    bool fits;
    struct slot *slot = column->field->slot;
    TRY(place_as(column, page, i, slot, result, &fits, err));
    if (fits && slot->column.spec.type == TYPE_BIGINT)
        note_magnitude(slot, &result->arrays[result->count - 1]);
    if (!fits)
        TRY(place_wider(column, output, page, i, slot, result, &fits, err));
    if (!fits) {
        TRY(output_variant(outputs, output, slot, &column->from, &slot, err));
        TRY(place_as(column, page, i, slot, result, &fits, err));
    }
    if (!fits)
        rc = error_set(err, TG_DATA, "a value does not fit column '%s' (%s), nor its variant",
                       slot->name, type_name(slot->column.spec.type));
done:
    return rc;
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

static int fill_load_id(struct outputs *outputs, struct column *column, size_t row_count,
                        struct tg_error *err)
{
    int rc = TG_OK;
    size_t len = strlen(outputs->options.load_id);
    TRY(column_reserve_text(column, row_count * len, err));
    for (size_t row = 0; row < row_count; row++)
        TRY(column_set_text(column, row, outputs->options.load_id, len, err));
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
    TRY(fill_load_id(outputs, &column, rows, err));
    TRY(column_export(&column, rows, &array, err));
    *result_add(result, load_id->name, &text) = array;
    if (result->id < 0) {
        TRY(column_init_rows(&column, &text, rows, err));
        TRY(fill_ids(outputs, &column, rows, err));
        TRY(column_export(&column, rows, &array, err));
    } else {
        bool fits;
        struct type_spec from;
        const struct ArrowSchema *child = page->schema.children[result->id];
        TRY(type_from_arrow(child, &from, err));
        TRY(cast_array(child, page->array.children[result->id], &from, page->array.offset, rows,
                       &text, &array, &fits, err));
    }
    *result_add(result, id->name, &text) = array;
    if (outputs->options.keep_order) {
        TRY(column_init_rows(&column, &bigint, rows, err));
        for (size_t row = 0; row < rows; row++)
            column_set_int64(&column, row, (int64_t)(output->row_total + row));
        TRY(column_export(&column, rows, &array, err));
        *result_add(result, NORMALIZE_ORDER_COLUMN, &bigint) = array;
    }
done:
    column_release(&column);
    return rc;
}

/* ---- the whole ---- */

static int refuse_null(const struct output *output, const struct required *required, int64_t row,
                       const struct page *page, struct tg_error *err)
{
    int rc = error_set(err, TG_DATA,
                       required->key ? "column '%s' of table '%s' is part of the primary key, but "
                                       "the row has no value for it"
                                     : "column '%s' of table '%s' is NOT NULL, but the row has no "
                                       "value for it",
                       required->name, output->table->name);
    unsigned long long number = page->first_row + (unsigned long long)row;
    return page->file ? error_where(err, rc, "file '%s', row %llu", page->file, number)
                      : error_where(err, rc, "row %llu", number);
}

static int check_keys(const struct output *output, const struct result *result,
                      const struct page *page, struct tg_error *err)
{
    for (size_t i = 0; i < output->required_count; i++) {
        const struct required *required = &output->required[i];
        const struct ArrowArray *array = NULL;
        for (size_t k = 0; k < result->count; k++)
            if (strcmp(result->names[k], required->name) == 0)
                array = &result->arrays[k];
        if (!array)
            return refuse_null(output, required, 0, page, err);
        if (array->null_count == 0)
            continue;
        for (int64_t row = 0; row < array->length; row++)
            if (array_is_null(array, row))
                return refuse_null(output, required, row, page, err);
    }
    return TG_OK;
}

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
               struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = shape->output;
    struct result result = {.row_count = (size_t)page->array.length, .id = -1};
    TRY(plan_columns(typed, outputs, shape, &page->schema, err));
    TRY(result_init(&result, typed->column_count + SYSTEM_COUNT + 1, err));
    if (result.row_count == 0)
        goto done;
    for (size_t i = 0; i < typed->column_count; i++) {
        const struct typed_column *column = &typed->columns[i];
        if (column->field && column->field->role == FIELD_ROW_ID)
            result.id = (int64_t)i;
        else if (column->field)
            TRY(place_column(column, outputs, output, page, (int64_t)i, &result, err));
    }
    TRY(add_system(outputs, output, page, &result, err));
    TRY(check_keys(output, &result, page, err));
    TRY(emit(outputs, output, &result, err));
done:
    result_release(&result);
    array_release(&page->array);
    return rc;
}
