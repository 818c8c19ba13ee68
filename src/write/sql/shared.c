/*
 * Tables of several schemas, or of several pipelines of one schema, in one dataset.
 *
 * Path: shared_check -> shared_schemas (the newest version of each other schema -> check_schema) ->
 * check_pipelines (who else has loaded into it -> check_pipeline). Both refuse a drop, and mark
 * tables of which rows would go that the load does not have (loses_others). What other schemas
 * alone know to be nested in a table is below.c's.
 *
 * Emptying a shared table is everybody's business; dropping it would take away columns that only
 * the other schema knows, and that its pipeline takes to be there. Where the schema is one its
 * version is, too, and nothing tells the other pipeline that it has to load again. What a source
 * has no more are rows that came from it: rows of others are in theirs (SHARED_OWN).
 */
#include "write/sql/shared.h"

#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "database/template.h"
#include "write/disposition.h"
#include "write/sql/below.h"
#include "write/sql/plan.h"

static bool has_merge_key(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].merge_key)
            return true;
    return false;
}

/* Would rows go, or end, because the load lacks them, or has their range? */
static bool loses_others(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    const bool ends = chain->driver->keeps_history && !has_merge_key(root->table);
    const bool loses = ends || target_has_range(root) || target_loses_absent(root);
    return root->there && !chain->replaced && loses;
}

static bool knows(const struct delivery *delivery, const struct catalog *other, const char *name)
{
    const struct table *table = catalog_find_like(other, name, delivery->described.folds_case);
    return table && table->seen_data;
}

/* The first of the dropped tables that a schema has; NULL: none. */
static const char *find_table(const struct delivery *delivery, const struct catalog *other)
{
    for (size_t i = 0; i < delivery->dropped.count; i++)
        if (knows(delivery, other, delivery->dropped.targets[i].table->name))
            return delivery->dropped.targets[i].table->name;
    return NULL;
}

static void mark_known(struct delivery *delivery, const struct catalog *other)
{
    for (size_t i = 0; i < delivery->chain_count; i++) {
        struct chain *chain = &delivery->chains[i];
        if (loses_others(chain) && knows(delivery, other, chain->targets[0].table->name))
            chain->shared = true;
    }
}

static int read_schema(const char *schema, const char *blob, struct catalog *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    TRY(blob_decode(blob, strlen(blob), &json, err));
    TRY(catalog_read(out, buf_string(&json), json.len, err));
done:
    buf_release(&json);
    return rc == TG_OK ? rc : error_where(err, rc, "schema '%s' of the dataset", schema);
}

static int check_schema(void *user, const char *schema, const struct catalog *other,
                        struct tg_error *err)
{
    struct delivery *delivery = user;
    const char *table = find_table(delivery, other);
    if (table)
        return error_set(
            err, TG_USAGE,
            "table '%s' is schema '%s''s, too, and so is not dropped (%s); "
            "nothing was written: use drop_data, which empties it, or another table_name",
            table, schema, delivery->manifest->refresh);
    mark_known(delivery, other);
    return below_add(delivery, other, err);
}

static int visit_schema(const struct schema_visitor *visitor, const char *schema, const char *blob,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog other = {0};
    TRY(read_schema(schema, blob, &other, err));
    rc = visitor->visit(visitor->user, schema, &other, err);
done:
    catalog_release(&other);
    return rc;
}

int shared_schemas(struct connection *con, const char *dataset, const struct described *there,
                   const char *schema, const struct schema_visitor *visitor, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = dataset,
                                    .parts = SQL_PARTS(SQL_TEXT("schema", schema))};
    if (!described_find(there, "_dlt_version"))
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
            TRY(visit_schema(visitor, text_cell(&rows, i, 0), text_cell(&rows, i, 1), err));
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- other pipelines ---- */

/* Not every version of the ledger names them. */
static bool names_pipelines(const struct described *there)
{
    const struct described_table *loads = described_find(there, "_tidegate_loads");
    return loads && described_column(there, loads, "pipeline_name");
}

static bool is_of(const struct delivery *delivery, const struct target *target, const char *table)
{
    const char *name = target->table->name;
    return (delivery->described.folds_case ? strcasecmp(name, table) : strcmp(name, table)) == 0;
}

static bool is_dropped(const struct delivery *delivery, const char *table)
{
    for (size_t i = 0; i < delivery->dropped.count; i++)
        if (is_of(delivery, &delivery->dropped.targets[i], table))
            return true;
    return false;
}

static void mark_loaded(struct delivery *delivery, const char *table)
{
    for (size_t i = 0; i < delivery->chain_count; i++) {
        struct chain *chain = &delivery->chains[i];
        if (loses_others(chain) && is_of(delivery, &chain->targets[0], table))
            chain->shared = true;
    }
}

static int check_pipeline(struct delivery *delivery, const char *table, const char *pipeline,
                          struct tg_error *err)
{
    mark_loaded(delivery, table);
    if (!is_dropped(delivery, table))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "table '%s' has been loaded by pipeline '%s', too, and so is not dropped "
                     "(%s); nothing was written: use drop_data, which empties it for both, "
                     "or another table_name",
                     table, pipeline, delivery->manifest->refresh);
}

static int check_pipelines(struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TEXT("pipeline", delivery->manifest->pipeline)));
    if (!names_pipelines(&delivery->described))
        return TG_OK;
    TRY(sql_fetch(con, &scope,
                  "SELECT [table_name], min([pipeline_name]) FROM {_tidegate_loads}\n"
                  "WHERE [pipeline_name] <> {'pipeline'}\n"
                  "    AND ([rows_inserted] > 0 OR [rows_updated] > 0)\n"
                  "GROUP BY [table_name]\n"
                  "ORDER BY 1",
                  &rows, err));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(check_pipeline(delivery, text_cell(&rows, i, 0), text_cell(&rows, i, 1), err));
done:
    text_rows_release(&rows);
    return rc;
}

/* Is there a table of which somebody else's rows might go? */
static bool asks(const struct delivery *delivery)
{
    size_t i = 0;
    while (i < delivery->chain_count && !loses_others(&delivery->chains[i]))
        i++;
    return i < delivery->chain_count || delivery->dropped.count > 0;
}

int shared_check(struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    const struct schema_visitor visitor = {check_schema, delivery};
    if (!asks(delivery) && !below_asks(delivery))
        return TG_OK;
    TRY(shared_schemas(con, manifest->dataset, &delivery->described, manifest->schema, &visitor,
                       err));
    if (asks(delivery))
        rc = check_pipelines(delivery, con, err);
done:
    return rc;
}
