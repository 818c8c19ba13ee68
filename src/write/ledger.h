/*
 * The ledger as data: what a destination knows of a pipeline. It is the truth; it is read before a
 * run and written with the load, by whatever makes that final there.
 *
 *   _dlt_loads, _dlt_version, _dlt_pipeline_state  as in dlt
 *   _tidegate_loads      what each load did to each table (counts), of which pipeline and package
 *   _tidegate_boundary   hashes of the rows at a cursor's last value; of a load without a cursor
 *                        (path "") how many rows it has added, and hashes of their sums, or from
 *                        how many files its keys came
 *   _tidegate_ties       the same, where they are too many for a text: packed, many to a row
 *   _tidegate_files      bookmarks: source files that were loaded
 *   _tidegate_windows    ranges of a cursor that were loaded apart from it, or are to be
 */
#ifndef TIDEGATE_WRITE_LEDGER_H
#define TIDEGATE_WRITE_LEDGER_H

#include "base/memory.h"
#include "data/bookmark.h"
#include "package/load_id.h"

#define WINDOWS_TABLE  "_tidegate_windows"
#define WINDOW_IS_LEFT "[state] <> 'committed'" /* to be loaded; pattern */

/* What a load that is an undo has in _tidegate_loads in place of a disposition. */
#define UNDO_WORD "undo"

/* Whose ledger it is. */
struct ledger_owner {
    const char *pipeline;
    const char *schema;
    bool is_said; /* it is that schema, whichever the state names as the pipeline's first */
};

struct ledger_boundary {
    const char *resource, *cursor_path, *last_value;
    const char *load_id; /* that has left it */
    const char **hashes; /* sorted */
    size_t hash_count;
};

/* Windows of a run that lie side by side, all loaded or all planned, are one here. Bounds are JSON
 * texts, as in the state. */
struct ledger_window {
    const char *resource, *cursor_path, *run_id, *lo, *hi;
    const char *load_id; /* that has loaded the first of them; "": they are planned */
    uint64_t count;      /* how many they are */
};

/* What the newest loads of a table have done, those that read rows. */
enum { PAST_LOADS = 10 };
struct ledger_past {
    const char *table;
    uint64_t loads; /* PAST_LOADS at most */
    uint64_t all_loads;
    bool same_way; /* all of them by one disposition */
    bool counts_unchanged;
    uint64_t rows_read, rows_inserted, rows_updated, rows_deleted, rows_unchanged;
};

struct ledger {
    struct arena arena;
    int64_t state_version;  /* 0: no state */
    const char *state_hash; /* "" : none */
    const char *state_blob; /* NULL: none */
    const char *schema;     /* its name: the one that is said, else the state's, else the owner's */
    const char *schema_json; /* NULL: none, or not asked for */
    int64_t schema_version;  /* 0: none */
    const char *schema_hash; /* "": none */
    int64_t schema_us;       /* when its versions were stored at the latest; 0: none */
    struct ledger_boundary *boundaries;
    size_t boundary_count;
    struct bookmark *bookmarks; /* sorted by resource, key */
    size_t bookmark_count;
    struct ledger_past *pasts;
    size_t past_count;
    struct ledger_window *windows;
    size_t window_count;
    const char
        *windows_mark; /* how they stand: another text after any change; "": there are none */
    const char *files_load_id; /* the newest load that entered bookmarks; "": none */
    const char *newest_load;   /* the highest load id that this pipeline has used; "": none */
    const char **taken;  /* by rising number: the load ids of the dataset, whoever's, from the */
    size_t taken_count;  /* one on that a load would get that comes next */
    bool lacks_followed; /* the load that is looked for follows one that is not there */
};

void ledger_init(struct ledger *ledger); /* that of a destination with nothing in it */
void ledger_release(struct ledger *ledger);
/* Is nothing known of the pipeline? */
bool ledger_is_empty(const struct ledger *ledger);
/* Puts the bookmarks into their order; one of them, NULL: there is none. */
void ledger_sort_bookmarks(struct ledger *ledger);
struct bookmark *ledger_bookmark(const struct ledger *ledger, const char *resource,
                                 const char *key);
/* What the resource has remembered; the ledger's. */
struct bookmarks ledger_recall(const struct ledger *ledger, const char *resource);
/* NULL: it has none. */
const struct ledger_past *ledger_past_of(const struct ledger *ledger, const char *table);
/* The id of a new load: the time, but above `newest` (no less than ledger->newest_load; "": none)
 * and not one that is taken. */
void ledger_next_id(const struct ledger *ledger, const char *newest, int64_t now_us,
                    char out[LOAD_ID_TEXT]);

#endif
