/* The package on disk: sealing, settling, checking, dropping, setting aside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "package/package.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct engine *engine;
static struct ArrowSchema schema;

static int setup(void **state)
{
    context_init(&ctx);
    if (sample_setup(state) || engine_new(&ctx, "tmp", &engine, NULL))
        return -1;
    sample_schema(&schema);
    return 0;
}

static int teardown(void **state)
{
    schema_release(&schema);
    engine_free(engine);
    return sample_teardown(state);
}

static bool exists(const char *path)
{
    struct fs_stat stat;
    sample_ok(fs_stat(path, &stat, err));
    return stat.exists;
}

/* A sealed package of one table with 3,000 rows. */
static void seal(const char *load_id)
{
    struct package *package = NULL;
    struct manifest_table *table = NULL;
    char *path = NULL;
    size_t count = 0;
    char expected[64];
    sample_ok(package_create(&ctx, engine, "w/p", load_id, &package, err));
    struct ArrowArray *arrays = sample_batches(3000, &count);
    for (size_t i = 0; i < count; i++)
        sample_ok(package_append(package, "person", &schema, &arrays[i], err));
    mem_free(arrays);
    sample_ok(
        manifest_add_table(package_manifest(package), "person", "person", false, &table, err));
    package_manifest(package)->state = "{\"v\":1}";
    snprintf(expected, sizeof(expected), "w/p/open/%s", load_id);
    assert_true(exists(expected));
    sample_ok(package_seal(package, &path, err));
    assert_false(exists(expected));
    snprintf(expected, sizeof(expected), "w/p/sealed/%s", load_id);
    assert_string_equal(path, expected);
    package_free(package);
    mem_free(path);
    assert_true(exists(expected));
}

static void test_seal_and_open(void **state)
{
    (void)state;
    struct manifest manifest;
    seal("100.5");
    sample_ok(package_open("w/p/sealed/100.5", &manifest, err));
    assert_string_equal(manifest.load_id, "100.5");
    assert_string_equal(manifest.state, "{\"v\":1}");
    assert_true(manifest.created_us > 0);
    assert_int_equal(manifest.table_count, 1);
    assert_int_equal(manifest.tables[0].files[0].row_count, 3000);
    assert_string_equal(manifest.tables[0].files[0].name, "person.1.parquet");
    manifest_release(&manifest);
}

static void test_unsealed_is_deleted(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct ArrowArray batch;
    sample_ok(package_create(&ctx, engine, "w/p", "1.0", &package, err));
    sample_batch(0, 10, &batch);
    sample_ok(package_append(package, "t", &schema, &batch, err));
    assert_true(exists("w/p/open/1.0"));
    package_free(package);
    assert_false(exists("w/p/open/1.0"));
    package_free(NULL);
}

static void test_without_rows(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct manifest_table *table = NULL;
    struct manifest manifest;
    char *path = NULL;
    sample_ok(package_create(&ctx, engine, "w/p", "1.0", &package, err));
    sample_ok(manifest_add_table(package_manifest(package), "t", "r", false, &table, err));
    table->replaced = true;
    sample_ok(package_seal(package, &path, err));
    package_free(package);
    sample_ok(package_open(path, &manifest, err));
    assert_int_equal(manifest.tables[0].file_count, 0);
    assert_true(manifest.tables[0].replaced);
    manifest_release(&manifest);
    mem_free(path);
}

static void test_settle(void **state)
{
    (void)state;
    struct fs_names sealed;
    sample_ok(package_settle("w/p", &sealed, err)); /* nothing there yet */
    assert_int_equal(sealed.count, 0);
    fs_names_release(&sealed);
    seal("200.1");
    seal("100.9");
    sample_ok(fs_mkdirs("w/p/open/300.1", err)); /* as a killed run leaves it */
    sample_ok(fs_write_file("w/p/open/300.1/x.1.parquet", "x", 1, err));
    sample_ok(package_settle("w/p", &sealed, err));
    assert_int_equal(sealed.count, 2);
    assert_string_equal(sealed.items[0], "w/p/sealed/100.9");
    assert_string_equal(sealed.items[1], "w/p/sealed/200.1");
    assert_false(exists("w/p/open/300.1"));
    fs_names_release(&sealed);
}

