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

static bool has_text(enum type type)
{
    return type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_BINARY;
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
    TRY(column_init_rows(&column, to, row_count, err));
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
    TRY(column_export(&column, row_count, out, err));
done:
    column_release(&column);
    buf_release(&scratch);
    buf_release(&coerced_text);
    return rc;
}
