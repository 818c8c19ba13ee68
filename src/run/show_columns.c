/*
 * The columns of a schema, and since when they are in it.
 *
 *   show_columns -> the schema that the destination has -> find_since: each version that was
 *   stored, the oldest first, for columns that are not found yet -> put_tables: a line for each
 *
 * Which field of the source it holds stands with the column in the schema (SOURCE_FIELD), where it
 * is not called so itself.
 * A column that was taken away and came again counts from the first time. What no version records
 * (they were removed, or another program made the table) is NULL.
 */
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "data/sheet.h"
#include "dlt/store.h"
#include "run/inspect.h"

enum {
    TABLE,
    COLUMN,
    FIELD,
    TYPE,
    DATA_TYPE,
    NULLABLE,
    HINTS,
    SINCE_VERSION,
    SINCE_LOAD,
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {"table", "column",        "source_field",
                                                "type",  "data_type",     "nullable",
                                                "hints", "since_version", "since_load"};

static const struct type_spec types[COLUMN_COUNT] = {
    [TABLE] = {.type = TYPE_TEXT},     [COLUMN] = {.type = TYPE_TEXT},
    [FIELD] = {.type = TYPE_TEXT},     [TYPE] = {.type = TYPE_TEXT},
    [DATA_TYPE] = {.type = TYPE_TEXT}, [NULLABLE] = {.type = TYPE_BOOL},
    [HINTS] = {.type = TYPE_TEXT},     [SINCE_VERSION] = {.type = TYPE_BIGINT},
    [SINCE_LOAD] = {.type = TYPE_TEXT}};

struct columns_view {
    struct destination destination;
    struct catalog catalog;
    struct schema_versions versions;
    const struct schema_version **since; /* of all columns, table by table */
    struct sheet sheet;
};

/* ---- since when ---- */

static bool has_column(const struct catalog *catalog, const char *table_name, const char *name)
{
    const struct table *table = catalog_find(catalog, table_name);
    const struct table_column *column = table ? table_find(table, name) : NULL;
    return column && column->spec.type != TYPE_NONE;
}

static int find_in(struct columns_view *view, const struct schema_version *version,
                   struct tg_error *err)
{
    int rc = TG_OK;
    size_t at = 0;
    struct buf json = BUF_INIT;
    struct catalog then = {0};
    TRY(blob_decode(version->json, strlen(version->json), &json, err));
    TRY(catalog_read(&then, buf_string(&json), json.len, err));
    for (size_t t = 0; t < view->catalog.table_count; t++) {
        const struct table *table = view->catalog.tables[t];
        for (size_t c = 0; c < table->column_count; c++, at++)
            if (!view->since[at] && has_column(&then, table->name, table->columns[c].name))
                view->since[at] = version;
    }
done:
    catalog_release(&then);
    buf_release(&json);
    return rc;
}

static int find_since(struct columns_view *view, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    for (size_t t = 0; t < view->catalog.table_count; t++)
        count += view->catalog.tables[t]->column_count;
    view->since = mem_calloc(count + 1, sizeof(*view->since));
    if (!view->since)
        return error_nomem(err);
    for (size_t i = 0; i < view->versions.count && rc == TG_OK; i++)
        rc = find_in(view, &view->versions.items[i], err);
    return rc;
}

/* ---- lines ---- */

static int put_hints(struct sheet *sheet, struct table_column *column, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (const struct column_flag *flag = column_flags; flag->key; flag++)
        if (*column_flag_at(column, flag))
            buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", flag->key);
    int rc = buf_check(&text, err);
    if (rc == TG_OK && text.len > 0)
        rc = sheet_text(sheet, HINTS, buf_string(&text), err);
    buf_release(&text);
    return rc;
}

static int put_field(struct sheet *sheet, const struct table_column *column, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    const char *json = extra_find(column->extras, SOURCE_FIELD);
    if (!json)
        return TG_OK;
    TRY(json_parse(json, strlen(json), SOURCE_FIELD, &doc, err));
    rc = sheet_text(sheet, FIELD, yyjson_get_str(yyjson_doc_get_root(doc)), err);
done:
    yyjson_doc_free(doc);
    return rc;
}

static int put_type(struct columns_view *view, const struct table_column *column,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    view->destination.facts.type_text(&column->spec, &text);
    TRY(buf_check(&text, err));
    TRY(sheet_text(&view->sheet, TYPE, buf_string(&text), err));
    rc = sheet_text(&view->sheet, DATA_TYPE, type_name(column->spec.type), err);
done:
    buf_release(&text);
    return rc;
}

static int put_column(struct columns_view *view, const struct table *table,
                      struct table_column *column, const struct schema_version *since,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct sheet *sheet = &view->sheet;
    TRY(sheet_text(sheet, TABLE, table->name, err));
    TRY(sheet_text(sheet, COLUMN, column->name, err));
    TRY(put_field(sheet, column, err));
    if (column->spec.type != TYPE_NONE)
        TRY(put_type(view, column, err));
    sheet_bool(sheet, NULLABLE, column->nullable);
    TRY(put_hints(sheet, column, err));
    if (since) {
        sheet_int64(sheet, SINCE_VERSION, since->version);
        TRY(sheet_text(sheet, SINCE_LOAD, since->load_id, err));
    }
    rc = sheet_end_row(sheet, err);
done:
    return rc;
}

/* Those of the ledger are nobody's to ask for. */
static int put_tables(struct columns_view *view, struct tg_error *err)
{
    int rc = TG_OK;
    size_t at = 0;
    for (size_t t = 0; t < view->catalog.table_count; t++) {
        const struct table *table = view->catalog.tables[t];
        for (size_t c = 0; c < table->column_count; c++, at++)
            if (!table_is_system(table))
                TRY(put_column(view, table, &table->columns[c], view->since[at], err));
    }
done:
    return rc;
}

int show_columns(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct columns_view view = {.since = NULL};
    TRY(sheet_init(&view.sheet, names, types, COLUMN_COUNT, err));
    TRY(inspect_open(pipeline, &view.destination, err));
    TRY(inspect_schema(&view.destination, pipeline, &view.catalog, err));
    TRY(destination_versions(&view.destination, view.catalog.name, &view.versions, err));
    TRY(find_since(&view, err));
    TRY(put_tables(&view, err));
    TRY(sheet_stream(&view.sheet, out, err));
done:
    sheet_release(&view.sheet);
    mem_free(view.since);
    arena_release(&view.versions.arena);
    catalog_release(&view.catalog);
    destination_close(&view.destination);
    return rc;
}
