/* Load ids: what dlt and we write is one order of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "package/load_id.h"

static void test_read(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int128 ns;
    } cases[] = {
        {"1795361837.537397", 1795361837537397000},  /* ours */
        {"1795361837.5373971", 1795361837537397100}, /* Python's, at times */
        {"1795361837.5", 1795361837500000000},
        {"1795361837.50", 1795361837500000000},
        {"1795361837.0", 1795361837000000000},
        {"1795361837", 1795361837000000000},
        {"9.1234567899", 9123456789}, /* more than we can tell apart */
        {"0.000000001", 1},
        {"0", 0},
        {"9223372035.999999999", 9223372035999999999},
        {"9223372036", (int128)9223372036 * 1000000000},         /* beyond 2262, */
        {"1795361837537.5", (int128)17953618375375 * 100000000}, /* or milliseconds */
        {"99999999999999999999999999999",
         (int128)9999999999999999999U * 10000000000 * 1000000000 + (int128)9999999999 * 1000000000},
        {"100000000000000000000000000000", -1},
        {"", -1},
        {".5", -1},
        {"5.", -1},
        {"5.5.5", -1},
        {"-5.5", -1},
        {"+5", -1},
        {"1.8e9", -1},
        {" 5", -1},
        {"5 ", -1},
        {"abc", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (load_id_ns(cases[i].text) != cases[i].ns)
            fail_msg("'%s' is read as another number", cases[i].text);
}

static void test_write(void **state)
{
    (void)state;
    const struct {
        int128 us;
        const char *text;
    } cases[] = {
        {1795361837537397, "1795361837.537397"},
        {1795361837500000, "1795361837.5"},
        {1795361837000000, "1795361837.0"},
        {1795361837000001, "1795361837.000001"},
        {1000000000000000, "1000000000.0"},
        {9007199254740993, "9007199254.740993"},
        {(int128)1795361837537 * 1000000 + 500000, "1795361837537.5"},
        {(int128)9999999999999999999U * 10000000000000000 + 7,
         "99999999999999999990000000000.000007"},
        {1, "0.000001"},
        {0, "0.0"},
        {-1, "0.0"},
        {INT64_MIN, "0.0"},
        {INT64_MAX, "9223372036854.775807"},
    };
    char text[LOAD_ID_TEXT];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        load_id_write(cases[i].us, text);
        assert_string_equal(text, cases[i].text);
    }
}

/* dlt orders by text: a microsecond more must be more there, too. */
static void test_text_order(void **state)
{
    (void)state;
    static const int64_t starts[] = {1795361837000000 - 3, 1795361837500000 - 3,
                                     1999999999999999 - 3, 1795361837537390 - 3};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        for (int64_t us = starts[i]; us < starts[i] + 20; us++) {
            char text[LOAD_ID_TEXT], next[LOAD_ID_TEXT];
            load_id_write(us, text);
            load_id_write(us + 1, next);
            assert_true(strcmp(text, next) < 0);
            assert_true(load_id_ns(next) - load_id_ns(text) == 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_text_order),
    };
    return cmocka_run_group_tests_name("package/load_id", tests, NULL, NULL);
}
