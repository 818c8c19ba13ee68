/*
 * DuckDB's dialect: names of types, both ways, as dlt uses them at this destination.
 *
 * Path: type_sql for CREATE and ALTER; type_from_sql for what describe tells of tables that are
 * there. A type that we never make (UBIGINT, a list, an enum...) is TYPE_NONE: a foreign one.
 */
#include <string.h>
#include <stdlib.h>

#include "database/connection.h"
#include "duckdb/api.h"
#include "duckdb/engine.h"

struct sized {
    int precision_max;
    const char *sql;
};

/* The first row whose precision is enough; the default precision is 0. */
static const char *by_precision(const struct sized *sizes, size_t count, int precision,
                                const char *fallback)
{
    for (size_t i = 0; i < count; i++) {
        if (precision != 0 && precision <= sizes[i].precision_max)
            return sizes[i].sql;
    }
    return fallback;
}

static const struct sized integers[] = {
    {8, "TINYINT"}, {16, "SMALLINT"}, {32, "INTEGER"}, {64, "BIGINT"}, {128, "HUGEINT"}};
static const struct sized timestamps[] = {
    {PRECISION_SECONDS, "TIMESTAMP_S"}, {3, "TIMESTAMP_MS"}, {6, "TIMESTAMP"}, {9, "TIMESTAMP_NS"}};

enum {
    INTEGER_COUNT = sizeof(integers) / sizeof(integers[0]),
    TIMESTAMP_COUNT = sizeof(timestamps) / sizeof(timestamps[0])
};

static void type_sql(const struct type_spec *spec, struct buf *out)
{
    static const char *const names[TYPE_COUNT] = {
        [TYPE_NONE] = "VARCHAR",      [TYPE_TEXT] = "VARCHAR", [TYPE_DOUBLE] = "DOUBLE",
        [TYPE_BOOL] = "BOOLEAN",      [TYPE_BINARY] = "BLOB",  [TYPE_JSON] = "JSON",
        [TYPE_WEI] = "DECIMAL(38,0)", [TYPE_DATE] = "DATE",    [TYPE_TIME] = "TIME",
    };
    switch (spec->type) {
    case TYPE_BIGINT:
        buf_text(out, by_precision(integers, INTEGER_COUNT, spec->precision, "BIGINT"));
        break;
    case TYPE_TIMESTAMP:
        buf_text(out, !spec->naive ? "TIMESTAMP WITH TIME ZONE"
                                   : by_precision(timestamps, TIMESTAMP_COUNT, spec->precision,
                                                  "TIMESTAMP"));
        break;
    case TYPE_DECIMAL:
        if (spec->precision > 0)
            buf_printf(out, "DECIMAL(%d,%d)", spec->precision, spec->scale);
        else
            buf_printf(out, "DECIMAL(%d,%d)", DECIMAL_PRECISION, DECIMAL_SCALE);
        break;
    default: buf_text(out, names[spec->type]);
    }
}

struct sql_type {
    const char *sql;
    struct type_spec spec;
};

static const struct sql_type sql_types[] = {
    {"VARCHAR", {.type = TYPE_TEXT}},
    {"JSON", {.type = TYPE_JSON}},
    {"BIGINT", {.type = TYPE_BIGINT}},
    {"INTEGER", {.type = TYPE_BIGINT, .precision = 32}},
    {"SMALLINT", {.type = TYPE_BIGINT, .precision = 16}},
    {"TINYINT", {.type = TYPE_BIGINT, .precision = 8}},
    {"HUGEINT", {.type = TYPE_BIGINT, .precision = 128}},
    {"DOUBLE", {.type = TYPE_DOUBLE}},
    {"BOOLEAN", {.type = TYPE_BOOL}},
    {"TIMESTAMP WITH TIME ZONE", {.type = TYPE_TIMESTAMP}},
    {"TIMESTAMP", {.type = TYPE_TIMESTAMP, .naive = true}},
    {"TIMESTAMP_S", {.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true}},
    {"TIMESTAMP_MS", {.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}},
    {"TIMESTAMP_NS", {.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}},
    {"DATE", {.type = TYPE_DATE}},
    {"TIME", {.type = TYPE_TIME}},
    {"BLOB", {.type = TYPE_BINARY}},
    {"DECIMAL(38,0)", {.type = TYPE_WEI}},
};

/* "DECIMAL(18,3)" */
static bool parse_decimal(const char *text, struct type_spec *out)
{
    static const char start[] = "DECIMAL(";
    if (strncmp(text, start, sizeof(start) - 1) != 0)
        return false;
    char *end = NULL;
    long precision = strtol(text + sizeof(start) - 1, &end, 10);
    if (*end != ',' || precision < 1 || precision > DECIMAL_PRECISION)
        return false;
    long scale = strtol(end + 1, &end, 10);
    if (strcmp(end, ")") != 0 || scale < 0 || scale > precision)
        return false;
    *out =
        (struct type_spec){.type = TYPE_DECIMAL, .precision = (int)precision, .scale = (int)scale};
    return true;
}

static struct type_spec type_from_sql(const char *sql_type)
{
    for (size_t i = 0; i < sizeof(sql_types) / sizeof(sql_types[0]); i++) {
        if (strcmp(sql_types[i].sql, sql_type) == 0)
            return sql_types[i].spec;
    }
    struct type_spec spec = {.type = TYPE_NONE};
    (void)parse_decimal(sql_type, &spec);
    return spec;
}

/* Measured with 2.0: the transaction's number for each of 2,048 rows; 15 of these in a block of
 * 256 KiB, of one row group. Once it is committed, the checkpoint makes a bit of each row of it. */
