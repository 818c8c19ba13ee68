/* normalize/cast.c: Arrow columns into other types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "foreign.h"
#include "normalize/values/cast.h"
#include "tests/torture.h"

/* The column cast to `to`, values joined by ' '; "-" when one does not fit. */
static void check(const struct foreign_column *column, int64_t rows, struct type_spec to,
                  const char *expected)
{
    struct foreign foreign;
    struct page page;
    struct type_spec from;
    struct ArrowArray out;
    struct buf text = BUF_INIT;
    uint64_t cut_count = 0;
    bool fits;
    foreign_page(&foreign, column, 1, rows, &page);
    assert_int_equal(type_from_arrow(&foreign.schemas[0], &from, NULL), TG_OK);
    assert_int_equal(cast_array(&foreign.schemas[0], &foreign.arrays[0], 0, (size_t)rows, &to, &out,
                                &cut_count, &fits, NULL),
                     TG_OK);
    if (fits) {
        struct ArrowSchema schema;
        const char *names[] = {"x"};
        assert_int_equal(schema_make(names, &to, 1, &schema, NULL), TG_OK);
        assert_int_equal(out.length, rows);
        for (int64_t row = 0; row < rows; row++) {
            buf_text(&text, row ? " " : "");
            assert_int_equal(value_json(schema.children[0], &out, row, &text, NULL), TG_OK);
        }
        array_release(&out);
        schema_release(&schema);
    } else {
        assert_null(out.release);
        buf_text(&text, "-");
    }
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    page_release(&page);
}

/* How many values are said to have lost nanoseconds. */
static void check_cut(const struct foreign_column *column, int64_t rows, struct type_spec to,
                      uint64_t expected)
{
    struct foreign foreign;
    struct page page;
    struct ArrowArray out;
    uint64_t cut_count = 0;
    bool fits;
    foreign_page(&foreign, column, 1, rows, &page);
    assert_int_equal(cast_array(&foreign.schemas[0], &foreign.arrays[0], 0, (size_t)rows, &to, &out,
                                &cut_count, &fits, NULL),
                     TG_OK);
    assert_true(fits);
    assert_int_equal(cut_count, expected);
    array_release(&out);
    page_release(&page);
}

static const struct type_spec bigint = {.type = TYPE_BIGINT}, real = {.type = TYPE_DOUBLE},
                              text = {.type = TYPE_TEXT}, timestamp = {.type = TYPE_TIMESTAMP},
                              date = {.type = TYPE_DATE}, whole = {TYPE_DECIMAL, 20, 0, false};

static void numbers(void **state)
{
    (void)state;
    static const int32_t ints[] = {1, -2, 3};
    static const uint8_t validity[] = {5};
    static const uint64_t big[] = {1, UINT64_MAX};
    static const float floats[] = {1.5f, -2.0f};
    static const double doubles[] = {1.0, 2.5};
    struct foreign_column i32 = {"a", "i", {validity, ints, NULL}, 0, NULL, NULL};
    struct foreign_column u64 = {"a", "L", {NULL, big, NULL}, 0, NULL, NULL};
    struct foreign_column f32 = {"a", "f", {NULL, floats, NULL}, 0, NULL, NULL};
    struct foreign_column f64 = {"a", "g", {NULL, doubles, NULL}, 0, NULL, NULL};
    check(&i32, 3, bigint, "1 null 3");
    check(&i32, 3, real, "1.0 null 3.0");
    check(&i32, 3, text, "\"1\" null \"3\"");
    check(&u64, 2, whole, "1 18446744073709551615");
    check(&u64, 1, bigint, "1");
    check(&u64, 2, bigint, "-");
    check(&f32, 2, real, "1.5 -2.0");
    check(&f64, 1, bigint, "1");
    check(&f64, 2, bigint, "-");
    check(&f64, 2, text, "\"1.0\" \"2.5\"");
    check(&i32, 0, bigint, "");
    static const uint16_t halves[] = {0x3e00, 0xc000};
    static const int32_t cents[] = {1250, -1};
    static const int64_t large[] = {INT64_C(9007199254740993)};
    struct foreign_column f16 = {"a", "e", {NULL, halves, NULL}, 0, NULL, NULL};
    struct foreign_column d32 = {"a", "d:9,2,32", {NULL, cents, NULL}, 0, NULL, NULL};
    struct foreign_column i64 = {"a", "l", {NULL, large, NULL}, 0, NULL, NULL};
    check(&f16, 2, real, "1.5 -2.0");
    check(&d32, 2, (struct type_spec){TYPE_DECIMAL, 9, 2, false}, "12.50 -0.01");
    check(&d32, 2, (struct type_spec){TYPE_DECIMAL, 9, 1, false}, "-");
    check(&i64, 1, real, "-");
    check(&i32, 3, (struct type_spec){TYPE_BIGINT, 8, 0, false}, "1 null 3");
    check(&i64, 1, (struct type_spec){TYPE_BIGINT, 8, 0, false}, "-");
}

