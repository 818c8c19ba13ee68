/*
 * SQLite's dialect. It stores integers, doubles, texts and bytes, whatever a column is called: all
 * other types are texts here, and the words for them have TEXT in them, which keeps SQLite from
 * making numbers of what looks like one (a decimal would lose digits, the JSON 1e3 be 1000.0).
 *
 * Path: type_sql for CREATE; type_from_sql for what pragma_table_info tells, which is what was
 * written; error for SQLITE's messages, of which a driver gives the text alone.
 *
 * A dataset is a file of its own beside the one that is opened, as dlt has it, and is attached.
 */
#include <stdlib.h>
#include <string.h>

#include "database/dialect.h"

struct sql_type {
    const char *sql;
    struct type_spec spec;
};

/* The first of a type without a precision is its default. */
static const struct sql_type sql_types[] = {
    {"TEXT", {.type = TYPE_TEXT}},
    {"BIGINT", {.type = TYPE_BIGINT}},
    {"TINYINT", {.type = TYPE_BIGINT, .precision = 8}},
    {"SMALLINT", {.type = TYPE_BIGINT, .precision = 16}},
    {"INTEGER", {.type = TYPE_BIGINT, .precision = 32}},
    {"HUGE_TEXT", {.type = TYPE_BIGINT, .precision = 128}},
    {"DOUBLE", {.type = TYPE_DOUBLE}},
    {"BOOLEAN", {.type = TYPE_BOOL}},
    {"BLOB", {.type = TYPE_BINARY}},
    {"JSON_TEXT", {.type = TYPE_JSON}},
    {"WEI_TEXT", {.type = TYPE_WEI}},
    {"DATE_TEXT", {.type = TYPE_DATE}},
    {"TIME_TEXT", {.type = TYPE_TIME}},
    {"TIMESTAMPTZ_TEXT", {.type = TYPE_TIMESTAMP}},
    {"TIMESTAMP_TEXT", {.type = TYPE_TIMESTAMP, .naive = true}},
    {"TIMESTAMP_S_TEXT", {.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true}},
    {"TIMESTAMP_MS_TEXT", {.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}},
    {"TIMESTAMP_NS_TEXT", {.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}},
};

enum { TYPES = sizeof(sql_types) / sizeof(sql_types[0]) };

static const char decimal[] = "DECIMAL_TEXT(";

/* What is stored alike is one: BIGINT(40) has no word of its own. */
static struct type_spec rounded(const struct type_spec *spec)
{
    struct type_spec out = *spec;
    if (spec->type == TYPE_BIGINT)
        out.precision = spec->precision == 0 || (spec->precision > 32 && spec->precision <= 64) ? 0
                        : spec->precision <= 8                                                  ? 8
                        : spec->precision <= 16                                                 ? 16
                        : spec->precision <= 32                                                 ? 32
                                                : 128;
    else if (spec->type == TYPE_TIMESTAMP)
        out.precision = !spec->naive || spec->precision == 0 ? 0
                        : spec->precision < 0                ? PRECISION_SECONDS
                        : spec->precision <= 3               ? 3
                        : spec->precision <= 6               ? 0
                                                             : 9;
    else
        out.precision = 0;
    return out;
}

static void type_sql(const struct type_spec *spec, struct buf *out)
{
    const struct type_spec want = rounded(spec);
    if (spec->type == TYPE_DECIMAL) {
        bool is_default = spec->precision == 0;
        buf_printf(out, "%s%d,%d)", decimal, is_default ? DECIMAL_PRECISION : spec->precision,
                   is_default ? DECIMAL_SCALE : spec->scale);
        return;
    }
    for (size_t i = 0; i < TYPES; i++)
        if (sql_types[i].spec.type == want.type && sql_types[i].spec.precision == want.precision &&
            sql_types[i].spec.naive == want.naive) {
            buf_text(out, sql_types[i].sql);
            return;
        }
    buf_text(out, "TEXT");
}