static void refused(const char *path, int code, const char *part)
{
    struct manifest manifest;
    struct tg_error problem = {0};
    assert_int_equal(package_open(path, &manifest, &problem), code);
    assert_int_equal(problem.code, code);
    assert_non_null(strstr(problem.where, path));
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

static void test_damage_is_found(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT;
    const char *file = "w/p/sealed/1.0/person.1.parquet";
    const char *manifest = "w/p/sealed/1.0/manifest.json";
    seal("1.0");
    sample_ok(fs_read_file(file, &bytes, err));
    bytes.data[bytes.len / 2] ^= 1;
    sample_ok(fs_write_file(file, bytes.data, bytes.len, err));
    refused("w/p/sealed/1.0", TG_IO, "not what was written");
    sample_ok(fs_write_file(file, bytes.data, bytes.len - 1, err));
    refused("w/p/sealed/1.0", TG_IO, "bytes instead of");
    sample_ok(fs_remove(file, err));
    refused("w/p/sealed/1.0", TG_IO, "is missing");
    sample_ok(fs_write_file(manifest, "{\"format\":1", 11, err));
    refused("w/p/sealed/1.0", TG_IO, "not JSON");
    sample_ok(fs_write_file(manifest, "{\"format\":2}", 12, err));
    refused("w/p/sealed/1.0", TG_USAGE, "newer tidegate");
    sample_ok(fs_remove(manifest, err));
    refused("w/p/sealed/1.0", TG_IO, "manifest.json is missing");
    refused("w/p/sealed/none", TG_IO, "manifest.json is missing");
    buf_release(&bytes);
}

static void test_drop(void **state)
{
    (void)state;
    seal("1.0");
    sample_ok(package_drop("w/p/sealed/1.0", err));
    assert_false(exists("w/p/sealed/1.0"));
    assert_false(exists("w/p/open/1.0"));
    assert_int_equal(package_drop("w/p/sealed/1.0", NULL), TG_IO);
}

static void test_set_aside(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct tg_error why = {.code = TG_DESTINATION,
                           .sqlstate = "23502",
                           .where = "table 't'",
                           .what = "duckdb: NOT NULL constraint failed"};
    for (int i = 0; i < 2; i++) { /* the second one replaces the first */
        seal("1.0");
        sample_ok(package_set_aside("w/p/sealed/1.0", "failed", &why, err));
        assert_false(exists("w/p/sealed/1.0"));
        assert_true(exists("w/p/failed/1.0/manifest.json"));
    }
    sample_ok(fs_read_file("w/p/failed/1.0/error.txt", &text, err));
    assert_string_equal(buf_string(&text),
                        "table 't': duckdb: NOT NULL constraint failed\nsqlstate 23502\n");
    buf_release(&text);
}

static void test_notes_and_tries(void **state)
{
    (void)state;
    int tries = -1;
    struct buf text = BUF_INIT;
    struct tg_error why = {.code = TG_IO, .what = "the disk is full"};
    struct manifest manifest;
    seal("2.0");
    sample_ok(package_tries("w/p/sealed/2.0", &tries, err));
    assert_int_equal(tries, 0);
    sample_ok(package_reason("w/p/sealed/2.0", &text, err));
    assert_string_equal(buf_string(&text), "");
    for (int i = 1; i <= 3; i++) {
        sample_ok(package_note("w/p/sealed/2.0", &why, err));
        sample_ok(package_count_try("w/p/sealed/2.0", &tries, err));
        assert_int_equal(tries, i);
    }
    sample_ok(package_open("w/p/sealed/2.0", &manifest, err)); /* as whole as before */
    manifest_release(&manifest);
    sample_ok(package_reason("w/p/sealed/2.0", &text, err));
    assert_string_equal(buf_string(&text), "the disk is full");
    assert_int_equal(package_count_try("w/p/sealed/3.0", &tries, NULL), TG_IO);
    buf_release(&text);
    sample_ok(package_drop("w/p/sealed/2.0", err));
}

static void note_release(struct ArrowArray *array)
{
    *(bool *)array->private_data = true;
    array->release = NULL;
}

static void test_absolute_folder(void **state)
{
    (void)state;
    char folder[2048];
    char path[3000];
    struct package *package = NULL;
    char *sealed = NULL;
    snprintf(folder, sizeof(folder), "%s/abs/p", sample_folder);
    snprintf(path, sizeof(path), "%s/sealed/1.0", folder);
    sample_ok(package_create(&ctx, engine, folder, "1.0", &package, err));
    sample_ok(package_seal(package, &sealed, err));
    assert_string_equal(sealed, path);
    package_free(package);
    sample_ok(package_drop(sealed, err));
    assert_false(exists(path));
    mem_free(sealed);
}

/* What is appended to one without a folder is gone, and nothing is made for it. */
static void test_without_a_folder(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct manifest_table *table = NULL;
    bool released = false;
    struct ArrowSchema none = {.release = NULL};
    struct ArrowArray array = {.release = note_release, .private_data = &released};
    sample_ok(package_create(&ctx, engine, NULL, "1.0", &package, err));
    sample_ok(manifest_add_table(package_manifest(package), "t", "t", false, &table, err));
    sample_ok(package_append(package, "t", &none, &array, err));
    assert_true(released);
    package_free(package);
}

static int whole_life(void)
{
    struct package *package = NULL;
    struct manifest manifest;
    struct fs_names sealed = {0};
    char *path = NULL;
    struct tg_error why = {0};
    int rc = TG_OK;
    manifest_init(&manifest);
    assert_int_equal(system("rm -rf w"), 0); /* what the failed run before left */
    TRY(package_create(&ctx, engine, "w/p", "1.0", &package, NULL));
    TRY(package_seal(package, &path, NULL));
    TRY(package_settle("w/p", &sealed, NULL));
    TRY(package_open(path, &manifest, NULL));
    TRY(package_set_aside(path, "failed", &why, NULL));
done:
    fs_names_release(&sealed);
    manifest_release(&manifest);
    package_free(package);
    mem_free(path);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(whole_life);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_seal_and_open),    in_folder(test_unsealed_is_deleted),
        in_folder(test_without_rows),     in_folder(test_settle),
        in_folder(test_damage_is_found),  in_folder(test_drop),
        in_folder(test_set_aside),        in_folder(test_notes_and_tries),
        in_folder(test_set_aside),        in_folder(test_absolute_folder),
        in_folder(test_without_a_folder), in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("package/package", tests, NULL, NULL);
}
