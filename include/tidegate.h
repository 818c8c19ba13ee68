/*
 * tidegate: incremental data loading, exactly once.
 *
 * A pipeline reads resources (files, or a callback of yours), keeps only what is new (cursor),
 * turns documents into typed tables and loads them into a destination by append, replace or merge.
 * Rows, cursor, schema and the record of the load commit in ONE transaction.
 *
 *     struct tg_error err = {0};
 *     struct tg_pipeline *pipeline = NULL;
 *     struct tg_result *result = NULL;
 *     const struct tg_pipeline_options options = {
 *         TG_PIPELINE_OPTIONS_INIT, .name = "shop", .destination = "duckdb:///shop.duckdb",
 *         .dataset = "bronze"};
 *     const struct tg_resource person = {
 *         TG_RESOURCE_INIT, .name = "person", .read = read_person,
 *         .write_disposition = TG_MERGE, .primary_key = "id", .cursor_path = "updated_at"};
 *     if (tg_pipeline_new(&pipeline, &options, &err) ||
 *         tg_pipeline_add(pipeline, &person, &err) ||
 *         tg_pipeline_run(pipeline, &result, &err))
 *         fprintf(stderr, "%s: %s\n", err.where, err.what);
 *     tg_result_free(result);
 *     tg_pipeline_free(pipeline);
 *
 * Rules that hold everywhere: functions that can fail return TG_OK (0) or a code and fill `err`;
 * strings are UTF-8, NUL-terminated, borrowed for the duration of the call unless said otherwise;
 * NULL where there must be something is TG_USAGE. In a struct of options zero means the default. It
 * begins with its size, so that it can grow: tg_..._init() sets that (in C and C++), or the macro
 * TG_..._INIT at the head of an initialiser (in C). A pipeline, with its streams, is used by one
 * thread at a time; only tg_pipeline_cancel may come from elsewhere. Several pipelines may load
 * into one file at once. What may change from version to version: docs/abi.md.
 */
#ifndef TIDEGATE_H
#define TIDEGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tidegate_error.h"
#include "tidegate_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header, as text and as a number that compares: major * 10000 + minor * 100 +
 * patch. */
#define TG_VERSION        "0.1.0"
#define TG_VERSION_NUMBER 100

/* ---- The Arrow C data and stream interfaces (the standard's own layout) ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* ---- The library ---- */

/* The version of the library that is loaded, as TG_VERSION and TG_VERSION_NUMBER. It may be newer
 * than the header that the program was built with, not older. */
TG_API const char *tg_version(void);
TG_API int tg_version_number(void);

/* The engine: it reads and writes Parquet and CSV, and is the database behind "duckdb:///...". The
 * struct keeps its size for ever. */
struct tg_engine {
    const char *name;    /* "DuckDB" */
    const char *version; /* "v2.0.0" */
    const char *path;    /* of its library */
};

/* Finds and loads the engine if nothing has needed it yet: what the environment's TIDEGATE_DUCKDB
 * names, else the libduckdb.so that was installed with this library, else the system's. The texts
 * live as long as the process. TG_USAGE says where it was looked for. */
TG_API_CHECK int tg_engine_find(struct tg_engine *out, struct tg_error *err);

/* ---- Rows ---- */

/* Takes rows from a `read` callback, value by value. A row is an object:
 *
 *     tg_rows_begin_object(rows);
 *     tg_rows_key(rows, "id");   tg_rows_int64(rows, 7);
 *     tg_rows_key(rows, "name"); tg_rows_string(rows, "Ann");
 *     tg_rows_end_object(rows);
 *
 * Bytes are copied. No call fails visibly: a mistake (a value without a key, an end without a
 * begin) or a lack of memory is remembered and reported when `read` returns. A value outside any
 * object becomes the row {"value": ...}, as in dlt; a list outside any object is a page with a row
 * for each element, and a null there is no row. */
struct tg_rows;

/* A whole row from the text of one JSON object, `len` bytes long. What is no object is remembered,
 * and TG_DATA names the row and the byte. */
TG_API void tg_rows_json(struct tg_rows *rows, const char *text, size_t len);

TG_API void tg_rows_begin_object(struct tg_rows *rows);
TG_API void tg_rows_end_object(struct tg_rows *rows);
TG_API void tg_rows_begin_list(struct tg_rows *rows);
TG_API void tg_rows_end_list(struct tg_rows *rows);
TG_API void tg_rows_key(struct tg_rows *rows, const char *name);
/* The same of `len` bytes; NUL characters are allowed. */
TG_API void tg_rows_key_text(struct tg_rows *rows, const char *name, size_t len);
/* Keys that come with each row: tg_rows_know keeps a name as long as these rows are there, which is
 * until the resource has been read, and gives its number; tg_rows_known_key is tg_rows_key by that
 * number, without a look at the name. A mistake is remembered, as above, and the number is 0. */
