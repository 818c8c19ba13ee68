/*
 * What a source asks of a connection, in SQL: for drivers that bring nothing better.
 *
 * Path: reading_reflect -> the driver's function; else its `describe` (tables without keys); else
 * information_reflect: fetch_schema -> fetch_columns -> add_relation (the rows of one table) ->
 * fetch_keys -> add_key.
 *
 * Which of them is read, and how, is the source's.
 */
#include "database/reading/reading.h"

#include <string.h>
#include <strings.h>

#include "database/template.h"

/* ---- relations ---- */

void relations_release(struct relations *relations)
{
    arena_release(&relations->arena);
    *relations = (struct relations){0};
}

static bool same_name(bool folds_case, const char *a, const char *b)
{
    return (folds_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

const struct relation *relations_find(const struct relations *relations, const char *name)
{
    for (size_t i = 0; i < relations->count; i++)
        if (same_name(relations->folds_case, relations->items[i].name, name))
            return &relations->items[i];
    return NULL;
}

const struct relation_column *relation_column(const struct relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->column_count; i++)
        if (strcmp(relation->columns[i].name, name) == 0)
            return &relation->columns[i];
    return NULL;
}

/* ---- by the information schema ---- */

enum { TABLE, KIND, NAME, TYPE, NULLABLE };

static int fetch_schema(struct connection *con, const char *wanted, struct relations *out,
                        struct tg_error *err)
{
    struct text_rows rows;
    if (!wanted)
        wanted = con->dialect->own_dataset;
    if (wanted)
        return arena_keep(&out->arena, wanted, &out->schema, err);
    int rc = connection_fetch(con, "SELECT current_schema()", &rows, err);
    if (rc != TG_OK)
        return rc;
    const char *found = rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL;
    rc = arena_keep(&out->arena, found ? found : "", &out->schema, err);
    text_rows_release(&rows);
    return rc;
}

static int fetch_columns(struct connection *con, const struct sql_scope *scope,
                         struct text_rows *out, struct tg_error *err)
{
    if (con->dialect->reflect)
        return sql_fetch(con, scope, con->dialect->reflect, out, err);
    return sql_fetch(con, scope,
                     "SELECT t.table_name, t.table_type, c.column_name, c.data_type, "
                     "c.is_nullable\n"
                     "FROM information_schema.tables AS t\n"
                     "JOIN information_schema.columns AS c ON c.table_catalog = t.table_catalog\n"
                     "    AND c.table_schema = t.table_schema AND c.table_name = t.table_name\n"
                     "WHERE t.table_catalog = current_database()\n"
                     "    AND t.table_schema = {'schema'}\n"
                     "ORDER BY t.table_name, c.ordinal_position",
                     out, err);
}

static int fetch_keys(struct connection *con, const struct sql_scope *scope, struct text_rows *out,
                      struct tg_error *err)
{
    if (con->dialect->reflect_keys)
        return sql_fetch(con, scope, con->dialect->reflect_keys, out, err);
    return sql_fetch(con, scope,
                     "SELECT k.table_name, k.column_name\n"
                     "FROM information_schema.table_constraints AS c\n"
                     "JOIN information_schema.key_column_usage AS k\n"
                     "    ON k.constraint_catalog = c.constraint_catalog\n"
                     "    AND k.constraint_schema = c.constraint_schema\n"
                     "    AND k.constraint_name = c.constraint_name\n"
                     "    AND k.table_name = c.table_name\n"
                     "WHERE c.constraint_type = 'PRIMARY KEY'\n"
                     "    AND c.table_catalog = current_database()\n"
                     "    AND c.table_schema = {'schema'}\n"
                     "ORDER BY k.table_name, k.ordinal_position",
                     out, err);
}

/* The last of the rows from `first` on that are of one table. */
static size_t end_of_table(const struct text_rows *rows, size_t first)
{
    size_t end = first + 1;
    while (end < rows->row_count &&
           strcmp(text_cell(rows, end, TABLE), text_cell(rows, first, TABLE)) == 0)
        end++;
    return end;
}

static int add_relation(const struct connection *con, const struct text_rows *rows, size_t first,
                        size_t end, struct relations *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct relation *relation = &out->items[out->count++];
    bool is_view = strstr(text_cell(rows, first, KIND), "VIEW");
    relation->kind = is_view ? RELATION_VIEW : RELATION_TABLE;
    relation->columns = arena_alloc(&out->arena, (end - first) * sizeof(*relation->columns));
    if (!relation->columns)
        return error_nomem(err);
    TRY(arena_keep(&out->arena, text_cell(rows, first, TABLE), &relation->name, err));
    for (size_t row = first; row < end; row++) {
        struct relation_column *column = &relation->columns[relation->column_count++];
        TRY(arena_keep(&out->arena, text_cell(rows, row, NAME), &column->name, err));
        TRY(arena_keep(&out->arena, text_cell(rows, row, TYPE), &column->sql_type, err));
        column->spec = con->dialect->type_from_sql(column->sql_type);
        column->nullable = strcmp(text_cell(rows, row, NULLABLE), "NO") != 0;
    }
done:
    return rc;
}

static int add_key(const struct text_rows *rows, size_t first, size_t end, struct relations *out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct relation *relation =
        (struct relation *)relations_find(out, text_cell(rows, first, TABLE));
    if (!relation)
        return TG_OK;
    relation->key = arena_alloc(&out->arena, (end - first) * sizeof(*relation->key));
    if (!relation->key)
        return error_nomem(err);
    for (size_t row = first; row < end; row++)
        TRY(arena_keep(&out->arena, text_cell(rows, row, 1), &relation->key[relation->key_count++],
                       err));
done:
    return rc;
}

int information_reflect(struct connection *con, const char *schema, struct relations *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0}, keys = {0};
    TRY(fetch_schema(con, schema, out, err));
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .parts = SQL_PARTS(SQL_TEXT("schema", out->schema)),
    };
    TRY(fetch_columns(con, &scope, &rows, err));
    out->items = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t first = 0, end; first < rows.row_count; first = end) {
        end = end_of_table(&rows, first);
        TRY(add_relation(con, &rows, first, end, out, err));
    }
    TRY(fetch_keys(con, &scope, &keys, err));
    for (size_t first = 0, end; first < keys.row_count; first = end) {
        end = end_of_table(&keys, first);
        TRY(add_key(&keys, first, end, out, err));
    }
