/* The pipeline state: dlt's blob and hash, cursors in their place, everything else untouched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "dlt/state.h"
#include "tests/catalog/quoted.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The mark of a timestamp in dlt's typed JSON, U+F027. */
#define MARK "\xef\x80\xa7"

/* A state as dlt encodes it (compress_state), with the hash dlt computes of it. */
#define SHOP_HASH "BzCfk9ylfFHaVnQx3fnxNcmV6ZiTOg1LWqyz11Uj0co="
static const char shop_blob[] =
    "eNpdkf9KwzAQx98l/9qVtE7Bgv8oiH+IIswJipRbe13j0rRLLmPtGPg24nP4QL7CktbJXAgJ98nd935kw1JDQJiuUBtR"
    "K5aMgz1CNRfq6OXXSEswJUvYVXddLC5aWdzcwlQ9rk8Ltb7Pqun5i5g8zKO752XbRdHTO8/qSxawRjQovaaCCl24KevG"
    "4RwIDNKeznStOvQcC7CSUpOVWMFR0AE0LHkd8JsPMiQUkK+S2sZH5JLCA2zC3GaLfMb+Ow/yykrpxGurM6+7GXTdvcDW"
    "pYmCODwL2PeXT6XxwK9xk/FT2jChMo0VKgLpTQhnAxUkQKYrkNbl4QGTYGhvsp+Pz5jH4xGPRjyecJ70+6Q/XaFWiaXF"
    "fuxDu13nKIAvw/2W/hPi223AaipR+6TroaFtv3bKnapG";

static const char shop[] =
    "{'_state_version': 4, '_state_engine_version': 4, '_version_hash': '" SHOP_HASH "',"
    " 'pipeline_name': 'shop', 'dataset_name': 'bronze', 'default_schema_name': 'shop',"
    " 'schema_names': ['shop'], 'destination_type': 'dlt.destinations.duckdb',"
    " 'destination_name': null, 'sources': {'shop': {'key': [1, 2.5, '\xc3\xa9'], 'resources': {"
    "  'person': {'incremental': {'a.b': {'initial_value': 0, 'last_value': '" MARK
    "2024-01-02T00:00:00+00:00', 'unique_hashes': ['zz', 'aa'], 'start_value': 0}},"
    "   'other': {'x': null}}}}}}";

static const struct state_identity identity = {
    "shop", "bronze", "shop", "dlt.destinations.duckdb", "duckdb",
};

static int read_text(struct state *out, const char *text, struct tg_error *err)
{
    char json[2048];
    quoted(json, sizeof(json), text);
    return state_read(out, json, strlen(json), err);
}

