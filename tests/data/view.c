/*
 * src/data/view.c: single values of foreign arrays as text, JSON and numbers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/batch.h"
#include "data/rows.h"

/* Text and JSON of the value at `row`. */
static void check(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                  const char *text, const char *json)
{
    struct buf out = BUF_INIT;
    assert_int_equal(value_text(schema, array, row, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), text);
    buf_clear(&out);
    assert_int_equal(value_json(schema, array, row, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), json);
    buf_release(&out);
}

/* A column without NULLs over `values`. */
#define COLUMN(array, row_count, values)                                                           \
    const void *array##_buffers[3] = {NULL, values, NULL};                                         \
    struct ArrowArray array = {.length = (row_count), .n_buffers = 2, .buffers = array##_buffers}

static void integers_of_every_width(void **state)
{
    static const int64_t negative = -2;
    static const uint64_t large = UINT64_MAX - 1;
    static const struct {
        const char *format, *text, *unsigned_format, *unsigned_text;
    } cases[] = {
        {"c", "-2", "C", "254"},
        {"s", "-2", "S", "65534"},
        {"i", "-2", "I", "4294967294"},
        {"l", "-2", "L", "18446744073709551614"},
    };
    COLUMN(array, 1, &negative);
    int64_t value;
    double real;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct ArrowSchema schema = {.format = cases[i].format};
        struct ArrowSchema unsigned_schema = {.format = cases[i].unsigned_format};
        array_buffers[1] = &negative;
        check(&schema, &array, 0, cases[i].text, cases[i].text);
        assert_true(value_int64(&schema, &array, 0, &value));
        assert_int_equal(value, -2);
        assert_true(value_double(&schema, &array, 0, &real));
        assert_true(real == -2.0);
        array_buffers[1] = &large;
        check(&unsigned_schema, &array, 0, cases[i].unsigned_text, cases[i].unsigned_text);
        assert_int_equal(value_int64(&unsigned_schema, &array, 0, &value), i < 3);
    }
}

static void nulls_and_offsets(void **state)
{
    static const uint8_t validity[] = {0xfb, 0x01}; /* the third is NULL, and those after the 9th */
    static const int16_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const void *buffers[] = {validity, values};
    struct ArrowSchema schema = {.format = "s"}, null_schema = {.format = "n"};
    struct ArrowArray array = {
        .length = 9, .null_count = -1, .offset = 1, .n_buffers = 2, .buffers = buffers};
    struct ArrowArray nulls = {.length = 1, .null_count = 1};
    int64_t value;
    (void)state;
    check(&schema, &array, 0, "1", "1");
    check(&schema, &array, 1, "", "null");
    check(&schema, &array, 7, "8", "8");
    check(&schema, &array, 8, "", "null");
    assert_true(array_is_null(&array, 1));
    assert_false(array_is_null(&array, 2));
    assert_false(value_int64(&schema, &array, 1, &value));
    array.null_count = 0;
    assert_false(array_is_null(&array, 1));
    assert_true(array_is_null(&nulls, 0));
    check(&null_schema, &nulls, 0, "", "null");
}

static void bools_and_floats(void **state)
{
    static const uint8_t bits[] = {0x02};
    static const double wide[] = {0.1, -1.0, 1e300, (double)NAN, -(double)INFINITY};
    static const float narrow[] = {0.1f, 16777216.0f, 3.4028235e+38f};
    struct ArrowSchema b = {.format = "b"}, g = {.format = "g"}, f = {.format = "f"};
    COLUMN(bools, 2, bits);
    COLUMN(doubles, 5, wide);
    COLUMN(floats, 3, narrow);
    int64_t value;
    double real;
    (void)state;
    check(&b, &bools, 0, "false", "false");
    check(&b, &bools, 1, "true", "true");
    assert_false(value_int64(&b, &bools, 1, &value));
    check(&g, &doubles, 0, "0.1", "0.1");
    check(&g, &doubles, 1, "-1.0", "-1.0");
    check(&g, &doubles, 2, "1e+300", "1e+300");
    check(&g, &doubles, 3, "nan", "null");
    check(&g, &doubles, 4, "-inf", "null");
    check(&f, &floats, 0, "0.1", "0.1");
    check(&f, &floats, 1, "16777216.0", "16777216.0");
    check(&f, &floats, 2, "3.4028235e+38", "3.4028235e+38");
    assert_false(value_int64(&g, &doubles, 0, &value));
    assert_true(value_double(&f, &floats, 1, &real));
    assert_true(real == 16777216.0);
}

