/*
 * PostgreSQL's types as a table: number, number of its arrays, form on the wire, name, and how a
 * query asks for it where the form is not read here.
 *
 * pg_type_find: the table, else the rows that a client has fetched by pg_types_sql: a domain is
 * what it stands on, an enum is text, an array is one of what its elements are. What is left
 * (ranges, composites, geometry, types of extensions) is opaque, and the server is asked to write
 * it: pg_type_reading. pg_type_spec says which of our column types holds the values.
 *
 * The bytes themselves are read in decode.c and text.c.
 */
#include "postgres/values/types.h"

#include "base/error.h"

enum { NESTING_MAX = 32 }; /* of domains */

#define AS_IT_IS "{column}"
#define AS_TEXT  "{column}::text"
#define AS_JSON  "to_json({column})"

static const struct {
    uint32_t oid;
    uint32_t array;
    enum pg_form form;
    const char *name;
    const char *reading; /* NULL: as it is; or as text where it is opaque */
} table[] = {
    {16, 1000, PG_BOOL, "boolean", NULL},
    {17, 1001, PG_BYTEA, "bytea", NULL},
    {18, 1002, PG_CHAR, "\"char\"", NULL},
    {19, 1003, PG_TEXT, "name", NULL},
    {20, 1016, PG_INT8, "bigint", NULL},
    {21, 1005, PG_INT2, "smallint", NULL},
    {23, 1007, PG_INT4, "integer", NULL},
    {25, 1009, PG_TEXT, "text", NULL},
    {26, 1028, PG_OID, "oid", NULL},
    {28, 1011, PG_OID, "xid", NULL},
    {29, 1012, PG_OID, "cid", NULL},
    {114, 199, PG_JSON, "json", NULL},
    {142, 143, PG_TEXT, "xml", NULL},
    {650, 651, PG_INET, "cidr", NULL},
    {700, 1021, PG_FLOAT4, "real", NULL},
    {701, 1022, PG_FLOAT8, "double precision", NULL},
    {705, 0, PG_TEXT, "unknown", NULL},
    {774, 775, PG_MACADDR, "macaddr8", NULL},
    {790, 791, PG_OPAQUE, "money", "{column}::numeric"}, /* digits behind the point: a locale's */
    {829, 1040, PG_MACADDR, "macaddr", NULL},
    {869, 1041, PG_INET, "inet", NULL},
    {1042, 1014, PG_TEXT, "character", NULL},
    {1043, 1015, PG_TEXT, "character varying", NULL},
    {1082, 1182, PG_DATE, "date", NULL},
    {1083, 1183, PG_TIME, "time without time zone", NULL},
    {1114, 1115, PG_TIMESTAMP, "timestamp without time zone", NULL},
    {1184, 1185, PG_TIMESTAMPTZ, "timestamp with time zone", NULL},
    {1186, 1187, PG_INTERVAL, "interval", NULL},
    {1266, 1270, PG_TIMETZ, "time with time zone", NULL},
    {1560, 1561, PG_BITS, "bit", NULL},
    {1562, 1563, PG_BITS, "bit varying", NULL},
    {1700, 1231, PG_NUMERIC, "numeric", NULL},
    {1790, 2201, PG_TEXT, "refcursor", NULL},
    {2249, 2287, PG_OPAQUE, "record", AS_JSON},
    {2950, 2951, PG_UUID, "uuid", NULL},
    {3802, 3807, PG_JSONB, "jsonb", NULL},
    /* opaque as those that are not here, but their arrays are known as such */
    {24, 1008, PG_OPAQUE, "regproc", NULL},
    {27, 1010, PG_OPAQUE, "tid", NULL},
    {600, 1017, PG_OPAQUE, "point", NULL},
    {601, 1018, PG_OPAQUE, "lseg", NULL},
    {602, 1019, PG_OPAQUE, "path", NULL},
    {603, 1020, PG_OPAQUE, "box", NULL},
    {604, 1027, PG_OPAQUE, "polygon", NULL},
    {628, 629, PG_OPAQUE, "line", NULL},
    {718, 719, PG_OPAQUE, "circle", NULL},
    {1033, 1034, PG_OPAQUE, "aclitem", NULL},
    {2202, 2207, PG_OPAQUE, "regprocedure", NULL},
    {2203, 2208, PG_OPAQUE, "regoper", NULL},
    {2204, 2209, PG_OPAQUE, "regoperator", NULL},
    {2205, 2210, PG_OPAQUE, "regclass", NULL},
    {2206, 2211, PG_OPAQUE, "regtype", NULL},
    {2970, 2949, PG_OPAQUE, "txid_snapshot", NULL},
    {3220, 3221, PG_OPAQUE, "pg_lsn", NULL},
    {3614, 3643, PG_OPAQUE, "tsvector", NULL},
    {3615, 3645, PG_OPAQUE, "tsquery", NULL},
    {3734, 3735, PG_OPAQUE, "regconfig", NULL},
    {3769, 3770, PG_OPAQUE, "regdictionary", NULL},
    {3904, 3905, PG_OPAQUE, "int4range", NULL},
    {3906, 3907, PG_OPAQUE, "numrange", NULL},
    {3908, 3909, PG_OPAQUE, "tsrange", NULL},
    {3910, 3911, PG_OPAQUE, "tstzrange", NULL},
    {3912, 3913, PG_OPAQUE, "daterange", NULL},
    {3926, 3927, PG_OPAQUE, "int8range", NULL},
    {4072, 4073, PG_OPAQUE, "jsonpath", NULL},
    {4089, 4090, PG_OPAQUE, "regnamespace", NULL},
    {4096, 4097, PG_OPAQUE, "regrole", NULL},
    {4191, 4192, PG_OPAQUE, "regcollation", NULL},
    {4451, 6150, PG_OPAQUE, "int4multirange", NULL},
    {4532, 6151, PG_OPAQUE, "nummultirange", NULL},
    {4533, 6152, PG_OPAQUE, "tsmultirange", NULL},
    {4534, 6153, PG_OPAQUE, "tstzmultirange", NULL},
    {4535, 6155, PG_OPAQUE, "datemultirange", NULL},
    {4536, 6157, PG_OPAQUE, "int8multirange", NULL},
    {5038, 5039, PG_OPAQUE, "pg_snapshot", NULL},
    {5069, 271, PG_OPAQUE, "xid8", NULL},
};