static void must_read(struct state *out, const char *text)
{
    struct tg_error err = {0};
    if (read_text(out, text, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static bool bump(struct state *state)
{
    bool changed = false;
    assert_int_equal(state_bump(state, &changed, NULL), TG_OK);
    return changed;
}

static bool get(const struct state *state, const char *resource, const char *path,
                struct state_cursor *out)
{
    bool found = false;
    struct tg_error err = {0};
    if (state_get_cursor(state, "shop", resource, path, out, &found, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    return found;
}

static void check_shop(const struct state *state)
{
    struct state_cursor cursor;
    assert_int_equal(state->version, 4);
    assert_string_equal(state->hash, SHOP_HASH);
    assert_true(get(state, "person", "a.b", &cursor));
    assert_string_equal(cursor.initial_value, "0");
    assert_string_equal(cursor.start_value, "0");
    assert_string_equal(cursor.last_value, "\"" MARK "2024-01-02T00:00:00+00:00\"");
    assert_int_equal(cursor.hash_count, 2);
    assert_string_equal(cursor.unique_hashes[0], "aa");
    assert_string_equal(cursor.unique_hashes[1], "zz");
    state_cursor_release(&cursor);
    assert_false(get(state, "person", "a", &cursor));
    assert_false(get(state, "other", "a.b", &cursor));
    assert_false(get(state, "nobody", "a.b", &cursor));
}

static void test_read(void **unused)
{
    (void)unused;
    struct state state;
    struct state again;
    struct tg_error err = {0};
    struct buf blob = BUF_INIT;
    assert_int_equal(state_read(&state, shop_blob, strlen(shop_blob), &err), TG_OK);
    check_shop(&state);
    assert_false(bump(&state));
    assert_int_equal(state_encode(&state, &blob, &err), TG_OK);
    assert_int_equal(state_read(&again, buf_string(&blob), blob.len, &err), TG_OK);
    check_shop(&again);
    assert_false(bump(&again));
    state_release(&again);
    must_read(&again, shop);
    check_shop(&again);
    assert_false(bump(&again));
    buf_release(&blob);
    state_release(&again);
    state_release(&state);
    state_release(&state);
}

static void test_init(void **unused)
{
    (void)unused;
    struct state state;
    struct buf json = BUF_INIT;
    assert_int_equal(state_init(&state, &identity, NULL), TG_OK);
    assert_int_equal(state.version, 0);
    assert_string_equal(state.hash, "");
    assert_true(bump(&state));
    assert_false(bump(&state));
    assert_int_equal(state.version, 1);
    assert_string_equal(state.hash, "lVQsxZC1mAOWMKTMfCM4p5xxJfbw3DKPzhQzbhkmsPw=");
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"_state_version\":1"));
    assert_non_null(strstr(buf_string(&json), "\"_state_engine_version\":4"));
    assert_non_null(strstr(buf_string(&json), "\"_version_hash\":\"lVQsx"));
    assert_non_null(strstr(buf_string(&json), "\"destination_name\":null"));
    state_release(&state);
    struct state_identity named = identity;
    named.destination_name = "warehouse";
    buf_clear(&json);
    assert_int_equal(state_init(&state, &named, NULL), TG_OK);
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"destination_name\":\"warehouse\""));
    buf_release(&json);
    state_release(&state);
}

static void test_set(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    char *hashes[] = {(char *)"b", (char *)"a"};
    const struct state_cursor first = {.initial_value = (char *)"1.5",
                                       .last_value =
                                           (char *)"\"" MARK "2024-01-01T00:00:00+00:00\"",
                                       .start_value = NULL,
                                       .unique_hashes = hashes,
                                       .hash_count = 2,
                                       .commit_safe = (char *)"{\"limit\":1}"};
    const struct state_cursor second = {.last_value = (char *)"2"};
    assert_int_equal(state_init(&state, &identity, NULL), TG_OK);
    assert_true(bump(&state));
    assert_int_equal(state_set_cursor(&state, "shop", "r", "a.b", &first, NULL), TG_OK);
    assert_true(bump(&state));
    assert_int_equal(state.version, 2);
    assert_true(get(&state, "r", "a.b", &cursor));
    assert_string_equal(cursor.initial_value, "1.5");
    assert_string_equal(cursor.last_value, first.last_value);
    assert_null(cursor.start_value);
    assert_int_equal(cursor.hash_count, 2);
    assert_string_equal(cursor.unique_hashes[0], "a");
    state_cursor_release(&cursor);
    assert_int_equal(state_set_cursor(&state, "shop", "r", "a.b", &second, NULL), TG_OK);
    assert_true(get(&state, "r", "a.b", &cursor));
    assert_null(cursor.initial_value);
    assert_string_equal(cursor.last_value, "2");
    assert_int_equal(cursor.hash_count, 0);
    assert_string_equal(cursor.commit_safe, "{\"limit\":1}");
    state_cursor_release(&cursor);
    state_release(&state);
}

/* To write back what was read changes nothing; what stands beside a cursor stays. */
static void test_set_the_same(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    must_read(&state, shop);
    assert_true(get(&state, "person", "a.b", &cursor));
    char *first = cursor.unique_hashes[0];
    cursor.unique_hashes[0] = cursor.unique_hashes[1];
    cursor.unique_hashes[1] = first; /* as dlt had them, which does not sort */
    assert_int_equal(state_set_cursor(&state, "shop", "person", "a.b", &cursor, NULL), TG_OK);
    assert_false(bump(&state));
    state_cursor_release(&cursor);
    state_release(&state);
}

static void test_reset(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    struct buf json = BUF_INIT;
    must_read(&state, shop);
    state_reset_resource(&state, "no", "person");
    state_reset_resource(&state, "shop", "no");
    assert_false(bump(&state));
    state_reset_resource(&state, "shop", "person");
    assert_false(get(&state, "person", "a.b", &cursor));
    assert_true(bump(&state));
    assert_int_equal(state.version, 5);
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"key\":[1,2.5,\"\xc3\xa9\"],\"resources\":{}"));
    buf_release(&json);
    state_release(&state);
    assert_int_equal(state_init(&state, &identity, NULL), TG_OK);
    state_reset_resource(&state, "shop", "person");
    state_reset_schema(&state, "shop");
    state_release(&state);
    must_read(&state, shop);
    state_reset_schema(&state, "shop");
    assert_false(get(&state, "person", "a.b", &cursor));
    assert_true(bump(&state));
    state_release(&state);
}

