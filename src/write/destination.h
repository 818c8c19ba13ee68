/*
 * A destination as a run sees it: a place that keeps a ledger and takes packages, each whole or not
 * at all. How that is made sure of is the driver's: sql/ does it in one transaction of a database.
 *
 *   destination_init -> open -> restore, describe -> close; then, once there is a package, write
 *
 * A destination that is closed, or where nothing is yet, has an empty ledger and no tables.
 */
#ifndef TIDEGATE_WRITE_DESTINATION_H
#define TIDEGATE_WRITE_DESTINATION_H

#include "base/context.h"
#include "base/location.h"
#include "catalog/table.h"
#include "package/manifest.h"
#include "write/claim.h"
#include "write/ledger.h"
#include "write/limit.h"
#include "write/trial.h"

struct destination_driver;
struct engine;

struct destination_facts {
    const char *name;      /* "duckdb" */
    const char *type;      /* dlt's: "dlt.destinations.duckdb" */
    bool folds_case;       /* names that differ only in the case of letters are one */
    int fraction_max;      /* digits of a second that a timestamp may have */
    size_t name_bytes_max; /* of a table or column name */
    bool swaps_tables;     /* one that is made beside another can take its place, as it was */
    bool finds_names;      /* tables whose names are known are described much faster than all */
    /* Appends what a column's type is called there: types with one name are one type. */
    void (*type_text)(const struct type_spec *spec, struct buf *out);
};

/* What a location says. */
struct destination_place {
    struct destination_facts facts;
    struct buf absolute; /* the same URL, its relative parts from the root on */
    struct buf identity; /* equal for all URLs of one place */
};

/* One kind of destination, to start with. */
struct destination_example {
    const char *name;
    const char *url;   /* for messages */
    const char *start; /* lines of a spec; NULL: none are offered */
};

struct destination {
    const struct destination_driver *driver;
    struct destination_facts facts;
    struct context *ctx; /* borrowed, as are the texts */
    struct location where;
    const char *dataset;
    void *state; /* the driver's; NULL: closed, or there is nothing yet */
    /* A worker's, who restores often: without the windows, of which there are many then. */
    bool for_windows;
};

/* Which tables of a dataset are asked for: those that are wanted, or those of these names. */
struct table_choice {
    bool (*wants)(const void *user, const char *table);
    const void *user;
    const char *const *names; /* in place of `wants`; NULL: there are none */
    size_t name_count;
};

struct write_table_counts {
    const char *table; /* borrowed from the manifest */
    uint64_t rows_inserted, rows_updated, rows_deleted, rows_unchanged, rows_filtered;
    uint64_t rows_late, late_by_most; /* left out, and not there; units as in lag.h */
};

/* What is to become of a package. */
enum write_fate {
    FATE_WAITS,   /* not yet written; it may be later */
    FATE_WRITTEN, /* its load is at the destination */
    FATE_PASSED,  /* the pipeline has moved on: it never can be */
    FATE_REFUSED, /* the destination does not take it */
    FATE_UNKNOWN  /* it may be there or not: writing it again will tell */
};

struct write_result {
    enum write_fate fate;
    bool already_written;              /* the load was in the ledger */
    bool is_idle;                      /* it had nothing to write: there is no such load */
    struct write_table_counts *counts; /* in the manifest's order, owned */
    size_t count;
};

