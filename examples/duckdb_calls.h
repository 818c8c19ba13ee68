/*
 * A DuckDB that a program has open, as a connection of tidegate_connection.h: sessions, statements,
 * results as Arrow streams, rows of a stream into a table, and interrupts.
 *
 * How DuckDB is reached is the program's affair; here by its C API, in a library that is loaded at
 * run time, so that nothing is needed to build it.
 *
 *     if (!duckdb_calls_load("libduckdb.so") || duck.open(NULL, &database) != 0)
 *         ...
 *     duckdb_calls_init(&connection, "the database of this program", database);
 */
#ifndef DUCKDB_CALLS_H
#define DUCKDB_CALLS_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tidegate_connection.h"

/* ---- DuckDB's C API, as far as it is used here ---- */

typedef struct {
    uint64_t counts[3];
    void *columns, *message, *internal;
} duckdb_result;

static struct {
    int (*open)(const char *path, void **database);
    void (*close)(void **database);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    void (*interrupt)(void *connection);
    int (*prepare)(void *connection, const char *sql, void **statement);
    const char *(*prepare_error)(void *statement);
    void (*destroy_prepare)(void **statement);
    int (*pending_prepared_streaming)(void *statement, void **pending);
    const char *(*pending_error)(void *pending);
    int (*execute_pending)(void *pending, duckdb_result *out);
    void (*destroy_pending)(void **pending);
    void (*destroy_result)(duckdb_result *result);
    const char *(*result_error)(duckdb_result *result);
    uint64_t (*rows_changed)(duckdb_result *result);
    uint64_t (*column_count)(duckdb_result *result);
    const char *(*column_name)(duckdb_result *result, uint64_t column);
    void *(*column_logical_type)(duckdb_result *result, uint64_t column);
    void (*destroy_logical_type)(void **type);
    void *(*fetch_chunk)(duckdb_result result);
    void (*destroy_data_chunk)(void **chunk);
    void *(*result_get_arrow_options)(duckdb_result *result);
    void (*destroy_arrow_options)(void **options);
    void *(*to_arrow_schema)(void *options, void **types, const char **names, uint64_t count,
                             struct ArrowSchema *out);
    void *(*data_chunk_to_arrow)(void *options, void *chunk, struct ArrowArray *out);
    bool (*error_data_has_error)(void *error);
    const char *(*error_data_message)(void *error);
    void (*destroy_error_data)(void **error);
    void *(*schema_from_arrow)(void *connection, struct ArrowSchema *schema, void **out);
    void (*destroy_arrow_converted_schema)(void **schema);
    void *(*data_chunk_from_arrow)(void *connection, struct ArrowArray *array, void *schema,
                                   void **chunk);
    int (*appender_create_ext)(void *connection, const char *catalog, const char *schema,
                               const char *table, void **out);
    int (*appender_add_column)(void *appender, const char *name);
    int (*append_data_chunk)(void *appender, void *chunk);
    int (*appender_close)(void *appender);
    void *(*appender_error_data)(void *appender);
    int (*appender_destroy)(void **appender);
} duck;