TG_API size_t tg_rows_know(struct tg_rows *rows, const char *name, size_t len);
TG_API void tg_rows_known_key(struct tg_rows *rows, size_t number);
TG_API void tg_rows_null(struct tg_rows *rows);
TG_API void tg_rows_bool(struct tg_rows *rows, bool value);
TG_API void tg_rows_int64(struct tg_rows *rows, int64_t value);
TG_API void tg_rows_uint64(struct tg_rows *rows, uint64_t value);
TG_API void tg_rows_double(struct tg_rows *rows, double value);
/* A decimal number as text: "12.50". */
TG_API void tg_rows_decimal(struct tg_rows *rows, const char *digits);
TG_API void tg_rows_string(struct tg_rows *rows, const char *text);
/* `len` bytes of UTF-8, NUL characters allowed. */
TG_API void tg_rows_text(struct tg_rows *rows, const char *text, size_t len);
TG_API void tg_rows_binary(struct tg_rows *rows, const void *bytes, size_t len);
/* Microseconds since 1970-01-01T00:00:00 UTC. */
TG_API void tg_rows_timestamp(struct tg_rows *rows, int64_t microseconds);
/* Nanoseconds since then. A new column of them is a naive timestamp of 9 digits (1677 to 2262);
 * other timestamp columns take them cut to microseconds. */
TG_API void tg_rows_timestamp_ns(struct tg_rows *rows, int64_t nanoseconds);
/* Days since 1970-01-01. */
TG_API void tg_rows_date(struct tg_rows *rows, int32_t days);
/* Microseconds since midnight, less than a day of them. */
TG_API void tg_rows_time(struct tg_rows *rows, int64_t microseconds);

/* One call of a `read` callback: what it gets and what it gives. Made by the library; new fields
 * come at its end. */
struct tg_read {
    void *user;                     /* in: the resource's `user` */
    const struct tg_cursor *cursor; /* in: borrowed, never NULL; `last` is up to date: what the
                                       calls before have pushed was taken */
    struct tg_rows *rows;           /* push rows here, some thousands a call at the most, */
    struct ArrowArrayStream
        stream; /* or move a stream in here: it is read to its end and released */
    bool done;  /* set it when this was the last page; an empty page does not end the resource */
    const char *resource; /* in: its name, borrowed */
    const void *inside;   /* in: the library's own */
    uint64_t rows_before; /* in: rows of the calls before that the cursor has left out since they
                             are before its start, */
    uint64_t rows_beyond; /* or beyond its end */
};

/* Whether the run was cancelled: a callback that waits for something asks now and then, and returns
 * TG_CANCELLED. */
TG_API bool tg_read_cancelled(const struct tg_read *read);
/* Logs a text as the library does (component "source"); a warning stands in the result of the run,
 * too. `level` is an enum tg_log_level. */
TG_API void tg_read_log(const struct tg_read *read, int level, const char *message);

/* Called again and again until it sets `done`. Returns TG_OK, or a code with `err` filled: the load
 * is then given up. An Arrow stream is checked batch by batch (lengths, offsets, indices); one that
 * is not Arrow is TG_DATA. */
typedef int (*tg_read_fn)(struct tg_read *read, struct tg_error *err);

/* A run is about to read the resource, from `cursor` on: once a run, before its first `read`. What
 * an earlier run had read and given up is wanted again, so this is where a source goes back to its
 * first page:
 *
 *     static int begin_orders(void *user, const struct tg_cursor *cursor, struct tg_error *err)
 *     {
 *         struct orders *orders = user;
 *         orders->page = 1;
 *         return TG_OK;
 *     }
 *
 * Returns TG_OK, or a code with `err` filled: the load is then given up. */
typedef int (*tg_begin_fn)(void *user, const struct tg_cursor *cursor, struct tg_error *err);

/* What became of the rows that a run has read. */
enum tg_outcome {
    TG_OUTCOME_COMMITTED = 0, /* they are at the destination, or there were none: a queue may forget
                                 them */
    TG_OUTCOME_SEALED,        /* they are complete on local disk; the next run writes them or reads
                                 them again */
    TG_OUTCOME_GIVEN_UP       /* they are nowhere; the next run reads them again */
};

/* The run is over: once for each `begin` that returned TG_OK (and for each run that read, where
 * there is no `begin`). */
typedef void (*tg_end_fn)(void *user, enum tg_outcome outcome);

/* Frees `user`. Called exactly once for each resource: when the pipeline is freed, or by
 * tg_pipeline_add when it fails. */
typedef void (*tg_release_fn)(void *user);

/* ---- Resources ---- */

/* Rows are added; take the place of all in the table; take the place of those with their key. */
enum tg_write_disposition { TG_APPEND = 0, TG_REPLACE = 1, TG_MERGE = 2 };

/* A row without a cursor value fails the run, is loaded, or is left out. */
enum tg_on_missing { TG_RAISE = 0, TG_INCLUDE = 1, TG_EXCLUDE = 2 };

/* Rows have waited too long for a transaction: the run fails, or goes on without its rows. */
enum tg_on_wait { TG_WAIT_RAISE = 0, TG_WAIT_WARN = 1 };

