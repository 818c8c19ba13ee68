/*
 * What a database's SQL looks like, as data. A dialect is one file dialects/NAME.c that ends in one
 * const table.
 */
#ifndef TIDEGATE_DATABASE_DIALECT_H
#define TIDEGATE_DATABASE_DIALECT_H

#include "base/buf.h"
#include "base/version.h"
#include "data/type.h"

struct context;
struct workload;

/* SQL that a version brought, in place of what older ones take; by rising versions, the first from
 * 0, unused ones with sql NULL. */
struct sql_variant {
    const char *sql;
    int from;
};

enum { SQL_VARIANTS_MAX = 3 };

/* Bytes of memory: what is there, what each thread takes of it, and what is enough for all of them
 * (0: nobody knows), since more would only be filled with what is written and not read again. */
struct room {
    size_t total, of_thread, enough;
};

/* What a DELETE holds in memory until its transaction ends: pieces of a table in which a row goes,
 * so many of them in a block, whose other pieces are of the same group. Rows that stand together
 * cost little, then, and those that are all over a large table more than a load may take. */
struct delete_cost {
    unsigned piece_rows, group_rows, block_pieces;
    size_t block_bytes;
    const char *number; /* of a row of a table, from 0 on, as it is stored */
    const char *gather; /* pattern: rows of {table} go to its end, the same rows as before: those
                           whose [number] is in {noted}, from {first} to {last} */
    const char *stays;  /* query of {'dataset'}, {'name'}: a row says why its rows cannot */
};

