/*
 * What a load does beyond the limits of its resources.
 */
#ifndef TIDEGATE_WRITE_EXCESS_H
#define TIDEGATE_WRITE_EXCESS_H

#include "write/destination.h"
#include "write/sql/chain.h"

struct excess {
    enum limit_kind kind;
    const char *resource;
    const char *table, *column; /* NULL: it is not one alone */
    uint64_t found, most;
    const char *what; /* a sentence without its end */
    struct excess *next;
};

/* How many rows of a table there were to be lost: excess_look. */
struct live_rows {
    const struct target *target;
    uint64_t count;
    struct live_rows *next;
};

struct excesses {
    struct arena arena; /* owns the texts */
    struct excess *first, *last;
    size_t count;
    struct live_rows *live;
};

void excesses_release(struct excesses *excesses);

/* Adds those of the schema changes, once ddl_plan has planned them; `order` may be NULL. */
int excess_of_schema(const struct delivery *delivery, const struct write_order *order,
                     struct excesses *out, struct tg_error *err) TG_CHECK_RESULT;
/* Before any row is written: how many rows can be lost of tables whose lost rows stay, flagged or
 * ended. */
int excess_look(const struct delivery *delivery, struct connection *con,
                const struct write_order *order, struct excesses *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* Those of the rows, which are written: `counts` are the manifest's tables'. */
int excess_of_rows(const struct delivery *delivery, struct connection *con,
                   const struct write_table_counts *counts, const struct write_order *order,
                   struct excesses *out, struct tg_error *err) TG_CHECK_RESULT;
/* TG_LIMIT when there is any. */
int excess_refuse(const struct excesses *excesses, struct tg_error *err) TG_CHECK_RESULT;

#endif
