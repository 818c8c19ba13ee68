/*
 * What a database holds, for people to see.
 *
 *   show_database: describe -> write_tables, a count of each table in one query
 *                            | loads: what the ledger has counted of each load
 *                            | windows: which there are, and who has them
 *
 * A dataset without tables is an error that says what to do; one without our ledger (dlt has made
 * it) has no loads to show.
 */
#include "write/sql/show.h"

#include <string.h>

#include "database/template.h"
#include "write/sql/keep.h"

/* What is kept for an undo stands in tables of each load. */
static bool is_shown(const void *user, const char *table)
{
    (void)user;
    return strncmp(table, UNDO_TABLE "_", strlen(UNDO_TABLE "_")) != 0;
}

/* Users' tables first, then the ledger's. */
static const char tables_begin[] = "SELECT * FROM (SELECT NULL AS [table], 0 AS [rows], "
                                   "0 AS [columns] WHERE false";
static const char tables_each[] = " UNION ALL SELECT {'name'}, count(*), {columns} FROM {rows}";
static const char tables_end[] = ") AS shown ORDER BY substr([table], 1, 1) = '_', [table]";

static const char loads[] =
    "SELECT [load_id], [created_at], [table_name] AS [table], [disposition], "
    "[rows_read] AS [read], [rows_new] AS [new], [rows_inserted] AS [inserted], "
    "[rows_updated] AS [updated], [rows_deleted] AS [deleted], [rows_filtered] AS [filtered], "
    "[rows_rejected] AS [rejected], {unchanged} AS [unchanged], {late} AS [late] FROM "
    "{_tidegate_loads} "
    "ORDER BY [load_id], [created_at], [table]";
static const char no_loads[] = "SELECT '' AS [load_id], '' AS [table] WHERE false";

/* Ends as people write them: what marks a time in the state goes, and midnight in UTC with it. */
#define END(column)                                                                                \
    "replace(replace(replace(replace([" column "], '\"', ''), {'time'}, ''), "                     \
    "'T00:00:00+00:00', ''), '+00:00', 'Z')"
static const char windows[] = "SELECT [resource_name] AS [resource], " END("lo") " AS [from], " END(
    "hi") " AS [to], "
          "[state], [rows], [load_id], [run_id], [id] AS [window], [tries], [owner], "
          "[cursor_path] AS [cursor] FROM {" WINDOWS_TABLE "} "
          "ORDER BY [run_id], [id]";
static const char no_windows[] =
    "SELECT '' AS [resource], '' AS [from], '' AS [to], '' AS [state], 0 AS [rows] WHERE false";

static int write_windows(const struct sql_scope *scope, const struct described *there,
                         struct buf *sql, struct tg_error *err)
{
    const bool has_some = described_find(there, WINDOWS_TABLE) != NULL;
    const struct sql_scope one = sql_within(scope, SQL_PARTS(SQL_TEXT("time", "\xef\x80\xa7")));
    return sql_write(sql, &one, has_some ? windows : no_windows, err);
}

static int write_tables(const struct sql_scope *scope, const struct described *there,
                        struct buf *sql, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(sql_write(sql, scope, tables_begin, err));
    for (size_t i = 0; i < there->table_count; i++) {
        const struct described_table *table = &there->tables[i];
        const struct sql_scope one = sql_within(
            scope, SQL_PARTS(SQL_TEXT("name", table->name), SQL_TABLE("rows", table->name),
                             SQL_NUMBER("columns", table->column_count)));
        TRY(sql_write(sql, &one, tables_each, err));
    }
    TRY(sql_write(sql, scope, tables_end, err));
done:
    return rc;
}

/* An older ledger does not count all of it. */
static int write_loads(const struct sql_scope *scope, const struct described *there,
                       struct buf *sql, struct tg_error *err)
{
    const struct described_table *table = described_find(there, "_tidegate_loads");
    bool counts = table && described_column(there, table, "rows_unchanged");
    bool counts_late = table && described_column(there, table, "rows_late");
    const struct sql_scope one =
        sql_within(scope, SQL_PARTS(SQL_PATTERN("unchanged", counts ? "[rows_unchanged]" : "NULL"),
                                    SQL_PATTERN("late", counts_late ? "[rows_late]" : "NULL")));
    return sql_write(sql, &one, table ? loads : no_loads, err);
}

int show_database(struct connection *con, const char *dataset, enum tg_show what,
                  struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there = {0};
    struct buf sql = BUF_INIT;
    const struct sql_scope scope = {.dialect = con->dialect, .dataset = dataset};
    TRY(connection_describe(con, dataset, &(struct table_filter){.wants = is_shown}, &there, err));
    if (there.table_count == 0)
        TRY(error_reason(err,
                         error_set(err, TG_DESTINATION,
                                   "dataset '%s' holds no tables yet; run the pipeline first",
                                   dataset),
                         TG_REASON_NOTHING_LOADED));
    if (what == TG_SHOW_TABLES)
        TRY(write_tables(&scope, &there, &sql, err));
    else if (what == TG_SHOW_WINDOWS)
        TRY(write_windows(&scope, &there, &sql, err));
    else
        TRY(write_loads(&scope, &there, &sql, err));
    TRY(buf_check(&sql, err));
    TRY(connection_query(con, buf_string(&sql), out, err));
done:
    described_release(&there);
    buf_release(&sql);
    return rc;
}
