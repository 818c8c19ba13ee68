/*
 * The embedded engine as the reader of a package's files, for a database that cannot read them: its
 * SQL sorts rows out, and what a query gives goes into a table.
 */
#ifndef TIDEGATE_DATABASE_SENDING_READER_H
#define TIDEGATE_DATABASE_SENDING_READER_H

#include "database/connection.h"

struct reader;
struct engine;

/* No work is done yet. What does not fit in memory is put below `folder` (copied). */
int reader_new(struct context *ctx, const char *folder, struct reader **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The same by an engine that is there, which outlives it. */
int reader_borrow(struct engine *engine, struct reader **out, struct tg_error *err) TG_CHECK_RESULT;
void reader_free(struct reader *reader); /* NULL is fine */
/* Makes room for queries whose rows have so many columns. */
int reader_reserve(struct reader *reader, size_t column_count,
                   struct tg_error *err) TG_CHECK_RESULT;
/* A statement; the tables that it makes are there until the reader is freed. *changed (NULL: nobody
 * asks): rows inserted, updated or deleted. */
int reader_exec(struct reader *reader, const char *sql, uint64_t *changed,
                struct tg_error *err) TG_CHECK_RESULT;
/* Adds the rows of a query to a table whose columns are named alike. *rows: how many they are. */
int reader_ingest(struct reader *reader, const char *sql, struct connection *con,
                  const struct ingest_target *into, uint64_t *rows,
                  struct tg_error *err) TG_CHECK_RESULT;

/* The other way: adds the integers that a query of the database gives to a table of the reader with
 * one column. */
int reader_take(struct reader *reader, const char *table, struct connection *con, const char *sql,
                struct tg_error *err) TG_CHECK_RESULT;

/* The dialect in which the package's files are read: the database's own, or the reader's. */
const struct dialect *reader_dialect(const struct dialect *database);

#endif
