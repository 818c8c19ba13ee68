/* The embedded engine: Parquet out and in again, failures, cancelling, several queries at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/duckdb/parquet.h"
#include "tests/torture.h"

static struct context ctx;
static atomic_int cancel;

static int setup(void **state)
{
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    if (sample_setup(state) || engine_new(&ctx, "tmp", &engine, NULL))
        return -1;
    sample_schema(&schema);
    return 0;
}

static int teardown(void **state)
{
    schema_release(&schema);
    engine_free(engine);
    return sample_teardown(state);
}

static void test_write_and_read_back(void **state)
{
    (void)state;
    struct parquet_result result;
    struct fs_stat stat;
    sample_ok(write_rows(300000, "it's.parquet", &result, err));
    sample_ok(fs_stat("it's.parquet", &stat, err));
    assert_int_equal(result.row_count, 300000);
    assert_int_equal(result.bytes, stat.size);
    expect("SELECT count(*), sum(id), count(txt), count(DISTINCT id) FROM 'it''s.parquet'",
           "300000|44999850000|240000|300000|");
    expect_row_10();
}

static void test_edges(void **state)
{
    (void)state;
    struct parquet_result result;
    sample_ok(write_rows(0, "none.parquet", &result, err));
    assert_int_equal(result.row_count, 0);
    expect("SELECT count(*), count(id) FROM 'none.parquet'", "0|0|");
    sample_ok(write_rows(1, "one.parquet", &result, err));
    expect("SELECT count(*), max(id) FROM 'one.parquet'", "1|0|");
}

static void expect_groups(const char *expected)
{
    expect(
        "SELECT string_agg(n::VARCHAR, ' ' ORDER BY id) FROM (SELECT DISTINCT row_group_id AS id,"
        " row_group_num_rows AS n FROM parquet_metadata('g.parquet'))",
        expected);
}

/* Row groups are as long as DuckDB's own, whatever the batches are: a table takes them as they are.
 */
static void test_row_groups_of_uneven_batches(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2047, 0, 1500, 2, 2048, 77};
    size_t count = 0, total = 0;
    struct parquet_result result;
    ctx.memory_bytes_max = (size_t)1 << 30;
    struct ArrowArray *arrays = sample_uneven(250000, lengths, 7, &count, &total);
    sample_ok(engine_write_parquet(engine, &schema, arrays, count, "g.parquet", &result, err));
    expect_groups("122880 122880 5988|");
    mem_free(arrays);
}

/* Of a small budget: whole chunks, and of long rows a part of one. */
static void test_row_groups_by_memory(void **state)
{
    (void)state;
    enum { ROWS = 300, LENGTH = 64 << 10, BATCH = 20 };
    struct type_spec type = {.type = TYPE_TEXT};
    const char *name = "t";
    struct ArrowSchema one;
    struct ArrowArray arrays[ROWS / BATCH];
    struct parquet_result result;
    ctx.memory_bytes_max = (size_t)64 << 20;
    sample_ok(write_rows(100000, "g.parquet", &result, err));
    expect("SELECT max(n % 2048), count(*) > 1 FROM (SELECT DISTINCT row_group_id AS id, "
           "row_group_num_rows AS n FROM parquet_metadata('g.parquet')) "
           "WHERE id < (SELECT max(row_group_id) FROM parquet_metadata('g.parquet'))",
           "0|true|");
    char *text = mem_calloc(LENGTH, 1);
    assert_non_null(text);
    sample_ok(schema_make(&name, &type, 1, &one, err));
    for (size_t b = 0; b < ROWS / BATCH; b++) {
        struct column column = {0};
        struct ArrowArray child;
        sample_ok(column_init(&column, &type, err));
        for (size_t row = 0; row < BATCH; row++) {
            text[row] = (char)('a' + b);
            sample_ok(column_set_text(&column, row, text, LENGTH, err));
        }
        sample_ok(column_export(&column, BATCH, &child, err));
        sample_ok(batch_make(&child, 1, BATCH, &arrays[b], err));
    }
    sample_ok(engine_write_parquet(engine, &one, arrays, ROWS / BATCH, "g.parquet", &result, err));
    expect_groups("31 31 31 31 31 31 31 31 31 21|");
    mem_free(text);
    schema_release(&one);
}

/* What a constant column costs in the file: next to nothing. It is a text to all that read it. */
static void test_constant_text_is_a_dictionary(void **state)
{
    (void)state;
    enum { BATCHES = 20 };
    struct type_spec type = {.type = TYPE_TEXT};
    const char *name = "_dlt_load_id";
    struct ArrowSchema one;
    struct ArrowArray arrays[BATCHES];
    struct parquet_result result;
    sample_ok(schema_make(&name, &type, 1, &one, err));
    for (size_t b = 0; b < BATCHES; b++) {
        struct column column = {0};
        struct ArrowArray child;
        sample_ok(column_init(&column, &type, err));
        for (size_t row = 0; row < BATCH_ROWS; row++)
            sample_ok(column_set_text(&column, row, "1732280000.123456", 17, err));
        sample_ok(column_export(&column, BATCH_ROWS, &child, err));
        sample_ok(batch_make(&child, 1, BATCH_ROWS, &arrays[b], err));
    }
    sample_ok(engine_write_parquet(engine, &one, arrays, BATCHES, "c.parquet", &result, err));
    assert_true(result.bytes < 2000);
    expect("SELECT DISTINCT encodings, compression FROM parquet_metadata('c.parquet')",
           "RLE_DICTIONARY|LZ4_RAW|");
    expect("SELECT converted_type FROM parquet_schema('c.parquet') WHERE name = '_dlt_load_id'",
           "UTF8|");
    expect("SELECT typeof(_dlt_load_id), _dlt_load_id, count(*) FROM 'c.parquet' GROUP BY ALL",
           "VARCHAR|1732280000.123456|40960|");
    schema_release(&one);
}

