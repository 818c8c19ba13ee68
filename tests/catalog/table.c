/* Tables and columns in memory: order, lookups, keys, parents, pointers that stay valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/table.h"
#include "dlt/store.h"
#include "tests/torture.h"

static const struct type_spec bigint = {.type = TYPE_BIGINT};
static const struct type_spec text = {.type = TYPE_TEXT};

static void make(struct catalog *catalog)
{
    assert_int_equal(catalog_init(catalog, "shop", NULL), TG_OK);
}

static struct table *add(struct catalog *catalog, const char *name, const char *parent)
{
    struct table *table = NULL;
    assert_int_equal(catalog_add(catalog, name, parent, &table, NULL), TG_OK);
    return table;
}

static struct table_column *add_column(struct catalog *catalog, struct table *table,
                                       const char *name, const struct type_spec *spec)
{
    struct table_column *column = NULL;
    assert_int_equal(table_add_column(catalog, table, name, spec, &column, NULL), TG_OK);
    return column;
}

static void test_tables(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    make(&catalog);
    struct table *first = add(&catalog, "person", NULL);
    assert_string_equal(first->resource, "person");
    assert_int_equal(first->disposition, DISPOSITION_APPEND);
    assert_int_equal(first->max_nesting, -1);
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t%d", i);
        add(&catalog, name, NULL);
    }
    assert_ptr_equal(catalog_find(&catalog, "person"), first);
    assert_string_equal(catalog.tables[103]->name, "t99");
    assert_null(catalog_find(&catalog, "PERSON"));
    assert_null(catalog_find_like(&catalog, "PERSON", false));
    assert_ptr_equal(catalog_find_like(&catalog, "PERSON", true), first);
    assert_null(catalog_find_like(&catalog, "PERSONS", true));
    assert_null(catalog_find(&catalog, ""));
    struct table *again = first;
    assert_int_equal(catalog_add(&catalog, "person", NULL, &again, &err), TG_INTERNAL);
    assert_null(again);
    catalog_release(&catalog);
}

static void test_parents(void **state)
{
    (void)state;
    struct catalog catalog;
    make(&catalog);
    struct table *root = add(&catalog, "a", NULL);
    struct table *child = add(&catalog, "a__b", "a");
    struct table *grandchild = add(&catalog, "a__b__c", "a__b");
    assert_null(child->resource);
    assert_int_equal(child->disposition, DISPOSITION_NONE);
    assert_ptr_equal(catalog_root(&catalog, root), root);
    assert_ptr_equal(catalog_root(&catalog, grandchild), root);
    assert_false(table_is_system(root));
    assert_true(table_is_system(catalog_find(&catalog, "_dlt_loads")));
    assert_true(table_is_system(add(&catalog, "_tidegate_loads", NULL)));
    assert_false(table_is_system(add(&catalog, "dlt_loads", NULL)));
    catalog_release(&catalog);
}

static void test_columns(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    make(&catalog);
    struct table *table = add(&catalog, "t", NULL);
    assert_true(table_is_new(table));
    struct table_column *column = add_column(&catalog, table, "later", NULL);
    assert_true(column->nullable);
    assert_int_equal(column->spec.type, TYPE_NONE);
    assert_true(table_is_new(table));
    column = add_column(&catalog, table, "naive",
                        &(struct type_spec){.type = TYPE_TIMESTAMP, .naive = true});
    assert_true(column->has_timezone);
    assert_false(table_is_new(table));
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof(name), "c%d", i);
        add_column(&catalog, table, name, &bigint);
    }
    assert_int_equal(table->column_count, 52);
    assert_string_equal(table->columns[51].name, "c49");
    assert_string_equal(table_find(table, "naive")->name, "naive");
    assert_null(table_find(table, "c50"));
    assert_null(table_find_like(table, "NAIVE", false));
    assert_string_equal(table_find_like(table, "NAIVE", true)->name, "naive");
    assert_null(table_find_like(table, "C50", true));
    assert_int_equal(table_add_column(&catalog, table, "c0", &text, NULL, &err), TG_INTERNAL);
    catalog_release(&catalog);
}

static void test_complete(void **state)
{
    (void)state;
    struct catalog catalog;
    struct tg_error err = {0};
    make(&catalog);
    struct table *table = add(&catalog, "t", NULL);
    struct table_column *column = add_column(&catalog, table, "id", NULL);
    column->primary_key = true;
    column->nullable = false;
    column->spec.precision = 32;
    column = add_column(&catalog, table, "at", NULL);
    column->has_timezone = true;
    column->spec.naive = true;
    add_column(&catalog, table, "name", &text);
    assert_int_equal(table_complete_column(&catalog, table, "id", &bigint, &err), TG_OK);
    assert_string_equal(table->columns[0].name, "at");
    assert_string_equal(table->columns[1].name, "name");
    column = &table->columns[2];
    assert_string_equal(column->name, "id");
    assert_true(column->primary_key && !column->nullable);
    assert_int_equal(column->spec.type, TYPE_BIGINT);
    assert_int_equal(column->spec.precision, 32);
    struct type_spec zoned = {.type = TYPE_TIMESTAMP};
    assert_int_equal(table_complete_column(&catalog, table, "at", &zoned, &err), TG_OK);
    assert_true(table_find(table, "at")->spec.naive);
    assert_string_equal(table->columns[2].name, "at");
    assert_int_equal(table_complete_column(&catalog, table, "at", &zoned, &err), TG_INTERNAL);
    assert_int_equal(table_complete_column(&catalog, table, "no", &zoned, &err), TG_INTERNAL);
    catalog_release(&catalog);
}

/* Many columns are found by hash, and completing one moves those behind it. */
static void test_wide(void **state)
{
    (void)state;
    enum { WIDE = 10000 };
    struct catalog catalog;
    struct table *table = NULL;
    char name[32];
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_int_equal(catalog_add(&catalog, "wide", NULL, &table, NULL), TG_OK);
    for (int i = 0; i < WIDE; i++) {
        snprintf(name, sizeof(name), "column_%d", i);
        assert_null(table_find(table, name));
        assert_int_equal(
            table_add_column(&catalog, table, name, i % 5000 == 7 ? NULL : &text, NULL, NULL),
            TG_OK);
    }
    assert_int_equal(table_complete_column(&catalog, table, "column_7", &text, NULL), TG_OK);
    for (int i = 0; i < WIDE; i++) {
        snprintf(name, sizeof(name), "column_%d", i);
        const struct table_column *column = table_find(table, name);
        assert_string_equal(column->name, name);
        assert_int_equal(column - table->columns, i == 7 ? WIDE - 1 : i > 7 ? i - 1 : i);
    }
    assert_int_equal(table_add_column(&catalog, table, "column_9", &text, NULL, NULL), TG_INTERNAL);
    catalog_release(&catalog);
}

