/* The catalog of a pipeline that never ran: it is what dlt has then (the hash is dlt's). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/store.h"
#include "tests/torture.h"

static void test_fresh(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    bool changed = false;
    assert_int_equal(catalog_init(&catalog, "shop", &err), TG_OK);
    assert_string_equal(catalog.name, "shop");
    assert_int_equal(catalog.engine_version, 11);
    assert_int_equal(catalog.version, 1);
    assert_string_equal(catalog.version_hash, "");
    assert_int_equal(catalog.table_count, 3);
    assert_int_equal(catalog_find(&catalog, "_dlt_version")->disposition, DISPOSITION_SKIP);
    assert_int_equal(catalog_find(&catalog, "_dlt_loads")->columns[0].spec.precision, 64);
    const struct table *table = catalog_find(&catalog, "_dlt_pipeline_state");
    assert_int_equal(table->column_count, 8);
    assert_int_equal(table->disposition, DISPOSITION_APPEND);
    assert_true(table->columns[7].row_key && table->columns[7].unique);
    assert_int_equal(catalog_bump(&catalog, &changed, &err), TG_OK);
    assert_true(changed);
    assert_int_equal(catalog.version, 1);
    assert_string_equal(catalog.version_hash, "nxQwtN+U9UPJYT5shStwzDC70z5gtYpvPjxNSjaptEw=");
    catalog_release(&catalog);
}

static void test_odd_name(void **state)
{
    (void)state;
    struct catalog catalog;
    struct catalog copy;
    struct tg_error err = {0};
    assert_int_equal(catalog_init(&catalog, "a\"b\\'c", &err), TG_OK);
    assert_int_equal(catalog_copy(&catalog, &copy, &err), TG_OK);
    assert_string_equal(copy.name, "a\"b\\'c");
    catalog_release(&copy);
    catalog_release(&catalog);
    catalog_release(&catalog);
}

static int make(void)
{
    struct catalog catalog;
    struct tg_error err = {0};
    int rc = catalog_init(&catalog, "shop", &err);
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_odd_name),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/fresh", tests, NULL, NULL);
}
