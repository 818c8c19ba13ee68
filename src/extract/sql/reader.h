/*
 * The rows of a SELECT as pages.
 */
#ifndef TIDEGATE_EXTRACT_SQL_READER_H
#define TIDEGATE_EXTRACT_SQL_READER_H

#include "database/reading/reading.h"
#include "extract/page_stream.h"

/* The statement runs when the first page is asked for. `sql` is copied, `con` borrowed; `what`
 * ("orders"; NULL: a query) is for messages, borrowed. */
int sql_reader_open(struct connection *con, const char *sql, const char *what,
                    struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

/* What a statement's columns are, without a row. */
int sql_reader_schema(struct connection *con, const char *sql, const char *what,
                      struct ArrowSchema *out, struct tg_error *err) TG_CHECK_RESULT;

/* TG_DATA names the first column whose type has no column type here. */
int sql_reader_check(const struct ArrowSchema *schema, const char *what,
                     struct tg_error *err) TG_CHECK_RESULT;

/* A failure of the database as one of a source: its code, and whose connection it is. */
int sql_open_failed(int rc, struct tg_error *err);
/* The same while it is read: what has failed in words before the database's own, the table. */
int sql_read_failed(int rc, const char *what, struct tg_error *err);

#endif
