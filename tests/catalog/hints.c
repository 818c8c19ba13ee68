/* What a resource says of its table, laid over what is known: keys, NOT NULL, order, types,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/table.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct table *apply(struct catalog *catalog, const struct table_hints *hints)
{
    struct table *table = NULL;
    struct tg_error err = {0};
    if (catalog_apply_hints(catalog, hints, &table, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    return table;
}

static void refuse(struct catalog *catalog, const struct table_hints *hints, const char *what)
{
    struct table *table = NULL;
    struct tg_error err = {0};
    assert_int_equal(catalog_apply_hints(catalog, hints, &table, &err), TG_SPEC);
    assert_string_equal(err.what, what);
    assert_null(table);
}

static void test_new_table(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    const struct table_column columns[] = {
        {.name = "price",
         .spec = {.type = TYPE_DECIMAL, .precision = 10, .scale = 2},
         .nullable_implied = true},
        {.name = "at",
         .spec = {.type = TYPE_TIMESTAMP, .naive = true},
         .has_timezone = true,
         .nullable = true},
        {.name = "gone", .hard_delete = true, .nullable_implied = true},
        {.name = "tenant", .nullable = true},
        {.name = "seq", .dedup_sort = "desc", .nullable = false},
    };
    const char *const key[] = {"id", "tenant"};
    const char *const merge_key[] = {"day"};
    struct table *table = apply(&catalog, &(struct table_hints){.table = "orders",
                                                                .resource = "Orders",
                                                                .disposition = DISPOSITION_MERGE,
                                                                .merge_strategy = "upsert",
                                                                .primary_key = key,
                                                                .primary_key_count = 2,
                                                                .merge_key = merge_key,
                                                                .merge_key_count = 1,
                                                                .cursor = "updated_at",
                                                                .max_nesting = 0,
                                                                .columns = columns,
                                                                .column_count = COUNT(columns)});
    static const char *const order[] = {"price", "at", "gone", "tenant",
                                        "seq",   "id", "day",  "updated_at"};
    assert_int_equal(table->column_count, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        assert_string_equal(table->columns[i].name, order[i]);
    assert_string_equal(table->resource, "Orders");
    assert_string_equal(table->merge_strategy, "upsert");
    assert_int_equal(table->max_nesting, 0);
    assert_true(table->columns[0].nullable && table->columns[0].nullable_implied);
    assert_int_equal(table->columns[0].spec.scale, 2);
    assert_true(table->columns[1].spec.naive && table->columns[1].has_timezone);
    assert_true(table->columns[2].hard_delete);
    assert_true(table->columns[3].primary_key && table->columns[3].nullable);
    assert_true(!table->columns[4].nullable);
    assert_string_equal(table->columns[4].dedup_sort, "desc");
    assert_true(table->columns[5].primary_key && !table->columns[5].nullable);
    assert_true(table->columns[6].merge_key && !table->columns[6].nullable);
    assert_true(table->columns[7].incremental && table->columns[7].nullable);
    assert_true(table->columns[7].nullable_implied);
    catalog_release(&catalog);
}

static void test_keys_replace(void **state)
{
    (void)state;
    struct catalog catalog;
    const char *names[4];
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_hints hints = {.table = "t", .resource = "t", .disposition = DISPOSITION_MERGE};
    hints.primary_key = (const char *const[]){"a", "b"};
    hints.primary_key_count = 2;
    hints.merge_strategy = "scd2";
    hints.cursor = "a";
    hints.max_nesting = 3;
    apply(&catalog, &hints);

    hints.primary_key = (const char *const[]){"c"};
    hints.primary_key_count = 1;
    hints.merge_strategy = NULL;
    hints.cursor = "c";
    hints.max_nesting = -1;
    struct table *table = apply(&catalog, &hints);
    assert_int_equal(table_key(table, false, names, 4), 1);
    assert_string_equal(names[0], "c");
    assert_null(table->merge_strategy);
    assert_int_equal(table->max_nesting, 3);
    assert_false(table_find(table, "a")->incremental);
    assert_true(table_find(table, "c")->incremental);

    hints.primary_key_count = 0;
    hints.cursor = NULL;
    hints.disposition = DISPOSITION_REPLACE;
    assert_ptr_equal(apply(&catalog, &hints), table);
    assert_int_equal(table_key(table, false, names, 4), 1);
    assert_true(table_find(table, "c")->incremental);
    assert_int_equal(table->disposition, DISPOSITION_REPLACE);
    catalog_release(&catalog);
}

static void test_types(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "x", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {.table = "t",
                                .resource = "t",
                                .disposition = DISPOSITION_APPEND,
                                .cursor = "y",
                                .max_nesting = -1,
                                .columns = &column,
                                .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    column.spec.type = TYPE_TEXT; /* not at the destination yet */
    apply(&catalog, &hints);
    assert_int_equal(table_find(table, "x")->spec.type, TYPE_TEXT);
    column = (struct table_column){.name = "x", .nullable = false};
    apply(&catalog, &hints); /* says nothing of the type */
    assert_int_equal(table_find(table, "x")->spec.type, TYPE_TEXT);
    assert_false(table_find(table, "x")->nullable);

    struct table_column first = {
        .name = "y", .spec = {.type = TYPE_DATE}, .nullable_implied = true};
    hints.columns = &first;
    hints.cursor = NULL;
    assert_int_equal(table_add_column(&catalog, table, "z", &column.spec, NULL, NULL), TG_OK);
    apply(&catalog, &hints); /* y becomes complete and moves to the end */
    assert_string_equal(table->columns[2].name, "y");
    assert_int_equal(table->columns[2].spec.type, TYPE_DATE);
    assert_true(table->columns[2].incremental);
    catalog_release(&catalog);
}

