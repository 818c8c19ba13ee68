/* package/rejects.c: rejected rows become a table of the package. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"
#include "data/rows.h"
#include "package/rejects.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct engine *engine;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state) || engine_new(&ctx, "tmp", &engine, NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    engine_free(engine);
    return sample_teardown(state);
}

/* `count` rows, each with `document`, into a package that is sealed; the manifest's entry. */
static int reject(const char *load_id, const char *document, size_t count, struct manifest *out)
{
    int rc = TG_OK;
    struct rejects rejects = {.row_count = 0};
    struct package *package = NULL;
    yyjson_doc *doc = NULL;
    char *path = NULL;
    manifest_init(out);
    TRY(json_parse(document, strlen(document), "a document", &doc, NULL));
    TRY(package_create(&ctx, engine, "work", load_id, &package, NULL));
    for (size_t i = 0; i < count; i++) {
        const struct rejected_row row = {.resource = "r",
                                         .table = "t",
                                         .column = i % 2 ? "c" : NULL,
                                         .reason = "it's \"bad\"",
                                         .place = "",
                                         .file = i % 2 ? "a.csv" : NULL,
                                         .line = i,
                                         .byte = i % 7,
                                         .text = i % 2 ? "1,2" : NULL,
                                         .document = yyjson_doc_get_root(doc)};
        TRY(rejects_add(&rejects, package, load_id, &row, NULL));
    }
    TRY(rejects_flush(&rejects, package, NULL));
    TRY(rejects_flush(&rejects, package, NULL)); /* nothing is left */
    TRY(package_seal(package, &path, NULL));
    TRY(package_open(path, out, NULL));
    TRY(package_drop(path, NULL));
done:
    mem_free(path);
    rejects_release(&rejects);
    package_free(package);
    yyjson_doc_free(doc);
    return rc;
}

static void rows_become_a_table(void **state)
{
    struct manifest manifest;
    (void)state;
    assert_int_equal(reject("1.5", "{\"a\":[1,\"x\"]}", 5000, &manifest), TG_OK);
    const struct manifest_table *table = manifest_find(&manifest, REJECTS_TABLE);
    assert_non_null(table);
    assert_int_equal(table->file_count, 1);
    assert_int_equal(table->files[0].row_count, 5000);
    assert_int_equal(table->files[0].column_count, REJECTS_COLUMNS);
    for (size_t i = 0; i < REJECTS_COLUMNS; i++)
        assert_string_equal(table->files[0].columns[i].name, rejects_columns[i]);
    manifest_release(&manifest);
}

static void no_rows_are_no_table(void **state)
{
    struct manifest manifest;
    (void)state;
    assert_int_equal(reject("1.5", "{}", 0, &manifest), TG_OK);
    assert_null(manifest_find(&manifest, REJECTS_TABLE));
    manifest_release(&manifest);
}

static int add_some(void)
{
    int rc = TG_OK;
    struct manifest manifest;
    struct rejects rejects = {.row_count = 0};
    struct package *package = NULL;
    yyjson_val document = {.tag = YYJSON_TYPE_NULL};
    const struct rejected_row row = {
        .resource = "r", .table = "t", .reason = "x", .place = "p", .document = &document};
    manifest_init(&manifest);
    TRY(package_create(&ctx, engine, "work", "2.5", &package, NULL));
    for (int i = 0; i < 3; i++)
        TRY(rejects_add(&rejects, package, "2.5", &row, NULL));
    TRY(rejects_flush(&rejects, package, NULL));
done:
    rejects_release(&rejects);
    package_free(package);
    manifest_release(&manifest);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(add_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_become_a_table, setup, teardown),
        cmocka_unit_test_setup_teardown(no_rows_are_no_table, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_a_lack_of_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("package/rejects", tests, NULL, NULL);
}
