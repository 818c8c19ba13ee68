/*
 * tidegate: looking at what a destination and a working directory hold, without loading, and
 * reading the streams that come of it. tidegate.h includes this header.
 */
#ifndef TIDEGATE_PUBLIC_LOOK_H
#define TIDEGATE_PUBLIC_LOOK_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Looking ---- */

/* What is shown as rows, with these columns; more may come, so go by names:
 *   tables    table, rows, columns
 *   loads     load_id, created_at, table, disposition, read, new, inserted, updated, deleted,
 *             filtered, rejected, unchanged
 *   windows   resource, from, to, state (open, leased, committed), rows, load_id, run_id, window,
 *             tries, owner, cursor
 *   packages  load_id, status (open, sealed, failed, damaged), dataset, created_at, rows, bytes,
 *             tries, destination, error, schema, path
 *   files     load_id, status, table, path, rows, bytes, columns (their number): of these packages
 *   rejects   load_id, resource, table, column, file, line, byte (in the line), place, reason, text
 *             (of what could not be read), document (the row, of one that could), inserted_at
 *   source_files pipeline, resource, path, rows, bytes (on disk), content_bytes and content_hash
 *             (decompressed), load_id (that read it last), modified_us: files that were loaded
 *   columns   table, column, source_field (NULL: called as the column, made by the load, in
 *             no row so far, or not recorded), type (as the destination calls it), data_type,
 *             nullable, hints ("primary_key, unique"), since_version (of the schema), since_load
 *   resources resource, source, write_disposition, primary_key ("id, region"), merge_key, cursor,
 *             columns (their number, where the source knows it) */
enum tg_show {
    TG_SHOW_TABLES = 0,
    TG_SHOW_LOADS = 1,
    TG_SHOW_PACKAGES = 2,
    TG_SHOW_RESOURCES = 3,
    TG_SHOW_WINDOWS = 4,
    TG_SHOW_FILES = 5,
    TG_SHOW_REJECTS = 6,
    TG_SHOW_SOURCE_FILES = 7,
    TG_SHOW_COLUMNS = 8
};

/* tg_pipeline_check, and in *out what TG_SHOW_RESOURCES shows: no source is opened twice for it. */
TG_API_CHECK int tg_pipeline_check_resources(struct tg_pipeline *pipeline,
                                             struct ArrowArrayStream *out, struct tg_error *err);

/* Shows what the destination (tables, loads, windows, rejects, files of the sources, columns) or
 * the working directory (packages, files) holds, or what a run would read (resources): of a
 * database as a source also which tables it has found. That opens each source and the destination,
 * and fails where one does not open; what was loaded is asked by tg_pipeline_check alone. `out`
 * gets a stream, as from tg_pipeline_query. TG_DESTINATION. */
TG_API_CHECK int tg_pipeline_show(struct tg_pipeline *pipeline, enum tg_show what,
                                  struct ArrowArrayStream *out, struct tg_error *err);

/* What is shown as a text, as the destination has it. */
enum tg_document {
    TG_DOCUMENT_STATE = 0,      /* the cursors, as indented JSON */
    TG_DOCUMENT_SCHEMA = 1,     /* indented JSON, too */
    TG_DOCUMENT_SCHEMA_YAML = 2 /* as it is exported and imported */
};

/* *out gets the text, which tg_text_free frees; NULL on failure. TG_DESTINATION. */
TG_API_CHECK int tg_pipeline_document(struct tg_pipeline *pipeline, enum tg_document what,
                                      char **out, struct tg_error *err);

/* Runs one query at the destination, with the dataset as the default schema. `out` gets a stream.
 * It has a connection of its own and keeps all it needs, also when the pipeline is freed before it
 * is released; it is used by one thread at a time. What Arrow has no type for
 * (bits, a time with its zone, ranges) comes as the database's own text. TG_DESTINATION with the
 * database's own message. */
TG_API_CHECK int tg_pipeline_query(struct tg_pipeline *pipeline, const char *sql,
                                   struct ArrowArrayStream *out, struct tg_error *err);

/* The same at a time, an ISO 8601 date or timestamp, in UTC where it does not say: tables that keep
 * their history (merge strategy scd2), and those nested in them, have the rows that were valid;
 * others have those that they have. NULL: now. TG_USAGE for what is no time, and where no table
 * keeps its history. */
TG_API_CHECK int tg_pipeline_query_as_of(struct tg_pipeline *pipeline, const char *sql,
                                         const char *as_of, struct ArrowArrayStream *out,
                                         struct tg_error *err);

