/* normalize/name.c against dlt's own names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "normalize/name.h"
#include "tests/torture.h"

static void check(bool path, size_t max, const char *text, const char *expected)
{
    struct name_rules rules = {max};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    buf_text(&out, ">");
    int rc = path ? name_path(&rules, &hasher, text, strlen(text), &out, NULL)
                  : name_identifier(&rules, &hasher, text, strlen(text), &out, NULL);
    assert_int_equal(rc, TG_OK);
    assert_string_equal(out.data + 1, expected);
    buf_release(&out);
    hasher_release(&hasher);
}

static void identifiers(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"BigQuery", "big_query"},
        {"HTTPRequest", "http_request"},
        {"camelCaseXYZ", "camel_case_xyz"},
        {"+1", "x1"},
        {"-1", "_1"},
        {"1abc", "_1abc"},
        {"123BaNaNa", "_123_ba_na_na"},
        {"BANaNA", "ba_na_na"},
        {"event-.!:*<>value", "event_x_value"},
        {"1event_n'", "_1event_nx"},
        {"+-!$*@#=|:", "x_xa_lx"},
        {"a_", "ax"},
        {"a___", "axxx"},
        {"__a", "_a"},
        {"_", "x"},
        {"___", "xxx"},
        {"é", "x"},
        {"aéb", "a_b"},
        {"Straße", "stra_e"},
        {"日本", "x"},
        {"MyURL2Go", "my_url2_go"},
        {"iPhone15Pro", "i_phone15_pro"},
        {"ABC123Def", "abc123_def"},
        {"_dlt_id", "_dlt_id"},
        {" a b\t", "a_b"},
        {"", "_empty"},
        {" \n ", "_empty"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(false, 0, cases[i][0], cases[i][1]);
}

static void paths(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a__b", "a__b"},      {"a___", "a__x"},
        {"__a", "a"},          {"_", "x"},
        {"___", "x"},          {"Small___Love____Potion_____x", "small___love__potion___x"},
        {"aB__Cd", "a_b__cd"}, {"a__ __b", "a__b"},
        {"", "_empty"},        {"__", "_empty"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(true, 0, cases[i][0], cases[i][1]);
}

static void shortening(void **state)
{
    (void)state;
    check(false, 20, "this_is_a_very_long_identifier_name", "this_is7bcf8wer_name");
    check(true, 63,
          "a_very_long_column_name_that_exceeds_the_sixty_three_characters_limit_of_postgres",
          "a_very_long_column_name_that_v6dgngcharacters_limit_of_postgres");
    check(false, 35, "this_is_a_very_long_identifier_name", "this_is_a_very_long_identifier_name");
}

static void joins(void **state)
{
    (void)state;
    struct name_rules rules = {20};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    assert_int_equal(name_join(&rules, &hasher, "a", "b", &out, NULL), TG_OK);
    assert_string_equal(out.data, "a__b");
    buf_clear(&out);
    assert_int_equal(name_join(&rules, &hasher, "", "b", &out, NULL), TG_OK);
    assert_string_equal(out.data, "b");
    buf_clear(&out);
    assert_int_equal(name_join(&rules, &hasher, "this_is_a_long", "name_of_a_child", &out, NULL),
                     TG_OK);
    assert_int_equal(out.len, 20);
    assert_memory_equal(out.data, "this_is", 7);
    assert_string_equal(out.data + 13, "a_child");
    buf_release(&out);
    hasher_release(&hasher);
}

static int one_name(void)
{
    struct name_rules rules = {20};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    int rc = name_path(&rules, &hasher, "This is a very__long identifier", 31, &out, NULL);
    buf_release(&out);
    hasher_release(&hasher);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(one_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers),   cmocka_unit_test(paths),
        cmocka_unit_test(shortening),    cmocka_unit_test(joins),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/name", tests, NULL, NULL);
}
