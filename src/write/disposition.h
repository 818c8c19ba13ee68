/*
 * How the rows of a load meet the rows already there. A disposition is one file dispositions/NAME.c
 * that ends in the const table disposition_NAME: what it is called, what it needs of a run, and
 * functions that make its SQL, which are pure: a chain in, statements out.
 */
#ifndef TIDEGATE_WRITE_DISPOSITION_H
#define TIDEGATE_WRITE_DISPOSITION_H

#include "base/option.h"
#include "catalog/table.h"

struct chain;
struct delivery;
struct plan;

struct disposition_driver {
    /* As a spec and a stored schema say it: a word, and beside it a strategy where there are
     * several ways to do that, of which the usual one goes without saying. */
    enum disposition word;
    const char *strategy; /* NULL: there is but one way */
    bool is_usual;
    /* What it needs of a run. */
    bool needs_key;         /* rows take the place of old ones by a key */
    bool needs_primary_key; /* ... which is a primary key; a merge key says nothing */
    bool ids_by_key;        /* a root row's id is a hash of its primary key */
    bool needs_order;       /* ... of which the last one read may win */
    bool needs_root_id;     /* nested rows are found by their root row's id */
    bool adds_rows;         /* to those there: what was loaded once is not loaded again */
    bool replaces;          /* all that is there, so that the source is read from its beginning */
    bool replaces_range;    /* what is there in a range of a column; the load says in which */
    bool deletes_absent; /* what did not come goes: the load has all rows, or all of a merge key */
    bool keeps_history;  /* what the load has otherwise, or lacks, stays with the time it was
                               valid: versions are told by hashes of rows, or a column of theirs */
    bool clears_scope;   /* destination_scope takes the place of its keys: all that is in it goes */
    bool stages_all;     /* nested rows, too, and where the old ones are: stage.h */
    bool swaps;          /* a table that is filled beside the old one takes its place */
    size_t boundary_hashes_max; /* rows at a cursor's last value to know again; 0: the usual */
    const char *options;        /* what else a spec may say of it: words; NULL: nothing */
    /* Statements before the transaction; what they make is the temporary table of stage.h. NULL:
     * none. */
    int (*stage)(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err);
    /* Statements of the transaction, after the schema changes. */
    int (*apply)(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err);
    /* All of it in a statement a table (MERGE), with the staging ahead: for databases whose commit
     * is one statement. NULL: there is no such form. */
    int (*single)(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                  struct tg_error *err);
};

/* By what a spec or a stored schema says; `strategy` NULL: the usual one. NULL: there is none. */
const struct disposition_driver *disposition_find(const char *word, const char *strategy);
/* That of a root table; TG_USAGE when there is none. */
int disposition_get(const struct table *table, const struct disposition_driver **out,
                    struct tg_error *err) TG_CHECK_RESULT;
/* The strategy as a schema stores it: NULL for the usual one. */
const char *disposition_strategy(const struct disposition_driver *driver);
/* As in _tidegate_loads: the strategy where it is stored, else the word. */
const char *disposition_name(const struct disposition_driver *driver);
/* Does it take that option? */
bool disposition_takes(const struct disposition_driver *driver, const char *option);

/* The hint of a stored table that rows which do not change are left alone; dlt's. */
#define DISPOSITION_SKIP_HINT "x-merge-skip-unchanged-rows"
/* ... and that no load has two rows of a key; dlt's. */
#define DISPOSITION_DEDUPLICATED_HINT "x-stage-data-deduplicated"
/* Which staged rows take part, which old ones may go: conditions; dlt's. */
#define DISPOSITION_SOURCE_FILTER_HINT "x-merge-source-filter"
#define DISPOSITION_SCOPE_HINT         "x-merge-destination-scope"
/* The column that tells versions of a row apart. */
#define DISPOSITION_ROW_VERSION_HINT "x-tidegate-row-version-column"

/* The column of when the source was found not to have the row any more. */
#define DELETED_COLUMN "_tidegate_deleted_at"

/* A key has several rows, which are numbered: "scope" of insert-only. */
#define DISPOSITION_VERSIONS_HINT "x-tidegate-merge-scope"
#define DISPOSITION_VERSIONS      "previous_load"
#define VERSION_COLUMN            "_tidegate_version"

/* "range" of replace-range */
#define RANGE_DELIVERED "delivered"

/* What there is, for options and messages: "append replace merge"; of these, the words for which
 * `holds`. */
const char *disposition_words(char out[OPTION_WORDS_MAX]);
const char *disposition_words_if(bool (*holds)(const struct disposition_driver *driver),
                                 char out[OPTION_WORDS_MAX]);
bool disposition_has_strategy(const struct disposition_driver *driver);
bool disposition_needs_key(const struct disposition_driver *driver);
bool disposition_adds_rows(const struct disposition_driver *driver);
/* The strategies; those that take an option (NULL: all), those of a word. */
const char *disposition_strategies_with(const char *option, char out[OPTION_WORDS_MAX]);
/* The word whose strategies take an option. */
const char *disposition_word_with(const char *option);
const char *disposition_strategies_if(bool (*holds)(const struct disposition_driver *driver),
                                      char out[OPTION_WORDS_MAX]);
const char *disposition_strategies_of(const char *word, char out[OPTION_WORDS_MAX]);
const char *disposition_strategies(char out[OPTION_WORDS_MAX]);

#endif