/* How a package is to be written; NULL: whatever it does, and for good. */
struct write_order {
    /* What holds for the tables of a resource; NULL: nothing. */
    struct limits (*limits)(const void *user, const char *resource);
    const void *user;
    struct engine *engine; /* that reads the package where the database does not; NULL: one that is
                              made for it */
    struct trial *trial; /* all is rolled back, and is in here: also what exceeds limits, which does
                            not fail then. NULL: it is done */
    bool checks_rights;  /* without rows: what the user may not do of it is an error */
};
#define SYNTAX_ERROR "42601" /* SQLSTATE */
#define NO_SCHEMA    "3F000"
/* What an undo is about, and what it would do. */
struct undo_request {
    const char *pipeline, *schema;
    const char *load_id;     /* the oldest that is to be undone; NULL: the newest there is */
    const char *newest_load; /* what the newest one has to be; NULL: any */
};
struct undo_table {
    const char *name, *resource;
    uint64_t rows_removed, rows_restored;
};
struct undo {
    struct arena arena;
    const char **loads; /* the newest first; none: nothing is to be done */
    size_t load_count;
    const char *already; /* then: the load that has been undone already */
    struct undo_table *tables;
    size_t table_count;
    const char *state_blob;  /* before the oldest of them; NULL: there was none */
    const char *schema_json; /* likewise; "": the one there is stays, for others have changed it */
};

struct undo_driver {
    /* What there is to undo; `write` does it. */
    int (*look)(struct destination *destination, const struct undo_request *request,
                struct undo *out, struct tg_error *err);
};

/* How many rows a table has. */
struct table_count {
    const char *table;
    bool is_there;
    uint64_t rows;
};

/* Whose rows at the last value are asked for. */
struct ties_request {
    const char *pipeline, *schema, *resource, *cursor_path;
};

/* Who has loaded into a table. */
struct loaders_request {
    const char *pipeline; /* whose own state counts for nothing */
    const char *resource, *table;
};
struct loader {
    const char *pipeline; /* NULL: an older ledger does not name it */
    const char *resource;
};
struct loaders {
    struct arena arena;
    bool has_rows; /* the table */
    struct loader *items;
    size_t count;
};

/* How a sealed load stands to what is there. */
struct standing {
    bool is_written;
    bool is_taken;       /* its id, by another load */
    bool lacks_followed; /* that load is not there */
};

/* A schema as it was. */
struct schema_version {
    int64_t version;
    const char *json;    /* as it is stored */
    const char *load_id; /* the first load that had it; NULL: none is recorded */
};
struct schema_versions {
    struct arena arena;
    struct schema_version *items; /* the oldest first */
    size_t count;
};

/* The rows of a key, asked for by those who look for one. */
struct story_key {
    const struct table_column *column;
    const char *value; /* NULL: it is NULL */
};
struct story_reject {
    const char *load_id, *place, *reason;
    const char *document; /* the row as JSON, with the source's names; null: it cannot be read */
};
struct story_request {
    const char *pipeline, *resource;
    const struct catalog *catalog;
    const struct table *table; /* the resource's */
    const struct story_key *keys;
    size_t key_count;
    /* Is told of each row of the resource that was rejected, the newest first; all is borrowed. */
    int (*reject)(void *user, const struct story_reject *reject, struct tg_error *err);
    void *user;
};

enum { STORY_ROWS_MAX = 100, STORY_FILES_MAX = 5 };

struct story_row {
    const char *load_id, *id;          /* NULL: the table has no such column */
    const char *deleted_at;            /* NULL: it is not flagged */
    const char *valid_from, *valid_to; /* of a table that keeps its history */
    const char *taken_by;              /* of one that is gone: the load that took it away */
};
struct story_rows {
    struct story_row *items; /* at most STORY_ROWS_MAX, the newest first */
    size_t count;
};
struct story_nested {
    const char *table;
    uint64_t rows;
};
struct story_load {
    const char *load_id;
    const char *at;                     /* NULL: it is not recorded */
    const char *files[STORY_FILES_MAX]; /* of the resource, new or changed in it */
    size_t file_count;
};
struct story {
    struct arena arena;
    bool is_there;          /* the table */
    bool keeps;             /* what loads replace is kept, for an undo */
    struct story_rows rows; /* as they are now */
    struct story_rows kept; /* that loads took away, as far as they are kept */
    struct story_nested *nested;
    size_t nested_count;
    struct story_load *loads; /* that these rows name */
    size_t load_count;
};

