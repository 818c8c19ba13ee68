/*
 * PostgreSQL's dialect: names of types, both ways, as dlt uses them at this destination, and as the
 * database itself spells them (format_type).
 *
 * Path: type_sql for CREATE and ALTER; type_from_sql for what describe tells of tables that are
 * there. A type that we never make, and that does not hold all that one of ours does, is TYPE_NONE:
 * a foreign one.
 */
#include <stdlib.h>
#include <string.h>

#include "database/dialect.h"

enum { FRACTION_MAX = 6 }; /* digits of a second */

static const char *integer_name(int precision)
{
    return precision == 0 || precision > 32 ? "bigint" : precision > 16 ? "integer" : "smallint";
}

/* "timestamp(3) with time zone"; without digits where it has all of them. */
static void put_time(struct buf *out, const char *name, int precision, bool with_zone)
{
    buf_text(out, name);
    if (precision != 0 && precision < FRACTION_MAX)
        buf_printf(out, "(%d)", precision == PRECISION_SECONDS ? 0 : precision);
    buf_text(out, with_zone ? " with time zone" : " without time zone");
}

static void type_sql(const struct type_spec *spec, struct buf *out)
{
    static const char *const names[TYPE_COUNT] = {
        [TYPE_NONE] = "character varying",
        [TYPE_TEXT] = "character varying",
        [TYPE_DOUBLE] = "double precision",
        [TYPE_BOOL] = "boolean",
        [TYPE_BINARY] = "bytea",
        [TYPE_JSON] = "jsonb",
        [TYPE_WEI] = "numeric(156,78)",
        [TYPE_DATE] = "date",
    };
    switch (spec->type) {
    case TYPE_BIGINT: buf_text(out, integer_name(spec->precision)); break;
    case TYPE_TIMESTAMP: put_time(out, "timestamp", spec->precision, !spec->naive); break;
    case TYPE_TIME: put_time(out, "time", spec->precision, false); break;
    case TYPE_DECIMAL:
        if (spec->precision > 0)
            buf_printf(out, "numeric(%d,%d)", spec->precision, spec->scale);
        else
            buf_printf(out, "numeric(%d,%d)", DECIMAL_PRECISION, DECIMAL_SCALE);
        break;
    default:
        buf_text(out, names[spec->type]);
        if (spec->type == TYPE_TEXT && spec->precision > 0)
            buf_printf(out, "(%d)", spec->precision);
    }
}

/* A name of the database's: what stands before its numbers in parentheses, and behind them. */
struct sql_type {
    const char *before, *behind;
    struct type_spec spec;
};

static const struct sql_type sql_types[] = {
    {"character varying", "", {.type = TYPE_TEXT}},
    {"text", "", {.type = TYPE_TEXT}},
    {"jsonb", "", {.type = TYPE_JSON}},
    {"json", "", {.type = TYPE_JSON}},
    {"bigint", "", {.type = TYPE_BIGINT}},
    {"integer", "", {.type = TYPE_BIGINT, .precision = 32}},
    {"smallint", "", {.type = TYPE_BIGINT, .precision = 16}},
    {"double precision", "", {.type = TYPE_DOUBLE}},
    {"boolean", "", {.type = TYPE_BOOL}},
    {"timestamp", " with time zone", {.type = TYPE_TIMESTAMP}},
    {"timestamp", " without time zone", {.type = TYPE_TIMESTAMP, .naive = true}},
    {"time", " without time zone", {.type = TYPE_TIME}},
    {"date", "", {.type = TYPE_DATE}},
    {"bytea", "", {.type = TYPE_BINARY}},
    {"numeric", "", {.type = TYPE_DECIMAL}},
};

/* "numeric(38,9)": its numbers, and where its name goes on behind them. */
static size_t split(const char *sql_type, int numbers[2], const char **behind)
{
    size_t count = 0, len = strcspn(sql_type, "(");
    *behind = "";
    if (!sql_type[len]) /* the longest name that has none ends before its zone */
        return 0;
    const char *at = sql_type + len;
    while (count < 2 && (*at == '(' || *at == ',')) {
        char *end = NULL;
        numbers[count++] = (int)strtol(at + 1, &end, 10);
        at = end;
    }
    *behind = *at == ')' ? at + 1 : at;
    return count;
}

