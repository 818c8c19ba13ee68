/*
 * Tables of several schemas in one dataset.
 *
 * Path: shared_check -> fetch the newest version of each other schema -> find_table.
 *
 * Emptying a shared table is everybody's business; dropping it would take away columns that only
 * the other schema knows, and that its pipeline takes to be there.
 */
#include "write/sql/shared.h"

#include <string.h>

#include "base/codec.h"
#include "database/template.h"

/* The first of the dropped tables that a schema has; NULL: none. */
static const char *find_table(const struct delivery *delivery, const struct catalog *other)
{
    for (size_t i = 0; i < delivery->dropped.count; i++) {
        const char *name = delivery->dropped.targets[i].table->name;
        const struct table *table = catalog_find_like(other, name, delivery->described.folds_case);
        if (table && table->seen_data)
            return name;
    }
    return NULL;
}

static int check_schema(const struct delivery *delivery, const char *schema, const char *blob,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    struct catalog other = {0};
    TRY(blob_decode(blob, strlen(blob), &json, err));
    TRY(catalog_read(&other, buf_string(&json), json.len, err));
    const char *table = find_table(delivery, &other);
    if (table)
        rc =
            error_set(err, TG_USAGE,
                      "table '%s' is schema '%s''s, too, and so is not dropped (refresh %s); "
                      "nothing was written: use drop_data, which empties it, or another table_name",
                      table, schema, delivery->manifest->refresh);
done:
    catalog_release(&other);
    buf_release(&json);
    return rc;
}

int shared_check(const struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = {
        .dialect = delivery->dialect,
        .dataset = delivery->manifest->dataset,
        .parts = SQL_PARTS(SQL_TEXT("schema", delivery->manifest->schema)),
    };
    if (delivery->dropped.count == 0 || !described_find(&delivery->described, "_dlt_version"))
        return TG_OK;
    TRY(sql_fetch(con, &scope,
                  "SELECT [schema_name], [schema] FROM {_dlt_version} AS newest\n"
                  "WHERE [schema_name] <> {'schema'} AND [version] = (\n"
                  "SELECT max([version]) FROM {_dlt_version} AS version\n"
                  "WHERE version.[schema_name] = newest.[schema_name])\n"
                  "ORDER BY 1",
                  &rows, err));
    for (size_t i = 0; i < rows.row_count; i++)
        if (text_cell(&rows, i, 0) && text_cell(&rows, i, 1))
            TRY(check_schema(delivery, text_cell(&rows, i, 0), text_cell(&rows, i, 1), err));
done:
    text_rows_release(&rows);
    return rc;
}
