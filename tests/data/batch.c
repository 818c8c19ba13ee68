/*
 * src/data/batch.c: schemas and struct arrays, their lifetimes, sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/batch.h"
#include "tests/torture.h"

static const char *const names[] = {"id", "naïve \"name\"", ""};
static const struct type_spec types[] = {
    {.type = TYPE_BIGINT}, {.type = TYPE_TEXT}, {.type = TYPE_TIMESTAMP}};

static void schemas_have_names_and_formats(void **state)
{
    struct ArrowSchema schema;
    (void)state;
    assert_int_equal(schema_make(names, types, 3, &schema, NULL), TG_OK);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(schema.children[i]->name, names[i]);
        assert_ptr_not_equal(schema.children[i]->name, names[i]);
        assert_int_equal(schema.children[i]->flags, ARROW_FLAG_NULLABLE);
        assert_int_equal(schema.children[i]->n_children, 0);
        assert_null(schema.children[i]->dictionary);
        assert_null(schema.children[i]->metadata);
    }
    assert_string_equal(schema.children[0]->format, "l");
    assert_string_equal(schema.children[1]->format, "u");
    assert_string_equal(schema.children[2]->format, "tsu:UTC");
    schema_release(&schema);
    assert_null(schema.release);
    schema_release(&schema);
}

static void children_outlive_their_parent(void **state)
{
    struct ArrowSchema schema, child;
    size_t live = mem_live();
    (void)state;
    assert_int_equal(schema_make(names, types, 3, &schema, NULL), TG_OK);
    schema_move(schema.children[1], &child);
    assert_null(schema.children[1]->release);
    schema_release(&schema);
    assert_string_equal(child.name, names[1]);
    schema_release(&child);
    assert_int_equal(mem_live(), live);
}

static void an_empty_schema(void **state)
{
    struct ArrowSchema schema, copy;
    struct ArrowArray array;
    (void)state;
    assert_int_equal(schema_make(NULL, NULL, 0, &schema, NULL), TG_OK);
    assert_int_equal(schema_copy(&schema, &copy, NULL), TG_OK);
    assert_true(schema_equal(&schema, &copy));
    assert_int_equal(batch_make(NULL, 0, 5, &array, NULL), TG_OK);
    assert_int_equal(array.length, 5);
    assert_int_equal(array.n_children, 0);
    assert_int_equal(batch_bytes(&schema, &array), 0);
    array_release(&array);
    schema_release(&schema);
    schema_release(&copy);
}

static void assert_note(const struct ArrowSchema *column, const char *key, const char *value)
{
    size_t len = 0;
    const char *found = schema_note_find(column, key, &len);
    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(found, value, len);
}

static void columns_have_notes(void **state)
{
    struct ArrowSchema schema, copy;
    const struct schema_note notes[] = {{SCHEMA_SQL_TYPE, ""}, {SCHEMA_EXTENSION, SCHEMA_JSON}};
    (void)state;
    assert_int_equal(schema_make(names, types, 3, &schema, NULL), TG_OK);
    assert_int_equal(schema_annotate(schema.children[1], notes, 2, NULL), TG_OK);
    assert_int_equal(schema_annotate(schema.children[2], notes, 1, NULL), TG_OK);
    assert_int_equal(schema_copy(&schema, &copy, NULL), TG_OK);
    schema_release(&schema);
    assert_note(copy.children[0], SCHEMA_SQL_TYPE, NULL);
    assert_note(copy.children[1], SCHEMA_SQL_TYPE, "");
    assert_note(copy.children[1], SCHEMA_EXTENSION, SCHEMA_JSON);
    assert_note(copy.children[1], "ARROW:extension", NULL);
    assert_note(copy.children[2], SCHEMA_EXTENSION, NULL);
    assert_true(schema_is_json(copy.children[1]));
    assert_false(schema_is_json(copy.children[0]) || schema_is_json(copy.children[2]));
    schema_release(&copy);
}

/* A foreign schema: struct<list<dictionary<text>>> with metadata. */
static void copies_are_deep(void **state)
{
    static const char metadata[] = "\1\0\0\0\3\0\0\0key\5\0\0\0value";
    struct ArrowSchema values = {.format = "u"};
    struct ArrowSchema item = {.format = "i", .name = NULL, .dictionary = &values};
    struct ArrowSchema *items[] = {&item};
    struct ArrowSchema list = {
        .format = "+l", .name = "l", .n_children = 1, .children = items, .metadata = metadata};
    struct ArrowSchema *lists[] = {&list};
    struct ArrowSchema root = {.format = "+s", .n_children = 1, .children = lists};
    struct ArrowSchema copy;
    (void)state;
    assert_int_equal(schema_copy(&root, &copy, NULL), TG_OK);
    assert_true(schema_equal(&root, &copy));
    assert_memory_equal(copy.children[0]->metadata, metadata, sizeof(metadata) - 1);
    assert_ptr_not_equal(copy.children[0]->metadata, metadata);
    assert_string_equal(copy.children[0]->children[0]->dictionary->format, "u");
    assert_int_equal(copy.children[0]->flags, 0);
    values.format = "z";
    assert_false(schema_equal(&root, &copy));
    values.format = "u";
    item.dictionary = NULL;
    assert_false(schema_equal(&root, &copy));
    item.dictionary = &values;
    list.name = "L";
    assert_false(schema_equal(&root, &copy));
    list.name = "l";
    list.n_children = 0;
    assert_false(schema_equal(&root, &copy));
    schema_release(&copy);
}