/* What is asked apart: it may be much, or the ledger does not keep it, or not for this pipeline. */
struct trace_driver {
    int (*ties)(struct destination *destination, const struct ties_request *request,
                struct ArrowArrayStream *out, struct tg_error *err);
    int (*count)(struct destination *destination, struct table_count *tables, size_t count,
                 struct tg_error *err);
    int (*loaders)(struct destination *destination, const struct loaders_request *request,
                   struct loaders *out, struct tg_error *err);
    int (*standing)(struct destination *destination, const struct manifest *manifest,
                    struct standing *out, struct tg_error *err);
    int (*versions)(struct destination *destination, const char *schema,
                    struct schema_versions *out, struct tg_error *err);
    int (*story)(struct destination *destination, const struct story_request *request,
                 struct story *out, struct tg_error *err);
    int (*pasts)(struct destination *destination, const char *pipeline, struct ledger *out,
                 struct tg_error *err);
    int (*views)(struct destination *destination, const char *const *names, size_t count, bool *out,
                 struct tg_error *err);
};

/* Windows of a plan, for workers; as destination_claim and the next two. */
struct claim_driver {
    int (*claim)(struct destination *destination, const struct claim_request *request,
                 struct claims *out, struct tg_error *err);
    int (*release)(struct destination *destination, const char *pipeline, const char *owner,
                   struct tg_error *err);
    bool (*is_shared)(const struct destination *destination);
};

/* What a program runs by itself; `text` and `dataset` are its own. It is open. */
struct statement_driver {
    int (*use)(struct destination *destination, const char *dataset, struct tg_error *err);
    int (*run)(struct destination *destination, const char *text, const char **rest,
               struct ArrowArrayStream *out, bool *gives_rows, struct tg_error *err);
    int (*transact)(struct destination *destination, enum tg_transaction what,
                    struct tg_error *err);
};

/* A time at which tables are looked at that keep their history; which they are says a schema. */
struct moment {
    const struct catalog *catalog;
    int64_t us;
};

struct destination_driver {
    /* The i-th kind; false: there are no more. */
    bool (*example)(size_t i, struct destination_example *out);
    /* The form of a URL, and whether `dataset` (may be NULL) can live behind it. TG_USAGE. What it
     * says goes to `place`: its relative parts start at `folder`; without a folder no more than the
     * facts are asked for, and nothing is allocated. */
    int (*check)(const struct location *where, const char *folder, const char *dataset,
                 struct destination_place *place, struct tg_error *err);
    /* Sets destination->state; leaves it NULL when nothing is there and `create` is false. */
    int (*open)(struct destination *destination, bool create, struct tg_error *err);
    int (*restore)(struct destination *destination, const struct ledger_owner *owner,
                   int64_t now_us, struct ledger *out, struct tg_error *err);
    int (*describe)(struct destination *destination, const struct table_choice *choice,
                    struct catalog *out, struct tg_error *err);
    /* Writes a package that is not there yet, once, whoever else writes meanwhile. `err` is given.
     * Without a package (NULL) the load has no rows; or it is tried, and the manifest's files are
     * made up: what is known of such a load goes to the order's trial. */
    int (*write)(struct destination *destination, const char *package_path,
                 const struct manifest *manifest, const struct write_order *order,
                 struct write_result *out, struct tg_error *err);
    int (*query)(struct destination *destination, const char *text, const struct moment *at,
                 struct ArrowArrayStream *out, struct tg_error *err);
    /* Fails with the SQLSTATE 42601 if a condition is no SQL, whatever it may name. */
    int (*parse)(struct destination *destination, const char *condition, struct tg_error *err);
    /* Its tables, or its loads, as rows with the columns that tidegate.h names. */
    int (*show)(struct destination *destination, enum tg_show what, struct ArrowArrayStream *out,
                struct tg_error *err);
    const struct claim_driver *claims;
    const struct undo_driver *undo; /* NULL: no load is taken back */
    const struct trace_driver *trace;
    const struct statement_driver *statements;
    void (*close)(struct destination *destination);
};

