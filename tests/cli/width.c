/*
 * cli/width.c: how many columns texts take, and how they are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h" /* before cmocka has its word for fail() */

#include <cmocka.h>

static void columns_of_characters(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        {"", 0},
        {"orders", 6},
        {"caf\u00e9", 4},
        {"e\u0301", 1},      /* an accent goes onto the letter before */
        {"\u540d\u524d", 4}, /* ideographs */
        {"\ud55c\uae00", 4}, /* Hangul */
        {"\uff76\uff85", 2}, /* half-width kana */
        {"\uff21", 2},       /* a full-width letter */
        {"\U0001F642", 2},   /* an emoji */
        {"a\u200bb", 2},     /* a space of no width */
        {"\U00020000", 2},   /* beyond the first plane */
        {"\xff\xc3", 2},     /* no UTF-8: a column each */
        {"\xe5\x90", 2},     /* cut in the middle */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(text_columns(rows[i].text), rows[i].columns);
}

static void check_fit(const char *text, size_t room, const char *fit, size_t columns)
{
    char out[64];
    assert_int_equal(fit_text(out, sizeof(out), text, room), columns);
    assert_string_equal(out, fit);
    assert_int_equal(text_columns(out), columns);
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    check_fit("orders", 6, "orders", 6);
    check_fit("orders", 5, "orde\u2026", 5);
    check_fit("orders", 1, "\u2026", 1);
    check_fit("orders", 0, "", 0);
    check_fit("", 0, "", 0);
    check_fit("\u540d\u524d\u4f4f", 6, "\u540d\u524d\u4f4f", 6);
    check_fit("\u540d\u524d\u4f4f", 5, "\u540d\u524d\u2026", 5);
    check_fit("\u540d\u524d\u4f4f", 4, "\u540d\u2026", 3); /* half a character is none */
    check_fit("\u540d\u524d", 2, "\u2026", 1);
}

static void a_small_buffer_holds_no_part_of_a_character(void **state)
{
    char out[4];
    (void)state;
    assert_int_equal(fit_text(out, sizeof(out), "\u540d\u524d", 4), 0);
    assert_string_equal(out, "");
    assert_int_equal(fit_text(out, sizeof(out), "abc", 9), 3);
    assert_string_equal(out, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_characters),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(a_small_buffer_holds_no_part_of_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
