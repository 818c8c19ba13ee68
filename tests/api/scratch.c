/* Whole loads in a process where no library of DuckDB can be loaded: the program's own DuckDB does
 * the engine's work, for a destination in it and for PostgreSQL. */
#include "tests/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "examples/duckdb_calls.h"
#include "tests/postgres.h"

static void *database;
static struct tg_connection calls;
static bool to_postgres;
static int released;
static atomic_int stalled, interrupts;
static const char *stalls; /* a part of statements that only an interrupt ends */
static const char *library;

static void count_release(void *user)
{
    assert_ptr_equal(user, database);
    released++;
}

static void interrupt_counted(void *session)
{
    atomic_fetch_add(&interrupts, 1);
    interrupt_session(session);
}

static int run_or_stall(void *session, const char *sql, uint64_t *changed, struct tg_error *err)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    if (!stalls || !strstr(sql, stalls))
        return run_statement(session, sql, changed, err);
    atomic_fetch_add(&stalled, 1);
    for (int i = 0; i < 2000 && !atomic_load(&interrupts); i++)
        nanosleep(&pause, NULL);
    return refuse(err, "INTERRUPT Error: Interrupted!");
}

static int setup(void **state)
{
    if (fixture_setup(state) || !duckdb_calls_load(library) || duck.open(NULL, &database) != 0)
        return -1;
    duckdb_calls_init(&calls, "the test's", database);
    calls.exec = run_or_stall;
    calls.interrupt = interrupt_counted;
    calls.release = count_release;
    released = 0;
    stalls = NULL;
    atomic_store(&stalled, 0);
    atomic_store(&interrupts, 0);
    if (to_postgres)
        free(postgres_ask(postgres_uri(), "DROP SCHEMA IF EXISTS d CASCADE"));
    return 0;
}

static int teardown(void **state)
{
    int rc = fixture_teardown(state);
    duck.close(&database);
    return rc;
}

static void put_file(const struct fixture *fixture, const char *name, const char *text)
{
    char path[400];
    struct tg_error err = {0};
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_int_equal(fs_write_file(path, text, strlen(text), &err), TG_OK);
}

/* Written by the program's DuckDB. */
static void put_parquet(const struct fixture *fixture, const char *name, const char *query)
{
    char sql[1000];
    void *session = NULL;
    uint64_t rows = 0;
    struct tg_error err = {0};
    snprintf(sql, sizeof(sql), "COPY (%s) TO '%s/%s' (FORMAT parquet)", query, fixture->folder,
             name);
    assert_int_equal(open_session(database, &session, &err), TG_OK);
    assert_int_equal(run_statement(session, sql, &rows, &err), TG_OK);
    close_session(session);
}

static const char spec[] =
    "pipeline: test\n"
    "dataset: d\n"
    "source: {type: files}\n"
    "resources:\n"
    "  lines: {path: 'lines*.jsonl', write_disposition: merge, primary_key: id}\n"
    "  fields: {path: 'fields*.csv', write_disposition: append}\n"
    "  columns: {path: 'columns*.parquet', write_disposition: replace}\n";

static void open_spec(struct fixture *fixture)
{
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .workdir = fixture->workdir,
                                          .scratch_connection = &calls};
    char text[1200];
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    snprintf(text, sizeof(text), "%s%s%s%s", spec, to_postgres ? "destination: '" : "",
             to_postgres ? postgres_uri() : "", to_postgres ? "'\n" : "");
    options.destination_connection = to_postgres ? NULL : &calls;
    assert_done(fixture, tg_pipeline_open_text(&fixture->pipeline, text, fixture->folder, &options,
                                               &fixture->err));
}

static void run_spec(struct fixture *fixture)
{
    open_spec(fixture);
    fixture_run(fixture);
}

static void put_first_files(struct fixture *fixture)
{
    put_file(fixture, "lines1.jsonl",
             "{\"id\":1,\"name\":\"a\",\"tags\":[{\"t\":1},{\"t\":2}]}\n{\"id\":2,\"name\":null}\n"
             "{\"id\":2,\"name\":\"z\"}\n");
    put_file(fixture, "fields1.csv", "id,name,day\n1,x,2024-01-02\n2,,2024-01-03\n");
    put_parquet(fixture, "columns1.parquet",
                "SELECT i AS id, 'n' || i AS name, i * 1.25::DECIMAL(9,2) AS price FROM "
                "range(5000) AS r(i)");
}