/* A source that the spec does not name any more is forgotten, too; another schema's is not. */
static void test_reset_schema(void **unused)
{
    (void)unused;
    struct state state;
    struct buf json = BUF_INIT;
    must_read(&state, "{'_state_version': 1, '_state_engine_version': 4, '_local': {},"
                      "'default_schema_name': 'm', 'schema_names': ['m', 'other'],"
                      "'sources': {'a': {'x': 1}, 'm': {'x': 2}, 'other': {'x': 3}}}");
    assert_true(state_is_of(&state, "a", "m"));
    assert_true(state_is_of(&state, "m", "m"));
    assert_false(state_is_of(&state, "other", "m"));
    assert_false(state_is_of(&state, "m", "other"));
    state_reset_schema(&state, "m");
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"sources\":{\"other\":{\"x\":3}}"));
    buf_release(&json);
    state_release(&state);
}

static void test_schema_names(void **unused)
{
    (void)unused;
    struct state state;
    struct buf json = BUF_INIT;
    must_read(&state, "{'_state_version': 1, '_state_engine_version': 4, '_local': {'x': 1},"
                      "'default_schema_name': 'm', 'schema_names': ['a', 'z']}");
    assert_true(bump(&state));
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"schema_names\":[\"a\",\"m\",\"z\"]"));
    assert_int_equal(state_add_schema(&state, "m", NULL), TG_OK);
    assert_false(bump(&state));
    assert_int_equal(state_add_schema(&state, "zz", NULL), TG_OK);
    assert_true(bump(&state));
    assert_string_equal(state_schema(&state), "m");
    buf_clear(&json);
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"schema_names\":[\"a\",\"m\",\"z\",\"zz\"]"));
    assert_null(strstr(buf_string(&json), "_local"));
    state_release(&state);
    buf_clear(&json);
    must_read(&state, "{'_state_version': 1, '_state_engine_version': 4,"
                      "'default_schema_name': 'm'}");
    assert_true(bump(&state));
    assert_int_equal(state_json(&state, &json, NULL), TG_OK);
    assert_non_null(strstr(buf_string(&json), "\"schema_names\":[\"m\"]"));
    buf_release(&json);
    state_release(&state);
}

static void test_refusals(void **unused)
{
    (void)unused;
    const char *const refusals[][2] = {
        {"[]", NULL},
        {"nonsense!", NULL},
        {"", NULL},
        {"{", "it is not JSON: "},
        {"{}", "it has _state_engine_version 0, only 4 can be read: "},
        {"{'_state_engine_version': 4}", "'_state_version' must be a whole number, zero or more"},
        {"{'_state_engine_version': 4, '_state_version': -1}", "'_state_version' must be"},
        {"{'_state_engine_version': 4, '_state_version': 1, '_version_hash': 1}",
         "'_version_hash' must be a text of at most 47 characters"},
        {"{'_state_engine_version': 4, '_state_version': 1, '_version_hash':"
         "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
         "'_version_hash' must be a text of at most 47 characters"},
        {"{'_state_engine_version': 4, '_state_version': 1, 'schema_names': 'x'}",
         "'schema_names' must be a list of texts"},
        {"{'_state_engine_version': 4, '_state_version': 1, 'schema_names': [1]}",
         "'schema_names' must be a list of texts"},
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct state state;
        struct tg_error err = {0};
        assert_int_equal(read_text(&state, refusals[i][0], &err), TG_DATA);
        if (refusals[i][1])
            assert_ptr_equal(strstr(err.what, refusals[i][1]), err.what);
        assert_string_equal(err.where, "the pipeline state");
        assert_null(state.doc);
    }
}

static void test_odd_cursors(void **unused)
{
    (void)unused;
    const char *const odd[][2] = {
        {"'sources': 1", "'sources' must be an object, it is uint"},
        {"'sources': {'shop': []}", "'shop' must be an object, it is array"},
        {"'sources': {'shop': {'resources': {'r': {'incremental': {'c': 'x'}}}}}",
         "'c' must be an object, it is string"},
        {"'sources': {'shop': {'resources': {'r': {'incremental': {'c': {'unique_hashes': 1}}}}}}",
         "'unique_hashes' must be a list of texts"},
        {"'sources': {'shop': {'resources': {'r': {'incremental': {'c': {'unique_hashes': ['a', 1]"
         "}}}}}}",
         "'unique_hashes' must be a list of texts"},
    };
    for (size_t i = 0; i < COUNT(odd); i++) {
        char text[512];
        struct state state;
        struct state_cursor cursor;
        struct tg_error err = {0};
        bool found = true;
        snprintf(text, sizeof(text), "{'_state_engine_version': 4, '_state_version': 1, %s}",
                 odd[i][0]);
        must_read(&state, text);
        assert_int_equal(state_get_cursor(&state, "shop", "r", "c", &cursor, &found, &err),
                         TG_DATA);
        assert_false(found);
        assert_string_equal(err.what, odd[i][1]);
        assert_string_equal(err.where, "the state's cursor 'c'");
        state_reset_resource(&state, "shop", "r");
        state_release(&state);
    }
}

