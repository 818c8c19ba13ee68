/* normalize/shape.c: fields by key, and where their values go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "normalize/shape.h"
#include "tests/torture.h"

struct fixture {
    struct run run;
    struct outputs outputs;
    struct shape *shape;
};

static int fixture_init(struct fixture *fixture)
{
    int rc = TG_OK;
    struct output *output;
    *fixture = (struct fixture){.shape = NULL};
    TRY(run_init(&fixture->run));
    fixture->outputs.options = fixture->run.options;
    arena_init(&fixture->outputs.arena);
    TRY(output_new(&fixture->outputs, fixture->run.root, "t", &output, NULL));
    TRY(shape_new(&fixture->outputs, output, 1000, &fixture->shape, NULL));
done:
    return rc;
}

static void fixture_release(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->outputs.count; i++)
        output_release(fixture->outputs.items[i]);
    shape_free(fixture->shape);
    mem_free(fixture->outputs.items);
    buf_release(&fixture->outputs.name);
    hasher_release(&fixture->outputs.hasher);
    arena_release(&fixture->outputs.arena);
    run_release(&fixture->run);
}

static void finds_what_it_added(void **state)
{
    (void)state;
    struct fixture fixture;
    struct field *fields[3000], *found;
    char key[32];
    assert_int_equal(fixture_init(&fixture), TG_OK);
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_int_equal(
            shape_find(&fixture.outputs, fixture.shape, key, strlen(key), &fields[i], NULL), TG_OK);
    }
    assert_int_equal(fixture.shape->count, 3000);
    for (int i = 2999; i >= 0; i--) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_int_equal(
            shape_find(&fixture.outputs, fixture.shape, key, strlen(key), &found, NULL), TG_OK);
        assert_ptr_equal(found, fields[i]);
    }
    assert_int_equal(fixture.shape->count, 3000);
    fixture_release(&fixture);
}

static void keys_of_every_length(void **state)
{
    (void)state;
    char key[64], other[64];
    memset(key, 'k', sizeof(key));
    for (size_t len = 0; len < 40; len++) {
        struct field field = {.key = key, .key_len = len};
        memcpy(other, key, sizeof(other));
        assert_true(field_is(&field, other, len));
        assert_false(field_is(&field, other, len + 1));
        for (size_t i = 0; i < len; i++) {
            other[i] = 'x';
            assert_false(field_is(&field, other, len));
            other[i] = 'k';
        }
    }
}

static void names_and_roles(void **state)
{
    (void)state;
    struct fixture fixture;
    struct field *field, *inner;
    assert_int_equal(fixture_init(&fixture), TG_OK);
    struct outputs *outputs = &fixture.outputs;
    assert_int_equal(shape_find(outputs, fixture.shape, "userName", 8, &field, NULL), TG_OK);
    assert_string_equal(field->name, "user_name");
    assert_int_equal(field->role, FIELD_DATA);
    assert_int_equal(shape_add_object(outputs, fixture.shape, field, NULL), TG_OK);
    assert_int_equal(shape_find(outputs, field->object, "_dlt_id", 7, &inner, NULL), TG_OK);
    assert_int_equal(inner->role, FIELD_DATA); /* only a row has an id */
    assert_string_equal(inner->source, "userName._dlt_id");
    struct type_spec spec = {.type = TYPE_TEXT};
    assert_int_equal(shape_add_slot(outputs, field->object, inner, &spec, false, NULL), TG_OK);
    assert_string_equal(inner->slot->name, "user_name___dlt_id");
    assert_int_equal(shape_find(outputs, fixture.shape, "_dlt_id", 7, &field, NULL), TG_OK);
    assert_int_equal(field->role, FIELD_ROW_ID);
    assert_int_equal(shape_find(outputs, fixture.shape, "_dlt_parent_id", 14, &field, NULL), TG_OK);
    assert_int_equal(field->role, FIELD_DATA); /* data of a root row */
    fixture_release(&fixture);
}

static void tables_are_named_by_paths(void **state)
{
    (void)state;
    struct fixture fixture;
    struct field *object, *list, *below;
    bool keep;
    assert_int_equal(fixture_init(&fixture), TG_OK);
    struct outputs *outputs = &fixture.outputs;
    assert_int_equal(shape_find(outputs, fixture.shape, "d", 1, &object, NULL), TG_OK);
    assert_int_equal(shape_add_object(outputs, fixture.shape, object, NULL), TG_OK);
    assert_int_equal(shape_find(outputs, object->object, "L", 1, &list, NULL), TG_OK);
    assert_int_equal(shape_add_list(outputs, object->object, list, false, NULL), TG_OK);
    assert_string_equal(list->list->output->table->name, "t__d__l");
    assert_int_equal(list->list->depth_left, 999);
    assert_int_equal(shape_find(outputs, list->list, "list", 4, &below, NULL), TG_OK);
    assert_int_equal(shape_add_list(outputs, list->list, below, false, NULL), TG_OK);
    assert_string_equal(below->list->output->table->name, "t__d__l__list");
    assert_string_equal(below->list->output->table->parent, "t__d__l");
    list->list->depth_left = 0;
    assert_int_equal(shape_keeps_json(outputs, list->list, below, &keep, NULL), TG_OK);
    assert_true(keep);
    fixture_release(&fixture);
}

static void long_names_are_shortened(void **state)
{
    (void)state;
    struct fixture fixture;
    struct field *field;
    assert_int_equal(fixture_init(&fixture), TG_OK);
    fixture.outputs.options.names.bytes_max = 20;
    assert_int_equal(
        shape_find(&fixture.outputs, fixture.shape, "a_list_with_a_long_name", 23, &field, NULL),
        TG_OK);
    assert_int_equal(strlen(field->name), 20);
    assert_int_equal(shape_add_list(&fixture.outputs, fixture.shape, field, false, NULL), TG_OK);
    assert_int_equal(strlen(field->list->output->table->name), 20);
    assert_int_equal(strlen(field->list->output->path),
                     23); /* t__ and 20: parts are shortened, then the whole */
    fixture_release(&fixture);
}

static int build(void)
{
    struct fixture fixture;
    struct field *field = NULL;
    int rc = fixture_init(&fixture);
    for (int i = 0; rc == TG_OK && i < 20; i++)
        rc = shape_find(&fixture.outputs, fixture.shape, &"abcdefghijklmnopqrst"[i], 1, &field,
                        NULL);
    if (rc == TG_OK)
        rc = shape_add_object(&fixture.outputs, fixture.shape, field, NULL);
    if (rc == TG_OK)
        rc = shape_add_list(&fixture.outputs, fixture.shape, field, false, NULL);
    fixture_release(&fixture);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_it_added),      cmocka_unit_test(keys_of_every_length),
        cmocka_unit_test(names_and_roles),          cmocka_unit_test(tables_are_named_by_paths),
        cmocka_unit_test(long_names_are_shortened), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/shape", tests, NULL, NULL);
}
