/*
 * A load as the statements need it: its tables in chains (a root and its nested tables), each with
 * what the package brings for it and the columns it has at the destination.
 */
#ifndef TIDEGATE_WRITE_CHAIN_H
#define TIDEGATE_WRITE_CHAIN_H

#include "dlt/store.h"
#include "database/connection.h"
#include "database/template.h"
#include "package/manifest.h"

/* Column of root files that keeps the order of arrival; never loaded. */
#define ORDER_COLUMN "_tidegate_order"
/* The same of a staged winner among several. */
#define WINNER_COLUMN "_tidegate_won"

struct target_column {
    const char *name;
    const char *sql_type; /* at the destination, once the schema changes are done */
    bool loaded;          /* this load brings it */
};

/* Doubles that a bigint column cannot hold go to a column beside it. */
struct spill {
    const char *from, *to; /* columns of the destination */
    struct spill *next;
};

struct target {
    struct table *table;                 /* of the load's catalog */
    const struct manifest_table *part;   /* NULL: the load says nothing of this table */
    size_t index;                        /* of `part` in the manifest; SIZE_MAX without one */
    const struct described_table *there; /* as found at the destination; NULL: absent */
    bool changes;                        /* is made or altered, by ddl_plan */
    struct target_column *columns;       /* filled by ddl_plan */
    size_t column_count;
    struct sql_names loaded; /* of the columns, in their order: those that this load brings */
    const char *kept_old, *kept_left; /* keep.c: tables of what it has lost, and of what is left */
    const char *was;                  /* sample.c: a table of old rows, of a load that is tried */
    struct spill *spills;             /* found by ddl_settle */
};

/* What ddl_plan changes about the tables of the load, in the order in which it does. */
struct schema_change {
    const struct target *target;
    const char *column;        /* NULL: the table is made */
    const char *before, *type; /* of the column, at the destination; before NULL: it is new */
    struct schema_change *next;
};

struct disposition_driver;

struct chain {
    struct target *targets; /* the root first, parents before nested */
    size_t count;
    size_t number; /* names the chain's temporary tables */
    bool replaced; /* old rows go, whatever the disposition */
    bool emptied;  /* the source has none any more */
    bool shared;   /* others have loaded into it, whose rows the source need not have: shared.c */
    const struct disposition_driver *driver;
    const char *recalls; /* a column: rows are added but those that are there under their key and
                            with their value in it, so the driver is insert-only's; NULL */
};

/* What there is for the undo of a load (keep.c): of one table, or of the load as a whole. */
struct kept_row {
    const char *load_id;
    const char *table, *resource; /* "": of the load as a whole */
    const char *old_table;        /* its old rows; NULL: it has lost none */
    const char *left_table; /* ids and hashes of the rows that the load has left; NULL: none */
    const char *shape;      /* of a table of rows, JSON: "id", "key", "columns"; NULL */
    int64_t state_version, schema_version; /* before the load */
    const char *state_hash, *schema_hash;
    const char *left_hash; /* the schema's, after it */
    const char *probe;     /* what a known row's hash was */
};
struct kept {
    struct kept_row *rows; /* the newest load first, of each the row of the whole first */
    size_t count;
};

struct delivery {
    const struct dialect *dialect;
    const char *package_path;        /* borrowed */
    const struct manifest *manifest; /* borrowed */
    struct catalog catalog;          /* the manifest's, read, or laid over the newest */
    struct catalog own;              /* the manifest's, where it is laid over another */
    struct described described;      /* the dataset as found */
    bool makes_ledger;               /* or the dataset, by ddl_plan */
    int64_t schema_us;               /* no older than this is the schema that the load stores */
    struct schema_change *changes, *last_change; /* by ddl_plan */
    int64_t schema_version;  /* the newest, before this load; 0: there is none */
    const char *schema_hash; /* its hash; "": none */
    struct kept kept;        /* for the undo of earlier loads */
    /* keep.c: tables of what these of the ledger lose */
    const char *kept_boundary, *kept_ties, *kept_files, *kept_windows;
    bool samples;         /* what it changes is to be shown: sample.c */
    struct chain dropped; /* what goes before anything is made: no chain, but tables */
    struct chain *chains;
    size_t chain_count;
    struct arena arena;
};

/* Reads the manifest's catalog and sorts its tables into chains; chains that this load neither
 * fills nor replaces are left out. `newest` is the schema to lay the catalog over (rebase.c); NULL:
 * it stands as it is. `described` is moved in, also on failure. TG_DATA when manifest and catalog
 * contradict each other. */
int delivery_init(struct delivery *delivery, const struct dialect *dialect,
                  const char *package_path, const struct manifest *manifest,
                  struct described *described, const char *newest,
                  struct tg_error *err) TG_CHECK_RESULT;
void delivery_release(struct delivery *delivery);
/* Do all rows go to the ends of tables, with no look at those that are there, or at an index? */
bool delivery_only_adds(const struct delivery *delivery);

bool target_has_rows(const struct target *target);
/* Do rows of a range of it go? */
bool target_has_range(const struct target *target);
/* Do rows of it go, or get flagged, that the source has no more? */
bool target_loses_absent(const struct target *target);
/* Do the rows that the load brings have the order of arrival, of a root row? */
bool target_has_order(const struct target *target);
/* The column at the destination, or NULL. */
struct target_column *target_find(const struct target *target, const char *name);
/* The names of all columns at the destination, but for those that `leaves_out` (NULL: none). */
int target_columns(const struct target *target, bool (*leaves_out)(const char *name),
                   struct arena *arena, struct sql_names *out,
                   struct tg_error *err) TG_CHECK_RESULT;

/* The columns that link the tables of a chain. */
enum link { LINK_ROW, LINK_PARENT, LINK_ROOT };
/* The name of a link column of a table, or NULL. */
const char *table_link(const struct table *table, enum link link);
/* The column that nested rows name their parent by, though versions of a row may share it. */
const char *table_row_id(const struct table *table);
/* The target of a table of the chain, or NULL. */
const struct target *chain_find(const struct chain *chain, const char *table);

#endif
