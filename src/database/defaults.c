/*
 * What a connection does where its driver has no function for it, in SQL: a database that is given
 * as exec and query alone needs no more.
 *
 * Path: connection_transact -> default_transact; connection_describe -> default_describe ->
 * describe_fetch -> describe_rows -> add_table, add_column; connection_lock -> default_lock.
 *
 * A database that has something better (an advisory lock, a catalog that is faster to ask) brings
 * it in its driver.
 */
#include "database/defaults.h"

#include <string.h>

#include "database/template.h"
#include "duckdb/api.h"

int default_transact(struct connection *con, enum transact what, struct tg_error *err)
{
    const char *begin = con->dialect->begin ? con->dialect->begin : "BEGIN TRANSACTION";
    const char *look = con->dialect->begin_look ? con->dialect->begin_look : begin;
    const char *const statements[] = {[TRANSACT_BEGIN] = begin,
                                      [TRANSACT_LOOK] = look,
                                      [TRANSACT_COMMIT] = "COMMIT",
                                      [TRANSACT_ROLLBACK] = "ROLLBACK"};
    return con->driver->exec(con, statements[what], NULL, err);
}

/* ---- locks ---- */

static int lock_row(struct connection *con, const struct lock_row *row, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t locked = 0;
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = row->dataset,
        .parts = SQL_PARTS(SQL_TABLE("table", row->table), SQL_NAME("column", row->column),
                           SQL_PIECE("where", row->where)),
    };
    TRY(sql_exec(con, &scope, "UPDATE {table} SET {column} = {column} + 1 WHERE {where}", &locked,
                 err));
    TRY(sql_exec(con, &scope, "UPDATE {table} SET {column} = {column} - 1 WHERE {where}", NULL,
                 err));
    /* No row that could be changed: then the table is, into what it is, which one can do at a
     * time. */
    if (locked == 0)
        TRY(sql_exec(con, &scope, "ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT", NULL,
                     err));
done:
    return rc;
}

int default_lock(struct connection *con, const struct lock *locks, size_t count,
                 struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < count; i++)
        if (locks[i].row)
            TRY(lock_row(con, locks[i].row, err));
done:
    return rc;
}

/* ---- describe ---- */

int describe_fetch(struct connection *con, const char *dataset, struct text_rows *out,
                   struct tg_error *err)
{
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .parts =
            SQL_PARTS(SQL_TEXT("dataset", dataset),
                      SQL_PATTERN("is_schema", con->dialect->folds_case
                                                   ? "lower(c.table_schema) = lower({'dataset'})"
                                                   : "c.table_schema = {'dataset'}")),
    };
    if (con->dialect->describe)
        return sql_fetch(con, &scope, con->dialect->describe, out, err);
    return sql_fetch(con, &scope,
                     "SELECT c.table_name, c.column_name, c.data_type,\n"
                     "    CASE WHEN c.column_default IS NULL THEN c.is_nullable ELSE 'YES' END\n"
                     "FROM information_schema.columns AS c\n"
                     "JOIN information_schema.tables AS t ON t.table_catalog = c.table_catalog\n"
                     "    AND t.table_schema = c.table_schema AND t.table_name = c.table_name\n"
                     "WHERE t.table_type = 'BASE TABLE' AND c.table_catalog = current_database()\n"
                     "    AND {is_schema}\n"
                     "ORDER BY c.table_name, c.ordinal_position",
                     out, err);
}

/* As the dialect spells it, where it knows the type. */
static char *spelled(const struct dialect *dialect, const char *sql_type)
{
    struct buf text = BUF_INIT;
    struct type_spec spec = dialect->type_from_sql(sql_type);
    if (spec.type == TYPE_NONE)
        return mem_strdup(sql_type);
    dialect->type_sql(&spec, &text);
    return buf_take(&text);
}

static int add_column(const struct connection *con, const struct text_rows *rows, size_t row,
                      struct described_table *table, struct tg_error *err)
{
    struct described_column *column = &table->columns[table->column_count++];
    const char *nullable = text_cell(rows, row, DESCRIBED_NULLABLE);
    *column = (struct described_column){
        .name = mem_strdup(text_cell(rows, row, DESCRIBED_NAME)),
        .sql_type = spelled(con->dialect, text_cell(rows, row, DESCRIBED_TYPE)),
        .nullable = strcmp(nullable, "YES") == 0 || strcmp(nullable, "true") == 0,
    };
    return column->name && column->sql_type ? TG_OK : error_nomem(err);
}

/* The rows of one table, from `first` to before `end`. */
static int add_table(const struct connection *con, const struct text_rows *rows, size_t first,
                     size_t end, struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described_table *table = &out->tables[out->table_count++];
    table->name = mem_strdup(text_cell(rows, first, DESCRIBED_TABLE));
    table->columns = mem_calloc(end - first, sizeof(*table->columns));
    if (!table->name || !table->columns)
        return error_nomem(err);
    for (size_t row = first; row < end; row++)
        TRY(add_column(con, rows, row, table, err));
done:
    return rc;
}

static bool is_whole(const struct text_rows *rows)
{
    if (rows->column_count < DESCRIBED_COLUMNS)
        return false;
    for (size_t row = 0; row < rows->row_count; row++)
        for (size_t column = 0; column < DESCRIBED_COLUMNS; column++)
            if (!text_cell(rows, row, column))
                return false;
    return true;
}

int describe_rows(const struct connection *con, const struct text_rows *rows,
                  const struct table_filter *filter, struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    if (!is_whole(rows))
        return error_set(err, TG_DESTINATION,
                         "the description of a dataset lacks a value; its rows have a table, a "
                         "column, a type, and whether it may be NULL");
    out->tables = mem_calloc(rows->row_count + 1, sizeof(*out->tables));
    if (!out->tables)
        TRY(error_nomem(err));
    for (size_t first = 0, end = 0; first < rows->row_count; first = end) {
        const char *name = text_cell(rows, first, DESCRIBED_TABLE);
        while (end < rows->row_count && strcmp(text_cell(rows, end, DESCRIBED_TABLE), name) == 0)
            end++;
        if (connection_wants(con, filter, name))
            TRY(add_table(con, rows, first, end, out, err));
    }
done:
    return rc;
}

/* What is there keeps the format that it was made with, whatever writes to it. */
int describe_storage(struct connection *con, struct described *out, struct tg_error *err)
{
    struct text_rows rows;
    out->storage_version = con->storage_version;
    if (!con->dialect->storage || con->knows_storage)
        return TG_OK;
    int rc = connection_fetch(con, con->dialect->storage, &rows, err);
    if (rc != TG_OK)
        return rc;
    const char *text = rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL;
    con->storage_version = text ? version_parse(text) : 0; /* "v1.0.0+" */
    con->knows_storage = true;
    out->storage_version = con->storage_version;
    text_rows_release(&rows);
    return TG_OK;
}

int default_describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                     struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(describe_storage(con, out, err));
    TRY(describe_fetch(con, dataset, &rows, err));
    rc = describe_rows(con, &rows, filter, out, err);
done:
    text_rows_release(&rows);
    return rc;
}
