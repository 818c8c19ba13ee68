/*
 * The root rows of a load in a table of their own: of each primary key the row that wins.
 * Dispositions that match rows by key read them from there, and write their statements in its
 * scopes.
 *
 * Where the reader reads the package, the rows stay with it until they go into their table. The
 * database gets the keys of them to match its old rows with, if it has any, as its {stage}.
 *
 * Where new rows are compared with old ones, all of them are staged where these are: whole rows in
 * {stage}, and in a table each those nested in rows that stay. Where the old ones' database reads
 * the package, and nothing is nested, it sifts them: only those that differ are ever staged.
 *
 *   {stage} {table}    the temporary table; the root table
 *   {columns}          those that the load brings, of the root table
 *   {stays} {goes}     a staged row is to be there in the end; it only deletes. Where the load
 *                      brings no such marks, all stay: {where_stays} and {and_stays} are empty
 *   {limits}           destination_scope, of rows of {table}
 *   {passes}           ", ... AS PASSES_COLUMN": what a source_filter says of ARRIVED; or nothing
 *   {filtered}         where absent rows are looked for, or versions end: the primary keys of rows
 *                      that a source_filter has left out
 *   {lost}             where old rows go or are looked for by a merge key, beside a primary key:
 *                      that key of the rows that lost, each once
 *   {from} {to} {at}   of a table that keeps its history: the columns of since and until when a
 *   {open_end}         row is valid; when the load's changes have happened; the end of what is
 *   {active}           valid, where it is no NULL; a row of {table} is valid
 *   {own} {and_own}    rows of {table} that this pipeline has brought; "AND" and that, or nothing
 *                      where nobody else loads into it
 */
#ifndef TIDEGATE_WRITE_STAGE_H
#define TIDEGATE_WRITE_STAGE_H

#include "catalog/history.h"
#include "write/sql/plan.h"

/* The rows that are looked at by source_filter, and what it says of them. */
#define ARRIVED       "_tidegate_arrived"
#define PASSES_COLUMN "_tidegate_passes"

enum { STAGE_PARTS = 23, STAGE_NAME = 48 };

struct stage {
    const struct delivery *delivery;
    const struct chain *chain;
    const struct target *root;
    struct sql_names primary_key, merge_key; /* empty: the table has none */
    struct sql_names group_key;         /* a merge key that no rows are replaced by: absent.c */
    const struct table_column *deleted; /* the hard_delete column, if the load brings it */
    const struct table_column *sort;    /* the dedup_sort column, likewise */
    bool holds_all;       /* all rows are staged where the old ones are, of which there are some */
    bool keeps_won;       /* winners have their order of arrival in WINNER_COLUMN: nested rows
                             have it, too */
    bool skips_unchanged; /* rows that are there already are left alone */
    bool sifts;           /* they do not get into the stage, which holds nothing before the
                             transaction but the winners of keys that came several times */
    const char *ascends;  /* where they are sifted: a column of the key by which none came several
                             times (slice.h); NULL: that has to be looked for */
    const char *version;  /* the column that alone tells whether they are; NULL: all do */
    const char *filter;   /* the condition of staged rows that take part, as the rows' dialect has
                             it, for {arrived}; NULL: all do */
    bool notes_filtered;  /* the keys of those that take none are kept: they are not absent */
    bool notes_lost;      /* the groups of rows that lose are kept: these came, too */
    const char *limits;   /* the condition of old rows that may go; NULL: it is not said */
    bool keeps_versions;  /* a key has several rows: versions.h */
    bool sends_all;       /* the root rows are staged with all columns where the old ones are */
    struct history history; /* `from` NULL: the table keeps none */
    char name[STAGE_NAME], filtered[STAGE_NAME], lost[STAGE_NAME];
    struct sql_part parts[STAGE_PARTS];
    struct sql_scope scope; /* of `parts`: a stage is not copied */
    struct sql_scope rows;  /* the same, in the dialect that reads the package: all its columns */
};

/* TG_DATA when the load has rows and a key column has no value in any. Names are put into `arena`.
 */
int stage_open(struct stage *stage, const struct delivery *delivery, const struct chain *chain,
               struct arena *arena, struct tg_error *err) TG_CHECK_RESULT;
/* Does the chain stage all of its rows (stage->holds_all)? */
bool stage_holds_all(const struct chain *chain);
/* Do old rows go that are absent? */
bool stage_loses_absent(const struct chain *chain);
bool stage_has_key(const struct stage *stage);
/* Does the load have values for all of these columns? */
bool stage_brings(const struct stage *stage, const struct sql_names *key);
bool names_have(const struct sql_names *names, const char *name);
/* Each name of several lists, which end with NULL, once. */
int names_join(const struct sql_names *const *lists, struct arena *arena, struct sql_names *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* Do all old rows go that the scope has, in place of those that staged ones meet? */
bool stage_clears_scope(const struct stage *stage);
/* Are rows staged at all? Else they go straight into their tables. */
bool stage_is_made(const struct stage *stage);
/* The statements that fill it, with the root rows. */
int stage_rows(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* What a source_filter leaves out goes from the stage, once its `key` is noted, where that counts
 * (notes_filtered). */
int stage_leave_out(const struct stage *stage, const struct sql_names *key, struct plan *plan,
                    struct tg_error *err) TG_CHECK_RESULT;
/* A temporary table with such columns of a target, and the types that they have in it. */
int stage_make(const struct stage *stage, const struct target *target, const char *name,
               const struct sql_names *columns, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;
/* An empty one: a scope may ask for the rows of a load that has none. */
int stage_none(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* All rows of all tables of a chain as they come, a table each (stage_name). */
int stage_copies(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* How a statement begins that makes one, and who runs it: who has the rows. */
const char *stage_create(const struct stage *stage);
enum step_kind stage_step(const struct stage *stage);
/* Its rows to where the old ones are, as far as they are needed there. */
int stage_send(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* What the staged rows of a table of the chain are called. */
void stage_name(const struct chain *chain, const struct target *target, char out[STAGE_NAME]);
/* The statements that drop a chain's, if they are there. */
int stage_drop(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
