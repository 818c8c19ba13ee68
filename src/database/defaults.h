/*
 * What a driver leaves out, in SQL that every database should take.
 */
#ifndef TIDEGATE_DATABASE_DEFAULTS_H
#define TIDEGATE_DATABASE_DEFAULTS_H

#include "database/connection.h"

int default_transact(struct connection *con, enum transact what,
                     struct tg_error *err) TG_CHECK_RESULT;
/* By the information schema. */
int default_describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                     struct described *out, struct tg_error *err) TG_CHECK_RESULT;
/* Only the version of the storage. */
int describe_storage(struct connection *con, struct described *out,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The rows of the dialect's `describe`, or of the information schema. */
int describe_fetch(struct connection *con, const char *dataset, struct text_rows *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Columns of these rows; those behind the fourth are DuckDB's alone. */
enum {
    DESCRIBED_TABLE,
    DESCRIBED_NAME,
    DESCRIBED_TYPE,
    DESCRIBED_NULLABLE,
    DESCRIBED_COLUMNS,
    DESCRIBED_SIZE = DESCRIBED_COLUMNS,
    DESCRIBED_INDEXES
};
/* From rows of at least four columns in the order of tables and places: table, column, type,
 * whether a row may come without it ("YES" or "true"). */
int describe_rows(const struct connection *con, const struct text_rows *rows,
                  const struct table_filter *filter, struct described *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* For databases where two transactions that change one row get into each other's way. */
int default_lock(struct connection *con, const struct lock *locks, size_t count,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
