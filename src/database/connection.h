/*
 * One open database: a struct of function pointers. Drivers: duckdb.c. A transaction is exec("BEGIN
 * TRANSACTION") ... commit.
 */
#ifndef TIDEGATE_DATABASE_CONNECTION_H
#define TIDEGATE_DATABASE_CONNECTION_H

#include "base/context.h"
#include "base/memory.h"
#include "data/batch.h"
#include "database/dialect.h"

struct connection;

struct described_column {
    char *name;
    char *sql_type;
    bool nullable; /* a row may come without it: NULL or a default takes its place */
};
struct described_table {
    char *name;
    struct described_column *columns; /* in order */
    size_t column_count;
};
struct described {
    struct described_table *tables; /* sorted by name */
    size_t table_count;
    bool folds_case;     /* names that differ only in the case of letters are one */
    int storage_version; /* of the database, as VERSION_OF; 0: it has none, or an old one */
};
/* Which tables of a dataset are asked for. */
struct table_filter {
    bool (*wants)(const void *user, const char *table);
    const void *user;
};

struct connection_driver {
    const char *scheme; /* "duckdb" of duckdb:///file */
    const struct dialect *dialect;
    /* The form of a URL of this scheme, and whether `dataset` (may be NULL) can live behind it.
     * TG_USAGE. */
    int (*check)(const char *url, const char *dataset, struct tg_error *err);
    /* A URL of that form, whose relative parts start at `folder`. *absolute: the same from the root
     * on. *identity: equal for all URLs of one database. Both are appended to. */
    int (*locate)(const char *url, const char *folder, struct buf *absolute, struct buf *identity,
                  struct tg_error *err);
    /* Sets con->state; leaves it NULL when there is nothing to open and `create` is false. */
    int (*open)(struct connection *con, const char *url, bool create, struct tg_error *err);
    /* One statement. *changed (may be NULL): rows inserted, updated or deleted. TG_DESTINATION with
     * the database's message. Checks the context's cancel flag while it runs: TG_CANCELLED. A full
     * disk is TG_IO where the database tells. */
    int (*exec)(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err);
    /* Ends the transaction, and cannot be cancelled. Trouble once all is committed is a warning.
     * After an error nobody knows: it may be there or not. */
    int (*commit)(struct connection *con, struct tg_error *err);
    /* One query; the stream (out) borrows the connection: release it before the next statement on
     * it, and before it is closed. */
    int (*query)(struct connection *con, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err);
    /* Tables of a dataset with their columns, those that `filter` wants (NULL: all); a missing
     * dataset has none. */
    int (*describe)(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err);
    /* A table of that many columns will be filled, and so many tables in one transaction (one whose
     * rows are replaced counts for several): makes room where the database needs it, beyond the
     * budget if it cannot do with less. */
    int (*reserve)(struct connection *con, size_t column_count, size_t table_count,
                   struct tg_error *err);
    void (*close)(struct connection *con);
};

extern const struct connection_driver connection_duckdb;

struct connection {
    const struct connection_driver *driver;
    struct context *ctx; /* borrowed */
    void *state;         /* the driver's */
};

/* Opens what a destination URL names. `create`: make it if absent; otherwise a missing one gives
 * *out = NULL and TG_OK. TG_USAGE for a URL that no driver takes (says which there are), TG_LOCKED
 * when another process holds it, TG_DESTINATION otherwise. */
int connection_open(struct context *ctx, const char *url, bool create, struct connection **out,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Appends the URL with its relative parts, which start at `folder`, from the root on. TG_USAGE. */
int connection_absolute(const char *url, const char *folder, struct buf *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* Do two URLs name one database, now? The relative parts of the first start at `folder`. A URL that
 * no driver takes names none. */
bool connection_same(const char *url, const char *folder, const char *other);
/* The dialect of the URL's driver, without opening anything; NULL: no driver takes it. */
const struct dialect *connection_dialect(const char *url);
/* Checks the URL's form alone. */
int connection_check_url(const char *url, struct tg_error *err) TG_CHECK_RESULT;
/* The same, and that the dataset's name does not clash with the database's own (DuckDB cannot tell
 * bronze in bronze.duckdb). */
int connection_check_dataset(const char *url, const char *dataset,
                             struct tg_error *err) TG_CHECK_RESULT;
void connection_close(
    struct connection *con); /* NULL is fine; an open transaction is rolled back */
void described_release(struct described *described);
const struct described_table *described_find(const struct described *described, const char *name);
const struct described_column *described_column(const struct described *described,
                                                const struct described_table *table,
                                                const char *name);

static inline int connection_exec(struct connection *con, const char *sql, uint64_t *changed,
                                  struct tg_error *err)
{
    return con->driver->exec(con, sql, changed, err);
}

/* ---- small results as text (rows.c-free ledger reading) ---- */
struct text_rows {
    char **cells; /* row_count * column_count; NULL for SQL NULL */
    size_t row_count, column_count;
    struct arena arena;
};
/* All rows of a small query, every value as text (value_text of data/batch.h). */
int connection_fetch(struct connection *con, const char *sql, struct text_rows *out,
                     struct tg_error *err) TG_CHECK_RESULT;
void text_rows_release(struct text_rows *rows);
static inline const char *text_cell(const struct text_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->column_count + column];
}

#endif
