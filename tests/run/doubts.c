/* src/run/doubts.c: new files of which no row is new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/doubts.h"

static char heard[600];

static void hear(void *user, int level, const char *component, const char *message)
{
    (void)user;
    (void)component;
    assert_int_equal(level, TG_LOG_WARNING);
    snprintf(heard, sizeof(heard), "%s", message);
}

static const char *warning_of(int files)
{
    struct context ctx = {0};
    struct filtered filtered = {0};
    char name[16];
    context_init(&ctx);
    ctx.log = hear;
    heard[0] = '\0';
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof(name), "%d.csv", i);
        filtered_note(&filtered, name, (uint64_t)i + 7);
    }
    doubt_files(&(struct doubted){&ctx, "orders", "at"}, &filtered);
    filtered_release(&filtered);
    return heard;
}

static void the_first_is_named_the_others_are_counted(void **state)
{
    (void)state;
    assert_string_equal(warning_of(0), "");
    assert_non_null(strstr(warning_of(1), "resource 'orders': file '0.csv' is new, but all 7 rows "
                                          "of it were filtered: none has a cursor value "
                                          "'at' beyond"));
    assert_non_null(strstr(warning_of(2), "filtered (so were those of 1 other): none"));
    assert_non_null(strstr(warning_of(3), "filtered (so were those of 2 others): none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_named_the_others_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
