/*
 * SQL written as whole statements, with the names of their parts in place:
 *
 *   [load_id]             the column of that name, quoted
 *   {_dlt_loads}          the dataset's table of that name; names of the ledger's begin with _
 *   {rows}                a part of the scope: other SQL, a name, a table, a number
 *   {'pipeline'}          one that is a text, as a literal
 *   {key}, {old.key}      a list of columns: "a", "b"; old."a", old."b"
 *   {old.key = new.key}   the same of two: old."a" = new."a" AND old."b" = new."b"
 */
#ifndef TIDEGATE_DATABASE_TEMPLATE_H
#define TIDEGATE_DATABASE_TEMPLATE_H

#include <stdint.h>

#include "database/dialect.h"

struct sql_names {
    const char *const *items;
    size_t count;
};

enum sql_kind {
    SQL_IS_PATTERN,
    SQL_IS_PIECE,
    SQL_IS_NAME,
    SQL_IS_TABLE,
    SQL_IS_TEXT,
    SQL_IS_NUMBER,
    SQL_IS_NAMES
};

struct sql_part {
    const char *name;
    enum sql_kind kind;
    const char *text;
    int64_t number;
    const struct sql_names *names;
};

/* A part, by what it is: a pattern, which is filled in as well; SQL as it stands; the name of a
 * column or of a temporary table; a table of the dataset; a text, NULL for NULL; ... */
#define SQL_PATTERN(name, pattern)                                                                 \
    {                                                                                              \
        name, SQL_IS_PATTERN, .text = (pattern)                                                    \
    }
#define SQL_PIECE(name, sql)                                                                       \
    {                                                                                              \
        name, SQL_IS_PIECE, .text = (sql)                                                          \
    }
#define SQL_NAME(name, ident)                                                                      \
    {                                                                                              \
        name, SQL_IS_NAME, .text = (ident)                                                         \
    }
#define SQL_TABLE(name, table)                                                                     \
    {                                                                                              \
        name, SQL_IS_TABLE, .text = (table)                                                        \
    }
#define SQL_TEXT(name, value)                                                                      \
    {                                                                                              \
        name, SQL_IS_TEXT, .text = (value)                                                         \
    }
#define SQL_NUMBER(name, value)                                                                    \
    {                                                                                              \
        name, SQL_IS_NUMBER, .number = (value)                                                     \
    }
#define SQL_NAMES(name, list)                                                                      \
    {                                                                                              \
        name, SQL_IS_NAMES, .names = (list)                                                        \
    }
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

#endif
