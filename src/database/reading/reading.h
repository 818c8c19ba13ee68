/*
 * What a source asks of a connection beyond statements and queries: what tables there are, a view
 * of all of them as of one moment, parts of a table that can be read side by side. A driver brings
 * what its database does better than SQL in a const table of its own; the rest is done in SQL, or
 * not at all.
 */
#ifndef TIDEGATE_DATABASE_READING_READING_H
#define TIDEGATE_DATABASE_READING_READING_H

#include "database/connection.h"
#include "database/reading/horizon.h"

enum relation_kind { RELATION_TABLE = 0, RELATION_PARTITIONED, RELATION_VIEW };

struct relation_column {
    const char *name;
    const char *sql_type;  /* as the database calls it */
    struct type_spec spec; /* TYPE_NONE: one that has no word here */
    bool by_values;        /* the type is what its values come as: their order may be another */
    bool nullable;
};

struct relation {
    const char *name;
    enum relation_kind kind;
    struct relation_column *columns; /* in order */
    size_t column_count;
    const char **key; /* the columns of the primary key; none: there is none */
    size_t key_count;
};

/* The tables and views of a schema that may be read, by their names; zeroed: none. */
struct relations {
    struct arena arena;
    const char *schema; /* that was asked for, or the connection's own */
    struct relation *items;
    size_t count;
    bool folds_case;
};

/* Parts of a table, which together are the whole of it and have no row in common. */
struct slice {
    const char *schema, *table; /* where its rows are: of a partition, that */
    const char *condition;      /* SQL; NULL: all of them */
};

struct slices {
    struct arena arena;
    struct slice *items;
    size_t count; /* 0: it cannot be divided */
};

/* Any of them may be NULL. */
struct reading_driver {
    /* Fills what a zeroed `out` with its arena does not have yet: schema, items, count. */
    int (*reflect)(struct connection *con, const char *schema, struct relations *out,
                   struct tg_error *err);
    /* Both or none. The moment that the transaction of `con` sees, as a text by which other
     * connections begin one that sees the same, as long as the first one lives. */
    int (*share)(struct connection *con, struct buf *out, struct tg_error *err);
    int (*join)(struct connection *con, const char *moment, struct tg_error *err);
    /* The name of a relation that the transaction of `con` has looked at, and that somebody has
     * made anew since its moment, so that it does not see the rows of either; nothing: none. */
    int (*find_remade)(struct connection *con, struct buf *out, struct tg_error *err);
    /* About `wanted` slices of a table; the rows of each come in the same order each time, in
     * transactions that see the same. */
    int (*divide)(struct connection *con, const char *schema, const struct relation *relation,
                  size_t wanted, struct slices *out, struct tg_error *err);
    const struct horizon_driver *horizon; /* horizon.h */
};

/* `schema` NULL: the one where a name without a schema is looked for. A schema that is not there
 * has no tables. */
int reading_reflect(struct connection *con, const char *schema, struct relations *out,
                    struct tg_error *err) TG_CHECK_RESULT;
void relations_release(struct relations *relations);
/* NULL: there is none of that name. */
const struct relation *relations_find(const struct relations *relations, const char *name);
const struct relation_column *relation_column(const struct relation *relation, const char *name);

/* Empty where the database cannot. */
int reading_share(struct connection *con, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
int reading_join(struct connection *con, const char *moment, struct tg_error *err) TG_CHECK_RESULT;
int reading_find_remade(struct connection *con, struct buf *out,
                        struct tg_error *err) TG_CHECK_RESULT;
int reading_divide(struct connection *con, const char *schema, const struct relation *relation,
                   size_t wanted, struct slices *out, struct tg_error *err) TG_CHECK_RESULT;
void slices_release(struct slices *slices);

/* By the information schema, for drivers whose database has one. */
int information_reflect(struct connection *con, const char *schema, struct relations *out,
                        struct tg_error *err) TG_CHECK_RESULT;

extern const struct reading_driver reading_postgres; /* postgres_reading.c */

#endif
