/*
 * Owns the batch of rejected rows: rejects_add -> columns of text -> rejects_flush ->
 * package_append, as a table of the package like any other, but for the catalog, which does not
 * know it.
 *
 * A document is kept as JSON, typed values as dlt writes them; what could not be read as its text,
 * and the document is null. Who rejects rows is normalize's
 * business; how the table is made and filled at the destination, write's.
 */
#include "package/rejects.h"

#include <string.h>

#include "data/batch.h"
#include "data/rows.h"

enum { BATCH_BYTES_MAX = 1024 * 1024, LINE_COLUMN = 7, BYTE_COLUMN = 8, DOCUMENT_COLUMN = 10 };

const char *const rejects_columns[REJECTS_COLUMNS] = {
    "load_id", "resource_name", "table_name", "column_name", "reason",   "place",
    "file",    "line",          "byte",       "text",        "document",
};

static const struct type_spec column_specs[REJECTS_COLUMNS] = {
    {.type = TYPE_TEXT},   {.type = TYPE_TEXT}, {.type = TYPE_TEXT}, {.type = TYPE_TEXT},
    {.type = TYPE_TEXT},   {.type = TYPE_TEXT}, {.type = TYPE_TEXT}, {.type = TYPE_BIGINT},
    {.type = TYPE_BIGINT}, {.type = TYPE_TEXT}, {.type = TYPE_TEXT},
};

static int open_columns(struct rejects *rejects, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        TRY(column_init(&rejects->columns[i], &column_specs[i], err));
done:
    return rc;
}

static bool is_full(const struct rejects *rejects)
{
    size_t bytes = 0;
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        bytes += rejects->columns[i].text_len;
    return rejects->row_count == BATCH_ROWS || bytes > BATCH_BYTES_MAX;
}

/* What is missing stays NULL. */
static int add_text(struct rejects *rejects, size_t column, const char *text, struct tg_error *err)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0)
        return TG_OK;
    return column_set_text(&rejects->columns[column], rejects->row_count, text, len, err);
}

static void add_number(struct rejects *rejects, size_t column, uint64_t number)
{
    if (number > 0)
        column_set_int64(&rejects->columns[column], rejects->row_count, (int64_t)number);
}

static int tally_keep(struct rejects *rejects, const struct rejected_row *row, struct tg_error *err)
{
    int rc = TG_OK;
    struct reject_tally tally = {.rows = 1};
    if (!rejects->tallies)
        arena_init(&rejects->arena);
    TRY(mem_grow(&rejects->tallies, &rejects->tally_cap, rejects->tally_count + 1,
                 sizeof(*rejects->tallies), err));
    TRY(arena_keep(&rejects->arena, row->resource, &tally.resource, err));
    TRY(arena_keep(&rejects->arena, row->table, &tally.table, err));
    TRY(arena_keep(&rejects->arena, row->reason ? row->reason : "", &tally.reason, err));
    TRY(arena_keep(&rejects->arena, row->place ? row->place : "", &tally.place, err));
    if (row->column)
        TRY(arena_keep(&rejects->arena, row->column, &tally.column, err));
    rejects->tallies[rejects->tally_count++] = tally;
done:
    return rc;
}

static int tally_count(struct rejects *rejects, const struct rejected_row *row,
                       struct tg_error *err)
{
    for (size_t i = rejects->tally_count; i-- > 0;) {
        struct reject_tally *tally = &rejects->tallies[i];
        if (strcmp(tally->resource, row->resource) == 0 && strcmp(tally->table, row->table) == 0) {
            tally->rows++;
            return TG_OK;
        }
    }
    return tally_keep(rejects, row, err);
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
        row->file,
        NULL,
        NULL,
        row->text,
        buf_string(&rejects->json),
    };
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        TRY(add_text(rejects, i, texts[i], err));
    add_number(rejects, LINE_COLUMN, row->line);
    add_number(rejects, BYTE_COLUMN, row->byte);
    rejects->row_count++;
    if (rejects->json.cap > BATCH_BYTES_MAX)
        buf_release(&rejects->json);
    TRY(tally_count(rejects, row, err));
    if (is_full(rejects))
        TRY(rejects_flush(rejects, package, err));
done:
    return rc;
}

/* A document is noted to be one: the engine need not parse it, which takes four times its text. */
static int make_schema(struct ArrowSchema *out, struct tg_error *err)
{
    static const struct schema_note json = {SCHEMA_EXTENSION, SCHEMA_JSON};
    int rc = TG_OK;
    TRY(schema_make(rejects_columns, column_specs, REJECTS_COLUMNS, out, err));
    TRY(schema_annotate(out->children[DOCUMENT_COLUMN], &json, 1, err));
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
    if (rejects->row_count == 0)
        return TG_OK;
    TRY(make_schema(&schema, err));
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
    if (rejects->tallies)
        arena_release(&rejects->arena);
    mem_free(rejects->tallies);
    rejects->tallies = NULL;
    rejects->tally_count = rejects->tally_cap = 0;
}
