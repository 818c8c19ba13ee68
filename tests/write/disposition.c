/* Tests of src/write/disposition.c: dispositions by their words, and the words of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "write/disposition.h"

static void test_stored_words(void **state)
{
    (void)state;
    const struct {
        struct table table;
        const char *name; /* NULL: refused */
    } cases[] = {
        {{.disposition = DISPOSITION_NONE}, "append"},
        {{.disposition = DISPOSITION_APPEND, .merge_strategy = "scd9"}, "append"},
        {{.disposition = DISPOSITION_REPLACE}, "replace"},
        {{.disposition = DISPOSITION_REPLACE, .merge_strategy = "upsert"}, "replace"},
        {{.disposition = DISPOSITION_REPLACE, .replace_strategy = "truncate-and-insert"},
         "truncate-and-insert"},
        {{.disposition = DISPOSITION_REPLACE, .replace_strategy = "upsert"}, NULL},
        {{.disposition = DISPOSITION_MERGE, .replace_strategy = "truncate-and-insert"}, "merge"},
        {{.disposition = DISPOSITION_MERGE}, "merge"},
        {{.disposition = DISPOSITION_MERGE, .merge_strategy = "delete-insert"}, "merge"},
        {{.disposition = DISPOSITION_MERGE, .merge_strategy = "scd9"}, NULL},
        {{.disposition = DISPOSITION_SKIP}, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct table table = cases[i].table;
        const struct disposition_driver *driver = NULL;
        struct tg_error err = {0};
        table.name = "t";
        int rc = disposition_get(&table, &driver, &err);
        assert_int_equal(rc, cases[i].name ? TG_OK : TG_USAGE);
        if (cases[i].name)
            assert_string_equal(disposition_name(driver), cases[i].name);
        else
            assert_string_equal(strstr(err.what, "use one of"), "use one of append replace merge");
    }
}

static void test_words_of_a_spec(void **state)
{
    (void)state;
    const struct disposition_driver *merge = disposition_find("merge", NULL);
    assert_non_null(merge);
    assert_ptr_equal(disposition_find("merge", "delete-insert"), merge);
    assert_null(disposition_find("merge", "delete"));
    assert_null(disposition_find("mer", NULL));
    assert_null(disposition_find("", NULL));
    assert_null(disposition_find("skip", NULL));
    /* The usual strategy is not stored. */
    assert_null(disposition_strategy(merge));
    assert_null(disposition_strategy(disposition_find("append", NULL)));
    const struct disposition_driver other = {.word = DISPOSITION_MERGE, .strategy = "swap"};
    assert_string_equal(disposition_strategy(&other), "swap");
    assert_string_equal(disposition_name(&other), "swap");
}

static void test_options(void **state)
{
    (void)state;
    const struct disposition_driver some = {.options = "a bc d"};
    assert_true(disposition_takes(&some, "a"));
    assert_true(disposition_takes(&some, "bc"));
    assert_true(disposition_takes(&some, "d"));
    assert_false(disposition_takes(&some, "b"));
    assert_false(disposition_takes(&some, "bcd"));
    assert_false(disposition_takes(disposition_find("append", NULL), "a"));
    const struct disposition_driver *upsert = disposition_find("merge", "upsert");
    assert_non_null(upsert);
    assert_string_equal(disposition_strategy(upsert), "upsert");
    assert_true(upsert->ids_by_key);
}

static void test_lists(void **state)
{
    (void)state;
    char words[OPTION_WORDS_MAX];
    assert_string_equal(disposition_words(words), "append replace merge");
    assert_string_equal(disposition_words_if(disposition_needs_key, words), "merge");
    assert_string_equal(disposition_words_if(disposition_adds_rows, words), "append");
    assert_string_equal(disposition_words_if(disposition_has_strategy, words), "replace merge");
    assert_string_equal(
        disposition_strategies(words),
        "cdc insert-from-staging insert-only delete-insert replace-range scd2 staging-optimized "
        "truncate-and-insert upsert");
    assert_string_equal(disposition_strategies_of("merge", words),
                        "cdc insert-only delete-insert scd2 upsert");
    assert_string_equal(disposition_strategies_of("append", words), "");
    assert_string_equal(disposition_strategies_with("skip_unchanged_rows", words),
                        "cdc delete-insert upsert");
    assert_string_equal(disposition_strategies_with("skip_unchanged", words), "");
    assert_string_equal(disposition_strategies_if(disposition_needs_key, words),
                        "cdc insert-only delete-insert upsert");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_words),
        cmocka_unit_test(test_words_of_a_spec),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests_name("write/disposition", tests, NULL, NULL);
}
