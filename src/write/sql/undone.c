/*
 * One table of a load that is undone.
 *
 * Path: undone_table -> open_table (its shape, as the load has seen it) -> check_left (the rows
 * that the load has left are there once each, as it left them, and nobody has put values into
 * columns that came later) -> remove_left -> check_back (none of those that come back is there) ->
 * put_back; once all tables of the load are through, undone_check_below: no row has lost the one
 * that it is nested in.
 *
 * Columns that the database computes are left to it. A check that fails names a row.
 */
#include "write/sql/undone.h"

#include <string.h>

#include "base/json.h"
#include "write/sql/below.h"
#include "write/sql/keep.h"
#include "write/sql/ledger.h"
#include "write/sql/shared.h"

#define ROOT_ID "_dlt_root_id"

struct sql_scope undoing_scope(const struct undoing *undoing, const struct sql_part *parts)
{
    return (struct sql_scope){undoing->con->dialect, undoing->dataset, parts, NULL};
}

/* ---- what is there ---- */

/* Of all tables at once: few databases tell it quickly. */
static int find_generated(struct undoing *undoing, struct tg_error *err)
{
    const struct dialect *dialect = undoing->con->dialect;
    const struct sql_scope scope = undoing_scope(
        undoing, SQL_PARTS(SQL_TEXT("dataset", undoing->dataset),
                           SQL_PATTERN("is_schema", dialect->folds_case
                                                        ? "lower(table_schema) = lower({'dataset'})"
                                                        : "table_schema = {'dataset'}")));
    return sql_fetch(undoing->con, &scope,
                     dialect->generated ? dialect->generated
                                        : "SELECT table_name, column_name\n"
                                          "FROM information_schema.columns\n"
                                          "WHERE table_catalog = current_database()"
                                          " AND {is_schema} AND is_generated = 'ALWAYS'",
                     &undoing->generated, err);
}

static int learn(void *user, const char *schema, const struct catalog *other, struct tg_error *err)
{
    struct undoing *undoing = user;
    (void)schema;
    return below_learn(&undoing->catalog, undoing->there, other, err);
}

int undone_prepare(struct undoing *undoing, const char *schema, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger newest;
    const struct schema_visitor visitor = {learn, undoing};
    TRY(find_generated(undoing, err));
    rc = ledger_schema(undoing->con, undoing->dataset, undoing->there, schema, &newest, err);
    if (rc != TG_OK)
        return rc;
    if (newest.schema_json)
        rc = catalog_read(&undoing->catalog, newest.schema_json, strlen(newest.schema_json), err);
    ledger_release(&newest);
    if (rc == TG_OK && undoing->catalog.tables)
        rc = shared_schemas(undoing->con, undoing->dataset, undoing->there, schema, &visitor, err);
done:
    return rc;
}

/* Whatever the case of its name, where that is folded. */
static bool is_generated(const struct undoing *undoing, const char *table, const char *column)
{
    const struct described *there = undoing->there;
    const struct text_rows *rows = &undoing->generated;
    const struct described_table *found = described_find(there, table);
    const struct described_column *is = described_column(there, found, column);
    for (size_t i = 0; i < rows->row_count; i++)
        if (described_find(there, text_cell(rows, i, 0)) == found &&
            described_column(there, found, text_cell(rows, i, 1)) == is)
            return true;
    return false;
}

/* ---- the table ---- */

struct undone_table {
    const struct undoing *undoing;
    const struct kept_row *kept;
    yyjson_doc *shape;
    struct sql_names columns, key;
    struct sql_names given; /* of the columns: what the database does not compute */
    const char *ids[2];     /* what tells a row: its id, and where versions share it its load */
    struct sql_names of_table, of_left; /* these, as they are called there */
    struct sql_part parts[11];
    struct sql_scope scope; /* {table} {old_kept} {left_kept} {id} {columns} {given} {key}
                               {ids} {left_ids} */
};

static int bad_shape(const struct kept_row *kept, struct tg_error *err)
{
    return error_set(err, TG_DATA,
                     "load '%s' cannot be undone: what " UNDO_TABLE
                     " says of table '%s' cannot be read",
                     kept->load_id, kept->table);
}

/* The names of a list: of texts, or of the first ones in lists of them. */
static int read_names(struct undone_table *table, const char *key, struct sql_names *out,
                      struct tg_error *err)
{
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(table->shape), key);
    const char **names =
        arena_alloc(table->undoing->arena, (yyjson_arr_size(list) + 1) * sizeof(*names));
    size_t i, max;
    yyjson_val *item;
    if (!names)
        return error_nomem(err);
    yyjson_arr_foreach(list, i, max, item)
    {
        names[i] = yyjson_get_str(yyjson_is_arr(item) ? yyjson_arr_get(item, 0) : item);
        if (!names[i])
            return bad_shape(table->kept, err);
    }
    *out = (struct sql_names){names, yyjson_arr_size(list)};
    return TG_OK;
}

