/*
 * A plan: steps in order, each SQL with the table it is about and what its row count means. Plans
 * are made by pure functions (ddl_plan, the dispositions, record_plan) and run by plan_run. Here
 * too: the package's rows as part of a statement.
 *
 * A database that reads Parquet runs all of it. For any other one, what is about the package's
 * files is for the reader (database/sending/reader.h), in its dialect, and the rows that it gives
 * are sent on into the table that they are for: once, and without a table in between.
 */
#ifndef TIDEGATE_WRITE_PLAN_H
#define TIDEGATE_WRITE_PLAN_H

#include "base/buf.h"
#include "database/sending/reader.h"
#include "write/sql/chain.h"

/* What the rows that a statement changed are. */
enum step_count {
    COUNT_NONE = 0,
    COUNT_INSERTED,
    COUNT_NEW,      /* inserted; the other rows of this load are left out: they are there */
    COUNT_REPLACED, /* old rows that gave way to rows of this load */
    COUNT_DELETED,
    COUNT_CHANGED,   /* rows that stay, with another value */
    COUNT_PAIRED,    /* of those counted as deleted: the rows of this load that they gave way to */
    COUNT_UNCHANGED, /* rows of this load that are left out: they are there */
    COUNT_FILTERED,  /* ... they take no part */
    COUNT_DIFFERENT, /* rows of this load that are not there as they come; all others are... */
    COUNT_SEVERAL,   /* ... but for these, whose keys came several times: counted by themselves */
    COUNT_LATE,      /* rows left out that are not there, */
    COUNT_LATE_BY    /* and how late the latest of them was */
};

enum step_kind {
    STEP_STATEMENT = 0, /* of the database */
    STEP_READ,          /* of the reader */
    STEP_FILL,          /* a query of the reader, whose rows go into a table of the database */
    STEP_TAKE,          /* a query of the database, whose numbers go into a table of the reader */
    STEP_COUNT,         /* a query of the database that gives the count */
    STEP_REFUSE,        /* one that gives a row where the load must not be: `refusal` */
    STEP_BRAKE          /* a query that counts rows which the next steps take: brake.h */
};

struct step {
    enum step_kind kind;
    const char *sql;
    struct ingest_target into;   /* of STEP_FILL; the reader's table of STEP_TAKE */
    const char *refusal;         /* of STEP_REFUSE: what is to be said before the row's value */
    const struct target *target; /* NULL: about no data table */
    enum step_count count;
    const struct brake *brake; /* of STEP_BRAKE */
    const char *going;         /* query: the numbers of the rows that it takes; NULL: all go, or it
                                  costs nothing (dialect.h: delete_cost) */
    const char *option;        /* whose condition is in it: a literal; NULL: none's */
    bool changes_rows;         /* those that are there: plan_change */
    bool keeps;                /* for the undo of the load: keep.h */
    bool is_aside;             /* of a load that is only tried: a run has no such step */
};

struct brake;
struct gathering;
struct write_order;

struct plan {
    struct arena arena; /* owns the texts */
    struct buf text;    /* the statement being written */
    struct step *steps;
    size_t count, cap;
};

/* What one load did to one table, by step_count. */
struct tally {
    uint64_t inserted, replaced, deleted, changed, unchanged, filtered, late, late_by;
};

void plan_init(struct plan *plan);
void plan_release(struct plan *plan);
/* Ends the statement in plan->text. `target` is borrowed, may be NULL. */
int plan_end(struct plan *plan, const struct target *target, enum step_count count,
             struct tg_error *err) TG_CHECK_RESULT;
/* Writes a whole statement of the database: what stands in plan->text, and the pattern. */
int plan_add(struct plan *plan, const struct target *target, enum step_count count,
             const struct sql_scope *scope, const char *pattern,
             struct tg_error *err) TG_CHECK_RESULT;
/* The same of any step, of which the rest is given; a name that it has is copied. */
int plan_add_step(struct plan *plan, const struct step *step, const struct sql_scope *scope,
                  const char *pattern, struct tg_error *err) TG_CHECK_RESULT;
/* The scope of a load's statements; of those that read the package's files. */
struct sql_scope plan_scope(const struct delivery *delivery, const struct sql_part *parts);
struct sql_scope plan_rows_scope(const struct delivery *delivery, const struct sql_part *parts);
bool plan_same(const struct plan *a, const struct plan *b); /* step for step */
/* Who runs the steps. */
struct runner {
    struct connection *con;
    struct reader *reader;           /* NULL: the database reads the files */
    const struct write_order *order; /* NULL: without limits */
    struct gathering *gathering;     /* gather.h; NULL: each DELETE is done as it comes */
};
/* Runs all steps, or, once the gathering wants to be first, those that say which rows go; counts go
 * to tallies[target->index] (NULL: nowhere). Errors name the table. */