struct dialect {
    const char *name;             /* "duckdb" */
    const char *destination_type; /* dlt's: "dlt.destinations.duckdb" */
    char quote;                   /* around identifiers */
    size_t name_bytes_max;        /* of a dataset, table or column */
    const char *const
        *reserved;           /* no datasets: names, "pg_*" for a prefix, then NULL; NULL: none */
    bool folds_case;         /* names that differ only in the case of letters are one */
    int fraction_max;        /* digits of a second that a timestamp may have */
    const char *begin;       /* as enum transact has it; NULL: "BEGIN TRANSACTION" */
    const char *begin_look;  /* NULL: as `begin` */
    const char *read_only;   /* from here on a session changes nothing; NULL: drivers see to it */
    const char *match_nulls; /* pattern: {left} equals {right}, or both are NULL, and rows join by
                                it as fast as by =. NULL: so they do by IS NOT DISTINCT FROM */
    const char *hold;        /* pattern: {table} stays as it is. NULL: it does, by its lock */
    const char *skip_locked; /* behind a SELECT of rows that are about to be changed: those that
                                others are changing are left out; NULL: nobody else does */
    bool begin_locks;        /* who has begun is the only one who writes */
    const char *use;         /* pattern: {dataset}'s tables go by their names; NULL: they do */
    const char *byte_order;  /* behind a text that is compared byte by byte; NULL: all are */
    const char *hex[2];      /* what stands around the digits of a binary value */
    const char *try_cast;    /* pattern: {value} as a {type}, NULL where it is none */
    const char *session; /* statements, a line each, for a session that others have opened; NULL */
    const char *storage; /* query: the version of the database's storage; NULL: it has none */
    /* What an ADBC driver leaves open. */
    const char *vendor;      /* what the database calls itself, where `name` is another; NULL */
    bool is_file;            /* a uri is a file, and a dataset is what ADBC calls a catalog */
    const char *attach;      /* pattern: {dataset}, which is {'file'}; NULL: it is there */
    const char *own_dataset; /* the one that is there without; NULL: none */
    const char *const *adbc_options; /* names and values in turn, then NULL; NULL: none */
    const char *const *incomparable; /* types that no number compares with, NULL; NULL */
    unsigned text_types;             /* bits of enum type: types that are stored as texts */
    bool nan_is_null;                /* a NaN would become NULL */
    bool adbc_by_position;           /* a driver's own way to add rows takes no names of columns */
    /* Patterns, where the database lacks the usual statements; NULL: it has them. */
    const struct delete_cost *delete_cost; /* NULL: it holds nothing to speak of */
    const char *delete_matched;    /* rows of {table}, `old`, that meet one of {new}: {which} */
    const char *const *alter_type; /* statements by which {column} of {table} becomes a {type} */
    const char *truncate;   /* all rows of {table}, without looking at them; NULL: by DELETE */
    const char *like;       /* {made} with the columns of {table}, and what people gave it: to be
                             renamed to it; NULL: no table is swapped */
    const char *like_lacks; /* query of {'dataset'}, {'name'}: a row says what this table has, and
                               one in its place would not; NULL: nothing is lost */
    const char
        *index; /* an index of {table} by {columns}, of the rows where {condition}; NULL: such
                           rows are found fast enough */
    const char *unique; /* {column} of {table}, which is new, has no value twice; NULL: as it is */
    const char *describe; /* of {'dataset'}: table, column, type, "YES" or "NO": nullable */
    /* Both or none; of {'schema'}: table, "VIEW" in what it is, column, type, "NO": not nullable;
     * table, column of a key in order. */
    const char *reflect, *reflect_keys;
    /* Query of {'dataset'}: names of what gives rows as a table does, and is none. NULL: each name
     * is tried, which this database takes note of nowhere. */
    const char *views;
    /* Query of {'dataset'} and {wanted}: pairs of a table ("": of none) and a right that the user
     * is to have: SELECT, INSERT, DELETE, UPDATE, TRUNCATE, OWNER (of a table), SCHEMA, DATABASE
     * (to make something in it), TEMPORARY. A row for each that is missing: what would grant it,
     * and the user. NULL: nobody asks for rights. */
    const char *rights;
    const char *generated;  /* query of {'dataset'}: table and column that it computes by itself;
                              NULL: information_schema knows */
    const char *overriding; /* of an INSERT: an identity column takes what it is given; NULL: it
                               does */
    const char *new_id;     /* pattern: a {text} that no row has; NULL: of gen_random_uuid() */
    const char *row_hash; /* of a row of {values}, the same in years to come; NULL: there is none */
    const char *row_value; /* pattern: {value} in such a row; NULL: as it is */
    const char *row_comma; /* what stands between them; NULL: ", " */
    bool types_by_values;  /* what a column holds its values say, and no more than they */
    /* How to store columns of random ids, and of one long value repeated; behind NOT NULL. Trying
     * every compression on them costs a third of a load. "": as the database likes. By the version
     * of the database's storage. */
    struct sql_variant store_random[SQL_VARIANTS_MAX];
    struct sql_variant store_repeated[SQL_VARIANTS_MAX];
    /* The SQL type of a column, written to `out`. */
    void (*type_sql)(const struct type_spec *spec, struct buf *out);
    /* The type behind what the database calls it (information_schema); TYPE_NONE for a foreign one.
     */
    struct type_spec (*type_from_sql)(const char *sql_type);
    /* Parquet files with equal columns as a relation of a query. NULL: the database cannot read
     * them, and they are put into a table before. */
    void (*parquet)(struct buf *out, const char *const *paths, size_t count);
    /* Of a database whose memory is limited: what is left for it, and what each of its threads
     * takes for what statements fill. NULL: its affair. */
    struct room (*room)(const struct context *ctx, const struct workload *work);
    /* Sets code, sqlstate and text after the database's own message, where that is all there is;
     * returns the code. NULL: messages tell nothing. */
    int (*error)(struct tg_error *err, const char *message);
};

/* All there are: the build lists the files of dialects/. */
#define DIALECT(name) extern const struct dialect dialect_##name;
#include "dialects.def"
#undef DIALECT

/* The one of that name, or of that vendor, in any case; TG_USAGE tells which there are. */
int dialect_find(const char *name, const struct dialect **out, struct tg_error *err);

/* Does it compare a column of that type with numbers, dates and texts? */
bool sql_compares(const struct dialect *dialect, const char *sql_type);
/* "name" with the quote doubled inside. */
void sql_ident(struct buf *out, const struct dialect *dialect, const char *name);
/* "dataset"."table"; of a temporary table, which is in no dataset (NULL): "table" */
void sql_table(struct buf *out, const struct dialect *dialect, const char *dataset,
               const char *table);
/* The one that this version takes. */
const char *sql_variant(const struct sql_variant variants[SQL_VARIANTS_MAX], int version);
/* 'text' with quotes doubled; NUL characters cannot be in it. NULL writes NULL. */
void sql_text(struct buf *out, const char *text);

#endif