static int missing_column(const struct kept_row *kept, const char *column, struct tg_error *err)
{
    error_set(err, TG_CONFLICT,
              "load '%s' cannot be undone: column '%s' of table '%s', in which it has left values, "
              "is gone; nothing was written",
              kept->load_id, column, kept->table);
    return error_at(err, TG_CONFLICT, AT_TABLE, kept->table);
}

static int check_columns(const struct undone_table *table, struct tg_error *err)
{
    const struct kept_row *kept = table->kept;
    const struct described *there = table->undoing->there;
    const struct described_table *found = described_find(there, kept->table);
    if (!found) {
        error_set(err, TG_CONFLICT,
                  "load '%s' cannot be undone: table '%s' is gone; nothing was written",
                  kept->load_id, kept->table);
        return error_at(err, TG_CONFLICT, AT_TABLE, kept->table);
    }
    for (size_t i = 0; i < table->columns.count; i++)
        if (!described_column(there, found, table->columns.items[i]))
            return missing_column(kept, table->columns.items[i], err);
    return TG_OK;
}

/* Those that a row may be given. */
static int find_given(struct undone_table *table, struct tg_error *err)
{
    const struct sql_names *columns = &table->columns;
    const char **names = arena_alloc(table->undoing->arena, (columns->count + 1) * sizeof(*names));
    if (!names)
        return error_nomem(err);
    table->given = (struct sql_names){names, 0};
    for (size_t i = 0; i < columns->count; i++)
        if (!is_generated(table->undoing, table->kept->table, columns->items[i]))
            names[table->given.count++] = columns->items[i];
    return TG_OK;
}

static int find_ids(struct undone_table *table, struct tg_error *err)
{
    static const char *const left[] = {"row_id", "row_load_id"};
    yyjson_val *shape = yyjson_doc_get_root(table->shape);
    table->ids[0] = json_get_text(shape, "id");
    table->ids[1] = json_get_text(shape, "load");
    table->of_table = (struct sql_names){table->ids, table->ids[1] ? 2 : 1};
    table->of_left = (struct sql_names){left, table->of_table.count};
    return table->ids[0] ? TG_OK : bad_shape(table->kept, err);
}

static int open_table(struct undone_table *table, struct tg_error *err)
{
    int rc = TG_OK;
    const struct kept_row *kept = table->kept;
    TRY(json_parse(kept->shape, strlen(kept->shape), "what is kept", &table->shape, err));
    TRY(read_names(table, "columns", &table->columns, err));
    TRY(read_names(table, "key", &table->key, err));
    TRY(find_ids(table, err));
    TRY(check_columns(table, err));
    TRY(find_given(table, err));
    const struct sql_part parts[] = {
        SQL_TABLE("table", kept->table),
        SQL_TABLE("old_kept", kept->old_table),
        SQL_TABLE("left_kept", kept->left_table),
        SQL_NAME("id", table->ids[0]),
        SQL_NAMES("ids", &table->of_table),
        SQL_NAMES("left_ids", &table->of_left),
        SQL_NAMES("columns", &table->columns),
        SQL_NAMES("given", &table->given),
        SQL_NAMES("key", &table->key),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(table->parts), "too many parts");
    memcpy(table->parts, parts, sizeof(parts));
    table->scope = undoing_scope(table->undoing, table->parts);
done:
    return rc;
}

/* old."a", CAST(old."b" AS BIGINT): as the load has left it, where a column got wider since. */
static int write_values(const struct undone_table *table, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t i, max;
    yyjson_val *item;
    const struct described *there = table->undoing->there;
    const struct described_table *found = described_find(there, table->kept->table);
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(table->shape), "columns");
    yyjson_arr_foreach(list, i, max, item)
    {
        const char *name = table->columns.items[i];
        const char *type = yyjson_get_str(yyjson_arr_get(item, 1));
        const char *is = described_column(there, found, name)->sql_type;
        if (!type)
            TRY(bad_shape(table->kept, err));
        const struct sql_scope scope =
            sql_within(&table->scope, SQL_PARTS(SQL_NAME("column", name), SQL_PIECE("type", type)));
        TRY(keep_add_value(out, &scope,
                           strcmp(type, is) == 0 ? "old.{column}" : "CAST(old.{column} AS {type})",
                           err));
    }
