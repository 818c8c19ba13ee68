/*
 * The rows of a key, and what the ledger has of the loads that brought, replaced or refused them.
 *
 *   story_tell: put_which (the condition) -> tell_rows (as they are now) -> tell_nested ->
 *   tell_kept (old ones, in the tables of an undo) -> tell_loads, tell_files -> tell_rejects
 *
 * What there is no table or no column for is left out: the one who asks says that it is not
 * recorded.
 */
#include "write/sql/story.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/history.h"
#include "database/template.h"
#include "package/rejects.h"
#include "write/disposition.h"
#include "write/sql/keep.h"

struct telling {
    struct connection *con;
    const struct story_request *request;
    struct described there;
    struct sql_scope scope;
    struct buf which;
    struct story *out;
};

static int keep(struct telling *telling, const struct text_rows *rows, size_t row, size_t column,
                const char **out, struct tg_error *err)
{
    const char *text = text_cell(rows, row, column);
    *out = NULL;
    return text ? arena_keep(&telling->out->arena, text, out, err) : TG_OK;
}

/* ---- the condition ---- */

/* As the column's type, so that 01 is 1 for a number, and "01" for a text. */
static void put_equal(struct buf *out, const struct dialect *dialect, const struct story_key *key)
{
    const struct type_spec *spec = &key->column->spec;
    sql_ident(out, dialect, key->column->name);
    if (!key->value) {
        buf_text(out, " IS NULL");
        return;
    }
    bool is_text = spec->type == TYPE_TEXT || spec->type == TYPE_NONE;
    buf_text(out, is_text ? " = " : " = CAST(");
    sql_text(out, key->value);
    if (is_text)
        return;
    buf_text(out, " AS ");
    dialect->type_sql(spec, out);
    buf_char(out, ')');
}

static int put_which(struct telling *telling, struct tg_error *err)
{
    const struct story_request *request = telling->request;
    for (size_t i = 0; i < request->key_count; i++) {
        buf_text(&telling->which, i > 0 ? " AND " : "");
        put_equal(&telling->which, telling->con->dialect, &request->keys[i]);
    }
    return buf_check(&telling->which, err);
}

/* ---- rows ---- */

/* For `hole` of a statement: a column, where the table has it, or NULL. */
static struct sql_part or_null(const struct telling *telling, const char *hole,
                               const char *table_name, const char *column)
{
    const struct described_table *table = described_find(&telling->there, table_name);
    if (table && column && described_column(&telling->there, table, column))
        return SQL_NAME(hole, column);
    return SQL_PIECE(hole, "NULL");
}

/* A time that stands for none: the version is valid. */
static bool is_endless(const struct history *history, const char *to)
{
    int64_t us;
    return to && history->has_active && history_time(to, &us) && us == history->active_us;
}

enum { LOAD, ID, DELETED, FROM, TO };

/* The newest first; `taken_by`: the load that took them away. */
static int read_rows(struct telling *telling, const char *table, const char *taken_by,
                     struct story_rows *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct history history;
    struct text_rows rows = {0};
    TRY(history_read(telling->request->table, &history, err));
    const struct sql_scope scope = sql_within(
        &telling->scope,
        SQL_PARTS(SQL_TABLE("table", table), SQL_PIECE("which", buf_string(&telling->which)),
                  or_null(telling, "load", table, "_dlt_load_id"),
                  or_null(telling, "id", table, "_dlt_id"),
                  or_null(telling, "deleted", table, DELETED_COLUMN),
                  or_null(telling, "from", table, history.from),
                  or_null(telling, "to", table, history.to), SQL_NUMBER("most", STORY_ROWS_MAX)));
    TRY(sql_fetch(telling->con, &scope,
                  "SELECT {load}, {id}, {deleted}, {from}, {to} FROM {table} WHERE {which}\n"
                  "ORDER BY 1 DESC, 4 DESC LIMIT {most}",
                  &rows, err));
    for (size_t row = 0; row < rows.row_count && out->count < STORY_ROWS_MAX; row++) {
        struct story_row *item = &out->items[out->count++];
        *item = (struct story_row){.taken_by = taken_by};
        TRY(keep(telling, &rows, row, LOAD, &item->load_id, err));
        TRY(keep(telling, &rows, row, ID, &item->id, err));
        TRY(keep(telling, &rows, row, DELETED, &item->deleted_at, err));
        TRY(keep(telling, &rows, row, FROM, &item->valid_from, err));
        TRY(keep(telling, &rows, row, TO, &item->valid_to, err));
        if (is_endless(&history, item->valid_to))
            item->valid_to = NULL;
    }
done:
    text_rows_release(&rows);
    return rc;
}

