/* The spool: files to be, flushes in the background, names of files, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "package/spool.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct engine *engine;
static struct spool *spool;
static struct manifest manifest;
static struct ArrowSchema schema;
static atomic_int cancel;

static int setup(void **state)
{
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    manifest_init(&manifest);
    if (sample_setup(state) || engine_new(&ctx, "tmp", &engine, NULL) ||
        spool_new(&ctx, engine, ".", &spool, NULL))
        return -1;
    sample_schema(&schema);
    return 0;
}

static int teardown(void **state)
{
    spool_free(spool);
    manifest_release(&manifest);
    schema_release(&schema);
    engine_free(engine);
    return sample_teardown(state);
}

static int append(const char *table, size_t first, size_t count, struct tg_error *err)
{
    struct ArrowArray batch;
    sample_batch(first, count, &batch);
    int rc = spool_append(spool, table, &schema, &batch, err);
    assert_null(batch.release);
    return rc;
}

/* A batch of one column of its own schema. */
static int append_small(const char *table, const char *column, struct tg_error *err)
{
    struct type_spec type = {.type = TYPE_BIGINT};
    struct ArrowSchema one = {0};
    struct ArrowArray child = {0};
    struct ArrowArray batch = {0};
    struct column values = {0};
    int rc = TG_OK;
    TRY(schema_make(&column, &type, 1, &one, err));
    TRY(column_init(&values, &type, err));
    column_set_int64(&values, 0, 1);
    TRY(column_export(&values, 1, &child, err));
    TRY(batch_make(&child, 1, 1, &batch, err));
    rc = spool_append(spool, table, &one, &batch, err);
done:
    column_release(&values);
    schema_release(&one);
    return rc;
}

static struct manifest_table *add_table(const char *name)
{
    struct manifest_table *table = NULL;
    sample_ok(manifest_add_table(&manifest, name, "r", false, &table, err));
    return table;
}

static void test_one_file_per_table_and_schema(void **state)
{
    (void)state;
    add_table("a");
    add_table("b");
    sample_ok(append("a", 0, 10, err));
    sample_ok(append_small("b", "x", err));
    sample_ok(append("a", 10, 10, err));
    sample_ok(append("a", 20, 0, err));
    add_table("c");
    sample_ok(append("c", 0, 0, err)); /* it is there without rows */
    sample_ok(append_small("b", "y", err));
    sample_ok(append_small("b", "y", err));
    sample_ok(spool_finish(spool, &manifest, err));
    const struct manifest_table *a = manifest_find(&manifest, "a");
    const struct manifest_table *b = manifest_find(&manifest, "b");
    assert_int_equal(a->file_count, 1);
    assert_int_equal(a->files[0].row_count, 20);
    assert_int_equal(a->files[0].column_count, SAMPLE_COLUMNS);
    assert_int_equal(a->files[0].columns[5].spec.type, TYPE_TIMESTAMP);
    assert_true(a->files[0].columns[5].spec.naive);
    const struct manifest_table *c = manifest_find(&manifest, "c");
    assert_int_equal(c->file_count, 1);
    assert_int_equal(c->files[0].row_count, 0);
    assert_int_equal(c->files[0].column_count, SAMPLE_COLUMNS);
    assert_int_equal(b->file_count, 2);
    assert_string_equal(b->files[0].columns[0].name, "x");
    assert_true(b->files[0].columns[0].ascends && b->files[0].columns[0].to == 1);
    assert_false(b->files[1].columns[0].ascends);
    assert_int_equal(b->files[1].row_count, 2);
    assert_string_not_equal(b->files[0].name, b->files[1].name);
    assert_int_equal(strlen(b->files[0].checksum), 16);
}

static void test_flushes_in_the_background(void **state)
{
    (void)state;
    uint64_t rows = 0;
    ctx.memory_bytes_max = (size_t)64 << 20; /* a share of 10 MB */
    add_table("t");
    for (size_t i = 0; i < 100; i++)
        sample_ok(append("t", i * BATCH_ROWS, BATCH_ROWS, err));
    sample_ok(spool_finish(spool, &manifest, err));
    const struct manifest_table *table = manifest_find(&manifest, "t");
    assert_true(table->file_count > 2);
    for (size_t i = 0; i < table->file_count; i++) {
        struct fs_stat stat;
        sample_ok(fs_stat(table->files[i].name, &stat, err));
        assert_int_equal(stat.size, table->files[i].bytes);
        rows += table->files[i].row_count;
    }
    assert_int_equal(rows, 100 * BATCH_ROWS);
}

static int append_numbers(int64_t first, size_t count, struct tg_error *err)
{
    struct type_spec type = {.type = TYPE_BIGINT};
    const char *name = "n";
    struct ArrowSchema one = {0};
    struct ArrowArray child = {0}, batch = {0};
    struct column values = {0};
    int rc = TG_OK;
    TRY(schema_make(&name, &type, 1, &one, err));
    TRY(column_init_rows(&values, &type, count, err));
    for (size_t row = 0; row < count; row++)
        column_set_int64(&values, row, first + (int64_t)row);
    TRY(column_export(&values, count, &child, err));
    TRY(batch_make(&child, 1, (int64_t)count, &batch, err));
    rc = spool_append(spool, "t", &one, &batch, err);
done:
    column_release(&values);
    schema_release(&one);
    return rc;
}