extern const struct destination_driver destination_sql;

/* ---- by the location alone ---- */

/* TG_USAGE for a URL of no destination (says which there are), or for a dataset (NULL: any) that
 * cannot live there. `facts` may be NULL. */
int destination_check(const struct location *where, const char *dataset,
                      struct destination_facts *facts, struct tg_error *err) TG_CHECK_RESULT;
/* The i-th kind of destination; false: there are no more. */
bool destination_example(size_t i, struct destination_example *out);
/* Appends the URL with its relative parts, which start at `folder`, from the root on. TG_USAGE. */
int destination_absolute(const struct location *where, const char *folder, struct buf *out,
                         struct tg_error *err) TG_CHECK_RESULT;
/* A connection of a program is called "given:" and its name; where that is the URL of a file,
 * others reach it by that: the URL. Any other name as it is. */
const char *destination_url(const char *name);
/* Do two locations name one place, now? The relative parts of the first start at `folder`. One of
 * no destination names none. */
bool destination_same(const struct location *where, const char *folder,
                      const struct location *other);

/* ---- one destination ---- */

int destination_init(struct destination *destination, struct context *ctx,
                     const struct location *where, const char *dataset,
                     struct tg_error *err) TG_CHECK_RESULT;
/* TG_LOCKED when another process holds it, else TG_DESTINATION. One where nothing is stays closed.
 */
int destination_open(struct destination *destination, struct tg_error *err) TG_CHECK_RESULT;
void destination_close(struct destination *destination); /* may be opened again */

/* What concerns this pipeline and its schema, whose name is the owner's unless the state says
 * another (dlt names it after the first source) and nobody has said it. `now_us` is the time from
 * which load ids are made. `out` is initialised here; release it. */
