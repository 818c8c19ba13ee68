/* The engine's work by a DuckDB that the program gives: what it writes is what the library's engine
 * writes, sessions end, and what goes wrong is told. Nothing here may load a library: a whole load
 * where none is to be had is tests/api/scratch.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "examples/duckdb_calls.h"
#include "tests/duckdb/parquet.h"

int duck_version(void); /* of the library that tidegate has loaded */

static struct context ctx;
static struct tg_connection calls;
static atomic_int cancel, opened, closed;
static const char *refuses; /* a part of the statements that fail */
static void *database;

static int open_counted(void *user, void **session, struct tg_error *err)
{
    int rc = open_session(user, session, err);
    atomic_fetch_add(&opened, rc == TG_OK);
    return rc;
}

static void close_counted(void *session)
{
    atomic_fetch_add(&closed, 1);
    close_session(session);
}

static int run_unless_refused(void *session, const char *sql, uint64_t *changed,
                              struct tg_error *err)
{
    if (refuses && strstr(sql, refuses))
        return refuse(err, "IO Error: on purpose");
    return run_statement(session, sql, changed, err);
}

static int setup(void **state)
{
    const char *library = getenv("TIDEGATE_DUCKDB");
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    refuses = NULL;
    if (sample_setup(state) || !duckdb_calls_load(library ? library : "libduckdb.so") ||
        duck.open(NULL, &database) != 0)
        return -1;
    duckdb_calls_init(&calls, "the test's", database);
    calls.open = open_counted;
    calls.close = close_counted;
    calls.exec = run_unless_refused;
    ctx.scratch = &calls;
    sample_schema(&schema);
    return engine_new(&ctx, "tmp", &engine, NULL);
}

static int teardown(void **state)
{
    schema_release(&schema);
    engine_free(engine);
    assert_int_equal(atomic_load(&opened), atomic_load(&closed));
    duck.close(&database);
    return sample_teardown(state);
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    struct parquet_result result;
    struct fs_stat stat;
    sample_ok(write_rows(30000, "it's.parquet", &result, err));
    sample_ok(fs_stat("it's.parquet", &stat, err));
    assert_int_equal(result.row_count, 30000);
    assert_int_equal(result.bytes, stat.size);
    expect("SELECT count(*), sum(id), count(txt), count(DISTINCT id) FROM 'it''s.parquet'",
           "30000|449985000|24000|30000|");
    expect_row_10();
    sample_ok(write_rows(0, "none.parquet", &result, err));
    assert_int_equal(result.row_count, 0);
    expect("SELECT count(*), count(id) FROM 'none.parquet'", "0|0|");
    assert_int_equal(duck_version(), 0);
}

static void it_fails_like_the_other(void **state)
{
    (void)state;
    struct parquet_result result;
    struct tg_error problem = {0};
    char *text = NULL;
    size_t count = 0;
    assert_int_equal(write_rows(10, "none/x.parquet", &result, &problem), TG_IO);
    assert_non_null(strstr(problem.where, "none/x.parquet"));
    struct ArrowArray *arrays = sample_batches(5000, &count);
    memcpy(&text, &arrays[1].children[1]->buffers[2], sizeof(text));
    text[0] = '\xff';
    int rc = engine_write_parquet(engine, &schema, arrays, count, "bad.parquet", &result, &problem);
    assert_int_equal(rc, TG_DATA);
    assert_non_null(strstr(problem.what, "column 'txt' holds text that is not UTF-8"));
    for (size_t i = 0; i < count; i++)
        assert_null(arrays[i].release);
    mem_free(arrays);
    arrays = sample_batches(100, &count);
    ((int64_t *)(uintptr_t)arrays[0].children[8]->buffers[1])[2] = INT64_MAX;
    rc = engine_write_parquet(engine, &schema, arrays, count, "bad.parquet", &result, &problem);
    assert_int_equal(rc, TG_DATA);
    assert_non_null(strstr(problem.what, "column 'small' holds a decimal with more digits"));
    mem_free(arrays);
    atomic_store(&cancel, 1);
    assert_int_equal(write_rows(5000, "bad.parquet", &result, &problem), TG_CANCELLED);
    atomic_store(&cancel, 0);
    assert_false(exists("bad.parquet"));
}