/* Every function of the table, in the order of its members. */
static bool duckdb_calls_load(const char *path)
{
    static const char *const names[] = {"open",
                                        "close",
                                        "connect",
                                        "disconnect",
                                        "interrupt",
                                        "prepare",
                                        "prepare_error",
                                        "destroy_prepare",
                                        "pending_prepared_streaming",
                                        "pending_error",
                                        "execute_pending",
                                        "destroy_pending",
                                        "destroy_result",
                                        "result_error",
                                        "rows_changed",
                                        "column_count",
                                        "column_name",
                                        "column_logical_type",
                                        "destroy_logical_type",
                                        "fetch_chunk",
                                        "destroy_data_chunk",
                                        "result_get_arrow_options",
                                        "destroy_arrow_options",
                                        "to_arrow_schema",
                                        "data_chunk_to_arrow",
                                        "error_data_has_error",
                                        "error_data_message",
                                        "destroy_error_data",
                                        "schema_from_arrow",
                                        "destroy_arrow_converted_schema",
                                        "data_chunk_from_arrow",
                                        "appender_create_ext",
                                        "appender_add_column",
                                        "append_data_chunk",
                                        "appender_close",
                                        "appender_error_data",
                                        "appender_destroy"};
    void *library = dlopen(path, RTLD_NOW);
    for (size_t i = 0; library && i < sizeof(names) / sizeof(names[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "duckdb_%s", names[i]);
        void *function = dlsym(library, name);
        if (!function)
            return false;
        memcpy((char *)&duck + i * sizeof(function), &function, sizeof(function));
    }
    return library != NULL;
}

/* ---- sessions: a DuckDB connection each ---- */

static int open_session(void *user, void **session, struct tg_error *err)
{
    if (duck.connect(user, session) == 0)
        return TG_OK;
    snprintf(err->what, sizeof(err->what), "the database takes no connection");
    return TG_DESTINATION;
}

static void close_session(void *session)
{
    duck.disconnect(&session);
}

static void interrupt_session(void *session)
{
    duck.interrupt(session);
}

/* The message is enough: the dialect "duckdb" knows what it means. */
static int refuse(struct tg_error *err, const char *message)
{
    snprintf(err->what, sizeof(err->what), "%s", message ? message : "no message");
    return TG_DESTINATION;
}

/* The result is computed as it is fetched: a large one is never in memory as a whole. */
static int run_sql(void *session, const char *sql, duckdb_result *out, struct tg_error *err)
{
    void *statement = NULL, *pending = NULL;
    int rc = TG_OK;
    if (duck.prepare(session, sql, &statement) != 0) {
        rc = refuse(err, duck.prepare_error(statement));
    } else if (duck.pending_prepared_streaming(statement, &pending) != 0) {
        rc = refuse(err, duck.pending_error(pending));
    } else if (duck.execute_pending(pending, out) != 0) {
        rc = refuse(err, duck.result_error(out));
        duck.destroy_result(out);
    }
    duck.destroy_pending(&pending);
    duck.destroy_prepare(&statement);
    return rc;
}

static int run_statement(void *session, const char *sql, uint64_t *changed, struct tg_error *err)
{
    duckdb_result result;
    int rc = run_sql(session, sql, &result, err);
    if (rc != TG_OK)
        return rc;
    *changed = duck.rows_changed(&result);
    duck.destroy_result(&result);
    return TG_OK;
}

/* ---- results as Arrow streams ---- */

struct rows {
    duckdb_result result;
    void *options;
};

/* 0, or what get_schema and get_next return for a failure. */
static int conversion(void *error)
{
    bool failed = error && duck.error_data_has_error(error);
    duck.destroy_error_data(&error);
    return failed ? 5 : 0;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct rows *rows = (struct rows *)stream->private_data;
    uint64_t count = duck.column_count(&rows->result);
    void **types = (void **)calloc(count + 1, sizeof(*types));
    const char **names = (const char **)calloc(count + 1, sizeof(*names));
    int failed = types && names ? 0 : 12;
    for (uint64_t i = 0; !failed && i < count; i++) {
        types[i] = duck.column_logical_type(&rows->result, i);
        names[i] = duck.column_name(&rows->result, i);
    }
    if (!failed)
        failed = conversion(duck.to_arrow_schema(rows->options, types, names, count, out));
    for (uint64_t i = 0; types && i < count; i++)
        duck.destroy_logical_type(&types[i]);
    free(types);
    free((void *)names);
    return failed;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct rows *rows = (struct rows *)stream->private_data;
    memset(out, 0, sizeof(*out));
    void *chunk = duck.fetch_chunk(rows->result);
    if (!chunk)
        return duck.result_error(&rows->result) ? 5 : 0; /* a failure is not the end */
    int failed = conversion(duck.data_chunk_to_arrow(rows->options, chunk, out));
    duck.destroy_data_chunk(&chunk);
    return failed;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return duck.result_error(&((struct rows *)stream->private_data)->result);
}

static void release_rows(struct ArrowArrayStream *stream)
{
    struct rows *rows = (struct rows *)stream->private_data;
    duck.destroy_arrow_options(&rows->options);
    duck.destroy_result(&rows->result);
    free(rows);
    stream->release = NULL;
}

static int open_query(void *session, const char *sql, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    struct rows *rows = (struct rows *)calloc(1, sizeof(*rows));
    if (!rows)
        return TG_NOMEM;
    int rc = run_sql(session, sql, &rows->result, err);
    if (rc != TG_OK) {
        free(rows);
        return rc;
    }
    rows->options = duck.result_get_arrow_options(&rows->result);
    out->get_schema = get_schema;
    out->get_next = get_next;
    out->get_last_error = get_last_error;
    out->release = release_rows;
    out->private_data = rows;
    return TG_OK;
}

/* ---- rows of a stream ---- */

enum { CHUNK_ROWS = 2048 };

struct table {
    void *session, *appender, *schema;
    struct ArrowArray *parts; /* the columns of a chunk */
    struct ArrowArray **columns;
};

static int take_error(void *error, struct tg_error *err)
{
    int rc = error && duck.error_data_has_error(error) ? refuse(err, duck.error_data_message(error))
                                                       : TG_OK;
    duck.destroy_error_data(&error);
    return rc;
}

static int checked(const struct table *table, int state, struct tg_error *err)
{
    return state == 0 ? TG_OK : take_error(duck.appender_error_data(table->appender), err);
}

static void release_part(struct ArrowArray *part)
{
    part->release = NULL; /* the batch is released as a whole */
}

/* Rows [from, from + count) of a batch. */
static int append_part(const struct table *table, const struct ArrowArray *batch, int64_t from,
                       int64_t count, struct tg_error *err)
{
    void *chunk = NULL;
    for (int64_t i = 0; i < batch->n_children; i++) {
        table->parts[i] = *batch->children[i];
        table->parts[i].offset += batch->offset + from;
        table->parts[i].length = count;
        table->parts[i].null_count = batch->children[i]->null_count == 0 ? 0 : -1;
        table->parts[i].release = release_part;
        table->columns[i] = &table->parts[i];
    }
    struct ArrowArray part = *batch;
    part.offset = 0;
    part.length = count;
    part.children = table->columns;
    part.release = release_part;
    int rc =
        take_error(duck.data_chunk_from_arrow(table->session, &part, table->schema, &chunk), err);
    if (rc == TG_OK)
        rc = checked(table, duck.append_data_chunk(table->appender, chunk), err);
    duck.destroy_data_chunk(&chunk);
    return rc;
}

static int append_batch(const struct table *table, struct ArrowArray *batch, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t from = 0; rc == TG_OK && from < batch->length; from += CHUNK_ROWS) {
        int64_t left = batch->length - from;
        rc = append_part(table, batch, from, left < CHUNK_ROWS ? left : CHUNK_ROWS, err);
    }
    batch->release(batch);
    return rc;
}

