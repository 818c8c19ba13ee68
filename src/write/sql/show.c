/*
 * What a database holds, for people to see.
 *
 *   show_database: describe -> write_tables, a count of each table in one query
 *                            | write_view: columns of a table of the ledger (loads, rejects, files)
 *                            | windows: which there are, and who has them
 *   show_versions: the schemas that there have been
 *
 * A dataset without tables is an error that says what to do; one without our ledger (dlt has made
 * it) has no loads to show. Rows are the stream's to read, however many.
 */
#include "write/sql/show.h"

#include <string.h>

#include "database/template.h"
#include "package/rejects.h"
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

/* Columns of a table of the ledger, by the names that they are shown under. Those that an older
 * ledger lacks are NULL. */
struct view_column {
    const char *column; /* in it */
    const char *shown;  /* NULL: the same */
};

enum { VIEW_COLUMNS_MAX = 16 };

static const struct view {
    enum tg_show what;
    const char *table;
    struct view_column columns[VIEW_COLUMNS_MAX];
    const char *order; /* of columns that any ledger has */
} views[] = {
    {TG_SHOW_LOADS,
     "_tidegate_loads",
     {{"load_id", NULL},
      {"created_at", NULL},
      {"table_name", "table"},
      {"disposition", NULL},
      {"rows_read", "read"},
      {"rows_new", "new"},
      {"rows_inserted", "inserted"},
      {"rows_updated", "updated"},
      {"rows_deleted", "deleted"},
      {"rows_filtered", "filtered"},
      {"rows_rejected", "rejected"},
      {"rows_unchanged", "unchanged"},
      {"rows_late", "late"}},
     "[load_id], [created_at], [table_name]"},
    {TG_SHOW_REJECTS,
     REJECTS_TABLE,
     {{"load_id", NULL},
      {"resource_name", "resource"},
      {"table_name", "table"},
      {"column_name", "column"},
      {"file", NULL},
      {"line", NULL},
      {"byte", NULL},
      {"place", NULL},
      {"reason", NULL},
      {"text", NULL},
      {"document", NULL},
      {"inserted_at", NULL}},
     "[inserted_at], [load_id], [resource_name], [place]"},
    {TG_SHOW_SOURCE_FILES,
     "_tidegate_files",
     {{"pipeline_name", "pipeline"},
      {"resource_name", "resource"},
      {"path", NULL},
      {"row_count", "rows"},
      {"size", "bytes"},
      {"content_bytes", NULL},
      {"content_hash", NULL},
      {"load_id", NULL},
      {"modified_us", NULL}},
     "[pipeline_name], [resource_name], [path]"},
};

/* A dataset may have no such table: then the view has no rows. */
static int write_view(const struct sql_scope *scope, const struct described *there,
                      const struct view *view, struct buf *sql, struct tg_error *err)
{
    struct buf pattern = BUF_INIT;
    const struct described_table *table = described_find(there, view->table);
    for (const struct view_column *column = view->columns; column->column; column++) {
        bool is_there = table && described_column(there, table, column->column);
        buf_printf(&pattern, is_there ? "%s[%s]" : "%sNULL",
                   column == view->columns ? "SELECT " : ", ", column->column);
        buf_printf(&pattern, " AS [%s]", column->shown ? column->shown : column->column);
    }
    if (table)
        buf_printf(&pattern, " FROM {%s} ORDER BY %s", view->table, view->order);
    else
        buf_text(&pattern, " WHERE false");
    int rc = buf_check(&pattern, err);
    if (rc == TG_OK)
        rc = sql_write(sql, scope, buf_string(&pattern), err);
    buf_release(&pattern);
    return rc;
}

/* Each version of the schema, and the first load that has it. */
static const char versions[] =
    "SELECT v.[version], v.[schema], (SELECT min(l.[load_id]) FROM {_dlt_loads} AS l\n"
    "    WHERE l.[schema_version_hash] = v.[version_hash]) AS [load_id]\n"
    "FROM {_dlt_version} AS v\n"
    "WHERE v.[schema_name] = {'schema'} ORDER BY v.[version]";

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

static int write_shown(const struct sql_scope *scope, const struct described *there,
                       enum tg_show what, struct buf *sql, struct tg_error *err)
{
    if (what == TG_SHOW_TABLES)
        return write_tables(scope, there, sql, err);
    if (what == TG_SHOW_WINDOWS)
        return write_windows(scope, there, sql, err);
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        if (views[i].what == what)
            return write_view(scope, there, &views[i], sql, err);
    return error_set(err, TG_INTERNAL, "view %d is not shown by a database", (int)what);
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
    TRY(write_shown(&scope, &there, what, &sql, err));
    TRY(buf_check(&sql, err));
    TRY(connection_query(con, buf_string(&sql), out, err));
done:
    described_release(&there);
    buf_release(&sql);
    return rc;
}

int show_versions(struct connection *con, const char *dataset, const char *schema,
                  struct text_rows *out, struct tg_error *err)
{
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = dataset,
                                    .parts = SQL_PARTS(SQL_TEXT("schema", schema))};
    return sql_fetch(con, &scope, versions, out, err);
}
