/*
 * What tests of both kinds of engine share: rows into a Parquet file, what a query says of them.
 * `engine` and `schema`, of sample_schema, are the test's. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_DUCKDB_PARQUET_H
#define TIDEGATE_TESTS_DUCKDB_PARQUET_H

#include "duckdb/engine.h"
#include "tests/database/sample.h"

static struct engine *engine;
static struct ArrowSchema schema;

static inline int write_rows(size_t total, const char *path, struct parquet_result *out,
                             struct tg_error *err)
{
    size_t count = 0;
    struct ArrowArray *arrays = sample_batches(total, &count);
    int rc = engine_write_parquet(engine, &schema, arrays, count, path, out, err);
    for (size_t i = 0; i < count; i++)
        assert_null(arrays[i].release);
    mem_free(arrays);
    return rc;
}

static inline void expect(const char *sql, const char *expected)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema got;
    struct ArrowArray batch;
    bool end = false;
    struct buf text = BUF_INIT;
    sample_ok(engine_query(engine, sql, &stream, err));
    sample_ok(stream_schema(&stream, TG_INTERNAL, &got, err));
    sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
    assert_false(end);
    sample_line(&got, &batch, 0, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    array_release(&batch);
    schema_release(&got);
    stream_release(&stream);
}

static inline bool exists(const char *path)
{
    struct fs_stat stat;
    sample_ok(fs_stat(path, &stat, err));
    return stat.exists;
}

/* Of each type a value, as written. */
static inline void expect_row_10(void)
{
    expect("SELECT txt, dbl, flag, ts, naive, bin, json, small, nine, wide, big, day, clock "
           "FROM 'it''s.parquet' WHERE id = 10",
           "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 10|2.5|false|1970-01-01T00:00:00.010010+00:00|~|"
           "w6Tigqzwn5iAIDEw|{\"row\":10}|-499.0|-49.90|~|7000000000000000000000000|1968-08-29|"
           "00:00:00.010010|");
}

#endif