static void times(void **state)
{
    (void)state;
    static const int64_t seconds[] = {0, 86400}, nanos[] = {1999, -1};
    static const int32_t days[] = {1, 2};
    struct foreign_column tss = {"a", "tss:UTC", {NULL, seconds, NULL}, 0, NULL, NULL};
    struct foreign_column tsn = {"a", "tsn:", {NULL, nanos, NULL}, 0, NULL, NULL};
    struct foreign_column tdd = {"a", "tdD", {NULL, days, NULL}, 0, NULL, NULL};
    check(&tss, 2, timestamp, "\"1970-01-01T00:00:00+00:00\" \"1970-01-02T00:00:00+00:00\"");
    check(&tss, 2, date, "\"1970-01-01\" \"1970-01-02\"");
    check(&tsn, 1, timestamp, "\"1970-01-01T00:00:00.000001+00:00\"");
    check(&tdd, 2, timestamp, "\"1970-01-02T00:00:00+00:00\" \"1970-01-03T00:00:00+00:00\"");
    check(&tdd, 1, text, "\"1970-01-02\"");
    check(&tdd, 1, bigint, "-");
    static const struct type_spec ns = {TYPE_TIMESTAMP, 9, 0, true};
    static const int64_t late[] = {INT64_C(10000000000)};
    struct foreign_column zoned = {"a", "tsn:UTC", {NULL, nanos, NULL}, 0, NULL, NULL};
    static const int64_t whole_us[] = {1000, -2000}, clock[] = {1000, INT64_C(86399000000001)};
    struct foreign_column exact = {"a", "tsn:", {NULL, whole_us, NULL}, 0, NULL, NULL};
    struct foreign_column ttn = {"a", "ttn", {NULL, clock, NULL}, 0, NULL, NULL};
    struct foreign_column far = {"a", "tss:", {NULL, late, NULL}, 0, NULL, NULL};
    check(&tsn, 2, ns, "\"1970-01-01T00:00:00.000001999\" \"1969-12-31T23:59:59.999999999\"");
    check(&tsn, 2, text,
          "\"1970-01-01T00:00:00.000001999+00:00\" \"1969-12-31T23:59:59.999999999+00:00\"");
    check(&zoned, 2, timestamp,
          "\"1970-01-01T00:00:00.000001+00:00\" \"1969-12-31T23:59:59.999999+00:00\"");
    check(&tss, 2, ns, "\"1970-01-01T00:00:00\" \"1970-01-02T00:00:00\"");
    check(&far, 1, ns, "-");
    check(&ttn, 1, (struct type_spec){.type = TYPE_TIME}, "\"00:00:00.000001\"");
    check(&ttn, 2, (struct type_spec){.type = TYPE_TIME}, "-"); /* for a variant of text */
    check_cut(&tsn, 2, timestamp, 2);
    check_cut(&tsn, 2, ns, 0);
    check_cut(&tsn, 2, text, 0);
    check_cut(&exact, 2, timestamp, 0);
    check(&tdd, 1, ns, "\"1970-01-02T00:00:00\"");
}

static void texts(void **state)
{
    (void)state;
    static const int64_t long_offsets[] = {0, 1, 3};
    static const int32_t offsets[] = {0, 1, 3, 3};
    static const uint8_t bits[] = {1}, indices[] = {1, 0};
    struct foreign_column large = {"a", "U", {NULL, long_offsets, "123"}, 0, NULL, NULL};
    struct foreign_column utf8 = {"a", "u", {NULL, offsets, "1ab"}, 0, NULL, NULL};
    struct foreign_column bools = {"a", "b", {NULL, bits, NULL}, 0, NULL, NULL};
    struct foreign_column dict = {"a", "C", {NULL, indices, NULL}, 0, NULL, NULL};
    struct foreign words;
    struct page page;
    check(&large, 2, text, "\"1\" \"23\"");
    check(&large, 2, bigint, "1 23");
    check(&utf8, 3, text, "\"1\" \"ab\" \"\"");
    check(&utf8, 3, bigint, "-");
    check(&bools, 2, text, "\"True\" \"False\"");
    check(&bools, 2, bigint, "-");
    foreign_page(&words, &utf8, 1, 2, &page);
    dict.dictionary = &words.schemas[0];
    dict.dictionary_array = &words.arrays[0];
    check(&dict, 2, text, "\"ab\" \"1\"");
    page_release(&page);
}

static void more_rows_than_a_batch(void **state)
{
    (void)state;
    enum { ROWS = 3 * BATCH_ROWS + 1 };
    struct column column;
    struct ArrowArray array;
    for (int i = 0; i < 3; i++) {
        const struct type_spec *spec = i == 0   ? &bigint
                                       : i == 1 ? &text
                                                : &(struct type_spec){.type = TYPE_BOOL};
        assert_int_equal(column_init_rows(&column, spec, ROWS, NULL), TG_OK);
        for (size_t row = 0; row < ROWS; row += 2) {
            if (i == 0)
                column_set_int64(&column, row, (int64_t)row);
            else if (i == 1)
                assert_int_equal(column_set_text(&column, row, "word", 4, NULL), TG_OK);
            else
                column_set_bool(&column, row, true);
        }
        assert_int_equal(column_export(&column, ROWS, &array, NULL), TG_OK);
        assert_int_equal(array.null_count, ROWS / 2);
        assert_false(array_is_null(&array, ROWS - 1));
        assert_true(array_is_null(&array, ROWS - 2));
        array_release(&array);
        column_release(&column);
    }
}

static int one_cast(void)
{
    static const int32_t ints[] = {1, -2, 3};
    struct foreign_column column = {"a", "i", {NULL, ints, NULL}, 0, NULL, NULL};
    struct foreign foreign;
    struct page page;
    struct ArrowArray out = {.release = NULL};
    uint64_t cut_count = 0;
    bool fits;
    foreign_page(&foreign, &column, 1, 3, &page);
    int rc = cast_array(&foreign.schemas[0], &foreign.arrays[0], 0, 3, &text, &out, &cut_count,
                        &fits, NULL);
    array_release(&out);
    page_release(&page);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(one_cast);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),       cmocka_unit_test(times),
        cmocka_unit_test(texts),         cmocka_unit_test(more_rows_than_a_batch),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/cast", tests, NULL, NULL);
}
