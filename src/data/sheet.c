/*
 * Rows of a sheet, in batches.
 *
 * Path: sheet_init -> sheet_text, sheet_int64 (a row) -> sheet_end_row, which flushes a
 * full batch -> sheet_stream: what is left, and all batches as one stream.
 *
 * However many rows there are, none is left out. What they say is the caller's.
 */
#include "data/sheet.h"

#include <string.h>

#include "base/memory.h"

static int begin(struct sheet *sheet, struct tg_error *err)
{
    int rc = TG_OK;
    sheet->row = 0;
    for (size_t i = 0; i < sheet->column_count; i++)
        TRY(column_init(&sheet->columns[i], &sheet->types[i], err));
done:
    return rc;
}

int sheet_init(struct sheet *out, const char *const *names, const struct type_spec *types,
               size_t column_count, struct tg_error *err)
{
    *out = (struct sheet){.names = names, .types = types};
    out->columns = mem_calloc(column_count, sizeof(*out->columns));
    if (!out->columns)
        return error_nomem(err);
    out->column_count = column_count;
    return begin(out, err);
}

void sheet_release(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->column_count; i++)
        column_release(&sheet->columns[i]);
    for (size_t i = 0; i < sheet->batch_count; i++)
        array_release(&sheet->batches[i]);
    mem_free(sheet->columns);
    mem_free(sheet->batches);
    *sheet = (struct sheet){.names = NULL};
}

int sheet_text(struct sheet *sheet, size_t column, const char *text, struct tg_error *err)
{
    return text ? column_set_text(&sheet->columns[column], sheet->row, text, strlen(text), err)
                : TG_OK;
}

void sheet_bool(struct sheet *sheet, size_t column, bool value)
{
    column_set_bool(&sheet->columns[column], sheet->row, value);
}

void sheet_int64(struct sheet *sheet, size_t column, int64_t value)
{
    column_set_int64(&sheet->columns[column], sheet->row, value);
}

/* The columns are exported one by one, so that each has one owner whatever fails. */
static int flush(struct sheet *sheet, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = sheet->column_count;
    struct ArrowArray *children = mem_calloc(count, sizeof(*children));
    struct ArrowArray *grown =
        mem_realloc(sheet->batches, (sheet->batch_count + 1) * sizeof(*grown));
    sheet->batches = grown ? grown : sheet->batches;
    if (!children || !grown)
        TRY(error_nomem(err));
    grown[sheet->batch_count] = (struct ArrowArray){0};
    for (size_t i = 0; i < count; i++)
        TRY(column_export(&sheet->columns[i], sheet->row, &children[i], err));
    TRY(batch_make(children, count, (int64_t)sheet->row, &grown[sheet->batch_count], err));
    sheet->batch_count++;
    rc = begin(sheet, err);
done:
    for (size_t i = 0; children && i < count; i++)
        array_release(&children[i]);
    mem_free(children);
    return rc;
}

int sheet_end_row(struct sheet *sheet, struct tg_error *err)
{
    return ++sheet->row == BATCH_ROWS ? flush(sheet, err) : TG_OK;
}

int sheet_stream(struct sheet *sheet, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    TRY(flush(sheet, err));
    TRY(schema_make(sheet->names, sheet->types, sheet->column_count, &schema, err));
    rc = stream_from_arrays(&schema, sheet->batches, sheet->batch_count, out, err);
    sheet->batch_count = 0; /* moved in, come what may */
done:
    return rc;
}