int plan_run(const struct plan *plan, const struct runner *runner, struct tally *tallies,
             struct tg_error *err) TG_CHECK_RESULT;

/* ---- pieces of statements ---- */

/* A pattern of the scope, written, as long as the plan is there. */
int plan_keep(struct plan *plan, const struct sql_scope *scope, const char *pattern,
              const char **out, struct tg_error *err) TG_CHECK_RESULT;
/* The rows of a table in the package that have the columns of file `leader`, as a relation of the
 * dialect that reads them. */
int plan_source(struct buf *sql, const struct delivery *delivery, const struct manifest_table *part,
                size_t leader, struct tg_error *err) TG_CHECK_RESULT;
/* Does file `f` have other columns than all files before it? Such files lead the groups. */
bool plan_leads_group(const struct manifest_table *part, size_t f);
/* The type that a column has in a Parquet file, where lengths and JSON are not known. */
struct type_spec plan_stored(struct type_spec spec);
/* How many rows of a table the package has. */
uint64_t plan_row_count(const struct manifest_table *part);
/* All rows of a table in the package, as a SELECT of the columns that this load brings, with the
 * types that the destination has; a column that a file lacks is NULL there. WITH_ORDER adds the
 * order of arrival, WITH_ABSENT all other columns of the destination, NULL. */
enum { WITH_ORDER = 1, WITH_ABSENT = 2 };
int plan_relation(struct buf *sql, const struct delivery *delivery, const struct target *target,
                  int with, struct tg_error *err) TG_CHECK_RESULT;

/* ---- statements that several dispositions need ---- */

/* Where rows go. */
struct fill {
    const char *table;
    const struct sql_names *columns; /* those that the rows have */
    const struct target *target;     /* whose they are; NULL: none's */
    bool is_temporary;               /* the table: rows in it are counted later */
    bool leaves_known;               /* rows of the load that are left out are there */
};
/* The rows of a query, whose scope is plan_rows_scope's, into a table of the dataset. */
int plan_fill(struct plan *plan, const struct delivery *delivery, const struct fill *fill,
              const struct sql_scope *scope, const char *pattern,
              struct tg_error *err) TG_CHECK_RESULT;
/* For each group of files with equal columns. */
int plan_insert(struct plan *plan, const struct delivery *delivery, const struct target *target,
                struct tg_error *err) TG_CHECK_RESULT;
/* The same into a table `name`, which has its columns. */
int plan_insert_into(struct plan *plan, const struct delivery *delivery,
                     const struct target *target, const char *name,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Rows of a table that are there. */
struct old_rows {
    const struct target *target;
    const char *where; /* pattern of the scope, for {table}; NULL: all of them */
    bool meets;        /* `where` is a join of `old`, the table, with the {new} of the scope */
};
/* Takes old rows away: the one way in which dispositions do. The scope has whatever `where` names;
 * {table} is the target's. */
int plan_remove(struct plan *plan, const struct delivery *delivery, const struct old_rows *rows,
                enum step_count count, const struct sql_scope *scope,
                struct tg_error *err) TG_CHECK_RESULT;
/* Changes old rows where they are, by the pattern `set` of the scope ("{column} = {value}"): the
 * one way, too. */
int plan_change(struct plan *plan, const struct old_rows *rows, const char *set,
                enum step_count count, const struct sql_scope *scope,
                struct tg_error *err) TG_CHECK_RESULT;
/* Empties all tables of a chain that were there before. */
int plan_clear(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
               struct tg_error *err) TG_CHECK_RESULT;
/* All rows of one, if it was there. TRUNCATE, where the database has it, and DROP keep readers out
 * until the transaction ends. */
enum removal { REMOVE_DELETE = 0, REMOVE_TRUNCATE, REMOVE_DROP };
int plan_empty(struct plan *plan, const struct delivery *delivery, const struct target *target,
               enum removal how, struct tg_error *err) TG_CHECK_RESULT;
/* Nothing goes on where a table in its place would lack what this one has: `refusal` says what to
 * do, and ends where the name of that is to follow. */
int plan_refuse_loss(struct plan *plan, const struct delivery *delivery,
                     const struct target *target, const char *refusal,
                     struct tg_error *err) TG_CHECK_RESULT;
/* plan_insert for every table of a chain, parents before nested. */
int plan_insert_all(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
