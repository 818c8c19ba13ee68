/*
 * src/postgres/values/encode.c: golden bytes of every way, formats of Arrow, text where there is
 * no way, what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/encode.h"
#include "tests/torture.h"

/* One column of three rows at most, over buffers of the test; the struct around it. */
struct one {
    struct ArrowSchema schema, child, dictionary_schema;
    struct ArrowSchema *children[1];
    struct ArrowArray batch, array, dictionary;
    struct ArrowArray *arrays[1];
    const void *buffers[3], *dictionary_buffers[3];
};

static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

static void make(struct one *one, const char *format, const void *values, const char *bytes,
                 int64_t rows)
{
    *one = (struct one){.buffers = {NULL, values, bytes}};
    one->child = (struct ArrowSchema){.format = format, .name = "it"};
    one->children[0] = &one->child;
    one->schema = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = 1, .children = one->children};
    one->array = (struct ArrowArray){.length = rows,
                                     .n_buffers = bytes ? 3 : 2,
                                     .buffers = one->buffers,
                                     .release = release_nothing};
    one->arrays[0] = &one->array;
    one->batch = (struct ArrowArray){.length = rows,
                                     .n_buffers = 1,
                                     .buffers = one->buffers,
                                     .n_children = 1,
                                     .children = one->arrays,
                                     .release = release_nothing};
}

static int typmod = -1;

static int encode(struct one *one, uint32_t oid, bool *text, struct buf *out, struct tg_error *err)
{
    struct pg_field target = {"target", oid, typmod, true, NULL, NULL};
    struct pg_encoder *encoder = NULL;
    int64_t row = 0;
    int rc = TG_OK;
    TRY(pg_encoder_new(&one->schema, &target, 1, &encoder, err));
    *text = pg_encoder_is_text(encoder);
    while (row < one->batch.length)
        TRY(pg_encoder_batch(encoder, &one->batch, &row, out, err));
done:
    pg_encoder_free(encoder);
    return rc;
}

static void assert_bytes(struct one *one, uint32_t oid, bool as_text, const char *expected,
                         size_t len)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    bool text;
    if (encode(one, oid, &text, &out, &err) != TG_OK)
        fail_msg("%s to %u: %s", one->child.format, oid, err.what);
    if (text != as_text || out.len != len || memcmp(out.data, expected, len) != 0) {
        for (size_t i = 0; i < out.len; i++)
            print_message("\\%o", (unsigned char)out.data[i]);
        fail_msg("%s to %u is something else (text: %d)", one->child.format, oid, text);
    }
    buf_release(&out);
}

#define IS(one, oid, bytes)      assert_bytes(one, oid, false, bytes, sizeof(bytes) - 1)
#define IS_TEXT(one, oid, lines) assert_bytes(one, oid, true, lines, sizeof(lines) - 1)

static struct tg_error refused(struct one *one, uint32_t oid)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    bool text;
    assert_int_equal(encode(one, oid, &text, &out, &err), TG_DATA);
    assert_string_equal(err.column, "target");
    buf_release(&out);
    return err;
}