static int make_columns(struct ArrowArray *children)
{
    struct column column = {.len = 0};
    int rc = TG_OK;
    for (int i = 0; i < 3; i++)
        children[i].release = NULL;
    TRY(column_init(&column, &types[0], NULL));
    column_set_int64(&column, 0, 42);
    TRY(column_export(&column, 10, &children[0], NULL));
    TRY(column_init(&column, &types[1], NULL));
    TRY(column_set_text(&column, 4, "hello", 5, NULL));
    TRY(column_export(&column, 10, &children[1], NULL));
    TRY(column_init(&column, &types[2], NULL));
    TRY(column_export(&column, 10, &children[2], NULL));
done:
    if (rc != TG_OK) {
        column_release(&column);
        for (int i = 0; i < 3; i++)
            array_release(&children[i]);
    }
    return rc;
}

static void batches_take_their_columns(void **state)
{
    struct ArrowArray children[3], batch, moved;
    struct ArrowSchema schema;
    size_t live = mem_live();
    (void)state;
    assert_int_equal(make_columns(children), TG_OK);
    assert_int_equal(batch_make(children, 3, 10, &batch, NULL), TG_OK);
    assert_null(children[0].release);
    assert_int_equal(batch.length, 10);
    assert_int_equal(batch.null_count, 0);
    assert_int_equal(batch.n_buffers, 1);
    assert_null(batch.buffers[0]);
    assert_int_equal(batch.n_children, 3);
    assert_int_equal(batch.children[1]->null_count, 9);
    assert_int_equal(schema_make(names, types, 3, &schema, NULL), TG_OK);
    assert_int_equal(batch_bytes(&schema, &batch), 3 * 2 + 80 + 44 + 5 + 80);
    array_move(batch.children[1], &moved);
    array_release(&batch);
    assert_null(batch.release);
    array_release(&batch);
    assert_memory_equal(moved.buffers[2], "hello", 5);
    array_release(&moved);
    schema_release(&schema);
    assert_int_equal(mem_live(), live);
}

static int make_all(void)
{
    struct ArrowArray children[3], batch = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL}, copy = {.release = NULL};
    int rc = TG_OK;
    TRY(schema_make(names, types, 3, &schema, NULL));
    TRY(schema_annotate(schema.children[0], &(struct schema_note){"key", "value"}, 1, NULL));
    TRY(schema_copy(&schema, &copy, NULL));
    TRY(make_columns(children));
    TRY(batch_make(children, 3, 10, &batch, NULL));
done:
    schema_release(&schema);
    schema_release(&copy);
    array_release(&batch);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(make_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_have_names_and_formats),
        cmocka_unit_test(children_outlive_their_parent),
        cmocka_unit_test(an_empty_schema),
        cmocka_unit_test(columns_have_notes),
        cmocka_unit_test(copies_are_deep),
        cmocka_unit_test(batches_take_their_columns),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/batch", tests, NULL, NULL);
}
