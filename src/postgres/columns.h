/*
 * What columns a query has: before it is run, or of its first row.
 */
#ifndef TIDEGATE_POSTGRES_COLUMNS_H
#define TIDEGATE_POSTGRES_COLUMNS_H

#include "base/memory.h"
#include "postgres/client.h"
#include "postgres/functions.h"

struct pg_columns {
    struct arena arena;
    struct pg_field *fields;
    size_t count;
    struct pg_types types; /* that no other database has, as far as the fields are made of them */
    bool binary;           /* the values are wanted in binary form; else all are texts */
    bool exact;            /* said before: a number of any size is a text, which has all digits */
    const char *sql;       /* the statement to send: the same, or one around it */
};

/* One statement that asks for rows, which COPY takes in parentheses: a ; would leave them. */
bool pg_is_query(const char *sql);
/* Such a one that stands in FROM, too, and may be run twice: it changes no row. */
bool pg_is_relation(const char *sql);

void pg_columns_init(struct pg_columns *columns);
void pg_columns_release(struct pg_columns *columns);
/* Fills what was initialised. The statement is checked by the server, and not run. A query with
 * columns whose binary form is not read here is put into one that asks for them as it is. */
int pg_columns_describe(struct pg_client *client, const struct context *ctx, const char *sql,
                        const struct pg_parameters *parameters, struct pg_columns *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* The columns of a result that came in binary form. *fits: it can be read as it is. */
int pg_columns_take(const PGresult *result, struct pg_columns *out, bool *fits,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
