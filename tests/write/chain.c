/*
 * Tests of src/write/sql/chain.c: which tables of a load belong together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

static void open_load(struct fixture *t, struct described *there, struct delivery *delivery)
{
    fixture_complete(t, fixture_begin(t));
    FIXTURE_OK(t, delivery_init(delivery, &dialect_duckdb, "p", package_manifest(t->package), there,
                                NULL, &t->err));
}

static void test_parents_come_first(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    fixture_init(&t);
    /* As a stored catalog may list them: by name, whatever the parent. */
    fixture_table(&t, "a__deep", "z__list", DISPOSITION_NONE);
    fixture_table(&t, "absent", "z", DISPOSITION_NONE);
    fixture_table(&t, "b", NULL, DISPOSITION_APPEND);
    fixture_table(&t, "z__list", "z", DISPOSITION_NONE);
    fixture_table(&t, "z__old", "z", DISPOSITION_NONE);
    fixture_table(&t, "z", NULL, DISPOSITION_MERGE);
    golden_columns(&t, "z__old", "v bigint");
    golden_there(&t, &there, "z__old");
    fixture_part(&t, "z");
    golden_file(&t, "z__list", "v bigint", "1");
    golden_file(&t, "a__deep", "v bigint", "2");
    fixture_part(&t, "b");
    open_load(&t, &there, &delivery);
    assert_int_equal(delivery.chain_count, 1);
    const struct chain *chain = &delivery.chains[0];
    const char *const names[] = {"z", "z__list", "z__old", "a__deep"};
    assert_int_equal(chain->count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(chain->targets[i].table->name, names[i]);
    assert_string_equal(disposition_name(chain->driver), "merge");
    assert_false(chain->replaced);
    assert_int_equal(chain->targets[3].index, 2);
    assert_true(target_has_rows(&chain->targets[1]));
    assert_false(target_has_rows(&chain->targets[2]));
    assert_non_null(chain->targets[2].there);
    assert_ptr_equal(chain_find(chain, "z__old"), &chain->targets[2]);
    assert_null(chain_find(chain, "b"));
    assert_null(chain_find(chain, NULL));
    delivery_release(&delivery);
    fixture_release(&t);
}

static void test_replaced_by_any_table(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_REPLACE);
    fixture_table(&t, "b", NULL, DISPOSITION_NONE);
    fixture_part(&t, "a")->replaced = true;
    fixture_part(&t, "b")->replaced = true;
    open_load(&t, &there, &delivery);
    assert_int_equal(delivery.chain_count, 2);
    assert_true(delivery.chains[0].replaced);
    assert_string_equal(disposition_name(delivery.chains[0].driver), "replace");
    assert_string_equal(disposition_name(delivery.chains[1].driver), "append");
    assert_int_equal(delivery.chains[1].number, 1);
    delivery_release(&delivery);
    fixture_release(&t);
}

/* An append alone, to tables of which it is known that they have no index. */
static void test_only_adds(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_APPEND);
    fixture_table(&t, "b", NULL, DISPOSITION_APPEND);
    golden_columns(&t, "a", "v bigint");
    golden_there(&t, &there, "a");
    golden_file(&t, "a", "v bigint", "1");
    golden_file(&t, "b", "v bigint", "2");
    open_load(&t, &there, &delivery);
    assert_int_equal(delivery.chain_count, 2);
    assert_false(delivery_only_adds(&delivery)); /* nobody knows of a's */
    delivery.described.tables[0].has_no_index = true;
    assert_true(delivery_only_adds(&delivery));
    struct manifest *manifest = package_manifest(t.package);
    manifest->undo_loads = 1;
    assert_false(delivery_only_adds(&delivery));
    manifest->undo_loads = 0;
    manifest->tables[1].is_keys = true;
    assert_false(delivery_only_adds(&delivery));
    manifest->tables[1].is_keys = false;
    delivery.chains[1].replaced = true;
    assert_false(delivery_only_adds(&delivery));
    delivery.chains[1].replaced = false;
    delivery.chains[1].driver = disposition_find("merge", NULL);
    assert_false(delivery_only_adds(&delivery));
    delivery_release(&delivery);
    fixture_release(&t);
}

static void test_links(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    struct table *table = fixture_table(&t, "a", NULL, DISPOSITION_APPEND);
    golden_columns(&t, "a", "v bigint|x text row|y text parent|z text root");
    assert_string_equal(table_link(table, LINK_ROW), "x");
    assert_string_equal(table_link(table, LINK_PARENT), "y");
    assert_string_equal(table_link(table, LINK_ROOT), "z");
    table = fixture_table(&t, "b", NULL, DISPOSITION_APPEND);
    assert_null(table_link(table, LINK_ROW));
    fixture_release(&t);
}

static void test_table_that_the_catalog_lacks(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    fixture_init(&t);
    fixture_table(&t, "a", NULL, DISPOSITION_APPEND);
    fixture_part(&t, "a");
    struct catalog full = t.catalog;
    FIXTURE_OK(&t, catalog_init(&t.catalog, "shop", &t.err));
    open_load(&t, &there, &delivery); /* counts alone do no harm */
    assert_int_equal(delivery.chain_count, 0);
    delivery_release(&delivery);
    struct manifest_file file = {.name = "a.1.parquet"};
    struct manifest *manifest = package_manifest(t.package);
    FIXTURE_OK(&t, manifest_add_file(manifest, &manifest->tables[0], &file, &t.err));
    assert_int_equal(delivery_init(&delivery, &dialect_duckdb, "p", manifest, &there, NULL, &t.err),
                     TG_DATA);
    assert_non_null(strstr(t.err.what, "rows for table 'a'"));
    catalog_release(&full);
    fixture_release(&t);
}

static struct fixture tortured;

static int init_once(void)
{
    struct delivery delivery;
    struct described there = {0};
    int rc = delivery_init(&delivery, &dialect_duckdb, "p", package_manifest(tortured.package),
                           &there, NULL, &tortured.err);
    if (rc == TG_OK)
        delivery_release(&delivery);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    fixture_init(&tortured);
    fixture_table(&tortured, "a", NULL, DISPOSITION_MERGE);
    fixture_table(&tortured, "a__b", "a", DISPOSITION_NONE);
    golden_file(&tortured, "a", "v bigint", "1");
    golden_file(&tortured, "a__b", "v bigint", "2");
    fixture_complete(&tortured, fixture_begin(&tortured));
    torture(init_once);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents_come_first),
        cmocka_unit_test(test_replaced_by_any_table),
        cmocka_unit_test(test_only_adds),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_table_that_the_catalog_lacks),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("write/chain", tests, NULL, NULL);
}
