/* Which bytes are a character, against the tables of the standard; where a text may be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text/utf8.h"

/* By the standard's definition, bit by bit. */
static size_t spell(uint32_t code, char out[4])
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(marks[count] | code);
    return count;
}

static void test_all_characters(void **state)
{
    (void)state;
    char text[4];
    uint32_t got = 0;
    for (uint32_t code = 0; code < 0x1fffff; code++) {
        size_t len = spell(code, text);
        bool is_one = code < 0xd800 || (code > 0xdfff && code < 0x110000);
        assert_int_equal(utf8_next(text, len, &got), is_one ? len : 0);
        assert_int_equal(utf8_is_valid(text, len), is_one);
        if (is_one)
            assert_int_equal(got, code);
        if (len > 1)
            assert_int_equal(utf8_next(text, len - 1, &got), 0);
    }
}

static void test_no_characters(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3\x28",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xe2\x28\xa1",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff\xbf\xbf\xbf",
    };
    uint32_t got = 0;
    char text[32] = "12345678";
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(utf8_next(texts[i], strlen(texts[i]), &got), 0);
        strcpy(text + 8, texts[i]);
        assert_false(utf8_is_valid(text, strlen(text)));
        strcpy(text + 8, "\xc3\xa9");
        assert_true(utf8_is_valid(text, strlen(text)));
    }
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0b", 3));
}

static void test_cut(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t max = 0; max < sizeof(text); max++)
        assert_int_equal(utf8_cut(text, max), cuts[max]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_characters),
        cmocka_unit_test(test_no_characters),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
