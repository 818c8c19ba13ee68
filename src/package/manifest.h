/*
 * What a sealed package says of itself: manifest.json.
 */
#ifndef TIDEGATE_PACKAGE_MANIFEST_H
#define TIDEGATE_PACKAGE_MANIFEST_H

#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "data/bookmark.h"
#include "data/type.h"

struct manifest_column {
    const char *name;
    struct type_spec spec;
    /* Of a bigint: it has a value in each row, and no value twice; these are the least and the
     * greatest. Not noted: all 0, as in older packages. */
    bool ascends;
    int64_t from, to;
};

/* One Parquet file of a table; its columns are what the file holds. */
struct manifest_file {
    const char *name; /* relative to the package: "person.1.parquet" */
    uint64_t row_count;
    uint64_t bytes;
    char checksum[17]; /* XXH3-64 of the file */
    struct manifest_column *columns;
    size_t column_count;
};

/* Which rows that are there a load replaces, by the value in a column. A bound is a number, or a
 * text (a time, too), as its kind says; "": it has no such end. */
struct manifest_range {
    const char *column;
    bool delivered; /* by the values that come; else from `from` on to before `to`, */
    bool descends;  /* down */
    const char *from_kind, *from, *to_kind, *to;
};
#define RANGE_NUMBER "number"
#define RANGE_TEXT   "text"

struct manifest_table {
    const char *name;
    const char *resource; /* of its root */
    bool nested;
    bool further;      /* not the resource's own table, but another root that it has made */
    bool materialized; /* has a file without rows, so that it is made */
    bool replaced;     /* this load replaces the table, even when it has no file */
    bool remade;       /* it was gone: what is nested in it goes, too; a conflict if it is back */
    bool emptied;      /* its history goes on: no row that is there is valid any more */
    bool was_there;    /* a conflict if it is gone */
    bool dropped;      /* goes first, if it is there; then the load may make it anew */
    bool is_keys;      /* no table, but keys that the source has of the rows of `resource`; */
    bool is_late; /* ... of those before the value that its cursor had reached: LATE_CURSOR... */
    const char *cursor; /* what that is compared with: a column of the root, "": none; */
    bool descends;      /* which goes down */
    /* ... which is learned from: for the cursor of that path and source in the state ("": it is
     * not), in this unit (sketch.h). */
    const char *learns, *learns_source, *learns_unit;
    /* Of a table that rows are added to: those that are there under their key and with their value
     * in this column stay out; "": they are added. */
    const char *recalls;
    /* Rows that the source has no more are deleted, or flagged; of a resource whose load has, or
     * whose part with keys lists, all keys that there are. */
    bool deletes_absent, flags_absent, ends_absent;
    struct manifest_range *ranges; /* one, or none */
    size_t range_count;
    bool from_nothing; /* the source had no row at all: that one is absent is not believed */
    uint64_t rows_read, rows_new, rows_filtered, rows_rejected, rows_waiting;
    /* by the cursor: those of the first three are filtered */
    uint64_t rows_below_start, rows_above_end, rows_deduplicated, rows_null_cursor;
    struct manifest_file *files;
    size_t file_count, file_cap;
};

/* Hashes of the rows at the cursor's last value; of a load without a cursor (path "") see
 * run/again.c. For more of them than a text should hold there is one word; they are rows of
 * TIES_TABLE then, a table of the package as the ledger has it. */
#define TIES_TABLE "_tidegate_ties"
struct manifest_boundary {
    const char *resource;
    const char *cursor_path;
    const char *last_value; /* JSON text, as in the state */
    const char **hashes;    /* sorted */
    size_t hash_count;
    bool grows; /* the rows of TIES_TABLE that are there stay */
};

/* A window of a resource: loaded by this load, or (planned) to be loaded by others. Bounds are JSON
 * texts, as in the state. */
struct manifest_window {
    const char *resource, *cursor_path;
    const char *lo, *hi;
    const char *run_id; /* "": it is the load's own; else of the backfill that has planned it: */
    int64_t id;         /* which of its windows, */
    const char *owner;  /* and who has it, */
    int64_t fence;      /* by which claim */
    bool planned;
};

/* What is forgotten of a resource, where the load resets it: in memory alone. */
struct manifest_reset {
    const char *resource;
    bool cursors, files;
    bool all; /* its tables go, too */
};

