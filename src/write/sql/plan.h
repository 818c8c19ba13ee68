/*
 * A plan: steps in order, each SQL with the table it is about and what its row count means, or
 * files that are put into a table. Plans are made by pure functions (ddl_plan, the dispositions,
 * record_plan) and run by plan_run. Here too: the package's rows as part of a statement.
 */
#ifndef TIDEGATE_WRITE_PLAN_H
#define TIDEGATE_WRITE_PLAN_H

#include "base/buf.h"
#include "database/connection.h"
#include "write/sql/chain.h"

/* What the rows that a statement changed are. */
enum step_count {
    COUNT_NONE = 0,
    COUNT_INSERTED,
    COUNT_REPLACED, /* old rows that gave way to rows of this load */
    COUNT_DELETED
};

/* Parquet files with equal columns that go into a temporary table. */
struct step_files {
    const char *table;
    const char *const *paths;
    size_t count;
};

struct step {
    const char *sql; /* NULL: files are put into a table */
    struct step_files files;
    const struct target *target; /* NULL: about no data table */
    enum step_count count;
};

struct plan {
    struct arena arena; /* owns the texts */
    struct buf text;    /* the statement being written */
    struct step *steps;
    size_t count, cap;
};

/* What one load did to one table, by step_count. */
struct tally {
    uint64_t inserted, replaced, deleted;
};

void plan_init(struct plan *plan);
void plan_release(struct plan *plan);
/* Ends the statement in plan->text. `target` is borrowed, may be NULL. */
int plan_end(struct plan *plan, const struct target *target, enum step_count count,
             struct tg_error *err) TG_CHECK_RESULT;
/* Adds a step whose rows are files; what is in `files` is borrowed. */
int plan_ingest(struct plan *plan, const struct step_files *files,
                struct tg_error *err) TG_CHECK_RESULT;
/* Writes a whole statement: what stands in plan->text, and the pattern. */
int plan_add(struct plan *plan, const struct target *target, enum step_count count,
             const struct sql_scope *scope, const char *pattern,
             struct tg_error *err) TG_CHECK_RESULT;
/* The scope of a load's statements. */
struct sql_scope plan_scope(const struct delivery *delivery, const struct sql_part *parts);
bool plan_same(const struct plan *a, const struct plan *b); /* of SQL alone: step for step */
/* Runs all steps; counts go to tallies[target->index] (NULL: nowhere). Errors name the table.
 */
int plan_run(const struct plan *plan, struct connection *con, struct tally *tallies,
             struct tg_error *err) TG_CHECK_RESULT;

/* ---- pieces of statements ---- */

/* The rows of a table in the package that have the columns of file `leader`, as a relation. */
int plan_source(struct buf *sql, const struct delivery *delivery, const struct manifest_table *part,
                size_t leader, struct tg_error *err) TG_CHECK_RESULT;
/* Does file `f` have other columns than all files before it? Such files lead the groups. */
bool plan_leads_group(const struct manifest_table *part, size_t f);
/* The type that a column has in a Parquet file, where lengths and JSON are not known. */
struct type_spec plan_stored(struct type_spec spec);
/* All rows of a table in the package, as a SELECT of the columns that this load brings, with the
 * types that the destination has; a column that a file lacks is NULL there. `order` adds the
 * order of arrival. */
int plan_relation(struct buf *sql, const struct delivery *delivery, const struct target *target,
                  bool order, struct tg_error *err) TG_CHECK_RESULT;

/* What makes the relations of plan_source and fills them, outside the transaction, and what drops
 * them again: nothing where the dialect reads the files. */
int plan_files(const struct delivery *delivery, struct plan *plan, struct plan *drop,
               struct tg_error *err) TG_CHECK_RESULT;

/* ---- statements that several dispositions need ---- */

/* One INSERT per group of files with equal columns. */
int plan_insert(struct plan *plan, const struct delivery *delivery, const struct target *target,
                struct tg_error *err) TG_CHECK_RESULT;
/* Empties all tables of a chain that were there before. */
int plan_clear(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
               struct tg_error *err) TG_CHECK_RESULT;
/* plan_insert for every table of a chain, parents before nested. */
int plan_insert_all(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