static void test_failures_leave_no_file(void **state)
{
    (void)state;
    struct parquet_result result;
    struct tg_error problem = {0};
    assert_int_equal(write_rows(10, "none/x.parquet", &result, &problem), TG_IO);
    assert_non_null(strstr(problem.where, "none/x.parquet"));
    char *text = NULL;
    size_t count = 0;
    struct ArrowArray *arrays = sample_batches(5000, &count);
    memcpy(&text, &arrays[1].children[1]->buffers[2], sizeof(text));
    text[0] = '\xff'; /* a producer that gives what is not UTF-8 */
    int rc = engine_write_parquet(engine, &schema, arrays, count, "bad.parquet", &result, &problem);
    assert_int_equal(rc, TG_DATA);
    assert_non_null(strstr(problem.what, "column 'txt' holds text that is not UTF-8"));
    assert_false(exists("bad.parquet"));
    for (size_t i = 0; i < count; i++)
        assert_null(arrays[i].release);
    mem_free(arrays);
    atomic_store(&cancel, 1);
    assert_int_equal(write_rows(5000, "cancelled.parquet", &result, &problem), TG_CANCELLED);
    assert_false(exists("cancelled.parquet"));
    atomic_store(&cancel, 0);
    sample_ok(write_rows(5000, "good.parquet", &result, err));
    assert_int_equal(
        engine_query(engine, "SELECT nothing", &(struct ArrowArrayStream){0}, &problem),
        TG_DESTINATION);
}

static void *cancel_soon(void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
    atomic_store(&cancel, 1);
    return NULL;
}

/* The same arrays are freed right after: a thread of DuckDB that still read them would be caught by
 * the sanitizer. */
static void test_cancel_while_writing(void **state)
{
    (void)state;
    struct parquet_result result;
    pthread_t thread;
    sample_ok(write_rows(1, "warm.parquet", &result, err));
    size_t count = 0;
    struct ArrowArray *arrays = sample_batches(400000, &count);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    int rc = engine_write_parquet(engine, &schema, arrays, count, "c.parquet", &result, NULL);
    pthread_join(thread, NULL);
    assert_true(rc == TG_CANCELLED || rc == TG_OK); /* a fast machine is through before */
    assert_int_equal(exists("c.parquet"), rc == TG_OK);
    for (size_t i = 0; i < count; i++)
        assert_null(arrays[i].release);
    mem_free(arrays);
}

static void test_full_disk(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 300000, .rlim_max = 300000};
        struct tg_error problem = {0};
        struct parquet_result result;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        int rc = write_rows(200000, "full.parquet", &result, &problem);
        _exit(rc == TG_IO && !exists("full.parquet") ? 0 : 10 + rc);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void *count_rows(void *arg)
{
    (void)arg;
    expect("SELECT count(*), sum(id) FROM 'big.parquet'", "100000|4999950000|");
    return NULL;
}

static void test_queries_at_once(void **state)
{
    (void)state;
    struct parquet_result result;
    struct ArrowArrayStream open;
    pthread_t threads[4];
    sample_ok(write_rows(100000, "big.parquet", &result, err));
    sample_ok(engine_query(engine, "SELECT * FROM 'big.parquet'", &open, err));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_rows, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    stream_release(&open);
}

static void test_alone_until_it_rests(void **state)
{
    (void)state;
    static const char threads[] = "SELECT current_setting('threads')";
    expect(threads, "2|");
    sample_ok(engine_alone(engine, true, err));
    expect(threads, "1|");
    sample_ok(engine_alone(engine, false, err));
    expect(threads, "2|");
    sample_ok(engine_alone(engine, true, err));
    engine_rest(engine);
    expect(threads, "2|");
    engine_rest(engine);
    sample_ok(engine_alone(engine, true, err)); /* before anything was asked of it */
    expect(threads, "1|");
}

static int write_once(void)
{
    struct engine *own = NULL;
    struct parquet_result result;
    struct ArrowArray array = {0};
    struct column column = {0};
    struct ArrowArray child = {0};
    struct ArrowSchema one = {0};
    struct type_spec type = {.type = TYPE_BIGINT};
    const char *name = "a";
    int rc = TG_OK;
    TRY(engine_new(&ctx, "tmp", &own, NULL));
    TRY(schema_make(&name, &type, 1, &one, NULL));
    TRY(column_init(&column, &type, NULL));
    column_set_int64(&column, 0, 1);
    TRY(column_export(&column, 1, &child, NULL));
    TRY(batch_make(&child, 1, 1, &array, NULL));
    rc = engine_write_parquet(own, &one, &array, 1, "t.parquet", &result, NULL);
done:
    column_release(&column);
    array_release(&array);
    schema_release(&one);
    engine_free(own);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(write_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* The one that forks comes first: nothing of DuckDB may run yet. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_full_disk),
        in_folder(test_write_and_read_back),
        in_folder(test_edges),
        in_folder(test_row_groups_of_uneven_batches),
        in_folder(test_row_groups_by_memory),
        in_folder(test_constant_text_is_a_dictionary),
        in_folder(test_failures_leave_no_file),
        in_folder(test_cancel_while_writing),
        in_folder(test_queries_at_once),
        in_folder(test_alone_until_it_rests),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/engine", tests, NULL, NULL);
}
