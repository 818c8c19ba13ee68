/*
 * What a connection does where its driver has no function for it, in SQL: a database that is given
 * as exec and query alone needs no more.
 *
 * Path: connection_transact -> default_transact; connection_describe -> default_describe ->
 * fetch_columns -> add_table, add_column; connection_lock -> default_lock (lock_table).
 *
 * A database that has something better (an advisory lock, a catalog that is faster to ask) brings
 * it in its driver.
 */
#include "database/defaults.h"

#include <string.h>

int default_transact(struct connection *con, enum transact what, struct tg_error *err)
{
    static const char *const statements[] = {[TRANSACT_BEGIN] = "BEGIN TRANSACTION",
                                             [TRANSACT_COMMIT] = "COMMIT",
                                             [TRANSACT_ROLLBACK] = "ROLLBACK"};
    return con->driver->exec(con, statements[what], NULL, err);
}

/* No row that could be changed: then the table is, into what it is, which one can do at a time. */
static int lock_table(struct connection *con, const struct lock_row *row, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    buf_text(&sql, "ALTER TABLE ");
    sql_table(&sql, con->dialect, row->dataset, row->table);
    buf_text(&sql, " ALTER COLUMN ");
    sql_ident(&sql, con->dialect, row->column);
    buf_text(&sql, " DROP DEFAULT");
    int rc = buf_check(&sql, err);
    if (rc == TG_OK)
        rc = connection_exec(con, sql.data, NULL, err);
    buf_release(&sql);
    return rc;
}

int default_lock(struct connection *con, const struct lock_row *row, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t locked = 0;
    struct buf sql = BUF_INIT;
    for (int i = 0; i < 2; i++) {
        buf_clear(&sql);
        buf_text(&sql, "UPDATE ");
        sql_table(&sql, con->dialect, row->dataset, row->table);
        buf_text(&sql, " SET ");
        sql_ident(&sql, con->dialect, row->column);
        buf_text(&sql, " = ");
        sql_ident(&sql, con->dialect, row->column);
        buf_printf(&sql, "%s WHERE %s", i == 0 ? " + 1" : " - 1", row->where);
        TRY(buf_check(&sql, err));
        TRY(connection_exec(con, sql.data, &locked, err));
    }
    if (locked == 0)
        rc = lock_table(con, row, err);
done:
    buf_release(&sql);
    return rc;
}

/* ---- describe ---- */

enum { TABLE, NAME, TYPE, NULLABLE, DEFAULT };

static int fetch_columns(struct connection *con, const char *dataset, struct text_rows *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    buf_text(&sql, "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, "
                   "c.column_default\nFROM information_schema.columns AS c\n"
                   "JOIN information_schema.tables AS t ON t.table_catalog = c.table_catalog\n"
                   "    AND t.table_schema = c.table_schema AND t.table_name = c.table_name\n"
                   "WHERE t.table_type = 'BASE TABLE' AND c.table_catalog = current_database()\n"
                   "    AND ");
    buf_text(&sql,
             con->dialect->folds_case ? "lower(c.table_schema) = lower(" : "c.table_schema = (");
    sql_text(&sql, dataset);
    buf_text(&sql, ")\nORDER BY c.table_name, c.ordinal_position");
    TRY(buf_check(&sql, err));
    rc = connection_fetch(con, sql.data, out, err);
done:
    buf_release(&sql);
    return rc;
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
    *column = (struct described_column){
        .name = mem_strdup(text_cell(rows, row, NAME)),
        .sql_type = spelled(con->dialect, text_cell(rows, row, TYPE)),
        .nullable =
            strcmp(text_cell(rows, row, NULLABLE), "YES") == 0 || text_cell(rows, row, DEFAULT),
    };
    return column->name && column->sql_type ? TG_OK : error_nomem(err);
}

/* The rows of one table, from `first` to before `end`. */
static int add_table(const struct connection *con, const struct text_rows *rows, size_t first,
                     size_t end, struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described_table *table = &out->tables[out->table_count++];
    table->name = mem_strdup(text_cell(rows, first, TABLE));
    table->columns = mem_calloc(end - first, sizeof(*table->columns));
    if (!table->name || !table->columns)
        return error_nomem(err);
    for (size_t row = first; row < end; row++)
        TRY(add_column(con, rows, row, table, err));
done:
    return rc;
}

int default_describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                     struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(fetch_columns(con, dataset, &rows, err));
    out->tables = mem_calloc(rows.row_count + 1, sizeof(*out->tables));
    if (!out->tables) {
        rc = error_nomem(err);
        goto done;
    }
    for (size_t first = 0, end = 0; first < rows.row_count; first = end) {
        const char *name = text_cell(&rows, first, TABLE);
        while (end < rows.row_count && strcmp(text_cell(&rows, end, TABLE), name) == 0)
            end++;
        if (!filter || filter->wants(filter->user, name))
            TRY(add_table(con, &rows, first, end, out, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}