/* The row of a name without its numbers; NULL: there is none. */
static const struct sql_type *find_type(const char *sql_type, size_t count, const char *behind)
{
    for (size_t i = 0; i < sizeof(sql_types) / sizeof(sql_types[0]); i++) {
        const struct sql_type *type = &sql_types[i];
        size_t len = strlen(type->before);
        const char *rest = count > 0 ? behind : sql_type + len;
        if (strncmp(sql_type, type->before, len) == 0 && (count == 0 || sql_type[len] == '(') &&
            strcmp(rest, type->behind) == 0)
            return type;
    }
    return NULL;
}

/* Of a numeric: one without digits holds decimals of any scale, which none of ours is. */
static struct type_spec numeric(size_t count, const int numbers[2])
{
    int precision = numbers[0], scale = count > 1 ? numbers[1] : 0;
    if (count > 0 && precision == 156 && scale == 78)
        return (struct type_spec){.type = TYPE_WEI};
    if (count == 0 || precision > DECIMAL_PRECISION || scale < 0 || scale > precision)
        return (struct type_spec){.type = TYPE_NONE};
    return (struct type_spec){.type = TYPE_DECIMAL, .precision = precision, .scale = scale};
}

static struct type_spec type_from_sql(const char *sql_type)
{
    int numbers[2] = {0};
    const char *behind = NULL;
    size_t count = split(sql_type, numbers, &behind);
    const struct sql_type *type = find_type(sql_type, count, behind);
    if (!type)
        return (struct type_spec){.type = TYPE_NONE};
    struct type_spec spec = type->spec;
    if (spec.type == TYPE_DECIMAL)
        return numeric(count, numbers);
    bool is_time = spec.type == TYPE_TIMESTAMP || spec.type == TYPE_TIME;
    if (count > 0 && (spec.type == TYPE_TEXT || is_time))
        spec.precision = is_time && numbers[0] == 0 ? PRECISION_SECONDS : numbers[0];
    if (is_time && spec.precision == FRACTION_MAX)
        spec.precision = 0;
    return spec;
}

static const char *const reserved[] = {"pg_*", "information_schema", NULL};

static const char *const incomparable[] = {"money", "xid", "cid", NULL};

/* Publications of all tables, too: what reads them would get rows of {made}, which it has not. */
static const char like_lacks[] =
    "SELECT has\n"
    "FROM (\n"
    "SELECT CASE\n"
    "    WHEN t.relrowsecurity OR EXISTS (SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid = "
    "t.oid)\n"
    "    THEN 'row level security'\n"
    "    WHEN t.relkind = 'p' OR t.relispartition THEN 'partitions, or is one'\n"
    "    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE t.oid IN (inhrelid, inhparent))\n"
    "    THEN 'inheritance'\n"
    "    WHEN t.relkind <> 'r' THEN 'another kind than a plain table'\n"
    "    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables\n"
    "        WHERE schemaname = n.nspname AND tablename = t.relname)\n"
    "    THEN 'a publication'\n"
    "    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d\n"
    "        JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'\n"
    "        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid\n"
    "        AND d.refobjid = t.oid AND d.deptype = 'a')\n"
    "    THEN 'a sequence of its own (serial)'\n"
    "    END AS has\n"
    "FROM pg_catalog.pg_class AS t\n"
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace\n"
    "WHERE n.nspname = {'dataset'} AND t.relname = {'name'}\n"
    ") AS looked\n"
    "WHERE has IS NOT NULL";

/* A name that is tried would be an error in the server's log, run for run. */
static const char views[] = "SELECT c.relname FROM pg_catalog.pg_class AS c\n"
                            "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
                            "WHERE n.nspname = {'dataset'} AND c.relkind IN ('v', 'm', 'S')";