/* For what has a default that is not always the same. */
enum tg_flag { TG_DEFAULT = 0, TG_YES = 1, TG_NO = 2 };

/* What a schema contract does when data bring something that the schema does not have. */
enum tg_contract_mode {
    TG_CONTRACT_DEFAULT = 0,  /* what the source or the schema says, else evolve */
    TG_CONTRACT_EVOLVE,       /* the schema learns it */
    TG_CONTRACT_FREEZE,       /* the run fails with TG_CONTRACT */
    TG_CONTRACT_DISCARD_ROW,  /* the row, and what is nested in it, goes to _tidegate_rejects */
    TG_CONTRACT_DISCARD_VALUE /* the value is left out; rows of a new table, as the row above */
};

/* One mode each for new tables, new columns of tables that have data, and values that do not fit
 * the type of their column (also those that would make it wider). Of the run, the resource, the
 * table as it is stored and the pipeline's schema, the first that says anything decides about all
 * three. The first load of a table may bring any column. The struct keeps its size for ever. */
struct tg_schema_contract {
    enum tg_contract_mode tables, columns, data_type;
};

/* What a load may do: beyond it nothing is written (TG_LIMIT). Numbers as texts; NULL: without
 * limit. The struct keeps its size for ever. */
struct tg_limits {
    const char *rows_deleted;  /* of each table: "1000", or a share of its rows, "10%", of which ten
                                  are always allowed; of one that is replaced, or nested: by how
                                  many it gets smaller */
    const char *tables_added;  /* by each resource */
    const char *columns_added; /* to each table that is there */
    const char *type_changes;  /* of columns of each table that is there */
};

/* How it is found which rows the source has no more: those that a run which read all of it did not
 * get; those whose keys the source does not list. */
enum tg_detect { TG_DETECT_NONE = 0, TG_DETECT_SNAPSHOT = 1, TG_DETECT_KEYS = 2 };

/* They are deleted, with what is nested in them; or stay, with a time in _tidegate_deleted_at; or
 * were valid until then, in a table of the merge strategy scd2. */
enum tg_apply { TG_APPLY_HARD = 0, TG_APPLY_SOFT = 1, TG_APPLY_SCD2 = 2 };

/* What becomes of rows that the source has no more, in merges by a primary key. The struct keeps
 * its size for ever. */
struct tg_deletes {
    enum tg_detect detect;
    enum tg_apply apply;
    const char *limit; /* how many may go at once; beyond it nothing is written (TG_LIMIT): "10%" of
                          the table's rows (NULL too), of which ten are always allowed; "1000" */
    bool allow_empty;  /* a source that has nothing at all is believed */
};

enum { TG_WHOLE_SECONDS = -1 }; /* precision of a timestamp or time without a fraction */

/* A hint for one column; what is not said is inferred from the data. */
struct tg_column {
    const char *name;      /* as the source names it; "a__b" for a nested field */
    const char *data_type; /* text, double, bool, timestamp, bigint, binary, json, decimal, wei,
                              date, time; NULL: inferred */
    enum tg_flag nullable;
    int precision; /* 0: the type's default; TG_WHOLE_SECONDS */
    int scale;
    enum tg_flag timezone; /* timestamps: TG_NO makes a naive column */
    bool hard_delete; /* merge: a row with true (or any value, for other types) here deletes its key
                       */
    const char
        *dedup_sort; /* merge: "asc" or "desc": which of several rows of one key in a load wins */
    /* The rest goes into the stored schema, for those who read it; DuckDB makes nothing of it. */
    bool unique, partition, cluster, sort;
    const char *description;
    const char *hints; /* a JSON object of further hints, their names starting with "x-" */
};

enum { TG_NO_NESTING = -1 };

/* Where the _dlt_id of a root row comes from; nested rows' are made from it. */
enum tg_row_ids {
    TG_ROW_IDS_RANDOM = 0,
    TG_ROW_IDS_KEY, /* a hash of the primary key: the same row keeps its id when it is updated */
    TG_ROW_IDS_ROW  /* a hash of the whole document: equal documents have equal ids */
};

/* An option of a driver, by the key that it has in a spec (docs/spec.md), its value as a text:
 * "true", "10"; of a list, a line for each entry; of a map, as JSON. The struct keeps its size for
 * ever. */
struct tg_option {
    const char *name, *text;
};

struct tg_connection; /* this and the next: tidegate_connection.h */
struct tg_adbc;

/* A stream of rows that becomes a table, and the tables nested in it. Only name and `read` must be
 * set:
 *
 *     struct tg_resource person;
 *     tg_resource_init(&person);
 *     person.name = "person";
 *     person.read = read_person;
 *
 * or, in C, all at once: struct tg_resource person = {TG_RESOURCE_INIT, .name = "person", ...}. In
 * place of `read`, a driver can be named that does it, with options:
 *
 *     const struct tg_option root = {"root", "data"};
 *     const struct tg_option options[] = {{"path", "person/[0-9]*.csv\nold/person.csv"},
 *                                         {"delimiter", ";"}};
 *     const struct tg_resource person = {
 *         TG_RESOURCE_INIT, .name = "person", .source = "files",
 *         .source_options = &root, .source_option_count = 1,
 *         .options = options, .option_count = 2};
 */
