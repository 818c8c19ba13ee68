/*
 * src/data/odd.c: values of types that no column has, as people see them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/odd.h"

/* Text and JSON of the value at `row`; text NULL: it is NULL. */
static void check(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                  const char *text, const char *json)
{
    struct buf out = BUF_INIT;
    assert_true(odd_type(schema));
    assert_int_equal(odd_is_null(schema, array, row), !text);
    assert_int_equal(value_shown(schema, array, row, false, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), text ? text : "");
    buf_clear(&out);
    assert_int_equal(value_shown(schema, array, row, true, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), json);
    buf_release(&out);
}

#define ARRAY(name, rows, ...)                                                                     \
    const void *name##_buffers[] = {__VA_ARGS__};                                                  \
    struct ArrowArray name = {.length = (rows),                                                    \
                              .n_buffers = sizeof(name##_buffers) / sizeof(name##_buffers[0]),     \
                              .buffers = name##_buffers}

static void intervals(void **state)
{
    (void)state;
    static const struct {
        int32_t months, days;
        int64_t ns;
    } values[] = {{14, -1, 0},         {0, 0, 0},
                  {0, 0, -1500000000}, {-12, 2, 3723000000001},
                  {0, 1, 0},           {0, 0, 360000000000000}};
    static const int32_t months[] = {25}, days[] = {2, 1500};
    struct ArrowSchema schema = {.format = "tin"};
    ARRAY(array, 6, NULL, values);
    check(&schema, &array, 0, "1 year 2 months -1 day", "\"1 year 2 months -1 day\"");
    check(&schema, &array, 1, "00:00:00", "\"00:00:00\"");
    check(&schema, &array, 2, "-00:00:01.500000", "\"-00:00:01.500000\"");
    check(&schema, &array, 3, "-1 year 2 days 01:02:03.000000001",
          "\"-1 year 2 days 01:02:03.000000001\"");
    check(&schema, &array, 5, "100:00:00", "\"100:00:00\"");
    schema.format = "tiM";
    array_buffers[1] = months;
    check(&schema, &array, 0, "2 years 1 month", "\"2 years 1 month\"");
    schema.format = "tiD";
    array_buffers[1] = days;
    check(&schema, &array, 0, "2 days 00:00:01.500000", "\"2 days 00:00:01.500000\"");
}

static void durations(void **state)
{
    (void)state;
    static const int64_t values[] = {3661, INT64_MAX, INT64_MIN};
    static const uint8_t validity[] = {0x02};
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    struct ArrowSchema schema = {.format = "tDs", .name = "took"};
    ARRAY(array, 3, NULL, values);
    check(&schema, &array, 0, "01:01:01", "\"01:01:01\"");
    assert_int_equal(value_shown(&schema, &array, 1, false, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "column 'took'"));
    buf_release(&out);
    schema.format = "tDn";
    check(&schema, &array, 2, "-2562047:47:16.854775808", "\"-2562047:47:16.854775808\"");
    array_buffers[0] = validity;
    array.null_count = 1;
    check(&schema, &array, 0, NULL, "null");
}

static void unions(void **state)
{
    (void)state;
    static const int8_t ids[] = {5, 0, 5, 7};
    static const int32_t numbers[] = {1, 2, 3, 4}, rows[] = {1, 0, 0, 0},
                         offsets[] = {0, 1, 3, 3, 3};
    static const uint8_t validity[] = {0x0b}; /* the third is NULL */
    struct ArrowSchema integer = {.format = "i"}, text = {.format = "u"};
    struct ArrowSchema *children[] = {&integer, &text};
    struct ArrowSchema schema = {
        .format = "+us:0,5", .name = "u", .n_children = 2, .children = children};
    ARRAY(integers, 4, NULL, numbers);
    ARRAY(texts, 4, validity, offsets, "abb");
    texts.null_count = 1;
    struct ArrowArray *arrays[] = {&integers, &texts};
    ARRAY(array, 4, ids);
    array.n_children = 2;
    array.children = arrays;
    check(&schema, &array, 0, "a", "\"a\"");
    check(&schema, &array, 1, "2", "2");
    check(&schema, &array, 2, NULL, "null");
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(value_shown(&schema, &array, 3, true, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "no type that it has"));
    buf_release(&out);
    ARRAY(dense, 4, ids, rows);
    dense.n_children = 2;
    dense.children = arrays;
    schema.format = "+ud:0,5";
    check(&schema, &dense, 0, "bb", "\"bb\"");
    check(&schema, &dense, 1, "1", "1");
}

static void lists(void **state)
{
    (void)state;
    static const int32_t numbers[] = {1, 2, 3, 4}, offsets[] = {2, 0}, sizes[] = {1, 0};
    static const int64_t wide_offsets[] = {0}, wide_sizes[] = {2};
    struct ArrowSchema integer = {.format = "i"};
    struct ArrowSchema *children[] = {&integer};
    struct ArrowSchema schema = {.format = "+w:2", .n_children = 1, .children = children};
    ARRAY(integers, 4, NULL, numbers);
    struct ArrowArray *arrays[] = {&integers};
    ARRAY(fixed, 1, NULL);
    fixed.offset = 1;
    fixed.children = arrays;
    check(&schema, &fixed, 0, "[3,4]", "[3,4]");
    ARRAY(views, 2, NULL, offsets, sizes);
    views.children = arrays;
    schema.format = "+vl";
    check(&schema, &views, 0, "[3]", "[3]");
    check(&schema, &views, 1, "[]", "[]");
    ARRAY(wide, 1, NULL, wide_offsets, wide_sizes);
    wide.children = arrays;
    schema.format = "+vL";
    check(&schema, &wide, 0, "[1,2]", "[1,2]");
}

static void maps(void **state)
{
    (void)state;
    static const int32_t days[] = {0, 1, 2}, values[] = {7, 8, 9}, offsets[] = {0, 1, 3, 3};
    struct ArrowSchema key = {.format = "tdD"}, value = {.format = "i"};
    struct ArrowSchema *parts[] = {&key, &value};
    struct ArrowSchema pair = {.format = "+s", .n_children = 2, .children = parts};
    struct ArrowSchema *children[] = {&pair};
    struct ArrowSchema schema = {.format = "+m", .n_children = 1, .children = children};
    ARRAY(keys, 3, NULL, days);
    ARRAY(numbers, 3, NULL, values);
    struct ArrowArray *part_arrays[] = {&keys, &numbers};
    ARRAY(pairs, 3, NULL);
    pairs.children = part_arrays;
    struct ArrowArray *arrays[] = {&pairs};
    ARRAY(array, 3, NULL, offsets);
    array.children = arrays;
    check(&schema, &array, 0, "{\"1970-01-01\":7}", "{\"1970-01-01\":7}");
    check(&schema, &array, 1, "{\"1970-01-02\":8,\"1970-01-03\":9}",
          "{\"1970-01-02\":8,\"1970-01-03\":9}");
    check(&schema, &array, 2, "{}", "{}");
}

static void runs(void **state)
{
    (void)state;
    static const int32_t ends[] = {2, 3}, values[] = {5, 6};
    static const uint8_t validity[] = {0x01};
    struct ArrowSchema integer = {.format = "i"};
    struct ArrowSchema *children[] = {&integer, &integer};
    struct ArrowSchema schema = {.format = "+r", .n_children = 2, .children = children};
    ARRAY(until, 2, NULL, ends);
    ARRAY(numbers, 2, validity, values);
    numbers.null_count = 1;
    struct ArrowArray *arrays[] = {&until, &numbers};
    struct ArrowArray array = {.length = 3, .n_children = 2, .children = arrays};
    check(&schema, &array, 1, "5", "5");
    check(&schema, &array, 2, NULL, "null");
}

/* What is stored or hashed stays as it is. */
static void what_is_stored_is_another_matter(void **state)
{
    (void)state;
    static const int32_t days[] = {INT32_MAX, -INT32_MAX};
    static const int64_t times[] = {INT64_MAX, 1000000001};
    struct buf out = BUF_INIT;
    struct ArrowSchema schema = {.format = "tdD"};
    ARRAY(array, 2, NULL, days);
    assert_false(odd_type(&schema));
    assert_int_equal(value_shown(&schema, &array, 1, true, &out, NULL), TG_OK);
    assert_int_equal(value_text(&schema, &array, 0, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), "\"-infinity\"5881580-07-11");
    buf_clear(&out);
    schema.format = "tsu:";
    array_buffers[1] = times;
    assert_int_equal(value_shown(&schema, &array, 0, false, &out, NULL), TG_OK);
    schema.format = "ttn";
    assert_int_equal(value_shown(&schema, &array, 1, false, &out, NULL), TG_OK);
    assert_int_equal(value_text(&schema, &array, 1, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), "infinity00:00:01.00000000100:00:01");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals),
        cmocka_unit_test(durations),
        cmocka_unit_test(unions),
        cmocka_unit_test(lists),
        cmocka_unit_test(maps),
        cmocka_unit_test(runs),
        cmocka_unit_test(what_is_stored_is_another_matter),
    };
    return cmocka_run_group_tests_name("data/odd", tests, NULL, NULL);
}
