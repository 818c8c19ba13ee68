/* A text as messages quote it: one line, escaped, cut between characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text/tell.h"

static void check(const char *text, size_t len, size_t max, const char *expected)
{
    struct buf out = BUF_INIT;
    text_tell(&out, text, len, max);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    check("", 0, 10, "");
    check("a\nb\tc\rd", 7, 100, "a\\nb\\tc\\rd");
    check("\x1b[31m\x7f", 6, 100, "\\x1b[31m\\x7f");
    check("a\0b", 3, 100, "a\\x00b");
}

static void long_ones_are_cut(void **state)
{
    (void)state;
    check("abcd", 4, 4, "abcd");
    check("abcde", 5, 4, "abcd...");
    check("abc\n", 4, 4, "abc..."); /* no half of "\n" */
    check("\xc3\xa4\xc3\xb6", 4, 4, "\xc3\xa4\xc3\xb6");
    check("\xc3\xa4\xc3\xb6", 4, 3, "\xc3\xa4..."); /* nor of a character */
}

/* Bytes that are no characters are passed on, and end. */
static void broken_texts_end(void **state)
{
    (void)state;
    check("\xff\xfe", 2, 10, "\xff\xfe");
    check("\xe2\x82", 2, 10, "\xe2\x82");
    check("\x80\x80\x80\x80\x80\x80", 6, 10, "\x80\x80\x80\x80\x80\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(long_ones_are_cut),
        cmocka_unit_test(broken_texts_end),
    };
    return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
