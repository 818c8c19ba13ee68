/* Which columns of a table are read: by options, or because they are the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "extract/sql/chosen.h"

static void included_or_not_excluded(void **state)
{
    (void)state;
    const struct option_value in[] = {{"included_columns", "id\nname"}};
    const struct option_value out[] = {{"included_columns", NULL}, {"excluded_columns", "name"}};
    struct resource_request request = {.values = NULL};
    assert_true(is_chosen(&request, "id"));
    request.values = in;
    request.value_count = 1;
    assert_true(is_chosen(&request, "name"));
    assert_false(is_chosen(&request, "nam"));
    assert_false(is_chosen(&request, "names"));
    request.values = out;
    request.value_count = 2;
    assert_false(is_chosen(&request, "name"));
    assert_true(is_chosen(&request, "names"));
}

static void a_key_is_asked_for_whatever_is_excluded(void **state)
{
    (void)state;
    static const char *const keys[] = {"tenant", "id"};
    const struct option_value out[] = {{"excluded_columns", "id"}};
    const struct resource_request request = {
        .values = out, .value_count = 1, .keys = keys, .key_count = 2};
    assert_true(is_chosen(&request, "id"));
    assert_true(is_chosen(&request, "tenant"));
    assert_false(is_chosen(&request, "name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(included_or_not_excluded),
        cmocka_unit_test(a_key_is_asked_for_whatever_is_excluded),
    };
    return cmocka_run_group_tests_name("extract/chosen", tests, NULL, NULL);
}
