/* Arrow batches as a DuckDB table: every type, NULLs, slices, odd lengths, damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/connection.h"
#include "duckdb/api.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static duckdb_database database;
static duckdb_connection con;

static int open_memory(void **state)
{
    (void)state;
    context_init(&ctx);
    const struct duck_limits limits = {.memory_bytes = (size_t)64 << 20, .threads = 1};
    return duck_open(&ctx, NULL, &limits, &database, NULL) || duck_connect(database, &con, NULL) ||
           batches_register(con, NULL);
}

static int close_memory(void **state)
{
    (void)state;
    duck_disconnect(&con);
    duck_close(&database);
    return 0;
}

static int run(const char *form, struct batch_source *source, uint64_t *changed,
               struct tg_error *err)
{
    char sql[512];
    snprintf(sql, sizeof(sql), form, (unsigned long long)(uintptr_t)source);
    return duck_exec(&ctx, con, sql, changed, err);
}

/* One value of a query as text, "~" for NULL. */
static void expect(const char *sql, const char *expected)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    bool end = false;
    struct buf text = BUF_INIT;
    sample_ok(duck_query(&ctx, con, false, sql, &stream, err));
    sample_ok(stream_schema(&stream, TG_INTERNAL, &schema, err));
    sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
    assert_false(end);
    sample_line(&schema, &batch, 0, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
}

/* Loads the batches, of `total` rows, by the function and compares each value that comes back. */
static void round_trip(struct ArrowArray *arrays, size_t count, size_t total)
{
    uint64_t changed = 0;
    struct batch_source *source = NULL;
    struct ArrowSchema schema;
    sample_schema(&schema);
    sample_ok(batch_source_new(&schema, arrays, count, &source, err));
    assert_int_equal(batch_source_rows(source), total);
    sample_ok(
        run("CREATE OR REPLACE TABLE t AS SELECT * FROM tidegate_batches(%llu::UBIGINT) LIMIT 0",
            source, NULL, err));
    sample_ok(
        run("INSERT INTO t SELECT * FROM tidegate_batches(%llu::UBIGINT)", source, &changed, err));
    assert_int_equal(changed, total);
    batch_source_free(source);
    for (size_t i = 0; i < count; i++)
        assert_null(arrays[i].release); /* given back as they were read */
    struct ArrowArrayStream stream;
    struct ArrowSchema got_schema;
    sample_ok(duck_query(&ctx, con, false, "SELECT * FROM t ORDER BY id", &stream, err));
    sample_ok(stream_schema(&stream, TG_INTERNAL, &got_schema, err));
    assert_int_equal(got_schema.n_children, SAMPLE_COLUMNS);
    size_t row = 0;
    for (;;) {
        struct ArrowArray batch;
        bool end = false;
        sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
        if (end)
            break;
        struct ArrowArray wanted;
        assert_true(batch.length <= BATCH_ROWS);
        sample_batch(row, (size_t)batch.length, &wanted);
        for (int64_t i = 0; i < batch.length; i++, row++) {
            struct buf left = BUF_INIT;
            struct buf right = BUF_INIT;
            sample_line(&got_schema, &batch, i, &left);
            sample_line(&schema, &wanted, i, &right);
            assert_int_equal(left.len, right.len);
            if (memcmp(left.data, right.data, left.len) != 0)
                fail_msg("row %zu: '%s' instead of '%s'", row, left.data, right.data);
            buf_release(&left);
            buf_release(&right);
        }
        array_release(&wanted);
        array_release(&batch);
    }
    assert_int_equal(row, total);
    schema_release(&got_schema);
    stream_release(&stream);
    schema_release(&schema);
    mem_free(arrays);
}

static void test_all_types_and_lengths(void **state)
{
    (void)state;
    static const size_t totals[] = {0, 1, 2047, 2048, 2049, 100000};
    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        size_t count = 0;
        struct ArrowArray *arrays = sample_batches(totals[i], &count);
        round_trip(arrays, count, totals[i]);
    }
}

/* Chunks are filled from several batches, whose rows begin at any bit of a byte. */
static void test_batches_of_any_length(void **state)
{
    (void)state;
    static const size_t lengths[][6] = {{1, 1, 1, 1, 1, 1},
                                        {0, 7, 0, 2047, 1, 0},
                                        {2048, 1, 2047, 0, 2048, 8},
                                        {0, 0, 0, 0, 0, 3},
                                        {64, 1984, 8, 3, 1997, 40}};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t count = 0, total = 0;
        struct ArrowArray *arrays = sample_uneven(9000, lengths[i], 6, &count, &total);
        round_trip(arrays, count, total);
    }
}