static void a_refused_statement_leaves_no_file(void **state)
{
    (void)state;
    static const char *const parts[] = {"TimeZone", "CREATE TEMP TABLE", "COPY ("};
    struct parquet_result result;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct tg_error problem = {0};
        refuses = parts[i];
        assert_int_equal(write_rows(10, "x.parquet", &result, &problem), TG_IO);
        assert_non_null(strstr(problem.what, "on purpose"));
        assert_int_equal(atomic_load(&opened), atomic_load(&closed));
        assert_false(exists("x.parquet"));
    }
    refuses = "TimeZone";
    struct tg_error problem = {0};
    struct ArrowArrayStream stream;
    assert_int_equal(engine_query(engine, "SELECT 1", &stream, &problem), TG_IO);
    assert_string_equal(problem.where, "connection 'the test's'");
}

/* A consumer that loses rows without a word. */
static int take_one_batch(void *session, const char *dataset, const char *table,
                          struct ArrowArrayStream *rows, struct tg_error *err)
{
    struct ArrowArray batch;
    (void)session;
    (void)dataset;
    (void)table;
    (void)err;
    if (rows->get_next(rows, &batch) == 0)
        array_release(&batch);
    return TG_OK;
}

static int take_nothing_in(void *session, const char *dataset, const char *table,
                           struct ArrowArrayStream *rows, struct tg_error *err)
{
    struct ArrowArray batch = {.length = 1};
    (void)session;
    (void)dataset;
    (void)table;
    (void)err;
    while (rows->get_next(rows, &batch) == 0 && batch.release)
        array_release(&batch);
    return TG_OK;
}

static void rows_that_are_lost_are_missed(void **state)
{
    (void)state;
    struct parquet_result result;
    struct tg_error problem = {0};
    calls.ingest = take_one_batch;
    assert_int_equal(write_rows(10000, "x.parquet", &result, &problem), TG_IO);
    assert_non_null(strstr(problem.what, "did not read the stream to its end"));
    calls.ingest = take_nothing_in;
    assert_int_equal(write_rows(10000, "x.parquet", &result, &problem), TG_INTERNAL);
    assert_non_null(strstr(problem.what, "0 of 10000 rows were written"));
    assert_false(exists("x.parquet"));
}

static void a_session_keeps_its_tables(void **state)
{
    (void)state;
    struct engine_session session;
    struct ArrowArrayStream stream;
    struct tg_error problem = {0};
    sample_ok(engine_connect(engine, &session, err));
    sample_ok(engine_session_query(&session, "CREATE OR REPLACE TEMP TABLE t AS SELECT 7 AS n",
                                   &stream, err));
    stream_release(&stream);
    sample_ok(engine_session_query(&session, "SELECT n FROM t", &stream, err));
    stream_release(&stream);
    assert_int_equal(engine_query(engine, "SELECT n FROM t", &stream, &problem), TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42P01");
    sample_ok(engine_reserve(engine, 1000, err));
    sample_ok(engine_alone(engine, true, err));
    engine_disconnect(&session);
    engine_disconnect(&session);
}

static void what_must_be_there(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct tg_connection other = calls;
    sample_ok(engine_check_given(&other, err));
    other.ingest = NULL;
    assert_int_equal(engine_check_given(&other, &problem), TG_USAGE);
    assert_non_null(strstr(problem.what, "it has no function `ingest`; set it"));
    other.dialect = "postgres";
    assert_int_equal(engine_check_given(&other, &problem), TG_USAGE);
    assert_non_null(strstr(problem.what, "its `dialect` is 'postgres'; give one to a DuckDB"));
    other.interrupt = NULL;
    assert_int_equal(engine_check_given(&other, &problem), TG_USAGE);
    assert_non_null(strstr(problem.what, "has no function `interrupt`"));
}

#define with_database(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_database(what_is_written_comes_back),
        with_database(it_fails_like_the_other),
        with_database(a_refused_statement_leaves_no_file),
        with_database(rows_that_are_lost_are_missed),
        with_database(a_session_keeps_its_tables),
        with_database(what_must_be_there),
    };
    return cmocka_run_group_tests_name("duckdb/scratch", tests, NULL, NULL);
}
