/* What the file's own schema says of columns without values, decimals, and INT96 timestamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/formats/parquet_columns.h"
#include "engine_helper.h"
#include "parquet_samples.h"
#include "tests/torture.h"

/* A file with its schema and its rows, as the engine has them. */
struct opened {
    struct parquet_columns *columns;
    struct ArrowSchema schema;
    struct ArrowArray batch;
};

static void open_bytes(const char *folder, const void *bytes, size_t len, struct opened *out)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema engines;
    struct buf sql = BUF_INIT;
    struct tg_error err = {0};
    const char *path = path_in(folder, "it's [1].parquet");
    bool end;
    put_bytes(folder, "it's [1].parquet", bytes, len);
    if (parquet_columns_read(engine, path, &out->columns, &err) != TG_OK)
        fail_msg("%s", err.what);
    buf_text(&sql, "SELECT * FROM ");
    engine_parquet(&sql, &path, 1);
    assert_int_equal(engine_query(engine, buf_string(&sql), &stream, &err), TG_OK);
    assert_int_equal(stream_schema(&stream, TG_DATA, &engines, &err), TG_OK);
    assert_int_equal(schema_copy(&engines, &out->schema, &err), TG_OK);
    schema_release(&engines);
    assert_int_equal(stream_next(&stream, TG_DATA, &out->batch, &end, &err), TG_OK);
    assert_false(end);
    stream_release(&stream);
    buf_release(&sql);
}

static void opened_release(struct opened *opened)
{
    parquet_columns_free(opened->columns);
    schema_release(&opened->schema);
    array_release(&opened->batch);
}

static void put_formats(struct buf *out, const struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        buf_printf(out, "%s ", schema->children[i]->format);
        put_formats(out, schema->children[i]);
    }
}

static void check_formats(const char *folder, const void *bytes, size_t len, const char *formats)
{
    struct opened opened;
    struct buf text = BUF_INIT;
    open_bytes(folder, bytes, len, &opened);
    parquet_columns_mark(opened.columns, &opened.schema);
    put_formats(&text, &opened.schema);
    assert_string_equal(buf_string(&text), formats);
    assert_int_equal(parquet_columns_check(opened.columns, &opened.schema, &opened.batch, NULL),
                     TG_OK);
    buf_release(&text);
    opened_release(&opened);
}

/* A file that the engine writes. */
static void check_select(const char *folder, const char *select, const char *formats)
{
    struct buf file = BUF_INIT;
    const char *path = path_in(folder, "own.parquet");
    put_parquet(path, select);
    assert_int_equal(fs_read_file(path, &file, NULL), TG_OK);
    check_formats(folder, file.data, file.len, formats);
    buf_release(&file);
}

static void test_null_columns(void **state)
{
    check_formats(*state, sample_null_columns, sizeof(sample_null_columns), "l n +s n l +l n u ");
}

/* Columns that merely hold no value keep their type; so do those beside others of many shapes. */
static void test_other_columns(void **state)
{
    check_select(*state, "NULL::INTEGER AS i, 'x' AS t, 1.5::DECIMAL(38,2) AS d",
                 "i u d:38,2,128 ");
    check_select(*state,
                 "{'a': {'b': 1}, 'c': [1]} AS s, MAP {'k': [1.5::DOUBLE]} AS m, [[1], [2]] AS l, "
                 "7 AS n",
                 "+s +s i +l i +m +s u +l g +l +l i i ");
}

static void check_casts(const char *folder, const char *select, size_t columns, bool casts)
{
    struct parquet_columns *read = NULL;
    const char *path = path_in(folder, "own.parquet");
    put_parquet(path, select);
    assert_int_equal(parquet_columns_read(engine, path, &read, NULL), TG_OK);
    assert_int_equal(parquet_columns_count(read), columns);
    assert_int_equal(parquet_columns_may_need_casts(read), casts);
    parquet_columns_free(read);
}

static void test_columns_that_need_casts(void **state)
{
    check_casts(*state, "1 AS a, {'b': [2], 'c': 'INTERVAL'} AS s", 2, false);
    check_casts(*state, "1 AS a, [{'b': INTERVAL 1 DAY}] AS l", 2, true);
    check_casts(*state, "5::VARIANT AS v", 1, true);
}

static void check_refused(const char *folder, const void *bytes, size_t len, const char *what)
{
    struct parquet_columns *columns = NULL;
    struct tg_error err = {0};
    put_bytes(folder, "x.parquet", bytes, len);
    assert_int_equal(parquet_columns_read(engine, path_in(folder, "x.parquet"), &columns, &err),
                     TG_DATA);
    assert_null(columns);
    if (!strstr(err.what, what))
        fail_msg("%s", err.what);
}

static void test_wide_decimals(void **state)
{
    check_refused(*state, sample_wide_decimals, sizeof(sample_wide_decimals),
                  "column 'd' holds decimals of 40 digits");
    check_refused(*state, sample_nested_decimals, sizeof(sample_nested_decimals),
                  "column 'd' holds decimals of 76 digits");
}

/* 12 bytes: nanoseconds of the day, and the day. */
static void check_int96(const char *folder, uint64_t nanoseconds, uint32_t day, bool is_right)
{
    static const unsigned char epoch[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0};
    unsigned char bytes[sizeof(sample_int96)];
    struct opened opened;
    struct tg_error err = {0};
    memcpy(bytes, sample_int96, sizeof(bytes));
    unsigned char *place = memmem(bytes, sizeof(bytes), epoch, sizeof(epoch));
    assert_non_null(place);
    memcpy(place, &nanoseconds, 8);
    memcpy(place + 8, &day, 4);
    open_bytes(folder, bytes, sizeof(bytes), &opened);
    int rc = parquet_columns_check(opened.columns, &opened.schema, &opened.batch, &err);
    if (rc != (is_right ? TG_OK : TG_DATA))
        fail_msg("%llu, %u: %d", (unsigned long long)nanoseconds, day, rc);
    if (!is_right)
        assert_non_null(strstr(err.what, "column 't' holds an INT96 timestamp that is not within"));
    opened_release(&opened);
}

static void test_int96(void **state)
{
    enum { YEAR_1 = 1721426, YEAR_10000 = 5373485 };
    check_int96(*state, 0, 2440588, true);
    check_int96(*state, 0, YEAR_1, true);
    check_int96(*state, 86399999999999, YEAR_10000 - 1, true);
    check_int96(*state, 0, YEAR_1 - 1, false);
    check_int96(*state, 0, YEAR_10000, false);
    check_int96(*state, 0, 0, false);
}

static const char *path_of_torture;

static int work(void)
{
    struct parquet_columns *columns = NULL;
    int rc = parquet_columns_read(engine, path_of_torture, &columns, NULL);
    parquet_columns_free(columns);
    return rc;
}

static void test_torture(void **state)
{
    char path[1024];
    put_bytes(*state, "x.parquet", sample_null_columns, sizeof(sample_null_columns));
    snprintf(path, sizeof(path), "%s/x.parquet", (const char *)*state);
    path_of_torture = path;
    assert_int_equal(work(), TG_OK); /* the engine is open now */
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_null_columns),
        IN_FOLDER(test_other_columns),
        IN_FOLDER(test_columns_that_need_casts),
        IN_FOLDER(test_wide_decimals),
        IN_FOLDER(test_int96),
        IN_FOLDER(test_torture),
    };
    return cmocka_run_group_tests_name("extract/parquet_columns", tests, start_engine, stop_engine);
}