/* ---- single columns made by hand, as foreign producers make them ---- */

struct one {
    struct ArrowSchema schema, child, values_schema;
    struct ArrowSchema *children[1];
    struct ArrowArray batch, array, values;
    struct ArrowArray *arrays[1];
    const void *buffers[3], *value_buffers[3], *none[1];
};

static void give_back_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void give_back(struct ArrowArray *array)
{
    array->release = NULL;
}

static struct one *one(const char *format, int64_t length, int64_t offset, const void *validity,
                       const void *values, const void *bytes)
{
    static struct one made;
    struct one *self = &made;
    *self = (struct one){0};
    self->children[0] = &self->child;
    self->schema = (struct ArrowSchema){.format = "+s",
                                        .name = "",
                                        .n_children = 1,
                                        .children = self->children,
                                        .release = give_back_schema};
    self->child = (struct ArrowSchema){
        .format = format, .name = "c", .flags = ARROW_FLAG_NULLABLE, .release = give_back_schema};
    self->buffers[0] = validity;
    self->buffers[1] = values;
    self->buffers[2] = bytes;
    self->arrays[0] = &self->array;
    self->array = (struct ArrowArray){.length = length,
                                      .null_count = -1,
                                      .offset = offset,
                                      .n_buffers = bytes ? 3 : 2,
                                      .buffers = self->buffers,
                                      .release = give_back};
    self->batch = (struct ArrowArray){.length = length,
                                      .n_buffers = 1,
                                      .n_children = 1,
                                      .buffers = self->none,
                                      .children = self->arrays,
                                      .release = give_back};
    return self;
}

enum { TIMES_MAX = 3 };

/* Loads the one column, `times` over; the code of what failed. */
static int load_times(struct one *self, size_t times, struct tg_error *err)
{
    struct batch_source *source = NULL;
    struct ArrowArray batches[TIMES_MAX] = {self->batch, self->batch, self->batch};
    int rc = batch_source_new(&self->schema, batches, times, &source, err);
    if (rc != TG_OK)
        return rc;
    rc = run("CREATE OR REPLACE TABLE t AS SELECT * FROM tidegate_batches(%llu::UBIGINT)", source,
             NULL, err);
    if (rc != TG_OK && batch_source_error(source, NULL) != TG_OK)
        rc = batch_source_error(source, err);
    batch_source_free(source);
    return rc;
}

static int load(struct one *self, struct tg_error *err)
{
    return load_times(self, 1, err);
}

static const char list_all[] =
    "SELECT typeof(any_value(c)), string_agg(coalesce(c::VARCHAR, '~'), ' ' "
    "ORDER BY rowid) FROM t";

struct foreign {
    const char *format;
    const void *values;
    const char *expected; /* of rows 1 and 2, row 0 is skipped by the offset; row 3 is NULL */
};