const char pg_types_sql[] =
    "WITH RECURSIVE known AS (\n"
    "  SELECT oid, typtype, typcategory, typbasetype, typelem, typsubscript, typtypmod\n"
    "  FROM pg_catalog.pg_type WHERE oid = ANY($1::pg_catalog.oid[])\n"
    "  UNION\n"
    "  SELECT t.oid, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typsubscript, "
    "t.typtypmod\n"
    "  FROM pg_catalog.pg_type t JOIN known k ON t.oid IN (k.typbasetype, k.typelem)\n"
    ")\n"
    "SELECT oid, kind, CASE kind WHEN 'A' THEN typelem ELSE typbasetype END AS element,\n"
    "       typtypmod AS typmod, pg_catalog.format_type(oid, NULL) AS name\n"
    "FROM (SELECT *, CASE WHEN typsubscript = 'pg_catalog.array_subscript_handler'::regproc\n"
    "                     THEN 'A' ELSE typtype::text END AS kind FROM known) t";

/* ---- finding ---- */

static bool find_fixed(uint32_t oid, struct pg_type *out)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        bool array = oid != 0 && table[i].array == oid;
        if (table[i].oid != oid && !array)
            continue;
        *out = (struct pg_type){.form = table[i].form, .name = table[i].name};
        out->reading = table[i].reading ? table[i].reading : AS_TEXT;
        if (array) {
            out->form = out->form == PG_OPAQUE ? PG_OPAQUE : PG_ARRAY;
            out->element = table[i].oid;
            out->reading = AS_JSON;
        }
        return true;
    }
    return false;
}

static const struct pg_catalog_type *find_own(const struct pg_types *types, uint32_t oid)
{
    for (size_t i = 0; types && i < types->count; i++)
        if (types->items[i].oid == oid)
            return &types->items[i];
    return NULL;
}

/* Behind its domains. */
static const struct pg_catalog_type *resolve(const struct pg_types *types, uint32_t *oid,
                                             int32_t *typmod)
{
    const struct pg_catalog_type *own = find_own(types, *oid);
    for (int depth = 0; own && own->kind == 'd' && depth < NESTING_MAX; depth++) {
        *oid = own->element;
        *typmod = own->typmod;
        own = find_own(types, *oid);
    }
    return own;
}

static void find_array(const struct pg_types *types, const struct pg_catalog_type *own,
                       struct pg_type *out)
{
    uint32_t element = own->element;
    int32_t typmod = -1;
    struct pg_type found = {.form = PG_OPAQUE};
    const struct pg_catalog_type *inner = resolve(types, &element, &typmod);
    if ((find_fixed(element, &found) && found.form != PG_OPAQUE) || (inner && inner->kind == 'e'))
        out->form = PG_ARRAY;
    out->element = element;
    out->reading = AS_JSON;
}

