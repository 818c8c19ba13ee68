/*
 * Keys of columns: two values compare as their keys do, and so does a bound, whatever its kind;
 * what has no key says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "cursor_helper.h"
#include "extract/cursor/order_keys.h"

enum { COUNT = 6 };

static bool read_keys(const char *format, const void *values, const uint8_t *validity,
                      enum key_kind *kind, int64_t *keys, uint8_t *there)
{
    const void *buffers[] = {validity, values};
    const struct ArrowSchema schema = {.format = format, .name = "c"};
    const struct ArrowArray array = {
        .length = COUNT, .null_count = -1, .n_buffers = 2, .buffers = buffers};
    const struct cursor_column column = {.schema = &schema, .array = &array};
    return order_keys_read(&column, COUNT, kind, keys, there);
}

static void integers_are_their_own_keys(void **state)
{
    (void)state;
    static const int16_t values[COUNT] = {-5, 7, INT16_MIN, INT16_MAX, 0, 1};
    static const uint8_t validity[] = {0x2f};
    enum key_kind kind;
    int64_t keys[COUNT];
    uint8_t there[COUNT];
    assert_true(read_keys("s", values, validity, &kind, keys, there));
    assert_int_equal(kind, KEY_INTEGER);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(there[i], i != 4);
        assert_int_equal(keys[i], values[i]);
    }
}

static void doubles_keep_their_order(void **state)
{
    (void)state;
    static const double values[COUNT] = {-1e300, -2.5, -0.0, 5e-324, 2.5, NAN};
    enum key_kind kind;
    int64_t keys[COUNT], key;
    uint8_t there[COUNT];
    struct cursor_value bound = {.kind = TG_VALUE_INT64, .int64 = 0};
    assert_true(read_keys("g", values, NULL, &kind, keys, there));
    assert_int_equal(kind, KEY_DOUBLE);
    for (int i = 1; i < 5; i++)
        assert_true(keys[i - 1] < keys[i]);
    assert_true(there[4] && !there[5]);
    assert_true(order_key_of(kind, &bound, &key));
    assert_int_equal(key, keys[2]);
    bound.int64 = (INT64_C(1) << 53) + 1; /* between two doubles */
    assert_false(order_key_of(kind, &bound, &key));
}

/* Whole microseconds; what lies beyond the years of a timestamp is not there. */
static void times_are_microseconds(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t values[COUNT], keys[COUNT];
    } samples[] = {
        {"tss:", {0, -1, 5, INT64_MAX}, {0, -1000000, 5000000}},
        {"tsm:UTC", {0, -1, 5, INT64_MAX}, {0, -1000, 5000}},
        {"tsu:", {0, -1, 5, INT64_MAX}, {0, -1, 5}},
        {"tsn:", {0, -1, 5001}, {0, -1, 5}},
        {"tdm", {0, -1, 86400000, INT64_MAX}, {0, INT64_C(-86400000000), INT64_C(86400000000)}},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        enum key_kind kind;
        int64_t keys[COUNT];
        uint8_t there[COUNT];
        assert_true(read_keys(samples[i].format, samples[i].values, NULL, &kind, keys, there));
        assert_int_equal(kind, KEY_TIME);
        for (int j = 0; j < 3; j++)
            assert_true(there[j] && keys[j] == samples[i].keys[j]);
        assert_int_equal(there[3], samples[i].values[3] == 0);
    }
}

static void days_are_their_first_moment(void **state)
{
    (void)state;
    static const int32_t values[COUNT] = {19723, 0, -1, INT32_MAX, INT32_MIN, 1};
    enum key_kind kind;
    int64_t keys[COUNT], key;
    uint8_t there[COUNT];
    struct cursor_value bound;
    assert_true(read_keys("tdD", values, NULL, &kind, keys, there));
    assert_int_equal(keys[0], JAN_2024_US);
    assert_true(there[2] && !there[3] && !there[4]);
    cursor_value_set_text(&bound, "2024-01-01", 10);
    assert_true(order_key_of(kind, &bound, &key));
    assert_int_equal(key, JAN_2024_US);
    cursor_value_set_text(&bound, "soon", 4);
    assert_false(order_key_of(kind, &bound, &key));
}

static void some_have_no_keys(void **state)
{
    (void)state;
    static const char *const formats[] = {"f", "e", "d:10,2", "u", "b", "ttu"};
    static const uint64_t values[2 * COUNT] = {1, UINT64_MAX};
    enum key_kind kind;
    int64_t keys[COUNT], key;
    uint8_t there[COUNT];
    const struct cursor_value text = {.kind = TG_VALUE_TEXT, .text = "5", .len = 1},
                              half = {.kind = TG_VALUE_DOUBLE, .real = 2.5};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        assert_false(read_keys(formats[i], values, NULL, &kind, keys, there));
    assert_false(read_keys("L", values, NULL, &kind, keys, there));
    assert_true(read_keys("L", values, (const uint8_t[]){0xfd}, &kind, keys, there));
    assert_false(order_key_of(KEY_INTEGER, &text, &key));
    assert_false(order_key_of(KEY_INTEGER, &half, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_their_own_keys),
        cmocka_unit_test(doubles_keep_their_order),
        cmocka_unit_test(times_are_microseconds),
        cmocka_unit_test(days_are_their_first_moment),
        cmocka_unit_test(some_have_no_keys),
    };
    return cmocka_run_group_tests_name("extract/order_keys", tests, NULL, NULL);
}