static bool parse_decimal(const char *sql_type, struct type_spec *out)
{
    char *end = NULL;
    if (strncmp(sql_type, decimal, strlen(decimal)) != 0)
        return false;
    long precision = strtol(sql_type + strlen(decimal), &end, 10);
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
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(sql_types[i].sql, sql_type) == 0)
            return sql_types[i].spec;
    struct type_spec spec = {.type = TYPE_NONE};
    (void)parse_decimal(sql_type, &spec);
    return spec;
}

/* ---- messages ---- */

struct rule {
    const char *part; /* of the message; NULL: any */
    int code;
    bool retryable;
    const char *sqlstate, *advice;
};

static const struct rule rules[] = {
    {"database is locked", TG_DESTINATION, true, "40001", "; run again"},
    {"table is locked", TG_DESTINATION, true, "40001", "; run again"},
    {"no such table", TG_DESTINATION, false, "42P01", ""},
    {"unknown database", TG_DESTINATION, false, "42P01", ""},
    {"no such column", TG_DESTINATION, false, "42703", ""},
    {"has no column named", TG_DESTINATION, false, "42703", ""},
    {"already exists", TG_DESTINATION, false, "42P07", ""},
    {"duplicate column name", TG_DESTINATION, false, "42701", ""},
    {"syntax error", TG_DESTINATION, false, "42601", ""},
    {"NOT NULL constraint failed", TG_DESTINATION, false, "23502", ""},
    {"UNIQUE constraint failed", TG_DESTINATION, false, "23505", ""},
    {"CHECK constraint failed", TG_DESTINATION, false, "23514", ""},
    {"FOREIGN KEY constraint failed", TG_DESTINATION, false, "23503", ""},
    {"readonly database", TG_DESTINATION, false, "25006", ""},
    {"database or disk is full", TG_IO, true, "53100", "; make room, and run again"},
    {"disk I/O error", TG_IO, true, "58030", "; run again"},
    {"out of memory", TG_NOMEM, true, "53200", ""},
    {"Type mismatch in column", TG_DESTINATION, false, "22000",
     "; the driver takes a column's type from its first 65,536 rows: let the driver's option "
     "'adbc.sqlite.query.batch_rows' be more than the table has, or cast the column in a query"},
    {"interrupted", TG_CANCELLED, true, "57014", ""},
    {"syntax error", TG_DESTINATION, false, "42601", ""},
    {"is not a database", TG_DESTINATION, false, "", "; name another file"},
    {NULL, TG_DESTINATION, false, "", ""},
};

/* What SQLite says of what the driver says: that goes on with the whole statement. */
static const char *trim(const char *message, size_t *len)
{
    static const char *const heads[] = {"[SQLite] ",
                                        "Failed to prepare query: ", "failed to prepare: ",
                                        "failed to execute query: ", "failed to execute: "};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if (strncmp(message, heads[i], strlen(heads[i])) == 0)
            message += strlen(heads[i]);
    const char *tail = strstr(message, "\nquery");
    *len = tail ? (size_t)(tail - message) : strlen(message);
    return message;
}

static int error(struct tg_error *err, const char *message)
{
    size_t len;
    const struct rule *rule = rules;
    while (rule->part && !strstr(message, rule->part))
        rule++;
    message = trim(message, &len);
    int code = error_set(err, rule->code, "sqlite: %.*s%s", (int)len, message, rule->advice);
    if (err) {
        err->retryable = rule->retryable;
        memcpy(err->sqlstate, rule->sqlstate, strlen(rule->sqlstate) + 1);
    }
    return code;
}

/* ---- the dialect ---- */

/* The new column is the last one then. */
static const char *const alter_type[] = {
    "ALTER TABLE {table} ADD COLUMN [_tidegate_new] {type}",
    "UPDATE {table} SET [_tidegate_new] = CASE\n"
    "    WHEN '{type}' = 'TIMESTAMPTZ_TEXT' AND instr({column}, 'T') = 0\n"
    "    THEN {column} || 'T00:00:00+00:00'\n"
    "    WHEN '{type}' LIKE 'TIMESTAMP%' AND instr({column}, 'T') = 0\n"
    "    THEN {column} || 'T00:00:00'\n"
    "    ELSE CAST({column} AS {type}) END",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} RENAME COLUMN [_tidegate_new] TO {column}",
    NULL,
};

