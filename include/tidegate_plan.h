/*
 * tidegate: what a run would do, without doing it. tidegate.h includes this header.
 *
 *     struct tg_plan *plan = NULL;
 *     const struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT, .rows = true};
 *     int rc = tg_pipeline_plan(pipeline, &options, &plan, &err);
 *     for (size_t i = 0; i < tg_plan_sample_count(plan); i++) {
 *         const struct tg_plan_sample *cell = tg_plan_sample(plan, i);
 *         ...
 *     }
 *     tg_plan_free(plan);
 *
 * Texts and structs that are got from a plan are borrowed until tg_plan_free; the structs grow at
 * their end. Every function takes NULL, and an index beyond the end, and answers with 0 or NULL.
 */
#ifndef TIDEGATE_PUBLIC_PLAN_H
#define TIDEGATE_PUBLIC_PLAN_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a plan is made. It grows at its end. */
struct tg_plan_options {
    size_t size;
    bool rows;   /* read the sources, and write all of it in a transaction that is rolled back */
    int samples; /* with rows: up to so many changed, inserted and deleted rows of each table with a
                    primary key; 0: 5, -1: none */
    const char *from,
        *to; /* of a window, as of tg_window_options, like `timezone` and `again`; NULL:
                              a plain run. What it would be refused for, the plan is, too */
    const char *timezone;
    const char *window; /* of a backfill, as of tg_backfill_options, without rows; NULL: a run */
    bool again;
    uint64_t skip_loaded; /* as of tg_window_options; not of a backfill */
};

#define TG_PLAN_OPTIONS_INIT .size = sizeof(struct tg_plan_options)

static inline void tg_plan_options_init(struct tg_plan_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

struct tg_plan;

/* What a run would do. Without rows nothing is locked, made or read but what tg_pipeline_check
 * opens, and what the destination knows; the statements are those for the columns that are known.
 * With rows the working directory is locked, and the destination as by a run, but nothing stays:
 * `end` of a resource hears TG_OUTCOME_GIVEN_UP. TG_CONFLICT where a load of an earlier run waits
 * to be written: a run would do that first. A limit that is exceeded is no failure here.
 * `options` may be NULL; *out is NULL on failure. */
TG_API_CHECK int tg_pipeline_plan(struct tg_pipeline *pipeline,
                                  const struct tg_plan_options *options, struct tg_plan **out,
                                  struct tg_error *err);
TG_API void tg_plan_free(struct tg_plan *plan);

/* What the run would tell, but for the load's id; NULL without rows. */
TG_API const struct tg_result *tg_plan_result(const struct tg_plan *plan);

/* How a resource would be read and written. Values are texts; NULL: there is none. */
struct tg_plan_resource {
    const char *name;
    const char *table;
    const char *write_disposition; /* "append", "replace", "merge" */
    const char *strategy;          /* of a merge */
    const char *primary_key;       /* "id, region" */
    const char *merge_key;
    const char *cursor;        /* its path */
    const char *stored_value;  /* where the last load has ended */
    const char *initial_value; /* of the spec */
    const char *end_value;
    const char *start_value; /* rows from here on are asked for */
    bool descends;           /* the cursor goes down: rows up to start_value */
    bool replaces;           /* all that is there goes */
    bool columns_known;      /* else they are, once rows are read */
    uint64_t files_skipped;  /* whole files that would not be read, because of the cursor */
};
TG_API size_t tg_plan_resource_count(const struct tg_plan *plan);
TG_API const struct tg_plan_resource *tg_plan_resource(const struct tg_plan *plan, size_t index);

/* Of the range that was asked for: which part is loaded, and which would be. Those of a resource
 * stand together, what is there first. */
struct tg_plan_window {
    const char *resource;
    const char *from, *to; /* as texts: "2024-01-01", "2024-01-01T06:00:00Z", "1000" */
    const char *state;     /* "loaded"; "planned", by a backfill that is not done: another one would
                              finish that first; "due": it would be loaded */
    const char *by;        /* the load (the first, if there are several), the backfill; NULL */
    uint64_t windows;      /* that lie in it, side by side */
};
TG_API size_t tg_plan_window_count(const struct tg_plan *plan);
TG_API const struct tg_plan_window *tg_plan_window(const struct tg_plan *plan, size_t index);

/* Loads of earlier runs that wait to be written: a run would do that first. */
TG_API size_t tg_plan_pending_count(const struct tg_plan *plan);
TG_API const char *tg_plan_pending(const struct tg_plan *plan, size_t index);

/* A table that would be made (column NULL), followed by its columns; or a column of a table that is
 * there: a new one, or one of another type. */
struct tg_plan_change {
    const char *resource;
    const char *table;
    const char *column;
    const char *type;        /* of the column, in words of the destination */
    const char *type_before; /* NULL: the column is new */
    bool is_new_table;       /* the table is, of which this is a column */
};
TG_API size_t tg_plan_change_count(const struct tg_plan *plan);
TG_API const struct tg_plan_change *tg_plan_change(const struct tg_plan *plan, size_t index);

/* A statement, in their order. */
struct tg_plan_statement {
    const char *phase; /* "stage", before the transaction; in it "schema", "rows", "ledger" */
    const char *table; /* NULL: about no single one */
    const char *sql;   /* the folder of the package that is read is called PACKAGE */
    bool by_engine;    /* the embedded engine runs it, where the destination reads no package; */
    const char *into;  /* the table at the destination that its rows are sent to; NULL: none */
};
TG_API size_t tg_plan_statement_count(const struct tg_plan *plan);
TG_API const struct tg_plan_statement *tg_plan_statement(const struct tg_plan *plan, size_t index);

enum tg_plan_row { TG_ROW_INSERTED = 0, TG_ROW_UPDATED = 1, TG_ROW_DELETED = 2 };

/* A row that comes or goes, or a cell that changes: of one row, one after the other. Long values
 * are cut. */
struct tg_plan_sample {
    const char *table;
    enum tg_plan_row row;
    const char *key;    /* values of the primary key: "7", "7, eu" */
    const char *column; /* of TG_ROW_UPDATED, as the next two; NULL values are NULL */
    const char *before;
    const char *after;
};
TG_API size_t tg_plan_sample_count(const struct tg_plan *plan);
TG_API const struct tg_plan_sample *tg_plan_sample(const struct tg_plan *plan, size_t index);

/* A limit that is exceeded: a run would end with TG_LIMIT. */
struct tg_plan_excess {
    const char *limit;    /* "rows_deleted"; "deletes.limit": the brake of deletes */
    const char *resource; /* whose limit it is */
    const char *table;    /* NULL: several */
    const char *column;   /* NULL: none, or several */
    uint64_t found;
    uint64_t allowed;
    const char *what; /* a sentence, without its end */
};
TG_API size_t tg_plan_excess_count(const struct tg_plan *plan);
TG_API const struct tg_plan_excess *tg_plan_excess(const struct tg_plan *plan, size_t index);

#ifdef __cplusplus
}
#endif

#endif