static void integers(void **state)
{
    static const char *const formats[] = {"c", "s", "i", "l"};
    static const int8_t one8[] = {-1, 127};
    static const int16_t one16[] = {-1, 127};
    static const int32_t one32[] = {-1, 127};
    static const int64_t one64[] = {-1, 127};
    static const void *const values[] = {one8, one16, one32, one64};
    struct one one;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        make(&one, formats[i], values[i], NULL, 2);
        IS(&one, 21, "\0\1\0\0\0\2\377\377\0\1\0\0\0\2\0\177");
        IS(&one, 23, "\0\1\0\0\0\4\377\377\377\377\0\1\0\0\0\4\0\0\0\177");
        IS(&one, 20,
           "\0\1\0\0\0\10\377\377\377\377\377\377\377\377\0\1\0\0\0\10\0\0\0\0\0\0\0\177");
        IS(&one, 1700, "\0\1\0\0\0\12\0\1\0\0@\0\0\0\0\1\0\1\0\0\0\12\0\1\0\0\0\0\0\0\0\177");
        IS_TEXT(&one, 1043 + 100000, "-1\n127\n");
    }
    make(&one, "C", (uint8_t[]){255}, NULL, 1);
    IS(&one, 21, "\0\1\0\0\0\2\0\377");
    make(&one, "L", (uint64_t[]){UINT64_MAX}, NULL, 1);
    IS(&one, 1700, "\0\1\0\0\0\22\0\5\0\4\0\0\0\0\7\64\32\130\2\341\3\273\6\117");
    struct tg_error err = refused(&one, 20);
    assert_string_equal(err.what, "the value 18446744073709551615 of column 'target' does not fit "
                                  "the column's type bigint");
    make(&one, "i", (int32_t[]){40000}, NULL, 1);
    err = refused(&one, 21);
    assert_non_null(strstr(err.what, "the value 40000 of column 'target'"));
    make(&one, "l", (int64_t[]){INT64_C(1) << 31}, NULL, 1);
    refused(&one, 23);
}

static void floats_and_bools(void **state)
{
    struct one one;
    (void)state;
    make(&one, "g", (double[]){1.5}, NULL, 1);
    IS(&one, 701, "\0\1\0\0\0\10\77\370\0\0\0\0\0\0");
    IS_TEXT(&one, 700, "1.5\n");
    make(&one, "f", (float[]){1.5F}, NULL, 1);
    IS(&one, 701, "\0\1\0\0\0\10\77\370\0\0\0\0\0\0");
    IS(&one, 700, "\0\1\0\0\0\4\77\300\0\0");
    make(&one, "b", (uint8_t[]){2}, NULL, 2);
    IS(&one, 16, "\0\1\0\0\0\1\0\0\1\0\0\0\1\1");
    IS_TEXT(&one, 25, "false\ntrue\n");
}

static void decimals(void **state)
{
    struct one one;
    int128 value = -1235;
    (void)state;
    make(&one, "d:4,2", &value, NULL, 1);
    IS(&one, 1700, "\0\1\0\0\0\14\0\2\0\0@\0\0\2\0\14\15\254");
    IS_TEXT(&one, 701, "-12.35\n");
    make(&one, "d:4,2,32", (int32_t[]){-1235}, NULL, 1);
    IS(&one, 1700, "\0\1\0\0\0\14\0\2\0\0@\0\0\2\0\14\15\254");
    make(&one, "d:4,2,64", (int64_t[]){-1235}, NULL, 1);
    IS(&one, 1700, "\0\1\0\0\0\14\0\2\0\0@\0\0\2\0\14\15\254");
    make(&one, "d:76,2,256", (int64_t[]){1235, 0, 0, 0}, NULL, 1);
    IS_TEXT(&one, 1700, "12.35\n");
}

static void texts(void **state)
{
    struct one one;
    (void)state;
    make(&one, "u", (int32_t[]){0, 1, 1}, "a", 2);
    IS(&one, 25, "\0\1\0\0\0\1a\0\1\0\0\0\0");
    IS(&one, 1043, "\0\1\0\0\0\1a\0\1\0\0\0\0");
    IS(&one, 114, "\0\1\0\0\0\1a\0\1\0\0\0\0");
    IS(&one, 3802, "\0\1\0\0\0\2\1a\0\1\0\0\0\1\1");
    IS_TEXT(&one, 23, "a\n\n");
    make(&one, "U", (int64_t[]){0, 1, 1}, "a", 2);
    IS(&one, 25, "\0\1\0\0\0\1a\0\1\0\0\0\0");
    make(&one, "vu", (int32_t[]){1, 'a', 0, 0}, "", 1);
    IS(&one, 25, "\0\1\0\0\0\1a");
    make(&one, "z", (int32_t[]){0, 2}, "\0\1", 1);
    IS(&one, 17, "\0\1\0\0\0\2\0\1");
    IS_TEXT(&one, 25, "\\\\x0001\n");
    make(&one, "w:2", "\0\1", NULL, 1);
    IS(&one, 17, "\0\1\0\0\0\2\0\1");
    make(&one, "u", (int32_t[]){0, 8}, "\\\t\n\r\\.N'", 1);
    IS_TEXT(&one, 23, "\\\\\\t\\n\\r\\\\.N'\n");
}

