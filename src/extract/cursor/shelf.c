/*
 * Rows that wait: in memory up to a share of the budget, then in Parquet files.
 *
 * Data path: shelf_add -> columns -> close_columns (a batch) -> shelf_flush (the share is full) ->
 * a Parquet file; in the end shelf_flush again, and shelf_relation names the files for a query of
 * the engine, which spills, too.
 *
 * What the numbers mean is for groups.c, held.c and ties.c to say.
 */
#include "extract/cursor/shelf.h"

#include "base/fs.h"
#include "data/batch.h"

enum { ROW_BYTES = 64 }; /* more than the numbers of a row take */

int shelf_init(struct shelf *shelf, const struct shelf_options *options, struct tg_error *err)
{
    *shelf = (struct shelf){.options = *options};
    arena_init(&shelf->arena);
    for (size_t i = 0; i < options->column_count; i++)
        shelf->types[i].type =
            options->has_bytes && i == options->column_count - 1 ? TYPE_BINARY : TYPE_BIGINT;
    return schema_make(options->names, shelf->types, options->column_count, &shelf->schema, err);
}

static void drop_rows(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->options.column_count; i++)
        column_release(&shelf->columns[i]);
    for (size_t i = 0; i < shelf->count; i++)
        array_release(&shelf->arrays[i]);
    shelf->open = false;
    shelf->row_count = shelf->count = shelf->bytes = 0;
    shelf->total = 0;
}

void shelf_release(struct shelf *shelf)
{
    drop_rows(shelf);
    mem_free(shelf->arrays);
    mem_free(shelf->files);
    schema_release(&shelf->schema);
    arena_release(&shelf->arena);
    *shelf = (struct shelf){.row_count = 0};
}

int shelf_empty(struct shelf *shelf, struct tg_error *err)
{
    int rc = TG_OK;
    drop_rows(shelf);
    while (shelf->file_count > 0)
        TRY(fs_remove(shelf->files[--shelf->file_count], err));
done:
    return rc;
}

/* The columns' rows as one more batch. */
static int close_columns(struct shelf *shelf, struct tg_error *err)
{
    const size_t column_count = shelf->options.column_count;
    struct ArrowArray children[SHELF_COLUMNS] = {{.release = NULL}};
    size_t exported = 0;
    int rc = TG_OK;
    if (shelf->row_count == 0)
        return TG_OK;
    TRY(mem_grow(&shelf->arrays, &shelf->cap, shelf->count + 1, sizeof(*shelf->arrays), err));
    for (; exported < column_count; exported++)
        TRY(column_export(&shelf->columns[exported], shelf->row_count, &children[exported], err));
    exported = 0; /* moved, also on failure */
    TRY(batch_make(children, column_count, (int64_t)shelf->row_count, &shelf->arrays[shelf->count],
                   err));
    shelf->count++;
    shelf->row_count = 0;
    shelf->open = false;
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&children[i]);
    return rc;
}

int shelf_flush(struct shelf *shelf, struct tg_error *err)
{
    struct parquet_result result;
    const char *path;
    size_t count;
    int rc = TG_OK;
    TRY(close_columns(shelf, err));
    if (shelf->count == 0)
        goto done;
    TRY(fs_mkdirs(shelf->options.folder, err));
    TRY(mem_grow(&shelf->files, &shelf->file_cap, shelf->file_count + 1, sizeof(*shelf->files),
                 err));
    path = arena_printf(&shelf->arena, "%s/%s.%zu.parquet", shelf->options.folder,
                        shelf->options.stem, shelf->file_count);
    if (!path)
        TRY(error_nomem(err));
    shelf->files[shelf->file_count++] = path;
    count = shelf->count;
    shelf->count = shelf->bytes = 0; /* released, also on failure */
    TRY(engine_write_parquet(shelf->options.engine, &shelf->schema, shelf->arrays, count, path,
                             &result, err));
done:
    return rc;
}

int shelf_add(struct shelf *shelf, const int64_t *numbers, const struct buf *bytes,
              struct tg_error *err)
{
    const size_t column_count = shelf->options.column_count;
    const size_t number_count = column_count - shelf->options.has_bytes;
    int rc = TG_OK;
    if (shelf->row_count == BATCH_ROWS)
        TRY(close_columns(shelf, err));
    if (shelf->bytes > shelf->options.bytes_max)
        TRY(shelf_flush(shelf, err));
    for (size_t i = 0; i < column_count && !shelf->open; i++) {
        column_release(&shelf->columns[i]);
        TRY(column_init(&shelf->columns[i], &shelf->types[i], err));
    }
    shelf->open = true;
    if (shelf->options.has_bytes)
        TRY(column_set_text(&shelf->columns[number_count], shelf->row_count, bytes->data,
                            bytes->len, err));
    for (size_t i = 0; i < number_count; i++)
        column_set_int64(&shelf->columns[i], shelf->row_count, numbers[i]);
    shelf->bytes += ROW_BYTES + (bytes ? bytes->len : 0);
    shelf->row_count++;
    shelf->total++;
done:
    return rc;
}

void shelf_relation(const struct shelf *shelf, struct buf *sql)
{
    engine_parquet(sql, shelf->files, shelf->file_count);
}