struct tg_resource {
    size_t size;        /* of this struct; set by tg_resource_init */
    size_t column_size; /* of struct tg_column; set by tg_resource_init, too */
    const char *name;   /* required; the table is named after it unless table_name says otherwise */
    const char *table_name; /* optional */
    tg_read_fn read;        /* required, unless `source` is set */
    tg_begin_fn begin;      /* optional */
    tg_end_fn end;          /* optional */
    tg_release_fn release;  /* optional */
    void *user;             /* handed to all of them */
    enum tg_write_disposition write_disposition;
    const char *primary_key;    /* "id", or several: "tenant, id" */
    const char *merge_key;      /* merge: rows with an equal value are replaced as a group */
    bool append_on_missing_key; /* merge without any key: append instead of an error */
    const char *cursor_path;    /* the field that tells new from old, as the source names it; "a.b"
                                      for a nested one, or a JSONPath; several are compared in
                                      order: "updated_at, id"; NULL: no cursor */
    struct tg_value initial_value; /* where the first run starts (included); for several fields a
                                      list as TG_VALUE_JSON, or a value of the first */
    struct tg_value end_value;     /* a bounded window [initial, end): state is neither read nor
                                      written */
    enum tg_last_value last_value; /* TG_MAX: rows grow; TG_MIN: rows go back in time */
    enum tg_on_missing on_cursor_value_missing; /* a row without the field, or with NULL in it */
    int max_table_nesting; /* levels that become tables and columns; deeper values are kept as JSON.
                              0: no limit worth a name (1000); TG_NO_NESTING: none */
    const struct tg_column *columns; /* hints for some of its columns, in any order */
    size_t column_count;
    struct tg_schema_contract schema_contract; /* over the pipeline's */
    enum tg_row_ids row_ids;
    bool reject_bad_rows; /* rows that cannot be loaded (a NULL key, a value that fits no column) go
                             to _tidegate_rejects instead of failing the run, */
    uint64_t reject_max;  /* up to so many in a run; 0: 1000 */
    const char *description;
    const char *hints;  /* a JSON object of further hints of the table: names starting with "x-",
                          and "references" as dlt stores them */
    const char *source; /* the driver that reads, as `type` of a spec's source names it: "files" */
    const struct tg_option *source_options; /* the driver's; resources with equal ones share what
                                               it opens */
    size_t source_option_count;
    const struct tg_option *options; /* the driver's, of this resource */
    size_t option_count;
    enum tg_flag commit_safe; /* rows with cursor values that a transaction which is open may still
                                 come below wait for a later run. TG_DEFAULT: where the source can
                                 tell ("sql" on PostgreSQL) */
    enum tg_on_wait on_commit_safe_wait;
    const char *commit_safe_wait; /* how long they do at most: "30s", "10m" (NULL too), "2h" */
    const char *merge_strategy;   /* merge: "delete-insert" (NULL too), "upsert", "insert-only",
                                     "scd2", "cdc"; replace: "delete-insert" (NULL too),
                                     "truncate-and-insert", "insert-from-staging",
                                     "staging-optimized", "replace-range" */
    bool skip_unchanged_rows; /* the first two, and cdc: rows that are there as they come stay */
    struct tg_limits limits;  /* where it says nothing: those of the pipeline */
    struct tg_deletes deletes;
    tg_read_fn list_keys; /* for TG_DETECT_KEYS: as `read`, of all rows that there are; of each the
                             fields of its key are enough. Called when `read` is done */
    /* Source "sql": the database, in place of its option "connection". Copied; its `release` comes
     * as that of the resource does. Resources with the same `name`, `user` and `open` share it. */
    const struct tg_connection *source_connection;
    /* scd2, which keeps the versions of rows: */
    const char *validity_column_names;   /* two, since when and until when a version was valid;
                                            NULL: "_dlt_valid_from, _dlt_valid_to" */
    const char *row_version_column_name; /* whose value tells versions apart; NULL: all of a row.
                                            With skip_unchanged_rows: tells what has changed */
    const char *active_record_timestamp; /* how long what is valid is; NULL: SQL's NULL */
    const char *boundary_timestamp;      /* when what this run changes has changed; NULL: now */
    bool allow_empty;                    /* no row at all means that all are gone */
    const char *source_filter; /* merge: a condition in DuckDB's SQL on rows of the load */
    const char
        *destination_scope;  /* delete-insert, cdc, scd2: one in the destination's, of old rows */
    const char *merge_scope; /* insert-only: "all" (NULL too); "previous_load" keeps versions */
    /* replace-range: which old rows go: */
    const char *range;             /* "declared" (NULL too): those of the window from initial_value
                                      on to before end_value; "delivered": those between the least
                                      and the greatest value that came, */
    const char *range_column_name; /* in this column; NULL: the cursor's */
    const char *range_limit;       /* how many at most, as that of struct tg_deletes */
    bool deduplicated; /* delete-insert: no load has two rows of a key, and none is looked for; if
                          one has, it leaves both there */
    /* The cursor, further: */
    tg_last_value_fn last_value_func; /* in place of last_value; called with `user` */
    bool range_start_open;            /* rows at the value where a run starts are left out; none is
                                         remembered */
    bool range_end_closed;            /* rows at end_value belong to the window */
    enum tg_row_order row_order; /* in which the source delivers its rows (a database sorts them
                                         so): reading ends where nothing new can come */
    const char
        *lag; /* how far before the last value a run starts: "5", "1.5"; of times "2h", or seconds;
                 of dates days; "auto", "auto 99.5%": as far as that share of the rows that come
                 late does (99.9% if not said), which is learned; NULL: not at all */
    const char *cursor_primary_key; /* the fields by which rows at the last value are told apart;
                                       NULL: primary_key's; "": they are not, and come again */
    const char *cursor_type;        /* what texts in the field are: "text", "bigint", "double",
                                  "decimal", "timestamp", "date"; NULL: what they look like */
    const char *cursor_format; /* how such times are written: "%d/%m/%Y %H:%M:%S.%f"; NULL: ISO */
    /* Resources of a program that go together, as where one reads details of what another lists: */
    const char *turns_with; /* the name of one that was added before: both are read by turns,
                               whatever the pipeline says, and each may give empty pages for as long
                               as it waits for the other */
    tg_judged_fn judged;    /* optional: is told which rows are new */
    bool no_table;          /* its rows go nowhere: they are judged, and its cursor is kept */
    bool materialize;       /* its table is made, with the columns that have a data_type, though no
                               row comes */
};