static void test_refusals(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "x", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {.table = "t",
                                .resource = "r",
                                .disposition = DISPOSITION_APPEND,
                                .max_nesting = -1,
                                .columns = &column,
                                .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    table->seen_data = true;
    apply(&catalog, &hints); /* the same again is fine */
    column.spec.type = TYPE_TEXT;
    hints.disposition = DISPOSITION_REPLACE;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is bigint at the destination and the hint says text: take the "
           "hint back, or drop the table");
    assert_int_equal(table->disposition, DISPOSITION_APPEND);
    column.name = "new";
    apply(&catalog, &hints);

    struct table_column *known = table_find(table, "x");
    known->spec = (struct type_spec){.type = TYPE_DECIMAL};
    column = (struct table_column){.name = "x",
                                   .spec = {.type = TYPE_DECIMAL, .precision = 38, .scale = 9}};
    apply(&catalog, &hints); /* what a decimal is anyway */
    column.spec = (struct type_spec){.type = TYPE_DECIMAL};
    apply(&catalog, &hints);
    column.spec.precision = 10;
    column.spec.scale = 2;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is decimal(38,9) at the destination and the hint says "
           "decimal(10,2): take the hint back, or drop the table");
    known->spec = (struct type_spec){.type = TYPE_TIMESTAMP};
    column.spec = (struct type_spec){.type = TYPE_TIMESTAMP, .naive = true};
    column.has_timezone = true;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is timestamp at the destination and the hint says timestamp "
           "without time zone: take the hint back, or drop the table");

    struct table *nested = NULL;
    assert_int_equal(catalog_add(&catalog, "t__k", "t", &nested, NULL), TG_OK);
    hints.table = "t__k";
    refuse(&catalog, &hints, "table 't__k' is nested in 't': give resource 'r' another table_name");
    hints.table = "_dlt_loads";
    refuse(&catalog, &hints,
           "table name '_dlt_loads' is reserved: give resource 'r' another table_name");
    catalog_release(&catalog);
}

static int all(void)
{
    struct catalog catalog;
    struct table *table = NULL;
    struct tg_error err = {0};
    int rc = TG_OK;
    const char *const key[] = {"id", "tenant"};
    const struct table_column columns[] = {
        {.name = "price", .spec = {.type = TYPE_DECIMAL, .precision = 10, .scale = 2}},
        {.name = "seq", .dedup_sort = "asc"},
    };
    const struct table_hints hints = {.table = "t",
                                      .resource = "t",
                                      .disposition = DISPOSITION_MERGE,
                                      .merge_strategy = "upsert",
                                      .primary_key = key,
                                      .primary_key_count = 2,
                                      .merge_key = key,
                                      .merge_key_count = 1,
                                      .cursor = "at",
                                      .columns = columns,
                                      .column_count = 2};
    TRY(catalog_init(&catalog, "shop", &err));
    TRY(catalog_apply_hints(&catalog, &hints, &table, &err));
    TRY(catalog_apply_hints(&catalog, &hints, &table, &err));
done:
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_table), cmocka_unit_test(test_keys_replace),
        cmocka_unit_test(test_types),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("catalog/hints", tests, NULL, NULL);
}