/* A get_next that fails is not the end of the rows. */
static int append_rows(const struct table *table, struct ArrowArrayStream *rows,
                       struct tg_error *err)
{
    for (int rc = TG_OK;;) {
        struct ArrowArray batch;
        memset(&batch, 0, sizeof(batch));
        if (rows->get_next(rows, &batch) != 0)
            return refuse(err, rows->get_last_error(rows));
        if (!batch.release)
            return checked(table, duck.appender_close(table->appender), err);
        rc = append_batch(table, &batch, err);
        if (rc != TG_OK)
            return rc;
    }
}

static int open_table(struct table *table, const struct ArrowSchema *schema, const char *dataset,
                      const char *name, struct tg_error *err)
{
    size_t count = (size_t)schema->n_children;
    table->parts = (struct ArrowArray *)calloc(count + 1, sizeof(*table->parts));
    table->columns = (struct ArrowArray **)calloc(count + 1, sizeof(*table->columns));
    if (!table->parts || !table->columns)
        return TG_NOMEM;
    int state = duck.appender_create_ext(table->session, dataset ? NULL : "temp",
                                         dataset ? dataset : "main", name, &table->appender);
    for (size_t i = 0; state == 0 && i < count; i++)
        state = duck.appender_add_column(table->appender, schema->children[i]->name);
    return checked(table, state, err);
}

static int add_rows(void *session, const char *dataset, const char *name,
                    struct ArrowArrayStream *rows, struct tg_error *err)
{
    struct table table = {session, NULL, NULL, NULL, NULL};
    struct ArrowSchema schema;
    memset(&schema, 0, sizeof(schema));
    if (rows->get_schema(rows, &schema) != 0)
        return refuse(err, rows->get_last_error(rows));
    int rc = open_table(&table, &schema, dataset, name, err);
    if (rc == TG_OK)
        rc = take_error(duck.schema_from_arrow(session, &schema, &table.schema), err);
    if (rc == TG_OK)
        rc = append_rows(&table, rows, err);
    duck.appender_destroy(&table.appender);
    duck.destroy_arrow_converted_schema(&table.schema);
    free(table.parts);
    free((void *)table.columns);
    schema.release(&schema);
    return rc;
}

/* ---- the connection ---- */

/* `name` says which database it is. */
static void duckdb_calls_init(struct tg_connection *out, const char *name, void *database)
{
    tg_connection_init(out);
    out->name = name;
    out->dialect = "duckdb";
    out->user = database;
    out->open = open_session;
    out->close = close_session;
    out->exec = run_statement;
    out->query = open_query;
    out->ingest = add_rows;
    out->interrupt = interrupt_session;
}

#endif