struct manifest {
    struct arena arena; /* owns all texts and arrays */
    const char *load_id;
    const char *package_id; /* random: tells two loads of one id apart; "": a package of 0.1 */
    const char *pipeline;
    const char *destination; /* URL without secrets: a package is written nowhere else */
    const char *dataset;
    const char *schema; /* schema name */
    int64_t created_us;
    int64_t
        state_version_from; /* the ledger's state version that this load started from; 0: none */
    const char *state_hash_from;   /* its hash; "" : none */
    const char *files_load_from;   /* the newest load that had entered files then; "": none */
    int64_t catalog_version_from;  /* the newest schema's then; 0: none, -1: a package of 0.1 */
    const char *catalog_hash_from; /* its hash; "": none */
    const char *follows; /* the load that was still sealed when this one went on from what it will
                            leave; "": none */
    bool skips_files;    /* what was read depends on the files that the ledger had then */
    bool heeds_windows;  /* what was read depends on the windows that the ledger had then */
    const char *windows_from; /* how they stood; "": there were none */
    bool state_changed;
    bool full_refresh;
    int64_t undo_loads; /* of how many loads, of this one too, there is to be an undo; 0: of none */
    const char **undone; /* in memory alone: the load is an undo of these, the newest first */
    size_t undone_count;
    const struct manifest_reset *resets; /* in memory alone: the load forgets these, and no more */
    size_t reset_count;
    const char *refresh; /* "drop_sources", "drop_resources", "drop_data"; "": none; of resets
                            "reset" or "drop" */
    const char *state;   /* new state, plain JSON */
    const char *catalog; /* new catalog, JSON */
    struct manifest_table
        *tables; /* roots in order of the resources, each followed by its nested tables */
    size_t table_count, table_cap;
    struct bookmark *bookmarks;
    size_t bookmark_count, bookmark_cap;
    struct manifest_boundary *boundaries;
    size_t boundary_count, boundary_cap;
    struct manifest_window *windows;
    size_t window_count, window_cap;
};

/* Columns of a part with is_late, beside the key's, under names that no convention changes: where
 * the row stands, and how late it is (units as in lag.h). */
#define LATE_CURSOR "tidegate_cursor"
#define LATE_BY     "tidegate_late_by"
/* The same with `learns`: the class of that (dlt/sketch.h), -1: it teaches nothing; and whether the
 * row was left out, 1 or 0: it is in the load. */
#define LATE_CLASS "tidegate_late_class"
#define LATE_OUT   "tidegate_left_out"

/* Are there only keys in it, and nothing to be remembered? */
bool manifest_only_asks(const struct manifest *manifest);
/* Is it a load without rows, and so without a package: an undo, a reset, a plan of windows? */
static inline bool manifest_is_bare(const struct manifest *manifest)
{
    bool plans = manifest->window_count > 0 && manifest->windows[0].planned;
    return manifest->undone_count > 0 || manifest->reset_count > 0 || plans;
}
/* Is the part a table of a source's rows? */
static inline bool manifest_is_data(const struct manifest_table *part)
{
    return !part->is_keys && strcmp(part->name, TIES_TABLE) != 0;
}
void manifest_init(struct manifest *manifest);
void manifest_release(struct manifest *manifest);
struct manifest_table *manifest_find(const struct manifest *manifest,
                                     const char *table); /* NULL: absent */
/* Finds or appends; names are copied. The pointer is valid until the next add. */
int manifest_add_table(struct manifest *manifest, const char *table, const char *resource,
                       bool nested, struct manifest_table **out,
                       struct tg_error *err) TG_CHECK_RESULT;
/* Copies everything it points to. */
int manifest_add_bookmark(struct manifest *manifest, const struct bookmark *bookmark,
                          struct tg_error *err) TG_CHECK_RESULT;
int manifest_add_boundary(struct manifest *manifest, const struct manifest_boundary *boundary,
                          struct tg_error *err) TG_CHECK_RESULT;
int manifest_add_window(struct manifest *manifest, const struct manifest_window *window,
                        struct tg_error *err) TG_CHECK_RESULT;
/* The window that somebody has claimed, which the load is then; NULL: it is none. */
const struct manifest_window *manifest_claim(const struct manifest *manifest);
/* The one of the table. */
int manifest_set_range(struct manifest *manifest, struct manifest_table *table,
                       const struct manifest_range *range, struct tg_error *err) TG_CHECK_RESULT;
int manifest_add_file(struct manifest *manifest, struct manifest_table *table,
                      const struct manifest_file *file, struct tg_error *err) TG_CHECK_RESULT;
int manifest_write(const struct manifest *manifest, struct buf *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* TG_DATA for a damaged one, TG_USAGE for one of a newer format. `out` is initialised here. */
int manifest_read(struct manifest *out, const char *json, size_t len,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