static void files_of_all_kinds(void **state)
{
    struct fixture *fixture = *state;
    put_first_files(fixture);
    run_spec(fixture);
    assert_query(fixture, "SELECT id, name FROM lines ORDER BY id", "id,name\n1,a\n2,z\n");
    assert_query(fixture, "SELECT t FROM lines__tags ORDER BY t", "t\n1\n2\n");
    assert_query(fixture, "SELECT id, name, day FROM fields ORDER BY id",
                 "id,name,day\n1,x,2024-01-02\n2,,2024-01-03\n");
    assert_query(fixture, "SELECT name FROM columns WHERE price = 6248.75", "name\nn4999\n");
    assert_query(fixture, "SELECT count(*) AS n FROM columns", "n\n5000\n");
    put_file(fixture, "lines2.jsonl", "{\"id\":2,\"name\":\"new\"}\n{\"id\":3,\"name\":\"c\"}\n");
    put_file(fixture, "fields2.csv", "id,name,day\n3,y,2024-01-04\n");
    put_parquet(fixture, "columns1.parquet",
                "SELECT 7::BIGINT AS id, 'only' AS name, "
                "0.5::DECIMAL(9,2) AS price");
    run_spec(fixture);
    assert_query(fixture, "SELECT id, name FROM lines ORDER BY id", "id,name\n1,a\n2,new\n3,c\n");
    assert_query(fixture, "SELECT count(*) AS n FROM fields", "n\n3\n");
    assert_query(fixture, "SELECT id, name FROM columns", "id,name\n7,only\n");
    assert_int_equal(released, to_postgres ? 1 : 2);
}

static void a_bad_line_is_shown(void **state)
{
    struct fixture *fixture = *state;
    put_first_files(fixture);
    put_file(fixture, "fields1.csv", "id,name\n1,x\n2,y,z\n");
    open_spec(fixture);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.where, "fields1.csv"));
    assert_non_null(strstr(fixture->err.where, "3"));
    put_file(fixture, "fields1.csv", "id,name\n1,x\n");
    run_spec(fixture);
    assert_query(fixture, "SELECT id FROM fields", "id\n1\n");
}

static void *cancel_when_stalled(void *pipeline)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 2000 && !atomic_load(&stalled); i++)
        nanosleep(&pause, NULL);
    tg_pipeline_cancel(pipeline);
    return NULL;
}

static void a_cancel_interrupts_it(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    put_first_files(fixture);
    open_spec(fixture);
    stalls = "COPY (";
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_stalled, fixture->pipeline), 0);
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&interrupts) > 0);
    stalls = NULL;
    run_spec(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM columns", "n\n5000\n");
}

/* Rows and Arrow batches that a program pushes. */
static const int64_t number_rows[][2] = {{1, 10}, {2, 20}, {3, 30}};

static void *arrow_session;

static int read_arrow(struct tg_read *read, struct tg_error *err)
{
    read->done = true;
    return open_query(arrow_session, "SELECT range AS id, 'é' || range AS name FROM range(10000)",
                      &read->stream, err);
}

static void what_a_program_pushes(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = number_rows, .count = 3};
    const struct tg_resource rows = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                     .user = &numbers, .cursor_path = "id"};
    const struct tg_resource batches = {TG_RESOURCE_INIT, .name = "b", .read = read_arrow};
    put_first_files(fixture);
    assert_int_equal(open_session(database, &arrow_session, &fixture->err), TG_OK);
    for (int i = 0; i < 2; i++) {
        open_spec(fixture);
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &rows, &fixture->err));
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &batches, &fixture->err));
        fixture_run(fixture);
    }
    close_session(arrow_session);
    assert_query(fixture, "SELECT count(*) AS n, CAST(sum(value) AS BIGINT) AS s FROM n",
                 "n,s\n3,60\n");
    assert_query(fixture, "SELECT count(*) AS n, max(length(name)) AS most FROM b",
                 "n,most\n20000,5\n");
}

static void what_cannot_be_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .name = "test", .workdir = fixture->workdir,
        .destination = "postgresql://localhost/none", .scratch_connection = &calls};
    struct tg_pipeline *pipeline = NULL;
    calls.dialect = "postgres";
    assert_int_equal(tg_pipeline_new(&pipeline, &options, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "cannot be `scratch_connection`"));
    calls.dialect = "duckdb";
    calls.size = 0;
    assert_int_equal(tg_pipeline_new(&pipeline, &options, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "tg_connection_init()"));
    assert_null(pipeline);
    assert_int_equal(released, 0); /* it is the program's still */
}

/* Control: without it there is no engine. */
static void without_it_nothing_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    struct tg_engine engine;
    assert_int_equal(tg_engine_find(&engine, &fixture->err), TG_USAGE);
    put_first_files(fixture);
    open_spec(fixture);
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .workdir = fixture->workdir, .destination_connection = &calls};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_open_text(&fixture->pipeline, spec, fixture->folder, &options,
                                               &fixture->err));
    assert_int_not_equal(fixture_try(fixture), TG_OK);
    assert_non_null(strstr(fixture->err.what, "/nowhere/libduckdb.so"));
}

#define with_database(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_database(files_of_all_kinds),        with_database(a_bad_line_is_shown),
        with_database(a_cancel_interrupts_it),    with_database(what_a_program_pushes),
        with_database(what_cannot_be_is_refused), with_database(without_it_nothing_is_loaded),
    };
    const char *engine = getenv("TIDEGATE_DUCKDB");
    char path[1000];
    snprintf(path, sizeof(path), "%s", engine ? engine : "libduckdb.so");
    library = path;
    setenv("TIDEGATE_DUCKDB", "/nowhere/libduckdb.so", 1);
    int failed = cmocka_run_group_tests_name("api/scratch (duckdb)", tests, NULL, NULL);
    to_postgres = true;
    return failed + cmocka_run_group_tests_name("api/scratch (postgres)", tests, NULL, NULL);
}
