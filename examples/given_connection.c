/*
 * A program that has DuckDB in it already: its database in memory, which no URL could name, is the
 * destination, and does what tidegate has an engine for (files are read and written by it). So no
 * second DuckDB is loaded; and the program goes on with its database when the load is done.
 *
 * The program is on the left side of `struct tg_connection`: it opens sessions, runs statements,
 * hands out results as Arrow streams, takes rows, and interrupts. duckdb_calls.h has these.
 *
 *     given_connection [ROWS] [LIBRARY]
 */
#include "duckdb_calls.h"

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
    options.scratch_connection = connection;
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
    duckdb_calls_init(&connection, "the database of given_connection", database);
    int rc = load(&connection, rows / 2, err);
    if (!rc)
        rc = load(&connection, rows, err);
    return rc ? rc : show(database, err);
}

int main(int argc, char **argv)
{
    struct tg_error err;
    void *database = NULL;
    int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000;
    const char *library = argc > 2 ? argv[2] : "libduckdb.so";
    int rc = TG_OK;
    memset(&err, 0, sizeof(err));
    if (!duckdb_calls_load(library) || duck.open(NULL, &database) != 0) {
        snprintf(err.what, sizeof(err.what), "'%s' is no DuckDB that opens a database", library);
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