/* The driver takes a column's type from the rows of its first batch. */
static const char *const adbc_options[] = {"adbc.sqlite.query.batch_rows", "65536", NULL};

const struct dialect dialect_sqlite = {
    .name = "sqlite",
    .destination_type = "dlt.destinations.sqlalchemy",
    .quote = '"',
    .name_bytes_max = 65536,
    .folds_case = true,
    .begin = "BEGIN IMMEDIATE",
    .begin_look = "BEGIN",
    .begin_locks = true,
    .read_only = "PRAGMA query_only = ON",
    .is_file = true,
    .attach = "ATTACH DATABASE {'file'} AS {dataset}",
    .own_dataset = "main",
    .nan_is_null = true,
    .text_types = 1u << TYPE_DECIMAL | 1u << TYPE_WEI | 1u << TYPE_DATE | 1u << TYPE_TIME |
                  1u << TYPE_TIMESTAMP,
    .adbc_options = adbc_options,
    .delete_matched = "DELETE FROM {table}\n"
                      "WHERE _rowid_ IN (SELECT old._rowid_ FROM {table} AS old, {new}\n"
                      "WHERE {which})",
    .alter_type = alter_type,
    .describe = "SELECT t.name, c.name, c.type,\n"
                "    CASE WHEN c.\"notnull\" = 0 OR c.dflt_value IS NOT NULL THEN 'YES'"
                " ELSE 'NO' END\n"
                "FROM pragma_table_list AS t\n"
                "JOIN pragma_table_info(t.name, t.schema) AS c\n"
                "WHERE lower(t.schema) = lower({'dataset'}) AND t.type = 'table'\n"
                "    AND substr(t.name, 1, 7) <> 'sqlite_'\n"
                "ORDER BY t.name, c.cid",
    .reflect = "SELECT t.name, upper(t.type), c.name, upper(c.type),\n"
               "    CASE WHEN c.\"notnull\" = 0 THEN 'YES' ELSE 'NO' END\n"
               "FROM pragma_table_list AS t\n"
               "JOIN pragma_table_xinfo(t.name, t.schema) AS c\n"
               "WHERE lower(t.schema) = lower({'schema'})\n"
               "    AND t.type IN ('table', 'view', 'virtual')\n"
               "    AND substr(t.name, 1, 7) <> 'sqlite_' AND c.hidden <> 1\n"
               "ORDER BY t.name, c.cid",
    .reflect_keys = "SELECT t.name, c.name\n"
                    "FROM pragma_table_list AS t\n"
                    "JOIN pragma_table_info(t.name, t.schema) AS c\n"
                    "WHERE lower(t.schema) = lower({'schema'}) AND c.pk > 0\n"
                    "ORDER BY t.name, c.pk",
    .generated = "SELECT t.name, c.name\n"
                 "FROM pragma_table_list AS t\n"
                 "JOIN pragma_table_xinfo(t.name, t.schema) AS c\n"
                 "WHERE lower(t.schema) = lower({'dataset'}) AND c.hidden IN (2, 3)",
    .new_id = "lower(hex(randomblob(16)))",
    /* There is no hash: it is the row itself. quote() stops where a text has a NUL. */
    .row_hash = "{values}",
    .row_value = "CASE WHEN instr({value}, char(0)) > 0 THEN hex({value})"
                 " ELSE quote({value}) END",
    .row_comma = " || ',' || ",
    .types_by_values = true,
    .session = "PRAGMA busy_timeout = 2000",
    .byte_order = " COLLATE BINARY",
    .hex = {"x'", "'"},
    /* Of the load ids alone, which are seconds with six digits behind the point. */
    .try_cast = "CASE WHEN substr({value}, 1, 1) BETWEEN '0' AND '9'"
                " THEN CAST({value} AS REAL) END",
    .store_random = {{"", 0}},
    .store_repeated = {{"", 0}},
    .type_sql = type_sql,
    .type_from_sql = type_from_sql,
    .error = error,
};
