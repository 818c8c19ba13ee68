/* Tests of src/package/ascent.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "package/ascent.h"

static const char *const names[] = {"x"};
static struct ascent ascent;

static int start(void **state)
{
    (void)state;
    ascent = (struct ascent){0};
    return 0;
}

/* A batch of such values; `null`: the number of one that is NULL, or -1. */
static void note(enum type type, const int64_t *values, size_t count, int null)
{
    struct type_spec spec = {.type = type};
    struct column column;
    struct ArrowSchema schema = {0};
    struct ArrowArray child = {0}, batch = {0};
    assert_int_equal(schema_make(names, &spec, 1, &schema, NULL), TG_OK);
    assert_int_equal(column_init(&column, &spec, NULL), TG_OK);
    for (size_t i = 0; i < count; i++)
        if ((int)i != null)
            column_set_int64(&column, i, values[i]);
    assert_int_equal(column_export(&column, count, &child, NULL), TG_OK);
    assert_int_equal(batch_make(&child, 1, (int64_t)count, &batch, NULL), TG_OK);
    ascent_note(&ascent, &schema, &batch, 0);
    column_release(&column);
    array_release(&batch);
    schema_release(&schema);
}

#define NOTE(...)                                                                                  \
    note(TYPE_BIGINT, (const int64_t[]){__VA_ARGS__},                                              \
         sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), -1)

static void test_over_batches(void **state)
{
    (void)state;
    assert_false(ascent_holds(&ascent)); /* of nothing nothing is known */
    NOTE(INT64_MIN);
    assert_true(ascent_holds(&ascent));
    NOTE(-1, 0, 7);
    NOTE(8, INT64_MAX);
    assert_true(ascent_holds(&ascent));
    assert_true(ascent.from == INT64_MIN && ascent.to == INT64_MAX);
}

static void test_once_the_same(void **state)
{
    (void)state;
    NOTE(1, 2, 2, 3);
    assert_false(ascent_holds(&ascent));
    NOTE(4, 5);
    assert_false(ascent_holds(&ascent));
}

static void test_the_same_at_the_border(void **state)
{
    (void)state;
    NOTE(1, 2);
    NOTE(2, 3);
    assert_false(ascent_holds(&ascent));
}

static void test_once_down(void **state)
{
    (void)state;
    NOTE(1, 3, 2, 4);
    assert_false(ascent_holds(&ascent));
}

static void test_null(void **state)
{
    (void)state;
    NOTE(1, 2);
    note(TYPE_BIGINT, (const int64_t[]){3, 4}, 2, 0);
    assert_false(ascent_holds(&ascent));
}

/* Times are numbers of 64 bits, too, but no such keys. */
static void test_other_types(void **state)
{
    (void)state;
    note(TYPE_TIMESTAMP, (const int64_t[]){3, 4}, 2, -1);
    assert_false(ascent_holds(&ascent));
}

/* A part of a larger batch, as others may send it: of 9 1 2 3, without the first. */
static void test_offsets(void **state)
{
    (void)state;
    const int64_t values[] = {99, 9, 1, 2, 3};
    const void *of_child[] = {NULL, values}, *of_batch[] = {NULL};
    struct ArrowSchema bigint = {.format = "l", .name = "x"}, *fields[] = {&bigint};
    struct ArrowSchema schema = {.format = "+s", .n_children = 1, .children = fields};
    struct ArrowArray child = {
        .length = 4, .offset = 1, .n_buffers = 2, .buffers = of_child, .null_count = -1};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray batch = {.length = 3,
                               .offset = 1,
                               .n_buffers = 1,
                               .buffers = of_batch,
                               .n_children = 1,
                               .children = children};
    ascent_note(&ascent, &schema, &batch, 0);
    assert_true(ascent_holds(&ascent));
    assert_true(ascent.from == 1 && ascent.to == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_over_batches, start),
        cmocka_unit_test_setup(test_once_the_same, start),
        cmocka_unit_test_setup(test_the_same_at_the_border, start),
        cmocka_unit_test_setup(test_once_down, start),
        cmocka_unit_test_setup(test_null, start),
        cmocka_unit_test_setup(test_other_types, start),
        cmocka_unit_test_setup(test_offsets, start),
    };
    return cmocka_run_group_tests_name("package/ascent", tests, NULL, NULL);
}