static void texts_and_bytes(void **state)
{
    static const int32_t offsets[] = {0, 0, 3, 6};
    static const int64_t large_offsets[] = {0, 0, 3, 6};
    static const char bytes[] = "a\"b\xff\x00\x01";
    const void *small[] = {NULL, offsets, bytes}, *large[] = {NULL, large_offsets, bytes};
    struct ArrowArray arrays[2] = {{.length = 3, .n_buffers = 3, .buffers = small},
                                   {.length = 3, .n_buffers = 3, .buffers = large}};
    struct ArrowSchema texts[2] = {{.format = "u"}, {.format = "U"}};
    struct ArrowSchema binaries[2] = {{.format = "z"}, {.format = "Z"}};
    struct ArrowSchema fixed = {.format = "w:2"};
    COLUMN(pairs, 3, bytes);
    const char *value;
    size_t len;
    (void)state;
    for (int i = 0; i < 2; i++) {
        check(&texts[i], &arrays[i], 0, "", "\"\"");
        check(&texts[i], &arrays[i], 1, "a\"b", "\"a\\\"b\"");
        check(&binaries[i], &arrays[i], 2, "/wAB", "\"/wAB\"");
        assert_true(value_bytes(&binaries[i], &arrays[i], 2, &value, &len));
        assert_int_equal(len, 3);
        assert_memory_equal(value, bytes + 3, 3);
    }
    check(&fixed, &pairs, 1, "Yv8=", "\"Yv8=\"");
    assert_true(value_bytes(&fixed, &pairs, 2, &value, &len));
    assert_ptr_equal(value, bytes + 4);
    assert_int_equal(len, 2);
    pairs.null_count = 0;
    fixed.format = "l";
    assert_false(value_bytes(&fixed, &pairs, 0, &value, &len));
}

static void decimals(void **state)
{
    static const int128 values[] = {-1250, 0};
    struct ArrowSchema schema = {.format = "d:10,2"};
    COLUMN(array, 2, values);
    int64_t value;
    (void)state;
    check(&schema, &array, 0, "-12.50", "-12.50");
    check(&schema, &array, 1, "0.00", "0.00");
    assert_false(value_int64(&schema, &array, 0, &value));
}

