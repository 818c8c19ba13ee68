/*
 * A destination that the program has open already: a DuckDB in memory, which no URL could name, and
 * which the program goes on with when the load is done.
 *
 * The program is on the left side of `struct tg_connection`: it opens sessions, runs statements,
 * hands out results as Arrow streams, and interrupts. How DuckDB is reached is its own affair; here
 * by its library, loaded at run time, so that the example needs nothing to be built.
 *
 *     given_connection [ROWS]
 */
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
    int (*query)(void *connection, const char *sql, duckdb_result *out);
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
    void (*destroy_error_data)(void **error);
} duck;

/* Every function of the table, in the order of its members. */
static bool load_duckdb(const char *path)
{
    static const char *const names[] = {"open",
                                        "close",
                                        "connect",
                                        "disconnect",
                                        "interrupt",
                                        "query",
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
                                        "destroy_error_data"};
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
static int run_sql(void *session, const char *sql, duckdb_result *out, struct tg_error *err)
{
    if (duck.query(session, sql, out) == 0)
        return TG_OK;
    const char *message = duck.result_error(out);
    snprintf(err->what, sizeof(err->what), "%s", message ? message : "no message");
    duck.destroy_result(out);
    return TG_DESTINATION;
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

/* ---- the pipeline ---- */

struct counter {
    int64_t next, last;
};

static int begin_counting(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct counter *counter = (struct counter *)user;
    (void)err;
    counter->next = cursor->last.kind == TG_VALUE_INT64 ? cursor->last.int64 : 1;
    return TG_OK;
}

static int read_numbers(struct tg_read *read, struct tg_error *err)
{
    struct counter *counter = (struct counter *)read->user;
    (void)err;
    for (int i = 0; i < 5000 && counter->next <= counter->last; i++, counter->next++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, counter->next);
        tg_rows_key(read->rows, "square");
        tg_rows_int64(read->rows, counter->next * counter->next);
        tg_rows_end_object(read->rows);
    }
    read->done = counter->next > counter->last;
    return TG_OK;
}

/* One load of the numbers up to `last`; the ones that are there are not loaded again. */
static int load(const struct tg_connection *connection, int64_t last, struct tg_error *err)
{
    struct counter counter = {1, last};
    struct tg_pipeline_options options;
    struct tg_resource numbers;
    struct tg_pipeline *pipeline = NULL;
    tg_pipeline_options_init(&options);
    options.name = "given_connection";
    options.dataset = "bronze";
    options.destination_connection = connection;
    tg_resource_init(&numbers);
    numbers.name = "numbers";
    numbers.begin = begin_counting;
    numbers.read = read_numbers;
    numbers.user = &counter;
    numbers.cursor_path = "id";
    int rc = tg_pipeline_new(&pipeline, &options, err);
    if (!rc)
        rc = tg_pipeline_add(pipeline, &numbers, err);
    if (!rc)
        rc = tg_pipeline_run(pipeline, NULL, err);
    tg_pipeline_free(pipeline);
    return rc;
}

/* The program's own use of its database, behind tidegate's back. */
static int show(void *database, struct tg_error *err)
{
    void *session = NULL;
    duckdb_result result;
    int rc = open_session(database, &session, err);
    if (rc)
        return rc;
    rc = run_sql(session,
                 "CREATE TABLE answer AS SELECT count(*) AS n, max(square) AS most "
                 "FROM bronze.numbers",
                 &result, err);
    if (!rc)
        duck.destroy_result(&result);
    uint64_t rows = 0;
    if (!rc)
        rc = run_statement(session, "INSERT INTO answer SELECT id, square FROM bronze.numbers",
                           &rows, err);
    if (!rc)
        printf("%llu rows are there\n", (unsigned long long)rows);
    close_session(session);
    return rc;
}

static int load_twice(void *database, int64_t rows, struct tg_error *err)
{
    struct tg_connection connection;
    tg_connection_init(&connection);
    connection.name = "the database of given_connection";
    connection.dialect = "duckdb";
    connection.user = database;
    connection.open = open_session;
    connection.close = close_session;
    connection.exec = run_statement;
    connection.query = open_query;
    connection.interrupt = interrupt_session;
    int rc = load(&connection, rows / 2, err);
    if (!rc)
        rc = load(&connection, rows, err);
    return rc ? rc : show(database, err);
}

int main(int argc, char **argv)
{
    struct tg_error err;
    struct tg_engine engine;
    void *database = NULL;
    int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000;
    memset(&err, 0, sizeof(err));
    int rc = tg_engine_find(&engine, &err);
    if (!rc && (!load_duckdb(engine.path) || duck.open(NULL, &database) != 0)) {
        snprintf(err.what, sizeof(err.what), "DuckDB cannot be opened");
        rc = TG_DESTINATION;
    }
    if (!rc)
        rc = load_twice(database, rows, &err);
    if (rc)
        fprintf(stderr, "given_connection: %s%s%s\n", err.where, err.where[0] ? ": " : "",
                err.what);
    if (database)
        duck.close(&database);
    return tg_code_exit(rc);
}