static int all(void)
{
    struct state state = {0};
    struct state_cursor cursor = {0};
    struct buf blob = BUF_INIT;
    struct tg_error err = {0};
    bool found = false;
    bool changed = false;
    int rc = TG_OK;
    TRY(read_text(&state, shop, &err));
    TRY(state_get_cursor(&state, "shop", "person", "a.b", &cursor, &found, &err));
    TRY(state_set_cursor(&state, "new", "person", "c", &cursor, &err));
    TRY(state_bump(&state, &changed, &err));
    TRY(state_encode(&state, &blob, &err));
    state_release(&state);
    TRY(state_init(&state, &identity, &err));
    TRY(state_bump(&state, &changed, &err));
done:
    buf_release(&blob);
    state_cursor_release(&cursor);
    state_release(&state);
    return rc;
}

static void test_memory(void **unused)
{
    (void)unused;
    torture(all);
}

static void test_marks_and_resets(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    must_read(&state, shop);
    assert_true(state_has_resource(&state, "shop", "person"));
    assert_false(state_has_resource(&state, "shop", "nobody"));
    assert_false(state_has_resource(&state, "nowhere", "person"));
    assert_int_equal(state_mark_resource(&state, "shop", "person", "seen", NULL), TG_OK);
    assert_true(get(&state, "person", "a.b", &cursor));
    assert_null(cursor.spec);
    cursor.spec = mem_strdup("{\"function\":\"max\"}");
    assert_int_equal(state_set_cursor(&state, "shop", "person", "a.b", &cursor, NULL), TG_OK);
    state_cursor_release(&cursor);
    assert_true(get(&state, "person", "a.b", &cursor));
    assert_string_equal(cursor.spec, "{\"function\":\"max\"}");
    state_cursor_release(&cursor);
    state_reset_cursors(&state, "shop", "person");
    assert_false(get(&state, "person", "a.b", &cursor));
    assert_true(state_has_resource(&state, "shop", "person")); /* the mark stays */
    state_reset_cursors(&state, "shop", "nobody");
    assert_int_equal(state_mark_resource(&state, "new", "new", "seen", NULL), TG_OK);
    assert_true(state_has_resource(&state, "new", "new"));
    state_release(&state);
}

/* What is learned is added up beside the cursor, and stays when that moves on. */
static void test_lateness(void **unused)
{
    (void)unused;
    struct state state;
    struct state_cursor cursor;
    struct sketch late = {.unit = "seconds", .rows = {[0] = 1, [12] = 2}};
    bool learned;
    must_read(&state, shop);
    assert_int_equal(state_learn(&state, "shop", "person", "nowhere", &late, &learned, NULL),
                     TG_OK);
    assert_false(learned);
    assert_int_equal(state_learn(&state, "shop", "person", "a.b", &late, &learned, NULL), TG_OK);
    assert_true(learned);
    assert_true(get(&state, "person", "a.b", &cursor));
    assert_string_equal(cursor.lateness, "{\"unit\":\"seconds\",\"within\":{\"1\":1,\"4096\":2}}");
    assert_int_equal(state_set_cursor(&state, "shop", "person", "a.b", &cursor, NULL), TG_OK);
    state_cursor_release(&cursor);
    assert_int_equal(state_learn(&state, "shop", "person", "a.b", &late, &learned, NULL), TG_OK);
    assert_true(get(&state, "person", "a.b", &cursor));
    assert_string_equal(cursor.lateness, "{\"unit\":\"seconds\",\"within\":{\"1\":2,\"4096\":4}}");
    state_cursor_release(&cursor);
    late = (struct sketch){.unit = "seconds"};
    assert_int_equal(state_learn(&state, "shop", "person", "a.b", &late, &learned, NULL), TG_OK);
    assert_false(learned);
    state_reset_cursors(&state, "shop", "person");
    assert_false(get(&state, "person", "a.b", &cursor));
    state_release(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_and_resets),
        cmocka_unit_test(test_lateness),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_the_same),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_reset_schema),
        cmocka_unit_test(test_schema_names),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_odd_cursors),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("dlt/state", tests, NULL, NULL);
}