done:
    text_rows_release(&rows);
    text_rows_release(&keys);
    return rc;
}

/* ---- by what a destination is asked, too ---- */

static int copy_table(const struct connection *con, const struct described_table *table,
                      struct relations *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct relation *relation = &out->items[out->count++];
    relation->columns =
        arena_alloc(&out->arena, (table->column_count + 1) * sizeof(*relation->columns));
    if (!relation->columns)
        return error_nomem(err);
    TRY(arena_keep(&out->arena, table->name, &relation->name, err));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct described_column *from = &table->columns[i];
        struct relation_column *column = &relation->columns[relation->column_count++];
        TRY(arena_keep(&out->arena, from->name, &column->name, err));
        TRY(arena_keep(&out->arena, from->sql_type, &column->sql_type, err));
        column->spec = con->dialect->type_from_sql(column->sql_type);
        column->nullable = from->nullable;
    }
done:
    return rc;
}

static int describe_reflect(struct connection *con, const char *schema, struct relations *out,
                            struct tg_error *err)
{
    int rc = TG_OK;
    struct described described = {0};
    const char *own = con->dialect->own_dataset ? con->dialect->own_dataset : "main";
    TRY(arena_keep(&out->arena, schema ? schema : own, &out->schema, err));
    TRY(connection_describe(con, out->schema, NULL, &described, err));
    out->items = arena_alloc(&out->arena, (described.table_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < described.table_count; i++)
        TRY(copy_table(con, &described.tables[i], out, err));
done:
    described_release(&described);
    return rc;
}

int reading_reflect(struct connection *con, const char *schema, struct relations *out,
                    struct tg_error *err)
{
    const struct reading_driver *reading = con->driver->reading;
    *out = (struct relations){.folds_case = con->dialect->folds_case};
    arena_init(&out->arena);
    int rc = reading && reading->reflect ? reading->reflect(con, schema, out, err)
             : con->driver->describe     ? describe_reflect(con, schema, out, err)
                                         : information_reflect(con, schema, out, err);
    if (rc != TG_OK)
        relations_release(out);
    return rc;
}

/* ---- what only some databases can ---- */

int reading_share(struct connection *con, struct buf *out, struct tg_error *err)
{
    const struct reading_driver *reading = con->driver->reading;
    return reading && reading->share ? reading->share(con, out, err) : TG_OK;
}

int reading_join(struct connection *con, const char *moment, struct tg_error *err)
{
    const struct reading_driver *reading = con->driver->reading;
    if (reading && reading->join)
        return reading->join(con, moment, err);
    return error_set(err, TG_INTERNAL, "the database shares no moment, and one was joined");
}

int reading_find_remade(struct connection *con, struct buf *out, struct tg_error *err)
{
    const struct reading_driver *reading = con->driver->reading;
    return reading && reading->find_remade ? reading->find_remade(con, out, err) : TG_OK;
}

int reading_divide(struct connection *con, const char *schema, const struct relation *relation,
                   size_t wanted, struct slices *out, struct tg_error *err)
{
    const struct reading_driver *reading = con->driver->reading;
    *out = (struct slices){0};
    arena_init(&out->arena);
    if (!reading || !reading->divide)
        return TG_OK;
    int rc = reading->divide(con, schema, relation, wanted, out, err);
    if (rc != TG_OK)
        slices_release(out);
    return rc;
}

void slices_release(struct slices *slices)
{
    arena_release(&slices->arena);
    *slices = (struct slices){0};
}