/* A file ends with a whole row group, wherever the batches end; what is behind begins the next. */
static void test_files_of_whole_row_groups(void **state)
{
    (void)state;
    static const size_t lengths[] = {1999, 0, 1, 2048, 20000, 130000};
    int64_t next = 0;
    ctx.memory_bytes_max = (size_t)64 << 20;
    add_table("t");
    for (size_t i = 0; next < 2500000; i++) {
        size_t length = lengths[i % (next < 1800000 ? 5 : 6)];
        sample_ok(append_numbers(next, length, err));
        next += (int64_t)length;
    }
    sample_ok(spool_finish(spool, &manifest, err));
    const struct manifest_table *table = manifest_find(&manifest, "t");
    int64_t seen = 0, whole = 0;
    for (size_t i = 0; i < table->file_count; i++) {
        const struct manifest_file *file = &table->files[i];
        assert_int_equal(file->columns[0].from, seen);
        seen += (int64_t)file->row_count;
        assert_int_equal(file->columns[0].to, seen - 1);
        whole += file->row_count % ENGINE_GROUP_ROWS == 0;
    }
    assert_int_equal(seen, next);
    assert_true(whole >= 2); /* rows of a batch as large are not copied */
}

static void check_name(const char *table, const char *expected)
{
    add_table(table);
    sample_ok(append_small(table, "x", err));
    sample_ok(spool_finish(spool, &manifest, err));
    assert_string_equal(manifest_find(&manifest, table)->files[0].name, expected);
}

static void test_names_of_files(void **state)
{
    (void)state;
    char table[301];
    char expected[128];
    check_name("person__tags", "person__tags.1.parquet");
    check_name("../A b\xc3\xa4", "%2E%2E%2F%41%20b%C3%A4.2.parquet");
    check_name("it's", "it%27s.3.parquet");
    memset(table, 'x', 300);
    table[300] = '\0';
    snprintf(expected, sizeof(expected), "%.100s.4.parquet", table);
    check_name(table, expected);
    table[98] = 'X'; /* would not fit as three characters */
    snprintf(expected, sizeof(expected), "%.98s.5.parquet", table);
    check_name(table, expected);
}

static void test_failures(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    sample_ok(append("unknown", 0, 5, err));
    assert_int_equal(spool_finish(spool, &manifest, &problem), TG_INTERNAL);
    spool_free(spool);
    sample_ok(spool_new(&ctx, engine, "none", &spool, err));
    add_table("t");
    sample_ok(append("t", 0, 5, err));
    assert_int_equal(spool_finish(spool, &manifest, &problem), TG_IO);
    assert_non_null(strstr(problem.where, "table 't'"));
    spool_free(spool);
    sample_ok(spool_new(&ctx, engine, ".", &spool, err));
    sample_ok(append("t", 0, 5, err));
    atomic_store(&cancel, 1);
    assert_int_equal(append("t", 5, 5, &problem), TG_CANCELLED);
    assert_int_equal(spool_finish(spool, &manifest, &problem), TG_CANCELLED);
}

/* A failed flush stops the load, at one of the next calls. */
static void test_failure_in_the_background(void **state)
{
    (void)state;
    int rc = TG_OK;
    struct tg_error problem = {0};
    ctx.memory_bytes_max = (size_t)64 << 20;
    spool_free(spool);
    sample_ok(spool_new(&ctx, engine, "none", &spool, err));
    add_table("t");
    for (size_t i = 0; i < 100 && rc == TG_OK; i++)
        rc = append("t", i * BATCH_ROWS, BATCH_ROWS, &problem);
    assert_int_equal(rc, TG_IO);
    /* And it stays failed: what was not written would be missing. */
    assert_int_equal(append("t", 0, BATCH_ROWS, &problem), TG_IO);
    assert_int_equal(spool_finish(spool, &manifest, &problem), TG_IO);
    assert_int_equal(spool_finish(spool, &manifest, &problem), TG_IO);
    assert_string_not_equal(problem.what, "");
}

static int fill(void)
{
    struct manifest own;
    struct manifest_table *table = NULL;
    int rc = TG_OK;
    manifest_init(&own);
    TRY(manifest_add_table(&own, "t", "r", false, &table, NULL));
    TRY(append_small("t", "x", NULL));
    TRY(append_small("t", "y", NULL));
    rc = spool_finish(spool, &own, NULL);
done:
    manifest_release(&own);
    return rc;
}

static int torture_fill(void)
{
    struct spool *shared = spool;
    int rc = spool_new(&ctx, engine, ".", &spool, NULL); /* NULL on failure */
    if (rc == TG_OK)
        rc = fill();
    spool_free(spool);
    spool = shared;
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    add_table("warm");
    sample_ok(append_small("warm", "x", err));
    sample_ok(spool_finish(spool, &manifest, err)); /* opens the engine */
    torture(torture_fill);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_one_file_per_table_and_schema),
        in_folder(test_flushes_in_the_background),
        in_folder(test_files_of_whole_row_groups),
        in_folder(test_names_of_files),
        in_folder(test_failures),
        in_folder(test_failure_in_the_background),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("package/spool", tests, NULL, NULL);
}
