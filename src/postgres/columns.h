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

void pg_columns_init(struct pg_columns *columns);
void pg_columns_release(struct pg_columns *columns);
/* Fills what was initialised. The statement is checked by the server, and not run. A query with
 * columns whose binary form is not read here is put into one that asks for them as it is. */
int pg_columns_describe(struct pg_client *client, const struct context *ctx, const char *sql,
                        const struct pg_parameters *parameters, struct pg_columns *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* Could the statement be run again, should its columns need another form? */
bool pg_columns_may_repeat(const char *sql);
/* The columns of a result that came in binary form. *fits: it can be read as it is. */
int pg_columns_take(const PGresult *result, struct pg_columns *out, bool *fits,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