static void find_kind(const struct pg_types *types, const struct pg_catalog_type *own,
                      struct pg_type *out)
{
    out->name = own->name;
    if (own->kind == 'e')
        out->form = PG_TEXT;
    else if (own->kind == 'c')
        out->reading = AS_JSON;
    else if (own->kind == 'A')
        find_array(types, own, out);
}

void pg_type_find(const struct pg_types *types, uint32_t oid, int32_t typmod, struct pg_type *out)
{
    const struct pg_catalog_type *own = resolve(types, &oid, &typmod);
    *out = (struct pg_type){.form = PG_OPAQUE, .name = "of its own", .reading = AS_TEXT};
    if (!find_fixed(oid, out) && own)
        find_kind(types, own, out);
    out->oid = oid;
    out->typmod = typmod;
    if (out->form != PG_OPAQUE)
        out->reading = AS_IT_IS;
}

const char *pg_type_reading(const struct pg_types *types, uint32_t oid)
{
    struct pg_type type;
    pg_type_find(types, oid, -1, &type);
    return type.reading;
}

/* ---- as a column ---- */

static const enum type holds[] = {
    [PG_BOOL] = TYPE_BOOL,
    [PG_INT2] = TYPE_BIGINT,
    [PG_INT4] = TYPE_BIGINT,
    [PG_INT8] = TYPE_BIGINT,
    [PG_OID] = TYPE_BIGINT,
    [PG_FLOAT4] = TYPE_DOUBLE,
    [PG_FLOAT8] = TYPE_DOUBLE,
    [PG_NUMERIC] = TYPE_DECIMAL,
    [PG_TEXT] = TYPE_TEXT,
    [PG_CHAR] = TYPE_TEXT,
    [PG_BYTEA] = TYPE_BINARY,
    [PG_JSON] = TYPE_JSON,
    [PG_JSONB] = TYPE_JSON,
    [PG_UUID] = TYPE_TEXT,
    [PG_DATE] = TYPE_DATE,
    [PG_TIME] = TYPE_TIME,
    [PG_TIMETZ] = TYPE_TEXT,
    [PG_TIMESTAMP] = TYPE_TIMESTAMP,
    [PG_TIMESTAMPTZ] = TYPE_TIMESTAMP,
    [PG_INTERVAL] = TYPE_TEXT,
    [PG_INET] = TYPE_TEXT,
    [PG_MACADDR] = TYPE_TEXT,
    [PG_BITS] = TYPE_TEXT,
    [PG_ARRAY] = TYPE_JSON,
};

/* numeric(p,s): of more digits than a decimal has, as many behind the point as leave room before
 * it, but for the whole numbers that dlt keeps in a wei; without p and s, the decimal that columns
 * get by default. */
static struct type_spec numeric_spec(int32_t typmod)
{
    enum { HEAD = 4, SCALE_BITS = 11, SCALE_SIGN = 1 << (SCALE_BITS - 1) };
    enum { WEI_PRECISION = 156, WEI_SCALE = 78 };
    struct type_spec spec = {.type = TYPE_DECIMAL};
    if (typmod < HEAD)
        return spec;
    int precision = (typmod - HEAD) >> 16 & 0xffff;
    int scale = (((typmod - HEAD) & ((1 << SCALE_BITS) - 1)) ^ SCALE_SIGN) - SCALE_SIGN;
    if (precision == WEI_PRECISION && scale == WEI_SCALE)
        return (struct type_spec){.type = TYPE_WEI};
    if (scale < 0) {
        precision -= scale;
        scale = 0;
    }
    if (scale > precision)
        precision = scale;
    if (precision > DECIMAL_PRECISION) {
        precision = DECIMAL_PRECISION;
        scale = scale < WIDE_SCALE_MAX ? scale : WIDE_SCALE_MAX;
    }
    spec.precision = precision;
    spec.scale = scale;
    return spec;
}

struct type_spec pg_type_spec(const struct pg_type *type, const struct type_spec *wanted)
{
    struct type_spec spec = {.type = holds[type->form]};
    enum type hint = wanted ? wanted->type : TYPE_NONE;
    if (type->form == PG_NUMERIC)
        spec = numeric_spec(type->typmod);
    if (type->form == PG_TIMESTAMP)
        spec.naive = true;
    if (hint == TYPE_TEXT && type->form != PG_BYTEA)
        spec = (struct type_spec){.type = TYPE_TEXT};
    else if (type->form == PG_NUMERIC && hint == TYPE_DECIMAL && wanted->precision > 0)
        spec = *wanted;
    else if (type->form == PG_NUMERIC &&
             (hint == TYPE_WEI || hint == TYPE_DOUBLE || hint == TYPE_BIGINT))
        spec = (struct type_spec){.type = hint};
    return spec;
}