done:
    return rc;
}

/* ---- its rows ---- */

static int refuse(const struct undone_table *table, const struct text_rows *rows, const char *how,
                  struct tg_error *err)
{
    const char *id = text_cell(rows, 0, 0);
    error_set(err, TG_CONFLICT,
              "load '%s' cannot be undone: %s; for one the row whose id is %s%s%s; nothing was "
              "written",
              table->kept->load_id, how, id ? "'" : "", id ? id : "NULL", id ? "'" : "");
    return error_at(err, TG_CONFLICT, AT_TABLE, table->kept->table);
}

/* A query that finds a row where something is wrong. */
static int refuse_if(const struct undone_table *table, const struct sql_scope *scope,
                     const char *query, const char *how, struct tg_error *err)
{
    struct text_rows rows = {0};
    int rc = sql_fetch(table->undoing->con, scope, query, &rows, err);
    if (rc == TG_OK && rows.row_count > 0)
        rc = refuse(table, &rows, how, err);
    text_rows_release(&rows);
    return rc;
}

/* Once each, and as it was. */
static int check_left(const struct undone_table *table, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf values = BUF_INIT, hash = BUF_INIT;
    TRY(write_values(table, &values, err));
    TRY(keep_write_hash(&hash, table->undoing->con->dialect, buf_string(&values), err));
    const struct sql_scope scope =
        sql_within(&table->scope, SQL_PARTS(SQL_PIECE("hash", buf_string(&hash))));
    TRY(refuse_if(table, &scope,
                  "SELECT min([row_id]) FROM {left_kept} GROUP BY {left_ids} HAVING count(*) > 1 "
                  "LIMIT 1",
                  "rows of several loads have the same id", err));
    TRY(refuse_if(table, &scope,
                  "SELECT new.[row_id] FROM {left_kept} AS new\n"
                  "LEFT JOIN {table} AS old ON {old.ids = new.left_ids}\n"
                  "GROUP BY {new.left_ids}\n"
                  "HAVING count(old.{id}) <> 1 OR min({hash}) <> min(new.[row_hash])\n"
                  "LIMIT 1",
                  "rows that it has left have been changed or deleted since", err));
done:
    buf_release(&values);
    buf_release(&hash);
    return rc;
}

static bool knows(const struct undone_table *table, const struct described_table *found,
                  const struct described_column *column)
{
    const struct described *there = table->undoing->there;
    for (size_t i = 0; i < table->columns.count; i++)
        if (described_column(there, found, table->columns.items[i]) == column)
            return true;
    return false;
}

/* A load that has given old rows a root key may have been undone. */
static bool is_filled_again(const struct undone_table *table, const char *column)
{
    return strcmp(column, ROOT_ID) == 0 || is_generated(table->undoing, table->kept->table, column);
}

/* Whatever stands in a column that the load did not know was put there since, and is kept nowhere.
 */
static int check_later_columns(const struct undone_table *table, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf how = BUF_INIT;
    const struct described_table *found = described_find(table->undoing->there, table->kept->table);
    for (size_t i = 0; i < found->column_count; i++) {
        const char *name = found->columns[i].name;
        if (knows(table, found, &found->columns[i]) || is_filled_again(table, name))
            continue;
        const struct sql_scope scope =
            sql_within(&table->scope, SQL_PARTS(SQL_NAME("column", name)));
        buf_clear(&how);
        buf_printf(&how, "column '%s', which is newer, has values in rows that it has left", name);
        TRY(buf_check(&how, err));
        TRY(refuse_if(table, &scope,
                      "SELECT new.[row_id] FROM {left_kept} AS new\n"
                      "JOIN {table} AS old ON {old.ids = new.left_ids}\n"
                      "WHERE old.{column} IS NOT NULL\n"
                      "LIMIT 1",
                      buf_string(&how), err));
    }
done:
    buf_release(&how);
    return rc;
}

static int remove_left(const struct undone_table *table, uint64_t *count, struct tg_error *err)
{
    const char *matched = table->undoing->con->dialect->delete_matched;
    const struct sql_scope scope =
        sql_within(&table->scope, SQL_PARTS(SQL_PATTERN("new", "{left_kept} AS new"),
                                            SQL_PATTERN("which", "{old.ids = new.left_ids}")));
    return sql_exec(table->undoing->con, &scope,
                    matched ? matched
                            : "DELETE FROM {table} AS old\n"
                              "USING {new}\n"
                              "WHERE {which}",
                    count, err);
}