static void test_foreign_types(void **state)
{
    (void)state;
    static const int8_t i8[] = {0, 1, -2, 3};
    static const uint8_t u8[] = {0, 1, 254, 3};
    static const int16_t i16[] = {0, 1, -300, 3};
    static const uint16_t u16[] = {0, 1, 65535, 3};
    static const int32_t i32[] = {0, 1, -70000, 3};
    static const uint32_t u32[] = {0, 1, 4000000000, 3};
    static const int64_t i64[] = {0, 1, -86400001, INT64_MAX};
    static const uint64_t u64[] = {0, 1, UINT64_MAX, 3};
    static const float f32[] = {0, 1.5f, -2.25f, 3};
    static const struct foreign cases[] = {
        {"c", i8, "TINYINT|1 -2 ~|"},
        {"C", u8, "UTINYINT|1 254 ~|"},
        {"s", i16, "SMALLINT|1 -300 ~|"},
        {"S", u16, "USMALLINT|1 65535 ~|"},
        {"i", i32, "INTEGER|1 -70000 ~|"},
        {"I", u32, "UINTEGER|1 4000000000 ~|"},
        {"L", u64, "UBIGINT|1 18446744073709551615 ~|"},
        {"f", f32, "FLOAT|1.5 -2.25 ~|"},
        {"tdm", i64, "DATE|1970-01-01 1969-12-30 ~|"},
        {"tss:UTC", i64,
         "TIMESTAMP WITH TIME ZONE|1970-01-01 00:00:01+00 1967-04-06 23:59:59+00 ~|"},
        {"tsm:UTC", i64,
         "TIMESTAMP WITH TIME ZONE|1970-01-01 00:00:00.001+00 1969-12-30 23:59:59.999+00 ~|"},
        {"tsn:Europe/Berlin", i64,
         "TIMESTAMP WITH TIME ZONE|1970-01-01 00:00:00+00 1969-12-31 23:59:59.913599+00 ~|"},
        {"tss:", i64, "TIMESTAMP_S|1970-01-01 00:00:01 1967-04-06 23:59:59 ~|"},
        {"tsm:", i64, "TIMESTAMP_MS|1970-01-01 00:00:00.001 1969-12-30 23:59:59.999 ~|"},
        {"tsn:", i64,
         "TIMESTAMP_NS|1970-01-01 00:00:00.000000001 1969-12-31 23:59:59.913599999 ~|"},
        {"tts", u32 - 0, NULL},
    };
    static const uint8_t validity[] = {0x07};
    for (size_t i = 0; cases[i].expected; i++) {
        sample_ok(load(one(cases[i].format, 3, 1, validity, cases[i].values, NULL), err));
        expect(list_all, cases[i].expected);
    }
    static const int32_t times[] = {0, 1, 86399, 5};
    sample_ok(load(one("tts", 3, 1, validity, times, NULL), err));
    expect(list_all, "TIME|00:00:01 23:59:59 ~|");
    sample_ok(load(one("ttm", 3, 1, validity, times, NULL), err));
    expect(list_all, "TIME|00:00:00.001 00:01:26.399 ~|");
}

static void test_bytes_of_fixed_and_large_size(void **state)
{
    (void)state;
    static const int64_t offsets[] = {0, 3, 3, 20};
    sample_ok(load(one("U", 3, 0, NULL, offsets, "abcdefghijklmnopqrst"), err));
    expect(list_all, "VARCHAR|abc  defghijklmnopqrst|");
    sample_ok(load(one("Z", 3, 0, NULL, offsets, "abcdefghijklmnopqrst"), err));
    expect(list_all, "BLOB|abc  defghijklmnopqrst|");
    sample_ok(load(one("w:16", 2, 0, NULL, "0123456789abcdefghijklmnopqrstuv", NULL), err));
    expect(list_all, "BLOB|0123456789abcdef ghijklmnopqrstuv|");
}

static void test_dictionaries(void **state)
{
    (void)state;
    static const int32_t offsets[] = {0, 3, 20, 20};
    static const uint8_t values_validity[] = {0x03};
    static const int8_t indices[] = {1, 0, 1, 2, 0};
    static const uint8_t validity[] = {0x0f};
    struct one *self = one("c", 5, 0, validity, indices, NULL);
    self->child.dictionary = &self->values_schema;
    self->values_schema = (struct ArrowSchema){.format = "u", .release = give_back_schema};
    self->array.dictionary = &self->values;
    self->value_buffers[0] = values_validity;
    self->value_buffers[1] = offsets;
    self->value_buffers[2] = "abcdefghijklmnopqrst";
    self->values = (struct ArrowArray){.length = 3,
                                       .null_count = 1,
                                       .n_buffers = 3,
                                       .buffers = self->value_buffers,
                                       .release = give_back};
    sample_ok(load(self, err));
    expect(list_all, "VARCHAR|defghijklmnopqrst abc defghijklmnopqrst ~ ~|");
    static const int8_t beyond[] = {1, 3};
    struct tg_error problem = {0};
    self->buffers[1] = beyond;
    self->array.length = self->batch.length = 2;
    self->batch.release = self->array.release = give_back;
    assert_int_equal(load(self, &problem), TG_DATA);
    assert_non_null(strstr(problem.what, "beyond its dictionary"));
}