static void dates_and_times(void **state)
{
    static const struct {
        const char *format;
        int64_t raw;
        const char *text;
        int64_t comparable;
    } cases[] = {
        {"tdD", 19723, "2024-01-01", 19723},
        {"tdm", INT64_C(1704067200000), "2024-01-01", 19723},
        {"tdm", -1, "1969-12-31", -1},
        {"tss:", 1704067200, "2024-01-01T00:00:00", INT64_C(1704067200000000)},
        {"tsm:UTC", INT64_C(1704067200001), "2024-01-01T00:00:00.001000+00:00",
         INT64_C(1704067200001000)},
        {"tsu:Europe/Berlin", INT64_C(1704067200000001), "2024-01-01T00:00:00.000001+00:00",
         INT64_C(1704067200000001)},
        {"tsn:", -1, "1969-12-31T23:59:59.999999999", -1},
        {"tts", 3661, "01:01:01", INT64_C(3661000000)},
        {"ttm", 1, "00:00:00.001000", 1000},
        {"ttu", 1, "00:00:00.000001", 1},
        {"ttn", 1999, "00:00:00.000001", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ArrowSchema schema = {.format = cases[i].format};
        COLUMN(array, 1, &cases[i].raw);
        char quoted[64];
        int64_t value;
        double real;
        snprintf(quoted, sizeof(quoted), "\"%s\"", cases[i].text);
        check(&schema, &array, 0, cases[i].text, quoted);
        assert_true(value_int64(&schema, &array, 0, &value));
        assert_int_equal(value, cases[i].comparable);
        assert_false(value_double(&schema, &array, 0, &real));
    }
}

static void times_out_of_range_are_errors(void **state)
{
    static const int64_t huge = INT64_MAX;
    struct ArrowSchema schema = {.format = "tss:UTC", .name = "seen"};
    COLUMN(array, 1, &huge);
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int64_t value;
    (void)state;
    assert_false(value_int64(&schema, &array, 0, &value));
    assert_int_equal(value_text(&schema, &array, 0, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "'seen'"));
    buf_release(&out);
}

static void narrow_and_wide_formats(void **state)
{
    static const uint16_t halves[] = {0x3c00, 0x2e66, 0x0001, 0x7bff, 0xfc00, 0x7e00, 0x8000};
    static const char *const expected[] = {"1.0",  "0.099975586", "5.9604645e-8", "65504.0",
                                           "-inf", "nan",         "-0.0"};
    static const int32_t d32[] = {-1250};
    static const int64_t d64[] = {INT64_C(-123456789012345678)};
    static const uint64_t d256[][4] = {
        {5, 0, 0, 0},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {0, 0, 1, 0},
        {0, 0, 0, 0},
        {0, 0, 0, UINT64_C(1) << 63},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1},
        {1000, 0, 0, 0},
    };
    struct ArrowSchema e = {.format = "e"}, small = {.format = "d:9,2,32"},
                       middle = {.format = "d:18,9,64"}, large = {.format = "d:38,1,256"},
                       whole = {.format = "d:76,0,256"}, fraction = {.format = "d:76,76,256"},
                       both = {.format = "d:76,38,256"};
    COLUMN(a, 7, halves);
    COLUMN(b, 1, d32);
    COLUMN(c, 1, d64);
    COLUMN(d, 7, d256);
    struct buf out = BUF_INIT;
    double real;
    (void)state;
    for (int64_t i = 0; i < 7; i++) {
        buf_clear(&out);
        assert_int_equal(value_text(&e, &a, i, &out, NULL), TG_OK);
        assert_string_equal(buf_string(&out), expected[i]);
    }
    assert_true(value_double(&e, &a, 1, &real));
    assert_true(real > 0.09997 && real < 0.09998); /* the half next to 0.1 */
    check(&small, &b, 0, "-12.50", "-12.50");
    check(&middle, &c, 0, "-123456789.012345678", "-123456789.012345678");
    check(&large, &d, 0, "0.5", "0.5");
    check(&large, &d, 1, "-0.1", "-0.1");
    check(&large, &d, 2, "34028236692093846346337460743176821145.6",
          "34028236692093846346337460743176821145.6");
    check(&large, &d, 3, "0", "0");
    check(&large, &d, 6, "100", "100");
    check(&whole, &d, 4,
          "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
          "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
    check(&whole, &d, 5,
          "57896044618658097711785492504343953926634992332820282019728792003956564819967",
          "57896044618658097711785492504343953926634992332820282019728792003956564819967");
    check(&fraction, &d, 0,
          "0.0000000000000000000000000000000000000000000000000000000000000000000000000005",
          "0.0000000000000000000000000000000000000000000000000000000000000000000000000005");
    check(&both, &d, 6, "0.00000000000000000000000000000000001",
          "0.00000000000000000000000000000000001");
    buf_release(&out);
}

static void views(void **state)
{
    static const char text[] = "a text of more than twelve";
    struct {
        int32_t len;
        char start[4];
        int32_t buffer, offset;
    } values[] = {{3, "abc", 0, 0}, {19, "of m", 1, 7}, {0, "", 0, 0}};
    const int64_t sizes[] = {0, sizeof(text) - 1};
    const void *buffers[] = {NULL, values, "", text, sizes};
    struct ArrowArray array = {.length = 3, .n_buffers = 5, .buffers = buffers};
    struct ArrowSchema utf8 = {.format = "vu"}, bytes = {.format = "vz"};
    (void)state;
    check(&utf8, &array, 0, "abc", "\"abc\"");
    check(&utf8, &array, 1, "of more than twelve", "\"of more than twelve\"");
    check(&utf8, &array, 2, "", "\"\"");
    check(&bytes, &array, 0, "YWJj", "\"YWJj\"");
}

/* Kind and JSON of a cell. */
static void check_cell(const char *format, const void *values, enum cell_kind kind,
                       const char *json)
{
    struct ArrowSchema schema = {.format = format};
    COLUMN(array, 1, values);
    struct buf scratch = BUF_INIT, out = BUF_INIT;
    yyjson_val cell;
    assert_int_equal(value_cell(&schema, &array, 0, &scratch, &cell, NULL), TG_OK);
    assert_int_equal(cell_kind(&cell), kind);
    cell_json(&out, &cell, 0);
    assert_string_equal(buf_string(&out), json);
    buf_release(&out);
    buf_release(&scratch);
}

static void cells_of_every_type(void **state)
{
    static const int64_t minus = -1, day_ms = 86400000, ns = 1700000000123456789;
    static const uint64_t large = UINT64_MAX;
    static const int128 wide = 1250;
    static const uint64_t nines[] = {0x098a223fffffffff, 0x4b3b4ca85a86c47a, 0, 0};
    static const uint64_t above[] = {0x098a224000000000, 0x4b3b4ca85a86c47a, 0, 0}; /* 10^38 */
    static const double real = 1.5;
    static const uint8_t bit = 1;
    static const int32_t midnight = 0;
    static const int32_t offsets[] = {0, 2};
    const void *text[] = {NULL, offsets, "ab"};
    struct ArrowArray texts = {.length = 1, .n_buffers = 3, .buffers = text};
    struct ArrowSchema u = {.format = "u"}, z = {.format = "z"}, n = {.format = "n"},
                       dict = {.format = "C", .dictionary = &u};
    static const uint8_t zero = 0;
    COLUMN(coded, 1, &zero);
    struct ArrowArray nothing = {.length = 1};
    struct buf scratch = BUF_INIT;
    yyjson_val cell;
    (void)state;
    check_cell("b", &bit, CELL_BOOL, "true");
    check_cell("c", &minus, CELL_INT, "-1");
    check_cell("I", &minus, CELL_INT, "4294967295");
    check_cell("l", &minus, CELL_INT, "-1");
    check_cell("L", &large, CELL_UINT, "18446744073709551615");
    check_cell("g", &real, CELL_DOUBLE, "1.5");
    check_cell("d:5,2", &wide, CELL_DECIMAL, "\"12.50\"");
    check_cell("d:76,0,256", nines, CELL_DECIMAL, "\"99999999999999999999999999999999999999\"");
    check_cell("d:76,1,256", nines, CELL_DECIMAL, "\"9999999999999999999999999999999999999.9\"");
    check_cell("d:76,0,256", above, CELL_TEXT, "\"100000000000000000000000000000000000000\"");
    check_cell("d:76,1,256", above, CELL_DECIMAL, "\"10000000000000000000000000000000000000\"");
    check_cell("tdm", &day_ms, CELL_DATE, "\"1970-01-02\"");
    check_cell("tdD", &minus, CELL_DATE, "\"1969-12-31\"");
    coded.dictionary = &texts;
    assert_int_equal(value_cell(&dict, &coded, 0, &scratch, &cell, NULL), TG_OK);
    assert_int_equal(cell_kind(&cell), CELL_TEXT);
    assert_int_equal(cell_len(&cell), 2);
    assert_int_equal(value_cell(&z, &texts, 0, &scratch, &cell, NULL), TG_OK);
    assert_int_equal(cell_kind(&cell), CELL_BINARY);
    assert_memory_equal(cell.uni.str, "ab", 2);
    assert_int_equal(value_cell(&n, &nothing, 0, &scratch, &cell, NULL), TG_OK);
    assert_int_equal(cell_kind(&cell), CELL_NULL);
    check_cell("tss:UTC", &minus, CELL_TIMESTAMP, "\"1969-12-31T23:59:59+00:00\"");
    check_cell("tsn:UTC", &ns, CELL_TIMESTAMP_NS, "\"2023-11-14T22:13:20.123456789+00:00\"");
    check_cell("tsn:", &ns, CELL_TIMESTAMP_NS, "\"2023-11-14T22:13:20.123456789+00:00\"");
    check_cell("ttm", &midnight, CELL_TIME, "\"00:00:00\"");
    buf_release(&scratch);
}

static void cells_that_there_are_none_of(void **state)
{
    static const char *const formats[] = {"tDu", "tiM", "+s", "+l", "d:77,2,256", "x"};
    static const int64_t values[] = {INT64_MAX, 0};
    struct buf scratch = BUF_INIT;
    COLUMN(array, 1, values);
    yyjson_val cell;
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct ArrowSchema schema = {.format = formats[i], .name = "odd"};
        struct tg_error err = {0};
        assert_int_equal(value_cell(&schema, &array, 0, &scratch, &cell, &err), TG_DATA);
        assert_non_null(strstr(err.what, "column 'odd' has the Arrow format"));
    }
    struct ArrowSchema late = {.format = "tss:"}, night = {.format = "ttu", .name = "t"};
    struct tg_error err = {0};
    assert_int_equal(value_cell(&late, &array, 0, &scratch, &cell, NULL), TG_DATA);
    assert_int_equal(value_cell(&night, &array, 0, &scratch, &cell, &err), TG_DATA);
    assert_non_null(strstr(err.what, "column 't' holds a time that is not within a day"));
    buf_release(&scratch);
}

