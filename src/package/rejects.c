/*
 * Owns the batch of rejected rows: rejects_add -> columns of text -> rejects_flush ->
 * package_append, as a table of the package like any other, but for the catalog, which does not
 * know it.
 *
 * A document is kept as JSON, typed values as dlt writes them. Who rejects rows is normalize's
 * business; how the table is made and filled at the destination, write's.
 */
#include "package/rejects.h"

#include <string.h>

#include "data/batch.h"
#include "data/rows.h"

enum { BATCH_BYTES_MAX = 1024 * 1024 };

const char *const rejects_columns[REJECTS_COLUMNS] = {
    "load_id", "resource_name", "table_name", "column_name", "reason", "place", "document",
};

static const struct type_spec text_spec = {.type = TYPE_TEXT};

static int open_columns(struct rejects *rejects, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        TRY(column_init(&rejects->columns[i], &text_spec, err));
done:
    return rc;
}

static bool is_full(const struct rejects *rejects)
{
    return rejects->row_count == BATCH_ROWS ||
           rejects->columns[REJECTS_COLUMNS - 1].text_len > BATCH_BYTES_MAX;
}

int rejects_add(struct rejects *rejects, struct package *package, const char *load_id,
                const struct rejected_row *row, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    buf_clear(&rejects->json);
    cell_json(&rejects->json, row->document, 0);
    TRY(buf_check(&rejects->json, err));
    TRY(manifest_add_table(package_manifest(package), REJECTS_TABLE, "", false, &table, err));
    if (rejects->row_count == 0)
        TRY(open_columns(rejects, err));
    const char *const texts[REJECTS_COLUMNS] = {
        load_id,
        row->resource,
        row->table,
        row->column,
        row->reason,
        row->place,
        buf_string(&rejects->json),
    };
    for (size_t i = 0; i < REJECTS_COLUMNS; i++) {
        size_t len = texts[i] ? strlen(texts[i]) : 0;
        if (len > 0)
            TRY(column_set_text(&rejects->columns[i], rejects->row_count, texts[i], len, err));
    }
    rejects->row_count++;
    if (is_full(rejects))
        TRY(rejects_flush(rejects, package, err));
done:
    return rc;
}

int rejects_flush(struct rejects *rejects, struct package *package, struct tg_error *err)
{
    int rc = TG_OK;
    size_t exported = 0;
    struct ArrowArray arrays[REJECTS_COLUMNS];
    struct ArrowArray batch = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL};
    struct type_spec types[REJECTS_COLUMNS];
    if (rejects->row_count == 0)
        return TG_OK;
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        types[i] = text_spec;
    TRY(schema_make(rejects_columns, types, REJECTS_COLUMNS, &schema, err));
    for (; exported < REJECTS_COLUMNS; exported++)
        TRY(column_export(&rejects->columns[exported], rejects->row_count, &arrays[exported], err));
    exported = 0; /* moved, also on failure */
    TRY(batch_make(arrays, REJECTS_COLUMNS, (int64_t)rejects->row_count, &batch, err));
    rejects->row_count = 0;
    TRY(package_append(package, REJECTS_TABLE, &schema, &batch, err));
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&arrays[i]);
    schema_release(&schema);
    return rc;
}

void rejects_release(struct rejects *rejects)
{
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        column_release(&rejects->columns[i]);
    buf_release(&rejects->json);
    rejects->row_count = 0;
}