/* One chunk of several batches: what is written behind the rows of the first. */
static void test_several_batches_in_a_chunk(void **state)
{
    (void)state;
    static const uint8_t validity[] = {0x05}, bits[] = {0x04};
    static const int32_t offsets[] = {0, 1, 4, 4}, times[] = {1, 5, 86399};
    static const int64_t millis[] = {0, 7, -1}, decimals[] = {12, 0, 13, 0, -3, -1};
    static const int8_t indices[] = {1, 0, 0};
    static const struct foreign cases[] = {
        {"c", indices, "TINYINT|1 ~ 0 1 ~ 0 1 ~ 0|"},
        {"b", bits, "BOOLEAN|false ~ true false ~ true false ~ true|"},
        {"tts", times, "TIME|00:00:01 ~ 23:59:59 00:00:01 ~ 23:59:59 00:00:01 ~ 23:59:59|"},
        {"tdm", millis,
         "DATE|1970-01-01 ~ 1969-12-31 1970-01-01 ~ 1969-12-31 1970-01-01 ~ 1969-12-31|"},
        {"d:4,1", decimals, "DECIMAL(4,1)|1.2 ~ -0.3 1.2 ~ -0.3 1.2 ~ -0.3|"},
        {"d:20,1", decimals, "DECIMAL(20,1)|1.2 ~ -0.3 1.2 ~ -0.3 1.2 ~ -0.3|"},
        {"w:2", "abcdef", "BLOB|ab ~ ef ab ~ ef ab ~ ef|"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct one *self = one(cases[i].format, 3, 0, validity, cases[i].values, NULL);
        sample_ok(load_times(self, 3, err));
        expect(list_all, cases[i].expected);
    }
    sample_ok(load_times(one("u", 3, 0, validity, offsets, "abcd"), 2, err));
    expect(list_all, "VARCHAR|a ~  a ~ |");
    sample_ok(load_times(one("l", 0, 0, NULL, millis, NULL), 3, err));
    expect(list_all, "BIGINT|~|");
    struct one *self = one("c", 3, 0, validity, indices, NULL);
    self->child.dictionary = &self->values_schema;
    self->values_schema = (struct ArrowSchema){.format = "u", .release = give_back_schema};
    self->array.dictionary = &self->values;
    self->value_buffers[1] = offsets;
    self->value_buffers[2] = "abcd";
    self->values = (struct ArrowArray){
        .length = 2, .n_buffers = 3, .buffers = self->value_buffers, .release = give_back};
    sample_ok(load_times(self, 2, err));
    expect(list_all, "VARCHAR|bcd ~ a bcd ~ a|");
}

/* What a column is loaded as, once it was looked at. */
static void expect_looked_at(struct one *self, const char *expected)
{
    struct batch_source *source = NULL;
    sample_ok(batch_source_new(&self->schema, &self->batch, 1, &source, err));
    sample_ok(batch_source_find_shared(source, err));
    sample_ok(run("CREATE OR REPLACE TABLE t AS SELECT * FROM tidegate_batches(%llu::UBIGINT)",
                  source, NULL, err));
    batch_source_free(source);
    expect("SELECT left(typeof(any_value(c)), 4), string_agg(coalesce(regexp_replace("
           "replace(c::VARCHAR, chr(0), '?'), 'x+', 'x'), '~'), ' ' ORDER BY rowid) FROM t",
           expected);
}

static void test_texts_that_all_rows_share(void **state)
{
    (void)state;
    static const int32_t twos[] = {0, 2, 4, 6}, uneven[] = {0, 2, 4, 5}, none[] = {0, 0, 0, 0};
    static const int32_t longest[] = {0, 255, 510}, too_long[] = {0, 256, 512};
    static const int64_t large[] = {0, 2, 4, 6};
    static const uint8_t not_second[] = {0x05};
    char many[512];
    memset(many, 'x', sizeof(many));
    expect_looked_at(one("u", 3, 0, NULL, twos, "ababab"), "ENUM|ab ab ab|");
    expect_looked_at(one("u", 1, 1, NULL, twos, "xx''yy"), "ENUM|''|");
    expect_looked_at(one("U", 2, 1, NULL, large, "xx\xc3\xa4\xc3\xa4"), "ENUM|\xc3\xa4 \xc3\xa4|");
    expect_looked_at(one("u", 2, 0, NULL, longest, many), "ENUM|x x|");
    expect_looked_at(one("u", 2, 0, NULL, too_long, many), "VARC|x x|");
    expect_looked_at(one("u", 3, 0, NULL, twos, "ababac"), "VARC|ab ab ac|");
    expect_looked_at(one("u", 3, 0, NULL, uneven, "ababa"), "VARC|ab ab a|");
    expect_looked_at(one("u", 3, 0, NULL, none, ""), "VARC|  |");
    expect_looked_at(one("u", 3, 0, not_second, twos, "ababab"), "VARC|ab ~ ab|");
    expect_looked_at(one("u", 2, 0, NULL, twos, "a\0a\0"), "VARC|a? a?|");
    expect_looked_at(one("z", 3, 0, NULL, twos, "ababab"), "BLOB|ab ab ab|");
    expect_looked_at(one("u", 0, 0, NULL, none, ""), "VARC|~|");
}

/* A text that is noted to be JSON is the engine's, and not parsed: not even what is none. */
static void test_documents(void **state)
{
    static const char json[] = "\1\0\0\0\x14\0\0\0ARROW:extension:name\x0a\0\0\0arrow.json";
    static const int32_t offsets[] = {0, 7, 9};
    (void)state;
    struct one *self = one("u", 2, 0, NULL, offsets, "{\"a\":1}{,");
    self->schema.children[0]->metadata = json;
    expect_looked_at(self, "JSON|{\"a\":1} {,|");
}

static void check_refused(struct one *self, const char *part)
{
    struct tg_error problem = {0};
    assert_int_equal(load(self, &problem), TG_DATA);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

static void test_text_that_is_not_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xc3",
                                      "\xc3(",
                                      "\x80",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xff",
                                      "\xf0\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char bytes[64];
        int32_t offsets[] = {0, 2, 2 + (int32_t)strlen(bad[i]), 0};
        snprintf(bytes, sizeof(bytes), "ok%sok", bad[i]);
        offsets[3] = (int32_t)strlen(bytes);
        check_refused(one("u", 3, 0, NULL, offsets, bytes), "not UTF-8 (row 2 of a batch)");
        sample_ok(load(one("z", 3, 0, NULL, offsets, bytes), err)); /* bytes may be anything */
    }
    /* Whole as a buffer, but cut in the middle of a character. */
    static const int32_t cut[] = {0, 1, 2};
    check_refused(one("u", 2, 0, NULL, cut, "\xc3\xa4"), "not UTF-8 (row 1");
    /* What stands behind a NULL does not matter. */
    static const uint8_t second[] = {0x02};
    static const int32_t offsets[] = {0, 1, 3};
    sample_ok(load(one("u", 2, 0, second, offsets, "\xff\xc3\xa4"), err));
    expect(list_all, "VARCHAR|~ \xc3\xa4|");
}