/* ---- The story of one row ---- */

struct tg_why_options {
    size_t size;          /* of this struct; set by tg_why_options_init */
    const char *resource; /* or its table */
    /* The value of a key of one column ("7"), columns with their values ("day=2024-01-01,id=7"), or
     * these as a JSON object, for values with a comma and NULL. Any columns of the table. */
    const char *key;
    /* The source is read, too, from its beginning to its end, and the rule is named by which a run
     * would take each row of the key, or leave it out. Nothing is loaded or written; a folder of
     * its own below the working directory is made for it, and removed. 0: it is not read. */
    int read;
};

#define TG_WHY_OPTIONS_INIT .size = sizeof(struct tg_why_options)

static inline void tg_why_options_init(struct tg_why_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* What destination and working directory know of the rows of a key. `out` gets a stream of facts,
 * as from tg_pipeline_query, with the columns
 *   fact     row (it is there), version (of a table that keeps its history), deleted (flagged so),
 *            files (new or changed in its load), nested (rows in it), replaced (an old row, as far
 *            as an undo keeps it), rejected, unreadable (rejects whose key nobody knows), waiting
 *            (loads on local disk), absent, more, unrecorded; with `read`, of a row of the source:
 *            source_passes, source_unread (its file), source_below, source_beyond, source_known,
 *            source_without (a value of the cursor), source_rejected, source_fails (the run would),
 *            source_deduplicated; source_absent, source_unreadable (rows); more words may come
 *   load_id, at (when it was committed), table: where they are known
 *   detail   the sentence for people, which may change
 * TG_USAGE for a resource or a column that there is none of. TG_DESTINATION, of a resource that was
 * never loaded with TG_REASON_NOTHING_LOADED, unless `read` asks its source: its values are
 * compared as texts then, for no column is known yet. With `read` whatever reading the source comes
 * to. */
TG_API_CHECK int tg_pipeline_why(struct tg_pipeline *pipeline, const struct tg_why_options *options,
                                 struct ArrowArrayStream *out, struct tg_error *err);

/* ---- Reading a stream cell by cell ---- */

/* The rows of a stream, one after the other, each cell as a text:
 *
 *     struct tg_cells *cells = NULL;
 *     bool found = false;
 *     int rc = tg_cells_open(&cells, &stream, &err);
 *     while (!rc && !(rc = tg_cells_next(cells, &found, &err)) && found) {
 *         const char *text;
 *         size_t len;
 *         rc = tg_cells_get(cells, 0, TG_CELL_TEXT, &text, &len, &err);
 *         ...
 *     }
 *     tg_cells_close(cells);
 */
struct tg_cells;

/* Takes the stream (moved in), also on failure, when *out is NULL. TG_DATA where it holds no rows.
 */
TG_API_CHECK int tg_cells_open(struct tg_cells **out, struct ArrowArrayStream *stream,
                               struct tg_error *err);
/* Releases the stream. NULL is fine. */
TG_API void tg_cells_close(struct tg_cells *cells);

TG_API size_t tg_cells_column_count(const struct tg_cells *cells);
/* Borrowed; NULL beyond the last column. */
TG_API const char *tg_cells_column_name(const struct tg_cells *cells, size_t column);
/* Whether the column is of numbers: integers, floating point, decimals. */
TG_API bool tg_cells_is_number(const struct tg_cells *cells, size_t column);

/* Goes to the next row, or the first; *found is false behind the last one. Fails as the stream
 * does. */
TG_API_CHECK int tg_cells_next(struct tg_cells *cells, bool *found, struct tg_error *err);

enum tg_cell_form {
    TG_CELL_TEXT = 0, /* for people and CSV: ISO times ("infinity" for the last there is), true and
                         false, digits; lists, structs and maps as JSON, bytes as base64, spans of
                         time in words, a union as what it holds; NULL: *text is NULL */
    TG_CELL_JSON = 1  /* numbers bare, texts quoted, null */
};

/* A cell of the row that is reached: *text is NUL-terminated, *len bytes long (a value may hold NUL
 * characters), and valid until the next call with these cells. TG_USAGE where there is no such row
 * or column. */
TG_API_CHECK int tg_cells_get(struct tg_cells *cells, size_t column, enum tg_cell_form form,
                              const char **text, size_t *len, struct tg_error *err);

#ifdef __cplusplus
}
#endif

#endif
