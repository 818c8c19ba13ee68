/*
 * src/postgres/values/numeric.c: golden bytes, the edges of decimals, and that what is written
 * reads back.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/numeric.h"

static struct pg_numeric read_bytes(const char *bytes, size_t len)
{
    struct pg_numeric number;
    assert_true(numeric_read(bytes, len, &number));
    return number;
}

#define READ(bytes) read_bytes(bytes, sizeof(bytes) - 1)

static void assert_text(const struct pg_numeric *number, const char *expected)
{
    struct buf text = BUF_INIT;
    numeric_text(number, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
}

/* As the server sends them. */
static void known_bytes(void **state)
{
    (void)state;
    struct pg_numeric n = READ("\0\2\0\0\0\0\0\2\0\14\15\254"); /* 12.35 */
    int128 value;
    assert_text(&n, "12.35");
    assert_true(numeric_decimal(&n, 38, 9, &value));
    assert_true(value == (int128)12350000000);
    assert_true(numeric_decimal(&n, 4, 2, &value));
    assert_true(value == 1235);
    assert_false(numeric_decimal(&n, 3, 2, &value));
    assert_false(numeric_decimal(&n, 38, 1, &value));
    n = READ("\0\1\377\377@\0\0\4\0\1"); /* -0.0001 */
    assert_text(&n, "-0.0001");
    assert_true(numeric_decimal(&n, 4, 4, &value));
    assert_true(value == -1);
    assert_false(numeric_decimal(&n, 38, 3, &value));
    n = READ("\0\1\0\1\0\0\0\0\0\7"); /* 70000 */
    assert_text(&n, "70000");
    assert_true(numeric_decimal(&n, 5, 0, &value));
    assert_true(value == 70000);
    assert_false(numeric_decimal(&n, 4, 0, &value));
    n = READ("\0\0\0\0\0\0\0\3");
    assert_text(&n, "0.000");
    assert_true(numeric_decimal(&n, 1, 0, &value) && value == 0);
}

static void not_finite(void **state)
{
    (void)state;
    int128 value;
    struct pg_numeric n = READ("\0\0\0\0\300\0\0\0");
    assert_text(&n, "NaN");
    assert_true(isnan(numeric_double(&n)));
    assert_false(numeric_decimal(&n, 38, 0, &value));
    n = READ("\0\0\0\0\320\0\0\0");
    assert_text(&n, "Infinity");
    assert_true(isinf(numeric_double(&n)) && numeric_double(&n) > 0);
    n = READ("\0\0\0\0\360\0\0\0");
    assert_text(&n, "-Infinity");
    assert_true(isinf(numeric_double(&n)) && numeric_double(&n) < 0);
}

static void damaged(void **state)
{
    (void)state;
    struct pg_numeric n;
    assert_false(numeric_read("", 0, &n));
    assert_false(numeric_read("\0\1\0\0\0\0\0", 7, &n));
    assert_false(numeric_read("\0\1\0\0\0\0\0\0", 8, &n));         /* a digit is missing */
    assert_false(numeric_read("\0\0\0\0\0\0\0\0\0\1", 10, &n));    /* one too many */
    assert_false(numeric_read("\0\1\0\0\0\0\0\0\47\20", 10, &n));  /* 10000 */
    assert_false(numeric_read("\0\1\0\0\20\0\0\0\0\1", 10, &n));   /* no such sign */
    assert_false(numeric_read("\0\1\0\0\0\0\100\0\0\1", 10, &n));  /* scale of 16384 */
    assert_true(numeric_read("\0\1\177\377\0\0\0\0\0\1", 10, &n)); /* 10000^32767 */
    assert_true(isinf(numeric_double(&n)));
}

static void extremes_of_decimals(void **state)
{
    static const char *const texts[] = {
        "99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999",
        "10000000000000000000000000000000000000",
        "1",
        "-1",
        "0",
        "10000",
        "9999",
        "100000000",
    };
    unsigned char bytes[NUMERIC_BYTES_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (int scale = 0; scale <= 38; scale++) {
            int128 value, again;
            char text[48];
            struct buf written = BUF_INIT;
            assert_int_equal(decimal_parse(texts[i], strlen(texts[i]), 38, 0, &value, NULL), TG_OK);
            size_t len = numeric_write(value, scale, bytes);
            struct pg_numeric n = read_bytes((const char *)bytes, len);
            assert_true(numeric_decimal(&n, 38, scale, &again));
            assert_true(again == value);
            decimal_format(value, scale, text);
            numeric_text(&n, &written);
            assert_string_equal(buf_string(&written), text);
            buf_release(&written);
        }
}

static void doubles(void **state)
{
    static const double values[] = {1, 0.1, 1e22, 123456789.125, -1e-30, 4.9e-324};
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int128 scaled;
        unsigned char bytes[NUMERIC_BYTES_MAX];
        if (!decimal_round(values[i], 38, 15, &scaled) || scaled == 0)
            continue;
        struct pg_numeric n = read_bytes((const char *)bytes, numeric_write(scaled, 15, bytes));
        assert_true(numeric_double(&n) == values[i]);
    }
    struct pg_numeric tiny = READ("\0\1\377\1\0\0\0\0\0\1"); /* 10000^-255 */
    assert_true(numeric_double(&tiny) == 0);
    struct pg_numeric zero = READ("\0\0\0\0\0\0\0\0");
    assert_true(numeric_double(&zero) == 0);
}

/* More digits than are looked at: the trace of the rest decides between two neighbours. */
static void a_double_of_many_digits(void **state)
{
    enum { COUNT = 200 };
    char bytes[8 + 2 * COUNT] = {0, (char)COUNT, 0, 3};
    (void)state;
    /* 9007199254740993 = 2^53 + 1 lies halfway; a last digit far behind lifts it */
    const uint16_t digits[] = {9007, 1992, 5474, 993};
    for (size_t i = 0; i < 4; i++) {
        bytes[8 + 2 * i] = (char)(digits[i] >> 8);
        bytes[9 + 2 * i] = (char)digits[i];
    }
    struct pg_numeric n = read_bytes(bytes, sizeof(bytes));
    assert_true(numeric_double(&n) == 9007199254740992.0);
    bytes[sizeof(bytes) - 1] = 1;
    n = read_bytes(bytes, sizeof(bytes));
    assert_true(numeric_double(&n) == 9007199254740994.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bytes), cmocka_unit_test(not_finite),
        cmocka_unit_test(damaged),     cmocka_unit_test(extremes_of_decimals),
        cmocka_unit_test(doubles),     cmocka_unit_test(a_double_of_many_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
