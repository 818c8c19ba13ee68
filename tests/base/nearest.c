/* The nearest name: what is near, what is not, and how it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text/nearest.h"

static const char *nearest_of(const char *wanted, const char *const *names)
{
    struct nearest nearest = {.wanted = wanted};
    for (; *names; names++)
        nearest_offer(&nearest, *names, strlen(*names));
    return nearest.name;
}

static void the_nearest_name_is_near(void **state)
{
    (void)state;
    char hint[NEAREST_HINT_BYTES], longest[100];
    const char *const names[] = {"path", "root", "primary_key", "on_cursor_value_missing", NULL};
    assert_string_equal(nearest_of("paht", names), "path"); /* a swap counts once */
    assert_string_equal(nearest_of("ROOT", names), "root");
    assert_string_equal(nearest_of("primarykey", names), "primary_key");
    assert_string_equal(nearest_of("cursor_value_missing", names), "on_cursor_value_missing");
    assert_string_equal(nearest_of("prim", names), "primary_key"); /* not typed to its end */
    assert_null(nearest_of("pr", names));
    assert_string_equal(nearest_of("pat", (const char *const[]){"patterns", "path", NULL}), "path");
    assert_null(nearest_of("xy", names));
    assert_null(nearest_of("", names));
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(nearest_of(longest, names));
    assert_null(nearest_of("a", (const char *const[]){longest, NULL}));
    struct nearest nearest = {.wanted = "paht"};
    assert_string_equal(nearest_hint(&nearest, hint), "");
    nearest_offer(&nearest, "path and more", 4);
    assert_string_equal(nearest_hint(&nearest, hint), "; did you mean 'path'?");
}

static void words_are_names(void **state)
{
    (void)state;
    struct nearest nearest = {.wanted = "repalce"};
    nearest_offer_words(&nearest, "append replace merge");
    assert_memory_equal(nearest.name, "replace", nearest.len);
    assert_int_equal(nearest.len, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_near),
        cmocka_unit_test(words_are_names),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