static void arrays(void **state)
{
    struct one one;
    (void)state;
    make(&one, "u", (int32_t[]){0, 10}, "[\"a\",null]", 1);
    IS_TEXT(&one, 1009, "{\"a\",NULL}\n");
    IS_TEXT(&one, 3905, "{\"a\",NULL}\n");
    IS_TEXT(&one, 199, "[\"a\",null]\n");
    IS_TEXT(&one, 100000, "[\"a\",null]\n");
    make(&one, "u", (int32_t[]){0, 9}, "[\"\\u0041\"", 1);
    IS_TEXT(&one, 1009, "[\"\\\\u0041\"\n");
}

static void uuids(void **state)
{
    struct one one;
    (void)state;
    make(&one, "u", (int32_t[]){0, 36}, "00010203-0405-0607-0809-0A0b0c0d0e0f", 1);
    IS(&one, 2950, "\0\1\0\0\0\20\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17");
    make(&one, "u", (int32_t[]){0, 35}, "00010203-0405-0607-0809-0a0b0c0d0e0", 1);
    struct tg_error err = refused(&one, 2950);
    assert_non_null(strstr(err.what, "'target' is none of type uuid"));
}

/* What the server would cut without a word; what it refuses itself goes there. */
static void lengths(void **state)
{
    static const char name64[] = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd";
    static const uint32_t types[] = {1042, 1043};
    struct one one;
    (void)state;
    typmod = 2 + 4;
    for (size_t i = 0; i < 2; i++) {
        make(&one, "u", (int32_t[]){0, 3}, "ab ", 1);
        assert_non_null(
            strstr(refused(&one, types[i]).what,
                   "the value ab  of column 'target' ends in blanks that would be cut"));
        make(&one, "u", (int32_t[]){0, 5}, "\303\244\303\266 ", 1);
        (void)refused(&one, types[i]);
        make(&one, "u", (int32_t[]){0, 3}, "   ", 1);
        (void)refused(&one, types[i]);
        make(&one, "u", (int32_t[]){0, 2}, "a ", 1);
        IS(&one, types[i], "\0\1\0\0\0\2a ");
        make(&one, "u", (int32_t[]){0, 4}, "\303\244\303\266", 1);
        IS(&one, types[i], "\0\1\0\0\0\4\303\244\303\266");
        make(&one, "u", (int32_t[]){0, 4}, "ab c", 1);
        IS(&one, types[i], "\0\1\0\0\0\4ab c");
        make(&one, "u", (int32_t[]){0, 0}, "", 1);
        IS(&one, types[i], "\0\1\0\0\0\0");
    }
    typmod = -1;
    make(&one, "u", (int32_t[]){0, 4}, "ab  ", 1);
    IS(&one, 1043, "\0\1\0\0\0\4ab  ");
    make(&one, "u", (int32_t[]){0, 64}, name64, 1);
    assert_non_null(strstr(refused(&one, 19).what, "would be cut by the column's type name"));
    IS(&one, 25, "\0\1\0\0\0\100aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd");
    make(&one, "u", (int32_t[]){0, 63}, name64, 1);
    IS(&one, 19, "\0\1\0\0\0\077aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddd");
}

