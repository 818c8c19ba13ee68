/*
 * SQL written as whole statements, with the names of their parts in place:
 *
 *   [load_id]             the column of that name, quoted
 *   {_dlt_loads}          the dataset's table of that name; names of the ledger's begin with _
 *   {rows}                a part of the scope: other SQL, a name, a table, a number, a time
 *   {'pipeline'}          one that is a text, as a literal
 *   {key}, {old.key}      a list of columns: "a", "b"; old."a", old."b"
 *   {old.key = new.key}   the same of two: old."a" = new."a" AND old."b" = new."b"
 */
#ifndef TIDEGATE_DATABASE_TEMPLATE_H
#define TIDEGATE_DATABASE_TEMPLATE_H

#include <stdint.h>

#include "database/dialect.h"

struct connection;
struct text_rows;

struct sql_names {
    const char *const *items;
    size_t count;
};

enum sql_kind {
    SQL_IS_PATTERN, /* is filled in, as the pattern that it is in */
    SQL_IS_PIECE,   /* SQL as it stands */
    SQL_IS_NAME,    /* of a column, or of a temporary table */
    SQL_IS_NAMES,   /* of columns */
    SQL_IS_TABLE,   /* of the dataset */
    SQL_IS_TEXT,    /* NULL: NULL */
    SQL_IS_TYPE,    /* as the dialect spells it */
    SQL_IS_NUMBER,
    SQL_IS_TIME /* microseconds since 1970 */
};

struct sql_part {
    const char *name;
    enum sql_kind kind;
    const char *text;
    int64_t number;
    const struct sql_names *names;
    const struct type_spec *type;
};

#define SQL_PART(name, kind, ...)                                                                  \
    (struct sql_part)                                                                              \
    {                                                                                              \
        name, kind, __VA_ARGS__                                                                    \
    }
#define SQL_PATTERN(name, pattern) SQL_PART(name, SQL_IS_PATTERN, .text = (pattern))
#define SQL_PIECE(name, sql)       SQL_PART(name, SQL_IS_PIECE, .text = (sql))
#define SQL_NAME(name, ident)      SQL_PART(name, SQL_IS_NAME, .text = (ident))
#define SQL_NAMES(name, list)      SQL_PART(name, SQL_IS_NAMES, .names = (list))
#define SQL_TABLE(name, table)     SQL_PART(name, SQL_IS_TABLE, .text = (table))
#define SQL_TEXT(name, value)      SQL_PART(name, SQL_IS_TEXT, .text = (value))
#define SQL_TYPE(name, spec)       SQL_PART(name, SQL_IS_TYPE, .type = (spec))
#define SQL_NUMBER(name, value)    SQL_PART(name, SQL_IS_NUMBER, .number = (int64_t)(value))
#define SQL_TIME(name, us)         SQL_PART(name, SQL_IS_TIME, .number = (us))
#define SQL_PARTS(...)                                                                             \
    (const struct sql_part[])                                                                      \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* What the names in a pattern stand for. All is borrowed. */
struct sql_scope {
    const struct dialect *dialect;
    const char *dataset;
    const struct sql_part *parts;  /* SQL_PARTS; NULL: none */
    const struct sql_scope *outer; /* where else to look; NULL: nowhere */
};

static inline struct sql_scope sql_within(const struct sql_scope *outer,
                                          const struct sql_part *parts)
{
    return (struct sql_scope){outer->dialect, outer->dataset, parts, outer};
}

/* Appends `pattern` with its parts filled in. TG_INTERNAL for one that the scope does not have, or
 * that has no value, or is of another kind: a pattern is code. */
int sql_write(struct buf *out, const struct sql_scope *scope, const char *pattern,
              struct tg_error *err) TG_CHECK_RESULT;
/* As connection_exec and connection_fetch, of a pattern. */
int sql_exec(struct connection *con, const struct sql_scope *scope, const char *pattern,
             uint64_t *changed, struct tg_error *err) TG_CHECK_RESULT;
int sql_fetch(struct connection *con, const struct sql_scope *scope, const char *pattern,
              struct text_rows *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
