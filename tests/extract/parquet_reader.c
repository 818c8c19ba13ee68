/* src/extract/formats/parquet_reader.c: Parquet of all kinds, through the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/formats/parquet_reader.h"
#include "engine_helper.h"
#include "outcome.h"
#include "parquet_samples.h"

static struct outcome read_parquet(const char *path)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream = NULL;
    out.rc = parquet_reader_open(engine, path, path, &stream, &out.err);
    read_all(stream, path, &out);
    return out;
}

static void test_parquet(void **state)
{
    const char *path = path_in(*state, "it[1]*.parquet");
    put_file(*state, "it1x.parquet", "another that the pattern would match");
    put_parquet(path, "range AS id, 'x' AS t FROM range(5000)");
    struct outcome out = read_parquet(path);
    if (out.rc != TG_OK)
        fail_msg("%s: %s", out.err.where, out.err.what);
    assert_int_equal(out.rows, 5000);
    assert_string_equal(out.formats, "l u ");
    assert_memory_equal(buf_string(&out.text), "id=0,t=\"x\" id=1,t=\"x\" ", 22);
    buf_release(&out.text);
}

static void check_parquet(const char *folder, const char *select, const char *formats,
                          const char *rows)
{
    const char *path = path_in(folder, "x.parquet");
    put_parquet(path, select);
    struct outcome out = read_parquet(path);
    if (out.rc != TG_OK)
        fail_msg("%s: %s", out.err.where, out.err.what);
    assert_string_equal(out.formats, formats);
    assert_string_equal(buf_string(&out.text), rows);
    buf_release(&out.text);
}

/* Structs, lists and maps come as they are, with the types of what is in them. */
static void test_nested_parquet(void **state)
{
    check_parquet(*state,
                  "range AS id, {'a': range * 1.5, 'b': DATE '2024-01-01'} AS s, [range, 7] AS l, "
                  "MAP {'k': 'x'::BLOB} AS m FROM range(2)",
                  "l +s +l +m ",
                  "id=0,s={\"a\":0.0,\"b\":\"2024-01-01\"},l=[0,7],m=[{\"key\":\"k\","
                  "\"value\":\"eA==\"}] "
                  "id=1,s={\"a\":1.5,\"b\":\"2024-01-01\"},l=[1,7],m=[{\"key\":\"k\","
                  "\"value\":\"eA==\"}] ");
    check_parquet(*state, "[1] AS l LIMIT 0", "", "");
}

static void test_parquet_types(void **state)
{
    check_parquet(*state,
                  "1.25::DECIMAL(10,2) AS d, TIMESTAMP '2024-01-01 00:00:00' AS n, "
                  "TIMESTAMPTZ '2024-01-01 00:00:00+00' AS z, "
                  "TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS ns",
                  "d:10,2,128 tsu: tsu:UTC tsn: ",
                  "d=1.25,n=\"2024-01-01T00:00:00\",z=\"2024-01-01T00:00:00+00:00\","
                  "ns=\"2024-01-01T00:00:00.123456789\" ");
    check_parquet(*state,
                  "'00000000-0000-0000-0000-000000000001'::UUID AS u, 'a'::ENUM('a') AS e, "
                  "TIME '10:00:00' AS t, [1, 2]::INTEGER[2] AS a, '101'::BIT AS b",
                  "u u ttu +l u ",
                  "u=\"00000000-0000-0000-0000-000000000001\",e=\"a\",t=\"10:00:00\",a=[1,2],"
                  "b=\"101\" ");
}

/* Arrow batches hold no variants, and nobody wants Arrow's intervals. */
static void test_parquet_casts(void **state)
{
    check_parquet(*state,
                  "INTERVAL 1 MONTH AS \"an \"\"INTERVAL\", {'a': 1}::VARIANT AS v, "
                  "{'i': INTERVAL 2 DAY, 'VARIANT': 5, 'l': [INTERVAL 1 HOUR]} AS s, 7 AS n",
                  "u u +s i ",
                  "an \"INTERVAL=\"1 month\",v=\"{\\\"a\\\":1}\",s={\"i\":\"2 days\","
                  "\"VARIANT\":5,\"l\":[\"01:00:00\"]},n=7 ");
    check_parquet(*state, "INTERVAL 3 DAY AS i", "u ", "i=\"3 days\" "); /* each by itself */
    check_parquet(*state, "[INTERVAL 4 DAY] AS l", "+l ", "l=[\"4 days\"] ");
    check_parquet(*state, "{'v': [1, 2]}::VARIANT AS v", "u ", "v=\"{\\\"v\\\":[1,2]}\" ");
    check_parquet(*state, "{'metadata': 1} AS s", "+s ", "s={\"metadata\":1} ");
}

static struct outcome read_sample(const char *folder, const void *bytes, size_t len)
{
    put_bytes(folder, "x.parquet", bytes, len);
    return read_parquet(path_in(folder, "x.parquet"));
}

/* Which the engine takes for integers, doubles, and any year. */
static void test_parquet_columns(void **state)
{
    unsigned char bytes[sizeof(sample_int96)];
    struct outcome out;
    out = read_sample(*state, sample_null_columns, sizeof(sample_null_columns));
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(out.formats, "l n +s +l u ");
    assert_string_equal(buf_string(&out.text),
                        "id=1,n=null,s={\"x\":null,\"y\":1},l=[null],t=\"a\" "
                        "id=2,n=null,s={\"x\":null,\"y\":1},l=[],t=\"b\" ");
    buf_release(&out.text);
    out = read_sample(*state, sample_wide_decimals, sizeof(sample_wide_decimals));
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.where, "x.parquet"));
    out = read_sample(*state, sample_int96, sizeof(sample_int96));
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "t=\"0001-01-01T00:00:00\" "
                                               "t=\"9999-12-31T23:59:59.999999\" "
                                               "t=\"1970-01-01T00:00:00\" ");
    buf_release(&out.text);
    memcpy(bytes, sample_int96, sizeof(bytes));
    memset(memmem(bytes, sizeof(bytes), "\x8c\x3d\x25", 4), 0xff, 4);
    out = read_sample(*state, bytes, sizeof(bytes));
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.where, "x.parquet"));
}

static void test_damaged_parquet(void **state)
{
    static const struct {
        const char *content, *what;
    } files[] = {
        {"id\n1\n", "its first bytes are those of text, not of Parquet"},
        {"", "it is empty"},
        {"PAR1 that is cut off before its end",
         "the file cannot be read: duckdb: Invalid Input Error: No magic bytes"},
    };
    const char *path = path_in(*state, "x.parquet");
    for (size_t i = 0; i < 3; i++) {
        put_file(*state, "x.parquet", files[i].content);
        struct outcome out = read_parquet(path);
        assert_int_equal(out.rc, TG_DATA);
        assert_non_null(strstr(out.err.where, path));
        if (!strstr(out.err.what, files[i].what) || strstr(out.err.what, "LINE 1"))
            fail_msg("%s", out.err.what);
        buf_release(&out.text);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_parquet),         IN_FOLDER(test_nested_parquet),
        IN_FOLDER(test_parquet_types),   IN_FOLDER(test_parquet_casts),
        IN_FOLDER(test_parquet_columns), IN_FOLDER(test_damaged_parquet),
    };
    return cmocka_run_group_tests_name("extract/parquet_reader", tests, start_engine, stop_engine);
}