static void nul_characters(void **state)
{
    struct one one;
    static const char *const formats[] = {"u", "U", "vu"};
    static const int32_t narrow[] = {0, 1, 3}, views[] = {1, 'a', 0, 0, 2, 'b', 0, 0};
    static const int64_t wide[] = {0, 1, 3};
    static const void *const values[] = {narrow, wide, views};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        make(&one, formats[i], values[i], "ab\0", 2);
        struct tg_error err = refused(&one, 25);
        assert_non_null(strstr(err.what, "NUL character"));
        refused(&one, 23);
    }
    /* behind NULL, or outside of the rows, are bytes that nobody sees */
    make(&one, "u", narrow, "ab\0", 2);
    one.buffers[0] = (uint8_t[]){1};
    one.array.null_count = 1;
    IS(&one, 25, "\0\1\0\0\0\1a\0\1\377\377\377\377");
    make(&one, "u", narrow, "ab\0", 1);
    IS(&one, 25, "\0\1\0\0\0\1a");
}

static void times(void **state)
{
    struct one one;
    (void)state;
    make(&one, "tdD", (int32_t[]){10958, INT32_MAX, -INT32_MAX}, NULL, 3);
    IS(&one, 1082, "\0\1\0\0\0\4\0\0\0\1\0\1\0\0\0\4\177\377\377\377\0\1\0\0\0\4\200\0\0\0");
    IS_TEXT(&one, 25, "2000-01-02\ninfinity\n-infinity\n");
    make(&one, "tdm", (int64_t[]){INT64_C(10958) * 86400000}, NULL, 1);
    IS(&one, 1082, "\0\1\0\0\0\4\0\0\0\1");
    make(&one, "tts", (int32_t[]){1}, NULL, 1);
    IS(&one, 1083, "\0\1\0\0\0\10\0\0\0\0\0\17\102\100");
    make(&one, "ttn", (int64_t[]){1999}, NULL, 1);
    IS(&one, 1083, "\0\1\0\0\0\10\0\0\0\0\0\0\0\1");
    make(&one, "ttu", (int64_t[]){-1}, NULL, 1);
    refused(&one, 1083);
    static const char *const units[] = {"tss:", "tsm:UTC", "tsu:UTC", "tsn:"};
    static const int64_t second[] = {1, 1000, 1000000, 1000000000};
    for (size_t i = 0; i < 4; i++) {
        int64_t values[] = {946684801 * second[i], INT64_MAX, -INT64_MAX};
        make(&one, units[i], values, NULL, 3);
        IS(&one, 1184,
           "\0\1\0\0\0\10\0\0\0\0\0\17\102\100\0\1\0\0\0\10\177\377\377\377\377\377\377\377"
           "\0\1\0\0\0\10\200\0\0\0\0\0\0\0");
        IS(&one, 1114,
           "\0\1\0\0\0\10\0\0\0\0\0\17\102\100\0\1\0\0\0\10\177\377\377\377\377\377\377\377"
           "\0\1\0\0\0\10\200\0\0\0\0\0\0\0");
    }
    make(&one, "tsu:", (int64_t[]){-62167219200000000}, NULL, 1); /* the year 0 */
    IS_TEXT(&one, 25, "0001-01-01 00:00:00 BC\n");
}

static void times_that_postgresql_does_not_have(void **state)
{
    struct one one;
    (void)state;
    make(&one, "tdD", (int32_t[]){-2440588 - 1}, NULL, 1); /* the day before 4714-11-24 BC */
    struct tg_error err = refused(&one, 1082);
    assert_non_null(strstr(err.what, "'target' does not fit the column's type date"));
    make(&one, "tdD", (int32_t[]){-2440588}, NULL, 1);
    IS(&one, 1082, "\0\1\0\0\0\4\377\332\227\247");
    make(&one, "tsu:", (int64_t[]){INT64_MIN}, NULL, 1);
    refused(&one, 1114);
    make(&one, "tss:", (int64_t[]){INT64_MAX / 1000}, NULL, 1);
    refused(&one, 1114);
}

