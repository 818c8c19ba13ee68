/*
 * Owns Arrow columns that cannot be handed on as they came: other widths and units, dictionaries,
 * and types that differ from the catalog's.
 *
 *   cast_array -> value_cell (an Arrow value as a cell of the row tape) -> coerce_cell -> column
 *
 * One path for all pairs of types, so that Arrow values follow the same rules as rows. Which
 * columns need it is typed.c's decision; those that agree are moved without looking at a value.
 */
#include "normalize/values/cast.h"

#include "data/rows.h"
#include "normalize/values/coerce.h"

int cast_array(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t offset,
               size_t row_count, const struct type_spec *to, struct ArrowArray *out,
               uint64_t *cut_count, bool *fits, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t count = 0;
    struct column column = {.len = 0};
    struct buf scratch = BUF_INIT;
    struct buf coerced_text = BUF_INIT;
    out->release = NULL;
    *fits = true;
    TRY(column_init_rows(&column, to, row_count, err));
    for (size_t row = 0; row < row_count; row++) {
        yyjson_val cell;
        struct coerced value;
        TRY(value_cell(schema, array, offset + (int64_t)row, &scratch, &cell, err));
        if (cell_kind(&cell) == CELL_NULL)
            continue;
        TRY(coerce_cell(&cell, to, TEXT_TYPED, &coerced_text, &value, fits, err));
        if (!*fits)
            goto done;
        TRY(coerce_store(&value, &column, row, err));
        count += value.cut;
    }
    TRY(column_export(&column, row_count, out, err));
    *cut_count += count;
done:
    column_release(&column);
    buf_release(&scratch);
    buf_release(&coerced_text);
    return rc;
}
