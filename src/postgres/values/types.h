/*
 * PostgreSQL's types: how a value of each lies on the wire, which column type holds it, and how a
 * query has to ask for it. Types that a database's own catalog adds (enums, domains, arrays of
 * both) are filled in by whoever has a connection: pg_types_sql.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_TYPES_H
#define TIDEGATE_POSTGRES_VALUES_TYPES_H

#include <stdint.h>

#include "data/type.h"

/* What lies in the bytes of a value. */
enum pg_form {
    PG_OPAQUE = 0, /* not read here: the query asks for text */
    PG_BOOL,
    PG_INT2,
    PG_INT4,
    PG_INT8,
    PG_OID, /* 32 bits without a sign */
    PG_FLOAT4,
    PG_FLOAT8,
    PG_NUMERIC,
    PG_TEXT, /* its characters: also name, xml, an enum's label */
    PG_CHAR, /* one byte */
    PG_BYTEA,
    PG_JSON,
    PG_JSONB, /* a byte for its version, then as json */
    PG_UUID,
    PG_DATE,
    PG_TIME,
    PG_TIMETZ,
    PG_TIMESTAMP,
    PG_TIMESTAMPTZ,
    PG_INTERVAL,
    PG_INET,
    PG_MACADDR, /* also of 8 bytes */
    PG_BITS,
    PG_ARRAY
};

/* One type of a database's own catalog: a row of pg_types_sql. */
struct pg_catalog_type {
    uint32_t oid;
    char kind;        /* pg_type.typtype: 'e' an enum, 'd' a domain, 'c' composite..., and 'A': an
                         array */
    uint32_t element; /* of a domain the type below it, of an array that of its elements; else 0 */
    int32_t typmod;   /* of a domain: of the type below */
    const char *name;
};
struct pg_types {
    const struct pg_catalog_type *items;
    size_t count;
};

/* Types below this number are the same in every database, and known here. */
enum { PG_OID_OWN = 10000 };

/* The query for the types with the numbers $1 (oid[]), and those that they are made of: oid,
 * kind, element, typmod, name. */
extern const char pg_types_sql[];

struct pg_type {
    enum pg_form form;
    uint32_t oid; /* of what a domain stands on */
    uint32_t element;
    int32_t typmod;
    const char *name;    /* "numeric" */
    const char *reading; /* pg_type_reading's */
};

/* What is known of a type; PG_OPAQUE where nothing is. `types` may be NULL. */
void pg_type_find(const struct pg_types *types, uint32_t oid, int32_t typmod, struct pg_type *out);

/* SQL by which a query asks for a column of the type: "{column}" where its binary form is read
 * here, else "{column}::text", "to_json({column})", "{column}::numeric". What the query then
 * describes is the type to decode. */
const char *pg_type_reading(const struct pg_types *types, uint32_t oid);

/* The type of the column that holds its values. A hint (`wanted`, may be NULL) is followed where a
 * value reads as well in its type: anything as text, numeric as decimal, wei, bigint or double. */
struct type_spec pg_type_spec(const struct pg_type *type, const struct type_spec *wanted);

#endif
