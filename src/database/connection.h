/*
 * One open database: a driver's functions, and a dialect. A driver is one file drivers/NAME.c that
 * ends in the const table connection_NAME; what it leaves out is done in SQL.
 */
#ifndef TIDEGATE_DATABASE_CONNECTION_H
#define TIDEGATE_DATABASE_CONNECTION_H

#include "base/context.h"
#include "base/location.h"
#include "base/memory.h"
#include "data/batch.h"
#include "database/dialect.h"

struct connection;
struct reading_driver;

struct described_column {
    char *name;
    char *sql_type; /* NULL: it was not asked for (without_types) */
    bool nullable;  /* a row may come without it: NULL or a default takes its place */
};
struct described_table {
    char *name;
    struct described_column *columns; /* in order */
    size_t column_count;
    bool has_no_index;  /* false: it has one, or nobody knows */
    uint64_t row_count; /* with those that are gone and still stored; 0: nobody has counted */
    bool is_dropped;    /* by who has asked, soon: described_find does not find it */
};
struct described {
    struct described_table *tables; /* sorted by name */
    size_t table_count;
    bool is_there;       /* the dataset; false: nobody knows, where it has no table */
    bool folds_case;     /* names that differ only in the case of letters are one */
    int storage_version; /* of the database, as VERSION_OF; 0: it has none, or an old one */
};
/* Which tables of a dataset are asked for: those that are wanted, or those of these names, which
 * some databases answer in a fraction of the time, and by the names that they were asked for. */
struct table_filter {
    bool (*wants)(const void *user, const char *table);
    const void *user;
    const char *const *names; /* in place of `wants`; NULL: there are none */
    size_t name_count;
    bool without_types; /* nobody asks of which types the columns are, or what may be NULL */
};

/* What a location says, without anything being opened. */
struct connection_place {
    const struct dialect *dialect;
    bool finds_names;    /* tables whose names are known are described much faster than all */
    struct buf absolute; /* the same URL, its relative parts from the root on */
    struct buf identity; /* equal for all URLs of one database */
};

/* A transaction that looks has all its queries see one state, and changes nothing; in one that
 * begins, a query that follows a lock sees what was committed by others before the lock was had. */
enum transact { TRANSACT_BEGIN, TRANSACT_LOOK, TRANSACT_COMMIT, TRANSACT_ROLLBACK };

/* How much the statements to come fill, for a database that must make room before. Columns are
 * those of the widest table. */
struct workload {
    size_t table_count, column_count;    /* tables that rows are added to */
    size_t merged_count, staged_columns; /* tables whose rows give way to staged ones */
    bool only_adds; /* to the ends of tables without an index: no old row is looked at */
};

/* A table that is there. */
struct ingest_target {
    const char *dataset; /* NULL: it is a temporary one */
    const char *table;
};

/* A row that all who want a lock change, where a database has no locks by name. Without such a row
 * the table's column is altered, and stays as it is without a default. */
struct lock_row {
    const char *dataset, *table;
    const char *column; /* a number: goes up and back, for what stays as it is is in nobody's way */
    const char *where;  /* SQL: which row */
};

/* What a transaction wants for itself until it ends, or shares with others who do not want it
 * alone. */
struct lock {
    const char *name;
    bool shared;
    const struct lock_row *row; /* for databases without locks by name; NULL: they need none here */
};

/* transact, describe, ingest and lock may be NULL: they are done in SQL then (defaults.c). */
struct connection_driver {
    const char *scheme;  /* "duckdb" of duckdb:///file; NULL: it is not found by a URL */
    const char *alias;   /* another scheme, of the same; NULL: there is none */
    bool keywords;       /* takes "host=... dbname=..." too */
    const char *example; /* a URL, for messages */
    const char *start;   /* lines of a spec to start from; NULL: none are offered */
    /* The form of a URL of this scheme, and whether `dataset` (may be NULL) can live behind it.
     * TG_USAGE. What it says goes to `place` (may be NULL): its relative parts start at `folder`;
     * without a folder no more than the dialect is asked for, and nothing is allocated. */
    int (*check)(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err);
    /* Sets con->state and con->dialect; leaves con->state NULL when there is nothing to open and
     * `create` is false. */
    int (*open)(struct connection *con, const struct location *where, bool create,
                struct tg_error *err);
    void (*close)(struct connection *con);
    /* Neither a commit nor a rollback can be cancelled. Trouble once all is committed is a warning.
     * After an error of a commit nobody knows: it may be there or not. */
    int (*transact)(struct connection *con, enum transact what, struct tg_error *err);
    /* One statement. *changed (may be NULL): rows inserted, updated or deleted. TG_DESTINATION with
     * the database's message. Checks the context's cancel flag while it runs: TG_CANCELLED. A full
     * disk is TG_IO where the database tells. */
    int (*exec)(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err);
    /* One query; the stream (out) borrows the connection: release it before the next statement on
     * it, and before it is closed. `few`: rows as connection_fetch asks for, few, and their columns
     * ours or the database's own. */
    int (*query)(struct connection *con, const char *sql, bool few, struct ArrowArrayStream *out,
                 struct tg_error *err);
    /* Tables of a dataset with their columns, those that pass `filter` (NULL: all); a missing
     * dataset has none. Rows need not be counted where names are asked for. */
    int (*describe)(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err);
    /* Adds the rows of a stream (borrowed) to a table whose columns are named alike. */
    int (*ingest)(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err);
    /* Takes locks, one after the other. Waits, or fails with a SQLSTATE of the class 40 or with
     * 55P03. */
    int (*lock)(struct connection *con, const struct lock *locks, size_t count,
                struct tg_error *err);
    /* Are there rows in a stream of `query`, or only the database's word that all is done? NULL:
     * those with columns are rows. */
    bool (*gives_rows)(const struct ArrowArrayStream *stream);
    const struct reading_driver *reading; /* what only a source asks (reading.h); NULL: nothing */
};