static int make_rows(struct telling *telling, struct story_rows *out, struct tg_error *err)
{
    out->items = arena_alloc(&telling->out->arena, STORY_ROWS_MAX * sizeof(*out->items));
    return out->items ? TG_OK : error_nomem(err);
}

static int tell_rows(struct telling *telling, struct tg_error *err)
{
    int rc = make_rows(telling, &telling->out->rows, err);
    return rc == TG_OK
               ? read_rows(telling, telling->request->table->name, NULL, &telling->out->rows, err)
               : rc;
}

/* ---- rows nested in them ---- */

/* Ids of a table's rows that belong to those of the key. */
static void put_ids(struct telling *telling, const struct table *table, struct buf *out)
{
    const struct dialect *dialect = telling->con->dialect;
    const struct table *parent =
        table->parent ? catalog_find(telling->request->catalog, table->parent) : NULL;
    buf_text(out, "SELECT ");
    sql_ident(out, dialect, "_dlt_id");
    buf_text(out, " FROM ");
    sql_table(out, dialect, telling->scope.dataset, table->name);
    buf_text(out, " WHERE ");
    if (!parent) {
        buf_text(out, buf_string(&telling->which));
        return;
    }
    sql_ident(out, dialect, "_dlt_parent_id");
    buf_text(out, " IN (");
    put_ids(telling, parent, out);
    buf_char(out, ')');
}

static int count_nested(struct telling *telling, const struct table *table,
                        struct story_nested *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf ids = BUF_INIT;
    struct text_rows rows = {0};
    put_ids(telling, table, &ids);
    TRY(buf_check(&ids, err));
    const struct sql_scope scope =
        sql_within(&telling->scope, SQL_PARTS(SQL_PIECE("ids", buf_string(&ids))));
    TRY(sql_fetch(telling->con, &scope, "SELECT count(*) FROM ({ids}) AS n", &rows, err));
    out->rows = strtoull(text_cell(&rows, 0, 0), NULL, 10);
    rc = arena_keep(&telling->out->arena, table->name, &out->table, err);
done:
    text_rows_release(&rows);
    buf_release(&ids);
    return rc;
}

static int tell_nested(struct telling *telling, struct tg_error *err)
{
    int rc = TG_OK;
    struct story *out = telling->out;
    const struct catalog *catalog = telling->request->catalog;
    out->nested = arena_alloc(&out->arena, (catalog->table_count + 1) * sizeof(*out->nested));
    if (!out->nested)
        return error_nomem(err);
    for (size_t i = 0; i < catalog->table_count && out->rows.count > 0; i++) {
        const struct table *table = catalog->tables[i];
        if (table->parent && catalog_root(catalog, table) == telling->request->table &&
            described_find(&telling->there, table->name))
            TRY(count_nested(telling, table, &out->nested[out->nested_count++], err));
    }
done:
    return rc;
}

/* ---- old rows, as far as they are kept for an undo ---- */

