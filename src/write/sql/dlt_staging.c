/*
 * What dlt keeps of a dataset's tables in DATASET_staging.
 *
 *   dlt_staging_drop: describe (is there such a dataset?) -> DROP of each copy, and the schema's
 *   versions there go, as dlt does it
 *
 * We stage in temporary tables. But whoever goes on with dlt would find copies of the columns that
 * were, or a version that says that they are there.
 */
#include "write/sql/dlt_staging.h"

#include "database/template.h"

static int drop_copies(const struct delivery *delivery, const struct described *there,
                       const char *dataset, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    size_t dropped = 0;
    const struct manifest *manifest = delivery->manifest;
    const struct sql_scope scope = {
        .dialect = delivery->dialect,
        .dataset = dataset,
        .parts = SQL_PARTS(SQL_TEXT("schema", manifest->schema)),
    };
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        if (!part->dropped || !described_find(there, part->name))
            continue;
        const struct sql_scope copy = sql_within(&scope, SQL_PARTS(SQL_TABLE("copy", part->name)));
        TRY(plan_add(plan, NULL, COUNT_NONE, &copy, "DROP TABLE {copy}", err));
        dropped++;
    }
    if (dropped > 0 && described_find(there, "_dlt_version"))
        TRY(plan_add(plan, NULL, COUNT_NONE, &scope,
                     "DELETE FROM {_dlt_version} WHERE [schema_name] = {'schema'}", err));
done:
    return rc;
}

int dlt_staging_drop(const struct delivery *delivery, struct connection *con, struct plan *plan,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf dataset = BUF_INIT;
    struct described there = {0};
    if (delivery->dropped.count == 0 || delivery->dialect->attach)
        return TG_OK;
    buf_printf(&dataset, "%s_staging", delivery->manifest->dataset);
    TRY(buf_check(&dataset, err));
    TRY(connection_describe(con, dataset.data, NULL, &there, err));
    TRY(drop_copies(delivery, &there, dataset.data, plan, err));
done:
    described_release(&there);
    buf_release(&dataset);
    return rc;
}