/* Has somebody put a row in the place of one that comes back? */
static int check_back(const struct undone_table *table, struct tg_error *err)
{
    int rc = TG_OK;
    static const char how[] = "rows that it has taken away are there again";
    TRY(refuse_if(table, &table->scope,
                  "SELECT old.{id} FROM {table} AS old\n"
                  "JOIN {old_kept} AS new ON {old.ids = new.ids}\n"
                  "LIMIT 1",
                  how, err));
    if (table->key.count > 0)
        TRY(refuse_if(table, &table->scope,
                      "SELECT old.{id} FROM {table} AS old\n"
                      "JOIN {old_kept} AS new ON {old.key = new.key}\n"
                      "LIMIT 1",
                      how, err));
done:
    return rc;
}

static int put_back(const struct undone_table *table, uint64_t *count, struct tg_error *err)
{
    const char *overriding = table->undoing->con->dialect->overriding;
    const struct sql_scope scope =
        sql_within(&table->scope, SQL_PARTS(SQL_PIECE("overriding", overriding ? overriding : "")));
    return sql_exec(table->undoing->con, &scope,
                    "INSERT INTO {table} ({given}){overriding}\n"
                    "SELECT {given} FROM {old_kept}",
                    count, err);
}

int undone_table(const struct undoing *undoing, const struct kept_row *kept, struct tally *tally,
                 struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t removed = 0, back = 0;
    struct undone_table table = {.undoing = undoing, .kept = kept};
    context_writes(undoing->con->ctx, &(struct write_news){.table = kept->table});
    TRY(open_table(&table, err));
    if (kept->left_table) {
        TRY(check_left(&table, err));
        TRY(check_later_columns(&table, err));
        TRY(remove_left(&table, &removed, err));
    }
    if (kept->old_table) {
        TRY(check_back(&table, err));
        TRY(put_back(&table, &back, err));
    }
    tally->deleted += removed;
    tally->inserted += back;
    context_writes(
        undoing->con->ctx,
        &(struct write_news){.table = kept->table, .rows = removed + back, .ended = true});
done:
    yyjson_doc_free(table.shape);
    return rc;
}

/* ---- what is nested in its rows ---- */

static const struct kept_row *find_kept(const struct kept *kept, const char *table)
{
    for (size_t i = 0; table && i < kept->count; i++)
        if (strcmp(kept->rows[i].table, table) == 0)
            return &kept->rows[i];
    return NULL;
}

/* Only somebody else's rows can be left: those of the load are gone, too. */
static int check_nested(const struct undoing *undoing, const struct kept_row *above,
                        const struct table *parent, const struct table *child, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const char *id = table_row_id(parent), *link = table_link(child, LINK_PARENT);
    const struct described_table *found = described_find(undoing->there, child->name);
    if (!id || !link || !found || !described_column(undoing->there, found, link))
        return TG_OK;
    const struct sql_scope scope = undoing_scope(
        undoing, SQL_PARTS(SQL_TABLE("table", parent->name), SQL_TABLE("child", child->name),
                           SQL_TABLE("left_kept", above->left_table), SQL_NAME("id", id),
                           SQL_NAME("link", link)));
    TRY(sql_fetch(undoing->con, &scope,
                  "SELECT new.[row_id] FROM {left_kept} AS new\n"
                  "JOIN {child} AS below ON below.{link} = new.[row_id]\n"
                  "WHERE NOT EXISTS (SELECT 1 FROM {table} AS old WHERE old.{id} = new.[row_id])\n"
                  "LIMIT 1",
                  &rows, err));
    if (rows.row_count == 0)
        goto done;
    error_set(err, TG_CONFLICT,
              "load '%s' cannot be undone: rows of table '%s' that it did not bring are nested in "
              "rows that it has left in '%s'; for one in the row whose id is '%s'; nothing was "
              "written",
              above->load_id, child->name, parent->name, text_cell(&rows, 0, 0));
    rc = error_at(err, TG_CONFLICT, AT_TABLE, child->name);
done:
    text_rows_release(&rows);
    return rc;
}

int undone_check_below(const struct undoing *undoing, const struct kept *kept, struct tg_error *err)
{
    int rc = TG_OK;
    const struct catalog *catalog = &undoing->catalog;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *child = catalog->tables[i];
        const struct table *parent = child->parent ? catalog_find(catalog, child->parent) : NULL;
        const struct kept_row *above = parent ? find_kept(kept, parent->name) : NULL;
        if (above && above->left_table)
            TRY(check_nested(undoing, above, parent, child, err));
    }
done:
    return rc;
}