static void test_values_that_do_not_fit(void **state)
{
    (void)state;
    static const int64_t decimals[] = {99999, 0, -99999, -1};
    check_refused(one("d:4,1", 1, 0, NULL, decimals, NULL), "more digits");
    check_refused(one("d:4,1", 1, 1, NULL, decimals, NULL), "more digits");
    sample_ok(load(one("d:9,1", 2, 0, NULL, decimals, NULL), err));
    expect(list_all, "DECIMAL(9,1)|9999.9 -9999.9|");
    static const int64_t far[] = {INT64_MAX};
    check_refused(one("tss:UTC", 1, 0, NULL, far, NULL), "a time beyond");
    check_refused(one("tdm", 1, 0, NULL, far, NULL), "a date beyond");
}

static void test_types_without_a_column(void **state)
{
    (void)state;
    static const char *const formats[] = {"+s",       "+l",  "e",  "n",  "d:40,2",
                                          "d:9,2,32", "d:9", "vu", "w:x"};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        check_refused(one(formats[i], 0, 0, NULL, NULL, NULL), formats[i]);
    struct one *none = one("l", 0, 0, NULL, NULL, NULL);
    none->schema.n_children = 0;
    check_refused(none, "without columns");
}

static int make_source(void)
{
    struct batch_source *source = NULL;
    struct one *self = one("l", 0, 0, NULL, NULL, NULL);
    int rc = batch_source_new(&self->schema, &self->batch, 1, &source, NULL);
    batch_source_free(source);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(make_source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_types_and_lengths, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_batches_of_any_length, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_foreign_types, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_bytes_of_fixed_and_large_size, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(test_dictionaries, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_several_batches_in_a_chunk, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_texts_that_all_rows_share, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_documents, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_text_that_is_not_utf8, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_values_that_do_not_fit, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(test_types_without_a_column, open_memory, close_memory),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/duckdb_batches", tests, NULL, NULL);
}
