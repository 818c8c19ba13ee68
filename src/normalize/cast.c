/*
 * Owns Arrow columns that cannot be handed on as they came: other widths and units, dictionaries,
 * and types that differ from the catalog's.
 *
 *   cast_array -> read_cell (an Arrow value as a cell of the row tape) -> coerce_cell -> column
 *
 * One path for all pairs of types, so that Arrow values follow the same rules as rows. Which
 * columns need it is typed.c's decision; those that agree are moved without looking at a value.
 */
#include "normalize/cast.h"

#include "base/memory.h"
#include "normalize/coerce.h"

static size_t value_width(enum type type)
{
    bool wide = type == TYPE_DECIMAL || type == TYPE_WEI;
    bool narrow =
        type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_BINARY || type == TYPE_DATE;
    return wide ? 16 : narrow ? 4 : 8;
}

static bool has_text(enum type type)
{
    return type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_BINARY;
}

int cast_column_init(struct column *column, const struct type_spec *spec, size_t row_count,
                     struct tg_error *err)
{
    size_t bit_bytes = row_count / 8 + 1;
    size_t bytes = spec->type == TYPE_BOOL ? bit_bytes : value_width(spec->type) * (row_count + 1);
    *column = (struct column){.spec = *spec};
    column->validity = mem_calloc(1, bit_bytes);
    column->data.any = mem_calloc(1, bytes);
    if (!column->validity || !column->data.any) {
        column_release(column);
        return error_nomem(err);
    }
    if (!has_text(spec->type))
        return TG_OK;
    int rc = column_reserve_text(column, 1, err); /* not NULL even without any text */
    if (rc != TG_OK)
        column_release(column);
    return rc;
}

struct exported {
    const void *buffers[3];
};

static void release_exported(struct ArrowArray *array)
{
    struct exported *exported = array->private_data;
    for (int64_t i = 0; i < array->n_buffers; i++)
        mem_free((void *)(uintptr_t)exported->buffers[i]);
    mem_free(exported);
    array->release = NULL;
}

int cast_column_export(struct column *column, size_t row_count, struct ArrowArray *out,
                       struct tg_error *err)
{
    struct exported *exported = mem_alloc(sizeof(*exported));
    out->release = NULL;
    if (!exported)
        return error_nomem(err);
    column_fill(column, row_count);
    *exported = (struct exported){{column->validity, column->data.any, column->text}};
    *out = (struct ArrowArray){
        .length = (int64_t)row_count,
        .null_count = (int64_t)column->null_count,
        .n_buffers = has_text(column->spec.type) ? 3 : 2,
        .buffers = exported->buffers,
        .release = release_exported,
        .private_data = exported,
    };
    *column = (struct column){.spec = column->spec};
    return TG_OK;
}

static yyjson_val text_cell(uint64_t tag, const char *text, size_t len)
{
    return (yyjson_val){.tag = tag | (uint64_t)len << YYJSON_TAG_BIT, .uni.str = text};
}

/* The value as a cell; text lives as long as the array and `scratch`. */
static int read_cell(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                     enum type type, struct buf *scratch, yyjson_val *out, struct tg_error *err)
{
    static const uint8_t number_tags[TYPE_COUNT] = {
        [TYPE_BIGINT] = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT,
        [TYPE_TIMESTAMP] = CELL_TAG_TIMESTAMP,
        [TYPE_DATE] = CELL_TAG_DATE,
        [TYPE_TIME] = CELL_TAG_TIME,
    };
    int rc = TG_OK;
    const char *bytes;
    size_t len;
    *out = (yyjson_val){.tag = number_tags[type]};
    if (number_tags[type] && value_int64(schema, array, row, &out->uni.i64))
        goto done;
    if (type == TYPE_DOUBLE && value_double(schema, array, row, &out->uni.f64)) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
        goto done;
    }
    if (has_text(type) && value_bytes(schema, array, row, &bytes, &len)) {
        *out = text_cell(type == TYPE_BINARY ? CELL_TAG_BINARY : YYJSON_TYPE_STR, bytes, len);
        goto done;
    }
    buf_clear(scratch);
    TRY(value_text(schema, array, row, scratch, err));
    TRY(buf_check(scratch, err));
    *out = text_cell(type == TYPE_DECIMAL ? CELL_TAG_DECIMAL : YYJSON_TYPE_STR, buf_string(scratch),
                     scratch->len);
    if (type == TYPE_BOOL)
        out->tag =
            YYJSON_TYPE_BOOL |
            (strcmp(buf_string(scratch), "true") == 0 ? YYJSON_SUBTYPE_TRUE : YYJSON_SUBTYPE_FALSE);
done:
    return rc;
}

int cast_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
               const struct type_spec *from, int64_t offset, size_t row_count,
               const struct type_spec *to, struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    int rc = TG_OK;
    struct column column = {.len = 0};
    struct buf scratch = BUF_INIT;
    struct buf coerced_text = BUF_INIT;
    out->release = NULL;
    *fits = true;
    TRY(cast_column_init(&column, to, row_count, err));
    for (size_t row = 0; row < row_count; row++) {
        yyjson_val cell;
        struct coerced value;
        if (array_is_null(array, offset + (int64_t)row))
            continue;
        TRY(read_cell(schema, array, offset + (int64_t)row, from->type, &scratch, &cell, err));
        TRY(coerce_cell(&cell, to, &coerced_text, &value, fits, err));
        if (!*fits)
            goto done;
        TRY(coerce_store(&value, &column, row, err));
    }
    TRY(cast_column_export(&column, row_count, out, err));
done:
    column_release(&column);
    buf_release(&scratch);
    buf_release(&coerced_text);
    return rc;
}