/* A right to some columns may be enough. What is not there has no rights, and its row none. Of a
 * table with a policy the server refuses all, whatever rights there are. */
static const char rights[] =
    "SELECT DISTINCT CASE WHEN c.relrowsecurity AND row_security_active(c.oid)\n"
    "    THEN format('ALTER ROLE %I BYPASSRLS', current_user)\n"
    "    ELSE CASE w.wanted\n"
    "    WHEN 'DATABASE' THEN format('GRANT CREATE ON DATABASE %I TO %I', current_database(), "
    "current_user)\n"
    "    WHEN 'TEMPORARY' THEN format('GRANT TEMPORARY ON DATABASE %I TO %I', "
    "current_database(), current_user)\n"
    "    WHEN 'SCHEMA' THEN format('GRANT CREATE ON SCHEMA %I TO %I', n.nspname, current_user)\n"
    "    WHEN 'OWNER' THEN format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, "
    "current_user)\n"
    "    ELSE format('GRANT %s ON %I.%I TO %I', w.wanted, n.nspname, c.relname, current_user)\n"
    "    END END, current_user\n"
    "FROM (VALUES {wanted}) AS w (name, wanted)\n"
    "LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = {'dataset'}\n"
    "LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name\n"
    "    AND c.relkind IN ('r', 'p', 'f')\n"
    "WHERE NOT CASE\n"
    "    WHEN c.relrowsecurity AND row_security_active(c.oid) THEN false\n"
    "    WHEN w.wanted = 'DATABASE' THEN has_database_privilege(current_database(), 'CREATE')\n"
    "    WHEN w.wanted = 'TEMPORARY' THEN has_database_privilege(current_database(), 'TEMPORARY')\n"
    "    WHEN w.wanted = 'SCHEMA' THEN has_schema_privilege(n.oid, 'CREATE')\n"
    "    WHEN w.wanted = 'OWNER' THEN pg_has_role(c.relowner, 'USAGE')\n"
    "    WHEN w.wanted IN ('SELECT', 'INSERT', 'UPDATE') THEN has_any_column_privilege(c.oid, "
    "w.wanted)\n"
    "    ELSE has_table_privilege(c.oid, w.wanted) END\n"
    "ORDER BY 1";

const struct dialect dialect_postgres = {
    .name = "postgres",
    .vendor = "PostgreSQL",
    .destination_type = "dlt.destinations.postgres",
    .quote = '"',
    .name_bytes_max = 63,
    .reserved = reserved,
    .folds_case = false,
    .fraction_max = FRACTION_MAX,
    .read_only = "SET default_transaction_read_only = on",
    .match_nulls = "array_append(NULL, {left}) = array_append(NULL, {right})",
    .byte_order = " COLLATE \"C\"",
    .row_hash = "hashtextextended(CAST(ROW({values}) AS TEXT), 0)",
    .overriding = " OVERRIDING SYSTEM VALUE",
    .skip_locked = " FOR UPDATE SKIP LOCKED",
    .hold = "LOCK TABLE {table} IN ROW EXCLUSIVE MODE",
    .use = "SET search_path TO {dataset}, public",
    .truncate = "TRUNCATE {table}",
    .like = "CREATE TABLE {made} (LIKE {table} INCLUDING ALL)",
    .like_lacks = like_lacks,
    .views = views,
    .rights = rights,
    .index = "CREATE INDEX ON {table} ({columns}) WHERE {condition}",
    .unique = "ALTER TABLE {table} ADD UNIQUE ({column})",
    .hex = {"'\\x", "'::bytea"},
    /* Of numbers, which is all that it is asked for. */
    .try_cast = "CAST(CASE WHEN {value} ~ '^\\d+(\\.\\d+)?$' AND length({value}) < 30\n"
                "    THEN {value} END AS {type})",
    .incomparable = incomparable,
    .store_random = {{"", 0}},
    .store_repeated = {{"", 0}},
    .type_sql = type_sql,
    .type_from_sql = type_from_sql,
};