struct connection {
    const struct connection_driver *driver;
    const struct dialect *dialect;
    struct context *ctx; /* borrowed */
    struct workload workload;
    bool creates_indexes; /* in new tables, by the dialect's `unique` */
    bool is_sealed; /* nothing can be changed by it: the driver has seen to that, or a statement
                             of the dialect (read_only) */
    bool spells;    /* rows are for people and programs, not for a load: what Arrow has no
                             common type for comes as the text that the database writes */
    bool spells_numbers; /* so do numbers of any size, which no Arrow type takes in full */
    bool names_locks;    /* the driver says so; else one lock that has a row stands for all */
    bool knows_storage;  /* once it has been asked */
    int storage_version; /* as in struct described */
    void *state;         /* the driver's */
};

/* ---- URLs ---- */

/* The driver's check of that name: the URL's form, that `dataset` (may be NULL) does not clash with
 * the database's own names (DuckDB cannot tell bronze in bronze.duckdb), and what the URL says:
 * release the texts of `place`, come what may. TG_USAGE for a URL that no driver takes (says which
 * there are), and for indexes where there are none. */
int connection_check(const struct location *where, const char *folder, const char *dataset,
                     struct connection_place *place, struct tg_error *err) TG_CHECK_RESULT;

/* The drivers there are. */
const struct connection_driver *const *connection_list(size_t *count);

/* ---- connections ---- */

/* Opens what a location names. `create`: make it if absent; otherwise a missing one gives
 * *out = NULL and TG_OK. TG_USAGE as connection_check, TG_LOCKED when another process holds it,
 * TG_DESTINATION otherwise. */
int connection_open(struct context *ctx, const struct location *where, bool create,
                    struct connection **out, struct tg_error *err) TG_CHECK_RESULT;
/* Puts the sentence before a database's own words ("postgresql: ...") that have none yet; returns
 * as error_before does. */
int connection_told(int rc, const char *sentence, struct tg_error *err);
/* For drivers of files: *path (mem_free) becomes that of a file in the folder (location.scratch),
 * unless it is there. */
int connection_move_absent(char **path, const char *folder, struct tg_error *err) TG_CHECK_RESULT;
/* NULL is fine; an open transaction is rolled back. */
void connection_close(struct connection *con);
/* Each as the driver's function of that name. */
int connection_transact(struct connection *con, enum transact what,
                        struct tg_error *err) TG_CHECK_RESULT;
int connection_exec(struct connection *con, const char *sql, uint64_t *changed,
                    struct tg_error *err) TG_CHECK_RESULT;
int connection_query(struct connection *con, const char *sql, struct ArrowArrayStream *out,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Of a stream of connection_query, which nothing was read of. */
int connection_gives_rows(struct connection *con, struct ArrowArrayStream *stream, bool *out,
                          struct tg_error *err) TG_CHECK_RESULT;
int connection_describe(struct connection *con, const char *dataset,
                        const struct table_filter *filter, struct described *out,
                        struct tg_error *err) TG_CHECK_RESULT;
int connection_ingest(struct connection *con, const struct ingest_target *into,
                      struct ArrowArrayStream *stream, struct tg_error *err) TG_CHECK_RESULT;
int connection_lock(struct connection *con, const struct lock *locks, size_t count,
                    struct tg_error *err) TG_CHECK_RESULT;
/* May several processes write to it? */
bool connection_is_shared(const struct connection *con);

/* Does a table of this name pass the filter (NULL: it does)? */
bool connection_wants(const struct connection *con, const struct table_filter *filter,
                      const char *name);

void described_release(struct described *described);
const struct described_table *described_find(const struct described *described, const char *name);
const struct described_column *described_column(const struct described *described,
                                                const struct described_table *table,
                                                const char *name);

/* ---- small results as text ---- */
struct text_rows {
    char **cells; /* row_count * column_count; NULL for SQL NULL */
    size_t row_count, column_count;
    struct arena arena;
};
/* All rows of a small query, every value as text (value_text of data/batch.h). */
int connection_fetch(struct connection *con, const char *sql, struct text_rows *out,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The same of a stream, which is released. */
int text_rows_read(struct ArrowArrayStream *stream, struct text_rows *out,
                   struct tg_error *err) TG_CHECK_RESULT;
void text_rows_release(struct text_rows *rows);
static inline const char *text_cell(const struct text_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->column_count + column];
}

#endif