static void test_extras(void **state)
{
    (void)state;
    struct catalog catalog;
    struct extra *list = NULL;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    assert_int_equal(extra_set(&catalog, &list, "a", "1", NULL), TG_OK);
    assert_int_equal(extra_set(&catalog, &list, "b", "2", NULL), TG_OK);
    assert_int_equal(extra_set(&catalog, &list, "a", "3", NULL), TG_OK);
    assert_string_equal(list->key, "a");
    assert_string_equal(extra_find(list, "a"), "3");
    assert_null(list->next->next);
    extra_remove(&list, "c");
    extra_remove(&list, "a");
    assert_null(extra_find(list, "a"));
    assert_string_equal(extra_find(list, "b"), "2");
    extra_remove(&list, "b");
    assert_null(list);
    catalog_release(&catalog);
}

static void test_keys(void **state)
{
    (void)state;
    struct catalog catalog;
    const char *names[2] = {NULL, NULL};
    make(&catalog);
    struct table *table = add(&catalog, "t", NULL);
    assert_int_equal(table_key(table, false, names, 2), 0);
    add_column(&catalog, table, "b", &text)->primary_key = true;
    add_column(&catalog, table, "m", &text)->merge_key = true;
    add_column(&catalog, table, "a", NULL)->primary_key = true;
    assert_int_equal(table_key(table, false, names, 2), 2);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "a");
    assert_int_equal(table_key(table, true, names, 2), 1);
    assert_string_equal(names[0], "m");
    assert_int_equal(table_key(table, false, names, 1), 2);
    assert_int_equal(table_key(table, false, NULL, 0), 2);
    catalog_release(&catalog);
}

static int grow(void)
{
    struct catalog catalog;
    struct tg_error err = {0};
    int rc = TG_OK;
    TRY(catalog_init(&catalog, "shop", &err));
    for (int i = 0; i < 40; i++) {
        char name[16];
        struct table *table = NULL;
        snprintf(name, sizeof(name), "t%d", i);
        TRY(catalog_add(&catalog, name, i % 2 ? "t0" : NULL, &table, &err));
        for (int j = 0; j < 20; j++) {
            snprintf(name, sizeof(name), "c%d", j);
            TRY(table_add_column(&catalog, table, name, &text, NULL, &err));
        }
    }
done:
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(grow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),  cmocka_unit_test(test_parents),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_complete),
        cmocka_unit_test(test_wide),    cmocka_unit_test(test_extras),
        cmocka_unit_test(test_keys),    cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("catalog/table", tests, NULL, NULL);
}