#define TG_RESOURCE_INIT .size = sizeof(struct tg_resource), .column_size = sizeof(struct tg_column)

/* Nothing said yet: zero, but for the sizes. */
static inline void tg_resource_init(struct tg_resource *resource)
{
    memset(resource, 0, sizeof(*resource));
    resource->size = sizeof(*resource);
    resource->column_size = sizeof(struct tg_column);
}

/* ---- Pipelines ---- */

enum tg_log_level { TG_LOG_ERROR = 0, TG_LOG_WARNING = 1, TG_LOG_INFO = 2, TG_LOG_DEBUG = 3 };

enum tg_phase {
    TG_PHASE_SETTLE = 0,
    TG_PHASE_EXTRACT,
    TG_PHASE_SEAL,
    TG_PHASE_WRITE,
    TG_PHASE_DONE
};

/* Where a run is. Handed over some ten times a second while rows are read, and once whenever a
 * resource begins, a resource or a phase ends, a statement for a table begins or ends, or the run
 * waits. Nothing comes while the destination works on a statement, or keeps the run waiting: who
 * shows seconds counts them. New fields come at its end. */
struct tg_progress {
    enum tg_phase phase;
    const char *resource; /* of TG_PHASE_EXTRACT; else NULL */
    const char *table;    /* of TG_PHASE_WRITE, and of what TG_PHASE_SETTLE writes: the one that is
                             written to; NULL: none, or all */
    uint64_t rows;        /* of this resource, read so far; of this table: that a statement has
                             written or deleted (a table may need several) */
    uint64_t bytes;       /* of this resource, read so far; 0 when unknown */
    uint64_t bytes_total; /* 0 when unknown */
    bool ended;           /* this resource, this table's statement, or this phase, is through */
    const char *load_id;  /* of the load; NULL: it has none yet */
    uint64_t rows_total;  /* of this table: rows that the load has for it; else 0 */
    uint64_t resources;   /* that this load reads, */
    uint64_t resources_ended; /* and of these are through */
    /* For people: what takes its time now, where it is no statement for a table: "committing",
     * "waiting for pid 4711, which has the lock '...'"; else NULL. */
    const char *doing;
};

/* The type of new columns by their name: "id", or a regular expression: "re:_at$". The struct keeps
 * its size for ever. */
struct tg_preferred_type {
    const char *pattern, *data_type;
};

/* How a pipeline makes its schema. Names and words are dlt's. */
struct tg_schema_options {
    size_t size;            /* of this struct; set by tg_schema_options_init */
    const char *naming;     /* snake_case (NULL too), direct, duck_case, sql_cs_v1, sql_ci_v1,
                           unicode_snake_case, which dlt cannot continue. Cannot be
                           changed once tables have data: TG_SPEC */
    const char *detections; /* texts and numbers that become something else: "iso_timestamp" (NULL
                               too), iso_date, timestamp, large_integer, hexbytes_to_text,
                               wei_to_double; several: "a, b"; none: "" */
    const struct tg_preferred_type *preferred_types;
    size_t preferred_type_count;
    struct tg_schema_contract contract;
    int max_table_nesting;   /* of resources that say nothing; as in struct tg_resource */
    bool root_key;           /* rows of nested tables carry _dlt_root_id in every disposition */
    const char *import_path; /* a folder: its <schema>.schema.yaml overrides the stored schema
                                whenever it changes, and is written when it is missing */
    const char *export_path; /* a folder: <schema>.schema.yaml is written there after each change */
    /* The schema's own: letters, digits, '_'; NULL: that of the schema that the pipeline began
     * with, or the pipeline's. A pipeline may have several schemas in one dataset, one to a struct
     * tg_pipeline: each has its tables, and what is remembered of its resources; state and sealed
     * loads are the pipeline's. `others` names further ones, "north, south": a run enters those
     * that the state does not list yet, by a load of its own where no row comes. */
    const char *name, *others;
};

