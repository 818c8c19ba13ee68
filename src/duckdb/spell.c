/*
 * Queries whose rows are for people and programs: columns of types that Arrow has no word for come
 * as the texts that DuckDB writes. As Arrow they would be bytes of its own (BIT, BIGNUM, VARIANT),
 * or other values (UHUGEINT beyond 127 bits, a time without its zone).
 *
 *   duck_spell -> prepare -> is_odd (each column's type, and what is in it) -> wrap: a query around
 *   it that casts them; one that cannot stand in parentheses stays as it is
 *
 * Loads read tables as they are: a column keeps the type that it has been loaded with.
 */
#include "duckdb/api.h"

typedef duckdb_logical_type (*part_type)(duckdb_logical_type, idx_t);

static bool is_odd(duckdb_logical_type type);

/* Destroys the type. */
static bool is_odd_part(duckdb_logical_type type)
{
    bool odd = is_odd(type);
    duck.destroy_logical_type(&type);
    return odd;
}

static bool has_odd_part(duckdb_logical_type type, part_type part, idx_t count)
{
    bool odd = false;
    for (idx_t i = 0; i < count && !odd; i++)
        odd = is_odd_part(part(type, i));
    return odd;
}

/* As deep as a type may be nested in a query that people write. */
static bool is_odd(duckdb_logical_type type)
{
    switch (duck.get_type_id(type)) {
    case DUCKDB_TYPE_INVALID:
    case DUCKDB_TYPE_BIT:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_GEOMETRY:
    case DUCKDB_TYPE_VARIANT: return true;
    case DUCKDB_TYPE_LIST: return is_odd_part(duck.list_type_child_type(type));
    case DUCKDB_TYPE_ARRAY: return is_odd_part(duck.array_type_child_type(type));
    case DUCKDB_TYPE_MAP:
        return is_odd_part(duck.map_type_key_type(type)) ||
               is_odd_part(duck.map_type_value_type(type));
    case DUCKDB_TYPE_STRUCT:
        return has_odd_part(type, duck.struct_type_child_type, duck.struct_type_child_count(type));
    case DUCKDB_TYPE_UNION:
        return has_odd_part(type, duck.union_type_member_type, duck.union_type_member_count(type));
    default: return false;
    }
}

static bool is_odd_column(duckdb_prepared_statement statement, idx_t column)
{
    return is_odd_part(duck.prepared_statement_column_logical_type(statement, column));
}

/* SELECT c0 AS "id", c1::VARCHAR AS "bits" FROM (the statement) AS q (c0, c1) */
static void wrap(duckdb_prepared_statement statement, const char *sql, struct buf *out)
{
    idx_t count = duck.prepared_statement_column_count(statement);
    for (idx_t i = 0; i < count; i++) {
        const char *name = duck.prepared_statement_column_name(statement, i);
        buf_printf(out, "%sc%zu%s AS ", i == 0 ? "SELECT " : ", ", (size_t)i,
                   is_odd_column(statement, i) ? "::VARCHAR" : "");
        buf_quoted(out, '"', name ? name : "");
        duck.free((void *)(uintptr_t)name);
    }
    buf_printf(out, " FROM (%s\n) AS q (", sql);
    for (idx_t i = 0; i < count; i++)
        buf_printf(out, i == 0 ? "c%zu" : ", c%zu", (size_t)i);
    buf_char(out, ')');
}

static bool can_be_prepared(duckdb_connection con, const char *sql)
{
    duckdb_prepared_statement statement = NULL;
    bool can = duck.prepare(con, sql, &statement) == DuckDBSuccess;
    duck.destroy_prepare(&statement);
    return can;
}

int duck_spell(duckdb_connection con, const char *sql, struct buf *out, struct tg_error *err)
{
    bool odd = false;
    duckdb_prepared_statement statement = NULL;
    if (duck.prepare(con, sql, &statement) == DuckDBSuccess) {
        idx_t count = duck.prepared_statement_column_count(statement);
        for (idx_t i = 0; i < count && !odd; i++)
            odd = is_odd_column(statement, i);
    }
    if (odd)
        wrap(statement, sql, out);
    duck.destroy_prepare(&statement);
    if (!odd || (!out->failed && !can_be_prepared(con, buf_string(out)))) {
        buf_clear(out);
        buf_text(out, sql);
    }
    return buf_check(out, err);
}