static int tell_kept(struct telling *telling, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const char *taken_by = NULL;
    struct story *out = telling->out;
    out->keeps = described_find(&telling->there, UNDO_TABLE) != NULL;
    TRY(make_rows(telling, &out->kept, err));
    if (!out->keeps)
        goto done;
    const struct sql_scope scope =
        sql_within(&telling->scope, SQL_PARTS(SQL_TEXT("pipeline", telling->request->pipeline),
                                              SQL_TEXT("table", telling->request->table->name)));
    TRY(sql_fetch(telling->con, &scope,
                  "SELECT [load_id], [old_table] FROM {" UNDO_TABLE "}\n"
                  "WHERE [pipeline_name] = {'pipeline'} AND [table_name] = {'table'}\n"
                  "    AND [old_table] IS NOT NULL ORDER BY [load_id] DESC",
                  &rows, err));
    for (size_t row = 0; row < rows.row_count; row++) {
        const char *table = text_cell(&rows, row, 1);
        TRY(keep(telling, &rows, row, 0, &taken_by, err));
        if (described_find(&telling->there, table))
            TRY(read_rows(telling, table, taken_by, &out->kept, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- loads, and their files ---- */

static bool is_told(const struct story *story, const char *load_id)
{
    for (size_t i = 0; i < story->load_count; i++)
        if (strcmp(story->loads[i].load_id, load_id) == 0)
            return true;
    return false;
}

static int tell_files(struct telling *telling, struct story_load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    if (!described_find(&telling->there, "_tidegate_files"))
        return TG_OK;
    const struct sql_scope scope =
        sql_within(&telling->scope, SQL_PARTS(SQL_TEXT("load", load->load_id),
                                              SQL_TEXT("pipeline", telling->request->pipeline),
                                              SQL_TEXT("resource", telling->request->resource)));
    TRY(sql_fetch(telling->con, &scope,
                  "SELECT [path] FROM {_tidegate_files}\n"
                  "WHERE [pipeline_name] = {'pipeline'} AND [resource_name] = {'resource'}\n"
                  "    AND [load_id] = {'load'} ORDER BY [path]",
                  &rows, err));
    load->file_count = rows.row_count;
    for (size_t i = 0; i < rows.row_count && i < STORY_FILES_MAX; i++)
        TRY(keep(telling, &rows, i, 0, &load->files[i], err));
done:
    text_rows_release(&rows);
    return rc;
}

static int tell_load(struct telling *telling, const char *load_id, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct story *out = telling->out;
    if (!load_id || is_told(out, load_id))
        return TG_OK;
    struct story_load *load = &out->loads[out->load_count++];
    *load = (struct story_load){.load_id = load_id};
    const struct sql_scope scope =
        sql_within(&telling->scope, SQL_PARTS(SQL_TEXT("load", load_id)));
    if (described_find(&telling->there, "_dlt_loads"))
        TRY(sql_fetch(telling->con, &scope,
                      "SELECT [inserted_at] FROM {_dlt_loads} WHERE [load_id] = {'load'}", &rows,
                      err));
    if (rows.row_count > 0)
        TRY(keep(telling, &rows, 0, 0, &load->at, err));
    rc = tell_files(telling, load, err);
done:
    text_rows_release(&rows);
    return rc;
}

static int tell_loads(struct telling *telling, struct tg_error *err)
{
    int rc = TG_OK;
    struct story *out = telling->out;
    const size_t most = out->rows.count + 2 * out->kept.count + 1;
    out->loads = arena_alloc(&out->arena, most * sizeof(*out->loads));
    if (!out->loads)
        return error_nomem(err);
    for (size_t i = 0; i < out->rows.count; i++)
        TRY(tell_load(telling, out->rows.items[i].load_id, err));
    for (size_t i = 0; i < out->kept.count; i++) {
        TRY(tell_load(telling, out->kept.items[i].load_id, err));
        TRY(tell_load(telling, out->kept.items[i].taken_by, err));
    }
done:
    return rc;
}

/* ---- rejects ---- */

/* Which of them are of the key is for the one who asks: they are as the source wrote them. */
static int tell_rejects(struct telling *telling, struct tg_error *err)
{
    enum { REJECTED_LOAD, PLACE, REASON, DOCUMENT };
    int rc = TG_OK;
    struct text_rows rows = {0};
    if (!described_find(&telling->there, REJECTS_TABLE))
        return TG_OK;
    const struct sql_scope scope =
        sql_within(&telling->scope, SQL_PARTS(SQL_TEXT("resource", telling->request->resource)));
    TRY(sql_fetch(telling->con, &scope,
                  "SELECT [load_id], [place], [reason], [document]\n"
                  "FROM {" REJECTS_TABLE "} WHERE [resource_name] = {'resource'}\n"
                  "ORDER BY [load_id] DESC",
                  &rows, err));
    for (size_t row = 0; row < rows.row_count && rc == TG_OK; row++) {
        const struct story_reject reject = {.load_id = text_cell(&rows, row, REJECTED_LOAD),
                                            .place = text_cell(&rows, row, PLACE),
                                            .reason = text_cell(&rows, row, REASON),
                                            .document = text_cell(&rows, row, DOCUMENT)};
        rc = telling->request->reject(telling->request->user, &reject, err);
    }
done:
    text_rows_release(&rows);
    return rc;
}

static int tell(struct telling *telling, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(connection_describe(telling->con, telling->scope.dataset, NULL, &telling->there, err));
    TRY(put_which(telling, err));
    telling->out->is_there = described_find(&telling->there, telling->request->table->name) != NULL;
    if (telling->out->is_there)
        TRY(tell_rows(telling, err));
    TRY(tell_nested(telling, err));
    TRY(tell_kept(telling, err));
    TRY(tell_loads(telling, err));
    rc = tell_rejects(telling, err);
done:
    return rc;
}

int story_tell(struct connection *con, const char *dataset, const struct story_request *request,
               struct story *out, struct tg_error *err)
{
    struct telling telling = {
        .con = con,
        .request = request,
        .scope = {.dialect = con->dialect, .dataset = dataset},
        .which = BUF_INIT,
        .out = out,
    };
    int rc = connection_transact(con, TRANSACT_LOOK, err);
    if (rc != TG_OK)
        return rc;
    rc = tell(&telling, err);
    (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL); /* nothing was changed */
    described_release(&telling.there);
    buf_release(&telling.which);
    return rc;
}
