/*
 * src/data/take.c: keeping some rows of a batch, of every layout.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/batch.h"
#include "tests/torture.h"

enum { CHILDREN = 9, ROWS = 6 };

/* A foreign batch with a child of each layout, all with their own offset of 1 within a batch at
 * offset 1. */
struct fixture {
    struct ArrowSchema schemas[CHILDREN], schema, dictionary_schema;
    struct ArrowSchema *schema_list[CHILDREN];
    struct ArrowArray arrays[CHILDREN], batch, dictionary;
    struct ArrowArray *array_list[CHILDREN];
    const void *buffers[CHILDREN][3];
    const void *dictionary_buffers[3];
    const void *batch_buffers[1];
};

static const uint8_t validity[] = {0xf7}; /* the fourth value is NULL */
static const uint8_t bits[] = {0xaa};
static const int64_t longs[] = {0, 1, 2, 3, 4, 5, 6, 7};
static const int16_t shorts[] = {0, 1, 2, 3, 4, 5, 6, 7};
static const int128 wides[] = {0, 10, 20, 30, 40, 50, 60, 70};
static const int32_t offsets[] = {0, 1, 2, 4, 4, 5, 6, 7, 8};
static const int64_t large_offsets[] = {0, 1, 2, 4, 4, 5, 6, 7, 8};
static const int8_t indices[] = {0, 1, 0, 1, 0, 1, 0, 1};

static void make(struct fixture *f)
{
    static const char *const formats[CHILDREN] = {"l", "s", "b",   "d:5,1", "u",
                                                  "Z", "n", "w:2", "c"};
    const void *values[CHILDREN] = {
        longs, shorts, bits, wides, offsets, large_offsets, NULL, "aabbccddeeffgghh", indices};
    *f = (struct fixture){.schema = {.format = "+s"}};
    for (int i = 0; i < CHILDREN; i++) {
        bool has_text = formats[i][0] == 'u' || formats[i][0] == 'Z';
        f->buffers[i][0] = i % 2 == 0 ? validity : NULL;
        f->buffers[i][1] = values[i];
        f->buffers[i][2] = has_text ? "01233567" : NULL;
        f->schemas[i] = (struct ArrowSchema){.format = formats[i], .name = formats[i]};
        f->arrays[i] = (struct ArrowArray){.length = ROWS,
                                           .null_count = -1,
                                           .offset = 1,
                                           .n_buffers = has_text    ? 3
                                                        : values[i] ? 2
                                                                    : 0,
                                           .buffers = f->buffers[i]};
        f->schema_list[i] = &f->schemas[i];
        f->array_list[i] = &f->arrays[i];
    }
    f->dictionary_schema.format = "u";
    f->dictionary_buffers[1] = offsets;
    f->dictionary_buffers[2] = "xy";
    f->dictionary =
        (struct ArrowArray){.length = 2, .n_buffers = 3, .buffers = f->dictionary_buffers};
    f->schemas[8].dictionary = &f->dictionary_schema;
    f->arrays[8].dictionary = &f->dictionary;
    f->schema.n_children = f->batch.n_children = CHILDREN;
    f->schema.children = f->schema_list;
    f->batch.children = f->array_list;
    f->batch.length = ROWS - 1;
    f->batch.offset = 1;
    f->batch.n_buffers = 1;
    f->batch.buffers = f->batch_buffers;
}

