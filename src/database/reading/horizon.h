/*
 * How far what is seen of a database is complete: transactions that are open may still bring rows
 * with smaller values than those that are there. Who they are, and what later ones cannot bring.
 */
#ifndef TIDEGATE_DATABASE_READING_HORIZON_H
#define TIDEGATE_DATABASE_READING_HORIZON_H

#include "base/memory.h"
#include "database/connection.h"

/* A moment by the database's clock, in microseconds: since 1970, and as a timestamp without zone
 * has it in a session that sets none. */
struct moment {
    int64_t utc_us, local_us;
};

struct open_transaction {
    const char *id;     /* another one's is another; prepared it may be another, too */
    const char *who;    /* "pid 4711, user 'app', idle in transaction" */
    const char *remedy; /* SQL that ends it */
    bool is_prepared;
    bool is_timed; /* `since` is when it began; else it is not known */
    struct moment since;
    int64_t seen_us;      /* it has been open at least since then; 0: nobody knows */
    const char *counters; /* those that it has drawn numbers from, separated by blanks */
};

struct horizon {
    struct arena arena;
    struct connection *before; /* borrowed: sees what was there before anybody was looked for */
    const char *obstacle;      /* why there is no horizon here; NULL: there is one */
    struct moment clock;       /* transactions that are open and not listed have begun after it */
    struct open_transaction *open;
    size_t open_count;
};

struct column_place {
    const char *schema, *table, *name;
};
/* What numbers a column by itself. */
struct column_counter {
    const char *names; /* of counters, as struct open_transaction has them; "": of none */
    bool is_gapped;    /* numbers are handed out ahead, or go down: a smaller one may come later */
};

/* Each in the arena of the horizon. */
struct horizon_driver {
    /* In a transaction that looks, as its first statement: tells others that it writes nothing. */
    int (*mark)(struct connection *con, struct tg_error *err);
    /* `obstacle` and `clock`, as of now. */
    int (*clock)(struct connection *con, struct horizon *out, struct tg_error *err);
    /* All transactions of the database, by others, that are open now and have begun before the
     * statement: none is left out but those that are marked. */
    int (*list)(struct connection *con, struct horizon *out, struct tg_error *err);
    int (*counter)(struct connection *con, const struct column_place *column, struct arena *arena,
                   struct column_counter *out, struct tg_error *err);
};

/* `before` looks (TRANSACT_LOOK) and has not been asked anything; `con` is in no transaction. What
 * is then read by `con` lies behind the horizon. Waits a moment for transactions to end. Release
 * `out` in any case. */
int horizon_take(struct connection *before, struct connection *con, struct horizon *out,
                 struct tg_error *err) TG_CHECK_RESULT;
void horizon_release(struct horizon *horizon); /* a zeroed one is fine */
/* NULL: the database cannot tell. */
const struct horizon_driver *horizon_driver(const struct connection *con);

/* Is one of the names in the list? */
bool counters_meet(const char *names, const char *list);

extern const struct horizon_driver horizon_postgres;

#endif
