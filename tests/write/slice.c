/* Tests of src/write/sql/slice.c: a load by a key that ascends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/database/plain.h"
#include "write/sql/slice.h"

enum { FILES = 200 };

static struct manifest_column columns[FILES][2];
static struct manifest_file files[FILES];
static struct manifest_table part;
static struct target_column found[2];
static struct target target;

/* Files of a hundred rows each, whose keys ascend, of a table with such types. */
static int start(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        columns[f][0] = (struct manifest_column){.name = "k", .spec.type = TYPE_TEXT};
        columns[f][1] = (struct manifest_column){.name = "id",
                                                 .spec.type = TYPE_BIGINT,
                                                 .ascends = true,
                                                 .from = (int64_t)f * 100,
                                                 .to = (int64_t)f * 100 + 99};
        files[f] = (struct manifest_file){.row_count = 100, .columns = columns[f]};
        files[f].column_count = 2;
    }
    found[0] = (struct target_column){.name = "k", .sql_type = "VARCHAR"};
    found[1] = (struct target_column){.name = "id", .sql_type = "BIGINT"};
    part = (struct manifest_table){.files = files, .file_count = 3};
    target = (struct target){.part = &part, .columns = found, .column_count = 2};
    return 0;
}

static const char *find_key(void)
{
    static const char *const names[] = {"k", "id"};
    const struct delivery delivery = {.dialect = &dialect_duckdb};
    return slice_key(&delivery, &target, &(const struct sql_names){names, 2});
}

static void test_key(void **state)
{
    (void)state;
    assert_string_equal(find_key(), "id");
    columns[1][1].ascends = false;
    assert_null(find_key());
    columns[1][1].ascends = true;
    columns[2][1].from = columns[1][1].to; /* a key on both sides of the border */
    assert_null(find_key());
    columns[2][1].from++;
    assert_string_equal(find_key(), "id");
    files[2].column_count = 1; /* one that has no such column */
    assert_null(find_key());
}

/* The keys are what the table makes of them: numbers may become one. */
static void test_types(void **state)
{
    (void)state;
    found[1].sql_type = "DOUBLE";
    assert_null(find_key());
    found[1].sql_type = "BIGINT";
    columns[0][1].spec.type = TYPE_TIMESTAMP;
    assert_null(find_key());
}

static void test_no_rows(void **state)
{
    (void)state;
    part.file_count = 0;
    assert_null(find_key());
    target.part = NULL;
    assert_null(find_key());
}

static void test_a_file_each(void **state)
{
    (void)state;
    struct slice slice = {0};
    for (size_t f = 0; f < 3; f++) {
        assert_true(slice_next(&target, "id", &slice));
        assert_ptr_equal(slice.target.part->files, &files[f]);
        assert_int_equal(slice.target.part->file_count, 1);
        assert_int_equal(slice.from, f * 100);
        assert_int_equal(slice.to, f * 100 + 99);
    }
    assert_false(slice_next(&target, "id", &slice));
}

/* The old rows are not looked through for each of many small files. */
static void test_many_files(void **state)
{
    (void)state;
    struct slice slice = {0};
    size_t slices = 0, count = 0;
    int64_t next = 0;
    for (part.file_count = FILES; slice_next(&target, "id", &slice); slices++) {
        assert_int_equal(slice.from, next);
        next = slice.to + 1;
        count += slice.target.part->file_count;
    }
    assert_int_equal(count, FILES);
    assert_int_equal(next, FILES * 100);
    assert_in_range(slices, 40, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_key, start),
        cmocka_unit_test_setup(test_types, start),
        cmocka_unit_test_setup(test_no_rows, start),
        cmocka_unit_test_setup(test_a_file_each, start),
        cmocka_unit_test_setup(test_many_files, start),
    };
    return cmocka_run_group_tests_name("write/slice", tests, NULL, NULL);
}