static const struct delete_cost delete_cost = {
    .piece_rows = 2048,
    .group_rows = 122880,
    .block_pieces = 15,
    .block_bytes = 256 << 10,
    .number = "rowid",
    .gather = "WITH gone AS (\n"
              "DELETE FROM {table}\n"
              "WHERE rowid IN (SELECT [number] FROM {noted}"
              " WHERE [number] BETWEEN {first} AND {last})\n"
              "RETURNING *\n"
              ")\n"
              "INSERT INTO {table}\n"
              "SELECT * FROM gone",
    .stays = "SELECT what FROM (\n"
             "SELECT database_name, schema_name, table_name, 'an index' AS what\n"
             "FROM duckdb_indexes()\n"
             "UNION ALL\n"
             "SELECT database_name, schema_name, table_name, 'a constraint'\n"
             "FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL'\n"
             "UNION ALL\n"
             "SELECT database_name, schema_name, table_name, 'a trigger'\n"
             "FROM duckdb_triggers()\n"
             "UNION ALL\n"
             "SELECT database_name, schema_name, table_name, 'a generated column'\n"
             "FROM duckdb_columns() WHERE is_generated\n"
             ")\n"
             "WHERE database_name = current_database()\n"
             "    AND lower(schema_name) = lower({'dataset'})\n"
             "    AND lower(table_name) = lower({'name'})",
};

/* Before 2.0 only the statement that makes the table tells a generated column from a default; the
 * engine writes it anew, each part in its place. */
static const char generated[] =
    "SELECT c.table_name, c.column_name\n"
    "FROM information_schema.columns AS c\n"
    "JOIN duckdb_tables() AS t ON t.database_name = c.table_catalog\n"
    "    AND t.schema_name = c.table_schema AND t.table_name = c.table_name\n"
    "WHERE c.table_catalog = current_database()\n"
    "    AND lower(c.table_schema) = lower({'dataset'})\n"
    "    AND CASE WHEN c.is_generated IS NOT NULL THEN c.is_generated = 'ALWAYS'\n"
    "    ELSE regexp_matches(t.sql, '(\\(|, )\"?' || "
    "regexp_escape(replace(c.column_name, '\"', '\"\"')) || '\"? ' ||\n"
    "    regexp_escape(c.data_type) || ' GENERATED ALWAYS AS\\(') END";

/* The information schema, which is made of these, takes twice the time. */
static const char describe[] =
    "SELECT table_name, c.column_name, c.data_type,\n"
    "    CASE WHEN c.column_default IS NULL AND NOT c.is_nullable THEN 'NO' ELSE 'YES' END,\n"
    "    t.estimated_size, t.index_count\n"
    "FROM duckdb_columns() AS c\n"
    "JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)\n"
    "WHERE database_name = current_database() AND lower(schema_name) = lower({'dataset'})\n"
    "ORDER BY table_name, c.column_index";

static const char *const reserved[] = {"pg_catalog", "information_schema", NULL};

/* ---- memory ---- */

/* What a thread of DuckDB holds while it fills a table, whatever the budget is: for each column a
 * block of 256 KiB for the values, one for which of them are NULL, and what reads the files; once,
 * a row group of a file as it is stored and as it is read (an eighth of the budget, see engine.c).
 */
enum { COLUMN_BYTES = 576 << 10, BASE_BYTES = 16 << 20 };

/* And for each table until the transaction ends: measured with 2,000 of them on 2.0 (80 KiB), and
 * 200 on 1.5. */
static size_t table_bytes(void)
{
    return (size_t)(duck_version() >= VERSION_OF(2, 0, 0) ? 80 : 240) << 10;
}

/* Reading staged rows takes twice as much as writing them; of a table whose old rows give way it
 * holds the old blocks, the new ones, and what was staged. */
enum { STAGED = 3, MERGED = 5 };

static struct room room(const struct context *ctx, const struct workload *work)
{
    size_t staged = work->staged_columns * STAGED;
    size_t columns = staged > work->column_count ? staged : work->column_count;
    size_t tables = work->table_count + work->merged_count * MERGED;
    struct room out = {.total = duck_share(ctx)};
    if (columns > 0)
        out.of_thread = BASE_BYTES + ctx->memory_bytes_max / 8 + columns * COLUMN_BYTES +
                        tables * table_bytes();
    if (work->only_adds)
        out.enough = out.of_thread * (size_t)duck_limits(ctx->threads, out.total).threads;
    return out;
}

const struct dialect dialect_duckdb = {
    .name = "duckdb",
    .destination_type = "dlt.destinations.duckdb",
    .quote = '"',
    .name_bytes_max = 65536,
    .reserved = reserved,
    .folds_case = true,
    .fraction_max = 9,
    .use = "USE {dataset}",
    .read_only = "BEGIN TRANSACTION READ ONLY",
    .adbc_by_position = true,
    .hex = {"from_hex('", "')"},
    .describe = describe,
    .generated = generated,
    .delete_cost = &delete_cost,
    .try_cast = "TRY_CAST({value} AS {type})",
    .row_hash = "hash({values})",
    .session = "SET TimeZone = 'UTC'\n"
               "SET SESSION preserve_insertion_order = true\n",
    .storage = "SELECT tags['storage_version'] FROM duckdb_databases() "
               "WHERE database_name = current_database()",
    .store_random = {{" USING COMPRESSION uncompressed", 0}},
    .store_repeated = {{" USING COMPRESSION dictionary", 0},
                       {" USING COMPRESSION dict_fsst", VERSION_OF(1, 3, 0)}},
    .type_sql = type_sql,
    .type_from_sql = type_from_sql,
    .parquet = engine_parquet,
    .room = room,
    .error = duck_error,
};