static void check_row(const struct fixture *f, const struct ArrowArray *batch, int64_t row,
                      const char *expected)
{
    struct buf out = BUF_INIT;
    assert_int_equal(value_json(&f->schema, batch, row, &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void all_layouts_are_taken(void **state)
{
    static const uint8_t keep[ROWS - 1] = {1, 1, 0, 0, 255};
    struct fixture f;
    struct ArrowArray out;
    const char *expected[3] = {
        "{\"l\":2,\"s\":2,\"b\":false,\"d:5,1\":2.0,\"u\":\"23\",\"Z\":\"MjM=\",\"n\":null,"
        "\"w:2\":\"Y2M=\",\"c\":\"x\"}",
        "{\"l\":null,\"s\":3,\"b\":null,\"d:5,1\":3.0,\"u\":null,\"Z\":\"\",\"n\":null,"
        "\"w:2\":\"ZGQ=\",\"c\":null}",
        "{\"l\":6,\"s\":6,\"b\":false,\"d:5,1\":6.0,\"u\":\"6\",\"Z\":\"Ng==\",\"n\":null,"
        "\"w:2\":\"Z2c=\",\"c\":\"x\"}"};
    (void)state;
    make(&f);
    assert_int_equal(batch_take(&f.schema, &f.batch, keep, 3, &out, NULL), TG_OK);
    assert_int_equal(out.length, 3);
    assert_int_equal(out.offset, 0);
    assert_int_equal(out.n_children, CHILDREN);
    for (int i = 0; i < CHILDREN; i++) {
        assert_int_equal(out.children[i]->length, 3);
        assert_int_equal(out.children[i]->offset, 0);
        assert_int_equal(out.children[i]->null_count, i == 6 ? 3 : i % 2 == 0 ? 1 : 0);
        assert_int_equal(out.children[i]->n_buffers, f.arrays[i].n_buffers);
    }
    assert_ptr_not_equal(out.children[8]->dictionary, &f.dictionary);
    assert_int_equal(((const int32_t *)out.children[4]->buffers[1])[0], 0);
    for (int64_t row = 0; row < 3; row++)
        check_row(&f, &out, row, expected[row]);
    array_release(&out);
    assert_null(out.release);
}

static void nothing_kept_is_an_empty_batch(void **state)
{
    static const uint8_t keep[ROWS - 1] = {0};
    struct fixture f;
    struct ArrowArray out;
    (void)state;
    make(&f);
    assert_int_equal(batch_take(&f.schema, &f.batch, keep, 0, &out, NULL), TG_OK);
    assert_int_equal(out.length, 0);
    assert_int_equal(out.children[0]->length, 0);
    array_release(&out);
    f.batch.length = 0;
    assert_int_equal(batch_take(&f.schema, &f.batch, NULL, 0, &out, NULL), TG_OK);
    array_release(&out);
}

static void nested_children_are_refused(void **state)
{
    static const uint8_t keep[ROWS - 1] = {1};
    struct fixture f;
    struct ArrowArray out;
    struct tg_error err = {0};
    size_t live = mem_live();
    (void)state;
    make(&f);
    f.schemas[5].format = "+l";
    f.schemas[5].name = "tags";
    assert_int_equal(batch_take(&f.schema, &f.batch, keep, 1, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "column 'tags'"));
    assert_null(out.release);
    assert_int_equal(mem_live(), live);
}

static void views_are_taken(void **state)
{
    static const char first[] = "a text of more than twelve", second[] = "and another such text";
    struct {
        int32_t len;
        char start[4];
        int32_t buffer, offset;
    } views[4] = {{3, "abc", 0, 0}, {26, "a te", 0, 0}, {1 << 30, "", 99, 0}, {12, "12 b", 0, 0}};
    int64_t sizes[] = {sizeof(first) - 1, sizeof(second) - 1};
    static const uint8_t valid[] = {0x0b}, keep[] = {0, 1, 1, 1};
    const void *buffers[] = {valid, views, first, second, sizes}, *none[1] = {NULL};
    struct ArrowSchema child = {.format = "vu", .name = "v"}, *children[] = {&child};
    struct ArrowArray values = {.length = 4, .null_count = 1, .n_buffers = 5, .buffers = buffers};
    struct ArrowArray *arrays[] = {&values}, out;
    struct ArrowSchema schema = {.format = "+s", .n_children = 1, .children = children};
    struct ArrowArray batch = {
        .length = 4, .n_buffers = 1, .buffers = none, .n_children = 1, .children = arrays};
    const char *bytes;
    size_t len;
    (void)state;
    memcpy(&views[3].buffer, "yte text", 8); /* the rest of what is in the view */
    views[0].buffer = 1;
    assert_int_equal(batch_take(&schema, &batch, keep, 3, &out, NULL), TG_OK);
    assert_true(value_bytes(&child, out.children[0], 0, &bytes, &len));
    assert_int_equal(len, 26);
    assert_memory_equal(bytes, first, 26);
    assert_true(array_is_null(out.children[0], 1));
    assert_true(value_bytes(&child, out.children[0], 2, &bytes, &len));
    assert_int_equal(len, 12);
    assert_memory_equal(bytes, "12 byte text", 12);
    array_release(&out);
    views[0] = (__typeof__(views[0])){21, "and ", 1, 0};
    static const uint8_t both[] = {1, 1, 0, 0};
    assert_int_equal(batch_take(&schema, &batch, both, 2, &out, NULL), TG_OK);
    assert_true(value_bytes(&child, out.children[0], 0, &bytes, &len));
    assert_int_equal(len, 21);
    assert_memory_equal(bytes, second, 21);
    assert_int_equal(out.children[0]->n_buffers, 4);
    assert_int_equal(*(const int64_t *)out.children[0]->buffers[3], 47);
    array_release(&out);
}

static int take_some(void)
{
    static const uint8_t keep[ROWS - 1] = {0, 1, 1, 0, 1};
    struct fixture f;
    struct ArrowArray out;
    int rc;
    make(&f);
    rc = batch_take(&f.schema, &f.batch, keep, 3, &out, NULL);
    array_release(&out);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(take_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_layouts_are_taken),
        cmocka_unit_test(nothing_kept_is_an_empty_batch),
        cmocka_unit_test(nested_children_are_refused),
        cmocka_unit_test(views_are_taken),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/take", tests, NULL, NULL);
}
