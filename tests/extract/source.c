#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/source.h"

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(source_find("files")->name, "files");
    assert_string_equal(source_find("callback")->name, "callback");
    assert_null(source_find("file"));
    assert_null(source_find(""));
}

/* Every driver is whole, and found by its name. */
static void test_list(void **state)
{
    size_t count;
    const struct source_driver *const *list = source_list(&count);

    (void)state;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        const struct source_driver *driver = list[i];
        assert_ptr_equal(source_find(driver->name), driver);
        assert_true(driver->help[strlen(driver->help) - 1] == '.');
        assert_true(driver->open && driver->read && driver->progress && driver->files &&
                    driver->close);
        driver->close(NULL);
        for (const struct option *option = driver->source_options; option->name; option++)
            assert_non_null(option->help);
        for (const struct option *option = driver->resource_options; option->name; option++)
            assert_non_null(option->help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests_name("extract/source", tests, NULL, NULL);
}
