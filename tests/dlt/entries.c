/* A state as a list of its resources: cursors with their values, what else is kept, other forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/entries.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

static const char text[] =
    "{'_state_version': 4, '_state_engine_version': 4, 'sources': {"
    " 'a': {'key': 1, 'resources': {"
    "  'r': {'incremental': {'x.y': {'last_value': 5, 'unique_hashes': ['p', 'q']},"
    "   'z': {'last_value': null}}},"
    "  's': {'incremental': {}, 'page': 7}}},"
    " 'b': {'resources': {'r': {'page': 7}}},"
    " 'c': 5, 'd': {'resources': [1]}, 'e': {'resources': {'t': [2]}}}}";

static int list(struct arena *arena, struct state_entry **out, size_t *count, struct tg_error *err)
{
    char json[1024];
    struct state state;
    quoted(json, sizeof(json), text);
    int rc = state_read(&state, json, strlen(json), err);
    if (rc != TG_OK)
        return rc;
    rc = state_entries(&state, arena, out, count, err);
    state_release(&state);
    return rc;
}

static void test_entries(void **state)
{
    (void)state;
    struct arena arena;
    struct state_entry *entries = NULL;
    size_t count = 0;
    arena_init(&arena);
    assert_int_equal(list(&arena, &entries, &count, NULL), TG_OK);
    assert_int_equal(count, 4);
    assert_string_equal(entries[0].source, "a");
    assert_string_equal(entries[0].resource, "r");
    assert_int_equal(entries[0].cursor_count, 2);
    assert_string_equal(entries[0].cursors[0].path, "x.y");
    assert_string_equal(entries[0].cursors[0].last_value, "5");
    assert_int_equal(entries[0].cursors[0].hash_count, 2);
    assert_string_equal(entries[0].cursors[1].path, "z");
    assert_null(entries[0].cursors[1].last_value);
    assert_false(entries[0].has_more);
    assert_string_equal(entries[1].resource, "s");
    assert_int_equal(entries[1].cursor_count, 0);
    assert_true(entries[1].has_more);
    assert_string_equal(entries[2].source, "b");
    assert_string_equal(entries[2].resource, "r");
    assert_true(entries[2].has_more);
    assert_string_equal(entries[3].resource, "t");
    assert_int_equal(entries[3].cursor_count, 0);
    arena_release(&arena);
}

static int list_once(void)
{
    struct arena arena;
    struct state_entry *entries = NULL;
    size_t count = 0;
    arena_init(&arena);
    int rc = list(&arena, &entries, &count, NULL);
    arena_release(&arena);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(list_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/entries", tests, NULL, NULL);
}