static void nulls_offsets_dictionaries(void **state)
{
    struct one one;
    (void)state;
    make(&one, "i", (int32_t[]){9, 1, 2, 3}, NULL, 2);
    one.buffers[0] = (uint8_t[]){0x0d}; /* the second value is NULL */
    one.array.null_count = -1;
    one.array.offset = 1;
    IS(&one, 21, "\0\1\377\377\377\377\0\1\0\0\0\2\0\2");
    one.batch.offset = 1;
    IS(&one, 21, "\0\1\0\0\0\2\0\2\0\1\0\0\0\2\0\3");
    IS_TEXT(&one, 100000, "2\n3\n");
    one.batch.offset = 0;
    IS_TEXT(&one, 100000, "\\N\n2\n");
    make(&one, "n", NULL, NULL, 1);
    one.array.n_buffers = 0;
    IS(&one, 600, "\0\1\377\377\377\377");
    make(&one, "C", (uint8_t[]){1, 0}, NULL, 2);
    one.dictionary_schema = (struct ArrowSchema){.format = "u", .name = ""};
    one.child.dictionary = &one.dictionary_schema;
    one.dictionary_buffers[1] = (int32_t[]){0, 1, 2, 3};
    one.dictionary_buffers[2] = "abc";
    one.dictionary = (struct ArrowArray){.length = 2,
                                         .offset = 1,
                                         .n_buffers = 3,
                                         .buffers = one.dictionary_buffers,
                                         .release = release_nothing};
    one.array.dictionary = &one.dictionary;
    IS(&one, 25, "\0\1\0\0\0\1c\0\1\0\0\0\1b");
    IS_TEXT(&one, 23, "c\nb\n");
}

static void chunks(void **state)
{
    enum { ROWS = 20000 };
    struct pg_field target = {"target", 20, -1, true, NULL, NULL};
    struct pg_encoder *encoder;
    struct buf out = BUF_INIT;
    struct one one;
    int64_t *values = mem_calloc(ROWS, sizeof(*values)), row = 0;
    size_t bytes = 0, count = 0;
    (void)state;
    make(&one, "l", values, NULL, ROWS);
    assert_int_equal(pg_encoder_new(&one.schema, &target, 1, &encoder, NULL), TG_OK);
    assert_int_equal(pg_encoder_header(encoder, &out, NULL), TG_OK);
    assert_memory_equal(out.data, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    assert_int_equal(out.len, 19);
    for (; row < ROWS; count++) {
        buf_clear(&out);
        assert_int_equal(pg_encoder_batch(encoder, &one.batch, &row, &out, NULL), TG_OK);
        assert_true(out.len < PG_CHUNK + 14);
        bytes += out.len;
    }
    assert_int_equal(bytes, ROWS * 14);
    assert_int_equal(count, (ROWS * 14 + PG_CHUNK - 1) / PG_CHUNK);
    buf_clear(&out);
    assert_int_equal(pg_encoder_trailer(encoder, &out, NULL), TG_OK);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.data, "\377\377", 2);
    pg_encoder_free(encoder);
    buf_release(&out);
    mem_free(values);
}

static uint32_t torture_oid;

static int encode_texts(void)
{
    struct one one;
    struct buf out = BUF_INIT;
    bool text;
    make(&one, "u", (int32_t[]){0, 1, 3}, "abc", 2);
    int rc = encode(&one, torture_oid, &text, &out, NULL);
    buf_release(&out);
    return rc;
}

static void memory_runs_out(void **state)
{
    (void)state;
    torture_oid = 25;
    torture(encode_texts);
    torture_oid = 23;
    torture(encode_texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(floats_and_bools),
        cmocka_unit_test(decimals),
        cmocka_unit_test(texts),
        cmocka_unit_test(arrays),
        cmocka_unit_test(uuids),
        cmocka_unit_test(lengths),
        cmocka_unit_test(nul_characters),
        cmocka_unit_test(times),
        cmocka_unit_test(times_that_postgresql_does_not_have),
        cmocka_unit_test(nulls_offsets_dictionaries),
        cmocka_unit_test(chunks),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
