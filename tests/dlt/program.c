/* The objects of programs in a state: their place, what stays beside them, what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dlt/program.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

/* The mark of a timestamp in dlt's typed JSON, U+F027. */
#define MARK "\xef\x80\xa7"

static const char text[] =
    "{'_state_version': 4, '_state_engine_version': 4, 'sources': {'s': {"
    " 'at': '" MARK "2024-01-02T00:00:00+00:00', 'n': 1.0, 'resources': {"
    "  'r': {'incremental': {'id': {'last_value': 5}}, 'accepts_rows': true, 'page': 7,"
    "   'big': 9007199254740993, 'e': 0.1}, 'odd': 5}}}}";

static void open_state(struct state *state)
{
    char json[1024];
    quoted(json, sizeof(json), text);
    assert_int_equal(state_read(state, json, strlen(json), NULL), TG_OK);
}

static void assert_there(const struct state *state, const char *resource, const char *key,
                         const char *expected)
{
    bool found;
    char json[1024];
    struct buf out = BUF_INIT;
    const struct program_place place = {"s", resource, key};
    assert_int_equal(program_get(state, &place, &out, &found, NULL), TG_OK);
    assert_int_equal(found, expected != NULL);
    if (expected)
        assert_string_equal(buf_string(&out), quoted(json, sizeof(json), expected));
    buf_release(&out);
}

static bool set(struct state *state, const char *resource, const char *key, const char *value)
{
    bool changed;
    char json[1024];
    const struct program_place place = {"s", resource, key};
    const char *given = value ? quoted(json, sizeof(json), value) : NULL;
    assert_int_equal(program_set(state, &place, given, &changed, NULL), TG_OK);
    return changed;
}

static void test_get(void **unused)
{
    (void)unused;
    struct state state;
    open_state(&state);
    assert_there(&state, NULL, NULL, "{'at':'" MARK "2024-01-02T00:00:00+00:00','n':1.0}");
    assert_there(&state, NULL, "at", "'" MARK "2024-01-02T00:00:00+00:00'");
    assert_there(&state, "r", NULL, "{'page':7,'big':9007199254740993,'e':0.1}");
    assert_there(&state, "r", "page", "7");
    assert_there(&state, "r", "none", NULL);
    assert_there(&state, "none", NULL, NULL);
    assert_there(&state, "none", "none", NULL);
    assert_true(program_has_source(&state, "s"));
    assert_false(program_has_source(&state, "r"));
    state_release(&state);
}

/* What nobody has set is, to the byte, what it was. */
static void test_set(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    bool found;
    open_state(&state);
    assert_false(set(&state, "r", "page", "7"));
    assert_true(set(&state, "r", "page", "8"));
    assert_true(set(&state, "r", "page", "8.0"));
    assert_there(&state, "r", NULL, "{'page':8.0,'big':9007199254740993,'e':0.1}");
    assert_there(&state, NULL, "at", "'" MARK "2024-01-02T00:00:00+00:00'");
    assert_true(set(&state, "r", NULL, "{'a':{'b':[null,true,'x']},'big':-9223372036854775808}"));
    assert_false(set(&state, "r", NULL, "{'big':-9223372036854775808,'a':{'b':[null,true,'x']}}"));
    assert_there(&state, "r", NULL, "{'a':{'b':[null,true,'x']},'big':-9223372036854775808}");
    assert_int_equal(state_get_cursor(&state, "s", "r", "id", &cursor, &found, NULL), TG_OK);
    assert_true(found);
    assert_string_equal(cursor.last_value, "5");
    state_cursor_release(&cursor);
    assert_true(set(&state, "new", "k", "18446744073709551615"));
    assert_there(&state, "new", NULL, "{'k':18446744073709551615}");
    assert_true(set(&state, NULL, NULL, "{}"));
    assert_there(&state, NULL, NULL, "{}");
    assert_there(&state, "new", "k", "18446744073709551615");
    state_release(&state);
}

static void test_take_away(void **unused)
{
    (void)unused;
    struct state state;
    open_state(&state);
    assert_true(set(&state, "r", "page", NULL));
    assert_false(set(&state, "r", "page", NULL));
    assert_true(set(&state, "r", NULL, NULL));
    assert_there(&state, "r", NULL, "{}");
    assert_true(state_has_resource(&state, "s", "r"));
    assert_false(set(&state, "none", NULL, NULL));
    assert_there(&state, "none", NULL, NULL);
    state_release(&state);
}

static void test_refusals(void **unused)
{
    (void)unused;
    bool found;
    struct state state;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    const struct program_place odd = {"s", "odd", "k"}, own = {"s", "r", "accepts_rows"},
                               large = {"s", "r", "k"};
    open_state(&state);
    assert_int_equal(program_get(&state, &odd, &out, &found, &err), TG_DATA);
    assert_string_equal(err.what, "'odd' must be an object, it is uint");
    assert_string_equal(err.where, "the state of resource 'odd'");
    assert_int_equal(program_set(&state, &odd, "1", &found, &err), TG_DATA);
    assert_int_equal(program_get(&state, &own, &out, &found, &err), TG_USAGE);
    assert_int_equal(program_set(&state, &own, "1", &found, &err), TG_USAGE);
    char *text_of_8 = malloc(PROGRAM_TEXT_MAX + 2);
    assert_non_null(text_of_8);
    memset(text_of_8, ' ', PROGRAM_TEXT_MAX + 1);
    text_of_8[0] = '1';
    text_of_8[PROGRAM_TEXT_MAX + 1] = '\0';
    assert_int_equal(program_set(&state, &large, text_of_8, &found, &err), TG_DATA);
    text_of_8[PROGRAM_TEXT_MAX] = '\0';
    assert_int_equal(program_set(&state, &large, text_of_8, &found, &err), TG_OK);
    free(text_of_8);
    state_release(&state);
    buf_release(&out);
}

/* A token of a page at a time takes no memory for those that are over. */
static void test_memory_stays(void **unused)
{
    (void)unused;
    struct state state;
    char token[1100];
    bool changed;
    const struct program_place place = {"s", "r", "token"};
    open_state(&state);
    for (int i = 0; i < 20000; i++) {
        snprintf(token, sizeof(token), "\"%01000d\"", i);
        assert_int_equal(program_set(&state, &place, token, &changed, NULL), TG_OK);
        assert_true(changed && state.replaced < 5 * 1024 * 1024);
    }
    state_release(&state);
}

static int all(void)
{
    bool changed, differs;
    struct state state = {0}, copy = {0};
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    char json[1024];
    const struct program_place whole = {"s", "r", NULL}, key = {"t", "u", "k"};
    int rc = TG_OK;
    quoted(json, sizeof(json), text);
    TRY(state_read(&state, json, strlen(json), &err));
    TRY(state_copy(&state, &copy, &err));
    TRY(program_set(&copy, &whole, "{\"a\":[1,2,{\"b\":null}]}", &changed, &err));
    TRY(program_set(&copy, &key, "\"x\"", &changed, &err));
    TRY(program_get(&copy, &whole, &out, &changed, &err));
    TRY(program_set(&copy, &whole, NULL, &changed, &err));
    TRY(state_differs(&copy, &differs, &err));
done:
    buf_release(&out);
    state_release(&state);
    state_release(&copy);
    return rc;
}

static void test_memory(void **unused)
{
    (void)unused;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),          cmocka_unit_test(test_set),
        cmocka_unit_test(test_take_away),    cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory_stays), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/program", tests, NULL, NULL);
}