int destination_restore(struct destination *destination, const struct ledger_owner *owner,
                        int64_t now_us, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* Adds what the pipeline's loads have done (ledger->pasts). It is open, or there is nothing. */
int destination_pasts(struct destination *destination, const char *pipeline, struct ledger *out,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Rows of TIES_TABLE, of which the stream has one column: packed hashes. It is open, and stays so
 * until the stream is released; where there is no such table, it is already. */
int destination_ties(struct destination *destination, const struct ties_request *request,
                     struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* The dataset's tables that are chosen (NULL: all), with the types that they have there; TYPE_NONE
 * for one that is none of ours. `out` is initialised here; release it. */
int destination_describe(struct destination *destination, const struct table_choice *choice,
                         struct catalog *out, struct tg_error *err) TG_CHECK_RESULT;
/* Of names of the dataset that describe has found no table of: *out[i], has something that gives
 * rows this one, a view? It is open, or there is nothing. */
int destination_views(struct destination *destination, const char *const *names, size_t count,
                      bool *out, struct tg_error *err) TG_CHECK_RESULT;
/* Writes a sealed package; opens the destination, and makes it, where it must. What cannot be
 * written leaves nothing behind, but for FATE_UNKNOWN. TG_CONFLICT: the pipeline has moved on.
 * TG_LIMIT: it would do more than the order allows. */
int destination_write(struct destination *destination, const char *package_path,
                      const struct manifest *manifest, const struct write_order *order,
                      struct write_result *out, struct tg_error *err) TG_CHECK_RESULT;
/* Tries a package that is not sealed: as destination_write, but that nothing is left behind; what
 * would have to be made is made in the package's folder. `order` has a trial. */
int destination_try(struct destination *destination, const char *package_path,
                    const struct manifest *manifest, const struct write_order *order,
                    struct write_result *out, struct tg_error *err) TG_CHECK_RESULT;
/* What is known of a load without its rows; it is open, or there is nothing. */
int destination_outline(struct destination *destination, const struct manifest *manifest,
                        const struct write_order *order, struct tg_error *err) TG_CHECK_RESULT;
/* A query in the words of the destination, for which the dataset's tables go by their names. It is
 * open, and stays so until the stream is released. */
int destination_query(struct destination *destination, const char *text, const struct moment *at,
                      struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* Is the condition SQL, as far as can be told without what it names? TG_SPEC. One that is closed
 * takes any. */
int destination_parse(struct destination *destination, const char *condition,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Tables or loads; as destination_query. */
int destination_show(struct destination *destination, enum tg_show what,
                     struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

/* Opens it for statements of a program's own, and makes it where nothing is, unless it is to be
 * read only: it stays closed then; the dataset's tables go by their names then, if it is there. */
int destination_enter(struct destination *destination, struct tg_error *err) TG_CHECK_RESULT;
/* The same of another dataset; it is open, as for the next two. */
int destination_use(struct destination *destination, const char *dataset,
                    struct tg_error *err) TG_CHECK_RESULT;
/* One statement: the whole text, or with `rest` the first one of it, which *rest is then behind;
 * NULL: that was the last. The stream is as that of destination_query; of one that gives no rows it
 * is what the database says of it. With `rest` numbers are exact:
 * those of any size are texts. TG_USAGE where there is no statement. */
int destination_run(struct destination *destination, const char *text, const char **rest,
                    struct ArrowArrayStream *out, bool *gives_rows,
                    struct tg_error *err) TG_CHECK_RESULT;
int destination_transact(struct destination *destination, enum tg_transaction what,
                         struct tg_error *err) TG_CHECK_RESULT;

/* How many rows each of the tables has; it is open. */
int destination_count(struct destination *destination, struct table_count *tables, size_t count,
                      struct tg_error *err) TG_CHECK_RESULT;

/* Has a table rows, and who has loaded into it: by the loads, and by the states of other pipelines,
 * which dlt has left, too. It is open. `out` is initialised here; release its arena. */
int destination_loaders(struct destination *destination, const struct loaders_request *request,
                        struct loaders *out, struct tg_error *err) TG_CHECK_RESULT;
/* It is open, or there is nothing. */
int destination_standing(struct destination *destination, const struct manifest *manifest,
                         struct standing *out, struct tg_error *err) TG_CHECK_RESULT;
/* All versions of a schema that are recorded. It is open. `out` is initialised here; release its
 * arena. */
int destination_versions(struct destination *destination, const char *schema,
                         struct schema_versions *out, struct tg_error *err) TG_CHECK_RESULT;
/* What is known of the rows of a key. It is open. TG_DESTINATION for a value that is none of its
 * column's type. `out` is initialised here; release its arena. */
int destination_story(struct destination *destination, const struct story_request *request,
                      struct story *out, struct tg_error *err) TG_CHECK_RESULT;
/* Claims up to request->most windows of a plan that are open, or whose lease is over, and counts
 * those of the plan. It is open, or there is nothing. `out` is initialised here; release it. */
int destination_claim(struct destination *destination, const struct claim_request *request,
                      struct claims *out, struct tg_error *err) TG_CHECK_RESULT;
/* Those that the owner has and has not loaded are open again. */
int destination_release(struct destination *destination, const char *pipeline, const char *owner,
                        struct tg_error *err) TG_CHECK_RESULT;
/* May several processes write to it at a time? It is open. */
bool destination_is_shared(const struct destination *destination);

/* What an undo would do; it is done by destination_write, of a manifest that says which loads.
 * TG_USAGE for one that there is none of, TG_CONFLICT where the newest load is another one. `out`
 * is initialised here; release it. */
int destination_undo(struct destination *destination, const struct undo_request *request,
                     struct undo *out, struct tg_error *err) TG_CHECK_RESULT;
static inline void undo_release(struct undo *undo)
{
    arena_release(&undo->arena);
}

/* fate.c: what a failure means for the package; never FATE_UNKNOWN. */
enum write_fate write_fate_of(int rc, const struct tg_error *err);
void write_result_release(struct write_result *result);

#endif