static void dictionaries(void **state)
{
    static const int32_t offsets[] = {0, 1, 3};
    static const uint8_t indices[] = {0, 1, 1, 2}, dictionary_validity[] = {0x03};
    const void *dictionary_buffers[] = {dictionary_validity, offsets, "abb"};
    const void *buffers[] = {NULL, indices};
    struct ArrowSchema values = {.format = "u"};
    struct ArrowSchema schema = {.format = "C", .dictionary = &values};
    struct ArrowArray dictionary = {
        .length = 3, .null_count = 1, .n_buffers = 3, .buffers = dictionary_buffers};
    struct ArrowArray array = {
        .length = 3, .offset = 1, .n_buffers = 2, .buffers = buffers, .dictionary = &dictionary};
    const char *bytes;
    int64_t value;
    size_t len;
    (void)state;
    check(&schema, &array, 0, "bb", "\"bb\"");
    check(&schema, &array, 2, "", "null"); /* a NULL in the dictionary */
    assert_false(array_is_null(&array, 2));
    assert_true(value_is_null(&schema, &array, 2));
    assert_true(value_bytes(&schema, &array, 1, &bytes, &len));
    assert_int_equal(len, 2);
    assert_false(value_int64(&schema, &array, 0, &value));
}

static void structs_and_lists_are_json(void **state)
{
    static const int64_t ids[] = {9, 1, 2, 3};
    static const int32_t offsets[] = {0, 1, 3, 3};
    static const uint8_t list_validity[] = {0x07};
    const void *id_buffers[] = {NULL, ids}, *struct_buffers[] = {NULL};
    const void *list_buffers[] = {list_validity, offsets};
    struct ArrowSchema id = {.format = "l", .name = "a\"b"}, *id_list[] = {&id};
    struct ArrowSchema object = {.format = "+s", .n_children = 1, .children = id_list};
    struct ArrowSchema *object_list[] = {&object};
    struct ArrowSchema list = {.format = "+l", .n_children = 1, .children = object_list};
    struct ArrowArray id_array = {.length = 4, .n_buffers = 2, .buffers = id_buffers};
    struct ArrowArray *id_arrays[] = {&id_array};
    struct ArrowArray object_array = {.length = 3,
                                      .offset = 1,
                                      .n_buffers = 1,
                                      .buffers = struct_buffers,
                                      .n_children = 1,
                                      .children = id_arrays};
    struct ArrowArray *object_arrays[] = {&object_array};
    struct ArrowArray list_array = {.length = 3,
                                    .n_buffers = 2,
                                    .buffers = list_buffers,
                                    .n_children = 1,
                                    .children = object_arrays};
    (void)state;
    check(&object, &object_array, 0, "{\"a\\\"b\":1}", "{\"a\\\"b\":1}");
    check(&list, &list_array, 1, "[{\"a\\\"b\":2},{\"a\\\"b\":3}]",
          "[{\"a\\\"b\":2},{\"a\\\"b\":3}]");
    check(&list, &list_array, 2, "[]", "[]");
}

static void unsupported_formats_are_named(void **state)
{
    static const int64_t values[2] = {0, 0};
    struct ArrowSchema schema = {.format = "tin", .name = "age"};
    COLUMN(array, 1, values);
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int64_t value;
    (void)state;
    assert_int_equal(value_text(&schema, &array, 0, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "column 'age' has the Arrow format 'tin'"));
    assert_int_equal(value_json(&schema, &array, 0, &out, &err), TG_DATA);
    assert_false(value_int64(&schema, &array, 0, &value));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_width),
        cmocka_unit_test(nulls_and_offsets),
        cmocka_unit_test(bools_and_floats),
        cmocka_unit_test(texts_and_bytes),
        cmocka_unit_test(decimals),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(times_out_of_range_are_errors),
        cmocka_unit_test(narrow_and_wide_formats),
        cmocka_unit_test(views),
        cmocka_unit_test(cells_of_every_type),
        cmocka_unit_test(cells_that_there_are_none_of),
        cmocka_unit_test(dictionaries),
        cmocka_unit_test(structs_and_lists_are_json),
        cmocka_unit_test(unsupported_formats_are_named),
    };
    return cmocka_run_group_tests_name("data/view", tests, NULL, NULL);
}
