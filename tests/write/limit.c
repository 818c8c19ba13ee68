/*
 * Tests of src/write/limit.c: what a limit says, and how much it allows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "write/limit.h"

static struct limit read_limit(const char *text)
{
    struct limit limit;
    if (!limit_read(text, LIMIT_ROWS_DELETED, &limit))
        fail_msg("'%s' is no limit", text);
    assert_true(limit.is_set);
    return limit;
}

static void numbers_and_shares_are_read(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint64_t most;
        bool is_share;
    } good[] = {{"0", 0, false},     {"1000", 1000, false}, {"10%", 1000, true},
                {"0%", 0, true},     {"100%", 10000, true}, {"0.5%", 50, true},
                {"0.25%", 25, true}, {"99.99%", 9999, true}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct limit limit = read_limit(good[i].text);
        assert_int_equal(limit.most, good[i].most);
        assert_int_equal(limit.is_share, good[i].is_share);
    }
}

static void all_else_is_none(void **state)
{
    (void)state;
    struct limit limit;
    static const char *const bad[] = {
        "",       "-1",   "ten", "1.5", "%",    "101%", "100.1%",
        "0.125%", "10 %", ".5%", "5.%", "10%%", "1e3",  "18446744073709551616"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(limit_read(bad[i], LIMIT_ROWS_DELETED, &limit));
    for (int kind = LIMIT_TABLES_ADDED; kind < LIMIT_KINDS; kind++) {
        assert_true(limit_read("5", (enum limit_kind)kind, &limit));
        assert_false(limit_read("5%", (enum limit_kind)kind, &limit));
    }
}

static void a_share_is_of_the_rows_and_never_below_ten(void **state)
{
    (void)state;
    const struct limit tenth = read_limit("10%"), none = read_limit("0%"), number = read_limit("3");
    assert_int_equal(limit_most(&tenth, 1000), 100);
    assert_int_equal(limit_most(&tenth, 1009), 100);
    assert_int_equal(limit_most(&tenth, 1010), 101);
    assert_int_equal(limit_most(&tenth, 50), 10);
    assert_int_equal(limit_most(&none, 1000), 10);
    assert_int_equal(limit_most(&tenth, UINT64_MAX), UINT64_MAX / 10);
    assert_int_equal(limit_most(&number, 1000000), 3);
}

static void ones_own_goes_over_those_of_all(void **state)
{
    (void)state;
    const struct limits all = {
        .of = {[LIMIT_ROWS_DELETED] = {true, false, 7}, [LIMIT_TYPE_CHANGES] = {true, false, 1}}};
    const struct limits own = {.of = {[LIMIT_ROWS_DELETED] = {true, false, 0}}};
    const struct limits both = limits_over(&all, &own);
    assert_int_equal(both.of[LIMIT_ROWS_DELETED].most, 0);
    assert_int_equal(both.of[LIMIT_TYPE_CHANGES].most, 1);
    assert_false(both.of[LIMIT_TABLES_ADDED].is_set);
    assert_string_equal(limit_name(LIMIT_ROWS_DELETED), "rows_deleted");
    assert_string_equal(limit_name(LIMIT_TYPE_CHANGES), "type_changes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_shares_are_read),
        cmocka_unit_test(all_else_is_none),
        cmocka_unit_test(a_share_is_of_the_rows_and_never_below_ten),
        cmocka_unit_test(ones_own_goes_over_those_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
