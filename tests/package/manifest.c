/* The manifest in memory: finding, adding, copying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>

#include "package/manifest.h"
#include "tests/torture.h"

static void test_tables_are_found_or_added(void **state)
{
    (void)state;
    struct manifest manifest;
    struct manifest_table *table = NULL;
    struct manifest_table *again = NULL;
    manifest_init(&manifest);
    assert_null(manifest_find(&manifest, "person"));
    char name[16] = "person";
    assert_int_equal(manifest_add_table(&manifest, name, "people", false, &table, NULL), TG_OK);
    name[0] = 'x'; /* copied */
    assert_string_equal(table->name, "person");
    table->rows_new = 3;
    assert_int_equal(manifest_add_table(&manifest, "person", "other", true, &again, NULL), TG_OK);
    assert_ptr_equal(table, again);
    assert_string_equal(again->resource, "people");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        assert_int_equal(manifest_add_table(&manifest, name, "r", true, &again, NULL), TG_OK);
    }
    assert_int_equal(manifest.table_count, 101);
    assert_int_equal(manifest_find(&manifest, "person")->rows_new, 3);
    assert_string_equal(manifest.tables[100].name, "t99");
    manifest_release(&manifest);
    assert_int_equal(manifest.table_count, 0);
    manifest_release(&manifest);
}

static int fill(void)
{
    struct manifest manifest;
    struct manifest_table *table = NULL;
    const char *hashes[] = {"h1", "h2"};
    struct manifest_column columns[] = {{.name = "id", .spec.type = TYPE_BIGINT},
                                        {.name = "x", .spec.type = TYPE_TEXT}};
    struct manifest_file file = {.name = "a.1.parquet", .columns = columns, .column_count = 2};
    struct bookmark source = {.resource = "r", .key = "a.jsonl", .size = 1};
    struct manifest_boundary boundary = {"r", "id", "7", hashes, 2, false};
    int rc = TG_OK;
    manifest_init(&manifest);
    TRY(manifest_add_table(&manifest, "a", "r", false, &table, NULL));
    TRY(manifest_add_file(&manifest, table, &file, NULL));
    TRY(manifest_set_range(&manifest, table, &(struct manifest_range){.column = "x"}, NULL));
    assert_string_equal(table->ranges->from_kind, "");
    TRY(manifest_add_bookmark(&manifest, &source, NULL));
    TRY(manifest_add_boundary(&manifest, &boundary, NULL));
    assert_ptr_not_equal(manifest.boundaries[0].hashes, hashes);
    assert_string_equal(manifest.boundaries[0].hashes[1], "h2");
    assert_ptr_not_equal(table->files[0].columns, columns);
    assert_string_equal(table->files[0].columns[1].name, "x");
    assert_string_equal(manifest.bookmarks[0].key, "a.jsonl");
    assert_string_equal(manifest.bookmarks[0].content, "");
done:
    manifest_release(&manifest);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_found_or_added),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("package/manifest", tests, NULL, NULL);
}