#define TG_SCHEMA_OPTIONS_INIT .size = sizeof(struct tg_schema_options)

static inline void tg_schema_options_init(struct tg_schema_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* What a run forgets before it reads. All of it is forgotten, and tables go, in the transaction in
 * which the new rows come. */
enum tg_accept {
    /* The spec's cursor is not the one by which a resource has been read: another path, function,
     * type, or (append) key of the rows at its last value. The new one begins at its initial_value;
     * with another key alone the rows at the last value come again. */
    TG_ACCEPT_CURSOR_CHANGE = 1,
    /* A resource of which this pipeline remembers nothing has a table with rows of somebody else:
     * both may load into it from now on. */
    TG_ACCEPT_ROWS = 2
};

enum tg_refresh {
    TG_REFRESH_NONE = 0,
    TG_REFRESH_DROP_SOURCES,   /* all tables of the schema, all cursors, the schema itself */
    TG_REFRESH_DROP_RESOURCES, /* tables and cursors of the selected resources */
    TG_REFRESH_DROP_DATA       /* the rows in these tables, and these cursors */
};

struct tg_pipeline_options {
    size_t size;             /* of this struct; set by tg_pipeline_options_init */
    const char *name;        /* required for tg_pipeline_new: letters, digits, '_' and '-' */
    const char *destination; /* required for tg_pipeline_new: "duckdb:///file.duckdb" (four slashes:
                                absolute) */
    const char *dataset;     /* default: "<name>_dataset", as in dlt */
    const char *workdir;     /* default: $TIDEGATE_HOME, else ".tidegate" in the current directory
                                (beside the spec) */
    const char *select;      /* only these resources: "person, clickstream" */
    bool full_refresh; /* forget the cursors of the selected resources and replace their tables in
                          this run: TG_REFRESH_DROP_DATA */
    struct tg_schema_contract schema_contract; /* of this run: over all that resources say */
    const struct tg_schema_options
        *schema;        /* tg_pipeline_new: NULL: defaults. A spec has its own */
    const char *memory; /* budget of a run, "512MiB"; default: what the spec says, else "256MiB";
                           at least "64MiB" */
    const char *storage_version; /* of a database file that is made: "v1.5.0" (that version of
                                    DuckDB and newer ones read it) or "latest"; default: what the
                                    spec says, else "v1.0.0" */
    int threads;                 /* of the embedded engine; default: the machine's, at most 8 */
    void *user;                  /* handed to the callbacks below */
    /* Called by the very thread that has called tg_pipeline_run. TG_OK, or anything else to cancel
     * the run, as tg_pipeline_cancel does. */
    int (*progress)(void *user, const struct tg_progress *progress);
    /* May be called by any thread, by several at once. `level` is an enum tg_log_level: a warning
     * stands in the result, too; information is each step of a run, what it waits for and tries
     * again; debug each statement for a table. Secrets are hidden. The texts are borrowed. */
    void (*log)(void *user, int level, const char *component, const char *message);
    int64_t (*clock_us)(void *user); /* microseconds since 1970; NULL: the real one */
    int (*random)(void *user, void *out, size_t len); /* TG_OK; NULL: the real one */
    /* The destination, in place of `destination`, or of what a spec says under that key. Copied;
     * its `user` is the pipeline's once there is one. */
    const struct tg_connection *destination_connection;
    const struct tg_adbc *destination_adbc; /* the same, by an ADBC driver; copied */
    bool create_indexes; /* new tables get a unique index on each column that is `unique`, which
                            _dlt_id is; TG_USAGE for a destination without (PostgreSQL has it) */
    const struct tg_connection *scratch_connection; /* a DuckDB in the engine's place; copied */
    struct tg_limits limits; /* of resources that say nothing; goes before those of a spec */
    bool accept_limits;      /* this pipeline's runs may exceed them */
    int undo_loads; /* how many of the newest loads tg_pipeline_undo can undo: what they replace is
                       kept; 0: what the spec says, else none; at most 1000 */
    enum tg_refresh refresh; /* not beside full_refresh */
    uint64_t accept;         /* values of enum tg_accept, added up */
    const char *engine; /* the path of DuckDB's library; NULL: as tg_engine_find looks for it. All
                           pipelines of a process have one, else TG_USAGE; a DuckDB that the program
                           has for itself may be any */
    const struct tg_option *variables; /* tg_pipeline_open: what ${NAME} of the spec stands for;
                                          other names are the environment's */
    size_t variable_count;
    int turns; /* resources with a `read` are read by turns, a page of each, so many of them at
                  once: the others follow as these end. 0 and 1: one is read after the other */
    /* Where it is not 0 the pipeline only looks: nothing at the destination is changed or made. A
     * database file is opened beside other processes that read it, and without permission to write
     * it or its folder; a run is TG_USAGE, a statement that changes something TG_DESTINATION with
     * the SQLSTATE 25006. While it has a file open so (a stream lives), a run of the same process
     * is TG_LOCKED. */
    uint64_t read_only;
    const char *environment; /* tg_pipeline_open: which of the spec's `environments`; NULL: what
                                $TIDEGATE_ENV or the spec's `default_environment` says. Its working
                                directory is "env.<name>" in `workdir` */
};

#define TG_PIPELINE_OPTIONS_INIT .size = sizeof(struct tg_pipeline_options)

static inline void tg_pipeline_options_init(struct tg_pipeline_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

struct tg_pipeline;

/* A pipeline without resources; add them. `*out` is NULL on failure; free it with tg_pipeline_free.
 * TG_USAGE, TG_NOMEM. */
TG_API_CHECK int tg_pipeline_new(struct tg_pipeline **out,
                                 const struct tg_pipeline_options *options, struct tg_error *err);

/* A pipeline as a spec file describes it. Of `options` (may be NULL), workdir, select,
 * full_refresh, refresh, accept, schema_contract, memory, storage_version, threads,
 * create_indexes, limits, accept_limits, undo_loads, turns, variables, read_only, environment and
 * the callbacks are used; name, destination and dataset come from the spec, and so does all that
 * `schema` could say: TG_USAGE when it is set, and when there is no such file. TG_SPEC names file,
 * line and column. */
TG_API_CHECK int tg_pipeline_open(struct tg_pipeline **out, const char *spec_path,
                                  const struct tg_pipeline_options *options, struct tg_error *err);

/* The same of a spec in memory: `text` is its YAML, NUL-terminated. What is relative in it starts
 * at `folder` (NULL: the current directory): absolute, where the program changes its directory
 * between calls. Errors call the file "spec". */
TG_API_CHECK int tg_pipeline_open_text(struct tg_pipeline **out, const char *text,
                                       const char *folder,
                                       const struct tg_pipeline_options *options,
                                       struct tg_error *err);

/* Adds a resource, also to a pipeline that was opened from a spec. Everything in `resource` is
 * copied but `user`; with a `release`, that is the pipeline's from here on, also on failure.
 * TG_USAGE for an impossible combination, and for an option that the driver does not have. */
TG_API_CHECK int tg_pipeline_add(struct tg_pipeline *pipeline, const struct tg_resource *resource,
                                 struct tg_error *err);

/* ---- What a run did ---- */

/* What one run tells: opaque, freed with tg_result_free, asked by tidegate_result.h. */
struct tg_result;

/* One load: everything new of every selected resource, committed whole or not at all. *out (`out`
 * may be NULL) is set on success; after a failure it holds the warnings alone, or is NULL where
 * there were none. Free it either way. On failure the destination is as it was and the next run
 * reads the same rows again, or writes them where they are complete on local disk (the outcome that
 * `end` hears says which). Where err->retryable is set, the same call may go through later. */
TG_API_CHECK int tg_pipeline_run(struct tg_pipeline *pipeline, struct tg_result **out,
                                 struct tg_error *err);
TG_API void tg_result_free(struct tg_result *result);

/* A range of the cursors, loaded apart from them: of each selected resource that has one the rows
 * from `from` on to before `to`; others are left out. */
struct tg_window_options {
    size_t size; /* of this struct; set by tg_window_options_init */
    /* Both needed, written as the cursor's values are: "1000", "2024-01-01",
     * "2024-01-01T06:00:00+02:00". Of a cursor that goes down (TG_MIN) `from` is the higher one. */
    const char *from, *to;
    const char *timezone; /* of dates and times that do not say theirs: "Europe/Berlin", "+02:00";
                             NULL: UTC */
    bool again;           /* append: rows that are loaded may be added once more */
    uint64_t skip_loaded; /* append, where it is not 0: a resource of which the whole window is
                             loaded is left out and nothing is refused, as for one who comes again
                             and does not know how far it came the first time */
};

#define TG_WINDOW_OPTIONS_INIT .size = sizeof(struct tg_window_options)

static inline void tg_window_options_init(struct tg_window_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* As tg_pipeline_run, of a window. The cursors stay where they are; that the window is loaded is
 * recorded with its rows, and a resource whose cursor has no value yet begins, in the first run
 * without a window, where the windows end that follow its initial_value without a gap. TG_USAGE
 * where append would add rows again that are loaded: by a window, or by the runs so far. */
TG_API_CHECK int tg_pipeline_run_window(struct tg_pipeline *pipeline,
                                        const struct tg_window_options *options,
                                        struct tg_result **out, struct tg_error *err);

/* What is to be undone. */
struct tg_undo_options {
    size_t size;             /* of this struct; set by tg_undo_options_init */
    const char *load_id;     /* this load, and all that came after it; NULL: the last one */
    const char *newest_load; /* the newest that there may be, as a look has told (tg_result_undone
                                of 0); NULL: any */
    bool look_only;          /* tell what would be done, and do nothing */
};

#define TG_UNDO_OPTIONS_INIT .size = sizeof(struct tg_undo_options)

static inline void tg_undo_options_init(struct tg_undo_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* Takes loads back: rows, cursors, files and schema are as they were before, in one transaction.
 * The loads have to be among those that `undo_loads` (of a spec: `undo`) has kept enough for. What
 * is written is a load of its own, whose id tg_result_load_id has; tg_result_undone has those that
 * it undoes, and tables have rows_deleted, which the loads had left, and rows_inserted, which came
 * back. None is undone where the last load is an undo, or `load_id` has been undone already. *out
 * as tg_pipeline_run; `options` may be NULL. TG_CONFLICT where a row is not as the load has left
 * it, or another load has come; TG_USAGE where nothing was kept. */
TG_API_CHECK int tg_pipeline_undo(struct tg_pipeline *pipeline,
                                  const struct tg_undo_options *options, struct tg_result **out,
                                  struct tg_error *err);

/* ---- The life of a pipeline ---- */

/* Opens sources and destination; says what a run refuses before it reads: makes nothing. */
TG_API_CHECK int tg_pipeline_check(struct tg_pipeline *pipeline, struct tg_error *err);

/* Asks the running call to stop at the next batch, file or statement; it then returns TG_CANCELLED,
 * and what is on disk is a sealed package or nothing. A call that has committed does not fail any
 * more. Safe in a signal handler and from any thread. It holds for the running call alone: each
 * call begins uncancelled, so one who may be too early says it again until the call has returned.
 */
TG_API void tg_pipeline_cancel(struct tg_pipeline *pipeline);

/* Releases what the resources hold. What a stream of it still needs lives on until that is
 * released. NULL is fine. */
TG_API void tg_pipeline_free(struct tg_pipeline *pipeline);

/* The pipeline's own words; borrowed, valid until it is freed. */
TG_API const char *tg_pipeline_name(const struct tg_pipeline *pipeline);
TG_API const char *tg_pipeline_destination(
    const struct tg_pipeline *pipeline); /* without secrets */
TG_API const char *tg_pipeline_dataset(const struct tg_pipeline *pipeline);
/* Which of its spec's environments it is; NULL: the spec has none. */
TG_API const char *tg_pipeline_environment(const struct tg_pipeline *pipeline);
/* The schema's name; where none was said, that of the schema that it began with goes before. */
TG_API const char *tg_pipeline_schema(const struct tg_pipeline *pipeline);

/* ---- Specs ---- */

/* A text that a function has made ends here. NULL is fine. */
TG_API void tg_text_free(char *text);

/* A commented spec that runs, in *out, which tg_text_free frees. `source` and `destination` are
 * driver names; NULL: "files", "duckdb". TG_USAGE. */
TG_API_CHECK int tg_spec_init(const char *source, const char *destination, char **out,
                              struct tg_error *err);

/* The same for one file, which is looked at: of CSV, what its beginning shows of delimiter, quotes,
 * encoding, lines before the header and how numbers and dates are written, each with a word of why.
 * `path` stands in the spec as it is given here. TG_SOURCE when it cannot be read, TG_USAGE when
 * its name does not tell its format, TG_DATA when nothing in it could be loaded. */
TG_API_CHECK int tg_spec_look(const char *path, const char *destination, char **out,
                              struct tg_error *err);

enum tg_reference { TG_REFERENCE_TEXT = 0, TG_REFERENCE_MARKDOWN, TG_REFERENCE_JSON_SCHEMA };

/* The reference of the spec's keys, from the very tables that the parser reads, in *out, which
 * tg_text_free frees. */
TG_API_CHECK int tg_spec_reference(enum tg_reference form, char **out, struct tg_error *err);

/* The names below a key of a spec file ("resources", "sources", "environments"), in its order, each
 * with a '\n' behind it; none where there is no such key. Only the file is opened, and the rest of
 * it may be wrong: for programs that offer a choice. *out gets the text, for tg_text_free; NULL on
 * failure: TG_USAGE where there is no such file, TG_SPEC where it is no YAML. */
TG_API_CHECK int tg_spec_names(const char *spec_path, const char *key, char **out,
                               struct tg_error *err);

#ifdef __cplusplus
}
#endif

#include "tidegate_advice.h"
#include "tidegate_backfill.h"
#include "tidegate_look.h"
#include "tidegate_package.h"
#include "tidegate_plan.h"
#include "tidegate_reset.h"
#include "tidegate_result.h"
#include "tidegate_session.h"
#include "tidegate_state.h"
#include "tidegate_table.h"

#endif
